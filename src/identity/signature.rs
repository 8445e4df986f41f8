//! Did this key sign this certificate? Straight on aws-lc-rs, because x509-parser answers "bad signature" to what it
//! merely does not support: keys below 2048 bit and PSS salts of another length.

use aws_lc_rs::signature as lc;
use aws_lc_rs::signature::UnparsedPublicKey;
use aws_lc_rs::signature::VerificationAlgorithm;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry as oid;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::certificate::{KeySize, exponent_size, key_size};
use super::key::LARGEST_EXPONENT;

/// What can be said of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Made by that key.
    Good,
    /// Not made by that key, or not over this certificate.
    Bad,
    /// Of an algorithm or size that is not computed here.
    Unknown,
}

/// Whether the key of `issuer` signed `child`. Looks at nothing else: no names, no dates, no usages.
pub(super) fn signed_by(child: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Signature {
    let tbs = child.tbs_certificate.as_ref();
    made_by(issuer.public_key(), &child.signature_algorithm, tbs, &child.signature_value.data)
}

/// Whether `key` made `signature` over `message`.
pub(crate) fn made_by(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) -> Signature {
    let Some(method) = method(algorithm, key) else {
        return Signature::Unknown;
    };
    let method = match method {
        Method::Verify(method) => method,
        Method::OtherKeyType => return Signature::Bad,
    };
    match UnparsedPublicKey::new(method, &key.subject_public_key.data).verify(message, signature) {
        Ok(()) => Signature::Good,
        Err(_) => Signature::Bad,
    }
}

/// Whether a signature of this algorithm can be by a key of the kind that `issuer` has.
pub(super) fn fits(signature: &AlgorithmIdentifier<'_>, issuer: &X509Certificate<'_>) -> bool {
    !matches!(method(signature, issuer.public_key()), Some(Method::OtherKeyType))
}

enum Method {
    Verify(&'static dyn VerificationAlgorithm),
    /// An RSA signature and an EC key, or the other way round: certainly not this issuer's.
    OtherKeyType,
}

fn method(signature: &AlgorithmIdentifier<'_>, spki: &SubjectPublicKeyInfo<'_>) -> Option<Method> {
    let by = &signature.algorithm;
    let key = key_size(spki);
    let rsa = |small: Option<&'static dyn VerificationAlgorithm>, usual: &'static dyn VerificationAlgorithm| match key {
        KeySize::Rsa(_) if exponent_size(spki) > LARGEST_EXPONENT => None,
        KeySize::Rsa(1024..2048) => small.map(Method::Verify),
        KeySize::Rsa(2048..=8192) => Some(Method::Verify(usual)),
        KeySize::Rsa(_) => None,
        KeySize::Ec(_) | KeySize::Other => Some(Method::OtherKeyType),
    };
    if *by == oid::OID_PKCS1_SHA1WITHRSA || *by == oid::OID_SHA1_WITH_RSA {
        let sha1 = &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY;
        rsa(Some(sha1), sha1)
    } else if *by == oid::OID_PKCS1_SHA256WITHRSA {
        rsa(Some(&lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY), &lc::RSA_PKCS1_2048_8192_SHA256)
    } else if *by == oid::OID_PKCS1_SHA384WITHRSA {
        rsa(None, &lc::RSA_PKCS1_2048_8192_SHA384)
    } else if *by == oid::OID_PKCS1_SHA512WITHRSA {
        rsa(Some(&lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY), &lc::RSA_PKCS1_2048_8192_SHA512)
    } else if *by == oid::OID_PKCS1_RSASSAPSS {
        rsa(None, pss(signature)?)
    } else if let Some(bits) = ecdsa_hash(signature) {
        match key {
            KeySize::Ec(_) => ecdsa(spki, bits).map(Method::Verify),
            KeySize::Rsa(_) => Some(Method::OtherKeyType),
            KeySize::Other => None,
        }
    } else if *by == oid::OID_SIG_ED25519 {
        Some(if spki.algorithm.algorithm == oid::OID_SIG_ED25519 {
            Method::Verify(&lc::ED25519)
        } else {
            Method::OtherKeyType
        })
    } else {
        None
    }
}

/// RFC 8017 leaves the salt's length open; the provider takes the hash's length only.
fn pss(signature: &AlgorithmIdentifier<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let parameters = RsaSsaPssParams::try_from(signature.parameters.as_ref()?).ok()?;
    let hash = parameters.hash_algorithm_oid();
    let mask = parameters.mask_gen_algorithm().ok()?;
    if mask.hash != *hash {
        return None;
    }
    let (salt, method): (u32, &'static dyn VerificationAlgorithm) = if *hash == oid::OID_NIST_HASH_SHA256 {
        (32, &lc::RSA_PSS_2048_8192_SHA256)
    } else if *hash == oid::OID_NIST_HASH_SHA384 {
        (48, &lc::RSA_PSS_2048_8192_SHA384)
    } else if *hash == oid::OID_NIST_HASH_SHA512 {
        (64, &lc::RSA_PSS_2048_8192_SHA512)
    } else {
        return None;
    };
    (parameters.salt_length() == salt).then_some(method)
}

/// The hash of an ECDSA signature in bits.
fn ecdsa_hash(signature: &AlgorithmIdentifier<'_>) -> Option<u32> {
    match signature.algorithm.to_id_string().as_str() {
        "1.2.840.10045.4.1" => Some(160),
        "1.2.840.10045.4.3.1" => Some(224),
        "1.2.840.10045.4.3.2" => Some(256),
        "1.2.840.10045.4.3.3" => Some(384),
        "1.2.840.10045.4.3.4" => Some(512),
        _ => None,
    }
}

fn ecdsa(spki: &SubjectPublicKeyInfo<'_>, hash: u32) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = spki.algorithm.parameters.as_ref()?;
    let curve = curve.as_oid().ok()?.to_id_string();
    Some(match (curve.as_str(), hash) {
        ("1.2.840.10045.3.1.7", 160) => &lc::ECDSA_P256_SHA1_ASN1,
        ("1.2.840.10045.3.1.7", 256) => &lc::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.3.1.7", 384) => &lc::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.3.1.7", 512) => &lc::ECDSA_P256_SHA512_ASN1,
        ("1.3.132.0.34", 256) => &lc::ECDSA_P384_SHA256_ASN1,
        ("1.3.132.0.34", 384) => &lc::ECDSA_P384_SHA384_ASN1,
        ("1.3.132.0.34", 512) => &lc::ECDSA_P384_SHA512_ASN1,
        ("1.3.132.0.35", 160) => &lc::ECDSA_P521_SHA1_ASN1,
        ("1.3.132.0.35", 224) => &lc::ECDSA_P521_SHA224_ASN1,
        ("1.3.132.0.35", 256) => &lc::ECDSA_P521_SHA256_ASN1,
        ("1.3.132.0.35", 384) => &lc::ECDSA_P521_SHA384_ASN1,
        ("1.3.132.0.35", 512) => &lc::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// The hash of a signature, if servers refuse it today (OpenSSL security level 1 and above; RFC 9155, RFC 6151).
pub(super) fn weak_hash(signature: &AlgorithmIdentifier<'_>) -> Option<&'static str> {
    match signature.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => Some("MD2"),
        "1.2.840.113549.1.1.3" => Some("MD4"),
        "1.2.840.113549.1.1.4" => Some("MD5"),
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" => Some("SHA-1"),
        "1.2.840.113549.1.1.10" => {
            // Absent parameters and an absent hash both mean SHA-1 (RFC 4055 §3.1).
            let Some(parameters) = signature.parameters.as_ref() else {
                return Some("SHA-1");
            };
            let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
            let hash = parameters.hash_algorithm_oid().to_id_string();
            (hash == "1.3.14.3.2.26").then_some("SHA-1")
        }
        _ => None,
    }
}

/// The name of a signature algorithm for a message.
pub(crate) fn algorithm_name(signature: &AlgorithmIdentifier<'_>) -> String {
    let id = signature.algorithm.to_id_string();
    match id.as_str() {
        "1.2.840.113549.1.1.10" => "RSA-PSS with unusual parameters".to_owned(),
        _ => match oid::OidRegistry::default().with_crypto().get(&signature.algorithm) {
            Some(entry) => entry.sn().to_owned(),
            None => id,
        },
    }
}
