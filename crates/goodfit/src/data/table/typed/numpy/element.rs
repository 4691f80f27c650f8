//! The elements of an array: their types, and what their bytes say.

use super::super::Damage;
use super::super::cells::{Writer, half};

/// The type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    what: What,
    /// Its bytes.
    pub(super) size: usize,
    is_big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Truth,
    Integer,
    Unsigned,
    Float,
    /// Characters of 32 bits.
    Text,
    Bytes,
    /// Moments in units of so many seconds.
    Seconds(i64),
    /// Moments in units of which a second has so many.
    PerSecond(i64),
}

/// No element is larger than this.
const LARGEST: usize = 1 << 24;

impl Element {
    /// By its type as NumPy writes it, such as `<f8`.
    pub(super) fn parse(code: &str) -> Result<Self, Damage> {
        let is_big_endian = code.starts_with('>');
        let code = code.strip_prefix(['<', '>', '|', '=']).unwrap_or(code);
        let other = || {
            let hint = "numbers, texts, True and False and datetime64 are read: array.astype(float) makes numbers";
            Damage::new(format!("elements of the type {code:?}, which is not read")).hint(hint)
        };
        let kind = code.chars().next().ok_or_else(other)?;
        if kind == 'O' {
            let hint = "array.astype(float) or array.astype(str) makes an array that holds its values itself";
            return Err(Damage::new("an array of Python objects, which are not unpickled").hint(hint));
        }
        let rest = &code[kind.len_utf8()..];
        let (size, unit) = rest.split_once('[').unwrap_or((rest, ""));
        let size: usize = size.parse().ok().filter(|size| (1..=LARGEST).contains(size)).ok_or_else(other)?;
        let what = match (kind, size, unit) {
            ('b', 1, "") => What::Truth,
            ('i', 1 | 2 | 4 | 8, "") => What::Integer,
            ('u', 1 | 2 | 4 | 8, "") => What::Unsigned,
            ('f', 2 | 4 | 8, "") => What::Float,
            ('U', _, "") => What::Text,
            ('S', _, "") => What::Bytes,
            ('M', 8, unit) => match unit {
                "W]" => What::Seconds(7 * 86_400),
                "D]" => What::Seconds(86_400),
                "h]" => What::Seconds(3600),
                "m]" => What::Seconds(60),
                "s]" => What::Seconds(1),
                "ms]" => What::PerSecond(1000),
                "us]" => What::PerSecond(1_000_000),
                "ns]" => What::PerSecond(1_000_000_000),
                _ => return Err(other()),
            },
            _ => return Err(other()),
        };
        let size = if what == What::Text { 4 * size } else { size };
        Ok(Self { what, size, is_big_endian })
    }

    /// Writes what its bytes say.
    pub(super) fn write(self, bytes: &[u8], out: &mut Writer) {
        let unused = 64 - 8 * self.size.min(8) as u32;
        let signed = |bits: u64| (bits << unused) as i64 >> unused;
        match self.what {
            What::Truth => out.truth(bytes[0] != 0),
            What::Integer => out.integer(signed(self.bits(bytes))),
            What::Unsigned => out.integer(self.bits(bytes)),
            What::Float => match self.size {
                2 => out.float(half(self.bits(bytes) as u16)),
                4 => out.float(f32::from_bits(self.bits(bytes) as u32)),
                _ => out.float(f64::from_bits(self.bits(bytes))),
            },
            What::Text => {
                let characters = bytes.chunks_exact(4).map(|bytes| self.bits(bytes) as u32);
                let start = out.text.len();
                out.text.extend(characters.map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)));
                let end = out.text[start..].trim_end_matches('\0').len();
                out.text.truncate(start + end);
            }
            What::Bytes => {
                let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                out.bytes(&bytes[..end]);
            }
            What::Seconds(_) | What::PerSecond(_) if self.bits(bytes) as i64 == i64::MIN => {}
            What::Seconds(seconds) => out.moment((self.bits(bytes) as i64).saturating_mul(seconds), 0),
            What::PerSecond(n) => out.moment_in(self.bits(bytes) as i64, n),
        }
    }

    /// Up to eight bytes as one number.
    fn bits(self, bytes: &[u8]) -> u64 {
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.is_big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(code: &str, bytes: &[u8]) -> String {
        let element = Element::parse(code).expect("a type");
        assert_eq!(element.size, bytes.len(), "{code}");
        let mut out = Writer::new(false);
        element.write(bytes, &mut out);
        out.text
    }

    #[test]
    fn elements_of_both_byte_orders() {
        assert_eq!(written("|b1", &[1]), "True");
        assert_eq!(written("<i2", &[0xfe, 0xff]), "-2");
        assert_eq!(written(">i2", &[0xff, 0xfe]), "-2");
        assert_eq!(written("|u1", &[200]), "200");
        assert_eq!(written("<u8", &[0xff; 8]), u64::MAX.to_string());
        assert_eq!(written("<f2", &[0x00, 0x3c]), "1.0");
        assert_eq!(written(">f4", &0.1_f32.to_be_bytes()), "0.1");
        assert_eq!(written("<f8", &f64::NAN.to_le_bytes()), "");
        assert_eq!(written("<U2", &[b'a', 0, 0, 0, 0, 0, 0, 0]), "a");
        assert_eq!(written(">U2", &[0, 0, 0, 0xe9, 0, 0x11, 0, 0]), "é\u{fffd}");
        assert_eq!(written("|S3", b"ab\0"), "ab");
        assert_eq!(written("<M8[D]", &1_i64.to_le_bytes()), "1970-01-02");
        assert_eq!(written("<M8[ns]", &i64::MIN.to_le_bytes()), "");
        assert_eq!(written("<M8[ms]", &1500_i64.to_le_bytes()), "1970-01-01 00:00:01.5");
    }

    #[test]
    fn others_are_refused() {
        for code in ["", "<", "O", "|O8", "<c16", "<f16", "<i3", "<m8[ns]", "<M8[Y]", "|V4", "<U0", "<U99999999", "é8"]
        {
            assert!(Element::parse(code).is_err(), "{code}");
        }
    }
}
