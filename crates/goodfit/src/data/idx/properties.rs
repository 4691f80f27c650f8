//! Properties of the reader on files that nobody made on purpose.

use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{folder_of, gzip, idx};
use super::*;

/// Bytes that are IDX, nearly IDX or anything.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let header = (0_u8..6, vec(0_u32..5, 0..5), vec(any::<u8>(), 0..80)).prop_map(|(n_dims, dims, elements)| {
        let mut bytes = idx(&dims, &elements);
        bytes[3] = n_dims;
        bytes
    });
    let raw = prop_oneof![
        vec(any::<u8>(), 0..200),
        header,
        (vec(any::<u32>(), 1..6), vec(any::<u8>(), 0..40)).prop_map(|(dims, body)| idx(&dims, &body)),
    ];
    let packed = raw.prop_flat_map(|raw| prop_oneof![Just(gzip(&raw)), Just(raw)]);
    let behind_gzip = vec(any::<u8>(), 0..200).prop_map(|tail| [&[0x1f, 0x8b, 8, 0], &tail[..]].concat());
    prop_oneof![4 => packed, 1 => behind_gzip]
}

/// A sound pair of files, images and labels.
fn sound_pair() -> impl Strategy<Value = [Vec<u8>; 2]> {
    (1_usize..6, vec(1_usize..4, 0..4)).prop_flat_map(|(n_rows, shape)| {
        let row_len: usize = shape.iter().product();
        let dims: Vec<u32> = std::iter::once(&n_rows).chain(&shape).map(|&dim| dim as u32).collect();
        (vec(any::<u8>(), n_rows * row_len), vec(any::<u8>(), n_rows))
            .prop_map(move |(pixels, labels)| [idx(&dims, &pixels), idx(&[n_rows as u32], &labels)])
    })
}

fn read([images, labels]: &[Vec<u8>; 2], n_rows: Option<usize>) -> Result<Labelled, IdxError> {
    let folder = folder_of(&[("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)]);
    Ok(read_folder(folder.path(), n_rows)?.train)
}

/// Elements and labels of a sound pair, as the bytes behind its headers.
fn assert_is(rows: &Labelled, [images, labels]: &[Vec<u8>; 2]) -> Result<(), TestCaseError> {
    let header_len = 4 + 4 * usize::from(images[3]);
    prop_assert_eq!(&rows.pixels, &images[header_len..][..rows.pixels.len()]);
    prop_assert_eq!(&rows.labels, &labels[8..][..rows.n_rows]);
    prop_assert_eq!(rows.pixels.len(), rows.n_rows * rows.shape.iter().product::<usize>());
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_files_are_read_or_refused(
        images in any_file(),
        labels in any_file(),
        n_rows in prop::option::of(0_usize..8),
    ) {
        match read(&[images, labels], n_rows) {
            Ok(rows) => {
                prop_assert_eq!(rows.labels.len(), rows.n_rows);
                prop_assert_eq!(rows.pixels.len(), rows.n_rows * rows.shape.iter().product::<usize>());
            }
            Err(error) => prop_assert!(!error.to_string().ends_with('.')),
        }
    }

    #[test]
    fn sound_files_come_back(pair in sound_pair(), share in 0.0..=1.0) {
        let all = read(&pair, None).unwrap();
        assert_is(&all, &pair)?;
        prop_assert_eq!(all.n_rows, all.labels.len());
        prop_assert_eq!(&read(&pair.clone().map(|file| gzip(&file)), None).unwrap(), &all);

        let n_rows = (share * all.n_rows as f64) as usize;
        let some = read(&pair, Some(n_rows)).unwrap();
        prop_assert_eq!(some.n_rows, n_rows);
        assert_is(&some, &pair)?;
        prop_assert_eq!(read(&pair.map(|file| gzip(&file)), Some(n_rows)).unwrap(), some);
    }

    #[test]
    fn a_cut_is_always_seen(pair in sound_pair(), which in 0_usize..2, at in any::<prop::sample::Index>()) {
        let mut raw = pair.clone();
        raw[which].truncate(at.index(pair[which].len()));
        prop_assert!(read(&raw, None).is_err());
        prop_assert!(read(&raw, Some(1)).is_err());

        let mut packed = pair.map(|file| gzip(&file));
        packed[which].truncate(at.index(packed[which].len()));
        prop_assert!(read(&packed, None).is_err());
    }

    #[test]
    fn a_tail_is_always_seen(pair in sound_pair(), which in 0_usize..2, tail in vec(any::<u8>(), 1..9)) {
        let mut raw = pair.clone();
        raw[which].extend(&tail);
        prop_assert!(read(&raw, None).is_err());
        prop_assert!(read(&raw, Some(0)).is_err());
        prop_assert!(read(&raw.map(|file| gzip(&file)), None).is_err());

        let mut packed = pair.map(|file| gzip(&file));
        packed[which].extend(&tail);
        prop_assert!(read(&packed, None).is_err());
    }

    /// Gzip carries a checksum, so a flipped bit never yields other rows.
    #[test]
    fn a_flipped_bit_is_harmless_or_seen(
        pair in sound_pair(),
        which in 0_usize..2,
        at in any::<prop::sample::Index>(),
        bit in 0_u32..8,
    ) {
        let mut packed = pair.clone().map(|file| gzip(&file));
        let at = at.index(packed[which].len());
        packed[which][at] ^= 1_u8 << bit;
        if let Ok(rows) = read(&packed, None) {
            assert_is(&rows, &pair)?;
        }
    }
}
