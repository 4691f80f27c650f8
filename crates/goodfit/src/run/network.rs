//! From a recipe to the specifications of the engine.

use goodfit_nn::{
    Affine, Average, BatchOrder, Batches, Dropout, Ensemble, Group, LayerSpec, Loss, NetworkSpec, Optimizer, Schedule,
    TrainingSpec, WeightDecay,
};

use super::embedding;
use crate::data::table::InputColumns;
use crate::recipe::{Batches as BatchesRecipe, Length, Parametrization, Recipe, TrainingRecipe};

/// The layers of a recipe's network between its inputs and `outputs` classes: embeddings where it has any; per hidden layer
/// an affine map, batch normalisation, activation and dropout; then the affine map to the outputs. Several members are an
/// ensemble behind the embeddings, which averages probabilities where classes are predicted, else values.
pub fn network_spec(recipe: &Recipe, inputs: impl Into<InputColumns>, outputs: usize) -> NetworkSpec {
    let inputs = inputs.into();
    let embedding = embedding::embedding(recipe, &inputs);
    let mut spec = NetworkSpec { inputs: inputs.n, layers: embedding.into_iter().collect() };
    // What the first affine map reads.
    let mut width = spec.outputs();
    let Recipe { network: recipe, training, .. } = recipe;
    let layers = &mut spec.layers;
    let dropout = |layers: &mut Vec<LayerSpec>, ratio: f64| {
        if ratio > 0.0 {
            layers.push(LayerSpec::Dropout(Dropout { ratio, form: recipe.dropout_form }));
        }
    };
    let affine = |inputs: usize, units: usize| Affine {
        bias: recipe.bias,
        bias_std: recipe.bias_std,
        max_norm: recipe.max_norm,
        group: group(recipe.parametrization, training, inputs),
        ..Affine::new(units, recipe.init)
    };
    if recipe.members > 1 {
        let average = match training.loss {
            Loss::CrossEntropy { .. } => Average::Probabilities,
            Loss::MeanSquaredError => Average::Values,
        };
        layers.push(LayerSpec::Ensemble(Ensemble { members: recipe.members, average }));
    }
    dropout(layers, recipe.input_dropout);
    for (i, &units) in recipe.hidden.iter().enumerate() {
        let input_scale = recipe.input_scale && i == 0;
        layers.push(LayerSpec::Affine(Affine { input_scale, ..affine(width, units) }));
        width = units;
        layers.extend(recipe.batch_norm.map(LayerSpec::BatchNorm));
        layers.push(LayerSpec::Activation(recipe.activation));
        dropout(layers, recipe.hidden_dropout);
    }
    let input_scale = recipe.input_scale && recipe.hidden.is_empty();
    let last = Affine { input_scale, init: recipe.output_init, bias_std: 0.0, ..affine(width, outputs) };
    layers.push(LayerSpec::Affine(last));
    spec
}

/// What multiplies learning rates and decay of a layer with n inputs.
///
/// Weights w = v / sqrt(n) that move as v does (the parametrisation `ntk`): with g the gradient by v, that by w is
/// sqrt(n) g. An optimiser that divides by the size of the gradient makes the same steps of v out of both, so that those of
/// w are to be 1 / sqrt(n) as long; any other makes them sqrt(n) times as long, so that 1 / n is left. Decay is that of v: with
/// L2 lambda / 2 v^2 = lambda n / 2 w^2, with L1 lambda sqrt(n) |w|; decoupled decay is not changed, and makes up for the
/// learning rate that multiplies it. Adam's epsilon and the bound of clipping are those of w.
fn group(parametrization: Parametrization, training: &TrainingRecipe, inputs: usize) -> Group {
    let plain =
        Group { bias_learning_rate: training.bias_rate, scale_learning_rate: training.scale_rate, ..Group::default() };
    if parametrization == Parametrization::Standard {
        return plain;
    }
    let n = inputs as f64;
    let learning_rate = match training.optimizer {
        Optimizer::Adagrad { .. } | Optimizer::Rmsprop { .. } | Optimizer::Adam { .. } => 1.0 / n.sqrt(),
        Optimizer::Sgd | Optimizer::Momentum { .. } | Optimizer::Nesterov { .. } => 1.0 / n,
    };
    let decay = match training.weight_decay {
        WeightDecay::None => 1.0,
        WeightDecay::L1(_) => n.sqrt(),
        WeightDecay::L2(_) => n,
        WeightDecay::Decoupled(_) => 1.0 / learning_rate,
    };
    Group { learning_rate, decay, ..plain }
}

/// The batches of a run over `n_rows` training rows, how many steps it has, and its training
/// settings.
pub fn training_spec(recipe: &Recipe, n_rows: usize, seed: u64) -> (Batches, TrainingSpec) {
    let training = &recipe.training;
    let order = match training.batches {
        BatchesRecipe::Shuffle => BatchOrder::Shuffle,
        BatchesRecipe::Replacement => BatchOrder::Replacement,
    };
    let batches = Batches::new(n_rows, training.batch_size, order, seed);
    let n_steps = match training.length {
        Length::Epochs(epochs) => epochs * batches.steps_per_epoch(),
        Length::Steps(steps) => steps,
    };
    let spec = TrainingSpec {
        loss: training.loss,
        optimizer: training.optimizer,
        learning_rate: training.learning_rate,
        schedule: training.schedule,
        warmup_steps: training.warmup_steps,
        weight_decay: training.weight_decay,
        decay_schedule: Schedule::Constant,
        dropout_schedule: Schedule::Constant,
        clip_norm: training.clip_norm,
        n_steps,
        max_batch: batches.max_batch(),
    };
    (batches, spec)
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{AdamForm, NesterovForm, UpdateStep};

    use super::*;
    use crate::recipe::{Experiment, Value};

    /// Weights that move by the factors of `ntk`, against weights v that move as they are and are divided by sqrt(n) then.
    #[test]
    fn weights_move_as_if_they_stood_divided() {
        let n = 9;
        let root = (n as f64).sqrt();
        let (beta1, beta2, form) = (0.9, 0.95, AdamForm::AfterCorrection);
        let decays = [WeightDecay::None, WeightDecay::L1(0.01), WeightDecay::L2(0.02), WeightDecay::Decoupled(0.03)];
        for optimizer in [
            Optimizer::Sgd,
            Optimizer::Momentum { momentum: 0.9 },
            Optimizer::Nesterov { momentum: 0.9, form: NesterovForm::Field },
            Optimizer::Adagrad { epsilon: 0.0 },
            Optimizer::Rmsprop { decay: 0.9, epsilon: 0.0 },
            Optimizer::Adam { beta1, beta2, epsilon: 0.0, form },
        ] {
            for weight_decay in decays {
                let mut settings =
                    crate::recipe::Preset::named("plain").expect("a preset").settings().expect("settings");
                settings.infer("data.source", Value::Text("t.csv".to_owned())).expect("a source");
                settings.infer("data.target", Value::Text("y".to_owned())).expect("a target");
                let recipe = Experiment::resolve("t", settings).expect("a recipe").recipe;
                let training = TrainingRecipe { optimizer, weight_decay, ..recipe.training };
                let factors = group(Parametrization::Ntk, &training, n);
                let mut v = [1.0, -0.5, 0.25];
                let mut w = v.map(|v| v / root);
                let state = || vec![0.0; 3 * optimizer.n_state()];
                let (mut state_v, mut state_w) = (state(), state());
                for step in 1..=4_u64 {
                    // The gradient by w of a loss that is anything but flat.
                    let by_w = [0, 1, 2].map(|i| (w[i] * 3.0 + step as f64 + i as f64).sin());
                    let by_v = by_w.map(|g| g / root);
                    let step = |learning_rate, decay| UpdateStep { learning_rate, decay, gradient_scale: 1.0, step };
                    optimizer.update(&mut v, &mut state_v, &by_v, &step(0.1, weight_decay));
                    let of_w = step(0.1 * factors.learning_rate, weight_decay.scaled(factors.decay));
                    optimizer.update(&mut w, &mut state_w, &by_w, &of_w);
                    for (v, w) in v.iter().zip(&w) {
                        assert!((v / root - w).abs() < 1e-12, "{optimizer:?} {weight_decay:?}: {} and {w}", v / root);
                    }
                }
            }
        }
    }
}
