//! How trials end, and what they leave.

use serde_json::json;

use super::{add, all, claim, end, finish, study};
use crate::storage::{Finish, Record, Scope, Series, Storage, StorageError, Target};
use crate::{Intermediate, TrialState};

fn intermediate(points: &[(u64, f64)]) -> Vec<Intermediate> {
    points.iter().map(|&(step, value)| Intermediate { step, value }).collect()
}

pub(super) fn states(storage: &dyn Storage) {
    let study = study(storage, "s");
    let ends = [
        TrialState::Complete(vec![0.1 + 0.2]),
        TrialState::Complete(vec![f64::INFINITY]),
        TrialState::Complete(vec![f64::NEG_INFINITY]),
        TrialState::Complete(vec![5e-324]),
        TrialState::Complete(vec![-f64::MAX]),
        TrialState::Pruned(None),
        TrialState::Pruned(Some(2.5)),
        TrialState::Pruned(Some(f64::INFINITY)),
        TrialState::Failed(String::new()),
        TrialState::Failed("diverged: ∞ \"loss\"".to_owned()),
    ];
    add(storage, study, 0, ends.len() as u64);
    let outcomes: Vec<Finish> =
        claim(storage, study, 99).iter().zip(&ends).map(|(claim, state)| end(claim.ticket, state.clone())).collect();
    // One after the other, and several at a time.
    assert_eq!(storage.finish(&outcomes[..1]).expect("an end"), [true]);
    assert_eq!(storage.finish(&outcomes[1..]).expect("ends"), vec![true; ends.len() - 1]);
    assert!(storage.finish(&[]).expect("nothing to end").is_empty());
    let trials = all(storage, study);
    for (trial, state) in trials.iter().zip(&ends) {
        assert_eq!(&trial.state, state);
        let (began, ended) = trial.began.zip(trial.ended).expect("both times");
        assert!(began > 0 && ended >= began);
    }
}

pub(super) fn what_cannot_be_an_end(storage: &dyn Storage) {
    let study = study(storage, "s");
    add(storage, study, 0, 2);
    let claims = claim(storage, study, 2);
    let series = |steps: &[u64], values: &[f64]| {
        let series = Series { name: "loss".to_owned(), steps: steps.to_vec(), values: values.to_vec() };
        Finish { curves: vec![series], ..end(claims[1].ticket, TrialState::Pruned(None)) }
    };
    let late = Finish {
        intermediate: intermediate(&[(u64::MAX, 0.0)]),
        ..end(claims[1].ticket, TrialState::Failed("late".to_owned()))
    };
    let ends = [
        TrialState::Waiting,
        TrialState::Running,
        TrialState::Complete(vec![f64::NAN]),
        TrialState::Complete(vec![]),
        TrialState::Complete(vec![1.0, 2.0]),
        TrialState::Pruned(Some(f64::NAN)),
    ];
    let wrong = ends.into_iter().map(|state| end(claims[1].ticket, state));
    for wrong in wrong.chain([series(&[1], &[]), series(&[1, 1], &[0.0, 0.0]), series(&[2, 1], &[0.0, 0.0]), late]) {
        let right = end(claims[0].ticket, TrialState::Complete(vec![1.0]));
        let error = storage.finish(&[right, wrong.clone()]);
        assert!(matches!(error, Err(StorageError::Invalid { .. })), "{wrong:?}");
        assert_eq!(super::states(storage, study), [TrialState::Running, TrialState::Running], "all or nothing");
    }
}

pub(super) fn times(storage: &dyn Storage) {
    let study = study(storage, "s");
    add(storage, study, 0, 2);
    let claims = claim(storage, study, 2);
    let done = |i: usize| end(claims[i].ticket, TrialState::Complete(vec![1.0]));
    let before = all(storage, study)[0].began;
    let times = Some([1_700_000_000_000_001, 1_700_000_000_500_000]);
    assert_eq!(storage.finish(&[done(0), Finish { times, ..done(1) }]).expect("ends"), [true, true]);
    let kept = all(storage, study);
    assert_eq!(kept[0].began, before, "when it was claimed");
    assert!(kept[0].ended >= before);
    assert_eq!([kept[1].began, kept[1].ended], times.map(|times| times.map(Some)).expect("times"));
}

pub(super) fn finished_trials_are_frozen(storage: &dyn Storage) {
    let study = study(storage, "s");
    add(storage, study, 0, 1);
    let ticket = claim(storage, study, 1)[0].ticket;
    let target = Target::Trial(ticket.trial);
    storage.set_attributes(target, Scope::User, &[("k".to_owned(), json!("before"))]).expect("set");
    let outcome = Finish {
        attributes: vec![
            (Scope::User, "k".to_owned(), json!("with the end")),
            (Scope::Private, "k".to_owned(), json!(1)),
        ],
        ..end(ticket, TrialState::Complete(vec![1.0]))
    };
    assert_eq!(storage.finish(&[outcome]).expect("an end"), [true]);
    let before = all(storage, study);
    assert_eq!(before[0].attributes.get(&(Scope::User, "k".to_owned())), Some(&json!("with the end")));

    assert!(!finish(storage, ticket, 2.0));
    let intermediate = Intermediate { step: 3, value: 1.0 };
    storage.record(&[Record { ticket, intermediate }]).expect("dropped");
    for scope in [Scope::User, Scope::System] {
        match storage.set_attributes(target, scope, &[("new".to_owned(), json!(1))]) {
            Err(StorageError::Finished { number }) => assert_eq!(number, 0),
            other => panic!("{other:?}"),
        }
    }
    assert!(claim(storage, study, 1).is_empty());
    assert_eq!(all(storage, study), before);
    storage.set_attributes(target, Scope::Private, &[("k".to_owned(), json!(2))]).expect("the private ones may change");
    assert_eq!(all(storage, study)[0].attributes.get(&(Scope::Private, "k".to_owned())), Some(&json!(2)));
}

pub(super) fn reports(storage: &dyn Storage) {
    let study = study(storage, "s");
    add(storage, study, 0, 1);
    let ticket = claim(storage, study, 1)[0].ticket;
    let record = |points: &[(u64, f64)]| {
        let records: Vec<Record> =
            intermediate(points).into_iter().map(|intermediate| Record { ticket, intermediate }).collect();
        storage.record(&records).expect("recorded");
    };
    record(&[]);
    record(&[(5, f64::NAN), (1, f64::NEG_INFINITY)]);
    record(&[(5, 1.0), (3, 0.1)]);
    let outcome = Finish {
        intermediate: intermediate(&[(9, f64::INFINITY), (3, 7.0), (9, 0.0), (i64::MAX as u64, 1e-310)]),
        ..end(ticket, TrialState::Pruned(None))
    };
    assert_eq!(storage.finish(&[outcome]).expect("an end"), [true]);
    let there = all(storage, study)[0].intermediate.clone();
    let expected = [(1, f64::NEG_INFINITY), (3, 0.1), (5, f64::NAN), (9, f64::INFINITY), (i64::MAX as u64, 1e-310)];
    assert_eq!(there.len(), expected.len(), "{there:?}");
    for (there, (step, value)) in there.iter().zip(expected) {
        let same = there.value.to_bits() == value.to_bits() || (there.value.is_nan() && value.is_nan());
        assert!(there.step == step && same, "{there:?} at step {step}, expected {value}");
    }
}

pub(super) fn curves(storage: &dyn Storage) {
    let study = study(storage, "s");
    let ids = add(storage, study, 0, 3);
    let series = |name: &str, steps: Vec<u64>, values: Vec<f64>| Series { name: name.to_owned(), steps, values };
    let odd = f64::from_bits(0x7ff8_0000_dead_beef);
    let first = vec![
        series("train_loss", (0..50).map(|i| i * 20 + 19).collect(), (0..50).map(|i| 1.0 / f64::from(i)).collect()),
        series("validation accuracy ∞", vec![0, 1, 5, u64::MAX], vec![-0.0, odd, f64::INFINITY, 0.1]),
        series("single precision", vec![3, 4], vec![0.5, f64::from(0.1_f32)]),
        series("empty", vec![], vec![]),
        series("one", vec![7], vec![5e-324]),
    ];
    let claims = claim(storage, study, 3);
    let outcome = Finish { curves: first.clone(), ..end(claims[0].ticket, TrialState::Pruned(None)) };
    let outcomes = [outcome, end(claims[2].ticket, TrialState::Complete(vec![1.0]))];
    assert_eq!(storage.finish(&outcomes).expect("ends"), [true, true]);

    let there = storage.curves(&[ids[2], ids[0], ids[1], ids[0]]).expect("curves");
    let bits = |curves: &[Series]| {
        let bits = |x: &Series| (x.name.clone(), x.steps.clone(), x.values.iter().map(|x| x.to_bits()).collect());
        curves.iter().map(bits).collect::<Vec<(String, Vec<u64>, Vec<u64>)>>()
    };
    assert_eq!(there.len(), 4);
    assert_eq!((bits(&there[1]), bits(&there[3])), (bits(&first), bits(&first)), "to the bit");
    assert!(there[0].is_empty() && there[2].is_empty());
    let missing = crate::storage::TrialId(ids[2].0 + 1);
    assert!(matches!(storage.curves(&[ids[0], missing]), Err(StorageError::NoTrial { id }) if id == missing.0));
}
