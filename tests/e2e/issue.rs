//! What `certs` issues, before OpenSSL at its strictest and before the delegate's own loader; and OpenSSL's authorities
//! and requests, before `certs`.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::fixtures::{ENDPOINT, quickstart};
use crate::programs::{Run, delegate_mtls, java_loader, openssl};

fn words(line: &str) -> Vec<String> {
    // `~` for the blank in a subject
    line.split(' ').map(|word| word.replace('~', " ")).collect()
}

#[track_caller]
fn ours(line: &str, here: &Path) -> Run {
    delegate_mtls(&words(line), b"", here).ended_with(0)
}

#[track_caller]
fn theirs(line: &str, here: &Path) -> Run {
    openssl(&words(line), here).ended_with(0)
}

const ISSUE: &str = "certs client --ca ca.crt --ca-key ca.key";

/// The strictest that OpenSSL offers for a client's certificate; the authority is held to RFC 5280 as well.
const STRICT: &str = "verify -x509_strict -auth_level 2 -purpose sslclient -CAfile ca.crt";
/// What a Debian server does.
const SERVER: &str = "verify -auth_level 2 -purpose sslclient -CAfile ca.crt";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The two commands that replace the documentation's five.
fn issued(ca: &str, client: &str) -> TempDir {
    let dir = folder();
    ours(&format!("certs ca{ca}"), dir.path());
    ours(&format!("{ISSUE}{client}"), dir.path());
    dir
}

/// Puts the pair into a manifest, and says what was said of it.
fn injected(here: &Path) -> String {
    let manifest = quickstart();
    let line = format!("inject -q --cert client.crt --key client.key --ca ca.crt --endpoint {ENDPOINT}");
    let mut args = words(&line);
    args.push(manifest.to_str().unwrap().to_owned());
    delegate_mtls(&args, b"", here).ended_with(0).stderr
}

#[test]
fn the_pair_is_fit_for_openssl_at_its_strictest_and_for_java() {
    for options in ["", " --bits 3072", " --bits 4096", " --subject /C=DE/DC=com/DC=example/OU=b/OU=a/CN=Zoë"] {
        let dir = issued(options, &options.replace("CN=", "CN=Client~"));
        let here = dir.path();
        assert_eq!(theirs(&format!("{STRICT} client.crt"), here).text(), "client.crt: OK\n", "{options}");
        for key in ["ca.key", "client.key"] {
            let run = theirs(&format!("pkey -check -noout -in {key}"), here);
            assert!(run.text().contains("Key is valid"), "{options}: {}", run.text());
        }
        let of_key = theirs("pkey -pubout -in client.key", here);
        assert_eq!(of_key.text(), theirs("x509 -pubkey -noout -in client.crt", here).text());
        let loaded = java_loader(&here.join("client.crt"), &here.join("client.key")).ended_with(0);
        assert_eq!(loaded.text(), "loaded a key and 1 certificate\n");
        assert_eq!(injected(here), "", "{options}");
    }
}

/// Without this, a verifier that takes everything would prove nothing above.
#[test]
fn the_pair_is_not_fit_for_another_authority_or_for_a_server() {
    let dir = issued("", "");
    let here = dir.path();
    theirs("req -x509 -nodes -newkey rsa:2048 -subj /CN=Other -keyout other.key -out other.crt", here);
    openssl(&words("verify -auth_level 2 -purpose sslclient -CAfile other.crt client.crt"), here).ended_with(2);
    openssl(&words("verify -auth_level 2 -purpose sslserver -CAfile ca.crt client.crt"), here).ended_with(2);
}

/// Lines of `openssl x509 -text` that begin with one of these, without what differs from run to run.
fn said(file: &str, here: &Path, of: &[&str]) -> Vec<String> {
    let text = theirs(&format!("x509 -noout -text -in {file}"), here).text().to_owned();
    let lines = text.lines().map(str::trim);
    lines.filter(|line| of.iter().any(|start| line.starts_with(start))).map(str::to_owned).collect()
}

/// How many seconds a certificate is valid.
fn lifetime(file: &str, here: &Path) -> i64 {
    let run = theirs(&format!("x509 -noout -dates -dateopt iso_8601 -in {file}"), here);
    let at = |start: &str| {
        let line = run.text().lines().find_map(|line| line.strip_prefix(start)).unwrap();
        let text = line.replace(' ', "T");
        time::OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).unwrap().unix_timestamp()
    };
    at("notAfter=") - at("notBefore=")
}

#[test]
fn the_defaults_are_those_of_the_documented_recipe() {
    let dir = issued("", "");
    let here = dir.path();
    theirs(
        "req -x509 -sha256 -nodes -days 9999 -newkey rsa:2048 -subj /O=Example~ORG/CN=CA~Cert -keyout their-ca.key -out \
         their-ca.crt",
        here,
    );
    theirs("req -new -newkey rsa:2048 -nodes -subj /O=Example~ORG/CN=Client -keyout their.key -out their.csr", here);
    fs::write(here.join("client.cnf"), "[v3_req]\n").unwrap();
    theirs(
        "x509 -req -sha256 -days 9999 -extfile client.cnf -extensions v3_req -in their.csr -CA their-ca.crt -CAkey \
         their-ca.key -set_serial 01 -out their.crt",
        here,
    );
    let same = ["Signature Algorithm:", "Issuer:", "Subject:", "Public Key Algorithm:", "Public-Key:", "Exponent:"];
    let expected = said("their-ca.crt", here, &same);
    assert_eq!(expected.len(), 7, "the recipe's certificate says each, and the signature's algorithm twice");
    assert_eq!(said("ca.crt", here, &same), expected);
    assert_eq!(said("client.crt", here, &same), said("their.crt", here, &same));
    for (ours, theirs, less) in [("ca.crt", "their-ca.crt", 0), ("client.crt", "their.crt", 60)] {
        // made after its CA, ours ends with it, to the second
        let shorter = lifetime(theirs, here) - lifetime(ours, here);
        assert!((0..=less).contains(&shorter), "{ours}: {shorter}");
        assert_eq!(lifetime(theirs, here), 9999 * 86_400);
    }
    // and what is better: the recipe's client is of version 1, and its CA does not say what it may do
    let version = ["Version:"];
    assert_eq!(said("their.crt", here, &version), ["Version: 1 (0x0)"]);
    assert_eq!(said("client.crt", here, &version), ["Version: 3 (0x2)"]);
    assert_eq!(said("their-ca.crt", here, &["X509v3 Key Usage"]), [""; 0]);
    assert_eq!(said("ca.crt", here, &["X509v3 Key Usage", "Certificate Sign"]).len(), 2);
}

#[test]
fn the_authorities_of_openssl_issue() {
    let dir = folder();
    let here = dir.path();
    fs::write(
        here.join("names.cnf"),
        "[req]\nprompt = no\ndistinguished_name = dn\nstring_mask = default\n[dn]\n0.DC = com\n1.DC = example\nO = \
         Example\n+OU = Second in its set\nCN = Root\n",
    )
    .unwrap();
    let new = "-sha256 -nodes -days 9999 -keyout ca.key -out ca.crt";
    for (make, strict) in [
        // the documented recipe: its CA does not say what its key may do, which -x509_strict holds against it
        (format!("req -x509 -newkey rsa:2048 -subj /O=Example~ORG/CN=CA~Cert {new}"), false),
        (
            format!("req -x509 -newkey rsa:2048 -subj /CN=Root -addext keyUsage=critical,keyCertSign,cRLSign {new}"),
            true,
        ),
        (format!("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=Root {new}"), false),
        (format!("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-521 -subj /CN=Root {new}"), false),
        (format!("req -x509 -newkey ed25519 -subj /CN=Root {new}"), false),
        (format!("req -x509 -newkey rsa:2048 -config names.cnf -extensions v3_ca {new}"), false),
    ] {
        if make.contains("names.cnf") {
            let path = here.join("names.cnf");
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, format!("{text}[v3_ca]\nbasicConstraints = critical, CA:TRUE\n")).unwrap();
        }
        theirs(&make, here);
        let run = ours(&format!("{ISSUE} --days 365 --force"), here);
        assert!(run.stderr.starts_with("note: next, "), "{make}: {}", run.stderr);
        let verify = if strict { STRICT } else { SERVER };
        assert_eq!(theirs(&format!("{verify} client.crt"), here).text(), "client.crt: OK\n", "{make}");
        assert_eq!(injected(here), "", "{make}");
        java_loader(&here.join("client.crt"), &here.join("client.key")).ended_with(0);
    }
}

#[test]
fn a_version_1_root_of_openssl_with_a_pkcs1_key_issues() {
    let dir = folder();
    let here = dir.path();
    theirs("req -new -newkey rsa:2048 -nodes -subj /CN=Old -keyout pkcs8.key -out ca.csr", here);
    theirs("rsa -traditional -in pkcs8.key -out ca.key", here);
    theirs("x509 -req -sha256 -days 9999 -in ca.csr -signkey ca.key -out ca.crt", here);
    assert!(fs::read(here.join("ca.key")).unwrap().starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
    let run = ours(ISSUE, here);
    assert!(run.stderr.starts_with("note: ca.crt: the CA `CN=Old` is X.509 version 1: "), "{}", run.stderr);
    assert_eq!(theirs(&format!("{SERVER} client.crt"), here).text(), "client.crt: OK\n");
}

#[test]
fn below_an_intermediate_the_file_holds_what_a_server_with_the_root_needs() {
    let dir = folder();
    let here = dir.path();
    theirs("req -x509 -sha256 -nodes -days 9999 -newkey rsa:2048 -subj /CN=Root -keyout root.key -out root.crt", here);
    theirs("req -new -newkey rsa:2048 -nodes -subj /CN=Middle -keyout ca.key -out ca.csr", here);
    fs::write(here.join("ca.cnf"), "[e]\nbasicConstraints=critical,CA:TRUE\n").unwrap();
    theirs(
        "x509 -req -sha256 -days 9000 -in ca.csr -CA root.crt -CAkey root.key -set_serial 02 -extfile ca.cnf -extensions \
         e -out middle.crt",
        here,
    );
    let both = [fs::read(here.join("middle.crt")).unwrap(), fs::read(here.join("root.crt")).unwrap()].concat();
    fs::write(here.join("ca.crt"), both).unwrap();
    ours(&format!("{ISSUE} --days 365"), here);
    let verify = "verify -auth_level 2 -purpose sslclient -CAfile root.crt -untrusted client.crt client.crt";
    assert_eq!(theirs(verify, here).text(), "client.crt: OK\n");
    let loaded = java_loader(&here.join("client.crt"), &here.join("client.key")).ended_with(0);
    assert_eq!(loaded.text(), "loaded a key and 2 certificates\n");
}

#[test]
fn requests_of_openssl_are_signed_and_those_of_small_keys_are_not() {
    let dir = folder();
    let here = dir.path();
    ours("certs ca", here);
    for (make, warned) in [
        ("-newkey rsa:2048 -subj /O=Ex/CN=Asked -addext subjectAltName=DNS:a.example.com", false),
        ("-newkey rsa:3072 -sha512 -subj /O=Ex/CN=Asked", false),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /O=Ex/CN=Asked", true),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-521 -subj /O=Ex/CN=Asked", true),
        ("-newkey ed25519 -subj /O=Ex/CN=Asked", true),
    ] {
        theirs(&format!("req -new -nodes {make} -keyout client.key -out client.csr"), here);
        let key = fs::read(here.join("client.key")).unwrap();
        let run = ours(&format!("{ISSUE} --csr client.csr --force"), here);
        assert_eq!(run.stderr.contains("[key-not-rsa]"), warned, "{make}: {}", run.stderr);
        assert_eq!(fs::read(here.join("client.key")).unwrap(), key);
        assert_eq!(theirs(&format!("{STRICT} client.crt"), here).text(), "client.crt: OK\n", "{make}");
        assert_eq!(said("client.crt", here, &["Subject:"]), ["Subject: O = Ex, CN = Asked"]);
        let of_key = theirs("pkey -pubout -in client.key", here);
        assert_eq!(of_key.text(), theirs("x509 -pubkey -noout -in client.crt", here).text(), "{make}");
        if !warned {
            java_loader(&here.join("client.crt"), &here.join("client.key")).ended_with(0);
            assert_eq!(injected(here), "", "{make}");
        }
    }
    theirs("req -new -nodes -newkey rsa:1024 -subj /CN=Asked -keyout client.key -out client.csr", here);
    let run = delegate_mtls(&words(&format!("{ISSUE} --csr client.csr --force")), b"", here).ended_with(2);
    assert_eq!(
        run.stderr,
        "error: `client.csr`: is for an RSA key of 1024 bit, and servers refuse fewer than 2048\n  help: openssl req -new \
         -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' -keyout client.rsa.key -out client.rsa.csr\n"
    );
    theirs(
        "req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -subj /CN=x -keyout k -out client.csr",
        here,
    );
    let run = delegate_mtls(&words(&format!("{ISSUE} --csr client.csr --force")), b"", here).ended_with(2);
    assert!(
        run.stderr.starts_with("error: `client.csr`: is for a key of a kind that no delegate can load\n"),
        "{}",
        run.stderr
    );
}
