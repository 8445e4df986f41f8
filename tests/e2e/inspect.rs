//! What `certs inspect` shows of a certificate, beside what OpenSSL shows; and its JSON, beside its schema.

use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::fixtures::{Issued, documented, quickstart};
use crate::programs::{delegate_mtls, jsonschema, openssl};

/// `name=value` lines of OpenSSL.
fn line<'t>(text: &'t str, name: &str) -> &'t str {
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no `{name}` in {text}"))
}

#[test]
fn every_certificate_reads_as_openssl_reads_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/testdata");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "crt") && !file.ends_with("trusted.crt"));
    files.extend(["client.crt", "chain.crt"].map(|file| documented().file(file)));
    assert!(files.len() > 15, "{files:?}");
    for file in files {
        let name = file.to_str().unwrap();
        let run = delegate_mtls(&["certs", "inspect", "--format", "json", name], b"", &folder);
        let report: Value = serde_yaml::from_slice(&run.stdout).unwrap();
        let card = &report["objects"][0];
        let text = |key: &str| card[key].as_str().unwrap().to_owned();
        let asked = "-noout -serial -fingerprint -sha256 -dates -dateopt iso_8601 -subject -issuer -nameopt";
        let mut args = vec!["x509", "-in", name];
        args.extend(asked.split(' ').chain(["sep_comma_plus_space,sname,utf8"]));
        let theirs = openssl(&args, &folder).ended_with(0);
        let theirs = theirs.text();
        assert_eq!(text("serial").replace(':', ""), line(theirs, "serial="), "{name}");
        assert_eq!(text("sha256"), line(theirs, "sha256 Fingerprint="), "{name}");
        assert_eq!(text("subject"), line(theirs, "subject="), "{name}");
        assert_eq!(text("issuer"), line(theirs, "issuer="), "{name}");
        let date = |key: &str| text(key).replace('T', " ");
        assert_eq!((date("not_before"), date("not_after")), dates(theirs), "{name}");
        let full = openssl(&["x509", "-in", name, "-noout", "-text"], &folder).ended_with(0);
        let full = full.text();
        assert!(full.contains(&format!("Version: {} (0x", card["version"].as_u64().unwrap())), "{name}");
        assert!(full.contains(&format!("Signature Algorithm: {}", openssl_name(&text("signature")))), "{name}: {full}");
        if let Some(bits) = card["key"]["bits"].as_u64() {
            assert!(full.contains(&format!("Public-Key: ({bits} bit)")), "{name}");
        }
        assert_eq!(card["ca"] == true, full.contains("CA:TRUE"), "{name}");
        assert_eq!(card["ca"] == false, full.contains("CA:FALSE"), "{name}");
    }
}

fn dates(text: &str) -> (String, String) {
    (line(text, "notBefore=").to_owned(), line(text, "notAfter=").to_owned())
}

fn openssl_name(signature: &str) -> &str {
    if signature.starts_with("RSA-PSS") { "rsassaPss" } else { signature }
}

#[test]
fn the_json_of_everything_follows_the_schema() {
    let issued = Issued::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/testdata");
    issued.run("req -new -newkey rsa:2048 -nodes -subj SUBJECT -addext subjectAltName=DNS:a -keyout a.key -out a.csr");
    issued.run("ecparam -name prime256v1 -out parameters.pem");
    let mut commands: Vec<Vec<String>> = Vec::new();
    let mut everything: Vec<String> = Vec::new();
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.extend(["a.key", "a.csr", "parameters.pem"].map(|file| issued.file(file)));
    for file in files {
        let name = file.to_str().unwrap().to_owned();
        if !name.ends_with(".sh") {
            commands.push(vec![name.clone()]);
            everything.push(name);
        }
    }
    assert!(everything.len() > 30);
    commands.push(everything);
    let injected = delegate_mtls(&documented().inject(), &fs::read(quickstart()).unwrap(), issued.dir()).ended_with(0);
    for (file, from, to) in [("good.yaml", "", ""), ("bad.yaml", "client.key: ", "client.key: '{KEY}' # ")] {
        let text = String::from_utf8(injected.stdout.clone()).unwrap();
        fs::write(issued.file(file), text.replace(from, to)).unwrap();
        commands.push(vec![issued.file(file).to_str().unwrap().to_owned()]);
    }
    let mut documents = Vec::new();
    for (number, files) in commands.iter().enumerate() {
        let mut args = vec!["certs".to_owned(), "inspect".to_owned(), "--format".to_owned(), "json".to_owned()];
        args.extend(files.iter().cloned());
        let run = delegate_mtls(&args, b"", issued.dir());
        assert!(matches!(run.code, Some(0 | 1)), "{files:?}: {}", run.stderr);
        let file = issued.file(&format!("{number}.json"));
        fs::write(&file, &run.stdout).unwrap();
        documents.push(file);
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/inspect.json");
    let judged = jsonschema(&schema, &documents).ended_with(0);
    assert_eq!(judged.text(), format!("{} documents follow the schema\n", documents.len()));

    // without this, a judge that takes everything would prove nothing above
    let good = fs::read_to_string(&documents[0]).unwrap();
    for (from, to) in
        [("\"version\": 1,\n  \"at\"", "\"version\": 2,\n  \"at\""), ("\"place\"", "\"more\": 1, \"place\"")]
    {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        fs::write(issued.file("changed.json"), changed).unwrap();
        jsonschema(&schema, &[issued.file("changed.json")]).ended_with(1);
    }
}
