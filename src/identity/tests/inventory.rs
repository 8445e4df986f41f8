//! Claims about inventories: what is there is judged as the same files are judged one by one.

use super::*;

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
