use goodfit_nn::Purpose;

use super::*;

const N: usize = 60;

fn column() -> Column {
    Column { file: "t.csv".into(), name: "by".into() }
}

fn order(by: &By) -> Order<'_> {
    Order::new(by, (0..N as u32).collect(), Stream::new(3, Purpose::Split, 0))
}

/// Groups of the sizes 1, 2, 3 and so on, their rows far from each other.
fn groups() -> By {
    let mut groups: Vec<u32> = (0..N as u32).flat_map(|group| vec![group; group as usize + 1]).take(N).collect();
    groups.reverse();
    let spread = |i: usize| groups[i * 37 % N];
    By::Groups(Groups { of: column(), codes: (0..N).map(spread).collect(), names: [].into() })
}

/// Times of which each stands three times, not in the order of the file.
fn times() -> By {
    let times = (0..N).map(|row| (row * 37 % N / 3) as f64).collect();
    By::Times(Timeline { of: column(), times, are_dates: false })
}

fn key(by: &By, row: u32) -> f64 {
    match by {
        By::Groups(Groups { codes: groups, .. }) => f64::from(groups[row as usize]),
        By::Times(Timeline { times, .. }) => times[row as usize],
        By::Chance | By::Classes(_) => f64::from(row),
    }
}

/// That no key is on two sides.
fn check_apart(by: &By, sides: &[&[u32]]) {
    let mut seen: HashMap<u64, usize> = HashMap::new();
    for (side, rows) in sides.iter().enumerate() {
        for &row in *rows {
            let first = *seen.entry(key(by, row).to_bits()).or_insert(side);
            assert_eq!(first, side, "{row}");
        }
    }
}

fn check_partition(sides: &[&[u32]]) {
    let mut all = sides.concat();
    all.sort_unstable();
    assert_eq!(all, (0..N as u32).collect::<Vec<u32>>());
}

#[test]
fn shares_are_a_partition_that_keeps_together_what_belongs_together() {
    let classes = By::Classes((0..N as u32).map(|row| row % 3).collect());
    for by in [By::Chance, classes, groups(), times()] {
        let mut order = order(&by);
        let test = order.take("data.test", 12).expect("test rows");
        let validation = order.take("data.validation", 10).expect("validation rows");
        let sides = [&test[..], &validation, order.rows()];
        check_partition(&sides);
        check_apart(&by, &sides);
        assert!(test.len().abs_diff(12) <= 1 && validation.len().abs_diff(10) <= 1, "{by:?}: {sides:?}");
        by.check_apart(&test, &[sides[1], sides[2]].concat(), "test").expect("apart");
        if let By::Times(_) = by {
            let first = |rows: &[u32]| rows.iter().map(|&row| key(&by, row)).fold(f64::INFINITY, f64::min);
            let last = |rows: &[u32]| rows.iter().map(|&row| key(&by, row)).fold(0.0, f64::max);
            assert!(first(&test) > last(&validation) && first(&validation) > last(order.rows()));
        }
    }
}

#[test]
fn folds_validate_every_row_once_but_along_time() {
    for by in [By::Chance, groups(), times()] {
        let (mut validated, mut n_left) = (Vec::new(), Vec::new());
        for index in 0..4 {
            let mut order = order(&by);
            let fold = order.fold(Fold { index, of: 4 }, "search.folds").expect("a fold");
            check_apart(&by, &[&fold, order.rows()]);
            if let By::Times(_) = by {
                by.check_apart(&fold, order.rows(), "validation").expect("later than what trains");
            } else {
                check_partition(&[&fold, order.rows()]);
                assert!(fold.len().abs_diff(N / 4) <= 3, "{by:?}: {}", fold.len());
            }
            n_left.push(order.rows().len());
            validated.extend(fold);
        }
        validated.sort_unstable();
        validated.dedup();
        if let By::Times(_) = by {
            assert_eq!(n_left, [12, 24, 36, 48], "a window that grows");
            assert_eq!(validated.len(), 48, "all but the first part");
        } else {
            assert_eq!(validated.len(), N);
        }
    }
}

#[test]
fn equal_times_stand_on_one_side() {
    let by = By::Times(Timeline { of: column(), times: [0.0, 1.0, 1.0, 1.0, 1.0, 2.0].to_vec(), are_dates: false });
    let take = |n: usize| {
        let mut order = Order::new(&by, (0..6).collect(), Stream::new(0, Purpose::Split, 0));
        order.take("data.test", n).expect("rows").len()
    };
    assert_eq!([1, 2, 3, 4, 5].map(take), [1, 1, 1, 5, 5], "borders are behind 1 and 5 rows; of equal ones the first");
}

#[test]
fn groups_that_are_all_too_large() {
    let by =
        By::Groups(Groups { of: column(), codes: [0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2].to_vec(), names: [].into() });
    let mut order = Order::new(&by, (0..12).collect(), Stream::new(0, Purpose::Split, 0));
    assert_eq!(order.take("data.test", 1).expect("rows"), [9, 10, 11], "the smallest one");
    assert!(order.take("data.validation", 8).expect("rows").len() < 9, "some are left");
}

#[test]
fn what_cannot_be_split() {
    let fault = |by: &By, fold: Option<Fold>| {
        let mut order = Order::new(by, (0..4).collect(), Stream::new(0, Purpose::Split, 0));
        let error = match fold {
            Some(fold) => order.fold(fold, "search.folds"),
            None => order.take("data.test", 1),
        };
        let error = error.expect_err("no split");
        assert!(error.hint.is_some());
        error.to_string()
    };
    let groups = |groups: [u32; 4]| {
        let names = (0..9).map(|group| format!("g{group}").into()).collect();
        By::Groups(Groups { of: column(), codes: groups.to_vec(), names })
    };
    let times = |times: [f64; 4]| By::Times(Timeline { of: column(), times: times.to_vec(), are_dates: true });
    let fold = Some(Fold { index: 0, of: 3 });
    assert_eq!(
        fault(&groups([7; 4]), None),
        "t.csv: column by: data.test takes whole groups, but the 4 rows left are one"
    );
    assert_eq!(
        fault(&groups([7, 7, 8, 8]), fold),
        "t.csv: column by: search.folds is 3, but the 4 rows left are of 2 groups"
    );
    assert_eq!(
        fault(&times([3.0; 4]), None),
        "t.csv: column by: data.test takes the latest rows, but the 4 rows left are of one time"
    );
    assert_eq!(
        fault(&times([1.0, 1.0, 2.0, 3.0]), fold),
        "t.csv: column by: search.folds is 3, but there are only 3 times"
    );
    let apart = |by: &By| by.check_apart(&[0, 1], &[2, 3], "test").expect_err("not apart").to_string();
    assert_eq!(
        apart(&groups([1, 2, 2, 3])),
        "t.csv: column by: group \"g2\" is among the test rows and among the others (1 of 2 rows)"
    );
    assert_eq!(
        apart(&times([19_800.0, 19_801.0, 19_800.0, 3.0])),
        "t.csv: column by: the test rows begin at 2024-03-18, and others go on to 2024-03-18"
    );
}
