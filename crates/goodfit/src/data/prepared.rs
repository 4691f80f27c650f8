//! The rows of an experiment: training rows, validation rows split off them, opened test rows.

use goodfit_nn::{Inputs, Matrix, Purpose, Stream, Targets};

use super::source::{DataError, Dataset, Rows};
use crate::recipe::{DataRecipe, Evaluation};
use crate::results::DataSummary;

/// Inputs with their classes, ready to train on.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// Input rows.
    pub inputs: Inputs<f32>,
    /// Class of each row; all 0 where the data have none.
    pub classes: Vec<u32>,
}

/// The rows of an experiment. Shared by all its arms, trials and runs.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What is trained on.
    pub train: Labelled,
    /// Split off the training rows.
    pub validation: Option<Labelled>,
    /// Test rows, opened because the recipe says `data.evaluation = "test"`.
    pub test: Option<Labelled>,
    /// Number of classes; at least 1.
    pub n_classes: usize,
    /// For the report.
    pub summary: DataSummary,
}

impl Labelled {
    fn new(rows: &Rows, order: Option<&[u32]>) -> Self {
        let d = rows.n_columns;
        match order {
            None => Self { inputs: rows.inputs(), classes: rows.classes.clone() },
            Some(order) => {
                let mut values = Vec::with_capacity(order.len() * d);
                for &row in order {
                    rows.extend_with_row(&mut values, row as usize);
                }
                Self {
                    inputs: Inputs::new(Matrix::from_rows(order.len(), d, values)),
                    classes: order.iter().map(|&row| rows.classes[row as usize]).collect(),
                }
            }
        }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.inputs.n_rows()
    }

    /// The classes as targets of a loss.
    pub fn targets(&self) -> Targets<'_, f32> {
        Targets::Classes(&self.classes)
    }
}

impl Prepared {
    /// Splits validation rows off the training rows, by the stream (`split_seed`, [`Purpose::Split`], 0):
    /// the first `round(share * n)` rows of a permutation validate, the others train. Test rows are
    /// opened when the recipe evaluates on them and stay sealed otherwise.
    ///
    /// # Errors
    /// When a share leaves no rows to train or to validate on, or there are no test rows to open.
    pub fn new(dataset: Dataset, recipe: &DataRecipe, split_seed: u64) -> Result<Self, DataError> {
        let rows = &dataset.train;
        let n = rows.n_rows;
        let mut summary = DataSummary {
            source: dataset.source.clone(),
            train_rows: n,
            columns: rows.n_columns,
            classes: dataset.n_classes,
            ..DataSummary::default()
        };
        let (train, validation) = if recipe.validation > 0.0 {
            let n_validation = (recipe.validation * n as f64).round() as usize;
            if n_validation == 0 || n_validation >= n {
                return Err(DataError::Split { share: recipe.validation, n_rows: n });
            }
            let mut order = vec![0; n];
            Stream::new(split_seed, Purpose::Split, 0).permutation(&mut order);
            let (validation, train) = order.split_at(n_validation);
            (summary.train_rows, summary.validation_rows) = (train.len(), validation.len());
            summary.split_seed = Some(split_seed);
            (Labelled::new(rows, Some(train)), Some(Labelled::new(rows, Some(validation))))
        } else {
            (Labelled::new(rows, None), None)
        };
        let test = match recipe.evaluation {
            Evaluation::Validation => None,
            Evaluation::Test => {
                let sealed = dataset.test.ok_or(DataError::NoTestRows { source_name: dataset.source })?;
                let (rows, opening) = sealed.open();
                summary.test_rows = opening.n_rows;
                summary.test_fingerprint = Some(format!("{:016x}", opening.fingerprint));
                Some(Labelled::new(&rows, None))
            }
        };
        Ok(Self { train, validation, test, n_classes: dataset.n_classes.max(1), summary })
    }
}
