//! What wins when a file, the command line, an arm and a trial say something; typed values.

use std::collections::BTreeMap;

use goodfit::recipe::{Experiment, Length, RecipeError, Settings, Values};
use goodfit_nn::{
    Activation, AdamForm, BatchNorm, Convention, DropoutForm, Init, NesterovForm, Optimizer, RunningForm, Schedule,
    WeightDecay,
};
use serde_json::json;

/// A recipe file with changes of the command line, each `FIELD=VALUE`.
fn with(text: &str, changes: &[&str]) -> Result<Experiment, RecipeError> {
    let mut settings = Settings::parse("my.toml", text)?;
    changes.iter().try_for_each(|change| settings.set("--set", change))?;
    Experiment::resolve("my", settings)
}

fn names(experiment: &Experiment) -> Vec<String> {
    experiment.arms().unwrap().into_iter().map(|arm| arm.name).collect()
}

#[test]
fn the_command_line_replaces_what_says_the_same_in_another_way() {
    let recipe = with("[training]\nepochs = 5", &["training.steps=100"]).unwrap().recipe;
    assert_eq!(recipe.training.length, Length::Steps(100));
    let recipe = with("[network]\ndepth = 3\nwidth = 50", &["network.hidden=[10]"]).unwrap().recipe;
    assert_eq!(recipe.network.hidden, [10]);
    let recipe = with("[network]\nhidden = [10]", &["network.depth=2"]).unwrap().recipe;
    assert_eq!(recipe.network.hidden, [100, 100]);
    let recipe = with("", &["network.init=he", "network.init=xavier"]).unwrap().recipe;
    assert_eq!(recipe.network.init, Init::Xavier);
}

#[test]
fn constants_of_what_was_replaced_are_void() {
    let text = "[training]\noptimizer = \"momentum\"\nmomentum = 0.8";
    let replaced = with(text, &["training.optimizer=adam"]).unwrap();
    assert!(matches!(replaced.recipe.training.optimizer, Optimizer::Adam { .. }));
    assert!(!replaced.print().contains("0.8"), "{}", replaced.print());
    let kept = with(text, &["training.optimizer=nesterov"]).unwrap();
    let nesterov = Optimizer::Nesterov { momentum: 0.8, form: NesterovForm::Field };
    assert_eq!(kept.recipe.training.optimizer, nesterov);
}

#[test]
fn keys_of_tables() {
    let network = |text: &str, change: &str| with(text, &[change]).unwrap().recipe.network;
    assert_eq!(network("", "network.init.std=0.1").init, Init::Std(0.1));
    assert_eq!(network("", "network.activation.elu=2").activation, Activation::Elu { alpha: 2.0 });
    let field = BatchNorm::new(Convention::Field);
    let norm = network("[network]\nbatch_norm = { momentum = 0.2 }", "network.batch_norm.epsilon=1e-3").batch_norm;
    assert_eq!(norm, Some(BatchNorm { epsilon: 1e-3, momentum: 0.2, ..field }));
    let both = network("[network]\ndropout = 0.5", "network.dropout.input=0.2");
    assert_eq!((both.input_dropout, both.hidden_dropout), (0.2, 0.5));
    let input = network("", "network.dropout.input=0.2");
    assert_eq!((input.input_dropout, input.hidden_dropout), (0.2, 0.0));
    let decay = with("[training]\nweight_decay = 0.1", &["training.weight_decay.l1=0.2"]).unwrap();
    assert_eq!(decay.recipe.training.weight_decay, WeightDecay::L1(0.2));
}

#[test]
fn conventions() {
    let text = "[network]\nbatch_norm = true\ndropout = 0.2\n[training]\noptimizer = \"adam\"\nweight_decay = 0.1";
    let field = with(text, &[]).unwrap().recipe;
    assert_eq!(field.network.batch_norm, Some(BatchNorm::new(Convention::Field)));
    assert_eq!(field.network.dropout_form, DropoutForm::Inverted);
    let adam = |epsilon, form| Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon, form };
    assert_eq!(field.training.optimizer, adam(1e-8, AdamForm::AfterCorrection));
    assert_eq!(field.training.weight_decay, WeightDecay::L2(0.1));
    let textbook = with(text, &["network.convention=textbook"]).unwrap().recipe;
    assert_eq!(textbook.network.batch_norm, Some(BatchNorm::new(Convention::Textbook)));
    assert_eq!(textbook.network.dropout_form, DropoutForm::Textbook);
    assert_eq!(textbook.training.optimizer, adam(1e-7, AdamForm::BeforeCorrection));
    let form = with(text, &["network.convention=textbook", "network.dropout_form=inverted"]).unwrap().recipe;
    assert_eq!(form.network.dropout_form, DropoutForm::Inverted);
    let running = with(text, &["network.batch_norm.running=population-from-zero"]).unwrap().recipe;
    assert_eq!(running.network.batch_norm.unwrap().running, RunningForm::PopulationFromZero);
    let decoupled = with(text, &["training.optimizer=adamw"]).unwrap().recipe;
    assert_eq!(decoupled.training.weight_decay, WeightDecay::Decoupled(0.1));
    let adagrad = with("", &["training.optimizer=adagrad"]).unwrap().recipe;
    assert_eq!(adagrad.training.optimizer, Optimizer::Adagrad { epsilon: 1e-10 });
}

#[test]
fn schedules() {
    let schedule = |toml: &str| with("", &[&format!("training.schedule={toml}")]).unwrap().recipe.training.schedule;
    assert_eq!(schedule("constant"), Schedule::Constant);
    assert_eq!(schedule("coslog4"), Schedule::CosLog4);
    assert_eq!(schedule("cosine"), schedule("{ cosine = {} }"));
    assert_eq!(schedule("one-cycle"), Schedule::ONE_CYCLE);
    assert_eq!(schedule("{ step = { every = 100 } }"), Schedule::Step { every: 100, factor: 0.1 });
    let cycle = Schedule::OneCycle { rise: 0.4, start_divisor: 25.0, end_divisor: 1e4 };
    assert_eq!(schedule("{ one-cycle = { rise = 0.4 } }"), cycle);
}

#[test]
fn arms_of_the_command_line_replace_those_of_the_file() {
    let text = "[compare]\nbaseline = \"init he\"\nvary = { \"network.init\" = [\"xavier\", \"he\"] }";
    assert_eq!(names(&with(text, &[]).unwrap()), ["init xavier", "init he"]);
    let mut settings = Settings::parse("my.toml", text).unwrap();
    settings.vary("--vary", "network.hidden=[],[50],[100, 100],[100, 50]").unwrap();
    settings.vary("--vary", "network.dropout={input=0.2, hidden=0.5},0").unwrap();
    let experiment = Experiment::resolve("my", settings).unwrap();
    assert_eq!(
        names(&experiment)[..4],
        [
            "hidden none, dropout input 0.2 hidden 0.5",
            "hidden none, dropout 0",
            "hidden 50, dropout input 0.2 hidden 0.5",
            "hidden 50, dropout 0"
        ]
    );
    assert_eq!(
        names(&experiment)[5..8],
        ["hidden 100x2, dropout 0", "hidden 100-50, dropout input 0.2 hidden 0.5", "hidden 100-50, dropout 0"]
    );
    let last = experiment.arms().unwrap().pop().unwrap();
    let settings = json!({ "network.hidden": [100, 50], "network.dropout": 0.0 });
    assert_eq!(json!(last.settings), settings);
}

#[test]
fn a_constant_applies_in_the_arms_that_use_it() {
    let text = "[training]\nmomentum = 0.8\n[compare.vary]\n\"training.optimizer\" = [\"sgd\", \"momentum\", \"adam\"]";
    let arms = with(text, &[]).unwrap().arms().unwrap();
    assert_eq!(arms[0].recipe.training.optimizer, Optimizer::Sgd);
    assert_eq!(arms[1].recipe.training.optimizer, Optimizer::Momentum { momentum: 0.8 });
}

/// A search for how long a network of all rows is to be trained would be for nothing where none is kept.
#[test]
fn what_only_compares_has_no_second_training() {
    let text = "[data]\nvalidation = 0.2\n[training]\nrefit = true\nearly_stopping = 5\n[compare.vary]\n\
                \"network.init\" = [\"he\", \"xavier\"]\n[compare.tune]\n\"training.learning_rate\" = [0.1, 1]";
    let experiment = with(text, &[]).unwrap();
    assert!(experiment.recipe.training.refit, "train has one");
    for arm in experiment.arms().unwrap() {
        let candidates = arm.candidates.iter().map(|candidate| &candidate.recipe);
        assert!(candidates.chain([&arm.recipe]).all(|recipe| !recipe.training.refit), "{}", arm.name);
    }
    let text = "[data]\nvalidation = 0.2\n[training]\nrefit = true\nearly_stopping = 5\n[search.space]\n\
                \"training.learning_rate\" = [0.1, 1]";
    let trial = with(text, &[]).unwrap().trial(&BTreeMap::from([("training.learning_rate".to_owned(), json!(1.0))]));
    assert!(!trial.unwrap().training.refit);
}

#[test]
fn close_numbers_have_different_names() {
    let text = "[compare.vary]\n\"training.learning_rate\" = [0.1, 0.10001, 1e-5]";
    let expected = ["learning rate 0.1", "learning rate 0.10001", "learning rate 1e-5"];
    assert_eq!(names(&with(text, &[]).unwrap()), expected);
}

#[test]
fn arms_by_name_know_all_fields_in_which_arms_differ() {
    let text = "[compare.arms]\nnone = {}\ndeep = { \"network.depth\" = 2 }\nnormal = { network.batch_norm = true }";
    let arms = with(text, &[]).unwrap().arms().unwrap();
    assert_eq!(json!(arms[0].settings), json!({ "network.batch_norm": false }));
    assert_eq!(json!(arms[1].settings), json!({ "network.batch_norm": false, "network.depth": 2 }));
    assert_eq!(json!(arms[2].settings), json!({ "network.batch_norm": true }));
    let baseline = with(text, &["compare.baseline=normal"]).unwrap();
    assert_eq!(baseline.baseline(&arms), Ok(2));
    let baseline = with(text, &["compare.baseline={\"network.batch_norm\"=true}"]).unwrap();
    assert_eq!(baseline.baseline(&arms), Ok(2));
}

#[test]
fn tuned_arms_have_candidates() {
    let text = "[compare.vary]\n\"network.init\" = [\"he\", \"xavier\"]\n[compare.tune]\n\
                \"training.learning_rate\" = [0.1, 1]\n\"training.batch_size\" = [50, 100]";
    let arms = with(text, &[]).unwrap().arms().unwrap();
    let names: Vec<&str> = arms[1].candidates.iter().map(|candidate| candidate.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "learning rate 0.1, batch size 50",
            "learning rate 0.1, batch size 100",
            "learning rate 1, batch size 50",
            "learning rate 1, batch size 100"
        ]
    );
    let candidate = &arms[1].candidates[2];
    assert_eq!(candidate.recipe.network.init, Init::Xavier);
    assert_eq!(candidate.recipe.training.batch_size, 50);
    assert_eq!(json!(candidate.settings), json!({ "training.learning_rate": 1.0, "training.batch_size": 50 }));
}

#[test]
fn trials() {
    let text = "[data]\nvalidation = 0.2\n[training]\nbeta1 = 0.8\n[search.space]\n\
                \"training.optimizer\" = [\"sgd\", \"momentum\", \"adam\"]\n\
                \"training.momentum\" = { low = 0.5, high = 0.95 }\n\
                \"network.init.std\" = { low = 1e-3, high = 1, log = true }\n\
                \"network.depth\" = { low = 1, high = 9, step = 2 }\n\
                \"network.batch_norm\" = [true, false]";
    let experiment = with(text, &[]).unwrap();
    let space = &experiment.search.as_ref().unwrap().space;
    let labels: Vec<&str> = space.iter().map(|dimension| dimension.label).collect();
    assert_eq!(labels, ["optimizer", "momentum", "init", "depth", "batch norm"]);
    assert_eq!(space[2].values, Values::Float { low: 1e-3, high: 1.0, log: true, step: None });
    assert_eq!(space[3].values, Values::Int { low: 1, high: 9, log: false, step: 2 });
    let trial = |optimizer: &str| {
        let values = json!({ "training.optimizer": optimizer, "training.momentum": 0.7, "network.init.std": 0.5,
                             "network.depth": 3, "network.batch_norm": true });
        let values: BTreeMap<String, serde_json::Value> = serde_json::from_value(values).unwrap();
        experiment.trial(&values).unwrap()
    };
    let recipe = trial("momentum");
    assert_eq!(recipe.training.optimizer, Optimizer::Momentum { momentum: 0.7 });
    assert_eq!((recipe.network.init, recipe.network.hidden), (Init::Std(0.5), vec![100; 3]));
    assert_eq!(trial("sgd").training.optimizer, Optimizer::Sgd);
    let adam = Optimizer::Adam { beta1: 0.8, beta2: 0.999, epsilon: 1e-8, form: AdamForm::AfterCorrection };
    assert_eq!(trial("adam").training.optimizer, adam);
    let wrong = BTreeMap::from([("training.momentum".to_owned(), json!(null))]);
    insta::assert_snapshot!(experiment.trial(&wrong).unwrap_err(), @"trial: training.momentum is null, expected a value");
}

#[test]
fn metrics_follow_what_is_recorded() {
    let metric = |changes: &[&str]| with("", changes).unwrap().compare.metric;
    assert_eq!(metric(&[]).as_deref(), Some("train_accuracy"));
    assert_eq!(metric(&["data.validation=0.2"]).as_deref(), Some("validation_accuracy"));
    assert_eq!(metric(&["data.evaluation=test"]).as_deref(), Some("test_accuracy"));
    assert_eq!(metric(&["training.evaluate_every=0"]).as_deref(), Some("late_train_loss"));
    assert_eq!(metric(&["training.evaluate_every=0", "training.record_loss=never"]), None);
    assert_eq!(metric(&["training.steps=0"]), None);
}
