//! The command, with a clean environment and a pair that never expires: `--at` pins the time.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(crate) const AT: &str = "2027-01-01T00:00:00Z";

pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn quickstart(file: &str) -> PathBuf {
    root().join("fixtures/quickstart").join(file)
}

pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delegate-mtls"));
    command.env_clear().env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8").env("TZ", "UTC").current_dir(directory);
    command
}

pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut pipe = child.stdin.take().unwrap();
    let input = stdin.to_vec();
    // a command that refuses its arguments does not read its input
    let writer = std::thread::spawn(move || pipe.write_all(&input).is_ok());
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    Output {
        code: output.status.code().expect("the command ends by itself"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `inject` in the folder of a case, with the test pair and `arguments`.
pub(crate) fn inject(case: &Path, arguments: &[String]) -> Command {
    let mut command = command(case);
    // a docker-compose file names them as they are given here
    let file = |name| format!("../../quickstart/{name}");
    command.args(["inject", "--cert", &file("client.crt"), "--key", &file("client.key"), "--ca", &file("ca.crt")]);
    command.args(["--at", AT]).args(arguments);
    command
}

/// A fixture with its two tokens replaced by base64 of the test pair.
pub(crate) fn fixture(path: &Path) -> Vec<u8> {
    let base64 = |file| STANDARD.encode(fs::read(quickstart(file)).unwrap());
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.replace("@CRT@", &base64("client.crt")).replace("@KEY@", &base64("client.key")).into_bytes()
}

/// The folders below `fixtures/KIND`, sorted.
pub(crate) fn cases(kind: &str) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(root().join("fixtures").join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no fixtures of kind {kind}");
    cases
}

/// The arguments of a fixture, one a line; the common endpoint where it has none.
pub(crate) fn arguments(case: &Path) -> Vec<String> {
    match fs::read_to_string(case.join("args")) {
        Ok(arguments) => arguments.lines().map(str::to_owned).collect(),
        Err(_) => ["--endpoint", "https://acme.harness.io:8443"].map(str::to_owned).to_vec(),
    }
}
