//! The order in which rows are split off.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use goodfit_nn::Stream;

use super::split::stratified;
use super::table::{TableError, date_text};
use crate::recipe::Fold;

/// By what rows are split.
#[derive(Clone, Debug, Default)]
pub(super) enum By {
    /// Each row by chance.
    #[default]
    Chance,
    /// By chance, of each class its share; by row, its class.
    Classes(Vec<u32>),
    /// Whole groups by chance.
    Groups(Groups),
    /// Along time, the latest first.
    Times(Timeline),
}

/// The groups that rows belong to.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    pub(super) of: Column,
    /// By row, its group.
    pub(super) codes: Vec<u32>,
    /// By group, its name.
    pub(super) names: Arc<[Arc<str>]>,
}

/// The points in time of rows.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    pub(super) of: Column,
    /// By row, days since 1970-01-01 or any numbers.
    pub(super) times: Vec<f64>,
    pub(super) are_dates: bool,
}

/// A column by which rows are split.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) file: String,
    pub(super) name: String,
}

/// Rows in the order in which they are split off, first those that go first.
///
/// - By chance: in the order of a permutation, in which each class may be spread evenly ([`stratified`]).
/// - By groups: the groups in the order of a permutation, the rows of each as in the file.
/// - By time: from the latest row to the earliest.
pub(super) struct Order<'a> {
    by: &'a By,
    rows: Vec<u32>,
}

impl Column {
    pub(super) fn fault(&self, what: impl Into<String>) -> TableError {
        TableError::new(&self.file, what).column(&self.name)
    }
}

impl By {
    /// What it says of some rows, as rows of their own.
    pub(super) fn select(&self, rows: &[u32]) -> Self {
        fn chosen<T: Copy>(rows: &[u32], all: &[T]) -> Vec<T> {
            rows.iter().map(|&row| all[row as usize]).collect()
        }
        match self {
            Self::Chance => Self::Chance,
            Self::Classes(classes) => Self::Classes(chosen(rows, classes)),
            Self::Groups(all) => {
                let (of, names) = (all.of.clone(), Arc::clone(&all.names));
                Self::Groups(Groups { of, codes: chosen(rows, &all.codes), names })
            }
            Self::Times(all) => {
                Self::Times(Timeline { of: all.of.clone(), times: chosen(rows, &all.times), are_dates: all.are_dates })
            }
        }
    }

    /// That rows which somebody else has told apart keep to it: no group stands on both sides, and `first`, which are split
    /// off before `others`, are all later. `name` is what the first rows are for.
    ///
    /// # Errors
    /// When they do not.
    pub(super) fn check_apart(&self, first: &[u32], others: &[u32], name: &str) -> Result<(), TableError> {
        match self {
            Self::Chance | Self::Classes(_) => Ok(()),
            Self::Groups(Groups { of, codes: groups, names }) => {
                let taken: HashSet<u32> = first.iter().map(|&row| groups[row as usize]).collect();
                let of_row = others.iter().map(|&row| groups[row as usize]);
                let torn: Vec<u32> = of_row.filter(|group| taken.contains(group)).collect();
                let Some(&group) = torn.first() else { return Ok(()) };
                let more = match torn.iter().collect::<HashSet<_>>().len() - 1 {
                    0 => " is".to_owned(),
                    more => format!(" and {more} more are"),
                };
                let (group, n, m) = (&names[group as usize], torn.len(), others.len());
                let what =
                    format!("group {group:?}{more} among the {name} rows and among the others ({n} of {m} rows)");
                Err(of.fault(what).hint("all rows of a group have to be for one thing; or leave data.group out"))
            }
            Self::Times(line) => {
                let first = first.iter().map(|&row| line.times[row as usize]).min_by(f64::total_cmp);
                let last = others.iter().map(|&row| line.times[row as usize]).max_by(f64::total_cmp);
                match (first, last) {
                    (Some(first), Some(last)) if first <= last => {
                        let (first, last) = (line.shown(first), line.shown(last));
                        let what = format!("the {name} rows begin at {first}, and others go on to {last}");
                        Err(line.of.fault(what).hint(format!("{name} rows have to be later; or leave data.time out")))
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl Timeline {
    fn shown(&self, time: f64) -> String {
        if self.are_dates { date_text(time) } else { time.to_string() }
    }
}

impl<'a> Order<'a> {
    /// Rows that stand in the order of the file, in that in which they are split off.
    pub(super) fn new(by: &'a By, mut rows: Vec<u32>, mut stream: Stream) -> Self {
        let mut permuted = |n: usize| {
            let mut order = vec![0; n];
            stream.permutation(&mut order);
            order
        };
        match by {
            By::Chance => rows = permuted(rows.len()).into_iter().map(|place| rows[place as usize]).collect(),
            By::Classes(classes) => {
                rows = permuted(rows.len()).into_iter().map(|place| rows[place as usize]).collect();
                let n_classes = classes.iter().max().map_or(0, |&class| class as usize + 1);
                stratified(&mut rows, classes, n_classes);
            }
            By::Groups(Groups { codes: groups, .. }) => {
                let grouped = runs_of(&rows, groups);
                let order = permuted(grouped.len());
                rows = order.into_iter().flat_map(|place| grouped[place as usize].iter().copied()).collect();
            }
            By::Times(Timeline { times, .. }) => {
                rows.sort_by(|&a, &b| times[b as usize].total_cmp(&times[a as usize]).then(a.cmp(&b)));
            }
        }
        Self { by, rows }
    }

    /// The rows that are left.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Splits about so many rows off for `field`, and leaves some.
    ///
    /// - By chance: the first n.
    /// - By groups: one after the other, each with which the number of rows is nearer to n than without; of groups that are
    ///   all too large the smallest.
    /// - By time: the first ones up to the change of time that is nearest to n rows, of two equally near the first.
    ///
    /// # Errors
    /// When all rows are of one group, or of one time.
    pub(super) fn take(&mut self, field: &str, n: usize) -> Result<Vec<u32>, TableError> {
        if n == 0 {
            return Ok(Vec::new());
        }
        match self.by {
            By::Chance | By::Classes(_) => Ok(self.rows.drain(..n).collect()),
            By::Groups(Groups { of, codes: groups, .. }) => {
                let runs = runs_of(&self.rows, groups);
                if runs.len() < 2 {
                    let what = format!("{field} takes whole groups, but the {} rows left are one", self.rows.len());
                    return Err(of.fault(what).hint(format!("a column of more groups, or {field} = 0")));
                }
                let (mut off, mut left): (Vec<Vec<u32>>, Vec<Vec<u32>>) = (Vec::new(), Vec::new());
                let (n_runs, mut n_taken) = (runs.len(), 0);
                for run in runs {
                    let is_nearer = (n_taken + run.len()).abs_diff(n) < n.abs_diff(n_taken);
                    if is_nearer && off.len() + 1 < n_runs {
                        n_taken += run.len();
                        off.push(run);
                    } else {
                        left.push(run);
                    }
                }
                if off.is_empty() {
                    let smallest = (0..left.len()).min_by_key(|&place| left[place].len());
                    off.extend(smallest.map(|place| left.remove(place)));
                }
                self.rows = left.concat();
                Ok(off.concat())
            }
            By::Times(Timeline { of, times, .. }) => {
                let Some(border) = changes(&self.rows, times).into_iter().min_by_key(|border| border.abs_diff(n))
                else {
                    let n = self.rows.len();
                    let what = format!("{field} takes the latest rows, but the {n} rows left are of one time");
                    return Err(of.fault(what).hint(format!("a column of finer times, or {field} = 0")));
                };
                Ok(self.rows.drain(..border).collect())
            }
        }
    }

    /// Splits the rows off that validate in a fold, of as many as `field` says. For n rows and k folds:
    ///
    /// - By chance: those from the place i n / k on, up to (i + 1) n / k.
    /// - By groups: the largest group first, each goes to the fold of the fewest rows; of equal ones to the first.
    /// - By time: of k + 1 parts of the timeline the one behind the first i + 1, which are left to train on; what is later
    ///   still is left out. Borders are changes of time, those nearest to j n / (k + 1).
    ///
    /// # Errors
    /// When there are fewer groups than folds, or too few times.
    pub(super) fn fold(&mut self, Fold { index, of: n_folds }: Fold, field: &str) -> Result<Vec<u32>, TableError> {
        let n = self.rows.len();
        match self.by {
            By::Chance | By::Classes(_) => {
                let border = |i: usize| i * n / n_folds;
                self.rows.rotate_left(border(index));
                Ok(self.rows.drain(..border(index + 1) - border(index)).collect())
            }
            By::Groups(Groups { of, codes: groups, .. }) => {
                let mut runs = runs_of(&self.rows, groups);
                if runs.len() < n_folds {
                    let what = format!("{field} is {n_folds}, but the {n} rows left are of {} groups", runs.len());
                    return Err(of.fault(what).hint("at most as many folds as groups"));
                }
                runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
                let mut sizes = vec![0; n_folds];
                let (mut off, mut left) = (Vec::new(), Vec::new());
                for run in runs {
                    let fold = (0..n_folds).min_by_key(|&fold| sizes[fold]).unwrap_or(0);
                    sizes[fold] += run.len();
                    if fold == index { off.extend(run) } else { left.extend(run) }
                }
                self.rows = left;
                Ok(off)
            }
            By::Times(Timeline { of, times, .. }) => {
                let changes = changes(&self.rows, times);
                // From the latest: part j of the timeline ends where so many rows are later.
                let border = |j: usize| {
                    let ideal = n - j * n / (n_folds + 1);
                    changes.iter().copied().min_by_key(|border| border.abs_diff(ideal)).unwrap_or(0)
                };
                let borders: Vec<usize> = (1..=n_folds).map(border).chain([0]).collect();
                if borders.windows(2).any(|pair| pair[0] <= pair[1]) {
                    let what = format!("{field} is {n_folds}, but there are only {} times", changes.len() + 1);
                    return Err(of.fault(what).hint("fewer folds, or a column of finer times"));
                }
                let left = self.rows.split_off(borders[index]);
                let off = self.rows.split_off(borders[index + 1]);
                self.rows = left;
                Ok(off)
            }
        }
    }
}

/// Rows by group, groups in the order of their first rows.
fn runs_of(rows: &[u32], groups: &[u32]) -> Vec<Vec<u32>> {
    let mut places: HashMap<u32, usize> = HashMap::new();
    let mut runs: Vec<Vec<u32>> = Vec::new();
    for &row in rows {
        let place = *places.entry(groups[row as usize]).or_insert(runs.len());
        if place == runs.len() {
            runs.push(Vec::new());
        }
        runs[place].push(row);
    }
    runs
}

/// The places of rows whose time is another one than that of the row before.
fn changes(rows: &[u32], times: &[f64]) -> Vec<usize> {
    let differs = |&i: &usize| times[rows[i] as usize].total_cmp(&times[rows[i - 1] as usize]).is_ne();
    (1..rows.len()).filter(differs).collect()
}

#[cfg(test)]
mod tests;
