//! Minimising a smooth function in a box.
//!
//! | name | what it is |
//! |---|---|
//! | `x`, `g` | point and gradient |
//! | `s`, `y` | differences of the last points and gradients |
//! | `p` | direction |

use super::sums::dot;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Steps.
    pub(super) n_steps: usize,
    /// Largest component of the projected gradient that counts as none.
    pub(super) gradient: f64,
    /// Smallest decrease of the function in a step that is worth another one.
    pub(super) decrease: f64,
}

/// A function of several variables.
pub(super) trait Function {
    /// Its value.
    fn value(&mut self, x: &[f64]) -> f64;

    /// Its gradient, asked for only at the point of the last value: where a step is not taken, nobody needs it.
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]);
}

/// How many differences are kept.
const MEMORY: usize = 8;

/// Minimises a function in a box from x, which becomes the best point; returns the value there.
///
/// Limited-memory BFGS (Nocedal and Wright, algorithm 7.4) on the coordinates that are not held by a bound, with
/// a backtracking search along the projected path (Bertsekas 1982). A value that is not finite counts as too far.
pub(super) fn minimise(x: &mut [f64], bounds: &[(f64, f64)], limits: Limits, function: &mut impl Function) -> f64 {
    let n = x.len();
    let mut g = vec![0.0; n];
    let mut value = function.value(x);
    if !value.is_finite() {
        return value;
    }
    function.gradient(x, &mut g);
    let mut pairs: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    let (mut next, mut next_g) = (x.to_vec(), vec![0.0; n]);
    for _ in 0..limits.n_steps {
        let held = |i: usize| (x[i] <= bounds[i].0 && g[i] > 0.0) || (x[i] >= bounds[i].1 && g[i] < 0.0);
        let free: Vec<bool> = (0..n).map(|i| !held(i)).collect();
        let steepest: Vec<f64> = (0..n).map(|i| if free[i] { -g[i] } else { 0.0 }).collect();
        let largest = steepest.iter().fold(0.0_f64, |largest, p| largest.max(p.abs()));
        if largest <= limits.gradient {
            break;
        }
        let mut p = direction(&steepest, &pairs, &free);
        if dot(&p, &g) >= 0.0 {
            pairs.clear();
            p = steepest;
        }
        // Without a curvature the length of the gradient says nothing about that of the step.
        let mut step = if pairs.is_empty() { (0.5 / largest).min(1.0) } else { 1.0 };
        let mut accepted = None;
        for _ in 0..20 {
            for i in 0..n {
                next[i] = (x[i] + step * p[i]).clamp(bounds[i].0, bounds[i].1);
            }
            let gain: f64 = (0..n).map(|i| g[i] * (next[i] - x[i])).sum();
            let there = function.value(&next);
            if there <= value + 1e-4 * gain && there.is_finite() {
                accepted = Some(there);
                break;
            }
            // The minimum of the parabola through value, slope and the value there, kept within reason.
            let parabola = if there.is_finite() { -0.5 * gain / (there - value - gain) } else { 0.0 };
            step *= parabola.clamp(0.1, 0.5);
        }
        let Some(there) = accepted else {
            if pairs.is_empty() {
                break;
            }
            pairs.clear();
            continue;
        };
        let decrease = value - there;
        value = there;
        if decrease <= limits.decrease {
            x.copy_from_slice(&next);
            break;
        }
        function.gradient(&next, &mut next_g);
        let s: Vec<f64> = (0..n).map(|i| next[i] - x[i]).collect();
        let y: Vec<f64> = (0..n).map(|i| next_g[i] - g[i]).collect();
        if dot(&s, &y) > 1e-10 * dot(&y, &y) {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((s, y));
        }
        x.copy_from_slice(&next);
        g.copy_from_slice(&next_g);
    }
    value
}

/// The two-loop recursion, restricted to the free coordinates.
fn direction(steepest: &[f64], pairs: &[(Vec<f64>, Vec<f64>)], free: &[bool]) -> Vec<f64> {
    let product = |x: &[f64], y: &[f64]| (0..x.len()).map(|i| if free[i] { x[i] * y[i] } else { 0.0 }).sum::<f64>();
    let mut p = steepest.to_vec();
    let mut used = Vec::with_capacity(pairs.len());
    for (s, y) in pairs.iter().rev() {
        let curvature = product(s, y);
        if curvature <= 0.0 {
            continue;
        }
        let a = product(s, &p) / curvature;
        for (p, y) in p.iter_mut().zip(y) {
            *p -= a * y;
        }
        used.push((s, y, a, curvature));
    }
    if let Some((_, y, _, curvature)) = used.first() {
        let scale = curvature / product(y, y);
        for p in &mut p {
            *p *= scale;
        }
    }
    for (s, y, a, curvature) in used.into_iter().rev() {
        let b = product(y, &p) / curvature;
        for (p, s) in p.iter_mut().zip(s) {
            *p += (a - b) * s;
        }
    }
    for (p, free) in p.iter_mut().zip(free) {
        if !free {
            *p = 0.0;
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIGHT: Limits = Limits { n_steps: 200, gradient: 1e-9, decrease: 0.0 };

    /// Both at once.
    impl<F: FnMut(&[f64], &mut [f64]) -> f64> Function for F {
        fn value(&mut self, x: &[f64]) -> f64 {
            self(x, &mut vec![0.0; x.len()])
        }

        fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) {
            self(x, gradient);
        }
    }

    fn rosenbrock(x: &[f64], g: &mut [f64]) -> f64 {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        g[0] = -2.0 * a - 400.0 * x[0] * b;
        g[1] = 200.0 * b;
        a * a + 100.0 * b * b
    }

    #[test]
    fn finds_the_minimum_of_a_valley() {
        let mut x = [-1.2, 1.0];
        let mut n = 0;
        let value = minimise(&mut x, &[(-5.0, 5.0); 2], TIGHT, &mut |x: &[f64], g: &mut [f64]| {
            n += 1;
            rosenbrock(x, g)
        });
        assert!(value < 1e-16 && (x[0] - 1.0).abs() < 1e-7, "{x:?}");
        assert!(n < 160, "{n} values and gradients");
    }

    #[test]
    fn stays_in_the_box() {
        // On x <= 0.5 the minimum lies at the bound, at (0.5, 0.25).
        let mut x = [-1.2, 1.0];
        minimise(&mut x, &[(-5.0, 0.5), (-5.0, 5.0)], TIGHT, &mut rosenbrock);
        assert!((x[0] - 0.5).abs() < 1e-12 && (x[1] - 0.25).abs() < 1e-7, "{x:?}");
    }

    #[test]
    fn steps_back_from_where_there_is_no_value() {
        let mut x = [1e-3];
        let mut log_like = |x: &[f64], g: &mut [f64]| {
            g[0] = 1.0 - 1.0 / x[0];
            if x[0] > 1.5 { f64::NAN } else { x[0] - x[0].ln() }
        };
        minimise(&mut x, &[(1e-6, 10.0)], TIGHT, &mut log_like);
        assert!((x[0] - 1.0).abs() < 1e-6, "{x:?}");
    }
}
