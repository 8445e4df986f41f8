//! A folder to run the command in: the test pair, a manifest, and short names in every message.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::binary::{AT, Output, command, fixture, quickstart, root, run};

pub(crate) const ENDPOINT: &str = "https://acme.harness.io:8443";

/// Statements with the functions that hold them to be true; a panic is a failure.
pub(crate) fn claims(module: &str, claims: &[(&str, fn())]) -> Vec<Trial> {
    claims
        .iter()
        .map(|&(claim, run)| {
            Trial::test(format!("{module}: {claim}"), move || {
                run();
                Ok(())
            })
        })
        .collect()
}

/// A file of an inject case, with the test pair in it.
pub(crate) fn case(file: &str) -> Vec<u8> {
    fixture(&root().join("fixtures/inject").join(file))
}

/// The plain manifest of most tests: one delegate, no upgrader.
pub(crate) fn plain() -> Vec<u8> {
    case("no-upgrader/input.yaml")
}

/// The same with the test pair and [`ENDPOINT`].
pub(crate) fn injected() -> Vec<u8> {
    case("no-upgrader/expected.yaml")
}

pub(crate) struct Folder(TempDir);

impl Folder {
    /// Nothing in it.
    pub(crate) fn empty() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// `client.crt`, `client.key`, `ca.crt` and the plain manifest as `delegate.yaml`.
    pub(crate) fn new() -> Folder {
        let folder = Folder::empty();
        for file in ["client.crt", "client.key", "ca.crt"] {
            folder.write(file, fs::read(quickstart(file)).unwrap());
        }
        folder.write("delegate.yaml", plain());
        folder
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(file), bytes).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.path(file)).unwrap()
    }

    pub(crate) fn mode(&self, file: &str) -> u32 {
        fs::metadata(self.path(file)).unwrap().mode() & 0o7777
    }

    pub(crate) fn set_mode(&self, file: &str, mode: u32) {
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// What changes when a file is replaced or written to.
    pub(crate) fn stamp(&self, file: &str) -> (u64, i64, i64) {
        let metadata = fs::metadata(self.path(file)).unwrap();
        (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
    }

    /// Everything in the folder, sorted; hidden files too.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The command with the arguments in `line`, which blanks part. `PAIR` stands for the options of the test pair,
    /// `TO` for the endpoint's.
    pub(crate) fn command(&self, line: &str) -> Command {
        let pair = format!("--cert client.crt --key client.key --ca ca.crt --at {AT}");
        let line = line.replace("PAIR", &pair).replace("TO ", &format!("--endpoint {ENDPOINT} "));
        let mut command = command(self.0.path());
        command.args(line.split_whitespace());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.pipe(line, b"")
    }

    /// The same with something on standard input.
    pub(crate) fn pipe(&self, line: &str, stdin: &[u8]) -> Output {
        run(&mut self.command(line), stdin)
    }
}

impl Output {
    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Ended with this code; what it said is shown where not.
    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Output {
        assert_eq!(self.code, code, "stderr:\n{}", self.stderr);
        self
    }

    /// Exactly this on the two streams.
    #[track_caller]
    pub(crate) fn says(&self, stdout: &str, stderr: &str) {
        assert_eq!((self.stdout(), self.stderr.as_str()), (stdout, stderr));
    }

    /// Exit code 2, nothing on standard output, and exactly this on standard error.
    #[track_caller]
    pub(crate) fn refused(self, stderr: &str) {
        assert_eq!(self.stderr, stderr);
        assert_eq!((self.code, self.stdout()), (2, ""));
    }

    /// Exit code 2, nothing on standard output; standard error starts so.
    #[track_caller]
    pub(crate) fn refused_with(self, start: &str) {
        assert!(self.stderr.starts_with(start), "{}", self.stderr);
        assert_eq!((self.code, self.stdout()), (2, ""));
    }
}

/// Whether any file beside the named ones is there.
#[track_caller]
pub(crate) fn only(folder: &Folder, more: &[&str]) {
    let mut expected: Vec<&str> = ["ca.crt", "client.crt", "client.key", "delegate.yaml"].to_vec();
    expected.extend(more);
    expected.sort_unstable();
    assert_eq!(folder.names(), expected);
}

pub(crate) fn link(folder: &Folder, target: &str, name: &str) {
    std::os::unix::fs::symlink(Path::new(target), folder.path(name)).unwrap();
}
