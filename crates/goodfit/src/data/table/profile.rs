//! What the cells of a column say, counted in one pass.

use std::collections::HashMap;

use super::cell::{DateForm, Said, Words};
use super::kind::Kind;

/// A column of more different texts holds no levels.
pub(super) const MOST_LEVELS: usize = 10_000;
/// A column of fewer different whole numbers could be one of levels.
pub(super) const FEW_NUMBERS: usize = 20;
/// So many different words that are no numbers are kept of a column of numbers.
const FEW_WORDS: usize = 5;

/// Whether a cell is a number such as 1,234,567.
fn is_in_thousands(cell: &str) -> bool {
    let whole = cell.trim_start_matches(['-', '+']).split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && digits(first));
    let mut n = 0;
    let others = groups.all(|group| {
        n += 1;
        group.len() == 3 && digits(group)
    });
    first && others && n > 0
}

/// A cell and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u64,
    pub(super) cell: String,
}

/// What the cells of a column say.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) n: u64,
    pub(super) missing: u64,
    pub(super) first_missing: Option<u64>,
    /// The first word that stands for a missing value.
    pub(super) first_word: Option<Box<str>>,
    pub(super) first_negative: Option<u64>,
    pub(super) numbers: u64,
    pub(super) integers: u64,
    pub(super) infinite: u64,
    /// Smallest and largest finite number.
    range: (f64, f64),
    pub(super) first_infinite: Option<At>,
    /// Cells that are neither missing nor a number.
    pub(super) texts: u64,
    pub(super) first_text: Option<At>,
    /// Whether all of those are numbers with the other decimal sign.
    pub(super) other_decimals: bool,
    /// Whether all of those are numbers with commas between thousands.
    pub(super) thousands: bool,
    /// Numbers that begin with a zero too many.
    pub(super) leading_zeros: u64,
    /// How many whole numbers, and first different other ones, are others in 32 bits.
    rounded: u64,
    /// The forms in which all of those are dates.
    pub(super) dates: Vec<DateForm>,
    /// How often each text stands there; `None` when there are too many.
    pub(super) levels: Option<HashMap<Box<str>, u64>>,
    /// Different numbers; `None` when there are too many.
    pub(super) few: Option<Vec<f64>>,
    /// Whether the numbers count the rows: each is one more than that before it.
    pub(super) counts: bool,
    last: Option<f64>,
    /// Blanks between words of texts.
    pub(super) blanks: u64,
}

impl Profile {
    pub(super) fn new() -> Self {
        Self {
            n: 0,
            missing: 0,
            first_missing: None,
            first_word: None,
            first_negative: None,
            numbers: 0,
            integers: 0,
            infinite: 0,
            range: (f64::INFINITY, f64::NEG_INFINITY),
            first_infinite: None,
            texts: 0,
            first_text: None,
            other_decimals: true,
            thousands: true,
            leading_zeros: 0,
            rounded: 0,
            dates: DateForm::ALL.to_vec(),
            levels: Some(HashMap::new()),
            few: Some(Vec::new()),
            counts: true,
            last: None,
            blanks: 0,
        }
    }

    /// Takes in a cell without blanks around it.
    pub(super) fn take(&mut self, cell: &str, line: u64, words: &Words<'_>) {
        self.n += 1;
        let at = || At { line, cell: cell.to_owned() };
        let said = words.said(cell);
        if said == Said::Missing {
            self.missing += 1;
            self.first_missing.get_or_insert(line);
            if !cell.is_empty() {
                self.first_word.get_or_insert_with(|| cell.into());
            }
        } else if let Said::Number(x) = said {
            self.numbers += 1;
            if x < 0.0 {
                self.first_negative.get_or_insert(line);
            }
            let is_whole = x.fract() == 0.0;
            self.integers += u64::from(is_whole);
            self.rounded += u64::from(is_whole && f64::from(x as f32).to_bits() != x.to_bits());
            if (x as f32).is_finite() {
                self.range = (self.range.0.min(x), self.range.1.max(x));
            }
            self.leading_zeros +=
                u64::from(cell.len() > 1 && cell.starts_with('0') && cell.bytes().all(|b| b.is_ascii_digit()));
            if (x as f32).is_infinite() {
                self.infinite += 1;
                self.first_infinite.get_or_insert_with(at);
            }
            self.counts &= self.last.is_none_or(|last| (x - last - 1.0).abs() < f64::EPSILON);
            self.last = Some(x);
            if let Some(few) = &mut self.few
                && !few.contains(&x)
            {
                few.push(x);
                self.rounded += u64::from(!is_whole && (x as f32).to_string().parse() != Ok(x));
                if few.len() > FEW_NUMBERS {
                    self.few = None;
                }
            }
        } else {
            self.texts += 1;
            self.blanks += cell.bytes().filter(|byte| *byte == b' ').count() as u64;
            self.first_text.get_or_insert_with(at);
            self.thousands &= self.thousands && is_in_thousands(cell);
            self.other_decimals &= self.other_decimals && words.with_the_other_decimal().number(cell).is_some();
            if !self.dates.is_empty() {
                self.dates.retain(|form| form.days(cell).is_some());
            }
            self.count(cell);
        }
    }

    fn count(&mut self, cell: &str) {
        let Some(levels) = &mut self.levels else { return };
        if let Some(n) = levels.get_mut(cell) {
            *n += 1;
        } else if levels.len() < MOST_LEVELS && cell.len() <= 1000 {
            levels.insert(cell.into(), 1);
        } else {
            self.levels = None;
        }
    }

    /// Whether what 32 bits round off a number is more than a thousandth of the range of all.
    pub(super) fn is_coarse(&self) -> bool {
        let (low, high) = self.range;
        low < high && low.abs().max(high.abs()) * f64::from(f32::EPSILON) / 2.0 > 1e-3 * (high - low)
    }

    /// Whether its numbers, as names of classes, would be what is written.
    pub(super) fn keeps_names(&self) -> bool {
        self.rounded == 0 && self.leading_zeros == 0
    }

    /// The form in which all of its texts are dates, whatever the column is taken for.
    pub(super) fn date_form(&self) -> Option<DateForm> {
        self.dates.first().filter(|_| self.texts > 0).copied()
    }

    /// How many values a column of a kind misses, and in which line the first one.
    pub(super) fn missing_as(&self, kind: Kind) -> (usize, Option<u64>) {
        let texts = self.first_text.as_ref().map(|at| at.line);
        match kind {
            Kind::Numeric => {
                let first = self.first_missing.into_iter().chain(texts).min();
                ((self.missing + self.texts) as usize, first)
            }
            Kind::Other => (0, None),
            _ => (self.missing as usize, self.first_missing),
        }
    }

    /// The number that all cells are, where they are one.
    pub(super) fn only_number(&self) -> Option<f32> {
        match self.few.as_deref() {
            Some(&[number]) if self.numbers == self.n => Some(number as f32),
            _ => None,
        }
    }

    /// The different texts of a column most of whose cells are numbers; `None` when they are many.
    pub(super) fn few_words(&self) -> Option<Vec<&str>> {
        let levels = self.levels.as_ref().filter(|levels| levels.len() <= FEW_WORDS)?;
        let mut words: Vec<&str> = levels.keys().map(|word| &**word).collect();
        words.sort_unstable();
        Some(words)
    }
}
