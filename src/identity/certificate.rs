//! One certificate: its DER, what a person reads of it, and the questions a judgement asks of it.
//! Answers only what stands in the certificate; whether that is good enough is judged elsewhere.

use std::fmt;

use time::OffsetDateTime;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::oid_registry::asn1_rs::{Any, Tag};
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION, OID_PKCS1_RSASSAPSS};
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::{AttributeTypeAndValue, SubjectPublicKeyInfo, X509Name};

use super::error::Cause;
use super::key::{bits, stripped};
use super::pem::{self, Block};
use super::signature::fits;

/// SHA-256 of a certificate's DER, printed as OpenSSL does: `AA:BB:…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(der: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Fingerprint(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a person reads of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSummary {
    /// The subject, `O=Example ORG, CN=Client`; control characters are escaped, so that it can be printed.
    pub subject: String,
    /// SHA-256 of the DER.
    pub fingerprint: Fingerprint,
    /// The first second of its life, UTC.
    pub not_before: OffsetDateTime,
    /// The last second of its life, UTC.
    pub not_after: OffsetDateTime,
}

impl CertificateSummary {
    fn of(x509: &X509Certificate<'_>, der: &[u8]) -> Self {
        CertificateSummary {
            subject: name(x509.subject()),
            fingerprint: Fingerprint::of(der),
            not_before: x509.validity().not_before.to_datetime(),
            not_after: x509.validity().not_after.to_datetime(),
        }
    }
}

/// A certificate that parses, with the DER it was parsed from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) summary: CertificateSummary,
}

impl Certificate {
    /// Reads one `CERTIFICATE` block.
    ///
    /// # Errors
    /// [`Cause::BrokenDer`] and [`Cause::TrailingDer`].
    pub(super) fn read(block: &Block) -> Result<Self, Cause> {
        let (label, line) = (block.label, block.line);
        let der = block.der.to_vec();
        match X509Certificate::from_der(&der) {
            Ok(([], x509)) => {
                let summary = CertificateSummary::of(&x509, &der);
                Ok(Self { der, summary })
            }
            Ok((rest, _)) => Err(Cause::TrailingDer { line, label, count: rest.len() }),
            Err(_) => Err(Cause::BrokenDer { line, label }),
        }
    }

    /// A certificate that was just made; `None` if it does not parse.
    pub(crate) fn of_der(der: Vec<u8>) -> Option<Self> {
        let summary = match X509Certificate::from_der(&der) {
            Ok(([], x509)) => CertificateSummary::of(&x509, &der),
            _ => return None,
        };
        Some(Self { der, summary })
    }

    /// Whether it has its issuer's name, as roots do.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.x509().is_some_and(|x509| same_name(x509.subject(), x509.issuer()))
    }

    /// The parsed form; `Some` for every value of this type, because [`Certificate::read`] parsed it before.
    pub(crate) fn x509(&self) -> Option<X509Certificate<'_>> {
        X509Certificate::from_der(&self.der).ok().map(|(_, x509)| x509)
    }

    /// Whether it is within its lifetime, as OpenSSL counts: the last second no longer belongs to it.
    pub(super) fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.summary.not_before <= now && now < self.summary.not_after
    }

    pub(crate) fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der).to_string()
    }
}

/// A name as a person reads it, fit for a terminal: `O=Example ORG, CN=Client`.
pub(super) fn name(name: &X509Name<'_>) -> String {
    let rdns: Vec<String> = name
        .iter_rdn()
        .map(|rdn| {
            let attributes: Vec<String> = rdn.iter().map(attribute).collect();
            attributes.join(" + ")
        })
        .collect();
    if rdns.is_empty() {
        return "(no name)".to_owned();
    }
    rdns.join(", ")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type();
    let kind = oid2abbrev(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned);
    let value = attribute.attr_value();
    let value = text(value).unwrap_or_else(|| {
        // RFC 4514 §2.4: what is not a string is printed as its bytes.
        let hex = value.data.iter().map(|byte| format!("{byte:02X}"));
        std::iter::once("#".to_owned()).chain(hex).collect()
    });
    format!("{kind}={}", printable(&value))
}

/// The text without what would move a terminal's cursor or turn the line around, and without our quotation mark.
pub(crate) fn printable(text: &str) -> String {
    escaped(text).replace('`', "'")
}

/// The text without what would move a terminal's cursor or turn the line around.
pub(crate) fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let hostile = c.is_control()
                || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
            let escaped = hostile.then(|| c.escape_unicode());
            let plain = (!hostile).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// Whether two names are the same to those who compare them by RFC 5280 §7.1: case and runs of blanks do not
/// count, nor does the string type. OpenSSL and Java compare so; bytes alone would call equal names different.
pub(super) fn same_name(one: &X509Name<'_>, other: &X509Name<'_>) -> bool {
    one.as_raw() == other.as_raw() || normal_form(one) == normal_form(other)
}

/// Whether `name` begins with all of `subtree` (RFC 5280 §4.2.1.10), compared as names are.
pub(super) fn is_below(name: &X509Name<'_>, subtree: &X509Name<'_>) -> bool {
    normal_form(name).starts_with(&normal_form(subtree))
}

/// One attribute: its OID, and the folded text or the bytes of its value.
pub(super) type Attribute = (Vec<u8>, Result<String, Vec<u8>>);

/// A name so that equal ones ([`same_name`]) are equal.
pub(super) fn normal_form(name: &X509Name<'_>) -> Vec<Vec<Attribute>> {
    name.iter_rdn()
        .map(|rdn| {
            let mut set: Vec<Attribute> = rdn
                .iter()
                .map(|attribute| {
                    let value = attribute.attr_value();
                    let folded = folded(value).ok_or_else(|| value.data.to_vec());
                    (attribute.attr_type().as_bytes().to_vec(), folded)
                })
                .collect();
            set.sort();
            set
        })
        .collect()
}

/// A string of any of the types that names are made of (RFC 5280 §4.1.2.4); T.61 is read as Latin-1, as everybody does.
fn text(value: &Any<'_>) -> Option<String> {
    let string = match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::VisibleString | Tag::NumericString => {
            std::str::from_utf8(value.data).ok()?.to_owned()
        }
        Tag::T61String => value.data.iter().map(|byte| char::from(*byte)).collect(),
        Tag::BmpString => {
            let units = value.data.chunks(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0xD800,
            });
            char::decode_utf16(units).collect::<Result<_, _>>().ok()?
        }
        _ => return None,
    };
    Some(string)
}

fn folded(value: &Any<'_>) -> Option<String> {
    let text = text(value)?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    Some(words.join(" ").to_ascii_lowercase())
}

/// The key's size where it matters, and its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySize {
    Rsa(usize),
    Ec(usize),
    /// Of one size (Ed25519), or of a kind this crate does not know.
    Other,
}

/// How large a key is.
pub(crate) fn key_size(spki: &SubjectPublicKeyInfo<'_>) -> KeySize {
    // Not x509-parser's `key_size`: it counts whole bytes and trusts the leading zero to be there.
    if let Some(rsa) = rsa(spki) {
        return KeySize::Rsa(bits(&stripped(rsa.modulus)));
    }
    match spki.parsed() {
        Ok(PublicKey::EC(point)) => KeySize::Ec(match point.data() {
            // Compressed (SEC 1 §2.3.3): one coordinate and a sign.
            [2 | 3, x @ ..] => field(x.len()),
            [_, both @ ..] => field(both.len() / 2),
            [] => 0,
        }),
        _ => KeySize::Other,
    }
}

/// The bits of a curve whose coordinates have so many bytes: only P-521's do not fill theirs.
fn field(bytes: usize) -> usize {
    if bytes == 66 { 521 } else { bytes.saturating_mul(8) }
}

/// Whether an EC key spells its curve out instead of naming it, which RFC 5480 §2.1.1 forbids in certificates.
pub(super) fn has_explicit_curve(spki: &SubjectPublicKeyInfo<'_>) -> bool {
    let named = spki.algorithm.parameters.as_ref().is_some_and(|parameters| parameters.tag() == Tag::Oid);
    spki.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && !named
}

/// How many bits the public exponent has; 0 for a key that is not RSA.
pub(super) fn exponent_size(spki: &SubjectPublicKeyInfo<'_>) -> usize {
    rsa(spki).map_or(0, |rsa| bits(&stripped(rsa.exponent)))
}

/// The numbers of an RSA key, bound to PSS or not.
fn rsa<'a>(spki: &'a SubjectPublicKeyInfo<'_>) -> Option<RSAPublicKey<'a>> {
    let algorithm = &spki.algorithm.algorithm;
    if *algorithm != OID_PKCS1_RSAENCRYPTION && *algorithm != OID_PKCS1_RSASSAPSS {
        return None;
    }
    let (_, rsa) = RSAPublicKey::from_der(&spki.subject_public_key.data).ok()?;
    Some(rsa)
}

/// What makes an extension unreadable or not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExtensionDefect {
    /// Critical, and nobody who verifies TLS clients knows it; its OID.
    UnknownCritical(String),
    /// Cannot be decoded; its OID.
    Malformed(String),
    /// There twice; its OID.
    Duplicate(String),
    /// Critical or not, for another purpose than TLS: what such a certificate is.
    OtherPurpose(&'static str),
}

/// The first extension that keeps a verifier from accepting the certificate (RFC 5280 §4.2).
pub(super) fn extension_defect(x509: &X509Certificate<'_>) -> Option<ExtensionDefect> {
    let mut seen = Vec::new();
    for extension in x509.extensions() {
        let oid = extension.oid.to_id_string();
        if seen.contains(&oid) {
            return Some(ExtensionDefect::Duplicate(oid));
        }
        if let Some(purpose) = other_purpose(&oid) {
            return Some(ExtensionDefect::OtherPurpose(purpose));
        }
        match extension.parsed_extension() {
            // Those that are only for information may be as odd as they like, unless they are critical.
            parsed if parsed.error().is_some() && (extension.critical || decisive(&oid)) => {
                return Some(ExtensionDefect::Malformed(oid));
            }
            _ if extension.critical && !understood(&oid) => return Some(ExtensionDefect::UnknownCritical(oid)),
            ParsedExtension::ExtendedKeyUsage(usage) if allows_nothing(usage) => {
                return Some(ExtensionDefect::Malformed(oid));
            }
            _ => {}
        }
        seen.push(oid);
    }
    None
}

/// An extended key usage without a single entry, which RFC 5280 §4.2.1.12 forbids.
pub(super) fn allows_nothing(usage: &ExtendedKeyUsage<'_>) -> bool {
    let named = [
        usage.any,
        usage.server_auth,
        usage.client_auth,
        usage.code_signing,
        usage.email_protection,
        usage.time_stamping,
        usage.ocsp_signing,
    ];
    !named.contains(&true) && usage.other.is_empty()
}

/// CA:TRUE, CA:FALSE, or no word about it.
pub(crate) fn ca_flag(x509: &X509Certificate<'_>) -> Option<bool> {
    let constraints = x509.basic_constraints().ok()??;
    Some(constraints.value.ca)
}

/// What a key usage allows, by the names of OpenSSL (RFC 5280 §4.2.1.3).
pub(super) fn key_usages(usage: &KeyUsage) -> Vec<String> {
    let named = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ];
    named.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()).collect()
}

/// What an extended key usage allows, by the names of OpenSSL or by OID (RFC 5280 §4.2.1.12).
pub(super) fn extended_usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = named.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned());
    let other = usage.other.iter().map(|oid| oid.to_id_string());
    known.chain(other).collect()
}

/// Extensions whose content every verifier reads: basicConstraints, keyUsage, extKeyUsage, nameConstraints,
/// subjectAltName, cRLDistributionPoints, nsCertType, and both key identifiers.
fn decisive(oid: &str) -> bool {
    matches!(
        oid,
        "2.5.29.14"
            | "2.5.29.15"
            | "2.5.29.17"
            | "2.5.29.19"
            | "2.5.29.30"
            | "2.5.29.31"
            | "2.5.29.35"
            | "2.5.29.37"
            | "2.16.840.1.113730.1.1"
    )
}

/// The extensions that OpenSSL, and with it most servers, takes when they are critical: keyUsage, subjectAltName,
/// basicConstraints, nameConstraints, cRLDistributionPoints, the four about policies, extKeyUsage, nsCertType and
/// OCSP no check. Not what it merely knows, such as the key identifiers.
fn understood(oid: &str) -> bool {
    matches!(
        oid,
        "2.5.29.15"
            | "2.5.29.17"
            | "2.5.29.19"
            | "2.5.29.30"
            | "2.5.29.31"
            | "2.5.29.32"
            | "2.5.29.33"
            | "2.5.29.36"
            | "2.5.29.54"
            | "2.5.29.37"
            | "2.16.840.1.113730.1.1"
            | "1.3.6.1.5.5.7.48.1.5"
    )
}

/// What a certificate with this extension is for, if OpenSSL refuses it from a TLS client even where it is not critical.
fn other_purpose(oid: &str) -> Option<&'static str> {
    match oid {
        "1.3.6.1.5.5.7.1.14" => Some("a proxy certificate (RFC 3820)"),
        // OpenSSL would take it if every issuer had the same resources, up to the root.
        "1.3.6.1.5.5.7.1.7" | "1.3.6.1.5.5.7.1.8" => Some("a certificate for address blocks (RFC 3779)"),
        _ => None,
    }
}

/// The key identifiers that tie a certificate to its issuer's key: (authority's, own), where they are present.
pub(crate) fn key_identifiers<'a>(x509: &'a X509Certificate<'a>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let mut ids = (None, None);
    for extension in x509.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                ids.0 = id.key_identifier.as_ref().map(|id| id.0);
            }
            ParsedExtension::SubjectKeyIdentifier(id) => ids.1 = Some(id.0),
            _ => {}
        }
    }
    ids
}

/// Whether everybody takes it for self-signed: it names itself as its issuer. Nobody computes the signature for that
/// (OpenSSL's `EXFLAG_SS`; RFC 5280 §3.2 calls equal names alone self-issued).
pub(super) fn self_signed(x509: &X509Certificate<'_>) -> bool {
    same_name(x509.subject(), x509.issuer()) && identifies(x509, x509) && fits(&x509.signature_algorithm, x509)
}

/// Whether `issuer` is the one that `child` names by key identifier, serial number and issuer, as far as it names
/// one (RFC 5280 §4.2.1.1). OpenSSL passes over any other issuer, even one with the right key.
pub(super) fn identifies(child: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let (_, own) = key_identifiers(issuer);
    child.extensions().iter().all(|extension| {
        let ParsedExtension::AuthorityKeyIdentifier(wanted) = extension.parsed_extension() else {
            return true;
        };
        let key = match (&wanted.key_identifier, own) {
            (Some(wanted), Some(own)) => wanted.0 == own,
            _ => true,
        };
        let serial =
            wanted.authority_cert_serial.is_none_or(|serial| stripped(serial) == stripped(issuer.raw_serial()));
        let above = wanted.authority_cert_issuer.iter().flatten();
        let issuer_of_issuer = above
            .filter_map(|general| match general {
                GeneralName::DirectoryName(name) => Some(name),
                _ => None,
            })
            .next()
            .is_none_or(|name| same_name(name, issuer.issuer()));
        key && serial && issuer_of_issuer
    })
}
