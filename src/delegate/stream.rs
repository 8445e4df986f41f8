//! A text as a stream of documents that can be opened one at a time.

use std::sync::OnceLock;

use thiserror::Error;

use crate::yaml::{self, Chunk, Document, NodeId, ParseError};

/// A Kubernetes object: the mapping that it is, in the document that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The number of the file among those of a run, from 0.
    pub file: u32,
    /// The number of the document, from 0.
    pub chunk: usize,
    /// Its mapping: the root, or an item of a List.
    pub node: NodeId,
}

/// A text that cannot be read as a stream of YAML documents.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{cause}")]
pub struct StreamError {
    /// Where, in bytes.
    pub offset: usize,
    /// What is the matter.
    pub cause: String,
}

impl From<ParseError> for StreamError {
    fn from(error: ParseError) -> StreamError {
        StreamError { offset: error.offset, cause: error.cause }
    }
}

/// A text and where its documents are.
#[derive(Debug)]
pub struct Stream<'t> {
    /// All of it.
    pub text: &'t str,
    /// Its documents, in order.
    pub chunks: Vec<Chunk>,
    /// Those that were opened, by number: what recognition finds a part of a delegate in is planned and proved too.
    open: Vec<OnceLock<Box<Document<'t>>>>,
}

impl<'t> Stream<'t> {
    /// Cuts a text into its documents.
    ///
    /// # Errors
    /// When there are too many of them.
    pub fn new(text: &'t str) -> Result<Stream<'t>, StreamError> {
        let chunks =
            yaml::split(text).map_err(|error| StreamError { offset: error.offset, cause: error.to_string() })?;
        let open = chunks.iter().map(|_| OnceLock::new()).collect();
        Ok(Stream { text, chunks, open })
    }

    /// Parses a document that was not opened before; it stays open.
    ///
    /// # Errors
    /// When it is not YAML.
    pub fn document(&self, number: usize) -> Result<&Document<'t>, StreamError> {
        let (Some(slot), Some(chunk)) = (self.open.get(number), self.chunks.get(number)) else {
            return Err(StreamError { offset: self.text.len(), cause: "no such document".to_owned() });
        };
        if let Some(document) = slot.get() {
            return Ok(document);
        }
        let document = Box::new(yaml::parse(self.text, chunk)?);
        Ok(slot.get_or_init(|| document))
    }

    /// Keeps a document of this stream open that was parsed elsewhere.
    pub(super) fn keep(&self, number: usize, document: Document<'t>) {
        if let Some(slot) = self.open.get(number) {
            // the same text parses to the same document: one that is open already may stay
            let _ = slot.set(Box::new(document));
        }
    }
}

/// The error for a key that stands twice in one mapping. It does not quote the key: in a flow mapping that may be a
/// value (`{hunter2, hunter2}`).
pub(crate) fn duplicate_key(document: &Document<'_>, key: NodeId) -> StreamError {
    StreamError {
        offset: document.node(key).span.start,
        cause: "duplicate key in one mapping: tools differ in which one they take".to_owned(),
    }
}
