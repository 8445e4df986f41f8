//! Keys and certificates made by OpenSSL in one scratch folder, each key once. Everything is described by a template:
//! what a case does not mention is as in [`client`] or [`ca`].

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::programs::openssl;

/// A certificate that is to be made.
#[derive(Clone, Copy)]
pub(crate) struct Template<'a> {
    /// As `-subj` takes it.
    pub(crate) subject: &'a str,
    /// `ALGORITHM` or `ALGORITHM-NAME`, such as `p256-root`: see [`Workshop::key`].
    pub(crate) key: &'a str,
    /// One extension a line; none at all makes X.509 version 1.
    pub(crate) extensions: &'a str,
    /// The digest and other signing options of the issuer.
    pub(crate) signing: &'a str,
    /// First and last second, from now on.
    pub(crate) valid: (Duration, Duration),
}

const ALWAYS: (Duration, Duration) = (Duration::days(-30), Duration::days(9999));

/// A client certificate that nobody objects to.
pub(crate) fn client() -> Template<'static> {
    Template {
        subject: "/O=Example ORG/CN=Client",
        key: "rsa2048-client",
        extensions: "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n\
                     subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid",
        signing: "-sha256",
        valid: ALWAYS,
    }
}

/// An authority that nobody objects to.
pub(crate) fn ca<'a>(subject: &'a str, key: &'a str) -> Template<'a> {
    Template {
        subject,
        key,
        extensions: "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n\
                     authorityKeyIdentifier=keyid",
        signing: "-sha256",
        valid: ALWAYS,
    }
}

/// A certificate that was made.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) pem: String,
    /// Its file in the workshop's folder.
    file: String,
    key: String,
    has_identifier: bool,
}

pub(crate) struct Workshop {
    dir: TempDir,
    keys: Mutex<HashSet<String>>,
    serial: AtomicU32,
}

impl Workshop {
    pub(crate) fn open() -> Workshop {
        let workshop =
            Workshop { dir: tempfile::tempdir().unwrap(), keys: Mutex::default(), serial: AtomicU32::new(1) };
        workshop.write("request.cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
        workshop
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.dir().join(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir().join(name)).unwrap()
    }

    /// OpenSSL in the workshop's folder; it has to do what it is told.
    #[track_caller]
    pub(crate) fn openssl(&self, args: &str, more: &[&str]) -> Vec<u8> {
        let args: Vec<&str> = args.split_ascii_whitespace().chain(more.iter().copied()).collect();
        openssl(&args, self.dir()).ended_with(0).stdout
    }

    /// A key in PKCS#8, called by its algorithm, a dash and whose it is: `rsa3072-client`, `p384-other`, `e3-client` for
    /// RSA with that exponent. The same name is the same key, and its file is called so.
    #[track_caller]
    pub(crate) fn key(&self, name: &str) -> String {
        // Held until the key is there, because others may wait for it.
        let mut keys = self.keys.lock().unwrap();
        if keys.insert(name.to_owned()) {
            let algorithm = name.split('-').next().unwrap();
            let kind = match algorithm.find(|c: char| c.is_ascii_digit()).map(|at| algorithm.split_at(at)) {
                Some(("rsa", bits)) => format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}"),
                Some(("rsapss", bits)) => format!("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:{bits}"),
                Some(("p", curve)) => format!("-algorithm EC -pkeyopt ec_paramgen_curve:P-{curve}"),
                Some(("explicit", curve)) => {
                    format!("-algorithm EC -pkeyopt ec_paramgen_curve:P-{curve} -pkeyopt ec_param_enc:explicit")
                }
                Some(("secp", curve)) => format!("-algorithm EC -pkeyopt ec_paramgen_curve:secp{curve}"),
                Some(("e", exponent)) => format!("-algorithm RSA -pkeyopt rsa_keygen_pubexp:{exponent}"),
                Some(("primes", count)) => format!("-algorithm RSA -pkeyopt rsa_keygen_primes:{count}"),
                Some(("ed", _)) => format!("-algorithm {algorithm}"),
                _ => panic!("`{name}` names no algorithm"),
            };
            self.openssl(&format!("genpkey {kind} -out {name}.key"), &[]);
            self.openssl(&format!("pkey -in {name}.key -pubout -out {name}.pub"), &[]);
        }
        String::from_utf8(self.read(&format!("{name}.key"))).unwrap()
    }

    /// Signed by itself.
    #[track_caller]
    pub(crate) fn root(&self, template: Template<'_>) -> Issued {
        self.make(None, template)
    }

    /// Signed by `issuer`, whatever that is.
    #[track_caller]
    pub(crate) fn issue(&self, issuer: &Issued, template: Template<'_>) -> Issued {
        self.make(Some(issuer), template)
    }

    #[track_caller]
    fn make(&self, issuer: Option<&Issued>, template: Template<'_>) -> Issued {
        let Template { subject, key, extensions, signing, valid } = template;
        self.key(key);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let file = format!("{serial}.crt");
        let has_identifier = extensions.contains("subjectKeyIdentifier=");
        // OpenSSL makes no identifier of an issuer that has none.
        let named = issuer.map_or(has_identifier, |issuer| issuer.has_identifier);
        let kept = |line: &&str| named || !line.starts_with("authorityKeyIdentifier=keyid");
        // It would add both on its own.
        let none = [("subjectKeyIdentifier", "2.5.29.14"), ("authorityKeyIdentifier", "2.5.29.35")]
            .into_iter()
            .filter(|(name, id)| !extensions.contains(name) && !extensions.contains(id))
            .map(|(name, _)| format!("{name}=none"));
        let lines: Vec<String> = extensions.lines().filter(kept).map(str::to_owned).chain(none).collect();
        self.write(&format!("{serial}.cnf"), format!("[e]\n{}\n{SECTIONS}", lines.join("\n")));
        let extended =
            if extensions.is_empty() { String::new() } else { format!("-extfile {serial}.cnf -extensions e") };
        if valid == ALWAYS {
            let by = match issuer {
                Some(issuer) => format!("-force_pubkey {key}.pub -CA {} -CAkey {}.key", issuer.file, issuer.key),
                None => format!("-key {key}.key"),
            };
            let args = format!("x509 -new -days 9999 -set_serial {serial} {signing} {extended} {by} -out {file} -subj");
            self.openssl(&args, &[subject]);
        } else {
            // Of OpenSSL 3.0's commands this is the one that takes a first second.
            self.openssl(&format!("req -new -config request.cnf -key {key}.key -out {serial}.csr -subj"), &[subject]);
            let by = match issuer {
                Some(issuer) => format!("-cert {} -keyfile {}.key", issuer.file, issuer.key),
                None => format!("-selfsign -keyfile {key}.key"),
            };
            let digest = signing.trim_start_matches('-');
            self.write(&format!("{serial}.index"), "");
            self.write(&format!("{serial}.next"), format!("{serial:04X}"));
            self.write(
                &format!("{serial}.ca.cnf"),
                format!(
                    "[ca]\ndefault_ca=c\n[c]\ndatabase={serial}.index\nserial={serial}.next\nnew_certs_dir=.\npolicy=p\n\
                     [p]\nO=optional\nCN=optional\n"
                ),
            );
            let (from, until) = (moment(valid.0), moment(valid.1));
            self.openssl(
                &format!(
                    "ca -batch -notext -config {serial}.ca.cnf -md {digest} -preserveDN -startdate {from} -enddate {until} \
                     {extended} {by} -in {serial}.csr -out {file}"
                ),
                &[],
            );
        }
        let pem = String::from_utf8(self.read(&file)).unwrap();
        Issued { pem, file, key: key.to_owned(), has_identifier }
    }
}

/// What extensions may refer to.
const SECTIONS: &str = "[other_org]\nO=Other ORG\n[example_org]\nO=Example ORG\n";

fn moment(from_now: Duration) -> String {
    const FORMAT: &[FormatItem<'_>] = format_description!("[year][month][day][hour][minute][second]Z");
    (OffsetDateTime::now_utc() + from_now).format(FORMAT).unwrap()
}
