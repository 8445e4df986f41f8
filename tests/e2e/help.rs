//! What a help line says is done as a user would, pasted into a shell; then there is nothing left to say of the pair.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use delegate_mtls::finding::{Finding, Severity};
use delegate_mtls::identity::{ChainCheck, Loader, Named, Options, load};
use time::OffsetDateTime;

use crate::pairs::{MADE, Pair};
use crate::programs::bash;

/// Pairs that a command mends where the authority's key lies beside them.
const MENDED: &[&str] = &[
    "EKU serverAuth",
    "KU keyEncipherment",
    "nsCertType server",
    "CA:TRUE",
    "an unknown critical extension",
    "a proxy certificate",
    "no subject",
    "the CA's own name, version 1",
    "expired",
    "a root that is CA:FALSE",
    "a root that may sign lists only",
    "a root for servers",
    "a root with an unknown critical extension",
    "signed with SHA-1",
    "signed by itself",
    "key: PKCS#1",
    "key: bag attributes before",
    "key: with the certificate behind",
    "key: indented with tabs",
    "key: a form feed inside",
    "key: a byte order mark",
    "key: UTF-16 with its mark",
    "key: line ends written out",
    "key: base64 of PEM",
    "key: DER of PKCS#8",
    "key: DER of PKCS#1",
    "cert: on one line",
    "cert: indented",
    "cert: indented after text",
    "cert: a byte order mark",
    "cert: DER",
    "cert: PKCS#7",
    "cert: a trusted certificate",
    "cert: with the key behind",
];

/// The worst that is said of the files in a folder: of the pair, else of the files as they are.
fn worst(folder: &Path, [cert, key, ca]: &[String; 3]) -> Option<Finding> {
    let bytes = [cert, key, ca].map(|name| fs::read(folder.join(name)).unwrap());
    let named = |name, bytes| Named { name, bytes };
    let options = Options {
        now: OffsetDateTime::now_utc(),
        expires_within: std::time::Duration::ZERO,
        chain: ChainCheck::ToAnchor,
    };
    match load(named(cert, &bytes[0]), named(key, &bytes[1]), Some(named(ca, &bytes[2]))) {
        Ok(identity) => {
            let mut findings = identity.judge(&options, Loader::Java);
            findings.extend(identity.as_found(Loader::Java));
            findings.into_iter().find(|finding| finding.severity > Severity::Note)
        }
        Err(error) => Some(error.finding()),
    }
}

fn files(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_help_that_is_a_command_mends_what_it_helps_with() {
    let pairs: Vec<&Pair> = MADE.pairs.iter().filter(|pair| MENDED.contains(&pair.name)).collect();
    assert_eq!(pairs.len(), MENDED.len(), "a name is not a pair's");
    for Pair { name, cert, key, ca } in pairs {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut names = ["client.crt", "client.key", "ca.crt"].map(str::to_owned);
        for (name, bytes) in names.iter().zip([cert, key, ca]) {
            fs::write(folder.join(name), bytes).unwrap();
        }
        fs::write(folder.join("ca.key"), &MADE.authority_key).unwrap();
        let before = files(folder);
        let finding = worst(folder, &names).unwrap_or_else(|| panic!("{name}: nothing is wrong"));
        let help = finding.help.unwrap_or_else(|| panic!("{name}: no help"));
        bash(&help, folder).ended_with(0);
        let place = finding.place.expect("a file");
        let made = files(folder).into_iter().find(|name| !before.contains(name) && !name.ends_with(".srl"));
        let made = made.unwrap_or_else(|| panic!("{name}: `{help}` makes no file"));
        *names.iter_mut().find(|name| **name == place).unwrap() = made;
        assert_eq!(worst(folder, &names), None, "{name}: after `{help}`");
    }
}
