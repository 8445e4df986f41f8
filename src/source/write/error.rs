//! Why a file could not be written, in words.

use std::io;

use super::super::{STDIN, reason, shell};

/// Why a file could not be written. Whatever the reason, the file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// Standard input cannot be edited in place.
    #[error("{STDIN}: cannot be edited in place")]
    Stdin,
    /// A device, a pipe or a socket, which no rename may replace and nothing may be written to.
    #[error("{name}: is {what}, not a regular file")]
    NotRegular {
        /// The path as the user typed it.
        name: String,
        /// What it is, with its article.
        what: &'static str,
    },
    /// The path is a symbolic link, and what it points to does not exist.
    #[error("{name}: is a symbolic link to `{target}`, which does not exist")]
    Dangling {
        /// The path as the user typed it.
        name: String,
        /// What the link says.
        target: String,
    },
    /// The directory of a file that is to be created does not exist.
    #[error("{name}: there is no directory `{directory}`")]
    NoDirectory {
        /// The path as the user typed it.
        name: String,
        /// Its directory.
        directory: String,
    },
    /// The file's mode or file system does not let us write to it; we do not get round that with a rename.
    #[error("{name}: is write-protected: {}", reason(.cause))]
    Protected {
        /// The path as the user typed it.
        name: String,
        /// What the operating system said.
        cause: io::Error,
    },
    /// No file can be made beside the real one.
    #[error("{name}: no file can be made in its directory `{directory}`: {}", reason(.cause))]
    ProtectedDirectory {
        /// The path as the user typed it.
        name: String,
        /// The directory of the real file.
        directory: String,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Somebody wrote to the file after we had read it.
    #[error("{name}: has changed since it was read")]
    Changed {
        /// The path as the user typed it.
        name: String,
    },
    /// Somebody created the file after we had seen that there was none.
    #[error("{name}: has come into being since we looked")]
    Appeared {
        /// The path as the user typed it.
        name: String,
    },
    /// Anything else that the operating system answers.
    #[error("{name}: cannot be written: {}", reason(.cause))]
    Write {
        /// The path as the user typed it.
        name: String,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Of several files, a rename failed after others had succeeded.
    #[error("{cause} (already written: {})", .written.join(", "))]
    Partly {
        /// The files that hold their new content, as the user typed them.
        written: Vec<String>,
        /// Why the next one does not.
        cause: Box<ReplaceError>,
    },
}

impl ReplaceError {
    /// What to do about it, in one line; `None` where the message says it already.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Stdin => "leave out `-i`: the result goes to standard output".to_owned(),
            Self::NotRegular { .. } => {
                "name a regular file, or leave the option out to write to standard output".to_owned()
            }
            Self::Dangling { .. } => "create the file that the link points to, or name that file itself".to_owned(),
            Self::NoDirectory { directory, .. } => {
                format!("create it first: `mkdir -p {}`", shell(directory))
            }
            Self::Protected { name, .. } => {
                format!("allow it: `chmod u+w {}`, or write elsewhere with `-o FILE`", shell(name))
            }
            Self::ProtectedDirectory { .. } => {
                "a file is replaced through a new one beside it; write elsewhere with `-o FILE`".to_owned()
            }
            Self::Changed { .. } | Self::Appeared { .. } => "nothing was written to it; run again".to_owned(),
            Self::Write { cause, .. } if cause.kind() == io::ErrorKind::ResourceBusy => {
                "it is a mount point of its own; write elsewhere with `-o FILE` and copy".to_owned()
            }
            Self::Write { .. } => return None,
            Self::Partly { .. } => "mend the cause and run again: what is done already stays as it is".to_owned(),
        };
        Some(help)
    }

    /// Whether the reader of a pipe went away, which is no failure of ours and stays quiet.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { cause, .. } if cause.kind() == io::ErrorKind::BrokenPipe)
    }
}
