//! Delegates + goal (present, absent) + options → edits, or a refusal with its place. Touches no text.

mod change;
mod compose;
mod delegate;
mod documents;
mod editor;
mod mount;
mod removal;
mod rotation;
mod secret;
mod upgrader;
mod value;
mod values;

use std::collections::BTreeMap;

pub use change::{Change, Operation, Style};

pub use value::{Scalar, Text, Value};

use crate::delegate::{Index, Stream, StreamError};
use crate::edit::Edit;
use crate::endpoint::Endpoint;
use crate::identity::CertificateSummary;

/// What the manifests shall be.
#[derive(Debug, Clone)]
pub enum Goal {
    /// On mTLS.
    Present(Present),
    /// Without mTLS.
    Absent {
        /// The manager base URL to restore; `None` leaves URLs alone.
        base: Option<String>,
    },
}

/// What the move to mTLS puts in.
#[derive(Debug, Clone)]
pub struct Present {
    /// Where the pair comes from.
    pub secret: SecretSource,
    /// Where the URLs go; `None` leaves them alone.
    pub endpoint: Option<Endpoint>,
    /// Whether the upgrader is moved too.
    pub upgrader: Upgrader,
    /// The files of the pair, for docker-compose services, which mount them.
    pub files: Option<Files>,
}

/// The files of a pair as a docker-compose file names them: relative to its own folder with `./` or `../`, or absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate's file.
    pub certificate: String,
    /// The key's file.
    pub key: String,
}

/// What happens to the upgrader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrader {
    /// It is moved with its delegate.
    Move,
    /// It is left as it is.
    Leave,
}

/// Where the pair comes from.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// It is written into a Secret of the stream.
    Stream(Pair),
    /// It is written into a Secret in a file of its own.
    File {
        /// The pair.
        pair: Pair,
        /// What that file holds already.
        older: Vec<OlderPair>,
    },
    /// A Secret exists, or will.
    Existing {
        /// Its name.
        name: String,
        /// The pair in it, where that is known.
        pair: Option<Pair>,
    },
}

impl SecretSource {
    /// The pair, where it is known.
    #[must_use]
    pub fn pair(&self) -> Option<&Pair> {
        match self {
            SecretSource::Stream(pair) | SecretSource::File { pair, .. } => Some(pair),
            SecretSource::Existing { pair, .. } => pair.as_ref(),
        }
    }
}

/// The two values of the Secret, base64 as they are written.
#[derive(Clone)]
pub struct Pair {
    /// Base64 of the certificate file.
    pub certificate: Text,
    /// Base64 of the key file.
    pub key: Text,
}

/// A pair that a Secret outside the stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderPair {
    /// The Secret's name.
    pub name: String,
    /// Its namespace as written.
    pub namespace: Option<String>,
    /// The certificate that it holds.
    pub certificate: CertificateSummary,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pair(***)")
    }
}

/// Why nothing was done, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The offending bytes' start; `None` where the whole input is meant.
    pub offset: Option<usize>,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Refusal {
    fn at(offset: usize, message: impl Into<String>) -> Refusal {
        Refusal { offset: Some(offset), message: message.into(), help: None }
    }

    fn of_input(message: impl Into<String>) -> Refusal {
        Refusal { offset: None, message: message.into(), help: None }
    }

    #[must_use]
    fn help(self, help: impl Into<String>) -> Refusal {
        Refusal { help: Some(help.into()), ..self }
    }
}

impl From<StreamError> for Refusal {
    fn from(error: StreamError) -> Refusal {
        Refusal::at(error.offset, error.cause)
    }
}

/// Something that the user should know although it did not stop us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub offset: usize,
    /// What.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What was planned for one delegate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The delegate's name.
    pub delegate: String,
    /// Its namespace, if written.
    pub namespace: Option<String>,
    /// Where it stands.
    pub offset: usize,
    /// What is done, in order; nothing when it is as it shall be.
    pub actions: Vec<String>,
    /// What is left alone, and why.
    pub remarks: Vec<String>,
}

/// What happens to one document.
#[derive(Debug, Default)]
pub struct DocumentChange {
    /// Changes inside it.
    pub changes: Vec<Change>,
    /// Documents that come to stand before it.
    pub inserted_before: Vec<Value>,
    /// Whether it goes.
    pub removed: bool,
}

/// Everything that happens to a text.
#[derive(Debug, Default)]
pub struct Plan {
    /// The edits, in the order in which those at one offset are to be applied.
    pub edits: Vec<Edit>,
    /// What they mean, by document number. The number of documents itself stands for the end of the stream.
    pub documents: BTreeMap<usize, DocumentChange>,
    /// One for each delegate.
    pub summaries: Vec<Summary>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// The Secrets for a file of their own, each a document.
    pub secrets: Vec<Value>,
}

/// Plans every selected delegate of a stream. `names` selects; without any, all are meant.
///
/// # Errors
/// When one of them cannot be brought to the goal safely.
pub fn plan(stream: &Stream<'_>, index: &Index, goal: &Goal, names: &[String]) -> Result<Plan, Refusal> {
    delegate::plan(stream, index, goal, names)
}

/// A document written alone, as it stands in a file of its own.
pub fn write_document(value: &Value) -> String {
    let mut writer = value::Writer::new("\n", 0);
    if let Value::Mapping(entries) = value {
        writer.entries(entries, 0);
    }
    writer.push("\n");
    writer.text
}

#[cfg(test)]
mod tests;
