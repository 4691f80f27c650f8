//! A training on all rows that are not sealed.

use serde::{Deserialize, Serialize};

use super::{DataSummary, Results};

/// A training on all rows that are not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refit {
    /// Those rows.
    pub rows: usize,
    /// Its steps; of several networks those of all.
    pub steps: usize,
    /// Networks that are kept.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub networks: usize,
    /// Whether these are all steps of the schedule, since nothing chose an epoch.
    #[serde(default, skip_serializing_if = "is_false")]
    pub whole: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(is_so: &bool) -> bool {
    !*is_so
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

impl Refit {
    /// What it means, in a sentence.
    pub fn sentence(self, data: &DataSummary) -> String {
        let Self { rows, steps, networks, whole } = self;
        let (kept, in_all, scored) = match networks {
            1 => ("The network that is kept was trained".to_owned(), "", "the one"),
            n => (format!("The {n} networks that are kept were trained"), " in all", "the ones"),
        };
        if let Some(folds) = data.folds {
            let long = if whole {
                format!("to the end of the schedule, as in the {folds} folds")
            } else {
                format!("as long as was best in the median of the {folds} folds")
            };
            return format!(
                "{kept} for {steps} steps{in_all} on {rows} rows, all that are not sealed: {long}, whose scores are of rows that \
                 their networks had not seen."
            );
        }
        let held_back = if whole { "validated" } else { "validated and chose the epoch" };
        format!(
            "{kept} anew for {steps} steps{in_all} on {rows} rows, those that {held_back} among them; the scores are those of \
             {scored} that had not seen them."
        )
    }
}

impl Results {
    /// What the training on all rows means, in a sentence; a search says it of its winner, where it says what is kept.
    pub fn of_refit(&self) -> Option<String> {
        let is_search = self.search.is_some() || self.parts.iter().any(|part| part.search.is_some());
        self.refit.filter(|_| !is_search).map(|refit| refit.sentence(&self.data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_say_what_chose() {
        let refit = Refit { rows: 48, steps: 24, networks: 1, whole: false };
        let says = |refit: Refit, folds| refit.sentence(&DataSummary { folds, ..DataSummary::default() });
        let chosen = "The network that is kept was trained anew for 24 steps on 48 rows, those that validated and chose the epoch \
                      among them; the scores are those of the one that had not seen them.";
        assert_eq!(says(refit, None), chosen);
        let whole = Refit { whole: true, ..refit };
        assert_eq!(says(whole, None), chosen.replace("validated and chose the epoch", "validated"));
        assert!(
            says(refit, Some(4)).contains("not sealed: as long as was best in the median of the 4 folds, whose scores")
        );
        assert!(
            says(whole, Some(4)).contains("not sealed: to the end of the schedule, as in the 4 folds, whose scores")
        );
        assert_eq!(serde_json::to_value(refit).expect("JSON"), serde_json::json!({ "rows": 48, "steps": 24 }));
    }
}
