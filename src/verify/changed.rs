//! The walk through an edited document: whether the new one is the old one after the planned changes.

use super::VerifyError;
use super::node::{Content, Node, is, same};
use crate::plan::{Change, Operation};

/// The changes of a document, in the order of their paths.
pub(super) struct Changed<'c> {
    pub(super) offset: usize,
    pub(super) changes: &'c [&'c Change],
}

impl Changed<'_> {
    /// Whether the new document is the old one after the changes.
    pub(super) fn document<N: Node>(&self, old: Option<N>, new: Option<N>) -> Result<bool, VerifyError> {
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
        super::document(old, new, changes, self.offset).map_err(|error| error.at(self.offset))?;
        Ok(true)
    }
}
