//! The main job in one call: plan every delegate of a stream, splice the edits in, prove the result.

use thiserror::Error;

use crate::delegate::{Index, Mask, Stream};
use crate::edit::{self, Overlap};
use crate::plan::{self, Goal, Refusal, Summary, Value, Warning};
use crate::verify::{self, Region, VerifyError};

/// A new text, proved to be the original with the planned changes and nothing else.
pub struct Changed {
    /// The new text.
    pub text: String,
    /// What of it must not be shown, in order.
    pub masks: Vec<Mask>,
    /// The stretches that changed, in order.
    pub regions: Vec<Region>,
    /// What was done, one for each delegate.
    pub summaries: Vec<Summary>,
    /// What the user should know, in the order of the text.
    pub warnings: Vec<Warning>,
    /// The Secrets for a file of their own, each a document.
    pub secrets: Vec<Value>,
}

/// Why there is no new text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ChangeError {
    /// It cannot be done safely.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A mistake of ours, found before anything was written.
    #[error("internal error: {0}; nothing was written")]
    Overlap(#[from] Overlap),
    /// The result is not proved.
    #[error(transparent)]
    Unproved(#[from] VerifyError),
}

impl ChangeError {
    /// Where, as a byte of the original; `None` where all of it is meant.
    pub fn offset(&self) -> Option<usize> {
        match self {
            ChangeError::Refused(refusal) => refusal.offset,
            ChangeError::Overlap(overlap) => Some(overlap.at),
            ChangeError::Unproved(VerifyError::Ambiguous { offset, .. } | VerifyError::Bug { offset, .. }) => {
                Some(*offset)
            }
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        match self {
            ChangeError::Refused(refusal) => refusal.help.as_deref(),
            ChangeError::Unproved(VerifyError::Ambiguous { .. }) => {
                Some("write this place more plainly, then run again: `kubectl` may read it differently than it looks")
            }
            ChangeError::Overlap(_) | ChangeError::Unproved(VerifyError::Bug { .. }) => None,
        }
    }
}

/// Brings the selected delegates of a stream to the goal. `names` selects; without any, all are meant.
///
/// # Errors
/// When one of them cannot be brought there safely; then nothing is to be written.
///
/// # Examples
/// ```
/// use delegate_mtls::{change::change, delegate::{read, Stream}, plan::Goal};
///
/// let manifest = "kind: Deployment\nmetadata: {name: acorn}\nspec: {template: {spec: {containers: [{env: [\
///     {name: ACCOUNT_ID, value: a}, {name: MANAGER_HOST_AND_PORT, value: 'https://acme.harness.io:8443'}]}]}}}\n";
/// let stream = Stream::new(manifest)?;
/// let index = read(&stream)?;
/// let goal = Goal::Absent { base: Some("https://app.harness.io".to_owned()) };
/// let changed = change(&stream, &index, &goal, &[])?;
/// assert_eq!(changed.text, manifest.replace("acme.harness.io:8443", "app.harness.io"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change(stream: &Stream<'_>, index: &Index, goal: &Goal, names: &[String]) -> Result<Changed, ChangeError> {
    let mut plan = plan::plan(stream, index, goal, names)?;
    let spliced = edit::splice(stream.text, std::mem::take(&mut plan.edits), &index.masks)?;
    let regions = verify::verify(stream, &plan, &spliced.text)?;
    plan.warnings.sort_by_key(|warning| warning.offset);
    Ok(Changed {
        text: spliced.text,
        masks: spliced.masks,
        regions,
        summaries: plan.summaries,
        warnings: plan.warnings,
        secrets: plan.secrets,
    })
}

#[cfg(test)]
mod tests;
