//! The values of the delegate's Helm chart: which Secret, and which endpoint. The chart's own templates make the mount, the
//! variables and the upgrader's part of it.

use std::collections::HashSet;

use super::change::{Operation, Style};
use super::delegate::{Object, Planner, plural};
use super::editor::Editor;
use super::rotation::Rotation;
use super::secret::secret_document;
use super::value::{Scalar, Value, Writer};
use super::{Goal, Pair, Present, Refusal, SecretSource, Summary};
use crate::delegate::parts::VOLUME;
use crate::delegate::values::{ENDPOINT_KEY, MTLS_KEY, SECRET_KEY, VARIABLES_KEY, secret_of};
use crate::delegate::{Values, is_object_name};
use crate::endpoint::{Endpoint, base, is_mtls, is_under, mask_user_info};
use crate::identity::printable;
use crate::yaml::{Document, Found, Kind, NodeId};

/// New entries of a mapping.
type Entries = Vec<(Scalar, Value)>;

impl Planner<'_, '_> {
    /// Plans all values that are meant.
    pub(super) fn all_values(&mut self, names: &[String]) -> Result<(), Refusal> {
        let index = self.index;
        let is_meant = |values: &&Values| names.is_empty() || names.contains(&values.name);
        let meant: Vec<&Values> = index.values.iter().filter(is_meant).collect();
        if let [outer, inner, ..] = meant.as_slice()
            && self.open(outer.location)?.document.root() == Some(outer.location.node)
        {
            let help = if inner.name == outer.name {
                "leave them to the one that the chart reads, and take them out of the other".to_owned()
            } else {
                format!("say which is meant: `--delegate {}` or `--delegate {}`", outer.name, inner.name)
            };
            return Err(Refusal::at(
                inner.offset,
                "this mapping and the one around it both have the keys of the delegate's chart",
            )
            .help(help));
        }
        meant.into_iter().try_for_each(|values| self.values(values))
    }

    fn values(&mut self, values: &Values) -> Result<(), Refusal> {
        let object = self.open(values.location)?;
        let mut summary = Summary {
            delegate: values.name.clone(),
            namespace: None,
            offset: values.offset,
            actions: Vec::new(),
            remarks: Vec::new(),
        };
        match self.goal.clone() {
            Goal::Present(present) => self.add_values(values, &present, &object, &mut summary)?,
            Goal::Absent { base } => self.take_values(values, base.as_deref(), &object, &mut summary)?,
        }
        self.plan.summaries.push(summary);
        Ok(())
    }

    fn add_values(
        &mut self,
        values: &Values,
        present: &Present,
        object: &Object<'_>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = object.document;
        let mut editor = Editor::new(document);
        editor.step = step(document, object.root);
        let old = secret_of(document, object.root).map(|(_, name)| name.to_owned());
        let secret = match &present.secret {
            SecretSource::Existing { name, .. } => name.clone(),
            SecretSource::File { .. } => match secret_of(document, object.root) {
                Some((found, name)) if !is_object_name(name) => {
                    let default = default_secret(values);
                    let or = default.map(|default| format!(", or `{SECRET_KEY}: \"\"` for `{default}`"));
                    let or = or.unwrap_or_default();
                    return Err(editor
                        .refuse(found.node, format!("`{}` cannot be the name of a Secret", printable(name)))
                        .help(format!("write the name that the Secret shall have{or}, then run again")));
                }
                Some((_, name)) => name.to_owned(),
                None => default_secret(values)?,
            },
            SecretSource::Stream(_) => {
                return Err(Refusal::of_input("a Helm values file has no place for the pair's Secret").help(
                    "write it to a file of its own with `--secret-output FILE`, or name one with `--existing-secret NAME`",
                ));
            }
        };
        let endpoint = present.endpoint.as_ref().map(Endpoint::as_str);
        if endpoint.is_none() && !manager_is_mtls(document, object.root) {
            self.warn_of_kept_endpoint(values, object, "give the account's mTLS endpoint with `--endpoint`");
        }
        let mut missing = Entries::new();
        if let Some(endpoint) = endpoint {
            if document.get(object.root, ENDPOINT_KEY).is_none() {
                missing.push((Scalar::plain(ENDPOINT_KEY), scalar(endpoint).into()));
                summary.actions.push(format!("`{ENDPOINT_KEY}` set to {endpoint}"));
            }
            self.move_urls(&mut editor, object.root, endpoint, summary)?;
        }
        missing.extend(set_secret(&mut editor, object.root, &secret)?);
        if old.as_deref() != Some(&secret) {
            let from = old.map(|old| format!(" from `{old}`")).unwrap_or_default();
            summary.actions.push(format!("`{MTLS_KEY}.{SECRET_KEY}` set{from} to `{secret}`"));
        }
        if !missing.is_empty() {
            editor.append_below_comments(object.root, missing)?;
        }
        match &present.secret {
            SecretSource::File { pair, older } => {
                let rotation = Rotation::of_file(older, &secret, None, pair);
                self.write_secret(values, object, &secret, pair, rotation.as_ref(), summary);
            }
            _ => summary.remarks.push(format!("the pair is taken from the Secret `{secret}`, which must exist")),
        }
        self.finish(object, editor);
        Ok(())
    }

    /// The Secret for a file of its own. Without a namespace: what the chart is installed into is not in its values.
    fn write_secret(
        &mut self,
        values: &Values,
        object: &Object<'_>,
        name: &str,
        pair: &Pair,
        rotation: Option<&Rotation>,
        summary: &mut Summary,
    ) {
        if self.secrets.insert((None, name.to_owned())) {
            let metadata = vec![(Scalar::plain("name"), scalar(name).into())];
            self.plan.secrets.push(secret_document(metadata, pair));
        }
        let Some(rotation) = rotation else {
            summary.actions.push(format!("pair into the Secret `{name}` in a file of its own"));
            return;
        };
        let shown = rotation.shown();
        summary.actions.push(format!("pair replaced in the Secret `{name}` in a file of its own: {shown}"));
        let workload = object.document.text_at(object.root, &["fullnameOverride"]).filter(|name| !name.is_empty());
        let workload = workload.unwrap_or(&values.name);
        let restart = format!("pods do not restart for that: `kubectl rollout restart deployment/{workload}`");
        summary.remarks.push(restart);
    }

    fn take_values(
        &mut self,
        values: &Values,
        restore: Option<&str>,
        object: &Object<'_>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = object.document;
        let mut editor = Editor::new(document);
        let manager_is_mtls = manager_is_mtls(document, object.root);
        let secret = secret_of(document, object.root);
        if let (Some((found, name)), Some(mtls)) = (secret, document.get(object.root, MTLS_KEY)) {
            editor.editable(found)?;
            if document.entries(mtls.node).count() == 1 {
                editor.remove_entries(object.root, &[MTLS_KEY])?;
            } else {
                editor.remove_entries(mtls, &[SECRET_KEY])?;
            }
            summary.actions.push(format!("`{MTLS_KEY}.{SECRET_KEY}` removed"));
            summary.remarks.push(format!("the Secret `{name}` is left to who made it"));
        }
        if restore.is_none() && manager_is_mtls {
            self.warn_of_kept_endpoint(values, object, "give the manager URL to restore with `--endpoint`");
        }
        // a delegate that never was on mTLS has no URL to restore
        if let Some(restore) = restore.filter(|_| manager_is_mtls || secret.is_some()) {
            self.move_urls(&mut editor, object.root, restore, summary)?;
        }
        self.finish(object, editor);
        Ok(())
    }

    fn warn_of_kept_endpoint(&mut self, values: &Values, object: &Object<'_>, help: &str) {
        let document = object.document;
        let found = document.get(object.root, ENDPOINT_KEY);
        let offset = found.map_or(values.offset, |found| document.node(found.node).span.start);
        let stays = match text(document, found) {
            "" => "that of the chart".to_owned(),
            url => format!("`{}`", mask_user_info(url)),
        };
        self.warn(offset, format!("`{}`: the manager URL stays {stays}", values.name), Some(help));
    }

    /// Moves the manager URL, and with it what lies under it: the other values beside it, and the variables that are
    /// written here. What stands deeper belongs to something that may have no certificate.
    fn move_urls(
        &mut self,
        editor: &mut Editor<'_, '_>,
        values: Found,
        to: &str,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let document = editor.document;
        let Some(manager) = document.get(values, ENDPOINT_KEY) else { return Ok(()) };
        let is_present = matches!(self.goal, Goal::Present(_));
        if document.scalar(manager.node).is_none() {
            return Err(editor.refuse(manager.node, format!("`{ENDPOINT_KEY}` is not a URL")));
        }
        let old = text(document, Some(manager));
        if old.trim().is_empty() {
            if is_present {
                editor.replace(manager, &Scalar::plain(to.to_owned()))?;
                summary.actions.push(format!("`{ENDPOINT_KEY}` set to {to}"));
            }
            return Ok(());
        }
        let Some(from) = base(old) else {
            let message = format!("`{ENDPOINT_KEY}` holds no URL to move to the endpoint");
            return Err(editor.refuse(manager.node, message));
        };
        if from == to {
            return Ok(());
        }
        let own = document.entries(values.node).map(|entry| document.resolve(entry.value));
        let variables = document.get(values, VARIABLES_KEY);
        let variables = variables.into_iter().flat_map(|list| document.items_of(list));
        let variables = variables.filter_map(|item| document.get(item, "value"));
        let is_moved = |found: &Found| is_under(text(document, Some(*found)), from);
        let mut moved: Vec<Found> = own.chain(variables).chain([manager]).filter(is_moved).collect();
        moved.sort_by_key(|found| (found.node, found.via.is_none()));
        moved.dedup_by_key(|found| found.node);
        for &found in &moved {
            editor.replace_prefix(found, from, to)?;
        }
        summary.actions.push(format!("{} moved from {} to {to}", plural(moved.len(), "URL"), mask_user_info(from)));
        let moved: HashSet<NodeId> = moved.into_iter().map(|found| found.node).collect();
        let mut open = vec![values.node];
        while let Some(node) = open.pop().filter(|_| is_present) {
            let is_url = document.scalar(node).is_some_and(|text| is_under(text, from));
            if is_url && !moved.contains(&node) {
                self.warn(
                    document.node(node).span.start,
                    "this is under the manager URL too: left alone, because it may be for something without a certificate",
                    Some("set it to the endpoint by hand if it is the delegate's"),
                );
            }
            open.extend(document.children(node));
        }
        Ok(())
    }
}

/// The Secret of a delegate whose values name none.
fn default_secret(values: &Values) -> Result<String, Refusal> {
    let name = format!("{}-{VOLUME}", values.name);
    if values.is_named && is_object_name(&name) {
        return Ok(name);
    }
    let message = match values.is_named {
        true => format!("`{name}` cannot be the name of a Secret"),
        false => "these values have no `delegateName` to call the Secret after".to_owned(),
    };
    Err(Refusal::at(values.offset, message)
        .help("make the Secret yourself and give its name with `--existing-secret NAME`"))
}

/// Names the Secret in the `mTLS` that is there. What there is none for is given back, to be put in.
fn set_secret(editor: &mut Editor<'_, '_>, values: Found, name: &str) -> Result<Entries, Refusal> {
    let document = editor.document;
    let entry = || vec![(Scalar::plain(SECRET_KEY), Value::Scalar(scalar(name)))];
    let Some(mtls) = document.get(values, MTLS_KEY) else {
        return Ok(vec![(Scalar::plain(MTLS_KEY), Value::Mapping(entry()))]);
    };
    if document.is_null(mtls.node) {
        editor.editable(mtls)?;
        editor.fill_null(values.node, mtls.node, Value::Mapping(entry()))?;
        return Ok(Entries::new());
    }
    if !matches!(document.kind(mtls.node), Kind::Mapping { .. }) {
        return Err(editor
            .refuse(mtls.node, format!("`{MTLS_KEY}` is not a mapping"))
            .help(format!("write it as `{MTLS_KEY}: {{}}`, then run again")));
    }
    match document.get(mtls, SECRET_KEY) {
        Some(found) if document.scalar(found.node).is_none() => {
            return Err(editor
                .refuse(found.node, format!("`{MTLS_KEY}.{SECRET_KEY}` is not a name"))
                .help(format!("write it as `{SECRET_KEY}: \"\"`, then run again")));
        }
        Some(found) if text(document, Some(found)) == name => {}
        Some(found) => editor.replace(found, &Scalar::plain(name.to_owned()))?,
        None => editor.add_entries(mtls, None, entry())?,
    }
    Ok(Entries::new())
}

impl Editor<'_, '_> {
    /// Appends entries to a mapping, behind the comments that follow its last entry without a blank line: these are about
    /// that entry, or are its value that was taken out of use.
    ///
    /// ```yaml
    /// custom_envs:
    ///   # - name: DELEGATE_TASK_CAPACITY
    ///   #   value: "10"
    /// ```
    fn append_below_comments(&mut self, mapping: Found, entries: Entries) -> Result<(), Refusal> {
        let node = self.editable(mapping)?;
        let Some(last) = self.document.last_child(node).filter(|_| !self.is_flow(node)) else {
            return self.add_entries(mapping, None, entries);
        };
        let column = self.key_column(node)?;
        let mut offset = self.place_behind(last)?;
        let layout = self.layout();
        loop {
            let start = offset + layout.line_break(offset).len();
            let end = layout.line_end(start);
            let line = crate::yaml::slice(self.document.text, &(start..end));
            let comment = line.trim_start_matches(' ');
            if start == offset || !comment.starts_with('#') || line.len() - comment.len() < column {
                break;
            }
            offset = end;
        }
        let mut writer = Writer::new(layout.line_break_near(offset), 0);
        writer.step = self.step;
        for (key, value) in &entries {
            writer.line(column);
            writer.entry(key, value, column);
        }
        self.insert(offset, writer);
        let position = self.count(node);
        for (key, value) in entries {
            self.changed(node, Operation::InsertEntry(position, key, value, Style::Block));
        }
        Ok(())
    }
}

/// A scalar without quotes, where it can do without.
fn scalar(text: &str) -> Scalar {
    Scalar::styled(text, crate::yaml::ScalarStyle::Plain, Style::Flow)
}

/// The text of a scalar; nothing for a null.
fn text<'d>(document: &'d Document<'_>, found: Option<Found>) -> &'d str {
    let found = found.filter(|found| !document.is_null(found.node));
    found.and_then(|found| document.scalar(found.node)).unwrap_or_default()
}

/// How far the mappings in a mapping stand behind their keys.
fn step(document: &Document<'_>, values: Found) -> usize {
    let layout = document.layout();
    let column = layout.key_column(values.node);
    let inner = document.entries(values.node).find_map(|entry| {
        let is_block = document.kind(entry.value) == Kind::Mapping { flow: false };
        layout.key_column(entry.value).filter(|_| is_block)
    });
    column.zip(inner).and_then(|(outer, inner)| inner.checked_sub(outer)).filter(|step| *step > 0).unwrap_or(2)
}

/// Whether the manager URL has the form of an mTLS endpoint.
fn manager_is_mtls(document: &Document<'_>, values: Found) -> bool {
    is_mtls(text(document, document.get(values, ENDPOINT_KEY)).trim_end_matches('/'))
}
