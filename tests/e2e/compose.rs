//! docker-compose files before and after, as docker-compose itself reads them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::fixtures::{ENDPOINT, fixture};
use crate::programs::{Run, delegate_mtls, docker_compose_config};

/// The folders of `fixtures/inject` whose input is a docker-compose file.
fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(fixture("inject"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|case| is_compose(&case.join("input.yaml")))
        .collect();
    cases.sort();
    assert!(cases.len() > 5, "{cases:?}");
    cases
}

/// Whether a fixture is a docker-compose file.
pub(crate) fn is_compose(input: &Path) -> bool {
    let text = fs::read_to_string(input).unwrap();
    serde_yaml::from_str::<Value>(&text).is_ok_and(|value| value.get("services").is_some())
}

/// What docker-compose makes of a file whose folder is `folder`.
fn config(file: &[u8], folder: &Path) -> Result<Value, String> {
    let scratch = tempfile::NamedTempFile::new().unwrap();
    fs::write(scratch.path(), file).unwrap();
    let Run { code, stdout, stderr, .. } = docker_compose_config(scratch.path(), folder);
    if code == Some(0) { Ok(serde_yaml::from_slice(&stdout).unwrap()) } else { Err(stderr) }
}

fn inject(case: &Path, input: &[u8]) -> Vec<u8> {
    let args = fs::read_to_string(case.join("args")).unwrap_or_else(|_| format!("--endpoint\n{ENDPOINT}\n"));
    let pair = ["client.crt", "client.key", "ca.crt"].map(|file| format!("../../quickstart/{file}"));
    let mut words = vec!["inject", "--at", "2027-01-01T00:00:00Z"];
    for (option, file) in ["--cert", "--key", "--ca"].into_iter().zip(&pair) {
        words.extend([option, file]);
    }
    words.extend(args.lines());
    delegate_mtls(&words, input, case).ended_with(0).stdout
}

#[test]
fn docker_compose_reads_the_variables_and_mounts_that_were_put_in() {
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        println!("{name}");
        let input = fs::read(case.join("input.yaml")).unwrap();
        let after = config(&inject(&case, &input), &case).unwrap_or_else(|why| panic!("{name} after: {why}"));
        let before = config(&input, &case);
        if name == "compose-null-volumes" {
            // docker-compose 1 takes no null for a list; newer ones do
            println!("{name} before: {before:?}");
            continue;
        }
        let before = before.unwrap_or_else(|why| panic!("{name} before: {why}"));
        let services = |config: &Value| config["services"].as_mapping().unwrap().clone();
        assert_eq!(services(&before).len(), services(&after).len(), "{name}");
        let mut moved = 0;
        for (title, service) in services(&after) {
            let old = &before["services"][&title];
            if *old == service {
                continue;
            }
            moved += 1;
            let environment = service["environment"].as_mapping().unwrap();
            let newer = environment.contains_key("HARNESS_ACCOUNT_ID");
            let (certificate, key) = if newer {
                ("HARNESS_CLIENT_CERT_FILE", "HARNESS_CLIENT_KEY_FILE")
            } else {
                assert_eq!(environment["GRPC_AUTHORITY_MODIFICATION_DISABLED"], "true", "{name}");
                ("DELEGATE_CLIENT_CERTIFICATE_PATH", "DELEGATE_CLIENT_CERTIFICATE_KEY_PATH")
            };
            for (variable, path) in [(certificate, "/etc/mtls/client.crt"), (key, "/etc/mtls/client.key")] {
                assert_eq!(environment[variable], path, "{name}");
                let source = source_of(&service, path).unwrap_or_else(|| panic!("{name}: nothing is at {path}"));
                let file = Path::new(path).file_name().unwrap();
                let same = fs::canonicalize(&source).ok() == fs::canonicalize(fixture("quickstart").join(file)).ok();
                assert!(same, "{name}: {path} is {source}");
            }
            // nothing else changed
            let mut rest = service.as_mapping().unwrap().clone();
            let mut old = old.as_mapping().unwrap().clone();
            for key in ["environment", "volumes"] {
                rest.shift_remove(key);
                old.shift_remove(key);
            }
            assert_eq!(rest, old, "{name}");
        }
        assert!(moved > 0, "{name}: nothing moved");
    }
}

/// The path on the host of a file in the container.
fn source_of(service: &Value, path: &str) -> Option<String> {
    service["volumes"].as_sequence().unwrap().iter().find_map(|volume| {
        let (source, target, read_only) = match volume {
            Value::String(short) => {
                let mut parts = short.split(':');
                (parts.next().unwrap(), parts.next().unwrap(), parts.next() == Some("ro"))
            }
            long => {
                let text = |key: &str| long[key].as_str().unwrap_or_default();
                (text("source"), text("target"), long["read_only"].as_bool() == Some(true))
            }
        };
        let rest = path.strip_prefix(target.trim_end_matches('/')).filter(|_| read_only)?;
        Some(format!("{source}{rest}"))
    })
}

/// Without this, a program that takes everything would prove nothing above.
#[test]
fn docker_compose_refuses_what_compose_files_cannot_say() {
    let folder = fixture("inject/compose-map");
    let input = fs::read_to_string(folder.join("input.yaml")).unwrap();
    config(input.as_bytes(), &folder).unwrap();
    for wrong in [
        input.replacen("NEXT_GEN: \"true\"", "NEXT_GEN: true", 1),
        input.replacen("environment:", "enviroment:", 1),
        input.replacen("    deploy:", "    volumes: [client.crt:/etc/mtls/client.crt:ro]\n    deploy:", 1),
    ] {
        assert_ne!(wrong, input);
        config(wrong.as_bytes(), &folder).unwrap_err();
    }
}
