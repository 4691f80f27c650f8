//! What a folder yields, and every message.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::*;

/// An IDX file with the given dimensions and elements.
pub(super) fn idx(dims: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, u8::try_from(dims.len()).unwrap()];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn folder_of(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

const IMAGES: &str = "train-images-idx3-ubyte";
const LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// Three rows of 2 x 2 pixels.
fn images() -> Vec<u8> {
    idx(&[3, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
}

fn labels() -> Vec<u8> {
    idx(&[3], &[7, 8, 9])
}

#[test]
fn both_sets_raw_or_gzipped_in_every_spelling() {
    let test_images = idx(&[1, 2, 2], &[13, 14, 15, 16]);
    let test_labels = idx(&[1], &[6]);
    let expected = IdxFolder {
        train: Labelled { n_rows: 3, shape: vec![2, 2], pixels: (1..=12).collect(), labels: vec![7, 8, 9] },
        test: Some(Labelled { n_rows: 1, shape: vec![2, 2], pixels: vec![13, 14, 15, 16], labels: vec![6] }),
    };
    for k in 0..4 {
        let [[train_x, train_y], [test_x, test_y]] =
            [Set::Train, Set::Test].map(|set| file_names(set).map(|names| names[k].clone()));
        let pack = |bytes: &[u8]| {
            if k % 2 == 1 { gzip(bytes) } else { bytes.to_vec() }
        };
        let folder = folder_of(&[
            (&train_x, &pack(&images())),
            (&train_y, &pack(&labels())),
            (&test_x, &pack(&test_images)),
            (&test_y, &pack(&test_labels)),
        ]);
        assert_eq!(read_folder(folder.path(), None).unwrap(), expected);
        let some = read_folder(folder.path(), Some(2)).unwrap();
        assert_eq!(some.train.n_rows, 2);
        assert_eq!(some.train.pixels, expected.train.pixels[..8]);
        assert_eq!(some.train.labels, [7, 8]);
        assert_eq!(some.test, expected.test);
    }
}

#[test]
fn the_name_does_not_say_whether_a_file_is_gzipped() {
    let (packed, gz_name) = (gzip(&images()), format!("{LABELS}.gz"));
    let folder = folder_of(&[(IMAGES, &packed), (&gz_name, &labels())]);
    assert_eq!(read_folder(folder.path(), None).unwrap().train.n_rows, 3);
}

#[test]
fn a_gzipped_file_of_several_members_is_one_file() {
    let [head, tail] = [&images()[..20], &images()[20..]].map(gzip);
    let folder = folder_of(&[(IMAGES, &[head, tail].concat()), (LABELS, &labels())]);
    assert_eq!(read_folder(folder.path(), None).unwrap().train.pixels.len(), 12);
}

#[test]
fn rows_of_any_number_of_dimensions() {
    for (dims, shape) in [(vec![3], vec![]), (vec![3, 4], vec![4]), (vec![3, 1, 2, 1, 2], vec![1, 2, 1, 2])] {
        let elements = vec![5; dims.iter().product::<u32>() as usize];
        let folder = folder_of(&[(IMAGES, &idx(&dims, &elements)), (LABELS, &labels())]);
        let train = read_folder(folder.path(), None).unwrap().train;
        assert_eq!((train.shape, train.pixels), (shape, elements));
    }
}

#[test]
fn first_rows_of_a_gzipped_file_are_read_without_the_rest() {
    let mut packed = gzip(&idx(&[3, 200_000], &vec![5; 600_000]));
    packed.truncate(packed.len() - 20);
    let folder = folder_of(&[(IMAGES, &packed), (LABELS, &labels())]);
    let train = read_folder(folder.path(), Some(2)).unwrap().train;
    assert_eq!(train.pixels.len(), 400_000);
    let error = read_folder(folder.path(), None).unwrap_err();
    assert!(matches!(error, IdxError::Gzip { .. }), "{error}");
}

/// Reads a folder of `files`, of which the folder's own path is left out of the message.
fn check(files: &[(&str, &[u8])], message: &str) -> Option<String> {
    let folder = folder_of(files);
    let error = read_folder(folder.path(), None).unwrap_err();
    let got = error.to_string().replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(got, message);
    error.hint()
}

fn check_images(images: &[u8], message: &str) {
    check(&[(IMAGES, images), (LABELS, &labels())], message);
}

#[test]
fn messages_about_headers() {
    check_images(&[], "train-images-idx3-ubyte is empty, expected an IDX header at byte 0");
    check_images(&gzip(&[]), "train-images-idx3-ubyte is empty, expected an IDX header at byte 0");
    check_images(
        b"\x89PNG",
        "train-images-idx3-ubyte starts at byte 0 with 89 50, expected 00 00 (IDX) or 1f 8b (gzip)",
    );
    check_images(
        &gzip(&gzip(&images())),
        "train-images-idx3-ubyte starts at byte 0 with 1f 8b, expected 00 00 (IDX) once it is unpacked",
    );
    check_images(&[0, 0, 8], "train-images-idx3-ubyte ends at byte 3, expected 4 bytes");
    check_images(
        &[0, 0, 0x0d, 3],
        "train-images-idx3-ubyte has elements of type 0x0d (32-bit floats) at byte 2, expected 0x08 (unsigned bytes)",
    );
    check_images(
        &[0, 0, 0x42, 3],
        "train-images-idx3-ubyte has elements of type 0x42 at byte 2, expected 0x08 (unsigned bytes)",
    );
    check_images(&[0, 0, 8, 0], "train-images-idx3-ubyte has 0 dimensions at byte 3, expected at least 1");
    check(
        &[(IMAGES, &images()), (LABELS, &idx(&[3, 1], &[7, 8, 9]))],
        "train-labels-idx1-ubyte has 2 dimensions at byte 3, expected 1 for labels",
    );
    check_images(&images()[..9], "train-images-idx3-ubyte ends at byte 9, expected 16 bytes");
    check_images(&idx(&[0, 2, 2], &[]), "train-images-idx3-ubyte has a dimension of 0 at byte 4, expected at least 1");
    check_images(&idx(&[3, 2, 0], &[]), "train-images-idx3-ubyte has a dimension of 0 at byte 12, expected at least 1");
}

#[test]
fn messages_about_lengths() {
    check_images(&images()[..27], "train-images-idx3-ubyte ends at byte 27, expected 28 bytes");
    check_images(&gzip(&images()[..27]), "train-images-idx3-ubyte ends at byte 27, expected 28 bytes");
    let longer = [&images()[..], &[0]].concat();
    check_images(&longer, "train-images-idx3-ubyte goes on at byte 28, expected its end there by its header");
    check_images(&gzip(&longer), "train-images-idx3-ubyte goes on at byte 28, expected its end there by its header");
    check_images(
        &idx(&[u32::MAX, 2, 2], &[1, 2]),
        "train-images-idx3-ubyte ends at byte 18, expected 17179869196 bytes",
    );
    check_images(
        &idx(&[u32::MAX, u32::MAX, 2], &[1, 2]),
        "train-images-idx3-ubyte has dimensions 4294967295 x 4294967295 x 2 at byte 4, more than there is memory for",
    );
    // More than any machine can address: it has to be found out without asking for the memory.
    check_images(
        &gzip(&idx(&[3, u32::MAX, 500_000], &[1, 2])),
        "train-images-idx3-ubyte ends at byte 18, expected 6442450942500016 bytes",
    );
}

/// What comes after the colon is in the words of the unpacking library.
#[test]
fn messages_about_gzip() {
    let packed = gzip(&images());
    let mut wrong_checksum = packed.clone();
    wrong_checksum[packed.len() - 8] ^= 1;
    for (offset, bytes) in [
        (0, &packed[..3]),
        (28, &packed[..packed.len() - 9]),
        (28, &wrong_checksum),
        (28, &[&packed[..], b"more"].concat()),
    ] {
        let folder = folder_of(&[(IMAGES, bytes), (LABELS, &labels())]);
        let error = read_folder(folder.path(), None).unwrap_err();
        let message = format!("/{IMAGES} does not unpack beyond byte {offset}: ");
        assert!(error.to_string().contains(&message), "{error}");
        assert!(error.hint().unwrap().ends_with("fetch it again"));
    }
}

#[test]
fn messages_about_files_that_do_not_belong_together() {
    check(
        &[(IMAGES, &images()), (LABELS, &idx(&[2], &[7, 8]))],
        "train-labels-idx1-ubyte has 2 rows at byte 4, expected 3 as in train-images-idx3-ubyte",
    );
    check(
        &[
            (IMAGES, &images()),
            (LABELS, &labels()),
            (TEST_IMAGES, &idx(&[1, 4], &[1, 2, 3, 4])),
            (TEST_LABELS, &idx(&[1], &[7])),
        ],
        "t10k-images-idx3-ubyte has rows of 4 values at byte 8, expected 2 x 2 as in the training files",
    );
    let hint = check(&[(IMAGES, &images())], "train-images-idx3-ubyte has no train-labels-idx1-ubyte beside it");
    assert!(hint.unwrap().contains("t10k-labels-idx1-ubyte"));
    let test_labels = idx(&[1], &[7]);
    check(
        &[(IMAGES, &images()), (LABELS, &labels()), (TEST_LABELS, &test_labels)],
        "t10k-labels-idx1-ubyte has no t10k-images-idx3-ubyte beside it",
    );
}

#[test]
fn messages_about_the_folder() {
    let folder = folder_of(&[(TEST_IMAGES, &images()), (TEST_LABELS, &labels())]);
    let check = |path: &Path, message: &str| {
        let error = read_folder(path, None).unwrap_err();
        assert_eq!(error.to_string().replace(&folder.path().display().to_string(), "FOLDER"), message);
        assert_eq!(
            error.hint().unwrap(),
            "a folder of IDX files holds train-images-idx3-ubyte and train-labels-idx1-ubyte, and to test with \
             t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each raw or with .gz; `apt-get install \
             dataset-fashion-mnist` on Debian makes such a folder, /usr/share/datasets/fashion-mnist"
        );
    };
    check(&folder.path().join("none"), "folder FOLDER/none does not exist");
    check(&folder.path().join(TEST_IMAGES), "FOLDER/t10k-images-idx3-ubyte is not a folder");
    check(folder.path(), "folder FOLDER has no IDX files for training");
}

#[cfg(unix)]
#[test]
fn messages_of_the_operating_system() {
    let folder = folder_of(&[(LABELS, &labels())]);
    fs::create_dir(folder.path().join(IMAGES)).unwrap();
    let error = read_folder(folder.path(), None).unwrap_err();
    assert!(matches!(&error, IdxError::Read { offset: 0, .. }), "{error}");
    let error = read_folder(Path::new("a\0b"), None).unwrap_err();
    assert!(matches!(&error, IdxError::Open { .. }), "{error}");
}

#[test]
fn more_rows_than_there_are() {
    let folder = folder_of(&[(IMAGES, &images()), (LABELS, &labels())]);
    let error = read_folder(folder.path(), Some(4)).unwrap_err();
    assert!(error.to_string().ends_with("train-images-idx3-ubyte has 3 rows, expected at least the 4 asked for"));
    assert_eq!(error.hint().as_deref(), Some("ask for at most 3 rows"));
    assert_eq!(read_folder(folder.path(), Some(0)).unwrap().train.n_rows, 0);
}
