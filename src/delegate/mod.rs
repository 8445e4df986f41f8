//! Documents → the delegates in them: which container, which environment, which Secret, which upgrader. Edits nothing.
//!
//! One pass over the stream keeps names and places; documents are parsed again, one at a time, when they are planned.

mod index;
mod masks;
mod names;
mod secret_value;
mod stream;

pub(crate) use index::duplicate_key;
pub use index::{ConfigSource, Delegate, Generation, Index, Kind, Legacy, Stray, read};
pub use names::is_secret_name;
pub use secret_value::{SecretDefect, SecretValue, secret_values};
pub use stream::{Location, Stream, StreamError};

use crate::yaml::{Document, Found};

/// A text that must not be shown: the value of a Secret, a password in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// The bytes of the value.
    pub span: crate::yaml::Span,
    /// What may be said of it.
    pub holds: Holds,
}

/// What a masked value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Nothing of it may be shown.
    Secret,
    /// Base64 of a certificate: public, its fingerprint may be shown.
    Certificate,
}

/// The pod template's spec of a workload (Kubernetes API: `PodSpec`).
pub fn pod_spec(document: &Document<'_>, resource: Found, kind: &str) -> Option<Found> {
    let path: &[&str] = match kind {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    };
    document.at(resource, path)
}
