//! A pair that takes the place of an older one. Pods read the files at their start, and do not restart because a Secret
//! changes; they do when their template changes. So the template carries a checksum of the certificate from the first
//! rotation on.
//!
//! ```yaml
//! template:
//!   metadata:
//!     annotations:
//!       checksum/client-certificate: "5f0c…"
//! ```

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::delegate::Planner;
use super::editor::Editor;
use super::value::{Scalar, Value};
use super::{OlderPair, Pair, Present, Refusal, SecretSource};
use crate::delegate::parts::{CERTIFICATE_KEY, CHECKSUM};
use crate::delegate::{Delegate, values_of};
use crate::identity::{CertificateSummary, summarize};
use crate::yaml::{Document, Found};

/// A certificate and the one that it replaces.
pub(super) struct Rotation {
    pub(super) old: CertificateSummary,
    pub(super) new: CertificateSummary,
}

impl Rotation {
    fn of(old: CertificateSummary, pair: &Pair) -> Option<Rotation> {
        let new = summarize(&STANDARD.decode(&*pair.certificate).ok()?)?;
        (old.fingerprint != new.fingerprint).then_some(Rotation { old, new })
    }

    /// The rotation of a Secret in a file of its own, which holds these.
    pub(super) fn of_file(older: &[OlderPair], name: &str, namespace: Option<&str>, pair: &Pair) -> Option<Rotation> {
        let older = older.iter().find(|older| older.name == name && older.namespace.as_deref() == namespace)?;
        Rotation::of(older.certificate.clone(), pair)
    }

    /// `OLD (until DATE) → NEW (until DATE)`.
    pub(super) fn shown(&self) -> String {
        let shown = |it: &CertificateSummary| format!("{} (until {})", it.fingerprint, it.not_after.date());
        format!("{} → {}", shown(&self.old), shown(&self.new))
    }
}

impl Planner<'_, '_> {
    /// Whether a delegate has another certificate than the one it gets. Filling a placeholder, or what no certificate can
    /// be read from, is none.
    pub(super) fn rotation(
        &self,
        delegate: &Delegate,
        present: &Present,
        name: &str,
    ) -> Result<Option<Rotation>, Refusal> {
        let (pair, older) = match &present.secret {
            SecretSource::Stream(pair) => (pair, &[][..]),
            SecretSource::File { pair, older } => (pair, older.as_slice()),
            SecretSource::Existing { .. } => return Ok(None),
        };
        let namespace = delegate.namespace.as_deref();
        for &location in self.index.secrets(name, namespace) {
            let secret = self.open(location)?;
            if let Some(old) = certificate_of(secret.document, secret.root) {
                return Ok(Rotation::of(old, pair));
            }
        }
        Ok(Rotation::of_file(older, name, namespace, pair))
    }
}

/// The first certificate in a Secret, as far as one can be read.
pub(super) fn certificate_of(document: &Document<'_>, secret: Found) -> Option<CertificateSummary> {
    let value = values_of(document, secret, 0).into_iter().find(|value| value.key == CERTIFICATE_KEY)?;
    summarize(&value.bytes)
}

/// What is to be done about the checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    /// It is set.
    Set,
    /// It is set where there is one.
    Keep,
}

/// Brings the checksum of a workload's pod template to that of a pair's certificate. Says whether anything changed.
pub(super) fn set_checksum(
    editor: &mut Editor<'_, '_>,
    workload: Found,
    pair: &Pair,
    how: Checksum,
) -> Result<bool, Refusal> {
    let document = editor.document;
    let Some(template) = document.at(workload, &["spec", "template"]) else { return Ok(false) };
    let Ok(pem) = STANDARD.decode(&*pair.certificate) else { return Ok(false) };
    let hash: String = digest(&SHA256, &pem).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let entry = (Scalar::plain(CHECKSUM), Value::Scalar(Scalar::quoted(hash.clone())));
    let annotations = document.at(template, &["metadata", "annotations"]);
    if let Some(found) = annotations.and_then(|annotations| document.get(annotations, CHECKSUM)) {
        if document.scalar(found.node) == Some(&hash) {
            return Ok(false);
        }
        editor.replace(found, &Scalar::quoted(hash))?;
        return Ok(true);
    }
    if how == Checksum::Keep {
        return Ok(false);
    }
    let new = |entry| (Scalar::plain("annotations"), Value::Mapping(vec![entry]));
    match (document.get(template, "metadata"), annotations) {
        (_, Some(annotations)) if !document.is_null(annotations.node) => {
            editor.add_entries(annotations, None, vec![entry])?;
        }
        (Some(metadata), Some(null)) => editor.fill_null(metadata.node, null.node, Value::Mapping(vec![entry]))?,
        (Some(metadata), None) if !document.is_null(metadata.node) => {
            editor.add_entries(metadata, None, vec![new(entry)])?;
        }
        (Some(null), None) => editor.fill_null(template.node, null.node, Value::Mapping(vec![new(entry)]))?,
        (None, _) => {
            let metadata = (Scalar::plain("metadata"), Value::Mapping(vec![new(entry)]));
            editor.add_entries(template, Some("spec"), vec![metadata])?;
        }
    }
    Ok(true)
}

/// Takes the checksum out, and with it the mappings that it leaves empty. Says whether there was one.
pub(super) fn remove_checksum(editor: &mut Editor<'_, '_>, workload: Found) -> Result<bool, Refusal> {
    let document = editor.document;
    let Some(template) = document.at(workload, &["spec", "template"]) else { return Ok(false) };
    let Some(metadata) = document.get(template, "metadata") else { return Ok(false) };
    let Some(annotations) = document.get(metadata, "annotations") else { return Ok(false) };
    let Some(found) = document.get(annotations, CHECKSUM) else { return Ok(false) };
    // one that an alias or a merge key brings has neighbours that are not seen here
    editor.editable(found)?;
    let is_alone = |mapping: Found| document.entries(mapping.node).count() == 1;
    match (is_alone(annotations), is_alone(metadata)) {
        (true, true) => editor.remove_entries(template, &["metadata"])?,
        (true, false) => editor.remove_entries(metadata, &["annotations"])?,
        (false, _) => editor.remove_entries(annotations, &[CHECKSUM])?,
    }
    Ok(true)
}
