//! Claims about loading: what is taken as it is, what is repaired, and what is refused with which words.

use super::*;

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
fn says_which_layout_of_a_certificate_java_cannot_read() {
    let shapes: [fn(&str) -> String; 3] = [
        |pem| pem.lines().map(|line| format!("  {line}\n")).collect(),
        |pem| pem.replace('\n', " "),
        |pem| format!("our client\n {pem}"),
    ];
    for shape in shapes {
        assert_eq!(
            lines(&pair(&shape(V1), KEY, CA).as_found(Loader::Java)),
            [
                "error[cert-unreadable] client.crt: the `-----BEGIN` and `-----END` lines do not stand alone, and Java reads no such certificate"
            ]
        );
    }
    for fine in [V1.replace('\n', " \r\n"), V1.replace("\n-----END", "-----END"), format!("our client\n{V1}the end")] {
        assert_eq!(pair(&fine, KEY, CA).as_found(Loader::Java), []);
    }
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
        cert_refused(include_bytes!("../testdata/v1.der")),
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
    let encrypted = include_str!("../testdata/client.encrypted.key");
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
    let mut long = include_bytes!("../testdata/v1.der").to_vec();
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
        include_bytes!("../testdata/client.encrypted.key").as_slice(),
        include_bytes!("../testdata/client.legacy.key").as_slice(),
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
        cert_refused(include_bytes!("../testdata/trusted.crt")),
        says(
            "`client.crt`: holds a `TRUSTED CERTIFICATE`, OpenSSL's own format, which no delegate can read",
            "openssl x509 -in client.crt -out client.pem"
        )
    );
    assert_eq!(
        cert_refused(include_bytes!("../testdata/v1.p7b")),
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
        finding(V1, include_str!("../testdata/client.encrypted.key")),
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
        Named { name: "-my dir/it's.der", bytes: include_bytes!("../testdata/v1.der") },
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

#[test]
fn says_which_layout_java_or_go_cannot_read() {
    let not_alone = "the `-----BEGIN` and `-----END` lines do not stand alone";
    let shapes: [fn(&str) -> String; 3] = [
        |pem| pem.replace('\n', " "),
        |pem| pem.lines().map(|line| format!("  {line}\n")).collect(),
        |pem| pem.replace("-----\n-----END", "-----END").replace("\n-----END", " -----END"),
    ];
    for (shape, java_reads) in shapes.into_iter().zip([false, false, true]) {
        let certificate =
            |reader| format!("error[cert-unreadable] client.crt: {not_alone}, and {reader} reads no such certificate");
        let key = format!("error[key-format] client.key: {not_alone}, and Delegate 3.x reads no such key");
        let identity = pair(&shape(V1), &shape(KEY), CA);
        let java = if java_reads { vec![] } else { vec![certificate("Java")] };
        assert_eq!(lines(&identity.as_found(Loader::Java)), java);
        assert_eq!(lines(&identity.as_found(Loader::Go)), [certificate("Delegate 3.x"), key]);
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
