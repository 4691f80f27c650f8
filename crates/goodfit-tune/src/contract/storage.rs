//! What every storage has to keep.

mod claims;
mod ends;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::storage::{
    Claim, Cursor, Finish, NewStudy, NewTrial, Scope, Storage, StorageError, StoredParameter, StoredTrial, StudyId,
    Target, Ticket, TrialId, Wanted, Worker,
};
use crate::{Choice, Direction, Distribution, TrialState, Value};

/// A lease that no check outlasts.
const LONG: Duration = Duration::from_hours(1);

/// Checks every verb and every promise of [`Storage`] on empty storages, each from a call of `make`.
///
/// # Panics
/// When a promise is not kept.
pub fn storage(make: &dyn Fn() -> Box<dyn Storage>) {
    for check in [
        studies,
        deleting,
        trials_as_they_were_given,
        the_next_number,
        what_cannot_be_added,
        attributes,
        changes_of_several_workers,
        many_threads,
        claims::lowest_numbers_first,
        claims::one_ends_and_the_next_begins,
        claims::leases,
        claims::a_worker_that_is_gone,
        claims::parameters_later,
        ends::states,
        ends::times,
        ends::what_cannot_be_an_end,
        ends::finished_trials_are_frozen,
        ends::reports,
        ends::curves,
    ] {
        check(&*make());
    }
}

fn worker() -> Worker {
    Worker { machine: "another machine".to_owned(), process: 7, began: 1 }
}

fn study(storage: &dyn Storage, name: &str) -> StudyId {
    let study = NewStudy { name: name.to_owned(), directions: vec![Direction::Minimize], attributes: Vec::new() };
    storage.create_study(&study).expect("a study")
}

fn parameter(name: &str, value: Value, distribution: Distribution) -> StoredParameter {
    StoredParameter { name: name.to_owned(), value, distribution }
}

fn float(low: f64, high: f64) -> Distribution {
    Distribution::Float { low, high, log: false, step: None }
}

/// A trial whose only parameter says which it is.
fn trial(x: f64) -> NewTrial {
    NewTrial { parameters: vec![parameter("x", Value::Float(x), float(0.0, 1.0))], attributes: Vec::new() }
}

fn add(storage: &dyn Storage, study: StudyId, first: u64, n: u64) -> Vec<TrialId> {
    let trials: Vec<NewTrial> = (first..first + n).map(|number| trial(1.0 / (number + 1) as f64)).collect();
    let ids = storage.create_trials(study, first, &trials).expect("the next numbers");
    assert_eq!(ids.len() as u64, n);
    ids
}

fn claim(storage: &dyn Storage, study: StudyId, n: usize) -> Vec<Claim> {
    storage.claim(&Wanted { study, worker: worker(), lease: LONG, end: u64::MAX, n }).expect("claims")
}

fn end(ticket: Ticket, state: TrialState) -> Finish {
    Finish::new(ticket, state)
}

fn finish(storage: &dyn Storage, ticket: Ticket, value: f64) -> bool {
    let held = storage.finish(&[end(ticket, TrialState::Complete(vec![value]))]).expect("an end");
    assert_eq!(held.len(), 1);
    held[0]
}

fn all(storage: &dyn Storage, study: StudyId) -> Vec<StoredTrial> {
    let changes = storage.changes_since(study, &Cursor::default()).expect("the trials");
    for (number, trial) in (0..).zip(&changes.trials) {
        assert_eq!(trial.number, number, "every number once, in order");
    }
    changes.trials
}

fn states(storage: &dyn Storage, study: StudyId) -> Vec<TrialState> {
    all(storage, study).into_iter().map(|trial| trial.state).collect()
}

fn studies(storage: &dyn Storage) {
    assert!(storage.studies().expect("none").is_empty());
    let new = NewStudy {
        name: "Größe 大".to_owned(),
        directions: vec![Direction::Maximize],
        attributes: vec![
            (Scope::User, "note".to_owned(), json!("a \"quoted\" note")),
            (Scope::System, "study:metric_names".to_owned(), json!(["accuracy"])),
            (Scope::Private, "note".to_owned(), json!({"seed": u64::MAX, "list": [1, null, true, 0.1]})),
        ],
    };
    let first = storage.create_study(&new).expect("a study");
    let second = study(storage, "b");
    assert!(first < second);
    assert!(matches!(storage.create_study(&new), Err(StorageError::StudyExists { name }) if name == new.name));
    add(storage, second, 0, 3);
    let studies = storage.studies().expect("two");
    assert_eq!(studies.iter().map(|study| study.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!((&studies[0].name, &studies[0].directions), (&new.name, &new.directions));
    let given = new.attributes.into_iter().map(|(scope, key, value)| ((scope, key), value));
    assert_eq!(studies[0].attributes, given.collect::<BTreeMap<_, _>>());
    assert_eq!(studies.iter().map(|study| study.n_trials).collect::<Vec<_>>(), [0, 3]);

    for (name, directions) in [("", 1), ("none", 0), ("several", 2)] {
        let directions = vec![Direction::Minimize; directions];
        let wrong = NewStudy { name: name.to_owned(), directions, attributes: Vec::new() };
        assert!(matches!(storage.create_study(&wrong), Err(StorageError::Invalid { .. })), "{name}");
    }
}

fn deleting(storage: &dyn Storage) {
    let (gone, other) = (study(storage, "gone"), study(storage, "other"));
    add(storage, other, 0, 1);
    let trial = add(storage, gone, 0, 2)[0];
    let ticket = claim(storage, gone, 1)[0].ticket;
    storage.set_attributes(Target::Trial(trial), Scope::Private, &[("k".to_owned(), json!(1))]).expect("set");
    storage.delete_study(gone).expect("deleted");

    let missing = |error: Result<(), StorageError>| assert!(matches!(error, Err(StorageError::NoStudy { .. })));
    missing(storage.delete_study(gone));
    missing(storage.create_trials(gone, 0, &[]).map(|_| ()));
    missing(storage.claim(&Wanted { study: gone, worker: worker(), lease: LONG, end: u64::MAX, n: 1 }).map(|_| ()));
    missing(storage.changes_since(gone, &Cursor::default()).map(|_| ()));
    missing(storage.set_attributes(Target::Study(gone), Scope::User, &[("k".to_owned(), json!(1))]));
    assert!(matches!(storage.curves(&[trial]), Err(StorageError::NoTrial { .. })));
    let set = storage.set_attributes(Target::Trial(trial), Scope::Private, &[("k".to_owned(), json!(1))]);
    assert!(matches!(set, Err(StorageError::NoTrial { .. })));
    assert!(!finish(storage, ticket, 1.0), "a ticket of a trial that is gone");
    assert_eq!(storage.heartbeat(&[ticket], LONG).expect("an answer"), [false]);
    assert_eq!(all(storage, other).len(), 1);

    // Under the same name and perhaps the same ids, nothing of the old one is there.
    let again = study(storage, "gone");
    add(storage, again, 0, 2);
    assert_eq!(all(storage, again)[0].attributes, BTreeMap::new());
    assert_eq!(claim(storage, again, 2).len(), 2);
}

/// Parameters of every kind.
fn every_kind() -> Vec<StoredParameter> {
    let choices = vec![Choice::Null, Choice::Bool(true), Choice::Int(1), Choice::Float(1.0), Choice::from("é\"'")];
    vec![
        parameter("z first", Value::Float(0.1 + 0.2), float(0.0, 1.0)),
        parameter(
            "rate",
            Value::Float(1e-300),
            Distribution::Float { low: 1e-300, high: 1e300, log: true, step: None },
        ),
        parameter("outside its range", Value::Float(7.0), float(0.0, 1.0)),
        parameter("share", Value::Float(0.3), Distribution::Float { low: 0.1, high: 0.7, log: false, step: Some(0.2) }),
        parameter("even", Value::Int(-4), Distribution::Int { low: -4, high: 4, log: false, step: 2 }),
        parameter("width", Value::Int(1 << 52), Distribution::Int { low: 1, high: 1 << 53, log: true, step: 1 }),
        parameter("choice", Value::Choice(3), Distribution::Categorical { choices }),
        parameter("flag", Value::Choice(0), Distribution::categorical([false, true])),
    ]
}

fn trials_as_they_were_given(storage: &dyn Storage) {
    let study = study(storage, "s");
    let attributes = vec![
        (Scope::User, "k".to_owned(), json!("user")),
        (Scope::System, "k".to_owned(), json!({"x": 1})),
        (Scope::Private, "k".to_owned(), json!([1.5, null])),
    ];
    let given = [
        NewTrial { parameters: every_kind(), attributes: attributes.clone() },
        NewTrial { parameters: every_kind()[5..].to_vec(), attributes: Vec::new() },
        NewTrial::default(),
    ];
    let ids = storage.create_trials(study, 0, &given).expect("added");
    let expected: BTreeMap<_, _> = attributes.into_iter().map(|(scope, key, value)| ((scope, key), value)).collect();
    for (trial, (id, given)) in all(storage, study).iter().zip(ids.iter().zip(&given)) {
        assert_eq!((trial.id, &trial.state), (*id, &TrialState::Waiting));
        assert_eq!(trial.parameters, given.parameters);
        assert_eq!((trial.began, trial.ended), (None, None));
        assert!(trial.intermediate.is_empty());
    }
    assert!(ids.is_sorted());
    assert_eq!(all(storage, study)[0].attributes, expected);
    let claims = claim(storage, study, 3);
    assert_eq!((&claims[0].parameters, &claims[0].attributes), (&given[0].parameters, &expected));
    assert!(claims[2].parameters.is_empty());
}

fn the_next_number(storage: &dyn Storage) {
    let (first, second) = (study(storage, "a"), study(storage, "b"));
    add(storage, first, 0, 3);
    add(storage, second, 0, 2);
    add(storage, first, 3, 1);
    for wrong in [0, 3, 5, u64::MAX] {
        match storage.create_trials(first, wrong, &[trial(0.5), trial(0.5)]) {
            Err(StorageError::Conflict { first, next }) => assert_eq!((first, next), (wrong, 4)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((all(storage, first).len(), all(storage, second).len()), (4, 2));
    assert!(storage.create_trials(first, 4, &[]).expect("nothing to add").is_empty());
}

fn what_cannot_be_added(storage: &dyn Storage) {
    let study = study(storage, "s");
    let one = |value, distribution| vec![parameter("x", value, distribution)];
    let add = |first, parameters: &[StoredParameter]| {
        let wrong = NewTrial { parameters: parameters.to_vec(), attributes: Vec::new() };
        storage.create_trials(study, first, &[trial(0.5), wrong])
    };
    let log = Distribution::Float { low: 0.1, high: 1.0, log: true, step: None };
    let int = Distribution::Int { low: 0, high: 1, log: false, step: 1 };
    for wrong in [
        one(Value::Float(f64::NAN), float(0.0, 1.0)),
        one(Value::Float(f64::INFINITY), float(0.0, 1.0)),
        one(Value::Int(0), float(0.0, 1.0)),
        one(Value::Choice(2), Distribution::categorical(["a", "b"])),
        [one(Value::Float(0.0), float(0.0, 1.0)), one(Value::Float(0.0), float(0.0, 1.0))].concat(),
        // The trial before it in the same call has fixed the kind of x.
        one(Value::Float(0.5), log.clone()),
        one(Value::Int(0), int.clone()),
    ] {
        assert!(matches!(add(0, &wrong), Err(StorageError::Invalid { .. })), "{wrong:?}");
    }
    assert!(all(storage, study).is_empty(), "all or nothing");
    let choices = |choices: &[&str]| Distribution::categorical(choices.iter().copied());
    add(0, &[parameter("c", Value::Choice(0), choices(&["a", "b"]))]).expect("a new name");
    for wrong in [one(Value::Float(0.5), log), one(Value::Int(0), int)] {
        assert!(matches!(add(2, &wrong), Err(StorageError::Invalid { .. })), "{wrong:?}");
    }
    let reordered = [parameter("c", Value::Choice(0), choices(&["b", "a"]))];
    assert!(matches!(add(2, &reordered), Err(StorageError::Invalid { .. })));
    add(2, &one(Value::Float(5.0), float(-9.0, 9.0))).expect("a range may change");
    assert_eq!(all(storage, study).len(), 4);
}

fn attributes(storage: &dyn Storage) {
    let study = study(storage, "s");
    let trial = add(storage, study, 0, 1)[0];
    for scope in [Scope::User, Scope::System, Scope::Private] {
        for target in [Target::Study(study), Target::Trial(trial)] {
            let set = |value| storage.set_attributes(target, scope, &[("k".to_owned(), value)]).expect("set");
            set(json!(1));
            set(json!([format!("{scope:?}")]));
        }
        let there = [storage.studies().expect("one")[0].attributes.clone(), all(storage, study)[0].attributes.clone()];
        for there in there {
            assert_eq!(there.get(&(scope, "k".to_owned())), Some(&json!([format!("{scope:?}")])), "the later one");
        }
    }
    assert_eq!(all(storage, study)[0].attributes.len(), 3, "scopes are apart");
    storage.set_attributes(Target::Study(study), Scope::User, &[]).expect("nothing to set");
}

fn changes_of_several_workers(storage: &dyn Storage) {
    let study = study(storage, "s");
    let numbers = |cursor: &mut Cursor| {
        let changes = storage.changes_since(study, cursor).expect("changes");
        *cursor = changes.cursor;
        changes.trials.iter().map(|trial| trial.number).collect::<Vec<_>>()
    };
    let (mut one, mut other) = (Cursor::default(), Cursor::default());
    assert!(numbers(&mut one).is_empty());
    add(storage, study, 0, 4);
    assert_eq!(numbers(&mut one), [0, 1, 2, 3]);
    let claims = claim(storage, study, 3);
    assert!(finish(storage, claims[1].ticket, 1.0));
    assert_eq!(numbers(&mut one), [0, 1, 2, 3], "all were open");
    assert_eq!(numbers(&mut one), [0, 2, 3], "1 has ended");
    add(storage, study, 4, 2);
    assert!(finish(storage, claims[0].ticket, 1.0));
    assert_eq!(numbers(&mut one), [0, 2, 3, 4, 5]);
    assert_eq!(numbers(&mut other), [0, 1, 2, 3, 4, 5]);
    assert!(finish(storage, claims[2].ticket, 1.0));
    for cursor in [&mut one, &mut other] {
        assert_eq!(numbers(cursor), [2, 3, 4, 5]);
        assert_eq!(numbers(cursor), [3, 4, 5]);
    }
    for claim in claim(storage, study, 9) {
        assert!(finish(storage, claim.ticket, 0.0));
    }
    assert_eq!(numbers(&mut one), [3, 4, 5]);
    assert!(numbers(&mut one).is_empty());
}

fn many_threads(storage: &dyn Storage) {
    let study = study(storage, "s");
    let (n_threads, n_each) = (4, 10);
    std::thread::scope(|scope| {
        for process in 0..n_threads {
            scope.spawn(move || {
                let worker = Worker { process, ..worker() };
                let mut next = 0;
                let mut n_finished = 0;
                while n_finished < n_each {
                    match storage.create_trials(study, next, &[trial(0.5)]) {
                        Ok(_) => {}
                        Err(StorageError::Conflict { next: there, .. }) => {
                            next = there;
                            continue;
                        }
                        Err(error) => panic!("{error}"),
                    }
                    for claim in storage
                        .claim(&Wanted { study, worker: worker.clone(), lease: LONG, end: u64::MAX, n: 2 })
                        .expect("claims")
                    {
                        assert!(finish(storage, claim.ticket, claim.number as f64), "nobody else has it");
                        n_finished += 1;
                    }
                }
            });
        }
    });
    for trial in all(storage, study) {
        match trial.state {
            TrialState::Complete(values) => assert_eq!(values, [trial.number as f64]),
            other => assert_eq!(other, TrialState::Waiting),
        }
    }
}
