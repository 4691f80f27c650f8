//! What several networks predict together.

use goodfit_nn::{Inputs, Matrix, Network, Workspace};

use super::Prediction;
use crate::data::table::Predicts;

/// What networks predict of each row of inputs: the mean of their probabilities, or of their numbers,
/// `1/n sum over the networks`, added in their order.
///
/// # Shapes
/// `inputs`: rows x inputs of each network. The result: rows.
///
/// # Panics
/// When there is no network, or one has other inputs or outputs.
pub(crate) fn predict(networks: &[Network<f32>], inputs: &Inputs<f32>, predicts: &Predicts) -> Vec<Prediction> {
    let n_outputs = if let Predicts::Classes(names) = predicts { names.len() } else { 1 };
    let mut outputs = Matrix::zeros(inputs.n_rows(), n_outputs);
    let mut of = |network: &Network<f32>| -> Vec<Prediction> {
        Workspace::new(network).predict(outputs.view_mut(), network, inputs);
        outputs.rows().map(|outputs| Prediction::of(outputs, predicts)).collect()
    };
    let (first, others) = networks.split_first().expect("a network");
    let mut sums = of(first);
    for network in others {
        for (sum, own) in sums.iter_mut().zip(of(network)) {
            match (sum, own) {
                (Prediction::Classes(sum), Prediction::Classes(own)) => {
                    sum.iter_mut().zip(own).for_each(|(sum, share)| *sum += share);
                }
                (Prediction::Number(sum), Prediction::Number(own)) => *sum += own,
                _ => unreachable!("all predict the same kind"),
            }
        }
    }
    if !others.is_empty() {
        let n = networks.len() as f64;
        for sum in &mut sums {
            match sum {
                Prediction::Classes(shares) => shares.iter_mut().for_each(|share| *share /= n as f32),
                Prediction::Number(number) => *number /= n,
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{Affine, Init, LayerSpec, NetworkSpec};

    use super::*;
    use crate::data::Units;

    fn constant(outputs: &[f32]) -> Network<f32> {
        let layers = vec![LayerSpec::Affine(Affine::new(outputs.len(), Init::Zero))];
        let mut network = Network::new(&NetworkSpec { inputs: 1, layers }, 0).unwrap();
        network.set("affine1.bias", outputs).unwrap();
        network
    }

    #[test]
    fn probabilities_and_numbers_are_averaged() {
        let inputs = Inputs::new(Matrix::zeros(2, 1));
        let names = Predicts::Classes(vec!["a".to_owned(), "b".to_owned()]);
        let [sure, unsure] = [[3.0_f32.ln(), 0.0], [0.0, 0.0]].map(|outputs| constant(&outputs));
        let Prediction::Classes(shares) = &predict(&[sure.clone(), unsure], &inputs, &names)[1] else { panic!() };
        // 3/4 and 1/2 of the first class, where the mean of the outputs would say 0.634.
        assert!((shares[0] - 0.625).abs() < 1e-6 && (shares[1] - 0.375).abs() < 1e-6, "{shares:?}");
        let Prediction::Classes(alone) = &predict(&[sure], &inputs, &names)[0] else { panic!() };
        assert!((alone[0] - 0.75).abs() < 1e-6);
        let units = Predicts::Numbers(Units { mean: 10.0, sd: 2.0 });
        let numbers = predict(&[1.0, 2.0, 6.0].map(|y| constant(&[y])), &inputs, &units);
        assert_eq!(numbers, [Prediction::Number(16.0), Prediction::Number(16.0)]);
    }
}
