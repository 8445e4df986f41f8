//! What the user wants to hear: how the account stands, and how much each rule matters.

use std::collections::HashMap;

use crate::finding::{Rule, Severity};

/// The mode of the account's mTLS endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Delegates without mTLS are let in.
    #[default]
    Loose,
    /// Delegates without mTLS are blocked.
    Strict,
}

/// By what findings are weighed.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How the account stands.
    pub mode: Mode,
    /// What a rule's findings are instead of what they would be; `None` is off.
    pub severities: HashMap<Rule, Option<Severity>>,
    /// Only these are reported; none means all.
    pub only: Vec<Rule>,
}

impl Settings {
    /// What a finding is, of a rule that judged it `found`; `None` where it is not wanted.
    pub(super) fn weigh(&self, rule: Rule, found: Severity) -> Option<Severity> {
        if let Some(severity) = self.severities.get(&rule) {
            return *severity;
        }
        match rule {
            Rule::NotMtls | Rule::LegacyDelegate if self.mode == Mode::Strict => Some(Severity::Error),
            Rule::InlinePrivateKey if !self.only.contains(&rule) => None,
            _ => Some(found),
        }
    }

    /// Whether a rule is among those that were asked for. What could not be read may hide a finding of any.
    pub(super) fn asks_for(&self, rule: Rule) -> bool {
        let hides = rule == Rule::UnreadableFile && self.judges_manifests();
        self.only.is_empty() || self.only.contains(&rule) || hides
    }

    /// Whether findings of a rule are reported at all.
    pub(super) fn reports(&self, rule: Rule) -> bool {
        self.asks_for(rule) && self.weigh(rule, rule.severity()).is_some()
    }

    /// Whether any text file is looked through for private keys.
    #[must_use]
    pub fn looks_for_keys(&self) -> bool {
        self.reports(Rule::InlinePrivateKey)
    }

    /// Whether anything is asked that only reading manifests can answer.
    #[must_use]
    pub fn judges_manifests(&self) -> bool {
        self.only.is_empty() || self.only.iter().any(|rule| *rule != Rule::InlinePrivateKey)
    }
}
