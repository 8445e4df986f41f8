//! A text as a stream of documents that can be opened one at a time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

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
#[derive(Debug, Error, PartialEq, Eq)]
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

/// How many parsed documents are kept: those of one delegate, so that a List is not parsed again for every item.
const CACHED: usize = 6;

/// A text and where its documents are.
#[derive(Debug)]
pub struct Stream<'t> {
    /// All of it.
    pub text: &'t str,
    /// Its documents, in order.
    pub chunks: Vec<Chunk>,
    open: RefCell<VecDeque<(usize, Rc<Document<'t>>)>>,
}

impl<'t> Stream<'t> {
    /// Cuts a text into its documents.
    ///
    /// # Errors
    /// When there are too many of them.
    pub fn new(text: &'t str) -> Result<Stream<'t>, StreamError> {
        let chunks =
            yaml::split(text).map_err(|error| StreamError { offset: error.offset, cause: error.to_string() })?;
        Ok(Stream { text, chunks, open: RefCell::default() })
    }

    /// Parses a document, or finds it among those that were parsed last.
    ///
    /// # Errors
    /// When it is not YAML.
    pub fn document(&self, chunk: usize) -> Result<Rc<Document<'t>>, StreamError> {
        let mut open = self.open.borrow_mut();
        if let Some(at) = open.iter().position(|(number, _)| *number == chunk)
            && let Some((_, document)) = open.remove(at)
        {
            // the one used longest ago goes first: a List stays while the documents beside it come and go
            open.push_back((chunk, Rc::clone(&document)));
            return Ok(document);
        }
        let Some(cut) = self.chunks.get(chunk) else {
            return Err(StreamError { offset: self.text.len(), cause: "no such document".to_owned() });
        };
        let document = Rc::new(yaml::parse(self.text, cut)?);
        if open.len() >= CACHED {
            open.pop_front();
        }
        open.push_back((chunk, Rc::clone(&document)));
        Ok(document)
    }
}
