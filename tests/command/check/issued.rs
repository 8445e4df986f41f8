//! The certificates and keys that the fixtures of `check` speak of: the quick start's pair, what lies in the unit tests'
//! data, and what is issued here, anew in every run. All of it is judged as of [`AT`](crate::binary::AT).

use std::fs;
use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::binary::{quickstart, root};
use crate::pair::CLIENT;

const NOW: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);

/// The file's name in a command (`--ca t/root.crt`) or token (`@t/expired.crt@`), and what is in it.
pub(super) fn issued() -> &'static [(&'static str, &'static [u8])] {
    static ALL: LazyLock<Vec<(&str, &[u8])>> = LazyLock::new(|| {
        let mut all: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, file) in [("CRT", "client.crt"), ("KEY", "client.key"), ("CA", "ca.crt")] {
            all.push((name.to_owned(), fs::read(quickstart(file)).unwrap()));
        }
        for entry in fs::read_dir(root().join("src/identity/testdata")).unwrap() {
            let path = entry.unwrap().path();
            all.push((format!("t/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(&path).unwrap()));
        }
        all.extend(made().into_iter().map(|(name, pem)| (format!("t/{name}"), pem.into_bytes())));
        all.into_iter().map(|(name, bytes)| (&*name.leak(), &*bytes.leak())).collect()
    });
    &ALL
}

/// A certificate authority, with an EC key, which costs nothing.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let params = authority(name);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { params, key, pem }
    }

    /// For the client's key.
    fn issue(&self, params: &CertificateParams) -> String {
        params.signed_by(&*CLIENT, &Issuer::from_params(&self.params, &self.key)).unwrap().pem()
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Acorn");
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (NOW - Duration::days(365), NOW + Duration::days(1000));
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn client() -> CertificateParams {
    let mut params = named("Client");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

fn made() -> Vec<(&'static str, String)> {
    let root = Authority::new("Root");
    let mut files = vec![("root.crt", root.pem.clone()), ("good.key", CLIENT.serialize_pem())];
    files.push(("good.crt", root.issue(&client())));
    let mut expired = client();
    expired.not_after = NOW - Duration::days(3);
    files.push(("expired.crt", root.issue(&expired)));
    files
}
