//! `check`: every folder `fixtures/check/CASE` is a test, and its name says of which rule.

mod command;
mod issued;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use delegate_mtls::finding::Rule;

use crate::binary::{AT, cases, quickstart};
use crate::console::{compare, filled, run, same, without_fingerprints};
use crate::folder::{Folder, claims};
use issued::issued;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = claims("check", &[("every rule has a fixture", every_rule)]);
    trials.extend(command::trials());
    trials.extend(cases("check").into_iter().map(|case| {
        let title = format!("check/{}", case.file_name().unwrap().display());
        Trial::test(title, move || judge(&case))
    }));
    trials
}

/// What a case's name claims.
enum Claim {
    /// `RULE` or `RULE--words`: this rule finds something.
    Finds(Rule),
    /// `not-RULE--words`: it does not, although it looks as if it might.
    Spares(Rule),
    /// `clean` or `clean--words`: nothing is found at all.
    Clean,
}

fn claim(case: &Path) -> Claim {
    let name = case.file_name().unwrap().to_str().unwrap();
    let stem = name.split_once("--").map_or(name, |(stem, _)| stem);
    match (Rule::from_id(stem), stem.strip_prefix("not-").and_then(Rule::from_id)) {
        _ if stem == "clean" => Claim::Clean,
        (Some(rule), _) => Claim::Finds(rule),
        (None, Some(rule)) => Claim::Spares(rule),
        (None, None) => panic!("fixtures/check/{name}: no rule is called `{stem}`"),
    }
}

/// The files of a case with their tokens filled in, and those below `t/` that its command names.
fn folder(case: &Path, command: &str) -> Folder {
    let folder = Folder::empty();
    let files = issued();
    folder.write("ca.crt", fs::read(quickstart("ca.crt")).unwrap());
    for (name, bytes) in files.iter().filter(|(name, _)| command.split([' ', '=']).any(|word| word == *name)) {
        fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
        folder.write(name, bytes);
    }
    copy(case, "", &folder, files);
    folder
}

/// Puts the files of a case into a folder.
pub(crate) fn fill(case: &Path, folder: &Folder) {
    copy(case, "", folder, issued());
}

/// The keys that cases may hold.
pub(crate) fn keys() -> impl Iterator<Item = &'static [u8]> {
    issued().iter().filter(|(name, _)| name.ends_with(".key") || *name == "KEY").map(|(_, bytes)| *bytes)
}

/// A file that cases name as `t/NAME`.
pub(crate) fn issued_file(name: &str) -> &'static [u8] {
    let found = issued().iter().find(|(other, _)| other.strip_prefix("t/") == Some(name));
    found.unwrap_or_else(|| panic!("no `{name}` is issued")).1
}

fn copy(from: &Path, below: &str, folder: &Folder, files: &[(&str, &[u8])]) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            let below = format!("{below}{name}/");
            fs::create_dir(folder.path(&below)).unwrap();
            copy(&path, &below, folder, files);
        } else if !["console", "report.json"].contains(&name) {
            let bytes = fs::read(&path).unwrap();
            let bytes =
                String::from_utf8(bytes).map_or_else(|error| error.into_bytes(), |text| filled(text, files).into());
            folder.write(&format!("{below}{name}"), bytes);
        }
    }
}

fn judge(case: &Path) -> Result<(), Failed> {
    let console = case.join("console");
    let text = fs::read_to_string(&console)?;
    let command = text.lines().next().unwrap_or_default();
    let folder = folder(case, command);
    let at = format!("--at {AT}");
    let at = if command.contains("--at ") { "" } else { &at };
    compare(&console, &folder, at, without_fingerprints);
    let report = run(command, &folder, &format!("{at} --format json"));
    same(&case.join("report.json"), &without_fingerprints(report.stdout().to_owned()));

    let report: Value = serde_json::from_slice(&report.stdout)?;
    let findings = report["findings"].as_array().unwrap();
    let rules: BTreeSet<&str> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    let holds = match claim(case) {
        Claim::Finds(rule) => rules.contains(rule.id()),
        Claim::Spares(rule) => !rules.contains(rule.id()),
        Claim::Clean => rules.is_empty(),
    };
    if holds { Ok(()) } else { Err(format!("its name says otherwise; found was {rules:?}").into()) }
}

/// A rule without a fixture is one that nobody has seen.
fn every_rule() {
    let cases = cases("check");
    for rule in Rule::ALL {
        assert!(
            cases.iter().any(|case| case.file_name().is_some_and(|name| name == rule.id())),
            "fixtures/check has no folder `{rule}`"
        );
    }
}
