//! The one pass over a stream: what is a delegate, and what belongs to it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use rayon::prelude::*;

use super::compose::{self, Service};
use super::keeper::{Keeper, promise};
use super::stream::{Location, Stream, StreamError};
use super::values::Values;
use super::{Mask, pod_spec, template};
use crate::yaml::{self, Chunk, Document, Found, NodeId};

/// The two kinds of delegates that speak mTLS, and the one that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generation {
    /// Immutable ("classic") delegate, a Java program: `ACCOUNT_ID`.
    Classic,
    /// Delegate 3.x, a Go program: `HARNESS_ACCOUNT_ID`.
    ThreeX,
    /// Downloads its program at start; knows no client certificate.
    Legacy(Legacy),
}

/// What gave a legacy delegate away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legacy {
    /// Where that stands.
    pub offset: usize,
    /// What it is: the kind, or a variable.
    pub because: String,
}

/// An image that does not tell which release it is. Displays as what `cannot tell … whether` goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownImage {
    /// None is named.
    None,
    /// One without tag and digest.
    Untagged(String),
    /// One with a digest and no tag.
    Digest,
    /// One with this tag.
    Tag(String),
}

impl UnknownImage {
    /// The same, with its text as `show` shows it.
    #[must_use]
    pub fn shown(&self, show: impl Fn(&str) -> String) -> UnknownImage {
        match self {
            UnknownImage::None => UnknownImage::None,
            UnknownImage::Untagged(image) => UnknownImage::Untagged(show(image)),
            UnknownImage::Digest => UnknownImage::Digest,
            UnknownImage::Tag(tag) => UnknownImage::Tag(show(tag)),
        }
    }
}

impl fmt::Display for UnknownImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnknownImage::None => write!(f, "without an image"),
            UnknownImage::Untagged(image) => write!(f, "from the image `{image}`, which has no tag,"),
            UnknownImage::Digest => write!(f, "from the image's digest"),
            UnknownImage::Tag(tag) => write!(f, "from the image's tag `{tag}`"),
        }
    }
}

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
    secrets: Named<Location>,
    /// The objects that a controller makes Secrets of, by the names of these.
    promises: Named<(Location, Keeper)>,
    /// The workloads whose pods mount a Secret, by its name.
    mounting: Named<Location>,
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

/// A file of a run, and the folder that it is in, both by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Which file.
    pub number: u32,
    /// Which folder.
    pub folder: u32,
}

impl File {
    /// Where an object that it names is looked for, one after the other.
    fn scopes(self) -> [Scope; 3] {
        [Scope::File(self.number), Scope::Folder(self.folder), Scope::Run]
    }
}

/// How near objects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scope {
    File(u32),
    Folder(u32),
    Run,
}

/// Objects by nearness, name and namespace. A namespace that is not written matches any.
#[derive(Debug)]
struct Named<T>(HashMap<Scope, HashMap<String, Namespaces<T>>>);

type Namespaces<T> = HashMap<Option<String>, Vec<T>>;

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(HashMap::new())
    }
}

impl<T: Clone> Named<T> {
    fn add(&mut self, file: File, name: &str, namespace: Option<&str>, value: &T) {
        for scope in file.scopes() {
            let namespaces = self.0.entry(scope).or_default().entry(name.to_owned()).or_default();
            namespaces.entry(namespace.map(str::to_owned)).or_default().push(value.clone());
        }
    }

    /// The nearest.
    fn find(&self, file: File, name: &str, namespace: Option<&str>) -> &[T] {
        let found = file.scopes().map(|scope| self.find_in(scope, name, namespace));
        found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    fn find_in(&self, scope: Scope, name: &str, namespace: Option<&str>) -> &[T] {
        match (self.find_strictly(scope, name, namespace), self.named(scope, name)) {
            ([], Some(namespaces)) if namespace.is_none() && namespaces.len() == 1 => {
                namespaces.values().next().map_or(&[], Vec::as_slice)
            }
            (found, _) => found,
        }
    }

    /// Those in the namespace, else those without one.
    fn find_strictly(&self, scope: Scope, name: &str, namespace: Option<&str>) -> &[T] {
        let Some(namespaces) = self.named(scope, name) else { return &[] };
        let exact = namespaces.get(&namespace.map(str::to_owned));
        exact.or_else(|| namespaces.get(&None)).map_or(&[], Vec::as_slice)
    }

    fn named(&self, scope: Scope, name: &str) -> Option<&Namespaces<T>> {
        self.0.get(&scope)?.get(name)
    }
}

/// Which of the variables that tell a delegate an environment names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Variables {
    pub(super) manager: bool,
    account: bool,
    harness_account: bool,
    pub(super) storage: bool,
}

impl Variables {
    pub(super) fn note(&mut self, name: &str) {
        match name {
            "MANAGER_HOST_AND_PORT" => self.manager = true,
            "ACCOUNT_ID" => self.account = true,
            "HARNESS_ACCOUNT_ID" => self.harness_account = true,
            "WATCHER_STORAGE_URL" | "DELEGATE_STORAGE_URL" => self.storage = true,
            _ => {}
        }
    }

    fn and(self, other: Variables) -> Variables {
        Variables {
            manager: self.manager || other.manager,
            account: self.account || other.account,
            harness_account: self.harness_account || other.harness_account,
            storage: self.storage || other.storage,
        }
    }

    /// A legacy manifest may leave the account out: what it downloads its program from gives it away.
    pub(super) fn is_delegate(self) -> bool {
        self.manager && (self.account || self.harness_account || self.storage)
    }

    fn any(self) -> bool {
        self != Variables::default()
    }

    /// The generation of a delegate that is not a legacy one.
    pub(super) fn generation(self, tag: &Tag) -> Generation {
        if self.harness_account && !(self.account && *tag != Tag::ThreeX) {
            Generation::ThreeX
        } else {
            Generation::Classic
        }
    }
}

/// The keys that a delegate's token has in its Secret: classic, 3.x, legacy.
const TOKENS: [&str; 3] = ["DELEGATE_TOKEN", "HARNESS_DELEGATE_TOKEN", "ACCOUNT_SECRET"];

struct Workload {
    location: Location,
    name: String,
    namespace: Option<String>,
    kind: String,
    kind_offset: usize,
    offset: usize,
    containers: Vec<Container>,
}

struct Container {
    index: usize,
    variables: Variables,
    /// The variable of `env` that only a legacy delegate has.
    storage: Option<Legacy>,
    /// Names and prefixes.
    config_maps: Vec<(String, String)>,
    secrets: Vec<String>,
    image: Option<String>,
}

/// What one file tells of delegates, before it is known what the others tell.
#[derive(Default)]
pub struct Records {
    workloads: Vec<Workload>,
    environments: Vec<Record<Variables>>,
    upgraders: Vec<Record<Upgrader>>,
    /// By the name of the ConfigMap that they mount.
    jobs: Vec<Record<()>>,
    secrets: Vec<Record<HoldsToken>>,
    /// By the name of the Secret that is made of them.
    promises: Vec<Record<Keeper>>,
    /// By the name of the Secret that they mount.
    mounting: Vec<Record<()>>,
    services: Vec<Service>,
    /// Services that are delegates but for their account.
    without_account: Vec<Stray>,
}

/// An object under a name that others refer to it by.
struct Record<T> {
    name: String,
    namespace: Option<String>,
    location: Location,
    what: T,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HoldsToken {
    Yes,
    No,
}

/// What an upgrader's ConfigMap says.
#[derive(Clone)]
struct Upgrader {
    /// The workload that it upgrades.
    workload: String,
    /// The namespace of that, as the configuration inside says.
    namespace: Option<String>,
    offset: usize,
}

/// Reads a stream once and finds the delegates in it, on all cores where it is large.
///
/// # Errors
/// When a document is not YAML, or a delegate's document names a key twice.
pub fn read(stream: &Stream<'_>) -> Result<Index, StreamError> {
    let mut read = Read::default();
    if stream.text.len() < PARALLEL {
        read.documents(stream, 0, &stream.chunks)?;
    } else {
        let size = stream.chunks.len().div_ceil(PARTS);
        let part = |(number, chunks): (usize, &[Chunk])| {
            let mut read = Read::default();
            read.documents(stream, number * size, chunks).map(|()| read)
        };
        let parts: Vec<Result<Read, StreamError>> = stream.chunks.par_chunks(size).enumerate().map(part).collect();
        for part in parts {
            read.append(part?);
        }
    }
    let Read { records, mut masks, first, filled, template } = read;
    Mask::put_in_order(&mut masks);
    // Helm reads one document, and an empty one behind it says nothing
    let values = match first {
        Some(number) if filled <= 1 => Values::of(stream.document(number)?, number),
        _ => Vec::new(),
    };
    let only = File { number: 0, folder: 0 };
    Ok(Index { values, template, masks, ..link(vec![(only, records)]) })
}

/// A text shorter than this is read sooner than other threads are started.
pub(crate) const PARALLEL: usize = 256 * 1024;

/// Into how many parts the documents of a large text are cut: many more than cores, since some take longer.
const PARTS: usize = 256;

/// What some documents of a stream, one behind the other, tell.
#[derive(Default)]
struct Read {
    records: Records,
    masks: Vec<Mask>,
    /// The first that is not of comments alone; it may be null.
    first: Option<usize>,
    /// How many are not null.
    filled: usize,
    template: Option<usize>,
}

impl Read {
    fn documents<'t>(&mut self, stream: &Stream<'t>, from: usize, chunks: &[Chunk]) -> Result<(), StreamError> {
        for (number, chunk) in (from..).zip(chunks) {
            let document = yaml::parse(stream.text, chunk)?;
            let Some(root) = document.root() else { continue };
            if let Some(key) = document.duplicate()
                && memchr::memmem::find(yaml::slice(stream.text, &chunk.span).as_bytes(), b"MANAGER_HOST_AND_PORT")
                    .is_some()
            {
                return Err(duplicate_key(&document, key));
            }
            let (parts, maps) = (self.records.parts(), self.records.environments.len());
            for (resource, kind) in resources(&document, document.resolve(root)) {
                self.records.take(&document, number, resource, &kind);
            }
            Mask::add(&document, &mut self.masks);
            self.first.get_or_insert(number);
            self.filled += usize::from(!document.is_null(root));
            self.template = self.template.or_else(|| template::of_delegate(&document));
            let mut new_maps = self.records.environments.iter().skip(maps);
            if self.records.parts() > parts || new_maps.any(|map| map.what.any()) || stream.chunks.len() == 1 {
                stream.keep(number, document);
            }
        }
        Ok(())
    }

    /// Takes in what the documents behind these tell.
    fn append(&mut self, behind: Read) {
        self.records.append(behind.records);
        self.masks.extend(behind.masks);
        self.first = self.first.or(behind.first);
        self.filled += behind.filled;
        self.template = self.template.or(behind.template);
    }
}

/// The objects of a document: its root, or the items of the List that it is, of Lists in Lists too. With their kinds:
/// the items of a `DeploymentList` need not say that they are Deployments.
pub(crate) fn resources(document: &Document<'_>, root: Found) -> Vec<(Found, String)> {
    let mut found = Vec::new();
    let mut open = vec![(root, String::new())];
    while let Some((resource, of_list)) = open.pop() {
        let kind = document.text_at(resource, &["kind"]).map_or(of_list, |kind| kind.trim().to_owned());
        let of_items = if is_list(document, resource) { Some("") } else { kind.strip_suffix("List") };
        match (of_items, document.get(resource, "items")) {
            // an alias may lead back to where it stands
            (Some(of_items), Some(items)) if resource.via.is_none() => {
                let of_items = of_items.to_owned();
                let start = open.len();
                open.extend(document.items_of(items).map(|item| (item, of_items.clone())));
                if let Some(items) = open.get_mut(start..) {
                    items.reverse();
                }
            }
            _ => found.push((resource, kind)),
        }
    }
    found
}

/// Whether an object is a List whose items may be of any kind: `List`, or the `ResourceList` that a function gets and
/// gives (Kubernetes Resource Model: Functions Specification), whose `functionConfig` and `results` are not among them.
pub(crate) fn is_list(document: &Document<'_>, resource: Found) -> bool {
    let text = |key: &str| document.text_at(resource, &[key]).map(str::trim).unwrap_or_default();
    match text("kind") {
        "List" => true,
        "ResourceList" => text("apiVersion").starts_with("config.kubernetes.io/"),
        _ => false,
    }
}

/// The error for a key that stands twice in one mapping. It does not quote the key: in a flow mapping that may be a
/// value (`{hunter2, hunter2}`).
pub(crate) fn duplicate_key(document: &Document<'_>, key: NodeId) -> StreamError {
    StreamError {
        offset: document.node(key).span.start,
        cause: "duplicate key in one mapping: tools differ in which one they take".to_owned(),
    }
}

impl Records {
    /// How many objects they tell of that are mostly part of a delegate, ConfigMaps of variables aside.
    fn parts(&self) -> usize {
        self.workloads.len() + self.upgraders.len() + self.jobs.len() + self.services.len()
    }

    /// Takes in what documents behind these tell.
    fn append(&mut self, behind: Records) {
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

/// Puts together what the files of a run tell: an object that another names is looked for in the same file, then in the
/// same folder, then in the rest of the run.
pub fn link(records: Vec<(File, Records)>) -> Index {
    let mut linker = Linker::default();
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
        for record in records.environments {
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

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Classic,
    ThreeX,
    Unknown(UnknownImage),
}

impl Tag {
    /// The image that does not tell.
    pub(super) fn unknown(self) -> Option<UnknownImage> {
        match self {
            Tag::Unknown(image) => Some(image),
            Tag::Classic | Tag::ThreeX => None,
        }
    }

    /// The tag of an image reference: behind the last colon that is behind the last slash, before a digest.
    pub(super) fn of(image: &str) -> Tag {
        let name = image.rsplit('/').next().unwrap_or_default();
        let tagged = name.split('@').next().unwrap_or_default();
        let tag = tagged.split_once(':').map(|(_, tag)| tag).unwrap_or_default();
        let mut parts = tag.split(['.', '-']).map(|part| part.parse::<u32>().is_ok().then_some(part.len()));
        match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
            (Some(2), Some(2), Some(4..=6)) => Tag::Classic,
            (Some(1), Some(1..=3), Some(1..=3)) if tag.starts_with("3.") => Tag::ThreeX,
            _ if !tag.is_empty() => Tag::Unknown(UnknownImage::Tag(tag.to_owned())),
            _ if name.contains('@') => Tag::Unknown(UnknownImage::Digest),
            _ if image.is_empty() => Tag::Unknown(UnknownImage::None),
            _ => Tag::Unknown(UnknownImage::Untagged(image.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_tags() {
        for (image, expected) in [
            ("registry.example.com:5000/delegate:26.07.89707", Tag::Classic),
            ("example/delegate:23.12.81804.minimal", Tag::Classic),
            ("example/delegate:3.3.1", Tag::ThreeX),
            ("example/delegate:latest", Tag::Unknown(UnknownImage::Tag("latest".to_owned()))),
            ("localhost:5000/delegate", Tag::Unknown(UnknownImage::Untagged("localhost:5000/delegate".to_owned()))),
            ("d@sha256:00", Tag::Unknown(UnknownImage::Digest)),
            ("d:latest@sha256:00", Tag::Unknown(UnknownImage::Tag("latest".to_owned()))),
            ("", Tag::Unknown(UnknownImage::None)),
            ("d:26.07.89707@sha256:00", Tag::Classic),
        ] {
            assert_eq!(Tag::of(image), expected, "{image}");
        }
    }

    #[test]
    fn copies_of_an_upgrader_have_each_job_once() {
        let config = "kind: ConfigMap\nmetadata: {name: c}\ndata: {config.yaml: 'workloadName: a'}\n";
        let job = "kind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: u}], volumes: [{name: v, configMap: {name: c}}]}}}}}\n";
        let delegate = "kind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: d, env: [{name: MANAGER_HOST_AND_PORT}, {name: ACCOUNT_ID}]}]}}}\n";
        let text = [delegate, config, job, config, job].join("---\n");
        let index = read(&Stream::new(&text).unwrap()).unwrap();
        let delegate = index.delegates.first().unwrap();
        assert_eq!((delegate.upgraders.len(), delegate.upgrader_jobs.len()), (2, 2));
    }

    #[test]
    fn a_namespace_that_is_not_written_matches_any() {
        let file = File { number: 0, folder: 0 };
        let mut named = Named::default();
        named.add(file, "a", Some("x"), &1);
        assert_eq!(named.find(file, "a", None), [1]);
        assert_eq!(named.find(file, "a", Some("y")), [0; 0]);
        named.add(file, "a", None, &2);
        assert_eq!(named.find(file, "a", Some("y")), [2]);
        assert_eq!(named.find(file, "a", None), [2]);
    }
}
