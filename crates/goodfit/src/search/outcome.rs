//! From the trials that a storage keeps to results.

use std::collections::BTreeMap;

use goodfit_tune::samplers::narrow::{Range, Reason, Round, Step};
use goodfit_tune::storage::{Scope, StoredTrial, TrialId};
use goodfit_tune::{Streams, Study, TrialState, Value, best_of, expected_gain, importance};
use serde_json::Value as Json;

use super::objective::{RUNS, kept};
use super::rescore::Rescored;
use super::space::{fields, json, stored_settings};
use super::{ASYNCHRONOUS, Keeping, SHARED, SearchError, checks, goal, methods, value, words};
use crate::comparison::{Options, blank};
use crate::data::Prepared;
use crate::recipe::{Experiment, SearchRecipe};
use crate::results::{
    Arm, ArmTiming, BestOf, ExpectedGain, Importance, Machine, NarrowRange, NarrowRound, PruningAudit, Results,
    RunTiming, SearchSummary, Summary, Timing, Trial,
};

/// Trials whose curves go into the results.
const N_KEPT: usize = 20;

/// Fewer complete trials say nothing of what matters or of what more trials would bring.
const N_TELLING: usize = 20;

/// The share of the trials that counts as the best where fields are told apart.
const BEST_SHARE: f64 = 0.1;

/// Points of the best-of-n curve.
const N_POINTS: usize = 40;

/// Confidence of bands and intervals.
const CONFIDENCE: f64 = 0.95;

/// What a search found.
pub(super) struct Found<'a> {
    study: &'a Study,
    search: &'a SearchRecipe,
    trials: &'a [StoredTrial],
    /// Complete trials, best first; ties by number.
    pub(super) ranked: Vec<&'a StoredTrial>,
    pub(super) audit: Option<PruningAudit>,
    pub(super) rescored: Option<Rescored>,
}

impl<'a> Found<'a> {
    pub(super) fn new(study: &'a Study, trials: &'a [StoredTrial], search: &'a SearchRecipe) -> Self {
        let mut ranked: Vec<&StoredTrial> =
            trials.iter().filter(|trial| matches!(trial.state, TrialState::Complete(_))).collect();
        let loss = |trial: &StoredTrial| goal(search).loss(value(trial)) + 0.0;
        ranked.sort_by(|a, b| loss(a).total_cmp(&loss(b)).then(a.number.cmp(&b.number)));
        Self { study, search, trials, ranked, audit: None, rescored: None }
    }

    /// The trials to be trained again, best first. Of several the last makes room for the best of those that the recipe sets
    /// (`search.enqueue`), where none of these is among them: what somebody starts from is what a winner has to beat.
    pub(super) fn finalists(&self) -> Vec<&'a StoredTrial> {
        let mut finalists = self.ranked[..self.ranked.len().min(self.search.finalists)].to_vec();
        let set = self.ranked.iter().position(|trial| trial.number < self.search.enqueue.len() as u64);
        if let ([_, .., last], Some(place)) = (&mut finalists[..], set)
            && place >= self.search.finalists
        {
            *last = self.ranked[place];
        }
        finalists
    }

    /// The results, all of them.
    pub(super) fn results(
        &self,
        experiment: &Experiment,
        options: &Options,
        keeping: &Keeping,
        data: &Prepared,
        complete: bool,
    ) -> Result<Results, SearchError> {
        let search = self.search;
        let mut results = blank(experiment, options, Some(data), vec![options.first_seed]);
        results.primary_metric.clone_from(&search.metric);
        results.complete = complete;
        results.trials = self.all();
        results.arms = self.arms()?;
        results.search = Some(self.summary(options.first_seed, keeping)?);
        let found = words::findings(&results, search);
        results.findings.extend(found);
        let takes_best = experiment.recipe.training.early_stopping.is_some();
        results.findings.extend(checks::checks(&results, search, takes_best, self.study));
        Ok(results)
    }

    /// All trials, best first: complete, pruned by how far they came, failed; then those that never ended.
    fn all(&self) -> Vec<Trial> {
        let rescored = |number: u64| {
            let finalists = self.rescored.as_ref().map(|rescored| rescored.finalists.as_slice()).unwrap_or_default();
            finalists.iter().find(|(other, _)| *other == number).map(|(_, summary)| *summary)
        };
        let history = self.study.history();
        let place: BTreeMap<u64, usize> = history.ranked().enumerate().map(|(i, trial)| (trial.number, i)).collect();
        let mut trials: Vec<&StoredTrial> = self.trials.iter().filter(|trial| trial.state.is_finished()).collect();
        trials.sort_by_key(|trial| (place.get(&trial.number).copied().unwrap_or(usize::MAX), trial.number));
        let of = |stored: &&StoredTrial| {
            let settings = stored_settings(self.search, &stored.parameters);
            trial(stored.number, &stored.state, settings, rescored(stored.number))
        };
        trials.iter().map(of).collect()
    }

    /// The best trials with their curves.
    fn arms(&self) -> Result<Vec<Arm>, SearchError> {
        let best = &self.ranked[..self.ranked.len().min(N_KEPT)];
        let ids: Vec<TrialId> = best.iter().map(|trial| trial.id).collect();
        let curves = self.study.storage().curves(&ids)?;
        let arm = |(trial, curves): (&&StoredTrial, _)| {
            let runs = kept(trial.attributes.get(&(Scope::Private, RUNS.to_owned())), curves);
            let settings = stored_settings(self.search, &trial.parameters);
            let mut arm = Arm { name: words::name(trial.number as usize), settings, runs, ..Arm::default() };
            arm.summarise();
            arm
        };
        Ok(best.iter().zip(curves).map(arm).collect())
    }

    /// Whether the study has a private attribute.
    fn is_marked(&self, key: &str) -> Result<bool, SearchError> {
        let studies = self.study.storage().studies()?;
        let study = studies.iter().find(|study| study.id == self.study.id());
        Ok(study.is_some_and(|study| study.attributes.contains_key(&(Scope::Private, key.to_owned()))))
    }

    fn summary(&self, seed: u64, keeping: &Keeping) -> Result<SearchSummary, SearchError> {
        let search = self.search;
        let mut why = keeping.why_not();
        for (key, reason) in [
            (ASYNCHRONOUS, "an earlier --asynchronous: what a trial knew of others depended on their speed"),
            (
                SHARED,
                "several processes worked on the study: what each knew of the other's trials depended on their speed",
            ),
        ] {
            if why.is_none() && self.is_marked(key)? {
                why = Some(reason);
            }
        }
        if why.is_none() && self.trials.len() > search.trials {
            why = Some("an earlier command asked for more trials than this one, and they count");
        }
        Ok(SearchSummary {
            study: keeping.study.clone(),
            sampler: search.sampler.clone(),
            pruner: search.pruner.clone(),
            seed,
            generation: search.generation,
            enqueued: search.enqueue.len(),
            trainings: search.repeats * search.folds.unwrap_or(1),
            reproducible: why.is_none(),
            why: why.map(str::to_owned),
            space: fields(search),
            rounds: self.rounds(seed)?,
            importance: self.importance(seed),
            best_of: self.best_of(seed),
            gain: self.gain(seed),
            audit: self.audit.clone(),
            winner: self.rescored.as_ref().and_then(|rescored| rescored.winner.clone()),
            networks_in_time: None,
        })
    }

    /// How much each field explains, where there are enough trials to tell.
    fn importance(&self, seed: u64) -> Vec<Importance> {
        if self.ranked.len() < N_TELLING {
            return Vec::new();
        }
        let found = importance(self.study.space(), &self.study.history(), BEST_SHARE, Streams::new(seed));
        found.into_iter().map(|importance| Importance { path: importance.name, share: importance.share }).collect()
    }

    /// The best of n trials, for up to [`N_POINTS`] numbers n.
    fn best_of(&self, seed: u64) -> Vec<BestOf> {
        let n = self.ranked.len();
        if n < N_TELLING {
            return Vec::new();
        }
        let mut numbers: Vec<usize> =
            (0..N_POINTS).map(|i| (n as f64).powf(i as f64 / (N_POINTS - 1) as f64).round() as usize).collect();
        numbers.dedup();
        let curve = best_of(&self.study.history(), &numbers, CONFIDENCE, Streams::new(seed));
        let goal = goal(self.search);
        // A loss and the value it stands for differ in sign at most.
        let point = |point: &goodfit_tune::BestOf| {
            let [a, b] = [goal.loss(point.band.0), goal.loss(point.band.1)];
            BestOf { n: point.n, mean: goal.loss(point.expected), band: [a.min(b), a.max(b)] }
        };
        curve.iter().map(point).collect()
    }

    /// What half as many trials again would bring.
    fn gain(&self, seed: u64) -> Option<ExpectedGain> {
        let n = (self.ranked.len() / 2).max(1);
        let gain = (self.ranked.len() >= N_TELLING)
            .then(|| expected_gain(&self.study.history(), n, CONFIDENCE, Streams::new(seed)))??;
        Some(ExpectedGain { n, mean: gain.at_most, ci95: [gain.band.0, gain.band.1] })
    }

    /// The rounds of `narrow`.
    fn rounds(&self, seed: u64) -> Result<Vec<NarrowRound>, SearchError> {
        if self.search.sampler != "narrow" {
            return Ok(Vec::new());
        }
        let narrow = methods::narrow(self.search);
        let rounds = narrow.rounds(self.study.space(), &self.study.history(), Streams::new(seed))?;
        Ok(rounds.iter().map(|round| self.round(round)).collect())
    }

    fn round(&self, round: &Round) -> NarrowRound {
        let ranges = self.search.space.iter().zip(&round.steps).map(|(dimension, step)| {
            let number = |value: Value| match value {
                Value::Float(x) => Some(x),
                Value::Int(n) => Some(n as f64),
                Value::Choice(_) => None,
            };
            let (low, high, choices) = match &step.range {
                Range::Between { low, high } => (number(*low), number(*high), Vec::new()),
                Range::Choices(places) => {
                    let choices = places.iter().filter_map(|&i| json(dimension, Value::Choice(i))).collect();
                    (None, None, choices)
                }
            };
            NarrowRange { low, high, choices, reason: reason(step, round.kept.len(), round.n_compared) }
        });
        NarrowRound {
            first: round.numbers.start as usize,
            ranges: ranges.collect(),
            kept: round.kept.iter().map(|&number| number as usize).collect(),
        }
    }

    /// How long it took, and each trial of it.
    pub(super) fn timing(&self, seconds: f64, jobs: usize) -> Timing {
        let arm = |trial: &StoredTrial| {
            let seconds = (trial.ended? - trial.began?) as f64 / 1e6;
            Some(ArmTiming {
                arm: words::name(trial.number as usize),
                runs: vec![RunTiming { seed: trial.number, seconds }],
            })
        };
        Timing { seconds, jobs, machine: Machine::current(), arms: self.trials.iter().filter_map(arm).collect() }
    }
}

/// Why a range is what it is, with the numbers behind it.
fn reason(step: &Step, kept: usize, compared: usize) -> String {
    let word = match step.reason {
        Reason::Start => return "start".to_owned(),
        Reason::Narrowed => "narrowed",
        Reason::Widened => "widened",
        Reason::Kept => "kept",
    };
    match step.evidence {
        Some(evidence) => format!("{word}: {kept} best of {compared} trials, p = {:.3}", evidence.p),
        None => word.to_owned(),
    }
}

/// A trial for the results.
pub(super) fn trial(
    number: u64,
    state: &TrialState,
    settings: BTreeMap<String, Json>,
    rescored: Option<Summary>,
) -> Trial {
    let (word, reason, value) = match state {
        TrialState::Complete(values) => ("complete", None, values.first().copied()),
        TrialState::Pruned(value) => ("pruned", Some("pruned".to_owned()), *value),
        TrialState::Failed(reason) => ("failed", Some(reason.clone()), None),
        TrialState::Waiting | TrialState::Running => ("failed", Some("not finished".to_owned()), None),
    };
    let value = value.unwrap_or(f64::NAN);
    Trial { trial: number as usize, state: word.to_owned(), reason, value, settings, rescored }
}
