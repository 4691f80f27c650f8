//! One IDX file, raw or gzipped.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::IdxError;

/// The first bytes of a gzipped file; those of an IDX file are zeros.
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An open file whose header has been read and found sound.
pub(super) struct IdxFile {
    source: Source,
    /// Length of the file as it lies on disk.
    on_disk: usize,
    /// Number of rows, then the dimensions of a row; none is 0.
    dims: Vec<usize>,
    /// Offset at which the header says that the elements end.
    end: usize,
}

/// What a file is expected to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Images,
    Labels,
}

impl IdxFile {
    pub(super) fn open(path: &Path, holds: Holds) -> Result<Self, IdxError> {
        let open = || {
            let file = File::open(path)?;
            let on_disk = file.metadata()?.len();
            Ok((file, on_disk))
        };
        let (file, on_disk) = open().map_err(|reason| IdxError::Open { path: path.to_path_buf(), reason })?;
        let on_disk = usize::try_from(on_disk).unwrap_or(usize::MAX);
        let mut source = Source::new(path, BufReader::new(file))?;
        let dims = read_dims(&mut source, holds)?;
        let header_len = source.offset;
        // A vector cannot be longer than isize::MAX bytes.
        let Some(end) = dims
            .iter()
            .try_fold(1_usize, |n_bytes, &dim| n_bytes.checked_mul(dim))
            .and_then(|n_bytes| n_bytes.checked_add(header_len))
            .filter(|&end| isize::try_from(end).is_ok())
        else {
            return Err(IdxError::TooLarge { file: source.path, dims });
        };
        if source.form == Form::Raw {
            if on_disk < end {
                return Err(IdxError::Truncated { file: source.path, got: on_disk, expected: end });
            }
            if on_disk > end {
                return Err(IdxError::TooLong { file: source.path, expected: end });
            }
        }
        Ok(Self { source, on_disk, dims, end })
    }

    pub(super) fn n_rows(&self) -> usize {
        self.dims[0]
    }

    /// Dimensions of one row.
    pub(super) fn shape(&self) -> &[usize] {
        &self.dims[1..]
    }

    pub(super) fn path(&self) -> &Path {
        &self.source.path
    }

    pub(super) fn into_path(self) -> PathBuf {
        self.source.path
    }

    /// The elements of the first `n_rows` rows. With all rows, the file has to end behind them.
    ///
    /// # Panics
    /// When the file has fewer rows.
    pub(super) fn read_rows(mut self, n_rows: usize) -> Result<Vec<u8>, IdxError> {
        assert!(n_rows <= self.n_rows(), "{n_rows} rows of {}", self.n_rows());
        let n_wanted = n_rows * self.shape().iter().product::<usize>();
        let mut bytes = Vec::new();
        while bytes.len() < n_wanted {
            let n_more = next_step(bytes.len(), n_wanted, self.on_disk);
            if bytes.try_reserve_exact(n_more).is_err() {
                return Err(IdxError::TooLarge { file: self.source.path, dims: self.dims });
            }
            if self.source.append(&mut bytes, n_more)? < n_more {
                let (got, expected) = (self.source.offset, self.end);
                return Err(IdxError::Truncated { file: self.source.path, got, expected });
            }
        }
        if n_rows == self.n_rows() && self.source.append(&mut Vec::new(), 1)? > 0 {
            return Err(IdxError::TooLong { file: self.source.path, expected: self.end });
        }
        Ok(bytes)
    }
}

/// How many more bytes to make room for: at most as many as have been read, or as many as the file
/// has on disk, so that memory is bounded by data that exist.
fn next_step(n_read: usize, n_wanted: usize, on_disk: usize) -> usize {
    const SMALLEST: usize = 64 * 1024;
    (n_wanted - n_read).min(n_read.max(on_disk).max(SMALLEST))
}

/// Reads the header up to where the elements start.
fn read_dims(source: &mut Source, holds: Holds) -> Result<Vec<usize>, IdxError> {
    const UNSIGNED_BYTE: u8 = 0x08;
    let file = source.path.clone();

    let mut magic = Vec::new();
    source.append(&mut magic, 4)?;
    let (element, n_dims) = match *magic.as_slice() {
        [] => return Err(IdxError::Empty { file }),
        [a, b, ..] if [a, b] != [0, 0] => return Err(IdxError::NotIdx { file, got: [a, b] }),
        [_, _, element, n_dims] => (element, n_dims),
        _ => {
            return Err(IdxError::Truncated { file, got: magic.len(), expected: 4 });
        }
    };
    if element != UNSIGNED_BYTE {
        return Err(IdxError::ElementType { file, got: element });
    }
    match holds {
        Holds::Images if n_dims == 0 => return Err(IdxError::NoDimensions { file }),
        Holds::Labels if n_dims != 1 => {
            return Err(IdxError::LabelDimensions { file, got: n_dims });
        }
        Holds::Images | Holds::Labels => {}
    }

    let mut dims = Vec::new();
    let dims_len = 4 * usize::from(n_dims);
    source.append(&mut dims, dims_len)?;
    if dims.len() < dims_len {
        return Err(IdxError::Truncated { file, got: source.offset, expected: 4 + dims_len });
    }
    let (dims, _) = dims.as_chunks::<4>();
    let dims: Vec<usize> = dims.iter().map(|&dim| u32::from_be_bytes(dim) as usize).collect();
    if let Some(k) = dims.iter().position(|&dim| dim == 0) {
        return Err(IdxError::ZeroDimension { file, offset: 4 + 4 * k });
    }
    Ok(dims)
}

/// The bytes of the IDX format, wherever they come from, and how far they have been read.
struct Source {
    path: PathBuf,
    form: Form,
    reader: Box<dyn Read>,
    offset: usize,
}

/// Whether the bytes of a file are those of the IDX format or have to be unpacked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Raw,
    Gzipped,
}

impl Source {
    fn new(path: &Path, mut reader: BufReader<File>) -> Result<Self, IdxError> {
        let mut start = Vec::new();
        reader.by_ref().take(2).read_to_end(&mut start).map_err(|reason| IdxError::Read {
            file: path.to_path_buf(),
            offset: 0,
            reason,
        })?;
        let form = if start == GZIP { Form::Gzipped } else { Form::Raw };
        let whole = io::Cursor::new(start).chain(reader);
        let reader: Box<dyn Read> = match form {
            Form::Raw => Box::new(whole),
            Form::Gzipped => Box::new(MultiGzDecoder::new(whole)),
        };
        Ok(Self { path: path.to_path_buf(), form, reader, offset: 0 })
    }

    /// Appends the next `n` bytes, or as many as there are, and says how many.
    fn append(&mut self, bytes: &mut Vec<u8>, n: usize) -> Result<usize, IdxError> {
        let n_before = bytes.len();
        let outcome = self.reader.by_ref().take(n as u64).read_to_end(bytes);
        let n_read = bytes.len() - n_before;
        self.offset += n_read;
        let (file, offset) = (&self.path, self.offset);
        match outcome {
            Ok(_) => Ok(n_read),
            Err(reason) => Err(match self.form {
                Form::Raw => IdxError::Read { file: file.clone(), offset, reason },
                Form::Gzipped => IdxError::Gzip { file: file.clone(), offset, reason },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_the_data() {
        let (mut n_read, mut capacity) = (0, 0);
        while n_read < 47_040_000 {
            capacity = n_read + next_step(n_read, 47_040_000, 1_000);
            assert!(capacity <= (2 * n_read).max(64 * 1024));
            n_read = capacity;
        }
        assert_eq!(capacity, 47_040_000);
        // What is known to lie on disk is made room for at once.
        assert_eq!(next_step(0, 47_040_000, 47_040_016), 47_040_000);
        assert_eq!(next_step(0, usize::MAX, 10), 64 * 1024);
    }
}
