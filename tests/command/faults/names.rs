//! Names of files that are hard on a terminal, on an argument list, or on UTF-8.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use libtest_mimic::Trial;

use crate::binary::run;
use crate::folder::{Folder, claims, injected, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "faults",
        &[
            ("a file of any name is rewritten, and no other is left", any_name),
            ("a name with control characters is escaped for people", escaped),
            ("a name with control characters is exact in JSON", exact),
            ("a name that is not UTF-8 has a replacement character in JSON", not_utf8),
            ("a command in a help quotes the name of a file", quoted),
        ],
    )
}

const BACK: &str = "remove -q -i --endpoint https://app.harness.io --";

const NAMES: [&[u8]; 7] =
    [b"a b.yaml", b"a\nb.yaml", b"-x.yaml", b"\xffa.yaml", b"a\x1b[31m.yaml", b"'\"`$(a).yaml", b" .yaml"];

fn any_name() {
    for name in NAMES {
        let folder = Folder::new();
        let path = folder.path(".").join(OsStr::from_bytes(name));
        fs::rename(folder.path("delegate.yaml"), &path).unwrap();
        for (line, after) in [("inject PAIR TO -q -i --", injected()), (BACK, plain())] {
            run(folder.command(line).arg(OsStr::from_bytes(name)), b"").ended_with(0);
            assert_eq!(fs::read(&path).unwrap(), after);
            assert_eq!(fs::read_dir(folder.path(".")).unwrap().count(), 4, "no temporary file is left");
        }
        run(folder.command("check --only not-mtls --").arg(OsStr::from_bytes(name)), b"").ended_with(0);
    }
}

fn escaped() {
    let folder = Folder::new();
    let name = "a\u{1b}[35m\nb.yaml";
    for (line, said) in [
        ("inject PAIR TO -i", "error: a\\u{1b}[35m\\u{a}b.yaml: no such file\n"),
        ("remove", "error: a\\u{1b}[35m\\u{a}b.yaml: no such file\n"),
        ("check", "error: a\\u{1b}[35m\\u{a}b.yaml: no such file\n"),
        ("certs inspect", "error: a\\u{1b}[35m\\u{a}b.yaml: no such file\n"),
    ] {
        let output = run(folder.command(line).arg(name), b"").ended_with(2);
        assert_eq!(output.stderr, said, "{line}");
    }
    fs::rename(folder.path("delegate.yaml"), folder.path(name)).unwrap();
    let output = run(folder.command("inject PAIR TO --color always -i").arg(name), b"").ended_with(0);
    assert!(output.stdout().starts_with("\u{1b}[1m--- a\\u{1b}[35m\\u{a}b.yaml\u{1b}[0m\n"), "{}", output.stdout());
    for text in [output.stdout(), &output.stderr] {
        assert!(text.contains("a\\u{1b}[35m\\u{a}b.yaml") && !text.contains("\u{1b}[35m"), "{text}");
    }
}

fn path_in_json(name: &[u8]) -> String {
    let folder = Folder::new();
    fs::rename(folder.path("delegate.yaml"), folder.path(".").join(OsStr::from_bytes(name))).unwrap();
    let output = run(folder.command("check --format json --").arg(OsStr::from_bytes(name)), b"").ended_with(0);
    let report: serde_json::Value = serde_json::from_str(output.stdout()).unwrap();
    report["delegates"][0]["path"].as_str().unwrap().to_owned()
}

fn exact() {
    assert_eq!(path_in_json(b"a\x1b[31m\n\"b\".yaml"), "a\u{1b}[31m\n\"b\".yaml");
}

fn not_utf8() {
    assert_eq!(path_in_json(b"caf\xe9.yaml"), "caf\u{fffd}.yaml");
}

fn quoted() {
    let folder = Folder::new();
    folder.set_mode("delegate.yaml", 0o644);
    fs::rename(folder.path("delegate.yaml"), folder.path("a b.yaml")).unwrap();
    let output = run(folder.command("inject PAIR TO -q -i").arg("a b.yaml"), b"").ended_with(0);
    assert!(output.stderr.ends_with("\n  help: chmod go= 'a b.yaml'\n"), "{}", output.stderr);
    fs::create_dir(folder.path("a folder")).unwrap();
    run(folder.command("inject PAIR TO ").arg("a folder"), b"").refused(
        "error: a folder: is a directory, not a file\n  help: name the files in it, for example `'a folder'/*.yaml`\n",
    );
    run(folder.command("inject PAIR TO ").args(["a b.yaml", "-o", "not there/x.yaml"]), b"").refused(
        "error: not there/x.yaml: there is no directory `not there`\n  help: create it first: `mkdir -p 'not there'`\n",
    );
}
