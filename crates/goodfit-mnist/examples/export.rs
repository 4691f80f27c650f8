//! Writes the four raw IDX files of MNIST, for programs that read those.
//!
//! ```sh
//! cargo run --release -p goodfit-mnist --example export -- FOLDER
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};

use goodfit_mnist::{COLUMNS, Digits, ROWS, test, train};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    write(&folder, "train", &train(goodfit_mnist::N_TRAIN)?)?;
    write(&folder, "t10k", &test()?)
}

/// The two files of one set: big-endian header, then a byte a value.
fn write(folder: &Path, set: &str, digits: &Digits) -> Result<(), Box<dyn Error>> {
    let n = digits.labels.len() as u32;
    let file = |kind: &str, header: &[u32], body: &[u8]| {
        let bytes: Vec<u8> = header.iter().flat_map(|word| word.to_be_bytes()).chain(body.iter().copied()).collect();
        std::fs::write(folder.join(format!("{set}-{kind}-ubyte")), bytes)
    };
    file("images-idx3", &[0x803, n, ROWS as u32, COLUMNS as u32], &digits.pixels)?;
    Ok(file("labels-idx1", &[0x801, n], &digits.labels)?)
}
