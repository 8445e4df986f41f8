//! The probe against real servers, each with TLS 1.2 and 1.3 and with pairs that are good or bad in their own way. What
//! each cell of a table expects is known of the server (see also `man` of each), not taken from the probe.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_yaml::Value;

use crate::fixtures::{Issued, documented};
use crate::programs::{Run, delegate_mtls, jsonschema};
use crate::servers::{self, Running, free_ports, start};

/// What the probe has to say, and its exit code.
#[derive(Clone, Copy)]
enum Verdict {
    Required,
    Optional,
    NotVerified,
    NotRequested,
    Rejected,
    CannotConnect,
    ServerCertificate,
}

use Verdict::{CannotConnect, NotRequested, NotVerified, Optional, Rejected, Required, ServerCertificate};

impl Verdict {
    fn expected(self) -> (&'static str, i32) {
        match self {
            Required => ("required-and-accepted", 0),
            Optional => ("optional-and-accepted", 0),
            NotVerified => ("not-verified", 1),
            NotRequested => ("not-requested", 1),
            Rejected => ("rejected", 1),
            CannotConnect => ("cannot-connect", 2),
            ServerCertificate => ("server-certificate-problem", 2),
        }
    }
}

/// Pairs beside those of the documentation, by their file names, and the server's certificate. The authority of the
/// pairs is the documentation's.
fn issued() -> &'static Issued {
    static ISSUED: OnceLock<Issued> = OnceLock::new();
    ISSUED.get_or_init(|| {
        let issued = Issued::new();
        for file in ["ca.crt", "ca.key", "client.crt", "client.key", "chain.crt", "chain.key"] {
            fs::write(issued.file(file), documented().read(file)).unwrap();
        }
        let extensions = "[client]\nbasicConstraints = CA:FALSE\nextendedKeyUsage = clientAuth\n\
                          [server]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = DNS:localhost\n\
                          extendedKeyUsage = serverAuth\n[none]\n[req]\ndistinguished_name = dn\n[dn]\n";
        fs::write(issued.file("x.cnf"), extensions).unwrap();
        let authority = |name: &str, subject: &str| {
            issued.run(&format!(
                "req -x509 -sha256 -nodes -days 99 -newkey rsa:2048 -subj {subject} -keyout {name}.key -out {name}.crt"
            ));
        };
        authority("server-ca", "/CN=Servers");
        authority("other-ca", "/CN=Other");
        authority("again-ca", "/CN=CA");
        authority("self-signed", "/CN=localhost");
        issued.run("req -new -newkey rsa:2048 -nodes -subj SUBJECT -keyout pair.key -out pair.csr");
        let sign = |name: &str, ca: &str, section: &str, days: &str| {
            issued.run(&format!(
                "x509 -req -sha256 -days {days} -extfile x.cnf -extensions {section} -in pair.csr -CA {ca}.crt -CAkey \
                 {ca}.key -set_serial 7 -out {name}.crt"
            ));
            fs::copy(issued.file("pair.key"), issued.file(&format!("{name}.key"))).unwrap();
        };
        sign("v3", "ca", "client", "99");
        sign("other", "other-ca", "client", "99");
        sign("again", "again-ca", "none", "99");
        sign("expired", "ca", "client", "-1");
        sign("usage", "ca", "server", "99");
        sign("server", "server-ca", "server", "99");
        sign("server-v1", "server-ca", "none", "99");
        issued.run(
            "x509 -req -sha1 -days 99 -extfile x.cnf -extensions server -in pair.csr -CA server-ca.crt -CAkey \
             server-ca.key -set_serial 8 -out server-sha1.crt",
        );
        fs::copy(issued.file("pair.key"), issued.file("server-sha1.key")).unwrap();
        issued.run("req -new -newkey rsa:1024 -nodes -subj /CN=localhost -keyout server-small.key -out small.csr");
        issued.run(
            "x509 -req -sha256 -days 99 -extfile x.cnf -extensions server -in small.csr -CA server-ca.crt -CAkey \
             server-ca.key -set_serial 9 -out server-small.crt",
        );
        sign("mismatch", "ca", "client", "99");
        fs::copy(issued.file("client.key"), issued.file("mismatch.key")).unwrap();
        let both = [issued.read("server.crt"), issued.read("server.key")].concat();
        fs::write(issued.file("server.pem"), both).unwrap();
        issued
    })
}

fn path(file: &str) -> String {
    issued().file(file).to_str().unwrap().to_owned()
}

/// The probe of `localhost:port` with a pair; `more` are further arguments.
fn probe(port: u16, pair: &str, more: &[&str]) -> Run {
    let resolve = format!("localhost:{port}:127.0.0.1");
    let (endpoint, cert, key) = (format!("localhost:{port}"), format!("{pair}.crt"), format!("{pair}.key"));
    let mut args =
        vec!["probe", &endpoint, "--resolve", &resolve, "--cert", &cert, "--key", &key, "--server-ca", "server-ca.crt"];
    args.extend(more);
    delegate_mtls(&args, b"", issued().dir())
}

/// The reports of one test, which have to follow the schema.
struct Reports {
    dir: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Reports {
    fn new() -> Reports {
        Reports { dir: tempfile::tempdir().unwrap(), files: Vec::new() }
    }

    /// Probes, and compares with what is expected; `what` names the cell.
    #[track_caller]
    fn expect(&mut self, what: &str, port: u16, pair: &str, expected: Verdict) -> Value {
        let run = probe(port, pair, &["--format", "json", "--timeout", "5s"]);
        let report: Value = serde_yaml::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{what}: {}", run.stderr));
        let (verdict, code) = expected.expected();
        let found = (report["verdict"].as_str().unwrap(), run.code);
        assert_eq!(found, (verdict, Some(code)), "{what} with {pair}: {}", run.text());
        let file = self.dir.path().join(format!("{}.json", self.files.len()));
        fs::write(&file, &run.stdout).unwrap();
        self.files.push(file);
        report
    }

    /// A table for a server that speaks TLS 1.2 on its first port and 1.3 on the second one.
    #[track_caller]
    fn expect_all(&mut self, what: &str, ports: &[u16], table: &[(&str, Verdict)]) {
        for (port, version) in ports.iter().zip(["1.2", "1.3"]) {
            for (pair, verdict) in table {
                let report = self.expect(&format!("{what}, TLS {version}"), *port, pair, *verdict);
                assert_eq!(report["addresses"][0]["tls"], Value::from(version));
            }
        }
    }

    /// All of them follow the schema, and there are as many as the tables have cells.
    #[track_caller]
    fn follow_the_schema(&self, count: usize) {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/probe.json");
        let run = jsonschema(&schema, &self.files).ended_with(0);
        assert_eq!(run.text(), format!("{count} documents follow the schema\n"));
    }
}

fn nginx(directives: &[&str]) -> Running {
    let [cert, key, ca] = ["server.crt", "server.key", "ca.crt"].map(|file| issued().file(file));
    servers::nginx(&cert, &key, &ca, directives)
}

#[test]
fn nginx_is_judged_by_what_it_does() {
    let nginx = nginx(&[
        "ssl_verify_client on;",
        "ssl_verify_client optional;",
        "ssl_verify_client optional_no_ca;",
        "ssl_verify_client off;",
        "ssl_verify_client optional; if ($ssl_client_verify != SUCCESS) { return 403; }",
        "ssl_verify_client optional_no_ca; if ($ssl_client_verify != SUCCESS) { return 403; }",
    ]);
    let ports: Vec<&[u16]> = nginx.ports.chunks(2).collect();
    let mut reports = Reports::new();
    let required = [
        ("v3", Required),
        ("client", Required),
        ("chain", Required),
        ("other", Rejected),
        ("again", Rejected),
        ("expired", Rejected),
        ("usage", Rejected),
        ("mismatch", Rejected),
    ];
    reports.expect_all("nginx on", ports[0], &required);
    let optional =
        [("v3", Optional), ("client", Optional), ("other", Rejected), ("expired", Rejected), ("mismatch", Rejected)];
    reports.expect_all("nginx optional", ports[1], &optional);
    // it takes whatever it cannot lead to a CA, and still looks at the dates
    let unverified = [("v3", NotVerified), ("other", NotVerified), ("expired", Rejected)];
    reports.expect_all("nginx optional_no_ca", ports[2], &unverified);
    reports.expect_all("nginx off", ports[3], &[("v3", NotRequested), ("other", NotRequested)]);
    // the refusal is the application's: in the second one everything without a good certificate looks alike
    let enforced = [("v3", Required), ("client", Required), ("other", Rejected), ("expired", Rejected)];
    reports.expect_all("nginx optional, 403", ports[4], &enforced);
    let enforced = [("v3", Required), ("client", Required), ("other", NotVerified), ("expired", Rejected)];
    reports.expect_all("nginx optional_no_ca, 403", ports[5], &enforced);
    let plain = reports.expect("nginx without TLS", ports[6][0], "v3", CannotConnect);
    assert_eq!(plain["reason"], Value::from("the server speaks plain HTTP on this port, not TLS"));
    reports.follow_the_schema(2 * 26 + 1);
}

#[test]
fn a_pair_that_nginx_does_not_ask_for_would_not_be_sent_by_a_delegate() {
    let nginx = nginx(&["ssl_verify_client on;"]);
    let mut reports = Reports::new();
    for port in &nginx.ports[..2] {
        let sends = |report: &Value| report["addresses"][0]["delegate_sends"].clone();
        let right = reports.expect("nginx on", *port, "client", Required);
        assert_eq!(sends(&right), Value::from(true));
        assert_eq!(right["addresses"][0]["authorities"][0], Value::from("CN=CA"));
        assert_eq!(sends(&reports.expect("nginx on", *port, "chain", Required)), Value::from(true));
        assert_eq!(sends(&reports.expect("nginx on", *port, "other", Rejected)), Value::from(false));
        let warning = "  warning: a classic delegate would not send `other.crt` here: none of its issuers is among those \
                       that are asked for\n";
        let human = probe(*port, "other", &[]).ended_with(1);
        assert!(human.text().contains(warning), "{}", human.text());
    }
    reports.follow_the_schema(6);
}

#[test]
fn an_endpoint_that_verifies_more_than_it_asks_for_is_of_no_use_to_a_delegate() {
    let [cert, key, asked] = ["server.crt", "server.key", "other-ca.crt"].map(|file| issued().file(file));
    let trusted = format!("ssl_trusted_certificate {};", path("ca.crt"));
    let modes = ["on", "optional"].map(|mode| format!("ssl_verify_client {mode}; {trusted}"));
    let nginx = servers::nginx(&cert, &key, &asked, &modes.each_ref().map(String::as_str));
    let mut reports = Reports::new();
    let withheld = "a classic delegate does not connect: it would not send this certificate";
    let without = "a classic delegate connects, but without mTLS: it would not send this certificate";
    for (ports, verdict, loose) in [(&nginx.ports[..2], Required, withheld), (&nginx.ports[2..4], Optional, without)] {
        for port in ports {
            let report = reports.expect("nginx with ssl_trusted_certificate", *port, "v3", verdict);
            assert_eq!((&report["loose"], &report["strict"]), (&Value::from(loose), &Value::from(withheld)));
            let help = "have the issuer of `v3.crt` added to those that the endpoint asks for: `ssl_client_certificate` \
                        (nginx), `ca-file` (HAProxy)";
            assert_eq!(report["help"], Value::from(help));
        }
    }
    reports.follow_the_schema(4);
}

/// `openssl s_server` with a certificate of its own and options for the client's.
fn s_server(version: &str, server: &str, options: &[&str]) -> Running {
    start("openssl", 1, |_, ports| {
        let accept = format!("127.0.0.1:{}", ports[0]);
        let (cert, key, ca) = (path(&format!("{server}.crt")), path(&format!("{server}.key")), path("ca.crt"));
        let fixed = ["s_server", version, "-accept", &accept, "-cert", &cert, "-key", &key, "-CAfile", &ca, "-www"];
        fixed.iter().chain(options).map(|word| (*word).to_owned()).collect()
    })
}

#[test]
fn openssl_is_judged_by_what_it_does() {
    let mut reports = Reports::new();
    let mut cells = 0;
    let mut table = |what: &str, options: &[&str], table: &[(&str, Verdict)]| {
        let both = ["-tls1_2", "-tls1_3"].map(|version| s_server(version, "server", options));
        reports.expect_all(what, &[both[0].ports[0], both[1].ports[0]], table);
        cells += 2 * table.len();
    };
    let required = [
        ("v3", Required),
        ("client", Required),
        ("other", Rejected),
        ("again", Rejected),
        ("expired", Rejected),
        ("usage", Rejected),
        ("mismatch", Rejected),
    ];
    table("s_server -Verify -verify_return_error", &["-Verify", "1", "-verify_return_error"], &required);
    // it complains in its log, and goes on
    table(
        "s_server -Verify",
        &["-Verify", "1"],
        &[("v3", NotVerified), ("other", NotVerified), ("mismatch", Rejected)],
    );
    // the throw-away certificate has to get through to show that
    let rsa_only = ["-Verify", "1", "-client_sigalgs", "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"];
    table("s_server -Verify -client_sigalgs", &rsa_only, &[("v3", NotVerified), ("other", NotVerified)]);
    let optional = [("v3", Optional), ("client", Optional), ("other", Rejected)];
    table("s_server -verify -verify_return_error", &["-verify", "1", "-verify_return_error"], &optional);
    table("s_server", &[], &[("v3", NotRequested)]);
    reports.follow_the_schema(cells);
}

#[test]
fn the_alert_of_openssl_is_told_in_words() {
    for version in ["-tls1_2", "-tls1_3"] {
        let server = s_server(version, "server", &["-Verify", "1", "-verify_return_error"]);
        for (pair, reason) in [
            ("other", "it does not trust the certificate's issuer (TLS alert unknown_ca)"),
            ("expired", "the certificate is expired or not valid yet (TLS alert certificate_expired)"),
            ("usage", "the certificate is not meant for this purpose (TLS alert unsupported_certificate)"),
            ("mismatch", "the key does not belong to the certificate (TLS alert decrypt_error)"),
        ] {
            let run = probe(server.ports[0], pair, &[]).ended_with(1);
            assert!(run.text().contains(&format!("\nverdict: rejected: {reason}\n")), "{}", run.text());
        }
    }
}

#[test]
fn a_server_certificate_that_is_no_servers_is_a_problem_of_the_servers() {
    let mut reports = Reports::new();
    for version in ["-tls1_2", "-tls1_3"] {
        for (certificate, reason) in [
            // what `openssl req -x509` makes
            ("self-signed", "it is marked as a CA (CA:TRUE), not as a server's"),
            ("server-v1", "it is X.509 version 1, which names no host"),
            ("server-sha1", "it is signed in a way that is not trusted any more, such as by SHA-1"),
            (
                "server-small",
                "it is not signed with the key of the trusted CA of that name, or its own RSA key has fewer than 2048 bit",
            ),
        ] {
            let options = ["-Verify", "1", "-verify_return_error", "-cipher", "DEFAULT@SECLEVEL=0"];
            let server = s_server(version, certificate, &options);
            let report = reports.expect(certificate, server.ports[0], "v3", ServerCertificate);
            assert_eq!(report["reason"], Value::from(reason));
        }
    }
    reports.follow_the_schema(8);
}

#[test]
fn a_server_of_another_age_is_named_as_such() {
    let server = s_server("-tls1_1", "server", &["-cipher", "DEFAULT@SECLEVEL=0"]);
    let mut reports = Reports::new();
    let report = reports.expect("TLS 1.1", server.ports[0], "v3", CannotConnect);
    assert_eq!(report["reason"], Value::from("the server speaks neither TLS 1.2 nor 1.3"));
    reports.follow_the_schema(1);
}

/// HAProxy with a server for every mode, in TLS 1.2 and in 1.3.
fn haproxy(modes: &[&str]) -> Running {
    start("haproxy", 2 * modes.len(), |dir, ports| {
        let mut config =
            "defaults\nmode http\ntimeout connect 5s\ntimeout client 5s\ntimeout server 5s\nfrontend all\n".to_owned();
        for (mode, ports) in modes.iter().zip(ports.chunks(2)) {
            for (port, version) in ports.iter().zip(["TLSv1.2", "TLSv1.3"]) {
                config += &format!(
                    "bind 127.0.0.1:{port} ssl crt {} ca-file {} verify {mode} ssl-min-ver {version} ssl-max-ver {version}\n",
                    path("server.pem"),
                    path("ca.crt")
                );
            }
        }
        config += "http-request return status 200 content-type text/plain string ok\n";
        let file = dir.join("haproxy.cfg");
        fs::write(&file, config).unwrap();
        ["-db", "-f", file.to_str().unwrap()].map(str::to_owned).to_vec()
    })
}

#[test]
fn haproxy_is_judged_by_what_it_does() {
    let haproxy = haproxy(&["required", "optional", "none"]);
    let ports: Vec<&[u16]> = haproxy.ports.chunks(2).collect();
    let mut reports = Reports::new();
    let required = [
        ("v3", Required),
        ("client", Required),
        ("chain", Required),
        ("other", Rejected),
        ("again", Rejected),
        ("expired", Rejected),
        ("usage", Rejected),
        ("mismatch", Rejected),
    ];
    reports.expect_all("haproxy required", ports[0], &required);
    reports.expect_all("haproxy optional", ports[1], &[("v3", Optional), ("other", Rejected)]);
    reports.expect_all("haproxy none", ports[2], &[("v3", NotRequested)]);
    reports.follow_the_schema(2 * 11);
}

#[test]
fn what_is_no_server_cannot_be_connected_to() {
    let mut reports = Reports::new();
    let closed = reports.expect("a closed port", free_ports(1)[0], "v3", CannotConnect);
    assert_eq!(closed["reason"], Value::from("connection refused"));
    // the kernel takes the connection, and nobody ever looks at it
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = reports.expect("a silent server", listener.local_addr().unwrap().port(), "v3", CannotConnect);
    assert_eq!(silent["reason"], Value::from("the server took the connection and did not answer within 5s"));
    reports.follow_the_schema(2);
}

/// Without this, a judge that takes everything would prove nothing above.
#[test]
fn the_schema_refuses_what_it_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/probe.json");
    let report = probe(free_ports(1)[0], "v3", &["--format", "json"]).ended_with(2);
    let file = dir.path().join("report.json");
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"cannot-connect\"", "\"cannot connect\""),
        ("\"counts\": true", "\"counts\": true, \"more\": 1"),
        ("\"remarks\": []", "\"remarks\": [], \"connections\": {}"),
    ] {
        let changed = report.text().replace(from, to);
        assert_ne!(changed, report.text(), "{from}");
        fs::write(&file, changed).unwrap();
        jsonschema(&schema, std::slice::from_ref(&file)).ended_with(1);
    }
}
