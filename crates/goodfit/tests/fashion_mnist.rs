//! Nothing is tied to MNIST: Fashion-MNIST as Debian's package `dataset-fashion-mnist` installs it.
//!
//! Runs when `GOODFIT_FASHION_MNIST` names the folder, which is /usr/share/datasets/fashion-mnist.

use std::env;
use std::path::Path;

use goodfit::data::idx::{IdxFolder, Labelled, read_folder};

#[test]
fn the_installed_folder_is_read() {
    let Some(folder) = env::var_os("GOODFIT_FASHION_MNIST") else {
        println!("skipped: GOODFIT_FASHION_MNIST does not name a folder");
        return;
    };
    let folder = Path::new(&folder);
    let IdxFolder { train, test } = read_folder(folder, None).unwrap();
    let test = test.unwrap();
    check(&train, 60_000, &[9, 0, 0, 3, 0]);
    check(&test, 10_000, &[9, 2, 1, 1, 6]);

    // The published mean of the training images is 0.2860.
    let sum: u64 = train.pixels.iter().map(|&pixel| u64::from(pixel)).sum();
    let mean = sum as f64 / 255.0 / train.pixels.len() as f64;
    assert!((mean - 0.2860).abs() < 5e-5, "{mean}");

    let some = read_folder(folder, Some(1_000)).unwrap();
    assert_eq!(some.train.pixels, train.pixels[..1_000 * 28 * 28]);
    assert_eq!(some.train.labels, train.labels[..1_000]);
    assert_eq!(some.test.unwrap(), test);
}

/// Ten classes of the same size, whose first labels are known.
fn check(rows: &Labelled, n_rows: usize, first_labels: &[u8]) {
    assert_eq!((rows.n_rows, rows.shape.as_slice()), (n_rows, &[28, 28][..]));
    assert_eq!(rows.pixels.len(), n_rows * 28 * 28);
    assert!(rows.labels.starts_with(first_labels));
    let mut n_of_class = [0; 10];
    for &label in &rows.labels {
        n_of_class[usize::from(label)] += 1;
    }
    assert_eq!(n_of_class, [n_rows / 10; 10]);
}
