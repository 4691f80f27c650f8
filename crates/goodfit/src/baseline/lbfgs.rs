//! A smooth convex function's least value, by L-BFGS.

use std::collections::VecDeque;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    /// The largest absolute value in a gradient that counts as zero.
    pub(super) gradient: f64,
    /// Iterations at most.
    pub(super) iterations: usize,
}

/// Pairs of steps and changes of the gradient that are kept.
const MEMORY: usize = 10;
/// Share of the promised decrease that a step has to bring (Armijo).
const DECREASE: f64 = 1e-4;
/// Share of the slope that may be left after a step (Wolfe).
const SLOPE: f64 = 0.9;
/// Halvings and doublings of a step.
const MOST_TRIES: usize = 50;

/// Moves `x` to where `f` is least and says whether the gradient is zero there, as far as `until` asks.
///
/// `f` gives the value at a point and writes the gradient. The direction is `-H g` with the two-loop recursion over the
/// last 10 steps (Nocedal and Wright: Numerical Optimization, 2006, algorithm 7.4), the length of the step found by
/// halving and doubling until the weak Wolfe conditions hold (Lewis and Overton, Mathematical Programming 141, 2013).
pub(super) fn minimise(x: &mut [f64], until: Until, mut f: impl FnMut(&[f64], &mut [f64]) -> f64) -> bool {
    let mut gradient = vec![0.0; x.len()];
    let mut value = f(x, &mut gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    for _ in 0..until.iterations {
        if largest(&gradient) <= until.gradient {
            return true;
        }
        let direction = direction(&pairs, &gradient);
        let slope = dot(&direction, &gradient);
        // The first step has no scale of its own.
        let first = if pairs.is_empty() { 1.0 / norm(&gradient).max(1.0) } else { 1.0 };
        let Some((step, next, next_gradient)) = search(x, value, &direction, slope, first, &mut f) else {
            return false;
        };
        let s: Vec<f64> = direction.iter().map(|d| step * d).collect();
        let y: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        x.iter_mut().zip(&s).for_each(|(x, s)| *x += s);
        (value, gradient) = (next, next_gradient);
        let sy = dot(&s, &y);
        if sy > 1e-12 * dot(&y, &y) {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair { s, y, sy });
        }
    }
    largest(&gradient) <= until.gradient
}

/// A step, and the change of the gradient over it.
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    sy: f64,
}

fn direction(pairs: &VecDeque<Pair>, gradient: &[f64]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for Pair { s, y, sy } in pairs.iter().rev() {
        let share = dot(s, &q) / sy;
        add(&mut q, -share, y);
        shares.push(share);
    }
    if let Some(Pair { y, sy, .. }) = pairs.back() {
        let scale = sy / dot(y, y);
        for q in &mut q {
            *q *= scale;
        }
    }
    for (Pair { s, y, sy }, share) in pairs.iter().zip(shares.into_iter().rev()) {
        let back = dot(y, &q) / sy;
        add(&mut q, share - back, s);
    }
    q
}

/// The length of a step with the value and the gradient after it; `None` where rounding leaves no decrease.
fn search(
    x: &[f64],
    value: f64,
    direction: &[f64],
    slope: f64,
    first: f64,
    f: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<(f64, f64, Vec<f64>)> {
    let (mut low, mut high, mut step) = (0.0, f64::INFINITY, first);
    let mut gradient = vec![0.0; x.len()];
    for _ in 0..MOST_TRIES {
        let at: Vec<f64> = x.iter().zip(direction).map(|(x, d)| x + step * d).collect();
        let next = f(&at, &mut gradient);
        // Near the bottom a decrease is below the rounding of the value.
        let allowed = value + DECREASE * step * slope + 1e-15 * value.abs();
        if next.is_nan() || next > allowed {
            high = step;
        } else if dot(direction, &gradient) < SLOPE * slope {
            low = step;
        } else {
            return Some((step, next, gradient));
        }
        step = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * low };
    }
    None
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn largest(a: &[f64]) -> f64 {
    a.iter().fold(0.0, |most, x| if x.is_nan() { f64::INFINITY } else { most.max(x.abs()) })
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += factor * what);
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Until = Until { gradient: 1e-9, iterations: 500 };

    #[test]
    fn a_stretched_bowl() {
        let centre = [1.0, -2.0, 3.0, 0.5];
        let scale = [1.0, 1e2, 1e4, 1e-2];
        let mut x = [0.0; 4];
        let found = minimise(&mut x, UNTIL, |x, g| {
            (0..4).for_each(|i| g[i] = scale[i] * (x[i] - centre[i]));
            (0..4).map(|i| 0.5 * scale[i] * (x[i] - centre[i]).powi(2)).sum()
        });
        assert!(found && x.iter().zip(centre).all(|(x, c)| (x - c).abs() < 1e-6), "{x:?}");
    }

    /// Rosenbrock's valley is not convex, and curved; its least value is at (1, 1).
    #[test]
    fn a_curved_valley() {
        let mut x = [-1.2, 1.0];
        let found = minimise(&mut x, UNTIL, |x, g| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
            a * a + 100.0 * b * b
        });
        assert!(found && x.iter().all(|x| (x - 1.0).abs() < 1e-7), "{x:?}");
    }

    #[test]
    fn it_says_when_it_was_stopped() {
        let mut x = [100.0];
        let few = Until { iterations: 1, ..UNTIL };
        assert!(!minimise(&mut x, few, |x, g| {
            g[0] = 4.0 * x[0].powi(3);
            x[0].powi(4)
        }));
        assert!(!minimise(&mut [1.0], UNTIL, |_, g| {
            g[0] = f64::NAN;
            f64::NAN
        }));
    }
}
