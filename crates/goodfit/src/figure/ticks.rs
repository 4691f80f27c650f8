//! Where an axis gets its ticks, and how numbers are written on it.

use super::{Axis, Scale};

/// The ticks of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ticks {
    /// Value and text of each labelled tick.
    pub(super) major: Vec<(f64, String)>,
    /// Values of ticks without a label.
    pub(super) minor: Vec<f64>,
}

/// Ticks inside the range of an axis, about as many as asked for.
pub(super) fn ticks(axis: &Axis, wanted: usize) -> Ticks {
    let [low, high] = axis.range;
    if !axis.names.is_empty() {
        let major = axis.names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect();
        return Ticks { major, minor: Vec::new() };
    }
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Ticks::default();
    }
    match axis.scale {
        Scale::Linear => linear(low, high, wanted.max(2)),
        Scale::Log => log(low, high, wanted.max(2)),
    }
}

fn linear(low: f64, high: f64, wanted: usize) -> Ticks {
    let rough = (high - low) / wanted as f64;
    let decade = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|m| m * decade)
        .into_iter()
        .find(|&step| step >= rough * 0.999)
        .unwrap_or(10.0 * decade);
    let decimals = (0..8).find(|&d| is_whole(step * 10f64.powi(d))).unwrap_or(8) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let major = (first..=last)
        .map(|i| {
            let value = i as f64 * step;
            let text = if (1e-5..1e7).contains(&value.abs()) || i == 0 {
                grouped(value, decimals)
            } else {
                short_number(value)
            };
            (value, text)
        })
        .collect();
    Ticks { major, minor: Vec::new() }
}

fn log(low: f64, high: f64, wanted: usize) -> Ticks {
    let (first, last) = ((low.log10() - 1e-9).floor() as i32, (high.log10() + 1e-9).ceil() as i32);
    let inside = |value: f64| value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
    let decades: Vec<i32> = (first..=last).filter(|&d| inside(10f64.powi(d))).collect();
    let every = decades.len().div_ceil(wanted + 1).max(1) as i32;
    let mut major: Vec<(f64, String)> =
        decades.iter().filter(|&&d| d.rem_euclid(every) == 0).map(|&d| (10f64.powi(d), power_of_ten(d))).collect();
    let between = |factors: &[f64]| -> Vec<f64> {
        let all = (first..=last).flat_map(|d| factors.iter().map(move |f| f * 10f64.powi(d)));
        all.filter(|&value| inside(value)).collect()
    };
    if decades.len() < 3 {
        major.extend(between(&[2.0, 5.0]).into_iter().map(|value| (value, short_number(value))));
        for (value, text) in &mut major {
            *text = short_number(*value);
        }
        major.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let minor = if decades.len() <= 8 { between(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]) } else { Vec::new() };
    Ticks { major, minor }
}

/// A number with three significant digits, as people write it: 0.0316, 1.5×10⁻⁶, 60,000.
///
/// ```
/// use goodfit::figure::short_number;
/// assert_eq!(short_number(0.031_622_8), "0.0316");
/// assert_eq!(short_number(1.5e-6), "1.5×10⁻⁶");
/// assert_eq!(short_number(-60_000.0), "−60,000");
/// ```
pub fn short_number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    let text = format!("{value:.2e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..7).contains(&exponent) {
        let rounded: f64 = if is_whole(value) { value } else { text.parse().unwrap_or(value) };
        return trimmed(&grouped(rounded, (2 - exponent).max(0) as usize));
    }
    let digits = trimmed(&digits.replace('-', "−"));
    match digits.as_str() {
        "1" => power_of_ten(exponent),
        _ => format!("{digits}×{}", power_of_ten(exponent)),
    }
}

/// With a fixed number of decimals and commas between thousands from 10,000 on.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && whole.len() > 4 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    let zero = out.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !zero { format!("−{out}") } else { out }
}

fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    });
    match exponent {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        _ => "10".chars().chain(raised).collect(),
    }
}

/// Without zeros at the end of a fraction.
fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-6 * value.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, wanted: usize) -> Vec<String> {
        ticks(axis, wanted).major.into_iter().map(|(_, text)| text).collect()
    }

    fn log_axis(low: f64, high: f64) -> Axis {
        Axis { scale: Scale::Log, ..Axis::linear("", "", [low, high]) }
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(&Axis::linear("", "", [0.0, 1.0]), 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::linear("", "", [-0.5, 0.5]), 2), ["−0.5", "0.0", "0.5"]);
        assert_eq!(labels(&Axis::linear("", "", [0.0, 20_000.0]), 2), ["0", "10,000", "20,000"]);
    }

    #[test]
    fn log_ticks_are_decades_or_finer() {
        assert_eq!(labels(&log_axis(1e-6, 1e-2), 6), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"]);
        assert_eq!(labels(&log_axis(1e-3, 3e-2), 6), ["0.001", "0.002", "0.005", "0.01", "0.02"]);
        assert!(labels(&log_axis(1e-30, 1.0), 6).len() <= 8);
    }

    #[test]
    fn an_axis_without_a_range_has_no_ticks() {
        assert_eq!(ticks(&Axis::linear("", "", [1.0, 1.0]), 5), Ticks::default());
        assert_eq!(ticks(&Axis::linear("", "", [f64::NAN, 1.0]), 5), Ticks::default());
    }

    #[test]
    fn short_numbers() {
        let cases = [(0.0, "0"), (1.0, "1"), (0.1, "0.1"), (1e-4, "0.0001"), (1e-6, "10⁻⁶"), (-2.5e-8, "−2.5×10⁻⁸")];
        for (value, text) in cases {
            assert_eq!(short_number(value), text);
        }
        assert_eq!(short_number(0.541_169_5), "0.541");
        assert_eq!(short_number(12_345.0), "12,345");
        assert_eq!(short_number(f64::NAN), "not finite");
    }
}
