//! The certificates and keys that the fixtures of `check` speak of: the quick start's pair, what lies in the unit tests'
//! data, and what is issued here, anew in every run. All of it is judged as of [`AT`](crate::binary::AT).

use std::fs;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, SanType,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::binary::{quickstart, root};
use crate::pair::{CLIENT, der_of, testdata};

const NOW: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);
const DAY: Duration = Duration::DAY;

/// The file's name in a command (`--ca t/root.crt`) or token (`@t/expired.crt@`), and what is in it.
pub(super) fn issued() -> &'static [(&'static str, &'static [u8])] {
    static ALL: LazyLock<Vec<(&str, &[u8])>> = LazyLock::new(|| {
        let mut all: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, file) in [("CRT", "client.crt"), ("KEY", "client.key"), ("CA", "ca.crt")] {
            all.push((name.to_owned(), fs::read(quickstart(file)).unwrap()));
        }
        for entry in fs::read_dir(root().join("src/identity/testdata")).unwrap() {
            let path = entry.unwrap().path();
            all.push((format!("t/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(&path).unwrap()));
        }
        all.extend(made().into_iter().map(|(name, pem)| (format!("t/{name}"), pem.into_bytes())));
        all.into_iter().map(|(name, bytes)| (&*name.leak(), &*bytes.leak())).collect()
    });
    &ALL
}

/// A certificate authority.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Authority {
        Authority::of(authority(name))
    }

    /// With an EC key, which costs nothing.
    fn of(params: CertificateParams) -> Authority {
        Authority::with(params, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap())
    }

    fn with(params: CertificateParams, key: KeyPair) -> Authority {
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { params, key, pem }
    }

    /// An intermediate.
    fn below(&self, params: CertificateParams) -> Authority {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let pem = params.signed_by(&key, &self.issuer()).unwrap().pem();
        Authority { params, key, pem }
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    /// For the client's key.
    fn issue(&self, params: &CertificateParams) -> String {
        self.issue_for(params, &CLIENT)
    }

    fn issue_for(&self, params: &CertificateParams, key: &KeyPair) -> String {
        params.signed_by(key, &self.issuer()).unwrap().pem()
    }

    /// The same name, with another key and certificate.
    fn again(&self) -> Authority {
        Authority::of(self.params.clone())
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Acorn");
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (NOW - DAY * 365, NOW + DAY * 1000);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn client() -> CertificateParams {
    let mut params = named("Client");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

fn with(mut params: CertificateParams, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    change(&mut params);
    params
}

fn lives(params: CertificateParams, from: Duration, until: Duration) -> CertificateParams {
    with(params, |params| (params.not_before, params.not_after) = (NOW + from, NOW + until))
}

fn limited(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params
}

fn allows(mut params: CertificateParams, usage: KeyUsagePurpose) -> CertificateParams {
    params.key_usages = vec![usage];
    params
}

fn serves(mut params: CertificateParams) -> CertificateParams {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// With an extension that is critical; twice, if it is not.
fn extended(mut params: CertificateParams, id: &[u64], is_critical: bool) -> CertificateParams {
    let mut extension = CustomExtension::from_oid_content(id, vec![0x30, 0]);
    extension.set_criticality(is_critical);
    params.custom_extensions = vec![extension; if is_critical { 1 } else { 2 }];
    params
}

fn without_identifier(mut params: CertificateParams) -> CertificateParams {
    params.use_authority_key_identifier_extension = false;
    params
}

type Files = Vec<(&'static str, String)>;

fn made() -> Files {
    let root = Authority::new("Root");
    let mut files = vec![("root.crt", root.pem.clone()), ("good.key", CLIENT.serialize_pem())];
    leaves(&root, &mut files);
    authorities(&root, &mut files);
    chains(&root, &mut files);
    constraints(&mut files);
    keys(&root, &mut files);
    files
}

/// Certificates that are themselves at fault, below `root.crt`.
fn leaves(root: &Authority, files: &mut Files) {
    let unnamed = with(client(), |params| params.distinguished_name = DistinguishedName::new());
    let malformed = CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![4, 1, 7]);
    let malformed = with(client(), |params| params.custom_extensions = vec![malformed]);
    let marked = with(client(), |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let any = with(client(), |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any]);
    let good = root.issue(&client());
    for (name, params) in [
        ("expired.crt", lives(client(), DAY * -365, DAY * -3)),
        ("29-days-left.crt", lives(client(), DAY * -365, DAY * 29)),
        ("40-days-left.crt", lives(client(), DAY * -365, DAY * 40)),
        ("3-of-9-days-left.crt", lives(client(), DAY * -6, DAY * 3)),
        ("from-tomorrow.crt", lives(client(), DAY, DAY * 365)),
        ("in-5-minutes.crt", lives(client(), Duration::minutes(5), DAY * 365)),
        ("server.crt", serves(client())),
        ("any-usage.crt", any),
        ("encipherment.crt", allows(client(), KeyUsagePurpose::KeyEncipherment)),
        ("proxy.crt", extended(client(), &[1, 3, 6, 1, 5, 5, 7, 1, 14], true)),
        ("address-blocks.crt", extended(client(), &[1, 3, 6, 1, 5, 5, 7, 1, 7], true)),
        ("critical.crt", extended(client(), &[1, 2, 3, 4], true)),
        ("extension-twice.crt", extended(client(), &[1, 2, 3, 4], false)),
        ("malformed-extension.crt", malformed),
        ("no-subject.crt", unnamed),
        ("marked-ca.crt", marked),
        ("other-client.crt", named("Other client")),
        ("no-identifier.crt", without_identifier(client())),
    ] {
        files.push((name, root.issue(&params)));
    }
    files.push(("altered.crt", flipped(&root.issue(&client()), "CERTIFICATE")));
    files.push(("two-algorithms.crt", of_two_algorithms(&good)));
    files.push(("self-signed.crt", client().self_signed(&*CLIENT).unwrap().pem()));
    files.push(("good-and-root.crt", format!("{good}{}", root.pem)));
    files.push(("good.crt", good));
}

/// PEM whose last byte is another one: the end of a signature, or of a key's last number.
fn flipped(pem: &str, label: &str) -> String {
    let mut der = der_of(pem.as_bytes());
    *der.last_mut().unwrap() ^= 1;
    written(&der, label)
}

/// A certificate that is signed with SHA-384, by what stands beside the signature, and with SHA-256 by what is signed.
fn of_two_algorithms(pem: &str) -> String {
    const ECDSA_WITH_SHA: [u8; 7] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3];
    let mut der = der_of(pem.as_bytes());
    let last = der.windows(ECDSA_WITH_SHA.len()).rposition(|bytes| bytes == ECDSA_WITH_SHA).unwrap();
    der[last + ECDSA_WITH_SHA.len()] = 3;
    written(&der, "CERTIFICATE")
}

fn written(der: &[u8], label: &str) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Authorities that are at fault, and what they issued; authorities that look like `root.crt`.
fn authorities(root: &Authority, files: &mut Files) {
    let again = root.again();
    let other_identifier = with(root.params.clone(), |params| params.key_identifier_method = KeyIdMethod::Sha512);
    for (name, pem) in [
        ("other-root.crt", Authority::new("Other Root").pem),
        ("root-again.crt", again.pem.clone()),
        ("again-and-root.crt", format!("{}{}", again.pem, root.pem)),
        ("root-and-again.crt", format!("{}{}", root.pem, again.pem)),
        ("root-renewed.crt", lives(root.params.clone(), DAY * -1, DAY * 2000).self_signed(&root.key).unwrap().pem()),
        ("root-expired.crt", lives(root.params.clone(), DAY * -900, DAY * -1).self_signed(&root.key).unwrap().pem()),
        ("root-renamed.crt", authority("New Root").self_signed(&root.key).unwrap().pem()),
        ("root-other-identifier.crt", other_identifier.self_signed(&root.key).unwrap().pem()),
        ("by-root-again.crt", again.issue(&client())),
    ] {
        files.push((name, pem));
    }
    let mut nobody = authority("Root");
    nobody.distinguished_name = DistinguishedName::new();
    for (ca, leaf, params) in [
        ("expired-ca.crt", "by-expired-ca.crt", lives(authority("Expired Root"), DAY * -900, DAY * -1)),
        ("early-ca.crt", "by-early-ca.crt", lives(authority("Early Root"), DAY, DAY * 900)),
        ("10-days-left-ca.crt", "by-10-days-left-ca.crt", lives(authority("Short Root"), DAY * -900, DAY * 10)),
        ("no-ca.crt", "by-no-ca.crt", named("No CA")),
        ("crl-ca.crt", "by-crl-ca.crt", allows(authority("CRL Root"), KeyUsagePurpose::CrlSign)),
        ("server-ca.crt", "by-server-ca.crt", serves(authority("Server Root"))),
        ("nameless-ca.crt", "by-nameless-ca.crt", nobody),
    ] {
        let ca_itself = Authority::of(params);
        files.push((leaf, ca_itself.issue(&client())));
        files.push((ca, ca_itself.pem));
    }
    // an authority that has the client's key, and issues for another one
    let of_client = Authority::with(authority("Own Root"), KeyPair::from_pem(&CLIENT.serialize_pem()).unwrap());
    let testdata = KeyPair::from_pem(std::str::from_utf8(&testdata("client.key")).unwrap()).unwrap();
    files.push(("by-own-ca.crt", of_client.issue_for(&client(), &testdata)));
    files.push(("same-name.crt", of_client.issue_for(&named("Own Root"), &testdata)));
    files.push(("own-ca.crt", of_client.pem));
}

/// Certificates with intermediates.
fn chains(root: &Authority, files: &mut Files) {
    let upper = root.below(authority("Upper"));
    let lower = upper.below(authority("Lower"));
    let (leaf, other) = (lower.issue(&client()), Authority::new("Other Root").pem);
    for (name, parts) in [
        ("chain.crt", vec![&leaf, &lower.pem, &upper.pem]),
        ("chain-and-root.crt", vec![&leaf, &lower.pem, &upper.pem, &root.pem]),
        ("chain-swapped.crt", vec![&leaf, &upper.pem, &lower.pem]),
        ("chain-leaf-last.crt", vec![&upper.pem, &lower.pem, &leaf]),
        ("chain-incomplete.crt", vec![&leaf, &lower.pem]),
        ("chain-and-stranger.crt", vec![&leaf, &lower.pem, &upper.pem, &other]),
        ("chain-leaf-twice.crt", vec![&leaf, &leaf, &lower.pem, &upper.pem]),
        ("chain-other-key.crt", vec![&leaf, &upper.below(authority("Lower")).pem, &upper.pem]),
        ("by-lower.crt", vec![&leaf]),
        ("lower.crt", vec![&lower.pem]),
    ] {
        files.push((name, parts.into_iter().map(String::as_str).collect()));
    }
    let middle = root.below(authority("Middle"));
    files.push(("by-middle.crt", format!("{}{}", middle.issue(&client()), middle.pem)));
    for (name, params) in [
        ("middle-expired.crt", lives(authority("Middle"), DAY * -300, DAY * -1)),
        ("middle-29-days-left.crt", lives(authority("Middle"), DAY * -300, DAY * 29)),
        ("middle-critical.crt", extended(authority("Middle"), &[1, 2, 3, 4], true)),
        ("middle-no-ca.crt", named("Middle")),
        ("middle-crl.crt", allows(authority("Middle"), KeyUsagePurpose::CrlSign)),
        ("middle-server.crt", serves(authority("Middle"))),
    ] {
        let middle = root.below(params);
        files.push((name, format!("{}{}", middle.issue(&client()), middle.pem)));
    }
    let upper = root.below(limited(authority("Upper")));
    let lower = upper.below(authority("Lower"));
    files.push(("below-limited.crt", format!("{}{}{}", lower.issue(&client()), lower.pem, upper.pem)));
    let root = Authority::of(limited(authority("Limited Root")));
    let middle = root.below(authority("Middle"));
    files.push(("below-limited-root.crt", format!("{}{}", middle.issue(&client()), middle.pem)));
    files.push(("by-limited-root.crt", root.issue(&client())));
    files.push(("limited-root.crt", root.pem));
}

/// Authorities that constrain names.
fn constraints(files: &mut Files) {
    let constrained = |permitted| {
        let permitted_subtrees = vec![permitted];
        let constraints = NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() };
        Authority::of(with(authority("Constrained Root"), |params| params.name_constraints = Some(constraints)))
    };
    let called = |host: &str| {
        with(client(), |params| params.subject_alt_names = vec![SanType::DnsName(host.try_into().unwrap())])
    };
    let root = constrained(GeneralSubtree::DnsName("example.org".to_owned()));
    files.push(("name-allowed.crt", root.issue(&called("acorn.example.org"))));
    files.push(("name-forbidden.crt", root.issue(&called("acorn.example.com"))));
    files.push(("dns-root.crt", root.pem));
    let mut of_acorn = DistinguishedName::new();
    of_acorn.push(DnType::OrganizationName, "ACORN");
    let root = constrained(GeneralSubtree::DirectoryName(of_acorn));
    files.push(("name-unknown.crt", root.issue(&client())));
    files.push(("directory-root.crt", root.pem));
}

/// Keys, and forms of them.
fn keys(root: &Authority, files: &mut Files) {
    for (crt, name, algorithm) in
        [("ec.crt", "ec-of-crt.key", &PKCS_ECDSA_P256_SHA256), ("ed25519.crt", "ed25519.key", &PKCS_ED25519)]
    {
        let key = KeyPair::generate_for(algorithm).unwrap();
        files.push((crt, root.issue_for(&client(), &key)));
        files.push((name, key.serialize_pem()));
    }
    let key = CLIENT.serialize_pem();
    let certificate = root.issue(&client());
    for (name, text) in [
        ("corrupt.key", flipped(&key, "PRIVATE KEY")),
        ("text-around.key", format!("Bag Attributes: <No Attributes>\n{key}")),
        ("tabs.key", key.replace('\n', "\n\t")),
        ("one-line.key", key.replace('\n', " ")),
        ("two.key", format!("{key}{key}")),
        ("with-certificate.key", format!("{key}{certificate}")),
        ("cut-off.key", key.split_at(800).0.to_owned()),
        ("public.key", CLIENT.public_key_pem()),
        ("with-key.crt", format!("{certificate}{key}")),
        ("one-line.crt", certificate.replace('\n', " ")),
        ("indented.crt", certificate.replace('\n', "\n  ")),
        ("byte-order-mark.crt", format!("\u{FEFF}{certificate}")),
        ("escaped.crt", certificate.replacen('\n', "\\n", 3)),
        ("cut-off.crt", certificate.split_at(300).0.to_owned()),
        ("no-pem.crt", "the certificate goes here\n".to_owned()),
        ("text-around.crt", format!("Bag Attributes\n    localKeyID: 01\n{certificate}")),
    ] {
        files.push((name, text));
    }
}
