//! Why an input could not be read, in words.

use std::fs;
use std::io;
use std::path::Path;

use super::super::{STDIN, reason, shell};

/// Why an input could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is nothing at that path.
    #[error("{name}: no such file")]
    Missing {
        /// The path as the user typed it.
        name: String,
    },
    /// The path is a symbolic link, and what it points to does not exist.
    #[error("{name}: is a symbolic link to `{target}`, which does not exist")]
    Dangling {
        /// The path as the user typed it.
        name: String,
        /// What the link says.
        target: String,
    },
    /// The path is a directory.
    #[error("{name}: is a directory, not a file")]
    Directory {
        /// The path as the user typed it.
        name: String,
    },
    /// The operating system does not let us read it.
    #[error("{name}: permission denied")]
    Permission {
        /// The path as the user typed it.
        name: String,
        /// The directory that has to be opened up, where it is not the file.
        directory: Option<String>,
    },
    /// It goes on after the limit.
    #[error("{name}: is larger than {}", size(*.limit))]
    TooLarge {
        /// The path as the user typed it, or `<stdin>`.
        name: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// Nothing in it, or only white space.
    #[error("{name}: is empty")]
    Empty {
        /// The path as the user typed it, or `<stdin>`.
        name: String,
    },
    /// A byte order mark, or NUL bytes at the start, tell UTF-16 (or UTF-32).
    #[error("{name}: is UTF-16 text, not UTF-8")]
    Utf16 {
        /// The path as the user typed it, or `<stdin>`.
        name: String,
    },
    /// A byte that cannot stand where it stands in UTF-8.
    #[error("{name}:{line}:{column}: byte 0x{byte:02x} is not valid UTF-8")]
    NotUtf8 {
        /// The path as the user typed it, or `<stdin>`.
        name: String,
        /// Line of the first bad byte, from 1.
        line: usize,
        /// Column of the first bad byte in characters, from 1.
        column: usize,
        /// The first bad byte.
        byte: u8,
    },
    /// Standard input is a terminal: nobody wants to type a manifest.
    #[error("{STDIN}: is a terminal, and no file was named")]
    Terminal,
    /// Anything else that the operating system answers.
    #[error("{name}: cannot be read: {}", reason(.cause))]
    Read {
        /// The path as the user typed it, or `<stdin>`.
        name: String,
        /// What the operating system said.
        cause: io::Error,
    },
}

impl SourceError {
    /// The input it is about: the path as the user typed it, or `<stdin>`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Missing { name }
            | Self::Dangling { name, .. }
            | Self::Directory { name }
            | Self::Permission { name, .. }
            | Self::TooLarge { name, .. }
            | Self::Empty { name }
            | Self::Utf16 { name }
            | Self::NotUtf8 { name, .. }
            | Self::Read { name, .. } => name,
            Self::Terminal => STDIN,
        }
    }

    /// The line and column that it is about, from 1.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::NotUtf8 { line, column, .. } => Some((*line, *column)),
            _ => None,
        }
    }

    /// What is the matter, without the name and the place.
    #[must_use]
    pub fn why(&self) -> String {
        let text = self.to_string();
        let behind = text.strip_prefix(self.name()).unwrap_or(&text);
        let place = self.place().map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        let behind = behind.strip_prefix(&place).unwrap_or(behind);
        behind.trim_start_matches([':', ' ']).to_owned()
    }

    /// What to do about it, in one line; `None` where the message says it already.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Missing { .. } | Self::Read { .. } => return None,
            Self::Dangling { .. } => "point the link at a file that exists, or name that file itself".to_owned(),
            Self::Directory { name } => {
                format!("name the files in it, for example `{}/*.yaml`", shell(name.trim_end_matches('/')))
            }
            Self::Permission { directory: Some(directory), .. } => {
                format!("let yourself read it: `chmod u+rx {}`, or run as its owner", shell(directory))
            }
            Self::Permission { name, directory: None } => {
                format!("let yourself read it: `chmod u+r {}`, or run as its owner", shell(name))
            }
            Self::TooLarge { .. } => "split it, and run once per part".to_owned(),
            Self::Empty { name } if name == STDIN => {
                "the command before the pipe printed nothing: run it alone, or with `set -o pipefail`".to_owned()
            }
            Self::Empty { .. } => "download or save the file again".to_owned(),
            Self::Utf16 { .. } => {
                "PowerShell's `>` writes this; convert it: `iconv -f UTF-16 -t UTF-8 FILE > NEW`".to_owned()
            }
            Self::NotUtf8 { .. } => {
                "save it as UTF-8; if it is Latin-1: `iconv -f LATIN1 -t UTF-8 FILE > NEW`".to_owned()
            }
            Self::Terminal => "name a file, or pipe one in: `delegate-mtls … < FILE`".to_owned(),
        };
        Some(help)
    }

    /// The operating system's answer about a path, as the error the user can act on.
    pub(in super::super) fn at(path: &Path, cause: io::Error) -> Self {
        let name = path.display().to_string();
        match cause.kind() {
            io::ErrorKind::NotFound => match fs::read_link(path) {
                Ok(target) => Self::Dangling { name, target: target.display().to_string() },
                Err(_) => Self::Missing { name },
            },
            io::ErrorKind::PermissionDenied => {
                let directory = closed_directory(path).map(|directory| directory.display().to_string());
                Self::Permission { name, directory }
            }
            io::ErrorKind::IsADirectory => Self::Directory { name },
            _ => Self::Read { name, cause },
        }
    }
}

/// The directory that keeps a path from being read: the path itself, or the one above it that lets nobody further.
fn closed_directory(path: &Path) -> Option<&Path> {
    let is_directory = |path: &Path| fs::metadata(path).map(|metadata| metadata.is_dir());
    match is_directory(path) {
        Ok(is_directory) => Some(path).filter(|_| is_directory),
        // what is behind a symbolic link stands elsewhere than its name says
        Err(_) if fs::symlink_metadata(path).is_ok() => None,
        // it lets nobody further, if it can be seen itself
        Err(_) => path.ancestors().skip(1).find(|above| is_directory(above).is_ok_and(|is_directory| is_directory)),
    }
}

/// `256 MiB` where it is whole, else bytes.
pub(super) fn size(bytes: u64) -> String {
    const MEBI: u64 = 1024 * 1024;
    const KIBI: u64 = 1024;
    match bytes {
        n if n >= MEBI && n % MEBI == 0 => format!("{} MiB", n / MEBI),
        n if n >= KIBI && n % KIBI == 0 => format!("{} KiB", n / KIBI),
        n => format!("{n} bytes"),
    }
}
