//! What a check comes to → what a person reads, and what programs do: JSON, annotations, SARIF, Code Quality, JUnit.
//! Decides nothing.

mod excerpt;
mod fingerprint;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod sarif;
mod table;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::check::Report;
pub use human::{Shown, write_check_human};

/// What could not be done goes by this name where a finding goes by its rule.
const CHECK_FAILED: &str = "check-failed";

/// A format for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckFormat {
    /// The report itself; it follows `docs/schema/check.json`.
    Json,
    /// Annotations of GitHub Actions: workflow commands, one on a line.
    Github,
    /// SARIF 2.1.0 (OASIS), which code scanning reads.
    Sarif,
    /// GitLab's Code Quality report.
    Gitlab,
    /// JUnit's XML, which every CI system shows as tests.
    Junit,
}

/// Writes the report for a program. It is well-formed for any report, the failures in it included.
///
/// # Errors
/// Those of the writer.
pub fn write_check(out: &mut dyn Write, format: CheckFormat, report: &Report) -> io::Result<()> {
    match format {
        CheckFormat::Json => json::write(out, report),
        CheckFormat::Github => github::write(out, report),
        CheckFormat::Sarif => sarif::write(out, report),
        CheckFormat::Gitlab => gitlab::write(out, report),
        CheckFormat::Junit => junit::write(out, report),
    }
}

/// What is the matter and, on a line of its own, what to do.
fn with_help(message: &str, help: Option<&str>) -> String {
    match help {
        Some(help) => format!("{message}\nhelp: {help}"),
        None => message.to_owned(),
    }
}
