//! What a manifest says, as data, and how freely each part of it may be written.

use serde_yaml::{Mapping, Value};

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    Null,
    /// A number or a boolean, which stands without quotes.
    Bare(&'static str),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// How it may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// In any way that YAML has.
    Free,
    /// Something below it changes: no alias leads here, its keys have colons.
    Edited,
    /// A text that changes, on one line.
    Moved,
    /// YAML in a literal block scalar, which changes.
    Literal,
    /// As this, whatever it costs: places where an edit is refused.
    Forced(Form),
    /// With the anchor of this number.
    Anchor(usize),
    /// By an alias of that anchor.
    Alias(usize),
}

/// A way to write a scalar that no edit is made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Tagged,
    BlockScalar,
    DoubleQuoted,
    Folded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) data: Data,
    pub(crate) role: Role,
}

impl Node {
    pub(crate) fn with(self, role: Role) -> Node {
        Node { role, ..self }
    }

    pub(crate) fn edited(self) -> Node {
        self.with(Role::Edited)
    }

    /// Whether it cannot stand in brackets.
    pub(crate) fn has_block_scalar(&self) -> bool {
        let is_block = matches!(self.role, Role::Literal | Role::Forced(Form::BlockScalar | Form::Folded));
        is_block
            || match &self.data {
                Data::List(items) => items.iter().any(Node::has_block_scalar),
                Data::Map(entries) => entries.iter().any(|(_, node)| node.has_block_scalar()),
                _ => false,
            }
    }

    /// As the second parser has it.
    pub(crate) fn value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bare(text) => serde_yaml::from_str(text).unwrap(),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => Value::Sequence(items.iter().map(Node::value).collect()),
            Data::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| (Value::String(key.clone()), node.value()));
                Value::Mapping(entries.collect::<Mapping>())
            }
        }
    }
}

pub(crate) fn null() -> Node {
    Node { data: Data::Null, role: Role::Free }
}

pub(crate) fn bare(text: &'static str) -> Node {
    Node { data: Data::Bare(text), role: Role::Free }
}

pub(crate) fn text(text: impl Into<String>) -> Node {
    Node { data: Data::Text(text.into()), role: Role::Free }
}

pub(crate) fn list(items: Vec<Node>) -> Node {
    Node { data: Data::List(items), role: Role::Free }
}

pub(crate) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Node)>) -> Node {
    let entries = entries.into_iter().map(|(key, node)| (key.into(), node)).collect();
    Node { data: Data::Map(entries), role: Role::Free }
}
