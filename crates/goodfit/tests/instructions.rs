//! The same training on every set of instructions, and with the zeros of the inputs skipped or not.
#![cfg(all(feature = "cli", feature = "mnist"))]

mod command;

use command::{GOODFIT, Place, Ran};

const WORDS: [&str; 7] = [
    "compare",
    "my.toml",
    "--vary",
    "network.batch_norm=false,true",
    "--set",
    "network.activation=\"gelu\"",
    "--quiet",
];

fn run(place: &Place, variable: (&str, &str), folder: &str) -> Ran {
    place.ran(place.command(GOODFIT).args(WORDS).args(["--out", folder]).env(variable.0, variable.1))
}

/// Every point of every curve.
fn curves(place: &Place, folder: &str) -> Vec<f64> {
    let text = String::from_utf8(place.read(&format!("{folder}/curves.csv"))).unwrap();
    text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn all_of_them_agree_within_rounding() {
    let place = Place::new();
    let known = [
        ("GOODFIT_ISA", "portable"),
        ("GOODFIT_ISA", "avx2"),
        ("GOODFIT_ISA", "avx512"),
        ("GOODFIT_INPUTS", "sparse"),
        ("GOODFIT_INPUTS", "dense"),
    ];
    let mut all = Vec::new();
    for (variable, value) in known {
        let ran = run(&place, (variable, value), value);
        if ran.stderr.contains("which this processor lacks") {
            continue;
        }
        assert_eq!(ran.status, Some(0), "{value}: {}", ran.stderr);
        all.push((value, curves(&place, value)));
    }
    let (_, portable) = &all[0];
    assert!(all.len() >= 2 && portable.len() > 50, "{} ways, {} points", all.len(), portable.len());
    for (value, points) in &all[1..] {
        assert_eq!(points.len(), portable.len(), "{value}");
        for (x, y) in points.iter().zip(portable) {
            assert!((x - y).abs() <= 1e-4 * (1.0 + y.abs()), "{value}: {x}, portable {y}");
        }
    }
    // Their sums are not of the same order, or nothing was forced.
    assert!(all[1..].iter().any(|(_, points)| points != portable));
    let [.., (_, skipped), (_, dense)] = &all[..] else { unreachable!("both were run") };
    assert!(skipped != dense, "no zero was multiplied");
}

#[test]
fn what_there_is_not() {
    let place = Place::new();
    let ran = run(&place, ("GOODFIT_INPUTS", "dens"), "out");
    assert_eq!(ran.status, Some(2));
    insta::assert_snapshot!(ran.stderr, @r#"
    error: GOODFIT_INPUTS is dens, expected dense or sparse
    hint: unset it to skip zeros where there are many
    "#);
    let ran = run(&place, ("GOODFIT_ISA", "sse9"), "out");
    assert_eq!(ran.status, Some(2));
    insta::assert_snapshot!(ran.stderr, @r#"
    error: GOODFIT_ISA is sse9, expected avx512, avx2 or portable
    hint: unset it for the fastest instructions there are
    "#);
}
