//! What the operating system knows of a file beside its bytes: which file it is, what kind, whose, and since when.
//! All that differs between platforms stands here.

use std::fs::{self, File};
use std::io;
use std::path::Path;
#[cfg(not(unix))]
use std::path::PathBuf;

/// What makes a file that file under all of its names: device and inode, or the canonical path where there are no inodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileId(Identity);

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

impl FileId {
    #[cfg(unix)]
    pub(super) fn of(_path: &Path, metadata: &fs::Metadata) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        Ok(Self((metadata.dev(), metadata.ino())))
    }

    #[cfg(not(unix))]
    pub(super) fn of(path: &Path, _metadata: &fs::Metadata) -> io::Result<Self> {
        fs::canonicalize(path).map(Self)
    }
}

/// Whether a path leads to a file that can be read again: not to a pipe, a socket, a device or nothing.
#[must_use]
pub fn is_regular(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether both paths lead to one file: through symbolic links, hard links or another spelling. Where there is none yet:
/// whether both would make the same one.
#[must_use]
pub fn same_file(a: &Path, b: &Path) -> bool {
    let id = |path| fs::metadata(path).and_then(|metadata| FileId::of(path, &metadata));
    match (id(a), id(b)) {
        (Ok(a), Ok(b)) => a == b,
        (Err(_), Err(_)) => {
            let place = |path: &Path| {
                Some((fs::canonicalize(super::write::directory_of(path)).ok()?, path.file_name()?.to_owned()))
            };
            place(a).is_some_and(|a| Some(a) == place(b))
        }
        _ => false,
    }
}

/// Owner and group as far as we may, then the mode.
#[cfg(unix)]
pub(super) fn keep_owner_and_mode(file: &File, like: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (like.uid(), like.gid()) && fchown(file, Some(like.uid()), Some(like.gid())).is_err() {
        // Only the superuser gives files away; the group may still be one of ours. What comes of it is looked at below.
        let _ = fchown(file, None, Some(like.gid()));
    }
    let now = file.metadata()?;
    let mut mode = like.mode() & 0o7777;
    if now.uid() != like.uid() {
        mode &= !0o4000;
    }
    if now.gid() != like.gid() {
        // Another group must not get what the file's own group had: it gets what everybody has.
        mode = (mode & 0o5707) | ((mode & 0o007) << 3);
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn keep_owner_and_mode(file: &File, like: &fs::Metadata) -> io::Result<()> {
    file.set_permissions(like.permissions())
}

#[cfg(unix)]
pub(super) fn readable_by_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o044 != 0
}

#[cfg(not(unix))]
pub(super) fn readable_by_others(_metadata: &fs::Metadata) -> bool {
    false
}

/// What changes when somebody writes to a file or puts another in its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<std::time::SystemTime>,
    /// Device, inode, and the change time, which unlike the modification time cannot be set back.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Pipes and character devices. Not block devices: nobody means to write a manifest over a disk.
#[cfg(unix)]
pub(super) fn takes_bytes(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_fifo()
}

#[cfg(not(unix))]
pub(super) fn takes_bytes(metadata: &fs::Metadata) -> bool {
    !metadata.is_dir()
}

pub(super) fn kind(metadata: &fs::Metadata) -> &'static str {
    if metadata.is_dir() {
        return "a directory";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a pipe";
        } else if kind.is_socket() {
            return "a socket";
        } else if kind.is_block_device() {
            return "a block device";
        }
    }
    "a device"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_file_under_two_names_is_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::File::create(&a).unwrap();
        fs::File::create(&b).unwrap();
        assert!(same_file(&a, &dir.path().join(".").join("a")));
        assert!(!same_file(&a, &b));
        let missing = dir.path().join("missing");
        assert!(!same_file(&a, &missing));
        assert!(same_file(&missing, &dir.path().join(".").join("missing")));
        assert!(!same_file(&missing, &dir.path().join("missing too")));
        #[cfg(unix)]
        {
            let (soft, hard) = (dir.path().join("soft"), dir.path().join("hard"));
            std::os::unix::fs::symlink("a", &soft).unwrap();
            fs::hard_link(&a, &hard).unwrap();
            assert!(same_file(&soft, &hard));
        }
    }
}
