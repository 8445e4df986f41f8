//! A place in a text → its line as it may be shown, and what of that is meant. Never gives what is masked, nor more
//! than a terminal's few lines, whatever the text is.

use crate::check::At;
use crate::identity::escaped;
use crate::report::Shown;
use crate::report::mask::{MASKED, masked_line};
use crate::yaml::{Places, Span, slice};

/// Bytes of a line beyond which nothing of it is shown: to mask it takes time for each finding on it.
const LONGEST: usize = 8 * 1024;
/// Characters on either side of what is meant: more than is rendered, so that the renderer marks its cut.
const AROUND: usize = 200;
/// Characters of what is meant that are marked.
const MARKED: usize = 100;

/// A line, or a window of a long one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// Fit for a terminal.
    pub line: String,
    /// The bytes of `line` that are meant; empty at its end.
    pub mark: Span,
}

/// The excerpts of a text, in one pass over it if they are asked for in order.
pub(super) struct Excerpts<'t> {
    shown: &'t Shown,
    places: Places<'t>,
    last: Option<Line>,
}

/// A line without its end and without a byte order mark.
struct Line {
    number: usize,
    span: Span,
    /// `None` where it is too long.
    masked: Option<String>,
}

impl<'t> Excerpts<'t> {
    pub(super) fn new(shown: &'t Shown) -> Self {
        Excerpts { shown, places: Places::new(&shown.text), last: None }
    }

    /// The line at a place; `None` where the text does not have this place (it is another than the one that was
    /// judged), and where the line is too long.
    pub(super) fn at(&mut self, at: &At) -> Option<Excerpt> {
        let Shown { text, masks } = self.shown;
        let number = at.line?;
        text.get(at.span.clone())?;
        let is_last = |line: &Line| line.number == number && (line.span.start..=line.span.end).contains(&at.span.start);
        if !self.last.as_ref().is_some_and(is_last) {
            let span = line_at(text, at.span.start);
            let masked = (span.len() <= LONGEST).then(|| masked_line(text, &span, masks, ""));
            self.last = Some(Line { number: self.places.of(span.start).line, span, masked });
        }
        let line = self.last.as_ref().filter(|line| line.number == number)?;
        let masked = line.masked.as_deref()?;
        let start = at.span.start.clamp(line.span.start, line.span.end);
        let column = 1 + slice(text, &(line.span.start..start)).chars().count();
        if at.column.is_some_and(|other| other != column) {
            return None;
        }
        let end = if at.span.is_empty() {
            start + first_word(slice(text, &(start..line.span.end)))
        } else {
            at.span.end.clamp(start, line.span.end)
        };
        let edge = |offset| edge(masked, &masked_line(text, &(line.span.start..offset), masks, ""));
        let (from, to) = (edge(start)?, edge(end)?);
        let mut mark = from.start..to.end.max(from.start);
        if mark.is_empty() && start < end {
            // in the middle of a value: what is shown in its place
            mark.start = slice(masked, &(0..mark.end)).rfind(MASKED)?;
        }
        Some(window(masked, &mark))
    }
}

/// The line around an offset. A lone CR ends a line too (YAML 1.2 §5.4), as [`Places`] counts.
fn line_at(text: &str, offset: usize) -> Span {
    let (before, behind) = text.as_bytes().split_at_checked(offset).unwrap_or((text.as_bytes(), &[]));
    let start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |at| at + 1);
    let end = memchr::memchr2(b'\n', b'\r', behind).map_or(text.len(), |at| offset + at);
    let mark = if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    start + mark..end
}

/// How long the word is that a text starts with; where it starts with none, its first character.
fn first_word(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let word = text.find(|c| !is_word(c)).unwrap_or(text.len());
    word.max(text.chars().next().map_or(0, char::len_utf8))
}

/// Where in a masked line an offset is, by what of the line stands before it, masked too; inside of something masked,
/// the mask. `None` where that cannot be told.
fn edge(masked: &str, before: &str) -> Option<Span> {
    if masked.starts_with(before) {
        return Some(before.len()..before.len());
    }
    let same = masked.bytes().zip(before.bytes()).take_while(|(masked, before)| masked == before).count();
    masked.get(same..)?.starts_with(MASKED).then_some(same..same + MASKED.len())
}

/// What surrounds the mark, fit for a terminal.
fn window(masked: &str, mark: &Span) -> Excerpt {
    let (before, from) = masked.split_at_checked(mark.start).unwrap_or((masked, ""));
    let first = before.char_indices().rev().nth(AROUND).map_or(0, |(at, c)| at + c.len_utf8());
    let (marked, behind) = from.split_at_checked(beginning(from, MARKED).min(mark.len())).unwrap_or((from, ""));
    let parts = [slice(before, &(first..before.len())), marked, slice(behind, &(0..beginning(behind, AROUND)))];
    // a tab is white space, all other control characters are named
    let [mut line, marked, behind] = parts.map(|part| escaped(&part.replace('\t', "    ")));
    let mark = line.len()..line.len() + marked.len();
    line.extend([marked, behind]);
    Excerpt { line, mark }
}

/// The bytes of the first characters.
fn beginning(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}
