//! How inputs are scaled, fitted on training rows: a file for each way.

mod min_max;
mod quantile;
mod robust;
mod standard;

use serde::{Deserialize, Serialize};

pub(crate) use min_max::MinMax;
pub(crate) use quantile::Quantiles;
pub(crate) use robust::Robust;
pub(crate) use standard::Standard;

/// How inputs are scaled.
///
/// | scaling | x becomes | beyond the training rows |
/// |---|---|---|
/// | robust | `u / sqrt(1 + (u / 3)^2)`, `u = (x - median) / (q75 - q25)` | tends to -3 and 3 |
/// | standard | `(x - mean) / sd`, with n | not clipped |
/// | quantile | the normal score of its rank | -5.199 and 5.199 |
/// | min-max | `(x - min) / (max - min)` | 0 and 1 |
///
/// Robust scaling takes every input, those of levels and the indicators of missing numbers included, as the authors of
/// `RealMLP` do. The others take numbers and the parts of dates and leave the inputs that are only 0 and 1, or -1 and 1,
/// as they are, as scikit-learn's pipelines and `TabM` do. An input that is the same in all training rows becomes 0.
/// Infinite numbers are no part of what is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// By median and quartiles, clipped smoothly.
    #[default]
    Robust,
    /// To mean 0 and standard deviation 1.
    Standard,
    /// To a normal distribution.
    Quantile,
    /// To [0, 1].
    MinMax,
}

impl Scaling {
    const ALL: [Self; 4] = [Self::Robust, Self::Standard, Self::Quantile, Self::MinMax];

    /// The names of all in a recipe.
    pub const NAMES: &[&str] = &["robust", "standard", "quantile", "min-max"];

    /// The scaling of that name.
    pub fn named(name: &str) -> Option<Self> {
        super::named(&Self::ALL, Self::NAMES, name)
    }
}

/// What an input holds that is to be scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputKind {
    /// A number, or a part of a date.
    Number,
    /// 0 or 1, or -1 or 1.
    Indicator,
}

/// What was fitted, for each input; `None` is left as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scales {
    Standard(Vec<Option<Standard>>),
    Quantile(Vec<Option<Quantiles>>),
    MinMax(Vec<Option<MinMax>>),
    /// A plain list, as models were written that knew no other.
    #[serde(untagged)]
    Robust(Vec<Robust>),
}

impl Scales {
    /// Those of no input.
    pub(super) fn none(scaling: Scaling) -> Self {
        match scaling {
            Scaling::Robust => Self::Robust(Vec::new()),
            Scaling::Standard => Self::Standard(Vec::new()),
            Scaling::Quantile => Self::Quantile(Vec::new()),
            Scaling::MinMax => Self::MinMax(Vec::new()),
        }
    }

    /// Fits a further input to its finite values in ascending order.
    pub(super) fn push(&mut self, sorted: &[f32], kind: InputKind) {
        let is_number = kind == InputKind::Number;
        match self {
            Self::Robust(all) => all.push(Robust::fit(sorted)),
            Self::Standard(all) => all.push(is_number.then(|| Standard::fit(sorted))),
            Self::Quantile(all) => all.push(is_number.then(|| Quantiles::fit(sorted))),
            Self::MinMax(all) => all.push(is_number.then(|| MinMax::fit(sorted))),
        }
    }

    /// Scales the inputs of a row.
    pub(super) fn apply(&self, row: &mut [f32]) {
        match self {
            Self::Robust(all) => row.iter_mut().zip(all).for_each(|(x, scale)| *x = scale.apply(*x)),
            Self::Standard(all) => each(row, all, |scale, x| scale.apply(x)),
            Self::Quantile(all) => each(row, all, Quantiles::apply),
            Self::MinMax(all) => each(row, all, |scale, x| scale.apply(x)),
        }
    }

    /// Takes back what bends the inputs of a row: they become a linear function of the numbers that they were, within the
    /// range of the training rows where they were clipped to it.
    pub(super) fn straighten(&self, row: &mut [f32]) {
        match self {
            Self::Robust(all) => row.iter_mut().zip(all).for_each(|(x, _)| *x = Robust::unclipped(*x)),
            Self::Quantile(all) => each(row, all, Quantiles::number),
            Self::Standard(_) | Self::MinMax(_) => {}
        }
    }

    /// Number of inputs.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Robust(all) => all.len(),
            Self::Standard(all) => all.len(),
            Self::Quantile(all) => all.len(),
            Self::MinMax(all) => all.len(),
        }
    }

    /// Whether they can be applied; those that were read from a file may not.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Robust(_) => true,
            Self::Standard(all) => all.iter().flatten().all(|scale| scale.is_sound()),
            Self::Quantile(all) => all.iter().flatten().all(Quantiles::is_sound),
            Self::MinMax(all) => all.iter().flatten().all(|scale| scale.is_sound()),
        }
    }
}

fn each<S>(row: &mut [f32], scales: &[Option<S>], apply: impl Fn(&S, f32) -> f32) {
    for (x, scale) in row.iter_mut().zip(scales) {
        if let Some(scale) = scale {
            *x = apply(scale, *x);
        }
    }
}

/// The first and the last of sorted numbers; 0 of none.
fn ends(sorted: &[f32]) -> (f32, f32) {
    (sorted.first().copied().unwrap_or(0.0), sorted.last().copied().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, scaling) in Scaling::NAMES.iter().zip(Scaling::ALL) {
            assert_eq!(Scaling::named(name), Some(scaling));
        }
        assert_eq!((Scaling::named("none"), Scaling::default()), (None, Scaling::Robust));
    }

    #[test]
    fn written_and_read_again() {
        for scaling in Scaling::ALL {
            let mut scales = Scales::none(scaling);
            scales.push(&[1.0, 2.0, 4.0], InputKind::Number);
            scales.push(&[0.0, 0.0, 1.0], InputKind::Indicator);
            let text = serde_json::to_string(&scales).expect("written");
            let read: Scales = serde_json::from_str(&text).expect("read");
            assert_eq!(read, scales);
            assert!(read.is_sound() && read.len() == 2, "{text}");
            let mut row = [2.0, 1.0];
            read.apply(&mut row);
            assert_eq!(row[1] == 1.0, scaling != Scaling::Robust, "an indicator stays as it is: {row:?}");
        }
        let mut robust = Scales::none(Scaling::Robust);
        robust.push(&[1.0, 2.0, 4.0], InputKind::Number);
        let text = serde_json::to_string(&robust).expect("written");
        assert_eq!(text, r#"[{"median":2.0,"factor":0.6666667}]"#, "the form that models had before there were others");
    }

    #[test]
    fn what_is_straight_is_a_line_over_the_numbers() {
        let numbers: Vec<f32> = (-40..=60).map(|i| (i as f32 / 20.0).powi(5)).collect();
        for scaling in Scaling::ALL {
            let mut scales = Scales::none(scaling);
            scales.push(&numbers, InputKind::Number);
            scales.push(&[0.0, 0.0, 1.0], InputKind::Indicator);
            let straight = |x: f32| {
                let mut row = [x, 1.0];
                scales.apply(&mut row);
                scales.straighten(&mut row);
                row[0]
            };
            let (first, last) = (numbers[0], numbers[100]);
            let slope = (straight(last) - straight(first)) / (last - first);
            for &x in &numbers {
                let expected = straight(first) + slope * (x - first);
                assert!((straight(x) - expected).abs() < 2e-3 * slope.abs() * (last - first), "{scaling:?}: {x}");
            }
        }
    }

    #[test]
    fn what_no_fit_can_be() {
        for text in [
            r#"{"standard":[{"mean":0.0,"sd":-1.0,"low":0.0,"high":1.0}]}"#,
            r#"{"min-max":[null,{"low":1.0,"high":0.0}]}"#,
            r#"{"quantile":[{"values":[],"scores":[]}]}"#,
            r#"{"quantile":[{"values":[1.0,1.0],"scores":[0.0,1.0]}]}"#,
            r#"{"quantile":[{"values":[1.0,2.0],"scores":[0.0]}]}"#,
        ] {
            let scales: Scales = serde_json::from_str(text).expect("read");
            assert!(!scales.is_sound(), "{text}");
        }
    }
}
