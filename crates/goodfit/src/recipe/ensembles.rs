//! Checks of ensembles: what their members cannot have.

use crate::recipe::error::RecipeError;
use crate::recipe::settings::Settings;
use crate::recipe::typed::{Length, Recipe};

/// What contradicts itself in an ensemble. `free` are fields that arms or trials set.
pub(crate) fn check(settings: &Settings, recipe: &Recipe, free: &[&str]) -> Vec<RecipeError> {
    let Recipe { network, training, .. } = recipe;
    let mut faults = Vec::new();
    let mut fault = |paths: &[&str], message: String, hint: &str| {
        if !paths.iter().any(|path| free.contains(path)) {
            faults.push(settings.fault(paths[0], message).hint(hint));
        }
    };
    if network.members > 1 {
        let head = format!("network.members is {}", network.members);
        if network.batch_norm.is_some() {
            let message = format!("{head}, but network.batch_norm would mix the rows of all members");
            fault(&["network.members", "network.batch_norm"], message, "network.batch_norm = false");
        }
        if network.input_scale {
            let message = format!("{head}, but network.input_scale is true: members have scales of their own");
            fault(&["network.members", "network.input_scale"], message, "network.input_scale = false");
        }
        if network.max_norm.is_some() {
            let message = format!("{head}, but network.max_norm bounds weights that members scale");
            fault(&["network.members", "network.max_norm"], message, "leave network.max_norm out");
        }
        if network.hidden.is_empty() {
            let message = format!("{head}, but there is no hidden layer whose weights they could share");
            let paths = ["network.members", "network.hidden", "network.depth"];
            fault(&paths, message, "network.hidden = [512, 512, 512], or network.members = 1");
        }
    }
    if training.ensemble > 1 && training.length == Length::Steps(0) {
        let message =
            format!("training.ensemble is {}, but training.steps is 0: nothing is trained", training.ensemble);
        fault(&["training.ensemble", "training.steps"], message, "leave training.steps out");
    }
    faults
}
