//! check: files in, a report out, in every format; places lie in the files, and what Secrets hold is not shown.

use std::collections::BTreeSet;
use std::time::Duration;

use delegate_mtls::check::{self, Ca, FileFacts, Look, Mode, Settings};
use delegate_mtls::finding::{Rule, Severity};
use delegate_mtls::identity::{ChainCheck, Named, Options};
use delegate_mtls::report::{self, CheckFormat, Shown};
use delegate_mtls::yaml::Place;
use serde::Deserialize as _;
use serde_yaml::Value;
use time::macros::datetime;

const CA: &[u8] = include_bytes!("../../fixtures/quickstart/ca.crt");

/// The files of an input go by these names. The last one is that of no manifest.
const NAMES: [&str; 4] = ["fleet/delegate.yaml", "fleet/values.yaml", "docker-compose.yml", "README.md"];

/// The first byte chooses the settings, the rest is files.
pub fn run(bytes: &[u8]) {
    let Some((&flags, files)) = bytes.split_first() else { return };
    let parts = crate::parts(files, NAMES.len());
    let settings = Settings {
        mode: if flags & 1 == 0 { Mode::Loose } else { Mode::Strict },
        only: if flags & 2 == 0 { Vec::new() } else { vec![Rule::InlinePrivateKey] },
        severities: [(Rule::InlinePrivateKey, Some(Severity::Error))].into_iter().filter(|_| flags & 4 != 0).collect(),
    };
    let ca = (flags & 8 != 0).then(|| Ca::read(Named { name: "ca.crt", bytes: CA }).expect("it is one"));
    let options = Options {
        now: datetime!(2027-01-01 00:00 UTC),
        expires_within: Duration::from_secs(30 * 86_400),
        chain: ChainCheck::ToAnchor,
    };
    let texts: Vec<(&str, &str)> =
        NAMES.into_iter().zip(parts).filter_map(|(name, part)| Some((name, std::str::from_utf8(part).ok()?))).collect();
    let facts = texts.iter().filter_map(|(name, text)| {
        let is_manifest = *name != NAMES[3];
        let look = Look::at(text.as_bytes(), is_manifest, &settings)?;
        let facts = FileFacts::read((*name).to_owned(), text, look);
        Some(if is_manifest { facts } else { facts.of_another_kind() })
    });
    let report = check::check(facts.collect(), ca.as_slice(), &settings, &options);
    for found in &report.findings {
        let at = &found.at;
        let text = at.path.as_deref().and_then(|path| texts.iter().find(|(name, _)| *name == path));
        assert_eq!(text.is_some(), at.path.is_some(), "a finding in a file that there is not: {found:?}");
        let (Some((_, text)), Some(line), Some(column)) = (text, at.line, at.column) else { continue };
        assert!(text.get(at.span.clone()).is_some(), "a finding's span is none of the text: {found:?}");
        let place = Place::of(text, at.span.start);
        assert_eq!((place.line, place.column), (line, column), "a finding's place is not its span's: {found:?}");
    }
    let secrets = secrets(&texts);
    let is_silent = |format: &str, output: &str| {
        for secret in &secrets {
            assert!(!output.contains(secret.as_str()), "{format} shows {secret:?}:\n{output}");
        }
    };

    let mut human = Vec::new();
    let mut open = |path: &str| {
        let (_, text) = texts.iter().find(|(name, _)| *name == path)?;
        Some(Shown { text: (*text).to_owned(), masks: check::masks(text) })
    };
    report::write_check_human(&mut human, &report, &mut open).expect("a vector takes all");
    is_silent("the report for people", &String::from_utf8(human).expect("a report is text"));
    let formats = [CheckFormat::Json, CheckFormat::Github, CheckFormat::Sarif, CheckFormat::Gitlab, CheckFormat::Junit];
    for format in formats {
        let mut output = Vec::new();
        report::write_check(&mut output, format, &report).expect("a vector takes all");
        let output = String::from_utf8(output).expect("a report is text");
        is_silent(&format!("{format:?}"), &output);
        is_well_formed(format, &output);
    }
}

fn is_well_formed(format: CheckFormat, output: &str) {
    match format {
        CheckFormat::Json | CheckFormat::Sarif | CheckFormat::Gitlab => {
            serde_json::from_str::<serde_json::Value>(output)
                .unwrap_or_else(|error| panic!("{format:?} is no JSON: {error}\n{output}"));
        }
        CheckFormat::Github => {
            let is_command = |line: &str| {
                ["::error ", "::error::", "::warning ", "::notice "].iter().any(|start| line.starts_with(start))
            };
            for line in output.lines() {
                assert!(is_command(line), "not a workflow command: {line:?}");
            }
        }
        CheckFormat::Junit => {
            let is_allowed =
                |c: char| c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}' || matches!(c, '\t' | '\n' | '\r');
            assert!(output.chars().all(is_allowed), "a character that XML 1.0 does not allow:\n{output}");
            let mut reader = quick_xml::Reader::from_str(output);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => panic!("not XML: {error}\n{output}"),
                }
            }
        }
    }
}

/// The values of all Secrets that could not stand in a report for another reason: long, with digits among the letters,
/// and nowhere else in the input.
fn secrets(texts: &[(&str, &str)]) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for (_, text) in texts {
        for document in serde_yaml::Deserializer::from_str(text) {
            let Ok(document) = Value::deserialize(document) else { break };
            of_object(&document, &mut values);
        }
    }
    let is_telling = |value: &String| {
        let distinct: BTreeSet<char> = value.chars().collect();
        value.len() >= 20
            && distinct.len() >= 8
            && value.contains(|c: char| c.is_ascii_digit())
            && !value.contains(char::is_whitespace)
            && texts.iter().map(|(_, text)| text.matches(value.as_str()).count()).sum::<usize>() == 1
    };
    values.retain(is_telling);
    values
}

fn of_object(object: &Value, values: &mut BTreeSet<String>) {
    if object.get("kind").and_then(Value::as_str) == Some("Secret") {
        for part in ["data", "stringData"] {
            let entries = object.get(part).and_then(Value::as_mapping).into_iter().flatten();
            values.extend(entries.filter_map(|(_, value)| value.as_str().map(str::to_owned)));
        }
    }
    for item in object.get("items").and_then(Value::as_sequence).into_iter().flatten() {
        of_object(item, values);
    }
}
