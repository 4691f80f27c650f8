use goodfit_nn::{Batch, Network, Trainer};

use super::*;
use crate::data::load;
use crate::recipe::Experiment;
use crate::run::{network_spec, training_spec};

/// A recipe on 60 rows, of which 30 train, 15 validate and 15 are what is said, with these rows.
fn prepared(training: &str, is_stopped_by: &str) -> (Recipe, Prepared) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let table = (0..60).fold("x,side,y\n".to_owned(), |text, i| {
        let side = ["train", "validation", "train", is_stopped_by][i % 4];
        text + &format!("{}.5,{side},{}\n", i * 37 % 101, ["a", "b"][i * i % 7 % 2])
    });
    std::fs::write(&path, table).expect("written");
    let text = format!(
        "[data]\nsource = {path:?}\ntarget = \"y\"\nsplit_column = \"side\"\n[network]\nhidden = [4]\n[training]\n\
         steps = 8\nbatch_size = 10\nlearning_rate = 0.5\nearly_stopping = 3\nrefit = true\n{training}"
    );
    let recipe = Experiment::from_toml("r.toml", &text).expect("a recipe").recipe;
    let data = Prepared::new(load(&recipe.data, 1).expect("rows"), &recipe.data, 1).expect("rows");
    (recipe, data)
}

fn trainer(recipe: &Recipe, data: &Prepared) -> Trainer<f32> {
    let network = Network::new(&network_spec(recipe, data.inputs(), data.n_outputs), 1).expect("a network");
    Trainer::from_network(network, training_spec(recipe, data.train.n_rows(), 1).1, 1).expect("a trainer")
}

#[test]
fn a_score_that_is_no_mean_is_of_both_sets_as_one() {
    for metric in ["auc", "f1", "balanced_accuracy"] {
        let (recipe, data) = prepared(&format!("metric = \"{metric}\"\n"), "stopping");
        let mut trainer = trainer(&recipe, &data);
        let mut choice = Choice::new(3, &recipe, &data);
        assert!(choice.reads_validation());
        let rows = [data.stopping.as_ref(), data.validation.as_ref()].map(|rows| rows.expect("rows"));
        let mut looked = rows.map(|rows| Looked::new(rows, &data));
        for one in &mut looked {
            one.keep_outputs();
            one.look(&mut trainer);
        }
        let [stopping, validation] = &looked;
        let metric = Metric::named(metric).expect("a metric");
        let of = |sets: &[&Labelled], outputs: &[&[f32]]| {
            Scorer::new(metric, sets, data.units, data.n_outputs).score(outputs)
        };
        let outputs = [stopping.outputs(), validation.outputs()];
        let mean = f64::midpoint(of(&[rows[0]], &outputs[..1]), of(&[rows[1]], &outputs[1..]));
        let judge = choice.judge_of_all.as_mut().expect("both");
        let seen = judge.seen(&trainer, &[stopping, validation]).value;
        assert_eq!(seen.to_bits(), of(&rows, &outputs).to_bits(), "{metric:?}");
        let differs = (seen - mean).abs() > 1e-6;
        assert!(differs || metric != Metric::Auc, "{metric:?}: {seen} is the mean of 15 and 15 rows, {mean}");
    }
}

/// A network that has moved on since it was evaluated changes nothing: no row is predicted anew.
#[test]
fn validation_rows_that_choose_are_not_predicted_again() {
    for training in ["metric = \"brier\"\n", "stopping_metric = \"loss\"\n", "class_weight = \"balanced\"\n"] {
        let (recipe, mut data) = prepared(training, "validation");
        data.stopping = None;
        let rows = data.validation.as_ref().expect("rows");
        let mut trainer = trainer(&recipe, &data);
        let mut choice = Choice::new(3, &recipe, &data);
        let mut validation = Looked::new(rows, &data);
        if let Some(metric) = recipe.training.metric {
            validation = validation.recording(metric, &data);
        }
        if choice.reads_validation() {
            validation.keep_outputs();
        }
        let judge = choice.judge.as_mut().expect("a judge");
        validation.look(&mut trainer);
        let before = judge.seen(&trainer, &[&validation]);
        for _ in 0..3 {
            let order: Vec<u32> = (0..10).collect();
            let (inputs, targets) = (&data.train.inputs, data.train.targets());
            trainer.step(&Batch { inputs, targets, rows: &order, row_weights: None });
        }
        let same = judge.seen(&trainer, &[&validation]);
        let bits = |seen: Seen| [seen.value, seen.loss].map(f64::to_bits);
        assert_eq!(bits(same), bits(before), "{training}");
        validation.look(&mut trainer);
        assert_ne!(bits(judge.seen(&trainer, &[&validation])), bits(before), "{training}");
    }
}
