//! All curves of a trial as bytes.
//!
//! | what | bytes |
//! |---|---|
//! | format | 1, being 1 |
//! | number of curves | n |
//! | for each: length of the name, name | n, UTF-8 |
//! | number of points, the first step | n, n |
//! | run of equal strides: how many, the stride; until all steps are there | n, n |
//! | width of a value | 1, being 4 or 8 |
//! | values | IEEE 754, little-endian; 4 bytes each when all are single precision numbers |
//!
//! where n is a number of 7 bits a byte, lowest first, the top bit saying that more follow.

use crate::storage::Series;

const FORMAT: u8 = 1;

pub(in crate::storage) fn to_bytes(curves: &[Series]) -> Vec<u8> {
    let n_values: usize = curves.iter().map(|curve| curve.values.len()).sum();
    let mut bytes = Vec::with_capacity(16 + 40 * curves.len() + 8 * n_values);
    bytes.push(FORMAT);
    put(&mut bytes, curves.len() as u64);
    for Series { name, steps, values } in curves {
        put(&mut bytes, name.len() as u64);
        bytes.extend_from_slice(name.as_bytes());
        put_steps(&mut bytes, steps);
        if values.iter().all(|x| is_single(*x)) {
            bytes.push(4);
            bytes.extend(values.iter().flat_map(|x| (*x as f32).to_le_bytes()));
        } else {
            bytes.push(8);
            bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        }
    }
    bytes
}

/// A NaN might lose its payload on the way there and back.
fn is_single(x: f64) -> bool {
    !x.is_nan() && f64::from(x as f32).to_bits() == x.to_bits()
}

fn put_steps(bytes: &mut Vec<u8>, steps: &[u64]) {
    put(bytes, steps.len() as u64);
    let Some(first) = steps.first() else { return };
    put(bytes, *first);
    let strides = steps.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    let mut run: Option<(u64, u64)> = None;
    for stride in strides {
        run = match run {
            Some((n, same)) if same == stride => Some((n + 1, same)),
            other => {
                put_run(bytes, other);
                Some((1, stride))
            }
        };
    }
    put_run(bytes, run);
}

fn put_run(bytes: &mut Vec<u8>, run: Option<(u64, u64)>) {
    if let Some((n, stride)) = run {
        put(bytes, n);
        put(bytes, stride);
    }
}

fn put(bytes: &mut Vec<u8>, mut x: u64) {
    while x >= 0x80 {
        bytes.push(x as u8 | 0x80);
        x >>= 7;
    }
    bytes.push(x as u8);
}

/// `None` when the bytes are not of this form.
pub(in crate::storage) fn from_bytes(bytes: &[u8]) -> Option<Vec<Series>> {
    let mut rest = bytes;
    if take(&mut rest, 1)? != [FORMAT] {
        return None;
    }
    // No room is made for what a number claims before the bytes are there.
    let n = number(&mut rest)?;
    let mut curves = Vec::new();
    for _ in 0..n {
        let length = usize::try_from(number(&mut rest)?).ok()?;
        let name = String::from_utf8(take(&mut rest, length)?.to_vec()).ok()?;
        let n_points = usize::try_from(number(&mut rest)?).ok()?;
        let runs = runs(&mut rest, n_points)?;
        let width = take(&mut rest, 1)?[0];
        let raw = take(&mut rest, n_points.checked_mul(usize::from(width))?)?;
        let values = match width {
            4 => raw.as_chunks().0.iter().map(|x| f64::from(f32::from_le_bytes(*x))).collect(),
            8 => raw.as_chunks().0.iter().map(|x| f64::from_le_bytes(*x)).collect(),
            _ => return None,
        };
        curves.push(Series { name, steps: steps(&runs, n_points), values });
    }
    rest.is_empty().then_some(curves)
}

/// The first step as a run of one from 0, and the runs after it: how many, and the stride.
fn runs(rest: &mut &[u8], n_points: usize) -> Option<Vec<(usize, u64)>> {
    let mut runs = Vec::new();
    if n_points > 0 {
        runs.push((1, number(rest)?));
    }
    let mut missing = n_points.saturating_sub(1);
    while missing > 0 {
        let n = usize::try_from(number(rest)?).ok().filter(|n| (1..=missing).contains(n))?;
        runs.push((n, number(rest)?));
        missing -= n;
    }
    Some(runs)
}

fn steps(runs: &[(usize, u64)], n_points: usize) -> Vec<u64> {
    let mut steps = Vec::with_capacity(n_points);
    let mut step = 0_u64;
    for &(n, stride) in runs {
        steps.extend((0..n).map(|_| {
            step = step.wrapping_add(stride);
            step
        }));
    }
    steps
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(n)?;
    *rest = left;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut x = 0;
    for place in 0..10 {
        let byte = take(rest, 1)?[0];
        x |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some(x);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(steps: Vec<u64>, values: Vec<f64>) -> Series {
        Series { name: "train_loss".to_owned(), steps, values }
    }

    #[test]
    fn constant_strides_cost_next_to_nothing() {
        let empty = to_bytes(&[series(vec![], vec![])]).len();
        let steps: Vec<u64> = (0..10_000).map(|i| i * 20 + 19).collect();
        let exact = steps.iter().map(|step| 1.0 / (*step as f64)).collect();
        assert!(to_bytes(&[series(steps.clone(), exact)]).len() < empty + 8 * 10_000 + 6);
        let single = steps.iter().map(|step| f64::from(1.0 / (*step as f32))).collect();
        assert!(to_bytes(&[series(steps, single)]).len() < empty + 4 * 10_000 + 6);
    }

    #[test]
    fn damaged_bytes() {
        let bytes = to_bytes(&[series(vec![1, 2, 4], vec![0.1, 0.2, 0.3]), series(vec![1], vec![1.0])]);
        for end in 0..bytes.len() {
            assert_eq!(from_bytes(&bytes[..end]), None, "cut after {end}");
        }
        assert_eq!(from_bytes(&[&bytes[..], &[0]].concat()), None);
        // Claims 2^63 points.
        assert_eq!(from_bytes(&[1, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 127, 0, 1, 1, 4]), None);
    }

    proptest! {
        #[test]
        fn there_and_back_to_the_bit(
            curves in prop::collection::vec((".{0,8}", prop::collection::btree_set(any::<u64>(), 0..20)), 0..4),
            strides in prop::collection::vec(1..4_u64, 0..20),
            bits in any::<u64>(),
        ) {
            let value = |step: &u64| f64::from_bits(step.rotate_left(17) ^ bits);
            let mut curves: Vec<Series> = curves.into_iter().map(|(name, steps)| {
                let steps: Vec<u64> = steps.into_iter().collect();
                Series { name, values: steps.iter().map(value).collect(), steps }
            }).collect();
            let steps: Vec<u64> = strides.iter().scan(0, |step, stride| { *step += stride; Some(*step) }).collect();
            curves.push(series(steps.clone(), steps.iter().map(|step| *step as f64).collect()));
            let back = from_bytes(&to_bytes(&curves)).expect("of this form");
            prop_assert_eq!(back.len(), curves.len());
            for (back, curve) in back.iter().zip(&curves) {
                let bits = |curve: &Series| curve.values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!((&back.name, &back.steps, bits(back)), (&curve.name, &curve.steps, bits(curve)));
            }
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = bytes;
            bytes.insert(0, FORMAT);
            let _ = from_bytes(&bytes);
        }
    }
}
