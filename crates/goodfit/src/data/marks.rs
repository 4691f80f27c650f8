//! What a table says of which rows go where.

use std::path::Path;

use goodfit_nn::{Purpose, Stream};

use super::order::{By, Column, Groups, Order, Timeline};
use super::source::DataError;
use super::split::share;
use super::table::{Cells, Goal, Table, TableError, TableOptions};
use crate::recipe::{DataRecipe, Given, Split, nearest};

/// The seed by which the test rows of a table are split off: no command's, so that what is sealed in one is sealed in all.
const TEST_SEED: u64 = 0;

/// What is known of rows before they are split: by what that is done, and which of them somebody has given a side.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    by: By,
    /// By row, what somebody has said it is split off for; `None` where that is not said, or it trains. Empty where nobody
    /// has said anything.
    given: Vec<Option<Side>>,
}

/// What rows are split off for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Test,
    Validation,
    Stopping,
}

/// Which rows go where, once the test rows are split off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) train: Vec<u32>,
    pub(super) validation: Vec<u32>,
    pub(super) stopping: Vec<u32>,
    /// The seed by which chance chose the rows that validate.
    pub(super) seed: Option<u64>,
}

impl Parts {
    /// All of them train, those that did first.
    pub(super) fn joined(self) -> Self {
        let train = [self.train, self.validation, self.stopping].concat();
        Self { train, validation: Vec::new(), stopping: Vec::new(), seed: None }
    }
}

/// Words for sides, first those that are recommended; what trains has none.
const WORDS: [(&str, Option<Side>); 17] = [
    ("train", None),
    ("validation", Some(Side::Validation)),
    ("stopping", Some(Side::Stopping)),
    ("test", Some(Side::Test)),
    ("training", None),
    ("valid", Some(Side::Validation)),
    ("val", Some(Side::Validation)),
    ("dev", Some(Side::Validation)),
    ("testing", Some(Side::Test)),
    ("holdout", Some(Side::Test)),
    ("0", None),
    ("1", Some(Side::Test)),
    ("false", None),
    ("true", Some(Side::Test)),
    ("no", None),
    ("yes", Some(Side::Test)),
    ("hold-out", Some(Side::Test)),
];

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Validation => "validation",
            Self::Stopping => "stopping",
        }
    }
}

impl Marks {
    /// What a table says, whose first `n_own` rows are those of its own file and the others those of a file of test rows.
    ///
    /// # Errors
    /// When a column that is asked for is not there, or has a cell that says nothing.
    pub(super) fn read(
        path: &Path,
        recipe: &DataRecipe,
        table: &Table,
        goal: &Goal,
        n_own: usize,
    ) -> Result<Self, TableError> {
        let mut files = vec![path];
        if let Some(Given::TestFile(file)) = &recipe.given {
            files.push(file);
        }
        let of = |name: &str| Column { file: table.source.clone(), name: name.to_owned() };
        let by = match (&recipe.split, goal) {
            (Split::Random, _) | (Split::Stratified, Goal::Numbers(_)) => By::Chance,
            (Split::Stratified, Goal::Classes { classes, .. }) => By::Classes(classes.clone()),
            (Split::Group(name), _) => {
                let cells = Cells::read(&files, &table.options, name)?;
                let names = cells.texts.into_iter().map(|text| text.cell).collect();
                By::Groups(Groups { of: of(name), codes: cells.codes, names })
            }
            (Split::Time(name), _) => {
                let times = Cells::read(&files, &table.options, name)?.times(&table.options)?;
                By::Times(Timeline { of: of(name), times: times.times, are_dates: times.are_dates })
            }
        };
        let given = match &recipe.given {
            None => Vec::new(),
            Some(Given::Column(name)) => sides(path, &table.options, name)?,
            Some(Given::TestFile(_)) => (0..table.n_rows).map(|row| (row >= n_own).then_some(Side::Test)).collect(),
        };
        Ok(Self { by, given })
    }

    /// What it says of some rows, as rows of their own.
    pub(super) fn select(&self, rows: &[u32]) -> Self {
        let given = if self.given.is_empty() { &[][..] } else { rows };
        Self { by: self.by.select(rows), given: given.iter().map(|&row| self.given[row as usize]).collect() }
    }

    /// The test rows among n, and the others, each in the order of the file: those that are given, else a share of the
    /// others.
    ///
    /// # Errors
    /// When the share leaves a side without rows, or rows that are given are not apart as the others would be.
    pub(super) fn sealed(&self, n: usize, test: f64) -> Result<(Vec<u32>, Vec<u32>), DataError> {
        let mut sealed = self.given(Side::Test);
        if sealed.is_empty() {
            let stream = Stream::new(TEST_SEED, Purpose::Split, 1);
            let mut order = Order::new(&self.by, self.free(n), stream);
            sealed = order.take("data.test", share("data.test", test, n, order.rows().len())?)?;
            sealed.sort_unstable();
        }
        let mut is_sealed = vec![false; n];
        for &row in &sealed {
            is_sealed[row as usize] = true;
        }
        let others: Vec<u32> = (0..n as u32).filter(|&row| !is_sealed[row as usize]).collect();
        self.check_apart(Side::Test, &sealed, &others)?;
        Ok((sealed, others))
    }

    /// Splits n rows: those that are given a side have it; of the others a share validates or a fold does, a share chooses
    /// the epoch, and the rest trains. Chance is that of the stream (`seed`, [`Purpose::Split`], 0).
    ///
    /// # Errors
    /// When a share or a fold leaves a side without rows, or sides that are given contradict the recipe.
    pub(super) fn parts(&self, n: usize, recipe: &DataRecipe, seed: u64) -> Result<Parts, DataError> {
        let [mut validation, mut stopping] = [Side::Validation, Side::Stopping].map(|side| self.given(side));
        let splits = recipe.validation > 0.0 || recipe.fold.is_some();
        if !splits && validation.is_empty() && stopping.is_empty() {
            return Ok(Parts { train: (0..n as u32).collect(), validation, stopping, seed: None });
        }
        if !validation.is_empty() {
            check_validation(recipe)?;
        }
        let by_chance = validation.is_empty() && splits && !matches!(self.by, By::Times(_));
        let mut order = Order::new(&self.by, self.free(n), Stream::new(seed, Purpose::Split, 0));
        if validation.is_empty() {
            validation = match recipe.fold {
                Some(fold) if fold.of < 2 || fold.of > order.rows().len() => {
                    return Err(DataError::Split { field: recipe.folds_field(), share: fold.of as f64, n_rows: n });
                }
                Some(fold) => order.fold(fold, recipe.folds_field())?,
                None => {
                    let wanted = share("data.validation", recipe.validation, n, order.rows().len())?;
                    order.take("data.validation", wanted)?
                }
            };
        }
        if stopping.is_empty() {
            let wanted = share("data.stopping", recipe.stopping, n, order.rows().len())?;
            stopping = order.take("data.stopping", wanted)?;
        }
        let train = order.rows().to_vec();
        self.check_apart(Side::Validation, &validation, &[&stopping[..], &train].concat())?;
        self.check_apart(Side::Stopping, &stopping, &train)?;
        Ok(Parts { train, validation, stopping, seed: by_chance.then_some(seed) })
    }

    /// The rows that are given a side, in the order of the file.
    fn given(&self, side: Side) -> Vec<u32> {
        (0..).zip(&self.given).filter(|(_, other)| **other == Some(side)).map(|(row, _)| row).collect()
    }

    /// The rows among n that are given none.
    fn free(&self, n: usize) -> Vec<u32> {
        (0..n as u32).filter(|&row| self.given.get(row as usize).is_none_or(Option::is_none)).collect()
    }

    /// Where sides are given, groups and times need not be apart.
    fn check_apart(&self, side: Side, first: &[u32], others: &[u32]) -> Result<(), TableError> {
        if self.given.is_empty() { Ok(()) } else { self.by.check_apart(first, others, side.name()) }
    }
}

/// Whether rows that are given to validate are asked for.
fn check_validation(recipe: &DataRecipe) -> Result<(), DataError> {
    let Some(Given::Column(column)) = &recipe.given else { return Ok(()) };
    let but = if recipe.fold.is_some() {
        if recipe.folds.is_some() { "data.folds makes its own" } else { "search.folds makes its own" }
    } else if recipe.validation <= 0.0 {
        "data.validation is 0"
    } else {
        return Ok(());
    };
    Err(DataError::GivenValidation { column: column.clone(), but })
}

/// The sides that a column says.
fn sides(path: &Path, options: &TableOptions, name: &str) -> Result<Vec<Option<Side>>, TableError> {
    let cells = Cells::read(&[path], options, name)?;
    let known = |text: &str| WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, side)| *side);
    let mut sides = Vec::new();
    for text in &cells.texts {
        let Some(side) = known(&text.cell) else {
            let what = format!("{:?} is no side of a split", text.cell);
            let near = nearest(&text.cell, WORDS[..4].iter().map(|(word, _)| *word));
            let hint = near.map(|near| format!("did you mean {near:?}?"));
            let hint = hint.unwrap_or_else(|| {
                "train, validation, stopping or test; or 1 for test rows and 0 for others".to_owned()
            });
            return Err(cells.fault(text, what).hint(hint));
        };
        sides.push(side);
    }
    if sides.iter().all(Option::is_some) {
        let error = TableError::new(&path.display().to_string(), "it leaves no row to train on").column(name);
        return Err(error.hint("rows that train are those of train, or 0"));
    }
    Ok(cells.codes.iter().map(|&code| sides[code as usize]).collect())
}

#[cfg(test)]
mod tests;
