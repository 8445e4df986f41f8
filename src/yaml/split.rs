//! A stream → the byte ranges of its documents.
//!
//! A line that starts with `---` or `...` followed by white space is a document marker wherever it stands, in a block
//! scalar or a quoted one too (YAML 1.2 §9.1.2, c-forbidden), so documents can be cut apart without parsing them.

use thiserror::Error;

use super::{MAX_DOCUMENTS, Span};

/// One document with everything up to the next cut: directives and comments before its marker, the marker, the
/// content, comments behind it. Chunks follow each other without a gap, from behind the byte order mark to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// All of it. It starts at the start of a line.
    pub span: Span,
    /// Where its `---` line starts, if it has one.
    pub marker: Option<usize>,
    /// Where its `...` line starts, if it has one.
    pub end_marker: Option<usize>,
    /// Whether directives (`%YAML`, `%TAG`) stand before the marker.
    pub directives: bool,
}

/// A stream that is too large to be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("more than {MAX_DOCUMENTS} YAML documents in one stream")]
pub struct SplitError {
    /// Where the first document too many starts.
    pub offset: usize,
}

/// Cuts `text` into its documents. A text with nothing in it is one chunk.
///
/// # Errors
/// When there are more than [`MAX_DOCUMENTS`].
pub fn split(text: &str) -> Result<Vec<Chunk>, SplitError> {
    split_into(text, MAX_DOCUMENTS)
}

/// The same with another limit: a result has more documents than what it was made from.
///
/// # Errors
/// When there are more than `most`.
pub fn split_into(text: &str, most: usize) -> Result<Vec<Chunk>, SplitError> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut chunks = Vec::new();
    let mut open = Open::at(start);
    for at in markers(text, start) {
        let is_start = text.as_bytes().get(at) == Some(&b'-');
        if is_start && (open.marker.is_some() || open.has_content(text, at)) {
            push(&mut chunks, most, open.close(at))?;
            open = Open::at(at);
        }
        if is_start {
            open.directives = open.has_directives(text, at);
            open.marker = Some(at);
        } else {
            open.end_marker = Some(at);
            let next = line_after(text, at);
            push(&mut chunks, most, open.close(next))?;
            open = Open::at(next);
        }
    }
    if open.start < text.len() || chunks.is_empty() {
        push(&mut chunks, most, open.close(text.len()))?;
    }
    Ok(chunks)
}

fn push(chunks: &mut Vec<Chunk>, most: usize, chunk: Chunk) -> Result<(), SplitError> {
    if chunks.len() >= most {
        return Err(SplitError { offset: chunk.span.start });
    }
    chunks.push(chunk);
    Ok(())
}

struct Open {
    start: usize,
    marker: Option<usize>,
    end_marker: Option<usize>,
    directives: bool,
}

impl Open {
    fn at(start: usize) -> Open {
        Open { start, marker: None, end_marker: None, directives: false }
    }

    fn lines<'t>(&self, text: &'t str, end: usize) -> impl Iterator<Item = &'t str> {
        super::slice(text, &(self.start..end)).split(['\n', '\r'])
    }

    /// Whether a document without a marker stands between the start and `end`: a line that is neither blank, nor a
    /// comment, nor a directive.
    fn has_content(&self, text: &str, end: usize) -> bool {
        self.lines(text, end).any(|line| {
            let line = line.trim_start_matches('\u{feff}');
            !line.starts_with('%') && !matches!(line.trim_start().chars().next(), None | Some('#'))
        })
    }

    fn has_directives(&self, text: &str, end: usize) -> bool {
        self.lines(text, end).any(|line| line.starts_with('%'))
    }

    fn close(&self, end: usize) -> Chunk {
        Chunk { span: self.start..end, marker: self.marker, end_marker: self.end_marker, directives: self.directives }
    }
}

/// The offsets of all lines that are document markers.
fn markers(text: &str, start: usize) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    std::iter::once(start).chain(memchr::memchr2_iter(b'\n', b'\r', bytes).map(|at| at + 1)).filter(move |&at| {
        matches!(bytes.get(at..at + 3), Some(b"---" | b"..."))
            && matches!(bytes.get(at + 3), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
    })
}

/// The start of the line behind the one that `offset` is on.
fn line_after(text: &str, offset: usize) -> usize {
    let rest = text.as_bytes().get(offset..).unwrap_or_default();
    match memchr::memchr2(b'\n', b'\r', rest) {
        None => text.len(),
        Some(at) if rest.get(at..at + 2) == Some(b"\r\n") => offset + at + 2,
        Some(at) => offset + at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).unwrap().iter().map(|chunk| super::super::slice(text, &chunk.span)).collect()
    }

    #[test]
    fn cuts_at_markers_and_loses_no_byte() {
        assert_eq!(texts("a: 1\n---\nb: 1\n--- # c\nc: 1"), ["a: 1\n", "---\nb: 1\n", "--- # c\nc: 1"]);
        assert_eq!(texts("# c\n---\na: 1\n...\n# d\n---\nb: 1\n"), ["# c\n---\na: 1\n...\n", "# d\n---\nb: 1\n"]);
        assert_eq!(texts("%YAML 1.2\n---\na: 1\n---\n"), ["%YAML 1.2\n---\na: 1\n", "---\n"]);
        assert_eq!(texts("\u{feff}---\na: 1\n"), ["---\na: 1\n"]);
        assert_eq!(texts("a: |\r\n  x\r\n---\r\nb: 1"), ["a: |\r\n  x\r\n", "---\r\nb: 1"]);
        assert_eq!(texts(""), [""]);
        assert_eq!(texts("---"), ["---"]);
    }

    #[test]
    fn three_dashes_inside_a_line_or_a_word_are_no_marker() {
        assert_eq!(texts("a: |\n  ---\n---b: 1\n# ---\n").len(), 1);
    }

    #[test]
    fn knows_markers_and_directives() {
        let chunks = split("%TAG ! !x\n---\na: 1\n...\n").unwrap();
        assert_eq!(chunks, [Chunk { span: 0..23, marker: Some(10), end_marker: Some(19), directives: true }]);
    }
}
