//! What the files of a run tell → the delegates in them, each with the objects that belong to it.

use std::collections::{BTreeSet, HashSet};

use super::compose::Service;
use super::generation::{Generation, Legacy, Tag, UnknownImage, Variables};
use super::index::{ConfigSource, Delegate, Index, Kind, Stray};
use super::named::{File, Named};
use super::records::{Container, HoldsToken, Records, Upgrader, Workload};
use super::stream::Location;

/// Puts together what the files of a run tell: an object that another names is looked for in the same file, then in the
/// same folder, then in the rest of the run.
pub fn link(records: Vec<(File, Records)>) -> Index {
    let containers =
        records.iter().flat_map(|(_, records)| &records.workloads).flat_map(|workload| &workload.containers);
    let asked = containers.flat_map(|container| &container.config_maps).map(|(name, _)| name.clone()).collect();
    let mut linker = Linker { asked, ..Linker::default() };
    let mut workloads = Vec::new();
    for (file, records) in records {
        workloads.extend(linker.add(file, records).into_iter().map(|workload| (file, workload)));
    }
    for (file, workload) in workloads {
        if let Some(delegate) = linker.delegate(file, workload) {
            linker.index.delegates.push(delegate);
        }
    }
    linker.share_upgraders();
    linker.note_strays();
    linker.index
}

#[derive(Default)]
struct Linker {
    index: Index,
    environments: Named<(Location, Variables)>,
    /// The names of ConfigMaps that containers take variables from.
    asked: HashSet<String>,
    /// By the name of the workload.
    upgraders: Named<(Location, String)>,
    /// All upgraders: where each stands, and the workload that it names.
    all_upgraders: Vec<(Location, usize, String)>,
    jobs: Named<Location>,
    /// The Secrets that hold a delegate's token.
    tokens: HashSet<Location>,
}

impl Linker {
    /// Takes in what one file tells, but for its workloads, which are given back.
    fn add(&mut self, file: File, records: Records) -> Vec<Workload> {
        let here = |location: Location| Location { file: file.number, ..location };
        // a repository has many ConfigMaps, and few that a container takes variables from
        for record in records.environments.into_iter().filter(|record| self.asked.contains(&record.name)) {
            let value = (here(record.location), record.what);
            self.environments.add(file, &record.name, record.namespace.as_deref(), &value);
        }
        for record in records.upgraders {
            let (location, Upgrader { workload, namespace, offset }) = (here(record.location), record.what);
            let namespace = namespace.or(record.namespace);
            self.upgraders.add(file, &workload, namespace.as_deref(), &(location, record.name));
            self.all_upgraders.push((location, offset, workload));
        }
        for record in records.jobs {
            self.jobs.add(file, &record.name, record.namespace.as_deref(), &here(record.location));
        }
        for record in records.secrets {
            let location = here(record.location);
            self.index.secrets.add(file, &record.name, record.namespace.as_deref(), &location);
            if record.what == HoldsToken::Yes {
                self.tokens.insert(location);
            }
        }
        for record in records.promises {
            let value = (here(record.location), record.what);
            self.index.promises.add(file, &record.name, record.namespace.as_deref(), &value);
        }
        for record in records.mounting {
            self.index.mounting.add(file, &record.name, record.namespace.as_deref(), &here(record.location));
        }
        self.index.services.extend(
            records.services.into_iter().map(|service| Service { location: here(service.location), ..service }),
        );
        self.index.without_account.extend(records.without_account);
        let here = |workload: Workload| Workload { location: here(workload.location), ..workload };
        records.workloads.into_iter().map(here).collect()
    }

    /// An upgrader, or its CronJob, beside a delegate that it belongs to belongs to no other of that name.
    fn share_upgraders(&mut self) {
        let mut at_home: HashSet<Location> = HashSet::new();
        for delegate in &self.index.delegates {
            let all = delegate.upgraders.iter().chain(&delegate.upgrader_jobs).chain(&delegate.orphan_jobs);
            at_home.extend(all.filter(|location| location.file == delegate.workload.file));
        }
        for delegate in &mut self.index.delegates {
            let file = delegate.workload.file;
            let belongs = |location: &Location| location.file == file || !at_home.contains(location);
            delegate.upgraders.retain(belongs);
            delegate.upgrader_jobs.retain(belongs);
            delegate.orphan_jobs.retain(belongs);
        }
    }

    fn note_strays(&mut self) {
        let matched: HashSet<Location> =
            self.index.delegates.iter().flat_map(|delegate| &delegate.upgraders).copied().collect();
        for (_, offset, workload) in self.all_upgraders.iter().filter(|(location, ..)| !matched.contains(location)) {
            let message = match workload.as_str() {
                "" => "an upgrader's ConfigMap that names no `workloadName` is left alone".to_owned(),
                workload => format!("the upgrader of `{workload}` is left alone: that delegate is not in this input"),
            };
            self.index.stray_upgraders.push(Stray { offset: *offset, message });
        }
    }

    fn delegate(&mut self, file: File, workload: Workload) -> Option<Delegate> {
        let namespace = workload.namespace.as_deref();
        let variables = |container: &Container| {
            container
                .config_maps
                .iter()
                // with a prefix the variables have other names
                .filter(|(_, prefix)| prefix.is_empty())
                .flat_map(|(name, _)| self.environments.find(file, name, namespace))
                .fold(container.variables, |all, (_, variables)| all.and(*variables))
        };
        let delegates: Vec<(&Container, Variables)> = workload
            .containers
            .iter()
            .map(|container| (container, variables(container)))
            .filter(|(_, variables)| variables.is_delegate())
            .collect();
        let Some(&(container, variables)) = delegates.first() else {
            if workload.containers.iter().any(|container| variables(container).manager) {
                let message = format!(
                    "`{}` sets `MANAGER_HOST_AND_PORT` but no account id, so it is not taken for a delegate",
                    workload.name
                );
                self.index.without_account.push(Stray { offset: workload.offset, message });
            }
            return None;
        };
        let tag = container.image.as_deref().map_or(Tag::Unknown(UnknownImage::None), Tag::of);
        let generation = if workload.kind == "StatefulSet" {
            Generation::Legacy(Legacy { offset: workload.kind_offset, because: "a StatefulSet".to_owned() })
        } else if variables.storage {
            let because = "it downloads its program from a storage URL".to_owned();
            let unplaced = Legacy { offset: workload.offset, because };
            Generation::Legacy(container.storage.clone().unwrap_or(unplaced))
        } else {
            variables.generation(&tag)
        };
        let config_maps = container
            .config_maps
            .iter()
            .flat_map(|(name, prefix)| {
                self.environments.find(file, name, namespace).iter().map(move |found| (found.0, prefix))
            })
            .map(|(location, prefix)| ConfigSource { location, prefix: prefix.clone() })
            .collect();
        let token_name = format!("{}-account-token", workload.name);
        let secret = |name: &str| self.index.secrets.find(file, name, namespace).last();
        let referred = || container.secrets.iter().filter_map(|name| secret(name));
        let token_secret = referred()
            .find(|secret| self.tokens.contains(secret))
            .or_else(|| secret(&token_name))
            .or_else(|| referred().next());
        let upgraders = self.upgraders.find(file, &workload.name, namespace);
        let jobs_of = |config: &str| self.jobs.find(file, config, namespace).to_vec();
        // copies of one ConfigMap have the same jobs
        let configs: BTreeSet<&str> = upgraders.iter().map(|(_, config)| config.as_str()).collect();
        let upgrader_jobs = configs.into_iter().flat_map(jobs_of).collect();
        let orphan_jobs =
            if upgraders.is_empty() { jobs_of(&format!("{}-upgrader-config", workload.name)) } else { Vec::new() };
        Some(Delegate {
            workload: workload.location,
            kind: match workload.kind.as_str() {
                "Deployment" => Kind::Deployment,
                other => Kind::Other(other.to_owned()),
            },
            containers: delegates.iter().map(|(container, _)| container.index).collect(),
            generation,
            unknown_image: tag.unknown(),
            offset: workload.offset,
            config_maps,
            token_secret: token_secret.copied(),
            upgraders: upgraders.iter().map(|(location, _)| *location).collect(),
            upgrader_jobs,
            orphan_jobs,
            name: workload.name,
            namespace: workload.namespace,
        })
    }
}
