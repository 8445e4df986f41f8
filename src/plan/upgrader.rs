//! The upgrader: its ConfigMap, whose `config.yaml` is YAML inside YAML, and its CronJob.

use std::collections::BTreeMap;

use super::delegate::{Object, Planner, Variable};
use super::editor::Editor;
use super::mount::{add_mount, add_volume, remove_mounts_and_volume, volume};
use super::value::Scalar;
use super::{Present, Refusal, SecretSource, Summary, Upgrader};
use crate::delegate::parts::{MANAGER, UPGRADER_KEYS, VOLUME};
use crate::delegate::{self, Delegate, Stream};
use crate::endpoint::{base, is_under, mask_user_info};
use crate::yaml::ScalarStyle;

impl Planner<'_, '_> {
    /// The upgrader's ConfigMaps and CronJobs. `present` is `None` on the way back; `to` is where URLs move.
    pub(super) fn upgrader(
        &mut self,
        delegate: &Delegate,
        present: Option<&Present>,
        to: Option<&str>,
        environment: &BTreeMap<String, Variable>,
        (secret_name, name_style): (&str, ScalarStyle),
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
            let mut editor = Editor::new(map.document);
            self.upgrader_config(&map, &mut editor, present, (from, to))?;
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
            let mut editor = Editor::new(job.document);
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
        &mut self,
        map: &Object<'_>,
        outer: &mut Editor<'_, '_>,
        present: Option<&Present>,
        (from, to): (Option<&str>, Option<&str>),
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
            return Err(inside(delegate::duplicate_key(document, key).into()));
        }
        let root = document.resolve(root);
        let mut editor = Editor::new(document);
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
        if present.is_none() {
            editor.remove_entries(root, &there).map_err(inside)?;
        } else if !missing.is_empty() {
            editor.add_entries(root, Some("delegateConfig"), missing).map_err(inside)?;
        }
        if manager.is_none() && to.is_some() && present.is_some() {
            self.warn(
                layout.start(config.node),
                "the upgrader's configuration has no `delegateConfig.managerHost` to move",
                Some("set it to the endpoint if the upgrader needs it"),
            );
        }
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
        let Some(container) = delegate::upgrader_container(document, pod) else {
            return Err(editor
                .refuse(containers.node, format!("cannot tell which container is the upgrader of `{}`", delegate.name))
                .help("leave the upgrader out with `--no-upgrader`"));
        };
        match present {
            Some(present) => {
                add_mount(editor, container)?;
                let existing = volume(document, pod, editor)?;
                if let Some((found, name)) = &existing
                    && name != secret_name
                    && !matches!(present.secret, SecretSource::Existing { .. })
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
}
