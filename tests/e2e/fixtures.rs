//! What the tests work on: the project's fixtures, pairs made by OpenSSL, and the pair inside a manifest.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize as _;
use serde_yaml::Value;
use tempfile::TempDir;

use crate::programs::openssl;

/// The endpoint that every test moves to unless it says otherwise.
pub(crate) const ENDPOINT: &str = "https://acme.harness.io:8443";

/// A file below `fixtures/`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// A plain download of the usual delegate.
pub(crate) fn quickstart() -> PathBuf {
    fixture("quickstart/harness-delegate.yaml")
}

/// A certificate authority and a client pair by the commands that the vendor's documentation prints. The client
/// certificate is of X.509 version 1, because the extension section is empty.
pub(crate) struct Issued {
    dir: TempDir,
}

impl Issued {
    /// An empty folder.
    pub(crate) fn new() -> Issued {
        Issued { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    /// `command` with the pair and the endpoint as options.
    pub(crate) fn options(&self, command: &str, cert: &str, key: &str) -> Vec<String> {
        let path = |name: &str| self.file(name).to_str().unwrap().to_owned();
        [command, "--endpoint", ENDPOINT, "--cert", &path(cert), "--key", &path(key), "--ca", &path("ca.crt")]
            .map(str::to_owned)
            .to_vec()
    }

    /// `inject` with the documented pair.
    pub(crate) fn inject(&self) -> Vec<String> {
        self.options("inject", "client.crt", "client.key")
    }

    pub(crate) fn run(&self, command: &str) {
        let args: Vec<&str> =
            command.split(' ').map(|arg| if arg == "SUBJECT" { "/O=Example ORG/CN=Client" } else { arg }).collect();
        openssl(&args, self.dir()).ended_with(0);
    }
}

/// The pair of the documentation, made once: `ca.crt`, `client.crt`, `client.key` (PKCS#8), and besides
/// `pkcs1.key` (the same key) and `chain.crt`, `chain.key` (a leaf with the intermediate that issued it).
pub(crate) fn documented() -> &'static Issued {
    static ISSUED: OnceLock<Issued> = OnceLock::new();
    ISSUED.get_or_init(|| {
        let issued = Issued::new();
        let request = "[req]\ndistinguished_name = dn\n[dn]\n[v3_req]\n[v3_ca]\nbasicConstraints = critical, CA:TRUE\n";
        fs::write(issued.file("client.cnf"), request).unwrap();
        issued.run("req -x509 -sha256 -nodes -days 9999 -newkey rsa:2048 -subj /CN=CA -keyout ca.key -out ca.crt");
        issued.run("req -new -newkey rsa:2048 -nodes -subj SUBJECT -keyout client.key -out client.csr");
        issued.run(
            "x509 -req -sha256 -days 9999 -extfile client.cnf -extensions v3_req -in client.csr -CA ca.crt \
             -CAkey ca.key -set_serial 01 -out client.crt",
        );
        issued.run("rsa -traditional -in client.key -out pkcs1.key");
        issued.run("req -new -newkey rsa:2048 -nodes -subj /CN=Middle -keyout middle.key -out middle.csr");
        issued.run(
            "x509 -req -sha256 -days 9999 -extfile client.cnf -extensions v3_ca -in middle.csr -CA ca.crt \
             -CAkey ca.key -set_serial 02 -out middle.crt",
        );
        issued.run("req -new -newkey rsa:2048 -nodes -subj SUBJECT -keyout chain.key -out chain.csr");
        issued.run(
            "x509 -req -sha256 -days 9999 -extfile client.cnf -extensions v3_req -in chain.csr -CA middle.crt \
             -CAkey middle.key -set_serial 03 -out leaf.crt",
        );
        fs::write(issued.file("chain.crt"), [issued.read("leaf.crt"), issued.read("middle.crt")].concat()).unwrap();
        issued
    })
}

/// Every resource of a manifest, the items of a `List` in its place.
#[track_caller]
pub(crate) fn resources(manifest: &[u8]) -> Vec<Value> {
    readable_resources(manifest).expect("YAML")
}

/// The same; an error where the reader of a whole stream cannot read it.
pub(crate) fn readable_resources(manifest: &[u8]) -> Result<Vec<Value>, String> {
    let mut resources = Vec::new();
    for document in serde_yaml::Deserializer::from_slice(manifest) {
        match Value::deserialize(document).map_err(|why| why.to_string())? {
            Value::Null => {}
            list if list["kind"] == "List" => resources.extend(list["items"].as_sequence().unwrap().clone()),
            resource => resources.push(resource),
        }
    }
    Ok(resources)
}

/// The pair out of a manifest's Secret, decoded into two files as the delegate gets them.
pub(crate) struct Injected {
    dir: TempDir,
}

impl Injected {
    /// Panics unless exactly one Secret of the manifest holds a pair.
    #[track_caller]
    pub(crate) fn of(manifest: &[u8]) -> Self {
        let secrets: Vec<Value> = resources(manifest)
            .into_iter()
            .filter(|resource| resource["kind"] == "Secret" && !resource["data"]["client.crt"].is_null())
            .collect();
        let [secret] = secrets.as_slice() else {
            panic!("{} Secrets with a pair in:\n{}", secrets.len(), String::from_utf8_lossy(manifest));
        };
        let dir = tempfile::tempdir().unwrap();
        for name in ["client.crt", "client.key"] {
            let encoded = secret["data"][name].as_str().expect("a string");
            fs::write(dir.path().join(name), STANDARD.decode(encoded).expect("base64")).unwrap();
        }
        Self { dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn cert(&self) -> PathBuf {
        self.dir().join("client.crt")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.dir().join("client.key")
    }
}
