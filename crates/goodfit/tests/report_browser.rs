//! Reports of made-up results in a real browser. Needs `GOODFIT_CHROMIUM` to name a Chromium.

mod browser;
mod synthetic;

use std::path::{Path, PathBuf};

use browser::Page;
use goodfit::figure::Shape;
use goodfit::report::{figures, render, write_report};
use goodfit::results::Results;
use serde_json::json;
use synthetic::cases::cases;

/// Opens each case in a browser: all charts are drawn, and nothing fails.
#[test]
fn a_real_browser_draws_every_chart() {
    let Some(chromium) = browser::chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    let chosen = [
        "weight-init",
        "activations",
        "diagnostics",
        "search-10000",
        "claims",
        "many-arms",
        "overflowing",
        "hostile",
        "no-runs",
        "empty",
    ];
    for (name, results) in cases().into_iter().filter(|(name, _)| chosen.contains(name)) {
        let folder = dir.path().join(name);
        write_report(&folder, &results).unwrap();
        let page = browser::open(&chromium, &folder.join("report.html"), &dir.path().join("profile"));
        let value = |key: &str| page.value(key).to_owned();
        assert_eq!(value("errors"), "0", "{name}");
        assert_eq!(value("ready"), "true", "{name}");
        assert_eq!(value("charts"), value("expected"), "{name}");
        let panels: usize = panels(&results).min(80);
        assert_eq!(value("expected"), panels.to_string(), "{name}");
    }
}

/// The slider moves the bars of every panel of its figure, in the charts themselves, and says when it stands.
#[test]
fn a_real_browser_steps_through_the_epochs() {
    let Some(chromium) = browser::chromium() else { return };
    let results = synthetic::diagnostics(20);
    let root = opened_with(&chromium, &results, include_str!("browser/timeline.js"));
    assert_eq!((root.value("errors"), root.value("sliders")), ("0", "1"));
    let all = figures(&results);
    let drawn = |moment: usize, panel: usize| -> serde_json::Value {
        let Shape::Histogram { moments, .. } = &all[3].panels[panel].series[0].shape else { panic!("no histogram") };
        let moment = &moments[moment.min(moments.len() - 1)];
        json!({"name": moment.name, "sum": (moment.heights.iter().sum::<f64>() * 1000.0).round()})
    };
    for (moment, key) in [(19, "at-start"), (2, "at-third"), (10, "at-eleventh")] {
        let seen = json_attribute(&root, key);
        assert_eq!(seen["shown"], drawn(moment, 0)["name"], "{key}");
        for panel in [0, 4] {
            assert_eq!(seen["sums"][panel].as_f64(), drawn(moment, panel)["sum"].as_f64(), "{key}, panel {panel}");
        }
        // The second arm ended earlier and says where it stands.
        let note = seen["notes"][4].as_str().unwrap();
        assert_eq!(note.starts_with("end: "), moment > 6, "{key}: {note}");
    }
}

/// Pointing at a line shows its values, its key switches it off and on, a box drawn with the mouse zooms.
#[test]
fn a_real_browser_can_be_worked_with() {
    let Some(chromium) = browser::chromium() else { return };
    let results = synthetic::weight_decay(5);
    let root = opened_with(&chromium, &results, include_str!("browser/interaction.js"));
    assert_eq!(root.value("errors"), "0");
    let seen = json_attribute(&root, "seen");
    let tip = seen["tip"].as_str().unwrap_or_default();
    assert!(tip.starts_with("step 300") && tip.contains("training accuracy") && tip.contains(" to "), "{seen}");
    assert_eq!((&seen["key"], &seen["pressed"]), (&json!("training accuracy"), &json!("false")));
    assert_eq!(seen["lines"], json!([2, 1, 2]));
    let range =
        |i: usize| -> Vec<f64> { seen["ranges"][i].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    let [before, zoomed, after] = [range(0), range(1), range(2)];
    assert!(zoomed[0] > before[0] && zoomed[1] < before[1] && zoomed[2] > before[2] && zoomed[3] < before[3], "{seen}");
    assert_eq!(before, after, "a double click shows all again");
}

/// With 10,000 trials every figure answers the mouse within a few frames, beside other work. Says what it measured.
#[test]
fn a_real_browser_stays_fluid() {
    let Some(chromium) = browser::chromium() else { return };
    let (_, results) = cases().into_iter().find(|(name, _)| *name == "search-10000").expect("the large search");
    let dir = tempfile::tempdir().unwrap();
    let script = include_str!("browser/fluid.js").replace("PORT", &browser::hold().to_string());
    let page = written_with(dir.path(), &results, &script);
    // The page's own policy would not let it ask the test to wait.
    let text = std::fs::read_to_string(&page).unwrap().replacen("Content-Security-Policy", "None", 1);
    std::fs::write(&page, text).unwrap();
    let root = browser::open_by_the_clock(&chromium, &page, &dir.path().join("profile"));
    let taken = json_attribute(&root, "fluid");
    let figures = taken.as_object().unwrap();
    assert!(figures.len() >= 5, "{taken}");
    for (figure, times) in figures {
        println!("{figure}: a move of the mouse takes {} ms, {} at most", times["median"], times["most"]);
        assert!(times["median"].as_f64().unwrap() < 100.0, "{figure}: {times}");
    }
}

/// The opening tag of the page of these results when a script of the test has run in it.
fn opened_with(chromium: &Path, results: &Results, script: &str) -> Page {
    let dir = tempfile::tempdir().unwrap();
    browser::open(chromium, &written_with(dir.path(), results, script), &dir.path().join("profile"))
}

/// The page of these results with a script of the test in it.
fn written_with(folder: &Path, results: &Results, script: &str) -> PathBuf {
    let page = render(results);
    // Before the last script, the page's own.
    let (page, end) = page.rsplit_once("<script>").unwrap();
    let charts = include_str!("browser/charts.js");
    let path = folder.join("report.html");
    std::fs::write(&path, format!("{page}<script>{charts}{script}</script><script>{end}")).unwrap();
    path
}

/// A `data-` attribute that holds JSON.
fn json_attribute(page: &Page, key: &str) -> serde_json::Value {
    serde_json::from_str(&page.value(key).replace("&quot;", "\"").replace("&amp;", "&")).unwrap()
}

fn panels(results: &Results) -> usize {
    figures(results).iter().map(|figure| figure.panels.len()).sum::<usize>()
        + results.parts.iter().map(panels).sum::<usize>()
}
