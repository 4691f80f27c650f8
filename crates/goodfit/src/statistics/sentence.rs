//! Comparisons in words.

use super::Direction;
use super::compare::{MIN_SEEDS, SIGNIFICANCE};
use crate::model::Metric;
use crate::results::{Arm, Comparison, DataSummary, Verdict};

/// A comparison as one clause that names its rows, interval and seeds, and says why when it cannot
/// tell: "batch norm on is better than off: +0.112 in accuracy on the 1,000 training rows of mnist
/// (95 % interval 0.091 to 0.133, 5 seeds)".
///
/// What the names of both arms share stands in front: "with init he, batch norm on is better than
/// off".
pub fn sentence(comparison: &Comparison, data: &DataSummary) -> String {
    let c = comparison;
    let (shared, arm, baseline) = names(&c.arm, &c.baseline);
    let measured = measured(&c.metric, data);
    let seeds = count(c.n, "seed");
    if !c.difference.is_finite() {
        let why = if c.n == 0 {
            "no seed measures both on the same rows".to_owned()
        } else {
            format!("{measured} ends without a finite value in at least one of {seeds}")
        };
        return format!("{shared}cannot tell {arm} from {baseline}: {why}");
    }

    let (difference, interval) = written(c);
    let interval = interval.map_or_else(String::new, |[low, high]| format!("95 % interval {low} to {high}, "));
    let numbers = format!("{difference} in {measured} ({interval}{seeds})");
    match c.verdict {
        Verdict::Better => format!("{shared}{arm} is better than {baseline}: {numbers}"),
        Verdict::Worse => format!("{shared}{arm} is worse than {baseline}: {numbers}"),
        Verdict::CannotTell if c.difference == 0.0 && c.ci95.iter().all(|&end| end == 0.0) => {
            format!("{shared}cannot tell {arm} from {baseline}: no difference in {measured} ({seeds})")
        }
        Verdict::CannotTell => format!("{shared}cannot tell {arm} from {baseline}: {numbers}{}", why_not(c)),
    }
}

/// The difference with its sign and the interval around it, where there is one: with as many decimal places
/// as show two digits of the interval's half width. Wherever a comparison is shown its numbers are these.
pub(crate) fn written(comparison: &Comparison) -> (String, Option<[String; 2]>) {
    let [low, high] = comparison.ci95;
    let digits = digits((high - low) / 2.0);
    let number = |x: f64| unsigned_zero(format!("{x:.digits$}"));
    let interval = (low.is_finite() && high.is_finite()).then(|| [number(low), number(high)]);
    (unsigned_zero(format!("{:+.digits$}", comparison.difference)), interval)
}

/// "0.00" for "-0.00" and "+0.00".
fn unsigned_zero(number: String) -> String {
    match number.strip_prefix(['-', '+']) {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => number,
    }
}

/// Why numbers that are there do not tell, where the interval does not show it.
fn why_not(c: &Comparison) -> String {
    if c.n < MIN_SEEDS {
        format!("; it takes {MIN_SEEDS} seeds")
    } else if Direction::of(&c.metric).is_none() {
        "; whether more of it is better is not known".to_owned()
    } else if c.p_holm >= SIGNIFICANCE && c.ci95[0] * c.ci95[1] > 0.0 {
        "; alone it would tell, among all comparisons made it does not".to_owned()
    } else {
        String::new()
    }
}

/// How many comparisons were made and what came out: "3 comparisons, corrected together (Holm): 1
/// better, 0 worse, 2 cannot tell".
pub fn comparisons_made(comparisons: &[Comparison]) -> String {
    let n = |verdict| comparisons.iter().filter(|c| c.verdict == verdict).count();
    let corrected = if comparisons.len() > 1 { ", corrected together (Holm)" } else { "" };
    format!(
        "{}{corrected}: {} better, {} worse, {} cannot tell",
        count(comparisons.len(), "comparison"),
        n(Verdict::Better),
        n(Verdict::Worse),
        n(Verdict::CannotTell)
    )
}

/// A clause for each arm with runs that diverged: "init std 1 diverged in 2 of 5 runs, first at step
/// 3". A comparison cannot average them, so a report says this beside it.
pub fn divergences(arms: &[Arm]) -> Vec<String> {
    let clause = |arm: &Arm| {
        let steps: Vec<usize> = arm.runs.iter().filter_map(|run| run.diverged_at).collect();
        let first = steps.iter().min()?;
        let runs = count(arm.runs.len(), "run");
        Some(format!("{} diverged in {} of {runs}, first at step {first}", arm.name, steps.len()))
    };
    arms.iter().filter_map(clause).collect()
}

/// The parts that both names share, as "with .., ", and what is left of each. The baseline's part
/// loses the words that it begins with as the arm's does.
fn names(arm: &str, baseline: &str) -> (String, String, String) {
    let (parts, base_parts): (Vec<_>, Vec<_>) = (arm.split(", ").collect(), baseline.split(", ").collect());
    let (shared, own): (Vec<&str>, Vec<&str>) = parts.iter().partition(|part| base_parts.contains(part));
    let base: Vec<&str> = base_parts.into_iter().filter(|part| !parts.contains(part)).collect();
    if own.is_empty() || base.is_empty() {
        return (String::new(), arm.to_owned(), baseline.to_owned());
    }
    let shared = if shared.is_empty() { String::new() } else { format!("with {}, ", shared.join(", ")) };
    let base = match (own[..].len(), base[..].len()) {
        (1, 1) => without_shared_words(own[0], base[0]).to_owned(),
        _ => base.join(", "),
    };
    (shared, own.join(", "), base)
}

/// `baseline` without the words that it begins with as `arm` does; its last word always stays.
fn without_shared_words<'a>(arm: &str, baseline: &'a str) -> &'a str {
    let mut rest = baseline;
    for word in arm.split(' ') {
        match rest.split_once(' ') {
            Some((first, after)) if first == word => rest = after,
            _ => break,
        }
    }
    rest
}

/// The metric in words with the rows that it was measured on.
fn measured(metric: &str, data: &DataSummary) -> String {
    let source = if data.source.is_empty() { String::new() } else { format!(" of {}", data.source) };
    if metric == "accuracy_gap" {
        let (name, n) = match data.test_rows {
            0 => ("validation", data.validation_rows),
            n => ("test", n),
        };
        let (n_train, n) = (thousands(data.train_rows), thousands(n));
        return format!("accuracy gap between the {n_train} training and {n} {name} rows{source}");
    }
    if metric == "activation_scale_gap" {
        let n = thousands(data.train_rows);
        return format!(
            "distance from 0 of ln(sd of the last layer's activations / sd of the first's) on {n} rows{source}"
        );
    }
    let (rows, n_rows, quantity) = match metric.split_once('_') {
        Some(("late", _)) => ("training", data.train_rows, "loss over the last steps (100 at most)"),
        Some(("train", quantity)) => ("training", data.train_rows, quantity),
        Some(("validation", quantity)) => ("validation", data.validation_rows, quantity),
        Some(("test", quantity)) => ("test", data.test_rows, quantity),
        _ => return metric.replace('_', " "),
    };
    // The training loss is recorded on the batch of the step.
    let batches = if metric.ends_with("train_loss") { "batches of " } else { "" };
    let n_rows = if n_rows > 0 { format!("{} ", thousands(n_rows)) } else { String::new() };
    let quantity = match Metric::of_curve(metric) {
        Some(Metric::Accuracy) | None => quantity.replace('_', " "),
        Some(score) => score.name().to_owned(),
    };
    format!("{quantity} on {batches}the {n_rows}{rows} rows{source}")
}

/// Decimal places that show two digits of an interval's half width; 3 when it has none.
fn digits(half_width: f64) -> usize {
    if half_width.is_finite() && half_width > 0.0 {
        (0..12).find(|&digits| half_width * 10.0_f64.powi(digits) >= 9.95).unwrap_or(12) as usize
    } else {
        3
    }
}

fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// 10,000
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Run;

    fn data() -> DataSummary {
        DataSummary {
            source: "mnist".into(),
            train_rows: 1000,
            validation_rows: 100,
            test_rows: 10_000,
            ..DataSummary::default()
        }
    }

    fn comparison(difference: f64, half: f64, n: usize, verdict: Verdict) -> Comparison {
        Comparison {
            metric: "train_accuracy".into(),
            arm: "batch norm on".into(),
            baseline: "batch norm off".into(),
            difference,
            ci95: [difference - half, difference + half],
            p_holm: if verdict == Verdict::CannotTell { 0.3 } else { 0.001 },
            n,
            verdict,
        }
    }

    #[track_caller]
    fn check(comparison: &Comparison, expected: &str) {
        assert_eq!(sentence(comparison, &data()), expected);
    }

    #[test]
    fn better_and_worse() {
        let mut c = comparison(0.112, 0.021, 5, Verdict::Better);
        check(
            &c,
            "batch norm on is better than off: +0.112 in accuracy on the 1,000 training rows of mnist \
             (95 % interval 0.091 to 0.133, 5 seeds)",
        );
        c = comparison(0.4, 1.3, 3, Verdict::Worse);
        c.metric = "train_loss".into();
        c.arm = "init std 0.01, dropout 0.2".into();
        c.baseline = "init he, dropout 0.2".into();
        check(
            &c,
            "with dropout 0.2, init std 0.01 is worse than he: +0.4 in loss on batches of the 1,000 training \
             rows of mnist (95 % interval -0.9 to 1.7, 3 seeds)",
        );
    }

    #[test]
    fn why_it_cannot_tell() {
        let mut c = comparison(0.01, 0.02, 5, Verdict::CannotTell);
        c.metric = "test_accuracy".into();
        let numbers = "cannot tell batch norm on from off: +0.010 in accuracy on the 10,000 test rows of mnist \
                       (95 % interval -0.010 to 0.030, 5 seeds)";
        check(&c, numbers);
        c.ci95 = [0.001, 0.041];
        assert!(sentence(&c, &data()).ends_with("alone it would tell, among all comparisons made it does not"));
        c.n = 2;
        assert!(sentence(&c, &data()).ends_with("; it takes 3 seeds"));
        c = comparison(0.0, 0.0, 4, Verdict::CannotTell);
        c.metric = "validation_accuracy".into();
        check(
            &c,
            "cannot tell batch norm on from off: no difference in accuracy on the 100 validation rows of mnist \
             (4 seeds)",
        );
        c = comparison(f64::NAN, f64::NAN, 5, Verdict::CannotTell);
        c.metric = "train_loss".into();
        check(
            &c,
            "cannot tell batch norm on from off: loss on batches of the 1,000 training rows of mnist ends \
             without a finite value in at least one of 5 seeds",
        );
        c = comparison(0.5, f64::NAN, 1, Verdict::CannotTell);
        c.metric = "weight_norm".into();
        check(&c, "cannot tell batch norm on from off: +0.500 in weight norm (1 seed); it takes 3 seeds");
    }

    #[test]
    fn which_arms_diverged() {
        let arm = |name: &str, steps: &[Option<usize>]| Arm {
            name: name.to_owned(),
            runs: steps.iter().map(|&diverged_at| Run { diverged_at, ..Run::default() }).collect(),
            ..Arm::default()
        };
        let arms = [arm("init std 1", &[Some(7), None, Some(3)]), arm("init he", &[None; 3]), arm("none", &[])];
        assert_eq!(divergences(&arms), ["init std 1 diverged in 2 of 3 runs, first at step 3"]);
    }

    #[test]
    fn names_of_arms() {
        for (arm, baseline, expected) in [
            ("he", "xavier", ("", "he", "xavier")),
            ("learning rate 0.1", "learning rate 0.01", ("", "learning rate 0.1", "0.01")),
            ("init he, batch norm on", "init he, batch norm off", ("with init he, ", "batch norm on", "off")),
            ("init he, bn on", "init xavier, bn off", ("", "init he, bn on", "init xavier, bn off")),
            ("a b", "a b", ("", "a b", "a b")),
            ("a b c", "a b", ("", "a b c", "b")),
            ("", "x", ("", "", "x")),
        ] {
            let (shared, own, base) = names(arm, baseline);
            assert_eq!((shared.as_str(), own.as_str(), base.as_str()), expected, "{arm} | {baseline}");
        }
    }

    #[test]
    fn how_many_were_made() {
        let better = comparison(0.1, 0.01, 5, Verdict::Better);
        let open = comparison(0.1, 0.2, 5, Verdict::CannotTell);
        assert_eq!(comparisons_made(&[]), "0 comparisons: 0 better, 0 worse, 0 cannot tell");
        assert_eq!(comparisons_made(std::slice::from_ref(&open)), "1 comparison: 0 better, 0 worse, 1 cannot tell");
        assert_eq!(
            comparisons_made(&[better, open.clone(), open]),
            "3 comparisons, corrected together (Holm): 1 better, 0 worse, 2 cannot tell"
        );
    }

    #[test]
    fn numbers_in_words() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (60_000, "60,000"), (1_234_567, "1,234,567")];
        for (n, text) in cases {
            assert_eq!(thousands(n), text);
        }
        for (half, expected) in [(0.021, 3), (0.1, 2), (0.0999, 2), (3.0, 1), (250.0, 0), (0.0, 3), (1e-30, 12)] {
            assert_eq!(digits(half), expected, "{half}");
        }
    }
}
