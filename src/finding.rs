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

/// Writes the rules once: the enum, its ids and the list of all.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// What a finding is about. The ids are stable; `docs/findings.md` says what each means and how to mend it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $id)] $name,)*
        }

        impl Rule {
            /// All of them, in the order of their ids.
            pub const ALL: &[Rule] = &[$(Rule::$name,)*];

            /// The id that users see: kebab-case, such as `cert-expired`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self {
                    $(Rule::$name => $id,)*
                }
            }
        }
    };
}

rules! {
    /// What was given as the CA is none.
    CaNotCa = "ca-not-ca",
    /// A certificate's lifetime is over.
    CertExpired = "cert-expired",
    /// A certificate's lifetime is nearly over.
    CertExpiresSoon = "cert-expires-soon",
    /// A certificate's lifetime has not begun.
    CertNotYetValid = "cert-not-yet-valid",
    /// A certificate or its file cannot be read.
    CertUnreadable = "cert-unreadable",
    /// A certificate is of X.509 version 1.
    CertV1 = "cert-v1",
    /// A certificate stands in the file that the chain does not need.
    ChainExtra = "chain-extra",
    /// Whether the CA issued the certificate was not judged.
    ChainNotJudged = "chain-not-judged",
    /// The certificates are not in the order of a chain.
    ChainOutOfOrder = "chain-out-of-order",
    /// Two CAs of one name are trusted.
    IssuerAmbiguous = "issuer-ambiguous",
    /// An issuer may not issue certificates.
    IssuerNotCa = "issuer-not-ca",
    /// The issuer's certificate is not the one that is named.
    IssuerOtherId = "issuer-other-id",
    /// The CA has the issuer's name and another key.
    IssuerOtherKey = "issuer-other-key",
    /// Nobody has the name of the issuer.
    IssuerUnknown = "issuer-unknown",
    /// The numbers in a key contradict each other.
    KeyCorrupt = "key-corrupt",
    /// A key is protected by a password.
    KeyEncrypted = "key-encrypted",
    /// A key or its file has a form that a delegate cannot read.
    KeyFormat = "key-format",
    /// A key is not the certificate's.
    KeyMismatch = "key-mismatch",
    /// A key is of a kind that a classic delegate cannot load.
    KeyNotRsa = "key-not-rsa",
    /// A key is smaller than servers take.
    KeyTooSmall = "key-too-small",
    /// Whether a key is corrupt was not checked.
    KeyUnchecked = "key-unchecked",
    /// The client's certificate is a CA's.
    LeafIsCa = "leaf-is-ca",
    /// A CA constrains the names below it.
    NameConstraint = "name-constraint",
    /// A CA allows fewer intermediates than there are.
    PathLength = "path-length",
    /// A Secret's value is encoded twice.
    SecretDoubleBase64 = "secret-double-base64",
    /// A Secret's value is not base64.
    SecretNotBase64 = "secret-not-base64",
    /// A Secret's value is not filled in.
    SecretPlaceholder = "secret-placeholder",
    /// A certificate was altered after it was signed.
    SignatureInvalid = "signature-invalid",
    /// A certificate has the name of its issuer.
    SubjectIsIssuer = "subject-is-issuer",
    /// A certificate has a critical extension that no server knows.
    UnknownCriticalExtension = "unknown-critical-extension",
    /// A signature cannot be verified here.
    UnverifiableSignature = "unverifiable-signature",
    /// A certificate may not be used by a TLS client.
    UsageForbidsClientAuth = "usage-forbids-client-auth",
    /// A certificate is signed with SHA-1 or MD5.
    WeakSignature = "weak-signature",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One statement about a certificate, a key or a manifest.
///
/// `message` and `help` follow the message grammar: lower case, no full stop, the user's words in backticks.
/// Neither ever holds key material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// Where: the file as the user named it, with `:line:column` where there is one.
    pub place: Option<String>,
    /// What is the matter, in one line.
    pub message: String,
    /// What to do, in one line that can be pasted or acted on.
    pub help: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn every_rule_has_its_section_in_the_documentation_and_no_other_has() {
        let text = include_str!("../docs/findings.md");
        let mut sections: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        sections.sort_unstable();
        let ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(sections, ids);
        for section in text.split("\n### ").skip(1) {
            let (id, body) = section.split_once('\n').unwrap();
            let severity = ["Error", "Warning", "Note"].iter().any(|word| body.starts_with(word));
            assert!(severity && body.len() > 80, "{id}: {body}");
        }
    }
}
