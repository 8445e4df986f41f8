//! All files of a run together: which delegates there are, and where what belongs to them stands.

use std::collections::{HashMap, HashSet};

use super::facts::{Facts, Object, Said, Secret, SecretSource, Service, Spot, Workload};
use super::report::At;
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY};
use crate::delegate::{self, Delegate, File, Index, Location};
use crate::endpoint::mask_user_info;
use crate::finding::{Rule, Severity};
use crate::identity::{printable, shell};
use crate::source::STDIN;

/// The files of a run, and what recognises the delegates in them.
pub(super) struct Fleet<'f> {
    paths: &'f [String],
    folders: Vec<u32>,
    pub(super) facts: &'f [Facts],
    pub(super) index: Index,
    /// The Secrets of a name in every file.
    secrets: HashMap<(u32, &'f str), Vec<Location>>,
    /// The first file that has a Secret of a name.
    first: HashMap<&'f str, u32>,
    /// The last Secret of a name in every folder.
    beside: HashMap<(u32, &'f str), Location>,
    unmounted_pairs: HashMap<u32, Location>,
}

impl<'f> Fleet<'f> {
    /// Puts together what `facts` tell; `paths` has the names of the same files. The records in the facts are taken out
    /// before: they are `index` now.
    pub(super) fn new(paths: &'f [String], facts: &'f [Facts], index: Index) -> Fleet<'f> {
        let mut secrets: HashMap<(u32, &str), Vec<Location>> = HashMap::new();
        let mut first = HashMap::new();
        let mut beside: HashMap<(u32, &str), Location> = HashMap::new();
        let folders = folders(paths);
        for ((file, facts), folder) in (0..).zip(facts).zip(&folders) {
            for (location, object) in &facts.objects {
                if let Object::Secret(secret) = object {
                    let name = secret.name.text.as_str();
                    let location = Location { file, ..*location };
                    secrets.entry((file, name)).or_default().push(location);
                    let last = beside.entry((*folder, name)).or_insert(location);
                    *last = location.max(*last);
                    first.entry(name).or_insert(file);
                }
            }
        }
        secrets.values_mut().for_each(|locations| locations.sort_unstable());
        let unmounted = (0..).zip(facts).filter_map(|(file, facts)| Some((file, unmounted_pair(file, facts)?)));
        let unmounted_pairs = unmounted.collect();
        Fleet { folders, paths, facts, index, secrets, first, beside, unmounted_pairs }
    }

    pub(super) fn path(&self, file: u32) -> &'f str {
        self.paths.get(file as usize).map_or("", String::as_str)
    }

    fn file(&self, number: u32) -> File {
        File { number, folder: self.folders.get(number as usize).copied().unwrap_or_default() }
    }

    pub(super) fn object(&self, location: Location) -> Option<&'f Object> {
        self.facts.get(location.file as usize)?.objects.get(&Location { file: 0, ..location })
    }

    pub(super) fn workload(&self, location: Location) -> Option<&'f Workload> {
        match self.object(location)? {
            Object::Workload(workload) => Some(workload),
            _ => None,
        }
    }

    pub(super) fn service(&self, location: Location) -> Option<&'f Service> {
        match self.object(location)? {
            Object::Service(service) => Some(service),
            _ => None,
        }
    }

    pub(super) fn secret_at(&self, location: Location) -> Option<&'f Secret> {
        match self.object(location)? {
            Object::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// The Secret that a pod in a file and a namespace means by a name; of two, the last, which is applied last.
    pub(super) fn secret(&self, file: u32, namespace: Option<&str>, name: &str) -> Option<(Location, &'f Secret)> {
        let location = self.index.secret_near(self.file(file), name, namespace).or_else(|| {
            // a namespace that is not written matches any
            let here = self.secrets.get(&(file, name));
            let first = || self.secrets.get(&(*self.first.get(name)?, name));
            here.or_else(first).filter(|_| namespace.is_none())?.last().copied()
        })?;
        Some((location, self.secret_at(location)?))
    }

    /// A Secret of that name in the same file, else in the same folder, whatever its namespace.
    pub(super) fn secret_beside(&self, file: u32, name: &'f str) -> Option<(Location, &'f Secret)> {
        let here = self.secrets.get(&(file, name)).and_then(|locations| locations.last());
        let folder = self.folders.get(file as usize)?;
        let location = *here.or_else(|| self.beside.get(&(*folder, name)))?;
        Some((location, self.secret_at(location)?))
    }

    /// Whether two files are in one folder.
    pub(super) fn is_beside(&self, file: u32, other: u32) -> bool {
        self.file(file).folder == self.file(other).folder
    }

    /// Whether a volume's Secret is here and holds one of the pair.
    pub(super) fn holds_pair(&self, file: u32, namespace: Option<&str>, source: &SecretSource) -> bool {
        let found = self.secret(file, namespace, &source.name.text);
        found.is_some_and(|(_, secret)| secret.has(CERTIFICATE_KEY) || secret.has(KEY_KEY))
    }

    /// A Secret of a file that holds a pair, and that no pod of the file mounts.
    pub(super) fn unmounted_pair(&self, file: u32) -> Option<&'f Secret> {
        self.secret_at(*self.unmounted_pairs.get(&file)?)
    }

    /// Whether a pod of its file mounts a Secret.
    pub(super) fn is_mounted(&self, location: Location, secret: &Secret) -> bool {
        let namespace = secret.namespace.as_ref().map(|said| said.text.as_str());
        !self.index.mounting_near(self.file(location.file), &secret.name.text, namespace).is_empty()
    }

    pub(super) fn delegates(&self) -> &[Delegate] {
        &self.index.delegates
    }

    /// Whether a delegate stands in a file.
    pub(super) fn has_delegate(&self, file: u32) -> bool {
        // they are in the order of the files
        self.delegates().binary_search_by_key(&file, |delegate| delegate.workload.file).is_ok()
    }

    /// The command that puts the pair into the delegates of a file, to be pasted.
    pub(super) fn inject(&self, file: u32) -> String {
        format!("delegate-mtls inject -i --cert client.crt --key client.key --ca ca.crt {}", self.pasted(file))
    }

    /// The file of a command; what came by standard input has a name of its own elsewhere.
    pub(super) fn pasted(&self, file: u32) -> String {
        match self.path(file) {
            STDIN => "MANIFEST".to_owned(),
            path => shell(path),
        }
    }
}

fn unmounted_pair(file: u32, facts: &Facts) -> Option<Location> {
    let mut mounted = HashSet::new();
    let mut pairs = Vec::new();
    for (location, object) in &facts.objects {
        match object {
            Object::Workload(workload) => {
                let sources = workload.pod.volumes.iter().flat_map(|volume| volume.secrets());
                mounted.extend(sources.map(|source| source.name.text.as_str()));
            }
            Object::Secret(secret) if secret.is_pair() && secret.keeper.is_none() => {
                pairs.push((*location, secret.name.text.as_str()))
            }
            _ => {}
        }
    }
    let unmounted = pairs.into_iter().filter(|(_, name)| !mounted.contains(name));
    unmounted.map(|(location, _)| Location { file, ..location }).min()
}

/// Recognises the delegates of a run.
pub(super) fn recognise(paths: &[String], facts: &mut [Facts]) -> Index {
    let folders = folders(paths);
    let files = folders.into_iter().zip(0..).map(|(folder, number)| File { number, folder });
    delegate::link(files.zip(facts).map(|(file, facts)| (file, std::mem::take(&mut facts.records))).collect())
}

/// The number of every file's folder.
fn folders(paths: &[String]) -> Vec<u32> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    paths
        .iter()
        .map(|path| {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(folder).or_insert(next)
        })
        .collect()
}

/// A finding that is not weighed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rule: Rule,
    pub(super) severity: Severity,
    /// The number of the file; `None` for what is about the run.
    pub(super) file: Option<u32>,
    pub(super) at: At,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Found {
    pub(super) fn message(&mut self, message: String) -> &mut Found {
        self.message = message;
        self
    }

    pub(super) fn help(&mut self, help: String) -> &mut Found {
        self.help = Some(help);
        self
    }

    pub(super) fn severity(&mut self, severity: Severity) -> &mut Found {
        self.severity = severity;
        self
    }
}

/// Collects what is found of one thing.
pub(super) struct Judge<'j, 'f> {
    pub(super) fleet: &'j Fleet<'f>,
    pub(super) found: Vec<Found>,
}

impl<'j, 'f> Judge<'j, 'f> {
    pub(super) fn new(fleet: &'j Fleet<'f>) -> Judge<'j, 'f> {
        Judge { fleet, found: Vec::new() }
    }

    /// A finding of a rule at a place, with the rule's severity and no words yet.
    #[expect(clippy::indexing_slicing, reason = "the element that was just added")]
    pub(super) fn say(&mut self, rule: Rule, file: u32, at: &Spot) -> &mut Found {
        self.found.push(Found {
            rule,
            severity: rule.severity(),
            file: Some(file),
            at: At {
                path: Some(self.fleet.path(file).to_owned()),
                line: Some(at.place.line),
                column: Some(at.place.column),
                span: at.span.clone(),
            },
            message: String::new(),
            help: None,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Whether something was found that does not work.
    pub(super) fn has_errors(&self) -> bool {
        self.found.iter().any(|found| found.severity == Severity::Error)
    }
}

/// A URL or path as it is shown: without user and password, and not where it is the key itself.
pub(super) fn shown_value(text: &str) -> String {
    if is_pasted(text) { "***".to_owned() } else { printable(&mask_user_info(text.trim())) }
}

/// Whether a text is one that nobody filled in.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.contains("PUT_YOUR_")
        || text.contains('<') && text.contains('>')
        || text.starts_with('{') && text.ends_with('}')
}

/// Whether a value is a file's content, pasted where its path or URL belongs.
pub(super) fn is_pasted(text: &str) -> bool {
    const LONGEST: usize = 256;
    text.len() > LONGEST || text.contains("PRIVATE KEY") || text.contains("LS0tLS1")
}

/// A name as it is shown: a manifest may come from anybody, and a terminal obeys.
pub(super) fn shown(said: &Said) -> String {
    printable(&said.text)
}
