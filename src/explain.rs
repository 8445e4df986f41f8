//! A rule → what there is to say about it. `docs/rules.md` is the one source: what a reader of the repository sees, what
//! `explain` prints, and what the reports of machines quote are the same words. Judges nothing, prints nothing.

use crate::finding::Rule;

const RULES: &str = include_str!("../docs/rules.md");

/// What `docs/rules.md` says about a rule. A rule that it leaves out has empty texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// What it means: one sentence with its full stop, without the severity.
    pub summary: &'static str,
    /// When the severity is not the rule's own, such as `an error with --mode strict`; empty where it always is.
    pub varies: &'static str,
    /// Why it matters, how to mend it, and the exceptions: what stands behind the first paragraph.
    pub details: &'static str,
    /// The whole section below its heading, in Markdown.
    pub text: &'static str,
}

/// Rules that are about the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they are about, in a few words.
    pub title: &'static str,
    /// In the order of `docs/rules.md`: what is likelier comes first.
    pub rules: Vec<Rule>,
}

/// What there is to say about a rule.
#[must_use]
pub fn explanation(rule: Rule) -> Explanation {
    let mut sections = parts(RULES, "\n## ").flat_map(|(_, group)| parts(group, "\n### "));
    let text = sections.find(|(id, _)| *id == rule.id()).map_or("", |(_, text)| text.trim());
    let (head, details) = text.split_once("\n\n").unwrap_or((text, ""));
    let (severity, summary) = head.split_once(" · ").unwrap_or(("", head));
    let varies = severity.split_once("**, ").map_or("", |(_, varies)| varies);
    Explanation { summary, varies, details, text }
}

/// All rules, by what they are about.
#[must_use]
pub fn groups() -> Vec<Group> {
    parts(RULES, "\n## ")
        .map(|(title, group)| {
            let ids = parts(group, "\n### ").map(|(id, _)| id);
            Group { title, rules: ids.filter_map(Rule::from_id).collect() }
        })
        .collect()
}

/// The headings of one level, each with what stands below it.
fn parts(text: &'static str, mark: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.split(mark).skip(1).filter_map(|part| part.split_once('\n'))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    /// What stands in backticks, looks like a rule's id, and is none.
    const OTHER_WORDS: &[&str] = &["client-certificate", "config-certificate"];

    #[test]
    fn every_rule_has_one_section_and_there_is_no_other() {
        let headings = || RULES.lines().filter_map(|line| line.strip_prefix("### "));
        let mut ids: Vec<&str> = headings().collect();
        ids.sort_unstable();
        let rules: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids, rules);
        // each below a `##` heading, and none of these for nothing
        let groups = groups();
        assert!(groups.iter().all(|group| !group.rules.is_empty()), "{groups:?}");
        let grouped: Vec<&str> = groups.iter().flat_map(|group| &group.rules).map(|rule| rule.id()).collect();
        assert_eq!(grouped, headings().collect::<Vec<_>>());
    }

    #[test]
    fn every_section_begins_with_the_severity_and_one_sentence() {
        for &rule in Rule::ALL {
            let Explanation { summary, varies, text, .. } = explanation(rule);
            let severity = rule.severity();
            let head = match varies {
                "" => format!("**{severity}** · {summary}\n\n"),
                varies => format!("**{severity}**, {varies} · {summary}\n\n"),
            };
            assert!(text.starts_with(&head), "{rule}: {text}");
            assert!(summary.starts_with(char::is_uppercase) && summary.ends_with('.'), "{rule}: {summary}");
            assert!(!summary.contains(['\n', '*']) && summary.matches(". ").count() == 0, "{rule}: {summary}");
            assert!((20..=80).contains(&summary.chars().count()), "{rule}: {summary}");
        }
    }

    #[test]
    fn every_section_says_more_than_its_first_sentence_and_reads_well_in_a_terminal() {
        for &rule in Rule::ALL {
            let Explanation { details, text, .. } = explanation(rule);
            assert!(text.len() > 100 && details.len() > 100, "{rule}: {text}");
            assert!(!details.contains("**") && !details.contains("]("), "{rule}: {details}");
            assert_eq!(details.matches("```").count() % 2, 0, "{rule}: {details}");
            assert!(details.lines().all(|line| line.chars().count() <= 100), "{rule}: {details}");
        }
    }

    #[test]
    fn every_command_of_ours_is_one_that_we_take() {
        let mut count = 0;
        let fenced = RULES.split("```").skip(1).step_by(2).collect::<String>().replace("\\\n", " ");
        for command in fenced.lines().filter(|line| line.starts_with("delegate-mtls ")) {
            count += 1;
            Cli::try_parse_from(command.split_whitespace()).unwrap_or_else(|error| panic!("{command}: {error}"));
        }
        assert!(count > 5, "{count}");
    }

    #[test]
    fn every_snippet_of_a_manifest_is_yaml() {
        let snippets = RULES.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("yaml\n"));
        for snippet in snippets {
            let value: Result<serde_yaml::Value, _> = serde_yaml::from_str(snippet);
            assert!(value.is_ok(), "{value:?}\n{snippet}");
        }
    }

    #[test]
    fn every_rule_that_is_spoken_of_is_there() {
        let prose: String = RULES.split("```").step_by(2).collect();
        for word in prose.split('`').skip(1).step_by(2) {
            let like_an_id = word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.contains('-')
                && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(!like_an_id || Rule::from_id(word).is_some() || OTHER_WORDS.contains(&word), "{word}");
        }
    }
}
