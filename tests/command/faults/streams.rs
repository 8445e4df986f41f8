//! Full, closed and broken standard streams, and a disk that takes no more.

use std::fs;
use std::process::Stdio;

use libtest_mimic::Trial;

use super::{in_shell, left_over};
use crate::binary::run;
use crate::folder::{Folder, claims, injected, only, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "faults",
        &[
            ("a full standard output is an error", full),
            ("a report that finds no room leaves the files written", full_report),
            ("a reader that goes away is no word worth, and the exit code stays", reader_gone),
            ("closed streams change no exit code and get into no file", closed),
            ("a full standard error changes neither result nor exit code", full_stderr),
            ("a file that cannot grow leaves the old ones, and none besides", no_room),
            ("too little memory leaves the old file or the new one", no_memory),
        ],
    )
}

/// Every command that prints, with its exit code.
const PRINTING: [(&str, i32); 12] = [
    ("inject PAIR TO -q delegate.yaml", 0),
    ("diff PAIR TO -q delegate.yaml", 1),
    ("remove -q delegate.yaml", 0),
    ("check delegate.yaml", 0),
    ("check --format json delegate.yaml", 0),
    ("check --format github --rule not-mtls=error delegate.yaml", 1),
    ("check --format sarif --rule not-mtls=error delegate.yaml", 1),
    ("check --format gitlab delegate.yaml", 0),
    ("check --format junit delegate.yaml", 0),
    ("certs inspect client.crt", 0),
    ("explain not-mtls", 0),
    ("man", 0),
];

fn full() {
    let folder = Folder::new();
    for (line, _) in PRINTING {
        // quiet, it prints no diff
        let line = line.replace("diff PAIR TO -q", "diff PAIR TO ");
        let output = run(&mut in_shell(&folder, "", &line, ">/dev/full"), b"").ended_with(2);
        let said = output.stderr.lines().last();
        assert_eq!(said, Some("error: cannot write the output: no space left on device"), "{line}");
    }
    only(&folder, &[]);
    for option in ["-o /dev/full", "--secret-output /dev/full"] {
        folder
            .run(&format!("inject PAIR TO -q {option} delegate.yaml"))
            .refused("error: /dev/full: cannot be written: no space left on device\n");
    }
    let output = folder.run("check --output /dev/full delegate.yaml").ended_with(2);
    assert_eq!(output.stderr, "error: /dev/full: cannot be written: no space left on device\n");
}

fn full_report() {
    let folder = Folder::new();
    let output = run(&mut in_shell(&folder, "", "inject PAIR TO -i delegate.yaml", ">/dev/full"), b"").ended_with(0);
    let said = "warning: the files are written, but the report of it is not: no space left on device\n";
    assert!(output.stderr.ends_with(said), "{}", output.stderr);
    assert_eq!(folder.read("delegate.yaml"), injected());
    only(&folder, &[]);
}

fn reader_gone() {
    let folder = Folder::new();
    for (line, code) in PRINTING.into_iter().chain([("diff PAIR TO delegate.yaml", 1)]) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = folder.command(line);
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("pipe") && !stderr.contains("panic"), "{line}: {stderr}");
        assert_eq!(output.status.code(), Some(code), "{line}");
    }
    only(&folder, &[]);
}

fn closed() {
    for redirections in [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        let folder = Folder::new();
        for (line, code) in PRINTING {
            run(&mut in_shell(&folder, "", line, redirections), b"").ended_with(code);
        }
        // a file that is opened must not become standard output
        for line in [
            "inject PAIR TO delegate.yaml -o new.yaml",
            "check --output report delegate.yaml",
            "inject PAIR TO -i delegate.yaml",
        ] {
            run(&mut in_shell(&folder, "", line, redirections), b"").ended_with(0);
        }
        assert_eq!((folder.read("new.yaml"), folder.read("delegate.yaml")), (injected(), injected()));
        let report = String::from_utf8(folder.read("report")).unwrap();
        assert!(report.starts_with("warning[not-mtls]: "), "{report}");
        only(&folder, &["new.yaml", "report"]);
    }
}

fn full_stderr() {
    let folder = Folder::new();
    let output = run(&mut in_shell(&folder, "", "inject PAIR TO delegate.yaml", "2>/dev/full"), b"").ended_with(0);
    assert_eq!(output.stdout, injected());
    run(&mut in_shell(&folder, "", "inject PAIR TO missing.yaml", "2>/dev/full"), b"").ended_with(2);
}

/// As on a full disk, for any user: no file may have more than a few blocks of 512 bytes.
fn no_room() {
    const SMALL: &str = "trap '' XFSZ; ulimit -f 2";
    let folder = Folder::new();
    fs::write(folder.path("small.yaml"), b"a: 1\n").unwrap();
    for (line, said) in [
        ("inject PAIR TO -i -q small.yaml delegate.yaml", "delegate.yaml: cannot be written: file too large"),
        ("inject PAIR TO -q delegate.yaml -o new.yaml", "new.yaml: cannot be written: file too large"),
        ("inject PAIR TO -q delegate.yaml -o delegate.yaml", "delegate.yaml: cannot be written: file too large"),
        ("inject PAIR TO -q delegate.yaml --secret-output s.yaml", "s.yaml: cannot be written: file too large"),
        ("inject PAIR TO -q -i delegate.yaml --secret-output s.yaml", "s.yaml: cannot be written: file too large"),
    ] {
        run(&mut in_shell(&folder, SMALL, line, ""), b"").refused(&format!("error: {said}\n"));
        assert_eq!(folder.read("delegate.yaml"), plain());
        only(&folder, &["small.yaml"]);
    }
    fs::write(folder.path("report"), b"old").unwrap();
    let line = "check --format sarif --output report delegate.yaml";
    let output = run(&mut in_shell(&folder, SMALL, line, ""), b"").ended_with(2);
    assert_eq!(output.stderr, "error: report: cannot be written: file too large\n");
    assert_eq!(folder.read("report"), b"old");
    only(&folder, &["report", "small.yaml"]);
}

fn no_memory() {
    let folder = Folder::new();
    let long = "# a long preamble\n".repeat(200_000);
    let with = |manifest: Vec<u8>| [long.as_bytes(), &manifest].concat();
    folder.write("delegate.yaml", with(plain()));
    let mut failed = 0;
    for mebibytes in [8, 16, 24, 32, 48, 64, 1024] {
        let setup = format!("ulimit -v {}", mebibytes * 1024);
        let mut command = in_shell(&folder, &setup, "inject PAIR TO -q -i delegate.yaml", "");
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let now = folder.read("delegate.yaml");
        assert!(now == with(plain()) || now == with(injected()), "{mebibytes} MiB: {status}");
        assert!(!status.success() || now == with(injected()), "{mebibytes} MiB: {status}");
        failed += usize::from(!status.success());
        assert!(left_over(&folder.path(".")).len() <= failed);
    }
    assert!((1..7).contains(&failed), "some are too little, and the last is enough: {failed}");
    assert!(folder.read("delegate.yaml") == with(injected()));
}
