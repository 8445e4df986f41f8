//! Messages: level, place, what is the matter, and one line of help.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::finding::{Finding, Severity};
use crate::identity::escaped;
use crate::plan::Summary;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Note,
    /// Done, but look at it.
    Warning,
    /// Not done.
    Error,
}

/// Something to tell the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How much it matters.
    pub level: Level,
    /// What is the matter, its place first.
    pub text: String,
    /// What to do.
    pub help: Option<String>,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Level {
        match severity {
            Severity::Note => Level::Note,
            Severity::Warning => Level::Warning,
            Severity::Error => Level::Error,
        }
    }
}

impl Level {
    /// What the user reads, and in which colour.
    pub(super) fn word(self) -> (&'static str, Style) {
        match self {
            Level::Note => ("note", AnsiColor::Cyan.on_default().bold()),
            Level::Warning => ("warning", AnsiColor::Yellow.on_default().bold()),
            Level::Error => ("error", AnsiColor::Red.on_default().bold()),
        }
    }
}

impl From<&Finding> for Message {
    fn from(finding: &Finding) -> Message {
        let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        let text = format!("{place}{} [{}]", finding.message, finding.rule);
        Message { level: finding.severity.into(), text, help: finding.help.clone() }
    }
}

impl Message {
    /// An error.
    pub fn error(text: impl Into<String>, help: Option<String>) -> Message {
        Message { level: Level::Error, text: text.into(), help }
    }

    /// A warning.
    pub fn warning(text: impl Into<String>, help: Option<String>) -> Message {
        Message { level: Level::Warning, text: text.into(), help }
    }

    /// A note.
    pub fn note(text: impl Into<String>) -> Message {
        Message { level: Level::Note, text: text.into(), help: None }
    }

    /// Writes it: `error: place: cause`, and the help on a line of its own.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (word, style) = self.level.word();
        writeln!(out, "{style}{word}{style:#}: {}", escaped(&self.text))?;
        if let Some(help) = &self.help {
            let style = Style::new().bold();
            writeln!(out, "  {style}help{style:#}: {}", escaped(help))?;
        }
        Ok(())
    }
}

/// Writes the line of one delegate: what was done, or that nothing was.
///
/// # Errors
/// Those of the writer.
pub fn write_summary(out: &mut dyn Write, name: &str, summary: &Summary) -> io::Result<()> {
    let style = Style::new().bold();
    let namespace = summary.namespace.as_ref().map(|namespace| format!(" (namespace {namespace})")).unwrap_or_default();
    let done = if summary.actions.is_empty() { "nothing to do".to_owned() } else { summary.actions.join(", ") };
    let remarks: String = summary.remarks.iter().map(|remark| format!("; {remark}")).collect();
    let rest = escaped(&format!("{namespace}: {done}{remarks}"));
    writeln!(out, "{}: {style}{}{style:#}{rest}", escaped(name), escaped(&summary.delegate))
}
