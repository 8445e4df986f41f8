//! What a check comes to. Every format is a rendering of this one value.

use serde::Serialize;
use time::OffsetDateTime;

use crate::delegate;
use crate::finding::{Rule, Severity};
use crate::yaml::Span;

/// The outcome of a check.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The time that certificates were judged at.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// In the order of path, line and column.
    pub findings: Vec<Located>,
    /// In the order of path and line.
    pub delegates: Vec<DelegateState>,
    /// What could not be done: the report is not complete, and the exit code is 2.
    #[serde(rename = "errors")]
    pub failures: Vec<Failure>,
}

/// A finding, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Located {
    /// What it is about.
    pub rule: Rule,
    /// How much it matters, after `--mode` and `--rule`.
    pub severity: Severity,
    /// What is the matter, in one line, without its place. Fit for a terminal.
    pub message: String,
    /// What to do, in one line that can be pasted or acted on.
    pub help: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub at: At,
}

/// A place: in a file, in a file as a whole, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct At {
    /// The file, relative to the working directory, with `/`. `None` for what concerns the run as a whole.
    pub path: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// The bytes of the file that are meant; empty where there is no line.
    #[serde(skip)]
    pub span: Span,
}

/// Something that could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What, its place first. Fit for a terminal.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The file, where it is about one.
    pub path: Option<String>,
}

/// A delegate, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DelegateState {
    /// The file of its workload, or of its values.
    pub path: String,
    /// The line of its workload's name, or of its values', from 1.
    pub line: usize,
    /// The workload's name. Fit for a terminal.
    pub name: String,
    /// Its namespace as written.
    pub namespace: Option<String>,
    /// Which kind of delegate it is.
    pub generation: Generation,
    /// How far it is on mTLS.
    pub mtls: Mtls,
    /// Its manager URL, without user, password and query; `None` where the manifest does not say.
    pub endpoint: Option<String>,
    /// When the first certificate that it presents expires; `None` where the files do not hold it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires: Option<OffsetDateTime>,
    /// Whether a STRICT account would let it in: it is on mTLS, and nothing is wrong with it.
    pub strict_ready: bool,
}

/// The kind of a delegate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Generation {
    /// Immutable delegate.
    #[serde(rename = "classic")]
    Classic,
    /// Delegate 3.x.
    #[serde(rename = "3.x")]
    ThreeX,
    /// One that knows no client certificate.
    #[serde(rename = "legacy")]
    Legacy,
    /// Values of the Helm chart, which makes an immutable delegate of them.
    #[serde(rename = "helm")]
    Helm,
}

impl From<&delegate::Generation> for Generation {
    fn from(generation: &delegate::Generation) -> Generation {
        match generation {
            delegate::Generation::Classic => Generation::Classic,
            delegate::Generation::ThreeX => Generation::ThreeX,
            delegate::Generation::Legacy(_) => Generation::Legacy,
        }
    }
}

/// How far a delegate is on mTLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mtls {
    /// Wholly without.
    None,
    /// Some of it is missing or inconsistent: it works in neither mode.
    Partial,
    /// All parts are there and fit together.
    Complete,
}
