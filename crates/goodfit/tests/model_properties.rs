//! Reading models whose files were damaged, forged or mixed up: an error, or a model that predicts. Nothing panics, hangs or
//! takes memory out of proportion, and no file is opened that is not the model's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use goodfit::data::table::{TableError, TableOptions, read_chunks};
use goodfit::model::{BASELINES, Model, OPENINGS, RECIPE, SCHEMA, TRAINING, WEIGHTS};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// Models of each kind that is kept for the tests: several classes and numbers, one-hot and embedded levels, each with the
/// rows that are new to it.
const MODELS: [&str; 4] = ["0.1.0/kinds", "0.1.0/prices", "0.1.0-training/kinds", "0.1.0-training/prices"];
const FILES: [&str; 6] = [RECIPE, SCHEMA, WEIGHTS, BASELINES, TRAINING, OPENINGS];
/// In MB: the files of a model here have 0.1.
const MOST_MEMORY: u64 = 300;

/// The files of a model by their names.
type Files = BTreeMap<&'static str, Vec<u8>>;

fn folder(model: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(model)
}

fn files(model: &str) -> Files {
    let read = |name: &&'static str| Some((*name, fs::read(folder(model).join(name)).ok()?));
    FILES.iter().filter_map(read).collect()
}

/// Does with a model what commands do.
fn use_of(model: &str, files: &Files) -> Result<(), String> {
    let place = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        fs::write(place.path().join(name), bytes).expect("written");
    }
    let loaded = Model::load(place.path()).map_err(|error| error.to_string())?;
    let _ = loaded.openings(place.path());
    let rows = folder(model).parent().expect("a folder").join("new.csv");
    read_chunks(&rows, &TableOptions::default(), &loaded.schema, |rows| {
        assert_eq!(loaded.predict(rows).len(), rows.n_rows);
        Ok::<(), TableError>(())
    })
    .map_err(|error| error.to_string())?;
    #[cfg(feature = "onnx")]
    let _ = loaded.to_onnx();
    loaded.save(&place.path().join("again")).expect("saved");
    Ok(())
}

fn check(model: &str, files: &Files) {
    if let Err(error) = use_of(model, files) {
        assert!(!error.is_empty() && error.len() < 2000, "{} characters: {error:.300}", error.len());
    }
    // The most memory that this program has had at any time; Linux alone says it.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        assert!(kilobytes < 1000 * MOST_MEMORY, "{kilobytes} kB");
    }
}

/// Values that stand in no model.
fn odd() -> impl Strategy<Value = Value> {
    let deep = (0..100).fold(json!(0), |inner, _| json!([inner]));
    select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(0.5),
        json!(1e300),
        json!(-1e39),
        json!(1e-320),
        json!(100_000),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(u32::MAX),
        json!(""),
        json!("\u{0}\u{1b}[2J\n"),
        json!("../../../../etc/passwd"),
        json!("x".repeat(10_000)),
        json!([]),
        json!({}),
        json!([1, 2, 3]),
        json!([null, null]),
        json!(vec![0; 5000]),
        deep,
    ])
}

/// The value at a place, counted through all of a document.
fn place_of<'a>(value: &'a mut Value, place: &mut usize) -> Option<&'a mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|inner| place_of(inner, place)),
        Value::Object(fields) => fields.iter_mut().find_map(|(_, inner)| place_of(inner, place)),
        _ => None,
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

/// What is done to a value: another one in its place, or its own parts fewer, twice, or under another name.
#[derive(Clone, Debug)]
enum Change {
    Replace(Value),
    Drop(Index),
    Double(Index),
    Rename(Index, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let name = select(vec!["", "x", "column", "kind", "\u{0}", "__metadata__", "format", "0.weight"]);
    prop_oneof![
        4 => odd().prop_map(Change::Replace),
        1 => any::<Index>().prop_map(Change::Drop),
        1 => any::<Index>().prop_map(Change::Double),
        1 => (any::<Index>(), name).prop_map(|(at, name)| Change::Rename(at, name)),
    ]
}

fn apply(document: &mut Value, at: Index, change: &Change) {
    let mut place = at.index(size(document));
    let Some(value) = place_of(document, &mut place) else { return };
    match (change, value) {
        (Change::Replace(odd), value) => *value = odd.clone(),
        (Change::Drop(at), Value::Array(list)) if !list.is_empty() => drop(list.remove(at.index(list.len()))),
        (Change::Double(at), Value::Array(list)) if !list.is_empty() => list.push(list[at.index(list.len())].clone()),
        (Change::Drop(at) | Change::Rename(at, _), Value::Object(fields)) if !fields.is_empty() => {
            let name = fields.keys().nth(at.index(fields.len())).expect("a field").clone();
            let inner = fields.remove(&name).expect("a field");
            if let Change::Rename(_, other) = change {
                fields.insert((*other).to_owned(), inner);
            }
        }
        _ => {}
    }
}

/// The header of the weights, and what stands behind it.
fn weights(bytes: &[u8]) -> (Value, Vec<u8>) {
    let n = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes")) as usize;
    (serde_json::from_slice(&bytes[8..8 + n]).expect("a header"), bytes[8 + n..].to_vec())
}

fn with_header(header: &Value, values: &[u8]) -> Vec<u8> {
    let text = header.to_string();
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), values].concat()
}

/// A recipe with other values in some of its lines.
fn odd_recipe(recipe: &[u8], changes: &[(Index, String)]) -> Vec<u8> {
    let text = String::from_utf8(recipe.to_vec()).expect("UTF-8");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, odd) in changes {
        let fields: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].contains('=')).collect();
        let line = &mut lines[fields[at.index(fields.len())]];
        let name = line.split('=').next().unwrap_or_default().trim_start_matches('#').trim().to_owned();
        *line = format!("{name} = {odd}");
    }
    lines.join("\n").into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_of_any_file(
        model in select(&MODELS[..]),
        file in any::<Index>(),
        changes in vec((prop_oneof![any::<Index>().prop_map(Some), Just(None)], any::<u8>()), 0..4),
        cut in prop_oneof![3 => Just(None), 1 => any::<Index>().prop_map(Some)],
        splice in prop_oneof![3 => Just(None), 1 => any::<(Index, Index, Index)>().prop_map(Some)],
    ) {
        let mut files = files(model);
        let name = *file.get(&files.keys().copied().collect::<Vec<_>>());
        let bytes = files.get_mut(name).expect("a file");
        for (at, byte) in changes {
            // The beginning, where sizes stand, as often as all the rest.
            let at = at.map_or(usize::from(byte) % 16, |at| at.index(bytes.len()));
            bytes[at] = byte.rotate_left(3) ^ 0x5a;
        }
        if let Some((from, to, n)) = splice {
            let from = from.index(bytes.len());
            let part = bytes[from..from + n.index(bytes.len() - from)].to_vec();
            let to = to.index(bytes.len());
            bytes.splice(to..to, part);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(model, &files);
    }

    #[test]
    fn values_of_documents(
        model in select(&MODELS[..]),
        file in any::<Index>(),
        changes in vec((any::<Index>(), change()), 1..4),
    ) {
        let mut files = files(model);
        let documents: Vec<&str> = [SCHEMA, BASELINES, TRAINING].into_iter().filter(|name| files.contains_key(name)).collect();
        let bytes = files.get_mut(*file.get(&documents)).expect("a file");
        let mut document: Value = serde_json::from_slice(bytes).expect("a document");
        for (at, change) in &changes {
            apply(&mut document, *at, change);
        }
        *bytes = document.to_string().into_bytes();
        check(model, &files);
    }

    #[test]
    fn headers_and_values_of_weights(
        model in select(&MODELS[..]),
        changes in vec((any::<Index>(), change()), 0..3),
        numbers in vec((any::<Index>(), select(vec![f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, -1e30])), 0..3),
    ) {
        let mut files = files(model);
        let (mut header, mut values) = weights(&files[WEIGHTS]);
        for (at, change) in &changes {
            apply(&mut header, *at, change);
        }
        for (at, number) in numbers {
            let at = 4 * at.index(values.len() / 4);
            values[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        files.insert(WEIGHTS, with_header(&header, &values));
        check(model, &files);
    }

    #[test]
    fn recipes(
        model in select(&MODELS[..]),
        changes in vec((any::<Index>(), prop_oneof![
            select(vec![
                "1000000", "[1000000, 1000000, 1000000]", "[]", "-1", "0", "nan", "inf", "-inf", "1e308", "9223372036854775807",
                "\"\"", "\"selu\"", "\"pbld\"", "\"textbook\"", "\"mnist\"", "\"/dev/zero\"", "\"../..\"", "{ a = 1 }",
                "{ input = 0.5, hidden = 0.999 }", "true", "1979-05-27", "\"\\u0000\"", "[[", "'''",
            ]).prop_map(str::to_owned),
            Just(format!("{}1{}", "[".repeat(3000), "]".repeat(3000))),
            Just(format!("[{}]", vec!["1000000"; 5000].join(","))),
            any::<i32>().prop_map(|x| x.to_string()),
        ]), 0..4),
        more in prop_oneof![Just(None), select(vec![
            ("network", "members = 1000"),
            ("network", "members = 2"),
            ("network", "depth = 1000000"),
            ("network", "width = 1000000"),
            ("network", "numeric_embedding = \"piecewise-linear\"\nbins = 10000"),
            ("network", "numeric_embedding = \"pbld\"\nfrequencies = 10000"),
            ("network", "embedding_size = 1000000"),
            ("training", "ensemble = 1000"),
            ("training", "ensemble = 3"),
            ("training", "steps = 9223372036854775807"),
            ("data", "one_hot_limit = 0"),
            ("compare", "seeds = 1000000000"),
        ]).prop_map(Some)],
    ) {
        let mut files = files(model);
        let mut recipe = odd_recipe(&files[RECIPE], &changes);
        if let Some((table, line)) = more {
            let text = String::from_utf8(recipe).expect("UTF-8");
            recipe = text.replace(&format!("[{table}]\n"), &format!("[{table}]\n{line}\n")).into_bytes();
        }
        files.insert(RECIPE, recipe);
        check(model, &files);
    }

    #[test]
    fn files_of_different_models(
        model in select(&MODELS[..]),
        others in vec(select(&MODELS[..]), FILES.len()),
    ) {
        let mut mixed = Files::new();
        for (name, other) in FILES.into_iter().zip(others) {
            mixed.extend(files(other).remove(name).map(|bytes| (name, bytes)));
        }
        check(model, &mixed);
    }
}

/// Undamaged, all of what the others do to models succeeds.
#[test]
fn whole_models() {
    for model in MODELS {
        assert_eq!(use_of(model, &files(model)), Ok(()), "{model}");
    }
}

#[test]
fn deep_documents_are_errors() {
    for name in [SCHEMA, BASELINES, TRAINING] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let mut files = files(MODELS[2]);
            files.insert(name, format!("{}1{}", open.repeat(200_000), close.repeat(200_000)).into_bytes());
            let error = use_of(MODELS[2], &files).expect_err("too deep");
            assert!(error.starts_with(&format!("{name} is damaged: ")), "{error}");
        }
    }
}

/// A model leads to no other file: its own may not be links or pipes, and what its recipe names is not looked at.
#[cfg(unix)]
#[test]
fn nothing_else_is_opened() {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    let place = tempfile::tempdir().expect("a folder");
    let pipe = place.path().join("pipe");
    // Whoever opens it waits for ever.
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let folder = place.path().join("model");
    fs::create_dir(&folder).expect("a folder");
    let whole = files(MODELS[3]);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("written");
    for (name, bytes) in &whole {
        write(name, bytes);
    }
    let recipe = String::from_utf8(whole[RECIPE].clone()).expect("UTF-8");
    write(RECIPE, recipe.replace("\"rows.csv\"", &format!("{:?}", pipe.display().to_string())).as_bytes());
    assert!(Model::load(&folder).expect("a model").recipe.contains("/pipe\""));
    write(RECIPE, recipe.as_bytes());

    let secret = place.path().join("secret");
    fs::write(&secret, "secret").expect("written");
    for name in FILES {
        for (target, what) in [(&secret, "it is a link, which a model may not have"), (&pipe, "it is a link")] {
            fs::remove_file(folder.join(name)).expect("removed");
            symlink(target, folder.join(name)).expect("a link");
            let error = Model::load(&folder).expect_err("a link").to_string();
            assert!(error.contains(name) && error.contains(what), "{error}");
        }
        fs::remove_file(folder.join(name)).expect("removed");
        fs::rename(&pipe, folder.join(name)).expect("moved");
        let error = Model::load(&folder).expect_err("a pipe").to_string();
        assert!(error.contains(name) && error.contains("it is no file"), "{error}");
        fs::rename(folder.join(name), &pipe).expect("moved");
        write(name, &whole[name]);
    }
    assert_eq!(fs::read(&secret).expect("read"), b"secret");
}
