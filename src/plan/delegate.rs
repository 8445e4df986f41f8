//! One delegate after the other: the seven changes, or their way back.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::editor::Editor;
use super::mount::{add_mount, add_volume, remove_mounts_and_volume, volume};
use super::rotation::{Checksum, remove_checksum, set_checksum};
use super::secret::{Mounted, OfDelegate};
use super::value::{Scalar, Value};
use super::{Goal, Plan, Present, Refusal, SecretSource, Summary, Upgrader, Warning};
use crate::delegate::parts::{CHECKSUM, MANAGER, variables};
use crate::delegate::{self, ConfigSource, Delegate, Generation, Index, Kind, Location, Stream};
use crate::endpoint::{Endpoint, base, is_mtls, is_under, mask_user_info};
use crate::yaml::{self, Document, Found, NodeId, ScalarStyle};

pub(super) fn plan(stream: &Stream<'_>, index: &Index, goal: &Goal, names: &[String]) -> Result<Plan, Refusal> {
    let selected: Vec<&Delegate> = index.delegates.iter().filter(|delegate| is_selected(delegate, names)).collect();
    let mut users: HashMap<Location, Vec<&Delegate>> = HashMap::new();
    for delegate in &index.delegates {
        for source in &delegate.config_maps {
            users.entry(source.location).or_default().push(delegate);
        }
    }
    let mut planner = Planner {
        stream,
        index,
        goal,
        plan: Plan::default(),
        touched: HashSet::new(),
        moved: HashSet::new(),
        entries: HashSet::new(),
        secrets: HashSet::new(),
        users,
        selected: selected.iter().map(|delegate| delegate.workload).collect(),
        jobs: selected.iter().flat_map(|delegate| &delegate.upgrader_jobs).copied().collect(),
    };
    if let Goal::Present(present) = goal
        && names.is_empty()
    {
        let upgraders = index.stray_upgraders.iter().filter(|_| present.upgrader == Upgrader::Move);
        for stray in index.without_account.iter().chain(upgraders) {
            planner.warn(stray.offset, &stray.message, Some("give everything that belongs to a delegate in one input"));
        }
    }
    for delegate in selected {
        planner.delegate(delegate)?;
    }
    planner.all_values(names)?;
    for service in index.services.iter().filter(|service| names.is_empty() || names.contains(&service.name)) {
        planner.service(service)?;
    }
    Ok(planner.plan)
}

/// Without names, all are meant.
fn is_selected(delegate: &Delegate, names: &[String]) -> bool {
    names.is_empty() || names.contains(&delegate.name)
}

pub(super) struct Planner<'s, 't> {
    pub(super) stream: &'s Stream<'t>,
    pub(super) index: &'s Index,
    pub(super) goal: &'s Goal,
    pub(super) plan: Plan,
    /// Upgraders and Secrets that are planned already.
    pub(super) touched: HashSet<Location>,
    /// Values and keys of ConfigMaps that are planned already: two delegates may share a ConfigMap.
    moved: HashSet<(Location, NodeId)>,
    entries: HashSet<(Location, &'static str)>,
    /// Secrets that come into the stream, or into the file, by namespace and name.
    pub(super) secrets: HashSet<(Option<String>, String)>,
    /// The delegates that take variables from a ConfigMap.
    users: HashMap<Location, Vec<&'s Delegate>>,
    /// The workloads of the delegates that are meant, and the CronJobs of their upgraders.
    pub(super) selected: HashSet<Location>,
    pub(super) jobs: HashSet<Location>,
}

/// A Kubernetes object, opened for planning.
pub(super) struct Object<'t> {
    pub(super) location: Location,
    pub(super) document: &'t Document<'t>,
    pub(super) root: Found,
}

/// A URL that moves.
pub(super) struct Move {
    location: Location,
    pub(super) value: Found,
    pub(super) from: String,
    pub(super) to: String,
}

/// What a variable is to be: its name and its value.
type Wanted = (&'static str, &'static str);

/// A variable that takes effect, and where it stands.
pub(super) struct Variable {
    /// The object that it is written in.
    pub(super) location: Location,
    /// The scalar; `None` for one that comes from elsewhere (`valueFrom`).
    pub(super) value: Option<Found>,
    pub(super) text: String,
    /// The node to point at.
    pub(super) node: Found,
}

impl<'s, 't> Planner<'s, 't> {
    pub(super) fn open(&self, location: Location) -> Result<Object<'s>, Refusal> {
        let document = self.stream.document(location.chunk)?;
        if let Some(key) = document.duplicate() {
            return Err(Refusal::from(delegate::duplicate_key(document, key)).help("keep one of the two"));
        }
        Ok(Object { location, root: Found { node: location.node, via: None }, document })
    }

    pub(super) fn finish(&mut self, object: &Object<'_>, editor: Editor<'_, '_>) {
        if editor.edits.is_empty() {
            return;
        }
        self.plan.edits.extend(editor.edits);
        self.plan.document(object.location.chunk).changes.extend(editor.changes);
    }

    pub(super) fn warn(&mut self, offset: usize, message: impl Into<String>, help: Option<&str>) {
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
        if let (Kind::Other(kind), Goal::Absent { .. }) = (&delegate.kind, self.goal) {
            summary.remarks.push(format!("in a {kind}: left alone"));
            self.plan.summaries.push(summary);
            return Ok(());
        }
        let object = self.open(delegate.workload)?;
        if let Some(checksum) = delegate::sops_checksum(object.document, object.root) {
            return Err(Refusal::at(
                object.document.node(checksum.node).span.start,
                "SOPS keeps a checksum of this document, and would not decrypt it after an edit",
            )
            .help("decrypt it first with `sops decrypt FILE`, run this on what comes out, then encrypt that"));
        }
        let (pod, container) = self.container(delegate, &object)?;
        if let (Some(image), Goal::Present(_)) = (&delegate.unknown_image, self.goal) {
            self.warn(
                delegate.offset,
                format!("`{}`: cannot tell {image} whether this delegate supports mTLS", delegate.name),
                Some("immutable delegates and Delegate 3.x do, legacy delegates do not"),
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
        let document = object.document;
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
        object: &Object<'_>,
        container: Found,
    ) -> Result<BTreeMap<String, Variable>, Refusal> {
        let mut all = BTreeMap::new();
        for ConfigSource { location, prefix } in &delegate.config_maps {
            let location = *location;
            let map = self.open(location)?;
            let Some(data) = map.document.get(map.root, "data") else { continue };
            for entry in map.document.entries(data.node) {
                let Some(key) = map.document.scalar(entry.key) else { continue };
                let name = format!("{prefix}{key}");
                let found = map.document.resolve(entry.value);
                let value = Found { via: data.via.or(found.via), ..found };
                let text = text_of(map.document, value);
                all.insert(name, Variable { location, value: Some(value), text, node: value });
            }
        }
        let document = object.document;
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
            let text = value.map(|value| text_of(document, value)).unwrap_or_default();
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
        object: &Object<'s>,
        (pod, container): (Found, Found),
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = object.document;
        let mut editor = Editor::new(document);
        let name_style = style_of(document, object.root, &["metadata", "name"]);
        let default_secret = format!("{}-client-certificate", delegate.name);
        let existing_volume = volume(document, pod, &editor)?;
        let inline = existing_volume.as_ref().map_or(default_secret, |(_, name)| name.clone());
        let secret_name = match &present.secret {
            SecretSource::Existing { name, .. } => name.clone(),
            SecretSource::Stream(_) | SecretSource::File { .. } => inline.clone(),
        };

        // 2 variables
        let mut missing = Vec::new();
        for (name, value) in variables(&delegate.generation) {
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
                    Value::mapping([("name", Scalar::plain(*name).into()), ("value", Scalar::quoted(*value).into())])
                })
                .collect();
            if !items.is_empty() {
                editor.append_items(container, "env", "env", items)?;
            }
        }

        // 3 and 4
        let mounted = add_mount(&mut editor, container)?;
        let volumes = add_volume(&mut editor, pod, existing_volume, &secret_name, name_style, &present.secret)?;
        let added = [(missing.len(), "variable"), (usize::from(mounted), "mount"), (usize::from(volumes), "volume")];
        summary.actions.extend(counted(&added, "added"));
        let rotation = self.rotation(delegate, present, &secret_name)?;
        if let Some(pair) = present.secret.pair() {
            let how = if rotation.is_some() { Checksum::Set } else { Checksum::Keep };
            if set_checksum(&mut editor, object.root, pair, how)? {
                summary.actions.push(format!("annotation `{CHECKSUM}` set, so that the pods restart"));
            }
        }

        // 5
        let endpoint = present.endpoint.as_ref().map(Endpoint::as_str);
        if endpoint.is_none() && !manager_is_mtls(environment) {
            self.warn_of_kept_url(&delegate.name, environment, "give the account's mTLS endpoint with `--endpoint`")?;
        }
        let moves = self.moves(endpoint, environment, summary)?;
        self.warn_of_neighbours(pod, container, object, environment, present)?;
        for moved in moves.iter().filter(|moved| moved.location == object.location) {
            editor.replace_prefix(moved.value, &moved.from, &moved.to)?;
        }
        self.finish(object, editor);
        let added = missing.into_iter().filter(|_| home != object.location).map(|wanted| (home, wanted)).collect();
        self.config_maps(delegate, &moves, added, &[])?;

        // 6 and 7
        self.upgrader(delegate, Some(present), endpoint, environment, (&secret_name, name_style), summary)?;

        // 1
        let secret = OfDelegate { delegate, object, name: &secret_name, name_style, inline: &inline };
        self.secret(&secret, present, rotation.as_ref(), summary)
    }

    /// Warns that the manager URL is left as it is, although the delegate moves.
    pub(super) fn warn_of_kept_url(
        &mut self,
        name: &str,
        environment: &BTreeMap<String, Variable>,
        help: &str,
    ) -> Result<(), Refusal> {
        let Some(variable) = environment.get(MANAGER) else { return Ok(()) };
        let offset = self.offset(variable.location, variable.node)?;
        let shown = match variable.value {
            Some(_) => format!("`{}`", mask_user_info(&variable.text)),
            None => "what it was".to_owned(),
        };
        self.warn(offset, format!("`{name}`: the manager URL stays {shown}"), Some(help));
        Ok(())
    }

    /// Where URLs move.
    pub(super) fn moves(
        &mut self,
        to: Option<&str>,
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<Vec<Move>, Refusal> {
        let (Some(to), Some(manager)) = (to, environment.get(MANAGER)) else { return Ok(Vec::new()) };
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
                    let location = variable.location;
                    moves.push(Move { location, value, from: from.to_owned(), to: to.to_owned() });
                }
            }
            summary.actions.push(format!("{} moved from {} to {to}", plural(moves.len(), "URL"), mask_user_info(from)));
        }
        if matches!(self.goal, Goal::Present(_)) {
            for name in ["LOG_STREAMING_SERVICE_URL", "TI_SERVICE_URL"] {
                let is_elsewhere = |variable: &&Variable| {
                    let is_url = variable.text.contains("://");
                    let is_ours = is_under(&variable.text, from) || is_under(&variable.text, to);
                    variable.value.is_none() || is_url && !is_ours
                };
                if let Some(variable) = environment.get(name).filter(is_elsewhere) {
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

    /// Moves URLs in the ConfigMaps that a delegate takes variables from, and adds or removes variables there.
    fn config_maps(
        &mut self,
        delegate: &Delegate,
        moves: &[Move],
        added: Vec<(Location, Wanted)>,
        gone: &[(&'static str, Location)],
    ) -> Result<(), Refusal> {
        for ConfigSource { location, prefix } in &delegate.config_maps {
            let location = *location;
            let map = self.open(location)?;
            let mut editor = Editor::new(map.document);
            for moved in moves.iter().filter(|moved| moved.location == location) {
                if self.moved.insert((location, moved.value.node)) {
                    editor.replace_prefix(moved.value, &moved.from, &moved.to)?;
                }
            }
            let data = map.document.get(map.root, "data").unwrap_or(map.root);
            let missing: Vec<_> = added
                .iter()
                .filter(|(at, (name, _))| *at == location && self.entries.insert((location, name)))
                .map(|(_, (name, value))| (Scalar::plain(*name), Scalar::quoted(*value).into()))
                .collect();
            if !missing.is_empty() && !prefix.is_empty() {
                return Err(editor.refuse(
                    data.node,
                    format!(
                        "`{}` takes these variables with the prefix `{prefix}`, so none can be added",
                        delegate.name
                    ),
                ));
            }
            if !missing.is_empty() {
                editor.add_entries(data, None, missing)?;
            }
            let keys: Vec<&str> = gone
                .iter()
                .filter(|(name, at)| *at == location && self.entries.insert((location, name)))
                .map(|(name, _)| *name)
                .collect();
            if !keys.is_empty() {
                editor.remove_entries(data, &keys)?;
            }
            if !editor.edits.is_empty() {
                self.unshared(delegate, &map)?;
            }
            self.finish(&map, editor);
        }
        Ok(())
    }

    /// Refuses to change a ConfigMap that a delegate outside the selection uses too.
    fn unshared(&self, delegate: &Delegate, map: &Object<'_>) -> Result<(), Refusal> {
        let users = self.users.get(&map.location).into_iter().flatten();
        let other = users.into_iter().find(|other| !self.selected.contains(&other.workload));
        match other {
            None => Ok(()),
            Some(other) => Err(Refusal::at(
                map.document.node(map.root.node).span.start,
                format!(
                    "this ConfigMap of `{}` is also that of `{}`, which is not selected",
                    delegate.name, other.name
                ),
            )
            .help(format!("add `--delegate {}`", other.name))),
        }
    }

    /// Warns of other containers of the pod whose URLs stay: they have no certificate to show at the endpoint.
    fn warn_of_neighbours(
        &mut self,
        pod: Found,
        container: Found,
        object: &Object<'_>,
        environment: &BTreeMap<String, Variable>,
        present: &Present,
    ) -> Result<(), Refusal> {
        let document = object.document;
        let manager = environment.get(MANAGER).and_then(|variable| base(&variable.text));
        let Some(from) = manager.filter(|from| present.endpoint.as_ref().is_some_and(|to| to.as_str() != *from)) else {
            return Ok(());
        };
        for list in ["initContainers", "containers"] {
            let others = document.get(pod, list).into_iter().flat_map(|list| document.items_of(list));
            for other in others.filter(|other| other.node != container.node) {
                let env = document.get(other, "env").into_iter().flat_map(|env| document.items_of(env));
                let mut values = env.filter_map(|item| document.get(item, "value"));
                let under = values.find(|value| document.scalar(value.node).is_some_and(|text| is_under(text, from)));
                if let Some(value) = under {
                    self.warn(
                        document.node(value.node).span.start,
                        "another container uses the manager URL too: left alone, because it has no certificate",
                        Some("give it a mount of `client-certificate` and the endpoint if it needs them"),
                    );
                }
            }
        }
        Ok(())
    }

    pub(super) fn same_variable(&self, name: &str, value: &str, variable: &Variable) -> Result<(), Refusal> {
        let document = self.open(variable.location)?.document;
        let is_string = variable.value.is_some_and(|found| {
            document.kind(found.node) != yaml::Kind::Scalar(ScalarStyle::Plain)
                || document.scalar(found.node) != Some("true")
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

    fn take(
        &mut self,
        delegate: &Delegate,
        restore: Option<&str>,
        object: &Object<'_>,
        (pod, container): (Found, Found),
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = object.document;
        let given = restore.is_some();
        let mut editor = Editor::new(document);
        let mut gone = Vec::new();
        for (name, value) in variables(&delegate.generation) {
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
        let secret_name = volume(document, pod, &editor)?.map(|(_, name)| name);
        let (mounts, volumes) = remove_mounts_and_volume(&mut editor, pod, container)?;
        summary.actions.extend(counted(&[(gone.len(), "variable"), (mounts, "mount"), (volumes, "volume")], "removed"));
        if remove_checksum(&mut editor, object.root)? {
            summary.actions.push(format!("annotation `{CHECKSUM}` removed"));
        }
        let manager_is_mtls = manager_is_mtls(environment);
        // a delegate that never was on mTLS has no URL to restore
        let restore = restore.filter(|_| manager_is_mtls || !gone.is_empty() || mounts + volumes > 0);
        if !given && manager_is_mtls {
            self.warn_of_kept_url(&delegate.name, environment, "give the manager URL to restore with `--endpoint`")?;
        }
        let moves = self.moves(restore, environment, summary)?;
        for moved in moves.iter().filter(|moved| moved.location == object.location) {
            editor.replace_prefix(moved.value, &moved.from, &moved.to)?;
        }
        self.finish(object, editor);
        self.config_maps(delegate, &moves, Vec::new(), &gone)?;
        self.upgrader(delegate, None, restore, environment, ("", ScalarStyle::Plain), summary)?;
        let default_secret = format!("{}-client-certificate", delegate.name);
        let name = secret_name.unwrap_or(default_secret);
        for location in self.secrets_to_take(&name, delegate.namespace.as_deref())? {
            self.take_secret(location, Mounted::Stays, summary, &name)?;
        }
        summary.remarks.extend(self.kept(&name, delegate.namespace.as_deref()));
        Ok(())
    }
}

/// Whether the manager URL has the form of an mTLS endpoint.
pub(super) fn manager_is_mtls(environment: &BTreeMap<String, Variable>) -> bool {
    environment.get(MANAGER).is_some_and(|variable| is_mtls(variable.text.trim_end_matches('/')))
}

pub(super) fn plural(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// `3 variables, 1 mount and 1 volume added`; nothing where there is nothing to count.
pub(super) fn counted(things: &[(usize, &str)], done: &str) -> Option<String> {
    let mut parts: Vec<String> =
        things.iter().filter(|(number, _)| *number > 0).map(|&(number, what)| plural(number, what)).collect();
    let last = parts.pop()?;
    let list = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    Some(format!("{list} {done}"))
}

/// The text of a variable's value; a null is none, however it is written.
fn text_of(document: &Document<'_>, value: Found) -> String {
    document.scalar(value.node).filter(|_| !document.is_null(value.node)).unwrap_or_default().to_owned()
}

/// The style of the scalar at a path: new names are written as the old ones.
pub(super) fn style_of(document: &Document<'_>, root: Found, path: &[&str]) -> ScalarStyle {
    match document.at(root, path).map(|found| document.kind(found.node)) {
        Some(yaml::Kind::Scalar(style)) => style,
        _ => ScalarStyle::Plain,
    }
}
