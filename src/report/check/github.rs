//! A check's report → workflow commands of GitHub Actions, which become annotations in the pull request.
//!
//! What the runner reads is what the toolkit writes:
//! <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>

use std::cmp::Reverse;
use std::fmt;
use std::io::{self, Write};

use super::{CHECK_FAILED, with_help};
use crate::check::{Failure, Located, Report};
use crate::finding::Severity;

/// The worst first: GitHub shows no more than ten errors and ten warnings of a step.
pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for failure in &report.failures {
        writeln!(out, "{}", Command::from(failure))?;
    }
    let mut findings: Vec<&Located> = report.findings.iter().collect();
    findings.sort_by_key(|finding| Reverse(finding.severity));
    for finding in findings {
        writeln!(out, "{}", Command::from(finding))?;
    }
    Ok(())
}

/// `::NAME PROPERTY=VALUE,PROPERTY=VALUE::MESSAGE`
struct Command<'a> {
    name: &'static str,
    file: Option<&'a str>,
    line: Option<usize>,
    col: Option<usize>,
    title: &'static str,
    message: String,
}

impl<'a> From<&'a Failure> for Command<'a> {
    fn from(failure: &'a Failure) -> Command<'a> {
        Command {
            name: "error",
            file: failure.path.as_deref(),
            line: None,
            col: None,
            title: CHECK_FAILED,
            message: with_help(&failure.message, failure.help.as_deref()),
        }
    }
}

impl<'a> From<&'a Located> for Command<'a> {
    fn from(finding: &'a Located) -> Command<'a> {
        Command {
            name: match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            },
            file: finding.at.path.as_deref(),
            line: finding.at.line,
            col: finding.at.column,
            title: finding.rule.id(),
            message: with_help(&finding.message, finding.help.as_deref()),
        }
    }
}

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "::{} ", self.name)?;
        if let Some(file) = self.file {
            write!(f, "file={},", Escaped { text: file, also: &[':', ','] })?;
        }
        if let Some(line) = self.line {
            write!(f, "line={line},")?;
        }
        if let Some(col) = self.col {
            write!(f, "col={col},")?;
        }
        let title = Escaped { text: self.title, also: &[':', ','] };
        write!(f, "title={title}::{}", Escaped { text: &self.message, also: &[] })
    }
}

/// Text without what ends a command, and without what ends a property where that is in `also`. Only these are
/// decoded again, so every other character stands for itself.
struct Escaped<'a> {
    text: &'a str,
    also: &'static [char],
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.text.chars() {
            match c {
                '%' | '\r' | '\n' => write!(f, "%{:02X}", u32::from(c))?,
                c if self.also.contains(&c) => write!(f, "%{:02X}", u32::from(c))?,
                // a path may hold any character, and a log is shown on a terminal
                c if c.is_control() => write!(f, "{}", char::REPLACEMENT_CHARACTER)?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}
