//! Best trials against the edge of a range.

use super::Side;
use crate::stats::binomial_at_least;
use crate::{Distribution, History, Space, Value};

/// The best trials at one end of a parameter's range.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The parameter's name.
    pub parameter: String,
    /// Which end.
    pub side: Side,
    /// The bound there.
    pub bound: Value,
    /// How many of the best trials have the parameter.
    pub n_best: usize,
    /// How many of these lie at this end.
    pub n_at_edge: usize,
    /// The share of the range that counts as this end, on the parameter's scale.
    pub share: f64,
    /// The probability that at least as many of `n_best` uniform draws lie there.
    pub p: f64,
}

/// Both ends of each parameter that has an order and more than one value, lower end first, in the order of the space.
///
/// The best are the `best` share of the complete trials with a finite loss, at least 5 (or all). An end is the outer tenth of the
/// range on the parameter's scale; where it has single values, a tenth of them and at least the bound itself. With K
/// binomial for `n_best` draws that lie there with probability `share` each, `p` = P(K >= `n_at_edge`).
///
/// It is held against a uniform spread over the range, not against where the sampler looked: one that learns
/// goes to a good edge by itself. Where ranges widened in the search, give the space that the user named: what lies
/// beyond counts as at the edge. Two ends of each of d parameters are 2 d looks.
///
/// ```
/// use goodfit_tune::{Distribution, History, Space};
/// let space = Space::new([("depth", Distribution::Int { low: 1, high: 5, log: false, step: 1 })])?;
/// let ends = goodfit_tune::findings::edges(&space, &History::new(), 0.1);
/// assert_eq!((ends.len(), ends[0].share, ends[0].p), (2, 0.2, 1.0));
/// # Ok::<(), goodfit_tune::SpaceError>(())
/// ```
pub fn edges(space: &Space, history: &History, best: f64) -> Vec<Edge> {
    let n = history.complete().filter(|trial| trial.loss().is_some_and(f64::is_finite)).count();
    let n_best = ((best.clamp(0.0, 1.0) * n as f64).ceil() as usize).max(5).min(n);
    let finite = history.complete().filter(|trial| trial.loss().is_some_and(f64::is_finite));
    let best: Vec<_> = finite.take(n_best).collect();
    let mut all = Vec::new();
    for parameter in space.iter() {
        let Some((low, high)) = bounds(&parameter.distribution) else { continue };
        let units: Vec<f64> = best
            .iter()
            .filter_map(|trial| trial.parameters.get(&parameter.name))
            .map(|value| parameter.distribution.to_unit(value))
            .collect();
        for (side, bound) in [(Side::Low, low), (Side::High, high)] {
            let share = share(&parameter.distribution, side);
            let at_edge = |u: f64| match side {
                Side::Low => u <= share,
                Side::High => u >= 1.0 - share,
            };
            let n_at_edge = units.iter().filter(|&&u| at_edge(u)).count();
            let p = binomial_at_least(n_at_edge as u64, units.len() as u64, share);
            let parameter = parameter.name.clone();
            all.push(Edge { parameter, side, bound, n_best: units.len(), n_at_edge, share, p });
        }
    }
    all
}

/// Both bounds of a range with more than one value.
fn bounds(distribution: &Distribution) -> Option<(Value, Value)> {
    match *distribution {
        Distribution::Float { low, high, .. } if low < high => Some((Value::Float(low), Value::Float(high))),
        Distribution::Int { low, high, .. } if low < high => Some((Value::Int(low), Value::Int(high))),
        _ => None,
    }
}

/// The share of the range that is one of its ends.
fn share(distribution: &Distribution, side: Side) -> f64 {
    const TENTH: f64 = 0.1;
    match *distribution {
        Distribution::Int { low, high, log: true, .. } => {
            // The bound's own rounding interval, or whole intervals up to a tenth.
            let ln = |x: i64, half: f64| libm::log(x as f64 + half);
            let width = ln(high, 0.5) - ln(low, -0.5);
            let reach = |x: i64| match side {
                Side::Low => (ln(x, 0.5) - ln(low, -0.5)) / width,
                Side::High => (ln(high, 0.5) - ln(x, -0.5)) / width,
            };
            match (side, distribution.from_unit(TENTH), distribution.from_unit(1.0 - TENTH)) {
                (Side::Low, Value::Int(x), _) => reach((x - 1).max(low)),
                (Side::High, _, Value::Int(x)) => reach(x.saturating_add(1).min(high)),
                _ => TENTH,
            }
        }
        _ => distribution.n_values().map_or(TENTH, |n| (n as f64 * TENTH).floor().max(1.0) / n as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{number, study};
    use super::*;
    use crate::Seen;

    fn space() -> Space {
        Space::new([
            ("rate", Distribution::Float { low: 1e-6, high: 1e-2, log: true, step: None }),
            ("depth", Distribution::Int { low: 1, high: 5, log: false, step: 1 }),
            ("width", Distribution::Int { low: 1, high: 100, log: true, step: 1 }),
            ("kind", Distribution::categorical(["a", "b"])),
        ])
        .expect("a space")
    }

    #[test]
    fn the_textbook_s_rate_lies_against_its_edge() {
        let history = study(&space(), 100, 3, |_, x| Seen::Complete(vec![-number(x[0]).ln()]));
        let ends = edges(&space(), &history, 0.1);
        assert_eq!(ends.len(), 6);
        let high = &ends[1];
        assert_eq!((high.side, high.bound, high.n_best, high.share), (Side::High, Value::Float(1e-2), 10, 0.1));
        assert!(high.n_at_edge >= 5 && high.p < 0.01, "{high:?}");
        assert!(ends[0].n_at_edge == 0 && ends[0].p == 1.0);
        assert!(ends[2..].iter().all(|end| end.p > 0.01), "{ends:?}");
    }

    #[test]
    fn shares_of_single_values() {
        let int = |low, high, log| Distribution::Int { low, high, log, step: 1 };
        assert_eq!(share(&int(1, 5, false), Side::Low), 0.2);
        assert_eq!(share(&int(1, 25, false), Side::Low), 0.08);
        // ln(1.5 / 0.5) of ln(4.5 / 0.5) is half of it.
        assert!((share(&int(1, 4, true), Side::Low) - 0.5).abs() < 1e-12);
        assert!((share(&int(1, 4, true), Side::High) - (4.5_f64 / 3.5).ln() / 9_f64.ln()).abs() < 1e-12);
        let share = share(&int(1, 1000, true), Side::High);
        assert!(share <= 0.1 && share > 0.09, "{share}");
    }

    #[test]
    fn chance_crowds_no_edge() {
        let (mut n, mut spoke) = (0.0, 0.0);
        for seed in 0..300 {
            let history = study(&space(), 100, seed, |number, _| Seen::Complete(vec![(number * 7919 % 100) as f64]));
            for end in edges(&space(), &history, 0.2) {
                n += 1.0;
                spoke += f64::from(u8::from(end.p <= 0.05));
            }
        }
        // Counts are whole, so it speaks less often than its level.
        assert!(spoke / n <= 0.05 && spoke / n > 0.01, "{}", spoke / n);
    }
}
