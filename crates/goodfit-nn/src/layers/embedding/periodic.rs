//! The periodic encoding of a number. C frequencies.

use std::f64::consts::TAU;

use crate::Float;

/// Encodes x by waves: `[cos(2 pi c_i x), sin(2 pi c_i x)]` for all i, cosines first, or with phases `cos(2 pi c_i x + p_i)`.
///
/// Source: Gorishniy et al. (2022), section 3.3; with phases Holzmueller et al. (2024).
///
/// # Shapes
/// `dst`: 2 C, with phases C. `frequencies`, `phases`: C.
///
/// # Panics
/// When the lengths do not fit.
///
/// ```
/// use goodfit_nn::layers::encode_periodic;
/// let mut waves = [0.0; 2];
/// encode_periodic(&mut waves, 0.5_f64, &[0.5], None);
/// assert!(waves[0].abs() < 1e-15 && waves[1] == 1.0);
/// encode_periodic(&mut waves[..1], 0.5, &[0.5], Some(&[std::f64::consts::FRAC_PI_2]));
/// assert_eq!(waves[0], -1.0);
/// ```
#[inline(always)]
pub fn encode_periodic<T: Float>(dst: &mut [T], x: T, frequencies: &[T], phases: Option<&[T]>) {
    match phases {
        None => {
            assert_eq!(dst.len(), 2 * frequencies.len(), "cosines and sines of a number");
            let (cosines, sines) = dst.split_at_mut(frequencies.len());
            for ((cosine, sine), &frequency) in cosines.iter_mut().zip(sines).zip(frequencies) {
                (*cosine, *sine) = ((frequency * x).cos_turns(), (frequency * x).sin_turns());
            }
        }
        Some(phases) => {
            assert_eq!((dst.len(), phases.len()), (frequencies.len(), frequencies.len()), "cosines of a number");
            for ((dst, &frequency), &phase) in dst.iter_mut().zip(frequencies).zip(phases) {
                *dst = turns(x, frequency, phase).cos_turns();
            }
        }
    }
}

/// Adds to the gradients by frequencies and phases what one number does, from the gradient `d` by its encoding `waves`.
///
/// With `a_i = 2 pi c_i x + p_i` and g the gradient by a: `dc_i += 2 pi x g_i`, `dp_i += g_i`.
///
/// # Shapes
/// `dfrequencies`: C. `dphases`: C, or none. `d`, `waves`: 2 C, with phases C. `frequencies`, `phases`: C.
#[inline(always)]
pub fn encode_periodic_backward<T: Float>(
    dfrequencies: &mut [T],
    dphases: &mut [T],
    d: &[T],
    x: T,
    waves: &[T],
    (frequencies, phases): (&[T], Option<&[T]>),
) {
    let by_frequency = T::from_f64(TAU) * x;
    match phases {
        None => {
            let (cosines, sines) = waves.split_at(frequencies.len());
            let (by_cosine, by_sine) = d.split_at(frequencies.len());
            let waves = cosines.iter().zip(sines).zip(by_cosine.iter().zip(by_sine));
            for (dfrequency, ((&cosine, &sine), (&by_cosine, &by_sine))) in dfrequencies.iter_mut().zip(waves) {
                *dfrequency += by_frequency * (by_sine * cosine - by_cosine * sine);
            }
        }
        Some(phases) => {
            let waves = frequencies.iter().zip(phases).zip(d);
            for ((dfrequency, dphase), ((&frequency, &phase), &d)) in dfrequencies.iter_mut().zip(dphases).zip(waves) {
                let by_angle = -d * turns(x, frequency, phase).sin_turns();
                *dfrequency += by_frequency * by_angle;
                *dphase += by_angle;
            }
        }
    }
}

/// `c x + p / (2 pi)`
#[inline(always)]
fn turns<T: Float>(x: T, frequency: T, phase: T) -> T {
    frequency * x + T::from_f64(1.0 / TAU) * phase
}
