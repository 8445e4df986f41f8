//! inject and remove: a text is refused, or becomes one that was proved, differs only where it was edited, and is left
//! alone by the next run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use delegate_mtls::change::{ChangeError, change};
use delegate_mtls::delegate::{self, Stream};
use delegate_mtls::edit::Edit;
use delegate_mtls::endpoint::Endpoint;
use delegate_mtls::plan::{self, Files, Goal, Pair, Present, SecretSource, Text, Upgrader};
use delegate_mtls::verify::{Region, VerifyError};
use delegate_mtls::{report, yaml};
use serde::Deserialize as _;

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

fn present(secret: SecretSource, endpoint: bool, upgrader: Upgrader) -> Goal {
    let endpoint = endpoint.then(|| Endpoint::parse("https://acme.harness.io:8443").expect("it is one"));
    let files = Some(Files { certificate: "./client.crt".to_owned(), key: "./client.key".to_owned() });
    Goal::Present(Present { secret, endpoint, upgrader, files })
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
    let stream = Stream::new(text).ok()?;
    let index = delegate::read(&stream).ok()?;
    let nothing = index.delegates.is_empty() && index.services.is_empty() && index.values.is_empty();
    if nothing || index.template.is_some() {
        return None;
    }
    let changed = match change(&stream, &index, goal, &[]) {
        Ok(changed) => changed,
        Err(ref error @ (ChangeError::Refused(_) | ChangeError::Unproved(VerifyError::Ambiguous { .. }))) => {
            let is_place = error.offset().is_none_or(|offset| text.is_char_boundary(offset));
            assert!(is_place, "a refusal has a place that is none: {error}");
            return None;
        }
        Err(bug) => panic!("{bug}"),
    };
    let plan = plan::plan(&stream, &index, goal, &[]).expect("it was planned before");
    differs_only_in(&plan.edits, text, &changed.text);
    is_read_by_both(text, &changed.text, &changed.regions);
    let shown = report::Change {
        name: "x",
        old: text,
        old_masks: &index.masks,
        new: &changed.text,
        new_masks: &changed.masks,
        regions: &changed.regions,
    };
    let mut diff = Vec::new();
    report::write_diff(&mut diff, &shown).expect("a vector takes all");
    assert_eq!(diff.is_empty(), text == changed.text, "a diff where nothing changed, or none where something did");
    let key = STANDARD.encode(KEY);
    assert!(!String::from_utf8_lossy(&diff).contains(&key[40..80]), "the diff shows the key");
    Some(changed.text)
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

/// Both parsers read what was edited. A document that merely stands beside one that was put in is what it was.
fn is_read_by_both(original: &str, new: &str, regions: &[Region]) {
    let chunks = yaml::split_into(new, usize::MAX).expect("there is no limit");
    for region in regions {
        let chunks =
            chunks.iter().filter(|chunk| region.new.start < chunk.span.end && chunk.span.start < region.new.end);
        for chunk in chunks {
            yaml::parse(new, chunk).unwrap_or_else(|error| panic!("the first parser does not read it: {error}\n{new}"));
            let text = &new[chunk.span.clone()];
            if original.contains(text) {
                continue;
            }
            for document in serde_yaml::Deserializer::from_str(text) {
                serde_yaml::Value::deserialize(document)
                    .unwrap_or_else(|error| panic!("the second parser does not read it: {error}\n{text}"));
            }
        }
    }
}
