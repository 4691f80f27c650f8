//! Writes reports of made-up results into a folder, to look at figures and pages without training anything:
//! `cargo run --example report_gallery -- FOLDER`, only those whose name holds a word: `... -- FOLDER search`, or with
//! results of one's own: `... -- FOLDER results.json`.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use std::path::PathBuf;

use goodfit::report::write_report;
use goodfit::results::Results;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "gallery".to_owned()));
    let word = arguments.next().unwrap_or_default();
    let file = PathBuf::from(&word);
    if file.extension().is_some_and(|ending| ending == "json") {
        let results: Results = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        write_report(&folder, &results)?;
        return Ok(());
    }
    let gallery = vec![
        ("weight-init", synthetic::weight_init(5)),
        ("weight-init-one-seed", synthetic::weight_init(1)),
        ("batch-norm", synthetic::batch_norm(1)),
        ("batch-norm-five-seeds", synthetic::batch_norm(5)),
        ("weight-decay", synthetic::weight_decay(5)),
        ("activations", synthetic::activations()),
        ("diagnostics", synthetic::diagnostics(20)),
        ("search", synthetic::search(100)),
        ("search-large", synthetic::search(10_000)),
        ("claims", synthetic::claims()),
        ("many", synthetic::many(100, 2)),
        ("overflowing", synthetic::overflowing()),
        ("empty", synthetic::empty()),
    ];
    let large = [("search-many-fields-large", synthetic::searches::many_fields(10_000))];
    for (name, results) in
        gallery.into_iter().chain(synthetic::searches::kinds()).chain(large).filter(|(name, _)| name.contains(&word))
    {
        write_report(&folder.join(name), &results)?;
    }
    Ok(())
}
