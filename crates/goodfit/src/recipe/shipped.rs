//! The recipes of the chapter's experiments, compiled into the program.

/// The experiments by name, in the order of the chapter.
pub const SHIPPED: &[(&str, &str)] = &[
    ("activations", include_str!("../../experiments/activations.toml")),
    ("weight-init", include_str!("../../experiments/weight-init.toml")),
    ("batch-norm", include_str!("../../experiments/batch-norm.toml")),
    ("weight-decay", include_str!("../../experiments/weight-decay.toml")),
    ("dropout", include_str!("../../experiments/dropout.toml")),
    ("search", include_str!("../../experiments/search.toml")),
];

/// The parts of the experiment `claims` by name; its claim about batch norm and the initial value
/// takes the experiment `batch-norm`.
pub const CLAIMS: &[(&str, &str)] = &[
    ("a-scale", include_str!("../../experiments/claims/a-scale.toml")),
    ("a-fixed", include_str!("../../experiments/claims/a-fixed.toml")),
    ("a-tuned", include_str!("../../experiments/claims/a-tuned.toml")),
    ("c", include_str!("../../experiments/claims/c.toml")),
    ("d", include_str!("../../experiments/claims/d.toml")),
];

/// The recipe of an experiment of the chapter.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}
