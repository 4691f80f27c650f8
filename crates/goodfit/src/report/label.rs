//! How fields, values and metrics of a recipe are called in a report.

use serde_json::Value;

use crate::figure::short_number;
use crate::model::Metric;
use crate::results::Arm;

/// A field without its table: `batch norm` for `network.batch_norm`.
pub(super) fn field(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).replace('_', " ")
}

/// A field as one writes it in a title, where its short name says little.
pub(super) fn long_field(path: &str) -> String {
    match path {
        "network.init" => "initial weights".to_owned(),
        _ => field(path),
    }
}

/// A field with its value: `batch norm on`, `init std 0.01`, `learning rate 0.1`.
pub(super) fn setting(path: &str, value: Option<&Value>) -> String {
    format!("{} {}", field(path), value.map_or_else(|| "as in the recipe".to_owned(), self::value))
}

/// A value as one writes it in a sentence.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Null => "none".to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), short_number),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(name, value)| format!("{} {}", name.replace('_', " "), self::value(value))).collect();
            entries.join(", ")
        }
    }
}

/// What an arm sets apart from one field; the arm's name when nothing else is left.
pub(super) fn rest(arm: &Arm, without: &str) -> String {
    let others: Vec<String> = arm
        .settings
        .iter()
        .filter(|(path, _)| path.as_str() != without)
        .map(|(path, value)| setting(path, Some(value)))
        .collect();
    others.join(", ")
}

/// `train_loss` as `training loss`, `late_train_loss` as `late training loss`, `validation_auc` as `validation AUC`,
/// `layer2.dead` as `layer 2: dead units`.
pub(super) fn metric(name: &str) -> String {
    if let Some((layer, measure)) = layer_and_measure(name) {
        return format!("{layer}: {}", of_layer(measure));
    }
    let name = score(name).map_or_else(|| name.to_owned(), |score| name.replace(score.word(), score.name()));
    name.replace('_', " ").replace("train ", "training ")
}

/// The score of a metric whose name in a sentence is not its word.
fn score(metric: &str) -> Option<Metric> {
    Metric::named(quantity(metric)).filter(|score| !matches!(score, Metric::Accuracy | Metric::Rmse))
}

/// `layer 2` and `dead` of `layer2.dead`; the layers of weights are counted with the output's.
fn layer_and_measure(metric: &str) -> Option<(String, &str)> {
    let (layer, measure) = metric.split_once('.')?;
    let number = layer.strip_prefix("layer").or_else(|| layer.strip_prefix("affine"))?;
    number.parse::<usize>().ok().map(|number| (format!("layer {number}"), measure))
}

/// Whether a metric is that of one layer.
pub(super) fn is_of_layer(metric: &str) -> bool {
    layer_and_measure(metric).is_some()
}

/// What diagnostics measure of a layer.
pub(super) fn of_layer(measure: &str) -> &str {
    match measure {
        "mean" => "mean activation",
        "sd" => "sd of activations",
        "dead" => "dead units",
        "gradient_norm" => "gradient norm",
        "update_ratio" => "update / weight",
        other => other,
    }
}

/// The unit of a metric; empty for pure numbers.
pub(super) fn unit(metric: &str) -> &'static str {
    match layer_and_measure(metric) {
        Some((_, "zeros" | "saturated")) => "share of values",
        Some((_, "dead")) => "share of units",
        None if metric.ends_with("balanced_accuracy") => "share of rows, mean over classes",
        None if metric.ends_with("auc") => "share of pairs",
        None if metric.ends_with("accuracy") || metric == "accuracy_gap" => "share of rows",
        None if metric.ends_with("loss") || metric == "penalty" => "nats",
        Some(_) | None => "",
    }
}

/// Whether a metric lies between 0 and 1.
pub(super) fn is_share(metric: &str) -> bool {
    unit(metric).starts_with("share") || score(metric) == Some(Metric::F1)
}

/// What a metric measures without the rows it measures it on: `accuracy` for `test_accuracy`.
pub(super) fn quantity(metric: &str) -> &str {
    ["train_", "validation_", "test_"].iter().find_map(|rows| metric.strip_prefix(rows)).unwrap_or(metric)
}

/// True for metrics of which less is better.
pub(super) fn lower_is_better(metric: &str) -> bool {
    ["loss", "error", "rmse", "mae", "brier"].iter().any(|end| metric.ends_with(end))
}

/// True when the first value of a metric is better than the second.
pub(super) fn better(metric: &str, value: f64, than: f64) -> bool {
    if lower_is_better(metric) { value < than } else { value > than }
}

/// `1 run`, `5 runs`.
pub(super) fn count(n: usize, one: &str, more: &str) -> String {
    format!("{} {}", whole(n), if n == 1 { one } else { more })
}

/// With commas between thousands.
pub(super) fn whole(n: usize) -> String {
    let digits = n.to_string();
    if digits.len() < 4 {
        return digits;
    }
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `seed 0`, `seeds 0 to 4`, `seeds 1, 5 and 9`; empty without seeds.
pub(super) fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [] => String::new(),
        [one] => format!("seed {one}"),
        [first, .., last] if seeds.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)) => {
            format!("seeds {first} to {last}")
        }
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(u64::to_string).collect();
            format!("seeds {} and {last}", rest.join(", "))
        }
    }
}

/// A value with its spread: `0.1980 ± 0.0050`; only the value where there is no spread.
pub(super) fn mean_sd(mean: f64, sd: f64) -> String {
    if sd.is_finite() { format!("{} ± {}", number(mean), number(sd)) } else { number(mean) }
}

/// Four decimals where that says something (as on stdout), otherwise three significant digits.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        "not finite".to_owned()
    } else if value == 0.0 || (0.0001..1000.0).contains(&value.abs()) {
        format!("{value:.4}").replace('-', "−")
    } else {
        short_number(value)
    }
}

/// With a capital letter at its start.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_read_as_in_a_sentence() {
        assert_eq!(setting("network.batch_norm", Some(&json!(true))), "batch norm on");
        assert_eq!(setting("network.init", Some(&json!({"std": 0.01}))), "init std 0.01");
        assert_eq!(setting("training.learning_rate", Some(&json!(1e-5))), "learning rate 10⁻⁵");
        assert_eq!(setting("network.hidden", Some(&json!([100, 50]))), "hidden 100, 50");
    }

    #[test]
    fn measures_of_a_layer_have_units() {
        let axis = |name: &str| (metric(name), unit(name));
        assert_eq!(axis("layer2.dead"), ("layer 2: dead units".to_owned(), "share of units"));
        assert_eq!(axis("layer10.zeros"), ("layer 10: zeros".to_owned(), "share of values"));
        assert_eq!(axis("affine1.gradient_norm"), ("layer 1: gradient norm".to_owned(), ""));
        assert_eq!(axis("affine1.update_ratio"), ("layer 1: update / weight".to_owned(), ""));
        assert_eq!(axis("accuracy_gap"), ("accuracy gap".to_owned(), "share of rows"));
        assert_eq!(axis("test_accuracy"), ("test accuracy".to_owned(), "share of rows"));
        assert_eq!(axis("validation_auc"), ("validation AUC".to_owned(), "share of pairs"));
        assert_eq!(axis("train_log_loss"), ("training log loss".to_owned(), "nats"));
        assert_eq!(axis("test_brier"), ("test Brier score".to_owned(), ""));
    }

    #[test]
    fn seeds_are_a_range_where_they_can() {
        assert_eq!(seeds(&[3]), "seed 3");
        assert_eq!(seeds(&[0, 1, 2]), "seeds 0 to 2");
        assert_eq!(seeds(&[1, 5, 9]), "seeds 1, 5 and 9");
        assert_eq!(seeds(&[u64::MAX, 0]), format!("seeds {} to 0", u64::MAX));
    }

    #[test]
    fn numbers_keep_four_decimals() {
        assert_eq!(mean_sd(0.198, 0.005), "0.1980 ± 0.0050");
        assert_eq!(mean_sd(0.5, f64::NAN), "0.5000");
        assert_eq!(number(-0.25), "−0.2500");
        assert_eq!(number(2e-6), "2×10⁻⁶");
        assert_eq!(number(f64::NAN), "not finite");
    }
}
