//! What goes wrong around the command: full disks, streams that are closed, files that are no files, other programs at
//! the same files, and an end in the middle of the work. What needs the superuser is in `tests/e2e/faults.rs`.

mod ends;
mod names;
mod special;
mod streams;
mod together;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use libtest_mimic::Trial;

use crate::folder::Folder;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = ends::trials();
    for more in [names::trials(), special::trials(), streams::trials(), together::trials()] {
        trials.extend(more);
    }
    trials
}

/// The command of `line` as `sh -c "SETUP exec COMMAND REDIRECTIONS"` has it.
fn in_shell(folder: &Folder, setup: &str, line: &str, redirections: &str) -> Command {
    let inner = folder.command(line);
    let mut outer = Command::new("/bin/sh");
    outer.args(["-c", &format!("{setup}\nexec \"$0\" \"$@\" {redirections}")]);
    outer.arg(inner.get_program()).args(inner.get_args());
    outer.env_clear().envs([("NO_COLOR", "1"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("PATH", "/usr/bin:/bin")]);
    outer.current_dir(folder.path("."));
    outer
}

/// Started, with nothing on its three streams.
fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Sends a signal to a command that we started.
fn signal(child: &Child, name: &str) {
    let sent =
        Command::new("/bin/sh").args(["-c", &format!("kill -{name} {}", child.id())]).stderr(Stdio::null()).status();
    // one that has ended, and was not waited for, takes it all the same
    assert!(sent.unwrap().success());
}

fn pipe(folder: &Folder, name: &str) {
    let made = Command::new("mkfifo").arg(folder.path(name)).status().unwrap();
    assert!(made.success());
}

/// The names of the temporary files that are left, below a folder. Each says whose it is, and none is taken for a
/// manifest.
fn left_over(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if name.contains(".tmp") || name.starts_with('.') {
            assert!(name.starts_with(".delegate-mtls-") && name.ends_with(".tmp"), "{name}");
            names.push(name);
        }
    }
    names
}
