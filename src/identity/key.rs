//! The one key block of a file → its kind, its public half, whether it holds together, and its canonical PEM.
//! The private half never leaves [`PrivateKeyPem`], which neither prints nor survives its drop.

use std::fmt;

use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
};
use pkcs8::der::Decode as _;
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use super::error::Cause;
use super::pem::{self, Block, Label};

/// A private key as PEM text. Wiped when dropped; prints as a mask; compares in no way.
#[derive(Clone)]
pub struct PrivateKeyPem(Zeroizing<String>);

impl PrivateKeyPem {
    /// A key in PKCS#8.
    pub(crate) fn of_pkcs8(der: &[u8]) -> Self {
        PrivateKeyPem(pem::encode("PRIVATE KEY", der))
    }

    /// The key itself. Whoever calls this decides where it goes: a Secret, a file of mode 0600, nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem(***)")
    }
}

/// A private key, as far as a judgement needs it.
pub(crate) struct Key {
    pub(super) pem: PrivateKeyPem,
    pub(crate) algorithm: Algorithm,
    /// `None` where this crate cannot compute it; the key's kind is an error then.
    pub(crate) public: Option<Public>,
    pub(crate) soundness: Soundness,
    /// Whether the file's own encoding was PKCS#1.
    pub(super) was_pkcs1: bool,
}

/// What kind of key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rsa {
        bits: usize,
    },
    /// More than two primes (RFC 8017 §3.2).
    RsaMultiPrime,
    /// RSA that is bound to PSS by its algorithm identifier.
    RsaPss,
    /// A curve that TLS knows: P-256, P-384, P-521.
    Ec(&'static str),
    EcOther,
    Ed25519,
    Other,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Algorithm::Rsa { bits } => write!(f, "an RSA key of {bits} bit"),
            Algorithm::RsaMultiPrime => f.write_str("an RSA key of more than two primes"),
            Algorithm::RsaPss => f.write_str("an RSA-PSS key"),
            Algorithm::Ec(curve) => write!(f, "an EC key ({curve})"),
            Algorithm::EcOther => f.write_str("an EC key on a curve that TLS does not use"),
            Algorithm::Ed25519 => f.write_str("an Ed25519 key"),
            Algorithm::Other => f.write_str("a key of another algorithm"),
        }
    }
}

/// The public half, in a form that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Public {
    /// Big endian, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// The point or the Ed25519 key, as it stands in a certificate.
    Raw(Vec<u8>),
}

impl Public {
    /// What a certificate is for; `None` for algorithms this crate does not compare.
    pub(crate) fn of(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        if spki.algorithm.algorithm == OID_SIG_ED25519 {
            return Some(Public::Raw(spki.subject_public_key.data.to_vec()));
        }
        match spki.parsed().ok()? {
            PublicKey::RSA(rsa) => {
                Some(Public::Rsa { modulus: stripped(rsa.modulus), exponent: stripped(rsa.exponent) })
            }
            PublicKey::EC(point) => Some(Public::Raw(point.data().to_vec())),
            _ => None,
        }
    }
}

/// Whether the private half belongs to the public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Soundness {
    Sound,
    /// The numbers contradict each other.
    Corrupt,
    /// Of a size or kind that is not computed here.
    Unchecked,
}

/// Reads one key block.
///
/// # Errors
/// [`Cause::TrailingDer`], [`Cause::BrokenDer`], or [`Cause::ForeignKey`] for a kind of block that nobody reads.
pub(super) fn read(block: &Block) -> Result<Key, Cause> {
    let der = block.der.as_slice();
    let (label, line) = (block.label, block.line);
    let broken = || match pem::trailing(der) {
        Some(count) if count > 0 => Cause::TrailingDer { line, label, count },
        _ => Cause::BrokenDer { line, label },
    };
    match label {
        Label::Pkcs1 => {
            let rsa = pkcs1::RsaPrivateKey::from_der(der).map_err(|_| broken())?;
            let pkcs8 = pkcs8::PrivateKeyInfo::new(pkcs1::ALGORITHM_ID, der);
            let pkcs8 = pkcs8::SecretDocument::try_from(pkcs8).map_err(|_| broken())?;
            Ok(Key { was_pkcs1: true, ..of_rsa(&rsa, der, pem::encode("PRIVATE KEY", pkcs8.as_bytes())) })
        }
        Label::Sec1 => {
            if der.first() != Some(&0x30) || pem::trailing(der) != Some(0) {
                return Err(broken());
            }
            Ok(of_ec(der, pem::encode("EC PRIVATE KEY", der)))
        }
        Label::Pkcs8 => {
            let info = pkcs8::PrivateKeyInfo::try_from(der).map_err(|_| broken())?;
            let pem = pem::encode("PRIVATE KEY", der);
            let oid = info.algorithm.oid.as_bytes();
            if oid == OID_PKCS1_RSAENCRYPTION.as_bytes() {
                let rsa = pkcs1::RsaPrivateKey::from_der(info.private_key).map_err(|_| broken())?;
                Ok(of_rsa(&rsa, info.private_key, pem))
            } else if oid == OID_KEY_TYPE_EC_PUBLIC_KEY.as_bytes() {
                Ok(of_ec(der, pem))
            } else if oid == OID_SIG_ED25519.as_bytes() {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok();
                Ok(key(pem, Algorithm::Ed25519, pair.map(|pair| Public::Raw(pair.public_key().as_ref().to_vec()))))
            } else if oid == x509_parser::oid_registry::OID_PKCS1_RSASSAPSS.as_bytes() {
                Ok(unchecked(pem, Algorithm::RsaPss))
            } else {
                Ok(unchecked(pem, Algorithm::Other))
            }
        }
        other => Err(Cause::ForeignKey(other)),
    }
}

/// In bits; aws-lc refuses RSA keys with a larger public exponent, which are odd but not wrong.
pub(super) const LARGEST_EXPONENT: usize = 33;

fn of_rsa(rsa: &pkcs1::RsaPrivateKey<'_>, der: &[u8], pem: Zeroizing<String>) -> Key {
    let modulus = stripped(rsa.modulus.as_bytes());
    let bits = bits(&modulus);
    let algorithm = if rsa.other_prime_infos.is_some() { Algorithm::RsaMultiPrime } else { Algorithm::Rsa { bits } };
    let public = Public::Rsa { modulus, exponent: stripped(rsa.public_exponent.as_bytes()) };
    let exponent = self::bits(&stripped(rsa.public_exponent.as_bytes()));
    // aws-lc multiplies the primes and inverts the exponents, and takes 2048 to 8192 bit.
    let soundness = match algorithm {
        Algorithm::Rsa { bits: 2048..=8192 } if exponent <= LARGEST_EXPONENT => match rsa::KeyPair::from_der(der) {
            Ok(_) => Soundness::Sound,
            Err(_) => Soundness::Corrupt,
        },
        _ => Soundness::Unchecked,
    };
    Key { pem: PrivateKeyPem(pem), algorithm, public: Some(public), soundness, was_pkcs1: false }
}

/// An EC key in PKCS#8 or SEC1: the curve is the one under which it loads.
fn of_ec(der: &[u8], pem: Zeroizing<String>) -> Key {
    const CURVES: [(&str, &[u8], &EcdsaSigningAlgorithm); 3] = [
        ("P-256", &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07], &ECDSA_P256_SHA256_ASN1_SIGNING),
        ("P-384", &[0x2B, 0x81, 0x04, 0x00, 0x22], &ECDSA_P384_SHA384_ASN1_SIGNING),
        ("P-521", &[0x2B, 0x81, 0x04, 0x00, 0x23], &ECDSA_P521_SHA512_ASN1_SIGNING),
    ];
    for (curve, oid, algorithm) in CURVES {
        if let Ok(pair) = EcdsaKeyPair::from_private_key_der(algorithm, der) {
            let public = Public::Raw(pair.public_key().as_ref().to_vec());
            return key(pem, Algorithm::Ec(curve), Some(public));
        }
        // The curve's name is in it, and yet it does not load.
        if memchr::memmem::find(der, oid).is_some() {
            return key(pem, Algorithm::Ec(curve), None);
        }
    }
    unchecked(pem, Algorithm::EcOther)
}

/// A key of an algorithm that is loaded here: without its public half it does not hold together.
fn key(pem: Zeroizing<String>, algorithm: Algorithm, public: Option<Public>) -> Key {
    let soundness = if public.is_some() { Soundness::Sound } else { Soundness::Corrupt };
    Key { pem: PrivateKeyPem(pem), algorithm, public, soundness, was_pkcs1: false }
}

fn unchecked(pem: Zeroizing<String>, algorithm: Algorithm) -> Key {
    Key { soundness: Soundness::Unchecked, ..key(pem, algorithm, None) }
}

/// Big-endian bytes without leading zeros.
pub(super) fn stripped(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|b| *b == 0).collect()
}

/// How many bits a stripped number has.
pub(super) fn bits(stripped: &[u8]) -> usize {
    stripped.first().map_or(0, |first| stripped.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or_default())
}
