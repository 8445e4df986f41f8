//! explain: a rule, or none → what there is to say about it, or a line for each. Reads no file.

use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::finding::Rule;
use crate::report;

pub(super) fn explain(rule: Option<Rule>, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match rule {
        Some(rule) => report::write_explanation(terminal.out(), rule)?,
        None => report::write_rules(terminal.out())?,
    }
    Ok(Exit::Done)
}
