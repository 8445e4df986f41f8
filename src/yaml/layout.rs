//! Where things stand on the page: lines, columns, dashes, and the true end of a node.
//!
//! The span parser ends a block collection at the next token, past comments and blank lines, and starts it behind the
//! dash; an edit needs the line on which the last leaf ends, and the dash itself.

use super::node::{Document, Kind, NodeId, ScalarStyle};
use super::{Span, slice};

/// The page that a document is on. Every answer is an offset or a piece of the whole text.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'d, 't> {
    document: &'d Document<'t>,
}

impl<'t> Document<'t> {
    /// Questions about where things stand.
    pub fn layout(&self) -> Layout<'_, 't> {
        Layout { document: self }
    }
}

impl<'d, 't> Layout<'d, 't> {
    fn bytes(self) -> &'t [u8] {
        self.document.text.as_bytes()
    }

    fn byte(self, at: usize) -> Option<u8> {
        self.bytes().get(at).copied()
    }

    /// Where the line of `offset` starts; behind the byte order mark on the first line.
    pub fn line_start(self, offset: usize) -> usize {
        let start = self.document.chunk.span.start;
        let before = self.bytes().get(start..offset).unwrap_or_default();
        memchr::memrchr2(b'\n', b'\r', before).map_or(start, |at| start + at + 1)
    }

    /// Where the line of `offset` ends, before its line end.
    pub fn line_end(self, offset: usize) -> usize {
        let rest = self.bytes().get(offset..).unwrap_or_default();
        memchr::memchr2(b'\n', b'\r', rest).map_or(self.document.text.len(), |at| offset + at)
    }

    /// The line end at `offset`, which is the end of a line: `\n`, `\r\n`, `\r`, or nothing at the end of the text.
    pub fn line_break(self, offset: usize) -> &'static str {
        match (self.byte(offset), self.byte(offset + 1)) {
            (Some(b'\r'), Some(b'\n')) => "\r\n",
            (Some(b'\r'), _) => "\r",
            (Some(b'\n'), _) => "\n",
            _ => "",
        }
    }

    /// The line end to write at `offset`: that of its line; on a last line without one, that of the line before.
    pub fn line_break_near(self, offset: usize) -> &'static str {
        let end = self.line_end(offset);
        match self.line_break(end) {
            "" => {
                let before = self.bytes().get(..end).unwrap_or_default();
                match memchr::memrchr2(b'\n', b'\r', before) {
                    None => "\n",
                    Some(at) if before.get(at) == Some(&b'\r') => "\r",
                    Some(at) if at > 0 && before.get(at - 1) == Some(&b'\r') => "\r\n",
                    Some(_) => "\n",
                }
            }
            line_break => line_break,
        }
    }

    /// The end of the line before the one of `offset`, before its line end; `None` on the first line of the text.
    pub fn previous_line_end(self, offset: usize) -> Option<usize> {
        let before = self.bytes().get(..offset).unwrap_or_default();
        let at = memchr::memrchr2(b'\n', b'\r', before)?;
        Some(if before.get(at) == Some(&b'\n') && at > 0 && before.get(at - 1) == Some(&b'\r') { at - 1 } else { at })
    }

    /// The column of `offset` in bytes, from 0: the indentation of what starts there.
    pub fn column(self, offset: usize) -> usize {
        offset - self.line_start(offset)
    }

    /// Whether nothing but blanks stands before `offset` on its line. Looks no further back than these: a line may be
    /// as long as the text.
    pub fn starts_line(self, offset: usize) -> bool {
        let before = slice(self.document.text, &(self.document.chunk.span.start..offset)).trim_end_matches(' ');
        before.is_empty() || before.ends_with(['\n', '\r'])
    }

    /// The end of the last leaf of a node: no comment, no blank line behind it belongs to it. `None` for a block
    /// scalar whose header is written in a way that we do not read.
    pub fn end(self, mut id: NodeId) -> Option<usize> {
        loop {
            let node = self.document.node(id);
            match node.kind {
                Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
                    return self.block_scalar(id).map(|block| block.end);
                }
                Kind::Sequence { flow: false } | Kind::Mapping { flow: false } => id = node.last_child?,
                // `? key` without a colon: to the parser, the value stands at what comes next
                _ if node.span.is_empty() && self.has_key_without_colon(id) => id = self.document.previous(id)?,
                _ if node.span.is_empty() && self.byte(node.span.start) == Some(b':') => {
                    return Some(node.span.start + 1);
                }
                _ => return Some(node.span.end),
            }
        }
    }

    fn has_key_without_colon(self, id: NodeId) -> bool {
        let document = self.document;
        let in_mapping =
            document.parent(id).is_some_and(|parent| matches!(document.kind(parent), Kind::Mapping { .. }));
        let is_value = in_mapping && document.node(id).index() % 2 == 1;
        let key = document.previous(id).filter(|&key| is_value && !document.node(key).span.is_empty());
        key.is_some() && self.introduced_at(id).is_none()
    }

    /// The end of the line on which a node ends; a comment behind it on that line is included.
    pub fn last_line_end(self, id: NodeId) -> Option<usize> {
        self.end(id).map(|end| self.line_end(end))
    }

    /// Where the indicator that introduces a child of a block collection ends: behind the colon of its key, behind its
    /// dash, or where the document's content may begin.
    pub fn introduced_at(self, id: NodeId) -> Option<usize> {
        let document = self.document;
        let Some(parent) = document.parent(id) else {
            return Some(document.chunk.marker.map_or(document.chunk.span.start, |marker| marker + "---".len()));
        };
        match document.kind(parent) {
            Kind::Mapping { .. } => {
                // behind an explicit key (`? key`) the colon is on another line
                let colon = self.content_from(document.node(document.previous(id)?).span.end)?;
                (self.byte(colon) == Some(b':')).then_some(colon + 1)
            }
            _ => self.dash(id).map(|dash| dash + 1),
        }
    }

    /// The dash of an item of a block sequence.
    pub fn dash(self, item: NodeId) -> Option<usize> {
        let document = self.document;
        let parent = document.parent(item)?;
        let from = match document.previous(item) {
            Some(before) => self.end(before)?,
            None => self.introduced_at(parent)?,
        };
        let at = self.content_from(from)?;
        (self.byte(at) == Some(b'-')).then_some(at)
    }

    /// The next byte of content at or behind `from`: past blanks, line ends, comments, anchors and tags.
    fn content_from(self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            match self.byte(at)? {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                b'#' => at = self.line_end(at),
                b'&' | b'!' => {
                    let rest = self.bytes().get(at..)?;
                    at += rest.iter().position(u8::is_ascii_whitespace)?;
                }
                _ => return Some(at),
            }
        }
    }

    /// What stands between a dash and the content behind it on the same line; one blank where the content is on the
    /// next line, or where anything but blanks stands there.
    pub fn dash_gap(self, item: NodeId) -> Option<&'t str> {
        let dash = self.dash(item)?;
        let start = match self.document.kind(item) {
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => self.start(item),
            _ => self.document.node(item).span.start,
        };
        let gap = slice(self.document.text, &(dash + 1..start));
        Some(if !gap.is_empty() && gap.bytes().all(|byte| byte == b' ') { gap } else { " " })
    }

    /// The column of the keys of a block mapping; `None` where they are written in a way that we do not extend: with
    /// `?`, with an anchor or a tag before the first key, behind a tab.
    pub fn key_column(self, mapping: NodeId) -> Option<usize> {
        let mut columns = self.document.entries(mapping).map(|entry| {
            let node = self.document.node(entry.key);
            let on_a_line = !matches!(
                node.kind,
                Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)
                    | Kind::Sequence { flow: false }
                    | Kind::Mapping { flow: false }
            );
            (on_a_line && !node.anchored && !node.tagged).then(|| self.column(node.span.start))
        });
        let first = columns.next()??;
        let first_key = self.document.entries(mapping).next()?.key;
        let start = self.document.node(first_key).span.start;
        let before = slice(self.document.text, &(self.line_start(start)..start));
        let plain = before.bytes().all(|byte| matches!(byte, b' ' | b'-'));
        (plain && columns.all(|column| column == Some(first))).then_some(first)
    }

    /// A block scalar's lines.
    pub fn block_scalar(self, id: NodeId) -> Option<BlockScalar> {
        let document = self.document;
        let node = document.node(id);
        let header = self.content_from(self.introduced_at(id)?)?;
        if !matches!(self.byte(header)?, b'|' | b'>') {
            return None;
        }
        let header_end = self.line_end(header);
        let header_text = slice(document.text, &(header..header_end));
        let indicators = header_text.split([' ', '\t']).next().unwrap_or_default();
        let keep = indicators.contains('+');
        let limit = document.chunk.end_marker.unwrap_or(document.chunk.span.end);
        let first_line = node.value.split('\n').find(|line| !line.trim_matches([' ', '\t']).is_empty());
        let Some(first_line) = first_line else {
            // no content line: with `+` its blank lines are content, else it ends with its header
            let blank_end = self.blank_lines_from(header_end, limit);
            let end = if keep { blank_end } else { header_end };
            return Some(BlockScalar { header, indent: 0, lines: Vec::new(), end });
        };
        let own_blanks = first_line.len() - first_line.trim_start_matches(' ').len();
        let content = self.line_start(node.span.start);
        let raw = slice(document.text, &(content..self.line_end(content)));
        let raw_blanks = raw.len() - raw.trim_start_matches(' ').len();
        let indent = raw_blanks.checked_sub(own_blanks)?;
        let mut lines = Vec::new();
        let mut end = header_end;
        let mut start = header_end + self.line_break(header_end).len();
        while start < limit {
            let line_end = self.line_end(start);
            let line = slice(document.text, &(start..line_end));
            let blanks = line.len() - line.trim_start_matches(' ').len();
            let is_blank = blanks == line.len();
            if !is_blank && blanks < indent {
                break;
            }
            lines.push(start..line_end);
            if keep || !is_blank || blanks > indent {
                end = line_end;
            }
            let line_break = self.line_break(line_end);
            if line_break.is_empty() {
                break;
            }
            start = line_end + line_break.len();
        }
        lines.retain(|line| line.start <= end);
        Some(BlockScalar { header, indent, lines, end })
    }

    /// The block scalar that a node ends with where the text ends too, without a line end: its value is without one as
    /// well, and would get one from any line behind it (YAML 1.2 §8.1.1.2; `|-` takes line ends off again).
    pub fn open_block_scalar(self, mut id: NodeId) -> Option<NodeId> {
        while let Kind::Sequence { flow: false } | Kind::Mapping { flow: false } = self.document.node(id).kind {
            id = self.document.node(id).last_child?;
        }
        if !matches!(self.document.node(id).kind, Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)) {
            return None;
        }
        let block = self.block_scalar(id)?;
        let header = slice(self.document.text, &(block.header..self.line_end(block.header)));
        let strips = header.split([' ', '\t']).next().unwrap_or_default().contains('-');
        let rest = slice(self.document.text, &(block.end..self.document.text.len()));
        // a header alone stays empty; blanks behind it may be content
        let has_lines = !block.lines.is_empty() || !rest.is_empty();
        let ends_open = rest.trim().is_empty() && !rest.ends_with(['\n', '\r']);
        (has_lines && ends_open && !strips).then_some(id)
    }

    /// Where a node starts for a reader: an anchored one at its `&`, a block scalar at its `|` or `>`.
    pub fn start(self, id: NodeId) -> usize {
        let node = self.document.node(id);
        let start = match node.kind {
            _ if node.anchored => self.introduced_at(id).and_then(|from| {
                let rest = slice(self.document.text, &(from..node.span.start));
                rest.find('&').map(|at| from + at)
            }),
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => self.block_scalar(id).map(|block| block.header),
            _ => None,
        };
        start.unwrap_or(node.span.start)
    }

    fn blank_lines_from(self, line_end: usize, limit: usize) -> usize {
        let mut end = line_end;
        loop {
            let start = end + self.line_break(end).len();
            if start == end || start >= limit {
                return end;
            }
            let next_end = self.line_end(start);
            if slice(self.document.text, &(start..next_end)).trim_matches([' ', '\t']).is_empty() && next_end < limit {
                end = next_end;
            } else {
                return end;
            }
        }
    }
}

/// Where a literal or folded scalar stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockScalar {
    /// Its `|` or `>`.
    pub header: usize,
    /// The blanks that its content lines are indented by.
    pub indent: usize,
    /// Its content lines, without their line ends.
    pub lines: Vec<Span>,
    /// The end of its last content line, before the line end.
    pub end: usize,
}

/// The text inside a literal block scalar, and where its bytes stand on the page.
#[derive(Debug)]
pub struct Embedded {
    /// For every line: where it starts in the inner text, and where its content starts on the page.
    starts: Vec<(usize, usize)>,
    /// The blanks that its lines are indented by.
    pub indent: usize,
}

impl Embedded {
    /// The byte of the page at which byte `offset` of the inner text stands.
    pub fn outward(&self, offset: usize) -> Option<usize> {
        let line = self.starts.partition_point(|(start, _)| *start <= offset).checked_sub(1)?;
        let (inner, outer) = self.starts.get(line)?;
        Some(outer + (offset - inner))
    }
}

impl Layout<'_, '_> {
    /// The lines of a literal block scalar, each checked: it must be the inner line behind the indentation. `None` for
    /// any other scalar, and where a line is not.
    pub fn embedded(self, id: NodeId) -> Option<Embedded> {
        let node = self.document.node(id);
        if node.kind != Kind::Scalar(ScalarStyle::Literal) {
            return None;
        }
        let block = self.block_scalar(id)?;
        let mut starts = Vec::new();
        let mut at = 0;
        for (number, line) in node.value.split('\n').enumerate() {
            let Some(outer) = block.lines.get(number) else {
                // behind the final line end
                return line.is_empty().then_some(Embedded { starts, indent: block.indent });
            };
            let raw = slice(self.document.text, outer);
            // a blank line may be shorter than the indentation
            let indent = block.indent.min(raw.len());
            if raw.get(indent..)? != line || !raw.bytes().take(indent).all(|byte| byte == b' ') {
                return None;
            }
            starts.push((at, outer.start + indent));
            at += line.len() + 1;
        }
        Some(Embedded { starts, indent: block.indent })
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test that panics says where")]
mod tests {
    use super::super::{parse, split};

    /// The text up to the end of the node at a path of keys and indexes.
    fn up_to_end<'t>(text: &'t str, path: &[&str]) -> &'t str {
        let chunk = split(text).unwrap().remove(0);
        let document = parse(text, &chunk).unwrap();
        let mut id = document.root().unwrap();
        for step in path {
            id = match step.parse::<usize>() {
                Ok(index) => document.items(id).nth(index).unwrap(),
                Err(_) => document.entry_of(id, step).unwrap().value,
            };
        }
        &text[..document.layout().end(id).unwrap()]
    }

    #[test]
    fn a_block_collection_ends_with_its_last_leaf() {
        assert_eq!(up_to_end("a:\n- b: 1 # c\n  d: x # y\n\n# z\ne: 1\n", &["a"]), "a:\n- b: 1 # c\n  d: x");
        assert_eq!(up_to_end("a:\n  b:\n# z\nc: 1\n", &["a"]), "a:\n  b:");
        assert_eq!(up_to_end("a: {b: [1, 2] }\n", &["a"]), "a: {b: [1, 2] }");
    }

    #[test]
    fn a_block_scalar_ends_where_its_chomping_says() {
        assert_eq!(up_to_end("a: |\n  x\n   y\n\nb: 1\n", &["a"]), "a: |\n  x\n   y");
        assert_eq!(up_to_end("a: |+\n  x\n\n\nb: 1\n", &["a"]), "a: |+\n  x\n\n");
        assert_eq!(up_to_end("a: |2-\n    x\n  y\n\n", &["a"]), "a: |2-\n    x\n  y");
        assert_eq!(up_to_end("a: |\n  x\n    \n\nb: 1\n", &["a"]), "a: |\n  x\n    ");
        assert_eq!(up_to_end("a: | # c\nb: 1\n", &["a"]), "a: | # c");
        assert_eq!(up_to_end("a: |+\n\n\nb: 1\n", &["a"]), "a: |+\n\n");
        assert_eq!(up_to_end("a: >-\n  x\n# c\nb: 1\n", &["a"]), "a: >-\n  x");
        assert_eq!(up_to_end("- a: |\n    x", &["0"]), "- a: |\n    x");
        assert_eq!(up_to_end("a:\r\n- |\r\n  x\r\n\r\nb: 1\r\n", &["a"]), "a:\r\n- |\r\n  x");
    }

    #[test]
    fn finds_the_dash_past_comments_tags_and_anchors() {
        for (text, column) in
            [("a:\n# - no\n  - x\n", 2), ("a: &b\n- x\n", 0), ("a: !!seq # - c\n - x\n", 1), ("a:\n-\n  x: 1\n", 0)]
        {
            let document = parse(text, &split(text).unwrap()[0]).unwrap();
            let list = document.entry_of(document.root().unwrap(), "a").unwrap().value;
            let item = document.items(list).next().unwrap();
            let dash = document.layout().dash(item).unwrap();
            assert_eq!((document.layout().column(dash), &text[dash..=dash]), (column, "-"), "{text}");
        }
    }
}
