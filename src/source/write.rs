//! New bytes → a file, which at every moment is the old one or the new one, never a part.
//!
//! Two steps, so that several files change together or not at all: [`stage`] does everything that can fail for a
//! reason of the user's (a temporary file beside the real one, with its mode and owner, written and on disk);
//! [`Staged::commit`] renames it. Dropping a [`Staged`] removes its temporary file.
//!
//! Not kept, because a rename makes a new inode: further hard links to the file, access control lists and extended
//! attributes.

mod error;

pub use error::ReplaceError;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};
use zeroize::Zeroizing;

use super::inode::{Stamp, keep_owner_and_mode, kind, readable_by_others, takes_bytes};
use super::{Origin, Source};

/// Who may read a file that does not exist yet. A file that exists keeps its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewFile {
    /// The owner only (mode 0600, from its first moment): it holds a private key.
    Private,
    /// Whoever the umask allows.
    Ordinary,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The path as the user typed it.
    pub name: String,
    /// Whether the file's mode lets its group or others read it: worth a warning if it holds a key.
    pub readable_by_others: bool,
}

/// New content of one file, safe on disk beside it and one rename away. Dropped, it leaves the file as it was.
#[derive(Debug)]
#[must_use = "nothing is replaced before `commit`"]
pub struct Staged {
    written: Written,
    target: Target,
}

enum Target {
    /// Rename over a file that must still be the one we saw.
    Replace { temporary: TempPath, real: PathBuf, seen: Stamp },
    /// Rename to a name that must still be free.
    Create { temporary: TempPath, real: PathBuf },
    /// Write to a pipe or a character device as it stands.
    Direct { sink: Box<dyn Write + Send>, bytes: Zeroizing<Vec<u8>> },
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Replace { .. } => "Replace",
            Self::Create { .. } => "Create",
            Self::Direct { .. } => "Direct",
        })
    }
}

impl Source {
    /// Prepares new content for the file that this source was read from, through symbolic links to the real file.
    ///
    /// # Errors
    ///
    /// When the source is stdin or no regular file, when the file is no longer what was read, when it or its directory
    /// is write-protected, and when the disk is full.
    pub fn stage(&self, bytes: &[u8]) -> Result<Staged, ReplaceError> {
        let Origin::File { path, .. } = &self.origin else {
            return Err(ReplaceError::Stdin);
        };
        let name = self.name.as_str();
        let metadata = fs::metadata(path).map_err(|cause| at(path, cause))?;
        if !metadata.is_file() {
            return Err(ReplaceError::NotRegular { name: name.to_owned(), what: kind(&metadata) });
        }
        let staged = beside(path, &metadata, bytes)?;
        // After the stamp was taken: from here to the rename the stamp shows every change.
        if !holds(path, self.text.as_bytes()).map_err(|cause| at(path, cause))? {
            return Err(ReplaceError::Changed { name: name.to_owned() });
        }
        Ok(staged)
    }
}

/// Refuses what no rename may replace, before anybody waits for its content: a pipe, a socket, a device. Of what is
/// missing or a directory, reading it says more.
///
/// # Errors
///
/// [`ReplaceError::NotRegular`].
pub fn may_replace(path: &Path) -> Result<(), ReplaceError> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            Err(ReplaceError::NotRegular { name: path.display().to_string(), what: kind(&metadata) })
        }
        _ => Ok(()),
    }
}

/// Prepares `bytes` for `path`, which may exist or not.
///
/// A regular file is replaced, through symbolic links to the real one, and keeps its mode. A pipe or a character device
/// (`/dev/stdout`, `/dev/null`) is opened now and written to on commit. Other things are refused.
///
/// # Errors
///
/// When the path is a directory, a dangling link or another special file; when it or its directory is write-protected
/// or missing; when the disk is full.
pub fn stage(path: &Path, bytes: &[u8], new: NewFile) -> Result<Staged, ReplaceError> {
    let name = path.display().to_string();
    // Where it is redirected to a file, that file may be open for appending, and is not ours to rename over.
    if ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|stdout| path == Path::new(stdout)) {
        return Ok(direct(name, Box::new(io::stdout()), bytes));
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => beside(path, &metadata, bytes),
        Ok(metadata) if takes_bytes(&metadata) => {
            let sink = OpenOptions::new().write(true).open(path).map_err(|cause| at(path, cause))?;
            Ok(direct(name, Box::new(sink), bytes))
        }
        Ok(metadata) => Err(ReplaceError::NotRegular { name, what: kind(&metadata) }),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => create(path, bytes, new),
        Err(cause) => Err(at(path, cause)),
    }
}

/// Commits all of them, in their order, after a look whether each still can be.
///
/// # Errors
///
/// Those of [`Staged::commit`]; once a file has been replaced, wrapped in [`ReplaceError::Partly`].
pub fn commit_all(staged: Vec<Staged>) -> Result<Vec<Written>, ReplaceError> {
    for each in &staged {
        each.still_as_seen()?;
    }
    let mut written: Vec<Written> = Vec::with_capacity(staged.len());
    let mut directories = BTreeSet::new();
    let mut failure = None;
    for each in staged {
        match each.put(&mut directories) {
            Ok(done) => written.push(done),
            Err(cause) => {
                failure = Some(cause);
                break;
            }
        }
    }
    sync(&directories);
    match failure {
        None => Ok(written),
        Some(cause) if written.is_empty() => Err(cause),
        Some(cause) => {
            let written = written.into_iter().map(|done| done.name).collect();
            Err(ReplaceError::Partly { written, cause: Box::new(cause) })
        }
    }
}

impl Staged {
    /// Puts the new content in place: one rename, then the directory is flushed to disk.
    ///
    /// Looks right before the rename whether the file is still the one that was staged for. Between that look and the
    /// rename (two system calls, microseconds) a change by somebody else would be lost; no portable call closes that gap.
    ///
    /// # Errors
    ///
    /// When the file changed, appeared or went away meanwhile, or the rename or write fails.
    pub fn commit(self) -> Result<Written, ReplaceError> {
        let mut directories = BTreeSet::new();
        let written = self.put(&mut directories)?;
        sync(&directories);
        Ok(written)
    }

    fn still_as_seen(&self) -> Result<(), ReplaceError> {
        match &self.target {
            Target::Replace { real, seen, .. } => match fs::symlink_metadata(real) {
                Ok(now) if Stamp::of(&now) == *seen => Ok(()),
                _ => Err(ReplaceError::Changed { name: self.written.name.clone() }),
            },
            Target::Create { .. } | Target::Direct { .. } => Ok(()),
        }
    }

    fn put(self, directories: &mut BTreeSet<PathBuf>) -> Result<Written, ReplaceError> {
        self.still_as_seen()?;
        let Self { written, target } = self;
        let failed = |cause| ReplaceError::Write { name: written.name.clone(), cause };
        match target {
            Target::Replace { temporary, real, .. } => {
                temporary.persist(&real).map_err(|error| failed(error.error))?;
                directories.insert(directory_of(&real));
            }
            Target::Create { temporary, real } => {
                appear(temporary, &real).map_err(|cause| match cause.kind() {
                    io::ErrorKind::AlreadyExists => ReplaceError::Appeared { name: written.name.clone() },
                    _ => failed(cause),
                })?;
                directories.insert(directory_of(&real));
            }
            Target::Direct { mut sink, bytes } => {
                sink.write_all(&bytes).and_then(|()| sink.flush()).map_err(failed)?;
            }
        }
        Ok(written)
    }
}

/// Renames to a name that is free, and fails when it no longer is.
fn appear(temporary: TempPath, real: &Path) -> io::Result<()> {
    let Err(refused) = temporary.persist_noclobber(real) else {
        return Ok(());
    };
    if refused.error.kind() == io::ErrorKind::AlreadyExists || fs::symlink_metadata(real).is_ok() {
        return Err(refused.error);
    }
    // File systems without hard links may know no rename that spares what is there; they get a look and a rename.
    refused.path.persist(real).map_err(|refused| refused.error)
}

fn direct(name: String, sink: Box<dyn Write + Send>, bytes: &[u8]) -> Staged {
    let bytes = Zeroizing::new(bytes.to_vec());
    Staged { written: Written { name, readable_by_others: false }, target: Target::Direct { sink, bytes } }
}

/// Stages the replacement of the regular file behind `path`, whose metadata are `metadata`.
fn beside(path: &Path, metadata: &fs::Metadata, bytes: &[u8]) -> Result<Staged, ReplaceError> {
    let name = path.display().to_string();
    OpenOptions::new().write(true).open(path).map_err(|cause| ReplaceError::Protected { name: name.clone(), cause })?;
    let real = fs::canonicalize(path).map_err(|cause| at(path, cause))?;
    let mut temporary = temporary(&name, &real, NewFile::Private)?;
    let failed = |cause| ReplaceError::Write { name: name.clone(), cause };
    let readable_by_others = fill(&mut temporary, bytes, Some(metadata)).map_err(failed)?;
    Ok(Staged {
        written: Written { name, readable_by_others },
        target: Target::Replace { temporary: temporary.into_temp_path(), real, seen: Stamp::of(metadata) },
    })
}

/// Stages a file at a path where there is nothing.
fn create(path: &Path, bytes: &[u8], new: NewFile) -> Result<Staged, ReplaceError> {
    let name = path.display().to_string();
    if let Ok(target) = fs::read_link(path) {
        return Err(ReplaceError::Dangling { name, target: target.display().to_string() });
    }
    let directory = directory_of(path);
    let Ok(real_directory) = fs::canonicalize(&directory) else {
        return Err(ReplaceError::NoDirectory { name, directory: directory.display().to_string() });
    };
    let Some(file_name) = path.file_name() else {
        // `..` and `/` always exist, so this is a path such as `missing/..`
        return Err(ReplaceError::NoDirectory { name, directory: path.display().to_string() });
    };
    let real = real_directory.join(file_name);
    let mut temporary = temporary(&name, &real, new)?;
    let failed = |cause| ReplaceError::Write { name: name.clone(), cause };
    let readable_by_others = fill(&mut temporary, bytes, None).map_err(failed)?;
    Ok(Staged {
        written: Written { name, readable_by_others },
        target: Target::Create { temporary: temporary.into_temp_path(), real },
    })
}

/// An empty file in the directory of `real`, created with `O_EXCL` under a name nobody can guess.
fn temporary(name: &str, real: &Path, new: NewFile) -> Result<NamedTempFile, ReplaceError> {
    let directory = directory_of(real);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".delegate-mtls-").suffix(".tmp");
    #[cfg(unix)]
    if new == NewFile::Ordinary {
        use std::os::unix::fs::PermissionsExt;
        // open(2) takes the umask off; the crate's own default is 0600
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = new;
    builder.tempfile_in(&directory).map_err(|cause| ReplaceError::ProtectedDirectory {
        name: name.to_owned(),
        directory: directory.display().to_string(),
        cause,
    })
}

/// Writes and flushes to disk; says whether group or others will be able to read the file.
fn fill(temporary: &mut NamedTempFile, bytes: &[u8], like: Option<&fs::Metadata>) -> io::Result<bool> {
    temporary.write_all(bytes)?;
    temporary.flush()?;
    let file = temporary.as_file();
    if let Some(like) = like {
        keep_owner_and_mode(file, like)?;
    }
    file.sync_all()?;
    Ok(readable_by_others(&file.metadata()?))
}

/// Whether the file holds exactly these bytes; read in pieces, so that a large one is not held twice.
fn holds(path: &Path, mut expected: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut piece = Zeroizing::new(vec![0; 64 * 1024]);
    loop {
        let read = match file.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(expected.is_empty());
        }
        match piece.get(..read).and_then(|read| expected.strip_prefix(read)) {
            Some(rest) => expected = rest,
            None => return Ok(false),
        }
    }
}

/// Makes the renames last through a power failure. File systems that cannot flush a directory say so; the file is
/// the old or the new one on those too, so that is no error.
fn sync(directories: &BTreeSet<PathBuf>) {
    if cfg!(unix) {
        for directory in directories {
            let _ = File::open(directory).and_then(|directory| directory.sync_all());
        }
    }
}

/// The directory a path names its file in; `.` for a bare file name.
pub(super) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The operating system's answer about a path that is to be written.
fn at(path: &Path, cause: io::Error) -> ReplaceError {
    let name = path.display().to_string();
    match cause.kind() {
        io::ErrorKind::PermissionDenied => ReplaceError::Protected { name, cause },
        _ => ReplaceError::Write { name, cause },
    }
}

#[cfg(test)]
mod tests;
