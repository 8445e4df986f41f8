//! A check's report → JUnit's XML: a suite per file, a test per finding, and a passed test per delegate without an error.
//!
//! What CI systems read of it: <https://github.com/testmoapp/junitxml>

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use quick_xml::se::Serializer;
use serde::Serialize;

use super::fingerprint::Occurrences;
use super::{CHECK_FAILED, with_help};
use crate::check::{At, DelegateState, Failure, Located, Report};
use crate::finding::Severity;

#[derive(Serialize)]
#[serde(rename = "testsuites")]
struct Suites {
    #[serde(rename = "@name")]
    name: &'static str,
    #[serde(rename = "@tests")]
    tests: usize,
    #[serde(rename = "@failures")]
    failures: usize,
    #[serde(rename = "@errors")]
    errors: usize,
    #[serde(rename = "testsuite")]
    suites: Vec<Suite>,
}

#[derive(Serialize)]
struct Suite {
    #[serde(rename = "@name")]
    name: String,
    #[serde(rename = "@tests")]
    tests: usize,
    #[serde(rename = "@failures")]
    failures: usize,
    #[serde(rename = "@errors")]
    errors: usize,
    #[serde(rename = "testcase")]
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Case {
    /// Unique in its suite, and without a line, so that the test is the same one when lines move.
    #[serde(rename = "@name")]
    name: String,
    #[serde(rename = "@classname")]
    class: String,
    #[serde(rename = "@file", skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(rename = "@line", skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// `None` where there is nothing to say.
    #[serde(rename = "$value", skip_serializing_if = "Option::is_none")]
    said: Option<Said>,
}

/// How a test ended. One that is passed may say something as well.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Said {
    Failure(Problem),
    Error(Problem),
    SystemOut(String),
}

#[derive(Serialize)]
struct Problem {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "@message")]
    message: String,
    #[serde(rename = "$text")]
    text: String,
}

pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut files: BTreeMap<Option<&str>, Vec<Case>> = BTreeMap::new();
    for failure in &report.failures {
        files.entry(failure.path.as_deref()).or_default().push(failure.into());
    }
    for finding in &report.findings {
        files.entry(finding.at.path.as_deref()).or_default().push(finding.into());
    }
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let wrong: BTreeSet<&str> = errors.filter_map(|finding| finding.at.path.as_deref()).collect();
    // a finding does not name its delegate, so one beside another's errors is passed where it is known to be ready
    for delegate in report.delegates.iter().filter(|one| one.strict_ready || !wrong.contains(one.path.as_str())) {
        files.entry(Some(&delegate.path)).or_default().push(delegate.into());
    }
    let suites: Vec<Suite> = files.into_iter().map(|(path, cases)| Suite::new(path, cases)).collect();
    let suites = Suites {
        name: concat!(env!("CARGO_PKG_NAME"), " check"),
        tests: suites.iter().map(|suite| suite.tests).sum(),
        failures: suites.iter().map(|suite| suite.failures).sum(),
        errors: suites.iter().map(|suite| suite.errors).sum(),
        suites,
    };
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut serializer = Serializer::new(&mut text);
    serializer.indent(' ', 2);
    suites.serialize(serializer).map_err(io::Error::other)?;
    writeln!(out, "{text}")
}

impl Suite {
    fn new(path: Option<&str>, mut cases: Vec<Case>) -> Suite {
        let mut names = Occurrences::new();
        for case in &mut cases {
            let number = names.number(case.name.clone());
            if number > 1 {
                case.name = format!("{} ({number})", case.name);
            }
        }
        Suite {
            name: class(path),
            tests: cases.len(),
            failures: cases.iter().filter(|case| matches!(case.said, Some(Said::Failure(_)))).count(),
            errors: cases.iter().filter(|case| matches!(case.said, Some(Said::Error(_)))).count(),
            cases,
        }
    }
}

impl Case {
    fn new(path: Option<&str>, line: Option<usize>, name: &str, said: Option<Said>) -> Case {
        Case { name: xml(name), class: class(path), file: path.map(xml), line, said }
    }
}

impl From<&Failure> for Case {
    fn from(failure: &Failure) -> Case {
        let text = with_help(&failure.message, failure.help.as_deref());
        let problem = Problem { kind: CHECK_FAILED, message: xml(&failure.message), text: xml(&text) };
        let name = format!("{CHECK_FAILED}: {}", failure.message);
        Case::new(failure.path.as_deref(), None, &name, Some(Said::Error(problem)))
    }
}

impl From<&Located> for Case {
    fn from(finding: &Located) -> Case {
        let text = format!("{}{}", place(&finding.at), with_help(&finding.message, finding.help.as_deref()));
        let kind = finding.rule.id();
        let said = match finding.severity {
            Severity::Error => Said::Failure(Problem { kind, message: xml(&finding.message), text: xml(&text) }),
            Severity::Warning | Severity::Note => Said::SystemOut(xml(&format!("{}: {text}", finding.severity))),
        };
        let name = format!("{kind}: {}", finding.message);
        Case::new(finding.at.path.as_deref(), finding.at.line, &name, Some(said))
    }
}

impl From<&DelegateState> for Case {
    fn from(delegate: &DelegateState) -> Case {
        Case::new(Some(&delegate.path), Some(delegate.line), &format!("delegate {}", delegate.name), None)
    }
}

/// The name of a suite: its file, or this program for what concerns the run as a whole.
fn class(path: Option<&str>) -> String {
    path.map_or_else(|| env!("CARGO_PKG_NAME").to_owned(), xml)
}

/// `FILE:LINE:COLUMN: `, as far as it is known.
fn place(at: &At) -> String {
    let numbers = [at.line, at.column].into_iter().flatten().map(|number| format!(":{number}"));
    at.path.as_ref().map(|path| format!("{path}{}: ", numbers.collect::<String>())).unwrap_or_default()
}

/// The text without what XML 1.0 cannot hold, not even escaped (§2.2): a path may have any character in it.
fn xml(text: &str) -> String {
    let excluded = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    text.chars().map(|c| if excluded(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
