//! The values of a column: their types, and what they say.

use jiff::SignedDuration;
use jiff::civil::Time;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::data_type::Int96;
use parquet::schema::types::ColumnDescriptor;

use super::super::cells::{Writer, half};

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// As they are stored: truth values, numbers, or moments of 96 bits.
    Plain,
    Unsigned,
    /// With so many digits behind the point.
    Decimal(usize),
    /// Days since 1970-01-01.
    Day,
    /// Since midnight, in a unit of which a second has so many.
    Time(i64),
    /// Since 1970-01-01, in such a unit.
    Moment(i64),
    Half,
    Text,
    Uuid,
}

/// No decimal number has more digits than this behind its point.
const MOST_DIGITS: i32 = 76;
/// The day 1970-01-01 in days of the Julian calendar.
const JULIAN_EPOCH: i64 = 2_440_588;

impl Value {
    /// By the type of a column; none where its values are none that a table has.
    pub(super) fn of(column: &ColumnDescriptor) -> Option<Self> {
        let physical = column.physical_type();
        let decimal = |scale: i32| (0..=MOST_DIGITS).contains(&scale).then_some(Self::Decimal(scale as usize));
        let per_second = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        };
        let logical = match column.logical_type_ref() {
            Some(logical) => match logical {
                LogicalType::String | LogicalType::Enum | LogicalType::Json => Some(Self::Text),
                LogicalType::Decimal(decimals) => return decimal(decimals.scale),
                LogicalType::Date => Some(Self::Day),
                LogicalType::Time(time) => Some(Self::Time(per_second(&time.unit))),
                LogicalType::Timestamp(time) => Some(Self::Moment(per_second(&time.unit))),
                LogicalType::Integer(integer) if !integer.is_signed => Some(Self::Unsigned),
                LogicalType::Integer(_) => Some(Self::Plain),
                LogicalType::Uuid => Some(Self::Uuid),
                LogicalType::Float16 => Some(Self::Half),
                // A column without a value has no type to speak of.
                LogicalType::Unknown => None,
                _ => return None,
            },
            None => match column.converted_type() {
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Some(Self::Text),
                ConvertedType::DECIMAL => return decimal(column.type_scale()),
                ConvertedType::DATE => Some(Self::Day),
                ConvertedType::TIME_MILLIS => Some(Self::Time(1000)),
                ConvertedType::TIME_MICROS => Some(Self::Time(1_000_000)),
                ConvertedType::TIMESTAMP_MILLIS => Some(Self::Moment(1000)),
                ConvertedType::TIMESTAMP_MICROS => Some(Self::Moment(1_000_000)),
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                    Some(Self::Unsigned)
                }
                ConvertedType::NONE
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64 => None,
                _ => return None,
            },
        };
        match (logical, physical) {
            (Some(value), _) => Some(value),
            // Old writers do not say that bytes are a text.
            (None, Type::BYTE_ARRAY) => Some(Self::Text),
            (None, Type::FIXED_LEN_BYTE_ARRAY) => None,
            (None, _) => Some(Self::Plain),
        }
    }

    /// Writes a whole number of 32 or 64 bits.
    pub(super) fn integer<N: Into<i64> + Copy>(self, x: N, out: &mut Writer) {
        let x = x.into();
        match self {
            Self::Unsigned if size_of::<N>() == 4 => out.integer(x as u32),
            Self::Unsigned => out.integer(x as u64),
            Self::Decimal(scale) => out.decimal(i128::from(x), scale),
            Self::Day => out.moment(x.saturating_mul(86_400), 0),
            Self::Time(per_second) => time_of_day(x, per_second, out),
            Self::Moment(per_second) => out.moment_in(x, per_second),
            _ => out.integer(x),
        }
    }

    /// Writes some bytes.
    pub(super) fn bytes(self, bytes: &[u8], out: &mut Writer) {
        match (self, bytes) {
            (Self::Decimal(scale), _) => decimal(bytes, scale, out),
            (Self::Half, &[low, high]) => out.float(half(u16::from_le_bytes([low, high]))),
            (Self::Uuid, _) => {
                for (i, byte) in bytes.iter().enumerate() {
                    out.text += if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
                    out.text
                        .extend([byte >> 4, byte & 0xf].map(|digit| char::from(b"0123456789abcdef"[digit as usize])));
                }
            }
            _ => out.bytes(bytes),
        }
    }
}

/// Writes a moment of 96 bits: nanoseconds of a day, and the day of the Julian calendar.
pub(super) fn moment_of_96_bits(x: &Int96, out: &mut Writer) {
    let [low, high, day] = [0, 1, 2].map(|i| i64::from(x.data()[i]));
    let nanoseconds = high << 32 | low;
    let seconds = (day - JULIAN_EPOCH) * 86_400 + nanoseconds.div_euclid(1_000_000_000);
    out.moment(seconds, nanoseconds.rem_euclid(1_000_000_000) as i32);
}

/// Writes a time of day, counted from midnight in a unit of which a second has so many; the count itself where it is none.
fn time_of_day(count: i64, per_second: i64, out: &mut Writer) {
    let nanoseconds = count.rem_euclid(per_second) * (1_000_000_000 / per_second);
    let since = SignedDuration::new(count.div_euclid(per_second), nanoseconds as i32);
    match Time::midnight().checked_add(since) {
        Ok(at) => out.text += &at.to_string(),
        Err(_) => out.integer(count),
    }
}

/// Writes a number of which the bytes are a whole one, its highest byte first, in two's complement.
fn decimal(bytes: &[u8], scale: usize, out: &mut Writer) {
    let sign = if bytes.first().is_some_and(|byte| byte >> 7 == 1) { -1_i128 } else { 0 };
    let excess = bytes.len().saturating_sub(16);
    if bytes[..excess].iter().all(|&byte| byte == sign as u8) {
        let unscaled = bytes[excess..].iter().fold(sign, |number, byte| number << 8 | i128::from(*byte));
        // Only a sign that all bytes agree on is that of the number.
        if excess == 0 || (unscaled < 0) == (sign < 0) {
            return out.decimal(unscaled, scale);
        }
    }
    // More digits than 128 bits hold, of which a number of 64 bits has the first ones.
    let unscaled = bytes.iter().fold(sign as f64, |number, byte| number * 256.0 + f64::from(*byte));
    out.float(unscaled / 10_f64.powi(scale as i32));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Writer)) -> String {
        let mut out = Writer::new(false);
        write(&mut out);
        out.text
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(written(|out| Value::Plain.integer(-1_i32, out)), "-1");
        assert_eq!(written(|out| Value::Unsigned.integer(-1_i32, out)), u32::MAX.to_string());
        assert_eq!(written(|out| Value::Unsigned.integer(-1_i64, out)), u64::MAX.to_string());
        assert_eq!(written(|out| Value::Decimal(2).integer(-5_i32, out)), "-0.05");
        assert_eq!(written(|out| Value::Day.integer(19_753_i32, out)), "2024-01-31");
        assert_eq!(written(|out| Value::Moment(1000).integer(1500_i64, out)), "1970-01-01 00:00:01.5");
        assert_eq!(written(|out| Value::Time(1000).integer(1500_i32, out)), "00:00:01.5");
        assert_eq!(written(|out| Value::Time(1000).integer(-1_i32, out)), "-1");
        assert_eq!(written(|out| Value::Day.integer(i32::MAX, out)), (i64::from(i32::MAX) * 86_400).to_string());
    }

    #[test]
    fn bytes() {
        assert_eq!(written(|out| Value::Half.bytes(&[0, 0x3c], out)), "1.0");
        assert_eq!(written(|out| Value::Decimal(1).bytes(&[0xff, 0x85], out)), "-12.3");
        assert_eq!(written(|out| Value::Decimal(1).bytes(&[], out)), "0.0");
        assert_eq!(written(|out| Value::Decimal(0).bytes(&[0xff; 32], out)), "-1");
        let large = [&[0_u8, 1][..], &[0; 16]].concat();
        assert_eq!(written(|out| Value::Decimal(0).bytes(&large, out)), format!("{:?}", 2_f64.powi(128)));
        let edge = [&[0_u8, 0x80][..], &[0; 15]].concat();
        assert_eq!(written(|out| Value::Decimal(0).bytes(&edge, out)), format!("{:?}", 2_f64.powi(127)));
        let uuid = written(|out| Value::Uuid.bytes(&(0..16).collect::<Vec<u8>>(), out));
        assert_eq!(uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }

    #[test]
    fn moments_of_96_bits() {
        let mut x = Int96::new();
        x.set_data(1_500_000_000, 0, 2_440_589);
        assert_eq!(written(|out| moment_of_96_bits(&x, out)), "1970-01-02 00:00:01.5");
        x.set_data(u32::MAX, u32::MAX, u32::MAX);
        assert!(!written(|out| moment_of_96_bits(&x, out)).is_empty());
    }
}
