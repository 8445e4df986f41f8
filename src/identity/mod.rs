//! PEM bytes + CA + now → a judged pair.
//!
//! [`load`] refuses what leaves nothing to judge and brings the rest into the one form that every delegate reads;
//! [`Identity::judge`] says whether the pair will work, as findings. Reads no files and no clock.

mod certificate;
mod chain;
mod constraints;
mod error;
mod inventory;
mod judge;
mod key;
mod pem;
mod repair;
mod signature;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::x509::X509Name;

pub use certificate::{CertificateSummary, Fingerprint};
pub use error::{Cause, DerKind, LoadError, Role};
pub use inventory::{
    CertificateCard, Chain, ChainEnd, Content, Inventory, Item, KeyCard, KeyDescription, MAX_OBJECTS, Object,
    RequestCard, SecretPart, TooMany,
};
pub use key::PrivateKeyPem;
pub use pem::Label;

pub(crate) use crate::source::shell;
pub(crate) use certificate::{Certificate, KeySize, ca_flag, escaped, key_identifiers, key_size, printable};
pub(crate) use chain::arrange;
pub(crate) use error::beside;
pub(crate) use judge::{Home, date};
pub(crate) use key::{Algorithm, Key, Public, Soundness};
pub(crate) use signature::{Signature, algorithm_name, made_by};

use zeroize::Zeroizing;

use crate::finding::{Finding, Rule};
use judge::Subject;
use pem::{Block, Blocks};
use repair::Repair;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Loader {
    /// A classic delegate: only an RSA key in PKCS#8.
    #[serde(rename = "classic")]
    Java,
    /// Delegate 3.x and the upgrader: EC and Ed25519 keys as well.
    #[serde(rename = "3.x")]
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
    /// The numbers that the certificates of the chain have in their file, from 1.
    positions: Vec<usize>,
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
    repairs.extend(Repair::of_certificates(&blocks, &certificates, cert.bytes));

    let blocks = key_blocks?;
    let parsed = one_key(&blocks, Role::Key).map_err(|cause| refusal(key, Role::Key, cause))?;
    repairs.extend(Repair::of_key(&blocks, &parsed, key.bytes));

    let in_file = certificates.clone();
    let arranged = chain::arrange(certificates, parsed.public.as_ref());
    let position = |member: &Certificate| in_file.iter().position(|certificate| certificate == member);
    let positions = arranged.chain.iter().filter_map(position).map(|at| at + 1).collect();
    repairs.extend(Repair::of_order(&arranged));

    let ca = ca.map(authority).transpose()?;

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
        positions,
        repairs,
    })
}

impl Identity {
    /// Whether the pair will work, at `options.now`, for `loader`. Errors come first, then warnings, then notes;
    /// within each what the user can act on first comes first. No error in it: the pair works.
    #[must_use]
    pub fn judge(&self, options: &Options, loader: Loader) -> Vec<Finding> {
        self.judge_in(None, options, loader)
    }

    /// The same for a pair that stands in a Secret.
    pub(crate) fn judge_in(&self, home: Option<&Home>, options: &Options, loader: Loader) -> Vec<Finding> {
        let subject = Subject {
            certificate_name: &self.certificate_name,
            chain: &self.chain,
            key: Some((&self.key_name, &self.key)),
            ca: self.ca.as_ref(),
            home,
        };
        judge::judge(&subject, options, loader)
    }

    /// What `loader` would have made of the files as they were, before [`load`] repaired them: the findings
    /// `key-format`, `cert-unreadable`, `chain-out-of-order` and `chain-extra`. Empty if the files can be used as they are.
    #[must_use]
    pub fn as_found(&self, loader: Loader) -> Vec<Finding> {
        Repair::findings(&self.repairs, loader, &self.certificate_name, &self.key_name)
    }

    /// The same for files that are mounted as they are: the help is a command that mends them.
    #[must_use]
    pub fn as_mounted(&self, loader: Loader) -> Vec<Finding> {
        let mut findings = self.as_found(loader);
        for finding in &mut findings {
            if matches!(finding.rule, Rule::ChainOutOfOrder | Rule::ChainExtra) {
                finding.help = Some(repair::select(&self.certificate_name, &self.positions));
            }
        }
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

    /// Whether one of these DER names issued the leaf or one of its intermediates, by RFC 5280 §7.1. A TLS client that
    /// is told which authorities the server trusts looks for this before it sends its certificate.
    #[must_use]
    pub fn is_issued_by_one_of(&self, names: &[Vec<u8>]) -> bool {
        let names: Vec<X509Name<'_>> = names.iter().filter_map(|name| parsed_name(name)).collect();
        let members = self.chain.iter().filter_map(Certificate::x509);
        members.into_iter().any(|x509| names.iter().any(|name| certificate::same_name(name, x509.issuer())))
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

/// Reads the certificates of the authority that issued a server's certificate, each as its DER; at least one.
///
/// # Errors
/// A file without a certificate, or with anything that keeps it from being read. See [`Cause`].
pub fn server_authorities(file: Named<'_>) -> Result<Vec<Vec<u8>>, LoadError> {
    let blocks = scan(file, Role::ServerCa)?;
    let certificates = certificates(&blocks, Role::ServerCa).map_err(|cause| refusal(file, Role::ServerCa, cause))?;
    Ok(certificates.into_iter().map(|certificate| certificate.der).collect())
}

/// A DER name (RFC 5280 §4.1.2.4) as a person reads it, fit for a terminal: `O=Example ORG, CN=CA Cert`. `None` where
/// the bytes are no name.
///
/// # Examples
/// ```
/// assert_eq!(delegate_mtls::identity::read_name(b"\x30\x01"), None);
/// ```
#[must_use]
pub fn read_name(der: &[u8]) -> Option<String> {
    parsed_name(der).map(|parsed| certificate::name(&parsed))
}

fn parsed_name(der: &[u8]) -> Option<X509Name<'_>> {
    X509Name::from_der(der).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, name)| name)
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

/// Judges a certificate file whose key somebody else keeps: everything but that key.
///
/// # Errors
/// As for [`load`].
pub(crate) fn judge_certificates(
    cert: Named<'_>,
    ca: Option<Named<'_>>,
    home: Option<&Home>,
    options: &Options,
) -> Result<Vec<Finding>, LoadError> {
    let chain = read_certificates(cert, Role::Certificate)?;
    let ca = ca.map(authority).transpose()?;
    let subject = Subject { certificate_name: cert.name, chain: &chain, key: None, ca: ca.as_ref(), home };
    // Without a key there is nothing in which the loaders differ.
    Ok(judge::judge(&subject, options, Loader::Go))
}

fn authority(ca: Named<'_>) -> Result<Authority, LoadError> {
    Ok(Authority { name: ca.name.to_owned(), certificates: read_certificates(ca, Role::Ca)? })
}

/// Where a client's certificate comes from, and how long what is presented lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lineage {
    /// When the first of the client's certificates expires.
    pub(crate) expires: OffsetDateTime,
    /// The name of the leaf's issuer, fit for a terminal.
    pub(crate) issuer: String,
    /// The authority that the chain ends at, where it does.
    pub(crate) anchor: Option<Anchor>,
}

/// An authority that a chain ends at. The same one, its certificate renewed, is equal to it: what counts is the name and
/// the key.
#[derive(Debug, Clone)]
pub(crate) struct Anchor {
    pub(crate) summary: CertificateSummary,
    /// The DER of its public key.
    key: Vec<u8>,
}

impl PartialEq for Anchor {
    fn eq(&self, other: &Anchor) -> bool {
        (&self.summary.subject, &self.key) == (&other.summary.subject, &other.key)
    }
}

impl Eq for Anchor {}

/// Where a client's certificate comes from. `None` where there is no certificate that can be read.
pub(crate) fn lineage(cert: Named<'_>, ca: Option<Named<'_>>, now: OffsetDateTime) -> Option<Lineage> {
    let chain = arrange(read_certificates(cert, Role::Certificate).ok()?, None).chain;
    let ca = ca.and_then(|ca| authority(ca).ok());
    let path = chain::walk(&chain, ca.as_ref().map_or(&[], |ca| &ca.certificates), now);
    let top = path.members.last().filter(|_| path.end == chain::End::Anchor);
    Some(Lineage {
        expires: chain.iter().map(|certificate| certificate.summary.not_after).min()?,
        issuer: certificate::name(chain.first()?.x509()?.issuer()),
        anchor: top.map(|member| Anchor {
            summary: member.certificate.summary.clone(),
            key: member.x509.public_key().raw.to_vec(),
        }),
    })
}

/// Every certificate of a file, at least one.
pub(crate) fn read_certificates(file: Named<'_>, role: Role) -> Result<Vec<Certificate>, LoadError> {
    certificates(&scan(file, role)?, role).map_err(|cause| refusal(file, role, cause))
}

/// The only key of a file, and the DER it was read from.
pub(crate) fn read_key(file: Named<'_>, role: Role) -> Result<(Key, Zeroizing<Vec<u8>>), LoadError> {
    let blocks = scan(file, role)?;
    let key = one_key(&blocks, role).map_err(|cause| refusal(file, role, cause))?;
    let block = blocks.blocks.into_iter().find(|block| block.label.is_private_key());
    Ok((key, block.map(|block| block.der).unwrap_or_default()))
}

/// The DER of the only certificate request of a file, not parsed yet, and the line on which it begins.
pub(crate) fn read_request(file: Named<'_>) -> Result<(Vec<u8>, usize), LoadError> {
    let blocks = scan(file, Role::Request)?;
    let requests: Vec<&Block> = blocks.blocks.iter().filter(|block| block.label == Label::Request).collect();
    let cause = match requests.as_slice() {
        [request] => return Ok((request.der.to_vec(), request.line)),
        [] => Cause::Instead(blocks.blocks.first().map_or(Label::Other, |b| b.label), Role::Request),
        several => Cause::SeveralRequests(several.len()),
    };
    Err(refusal(file, Role::Request, cause))
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
fn one_key(blocks: &Blocks, role: Role) -> Result<Key, Cause> {
    let keys: Vec<&Block> = blocks.blocks.iter().filter(|block| block.label.is_private_key()).collect();
    let has_certificate = blocks.has(|label| matches!(label, Label::Certificate | Label::TrustedCertificate));
    match keys.as_slice() {
        [] => Err(Cause::Instead(blocks.blocks.first().map_or(Label::Other, |b| b.label), role)),
        [_] if has_certificate => Err(Cause::CertificateBesideKey),
        [key] if key.encrypted || key.label == Label::EncryptedPkcs8 => Err(Cause::Encrypted),
        [key] => key::read(key),
        several => Err(Cause::SeveralKeys(several.len())),
    }
}
