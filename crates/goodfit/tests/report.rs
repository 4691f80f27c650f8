//! Figures and reports of made-up results: structure, bytes, escaping, odd cases.

mod synthetic;

use std::collections::BTreeMap;

use goodfit::figure::{Figure, Scale, Shape};
use goodfit::report::{figures, render, summary, write_report};
use goodfit::results::{Curve, Results, Run};
use serde_json::json;
use synthetic::cases::{EVIL, cases, hostile};

fn names(figures: &[Figure]) -> Vec<&str> {
    figures.iter().map(|figure| figure.name.as_str()).collect()
}

#[test]
fn a_loss_other_than_cross_entropy_has_no_unit() {
    let units = |recipe: &str| {
        let results = Results { recipe: recipe.to_owned(), ..synthetic::weight_init(3) };
        let panels: Vec<_> = figures(&results).into_iter().flat_map(|figure| figure.panels).collect();
        panels.into_iter().filter(|panel| panel.y.unit == "nats").count()
    };
    assert!(units("") > 0);
    assert_eq!(units("[training]\nloss   =   \"mean-squared-error\" # recipe\n"), 0);
}

#[test]
fn the_shipped_experiments_get_the_figures_of_the_book() {
    let expected: [(Results, &[&str]); 7] = [
        (synthetic::weight_init(5), &["curves"]),
        (synthetic::batch_norm(1), &["curves", "sweep"]),
        (synthetic::weight_decay(5), &["curves"]),
        (synthetic::activations(), &["activations-sigmoid", "activations-tanh", "activations-relu"]),
        (synthetic::search(100), &["best-trials", "history", "parameters", "contour", "parallel"]),
        (synthetic::claims(), &[]),
        (
            synthetic::diagnostics(20),
            &[
                "curves",
                "layer-curves",
                "affine-curves",
                "activations",
                "activations over training init he",
                "activations over training init xavier",
            ],
        ),
    ];
    for (results, expected) in expected {
        assert_eq!(names(&figures(&results)), expected, "{}", results.experiment);
    }
}

#[test]
fn the_batch_norm_grid_is_four_by_four_on_common_axes() {
    let figure = figures(&synthetic::batch_norm(1)).remove(0);
    assert_eq!((figure.columns, figure.panels.len()), (4, 16));
    let labels: Vec<&str> = figure.legend.iter().map(|key| key.label.as_str()).collect();
    assert_eq!(labels, ["batch norm on", "batch norm off"]);
    assert_eq!(figure.panels[0].title, "init std 1");
    assert_eq!(figure.panels[15].title, "init std 0.0001");
    for panel in &figure.panels {
        assert_eq!(panel.series.len(), 2);
        assert_eq!((&panel.x, &panel.y), (&figure.panels[0].x, &figure.panels[0].y));
        assert_eq!((panel.x.range, panel.y.range), ([0.0, 200.0], [0.0, 1.0]));
    }
    assert_ne!(figure.legend[0].dash, figure.legend[1].dash);
    assert!(
        figure.caption.contains("std 1.0000, batch norm off overflowed at step 2 (1 of 1 run)"),
        "{}",
        figure.caption
    );
}

#[test]
fn training_and_test_accuracy_lie_over_each_other() {
    let figure = figures(&synthetic::weight_decay(5)).remove(0);
    let titles: Vec<&str> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["weight decay 0", "weight decay 0.1"]);
    let labels: Vec<&str> = figure.legend.iter().map(|key| key.label.as_str()).collect();
    assert_eq!(labels, ["training accuracy", "test accuracy"]);
}

#[test]
fn captions_say_what_a_band_is() {
    let caption = |seeds| figures(&synthetic::weight_init(seeds)).remove(0).caption;
    assert!(
        caption(5).contains("seeds 0 to 4. Lines: mean of 5 runs; bands: 95 % interval of the mean (Student’s t).")
    );
    assert!(caption(2).contains("Lines: mean of 2 runs; bands: from the lower to the higher one."));
    assert!(caption(1).contains("seed 0. One run an arm."));
    assert!(caption(1).contains("Smoothed by a Kaiser window of 11 points (beta 2)."));
}

#[test]
fn runs_that_overflow_are_drawn_by_themselves() {
    let figure = figures(&synthetic::overflowing()).remove(0);
    let thin = figure.panels[0].series.iter().filter(|s| matches!(s.shape, Shape::Line { thin: true, .. })).count();
    assert_eq!(thin, 4);
    assert!(figure.caption.contains("4 runs that overflowed, no part of a mean"), "{}", figure.caption);
    // A loss of 1e37 does not squeeze the others.
    assert!(figure.panels[0].y.range[1] < 3.0);
}

#[test]
fn sampled_rates_lie_on_logarithmic_axes() {
    let all = figures(&synthetic::search(100));
    assert!(all[2].panels.iter().all(|panel| panel.x.scale == Scale::Log));
    assert_eq!((all[0].columns, all[0].panels.len()), (5, 20));
}

#[test]
fn trials_that_all_finished_need_no_key_for_those_that_did_not() {
    let mut results = synthetic::search(100);
    let keys = |results: &Results| -> Vec<String> {
        figures(results)[1].legend.iter().map(|key| key.label.clone()).filter(|label| !label.is_empty()).collect()
    };
    assert_eq!(keys(&results), ["complete", "best 5", "failed (at the foot)", "best so far"]);
    results.trials.retain(|trial| trial.state == "complete");
    assert_eq!(keys(&results), ["complete", "best 5", "best so far"]);
}

#[test]
fn a_number_that_arms_vary_gets_a_figure_of_its_own() {
    let all = figures(&synthetic::batch_norm(3));
    let panel = &all[1].panels[0];
    assert_eq!((panel.x.text().as_str(), panel.x.scale), ("init std", Scale::Log));
    for series in &panel.series {
        assert!(matches!(&series.shape, Shape::Line { x, band: Some(_), .. } if x.len() == 16 && x.is_sorted()));
    }
    assert_eq!(figures(&synthetic::weight_init(3)).len(), 1, "three ways to draw weights are no numbers");
}

/// The bars of a panel and its moments.
fn bars(panel: &goodfit::figure::Panel) -> (&[f64], &[goodfit::figure::Moment]) {
    match &panel.series[0].shape {
        Shape::Histogram { heights, moments, .. } => (heights, moments),
        _ => panic!("no histogram"),
    }
}

#[test]
fn activations_are_drawn_epoch_by_epoch() {
    let all = figures(&synthetic::diagnostics(20));
    let ([curves, weights], [end, he, xavier]) = ([&all[1], &all[2]], [&all[3], &all[4], &all[5]]);
    assert_eq!((curves.columns, curves.panels.len()), (3, 15), "five measures of three layers");
    assert_eq!((weights.columns, weights.panels.len()), (4, 8), "two measures of four layers, the output's among them");
    assert_eq!(curves.panels[12].y.text(), "dead units (share of units)");

    // Two arms of three layers; the page steps through every epoch.
    assert_eq!((end.columns, end.panels.len()), (3, 6));
    let (heights, moments) = bars(&end.panels[0]);
    let names: Vec<&str> = moments.iter().map(|moment| moment.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[19]), (20, "epoch 1, step 9", "epoch 20, step 199"));
    assert_eq!(moments[19].heights, heights, "the last epoch is the end");
    assert_ne!(moments[0].heights, heights);
    // Six epochs, then the state of the fourth, which early stopping gave back.
    let (heights, moments) = bars(&end.panels[3]);
    assert_eq!((moments.len(), moments[6].name.as_str()), (7, "end"));
    assert_eq!(moments[6].heights, heights);
    assert_eq!(moments[3].heights, heights);
    // Shares of all values: the bars and what lies beyond them.
    let sum: f64 = moments[0].heights.iter().sum();
    assert!((0.9..=1.0 + 1e-9).contains(&sum), "{sum}");

    // Still pictures: six rows at most, the first and the last epoch among them, on one scale.
    assert_eq!((he.columns, he.panels.len(), xavier.panels.len()), (3, 18, 21));
    assert_eq!(
        (he.panels[0].title.as_str(), he.panels[17].title.as_str()),
        ("epoch 1, step 9, layer 1", "epoch 20, step 199, layer 3")
    );
    assert!(he.panels.iter().all(|panel| panel.y == he.panels[0].y && bars(panel).1.is_empty()));
    assert!(he.caption.contains("2 runs together. 6 of 20 epochs."), "{}", he.caption);

    let many = figures(&synthetic::diagnostics(200));
    assert_eq!(bars(&many[3].panels[0]).1.len(), 60);
    assert!(many[3].caption.contains("The page shows 60 of 200 epochs, one at a time."), "{}", many[3].caption);
}

#[test]
fn many_arms_are_a_ramp_without_bands() {
    let figure = figures(&synthetic::many(100, 2)).remove(0);
    assert!(figure.panels[0].series.iter().all(|s| matches!(&s.shape, Shape::Line { band: None, .. })));
    assert_ne!(figure.legend[0].colour, figure.legend[99].colour);
}

#[test]
fn every_case_can_be_drawn_twice_with_the_same_bytes() {
    for (name, results) in cases() {
        let html = render(&results);
        assert!(html == render(&results), "{name}: the page differs");
        for figure in figures(&results) {
            let svg = figure.svg();
            assert!(svg == figure.svg(), "{name}: {} differs", figure.name);
            let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {}", figure.name);
            assert_eq!(document.root_element().tag_name().name(), "svg");
        }
    }
}

#[test]
fn images_are_the_same_twice() {
    let figure = figures(&synthetic::batch_norm(1)).remove(0);
    let png = figure.png();
    assert!(png.starts_with(b"\x89PNG"));
    assert!(png == figure.png());
}

#[test]
fn a_report_loads_nothing_and_is_not_large() {
    for (name, results) in cases() {
        let html = render(&results);
        let limit = if name == "search-10000" { 3_000_000 } else { 1_750_000 };
        assert!(html.len() < limit, "{name}: {} bytes", html.len());
        let own = without_library(&html);
        for forbidden in ["src=\"", "@import", "url(http", "fetch(", "XMLHttpRequest"] {
            assert!(!own.contains(forbidden), "{name}: {forbidden}");
        }
        let links = own.match_indices("href=\"").map(|(at, _)| &own[at + 6..]);
        assert!(links.into_iter().all(|link| link.starts_with('#')), "{name}: a link leads outside");
    }
}

/// The page without the chart library.
fn without_library(html: &str) -> String {
    let start = html.find("/*! Apache ECharts").expect("the library has a notice");
    let end = start + html[start..].find("</script>").expect("its script ends");
    format!("{}{}", &html[..start], &html[end..])
}

#[test]
fn texts_of_the_results_stay_texts() {
    let results = hostile();
    let own = without_library(&render(&results));
    assert_eq!(own.matches("<script").count(), render(&synthetic::empty()).matches("<script").count());
    assert!(!own.contains("<img"));
    assert!(!own.contains('\u{2028}') || !data(&own).contains('\u{2028}'));
    let figures: serde_json::Value = serde_json::from_str(data(&own)).expect("the data are valid JSON");
    assert_eq!(figures[0]["legend"][0]["label"], json!(format!("0{EVIL}")));
    let svg = &self::figures(&results)[0].svg();
    assert!(!svg.contains("<script") && !svg.contains("<img"));
}

fn data(html: &str) -> &str {
    let start = html.find("id=\"figures\">").expect("the page has data") + 13;
    &html[start..start + html[start..].find("</script>").expect("which end")]
}

#[test]
fn files_appear_whole_under_safe_names() {
    let dir = tempfile::tempdir().unwrap();
    let written = write_report(dir.path(), &hostile()).unwrap();
    let again = write_report(dir.path(), &hostile()).unwrap();
    assert_eq!(written, again);
    for path in &written {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)), "{name}");
    }
    let plots = std::fs::read_dir(dir.path().join("plots")).unwrap().count();
    assert_eq!(plots + 1, written.len(), "nothing but the plots is left");
}

#[test]
fn a_report_that_cannot_be_written_names_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("taken");
    std::fs::write(&file, "").unwrap();
    let error = write_report(&file, &synthetic::empty()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot make the folder {}", file.display())), "{error}");
}

#[test]
fn summaries_name_data_seeds_and_count() {
    let lines: BTreeMap<&str, String> = cases()
        .into_iter()
        .filter(|(name, _)| *name != "hostile")
        .map(|(name, r)| (name, summary(&r).join("\n")))
        .collect();
    insta::assert_yaml_snapshot!(lines);
}

#[test]
fn the_page_has_its_sections() {
    let mut results = synthetic::weight_decay(3);
    for run in results.arms.iter_mut().flat_map(|arm| &mut arm.runs) {
        for curve in run.curves.values_mut() {
            *curve = Curve { step: vec![0, 600], value: vec![0.1, *curve.value.last().unwrap()] };
        }
    }
    insta::assert_snapshot!(skeleton(&without_library(&render(&results))));
}

#[test]
fn a_small_figure_is_drawn_like_this() {
    let mut results = synthetic::empty();
    let run = |seed, values: [f64; 3]| {
        synthetic::run(seed, vec![("train_loss", Curve { step: vec![0, 5, 10], value: values.to_vec() })])
    };
    let arm = |name: &str, runs: Vec<Run>| synthetic::arm(name, &[], runs);
    results.arms = vec![
        arm("first", vec![run(0, [2.0, 1.5, 1.0]), run(1, [2.2, 1.7, 1.3])]),
        arm("second", vec![run(0, [2.0, 1.0, 0.5]), run(1, [2.1, 1.1, 0.4])]),
    ];
    results.seeds = vec![0, 1];
    let svg = figures(&results).remove(0).svg();
    let shapes: Vec<&str> = svg.lines().filter(|line| !line.starts_with("<path id=")).map(outline).collect();
    insta::assert_snapshot!(shapes.join("\n"));
}

/// A line of an SVG without the glyphs of its text.
fn outline(line: &str) -> &str {
    line.split("<use").next().unwrap_or(line)
}

/// The page without style, scripts, pictures and data.
fn skeleton(html: &str) -> String {
    let mut out = html.to_owned();
    for (start, end) in [("<style>", "</style>"), ("<script", "</script>"), ("<svg", "</svg>")] {
        while let Some(from) = out.find(start) {
            let to = from + out[from..].find(end).expect("elements end") + end.len();
            out.replace_range(from..to, "");
        }
    }
    out.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
