//! The bytes of a table: a file or the standard input, unpacked, as UTF-8 or as cells that have types.

use std::fs::File;
use std::io::{self, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;

use super::error::TableError;
use super::typed::{Format, Typed, is_typed};

/// So much is looked at to find out what a file is.
const SAMPLE: usize = 64 * 1024;

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
    pub(super) encoding: &'static Encoding,
    /// Its cells, where those are no text.
    pub(super) typed: Option<Typed>,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Path(PathBuf),
    /// What the standard input or a pipe held: kinds need a second pass.
    Spooled(tempfile::NamedTempFile),
}

impl Input {
    /// Finds out how a file is packed and encoded; `-` is the standard input.
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let fault = |error: io::Error| TableError::io(&name, &error);
        if path.is_dir() {
            return Err(TableError::new(&name, "a folder, expected a file of rows").hint("name the file in it"));
        }
        let held = if is_stdin {
            spool(io::stdin().lock()).map_err(fault)?
        } else if path.metadata().is_ok_and(|found| !found.is_file()) {
            spool(File::open(path).map_err(fault)?).map_err(fault)?
        } else {
            Held::Path(path.to_owned())
        };
        let mut input = Self { name: name.clone(), packing: Packing::None, encoding: UTF_8, typed: None, held };
        let mut head = Vec::new();
        input.file().map_err(fault)?.take(8).read_to_end(&mut head).map_err(fault)?;
        input.packing = packing(&head);
        let sample = input.sample(Self::unpacked)?;
        if is_typed(&sample) {
            if input.packing != Packing::None {
                // Its parts are not read in their order.
                input.held = spool(input.unpacked().map_err(fault)?).map_err(fault)?;
            }
            let file = input.file().map_err(fault)?;
            input.typed = Typed::open(file, &sample).map_err(|damage| damage.of(&name))?;
            if input.typed.is_some() {
                return Ok(input);
            }
        }
        if let Some((what, hint)) = not_a_table(&sample) {
            return Err(TableError::new(&name, what).hint(hint));
        }
        input.encoding = Encoding::for_bom(&sample).map_or(UTF_8, |(encoding, _)| encoding);
        if input.encoding == UTF_8 && sample.contains(&0) {
            return Err(TableError::new(&name, "it has bytes of 0, as no text has").hint("save it as CSV in UTF-8"));
        }
        if let Some((what, hint)) = other_text(&sample) {
            return Err(TableError::new(&name, what).hint(hint));
        }
        Ok(input)
    }

    /// How it is stored.
    pub(super) fn format(&self) -> Format {
        self.typed.as_ref().map_or(Format::Text, Typed::format)
    }

    /// Its beginning as UTF-8.
    pub(super) fn beginning(&self) -> Result<Vec<u8>, TableError> {
        self.sample(Self::text)
    }

    /// The same bytes read as Western European text, which every byte is.
    pub(super) fn western(self) -> Self {
        Self { encoding: WINDOWS_1252, ..self }
    }

    /// All of it as UTF-8, without a byte order mark; with UTF-8 as it stands, checked by nobody.
    pub(super) fn text(&self) -> io::Result<Box<dyn Read>> {
        let bytes = self.unpacked()?;
        if self.encoding == UTF_8 {
            return Ok(bytes);
        }
        // A byte order mark of UTF-16 is taken off by the decoder.
        let encoding = Some(self.encoding);
        Ok(Box::new(DecodeReaderBytesBuilder::new().encoding(encoding).bom_override(true).build(bytes)))
    }

    fn sample(&self, reader: impl Fn(&Self) -> io::Result<Box<dyn Read>>) -> Result<Vec<u8>, TableError> {
        let mut sample = Vec::with_capacity(SAMPLE);
        let read = reader(self).and_then(|reader| reader.take(SAMPLE as u64).read_to_end(&mut sample));
        read.map_err(|error| TableError::io(&self.name, &error))?;
        Ok(sample)
    }

    fn unpacked(&self) -> io::Result<Box<dyn Read>> {
        let file = BufReader::with_capacity(SAMPLE, self.file()?);
        Ok(match self.packing {
            Packing::None => Box::new(file),
            Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
            Packing::Zstd => Box::new(zstd::Decoder::with_buffer(file)?),
        })
    }

    fn file(&self) -> io::Result<File> {
        match &self.held {
            Held::Path(path) => File::open(path),
            Held::Spooled(file) => file.reopen(),
        }
    }
}

fn spool(mut from: impl Read) -> io::Result<Held> {
    let mut file = tempfile::NamedTempFile::new()?;
    io::copy(&mut from, &mut file)?;
    file.flush()?;
    Ok(Held::Spooled(file))
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

/// What a text is by its first characters where it is no table, and what to do about it.
fn other_text(sample: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = sample.trim_ascii_start();
    if text.starts_with(b"<") {
        Some(("a page of HTML or XML, expected rows", "was something else downloaded than the table?"))
    } else if text.starts_with(b"[") || text.starts_with(b"{") {
        Some(("JSON, expected rows of cells", "pandas.read_json(..).to_csv(\"table.csv\", index=False) writes a table"))
    } else {
        None
    }
}

/// What a file is by its first bytes where it is no text, and what to do about it.
fn not_a_table(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let known: [(&[u8], _, _); 10] = [
        (b"PK\x03\x04", "a zip archive or a workbook", "unpack it, or save its sheet as CSV"),
        (b"\xd0\xcf\x11\xe0", "a workbook", "save its sheet as CSV"),
        (b"PARE", "an encrypted Parquet file", "write it without encryption"),
        (b"BZh", "packed by bzip2", "bunzip2 unpacks it; gzip and zstd are read as they are"),
        (b"\xfd7zXZ", "packed by xz", "unxz unpacks it; gzip and zstd are read as they are"),
        (b"\x1f\x8b", "packed twice, the first time by gzip", "unpack it once"),
        (b"\x28\xb5\x2f\xfd", "packed twice, the first time by zstd", "unpack it once"),
        (b"\xff\xfe\0\0", "text in UTF-32, which is not read", "save it as CSV in UTF-8"),
        (b"\0\0\xfe\xff", "text in UTF-32, which is not read", "save it as CSV in UTF-8"),
        (b"SQLite f", "a SQLite database", "sqlite3 -csv -header FILE 'SELECT ..' writes a table"),
    ];
    let found = known.iter().find(|(magic, ..)| head.starts_with(magic))?;
    Some((found.1, found.2))
}
