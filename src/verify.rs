//! Original + plan + new text → proof that nothing else changed, or "bug in us". Trusts nobody: both parsers read both
//! texts again, and the original's data with the planned changes must be the new text's data.
//!
//! The span parser compares raw scalars and styles, so that `"true"` never becomes a boolean; the second parser is of
//! the family that Kubernetes reads with. Documents that no edit touches must keep their bytes,
//! comments included.

use std::borrow::Cow;

use serde::Deserialize;
use thiserror::Error;

use crate::delegate::{Stream, is_json};
use crate::plan::{Change, Operation, Plan, Scalar, Style, Value};
use crate::yaml::{self, Document, Kind, NodeId, ScalarStyle, Span, slice};

/// Why a result is not given out.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VerifyError {
    /// The second parser does not read the original as the first one does: nothing can be proved.
    #[error("{cause}")]
    Ambiguous {
        /// Where the document starts.
        offset: usize,
        /// How the two differ.
        cause: String,
    },
    /// The result is not what was planned: a bug in us, and nothing is written.
    #[error("internal error: {cause}; nothing was written")]
    Bug {
        /// Where the document starts, in the original.
        offset: usize,
        /// What differs. It quotes nothing of either text.
        cause: String,
    },
}

impl VerifyError {
    /// The same, elsewhere: a place inside an embedded file means nothing outside of it.
    fn at(self, offset: usize) -> VerifyError {
        match self {
            VerifyError::Ambiguous { cause, .. } => VerifyError::Ambiguous { offset, cause },
            VerifyError::Bug { cause, .. } => VerifyError::Bug { offset, cause },
        }
    }
}

/// What the second parser cannot read.
struct Unread {
    cause: String,
    /// The line on which it gave up, from 1.
    line: Option<usize>,
}

impl Unread {
    /// As a refusal of the document `text`, which starts at `offset`.
    fn ambiguous(self, text: &str, offset: usize) -> VerifyError {
        let lines_before = self.line.unwrap_or(1).saturating_sub(1);
        let before: usize = text.split_inclusive('\n').take(lines_before).map(str::len).sum();
        VerifyError::Ambiguous { offset: offset + before, cause: self.cause }
    }
}

/// A stretch that changed, whole documents: its bytes in the original and in the new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// In the original.
    pub old: Span,
    /// In the new text.
    pub new: Span,
}

/// Proves that `new` is the original with the planned changes and nothing else, and says which stretches changed.
///
/// # Errors
/// When it is not, or when the two parsers read an edited document differently.
pub fn verify(original: &Stream<'_>, plan: &Plan, new: &str) -> Result<Vec<Region>, VerifyError> {
    let bug = |offset: usize, cause: &str| VerifyError::Bug { offset, cause: cause.to_owned() };
    let inserted: usize = plan.documents.values().map(|planned| planned.inserted_before.len()).sum();
    let new_chunks = yaml::split_into(new, original.chunks.len() + inserted)
        .map_err(|_| bug(0, "the result has too many documents"))?;
    let mut new_chunks = new_chunks.into_iter();
    let mut regions: Vec<Region> = Vec::new();
    let mut at = original.chunks.first().map_or(0, |chunk| chunk.span.start);
    if original.text.get(..at) != new.get(..at) {
        return Err(bug(0, "the byte order mark changed"));
    }
    if is_json(original.text) && !is_json(new) {
        return Err(bug(at, "the original is JSON, and the result is not"));
    }
    for number in 0..=original.chunks.len() {
        let chunk = original.chunks.get(number);
        let offset = chunk.map_or(original.text.len(), |chunk| chunk.span.start);
        let missing = || bug(offset, "a document is missing in the result");
        let planned = plan.documents.get(&number);
        let region_start = at;
        for value in planned.into_iter().flat_map(|planned| &planned.inserted_before) {
            let inserted = new_chunks.next().ok_or_else(missing)?;
            at = inserted.span.end;
            whole_document(slice(new, &inserted.span), value, offset).or_else(|bug| {
                // what stood before the next document's marker stands before this one now: it may be to blame
                let old_text = chunk.map_or("", |chunk| slice(original.text, &chunk.span));
                read_typed(old_text).map_err(|unread| unread.ambiguous(old_text, offset))?;
                Err(bug)
            })?;
        }
        let Some(chunk) = chunk else {
            if at > region_start {
                regions.push(Region { old: offset..offset, new: region_start..at });
            }
            continue;
        };
        let old_text = slice(original.text, &chunk.span);
        if planned.is_none_or(|planned| !planned.removed) {
            let kept = new_chunks.next().ok_or_else(missing)?;
            at = kept.span.end;
            let new_text = slice(new, &kept.span);
            let changes = planned.map_or(&[][..], |planned| &planned.changes);
            if !changes.is_empty() || planned.is_some() && old_text != new_text {
                document(old_text, new_text, changes, offset)?;
            } else if old_text != new_text {
                let is_removed = |number: &usize| plan.documents.get(number).is_some_and(|planned| planned.removed);
                let before = (0..number).rev().take_while(is_removed);
                let behind = (number + 1..original.chunks.len()).take_while(is_removed);
                let neighbours = before.chain(behind).filter_map(|number| original.chunks.get(number));
                let neighbours: Vec<&str> = neighbours.map(|chunk| slice(original.text, &chunk.span)).collect();
                if !is_kept(old_text, new_text, &neighbours) {
                    return Err(bug(offset, "a document that no edit touches changed"));
                }
                // even a line end behind it may belong to its last value
                document(old_text, new_text, &[], offset)?;
            }
        }
        if planned.is_some() || slice(new, &(region_start..at)) != old_text {
            regions.push(Region { old: chunk.span.clone(), new: region_start..at });
        }
    }
    if new_chunks.next().is_some() {
        return Err(bug(original.text.len(), "the result has a document too many"));
    }
    Ok(regions)
}

/// A document without its marker and the blank lines around it, which change with its neighbours.
fn content(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("---").filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(text).trim_start()
}

/// Whether the content of a document is in `new`, with nothing around it but its marker, blank lines, and comments and
/// directives that documents left there which were removed beside it.
fn is_kept(old: &str, new: &str, removed: &[&str]) -> bool {
    let content = content(old);
    let is_blank = |line: &str| {
        let line = line.trim();
        let is_around = line.starts_with(['#', '%']);
        line.is_empty() || line == "---" || is_around && removed.iter().any(|text| text.contains(line))
    };
    let mut around = new.match_indices(content).filter_map(|(at, _)| new.split_at_checked(at));
    around.any(|(before, from)| {
        let behind = from.strip_prefix(content).unwrap_or_default();
        before.lines().chain(behind.lines()).all(is_blank)
    })
}

/// A document that was put in must be what was planned.
fn whole_document(text: &str, value: &Value, offset: usize) -> Result<(), VerifyError> {
    let bug = |cause: String| VerifyError::Bug { offset, cause };
    let raw = read_raw(text).map_err(bug)?;
    let typed = read_typed(text).map_err(|unread| bug(unread.cause))?;
    if Tree::planned(value, Style::Block).matches(&raw, offset)?
        && Tree::planned(value, Style::Block).matches(&typed, offset)?
    {
        return Ok(());
    }
    Err(bug("a document that was put in reads differently than planned".to_owned()))
}

/// An edited document must be the original with the planned changes, to both parsers.
pub(crate) fn document(old: &str, new: &str, changes: &[Change], offset: usize) -> Result<(), VerifyError> {
    let ambiguous = |cause: String| VerifyError::Ambiguous { offset, cause };
    let bug = |cause: String| VerifyError::Bug { offset, cause };
    let raw = read_raw(old).map_err(ambiguous)?;
    let typed = read_typed(old).map_err(|unread| unread.ambiguous(old, offset))?;
    if !agree(&raw, &typed) {
        return Err(ambiguous("two YAML parsers read this document differently".to_owned()));
    }
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    for same in [
        raw.changed(&sorted, 0).matches(&read_raw(new).map_err(bug)?, offset)?,
        typed.changed(&sorted, 0).matches(&read_typed(new).map_err(|unread| bug(unread.cause))?, offset)?,
    ] {
        if !same {
            return Err(bug("an edited document reads differently than planned".to_owned()));
        }
    }
    Ok(())
}

/// A scalar as one of the two parsers sees it.
trait Leaf: PartialEq + Sized {
    fn planned(scalar: &Scalar) -> Self;
    /// Its text, where it is a string that can hold a file.
    fn text(&self) -> Option<&str>;
}

/// A scalar of the span parser, or an alias by its name: anchors are never edited.
#[derive(Debug, PartialEq, Eq)]
enum Raw<'t> {
    Scalar { text: Cow<'t, str>, style: ScalarStyle, tagged: bool },
    Alias(&'t str),
}

impl Leaf for Raw<'_> {
    fn planned(scalar: &Scalar) -> Self {
        Raw::Scalar { text: Cow::Owned(scalar.text.to_string()), style: scalar.style, tagged: false }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Raw::Scalar { text, .. } => Some(text),
            Raw::Alias(_) => None,
        }
    }
}

impl Leaf for serde_yaml::Value {
    fn planned(scalar: &Scalar) -> serde_yaml::Value {
        if scalar.style == ScalarStyle::Plain && &*scalar.text == "true" {
            return serde_yaml::Value::Bool(true);
        }
        serde_yaml::Value::String(scalar.text.to_string())
    }

    fn text(&self) -> Option<&str> {
        self.as_str()
    }
}

/// A document as data. `flow` tells the two styles apart where the parser does.
#[derive(Debug, PartialEq)]
enum Tree<L> {
    Leaf(L),
    Sequence {
        flow: Option<bool>,
        items: Vec<Tree<L>>,
    },
    Mapping {
        flow: Option<bool>,
        entries: Vec<(Tree<L>, Tree<L>)>,
    },
    /// A scalar that holds YAML, and what shall change in there.
    Embedded(L, Vec<Change>),
    /// Nothing can be equal to a change that does not fit.
    Misfit,
}

impl<L: Leaf> Tree<L> {
    fn planned(value: &Value, style: Style) -> Tree<L> {
        let flow = Some(style == Style::Flow);
        match value {
            Value::Scalar(scalar) => Tree::Leaf(L::planned(scalar)),
            Value::Sequence(items) => {
                Tree::Sequence { flow, items: items.iter().map(|item| Tree::planned(item, style)).collect() }
            }
            Value::Mapping(entries) => Tree::Mapping {
                flow,
                entries: entries
                    .iter()
                    .map(|(key, value)| (Tree::Leaf(L::planned(key)), Tree::planned(value, style)))
                    .collect(),
            },
        }
    }

    /// This tree after the changes, which are sorted by path and share the first `depth` steps of it.
    fn changed(self, changes: &[&Change], depth: usize) -> Tree<L> {
        let own = changes.partition_point(|change| change.path.len() <= depth);
        let (own, below) = changes.split_at(own);
        if changes.is_empty() {
            return self;
        }
        match (own, &self) {
            ([Change { operation: Operation::Replace(value, style), .. }], _) if below.is_empty() => {
                return Tree::planned(value, *style);
            }
            ([Change { operation: Operation::Embedded(changes), .. }], Tree::Leaf(_)) if below.is_empty() => {
                if let Tree::Leaf(leaf) = self {
                    return Tree::Embedded(leaf, changes.clone());
                }
                return Tree::Misfit;
            }
            _ => {}
        }
        let of_child = |index: usize| {
            let start = below.partition_point(|change| change.path.get(depth).is_none_or(|&step| step < index));
            let end = below.partition_point(|change| change.path.get(depth).is_none_or(|&step| step <= index));
            below.get(start..end).unwrap_or_default()
        };
        let removed = |changes: &[&Change]| {
            changes.iter().any(|change| change.path.len() == depth + 1 && change.operation == Operation::Remove)
        };
        let mut own: Vec<&Operation> = own.iter().map(|change| &change.operation).collect();
        own.sort_by_key(|operation| operation.position());
        let mut own = own.into_iter().peekable();
        let mut due = |index: usize| -> Vec<&Operation> {
            std::iter::from_fn(|| own.next_if(|operation| operation.position() == Some(index))).collect()
        };
        let changed = match self {
            Tree::Sequence { flow, items } => {
                let mut out = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().map(Some).chain([None]).enumerate() {
                    for operation in due(index) {
                        let Operation::InsertItem(_, value, style) = operation else { return Tree::Misfit };
                        out.push(Tree::planned(value, *style));
                    }
                    let changes = of_child(index);
                    out.extend(item.filter(|_| !removed(changes)).map(|item| item.changed(changes, depth + 1)));
                }
                Tree::Sequence { flow, items: out }
            }
            Tree::Mapping { flow, entries } => {
                let mut out = Vec::with_capacity(entries.len());
                for (index, entry) in entries.into_iter().map(Some).chain([None]).enumerate() {
                    for operation in due(index) {
                        let Operation::InsertEntry(_, key, value, style) = operation else { return Tree::Misfit };
                        out.push((Tree::Leaf(L::planned(key)), Tree::planned(value, *style)));
                    }
                    let changes = of_child(index);
                    let entry = entry.filter(|_| !removed(changes));
                    out.extend(entry.map(|(key, value)| (key, value.changed(changes, depth + 1))));
                }
                Tree::Mapping { flow, entries: out }
            }
            _ => return Tree::Misfit,
        };
        // what is left fits nowhere
        if own.next().is_some() { Tree::Misfit } else { changed }
    }

    /// Whether `actual` is this tree. A parser that knows no styles leaves them out of its trees.
    fn matches(&self, actual: &Tree<L>, offset: usize) -> Result<bool, VerifyError> {
        let styles = |a: &Option<bool>, b: &Option<bool>| a == b || a.is_none() || b.is_none();
        Ok(match (self, actual) {
            (Tree::Leaf(expected), Tree::Leaf(actual)) => expected == actual,
            (Tree::Sequence { flow, items }, Tree::Sequence { flow: other, items: others }) => {
                if !styles(flow, other) || items.len() != others.len() {
                    return Ok(false);
                }
                for (item, other) in items.iter().zip(others) {
                    if !item.matches(other, offset)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Tree::Mapping { flow, entries }, Tree::Mapping { flow: other, entries: others }) => {
                if !styles(flow, other) || entries.len() != others.len() {
                    return Ok(false);
                }
                for ((key, value), (other_key, other_value)) in entries.iter().zip(others) {
                    if !key.matches(other_key, offset)? || !value.matches(other_value, offset)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Tree::Embedded(old, changes), Tree::Leaf(new)) => match (old.text(), new.text()) {
                (Some(old), Some(new)) => {
                    document(old, new, changes, offset).map_err(|error| error.at(offset))?;
                    true
                }
                _ => false,
            },
            _ => false,
        })
    }
}

fn read_raw(text: &str) -> Result<Tree<Raw<'_>>, String> {
    let chunks = yaml::split(text).map_err(|error| error.to_string())?;
    let [chunk] = chunks.as_slice() else { return Err("more than one document".to_owned()) };
    let document = yaml::parse(text, chunk).map_err(|error| error.to_string())?;
    Ok(match document.root() {
        Some(root) => raw_tree(&document, root),
        None => Tree::Sequence { flow: None, items: Vec::new() },
    })
}

/// Recursion is bounded by [`yaml::MAX_NESTING`].
fn raw_tree<'t>(document: &Document<'t>, id: NodeId) -> Tree<Raw<'t>> {
    let node = document.node(id);
    match node.kind {
        Kind::Scalar(style) => Tree::Leaf(Raw::Scalar { text: node.value.clone(), style, tagged: node.tagged }),
        Kind::Alias { .. } => Tree::Leaf(Raw::Alias(slice(document.text, &node.span))),
        Kind::Sequence { flow } => Tree::Sequence {
            flow: Some(flow),
            items: document.items(id).map(|item| raw_tree(document, item)).collect(),
        },
        Kind::Mapping { flow } => Tree::Mapping {
            flow: Some(flow),
            entries: document
                .entries(id)
                .map(|entry| (raw_tree(document, entry.key), raw_tree(document, entry.value)))
                .collect(),
        },
    }
}

fn read_typed(text: &str) -> Result<Tree<serde_yaml::Value>, Unread> {
    let mut documents = serde_yaml::Deserializer::from_str(text);
    // its own message may quote the text
    let unread = |error: serde_yaml::Error| Unread {
        cause: "the second YAML parser cannot read this, and so may Kubernetes".to_owned(),
        line: error.location().map(|location| location.line()),
    };
    let value = match documents.next() {
        Some(document) => serde_yaml::Value::deserialize(document).map_err(unread)?,
        None => return Ok(Tree::Sequence { flow: None, items: Vec::new() }),
    };
    if documents.next().is_some() {
        return Err(Unread { cause: "the second YAML parser sees more than one document here".to_owned(), line: None });
    }
    Ok(typed_tree(value))
}

fn typed_tree(value: serde_yaml::Value) -> Tree<serde_yaml::Value> {
    match value {
        serde_yaml::Value::Sequence(items) => {
            Tree::Sequence { flow: None, items: items.into_iter().map(typed_tree).collect() }
        }
        serde_yaml::Value::Mapping(entries) => Tree::Mapping {
            flow: None,
            entries: entries.into_iter().map(|(key, value)| (typed_tree(key), typed_tree(value))).collect(),
        },
        leaf => Tree::Leaf(leaf),
    }
}

/// Whether both parsers read the same document: same shape, same strings.
fn agree(raw: &Tree<Raw<'_>>, typed: &Tree<serde_yaml::Value>) -> bool {
    use serde_yaml::Value as Typed;
    match (raw, typed) {
        (Tree::Leaf(Raw::Alias(_)), _) => true,
        (Tree::Leaf(Raw::Scalar { tagged: true, .. }), _) => true,
        (Tree::Leaf(Raw::Scalar { text, .. }), Tree::Leaf(Typed::String(string))) => text == string,
        (Tree::Leaf(Raw::Scalar { style, .. }), Tree::Leaf(Typed::Null | Typed::Bool(_) | Typed::Number(_))) => {
            *style == ScalarStyle::Plain
        }
        (_, Tree::Leaf(Typed::Tagged(_))) => true,
        (Tree::Sequence { items, .. }, Tree::Sequence { items: others, .. }) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| agree(item, other))
        }
        (Tree::Mapping { entries, .. }, Tree::Mapping { entries: others, .. }) => {
            entries.len() == others.len()
                && entries.iter().zip(others).all(|(a, b)| agree(&a.0, &b.0) && agree(&a.1, &b.1))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delegate::read;
    use crate::edit::splice;
    use crate::endpoint::Endpoint;
    use crate::plan::{Goal, Pair, Present, SecretSource, Text, Upgrader, plan};

    const MANIFEST: &str = include_str!("../fixtures/quickstart/harness-delegate.yaml");

    fn goal() -> Goal {
        Goal::Present(Present {
            secret: SecretSource::Stream(Pair {
                certificate: Text::secret("Y2VydA==".to_owned()),
                key: Text::secret("a2V5".to_owned()),
            }),
            endpoint: Some(Endpoint::parse("acme.harness.io:8443").unwrap()),
            upgrader: Upgrader::Move,
            files: None,
        })
    }

    /// The plan for the manifest, and its result.
    fn planned(stream: &Stream<'_>) -> (Plan, String) {
        let plan = plan(stream, &read(stream).unwrap(), &goal(), &[]).unwrap();
        let text = splice(stream.text, plan.edits.clone(), &[]).unwrap().text;
        (plan, text)
    }

    #[test]
    fn only_a_removed_neighbours_comments_may_stand_around_a_document_that_is_kept() {
        let removed = ["---\nkind: Secret\n# of the Secret\n"];
        for (new, expected) in [
            ("---\na: 1\n", true),
            ("# of the Secret\n---\na: 1\n", true),
            ("a: 1\n\n# of the Secret\n", true),
            ("# of nobody\n---\na: 1\n", false),
            ("---\na: 1\nkind: Secret\n", false),
            ("---\na: 12\n", false),
            ("---\n", false),
        ] {
            assert_eq!(is_kept("---\na: 1\n", new, &removed), expected, "{new}");
        }
    }

    #[test]
    fn accepts_the_planned_result_and_names_what_changed() {
        let stream = Stream::new(MANIFEST).unwrap();
        let (plan, text) = planned(&stream);
        let regions = verify(&stream, &plan, &text).unwrap();
        let kinds: Vec<&str> = regions
            .iter()
            .flat_map(|region| slice(&text, &region.new).lines().filter(|line| line.starts_with("kind: ")))
            .collect();
        assert_eq!(kinds, ["kind: Secret", "kind: Deployment", "kind: ConfigMap", "kind: CronJob"]);
    }

    #[test]
    fn rejects_any_stray_edit_of_the_data() {
        let stream = Stream::new(MANIFEST).unwrap();
        let (plan, text) = planned(&stream);
        let mut tried = 0;
        let mut line_start = 0;
        for line in text.split_inclusive('\n') {
            // one letter of each line that is data, at a column that moves
            let column = tried % line.len().max(1);
            let at = line_start + column;
            line_start += line.len();
            let is_data = !line.trim_start().starts_with('#') && text.as_bytes()[at].is_ascii_alphanumeric();
            if !is_data {
                tried += 1;
                continue;
            }
            let mut stray = text.clone();
            stray.replace_range(at..=at, if text.as_bytes()[at] == b'Q' { "R" } else { "Q" });
            let result = verify(&stream, &plan, &stray);
            assert!(matches!(result, Err(VerifyError::Bug { .. })), "{at}: {line:?} {result:?}");
            tried += 1;
        }
        assert!(tried > 250);
    }

    #[test]
    fn rejects_a_changed_style_a_lost_line_and_a_document_more_or_less() {
        let stream = Stream::new(MANIFEST).unwrap();
        let (plan, text) = planned(&stream);
        for (from, to) in [
            ("value: \"true\"", "value: true"),
            ("readOnly: true", "readOnly: \"true\""),
            ("        - name: DELEGATE_CLIENT_CERTIFICATE_PATH\n          value: \"/etc/mtls/client.crt\"\n", ""),
            ("kind: Secret\n", "kind: Secret\nimmutable: true\n"),
            ("---\n", "---\n---\n"),
            ("clientCertificateFilePath", "clientCertificateFilepath"),
            ("\n---\n", "\n"),
        ] {
            assert!(text.contains(from), "{from}");
            let result = verify(&stream, &plan, &text.replacen(from, to, 1));
            assert!(matches!(result, Err(VerifyError::Bug { .. })), "{from:?} {result:?}");
        }
    }

    #[test]
    fn an_untouched_document_must_keep_even_its_comments() {
        let stream = Stream::new("a: 1 # b\n---\nc: 1\n").unwrap();
        assert_eq!(verify(&stream, &Plan::default(), "a: 1 # b\n---\nc: 1\n"), Ok(Vec::new()));
        assert!(verify(&stream, &Plan::default(), "a: 2 # b\n---\nc: 1\n").is_err());
        assert!(verify(&stream, &Plan::default(), "a: 1 # x\n---\nc: 1\n").is_err());
    }

    #[test]
    fn a_document_that_the_parsers_read_differently_proves_nothing() {
        // YAML 1.1 breaks lines at U+2028, YAML 1.2 does not
        let manifest = MANIFEST.replacen("value: KUBERNETES", "value: KUBER\u{2028}  - NETES", 1);
        let stream = Stream::new(&manifest).unwrap();
        let (plan, text) = planned(&stream);
        let result = verify(&stream, &plan, &text);
        assert!(matches!(result, Err(VerifyError::Ambiguous { .. })), "{result:?}");
    }
}
