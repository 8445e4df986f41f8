//! PEM bytes + CA + now → a judged pair.
//!
//! [`load`] refuses what leaves nothing to judge and brings the rest into the one form that every delegate reads;
//! [`Identity::judge`] says whether the pair will work, as findings. Reads no files and no clock.

mod certificate;
mod chain;
mod constraints;
mod error;
mod judge;
mod key;
mod pem;
mod signature;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

pub use certificate::{CertificateSummary, Fingerprint};
pub use error::{Cause, DerKind, LoadError, Role};
pub use key::PrivateKeyPem;
pub use pem::Label;

use crate::finding::{Finding, Severity};
use certificate::Certificate;
use key::Key;
use pem::{Block, Blocks};

/// The bytes of one input file, and what to call it in messages: the path as the user typed it.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// The path as the user typed it.
    pub name: &'a str,
    /// The whole file.
    pub bytes: &'a [u8],
}

impl fmt::Debug for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Who loads the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loader {
    /// A classic delegate: only an RSA key in PKCS#8.
    Java,
    /// Delegate 3.x and the upgrader: EC and Ed25519 keys as well.
    Go,
}

/// Whether the chain has to end at the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainCheck {
    /// From the leaf by name and signature to a root in the authority's file.
    ToAnchor,
    /// The authority's file is not looked at (`--no-verify`). The key, its format and what the client's own
    /// certificates say of themselves are judged all the same.
    Skip,
}

/// By what to judge.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The time at which every certificate has to be valid.
    pub now: OffsetDateTime,
    /// Warn when less than this is left, or less than a third of the certificate's lifetime, whichever is shorter.
    pub expires_within: Duration,
    /// Whether the chain is judged.
    pub chain: ChainCheck,
}

/// A client certificate with its intermediates, its key, and the authority it should lead to.
pub struct Identity {
    certificate_name: String,
    key_name: String,
    /// Leaf first, never empty.
    chain: Vec<Certificate>,
    leaf: CertificateSummary,
    certificate_pem: String,
    key: Key,
    ca: Option<Authority>,
    repairs: Vec<Repair>,
    notices: Vec<String>,
}

struct Authority {
    name: String,
    certificates: Vec<Certificate>,
}

/// Reads a pair and, if there is one, its authority; nothing is judged yet.
///
/// # Errors
/// A file that leaves nothing to judge: not PEM, cut off, encrypted, not what it was given as. See [`Cause`].
///
/// # Examples
/// ```
/// use delegate_mtls::identity::{load, Named};
///
/// let error = load(
///     Named { name: "client.crt", bytes: b"" },
///     Named { name: "client.key", bytes: b"" },
///     None,
/// );
/// assert_eq!(error.unwrap_err().to_string(), "`client.crt`: the file is empty");
/// ```
pub fn load(cert: Named<'_>, key: Named<'_>, ca: Option<Named<'_>>) -> Result<Identity, LoadError> {
    let certificate_blocks = scan(cert, Role::Certificate);
    let key_blocks = scan(key, Role::Key);
    if let (Ok(first), Ok(second)) = (&certificate_blocks, &key_blocks)
        && !first.has(|label| label == Label::Certificate)
        && first.has(Label::is_private_key)
        && second.has(|label| label == Label::Certificate)
        && !second.has(Label::is_private_key)
    {
        let swapped = Cause::Swapped { key: key.name.to_owned() };
        return Err(refusal(cert, Role::Certificate, swapped));
    }

    let mut repairs = Vec::new();
    let blocks = certificate_blocks?;
    let certificates =
        certificates(&blocks, Role::Certificate).map_err(|cause| refusal(cert, Role::Certificate, cause))?;
    let as_found: String = certificates.iter().map(Certificate::pem).collect();
    if blocks.has_text || blocks.has(|label| label != Label::Certificate) {
        repairs.push(Repair::TextAroundCertificates(certificates.len()));
    } else if as_found.as_bytes() != cert.bytes {
        repairs.push(Repair::CertificateLayout);
    }
    if !pem::markers_end_their_lines(cert.bytes) {
        repairs.push(Repair::CertificateLines);
    }

    let blocks = key_blocks?;
    let parsed = one_key(&blocks).map_err(|cause| refusal(key, Role::Key, cause))?;
    if blocks.has_text || blocks.blocks.len() > 1 {
        repairs.push(Repair::TextAroundKey);
    } else if !parsed.was_pkcs1 && parsed.pem.expose().as_bytes() != key.bytes {
        repairs.push(Repair::KeyLayout { for_java: java_reads_layout(key.bytes) });
    }
    if parsed.was_pkcs1 {
        repairs.push(Repair::Pkcs1);
    }

    let arranged = chain::arrange(certificates, parsed.public.as_ref());
    if arranged.reordered {
        repairs.push(Repair::OutOfOrder);
    }
    if arranged.duplicates > 0 {
        repairs.push(Repair::Duplicates(arranged.duplicates));
    }
    repairs.extend(arranged.extra.into_iter().map(Repair::Extra));

    let ca = ca
        .map(|ca| {
            let blocks = scan(ca, Role::Ca)?;
            let certificates = self::certificates(&blocks, Role::Ca).map_err(|cause| refusal(ca, Role::Ca, cause))?;
            Ok(Authority { name: ca.name.to_owned(), certificates })
        })
        .transpose()?;

    let Some(leaf) = arranged.chain.first() else {
        // `certificates` gives at least one, and the chain begins with one of them.
        return Err(refusal(cert, Role::Certificate, Cause::NoPem));
    };
    let (certificate_name, key_name) = (cert.name.to_owned(), key.name.to_owned());
    Ok(Identity {
        leaf: leaf.summary.clone(),
        certificate_pem: arranged.chain.iter().map(Certificate::pem).collect(),
        notices: repairs
            .iter()
            .filter_map(|repair| Some((repair.file(&certificate_name, &key_name), repair.notice()?)))
            .map(|(file, notice)| format!("`{file}`: {notice}"))
            .collect(),
        certificate_name,
        key_name,
        chain: arranged.chain,
        key: parsed,
        ca,
        repairs,
    })
}

impl Identity {
    /// Whether the pair will work, at `options.now`, for `loader`. Errors come first, then warnings, then notes;
    /// within each what the user can act on first comes first. No error in it: the pair works.
    #[must_use]
    pub fn judge(&self, options: &Options, loader: Loader) -> Vec<Finding> {
        judge::judge(self, options, loader)
    }

    /// What `loader` would have made of the files as they were, before [`load`] repaired them: the findings
    /// `key-format`, `cert-unreadable`, `chain-out-of-order` and `chain-extra`. Empty if the files can be used as they are.
    #[must_use]
    pub fn as_found(&self, loader: Loader) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .repairs
            .iter()
            .filter_map(|repair| {
                let (rule, severity, message) = repair.judged(loader)?;
                Some(Finding {
                    rule,
                    severity,
                    place: Some(repair.file(&self.certificate_name, &self.key_name).to_owned()),
                    message,
                    help: repair.help(&self.certificate_name, &self.key_name),
                })
            })
            .collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// What is injected: the leaf, then the intermediates that are needed, in order. LF, 64 columns, one final
    /// newline; for a file that already is all this, its own bytes.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// What is injected: PKCS#8, in the same canonical form. Only an EC key in SEC1 keeps its encoding.
    #[must_use]
    pub fn key_pem(&self) -> &PrivateKeyPem {
        &self.key.pem
    }

    /// The client certificate itself.
    #[must_use]
    pub fn leaf(&self) -> &CertificateSummary {
        &self.leaf
    }

    /// What was converted, put in order or dropped, one line each: "`client.key`: converted from PKCS#1 to PKCS#8".
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate", &self.certificate_name)
            .field("key", &self.key_name)
            .field("leaf", &self.leaf)
            .field("notices", &self.notices)
            .finish_non_exhaustive()
    }
}

/// The first certificate in PEM bytes, for telling what a Secret holds today; `None` if there is none to read.
///
/// # Examples
/// ```
/// assert_eq!(delegate_mtls::identity::summarize(b"{CERT}"), None);
/// ```
#[must_use]
pub fn summarize(pem: &[u8]) -> Option<CertificateSummary> {
    let blocks = pem::scan(pem).ok()?.blocks;
    let block = blocks.iter().find(|block| block.label == Label::Certificate)?;
    Some(Certificate::read(block).ok()?.summary)
}

impl Blocks {
    fn has(&self, wanted: impl Fn(Label) -> bool) -> bool {
        self.blocks.iter().any(|block| wanted(block.label))
    }
}

fn refusal(file: Named<'_>, role: Role, cause: Cause) -> LoadError {
    LoadError { file: file.name.to_owned(), role, cause }
}

fn scan(file: Named<'_>, role: Role) -> Result<Blocks, LoadError> {
    pem::scan(file.bytes).map_err(|cause| refusal(file, role, cause))
}

/// Every certificate of a certificate file, at least one.
fn certificates(blocks: &Blocks, role: Role) -> Result<Vec<Certificate>, Cause> {
    let has_certificate = blocks.has(|label| label == Label::Certificate);
    if blocks.has(Label::is_private_key) && has_certificate {
        return Err(Cause::KeyBesideCertificate);
    }
    if blocks.has(|label| label == Label::TrustedCertificate) {
        return Err(Cause::TrustedCertificate);
    }
    if !has_certificate {
        let label = blocks.blocks.first().map_or(Label::Other, |b| b.label);
        return Err(Cause::Instead(label, role));
    }
    blocks.blocks.iter().filter(|block| block.label == Label::Certificate).map(Certificate::read).collect()
}

/// The only key of a key file.
fn one_key(blocks: &Blocks) -> Result<Key, Cause> {
    let keys: Vec<&Block> = blocks.blocks.iter().filter(|block| block.label.is_private_key()).collect();
    let has_certificate = blocks.has(|label| matches!(label, Label::Certificate | Label::TrustedCertificate));
    match keys.as_slice() {
        [] => Err(Cause::Instead(blocks.blocks.first().map_or(Label::Other, |b| b.label), Role::Key)),
        [_] if has_certificate => Err(Cause::CertificateBesideKey),
        [key] if key.encrypted || key.label == Label::EncryptedPkcs8 => Err(Cause::Encrypted),
        [key] => key::read(key),
        several => Err(Cause::SeveralKeys(several.len())),
    }
}

/// The classic delegate's loader trims the text and drops line ends and spaces, but no other blanks.
fn java_reads_layout(key: &[u8]) -> bool {
    !key.trim_ascii().iter().any(|byte| byte.is_ascii_whitespace() && !matches!(byte, b' ' | b'\r' | b'\n'))
}

/// What [`load`] did to a file to make it fit.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Repair {
    TextAroundCertificates(usize),
    CertificateLayout,
    /// BEGIN or END lines had something beside them; always together with one of the two above.
    CertificateLines,
    TextAroundKey,
    KeyLayout {
        /// Whether a classic delegate reads it as it is.
        for_java: bool,
    },
    Pkcs1,
    OutOfOrder,
    Duplicates(usize),
    Extra(String),
}

impl Repair {
    fn file<'a>(&self, certificate: &'a str, key: &'a str) -> &'a str {
        match self {
            Repair::TextAroundKey | Repair::KeyLayout { .. } | Repair::Pkcs1 => key,
            _ => certificate,
        }
    }

    /// What was done, unless another repair says it.
    fn notice(&self) -> Option<String> {
        Some(match self {
            Repair::TextAroundCertificates(1) => "text around the certificate dropped".to_owned(),
            Repair::TextAroundCertificates(_) => "text around the certificates dropped".to_owned(),
            Repair::TextAroundKey => "text around the key dropped".to_owned(),
            Repair::CertificateLayout | Repair::KeyLayout { .. } => "line ends and layout made canonical".to_owned(),
            Repair::CertificateLines => return None,
            Repair::Pkcs1 => "converted from PKCS#1 to PKCS#8".to_owned(),
            Repair::OutOfOrder => "certificates put in order, leaf first".to_owned(),
            Repair::Duplicates(1) => "a certificate that stood there twice dropped".to_owned(),
            Repair::Duplicates(count) => {
                format!("{count} certificates that stood there already dropped")
            }
            Repair::Extra(subject) => {
                format!("certificate of `{subject}` dropped, which the chain does not need")
            }
        })
    }

    /// What `loader` would have said of it.
    fn judged(&self, loader: Loader) -> Option<(&'static str, Severity, String)> {
        let for_java = match loader {
            Loader::Java => Severity::Error,
            Loader::Go => Severity::Warning,
        };
        let java = loader == Loader::Java;
        Some(match self {
            Repair::TextAroundKey if java => (
                "key-format",
                Severity::Error,
                "text around the key, and a classic delegate takes a key file that holds nothing else".to_owned(),
            ),
            Repair::KeyLayout { for_java: false } if java => (
                "key-format",
                Severity::Error,
                "there are tabs inside the key, which a classic delegate cannot read".to_owned(),
            ),
            Repair::Pkcs1 if java => {
                ("key-format", Severity::Error, "is a PKCS#1 key, and a classic delegate takes PKCS#8 only".to_owned())
            }
            Repair::CertificateLines if java => (
                "cert-unreadable",
                Severity::Error,
                "the `-----BEGIN` and `-----END` lines do not stand alone, and Java reads no such certificate"
                    .to_owned(),
            ),
            Repair::OutOfOrder => (
                "chain-out-of-order",
                for_java,
                "the certificates are not in the order leaf, issuer, issuer of that".to_owned(),
            ),
            Repair::Duplicates(_) => ("chain-extra", for_java, "a certificate stands in the file twice".to_owned()),
            Repair::Extra(subject) => {
                ("chain-extra", for_java, format!("the certificate of `{subject}` is not part of the chain"))
            }
            _ => return None,
        })
    }

    fn help(&self, certificate: &str, key: &str) -> Option<String> {
        let (new_certificate, new_key) = (error::beside(certificate, "pem"), error::beside(key, "pkcs8.key"));
        let (new_certificate, new_key) = (error::shell(&new_certificate), error::shell(&new_key));
        let (certificate, key) = (error::shell(certificate), error::shell(key));
        Some(match self {
            // OpenSSL reads neither of these two.
            Repair::CertificateLines => {
                format!(r"sed -E 's/ *(-----(BEGIN|END) [^-]*-----) */\n\1\n/g' {certificate} > {new_certificate}")
            }
            Repair::KeyLayout { .. } => format!(r"tr -d '\t\f' < {key} > {new_key}"),
            Repair::Pkcs1 | Repair::TextAroundKey => {
                format!("openssl pkcs8 -topk8 -nocrypt -in {key} -out {new_key}")
            }
            _ => "keep only the client certificate and its intermediates, leaf first".to_owned(),
        })
    }
}
