//! How a file of delimited text is written, guessed from its beginning.

use super::bounded::Bounded;
use super::cell::{Words, is_number};
use super::quotes::Quotes;
use super::records::Cutter;

/// How a file of delimited text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between the cells of a line.
    pub delimiter: u8,
    /// What stands around a cell that holds the delimiter.
    pub quote: u8,
    /// Whether the first line names the columns.
    pub has_header: bool,
    /// Whether quotes follow blanks after the delimiter.
    pub has_blanks: bool,
}

/// What stands between cells, by its name: the character itself, or `tab`.
pub fn delimiter_named(name: &str) -> Option<u8> {
    match name.as_bytes() {
        b"tab" | b"\\t" | b"\t" => Some(b'\t'),
        [one] if one.is_ascii() && !one.is_ascii_alphanumeric() && !b"\"'\n\r.-+".contains(one) => Some(*one),
        _ => None,
    }
}

const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Records of the sample that are looked at.
const N_RECORDS: usize = 1000;

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"', has_header: true, has_blanks: false }
    }
}

impl Dialect {
    /// Guesses from the beginning of a file. For each delimiter and quote, the share of records with the most frequent
    /// number of cells is multiplied by the share of cells that are numbers, missing or plain words; the best product
    /// wins, after van den Burg et al., "Wrangling messy CSV files by detecting row and type patterns" (2019). Ties go
    /// to the comma, then tab, semicolon and stroke. A first record without a number names the columns, and so does one that counts
    /// them from 0, as programs do that have no names for them. Where the delimiter is `said` all else is guessed with it.
    pub(super) fn guess(sample: &[u8], is_whole: bool, words: &Words<'_>, said: Option<u8>) -> Self {
        let delimiters = said.as_ref().map_or(&DELIMITERS[..], std::slice::from_ref);
        let mut best = (0.0, Self { delimiter: delimiters[0], ..Self::default() });
        for quote in [b'"', b'\''] {
            if quote == b'\'' && (!sample.contains(&quote) || sample.contains(&b'"')) {
                continue;
            }
            for &delimiter in delimiters {
                let dialect = Self { delimiter, quote, ..best.1 };
                let dialect = Self { has_blanks: dialect.blanks_before_quotes(sample), ..dialect };
                let score = score(&dialect.records(sample, is_whole), quote, words);
                if score > best.0 + 1e-9 {
                    best = (score, dialect);
                }
            }
        }
        let records = best.1.records(sample, is_whole);
        let has_number = |first: &Vec<String>| first.iter().any(|cell| is_number(cell.trim(), words));
        let has_header = records.first().is_none_or(|first| !has_number(first) || counts_columns(&records));
        Self { has_header, ..best.1 }
    }

    /// What its delimiter is called.
    pub fn delimiter_name(self) -> String {
        match self.delimiter {
            b',' => "a comma".to_owned(),
            b'\t' => "a tab".to_owned(),
            b';' => "a semicolon".to_owned(),
            b'|' => "a vertical bar".to_owned(),
            b' ' => "a blank".to_owned(),
            other => format!("{:?}", char::from(other)),
        }
    }

    /// The records of a sample; the last one may have been cut off.
    fn records(self, sample: &[u8], is_whole: bool) -> Vec<Vec<String>> {
        // Its last quote may close behind the sample.
        let reader = self.reader_of(sample, false);
        let mut records: Vec<Vec<String>> = reader
            .into_byte_records()
            .map_while(Result::ok)
            .take(N_RECORDS)
            .map(|record| record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect())
            .collect();
        if !is_whole && records.len() > 1 && records.len() < N_RECORDS {
            records.pop();
        }
        records
    }

    /// A reader of records of any length, without a word about a header. Quotes that are not closed as they should be are errors.
    pub(super) fn reader<R: std::io::Read>(self, input: R) -> Cutter<R> {
        self.reader_of(input, true)
    }

    fn reader_of<R: std::io::Read>(self, input: R, are_checked: bool) -> Cutter<R> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(256 * 1024)
            .from_reader(Quotes::new(Bounded::new(input), self, are_checked))
    }

    /// Whether quotes follow blanks after the delimiter; a blank that is the delimiter itself is none.
    fn blanks_before_quotes(self, sample: &[u8]) -> bool {
        self.delimiter != b' ' && sample.windows(3).any(|part| part == [self.delimiter, b' ', self.quote])
    }
}

/// Whether the first record numbers the columns from 0, three at least or behind an empty cell, and the second does not.
fn counts_columns(records: &[Vec<String>]) -> bool {
    let counts = |record: &[String]| (0..).zip(record).all(|(i, cell)| cell.trim() == i.to_string());
    let numbers = |record: &[String]| match record {
        [first, rest @ ..] if first.trim().is_empty() => !rest.is_empty() && counts(rest),
        all => all.len() >= 3 && counts(all),
    };
    matches!(records, [first, second, ..] if numbers(first) && !numbers(second))
}

/// How much the records look like a table.
fn score(records: &[Vec<String>], quote: u8, words: &Words<'_>) -> f64 {
    // An apostrophe at the start of a cell would quote as far as to the next one, over as many lines.
    if quote == b'\'' && records.iter().flatten().any(|cell| cell.contains('\n')) {
        return 0.0;
    }
    let mut lengths: Vec<usize> = records.iter().map(Vec::len).collect();
    lengths.sort_unstable();
    let runs = lengths.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0]));
    let Some((most, n_cells)) = runs.max() else { return 0.0 };
    let consistent = most as f64 / records.len() as f64;
    let cells = records.iter().flatten();
    let (n, known) = cells.fold((0.0, 0.0), |(n, known), cell| (n + 1.0, known + f64::from(is_clean(cell, words))));
    // One column is what every file has with a delimiter that it does not use.
    let pattern = if n_cells > 1 { 1.0 } else { 0.01 };
    pattern * consistent * known / n
}

/// Whether a cell looks as if it were one: no other delimiter in it, no quote left at an end.
fn is_clean(cell: &str, words: &Words<'_>) -> bool {
    let cell = cell.trim();
    if is_number(cell, words) || words.is_missing(cell) {
        return true;
    }
    let quoted = cell.starts_with(['"', '\'']) || cell.ends_with('"');
    !quoted && !cell.bytes().any(|byte| DELIMITERS.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(text: &str) -> (char, char, bool) {
        let dialect = Dialect::guess(text.as_bytes(), true, &Words::default(), None);
        (dialect.delimiter as char, dialect.quote as char, dialect.has_header)
    }

    #[test]
    fn all_else_is_guessed_with_the_delimiter_that_is_said() {
        for delimiter in [':', ' ', '~', ',', ';', '\t', '|', '#'] {
            let guess = |text: &str| {
                let text = text.replace('_', &delimiter.to_string());
                let dialect = Dialect::guess(text.as_bytes(), true, &Words::default(), Some(delimiter as u8));
                assert_eq!(dialect.delimiter as char, delimiter, "{text}");
                (dialect.quote as char, dialect.has_header, dialect.has_blanks)
            };
            assert_eq!(guess("1_2\n3_4\n"), ('"', false, false), "{delimiter:?}");
            assert_eq!(guess("a_b\n3_4\n"), ('"', true, false), "{delimiter:?}");
            assert_eq!(guess("a_2\n"), ('"', false, false), "{delimiter:?}");
            assert_eq!(guess("'x_y'_1\n'z'_2\n"), ('\'', false, false), "{delimiter:?}");
            assert_eq!(guess("a_b\n1_\"x_y\"\n2_\"z\"\n"), ('"', true, false), "{delimiter:?}");
            if delimiter != ' ' {
                assert_eq!(guess("1_ \"x_y\"\n2_ \"z\"\n"), ('"', false, true), "{delimiter:?}");
            }
            assert_eq!(guess(""), ('"', true, false), "{delimiter:?}");
        }
    }

    #[test]
    fn files_as_people_have_them() {
        assert_eq!(guess("a,b\n1,2\n3,4\n"), (',', '"', true));
        assert_eq!(guess("1,2\n3,4\n"), (',', '"', false));
        assert_eq!(guess("a;b\n1,5;2,5\n3,5;4,5\n"), (';', '"', true));
        assert_eq!(guess("a\tb\nx, y\t1\nz\t2\n"), ('\t', '"', true));
        assert_eq!(guess("a|b|c\n1|2|3\n"), ('|', '"', true));
        assert_eq!(guess("name,note\n'x','y, z'\n'u','v, w'\n"), (',', '\'', true));
        assert_eq!(guess("name,note\nO'Hara,1\n\"a, b\",2\n"), (',', '"', true));
        assert_eq!(guess("only\n1\n2\n"), (',', '"', true));
        assert_eq!(guess(""), (',', '"', true));
        assert_eq!(guess("a;b\n\"x;y\";1\n\"z\";2\n"), (';', '"', true));
        assert_eq!(guess("city,mean\nBonn,1\nUlm,?\n"), (',', '"', true));
        assert_eq!(guess(",0,1\n0,5,a\n1,6,b\n"), (',', '"', true));
        assert_eq!(guess("0,1,2\n5,6,7\n"), (',', '"', true));
        assert_eq!(guess("0,1,2\n0,1,2\n"), (',', '"', false));
        assert_eq!(guess("0,1\n5,6\n"), (',', '"', false));
    }
}
