//! Which arms are held against which.

use crate::results::Arm;

/// Which arms are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairs {
    /// Each arm against the baseline and, in a grid, against the cells that lie one field nearer to
    /// it: those with the baseline's value in exactly one field where the arm has another.
    #[default]
    Baseline,
    /// Every arm against every one before it.
    All,
}

impl Pairs {
    /// The pairs (arm, baseline) as positions in `arms`, each pair once.
    ///
    /// # Panics
    /// When there are arms and `baseline` is not the position of one.
    pub fn of(self, arms: &[Arm], baseline: usize) -> Vec<(usize, usize)> {
        assert!(arms.is_empty() || baseline < arms.len(), "arm {baseline} of {}", arms.len());
        let mut pairs: Vec<(usize, usize)> =
            (0..arms.len()).filter(|&i| i != baseline).map(|i| (i, baseline)).collect();
        for i in (0..arms.len()).filter(|&i| i != baseline) {
            match self {
                Self::Baseline => {
                    for j in neighbours(arms, i, baseline) {
                        if !pairs.contains(&(i, j)) && !pairs.contains(&(j, i)) {
                            pairs.push((i, j));
                        }
                    }
                }
                Self::All => pairs.extend((0..i).filter(|&j| j != baseline).map(|j| (i, j))),
            }
        }
        pairs
    }
}

/// The arms that differ from arm `i` in one field alone, where they have the baseline's value. A
/// field that an arm does not set has no value, which equals no value.
fn neighbours(arms: &[Arm], i: usize, baseline: usize) -> Vec<usize> {
    let (own, base) = (&arms[i].settings, &arms[baseline].settings);
    let only_in_base = base.keys().filter(|field| !own.contains_key(*field));
    let fields = own.keys().chain(only_in_base).filter(|field| own.get(*field) != base.get(*field));
    fields
        .filter_map(|field| {
            let mut wanted = own.clone();
            match base.get(field) {
                Some(value) => wanted.insert(field.clone(), value.clone()),
                None => wanted.remove(field),
            };
            arms.iter().position(|arm| arm.settings == wanted)
        })
        .filter(|&j| j != i)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arm(settings: &[(&str, serde_json::Value)]) -> Arm {
        let settings = settings.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
        Arm { settings, ..Arm::default() }
    }

    fn grid() -> Vec<Arm> {
        let inits = [json!({"std": 0.01}), json!("xavier"), json!("he")];
        let cell = |init: &serde_json::Value, on| arm(&[("init", init.clone()), ("batch_norm", json!(on))]);
        inits.iter().flat_map(|init| [cell(init, false), cell(init, true)]).collect()
    }

    #[track_caller]
    fn check(arms: &[Arm], pairs: Pairs, baseline: usize, expected: &[(usize, usize)]) {
        assert_eq!(pairs.of(arms, baseline), expected);
    }

    #[test]
    fn in_a_row_of_arms_only_the_baseline() {
        let arms = [arm(&[("init", json!("a"))]), arm(&[("init", json!("b"))]), arm(&[("init", json!("c"))])];
        check(&arms, Pairs::Baseline, 0, &[(1, 0), (2, 0)]);
        check(&arms, Pairs::Baseline, 1, &[(0, 1), (2, 1)]);
    }

    #[test]
    fn in_a_grid_also_the_cells_one_field_nearer() {
        let against_baseline = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)];
        let one_field = [(3, 1), (3, 2), (5, 1), (5, 4)];
        let mut got = Pairs::Baseline.of(&grid(), 0);
        assert_eq!(got[..5], against_baseline);
        got[5..].sort_unstable();
        assert_eq!(got[5..], one_field);
    }

    #[test]
    fn an_unset_field_is_a_value_too() {
        let arms = [
            arm(&[]),
            arm(&[("dropout", json!(0.2))]),
            arm(&[("decay", json!(0.1))]),
            arm(&[("decay", json!(0.1)), ("dropout", json!(0.2))]),
        ];
        check(&arms, Pairs::Baseline, 0, &[(1, 0), (2, 0), (3, 0), (3, 1), (3, 2)]);
    }

    #[test]
    fn all_pairs_once() {
        let arms = grid();
        let mut unordered: Vec<_> = Pairs::All.of(&arms, 2).into_iter().map(|(i, j)| (i.min(j), i.max(j))).collect();
        unordered.sort_unstable();
        unordered.dedup();
        assert_eq!(unordered.len(), 15);
        assert_eq!(Pairs::All.of(&arms, 2).len(), 15);
        check(&arms[..3], Pairs::All, 0, &[(1, 0), (2, 0), (2, 1)]);
    }

    #[test]
    fn nothing_to_compare() {
        check(&[], Pairs::Baseline, 0, &[]);
        check(&[arm(&[])], Pairs::All, 0, &[]);
    }
}
