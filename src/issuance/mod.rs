//! A name, a time and an authority's files → a certificate, and a new key where none was asked for.
//!
//! [`authority`] makes a test CA, [`client`] a certificate below one, proved before it is given out: it is judged as
//! `inject` will judge it. Needs randomness; reads no files and no clock, writes nothing.

mod certificate;
mod error;
mod request;
mod subject;
#[cfg(test)]
mod tests;

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, PublicKeyData, RsaKeySize, SerialNumber,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

pub use error::IssueError;
pub use subject::{Subject, SubjectError};

use crate::finding::{Finding, Severity};
use crate::identity::{
    self, Algorithm, Certificate, CertificateSummary, ChainCheck, Loader, Named, Options, PrivateKeyPem, Role,
    Soundness,
};
use certificate::{Signer, sign};
use request::Request;

/// The subject of the documented recipe's CA.
pub const CA_SUBJECT: &str = "/O=Example ORG/CN=CA Cert";
/// The subject of the documented recipe's client.
pub const CLIENT_SUBJECT: &str = "/O=Example ORG/CN=Client";
/// How many days the documented recipe's certificates are valid.
pub const DAYS: u32 = 9999;

/// How large a new RSA key is. A classic delegate loads no other kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySize {
    /// 2048 bit, as documented.
    Rsa2048,
    /// 3072 bit.
    Rsa3072,
    /// 4096 bit: takes a second or more to make.
    Rsa4096,
}

/// From when, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// The beginning; whole seconds count.
    pub now: OffsetDateTime,
    /// How many times 24 hours. A client's certificate ends with its CA at the latest.
    pub days: u32,
}

/// Who a client certificate is for.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// Somebody who gets a new key.
    NewKey(&'a Subject, KeySize),
    /// Somebody who has a key, and shows a request (PKCS#10, RFC 2986) that is signed with it.
    Request {
        /// The request, PEM.
        csr: Named<'a>,
        /// Another name than the request's.
        subject: Option<&'a Subject>,
    },
}

/// The two files of an authority.
#[derive(Debug, Clone, Copy)]
pub struct Authority<'a> {
    /// Its certificate; if that is an intermediate's, with those above it.
    pub ca: Named<'a>,
    /// Its private key, not encrypted.
    pub key: Named<'a>,
}

/// How the files will be called that hold what is issued: findings name them.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Of the certificate.
    pub certificate: &'a str,
    /// Of the key.
    pub key: &'a str,
}

/// A certificate that was just made.
#[derive(Debug)]
pub struct Issued {
    /// The certificate, PEM; behind a client's the intermediates between it and the root.
    pub certificate_pem: String,
    /// Its key; `None` where the holder has it.
    pub key: Option<PrivateKeyPem>,
    /// What a person reads of the certificate.
    pub certificate: CertificateSummary,
    /// What is otherwise than was asked for, one line each.
    pub notices: Vec<String>,
    /// What there is to know of it; never of severity error.
    pub findings: Vec<Finding>,
}

/// Makes a certificate authority: a new RSA key, and its certificate signed by itself with SHA-256.
///
/// # Errors
/// [`IssueError::TooLong`], and [`IssueError::Unmade`] where the provider fails.
pub fn authority(subject: &Subject, size: KeySize, lifetime: &Lifetime) -> Result<Issued, IssueError> {
    let key = new_key(size)?;
    let mut params = params(lifetime.begin(), lifetime.end()?)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    let signer = Signer { name: subject.der(), key_identifier: KeyIdMethod::Sha256, key: &key };
    let certificate = Certificate::of_der(sign(params, subject.der(), &*key, &signer)?).ok_or_else(unreadable)?;
    Ok(Issued {
        certificate_pem: certificate.pem(),
        key: Some(PrivateKeyPem::of_pkcs8(key.serialized_der())),
        certificate: certificate.summary,
        notices: Vec::new(),
        findings: Vec::new(),
    })
}

/// Issues a client certificate below `authority`.
///
/// # Errors
/// Files that cannot be read or used, and [`IssueError::Refused`] for a certificate that a server or a delegate would
/// not take: mostly because the CA is none, or has expired.
pub fn client(
    holder: Holder<'_>,
    authority: &Authority<'_>,
    lifetime: &Lifetime,
    names: &Names<'_>,
) -> Result<Issued, IssueError> {
    let asked = lifetime.end()?;
    let ca = Ca::read(authority)?;
    let end = ca.chain.iter().map(|above| above.summary.not_after).filter(|end| *end > lifetime.begin()).min();
    // An authority that has expired cuts nothing: it is refused below, in its own name.
    let end = end.map_or(asked, |end| end.min(asked));
    let mut notices = Vec::new();
    if asked - end > time::Duration::DAY {
        notices.push(format!(
            "`{}`: valid until {}, when the CA expires, instead of for {} days",
            names.certificate,
            identity::date(end),
            lifetime.days
        ));
    }
    let mut findings = Vec::new();
    let (certificate, key) = match holder {
        Holder::NewKey(subject, size) => {
            let key = new_key(size)?;
            let certificate = ca.certify(subject.der(), &*key, client_params(lifetime.begin(), end)?)?;
            (certificate, Some(PrivateKeyPem::of_pkcs8(key.serialized_der())))
        }
        Holder::Request { csr, subject } => {
            let request = Request::read(csr)?;
            if request.key.der_bytes() == ca.key.public_key_raw() {
                let key = "the key of the CA itself, which must never reach a delegate".to_owned();
                return Err(IssueError::RequestKey { request: csr.name.to_owned(), key });
            }
            notices.extend(request.ignored());
            findings.extend(request.findings());
            let subject = match subject {
                Some(subject) => subject.der(),
                None => request.subject()?,
            };
            (ca.certify(subject, &request.key, client_params(lifetime.begin(), end)?)?, None)
        }
    };
    // A server needs not have the intermediates: the client shows them, leaf first.
    let above = ca.chain.iter().filter(|above| !above.is_self_issued());
    let certificate_pem: String = std::iter::once(&certificate).chain(above).map(Certificate::pem).collect();
    let issued = Issued { certificate_pem, key, certificate: certificate.summary, notices, findings };
    prove(issued, authority.ca, lifetime.now, names)
}

/// How long before its end `inject` warns of a certificate, if nobody says otherwise.
const EXPIRES_WITHIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Judges what was issued as `inject` will, and gives it out only if it works.
fn prove(mut issued: Issued, ca: Named<'_>, now: OffsetDateTime, names: &Names<'_>) -> Result<Issued, IssueError> {
    let options = Options { now, expires_within: EXPIRES_WITHIN, chain: ChainCheck::ToAnchor };
    let cert = Named { name: names.certificate, bytes: issued.certificate_pem.as_bytes() };
    let findings = match &issued.key {
        Some(key) => {
            let key = Named { name: names.key, bytes: key.expose().as_bytes() };
            identity::load(cert, key, Some(ca))?.judge(&options, Loader::Java)
        }
        None => identity::judge_certificates(cert, Some(ca), None, &options)?,
    };
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(IssueError::Refused(findings));
    }
    issued.findings.extend(findings);
    Ok(issued)
}

/// An authority that can sign.
struct Ca {
    /// Its own certificate, its issuer's, and so on as far as its file goes; never empty.
    chain: Vec<Certificate>,
    key: Zeroizing<KeyPair>,
}

impl Ca {
    fn read(files: &Authority<'_>) -> Result<Self, IssueError> {
        let certificates = identity::read_certificates(files.ca, Role::Ca)?;
        let (key, der) = identity::read_key(files.key, Role::CaKey)?;
        let name = || files.key.name.to_owned();
        let cannot_sign = |why: String| IssueError::CannotSign { key: name(), why };
        match key.algorithm {
            _ if key.soundness == Soundness::Corrupt => {
                return Err(cannot_sign("the numbers in the key contradict each other: it was altered".to_owned()));
            }
            Algorithm::Rsa { bits: bits @ ..2048 } => {
                return Err(cannot_sign(format!("is an RSA key of {bits} bit, and servers refuse fewer than 2048")));
            }
            _ => {}
        }
        let Ok(pair) = KeyPair::try_from(der.as_slice()) else {
            return Err(cannot_sign(format!("is {}, which cannot sign here", key.algorithm)));
        };
        let chain = identity::arrange(certificates, key.public.as_ref()).chain;
        let own = chain.first().and_then(Certificate::x509);
        if !own.is_some_and(|own| identity::Public::of(own.public_key()) == key.public) {
            return Err(IssueError::OtherKey { key: name(), ca: files.ca.name.to_owned() });
        }
        Ok(Ca { chain, key: Zeroizing::new(pair) })
    }

    /// Signs a certificate for the holder of `key`.
    fn certify(
        &self,
        subject: &[u8],
        key: &impl PublicKeyData,
        mut params: CertificateParams,
    ) -> Result<Certificate, IssueError> {
        let own = self.chain.first().and_then(Certificate::x509).ok_or_else(unreadable)?;
        // An identifier that the issuer does not have itself ties to nothing (RFC 5280 §4.2.1.1).
        let (_, identifier) = identity::key_identifiers(&own);
        params.use_authority_key_identifier_extension = identifier.is_some();
        let key_identifier = KeyIdMethod::PreSpecified(identifier.unwrap_or_default().to_vec());
        let signer = Signer { name: own.subject().as_raw(), key_identifier, key: &self.key };
        let certificate = Certificate::of_der(sign(params, subject, key, &signer)?).ok_or_else(unreadable)?;
        // One that is no authority has another problem, which the proof names.
        if certificate.is_self_issued() && identity::ca_flag(&own) != Some(false) {
            return Err(IssueError::NameOfCa { subject: certificate.summary.subject });
        }
        Ok(certificate)
    }
}

impl Lifetime {
    fn begin(&self) -> OffsetDateTime {
        let seconds = self.now.unix_timestamp();
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(self.now)
    }

    fn end(&self) -> Result<OffsetDateTime, IssueError> {
        let last = time::macros::datetime!(9998-12-31 23:59:59 UTC);
        let begin = self.begin();
        let end = begin.checked_add(time::Duration::days(self.days.into()));
        let too_long = || IssueError::TooLong { days: self.days, most: (last - begin).whole_days() };
        end.filter(|end| *end <= last).ok_or_else(too_long)
    }
}

fn new_key(size: KeySize) -> Result<Zeroizing<KeyPair>, IssueError> {
    let size = match size {
        KeySize::Rsa2048 => RsaKeySize::_2048,
        KeySize::Rsa3072 => RsaKeySize::_3072,
        KeySize::Rsa4096 => RsaKeySize::_4096,
    };
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).map(Zeroizing::new).map_err(IssueError::unmade)
}

/// What every certificate has: a lifetime, and a serial number that no other has.
fn params(begin: OffsetDateTime, end: OffsetDateTime) -> Result<CertificateParams, IssueError> {
    // RFC 5280 §4.1.2.2: positive, at most 20 bytes.
    let mut serial = [0; 20];
    aws_lc_rs::rand::fill(&mut serial).map_err(IssueError::unmade)?;
    let [first, ..] = &mut serial;
    *first = *first & 0x7F | 0x40;
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = (begin, end);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

fn client_params(begin: OffsetDateTime, end: OffsetDateTime) -> Result<CertificateParams, IssueError> {
    let mut params = params(begin, end)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

fn unreadable() -> IssueError {
    IssueError::unmade("what came out is not a certificate")
}
