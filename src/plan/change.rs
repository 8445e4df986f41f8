//! What an edit means, as data: the statement that the verification holds the edit to.

use super::value::{Scalar, Value};

/// A change of one document's data. Paths and positions are those of the *original*; see [`crate::yaml::Document::path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The node that is replaced or removed, or the collection that is inserted into.
    pub path: Vec<usize>,
    /// What happens there.
    pub operation: Operation,
}

/// What happens at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The node becomes this value.
    Replace(Value, Style),
    /// A new item stands before the one at `position`, or last.
    InsertItem(usize, Value, Style),
    /// A new entry stands before the one at `position`, or last.
    InsertEntry(usize, Scalar, Value, Style),
    /// The item or entry goes.
    Remove,
    /// The scalar holds YAML itself, and these changes happen in there.
    Embedded(Vec<Change>),
}

impl Operation {
    /// Where something new stands among the items or entries; `None` for what inserts nothing.
    pub fn position(&self) -> Option<usize> {
        match self {
            Operation::InsertItem(position, ..) | Operation::InsertEntry(position, ..) => Some(*position),
            Operation::Replace(..) | Operation::Remove | Operation::Embedded(_) => None,
        }
    }
}

/// How the collections of a new value are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// On lines of their own.
    Block,
    /// In brackets.
    Flow,
}
