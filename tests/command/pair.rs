//! The pair, through the binary: what it takes, and each refusal with its exit code and its whole message. The
//! certificates are issued here; `--at` stands still.

use std::fs;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::binary::{Output, root};
use crate::folder::{Folder, case, claims, injected, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "pair",
        &[
            ("a pair issued below its CA is taken without a word", good),
            ("a missing option is named", missing_options),
            ("a missing file, a directory and an empty file each say so", no_file),
            ("every unreadable file is reported at once", every_file),
            ("DER is told from PEM", der),
            ("an encrypted key is refused", encrypted),
            ("swapped files are recognised", swapped),
            ("a key file with two keys is refused", two_keys),
            ("a certificate in the key file is refused", combined),
            ("an EC key is refused for a classic delegate", ec_classic),
            ("an EC key is taken for Delegate 3.x", ec_3x),
            ("an EC key is refused where one of two delegates is classic", ec_both),
            ("PKCS#1 is converted, and it is said", pkcs1),
            ("text around the pair is dropped, and it is said", text_around),
            ("a key that is not the certificate's is refused", mismatch),
            ("another CA is refused", wrong_ca),
            ("a CA of the same name with another key is refused", ca_made_again),
            ("an expired certificate is refused", expired),
            ("a certificate of the future is refused", not_yet_valid),
            ("a certificate that expires soon is a warning", expires_soon),
            ("no-verify skips the chain and nothing else", no_verify),
            ("a bad time is refused", bad_time),
            ("a bad duration is refused", bad_duration),
            ("a refused pair writes nothing", nothing_written),
            ("a key file that is cut off is refused without a word of it", truncated),
            ("a live pair is replaced, and both fingerprints are shown", rotation),
            ("a new certificate for the same key is replaced alone", renewed),
            ("a checksum that a merge key brings is not taken out with its neighbours", merged_checksum),
        ],
    )
}

const NOW: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);

/// The only RSA key that is generated; it costs a second.
pub(crate) static CLIENT: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap());

/// SHA-256 of the first certificate of a PEM text, as OpenSSL prints it.
pub(crate) fn fingerprint(pem: &[u8]) -> String {
    let der = der_of(pem);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
    digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

pub(crate) fn der_of(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).unwrap();
    let body: String = text.lines().skip(1).take_while(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = NOW - Duration::days(100);
    params.not_after = NOW + Duration::days(1000);
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

/// An authority: EC, which costs nothing.
struct Ca {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Ca {
    fn new(name: &str) -> Ca {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Ca { params, key, pem }
    }

    fn issue(&self, params: &CertificateParams, key: &KeyPair) -> String {
        params.signed_by(key, &Issuer::from_params(&self.params, &self.key)).unwrap().pem()
    }
}

/// A folder with a pair that was issued just now.
fn issued(params: &CertificateParams) -> (Folder, Ca) {
    let (folder, ca) = (Folder::new(), Ca::new("Root"));
    folder.write("client.crt", ca.issue(params, &CLIENT));
    folder.write("client.key", CLIENT.serialize_pem());
    folder.write("ca.crt", &ca.pem);
    (folder, ca)
}

/// Puts a pair that was issued just now where the test pair is.
pub(crate) fn write_other_pair(folder: &Folder) {
    let ca = Ca::new("Root");
    folder.write("client.crt", ca.issue(&named("Client"), &CLIENT));
    folder.write("client.key", CLIENT.serialize_pem());
    folder.write("ca.crt", &ca.pem);
}

/// A file of the unit tests that rcgen cannot make.
pub(crate) fn testdata(file: &str) -> Vec<u8> {
    fs::read(root().join("src/identity/testdata").join(file)).unwrap()
}

fn inject(folder: &Folder) -> Output {
    folder.run("inject PAIR TO -q delegate.yaml")
}

fn good() {
    let (folder, _) = issued(&named("Client"));
    let output = inject(&folder).ended_with(0);
    assert_eq!(output.stderr, "");
    let encoded = |file: &str| STANDARD.encode(folder.read(file));
    let expected = fs::read_to_string(root().join("fixtures/inject/no-upgrader/expected.yaml")).unwrap();
    let expected = expected.replace("@CRT@", &encoded("client.crt")).replace("@KEY@", &encoded("client.key"));
    assert_eq!(output.stdout(), expected);
}

fn missing_options() {
    let folder = Folder::new();
    let pair = "give the pair with `--cert client.crt --key client.key --ca ca.crt`, or refer to a Secret with \
                `--existing-secret NAME`";
    let ca = "give the certificate authority that the account's endpoint trusts, or leave the chain unjudged with \
              `--no-verify`";
    for (line, option, help) in [
        ("inject TO delegate.yaml", "cert", pair),
        ("inject TO --key client.key --ca ca.crt delegate.yaml", "cert", pair),
        ("inject TO --cert client.crt --ca ca.crt delegate.yaml", "key", pair),
        ("inject TO --existing-secret x --key client.key delegate.yaml", "cert", pair),
        ("inject TO --cert client.crt --key client.key delegate.yaml", "ca", ca),
        ("diff TO --cert client.crt --key client.key delegate.yaml", "ca", ca),
    ] {
        folder.run(line).refused(&format!("error: `--{option} FILE` is missing\n  help: {help}\n"));
    }
}

fn no_file() {
    let folder = Folder::new();
    fs::create_dir(folder.path("dir")).unwrap();
    folder.write("empty.pem", "\n");
    let base = "inject TO --cert client.crt --key client.key --ca ca.crt delegate.yaml";
    for (option, file) in [("--cert", "client.crt"), ("--key", "client.key"), ("--ca", "ca.crt")] {
        let with = |other: &str| folder.run(&base.replace(&format!("{option} {file}"), &format!("{option} {other}")));
        with("gone.pem").refused("error: gone.pem: no such file\n");
        with("dir").refused(
            "error: dir: is a directory, not a file\n  help: name the files in it, for example `dir/*.yaml`\n",
        );
        let begin = if option == "--key" { "PRIVATE KEY" } else { "CERTIFICATE" };
        with("empty.pem").refused(&format!(
            "error: `empty.pem`: the file is empty\n  help: {option} wants a file that begins with `-----BEGIN \
             {begin}-----`\n"
        ));
    }
}

fn every_file() {
    let folder = Folder::new();
    folder
        .run("inject TO --cert a.crt --key a.key --ca b.crt delegate.yaml")
        .refused("error: a.crt: no such file\nerror: a.key: no such file\nerror: b.crt: no such file\n");
}

fn der() {
    let (folder, ca) = issued(&named("Client"));
    let (cert, key) = (folder.read("client.crt"), folder.read("client.key"));
    folder.write("client.crt", der_of(&cert));
    inject(&folder).refused(
        "error: `client.crt`: is a DER (binary) certificate, not PEM\n  help: openssl x509 -inform DER -in client.crt \
         -out client.pem\n",
    );
    folder.write("client.crt", &cert);
    folder.write("client.key", der_of(&key));
    inject(&folder).refused(
        "error: `client.key`: is a DER (binary) private key, not PEM\n  help: openssl pkcs8 -topk8 -nocrypt -inform DER \
         -in client.key -out client.pkcs8.key\n",
    );
    folder.write("client.key", &key);
    folder.write("ca.crt", der_of(ca.pem.as_bytes()));
    inject(&folder).refused(
        "error: `ca.crt`: is a DER (binary) certificate, not PEM\n  help: openssl x509 -inform DER -in ca.crt -out \
         ca.pem\n",
    );
}

fn encrypted() {
    let folder = Folder::new();
    for file in ["client.encrypted.key", "client.legacy.key"] {
        folder.write("client.key", testdata(file));
        inject(&folder).refused(
            "error: `client.key`: the private key is encrypted, and a delegate has no way to give the password\n  \
             help: openssl pkcs8 -topk8 -nocrypt -in client.key -out client.pkcs8.key\n",
        );
    }
}

fn swapped() {
    let folder = Folder::new();
    folder.run("inject TO --cert client.key --key client.crt --ca ca.crt delegate.yaml").refused(
        "error: `client.key`: holds a private key, and `client.crt` holds the certificate: the two files are swapped\n  \
         help: --cert client.crt --key client.key\n",
    );
}

fn two_keys() {
    let folder = Folder::new();
    folder.write("client.key", [folder.read("client.key"), CLIENT.serialize_pem().into_bytes()].concat());
    inject(&folder).refused(
        "error: `client.key`: holds 2 private keys, and only one can be the certificate's\n  help: leave only the key \
         of the client certificate in the file\n",
    );
}

fn combined() {
    let folder = Folder::new();
    let both = [folder.read("client.crt"), folder.read("client.key")].concat();
    folder.write("both.pem", both);
    folder.run("inject TO --cert client.crt --key both.pem --ca ca.crt delegate.yaml").refused(
        "error: `both.pem`: holds a certificate beside the private key: the delegate's loader takes a key file that \
         holds nothing else\n  help: openssl pkcs8 -topk8 -nocrypt -in both.pem -out both.pkcs8.key\n",
    );
    folder.run("inject TO --cert both.pem --key client.key --ca ca.crt delegate.yaml").refused(
        "error: `both.pem`: holds a private key beside the certificate: it would end up where only certificates \
         belong\n  help: openssl crl2pkcs7 -nocrl -certfile both.pem | openssl pkcs7 -print_certs -out both.new.pem\n",
    );
}

/// A pair whose key is EC.
/// A folder with an EC pair.
pub(crate) fn ec() -> Folder {
    let (folder, ca) = (Folder::new(), Ca::new("Root"));
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    folder.write("client.crt", ca.issue(&named("Client"), &key));
    folder.write("client.key", key.serialize_pem());
    folder.write("ca.crt", &ca.pem);
    folder
}

const EC_REFUSED: &str = "error: client.key: is an EC key (P-256), and a classic delegate loads RSA keys only [key-not-rsa]\n  \
                          help: openssl req -new -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' \
                          -keyout client.rsa.key -out client.csr\n";

fn ec_classic() {
    inject(&ec()).refused(EC_REFUSED);
}

fn ec_3x() {
    let folder = ec();
    folder.write("delegate.yaml", case("delegate-3x/input.yaml"));
    let output = inject(&folder).ended_with(0);
    assert!(output.stdout().contains("HARNESS_CLIENT_KEY_FILE"));
    assert!(output.stdout().contains(&STANDARD.encode(folder.read("client.key"))));
}

fn ec_both() {
    let folder = ec();
    let both = [case("delegate-3x/input.yaml"), b"---\n".to_vec(), plain()].concat();
    folder.write("delegate.yaml", both);
    inject(&folder).refused(EC_REFUSED);
    folder.run("inject PAIR TO -q --delegate acorn-linux delegate.yaml").ended_with(0);
}

fn pkcs1() {
    let folder = Folder::new();
    for file in ["v1.crt", "client.key", "client.pkcs1.key", "ca.crt"] {
        folder.write(file, testdata(file));
    }
    let pkcs1 = folder
        .run("inject --cert v1.crt --key client.pkcs1.key --ca ca.crt --at 2027-01-01T00:00:00Z TO delegate.yaml");
    let pkcs1 = pkcs1.ended_with(0);
    assert!(
        pkcs1.stderr.starts_with("note: `client.pkcs1.key`: converted from PKCS#1 to PKCS#8\n"),
        "{}",
        pkcs1.stderr
    );
    let pkcs8 =
        folder.run("inject --cert v1.crt --key client.key --ca ca.crt --at 2027-01-01T00:00:00Z TO delegate.yaml");
    assert_eq!(pkcs1.stdout, pkcs8.ended_with(0).stdout);
}

fn text_around() {
    let folder = Folder::new();
    let around = |file: &str| {
        let text = String::from_utf8(folder.read(file)).unwrap();
        folder.write(file, format!("Bag Attributes\r\n    friendlyName: x\r\n{}", text.replace('\n', "\r\n")));
    };
    around("client.crt");
    around("client.key");
    let output = folder.run("inject PAIR TO delegate.yaml").ended_with(0);
    assert_eq!(output.stdout, injected());
    let notes = "note: `client.crt`: text around the certificate dropped\nnote: `client.key`: text around the key \
                 dropped\n";
    assert!(output.stderr.starts_with(notes), "{}", output.stderr);
}

fn mismatch() {
    let (folder, ca) = issued(&named("Client"));
    let other = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    folder.write("client.crt", ca.issue(&named("Client"), &other));
    inject(&folder).refused(
        "error: client.key: is an RSA key of 2048 bit, and `client.crt` belongs to an EC key [key-mismatch]\n  help: \
         diff <(openssl x509 -in client.crt -noout -pubkey) <(openssl pkey -in client.key -pubout)\n",
    );
    let quickstart = Folder::new();
    quickstart.write("client.key", CLIENT.serialize_pem());
    let stderr = "error: client.key: is not the key of `client.crt` [key-mismatch]\n  help: diff <(openssl x509 -in \
                  client.crt -noout -pubkey) <(openssl pkey -in client.key -pubout)\n";
    inject(&quickstart).refused_with(stderr);
    // the key has to fit even where the chain is not judged
    quickstart.run("inject PAIR TO --no-verify delegate.yaml").refused_with(stderr);
}

fn wrong_ca() {
    let (folder, _) = issued(&named("Client"));
    folder.write("ca.crt", Ca::new("Other").pem);
    inject(&folder).refused(
        "error: client.crt: the certificate is issued by `CN=Root`, which is not in `ca.crt` (`CN=Other`) \
         [issuer-unknown]\n  help: give the certificate of `CN=Root` as the CA; if it is an intermediate, append it to \
         `client.crt`\n",
    );
}

fn ca_made_again() {
    let (folder, _) = issued(&named("Client"));
    folder.write("ca.crt", Ca::new("Root").pem);
    inject(&folder).refused(
        "error: client.crt: `ca.crt` has the issuer's name but another key: the CA was created again \
         [issuer-other-key]\n  help: openssl x509 -x509toreq -in client.crt -signkey client.key | openssl x509 -req \
         -sha256 -days 365 -CA ca.crt -CAkey ca.key -CAcreateserial -out client.new.crt\n",
    );
}

fn expired() {
    let mut params = named("Client");
    params.not_after = NOW - Duration::days(3);
    let (folder, _) = issued(&params);
    inject(&folder).refused_with("error: client.crt: the certificate expired 3 days ago, on 2026-12-29");
    let ends = "inject --cert client.crt --key client.key --ca ca.crt TO -q delegate.yaml --at";
    folder.run(&format!("{ends} 2026-12-28T23:59:59Z")).ended_with(0);
    folder.run(&format!("{ends} 2026-12-29T00:00:00+05:00")).ended_with(0);
    folder
        .run(&format!("{ends} 2026-12-29T00:00:01Z"))
        .refused_with("error: client.crt: the certificate expired 1 second");
}

fn not_yet_valid() {
    let mut params = named("Client");
    params.not_before = NOW + Duration::days(2);
    let (folder, _) = issued(&params);
    inject(&folder).refused(
        "error: client.crt: the certificate is not valid before 2027-01-03 00:00:00 UTC, in 2 days \
         [cert-not-yet-valid]\n  help: date -u; openssl x509 -in client.crt -noout -subject -dates\n",
    );
}

fn expires_soon() {
    let mut params = named("Client");
    params.not_after = NOW + Duration::days(29);
    let (folder, _) = issued(&params);
    let output = inject(&folder).ended_with(0);
    assert!(
        output.stderr.starts_with("warning: client.crt: the certificate expires in 29 days, on 2027-01-30"),
        "{}",
        output.stderr
    );
    assert!(output.stdout().contains(&STANDARD.encode(folder.read("client.crt"))));
    let output = folder.run("inject PAIR TO -q --expires-within 28d delegate.yaml").ended_with(0);
    assert_eq!(output.stderr, "");
}

fn no_verify() {
    let (folder, _) = issued(&named("Client"));
    let line = "inject --cert client.crt --key client.key TO --at 2027-01-01T00:00:00Z --no-verify delegate.yaml";
    let output = folder.run(line).ended_with(0);
    assert!(
        output.stderr.starts_with(
            "note: client.crt: whether the account's CA issued the certificate was not judged, as asked \
             [chain-not-judged]\n"
        ),
        "{}",
        output.stderr
    );
    folder.run(&line.replace("2027", "2036")).refused_with("error: client.crt: the certificate expired");
}

fn bad_time() {
    let folder = Folder::new();
    for at in ["tomorrow", "2027-01-01", "2027-13-01T00:00:00Z"] {
        folder
            .run(&format!("inject --cert client.crt --key client.key --ca ca.crt TO --at {at} delegate.yaml"))
            .refused(&format!(
                "error: `--at {at}` is not a time\n  help: give it as RFC 3339 has it, such as 2026-11-30T00:00:00Z\n"
            ));
    }
}

fn bad_duration() {
    let folder = Folder::new();
    for duration in ["30", "d", "1h30m", "-1d", "1.5d", "30days", "3w", "99999999999999999999d"] {
        folder.run(&format!("inject PAIR TO --expires-within={duration} delegate.yaml")).refused(&format!(
            "error: `{duration}` is not a duration\n  help: give a number with a unit: `30d`, `12h`, `5m`, `5s`\n"
        ));
    }
    for duration in ["0s", "30d", "12h", "5m", "5s"] {
        folder.run(&format!("inject PAIR TO --expires-within={duration} -q delegate.yaml")).ended_with(0);
    }
}

fn nothing_written() {
    let (folder, _) = issued(&named("Client"));
    folder.write("ca.crt", Ca::new("Other").pem);
    let before = (folder.names(), folder.stamp("delegate.yaml"));
    for line in [
        "inject PAIR TO -i delegate.yaml",
        "inject PAIR TO -o new.yaml delegate.yaml",
        "inject PAIR TO --secret-output secret.yaml delegate.yaml",
        "inject PAIR TO --check delegate.yaml",
        "diff PAIR TO delegate.yaml",
        "inject PAIR TO --existing-secret x delegate.yaml",
    ] {
        folder.run(line).refused_with("error: client.crt: the certificate is issued by `CN=Root`");
        assert_eq!((folder.names(), folder.stamp("delegate.yaml")), before, "{line}");
    }
}

fn truncated() {
    let folder = Folder::new();
    let key = String::from_utf8(folder.read("client.key")).unwrap();
    folder.write("client.key", key.lines().take(9).collect::<Vec<_>>().join("\n"));
    inject(&folder).refused(
        "error: `client.key`: line 1: a private key has no `-----END` line: the file is cut off\n  help: copy the file \
         again from where it was made\n",
    );
}

fn rotation() {
    let (folder, _) = issued(&named("Client"));
    folder.write("delegate.yaml", injected());
    let old = Folder::new().read("client.crt");
    let new = folder.read("client.crt");
    let output = folder.run("inject PAIR TO delegate.yaml").ended_with(0);
    let (old, new) = (fingerprint(&old), fingerprint(&new));
    let diff = format!(
        "-  client.crt: *** (SHA-256 {old}) (before)\n-  client.key: *** (before)\n+  client.crt: *** (SHA-256 {new}) \
         (after)\n+  client.key: *** (after)\n"
    );
    assert!(output.stderr.contains(&diff), "{}", output.stderr);
    let summary = format!(
        "delegate.yaml: acorn (namespace ci-delegates): pair in the Secret `acorn-client-certificate` replaced: {old} \
         (until 2054-04-09) → {new} (until 2029-09-27), annotation `checksum/client-certificate` set, so that the pods \
         restart; no upgrader in the input\n"
    );
    assert!(output.stderr.ends_with(&summary), "{}", output.stderr);
    let encoded = |file: &str| STANDARD.encode(folder.read(file));
    let expected = fs::read_to_string(root().join("fixtures/inject/no-upgrader/expected.yaml")).unwrap();
    let expected = expected.replace("@CRT@", &encoded("client.crt")).replace("@KEY@", &encoded("client.key"));
    let labels = "      labels:\n        harness.io/name: acorn\n    spec:";
    assert_eq!(expected.matches(labels).count(), 1);
    let checksum = checksum(&folder.read("client.crt"));
    let annotated = labels.replace("    spec:", &format!("{checksum}    spec:"));
    assert_eq!(output.stdout(), expected.replace(labels, &annotated));
    // the same pair again changes nothing
    folder.write("delegate.yaml", &output.stdout);
    folder.run("inject PAIR TO --check delegate.yaml").ended_with(0);
}

/// The lines that make pods restart: SHA-256 of the certificate's file.
pub(crate) fn checksum(certificate: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate);
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("      annotations:\n        checksum/client-certificate: \"{hash}\"\n")
}

fn renewed() {
    let (folder, ca) = issued(&named("Client"));
    let first = inject(&folder).ended_with(0).stdout;
    folder.write("delegate.yaml", &first);
    folder.write("client.crt", ca.issue(&named("Client 2"), &CLIENT));
    let output = folder.run("diff PAIR TO delegate.yaml").ended_with(1);
    assert_eq!(output.stdout().lines().filter(|line| line.starts_with(['+', '-'])).count(), 6, "{}", output.stdout());
}

fn merged_checksum() {
    let folder = Folder::new();
    let labels = "      labels:\n        harness.io/name: acorn\n    spec:";
    let annotations = "      labels: &common\n        harness.io/name: acorn\n        checksum/client-certificate: x\n      annotations:\n        <<: *common\n    spec:";
    let manifest = String::from_utf8(injected()).unwrap();
    assert_eq!(manifest.matches(labels).count(), 1);
    folder.write("delegate.yaml", manifest.replace(labels, annotations));
    folder.run("remove --endpoint https://app.harness.io delegate.yaml").refused(
        "error: delegate.yaml:47:9: what has to change comes from a merge key\n  help: write the entries out in this place, \
         then run again\n",
    );
}
