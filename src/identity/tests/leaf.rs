//! Claims about the pair itself: the key, the dates, the usages and extensions.

use super::*;

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
    let multi = include_str!("../testdata/multi-prime.key");
    let pss = include_str!("../testdata/pss.key");
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
    let small = include_str!("../testdata/small.crt");
    let key = include_str!("../testdata/small.key");
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
    let cert = include_str!("../testdata/large-exponent.crt");
    let key = include_str!("../testdata/large-exponent.key");
    assert_eq!(
        judged(cert, key, cert),
        [
            "warning[leaf-is-ca] client.crt: stands in `ca.crt` itself: a server has to trust this one certificate instead of a CA",
            "note[key-unchecked] client.key: is an RSA key of unusual size or exponent: whether it is damaged was not checked",
        ]
    );
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
        judged(include_str!("../testdata/ns-server.crt"), KEY, CA),
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
fn takes_only_the_critical_extensions_that_openssl_takes() {
    let root = root();
    let with = |oid: &[u64], content: Vec<u8>| {
        let mut extension = CustomExtension::from_oid_content(oid, content);
        extension.set_criticality(true);
        let mut leaf = params("Client");
        leaf.custom_extensions = vec![extension];
        verdict(&root.issue(leaf), &root.pem)
    };
    // OCSP no check.
    assert_eq!(with(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], vec![5, 0]), [""; 0]);
    // authorityInfoAccess, which x509-parser reads.
    assert_eq!(
        with(&[1, 3, 6, 1, 5, 5, 7, 1, 1], vec![0x30, 0]),
        [
            "error[unknown-critical-extension] client.crt: the certificate has the critical extension `1.3.6.1.5.5.7.1.1`, which no server knows"
        ]
    );
}

#[test]
fn refuses_certificates_of_another_purpose_critical_or_not() {
    let root = root();
    for (id, purpose) in [
        (14, "a proxy certificate (RFC 3820)"),
        (7, "a certificate for address blocks (RFC 3779)"),
        (8, "a certificate for address blocks (RFC 3779)"),
    ] {
        let mut leaf = params("Client");
        leaf.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, id], vec![0x30, 0])];
        assert_eq!(
            verdict(&root.issue(leaf), &root.pem),
            [format!(
                "error[usage-forbids-client-auth] client.crt: the certificate is {purpose}, and servers do not take that from a TLS client"
            )]
        );
    }
}

#[test]
fn refuses_for_java_what_has_no_name() {
    let judged = |cert: &str, ca: &str| {
        let identity = pair(cert, &CLIENT.serialize_pem(), ca);
        assert_eq!(identity.judge(&options(), Loader::Go), []);
        lines(&identity.judge(&options(), Loader::Java))
    };
    let root = root();
    let mut nobody = params("Client");
    nobody.distinguished_name = DistinguishedName::new();
    let no_subject =
        ["error[cert-unreadable] client.crt: the certificate has no subject, and Java reads no such certificate"];
    assert_eq!(judged(&root.issue(nobody.clone()), &root.pem), no_subject);
    // With another name, which rcgen marks as critical then.
    nobody.subject_alt_names = vec![rcgen::SanType::DnsName("client.example.org".try_into().unwrap())];
    assert_eq!(judged(&root.issue(nobody.clone()), &root.pem), [""; 0]);
    let mut nameless = ca_params("Root");
    nameless.distinguished_name = DistinguishedName::new();
    let root = Ca::root(nameless);
    assert_eq!(
        judged(&root.issue(params("Client")), &root.pem),
        ["error[cert-unreadable] client.crt: the certificate names no issuer, and Java reads no such certificate"]
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
