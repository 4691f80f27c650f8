//! How far the best trial is ahead.

use crate::History;

/// The trials near the best one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearBest {
    /// How many complete trials have a loss of at most the best one and `tolerance`, the best one included.
    pub n: usize,
    /// How many are complete.
    pub n_complete: usize,
    /// In units of the loss.
    pub tolerance: f64,
}

/// How many trials came near the best: few of them mean that the good region was hardly searched.
///
/// A tolerance is what does not matter to the user, or the noise of one training. `None` without a finite loss.
///
/// ```
/// use goodfit_tune::History;
/// assert_eq!(goodfit_tune::findings::near_best(&History::new(), 0.1), None);
/// ```
pub fn near_best(history: &History, tolerance: f64) -> Option<NearBest> {
    let best = history.best()?.loss().filter(|loss| loss.is_finite())?;
    let near = history.complete().take_while(|trial| trial.loss().is_some_and(|loss| loss <= best + tolerance));
    Some(NearBest { n: near.count(), n_complete: history.n_complete(), tolerance })
}

/// How far the best trial is ahead of the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lead {
    /// The numbers of both.
    pub trials: (u64, u64),
    /// The second's loss minus the best's; 0 or more.
    pub difference: f64,
    /// What a difference of two trainings stays below in 95 of 100 cases when both settings are equally good.
    pub noise: f64,
}

impl Lead {
    /// Whether the difference is one that two equal settings would show.
    pub fn is_within_noise(&self) -> bool {
        self.difference <= self.noise
    }
}

/// Whether the best trial's lead is more than noise: `noise` is what a difference of two trainings of one setting stays
/// below in 95 of 100 cases. With a standard deviation s of the loss, estimated from n trainings of one setting with
/// different seeds, it is `t sqrt(2) s`, where Student's t of n - 1 degrees of freedom stays below t in 97.5 of 100.
///
/// This holds for two trials picked before they were scored. The best two of many were picked for their luck also, so
/// a lead beyond noise still needs fresh seeds. `None` with fewer than two finite losses.
///
/// ```
/// use goodfit_tune::History;
/// assert_eq!(goodfit_tune::findings::lead(&History::new(), 0.01), None);
/// ```
pub fn lead(history: &History, noise: f64) -> Option<Lead> {
    let mut complete = history.complete();
    let (first, second) = (complete.next()?, complete.next()?);
    let difference = second.loss()? - first.loss()?;
    difference.is_finite().then_some(Lead { trials: (first.number, second.number), difference, noise })
}

#[cfg(test)]
mod tests {
    use super::super::tests::study;
    use super::*;
    use crate::{Distribution, Seen, Space};

    #[test]
    fn by_hand() {
        let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let space = Space::new([("x", x)]).expect("a space");
        let losses = [3.0, 1.0, 1.25, 1.5, f64::INFINITY];
        let history =
            study(&space, 6, 1, |i, _| losses.get(i as usize).map_or(Seen::Failed, |&x| Seen::Complete(vec![x])));
        assert_eq!(near_best(&history, 0.25), Some(NearBest { n: 2, n_complete: 5, tolerance: 0.25 }));
        let lead = |noise| super::lead(&history, noise).expect("a lead");
        assert_eq!((lead(0.1).trials, lead(0.1).difference), ((1, 2), 0.25));
        assert!(lead(0.25).is_within_noise() && !lead(0.2).is_within_noise());
    }
}
