//! Byte offsets → what a person reads: line and column.

use std::fmt;

use super::Span;

/// A position in a text as editors show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1; a byte order mark does not count.
    pub column: usize,
}

impl Place {
    /// The place of the byte at `offset` in `text`, in time linear in `offset`; for many see [`Places`].
    pub fn of(text: &str, offset: usize) -> Place {
        Places::new(text).of(offset)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The places of many offsets, in any order: the text is gone through once, as far as it is asked for.
#[derive(Debug)]
pub struct Places<'t> {
    text: &'t str,
    /// Where the lines start that are known of, in order.
    starts: Vec<usize>,
    /// How far the text was gone through.
    read: usize,
    /// The last offset that was asked for, and its column: a file may be one long line.
    last: (usize, usize),
}

impl<'t> Places<'t> {
    /// The places of a text.
    pub fn new(text: &'t str) -> Places<'t> {
        Places { text, starts: vec![0], read: 0, last: (0, 1) }
    }

    /// The place of the byte at `offset`.
    pub fn of(&mut self, offset: usize) -> Place {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let bytes = self.text.as_bytes();
        if end > self.read {
            let unread = bytes.get(self.read..end).unwrap_or_default();
            for at in memchr::memchr2_iter(b'\n', b'\r', unread).map(|at| self.read + at) {
                // the line end of `\r\n` is its `\n`
                if bytes.get(at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n') {
                    self.starts.push(at + 1);
                }
            }
            self.read = end;
        }
        let line = self.starts.partition_point(|start| *start <= end);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = match self.last {
            (last, column) if start < last && last <= end => column + slice(self.text, &(last..end)).chars().count(),
            _ => 1 + slice(self.text, &(start..end)).trim_start_matches('\u{feff}').chars().count(),
        };
        self.last = (end, column);
        Place { line, column }
    }
}

/// The part of `text` that `span` covers; empty where the span does not fit, which a span of the same text always does.
pub fn slice<'t>(text: &'t str, span: &Span) -> &'t str {
    text.get(span.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_over_every_line_end_and_columns_in_characters() {
        let text = "\u{feff}a\r\nüb\rc\nd";
        let place = |needle: &str| Place::of(text, text.find(needle).unwrap()).to_string();
        assert_eq!([place("a"), place("b"), place("c"), place("d")], ["1:1", "2:2", "3:1", "4:1"]);
    }

    #[test]
    fn an_offset_inside_a_character_or_beyond_the_end_is_no_panic() {
        assert_eq!(Place::of("ü", 1).to_string(), "1:1");
        assert_eq!(Place::of("ab", 99).to_string(), "1:3");
    }

    #[test]
    fn many_places_are_those_one_by_one_in_any_order() {
        let text = "a\r\nb\rc\n\nüd\r\n\r\n";
        let mut places = Places::new(text);
        for offset in (0..=text.len()).chain((0..=text.len()).rev()) {
            assert_eq!(places.of(offset), Place::of(text, offset), "{offset}");
        }
    }
}
