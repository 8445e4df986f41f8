//! The Secret elsewhere: `--existing-secret` refers to one, `--secret-output` writes it to a file of its own.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;

use crate::binary::root;
use crate::folder::{Folder, case, claims, injected, link, only, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "secrets",
        &[
            ("an existing Secret needs no pair, and no key comes into the manifest", existing),
            ("a pair that is given with an existing Secret is judged", existing_judged),
            ("a name that no Secret can have is refused", existing_bad_name),
            ("an existing Secret overrides the volume's", existing_overrides),
            ("what a controller or SOPS looks after is neither filled nor removed", kept),
            ("a new Secret file is private and holds the pair", output_new),
            ("the same pair again leaves the Secret file alone", output_again),
            ("another pair replaces the Secret, and the mode stays", output_replaced),
            ("a Secret file that others can read is a warning", output_readable),
            ("anything else in the Secret file is refused", output_other),
            ("several delegates become one file of several documents", output_several),
            ("the Secret file goes with every destination", output_destinations),
            ("a Secret that is in the input moves into the file", output_in_stream),
            ("a Secret that another workload mounts moves out too, if its name stays", output_shared),
            ("a Secret without the pair does not stand beside the one in the file", output_beside_empty),
            ("a manifest that fails leaves the Secret file alone", output_manifest_fails),
            ("check and diff write no Secret file", output_check),
            ("a Secret file in no directory is refused before the manifest is written", output_nowhere),
            ("the Secret file may not be the input", output_is_input),
            ("the Secret file may not be the manifest's own output", output_is_output),
            ("no file of the pair is written over", output_is_key),
            ("quiet has no summary of the Secret file", output_quiet),
        ],
    )
}

fn existing() {
    let folder = Folder::new();
    let output = folder.run("inject --existing-secret fleet-mtls TO delegate.yaml").ended_with(0);
    let expected = String::from_utf8(case("no-upgrader/expected.yaml")).unwrap();
    let (before, rest) = expected.split_once("apiVersion: v1\nkind: Secret\nmetadata:\n  name: acorn-client").unwrap();
    let (_, after) = rest.split_once("---\n\n").unwrap();
    let expected = format!("{before}{after}").replace("acorn-client-certificate", "fleet-mtls");
    assert_eq!(output.stdout(), expected);
    assert!(
        output.stderr.ends_with(
            "delegate.yaml: acorn (namespace ci-delegates): 3 variables, 1 mount and 1 volume added, 1 URL moved from \
             https://app.harness.io to https://acme.harness.io:8443; no upgrader in the input; the pair is taken from \
             the Secret `fleet-mtls`, which must exist\n"
        ),
        "{}",
        output.stderr
    );
    let again = folder.pipe("inject --existing-secret fleet-mtls TO -q", &output.stdout).ended_with(0);
    again.says(&expected, "");
    // given, the pair is judged, and stays out all the same
    let judged = folder.run("inject PAIR --existing-secret fleet-mtls TO -q delegate.yaml").ended_with(0);
    judged.says(&expected, "");
}

fn existing_judged() {
    let folder = Folder::new();
    folder.write("client.key", "no key");
    folder.run("inject PAIR --existing-secret x TO delegate.yaml").refused(
        "error: `client.key`: holds no PEM block: there is no `-----BEGIN` line in it\n  help: --key wants a file that \
         begins with `-----BEGIN PRIVATE KEY-----`\n",
    );
}

fn existing_bad_name() {
    let folder = Folder::new();
    let long = "a".repeat(254);
    for name in ["Fleet", "a_b", "-a", "a-", "a..b", ".", "a/b", "ä", long.as_str()] {
        folder.run(&format!("inject --existing-secret={name} TO delegate.yaml")).refused(&format!(
            "error: `{name}` cannot be the name of a Secret\n  help: a name has lower-case letters, digits, `-` and \
             `.`, at most 253 of them\n"
        ));
    }
    for name in ["a", "fleet.mtls-2", "253"] {
        folder.run(&format!("inject --existing-secret={name} TO -q delegate.yaml")).ended_with(0);
    }
}

fn kept() {
    let folder = Folder::new();
    for (kind, stays, why) in [
        (
            "sealed",
            "the SealedSecret `acorn-client-certificate` stays: it is not ours to remove",
            "is made of this SealedSecret, and not written here",
        ),
        (
            "external",
            "the ExternalSecret `acorn-client-certificate` stays: it is not ours to remove",
            "is made of this ExternalSecret, and not written here",
        ),
        (
            "sops",
            "the Secret `acorn-client-certificate` stays: it is encrypted by SOPS",
            "is encrypted by SOPS, and not filled in",
        ),
    ] {
        let manifest = case(&format!("existing-{kind}-secret/expected.yaml"));
        for line in ["inject --existing-secret new TO ", "remove --endpoint https://app.harness.io"] {
            let output = folder.pipe(line, &manifest).ended_with(0);
            assert!(output.stderr.ends_with(&format!("; {stays}\n")), "{}", output.stderr);
        }
        // the one that is referred to is spoken of already
        let same = folder.pipe("inject --existing-secret acorn-client-certificate TO ", &manifest).ended_with(0);
        assert!(!same.stderr.contains(" stays"), "{}", same.stderr);
        folder.pipe("inject PAIR TO -q --secret-output new.yaml", &manifest).refused(&format!(
            "error: <stdin>:1:1: the Secret `acorn-client-certificate` {why}\n  help: refer to it as it is with \
             `--existing-secret acorn-client-certificate`\n"
        ));
        assert!(!folder.names().contains(&"new.yaml".to_owned()));
    }
}

fn existing_overrides() {
    let folder = Folder::new();
    let first = folder.run("inject --existing-secret old TO -q delegate.yaml").ended_with(0);
    let second = folder.pipe("inject --existing-secret new TO -q", &first.stdout).ended_with(0);
    assert_eq!(second.stdout(), first.stdout().replace("secretName: old", "secretName: new"));
    // a pair in the manifest goes out of it
    let third = folder.pipe("inject --existing-secret new TO ", &injected()).ended_with(0);
    assert_eq!(third.stdout(), second.stdout());
    assert!(
        third.stderr.ends_with(
            "<stdin>: acorn (namespace ci-delegates): Secret `acorn-client-certificate` removed, 1 volume added; no \
             upgrader in the input; the pair is taken from the Secret `new`, which must exist; a key that was ever \
             committed stays in the history: issue a new pair\n"
        ),
        "{}",
        third.stderr
    );
}

fn output_shared() {
    let pod = "---\nkind: Deployment\nmetadata:\n  name: watcher\n  namespace: ci-delegates\nspec:\n  template:\n    \
               spec:\n      containers: [{name: a}]\n      volumes:\n      - name: pair\n        secret:\n          \
               secretName: acorn-client-certificate\n";
    let manifest = String::from_utf8(injected()).unwrap() + pod;
    let folder = Folder::new();
    for options in ["PAIR --secret-output secret.yaml", "--existing-secret acorn-client-certificate"] {
        let output = folder.pipe(&format!("inject {options} TO "), manifest.as_bytes()).ended_with(0);
        assert!(!output.stdout().contains("client.key: "), "{options}: the key stays");
        assert!(output.stdout().ends_with(pod));
        let removed = ": acorn (namespace ci-delegates): Secret `acorn-client-certificate` removed";
        assert!(output.stderr.contains(removed), "{}", output.stderr);
    }
    assert_eq!(folder.read("secret.yaml"), secret(&folder).into_bytes());
    // under another name it would not find the pair any more
    let output = folder.pipe("inject --existing-secret new TO ", manifest.as_bytes()).ended_with(0);
    assert!(output.stdout().contains("client.key: "));
    let stays = "; the Secret `acorn-client-certificate` stays, because another workload mounts it\n";
    assert!(output.stderr.ends_with(stays), "{}", output.stderr);
}

fn output_beside_empty() {
    let folder = Folder::new();
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: acorn-client-certificate\n  namespace: \
                  ci-delegates\n";
    let (plain, line) = (String::from_utf8(plain()).unwrap(), "inject PAIR TO -q --secret-output secret.yaml");
    let at = plain.lines().count() + 2;
    for data in ["", "data: {}\n", "data:\n"] {
        folder.pipe(line, format!("{plain}{secret}{data}").as_bytes()).refused(&format!(
            "error: <stdin>:{at}:1: the Secret `acorn-client-certificate` stands here without the pair, and would take it \
             from the one in the file\n  help: take it out, then run again with `--secret-output`\n"
        ));
    }
    folder.pipe(line, format!("{plain}{secret}data:\n  ca.crt: eA==\n").as_bytes()).refused(&format!(
        "error: <stdin>:{at}:1: the Secret `acorn-client-certificate` holds `ca.crt` beside the pair, so it cannot go\n  \
         help: move `ca.crt` into a Secret of its own, then run again with `--secret-output`\n"
    ));
    assert!(!folder.names().contains(&"secret.yaml".to_owned()));
}

/// The Secret of the plain manifest's delegate, with the pair in the folder.
fn secret(folder: &Folder) -> String {
    let encoded = |file: &str| STANDARD.encode(folder.read(file));
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: acorn-client-certificate\n  namespace: ci-delegates\ntype: \
         Opaque\ndata:\n  client.crt: \"{}\"\n  client.key: \"{}\"\n",
        encoded("client.crt"),
        encoded("client.key")
    )
}

fn output_new() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO --secret-output secret.yaml delegate.yaml").ended_with(0);
    assert_eq!(String::from_utf8(folder.read("secret.yaml")).unwrap(), secret(&folder));
    assert_eq!(folder.mode("secret.yaml"), 0o600);
    let referring = folder.run("inject --existing-secret acorn-client-certificate TO -q delegate.yaml").ended_with(0);
    assert_eq!(output.stdout(), referring.stdout());
    assert!(!output.stdout().contains(&STANDARD.encode(folder.read("client.crt"))));
    assert!(
        output.stderr.ends_with("; no upgrader in the input\n")
            && output.stderr.contains(", pair into the Secret `acorn-client-certificate` in a file of its own;"),
        "{}",
        output.stderr
    );
    only(&folder, &["secret.yaml"]);
}

fn output_again() {
    let folder = Folder::new();
    let line = "inject PAIR TO -q --secret-output secret.yaml delegate.yaml";
    let first = folder.run(line).ended_with(0);
    let before = folder.stamp("secret.yaml");
    let second = folder.run(line).ended_with(0);
    assert_eq!((folder.stamp("secret.yaml"), second.stdout), (before, first.stdout.clone()));
    // and nothing would change any more
    folder.write("delegate.yaml", &first.stdout);
    folder.run("inject PAIR TO --check -q --secret-output secret.yaml delegate.yaml").ended_with(0);
    folder.run("diff PAIR TO -q --secret-output secret.yaml delegate.yaml").ended_with(0);
}

fn output_replaced() {
    let folder = Folder::new();
    let line = "inject PAIR TO -q --secret-output secret.yaml delegate.yaml";
    folder.run(line).ended_with(0);
    let old = secret(&folder);
    folder.set_mode("secret.yaml", 0o700);
    let fingerprint = || crate::pair::fingerprint(&folder.read("client.crt"));
    let before = fingerprint();
    crate::pair::write_other_pair(&folder);
    let output = folder.run(&line.replace(" -q", "")).ended_with(0);
    assert_ne!(secret(&folder), old);
    assert_eq!(String::from_utf8(folder.read("secret.yaml")).unwrap(), secret(&folder));
    assert_eq!(folder.mode("secret.yaml"), 0o700);
    only(&folder, &["secret.yaml"]);
    // the pods have to restart for it
    let checksum = crate::pair::checksum(&folder.read("client.crt"));
    assert!(
        output.stdout().contains(&format!("        harness.io/name: acorn\n{checksum}    spec:\n")),
        "{}",
        output.stdout()
    );
    let after = fingerprint();
    assert!(
        output.stderr.ends_with(&format!(
            ", annotation `checksum/client-certificate` set, so that the pods restart, 1 URL moved from \
             https://app.harness.io to https://acme.harness.io:8443, pair replaced in the Secret \
             `acorn-client-certificate` in a file of its own: {before} (until 2054-04-09) → {after} (until 2029-09-27); \
             no upgrader in the input\n"
        )),
        "{}",
        output.stderr
    );
    // and once only
    folder.write("delegate.yaml", &output.stdout);
    folder.run("inject PAIR TO --check -q --secret-output secret.yaml delegate.yaml").ended_with(0);
}

fn output_readable() {
    let folder = Folder::new();
    folder.write("secret.yaml", secret(&folder).replace("client.key: \"", "client.key: \"QQ=="));
    folder.set_mode("secret.yaml", 0o644);
    let output = folder.run("inject PAIR TO -q --secret-output secret.yaml delegate.yaml").ended_with(0);
    assert_eq!(
        output.stderr,
        "warning: secret.yaml: holds a private key, and others than its owner can read it\n  help: chmod go= \
         secret.yaml\n"
    );
    assert_eq!(folder.mode("secret.yaml"), 0o644);
}

fn output_other() {
    let folder = Folder::new();
    let help = "help: name another file for `--secret-output`, or move this one away";
    let other_name = secret(&folder).replace("acorn", "oak");
    let other_namespace = secret(&folder).replace("ci-delegates", "default");
    let two = format!("{}---\n{other_name}", secret(&folder));
    for (bytes, cause) in [
        ("a: 1\n".to_owned(), "it holds something that is not a Secret"),
        ("# notes to myself\n- 1\n".to_owned(), "it holds something that is not a Secret"),
        (other_name, "it holds `oak-client-certificate`, which is not one of the Secrets to write"),
        (other_namespace, "it holds `acorn-client-certificate`, which is not one of the Secrets to write"),
        (two, "it holds `oak-client-certificate`, which is not one of the Secrets to write"),
        (String::from_utf8(plain()).unwrap(), "it holds something that is not a Secret"),
        (String::new(), "secret.yaml: is empty"),
        ("a: [\n".to_owned(), "not valid YAML: unclosed bracket '['"),
    ] {
        folder.write("secret.yaml", &bytes);
        let before = folder.stamp("secret.yaml");
        folder
            .run("inject PAIR TO -i --secret-output secret.yaml delegate.yaml")
            .refused(&format!("error: secret.yaml: not overwritten: {cause}\n  {help}\n"));
        assert_eq!(folder.stamp("secret.yaml"), before);
        assert_eq!(folder.read("delegate.yaml"), plain());
        only(&folder, &["secret.yaml"]);
    }
}

fn output_several() {
    let folder = Folder::new();
    folder.write("delegate.yaml", case("two-delegates/input.yaml"));
    let one = secret(&folder);
    let line = "inject PAIR TO -q --secret-output secret.yaml delegate.yaml";
    folder.run(line).ended_with(0);
    let both = format!("{}---\n{one}", one.replace("acorn", "acorn-2"));
    assert_eq!(String::from_utf8(folder.read("secret.yaml")).unwrap(), both);
    // also where they come from several files
    folder.write("second.yaml", String::from_utf8(plain()).unwrap().replace("acorn", "oak"));
    folder.write("delegate.yaml", plain());
    fs::remove_file(folder.path("secret.yaml")).unwrap();
    folder.run("inject PAIR TO -qi --secret-output secret.yaml delegate.yaml second.yaml").ended_with(0);
    let both = format!("{one}---\n{}", one.replace("acorn", "oak"));
    assert_eq!(String::from_utf8(folder.read("secret.yaml")).unwrap(), both);
    // and again, nothing
    let before = ["delegate.yaml", "second.yaml", "secret.yaml"].map(|file| folder.stamp(file));
    folder.run("inject PAIR TO -qi --secret-output secret.yaml delegate.yaml second.yaml").ended_with(0);
    assert_eq!(["delegate.yaml", "second.yaml", "secret.yaml"].map(|file| folder.stamp(file)), before);
}

fn output_destinations() {
    for (line, file) in [
        ("inject PAIR TO -i --secret-output secret.yaml delegate.yaml", "delegate.yaml"),
        ("inject PAIR TO -o new.yaml --secret-output secret.yaml delegate.yaml", "new.yaml"),
    ] {
        let folder = Folder::new();
        let printed = folder.run("inject --existing-secret acorn-client-certificate TO -q delegate.yaml").ended_with(0);
        folder.run(line).ended_with(0);
        assert_eq!(
            (folder.read(file), String::from_utf8(folder.read("secret.yaml")).unwrap()),
            (printed.stdout, secret(&folder))
        );
    }
    // through a symbolic link too
    let folder = Folder::new();
    folder.write("real.yaml", secret(&folder).replace("client.key: \"", "client.key: \"QQ=="));
    link(&folder, "real.yaml", "secret.yaml");
    folder.run("inject PAIR TO -q --secret-output secret.yaml delegate.yaml").ended_with(0);
    assert_eq!(String::from_utf8(folder.read("real.yaml")).unwrap(), secret(&folder));
    assert!(fs::symlink_metadata(folder.path("secret.yaml")).unwrap().is_symlink());
}

fn output_in_stream() {
    let folder = Folder::new();
    let line = "inject PAIR TO --secret-output secret.yaml delegate.yaml";
    let plain = folder.run(line).ended_with(0);
    let secret = folder.read("secret.yaml");
    fs::remove_file(folder.path("secret.yaml")).unwrap();
    folder.write("delegate.yaml", injected());
    let output = folder.run(line).ended_with(0);
    assert_eq!((output.stdout, folder.read("secret.yaml")), (plain.stdout, secret));
    assert!(
        output.stderr.ends_with(
            "delegate.yaml: acorn (namespace ci-delegates): Secret `acorn-client-certificate` removed, pair into the \
             Secret `acorn-client-certificate` in a file of its own; no upgrader in the input; a key that was ever \
             committed stays in the history: issue a new pair\n"
        ),
        "{}",
        output.stderr
    );
    // a comment that stands before it stays
    folder.write("delegate.yaml", case("no-token-secret-first-document/expected.yaml"));
    let output = folder.run("inject PAIR TO -q --secret-output other.yaml delegate.yaml").ended_with(0);
    let start = "# Deployed by the platform team.\n---\napiVersion: apps/v1\n";
    assert!(output.stdout().starts_with(start), "{}", output.stdout());
}

fn output_manifest_fails() {
    let folder = Folder::new();
    let refused = fs::read(root().join("fixtures/refuse/env-other-value/input.yaml")).unwrap();
    folder.write("bad.yaml", refused);
    folder.run("inject PAIR TO -i --secret-output secret.yaml delegate.yaml bad.yaml").refused_with("error: bad.yaml:");
    folder
        .run("inject PAIR TO -o gone/new.yaml --secret-output secret.yaml delegate.yaml")
        .refused_with("error: gone/new.yaml: there is no directory `gone`");
    assert_eq!(folder.read("delegate.yaml"), plain());
    only(&folder, &["bad.yaml"]);
}

fn output_check() {
    let folder = Folder::new();
    for line in [
        "inject PAIR TO --check --secret-output secret.yaml delegate.yaml",
        "diff PAIR TO --secret-output secret.yaml delegate.yaml",
    ] {
        folder.run(line).ended_with(1);
        only(&folder, &[]);
    }
    // the manifest is as it shall be, the Secret is not there yet
    let first = folder.run("inject --existing-secret acorn-client-certificate TO -q delegate.yaml").ended_with(0);
    folder.write("delegate.yaml", &first.stdout);
    folder.run("inject PAIR TO --check --secret-output secret.yaml delegate.yaml").ended_with(1);
    only(&folder, &[]);
}

fn output_nowhere() {
    let folder = Folder::new();
    folder
        .run("inject PAIR TO -i --secret-output gone/secret.yaml delegate.yaml")
        .refused("error: gone/secret.yaml: there is no directory `gone`\n  help: create it first: `mkdir -p gone`\n");
    fs::create_dir(folder.path("dir")).unwrap();
    folder.run("inject PAIR TO -i --secret-output dir delegate.yaml").refused_with("error: dir: is a directory");
    assert_eq!(folder.read("delegate.yaml"), plain());
    only(&folder, &["dir"]);
}

fn output_is_input() {
    let folder = Folder::new();
    folder
        .run("inject PAIR TO -i --secret-output delegate.yaml delegate.yaml")
        .refused_with("error: delegate.yaml: not overwritten: it holds something that is not a Secret\n");
    assert_eq!(folder.read("delegate.yaml"), plain());
}

fn output_is_output() {
    let folder = Folder::new();
    let refused = |new: &str| {
        folder.run(&format!("inject PAIR TO -o new.yaml --secret-output {new} delegate.yaml")).refused(
            "error: new.yaml: is the file of `--secret-output`, and would be overwritten by the manifest\n  help: name \
             another file for `--output`\n",
        );
    };
    refused("new.yaml");
    refused("./new.yaml");
    only(&folder, &[]);
    folder.write("secret.yaml", secret(&folder).replace("client.key: \"", "client.key: \"QQ=="));
    link(&folder, "secret.yaml", "new.yaml");
    let before = folder.stamp("secret.yaml");
    refused("secret.yaml");
    assert_eq!(folder.stamp("secret.yaml"), before);
}

fn output_is_key() {
    let folder = Folder::new();
    let before = folder.stamp("client.key");
    folder
        .run("inject PAIR TO --secret-output client.key delegate.yaml")
        .refused_with("error: client.key: not overwritten: ");
    for (option, file) in [("--key", "client.key"), ("--cert", "client.crt"), ("--ca", "ca.crt")] {
        folder.run(&format!("inject PAIR TO -o ./{file} delegate.yaml")).refused(&format!(
            "error: ./{file}: is the file of `{option}`, and would be overwritten by the manifest\n  help: name another \
             file for `--output`\n"
        ));
    }
    assert_eq!(folder.stamp("client.key"), before);
}

fn output_quiet() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO -q --secret-output secret.yaml delegate.yaml").ended_with(0);
    assert_eq!(output.stderr, "");
}
