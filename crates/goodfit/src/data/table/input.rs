//! The bytes of a table: a file or the standard input, unpacked, as UTF-8 or as cells that have types.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::TableOptions;
use super::bounded::{Endless, Lines};
use super::encoding::{Malformed, TextEncoding};
use super::error::{TableError, cause};
use super::typed::{Format, Typed, is_parquet, is_typed};

/// So much is looked at to find out what a file is.
pub(super) const SAMPLE: usize = 64 * 1024;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// By gzip.
    Gzip,
    /// By Zstandard.
    Zstd,
}

/// The bytes of a table, which can be read more than once.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) packing: Packing,
    pub(super) encoding: TextEncoding,
    /// Whether nothing but its bytes tells the encoding, which is not UTF-8.
    pub(super) is_detected: bool,
    /// Its cells, where those are no text.
    pub(super) typed: Option<Typed>,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Path(PathBuf),
    /// What the standard input or a pipe held: it is read more than once.
    Spooled(tempfile::NamedTempFile),
}

impl Input {
    /// Finds out how a file is packed and encoded, as far as `says` does not tell; `-` is the standard input. `known` is how
    /// text is encoded that is not UTF-8, where that is known.
    pub(super) fn open(path: &Path, says: &TableOptions, known: Option<TextEncoding>) -> Result<Self, TableError> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let fault = |error: io::Error| TableError::io(&name, &error);
        let held = if is_stdin {
            kept(&name, io::stdin().lock(), says)?
        } else {
            match path.metadata() {
                Ok(found) if found.is_dir() => {
                    let error = TableError::new(&name, "a folder, expected a file of rows");
                    return Err(error.hint("name the file in it"));
                }
                Ok(found) if is_device(&found) => {
                    let error = TableError::new(&name, "a device, expected a file of rows");
                    return Err(error.hint("a file, or - for the standard input"));
                }
                Ok(found) if !found.is_file() => kept(&name, File::open(path).map_err(fault)?, says)?,
                _ => Held::Path(path.to_owned()),
            }
        };
        let mut head = Vec::new();
        held.file().and_then(|file| file.take(8).read_to_end(&mut head)).map_err(fault)?;
        let (packing, encoding) = (packing(&head), TextEncoding::default());
        let mut input = Self { name: name.clone(), packing, encoding, is_detected: false, typed: None, held };
        let sample = input.sample(Self::unpacked)?;
        if is_typed(&sample) {
            if input.packing != Packing::None {
                // Its parts are not read in their order.
                input.held = input.unpacked_whole()?;
            }
            let file = input.held.file().map_err(fault)?;
            input.typed = Typed::open(file, &sample).map_err(|damage| damage.of(&name))?;
            if input.typed.is_some() {
                return Ok(input);
            }
        }
        if let Some((what, hint)) = no_text(&sample, says) {
            return Err(TableError::new(&name, what).hint(hint));
        }
        let told = TextEncoding::of_mark(&sample).or(says.encoding);
        input.encoding = match told {
            Some(encoding) => encoding,
            None => TextEncoding::of_text(|| input.unpacked().map(Lines::new), known).map_err(fault)?,
        };
        input.is_detected = told.or(known).is_none() && input.encoding != TextEncoding::default();
        Ok(input)
    }

    /// How it is stored.
    pub(super) fn format(&self) -> Format {
        self.typed.as_ref().map_or(Format::Text, Typed::format)
    }

    /// The encoding of a text that nothing but its bytes tells, where it is not UTF-8.
    pub(super) fn detected(&self) -> Option<&'static str> {
        self.is_detected.then(|| self.encoding.name())
    }

    /// Its beginning as UTF-8, up to what is none; whoever reads that knows the line.
    pub(super) fn beginning(&self) -> Result<Vec<u8>, TableError> {
        self.sample(Self::text)
    }

    /// All of it as UTF-8, without a byte order mark; with UTF-8 as it stands, checked by nobody. What is packed and becomes too
    /// much is an error.
    pub(super) fn text(&self) -> io::Result<Box<dyn Read + Send>> {
        self.unpacked().map(|bytes| self.encoding.decoded(bytes))
    }

    fn sample(&self, reader: impl Fn(&Self) -> io::Result<Box<dyn Read + Send>>) -> Result<Vec<u8>, TableError> {
        let mut sample = Vec::with_capacity(SAMPLE);
        match reader(self).and_then(|reader| reader.take(SAMPLE as u64).read_to_end(&mut sample)) {
            Err(error) if !Malformed::is(&error) => Err(TableError::io(&self.name, &error)),
            _ => Ok(sample),
        }
    }

    fn unpacked(&self) -> io::Result<Box<dyn Read + Send>> {
        let file = self.held.file()?;
        let most = most_unpacked(file.metadata()?.len());
        let bytes = unpacked(self.packing, BufReader::with_capacity(SAMPLE, file))?;
        Ok(if self.packing == Packing::None { bytes } else { Box::new(Swelling { bytes, left: most }) })
    }

    /// A file of what is packed.
    fn unpacked_whole(&self) -> Result<Held, TableError> {
        let fault = |error: io::Error| TableError::io(&self.name, &error);
        self.unpacked().and_then(spooled).map_err(fault)
    }
}

/// What comes out of a packed file, up to where it is too much.
struct Swelling {
    bytes: Box<dyn Read + Send>,
    left: u64,
}

/// That what is packed takes too much place.
#[derive(Debug, thiserror::Error)]
#[error("what is packed takes more than {MOST_TIMES} times the place of the file")]
pub(super) struct Swollen;

impl Swollen {
    /// Whether an error of a reader is this one.
    pub(super) fn is(error: &io::Error) -> bool {
        cause::<Self>(error).is_some()
    }
}

impl Read for Swelling {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(to)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| io::Error::other(Swollen))?;
        Ok(n)
    }
}

impl Held {
    fn file(&self) -> io::Result<File> {
        match self {
            Self::Path(path) => File::open(path),
            Self::Spooled(file) => file.reopen(),
        }
    }
}

/// What is packed may take so many times its place once it is unpacked, or 64 MiB.
pub(super) const MOST_TIMES: u64 = 100;

/// How many bytes may come out of so many that are packed.
pub(super) fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(MOST_TIMES).max(64 << 20)
}

/// Keeps what can be read once, unless its beginning tells that it is no table, or no row in it ends.
fn kept(name: &str, mut from: impl Read, says: &TableOptions) -> Result<Held, TableError> {
    let fault = |error: io::Error| {
        if Endless::is(&error) { Endless::of(name) } else { TableError::io(name, &error) }
    };
    let mut head = Vec::new();
    from.by_ref().take(SAMPLE as u64).read_to_end(&mut head).map_err(fault)?;
    let packing = packing(&head);
    let mut sample = Vec::new();
    // What is packed ends in its middle here.
    let _ = unpacked(packing, io::Cursor::new(head.clone()))
        .and_then(|bytes| bytes.take(SAMPLE as u64).read_to_end(&mut sample));
    let is_typed = is_typed(&sample);
    if let Some((what, hint)) = no_text(&sample, says).filter(|_| !is_typed) {
        return Err(TableError::new(name, what).hint(hint));
    }
    let all = io::Cursor::new(head).chain(from);
    let spooled = if is_typed || packing != Packing::None { spooled(all) } else { spooled(Lines::new(all)) };
    spooled.map_err(fault)
}

/// A file of what is read. It goes away with the program.
fn spooled(mut from: impl Read) -> io::Result<Held> {
    let mut file = tempfile::NamedTempFile::new()?;
    io::copy(&mut from, &mut file)?;
    file.flush()?;
    Ok(Held::Spooled(file))
}

fn unpacked(packing: Packing, bytes: impl io::BufRead + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    Ok(match packing {
        Packing::None => Box::new(bytes),
        Packing::Gzip => Box::new(MultiGzDecoder::new(bytes)),
        Packing::Zstd => Box::new(zstd::Decoder::with_buffer(bytes)?),
    })
}

#[cfg(unix)]
fn is_device(found: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    found.file_type().is_char_device() || found.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

fn packing(head: &[u8]) -> Packing {
    if head.starts_with(&[0x1f, 0x8b]) {
        Packing::Gzip
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Packing::Zstd
    } else {
        Packing::None
    }
}

/// What a file is by its beginning where it is no text of rows, and what to do about it.
fn no_text(sample: &[u8], says: &TableOptions) -> Option<(&'static str, &'static str)> {
    let is_wide = TextEncoding::of_mark(sample).or(says.encoding).is_some_and(TextEncoding::is_wide);
    let zeros = || {
        let hint = "save it as CSV in UTF-8; --encoding utf-16le reads UTF-16 without a byte order mark";
        (!is_wide && sample.contains(&0)).then_some(("it has bytes of 0, as no text has", hint))
    };
    not_a_table(sample).or_else(zeros).or_else(|| other_text(sample))
}

/// What a text is by its first characters where it is no table, and what to do about it.
fn other_text(sample: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = sample.trim_ascii_start();
    let begins = |tag: &&[u8]| text.get(..tag.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(tag));
    // A name of a column may stand in brackets.
    let behind = text.get(1..).unwrap_or_default().trim_ascii_start().first().copied();
    let is_json = match text.first() {
        Some(b'[') => behind.is_none_or(|byte| b"{[]\"-".contains(&byte) || byte.is_ascii_digit()),
        Some(b'{') => behind.is_none_or(|byte| b"\"}".contains(&byte)),
        _ => false,
    };
    let tags: [&[u8]; 8] = [b"<!", b"<?", b"<html", b"<head", b"<body", b"<table", b"<div", b"<svg"];
    if tags.iter().any(begins) {
        Some(("a page of HTML or XML, expected rows", "was something else downloaded than the table?"))
    } else if is_json {
        Some(("JSON, expected rows of cells", "pandas.read_json(..).to_csv(\"table.csv\", index=False) writes a table"))
    } else {
        None
    }
}

/// What a file is by its first bytes where it is no text, and what to do about it.
fn not_a_table(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let known: [(&[u8], _, _); 9] = [
        (b"PK\x03\x04", "a zip archive or a workbook", "unpack it, or save its sheet as CSV"),
        (b"\xd0\xcf\x11\xe0", "a workbook", "save its sheet as CSV"),
        (b"BZh91AY&SY", "packed by bzip2", "bunzip2 unpacks it; gzip and zstd are read as they are"),
        (b"\xfd7zXZ", "packed by xz", "unxz unpacks it; gzip and zstd are read as they are"),
        (b"\x1f\x8b", "packed twice, the first time by gzip", "unpack it once"),
        (b"\x28\xb5\x2f\xfd", "packed twice, the first time by zstd", "unpack it once"),
        (b"\xff\xfe\0\0", "text in UTF-32, which is not read", "save it as CSV in UTF-8"),
        (b"\0\0\xfe\xff", "text in UTF-32, which is not read", "save it as CSV in UTF-8"),
        (b"SQLite f", "a SQLite database", "sqlite3 -csv -header FILE 'SELECT ..' writes a table"),
    ];
    if is_parquet(head, b"PARE") {
        return Some(("an encrypted Parquet file", "write it without encryption"));
    }
    let found = known.iter().find(|(magic, ..)| head.starts_with(magic))?;
    Some((found.1, found.2))
}
