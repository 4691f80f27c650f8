//! The compressed files and their decoder.

use zstd::bulk::Decompressor;

use crate::{Error, N_TEST, N_TRAIN, PART_ROWS};

/// One zstd frame that decodes to whole rows, without help from any other part.
pub(crate) struct Part {
    name: &'static str,
    n_rows: usize,
    frame: &'static [u8],
}

pub(crate) const TRAIN_IMAGES: [Part; 4] = [
    Part { name: "train-images-0", n_rows: PART_ROWS[0], frame: include_bytes!("../data/train-images-0.zst") },
    Part { name: "train-images-1", n_rows: PART_ROWS[1], frame: include_bytes!("../data/train-images-1.zst") },
    Part { name: "train-images-2", n_rows: PART_ROWS[2], frame: include_bytes!("../data/train-images-2.zst") },
    Part { name: "train-images-3", n_rows: PART_ROWS[3], frame: include_bytes!("../data/train-images-3.zst") },
];

pub(crate) const TRAIN_LABELS: [Part; 1] =
    [Part { name: "train-labels", n_rows: N_TRAIN, frame: include_bytes!("../data/train-labels.zst") }];

pub(crate) const TEST_IMAGES: [Part; 1] =
    [Part { name: "test-images", n_rows: N_TEST, frame: include_bytes!("../data/test-images.zst") }];

pub(crate) const TEST_LABELS: [Part; 1] =
    [Part { name: "test-labels", n_rows: N_TEST, frame: include_bytes!("../data/test-labels.zst") }];

/// The first `n_rows` rows of `row_len` bytes, from the parts that they lie in.
pub(crate) fn decode(parts: &[Part], n_rows: usize, row_len: usize) -> Result<Vec<u8>, Error> {
    let mut first_row = 0;
    let needed = parts.iter().take_while(|part| {
        let starts_before_the_end = first_row < n_rows;
        first_row += part.n_rows;
        starts_before_the_end
    });
    let needed: Vec<&Part> = needed.collect();
    let n_decoded: usize = needed.iter().map(|part| part.n_rows).sum();

    let mut bytes = vec![0; n_decoded * row_len];
    let mut rest = bytes.as_mut_slice();
    let mut decoder = Decompressor::default();
    for part in needed {
        let (rows, behind) = rest.split_at_mut(part.n_rows * row_len);
        let damaged = |reason| Error::Damaged { part: part.name, reason };
        let n_written = decoder.decompress_to_buffer(part.frame, rows).map_err(|error| damaged(error.to_string()))?;
        if n_written != rows.len() {
            return Err(damaged(format!("{n_written} bytes, expected {}", rows.len())));
        }
        rest = behind;
    }
    bytes.truncate(n_rows * row_len);
    bytes.shrink_to_fit();
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three parts of 2, 3 and 4 one-byte rows, all nine different.
    fn nine_rows() -> [Part; 3] {
        [("a", &[0, 1][..]), ("b", &[2, 3, 4]), ("c", &[5, 6, 7, 8])].map(|(name, rows)| Part {
            name,
            n_rows: rows.len(),
            frame: zstd::bulk::compress(rows, 1).unwrap().leak(),
        })
    }

    #[test]
    fn first_rows_are_the_same_wherever_the_cut_falls() {
        for n_rows in 0..=9 {
            let expected: Vec<u8> = (0..n_rows as u8).collect();
            assert_eq!(decode(&nine_rows(), n_rows, 1).unwrap(), expected);
        }
    }

    #[test]
    fn parts_behind_the_last_row_are_not_decoded() {
        let mut parts = nine_rows();
        parts[2].frame = b"no frame";
        assert!(decode(&parts, 5, 1).is_ok());
        let error = decode(&parts, 6, 1).unwrap_err().to_string();
        assert!(error.starts_with("the compiled-in MNIST part c is damaged: "), "{error}");
    }

    #[test]
    fn a_part_of_the_wrong_length_is_an_error() {
        let mut parts = nine_rows();
        parts[1].n_rows = 4;
        let error = decode(&parts, 3, 1).unwrap_err();
        assert_eq!(error.to_string(), "the compiled-in MNIST part b is damaged: 3 bytes, expected 4");
        parts[1].n_rows = 2;
        assert!(decode(&parts, 3, 1).is_err());
    }
}
