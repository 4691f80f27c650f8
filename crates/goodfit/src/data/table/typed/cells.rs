//! Values as the texts that pandas writes into a CSV, from which the same values are read again.

use std::fmt::{Debug, Write as _};

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A text that cells are written to.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) text: String,
    /// Whether numbers have a decimal comma, as those of a CSV that a model knows.
    pub(super) decimal_comma: bool,
}

impl Writer {
    pub(super) fn new(decimal_comma: bool) -> Self {
        Self { text: String::new(), decimal_comma }
    }

    pub(super) fn truth(&mut self, x: bool) {
        self.text += if x { "True" } else { "False" };
    }

    pub(super) fn integer(&mut self, x: impl Into<i128>) {
        self.decimal(x.into(), 0);
    }

    /// The shortest text from which the same number of 32 or 64 bits is read; none where it is NaN.
    pub(super) fn float<F: Debug + Into<f64> + Copy>(&mut self, x: F) {
        if x.into().is_nan() {
            return;
        }
        let start = self.text.len();
        self.show(format_args!("{x:?}"));
        self.localise(start);
    }

    /// `unscaled` / 10^`scale`, with all of its digits.
    pub(super) fn decimal(&mut self, unscaled: i128, scale: usize) {
        let start = self.text.len();
        if unscaled < 0 {
            self.text.push('-');
        }
        let digits = unscaled.unsigned_abs();
        if scale == 0 {
            self.show(format_args!("{digits}"));
        } else {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, rest) = digits.split_at(digits.len() - scale);
            self.show(format_args!("{whole}.{rest}"));
            self.localise(start);
        }
    }

    /// A moment as `2024-01-31 12:30:00`, at midnight the day alone; where no calendar goes that far, the seconds.
    pub(super) fn moment(&mut self, seconds: i64, nanoseconds: i32) {
        match EPOCH.checked_add(SignedDuration::new(seconds, nanoseconds)) {
            Ok(at) if at.time() == Time::midnight() => self.show(format_args!("{}", at.date())),
            Ok(at) => self.show(format_args!("{} {}", at.date(), at.time())),
            Err(_) => self.integer(seconds),
        }
    }

    /// Such a moment, counted in a unit of which a second has `per_second`.
    pub(super) fn moment_in(&mut self, count: i64, per_second: i64) {
        let nanoseconds = count.rem_euclid(per_second) * (1_000_000_000 / per_second);
        self.moment(count.div_euclid(per_second), nanoseconds as i32);
    }

    /// A text of UTF-8; bytes that are none are written as `\xff`, so that different ones stay different.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            self.text += chunk.valid();
            for byte in chunk.invalid() {
                self.show(format_args!("\\x{byte:02x}"));
            }
        }
    }

    fn show(&mut self, what: std::fmt::Arguments<'_>) {
        // A `String` takes whatever is written to it.
        let _ = self.text.write_fmt(what);
    }

    fn localise(&mut self, start: usize) {
        if self.decimal_comma
            && let Some(at) = self.text[start..].find('.')
        {
            self.text.replace_range(start + at..=start + at, ",");
        }
    }
}

/// A number of 16 bits: a sign, 5 bits of the exponent, 10 of the mantissa (IEEE 754 binary16).
pub(super) fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => mantissa * 2_f32.powi(-24),
        0x1f if mantissa == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1024.0 + mantissa) * 2_f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Writer)) -> [String; 2] {
        [false, true].map(|decimal_comma| {
            let mut writer = Writer::new(decimal_comma);
            write(&mut writer);
            writer.text
        })
    }

    #[test]
    fn numbers() {
        assert_eq!(written(|w| w.float(0.1_f32)), ["0.1", "0,1"]);
        assert_eq!(written(|w| w.float(1.0_f64)), ["1.0", "1,0"]);
        assert_eq!(written(|w| w.float(-1.5e300_f64)), ["-1.5e300", "-1,5e300"]);
        assert_eq!(written(|w| w.float(f64::NAN))[0], "");
        assert_eq!(written(|w| w.float(f32::NEG_INFINITY))[0], "-inf");
        assert_eq!(written(|w| w.integer(u64::MAX))[0], "18446744073709551615");
        assert_eq!(written(|w| w.integer(i64::MIN))[0], "-9223372036854775808");
        assert_eq!(written(|w| w.decimal(-1250, 2)), ["-12.50", "-12,50"]);
        assert_eq!(written(|w| w.decimal(7, 3))[0], "0.007");
        assert_eq!(written(|w| w.decimal(i128::MIN, 1))[0].len(), 41);
    }

    #[test]
    fn bytes_that_are_no_text() {
        assert_eq!(written(|w| w.bytes("Köln".as_bytes()))[0], "Köln");
        assert_eq!(written(|w| w.bytes(b"a\xff\x80b"))[0], r"a\xff\x80b");
        assert_ne!(written(|w| w.bytes(&[0xff, 0xfe])), written(|w| w.bytes(&[0xfe, 0xff])));
    }

    #[test]
    fn moments() {
        assert_eq!(written(|w| w.moment(86_400, 0))[0], "1970-01-02");
        assert_eq!(written(|w| w.moment_in(-1, 1000))[0], "1969-12-31 23:59:59.999");
        assert_eq!(written(|w| w.moment_in(1_500_000, 1_000_000)), ["1970-01-01 00:00:01.5"; 2]);
        assert_eq!(written(|w| w.moment(i64::MAX, 0))[0], i64::MAX.to_string());
        assert_eq!(written(|w| w.moment(i64::MIN, 999_999_999))[0], i64::MIN.to_string());
    }

    #[test]
    fn halves() {
        let known =
            [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65_504.0), (0x0001, 2_f32.powi(-24)), (0x3555, 0.333_251_95)];
        for (bits, x) in known {
            assert_eq!(half(bits), x, "{bits:#x}");
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan() && half(0x8000).is_sign_negative());
    }
}
