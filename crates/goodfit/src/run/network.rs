//! From a recipe to the specifications of the engine.

use goodfit_nn::{Affine, BatchOrder, Batches, Dropout, LayerSpec, NetworkSpec, Schedule, TrainingSpec};

use crate::recipe::{Batches as BatchesRecipe, Length, NetworkRecipe, Recipe};

/// The layers of a recipe's network between `inputs` columns and `outputs` classes: per hidden layer
/// an affine map, batch normalisation, activation and dropout; then the affine map to the outputs.
pub fn network_spec(recipe: &NetworkRecipe, inputs: usize, outputs: usize) -> NetworkSpec {
    let mut layers = Vec::new();
    let dropout = |layers: &mut Vec<LayerSpec>, ratio: f64| {
        if ratio > 0.0 {
            layers.push(LayerSpec::Dropout(Dropout { ratio, form: recipe.dropout_form }));
        }
    };
    let affine = |units: usize| {
        LayerSpec::Affine(Affine { bias: recipe.bias, max_norm: recipe.max_norm, ..Affine::new(units, recipe.init) })
    };
    dropout(&mut layers, recipe.input_dropout);
    for &units in &recipe.hidden {
        layers.push(affine(units));
        layers.extend(recipe.batch_norm.map(LayerSpec::BatchNorm));
        layers.push(LayerSpec::Activation(recipe.activation));
        dropout(&mut layers, recipe.hidden_dropout);
    }
    layers.push(affine(outputs));
    NetworkSpec { inputs, layers }
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
