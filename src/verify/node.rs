//! A node as one of the two parsers sees it: whether it is as planned, and whether two are the same.

use crate::plan::{Scalar, Style, Value};
use crate::yaml::{Document, Kind, NodeId, ScalarStyle, slice};

/// Whether neither is there, or both are and `hold`.
pub(super) fn both<A, B>(a: Option<A>, b: Option<B>, hold: impl FnOnce(A, B) -> bool) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => hold(a, b),
        _ => false,
    }
}

/// A node as one of the two parsers sees it. Recursion over nodes is bounded by [`MAX_NESTING`](crate::yaml::MAX_NESTING).
pub(super) trait Node: Copy {
    /// What is in it. `flow` is told by the parser that knows styles.
    fn content(self) -> Content<impl Iterator<Item = Self>, impl Iterator<Item = (Self, Self)>>;
    /// Whether it is the same scalar or alias.
    fn is_same_leaf(self, other: Self) -> bool;
    /// Whether it is a scalar as planned.
    fn is_scalar(self, planned: &Scalar) -> bool;
    /// Its text, where it is a string that can hold a file.
    fn text(&self) -> Option<&str>;
}

pub(super) enum Content<Items, Entries> {
    Leaf,
    Sequence { flow: Option<bool>, items: Items },
    Mapping { flow: Option<bool>, entries: Entries },
}

/// A node of the span parser.
#[derive(Clone, Copy)]
pub(super) struct Raw<'d> {
    document: &'d Document<'d>,
    id: NodeId,
}

impl<'d> Raw<'d> {
    pub(super) fn root(document: &'d Document<'d>) -> Option<Raw<'d>> {
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
pub(super) fn is<N: Node>(node: N, planned: &Value, style: Style) -> bool {
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
pub(super) fn same<N: Node>(old: N, new: N) -> bool {
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

/// Whether both parsers read the same node: same shape, same strings.
pub(super) fn agree(raw: Raw<'_>, typed: &serde_yaml::Value) -> bool {
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
