//! Claims about inventories: what is there is judged as the same files are judged one by one.

use super::*;
use crate::identity::inventory::Content;
use rcgen::SanType;

#[test]
fn a_key_on_p521_has_521_bits() {
    let bits = |pem: &str| {
        let found = pem::survey(pem.as_bytes()).0;
        let certificate = Certificate::read(&found.blocks[0]).unwrap();
        key_size(certificate.x509().unwrap().public_key())
    };
    assert_eq!(bits(include_str!("../testdata/p521-ca.crt")), KeySize::Ec(521));
    assert_eq!(bits(&root().pem), KeySize::Ec(256));
}

fn inventory(files: &[(&str, &[u8])]) -> Inventory {
    let items: Vec<Item<'_>> = files
        .iter()
        .map(|(name, bytes)| Item { name, place: name, bytes, loader: Loader::Java, secret: None, findings: &[] })
        .collect();
    Inventory::take(&items, &options()).unwrap()
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
    let der = include_bytes!("../testdata/v1.der").to_vec();
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

#[test]
fn every_kind_of_key_request_and_name_is_described() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/testdata");
    let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let one = |name: &str, bytes: &[u8]| inventory(&[(name, bytes)]).objects.pop().unwrap().content;
    for (name, format, encrypted, key) in [
        ("client.key", "PKCS#8", false, Some("RSA 2048 bit")),
        ("client.pkcs1.key", "PKCS#1", false, Some("RSA 2048 bit")),
        ("client.encrypted.key", "PKCS#8", true, None),
        ("client.legacy.key", "PKCS#1", true, None),
        ("multi-prime.key", "PKCS#8", false, Some("RSA with more than two primes")),
        ("pss.key", "PKCS#8", false, Some("RSA-PSS")),
        ("ec.key", "SEC1", false, Some("EC P-256")),
    ] {
        let Content::PrivateKey(card) = one(name, &file(name)) else { panic!("{name} is a key") };
        let described = card.key.as_ref().map(ToString::to_string);
        assert_eq!((card.format, card.encrypted, described.as_deref()), (format, encrypted, key), "{name}");
    }
    let mut params = ca_params("Client");
    params.subject_alt_names = vec![
        SanType::DnsName("client.example.com".try_into().unwrap()),
        SanType::Rfc822Name("ops@example.com".try_into().unwrap()),
        SanType::URI("spiffe://example.com/client".try_into().unwrap()),
        SanType::IpAddress("192.0.2.1".parse().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
    ];
    let asks = rcgen::CertificateParams::new(vec!["client.example.com".to_owned()]).unwrap();
    let Content::Request(request) = one("client.csr", asks.serialize_request(&*CLIENT).unwrap().der()) else {
        panic!("a request")
    };
    assert_eq!((request.signature_valid, request.requested_extensions.is_empty()), (Some(true), false));
    let Content::Certificate(card) = one("client.crt", root().issue(params).as_bytes()) else {
        panic!("a certificate")
    };
    let shown = format!("{card:?}");
    for name in [
        "DNS:client.example.com",
        "email:ops@example.com",
        "URI:spiffe://example.com/client",
        "IP:192.0.2.1",
        "IP:2001:db8::1",
    ] {
        assert!(shown.contains(name), "{name} in {shown}");
    }
}
