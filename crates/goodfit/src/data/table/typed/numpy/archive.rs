//! Archives of arrays: zip files with an entry `KEY.npy` for each.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write as _};

use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::super::super::input::{MOST_TIMES, most_unpacked};
use super::super::Damage;
use super::header::{Header, cut_off};
use super::{Array, Arrays, check_length};

impl Arrays {
    /// The arrays of an archive; none where it holds no arrays.
    pub(in super::super) fn archive(file: File) -> Result<Option<Self>, Damage> {
        let again = |file: &File| file.try_clone().map_err(cut_off);
        let mut archive = ZipArchive::new(again(&file)?).map_err(damaged)?;
        let mut arrays = Vec::new();
        let mut left = most_unpacked(file.metadata().map_err(cut_off)?.len());
        for i in 0..archive.len() {
            let entry = archive.by_index(i).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            if let Some(key) = name.strip_suffix(".npy") {
                let array = array(key, entry, again(&file)?, &mut left);
                arrays.push(array.map_err(|damage| Damage { what: format!("{key}.npy: {}", damage.what), ..damage })?);
            }
        }
        if arrays.is_empty() { Ok(None) } else { Self::new(arrays).map(Some) }
    }
}

/// The array of an entry: where it stands in the archive, or unpacked into a file of its own, for which so many bytes are left.
fn array(key: &str, mut entry: ZipFile<'_, File>, file: File, left: &mut u64) -> Result<Array, Damage> {
    let header = Header::read(&mut entry)?;
    let n_bytes = entry.size().saturating_sub(header.length);
    check_length(&header, n_bytes)?;
    let key = Some(key.to_owned());
    if entry.compression() == CompressionMethod::Stored {
        let start = entry.data_start().ok_or_else(|| Damage::new("it has no place in the archive"))? + header.length;
        let behind = file.metadata().map_err(cut_off)?.len().saturating_sub(start);
        check_length(&header, n_bytes.min(behind))?;
        return Array::new(key, file, start, header);
    }
    let Some(less) = left.checked_sub(n_bytes) else {
        let what = format!("what is packed takes more than {MOST_TIMES} times the place of the archive");
        return Err(Damage::new(what).hint("numpy.savez packs nothing, if it is no forgery"));
    };
    *left = less;
    let mut unpacked = tempfile::tempfile().map_err(cut_off)?;
    let n = io::copy(&mut entry.take(n_bytes + 1), &mut unpacked).map_err(cut_off)?;
    check_length(&header, n)?;
    unpacked.flush().map_err(cut_off)?;
    unpacked.seek(SeekFrom::Start(0)).map_err(cut_off)?;
    Array::new(key, unpacked, 0, header)
}

fn damaged(error: ZipError) -> Damage {
    Damage::new(format!("a zip archive that is damaged: {error}")).hint("get it once more")
}
