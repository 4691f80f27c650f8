//! Reports of made-up searches of every kind: figures, bytes, sizes, sentences, and a real browser.

mod browser;
mod synthetic;

use goodfit::figure::{Figure, Scale, Shape};
use goodfit::report::{figures, render, summary, write_report};
use goodfit::results::Results;
use synthetic::searches;

fn kinds() -> Vec<(&'static str, Results)> {
    let mut out = searches::kinds();
    out.push(("search-10000", searches::many_fields(10_000)));
    out
}

fn named(results: &Results, name: &str) -> Figure {
    let all = figures(results);
    let names: Vec<String> = all.iter().map(|figure| figure.name.clone()).collect();
    all.into_iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("{name} is not among {names:?}"))
}

#[test]
fn each_kind_of_search_gets_the_figures_it_has_data_for() {
    let expected: [(Results, &[&str]); 5] = [
        (searches::no_complete_trial(), &["history", "parameters"]),
        (searches::one_trial(), &["best-trials", "history", "parameters"]),
        (searches::one_field(), &["best-trials", "history", "parameters", "importance", "best-of"]),
        (
            searches::narrow(),
            &["best-trials", "history", "parameters", "importance", "contour", "parallel", "rounds", "best-of"],
        ),
        (searches::no_summary(), &["best-trials", "history", "parameters", "contour", "parallel"]),
    ];
    for (results, expected) in expected {
        let all = figures(&results);
        let names: Vec<&str> = all.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn the_still_pictures_are_valid_bounded_and_the_same_twice() {
    for (name, results) in kinds() {
        for figure in figures(&results) {
            let svg = figure.svg();
            assert!(svg == figure.svg(), "{name}: {} differs", figure.name);
            roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {}: {error}", figure.name));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {}", figure.name);
            assert!(svg.len() < 1_200_000, "{name}: {} has {} bytes", figure.name, svg.len());
            assert!(figure.caption.starts_with("mnist, 400 training rows, 100 validation rows; seed 0"));
            assert!(figure.caption.contains(" trial"), "{name}: {} does not count", figure.name);
        }
        let html = render(&results);
        assert!(html == render(&results), "{name}: the page differs");
        let limit = if name == "search-10000" { 4_000_000 } else { 1_600_000 };
        assert!(html.len() < limit, "{name}: {} bytes", html.len());
    }
}

#[test]
fn each_trial_is_drawn_once_over_each_field_that_it_has() {
    let results = searches::many_fields(400);
    let figure = named(&results, "parameters");
    assert_eq!(figure.panels.len(), 12);
    for (panel, path) in figure.panels.iter().zip(results.search.iter().flat_map(|search| &search.space)) {
        let with = results.trials.iter().filter(|trial| trial.settings.contains_key(&path.path)).count();
        let clouds = panel.series.iter().filter_map(|series| match &series.shape {
            Shape::Cloud(cloud) => Some(cloud),
            _ => None,
        });
        let drawn: usize = clouds.map(|cloud| cloud.x.iter().filter(|x| x.is_finite()).count()).sum();
        assert_eq!(drawn, with, "{}", path.path);
        assert_eq!(panel.x.scale, if path.log { Scale::Log } else { Scale::Linear }, "{}", path.path);
        assert_eq!(panel.x.names.len(), path.choices.len());
    }
}

#[test]
fn failed_trials_lie_at_the_foot() {
    let results = searches::loss();
    let panel = &named(&results, "history").panels[0];
    let lowest = results.trials.iter().filter(|t| t.value.is_finite()).map(|t| t.value).fold(f64::INFINITY, f64::min);
    let failed = panel.series.iter().find_map(|series| match &series.shape {
        Shape::Cloud(cloud) if cloud.group == 'f' => Some(cloud),
        _ => None,
    });
    let failed = failed.expect("some trials failed");
    assert!(failed.y.iter().all(|&y| y < lowest && y > panel.y.range[0]));
}

#[test]
fn the_best_so_far_only_gets_better() {
    for (results, sign) in [(searches::narrow(), 1.0), (searches::loss(), -1.0)] {
        let figure = named(&results, "history");
        let key = figure.legend.iter().position(|key| key.label == "best so far").expect("a key");
        let line = figure.panels[0].series.iter().find(|series| series.key == key).map(|series| &series.shape);
        let Some(Shape::Line { x, y, .. }) = line else { panic!("a line") };
        assert!(x.is_sorted() && y.windows(2).all(|pair| sign * pair[1] >= sign * pair[0]));
        let last = results.trials.iter().map(|trial| trial.trial).max();
        assert_eq!(x.last().map(|&x| x as usize), last);
    }
}

#[test]
fn the_surface_lies_between_the_values_and_goes_through_lone_ones() {
    let results = searches::many_fields(400);
    let figure = named(&results, "contour");
    let Shape::Surface(surface) = &figure.panels[0].series[0].shape else { panic!("a surface comes first") };
    let complete = results.trials.iter().filter(|trial| trial.state == "complete").map(|trial| trial.value);
    let (low, high) = complete.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    assert!(surface.values.iter().all(|value| value.is_nan() || (low..=high).contains(value)));
    assert_eq!(surface.values.len(), (surface.x.len() - 1) * (surface.y.len() - 1));
    // The two with the greatest shares of the made-up importance.
    assert_eq!([&figure.panels[0].x.label, &figure.panels[0].y.label], ["learning rate", "depth"]);
}

#[test]
fn rounds_are_bands_over_the_fields_and_bars_of_their_own() {
    let results = searches::narrow();
    let boxes = |figure: &Figure, panel: usize| {
        figure.panels[panel].series.iter().find_map(|series| match &series.shape {
            Shape::Boxes(boxes) => Some(boxes.clone()),
            _ => None,
        })
    };
    let bars = boxes(&named(&results, "rounds"), 0).expect("bars");
    assert_eq!(bars.x, [[1e-6, 1e-2], [3e-4, 1e-2], [2e-3, 3e-2], [4e-3, 2e-2]]);
    assert!(bars.labels[2].starts_with("round 3, from trial 100: widened: 7 of the best 10"), "{}", bars.labels[2]);
    assert_eq!(boxes(&named(&results, "parameters"), 0).expect("bands").x, bars.x[1..]);
    // Of choices, those that are left.
    assert_eq!(boxes(&named(&results, "rounds"), 2).expect("bars").x.len(), 3 + 2 + 1 + 1);
}

#[test]
fn parallel_axes_hold_every_field_and_the_value() {
    let figure = named(&searches::many_fields(10_000), "parallel");
    let Shape::Strands(strands) = &figure.panels[0].series[0].shape else { panic!("strands") };
    assert_eq!(strands.axes.len(), 13);
    assert!((200..=300).contains(&strands.lines.len()), "{} lines", strands.lines.len());
    assert!(strands.lines.iter().any(|line| line[3].is_nan()), "conditional fields are missing in some");
}

#[test]
fn sentences_of_every_kind() {
    let lines: std::collections::BTreeMap<&str, Vec<String>> =
        kinds().into_iter().map(|(name, results)| (name, summary(&results))).collect();
    insta::assert_yaml_snapshot!(lines);
}

#[test]
fn the_page_ranks_twenty_and_says_how_many_more_there_are() {
    let html = render(&searches::many_fields(400));
    assert!(html.contains("The best 20 of 400 trials; the other 380 are in the figures and in results.json."));
    for text in ["What was searched", "Trained again", "9 pruned trials trained to their end"] {
        assert!(html.contains(text), "{text}");
    }
    let narrow = render(&searches::narrow());
    assert!(narrow.contains("widened: 7 of the best 10 lie in the top tenth of the range, against 1 by chance"));
}

/// Needs `GOODFIT_CHROMIUM` to name a Chromium.
#[test]
fn a_real_browser_draws_every_kind() {
    let Some(browser) = browser::chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, results) in kinds() {
        let folder = dir.path().join(name);
        write_report(&folder, &results).unwrap();
        let page = browser::open(&browser, &folder.join("report.html"), &dir.path().join("profile"));
        let panels: usize = figures(&results).iter().map(|figure| figure.panels.len()).sum();
        assert_eq!(page.value("errors"), "0", "{name}");
        assert_eq!(page.value("ready"), "true", "{name}");
        assert_eq!(page.value("charts"), panels.min(80).to_string(), "{name}");
        println!("{name}: ready after {} ms", page.value("milliseconds"));
    }
}
