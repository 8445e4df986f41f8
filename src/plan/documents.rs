//! Whole documents: where a new one goes into the stream, and how one is taken out again.

use super::value::{Value, Writer};
use super::{DocumentChange, Plan};
use crate::delegate::Stream;
use crate::edit::Edit;
use crate::yaml::{Chunk, Kind, ScalarStyle, Span, slice};

/// Where a new document goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// Behind this document.
    Behind(usize),
    /// Before this document, whose leading comments stay with it.
    Before(usize),
}

impl Plan {
    pub(super) fn document(&mut self, number: usize) -> &mut DocumentChange {
        self.documents.entry(number).or_default()
    }

    /// Inserts a document with the separators that the stream has.
    pub(super) fn insert_document(&mut self, stream: &Stream<'_>, slot: Slot, value: Value) {
        let page = Page { stream };
        let (number, edit) = match slot {
            Slot::Behind(number) => (number + 1, page.behind(number, &value)),
            Slot::Before(number) => (number, page.before(number, &value)),
        };
        self.edits.push(edit);
        self.document(number).inserted_before.push(value);
    }

    /// Takes a document out, so that what [`Plan::insert_document`] put in leaves no trace.
    pub(super) fn remove_document(&mut self, stream: &Stream<'_>, number: usize) {
        let page = Page { stream };
        let is_gone = |number: &usize| self.documents.get(number).is_some_and(|document| document.removed);
        let mut span = page.removal(number);
        // one without a marker takes that of the next along, and the last one the blank lines before it
        if let Some(before) = number.checked_sub(1).filter(is_gone) {
            span.start = span.start.max(page.removal(before).end);
        }
        if is_gone(&(number + 1)) {
            span.end = span.end.min(page.removal(number + 1).start);
        }
        if page.chunk(number).is_some_and(|chunk| span.end < chunk.span.end) {
            // the comment that stays comes to stand in the document before, or in the one behind: its bytes change
            self.document(number.checked_sub(1).unwrap_or(number + 1));
        }
        self.edits.push(Edit { span, text: String::new(), masks: Vec::new() });
        self.document(number).removed = true;
    }
}

struct Page<'s, 't> {
    stream: &'s Stream<'t>,
}

impl Page<'_, '_> {
    fn text(&self, span: &Span) -> &str {
        slice(self.stream.text, span)
    }

    fn chunk(&self, number: usize) -> Option<&Chunk> {
        self.stream.chunks.get(number)
    }

    /// Behind a document: right before the next one's marker, or at the end of the text.
    fn behind(&self, number: usize, value: &Value) -> Edit {
        let Some(chunk) = self.chunk(number) else { return insertion(self.stream.text.len(), self.writer(0)) };
        let gap = match chunk.marker {
            Some(_) => self.blanks_after_marker(chunk),
            None => self.chunk(number + 1).map_or(0, |next| self.blanks_after_marker(next)),
        };
        let mut writer = self.writer(chunk.span.end);
        if let Some(end_marker) = chunk.end_marker {
            // after a `...` the next document may begin with directives: ours ends with `...` too
            let needs_line = !self.text(&(end_marker..chunk.span.end)).ends_with(['\n', '\r']);
            if needs_line {
                writer.line(0);
            }
            self.write(&mut writer, gap, value, 0);
            writer.push("...");
            if !needs_line {
                writer.line(0);
            }
            return insertion(chunk.span.end, writer);
        }
        if number + 1 < self.stream.chunks.len() {
            self.write(&mut writer, gap, value, self.blanks_at_end(chunk));
            return insertion(chunk.span.end, writer);
        }
        let blanks = self.blanks_behind(number);
        if self.text(&chunk.span).ends_with(['\n', '\r']) {
            (0..blanks).for_each(|_| writer.line(0));
            self.write(&mut writer, gap, value, 0);
        } else {
            // no final newline: ours has none either
            (0..=blanks).for_each(|_| writer.line(0));
            writer.push("---");
            (0..gap).for_each(|_| writer.line(0));
            writer.line(0);
            write_body(&mut writer, value);
        }
        insertion(chunk.span.end, writer)
    }

    /// Before a document: right before its marker; where it has none, at the very beginning.
    fn before(&self, number: usize, value: &Value) -> Edit {
        let Some(chunk) = self.chunk(number) else { return insertion(self.stream.text.len(), self.writer(0)) };
        match chunk.marker {
            Some(marker) => {
                let previous = number.checked_sub(1).and_then(|previous| self.chunk(previous));
                let blanks = previous.map_or(0, |previous| self.blanks_at_end(previous));
                let mut writer = self.writer(marker);
                self.write(&mut writer, self.blanks_after_marker(chunk), value, blanks);
                insertion(marker, writer)
            }
            None => {
                let (before, after) = self.separator(number + 1);
                let mut writer = self.writer(chunk.span.start);
                write_body(&mut writer, value);
                (0..before).for_each(|_| writer.line(0));
                writer.line(0);
                writer.push("---");
                (0..=after).for_each(|_| writer.line(0));
                insertion(chunk.span.start, writer)
            }
        }
    }

    /// `---`, blank lines, the body, blank lines.
    fn write(&self, writer: &mut Writer, gap: usize, value: &Value, blanks: usize) {
        writer.push("---");
        (0..=gap).for_each(|_| writer.line(0));
        write_body(writer, value);
        (0..=blanks).for_each(|_| writer.line(0));
    }

    /// A writer with the line end of the text around `offset`.
    fn writer(&self, offset: usize) -> Writer {
        let bytes = self.stream.text.as_bytes();
        let near = |at: usize| match (bytes.get(at), at.checked_sub(1).and_then(|before| bytes.get(before))) {
            (Some(b'\n'), Some(b'\r')) => "\r\n",
            (Some(b'\r'), _) => "\r",
            _ => "\n",
        };
        let before = memchr::memrchr2(b'\n', b'\r', bytes.get(..offset).unwrap_or_default());
        let line_break = match before {
            Some(at) => near(at),
            None => match memchr::memchr2(b'\n', b'\r', bytes.get(offset..).unwrap_or_default()) {
                Some(at) if bytes.get(offset + at..offset + at + 2) == Some(b"\r\n") => "\r\n",
                Some(at) => near(offset + at),
                None => "\n",
            },
        };
        Writer::new(line_break, 0)
    }

    /// How many blank lines stand between a document's marker and its first line with anything on it.
    fn blanks_after_marker(&self, chunk: &Chunk) -> usize {
        let Some(marker) = chunk.marker else { return 0 };
        let lines = lines(self.text(&(marker..chunk.span.end)));
        lines.iter().skip(1).take_while(|line| line.trim().is_empty()).count().min(lines.len().saturating_sub(2))
    }

    /// How many blank lines stand at the end of a document.
    fn blanks_at_end(&self, chunk: &Chunk) -> usize {
        let lines = lines(self.text(&chunk.span));
        // the last piece is what stands behind the last line end: nothing
        lines.iter().rev().skip(1).take_while(|line| line.trim().is_empty()).count()
    }

    /// Blank lines before and behind the first marker of the stream that is a document's, from document `from` on.
    fn separator(&self, from: usize) -> (usize, usize) {
        let found = self.stream.chunks.get(from..).unwrap_or_default().iter().zip(from..);
        let mut marked = found.filter(|(chunk, _)| chunk.marker.is_some());
        marked.next().map_or((0, 0), |(chunk, number)| {
            let before = self.chunk(number - 1).map_or(0, |previous| self.blanks_at_end(previous));
            (before, self.blanks_after_marker(chunk))
        })
    }

    /// How many blank lines go between the last document, which is this one, and a new one: as many as stand before the
    /// first marker of the stream. None behind a block scalar, to which they might belong.
    fn blanks_behind(&self, number: usize) -> usize {
        let Ok(document) = self.stream.document(number) else { return 0 };
        let last = std::iter::successors(document.root(), |&node| document.last_child(node)).last();
        let is_block = last.is_some_and(|leaf| {
            matches!(document.kind(leaf), Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded))
        });
        // the marker of what was put in behind it tells nothing
        let first =
            self.stream.chunks.iter().enumerate().skip(1).take(number).find(|(_, chunk)| chunk.marker.is_some());
        match first.and_then(|(first, _)| self.chunk(first - 1)) {
            Some(before) if !is_block => self.blanks_at_end(before),
            _ => 0,
        }
    }

    fn removal(&self, number: usize) -> Span {
        let Some(chunk) = self.chunk(number) else { return 0..0 };
        let Some(next) = self.chunk(number + 1) else { return self.removal_of_last(number, chunk) };
        match chunk.marker {
            Some(marker) => marker..self.without_trailing_comments(chunk),
            // an implicit first document: the next one's marker and the blank lines behind it came with it
            None => {
                // nor did they behind an end marker, and what stands there is the next one's
                let Some(marker) = next.marker.filter(|_| chunk.end_marker.is_none()) else {
                    return chunk.span.clone();
                };
                let is_alone = self.text(&(marker..self.next_line(marker))).trim() == "---";
                let is_empty = self.text(&(marker..next.span.end)).trim() == "---";
                if !is_alone || is_empty {
                    // what stands on the marker's line was there before, and a document of a marker alone is one
                    return chunk.span.start..marker;
                }
                let (_, after) = self.separator(number + 2);
                let mut end = marker;
                for _ in 0..=after {
                    end = self.next_line(end);
                }
                let rest = self.text(&(self.next_line(marker)..end));
                chunk.span.start..if rest.trim().is_empty() { end } else { self.next_line(marker) }
            }
        }
    }

    fn removal_of_last(&self, number: usize, chunk: &Chunk) -> Span {
        let Some((marker, previous)) = chunk.marker.zip(number.checked_sub(1)) else { return chunk.span.clone() };
        let mut before = self.stream.text.get(..marker).unwrap_or_default();
        if self.chunk(previous).is_some_and(|previous| previous.end_marker.is_none()) {
            for _ in 0..self.blanks_behind(previous) {
                before = without_line_end(before).filter(|rest| rest.ends_with(['\n', '\r'])).unwrap_or(before);
            }
        }
        if self.text(&chunk.span).ends_with(['\n', '\r']) {
            return before.len()..self.without_trailing_comments(chunk);
        }
        without_line_end(before).map_or(before.len(), str::len)..chunk.span.end
    }

    /// The end of a document, or the start of the whole-line comments behind its last line of content.
    fn without_trailing_comments(&self, chunk: &Chunk) -> usize {
        let text = self.text(&chunk.span);
        let mut end = chunk.span.end;
        let mut at = chunk.span.end;
        for line in text.split_inclusive('\n').rev() {
            let trimmed = line.trim();
            at -= line.len();
            if trimmed.starts_with('#') {
                end = at;
            } else if !trimmed.is_empty() {
                break;
            }
        }
        if chunk.marker.is_some_and(|marker| end <= marker) { chunk.span.end } else { end }
    }

    fn next_line(&self, offset: usize) -> usize {
        let rest = self.stream.text.as_bytes().get(offset..).unwrap_or_default();
        match memchr::memchr2(b'\n', b'\r', rest) {
            None => self.stream.text.len(),
            Some(at) if rest.get(at..at + 2) == Some(b"\r\n") => offset + at + 2,
            Some(at) => offset + at + 1,
        }
    }
}

/// The lines of a text; the last piece is what stands behind the last line end.
fn lines(text: &str) -> Vec<&str> {
    if text.contains('\n') { text.split('\n').collect() } else { text.split('\r').collect() }
}

fn without_line_end(text: &str) -> Option<&str> {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix(['\n', '\r']))
}

fn write_body(writer: &mut Writer, value: &Value) {
    if let Value::Mapping(entries) = value {
        writer.entries(entries, 0);
    }
}

fn insertion(offset: usize, writer: Writer) -> Edit {
    writer.into_edit(offset..offset)
}
