//! An experiment: a recipe with its arms, its search and its report.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value as Json;

use crate::recipe::arms::paths;
use crate::recipe::error::{Origin, RecipeError, any_of, nearest};
use crate::recipe::kinds::CURVES;
use crate::recipe::settings::{Layer, Settings};
use crate::recipe::space::{Dimension, dimensions};
use crate::recipe::target::target;
use crate::recipe::typed::{Evaluation, Length, Recipe, RecordLoss};
use crate::recipe::value::Value;
use crate::results::{FigureKind, Layout};

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

/// How arms are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareRecipe {
    /// Number of seeds of each arm.
    pub seeds: usize,
    /// The arm the others are held against; `None` = the first.
    pub baseline: Option<Baseline>,
    /// The curve whose last point decides; `None` where nothing is trained or recorded.
    pub metric: Option<String>,
    /// Whether every arm is compared with every other.
    pub all_pairs: bool,
    /// Whether each seed has a split of its own.
    pub resplit: bool,
    /// Fields with their values; the last one varies fastest.
    pub vary: Vec<(String, Vec<Json>)>,
    /// Arms by name with their settings, instead of `vary`.
    pub arms: Vec<(String, Vec<(String, Json)>)>,
    /// Fields with the values of which each arm takes its own best.
    pub tune: Vec<(String, Vec<Json>)>,
    /// Number of seeds that these values are tried with.
    pub tune_seeds: usize,
}

/// Which arm the others are held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Baseline {
    /// By name.
    Name(String),
    /// By some of its settings.
    Settings(Vec<(String, Json)>),
}

/// What a search looks for, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRecipe {
    /// Number of trials.
    pub trials: usize,
    /// How trials are chosen: `random`.
    pub sampler: String,
    /// Trials that are chosen at once.
    pub generation: usize,
    /// The curve whose last point ranks trials.
    pub metric: String,
    /// What it varies, in the order of the file.
    pub space: Vec<Dimension>,
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
        let free: Vec<&str> = ["compare.vary", "compare.arms", "compare.tune", "search.space"]
            .iter()
            .flat_map(|path| settings.get(path).map(|value| paths(&value)).unwrap_or_default())
            .filter_map(|path| target(&path).ok().map(|target| target.field.path))
            .collect();
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
        let mut free = Vec::new();
        for (path, json) in values {
            let value = Value::from_json(json)
                .ok_or_else(|| RecipeError::new(format!("{path} is null, expected a value")).within(&origin))?;
            let target = target(path).map_err(|error| error.within(&origin))?;
            free.push(target.field.path);
            settings
                .override_with(&target, &value.into(), &origin, Layer::Arm)
                .map_err(|error| error.within(&origin))?;
        }
        // Of a sampled optimiser's constants only some apply; the others are void in this trial.
        Recipe::resolve_with(&settings.without_unused(), &[])
    }

    /// Tries the two ends of the search space.
    fn check_space(&self) -> Result<(), RecipeError> {
        let Some(search) = &self.search else { return Ok(()) };
        for dimension in &search.space {
            let needs = target(&dimension.path)?.field.needs;
            let Some(needs) = needs.filter(|needs| !search.space.iter().any(|other| other.is_of(needs.field()))) else {
                continue;
            };
            if !self.settings.holds(&needs) {
                let message = format!("search.space varies {}, which nothing has a use for", dimension.path);
                return Err(self
                    .settings
                    .fault_in("search.space", &dimension.path, message)
                    .hint(format!("it is for {needs}")));
            }
        }
        for end in [Dimension::first, Dimension::last] {
            let values: Vec<(String, Json)> =
                search.space.iter().map(|dimension| (dimension.path.clone(), end(dimension))).collect();
            self.trial(values.iter().map(|(path, value)| (path, value)))?;
        }
        Ok(())
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
            return Err(RecipeError::new("longer than 1 MiB, expected a recipe file").within(&origin));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            RecipeError::new(format!("not valid UTF-8 at byte {at}")).within(&origin)
        })?;
        Self::parse(&file, &text)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> RecipeError {
    match error.kind() {
        std::io::ErrorKind::NotFound => RecipeError::new("there is no such recipe file"),
        _ if path.is_dir() => RecipeError::new("a folder, expected a recipe file"),
        _ => RecipeError::new(format!("cannot be read: {}", error.to_string().to_lowercase())),
    }
}

fn name_of(file: &str) -> String {
    Path::new(file).file_stem().map_or_else(|| "recipe".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn integer(settings: &Settings, path: &str) -> usize {
    match settings.get(path) {
        Some(Value::Integer(n)) => usize::try_from(n).unwrap_or(usize::MAX),
        _ => 0,
    }
}

fn text(settings: &Settings, path: &str) -> Option<String> {
    match settings.get(path) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn by_path(value: Option<&Value>) -> Vec<(String, Json)> {
    match value {
        Some(Value::Table(entries)) => {
            entries.iter().map(|entry| (entry.key.name.clone(), entry.item.value.to_json())).collect()
        }
        _ => Vec::new(),
    }
}

fn lists(value: Option<&Value>) -> Vec<(String, Vec<Json>)> {
    let list = |json: Json| if let Json::Array(list) = json { list } else { Vec::new() };
    by_path(value).into_iter().map(|(path, json)| (path, list(json))).collect()
}

fn compare(settings: &Settings) -> CompareRecipe {
    let arms = match settings.get("compare.arms") {
        Some(Value::Table(entries)) => {
            entries.iter().map(|entry| (entry.key.name.clone(), by_path(Some(&entry.item.value)))).collect()
        }
        _ => Vec::new(),
    };
    CompareRecipe {
        seeds: integer(settings, "compare.seeds"),
        baseline: settings.get("compare.baseline").map(|value| match value {
            Value::Text(name) => Baseline::Name(name),
            table => Baseline::Settings(by_path(Some(&table))),
        }),
        metric: text(settings, "compare.metric"),
        all_pairs: settings.get("compare.all_pairs") == Some(Value::Bool(true)),
        resplit: settings.get("compare.resplit") == Some(Value::Bool(true)),
        vary: lists(settings.get("compare.vary").as_ref()),
        arms,
        tune: lists(settings.get("compare.tune").as_ref()),
        tune_seeds: integer(settings, "compare.tune_seeds"),
    }
}

fn check_metric(settings: &Settings, recipe: &Recipe, metric: Option<&str>, free: &[&str]) -> Result<(), RecipeError> {
    if !settings.is_set("compare.metric") || free.iter().any(|path| path.starts_with("data.")) {
        return Ok(());
    }
    let Some(metric) = metric else { return Ok(()) };
    let fault = |why: &str, hint: &str| {
        let message = format!("compare.metric is \"{metric}\", but {why}");
        Err(settings.fault("compare.metric", message).hint(hint))
    };
    let evaluates = recipe.training.evaluate_every != Some(0);
    if recipe.training.length == Length::Steps(0) {
        return fault("training.steps is 0, so that nothing is trained", "leave it out");
    }
    if metric.starts_with("test") && recipe.data.evaluation != Evaluation::Test {
        return fault("the test rows are sealed", "data.evaluation = \"test\" opens them");
    }
    if metric.starts_with("validation") && recipe.data.evaluation == Evaluation::Test {
        return fault("data.evaluation is \"test\"", "data.evaluation = \"validation\"");
    }
    if metric.starts_with("validation") && recipe.data.validation <= 0.0 {
        return fault("no rows are split off for validation", "data.validation = 0.2");
    }
    if metric.ends_with("accuracy") && !recipe.classifies() {
        return fault("training.loss is \"mean-squared-error\"", "a metric that ends in _loss");
    }
    if metric != "train_loss" && !evaluates {
        return fault("training.evaluate_every is 0, which is never", "leave training.evaluate_every out");
    }
    if metric == "train_loss" && recipe.training.record_loss == RecordLoss::Never {
        return fault("training.record_loss is \"never\"", "training.record_loss = \"before\"");
    }
    Ok(())
}

fn search(settings: &Settings, recipe: &Recipe, free: &[&str]) -> Result<Option<SearchRecipe>, RecipeError> {
    let set = ["search.trials", "search.sampler", "search.generation", "search.metric"];
    let Some(space) = settings.get("search.space") else {
        return match set.iter().find(|path| settings.is_set(path)) {
            None => Ok(None),
            Some(path) => Err(settings
                .fault(path, format!("{path} is set, but there is no [search.space], so that nothing varies"))
                .hint("[search.space] with \"training.learning_rate\" = { low = 1e-3, high = 1, log = true }")),
        };
    };
    let fault = |path: &str, message: &str, hint: &str| Err(settings.fault(path, message).hint(hint));
    if recipe.data.evaluation == Evaluation::Test {
        let message = "data.evaluation is \"test\", but a search may not choose by test rows";
        return fault("data.evaluation", message, "data.evaluation = \"validation\"");
    }
    if recipe.data.validation <= 0.0 && !free.contains(&"data.validation") {
        let message = "[search] needs validation rows to rank trials by, but data.validation is 0";
        return fault("search.space", message, "data.validation = 0.2");
    }
    if recipe.training.evaluate_every == Some(0) {
        let message =
            "training.evaluate_every is 0, which is never, but a search ranks trials by their last evaluation";
        return fault("training.evaluate_every", message, "leave training.evaluate_every out");
    }
    let metric = text(settings, "search.metric").unwrap_or_default();
    if metric == "validation_accuracy" && !recipe.classifies() {
        let message = "search.metric is \"validation_accuracy\", but training.loss is \"mean-squared-error\"";
        return fault("search.metric", message, "search.metric = \"validation_loss\"");
    }
    Ok(Some(SearchRecipe {
        trials: integer(settings, "search.trials"),
        sampler: text(settings, "search.sampler").unwrap_or_default(),
        generation: integer(settings, "search.generation"),
        metric,
        space: dimensions(&space),
    }))
}

fn layout(name: &str, settings: &Settings) -> Result<Layout, RecipeError> {
    let smooth = integer(settings, "report.smooth");
    if smooth > 0 && smooth.is_multiple_of(2) {
        let message = format!("report.smooth is {smooth}, expected an odd number, or 0 for none");
        return Err(settings.fault("report.smooth", message).hint(format!("report.smooth = {}", smooth + 1)));
    }
    let panel = text(settings, "report.panel").unwrap_or_default();
    if !panel.is_empty() {
        let varied: Vec<String> = ["compare.vary", "compare.arms"]
            .iter()
            .flat_map(|path| settings.get(path).map(|value| paths(&value)).unwrap_or_default())
            .collect();
        if !varied.contains(&panel) {
            let error = settings.fault("report.panel", format!("report.panel is \"{panel}\", which does not vary"));
            return Err(match varied.first() {
                Some(path) => error.hint(format!("report.panel = \"{path}\"")),
                None => error.hint("[compare.vary] says what varies"),
            });
        }
    }
    let mut metrics = Vec::new();
    if let Some(Value::List(items)) = settings.get("report.metrics") {
        for item in items {
            let Value::Text(metric) = item.value else { continue };
            // Curves of layers are called `layer1.sd`.
            if !metric.contains('.') && !CURVES.contains(&metric.as_str()) {
                let message = format!("report.metrics has \"{metric}\", expected {}", any_of(CURVES));
                let error = settings.fault("report.metrics", message).at(item.place);
                let hint = nearest(&metric, CURVES.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
                return Err(RecipeError { hint, ..error });
            }
            metrics.push(metric);
        }
    }
    Ok(Layout {
        title: text(settings, "report.title").unwrap_or_else(|| name.to_owned()),
        question: text(settings, "report.question").unwrap_or_default(),
        figure: match text(settings, "report.figure").as_deref() {
            Some("histograms") => FigureKind::Histograms,
            Some("trials") => FigureKind::Trials,
            Some("claims") => FigureKind::Claims,
            _ => FigureKind::Curves,
        },
        metrics,
        panel,
        smooth,
        overlay: settings.get("report.overlay") == Some(Value::Bool(true)),
    })
}
