//! The records of delimited text: a thread of their own cuts them, while those before are looked at.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use csv::StringRecord;

use super::bounded::{Bounded, Endless};
use super::encoding::Malformed;
use super::quotes::{Quotes, Unclosed};

/// A batch is full with so many records, or bytes.
const MOST_RECORDS: usize = 256;
const MOST_BYTES: usize = 64 * 1024;
/// Batches that wait to be looked at.
const N_WAITING: usize = 2;

/// What cuts text into records.
pub(super) type Cutter<R> = csv::Reader<Quotes<Bounded<R>>>;

/// Why there are no more records.
pub(super) enum Ended<E> {
    /// Whoever took them wants no more.
    Taker(E),
    /// They cannot be cut in this line.
    Broken(Broken, u64),
}

/// Why records cannot be cut.
pub(super) enum Broken {
    /// Bytes are no text in the encoding.
    Malformed,
    Unclosed(Unclosed),
    Endless,
    Io(io::Error),
    Other(String),
}

/// Records, and the lines where they begin; what it holds behind the first `n` is left from before.
#[derive(Default)]
struct Batch {
    records: Vec<StringRecord>,
    lines: Vec<u64>,
    n: usize,
    n_bytes: usize,
    /// What comes behind its records, where it is the last one.
    end: Option<Result<(), (Broken, u64)>>,
}

/// Calls with each record, in their order, and the line where it begins.
pub(super) fn each<R: Read + Send, E>(
    cutter: Cutter<R>,
    mut take: impl FnMut(&StringRecord, u64) -> Result<(), E>,
) -> Result<(), Ended<E>> {
    thread::scope(|scope| {
        let (full, batches) = sync_channel(N_WAITING);
        let (back, empty) = channel();
        let cut = move || cut(cutter, &full, &empty);
        let begun = thread::Builder::new().name("records".to_owned()).spawn_scoped(scope, cut);
        begun.map_err(|error| Ended::Broken(Broken::Io(error), 1))?;
        looked_at(&batches, &back, &mut take)
    })
}

fn looked_at<E>(
    batches: &Receiver<Batch>,
    back: &Sender<Batch>,
    take: &mut impl FnMut(&StringRecord, u64) -> Result<(), E>,
) -> Result<(), Ended<E>> {
    for mut batch in batches {
        for (record, line) in batch.records.iter().zip(&batch.lines).take(batch.n) {
            take(record, *line).map_err(Ended::Taker)?;
        }
        if let Some(end) = batch.end.take() {
            return end.map_err(|(why, line)| Ended::Broken(why, line));
        }
        // Who cuts may have gone, which is its matter.
        let _ = back.send(batch);
    }
    Ok(())
}

/// Cuts until there is nothing more, or nobody looks at it.
fn cut<R: Read>(mut cutter: Cutter<R>, full: &SyncSender<Batch>, empty: &Receiver<Batch>) {
    loop {
        let mut batch = empty.try_recv().unwrap_or_default();
        batch.fill(&mut cutter);
        let is_last = batch.end.is_some();
        if full.send(batch).is_err() || is_last {
            return;
        }
    }
}

impl Batch {
    fn fill<R: Read>(&mut self, cutter: &mut Cutter<R>) {
        // Long records do not keep their place for others.
        if self.n_bytes > 4 * MOST_BYTES {
            *self = Self::default();
        }
        (self.n, self.n_bytes) = (0, 0);
        while self.n < MOST_RECORDS && self.n_bytes < MOST_BYTES {
            if self.records.len() == self.n {
                self.records.push(StringRecord::new());
                self.lines.push(0);
            }
            let record = &mut self.records[self.n];
            let begins = cutter.position().byte();
            match cutter.read_record(record) {
                Ok(true) => {
                    let own = cutter.get_mut();
                    self.lines[self.n] = own.line_at(record.position().map_or(begins, csv::Position::byte));
                    own.input().end_row();
                    self.n_bytes += record.as_slice().len() + size_of::<usize>() * record.len();
                    self.n += 1;
                }
                Ok(false) => {
                    self.end = Some(Ok(()));
                    return;
                }
                Err(error) => {
                    self.end = Some(Err(Broken::of(error, begins, cutter)));
                    return;
                }
            }
        }
    }
}

impl Broken {
    /// What an error is, with its line; the record that it is of begins with a byte.
    fn of<R: Read>(error: csv::Error, begins: u64, cutter: &mut Cutter<R>) -> (Self, u64) {
        let reached = cutter.position().byte();
        let (why, byte) = match error.into_kind() {
            csv::ErrorKind::Utf8 { pos, .. } => (Self::Malformed, pos.map_or(reached, |pos| pos.byte())),
            csv::ErrorKind::Io(error) => match Unclosed::of(&error) {
                Some(unclosed) => (Self::Unclosed(unclosed), begins),
                None if Malformed::is(&error) => (Self::Malformed, reached),
                None if Endless::is(&error) => (Self::Endless, begins),
                None => (Self::Io(error), reached),
            },
            other => (Self::Other(format!("{other:?}")), reached),
        };
        (why, cutter.get_mut().line_at(byte))
    }
}
