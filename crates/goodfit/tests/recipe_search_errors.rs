//! Every error message of `[search]` with its hint.

#[macro_use]
mod messages;

use goodfit::recipe::{Experiment, Settings};
use messages::{files, shown};

#[test]
fn searches() {
    let space = |line: &str| format!("[data]\nvalidation = 0.2\n[search.space]\n{line}");
    let lines = [
        "\"training.learning_rate\" = 0.1",
        "\"training.learning_rate\" = { low = 0.1 }",
        "\"training.learning_rate\" = { low = 1, high = 0.1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 0.1 }",
        "\"training.learning_rate\" = { low = 0, high = 0.1 }",
        "\"training.learning_rate\" = { low = 0.1, high = \"1\" }",
        "\"training.learning_rate\" = { min = 0.1, max = 1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 1, log = 1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 1, log = true, step = 0.1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 1, step = 2 }",
        "\"training.weight_decay\" = { low = 0, high = 1, log = true }",
        "\"training.batch_size\" = { low = 10.5, high = 100 }",
        "\"network.dropout\" = { low = 0.0, high = 1.0 }",
        "\"network.init\" = { low = 0.0, high = 1.0 }",
        "\"network.batch_norm\" = []",
        "\"network.batch_norm\" = [true, \"no\"]",
        "\"data.evaluation\" = [\"validation\", \"test\"]",
        "\"data.split_seed\" = [1, 2]",
        "\"training.refit\" = [false, true]",
        "\"data.validation\" = { low = 0.1, high = 0.5 }",
        "\"data.train_rows\" = { low = 100, high = 500 }",
        "\"data.source\" = [\"mnist\", \"other\"]",
        "\"training.loss\" = [\"cross-entropy\", \"mean-squared-error\"]",
        "\"training.batch_size\" = 3",
        "\"network.depth\" = {}",
        "\"network.batch_norm\" = true",
        "\"network.width\" = { low = 10, high = 100, step = 7 }",
        "\"training.weight_decay\" = { low = 0, high = 1, step = 0.3 }",
        "\"training.learning_rat\" = { low = 0.1, high = 1 }",
        "\"search.trials\" = { low = 1, high = 10 }",
        "\"training.momentum\" = { low = 0.1, high = 0.9 }",
        "\"network.width\" = { low = 10, high = 100 }",
        "training.learning_rate = { low = 0.1, high = 1 }\n\"training.learning_rate\" = { low = 0.1, high = 1 }",
    ];
    let spaces: Vec<String> = lines.iter().map(|line| space(line)).collect();
    let mut texts: Vec<&str> = spaces.iter().map(String::as_str).collect();
    let whole = "[search.space]\n\"training.learning_rate\" = { low = 0.1, high = 1 }";
    let sealed = format!("[data]\nvalidation = 0.2\nevaluation = \"test\"\n{whole}");
    let never = format!("[data]\nvalidation = 0.2\n[training]\nevaluate_every = 0\n{whole}");
    let regression = format!(
        "[data]\nvalidation = 0.2\n[training]\nloss = \"mean-squared-error\"\n[search]\nmetric = \"validation_accuracy\"\n{whole}"
    );
    texts.extend(["[search]\ntrials = 10", "[search]\nspace = 3", "[search]\nsampler = \"grid\"", whole]);
    let stops = sealed.replace("[search.space]", "[training]\nearly_stopping = 5\n[search.space]");
    texts.extend([sealed.as_str(), never.as_str(), regression.as_str(), stops.as_str()]);
    snapshot!(files(&texts));
}

#[test]
fn conditions_of_a_space() {
    let space = |lines: &str| format!("[data]\nvalidation = 0.2\n[search.space]\n{lines}");
    let momentum = |when: &str| {
        space(&format!(
            "\"training.optimizer\" = [\"sgd\", \"momentum\"]\n\"network.depth\" = {{ low = 1, high = 9, step = 2 }}\n\
             \"training.momentum\" = {{ low = 0.1, high = 0.9, when = {when} }}"
        ))
    };
    let whens = [
        "\"training.optimizer\"",
        "{}",
        "{ \"training.optimizer\" = [\"momentum\"], \"network.depth\" = [1] }",
        "{ \"training.optimizer\" = \"momentum\" }",
        "{ \"training.optimizer\" = [] }",
        "{ \"training.optimizer\" = [\"momentun\"] }",
        "{ \"training.optimiser\" = [\"momentum\"] }",
        "{ \"training.batches\" = [\"shuffle\"] }",
        "{ \"search.sampler\" = [\"tpe\"] }",
        "{ \"training.optimizer\" = [\"momentum\", \"adam\"] }",
        "{ \"training.optimizer\" = [\"sgd\"] }",
        "{ \"network.depth\" = [3] }",
        "{ \"network.depth\" = [2] }",
        "{ \"training.momentum\" = [0.5] }",
    ];
    let mut texts: Vec<String> = whens.iter().map(|when| momentum(when)).collect();
    texts.extend(
        [
            "\"network.bias\" = { choices = [true, false], when = { \"network.convention\" = [\"field\"] } }\n\
             \"network.convention\" = { choices = [\"field\", \"textbook\"], when = { \"network.bias\" = [true] } }",
            "\"training.clip_norm\" = { low = 1, high = 9 }\n\
             \"network.bias\" = { choices = [true, false], when = { \"training.clip_norm\" = [2] } }",
            "\"training.batch_size\" = { low = 1, high = 9, choices = [1, 2] }",
            "\"training.batch_size\" = { choices = 5 }",
            "\"training.batch_size\" = { choice = [5] }",
            "\"training.optimizer\" = [\"sgd\", \"momentum\"]\n\"training.decay\" = { low = 0.1, high = 0.9 }",
        ]
        .map(space),
    );
    snapshot!(files(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn points_that_are_tried_first() {
    let text = "[data]\nvalidation = 0.2\n[training]\nlearning_rate = 5\n[search.space]\n\
                \"training.learning_rate\" = { low = 0.1, high = 1 }\n\"training.optimizer\" = [\"sgd\", \"momentum\"]\n\
                \"training.momentum\" = { low = 0.5, high = 0.9, step = 0.1 }\n\
                \"network.depth\" = { low = 2, high = 6, step = 2 }\n\"network.width\" = { low = 1, high = 9 }\n";
    let point = |line: &str| format!("{text}[[search.enqueue]]\n\"network.depth\" = 2\nnetwork.width = 5\n{line}");
    let mut texts: Vec<String> = [
        "\"training.learning_rat\" = 0.5",
        "\"training.batch_size\" = 50",
        "\"search.trials\" = 50",
        "\"training.learning_rate\" = 2",
        "\"training.learning_rate\" = \"0.5\"",
        "\"training.learning_rate\" = [0.5]",
        "\"training.optimizer\" = \"momentum\"",
        "\"training.learning_rate\" = 0.5\n\"training.optimizer\" = \"adam\"",
        "\"training.learning_rate\" = 0.5\n\"training.momentum\" = 0.9",
        "\"training.learning_rate\" = 0.5\ntraining.optimizer = \"momentum\"\ntraining.momentum = 0.55",
        "\"training.learning_rate\" = 0.5\n\"training.learning_rate\" = 0.6",
        "training.learning_rate = 0.5\n[[search.enqueue]]\nnetwork.depth = 2\nnetwork.width = 5\ntraining.learning_rate = 0.5",
        "training.learning_rate = 0.5\n[[search.enqueue]]\nnetwork.depth = 3\nnetwork.width = 5\ntraining.learning_rate = 0.5",
    ]
    .map(point)
    .into();
    texts.push(format!("{text}[[search.enqueue]]\n\"training.learning_rate\" = 0.5"));
    texts.push(format!("{text}[search.enqueue]\n\"training.learning_rate\" = 0.5"));
    texts.push("[[search.enqueue]]\n\"training.learning_rate\" = 0.5".to_owned());
    let contradiction = "[data]\nvalidation = 0.2\ntrain_rows = 50\n[training]\nbatch_size = 10\n[search.space]\n\
                         \"training.batch_size\" = [10, 50, 20]\n[[search.enqueue]]\n\"training.batch_size\" = 50";
    texts.push(contradiction.to_owned());
    let mut out = files(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    for argument in ["training.learning_rate", "training.learning_rat=1", "training.learning_rate=0.5, momentum=", ""] {
        let mut settings = Settings::parse("my.toml", text).unwrap();
        let error =
            settings.enqueue("--enqueue", argument).and_then(|()| Experiment::resolve("my", settings).map(drop));
        out += &shown(&format!("--enqueue {argument}"), &error.unwrap_err());
    }
    snapshot!(out);
}
