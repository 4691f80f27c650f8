//! Where rows come from: the MNIST in the binary, a folder of IDX files, normal draws.

use goodfit_nn::{Inputs, Matrix, Purpose, Stream};

use super::{Sealed, fingerprint, idx};
use crate::recipe::{DataRecipe, Evaluation, Source, nearest};

/// Rows as their source holds them.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Number of rows.
    pub n_rows: usize,
    /// Number of columns.
    pub n_columns: usize,
    /// Class of each row.
    pub classes: Vec<u32>,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// Grey values 0 to 255; an input is a value / 255.
    Pixels(Vec<u8>),
    Numbers(Vec<f32>),
}

/// A data set: training rows, and test rows under seal.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name in reports.
    pub source: String,
    /// The training rows.
    pub train: Rows,
    /// The test rows; absent where the source has none or nobody asked for them.
    pub test: Option<Sealed<Rows>>,
    /// Number of classes; 0 = none.
    pub n_classes: usize,
}

/// Why data cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A folder of IDX files cannot be read.
    #[error(transparent)]
    Idx(#[from] idx::IdxError),
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
            Self::NoMnist => Some("build with the feature `mnist`, or name a folder of IDX files".into()),
            Self::TooFewRows { present, .. } => Some(format!("leave data.train_rows out to take all {present} rows")),
            Self::Split { .. } => Some("take a share that leaves rows on both sides, for instance 0.2".into()),
            Self::NoTestRows { .. } => Some("set data.validation = 0.2 and data.evaluation = \"validation\"".into()),
            Self::Mnist(_) => Some("the program itself is damaged: install it again".into()),
        }
    }
}

impl Rows {
    /// Rows of grey values; an input is a value / 255.
    fn pixels(n_columns: usize, pixels: Vec<u8>, labels: &[u8]) -> Self {
        let classes: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
        Self { n_rows: classes.len(), n_columns, classes, values: Values::Pixels(pixels) }
    }

    /// Appends the values of one row.
    pub(super) fn extend_with_row(&self, values: &mut Vec<f32>, row: usize) {
        let range = row * self.n_columns..(row + 1) * self.n_columns;
        match &self.values {
            Values::Pixels(pixels) => values.extend(pixels[range].iter().map(|&pixel| f32::from(pixel) / 255.0)),
            Values::Numbers(numbers) => values.extend_from_slice(&numbers[range]),
        }
    }

    /// All rows as inputs of a network.
    pub(super) fn inputs(&self) -> Inputs<f32> {
        match &self.values {
            Values::Pixels(pixels) if keeps_zeros() => Inputs::dense_from_bytes(pixels, self.n_columns, 255.0),
            Values::Pixels(pixels) => Inputs::from_bytes(pixels, self.n_columns, 255.0),
            Values::Numbers(numbers) => Inputs::new(Matrix::from_rows(self.n_rows, self.n_columns, numbers.clone())),
        }
    }

    fn seal(self) -> Sealed<Self> {
        let classes: Vec<u8> = self.classes.iter().flat_map(|class| class.to_le_bytes()).collect();
        let values: Vec<u8> = match &self.values {
            Values::Pixels(pixels) => pixels.clone(),
            Values::Numbers(numbers) => numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
        };
        let (n_rows, print) = (self.n_rows, fingerprint(&[&values, &classes]));
        Sealed::new(self, n_rows, print)
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
            Ok(Dataset { source, train, test: test.map(Rows::seal), n_classes })
        }
        Source::Normal { rows, columns } => {
            check_rows(recipe.train_rows, *rows, "normal")?;
            let n_rows = recipe.train_rows.unwrap_or(*rows);
            let mut stream = Stream::new(seed, Purpose::Data, 0);
            let numbers = (0..n_rows * columns).map(|_| stream.normal() as f32).collect();
            let train =
                Rows { n_rows, n_columns: *columns, classes: vec![0; n_rows], values: Values::Numbers(numbers) };
            Ok(Dataset { source: "normal".into(), train, test: None, n_classes: 0 })
        }
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
        train: Rows::pixels(d, train.pixels, &train.labels),
        test: test.map(|test| Rows::pixels(d, test.pixels, &test.labels).seal()),
        n_classes: 10,
    })
}

#[cfg(not(feature = "mnist"))]
fn mnist(_train_rows: Option<usize>, _with_test: bool) -> Result<Dataset, DataError> {
    Err(DataError::NoMnist)
}

/// Whether the environment variable `GOODFIT_INPUTS` is `dense`: products then multiply the zeros too, which is how it
/// is measured what skipping them is worth.
fn keeps_zeros() -> bool {
    std::env::var_os("GOODFIT_INPUTS").is_some_and(|form| form == "dense")
}
