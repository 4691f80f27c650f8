//! The text of the live view for a terminal of some size.

use console::{measure_text_width, truncate_str};

use super::visible::visible;
use crate::run::{At, Running};

/// Most lines of trials, whatever the height of the terminal.
const MOST_LINES: usize = 16;

/// A line for each trial that runs, none wider than the terminal, and not so many that the bar is out of sight.
pub(super) fn lines(running: &[(u64, Running)], rows: usize, columns: usize) -> String {
    let room = rows.saturating_sub(3).min(MOST_LINES);
    let shown = if running.len() > room { room.saturating_sub(1) } else { running.len() };
    let mut lines: Vec<String> = running[..shown].iter().map(|(number, running)| line(*number, running)).collect();
    if running.len() > shown && room > 0 {
        lines.push(format!("and {} more", running.len() - shown));
    }
    // The last column stays free: some terminals go to the next line behind it.
    let fit = |line: &String| format!("{}\n", truncate_str(&visible(line), columns.saturating_sub(1), "…"));
    lines.iter().map(fit).collect()
}

/// `trial 12  epoch 3/20  val acc:0.62  lr:0.00311823, weight decay:3.03e-06`
fn line(number: u64, running: &Running) -> String {
    let mut parts = vec![format!("trial {number}")];
    if running.n_trainings > 1 {
        parts.push(format!("training {}/{}", running.training + 1, running.n_trainings));
    }
    if let Some((at, score)) = &running.evaluated {
        parts.extend([position(*at), score.clone()]);
    }
    parts.push(running.settings.clone());
    parts.join("  ")
}

/// Whole epochs count as such; a training of another length counts steps.
fn position(at: At) -> String {
    let At { step, n_steps, per_epoch } = at;
    if per_epoch > 0 && n_steps > per_epoch && n_steps.is_multiple_of(per_epoch) {
        format!("epoch {}/{}", step / per_epoch + 1, n_steps / per_epoch)
    } else {
        format!("step {}/{n_steps}", step + 1)
    }
}

/// The template of the bar: what does not fit is left out, the least telling first.
pub(super) fn bar(label: &str, best: &str, columns: usize) -> String {
    let parts = |has: [bool; 3]| {
        let [label_, left, best_] = has;
        let width = |is: bool, n: usize| if is { n } else { 0 };
        let used = width(label_, measure_text_width(label).max(13) + 1)
            + " 100 %".len()
            + width(best_, 2 + measure_text_width(best))
            + width(left, "  00:00:00 left".len());
        (has, columns.saturating_sub(1 + used))
    };
    let has_best = !best.is_empty();
    let choices = [[true, true, has_best], [false, true, has_best], [false, false, has_best], [false; 3]].map(parts);
    let ([label_, left, best_], room) = choices.into_iter().find(|(_, room)| *room >= 4).unwrap_or(choices[3]);
    let text = |is: bool, text: &str| if is { text.to_owned() } else { String::new() };
    format!(
        "{{msg}}{}{{bar:{}.cyan/dim}} {{percent:>3}} %{}{}",
        text(label_, "{prefix:>13} "),
        room.clamp(1, 32),
        text(best_, "  {best}"),
        text(left, "  {eta_precise} left")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(evaluated: Option<(At, &str)>) -> Running {
        Running {
            settings: "lr:0.00311823, weight decay:3.03e-06, activation:leaky-relu, 隠れ層の幅:100".to_owned(),
            n_trainings: 1,
            training: 0,
            evaluated: evaluated.map(|(at, score)| (at, score.to_owned())),
        }
    }

    #[test]
    fn no_line_is_wider_or_higher_than_the_terminal() {
        let at = At { step: 29, n_steps: 200, per_epoch: 10 };
        let trials: Vec<(u64, Running)> = (7..12).map(|n| (n, running(Some((at, "val acc:0.62"))))).collect();
        for columns in [10, 50, 80, 81, 200] {
            for rows in [2, 5, 24] {
                let shown = lines(&trials, rows, columns);
                assert!(shown.lines().count() <= 5.min(rows.saturating_sub(2)), "{rows} rows: {shown}");
                assert!(shown.lines().all(|line| measure_text_width(line) < columns), "{columns} columns: {shown}");
                assert!(shown.is_empty() || shown.ends_with('\n'));
            }
        }
        let mut odd = running(None);
        odd.settings = "lr:\u{1b}[2J\n1".to_owned();
        assert_eq!(lines(&[(1, odd)], 24, 50), "trial 1  lr:\\u001b[2J\\n1\n");
        let shown = lines(&trials, 24, 50);
        assert_eq!(shown.lines().next(), Some("trial 7  epoch 3/20  val acc:0.62  lr:0.00311823…"));
        assert!(lines(&trials, 6, 50).ends_with("\nand 3 more\n"));
        assert_eq!(lines(&[], 24, 80), "");
    }

    #[test]
    fn how_far_a_trial_is() {
        let at = |step, n_steps| At { step, n_steps, per_epoch: 10 };
        assert_eq!(position(at(9, 200)), "epoch 1/20");
        assert_eq!(position(at(199, 200)), "epoch 20/20");
        assert_eq!(position(at(12, 200)), "epoch 2/20");
        assert_eq!(position(at(12, 205)), "step 13/205");
        assert_eq!(position(at(4, 10)), "step 5/10");
        let of_five = Running { n_trainings: 5, training: 2, ..running(None) };
        assert!(line(3, &of_five).starts_with("trial 3  training 3/5  lr:"));
    }

    #[test]
    fn the_bar_leaves_out_what_does_not_fit() {
        let best = "best val acc:0.79";
        let all = "{msg}{prefix:>13} {bar:32.cyan/dim} {percent:>3} %  {best}  {eta_precise} left";
        assert_eq!(bar("search", best, 100), all);
        assert_eq!(bar("search", best, 80), all.replace("bar:32", "bar:25"));
        assert_eq!(bar("search", best, 50), "{msg}{bar:9.cyan/dim} {percent:>3} %  {best}  {eta_precise} left");
        assert_eq!(bar("search", best, 40), "{msg}{bar:14.cyan/dim} {percent:>3} %  {best}");
        assert_eq!(bar("search", "best val acc:0.96125", 50), bar("search", best, 47));
        assert_eq!(bar("search", "", 20), "{msg}{bar:13.cyan/dim} {percent:>3} %");
        assert_eq!(bar("search", best, 3), "{msg}{bar:1.cyan/dim} {percent:>3} %");
    }
}
