//! Documents → the delegates in them: which container, which environment, which Secret, which upgrader. Edits nothing.
//!
//! One pass over the stream keeps names and places; documents are parsed again, one at a time, when they are planned.

pub(crate) mod compose;
mod foreign;
mod generation;
mod index;
mod keeper;
mod link;
mod masks;
mod named;
mod names;
pub(crate) mod parts;
mod read;
mod records;
mod resources;
mod secret_value;
mod stream;
pub(crate) mod template;
pub(crate) mod values;

pub use compose::Service;
pub use foreign::{Foreign, is_json};
pub use generation::{Generation, Legacy, UnknownImage};
pub use index::{ConfigSource, Delegate, Index, Kind, Stray};
pub use keeper::Keeper;
pub(crate) use keeper::{is_sops, promise, sops_checksum};
pub use link::link;
pub use masks::masks;
pub use named::File;
pub use names::{is_object_name, is_secret_name};
pub(crate) use read::PARALLEL;
pub use read::read;
pub use records::Records;
pub(crate) use resources::{is_list, resources};
pub(crate) use secret_value::values_of;
pub use secret_value::{SecretDefect, SecretValue, secret_values};
pub(crate) use stream::duplicate_key;
pub use stream::{Location, Stream, StreamError};
pub use values::Values;

use crate::yaml::{Document, Found};

/// What is taken for a delegate, in words.
pub(crate) const WHAT_IT_IS: &str = "a delegate is a Deployment with a container, or a service of docker-compose, that sets `MANAGER_HOST_AND_PORT` together with `ACCOUNT_ID` or `HARNESS_ACCOUNT_ID`; the values of the Helm chart are told by `managerEndpoint`, in a file of one document";

/// A text that must not be shown: the value of a Secret, a password in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// The bytes of the value.
    pub span: crate::yaml::Span,
    /// What may be said of it.
    pub holds: Holds,
}

/// What a masked value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Nothing of it may be shown.
    Secret,
    /// Base64 of a certificate: public, its fingerprint may be shown.
    Certificate,
}

/// The pod template's spec of a workload (Kubernetes API: `PodSpec`).
pub fn pod_spec(document: &Document<'_>, resource: Found, kind: &str) -> Option<Found> {
    let path: &[&str] = match kind {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    };
    document.at(resource, path)
}

/// Which container of an upgrader's pod is the upgrader: the one that mounts its configuration; where that is not told
/// apart, the only one.
pub(crate) fn upgrader_container(document: &Document<'_>, pod: Found) -> Option<Found> {
    let all: Vec<Found> = document.items_of(document.get(pod, "containers")?).collect();
    let config_volumes: Vec<&str> = document
        .get(pod, "volumes")
        .into_iter()
        .flat_map(|volumes| document.items_of(volumes))
        .filter(|&volume| document.at(volume, &["configMap", "name"]).is_some())
        .filter_map(|volume| document.text_at(volume, &["name"]))
        .collect();
    let mounts_config = |container: &Found| {
        let mounts = document.get(*container, "volumeMounts");
        mounts
            .into_iter()
            .flat_map(|mounts| document.items_of(mounts))
            .any(|mount| document.text_at(mount, &["name"]).is_some_and(|name| config_volumes.contains(&name)))
    };
    let mounting: Vec<Found> = all.iter().copied().filter(mounts_config).collect();
    match (mounting.as_slice(), all.as_slice()) {
        ([one], _) | ([], [one]) => Some(*one),
        _ => None,
    }
}
