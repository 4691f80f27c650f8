//! A stream in which rows end: what is never a row takes no memory without end.

use std::fmt;
use std::io::{self, Read};

use super::error::{TableError, cause};

/// No row is longer than this many bytes: 100,000 columns of 80 characters.
const MOST: usize = 8 << 20;

/// Hands on what it reads until no row has ended for too long.
pub(super) struct Bounded<R> {
    input: R,
    /// Bytes since the last row ended.
    since: usize,
}

/// That no row has ended for too long.
#[derive(Debug)]
pub(super) struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no row ends within {} MiB", MOST >> 20)
    }
}

impl std::error::Error for Endless {}

/// The bytes of a text, each line of which may be a row: its end is that of one. Quoted lines that are no rows are found by
/// who reads the rows.
pub(super) struct Lines<R>(Bounded<R>);

impl<R> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self(Bounded::new(input))
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(to)?;
        if to[..n].iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            self.0.end_row();
        }
        Ok(n)
    }
}

impl Endless {
    /// The same of a table.
    pub(super) fn of(file: &str) -> TableError {
        TableError::new(file, Self.to_string()).hint("is a quote not closed, or is it no table?")
    }

    /// Whether an error of a reader is this one.
    pub(super) fn is(error: &io::Error) -> bool {
        cause::<Self>(error).is_some()
    }
}

impl<R> Bounded<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, since: 0 }
    }

    /// Says that a row has ended.
    pub(super) fn end_row(&mut self) {
        self.since = 0;
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.since > MOST {
            return Err(io::Error::other(Endless));
        }
        let n = self.input.read(to)?;
        self.since += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_end_may_be_as_many_as_they_are() {
        let mut bounded = Bounded::new(io::repeat(b'x'));
        let mut buffer = vec![0; 1 << 20];
        let mut read = |bounded: &mut Bounded<_>| bounded.read(&mut buffer);
        for _ in 0..20 {
            assert_eq!(read(&mut bounded).expect("bytes"), 1 << 20);
            bounded.end_row();
        }
        let mut lines = Lines::new(io::repeat(b'\n'));
        for _ in 0..20 {
            assert_eq!(lines.read(&mut vec![0; 1 << 20]).expect("bytes"), 1 << 20);
        }
        let mut read = |bounded: &mut Bounded<_>| bounded.read(&mut buffer);
        for _ in 0..9 {
            read(&mut bounded).expect("bytes");
        }
        assert_eq!(read(&mut bounded).expect_err("no end").to_string(), "no row ends within 8 MiB");
    }
}
