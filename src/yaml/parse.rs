//! One document's text → its nodes. Bounded: nesting, and no recursion anywhere.

use std::borrow::Cow;
use std::collections::HashSet;

use granit_parser::{ErrorKind, Event, Parser, StructureStyle};
use thiserror::Error;

use super::node::{Document, Kind, Node, NodeId};
use super::{Chunk, MAX_NESTING, MAX_NODES, Span, slice};

/// A text that is not YAML, or more deeply nested than we read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{cause}")]
pub struct ParseError {
    /// Where, as a byte of the whole text.
    pub offset: usize,
    /// What is the matter; it quotes nothing of the text, which may hold secrets.
    pub cause: String,
}

/// Mappings of more entries than this are checked for duplicate keys with a set instead of pair by pair.
const FEW_ENTRIES: usize = 16;

/// How much text a node has, about: a manifest's has 12 bytes.
const BYTES_PER_NODE: usize = 10;

/// Room for more nodes than this is made when they come: the text may be one large scalar.
const MOST_AT_ONCE: usize = 4096;

/// Parses the document that `chunk` cuts out of `text`.
///
/// # Errors
/// When it is not YAML, nested deeper than [`MAX_NESTING`], or holds a second document.
pub fn parse<'t>(text: &'t str, chunk: &Chunk) -> Result<Document<'t>, ParseError> {
    let base = chunk.span.start;
    let options = granit_parser::options! {
        // as libyaml does, so that both parsers see the same text at the end of a file
        block_scalar_eof_without_line_feed: true,
    };
    let mut builder = Builder {
        document: Document {
            text,
            chunk: chunk.clone(),
            nodes: Vec::with_capacity((chunk.span.len() / BYTES_PER_NODE).min(MOST_AT_ONCE)),
            root: None,
            aliased: Vec::new(),
            duplicates: Vec::new(),
        },
        open: Vec::new(),
        anchors: Vec::new(),
    };
    for event in Parser::new_from_str_with_options(slice(text, &chunk.span), options) {
        let (event, span) = event.map_err(|error| ParseError {
            offset: base + error.marker().byte_offset().unwrap_or_default(),
            cause: match error.kind() {
                ErrorKind::RecursionLimitExceeded => too_deep(),
                kind => format!("not valid YAML: {kind}"),
            },
        })?;
        let span = span.byte_range().unwrap_or_default();
        builder.take(event, base + span.start..base + span.end)?;
    }
    builder.document.nodes.shrink_to_fit();
    Ok(builder.document)
}

struct Builder<'t> {
    document: Document<'t>,
    /// The collections around the next node.
    open: Vec<NodeId>,
    /// The node of anchor id `i + 1`.
    anchors: Vec<NodeId>,
}

impl<'t> Builder<'t> {
    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), ParseError> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                self.add(Kind::Scalar(style), span, value, anchor, tag.is_some())?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                self.enter(Kind::Sequence { flow }, span, anchor, tag.is_some())?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                self.enter(Kind::Mapping { flow }, span, anchor, tag.is_some())?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(span),
            Event::Alias(anchor) => {
                let Some(&target) = anchor.checked_sub(1).and_then(|index| self.anchors.get(index)) else {
                    return Err(ParseError { offset: span.start, cause: "an alias without an anchor".to_owned() });
                };
                self.document.aliased.push(target);
                self.add(Kind::Alias { target }, span, Cow::Borrowed(""), 0, false)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn enter(&mut self, kind: Kind, span: Span, anchor: usize, tagged: bool) -> Result<(), ParseError> {
        if self.open.len() >= MAX_NESTING {
            return Err(ParseError { offset: span.start, cause: too_deep() });
        }
        let id = self.add(kind, span, Cow::Borrowed(""), anchor, tagged)?;
        self.open.push(id);
        Ok(())
    }

    fn leave(&mut self, span: Span) {
        let Some(id) = self.open.pop() else { return };
        if let Kind::Mapping { .. } = self.document.kind(id) {
            self.document.duplicates.extend(duplicate_key(&self.document, id));
        }
        if let Some(node) = self.document.nodes.get_mut(id.index()) {
            node.span.end = span.end;
        }
    }

    fn add(
        &mut self,
        kind: Kind,
        span: Span,
        value: Cow<'t, str>,
        anchor: usize,
        tagged: bool,
    ) -> Result<NodeId, ParseError> {
        let parent = self.open.last().copied();
        if parent.is_none() && self.document.root.is_some() {
            return Err(ParseError { offset: span.start, cause: "a second document without a `---` line".to_owned() });
        }
        let index = self.document.nodes.len();
        let Some(id) = NodeId::of(index).filter(|_| index < MAX_NODES) else {
            return Err(ParseError {
                offset: span.start,
                cause: format!("more than {MAX_NODES} values in one document"),
            });
        };
        let mut node = Node {
            kind,
            span,
            value,
            tagged,
            anchored: anchor > 0,
            parent,
            first_child: None,
            last_child: None,
            next: None,
            previous: None,
            index: 0,
        };
        if anchor > 0 {
            self.anchors.push(id);
        }
        match parent.and_then(|parent| self.document.nodes.get_mut(parent.index())) {
            None => self.document.root = Some(id),
            Some(parent) => {
                let before = parent.last_child.replace(id);
                parent.first_child.get_or_insert(id);
                node.previous = before;
                if let Some(before) = before.and_then(|before| self.document.nodes.get_mut(before.index())) {
                    before.next = Some(id);
                    node.index = before.index + 1;
                }
            }
        }
        self.document.nodes.push(node);
        Ok(id)
    }
}

fn too_deep() -> String {
    format!("nested more than {MAX_NESTING} levels deep")
}

fn duplicate_key(document: &Document<'_>, mapping: NodeId) -> Option<NodeId> {
    let keys = || document.entries(mapping).map(|entry| entry.key);
    let count = document.last_child(mapping).map_or(0, |last| document.node(last).index as usize / 2 + 1);
    if count <= FEW_ENTRIES {
        return keys().enumerate().find_map(|(at, key)| {
            let value = document.scalar(key)?;
            keys().take(at).any(|before| document.scalar(before) == Some(value)).then_some(key)
        });
    }
    let mut seen = HashSet::with_capacity(count);
    keys().find(|&key| document.scalar(key).is_some_and(|value| !seen.insert(value)))
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;
    use proptest::prelude::*;

    fn error(text: &str) -> String {
        let chunk = split(text).unwrap().remove(0);
        parse(text, &chunk).unwrap_err().to_string()
    }

    #[test]
    fn refuses_deep_nesting_before_the_parser_does() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let text = deep(MAX_NESTING);
        assert!(parse(&text, &split(&text).unwrap()[0]).is_ok());
        assert_eq!(error(&deep(MAX_NESTING + 1)), "nested more than 100 levels deep");
        assert_eq!(error(&"[".repeat(200_000)), "nested more than 100 levels deep");
        assert_eq!(error(&"- ".repeat(200)), "nested more than 100 levels deep");
    }

    #[test]
    fn finds_duplicate_keys_in_small_and_large_mappings() {
        let many: String = (0..40).map(|n| format!("k{n}: 1\n")).collect();
        for (text, expected) in [
            ("a: 1\nb: {c: 1, d: 2, c: 3}\n".to_owned(), Some("c")),
            ("a: 1\nb: 2\n".to_owned(), None),
            (many.clone(), None),
            (many + "'k7': 2\n", Some("k7")),
        ] {
            let document = parse(&text, &split(&text).unwrap()[0]).unwrap();
            assert_eq!(document.duplicate().and_then(|key| document.scalar(key)), expected);
        }
    }

    #[test]
    fn an_anchor_that_names_itself_does_not_loop() {
        let text = "a: &a {<<: *a, b: *a}\n";
        let document = parse(text, &split(text).unwrap()[0]).unwrap();
        let root = document.resolve(document.root().unwrap());
        assert_eq!(document.at(root, &["a", "c"]), None);
        assert!(document.at(root, &["a", "b", "b", "b"]).is_some());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            for chunk in split(&text).unwrap() {
                let _ = parse(&text, &chunk);
            }
        }

        #[test]
        fn yaml_like_text_never_panics_and_spans_fit(text in "([-a:?|>&*!%#'\"\\[\\]{},]|\r\n|\n|  |--- |\\.\\.\\.\n|é){0,60}") {
            for chunk in split(&text).unwrap() {
                if let Ok(document) = parse(&text, &chunk) {
                    for node in &document.nodes {
                        prop_assert!(text.get(node.span.clone()).is_some());
                    }
                }
            }
        }
    }
}
