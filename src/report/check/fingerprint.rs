//! Findings → names that stay theirs when lines move, so that a later report's findings are known again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;

use aws_lc_rs::digest::{SHA256, digest};

use crate::check::Located;

/// Numbers equal things.
#[derive(Debug)]
pub(super) struct Occurrences<T>(HashMap<T, usize>);

impl<T: Hash + Eq> Occurrences<T> {
    pub(super) fn new() -> Occurrences<T> {
        Occurrences(HashMap::new())
    }

    /// The how manieth of its like this is, from 1.
    pub(super) fn number(&mut self, thing: T) -> usize {
        let number = self.0.entry(thing).or_default();
        *number += 1;
        *number
    }
}

/// Gives every finding of a report a fingerprint of its own.
#[derive(Debug)]
pub(super) struct Fingerprints(Occurrences<String>);

impl Fingerprints {
    pub(super) fn new() -> Fingerprints {
        Fingerprints(Occurrences::new())
    }

    /// The fingerprint of a finding: what it is, its file and what it says, but not where in the file.
    pub(super) fn of(&mut self, finding: &Located) -> String {
        self.of_parts(finding.rule.id(), finding.at.path.as_deref(), &finding.message)
    }

    /// SHA-256 in hexadecimal, and behind a colon which of the equal ones it is.
    pub(super) fn of_parts(&mut self, name: &str, path: Option<&str>, message: &str) -> String {
        // no part holds a NUL: ids are our own, file names cannot, messages are fit for a terminal
        let text = [name, path.unwrap_or_default(), message].join("\0");
        let mut hash = String::new();
        for byte in digest(&SHA256, text.as_bytes()).as_ref() {
            // writing to a String does not fail
            let _ = write!(hash, "{byte:02x}");
        }
        let number = self.0.number(hash.clone());
        format!("{hash}:{number}")
    }
}
