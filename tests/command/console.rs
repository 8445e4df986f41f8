//! A file `NAME.console` is a command and all that it says. `UPDATE_FIXTURES=1` writes what is said below the command,
//! for you to read.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::binary::Output;
use crate::folder::Folder;

/// Whether fixtures are written instead of compared.
pub(crate) fn is_update() -> bool {
    std::env::var_os("UPDATE_FIXTURES").is_some()
}

/// Runs the command of a console, with `more` behind it, and compares all that it says: standard output, standard
/// error, the exit code.
/// `read` gives what is left of it where runs differ.
pub(crate) fn compare(path: &Path, folder: &Folder, more: &str, read: fn(String) -> String) {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (command, _) = text.split_once('\n').expect("the first line is the command");
    let output = run(command, folder, more);
    let said = read(format!("{}{}", output.stdout(), output.stderr));
    same(path, &format!("{command}\n{said}exit code {}\n", output.code));
}

/// `text` with `00:00:…` for every SHA-256 fingerprint: certificates that are issued in a test have a new one each time.
pub(crate) fn without_fingerprints(text: String) -> String {
    const LENGTH: usize = 32 * 3 - 1;
    let is_fingerprint = |piece: &str| {
        piece.split(':').count() == 32
            && piece.split(':').all(|byte| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let mut left = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let piece = rest.get(..LENGTH).filter(|piece| is_fingerprint(piece));
        let length = if piece.is_some() { LENGTH } else { next.len_utf8() };
        left.push_str(&piece.map_or(rest[..length].to_owned(), |_| vec!["00"; 32].join(":")));
        rest = &rest[length..];
    }
    left
}

/// Runs the command in the first line of a console, with `more` behind it.
pub(crate) fn run(command: &str, folder: &Folder, more: &str) -> Output {
    let line = command.strip_prefix("$ delegate-mtls ").expect("a command of ours behind `$ `");
    let (line, stdin) = match line.split_once(" < ") {
        Some((line, file)) => (line, folder.read(file)),
        None => (line, Vec::new()),
    };
    folder.pipe(&format!("{line} {more}"), &stdin)
}

/// The file holds this text.
pub(crate) fn same(path: &Path, actual: &str) {
    if is_update() {
        fs::write(path, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(actual == expected, "{}\nexpected:\n{expected}\nactual:\n{actual}", path.display());
}

/// `text` with base64 of a file for `@NAME@`; for `@NAME twice@` encoded again, for `@NAME in lines@` wrapped as
/// `base64` does, for `@NAME as PEM@` the file itself, indented.
pub(crate) fn filled(mut text: String, files: &[(&str, &[u8])]) -> String {
    for (name, bytes) in files {
        if !text.contains(&format!("@{name}")) {
            continue;
        }
        let encoded = STANDARD.encode(bytes);
        let lines: Vec<&str> = encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        text = text
            .replace(&format!("@{name}@"), &encoded)
            .replace(&format!("@{name} twice@"), &STANDARD.encode(&encoded))
            .replace(&format!("@{name} in lines@"), &lines.join("\n    "))
            .replace(&format!("@{name} as PEM@"), &String::from_utf8_lossy(bytes).trim_end().replace('\n', "\n    "));
    }
    text
}
