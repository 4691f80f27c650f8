//! Pruners against the answers of Optuna's, recorded by `golden/make_pruners.py`.

use goodfit_tune::pruners::{Median, Patience, Percentile, SuccessiveHalving};
use goodfit_tune::{Distribution, History, Intermediate, Observed, Pruner, Seen, Space, Value};
use serde_json::Value as Json;

fn pruner(name: &str, options: &Json) -> Box<dyn Pruner> {
    let count = |key: &str, default: u64| options.get(key).map_or(default, |x| x.as_u64().expect("a count"));
    let number = |key: &str, default: f64| options.get(key).map_or(default, |x| x.as_f64().expect("a number"));
    let n_startup_trials = count("n_startup_trials", 5) as usize;
    let n_warmup_steps = count("n_warmup_steps", 0);
    let interval_steps = count("interval_steps", 1);
    let n_min_trials = count("n_min_trials", 1) as usize;
    match name {
        "median" => Box::new(Median { n_startup_trials, n_warmup_steps, interval_steps, n_min_trials }),
        "percentile" => {
            let percentile = number("percentile", f64::NAN);
            Box::new(Percentile { percentile, n_startup_trials, n_warmup_steps, interval_steps, n_min_trials })
        }
        "halving" => Box::new(SuccessiveHalving {
            min_resource: options.get("min_resource").map(|x| x.as_u64().expect("a count")),
            reduction_factor: count("reduction_factor", 4),
            min_early_stopping_rate: count("min_early_stopping_rate", 0) as u32,
        }),
        "patience" => Box::new(Patience {
            patience: count("patience", 0) as usize,
            min_delta: number("min_delta", 0.0),
            ..Patience::default()
        }),
        other => panic!("{other}"),
    }
}

#[test]
fn as_optuna() {
    let golden: Json = serde_json::from_str(include_str!("golden/pruners.json")).expect("JSON");
    let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
    let space = Space::new([("x", x)]).expect("a space");
    let (mut n_pruned, mut n_answers) = (0, 0);
    for study in golden["studies"].as_array().expect("studies") {
        let (name, options) = (study["pruner"].as_str().expect("a name"), &study["options"]);
        let pruner = pruner(name, options);
        let mut history = History::new();
        for (number, trial) in (0..).zip(study["trials"].as_array().expect("trials")) {
            let steps = trial["steps"].as_array().expect("steps").iter().map(|x| x.as_u64().expect("a step"));
            let values = trial["values"].as_array().expect("values").iter().map(|x| x.as_f64().unwrap_or(f64::NAN));
            let reported = steps.zip(values).map(|(step, value)| Intermediate { step, value });
            let parameters = space.assemble(|_, _| Value::Float(0.5));
            let mut observed = Observed { number, parameters, seen: Seen::Running, intermediate: Vec::new() };
            let pruned_at = trial["pruned_at"].as_u64();
            for report in reported {
                observed.intermediate.push(report);
                let expected = pruned_at == Some(report.step);
                let got = pruner.prunes(&history, &observed);
                assert_eq!(got, expected, "{name} {options}: trial {number} at step {}", report.step);
                n_answers += 1;
            }
            n_pruned += usize::from(pruned_at.is_some());
            let loss = trial["final"].as_f64().expect("a loss");
            observed.seen = if pruned_at.is_some() { Seen::Pruned } else { Seen::Complete(vec![loss]) };
            history.insert(observed);
        }
    }
    assert!(n_pruned > 500 && n_answers > 10_000, "{n_pruned} of {n_answers}");
}
