//! One delegate after the other: the seven changes, or their way back.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::documents::Slot;
use super::editor::Editor;
use super::endpoint::{base, is_mtls, is_under, mask_user_info};
use super::value::{Scalar, Value};
use super::{Goal, Pair, Plan, Present, Refusal, SecretSource, Summary, Upgrader, Warning};
use crate::delegate::{self, Delegate, Generation, Holds, Index, Kind, Location, Stream};
use crate::yaml::{self, Document, Found, ScalarStyle};

/// Where the pair is mounted, in the delegate and in its upgrader.
const MOUNT_PATH: &str = "/etc/mtls";
/// The name of the volume.
const VOLUME: &str = "client-certificate";
const CERTIFICATE_KEY: &str = "client.crt";
const KEY_KEY: &str = "client.key";
const CERTIFICATE_PATH: &str = "/etc/mtls/client.crt";
const KEY_PATH: &str = "/etc/mtls/client.key";
const MANAGER: &str = "MANAGER_HOST_AND_PORT";

/// The variables that the delegate reads the pair by.
fn variables(generation: &Generation) -> &'static [(&'static str, &'static str)] {
    match generation {
        Generation::Classic | Generation::Legacy(_) => &[
            ("DELEGATE_CLIENT_CERTIFICATE_PATH", CERTIFICATE_PATH),
            ("DELEGATE_CLIENT_CERTIFICATE_KEY_PATH", KEY_PATH),
            // else gRPC calls carry a rewritten authority, which the mTLS gateway does not route
            ("GRPC_AUTHORITY_MODIFICATION_DISABLED", "true"),
        ],
        Generation::ThreeX => &[("HARNESS_CLIENT_CERT_FILE", CERTIFICATE_PATH), ("HARNESS_CLIENT_KEY_FILE", KEY_PATH)],
    }
}

const UPGRADER_KEYS: [(&str, &str); 2] =
    [("clientCertificateFilePath", CERTIFICATE_PATH), ("clientCertificateKeyFilePath", KEY_PATH)];

pub(super) fn plan(stream: &Stream<'_>, index: &Index, goal: &Goal, names: &[String]) -> Result<Plan, Refusal> {
    let selected: Vec<&Delegate> = index.delegates.iter().filter(|delegate| is_selected(delegate, names)).collect();
    let mut planner = Planner {
        stream,
        index,
        goal,
        plan: Plan::default(),
        touched: HashSet::new(),
        secrets: BTreeMap::new(),
        selected: selected.iter().map(|delegate| delegate.workload).collect(),
    };
    for delegate in selected {
        planner.delegate(delegate)?;
    }
    Ok(planner.plan)
}

/// Without names, all are meant.
fn is_selected(delegate: &Delegate, names: &[String]) -> bool {
    names.is_empty() || names.contains(&delegate.name)
}

struct Planner<'s, 't> {
    stream: &'s Stream<'t>,
    index: &'s Index,
    goal: &'s Goal,
    plan: Plan,
    /// Objects that are planned already: two delegates may share a ConfigMap.
    touched: HashSet<Location>,
    /// Secrets that come into the stream, or into the file, by namespace and name.
    secrets: BTreeMap<(Option<String>, String), ()>,
    selected: HashSet<Location>,
}

/// A Kubernetes object, opened for planning.
struct Object<'t> {
    location: Location,
    document: Rc<Document<'t>>,
    root: Found,
}

/// A variable that takes effect, and where it stands.
struct Variable {
    /// The object that it is written in.
    location: Location,
    /// The scalar; `None` for one that comes from elsewhere (`valueFrom`).
    value: Option<Found>,
    text: String,
    /// The node to point at.
    node: Found,
}

impl<'s, 't> Planner<'s, 't> {
    fn open(&self, location: Location) -> Result<Object<'t>, Refusal> {
        let document = self.stream.document(location.chunk)?;
        if let Some(key) = document.duplicate() {
            return Err(Refusal::from(delegate::duplicate_key(&document, key)).help("keep one of the two"));
        }
        Ok(Object { location, root: Found { node: location.node, via: None }, document })
    }

    fn finish(&mut self, object: &Object<'_>, editor: Editor<'_, '_>) {
        if editor.edits.is_empty() {
            return;
        }
        self.plan.edits.extend(editor.edits);
        self.plan.document(object.location.chunk).changes.extend(editor.changes);
    }

    fn warn(&mut self, offset: usize, message: impl Into<String>, help: Option<&str>) {
        self.plan.warnings.push(Warning { offset, message: message.into(), help: help.map(str::to_owned) });
    }

    fn delegate(&mut self, delegate: &Delegate) -> Result<(), Refusal> {
        let mut summary = Summary {
            delegate: delegate.name.clone(),
            namespace: delegate.namespace.clone(),
            offset: delegate.offset,
            actions: Vec::new(),
            remarks: Vec::new(),
        };
        if let Generation::Legacy(legacy) = &delegate.generation {
            if matches!(self.goal, Goal::Present(_)) {
                return Err(Refusal::at(
                    legacy.offset,
                    format!(
                        "`{}` is a legacy delegate ({}), which does not support mTLS",
                        delegate.name, legacy.because
                    ),
                )
                .help("move it to an immutable delegate image first; `--delegate NAME` selects other delegates"));
            }
            summary.remarks.push("legacy delegate: left alone".to_owned());
            self.plan.summaries.push(summary);
            return Ok(());
        }
        let object = self.open(delegate.workload)?;
        let (pod, container) = self.container(delegate, &object)?;
        if let (Some(tag), Goal::Present(_)) = (&delegate.unknown_tag, self.goal) {
            let named = if tag.is_empty() { "no image".to_owned() } else { format!("image `{tag}`") };
            self.warn(
                delegate.offset,
                format!("`{}`: cannot tell from {named} whether this delegate supports mTLS", delegate.name),
                Some("it does from release 22.12 on; legacy delegates do not"),
            );
        }
        let environment = self.environment(delegate, &object, container)?;
        match self.goal.clone() {
            Goal::Present(present) => {
                self.add(delegate, &present, &object, (pod, container), &environment, &mut summary)?;
            }
            Goal::Absent { base } => {
                self.take(delegate, base.as_deref(), &object, (pod, container), &environment, &mut summary)?;
            }
        }
        self.plan.summaries.push(summary);
        Ok(())
    }

    fn container(&self, delegate: &Delegate, object: &Object<'_>) -> Result<(Found, Found), Refusal> {
        if let Kind::Other(kind) = &delegate.kind {
            return Err(Refusal::at(
                delegate.offset,
                format!("`{}` is a delegate in a {kind}; only Deployments are supported", delegate.name),
            )
            .help("deploy it as a Deployment, as the platform's manifests do"));
        }
        if delegate.name.is_empty() {
            return Err(Refusal::at(delegate.offset, "this delegate's Deployment has no `metadata.name`"));
        }
        let document = &object.document;
        let found = delegate::pod_spec(document, object.root, "Deployment").and_then(|pod| {
            let containers = document.get(pod, "containers")?;
            let mut items = document.items_of(containers);
            Some((pod, items.nth(*delegate.containers.first()?)?))
        });
        let (pod, container) = found.ok_or_else(|| Refusal::at(delegate.offset, "this delegate has no container"))?;
        if let Some(&second) = delegate.containers.get(1) {
            let second = document.get(pod, "containers").and_then(|list| document.items_of(list).nth(second));
            return Err(Refusal::at(
                document.node(second.unwrap_or(container).node).span.start,
                format!("`{}` has {} containers that look like a delegate", delegate.name, delegate.containers.len()),
            )
            .help("keep `MANAGER_HOST_AND_PORT` and the account id in one of them"));
        }
        Ok((pod, container))
    }

    /// All variables of a container by name; of two, the one that takes effect: `env` before `envFrom`, the last of a
    /// list (Kubernetes API: `Container.env`, `Container.envFrom`).
    fn environment(
        &self,
        delegate: &Delegate,
        object: &Object<'t>,
        container: Found,
    ) -> Result<BTreeMap<String, Variable>, Refusal> {
        let mut all = BTreeMap::new();
        for &location in &delegate.config_maps {
            let map = self.open(location)?;
            let Some(data) = map.document.get(map.root, "data") else { continue };
            for entry in map.document.entries(data.node) {
                let Some(name) = map.document.scalar(entry.key) else { continue };
                let found = map.document.resolve(entry.value);
                let value = Found { via: data.via.or(found.via), ..found };
                let text = map.document.scalar(value.node).unwrap_or_default().to_owned();
                all.insert(name.to_owned(), Variable { location, value: Some(value), text, node: value });
            }
        }
        let document = &object.document;
        let mut manager = None;
        for item in document.get(container, "env").into_iter().flat_map(|env| document.items_of(env)) {
            if !matches!(document.kind(item.node), yaml::Kind::Mapping { .. }) {
                return Err(Refusal::at(document.node(item.node).span.start, "an item of `env` is not a mapping"));
            }
            let Some(name) = document.text_at(item, &["name"]) else { continue };
            if name == MANAGER && manager.replace(item).is_some() {
                return Err(Refusal::at(
                    document.node(item.node).span.start,
                    format!("`{MANAGER}` stands twice in `env`"),
                )
                .help("keep the one that is meant"));
            }
            let value = document.get(item, "value");
            let text = value.and_then(|value| document.scalar(value.node)).unwrap_or_default().to_owned();
            let elsewhere = document.entry_of(item.node, "valueFrom").map(|entry| Found { node: entry.key, via: None });
            let node = value.or(elsewhere).unwrap_or(item);
            let variable = Variable { location: object.location, value, text, node };
            all.insert(name.to_owned(), variable);
        }
        Ok(all)
    }

    fn add(
        &mut self,
        delegate: &Delegate,
        present: &Present,
        object: &Object<'t>,
        (pod, container): (Found, Found),
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = &object.document;
        let mut editor = Editor::new(document);
        let name_style = style_of(document, object.root, &["metadata", "name"]);
        let default_secret = format!("{}-client-certificate", delegate.name);
        let existing_volume = volume(document, pod, &editor)?;
        let secret_name = match (&present.secret, &existing_volume) {
            (SecretSource::Existing(name), _) => name.clone(),
            (_, Some((_, name))) => name.clone(),
            (_, None) => default_secret,
        };

        // 2 variables
        let mut missing = Vec::new();
        for &(name, value) in variables(&delegate.generation) {
            match environment.get(name) {
                Some(variable) => self.same_variable(name, value, variable)?,
                None => missing.push((name, value)),
            }
        }
        let home = environment.get(MANAGER).map_or(object.location, |variable| variable.location);
        if home == object.location {
            let items: Vec<Value> = missing
                .iter()
                .map(|(name, value)| {
                    Value::mapping([("name", Scalar::plain(name).into()), ("value", Scalar::quoted(value).into())])
                })
                .collect();
            if !items.is_empty() {
                editor.append_items(container, "env", "env", items)?;
            }
        }
        count(summary, missing.len(), "variable");

        // 3 and 4
        let mounted = add_mount(&mut editor, container)?;
        count(summary, usize::from(mounted), "mount");
        let volumes = add_volume(&mut editor, pod, existing_volume, &secret_name, name_style, &present.secret)?;
        count(summary, usize::from(volumes), "volume");

        // 5
        let moves =
            self.moves(delegate, present.endpoint.as_ref().map(super::Endpoint::as_str), environment, summary)?;
        for (location, found, old, new) in &moves {
            if *location == object.location {
                editor.replace_prefix(*found, old, new)?;
            }
        }
        self.finish(object, editor);
        for &location in &delegate.config_maps {
            let map = self.open(location)?;
            let mut editor = Editor::new(&map.document);
            let here: Vec<_> = moves.iter().filter(|(at, ..)| *at == location).collect();
            let adds = location == home && !missing.is_empty();
            if !here.is_empty() || adds {
                self.unshared(delegate, location)?;
            }
            if !self.touched.insert(location) {
                continue;
            }
            for (_, found, old, new) in here {
                editor.replace_prefix(*found, old, new)?;
            }
            if adds && let Some(data) = map.document.get(map.root, "data") {
                let entries =
                    missing.iter().map(|(name, value)| (Scalar::plain(name), Scalar::quoted(value).into())).collect();
                editor.add_entries(data, None, entries)?;
            }
            self.finish(&map, editor);
        }

        // 6 and 7
        self.upgrader(delegate, Some(present), environment, &secret_name, name_style, summary)?;

        // 1
        self.secret(delegate, present, object, &secret_name, name_style, summary)
    }

    /// Where URLs move: place, old prefix, new prefix.
    fn moves(
        &mut self,
        delegate: &Delegate,
        to: Option<&str>,
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<Vec<(Location, Found, String, String)>, Refusal> {
        let manager = environment.get(MANAGER);
        let Some(to) = to else {
            if let Some(variable) = manager
                && matches!(self.goal, Goal::Present(_))
                && !is_mtls(variable.text.trim_end_matches('/'))
            {
                let offset = self.offset(variable.location, variable.node)?;
                let shown = if variable.value.is_some() {
                    format!("`{}`", mask_user_info(&variable.text))
                } else {
                    "what it was".to_owned()
                };
                self.warn(
                    offset,
                    format!("`{}`: the manager URL stays {shown}", delegate.name),
                    Some("give the account's mTLS endpoint with `--endpoint`"),
                );
            }
            return Ok(Vec::new());
        };
        let Some(manager) = manager else { return Ok(Vec::new()) };
        if manager.value.is_none() {
            return Err(Refusal::at(
                self.offset(manager.location, manager.node)?,
                format!("`{MANAGER}` takes its value from elsewhere, so its URL cannot be moved"),
            )
            .help("change it where it comes from, and leave `--endpoint` out"));
        }
        let Some(from) = base(&manager.text) else {
            return Err(Refusal::at(
                self.offset(manager.location, manager.node)?,
                format!("`{MANAGER}` holds no URL to move to the endpoint"),
            ));
        };
        let mut moves = Vec::new();
        if from != to {
            for variable in environment.values() {
                if let Some(value) = variable.value
                    && is_under(&variable.text, from)
                {
                    moves.push((variable.location, value, from.to_owned(), to.to_owned()));
                }
            }
            summary.actions.push(format!("{} moved from {} to {to}", plural(moves.len(), "URL"), mask_user_info(from)));
        }
        if matches!(self.goal, Goal::Present(_)) {
            for name in ["LOG_STREAMING_SERVICE_URL", "TI_SERVICE_URL"] {
                if let Some(variable) = environment.get(name)
                    && variable.text.contains("://")
                    && !is_under(&variable.text, from)
                    && !is_under(&variable.text, to)
                {
                    let offset = self.offset(variable.location, variable.node)?;
                    self.warn(
                        offset,
                        format!("`{name}` is under neither the manager URL nor the endpoint: left alone"),
                        Some("set it by hand if it belongs to the platform"),
                    );
                }
            }
        }
        Ok(moves)
    }

    fn offset(&self, location: Location, found: Found) -> Result<usize, Refusal> {
        Ok(self.open(location)?.document.node(found.node).span.start)
    }

    /// Refuses to change a ConfigMap that a delegate outside the selection uses too.
    fn unshared(&self, delegate: &Delegate, location: Location) -> Result<(), Refusal> {
        let other = self
            .index
            .delegates
            .iter()
            .find(|other| other.config_maps.contains(&location) && !self.selected.contains(&other.workload));
        match other {
            None => Ok(()),
            Some(other) => Err(Refusal::at(
                self.open(location)?.document.node(location.node).span.start,
                format!(
                    "this ConfigMap of `{}` is also that of `{}`, which is not selected",
                    delegate.name, other.name
                ),
            )
            .help(format!("add `--delegate {}`", other.name))),
        }
    }

    fn same_variable(&self, name: &str, value: &str, variable: &Variable) -> Result<(), Refusal> {
        let document = self.open(variable.location)?.document;
        let is_string = variable.value.is_some_and(|found| {
            document.kind(found.node) != yaml::Kind::Scalar(ScalarStyle::Plain) || variable.text != "true"
        });
        if variable.value.is_some() && variable.text == value && is_string {
            return Ok(());
        }
        let offset = document.node(variable.node.node).span.start;
        let message = if variable.value.is_none() {
            format!("`{name}` takes its value from elsewhere, and must be \"{value}\"")
        } else if variable.text == value {
            format!("`{name}` is a boolean, and must be the string \"{value}\"")
        } else {
            format!("`{name}` is set to another value than \"{value}\"")
        };
        Err(Refusal::at(offset, message).help("take it out or set it to that value, then run again"))
    }

    /// The upgrader's ConfigMaps and CronJobs. `present` is `None` on the way back, for which `environment` is not
    /// needed: the base to restore is in the goal.
    fn upgrader(
        &mut self,
        delegate: &Delegate,
        present: Option<&Present>,
        environment: &BTreeMap<String, Variable>,
        secret_name: &str,
        name_style: ScalarStyle,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let there = !delegate.upgraders.is_empty() || !delegate.orphan_jobs.is_empty();
        if present.is_some_and(|present| present.upgrader == Upgrader::Leave) {
            if there {
                summary.remarks.push("the upgrader is left alone (`--no-upgrader`)".to_owned());
            }
            return Ok(());
        }
        for &job in &delegate.orphan_jobs {
            let offset = self.open(job)?.document.node(job.node).span.start;
            self.warn(
                offset,
                format!("the upgrader of `{}` is left alone: its ConfigMap is not in the input", delegate.name),
                Some("give both in one input"),
            );
        }
        let manager = environment.get(MANAGER).filter(|variable| variable.value.is_some());
        let from = manager.and_then(|variable| base(&variable.text));
        let mut changed = false;
        for &location in &delegate.upgraders {
            if !self.touched.insert(location) {
                continue;
            }
            let map = self.open(location)?;
            let mut editor = Editor::new(&map.document);
            self.upgrader_config(&map, &mut editor, present, from)?;
            changed |= !editor.edits.is_empty();
            self.finish(&map, editor);
            if delegate.upgrader_jobs.is_empty() && present.is_some() {
                let offset = map.document.node(location.node).span.start;
                self.warn(
                    offset,
                    format!(
                        "the upgrader of `{}` has no CronJob in the input: only its configuration is moved",
                        delegate.name
                    ),
                    Some("give both in one input"),
                );
            }
        }
        for &location in &delegate.upgrader_jobs {
            if !self.touched.insert(location) {
                continue;
            }
            let job = self.open(location)?;
            let mut editor = Editor::new(&job.document);
            self.upgrader_job(delegate, &job, &mut editor, present, (secret_name, name_style))?;
            changed |= !editor.edits.is_empty();
            self.finish(&job, editor);
        }
        if changed {
            summary.actions.push(if present.is_some() { "upgrader moved" } else { "upgrader moved back" }.to_owned());
        } else if !there && present.is_some() {
            summary.remarks.push("no upgrader in the input".to_owned());
        }
        Ok(())
    }

    fn upgrader_config(
        &self,
        map: &Object<'_>,
        outer: &mut Editor<'_, '_>,
        present: Option<&Present>,
        from: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(config) = map.document.at(map.root, &["data", "config.yaml"]) else { return Ok(()) };
        let text = map.document.scalar(config.node).unwrap_or_default().to_owned();
        let layout = map.document.layout();
        let embedded = layout.embedded(config.node);
        let inside = |refusal: Refusal| {
            let outward = |offset| embedded.as_ref()?.outward(offset);
            let offset = refusal.offset.and_then(outward).unwrap_or_else(|| layout.start(config.node));
            Refusal { offset: Some(offset), ..refusal }
        };
        let stream = Stream::new(&text).map_err(|error| inside(error.into()))?;
        if stream.chunks.len() != 1 {
            return Err(inside(Refusal::of_input("`config.yaml` holds more than one YAML document")));
        }
        let document = stream.document(0).map_err(|error| inside(error.into()))?;
        let Some(root) = document.root() else { return Err(inside(Refusal::of_input("`config.yaml` is empty"))) };
        if let Some(key) = document.duplicate() {
            return Err(inside(delegate::duplicate_key(&document, key).into()));
        }
        let root = document.resolve(root);
        let mut editor = Editor::new(&document);
        let mut missing = Vec::new();
        let mut there = Vec::new();
        for (key, value) in UPGRADER_KEYS {
            match document.get(root, key) {
                None => missing.push((Scalar::plain(key), Scalar::plain(value).into())),
                Some(found) if document.scalar(found.node) == Some(value) => there.push(key),
                Some(found) => {
                    return Err(inside(
                        editor
                            .refuse(found.node, format!("`{key}` is set to another value than `{value}`"))
                            .help("take it out or set it to that value, then run again"),
                    ));
                }
            }
        }
        let manager = document.at(root, &["delegateConfig", "managerHost"]);
        let to = match (present, self.goal) {
            (Some(present), _) => {
                if !missing.is_empty() {
                    editor.add_entries(root, Some("delegateConfig"), missing).map_err(inside)?;
                }
                present.endpoint.as_ref().map(super::Endpoint::as_str)
            }
            (None, Goal::Absent { base }) => {
                editor.remove_entries(root, &there).map_err(inside)?;
                base.as_deref()
            }
            (None, Goal::Present(_)) => None,
        };
        if let (Some(manager), Some(to)) = (manager, to) {
            let value = document.scalar(manager.node).unwrap_or_default();
            if let Some(from) = from.filter(|from| is_under(value, from)) {
                if from != to {
                    editor.replace_prefix(manager, from, to).map_err(inside)?;
                }
            } else if value.trim_end_matches('/') != to && present.is_some() {
                return Err(inside(
                    editor
                        .refuse(
                            manager.node,
                            format!(
                                "`managerHost` is `{}`, neither under the delegate's manager URL nor the endpoint",
                                mask_user_info(value)
                            ),
                        )
                        .help("set it to the delegate's manager URL, or leave the upgrader out with `--no-upgrader`"),
                ));
            }
        }
        outer.embed(config, editor)
    }

    fn upgrader_job(
        &self,
        delegate: &Delegate,
        job: &Object<'_>,
        editor: &mut Editor<'_, '_>,
        present: Option<&Present>,
        (secret_name, name_style): (&str, ScalarStyle),
    ) -> Result<(), Refusal> {
        let document = &job.document;
        let Some(pod) = delegate::pod_spec(document, job.root, "CronJob") else { return Ok(()) };
        let Some(containers) = document.get(pod, "containers") else { return Ok(()) };
        let all: Vec<Found> = document.items_of(containers).collect();
        // the container that mounts the configuration; where that is not told apart, the only one
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
        let container = match (mounting.as_slice(), all.as_slice()) {
            ([one], _) | ([], [one]) => *one,
            _ => {
                return Err(editor
                    .refuse(
                        containers.node,
                        format!("cannot tell which container is the upgrader of `{}`", delegate.name),
                    )
                    .help("leave the upgrader out with `--no-upgrader`"));
            }
        };
        match present {
            Some(present) => {
                add_mount(editor, container)?;
                let existing = volume(document, pod, editor)?;
                if let Some((found, name)) = &existing
                    && name != secret_name
                    && !matches!(present.secret, SecretSource::Existing(_))
                {
                    return Err(editor.refuse(
                        found.node,
                        format!("the upgrader's volume `{VOLUME}` names the Secret `{name}`, the delegate's `{secret_name}`"),
                    )
                    .help("let both name the same Secret, then run again"));
                }
                add_volume(editor, pod, existing, secret_name, name_style, &present.secret)?;
            }
            None => {
                remove_mounts_and_volume(editor, pod, container)?;
            }
        }
        Ok(())
    }

    /// The Secret of the pair: filled where it is, else put in.
    fn secret(
        &mut self,
        delegate: &Delegate,
        present: &Present,
        object: &Object<'t>,
        name: &str,
        name_style: ScalarStyle,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let namespace = delegate.namespace.as_deref();
        let found = self.index.secrets(name, namespace).to_vec();
        let document = &object.document;
        let has_volume = {
            let editor = Editor::new(document);
            let pod = delegate::pod_spec(document, object.root, "Deployment");
            pod.map(|pod| volume(document, pod, &editor)).transpose()?.flatten()
        };
        let (pair, to_file) = match &present.secret {
            SecretSource::Existing(_) => {
                summary.remarks.push(format!("the pair is taken from the Secret `{name}`, which must exist"));
                return Ok(());
            }
            SecretSource::File(pair) => (pair, true),
            SecretSource::Stream(pair) => (pair, false),
        };
        let body = |style: ScalarStyle| secret_document(name, style, namespace, object, pair);
        if to_file {
            if let Some(&location) = found.last() {
                let offset = self.open(location)?.document.node(location.node).span.start;
                return Err(Refusal::at(offset, format!("the Secret `{name}` is in the input already"))
                    .help("take it out with `delegate-mtls remove` first"));
            }
            if self.secrets.insert((delegate.namespace.clone(), name.to_owned()), ()).is_none() {
                self.plan.secrets.push(body(name_style));
                summary.actions.push(format!("pair into the Secret `{name}` in a file of its own"));
            }
            return Ok(());
        }
        if self.secrets.insert((delegate.namespace.clone(), name.to_owned()), ()).is_some() {
            return Ok(());
        }
        match found.as_slice() {
            [] => {
                if let Some((volume, _)) = has_volume
                    && name != format!("{}-client-certificate", delegate.name)
                {
                    return Err(Refusal::at(
                        document.node(document.at(volume, &["secret", "secretName"]).unwrap_or(volume).node).span.start,
                        format!("the volume `{VOLUME}` names the Secret `{name}`, which is not in the input"),
                    )
                    .help(format!(
                        "use it as it is with `--existing-secret {name}`, or write it with `--secret-output FILE`"
                    )));
                }
                self.insert_secret(delegate, object, body(name_style))?;
                summary.actions.insert(0, format!("pair into the new Secret `{name}`"));
            }
            [location] => self.fill_secret(*location, pair, summary, name)?,
            [_, second, ..] => {
                let offset = self.open(*second)?.document.node(second.node).span.start;
                return Err(Refusal::at(offset, format!("the Secret `{name}` stands twice in the input"))
                    .help("keep one of them"));
            }
        }
        Ok(())
    }

    fn insert_secret(&mut self, delegate: &Delegate, object: &Object<'t>, secret: Value) -> Result<(), Refusal> {
        if object.document.root() != Some(object.location.node) {
            let mut editor = Editor::new(&object.document);
            editor.insert_item_before(object.location.node, secret)?;
            self.finish(object, editor);
            return Ok(());
        }
        let slot = match delegate.token_secret {
            Some(token) => Slot::Behind(token.chunk),
            None => Slot::Before(object.location.chunk),
        };
        let chunk = &object.document.chunk;
        if slot == Slot::Before(object.location.chunk) && chunk.directives {
            let head = chunk.span.start..chunk.marker.unwrap_or(chunk.span.start);
            if yaml::slice(self.stream.text, &head).contains("%TAG") {
                return Err(Refusal::at(chunk.span.start, "a `%TAG` directive stands where the Secret has to go")
                    .help("write the tags out and take the directive away"));
            }
        }
        self.plan.insert_document(self.stream, slot, secret);
        Ok(())
    }

    fn fill_secret(
        &mut self,
        location: Location,
        pair: &Pair,
        summary: &mut Summary,
        name: &str,
    ) -> Result<(), Refusal> {
        let secret = self.open(location)?;
        let document = &secret.document;
        let mut editor = Editor::new(document);
        let mut set = Vec::new();
        let mut missing = Vec::new();
        let data = document.get(secret.root, "data");
        for (key, value, holds) in
            [(CERTIFICATE_KEY, &pair.certificate, Holds::Certificate), (KEY_KEY, &pair.key, Holds::Secret)]
        {
            let scalar = Scalar::secret(value, holds);
            if let Some(found) = document.at(secret.root, &["stringData", key]) {
                let same = document.scalar(found.node).is_some_and(|text| *STANDARD.encode(text) == **value);
                if same {
                    continue;
                }
                return Err(editor
                    .refuse(found.node, format!("`{key}` stands under `stringData` with another value"))
                    .help(format!("take `{key}` out of `stringData`, then run again")));
            }
            match data.and_then(|data| document.get(data, key)) {
                Some(found) if document.scalar(found.node).is_some_and(|text| same_base64(text, value)) => {}
                Some(found) => set.push((found, key, scalar)),
                None => missing.push((Scalar::plain(key), Value::Scalar(scalar))),
            }
        }
        let old = set.iter().find(|(_, key, _)| *key == CERTIFICATE_KEY).and_then(|(found, ..)| {
            let decoded = STANDARD.decode(document.scalar(found.node)?.trim()).ok()?;
            crate::identity::summarize(&decoded)
        });
        let new = STANDARD.decode(&*pair.certificate).ok().and_then(|pem| crate::identity::summarize(&pem));
        let changed = !set.is_empty() || !missing.is_empty();
        for (found, _, scalar) in &set {
            editor.replace(*found, scalar)?;
        }
        if !missing.is_empty() {
            match data.filter(|data| !document.is_null(data.node) && document.last_child(data.node).is_some()) {
                Some(data) => editor.add_entries(data, None, missing)?,
                None => {
                    return Err(editor
                        .refuse(secret.root.node, format!("the Secret `{name}` has no `data` to fill"))
                        .help("take the Secret out: it is written anew"));
                }
            }
        }
        self.finish(&secret, editor);
        if changed {
            summary.actions.insert(
                0,
                match (old, new) {
                    (Some(old), Some(new)) => format!(
                        "pair in the Secret `{name}` replaced: {} (until {}) → {} (until {})",
                        old.fingerprint,
                        old.not_after.date(),
                        new.fingerprint,
                        new.not_after.date()
                    ),
                    _ => format!("pair into the Secret `{name}`"),
                },
            );
        }
        Ok(())
    }

    fn take(
        &mut self,
        delegate: &Delegate,
        restore: Option<&str>,
        object: &Object<'t>,
        (pod, container): (Found, Found),
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = &object.document;
        let mut editor = Editor::new(document);
        let mut gone = Vec::new();
        for &(name, value) in variables(&delegate.generation) {
            if let Some(variable) = environment.get(name) {
                self.same_variable(name, value, variable)?;
                gone.push((name, variable.location));
            }
        }
        let items: Vec<_> = document
            .get(container, "env")
            .into_iter()
            .flat_map(|env| document.items(env.node))
            .filter(|&item| {
                let name = document.text_at(document.resolve(item), &["name"]);
                gone.iter().any(|(gone, at)| *at == object.location && name == Some(gone))
            })
            .collect();
        editor.remove_items(container, "env", &items)?;
        count(summary, gone.len(), "variable");
        let secret_name = volume(document, pod, &editor)?.map(|(_, name)| name);
        let (mounts, volumes) = remove_mounts_and_volume(&mut editor, pod, container)?;
        count(summary, mounts, "mount");
        count(summary, volumes, "volume");
        if restore.is_none()
            && let Some(variable) = environment.get(MANAGER)
            && is_mtls(variable.text.trim_end_matches('/'))
        {
            let offset = self.offset(variable.location, variable.node)?;
            self.warn(
                offset,
                format!("`{}`: the manager URL stays `{}`", delegate.name, mask_user_info(&variable.text)),
                Some("give the manager URL to restore with `--endpoint`"),
            );
        }
        let moves = self.moves(delegate, restore, environment, summary)?;
        for (location, found, old, new) in &moves {
            if *location == object.location {
                editor.replace_prefix(*found, old, new)?;
            }
        }
        self.finish(object, editor);
        for &location in &delegate.config_maps {
            let map = self.open(location)?;
            let mut editor = Editor::new(&map.document);
            let here: Vec<_> = moves.iter().filter(|(at, ..)| *at == location).collect();
            let keys: Vec<&str> = gone.iter().filter(|(_, at)| *at == location).map(|(name, _)| *name).collect();
            if !here.is_empty() || !keys.is_empty() {
                self.unshared(delegate, location)?;
            }
            if !self.touched.insert(location) {
                continue;
            }
            for (_, found, old, new) in here {
                editor.replace_prefix(*found, old, new)?;
            }
            if let Some(data) = map.document.get(map.root, "data").filter(|_| !keys.is_empty()) {
                editor.remove_entries(data, &keys)?;
            }
            self.finish(&map, editor);
        }
        self.upgrader(delegate, None, environment, "", ScalarStyle::Plain, summary)?;
        let default_secret = format!("{}-client-certificate", delegate.name);
        let name = secret_name.unwrap_or(default_secret);
        for location in self.index.secrets(&name, delegate.namespace.as_deref()).to_vec() {
            self.take_secret(location, summary, &name)?;
        }
        Ok(())
    }

    /// Takes the pair out of a Secret; a Secret that holds nothing else goes.
    fn take_secret(&mut self, location: Location, summary: &mut Summary, name: &str) -> Result<(), Refusal> {
        if !self.touched.insert(location) {
            return Ok(());
        }
        let secret = self.open(location)?;
        let document = &secret.document;
        let mut editor = Editor::new(document);
        let mut others = 0;
        let mut ours = Vec::new();
        for part in ["data", "stringData"] {
            let Some(data) = document.get(secret.root, part) else { continue };
            let keys: Vec<&str> = document.entries(data.node).filter_map(|entry| document.scalar(entry.key)).collect();
            let (pair, rest): (Vec<&str>, Vec<&str>) =
                keys.into_iter().partition(|key| [CERTIFICATE_KEY, KEY_KEY].contains(key));
            others += rest.len();
            if !pair.is_empty() {
                ours.push((data, pair, rest.len()));
            }
        }
        if ours.is_empty() {
            return Ok(());
        }
        if others > 0 {
            for (data, keys, rest) in ours {
                if rest == 0 {
                    return Err(editor.refuse(
                        data.node,
                        format!("the Secret `{name}` holds more than the pair in a way we cannot take apart"),
                    ));
                }
                editor.remove_entries(data, &keys)?;
            }
            summary.actions.push(format!("pair out of the Secret `{name}`"));
            self.finish(&secret, editor);
            return Ok(());
        }
        summary.actions.insert(0, format!("Secret `{name}` removed"));
        if document.root() == Some(location.node) {
            self.plan.remove_document(self.stream, location.chunk);
        } else {
            editor.remove_item(location.node)?;
            self.finish(&secret, editor);
        }
        Ok(())
    }
}

fn plural(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn count(summary: &mut Summary, number: usize, what: &str) {
    if number > 0 {
        summary.actions.push(plural(number, what));
    }
}

/// The style of the scalar at a path: new names are written as the old ones.
fn style_of(document: &Document<'_>, root: Found, path: &[&str]) -> ScalarStyle {
    match document.at(root, path).map(|found| document.kind(found.node)) {
        Some(yaml::Kind::Scalar(style)) => style,
        _ => ScalarStyle::Plain,
    }
}

/// Whether a Secret's value is this base64; Kubernetes ignores line ends in it (Go: `base64.StdEncoding`).
fn same_base64(text: &str, value: &str) -> bool {
    text.chars().filter(|c| !matches!(c, '\n' | '\r')).eq(value.chars())
}

fn secret_document(name: &str, style: ScalarStyle, namespace: Option<&str>, object: &Object<'_>, pair: &Pair) -> Value {
    let mut metadata = vec![(Scalar::plain("name"), Scalar::styled(name, style).into())];
    if let Some(namespace) = namespace {
        let style = style_of(&object.document, object.root, &["metadata", "namespace"]);
        metadata.push((Scalar::plain("namespace"), Scalar::styled(namespace, style).into()));
    }
    Value::mapping([
        ("apiVersion", Scalar::plain("v1").into()),
        ("kind", Scalar::plain("Secret").into()),
        ("metadata", Value::Mapping(metadata)),
        ("type", Scalar::plain("Opaque").into()),
        (
            "data",
            Value::mapping([
                (CERTIFICATE_KEY, Scalar::secret(&pair.certificate, Holds::Certificate).into()),
                (KEY_KEY, Scalar::secret(&pair.key, Holds::Secret).into()),
            ]),
        ),
    ])
}

/// The volume `client-certificate` of a pod, and the name of its Secret.
fn volume(document: &Document<'_>, pod: Found, editor: &Editor<'_, '_>) -> Result<Option<(Found, String)>, Refusal> {
    let volumes = document.get(pod, "volumes");
    let found = volumes
        .into_iter()
        .flat_map(|volumes| document.items_of(volumes))
        .find(|&volume| document.text_at(volume, &["name"]) == Some(VOLUME));
    let Some(volume) = found else { return Ok(None) };
    let Some(name) = document.text_at(volume, &["secret", "secretName"]) else {
        return Err(editor
            .refuse(volume.node, format!("a volume `{VOLUME}` is there already, and it is not a Secret"))
            .help("give that volume another name, or take it out"));
    };
    for item in document.at(volume, &["secret", "items"]).into_iter().flat_map(|items| document.items_of(items)) {
        let (key, path) = (document.text_at(item, &["key"]), document.text_at(item, &["path"]));
        if key.is_some_and(|key| [CERTIFICATE_KEY, KEY_KEY].contains(&key)) && key != path {
            return Err(editor
                .refuse(item.node, format!("the volume `{VOLUME}` puts this file under another name"))
                .help("take `items` out, or let key and path be the same"));
        }
    }
    Ok(Some((volume, name.to_owned())))
}

/// Adds the volume, or lets the one that is there name the existing Secret. Says whether anything changed.
fn add_volume(
    editor: &mut Editor<'_, '_>,
    pod: Found,
    existing: Option<(Found, String)>,
    secret_name: &str,
    name_style: ScalarStyle,
    source: &SecretSource,
) -> Result<bool, Refusal> {
    let Some((volume, name)) = existing else {
        let volume = Value::mapping([
            ("name", Scalar::plain(VOLUME).into()),
            ("secret", Value::mapping([("secretName", Scalar::styled(secret_name, name_style).into())])),
        ]);
        editor.append_items(pod, "volumes", "containers", vec![volume])?;
        return Ok(true);
    };
    if matches!(source, SecretSource::Existing(_)) && name != secret_name {
        let found = editor.document.at(volume, &["secret", "secretName"]);
        if let Some(found) = found {
            editor.replace(found, &Scalar::plain(secret_name))?;
        }
        return Ok(true);
    }
    Ok(false)
}

/// The mounts of a container that concern us: ours by name or by path.
fn add_mount(editor: &mut Editor<'_, '_>, container: Found) -> Result<bool, Refusal> {
    let document = editor.document;
    let mounts = document.get(container, "volumeMounts");
    for mount in mounts.into_iter().flat_map(|mounts| document.items_of(mounts)) {
        let name = document.text_at(mount, &["name"]);
        let path = document.text_at(mount, &["mountPath"]).unwrap_or_default().trim_end_matches('/');
        let sub_path = document.get(mount, "subPath").or_else(|| document.get(mount, "subPathExpr"));
        if name == Some(VOLUME) && path == MOUNT_PATH && sub_path.is_none() {
            return Ok(false);
        }
        let place = document.get(mount, "mountPath").unwrap_or(mount).node;
        if is_under(path, MOUNT_PATH) {
            return Err(editor
                .refuse(place, format!("`{path}` is taken by another mount"))
                .help("mount that volume somewhere else, then run again"));
        }
        if name == Some(VOLUME) {
            return Err(editor
                .refuse(place, format!("the volume `{VOLUME}` is mounted at `{path}` instead of `{MOUNT_PATH}`"))
                .help(format!("mount it at `{MOUNT_PATH}`, or take the mount out")));
        }
    }
    let mount = Value::mapping([
        ("name", Scalar::plain(VOLUME).into()),
        ("mountPath", Scalar::plain(MOUNT_PATH).into()),
        ("readOnly", Scalar::plain("true").into()),
    ]);
    editor.append_items(container, "volumeMounts", "env", vec![mount])?;
    Ok(true)
}

/// Takes our mount and volume out; how many of each.
fn remove_mounts_and_volume(
    editor: &mut Editor<'_, '_>,
    pod: Found,
    container: Found,
) -> Result<(usize, usize), Refusal> {
    let document = editor.document;
    let named = |list: Option<Found>| -> Vec<_> {
        list.into_iter()
            .flat_map(|list| document.items(list.node))
            .filter(|&item| document.text_at(document.resolve(item), &["name"]) == Some(VOLUME))
            .collect()
    };
    for list in ["initContainers", "containers"] {
        for other in document.get(pod, list).into_iter().flat_map(|list| document.items_of(list)) {
            if other.node != container.node
                && let Some(&mount) = named(document.get(other, "volumeMounts")).first()
            {
                return Err(editor
                    .refuse(mount, format!("another container mounts the volume `{VOLUME}` too"))
                    .help("take this mount out, then run again"));
            }
        }
    }
    let mounts = named(document.get(container, "volumeMounts"));
    let volumes = named(document.get(pod, "volumes"));
    editor.remove_items(container, "volumeMounts", &mounts)?;
    editor.remove_items(pod, "volumes", &volumes)?;
    Ok((mounts.len(), volumes.len()))
}
