//! `certs inspect`: each file `fixtures/inspect/*.console` is a test; a new file is a new one.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;

use crate::binary::root;
use crate::console::{compare, filled};
use crate::folder::{Folder, claims};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = claims(
        "inspect",
        &[
            ("no key material is in anything that is printed", no_key_material),
            ("a terminal's colours are for people only", colours),
            ("more objects than anybody can look through are refused", too_many),
        ],
    );
    let mut consoles: Vec<PathBuf> = fs::read_dir(root().join("fixtures/inspect"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "console"))
        .collect();
    consoles.sort();
    assert!(consoles.len() > 30, "fixtures/inspect has only {} consoles", consoles.len());
    trials.extend(consoles.into_iter().map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Trial::test(format!("inspect: {name}"), move || {
            compare(&path, &folder(), "", |said| said);
            Ok(())
        })
    }));
    trials
}

/// The test pair; `t/`, what rcgen cannot make; and the manifests and requests beside the consoles, with the pair in
/// them.
fn folder() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("t")).unwrap();
    for entry in fs::read_dir(root().join("src/identity/testdata")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        folder.write(&format!("t/{name}"), fs::read(entry.path()).unwrap());
    }
    let pair = [folder.read("client.crt"), folder.read("client.key"), folder.read("ca.crt")];
    folder.write("all.pem", pair.concat());
    let others = [folder.read("t/client.key"), folder.read("t/ec.key")];
    let names = ["CRT", "KEY", "CA", "OTHER KEY", "EC KEY"];
    let files: Vec<(&str, &[u8])> = names.into_iter().zip(pair.iter().chain(&others).map(Vec::as_slice)).collect();
    for entry in fs::read_dir(root().join("fixtures/inspect")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        folder.write(&name, filled(fs::read_to_string(&path).unwrap(), &files));
    }
    folder
}

fn no_key_material() {
    let folder = folder();
    let everything = "client.key t/client.key t/client.pkcs1.key t/ec.key t/small.key all.pem secret.yaml double.yaml";
    for format in ["human", "json"] {
        let output = folder.run(&format!("certs inspect --format {format} {everything}"));
        assert_eq!(output.code, 1, "{}", output.stderr);
        let said = format!("{}{}", output.stdout(), output.stderr);
        for key in ["client.key", "t/client.key", "t/client.pkcs1.key", "t/ec.key", "t/small.key"] {
            let text = String::from_utf8(folder.read(key)).unwrap();
            let bodies = text.lines().filter(|line| line.len() > 20 && !line.starts_with("-----"));
            // no eight characters of the body, as it is or encoded again
            for body in bodies.clone().chain([STANDARD.encode(&text).as_str()]) {
                for piece in body.as_bytes().chunks(12).filter(|piece| piece.len() == 12) {
                    let piece = std::str::from_utf8(piece).unwrap();
                    let is_header = piece.starts_with("MII") || piece.starts_with("LS0tLS1CRUdJ");
                    assert!(is_header || !said.contains(piece), "{key}");
                }
            }
        }
    }
}

fn colours() {
    let folder = Folder::new();
    let escapes = |line: &str| folder.run(line).stdout().contains('\u{1b}');
    assert!(escapes("--color always certs inspect client.crt"));
    assert!(!escapes("--color never certs inspect client.crt"));
    assert!(!escapes("--color always certs inspect --format json client.crt"));
}

fn too_many() {
    let folder = Folder::new();
    folder.write("many.pem", folder.read("ca.crt").repeat(513));
    folder
        .run("certs inspect many.pem")
        .refused("error: more than 512 certificates, keys and requests\n  help: give fewer files\n");
    folder.write("few.pem", folder.read("ca.crt").repeat(512));
    folder.run("certs inspect few.pem").ended_with(0);
}
