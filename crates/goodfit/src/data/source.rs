//! Where rows come from: the MNIST in the binary, a folder of IDX files, a table, normal draws.

use std::path::Path;
use std::sync::Arc;

use goodfit_nn::{Purpose, Stream};

use super::rows::Rows;
use super::split::{share, stratified};
use super::table::{Goal, SealedRows, Table, TableError, TableOptions, read};
use super::{Sealed, idx};
use crate::recipe::{DataRecipe, Evaluation, Source, nearest};

/// A data set: training rows, and test rows under seal.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name in reports.
    pub source: String,
    /// The training rows.
    pub train: Rows,
    /// The test rows; absent where the source has none or nobody asked for them.
    pub test: Option<Sealed<Rows>>,
    /// Of a table the test rows that are sealed, whether somebody asked for them or not.
    pub sealed: Option<SealedRows>,
    /// Number of classes; 0 = none.
    pub n_classes: usize,
}

/// Why data cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A folder of IDX files cannot be read.
    #[error(transparent)]
    Idx(#[from] idx::IdxError),
    /// A table cannot be read, or has not the target that is asked for.
    #[error(transparent)]
    Table(#[from] TableError),
    /// This build of the program holds no MNIST.
    #[error("mnist is not part of this build")]
    NoMnist,
    /// The compiled-in MNIST cannot be decoded.
    #[error("the mnist inside the binary is damaged: {0}")]
    Mnist(String),
    /// More rows are asked for than there are.
    #[error("data.train_rows is {asked}, but {source_name} has {present} training rows")]
    TooFewRows {
        /// What the recipe asks for.
        asked: usize,
        /// How many there are.
        present: usize,
        /// The data.
        source_name: String,
    },
    /// A split leaves no rows on one side.
    #[error("{field} is {share}, which splits {n_rows} rows into a side without rows")]
    Split {
        /// What the split is by.
        field: &'static str,
        /// The share, or the number of folds.
        share: f64,
        /// Rows before the split.
        n_rows: usize,
    },
    /// There are no test rows to open.
    #[error("data.evaluation is \"test\", but {source_name} has no test rows")]
    NoTestRows {
        /// The data.
        source_name: String,
    },
}

/// The sources that are not a folder.
const SOURCES: [&str; 2] = ["mnist", "normal"];

impl DataError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Idx(idx::IdxError::TooFewRows { got, .. }) => {
                Some(format!("leave data.train_rows out to take all {got} rows"))
            }
            Self::Idx(error) => {
                let near = match error {
                    idx::IdxError::FolderMissing { folder } => nearest(&folder.to_string_lossy(), SOURCES.into_iter()),
                    _ => None,
                };
                near.map(|near| format!("did you mean \"{near}\"?")).or_else(|| error.hint())
            }
            Self::Table(error) => error.hint.clone(),
            Self::NoMnist => Some("build with the feature `mnist`, or name a folder of IDX files".into()),
            Self::TooFewRows { present, .. } => Some(format!("leave data.train_rows out to take all {present} rows")),
            Self::Split { n_rows: 0..10, .. } => {
                Some("so few rows cannot be split; a table needs some dozens besides its test rows".into())
            }
            Self::Split { .. } => Some("take a share that leaves rows on both sides, for instance 0.2".into()),
            Self::NoTestRows { .. } => Some("set data.validation = 0.2 and data.evaluation = \"validation\"".into()),
            Self::Mnist(_) => Some("the program itself is damaged: install it again".into()),
        }
    }
}

/// Loads what a recipe asks for: the first `train_rows` training rows, and the test rows only if it
/// evaluates on them.
///
/// # Errors
/// When the source is missing, damaged or has fewer rows.
pub fn load(recipe: &DataRecipe, seed: u64) -> Result<Dataset, DataError> {
    let with_test = recipe.evaluation == Evaluation::Test;
    match &recipe.source {
        Source::Mnist => mnist(recipe.train_rows, with_test),
        Source::Idx(folder) => {
            let source = folder.display().to_string();
            let read = idx::read_folder(folder, recipe.train_rows)?;
            let d = read.train.shape.iter().product();
            let rows = |part: idx::Labelled| Rows::pixels(d, part.pixels, &part.labels);
            let train = rows(read.train);
            check_rows(recipe.train_rows, train.n_rows, &source)?;
            let highest = train.classes.iter().max().map_or(0, |&class| class as usize + 1);
            let test = read.test.filter(|_| with_test).map(rows);
            let highest_test = test.iter().flat_map(|t| &t.classes).max().map_or(0, |&class| class as usize + 1);
            let n_classes = highest.max(highest_test);
            Ok(Dataset { source, train, test: test.map(Rows::seal), sealed: None, n_classes })
        }
        Source::Table { path, target, classes, weight, options } => {
            table(recipe, read(path, options)?, target, *classes, weight.as_deref())
        }
        Source::Normal { rows, columns } => {
            check_rows(recipe.train_rows, *rows, "normal")?;
            let n_rows = recipe.train_rows.unwrap_or(*rows);
            let mut stream = Stream::new(seed, Purpose::Data, 0);
            let numbers = (0..n_rows * columns).map(|_| stream.normal() as f32).collect();
            let train = Rows::numbers(*columns, numbers);
            Ok(Dataset { source: "normal".into(), train, test: None, sealed: None, n_classes: 0 })
        }
    }
}

/// The seed by which the test rows of a table are split off: no command's, so that what is sealed in one is sealed in all.
const TEST_SEED: u64 = 0;

/// The rows of a table: by the stream ([`TEST_SEED`], [`Purpose::Split`], 1) a share of them becomes test rows, of each
/// class its own share. A row that weighs nothing trains and validates nothing.
fn table(
    recipe: &DataRecipe,
    mut table: Table,
    target: &str,
    classes: bool,
    weight: Option<&str>,
) -> Result<Dataset, DataError> {
    let target = table.place_of(target)?;
    let weights: Option<Arc<[f32]>> = weight.map(|name| table.take_weights(name)).transpose()?.map(Arc::from);
    let table = Arc::new(table);
    let goal = Arc::new(table.goal(target, classes)?);
    if !table.columns.iter().enumerate().any(|(i, column)| i != target && column.kind.is_used()) {
        return Err(table.nothing_beside(target).into());
    }
    let n_test = share("data.test", recipe.test, table.n_rows, table.n_rows)?;
    let mut order = vec![0; table.n_rows];
    Stream::new(TEST_SEED, Purpose::Split, 1).permutation(&mut order);
    let n_classes = match &*goal {
        Goal::Classes { names, classes } => {
            stratified(&mut order, classes, names.len());
            names.len()
        }
        Goal::Numbers(_) => 0,
    };
    let mut rest = order.split_off(n_test);
    // In the order of the file, as `train_rows` says.
    rest.sort_unstable();
    rest.retain(|&row| weights.as_ref().is_none_or(|weights| weights[row as usize] > 0.0));
    order.sort_unstable();
    check_rows(recipe.train_rows, rest.len(), &table.source)?;
    rest.truncate(recipe.train_rows.unwrap_or(usize::MAX));
    let rows = |rows| Rows::of_table(Arc::clone(&table), target, Arc::clone(&goal), weights.clone(), rows);
    let test = (n_test > 0).then(|| rows(order).seal());
    let sealed = test
        .as_ref()
        .map(|test| SealedRows { rows: test.n_rows(), fingerprint: format!("{:016x}", test.fingerprint()) });
    let test = test.filter(|_| recipe.evaluation == Evaluation::Test);
    Ok(Dataset { source: table.source.clone(), train: rows(rest), test, sealed, n_classes })
}

/// What a table says of an experiment on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Whether the target holds classes.
    pub is_of_classes: bool,
    /// Whether it holds more than two numbers that are taken for classes because they are few.
    pub is_guessed: bool,
    /// Number of rows.
    pub n_rows: usize,
}

/// Reads a table to find out what an experiment needs to know of it.
///
/// # Errors
/// When it cannot be read, or has not the target.
pub fn survey(path: &Path, target: &str, options: &TableOptions) -> Result<Survey, TableError> {
    let table = read(path, options)?;
    let target = table.place_of(target)?;
    let is_of_classes = table.is_of_classes(target)?;
    let is_said = options.kinds.contains_key(&table.columns[target].name);
    let is_guessed = is_of_classes && !is_said && table.different_numbers(target).len() > 2;
    Ok(Survey { is_of_classes, is_guessed, n_rows: table.n_rows })
}

fn check_rows(asked: Option<usize>, present: usize, source: &str) -> Result<(), DataError> {
    match asked {
        Some(asked) if asked > present => Err(DataError::TooFewRows { asked, present, source_name: source.to_owned() }),
        _ => Ok(()),
    }
}

#[cfg(feature = "mnist")]
fn mnist(train_rows: Option<usize>, with_test: bool) -> Result<Dataset, DataError> {
    use goodfit_mnist as mnist;
    let damaged = |error: mnist::Error| DataError::Mnist(error.to_string());
    check_rows(train_rows, mnist::N_TRAIN, "mnist")?;
    let d = mnist::ROWS * mnist::COLUMNS;
    let train = mnist::train(train_rows.unwrap_or(mnist::N_TRAIN)).map_err(damaged)?;
    let test = if with_test { Some(mnist::test().map_err(damaged)?) } else { None };
    Ok(Dataset {
        source: "mnist".into(),
        train: Rows::pixels(d, train.pixels, &train.labels),
        test: test.map(|test| Rows::pixels(d, test.pixels, &test.labels).seal()),
        sealed: None,
        n_classes: 10,
    })
}

#[cfg(not(feature = "mnist"))]
fn mnist(_train_rows: Option<usize>, _with_test: bool) -> Result<Dataset, DataError> {
    Err(DataError::NoMnist)
}
