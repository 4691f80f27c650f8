//! Blanks between a delimiter and a quote, taken out of the stream: `1, "x, y"`.

use std::io::{self, Read};

use super::dialect::Dialect;

/// Takes blanks out that stand between a delimiter and a quote outside of quotes; where the dialect has none the bytes
/// go through as they are.
pub(super) struct Blanks<R> {
    input: R,
    dialect: Dialect,
    at: At,
    /// Blanks after a delimiter, kept back until it is clear what follows.
    kept: usize,
    buffer: Vec<u8>,
    done: usize,
    /// The last byte that ended no line.
    last_byte: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Behind a delimiter or the start of a line.
    Start,
    Cell,
    Quoted,
}

impl<R> Blanks<R> {
    pub(super) fn new(input: R, dialect: Dialect) -> Self {
        Self { input, dialect, at: At::Start, kept: 0, buffer: Vec::new(), done: 0, last_byte: 0 }
    }

    /// What it reads from.
    pub(super) fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// The last byte so far that ended no line.
    pub(super) fn last_byte(&self) -> u8 {
        self.last_byte
    }
}

impl<R: Read> Blanks<R> {
    fn look(&mut self, bytes: &[u8]) {
        if let Some(byte) = bytes.iter().rev().find(|byte| !matches!(byte, b'\n' | b'\r')) {
            self.last_byte = *byte;
        }
    }

    fn take(&mut self, bytes: &[u8]) {
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
            self.at = match self.at {
                At::Start if opens => At::Quoted,
                At::Quoted if byte == self.dialect.quote => At::Cell,
                At::Quoted => At::Quoted,
                // A doubled quote inside of quotes opens them again.
                At::Cell if byte == self.dialect.quote && self.buffer.last() == Some(&byte) => At::Quoted,
                _ if byte == self.dialect.delimiter || byte == b'\n' || byte == b'\r' => At::Start,
                _ => At::Cell,
            };
            self.buffer.push(byte);
        }
    }
}

impl<R: Read> Read for Blanks<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if !self.dialect.has_blanks {
            let n = self.input.read(to)?;
            self.look(&to[..n]);
            return Ok(n);
        }
        while self.done == self.buffer.len() {
            // The last byte tells whether a quote is a doubled one.
            let last = self.buffer.last().copied();
            self.buffer.clear();
            self.buffer.extend(last);
            self.done = self.buffer.len();
            let n = self.input.read(to)?;
            if n == 0 {
                self.kept = 0;
                return Ok(0);
            }
            self.look(&to[..n]);
            self.take(&to[..n]);
        }
        let n = to.len().min(self.buffer.len() - self.done);
        to[..n].copy_from_slice(&self.buffer[self.done..self.done + n]);
        self.done += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, step: usize) -> String {
        let dialect = Dialect { delimiter: b',', quote: b'"', has_header: true, has_blanks: true };
        let mut reader = Blanks::new(text.as_bytes(), dialect);
        let (mut out, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            match reader.read(&mut buffer).expect("a slice") {
                0 => return String::from_utf8(out).expect("text"),
                n => out.extend_from_slice(&buffer[..n]),
            }
        }
    }

    #[test]
    fn only_blanks_between_a_delimiter_and_a_quote_go() {
        for step in [1, 2, 3, 100] {
            assert_eq!(
                without("a,  \"b, \"\"c\"\" , d\",  e f\n \"x\", y", step),
                "a,\"b, \"\"c\"\" , d\",  e f\n\"x\", y"
            );
            assert_eq!(without("\"a\" ,b", step), "\"a\" ,b");
        }
    }
}
