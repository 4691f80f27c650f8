//! What is decoded is, byte for byte, what the four published files hold.

use std::fmt::Write;

use goodfit_mnist::{COLUMNS, Digits, Error, N_CLASSES, N_TEST, N_TRAIN, ROWS, test, train};
use md5::{Digest, Md5};

/// md5 of the IDX files that would hold these digits.
fn check(digits: &Digits, n_rows: usize, images_md5: &str, labels_md5: &str) {
    let images_header: Vec<u8> = [0x0803, n_rows, ROWS, COLUMNS].into_iter().flat_map(big_endian).collect();
    let labels_header: Vec<u8> = [0x0801, n_rows].into_iter().flat_map(big_endian).collect();
    assert_eq!(md5_of(&images_header, &digits.pixels), images_md5);
    assert_eq!(md5_of(&labels_header, &digits.labels), labels_md5);
    assert_eq!(digits.labels.iter().max(), Some(&(N_CLASSES as u8 - 1)));
}

fn big_endian(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap().to_be_bytes()
}

fn md5_of(header: &[u8], body: &[u8]) -> String {
    let digest = Md5::new().chain_update(header).chain_update(body).finalize();
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn training_set() {
    let digits = train(N_TRAIN).unwrap();
    check(&digits, N_TRAIN, "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624");
}

#[test]
fn test_set() {
    let digits = test().unwrap();
    check(&digits, N_TEST, "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637");
}

#[test]
fn fewer_rows_are_the_first_rows() {
    let all = train(N_TRAIN).unwrap();
    for n_rows in [0, 1, 300, 1_000, 1_001, 10_000, 34_999, 35_001] {
        let some = train(n_rows).unwrap();
        assert_eq!(some.pixels, all.pixels[..n_rows * ROWS * COLUMNS]);
        assert_eq!(some.labels, all.labels[..n_rows]);
    }
}

#[test]
fn more_rows_than_there_are() {
    let error = train(N_TRAIN + 1).unwrap_err();
    assert_eq!(error, Error::TooManyRows { got: 60_001 });
    assert_eq!(error.to_string(), "60001 training rows were asked for, MNIST has 60000");
    assert!(train(usize::MAX).is_err());
}
