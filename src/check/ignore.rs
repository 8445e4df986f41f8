//! Comments that ignore findings: `# delegate-mtls: ignore[rule-id, rule-id] reason`, behind what is found, or on a line
//! of its own above it.

use crate::finding::Rule;
use crate::yaml::{Place, Span};

/// A rule that a comment ignores on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ignore {
    /// The rule, or what was written in its place.
    pub(super) rule: Result<Rule, String>,
    /// The line whose findings it ignores.
    pub(super) line: usize,
    /// Where the id is written.
    pub(super) span: Span,
    pub(super) place: Place,
}

const MARK: &str = "delegate-mtls: ignore[";

/// All such comments of a text, whether it is YAML or not. One inside a block scalar counts: the text of an upgrader's
/// configuration is such.
pub(super) fn find(text: &str) -> Vec<Ignore> {
    let mut ignores = Vec::new();
    if !text.contains(MARK) {
        return ignores;
    }
    // rules of comments above, waiting for the next line that is none
    let mut waiting: Vec<Ignore> = Vec::new();
    let mut start = 0;
    for (number, raw) in text.split('\n').enumerate() {
        let line = number + 1;
        let own = raw.trim_start().starts_with('#');
        let mut found = ids(raw, start, line);
        if own {
            waiting.append(&mut found);
        } else if !raw.trim().is_empty() {
            let above = waiting.drain(..).map(|ignore| Ignore { line, ..ignore });
            ignores.extend(above);
        }
        ignores.append(&mut found);
        start += raw.len() + 1;
    }
    ignores.extend(waiting);
    ignores.sort_by_key(|ignore| ignore.span.start);
    ignores
}

/// The ids in the brackets of a line's comment.
fn ids(raw: &str, start: usize, line: usize) -> Vec<Ignore> {
    let Some((before, behind)) = raw.split_once(MARK) else { return Vec::new() };
    // a comment starts a line or stands behind a blank (YAML 1.2 §6.6)
    let opening = before.trim_end();
    let is_comment =
        opening.strip_suffix('#').is_some_and(|left| left.is_empty() || left.ends_with([' ', '\t', '\u{feff}']));
    let Some((list, _)) = behind.split_once(']').filter(|_| is_comment) else { return Vec::new() };
    let mut at = before.len() + MARK.len();
    let mut ignores = Vec::new();
    for part in list.split(',') {
        let id = part.trim();
        let offset = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        if id.is_empty() {
            continue;
        }
        let rule = Rule::ALL.iter().find(|rule| rule.id() == id).copied();
        let column = raw.get(..offset).unwrap_or_default().trim_start_matches('\u{feff}').chars().count() + 1;
        ignores.push(Ignore {
            rule: rule.ok_or_else(|| id.to_owned()),
            line,
            span: start + offset..start + offset + id.len(),
            place: Place { line, column },
        });
    }
    ignores
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule, line that it is for, and place of the comment.
    fn found(text: &str) -> Vec<(String, usize, String)> {
        let id = |ignore: &Ignore| ignore.rule.clone().map_or_else(|text| format!("?{text}"), |rule| rule.to_string());
        let ignores = find(text);
        for ignore in &ignores {
            assert_eq!(text.get(ignore.span.clone()), Some(id(ignore).trim_start_matches('?')));
        }
        ignores.iter().map(|ignore| (id(ignore), ignore.line, ignore.place.to_string())).collect()
    }

    #[test]
    fn on_the_line_or_above() {
        let said = |id: &str, line: usize, place: &str| (id.to_owned(), line, place.to_owned());
        assert_eq!(found("a: b # delegate-mtls: ignore[not-mtls] later\n"), [said("not-mtls", 1, "1:30")]);
        assert_eq!(
            found("# delegate-mtls: ignore[not-mtls, key-format]\r\n  # why\n\n  a: b\r\n"),
            [said("not-mtls", 4, "1:25"), said("key-format", 4, "1:35")]
        );
        assert_eq!(found("ü: b #delegate-mtls: ignore[nothing]"), [said("?nothing", 1, "1:29")]);
        assert_eq!(found("a: |\n  # delegate-mtls: ignore[not-mtls]\n  b\n"), [said("not-mtls", 3, "2:27")]);
    }

    #[test]
    fn what_is_no_comment_is_none() {
        assert_eq!(found("a: 'x#delegate-mtls: ignore[not-mtls]'\n"), []);
        assert_eq!(found("a: delegate-mtls: ignore[not-mtls]\n"), []);
        assert_eq!(found("# delegate-mtls: ignore[not-mtls\n"), []);
        assert_eq!(found("# delegate-mtls: ignore[ , ]\n"), []);
    }
}
