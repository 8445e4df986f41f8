//! Our verdict beside those of OpenSSL, which most servers judge with, and of the delegate's own loader, on pairs made
//! for it. Nothing is expected of a single pair: all verdicts are measured, and every difference is in a list below.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use delegate_mtls::finding::{Finding, Severity};
use delegate_mtls::identity::{ChainCheck, Loader, Named, Options, Role, load};
use time::OffsetDateTime;

use crate::pairs::{MADE, Pair};
use crate::programs::{java_loads, openssl};

/// A pair, and the rule by which we differ.
type Difference = (&'static str, &'static str);

/// Where we refuse what OpenSSL accepts, whoever loads the pair.
const STRICTER_THAN_OPENSSL: &[Difference] = &[
    // Java's servers want digitalSignature of a client, as RFC 5246 §7.4.6 does.
    ("KU keyAgreement", "usage-forbids-client-auth"),
    // Java reads no such certificate.
    ("critical policies malformed", "cert-unreadable"),
    // A way of the nineties to mark an authority, which OpenSSL alone remembers.
    ("a root with nsCertType sslCA alone", "issuer-not-ca"),
    // OpenSSL rounds the strength of a key up to 112 bit.
    ("a CA of RSA 2040", "key-too-small"),
    ("a client of RSA 2040", "key-too-small"),
    // The delegate would carry the authority's own key.
    ("its own authority, version 1", "leaf-is-ca"),
    ("its own authority, CA:TRUE", "leaf-is-ca"),
    // Neither Java nor Go loads such a key.
    ("a client of RSA-PSS", "key-format"),
    ("a client of P-224", "key-format"),
    ("a client of secp256k1", "key-format"),
    ("a client of Ed448", "key-format"),
    ("a client of three primes", "key-format"),
    // A private key where none belongs.
    ("a CA file with its key", "cert-unreadable"),
    ("cert: with the key behind", "cert-unreadable"),
    // OpenSSL looks for the first block of the right kind, and what is in it for what it says it is.
    ("key: two keys", "key-format"),
    ("key: the same key twice", "key-format"),
    ("key: with the certificate behind", "key-format"),
    ("key: with the certificate before", "key-format"),
    ("key: a byte order mark", "key-format"),
    ("key: a zero behind", "key-format"),
    ("key: a byte behind the structure", "key-format"),
    ("key: PKCS#1 called PKCS#8", "key-format"),
    ("key: PKCS#8 called PKCS#1", "key-format"),
    ("cert: a byte order mark", "cert-unreadable"),
    ("cert: a byte behind the structure", "cert-unreadable"),
    // Not PEM.
    ("key: DER of PKCS#8", "key-format"),
    ("key: DER of PKCS#1", "key-format"),
    ("key: PKCS#12", "key-format"),
    ("cert: DER", "cert-unreadable"),
    ("cert: a trusted certificate", "cert-unreadable"),
];

/// Where we refuse it for a classic delegate only.
const STRICTER_FOR_JAVA: &[Difference] = &[
    ("a client of P-256", "key-not-rsa"),
    ("a client of P-384", "key-not-rsa"),
    ("a client of P-521", "key-not-rsa"),
    ("a client of Ed25519", "key-not-rsa"),
    // Java reads no certificate without a name.
    ("no subject", "cert-unreadable"),
    ("no subject, version 1", "cert-unreadable"),
    ("no subject, another name", "cert-unreadable"),
    ("a CA without a name", "cert-unreadable"),
    ("an intermediate without a name", "cert-unreadable"),
];

/// Where OpenSSL refuses what we merely warn of.
const WARNED_OF_ONLY: &[Difference] = &[
    // A clock may be wrong by five minutes, and the certificate was made just now.
    ("not valid for two minutes", "cert-not-yet-valid"),
    // OpenSSL alone takes a common name for a host's.
    ("a common name that is another host", "name-constraint"),
    // These signatures are not computed here, so nothing can be said of who made them.
    ("signed with SHA-512/256", "unverifiable-signature"),
    ("a CA made again, PSS with the longest salt", "unverifiable-signature"),
    ("a CA made again, Ed448", "unverifiable-signature"),
];

/// Where we refuse as a matter of format what the delegate's loader reads all the same.
const STRICTER_THAN_THE_LOADER: &[Difference] = &[
    // Java's blanks include the zero byte.
    ("key: a zero behind", "key-format"),
    ("key: a byte behind the structure", "key-format"),
    // Java tells certificates in other wrappings apart; everybody else who reads the Secret wants PEM.
    ("cert: DER", "cert-unreadable"),
    ("cert: PKCS#7", "cert-unreadable"),
];

/// By these rules a classic delegate cannot load a pair, whatever its certificates are worth.
const FORMAT: [&str; 3] = ["key-format", "key-not-rsa", "key-encrypted"];

/// Accepted, with the rules of the warnings; or refused, with the rule of the first error.
type Verdict = Result<Vec<&'static str>, &'static str>;

/// What everybody said of one pair.
#[derive(Debug)]
struct Row {
    name: &'static str,
    /// Ours: of the files as they are, for a classic delegate; then of the pair, for it and for the others.
    as_found: Verdict,
    java: Verdict,
    go: Verdict,
    /// OpenSSL's, and the delegate's loader's.
    found: Said,
    /// Of what would be injected, where that is something else.
    injected: Option<Said>,
}

impl Row {
    /// Of what would be injected; for a pair that we accept.
    fn injected(&self) -> &Said {
        self.injected.as_ref().unwrap_or(&self.found)
    }
}

/// What others said of two files.
#[derive(Debug)]
struct Said {
    /// Certificate and key.
    files: [PathBuf; 2],
    openssl: Result<(), String>,
    loader: Result<(), String>,
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().find(|finding| finding.severity == Severity::Error) {
        Some(error) => Err(error.rule.id()),
        None => Ok(findings.iter().filter(|f| f.severity == Severity::Warning).map(|f| f.rule.id()).collect()),
    }
}

fn rows() -> Vec<Row> {
    let scratch = tempfile::tempdir().unwrap();
    let pairs: Vec<(usize, &Pair)> = MADE.pairs.iter().enumerate().collect();
    // Behind the making of the certificates, which are valid from then on.
    let now = OffsetDateTime::now_utc();
    let options = Options { now, expires_within: std::time::Duration::ZERO, chain: ChainCheck::ToAnchor };
    let judge = |half: &[(usize, &Pair)]| -> Vec<Row> {
        let mut openssl = OpenSsl { scratch: scratch.path(), keys: HashMap::new() };
        half.iter().map(|(at, pair)| row(*at, pair, &options, &mut openssl)).collect()
    };
    // Most of the time goes into starting OpenSSL.
    let (first, second) = pairs.split_at(pairs.len() / 2);
    let mut rows = std::thread::scope(|scope| {
        let second = scope.spawn(|| judge(second));
        let mut rows = judge(first);
        rows.extend(second.join().unwrap());
        rows
    });
    let said = || rows.iter().flat_map(|row| std::iter::once(&row.found).chain(&row.injected));
    let files: Vec<PathBuf> = said().flat_map(|said| said.files.clone()).collect();
    let mut loaded = java_loads(&files).into_iter();
    for said in rows.iter_mut().flat_map(|row| std::iter::once(&mut row.found).chain(&mut row.injected)) {
        said.loader = loaded.next().unwrap();
    }
    rows
}

/// What we and OpenSSL say of a pair.
fn row(at: usize, pair: &Pair, options: &Options, openssl: &mut OpenSsl<'_>) -> Row {
    let Pair { name, cert, key, ca } = pair;
    let named = |name, bytes| Named { name, bytes };
    let found = openssl.judge(&format!("{at}.found"), cert, key, ca);
    match load(named("client.crt", cert), named("client.key", key), Some(named("ca.crt", ca))) {
        Ok(identity) => {
            let new_cert = identity.certificate_pem().as_bytes();
            let new_key = identity.key_pem().expose().as_bytes();
            let same = new_cert == cert && new_key == key;
            Row {
                name,
                as_found: verdict(&identity.as_found(Loader::Java)),
                java: verdict(&identity.judge(options, Loader::Java)),
                go: verdict(&identity.judge(options, Loader::Go)),
                found,
                injected: (!same).then(|| openssl.judge(&format!("{at}.injected"), new_cert, new_key, ca)),
            }
        }
        Err(error) => {
            let rule = error.finding().rule.id();
            // Nobody but us reads the authority's file on the delegate's side.
            let as_found = if error.role == Role::Ca { Ok(Vec::new()) } else { Err(rule) };
            Row { name, as_found, java: Err(rule), go: Err(rule), found, injected: None }
        }
    }
}

/// OpenSSL, and what it said of a key: most pairs have the same one.
struct OpenSsl<'s> {
    scratch: &'s Path,
    keys: HashMap<Vec<u8>, Result<Vec<u8>, String>>,
}

impl OpenSsl<'_> {
    /// Its judgement of these bytes, as files of this name; the loader's follows.
    fn judge(&mut self, name: &str, cert: &[u8], key: &[u8], ca: &[u8]) -> Said {
        let names = [("crt", cert), ("key", key), ("ca", ca)].map(|(extension, bytes)| {
            let name = format!("{name}.{extension}");
            fs::write(self.scratch.join(&name), bytes).unwrap();
            name
        });
        let [cert, key_file, ca] = &names;
        Said {
            files: [cert, key_file].map(|name| self.scratch.join(name)),
            openssl: self.accepts(cert, (key_file, key), ca),
            loader: Ok(()),
        }
    }

    /// What a server with OpenSSL at today's security level says of the chain, and OpenSSL's client of the key.
    fn accepts(&mut self, cert: &str, (key_file, key): (&str, &[u8]), ca: &str) -> Result<(), String> {
        let run = |args: &str| {
            let args: Vec<&str> = args.split(' ').collect();
            let run = openssl(&args, self.scratch);
            let why = run.stderr.lines().find(|line| line.starts_with("error ")).or(run.stderr.lines().next());
            if run.code == Some(0) { Ok(run.stdout) } else { Err(why.unwrap_or("nothing was said").to_owned()) }
        };
        run(&format!(
            "verify -auth_level 2 -purpose sslclient -no-CApath -no-CAstore -CAfile {ca} -untrusted {cert} {cert}"
        ))?;
        if !self.keys.contains_key(key) {
            let checked = run(&format!("pkey -in {key_file} -passin pass: -noout -check"));
            let public = checked.and_then(|_| run(&format!("pkey -in {key_file} -passin pass: -pubout")));
            self.keys.insert(key.to_vec(), public);
        }
        let of_cert = run(&format!("x509 -in {cert} -noout -pubkey"))?;
        if self.keys[key].clone()? == of_cert { Ok(()) } else { Err("the key is not the certificate's".to_owned()) }
    }
}

#[test]
fn openssl_and_the_delegates_loader_agree_but_for_what_is_listed() {
    let rows = rows();
    let mut wrong = String::new();
    let mut compare = |list: &str, listed: &[Difference], differs: &dyn Fn(&Row) -> Option<&'static str>| {
        let listed: BTreeSet<Difference> = listed.iter().copied().collect();
        let measured: BTreeSet<Difference> = rows.iter().filter_map(|row| Some((row.name, differs(row)?))).collect();
        for difference in measured.symmetric_difference(&listed) {
            let row = rows.iter().find(|row| row.name == difference.0);
            let what = if listed.contains(difference) { "is listed, and not so" } else { "is not listed" };
            wrong.push_str(&format!("{list}: {difference:?} {what}: {row:#?}\n"));
        }
    };
    // Refused by us: the files as they are may be good enough for others. Accepted: what we inject has to be.
    compare("STRICTER_THAN_OPENSSL", STRICTER_THAN_OPENSSL, &|row| {
        row.go.as_ref().err().filter(|_| row.found.openssl.is_ok()).copied()
    });
    compare("STRICTER_FOR_JAVA", STRICTER_FOR_JAVA, &|row| {
        row.java.as_ref().err().filter(|_| row.found.openssl.is_ok() && row.go.is_ok()).copied()
    });
    compare("WARNED_OF_ONLY", WARNED_OF_ONLY, &|row| {
        let warnings = row.java.as_ref().or(row.go.as_ref()).ok()?;
        row.injected().openssl.is_err().then(|| warnings.first().copied().unwrap_or("no warning"))
    });
    compare("STRICTER_THAN_THE_LOADER", STRICTER_THAN_THE_LOADER, &|row| {
        let of_pair = row.java.as_ref().err().filter(|rule| FORMAT.contains(rule) && row.as_found.is_ok());
        row.as_found.as_ref().err().or(of_pair).filter(|_| row.found.loader.is_ok()).copied()
    });
    compare("more lenient than the loader", &[], &|row| {
        let unseen = row.as_found.is_ok() && row.java.is_ok() && row.found.loader.is_err();
        let useless = row.java.is_ok() && row.injected().loader.is_err();
        (unseen || useless).then_some("accepted")
    });
    compare("accepted for a classic delegate only", &[], &|row| {
        row.go.as_ref().err().filter(|_| row.java.is_ok()).copied()
    });
    assert!(wrong.is_empty(), "{wrong}");

    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "two pairs of one name");
    let accepted = rows.iter().filter(|row| row.java.is_ok()).count();
    assert!(accepted > 100 && rows.len() - accepted > 100, "{accepted} of {} accepted", rows.len());
}
