//! The probe against servers on the loopback interface: each verdict, each way to find no server, the proxy, JSON.
//! Whole outputs; `PORT` stands for the server's port.

use std::io::{Read, Write};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256,
};
use rustls::version::{TLS12, TLS13};
use rustls::{SignatureScheme, SupportedProtocolVersion};

use crate::binary::{AT, Output, run};
use crate::folder::{Folder, claims};
use crate::pair::CLIENT;
use crate::server::{Authority, DRIP, Tls, Wants, closed, der_of, params, proxy, says, serve, server_params, silent};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "probe",
        &[
            ("a pair that is required and accepted", required),
            ("a pair that is optional and accepted", optional),
            ("an endpoint that does not ask proves nothing", not_requested),
            ("a pair of another CA is rejected, and a delegate would not even send it", rejected),
            ("an endpoint that takes any certificate does not verify", not_verified),
            ("the control is of the pair's kind, so that a server cannot but look at it", control_of_the_same_kind),
            ("without the control the report says what it cannot tell", no_control),
            ("TLS 1.2 and TLS 1.3 lead to the same verdicts", versions),
            ("a version 1 certificate is presented", version_1),
            ("a key that is not the certificate's is presented, and refused", mismatch),
            ("an EC pair is presented, and the finding says that a delegate does not load it", ec_pair),
            ("a pair that the TLS library cannot load is an error", unusable_key),
            ("the chain is judged where a CA is given", judged_chain),
            ("an application that refuses behind TLS is told from TLS", application),
            ("a server certificate that is a CA is a problem of the server's", server_is_ca),
            ("a server certificate of an unknown CA is named as such", unknown_server_ca),
            ("a server certificate for another name is named as such", wrong_host),
            ("an expired server certificate is named as such", expired_server),
            ("the platform's roots count where no server CA is given", platform_roots),
            ("no roots at all is an error", no_roots),
            ("a file without a CA is refused", bad_server_ca),
            ("a closed port", closed_port),
            ("a silent server ends with the timeout", silent_server),
            ("plain HTTP is recognised", plain_http),
            ("garbage is not TLS", garbage),
            ("a server that hangs up", hang_up),
            ("a server that hangs up on a later connection only is inconclusive", later_hang_up),
            ("an alert without a reason is told as such", alert_without_reason),
            ("a handshake that drips for ever ends with the timeout", dripping_handshake),
            ("a reply that drips for ever ends with the timeout, and a status is enough", dripping_reply),
            ("a reply without an end is not read to it", endless_reply),
            ("an interim reply is not the answer", interim_reply),
            ("a 400 that says how long it is ends there, and one that is cut off is inconclusive", bounded_reply),
            ("a reply that is no HTTP is inconclusive", not_http),
            ("three connections with one GET each, and no redirect is followed", redirect),
            ("every address is tried, and the worst counts", two_addresses),
            ("an address that refuses counts, and the way around it is named", one_closed_address),
            ("an address is tried once", same_address_twice),
            ("an address without a route is left aside", no_route),
            ("an endpoint may be an address", address_as_endpoint),
            ("a proxy opens the way", through_a_proxy),
            ("a proxy that wants credentials says so, and they are never shown", proxy_credentials),
            ("a proxy that talks nonsense, and one that is not there", broken_proxies),
            ("a proxy that is no HTTP proxy is refused", other_proxies),
            ("NO_PROXY excepts the endpoint", no_proxy),
            ("the advice on proxies holds beside variables in lower case", lower_case_advice),
            ("--resolve and a proxy exclude each other", resolve_and_proxy),
            ("the report as JSON, whole", json),
            ("a failure as JSON, whole", json_failure),
            ("colours on demand", colour),
            ("arguments that make no sense are refused before a connection", arguments),
            ("no key leaves by accident", no_key),
        ],
    )
}

static SERVER_CA: LazyLock<Authority> = LazyLock::new(|| Authority::new("Server CA"));
static CLIENT_CA: LazyLock<Authority> = LazyLock::new(|| Authority::new("Client CA"));

/// A pair of the client CA, and the CA of the server.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("client.crt", CLIENT_CA.issue(&params("Client"), &CLIENT).pem());
    folder.write("client.key", CLIENT.serialize_pem());
    folder.write("ca.crt", &CLIENT_CA.pem);
    folder.write("server-ca.crt", &SERVER_CA.pem);
    folder
}

/// The options of every probe, behind the endpoint's.
const OPTIONS: &str = "--cert client.crt --key client.key --server-ca server-ca.crt";

fn probe_with(folder: &Folder, port: u16, more: &str) -> Output {
    folder.run(&format!("probe localhost:{port} --resolve localhost:{port}:127.0.0.1 {OPTIONS} {more}"))
}

fn probe(port: u16) -> Output {
    probe_with(&folder(), port, "")
}

/// A server with the CA of all servers here.
fn server(wants: Wants<'_>) -> u16 {
    Tls::new(&SERVER_CA, wants).start()
}

/// Exactly this on standard output, with `PORT` for the port, and nothing on standard error.
#[track_caller]
fn shows(output: Output, port: u16, code: i32, stdout: &str) {
    shows_both(output, port, code, "", stdout);
}

#[track_caller]
fn shows_both(output: Output, port: u16, code: i32, stderr: &str, stdout: &str) {
    let replaced = |text: &str| text.replace(&port.to_string(), "PORT");
    assert_eq!((replaced(output.stdout()), replaced(&output.stderr)), (stdout.to_owned(), stderr.to_owned()));
    assert_eq!(output.code, code);
}

const REQUIRED: &str = "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of `CN=Client CA`
  without one             refused, TLS alert certificate_required
  with client.crt         answered, HTTP 200
  with a throw-away one   refused, TLS alert unknown_ca
verdict: required and accepted
  LOOSE: a delegate with this pair connects; one without a pair needs the account's other URL
  STRICT: a delegate with this pair connects; one without a pair is blocked
  help: delegate-mtls inject harness-delegate.yaml --cert client.crt --key client.key --ca ca.crt --endpoint https://localhost:PORT
";

fn required() {
    let port = server(Wants::Required(&CLIENT_CA));
    shows(probe(port), port, 0, REQUIRED);
}

fn optional() {
    let port = server(Wants::Optional(&CLIENT_CA));
    shows(
        probe(port),
        port,
        0,
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of `CN=Client CA`
  without one             answered, HTTP 200
  with client.crt         answered, HTTP 200
  with a throw-away one   refused, TLS alert unknown_ca
verdict: optional and accepted
  LOOSE: a delegate connects, with this pair or without one
  STRICT: a delegate with this pair connects; one without a pair is blocked
  help: delegate-mtls inject harness-delegate.yaml --cert client.crt --key client.key --ca ca.crt --endpoint https://localhost:PORT
",
    );
}

fn not_requested() {
    let port = server(Wants::Nothing);
    shows(
        probe(port),
        port,
        1,
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  no
  without one             answered, HTTP 200
  with client.crt         answered, HTTP 200
  with a throw-away one   answered, HTTP 200
verdict: not requested
  LOOSE: a delegate connects here, but without mTLS
  STRICT: a delegate that connects here is blocked
  help: probe the account's mTLS endpoint, such as https://acme.harness.io:8443, and nothing in front of it that ends TLS; a server that asks later, for one path only, looks the same
",
    );
}

fn rejected() {
    let port = server(Wants::Required(&Authority::new("Other CA")));
    shows(
        probe(port),
        port,
        1,
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of `CN=Other CA`
  without one             refused, TLS alert certificate_required
  with client.crt         refused, TLS alert unknown_ca
  with a throw-away one   refused, TLS alert unknown_ca
  warning: a classic delegate would not send `client.crt` here: none of its issuers is among those that are asked for
verdict: rejected: it does not trust the certificate's issuer (TLS alert unknown_ca)
  LOOSE and STRICT: a delegate with this pair does not connect
  help: compare with the CA that was uploaded to the account: openssl verify -auth_level 2 -purpose sslclient -CAfile ca.crt -untrusted client.crt client.crt
",
    );
}

fn not_verified() {
    let port = server(Wants::Any);
    shows(
        probe(port),
        port,
        1,
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of any issuer
  without one             refused, TLS alert certificate_required
  with client.crt         answered, HTTP 200
  with a throw-away one   answered, HTTP 200
verdict: not verified by the server: it lets in a throw-away certificate as well
  LOOSE: a delegate connects, whatever its certificate
  STRICT: not known: what counts as mTLS behind an endpoint that takes any certificate?
  help: have verification turned on at the endpoint: `ssl_verify_client on` (nginx), `verify required` (HAProxy), `-verify_return_error` (openssl s_server)
",
    );
}

fn control_of_the_same_kind() {
    for (algorithm, scheme) in [
        (&PKCS_RSA_SHA256, &[SignatureScheme::RSA_PSS_SHA256]),
        (&PKCS_ECDSA_P256_SHA256, &[SignatureScheme::ECDSA_NISTP256_SHA256]),
        (&PKCS_ECDSA_P384_SHA384, &[SignatureScheme::ECDSA_NISTP384_SHA384]),
        (&PKCS_ECDSA_P521_SHA512, &[SignatureScheme::ECDSA_NISTP521_SHA512]),
        (&PKCS_ED25519, &[SignatureScheme::ED25519]),
    ] {
        let folder = folder();
        let key = KeyPair::generate_for(algorithm).unwrap();
        folder.write("client.crt", CLIENT_CA.issue(&params("Client"), &key).pem());
        folder.write("client.key", key.serialize_pem());
        let output = probe_with(&folder, server(Wants::AnyBy(scheme)), "").ended_with(1);
        let lines: Vec<&str> = output.stdout().lines().collect();
        let verdict = "verdict: not verified by the server: it lets in a throw-away certificate as well";
        assert!(lines.contains(&verdict), "{scheme:?}: {}", output.stdout());
    }
}

fn no_control() {
    let port = server(Wants::Required(&CLIENT_CA));
    let expected = REQUIRED.replace("  with a throw-away one   refused, TLS alert unknown_ca\n", "").replace(
        "verdict:",
        "  note: there was no control connection, so a server that takes any certificate looks the same\nverdict:",
    );
    shows(probe_with(&folder(), port, "--no-control"), port, 0, &expected);
}

const ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];
const ONLY_13: &[&SupportedProtocolVersion] = &[&TLS13];

fn versions() {
    let verdicts = [
        (Wants::Required(&CLIENT_CA), 0, "required and accepted"),
        (Wants::Optional(&CLIENT_CA), 0, "optional and accepted"),
        (Wants::Nothing, 1, "not requested"),
        (Wants::Required(&SERVER_CA), 1, "rejected: it does not trust the certificate's issuer (TLS alert unknown_ca)"),
        (Wants::Any, 1, "not verified by the server: it lets in a throw-away certificate as well"),
    ];
    for (wants, code, verdict) in verdicts {
        let mut tls = Tls::new(&SERVER_CA, wants);
        for (versions, version) in [(ONLY_12, "1.2"), (ONLY_13, "1.3")] {
            tls.versions = versions;
            let port = tls.start();
            let output = probe(port).ended_with(code);
            let lines: Vec<&str> = output.stdout().lines().collect();
            assert_eq!(lines[0], format!("https://localhost:{port} at 127.0.0.1:{port}, TLS {version}"));
            assert!(lines.contains(&format!("verdict: {verdict}").as_str()), "{}", output.stdout());
        }
    }
}

fn version_1() {
    let folder = Folder::new();
    folder.write("server-ca.crt", &SERVER_CA.pem);
    let only = der_of(&folder.read("client.crt"));
    let port = server(Wants::Exactly(only));
    shows_both(
        probe_with(&folder, port, &format!("--at {AT}")),
        port,
        0,
        "note: client.crt: the certificate is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not \
         [cert-v1]\n",
        &REQUIRED.replace("`CN=Client CA`", "any issuer"),
    );
}

fn mismatch() {
    let folder = folder();
    folder.write("client.key", KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem());
    let port = server(Wants::Required(&CLIENT_CA));
    shows_both(
        probe_with(&folder, port, ""),
        port,
        1,
        "error: client.key: is not the key of `client.crt` [key-mismatch]\n  help: diff <(openssl x509 -in client.crt \
         -noout -pubkey) <(openssl pkey -in client.key -pubout)\n",
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of `CN=Client CA`
  without one             refused, TLS alert certificate_required
  with client.crt         refused, TLS alert decrypt_error
  with a throw-away one   refused, TLS alert unknown_ca
verdict: rejected: the key does not belong to the certificate (TLS alert decrypt_error)
  LOOSE and STRICT: a delegate with this pair does not connect
  help: diff <(openssl x509 -in client.crt -noout -pubkey) <(openssl pkey -in client.key -pubout)
",
    );
}

fn ec_pair() {
    let folder = folder();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    folder.write("client.crt", CLIENT_CA.issue(&params("Client"), &key).pem());
    folder.write("client.key", key.serialize_pem());
    let port = server(Wants::Required(&CLIENT_CA));
    let output = probe_with(&folder, port, "");
    assert!(
        output.stderr.starts_with(
            "error: client.key: is an EC key (P-256), and a classic delegate loads RSA keys only [key-not-rsa]\n"
        ),
        "{}",
        output.stderr
    );
    shows(Output { stderr: String::new(), ..output }, port, 0, REQUIRED);
}

fn unusable_key() {
    let folder = folder();
    for file in ["small.crt", "small.key"] {
        folder.write(file, std::fs::read(crate::binary::root().join("src/identity/testdata").join(file)).unwrap());
    }
    for format in ["human", "json"] {
        let line =
            format!("probe localhost:1 --cert small.crt --key small.key --server-ca server-ca.crt --format {format}");
        let output = folder.run(&format!("{line} --at {AT}"));
        assert!(output.stderr.starts_with("error: small.key: is an RSA key of 1024 bit, and servers refuse fewer"));
        let last = "error: small.key: cannot be presented: TLS signs with RSA keys of 2048 to 8192 bit, EC keys (P-256, \
                    P-384, P-521) and Ed25519 keys\n  help: openssl pkey -in small.key -noout -check\n";
        assert!(output.stderr.ends_with(last), "{}", output.stderr);
        output.refused_with("");
    }
    folder.write("client.key", "");
    folder.run(&format!("probe localhost:1 {OPTIONS}")).refused(
        "error: `client.key`: the file is empty\n  help: --key wants a file that begins with `-----BEGIN PRIVATE \
         KEY-----`\n",
    );
}

fn judged_chain() {
    let folder = folder();
    folder.write("other.crt", Authority::new("Other CA").pem);
    let port = server(Wants::Required(&CLIENT_CA));
    shows(probe_with(&folder, port, "--ca ca.crt"), port, 0, REQUIRED);
    shows_both(
        probe_with(&folder, port, "--ca other.crt"),
        port,
        0,
        "error: client.crt: the certificate is issued by `CN=Client CA`, which is not in `other.crt` (`CN=Other CA`) \
         [issuer-unknown]\n  help: give the certificate of `CN=Client CA` as the CA; if it is an intermediate, append it to \
         `client.crt`\n",
        &REQUIRED.replace("--ca ca.crt", "--ca other.crt"),
    );
}

fn application() {
    let forbidden = b"HTTP/1.1 403 Forbidden\r\n\r\n";
    let port = Tls { bare_reply: forbidden, ..Tls::new(&SERVER_CA, Wants::Optional(&CLIENT_CA)) }.start();
    let expected = REQUIRED
        .replace("refused, TLS alert certificate_required", "answered, HTTP 403")
        .replace("verdict:", "  note: the application behind TLS refuses (HTTP 403), not the TLS server\nverdict:");
    shows(probe(port), port, 0, &expected);
    // nginx' own page instead of an alert, as a server with `error_page` says it
    let page = b"HTTP/1.1 495 x\r\n\r\n";
    let port = Tls { reply: page, bare_reply: page, ..Tls::new(&SERVER_CA, Wants::Optional(&CLIENT_CA)) }.start();
    shows(
        probe(port),
        port,
        1,
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of `CN=Client CA`
  without one             refused, HTTP 495: the certificate is wrong
  with client.crt         refused, HTTP 495: the certificate is wrong
  with a throw-away one   refused, TLS alert unknown_ca
verdict: rejected: it could not verify the certificate (HTTP 495)
  LOOSE and STRICT: a delegate with this pair does not connect
  help: compare with the CA that was uploaded to the account: openssl verify -auth_level 2 -purpose sslclient -CAfile ca.crt -untrusted client.crt client.crt
",
    );
}

/// The report on a server certificate, by its words.
fn server_problem(reason: &str, help: &str) -> String {
    format!(
        "https://localhost:PORT at 127.0.0.1:PORT\nverdict: server certificate problem: {reason}\n  LOOSE and STRICT: a \
         delegate connects only if it trusts this server certificate\n  help: {help}\n"
    )
}

fn with_certificate(params: CertificateParams) -> u16 {
    Tls { params, ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start()
}

fn server_is_ca() {
    let mut params = server_params();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let port = with_certificate(params);
    shows(
        probe(port),
        port,
        2,
        &server_problem(
            "it is marked as a CA (CA:TRUE), not as a server's",
            "have it issued with `basicConstraints = critical,CA:FALSE`; `openssl req -x509` makes CA:TRUE",
        ),
    );
}

const NAME_ITS_CA: &str = "name its CA with `--server-ca FILE`; what the server sends: openssl s_client -connect \
                           localhost:PORT -servername localhost -showcerts </dev/null";

fn unknown_server_ca() {
    let folder = folder();
    folder.write("server-ca.crt", Authority::new("Another").pem);
    let port = server(Wants::Required(&CLIENT_CA));
    let expected = server_problem("it is not issued by a trusted CA", NAME_ITS_CA);
    shows(probe_with(&folder, port, ""), port, 2, &expected);
    folder.write("server-ca.crt", Authority::new("Server CA").pem);
    let expected = server_problem(
        "it is not signed with the key of the trusted CA of that name, or its own RSA key has fewer than 2048 bit",
        NAME_ITS_CA,
    );
    shows(probe_with(&folder, port, ""), port, 2, &expected);
}

fn wrong_host() {
    let folder = folder();
    let port = server(Wants::Required(&CLIENT_CA));
    for (host, help) in [
        ("other.example", "use one of the names that the certificate is for; to test one before DNS has it: --resolve"),
        (
            "eu.acme.agent.harness.io",
            "`*.agent.harness.io` covers one level only: use `https://PREFIX.agent.harness.io` without a dot in PREFIX",
        ),
    ] {
        let output = folder.run(&format!("probe {host}:{port} --resolve {host}:{port}:127.0.0.1 {OPTIONS}"));
        let reason = "it is for `localhost`, `127.0.0.1`, `acme.harness.io`, not for this host";
        let expected = server_problem(reason, help).replace("localhost:PORT", &format!("{host}:PORT"));
        shows(output, port, 2, &expected);
    }
}

fn expired_server() {
    let mut params = server_params();
    params.not_before -= time::Duration::days(1000);
    params.not_after = time::macros::datetime!(2026-01-02 00:00 UTC).min(params.not_before + time::Duration::days(1));
    let date = params.not_after.date();
    let port = with_certificate(params);
    let help = "have the server's certificate renewed; this machine's clock: date -u";
    shows(probe(port), port, 2, &server_problem(&format!("it expired on {date}"), help));
}

fn platform_roots() {
    let folder = folder();
    let port = server(Wants::Required(&CLIENT_CA));
    let line =
        format!("probe localhost:{port} --resolve localhost:{port}:127.0.0.1 --cert client.crt --key client.key");
    let with_roots = |file| run(folder.command(&line).env("SSL_CERT_FILE", folder.path(file)), b"");
    shows(with_roots("server-ca.crt"), port, 0, REQUIRED);
    let expected = server_problem("it is not issued by a trusted CA", NAME_ITS_CA);
    shows(with_roots("ca.crt"), port, 2, &expected);
}

fn no_roots() {
    let folder = folder();
    folder.write("none.pem", "");
    let line = "probe localhost:1 --cert client.crt --key client.key";
    run(folder.command(line).env("SSL_CERT_FILE", folder.path("none.pem")), b"").refused(
        "error: this machine has no trusted CA certificates to verify the server with\n  help: install them (package \
         `ca-certificates`), or name the server's CA with `--server-ca FILE`\n",
    );
}

fn bad_server_ca() {
    let folder = folder();
    let line = "probe localhost:1 --cert client.crt --key client.key --server-ca";
    folder.run(&format!("{line} gone.crt")).refused("error: gone.crt: no such file\n");
    folder.run(&format!("{line} client.key")).refused(
        "error: `client.key`: holds a private key, not a CA certificate\n  help: --server-ca wants the authority that \
         issued the server's certificate\n",
    );
    folder.write("empty.crt", "\n");
    folder.run(&format!("{line} empty.crt")).refused(
        "error: `empty.crt`: the file is empty\n  help: --server-ca wants a file that begins with `-----BEGIN \
         CERTIFICATE-----`\n",
    );
}

/// The report on a server that is none, by its words.
fn cannot_connect(reason: &str, help: &str) -> String {
    format!(
        "https://localhost:PORT at 127.0.0.1:PORT\nverdict: cannot connect: {reason}\n  LOOSE and STRICT: a delegate at \
         this place does not connect\n  help: {help}\n"
    )
}

const LOOK_AT_HANDSHAKE: &str =
    "look at the handshake: openssl s_client -connect localhost:PORT -servername localhost </dev/null";
const WAIT_LONGER: &str = "wait longer with `--timeout 60s`; a firewall that drops the handshake looks the same";
const TLS_PORT: &str = "name the port that speaks TLS: `https://acme.harness.io:8443` has 8443, most others 443";

fn closed_port() {
    let port = closed();
    let help = "look at host and port, and at the firewall on the way; another address of it: --resolve \
                localhost:PORT:ADDRESS";
    shows(probe(port), port, 2, &cannot_connect("connection refused", help));
}

/// What a probe with a timeout of some seconds shows, and that it ends.
#[track_caller]
fn within(port: u16, seconds: u64, code: i32, stdout: &str) {
    let start = Instant::now();
    shows(probe_with(&folder(), port, &format!("--timeout {seconds}s")), port, code, stdout);
    assert!(start.elapsed() < Duration::from_secs(3 * seconds + 10), "{:?}", start.elapsed());
}

fn silent_server() {
    let reason = "the server took the connection and did not answer within 1s";
    within(silent(), 1, 2, &cannot_connect(reason, WAIT_LONGER));
}

fn plain_http() {
    let port = says(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    shows(probe(port), port, 2, &cannot_connect("the server speaks plain HTTP on this port, not TLS", TLS_PORT));
}

fn garbage() {
    let port = says(b"SSH-2.0-OpenSSH_9.2\r\n");
    shows(probe(port), port, 2, &cannot_connect("the server does not speak TLS on this port", TLS_PORT));
}

fn hang_up() {
    let port = says(b"");
    shows(probe(port), port, 2, &cannot_connect("the server hung up during the handshake", LOOK_AT_HANDSHAKE));
}

fn alert_without_reason() {
    let port = says(b"\x15\x03\x03\x00\x02\x02\x28");
    let reason = "the server ended the handshake: it gives no reason (TLS alert handshake_failure)";
    shows(probe(port), port, 2, &cannot_connect(reason, LOOK_AT_HANDSHAKE));
}

fn later_hang_up() {
    let tls = Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA));
    for (allowed, which) in [(1, "the second connection"), (2, "the third connection, with a throw-away certificate,")]
    {
        let port = tls.start_limited(allowed);
        let expected = format!(
            "https://localhost:PORT at 127.0.0.1:PORT\nverdict: inconclusive: {which} failed, after others had not: the \
             server hung up during the handshake\n  LOOSE and STRICT: not known\n  help: probe again after a while: a \
             server may limit connections; `--no-control` makes one less\n"
        );
        shows(probe(port), port, 2, &expected);
    }
}

fn dripping_handshake() {
    // the head of a TLS record of 16 kB, and then its body, byte by byte
    let drip = |mut socket: std::net::TcpStream| {
        let _ = socket.read(&mut [0; 1024]);
        let _ = socket.write_all(b"\x16\x03\x03\x40\x00");
        while socket.write_all(b"\x02").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let port = serve("127.0.0.1:0", drip).port();
    let reason = "the server took the connection and did not answer within 1s";
    within(port, 1, 2, &cannot_connect(reason, WAIT_LONGER));
}

fn dripping_reply() {
    // a page may still turn out to be nginx' refusal
    let page: &[u8] = [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), DRIP].concat().leak();
    let port = Tls { reply: page, ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start();
    within(
        port,
        3,
        2,
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of `CN=Client CA`
  without one             refused, TLS alert certificate_required
  with client.crt         no complete answer in time
  with a throw-away one   refused, TLS alert unknown_ca
verdict: inconclusive: with the certificate, it did not finish its answer in time
  LOOSE and STRICT: not known
  help: look at the handshake: openssl s_client -connect localhost:PORT -servername localhost -cert client.crt -key client.key </dev/null
",
    );
    let page: &[u8] = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), DRIP].concat().leak();
    let port = Tls { reply: page, ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start();
    within(port, 5, 0, REQUIRED);
}

fn endless_reply() {
    let page: &[u8] = [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), &[b'x'; 200_000], DRIP].concat().leak();
    let port = Tls { reply: page, ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start();
    shows(probe(port), port, 0, &REQUIRED.replace("HTTP 200", "HTTP 400"));
}

fn interim_reply() {
    // the reply that counts is a refusal by nginx
    let reply =
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\nThe SSL certificate error";
    let port = Tls { reply, ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start();
    let output = probe(port).ended_with(1);
    let verdict = "\nverdict: rejected: it could not verify the certificate (HTTP 400)\n";
    assert!(output.stdout().contains(verdict), "{}", output.stdout());
}

fn bounded_reply() {
    // the connection stays open for ever
    let page: &[u8] = [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad".as_slice(), DRIP].concat().leak();
    let port = Tls { reply: page, ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start();
    within(port, 3, 0, &REQUIRED.replace("HTTP 200", "HTTP 400"));
    let page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n<html>";
    let port = Tls { reply: page, ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start();
    let output = probe(port).ended_with(2);
    let verdict = "\nverdict: inconclusive: with the certificate, it hung up in the middle of its answer\n";
    assert!(output.stdout().contains(verdict), "{}", output.stdout());
}

fn not_http() {
    let port = Tls { reply: b"220 mail ready\r\n", ..Tls::new(&SERVER_CA, Wants::Required(&CLIENT_CA)) }.start();
    shows(
        probe(port),
        port,
        2,
        "\
https://localhost:PORT at 127.0.0.1:PORT, TLS 1.3
  asks for a certificate  yes, of `CN=Client CA`
  without one             refused, TLS alert certificate_required
  with client.crt         answered, not in HTTP
  with a throw-away one   refused, TLS alert unknown_ca
verdict: inconclusive: with the certificate, it answered with something that is no HTTP
  LOOSE and STRICT: not known
  help: look at the handshake: openssl s_client -connect localhost:PORT -servername localhost -cert client.crt -key client.key </dev/null
",
    );
}

fn redirect() {
    let elsewhere = Tls::new(&SERVER_CA, Wants::Nothing);
    let reply = format!("HTTP/1.1 302 Found\r\nLocation: https://localhost:{}/\r\n\r\n", elsewhere.start());
    let reply: &[u8] = reply.into_bytes().leak();
    let tls = Tls { reply, bare_reply: reply, ..Tls::new(&SERVER_CA, Wants::Nothing) };
    let port = tls.start();
    let output = probe(port).ended_with(1);
    assert!(output.stdout().contains("\n  with client.crt         answered, HTTP 302\n"), "{}", output.stdout());
    let request = format!(
        "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: delegate-mtls/{}\r\nAccept: */*\r\nConnection: \
         close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(*tls.requests.lock().unwrap(), [request.clone(), request.clone(), request]);
    assert!(elsewhere.requests.lock().unwrap().is_empty());
}

/// The table of [`REQUIRED`] alone.
fn required_table() -> &'static str {
    REQUIRED.split_once("verdict").unwrap().0
}

fn two_addresses() {
    let port = server(Wants::Required(&CLIENT_CA));
    Tls::new(&SERVER_CA, Wants::Nothing).start_at(&format!("127.0.0.2:{port}"));
    let expected = format!(
        "\
{}  required and accepted
https://localhost:PORT at 127.0.0.2:PORT, TLS 1.3
  asks for a certificate  no
  without one             answered, HTTP 200
  with client.crt         answered, HTTP 200
  with a throw-away one   answered, HTTP 200
  not requested
verdict: not requested (the worst of its addresses, which differ)
  LOOSE: a delegate connects here, but without mTLS
  STRICT: a delegate that connects here is blocked
  help: probe the account's mTLS endpoint, such as https://acme.harness.io:8443, and nothing in front of it that ends TLS; a server that asks later, for one path only, looks the same
",
        required_table()
    );
    shows(probe_with(&folder(), port, &format!("--resolve localhost:{port}:127.0.0.2")), port, 1, &expected);
}

fn one_closed_address() {
    let port = server(Wants::Required(&CLIENT_CA));
    let expected = format!(
        "\
{}  required and accepted
https://localhost:PORT at 127.0.0.3:PORT
  cannot connect: connection refused
verdict: cannot connect: connection refused (the worst of its addresses, which differ)
  LOOSE and STRICT: a delegate at this place does not connect
  help: probe those alone that answer: --resolve localhost:PORT:127.0.0.1
",
        required_table()
    );
    shows(probe_with(&folder(), port, &format!("--resolve localhost:{port}:127.0.0.3")), port, 2, &expected);
}

fn same_address_twice() {
    let port = server(Wants::Required(&CLIENT_CA));
    shows(probe_with(&folder(), port, &format!("--resolve LOCALHOST:{port}:127.0.0.1")), port, 0, REQUIRED);
}

fn no_route() {
    // a link-local address is on no link without its zone, so there is never a route
    let port = server(Wants::Required(&CLIENT_CA));
    let aside =
        "https://localhost:PORT at [fe80::1]:PORT\n  cannot connect: this machine has no route to it; left aside\n";
    let (table, verdict) = REQUIRED.split_at(required_table().len());
    let expected = format!("{table}  required and accepted\n{aside}{verdict}");
    let folder = folder();
    shows(probe_with(&folder, port, &format!("--resolve localhost:{port}:[fe80::1]")), port, 0, &expected);
    let alone = folder.run(&format!("probe localhost:{port} --resolve localhost:{port}:[fe80::1] {OPTIONS}"));
    let help = "name an address that this machine can reach: --resolve localhost:PORT:ADDRESS";
    let expected = cannot_connect("this machine has no route to it", help).replace("127.0.0.1", "[fe80::1]");
    shows(alone, port, 2, &expected);
}

fn address_as_endpoint() {
    let port = server(Wants::Required(&CLIENT_CA));
    let output = folder().run(&format!("probe https://127.0.0.1:{port}/ {OPTIONS}"));
    shows(output, port, 0, &REQUIRED.replace("https://localhost", "https://127.0.0.1"));
}

const ACME: &str = "probe https://acme.harness.io:8443 --cert client.crt --key client.key --server-ca server-ca.crt";

/// A probe of the README's endpoint, with these variables.
fn proxied(variables: &[(&str, &str)]) -> Output {
    let folder = folder();
    let mut command = folder.command(ACME);
    command.envs(variables.iter().copied());
    run(&mut command, b"")
}

fn through_a_proxy() {
    let port = server(Wants::Required(&CLIENT_CA));
    let at = proxy(None, port);
    let expected = REQUIRED
        .replace("https://localhost:PORT", "https://acme.harness.io:8443")
        .replace("at 127.0.0.1:PORT", "through the proxy http://127.0.0.1:PORT");
    for variable in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        shows(proxied(&[(variable, &format!("http://127.0.0.1:{at}"))]), at, 0, &expected);
    }
}

/// The report on a proxy, by its words.
fn through_no_proxy(reason: &str, help: &str) -> String {
    format!(
        "https://acme.harness.io:8443 through the proxy http://127.0.0.1:PORT\nverdict: cannot connect: the proxy \
         http://127.0.0.1:PORT {reason}\n  LOOSE and STRICT: a delegate at this place does not connect\n  help: {help}\n"
    )
}

fn proxy_credentials() {
    let port = server(Wants::Required(&CLIENT_CA));
    // me:p@ss
    let at = proxy(Some("bWU6cEBzcw=="), port);
    let output = proxied(&[("HTTPS_PROXY", &format!("http://me:p%40ss@127.0.0.1:{at}"))]).ended_with(0);
    assert_eq!(
        output.stdout().lines().next().unwrap().split(' ').nth(4),
        Some(format!("http://127.0.0.1:{at},").as_str())
    );
    let help = "https_proxy=http://USER:PASSWORD@HOST:PORT; percent-encode `@`, `:` and `/` in them";
    let expected = through_no_proxy("refuses: it wants a user and a password (HTTP 407)", help);
    for user in ["", "me:hunter2@"] {
        shows(proxied(&[("HTTPS_PROXY", &format!("http://{user}127.0.0.1:{at}"))]), at, 2, &expected);
    }
}

fn broken_proxies() {
    let way_out = "let the proxy connect to acme.harness.io:8443, or go without it: no_proxy=acme.harness.io";
    for (words, reason) in [
        (b"SSH-2.0-x\r\n\r\n".as_slice(), "refuses: it does not answer in HTTP"),
        (b"HTTP/1.1 200 OK", "refuses: it does not answer in HTTP"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "refuses: it does not connect to the endpoint (HTTP 403)"),
    ] {
        let at = says(words);
        let variable = format!("http://127.0.0.1:{at}");
        shows(proxied(&[("HTTPS_PROXY", &variable)]), at, 2, &through_no_proxy(reason, way_out));
    }
    let at = closed();
    let help = "look at its host and port (env | grep -i _proxy), and whether it runs";
    let expected = through_no_proxy("cannot be reached: connection refused", help);
    shows(proxied(&[("ALL_PROXY", &format!("127.0.0.1:{at}"))]), at, 2, &expected);
    let at = silent();
    let folder = folder();
    let mut command = folder.command(&format!("{ACME} --timeout 1s"));
    command.env("HTTPS_PROXY", format!("http://127.0.0.1:{at}"));
    shows(run(&mut command, b""), at, 2, &through_no_proxy("refuses: it does not answer", way_out));
}

fn other_proxies() {
    for (url, why) in [
        ("https://me:hunter2@proxy:3128", "a connection to the proxy itself over TLS is not supported"),
        ("socks5://me:hunter2@proxy:1080", "SOCKS is not supported"),
        ("http://me:hunter2@proxy", "it has no port from 1 to 65535"),
    ] {
        proxied(&[("HTTPS_PROXY", url)]).refused(&format!(
            "error: `HTTPS_PROXY` names a proxy that cannot be used: {why}\n  help: set it as \
             `http://[user:password@]host:port`, or go without a proxy: `no_proxy=acme.harness.io delegate-mtls probe …`\n"
        ));
    }
}

fn no_proxy() {
    let port = server(Wants::Required(&CLIENT_CA));
    let folder = folder();
    let line = format!("probe localhost:{port} --resolve localhost:{port}:127.0.0.1 {OPTIONS}");
    for excepted in ["localhost", "*", "x, .localhost", &format!("localhost:{port}")] {
        let mut command = folder.command(&line);
        command.env("HTTPS_PROXY", "socks5://proxy:1080").env("NO_PROXY", excepted);
        shows(run(&mut command, b""), port, 0, REQUIRED);
    }
}

fn lower_case_advice() {
    let port = server(Wants::Required(&CLIENT_CA));
    let folder = folder();
    let line = format!("probe localhost:{port} --resolve localhost:{port}:127.0.0.1 {OPTIONS}");
    let with = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&line);
        command.env("https_proxy", "http://127.0.0.1:1").env("no_proxy", "x.y").envs(variables.iter().copied());
        run(&mut command, b"")
    };
    let advice = with(&[]).ended_with(2).stderr;
    let (_, assignment) = advice.split_once("help: go without the proxy: ").unwrap();
    let (name, value) = assignment.split_once(' ').unwrap().0.split_once('=').unwrap();
    shows(with(&[(name, value)]), port, 0, REQUIRED);
}

fn resolve_and_proxy() {
    let folder = folder();
    let mut command = folder.command(&format!("{ACME} --resolve acme.harness.io:8443:127.0.0.1"));
    command.env("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:1");
    run(&mut command, b"").refused(
        "error: `--resolve` has no effect through the proxy http://127.0.0.1:1, which looks names up itself\n  help: go \
         without the proxy: no_proxy=acme.harness.io delegate-mtls probe …\n",
    );
}

fn json() {
    let folder = Folder::new();
    folder.write("server-ca.crt", &SERVER_CA.pem);
    let port = server(Wants::Exactly(der_of(&folder.read("client.crt"))));
    shows(
        probe_with(&folder, port, &format!("--at {AT} --format json")),
        port,
        0,
        r#"{
  "version": 1,
  "endpoint": "https://localhost:PORT",
  "proxy": null,
  "verdict": "required-and-accepted",
  "reason": null,
  "loose": "a delegate with this pair connects; one without a pair needs the account's other URL",
  "strict": "a delegate with this pair connects; one without a pair is blocked",
  "help": "delegate-mtls inject harness-delegate.yaml --cert client.crt --key client.key --ca ca.crt --endpoint https://localhost:PORT",
  "addresses": [
    {
      "address": "127.0.0.1:PORT",
      "verdict": "required-and-accepted",
      "reason": null,
      "counts": true,
      "tls": "1.3",
      "asks": true,
      "requires": true,
      "accepts": true,
      "verifies": true,
      "authorities": [],
      "delegate_sends": true,
      "connections": {
        "without": {
          "sent": false,
          "refused": true,
          "status": null,
          "alert": "certificate_required",
          "text": "refused, TLS alert certificate_required"
        },
        "ours": {
          "sent": true,
          "refused": false,
          "status": 200,
          "alert": null,
          "text": "answered, HTTP 200"
        },
        "control": {
          "sent": true,
          "refused": true,
          "status": null,
          "alert": "unknown_ca",
          "text": "refused, TLS alert unknown_ca"
        }
      },
      "remarks": []
    }
  ],
  "findings": [
    {
      "rule": "cert-v1",
      "severity": "note",
      "place": "client.crt",
      "message": "the certificate is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not",
      "help": null
    }
  ]
}
"#,
    );
}

fn json_failure() {
    let port = closed();
    shows(
        probe_with(&folder(), port, "--format json"),
        port,
        2,
        r#"{
  "version": 1,
  "endpoint": "https://localhost:PORT",
  "proxy": null,
  "verdict": "cannot-connect",
  "reason": "connection refused",
  "loose": "a delegate at this place does not connect",
  "strict": "a delegate at this place does not connect",
  "help": "look at host and port, and at the firewall on the way; another address of it: --resolve localhost:PORT:ADDRESS",
  "addresses": [
    {
      "address": "127.0.0.1:PORT",
      "verdict": "cannot-connect",
      "reason": "connection refused",
      "counts": true,
      "tls": null,
      "asks": null,
      "requires": null,
      "accepts": null,
      "verifies": null,
      "authorities": [],
      "delegate_sends": null,
      "connections": null,
      "remarks": []
    }
  ],
  "findings": []
}
"#,
    );
}

fn colour() {
    let port = server(Wants::Required(&CLIENT_CA));
    let output = probe_with(&folder(), port, "--color always").ended_with(0);
    assert!(
        output.stdout().contains("\n\u{1b}[1m\u{1b}[32mverdict\u{1b}[0m: required and accepted\n"),
        "{}",
        output.stdout()
    );
    let plain = probe_with(&folder(), port, "--format json --color always").ended_with(0);
    assert!(!plain.stdout().contains('\u{1b}'));
}

fn arguments() {
    let folder = folder();
    let refused = |line: &str, stderr: &str| folder.run(line).refused(stderr);
    refused(
        &format!("probe http://acme.harness.io {OPTIONS}"),
        "error: `http://acme.harness.io` is not an mTLS endpoint: the scheme must be https\n  help: give it as \
         `https://acme.harness.io:8443`, without a path\n",
    );
    refused(
        &format!("probe localhost:1 {OPTIONS} --timeout 10"),
        "error: `10` is not a duration\n  help: give a number with a unit: `30d`, `12h`, `5m`, `5s`\n",
    );
    refused(
        &format!("probe localhost:1 {OPTIONS} --timeout 0s"),
        "error: `--timeout 0s` leaves no time to connect\n  help: the default is 10s, for each connection\n",
    );
    refused(
        &format!("probe localhost:1 {OPTIONS} --at noon"),
        "error: `--at noon` is not a time\n  help: give it as RFC 3339 has it, such as 2026-11-30T00:00:00Z\n",
    );
    refused(
        &format!("probe localhost:1 {OPTIONS} --resolve localhost:2:127.0.0.1"),
        "error: `--resolve localhost:2:127.0.0.1` is not for the endpoint, whose host and port are `localhost:1`\n  help: \
         --resolve localhost:1:ADDRESS\n",
    );
    refused(
        &format!("probe localhost:1 {OPTIONS} --resolve localhost:1:there"),
        "error: `--resolve localhost:1:there`: its address is not an IP address\n  help: give host, port and address, such \
         as `acme.harness.io:8443:192.0.2.7` or `acme.harness.io:8443:[2001:db8::7]`\n",
    );
    folder
        .run("probe localhost:1")
        .refused_with("error: the following required arguments were not provided:\n  --cert <FILE>\n  --key <FILE>\n");
    folder.run(&format!("probe localhost:1 {OPTIONS} --format xml")).refused_with("error: invalid value 'xml'");
}

/// Every line of the key's body, looked for in everything that comes out.
fn no_key() {
    let folder = folder();
    let ports = [server(Wants::Required(&CLIENT_CA)), server(Wants::Required(&SERVER_CA)), closed()];
    let key = CLIENT.serialize_pem();
    for port in ports {
        for format in ["human", "json"] {
            let output = probe_with(&folder, port, &format!("--format {format}"));
            for line in key.lines().filter(|line| !line.starts_with("-----")) {
                assert!(!output.stdout().contains(line) && !output.stderr.contains(line));
            }
        }
    }
}
