//! Rows that nobody may look at by accident.

/// Test rows under seal: their number and fingerprint can be read, the rows themselves only by
/// [`Sealed::open`], which consumes the seal and leaves a record.
///
/// ```
/// use goodfit::data::Sealed;
/// let sealed = Sealed::new(vec![1.0_f32, 2.0], 2, 42);
/// assert_eq!((sealed.n_rows(), sealed.fingerprint()), (2, 42));
/// let (rows, opening) = sealed.open();
/// assert_eq!((rows.len(), opening.n_rows), (2, 2));
/// ```
#[derive(Clone, Debug)]
pub struct Sealed<R> {
    rows: R,
    n_rows: usize,
    fingerprint: u64,
}

/// That a seal was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Number of rows under the seal.
    pub n_rows: usize,
    /// Their fingerprint.
    pub fingerprint: u64,
}

impl<R> Sealed<R> {
    /// Puts rows under seal.
    pub fn new(rows: R, n_rows: usize, fingerprint: u64) -> Self {
        Self { rows, n_rows, fingerprint }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Fingerprint of the rows.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Breaks the seal: the rows, and the record of the opening.
    pub fn open(self) -> (R, Opening) {
        (self.rows, Opening { n_rows: self.n_rows, fingerprint: self.fingerprint })
    }
}

/// A fingerprint of bytes: FNV-1a with 64 bits. It tells one set of rows from another; it is no
/// protection against somebody who wants two sets to look the same.
pub fn fingerprint(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_published_values_of_fnv_1a() {
        assert_eq!(super::fingerprint(&[b""]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(super::fingerprint(&[b"foo", b"bar"]), 0x8594_4171_f739_67e8);
    }
}
