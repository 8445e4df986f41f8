//! `--secret-output`: a file that holds the Secrets of the pair and nothing else.

use std::path::Path;

use super::Failure;
use crate::delegate::parts::CERTIFICATE_KEY;
use crate::delegate::{SecretValue, Stream, secret_values};
use crate::identity::summarize;
use crate::plan::{OlderPair, Value, write_document};
use crate::report::Message;
use crate::source::{self, NewFile, Staged};

/// Name and namespace of a Secret.
type Id = (String, Option<String>);

/// Prepares the file. `None` where it holds these Secrets already.
pub(super) fn stage(path: &Path, secrets: &[Value]) -> Result<Option<Staged>, Failure> {
    let text = write(secrets);
    let fail = |error: source::ReplaceError| Message::error(error.to_string(), error.help());
    match path.try_exists() {
        Ok(true) if path.is_file() => {
            let old = source::read_file(path).map_err(|error| refused(path, &error.to_string()))?;
            if old.text == text {
                return Ok(None);
            }
            let ours = ids(&text).map_err(|cause| refused(path, &cause))?;
            let theirs = ids(&old.text).map_err(|cause| refused(path, &cause))?;
            if let Some((name, _)) = theirs.iter().find(|id| !ours.contains(id)) {
                return Err(
                    refused(path, &format!("it holds `{name}`, which is not one of the Secrets to write")).into()
                );
            }
            Ok(Some(old.stage(text.as_bytes()).map_err(fail)?))
        }
        _ => Ok(Some(source::stage(path, text.as_bytes(), NewFile::Private).map_err(fail)?)),
    }
}

/// The pairs that the file holds. What cannot be read is none: [`stage`] says why. A pipe is not read: nobody writes to
/// the one that takes the Secret.
pub(super) fn older(path: &Path) -> Vec<OlderPair> {
    if !source::is_regular(path) {
        return Vec::new();
    }
    let read = || secret_values(&Stream::new(&source::read_file(path).ok()?.text).ok()?).ok();
    let older = |value: SecretValue| {
        let certificate = summarize(&value.bytes).filter(|_| value.key == CERTIFICATE_KEY)?;
        Some(OlderPair { name: value.secret, namespace: value.namespace, certificate })
    };
    read().unwrap_or_default().into_iter().filter_map(older).collect()
}

fn refused(path: &Path, cause: &str) -> Message {
    Message::error(
        format!("{}: not overwritten: {cause}", path.display()),
        Some("name another file for `--secret-output`, or move this one away".to_owned()),
    )
}

fn write(secrets: &[Value]) -> String {
    let documents: Vec<String> = secrets.iter().map(write_document).collect();
    documents.join("---\n")
}

/// The Secrets in a file that may hold nothing else.
fn ids(text: &str) -> Result<Vec<Id>, String> {
    let stream = Stream::new(text).map_err(|error| error.to_string())?;
    let mut ids = Vec::new();
    for number in 0..stream.chunks.len() {
        let document = stream.document(number).map_err(|error| error.to_string())?;
        let Some(root) = document.root() else { continue };
        let root = document.resolve(root);
        if document.text_at(root, &["kind"]) != Some("Secret") {
            return Err("it holds something that is not a Secret".to_owned());
        }
        let name = document.text_at(root, &["metadata", "name"]).unwrap_or_default();
        ids.push((name.to_owned(), document.text_at(root, &["metadata", "namespace"]).map(str::to_owned)));
    }
    Ok(ids)
}
