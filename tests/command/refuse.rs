//! What cannot be edited safely is refused: exit code 2, nothing on standard output, one message with its place.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::binary::{arguments, cases, fixture, inject, run};

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |case: std::path::PathBuf| {
        let title = format!("refuse/{}", case.file_name().unwrap().display());
        Trial::test(title, move || check(&case))
    };
    cases("refuse").into_iter().map(trial).collect()
}

fn check(case: &Path) -> Result<(), Failed> {
    let mut arguments = arguments(case);
    arguments.push("input.yaml".to_owned());
    let _ = fixture(&case.join("input.yaml"));
    let output = run(&mut inject(case, &arguments), b"");
    if output.code != 2 || !output.stdout.is_empty() {
        return Err(format!(
            "exit code {}, {} bytes on standard output\n{}",
            output.code,
            output.stdout.len(),
            output.stderr
        )
        .into());
    }
    let expected = fs::read_to_string(case.join("stderr")).unwrap();
    if output.stderr == expected {
        return Ok(());
    }
    Err(format!("expected: {expected}\nactual:   {}", output.stderr).into())
}
