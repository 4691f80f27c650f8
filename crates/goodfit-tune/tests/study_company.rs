//! Studies on which somebody else works as well.

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{Median, limits, restless, space};
use goodfit_tune::samplers::Random;
use goodfit_tune::storage::{
    Changes, Claim, Cursor, Finish, Memory, NewStudy, NewTrial, Record, Scope, Series, Storage, StorageError,
    StoredParameter, StoredStudy, StudyId, Target, Ticket, TrialId, Wanted, Worker,
};
use goodfit_tune::{NoPruner, Order, Outcome, Progress, Pruner, Stopped, Study, StudyOptions, TrialState, Value};

/// A storage on which somebody else takes one of the trials that are claimed, and ends it before anybody can look.
struct Overtaken {
    storage: Memory,
    n_claims: AtomicU64,
    /// Which claim somebody else is faster in, from 0.
    loses: u64,
    /// How long it takes from the end of one trial and the claim of the next until the worker hears of it.
    pause: Duration,
}

impl Overtaken {
    fn new() -> Self {
        Self { storage: Memory::new(), n_claims: AtomicU64::new(0), loses: 1, pause: Duration::ZERO }
    }
}

impl Storage for Overtaken {
    fn claim(&self, wanted: &Wanted) -> Result<Vec<Claim>, StorageError> {
        if self.n_claims.fetch_add(1, Ordering::Relaxed) == self.loses {
            let worker = Worker { process: wanted.worker.process + 1, ..wanted.worker.clone() };
            let ended = |claim: Claim| Finish::new(claim.ticket, TrialState::Complete(vec![0.5]));
            let claims = self.storage.claim(&Wanted { worker, n: 1, ..wanted.clone() })?;
            self.storage.finish(&claims.into_iter().map(ended).collect::<Vec<_>>())?;
        }
        self.storage.claim(wanted)
    }

    fn finish_and_claim(&self, outcomes: &[Finish], wanted: &Wanted) -> Result<(Vec<bool>, Vec<Claim>), StorageError> {
        let turn = (self.finish(outcomes)?, self.claim(wanted)?);
        thread::sleep(self.pause);
        Ok(turn)
    }

    fn create_study(&self, study: &NewStudy) -> Result<StudyId, StorageError> {
        self.storage.create_study(study)
    }

    fn studies(&self) -> Result<Vec<StoredStudy>, StorageError> {
        self.storage.studies()
    }

    fn delete_study(&self, study: StudyId) -> Result<(), StorageError> {
        self.storage.delete_study(study)
    }

    fn create_trials(&self, study: StudyId, first: u64, trials: &[NewTrial]) -> Result<Vec<TrialId>, StorageError> {
        self.storage.create_trials(study, first, trials)
    }

    fn set_parameters(&self, ticket: Ticket, parameters: &[StoredParameter]) -> Result<bool, StorageError> {
        self.storage.set_parameters(ticket, parameters)
    }

    fn heartbeat(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<bool>, StorageError> {
        self.storage.heartbeat(tickets, lease)
    }

    fn record(&self, records: &[Record]) -> Result<(), StorageError> {
        self.storage.record(records)
    }

    fn finish(&self, outcomes: &[Finish]) -> Result<Vec<bool>, StorageError> {
        self.storage.finish(outcomes)
    }

    fn set_attributes(
        &self,
        at: Target,
        scope: Scope,
        attributes: &[(String, serde_json::Value)],
    ) -> Result<(), StorageError> {
        self.storage.set_attributes(at, scope, attributes)
    }

    fn changes_since(&self, study: StudyId, cursor: &Cursor) -> Result<Changes, StorageError> {
        self.storage.changes_since(study, cursor)
    }

    fn curves(&self, trials: &[TrialId]) -> Result<Vec<Vec<Series>>, StorageError> {
        self.storage.curves(trials)
    }
}

#[derive(Default)]
struct Told {
    numbers: Vec<u64>,
    shared: bool,
}

impl Progress for Told {
    fn ended(&mut self, number: u64, _: &TrialState) {
        self.numbers.push(number);
    }

    fn shared(&mut self) {
        self.shared = true;
    }
}

#[test]
fn nobody_waits_in_step_for_a_trial_that_somebody_else_ended_unseen() {
    let storage = Arc::new(Overtaken::new());
    let options = StudyOptions { order: Order::Generations, ..StudyOptions::default() };
    let study = Study::open(storage, space(), Box::new(Random), Box::new(Median), options).expect("a study");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (never, mut told) = (AtomicBool::new(false), Told::default());
        let stopped = study.optimise(restless, &limits(20, 2, &never), &mut told);
        sender.send((stopped, told)).expect("somebody listens");
    });
    let (stopped, told) = receiver.recv_timeout(Duration::from_mins(1)).expect("it ends");
    assert_eq!(stopped.expect("it ends well"), Stopped::Finished);
    assert_eq!(told.numbers, (0..20).collect::<Vec<u64>>());
    assert!(told.shared, "somebody else worked on it");
}

#[test]
fn nobody_takes_more_trials_than_it_was_asked_for() {
    let points =
        |n: usize| vec![space().parameters([("x", Value::Float(0.5)), ("y", Value::Float(0.25))]).expect("a point"); n];
    for pruner in [Box::new(NoPruner) as Box<dyn Pruner>, Box::new(Median)] {
        // Another process was asked for 24 trials and takes one of them before this one, which was asked for 4, can
        // look: its lowest waiting trial is then the fifth.
        let storage = Arc::new(Overtaken::new());
        let study = Study::open(storage, space(), Box::new(Random), pruner, StudyOptions::default()).expect("a study");
        study.begin_with(&points(24)).expect("enqueued");
        let (never, mut told) = (AtomicBool::new(false), Told::default());
        let stopped = study.optimise(restless, &limits(4, 1, &never), &mut told).expect("it ends");
        assert_eq!((stopped, told.numbers), (Stopped::Finished, vec![0, 1, 2, 3]));
        assert!(told.shared);
        let waiting = study.trials().expect("trials").iter().filter(|t| t.state == TrialState::Waiting).count();
        assert_eq!(waiting, 20);
    }
}

/// The clerk has taken the last trials, and does not know it yet when another thread of the same worker looks for one.
#[test]
fn what_a_worker_has_taken_in_advance_is_no_company() {
    for _ in 0..40 {
        let storage = Overtaken { loses: u64::MAX, pause: Duration::from_millis(5), ..Overtaken::new() };
        let options = StudyOptions::default();
        let study = Study::open(Arc::new(storage), space(), Box::new(Random), Box::new(NoPruner), options);
        let (never, mut told) = (AtomicBool::new(false), Told::default());
        study.expect("a study").optimise(restless, &limits(3, 2, &never), &mut told).expect("it ends");
        assert_eq!(told.numbers, [0, 1, 2]);
        assert!(!told.shared);
    }
}

#[test]
fn who_was_there_before_is_no_company() {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let open = || Study::open(storage.clone(), space(), Box::new(Random), Box::new(NoPruner), StudyOptions::default());
    for n in [10, 20] {
        let (never, mut told) = (AtomicBool::new(false), Told::default());
        open().expect("a study").optimise(restless, &limits(n, 2, &never), &mut told).expect("it ends");
        assert_eq!(told.numbers.len() as u64, n);
        assert!(!told.shared);
    }
    // Somebody who is still at work is.
    let other = open().expect("a study");
    let asked = other.ask().expect("asked").expect("a trial");
    let (never, mut told) = (AtomicBool::new(false), Told::default());
    let study = open().expect("a study");
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            other.tell(asked, Outcome::Complete(1.0)).expect("told");
        });
        study.optimise(restless, &limits(30, 2, &never), &mut told).expect("it ends");
    });
    assert_eq!(told.numbers.len(), 30);
    assert!(told.shared);
}
