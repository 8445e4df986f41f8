//! The Secret of the pair: put in, filled, taken out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::change::Style;
use super::delegate::{Object, Planner, style_of};
use super::documents::Slot;
use super::editor::Editor;
use super::mount::volume;
use super::value::{Scalar, Value};
use super::{Pair, Present, Refusal, SecretSource, Summary};
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY, VOLUME};
use crate::delegate::{self, Delegate, Holds, Location};
use crate::yaml::{self, ScalarStyle};

impl<'t> Planner<'_, 't> {
    /// The Secret of the pair: filled where it is, else put in.
    pub(super) fn secret(
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
            if self.secrets.insert((delegate.namespace.clone(), name.to_owned())) {
                self.plan.secrets.push(body(name_style));
                summary.actions.push(format!("pair into the Secret `{name}` in a file of its own"));
            }
            return Ok(());
        }
        if !self.secrets.insert((delegate.namespace.clone(), name.to_owned())) {
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
            let document = &object.document;
            let mut editor = Editor::new(document);
            let list = document.parent(object.location.node).and_then(|items| document.parent(items));
            let kind = list.and_then(|list| document.text_at(document.resolve(list), &["kind"])).unwrap_or_default();
            if kind != "List" {
                return Err(editor
                    .refuse(object.location.node, format!("the Secret has to stand beside this, and a {kind} cannot hold one"))
                    .help("make it a `kind: List` whose items name their kinds, or use `--existing-secret` or `--secret-output`"));
            }
            editor.insert_item_before(object.location.node, secret)?;
            self.finish(object, editor);
            return Ok(());
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
                return Err(Editor::new(&before).refuse_behind(scalar));
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

    /// Takes the pair out of a Secret; a Secret that holds nothing else goes.
    pub(super) fn take_secret(&mut self, location: Location, summary: &mut Summary, name: &str) -> Result<(), Refusal> {
        if !self.touched.insert(location) {
            return Ok(());
        }
        let secret = self.open(location)?;
        let document = &secret.document;
        let namespace = document.text_at(secret.root, &["metadata", "namespace"]);
        let mut users = self.index.mounting(name, namespace).iter();
        if users.any(|user| !self.selected.contains(user) && !self.jobs.contains(user)) {
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

fn secret_document(name: &str, style: ScalarStyle, namespace: Option<&str>, object: &Object<'_>, pair: &Pair) -> Value {
    let mut metadata = vec![(Scalar::plain("name"), Scalar::styled(name, style, Style::Flow).into())];
    if let Some(namespace) = namespace {
        let style = style_of(&object.document, object.root, &["metadata", "namespace"]);
        metadata.push((Scalar::plain("namespace"), Scalar::styled(namespace, style, Style::Flow).into()));
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

/// Whether a Secret's value is this base64; Kubernetes ignores line ends in it (Go: `base64.StdEncoding`).
fn same_base64(text: &str, value: &str) -> bool {
    text.chars().filter(|c| !matches!(c, '\n' | '\r')).eq(value.chars())
}
