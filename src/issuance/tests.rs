//! Claims about issuing: what comes out is read back through x509-parser, whole. The clock stands at [`NOW`]; what
//! rcgen cannot make (names in sets, version 1) is put together from its parts.

use std::sync::LazyLock;

use pkcs8::der::asn1::{BitStringRef, ObjectIdentifier, Utf8StringRef};
use pkcs8::der::{Encode as _, Tag};
use rcgen::{
    CertificateSigningRequest, CustomExtension, DistinguishedName, DnType, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519, SanType, SigningKey as _,
};
use time::macros::datetime;
use x509_parser::certificate::X509Certificate;
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::prelude::FromDer as _;

use super::certificate::{constructed, members};
use super::*;

const NOW: OffsetDateTime = datetime!(2027-01-01 00:00:00.75 UTC);
const NAMES: Names<'_> = Names { certificate: "client.crt", key: "client.key" };

fn lifetime(days: u32) -> Lifetime {
    Lifetime { now: NOW, days }
}

fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

fn named<'a>(name: &'a str, text: &'a str) -> Named<'a> {
    Named { name, bytes: text.as_bytes() }
}

/// An authority's files.
struct Files {
    ca: String,
    key: String,
}

impl Files {
    fn issue(&self, holder: Holder<'_>, days: u32) -> Result<Issued, IssueError> {
        let authority = Authority { ca: named("ca.crt", &self.ca), key: named("ca.key", &self.key) };
        client(holder, &authority, &lifetime(days), &NAMES)
    }

    /// A certificate for a new key.
    fn client(&self, days: u32) -> Result<Issued, IssueError> {
        self.issue(Holder::NewKey(&subject(CLIENT_SUBJECT), KeySize::Rsa2048), days)
    }

    /// A certificate for a request.
    fn signed(&self, csr: &CertificateSigningRequest) -> Result<Issued, IssueError> {
        let csr = csr.pem().unwrap();
        self.issue(Holder::Request { csr: named("client.csr", &csr), subject: None }, 365)
    }
}

/// The documented authority, made once.
static DOCUMENTED: LazyLock<Files> = LazyLock::new(|| {
    let issued = authority(&subject(CA_SUBJECT), KeySize::Rsa2048, &lifetime(DAYS)).unwrap();
    Files { ca: issued.certificate_pem, key: issued.key.unwrap().expose().to_owned() }
});

fn ca_params() -> CertificateParams {
    let mut params = params(NOW - time::Duration::DAY, NOW + time::Duration::days(3650)).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// An EC authority, which costs nothing, with a name as it is given.
fn named_ca(params: CertificateParams, name: &[u8], key: &KeyPair) -> Files {
    let signer = Signer { name, key_identifier: KeyIdMethod::Sha256, key };
    let der = sign(params, name, key, &signer).unwrap();
    Files { ca: Certificate::of_der(der).unwrap().pem(), key: key.serialize_pem() }
}

fn ec() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn ec_ca(params: CertificateParams) -> Files {
    named_ca(params, subject("/CN=Root").der(), &ec())
}

fn der(pem: &str) -> Vec<u8> {
    identity::read_certificates(named("x", pem), Role::Certificate).unwrap().swap_remove(0).der
}

/// Every extension as `!name: content`, `!` where it is critical.
fn extensions(x509: &X509Certificate<'_>) -> Vec<String> {
    let mut all: Vec<String> = x509
        .extensions()
        .iter()
        .map(|extension| {
            let name = oid2sn(&extension.oid, oid_registry()).unwrap();
            let content: String = extension.value.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}{name}: {content}", if extension.critical { "!" } else { "" })
        })
        .collect();
    all.sort();
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn identifiers(x509: &X509Certificate<'_>) -> (Option<String>, Option<String>) {
    let (authority, own) = identity::key_identifiers(x509);
    (authority.map(hex), own.map(hex))
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |f: &Finding| format!("{}[{}] {}: {}", f.severity, f.rule, f.place.as_deref().unwrap_or("-"), f.message);
    findings.iter().map(line).collect()
}

/// What was said when nothing was issued.
fn refused(result: Result<Issued, IssueError>) -> Vec<String> {
    match result.map(|issued| issued.certificate) {
        Err(IssueError::Refused(findings)) => lines(&findings),
        Err(error) => vec![error.to_string(), error.help().unwrap_or_default()],
        Ok(certificate) => panic!("issued: {certificate:?}"),
    }
}

// --- what is issued --------------------------------------------------------------------------------------------

#[test]
fn an_authority_is_what_the_documented_recipe_makes_and_says_what_its_key_is_for() {
    let der = der(&DOCUMENTED.ca);
    let (_, x509) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(x509.version().0, 2);
    assert_eq!(x509.subject().to_string(), "O=Example ORG, CN=CA Cert");
    assert_eq!(x509.issuer().as_raw(), x509.subject().as_raw());
    assert_eq!(x509.signature_algorithm.algorithm.to_id_string(), "1.2.840.113549.1.1.11");
    assert_eq!(identity::key_size(x509.public_key()), identity::KeySize::Rsa(2048));
    assert_eq!(x509.validity().not_before.to_datetime(), datetime!(2027-01-01 0:00 UTC));
    assert_eq!(x509.validity().not_after.to_datetime(), datetime!(2027-01-01 0:00 UTC) + time::Duration::days(9999));
    let (authority, own) = identifiers(&x509);
    let own = own.unwrap();
    assert_eq!(authority.as_ref(), Some(&own));
    assert_eq!(
        extensions(&x509),
        [
            // CA:TRUE; keyCertSign (bit 5) and cRLSign (bit 6)
            "!basicConstraints: 30030101ff".to_owned(),
            "!keyUsage: 03020106".to_owned(),
            format!("authorityKeyIdentifier: 30168014{own}"),
            format!("subjectKeyIdentifier: 0414{own}"),
        ]
    );
    x509.verify_signature(None).unwrap();
}

#[test]
fn a_client_certificate_says_that_it_is_one_and_who_issued_it() {
    let issued = DOCUMENTED.client(365).unwrap();
    assert_eq!((issued.notices.as_slice(), issued.findings.as_slice()), ([].as_slice(), [].as_slice()));
    let (ca, der) = (der(&DOCUMENTED.ca), der(&issued.certificate_pem));
    let (_, ca) = X509Certificate::from_der(&ca).unwrap();
    let (_, x509) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(x509.version().0, 2);
    assert_eq!(x509.subject().to_string(), "O=Example ORG, CN=Client");
    assert_eq!(x509.issuer().as_raw(), ca.subject().as_raw());
    assert_eq!(x509.validity().not_before.to_datetime(), datetime!(2027-01-01 0:00 UTC));
    assert_eq!(x509.validity().not_after.to_datetime(), datetime!(2028-01-01 0:00 UTC));
    let ((authority, own), (_, of_ca)) = (identifiers(&x509), identifiers(&ca));
    assert_eq!(authority, of_ca);
    assert_eq!(
        extensions(&x509),
        [
            // CA:FALSE; digitalSignature (bit 0)
            "!basicConstraints: 3000".to_owned(),
            "!keyUsage: 03020780".to_owned(),
            format!("authorityKeyIdentifier: 30168014{}", of_ca.unwrap()),
            "extendedKeyUsage: 300a06082b06010505070302".to_owned(),
            format!("subjectKeyIdentifier: 0414{}", own.unwrap()),
        ]
    );
    x509.verify_signature(Some(ca.public_key())).unwrap();
}

#[test]
fn no_two_serial_numbers_are_the_same_and_each_is_positive_and_of_20_bytes() {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for _ in 0..4 {
        let der = der(&DOCUMENTED.client(365).unwrap().certificate_pem);
        let serial = X509Certificate::from_der(&der).unwrap().1.raw_serial().to_vec();
        assert_eq!(serial.len(), 20);
        assert!(serial[0] < 0x80 && !seen.contains(&serial), "{serial:?}");
        seen.push(serial);
    }
}

#[test]
fn keys_are_of_the_size_that_was_asked_for_in_canonical_pkcs8() {
    for (size, bits) in [(KeySize::Rsa2048, 2048), (KeySize::Rsa3072, 3072), (KeySize::Rsa4096, 4096)] {
        let issued = DOCUMENTED.issue(Holder::NewKey(&subject(CLIENT_SUBJECT), size), 365).unwrap();
        let der = der(&issued.certificate_pem);
        let (_, x509) = X509Certificate::from_der(&der).unwrap();
        assert_eq!(identity::key_size(x509.public_key()), identity::KeySize::Rsa(bits));
        let key = issued.key.unwrap();
        let (read, _) = identity::read_key(named("client.key", key.expose()), Role::Key).unwrap();
        assert_eq!(read.algorithm, Algorithm::Rsa { bits });
        assert!(key.expose().starts_with("-----BEGIN PRIVATE KEY-----\n") && key.expose().ends_with("-----\n"));
        assert_eq!(identity::Public::of(x509.public_key()), read.public);
    }
}

#[test]
fn a_key_never_shows_in_debug_output() {
    let issued = DOCUMENTED.client(365).unwrap();
    assert!(format!("{issued:?}").contains("PrivateKeyPem(***)"));
    assert!(!format!("{issued:?}").contains("PRIVATE"));
}

// --- lifetimes -------------------------------------------------------------------------------------------------

#[test]
fn a_client_never_outlives_its_authority_and_is_told_if_that_costs_more_than_a_day() {
    let ca = ec_ca(ca_params());
    let end = NOW.replace_nanosecond(0).unwrap() + time::Duration::days(3650);
    for (days, wanted, notices) in [
        (3649, end - time::Duration::DAY, None),
        (3651, end, None),
        (
            3652,
            end,
            Some("`client.crt`: valid until 2036-12-29 00:00:00 UTC, when the CA expires, instead of for 3652 days"),
        ),
    ] {
        let issued = ca.client(days).unwrap();
        assert_eq!(issued.certificate.not_after, wanted, "{days}");
        assert_eq!(issued.notices, notices.into_iter().collect::<Vec<_>>(), "{days}");
    }
}

#[test]
fn days_end_before_the_year_9999() {
    let most = (datetime!(9998-12-31 23:59:59 UTC) - datetime!(2027-01-01 0:00 UTC)).whole_days();
    let most = u32::try_from(most).unwrap();
    let make = |days| authority(&subject(CA_SUBJECT), KeySize::Rsa2048, &lifetime(days));
    assert_eq!(make(most).unwrap().certificate.not_after, datetime!(9998-12-31 0:00 UTC));
    for days in [most + 1, most + 366, u32::MAX] {
        assert_eq!(
            refused(make(days)),
            [format!("{days} days from now end after the year 9998, and no certificate can"), format!("--days {most}")]
        );
    }
}

#[test]
fn one_day_is_enough_and_expires_soon_in_no_ones_eyes() {
    let issued = DOCUMENTED.client(1).unwrap();
    assert_eq!(issued.certificate.not_after, datetime!(2027-01-02 0:00 UTC));
    assert_eq!(lines(&issued.findings), [""; 0]);
}

// --- authorities that people have ------------------------------------------------------------------------------

#[test]
fn authorities_of_every_usual_algorithm_issue() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ECDSA_P521_SHA512, &PKCS_ED25519] {
        let ca = named_ca(ca_params(), subject("/CN=Root").der(), &KeyPair::generate_for(algorithm).unwrap());
        assert_eq!(lines(&ca.client(365).unwrap().findings), [""; 0], "{algorithm:?}");
    }
}

#[test]
fn an_authority_key_may_be_pkcs1() {
    let pair = new_key(KeySize::Rsa2048).unwrap();
    let pkcs8 = pkcs8::PrivateKeyInfo::try_from(pair.serialized_der()).unwrap();
    let mut ca = named_ca(ca_params(), subject("/CN=Root").der(), &pair);
    ca.key = pem_rfc7468::encode_string("RSA PRIVATE KEY", pem_rfc7468::LineEnding::LF, pkcs8.private_key).unwrap();
    assert_eq!(lines(&ca.client(365).unwrap().findings), [""; 0]);
}

#[test]
fn a_version_1_root_issues_without_a_key_identifier() {
    let key = ec();
    let v3 = der(&named_ca(ca_params(), subject("/CN=Root").der(), &key).ca);
    let certificate = members(&v3).unwrap();
    // without [0] version in front and [3] extensions behind
    let fields = members(certificate[0]).unwrap();
    let tbs = constructed(Tag::Sequence, &fields[1..fields.len() - 1]).unwrap();
    let signature = BitStringRef::from_bytes(&key.sign(&tbs).unwrap()).unwrap().to_der().unwrap();
    let v1 = constructed(Tag::Sequence, &[tbs, certificate[1].to_vec(), signature]).unwrap();
    let ca = Files { ca: Certificate::of_der(v1).unwrap().pem(), key: key.serialize_pem() };
    let issued = ca.client(365).unwrap();
    assert_eq!(
        lines(&issued.findings),
        [
            "note[cert-v1] ca.crt: the CA `CN=Root` is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not"
        ]
    );
    let der = der(&issued.certificate_pem);
    assert_eq!(identifiers(&X509Certificate::from_der(&der).unwrap().1).0, None);
}

#[test]
fn the_name_of_an_authority_is_taken_byte_for_byte() {
    let attribute = |oid: &str, tag: Tag, value: &[u8]| {
        let value = pkcs8::der::asn1::AnyRef::new(tag, value).unwrap().to_der().unwrap();
        constructed(Tag::Sequence, &[ObjectIdentifier::new_unwrap(oid).to_der().unwrap(), value]).unwrap()
    };
    let organisation = attribute("2.5.4.10", Tag::BmpString, b"\0E\0x");
    let unit = attribute("2.5.4.11", Tag::TeletexString, b"Z\xFCrich");
    let both = constructed(Tag::Set, &[organisation, unit]).unwrap();
    let common = |name: &str| {
        let oid = ObjectIdentifier::new_unwrap("2.5.4.3").to_der().unwrap();
        let pair = constructed(Tag::Sequence, &[oid, Utf8StringRef::new(name).unwrap().to_der().unwrap()]);
        constructed(Tag::Set, &[pair.unwrap()]).unwrap()
    };
    let name = constructed(Tag::Sequence, &[both, common("one"), common("two")]).unwrap();
    let ca = named_ca(ca_params(), &name, &ec());
    let issued = ca.client(365).unwrap();
    let der = der(&issued.certificate_pem);
    let (_, x509) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(x509.issuer().as_raw(), name);
}

#[test]
fn an_identifier_of_the_authority_is_taken_over_whatever_it_is() {
    let mut params = ca_params();
    params.key_identifier_method = KeyIdMethod::PreSpecified(b"any bytes".to_vec());
    let der = der(&ec_ca(params).client(365).unwrap().certificate_pem);
    let (_, x509) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(identifiers(&x509).0, Some(hex(b"any bytes")));
}

#[test]
fn an_intermediate_goes_with_the_certificate_and_its_root_does_not() {
    let (root_key, key) = (ec(), ec());
    let root = named_ca(ca_params(), subject("/CN=Root").der(), &root_key);
    let signer =
        Signer { name: subject("/CN=Root").der(), key_identifier: KeyIdMethod::Sha256, key: &root_key }.sign_ca(&key);
    let alone = Files { ca: signer.clone(), key: key.serialize_pem() };
    let bundle = Files { ca: format!("{}{signer}", root.ca), key: key.serialize_pem() };
    let issued = bundle.client(365).unwrap();
    assert!(issued.certificate_pem.ends_with(&signer));
    assert_eq!(issued.certificate_pem.matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!(
        refused(alone.client(365)),
        [
            "error[issuer-unknown] ca.crt: `ca.crt` is not complete: the CA `CN=Middle` is issued by `CN=Root`, which is not in it"
        ]
    );
}

impl Signer<'_> {
    /// An intermediate's certificate.
    fn sign_ca(&self, key: &KeyPair) -> String {
        let mut params = ca_params();
        params.use_authority_key_identifier_extension = true;
        Certificate::of_der(sign(params, subject("/CN=Middle").der(), key, self).unwrap()).unwrap().pem()
    }
}

// --- authorities that cannot issue -----------------------------------------------------------------------------

#[test]
fn what_is_no_authority_or_no_longer_one_is_refused() {
    let mut params = ca_params();
    params.is_ca = IsCa::ExplicitNoCa;
    assert_eq!(
        refused(ec_ca(params).client(365)),
        ["error[issuer-not-ca] ca.crt: the CA `CN=Root` issued a certificate without being a CA (CA:TRUE is missing)"]
    );
    let mut params = ca_params();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    assert_eq!(
        refused(ec_ca(params).client(365)),
        ["error[issuer-not-ca] ca.crt: the key usage of the CA `CN=Root` allows digitalSignature, not keyCertSign"]
    );
    let mut params = ca_params();
    params.not_after = NOW - time::Duration::HOUR;
    assert_eq!(
        refused(ec_ca(params).client(365)),
        ["error[cert-expired] ca.crt: the CA `CN=Root` expired 1 hour ago, on 2026-12-31 23:00:00 UTC"]
    );
    let mut params = ca_params();
    params.not_before = NOW + time::Duration::days(2);
    assert_eq!(
        refused(ec_ca(params).client(365)),
        ["error[cert-not-yet-valid] ca.crt: the CA `CN=Root` is not valid before 2027-01-03 00:00:00 UTC, in 2 days"]
    );
    let mut params = ca_params();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    assert_eq!(
        refused(ec_ca(params).client(365)),
        [
            "error[usage-forbids-client-auth] ca.crt: the extended key usage of the CA `CN=Root` allows serverAuth, not clientAuth"
        ]
    );
}

#[test]
fn a_key_of_another_authority_is_refused() {
    let mut ca = ec_ca(ca_params());
    ca.key = ec().serialize_pem();
    assert_eq!(
        refused(ca.client(365)),
        [
            "`ca.key`: is not the key of `ca.crt`",
            "diff <(openssl x509 -in ca.crt -noout -pubkey) <(openssl pkey -in ca.key -pubout)"
        ]
    );
}

#[test]
fn keys_that_cannot_sign_are_refused_by_kind() {
    let help = "delegate-mtls certs ca --out-dir NEW";
    let mut ca = ec_ca(ca_params());
    for (key, why) in [
        (include_str!("../identity/testdata/pss.key"), "is an RSA-PSS key, which cannot sign here"),
        (
            include_str!("../identity/testdata/small.key"),
            "is an RSA key of 1024 bit, and servers refuse fewer than 2048",
        ),
        (
            include_str!("../identity/testdata/multi-prime.key"),
            "is an RSA key of more than two primes, which cannot sign here",
        ),
    ] {
        ca.key = key.to_owned();
        assert_eq!(refused(ca.client(365)), [format!("`ca.key`: {why}"), help.to_owned()]);
    }
    ca.key = include_str!("../identity/testdata/client.encrypted.key").to_owned();
    assert_eq!(
        refused(ca.client(365)),
        [
            "`ca.key`: the private key is encrypted, and there is no way to give the password",
            "openssl pkcs8 -topk8 -nocrypt -in ca.key -out ca.pkcs8.key"
        ]
    );
}

#[test]
fn a_client_with_the_name_of_its_authority_is_refused() {
    let ca = ec_ca(ca_params());
    assert_eq!(
        refused(ca.issue(Holder::NewKey(&subject("/CN=ROOT"), KeySize::Rsa2048), 365)),
        ["the client would have the name of its CA, `CN=ROOT`", "--subject '/O=Example ORG/CN=Client'"]
    );
}

// --- requests --------------------------------------------------------------------------------------------------

fn request_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Asked");
    params
}

#[test]
fn a_request_gives_name_and_key_and_nothing_else() {
    let key = new_key(KeySize::Rsa2048).unwrap();
    let issued = DOCUMENTED.signed(&request_params().serialize_request(&*key).unwrap()).unwrap();
    assert!(issued.key.is_none());
    assert_eq!((issued.notices.len(), issued.findings.len()), (0, 0));
    assert_eq!(issued.certificate.subject, "CN=Asked");
    let der_of_plain = der(&issued.certificate_pem);
    let (_, plain) = X509Certificate::from_der(&der_of_plain).unwrap();
    assert_eq!(plain.public_key().raw, key.subject_public_key_info());

    let mut params = request_params();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.subject_alt_names = vec![SanType::DnsName("example.com".try_into().unwrap())];
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0])];
    let asking = DOCUMENTED.signed(&params.serialize_request(&*key).unwrap()).unwrap();
    assert_eq!(
        asking.notices,
        [
            "`client.csr`: the extensions it asks for are not taken over: keyUsage, subjectAltName, basicConstraints, 1.2.3.4"
        ]
    );
    let der_of_asking = der(&asking.certificate_pem);
    let (_, asking) = X509Certificate::from_der(&der_of_asking).unwrap();
    assert_eq!(extensions(&asking), extensions(&plain));
}

#[test]
fn a_subject_that_is_given_takes_the_place_of_the_requests() {
    let key = new_key(KeySize::Rsa2048).unwrap();
    let mut params = request_params();
    for named_already in [true, false] {
        if !named_already {
            params.distinguished_name = DistinguishedName::new();
        }
        let csr = params.serialize_request(&*key).unwrap().pem().unwrap();
        let csr = named("client.csr", &csr);
        let typed = subject("/DC=com/DC=example/CN=Typed");
        let issued = DOCUMENTED.issue(Holder::Request { csr, subject: Some(&typed) }, 365).unwrap();
        assert_eq!(issued.certificate.subject, "DC=com, DC=example, CN=Typed");
        if !named_already {
            let bare = DOCUMENTED.issue(Holder::Request { csr, subject: None }, 365);
            assert_eq!(refused(bare), ["`client.csr`: has no subject", "--subject '/O=Example ORG/CN=Client'"]);
        }
    }
}

#[test]
fn a_request_for_a_key_that_only_delegate_3_loads_is_signed_with_a_warning() {
    for (algorithm, kind) in [
        (&PKCS_ECDSA_P256_SHA256, "an EC key of 256 bit"),
        (&PKCS_ECDSA_P384_SHA384, "an EC key of 384 bit"),
        (&PKCS_ED25519, "an Ed25519 key"),
    ] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let issued = DOCUMENTED.signed(&request_params().serialize_request(&key).unwrap()).unwrap();
        assert_eq!(
            lines(&issued.findings),
            [format!("warning[key-not-rsa] client.csr: is for {kind}, and a classic delegate loads RSA keys only")]
        );
        let judged = identity::load(
            named("client.crt", &issued.certificate_pem),
            named("client.key", &key.serialize_pem()),
            Some(named("ca.crt", &DOCUMENTED.ca)),
        );
        let options = Options { now: NOW, expires_within: EXPIRES_WITHIN, chain: ChainCheck::ToAnchor };
        assert_eq!(lines(&judged.unwrap().judge(&options, Loader::Go)), [""; 0]);
    }
}

#[test]
fn a_request_for_the_key_of_the_authority_is_refused() {
    let key = ec();
    let ca = named_ca(ca_params(), subject("/CN=Root").der(), &key);
    assert_eq!(
        refused(ca.signed(&request_params().serialize_request(&key).unwrap())),
        [
            "`client.csr`: is for the key of the CA itself, which must never reach a delegate",
            "openssl req -new -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' -keyout client.rsa.key -out client.rsa.csr"
        ]
    );
}

#[test]
fn a_request_that_was_altered_or_is_none_is_refused() {
    let csr = request_params().serialize_request(&ec()).unwrap();
    let pem = |der: &[u8]| pem_rfc7468::encode_string("CERTIFICATE REQUEST", pem_rfc7468::LineEnding::LF, der).unwrap();
    let ask =
        |csr: &str| refused(DOCUMENTED.issue(Holder::Request { csr: named("client.csr", csr), subject: None }, 1));
    let at = csr.der().windows(5).position(|part| part == b"Asked").unwrap();
    let mut altered = csr.der().to_vec();
    altered[at] = b'B';
    assert_eq!(
        ask(&pem(&altered)),
        [
            "`client.csr`: is not signed by the key it is for: it was altered, or put together from two",
            "openssl req -new -sha256 -key client.key -subj '/O=Example ORG/CN=Client' -out client.csr"
        ]
    );
    assert_eq!(
        ask(&pem(&csr.der()[..40])),
        [
            "`client.csr`: line 1: a certificate request (CSR) is damaged: what the base64 holds is not one",
            "copy the file again from where it was made"
        ]
    );
    assert_eq!(
        ask(&pem(&[csr.der().as_ref(), b"ab"].concat())),
        [
            "`client.csr`: line 1: a certificate request (CSR) has 2 stray bytes behind its end",
            "copy the file again from where it was made"
        ]
    );
    let one = pem(csr.der());
    assert_eq!(
        ask(&format!("{one}{one}")),
        [
            "`client.csr`: holds 2 certificate requests, and one is signed at a time",
            "give each request a file of its own"
        ]
    );
    assert_eq!(
        ask(&DOCUMENTED.ca),
        [
            "`client.csr`: holds a certificate, not a certificate request (CSR)",
            "--csr wants what `openssl req -new -key client.key -subj '/O=Example ORG/CN=Client'` writes"
        ]
    );
    let csr = Named { name: "client.csr", bytes: csr.der() };
    assert_eq!(
        refused(DOCUMENTED.issue(Holder::Request { csr, subject: None }, 1)),
        [
            "`client.csr`: is a DER (binary) certificate request, not PEM",
            "openssl req -inform DER -in client.csr -out client.pem"
        ]
    );
}

#[test]
fn no_mutant_of_a_request_or_an_authority_panics() {
    let key = ec();
    let csr = request_params().serialize_request(&key).unwrap();
    let ca = ec_ca(ca_params());
    let ca_der = der(&ca.ca);
    let encode = |label: &str, der: &[u8]| pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der).unwrap();
    let mut issued = 0;
    for (label, original) in [("CERTIFICATE REQUEST", csr.der().to_vec()), ("CERTIFICATE", ca_der)] {
        for at in 0..original.len() {
            let mut mutant = original.clone();
            mutant[at] ^= 0x21;
            let mutant = encode(label, &mutant);
            let (csr, ca_pem) = match label {
                "CERTIFICATE" => (csr.pem().unwrap(), mutant),
                _ => (mutant, ca.ca.clone()),
            };
            let files = Files { ca: ca_pem, key: ca.key.clone() };
            let csr = named("client.csr", &csr);
            issued += usize::from(files.issue(Holder::Request { csr, subject: None }, 1).is_ok());
        }
    }
    // A root's own serial number, dates and signature are nobody's business.
    assert!(issued < 200, "{issued}");
}

// --- subjects --------------------------------------------------------------------------------------------------

/// The subject as a certificate's reader sees it, with the string types.
fn read(text: &str) -> String {
    let subject = subject(text);
    let (rest, name) = x509_parser::x509::X509Name::from_der(subject.der()).unwrap();
    assert!(rest.is_empty());
    let attributes = name.iter_attributes().map(|attribute| {
        let value = attribute.attr_value();
        let form = match value.tag().0 {
            12 => "UTF8",
            19 => "Printable",
            22 => "IA5",
            other => panic!("tag {other}"),
        };
        format!("{} {form} {}", attribute.attr_type(), String::from_utf8_lossy(value.data))
    });
    attributes.collect::<Vec<_>>().join("; ")
}

#[test]
fn a_subject_keeps_order_repetition_and_string_types() {
    assert_eq!(read(CLIENT_SUBJECT), "2.5.4.10 UTF8 Example ORG; 2.5.4.3 UTF8 Client");
    assert_eq!(
        read("/CN=Zoë/OU=b/OU=a/C=DE/DC=com/DC=example/emailAddress=a@example.com/serialNumber=1 2"),
        "2.5.4.3 UTF8 Zoë; 2.5.4.11 UTF8 b; 2.5.4.11 UTF8 a; 2.5.4.6 Printable DE; \
         0.9.2342.19200300.100.1.25 IA5 com; 0.9.2342.19200300.100.1.25 IA5 example; \
         1.2.840.113549.1.9.1 IA5 a@example.com; 2.5.4.5 Printable 1 2"
    );
    assert_eq!(read(r"/O=A\/B \+ C\\D=E/CN==x"), r"2.5.4.10 UTF8 A/B + C\D=E; 2.5.4.3 UTF8 =x");
    let longest = "ü".repeat(64);
    assert_eq!(read(&format!("/CN={longest}")), format!("2.5.4.3 UTF8 {longest}"));
}

#[test]
fn a_subject_that_means_nothing_is_refused_by_its_defect() {
    let form = "write it as OpenSSL takes it, such as `/O=Example ORG/CN=Client`";
    let escapes = r"write `\/` for a slash and `\\` for a backslash in a value";
    let types =
        "the types are C, ST, L, street, postalCode, O, OU, CN, SN, GN, title, serialNumber, emailAddress, DC, UID";
    for (text, error, help) in [
        ("", "does not begin with `/`", form),
        ("CN=Client", "does not begin with `/`", form),
        ("/", "nothing stands behind a `/`", escapes),
        ("/CN=a/", "nothing stands behind a `/`", escapes),
        ("/CN=a//O=b", "nothing stands behind a `/`", escapes),
        ("/CN=a/b", "`b` has no `=`", escapes),
        ("/XY=a", "`XY` is not an attribute type that is known here", types),
        ("/cn=a", "`cn` is not an attribute type that is known here", types),
        ("/=a", "`` is not an attribute type that is known here", types),
        ("/\u{1b}[2J=a", "`\\u{1b}[2J` is not an attribute type that is known here", types),
        ("/CN=", "`CN` has no value", form),
        ("/CN= /O=b", "`CN` has no value", form),
        ("/C=", "`C` has no value", form),
        ("/C=Germany", "`C` is a country code, which has two letters", "such as `/C=DE` or `/C=US`"),
        ("/C=D1", "`C` is a country code, which has two letters", "such as `/C=DE` or `/C=US`"),
        (
            "/CN=a+OU=b",
            "`+` joins two attributes into one, which is not supported",
            r"write `\+` where the character is meant, and `/` between attributes",
        ),
        (r"/CN=a\", r"ends with a `\`, which has nothing to escape", escapes),
        ("/CN=a\u{7}", "`CN` cannot hold `\\u{7}`", form),
        ("/DC=zürich", "`DC` cannot hold `ü`", form),
        ("/serialNumber=a_b", "`serialNumber` cannot hold `_`", form),
    ] {
        let refused = text.parse::<Subject>().unwrap_err();
        assert_eq!((refused.to_string().as_str(), refused.help().as_str()), (error, help), "{text}");
    }
    let refused = format!("/CN={}", "ü".repeat(65)).parse::<Subject>().unwrap_err();
    assert_eq!(refused.to_string(), "`CN` has 65 characters, and at most 64 are allowed");
}
