//! Files that are whole or not there.
//!
//! A file is written under a temporary name in the folder where it belongs and renamed when it is
//! complete, so under its own name there is the old content or the new one, whatever happens.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

const MAKE_FOLDER: &str = "make the folder";

/// A file or folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {}", path.display(), self.reason())]
pub struct FileError {
    /// What was tried: `read`, `write`, `make the folder`.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

impl FileError {
    fn reason(&self) -> String {
        if self.action == MAKE_FOLDER && self.source.kind() == ErrorKind::NotFound {
            return "none can be made there".to_owned();
        }
        reason(&self.source)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        let writing = self.action != "read";
        match self.source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Some("make room there, or write to another disk with --out DIR")
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound if writing => {
                Some("write to a folder of your own with --out DIR")
            }
            _ if writing => Some("write to another folder with --out DIR"),
            ErrorKind::NotFound => None,
            _ => Some("it has to be a file that you may read"),
        }
    }
}

/// What a reader of a file says of it, in one line and cut short where it repeats what stands there.
pub(crate) fn brief(error: &impl std::fmt::Display) -> String {
    const MOST: usize = 300;
    let text = error.to_string();
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        line.push_str(" …");
    }
    line
}

/// The reason in words, without the number of the error.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "no space is left on the disk".to_owned(),
        ErrorKind::QuotaExceeded => "the quota of the disk is used up".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is not a folder".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::AlreadyExists => "a file of that name is in the way".to_owned(),
        ErrorKind::FileTooLarge => "the file would be larger than is allowed here".to_owned(),
        _ => error.to_string().to_lowercase().split(" (os error").next().unwrap_or_default().to_owned(),
    }
}

/// A complete file that still has a temporary name. Dropped, it is removed.
#[derive(Debug)]
pub struct NewFile {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Writes what `fill` writes into a temporary file beside `path`, and makes the folder when it
    /// is not there.
    ///
    /// # Errors
    /// When the folder cannot be made, or the file not be written to its end.
    pub fn prepare(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Self, FileError> {
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(|source| FileError {
            action: MAKE_FOLDER,
            path: folder.to_owned(),
            source,
        })?;
        let temporary = Self::fill(folder, fill).map_err(write_error(path))?;
        Ok(Self { temporary, path: path.to_owned() })
    }

    fn fill(folder: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".goodfit-").suffix(".tmp");
        // A temporary file is private unless told otherwise; this one is to be an ordinary file,
        // whose rights the process's umask decides.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder)?;

        let mut writer = BufWriter::with_capacity(1 << 16, temporary.as_file());
        fill(&mut writer)?;
        writer.flush()?;
        drop(writer);
        Ok(temporary)
    }

    /// Gives the file its own name, over whatever had it.
    ///
    /// # Errors
    /// When it cannot be renamed, for instance because a folder has that name.
    pub fn put_in_place(self) -> Result<(), FileError> {
        self.temporary.persist(&self.path).map(drop).map_err(|error| write_error(&self.path)(error.error))
    }
}

fn write_error(path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    |source| FileError { action: "write", path, source }
}

/// Writes a whole file, or leaves what was there.
///
/// # Errors
/// When the folder cannot be made, the file not be written to its end or not be renamed.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), FileError> {
    NewFile::prepare(path, fill)?.put_in_place()
}

/// Checks that files can be written into a folder, or into one that can be made there, and leaves
/// nothing behind: to be asked before the work is done that they are to hold.
///
/// # Errors
/// When no file can be written there.
#[cfg(feature = "cli")]
pub(crate) fn check_folder(folder: &Path) -> Result<(), FileError> {
    let failed = |action| move |source| FileError { action, path: folder.to_owned(), source };
    let here = Path::new(".");
    let is_there = |path: &&Path| path.symlink_metadata().is_ok();
    let nearest = folder.ancestors().find(is_there).filter(|path| *path != Path::new("")).unwrap_or(here);
    let action = if nearest == folder { "write into the folder" } else { MAKE_FOLDER };
    if !nearest.is_dir() {
        let in_the_way = if nearest == folder { ErrorKind::AlreadyExists } else { ErrorKind::NotADirectory };
        return Err(failed(MAKE_FOLDER)(in_the_way.into()));
    }
    tempfile::Builder::new().prefix(".goodfit-").suffix(".tmp").tempfile_in(nearest).map(drop).map_err(failed(action))
}

/// Reads a whole file.
///
/// # Errors
/// When it cannot be read.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|source| FileError { action: "read", path: path.to_owned(), source })
}

/// A disk with room for so many bytes more.
#[cfg(test)]
pub(crate) struct SmallDisk<W> {
    pub(crate) writer: W,
    pub(crate) room: usize,
}

#[cfg(test)]
impl<W: Write> Write for SmallDisk<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 && !bytes.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        let n = self.writer.write(&bytes[..bytes.len().min(self.room)])?;
        self.room -= n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn makes_the_folder_and_replaces_the_file() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("a/b/file.txt");
        for content in ["first", "second"] {
            write_whole(&path, |w| w.write_all(content.as_bytes())).expect("written");
            assert_eq!(read_whole(&path).expect("read"), content.as_bytes());
        }
        assert_eq!(names(path.parent().expect("a parent")), ["file.txt"]);
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("file.txt");
        let error = write_whole(&path, |writer| SmallDisk { writer, room: 3 }.write_all(b"12345")).expect_err("full");
        assert_eq!(error.to_string(), format!("cannot write {}: no space is left on the disk", path.display()));
        assert_eq!(error.hint(), Some("make room there, or write to another disk with --out DIR"));
        assert!(names(temp.path()).is_empty());

        write_whole(&path, |w| w.write_all(b"old")).expect("written");
        write_whole(&path, |writer| SmallDisk { writer, room: 3 }.write_all(b"12345")).expect_err("full");
        assert_eq!(read_whole(&path).expect("read"), b"old");
        assert_eq!(names(temp.path()), ["file.txt"]);
    }

    #[test]
    fn a_file_where_a_folder_should_be() {
        let temp = tempfile::tempdir().expect("a folder");
        let file = temp.path().join("file");
        fs::write(&file, "").expect("written");
        for path in [file.join("x"), file.join("y/x")] {
            let error = write_whole(&path, |_| Ok(())).expect_err("no folder");
            assert!(error.to_string().starts_with("cannot make the folder "), "{error}");
            assert!(error.hint().expect("a hint").contains("--out"));
        }
        fs::create_dir(temp.path().join("taken")).expect("made");
        let error = write_whole(&temp.path().join("taken"), |_| Ok(())).expect_err("a folder of that name");
        assert!(error.to_string().ends_with("it is a folder"), "{error}");
        assert_eq!(names(temp.path()).len(), 2);
    }

    #[cfg(feature = "cli")]
    #[test]
    fn a_folder_is_checked_without_a_trace() {
        let temp = tempfile::tempdir().expect("a folder");
        let file = temp.path().join("file");
        fs::write(&file, "").expect("written");
        for folder in [temp.path().to_owned(), temp.path().join("a/b"), "no/such/folder".into(), "name".into()] {
            check_folder(&folder).expect("can be written");
        }
        for (folder, reason) in [
            (file.clone(), "a file of that name is in the way"),
            (file.join("x/y"), "a part of the path is not a folder"),
        ] {
            let error = check_folder(&folder).expect_err("a file in the way");
            let expected = format!("cannot make the folder {}: {reason}", folder.display());
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(names(temp.path()), ["file"]);
        assert!(!Path::new("no").exists() && !Path::new("name").exists());
    }

    #[cfg(unix)]
    #[test]
    fn is_an_ordinary_file() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().expect("a folder");
        let (ours, plain) = (temp.path().join("ours"), temp.path().join("plain"));
        write_whole(&ours, |_| Ok(())).expect("written");
        fs::write(&plain, "").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_missing_file() {
        let error = read_whole(Path::new("no/such/file")).expect_err("missing");
        assert_eq!(error.to_string(), "cannot read no/such/file: there is no such file");
    }
}
