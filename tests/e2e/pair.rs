//! The pair that comes out of the manifest, before OpenSSL and before the delegate's own loader.

use std::fs;

use crate::fixtures::{Injected, Issued, documented, quickstart};
use crate::programs::{Run, delegate_mtls, java_loader, openssl};

fn inject(issued: &Issued, cert: &str, key: &str) -> (Run, Injected) {
    let mut args = issued.options("inject", cert, key);
    args.push(quickstart().to_str().unwrap().to_owned());
    let run = delegate_mtls(&args, b"", issued.dir()).ended_with(0);
    let injected = Injected::of(&run.stdout);
    (run, injected)
}

/// OpenSSL takes the certificate for a client's, the key for sound, and both for one pair.
#[track_caller]
fn openssl_accepts(pair: &Injected, issued: &Issued) {
    let ca = issued.file("ca.crt");
    let ca = ca.to_str().unwrap();
    let verify = [
        "verify",
        "-auth_level",
        "2",
        "-purpose",
        "sslclient",
        "-CAfile",
        ca,
        "-untrusted",
        "client.crt",
        "client.crt",
    ];
    openssl(&verify, pair.dir()).ended_with(0);
    openssl(&["pkey", "-check", "-noout", "-in", "client.key"], pair.dir()).ended_with(0);
    let of_key = openssl(&["pkey", "-pubout", "-in", "client.key"], pair.dir()).ended_with(0);
    let of_cert = openssl(&["x509", "-pubkey", "-noout", "-in", "client.crt"], pair.dir()).ended_with(0);
    assert_eq!(of_key.text(), of_cert.text());
}

#[test]
fn the_documented_pair_comes_out_of_the_secret_as_it_went_in() {
    let issued = documented();
    let text = openssl(&["x509", "-noout", "-text", "-in", "client.crt"], issued.dir()).ended_with(0);
    assert!(text.text().contains("Version: 1 (0x0)"), "the recipe makes version 1");
    let (_, pair) = inject(issued, "client.crt", "client.key");
    openssl_accepts(&pair, issued);
    assert_eq!(fs::read(pair.cert()).unwrap(), issued.read("client.crt"));
    assert_eq!(fs::read(pair.key()).unwrap(), issued.read("client.key"));
    java_loader(&pair.cert(), &pair.key()).ended_with(0);
}

#[test]
fn a_pkcs1_key_is_converted_to_what_the_delegate_loads_and_it_is_said() {
    let issued = documented();
    assert!(issued.read("pkcs1.key").starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
    let (run, pair) = inject(issued, "client.crt", "pkcs1.key");
    openssl_accepts(&pair, issued);
    assert_eq!(fs::read(pair.key()).unwrap(), issued.read("client.key"));
    assert!(run.stderr.contains("PKCS#8"), "{}", run.stderr);
    java_loader(&pair.cert(), &pair.key()).ended_with(0);
}

#[test]
fn an_intermediate_stays_behind_its_leaf() {
    let issued = documented();
    let (_, pair) = inject(issued, "chain.crt", "chain.key");
    openssl_accepts(&pair, issued);
    assert_eq!(fs::read(pair.cert()).unwrap(), issued.read("chain.crt"));
    let loaded = java_loader(&pair.cert(), &pair.key()).ended_with(0);
    assert_eq!(loaded.text(), "loaded a key and 2 certificates\n");
}

#[test]
fn a_pair_that_cannot_work_is_refused_and_nothing_comes_out() {
    let issued = documented();
    for (cert, key) in [("client.crt", "chain.key"), ("leaf.crt", "chain.key")] {
        let mut args = issued.options("inject", cert, key);
        args.push(quickstart().to_str().unwrap().to_owned());
        let run = delegate_mtls(&args, b"", issued.dir()).ended_with(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty());
    }
}

/// Without this, a loader that takes everything would prove nothing above.
#[test]
fn the_loader_refuses_what_the_delegate_refuses() {
    let issued = documented();
    java_loader(&issued.file("client.crt"), &issued.file("client.key")).ended_with(0);
    java_loader(&issued.file("client.crt"), &issued.file("pkcs1.key")).ended_with(1);
    let attributes = [b"Bag Attributes\n".as_slice(), &issued.read("client.key")].concat();
    fs::write(issued.file("attributes.key"), attributes).unwrap();
    java_loader(&issued.file("client.crt"), &issued.file("attributes.key")).ended_with(1);
}
