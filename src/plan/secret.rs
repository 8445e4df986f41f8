//! The Secret of the pair: put in, filled, taken out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::change::Style;
use super::delegate::{Object, Planner, style_of};
use super::documents::Slot;
use super::editor::Editor;
use super::mount::volume;
use super::rotation::{Rotation, certificate_of};
use super::value::{Scalar, Value};
use super::{Pair, Present, Refusal, SecretSource, Summary};
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY, VOLUME};
use crate::delegate::{self, Delegate, Holds, Location};
use crate::identity::printable;
use crate::yaml::{self, ScalarStyle};

/// What becomes of a Secret that another workload mounts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mounted {
    /// It stays.
    Stays,
    /// It goes all the same.
    Goes,
}

/// A delegate and what its Secret is called.
pub(super) struct OfDelegate<'d, 't> {
    pub(super) delegate: &'d Delegate,
    /// Its workload.
    pub(super) object: &'d Object<'t>,
    /// The Secret that it reads from now on.
    pub(super) name: &'d str,
    pub(super) name_style: ScalarStyle,
    /// The Secret that it has read, or that it would have by default.
    pub(super) inline: &'d str,
}

impl<'s> Planner<'s, '_> {
    /// The Secret of the pair: filled where it is, else put in; in a file of its own or elsewhere, it goes out of the
    /// stream.
    pub(super) fn secret(
        &mut self,
        of: &OfDelegate<'_, 's>,
        present: &Present,
        rotation: Option<&Rotation>,
        summary: &mut Summary,
    ) -> Result<(), Refusal> {
        let OfDelegate { delegate, object, name, .. } = *of;
        if !matches!(present.secret, SecretSource::Existing { .. }) {
            self.is_ours(delegate, name)?;
        }
        match &present.secret {
            SecretSource::Existing { .. } => {
                summary.remarks.push(format!("the pair is taken from the Secret `{name}`, which must exist"));
                return self.move_out(of, &present.secret, summary);
            }
            SecretSource::File { pair, .. } => {
                if self.secrets.insert((delegate.namespace.clone(), name.to_owned())) {
                    self.plan.secrets.push(of.document(pair));
                    let rotated = rotation.map(|rotation| format!(": {}", rotation.shown())).unwrap_or_default();
                    let what = if rotation.is_some() { "pair replaced in" } else { "pair into" };
                    summary.actions.push(format!("{what} the Secret `{name}` in a file of its own{rotated}"));
                }
                return self.move_out(of, &present.secret, summary);
            }
            SecretSource::Stream(pair) => {
                if !self.secrets.insert((delegate.namespace.clone(), name.to_owned())) {
                    return Ok(());
                }
                match *self.index.secrets(name, delegate.namespace.as_deref()) {
                    [] => {
                        of.is_to_be_made()?;
                        self.insert_secret(delegate, object, of.document(pair))?;
                        summary.actions.insert(0, format!("pair into the new Secret `{name}`"));
                    }
                    [location] => self.fill_secret(location, pair, rotation, summary, name)?,
                    [_, second, ..] => return Err(self.twice(second, name)?),
                }
            }
        }
        Ok(())
    }

    /// Refuses to write a Secret whose values somebody else looks after.
    fn is_ours(&self, delegate: &Delegate, name: &str) -> Result<(), Refusal> {
        let namespace = delegate.namespace.as_deref();
        let refuse = |location: Location, what: String| {
            let object = self.open(location)?;
            let offset = object.document.layout().start(object.root.node);
            Err(Refusal::at(offset, what).help(format!("refer to it as it is with `--existing-secret {name}`")))
        };
        if let Some(&(location, keeper)) = self.index.promises(name, namespace).first() {
            return refuse(
                location,
                format!("the Secret `{name}` is made of this {}, and not written here", keeper.kind()),
            );
        }
        for &location in self.index.secrets(name, namespace) {
            let secret = self.open(location)?;
            if delegate::is_sops(secret.document, secret.root) {
                return refuse(location, format!("the Secret `{name}` is encrypted by SOPS, and not filled in"));
            }
        }
        Ok(())
    }

    /// What is said of the Secret of a name when it stays, because a controller makes it of an object that is here.
    pub(super) fn kept(&self, name: &str, namespace: Option<&str>) -> Option<String> {
        let (_, keeper) = self.index.promises(name, namespace).first()?;
        Some(format!("the {} `{name}` stays: it is not ours to remove", keeper.kind()))
    }

    /// Takes the pair's Secret out of the stream, because the pair comes from elsewhere now: from a file that is written,
    /// or from what exists.
    fn move_out(&mut self, of: &OfDelegate<'_, 's>, to: &SecretSource, summary: &mut Summary) -> Result<(), Refusal> {
        let is_written = matches!(to, SecretSource::File { .. });
        let option = if is_written { "`--secret-output`" } else { "`--existing-secret`" };
        let mut names = vec![of.inline];
        if of.name != of.inline {
            names.push(of.name);
        }
        for name in names {
            if name != of.name {
                summary.remarks.extend(self.kept(name, of.delegate.namespace.as_deref()));
            }
            for location in self.secrets_to_take(name, of.delegate.namespace.as_deref())? {
                let secret = self.open(location)?;
                let document = &secret.document;
                let parts = ["data", "stringData"].into_iter().filter_map(|part| document.get(secret.root, part));
                let keys: Vec<&str> = parts.flat_map(|part| document.keys(part)).collect();
                let holds_the_pair = keys.iter().any(|key| [CERTIFICATE_KEY, KEY_KEY].contains(key));
                // a controller may fill the one that exists; the one that is written would be emptied by this
                let would_empty = is_written && name == of.name;
                if !holds_the_pair && !would_empty {
                    continue;
                }
                if delegate::is_sops(document, secret.root) {
                    // the one that is referred to from now on stays without a word
                    if name != of.name {
                        summary.remarks.push(encrypted(name));
                    }
                    continue;
                }
                if let Some(other) = keys.iter().find(|key| ![CERTIFICATE_KEY, KEY_KEY].contains(key)) {
                    let offset = document.node(location.node).span.start;
                    let message =
                        format!("the Secret `{name}` holds `{}` beside the pair, so it cannot go", printable(other));
                    return Err(Refusal::at(offset, message).help(format!(
                        "move `{}` into a Secret of its own, then run again with {option}",
                        printable(other)
                    )));
                }
                if !holds_the_pair {
                    let offset = document.node(location.node).span.start;
                    let message = format!(
                        "the Secret `{name}` stands here without the pair, and would take it from the one in the file"
                    );
                    return Err(Refusal::at(offset, message).help(format!("take it out, then run again with {option}")));
                }
                let held_a_pair = certificate_of(document, secret.root).is_some();
                let before = summary.actions.len();
                // under the same name, everybody who mounts it finds the pair where it comes from now
                let mounted = if name == of.name { Mounted::Goes } else { Mounted::Stays };
                self.take_secret(location, mounted, summary, name)?;
                if held_a_pair && summary.actions.len() > before {
                    summary
                        .remarks
                        .push("a key that was ever committed stays in the history: issue a new pair".to_owned());
                }
            }
        }
        Ok(())
    }

    fn insert_secret(&mut self, delegate: &Delegate, object: &Object<'_>, secret: Value) -> Result<(), Refusal> {
        if object.document.root() != Some(object.location.node) {
            let document = object.document;
            let mut editor = Editor::new(document);
            let list = document.parent(object.location.node).and_then(|items| document.parent(items));
            let list = list.map(|list| document.resolve(list));
            if !list.is_some_and(|list| delegate::is_list(document, list)) {
                let kind = list.and_then(|list| document.text_at(list, &["kind"])).unwrap_or_default();
                return Err(editor
                    .refuse(object.location.node, format!("the Secret has to stand beside this, and a {kind} cannot hold one"))
                    .help("make it a `kind: List` whose items name their kinds, or use `--existing-secret` or `--secret-output`"));
            }
            editor.insert_item_before(object.location.node, secret)?;
            self.finish(object, editor);
            return Ok(());
        }
        if delegate::is_json(self.stream.text) {
            return Err(Refusal::at(
                object.document.layout().start(object.root.node),
                "this is JSON, which holds one object, and the Secret would have to stand beside it",
            )
            .help(
                "get it as YAML (`kubectl get -o yaml`), or use `--existing-secret NAME` or `--secret-output FILE`",
            ));
        }
        let slot = match delegate.token_secret {
            Some(token) => Slot::Behind(token.chunk),
            None => Slot::Before(object.location.chunk),
        };
        if let Slot::Behind(number) = slot
            && number + 1 == self.stream.chunks.len()
        {
            let before = self.stream.document(number)?;
            let open = before.root().and_then(|root| before.layout().open_block_scalar(root));
            if let Some(scalar) = open {
                return Err(Editor::new(before).refuse_behind(scalar));
            }
        }
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
        rotation: Option<&Rotation>,
        summary: &mut Summary,
        name: &str,
    ) -> Result<(), Refusal> {
        // one without a namespace serves delegates of one name in several
        if !self.touched.insert(location) {
            return Ok(());
        }
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
                let same = document.scalar(found.node).is_some_and(|text| STANDARD.encode(text) == **value);
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
        let changed = !set.is_empty() || !missing.is_empty();
        for (found, _, scalar) in &set {
            editor.replace(*found, scalar)?;
        }
        if !missing.is_empty() {
            match data.filter(|data| !document.is_null(data.node)) {
                Some(data) => editor.add_entries(data, None, missing)?,
                None => {
                    return Err(editor
                        .refuse(secret.root.node, format!("the Secret `{name}` has no `data` to fill"))
                        .help("take the Secret out: it is written anew"));
                }
            }
        }
        if changed && document.text_at(secret.root, &["immutable"]) == Some("true") {
            self.warn(
                document.node(location.node).span.start,
                format!("the Secret `{name}` is immutable: a cluster that has it refuses the new pair"),
                Some("delete it there before you apply the manifest"),
            );
        }
        self.finish(&secret, editor);
        if changed {
            summary.actions.insert(
                0,
                match rotation {
                    Some(rotation) => format!("pair in the Secret `{name}` replaced: {}", rotation.shown()),
                    None => format!("pair into the Secret `{name}`"),
                },
            );
        }
        Ok(())
    }

    /// The Secrets of a name. Two of them in one List cannot be taken out one after the other.
    pub(super) fn secrets_to_take(&self, name: &str, namespace: Option<&str>) -> Result<Vec<Location>, Refusal> {
        let found = self.index.secrets(name, namespace).to_vec();
        let twice = found.windows(2).find_map(|pair| match pair {
            [first, second] if first.chunk == second.chunk => Some(*second),
            _ => None,
        });
        match twice {
            None => Ok(found),
            Some(second) => Err(self.twice(second, name)?),
        }
    }

    fn twice(&self, second: Location, name: &str) -> Result<Refusal, Refusal> {
        let offset = self.open(second)?.document.node(second.node).span.start;
        Ok(Refusal::at(offset, format!("the Secret `{name}` stands twice in the input")).help("keep one of them"))
    }

    /// Takes the pair out of a Secret; a Secret that holds nothing else goes.
    pub(super) fn take_secret(
        &mut self,
        location: Location,
        mounted: Mounted,
        summary: &mut Summary,
        name: &str,
    ) -> Result<(), Refusal> {
        if !self.touched.insert(location) {
            return Ok(());
        }
        let secret = self.open(location)?;
        let document = &secret.document;
        let namespace = document.text_at(secret.root, &["metadata", "namespace"]);
        let mut users = self.index.mounting(name, namespace).iter();
        if mounted == Mounted::Stays && users.any(|user| !self.selected.contains(user) && !self.jobs.contains(user)) {
            summary.remarks.push(format!("the Secret `{name}` stays, because another workload mounts it"));
            return Ok(());
        }
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
        if delegate::is_sops(document, secret.root) {
            summary.remarks.push(encrypted(name));
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

impl OfDelegate<'_, '_> {
    /// The Secret as a document.
    fn document(&self, pair: &Pair) -> Value {
        let name = Scalar::styled(self.name, self.name_style, Style::Flow);
        let mut metadata = vec![(Scalar::plain("name"), name.into())];
        if let Some(namespace) = &self.delegate.namespace {
            let style = style_of(self.object.document, self.object.root, &["metadata", "namespace"]);
            metadata.push((Scalar::plain("namespace"), Scalar::styled(namespace, style, Style::Flow).into()));
        }
        secret_document(metadata, pair)
    }

    /// Refuses to make a Secret that somebody else seems to look after.
    fn is_to_be_made(&self) -> Result<(), Refusal> {
        let (document, name) = (&self.object.document, self.name);
        if name == format!("{}-{VOLUME}", self.delegate.name) {
            return Ok(());
        }
        let pod = delegate::pod_spec(document, self.object.root, "Deployment");
        let volume = pod.map(|pod| volume(document, pod, &Editor::new(document))).transpose()?.flatten();
        let Some((volume, _)) = volume else { return Ok(()) };
        let node = document.at(volume, &["secret", "secretName"]).unwrap_or(volume).node;
        Err(Refusal::at(
            document.node(node).span.start,
            format!("the volume `{VOLUME}` names the Secret `{name}`, which is not in the input"),
        )
        .help(format!("use it as it is with `--existing-secret {name}`, or write it with `--secret-output FILE`")))
    }
}

/// What is said of a Secret that stays, because SOPS has encrypted it.
fn encrypted(name: &str) -> String {
    format!("the Secret `{name}` stays: it is encrypted by SOPS")
}

/// The Secret of a pair as a document.
pub(super) fn secret_document(metadata: Vec<(Scalar, Value)>, pair: &Pair) -> Value {
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

/// Whether a Secret's value is this base64; Kubernetes ignores line ends in it (Go: `base64.StdEncoding`).
fn same_base64(text: &str, value: &str) -> bool {
    text.chars().filter(|c| !matches!(c, '\n' | '\r')).eq(value.chars())
}
