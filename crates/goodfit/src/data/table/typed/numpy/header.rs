//! The header of an array: the types of its elements, its shape, and in which order they stand.

use std::io::{ErrorKind, Read};

use super::super::Damage;
use super::element::Element;
use super::literal::Literal;

/// What stands before the elements of an array.
#[derive(Debug)]
pub(super) struct Header {
    /// What an element consists of.
    pub(super) fields: Vec<Field>,
    /// Bytes of an element.
    pub(super) size: usize,
    /// Whether those of a column stand behind each other.
    pub(super) is_fortran: bool,
    pub(super) shape: Vec<u64>,
    /// Bytes of the header itself.
    pub(super) length: u64,
}

/// A part of an element.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// Its name; of an element that has no parts none.
    pub(super) name: Option<String>,
    pub(super) element: Element,
    /// Where in the element it begins.
    pub(super) offset: usize,
}

/// Longer headers name more fields than a table has columns.
const LONGEST: u32 = 1 << 24;

impl Header {
    /// Reads a header of version 1, 2 or 3.
    pub(super) fn read(mut file: impl Read) -> Result<Self, Damage> {
        let mut start = [0; 8];
        fill(&mut file, &mut start)?;
        let (length, before) = match start[6] {
            _ if !start.starts_with(b"\x93NUMPY") => return Err(damaged("it does not begin as an array of NumPy")),
            1 => {
                let mut length = [0; 2];
                fill(&mut file, &mut length)?;
                (u32::from(u16::from_le_bytes(length)), 10)
            }
            2 | 3 => {
                let mut length = [0; 4];
                fill(&mut file, &mut length)?;
                (u32::from_le_bytes(length), 12)
            }
            other => return Err(damaged(format!("version {other} of the format, expected 1, 2 or 3"))),
        };
        if length > LONGEST {
            return Err(damaged(format!("a header of {length} bytes, expected at most {LONGEST}")));
        }
        let mut text = Vec::new();
        file.take(u64::from(length)).read_to_end(&mut text).map_err(cut_off)?;
        if text.len() < length as usize {
            return Err(cut_off(ErrorKind::UnexpectedEof.into()));
        }
        // Versions 1 and 2 are Latin-1, whose names beyond ASCII no header has in practice.
        let text = String::from_utf8_lossy(&text);
        let header = Literal::parse(&text).ok_or_else(|| damaged("a header that is none of NumPy"))?;
        let lacks = |what: &str| damaged(format!("a header without {what}"));
        let (fields, size) = fields(header.get("descr").ok_or_else(|| lacks("a type"))?)?;
        let Some(&Literal::Truth(is_fortran)) = header.get("fortran_order") else { return Err(lacks("an order")) };
        let number = |length: &Literal| if let Literal::Number(n) = length { Some(*n) } else { None };
        let shape = header.get("shape").and_then(Literal::list).map(|list| list.iter().map(number).collect());
        let shape: Vec<u64> = shape.flatten().ok_or_else(|| lacks("a shape"))?;
        Ok(Self { fields, size, is_fortran, shape, length: before + u64::from(length) })
    }

    /// Bytes of its elements, unless those are more than there can be.
    pub(super) fn n_bytes(&self) -> Option<u64> {
        self.shape.iter().try_fold(self.size as u64, |product, &length| product.checked_mul(length))
    }

    /// Rows, and elements in a row.
    pub(super) fn rows(&self) -> Result<(u64, u64), Damage> {
        let is_plain = self.fields.iter().all(|field| field.name.is_none());
        match self.shape[..] {
            [rows] => Ok((rows, 1)),
            [rows, columns] if is_plain => Ok((rows, columns)),
            _ => {
                let shape: Vec<String> = self.shape.iter().map(u64::to_string).collect();
                let what = format!("an array of the shape ({}), expected rows and columns", shape.join(", "));
                Err(Damage::new(what).hint("array.reshape(len(array), -1) has a row for each of its first axis"))
            }
        }
    }
}

/// The parts of an element, and its bytes.
fn fields(described: &Literal) -> Result<(Vec<Field>, usize), Damage> {
    if let Some(code) = described.text() {
        let element = Element::parse(code)?;
        return Ok((vec![Field { name: None, element, offset: 0 }], element.size));
    }
    let unknown = || damaged("a header with a type that is none of NumPy");
    let mut fields = Vec::new();
    let mut offset: usize = 0;
    for field in described.list().ok_or_else(unknown)? {
        let (name, described) = match field.list() {
            Some([name, described]) => (name, described),
            Some([name, _, _]) => {
                let what = format!("its field {} has several elements in a row", title(name).unwrap_or_default());
                return Err(Damage::new(what).hint("give each of them a field of its own"));
            }
            _ => return Err(unknown()),
        };
        let name = title(name).ok_or_else(unknown)?;
        let code = described.text().ok_or_else(|| Damage::new(format!("its field {name} has fields itself")))?;
        // Fields without a name fill up space.
        if let Some(blank) = code.strip_prefix("|V").filter(|_| name.is_empty()) {
            let blank: usize = blank.parse().map_err(|_| unknown())?;
            offset = offset.checked_add(blank).ok_or_else(unknown)?;
            continue;
        }
        let element = Element::parse(code)?;
        fields.push(Field { name: Some(name.to_owned()), element, offset });
        offset = offset.checked_add(element.size).ok_or_else(unknown)?;
    }
    if fields.is_empty() {
        return Err(Damage::new("an array of elements without a field"));
    }
    Ok((fields, offset))
}

/// The name of a field, which may have a title before it.
fn title(name: &Literal) -> Option<&str> {
    name.text().or_else(|| name.list()?.get(1)?.text())
}

fn fill(file: &mut impl Read, bytes: &mut [u8]) -> Result<(), Damage> {
    file.read_exact(bytes).map_err(cut_off)
}

/// What no program writes that is sound.
fn damaged(what: impl Into<String>) -> Damage {
    Damage::new(what).hint("get it once more, or write it anew by numpy.save")
}

/// An array that cannot be read to its end.
pub(super) fn cut_off(error: std::io::Error) -> Damage {
    if error.kind() == ErrorKind::UnexpectedEof {
        Damage::new("it ends in the middle of an array").hint("it was cut off: get it once more")
    } else {
        Damage::new(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(version: u8, text: &str) -> Result<Header, Damage> {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        let length = (text.len() as u32).to_le_bytes();
        bytes.extend(if version == 1 { &length[..2] } else { &length[..] });
        bytes.extend(text.as_bytes());
        Header::read(&bytes[..])
    }

    #[test]
    fn headers_of_each_version() {
        for (version, length) in [(1, 10), (2, 12), (3, 12)] {
            let text = "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }";
            let found = header(version, text).unwrap();
            assert_eq!((found.is_fortran, found.size, found.length), (true, 4, length + text.len() as u64));
            assert_eq!((found.n_bytes(), found.rows().unwrap()), (Some(24), (3, 2)));
        }
    }

    #[test]
    fn fields_stand_where_numpy_puts_them() {
        let descr = "[('a', '|i1'), ('', '|V3'), (('title', 'b'), '<f8')]";
        let found = header(1, &format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (5,)}}")).unwrap();
        let names: Vec<_> = found.fields.iter().map(|f| (f.name.as_deref().unwrap(), f.offset)).collect();
        assert_eq!((names, found.size), (vec![("a", 0), ("b", 4)], 12));
    }

    #[test]
    fn damaged_and_forged_headers() {
        let plain = |descr: &str, shape: &str| {
            header(1, &format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"))
        };
        assert_eq!(plain("'<f8'", "(18446744073709551615, 2)").unwrap().n_bytes(), None);
        assert!(plain("'<f8'", "(2, 2, 2)").unwrap().rows().is_err());
        assert!(plain("'<f8'", "()").unwrap().rows().is_err());
        assert!(plain("[('a', '<f8')]", "(2, 2)").unwrap().rows().is_err());
        for (descr, shape) in
            [("'O'", "(1,)"), ("[]", "(1,)"), ("[('a', '<f8', (2,))]", "(1,)"), ("[('a', [('b', '<f8')])]", "(1,)")]
        {
            assert!(plain(descr, shape).is_err(), "{descr}");
        }
        let huge = format!("[('', '|V{0}'), ('', '|V{0}'), ('a', '<f8')]", usize::MAX);
        assert!(plain(&huge, "(1,)").is_err());
        for text in ["", "{}", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"] {
            assert!(header(1, text).is_err(), "{text}");
        }
        assert!(header(4, "{}").is_err() && Header::read(&b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..]).is_err());
        assert!(Header::read(&b"\x93NUMPY\x01\x00\x20\x00{'descr'"[..]).is_err());
    }
}
