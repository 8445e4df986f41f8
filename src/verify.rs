//! Original + plan + new text → proof that nothing else changed, or "bug in us". Trusts nobody: both parsers read both
//! texts again, and the original's data with the planned changes must be the new text's data.
//!
//! The span parser compares raw scalars and styles, so that `"true"` never becomes a boolean; the second parser is of
//! the family that Kubernetes reads with. Documents that no edit touches must keep their bytes,
//! comments included.

mod changed;
mod node;

use rayon::prelude::*;
use serde::Deserialize;
use thiserror::Error;

use self::changed::Changed;
use self::node::{Raw, agree, both, is};
use crate::delegate::{PARALLEL, Stream, is_json};
use crate::plan::{Change, Plan, Style, Value};
use crate::yaml::{self, Chunk, Document, Span, slice};

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

#[cfg(test)]
mod tests;
