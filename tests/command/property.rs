//! Whatever becomes of a manifest on its way: inject refuses it, or gives a text that inject leaves alone; and nothing
//! panics. The stages are driven here as the command drives them, without a process for every text.

use std::panic::{AssertUnwindSafe, catch_unwind};

use delegate_mtls::plan::{Goal, SecretSource, Upgrader};
use libtest_mimic::Trial;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::binary::{cases, fixture, quickstart};
use crate::folder::claims;
use crate::manifests::stages::{self, Outcome, pair};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "property",
        &[
            ("a mutated manifest is refused, or injected once and for all", mutated),
            ("arbitrary bytes are refused without a panic", arbitrary),
        ],
    )
}

/// One thing that goes wrong with a text. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Mutation {
    Delete(usize),
    Duplicate(usize),
    Swap(usize, usize),
    Move(usize, usize),
    Indent(usize, usize),
    Outdent(usize, usize),
    Insert(usize, &'static str),
    Append(usize, &'static str),
    Replace(usize, &'static str),
    LineEnd(usize),
    Cut(usize),
    Quote(usize, char),
}

const LINES: &[&str] = &[
    "",
    "   ",
    "# a comment",
    "      # another",
    "---",
    "--- # x",
    "...",
    "%YAML 1.1",
    "- x",
    "? x",
    "\t",
    "env: []",
    "volumes:",
    "data: {}",
    "<<: *a",
    "key: |",
    "x: &a y",
    "x: *a",
    "kind: Secret",
    "        - name: A",
    "\"",
    "}",
    "\u{feff}",
    "  client.key: x",
    "stringData: {client.crt: x}",
    "---\nkind: List\nitems: []",
    "        volumeMounts: []",
];
const PIECES: &[&str] = &[
    " # c",
    " ",
    "\t",
    ":",
    " |",
    " >-",
    " &a",
    " *a",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    "!!str",
    "\u{e4}",
    "\u{2028}",
    "\u{85}",
    "\r",
    "\0",
    "\u{1f980}",
    "@",
    "%",
    "-",
    "?",
    "~",
    "null",
    "/",
    "\\",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || 0..100_000usize;
    prop_oneof![
        at().prop_map(Mutation::Delete),
        at().prop_map(Mutation::Duplicate),
        (at(), at()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        (at(), at()).prop_map(|(a, b)| Mutation::Move(a, b)),
        (at(), 1..4usize).prop_map(|(a, b)| Mutation::Indent(a, b)),
        (at(), 1..4usize).prop_map(|(a, b)| Mutation::Outdent(a, b)),
        (at(), prop::sample::select(LINES)).prop_map(|(a, b)| Mutation::Insert(a, b)),
        (at(), prop::sample::select(PIECES)).prop_map(|(a, b)| Mutation::Append(a, b)),
        (at(), prop::sample::select(PIECES)).prop_map(|(a, b)| Mutation::Replace(a, b)),
        at().prop_map(Mutation::LineEnd),
        at().prop_map(Mutation::Cut),
        (at(), prop::sample::select(&['"', '\''][..])).prop_map(|(a, b)| Mutation::Quote(a, b)),
    ]
}

impl Mutation {
    fn apply(&self, text: &str) -> String {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        if lines.is_empty() {
            return String::new();
        }
        let count = lines.len();
        let content = |line: &str| line.trim_end_matches(['\r', '\n']).len();
        match *self {
            Mutation::Delete(at) => drop(lines.remove(at % count)),
            Mutation::Duplicate(at) => lines.insert(at % count, lines[at % count].clone()),
            Mutation::Swap(a, b) => lines.swap(a % count, b % count),
            Mutation::Move(from, to) => {
                let line = lines.remove(from % count);
                lines.insert(to % count, line);
            }
            Mutation::Indent(at, by) => lines[at % count].insert_str(0, &"   "[..by.min(3)]),
            Mutation::Outdent(at, by) => {
                let line = &mut lines[at % count];
                let blanks = line.len() - line.trim_start_matches(' ').len();
                line.replace_range(..by.min(blanks), "");
            }
            Mutation::Insert(at, line) => lines.insert(at % count, format!("{line}\n")),
            Mutation::Append(at, piece) => {
                let line = &mut lines[at % count];
                line.insert_str(content(line), piece);
            }
            Mutation::Replace(at, piece) => {
                let mut text = lines.concat();
                let at = (at * 7919) % text.len();
                if let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
                    text.replace_range(at..at + c.len_utf8(), piece);
                }
                return text;
            }
            Mutation::LineEnd(at) => {
                let line = &mut lines[at % count];
                *line = if line.ends_with("\r\n") { line.replace("\r\n", "\r") } else { line.replace('\n', "\r\n") };
            }
            Mutation::Cut(at) => {
                let text = lines.concat();
                return text.chars().take((at * 7919) % text.len()).collect();
            }
            Mutation::Quote(at, quote) => {
                let line = &mut lines[at % count];
                let end = content(line);
                if let Some(value) = line.find(": ").map(|at| at + 2).filter(|value| *value < end) {
                    line.insert(end, quote);
                    line.insert(value, quote);
                }
            }
        }
        lines.concat()
    }
}

/// A text that was changed; `None` where it was refused.
fn changed(text: &str, goal: &Goal) -> Result<Option<String>, TestCaseError> {
    match stages::run(text, goal).map_err(TestCaseError::fail)? {
        Outcome::Changed { text, .. } => Ok(Some(text)),
        Outcome::Refused(_) => Ok(None),
    }
}

/// `None` where it is refused; else injected, and nothing to do any more.
fn holds(text: &str, goal: &Goal) -> Result<bool, TestCaseError> {
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let Some(once) = changed(text, goal)? else { return Ok(false) };
        match changed(&once, goal)? {
            Some(twice) => prop_assert_eq!(&twice, &once, "inject twice is not inject once"),
            None => return Err(TestCaseError::fail(format!("what inject gave, inject refuses:\n{once}"))),
        }
        // on the way back, too, nothing reads differently than planned
        changed(&once, &Goal::Absent { base: Some("https://app.harness.io".to_owned()) })?;
        Ok(true)
    }));
    checked.unwrap_or_else(|_| Err(TestCaseError::fail("it panicked")))
}

pub(crate) fn runner(cases: u32) -> TestRunner {
    // the same texts in every run, so that no change is blamed for what chance found
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 600, ..Config::default() };
    let rng = match std::env::var("PROPERTY_SEED") {
        Ok(seed) => TestRng::from_seed(RngAlgorithm::ChaCha, format!("{seed:0>32}").as_bytes()),
        Err(_) => TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    };
    TestRunner::new_with_rng(config, rng)
}

fn mutated() {
    let mut texts: Vec<String> = Vec::new();
    for case in cases("inject") {
        texts.push(String::from_utf8(fixture(&case.join("input.yaml"))).unwrap());
    }
    texts.push(std::fs::read_to_string(quickstart("harness-delegate.yaml")).unwrap());
    let present = |secret, endpoint| stages::present(secret, endpoint, Upgrader::Move);
    let goals = [
        present(SecretSource::Stream(pair()), true),
        present(SecretSource::Stream(pair()), false),
        present(SecretSource::File { pair: pair(), older: Vec::new() }, true),
        present(SecretSource::Existing { name: "fleet".to_owned(), pair: Some(pair()) }, true),
    ];
    let strategy = (0..texts.len(), 0..goals.len(), prop::collection::vec(mutation(), 1..5));
    let injected = std::cell::Cell::new(0);
    let outcome = runner(3000).run(&strategy, |(text, goal, mutations)| {
        let text = mutations.iter().fold(texts[text].clone(), |text, mutation| mutation.apply(&text));
        injected.set(injected.get() + u32::from(holds(&text, &goals[goal])?));
        Ok(())
    });
    if let Err(proptest::test_runner::TestError::Fail(reason, (text, goal, mutations))) = &outcome {
        let text = mutations.iter().fold(texts[*text].clone(), |text, mutation| mutation.apply(&text));
        panic!("{reason}\ngoal {goal}, {mutations:?}\n{text:?}");
    }
    outcome.unwrap();
    assert!(injected.get() > 400, "only {} texts were injected", injected.get());
}

fn arbitrary() {
    let goal = stages::present(SecretSource::Stream(pair()), true, Upgrader::Move);
    let words = prop::sample::select([PIECES, LINES].concat()).prop_map(str::to_owned);
    let piece = prop_oneof![words, "\\PC{0,8}", Just("\n".to_owned()), Just("  ".to_owned()), Just("a: ".to_owned())];
    let strategy = prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    let outcome = runner(1500).run(&strategy, |text| holds(&text, &goal).map(|_| ()));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
