//! Early stopping: when a training has gone on long enough without getting better.

/// Counts evaluations without improvement. It knows no weights: whoever observes keeps a copy of
/// them at each [`Decision::Improved`].
///
/// NaN is worse than everything, also than nothing: it is never an improvement.
///
/// ```
/// use goodfit_nn::{Decision, Direction, EarlyStopping};
/// let mut stopping = EarlyStopping::new(2, Direction::Minimize);
/// let decisions = [0.9, 0.8, 0.85, 0.8].map(|loss| stopping.observe(loss));
/// use Decision::*;
/// assert_eq!(decisions, [Improved, Improved, Continue, Stop]);
/// assert_eq!(stopping.best(), Some(0.8));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStopping {
    patience: usize,
    direction: Direction,
    best: Option<f64>,
    n_without_improvement: usize,
}

/// Which values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lower ones (a loss).
    Minimize,
    /// Higher ones (an accuracy).
    Maximize,
}

/// What an evaluation means for the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Better than every evaluation before it: keep these weights.
    Improved,
    /// Not better, but patience is left.
    Continue,
    /// Not better for as many evaluations as patience allows: stop, go back to the weights kept.
    Stop,
}

impl EarlyStopping {
    /// Stops at the `patience`-th evaluation in a row that is not better than the best before it.
    /// Patience 0 is taken as 1.
    pub fn new(patience: usize, direction: Direction) -> Self {
        Self { patience, direction, best: None, n_without_improvement: 0 }
    }

    /// Takes the next evaluation. An equal value is no improvement.
    pub fn observe(&mut self, value: f64) -> Decision {
        let is_better = match (self.best, self.direction) {
            (None, _) => !value.is_nan(),
            (Some(best), Direction::Minimize) => value < best,
            (Some(best), Direction::Maximize) => value > best,
        };
        if is_better {
            self.best = Some(value);
            self.n_without_improvement = 0;
            return Decision::Improved;
        }
        self.n_without_improvement += 1;
        if self.n_without_improvement >= self.patience { Decision::Stop } else { Decision::Continue }
    }

    /// The best value so far, if any was a number.
    pub fn best(&self) -> Option<f64> {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::Decision::{Continue, Improved, Stop};
    use super::*;

    fn check(patience: usize, direction: Direction, values: &[f64], expected: &[Decision]) {
        let mut stopping = EarlyStopping::new(patience, direction);
        let decisions: Vec<Decision> = values.iter().map(|&value| stopping.observe(value)).collect();
        assert_eq!(decisions, expected, "{values:?} with patience {patience}");
    }

    #[test]
    fn decisions() {
        check(
            2,
            Direction::Minimize,
            &[3.0, 2.0, 2.0, 1.0, 1.5, 1.0],
            &[Improved, Improved, Continue, Improved, Continue, Stop],
        );
        check(
            2,
            Direction::Maximize,
            &[0.1, 0.3, 0.2, 0.4, 0.4, 0.3],
            &[Improved, Improved, Continue, Improved, Continue, Stop],
        );
        check(1, Direction::Minimize, &[1.0, 1.0], &[Improved, Stop]);
        check(0, Direction::Minimize, &[1.0, 1.0], &[Improved, Stop]);
    }

    #[test]
    fn nan_is_worse_than_everything() {
        check(
            2,
            Direction::Minimize,
            &[f64::NAN, f64::INFINITY, f64::NAN, f64::NAN],
            &[Continue, Improved, Continue, Stop],
        );
        check(
            3,
            Direction::Maximize,
            &[f64::NAN, f64::NEG_INFINITY, f64::NAN, 0.0],
            &[Continue, Improved, Continue, Improved],
        );
    }
}
