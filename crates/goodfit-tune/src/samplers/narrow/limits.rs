//! What the ranges of a search may be, and how far they may widen.

use super::{Options, Range};
use crate::{Distribution, SamplerError, Space};

/// A distribution with room at either end, for a space in which ranges may widen: on its own scale (the value, or its
/// logarithm) `room` widths more at either end, within `hard` limits that the parameter has from its nature. A range
/// that does not begin below 0 does not get there either, ranges with steps grow by whole steps, and choices stay.
///
/// | distribution | from low | to high |
/// |---|---|---|
/// | linear | low - room (high - low) | high + room (high - low) |
/// | logarithmic | low / (high / low)^room | high (high / low)^room |
///
/// ```
/// use goodfit_tune::Distribution;
/// use goodfit_tune::samplers::narrow::wider;
/// let depth = Distribution::Int { low: 2, high: 6, log: false, step: 1 };
/// let limits = Distribution::Int { low: 1, high: 8, log: false, step: 1 };
/// assert_eq!(wider(&depth, 0.5, (1.0, f64::INFINITY)), limits);
/// ```
pub fn wider(distribution: &Distribution, room: f64, hard: (f64, f64)) -> Distribution {
    let wide = match *distribution {
        Distribution::Float { low, high, log: true, .. } => {
            let more = libm::exp(room * (libm::log(high) - libm::log(low)));
            let (low, high) = ((low / more).max(hard.0).min(low), (high * more).min(hard.1).max(high));
            Distribution::Float { low, high, log: true, step: None }
        }
        Distribution::Float { low, high, step: None, .. } => {
            let more = room * (high - low);
            let floor = if low >= 0.0 { hard.0.max(0.0) } else { hard.0 };
            let (low, high) = ((low - more).max(floor).min(low), (high + more).min(hard.1).max(high));
            Distribution::Float { low, high, log: false, step: None }
        }
        Distribution::Float { low, high, step: Some(step), .. } => {
            let more = (room * (high - low) / step + 1e-9).floor();
            let floor = if low >= 0.0 { hard.0.max(0.0) } else { hard.0 };
            let down = more.min(((low - floor) / step + 1e-9).floor()).max(0.0);
            let up = more.min(((hard.1 - high) / step + 1e-9).floor()).max(0.0);
            let low = if floor <= low { (low - down * step).max(floor) } else { low };
            Distribution::Float { low, high: high + up * step, log: false, step: Some(step) }
        }
        Distribution::Int { low, high, log: true, .. } => {
            let more = libm::exp(room * (libm::log(high as f64) - libm::log(low as f64)));
            let least = (low as f64 / more - 1e-9).max(hard.0).ceil().max(1.0) as i64;
            let most = (high as f64 * more * (1.0 + 1e-12)).min(hard.1).floor() as i64;
            Distribution::Int { low: least.min(low), high: most.max(high), log: true, step: 1 }
        }
        Distribution::Int { low, high, step, .. } => {
            let width = step as f64;
            let more = (room * (high as f64 - low as f64) / width + 1e-9).floor();
            let floor = if low >= 0 { hard.0.max(0.0) } else { hard.0 };
            let down = more.min(((low as f64 - floor) / width).floor()).max(0.0) as i64;
            let up = more.min(((hard.1 - high as f64) / width).floor()).max(0.0) as i64;
            let end = |from: i64, steps: i64| steps.checked_mul(step).and_then(|way| from.checked_add(way));
            let (low, high) = (end(low, -down).unwrap_or(low), end(high, up).unwrap_or(high));
            Distribution::Int { low, high, log: false, step }
        }
        Distribution::Categorical { .. } => return distribution.clone(),
    };
    if wide.check("").is_ok() { wide } else { distribution.clone() }
}

impl Options {
    /// Whether rounds can be made of it.
    pub(super) fn check(&self, space: &Space) -> Result<(), SamplerError> {
        let wrong = |what: String| Err(SamplerError::Setting { sampler: "narrow", what });
        if self.round == 0 {
            return wrong("a round needs at least 1 trial, got 0".to_owned());
        }
        if self.least < 2 {
            return wrong(format!("it has to keep at least 2 trials, got {}", self.least));
        }
        for (name, value, fits, range) in [
            ("the share that is kept", self.keep, self.keep > 0.0 && self.keep <= 0.5, "above 0 and at most 0.5"),
            ("the quantile", self.quantile, (0.0..0.5).contains(&self.quantile), "from 0 to below 0.5"),
            ("the margin", self.margin, self.margin >= 0.0 && self.margin.is_finite(), "0 or more"),
            ("the shrinking", self.shrink, self.shrink > 0.0 && self.shrink <= 1.0, "above 0 and at most 1"),
            ("the narrowest width", self.min_width, (0.0..=1.0).contains(&self.min_width), "from 0 to 1"),
            ("the edge", self.edge, self.edge > 0.0 && self.edge < 0.5, "above 0 and below 0.5"),
            ("the widening", self.widen, self.widen >= 0.0 && self.widen.is_finite(), "0 or more"),
            ("the level", self.level, (0.0..=1.0).contains(&self.level), "from 0 to 1"),
        ] {
            if !fits {
                return wrong(format!("{name} has to be {range}, got {value}"));
            }
        }
        for (name, start) in &self.start {
            let Some(whole) = space.get(name) else {
                return wrong(format!("it has a first range for {name}, which the space does not have"));
            };
            if start.check(name).is_err() || !inside(start, whole) {
                return wrong(format!("the first range of {name} is no part of the space"));
            }
        }
        Ok(())
    }
}

/// Whether a range is part of another on the same scale.
fn inside(part: &Distribution, whole: &Distribution) -> bool {
    let same_scale = match (part, whole) {
        (Distribution::Float { log: a, step: None, .. }, Distribution::Float { log: b, step: None, .. }) => a == b,
        (Distribution::Float { step: Some(a), .. }, Distribution::Float { step: Some(b), .. }) => (a - b).abs() <= 0.0,
        (Distribution::Int { log: a, step: s, .. }, Distribution::Int { log: b, step: t, .. }) => a == b && s == t,
        (Distribution::Categorical { .. }, _) => part == whole,
        _ => false,
    };
    same_scale
        && match Range::whole(part) {
            Range::Between { low, high } => whole.contains(low) && whole.contains(high),
            Range::Choices(_) => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_at_either_end() {
        let float = |low, high, log, step| Distribution::Float { low, high, log, step };
        let int = |low, high, log, step| Distribution::Int { low, high, log, step };
        let any = (f64::NEG_INFINITY, f64::INFINITY);
        for (distribution, room, hard, expected) in [
            (float(-1.0, 1.0, false, None), 0.5, any, float(-2.0, 2.0, false, None)),
            (float(0.0, 0.5, false, None), 0.5, (0.0, 0.6), float(0.0, 0.6, false, None)),
            (float(1.0, 2.0, false, None), 3.0, any, float(0.0, 5.0, false, None)),
            (float(1.0, 4.0, true, None), 0.5, any, float(0.5, 8.0, true, None)),
            (float(1.0, 2.0, false, Some(0.25)), 0.4, any, float(0.75, 2.25, false, Some(0.25))),
            (float(0.0, 1.0, false, Some(0.25)), 0.5, (0.0, 1.3), float(0.0, 1.25, false, Some(0.25))),
            // Limits that do not hold the range itself move nothing.
            (float(1.0, 2.0, false, None), 1.0, (1.5, 1.6), float(1.0, 2.0, false, None)),
            (int(2, 6, false, 2), 0.5, any, int(0, 8, false, 2)),
            (int(4, 64, true, 1), 0.5, (2.0, f64::INFINITY), int(2, 256, true, 1)),
            (int(i64::MIN, i64::MAX, false, 1), 1.0, any, int(i64::MIN, i64::MAX, false, 1)),
            (int(1, i64::MAX, true, 1), 1.0, any, int(1, i64::MAX, true, 1)),
            (Distribution::categorical(["a"]), 1.0, any, Distribution::categorical(["a"])),
        ] {
            let wide = wider(&distribution, room, hard);
            let ends = |distribution: &Distribution| match *distribution {
                Distribution::Float { low, high, .. } => (low, high),
                _ => (0.0, 0.0),
            };
            let ((a, b), (c, d)) = (ends(&wide), ends(&expected));
            assert!((a - c).abs() < 1e-12 && (b - d).abs() < 1e-12, "{distribution:?}: {wide:?}");
            if !matches!(wide, Distribution::Float { .. }) {
                assert_eq!(wide, expected);
            }
            assert!(inside(&distribution, &wide), "{distribution:?} in {wide:?}");
        }
    }

    #[test]
    fn errors() {
        let space = Space::new([("x", Distribution::Float { low: 0.0, high: 1.0, log: false, step: None })]);
        let space = space.expect("a space");
        let start =
            |name: &str, high| vec![(name.to_owned(), Distribution::Float { low: 0.5, high, log: false, step: None })];
        let options = Options::default;
        assert_eq!(Options { start: start("x", 1.0), ..options() }.check(&space), Ok(()));
        for (options, message) in [
            (Options { round: 0, ..options() }, "narrow: a round needs at least 1 trial, got 0"),
            (
                Options { keep: 0.6, ..options() },
                "narrow: the share that is kept has to be above 0 and at most 0.5, got 0.6",
            ),
            (Options { level: f64::NAN, ..options() }, "narrow: the level has to be from 0 to 1, got NaN"),
            (
                Options { start: start("y", 1.0), ..options() },
                "narrow: it has a first range for y, which the space does not have",
            ),
            (Options { start: start("x", 1.1), ..options() }, "narrow: the first range of x is no part of the space"),
        ] {
            assert_eq!(options.check(&space).expect_err(message).to_string(), message);
        }
    }
}
