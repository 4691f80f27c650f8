//! Settings to a typed recipe, with the checks of fields against each other.

use goodfit_nn::{
    Activation, AdamForm, BatchNorm, Convention, DropoutForm, Init, Loss, NesterovForm, NumericEmbedding, Optimizer,
    RunningForm, Schedule, WeightDecay,
};

use crate::data::table::Scaling;
use crate::model::Metric;
use crate::recipe::error::RecipeError;
use crate::recipe::settings::Settings;
use crate::recipe::typed::{
    Batches, ClassWeight, DataRecipe, Evaluation, Given, Length, NetworkRecipe, Parametrization, Recipe, RecordLoss,
    Source, Split, StoppingMetric, TrainingRecipe,
};
use crate::recipe::value::Value;

impl Recipe {
    /// The recipe that settings describe; the tables `compare`, `search` and `report` do not matter.
    ///
    /// # Errors
    /// Settings that contradict each other, or would silently do nothing.
    pub fn resolve(settings: &Settings) -> Result<Self, RecipeError> {
        Self::resolve_with(settings, &[])
    }

    /// The same where arms or trials set the fields `free`.
    pub(crate) fn resolve_with(settings: &Settings, free: &[&str]) -> Result<Self, RecipeError> {
        let read = Reader(settings);
        let recipe = Recipe { data: read.data(), network: read.network(), training: read.training() };
        let mut faults = settings.unused(free);
        faults.extend(crate::recipe::cross::check(settings, &recipe, free));
        faults.extend(crate::recipe::splits::check(settings, &recipe, free));
        faults.extend(crate::recipe::metric::check(settings, &recipe, free));
        faults.extend(crate::recipe::ensembles::check(settings, &recipe, free));
        RecipeError::collect(faults)?;
        Ok(recipe)
    }

    /// The recipe of an arm or a trial: only their scores are kept, so that nothing has to find out, evaluation by evaluation,
    /// how long a network of all rows would be trained.
    pub(crate) fn for_scores(mut self) -> Self {
        self.training.refit = false;
        self
    }
}

/// Reads checked settings. The table of fields guarantees the types, so a value of another type is
/// a fault of the table, which the tests of its defaults and words would show.
struct Reader<'a>(&'a Settings);

impl Reader<'_> {
    fn word(&self, path: &str) -> String {
        self.0.text(path).unwrap_or_default()
    }

    fn number(&self, path: &str) -> Option<f64> {
        self.0.get(path).and_then(|value| value.number())
    }

    fn count(&self, path: &str) -> Option<usize> {
        self.0.get(path).as_ref().and_then(as_count)
    }

    fn flag(&self, path: &str) -> bool {
        self.0.get(path) == Some(Value::Bool(true))
    }

    fn data(&self) -> DataRecipe {
        DataRecipe {
            source: match self.word("data.source").as_str() {
                "mnist" => Source::Mnist,
                "normal" => Source::Normal {
                    rows: self.count("data.rows").unwrap_or_default(),
                    columns: self.count("data.columns").unwrap_or_default(),
                },
                path => match self.0.text("data.target") {
                    Some(target) => {
                        let classes = self.word("training.loss") == "cross-entropy";
                        let (weight, options) = (self.0.text("data.weight"), self.0.table_options());
                        Source::Table { path: path.into(), target, classes, weight, options }
                    }
                    None => Source::Idx(path.into()),
                },
            },
            train_rows: self.count("data.train_rows"),
            validation: self.number("data.validation").unwrap_or_default(),
            stopping: self.number("data.stopping").unwrap_or_default(),
            test: self.number("data.test").unwrap_or_default(),
            split: match (self.word("data.split").as_str(), self.0.text("data.group"), self.0.text("data.time")) {
                (_, Some(column), _) => Split::Group(column),
                (_, _, Some(column)) => Split::Time(column),
                ("stratified", ..) => Split::Stratified,
                _ => Split::Random,
            },
            given: match (self.0.text("data.split_column"), self.0.text("data.test_file")) {
                (Some(column), _) => Some(Given::Column(column)),
                (None, file) => file.map(|file| Given::TestFile(file.into())),
            },
            folds: self.count("data.folds"),
            fold: None,
            evaluation: if self.word("data.evaluation") == "test" { Evaluation::Test } else { Evaluation::Validation },
            split_seed: self.count("data.split_seed").map(|seed| seed as u64),
            scaling: Scaling::named(&self.word("data.scaling")).unwrap_or_default(),
            one_hot_limit: self.count("data.one_hot_limit"),
        }
    }

    fn network(&self) -> NetworkRecipe {
        let convention = self.convention();
        let hidden = match (self.count("network.depth"), self.0.get("network.hidden")) {
            (Some(depth), _) => vec![self.count("network.width").unwrap_or_default(); depth],
            (None, Some(Value::List(widths))) => widths.iter().filter_map(|width| as_count(&width.value)).collect(),
            (None, _) => Vec::new(),
        };
        let (input_dropout, hidden_dropout) = match self.0.get("network.dropout") {
            Some(Value::Number(hidden)) => (0.0, hidden),
            Some(table) => (part(&table, "input", 0.0), part(&table, "hidden", 0.0)),
            None => (0.0, 0.0),
        };
        NetworkRecipe {
            hidden,
            activation: self.activation(),
            init: self.init("network.init"),
            output_init: self.init(if self.0.is_set("network.output_init") {
                "network.output_init"
            } else {
                "network.init"
            }),
            bias: self.flag("network.bias"),
            bias_std: self.number("network.bias_std").unwrap_or_default(),
            embedding_size: self.count("network.embedding_size").unwrap_or_default(),
            numeric_embedding: self.numeric_embedding(),
            input_scale: self.flag("network.input_scale"),
            parametrization: if self.word("network.parametrization") == "ntk" {
                Parametrization::Ntk
            } else {
                Parametrization::Standard
            },
            batch_norm: match self.0.get("network.batch_norm") {
                Some(Value::Bool(true)) => Some(BatchNorm::new(convention)),
                Some(table @ Value::Table(_)) => Some(batch_norm(&table, convention)),
                _ => None,
            },
            input_dropout,
            hidden_dropout,
            dropout_form: match (self.word("network.dropout_form").as_str(), convention) {
                ("textbook", _) | ("", Convention::Textbook) => DropoutForm::Textbook,
                _ => DropoutForm::Inverted,
            },
            max_norm: self.number("network.max_norm"),
            members: self.count("network.members").unwrap_or(1),
            convention,
        }
    }

    fn numeric_embedding(&self) -> Option<NumericEmbedding> {
        let count = |path| self.count(path).unwrap_or_default();
        let (size, bins) = (count("network.numeric_embedding_size"), count("network.bins"));
        let (frequencies, std) =
            (count("network.frequencies"), self.number("network.frequency_std").unwrap_or_default());
        match self.word("network.numeric_embedding").as_str() {
            "piecewise-linear" => Some(NumericEmbedding::PiecewiseLinear { bins, size }),
            "periodic" => Some(NumericEmbedding::Periodic { frequencies, size, std }),
            "pbld" => Some(NumericEmbedding::PeriodicWithPhases { frequencies, size, std }),
            _ => None,
        }
    }

    fn convention(&self) -> Convention {
        if self.word("network.convention") == "textbook" { Convention::Textbook } else { Convention::Field }
    }

    fn activation(&self) -> Activation {
        let table = match self.0.get("network.activation") {
            Some(table @ Value::Table(_)) => table,
            _ => Value::Table(Vec::new()),
        };
        let name = match only_key(&table) {
            "" => self.word("network.activation"),
            key => key.to_owned(),
        };
        match name.as_str() {
            "identity" => Activation::Identity,
            "sigmoid" => Activation::Sigmoid,
            "tanh" => Activation::Tanh,
            "leaky-relu" => Activation::LeakyRelu { slope: part(&table, "leaky-relu", 0.01) },
            "elu" => Activation::Elu { alpha: part(&table, "elu", 1.0) },
            "selu" => Activation::Selu,
            "gelu" => Activation::Gelu,
            "silu" => Activation::Silu,
            "mish" => Activation::Mish,
            _ => Activation::Relu,
        }
    }

    fn init(&self, path: &str) -> Init {
        match self.0.get(path) {
            Some(table @ Value::Table(_)) => Init::Std(part(&table, "std", 0.01)),
            _ => match self.word(path).as_str() {
                "xavier" => Init::Xavier,
                "xavier-uniform" => Init::XavierUniform,
                "glorot" => Init::Glorot,
                "glorot-uniform" => Init::GlorotUniform,
                "he-uniform" => Init::HeUniform,
                "pytorch" => Init::PyTorch,
                "zero" => Init::Zero,
                _ => Init::He,
            },
        }
    }

    fn training(&self) -> TrainingRecipe {
        let smoothing = self.number("training.label_smoothing").unwrap_or_default();
        TrainingRecipe {
            optimizer: self.optimizer(),
            learning_rate: self.number("training.learning_rate").unwrap_or_default(),
            bias_rate: self.number("training.bias_rate").unwrap_or(1.0),
            scale_rate: self.number("training.scale_rate").unwrap_or(1.0),
            embedding_rate: self.number("training.embedding_rate").unwrap_or(1.0),
            weight_decay: self.weight_decay(),
            batch_size: self.count("training.batch_size").unwrap_or_default(),
            batches: if self.word("training.batches") == "replacement" {
                Batches::Replacement
            } else {
                Batches::Shuffle
            },
            length: match (self.count("training.steps"), self.count("training.epochs")) {
                (Some(steps), _) => Length::Steps(steps),
                (None, epochs) => Length::Epochs(epochs.unwrap_or_default()),
            },
            evaluate_every: self.count("training.evaluate_every"),
            train_scores: self.word("training.train_scores") == "always",
            schedule: self.schedule(),
            warmup_steps: self.count("training.warmup_steps").unwrap_or_default(),
            clip_norm: self.number("training.clip_norm"),
            early_stopping: self.count("training.early_stopping"),
            metric: Metric::named(&self.word("training.metric")),
            stopping_metric: Metric::named(&self.word("training.stopping_metric"))
                .map_or(StoppingMetric::Loss, StoppingMetric::Score),
            refit: self.flag("training.refit"),
            ensemble: self.count("training.ensemble").unwrap_or(1),
            loss: match self.word("training.loss").as_str() {
                "mean-squared-error" => Loss::MeanSquaredError,
                _ => Loss::CrossEntropy { label_smoothing: smoothing },
            },
            class_weight: if self.word("training.class_weight") == "balanced" {
                ClassWeight::Balanced
            } else {
                ClassWeight::None
            },
            record_loss: match self.word("training.record_loss").as_str() {
                "after" => RecordLoss::After,
                "never" => RecordLoss::Never,
                _ => RecordLoss::Before,
            },
            diagnostics: self.flag("training.diagnostics"),
        }
    }

    fn optimizer(&self) -> Optimizer {
        let number = |name: &str| self.number(&format!("training.{name}")).unwrap_or_default();
        let textbook = self.convention() == Convention::Textbook;
        match self.word("training.optimizer").as_str() {
            "momentum" => Optimizer::Momentum { momentum: number("momentum") },
            "nesterov" => Optimizer::Nesterov {
                momentum: number("momentum"),
                form: if textbook { NesterovForm::Textbook } else { NesterovForm::Field },
            },
            "adagrad" => Optimizer::Adagrad { epsilon: number("epsilon") },
            "rmsprop" => Optimizer::Rmsprop { decay: number("decay"), epsilon: number("epsilon") },
            "adam" | "adamw" => Optimizer::Adam {
                beta1: number("beta1"),
                beta2: number("beta2"),
                epsilon: number("epsilon"),
                form: if textbook { AdamForm::BeforeCorrection } else { AdamForm::AfterCorrection },
            },
            _ => Optimizer::Sgd,
        }
    }

    fn weight_decay(&self) -> WeightDecay {
        let decoupled = self.word("training.optimizer") == "adamw";
        let (form, lambda) = match self.0.get("training.weight_decay") {
            Some(table @ Value::Table(_)) => (only_key(&table).to_owned(), part(&table, only_key(&table), 0.0)),
            number => (
                String::from(if decoupled { "decoupled" } else { "l2" }),
                number.and_then(|x| x.number()).unwrap_or(0.0),
            ),
        };
        match form.as_str() {
            _ if lambda == 0.0 => WeightDecay::None,
            "l1" => WeightDecay::L1(lambda),
            "decoupled" => WeightDecay::Decoupled(lambda),
            _ => WeightDecay::L2(lambda),
        }
    }

    fn schedule(&self) -> Schedule {
        let value = self.0.get("training.schedule").unwrap_or(Value::Table(Vec::new()));
        let name = match &value {
            Value::Text(word) => word.as_str(),
            table => only_key(table),
        };
        let empty = Value::Table(Vec::new());
        let constants = value.get(name).unwrap_or(&empty);
        match name {
            "step" => Schedule::Step {
                every: constants.get("every").and_then(as_count).unwrap_or(1),
                factor: part(constants, "factor", 0.1),
            },
            "cosine" => Schedule::Cosine { floor: part(constants, "floor", 0.0) },
            "one-cycle" => Schedule::OneCycle {
                rise: part(constants, "rise", 0.3),
                start_divisor: part(constants, "start_divisor", 25.0),
                end_divisor: part(constants, "end_divisor", 1e4),
            },
            "coslog4" => Schedule::CosLog4,
            _ => Schedule::Constant,
        }
    }
}

fn batch_norm(table: &Value, convention: Convention) -> BatchNorm {
    let usual = BatchNorm::new(convention);
    BatchNorm {
        epsilon: part(table, "epsilon", usual.epsilon),
        momentum: part(table, "momentum", usual.momentum),
        running: match table.get("running") {
            Some(Value::Text(word)) if word == "population-from-zero" => RunningForm::PopulationFromZero,
            Some(Value::Text(word)) if word == "unbiased-from-one" => RunningForm::UnbiasedFromOne,
            _ => usual.running,
        },
    }
}

fn as_count(value: &Value) -> Option<usize> {
    match *value {
        Value::Integer(n) => usize::try_from(n).ok(),
        _ => None,
    }
}

fn part(table: &Value, name: &str, otherwise: f64) -> f64 {
    table.get(name).and_then(Value::number).unwrap_or(otherwise)
}

fn only_key(table: &Value) -> &str {
    match table {
        Value::Table(entries) if entries.len() == 1 => &entries[0].key.name,
        _ => "",
    }
}
