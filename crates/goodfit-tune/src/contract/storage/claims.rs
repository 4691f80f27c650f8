//! Who may work on a trial.

use std::time::Duration;

use serde_json::json;

use super::{LONG, add, all, claim, end, every_kind, finish, states, study, trial, worker};
use crate::storage::{NewTrial, Record, Scope, Storage, StorageError, Ticket, Wanted, Worker};
use crate::{Intermediate, TrialState};

/// Over at once.
const NONE: Duration = Duration::ZERO;

pub(super) fn lowest_numbers_first(storage: &dyn Storage) {
    let study = study(storage, "s");
    assert!(claim(storage, study, 3).is_empty());
    let ids = add(storage, study, 0, 4);
    assert!(claim(storage, study, 0).is_empty());
    assert!(
        storage.claim(&Wanted { study, worker: worker(), lease: LONG, end: 0, n: 3 }).expect("claims").is_empty(),
        "none is below the first"
    );
    let claims = storage.claim(&Wanted { study, worker: worker(), lease: LONG, end: 3, n: 4 }).expect("claims");
    assert_eq!(claims.iter().map(|claim| claim.number).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(claims.iter().map(|claim| claim.ticket.trial).collect::<Vec<_>>(), ids[..3]);
    let other = storage
        .claim(&Wanted { study, worker: Worker { process: 8, ..worker() }, lease: LONG, end: u64::MAX, n: 3 })
        .expect("claims");
    assert_eq!(other.iter().map(|claim| claim.number).collect::<Vec<_>>(), [3], "what is held is not given twice");
    assert_eq!(states(storage, study), vec![TrialState::Running; 4]);
    assert!(all(storage, study).iter().all(|trial| trial.began.is_some() && trial.ended.is_none()));
}

pub(super) fn one_ends_and_the_next_begins(storage: &dyn Storage) {
    let study = study(storage, "s");
    add(storage, study, 0, 4);
    let first = claim(storage, study, 1)[0].ticket;
    let done = |ticket| [end(ticket, TrialState::Complete(vec![1.0]))];
    let turn = |ticket, end, n| {
        storage.finish_and_claim(&done(ticket), &Wanted { study, worker: worker(), lease: LONG, end, n })
    };
    let (held, claims) = turn(first, 2, 3).expect("a turn");
    assert_eq!((held, claims.len(), claims[0].number), (vec![true], 1, 1), "as claiming gives them");
    assert_eq!(claims[0].parameters.len(), 1);
    assert_eq!(storage.heartbeat(&[first, claims[0].ticket], LONG).expect("answers"), [false, true]);
    // Who comes too late gets a trial all the same.
    let (held, claims) = turn(first, 9, 1).expect("a turn");
    assert_eq!((held, claims[0].number), (vec![false], 2));
    let (held, claims) = turn(claims[0].ticket, 9, 0).expect("a turn");
    assert_eq!((held, claims.len()), (vec![true], 0));
    let complete = TrialState::Complete(vec![1.0]);
    let expected = [complete.clone(), TrialState::Running, complete, TrialState::Waiting];
    assert_eq!(states(storage, study), expected);
    let unfinished = [end(first, TrialState::Running)];
    let turn = storage.finish_and_claim(&unfinished, &Wanted { study, worker: worker(), lease: LONG, end: 9, n: 1 });
    turn.expect_err("no end");
    assert_eq!(states(storage, study), expected, "nothing is taken when nothing can be ended");
}

pub(super) fn leases(storage: &dyn Storage) {
    let study = study(storage, "s");
    add(storage, study, 0, 2);
    let report = |ticket: Ticket, value| {
        storage.record(&[Record { ticket, intermediate: Intermediate { step: 1, value } }]).expect("recorded");
    };
    let ticket = storage.claim(&Wanted { study, worker: worker(), lease: NONE, end: u64::MAX, n: 1 }).expect("a claim")
        [0]
    .ticket;
    report(ticket, 1.0);
    assert_eq!(storage.heartbeat(&[ticket], NONE).expect("an answer"), [true], "nobody has taken it yet");
    assert_eq!(all(storage, study)[0].intermediate.len(), 1);

    // Claiming nothing lets it wait again.
    assert!(claim(storage, study, 0).is_empty());
    let waiting = &all(storage, study)[0];
    assert_eq!((&waiting.state, waiting.began), (&TrialState::Waiting, None));
    assert!(waiting.intermediate.is_empty(), "what it had reported is forgotten");
    report(ticket, 2.0);
    assert_eq!(storage.heartbeat(&[ticket], LONG).expect("an answer"), [false]);
    assert!(!finish(storage, ticket, 1.0));
    assert_eq!(states(storage, study)[0], TrialState::Waiting);

    let second = claim(storage, study, 1)[0].clone();
    assert_eq!((second.number, second.ticket.trial), (0, ticket.trial), "under its own number");
    assert!(second.ticket.fence > ticket.fence);
    assert_eq!(second.parameters.len(), 1);
    report(ticket, 3.0);
    assert_eq!(storage.heartbeat(&[ticket, second.ticket], LONG).expect("answers"), [false, true]);
    assert!(!finish(storage, ticket, 1.0), "the fence is higher now");
    assert!(all(storage, study)[0].intermediate.is_empty());
    report(second.ticket, 4.0);

    // One outcome that comes too late does not stop another.
    let done = |ticket, value| end(ticket, TrialState::Complete(vec![value]));
    let held = storage.finish(&[done(ticket, 1.0), done(second.ticket, 2.0), done(second.ticket, 3.0)]);
    assert_eq!(held.expect("answers"), [false, true, false]);
    assert_eq!(all(storage, study)[0].state, TrialState::Complete(vec![2.0]));
    assert_eq!(all(storage, study)[0].intermediate, [Intermediate { step: 1, value: 4.0 }]);
    assert_eq!(storage.heartbeat(&[second.ticket], LONG).expect("an answer"), [false]);

    // A renewed lease lasts from then on; short ones run out by themselves.
    let short = Duration::from_millis(20);
    let ticket =
        storage.claim(&Wanted { study, worker: worker(), lease: short, end: u64::MAX, n: 1 }).expect("a claim")[0]
            .ticket;
    assert_eq!(storage.heartbeat(&[ticket], LONG).expect("an answer"), [true]);
    std::thread::sleep(2 * short);
    assert!(claim(storage, study, 1).is_empty());
    assert_eq!(storage.heartbeat(&[ticket], short).expect("an answer"), [true]);
    std::thread::sleep(2 * short);
    assert_eq!(claim(storage, study, 1)[0].number, 1);
}

/// No lease has run out here: it is the process that counts.
pub(super) fn a_worker_that_is_gone(storage: &dyn Storage) {
    let study = study(storage, "s");
    add(storage, study, 0, 3);
    let here = Worker::here();
    let gone = Worker { began: here.began.wrapping_add(1), ..here.clone() };
    let elsewhere = Worker { machine: "elsewhere".to_owned(), ..gone.clone() };
    let claim = |worker: &Worker, n| {
        let claims =
            storage.claim(&Wanted { study, worker: worker.clone(), lease: LONG, end: u64::MAX, n }).expect("claims");
        claims.iter().map(|claim| claim.number).collect::<Vec<_>>()
    };
    assert_eq!(claim(&gone, 1), [0]);
    assert_eq!(claim(&gone, 1), [1], "whoever asks is there");
    if gone.is_gone() {
        assert_eq!(claim(&elsewhere, 1), [0]);
        assert_eq!(claim(&here, 9), [1, 2]);
    }
    assert!(claim(&elsewhere, 9).is_empty(), "this process is there, and of other machines nobody knows");
    assert!(claim(&here, 9).is_empty());
}

pub(super) fn parameters_later(storage: &dyn Storage) {
    let study = study(storage, "s");
    let fixed = ((Scope::System, "fixed_params".to_owned()), json!({"z first": 0.5}));
    let enqueued =
        NewTrial { parameters: Vec::new(), attributes: vec![(fixed.0.0, fixed.0.1.clone(), fixed.1.clone())] };
    storage.create_trials(study, 0, &[enqueued, trial(0.5)]).expect("added");
    let first = storage.claim(&Wanted { study, worker: worker(), lease: NONE, end: u64::MAX, n: 1 }).expect("a claim")
        [0]
    .clone();
    assert!(first.parameters.is_empty());
    assert_eq!(first.attributes.get(&fixed.0), Some(&fixed.1));
    let claims = claim(storage, study, 2);
    assert!(!storage.set_parameters(first.ticket, &every_kind()).expect("an answer"), "another has it");
    assert!(storage.set_parameters(claims[0].ticket, &every_kind()).expect("an answer"));
    assert_eq!(all(storage, study)[0].parameters, every_kind());
    for claim in &claims {
        let again = storage.set_parameters(claim.ticket, &every_kind());
        assert!(matches!(again, Err(StorageError::Invalid { .. })), "it has its parameters");
    }
}
