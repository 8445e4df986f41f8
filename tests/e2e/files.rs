//! Pipes, links and the same file twice: the shell's side of the command line.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::fixtures::{documented, quickstart};
use crate::programs::{command_under_test, delegate_mtls};

/// A shell's `… | head -1`, with more to write than a pipe holds.
#[test]
fn a_reader_that_goes_away_is_no_failure_worth_a_word() {
    let issued = documented();
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = "# a long preamble\n".repeat(20_000);
    manifest.push_str(&fs::read_to_string(quickstart()).unwrap());
    fs::write(dir.path().join("long.yaml"), manifest).unwrap();
    let mut args = issued.inject();
    args.extend(["-q".to_owned(), "long.yaml".to_owned()]);
    let mut child = command_under_test(&args, dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((first.as_str(), stderr.as_str()), ("# a long preamble\n", ""));
    assert_ne!(status.code(), Some(101), "a panic");
}

#[test]
#[cfg(unix)]
fn in_place_follows_a_link_and_keeps_it() {
    let issued = documented();
    let dir = tempfile::tempdir().unwrap();
    let input = fs::read(quickstart()).unwrap();
    fs::write(dir.path().join("real.yaml"), &input).unwrap();
    std::os::unix::fs::symlink("real.yaml", dir.path().join("link.yaml")).unwrap();
    let expected = delegate_mtls(&issued.inject(), &input, dir.path()).ended_with(0).stdout;
    let mut args = issued.inject();
    args.extend(["-i".to_owned(), "link.yaml".to_owned()]);
    delegate_mtls(&args, b"", dir.path()).ended_with(0);
    assert!(dir.path().join("link.yaml").is_symlink());
    assert_eq!(fs::read(dir.path().join("real.yaml")).unwrap(), expected);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file is left");
}

/// Refused with nothing changed, or done once: both are right, half of it or twice is not.
#[test]
#[cfg(unix)]
fn one_file_under_two_names_is_refused_or_done_once() {
    let issued = documented();
    let input = fs::read(quickstart()).unwrap();
    for hard in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (real, other) = (dir.path().join("real.yaml"), dir.path().join("other.yaml"));
        fs::write(&real, &input).unwrap();
        if hard {
            fs::hard_link(&real, &other).unwrap();
        } else {
            std::os::unix::fs::symlink("real.yaml", &other).unwrap();
        }
        let mut args = issued.inject();
        args.extend(["-i", "real.yaml", "other.yaml"].map(str::to_owned));
        let run = delegate_mtls(&args, b"", dir.path());
        let once = delegate_mtls(&issued.inject(), &input, dir.path()).ended_with(0).stdout;
        let now = fs::read(&real).unwrap();
        match run.code {
            Some(0) => assert_eq!(now, once),
            _ => {
                let run = run.ended_with(2);
                assert!(run.stderr.contains("other.yaml"), "{}", run.stderr);
                assert_eq!(now, input);
            }
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file is left");
    }
}
