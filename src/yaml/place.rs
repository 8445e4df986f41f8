//! Byte offsets → what a person reads: line and column.

use std::fmt;

use super::Span;

/// A position in a text as editors show it: line and column from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1; a byte order mark does not count.
    pub column: usize,
}

impl Place {
    /// The place of the byte at `offset` in `text`. Takes time linear in `offset`: for messages, not for planning.
    pub fn of(text: &str, offset: usize) -> Place {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = slice(text, &(0..end));
        let bytes = before.as_bytes();
        let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes)
            .filter(|&at| bytes.get(at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n'));
        let (mut line, mut line_start) = (1, 0);
        for at in breaks {
            line += 1;
            line_start = at + 1;
        }
        let column = 1 + slice(before, &(line_start..end)).trim_start_matches('\u{feff}').chars().count();
        Place { line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
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
}
