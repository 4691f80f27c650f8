//! The recipe as the rest of the program reads it.

use std::path::PathBuf;

use crate::data::table::{Scaling, TableOptions};
use crate::model::Metric;
use goodfit_nn::{
    Activation, BatchNorm, Convention, DropoutForm, Init, Loss, NumericEmbedding, Optimizer, Schedule, WeightDecay,
};

/// Everything that determines one training except its seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Which rows.
    pub data: DataRecipe,
    /// Which network.
    pub network: NetworkRecipe,
    /// How it is trained.
    pub training: TrainingRecipe,
}

/// Which rows a training sees.
#[derive(Clone, Debug, PartialEq)]
pub struct DataRecipe {
    /// Where they come from.
    pub source: Source,
    /// The first so many rows of the training set; `None` = all.
    pub train_rows: Option<usize>,
    /// Share split off the training rows, by seed; 0 = none.
    pub validation: f64,
    /// Share split off the training rows to choose the epoch by; 0 = none.
    pub stopping: f64,
    /// Share of a table that is sealed as test rows; 0 = none.
    pub test: f64,
    /// By what rows are split.
    pub split: Split,
    /// What says where single rows belong.
    pub given: Option<Given>,
    /// With how many folds a single training is scored, each row validating once.
    pub folds: Option<usize>,
    /// Which fold validates instead of a share, when there are folds.
    pub fold: Option<Fold>,
    /// What curves are computed on besides the training rows.
    pub evaluation: Evaluation,
    /// Seed of the split, when it is to be the same for all seeds.
    pub split_seed: Option<u64>,
    /// How the inputs of a table are scaled.
    pub scaling: Scaling,
    /// Columns of a table with more levels than this are embedded; `None` = none.
    pub one_hot_limit: Option<usize>,
}

/// By what rows are split: those that are sealed from the others, those that validate, and those that choose the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// Each row by chance.
    Random,
    /// By chance, of each class its share.
    Stratified,
    /// Whole groups by chance: rows with the same text in this column.
    Group(String),
    /// Along the times of this column: the latest rows are sealed, those before them validate.
    Time(String),
}

/// What says where single rows belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// This column: `train`, `validation`, `stopping` or `test`.
    Column(String),
    /// This table, whose rows are the test rows.
    TestFile(PathBuf),
}

impl DataRecipe {
    /// Whether rows are split off for validation, whoever says so.
    pub fn validates(&self) -> bool {
        self.validation > 0.0 || self.folds.is_some() || self.fold.is_some()
    }

    /// The field that says how many folds there are.
    pub(crate) fn folds_field(&self) -> &'static str {
        if self.folds.is_some() { "data.folds" } else { "search.folds" }
    }

    /// How rows are split in words, where that is not the usual: at random, and within classes where a table has any.
    pub fn split_in_words(&self) -> Option<String> {
        let has_classes = matches!(self.source, Source::Table { classes: true, .. });
        let split = match &self.split {
            Split::Random if has_classes => Some("split without regard to classes".to_owned()),
            Split::Random | Split::Stratified => None,
            Split::Group(column) => Some(format!("whole groups by {column}")),
            Split::Time(column) => Some(format!("split along {column}")),
        };
        let given = self.given.as_ref().map(|given| match given {
            Given::Column(column) => format!("sides given by {column}"),
            Given::TestFile(file) => format!("test rows in {}", file.display()),
        });
        let words: Vec<String> = split.into_iter().chain(given).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// One of several equal parts of the training rows: it validates, the others train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Which one, from 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

/// Where data come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The MNIST inside the binary.
    Mnist,
    /// A folder of IDX files.
    Idx(PathBuf),
    /// A table.
    Table {
        /// The file.
        path: PathBuf,
        /// The column that is predicted.
        target: String,
        /// Whether it holds classes, as the loss says.
        classes: bool,
        /// The column of what each row weighs in the loss of a training.
        weight: Option<String>,
        /// How it is read, where that is not to be guessed.
        options: TableOptions,
    },
    /// Standard normal draws without targets.
    Normal {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
}

/// Which rows besides the training rows curves are computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluation {
    /// The validation rows, when there are any.
    Validation,
    /// The test rows: opens the seal, openly.
    Test,
}

/// The network between inputs and outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRecipe {
    /// Widths of the hidden layers, first to last.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Initial weights, of all layers but the last.
    pub init: Init,
    /// Initial weights of the last layer.
    pub output_init: Init,
    /// Whether affine layers have biases.
    pub bias: bool,
    /// Standard deviation of the initial biases of hidden layers; 0 = all 0.
    pub bias_std: f64,
    /// Values of the learned embedding of a level, where levels are embedded.
    pub embedding_size: usize,
    /// How numbers are embedded; `None` = they are not.
    pub numeric_embedding: Option<NumericEmbedding>,
    /// Whether each input has a learned scale.
    pub input_scale: bool,
    /// In which coordinates weights move.
    pub parametrization: Parametrization,
    /// Batch normalisation of the hidden layers.
    pub batch_norm: Option<BatchNorm>,
    /// Share of the inputs that dropout drops.
    pub input_dropout: f64,
    /// Share of the units of each hidden layer that dropout drops.
    pub hidden_dropout: f64,
    /// Where dropout makes up for the dropped units.
    pub dropout_form: DropoutForm,
    /// Upper bound of the norm of each unit's incoming weights.
    pub max_norm: Option<f64>,
    /// Members of an ensemble that share weights; 1 = a single network.
    pub members: usize,
    /// Which convention fills in what is not said.
    pub convention: Convention,
}

/// In which coordinates the weights of a layer move. n = its number of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parametrization {
    /// As they stand.
    Standard,
    /// As v with weights `v / sqrt(n)`, as for the neural tangent kernel: Jacot, Gabriel, Hongler, "Neural tangent kernel"
    /// (2018).
    Ntk,
}

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingRecipe {
    /// The optimiser with its constants.
    pub optimizer: Optimizer,
    /// Learning rate, before the schedule.
    pub learning_rate: f64,
    /// Multiplies the learning rate of biases.
    pub bias_rate: f64,
    /// Multiplies the learning rate of the inputs' scales.
    pub scale_rate: f64,
    /// Multiplies the learning rate of the embeddings of numbers.
    pub embedding_rate: f64,
    /// Weight decay.
    pub weight_decay: WeightDecay,
    /// Rows of a mini-batch.
    pub batch_size: usize,
    /// How rows get into batches.
    pub batches: Batches,
    /// How long it trains.
    pub length: Length,
    /// Evaluate after the update of each step s with s % n = 0; `None` = once an epoch.
    pub evaluate_every: Option<usize>,
    /// Whether each evaluation scores the training rows, too, where it scores others.
    pub train_scores: bool,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises linearly at the start.
    pub warmup_steps: usize,
    /// Upper bound of the norm of the whole gradient.
    pub clip_norm: Option<f64>,
    /// Evaluations without improvement after which it stops and takes the best weights.
    pub early_stopping: Option<usize>,
    /// The score that decides, where one is said.
    pub metric: Option<Metric>,
    /// What the epoch is chosen by.
    pub stopping_metric: StoppingMetric,
    /// Whether a single training is repeated on all rows that are not sealed.
    pub refit: bool,
    /// Networks with seeds of their own that a single training keeps.
    pub ensemble: usize,
    /// The loss.
    pub loss: Loss,
    /// What the rows of a class weigh in it.
    pub class_weight: ClassWeight,
    /// Which loss the training curve holds.
    pub record_loss: RecordLoss,
    /// Whether each epoch records what happens inside the layers.
    pub diagnostics: bool,
}

/// What the rows of a class weigh in the loss that training minimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassWeight {
    /// As much as those of any other.
    None,
    /// All of them together as much as those of any other class that training rows have.
    Balanced,
}

/// What the epoch is chosen by, on the stopping rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppingMetric {
    /// The least loss.
    Loss,
    /// The best score; of equal ones that are counted the last.
    Score(Metric),
}

/// How rows get into mini-batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// A new permutation of all rows in every epoch.
    Shuffle,
    /// Each row drawn independently, with replacement.
    Replacement,
}

/// How long a training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many passes over the training rows.
    Epochs(usize),
    /// So many updates; 0 = only the forward pass and its diagnostics.
    Steps(usize),
}

/// Which loss of a step is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordLoss {
    /// The forward pass's own, before the update and with dropout (free).
    Before,
    /// On the same batch after the update, in evaluation mode (a second forward pass).
    After,
    /// None.
    Never,
}
