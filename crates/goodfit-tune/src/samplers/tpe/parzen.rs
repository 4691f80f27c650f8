//! A Parzen estimator: a mixture with one kernel for each observed point, and one for all of the space.
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | n | `n_members` | points that have a kernel |
//! | `d` | `axes.len()` | parameters |
//! | x, mu | `mu` | coordinates: a number's place in [0, 1], a choice's position |
//! | sigma | `inverse` = 1 / sigma | widths of the kernels of numbers |
//! | w | `weights` | weights of the kernels |
//! | ln c | `ln_c` | what a kernel's logarithm is at its middle |
//!
//! The density is `p(x) = sum_i w_i prod_k f_ik(x_k) / sum_i w_i` over the points i and the prior, with
//!
//! | axis | kernel of a point | prior |
//! |---|---|---|
//! | numbers without gaps | normal, mean mu, sd sigma, truncated to [0, 1] | the same with mean 1/2, sd 1 |
//! | numbers with gaps | `exp(-((x - mu) / sigma)^2 / 2)`, normalised over its values | the same with mean 1/2, sd 1 |
//! | V choices | `(1 + a) / (1 + a V)` at the point's choice, `a / (1 + a V)` elsewhere, `a = 1 / (n + 1)` | `1 / V` |

use rand_core::Rng;

use super::normal::{LANES, Lanes, exp, mass_inside, quantile};
use crate::streams::{below, uniform};

/// How one parameter's coordinate is spread.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Axis {
    /// All of [0, 1].
    Gapless,
    /// These values only: middle and width of each one's share of [0, 1], rising.
    Gaps(Vec<(f64, f64)>),
    /// This many choices; the coordinate is the position.
    Choices(usize),
}

/// The mixture. Points come in one after the other and keep their slot; which of them are members may change.
/// Whatever way it came about, it is the same to the bit for the same points and members.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    /// Axes of numbers, then axes of choices.
    axes: Vec<Axis>,
    n_numbers: usize,
    members: Vec<bool>,
    n_members: usize,
    /// By axis of numbers: the members' slots by coordinate, ties by slot.
    order: Vec<Vec<u32>>,
    /// By slot and axis of numbers: the wider gap to a neighbour, and the logarithm of the kernel at its middle.
    spacing: Vec<f64>,
    ln_middle: Vec<f64>,
    /// By block of slots and axis.
    mu: Vec<Lanes>,
    inverse: Vec<Lanes>,
    /// By block of slots; minus infinity where there is no member.
    ln_c: Vec<Lanes>,
    weights: Vec<Lanes>,
    /// The prior's weight; the others' are at most 1.
    total_weight: f64,
    /// The least width at present.
    least: f64,
    prior: Vec<f64>,
}

/// The prior counts as much as one point.
const PRIOR_WEIGHT: f64 = 1.0;

/// So many of the latest points weigh 1; those before them less, the older the less.
const N_FULL: usize = 25;

impl Mixture {
    /// Without points: the prior alone.
    ///
    /// # Panics
    /// When an axis of numbers comes after one of choices.
    pub(super) fn new(axes: Vec<Axis>) -> Self {
        let n_numbers = axes.iter().take_while(|axis| !matches!(axis, Axis::Choices(_))).count();
        assert!(axes[n_numbers..].iter().all(|axis| matches!(axis, Axis::Choices(_))), "numbers first");
        let prior = axes[..n_numbers].iter().map(|axis| ln_middle(axis, 0.5, 1.0)).collect();
        Self {
            n_numbers,
            members: Vec::new(),
            n_members: 0,
            order: vec![Vec::new(); n_numbers],
            spacing: Vec::new(),
            ln_middle: Vec::new(),
            mu: Vec::new(),
            inverse: Vec::new(),
            ln_c: Vec::new(),
            weights: Vec::new(),
            total_weight: PRIOR_WEIGHT,
            least: 0.0,
            prior,
            axes,
        }
    }

    /// The number of points, members or not.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// A point's coordinate.
    pub(super) fn coordinate(&self, slot: usize, axis: usize) -> f64 {
        self.mu[slot / LANES * self.axes.len() + axis][slot % LANES]
    }

    /// Takes a point in; it is not a member yet.
    pub(super) fn push(&mut self, point: &[f64]) {
        let (slot, d) = (self.len(), self.axes.len());
        if slot.is_multiple_of(LANES) {
            self.mu.extend(vec![[0.0; LANES]; d]);
            self.inverse.extend(vec![[0.0; LANES]; self.n_numbers]);
            self.ln_c.push([f64::NEG_INFINITY; LANES]);
            self.weights.push([0.0; LANES]);
        }
        for (axis, &x) in point.iter().enumerate() {
            self.mu[slot / LANES * d + axis][slot % LANES] = x;
        }
        self.members.push(false);
        self.spacing.extend(vec![0.0; self.n_numbers]);
        self.ln_middle.extend(vec![0.0; self.n_numbers]);
    }

    /// Makes just those points members for which it holds.
    pub(super) fn set_members(&mut self, holds: impl Fn(usize) -> bool) {
        let mut changed = vec![false; self.len()];
        for slot in 0..self.len() {
            match (self.members[slot], holds(slot)) {
                (false, true) => self.enter(slot, &mut changed),
                (true, false) => self.leave(slot, &mut changed),
                _ => {}
            }
        }
        let n_kernels = self.n_members as f64 + 1.0;
        let least = 1.0 / (1.0 + n_kernels).min(100.0);
        let all = least != self.least;
        self.least = least;
        for (slot, changed) in changed.into_iter().enumerate() {
            if self.members[slot] && (all || changed) {
                self.shape(slot);
            }
        }
        self.weigh();
    }

    fn enter(&mut self, slot: usize, changed: &mut [bool]) {
        self.members[slot] = true;
        self.n_members += 1;
        changed[slot] = true;
        for axis in 0..self.n_numbers {
            let at = self.rank(axis, slot);
            self.order[axis].insert(at, slot as u32);
            for place in at.saturating_sub(1)..(at + 2).min(self.order[axis].len()) {
                self.measure(axis, place, changed);
            }
        }
    }

    fn leave(&mut self, slot: usize, changed: &mut [bool]) {
        self.members[slot] = false;
        self.n_members -= 1;
        self.ln_c[slot / LANES][slot % LANES] = f64::NEG_INFINITY;
        for axis in 0..self.n_numbers {
            let at = self.rank(axis, slot);
            self.order[axis].remove(at);
            for place in at.saturating_sub(1)..(at + 1).min(self.order[axis].len()) {
                self.measure(axis, place, changed);
            }
        }
    }

    /// The place of a point in the order of an axis.
    fn rank(&self, axis: usize, slot: usize) -> usize {
        let x = self.coordinate(slot, axis);
        self.order[axis].partition_point(|&other| {
            let y = self.coordinate(other as usize, axis);
            y < x || (y == x && (other as usize) < slot)
        })
    }

    /// Measures the gaps beside a place in the order of an axis: the wider one counts. The first and the last point
    /// have one neighbour, and a single point the ends of the range.
    fn measure(&mut self, axis: usize, place: usize, changed: &mut [bool]) {
        let order = &self.order[axis];
        let x = |place: usize| self.coordinate(order[place] as usize, axis);
        let here = x(place);
        let left = (place > 0).then(|| here - x(place - 1));
        let right = (place + 1 < order.len()).then(|| x(place + 1) - here);
        let gap = match (left, right) {
            (Some(left), Some(right)) => left.max(right),
            (Some(gap), None) | (None, Some(gap)) => gap,
            (None, None) => here.max(1.0 - here),
        };
        let slot = order[place] as usize;
        let kept = &mut self.spacing[slot * self.n_numbers + axis];
        changed[slot] |= *kept != gap;
        *kept = gap;
    }

    /// Widths and normalisation of a member's kernel.
    fn shape(&mut self, slot: usize) {
        let (block, lane, d) = (slot / LANES, slot % LANES, self.axes.len());
        let mut ln_c = 0.0;
        for axis in 0..self.n_numbers {
            let sigma = self.spacing[slot * self.n_numbers + axis].clamp(self.least, 1.0);
            let inverse = 1.0 / sigma;
            let kept = &mut self.ln_middle[slot * self.n_numbers + axis];
            let before = &mut self.inverse[block * self.n_numbers + axis][lane];
            if *before != inverse {
                *before = inverse;
                *kept = ln_middle(&self.axes[axis], self.mu[block * d + axis][lane], sigma);
            }
            ln_c += *kept;
        }
        self.ln_c[block][lane] = ln_c;
    }

    /// Weights by age.
    fn weigh(&mut self) {
        let n = self.n_members;
        let n_old = n.saturating_sub(N_FULL);
        let first = 1.0 / n.max(1) as f64;
        let rise = (1.0 - first) / n_old.saturating_sub(1).max(1) as f64;
        let (mut place, mut total) = (0, PRIOR_WEIGHT);
        for (slot, &member) in self.members.iter().enumerate() {
            let weight = match member {
                false => 0.0,
                true if place < n_old => first + rise * place as f64,
                true => 1.0,
            };
            place += usize::from(member);
            total += weight;
            self.weights[slot / LANES][slot % LANES] = weight;
        }
        self.total_weight = total;
    }

    /// The logarithm of the density at a point, up to the widths of the shares of numbers with gaps, which are the
    /// same for every mixture over these axes. The scratch takes a number for each point.
    pub(super) fn ln_density(&self, x: &[f64], scratch: &mut Vec<Lanes>) -> f64 {
        let (d, n_numbers) = (self.axes.len(), self.n_numbers);
        let mut prior: f64 = 0.0;
        for (axis, ln_middle) in self.prior.iter().enumerate() {
            prior += ln_middle - 0.5 * (x[axis] - 0.5).powi(2);
        }
        // What a kernel's logarithm lacks at another choice, twice, beside what all have in common.
        let mut common = 0.0;
        let mut differs = Vec::with_capacity(d - n_numbers);
        for axis in &self.axes[n_numbers..] {
            if let &Axis::Choices(n_choices) = axis {
                let (same, other) = self.choice(n_choices);
                common += libm::log(same);
                differs.push(2.0 * (libm::log(same) - libm::log(other)));
                prior -= libm::log(n_choices as f64);
            }
        }

        scratch.clear();
        let mut highest = [prior - common; LANES];
        for (block, ln_c) in self.ln_c.iter().enumerate() {
            let mu = &self.mu[block * d..][..d];
            let inverse = &self.inverse[block * n_numbers..][..n_numbers];
            let mut q = [0.0; LANES];
            for ((mu, inverse), &x) in mu.iter().zip(inverse).zip(x) {
                for lane in 0..LANES {
                    let z = (x - mu[lane]) * inverse[lane];
                    q[lane] += z * z;
                }
            }
            for ((mu, &x), &differ) in mu[n_numbers..].iter().zip(&x[n_numbers..]).zip(&differs) {
                for lane in 0..LANES {
                    q[lane] += if mu[lane] == x { 0.0 } else { differ };
                }
            }
            let mut ln = [0.0; LANES];
            for lane in 0..LANES {
                ln[lane] = ln_c[lane] - 0.5 * q[lane];
                highest[lane] = if ln[lane] > highest[lane] { ln[lane] } else { highest[lane] };
            }
            scratch.push(ln);
        }
        // The largest term is 1: nothing overflows, and they do not all vanish.
        let highest = highest.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sums = [0.0; LANES];
        for (ln, weights) in scratch.iter().zip(&self.weights) {
            let terms = exp(ln.map(|ln| ln - highest));
            for lane in 0..LANES {
                sums[lane] += weights[lane] * terms[lane];
            }
        }
        let sum = sums.iter().sum::<f64>() + PRIOR_WEIGHT * exp([prior - common - highest; LANES])[0];
        libm::log(sum / self.total_weight) + highest + common
    }

    /// The probabilities of a kernel's own and of another choice.
    fn choice(&self, n_choices: usize) -> (f64, f64) {
        let a = 1.0 / (self.n_members as f64 + 1.0);
        let total = 1.0 + a * n_choices as f64;
        ((1.0 + a) / total, a / total)
    }

    /// A point drawn from it: a kernel by its weight, then each coordinate on its own.
    pub(super) fn draw(&self, stream: &mut impl Rng) -> Vec<f64> {
        let mut rest = uniform(stream.next_u64()) * self.total_weight;
        let kernel = (0..self.len()).find(|&slot| {
            rest -= self.weights[slot / LANES][slot % LANES];
            rest < 0.0
        });
        let number = |axis: usize, stream: &mut _| {
            let (mu, sigma) = kernel.map_or((0.5, 1.0), |slot| {
                let inverse = self.inverse[slot / LANES * self.n_numbers + axis][slot % LANES];
                (self.coordinate(slot, axis), 1.0 / inverse)
            });
            truncated(mu, sigma, stream)
        };
        let draw = |(axis, kind): (usize, &Axis)| match kind {
            Axis::Gapless => number(axis, stream),
            Axis::Gaps(values) => {
                let x = number(axis, stream);
                // The share it lies in: the last one that begins at or before it.
                let after = values.partition_point(|(middle, width)| middle - 0.5 * width <= x);
                values[after.saturating_sub(1)].0
            }
            &Axis::Choices(n_choices) => {
                let any = below(n_choices as u128, stream.next_u64()) as f64;
                let u = uniform(stream.next_u64());
                match kernel {
                    // With a share of V a / (1 + a V) it is drawn from all, its own among them.
                    Some(slot) if u >= n_choices as f64 * self.choice(n_choices).1 => self.coordinate(slot, axis),
                    _ => any,
                }
            }
        };
        self.axes.iter().enumerate().map(draw).collect()
    }
}

/// The logarithm of a kernel at its middle, for axes of numbers.
fn ln_middle(axis: &Axis, mu: f64, sigma: f64) -> f64 {
    match axis {
        Axis::Gaps(values) => {
            let mut sums = [0.0; LANES];
            for chunk in values.chunks(LANES) {
                let mut ln = [f64::NEG_INFINITY; LANES];
                let mut widths = [0.0; LANES];
                for ((ln, wide), &(x, width)) in ln.iter_mut().zip(&mut widths).zip(chunk) {
                    let z = (x - mu) / sigma;
                    (*ln, *wide) = (-0.5 * z * z, width);
                }
                for ((sum, term), width) in sums.iter_mut().zip(exp(ln)).zip(widths) {
                    *sum += term * width;
                }
            }
            -libm::log(sums.iter().sum())
        }
        _ => -libm::log(sigma * (2.0 * std::f64::consts::PI).sqrt() * mass_inside(mu, sigma)),
    }
}

/// Normal with a mean and an sd of at most 1, given that it lies in [0, 1]; at least a third of all do.
fn truncated(mean: f64, sd: f64, stream: &mut impl Rng) -> f64 {
    loop {
        // Never 0; at 1 there is no quantile, and it draws again.
        let p = uniform(stream.next_u64()) + 0.5 / (1_u64 << 53) as f64;
        let x = mean + sd * quantile(p);
        if (0.0..=1.0).contains(&x) {
            return x;
        }
    }
}
