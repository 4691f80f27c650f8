//! Studies: the same trials for any number of jobs, going on after a stop, faults of objectives, several workers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use goodfit_tune::samplers::Random;
use goodfit_tune::storage::{
    Changes, Claim, Cursor, Finish, Memory, NewStudy, NewTrial, Record, Scope, Series, Storage, StorageError,
    StoredParameter, StoredStudy, StoredTrial, StudyId, Target, Ticket, TrialId, Worker,
};
use goodfit_tune::{
    Decision, Direction, Distribution, History, Limits, NoPruner, Observed, Order, Outcome, Parameters, Progress,
    Pruner, Request, RunningTrial, Sampler, SamplerError, Space, Stopped, Study, StudyOptions, TrialState, Value,
};

fn space() -> Space {
    let float = |low, high| Distribution::Float { low, high, log: false, step: None };
    Space::new([("x", float(-2.0, 2.0)), ("y", float(-2.0, 2.0))]).expect("a space")
}

/// Walks: the best so far plus a draw, so that every trial depends on all that is known.
struct Walk;

impl Sampler for Walk {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        let centre = request.history.best().map(|trial| trial.parameters.clone());
        let mut drawn = Random.sample(request)?;
        if let Some(centre) = centre {
            for trial in &mut drawn {
                let values = [&centre, &*trial].map(|p| p.values().to_vec());
                *trial = request.space.assemble(|place, _| match (values[0][place], values[1][place]) {
                    (Some(Value::Float(a)), Some(Value::Float(b))) => {
                        Value::Float((0.8 * a + 0.2 * b).clamp(-2.0, 2.0))
                    }
                    _ => unreachable!("both are floats"),
                });
            }
        }
        Ok(drawn)
    }
}

/// Ends a trial that is worse than the median of what it knows of the same step.
struct Median;

impl Pruner for Median {
    fn prunes(&self, history: &History, trial: &Observed) -> bool {
        let Some(last) = trial.last() else { return false };
        let at = |other: &Observed| other.intermediate.iter().find(|x| x.step == last.step).map(|x| x.value);
        let mut others: Vec<f64> = history.iter().filter(|other| other.number != trial.number).filter_map(at).collect();
        others.sort_by(f64::total_cmp);
        others.len() >= 3 && last.value > others[others.len() / 2]
    }
}

fn xy(parameters: &Parameters) -> (f64, f64) {
    let float = |name| if let Some(Value::Float(x)) = parameters.get(name) { x } else { panic!("no {name}") };
    (float("x"), float("y"))
}

fn bowl(parameters: &Parameters) -> f64 {
    let (x, y) = xy(parameters);
    (x - 0.5).powi(2) + (y + 0.25).powi(2)
}

fn study(storage: &Arc<Memory>, sampler: Box<dyn Sampler>, pruner: Box<dyn Pruner>, order: Order) -> Study {
    let options = StudyOptions { order, lease: Duration::from_secs(5), ..StudyOptions::default() };
    Study::open(storage.clone(), space(), sampler, pruner, options).expect("a study")
}

fn limits(trials: u64, jobs: usize, stop: &AtomicBool) -> Limits<'_> {
    Limits { trials, deadline: None, rule: None, stop, jobs }
}

/// An objective that takes a time which differs from run to run, and reports four times, two steps apart for odd
/// trials.
fn restless(trial: &mut RunningTrial<'_>) -> Outcome {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let value = bowl(trial.parameters());
    for i in 1..=4 {
        let nap = CALLS.fetch_add(7, Ordering::Relaxed) * 2_654_435_761 % 5;
        thread::sleep(Duration::from_micros(200 * nap));
        match trial.report(i * (1 + trial.number() % 2), value + 1.0 / i as f64) {
            Decision::Continue => {}
            Decision::Prune => return Outcome::Pruned,
            Decision::Stop => return Outcome::Interrupted,
        }
    }
    Outcome::Complete(value)
}

/// What is the same for equal studies: all but the clock.
fn trials(study: &Study) -> Vec<StoredTrial> {
    let mut trials = study.trials().expect("trials");
    for trial in &mut trials {
        (trial.began, trial.ended) = (None, None);
    }
    trials
}

#[test]
fn any_number_of_jobs_gives_the_same_trials() {
    let stop = AtomicBool::new(false);
    let run = |jobs: usize, prunes: bool| {
        let storage = Arc::new(Memory::new());
        let pruner: Box<dyn Pruner> = if prunes { Box::new(Median) } else { Box::new(NoPruner) };
        let study = study(&storage, Box::new(Walk), pruner, Order::Generations);
        let mut told = Vec::new();
        let stopped = study.optimise(restless, &limits(43, jobs, &stop), &mut |number, state: &TrialState| {
            told.push((number, state.clone()));
        });
        assert_eq!(stopped.expect("it ends"), Stopped::Finished);
        assert_eq!(told.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (0..43).collect::<Vec<_>>());
        trials(&study)
    };
    for prunes in [false, true] {
        let one = run(1, prunes);
        let n_pruned = one.iter().filter(|trial| matches!(trial.state, TrialState::Pruned(_))).count();
        assert_eq!(n_pruned > 5, prunes, "{n_pruned} pruned");
        for jobs in [2, 3, 12] {
            assert_eq!(run(jobs, prunes), one, "{jobs} jobs, pruning {prunes}");
        }
    }
}

#[test]
fn stopped_and_gone_on_with_it_is_the_undisturbed_study() {
    for prunes in [false, true] {
        let pruner = || -> Box<dyn Pruner> { if prunes { Box::new(Median) } else { Box::new(NoPruner) } };
        let undisturbed = {
            let study = study(&Arc::new(Memory::new()), Box::new(Walk), pruner(), Order::Generations);
            study
                .optimise(restless, &limits(40, 2, &AtomicBool::new(false)), &mut |_, _: &TrialState| {})
                .expect("ends");
            trials(&study)
        };
        for after in [0, 3, 11, 29] {
            let storage = Arc::new(Memory::new());
            let stop = AtomicBool::new(false);
            let first = study(&storage, Box::new(Walk), pruner(), Order::Generations);
            let mut halt = |number, _: &TrialState| {
                stop.fetch_or(number == after, Ordering::Relaxed);
            };
            let stopped = first.optimise(restless, &limits(40, 3, &stop), &mut halt);
            assert_eq!(stopped.expect("it ends"), Stopped::Interrupted);
            // Fewer trials than asked for at first, then more: the whole is the same.
            for target in [35, 40] {
                let again = study(&storage, Box::new(Walk), pruner(), Order::Generations);
                let never = AtomicBool::new(false);
                again.optimise(restless, &limits(target, 2, &never), &mut |_, _: &TrialState| {}).expect("it ends");
                if target == 40 {
                    assert_eq!(trials(&again), undisturbed, "stopped after {after}, pruning {prunes}");
                }
            }
        }
    }
}

#[test]
fn a_broken_objective_fails_its_trial_and_not_the_study() {
    let stop = AtomicBool::new(false);
    let study = study(&Arc::new(Memory::new()), Box::new(Random), Box::new(NoPruner), Order::Generations);
    let objective = |trial: &mut RunningTrial<'_>| match trial.number() % 4 {
        0 => panic!("number {}", trial.number()),
        1 => Outcome::Complete(f64::NAN),
        2 => Outcome::Failed("diverged".to_owned()),
        _ => Outcome::Complete(f64::INFINITY),
    };
    let stopped = study.optimise(objective, &limits(8, 2, &stop), &mut |_, _: &TrialState| {});
    assert_eq!(stopped.expect("it ends"), Stopped::Finished);
    let states: Vec<TrialState> = trials(&study).into_iter().map(|trial| trial.state).collect();
    let failed = |reason: &str| TrialState::Failed(reason.to_owned());
    assert_eq!(
        states[4..],
        [
            failed("panicked: number 4"),
            failed("not a number"),
            failed("diverged"),
            TrialState::Complete(vec![f64::INFINITY]),
        ]
    );
}

#[test]
fn two_workers_share_a_study() {
    let storage = Arc::new(Memory::new());
    let never = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let study = study(&storage, Box::new(Random), Box::new(NoPruner), Order::Generations);
                let stopped = study.optimise(restless, &limits(50, 2, &never), &mut |_, _: &TrialState| {});
                assert_eq!(stopped.expect("it ends"), Stopped::Finished);
            });
        }
    });
    let alone = study(&Arc::new(Memory::new()), Box::new(Random), Box::new(NoPruner), Order::Generations);
    alone.optimise(restless, &limits(50, 1, &never), &mut |_, _: &TrialState| {}).expect("it ends");
    let shared = study(&storage, Box::new(Random), Box::new(NoPruner), Order::Generations);
    assert_eq!(trials(&shared), trials(&alone));
}

/// A storage on which somebody else takes the second trial that is claimed, and ends it before anybody can look.
struct Overtaken {
    storage: Memory,
    n_claims: AtomicU64,
}

impl Storage for Overtaken {
    fn claim(
        &self,
        study: StudyId,
        worker: &Worker,
        lease: Duration,
        end: u64,
        n: usize,
    ) -> Result<Vec<Claim>, StorageError> {
        if self.n_claims.fetch_add(1, Ordering::Relaxed) == 1 {
            let other = Worker { process: worker.process + 1, ..worker.clone() };
            let ended = |claim: Claim| Finish {
                ticket: claim.ticket,
                state: TrialState::Complete(vec![0.5]),
                intermediate: Vec::new(),
                curves: Vec::new(),
                attributes: Vec::new(),
            };
            let claims = self.storage.claim(study, &other, lease, end, 1)?;
            self.storage.finish(&claims.into_iter().map(ended).collect::<Vec<_>>())?;
        }
        self.storage.claim(study, worker, lease, end, n)
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
    let storage = Arc::new(Overtaken { storage: Memory::new(), n_claims: AtomicU64::new(0) });
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
    for pruner in [Box::new(NoPruner) as Box<dyn goodfit_tune::Pruner>, Box::new(Median)] {
        // Another process was asked for 24 trials and takes one of them before this one, which was asked for 4, can
        // look: its lowest waiting trial is then the fifth.
        let storage = Arc::new(Overtaken { storage: Memory::new(), n_claims: AtomicU64::new(0) });
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

#[test]
fn ask_and_tell_enqueue_and_best() {
    let storage = Arc::new(Memory::new());
    let options = StudyOptions { direction: Direction::Maximize, ..StudyOptions::default() };
    let open = |options| Study::open(storage.clone(), space(), Box::new(Walk), Box::new(Median), options);
    let study = open(options.clone()).expect("a study");
    let known = space().parameters([("x", Value::Float(0.5)), ("y", Value::Float(-0.25))]).expect("in the space");
    assert_eq!(study.enqueue(&known).expect("enqueued"), 0);
    for number in 0..10 {
        let mut trial = study.ask().expect("asked").expect("a trial");
        assert_eq!(trial.number(), number);
        assert_eq!(trial.parameters() == &known, number == 0);
        let value = -bowl(trial.parameters());
        let outcome = if study.report(&mut trial, 1, value).expect("reported") {
            Outcome::Pruned
        } else {
            Outcome::Complete(value)
        };
        study.tell(trial, outcome).expect("told");
    }
    assert_eq!(study.history().best().map(|trial| (trial.number, trial.loss())), Some((0, Some(0.0))));
    // Another direction is another study.
    let error = open(StudyOptions::default()).map(|_| ()).expect_err("another study");
    assert_eq!(error.to_string(), "the study \"study\" was begun with another direction: Maximize, now Minimize");
    let outside = Space::new([("z", Distribution::categorical(["a"]))]).expect("a space");
    assert!(study.enqueue(&outside.assemble(|_, _| Value::Choice(0))).is_err());
}

#[test]
fn a_study_begins_with_what_was_asked_for() {
    let never = AtomicBool::new(false);
    let point = |x, y| space().parameters([("x", Value::Float(x)), ("y", Value::Float(y))]).expect("in the space");
    let points = [point(0.5, -0.25), point(1.5, 1.5), point(-2.0, 2.0)];
    let open = |storage: &Arc<Memory>| {
        let study = study(storage, Box::new(Walk), Box::new(Median), Order::Generations);
        (study.begin_with(&points).expect("begun"), study)
    };
    let run = |study: &Study, trials, jobs| {
        study.optimise(restless, &limits(trials, jobs, &never), &mut |_, _: &TrialState| {}).expect("it ends");
    };
    let (begun, alone) = open(&Arc::new(Memory::new()));
    assert!(begun);
    run(&alone, 20, 1);
    let expected = trials(&alone);
    for (number, point) in points.iter().enumerate() {
        assert_eq!(alone.get(number as u64).expect("a trial").parameters, *point);
    }
    for round in 0..7 {
        // With more jobs, and gone on with after a part of the first generation, of the points even.
        let storage = Arc::new(Memory::new());
        for (i, (target, jobs)) in [(2 + round, 2), (20, 1 + round as usize)].into_iter().enumerate() {
            let (begun, study) = open(&storage);
            assert_eq!(begun, i == 0);
            run(&study, target, jobs);
        }
        assert!(trials(&open(&storage).1) == expected, "after {} trials", 2 + round);
    }
    let outside = Space::new([("z", Distribution::categorical(["a"]))]).expect("a space");
    assert!(alone.begin_with(&[outside.assemble(|_, _| Value::Choice(0))]).is_err());
}

#[test]
fn limits_end_a_study() {
    let never = AtomicBool::new(false);
    let run = |order, limits: &Limits<'_>| {
        let study = study(&Arc::new(Memory::new()), Box::new(Walk), Box::new(NoPruner), order);
        let stopped = study.optimise(restless, limits, &mut |_, _: &TrialState| {}).expect("it ends");
        (stopped, study.trials().expect("trials").len())
    };
    let late = Limits { deadline: Some(Instant::now()), ..limits(100, 2, &never) };
    assert_eq!(run(Order::Generations, &late), (Stopped::Deadline, 0));
    let enough = |history: &History| (history.n_finished() >= 16).then(|| "enough".to_owned());
    let ruled = Limits { rule: Some(&enough), ..limits(100, 3, &never) };
    assert_eq!(run(Order::Generations, &ruled), (Stopped::Rule("enough".to_owned()), 16));
    assert_eq!(run(Order::Asynchronous, &limits(30, 3, &never)), (Stopped::Finished, 30));
}
