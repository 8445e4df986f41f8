//! Certificates, keys and authorities: nothing panics, nothing of a key is told, and the form that a good pair is
//! brought into is good, too.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use delegate_mtls::finding::Severity;
use delegate_mtls::identity::{self, ChainCheck, Inventory, Item, LoadError, Loader, Named, Options, Role, SecretPart};
use delegate_mtls::report;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use time::macros::datetime;

/// From this first byte on an input is a list of mutations; below it is the files themselves.
const MUTATIONS: u8 = 0x80;

/// What is looked for of a key: so many characters of its base64, which are as good as any.
const WINDOW: usize = 16;

macro_rules! testdata {
    ($($name:literal),* $(,)?) => {
        vec![$(include_bytes!(concat!("../../src/identity/testdata/", $name)).as_slice()),*]
    };
}

struct Pool {
    certificates: Vec<Vec<u8>>,
    keys: Vec<(String, Vec<u8>)>,
}

/// What is mutated. The same in every run, so that a finding can be had again.
static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let certificates = testdata![
        "v1.crt",
        "ca.crt",
        "ca-v1.crt",
        "ca-renewed.crt",
        "by-serial.crt",
        "inter.crt",
        "inter-v1.crt",
        "v1-by-inter.crt",
        "pss-32.crt",
        "pss-222.crt",
        "sha1.crt",
        "md5.crt",
        "small.crt",
        "small-ca.crt",
        "by-small-ca.crt",
        "p521-ca.crt",
        "by-p521-ca.crt",
        "explicit-ca.crt",
        "by-explicit-ca.crt",
        "ns-server.crt",
        "large-exponent.crt",
    ];
    let keys = testdata![
        "client.key",
        "client.pkcs1.key",
        "client.encrypted.key",
        "ec.key",
        "pss.key",
        "small.key",
        "multi-prime.key",
        "large-exponent.key",
    ];
    let read = |pem: &&[u8]| {
        // parameters may stand before an EC key
        let start = pem.windows(11).rposition(|window| window == b"-----BEGIN ").expect("it is PEM");
        let (label, der) = pem_rfc7468::decode_vec(&pem[start..]).expect("it is PEM");
        (label.to_owned(), der)
    };
    let mut certificates: Vec<Vec<u8>> = certificates.iter().map(|pem| read(pem).1).collect();
    let mut keys: Vec<(String, Vec<u8>)> = keys.iter().map(read).collect();
    let (issued, key) = issued();
    certificates.extend(issued);
    keys.push(("PRIVATE KEY".to_owned(), key));
    Pool { certificates, keys }
});

/// A chain of version 3 with the extensions that are judged, and the key of its leaf. Ed25519 signs without chance.
fn issued() -> (Vec<Vec<u8>>, Vec<u8>) {
    let key = |seed: u8| {
        // PKCS#8 around a seed (RFC 8410 §7)
        let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
        der.extend((0..32).map(|at: u8| at.wrapping_mul(37).wrapping_add(seed)));
        let pem = pem_rfc7468::encode_string("PRIVATE KEY", pem_rfc7468::LineEnding::LF, &der).expect("it fits");
        (KeyPair::from_pem(&pem).expect("it is a key"), der)
    };
    let params = |name: &str, serial: u64| {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Acorn");
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (datetime!(2026-01-01 00:00 UTC), datetime!(2030-01-01 00:00 UTC));
        params.serial_number = Some(serial.into());
        params
    };
    let mut root = params("Root", 1);
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let mut middle = params("Middle", 2);
    middle.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    middle.use_authority_key_identifier_extension = true;
    middle.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("acorn.example".to_owned())],
        excluded_subtrees: vec![GeneralSubtree::DnsName("no.acorn.example".to_owned())],
    });
    let mut leaf = params("Client", 3);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    leaf.subject_alt_names = vec![SanType::DnsName("a.acorn.example".try_into().expect("it is a name"))];
    let ((root_key, _), (middle_key, _), (leaf_key, leaf_der)) = (key(1), key(2), key(3));
    let by_root = Issuer::from_params(&root, &root_key);
    let by_middle = Issuer::from_params(&middle, &middle_key);
    let certificates =
        [leaf.signed_by(&leaf_key, &by_middle), middle.signed_by(&middle_key, &by_root), root.self_signed(&root_key)];
    (certificates.into_iter().map(|made| made.expect("it is made").der().to_vec()).collect(), leaf_der)
}

/// The three files of an input.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    authority: Option<Vec<u8>>,
    /// The key itself, where it is known.
    key_der: Vec<u8>,
}

/// The first byte says what the rest is: files, or what to do to good ones.
pub fn run(bytes: &[u8]) {
    let Some((&mode, rest)) = bytes.split_first() else { return };
    let files = if mode < MUTATIONS { given(rest) } else { mutated(mode, rest) };
    holds(&files);
}

fn given(bytes: &[u8]) -> Files {
    let mut parts = crate::parts(bytes, 3).into_iter().map(<[u8]>::to_vec);
    let mut next = || parts.next().unwrap_or_default();
    Files { certificate: next(), key: next(), authority: parts.next(), key_der: Vec::new() }
}

/// Good files, with mutations behind the base64: three bytes choose them, then each five are a mutation.
fn mutated(mode: u8, bytes: &[u8]) -> Files {
    let mut bytes = bytes.iter().copied();
    let mut choose = |count: usize| usize::from(bytes.next().unwrap_or_default()) % count;
    let (first, key, authority) =
        (choose(POOL.certificates.len()), choose(POOL.keys.len()), choose(POOL.certificates.len()));
    let (label, key) = POOL.keys[key].clone();
    let mut ders = [POOL.certificates[first].clone(), key, POOL.certificates[authority].clone()];
    let rest: Vec<u8> = bytes.collect();
    for mutation in rest.chunks_exact(5).take(16) {
        let &[operation, high, low, length, value] = mutation else { continue };
        mutate(&mut ders[usize::from(operation >> 4) % 3], operation & 15, [high, low], length, value);
    }
    let pem = |label: &str, der: &[u8]| {
        let body = STANDARD.encode(der);
        let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
    };
    let mut certificate = pem("CERTIFICATE", &ders[0]);
    if mode & 1 != 0 {
        // with an intermediate behind the leaf
        let next = POOL.certificates.get(first + 1).unwrap_or(&POOL.certificates[0]);
        certificate.extend(pem("CERTIFICATE", next));
    }
    let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
    let label = if mode & 2 != 0 { labels[usize::from(mode >> 4) % 3] } else { &label };
    Files {
        certificate,
        key: if mode & 8 != 0 { ders[1].clone() } else { pem(label, &ders[1]) },
        authority: (mode & 4 == 0).then(|| pem("CERTIFICATE", &ders[2])),
        key_der: ders[1].clone(),
    }
}

fn mutate(der: &mut Vec<u8>, operation: u8, at: [u8; 2], length: u8, value: u8) {
    if der.is_empty() {
        return;
    }
    let at = usize::from(u16::from_be_bytes(at)) % der.len();
    let end = (at + usize::from(length)).min(der.len());
    match operation {
        0..=4 => der[at] = value,
        5 | 6 => der[at] ^= 1 << (value & 7),
        7 => der[at] = der[at].wrapping_add(1),
        8 => der[at] = der[at].wrapping_sub(1),
        9 => drop(der.drain(at..end)),
        10 => drop(der.splice(at..at, std::iter::repeat_n(value, usize::from(length)))),
        11 => {
            let copy = der[at..end].to_vec();
            drop(der.splice(at..at, copy));
        }
        12 => der[at..end].fill(value),
        13 => der[at..end].reverse(),
        14 => der.truncate(at),
        _ => der.push(value),
    }
}

const OPTIONS: Options = Options {
    now: datetime!(2027-01-01 00:00 UTC),
    expires_within: Duration::from_secs(30 * 86_400),
    chain: ChainCheck::ToAnchor,
};

fn holds(files: &Files) {
    let material = Material::of(files);
    let loaded = load(&files.certificate, &files.key, files.authority.as_deref(), &material);
    if let Some(authority) = &files.authority {
        let _ = load(&files.certificate, &files.key, None, &material);
        let _ = identity::server_authorities(Named { name: "ca.crt", bytes: authority })
            .map_err(|error| material.is_not_told(&error));
    }
    let _ = identity::summarize(&files.certificate);
    let _ = identity::read_name(&files.certificate);
    if let Ok(loaded) = loaded {
        material.is_not_in(&format!("{loaded:?} {:?} {:?}", loaded.notices(), loaded.leaf()));
        let (certificate, key) = (loaded.certificate_pem().as_bytes(), loaded.key_pem().expose().as_bytes());
        let again = load(certificate, key, files.authority.as_deref(), &material);
        let again = again.unwrap_or_else(|error| panic!("what was given out cannot be read: {error}"));
        assert_eq!(again.certificate_pem(), loaded.certificate_pem(), "the canonical form has another one");
        assert!(again.key_pem().expose() == loaded.key_pem().expose(), "the key's canonical form has another one");
        for loader in [Loader::Java, Loader::Go] {
            material.is_not_in(&format!("{:?} {:?}", loaded.as_found(loader), loaded.as_mounted(loader)));
            assert!(again.as_found(loader).is_empty(), "the canonical form needs repair: {:?}", again.as_found(loader));
            for options in [OPTIONS, Options { chain: ChainCheck::Skip, ..OPTIONS }] {
                assert_eq!(
                    is_accepted(&again, &options, loader, &material),
                    is_accepted(&loaded, &options, loader, &material),
                    "judged otherwise in its canonical form, by {loader:?}: {:?} was {:?}",
                    again.judge(&options, loader),
                    loaded.judge(&options, loader),
                );
            }
        }
    }
    inventory(files, &material);
}

fn load(
    certificate: &[u8],
    key: &[u8],
    authority: Option<&[u8]>,
    material: &Material,
) -> Result<identity::Identity, LoadError> {
    let (certificate, key) =
        (Named { name: "client.crt", bytes: certificate }, Named { name: "client.key", bytes: key });
    let authority = authority.map(|bytes| Named { name: "ca.crt", bytes });
    identity::load(certificate, key, authority).inspect_err(|error| material.is_not_told(error))
}

fn is_accepted(identity: &identity::Identity, options: &Options, loader: Loader, material: &Material) -> bool {
    let findings = identity.judge(options, loader);
    material.is_not_in(&format!("{findings:?}"));
    findings.iter().all(|finding| finding.severity != Severity::Error)
}

fn inventory(files: &Files, material: &Material) {
    let all = [
        ("client.crt", Some(&files.certificate), Role::Certificate),
        ("client.key", Some(&files.key), Role::Key),
        ("ca.crt", files.authority.as_ref(), Role::Ca),
    ];
    for in_secret in [false, true] {
        let items = all.iter().filter_map(|(name, bytes, role)| {
            let secret = in_secret.then_some(SecretPart { name: "pair", number: 1, role: *role });
            Some(Item { name, place: name, bytes: bytes.as_deref()?, loader: Loader::Go, secret, findings: &[] })
        });
        let items: Vec<Item<'_>> = items.collect();
        let Ok(inventory) = Inventory::take(&items, &OPTIONS) else { continue };
        material.is_not_in(&format!("{inventory:?}"));
        for error in &inventory.unreadable {
            material.is_not_told(error);
        }
        let mut output = Vec::new();
        report::write_inventory(&mut output, &inventory).expect("a vector takes all");
        report::write_json(&mut output, &inventory).expect("a vector takes all");
        material.is_not_in(&String::from_utf8(output).expect("an inventory is text"));
    }
}

/// Pieces of the key that must be nowhere in what is told.
struct Material {
    pieces: Vec<String>,
}

impl Material {
    /// Of every line of base64 below a private key's BEGIN line, and of the key's bytes in hexadecimal, where they are
    /// known. What stands in the other files, too, may be told for their sake.
    fn of(files: &Files) -> Material {
        let text = String::from_utf8_lossy(&files.key);
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        let mut pieces: Vec<String> = Vec::new();
        for block in text.split("-----BEGIN ").skip(1) {
            let Some((_, body)) = block.split_once("PRIVATE KEY-----") else { continue };
            let body = body.split("-----").next().unwrap_or_default();
            for line in body.split(|c: char| !is_base64(c)).filter(|line| line.len() >= 2 * WINDOW) {
                pieces.extend((0..=line.len() - WINDOW).step_by(WINDOW / 2).map(|at| line[at..at + WINDOW].to_owned()));
            }
        }
        let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        pieces.extend(files.key_der.chunks_exact(WINDOW / 2).map(hexadecimal));
        let elsewhere = [Some(&files.certificate), files.authority.as_ref()].map(|file| {
            let bytes = file.map(Vec::as_slice).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        });
        // zeros and the like are in many a text
        let is_telling = |piece: &String| piece.bytes().collect::<std::collections::BTreeSet<u8>>().len() > 5;
        pieces.retain(|piece| is_telling(piece) && !elsewhere.iter().any(|text| text.contains(piece)));
        Material { pieces }
    }

    fn is_not_told(&self, error: &LoadError) {
        let finding = error.finding();
        self.is_not_in(&format!("{error} {error:?} {:?} {finding:?}", error.help()));
    }

    fn is_not_in(&self, told: &str) {
        let hexadecimal = told.replace(':', "").to_lowercase();
        for piece in &self.pieces {
            assert!(!told.contains(piece) && !hexadecimal.contains(piece), "{piece:?} of the key is told:\n{told}");
        }
    }
}
