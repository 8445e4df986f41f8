//! A check's report → what a person reads: the line of each finding, the delegates, the counts. Of a file it shows the
//! lines that are meant, masked.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::excerpt::{Excerpt, Excerpts};
use super::table::write_delegates;
use crate::check::{Located, Report};
use crate::delegate::Mask;
use crate::finding::Severity;
use crate::identity::escaped;
use crate::report;

/// A file's text and what of it must not be shown.
pub struct Shown {
    /// The text.
    pub text: String,
    /// What of it must not be shown, in order.
    pub masks: Vec<Mask>,
}

/// Writes a report for a person; what failed is not in it. `open` gives the text of a path again, or `None` where it
/// cannot be shown; it is asked once for each file, and one text is held at a time.
///
/// # Errors
/// Those of the writer.
pub fn write_check_human(
    out: &mut dyn Write,
    report: &Report,
    open: &mut dyn FnMut(&str) -> Option<Shown>,
) -> io::Result<()> {
    let renderer = Renderer::styled()
        .error(report::Level::Error.word().1)
        .warning(report::Level::Warning.word().1)
        .note(report::Level::Note.word().1);
    for of_file in report.findings.chunk_by(|one, other| one.at.path == other.at.path) {
        let path =
            of_file.iter().find(|finding| finding.at.line.is_some()).and_then(|finding| finding.at.path.as_deref());
        let shown = path.and_then(&mut *open);
        let mut excerpts = shown.as_ref().map(Excerpts::new);
        for finding in of_file {
            let excerpt = excerpts.as_mut().and_then(|excerpts| excerpts.at(&finding.at));
            writeln!(out, "{}\n", rendered(&renderer, finding, excerpt))?;
        }
    }
    write_delegates(out, report)?;
    write_counts(out, &report.findings)
}

fn rendered(renderer: &Renderer, finding: &Located, excerpt: Option<Excerpt>) -> String {
    let level = match finding.severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let at = &finding.at;
    let origin = at.path.as_deref().map(|path| {
        let origin = Origin::path(escaped(path));
        let origin = at.line.into_iter().fold(origin, Origin::line);
        at.column.into_iter().fold(origin, Origin::char_column)
    });
    let title = level.clone().primary_title(escaped(&finding.message)).id(finding.rule.id());
    let head = Group::with_title(title).elements(origin);
    let help = finding.help.as_deref().map(|help| Level::HELP.message(escaped(help)));
    let (Some(Excerpt { line, mark }), Some(number)) = (excerpt, at.line) else {
        return renderer.render(&[head.elements(help)]);
    };
    // The place is the file's, not the excerpt's: it stands in a group of its own. Behind the first group there would
    // be an empty line, so the first one is empty.
    let snippet = Snippet::source(line).line_start(number).annotation(AnnotationKind::Primary.span(mark));
    let body = Group::with_level(level.clone()).element(snippet).elements(help);
    let rendered = renderer.render(&[Group::with_level(level), head, body]);
    rendered.trim_start_matches('\n').to_owned()
}

/// `2 errors, 1 warning in 2 files`.
fn write_counts(out: &mut dyn Write, findings: &[Located]) -> io::Result<()> {
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut counts = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        if count > 0 {
            let style = report::Level::from(severity).word().1;
            counts.push(format!("{style}{}{style:#}", counted(count, &severity.to_string())));
        }
    }
    if counts.is_empty() {
        return writeln!(out, "no findings");
    }
    let of_files = findings.chunk_by(|one, other| one.at.path == other.at.path);
    let files = of_files.filter(|of_file| of_file.first().is_some_and(|finding| finding.at.path.is_some())).count();
    let files = if files == 0 { String::new() } else { format!(" in {}", counted(files, "file")) };
    writeln!(out, "{}{files}", counts.join(", "))
}

#[cfg(test)]
mod tests;
