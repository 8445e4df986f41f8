//! Claims about the way from the leaf to the authority.

use super::*;

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
    let recipe_again = recipe_ca().self_signed(&*AUTHORITY).unwrap().pem();
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
    assert_eq!(judged(include_str!("../testdata/by-serial.crt"), KEY, CA), [""; 0]);
    assert_eq!(
        judged(include_str!("../testdata/by-serial.crt"), KEY, include_str!("../testdata/ca-renewed.crt")),
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
}

#[test]
fn says_that_the_authoritys_file_holds_no_authority() {
    let root = root();
    let leaf = root.issue(params("Client"));
    assert_eq!(
        verdict(&leaf, &leaf),
        ["error[ca-not-ca] ca.crt: holds the client certificate itself, not the CA that issued it, `CN=Root`"]
    );
    assert_eq!(
        judged(V1, KEY, V1)[0],
        "error[ca-not-ca] ca.crt: holds the client certificate itself, not the CA that issued it, `O=Example ORG, CN=CA Cert`"
    );
    let other = root.issue(params("Other client"));
    assert_eq!(
        verdict(&leaf, &other),
        ["error[ca-not-ca] ca.crt: holds no CA, only `CN=Other client`: CA:TRUE is missing"]
    );
    let beside =
        ["warning[ca-not-ca] ca.crt: holds the client certificate beside the CA: a server would trust it on its own"];
    assert_eq!(verdict(&leaf, &format!("{leaf}{}", root.pem)), beside);
    assert_eq!(verdict(&leaf, &format!("{}{leaf}", root.pem)), beside);
    let middle = root.below(ca_params("Middle"));
    let leaf = middle.issue(params("Client"));
    assert_eq!(verdict(&format!("{leaf}{}", middle.pem), &format!("{leaf}{}", root.pem)), beside);
    // An intermediate that is given as both: it is an authority's certificate that was taken for the client's.
    let lower = root.issue(ca_params("Lower"));
    assert_eq!(
        verdict(&lower, &lower)[0],
        "error[leaf-is-ca] client.crt: is the CA of `ca.crt` itself, and the delegate would carry the CA's key"
    );
}

#[test]
fn refuses_a_leaf_that_servers_take_for_self_signed() {
    let mut of_root = params("Root");
    of_root.use_authority_key_identifier_extension = false;
    let root = Ca::signed_with(ca_params("Root"), &AUTHORITY);
    let leaf = root.issue(of_root.clone());
    assert_eq!(
        verdict(&leaf, &root.pem),
        [
            "error[subject-is-issuer] client.crt: the certificate has the name of its issuer, `CN=Root`, and a server takes it for self-signed"
        ]
    );
    // An identifier tells the two apart, and so does a key of another kind.
    of_root.use_authority_key_identifier_extension = true;
    let leaf = root.issue(of_root.clone());
    assert_eq!(verdict(&leaf, &root.pem), [""; 0]);
    let root = self::root();
    of_root.use_authority_key_identifier_extension = false;
    assert_eq!(verdict(&root.issue(of_root), &root.pem), [""; 0]);
}

#[test]
fn walks_through_an_authority_that_changed_its_key() {
    let root = root();
    let upper = root.below(ca_params("Upper"));
    // The same name, certified by the earlier key (RFC 5280 §3.2, self-issued).
    let new_upper = upper.below(ca_params("Upper"));
    let file = format!("{}{}{}", new_upper.issue(params("Client")), new_upper.pem, upper.pem);
    let identity = pair(&file, &CLIENT.serialize_pem(), &root.pem);
    assert_eq!(identity.judge(&options(), Loader::Java), []);
    assert_eq!(identity.as_found(Loader::Java), []);
}

#[test]
fn takes_the_valid_one_of_an_authoritys_certificates() {
    let root = root();
    let leaf = root.issue(params("Client"));
    let mut expired = dated("Root", DAY * -200, DAY * -1);
    expired.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let expired = expired.self_signed(&root.key).unwrap().pem();
    assert_eq!(verdict(&leaf, &format!("{expired}{}", root.pem)), [""; 0]);
    assert_eq!(verdict(&leaf, &format!("{}{expired}", root.pem)), [""; 0]);
    assert_eq!(
        verdict(&leaf, &expired),
        ["error[cert-expired] ca.crt: the CA `CN=Root` expired 1 day ago, on 2026-12-31 00:00:00 UTC"]
    );
}

#[test]
fn does_not_mind_a_namesake_that_expired() {
    let mut namesake = recipe_ca();
    namesake.not_before = NOW - DAY * 20;
    namesake.not_after = NOW - DAY;
    let namesake = namesake.self_signed(&*AUTHORITY).unwrap().pem();
    assert_eq!(judged(V1, KEY, &format!("{namesake}{CA}")), judged(V1, KEY, CA));
}

#[test]
fn takes_a_root_that_says_only_that_it_signs() {
    let mut plain = params("Root");
    plain.is_ca = IsCa::NoCa;
    let silent = Ca::root(plain.clone());
    assert_eq!(
        verdict(&silent.issue(params("Client")), &silent.pem),
        ["error[issuer-not-ca] ca.crt: the CA `CN=Root` issued a certificate without being a CA (CA:TRUE is missing)"]
    );
    plain.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let signing = Ca::root(plain.clone());
    assert_eq!(verdict(&signing.issue(params("Client")), &signing.pem), [""; 0]);
    // An intermediate has to say more.
    plain.distinguished_name.push(DnType::OrganizationName, "Lower");
    let root = root();
    let lower = root.below(plain);
    assert_eq!(
        verdict(&format!("{}{}", lower.issue(params("Client")), lower.pem), &root.pem),
        [
            "error[issuer-not-ca] client.crt: the intermediate `CN=Root, O=Lower` issued a certificate without being a CA (CA:TRUE is missing)"
        ]
    );
}

#[test]
fn trusts_a_root_for_what_it_is_and_not_for_its_signature() {
    let root = root();
    let mut der = pem::scan(root.pem.as_bytes()).unwrap().blocks[0].der.to_vec();
    *der.last_mut().unwrap() ^= 1;
    assert_eq!(verdict(&root.issue(params("Client")), &pem::encode("CERTIFICATE", &der)), [""; 0]);
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
    let leaf = include_str!("../testdata/v1-by-inter.crt");
    let note = "note[cert-v1] client.crt: the certificate is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not";
    let inter = include_str!("../testdata/inter.crt");
    assert_eq!(judged(&format!("{leaf}{inter}"), KEY, CA), [note]);
    let inter = include_str!("../testdata/inter-v1.crt");
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
    // A name is allowed if it begins with the permitted one; webpki would refuse every one.
    let mut below = params("Client");
    below.distinguished_name = DistinguishedName::new();
    below.distinguished_name.push(DnType::OrganizationName, "OTHER");
    below.distinguished_name.push(DnType::CommonName, "Client");
    assert_eq!(
        verdict(&directory.issue(below), &directory.pem),
        [
            "warning[name-constraint] ca.crt: the CA `CN=Root` constrains the names below it, and those of the certificate cannot be judged here"
        ]
    );
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
    for (cert, hash) in [(include_str!("../testdata/md5.crt"), "MD5"), (include_str!("../testdata/sha1.crt"), "SHA-1")]
    {
        assert_eq!(
            judged(cert, KEY, CA),
            [format!("error[weak-signature] client.crt: the certificate is signed with {hash}, which servers refuse")]
        );
    }
    assert_eq!(
        judged(include_str!("../testdata/by-small-ca.crt"), KEY, include_str!("../testdata/small-ca.crt")),
        [
            "error[key-too-small] ca.crt: the key of the CA `CN=Small CA` has 1024 bit, and servers refuse RSA keys below 2048"
        ]
    );
    assert_eq!(judged(include_str!("../testdata/pss-32.crt"), KEY, CA), [""; 0]);
    let findings = pair(include_str!("../testdata/pss-222.crt"), KEY, CA).judge(&options(), Loader::Java);
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
    assert_eq!(
        judged(include_str!("../testdata/by-p521-ca.crt"), KEY, include_str!("../testdata/p521-ca.crt")),
        [""; 0]
    );
}

#[test]
fn refuses_an_authority_that_does_not_name_its_curve() {
    assert_eq!(
        judged(include_str!("../testdata/by-explicit-ca.crt"), KEY, include_str!("../testdata/explicit-ca.crt")),
        [
            "error[cert-unreadable] ca.crt: the key of the CA `CN=Explicit CA` spells its curve out instead of naming it, and servers refuse that",
            "warning[unverifiable-signature] client.crt: the signature of the certificate (ecdsa-with-SHA256) cannot be verified here",
        ]
    );
}

#[test]
fn puts_errors_before_warnings_before_notes() {
    let root = root();
    let mut leaf = dated("Client", DAY * -20, DAY * -3);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let rules: Vec<_> = pair(&root.issue(leaf), KEY, CA)
        .judge(&options(), Loader::Java)
        .iter()
        .map(|finding| finding.rule.id())
        .collect();
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
