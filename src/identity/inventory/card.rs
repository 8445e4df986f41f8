//! One parsed object → what a person and a program read of it. Public facts only, never key material.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::GeneralName;
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSASSAPSS, OID_SIG_ED25519};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Version};

use crate::identity::certificate::{Certificate, ca_flag, extended_usages, key_usages, name, printable, self_signed};
use crate::identity::key::{Algorithm, Key, bits, stripped};
use crate::identity::pem::Label;
use crate::identity::signature::{Signature, algorithm_name, made_by};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateCard {
    /// `O=Example ORG, CN=Client`, fit for a terminal.
    pub subject: String,
    /// Who issued it, by name.
    pub issuer: String,
    /// Hexadecimal, as OpenSSL prints the number: `1A:2B`, `-01`.
    pub serial: String,
    /// X.509 version: 1, 2 or 3.
    pub version: u32,
    /// The first second of its life, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// The last second of its life, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Whole days until `not_after`; negative when it has passed.
    pub days_left: i64,
    /// Its public key.
    pub key: KeyDescription,
    /// How it is signed: `sha256WithRSAEncryption`.
    pub signature: String,
    /// Whether it is its own issuer, by name and signature.
    pub self_signed: bool,
    /// CA:TRUE or CA:FALSE; absent where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<bool>,
    /// What its key usage allows; absent where there is no such extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_usage: Option<Vec<String>>,
    /// What its extended key usage allows; absent where there is no such extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_key_usage: Option<Vec<String>>,
    /// Its alternative names: `DNS:…`, `email:…`, `URI:…`, `IP:…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_alternative_names: Vec<String>,
    /// SHA-256 of the DER: `AA:BB:…`.
    pub sha256: String,
}

impl CertificateCard {
    pub(super) fn of(certificate: &Certificate, now: OffsetDateTime) -> Option<Self> {
        let x509 = certificate.x509()?;
        let (not_before, not_after) = (certificate.summary.not_before, certificate.summary.not_after);
        Some(CertificateCard {
            subject: certificate.summary.subject.clone(),
            issuer: name(x509.issuer()),
            serial: serial(x509.raw_serial()),
            version: match x509.version() {
                X509Version::V1 => 1,
                X509Version::V2 => 2,
                X509Version::V3 => 3,
                X509Version(other) => other.saturating_add(1),
            },
            not_before,
            not_after,
            // rounded down: a certificate that ended an hour ago has not one day left, but fewer than none
            days_left: (not_after - now).whole_seconds().div_euclid(24 * 60 * 60),
            key: KeyDescription::of_public(x509.public_key()),
            signature: algorithm_name(&x509.signature_algorithm),
            self_signed: self_signed(&x509),
            ca: ca_flag(&x509),
            key_usage: x509.key_usage().ok().flatten().map(|usage| key_usages(usage.value)),
            extended_key_usage: x509.extended_key_usage().ok().flatten().map(|usage| extended_usages(usage.value)),
            subject_alternative_names: x509
                .subject_alternative_name()
                .ok()
                .flatten()
                .map(|names| names.value.general_names.iter().map(alternative).collect())
                .unwrap_or_default(),
            sha256: certificate.summary.fingerprint.to_string(),
        })
    }
}

/// The number that a DER INTEGER is: its sign apart, and no zero in front (X.690 §8.3).
fn serial(der: &[u8]) -> String {
    let is_negative = der.first().is_some_and(|first| *first >= 0x80);
    let mut number = der.to_vec();
    if is_negative {
        let mut carry = true;
        for byte in number.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let digits = stripped(&number);
    let digits = if digits.is_empty() { vec![0] } else { digits };
    let pairs: Vec<String> = digits.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{}{}", if is_negative { "-" } else { "" }, pairs.join(":"))
}

fn alternative(name: &GeneralName<'_>) -> String {
    let text = match name {
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DirectoryName(directory) => return format!("dirName:{}", self::name(directory)),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(four) => format!("IP:{}", std::net::Ipv4Addr::from(four)),
            Err(_) => match <[u8; 16]>::try_from(*bytes) {
                Ok(sixteen) => format!("IP:{}", std::net::Ipv6Addr::from(sixteen)),
                Err(_) => "IP:(unreadable)".to_owned(),
            },
        },
        _ => "(another kind of name)".to_owned(),
    };
    printable(&text)
}

/// What kind of key it is, and how large.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyDescription {
    /// `RSA`, `RSA-PSS`, `EC`, `Ed25519`, or the OID of another.
    pub algorithm: String,
    /// The size of an RSA modulus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<usize>,
    /// The curve of an EC key, where it is a known one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
}

impl fmt::Display for KeyDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.algorithm)?;
        if let Some(bits) = self.bits {
            write!(f, " {bits} bit")?;
        }
        if let Some(curve) = &self.curve {
            write!(f, " {curve}")?;
        }
        Ok(())
    }
}

impl KeyDescription {
    fn new(algorithm: &str, bits: Option<usize>, curve: Option<&str>) -> Self {
        KeyDescription { algorithm: algorithm.to_owned(), bits, curve: curve.map(str::to_owned) }
    }

    fn of_public(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let algorithm = &spki.algorithm.algorithm;
        if *algorithm == OID_SIG_ED25519 {
            return Self::new("Ed25519", None, None);
        }
        if *algorithm == OID_PKCS1_RSASSAPSS {
            return Self::new("RSA-PSS", None, None);
        }
        if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
            let curve = spki.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            return Self::new("EC", None, curve.map(|oid| curve_name(&oid.to_id_string())).as_deref());
        }
        match spki.parsed() {
            Ok(PublicKey::RSA(rsa)) => Self::new("RSA", Some(bits(&stripped(rsa.modulus))), None),
            _ => Self::new(&algorithm.to_id_string(), None, None),
        }
    }

    fn of_private(algorithm: &Algorithm) -> Self {
        match algorithm {
            Algorithm::Rsa { bits } => Self::new("RSA", Some(*bits), None),
            Algorithm::RsaMultiPrime => Self::new("RSA with more than two primes", None, None),
            Algorithm::RsaPss => Self::new("RSA-PSS", None, None),
            Algorithm::Ec(curve) => Self::new("EC", None, Some(curve)),
            Algorithm::EcOther => Self::new("EC", None, None),
            Algorithm::Ed25519 => Self::new("Ed25519", None, None),
            Algorithm::Other => Self::new("another algorithm", None, None),
        }
    }
}

fn curve_name(oid: &str) -> String {
    match oid {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        other => other,
    }
    .to_owned()
}

/// What may be said of a private key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyCard {
    /// How it is encoded: `PKCS#8`, `PKCS#1`, `SEC1`, `OpenSSH`, `DSA`.
    pub format: &'static str,
    /// Whether a password is needed to read it; nothing more is known of it then.
    pub encrypted: bool,
    /// What kind of key it is, where that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyDescription>,
    /// The certificates and requests that have its public half: numbers of [`super::Inventory::objects`], from 0.
    pub belongs_to: Vec<usize>,
}

impl KeyCard {
    pub(super) fn readable(label: Label, key: &Key) -> Self {
        KeyCard {
            format: format(label),
            encrypted: false,
            key: Some(KeyDescription::of_private(&key.algorithm)),
            belongs_to: Vec::new(),
        }
    }

    pub(super) fn unreadable(label: Label, encrypted: bool) -> Self {
        KeyCard {
            format: format(label),
            encrypted: encrypted || label == Label::EncryptedPkcs8,
            key: None,
            belongs_to: Vec::new(),
        }
    }
}

fn format(label: Label) -> &'static str {
    match label {
        Label::Pkcs1 => "PKCS#1",
        Label::Sec1 => "SEC1",
        Label::OpenSsh => "OpenSSH",
        Label::Dsa => "DSA",
        _ => "PKCS#8",
    }
}

/// What a certificate request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestCard {
    /// The subject that it asks for.
    pub subject: String,
    /// The public key that it is for.
    pub key: KeyDescription,
    /// How it is signed.
    pub signature: String,
    /// Whether the requester has the private key (RFC 2986 §3); absent where that cannot be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_valid: Option<bool>,
    /// The extensions that it asks for, by name or OID.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requested_extensions: Vec<String>,
}

impl RequestCard {
    pub(super) fn of(request: &X509CertificationRequest<'_>) -> Self {
        let info = &request.certification_request_info;
        RequestCard {
            subject: name(&info.subject),
            key: KeyDescription::of_public(&info.subject_pki),
            signature: algorithm_name(&request.signature_algorithm),
            signature_valid: {
                let signature = &request.signature_value.data;
                match made_by(&info.subject_pki, &request.signature_algorithm, info.raw, signature) {
                    Signature::Good => Some(true),
                    Signature::Bad => Some(false),
                    Signature::Unknown => None,
                }
            },
            requested_extensions: info
                .attributes()
                .iter()
                .filter_map(|attribute| match attribute.parsed_attribute() {
                    ParsedCriAttribute::ExtensionRequest(request) => Some(&request.extensions),
                    _ => None,
                })
                .flatten()
                .map(|extension| match oid2sn(&extension.oid, oid_registry()) {
                    Ok(name) => name.to_owned(),
                    Err(_) => extension.oid.to_id_string(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::serial;

    #[test]
    fn a_serial_number_is_the_one_that_openssl_prints() {
        for (der, printed) in [
            (&[0x01][..], "01"),
            (&[0x00, 0x80], "80"),
            (&[0x00], "00"),
            (&[], "00"),
            (&[0x1A, 0x00, 0x2B], "1A:00:2B"),
            (&[0xFF], "-01"),
            (&[0x80], "-80"),
            (&[0xFF, 0x00], "-01:00"),
            (&[0xFF, 0x00, 0x00, 0x01], "-FF:FF:FF"),
        ] {
            assert_eq!(serial(der), printed, "{der:X?}");
        }
    }
}
