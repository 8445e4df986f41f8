//! A path or stdin → text, or bytes; bounded, and every way to fail has its own message.
//! Never more than one byte over the limit is read, whatever the file says of its length.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use zeroize::{Zeroize as _, Zeroizing};

use super::{FileId, MAX_BYTES, Origin, STDIN, Source, reason, shell};

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
    pub(super) fn at(path: &Path, cause: io::Error) -> Self {
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

/// Reads one manifest; its bytes stay as they are.
///
/// A named pipe works too (`<(…)` in a shell); it is read until its writer closes it.
///
/// # Errors
///
/// When it cannot be opened or read, is larger than [`MAX_BYTES`], blank, or not UTF-8.
pub fn read_file(path: &Path) -> Result<Source, SourceError> {
    let name = path.display().to_string();
    let (file, metadata) = open(path)?;
    let id = FileId::of(path, &metadata).ok();
    let bytes = bounded(file, metadata.len(), MAX_BYTES, &name)?;
    Ok(Source { text: text(bytes, &name)?, name, origin: Origin::File { path: path.to_owned(), id } })
}

/// Reads one manifest from standard input.
///
/// # Errors
///
/// As [`read_file`], and when standard input is a terminal, where waiting would look like hanging.
pub fn read_stdin(stdin: impl Read + IsTerminal) -> Result<Source, SourceError> {
    let bytes = read_stdin_bytes(stdin, MAX_BYTES)?;
    Ok(Source { text: text(bytes, STDIN)?, name: STDIN.to_owned(), origin: Origin::Stdin })
}

/// Reads a file of at most [`MAX_BYTES`] bytes, whatever is in it, into a buffer that serves for many: what was in the
/// buffer is gone, and nothing is wiped. Whoever finds a secret in it wipes it.
///
/// # Errors
///
/// When it cannot be opened or read, is a directory, or is larger than [`MAX_BYTES`].
pub fn read_into(path: &Path, bytes: &mut Vec<u8>) -> Result<(), SourceError> {
    bytes.clear();
    let (file, metadata) = open(path)?;
    fill(bytes, file, metadata.len(), MAX_BYTES, &path.display().to_string())
}

/// Reads a certificate or key file of at most `limit` bytes, whatever is in it; even an empty one is for the caller to
/// judge. No copy of the bytes stays behind in memory.
///
/// # Errors
///
/// When it cannot be opened or read, is a directory, or has more than `limit` bytes.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, SourceError> {
    let (file, metadata) = open(path)?;
    bounded(file, metadata.len(), limit, &path.display().to_string())
}

/// The same from standard input.
///
/// # Errors
///
/// As [`read_bytes`], and when standard input is a terminal, where waiting would look like hanging.
pub fn read_stdin_bytes(stdin: impl Read + IsTerminal, limit: u64) -> Result<Zeroizing<Vec<u8>>, SourceError> {
    if stdin.is_terminal() {
        return Err(SourceError::Terminal);
    }
    bounded(stdin, 0, limit, STDIN)
}

fn open(path: &Path) -> Result<(File, fs::Metadata), SourceError> {
    let file = File::open(path).map_err(|cause| SourceError::at(path, cause))?;
    let metadata = file.metadata().map_err(|cause| SourceError::at(path, cause))?;
    if metadata.is_dir() {
        // opening a directory for reading succeeds on Unix; only reading it would fail
        return Err(SourceError::Directory { name: path.display().to_string() });
    }
    Ok((file, metadata))
}

fn bounded(reader: impl Read, expected: u64, limit: u64, name: &str) -> Result<Zeroizing<Vec<u8>>, SourceError> {
    let mut bytes = Zeroizing::default();
    fill(&mut bytes, reader, expected, limit, name)?;
    Ok(bytes)
}

/// Reads to the end, or to one byte over the limit, into an empty buffer. `expected` is a hint (0 for a pipe), never
/// trusted.
///
/// `Vec` would grow by copying and leave the old block, with a key in it, behind; here it is zeroed.
fn fill(bytes: &mut Vec<u8>, mut reader: impl Read, expected: u64, limit: u64, name: &str) -> Result<(), SourceError> {
    let too_large = || SourceError::TooLarge { name: name.to_owned(), limit };
    let most = usize::try_from(limit.saturating_add(1)).unwrap_or(usize::MAX);
    if expected > limit {
        return Err(too_large());
    }
    // one byte more than expected, so that the end is seen without growing
    let expected = usize::try_from(expected).unwrap_or(usize::MAX).saturating_add(1);
    bytes.reserve_exact(expected.max(8 * 1024).min(most));
    loop {
        let room = (bytes.capacity() - bytes.len()).min(most - bytes.len());
        let read = (&mut reader)
            .take(room as u64)
            .read_to_end(bytes)
            .map_err(|cause| SourceError::Read { name: name.to_owned(), cause })?;
        if bytes.len() >= most {
            return Err(too_large());
        }
        if read < room {
            return Ok(());
        }
        let mut larger = Vec::with_capacity(bytes.capacity().saturating_mul(2).min(most));
        larger.extend_from_slice(bytes);
        std::mem::replace(bytes, larger).zeroize();
    }
}

/// The bytes as text, owned.
fn text(mut bytes: Zeroizing<Vec<u8>>, name: &str) -> Result<String, SourceError> {
    as_text(&bytes, name)?;
    String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| not_utf8(error.as_bytes(), error.utf8_error(), name))
}

/// The bytes as text, or why they are none. `name` is for the error.
///
/// # Errors
///
/// When they are blank, UTF-16, or not UTF-8 for another reason.
pub fn as_text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, SourceError> {
    // YAML 1.2 §5.2 allows UTF-16; Kubernetes' tools do not read it. The first character of a manifest is ASCII, so
    // without a byte order mark one of the first two bytes is NUL.
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        return Err(SourceError::Utf16 { name: name.to_owned() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error, name))?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(SourceError::Empty { name: name.to_owned() });
    }
    Ok(text)
}

fn not_utf8(bytes: &[u8], error: std::str::Utf8Error, name: &str) -> SourceError {
    let (valid, rest) = bytes.split_at(error.valid_up_to().min(bytes.len()));
    let before = String::from_utf8_lossy(valid);
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    SourceError::NotUtf8 {
        name: name.to_owned(),
        line: before.matches('\n').count() + 1,
        column: last_line.trim_start_matches('\u{feff}').chars().count() + 1,
        byte: rest.first().copied().unwrap_or_default(),
    }
}

/// `256 MiB` where it is whole, else bytes.
fn size(bytes: u64) -> String {
    const MEBI: u64 = 1024 * 1024;
    const KIBI: u64 = 1024;
    match bytes {
        n if n >= MEBI && n % MEBI == 0 => format!("{} MiB", n / MEBI),
        n if n >= KIBI && n % KIBI == 0 => format!("{} KiB", n / KIBI),
        n => format!("{n} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::path::PathBuf;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn error_of(bytes: &[u8]) -> String {
        let file = file(bytes);
        let error = read_file(file.path()).unwrap_err();
        assert!(error.help().is_some());
        error.to_string().replace(&file.path().display().to_string(), "x.yaml")
    }

    #[test]
    fn keeps_every_byte() {
        for text in ["\u{feff}a: 1\r\n", "a: ü", "---\n...\n", "a: 1\n\n\n", "a"] {
            assert_eq!(read_file(file(text.as_bytes()).path()).unwrap().text, text);
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let source = read_file(file(b"DELEGATE_TOKEN: c2VjcmV0").path()).unwrap();
        assert!(!format!("{source:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn a_missing_file_a_directory_and_a_dangling_link_each_say_so() {
        let dir = tempfile::tempdir().unwrap();
        let name = |name: &str| dir.path().join(name);
        let said = |path: PathBuf| {
            let error = read_file(&path).unwrap_err();
            assert_eq!(error.to_string(), read_bytes(&path, 10).unwrap_err().to_string());
            error.to_string().replace(&format!("{}/", dir.path().display()), "")
        };
        assert_eq!(said(name("missing.yaml")), "missing.yaml: no such file");
        fs::create_dir(name("dir")).unwrap();
        assert_eq!(said(name("dir")), "dir: is a directory, not a file");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("gone.yaml", name("link")).unwrap();
            assert_eq!(said(name("link")), "link: is a symbolic link to `gone.yaml`, which does not exist");
            std::os::unix::fs::symlink("loop", name("loop")).unwrap();
            assert_eq!(said(name("loop")), "loop: cannot be read: too many levels of symbolic links");
        }
        fs::File::create(name("plain")).unwrap();
        assert_eq!(said(name("plain/below")), format!("plain/below: cannot be read: {}", "not a directory"));
    }

    #[test]
    #[cfg(unix)]
    fn an_unreadable_file_says_permission_denied() {
        use std::os::unix::fs::PermissionsExt;
        let file = file(b"a: 1\n");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o0)).unwrap();
        // the superuser may read everything: then the answer is the text
        match File::open(file.path()) {
            Ok(_) => assert!(read_file(file.path()).is_ok()),
            Err(_) => assert!(matches!(read_file(file.path()), Err(SourceError::Permission { .. }))),
        }
        let cause = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(SourceError::at(Path::new("x.yaml"), cause).to_string(), "x.yaml: permission denied");
    }

    #[test]
    #[cfg(unix)]
    fn help_with_a_directory_opens_it_and_help_with_a_file_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("closed")).unwrap();
        fs::File::create(at("x.yaml")).unwrap();
        std::os::unix::fs::symlink("closed/gone", at("link")).unwrap();
        let help = |name: &str| {
            let error = SourceError::at(&at(name), io::ErrorKind::PermissionDenied.into());
            error.help().unwrap().replace(&format!("{}/", folder.path().display()), "")
        };
        let opens = |what: &str| format!("let yourself read it: `chmod {what}`, or run as its owner");
        assert_eq!(help("x.yaml"), opens("u+r x.yaml"));
        assert_eq!(help("closed"), opens("u+rx closed"));
        // nothing in it can be seen, so what keeps us out is the last that can
        assert_eq!(help("closed/a/b.yaml"), opens("u+rx closed"));
        assert_eq!(help("link"), opens("u+r link"));
    }

    #[test]
    fn blank_input_is_an_error() {
        for blank in ["", "\n", " \t\r\n\n", "\u{feff}", "\u{feff}\n"] {
            assert_eq!(error_of(blank.as_bytes()), "x.yaml: is empty", "{blank:?}");
        }
    }

    #[test]
    fn names_utf_16_with_and_without_a_byte_order_mark() {
        let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        for bytes in [little("\u{feff}a: 1"), big("\u{feff}a: 1"), little("a: 1"), big("a: 1")] {
            assert_eq!(error_of(&bytes), "x.yaml: is UTF-16 text, not UTF-8");
        }
    }

    #[test]
    fn places_the_first_byte_that_is_not_utf_8() {
        assert_eq!(error_of(b"\xe9"), "x.yaml:1:1: byte 0xe9 is not valid UTF-8");
        assert_eq!(error_of(b"a: 1\nb: \xc3\xbc\xff"), "x.yaml:2:5: byte 0xff is not valid UTF-8");
        assert_eq!(error_of(b"\xef\xbb\xbfa\xff\xfe"), "x.yaml:1:2: byte 0xff is not valid UTF-8");
        assert_eq!(error_of(b"a\r\n\xe2\x82"), "x.yaml:2:1: byte 0xe2 is not valid UTF-8");
    }

    #[test]
    fn a_terminal_is_refused_and_a_pipe_is_read() {
        let piped = file(b"a: 1\n");
        let source = read_stdin(piped.reopen().unwrap()).unwrap();
        assert_eq!((source.name.as_str(), source.text.as_str()), ("<stdin>", "a: 1\n"));
        assert!(source.is_stdin() && source.file_id().is_none());
        let empty = read_stdin(file(b"").reopen().unwrap()).unwrap_err();
        assert_eq!(empty.to_string(), "<stdin>: is empty");
        assert!(empty.help().unwrap().contains("pipe"));
        #[cfg(target_os = "linux")]
        {
            let terminal = File::open("/dev/ptmx").unwrap();
            let error = read_stdin(terminal).unwrap_err();
            assert_eq!(error.to_string(), "<stdin>: is a terminal, and no file was named");
        }
    }

    /// Counts what was asked of it, and never ends.
    struct Endless(u64);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let some = buffer.len().min(1000);
            buffer[..some].fill(b'a');
            self.0 += some as u64;
            Ok(some)
        }
    }

    #[test]
    fn never_reads_more_than_one_byte_over_the_limit() {
        for limit in [0, 1, 31, 8191, 8192, 100_000] {
            let mut endless = Endless(0);
            let error = bounded(&mut endless, 0, limit, "x.yaml").unwrap_err();
            assert!(matches!(error, SourceError::TooLarge { .. }));
            assert_eq!(endless.0, limit + 1);
        }
    }

    #[test]
    fn reads_up_to_the_limit_whatever_length_was_expected() {
        for length in [0, 1, 31, 32, 33, 8191, 8192, 8193, 20_000] {
            let bytes = vec![b'a'; length];
            for expected in [0, length as u64 / 2, length as u64] {
                let read = bounded(bytes.as_slice(), expected, length as u64, "x").unwrap();
                assert_eq!(read.len(), length);
            }
            if length > 0 {
                assert!(bounded(bytes.as_slice(), 0, length as u64 - 1, "x").is_err());
            }
        }
    }

    #[test]
    fn a_buffer_serves_for_many_files() {
        let mut buffer = Vec::new();
        for text in ["a longer text", "", "short"] {
            read_into(file(text.as_bytes()).path(), &mut buffer).unwrap();
            assert_eq!(buffer, text.as_bytes());
        }
        let dir = tempfile::tempdir().unwrap();
        let error = read_into(&dir.path().join("missing"), &mut buffer).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: no such file", error.name()));
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_size_over_the_limit_is_told_in_round_numbers() {
        let file = file(&[b'a'; 2049]);
        let error = read_bytes(file.path(), 2048).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: is larger than 2 KiB", file.path().display()));
        assert_eq!([size(MAX_BYTES), size(10)], ["256 MiB", "10 bytes"]);
        #[cfg(target_os = "linux")]
        assert!(matches!(read_bytes(Path::new("/dev/zero"), 4096), Err(SourceError::TooLarge { .. })));
    }
}
