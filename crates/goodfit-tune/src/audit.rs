//! What pruning costs: pruned trials that are trained to the end anyway.

use rand_core::Rng;

use crate::stats::binomial_at_least;
use crate::{History, Seen, Streams, Tag};

/// Which pruned trials are trained to the end.
///
/// ```
/// use goodfit_tune::{Audit, History, Streams};
/// assert!(Audit::default().chosen(&History::new(), Streams::new(1)).is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Audit {
    /// The share of the pruned trials.
    pub share: f64,
    /// At least so many, or all where there are fewer.
    pub least: usize,
}

impl Default for Audit {
    /// One in twenty, at least ten.
    fn default() -> Self {
        Self { share: 0.05, least: 10 }
    }
}

impl Audit {
    /// How many of so many pruned trials it takes: max(ceil(share n), least), all where there are fewer.
    ///
    /// ```
    /// use goodfit_tune::Audit;
    /// assert_eq!([4, 40, 1000].map(|n| Audit::default().wanted(n)), [4, 10, 50]);
    /// ```
    pub fn wanted(&self, n_pruned: usize) -> usize {
        ((self.share.clamp(0.0, 1.0) * n_pruned as f64).ceil() as usize).max(self.least).min(n_pruned)
    }

    /// The numbers of the trials to train to the end, rising: of the pruned ones those [`Self::wanted`] whose
    /// keys are smallest.
    ///
    /// The key of trial i is word number i (64 bits) of the stream ([`Tag::Audit`], 0). So the choice is a random sample without
    /// replacement that depends on no loss and no order; in a study that goes on, what was chosen is mostly chosen
    /// again.
    pub fn chosen(&self, history: &History, streams: Streams) -> Vec<u64> {
        let pruned: Vec<u64> =
            history.iter().filter(|trial| trial.seen == Seen::Pruned).map(|trial| trial.number).collect();
        let wanted = self.wanted(pruned.len());
        let mut stream = streams.stream(Tag::Audit, 0);
        let mut keys: Vec<(u64, u64)> = Vec::with_capacity(pruned.len());
        for number in pruned {
            // A word of the stream has 32 bits.
            stream.set_word_pos(2 * u128::from(number));
            keys.push((stream.next_u64(), number));
        }
        keys.sort_unstable();
        keys.truncate(wanted);
        let mut chosen: Vec<u64> = keys.into_iter().map(|(_, number)| number).collect();
        chosen.sort_unstable();
        chosen
    }
}

/// What became of the pruned trials that were trained to the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Audited {
    /// How many trials were pruned.
    pub n_pruned: usize,
    /// How many of these were trained to the end.
    pub n: usize,
    /// How many of these ended with a loss up to `threshold`.
    pub n_top: usize,
    /// The loss that the best tenth of the complete trials reaches: that of number ceil(n / 10) of them, best first.
    pub threshold: f64,
    /// The share of the pruned trials that would have ended so, from its lower to its upper bound at the given confidence.
    pub share: (f64, f64),
}

impl Audited {
    /// From the losses with which trials of [`Audit::chosen`] ended; NaN for one that ended without.
    ///
    /// The interval is the binomial one of Clopper and Pearson: exact for draws with replacement, and wider than needed
    /// for these without. `None` where no trial is complete or none was trained to the end.
    pub fn new(history: &History, ends: &[f64], confidence: f64) -> Option<Self> {
        let n_top = history.n_complete().div_ceil(10);
        let threshold = history.complete().nth(n_top.checked_sub(1)?)?.loss()?;
        let n_pruned = history.iter().filter(|trial| trial.seen == Seen::Pruned).count();
        let n = ends.len();
        let n_top = ends.iter().filter(|&&loss| loss <= threshold).count();
        (n > 0).then(|| Self {
            n_pruned,
            n,
            n_top,
            threshold,
            share: clopper_pearson(n_top as u64, n as u64, confidence),
        })
    }
}

/// The exact interval of a probability, from k successes in n independent trials.
///
/// With a = 1 - confidence, its lower bound p solves P(K >= k | p) = a/2 (0 for k = 0), its upper one
/// P(K <= k | p) = a/2 (1 for k = n), both found by bisection to 1e-15 or the next float. It holds the true
/// probability in at least the given share of cases.
///
/// Source: C. J. Clopper, E. S. Pearson: The Use of Confidence or Fiducial Limits Illustrated in the Case of the
/// Binomial, Biometrika 26 (1934).
///
/// # Panics
/// When k is above n.
///
/// ```
/// use goodfit_tune::clopper_pearson;
/// // None of ten: 1 - 0.025^(1/10) is still possible.
/// let (low, high) = clopper_pearson(0, 10, 0.95);
/// assert!(low == 0.0 && (high - 0.3084971078187608).abs() < 1e-12);
/// ```
pub fn clopper_pearson(k: u64, n: u64, confidence: f64) -> (f64, f64) {
    assert!(k <= n, "{k} of {n}");
    let tail = 0.5 * (1.0 - confidence.clamp(0.0, 1.0));
    // The p at which P(K >= k) passes a value, which it does once, rising.
    let solve = |k: u64, value: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        while high - low > 1e-15 {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if binomial_at_least(k, n, middle) < value { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    };
    let low = if k == 0 { 0.0 } else { solve(k, tail) };
    let high = if k == n { 1.0 } else { solve(k + 1, 1.0 - tail) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Distribution, Observed, Space, Value};

    fn history(seen: impl Iterator<Item = Seen>) -> History {
        let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let parameters = Space::new([("x", x)]).expect("a space").assemble(|_, _| Value::Float(0.5));
        let mut history = History::new();
        for (number, seen) in (0..).zip(seen) {
            history.insert(Observed { number, parameters: parameters.clone(), seen, intermediate: Vec::new() });
        }
        history
    }

    #[test]
    fn as_scipy() {
        // scipy 1.17: binomtest(k, n).proportion_ci(c, "exact").
        for (k, n, confidence, low, high) in [
            (0, 10, 0.95, 0.0, 0.30849710781876294),
            (1, 10, 0.95, 0.0025285785444625728, 0.44501611702819543),
            (5, 10, 0.95, 0.1870860284474045, 0.8129139715525955),
            (10, 10, 0.95, 0.6915028921812371, 1.0),
            (3, 500, 0.99, 0.0006768527540530407, 0.02178049855729831),
            (40, 41, 0.9, 0.889446871019675, 0.9987497262835914),
            (250, 2000, 0.95, 0.1108135437257157, 0.14029561880745503),
        ] {
            let (got_low, got_high) = clopper_pearson(k, n, confidence);
            assert!(
                (got_low - low).abs() < 1e-11 && (got_high - high).abs() < 1e-11,
                "{k} of {n}: {got_low} {got_high}"
            );
        }
    }

    #[test]
    fn how_many_are_chosen() {
        for (n_pruned, expected) in [(0, 0), (4, 4), (10, 10), (100, 10), (201, 11), (400, 20)] {
            let pruned = (0..2 * n_pruned).map(|i| if i % 2 == 0 { Seen::Pruned } else { Seen::Failed });
            let history = history(pruned);
            let chosen = Audit::default().chosen(&history, Streams::new(4));
            assert_eq!(chosen.len(), expected);
            assert!(chosen.iter().all(|number| number % 2 == 0) && chosen.is_sorted());
        }
    }

    #[test]
    fn every_trial_is_as_likely() {
        let history = history((0..40).map(|_| Seen::Pruned));
        let mut counts = [0.0; 40];
        for seed in 0..2000 {
            for number in Audit::default().chosen(&history, Streams::new(seed)) {
                counts[number as usize] += 1.0;
            }
        }
        // A quarter of 2000, with a standard deviation of 19.4.
        assert!(counts.iter().all(|count: &f64| (count - 500.0).abs() < 4.0 * 19.4), "{counts:?}");
    }

    #[test]
    fn a_study_that_goes_on_keeps_most() {
        let before = Audit::default().chosen(&history((0..100).map(|_| Seen::Pruned)), Streams::new(1));
        let after = Audit::default().chosen(&history((0..110).map(|_| Seen::Pruned)), Streams::new(1));
        assert!(before.iter().filter(|number| after.contains(number)).count() >= 7);
    }

    #[test]
    fn the_top_tenth() {
        // Complete losses 0 .. 19: the best tenth ends at 1.
        let complete = (0..20).map(|i| Seen::Complete(vec![f64::from(i)]));
        let history = history(complete.chain((0..30).map(|_| Seen::Pruned)));
        let audited = Audited::new(&history, &[0.5, 1.0, 1.5, f64::NAN, f64::INFINITY], 0.95).expect("an audit");
        assert_eq!((audited.n_pruned, audited.n, audited.n_top, audited.threshold), (30, 5, 2, 1.0));
        assert_eq!(audited.share, clopper_pearson(2, 5, 0.95));
        assert_eq!(Audited::new(&history, &[], 0.95), None);
        assert_eq!(Audited::new(&History::new(), &[1.0], 0.95), None);
    }
}
