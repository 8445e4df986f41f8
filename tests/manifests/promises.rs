//! What is promised of every manifest: each function holds one promise to be true of one manifest.

use std::time::Duration;

use serde::Deserialize as _;
use serde_yaml::Value;

use delegate_mtls::check::{self, Ca, FileFacts, Look, Mode, Settings};
use delegate_mtls::finding::{Rule, Severity};
use delegate_mtls::identity::{ChainCheck, Named, Options};
use delegate_mtls::plan::{self, SecretSource, Upgrader};

use super::plan::{ordered, planned, said};
use super::stages::{self, Outcome, pair, present};
use super::{ENDPOINT, EXISTING, Manifest, WayBack};

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It was injected, and the promise holds.
    Kept,
    /// It was refused, for the reason that it was made with.
    Refused,
    /// Nothing is promised of this one.
    NotPromised,
}

type Promised = Result<Verdict, String>;

/// A promise by its name.
pub(crate) type Promise = (&'static str, fn(&Manifest) -> Promised);

/// All of them.
pub(crate) const PROMISES: [Promise; 7] = [
    ("the generator writes what it means", says_what_is_known),
    ("every line is there in its order, but for what was planned", keeps_every_line),
    ("the data afterwards is the data before with the seven changes, and nothing else", means_the_plan),
    ("inject twice is inject once", once),
    ("remove gives back what inject got", way_back),
    ("what inject writes is clean for a strict account", is_clean),
    ("the diff tells all that inject writes, and no secret", diff_tells),
];

fn goal(manifest: &Manifest) -> plan::Goal {
    let goal = manifest.goal;
    let secret = match goal.existing {
        true => SecretSource::Existing { name: EXISTING.to_owned(), pair: Some(pair()) },
        false => SecretSource::Stream(pair()),
    };
    present(secret, goal.endpoint, if goal.upgrader { Upgrader::Move } else { Upgrader::Leave })
}

/// The manifest after inject, and the diff; `None` where it is refused for the reason that it was made with.
fn inject(manifest: &Manifest) -> Result<Option<(String, String)>, String> {
    match (stages::run(&manifest.text, &goal(manifest))?, manifest.obstacle) {
        (Outcome::Changed { text, diff }, None) => Ok(Some((text, diff))),
        (Outcome::Refused(why), Some(obstacle)) if why.contains(obstacle.reason()) => Ok(None),
        (Outcome::Refused(why), obstacle) => Err(format!("refused, {obstacle:?}: {why}")),
        (Outcome::Changed { .. }, obstacle) => Err(format!("not refused: {obstacle:?}")),
    }
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let documents = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
    documents.collect::<Result<Vec<Value>, _>>().map_err(|error| format!("not YAML: {error}"))
}

fn says_what_is_known(manifest: &Manifest) -> Promised {
    let documents = documents(&manifest.text)?;
    same(&documents, &manifest.documents)?;
    Ok(Verdict::Kept)
}

fn same(got: &[Value], expected: &[Value]) -> Result<(), String> {
    for (number, (got, expected)) in got.iter().zip(expected).enumerate() {
        let (got, expected) = (ordered(got), ordered(expected));
        if got != expected {
            return Err(format!("document {number} says\n{got:?}\ninstead of\n{expected:?}"));
        }
    }
    if got.len() != expected.len() {
        return Err(format!("{} documents instead of {}", got.len(), expected.len()));
    }
    Ok(())
}

fn keeps_every_line(manifest: &Manifest) -> Promised {
    let Some((new, _)) = inject(manifest)? else { return Ok(Verdict::Refused) };
    let old = &manifest.text;
    if old.starts_with('\u{feff}') != new.starts_with('\u{feff}') || new.matches('\u{feff}').count() > 1 {
        return Err("the byte order mark moved".to_owned());
    }
    if old.ends_with('\n') != new.ends_with('\n') {
        return Err("the final line end is another".to_owned());
    }
    let lone = new.matches('\n').count() - new.matches("\r\n").count();
    if if manifest.crlf { lone > 0 } else { new.contains('\r') } {
        return Err("a line end is another than all".to_owned());
    }
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let mut rest = lines(new.trim_start_matches('\u{feff}')).into_iter();
    let mut before = String::new();
    for line in lines(old.trim_start_matches('\u{feff}')) {
        let found = rest.find(|new| became(manifest, &line, new));
        before = found.ok_or_else(|| format!("behind {before:?}, this line is gone: {line:?}\n{new}"))?;
    }
    Ok(Verdict::Kept)
}

/// Whether a line is an old one: the same, or with a base moved, a placeholder filled, a null gone, a comma behind it, or
/// text put in between brackets.
fn became(manifest: &Manifest, old: &str, new: &str) -> bool {
    let mut bases: Vec<&str> = manifest.delegates.iter().map(|delegate| delegate.base.trim_end_matches('/')).collect();
    bases.sort_by_key(|base| std::cmp::Reverse(base.len()));
    let is_moved = |new: &str| old == new || bases.iter().any(|base| old.replacen(base, ENDPOINT, 1) == new);
    let mut commas = new.match_indices(',');
    // what comes behind the comma comes before the blanks that end the line
    let without = |at: usize| [&new[..at], &new[at + 1..]].concat() + &old[old.trim_end().len()..];
    if is_moved(new) || commas.any(|(at, _)| is_moved(&without(at))) {
        return true;
    }
    let all_in = |pieces: &[&str]| {
        let mut rest = new;
        pieces.iter().all(|piece| match rest.split_once(piece) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
    };
    if let Some((before, behind)) =
        ["{CERT}", "{KEY}", " null", "null", " ~"].iter().find_map(|gone| old.split_once(gone))
        && new.starts_with(before)
        && all_in(&[before, behind])
    {
        return true;
    }
    // what stays of it, a character at a time: text may be put in anywhere between brackets
    let kept = bases
        .iter()
        .fold(old.replace(" null", "").replace("null", "").replace("{CERT}", "").replace("{KEY}", ""), |line, base| {
            line.replace(base, "")
        });
    let kept: Vec<&str> = kept.trim_end().split_inclusive(|_| true).collect();
    old.contains(['[', ']', '{', '}', ',']) && all_in(&kept)
}

fn means_the_plan(manifest: &Manifest) -> Promised {
    let Some((new, _)) = inject(manifest)? else { return Ok(Verdict::Refused) };
    same(&said(manifest, documents(&new)?), &planned(manifest))?;
    Ok(Verdict::Kept)
}

fn once(manifest: &Manifest) -> Promised {
    let Some((once, _)) = inject(manifest)? else { return Ok(Verdict::Refused) };
    match stages::run(&once, &goal(manifest))? {
        Outcome::Changed { text, .. } if text == once => Ok(Verdict::Kept),
        Outcome::Changed { .. } => Err(format!("inject changes what it wrote:\n{once}")),
        Outcome::Refused(why) => Err(format!("inject refuses what it wrote: {why}\n{once}")),
    }
}

fn way_back(manifest: &Manifest) -> Promised {
    let Some((new, _)) = inject(manifest)? else { return Ok(Verdict::Refused) };
    let base = manifest.delegates[0].base.trim_end_matches('/').to_owned();
    let removed = match stages::run(&new, &plan::Goal::Absent { base: Some(base) })? {
        Outcome::Changed { text, .. } => text,
        Outcome::Refused(_) if manifest.back == WayBack::None => return Ok(Verdict::NotPromised),
        // a comment behind a null or an empty list that was filled: the entry that goes now had stayed, then
        Outcome::Refused(why)
            if manifest.back == WayBack::Values && why == "a comment stands where an edit is needed" =>
        {
            return Ok(Verdict::NotPromised);
        }
        Outcome::Refused(why) => return Err(format!("remove refuses what inject wrote: {why}\n{new}")),
    };
    match manifest.back {
        WayBack::None => return Ok(Verdict::NotPromised),
        WayBack::Bytes if removed == manifest.text => {}
        WayBack::Bytes => return Err(format!("remove gives other bytes:\n{removed}\nafter\n{new}")),
        WayBack::Values => {
            let without_empty = |documents: &[Value]| documents.iter().map(without_empty).collect::<Vec<Value>>();
            same(&without_empty(&documents(&removed)?), &without_empty(&manifest.documents))?;
        }
    }
    Ok(Verdict::Kept)
}

/// The same without volumes and mounts that are no lists or have nothing in them.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Mapping(entries) => {
            let is_empty = |key: &Value, value: &Value| {
                (key == "volumes" || key == "volumeMounts") && value.as_sequence().is_none_or(Vec::is_empty)
            };
            let kept = entries.iter().filter(|(key, value)| !is_empty(key, value));
            Value::Mapping(kept.map(|(key, value)| (key.clone(), without_empty(value))).collect())
        }
        Value::Sequence(items) => Value::Sequence(items.iter().map(without_empty).collect()),
        scalar => scalar.clone(),
    }
}

fn is_clean(manifest: &Manifest) -> Promised {
    let Some((new, _)) = inject(manifest)? else { return Ok(Verdict::Refused) };
    let settings = Settings { mode: Mode::Strict, ..Settings::default() };
    let facts = FileFacts::read("x.yaml".to_owned(), &new, Look::Manifest);
    let ca = include_bytes!("../../fixtures/quickstart/ca.crt");
    let ca = Ca::read(Named { name: "ca.crt", bytes: ca }).map_err(|error| error.to_string())?;
    let options = Options {
        now: time::macros::datetime!(2027-01-01 00:00 UTC),
        expires_within: Duration::from_secs(30 * 24 * 3600),
        chain: ChainCheck::ToAnchor,
    };
    let report = check::check(vec![facts], &[ca], &settings, &options);
    // what was left undone on purpose
    let left = |rule: Rule| match rule {
        Rule::EndpointPort | Rule::EndpointInvalid => !manifest.goal.endpoint,
        Rule::PlaceholderLeft => !manifest.goal.endpoint || !manifest.goal.upgrader,
        Rule::EndpointDiffers | Rule::UpgraderConfigIncomplete | Rule::UpgraderJobIncomplete => !manifest.goal.upgrader,
        _ => false,
    };
    let found = report.findings.iter().find(|found| found.severity > Severity::Note && !left(found.rule));
    match found {
        Some(found) => Err(format!("{}: {}\n{new}", found.rule.id(), found.message)),
        None if report.delegates.len() != manifest.delegates.len() => Err("a delegate was overlooked".to_owned()),
        None => Ok(Verdict::Kept),
    }
}

fn diff_tells(manifest: &Manifest) -> Promised {
    let Some((new, diff)) = inject(manifest)? else { return Ok(Verdict::Refused) };
    if let Some(secret) = manifest.secrets.iter().find(|secret| diff.contains(*secret)) {
        return Err(format!("the diff shows {secret}:\n{diff}"));
    }
    let mut sides = [Side::new(&manifest.text), Side::new(&new)];
    let mut lines = diff.lines().skip(2).peekable();
    while let Some(header) = lines.next() {
        let ranges = header.strip_prefix("@@ -").and_then(|header| header.strip_suffix(" @@"));
        let (old, new) = ranges.and_then(|ranges| ranges.split_once(" +")).ok_or(format!("no hunk: {header}"))?;
        let skipped = [sides[0].skip_to(old)?, sides[1].skip_to(new)?];
        if skipped[0] != skipped[1] {
            return Err(format!("a difference before {header} is not shown:\n{diff}"));
        }
        while let Some(line) = lines.next_if(|line| !line.starts_with("@@ ")) {
            let (sign, shown) = line.split_at(1);
            let of = match sign {
                "-" => &mut sides[..1],
                "+" => &mut sides[1..],
                " " => &mut sides[..],
                _ => continue,
            };
            for side in of {
                let line = side.next().ok_or("the diff has a line too many")?;
                if shown != line && !(shown.contains("***") && is_masked(line, shown)) {
                    return Err(format!("the diff shows {shown:?} for {line:?}"));
                }
            }
        }
    }
    if sides[0].rest() != sides[1].rest() {
        return Err(format!("a difference behind the last hunk is not shown:\n{diff}"));
    }
    Ok(Verdict::Kept)
}

/// Whether what is shown is the line with something masked: it starts as the line does.
fn is_masked(line: &str, shown: &str) -> bool {
    shown.split("***").next().is_some_and(|start| line.starts_with(start.trim_end_matches([' ', '#'])))
}

/// One of the two texts, by lines as they are shown.
struct Side<'t> {
    lines: Vec<&'t str>,
    at: usize,
}

impl<'t> Side<'t> {
    fn new(text: &'t str) -> Side<'t> {
        Side { lines: text.split_inclusive('\n').collect(), at: 0 }
    }

    fn next(&mut self) -> Option<&'t str> {
        self.at += 1;
        self.lines.get(self.at - 1).map(|line| line.trim_end_matches(['\n', '\r']))
    }

    /// The lines before a hunk, which is `start` or `start,length`.
    fn skip_to(&mut self, range: &str) -> Result<Vec<&'t str>, String> {
        let (start, length) = range.split_once(',').unwrap_or((range, "1"));
        let start: usize = start.parse().map_err(|_| format!("no number: {range}"))?;
        let start = if length == "0" { start } else { start - 1 };
        let skipped = self.lines.get(self.at..start).ok_or(format!("hunks out of order: {range}"))?;
        self.at = start;
        Ok(skipped.to_vec())
    }

    fn rest(&self) -> &[&'t str] {
        self.lines.get(self.at..).unwrap_or_default()
    }
}
