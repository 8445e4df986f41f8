//! Original + plan + new text → proof that nothing else changed, or "bug in us". Trusts nobody: both parsers read both
//! texts again, and the original's data with the planned changes must be the new text's data.
//!
//! The span parser compares raw scalars and styles, so that `"true"` never becomes a boolean; the second parser is of
//! the family that Kubernetes reads with. Documents that no edit touches must keep their bytes,
//! comments included.

use rayon::prelude::*;
use serde::Deserialize;
use thiserror::Error;

use crate::delegate::{PARALLEL, Stream, is_json};
use crate::plan::{Change, Operation, Plan, Scalar, Style, Value};
use crate::yaml::{self, Chunk, Document, Kind, NodeId, ScalarStyle, Span, slice};

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
    let mut claims = Vec::new();
    let regions = lay_out(original, plan, new, &mut claims);
    let disproved = |claim: &Claim<'_>| claim.prove(original, new).err();
    let first = if new.len() < PARALLEL {
        claims.iter().find_map(disproved)
    } else {
        claims.par_iter().find_map_first(disproved)
    };
    first.map_or(regions, Err)
}

/// Lays the documents of the new text beside those of the original: which stretches changed, and what has to be proved of
/// them. Where they do not fit, what stands before that has to be proved all the same: it may tell why.
fn lay_out<'p>(
    original: &Stream<'_>,
    plan: &'p Plan,
    new: &str,
    claims: &mut Vec<Claim<'p>>,
) -> Result<Vec<Region>, VerifyError> {
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
            claims.push(Claim { number, new: inserted, what: What::Inserted(value) });
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
            if planned.is_none() && old_text != new_text {
                let is_removed = |number: &usize| plan.documents.get(number).is_some_and(|planned| planned.removed);
                let before = (0..number).rev().take_while(is_removed);
                let behind = (number + 1..original.chunks.len()).take_while(is_removed);
                let neighbours = before.chain(behind).filter_map(|number| original.chunks.get(number));
                let neighbours: Vec<&str> = neighbours.map(|chunk| slice(original.text, &chunk.span)).collect();
                if !is_kept(old_text, new_text, &neighbours) {
                    return Err(bug(offset, "a document that no edit touches changed"));
                }
            }
            // even a line end behind a document may belong to its last value
            if !changes.is_empty() || old_text != new_text {
                claims.push(Claim { number, new: kept, what: What::Edited(changes) });
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

/// What has to be proved of a document of the new text.
struct Claim<'p> {
    /// The document of the original that it is, or that it was put in before.
    number: usize,
    /// Where it stands in the new text.
    new: Chunk,
    what: What<'p>,
}

/// What a document of the new text is to be.
enum What<'p> {
    /// This value, put in.
    Inserted(&'p Value),
    /// The document of the original with these changes.
    Edited(&'p [Change]),
}

impl Claim<'_> {
    fn prove(&self, original: &Stream<'_>, new: &str) -> Result<(), VerifyError> {
        let chunk = original.chunks.get(self.number);
        let offset = chunk.map_or(original.text.len(), |chunk| chunk.span.start);
        let old_text = chunk.map_or("", |chunk| slice(original.text, &chunk.span));
        let new = Text { text: new, chunk: &self.new };
        match self.what {
            What::Inserted(value) => whole_document(new, value, offset).or_else(|bug| {
                // what stood before the next document's marker stands before this one now: it may be to blame
                read_typed(old_text).map_err(|unread| unread.ambiguous(old_text, offset))?;
                Err(bug)
            }),
            What::Edited(changes) => {
                let old = original.document(self.number);
                let old = old.map_err(|error| VerifyError::Ambiguous { offset, cause: error.to_string() })?;
                edited(old, new, changes, offset)
            }
        }
    }
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

/// A document that is still to be read.
#[derive(Clone, Copy)]
struct Text<'t> {
    text: &'t str,
    chunk: &'t Chunk,
}

/// A document that was put in must be what was planned.
fn whole_document(new: Text<'_>, value: &Value, offset: usize) -> Result<(), VerifyError> {
    let bug = |cause: String| VerifyError::Bug { offset, cause };
    let raw = read_raw(new.text, new.chunk).map_err(bug)?;
    let typed = read_typed(slice(new.text, &new.chunk.span)).map_err(|unread| bug(unread.cause))?;
    if Raw::root(&raw).is_some_and(|root| is(root, value, Style::Block))
        && typed.is_some_and(|typed| is(&typed, value, Style::Block))
    {
        return Ok(());
    }
    Err(bug("a document that was put in reads differently than planned".to_owned()))
}

/// An edited document must be the original with the planned changes, to both parsers.
fn edited(old: &Document<'_>, new: Text<'_>, changes: &[Change], offset: usize) -> Result<(), VerifyError> {
    let bug = |cause: String| VerifyError::Bug { offset, cause };
    copies_little(old).map_err(|cause| VerifyError::Ambiguous { offset, cause })?;
    let old_text = slice(old.text, &old.chunk.span);
    let old_typed = read_typed(old_text).map_err(|unread| unread.ambiguous(old_text, offset))?;
    if !both(Raw::root(old), old_typed.as_ref(), agree) {
        let cause = "two YAML parsers read this document differently".to_owned();
        return Err(VerifyError::Ambiguous { offset, cause });
    }
    let mut changes: Vec<&Change> = changes.iter().collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let raw = read_raw(new.text, new.chunk).map_err(bug)?;
    let typed = read_typed(slice(new.text, &new.chunk.span)).map_err(|unread| bug(unread.cause))?;
    let changed = Changed { offset, changes: &changes };
    if changed.document(Raw::root(old), Raw::root(&raw))? && changed.document(old_typed.as_ref(), typed.as_ref())? {
        return Ok(());
    }
    Err(bug("an edited document reads differently than planned".to_owned()))
}

/// The same for two texts of one document each.
pub(crate) fn document(old: &str, new: &str, changes: &[Change], offset: usize) -> Result<(), VerifyError> {
    let one = |text: &str| match yaml::split(text).as_deref() {
        Ok([chunk]) => Ok(chunk.clone()),
        Ok(_) => Err("more than one document".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let ambiguous = |cause: String| VerifyError::Ambiguous { offset, cause };
    let old = yaml::parse(old, &one(old).map_err(ambiguous)?).map_err(|error| ambiguous(error.to_string()))?;
    let chunk = one(new).map_err(|cause| VerifyError::Bug { offset, cause })?;
    edited(&old, Text { text: new, chunk: &chunk }, changes, offset)
}

/// Whether neither is there, or both are and `hold`.
fn both<A, B>(a: Option<A>, b: Option<B>, hold: impl FnOnce(A, B) -> bool) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => hold(a, b),
        _ => false,
    }
}

/// A node as one of the two parsers sees it. Recursion over nodes is bounded by [`yaml::MAX_NESTING`].
trait Node: Copy {
    /// What is in it. `flow` is told by the parser that knows styles.
    fn content(self) -> Content<impl Iterator<Item = Self>, impl Iterator<Item = (Self, Self)>>;
    /// Whether it is the same scalar or alias.
    fn is_same_leaf(self, other: Self) -> bool;
    /// Whether it is a scalar as planned.
    fn is_scalar(self, planned: &Scalar) -> bool;
    /// Its text, where it is a string that can hold a file.
    fn text(&self) -> Option<&str>;
}

enum Content<Items, Entries> {
    Leaf,
    Sequence { flow: Option<bool>, items: Items },
    Mapping { flow: Option<bool>, entries: Entries },
}

/// A node of the span parser.
#[derive(Clone, Copy)]
struct Raw<'d> {
    document: &'d Document<'d>,
    id: NodeId,
}

impl<'d> Raw<'d> {
    fn root(document: &'d Document<'d>) -> Option<Raw<'d>> {
        Some(Raw { document, id: document.root()? })
    }
}

impl Node for Raw<'_> {
    fn content(self) -> Content<impl Iterator<Item = Self>, impl Iterator<Item = (Self, Self)>> {
        let Raw { document, id } = self;
        let at = move |id| Raw { document, id };
        match document.kind(id) {
            Kind::Scalar(_) | Kind::Alias { .. } => Content::Leaf,
            Kind::Sequence { flow } => Content::Sequence { flow: Some(flow), items: document.items(id).map(at) },
            Kind::Mapping { flow } => {
                let entries = document.entries(id).map(move |entry| (at(entry.key), at(entry.value)));
                Content::Mapping { flow: Some(flow), entries }
            }
        }
    }

    fn is_same_leaf(self, other: Self) -> bool {
        let (node, other_node) = (self.document.node(self.id), other.document.node(other.id));
        match (node.kind, other_node.kind) {
            (Kind::Scalar(style), Kind::Scalar(other_style)) => {
                style == other_style && node.value == other_node.value && node.tagged == other_node.tagged
            }
            // by its name: anchors are never edited
            (Kind::Alias { .. }, Kind::Alias { .. }) => {
                slice(self.document.text, &node.span) == slice(other.document.text, &other_node.span)
            }
            _ => false,
        }
    }

    fn is_scalar(self, planned: &Scalar) -> bool {
        let node = self.document.node(self.id);
        node.kind == Kind::Scalar(planned.style) && *node.value == *planned.text && !node.tagged
    }

    fn text(&self) -> Option<&str> {
        self.document.scalar(self.id)
    }
}

impl Node for &serde_yaml::Value {
    fn content(self) -> Content<impl Iterator<Item = Self>, impl Iterator<Item = (Self, Self)>> {
        match self {
            serde_yaml::Value::Sequence(items) => Content::Sequence { flow: None, items: items.iter() },
            serde_yaml::Value::Mapping(entries) => Content::Mapping { flow: None, entries: entries.iter() },
            _ => Content::Leaf,
        }
    }

    fn is_same_leaf(self, other: Self) -> bool {
        self == other
    }

    fn is_scalar(self, planned: &Scalar) -> bool {
        if planned.style == ScalarStyle::Plain && &*planned.text == "true" {
            return *self == serde_yaml::Value::Bool(true);
        }
        self.as_str() == Some(&*planned.text)
    }

    fn text(&self) -> Option<&str> {
        self.as_str()
    }
}

/// Whether a node is the planned value, its collections in that style.
fn is<N: Node>(node: N, planned: &Value, style: Style) -> bool {
    let in_style = |flow: Option<bool>| flow.is_none_or(|flow| flow == (style == Style::Flow));
    match (planned, node.content()) {
        (Value::Scalar(scalar), Content::Leaf) => node.is_scalar(scalar),
        (Value::Sequence(planned), Content::Sequence { flow, mut items }) => {
            in_style(flow)
                && planned.iter().all(|planned| items.next().is_some_and(|item| is(item, planned, style)))
                && items.next().is_none()
        }
        (Value::Mapping(planned), Content::Mapping { flow, mut entries }) => {
            in_style(flow)
                && planned.iter().all(|(key, planned)| {
                    entries.next().is_some_and(|(node, value)| node.is_scalar(key) && is(value, planned, style))
                })
                && entries.next().is_none()
        }
        _ => false,
    }
}

/// Whether two nodes are the same.
fn same<N: Node>(old: N, new: N) -> bool {
    match (old.content(), new.content()) {
        (Content::Leaf, Content::Leaf) => old.is_same_leaf(new),
        (Content::Sequence { flow, items }, Content::Sequence { flow: new_flow, items: mut new }) => {
            flow == new_flow
                && items.into_iter().all(|old| new.next().is_some_and(|new| same(old, new)))
                && new.next().is_none()
        }
        (Content::Mapping { flow, entries }, Content::Mapping { flow: new_flow, entries: mut new }) => {
            let same_entry = |(key, value), (new_key, new_value)| same(key, new_key) && same(value, new_value);
            flow == new_flow
                && entries.into_iter().all(|old| new.next().is_some_and(|new| same_entry(old, new)))
                && new.next().is_none()
        }
        _ => false,
    }
}

/// The changes of a document, in the order of their paths.
struct Changed<'c> {
    offset: usize,
    changes: &'c [&'c Change],
}

impl Changed<'_> {
    /// Whether the new document is the old one after the changes.
    fn document<N: Node>(&self, old: Option<N>, new: Option<N>) -> Result<bool, VerifyError> {
        match (old, new) {
            (None, None) => Ok(self.changes.is_empty()),
            (Some(old), Some(new)) => self.node(old, new, self.changes, 0),
            _ => Ok(false),
        }
    }

    /// Whether the new node is the old one after the changes, which share the first `depth` steps of their paths: those to
    /// the node. A change that does not fit makes nothing equal.
    fn node<N: Node>(&self, old: N, new: N, changes: &[&Change], depth: usize) -> Result<bool, VerifyError> {
        if changes.is_empty() {
            return Ok(same(old, new));
        }
        let (own, below) = changes.split_at(changes.partition_point(|change| change.path.len() <= depth));
        if let ([change], []) = (own, below) {
            match &change.operation {
                Operation::Replace(value, style) => return Ok(is(new, value, *style)),
                Operation::Embedded(changes) => return self.embedded(old.text(), new.text(), changes),
                _ => {}
            }
        }
        let mut own: Vec<&Operation> = own.iter().map(|change| &change.operation).collect();
        own.sort_by_key(|operation| operation.position());
        let mut own = own.into_iter().peekable();
        let of_child = |index: usize| {
            let start = below.partition_point(|change| change.path.get(depth).is_none_or(|&step| step < index));
            let end = below.partition_point(|change| change.path.get(depth).is_none_or(|&step| step <= index));
            below.get(start..end).unwrap_or_default()
        };
        let is_removed = |changes: &[&Change]| {
            changes.iter().any(|change| change.path.len() == depth + 1 && change.operation == Operation::Remove)
        };
        match (old.content(), new.content()) {
            (Content::Sequence { flow, items }, Content::Sequence { flow: new_flow, items: mut new }) => {
                if flow != new_flow {
                    return Ok(false);
                }
                for (index, old) in items.map(Some).chain([None]).enumerate() {
                    while let Some(operation) = own.next_if(|operation| operation.position() == Some(index)) {
                        let Operation::InsertItem(_, value, style) = operation else { return Ok(false) };
                        if !new.next().is_some_and(|new| is(new, value, *style)) {
                            return Ok(false);
                        }
                    }
                    let changes = of_child(index);
                    let Some(old) = old.filter(|_| !is_removed(changes)) else { continue };
                    let Some(new) = new.next() else { return Ok(false) };
                    if !self.node(old, new, changes, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(own.next().is_none() && new.next().is_none())
            }
            (Content::Mapping { flow, entries }, Content::Mapping { flow: new_flow, entries: mut new }) => {
                if flow != new_flow {
                    return Ok(false);
                }
                for (index, old) in entries.map(Some).chain([None]).enumerate() {
                    while let Some(operation) = own.next_if(|operation| operation.position() == Some(index)) {
                        let Operation::InsertEntry(_, key, value, style) = operation else { return Ok(false) };
                        if !new.next().is_some_and(|(new, of_key)| new.is_scalar(key) && is(of_key, value, *style)) {
                            return Ok(false);
                        }
                    }
                    let changes = of_child(index);
                    let Some((key, old)) = old.filter(|_| !is_removed(changes)) else { continue };
                    let Some((new_key, new)) = new.next() else { return Ok(false) };
                    if !same(key, new_key) || !self.node(old, new, changes, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(own.next().is_none() && new.next().is_none())
            }
            _ => Ok(false),
        }
    }

    /// The same for the YAML that two scalars hold.
    fn embedded(&self, old: Option<&str>, new: Option<&str>, changes: &[Change]) -> Result<bool, VerifyError> {
        let (Some(old), Some(new)) = (old, new) else { return Ok(false) };
        // a place inside an embedded file means nothing outside of it
        document(old, new, changes, self.offset).map_err(|error| error.at(self.offset))?;
        Ok(true)
    }
}

/// What the span parser reads, if the second one need not copy too much for it.
fn read_raw<'t>(text: &'t str, chunk: &Chunk) -> Result<Document<'t>, String> {
    let document = yaml::parse(text, chunk).map_err(|error| error.to_string())?;
    copies_little(&document)?;
    Ok(document)
}

fn copies_little(document: &Document<'_>) -> Result<(), String> {
    if document.copied_bytes() > yaml::MAX_COPIED {
        let most = yaml::MAX_COPIED / (1024 * 1024);
        return Err(format!("its aliases repeat more than {most} MiB, which no parser should have to copy"));
    }
    Ok(())
}

fn read_typed(text: &str) -> Result<Option<serde_yaml::Value>, Unread> {
    let mut documents = serde_yaml::Deserializer::from_str(text);
    // its own message may quote the text
    let unread = |error: serde_yaml::Error| Unread {
        cause: "the second YAML parser cannot read this, and so may Kubernetes".to_owned(),
        line: error.location().map(|location| location.line()),
    };
    let value = match documents.next() {
        Some(document) => serde_yaml::Value::deserialize(document).map_err(unread)?,
        None => return Ok(None),
    };
    if documents.next().is_some() {
        return Err(Unread { cause: "the second YAML parser sees more than one document here".to_owned(), line: None });
    }
    Ok(Some(value))
}

/// Whether both parsers read the same node: same shape, same strings.
fn agree(raw: Raw<'_>, typed: &serde_yaml::Value) -> bool {
    use serde_yaml::Value as Typed;
    let Raw { document, id } = raw;
    let at = |id| Raw { document, id };
    let node = document.node(id);
    match (node.kind, typed) {
        (Kind::Alias { .. }, _) | (_, Typed::Tagged(_)) => true,
        (Kind::Scalar(_), _) if node.tagged => true,
        (Kind::Scalar(_), Typed::String(string)) => *node.value == **string,
        (Kind::Scalar(style), Typed::Null | Typed::Bool(_) | Typed::Number(_)) => style == ScalarStyle::Plain,
        (Kind::Sequence { .. }, Typed::Sequence(typed)) => {
            let mut typed = typed.iter();
            document.items(id).all(|item| typed.next().is_some_and(|typed| agree(at(item), typed)))
                && typed.next().is_none()
        }
        (Kind::Mapping { .. }, Typed::Mapping(typed)) => {
            let mut typed = typed.iter();
            document.entries(id).all(|entry| {
                typed.next().is_some_and(|(key, value)| agree(at(entry.key), key) && agree(at(entry.value), value))
            }) && typed.next().is_none()
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

    #[test]
    fn names_a_document_that_was_appended_and_the_line_end_that_it_needed() {
        let stream = Stream::new("a: 1").unwrap();
        let appended = Value::Mapping(vec![(Scalar::plain("b"), Value::Scalar(Scalar::plain("c")))]);
        let mut plan = Plan::default();
        plan.documents.entry(1).or_default().inserted_before.push(appended);
        let regions = [Region { old: 0..4, new: 0..5 }, Region { old: 4..4, new: 5..14 }];
        assert_eq!(verify(&stream, &plan, "a: 1\n---\nb: c\n"), Ok(regions.to_vec()));
        // the same to the second parser, and not as it was planned
        assert!(matches!(verify(&stream, &plan, "a: 1\n---\nb: 'c'\n"), Err(VerifyError::Bug { offset: 4, .. })));
    }

    #[test]
    fn what_the_second_parser_cannot_read_is_placed_on_its_line() {
        let unread = |line| Unread { cause: String::new(), line };
        let at = |line| unread(line).ambiguous("ab\ncd\ne\n", 10);
        assert_eq!(at(None), VerifyError::Ambiguous { offset: 10, cause: String::new() });
        assert_eq!(at(Some(1)), VerifyError::Ambiguous { offset: 10, cause: String::new() });
        assert_eq!(at(Some(3)), VerifyError::Ambiguous { offset: 16, cause: String::new() });
    }

    #[test]
    fn an_item_or_an_entry_more_or_another_style_is_not_what_was_planned() {
        for (old, new) in [
            ("a: [b]\n", "a: [b, c]\n"),
            ("a: [b, c]\n", "a: [b]\n"),
            ("a: [b]\n", "a:\n- b\n"),
            ("a: {b: 1}\n", "a: {b: 1, c: 2}\n"),
            ("a: {b: 1, c: 2}\n", "a: {b: 1}\n"),
            ("a: {b: 1}\n", "a:\n  b: 1\n"),
        ] {
            assert_eq!(document(old, old, &[], 0), Ok(()), "{old:?}");
            let result = document(old, new, &[], 7);
            assert!(matches!(result, Err(VerifyError::Bug { offset: 7, .. })), "{old:?} {new:?} {result:?}");
        }
    }

    #[test]
    fn changes_of_one_place_that_exclude_each_other_fit_nothing() {
        let change = |path: &[usize], operation| Change { path: path.to_vec(), operation };
        let replace = Operation::Replace(Value::Scalar(Scalar::plain("b")), Style::Block);
        let replaced = change(&[], replace.clone());
        assert_eq!(document("a: 1\n", "b\n", std::slice::from_ref(&replaced), 0), Ok(()));
        let twice = [replaced, change(&[0], Operation::Remove)];
        assert!(matches!(document("a: 1\n", "b\n", &twice, 0), Err(VerifyError::Bug { .. })));
        let embedded = change(&[0], Operation::Embedded(vec![change(&[0], replace.clone())]));
        let (old, new) = ("f: |\n  a: 1\n", "f: |\n  a: b\n");
        assert_eq!(document(old, new, std::slice::from_ref(&embedded), 0), Ok(()));
        let twice = [embedded, change(&[0, 0], replace)];
        assert!(matches!(document(old, new, &twice, 0), Err(VerifyError::Bug { .. })));
    }

    #[test]
    fn parsers_agree_on_shape_and_strings_and_may_differ_on_tags() {
        let agree = |raw, typed| {
            let document = yaml::parse(raw, &yaml::split(raw).unwrap().remove(0)).unwrap();
            let Ok(typed) = read_typed(typed) else { panic!("{typed}") };
            both(Raw::root(&document), typed.as_ref(), super::agree)
        };
        for text in ["[a, 1, ~]", "{a: b, 1: true}", "'1'", "!!int \"1\"", "!x y", "!x [a]", "!x {a: b}", "[&a b, *a]"]
        {
            assert!(agree(text, text), "{text}");
        }
        for (raw, typed) in [
            ("a", "b"),
            ("'1'", "1"),
            ("[a]", "[b]"),
            ("[a]", "[a, b]"),
            ("[a, b]", "[a]"),
            ("{a: b}", "{a: c}"),
            ("{a: b}", "{c: b}"),
            ("{a: b}", "{a: b, c: d}"),
            ("{a: b, c: d}", "{a: b}"),
            ("[a]", "{a: b}"),
            ("{a: b}", "a"),
        ] {
            assert!(!agree(raw, typed), "{raw} {typed}");
        }
        // YAML 1.1 breaks lines at U+0085, YAML 1.2 does not
        let differs = "a: \"b\u{85}c\"\n";
        assert!(matches!(document(differs, differs, &[], 3), Err(VerifyError::Ambiguous { offset: 3, .. })));
    }
}
