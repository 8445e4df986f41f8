//! Links, pipes, sockets, devices and directories where a manifest is expected.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::thread;

use libtest_mimic::Trial;

use super::{in_shell, left_over, pipe};
use crate::binary::run;
use crate::folder::{Folder, claims, injected, link, only, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "faults",
        &[
            ("in-place follows a relative and an absolute link elsewhere, and writes there alone", elsewhere),
            ("a link that dangles or goes round is refused and kept", nowhere),
            ("in-place parts a file from its other hard links, which keep the old text", hard_link),
            ("a pipe is read by every command", pipe_read),
            ("a Secret goes into a pipe, which is not read", secret_into_pipe),
            ("in-place refuses a pipe and leaves it a pipe", pipe_in_place),
            ("a directory, a socket and /dev/null are refused", no_file),
            ("10,000 files need no more than 64 open ones", many_files),
            ("a wide and a deep tree need no more than 64 open files", trees),
        ],
    )
}

fn elsewhere() {
    for absolute in [false, true] {
        let folder = Folder::new();
        fs::create_dir_all(folder.path("here")).unwrap();
        fs::create_dir_all(folder.path("there/deep")).unwrap();
        fs::rename(folder.path("delegate.yaml"), folder.path("there/deep/real.yaml")).unwrap();
        let target = if absolute {
            folder.path("there/deep/real.yaml").to_str().unwrap().to_owned()
        } else {
            "../there/deep/real.yaml".to_owned()
        };
        link(&folder, &target, "here/link.yaml");
        folder.run("inject PAIR TO -q -i here/link.yaml").ended_with(0);
        assert_eq!(fs::read_link(folder.path("here/link.yaml")).unwrap().to_str().unwrap(), target);
        assert_eq!(folder.read("there/deep/real.yaml"), injected());
        for directory in ["here", "there/deep"] {
            assert_eq!(fs::read_dir(folder.path(directory)).unwrap().count(), 1, "{directory}");
        }
        folder.run("remove -q --endpoint https://app.harness.io here/link.yaml -o here/link.yaml").ended_with(0);
        assert!(folder.path("here/link.yaml").is_symlink());
        assert_eq!(folder.read("there/deep/real.yaml"), plain());
    }
}

fn nowhere() {
    let folder = Folder::new();
    link(&folder, "gone", "dangling");
    link(&folder, "round", "about");
    link(&folder, "about", "round");
    let dangles = "error: dangling: is a symbolic link to `gone`, which does not exist\n";
    let round = "error: round: cannot be read: too many levels of symbolic links\n";
    for command in ["inject PAIR TO -i", "inject PAIR TO", "diff PAIR TO", "remove -i"] {
        folder.run(&format!("{command} dangling")).refused_with(dangles);
        folder.run(&format!("{command} round")).refused(round);
    }
    for output in ["-o", "--secret-output"] {
        let refused = folder.run(&format!("inject PAIR TO -q delegate.yaml {output} dangling"));
        refused.refused_with(dangles);
        folder.run(&format!("inject PAIR TO -q delegate.yaml {output} round")).refused_with("error: round: cannot be ");
    }
    assert_eq!(folder.run("check dangling").ended_with(2).stderr.lines().next(), Some(dangles.trim_end()));
    assert_eq!(folder.run("check round").ended_with(2).stderr, round);
    only(&folder, &["about", "dangling", "round"]);
    assert!(folder.path("round").is_symlink() && folder.path("dangling").is_symlink());
}

fn hard_link() {
    let folder = Folder::new();
    fs::hard_link(folder.path("delegate.yaml"), folder.path("other.yaml")).unwrap();
    folder.run("inject PAIR TO -q -i delegate.yaml").ended_with(0);
    assert_eq!((folder.read("delegate.yaml"), folder.read("other.yaml")), (injected(), plain()));
    assert_eq!(fs::metadata(folder.path("delegate.yaml")).unwrap().nlink(), 1);
    only(&folder, &["other.yaml"]);
}

fn pipe_read() {
    for (line, code) in [
        ("inject PAIR TO -q pipe.yaml", 0),
        ("diff PAIR TO pipe.yaml", 1),
        ("remove pipe.yaml", 0),
        ("check pipe.yaml", 0),
    ] {
        let folder = Folder::new();
        pipe(&folder, "pipe.yaml");
        let path = folder.path("pipe.yaml");
        let writer = thread::spawn(move || fs::write(path, plain()).unwrap());
        let output = folder.run(line).ended_with(code);
        writer.join().unwrap();
        if line.starts_with("inject") {
            assert_eq!(output.stdout, injected());
        }
    }
}

fn secret_into_pipe() {
    let folder = Folder::new();
    folder.run("inject PAIR TO -q --secret-output secret.yaml delegate.yaml").ended_with(0);
    pipe(&folder, "pipe");
    let path = folder.path("pipe");
    let reader = thread::spawn(move || fs::read(path).unwrap());
    folder.run("inject PAIR TO -q --secret-output pipe delegate.yaml").ended_with(0);
    assert_eq!(reader.join().unwrap(), folder.read("secret.yaml"));
}

fn pipe_in_place() {
    for line in ["inject PAIR TO -i pipe.yaml delegate.yaml", "remove -i pipe.yaml delegate.yaml"] {
        let folder = Folder::new();
        pipe(&folder, "pipe.yaml");
        // refused unread: nobody writes to it
        folder.run(line).refused(
            "error: pipe.yaml: is a pipe, not a regular file\n  help: name a regular file, or leave the option out to \
             write to standard output\n",
        );
        assert!(fs::metadata(folder.path("pipe.yaml")).unwrap().file_type().is_fifo());
        assert_eq!(folder.read("delegate.yaml"), plain());
        only(&folder, &["pipe.yaml"]);
    }
}

fn no_file() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder")).unwrap();
    let _socket = UnixListener::bind(folder.path("socket")).unwrap();
    for (name, said) in [
        ("folder", "error: folder: is a directory, not a file\n"),
        ("socket", "error: socket: cannot be read: no such device or address\n"),
        ("/dev/null", "error: /dev/null: is empty\n"),
    ] {
        for command in ["inject PAIR TO", "diff PAIR TO", "remove"] {
            folder.run(&format!("{command} {name}")).refused_with(said);
        }
    }
    for (name, said) in [
        ("folder", "error: folder: is a directory, not a file\n"),
        ("socket", "error: socket: is a socket, not a regular file\n"),
        ("/dev/null", "error: /dev/null: is a device, not a regular file\n"),
    ] {
        folder.run(&format!("inject PAIR TO -i {name}")).refused_with(said);
        folder.run(&format!("remove -i delegate.yaml {name}")).refused_with(said);
    }
    let check = folder.run("check socket").ended_with(2);
    assert_eq!(check.stderr, "error: socket: cannot be read: no such device or address\n");
    only(&folder, &["folder", "socket"]);
    assert_eq!(folder.read("delegate.yaml"), plain());
}

const FEW: &str = "ulimit -n 64";

fn many_files() {
    let folder = Folder::new();
    fs::create_dir(folder.path("many")).unwrap();
    let delegates = |number: usize| number.is_multiple_of(100);
    let names: Vec<String> = (0..10_000).map(|number| format!("many/{number}.yaml")).collect();
    for (number, name) in names.iter().enumerate() {
        folder.write(name, if delegates(number) { plain() } else { b"a: 1\n".to_vec() });
    }
    let line = format!("inject PAIR TO -q -i {}", names.join(" "));
    run(&mut in_shell(&folder, FEW, &line, ""), b"").ended_with(0);
    for (number, name) in names.iter().enumerate() {
        assert!(folder.read(name) == if delegates(number) { injected() } else { b"a: 1\n".to_vec() }, "{name}");
    }
    assert_eq!(left_over(&folder.path("many")).len(), 0);
    let report = run(&mut in_shell(&folder, FEW, "check --ca ca.crt many", ""), b"").ended_with(0);
    assert!(report.stdout().contains("100 of 100\n"), "{}", report.stdout());
}

fn trees() {
    let folder = Folder::new();
    let deep = "d/".repeat(300);
    fs::create_dir_all(folder.path(&deep)).unwrap();
    folder.write(&format!("{deep}x.yaml"), plain());
    for wide in 0..2000 {
        fs::create_dir(folder.path(&format!("wide{wide}"))).unwrap();
        folder.write(&format!("wide{wide}/x.yaml"), "a: 1\n");
    }
    let report = run(&mut in_shell(&folder, FEW, "check --format json .", ""), b"").ended_with(0);
    let report: serde_json::Value = serde_json::from_str(report.stdout()).unwrap();
    let paths: Vec<&str> =
        report["delegates"].as_array().unwrap().iter().filter_map(|delegate| delegate["path"].as_str()).collect();
    assert_eq!(paths, [format!("{deep}x.yaml"), "delegate.yaml".to_owned()]);
}
