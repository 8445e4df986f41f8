//! Somebody else at the same files: between reading and writing, and at the same time.

use std::fs;
use std::process::{Child, ExitStatus, Stdio};

use libtest_mimic::Trial;

use super::{left_over, signal, start};
use crate::folder::{Folder, claims, injected, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "faults",
        &[
            ("of files that changed while they were worked on none is overwritten", changed),
            ("a file that was deleted meanwhile does not come back", deleted),
            ("a file that was replaced meanwhile stays the new one", replaced),
            ("commands on one file at a time leave one of their results, whole", at_a_time),
            ("check beside a writer sees a whole file", check_beside),
        ],
    )
}

/// Manifests enough for a command to be caught while it works on them.
const FILES: usize = 60;

fn manifests() -> (Folder, Vec<String>) {
    let folder = Folder::new();
    let names: Vec<String> = (0..FILES).map(|number| format!("{number:03}.yaml")).collect();
    for name in &names {
        folder.write(name, plain());
    }
    (folder, names)
}

/// Rewrites the manifests, holds the command as soon as it has read all of them and written none, and lets it go on when
/// `meanwhile` happened to the last. All other files stay as they were; what is said of the last is given.
fn meanwhile(meanwhile: impl Fn(&Folder, &str)) -> Folder {
    for _ in 0..50 {
        let (folder, names) = manifests();
        let mut command = folder.command(&format!("inject PAIR TO -q -i {}", names.join(" ")));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // the first temporary file is made when everything is read and planned
        while left_over(&folder.path(".")).is_empty() && child.try_wait().unwrap().is_none() {}
        signal(&child, "STOP");
        let last = names.last().unwrap();
        let is_caught = child.try_wait().unwrap().is_none() && names.iter().all(|name| folder.read(name) == plain());
        if !is_caught {
            signal(&child, "CONT");
            child.wait().unwrap();
            continue;
        }
        meanwhile(&folder, last);
        signal(&child, "CONT");
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().next()), (Some(2), Some(said(&folder, last).as_str())));
        assert!(names.iter().rev().skip(1).all(|name| folder.read(name) == plain()));
        assert!(left_over(&folder.path(".")).is_empty());
        return folder;
    }
    panic!("the command was always too fast to be held");
}

fn said(folder: &Folder, last: &str) -> String {
    let why = if folder.path(last).exists() {
        "has changed since it was read"
    } else {
        "cannot be written: no such file or directory"
    };
    format!("error: {last}: {why}")
}

fn last(folder: &Folder) -> Vec<u8> {
    folder.read(&format!("{:03}.yaml", FILES - 1))
}

fn changed() {
    let theirs = [plain(), b"# somebody else's\n".to_vec()].concat();
    let folder = meanwhile(|folder, last| folder.write(last, &theirs));
    assert_eq!(last(&folder), theirs);
}

fn deleted() {
    let folder = meanwhile(|folder, last| fs::remove_file(folder.path(last)).unwrap());
    assert_eq!(folder.names().len(), FILES - 1 + 4);
}

fn replaced() {
    let folder = meanwhile(|folder, last| {
        folder.write("new", b"somebody else's\n");
        fs::rename(folder.path("new"), folder.path(last)).unwrap();
    });
    assert_eq!(last(&folder), b"somebody else's\n");
}

/// What a command on one file may end with: done, or refused because another one was faster.
#[track_caller]
fn is_done_or_late(status: ExitStatus) {
    assert!(matches!(status.code(), Some(0 | 2)), "{status}");
}

fn at_a_time() {
    let inject = "inject PAIR TO -q -i delegate.yaml";
    let remove = "remove -q -i --endpoint https://app.harness.io delegate.yaml";
    for lines in [[inject, inject, inject], [inject, remove, inject], [remove, inject, remove]] {
        for round in 0..8 {
            let folder = Folder::new();
            if round % 2 == 0 {
                folder.write("delegate.yaml", injected());
            }
            let children: Vec<Child> = lines.map(|line| start(&mut folder.command(line))).into();
            for mut child in children {
                is_done_or_late(child.wait().unwrap());
            }
            let now = folder.read("delegate.yaml");
            assert!(now == plain() || now == injected(), "{}", String::from_utf8_lossy(&now));
            assert!(left_over(&folder.path(".")).is_empty());
            assert!(lines != [inject; 3] || now == injected());
        }
    }
}

fn check_beside() {
    let folder = Folder::new();
    for _ in 0..10 {
        let mut writer = start(&mut folder.command("inject PAIR TO -q -i delegate.yaml"));
        while writer.try_wait().unwrap().is_none() {
            let output = folder.run("check --ca ca.crt --format json delegate.yaml").ended_with(0);
            let report: serde_json::Value = serde_json::from_str(output.stdout()).unwrap();
            let mtls = report["delegates"][0]["mtls"].as_str().unwrap().to_owned();
            assert!(mtls == "none" || mtls == "complete", "{mtls}");
        }
        assert!(writer.wait().unwrap().success());
        assert_eq!(folder.read("delegate.yaml"), injected());
        folder.write("delegate.yaml", plain());
    }
}
