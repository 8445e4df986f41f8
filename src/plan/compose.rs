//! A docker-compose service: its variables, its mounts of the two files themselves, its URLs; or their way back.

use std::collections::BTreeMap;

use super::change::Style;
use super::delegate::{Planner, Variable, counted, manager_is_mtls};
use super::editor::Editor;
use super::value::{Scalar, Value};
use super::{Files, Goal, Present, Refusal, SecretSource, Summary};
use crate::delegate::compose::{self, Mount, Setting};
use crate::delegate::parts::{CERTIFICATE_PATH, KEY_PATH, MANAGER, MOUNT_PATH, cleaned, variables};
use crate::delegate::{Generation, Service};
use crate::endpoint::{Endpoint, is_under};
use crate::yaml::{Document, Found, Kind, NodeId, ScalarStyle};

/// How far the dashes of a list stand behind its key in docker's and the platform's own files.
const DASHES: usize = 2;

impl Planner<'_, '_> {
    pub(super) fn service(&mut self, service: &Service) -> Result<(), Refusal> {
        let mut summary = Summary {
            delegate: service.name.clone(),
            namespace: None,
            offset: service.offset,
            actions: Vec::new(),
            remarks: Vec::new(),
        };
        if let Generation::Legacy(legacy) = &service.generation {
            if matches!(self.goal, Goal::Present(_)) {
                let message = format!(
                    "`{}` is a legacy delegate ({}), which does not support mTLS",
                    service.name, legacy.because
                );
                return Err(Refusal::at(legacy.offset, message)
                    .help("move it to an immutable delegate image first; `--delegate NAME` selects other delegates"));
            }
            summary.remarks.push("legacy delegate: left alone".to_owned());
            self.plan.summaries.push(summary);
            return Ok(());
        }
        let object = self.open(service.location)?;
        let document = object.document;
        let root = document.root().map(|root| document.resolve(root));
        let Some(mapping) = root.and_then(|root| compose::service(document, root, service.location.node)) else {
            return Err(Refusal::at(service.offset, "this service is not there"));
        };
        if let (Some(image), Goal::Present(_)) = (&service.unknown_image, self.goal) {
            self.warn(
                service.offset,
                format!("`{}`: cannot tell {image} whether this delegate supports mTLS", service.name),
                Some("immutable delegates and Delegate 3.x do, legacy delegates do not"),
            );
        }
        let environment = self.settings(service, document, mapping)?;
        let mut editor = Editor::new(document);
        editor.dashes = dashes(document, root).unwrap_or(DASHES);
        match self.goal.clone() {
            Goal::Present(present) => {
                self.add_to_service(service, &present, &mut editor, mapping, &environment, &mut summary)?;
            }
            Goal::Absent { base } => {
                self.take_from_service(service, base.as_deref(), &mut editor, mapping, &environment, &mut summary)?;
            }
        }
        self.finish(&object, editor);
        self.plan.summaries.push(summary);
        Ok(())
    }

    /// All variables of a service by name; of two, the last.
    fn settings(
        &self,
        service: &Service,
        document: &Document<'_>,
        mapping: Found,
    ) -> Result<BTreeMap<String, Variable>, Refusal> {
        let mut all: BTreeMap<String, Variable> = BTreeMap::new();
        for setting in compose::settings(document, mapping) {
            let Setting { name, value, found, .. } = setting;
            let start = document.node(found.node).span.start;
            if name.is_empty() {
                return Err(Refusal::at(start, "an item of `environment` is not `NAME=VALUE`"));
            }
            let comes_from_elsewhere = value.is_none_or(|value| {
                let is_whole = name == MANAGER || variables(&service.generation).iter().any(|(own, _)| *own == name);
                compose::interpolates(if is_whole { value } else { authority(value) })
            });
            let variable = Variable {
                location: service.location,
                value: (!comes_from_elsewhere).then_some(found),
                text: value.unwrap_or_default().to_owned(),
                node: found,
            };
            if all.insert(name.to_owned(), variable).is_some() && name == MANAGER {
                return Err(Refusal::at(start, format!("`{MANAGER}` stands twice in `environment`"))
                    .help("keep the one that is meant"));
            }
        }
        Ok(all)
    }

    fn add_to_service(
        &mut self,
        service: &Service,
        present: &Present,
        editor: &mut Editor<'_, '_>,
        mapping: Found,
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = editor.document;
        let name = &service.name;
        let files = match (&present.secret, &present.files) {
            (SecretSource::Stream(_), Some(files)) => files,
            (SecretSource::Existing { .. }, _) => {
                return Err(Refusal::at(
                    service.offset,
                    format!("`{name}` is a docker-compose service, which knows no Secrets: `--existing-secret` is not for it"),
                )
                .help("give the pair with `--cert` and `--key`: the two files are mounted, and no key comes into this one; files that need the option go in a run of their own"));
            }
            (SecretSource::File { .. }, _) => {
                return Err(Refusal::at(
                    service.offset,
                    format!(
                        "`{name}` is a docker-compose service, which knows no Secrets: `--secret-output` is not for it"
                    ),
                )
                .help("leave it out: the two files are mounted, and no key comes into this one; files that need the option go in a run of their own"));
            }
            (SecretSource::Stream(_), None) => {
                return Err(Refusal::at(
                    service.offset,
                    format!("`{name}` mounts the pair, and its files are not named"),
                ));
            }
        };
        match compose::unseen(document, mapping) {
            Some(("extends", node)) => {
                return Err(editor
                    .refuse(node, format!("`{name}` takes more from `extends`, and what that sets would stay as it is"))
                    .help("write the entries out in this place, then run again"));
            }
            Some((key, node)) => self.warn(
                document.node(node).span.start,
                format!("`{name}` takes more variables from `{key}`, which is not looked at"),
                Some("a URL of the platform in there has to move to the endpoint, too"),
            ),
            None => {}
        }

        // 2 variables
        let mut missing = Vec::new();
        for (name, value) in variables(&service.generation) {
            match environment.get(name) {
                Some(variable) => self.same_variable(name, value, variable)?,
                None => missing.push((name, value)),
            }
        }
        add_variables(editor, mapping, &missing)?;

        // 3 and 4
        let mounted = add_mounts(editor, mapping, files)?;
        summary.actions.extend(counted(&[(missing.len(), "variable"), (mounted, "mount")], "added"));

        // 5
        let endpoint = present.endpoint.as_ref().map(Endpoint::as_str);
        if endpoint.is_none() && !manager_is_mtls(environment) {
            self.warn_of_kept_url(name, environment, "give the account's mTLS endpoint with `--endpoint`")?;
        }
        self.move_service_urls(editor, endpoint, environment, summary)
    }

    fn take_from_service(
        &mut self,
        service: &Service,
        restore: Option<&str>,
        editor: &mut Editor<'_, '_>,
        mapping: Found,
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = editor.document;
        let mut gone = Vec::new();
        for (name, value) in variables(&service.generation) {
            if let Some(variable) = environment.get(name) {
                self.same_variable(name, value, variable)?;
                gone.push(name);
            }
        }
        if let Some(list) = document.get(mapping, "environment").filter(|_| !gone.is_empty()) {
            if is_list(document, list) {
                let settings = compose::settings(document, mapping).into_iter();
                let items: Vec<NodeId> = document
                    .items(list.node)
                    .zip(settings)
                    .filter(|(_, setting)| gone.contains(&setting.name))
                    .map(|(item, _)| item)
                    .collect();
                editor.remove_items(mapping, "environment", &items)?;
            } else {
                for name in &gone {
                    // one that a merge key brings is not taken out here
                    if let Some(found) = document.get(list, name) {
                        editor.editable(found)?;
                    }
                }
                editor.remove_entries(list, &gone)?;
            }
        }
        let mut targets = Vec::new();
        for mount in compose::mounts(document, mapping) {
            let target = cleaned(mount.target);
            if [CERTIFICATE_PATH, KEY_PATH].contains(&target.as_str()) {
                targets.push(mount.found.node);
            } else if is_under(&target, MOUNT_PATH) {
                summary.remarks.push(format!("the mount at `{target}` stays"));
            }
        }
        let volumes = document.get(mapping, "volumes").into_iter();
        let items = volumes.flat_map(|volumes| document.items(volumes.node));
        let mounts: Vec<NodeId> = items.filter(|&item| targets.contains(&document.resolve(item).node)).collect();
        editor.remove_items(mapping, "volumes", &mounts)?;
        summary.actions.extend(counted(&[(gone.len(), "variable"), (mounts.len(), "mount")], "removed"));
        let is_mtls = manager_is_mtls(environment);
        if restore.is_none() && is_mtls {
            let help = "give the manager URL to restore with `--endpoint`";
            self.warn_of_kept_url(&service.name, environment, help)?;
        }
        // a delegate that never was on mTLS has no URL to restore
        let restore = restore.filter(|_| is_mtls || !gone.is_empty() || !mounts.is_empty());
        self.move_service_urls(editor, restore, environment, summary)
    }

    fn move_service_urls(
        &mut self,
        editor: &mut Editor<'_, '_>,
        to: Option<&str>,
        environment: &BTreeMap<String, Variable>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = editor.document;
        for moved in self.moves(to, environment, summary)? {
            let text = document.scalar(moved.value.node).unwrap_or_default();
            // an item of a list begins with the variable's name
            let name = text.split_once('=').filter(|_| !is_under(text, &moved.from));
            let name = name.map(|(name, _)| format!("{name}=")).unwrap_or_default();
            let (from, to) = (format!("{name}{}", moved.from), format!("{name}{}", moved.to));
            editor.replace_prefix(moved.value, &from, &to)?;
        }
        Ok(())
    }
}

/// What of a URL tells where it leads; of anything else, all.
fn authority(text: &str) -> &str {
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let end = text.get(start..).and_then(|rest| rest.find('/')).map_or(text.len(), |at| start + at);
    text.get(..end).unwrap_or(text)
}

fn is_list(document: &Document<'_>, found: Found) -> bool {
    matches!(document.kind(found.node), Kind::Sequence { .. })
}

/// How far dashes stand behind the keys of their lists in any service.
fn dashes(document: &Document<'_>, root: Option<Found>) -> Option<usize> {
    let layout = document.layout();
    let services = compose::services(document, root?)?;
    let mut entries = document.entries(services.node).flat_map(|service| document.entries(service.value));
    entries.find_map(|entry| {
        let Kind::Sequence { flow: false } = document.kind(entry.value) else { return None };
        let dash = layout.dash(document.items(entry.value).next()?)?;
        layout.column(dash).checked_sub(layout.column(document.node(entry.key).span.start))
    })
}

/// A text as an item of a list, in the quotes of the last item that is a text on one line.
fn item(editor: &Editor<'_, '_>, list: Option<Found>, text: &str) -> Value {
    let document = editor.document;
    let style =
        list.into_iter().flat_map(|list| document.items(list.node)).filter_map(|item| match document.kind(item) {
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => None,
            Kind::Scalar(style) => Some(style),
            _ => None,
        });
    let context = if list.is_some_and(|list| editor.is_flow(list.node)) { Style::Flow } else { Style::Block };
    Scalar::styled(text, style.last().unwrap_or(ScalarStyle::Plain), context).into()
}

fn add_variables(
    editor: &mut Editor<'_, '_>,
    mapping: Found,
    missing: &[(&'static str, &'static str)],
) -> Result<(), Refusal> {
    let Some(environment) = editor.document.get(mapping, "environment").filter(|_| !missing.is_empty()) else {
        return Ok(());
    };
    if is_list(editor.document, environment) {
        let text = |(name, value): &(&str, &str)| item(editor, Some(environment), &format!("{name}={value}"));
        let items = missing.iter().map(text).collect();
        return editor.append_items(mapping, "environment", "environment", items);
    }
    let entries = missing.iter().map(|(name, value)| (Scalar::plain(*name), Scalar::quoted(*value).into())).collect();
    editor.add_entries(environment, None, entries)
}

/// Mounts the two files, unless they are there already. Says how many of them were added.
fn add_mounts(editor: &mut Editor<'_, '_>, mapping: Found, files: &Files) -> Result<usize, Refusal> {
    let document = editor.document;
    let mounts = compose::mounts(document, mapping);
    let wanted = [(CERTIFICATE_PATH, &files.certificate, "--cert"), (KEY_PATH, &files.key, "--key")];
    let mut missing = Vec::new();
    for (path, source, option) in wanted {
        if source.contains(':') {
            return Err(editor
                .refuse(mapping.node, format!("`{source}` has a colon, so it cannot be mounted as `SOURCE:TARGET`"))
                .help(format!("give `{option}` a path without one")));
        }
        let written = source.replace('$', "$$");
        match covering(&mounts, path) {
            Some(mount) if mount.source_of(path).is_some_and(|there| is_same(&there, &written)) => {}
            Some(mount) => {
                let there = mount.source.map_or("a new volume".to_owned(), |source| format!("`{source}`"));
                let at = cleaned(mount.target);
                return Err(editor
                    .refuse(mount.place, format!("{there} is mounted at `{at}` already, and not `{written}`"))
                    .help(format!("give `{option}` that file, or take the mount out, then run again")));
            }
            None => missing.push(format!("{written}:{path}:ro")),
        }
    }
    let list = document.get(mapping, "volumes");
    let items: Vec<Value> = missing.iter().map(|text| item(editor, list, text)).collect();
    if !items.is_empty() {
        editor.append_items(mapping, "volumes", "environment", items)?;
    }
    Ok(missing.len())
}

/// The mount that puts a file there, or something in its place: the innermost at or below the folder of the pair.
fn covering<'m, 'd>(mounts: &'m [Mount<'d>], path: &str) -> Option<&'m Mount<'d>> {
    let covers = |mount: &&Mount<'_>| {
        let target = cleaned(mount.target);
        is_under(&target, MOUNT_PATH) && is_under(path, &target)
    };
    mounts.iter().filter(covers).max_by_key(|mount| cleaned(mount.target).len())
}

/// Whether two paths on the host are written for the same file.
fn is_same(one: &str, other: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    // one that starts with neither is the name of a volume
    let kind = |path: &str| (path.starts_with('.'), path.starts_with('/'));
    kind(one) == kind(other) && parts(one) == parts(other)
}
