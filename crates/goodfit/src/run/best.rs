//! Which of a run's evaluations is the best.

use crate::model::Metric;
use crate::recipe::StoppingMetric;
use crate::statistics::Direction;

/// What an evaluation found on the rows that choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// The score that chooses.
    pub(super) value: f64,
    /// The loss.
    pub(super) loss: f64,
}

impl Seen {
    /// What is found on two sets of rows together, both being means over rows.
    pub(super) fn together(self, rows: f64, other: Seen, other_rows: f64) -> Self {
        let mean = |a: f64, b: f64| (rows * a + other_rows * b) / (rows + other_rows);
        Self { value: mean(self.value, other.value), loss: mean(self.loss, other.loss) }
    }
}

/// What an evaluation is beside those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its weights are to be kept.
    pub(super) is_best: bool,
    /// There is progress: patience begins anew.
    pub(super) improves: bool,
}

/// The best evaluation so far.
///
/// The lowest loss or error, and the highest score, the first of equal ones; where what counts rows one by one is equal, the
/// last one, whose weights come from smaller steps. An accuracy of few rows ranks epochs by chance, and the best of hundreds is
/// often one whose probabilities have long become worse. So of the evaluations whose accuracy is not more than one standard
/// error `sqrt(a (1 - a) / n)` below the best one `a` of n rows, the one with the lowest loss is taken (the one-standard-error
/// rule of Breiman, Friedman, Olshen and Stone, 1984, with the loss in place of the size of a tree). It decides as it goes:
/// what has fallen out of that band before the best came is not remembered.
#[derive(Clone, Debug)]
pub(super) struct Best {
    rule: Rule,
    chosen: Option<(Seen, usize)>,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Lowest,
    Highest { last_of_equal: bool },
    Accuracy { rows: f64, best: f64 },
}

impl Best {
    /// By a metric of so many rows.
    pub(super) fn of(metric: StoppingMetric, rows: f64) -> Self {
        let rule = match metric {
            StoppingMetric::Score(Metric::Accuracy) => Rule::Accuracy { rows, best: 0.0 },
            StoppingMetric::Score(metric) if metric.direction() == Direction::Higher => {
                Rule::Highest { last_of_equal: metric.is_counted() }
            }
            StoppingMetric::Loss | StoppingMetric::Score(_) => Rule::Lowest,
        };
        Self { rule, chosen: None }
    }

    /// Takes what was found after so many steps, and says whether it is the best now and whether that is an improvement: not
    /// where it is only equal, but also where it is the best accuracy and something of less loss stays chosen. NaN is neither.
    pub(super) fn observe(&mut self, seen: Seen, n_steps: usize) -> Found {
        let kept = self.chosen.map(|(kept, _)| kept);
        let mut improves = kept.map_or(!seen.value.is_nan(), |kept| match self.rule {
            Rule::Lowest => seen.value < kept.value,
            Rule::Highest { .. } => seen.value > kept.value,
            Rule::Accuracy { best, .. } => seen.value > best,
        });
        let is_best = match &mut self.rule {
            Rule::Lowest => kept.map_or(!seen.value.is_nan(), |kept| seen.value < kept.value),
            Rule::Highest { last_of_equal: false } => kept.map_or(!seen.value.is_nan(), |kept| seen.value > kept.value),
            Rule::Highest { last_of_equal: true } => kept.map_or(!seen.value.is_nan(), |kept| seen.value >= kept.value),
            Rule::Accuracy { rows, best } => {
                *best = best.max(seen.value);
                let least = *best - (*best * (1.0 - *best) / *rows).sqrt();
                let is_finite = seen.value.is_finite() && seen.loss.is_finite();
                let beats = |kept: Seen| seen.loss < kept.loss || kept.value < least;
                let is_best = is_finite && seen.value >= least && kept.is_none_or(beats);
                improves |= is_best;
                is_best
            }
        };
        if is_best {
            self.chosen = Some((seen, n_steps));
        }
        Found { is_best, improves }
    }

    /// Steps before the best evaluation; `None` while there is none.
    pub(super) fn n_steps(&self) -> Option<usize> {
        self.chosen.map(|(_, n_steps)| n_steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(metric: StoppingMetric, rows: f64, seen: &[(f64, f64)]) -> Option<usize> {
        let mut best = Best::of(metric, rows);
        for (step, &(value, loss)) in (1..).zip(seen) {
            best.observe(Seen { value, loss }, step);
        }
        best.n_steps()
    }

    #[test]
    fn the_lowest_or_highest_is_the_best() {
        let nan = f64::NAN;
        assert_eq!(chosen(StoppingMetric::Loss, 9.0, &[(nan, nan), (2.0, 2.0), (1.0, 1.0), (1.0, 1.0)]), Some(3));
        assert_eq!(chosen(StoppingMetric::Score(Metric::Rmse), 9.0, &[(2.0, 0.0), (1.0, 0.0), (3.0, 0.0)]), Some(2));
        assert_eq!(chosen(StoppingMetric::Score(Metric::R2), 9.0, &[(0.5, 0.0), (0.7, 9.0), (0.7, 0.0)]), Some(2));
        let counted = StoppingMetric::Score(Metric::F1);
        assert_eq!(chosen(counted, 9.0, &[(0.5, 0.0), (0.7, 0.0), (0.7, 9.0), (0.6, 0.0)]), Some(3));
        assert_eq!(chosen(StoppingMetric::Loss, 9.0, &[(nan, nan)]), None);
    }

    #[test]
    fn accuracies_that_chance_may_have_ordered_leave_it_to_the_loss() {
        let accuracy = StoppingMetric::Score(Metric::Accuracy);
        // One standard error of 0.9 is 0.03 with 100 rows and 0.003 with 10,000.
        let seen = [(0.5, 0.9), (0.88, 0.30), (0.90, 0.35), (0.80, 0.1), (0.89, 0.40)];
        assert_eq!(chosen(accuracy, 100.0, &seen), Some(2));
        assert_eq!(chosen(accuracy, 10_000.0, &seen), Some(3));
        // Equal ones, and one that is no number.
        assert_eq!(chosen(accuracy, 100.0, &[(0.9, 0.3), (0.9, 0.2), (0.9, 0.25), (f64::NAN, 0.0)]), Some(2));
        assert_eq!(chosen(accuracy, 100.0, &[(1.0, 0.3), (1.0, f64::INFINITY), (1.0, 0.2)]), Some(3));
        // What is kept falls out of the band when a much better one comes.
        assert_eq!(chosen(accuracy, 100.0, &[(0.6, 0.1), (0.9, 0.5)]), Some(2));
    }

    #[test]
    fn less_loss_at_an_accuracy_that_is_not_worse_is_progress() {
        let observed = |metric: StoppingMetric, seen: &[(f64, f64)]| -> Vec<(bool, bool)> {
            let mut best = Best::of(metric, 100.0);
            let one = |(&(value, loss), step)| {
                let Found { is_best, improves } = best.observe(Seen { value, loss }, step);
                (is_best, improves)
            };
            seen.iter().zip(1..).map(one).collect()
        };
        let accuracy = StoppingMetric::Score(Metric::Accuracy);
        // Flat with a falling loss; then more loss; then a better accuracy within one standard error at more loss; then one far off.
        let seen = [(0.9, 0.5), (0.9, 0.4), (0.89, 0.3), (0.9, 0.35), (0.91, 0.4), (0.5, 0.1), (f64::NAN, 0.1)];
        let found =
            [(true, true), (true, true), (true, true), (false, false), (false, true), (false, false), (false, false)];
        assert_eq!(observed(accuracy, &seen), found);
        let counted = StoppingMetric::Score(Metric::F1);
        assert_eq!(
            observed(counted, &[(0.5, 0.0), (0.5, 0.0), (0.6, 0.0)]),
            [(true, true), (true, false), (true, true)]
        );
    }

    #[test]
    fn two_sets_of_rows_count_by_their_rows() {
        let together = Seen { value: 0.5, loss: 1.0 }.together(10.0, Seen { value: 0.8, loss: 4.0 }, 20.0);
        assert!((together.value - 0.7).abs() < 1e-15 && (together.loss - 3.0).abs() < 1e-15);
    }
}
