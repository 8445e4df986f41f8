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
    ($($(#[$doc:meta])* $name:ident = $id:literal, $severity:ident;)*) => {
        /// What a finding is about. The ids are stable; `docs/rules.md` says what each means and how to mend it.
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

            /// The rule with this id.
            #[must_use]
            pub fn from_id(id: &str) -> Option<Rule> {
                Rule::ALL.iter().copied().find(|rule| rule.id() == id)
            }

            /// How much it matters where nothing else is said. Some findings of a rule matter less, or more in a
            /// STRICT account: `docs/rules.md` says when.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Rule::$name => Severity::$severity,)*
                }
            }
        }
    };
}

rules! {
    /// What was given as the CA is none.
    CaNotCa = "ca-not-ca", Error;
    /// A certificate's lifetime is over.
    CertExpired = "cert-expired", Error;
    /// A certificate's lifetime is nearly over.
    CertExpiresSoon = "cert-expires-soon", Warning;
    /// A certificate's lifetime has not begun.
    CertNotYetValid = "cert-not-yet-valid", Error;
    /// A variable names a file that its mount does not put there.
    CertPathMismatch = "cert-path-mismatch", Error;
    /// A certificate or its file cannot be read.
    CertUnreadable = "cert-unreadable", Error;
    /// A certificate is of X.509 version 1.
    CertV1 = "cert-v1", Note;
    /// A certificate stands in the file that the chain does not need.
    ChainExtra = "chain-extra", Error;
    /// Whether the CA issued the certificate was not judged.
    ChainNotJudged = "chain-not-judged", Note;
    /// The certificates are not in the order of a chain.
    ChainOutOfOrder = "chain-out-of-order", Error;
    /// A file mode that was meant octal is written decimal.
    DecimalDefaultMode = "decimal-default-mode", Warning;
    /// A variable stands twice in one environment.
    DuplicateEnv = "duplicate-env", Warning;
    /// A key stands twice in one mapping.
    DuplicateKey = "duplicate-key", Error;
    /// A pod has a volume's name twice, or a container two mounts in one place.
    DuplicateMount = "duplicate-mount", Error;
    /// A URL is not at the endpoint of the others.
    EndpointDiffers = "endpoint-differs", Error;
    /// A manager URL is no mTLS endpoint.
    EndpointInvalid = "endpoint-invalid", Error;
    /// A manager URL has not the port of an mTLS endpoint.
    EndpointPort = "endpoint-port", Error;
    /// A classic delegate rewrites the authority of its gRPC calls.
    GrpcAuthority = "grpc-authority", Note;
    /// A template is not judged before it is rendered.
    HelmTemplate = "helm-template", Note;
    /// Terraform's or Pulumi's code is not judged.
    InfrastructureCode = "infrastructure-code", Note;
    /// A file holds a private key.
    InlinePrivateKey = "inline-private-key", Error;
    /// A file mode is one that Kubernetes refuses.
    InvalidDefaultMode = "invalid-default-mode", Error;
    /// Two CAs of one name are trusted.
    IssuerAmbiguous = "issuer-ambiguous", Warning;
    /// An issuer may not issue certificates.
    IssuerNotCa = "issuer-not-ca", Error;
    /// The issuer's certificate is not the one that is named.
    IssuerOtherId = "issuer-other-id", Error;
    /// The CA has the issuer's name and another key.
    IssuerOtherKey = "issuer-other-key", Error;
    /// Nobody has the name of the issuer.
    IssuerUnknown = "issuer-unknown", Error;
    /// The numbers in a key contradict each other.
    KeyCorrupt = "key-corrupt", Error;
    /// A key is protected by a password.
    KeyEncrypted = "key-encrypted", Error;
    /// A key or its file has a form that a delegate cannot read.
    KeyFormat = "key-format", Error;
    /// A key is not the certificate's.
    KeyMismatch = "key-mismatch", Error;
    /// A key is of a kind that a classic delegate cannot load.
    KeyNotRsa = "key-not-rsa", Error;
    /// A key is smaller than servers take.
    KeyTooSmall = "key-too-small", Error;
    /// Whether a key is corrupt was not checked.
    KeyUnchecked = "key-unchecked", Note;
    /// The client's certificate is a CA's.
    LeafIsCa = "leaf-is-ca", Error;
    /// A legacy delegate cannot use mTLS.
    LegacyDelegate = "legacy-delegate", Warning;
    /// A delegate is not told where its certificate and key are.
    MissingEnv = "missing-env", Error;
    /// A volume's Secret is not among the files.
    MissingSecret = "missing-secret", Error;
    /// A pod has no volume with the certificate.
    MissingVolume = "missing-volume", Error;
    /// A container does not mount the certificate.
    MissingVolumeMount = "missing-volume-mount", Error;
    /// Certificates of one account come from different issuers.
    MixedIssuers = "mixed-issuers", Warning;
    /// The certificate is mounted to be written.
    MountNotReadOnly = "mount-not-read-only", Note;
    /// A mount names a volume that its pod does not have.
    MountWithoutVolume = "mount-without-volume", Error;
    /// A CA constrains the names below it.
    NameConstraint = "name-constraint", Error;
    /// A delegate is wholly without mTLS.
    NotMtls = "not-mtls", Warning;
    /// A CA allows fewer intermediates than there are.
    PathLength = "path-length", Error;
    /// A template's placeholder is not filled in.
    PlaceholderLeft = "placeholder-left", Error;
    /// A Secret lacks a file that is read from it.
    SecretKeyMissing = "secret-key-missing", Error;
    /// A Secret's value is not what a pod should get.
    SecretValueInvalid = "secret-value-invalid", Error;
    /// A certificate was altered after it was signed.
    SignatureInvalid = "signature-invalid", Error;
    /// A certificate has the name of its issuer.
    SubjectIsIssuer = "subject-is-issuer", Error;
    /// A delegate takes any certificate for its server's.
    TrustAllCertificates = "trust-all-certificates", Warning;
    /// A certificate has a critical extension that no server knows.
    UnknownCriticalExtension = "unknown-critical-extension", Error;
    /// An image's tag does not tell what kind of delegate it is.
    UnknownImageTag = "unknown-image-tag", Warning;
    /// A mount has a field that Kubernetes does not know.
    UnknownMountField = "unknown-mount-field", Error;
    /// A container's user cannot read the files of its volume.
    UnreadableDefaultMode = "unreadable-default-mode", Error;
    /// A file cannot be judged, because it cannot be read.
    UnreadableFile = "unreadable-file", Error;
    /// A comment ignores what is not found.
    UnusedIgnore = "unused-ignore", Warning;
    /// A signature cannot be verified here.
    UnverifiableSignature = "unverifiable-signature", Warning;
    /// An upgrader is not told where the certificate and key are.
    UpgraderConfigIncomplete = "upgrader-config-incomplete", Error;
    /// An upgrader's CronJob does not mount the certificate.
    UpgraderJobIncomplete = "upgrader-job-incomplete", Error;
    /// A certificate may not be used by a TLS client.
    UsageForbidsClientAuth = "usage-forbids-client-auth", Error;
    /// A volume with the certificate is mounted by no container.
    VolumeWithoutMount = "volume-without-mount", Error;
    /// A certificate is signed with SHA-1 or MD5.
    WeakSignature = "weak-signature", Error;
    /// A Secret is in another namespace than who reads it.
    WrongNamespace = "wrong-namespace", Error;
}

impl Rule {
    /// Whether it can only be found where the certificate authority is known.
    #[must_use]
    pub fn needs_authority(self) -> bool {
        matches!(
            self,
            Rule::CaNotCa
                | Rule::IssuerAmbiguous
                | Rule::IssuerNotCa
                | Rule::IssuerOtherId
                | Rule::IssuerOtherKey
                | Rule::IssuerUnknown
                | Rule::NameConstraint
                | Rule::PathLength
                | Rule::SignatureInvalid
                | Rule::SubjectIsIssuer
        )
    }
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
