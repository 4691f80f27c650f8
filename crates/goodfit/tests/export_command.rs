//! `goodfit export`: models as ONNX files. What other programs make of them is asked in `interop/check_onnx.py`.
#![cfg(all(feature = "cli", feature = "mnist", feature = "onnx"))]

mod command;

use std::fmt::Write as _;

use command::Place;

/// A folder with a model of a small table.
fn trained() -> Place {
    let place = Place::new();
    let rows = (0..60).map(|i| format!("{},{},{}\n", i % 13, ["Bonn", "Kiel"][i % 2], ["low", "high"][i / 2 % 2]));
    place.write("kinds.csv", std::iter::once("x,city,kind\n".to_owned()).chain(rows).collect::<String>());
    place.succeed(&["train", "kinds.csv", "--target", "kind", "--out", "kinds", "--quiet"]);
    place
}

#[test]
fn the_file_is_written_whole_and_again_the_same() {
    let place = trained();
    let ran = place.succeed(&["export", "kinds", "--onnx", "new/kinds.onnx"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("new/kinds.onnx\n", ""));
    let first = place.read("new/kinds.onnx");
    for name in ["x", "city", "kind", "Kiel", "low", "probabilities", "affine1.weight", "ai.onnx.ml"] {
        assert!(first.windows(name.len()).any(|part| part == name.as_bytes()), "{name} is not in the file");
    }
    place.write("kinds.onnx", "an older file");
    place.succeed(&["export", "kinds", "--onnx", "kinds.onnx"]);
    assert!(place.read("kinds.onnx") == first, "the older file is replaced");
    assert_eq!(place.files("new"), ["kinds.onnx"], "nothing else is left");
}

#[test]
fn errors() {
    let place = trained();
    place.succeed(&["train", "my.toml", "--out", "digits", "--quiet"]);
    place.write("folder.onnx/file", "");
    place.write("file", "");
    for file in ["model.toml", "schema.json", "weights.safetensors"] {
        place.write(&format!("damaged/{file}"), place.read(&format!("kinds/{file}")));
    }
    place.write("damaged/weights.safetensors", &place.read("kinds/weights.safetensors")[..200]);
    let mut said = String::new();
    for words in [
        &["kinds"][..],
        &["kinds", "--onnx"],
        &["kinds", "--onnx", "kinds.txt"],
        &["kinds", "--onnx", "kinds/weights.safetensors"],
        &["none", "--onnx", "kinds.onnx"],
        &["kinds.csv", "--onnx", "kinds.onnx"],
        &["digits", "--onnx", "kinds.onnx"],
        &["damaged", "--onnx", "kinds.onnx"],
        &["kinds", "--onnx", "folder.onnx"],
        &["kinds", "--onnx", "file/kinds.onnx"],
    ] {
        let ran = place.run(&[&["export"][..], words].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{words:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("os error") && ran.stderr.contains("\nhint: "), "{}", ran.stderr);
        writeln!(said, "$ goodfit export {}\n{}", words.join(" "), ran.stderr).unwrap();
    }
    assert!(!place.path("kinds.onnx").exists());
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(said) });
}
