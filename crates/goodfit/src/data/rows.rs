//! Rows as their source holds them, and as inputs and targets of a network.

use std::collections::HashSet;
use std::sync::Arc;

use goodfit_nn::{Inputs, Matrix};
use serde::{Deserialize, Serialize};

use super::doubts::Sides;
use super::overlap::{self, Overlap, Twins};
use super::prepared::Numbers;
use super::split::TrainingRows;
use super::table::{Encoder, Goal, Kind, Scaling, Schema, Table};
use super::{Sealed, fingerprint};
use crate::results::Finding;

/// Rows as their source holds them.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Number of rows.
    pub n_rows: usize,
    /// Number of columns.
    pub n_columns: usize,
    /// Class of each row; all 0 where there are none.
    pub classes: Vec<u32>,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// Grey values 0 to 255; an input is a value / 255.
    Pixels(Vec<u8>),
    Numbers(Vec<f32>),
    Table {
        table: Arc<Table>,
        target: usize,
        goal: Arc<Goal>,
        /// What each row of the table weighs.
        weights: Option<Arc<[f32]>>,
        /// Which rows of the table.
        rows: Vec<u32>,
    },
}

/// What was fitted on training rows.
#[derive(Clone, Debug)]
pub(super) enum Fitted {
    /// Nothing: values are inputs.
    Nothing,
    Table {
        encoder: Encoder,
        /// What numbers to predict are standardised by.
        units: Option<Units>,
    },
}

/// The units of numbers that are predicted: a network sees `(y - mean) / sd`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Units {
    /// Mean over the training rows.
    pub mean: f64,
    /// Standard deviation over the training rows, with n; 1 where all are the same.
    pub sd: f64,
}

impl Rows {
    /// Rows of grey values; an input is a value / 255.
    pub(super) fn pixels(n_columns: usize, pixels: Vec<u8>, labels: &[u8]) -> Self {
        let classes: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
        Self { n_rows: classes.len(), n_columns, classes, values: Values::Pixels(pixels) }
    }

    /// Rows of numbers without targets.
    pub(super) fn numbers(n_columns: usize, numbers: Vec<f32>) -> Self {
        let n_rows = numbers.len() / n_columns.max(1);
        Self { n_rows, n_columns, classes: vec![0; n_rows], values: Values::Numbers(numbers) }
    }

    /// Some rows of a table.
    pub(super) fn of_table(
        table: Arc<Table>,
        target: usize,
        goal: Arc<Goal>,
        weights: Option<Arc<[f32]>>,
        rows: Vec<u32>,
    ) -> Self {
        let used = |(i, kind): (usize, Kind)| i != target && kind.is_used();
        let kinds = table.columns.iter().map(|column| column.kind).enumerate();
        let classes = match &*goal {
            Goal::Classes { classes, .. } => rows.iter().map(|&row| classes[row as usize]).collect(),
            Goal::Numbers(_) => vec![0; rows.len()],
        };
        let n_columns = kinds.filter(|one| used(*one)).count();
        Self { n_rows: rows.len(), n_columns, classes, values: Values::Table { table, target, goal, weights, rows } }
    }

    /// Fits what turns rows into inputs and targets.
    pub(super) fn fit(&self, training: TrainingRows<'_>, scaling: Scaling, one_hot_limit: Option<usize>) -> Fitted {
        let Values::Table { table, target, goal, rows, .. } = &self.values else { return Fitted::Nothing };
        let training: Vec<u32> = training.rows().iter().map(|&row| rows[row as usize]).collect();
        let units = match &**goal {
            Goal::Classes { .. } => None,
            Goal::Numbers(numbers) => Some(Units::of(training.iter().map(|&row| f64::from(numbers[row as usize])))),
        };
        let encoder = Encoder::fit(table, *target, &TrainingRows::of(&training), scaling, one_hot_limit);
        Fitted::Table { encoder, units }
    }

    /// What a model on rows of this table has to know of its columns.
    pub(super) fn schema(&self, fitted: &Fitted) -> Option<Schema> {
        let (Values::Table { table, target, goal, .. }, Fitted::Table { encoder, units }) = (&self.values, fitted)
        else {
            return None;
        };
        Some(Schema::new(table, *target, goal, encoder, *units))
    }

    /// Of rows of a table the columns that a model looks at, and what is to be predicted.
    pub(crate) fn for_model(&self, schema: &Schema) -> Option<(Table, Goal)> {
        let Values::Table { table, goal, rows, .. } = &self.values else { return None };
        let goal = match &**goal {
            Goal::Classes { names, .. } => Goal::Classes { names: names.clone(), classes: self.classes.clone() },
            Goal::Numbers(numbers) => Goal::Numbers(rows.iter().map(|&row| numbers[row as usize]).collect()),
        };
        Some((schema.select(table, rows)?, goal))
    }

    /// What of a table is to be doubted, by which of the rows train and which validate.
    pub(super) fn doubts(&self, train: &[u32], validation: &[u32]) -> Vec<Finding> {
        let Values::Table { table, target, goal, rows, .. } = &self.values else { return Vec::new() };
        let [train, validation] = [train, validation].map(|order| chosen(rows, Some(order)));
        Sides { table, target: *target, goal, train: &train, validation: &validation }.doubts()
    }

    /// How many of those of a table that validate or choose the epoch are rows that train.
    pub(super) fn overlap(&self, train: &[u32], validation: &[u32], stopping: &[u32]) -> Overlap {
        let Values::Table { table, rows, .. } = &self.values else { return Overlap::default() };
        let of = |order| chosen(rows, Some(order));
        let splits = !(validation.is_empty() && stopping.is_empty());
        let known = if splits { overlap::prints(table, &of(train)) } else { HashSet::new() };
        let [validation, stopping] = [validation, stopping].map(|order| Twins::known(table, &of(order), &known));
        Overlap { source: table.source.clone(), splits: 1, validation, stopping, test: Twins::default() }
    }

    /// Rows as inputs of a network, all of them without an order.
    pub(super) fn inputs(&self, order: Option<&[u32]>, fitted: &Fitted) -> Inputs<f32> {
        let d = self.n_columns;
        match (&self.values, order) {
            (Values::Table { table, rows, .. }, order) => {
                let Fitted::Table { encoder, .. } = fitted else { return Inputs::new(Matrix::zeros(0, 0)) };
                Inputs::new(encoder.encode(table, &chosen(rows, order)))
            }
            (Values::Pixels(pixels), None) if keeps_zeros() => Inputs::dense_from_bytes(pixels, d, 255.0),
            (Values::Pixels(pixels), None) => Inputs::from_bytes(pixels, d, 255.0),
            (Values::Numbers(numbers), None) => Inputs::new(Matrix::from_rows(self.n_rows, d, numbers.clone())),
            (values, Some(order)) => {
                let mut inputs = Vec::with_capacity(order.len() * d);
                for range in order.iter().map(|&row| row as usize * d..(row as usize + 1) * d) {
                    match values {
                        Values::Pixels(pixels) => {
                            inputs.extend(pixels[range].iter().map(|&pixel| f32::from(pixel) / 255.0));
                        }
                        Values::Numbers(numbers) => inputs.extend_from_slice(&numbers[range]),
                        Values::Table { .. } => {}
                    }
                }
                let inputs = Matrix::from_rows(order.len(), d, inputs);
                if keeps_zeros() { Inputs::Dense(inputs) } else { Inputs::new(inputs) }
            }
        }
    }

    /// Numbers to predict; `None` where there are none.
    pub(super) fn numbers_to_predict(&self, order: Option<&[u32]>, fitted: &Fitted) -> Option<Numbers> {
        let (Values::Table { goal, rows, .. }, Fitted::Table { units: Some(units), .. }) = (&self.values, fitted)
        else {
            return None;
        };
        let Goal::Numbers(numbers) = &**goal else { return None };
        let own: Vec<f32> = chosen(rows, order).iter().map(|&row| numbers[row as usize]).collect();
        let standard = own.iter().map(|&y| ((f64::from(y) - units.mean) / units.sd) as f32).collect();
        Some(Numbers { standard: Matrix::from_rows(own.len(), 1, standard), own })
    }

    /// What each row weighs; `None` where all weigh the same.
    pub(super) fn weights(&self, order: Option<&[u32]>) -> Option<Vec<f32>> {
        let Values::Table { weights: Some(weights), rows, .. } = &self.values else { return None };
        Some(chosen(rows, order).iter().map(|&row| weights[row as usize]).collect())
    }

    pub(super) fn seal(self) -> Sealed<Self> {
        let classes: Vec<u8> = self.classes.iter().flat_map(|class| class.to_le_bytes()).collect();
        let values: Vec<u8> = match &self.values {
            Values::Pixels(pixels) => pixels.clone(),
            Values::Numbers(numbers) => numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::Table { table, rows, .. } => table.bytes(rows),
        };
        let (n_rows, print) = (self.n_rows, fingerprint(&[&values, &classes]));
        Sealed::new(self, n_rows, print)
    }
}

impl Units {
    /// What stands for a standardised number: `y sd + mean`.
    pub fn restored(self, standard: f32) -> f64 {
        f64::from(standard) * self.sd + self.mean
    }

    fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let n = numbers.clone().count().max(1) as f64;
        let mean = numbers.clone().sum::<f64>() / n;
        let sd = (numbers.map(|y| (y - mean) * (y - mean)).sum::<f64>() / n).sqrt();
        Self { mean, sd: if sd > 0.0 { sd } else { 1.0 } }
    }
}

/// Rows of a table, by their places among those that are held.
fn chosen(rows: &[u32], order: Option<&[u32]>) -> Vec<u32> {
    order.map_or_else(|| rows.to_vec(), |order| order.iter().map(|&row| rows[row as usize]).collect())
}

/// Whether the environment variable `GOODFIT_INPUTS` is `dense`: products then multiply the zeros too, which is how it
/// is measured what skipping them is worth.
fn keeps_zeros() -> bool {
    zeros_kept().unwrap_or(false)
}

/// The same, or why the variable says nothing: nobody shall take a misspelt run for the one that was meant.
///
/// # Errors
/// When it is neither `dense` nor `sparse`.
pub fn zeros_kept() -> Result<bool, String> {
    match std::env::var_os("GOODFIT_INPUTS").filter(|form| !form.is_empty()) {
        None => Ok(false),
        Some(form) if form == "sparse" => Ok(false),
        Some(form) if form == "dense" => Ok(true),
        Some(form) => Err(format!("GOODFIT_INPUTS is {}, expected dense or sparse", form.display())),
    }
}
