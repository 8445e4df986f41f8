//! What is found in a stream, or in the files of a run: delegates, and what belongs to them.

use super::Mask;
use super::compose::Service;
use super::generation::{Generation, UnknownImage};
use super::keeper::Keeper;
use super::named::{File, Named, Scope};
use super::stream::Location;
use super::values::Values;

/// What kind of workload a delegate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A Deployment.
    Deployment,
    /// Anything else with a pod template, by its kind.
    Other(String),
}

/// A delegate and the objects of the same stream that belong to it.
#[derive(Debug, Clone)]
pub struct Delegate {
    /// Name of its workload.
    pub name: String,
    /// Namespace as written; `None` where it is left to the one who applies the manifest.
    pub namespace: Option<String>,
    /// Its workload.
    pub workload: Location,
    /// Its kind of workload.
    pub kind: Kind,
    /// Which container of the pod it is, by index; more than one is for the planner to refuse.
    pub containers: Vec<usize>,
    /// Its generation, told by its variables.
    pub generation: Generation,
    /// Its image, if that does not tell by the tag of a known release what it is.
    pub unknown_image: Option<UnknownImage>,
    /// Where it stands in the text: its workload's first byte.
    pub offset: usize,
    /// The ConfigMaps that its container takes variables from, in the order of `envFrom`.
    pub config_maps: Vec<ConfigSource>,
    /// The Secret that holds its token.
    pub token_secret: Option<Location>,
    /// The upgrader's ConfigMaps whose `workloadName` it is.
    pub upgraders: Vec<Location>,
    /// The CronJobs that mount one of these.
    pub upgrader_jobs: Vec<Location>,
    /// CronJobs that mount the ConfigMap of its upgrader although that is not in the stream.
    pub orphan_jobs: Vec<Location>,
}

/// A ConfigMap that a container takes variables from (Kubernetes API: `EnvFromSource`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSource {
    /// The ConfigMap.
    pub location: Location,
    /// What comes before its keys to make the variables' names; mostly nothing.
    pub prefix: String,
}

/// Something that looks as if it belonged to a delegate, and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Where it stands.
    pub offset: usize,
    /// What it is, and why it is left alone.
    pub message: String,
}

/// Everything in a stream that planning needs to find, or in the files of a run.
#[derive(Debug, Default)]
pub struct Index {
    /// The delegates, in the order of the files and of the text.
    pub delegates: Vec<Delegate>,
    /// The values of delegates, where the text is a values file of the Helm chart.
    pub values: Vec<Values>,
    /// Where a template of a delegate begins, which has to be rendered first.
    pub template: Option<usize>,
    /// The services of docker-compose files that are delegates, in the same order.
    pub services: Vec<Service>,
    /// What must not be shown, in the order of the text.
    pub masks: Vec<Mask>,
    /// Upgraders whose delegate is not in the stream.
    pub stray_upgraders: Vec<Stray>,
    /// Workloads that are delegates but for their account.
    pub without_account: Vec<Stray>,
    pub(super) secrets: Named<Location>,
    /// The objects that a controller makes Secrets of, by the names of these.
    pub(super) promises: Named<(Location, Keeper)>,
    /// The workloads whose pods mount a Secret, by its name.
    pub(super) mounting: Named<Location>,
}

impl Index {
    /// The Secrets of a name that a pod of this namespace reads: more than one when it is written twice. One in a
    /// namespace that the pod's workload does not name is another one.
    pub fn secrets(&self, name: &str, namespace: Option<&str>) -> &[Location] {
        self.secrets.find_strictly(Scope::File(0), name, namespace)
    }

    /// The objects that a controller makes the Secret of a name of, for a pod of this namespace.
    pub fn promises(&self, name: &str, namespace: Option<&str>) -> &[(Location, Keeper)] {
        self.promises.find_strictly(Scope::File(0), name, namespace)
    }

    /// The last Secret of a name, or the last object that one is made of, for a pod of one of several files: one of its
    /// own file, else one near it.
    pub fn secret_near(&self, file: File, name: &str, namespace: Option<&str>) -> Option<Location> {
        file.scopes().into_iter().find_map(|scope| {
            let promised = || self.promises.find_strictly(scope, name, namespace).last().map(|(location, _)| location);
            self.secrets.find_strictly(scope, name, namespace).last().or_else(promised).copied()
        })
    }

    /// The workloads of a run whose pods mount the Secret of a name that stands in a file: those of the file, else
    /// those near it.
    pub fn mounting_near(&self, file: File, name: &str, namespace: Option<&str>) -> &[Location] {
        self.mounting.find(file, name, namespace)
    }

    /// The workloads whose pods mount the Secret of a name.
    pub fn mounting(&self, name: &str, namespace: Option<&str>) -> &[Location] {
        self.mounting.find_in(Scope::File(0), name, namespace)
    }
}
