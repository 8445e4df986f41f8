//! Claims about loading and judging: certificates are issued here; what rcgen cannot make lies in `testdata`.
//! The clock stands at [`NOW`]. Whole messages are asserted.

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

const CA: &str = include_str!("testdata/ca.crt");
const CA_V1: &str = include_str!("testdata/ca-v1.crt");
const V1: &str = include_str!("testdata/v1.crt");
const KEY: &str = include_str!("testdata/client.key");
const PKCS1_KEY: &str = include_str!("testdata/client.pkcs1.key");
const EC_KEY: &str = include_str!("testdata/ec.key");

/// The only RSA key that is generated; authorities are EC, which costs nothing.
static CLIENT: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap());

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

/// An authority: who it is, and what it signs with.
struct Ca {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Ca {
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

// --- the documented pair ---------------------------------------------------------------------------------------

#[test]
fn accepts_the_pair_of_the_documented_recipe_byte_for_byte() {
    let identity = pair(V1, KEY, CA);
    assert_eq!(
        lines(&identity.judge(&options(), Loader::Java)),
        [
            "note[cert-v1] client.crt: the certificate is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not"
        ]
    );
    assert_eq!(identity.certificate_pem(), V1);
    assert_eq!(identity.key_pem().expose(), KEY);
    assert_eq!(identity.notices(), [""; 0]);
    assert_eq!(identity.as_found(Loader::Java), []);
    assert_eq!(identity.leaf().subject, "O=Example ORG, CN=Client");
    assert_eq!(identity.leaf().fingerprint.to_string().len(), 95);
    assert_eq!(summarize(V1.as_bytes()).as_ref(), Some(identity.leaf()));
}

#[test]
fn accepts_a_version_1_root() {
    assert_eq!(
        judged(V1, KEY, CA_V1),
        [
            "note[cert-v1] client.crt: the certificate is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not",
            "note[cert-v1] ca.crt: the CA `O=Example ORG, CN=CA Cert` is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not",
        ]
    );
}

#[test]
fn accepts_a_plain_version_3_pair_and_one_below_two_intermediates() {
    let root = root();
    assert_eq!(verdict(&root.issue(params("Client")), &root.pem), [""; 0]);
    let upper = root.below(ca_params("Upper"));
    let lower = upper.below(ca_params("Lower"));
    let leaf = lower.issue(params("Client"));
    let file = format!("{leaf}{}{}", lower.pem, upper.pem);
    assert_eq!(verdict(&file, &root.pem), [""; 0]);
    // With the root behind them, and with a bundle that holds another CA first.
    let other = Ca::root(ca_params("Other"));
    assert_eq!(verdict(&format!("{file}{}", root.pem), &format!("{}{}", other.pem, root.pem)), [""; 0]);
}

#[test]
fn accepts_authorities_of_every_usual_algorithm() {
    for algorithm in
        [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519, &PKCS_RSA_SHA256, &rcgen::PKCS_RSA_SHA384, &rcgen::PKCS_RSA_SHA512]
    {
        let params = ca_params("Root");
        let key = KeyPair::generate_for(algorithm).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let root = Ca { params, key, pem };
        assert_eq!(verdict(&root.issue(self::params("Client")), &root.pem), [""; 0]);
    }
}

#[test]
fn accepts_what_explicitly_allows_a_tls_client() {
    let root = root();
    let mut leaf = params("Client");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert_eq!(verdict(&root.issue(leaf), &root.pem), [""; 0]);
}

#[test]
fn says_that_the_chain_is_not_judged_without_an_authority() {
    let identity = load(named("client.crt", V1), named("client.key", KEY), None).unwrap();
    let note = &identity.judge(&options(), Loader::Java)[0];
    assert_eq!(
        lines(std::slice::from_ref(note)),
        [
            "note[chain-not-judged] client.crt: whether the account's CA issued the certificate was not judged: no CA was given"
        ]
    );
    assert_eq!(note.help.as_deref(), Some("give the CA's certificate as well, usually `ca.crt`"));
}

#[test]
fn skips_the_chain_and_nothing_else_when_asked() {
    let other = root();
    let options = Options { chain: ChainCheck::Skip, ..options() };
    let identity = pair(V1, EC_KEY, &other.pem);
    assert_eq!(
        lines(&identity.judge(&options, Loader::Java))[..2],
        [
            "error[key-not-rsa] client.key: is an EC key (P-256), and a classic delegate loads RSA keys only",
            "error[key-mismatch] client.key: is an EC key (P-256), and `client.crt` belongs to an RSA key of 2048 bit",
        ]
    );
    let identity = pair(V1, KEY, &other.pem);
    assert_eq!(
        lines(&identity.judge(&options, Loader::Java))[0],
        "note[chain-not-judged] client.crt: whether the account's CA issued the certificate was not judged, as asked"
    );
}

// --- what is repaired ------------------------------------------------------------------------------------------

#[test]
fn converts_pkcs1_to_the_bytes_that_openssl_makes() {
    let identity = pair(V1, PKCS1_KEY, CA);
    // `client.key` and `openssl pkcs8 -topk8 -nocrypt` of `client.pkcs1.key` are the same; make.sh compares them.
    assert_eq!(identity.key_pem().expose(), KEY);
    assert_eq!(identity.notices(), ["`client.key`: converted from PKCS#1 to PKCS#8"]);
    assert_eq!(
        lines(&identity.as_found(Loader::Java)),
        ["error[key-format] client.key: is a PKCS#1 key, and a classic delegate takes PKCS#8 only"]
    );
    assert_eq!(identity.as_found(Loader::Go), []);
}

#[test]
fn drops_text_around_the_blocks() {
    let cert = format!("Bag Attributes\n  localKeyID: 01\nsubject=/CN=Client\n{V1}\n");
    let key = format!("Bag Attributes: <No Attributes>\n{KEY}");
    let identity = pair(&cert, &key, CA);
    assert_eq!(identity.certificate_pem(), V1);
    assert_eq!(identity.key_pem().expose(), KEY);
    assert_eq!(
        identity.notices(),
        ["`client.crt`: text around the certificate dropped", "`client.key`: text around the key dropped"]
    );
    assert_eq!(
        lines(&identity.as_found(Loader::Java)),
        [
            "error[key-format] client.key: text around the key, and a classic delegate takes a key file that holds nothing else"
        ]
    );
}

#[test]
fn makes_any_layout_canonical() {
    let shapes: [fn(&str) -> String; 7] = [
        |pem| pem.replace('\n', "\r\n"),
        |pem| pem.trim_end().to_owned(),
        |pem| format!("\n\n{pem}\n\n"),
        |pem| pem.lines().map(|line| format!("    {line}\n")).collect(),
        |pem| pem.lines().map(|line| format!("\t{line} \n")).collect(),
        |pem| pem.replace('\n', " "),
        |pem| pem.replace('\n', "").replace("KEY-----M", "KEY-----\nM"),
    ];
    for shape in shapes {
        let identity = pair(&shape(V1), &shape(KEY), CA);
        assert_eq!(identity.certificate_pem(), V1);
        assert_eq!(identity.key_pem().expose(), KEY);
        assert_eq!(
            identity.notices(),
            ["`client.crt`: line ends and layout made canonical", "`client.key`: line ends and layout made canonical"]
        );
    }
}

#[test]
fn says_which_layout_java_cannot_read() {
    let tabs: String = KEY.lines().map(|line| format!("\t{line}\n")).collect();
    assert_eq!(
        lines(&pair(V1, &tabs, CA).as_found(Loader::Java)),
        ["error[key-format] client.key: there are tabs inside the key, which a classic delegate cannot read"]
    );
    let crlf = KEY.replace('\n', " \r\n");
    assert_eq!(pair(V1, &format!("\t{crlf}\t"), CA).as_found(Loader::Java), []);
}

#[test]
fn says_which_layout_nobody_reads_a_certificate_from_and_go_no_key() {
    let not_alone = "the `-----BEGIN` and `-----END` lines are not lines of their own";
    let shapes: [fn(&str) -> String; 3] = [
        |pem| pem.replace('\n', " "),
        |pem| pem.lines().map(|line| format!("  {line}\n")).collect(),
        |pem| pem.replace("-----\n-----END", "-----END").replace("\n-----END", " -----END"),
    ];
    for shape in shapes {
        let certificate = format!("error[cert-unreadable] client.crt: {not_alone}, and no delegate can read it");
        let key = format!("error[key-format] client.key: {not_alone}, and Delegate 3.x cannot read it");
        let identity = pair(&shape(V1), &shape(KEY), CA);
        assert_eq!(lines(&identity.as_found(Loader::Java)), std::slice::from_ref(&certificate));
        assert_eq!(lines(&identity.as_found(Loader::Go)), [certificate, key]);
    }
    let crlf: fn(&str) -> String = |pem| format!("\r\n{}  \r\n", pem.replace('\n', " \r\n").trim_end());
    assert_eq!(pair(&crlf(V1), &crlf(KEY), CA).as_found(Loader::Java), []);
    assert_eq!(pair(&crlf(V1), &crlf(KEY), CA).as_found(Loader::Go), []);
}

#[test]
fn go_takes_certificates_out_of_order_only_behind_the_clients() {
    let root = root();
    let upper = root.below(ca_params("Upper"));
    let lower = upper.below(ca_params("Lower"));
    let leaf = lower.issue(params("Client"));
    let found = |certificates: String| {
        let identity = pair(&certificates, &CLIENT.serialize_pem(), &root.pem);
        let findings = identity.as_found(Loader::Go);
        findings.iter().map(|finding| format!("{}[{}]", finding.severity, finding.rule)).collect::<Vec<_>>()
    };
    assert_eq!(found(format!("{leaf}{}{}", lower.pem, upper.pem)), [] as [&str; 0]);
    assert_eq!(found(format!("{leaf}{}{}", upper.pem, lower.pem)), ["warning[chain-out-of-order]"]);
    assert_eq!(found(format!("{}{leaf}{}", lower.pem, upper.pem)), ["error[chain-out-of-order]"]);
    assert_eq!(
        found(format!("{}{leaf}{}{}", root.pem, lower.pem, upper.pem)),
        ["error[chain-out-of-order]"],
        "the root has a place in the chain"
    );
    let other = Ca::root(ca_params("Other"));
    assert_eq!(
        found(format!("{}{leaf}{}{}", other.pem, lower.pem, upper.pem)),
        ["error[chain-out-of-order]", "warning[chain-extra]"]
    );
}

#[test]
fn puts_the_chain_in_order_and_drops_what_it_does_not_need() {
    let root = root();
    let upper = root.below(ca_params("Upper"));
    let lower = upper.below(ca_params("Lower"));
    let other = Ca::root(ca_params("Other"));
    let leaf = lower.issue(params("Client"));
    let right = format!("{leaf}{}{}", lower.pem, upper.pem);
    let key = CLIENT.serialize_pem();
    let canonical = |pem: &str| pem.replace("\r\n", "\n");

    let wrong = format!("{}{leaf}{}{}{leaf}", upper.pem, other.pem, lower.pem);
    let identity = pair(&canonical(&wrong), &canonical(&key), &root.pem);
    assert_eq!(identity.certificate_pem(), canonical(&right));
    assert_eq!(identity.leaf().subject, "CN=Client");
    assert_eq!(identity.judge(&options(), Loader::Java), []);
    assert_eq!(
        identity.notices(),
        [
            "`client.crt`: certificates put in order, leaf first",
            "`client.crt`: a certificate that stood there twice dropped",
            "`client.crt`: certificate of `CN=Other` dropped, which the chain does not need",
        ]
    );
    assert_eq!(
        lines(&identity.as_found(Loader::Java)),
        [
            "error[chain-out-of-order] client.crt: the certificates are not in the order leaf, issuer, issuer of that",
            "error[chain-extra] client.crt: a certificate stands in the file twice",
            "error[chain-extra] client.crt: the certificate of `CN=Other` is not part of the chain",
        ]
    );

    let with_root = canonical(&format!("{right}{}", root.pem));
    assert_eq!(
        pair(&with_root, &key, &root.pem).certificate_pem(),
        with_root,
        "a file in order keeps its own bytes, root and all"
    );
}

#[test]
fn drops_the_parameters_before_an_ec_key() {
    let identity = pair(V1, EC_KEY, CA);
    assert!(EC_KEY.ends_with(identity.key_pem().expose()));
    assert!(identity.key_pem().expose().starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
    assert_eq!(identity.notices(), ["`client.key`: text around the key dropped"]);
}

#[test]
fn a_key_on_p521_has_521_bits() {
    let bits = |pem: &str| {
        let found = pem::survey(pem.as_bytes()).0;
        let certificate = Certificate::read(&found.blocks[0]).unwrap();
        certificate::key_size(certificate.x509().unwrap().public_key())
    };
    assert_eq!(bits(include_str!("testdata/p521-ca.crt")), KeySize::Ec(521));
    assert_eq!(bits(&root().pem), KeySize::Ec(256));
}

// --- what an inventory tells -----------------------------------------------------------------------------------

fn inventory(files: &[(&str, &[u8])]) -> Inventory {
    let items: Vec<Item<'_>> =
        files.iter().map(|(name, bytes)| Item { name, place: name, bytes, secret: None, findings: &[] }).collect();
    Inventory::take(&items, &options(), Loader::Java).unwrap()
}

#[test]
fn a_client_marked_as_an_authority_is_judged_as_inject_judges_it() {
    let root = root();
    let key = CLIENT.serialize_pem();
    let certificate = |usages: Vec<KeyUsagePurpose>| {
        let mut params = ca_params("Client");
        params.key_usages = usages;
        root.issue(params)
    };
    for usages in [vec![], vec![KeyUsagePurpose::DigitalSignature]] {
        let leaf = certificate(usages);
        let found = inventory(&[
            ("client.crt", leaf.as_bytes()),
            ("client.key", key.as_bytes()),
            ("ca.crt", root.pem.as_bytes()),
        ]);
        assert_eq!(lines(&found.findings), verdict(&leaf, &root.pem));
        assert_eq!(found.chains.iter().map(|chain| chain.works).collect::<Vec<_>>(), [Some(true)]);
    }
    let intermediate = certificate(vec![KeyUsagePurpose::KeyCertSign]);
    let found = inventory(&[
        ("sub.crt", intermediate.as_bytes()),
        ("sub.key", key.as_bytes()),
        ("ca.crt", root.pem.as_bytes()),
    ]);
    assert_eq!(lines(&found.findings), [] as [&str; 0], "an authority with its key is in order");
    assert_eq!(found.chains.iter().map(|chain| chain.works).collect::<Vec<_>>(), [None]);
}

#[test]
fn der_that_openssl_could_not_convert_either_is_said_to_be_damaged() {
    let der = include_bytes!("testdata/v1.der").to_vec();
    for bytes in [&der[..300], &[der.clone(), der.clone()].concat(), &[der.as_slice(), b"\n"].concat()] {
        let found = inventory(&[("client.crt", bytes)]);
        let said: Vec<String> = found.unreadable.iter().map(|error| format!("{error}; {:?}", error.help())).collect();
        assert_eq!(
            said,
            [
                "`client.crt`: begins like a DER (binary) certificate, and cannot be read: it is cut off, damaged, or something else; Some(\"copy the file again from where it was made\")"
            ]
        );
    }
}

// --- what cannot be loaded -------------------------------------------------------------------------------------

#[test]
fn names_every_encoding_that_is_not_pem() {
    let utf16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    assert_eq!(
        key_refused(b" \r\n\t"),
        says("`client.key`: the file is empty", "--key wants a file that begins with `-----BEGIN PRIVATE KEY-----`")
    );
    assert_eq!(
        key_refused(format!("\u{FEFF}{KEY}").as_bytes()),
        says(
            "`client.key`: begins with a byte order mark (BOM), which no delegate can read",
            "tail -c +4 client.key > client.nobom.pem"
        )
    );
    assert_eq!(
        cert_refused(&utf16(V1)),
        says("`client.crt`: is UTF-16 text, not plain PEM", "iconv -f UTF-16 -t UTF-8 client.crt > client.utf8.pem")
    );
    assert_eq!(cert_refused(&utf16(V1)[2..]).0, "`client.crt`: is UTF-16 text, not plain PEM");
    assert_eq!(key_refused(format!("{KEY}\0").as_bytes()).0, "`client.key`: holds a NUL byte: this is not PEM text");
    assert_eq!(
        cert_refused(include_bytes!("testdata/v1.der")),
        says(
            "`client.crt`: is a DER (binary) certificate, not PEM",
            "openssl x509 -inform DER -in client.crt -out client.pem"
        )
    );
    let block = &pem::scan(KEY.as_bytes()).unwrap().blocks[0];
    let der_key = says(
        "`client.key`: is a DER (binary) private key, not PEM",
        "openssl pkcs8 -topk8 -nocrypt -inform DER -in client.key -out client.pkcs8.key",
    );
    assert_eq!(key_refused(&block.der), der_key);
    let block = &pem::scan(PKCS1_KEY.as_bytes()).unwrap().blocks[0];
    assert_eq!(key_refused(&block.der), der_key);
    let ed25519 = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    assert_eq!(key_refused(ed25519.serialized_der()), der_key);
    let encrypted = include_str!("testdata/client.encrypted.key");
    let block = &pem::scan(encrypted.as_bytes()).unwrap().blocks[0];
    assert_eq!(key_refused(&block.der).0, "`client.key`: is an encrypted DER (binary) private key, not PEM");
    assert_eq!(
        key_refused(&[0x30, 0x82, 0x0A, 0x57, 0x02, 0x01, 0x03, 0x30, 0x82]),
        says(
            "`client.key`: is a PKCS#12 container (.p12, .pfx), not PEM",
            "openssl pkcs12 -in client.key -nocerts -nodes -out client.pkcs8.key"
        )
    );
    assert_eq!(
        cert_refused(&[0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2]).0,
        "`client.crt`: is a Java key store (.jks), not PEM"
    );
    use base64::Engine as _;
    let twice = base64::engine::general_purpose::STANDARD.encode(KEY);
    assert_eq!(
        key_refused(twice.as_bytes()),
        says("`client.key`: is base64 of PEM, not PEM itself", "base64 -d client.key > client.pem")
    );
    assert_eq!(key_refused(b"{KEY}").0, "`client.key`: holds no PEM block: there is no `-----BEGIN` line in it");
    assert_eq!(
        cert_refused(b"0 certificates").0,
        "`client.crt`: holds no PEM block: there is no `-----BEGIN` line in it"
    );
}

#[test]
fn names_every_damage_to_a_block() {
    let again = "copy the file again from where it was made";
    let (cut, _) = KEY.split_at(800);
    assert_eq!(
        key_refused(cut.as_bytes()),
        says("`client.key`: line 1: a private key has no `-----END` line: the file is cut off", again)
    );
    let in_end_line = KEY.trim_end().trim_end_matches('-');
    assert_eq!(
        key_refused(in_end_line.as_bytes()).0,
        "`client.key`: line 1: a private key has no `-----END` line: the file is cut off"
    );
    assert_eq!(
        cert_refused(format!("{}{V1}", V1.split_at(400).0).as_bytes()).0,
        "`client.crt`: line 1: a certificate has no `-----END` line: the file is cut off"
    );
    assert_eq!(
        key_refused(&KEY.as_bytes()[100..]).0,
        format!(
            "`client.key`: line {}: the `-----END` line of a private key has no `-----BEGIN` line: the file is cut off",
            KEY.split_at(100).1.lines().count()
        )
    );
    assert_eq!(
        key_refused(KEY.replace("END PRIVATE", "END RSA PRIVATE").as_bytes()).0,
        "`client.key`: line 28: begins as a private key and ends as a PKCS#1 private key"
    );
    assert_eq!(
        key_refused(KEY.replace("BEGIN PRIVATE KEY-----", "BEGIN PRIVATE KEY").as_bytes()).0,
        "`client.key`: line 1: the `-----BEGIN` or `-----END` line is damaged"
    );
    let mut star = KEY.as_bytes().to_vec();
    star[300] = b'*';
    assert_eq!(key_refused(&star).0, "`client.key`: line 6: the body of a private key is not base64");
    assert_eq!(
        key_refused(KEY.replace('\n', "\\n").as_bytes()),
        says(
            "`client.key`: line 1: the body of a private key has its line ends written as `\\n`",
            r#"printf '%b' "$(cat client.key)" > client.pem"#
        )
    );
    let short = pem::encode("PRIVATE KEY", &pem::scan(KEY.as_bytes()).unwrap().blocks[0].der[..900]);
    assert_eq!(
        key_refused(short.as_bytes()).0,
        "`client.key`: line 1: a private key is damaged: what the base64 holds is not one"
    );
    let mut long = pem::scan(KEY.as_bytes()).unwrap().blocks[0].der.to_vec();
    long.push(0);
    assert_eq!(
        key_refused(pem::encode("PRIVATE KEY", &long).as_bytes()).0,
        "`client.key`: line 1: a private key has 1 stray byte behind its end"
    );
    let mut long = include_bytes!("testdata/v1.der").to_vec();
    long.extend([0, 0]);
    assert_eq!(
        cert_refused(format!("text\n{}", *pem::encode("CERTIFICATE", &long)).as_bytes()).0,
        "`client.crt`: line 2: a certificate has 2 stray bytes behind its end"
    );
    assert_eq!(
        cert_refused(pem::encode("CERTIFICATE", &long[..400]).as_bytes()).0,
        "`client.crt`: line 1: a certificate is damaged: what the base64 holds is not one"
    );
}

#[test]
fn names_every_file_that_is_another_thing() {
    let both = format!("{V1}{KEY}");
    assert_eq!(
        refused(KEY.as_bytes(), V1.as_bytes()),
        (
            "`client.crt`: holds a private key, and `client.key` holds the certificate: the two files are swapped"
                .to_owned(),
            Some("--cert client.key --key client.crt".to_owned())
        )
    );
    assert_eq!(
        key_refused(both.as_bytes()),
        says(
            "`client.key`: holds a certificate beside the private key: the delegate's loader takes a key file that holds nothing else",
            "openssl pkcs8 -topk8 -nocrypt -in client.key -out client.pkcs8.key"
        )
    );
    assert_eq!(
        cert_refused(both.as_bytes()),
        says(
            "`client.crt`: holds a private key beside the certificate: it would end up where only certificates belong",
            "openssl crl2pkcs7 -nocrl -certfile client.crt | openssl pkcs7 -print_certs -out client.pem"
        )
    );
    assert_eq!(
        key_refused(format!("{KEY}{PKCS1_KEY}").as_bytes()),
        says(
            "`client.key`: holds 2 private keys, and only one can be the certificate's",
            "leave only the key of the client certificate in the file"
        )
    );
    for encrypted in [
        include_bytes!("testdata/client.encrypted.key").as_slice(),
        include_bytes!("testdata/client.legacy.key").as_slice(),
    ] {
        assert_eq!(
            key_refused(encrypted),
            says(
                "`client.key`: the private key is encrypted, and a delegate has no way to give the password",
                "openssl pkcs8 -topk8 -nocrypt -in client.key -out client.pkcs8.key"
            )
        );
    }
    assert_eq!(
        key_refused(V1.as_bytes()),
        says(
            "`client.key`: holds a certificate, not a private key",
            "--key wants the private key that was made together with the certificate's request"
        )
    );
    assert_eq!(
        key_refused(CLIENT.public_key_pem().as_bytes()),
        says(
            "`client.key`: holds a public key, not a private key",
            "--key wants the private key that this public key was taken from"
        )
    );
    let mut request = params("Client");
    request.use_authority_key_identifier_extension = false;
    request.is_ca = IsCa::NoCa;
    let request = request.serialize_request(&*CLIENT).unwrap().pem().unwrap();
    assert_eq!(
        cert_refused(request.as_bytes()),
        says(
            "`client.crt`: holds a certificate request (CSR), not a certificate",
            "openssl x509 -req -sha256 -days 9999 -in client.crt -CA ca.crt -CAkey ca.key -CAcreateserial -out client.pem"
        )
    );
    assert_eq!(
        cert_refused(include_bytes!("testdata/trusted.crt")),
        says(
            "`client.crt`: holds a `TRUSTED CERTIFICATE`, OpenSSL's own format, which no delegate can read",
            "openssl x509 -in client.crt -out client.pem"
        )
    );
    assert_eq!(
        cert_refused(include_bytes!("testdata/v1.p7b")),
        says(
            "`client.crt`: holds a PKCS#7 bundle, not a certificate",
            "openssl pkcs7 -in client.crt -print_certs -out client.pem"
        )
    );
    let open_ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n";
    assert_eq!(
        key_refused(open_ssh.as_bytes()),
        says(
            "`client.key`: holds an OpenSSH private key, which no delegate can load",
            "cp client.key client.pkcs8.key && ssh-keygen -p -N '' -m PKCS8 -f client.pkcs8.key"
        )
    );
    assert_eq!(
        key_refused(open_ssh.replace("OPENSSH", "DSA").as_bytes()),
        says(
            "`client.key`: holds a DSA private key, which no delegate can load",
            "openssl req -new -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' -keyout client.rsa.key -out client.csr"
        )
    );
    let ca = load(named("client.crt", V1), named("client.key", KEY), Some(named("my ca.key", KEY))).unwrap_err();
    assert_eq!(ca.to_string(), "`my ca.key`: holds a private key, not a CA certificate");
    assert_eq!(ca.role, Role::Ca);
}

#[test]
fn turns_a_refusal_into_a_finding() {
    let finding = |cert: &str, key: &str| {
        let pair = load(named("client.crt", cert), named("client.key", key), None);
        lines(&[pair.unwrap_err().finding()])
    };
    assert_eq!(
        finding(V1, include_str!("testdata/client.encrypted.key")),
        [
            "error[key-encrypted] client.key: the private key is encrypted, and a delegate has no way to give the password"
        ]
    );
    assert_eq!(finding(V1, ""), ["error[key-format] client.key: the file is empty"]);
    assert_eq!(
        finding("{CERT}", KEY),
        ["error[cert-unreadable] client.crt: holds no PEM block: there is no `-----BEGIN` line in it"]
    );
}

#[test]
fn quotes_file_names_for_the_shell() {
    let error = load(
        Named { name: "-my dir/it's.der", bytes: include_bytes!("testdata/v1.der") },
        named("client.key", KEY),
        None,
    );
    assert_eq!(
        error.unwrap_err().help().unwrap(),
        r"openssl x509 -inform DER -in './-my dir/it'\''s.der' -out './-my dir/it'\''s.pem'"
    );
    assert_eq!(error::beside("a.b/client", "pem"), "a.b/client.pem");
    assert_eq!(error::beside("a.b/.pem", "pem"), "a.b/.pem.pem");
    assert_eq!(error::beside("ca.pem", "pem"), "ca.new.pem");
}

// --- the key ---------------------------------------------------------------------------------------------------

#[test]
fn refuses_a_key_that_is_not_the_certificates() {
    let findings = pair(V1, &CLIENT.serialize_pem(), CA).judge(&options(), Loader::Java);
    assert_eq!(lines(&findings)[0], "error[key-mismatch] client.key: is not the key of `client.crt`");
    assert_eq!(
        findings[0].help.as_deref(),
        Some("diff <(openssl x509 -in client.crt -noout -pubkey) <(openssl pkey -in client.key -pubout)")
    );
}

#[test]
fn says_when_the_key_is_the_authoritys() {
    let root_key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let root_params = ca_params("Root");
    let root = root_params.self_signed(&root_key).unwrap().pem();
    let leaf = params("Client").signed_by(&*CLIENT, &Issuer::from_params(&root_params, &root_key)).unwrap().pem();
    assert_eq!(
        judged(&leaf, &root_key.serialize_pem(), &root),
        ["error[key-mismatch] client.key: is the key of the CA in `ca.crt`, not the key of `client.crt`"]
    );
    assert_eq!(
        judged(&root, &root_key.serialize_pem(), &root),
        ["error[leaf-is-ca] client.crt: is the CA of `ca.crt` itself, and the delegate would carry the CA's key"]
    );
}

#[test]
fn refuses_ec_and_ed25519_for_java_and_takes_them_for_go() {
    let root = root();
    for (algorithm, kind) in [
        (&PKCS_ECDSA_P256_SHA256, "an EC key (P-256)"),
        (&PKCS_ECDSA_P384_SHA384, "an EC key (P-384)"),
        (&PKCS_ED25519, "an Ed25519 key"),
    ] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = params("Client").signed_by(&key, &root.issuer()).unwrap().pem();
        let identity = pair(&leaf, &key.serialize_pem(), &root.pem);
        assert_eq!(
            lines(&identity.judge(&options(), Loader::Java)),
            [format!("error[key-not-rsa] client.key: is {kind}, and a classic delegate loads RSA keys only")]
        );
        assert_eq!(identity.judge(&options(), Loader::Go), []);
        let other = KeyPair::generate_for(algorithm).unwrap();
        let identity = pair(&leaf, &other.serialize_pem(), &root.pem);
        assert_eq!(
            lines(&identity.judge(&options(), Loader::Go)),
            ["error[key-mismatch] client.key: is not the key of `client.crt`"]
        );
    }
}

#[test]
fn refuses_keys_that_no_delegate_loads() {
    let multi = include_str!("testdata/multi-prime.key");
    let pss = include_str!("testdata/pss.key");
    let first = |key, loader| lines(&pair(V1, key, CA).judge(&options(), loader))[0].clone();
    for loader in [Loader::Java, Loader::Go] {
        assert_eq!(
            first(multi, loader),
            "error[key-format] client.key: the key has more than two primes, and no delegate can load such an RSA key"
        );
    }
    assert_eq!(
        first(pss, Loader::Java),
        "error[key-not-rsa] client.key: is an RSA-PSS key, and a classic delegate loads RSA keys only"
    );
    assert_eq!(first(pss, Loader::Go), "error[key-format] client.key: is an RSA-PSS key, which no delegate can load");
}

#[test]
fn refuses_a_small_key() {
    let small = include_str!("testdata/small.crt");
    let key = include_str!("testdata/small.key");
    assert_eq!(
        judged(small, key, CA),
        ["error[key-too-small] client.key: is an RSA key of 1024 bit, and servers refuse fewer than 2048"]
    );
}

#[test]
fn finds_a_key_whose_numbers_contradict_each_other() {
    // The last byte of the coefficient: still DER, still the certificate's modulus; Java loads it.
    let mut der = pem::scan(KEY.as_bytes()).unwrap().blocks[0].der.to_vec();
    *der.last_mut().unwrap() ^= 1;
    let key = pem::encode("PRIVATE KEY", &der);
    let findings = pair(V1, &key, CA).judge(&options(), Loader::Java);
    assert_eq!(
        lines(&findings)[..1],
        [
            "error[key-corrupt] client.key: the numbers in the key contradict each other: the file was altered, and every handshake will fail"
        ]
    );
    assert_eq!(findings[1].severity, Severity::Note, "and nothing else is wrong");
    assert_eq!(findings[0].help.as_deref(), Some("openssl pkey -in client.key -noout -check"));
}

#[test]
fn takes_an_rsa_key_that_the_provider_cannot_check() {
    let cert = include_str!("testdata/large-exponent.crt");
    let key = include_str!("testdata/large-exponent.key");
    assert_eq!(
        judged(cert, key, cert),
        [
            "warning[leaf-is-ca] client.crt: stands in `ca.crt` itself: a server has to trust this one certificate instead of a CA",
            "note[key-unchecked] client.key: is an RSA key of unusual size or exponent: whether it is damaged was not checked",
        ]
    );
}

// --- dates -----------------------------------------------------------------------------------------------------

fn dated(cn: &str, from: time::Duration, until: time::Duration) -> CertificateParams {
    let mut params = params(cn);
    params.not_before = NOW + from;
    params.not_after = NOW + until;
    params
}

#[test]
fn refuses_what_is_expired_or_not_yet_valid() {
    let root = root();
    assert_eq!(
        verdict(&root.issue(dated("Client", DAY * -20, DAY * -3)), &root.pem),
        ["error[cert-expired] client.crt: the certificate expired 3 days ago, on 2026-12-29 00:00:00 UTC"]
    );
    assert_eq!(
        verdict(&root.issue(dated("Client", time::Duration::hours(2), DAY * 300)), &root.pem),
        [
            "error[cert-not-yet-valid] client.crt: the certificate is not valid before 2027-01-01 02:00:00 UTC, in 2 hours"
        ]
    );
    assert_eq!(
        verdict(&root.issue(dated("Client", time::Duration::minutes(5), DAY * 300)), &root.pem),
        [
            "warning[cert-not-yet-valid] client.crt: the certificate is not valid before 2027-01-01 00:05:00 UTC, in 5 minutes"
        ]
    );
    // The first second belongs to the lifetime; the last does not for OpenSSL.
    assert_eq!(verdict(&root.issue(dated("Client", time::Duration::ZERO, DAY * 300)), &root.pem), [""; 0]);
    assert_eq!(
        verdict(&root.issue(dated("Client", DAY * -300, time::Duration::ZERO)), &root.pem),
        ["error[cert-expired] client.crt: the certificate expired 0 seconds ago, on 2027-01-01 00:00:00 UTC"]
    );
    assert_eq!(
        verdict(&root.issue(dated("Client", DAY * -300, time::Duration::SECOND)), &root.pem),
        ["warning[cert-expires-soon] client.crt: the certificate expires in 1 second, on 2027-01-01 00:00:01 UTC"]
    );
}

#[test]
fn looks_at_the_dates_of_intermediates_and_the_authority() {
    let mut expired = dated("Root", DAY * -200, DAY * -1);
    expired.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = Ca::root(expired);
    let mut early = dated("Lower", DAY, DAY * 100);
    early.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let lower = root.below(early);
    let file = format!("{}{}", lower.issue(params("Client")), lower.pem);
    assert_eq!(
        verdict(&file, &root.pem),
        [
            "error[cert-not-yet-valid] client.crt: the intermediate `CN=Lower` is not valid before 2027-01-02 00:00:00 UTC, in 1 day",
            "error[cert-expired] ca.crt: the CA `CN=Root` expired 1 day ago, on 2026-12-31 00:00:00 UTC",
        ]
    );
}

#[test]
fn warns_of_the_earliest_end_within_a_third_of_the_lifetime() {
    let root = root();
    assert_eq!(
        verdict(&root.issue(dated("Client", DAY * -300, DAY * 29)), &root.pem),
        ["warning[cert-expires-soon] client.crt: the certificate expires in 29 days, on 2027-01-30 00:00:00 UTC"]
    );
    assert_eq!(verdict(&root.issue(dated("Client", DAY * -300, DAY * 30)), &root.pem), [""; 0]);
    // 9 days, of which 3 are a third.
    assert_eq!(verdict(&root.issue(dated("Client", DAY * -6, DAY * 3)), &root.pem), [""; 0]);
    assert_eq!(
        verdict(&root.issue(dated("Client", DAY * -7, DAY * 2)), &root.pem),
        ["warning[cert-expires-soon] client.crt: the certificate expires in 2 days, on 2027-01-03 00:00:00 UTC"]
    );
    let mut short = dated("Root", DAY * -300, DAY * 10);
    short.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = Ca::root(short);
    assert_eq!(
        verdict(&root.issue(dated("Client", DAY * -300, DAY * 20)), &root.pem),
        ["warning[cert-expires-soon] ca.crt: the CA `CN=Root` expires in 10 days, on 2027-01-11 00:00:00 UTC"]
    );
}

// --- usages and extensions -------------------------------------------------------------------------------------

#[test]
fn refuses_usages_that_forbid_a_tls_client() {
    let root = root();
    let extended = |usages: Vec<ExtendedKeyUsagePurpose>| {
        let mut leaf = params("Client");
        leaf.extended_key_usages = usages;
        verdict(&root.issue(leaf), &root.pem)
    };
    let message = |allowed: &str| {
        format!(
            "error[usage-forbids-client-auth] client.crt: the extended key usage of the certificate allows {allowed}, not clientAuth"
        )
    };
    assert_eq!(extended(vec![ExtendedKeyUsagePurpose::ServerAuth]), [message("serverAuth")]);
    assert_eq!(extended(vec![ExtendedKeyUsagePurpose::Any]), [message("anyExtendedKeyUsage")]);
    assert_eq!(
        extended(vec![
            ExtendedKeyUsagePurpose::CodeSigning,
            ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 99999])
        ]),
        [message("codeSigning, 1.3.6.1.4.1.99999")]
    );
    assert_eq!(extended(vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]), [""; 0]);
    for (usage, name) in [
        (KeyUsagePurpose::KeyEncipherment, "keyEncipherment"),
        (KeyUsagePurpose::KeyCertSign, "keyCertSign"),
        (KeyUsagePurpose::KeyAgreement, "keyAgreement"),
    ] {
        let mut leaf = params("Client");
        leaf.key_usages = vec![usage];
        assert_eq!(
            verdict(&root.issue(leaf), &root.pem),
            [format!(
                "error[usage-forbids-client-auth] client.crt: the key usage of the certificate allows {name}, not digitalSignature, and a TLS client has to sign"
            )]
        );
    }
    assert_eq!(
        judged(include_str!("testdata/ns-server.crt"), KEY, CA),
        [
            "error[usage-forbids-client-auth] client.crt: the Netscape certificate type of the certificate does not allow a TLS client"
        ]
    );
}

#[test]
fn refuses_an_authority_for_servers_only() {
    let mut for_servers = ca_params("Root");
    for_servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let root = Ca::root(for_servers);
    assert_eq!(
        verdict(&root.issue(params("Client")), &root.pem),
        [
            "error[usage-forbids-client-auth] ca.crt: the extended key usage of the CA `CN=Root` allows serverAuth, not clientAuth"
        ]
    );
}

#[test]
fn refuses_extensions_that_stop_a_verifier() {
    let root = root();
    let with = |extensions: Vec<CustomExtension>| {
        let mut leaf = params("Client");
        leaf.custom_extensions = extensions;
        verdict(&root.issue(leaf), &root.pem)
    };
    let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    assert_eq!(with(vec![unknown.clone()]), [""; 0], "not critical");
    assert_eq!(
        with(vec![unknown.clone(), unknown.clone()]),
        ["error[cert-unreadable] client.crt: the certificate has the extension `1.2.3.4` twice"]
    );
    unknown.set_criticality(true);
    assert_eq!(
        with(vec![unknown]),
        [
            "error[unknown-critical-extension] client.crt: the certificate has the critical extension `1.2.3.4`, which no server knows"
        ]
    );
    let key_usage = CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![4, 1, 7]);
    assert_eq!(
        with(vec![key_usage]),
        ["error[cert-unreadable] client.crt: the extension `2.5.29.15` of the certificate cannot be read"]
    );
    let no_usage = CustomExtension::from_oid_content(&[2, 5, 29, 37], vec![0x30, 0]);
    assert_eq!(
        with(vec![no_usage]),
        ["error[cert-unreadable] client.crt: the extension `2.5.29.37` of the certificate cannot be read"]
    );
}

#[test]
fn warns_of_a_leaf_that_is_marked_as_an_authority() {
    let root = root();
    assert_eq!(
        verdict(&root.issue(ca_params("Client")), &root.pem),
        ["warning[leaf-is-ca] client.crt: is marked as a CA (CA:TRUE), and some servers refuse that from a client"]
    );
    let alone = params("Client").self_signed(&*CLIENT).unwrap().pem();
    assert_eq!(
        verdict(&alone, &alone),
        [
            "warning[leaf-is-ca] client.crt: stands in `ca.crt` itself: a server has to trust this one certificate instead of a CA"
        ]
    );
}

// --- the chain -------------------------------------------------------------------------------------------------

#[test]
fn tells_another_authority_from_one_that_was_created_again() {
    let root = root();
    let other = Ca::root(ca_params("Other"));
    let again = self::root();
    let leaf = root.issue(params("Client"));
    let findings = pair(&leaf, &CLIENT.serialize_pem(), &other.pem).judge(&options(), Loader::Java);
    assert_eq!(
        lines(&findings),
        [
            "error[issuer-unknown] client.crt: the certificate is issued by `CN=Root`, which is not in `ca.crt` (`CN=Other`)"
        ]
    );
    assert_eq!(
        findings[0].help.as_deref(),
        Some("give the certificate of `CN=Root` as the CA; if it is an intermediate, append it to `client.crt`")
    );
    let created_again = [
        "error[issuer-other-key] client.crt: `ca.crt` has the issuer's name but another key: the CA was created again",
    ];
    assert_eq!(verdict(&leaf, &again.pem), created_again);
    // The right one of that name is found behind the wrong one.
    assert_eq!(verdict(&leaf, &format!("{}{}", again.pem, root.pem)), [""; 0]);
    // A version 1 leaf has no key identifier to go by.
    let mut same_name = CertificateParams::new(Vec::new()).unwrap();
    same_name.distinguished_name = DistinguishedName::new();
    same_name.distinguished_name.push(DnType::OrganizationName, "Example ORG");
    same_name.distinguished_name.push(DnType::CommonName, "CA Cert");
    same_name.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let recipe_again = same_name.self_signed(&key).unwrap().pem();
    assert_eq!(judged(V1, KEY, &recipe_again)[..1], created_again);
    // OpenSSL, with both in its file, tries the first one only.
    assert_eq!(
        judged(V1, KEY, &format!("{recipe_again}{CA}"))[..1],
        [
            "error[issuer-ambiguous] ca.crt: holds two CAs called `O=Example ORG, CN=CA Cert`, the wrong one first: a server tries only that one, because the certificate does not name its issuer's key"
        ]
    );
    assert_eq!(
        judged(V1, KEY, &format!("{CA}{recipe_again}"))[..1],
        [
            "warning[issuer-ambiguous] ca.crt: holds two CAs called `O=Example ORG, CN=CA Cert`: a server tries only one of them, because the certificate does not name its issuer's key"
        ]
    );
}

#[test]
fn says_when_the_authority_was_renamed() {
    let root = root();
    let leaf = root.issue(params("Client"));
    let renamed = ca_params("New Root").self_signed(&root.key).unwrap().pem();
    assert_eq!(
        verdict(&leaf, &renamed),
        [
            "error[issuer-unknown] client.crt: the certificate names `CN=Root` as its issuer, and the key that signed it is called `CN=New Root` in `ca.crt`: the CA was renamed"
        ]
    );
}

#[test]
fn finds_an_authority_whose_certificate_was_made_anew() {
    let root = root();
    let leaf = root.issue(params("Client"));
    let mut anew = ca_params("Root");
    anew.key_identifier_method = rcgen::KeyIdMethod::Sha512;
    let anew = anew.self_signed(&root.key).unwrap().pem();
    assert_eq!(
        verdict(&leaf, &anew),
        [
            "error[issuer-other-id] client.crt: `ca.crt` has the issuer's name and key, but not the identifier by which the certificate names it: the CA's certificate was made anew"
        ]
    );
    assert_eq!(verdict(&leaf, &format!("{anew}{}", root.pem)), [""; 0]);
    // Renewed with the same identifier.
    let mut renewed = ca_params("Root");
    renewed.not_after = NOW + DAY * 2000;
    let renewed = renewed.self_signed(&root.key).unwrap().pem();
    assert_eq!(verdict(&leaf, &renewed), [""; 0]);
    assert_eq!(judged(include_str!("testdata/by-serial.crt"), KEY, CA), [""; 0]);
    assert_eq!(
        judged(include_str!("testdata/by-serial.crt"), KEY, include_str!("testdata/ca-renewed.crt")),
        [
            "error[issuer-other-id] client.crt: `ca.crt` has the issuer's name and key, but not the identifier by which the certificate names it: the CA's certificate was made anew"
        ]
    );
}

#[test]
fn compares_names_as_openssl_and_java_do() {
    let root = root();
    let leaf = root.issue(params("Client"));
    let mut folded = ca_params("x");
    folded.distinguished_name = DistinguishedName::new();
    folded.distinguished_name.push(DnType::CommonName, rcgen::DnValue::PrintableString("ROOT  ".try_into().unwrap()));
    let folded = folded.self_signed(&root.key).unwrap().pem();
    assert_eq!(verdict(&leaf, &folded), [""; 0]);
}

#[test]
fn finds_a_missing_intermediate_and_an_incomplete_authority() {
    let root = root();
    let upper = root.below(ca_params("Upper"));
    let lower = upper.below(ca_params("Lower"));
    let leaf = lower.issue(params("Client"));
    assert_eq!(
        verdict(&leaf, &root.pem),
        [
            "error[issuer-unknown] client.crt: the certificate is issued by `CN=Lower`, which is not in `ca.crt` (`CN=Root`)"
        ]
    );
    assert_eq!(
        verdict(&format!("{leaf}{}", lower.pem), &root.pem),
        [
            "error[issuer-unknown] client.crt: the intermediate `CN=Lower` is issued by `CN=Upper`, which is not in `ca.crt` (`CN=Root`)"
        ]
    );
    assert_eq!(
        verdict(&format!("{leaf}{}", lower.pem), &upper.pem),
        [
            "error[issuer-unknown] ca.crt: `ca.crt` is not complete: the CA `CN=Upper` is issued by `CN=Root`, which is not in it"
        ]
    );
    assert_eq!(
        verdict(&leaf, &format!("{}{}{}", lower.pem, upper.pem, root.pem)),
        [""; 0],
        "intermediates may come from the authority's file"
    );
    // An authority that is created again above an intermediate.
    let again = self::root();
    assert_eq!(
        verdict(&format!("{leaf}{}{}", lower.pem, upper.pem), &again.pem),
        [
            "error[issuer-other-key] client.crt: `ca.crt` has the issuer's name but another key: the CA was created again"
        ]
    );
    // The client's file ends in a root of its own.
    let other = Ca::root(ca_params("Other"));
    assert_eq!(
        verdict(&format!("{leaf}{}{}{}", lower.pem, upper.pem, root.pem), &other.pem),
        [
            "error[issuer-unknown] client.crt: the intermediate `CN=Root` is a root of its own, and not one of `ca.crt`, which holds `CN=Other`"
        ]
    );
}

#[test]
fn refuses_a_self_signed_leaf_and_a_leaf_as_authority() {
    let root = root();
    let alone = params("Client").self_signed(&*CLIENT).unwrap().pem();
    assert_eq!(
        verdict(&alone, &root.pem),
        ["error[issuer-unknown] client.crt: the certificate is signed by itself, not by a CA of `ca.crt`"]
    );
    let leaf = root.issue(params("Client"));
    assert_eq!(
        verdict(&leaf, &leaf),
        [
            "error[issuer-unknown] client.crt: `ca.crt` is not complete: the certificate is issued by `CN=Root`, which is not in it",
            "warning[leaf-is-ca] client.crt: stands in `ca.crt` itself: a server has to trust this one certificate instead of a CA",
        ]
    );
}

#[test]
fn refuses_issuers_that_may_not_issue() {
    let root = root();
    let no_ca = root.below(params("No CA"));
    assert_eq!(
        verdict(&format!("{}{}", no_ca.issue(params("Client")), no_ca.pem), &root.pem),
        [
            "error[issuer-not-ca] client.crt: the intermediate `CN=No CA` issued a certificate without being a CA (CA:TRUE is missing)"
        ]
    );
    let mut no_sign = ca_params("Root");
    no_sign.key_usages = vec![KeyUsagePurpose::CrlSign];
    let root = Ca::root(no_sign);
    // rcgen signs all the same.
    assert_eq!(
        verdict(&root.issue(params("Client")), &root.pem),
        ["error[issuer-not-ca] ca.crt: the key usage of the CA `CN=Root` allows cRLSign, not keyCertSign"]
    );
}

#[test]
fn takes_version_1_below_an_intermediate_but_not_as_one() {
    let leaf = include_str!("testdata/v1-by-inter.crt");
    let note = "note[cert-v1] client.crt: the certificate is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not";
    let inter = include_str!("testdata/inter.crt");
    assert_eq!(judged(&format!("{leaf}{inter}"), KEY, CA), [note]);
    let inter = include_str!("testdata/inter-v1.crt");
    assert_eq!(
        judged(&format!("{leaf}{inter}"), KEY, CA),
        [
            "error[issuer-not-ca] client.crt: the intermediate `CN=Intermediate` is of version 1, and only a root may be that",
            note,
            "note[cert-v1] client.crt: the intermediate `CN=Intermediate` is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not",
        ]
    );
}

#[test]
fn counts_the_intermediates_below_an_authority() {
    let mut short = ca_params("Root");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = Ca::root(short);
    assert_eq!(verdict(&root.issue(params("Client")), &root.pem), [""; 0]);
    let upper = root.below(ca_params("Upper"));
    let lower = upper.below(ca_params("Lower"));
    assert_eq!(
        verdict(&format!("{}{}", upper.issue(params("Client")), upper.pem), &root.pem),
        ["error[path-length] ca.crt: the CA `CN=Root` allows 0 intermediates below it, and there is 1"]
    );
    assert_eq!(
        verdict(&format!("{}{}{}", lower.issue(params("Client")), lower.pem, upper.pem), &root.pem),
        ["error[path-length] ca.crt: the CA `CN=Root` allows 0 intermediates below it, and there are 2"]
    );
}

#[test]
fn judges_name_constraints() {
    let constrained = |permitted| {
        let mut params = ca_params("Root");
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: vec![permitted], excluded_subtrees: Vec::new() });
        Ca::root(params)
    };
    let dns = constrained(GeneralSubtree::DnsName("example.org".to_owned()));
    let called = |host: &str| {
        let mut leaf = params("Client");
        leaf.subject_alt_names = vec![rcgen::SanType::DnsName(host.try_into().unwrap())];
        leaf
    };
    let allowed = [
        "warning[name-constraint] ca.crt: the CA `CN=Root` constrains the names below it: those of the certificate are allowed, but servers differ in this",
    ];
    let forbidden = [
        "error[name-constraint] ca.crt: the CA `CN=Root` constrains the names below it, and the certificate has one that is not allowed",
    ];
    assert_eq!(verdict(&dns.issue(params("Client")), &dns.pem), allowed);
    assert_eq!(verdict(&dns.issue(called("a.example.org")), &dns.pem), allowed);
    assert_eq!(verdict(&dns.issue(called("a.example.com")), &dns.pem), forbidden);
    let mut other = DistinguishedName::new();
    other.push(DnType::OrganizationName, "Other");
    let directory = constrained(GeneralSubtree::DirectoryName(other));
    assert_eq!(verdict(&directory.issue(params("Client")), &directory.pem), forbidden);
    let mut expired = called("a.example.org");
    expired.not_after = NOW - DAY;
    assert_eq!(
        verdict(&dns.issue(expired), &dns.pem)[1],
        "warning[name-constraint] ca.crt: the CA `CN=Root` constrains the names below it, and those of the certificate cannot be judged here"
    );
}

#[test]
fn finds_a_certificate_that_was_altered() {
    let root = root();
    let leaf = root.issue(params("Client"));
    let mut der = pem::scan(leaf.as_bytes()).unwrap().blocks[0].der.to_vec();
    let at = memchr::memmem::find(&der, b"Client").unwrap();
    der[at] = b'c';
    assert_eq!(
        verdict(&pem::encode("CERTIFICATE", &der), &root.pem),
        [
            "error[signature-invalid] client.crt: the signature of the certificate does not fit its content: it was altered after `CN=Root` signed it"
        ]
    );
}

#[test]
fn names_the_algorithm_before_it_blames_the_authority() {
    for (cert, hash) in [(include_str!("testdata/md5.crt"), "MD5"), (include_str!("testdata/sha1.crt"), "SHA-1")] {
        assert_eq!(
            judged(cert, KEY, CA),
            [format!("error[weak-signature] client.crt: the certificate is signed with {hash}, which servers refuse")]
        );
    }
    assert_eq!(
        judged(include_str!("testdata/by-small-ca.crt"), KEY, include_str!("testdata/small-ca.crt")),
        [
            "error[key-too-small] ca.crt: the key of the CA `CN=Small CA` has 1024 bit, and servers refuse RSA keys below 2048"
        ]
    );
    assert_eq!(judged(include_str!("testdata/pss-32.crt"), KEY, CA), [""; 0]);
    let findings = pair(include_str!("testdata/pss-222.crt"), KEY, CA).judge(&options(), Loader::Java);
    assert_eq!(
        lines(&findings),
        [
            "warning[unverifiable-signature] client.crt: the signature of the certificate (RSA-PSS with unusual parameters) cannot be verified here"
        ]
    );
    assert_eq!(
        findings[0].help.as_deref(),
        Some("openssl verify -auth_level 2 -purpose sslclient -CAfile ca.crt -untrusted client.crt client.crt")
    );
    assert_eq!(judged(include_str!("testdata/by-p521-ca.crt"), KEY, include_str!("testdata/p521-ca.crt")), [""; 0]);
}

#[test]
fn puts_errors_before_warnings_before_notes() {
    let root = root();
    let mut leaf = dated("Client", DAY * -20, DAY * -3);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let rules: Vec<_> =
        pair(&root.issue(leaf), KEY, CA).judge(&options(), Loader::Java).iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["key-mismatch", "cert-expired", "usage-forbids-client-auth", "issuer-unknown", "leaf-is-ca"]);
}

#[test]
fn escapes_names_that_would_move_the_cursor() {
    let root = root();
    let leaf = root.issue(params("a\u{1b}[2J`b`\u{202e}"));
    let identity = pair(&leaf, &CLIENT.serialize_pem(), &root.pem);
    assert_eq!(identity.leaf().subject, r"CN=a\u{1b}[2J'b'\u{202e}");
}

#[test]
fn prints_names_of_every_string_type() {
    let root = root();
    let mut leaf = params("x");
    leaf.distinguished_name = DistinguishedName::new();
    let bmp = rcgen::string::BmpString::try_from("Größe").unwrap();
    leaf.distinguished_name.push(DnType::OrganizationName, rcgen::DnValue::BmpString(bmp));
    leaf.distinguished_name.push(DnType::CustomDnType(vec![1, 2, 3]), "own");
    let teletex = rcgen::string::TeletexString::try_from("Client").unwrap();
    leaf.distinguished_name.push(DnType::CommonName, rcgen::DnValue::TeletexString(teletex));
    let identity = pair(&root.issue(leaf), &CLIENT.serialize_pem(), &root.pem);
    assert_eq!(identity.leaf().subject, "O=Größe, 1.2.3=own, CN=Client");
    let mut nobody = params("x");
    nobody.distinguished_name = DistinguishedName::new();
    let identity = pair(&root.issue(nobody), &CLIENT.serialize_pem(), &root.pem);
    assert_eq!(identity.leaf().subject, "(no name)");
}

// --- nothing leaks, nothing panics -----------------------------------------------------------------------------

#[test]
fn never_shows_the_key() {
    let identity = pair(V1, KEY, CA);
    assert_eq!(format!("{:?}", identity.key_pem()), "PrivateKeyPem(***)");
    let shown = format!("{identity:?} {:?}", named("client.key", KEY));
    for line in KEY.lines() {
        assert!(!shown.contains(line));
    }
}

/// Marsaglia's xorshift64: the same mutants on every run.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1));
            match self.below(6) {
                _ if bytes.is_empty() => return,
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.below(256) as u8,
                2 => bytes.truncate(at),
                3 => drop(bytes.remove(at)),
                4 => bytes.insert(at, b"-\n \0=A\\:0"[self.below(9)]),
                _ => {
                    let end = (at + self.below(80)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
        }
    }
}

/// Pieces of the key's body long enough not to turn up by chance.
fn key_pieces() -> Vec<String> {
    [KEY, PKCS1_KEY]
        .iter()
        .flat_map(|pem| pem.lines().filter(|line| !line.starts_with('-')))
        .flat_map(|line| <[&str; 2]>::from(line.split_at(line.len() / 2)))
        .filter(|piece| piece.len() >= 16)
        .map(str::to_owned)
        .collect()
}

#[test]
fn survives_mutants_and_keeps_their_keys_secret() {
    let root = root();
    let lower = root.below(ca_params("Lower"));
    let chain = format!("{}{}", lower.issue(params("Client")), lower.pem);
    let mut constrained = ca_params("Constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let constrained = Ca::root(constrained);
    let pieces = key_pieces();
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    let der = |pem: &str| pem::scan(pem.as_bytes()).unwrap().blocks[0].der.to_vec();
    let certificates =
        [V1.to_owned(), chain, include_str!("testdata/pss-222.crt").to_owned(), constrained.issue(params("Client"))];
    let keys = [KEY, PKCS1_KEY, EC_KEY];
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..20_000 {
        let mut cert = certificates[random.below(4)].clone().into_bytes();
        let mut key = keys[random.below(3)].as_bytes().to_vec();
        let mut ca = [CA, &root.pem, &constrained.pem][random.below(3)].as_bytes().to_vec();
        match round % 5 {
            0 => random.mutate(&mut cert),
            1 => random.mutate(&mut key),
            2 => {
                let mut bytes = der(V1);
                random.mutate(&mut bytes);
                cert = pem::encode("CERTIFICATE", &bytes).as_bytes().to_vec();
            }
            3 => {
                let label = ["PRIVATE KEY", "RSA PRIVATE KEY"][random.below(2)];
                let mut bytes = der(if label == "PRIVATE KEY" { KEY } else { PKCS1_KEY });
                random.mutate(&mut bytes);
                key = pem::encode(label, &bytes).as_bytes().to_vec();
            }
            _ => {
                let mut bytes = der(CA);
                random.mutate(&mut bytes);
                ca = pem::encode("CERTIFICATE", &bytes).as_bytes().to_vec();
            }
        }
        // Swapped files put a key where a certificate is expected.
        if round % 97 == 0 {
            std::mem::swap(&mut cert, &mut key);
        }
        let input = |name, bytes| Named { name, bytes };
        let shown = match load(input("client.crt", &cert), input("client.key", &key), Some(input("ca.crt", &ca))) {
            Ok(identity) => {
                loaded += 1;
                let java = identity.judge(&options(), Loader::Java);
                let go = identity.judge(&options(), Loader::Go);
                assert!(java.is_sorted_by_key(|f| std::cmp::Reverse(f.severity)));
                format!("{identity:?}{java:?}{go:?}{:?}", identity.as_found(Loader::Java))
            }
            Err(error) => {
                refused += 1;
                format!("{error}{error:?}{:?}", error.help())
            }
        };
        let leak = pieces.iter().find(|piece| shown.contains(piece.as_str()));
        assert_eq!(leak, None, "round {round}: {shown}");
        let _ = summarize(&cert);
    }
    assert!(loaded > 2_000 && refused > 2_000, "{loaded} loaded, {refused} refused");
}
