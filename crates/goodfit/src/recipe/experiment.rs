//! An experiment: a recipe with its arms, its search and its report.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value as Json;

use crate::files::reason;
use crate::recipe::arms::varied;
use crate::recipe::compare::{CompareRecipe, check_metric, compare};
use crate::recipe::error::{Origin, RecipeError};
use crate::recipe::report::layout;
use crate::recipe::search::{SearchRecipe, search};
use crate::recipe::settings::{Layer, Settings};
use crate::recipe::target::target;
use crate::recipe::typed::Recipe;
use crate::recipe::value::Value;
use crate::results::Layout;

const NOT_A_RECIPE: &str = "a recipe is a text file such as `goodfit reproduce weight-init --print-recipe` prints";

/// The longest file that is read as a recipe.
const LONGEST: u64 = 1 << 20;

/// A recipe file with what the command line changed, read and checked.
///
/// Two are equal when they do the same, wherever their settings come from.
///
/// ```
/// use goodfit::recipe::Experiment;
///
/// let text = "[compare.vary]\n\"network.init\" = [{ std = 0.01 }, \"xavier\", \"he\"]";
/// let experiment = Experiment::from_toml("weights.toml", text).unwrap();
/// let names: Vec<String> = experiment.arms().unwrap().into_iter().map(|arm| arm.name).collect();
/// assert_eq!(names, ["init std 0.01", "init xavier", "init he"]);
/// ```
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name: that of its file without the extension.
    pub name: String,
    /// The recipe, before arms or trials change it.
    pub recipe: Recipe,
    /// How its arms are compared.
    pub compare: CompareRecipe,
    /// What a search looks for, when the recipe has a `search.space`.
    pub search: Option<SearchRecipe>,
    /// How the report presents it.
    pub report: Layout,
    pub(crate) settings: Settings,
}

impl PartialEq for Experiment {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.recipe == other.recipe
            && self.compare == other.compare
            && self.search == other.search
            && self.report == other.report
    }
}

impl Experiment {
    /// Reads the text of a recipe file; `file` is what messages call it.
    ///
    /// # Errors
    /// What is wrong with it, all of it, with places and hints.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, RecipeError> {
        Self::resolve(&name_of(file), Settings::parse(file, text)?)
    }

    /// Reads a recipe file.
    ///
    /// # Errors
    /// When it cannot be read, and what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, RecipeError> {
        let settings = Settings::open(path)?;
        Self::resolve(&name_of(&path.to_string_lossy()), settings)
    }

    /// Checks settings against each other, with all arms and the borders of the search space.
    ///
    /// # Errors
    /// What contradicts itself.
    pub fn resolve(name: &str, settings: Settings) -> Result<Self, RecipeError> {
        let free = varied(&settings, &["compare.vary", "compare.arms", "compare.tune", "search.space"]);
        let recipe = Recipe::resolve_with(&settings, &free)?;
        let compare = compare(&settings);
        check_metric(&settings, &recipe, compare.metric.as_deref(), &free)?;
        let search = search(&settings, &recipe, &free)?;
        let report = layout(name, &settings)?;
        let experiment = Self { name: name.to_owned(), recipe, compare, search, report, settings };
        let arms = experiment.arms()?;
        experiment.baseline(&arms)?;
        experiment.check_space()?;
        Ok(experiment)
    }

    /// The settings it was made of.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The recipe of a trial: the recipe with these values by path.
    ///
    /// # Errors
    /// Unknown paths, and values that do not fit them or each other.
    pub fn trial<'a>(&self, values: impl IntoIterator<Item = (&'a String, &'a Json)>) -> Result<Recipe, RecipeError> {
        let origin = Origin::Trial;
        let mut settings = self.settings.clone();
        for (path, json) in values {
            let value = Value::from_json(json)
                .ok_or_else(|| RecipeError::new(format!("{path} is null, expected a value")).within(&origin))?;
            let target = target(path).map_err(|error| error.within(&origin))?;
            settings
                .override_with(&target, &value.into(), &origin, Layer::Arm)
                .map_err(|error| error.within(&origin))?;
        }
        // Of a sampled optimiser's constants only some apply; the others are void in this trial.
        let free = varied(&self.settings, &["compare.vary", "compare.arms", "compare.tune"]);
        Ok(Recipe::resolve_with(&settings.without_unused(), &free)?.for_scores())
    }
}

impl Settings {
    /// Reads a recipe file, which is not yet checked field against field.
    ///
    /// # Errors
    /// When it cannot be read, and what is wrong with single fields.
    pub fn open(path: &Path) -> Result<Self, RecipeError> {
        let file = path.display().to_string();
        let origin = Origin::File(file.clone());
        // A file that is no recipe (a weights file, a device) is not worth reading.
        let read = |path| {
            let mut bytes = Vec::new();
            std::fs::File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes).map(|_| bytes)
        };
        let bytes = read(path).map_err(|error| unreadable(path, &error).within(&origin))?;
        if bytes.len() as u64 > LONGEST {
            return Err(RecipeError::new("longer than 1 MiB, expected a recipe file")
                .hint(NOT_A_RECIPE)
                .within(&origin));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            RecipeError::new(format!("not valid UTF-8 at byte {at}")).hint(NOT_A_RECIPE).within(&origin)
        })?;
        Self::parse(&file, &text)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> RecipeError {
    match error.kind() {
        std::io::ErrorKind::NotFound => RecipeError::new("there is no such recipe file")
            .hint("`goodfit reproduce weight-init --print-recipe > my.toml` makes one to start from"),
        _ if path.is_dir() => RecipeError::new("a folder, expected a recipe file").hint(NOT_A_RECIPE),
        _ => RecipeError::new(format!("cannot be read: {}", reason(error))).hint("a file that you may read"),
    }
}

fn name_of(file: &str) -> String {
    Path::new(file).file_stem().map_or_else(|| "recipe".to_owned(), |stem| stem.to_string_lossy().into_owned())
}
