//! Claims about loading and judging: certificates are issued here; what rcgen cannot make lies in `testdata`.
//! The clock stands at [`NOW`]. Whole messages are asserted.

mod chain;
mod inventory;
mod leaf;
mod load;
mod matrix;
mod mutants;

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
};
use time::macros::datetime;

use super::*;
use crate::finding::Severity;

const NOW: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);
const DAY: time::Duration = time::Duration::DAY;

const CA: &str = include_str!("../testdata/ca.crt");
const CA_V1: &str = include_str!("../testdata/ca-v1.crt");
const V1: &str = include_str!("../testdata/v1.crt");
const KEY: &str = include_str!("../testdata/client.key");
const PKCS1_KEY: &str = include_str!("../testdata/client.pkcs1.key");
const EC_KEY: &str = include_str!("../testdata/ec.key");

/// RSA, which takes a while to generate; most authorities are EC, which costs nothing.
static CLIENT: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap());

/// The key of the authorities that have to be RSA.
static AUTHORITY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap());

fn options() -> Options {
    Options { now: NOW, expires_within: Duration::from_secs(30 * 86_400), chain: ChainCheck::ToAnchor }
}

fn named<'a>(name: &'a str, text: &'a str) -> Named<'a> {
    Named { name, bytes: text.as_bytes() }
}

fn pair(cert: &str, key: &str, ca: &str) -> Identity {
    load(named("client.crt", cert), named("client.key", key), Some(named("ca.crt", ca))).unwrap()
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| format!("{}[{}] {}: {}", f.severity, f.rule, f.place.as_deref().unwrap_or("-"), f.message))
        .collect()
}

fn judged(cert: &str, key: &str, ca: &str) -> Vec<String> {
    lines(&pair(cert, key, ca).judge(&options(), Loader::Java))
}

/// Judges a leaf for the client's RSA key.
fn verdict(cert: &str, ca: &str) -> Vec<String> {
    judged(cert, &CLIENT.serialize_pem(), ca)
}

fn params(cn: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, cn);
    params.not_before = NOW - DAY * 100;
    params.not_after = NOW + DAY * 1000;
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params
}

fn ca_params(cn: &str) -> CertificateParams {
    let mut params = params(cn);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn dated(cn: &str, from: time::Duration, until: time::Duration) -> CertificateParams {
    let mut params = params(cn);
    params.not_before = NOW + from;
    params.not_after = NOW + until;
    params
}

/// An authority: who it is, and what it signs with.
struct Ca {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Ca {
    /// With a key that is given.
    fn signed_with(params: CertificateParams, key: &KeyPair) -> Self {
        let pem = params.self_signed(key).unwrap().pem();
        Ca { params, key: KeyPair::from_pem(&key.serialize_pem()).unwrap(), pem }
    }

    fn root(params: CertificateParams) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Ca { params, key, pem }
    }

    fn below(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let pem = params.signed_by(&key, &self.issuer()).unwrap().pem();
        Ca { params, key, pem }
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    /// A certificate for the client's key.
    fn issue(&self, params: CertificateParams) -> String {
        params.signed_by(&*CLIENT, &self.issuer()).unwrap().pem()
    }
}

/// Another authority of the documented recipe's name.
fn recipe_ca() -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Example ORG");
    params.distinguished_name.push(DnType::CommonName, "CA Cert");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root() -> Ca {
    Ca::root(ca_params("Root"))
}

fn refused(cert: &[u8], key: &[u8]) -> (String, Option<String>) {
    let error =
        load(Named { name: "client.crt", bytes: cert }, Named { name: "client.key", bytes: key }, None).unwrap_err();
    (error.to_string(), error.help())
}

fn key_refused(key: &[u8]) -> (String, String) {
    let (message, help) = refused(V1.as_bytes(), key);
    (message, help.unwrap())
}

fn cert_refused(cert: &[u8]) -> (String, String) {
    let (message, help) = refused(cert, KEY.as_bytes());
    (message, help.unwrap())
}

fn says(message: &str, help: &str) -> (String, String) {
    (message.to_owned(), help.to_owned())
}
