//! A path or stdin → text, or bytes; bounded, and every way to fail has its own message.
//! Never more than one byte over the limit is read, whatever the file says of its length.

mod error;

pub use error::SourceError;

use std::fs::{self, File};
use std::io::{IsTerminal, Read};
use std::path::Path;

use zeroize::{Zeroize as _, Zeroizing};

use super::{FileId, MAX_BYTES, Origin, STDIN, Source};

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

#[cfg(test)]
mod tests;
