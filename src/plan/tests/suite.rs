//! The YAML test suite, held against an edit's whole way: both parsers, the editor, the splice, the verification.
//! `scripts/yaml-test-suite.sh` fetches the suite and runs this.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ATTEMPTS, Tried};
use crate::delegate::Stream;
use crate::edit::splice;
use crate::plan::Plan;
use crate::verify;
use crate::yaml::slice;

/// How the parsers stand to a case, where not both of them read what is valid, alike, and neither what is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disagreement {
    /// Valid, and the first parser, that of the spans, refuses it.
    FirstRefuses,
    /// Valid, and the second parser, that of libyaml's family, refuses it.
    SecondRefuses,
    /// Valid, and they read it differently.
    Different,
    /// Invalid, and only the first parser takes it.
    FirstTakes,
    /// Invalid, and only the second parser takes it.
    SecondTakes,
    /// Invalid, and both take it.
    BothTake,
}

/// All of them, each with its reason.
const DISAGREEMENTS: &[(&str, Disagreement, &str)] = &[
    ("2JQS", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("2LFX", Disagreement::SecondRefuses, "a directive that 1.2 says to ignore is an error to it"),
    ("2SXE", Disagreement::SecondRefuses, "anchors have letters, digits, `-` and `_` in YAML 1.1"),
    ("4ABK", Disagreement::SecondRefuses, "a plain scalar that ends with `:` before a comma"),
    ("4MUZ/1", Disagreement::SecondRefuses, "the colon of a flow key has to stand on the key's line"),
    ("4MUZ/2", Disagreement::SecondRefuses, "the colon of a flow key has to stand on the key's line"),
    ("4MUZ/3", Disagreement::SecondRefuses, "the colon of a flow key has to stand on the key's line"),
    ("58MP", Disagreement::SecondRefuses, "a plain scalar does not begin with `:` inside brackets in YAML 1.1"),
    ("5MUD", Disagreement::SecondRefuses, "the colon of a flow key has to stand on the key's line"),
    ("5T43", Disagreement::SecondRefuses, "a plain scalar does not begin with `:` inside brackets in YAML 1.1"),
    ("652Z", Disagreement::Different, "`?` is an indicator inside brackets even before a letter in YAML 1.1"),
    ("6BCT", Disagreement::SecondRefuses, "a tab behind a dash"),
    ("6CA3", Disagreement::SecondRefuses, "a tab before a flow collection"),
    ("6LVF", Disagreement::SecondRefuses, "a directive that 1.2 says to ignore is an error to it"),
    ("6M2F", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("8G76", Disagreement::Different, "no document at all to the first parser, null to the second"),
    ("8XYN", Disagreement::SecondRefuses, "anchors have letters, digits, `-` and `_` in YAML 1.1"),
    ("96NN/1", Disagreement::SecondRefuses, "a tab on a line of blanks, or behind the indentation"),
    ("96NN/2", Disagreement::SecondRefuses, "a tab on a line of blanks, or behind the indentation"),
    ("98YD", Disagreement::Different, "no document at all to the first parser, null to the second"),
    ("9C9N", Disagreement::BothTake, "flow lines less indented than their key, which both let pass"),
    ("9JBA", Disagreement::SecondTakes, "`#` without a blank before it begins a comment to it"),
    ("9SA2", Disagreement::SecondRefuses, "a flow key has to stand on one line"),
    ("A2M4", Disagreement::SecondRefuses, "a tab behind a dash"),
    ("AVM7", Disagreement::Different, "no document at all to the first parser, null to the second"),
    ("BEC7", Disagreement::SecondRefuses, "a minor version other than 1.1 and 1.2 is an error to it"),
    ("CFD4", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("CVW2", Disagreement::SecondTakes, "`#` without a blank before it begins a comment to it"),
    ("DBG4", Disagreement::SecondRefuses, "a plain scalar does not begin with `:` inside brackets in YAML 1.1"),
    ("DK3J", Disagreement::SecondRefuses, "lines of a block scalar at the margin are not its own to it"),
    ("DK95/1", Disagreement::SecondRefuses, "a tab on a line of blanks, or behind the indentation"),
    ("DK95/2", Disagreement::BothTake, "a tab before the second line of a quoted scalar, which both let pass"),
    ("DK95/4", Disagreement::SecondRefuses, "a tab on a line of blanks, or behind the indentation"),
    ("DK95/5", Disagreement::SecondRefuses, "a tab on a line of blanks, or behind the indentation"),
    ("FH7J", Disagreement::SecondRefuses, "it resolves `!!null` with nothing behind it to a string that is not null"),
    ("FP8R", Disagreement::SecondRefuses, "lines of a block scalar at the margin are not its own to it"),
    ("FRK4", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("G5U8", Disagreement::SecondTakes, "`-` alone is a string inside brackets to it"),
    ("HM87/1", Disagreement::SecondRefuses, "a plain scalar does not begin with `:` inside brackets in YAML 1.1"),
    ("HM87/2", Disagreement::Different, "`?` is an indicator inside brackets even before a letter in YAML 1.1"),
    ("HWV9", Disagreement::SecondRefuses, "`...` alone: it wants content before it"),
    ("K3WX", Disagreement::SecondRefuses, "the colon of a flow key has to stand on the key's line"),
    ("M2N8/1", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    (
        "M7A3",
        Disagreement::SecondRefuses,
        "a line that begins with `%` in a block scalar at the margin is a directive to it",
    ),
    (
        "MUS6/1",
        Disagreement::SecondTakes,
        "the version reads `1.1`, with a comment behind it that has no blank before it",
    ),
    ("MUS6/6", Disagreement::SecondRefuses, "a directive that 1.2 says to ignore is an error to it"),
    ("MUS6/7", Disagreement::SecondRefuses, "a directive that 1.2 says to ignore is an error to it"),
    ("NHX8", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("NJ66", Disagreement::SecondRefuses, "a flow key has to stand on one line"),
    ("NKF9", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("Q5MG", Disagreement::SecondRefuses, "a tab before a flow collection"),
    ("QB6E", Disagreement::BothTake, "lines of a quoted scalar at the margin, which both let pass"),
    ("QT73", Disagreement::SecondRefuses, "`...` alone: it wants content before it"),
    ("R4YG", Disagreement::SecondRefuses, "a tab on a line of blanks, or behind the indentation"),
    ("S3PD", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("S98Z", Disagreement::SecondTakes, "blank lines more indented than the first line of a block scalar"),
    ("SM9W/2", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("SU5Z", Disagreement::SecondTakes, "`#` without a blank before it begins a comment to it"),
    ("UKK6/1", Disagreement::SecondRefuses, "an empty key, which libyaml's family wants `?` for"),
    ("UT92", Disagreement::SecondRefuses, "the colon of a flow key has to stand on the key's line"),
    ("VJP3/2", Disagreement::SecondRefuses, "the colon of a flow key has to stand on the key's line"),
    (
        "W4TN",
        Disagreement::SecondRefuses,
        "a line that begins with `%` in a block scalar at the margin is a directive to it",
    ),
    ("W5VH", Disagreement::SecondRefuses, "anchors have letters, digits, `-` and `_` in YAML 1.1"),
    ("X38W", Disagreement::SecondRefuses, "two keys that are equal once the aliases are resolved"),
    ("X4QW", Disagreement::SecondTakes, "`#` without a blank before it begins a comment to it"),
    (
        "Y2GN",
        Disagreement::Different,
        "anchors have letters, digits, `-` and `_` in YAML 1.1: it reads `&an`, and the rest as the value",
    ),
    ("Y79Y/2", Disagreement::SecondRefuses, "a tab on a line of blanks, or behind the indentation"),
    ("Y79Y/4", Disagreement::SecondTakes, "a tab before an item inside brackets"),
    ("Y79Y/11", Disagreement::SecondRefuses, "a tab behind a dash"),
    ("YJV2", Disagreement::SecondTakes, "`-` alone is a string inside brackets to it"),
];

/// A case: its id, with its number behind it where a file has several.
struct Case {
    id: String,
    yaml: String,
    valid: bool,
}

fn cases() -> Vec<Case> {
    let folder = std::env::var_os("DELEGATE_MTLS_YAML_TEST_SUITE")
        .expect("DELEGATE_MTLS_YAML_TEST_SUITE names the suite's folder: scripts/yaml-test-suite.sh fetches it");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "js")).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // the index has none
        let Some((_, module)) = text.split_once("export default ") else { continue };
        let suite: serde_json::Value = serde_json::from_str(module.trim().trim_end_matches(';')).unwrap();
        let cases = suite["cases"].as_array().unwrap();
        for (number, case) in (1..).zip(cases) {
            let id = suite["id"].as_str().unwrap();
            all.push(Case {
                id: if cases.len() > 1 { format!("{id}/{number}") } else { id.to_owned() },
                yaml: case["yaml"].as_str().unwrap().to_owned(),
                valid: case["fail"].as_bool() != Some(true),
            });
        }
    }
    all
}

/// How the parsers stand to a case.
fn disagreement(case: &Case) -> Option<Disagreement> {
    let stream = Stream::new(&case.yaml).unwrap();
    let first = (0..stream.chunks.len()).all(|number| stream.document(number).is_ok());
    let texts = || stream.chunks.iter().map(|chunk| slice(&case.yaml, &chunk.span));
    let second = texts().all(|text| {
        use serde::Deserialize as _;
        serde_yaml::Deserializer::from_str(text).all(|document| serde_yaml::Value::deserialize(document).is_ok())
    });
    let alike = texts().all(|text| verify::document(text, text, &[], 0).is_ok());
    match (case.valid, first, second) {
        (true, true, true) => (!alike).then_some(Disagreement::Different),
        (true, false, _) => Some(Disagreement::FirstRefuses),
        (true, true, false) => Some(Disagreement::SecondRefuses),
        (false, false, false) => None,
        (false, true, false) => Some(Disagreement::FirstTakes),
        (false, false, true) => Some(Disagreement::SecondTakes),
        (false, true, true) => Some(Disagreement::BothTake),
    }
}

#[test]
#[ignore = "needs the suite: scripts/yaml-test-suite.sh"]
fn the_yaml_test_suite() {
    let cases = cases();
    let valid = cases.iter().filter(|case| case.valid).count();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let stream = Stream::new(&case.yaml).unwrap();
        let same = splice(&case.yaml, Vec::new(), &[]).unwrap().text;
        if same != case.yaml || verify::verify(&stream, &Plan::default(), &same) != Ok(Vec::new()) {
            wrong.push(format!("{}: an empty plan changes it", case.id));
        }
        let listed = DISAGREEMENTS.iter().find(|(id, ..)| *id == case.id).map(|(_, disagreement, _)| *disagreement);
        let found = disagreement(case);
        if found != listed {
            wrong.push(format!("{}: {found:?}, and listed is {listed:?}\n{:?}", case.id, case.yaml));
        }
        let mut tried = Tried::default();
        tried.everywhere(&case.yaml);
        wrong.extend(tried.wrong.into_iter().map(|wrong| format!("{}: {wrong}", case.id)));
        tried.counts.into_iter().for_each(|(what, count)| *counts.entry(what).or_default() += count);
    }
    println!("{valid} valid cases, {} invalid ones; edits that were proved: {counts:?}", cases.len() - valid);
    let unknown = DISAGREEMENTS.iter().filter(|(id, ..)| !cases.iter().any(|case| case.id == *id));
    wrong.extend(unknown.map(|(id, ..)| format!("{id}: no such case")));
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((valid, cases.len()), (308, 402));
    // it has no YAML inside YAML
    for (what, _) in ATTEMPTS.iter().filter(|(what, _)| *what != "edit inside") {
        assert!(counts.get(what).is_some_and(|count| *count > 20), "hardly any edit: {what}");
    }
}
