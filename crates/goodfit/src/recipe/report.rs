//! `[report]`: how a report presents the results.

use crate::recipe::arms::paths;
use crate::recipe::error::{RecipeError, nearest};
use crate::recipe::field::Kind;
use crate::recipe::kinds::CURVES;
use crate::recipe::settings::Settings;
use crate::recipe::value::Value;
use crate::results::{FigureKind, Layout};

/// The layout that settings describe, with the name of the experiment as its title.
pub(crate) fn layout(name: &str, settings: &Settings) -> Result<Layout, RecipeError> {
    let smooth = settings.count("report.smooth");
    if smooth > 0 && smooth.is_multiple_of(2) {
        let message = format!("report.smooth is {smooth}, expected an odd number, or 0 for none");
        return Err(settings.fault("report.smooth", message).hint(format!("report.smooth = {}", smooth + 1)));
    }
    let panel = settings.text("report.panel").unwrap_or_default();
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
                let message = format!("report.metrics has \"{metric}\", expected {}", Kind::Word(CURVES));
                let error = settings.fault("report.metrics", message).at(item.place);
                let hint = nearest(&metric, CURVES.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
                return Err(RecipeError { hint, ..error });
            }
            metrics.push(metric);
        }
    }
    Ok(Layout {
        title: settings.text("report.title").unwrap_or_else(|| name.to_owned()),
        question: settings.text("report.question").unwrap_or_default(),
        figure: match settings.text("report.figure").as_deref() {
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
