//! The whole way of the data, once: a pair that was issued here goes into a manifest, comes out of its Secret as a pod
//! would get it, and opens a Java client's TLS connection to a server that wants it.

use std::fs;

use crate::fixtures::{ENDPOINT, Injected, Issued, quickstart};
use crate::programs::{delegate_mtls, java_client};
use crate::servers::nginx;

#[test]
fn a_pair_from_certs_client_reaches_the_server_through_the_manifest() {
    let issued = Issued::new();
    let here = issued.dir();
    let run = |line: &str, stdin: &[u8]| {
        let args: Vec<&str> = line.split(' ').collect();
        delegate_mtls(&args, stdin, here)
    };
    run("certs ca", b"").ended_with(0);
    run("certs client --ca ca.crt --ca-key ca.key", b"").ended_with(0);
    let pair = format!("--cert client.crt --key client.key --ca ca.crt --endpoint {ENDPOINT}");
    let injected = run(&format!("inject {pair}"), &fs::read(quickstart()).unwrap()).ended_with(0);
    assert!(!injected.stderr.contains("warning") && !injected.stderr.contains("note"), "{}", injected.stderr);
    let pod = Injected::of(&injected.stdout);

    let extensions = "[server]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = DNS:localhost\n[req]\n\
                      distinguished_name = dn\n[dn]\n";
    fs::write(issued.file("server.cnf"), extensions).unwrap();
    issued.run(
        "req -x509 -sha256 -nodes -days 9 -newkey rsa:2048 -subj /CN=Servers -keyout servers.key -out servers.crt",
    );
    issued.run("req -new -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
    issued.run(
        "x509 -req -sha256 -days 9 -extfile server.cnf -extensions server -in server.csr -CA servers.crt -CAkey \
         servers.key -set_serial 1 -out server.crt",
    );
    let server = nginx(
        &issued.file("server.crt"),
        &issued.file("server.key"),
        &issued.file("ca.crt"),
        &["ssl_verify_client on;"],
    );
    for port in &server.ports[..2] {
        let reply = java_client(&pod.cert(), &pod.key(), &issued.file("servers.crt"), *port).ended_with(0);
        let (head, body) = reply.text().split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(body, "SUCCESS CN=Client,O=Example ORG\n");
    }

    // without this, a server that lets everybody in would prove nothing above
    run("certs ca --force --subject /CN=Another", b"").ended_with(0);
    run("certs client --force --ca ca.crt --ca-key ca.key", b"").ended_with(0);
    let reply = java_client(
        &issued.file("client.crt"),
        &issued.file("client.key"),
        &issued.file("servers.crt"),
        server.ports[0],
    )
    .ended_with(0);
    assert!(reply.text().starts_with("HTTP/1.1 400 "), "{}", reply.text());
}
