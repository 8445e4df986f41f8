//! The nodes of one document: an arena in document order, with links instead of boxes, so that nothing recurses.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

use super::{Chunk, Span};

pub use granit_parser::ScalarStyle;

/// A node of one [`Document`]; the same text parses to the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(NonZeroU32);

impl NodeId {
    /// The id of the node that is the `index`th of its document; `None` for one node too many.
    pub(super) fn of(index: usize) -> Option<NodeId> {
        let number = u32::try_from(index).ok()?.checked_add(1)?;
        NonZeroU32::new(number).map(NodeId)
    }

    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A scalar in one of the five styles.
    Scalar(ScalarStyle),
    /// A sequence.
    Sequence {
        /// `[a, b]` instead of dashes.
        flow: bool,
    },
    /// A mapping. Its children are key, value, key, value, …
    Mapping {
        /// `{a: b}` instead of lines.
        flow: bool,
    },
    /// `*name`; it stands for the node that carries the anchor.
    Alias {
        /// The node that it stands for.
        target: NodeId,
    },
}

/// A node and where it stands.
#[derive(Debug, Clone)]
pub struct Node<'t> {
    /// What it is.
    pub kind: Kind,
    /// Quoted and plain scalars, flow collections and aliases: exactly their bytes. Block scalars and block
    /// collections: from their first content; for the end see [`super::Layout::end`]. An empty value is a zero-width
    /// span at its colon or behind its dash.
    pub span: Span,
    /// A scalar's value after escape processing; empty for the rest.
    pub value: Cow<'t, str>,
    /// Whether an explicit tag (`!!str`) stands before it.
    pub tagged: bool,
    /// Whether an anchor (`&name`) stands before it.
    pub anchored: bool,
    pub(super) parent: Option<NodeId>,
    pub(super) first_child: Option<NodeId>,
    pub(super) last_child: Option<NodeId>,
    pub(super) next: Option<NodeId>,
    pub(super) previous: Option<NodeId>,
    /// How many siblings stand before it.
    pub(super) index: u32,
}

impl Node<'_> {
    /// How many siblings stand before it, keys and values each counting.
    pub fn index(&self) -> usize {
        self.index as usize
    }
}

/// A key with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: NodeId,
    /// The value.
    pub value: NodeId,
}

/// A node that was looked up, and whether the way there led through an alias or a merge key: such a node can be read,
/// but an edit of it would change every other place that refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The node itself, never an alias.
    pub node: NodeId,
    /// The alias or merge key on the way, if there was one.
    pub via: Option<NodeId>,
}

/// One parsed document. Its text is the text of the whole stream, and so are its spans.
#[derive(Debug)]
pub struct Document<'t> {
    /// The whole stream.
    pub text: &'t str,
    /// The part of it that this document is.
    pub chunk: Chunk,
    pub(super) nodes: Vec<Node<'t>>,
    pub(super) root: Option<NodeId>,
    pub(super) aliased: Vec<NodeId>,
    pub(super) duplicates: Vec<NodeId>,
}

/// How many aliases and merge keys a lookup follows: anchors can refer to themselves.
const MAX_HOPS: usize = 16;

/// What a node counts beside its text: a list of nothing but short words must not come for free.
const NODE_BYTES: usize = 16;

/// How many mappings with merge keys a lookup goes through: each may merge several that merge several.
const MAX_MERGED: usize = 256;

impl<'t> Document<'t> {
    /// The root node; `None` in a document of comments alone.
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// A key that stands twice in one mapping, if there is one: Kubernetes takes the last, other tools the first.
    pub fn duplicate(&self) -> Option<NodeId> {
        self.duplicates.first().copied()
    }

    /// The same for every mapping, as they end: of each its first such key.
    pub fn duplicates(&self) -> &[NodeId] {
        &self.duplicates
    }

    /// How many bytes its aliases bring to a parser that puts a copy in the place of each: of every node its text, and
    /// `NODE_BYTES`. Aliases of aliases multiply.
    pub fn copied_bytes(&self) -> usize {
        if self.aliased.is_empty() {
            return 0;
        }
        let mut copied = 0usize;
        // of each node: what the text before it comes to, copies included
        let mut before = Vec::with_capacity(self.nodes.len() + 1);
        let mut sum = 0usize;
        for node in &self.nodes {
            before.push(sum);
            let bytes = match node.kind {
                Kind::Alias { target } => {
                    let at = |index: usize| before.get(index).copied().unwrap_or(sum);
                    let bytes = at(self.behind(target)) - at(target.index());
                    copied = copied.saturating_add(bytes);
                    bytes
                }
                _ => node.value.len() + NODE_BYTES,
            };
            sum = sum.saturating_add(bytes);
        }
        copied
    }

    /// The index of the node that follows a node and all that is in it.
    fn behind(&self, id: NodeId) -> usize {
        let around = std::iter::successors(Some(id), |&id| self.parent(id));
        let next = around.into_iter().find_map(|id| self.next(id));
        next.map_or(self.nodes.len(), |next| next.index())
    }

    /// All nodes, in the order of the text.
    pub fn nodes(&self) -> impl Iterator<Item = &Node<'t>> {
        self.nodes.iter()
    }

    /// The node itself.
    ///
    /// # Panics
    /// Never for an id of this document.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this document's parse alone")]
    pub fn node(&self, id: NodeId) -> &Node<'t> {
        &self.nodes[id.index()]
    }

    /// The kind of a node.
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// The value of a scalar, of any style; `None` for anything else.
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        matches!(self.kind(id), Kind::Scalar(_)).then(|| self.node(id).value.as_ref())
    }

    /// Whether it is an empty value, or one of the plain words for null (YAML 1.2 §10.3.2).
    pub fn is_null(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.kind == Kind::Scalar(ScalarStyle::Plain)
            && !node.tagged
            && matches!(node.value.as_ref(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// The children in order: items, or keys and values in turn.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).first_child, |&child| self.node(child).next)
    }

    /// The last child.
    pub fn last_child(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).last_child
    }

    /// The sibling before this one: the item before an item, the key of a value, the value before a key.
    pub fn previous(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).previous
    }

    /// The sibling behind this one: the value of a key, the next item, the next key.
    pub fn next(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).next
    }

    /// The node around this one.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    /// The entries of a mapping, in order; nothing for anything else.
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = Entry> {
        let first = matches!(self.kind(id), Kind::Mapping { .. }).then(|| self.node(id).first_child).flatten();
        std::iter::successors(self.entry(first), |entry| self.entry(self.node(entry.value).next))
    }

    fn entry(&self, key: Option<NodeId>) -> Option<Entry> {
        let key = key?;
        Some(Entry { key, value: self.node(key).next? })
    }

    /// The items of a sequence, in order; nothing for anything else.
    pub fn items(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let is_sequence = matches!(self.kind(id), Kind::Sequence { .. });
        self.children(id).filter(move |_| is_sequence)
    }

    /// The entry of `key` that stands in this mapping itself. Of two, the last, as Kubernetes has it.
    pub fn entry_of(&self, mapping: NodeId, key: &str) -> Option<Entry> {
        self.entries(mapping).filter(|entry| self.scalar(entry.key) == Some(key)).last()
    }

    /// The node that this one stands for: itself, or an alias' target.
    pub fn resolve(&self, id: NodeId) -> Found {
        self.through(Found { node: id, via: None })
    }

    fn through(&self, mut found: Found) -> Found {
        for _ in 0..MAX_HOPS {
            let Kind::Alias { target } = self.kind(found.node) else { break };
            found = Found { node: target, via: found.via.or(Some(found.node)) };
        }
        found
    }

    /// Looks `key` up in a mapping: in itself, then in what its merge keys (`<<`) name.
    pub fn get(&self, mapping: Found, key: &str) -> Option<Found> {
        self.get_within(mapping, key, MAX_HOPS, &mut { MAX_MERGED })
    }

    fn get_within(&self, mapping: Found, key: &str, hops: usize, left: &mut usize) -> Option<Found> {
        if let Some(entry) = self.entry_of(mapping.node, key) {
            return Some(self.through(Found { node: entry.value, via: mapping.via }));
        }
        let merge = self.entry_of(mapping.node, "<<")?;
        let hops = hops.checked_sub(1)?;
        *left = left.checked_sub(1)?;
        let via = mapping.via.or(Some(merge.key));
        let merged = self.through(Found { node: merge.value, via });
        match self.kind(merged.node) {
            Kind::Sequence { .. } => self
                .items(merged.node)
                .take(MAX_HOPS)
                .find_map(|item| self.get_within(self.through(Found { node: item, via }), key, hops, left)),
            _ => self.get_within(merged, key, hops, left),
        }
    }

    /// Every key that [`Document::get`] finds in a mapping, once: its own, then those of its merge keys.
    pub fn keys(&self, mapping: Found) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        let mut open = vec![mapping];
        for _ in 0..MAX_HOPS {
            let Some(mapping) = open.pop() else { break };
            let own = self.entries(mapping.node).filter_map(|entry| self.scalar(entry.key)).filter(|key| *key != "<<");
            keys.extend(own);
            if let Some(merge) = self.entry_of(mapping.node, "<<") {
                let merged = self.resolve(merge.value);
                match self.kind(merged.node) {
                    Kind::Sequence { .. } => open.extend(self.items_of(merged).take(MAX_HOPS)),
                    _ => open.push(merged),
                }
            }
        }
        let mut seen = HashSet::new();
        keys.retain(|key| seen.insert(*key));
        keys
    }

    /// Every key that [`Document::get`] finds in a mapping, with what it finds; in time linear in the mapping's own entries.
    pub fn all(&self, mapping: Found) -> Vec<(&str, Found)> {
        let own = self.entries(mapping.node).filter_map(|entry| Some((self.scalar(entry.key)?, entry.value)));
        // of two, the last
        let own: HashMap<&str, NodeId> = own.collect();
        let found = |key: &str| match own.get(key) {
            Some(&node) => Some(self.through(Found { node, via: mapping.via })),
            None => self.get(mapping, key),
        };
        self.keys(mapping).into_iter().filter_map(|key| Some((key, found(key)?))).collect()
    }

    /// Looks a path of keys up, each as [`Document::get`] does.
    pub fn at(&self, mapping: Found, path: &[&str]) -> Option<Found> {
        path.iter().try_fold(mapping, |found, key| self.get(found, key))
    }

    /// The text at a path of keys; a null is none, however it is written.
    pub fn text_at(&self, mapping: Found, path: &[&str]) -> Option<&str> {
        let node = self.at(mapping, path)?.node;
        self.scalar(node).filter(|_| !self.is_null(node))
    }

    /// The items of a sequence, each with its alias followed.
    pub fn items_of(&self, sequence: Found) -> impl Iterator<Item = Found> {
        self.items(sequence.node).map(move |item| self.through(Found { node: item, via: sequence.via }))
    }

    /// The anchored node at or above `id` that an alias refers to: an edit there would show in two places.
    pub fn shared(&self, id: NodeId) -> Option<NodeId> {
        std::iter::successors(Some(id), |&id| self.parent(id))
            .find(|&id| self.node(id).anchored && self.aliased.contains(&id))
    }

    /// The first anchored node at or below `id` that an alias refers to: without it, that alias means nothing.
    pub fn shared_below(&self, id: NodeId) -> Option<NodeId> {
        let is_below = |&anchor: &NodeId| std::iter::successors(Some(anchor), |&at| self.parent(at)).any(|at| at == id);
        self.aliased.iter().copied().filter(is_below).min_by_key(|&anchor| self.node(anchor).span.start)
    }

    /// The merge key of a mapping, if it has one.
    pub fn merge_key(&self, mapping: NodeId) -> Option<NodeId> {
        self.entry_of(mapping, "<<").map(|entry| entry.key)
    }

    /// The way from the root: for every step the index of the item or of the entry.
    pub fn path(&self, id: NodeId) -> Vec<usize> {
        let mut path: Vec<usize> = std::iter::successors(Some(id), |&id| self.parent(id))
            .filter_map(|id| {
                let parent = self.parent(id)?;
                let index = self.node(id).index as usize;
                Some(if matches!(self.kind(parent), Kind::Mapping { .. }) { index / 2 } else { index })
            })
            .collect();
        path.reverse();
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_that_merge_many_that_merge_many_come_to_an_end() {
        let mut text = "m0: &m0 {a: 1}\n".to_owned();
        for level in 1..MAX_HOPS {
            let merged = vec![format!("*m{}", level - 1); MAX_HOPS].join(", ");
            text.push_str(&format!("m{level}: &m{level} {{<<: [{merged}]}}\n"));
        }
        let chunks = crate::yaml::split(&text).unwrap();
        let document = crate::yaml::parse(&text, chunks.first().unwrap()).unwrap();
        let root = document.resolve(document.root().unwrap());
        let last = format!("m{}", MAX_HOPS - 1);
        assert_eq!(document.text_at(root, &[&last, "a"]), Some("1"));
        assert_eq!(document.text_at(root, &[&last, "b"]), None);
    }
}
