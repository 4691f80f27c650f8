//! Losses and their gradients against PyTorch in float64.

mod golden;

use golden::{assert_close, classes, items, number, numbers, read};
use goodfit_nn::{Loss, MatRef, Targets};

#[test]
fn losses() {
    let file = read("losses");
    let classes = classes(&file["classes"]);
    let values = numbers(&file["values"]);
    let weights = numbers(&file["weights"]);
    let (n_rows, n_outputs) = (classes.len(), values.len() / classes.len());
    for case in items(&file["cases"]) {
        let label_smoothing = number(&case["label_smoothing"]);
        let (loss, targets) = if case["loss"] == "cross-entropy" {
            (Loss::CrossEntropy { label_smoothing }, Targets::Classes(&classes[..]))
        } else {
            (Loss::MeanSquaredError, Targets::Values(MatRef::new(&values, n_rows, n_outputs)))
        };
        assert_eq!(case["loss"], loss.name());
        let row_weights = (case["weighted"] == true).then_some(&weights[..]);
        let outputs = numbers(&case["outputs"]);
        let what = format!("{} e {label_smoothing} weighted {} of {}", loss.name(), case["weighted"], outputs[0]);

        let mut d = vec![0.0; outputs.len()];
        let value = loss.value_and_gradient(&mut d, &outputs, n_outputs, targets, row_weights);
        assert_close(&what, &[value], &case["value"], 1e-13);
        assert_close(&what, &d, &case["d"], 1e-12);

        let again = loss.value(&outputs, n_outputs, targets, row_weights);
        assert!((again - value).abs() <= 1e-14 * value.abs(), "{what}: {again} without and {value} with its gradient");
        let (sum, weight_sum) = loss.sum(&outputs, n_outputs, targets, row_weights);
        assert_eq!(sum / weight_sum, again);
        assert_eq!(loss.check_targets(targets, n_rows, n_outputs), Ok(()));
    }
}
