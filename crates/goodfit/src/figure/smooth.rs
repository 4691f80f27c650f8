//! Smoothing of a curve by a Kaiser window.

/// Smooths a curve by a Kaiser window of the given length with beta = 2.
///
/// The window w(k) = I0(2 sqrt(1 - (2k/(L-1) - 1)^2)), scaled to the sum 1, is laid around each point. Beyond
/// its ends the curve goes on mirrored, as in the textbook's `smooth_curve`: at the start around the first
/// point, at the end behind the last one, which therefore counts twice. A stretch of finite values that is
/// shorter than the window stays as it is, and so does a value that is not finite. A length of 0 or 1 smooths
/// nothing.
///
/// ```
/// let smoothed = goodfit::figure::smooth(&[0.0, 1.0, 0.0, 1.0, 0.0], 3);
/// assert!(smoothed.iter().all(|&y| y > 0.2 && y < 0.8));
/// ```
pub fn smooth(values: &[f64], length: usize) -> Vec<f64> {
    let mut out = values.to_vec();
    if length < 2 {
        return out;
    }
    let window = kaiser(length);
    let mut start = 0;
    for stretch in values.split_inclusive(|x| !x.is_finite()) {
        let finite = stretch.len() - usize::from(stretch.last().is_some_and(|x| !x.is_finite()));
        if finite >= length {
            convolve(&stretch[..finite], &window, &mut out[start..start + finite]);
        }
        start += stretch.len();
    }
    out
}

fn convolve(values: &[f64], window: &[f64], out: &mut [f64]) {
    let (n, half) = (values.len(), (window.len() - 1) / 2);
    for (i, y) in out.iter_mut().enumerate() {
        *y = window
            .iter()
            .enumerate()
            .map(|(k, w)| {
                let at = i + k;
                let mirrored = if at < half {
                    half - at
                } else if at - half < n {
                    at - half
                } else {
                    2 * n - 1 - (at - half)
                };
                w * values[mirrored]
            })
            .sum();
    }
}

/// A Kaiser window with beta = 2 whose weights add up to 1.
fn kaiser(length: usize) -> Vec<f64> {
    let weights: Vec<f64> = (0..length)
        .map(|k| {
            let place = 2.0 * k as f64 / (length - 1) as f64 - 1.0;
            bessel_i0(2.0 * (1.0 - place * place).max(0.0).sqrt())
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// The modified Bessel function of order 0: sum over k of ((x/2)^k / k!)^2.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..30 {
        let factor = x / (2.0 * f64::from(k));
        term *= factor * factor;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 13] = [2.3, 2.1, 2.2, 1.9, 1.4, 1.5, 1.1, 0.7, 0.9, 0.4, 0.3, 0.2, 0.35];

    /// `np.convolve(w / w.sum(), np.r_[x[n-1:0:-1], x, x[-1:-n:-1]], "valid")` with `w = np.kaiser(n, 2)`.
    #[test]
    fn agrees_with_numpy() {
        let eleven = [
            1.943_265_531_585_828_3,
            1.910_842_432_577_623_4,
            1.830_612_024_833_476_3,
            1.708_901_785_428_080_6,
            1.536_581_629_868_717_8,
            1.350_865_732_447_506,
            1.147_016_655_199_641_2,
            0.962_088_798_020_495_9,
            0.786_731_866_697_540_1,
            0.635_524_908_184_176_6,
            0.524_729_770_787_174_6,
            0.432_183_402_402_189_5,
            0.402_288_227_760_463_1,
        ];
        for (ours, numpy) in smooth(&VALUES, 11).iter().zip(eleven) {
            assert!((ours - numpy).abs() < 1e-14, "{ours} {numpy}");
        }
        let five = smooth(&VALUES, 5);
        assert!((five[0] - 2.181_123_586_64).abs() < 1e-11 && (five[12] - 0.289_961_389_851).abs() < 1e-11);
    }

    #[test]
    fn leaves_what_it_cannot_smooth() {
        assert_eq!(smooth(&VALUES, 0), VALUES);
        assert_eq!(smooth(&VALUES[..5], 11), VALUES[..5]);
        let broken = [&VALUES[..], &[f64::NAN, 1.0]].concat();
        let smoothed = smooth(&broken, 11);
        assert_eq!(smoothed[..13], smooth(&VALUES, 11));
        assert!(smoothed[13].is_nan() && (smoothed[14] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_stays_constant() {
        assert!(smooth(&[0.7; 40], 11).iter().all(|y| (y - 0.7).abs() < 1e-12));
    }
}
