//! Making certificates, through the binary: the files and their modes, what is said, and each refusal whole. The clock
//! is the real one: what is issued is valid from now.

use std::fs;

use libtest_mimic::Trial;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256,
};
use time::{Duration, OffsetDateTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::binary::Output;
use crate::folder::{ENDPOINT, Folder, claims, link, plain};
use crate::pair::{CLIENT, der_of, fingerprint};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "certs",
        &[
            ("ca makes a certificate and a private key, and says what to do with them", ca),
            ("client makes a pair that inject takes without a word", pair),
            ("every client gets a certificate of its own", distinct),
            ("the options say what is issued", options),
            ("out-dir is where the files go, and it has to be there", out_dir),
            ("files that exist are all named, and none is touched", existing),
            ("one file that exists keeps the other from being written", one_existing),
            ("a link to nowhere is a file that exists", dangling),
            ("force overwrites, keeps the mode and warns of a key that others can read", force),
            ("inputs are not overwritten, whatever is forced", spares_inputs),
            ("a request is signed, and no key is written", request),
            ("a request for an EC key is signed with a warning", ec_request),
            ("a request that is none is refused", no_request),
            ("a CA that people have issues as well", other_authorities),
            ("a CA that ends before its client is told of", shortened),
            ("a CA whose files cannot be used is refused", unusable),
            ("what inject would refuse is not written", refused_findings),
            ("files that were written are no failure, even if nobody can be told", report_lost),
            ("every file that cannot be read is named at once", unreadable),
            ("a subject that is none is refused", bad_subject),
            ("days and bits have limits", limits),
        ],
    )
}

/// A folder with a test CA in it.
fn authority() -> Folder {
    let folder = Folder::empty();
    folder.run("certs ca").ended_with(0);
    folder
}

const ISSUE: &str = "certs client --ca ca.crt --ca-key ca.key";

/// What standard output says of a certificate.
fn described(folder: &Folder, file: &str) -> String {
    let pem = folder.read(file);
    let der = der_of(&pem);
    let (_, x509) = X509Certificate::from_der(&der).unwrap();
    let date = |at: x509_parser::time::ASN1Time| {
        let at = at.to_datetime();
        let (year, month, day, hour, minute, second) =
            (at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second());
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    };
    let (from, to) = (date(x509.validity().not_before), date(x509.validity().not_after));
    let subject = x509.subject().to_string();
    format!("{file}\n  subject: {subject}\n  valid: {from} to {to}\n  SHA-256: {}\n", fingerprint(&pem))
}

/// How long a certificate is valid.
fn days(folder: &Folder, file: &str) -> i64 {
    let der = der_of(&folder.read(file));
    let (_, x509) = X509Certificate::from_der(&der).unwrap();
    let validity = x509.validity();
    let seconds = validity.not_after.timestamp() - validity.not_before.timestamp();
    assert_eq!(seconds % 86_400, 0);
    seconds / 86_400
}

fn ca() {
    let folder = Folder::empty();
    let output = folder.run("certs ca").ended_with(0);
    assert_eq!(folder.names(), ["ca.crt", "ca.key"]);
    assert_eq!((folder.mode("ca.key"), folder.mode("ca.crt") & 0o600), (0o600, 0o600));
    assert!(folder.read("ca.key").starts_with(b"-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(days(&folder, "ca.crt"), 9999);
    let stdout = format!("{}ca.key\n", described(&folder, "ca.crt"));
    assert!(stdout.contains("\n  subject: O=Example ORG, CN=CA Cert\n"), "{stdout}");
    output.says(
        &stdout,
        "warning: ca.key: whoever has this key can issue certificates that pass for yours; keep it out of git\n  \
         help: echo /ca.key >> .gitignore\n\
         note: next, issue a client certificate\n  \
         help: delegate-mtls certs client --ca ca.crt --ca-key ca.key\n",
    );
}

fn pair() {
    let folder = authority();
    let output = folder.run(ISSUE).ended_with(0);
    assert_eq!(folder.names(), ["ca.crt", "ca.key", "client.crt", "client.key"]);
    assert_eq!(folder.mode("client.key"), 0o600);
    let stdout = format!("{}client.key\n", described(&folder, "client.crt"));
    assert!(stdout.contains("\n  subject: O=Example ORG, CN=Client\n"), "{stdout}");
    output.says(
        &stdout,
        "note: next, put the pair into the manifest\n  \
         help: delegate-mtls inject MANIFEST --cert client.crt --key client.key --ca ca.crt --endpoint \
         https://NAME.harness.io:8443\n",
    );
    folder.write("delegate.yaml", plain());
    let line = format!("inject --cert client.crt --key client.key --ca ca.crt --endpoint {ENDPOINT} delegate.yaml");
    let injected = folder.run(&line).ended_with(0);
    assert!(!injected.stderr.contains("note: ") && !injected.stderr.contains("warning: "), "{}", injected.stderr);
    assert_eq!(folder.run(&format!("{line} -q")).ended_with(0).stderr, "");
}

fn distinct() {
    let folder = authority();
    let mut seen = Vec::new();
    for _ in 0..3 {
        folder.run(&format!("{ISSUE} --force")).ended_with(0);
        let der = der_of(&folder.read("client.crt"));
        let serial = X509Certificate::from_der(&der).unwrap().1.raw_serial().to_vec();
        seen.push((serial, folder.read("client.key")));
    }
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        assert!(seen[one].0 != seen[other].0 && seen[one].1 != seen[other].1);
    }
}

fn options() {
    let folder = Folder::empty();
    folder.run("certs ca --subject /C=DE/DC=com/DC=example/CN=Root --days 700 --bits 3072").ended_with(0);
    folder.run(&format!("{ISSUE} --subject /OU=b/OU=a/CN=Agent --days 90 --bits 4096")).ended_with(0);
    for (file, subject, size, lifetime) in
        [("ca.crt", "C=DE, DC=com, DC=example, CN=Root", 3072, 700), ("client.crt", "OU=b, OU=a, CN=Agent", 4096, 90)]
    {
        let der = der_of(&folder.read(file));
        let (_, x509) = X509Certificate::from_der(&der).unwrap();
        assert_eq!(x509.subject().to_string(), subject);
        assert_eq!(x509.public_key().parsed().unwrap().key_size(), size);
        assert_eq!(days(&folder, file), lifetime);
    }
}

fn out_dir() {
    let folder = Folder::empty();
    for command in ["ca", "client --ca x.crt --ca-key x.key"] {
        if command != "ca" {
            folder.run("certs ca").ended_with(0);
            fs::rename(folder.path("ca.crt"), folder.path("x.crt")).unwrap();
            fs::rename(folder.path("ca.key"), folder.path("x.key")).unwrap();
        }
        let stem = command.split(' ').next().unwrap();
        folder.run(&format!("certs {command} --out-dir new/dir")).refused(&format!(
            "error: new/dir/{stem}.key: there is no directory `new/dir`\n  help: create it first: `mkdir -p new/dir`\n"
        ));
    }
    fs::create_dir_all(folder.path("new/dir")).unwrap();
    let output = folder.run("certs ca --out-dir new/dir").ended_with(0);
    output.says(
        &format!("{}new/dir/ca.key\n", described(&folder, "new/dir/ca.crt")),
        "warning: new/dir/ca.key: whoever has this key can issue certificates that pass for yours; keep it out of git\n  \
         help: echo /ca.key >> new/dir/.gitignore\n\
         note: next, issue a client certificate\n  \
         help: delegate-mtls certs client --ca new/dir/ca.crt --ca-key new/dir/ca.key\n",
    );
    folder.write("file", "x");
    folder.run("certs ca --out-dir file").refused("error: file/ca.key: cannot be written: not a directory\n");
    assert_eq!(folder.names(), ["file", "new", "x.crt", "x.key"]);
}

const EXIST: &str = "  help: write elsewhere with `--out-dir DIR`, or overwrite with `--force`\n";

fn existing() {
    let folder = authority();
    folder.run(ISSUE).ended_with(0);
    let files = ["ca.crt", "ca.key", "client.crt", "client.key"];
    let before = files.map(|file| folder.stamp(file));
    folder.run("certs ca").refused(&format!("error: ca.key, ca.crt: exist already\n{EXIST}"));
    folder.run(ISSUE).refused(&format!("error: client.key, client.crt: exist already\n{EXIST}"));
    assert_eq!(files.map(|file| folder.stamp(file)), before);
    assert_eq!(folder.names(), files);
}

fn one_existing() {
    let folder = Folder::empty();
    folder.write("ca.crt", "mine");
    folder.run("certs ca").refused(&format!("error: ca.crt: exists already\n{EXIST}"));
    assert_eq!((folder.names(), folder.read("ca.crt")), (vec!["ca.crt".to_owned()], b"mine".to_vec()));
    // all or none, where the second of two cannot be written
    let folder = Folder::empty();
    fs::create_dir(folder.path("ca.crt")).unwrap();
    folder
        .run("certs ca --force")
        .refused("error: ca.crt: is a directory, not a regular file\n  help: write elsewhere with `--out-dir DIR`\n");
    assert_eq!(folder.names(), ["ca.crt"]);
}

fn dangling() {
    let folder = Folder::empty();
    link(&folder, "nowhere", "ca.key");
    folder.run("certs ca").refused(&format!("error: ca.key: exists already\n{EXIST}"));
    folder.run("certs ca --force").refused(
        "error: ca.key: is a symbolic link to `nowhere`, which does not exist\n  help: create the file that the link \
         points to, or name that file itself\n",
    );
    assert_eq!(folder.names(), ["ca.key"]);
}

fn force() {
    let folder = authority();
    let old = (folder.read("ca.crt"), folder.read("ca.key"));
    let quiet = folder.run("certs ca --force").ended_with(0);
    assert!(!quiet.stderr.contains("others than its owner"), "{}", quiet.stderr);
    assert!(folder.read("ca.crt") != old.0 && folder.read("ca.key") != old.1);
    folder.set_mode("ca.key", 0o640);
    let output = folder.run("certs ca --force").ended_with(0);
    assert!(
        output.stderr.starts_with(
            "warning: ca.key: holds a private key, and others than its owner can read it\n  help: chmod go= ca.key\n"
        ),
        "{}",
        output.stderr
    );
    assert_eq!((folder.mode("ca.key"), folder.names().len()), (0o640, 2));
}

fn spares_inputs() {
    let folder = authority();
    let csr = rsa_request();
    for (file, from) in [("client.crt", "ca.crt"), ("client.key", "ca.key")] {
        folder.write(file, folder.read(from));
    }
    let help = "  help: write elsewhere with `--out-dir DIR`\n";
    for (line, file, option) in [
        ("--ca client.crt --ca-key ca.key", "client.crt", "--ca"),
        ("--ca ca.crt --ca-key client.key", "client.key", "--ca-key"),
        ("--ca ./client.crt --ca-key ca.key", "client.crt", "--ca"),
    ] {
        folder
            .run(&format!("certs client {line} --force"))
            .refused(&format!("error: {file}: is the file of `{option}`, and would be overwritten\n{help}"));
    }
    assert_eq!(folder.read("client.key"), folder.read("ca.key"));
    folder.write("client.crt", &csr);
    folder
        .run(&format!("{ISSUE} --csr client.crt --force"))
        .refused(&format!("error: client.crt: is the file of `--csr`, and would be overwritten\n{help}"));
    assert_eq!(folder.read("client.crt"), csr.as_bytes());
    // a request's certificate goes nowhere near `client.key`
    folder.write("client.csr", &csr);
    folder.run("certs client --ca ca.crt --ca-key client.key --csr client.csr --force").ended_with(0);
}

fn request_params() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["agent.example.com".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Asked");
    params
}

fn rsa_request() -> String {
    request_params().serialize_request(&*CLIENT).unwrap().pem().unwrap()
}

fn request() {
    let folder = authority();
    folder.write("client.csr", rsa_request());
    folder.write("client.key", CLIENT.serialize_pem());
    let before = folder.stamp("client.key");
    let output = folder.run(&format!("{ISSUE} --csr client.csr")).ended_with(0);
    assert_eq!(folder.names(), ["ca.crt", "ca.key", "client.crt", "client.csr", "client.key"]);
    assert_eq!(folder.stamp("client.key"), before);
    let stdout = described(&folder, "client.crt");
    assert!(stdout.contains("\n  subject: CN=Asked\n"), "{stdout}");
    output.says(
        &stdout,
        "note: `client.csr`: the extensions it asks for are not taken over: subjectAltName\n\
         note: next, put the pair into the manifest\n  \
         help: delegate-mtls inject MANIFEST --cert client.crt --key KEY --ca ca.crt --endpoint \
         https://NAME.harness.io:8443\n",
    );
    folder.write("delegate.yaml", plain());
    let line = format!("inject -q --cert client.crt --key client.key --ca ca.crt --endpoint {ENDPOINT} delegate.yaml");
    assert_eq!(folder.run(&line).ended_with(0).stderr, "");
    folder.run(&format!("{ISSUE} --csr client.csr --subject /CN=Typed --force")).ended_with(0);
    assert!(described(&folder, "client.crt").contains("\n  subject: CN=Typed\n"));
    folder
        .run(&format!("{ISSUE} --csr client.csr --bits 2048"))
        .refused_with("error: the argument '--csr <FILE>' cannot be used with '--bits <BITS>'\n");
}

fn ec_request() {
    let folder = authority();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = request_params();
    params.subject_alt_names.clear();
    folder.write("client.csr", params.serialize_request(&key).unwrap().pem().unwrap());
    let output = folder.run(&format!("{ISSUE} --csr client.csr")).ended_with(0);
    assert!(
        output.stderr.starts_with(
            "warning: client.csr: is for an EC key of 256 bit, and a classic delegate loads RSA keys only \
             [key-not-rsa]\n  help: for Delegate 3.x it is fine; for a classic delegate, leave `--csr` out\n\
             note: next, put the pair into the manifest\n"
        ),
        "{}",
        output.stderr
    );
}

fn no_request() {
    let folder = authority();
    let ask = |content: &[u8]| {
        folder.write("client.csr", content);
        folder.run(&format!("{ISSUE} --csr client.csr"))
    };
    ask(b"\n").refused(
        "error: `client.csr`: the file is empty\n  help: --csr wants a file that begins with `-----BEGIN CERTIFICATE \
         REQUEST-----`\n",
    );
    ask(&folder.read("ca.key")).refused(
        "error: `client.csr`: holds a private key, not a certificate request (CSR)\n  help: --csr wants what `openssl \
         req -new -key client.key -subj '/O=Example ORG/CN=Client'` writes\n",
    );
    ask(&der_of(rsa_request().as_bytes())).refused(
        "error: `client.csr`: is a DER (binary) certificate request, not PEM\n  help: openssl req -inform DER -in \
         client.csr -out client.pem\n",
    );
    assert_eq!(folder.names(), ["ca.crt", "ca.key", "client.csr"]);
}

/// An authority that is valid around now.
fn made(key: &KeyPair, adjust: impl FnOnce(&mut CertificateParams)) -> Folder {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Root");
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - Duration::HOUR, now + Duration::days(3650));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    adjust(&mut params);
    let folder = Folder::empty();
    folder.write("ca.crt", params.self_signed(key).unwrap().pem());
    folder.write("ca.key", key.serialize_pem());
    folder
}

fn ec() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn other_authorities() {
    let next = "note: next, put the pair into the manifest\n";
    for key in [&ec(), &*CLIENT] {
        // like the documented CA: no key usage
        let folder = made(key, |params| params.use_authority_key_identifier_extension = true);
        let output = folder.run(&format!("{ISSUE} --days 365")).ended_with(0);
        assert!(output.stderr.starts_with(next), "{}", output.stderr);
    }
    let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let folder = made(&rsa, |_| ());
    // PKCS#1 is what follows the algorithm in PKCS#8: 26 bytes for RSA of 2048 bit
    let pkcs1 = &rsa.serialized_der()[26..];
    let pem = pem_rfc7468::encode_string("RSA PRIVATE KEY", pem_rfc7468::LineEnding::LF, pkcs1).unwrap();
    folder.write("ca.key", pem);
    let output = folder.run(&format!("{ISSUE} --days 365")).ended_with(0);
    assert!(output.stderr.starts_with(next), "{}", output.stderr);
}

fn shortened() {
    let folder = Folder::empty();
    folder.run("certs ca --days 100").ended_with(0);
    let output = folder.run(ISSUE).ended_with(0);
    let until = described(&folder, "client.crt");
    let until = until.split(" to ").nth(1).unwrap().lines().next().unwrap();
    let note = format!("note: `client.crt`: valid until {until}, when the CA expires, instead of for 9999 days\n");
    assert!(output.stderr.starts_with(&note), "{}", output.stderr);
    let output = folder.run(&format!("{ISSUE} --days 100 --force")).ended_with(0);
    assert!(output.stderr.starts_with("note: next, "), "{}", output.stderr);
}

/// Refused with exactly this, and nothing came into being.
#[track_caller]
fn refuses(folder: &Folder, stderr: &str) {
    let before = folder.names();
    folder.run(ISSUE).refused(stderr);
    assert_eq!(folder.names(), before);
}

fn unusable() {
    let folder = made(&ec(), |_| ());
    folder.write("ca.key", ec().serialize_pem());
    refuses(
        &folder,
        "error: `ca.key`: is not the key of `ca.crt`\n  help: diff <(openssl x509 -in ca.crt -noout -pubkey) <(openssl \
         pkey -in ca.key -pubout)\n",
    );
    for file in ["client.encrypted.key", "client.legacy.key"] {
        folder.write("ca.key", crate::pair::testdata(file));
        refuses(
            &folder,
            "error: `ca.key`: the private key is encrypted, and there is no way to give the password\n  help: openssl \
             pkcs8 -topk8 -nocrypt -in ca.key -out ca.pkcs8.key\n",
        );
    }
    folder.write("ca.key", crate::pair::testdata("pss.key"));
    refuses(
        &folder,
        "error: `ca.key`: is an RSA-PSS key, which cannot sign here\n  help: delegate-mtls certs ca --out-dir NEW\n",
    );
    folder.write("ca.key", folder.read("ca.crt"));
    refuses(
        &folder,
        "error: `ca.key`: holds a certificate, not a private key\n  help: --ca-key wants the private key of the \
         authority, usually `ca.key`\n",
    );
    folder.write("ca.key", "text");
    refuses(
        &folder,
        "error: `ca.key`: holds no PEM block: there is no `-----BEGIN` line in it\n  help: --ca-key wants a file that \
         begins with `-----BEGIN PRIVATE KEY-----`\n",
    );
    folder.write("ca.crt", ec().serialize_pem());
    refuses(
        &folder,
        "error: `ca.crt`: holds a private key, not a CA certificate\n  help: --ca wants the certificate of the \
         authority, usually `ca.crt`\n",
    );
}

fn refused_findings() {
    let folder = made(&ec(), |params| params.is_ca = IsCa::ExplicitNoCa);
    refuses(
        &folder,
        "error: ca.crt: the CA `CN=Root` issued a certificate without being a CA (CA:TRUE is missing) [issuer-not-ca]\n  \
         help: openssl x509 -in ca.crt -signkey ca.key -clrext -sha256 -days 9999 -extfile <(echo \
         basicConstraints=critical,CA:TRUE) -out ca.new.crt\n",
    );
    let folder = made(&ec(), |params| params.not_after = params.not_before + Duration::seconds(1));
    let output = folder.run(ISSUE);
    output.refused_with("error: ca.crt: the CA `CN=Root` expired 59 minutes ago, on ");
    assert_eq!(folder.names(), ["ca.crt", "ca.key"]);
    // a client below a client
    let folder = authority();
    folder.run(ISSUE).ended_with(0);
    let line = "certs client --ca client.crt --ca-key client.key --subject /CN=x --out-dir new";
    fs::create_dir(folder.path("new")).unwrap();
    let output: Output = folder.run(line);
    output.refused_with("error: client.crt: the CA `O=Example ORG, CN=Client` issued a certificate without being a CA");
    // with its name too, which is not what is wrong
    let output: Output = folder.run(&line.replace(" --subject /CN=x", ""));
    output.refused_with("error: client.crt: the CA `O=Example ORG, CN=Client` issued a certificate without being a CA");
    assert_eq!(fs::read_dir(folder.path("new")).unwrap().count(), 0);
}

fn report_lost() {
    let folder = authority();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = |line: &str| {
        let output = folder.command(line).stdout(full()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let lost = "warning: the files are written, but the report of it is not: no space left on device\n";
    let (code, stderr) = ended(ISSUE);
    assert_eq!(code, Some(0));
    assert!(stderr.starts_with(lost), "{stderr}");
    assert_eq!(folder.names(), ["ca.crt", "ca.key", "client.crt", "client.key"]);
    folder.write("delegate.yaml", crate::folder::plain());
    let line = "inject -i --cert client.crt --key client.key --ca ca.crt TO delegate.yaml";
    let (code, stderr) = ended(line);
    assert_eq!(code, Some(0));
    assert!(stderr.contains(lost), "{stderr}");
    assert_ne!(folder.read("delegate.yaml"), crate::folder::plain());
    // where standard output is the result, nothing was done
    let (code, stderr) = ended(&line.replace("-i ", ""));
    assert_eq!((code, stderr.as_str()), (Some(2), "error: cannot write the output: no space left on device\n"));
}

fn unreadable() {
    let folder = Folder::empty();
    folder
        .run("certs client --ca a.crt --ca-key a.key --csr a.csr")
        .refused("error: a.crt: no such file\nerror: a.key: no such file\nerror: a.csr: no such file\n");
    folder
        .run("certs client")
        .refused_with("error: the following required arguments were not provided:\n  --ca <FILE>\n  --ca-key <FILE>\n");
    folder
        .run("certs")
        .refused_with("Make a test CA or a client pair; show what certificates, keys and Secrets hold\n");
}

fn bad_subject() {
    let folder = Folder::empty();
    for (subject, error) in [
        ("CN=x", "does not begin with `/`\n  help: write it as OpenSSL takes it, such as `/O=Example ORG/CN=Client`\n"),
        ("/CN=", "`CN` has no value\n  help: write it as OpenSSL takes it, such as `/O=Example ORG/CN=Client`\n"),
        ("/C=Germany", "`C` is a country code, which has two letters\n  help: such as `/C=DE` or `/C=US`\n"),
        (
            "/CN=a+OU=b",
            "`+` joins two attributes into one, which is not supported\n  help: write `\\+` where the character is \
             meant, and `/` between attributes\n",
        ),
        (
            "/XY=a",
            "`XY` is not an attribute type that is known here\n  help: the types are C, ST, L, street, postalCode, O, \
             OU, CN, SN, GN, title, serialNumber, emailAddress, DC, UID\n",
        ),
    ] {
        folder.run(&format!("certs ca --subject {subject}")).refused(&format!("error: `--subject`: {error}"));
        folder.run(&format!("{ISSUE} --subject {subject}")).refused(&format!("error: `--subject`: {error}"));
    }
    assert_eq!(folder.names(), [""; 0]);
}

fn limits() {
    let folder = Folder::empty();
    for days in ["0", "1.5", "x", "4294967296"] {
        folder
            .run(&format!("certs ca --days {days}"))
            .refused_with(&format!("error: invalid value '{days}' for '--days <N>'"));
    }
    let output = folder.run("certs ca --days 4294967295");
    let help = output.stderr.split("\n  help: ").nth(1).unwrap().trim().to_owned();
    output.refused_with(
        "error: 4294967295 days from now end after the year 9998, and no certificate can\n  help: --days 29",
    );
    folder
        .run("certs ca --bits 1024")
        .refused_with("error: invalid value '1024' for '--bits <BITS>'\n  [possible values: 2048, 3072, 4096]\n");
    assert_eq!(folder.names(), [""; 0]);
    // the help can be pasted
    folder.run(&format!("certs ca {help}")).ended_with(0);
}
