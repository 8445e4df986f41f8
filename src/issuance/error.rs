//! Why nothing is issued, in words, with what leads out of it. Never quotes what a key file holds.

use crate::finding::Finding;
use crate::identity::{LoadError, beside, shell};

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A file of the authority or the request cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// RFC 5280 §4.1.2.5 keeps 99991231235959Z for "no end", and there is no later year to write.
    #[error("{days} days from now end after the year 9998, and no certificate can")]
    TooLong {
        /// What was asked for.
        days: u32,
        /// What is possible today.
        most: i64,
    },
    /// The authority's two files do not belong together.
    #[error("`{key}`: is not the key of `{ca}`")]
    OtherKey {
        /// The key file.
        key: String,
        /// The certificate file.
        ca: String,
    },
    /// A key that the provider does not sign with.
    #[error("`{key}`: {why}")]
    CannotSign {
        /// The key file.
        key: String,
        /// Its kind, and what is the matter with that.
        why: String,
    },
    /// A certificate that is its own issuer by name is taken for a root (RFC 5280 §6.1).
    #[error("the client would have the name of its CA, `{subject}`")]
    NameOfCa {
        /// The name.
        subject: String,
    },
    /// A request for a key that is of no use.
    #[error("`{request}`: is for {key}")]
    RequestKey {
        /// The request's file.
        request: String,
        /// The key, and what is the matter with it.
        key: String,
    },
    /// Whoever made the request does not have the key, or it was altered.
    #[error("`{request}`: is not signed by the key it is for: it was altered, or put together from two")]
    RequestSignature {
        /// The request's file.
        request: String,
    },
    /// Whether the request is whole cannot be said.
    #[error("`{request}`: is signed with {algorithm}, which cannot be verified here")]
    RequestAlgorithm {
        /// The request's file.
        request: String,
        /// The signature's algorithm.
        algorithm: String,
    },
    /// A certificate needs a name (RFC 5280 §4.1.2.6 allows none only beside alternative names).
    #[error("`{request}`: has no subject")]
    NoSubject {
        /// The request's file.
        request: String,
    },
    /// It would be issued, and would not work.
    #[error("the certificate would not work")]
    Refused(
        /// At least one of severity error.
        Vec<Finding>,
    ),
    /// The provider failed.
    #[error("the certificate could not be made: {0}")]
    Unmade(
        /// What it said.
        String,
    ),
}

impl IssueError {
    pub(super) fn unmade(error: impl std::fmt::Display) -> Self {
        IssueError::Unmade(error.to_string())
    }

    /// What to do about it, in one line that can be pasted where there is such a line.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            IssueError::Load(error) => return error.help(),
            IssueError::TooLong { most, .. } => format!("--days {most}"),
            IssueError::OtherKey { key, ca } => format!(
                "diff <(openssl x509 -in {} -noout -pubkey) <(openssl pkey -in {} -pubout)",
                shell(ca),
                shell(key)
            ),
            IssueError::CannotSign { .. } => "delegate-mtls certs ca --out-dir NEW".to_owned(),
            IssueError::NameOfCa { .. } => "--subject '/O=Example ORG/CN=Client'".to_owned(),
            IssueError::RequestKey { request, .. } => format!(
                "openssl req -new -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' -keyout {} -out {}",
                shell(&beside(request, "rsa.key")),
                shell(&beside(request, "rsa.csr"))
            ),
            IssueError::RequestSignature { .. } => {
                "openssl req -new -sha256 -key client.key -subj '/O=Example ORG/CN=Client' -out client.csr".to_owned()
            }
            IssueError::RequestAlgorithm { .. } => "have the request made anew with `-sha256`".to_owned(),
            IssueError::NoSubject { .. } => "--subject '/O=Example ORG/CN=Client'".to_owned(),
            IssueError::Refused(_) | IssueError::Unmade(_) => return None,
        })
    }
}
