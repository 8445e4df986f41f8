//! What a judgement says of one thing: data, never an error. Every output format renders this one value.

use std::fmt;

use serde::Serialize;

/// How much a finding matters. Ordered: a note is less than a warning, a warning less than an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; nothing to do.
    Note,
    /// Works today, will hurt later.
    Warning,
    /// Does not work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// One statement about a certificate, a key or a manifest.
///
/// `message` and `help` follow the message grammar: lower case, no full stop, the user's words in backticks.
/// Neither ever holds key material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable kebab-case id, for example `cert-expired`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Where: the file as the user named it, with `:line:column` where there is one.
    pub place: Option<String>,
    /// What is the matter, in one line.
    pub message: String,
    /// What to do, in one line that can be pasted or acted on.
    pub help: Option<String>,
}
