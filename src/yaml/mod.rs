//! Text → documents of nodes with byte spans, style and indentation. The only module that knows the span parser's
//! crate. It reads one document at a time, serialises nothing, and never changes text.

mod layout;
mod node;
mod parse;
mod place;
mod split;

pub use layout::{Embedded, Layout};
pub use node::{Document, Entry, Found, Kind, Node, NodeId, ScalarStyle};
pub use parse::{ParseError, parse};
pub use place::{Place, Places, slice};
pub use split::{Chunk, SplitError, split, split_into};

/// A byte range of the text that was given to [`split`], end exclusive.
pub type Span = std::ops::Range<usize>;

/// Collections nested deeper than this are refused: the second parser gives up at 128 and takes quadratic time on its
/// way there.
pub const MAX_NESTING: usize = 100;

/// A document of more nodes (values, keys, lists and maps) than this is refused: each takes some hundred bytes in the
/// two parsers and the proof.
pub const MAX_NODES: usize = 4_000_000;

/// A document whose aliases bring more bytes than this ([`Document::copied_bytes`]) is not edited: the second parser
/// copies all of it.
pub const MAX_COPIED: usize = 4 * 1024 * 1024;

/// A stream of more documents than this is refused.
pub const MAX_DOCUMENTS: usize = 1_000_000;
