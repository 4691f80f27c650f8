//! The table of claims for made-up results whose outcome is known.

use super::*;
use crate::results::{LayerActivations, Layout};

const SEEDS: [u64; 5] = [0, 1, 2, 3, 4];

/// Name, settings, and a metric's value by seed.
type MadeUp<'a> = (&'a str, &'a [(&'a str, Json)], [f64; 5]);

/// A part with these arms.
fn part(name: &str, metric: &str, arms: &[MadeUp<'_>]) -> Results {
    let mut part = Results::new(name, "", Layout::default());
    part.seeds = SEEDS.to_vec();
    part.arms = arms.iter().map(|(name, settings, values)| arm_of(name, settings, &[(metric, *values)])).collect();
    part
}

fn arm_of(name: &str, settings: &[(&str, Json)], metrics: &[(&str, [f64; 5])]) -> Arm {
    let run = |seed: u64| Run {
        seed,
        final_: metrics.iter().map(|(metric, values)| ((*metric).to_owned(), values[seed as usize])).collect(),
        ..Run::default()
    };
    let settings = settings.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect();
    let mut arm = Arm { name: name.to_owned(), settings, runs: SEEDS.map(run).to_vec(), ..Arm::default() };
    arm.summarise();
    arm
}

/// Values around a centre, a little apart.
fn around(centre: f64) -> [f64; 5] {
    [-0.002, 0.001, 0.0, 0.002, -0.001].map(|noise| centre + noise)
}

/// Values around a centre, far apart and in another order than those of [`around`].
fn scattered(centre: f64) -> [f64; 5] {
    [0.4, -0.3, 0.2, -0.35, 0.05].map(|noise| centre + noise)
}

fn claims(part: Results) -> Vec<Claim> {
    let mut results = Results::new("claims", "", Layout::default());
    results.parts = vec![part];
    judge(&mut results);
    results.claims
}

/// Three activations with three initial values each, by their losses.
fn tuned(losses: &[(&str, &str, [f64; 5])]) -> Vec<Claim> {
    let settings = |activation: &str, init: &str| {
        let init = if init == "std 0.01" { json!({ "std": 0.01 }) } else { json!(init) };
        [("network.activation", json!(activation)), ("network.init", init)]
    };
    let arms: Vec<Arm> = losses
        .iter()
        .map(|(activation, init, values)| {
            let name = format!("activation {activation}, init {init}");
            arm_of(&name, &settings(activation, init), &[("late_train_loss", *values)])
        })
        .collect();
    claims(Results { arms, ..part("a-tuned", "late_train_loss", &[]) })
}

#[test]
fn each_activation_gets_its_own_verdict() {
    let all = [
        // Better than both others.
        ("relu", "std 0.01", around(2.0)),
        ("relu", "xavier", around(1.0)),
        ("relu", "he", around(0.5)),
        // Worse than one.
        ("tanh", "std 0.01", around(2.0)),
        ("tanh", "xavier", around(1.0)),
        ("tanh", "he", around(0.5)),
        // Not told from one.
        ("sigmoid", "std 0.01", around(2.0)),
        ("sigmoid", "xavier", around(1.0)),
        ("sigmoid", "he", scattered(1.0)),
    ];
    let said = &tuned(&all)[0];
    assert_eq!(said.verdict, "holds for relu; does not hold for tanh; cannot tell for sigmoid");
    assert!(said.evidence.contains("tanh: xavier is better than std 0.01, worse than he"), "{}", said.evidence);
    // Where the recommended arm of one activation is missing, the others keep their own verdicts.
    let without: Vec<_> =
        all.into_iter().filter(|(activation, init, _)| (*activation, *init) != ("sigmoid", "xavier")).collect();
    assert_eq!(tuned(&without)[0].verdict, "holds for relu; does not hold for tanh");
    // Nothing of it measured: no claim.
    assert!(tuned(&[]).is_empty());
}

#[test]
fn a_scale_is_kept_where_its_logarithm_is_nearest_to_nothing() {
    let arm = |init: &str, last: f64| {
        let value = if init == "std 0.01" { json!({ "std": 0.01 }) } else { json!(init) };
        let mut arm = arm_of(
            &format!("activation relu, init {init}"),
            &[("network.activation", json!("relu")), ("network.init", value)],
            &[],
        );
        for run in &mut arm.runs {
            let layer = |sd| LayerActivations { sd, ..LayerActivations::default() };
            run.layers = vec![layer(2.0), layer(7.0), layer(2.0 * last * (1.0 + 0.001 * run.seed as f64))];
        }
        arm
    };
    let arms = vec![arm("std 0.01", 1e-4), arm("xavier", 0.2), arm("he", 0.95)];
    let said = &claims(Results { arms, ..part("a-scale", "", &[]) })[0];
    assert_eq!(said.verdict, "holds for relu");
    assert!(
        said.evidence.contains("std 0.01 0.0001002 ± 0.0000002, xavier 0.2004 ± 0.0003, he 0.952 ± 0.002"),
        "{}",
        said.evidence
    );
}

/// Arms with and without batch norm at rates 0.1 and 1, by training accuracy.
fn batch_norm(name: &str, accuracies: &[(bool, f64, [f64; 5])]) -> Claim {
    let arms: Vec<Arm> = accuracies
        .iter()
        .map(|(on, rate, values)| {
            let settings = [("network.batch_norm", json!(on)), ("training.learning_rate", json!(rate))];
            arm_of(&format!("batch norm {on}, rate {rate}"), &settings, &[("train_accuracy", *values)])
        })
        .collect();
    claims(Results { arms, ..part(name, "", &[]) }).remove(0)
}

#[test]
fn batch_norm_holds_is_the_opposite_or_cannot_be_told() {
    let (good, bad) = (around(0.9), around(0.1));
    let with = |on: bool| [(on, 0.1, good), (on, 1.0, good), (!on, 0.1, bad), (!on, 1.0, bad)];
    for name in ["b", "c"] {
        assert_eq!(batch_norm(name, &with(true)).verdict, "holds", "{name}");
        assert_eq!(batch_norm(name, &with(false)).verdict, "does not hold: the opposite", "{name}");
        let same = [(true, 0.1, good), (true, 1.0, bad), (false, 0.1, good), (false, 1.0, bad)];
        assert_eq!(batch_norm(name, &same).verdict, "cannot tell", "{name}");
    }
    let said = batch_norm("b", &with(true));
    assert!(
        said.evidence.contains("of 2 scales") && said.evidence.contains("2.0 with, 0.0 without"),
        "{}",
        said.evidence
    );
    // Largest rate 1, against none: half a decade below the smallest that was tried.
    let said = batch_norm("c", &with(true));
    for words in [
        "of 0.1 to 1, ",
        "1.00 with, 0.03 without batch norm; difference +1.5 decades",
        "without it none works in 5 of 5 seeds, taken for half a decade less than the smallest",
        "with it the largest works in 5 of 5 seeds, so larger ones may",
    ] {
        assert!(said.evidence.contains(words), "{words}: {}", said.evidence);
    }
}

#[test]
fn the_gap_and_test_accuracy_are_told_apart() {
    let arm = |name: &str, train: [f64; 5], test: [f64; 5]| {
        let gap = std::array::from_fn(|i| train[i] - test[i]);
        arm_of(name, &[], &[("train_accuracy", train), ("test_accuracy", test), ("accuracy_gap", gap)])
    };
    let arms = vec![
        arm("none", around(1.0), around(0.75)),
        // The chapter's own settings: the gap shrinks, and so does test accuracy.
        arm("weight decay", around(0.85), around(0.70)),
        arm("dropout", around(1.0), scattered(0.75)),
        arm("batch norm", around(1.0), around(0.60)),
    ];
    let said = claims(Results { arms, ..part("d", "", &[]) });
    let verdicts: Vec<(&str, &str)> = said.iter().map(|claim| (claim.claim.as_str(), claim.verdict.as_str())).collect();
    assert_eq!(
        verdicts,
        [
            (
                "Weight decay holds back overfitting",
                "holds for the gap between training and test accuracy, which shrinks; \
             does not hold for test accuracy, which falls",
            ),
            (
                "Dropout holds back overfitting",
                "cannot tell for the gap between training and test accuracy; cannot tell for test accuracy",
            ),
            (
                "Batch norm holds back overfitting",
                "does not hold for the gap between training and test accuracy, which grows; \
             does not hold for test accuracy, which falls",
            ),
        ]
    );
}

#[test]
fn fewer_than_three_seeds_tell_nothing() {
    let mut results = Results::new("claims", "", Layout::default());
    results.parts = vec![part(
        "b",
        "train_accuracy",
        &[
            ("on", &[("network.batch_norm", json!(true))], around(0.9)),
            ("off", &[("network.batch_norm", json!(false))], around(0.1)),
        ],
    )];
    for arm in &mut results.parts[0].arms {
        arm.runs.truncate(2);
    }
    judge(&mut results);
    assert_eq!(results.claims[0].verdict, "cannot tell");
}
