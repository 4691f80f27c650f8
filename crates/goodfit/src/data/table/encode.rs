//! Columns as inputs of a network, fitted on training rows.

use std::ops::Range;

use goodfit_nn::Matrix;
use serde::{Deserialize, Serialize};

use super::column::{Column, NO_LEVEL, Values};
use super::inputs::InputColumns;
use super::scaling::{InputKind, Scales, Scaling};
use super::sorted::{quantile, sort};
use super::{Table, date_parts};
use crate::data::TrainingRows;

/// Levels of a column that get a place of their own, the most frequent ones; the others share one.
pub const MOST_PLACES: usize = 100;

/// How columns become inputs; made from training rows, and the same for all others.
///
/// Numbers stay themselves, the median in place of a missing one, with an indicator where training rows miss any. Of
/// levels each has a place of its own, and so has a missing one where training rows miss any; a level that no training row
/// has is 0 in all places; two levels of which none is missing make one input, -1 and 1, and 0 else. Dates become day, year, month, day of the month
/// and of the week, and hour where there are times.
///
/// Then inputs are scaled, see [`Scaling`]. Where levels are to be embedded, columns of more of them than a limit make one
/// input each behind all others, not scaled: the number of the level among those of training rows, from the most frequent
/// one on, a missing one last; -1 for a level that no training row has, and for a missing one where they miss none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoder {
    pub(crate) columns: Vec<Encoded>,
    pub(crate) scales: Scales,
}

/// How one column does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Encoded {
    /// Its place in the table.
    pub(crate) column: usize,
    pub(crate) form: Form,
}

/// The inputs of a column before they are scaled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    Number {
        median: f32,
        has_missing: bool,
    },
    /// The codes of -1 and 1.
    Two([u32; 2]),
    Levels {
        /// By code, the place of a level that training rows have.
        places: Vec<Option<usize>>,
        n_places: usize,
        has_missing: bool,
    },
    /// The place of the level, as one number.
    Level {
        /// By code, the place of a level that training rows have.
        places: Vec<Option<usize>>,
        n_places: usize,
        has_missing: bool,
    },
    Date {
        median: f64,
        has_missing: bool,
        has_time: bool,
    },
}

impl Encoder {
    /// Fits the columns that are used, all but the target, on training rows; those of more levels than the limit are to be
    /// embedded.
    pub fn fit(
        table: &Table,
        target: usize,
        rows: &TrainingRows<'_>,
        scaling: Scaling,
        one_hot_limit: Option<usize>,
    ) -> Self {
        let used = |i: &usize| *i != target && table.columns[*i].kind.is_used();
        let columns = (0..table.columns.len())
            .filter(used)
            .map(|column| Encoded { column, form: Form::fit(&table.columns[column], rows.rows(), one_hot_limit) })
            .collect();
        let mut encoder = Self { columns, scales: Scales::none(scaling) };
        let n = encoder.n_inputs();
        let raw = encoder.raw(table, rows.rows());
        let kinds: Vec<InputKind> = encoder.scaled().collect();
        let mut values = Vec::with_capacity(rows.rows().len());
        for (input, kind) in kinds.into_iter().enumerate() {
            values.clear();
            values.extend(raw.iter().skip(input).step_by(n).copied().filter(|x| x.is_finite()));
            encoder.scales.push(sort(&mut values), kind);
        }
        encoder
    }

    /// The places of its columns in the table, and the same encoder for a table of these columns alone.
    pub(super) fn alone(&self) -> (Vec<usize>, Self) {
        let places = self.columns.iter().map(|column| column.column).collect();
        let alone = |(column, encoded): (usize, &Encoded)| Encoded { column, form: encoded.form.clone() };
        let columns = self.columns.iter().enumerate().map(alone).collect();
        (places, Self { columns, scales: self.scales.clone() })
    }

    /// Whether it fits columns of these kinds; one that was read from a file may not.
    pub(super) fn fits(&self, columns: &[Column]) -> bool {
        let fits = |encoded: &Encoded| {
            let Some(column) = columns.get(encoded.column) else { return false };
            match (&encoded.form, &column.values) {
                (Form::Number { .. }, Values::Numbers(_)) | (Form::Date { .. }, Values::Days(_)) => true,
                (Form::Two(codes), Values::Levels { names, .. }) => {
                    codes.iter().all(|&code| (code as usize) < names.len())
                }
                (Form::Levels { places, n_places, .. }, Values::Levels { names, .. }) => {
                    places.len() == names.len()
                        && *n_places <= MOST_PLACES + 1
                        && places.iter().flatten().all(|place| place < n_places)
                }
                (Form::Level { places, n_places, has_missing }, Values::Levels { names, .. }) => {
                    places.len() == names.len()
                        && *n_places <= names.len()
                        && (*n_places > 0 || *has_missing)
                        && places.iter().flatten().all(|place| place < n_places)
                }
                _ => false,
            }
        };
        self.columns.iter().all(fits) && self.scales.len() == self.n_scaled() && self.scales.is_sound()
    }

    /// What the inputs hold that are scaled.
    fn scaled(&self) -> impl Iterator<Item = InputKind> {
        self.columns.iter().filter(|column| !column.form.is_level()).flat_map(|Encoded { form, .. }| {
            let n_numbers = form.n_numbers();
            (0..form.n_inputs()).map(move |i| if i < n_numbers { InputKind::Number } else { InputKind::Indicator })
        })
    }

    /// Number of inputs that are scaled, in front of all others.
    fn n_scaled(&self) -> usize {
        self.columns.iter().filter(|column| !column.form.is_level()).map(|column| column.form.n_inputs()).sum()
    }

    /// What the inputs are.
    pub(super) fn inputs(&self) -> InputColumns {
        let is_number = |(i, kind): (usize, InputKind)| (kind == InputKind::Number).then_some(i);
        let numbers = self.scaled().enumerate().filter_map(is_number).collect();
        let levels = self.columns.iter().filter_map(|column| column.form.n_levels()).collect();
        InputColumns { n: self.n_inputs(), numbers, levels }
    }

    /// Number of inputs.
    pub fn n_inputs(&self) -> usize {
        self.columns.iter().map(|column| column.form.n_inputs()).sum()
    }

    /// The inputs of each of its columns.
    pub(super) fn ranges(&self) -> Vec<Range<usize>> {
        let (mut scaled, mut level) = (0, self.n_scaled());
        let range = |column: &Encoded| {
            let first = if column.form.is_level() { &mut level } else { &mut scaled };
            let start = *first;
            *first += column.form.n_inputs();
            start..*first
        };
        self.columns.iter().map(range).collect()
    }

    /// Rows of a table as inputs.
    pub fn encode(&self, table: &Table, rows: &[u32]) -> Matrix<f32> {
        let n = self.n_inputs();
        let n_scaled = self.n_scaled();
        let mut values = self.raw(table, rows);
        values.chunks_exact_mut(n.max(1)).for_each(|row| self.scales.apply(&mut row[..n_scaled]));
        Matrix::from_rows(rows.len(), n, values)
    }

    /// Takes back what of the scaling bends the inputs of a row, see [`Scales::straighten`].
    pub(super) fn straighten(&self, row: &mut [f32]) {
        self.scales.straighten(&mut row[..self.n_scaled()]);
    }

    /// Inputs before they are scaled, row by row.
    fn raw(&self, table: &Table, rows: &[u32]) -> Vec<f32> {
        let n = self.n_inputs();
        let mut values = vec![0.0; rows.len() * n];
        for (Encoded { column, form }, inputs) in self.columns.iter().zip(self.ranges()) {
            for (i, &row) in rows.iter().enumerate() {
                let to = &mut values[i * n + inputs.start..i * n + inputs.end];
                form.write(&table.columns[*column].values, row as usize, to);
            }
        }
        values
    }
}

impl Form {
    /// Leaves out the levels, of so many, that no training row has; gives the codes of the others, which become their places.
    pub(super) fn forget_unseen(&mut self, n_levels: usize) -> Vec<u32> {
        match self {
            Self::Two(codes) => std::mem::replace(codes, [0, 1]).to_vec(),
            Self::Levels { places, .. } | Self::Level { places, .. } => {
                let known = (0..).zip(&*places).filter_map(|(code, place)| place.map(|_| code)).collect();
                places.retain(Option::is_some);
                known
            }
            Self::Number { .. } | Self::Date { .. } => (0..n_levels as u32).collect(),
        }
    }

    fn fit(column: &Column, rows: &[u32], one_hot_limit: Option<usize>) -> Self {
        let has_missing = rows.iter().any(|&row| column.values.is_missing(row as usize));
        match &column.values {
            Values::Numbers(numbers) => {
                let mut known: Vec<f32> =
                    rows.iter().map(|&row| numbers[row as usize]).filter(|x| x.is_finite()).collect();
                Self::Number { median: quantile(sort(&mut known), 0.5), has_missing }
            }
            Values::Levels { names, codes } => {
                let mut counts = vec![0_usize; names.len()];
                for code in rows.iter().map(|&row| codes[row as usize]).filter(|code| *code != NO_LEVEL) {
                    counts[code as usize] += 1;
                }
                let mut seen: Vec<u32> = (0..names.len() as u32).filter(|&code| counts[code as usize] > 0).collect();
                if let (&[low, high], false) = (seen.as_slice(), has_missing) {
                    return Self::Two([low, high]);
                }
                // The most frequent first, ties in the order of their names.
                seen.sort_by_key(|&code| std::cmp::Reverse(counts[code as usize]));
                let is_embedded = one_hot_limit.is_some_and(|limit| seen.len() > limit);
                let own = if is_embedded { seen.len() } else { seen.len().min(MOST_PLACES) };
                let mut places = vec![None; names.len()];
                for (place, &code) in seen.iter().enumerate() {
                    places[code as usize] = Some(place.min(own));
                }
                let n_places = own + usize::from(seen.len() > own);
                if is_embedded {
                    Self::Level { places, n_places, has_missing }
                } else {
                    Self::Levels { places, n_places, has_missing }
                }
            }
            Values::Days(days) => {
                let mut known: Vec<f64> = rows.iter().map(|&row| days[row as usize]).filter(|x| !x.is_nan()).collect();
                known.sort_unstable_by(f64::total_cmp);
                let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
                Self::Date { median, has_missing, has_time: known.iter().any(|day| day.fract() != 0.0) }
            }
            Values::None => Self::Levels { places: Vec::new(), n_places: 0, has_missing: false },
        }
    }

    fn n_inputs(&self) -> usize {
        match self {
            Self::Number { has_missing, .. } => 1 + usize::from(*has_missing),
            Self::Two(_) | Self::Level { .. } => 1,
            Self::Levels { n_places, has_missing, .. } => n_places + usize::from(*has_missing),
            Self::Date { has_missing, has_time, .. } => 5 + usize::from(*has_time) + usize::from(*has_missing),
        }
    }

    /// Whether its input is the number of a level.
    fn is_level(&self) -> bool {
        matches!(self, Self::Level { .. })
    }

    /// How many levels there are then, a missing one included.
    fn n_levels(&self) -> Option<usize> {
        match self {
            Self::Level { n_places, has_missing, .. } => Some(n_places + usize::from(*has_missing)),
            _ => None,
        }
    }

    /// Number of the first of its inputs, which are numbers; behind them come only 0 and 1, or -1 and 1.
    fn n_numbers(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Two(_) | Self::Levels { .. } | Self::Level { .. } => 0,
            Self::Date { has_time, .. } => 5 + usize::from(*has_time),
        }
    }

    fn write(&self, values: &Values, row: usize, to: &mut [f32]) {
        match (self, values) {
            (Self::Number { median, has_missing }, Values::Numbers(numbers)) => {
                let x = numbers[row];
                to[0] = if x.is_nan() { *median } else { x };
                if *has_missing {
                    to[1] = f32::from(u8::from(x.is_nan()));
                }
            }
            (Self::Two([low, high]), Values::Levels { codes, .. }) => {
                to[0] = match codes[row] {
                    code if code == *low => -1.0,
                    code if code == *high => 1.0,
                    _ => 0.0,
                };
            }
            (Self::Levels { places, n_places, has_missing }, Values::Levels { codes, .. }) => {
                let code = codes[row];
                if code == NO_LEVEL {
                    if *has_missing {
                        to[*n_places] = 1.0;
                    }
                } else if let Some(place) = places.get(code as usize).copied().flatten() {
                    to[place] = 1.0;
                }
            }
            (Self::Level { places, n_places, has_missing }, Values::Levels { codes, .. }) => {
                let place = match codes[row] {
                    NO_LEVEL => has_missing.then_some(*n_places),
                    code => places.get(code as usize).copied().flatten(),
                };
                to[0] = place.map_or(-1.0, |place| place as f32);
            }
            (Self::Date { median, has_missing, has_time }, Values::Days(days)) => {
                let is_missing = days[row].is_nan();
                let day = if is_missing { *median } else { days[row] };
                let [year, month, day_of_month, day_of_week, hour] = date_parts(day);
                let parts = [day as f32, year, month, day_of_month, day_of_week];
                to[..5].copy_from_slice(&parts);
                if *has_time {
                    to[5] = hour;
                }
                if *has_missing {
                    to[5 + usize::from(*has_time)] = f32::from(u8::from(is_missing));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::of_text as table;

    fn encoded(text: &str, training: &[u32], all: &[u32]) -> (usize, Vec<f32>) {
        let table = table(text);
        let target = table.columns.len() - 1;
        let encoder = Encoder::fit(&table, target, &TrainingRows::of(training), Scaling::Robust, None);
        let raw = encoder.raw(&table, all);
        (encoder.n_inputs(), raw)
    }

    #[test]
    fn each_kind_of_column() {
        // A number with a missing one; two levels; three levels with an unseen one; a date.
        let text = "x,two,three,day,y\n1,a,u,1970-01-01,0\n,b,v,1970-01-02,1\n3,a,w,1970-02-01,0\n5,,u,,1\n9,c,new,1970-01-01,0\n";
        let (n, raw) = encoded(text, &[0, 1, 2], &[0, 1, 3, 4]);
        // x and its indicator, one for two, three for three, five for day.
        assert_eq!(n, 2 + 1 + 3 + 5);
        let row = |i: usize| &raw[i * n..(i + 1) * n];
        assert_eq!(row(0), [1.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, 1970.0, 1.0, 1.0, 4.0]);
        assert_eq!(row(1)[..6], [2.0, 1.0, 1.0, 0.0, 1.0, 0.0], "the median of 1 and 3");
        assert_eq!(row(2), [5.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1970.0, 1.0, 2.0, 5.0], "the median day");
        assert_eq!(row(3)[2..6], [0.0; 4], "levels that no training row has");
    }

    #[test]
    fn levels_above_a_limit_are_numbered() {
        let text = "a,x,b,c,y\nu,1,k,p,0\nv,2,l,q,1\nv,4,m,p,0\nw,5,,q,1\n,6,new,p,0\nother,7,m,q,1\n";
        let table = table(text);
        let fit = |limit| Encoder::fit(&table, 4, &TrainingRows::of(&[0, 1, 2, 3]), Scaling::Standard, Some(limit));
        // x, the sign of c, then the levels of a and b, the most frequent first; b misses one.
        let encoder = fit(2);
        assert_eq!(encoder.inputs(), InputColumns { n: 4, numbers: vec![0], levels: vec![3, 4] });
        assert_eq!(encoder.ranges(), [2..3, 0..1, 3..4, 1..2]);
        let all = encoder.encode(&table, &[0, 1, 2, 3, 4, 5]);
        let of = |input: usize| all.rows().map(|row| row[input]).collect::<Vec<f32>>();
        assert_eq!(of(1), [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
        assert_eq!(of(2), [1.0, 0.0, 0.0, 2.0, -1.0, -1.0], "nothing is missing where it trains");
        assert_eq!(of(3), [0.0, 1.0, 2.0, 3.0, -1.0, 2.0], "a missing one is a level of its own, a new one is none");
        assert!((of(0)[0] - -1.264_911).abs() < 1e-6, "numbers are scaled as ever");
        // Three levels are not more than three.
        assert_eq!(fit(3).inputs().levels, [] as [usize; 0]);
        assert_eq!(fit(0).inputs().levels, [3, 4], "two levels are a sign, whatever the limit");
        let written = serde_json::to_string(&encoder).expect("written");
        assert_eq!(serde_json::from_str::<Encoder>(&written).expect("read"), encoder);
    }

    #[test]
    fn scaled_by_training_rows_and_clipped() {
        let clip = |x: f32| x / (1.0 + (x / 3.0) * (x / 3.0)).sqrt();
        let infinite = table("x,y\n1,0\n1,1\ninf,0\n");
        let encoder = Encoder::fit(&infinite, 1, &TrainingRows::of(&[0, 1]), Scaling::Robust, None);
        assert_eq!(encoder.encode(&infinite, &[0, 2]).data(), [0.0, 0.0], "all training rows are the same");
        let text = "x,constant\n1,0\n2,1\n3,0\n4,1\n5,0\n1e30,1\n";
        let table = table(text);
        let encoder = Encoder::fit(&table, 1, &TrainingRows::of(&[0, 1, 2, 3, 4]), Scaling::Robust, None);
        let all = encoder.encode(&table, &[0, 2, 4, 5]);
        // Median 3, quartiles 2 and 4.
        assert_eq!(all.data(), [clip(-1.0), 0.0, clip(1.0), 3.0]);
    }

    #[test]
    fn each_scaling_takes_numbers_and_robust_scaling_all() {
        let text = "x,two,three,day,y\n1,a,u,2024-01-01,0\n,b,v,2024-01-02,1\n5,a,w,2024-01-04,0\n9,b,u,2031-12-31,1\n";
        let table = table(text);
        let fit = |scaling| Encoder::fit(&table, 4, &TrainingRows::of(&[0, 1, 2]), scaling, None);
        let raw = fit(Scaling::Robust).raw(&table, &[0, 1, 2, 3]);
        for (scaling, ends) in [
            // 1, 3 in place of the missing one, and 5.
            (Scaling::Standard, [-1.5_f32.sqrt(), 1.5_f32.sqrt(), (6.0 / (8.0_f64 / 3.0).sqrt()) as f32]),
            (Scaling::Quantile, [-5.199_337_6, 5.199_337_6, 5.199_337_6]),
            (Scaling::MinMax, [0.0, 1.0, 1.0]),
        ] {
            let encoder = fit(scaling);
            let (n, all) = (encoder.n_inputs(), encoder.encode(&table, &[0, 1, 2, 3]));
            let of = |row: usize, input: usize| all.data()[row * n + input];
            assert_eq!([0, 2, 3].map(|row| of(row, 0)), ends, "{scaling:?}");
            // The indicator of x, two, the places of three.
            for (row, input) in (0..4).flat_map(|row| (1..6).map(move |input| (row, input))) {
                assert_eq!(of(row, input), raw[row * n + input], "{scaling:?}: row {row}, input {input}");
            }
            // The day, and its year, which is the same in all training rows.
            assert!(of(0, 6) < of(1, 6) && of(1, 6) < of(2, 6), "{scaling:?}");
            assert_eq!([0, 1, 2, 3].map(|row| of(row, 7)), [0.0; 4], "{scaling:?}");
        }
    }
}
