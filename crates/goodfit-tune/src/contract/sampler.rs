//! What every sampler has to keep.

use std::ops::Range;

use crate::samplers::Random;
use crate::{
    Distribution, History, Intermediate, Observed, Parameter, Parameters, Request, Sampler, Seen, Space, Streams, Value,
};

/// Spaces with every kind of parameter, for samplers that draw from any; the last one has conditions.
#[allow(clippy::missing_panics_doc, reason = "its spaces are sound")]
pub fn spaces() -> Vec<(&'static str, Space)> {
    let float = |low, high, log, step| Distribution::Float { low, high, log, step };
    let int = |low, high, log, step| Distribution::Int { low, high, log, step };
    let space = |parameters: Vec<Parameter>| Space::new(parameters).expect("a space");
    vec![
        ("one float", space(vec![("x", float(-5.0, 5.0, false, None)).into()])),
        ("one value", space(vec![("x", float(2.0, 2.0, true, None)).into(), ("n", int(3, 3, false, 1)).into()])),
        (
            "every kind",
            space(vec![
                ("rate", float(1e-6, 1e-1, true, None)).into(),
                ("share", float(0.1, 0.9, false, Some(0.2))).into(),
                ("depth", int(1, 6, false, 1)).into(),
                ("even", int(-4, 4, false, 2)).into(),
                ("width", int(1, 1024, true, 1)).into(),
                ("activation", Distribution::categorical(["relu", "tanh", "selu"])).into(),
            ]),
        ),
        (
            "conditions",
            space(vec![
                ("optimizer", Distribution::categorical(["sgd", "momentum", "adam"])).into(),
                ("rate", float(1e-4, 1.0, true, None)).into(),
                Parameter::from(("momentum", float(0.0, 0.99, false, None))).when("optimizer", [Value::Choice(1)]),
                Parameter::from(("nesterov", Distribution::categorical([false, true])))
                    .when("optimizer", [Value::Choice(1)]),
                Parameter::from(("beta2", float(0.9, 0.999, false, None))).when("optimizer", [Value::Choice(2)]),
            ]),
        ),
    ]
}

/// Checks a sampler on a space: what it draws lies inside the space; it is a function of the request alone,
/// whether fresh or used; trials drawn together are those drawn one after the other with the earlier ones
/// running; it copes with histories without a complete trial, with equal or infinite losses, and with
/// nothing but failures.
///
/// # Panics
/// When it does not.
pub fn sampler(make: &dyn Fn() -> Box<dyn Sampler>, space: &Space) {
    let most = make().n_trials(space).unwrap_or(u64::MAX);
    let mut used = make();
    for (name, history) in histories(space) {
        let first = history.iter().next_back().map_or(0, |trial| trial.number + 1);
        if first + 8 > most {
            continue;
        }
        let draw = |sampler: &mut dyn Sampler, history: &History, numbers: Range<u64>| {
            let request = Request { space, history, numbers: numbers.clone(), streams: Streams::new(11) };
            let drawn = sampler.sample(&request).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(drawn.len() as u64, numbers.end - numbers.start, "{name}: as many as asked for");
            for parameters in &drawn {
                assert!(space.contains(parameters), "{name}: {parameters:?} lies outside the space");
            }
            drawn
        };
        assert!(draw(&mut *make(), &history, first..first).is_empty(), "{name}: no trial was asked for");
        let together = draw(&mut *make(), &history, first..first + 8);
        assert_eq!(together, draw(&mut *used, &history, first..first + 8), "{name}: a used sampler draws otherwise");
        assert_eq!(together, draw(&mut *used, &history, first..first + 8), "{name}: a second time it draws otherwise");
        let mut growing = history.clone();
        let mut one_by_one: Vec<Parameters> = Vec::new();
        for numbers in [first..first + 1, first + 1..first + 5, first + 5..first + 8] {
            for (number, parameters) in numbers.clone().zip(draw(&mut *used, &growing, numbers)) {
                one_by_one.push(parameters.clone());
                growing.insert(observed(number, parameters, Seen::Running));
            }
        }
        assert_eq!(together, one_by_one, "{name}: drawn together they differ from one after the other");
    }
}

fn observed(number: u64, parameters: Parameters, seen: Seen) -> Observed {
    Observed { number, parameters, seen, intermediate: Vec::new() }
}

/// Histories that a study may lead to.
fn histories(space: &Space) -> Vec<(&'static str, History)> {
    let drawn = |n: u64| {
        let (history, streams) = (History::new(), Streams::new(5));
        Random.sample(&Request { space, history: &history, numbers: 0..n, streams }).expect("draws")
    };
    let bowl = |parameters: &Parameters| {
        let unit = |(parameter, value): (&Parameter, &Option<Value>)| {
            value.map_or(0.0, |value| (parameter.distribution.to_unit(value) - 0.3).powi(2))
        };
        space.iter().zip(parameters.values()).map(unit).sum::<f64>()
    };
    let history = |n: u64, seen: &dyn Fn(u64, &Parameters) -> Seen| {
        let mut history = History::new();
        for (number, parameters) in (0..).zip(drawn(n)) {
            let seen = seen(number, &parameters);
            let mut trial = observed(number, parameters, seen);
            if trial.seen == Seen::Pruned {
                trial.intermediate.push(Intermediate { step: number % 3, value: number as f64 });
            }
            history.insert(trial);
        }
        history
    };
    let complete = |_: u64, parameters: &Parameters| Seen::Complete(vec![bowl(parameters)]);
    vec![
        ("no trials", History::new()),
        ("one trial", history(1, &complete)),
        ("40 complete trials", history(40, &complete)),
        ("equal losses", history(30, &|_, _| Seen::Complete(vec![1.0]))),
        ("nothing but failures", history(30, &|_, _| Seen::Failed)),
        ("nothing but running trials", history(20, &|_, _| Seen::Running)),
        (
            "all sorts",
            history(60, &|number, parameters| match number % 6 {
                0 => Seen::Failed,
                1 => Seen::Pruned,
                2 if number < 12 => Seen::Complete(vec![f64::INFINITY]),
                3 if number < 12 => Seen::Complete(vec![f64::NEG_INFINITY]),
                4 if number > 50 => Seen::Running,
                _ => Seen::Complete(vec![bowl(parameters)]),
            }),
        ),
        ("huge losses", history(30, &|number, _| Seen::Complete(vec![1e300 * (number as f64 - 15.0)]))),
    ]
}
