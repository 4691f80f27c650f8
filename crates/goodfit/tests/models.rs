//! Models that earlier versions have written, in `tests/models/VERSION`, can be read and predict what they did then.
//!
//! Each folder holds models, rows that are new to them in `new.csv`, and what each predicted of these in `MODEL.csv`. A
//! version that writes models in another way adds a folder and leaves the others as they are.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use goodfit::data::table::{Predicts, TableError, TableOptions, read_chunks};
use goodfit::model::{Model, Prediction};

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = of.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The numbers that are predicted, row by row: probabilities, or a number.
fn predicted(model: &Model, rows: &Path) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    read_chunks(rows, &TableOptions::default(), &model.schema, |rows| {
        all.extend(model.predict(rows).into_iter().map(|prediction| match prediction {
            Prediction::Classes(shares) => shares.into_iter().map(f64::from).collect(),
            Prediction::Number(number) => vec![number],
        }));
        Ok::<(), TableError>(())
    })
    .expect("rows");
    all
}

#[test]
fn models_of_earlier_versions_predict_what_they_did() {
    let mut n_models = 0;
    for version in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models")) {
        for folder in folders(&version) {
            let model = Model::load(&folder).expect("a model");
            let text = read_to_string(folder.with_extension("csv")).expect("what it predicted");
            let first = usize::from(matches!(model.schema.predicts, Predicts::Classes(_)));
            let cells = |line: &str| line.split(',').skip(first).map(|cell| cell.parse().expect("a number")).collect();
            let then: Vec<Vec<f64>> = text.lines().skip(1).map(cells).collect();
            let now = predicted(&model, &version.join("new.csv"));
            assert_eq!((now.len(), then.len()), (5, 5), "{}", folder.display());
            for (now, then) in now.iter().flatten().zip(then.iter().flatten()) {
                assert!((now - then).abs() <= 1e-5 * then.abs().max(1.0), "{}: {now} {then}", folder.display());
            }
            n_models += 1;
        }
    }
    assert!(n_models >= 6, "{n_models}");
}

/// What this version writes is what is kept of it, and how a model was trained is among it.
#[test]
fn how_a_model_was_trained_comes_back() {
    let models = [
        ("0.1.0-ensembles/networks", 6, 3),
        ("0.1.0-ensembles/tabm", 3, 1),
        ("0.1.0-training/kinds", 6, 1),
        ("0.1.0-training/prices", 3, 1),
    ];
    for (name, n_scores, n_networks) in models {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(name);
        let model = Model::load(&folder).expect("a model");
        assert_eq!(model.n_networks(), n_networks, "{name}");
        let training = model.training.as_ref().expect("how it was trained");
        assert_eq!((training.goodfit.as_str(), training.seed, training.trial), ("0.1.0", 0, None));
        let file = &training.data.files[0];
        assert_eq!((file.file.as_str(), file.rows, file.columns), ("rows.csv", 120, 6));
        assert_eq!((training.data.train_rows, training.data.validation_rows, file.fingerprint.len()), (67, 19, 32));
        let validation = training.validation.as_ref().expect("scores");
        // The ensemble stands beside what its networks score alone.
        let n_models = if n_networks > 1 { 4 } else { 3 };
        assert_eq!((validation.rows, validation.models.len()), (19, n_models));
        assert!(validation.models.iter().all(|model| model.scores.len() == n_scores));
        assert_eq!(training.is_of(&training.data.files), Some(true));
        assert_eq!(training.is_of(&[]), Some(false));

        let again = tempfile::tempdir().expect("a folder");
        model.save(again.path()).expect("saved");
        for file in ["model.toml", "schema.json", "baselines.json", "training.json", "weights.safetensors"] {
            let bytes = |folder: &Path| std::fs::read(folder.join(file)).expect("a file");
            assert!(bytes(again.path()) == bytes(&folder), "{file} of {name}");
        }
        model.with_training(None).save(again.path()).expect("saved");
        assert!(!again.path().join("training.json").exists(), "it is of the model before");
    }
}
