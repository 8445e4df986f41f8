//! inject and remove: a text is refused, or becomes one that was proved, differs only where it was edited, and is left
//! alone by the next run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use delegate_mtls::delegate::{self, Stream};
use delegate_mtls::edit::Edit;
use delegate_mtls::plan::{self, Goal, Pair, SecretSource, Text, Upgrader};
use delegate_mtls::yaml;
use serde::Deserialize as _;

use crate::manifests::generator::stages::{self, Outcome, present};

const CERTIFICATE: &[u8] = include_bytes!("../../fixtures/quickstart/client.crt");
/// Of no seed: a piece of a key that the fuzzer copies to where no key belongs is what it is given to show.
const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----\nonly this target knows it, so it is in a text where we have put it\n\
    -----END PRIVATE KEY-----\n";

thread_local! {
    /// The goals, by the first byte of an input: `0`, `1`, ….
    static GOALS: Vec<Goal> = vec![
        present(SecretSource::Stream(pair()), true, Upgrader::Move),
        present(SecretSource::Stream(pair()), false, Upgrader::Leave),
        present(SecretSource::File { pair: pair(), older: Vec::new() }, true, Upgrader::Move),
        present(SecretSource::Existing { name: "fleet".to_owned(), pair: Some(pair()) }, true, Upgrader::Move),
        present(SecretSource::Existing { name: "fleet".to_owned(), pair: None }, true, Upgrader::Leave),
        Goal::Absent { base: Some("https://app.harness.io".to_owned()) },
        Goal::Absent { base: None },
    ];
}

fn pair() -> Pair {
    Pair { certificate: Text::secret(STANDARD.encode(CERTIFICATE)), key: Text::secret(STANDARD.encode(KEY)) }
}

/// The first byte chooses the goal, the rest is the manifest.
pub fn run(bytes: &[u8]) {
    let Some((goal, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    GOALS.with(|goals| holds(text, &goals[usize::from(goal.wrapping_sub(b'0')) % goals.len()]));
}

/// Holds a text to the promises, for one goal. Gives the new text; `None` where it is refused.
pub fn holds(text: &str, goal: &Goal) -> Option<String> {
    let once = changed(text, goal)?;
    match (changed(&once, goal), goal) {
        (Some(twice), Goal::Present(_)) => assert_eq!(twice, once, "a second run changes something"),
        (None, Goal::Present(_)) => panic!("what was given out is refused:\n{once}"),
        // a Secret that an upgrader still mounted goes in the second run
        (Some(twice), Goal::Absent { .. }) => {
            let thrice = changed(&twice, goal).unwrap_or_else(|| twice.clone());
            assert_eq!(thrice, twice, "a third run changes something");
        }
        // values that only `mTLS` told to be a delegate's are none without it
        (None, Goal::Absent { .. }) => {}
    }
    if matches!(goal, Goal::Present(_)) {
        // on the way back nothing reads differently than planned, either
        changed(&once, &Goal::Absent { base: Some("https://app.harness.io".to_owned()) });
    }
    Some(once)
}

/// What the command does with a text; `None` where it refuses.
pub fn changed(text: &str, goal: &Goal) -> Option<String> {
    let outcome = stages::run_with(&STANDARD.encode(KEY), text, goal).unwrap_or_else(|wrong| panic!("{wrong}"));
    let Outcome::Changed { text: new, .. } = outcome else { return None };
    let stream = Stream::new(text).expect("it was read before");
    let index = delegate::read(&stream).expect("it was read before");
    let plan = plan::plan(&stream, &index, goal, &[]).expect("it was planned before");
    differs_only_in(&plan.edits, text, &new);
    is_read_by_both(text, &new);
    Some(new)
}

/// With every edit taken back, from the last to the first, the new text is the original.
fn differs_only_in(edits: &[Edit], original: &str, new: &str) {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut back = new.to_owned();
    let mut before: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut gone: usize = edits.iter().map(|edit| edit.span.len()).sum();
    for edit in edits.iter().rev() {
        before -= edit.text.len();
        gone -= edit.span.len();
        let start = edit.span.start + before - gone;
        assert_eq!(back.get(start..start + edit.text.len()), Some(edit.text.as_str()), "an edit is not in the result");
        back.replace_range(start..start + edit.text.len(), &original[edit.span.clone()]);
    }
    assert_eq!(back, original, "outside the edits something changed");
}

/// Both parsers read every document that is new or edited. One that merely stands beside is what it was.
fn is_read_by_both(original: &str, new: &str) {
    for chunk in yaml::split_into(new, usize::MAX).expect("there is no limit") {
        let text = &new[chunk.span.clone()];
        if original.contains(text) {
            continue;
        }
        yaml::parse(new, &chunk).unwrap_or_else(|error| panic!("the first parser does not read it: {error}\n{new}"));
        for document in serde_yaml::Deserializer::from_str(text) {
            serde_yaml::Value::deserialize(document)
                .unwrap_or_else(|error| panic!("the second parser does not read it: {error}\n{text}"));
        }
    }
}
