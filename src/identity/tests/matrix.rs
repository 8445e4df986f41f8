//! Every kind of certificate, chain and key file, with the complete words for it: `matrix.txt` holds what a user reads
//! of each when a classic delegate is to load the pair.

use super::*;
use crate::report::Message;

/// What a user reads of these files.
fn read_out(cert: &[u8], key: &[u8], ca: &[u8]) -> String {
    let input = |name, bytes| Named { name, bytes };
    let identity = match load(input("client.crt", cert), input("client.key", key), Some(input("ca.crt", ca))) {
        Ok(identity) => identity,
        Err(error) => return printed(&Message::from(&error.finding())),
    };
    let mut text = String::new();
    for finding in identity.as_found(Loader::Java) {
        text.push_str(&format!("as it is: {}", printed(&Message::from(&finding))));
    }
    for notice in identity.notices() {
        text.push_str(&format!("repaired: {notice}\n"));
    }
    for finding in identity.judge(&options(), Loader::Java) {
        text.push_str(&printed(&Message::from(&finding)));
    }
    if text.is_empty() { "accepted without a word\n".to_owned() } else { text }
}

fn printed(message: &Message) -> String {
    let mut out = Vec::new();
    message.write(&mut out).unwrap();
    anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
}

/// Rows of one table, as text.
#[derive(Default)]
struct Table(String);

impl Table {
    fn row(&mut self, name: &str, cert: impl AsRef<[u8]>, key: impl AsRef<[u8]>, ca: impl AsRef<[u8]>) {
        let text = read_out(cert.as_ref(), key.as_ref(), ca.as_ref());
        self.0.push_str(&format!("== {name}\n{text}\n"));
    }

    /// For the client's key and an authority of this test.
    fn issued(&mut self, name: &str, cert: impl AsRef<[u8]>, ca: &Ca) {
        self.row(name, cert, CLIENT.serialize_pem(), &ca.pem);
    }

    /// For the key of the documented recipe.
    fn recipe(&mut self, name: &str, cert: impl AsRef<[u8]>, ca: impl AsRef<[u8]>) {
        self.row(name, cert, KEY, ca);
    }
}

fn leaves(table: &mut Table) {
    let root = &root();
    let mut leaf = |name: &str, change: &dyn Fn(&mut CertificateParams)| {
        let mut params = params("Client");
        change(&mut params);
        table.issued(name, root.issue(params), root);
    };
    leaf("version 3 without usages", &|_| {});
    for (name, usages) in [
        ("EKU clientAuth", vec![ExtendedKeyUsagePurpose::ClientAuth]),
        ("EKU serverAuth only", vec![ExtendedKeyUsagePurpose::ServerAuth]),
        ("EKU any only", vec![ExtendedKeyUsagePurpose::Any]),
    ] {
        leaf(name, &|params| params.extended_key_usages = usages.clone());
    }
    for (name, usage) in [
        ("KU digitalSignature", KeyUsagePurpose::DigitalSignature),
        ("KU keyEncipherment only", KeyUsagePurpose::KeyEncipherment),
        ("KU keyCertSign only", KeyUsagePurpose::KeyCertSign),
        ("KU keyAgreement only", KeyUsagePurpose::KeyAgreement),
    ] {
        leaf(name, &|params| params.key_usages = vec![usage]);
    }
    leaf("leaf CA:TRUE", &|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    for (name, id) in
        [("unknown critical extension", [1, 2, 3, 4].as_slice()), ("proxy certificate", &[1, 3, 6, 1, 5, 5, 7, 1, 14])]
    {
        let mut extension = CustomExtension::from_oid_content(id, vec![0x30, 0]);
        extension.set_criticality(true);
        leaf(name, &|params| params.custom_extensions = vec![extension.clone()]);
    }
    leaf("extension twice", &|params| {
        let extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x30, 0]);
        params.custom_extensions = vec![extension.clone(), extension];
    });
    leaf("extension that cannot be read", &|params| {
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![4, 1, 7])];
    });
    leaf("no subject", &|params| params.distinguished_name = DistinguishedName::new());
    for (name, from, until) in [
        ("expired", DAY * -20, DAY * -3),
        ("not yet valid", DAY, DAY * 300),
        ("valid in five minutes", time::Duration::minutes(5), DAY * 300),
        ("expires within 30 days", DAY * -300, DAY * 29),
    ] {
        leaf(name, &|params| (params.not_before, params.not_after) = (NOW + from, NOW + until));
    }
    table.recipe("version 1 leaf", V1, CA);
    table.recipe("nsCertType server", include_str!("../testdata/ns-server.crt"), CA);
    table.recipe("SHA-1", include_str!("../testdata/sha1.crt"), CA);
    table.recipe("MD5", include_str!("../testdata/md5.crt"), CA);
    table.recipe("RSA-PSS, salt of 32", include_str!("../testdata/pss-32.crt"), CA);
    table.recipe("RSA-PSS, salt of 222", include_str!("../testdata/pss-222.crt"), CA);
}

fn authorities(table: &mut Table) {
    let (root, key) = (&root(), &CLIENT.serialize_pem());
    let leaf = &root.issue(params("Client"));
    let again = Ca::root(ca_params("Root"));
    table.issued("another CA", leaf, &Ca::root(ca_params("Other")));
    table.issued("CA of the same name with another key", leaf, &again);
    table.recipe("the same, version 1 leaf", V1, recipe_ca().self_signed(&*AUTHORITY).unwrap().pem());
    table.row("both of that name", leaf, key, format!("{}{}", again.pem, root.pem));
    table.recipe(
        "both of that name, the wrong one first, version 1 leaf",
        V1,
        format!("{}{CA}", recipe_ca().self_signed(&*AUTHORITY).unwrap().pem()),
    );
    table.row("CA renamed", leaf, key, ca_params("New Root").self_signed(&root.key).unwrap().pem());
    let mut other_id = ca_params("Root");
    other_id.key_identifier_method = rcgen::KeyIdMethod::Sha512;
    table.row("CA with another identifier", leaf, key, other_id.self_signed(&root.key).unwrap().pem());
    table.row("client certificate given as the CA", leaf, key, leaf);
    table.row("another client's certificate given as the CA", leaf, key, root.issue(params("Other client")));
    table.row("client certificate beside the CA", leaf, key, format!("{leaf}{}", root.pem));
    table.recipe("version 1 root", V1, CA_V1);
    let of = Ca::signed_with(ca_params("Root"), &AUTHORITY);
    table.row("the CA's own pair", &of.pem, AUTHORITY.serialize_pem(), &of.pem);
    table.row("the CA's key", of.issue(params("Client")), AUTHORITY.serialize_pem(), &of.pem);
    let mut of_its_name = params("Root");
    of_its_name.use_authority_key_identifier_extension = false;
    table.issued("the CA's own name", of.issue(of_its_name), &of);
    let alone = &params("Client").self_signed(&*CLIENT).unwrap().pem();
    table.issued("self-signed", alone, root);
    table.row("self-signed, its own CA", alone, key, alone);
    let mut altered = pem::scan(leaf.as_bytes()).unwrap().blocks[0].der.to_vec();
    *altered.last_mut().unwrap() ^= 1;
    table.issued("altered", pem::encode("CERTIFICATE", &altered).as_bytes(), root);

    let mut below = |name: &str, change: &dyn Fn(&mut CertificateParams)| {
        let mut params = ca_params("Root");
        change(&mut params);
        let root = Ca::root(params);
        table.issued(name, root.issue(self::params("Client")), &root);
    };
    below("CA expired", &|params| params.not_after = NOW - DAY);
    below("CA not yet valid", &|params| params.not_before = NOW + DAY);
    below("CA expires within 30 days", &|params| params.not_after = NOW + DAY * 10);
    below("CA is CA:FALSE", &|params| params.is_ca = IsCa::ExplicitNoCa);
    below("CA without keyCertSign", &|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    below("CA EKU serverAuth only", &|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    table.row(
        "CA of RSA 1024",
        include_str!("../testdata/by-small-ca.crt"),
        KEY,
        include_str!("../testdata/small-ca.crt"),
    );
    table.row(
        "CA of P-521, ecdsa-with-SHA512",
        include_str!("../testdata/by-p521-ca.crt"),
        KEY,
        include_str!("../testdata/p521-ca.crt"),
    );
    for (name, algorithm) in [
        ("CA of P-256", &PKCS_ECDSA_P256_SHA256),
        ("CA of P-384", &PKCS_ECDSA_P384_SHA384),
        ("CA of Ed25519", &PKCS_ED25519),
    ] {
        let root = Ca::signed_with(ca_params("Root"), &KeyPair::generate_for(algorithm).unwrap());
        table.issued(name, root.issue(params("Client")), &root);
    }
    table.row("CA file with a key", leaf, key, format!("{}{}", root.pem, AUTHORITY.serialize_pem()));
    table.row("CA file empty", leaf, key, "");
}

fn chains(table: &mut Table) {
    let root = &root();
    let upper = root.below(ca_params("Upper"));
    let lower = upper.below(ca_params("Lower"));
    let other = Ca::root(ca_params("Other"));
    let leaf = lower.issue(params("Client"));
    for (name, parts) in [
        ("in order", vec![&leaf, &lower.pem, &upper.pem]),
        ("in order, with the root", vec![&leaf, &lower.pem, &upper.pem, &root.pem]),
        ("one intermediate missing", vec![&leaf, &lower.pem]),
        ("leaf only", vec![&leaf]),
        ("intermediates out of order", vec![&leaf, &upper.pem, &lower.pem]),
        ("leaf not first", vec![&upper.pem, &lower.pem, &leaf]),
        ("CA first", vec![&root.pem, &leaf, &lower.pem, &upper.pem]),
        ("unrelated certificate", vec![&leaf, &lower.pem, &upper.pem, &other.pem]),
        ("leaf twice", vec![&leaf, &leaf, &lower.pem, &upper.pem]),
    ] {
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
        table.issued(name, parts.concat(), root);
    }
    let v1_below = include_str!("../testdata/v1-by-inter.crt");
    for (name, middle) in [
        ("version 1 leaf below an intermediate", include_str!("../testdata/inter.crt")),
        ("version 1 intermediate", include_str!("../testdata/inter-v1.crt")),
    ] {
        table.recipe(name, format!("{v1_below}{middle}"), CA);
    }
    let mut through = |name: &str, change: &dyn Fn(&mut CertificateParams)| {
        let mut params = ca_params("Middle");
        change(&mut params);
        let middle = root.below(params);
        table.issued(name, format!("{}{}", middle.issue(self::params("Client")), middle.pem), root);
    };
    through("intermediate is CA:FALSE", &|params| params.is_ca = IsCa::ExplicitNoCa);
    through("intermediate without keyCertSign", &|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    through("intermediate EKU serverAuth only", &|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    through("intermediate expired", &|params| params.not_after = NOW - DAY);
    let limited = |name: &str| {
        let mut params = ca_params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params
    };
    let upper = root.below(limited("Upper"));
    let lower = upper.below(ca_params("Lower"));
    let file = format!("{}{}{}", lower.issue(params("Client")), lower.pem, upper.pem);
    table.issued("path length of an intermediate exceeded", file, root);
    let root = &Ca::root(limited("Root"));
    let upper = root.below(ca_params("Upper"));
    table.issued("path length of the root exceeded", format!("{}{}", upper.issue(params("Client")), upper.pem), root);
}

fn constraints(table: &mut Table) {
    let mut other = DistinguishedName::new();
    other.push(DnType::OrganizationName, "Other");
    let dns = || GeneralSubtree::DnsName("example.org".to_owned());
    for (name, permitted, host) in [
        ("DNS name allowed", dns(), Some("a.example.org")),
        ("DNS name not allowed", dns(), Some("a.example.com")),
        ("no DNS name below a DNS constraint", dns(), None),
        ("directory name not allowed", GeneralSubtree::DirectoryName(other), None),
    ] {
        let mut root = ca_params("Root");
        root.name_constraints =
            Some(NameConstraints { permitted_subtrees: vec![permitted], excluded_subtrees: Vec::new() });
        let root = Ca::root(root);
        let mut leaf = params("Client");
        leaf.subject_alt_names =
            host.map(|host| rcgen::SanType::DnsName(host.try_into().unwrap())).into_iter().collect();
        table.issued(name, root.issue(leaf), &root);
    }
}

fn keys(table: &mut Table) {
    let mut key = |name: &str, key: &dyn AsRef<[u8]>| table.row(name, V1, key, CA);
    let der = |pem: &str| pem::scan(pem.as_bytes()).unwrap().blocks[0].der.to_vec();
    let mut corrupt = der(KEY);
    *corrupt.last_mut().unwrap() ^= 1;
    let utf16: Vec<u8> = KEY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    key("PKCS#8", &KEY);
    key("PKCS#1", &PKCS1_KEY);
    key("corrupt body", &pem::encode("PRIVATE KEY", &corrupt).as_bytes());
    key("another key", &CLIENT.serialize_pem());
    key("three primes", &include_str!("../testdata/multi-prime.key"));
    key("encrypted PKCS#1", &include_str!("../testdata/client.legacy.key"));
    key("encrypted PKCS#8", &include_str!("../testdata/client.encrypted.key"));
    key("RSA-PSS", &include_str!("../testdata/pss.key"));
    key("EC PARAMETERS and SEC1", &EC_KEY);
    key("text before", &format!("Bag Attributes: <No Attributes>\n{KEY}"));
    key("text behind", &format!("{KEY}the end\n"));
    key("key and certificate", &format!("{KEY}{V1}"));
    key("certificate and key", &format!("{V1}{KEY}"));
    key("two keys", &format!("{KEY}{PKCS1_KEY}"));
    key("CRLF", &KEY.replace('\n', "\r\n"));
    key("no final newline", &KEY.trim_end());
    key("on one line", &KEY.replace('\n', " "));
    key("indented with tabs", &KEY.replace('\n', "\n\t"));
    key("byte order mark", &format!("\u{FEFF}{KEY}"));
    key("UTF-16", &utf16);
    key("DER", &der(KEY));
    key("PKCS#12", &[0x30, 0x82, 0x0A, 0x57, 0x02, 0x01, 0x03, 0x30, 0x82]);
    key("public key", &CLIENT.public_key_pem());
    key("empty", &"");
    key("cut off", &KEY.split_at(800).0);
    let root = &root();
    for (name, algorithm) in
        [("EC key and certificate", &PKCS_ECDSA_P256_SHA256), ("Ed25519 key and certificate", &PKCS_ED25519)]
    {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = params("Client").signed_by(&key, &root.issuer()).unwrap().pem();
        table.row(name, leaf, key.serialize_pem(), &root.pem);
    }
    table.row("RSA 1024", include_str!("../testdata/small.crt"), include_str!("../testdata/small.key"), CA);
    let odd = include_str!("../testdata/large-exponent.crt");
    table.row("RSA with a long exponent", odd, include_str!("../testdata/large-exponent.key"), odd);
}

fn certificate_files(table: &mut Table) {
    table.recipe("CRLF", V1.replace('\n', "\r\n"), CA);
    table.recipe("Bag Attributes before", format!("Bag Attributes\n    localKeyID: 01\n{V1}"), CA);
    table.recipe("on one line", V1.replace('\n', " "), CA);
    table.recipe("byte order mark", format!("\u{FEFF}{V1}"), CA);
    table.recipe("DER", include_bytes!("../testdata/v1.der"), CA);
    table.recipe("PKCS#7", include_str!("../testdata/v1.p7b"), CA);
    table.recipe("TRUSTED CERTIFICATE", include_str!("../testdata/trusted.crt"), CA);
    table.recipe("certificate and key", format!("{V1}{KEY}"), CA);
    table.recipe("empty", "", CA);
    table.row("swapped", KEY, V1, CA);
}

#[test]
fn says_these_words_of_every_kind_of_certificate_chain_and_key() {
    let mut table = Table::default();
    for (heading, rows) in [
        ("The leaf", leaves as fn(&mut Table)),
        ("The authority", authorities),
        ("The chain", chains),
        ("Name constraints", constraints),
        ("The key's file", keys),
        ("The certificate's file", certificate_files),
    ] {
        table.0.push_str(&format!("=== {heading}\n\n"));
        rows(&mut table);
    }
    let (said, listed) = (table.0.trim_end(), include_str!("matrix.txt").trim_end());
    let differs = said.lines().zip(listed.lines()).position(|(said, listed)| said != listed);
    assert!(
        said == listed,
        "matrix.txt differs, first in line {:?}; it should be:\n{said}\n",
        differs.map(|at| at + 1)
    );
}
