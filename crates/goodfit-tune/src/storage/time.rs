//! Times: microseconds since 1970 (UTC), and as text in the form that databases keep.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in microseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(feature = "sqlite")]
pub(super) use text::from_text;
#[cfg(feature = "sqlite")]
pub use text::to_text;

#[cfg(feature = "sqlite")]
mod text {
    const MICROS: i64 = 1_000_000;
    const DAY: i64 = 86_400;
    /// Days from the first of March of the year 0 to 1970. A year that begins in March ends with its leap day.
    const EPOCH: i64 = 719_468;
    /// Days of 400 years.
    const ERA: i64 = 146_097;

    /// Microseconds since 1970 as `YYYY-MM-DD HH:MM:SS.ffffff` (UTC), the form in which databases keep times.
    pub fn to_text(micros: i64) -> String {
        let seconds = micros.div_euclid(MICROS);
        let (days, second) = (seconds.div_euclid(DAY) + EPOCH, seconds.rem_euclid(DAY));
        let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let (year, micros) = (year + 400 * era, micros.rem_euclid(MICROS));
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}")
    }

    /// The inverse; the fraction may have any number of digits, or be missing.
    pub(in crate::storage) fn from_text(text: &str) -> Option<i64> {
        let (date, time) = text.trim().split_once([' ', 'T'])?;
        let [year, month, day] = numbers(date, '-')?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let [hour, minute, second] = numbers(time, ':')?;
        let fits = (0..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        if !fits || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let days = era * ERA + 365 * year + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1 - EPOCH;
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let micros: i64 = fraction.parse().ok().filter(|micros| *micros >= 0)?;
        Some((days * DAY + hour * 3_600 + minute * 60 + second) * MICROS + micros)
    }

    fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split(separator).map(|part| is_number(part).then(|| part.parse().ok()).flatten());
        parts.collect::<Option<Vec<i64>>>()?.try_into().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn there_and_back() {
            for (micros, text) in [
                (0, "1970-01-01 00:00:00.000000"),
                (951_782_400_000_001, "2000-02-29 00:00:00.000001"),
                (951_868_799_999_999, "2000-02-29 23:59:59.999999"),
                (1_709_251_200_000_000, "2024-03-01 00:00:00.000000"),
                (4_107_542_399_500_000, "2100-02-28 23:59:59.500000"),
                (-1, "1969-12-31 23:59:59.999999"),
            ] {
                assert_eq!(to_text(micros), text);
                assert_eq!(from_text(text), Some(micros), "{text}");
            }
            // Every day of 800 years.
            for day in -146_097..146_097 {
                let micros = day * DAY * MICROS;
                assert_eq!(from_text(&to_text(micros)), Some(micros), "{}", to_text(micros));
            }
        }

        #[test]
        fn other_texts() {
            assert_eq!(from_text("1970-01-01T00:00:01"), Some(MICROS));
            assert_eq!(from_text("1970-01-01 00:00:01.5"), Some(MICROS * 3 / 2));
            for text in ["", "1970", "1970-01-01", "1970-13-01 00:00:00", "a-b-c d:e:f", "1970-01-01 00:00:00.x"] {
                assert_eq!(from_text(text), None, "{text}");
            }
        }
    }
}
