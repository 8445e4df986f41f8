//! What there is to say about rules, for people: the list of all, and one in full. The words are those of `docs/rules.md`,
//! which is Markdown that a terminal shows well as it stands.

use std::io::{self, Write};

use anstyle::Style;

use super::message::Level;
use crate::explain::{explanation, groups};
use crate::finding::Rule;

/// Writes a line for every rule: its id, its severity, and what it means.
///
/// # Errors
/// Those of the writer.
pub fn write_rules(out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let width = Rule::ALL.iter().map(|rule| rule.id().len()).max().unwrap_or_default();
    for (at, group) in groups().iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{bold}{}{bold:#}", group.title)?;
        for &rule in &group.rules {
            let (word, style) = Level::from(rule.severity()).word();
            writeln!(out, "  {:width$}  {style}{word:7}{style:#}  {}", rule.id(), explanation(rule).summary)?;
        }
    }
    Ok(())
}

/// Writes everything that there is to say about a rule.
///
/// # Errors
/// Those of the writer.
pub fn write_explanation(out: &mut dyn Write, rule: Rule) -> io::Result<()> {
    let explanation = explanation(rule);
    let (word, style) = Level::from(rule.severity()).word();
    write!(out, "{style}{word}[{rule}]{style:#}")?;
    if !explanation.varies.is_empty() {
        write!(out, " ({})", explanation.varies)?;
    }
    writeln!(out, ": {}\n\n{}", explanation.summary, explanation.details)
}
