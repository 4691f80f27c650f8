//! Where rows come from: the MNIST in the binary, a folder of IDX files, a table, normal draws.

use std::path::Path;
use std::sync::Arc;

use goodfit_nn::{Purpose, Stream};

use super::marks::Marks;
use super::overlap::Twins;
use super::rows::Rows;
use super::table::{DataFile, Goal, SealedRows, Table, TableError, TableOptions, read};
use super::{Sealed, idx};
use crate::recipe::{DataRecipe, Evaluation, Given, Source, Split, nearest};

/// A data set: training rows, and test rows under seal.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name in reports.
    pub source: String,
    /// Of a table the files that were read.
    pub files: Vec<DataFile>,
    /// The training rows.
    pub train: Rows,
    /// The test rows; absent where the source has none or nobody asked for them.
    pub test: Option<Sealed<Rows>>,
    /// Of a table the test rows that are sealed, whether somebody asked for them or not.
    pub sealed: Option<SealedRows>,
    /// How many of these are also among the rows that are not.
    pub test_twins: Twins,
    /// Number of classes; 0 = none.
    pub n_classes: usize,
    /// What is known of how the training rows are to be split.
    pub(super) marks: Marks,
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
    /// A column gives rows to validate that nothing asks for.
    #[error("column {column} gives validation rows, but {but}")]
    GivenValidation {
        /// The column.
        column: String,
        /// Why they are not asked for.
        but: &'static str,
    },
    /// There is no other split to draw.
    #[error("compare.resplit is set, but the recipe leaves {source_name} one split only")]
    OneSplit {
        /// The data.
        source_name: String,
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
            Self::Split { share, n_rows, .. } if *share >= 1.0 => {
                Some(format!("there are no more folds than rows: {n_rows} at most"))
            }
            Self::Split { .. } => Some("take a share that leaves rows on both sides, for instance 0.2".into()),
            Self::GivenValidation { .. } => {
                Some("what the column gives needs neither: leave folds and data.validation out".into())
            }
            Self::OneSplit { .. } => {
                Some("leave it out: validation rows by data.time or data.split_column are not drawn".into())
            }
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
            let (test, marks) = (test.map(Rows::seal), Marks::default());
            Ok(Dataset {
                source,
                files: Vec::new(),
                train,
                test,
                sealed: None,
                test_twins: Twins::default(),
                n_classes,
                marks,
            })
        }
        Source::Table { path, target, classes, weight, options } => {
            let mut table = read(path, options)?;
            let mut weights = weight.as_deref().map(|name| table.take_weights(name)).transpose()?;
            let (table, n_own, target) = columns(recipe, path, table, target)?;
            if let Some(weights) = &mut weights {
                // Those of a file of test rows are only scored, which weighs nothing.
                weights.resize(table.n_rows, 1.0);
            }
            if !table.columns.iter().enumerate().any(|(i, column)| i != target && column.kind.is_used()) {
                return Err(table.nothing_beside(target).into());
            }
            let goal = table.goal(target, *classes)?;
            let marks = Marks::read(path, recipe, &table, &goal, n_own)?;
            self::table(recipe, table, target, goal, &marks, weights.map(Arc::from))
        }
        Source::Normal { rows, columns } => {
            check_rows(recipe.train_rows, *rows, "normal")?;
            let n_rows = recipe.train_rows.unwrap_or(*rows);
            let mut stream = Stream::new(seed, Purpose::Data, 0);
            let numbers = (0..n_rows * columns).map(|_| stream.normal() as f32).collect();
            let train = Rows::numbers(*columns, numbers);
            let (source, files, marks) = ("normal".into(), Vec::new(), Marks::default());
            Ok(Dataset {
                source,
                files,
                train,
                test: None,
                sealed: None,
                test_twins: Twins::default(),
                n_classes: 0,
                marks,
            })
        }
    }
}

/// A table with the rows of a file of test rows behind its own, their number, and the place of the target. What rows are
/// split by is set aside, but for times, which may tell something of the target.
fn columns(
    recipe: &DataRecipe,
    path: &Path,
    mut table: Table,
    target: &str,
) -> Result<(Table, usize, usize), DataError> {
    let target = table.place_of(target)?;
    if let Split::Group(name) = &recipe.split {
        table.set_aside(table.place_of(name)?);
    }
    if let Some(Given::Column(name)) = &recipe.given {
        table.set_aside(table.place_of(name)?);
    }
    let n_own = table.n_rows;
    if let Some(Given::TestFile(file)) = &recipe.given {
        if std::fs::canonicalize(file).is_ok_and(|file| std::fs::canonicalize(path).is_ok_and(|own| own == file)) {
            let what = "data.test_file is the table itself, whose rows train";
            let error = TableError::new(&file.display().to_string(), what);
            return Err(error.hint("data.test = 0.2 splits rows off it").into());
        }
        table = table.followed_by(file, target)?;
    }
    Ok((table, n_own, target))
}

/// The rows of a table, of which some are sealed ([`Marks::sealed`]). A row that weighs nothing trains and validates
/// nothing.
fn table(
    recipe: &DataRecipe,
    table: Table,
    target: usize,
    goal: Goal,
    marks: &Marks,
    weights: Option<Arc<[f32]>>,
) -> Result<Dataset, DataError> {
    let n_classes = if let Goal::Classes { names, .. } = &goal { names.len() } else { 0 };
    let (table, goal) = (Arc::new(table), Arc::new(goal));
    let (test, mut rest) = marks.sealed(table.n_rows, recipe.test)?;
    let n_free = rest.len();
    rest.retain(|&row| weights.as_ref().is_none_or(|weights| weights[row as usize] > 0.0));
    check_weights(recipe, n_free, rest.len(), &table.source)?;
    check_rows(recipe.train_rows, rest.len(), &table.source)?;
    rest.truncate(recipe.train_rows.unwrap_or(usize::MAX));
    let marks = marks.select(&rest);
    let test_twins = Twins::among(&table, &test, &rest);
    let rows = |rows| Rows::of_table(Arc::clone(&table), target, Arc::clone(&goal), weights.clone(), rows);
    let test = (!test.is_empty()).then(|| rows(test).seal());
    let sealed = test
        .as_ref()
        .map(|test| SealedRows { rows: test.n_rows(), fingerprint: format!("{:016x}", test.fingerprint()) });
    let test = test.filter(|_| recipe.evaluation == Evaluation::Test);
    let (source, files) = (table.source.clone(), table.files.clone());
    Ok(Dataset { source, files, train: rows(rest), test, sealed, test_twins, n_classes, marks })
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
    /// The encoding of its text, where nothing but its bytes tells it and it is not UTF-8.
    pub detected: Option<&'static str>,
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
    let detected = table.is_detected.then_some(table.encoding);
    Ok(Survey { is_of_classes, is_guessed, n_rows: table.n_rows, detected })
}

/// Whether weights of rows leave any worth a training.
fn check_weights(recipe: &DataRecipe, n_free: usize, n_left: usize, source: &str) -> Result<(), TableError> {
    const FEWEST: usize = 10;
    match &recipe.source {
        Source::Table { weight: Some(column), .. } if n_left < FEWEST && n_left < n_free => {
            let what = format!("{n_left} of {n_free} rows that are not sealed weigh more than 0, too few to train on");
            let hint =
                format!("data.weight is a column of numbers above 0 in {FEWEST} rows at least; is it the right one?");
            Err(TableError::new(source, what).column(column).hint(hint))
        }
        _ => Ok(()),
    }
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
        files: Vec::new(),
        train: Rows::pixels(d, train.pixels, &train.labels),
        test: test.map(|test| Rows::pixels(d, test.pixels, &test.labels).seal()),
        sealed: None,
        test_twins: Twins::default(),
        n_classes: 10,
        marks: Marks::default(),
    })
}

#[cfg(not(feature = "mnist"))]
fn mnist(_train_rows: Option<usize>, _with_test: bool) -> Result<Dataset, DataError> {
    Err(DataError::NoMnist)
}
