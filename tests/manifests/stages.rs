//! The stages as the command drives them, without a process for every text.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use delegate_mtls::change::{ChangeError, change};
use delegate_mtls::delegate::{self, Stream};
use delegate_mtls::endpoint::Endpoint;
use delegate_mtls::plan::{Files, Goal, Pair, Present, SecretSource, Text, Upgrader};
use delegate_mtls::report;
use delegate_mtls::verify::VerifyError;

use super::ENDPOINT;

/// A file of the test pair.
pub(crate) struct File(&'static str);

pub(crate) const CERTIFICATE: File = File(include_str!("../../fixtures/quickstart/client.crt"));
pub(crate) const KEY: File = File(include_str!("../../fixtures/quickstart/client.key"));

impl File {
    /// As it stands in a Secret.
    pub(crate) fn encoded(&self) -> String {
        STANDARD.encode(self.0)
    }
}

pub(crate) fn pair() -> Pair {
    Pair { certificate: Text::secret(CERTIFICATE.encoded()), key: Text::secret(KEY.encoded()) }
}

pub(crate) fn present(secret: SecretSource, endpoint: bool, upgrader: Upgrader) -> Goal {
    let endpoint = endpoint.then(|| Endpoint::parse(ENDPOINT).unwrap());
    let files = Some(Files { certificate: "./client.crt".to_owned(), key: "./client.key".to_owned() });
    Goal::Present(Present { secret, endpoint, upgrader, files })
}

/// What the command does with a text.
pub(crate) enum Outcome {
    /// Says why not.
    Refused(String),
    /// A new text, and the diff that is shown.
    Changed { text: String, diff: String },
}

/// Runs a text through the stages, with [`pair`].
///
/// # Errors
/// As [`run_with`].
pub(crate) fn run(text: &str, goal: &Goal) -> Result<Outcome, String> {
    run_with(&KEY.encoded(), text, goal)
}

/// Runs a text through the stages; `key` is the base64 of the key that the goal brings.
///
/// # Errors
/// Says what is wrong with us: a refusal that calls itself a bug or has no place, a diff that shows the key.
pub(crate) fn run_with(key: &str, text: &str, goal: &Goal) -> Result<Outcome, String> {
    let read = || {
        let stream = Stream::new(text)?;
        let index = delegate::read(&stream)?;
        Ok::<_, delegate::StreamError>((stream, index))
    };
    let (stream, index) = match read() {
        Ok(read) => read,
        Err(error) => return Ok(Outcome::Refused(error.to_string())),
    };
    if index.delegates.is_empty() && index.services.is_empty() && index.values.is_empty() {
        return Ok(Outcome::Refused("no delegate found".to_owned()));
    }
    if index.template.is_some() {
        return Ok(Outcome::Refused("a Helm template".to_owned()));
    }
    let changed = match change(&stream, &index, goal, &[]) {
        Ok(changed) => changed,
        Err(why @ (ChangeError::Refused(_) | ChangeError::Unproved(VerifyError::Ambiguous { .. }))) => {
            let is_place = why.offset().is_none_or(|offset| text.is_char_boundary(offset));
            return if is_place { Ok(Outcome::Refused(why.to_string())) } else { Err(format!("no place: {why}")) };
        }
        Err(bug) => return Err(bug.to_string()),
    };
    let shown = report::Change {
        name: "x",
        old: text,
        old_masks: &index.masks,
        new: &changed.text,
        new_masks: &changed.masks,
        regions: &changed.regions,
    };
    let mut diff = Vec::new();
    report::write_diff(&mut diff, &shown).map_err(|error| error.to_string())?;
    let mut plain = Vec::new();
    anstream::StripStream::new(&mut plain).write_all(&diff).map_err(|error| error.to_string())?;
    let diff = String::from_utf8(plain).map_err(|error| error.to_string())?;
    if diff.is_empty() != (text == changed.text) {
        return Err("a diff where nothing changed, or none where something did".to_owned());
    }
    if diff.contains(&key[40..80]) {
        return Err("the diff shows the key".to_owned());
    }
    Ok(Outcome::Changed { text: changed.text, diff })
}
