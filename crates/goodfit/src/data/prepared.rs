//! The rows of an experiment: training rows, validation rows split off them, opened test rows.

use goodfit_nn::{Inputs, Matrix, Targets};

use super::marks::Parts;
use super::overlap::Overlap;
use super::rows::{Fitted, Rows, Units};
use super::source::{DataError, Dataset};
use super::split::TrainingRows;
use super::table::{InputColumns, Predicts, Schema};
use crate::recipe::{DataRecipe, Evaluation};
use crate::results::{DataSummary, Finding};

/// Inputs with their classes, ready to train on.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// Input rows.
    pub inputs: Inputs<f32>,
    /// Class of each row; all 0 where the data have none.
    pub classes: Vec<u32>,
    /// Numbers to predict, in place of classes.
    pub numbers: Option<Numbers>,
    /// What each row weighs in the loss of a training, above 0; all the same where there are none.
    pub weights: Option<Vec<f32>>,
}

/// Numbers to predict, one a row.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// What a network sees: standardised, a row each. Beside a number of another size most are equal here.
    pub standard: Matrix<f32>,
    /// What scores are of: the numbers in their units, as the data have them.
    pub own: Vec<f32>,
}

/// The rows of an experiment. Shared by all its arms, trials and runs.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What is trained on.
    pub train: Labelled,
    /// Split off the training rows: what is ranked and compared by.
    pub validation: Option<Labelled>,
    /// Split off the training rows: what the epoch is chosen by.
    pub stopping: Option<Labelled>,
    /// Test rows, opened because the recipe says `data.evaluation = "test"`.
    pub test: Option<Labelled>,
    /// Number of outputs of a network: of classes, or 1.
    pub n_outputs: usize,
    /// The units of numbers that are predicted.
    pub units: Option<Units>,
    /// Of a table what a model has to know of its columns.
    pub schema: Option<Schema>,
    /// For the report.
    pub summary: DataSummary,
    /// What of a table makes scores look better than they are.
    pub doubts: Vec<Finding>,
    /// Its rows on both sides of the split.
    pub overlap: Overlap,
}

impl Labelled {
    /// The rows in an order, or all of them.
    fn new(rows: &Rows, order: Option<&[u32]>, fitted: &Fitted) -> Self {
        let classes = match order {
            None => rows.classes.clone(),
            Some(order) => order.iter().map(|&row| rows.classes[row as usize]).collect(),
        };
        let (inputs, numbers) = (rows.inputs(order, fitted), rows.numbers_to_predict(order, fitted));
        Self { inputs, classes, numbers, weights: rows.weights(order) }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.inputs.n_rows()
    }

    /// The numbers to predict in their units; none where classes are predicted.
    pub fn own_numbers(&self) -> &[f32] {
        self.numbers.as_ref().map(|numbers| &numbers.own[..]).unwrap_or_default()
    }

    /// The targets of a loss.
    pub fn targets(&self) -> Targets<'_, f32> {
        match &self.numbers {
            None => Targets::Classes(&self.classes),
            Some(numbers) => Targets::Values(numbers.standard.view()),
        }
    }
}

impl Prepared {
    /// Splits rows off the training rows. Usually chance does, by a permutation from the stream (`split_seed`,
    /// [`goodfit_nn::Purpose::Split`], 0): the first `round(share * n)` of it validate (with folds: the fold's part), of the
    /// others the first `round(share * n)` choose the epoch, and the rest trains. `data.group`, `data.time` and
    /// `data.split_column` have it otherwise. Test rows are opened when the recipe evaluates on them and stay sealed
    /// otherwise.
    ///
    /// # Errors
    /// When a share leaves no rows to train, to validate or to stop on, or there are no test rows to open.
    pub fn new(dataset: Dataset, recipe: &DataRecipe, split_seed: u64) -> Result<Self, DataError> {
        let parts = dataset.marks.parts(dataset.train.n_rows, recipe, split_seed)?;
        Self::of_parts(dataset, recipe, parts)
    }

    /// The same with the rows that [`Prepared::new`] splits off behind those that train, as training rows.
    ///
    /// # Errors
    /// As [`Prepared::new`].
    pub fn joined(dataset: Dataset, recipe: &DataRecipe, split_seed: u64) -> Result<Self, DataError> {
        let parts = dataset.marks.parts(dataset.train.n_rows, recipe, split_seed)?;
        Self::of_parts(dataset, recipe, parts.joined())
    }

    /// What is predicted; classes without names are called by their numbers.
    pub(crate) fn predicts(&self) -> Predicts {
        match (&self.schema, self.units) {
            (Some(schema), _) => schema.predicts.clone(),
            (None, Some(units)) => Predicts::Numbers(units),
            (None, None) => Predicts::Classes((0..self.n_outputs).map(|class| class.to_string()).collect()),
        }
    }

    /// What the inputs of a network are.
    pub fn inputs(&self) -> InputColumns {
        self.schema.as_ref().map_or_else(|| self.train.inputs.n_columns().into(), Schema::inputs)
    }

    fn of_parts(dataset: Dataset, recipe: &DataRecipe, parts: Parts) -> Result<Self, DataError> {
        let rows = &dataset.train;
        let Parts { train, validation, stopping, seed } = parts;
        let mut summary = DataSummary {
            source: dataset.source.clone(),
            files: dataset.files.clone(),
            train_rows: train.len(),
            validation_rows: validation.len(),
            stopping_rows: stopping.len(),
            columns: rows.n_columns,
            classes: dataset.n_classes,
            split: recipe.split_in_words(),
            split_seed: seed,
            ..DataSummary::default()
        };
        let is_in_order = train.iter().copied().eq(0..rows.n_rows as u32);
        let fitted = rows.fit(TrainingRows::of(&train), recipe.scaling, recipe.one_hot_limit);
        let doubts = rows.doubts(&train, &validation);
        let overlap = Overlap { test: dataset.test_twins, ..rows.overlap(&train, &validation, &stopping) };
        let part = |part: &[u32]| (!part.is_empty()).then(|| Labelled::new(rows, Some(part), &fitted));
        let (validation, stopping) = (part(&validation), part(&stopping));
        let train = Labelled::new(rows, (!is_in_order).then_some(&train[..]), &fitted);
        let test = match recipe.evaluation {
            Evaluation::Validation => None,
            Evaluation::Test => {
                let sealed = dataset.test.ok_or(DataError::NoTestRows { source_name: dataset.source })?;
                let (rows, opening) = sealed.open();
                summary.test_rows = opening.n_rows;
                summary.test_fingerprint = Some(format!("{:016x}", opening.fingerprint));
                Some(Labelled::new(&rows, None, &fitted))
            }
        };
        let units = if let Fitted::Table { units, .. } = &fitted { *units } else { None };
        let (n_outputs, schema) = (dataset.n_classes.max(1), rows.schema(&fitted));
        let schema = schema.map(|schema| schema.with_sealed(dataset.sealed));
        Ok(Self { train, validation, stopping, test, n_outputs, units, schema, summary, doubts, overlap })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::load;
    use crate::data::table::Scaling;
    use crate::recipe::{Fold, Source, Split};

    fn recipe() -> DataRecipe {
        DataRecipe {
            source: Source::Normal { rows: 103, columns: 1 },
            train_rows: None,
            validation: 0.0,
            stopping: 0.0,
            test: 0.0,
            split: Split::Random,
            given: None,
            folds: None,
            fold: None,
            evaluation: Evaluation::Validation,
            split_seed: None,
            scaling: Scaling::default(),
            one_hot_limit: None,
        }
    }

    fn values(rows: &Labelled) -> Vec<u32> {
        let Inputs::Dense(inputs) = &rows.inputs else { panic!("drawn rows are dense") };
        inputs.data().iter().map(|x| x.to_bits()).collect()
    }

    fn prepared(recipe: &DataRecipe) -> Result<Prepared, DataError> {
        Prepared::new(load(recipe, 1)?, recipe, 7)
    }

    #[test]
    fn each_row_validates_in_one_fold_and_trains_in_the_others() {
        let all = values(&prepared(&recipe()).expect("rows").train);
        let mut validated = Vec::new();
        for index in 0..4 {
            let fold =
                prepared(&DataRecipe { fold: Some(Fold { index, of: 4 }), stopping: 0.1, ..recipe() }).expect("rows");
            let parts = [Some(&fold.train), fold.validation.as_ref(), fold.stopping.as_ref()];
            let mut together: Vec<u32> = parts.into_iter().flatten().flat_map(values).collect();
            together.sort_unstable();
            let mut sorted = all.clone();
            sorted.sort_unstable();
            assert_eq!(together, sorted, "every row is somewhere once");
            assert_eq!(fold.summary.stopping_rows, 10);
            validated.extend(values(fold.validation.as_ref().expect("a fold")));
        }
        validated.sort_unstable();
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(validated, sorted);
    }

    #[test]
    fn shares_leave_rows_on_each_side() {
        let message = |recipe: DataRecipe| prepared(&recipe).map(|_| ()).expect_err("no rows").to_string();
        let validation = message(DataRecipe { validation: 0.001, ..recipe() });
        assert_eq!(validation, "data.validation is 0.001, which splits 103 rows into a side without rows");
        let stopping = message(DataRecipe { validation: 0.5, stopping: 0.5, ..recipe() });
        assert_eq!(stopping, "data.stopping is 0.5, which splits 103 rows into a side without rows");
        let folds = message(DataRecipe { fold: Some(Fold { index: 0, of: 104 }), ..recipe() });
        assert_eq!(folds, "search.folds is 104, which splits 103 rows into a side without rows");
    }
}
