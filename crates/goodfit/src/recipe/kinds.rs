//! What the fields that take more than one kind of value take.

use crate::recipe::field::{Kind, Part, Range};

const ACTIVATIONS: &[&str] =
    &["identity", "relu", "sigmoid", "tanh", "leaky-relu", "elu", "selu", "gelu", "silu", "mish"];
const INITS: &[&str] = &["xavier", "xavier-uniform", "glorot", "glorot-uniform", "he", "he-uniform", "pytorch", "zero"];
pub(crate) const OPTIMIZERS: &[&str] = &["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"];
const SCHEDULES: &[&str] = &["constant", "cosine", "one-cycle", "coslog4"];
/// How numbers are embedded.
pub(crate) const NUMERIC_EMBEDDINGS: &[&str] = &["none", "piecewise-linear", "periodic", "pbld"];
/// Those that embed them.
pub(crate) const NUMERIC_EMBEDDING: [&str; 3] = ["piecewise-linear", "periodic", "pbld"];
/// Those by frequencies.
pub(crate) const PERIODIC: [&str; 2] = ["periodic", "pbld"];
const RUNNING: &[&str] = &["population-from-zero", "unbiased-from-one"];

/// Where the scores of rows begin in a list of curves, and what a reader is told of them.
pub(crate) const FIRST_SCORE: &str = "train_balanced_accuracy";
pub(crate) const SCORES_OF_ROWS: &str = "train_, validation_ or test_ with a word of training.metric";
/// A list of curves with the scores of some rows behind it.
macro_rules! with_scores {
    ([$($first:literal),*] $(, $rows:literal)*) => {
        &[$($first,)* $(
            concat!($rows, "_balanced_accuracy"), concat!($rows, "_log_loss"), concat!($rows, "_auc"),
            concat!($rows, "_f1"), concat!($rows, "_brier"), concat!($rows, "_rmse"), concat!($rows, "_mae"),
            concat!($rows, "_r2"),
        )*]
    };
}

/// Curves that can decide a comparison, and what is derived from them.
#[rustfmt::skip]
pub(crate) const METRICS: &[&str] = with_scores!(
    ["train_loss", "late_train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss",
     "test_accuracy", "accuracy_gap"],
    "train", "validation", "test"
);
/// Curves that a report can show, beside those of single layers.
#[rustfmt::skip]
pub(crate) const CURVES: &[&str] = with_scores!(
    ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy", "penalty"],
    "train", "validation", "test"
);
/// Curves that can rank trials.
pub(crate) const RANKING: &[&str] = with_scores!(["validation_loss", "validation_accuracy"], "validation");

/// What the epoch can be chosen by: the loss, and the scores of models.
pub(crate) const STOPPING: &[&str] =
    &["loss", "accuracy", "balanced_accuracy", "log_loss", "auc", "f1", "brier", "rmse", "mae", "r2"];

/// How trials are chosen.
pub(crate) const SAMPLERS: &[&str] = &["random", "sobol", "grid", "narrow", "tpe", "gp", "cma-es", "auto"];

/// The pruners that prune.
pub(crate) const PRUNING: [&str; 5] = ["median", "percentile", "successive-halving", "hyperband", "patience"];

/// Which trials are given up early.
pub(crate) const PRUNERS: &[&str] = &["none", "median", "percentile", "successive-halving", "hyperband", "patience"];

pub(crate) const SEED: Kind = Kind::Integer { low: 0, high: i64::MAX };
pub(crate) const BATCH: Kind = Kind::Integer { low: 1, high: 1_000_000 };
pub(crate) const WIDTH: Kind = Kind::Integer { low: 1, high: 1_000_000 };
pub(crate) const SHARE: Kind = Kind::Number(Range::Share);
pub(crate) const DECAY: Kind = Kind::Number(Range::NotNegative);
pub(crate) const POSITIVE: Kind = Kind::Number(Range::Positive);

pub(crate) const ACTIVATION: Kind = Kind::Either(&[
    Kind::Word(ACTIVATIONS),
    Kind::Variant(&[Part::required("leaky-relu", DECAY), Part::required("elu", POSITIVE)]),
]);
pub(crate) const INIT: Kind = Kind::Either(&[Kind::Word(INITS), Kind::Variant(&[Part::required("std", POSITIVE)])]);
pub(crate) const BATCH_NORM: Kind = Kind::Either(&[
    Kind::Bool,
    Kind::Table(&[
        Part::optional("epsilon", POSITIVE),
        Part::optional("momentum", Kind::Number(Range::PositiveShare)),
        Part::optional("running", Kind::Word(RUNNING)),
    ]),
]);
pub(crate) const DROPOUT: Kind =
    Kind::Either(&[SHARE, Kind::Table(&[Part::optional("input", SHARE), Part::optional("hidden", SHARE)])]);
pub(crate) const WEIGHT_DECAY: Kind = Kind::Either(&[
    DECAY,
    Kind::Variant(&[Part::required("l2", DECAY), Part::required("l1", DECAY), Part::required("decoupled", DECAY)]),
]);
pub(crate) const SCHEDULE: Kind = Kind::Either(&[
    Kind::Word(SCHEDULES),
    Kind::Variant(&[
        Part::required(
            "step",
            Kind::Table(&[Part::required("every", Kind::count(1)), Part::optional("factor", POSITIVE)]),
        ),
        Part::required("cosine", Kind::Table(&[Part::optional("floor", SHARE)])),
        Part::required(
            "one-cycle",
            Kind::Table(&[
                Part::optional("rise", SHARE),
                Part::optional("start_divisor", Kind::Number(Range::AtLeastOne)),
                Part::optional("end_divisor", Kind::Number(Range::AtLeastOne)),
            ]),
        ),
    ]),
]);
