//! certs inspect: files → what is in them, how it belongs together, and what is wrong. Writes nothing.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::identity;
use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::cli::{Format, Generation, InspectArgs};
use crate::delegate::{self, Delegate, Index, SecretDefect, SecretValue, Stream, StreamError};
use crate::finding::{Finding, Rule, Severity};
use crate::identity::{ChainCheck, Inventory, Item, Loader, Role, SecretPart, printable};
use crate::report::{self, Message};
use crate::source::{self, MAX_BYTES, STDIN};
use crate::yaml::{Place, Places};

pub(super) fn inspect(args: InspectArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let options = identity::options(&args.judge, ChainCheck::ToAnchor)?;
    let inputs = read(&args.files)?;
    let mut delegates: Vec<Delegate> = Vec::new();
    let mut values: Vec<Placed<'_>> = Vec::new();
    let mut failures = Vec::new();
    let mut number = 0;
    for input in &inputs {
        let Some(text) = manifest(&input.bytes) else {
            values.push(Placed { input, place: input.name.clone(), value: None, loader: None, findings: Vec::new() });
            continue;
        };
        match secrets(text) {
            Ok((found, _)) if found.is_empty() => failures.push(Message::error(
                format!("{}: is a manifest without a certificate or a key in a Secret", input.name),
                Some("give a Secret with `client.crt` and `client.key`, or the files themselves".to_owned()),
            )),
            Ok((found, index)) => {
                let mut places = Places::new(text);
                let before = number;
                for mut value in found {
                    let loader = mounted_by(&value, &index);
                    // a manifest may come from anybody, and a terminal obeys
                    (value.secret, value.key) = (printable(&value.secret), printable(&value.key));
                    // each manifest counts its own
                    value.number += before;
                    number = number.max(value.number);
                    let place = format!("{}:{}", input.name, places.of(value.span.start));
                    let findings = value.defect.map(|defect| encoding(&value, defect, &place));
                    let findings = findings.into_iter().collect();
                    values.push(Placed { input, place, value: Some(value), loader, findings });
                }
                delegates.extend(index.delegates);
            }
            Err(error) => {
                let place = Place::of(text, error.offset);
                failures.push(Message::error(format!("{}:{place}: {error}", input.name), None));
            }
        }
    }
    if !failures.is_empty() {
        return Err(Failure::Messages(failures));
    }
    let typed = args.generation.map(|generation| match generation {
        Generation::Classic => Loader::Java,
        Generation::ThreeX => Loader::Go,
    });
    let usual = strictest(&delegates.iter().collect::<Vec<_>>());
    let items: Vec<Item<'_>> = values.iter().map(|value| value.item(typed.or(value.loader).unwrap_or(usual))).collect();
    let inventory = Inventory::take(&items, &options)
        .map_err(|error| Message::error(error.to_string(), Some("give fewer files".to_owned())))?;
    match args.format {
        Format::Human => report::write_inventory(terminal.out(), &inventory)?,
        Format::Json => {
            report::write_json(terminal.out(), &Document { version: 1, at: options.now, inventory: &inventory })?;
        }
    }
    for error in &inventory.unreadable {
        Message::error(error.to_string(), error.help()).write(terminal.err())?;
    }
    Ok(if !inventory.unreadable.is_empty() {
        Exit::Failed
    } else if inventory.findings.iter().any(|finding| finding.severity == Severity::Error) {
        Exit::No
    } else {
        Exit::Done
    })
}

/// The JSON document; `docs/schema/inspect.json` describes it.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(flatten)]
    inventory: &'a Inventory,
}

struct Input {
    name: String,
    bytes: Zeroizing<Vec<u8>>,
}

/// An input, or a value of a Secret in it, and where that is.
struct Placed<'a> {
    input: &'a Input,
    place: String,
    value: Option<SecretValue>,
    /// Who loads it, where a delegate beside it says so.
    loader: Option<Loader>,
    /// What is the matter with the value's encoding.
    findings: Vec<Finding>,
}

impl Placed<'_> {
    fn item(&self, loader: Loader) -> Item<'_> {
        let (place, findings) = (self.place.as_str(), self.findings.as_slice());
        match &self.value {
            None => Item { name: &self.input.name, place, bytes: &self.input.bytes, loader, secret: None, findings },
            Some(value) => {
                let secret = SecretPart { name: &value.secret, number: value.number, role: role(&value.key) };
                Item { name: &value.key, place, bytes: &value.bytes, loader, secret: Some(secret), findings }
            }
        }
    }
}

/// What a value's key says it is: the names that the delegate's mount has, and those of a Secret of type
/// `kubernetes.io/tls`. A bundle of authorities may have any other.
fn role(key: &str) -> Role {
    if key.ends_with(".key") {
        Role::Key
    } else if key.starts_with("ca.") || key.ends_with("-ca.crt") {
        Role::Ca
    } else if matches!(key, "client.crt" | "tls.crt") {
        Role::Certificate
    } else {
        Role::Any
    }
}

/// Reads every input; all that cannot be read are reported.
fn read(files: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    let stdin = [PathBuf::from("-")];
    let files = if files.is_empty() { &stdin } else { files };
    let mut inputs = Vec::new();
    let mut messages = Vec::new();
    for file in files {
        let (name, bytes) = if file == Path::new("-") {
            (STDIN.to_owned(), source::read_stdin_bytes(io::stdin(), MAX_BYTES))
        } else {
            (printable(&file.display().to_string()), source::read_bytes(file, MAX_BYTES))
        };
        match bytes {
            Ok(bytes) => inputs.push(Input { name, bytes }),
            Err(error) => messages.push(Message::error(error.to_string(), error.help())),
        }
    }
    if messages.is_empty() { Ok(inputs) } else { Err(Failure::Messages(messages)) }
}

/// The text of a manifest, which has the key `kind` somewhere, quoted or not, and no PEM at the margin: what stands
/// around PEM may say anything.
fn manifest(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_key = |(before, behind): (&str, &str)| {
        let behind = behind.trim_start_matches(['"', '\'']).trim_start();
        behind.starts_with(':')
            && !before.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '.' | '/'))
    };
    let mut lines = text.lines();
    let has_kind = lines.clone().any(|line| {
        line.match_indices("kind").any(|(at, kind)| {
            line.split_at_checked(at)
                .is_some_and(|(before, from)| is_key((before, from.strip_prefix(kind).unwrap_or_default())))
        })
    });
    (has_kind && !lines.any(|line| line.starts_with("-----BEGIN "))).then_some(text)
}

fn secrets(text: &str) -> Result<(Vec<SecretValue>, Index), StreamError> {
    let stream = Stream::new(text)?;
    let values = delegate::secret_values(&stream)?;
    Ok((values, delegate::read(&stream)?))
}

/// Who loads a value: the delegates that mount its Secret.
fn mounted_by(value: &SecretValue, index: &Index) -> Option<Loader> {
    let mounting = index.mounting(&value.secret, value.namespace.as_deref());
    let delegates = index.delegates.iter().filter(|delegate| mounting.contains(&delegate.workload));
    let delegates: Vec<&Delegate> = delegates.collect();
    (!delegates.is_empty()).then(|| strictest(&delegates))
}

/// The loader that takes the least, which is the classic delegate's unless all of them are of 3.x.
fn strictest(delegates: &[&Delegate]) -> Loader {
    let generations: Vec<_> = delegates.iter().map(|delegate| &delegate.generation).collect();
    if identity::loaders(&generations).contains(&Loader::Java) { Loader::Java } else { Loader::Go }
}

/// Why a pod would not get what the value holds.
fn encoding(value: &SecretValue, defect: SecretDefect, place: &str) -> Finding {
    let what = format!("`{}` of the Secret `{}`", value.key, value.secret);
    let encode = format!("base64 -w0 {}", value.key);
    let (rule, message, help) = match defect {
        SecretDefect::Placeholder => (
            Rule::PlaceholderLeft,
            format!("{what} is not filled in"),
            "delegate-mtls inject -i --cert client.crt --key client.key --ca ca.crt MANIFEST".to_owned(),
        ),
        SecretDefect::NotBase64 => {
            (Rule::SecretValueInvalid, format!("{what} is not base64, and Kubernetes refuses the Secret"), encode)
        }
        SecretDefect::Plain => (
            Rule::SecretValueInvalid,
            format!("{what} is PEM itself, where base64 of it has to stand"),
            "put it under `stringData` instead of `data`".to_owned(),
        ),
        SecretDefect::Blanks => (
            Rule::SecretValueInvalid,
            format!("{what} has blanks in its base64, and Kubernetes refuses the Secret"),
            encode,
        ),
        SecretDefect::Twice => {
            (Rule::SecretValueInvalid, format!("{what} is encoded twice: a pod gets base64 instead of PEM"), encode)
        }
        SecretDefect::Encoded => (
            Rule::SecretValueInvalid,
            format!("{what} is base64 under `stringData`: a pod gets base64 instead of PEM"),
            "put it under `data` instead of `stringData`".to_owned(),
        ),
    };
    Finding { rule, severity: Severity::Error, place: Some(place.to_owned()), message, help: Some(help) }
}
