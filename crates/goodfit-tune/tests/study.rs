//! Studies: the same trials for any number of jobs, going on after a stop, faults of objectives, several workers.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Median, bowl, limits, restless, space};
use goodfit_tune::samplers::Random;
use goodfit_tune::storage::{Memory, StoredTrial};
use goodfit_tune::{
    Direction, Distribution, History, Limits, NoPruner, Order, Outcome, Parameters, Progress, Pruner, Request,
    RunningTrial, Sampler, SamplerError, Space, Stopped, Study, StudyOptions, TrialState, Value,
};

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

fn study(storage: &Arc<Memory>, sampler: Box<dyn Sampler>, pruner: Box<dyn Pruner>, order: Order) -> Study {
    let options = StudyOptions { order, lease: Duration::from_secs(5), ..StudyOptions::default() };
    Study::open(storage.clone(), space(), sampler, pruner, options).expect("a study")
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
    let now = Instant::now();
    let late = Limits { deadline: Some(&|| now), ..limits(100, 2, &never) };
    assert_eq!(run(Order::Generations, &late), (Stopped::Deadline, 0));
    // It may come nearer while trials go on.
    let n_asked = AtomicU64::new(0);
    let nearer = || {
        let far = n_asked.fetch_add(1, Ordering::Relaxed) < 5;
        now + Duration::from_secs(if far { 1000 } else { 0 })
    };
    let (stopped, n_trials) = run(Order::Generations, &Limits { deadline: Some(&nearer), ..limits(100, 1, &never) });
    // Short trials are taken in advance, a generation at most.
    assert!(stopped == Stopped::Deadline && (1..=16).contains(&n_trials), "{stopped:?} {n_trials}");
    let enough = |history: &History| (history.n_finished() >= 16).then(|| "enough".to_owned());
    let ruled = Limits { rule: Some(&enough), ..limits(100, 3, &never) };
    assert_eq!(run(Order::Generations, &ruled), (Stopped::Rule("enough".to_owned()), 16));
    assert_eq!(run(Order::Asynchronous, &limits(30, 3, &never)), (Stopped::Finished, 30));
}

#[test]
fn nothing_runs_when_a_study_has_stopped() {
    let stop = AtomicBool::new(false);
    let study = study(&Arc::new(Memory::new()), Box::new(Random), Box::new(NoPruner), Order::Generations);
    let mut n_ended = 0;
    let mut told = |_, _: &TrialState| {
        n_ended += 1;
        stop.store(n_ended >= 5, Ordering::Relaxed);
    };
    let slow = |trial: &mut RunningTrial<'_>| {
        thread::sleep(Duration::from_millis(2));
        if trial.is_stopped() { Outcome::Interrupted } else { Outcome::Complete(bowl(trial.parameters())) }
    };
    let stopped = study.optimise(slow, &limits(100, 2, &stop), &mut told).expect("it ends");
    assert_eq!(stopped, Stopped::Interrupted);
    let states = trials(&study).into_iter().map(|trial| trial.state);
    let (finished, open): (Vec<TrialState>, Vec<TrialState>) = states.partition(TrialState::is_finished);
    assert!(finished.len() >= 5 && !open.is_empty(), "{finished:?}");
    // Those that were taken in advance wait; at most one for each job was broken off.
    assert!(open.iter().filter(|state| **state == TrialState::Running).count() <= 2, "{open:?}");
}

#[test]
fn time_may_be_up_while_the_last_trials_are_taken_in_advance() {
    let never = AtomicBool::new(false);
    for jobs in [1, 2] {
        let study = study(&Arc::new(Memory::new()), Box::new(Random), Box::new(NoPruner), Order::Generations);
        let end = Instant::now() + Duration::from_millis(50);
        let limits = Limits { deadline: Some(&|| end), ..limits(4, jobs, &never) };
        let slow = |trial: &mut RunningTrial<'_>| {
            thread::sleep(Duration::from_millis(if trial.number() < 2 { 10 } else { 120 }));
            Outcome::Complete(bowl(trial.parameters()))
        };
        let stopped = study.optimise(slow, &limits, &mut |_, _: &TrialState| {}).expect("it ends");
        assert!(matches!(stopped, Stopped::Deadline | Stopped::Finished), "{stopped:?}");
        let states = trials(&study).into_iter().map(|trial| trial.state);
        assert!(states.clone().all(|state| state != TrialState::Running), "{:?}", states.collect::<Vec<_>>());
    }
}

/// Gives eight trials, then panics.
struct Faulty;

impl Sampler for Faulty {
    fn horizon(&self, number: u64, generation: u64) -> u64 {
        number - number % generation
    }

    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        assert!(request.numbers.start < 8, "a fault of the sampler");
        Random.sample(request)
    }
}

#[test]
fn a_panic_ends_a_study() {
    let never = AtomicBool::new(false);
    let panics = |study: &Study, told: &mut dyn Progress| {
        let optimise = || study.optimise(restless, &limits(20, 2, &never), told).map(|_| ());
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(optimise)).expect_err("it panics");
        let finished = trials(study).iter().filter(|trial| trial.state.is_finished()).count();
        assert!((1..20).contains(&finished), "{finished}");
    };
    for order in [Order::Generations, Order::Asynchronous] {
        let faulty = study(&Arc::new(Memory::new()), Box::new(Faulty), Box::new(NoPruner), order);
        panics(&faulty, &mut |_, _: &TrialState| {});
        let sound = study(&Arc::new(Memory::new()), Box::new(Random), Box::new(NoPruner), order);
        let slow = |_, _: &TrialState| panic!("a fault of whoever listens");
        panics(&sound, &mut { slow });
    }
}
