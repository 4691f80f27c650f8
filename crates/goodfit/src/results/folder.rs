//! The folder of an experiment: `results.json`, `timing.json` and `curves.csv`.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use serde::Deserialize;

use super::curves::write_curves;
use super::json::write_json;
use super::{FORMAT, Results, ResultsError, Timing};
use crate::files::{NewFile, read_whole};

/// Writes `results.json`, `timing.json` and `curves.csv` into a folder, which is made when it is not
/// there.
///
/// All three are complete before the first of them gets its name, `results.json` being the last. So
/// whatever goes wrong (a full disk, say), no file under these names is half-written, and an error
/// before the renaming leaves the old three as they were.
///
/// Values that are not finite become `null` in JSON and empty fields in CSV; all others are written
/// so that reading gives back the same bits.
///
/// # Errors
/// When the folder cannot be made, or a file not be written or renamed: the error names it.
pub fn write(folder: &Path, results: &Results, timing: &Timing) -> Result<(), ResultsError> {
    let file = |name: &str, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>| NewFile::prepare(&folder.join(name), fill);
    let files = [
        file("timing.json", &|writer| write_json(writer, timing))?,
        file("curves.csv", &|writer| write_curves(writer, results))?,
        file("results.json", &|writer| write_json(writer, results))?,
    ];
    Ok(files.into_iter().try_for_each(NewFile::put_in_place)?)
}

/// Reads the `results.json` of a folder.
///
/// # Errors
/// When the folder has none, it cannot be read, a later version wrote it, or it is malformed: then
/// the error names line and column.
pub fn read(folder: &Path) -> Result<Results, ResultsError> {
    let path = folder.join("results.json");
    let bytes = read_whole(&path).map_err(|error| match error.source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ResultsError::Missing { folder: folder.to_owned() },
        _ => error.into(),
    })?;
    parse(&path, &bytes)
}

/// The one field that every format has.
#[derive(Deserialize)]
#[serde(expecting = "an object with the field `format`")]
struct Version {
    format: u64,
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Results, ResultsError> {
    let malformed = |error: serde_json::Error| {
        let (text, place) = (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
        ResultsError::Malformed {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            reason: if error.is_eof() {
                "the file ends too early".to_owned()
            } else {
                text.strip_suffix(&place).unwrap_or(&text).to_owned()
            },
        }
    };
    // The format first: a later one may have other fields, and that is the thing to say then.
    let Version { format } = serde_json::from_slice(bytes).map_err(malformed)?;
    if !(1..=u64::from(FORMAT)).contains(&format) {
        return Err(ResultsError::Format { path: path.to_owned(), got: format });
    }
    serde_json::from_slice(bytes).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::super::{Curve, sample};
    use super::*;
    use crate::files::SmallDisk;

    #[test]
    fn written_and_read() {
        let temp = tempfile::tempdir().expect("a folder");
        let folder = temp.path().join("out/batch-norm");
        for _ in 0..2 {
            write(&folder, &sample::results(), &sample::timing()).expect("written");
        }
        let mut names: Vec<_> =
            fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        assert_eq!(names, ["curves.csv", "results.json", "timing.json"]);

        let text = fs::read_to_string(folder.join("results.json")).expect("read");
        insta::assert_snapshot!(text);
        let mut again = Vec::new();
        write_json(&mut again, &read(&folder).expect("read")).expect("written");
        assert_eq!(String::from_utf8(again).expect("text"), text);

        let timing = fs::read(folder.join("timing.json")).expect("read");
        assert_eq!(serde_json::from_slice::<Timing>(&timing).expect("JSON"), sample::timing());
    }

    #[test]
    fn a_long_curve_is_one_line() {
        let mut results = sample::results();
        let curve = results.arms[0].runs[0].curves.get_mut("train_loss").expect("a curve");
        curve.step = (0..2000).collect();
        curve.value = vec![0.5; 2000];
        let mut bytes = Vec::new();
        write_json(&mut bytes, &results).expect("written");
        assert!(String::from_utf8(bytes).expect("text").lines().count() < 150);
    }

    /// Every file, cut off at any byte by a disk that is full, is an error and never less than that.
    #[test]
    fn a_full_disk_is_noticed_wherever_it_happens() {
        type Fill = fn(&mut dyn Write) -> io::Result<()>;
        let fills: [Fill; 3] = [
            |writer| write_json(writer, &sample::results()),
            |writer| write_json(writer, &sample::timing()),
            |writer| write_curves(writer, &sample::results()),
        ];
        for fill in fills {
            let mut whole = Vec::new();
            fill(&mut whole).expect("written");
            for room in 0..whole.len() {
                let error = fill(&mut SmallDisk { writer: io::sink(), room }).expect_err("full");
                assert_eq!(error.kind(), ErrorKind::StorageFull, "after {room} bytes");
            }
            fill(&mut SmallDisk { writer: io::sink(), room: whole.len() }).expect("just enough");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made() {
        let temp = tempfile::tempdir().expect("a folder");
        let file = temp.path().join("file");
        fs::write(&file, "").expect("written");
        let error = write(&file.join("out"), &sample::results(), &sample::timing()).expect_err("no folder");
        let folder = file.join("out").display().to_string();
        assert_eq!(error.to_string(), format!("cannot make the folder {folder}: a part of the path is not a folder"));
        assert!(error.hint().expect("a hint").contains("--out DIR"));
    }

    #[test]
    fn nothing_is_left_over_when_a_file_cannot_be_renamed() {
        let temp = tempfile::tempdir().expect("a folder");
        // The last to be renamed cannot be.
        fs::create_dir(temp.path().join("results.json")).expect("made");
        let error = write(temp.path(), &sample::results(), &sample::timing()).expect_err("a folder of that name");
        assert!(error.to_string().contains("results.json: it is a folder"), "{error}");
        let leftovers = fs::read_dir(temp.path())
            .expect("a folder")
            .filter(|entry| entry.as_ref().expect("an entry").file_name().to_string_lossy().ends_with(".tmp"));
        assert_eq!(leftovers.count(), 0);
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(values in prop::collection::vec(prop_oneof![any::<u64>().prop_map(f64::from_bits), any::<f64>()], 1..20)) {
            let mut results = sample::results();
            let run = &mut results.arms[0].runs[0];
            run.curves = [("m".into(), Curve { step: (0..values.len()).collect(), value: values.clone() })].into();
            run.take_final_values();
            results.arms[0].summarise();
            let mut bytes = Vec::new();
            write_json(&mut bytes, &results).expect("written");
            let back = parse(Path::new("results.json"), &bytes).expect("read");

            let same = |a: f64, b: f64| if a.is_finite() { a.to_bits() == b.to_bits() } else { b.is_nan() };
            let run = &back.arms[0].runs[0];
            prop_assert_eq!(run.curves["m"].value.len(), values.len());
            prop_assert!(values.iter().zip(&run.curves["m"].value).all(|(&a, &b)| same(a, b)));
            prop_assert!(same(values[values.len() - 1], run.final_["m"]));
            prop_assert!(same(results.arms[0].summary["m"].mean, back.arms[0].summary["m"].mean));
        }

        #[test]
        fn arbitrary_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(parse(Path::new("results.json"), &bytes).is_err());
        }
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        let error = parse(Path::new("out/results.json"), text.as_bytes()).expect_err("an error");
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().is_some());
    }

    #[test]
    fn what_cannot_be_read() {
        check_error("", "out/results.json:1:0: the file ends too early");
        check_error("{\"format\": 1,\n \"arms\" [", "out/results.json:2:9: expected `:`");
        check_error("{\"format\": 1}", "out/results.json:1:13: missing field `experiment`");
        check_error(
            "7\n",
            "out/results.json:1:1: invalid type: integer `7`, expected an object with the field `format`",
        );
        check_error(
            "{\"format\": 1,\n \"experiment\": 7}",
            "out/results.json:2:16: invalid type: integer `7`, expected a string",
        );
        let later = "{\"format\": 2, \"arms\": \"elsewhere\"}";
        check_error(later, "out/results.json: its format is 2, and this version reads none above 1");

        let temp = tempfile::tempdir().expect("a folder");
        let missing = read(&temp.path().join("none")).expect_err("missing");
        assert!(matches!(missing, ResultsError::Missing { .. }));
        assert!(missing.to_string().starts_with("there is no results.json in "));
    }
}
