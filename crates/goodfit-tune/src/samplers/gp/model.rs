//! From finished trials to a Gaussian process.

use super::domain::Domain;
use super::fit;
use super::kernel::Points;
use super::losses::{self, Outcome};
use super::regression::Posterior;

/// A finished trial: where it lay and what became of it.
pub(super) type Finished = (Vec<f64>, Outcome);

/// Hyperparameters are fitted to at most so many trials: the better half of them the best ones, the others spread
/// evenly over the ranks of the rest. The process itself sees all.
const MOST_FITTED: usize = 200;

/// The first link of the chain.
const FIRST_LINK: usize = 6;

/// The process that was fitted last.
///
/// A fit starts from an earlier one, which makes it quick, and yet depends on the trials alone: the chain of fits
/// to the first 6, 8, 10, 13, .. finished trials (by number, each 5/4 of the one before), each started from the one
/// before it and from the prior, belongs to the trials and not to what was asked before. What is kept only saves
/// doing it again.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    domain: Option<Domain>,
    finished: Vec<Finished>,
    chain: Vec<Link>,
    posterior: Option<Posterior>,
}

/// Hyperparameters of the first n trials.
#[derive(Clone, Debug)]
struct Link {
    n: usize,
    t: Vec<f64>,
}

impl Model {
    /// The process after these trials, in the order of their numbers; `None` when rounding lets none be computed.
    pub(super) fn posterior(&mut self, domain: &Domain, finished: Vec<Finished>) -> Option<Posterior> {
        if self.domain.as_ref() != Some(domain) {
            *self = Self { domain: Some(domain.clone()), ..Self::default() };
        }
        if self.finished != finished {
            let alike = self.finished.iter().zip(&finished).take_while(|(a, b)| a == b).count();
            self.chain.retain(|link| link.n <= alike);
            self.finished = finished;
            self.posterior = self.fit(domain);
        }
        self.posterior.clone()
    }

    fn fit(&mut self, domain: &Domain) -> Option<Posterior> {
        let n_dims = domain.axes.len();
        let prior = fit::start(n_dims);
        let mut n = FIRST_LINK;
        let mut place = 0;
        while n <= self.finished.len().min(MOST_FITTED) {
            if self.chain.len() == place {
                let (points, values) = data(domain, &self.finished[..n]);
                let before = self.chain.last().map_or(&prior, |link| &link.t);
                let (t, loss) = fit::fit(&points, &values, before, 40);
                let (other, other_loss) = fit::fit(&points, &values, &prior, 40);
                self.chain.push(Link { n, t: if loss <= other_loss { t } else { other } });
            }
            place += 1;
            n = (n * 5).div_ceil(4);
        }
        let start = self.chain.last().map_or(&prior, |link| &link.t);
        let (points, values) = data(domain, &self.finished);
        let chosen = chosen(&values);
        let of_chosen: Vec<f64> = chosen.iter().map(|&i| values[i]).collect();
        let (t, _) = fit::fit(&points.select(&chosen), &of_chosen, start, 15);
        let mut kernel = fit::kernel(&t);
        // Where many trials lie on one point, rounding may want more noise.
        for _ in 0..8 {
            match Posterior::new(points.clone(), values.clone(), kernel.clone()) {
                Ok(posterior) => return Some(posterior),
                Err(_) => kernel.noise *= 10.0,
            }
        }
        None
    }
}

fn data(domain: &Domain, finished: &[Finished]) -> (Points, Vec<f64>) {
    let mut points = Points::new(domain.axes.iter().map(|axis| axis.metric).collect());
    for (point, _) in finished {
        points.push(point);
    }
    let outcomes: Vec<Outcome> = finished.iter().map(|(_, outcome)| *outcome).collect();
    (points, losses::values(&outcomes))
}

/// Which trials the hyperparameters are fitted to.
fn chosen(values: &[f64]) -> Vec<usize> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    if n > MOST_FITTED {
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
        let half = MOST_FITTED / 2;
        let rest = order.split_off(half);
        order.extend((0..half).map(|k| rest[k * rest.len() / half]));
        order.sort_unstable();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitted_to_the_best_and_to_the_rest() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from((i * 387) % 1000)).collect();
        let chosen = chosen(&values);
        assert_eq!(chosen.len(), MOST_FITTED);
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        let best = chosen.iter().filter(|&&i| values[i] < 100.0).count();
        assert_eq!(best, MOST_FITTED / 2);
        assert!(chosen.iter().any(|&i| values[i] > 980.0));
    }
}
