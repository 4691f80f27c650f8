//! Exact probabilities of counts, and quantiles.

/// ln of n over k.
fn ln_choose(n: u64, k: u64) -> f64 {
    let ln_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// P(K >= k) for K the marked among `drawn` of `n` things, `marked` of which are marked: the hypergeometric tail
/// sum over i >= k of C(marked, i) C(n - marked, drawn - i) / C(n, drawn).
pub(crate) fn hypergeometric_at_least(k: u64, n: u64, marked: u64, drawn: u64) -> f64 {
    let least = (marked + drawn).saturating_sub(n);
    let most = marked.min(drawn);
    if k <= least {
        return 1.0;
    }
    let ln = |i| ln_choose(marked, i) + ln_choose(n - marked, drawn - i) - ln_choose(n, drawn);
    (k..=most).map(|i| libm::exp(ln(i))).sum::<f64>().min(1.0)
}

/// P(K <= k) of the same K.
pub(crate) fn hypergeometric_at_most(k: u64, n: u64, marked: u64, drawn: u64) -> f64 {
    // The unmarked among the drawn are at least drawn - k.
    hypergeometric_at_least(drawn.saturating_sub(k), n, n - marked, drawn)
}

/// P(K >= k) for K of n independent trials that succeed with probability p each: the binomial tail.
pub(crate) fn binomial_at_least(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    if p <= 0.0 || k > n {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let (ln_p, ln_q) = (libm::log(p), libm::log1p(-p));
    let term = |i: u64| libm::exp(ln_choose(n, i) + i as f64 * ln_p + (n - i) as f64 * ln_q);
    // The shorter sum, from its small end.
    if k as f64 > n as f64 * p {
        (k..=n).rev().map(term).sum::<f64>().min(1.0)
    } else {
        (1.0 - (0..k).map(term).sum::<f64>()).max(0.0)
    }
}

/// P(a, x): the share of the gamma function's integral below x, that is, the chi-square distribution function of 2 x
/// with 2 a degrees of freedom.
///
/// A series for x below a + 1, otherwise Lentz's continued fraction for the rest. Source: W. H. Press et al.: Numerical
/// Recipes, section 6.2.
pub(crate) fn gamma_below(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return (front * sum).min(1.0);
    }
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / tiny, 1.0 / b);
    let mut fraction = d;
    for i in 1..10_000 {
        let factor = -f64::from(i) * (f64::from(i) - a);
        b += 2.0;
        let nonzero = |x: f64| if x.abs() < tiny { tiny } else { x };
        d = 1.0 / nonzero(factor * d + b);
        c = nonzero(b + factor / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (1.0 - front * fraction).clamp(0.0, 1.0)
}

/// The value below which a share of sorted values lies, between neighbours linearly (`NumPy`'s `linear`, R's type 7).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    if low < high { low + (high - low) * (place - below as f64) } else { low }
}

/// For each value its rank from 1; equal ones share the mean of theirs.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)).is_eq()) {
        let rank = first as f64 + (equal.len() + 1) as f64 / 2.0;
        for &place in equal {
            ranks[place] = rank;
        }
        first += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() <= 1e-11 * expected.abs().max(1e-3), "{got}, expected {expected}");
    }

    #[test]
    fn as_scipy() {
        // scipy.stats 1.17: hypergeom(24, 8, 6).sf(4), .sf(0), .cdf(0); hypergeom(10, 7, 5).sf(1);
        // binom(20, 0.1).sf(4), binom(1000, 0.003).sf(0), binom(30, 0.9).sf(9).
        close(hypergeometric_at_least(5, 24, 8, 6), 0.006864988558352402);
        close(hypergeometric_at_least(1, 24, 8, 6), 0.9405034324942791);
        close(hypergeometric_at_most(0, 24, 8, 6), 0.05949656750572084);
        close(hypergeometric_at_least(2, 10, 7, 5), 1.0);
        close(hypergeometric_at_least(6, 10, 7, 5), 0.0);
        close(binomial_at_least(5, 20, 0.1), 0.04317449528446339);
        close(binomial_at_least(1, 1000, 0.003), 0.9504369171768444);
        close(binomial_at_least(10, 30, 0.9), 0.9999999999999942);
        assert_eq!(
            (binomial_at_least(0, 3, 0.0), binomial_at_least(1, 3, 0.0), binomial_at_least(3, 3, 1.0)),
            (1.0, 0.0, 1.0)
        );
    }

    #[test]
    fn quantiles_and_ranks() {
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|share| quantile(&[1.0, 2.0, 3.0, 5.0], share)), [1.0, 1.75, 2.5, 5.0]);
        assert_eq!(ranks(&[3.0, 1.0, 3.0, -0.0, 0.0]), [4.5, 3.0, 4.5, 1.5, 1.5]);
    }
}
