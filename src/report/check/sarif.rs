//! A check's report → SARIF 2.1.0, for code scanning.
//!
//! The sections are those of <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::with_help;
use crate::check::{At, Failure, Located, Report};
use crate::explain::explanation;
use crate::finding::{Rule, Severity};
use crate::report::write_json;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<Descriptor>,
}

/// §3.49: what a rule is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    /// SARIF's levels have the names of our severities.
    level: Severity,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

/// §3.12
#[derive(Serialize)]
struct Text {
    text: &'static str,
}

/// §3.20: how the run went.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
    tool_configuration_notifications: Vec<Notification>,
}

/// §3.58: what is to be said of the run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    level: Severity,
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_rule: Option<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

/// §3.52
#[derive(Serialize)]
struct Reference {
    id: &'static str,
    index: usize,
}

/// §3.27: a finding; `Result` is taken.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: Severity,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
}

pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    // GitHub refuses a whole log for one result without a place ("expected at least one location"); and what concerns
    // the run as a whole, such as that no CA was given, is a matter of how it was configured
    let (placed, general): (Vec<&Located>, Vec<&Located>) =
        report.findings.iter().partition(|finding| finding.at.path.is_some());
    let mut fingerprints = Fingerprints::new();
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: Rule::ALL.iter().copied().map(Descriptor::from).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: report.failures.is_empty(),
                tool_execution_notifications: report.failures.iter().map(Notification::from).collect(),
                tool_configuration_notifications: general.into_iter().map(Notification::from).collect(),
            }],
            column_kind: "unicodeCodePoints",
            results: placed.into_iter().map(|finding| Outcome::new(finding, fingerprints.of(finding))).collect(),
        }],
    };
    write_json(out, &log)
}

impl From<Rule> for Descriptor {
    fn from(rule: Rule) -> Descriptor {
        let explanation = explanation(rule);
        Descriptor {
            id: rule.id(),
            // the id in Pascal case, as §3.49.7 has it in its examples
            name: format!("{rule:?}"),
            short_description: Text { text: explanation.summary },
            full_description: Text { text: explanation.summary },
            help: Help { text: explanation.text, markdown: explanation.text },
            default_configuration: Configuration { level: rule.severity() },
        }
    }
}

impl From<&Failure> for Notification {
    fn from(failure: &Failure) -> Notification {
        let at = At { path: failure.path.clone(), ..At::default() };
        Notification {
            level: Severity::Error,
            message: Message::new(&failure.message, failure.help.as_deref()),
            associated_rule: None,
            locations: locations(&at),
        }
    }
}

impl From<&Located> for Notification {
    fn from(finding: &Located) -> Notification {
        Notification {
            level: finding.severity,
            message: Message::new(&finding.message, finding.help.as_deref()),
            associated_rule: Some(Reference { id: finding.rule.id(), index: index(finding.rule) }),
            locations: locations(&finding.at),
        }
    }
}

impl Outcome {
    fn new(finding: &Located, fingerprint: String) -> Outcome {
        Outcome {
            rule_id: finding.rule.id(),
            rule_index: index(finding.rule),
            level: finding.severity,
            message: Message::new(&finding.message, finding.help.as_deref()),
            locations: locations(&finding.at),
            partial_fingerprints: BTreeMap::from([("findingHash/v1", fingerprint)]),
        }
    }
}

impl Message {
    /// §3.11.5: single braces are placeholders.
    fn new(message: &str, help: Option<&str>) -> Message {
        Message { text: with_help(message, help).replace('{', "{{").replace('}', "}}") }
    }
}

/// The place of a rule among the descriptors: `Rule::ALL` is in the order of the variants.
fn index(rule: Rule) -> usize {
    rule as usize
}

/// None where there is no file: §3.28.3 has no location without one.
fn locations(at: &At) -> Vec<Location> {
    let region = at.line.map(|start_line| Region { start_line, start_column: at.column });
    let location = at.path.as_deref().map(|path| Location {
        physical_location: PhysicalLocation { artifact_location: ArtifactLocation { uri: uri(path) }, region },
    });
    location.into_iter().collect()
}

/// A path as a URI reference (RFC 3986 §4.1): relative as it is, absolute with the scheme `file` (RFC 8089).
fn uri(path: &str) -> String {
    // unreserved characters (RFC 3986 §2.3) and the slash; a colon in the first segment would end a scheme
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    if Path::new(path).is_absolute() {
        format!("file:///{}", utf8_percent_encode(path.trim_start_matches('/'), ENCODED))
    } else {
        utf8_percent_encode(path, ENCODED).to_string()
    }
}
