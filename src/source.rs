//! Paths, directories and stdin → named text, certificates and keys as bytes; new bytes → files, replaced atomically.
//! Never interprets what it reads: YAML and PEM are for the stages behind.
//!
//! ```no_run
//! use delegate_mtls::source;
//! use std::path::Path;
//!
//! // Every file is staged before the first is replaced: a failure up to here leaves all of them as they were.
//! let mut staged = Vec::new();
//! for path in ["a.yaml", "b.yaml"] {
//!     let input = source::read_file(Path::new(path))?;
//!     staged.push(input.stage(input.text.replace("old", "new").as_bytes())?);
//! }
//! source::commit_all(staged)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod inode;
mod read;
mod walk;
mod write;

pub use inode::{FileId, is_regular, same_file};
pub use read::{SourceError, as_text, read_bytes, read_file, read_into, read_stdin, read_stdin_bytes};
pub use walk::{Select, Visited, walk};
pub use write::{NewFile, ReplaceError, Staged, Written, commit_all, may_replace, stage};

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The most bytes that one input may have: 256 MiB. A manifest that is larger is a mistake, and is not read to its end.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What [`Source::name`] is for standard input.
pub const STDIN: &str = "<stdin>";

/// One input: its text, byte for byte as it was read (a byte order mark and CRLF included), and where it came from.
///
/// `Debug` shows the name and the length only, because a manifest holds the delegate's token.
pub struct Source {
    /// The path as the user typed it, or `<stdin>`; messages use this.
    pub name: String,
    /// The whole input, valid UTF-8, neither empty nor blank.
    pub text: String,
    origin: Origin,
}

/// Where a [`Source`] came from, and so whether and how it can be replaced.
enum Origin {
    File { path: PathBuf, id: Option<FileId> },
    Stdin,
}

impl Source {
    /// The identity of the file behind this source; `None` for stdin. Two sources with the same identity are one file.
    #[must_use]
    pub fn file_id(&self) -> Option<&FileId> {
        match &self.origin {
            Origin::File { id, .. } => id.as_ref(),
            Origin::Stdin => None,
        }
    }

    /// Whether this source was read from standard input, which cannot be replaced.
    #[must_use]
    pub fn is_stdin(&self) -> bool {
        matches!(self.origin, Origin::Stdin)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// The operating system's reason as the end of a sentence: lower case, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The word for a shell: as it is where that is safe, in single quotes otherwise.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-+@:,%".contains(c);
    let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_as_the_end_of_a_sentence() {
        assert_eq!(reason(&io::Error::from_raw_os_error(28)), "no space left on device");
        assert_eq!(reason(&io::Error::other("Odd")), "odd");
    }
}
