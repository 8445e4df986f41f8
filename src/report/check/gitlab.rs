//! A check's report → GitLab's Code Quality report, which is shown in the merge request.
//!
//! The format: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::{CHECK_FAILED, with_help};
use crate::check::Report;
use crate::finding::Severity;
use crate::report::write_json;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// What could not be done comes first: it hides findings, so it is worse than any of them.
pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut fingerprints = Fingerprints::new();
    let failures = report.failures.iter().map(|failure| Issue {
        description: with_help(&failure.message, failure.help.as_deref()),
        check_name: CHECK_FAILED,
        fingerprint: fingerprints.of_parts(CHECK_FAILED, failure.path.as_deref(), &failure.message),
        severity: "blocker",
        location: location(failure.path.as_deref(), None),
    });
    let mut issues: Vec<Issue<'_>> = failures.collect();
    issues.extend(report.findings.iter().map(|finding| Issue {
        description: with_help(&finding.message, finding.help.as_deref()),
        check_name: finding.rule.id(),
        fingerprint: fingerprints.of(finding),
        severity: match finding.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: location(finding.at.path.as_deref(), finding.at.line),
    }));
    write_json(out, &issues)
}

/// GitLab drops an issue without a path and a line. What concerns the run as a whole is put at the folder that it ran
/// in: a file would be blamed for what it did not do.
fn location(path: Option<&str>, line: Option<usize>) -> Location<'_> {
    Location { path: path.unwrap_or("."), lines: Lines { begin: line.unwrap_or(1) } }
}
