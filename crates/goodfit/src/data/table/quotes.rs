//! The bytes of delimited text on their way to who cuts them into cells: their lines and quotes are followed, and blanks between a
//! delimiter and a quote taken out: `1, "x, y"`.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};

use memchr::{memchr, memchr2, memchr2_iter};

use super::dialect::Dialect;
use super::error::{TableError, cause};

/// Follows lines and quotes of what it reads, and takes blanks out that stand between a delimiter and a quote outside of quotes, where
/// the dialect has such.
pub(super) struct Quotes<R> {
    input: R,
    dialect: Dialect,
    /// Whether a quote that is not closed as it should be is an error.
    are_checked: bool,
    at: At,
    /// The number of the byte that is the last quote which opened, and whether a line has ended since.
    opened: u64,
    is_long: bool,
    lines: Lines,
    /// Blanks after a delimiter, kept back until it is clear what follows.
    kept: usize,
    buffer: Vec<u8>,
    done: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Behind a delimiter or the start of a line.
    Start,
    Cell,
    Quoted,
    /// Behind the quote that ends a cell, unless another one follows.
    Closed,
    /// Behind that and blanks.
    After,
}

/// A quote that is not closed as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    line: u64,
    /// Where a quote closed it in the middle of a cell; `None` when none came.
    closed: Option<u64>,
}

impl fmt::Display for Unclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.closed {
            None => f.write_str("a quote that opens here is not closed, up to the end of the file"),
            Some(line) => write!(f, "a quote that opens here is closed in line {line} only, in the middle of a cell"),
        }
    }
}

impl std::error::Error for Unclosed {}

impl Unclosed {
    /// The error of a reader, if it is this one.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        cause::<Self>(error).copied()
    }

    /// The same of a table.
    pub(super) fn in_file(self, file: &str) -> TableError {
        TableError::new(file, self.to_string()).line(self.line).hint("close it, or take it out")
    }
}

impl<R> Quotes<R> {
    pub(super) fn new(input: R, dialect: Dialect, are_checked: bool) -> Self {
        let lines = Lines::default();
        let (at, opened, is_long) = (At::Start, 0, false);
        Self { input, dialect, are_checked, at, opened, is_long, lines, kept: 0, buffer: Vec::new(), done: 0 }
    }

    /// What it reads from.
    pub(super) fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// The line, from 1, in which a record begins that is looked for from this byte of what came out on: behind line ends that it
    /// begins with. Bytes of later calls may not be smaller.
    pub(super) fn line_at(&mut self, byte: u64) -> u64 {
        self.lines.at(byte)
    }
}

impl<R> Quotes<R> {
    /// Follows quotes over bytes, the first of which is the one of this number.
    fn follow(&mut self, bytes: &[u8], number: u64) -> Result<(), Unclosed> {
        let mut done = 0;
        while done < bytes.len() {
            let rest = &bytes[done..];
            let to_quote = match self.at {
                At::Closed | At::After => 0,
                At::Start | At::Cell | At::Quoted => memchr(self.dialect.quote, rest).unwrap_or(rest.len()),
            };
            let skipped = &rest[..to_quote];
            if let Some(&last) = skipped.last() {
                match self.at {
                    At::Quoted => self.is_long |= memchr2(b'\n', b'\r', skipped).is_some(),
                    _ if last == self.dialect.delimiter || is_end(last) => self.at = At::Start,
                    _ => self.at = At::Cell,
                }
            }
            done += to_quote;
            if let Some(&byte) = bytes.get(done) {
                self.step(byte, number + done as u64)?;
                done += 1;
            }
        }
        Ok(())
    }

    /// Takes blanks out.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Unclosed> {
        for &byte in bytes {
            if self.at == At::Start && byte == b' ' {
                self.kept += 1;
                continue;
            }
            let opens = self.at == At::Start && byte == self.dialect.quote;
            if self.kept > 0 {
                if !opens {
                    self.buffer.resize(self.buffer.len() + self.kept, b' ');
                }
                self.kept = 0;
            }
            self.buffer.push(byte);
            let number = self.lines.n_bytes + self.buffer.len() as u64 - 1;
            if self.step(byte, number).is_err() {
                // Its lines are known now.
                self.lines.take(&self.buffer);
                return Err(self.unclosed(Some(number)));
            }
        }
        Ok(())
    }

    fn step(&mut self, byte: u8, number: u64) -> Result<(), Unclosed> {
        let is_quote = byte == self.dialect.quote;
        self.at = match self.at {
            At::Quoted if is_quote => At::Closed,
            At::Quoted => {
                self.is_long |= is_end(byte);
                At::Quoted
            }
            // A doubled one is part of the cell.
            At::Closed if is_quote => At::Quoted,
            At::Start if is_quote => {
                (self.opened, self.is_long) = (number, false);
                At::Quoted
            }
            _ if byte == self.dialect.delimiter || is_end(byte) => At::Start,
            At::Closed | At::After if byte == b' ' => At::After,
            At::Closed | At::After if self.is_long && self.are_checked => return Err(self.unclosed(Some(number))),
            _ => At::Cell,
        };
        Ok(())
    }

    /// That the last quote is closed by the byte of this number only, or not at all.
    fn unclosed(&self, by: Option<u64>) -> Unclosed {
        Unclosed { line: self.lines.of(self.opened), closed: by.map(|number| self.lines.of(number)) }
    }

    fn end(&self) -> io::Result<usize> {
        if self.at == At::Quoted && self.are_checked { Err(io::Error::other(self.unclosed(None))) } else { Ok(0) }
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if !self.dialect.has_blanks {
            let n = self.input.read(to)?;
            if n == 0 && !to.is_empty() {
                return self.end();
            }
            let number = self.lines.n_bytes;
            self.lines.take(&to[..n]);
            self.follow(&to[..n], number).map_err(io::Error::other)?;
            return Ok(n);
        }
        while self.done == self.buffer.len() {
            self.buffer.clear();
            self.done = 0;
            let n = self.input.read(to)?;
            if n == 0 {
                self.kept = 0;
                return self.end();
            }
            self.take(&to[..n]).map_err(io::Error::other)?;
            self.lines.take(&self.buffer);
        }
        let n = to.len().min(self.buffer.len() - self.done);
        to[..n].copy_from_slice(&self.buffer[self.done..self.done + n]);
        self.done += n;
        Ok(n)
    }
}

fn is_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// Where lines end: by a line feed, a carriage return, or both.
#[derive(Default)]
struct Lines {
    /// First byte of each line end that no record was found behind, and the byte behind it.
    ends: VecDeque<(u64, u64)>,
    /// Line ends that went by, and bytes.
    passed: u64,
    n_bytes: u64,
    /// Whether the last byte was a carriage return.
    ends_in_return: bool,
}

impl Lines {
    /// The line of a byte behind those that [`Lines::at`] was asked for.
    fn of(&self, byte: u64) -> u64 {
        self.passed + self.ends.iter().take_while(|(first, _)| *first < byte).count() as u64 + 1
    }

    fn take(&mut self, bytes: &[u8]) {
        for i in memchr2_iter(b'\n', b'\r', bytes) {
            let at = self.n_bytes + i as u64;
            let follows_return = if i == 0 { self.ends_in_return } else { bytes[i - 1] == b'\r' };
            match self.ends.back_mut() {
                Some((_, behind)) if bytes[i] == b'\n' && follows_return => *behind = at + 1,
                _ if bytes[i] == b'\n' && follows_return => {}
                _ => self.ends.push_back((at, at + 1)),
            }
        }
        self.n_bytes += bytes.len() as u64;
        self.ends_in_return = bytes.last().map_or(self.ends_in_return, |last| *last == b'\r');
    }

    fn at(&mut self, byte: u64) -> u64 {
        let mut at = byte;
        while let Some((_, behind)) = self.ends.pop_front_if(|(first, _)| *first <= at) {
            at = at.max(behind);
            self.passed += 1;
        }
        self.passed + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &str, has_blanks: bool) -> Quotes<&[u8]> {
        let dialect = Dialect { delimiter: b',', quote: b'"', has_header: true, has_blanks };
        Quotes::new(text.as_bytes(), dialect, true)
    }

    fn read(text: &str, has_blanks: bool, step: usize) -> Result<String, Unclosed> {
        let mut reader = reader(text, has_blanks);
        let (mut out, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(String::from_utf8(out).expect("text")),
                Ok(n) => out.extend_from_slice(&buffer[..n]),
                Err(error) => return Err(Unclosed::of(&error).expect("of quotes")),
            }
        }
    }

    #[test]
    fn only_blanks_between_a_delimiter_and_a_quote_go() {
        for step in [1, 2, 3, 100] {
            assert_eq!(
                read("a,  \"b, \"\"c\"\" , d\",  e f\n \"x\", y", true, step).as_deref(),
                Ok("a,\"b, \"\"c\"\" , d\",  e f\n\"x\", y")
            );
            assert_eq!(read("\"a\" ,b", true, step).as_deref(), Ok("\"a\" ,b"));
        }
    }

    #[test]
    fn quotes_that_are_not_closed() {
        for step in [1, 2, 3, 5, 100] {
            for has_blanks in [false, true] {
                let fault = |text: &str| read(text, has_blanks, step).expect_err(text);
                assert_eq!(fault("a,b\n1,x\r\n2,\"y\n3,z"), Unclosed { line: 3, closed: None }, "{step}");
                assert_eq!(fault("a\r\"b"), Unclosed { line: 2, closed: None });
                assert_eq!(fault("1,a\n2,\"b\n3,c\n5,\"e\"\n"), Unclosed { line: 2, closed: Some(4) });
                assert_eq!(fault("1,a\n2,\"b\r\n3,c\r\n5,\"  e\n"), Unclosed { line: 2, closed: Some(4) });
                for text in [
                    "a,\"b\nc\"\n\"d\"\"\ne\" ,f\r\n",
                    "a,\"b\"c,d\n",
                    "5\" pipe,\"6\"\" pipe\"\n",
                    "\"\",\"\"\"\"\n",
                    "a,\"\n\"",
                ] {
                    assert_eq!(read(text, has_blanks, step).as_deref(), Ok(text), "{step}");
                }
            }
        }
    }

    #[test]
    fn lines_end_in_any_way() {
        // Records begin behind the returns, line feeds and blank lines in front of them.
        let text = "a,b\r\n1,2\r\n\r\n\n3,\"4\r\n\n5\"\r6,7\n8,9";
        for step in [1, 2, 3, 100] {
            let mut reader = reader(text, false);
            let mut buffer = vec![0; step];
            while reader.read(&mut buffer).expect("text") > 0 {}
            let places = ["a,b", "1,2", "3,", "6,", "8,"].map(|record| text.find(record).expect("a record") as u64);
            assert_eq!(places.map(|place| reader.line_at(place)), [1, 2, 5, 8, 9], "{step}");
        }
        let mut reader = reader(text, false);
        let mut buffer = vec![0; 100];
        while reader.read(&mut buffer).expect("text") > 0 {}
        // A record that is looked for from the end of the one before: behind its return, before its line feed.
        assert_eq!([0, 4, 9, 23, 27].map(|byte| reader.line_at(byte)), [1, 2, 5, 8, 9]);
    }
}
