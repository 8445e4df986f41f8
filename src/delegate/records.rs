//! The documents of one file → what they tell of delegates, before it is known what the other files tell.

use super::compose::{self, Service};
use super::generation::{Legacy, Variables};
use super::index::Stray;
use super::keeper::{Keeper, promise};
use super::pod_spec;
use super::stream::Location;
use crate::yaml::{self, Document, Found};

/// The keys that a delegate's token has in its Secret: classic, 3.x, legacy.
const TOKENS: [&str; 3] = ["DELEGATE_TOKEN", "HARNESS_DELEGATE_TOKEN", "ACCOUNT_SECRET"];

pub(super) struct Workload {
    pub(super) location: Location,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) kind: String,
    pub(super) kind_offset: usize,
    pub(super) offset: usize,
    pub(super) containers: Vec<Container>,
}

pub(super) struct Container {
    pub(super) index: usize,
    pub(super) variables: Variables,
    /// The variable of `env` that only a legacy delegate has.
    pub(super) storage: Option<Legacy>,
    /// Names and prefixes.
    pub(super) config_maps: Vec<(String, String)>,
    pub(super) secrets: Vec<String>,
    pub(super) image: Option<String>,
}

/// What one file tells of delegates, before it is known what the others tell.
#[derive(Default)]
pub struct Records {
    pub(super) workloads: Vec<Workload>,
    pub(super) environments: Vec<Record<Variables>>,
    pub(super) upgraders: Vec<Record<Upgrader>>,
    /// By the name of the ConfigMap that they mount.
    pub(super) jobs: Vec<Record<()>>,
    pub(super) secrets: Vec<Record<HoldsToken>>,
    /// By the name of the Secret that is made of them.
    pub(super) promises: Vec<Record<Keeper>>,
    /// By the name of the Secret that they mount.
    pub(super) mounting: Vec<Record<()>>,
    pub(super) services: Vec<Service>,
    /// Services that are delegates but for their account.
    pub(super) without_account: Vec<Stray>,
}

/// An object under a name that others refer to it by.
pub(super) struct Record<T> {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) location: Location,
    pub(super) what: T,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldsToken {
    Yes,
    No,
}

/// What an upgrader's ConfigMap says.
#[derive(Clone)]
pub(super) struct Upgrader {
    /// The workload that it upgrades.
    pub(super) workload: String,
    /// The namespace of that, as the configuration inside says.
    pub(super) namespace: Option<String>,
    pub(super) offset: usize,
}

impl Records {
    /// How many objects they tell of that are mostly part of a delegate, ConfigMaps of variables aside.
    pub(super) fn parts(&self) -> usize {
        self.workloads.len() + self.upgraders.len() + self.jobs.len() + self.services.len()
    }

    /// Takes in what documents behind these tell.
    pub(super) fn append(&mut self, behind: Records) {
        self.workloads.extend(behind.workloads);
        self.environments.extend(behind.environments);
        self.upgraders.extend(behind.upgraders);
        self.jobs.extend(behind.jobs);
        self.secrets.extend(behind.secrets);
        self.promises.extend(behind.promises);
        self.mounting.extend(behind.mounting);
        self.services.extend(behind.services);
        self.without_account.extend(behind.without_account);
    }

    /// Takes note of an object of a document.
    pub fn take(&mut self, document: &Document<'_>, chunk: usize, resource: Found, kind: &str) {
        let name = document.text_at(resource, &["metadata", "name"]).unwrap_or_default();
        let namespace = document.text_at(resource, &["metadata", "namespace"]).filter(|name| !name.is_empty());
        let location = Location { file: 0, chunk, node: resource.node };
        let record =
            |name: &str| Record { name: name.to_owned(), namespace: namespace.map(str::to_owned), location, what: () };
        self.mounting.extend(mounted_secrets(document, resource, kind).into_iter().map(record));
        if let Some(promise) = promise(document, resource, kind) {
            let name = document.scalar(promise.name.node).unwrap_or_default();
            self.promises.push(record(name).with(promise.keeper));
        }
        match kind {
            "Secret" => {
                let has_token = |key| {
                    document.at(resource, &["data", key]).or(document.at(resource, &["stringData", key])).is_some()
                };
                let what = if TOKENS.into_iter().any(has_token) { HoldsToken::Yes } else { HoldsToken::No };
                self.secrets.push(record(name).with(what));
            }
            "ConfigMap" => {
                let Some(data) = document.get(resource, "data") else { return };
                let mut variables = Variables::default();
                for entry in document.entries(data.node) {
                    variables.note(document.scalar(entry.key).unwrap_or_default());
                }
                // one without any of the telling variables may hold the URLs all the same
                self.environments.push(record(name).with(variables));
                if let Some(config) = document.text_at(data, &["config.yaml"])
                    && let Some((workload, inner_namespace)) = upgraded_workload(config, name)
                {
                    let offset = document.node(resource.node).span.start;
                    self.upgraders.push(record(name).with(Upgrader { workload, namespace: inner_namespace, offset }));
                }
            }
            "CronJob" => {
                let volumes = pod_spec(document, resource, kind).and_then(|pod| document.get(pod, "volumes"));
                let volumes = volumes.into_iter().flat_map(|volumes| document.items_of(volumes));
                let configs = volumes.filter_map(|volume| document.text_at(volume, &["configMap", "name"]));
                self.jobs.extend(configs.map(record));
            }
            "" if document.root() == Some(resource.node) && compose::services(document, resource).is_some() => {
                compose::read(document, location, &mut self.services, &mut self.without_account);
            }
            _ => {
                let containers = containers(document, resource, kind);
                if !containers.is_empty() {
                    self.workloads.push(Workload {
                        location,
                        name: name.to_owned(),
                        namespace: namespace.map(str::to_owned),
                        kind: kind.to_owned(),
                        kind_offset: document
                            .at(resource, &["kind"])
                            .map_or(0, |kind| document.node(kind.node).span.start),
                        offset: document.node(resource.node).span.start,
                        containers,
                    });
                }
            }
        }
    }
}

impl Record<()> {
    fn with<T>(self, what: T) -> Record<T> {
        Record { name: self.name, namespace: self.namespace, location: self.location, what }
    }
}

/// The containers of a pod (not its init containers) that could be a delegate.
fn containers(document: &Document<'_>, resource: Found, kind: &str) -> Vec<Container> {
    let list = pod_spec(document, resource, kind).and_then(|pod| document.get(pod, "containers"));
    list.into_iter()
        .flat_map(|list| document.items_of(list))
        .enumerate()
        .map(|(index, container)| {
            let mut variables = Variables::default();
            let env = document.get(container, "env");
            let mut storage = None;
            for item in env.into_iter().flat_map(|env| document.items_of(env)) {
                let Some(name) = document.get(item, "name") else { continue };
                let text = document.scalar(name.node).unwrap_or_default();
                variables.note(text);
                if variables.storage && storage.is_none() {
                    storage =
                        Some(Legacy { offset: document.node(name.node).span.start, because: format!("`{text}`") });
                }
            }
            let from = document.get(container, "envFrom");
            let from = || from.into_iter().flat_map(|from| document.items_of(from));
            let config_maps = from().filter_map(|item| {
                let name = document.text_at(item, &["configMapRef", "name"])?;
                Some((name.to_owned(), document.text_at(item, &["prefix"]).unwrap_or_default().to_owned()))
            });
            let config_maps = config_maps.collect();
            let secrets = from().filter_map(|item| document.text_at(item, &["secretRef", "name"]).map(str::to_owned));
            let secrets = secrets.collect();
            let image = document.text_at(container, &["image"]).map(str::to_owned);
            Container { index, variables, storage, config_maps, secrets, image }
        })
        .filter(|container| container.variables.any() || !container.config_maps.is_empty())
        .collect()
}

/// The Secrets that a workload's pod mounts.
fn mounted_secrets<'d>(document: &'d Document<'_>, resource: Found, kind: &str) -> Vec<&'d str> {
    let volumes = pod_spec(document, resource, kind).and_then(|pod| document.get(pod, "volumes"));
    let mut secrets = Vec::new();
    for volume in volumes.into_iter().flat_map(|volumes| document.items_of(volumes)) {
        secrets.extend(document.text_at(volume, &["secret", "secretName"]));
        for source in document.at(volume, &["projected", "sources"]).into_iter().flat_map(|all| document.items_of(all))
        {
            secrets.extend(document.text_at(source, &["secret", "name"]));
        }
    }
    secrets
}

/// The workload and namespace that an upgrader's `config.yaml` names. One that does not say so, or is not YAML, is
/// matched by the name of its ConfigMap.
fn upgraded_workload(config: &str, map_name: &str) -> Option<(String, Option<String>)> {
    if !config.contains("delegateConfig") && !config.contains("workloadName") {
        return None;
    }
    let document = match yaml::split(config).as_deref() {
        Ok([chunk]) => yaml::parse(config, chunk).ok(),
        _ => None,
    };
    let named = document.as_ref().and_then(|document| {
        let root = document.resolve(document.root()?);
        let workload = document.text_at(root, &["workloadName"])?.to_owned();
        Some((workload, document.text_at(root, &["namespace"]).map(str::to_owned)))
    });
    let by_name = map_name.strip_suffix("-upgrader-config").unwrap_or_default();
    named.or_else(|| Some((by_name.to_owned(), None)))
}
