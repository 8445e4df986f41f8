//! One file's text → what judging needs to know of it, owned and small, each thing with its place: the text itself is
//! gone when delegates are judged, because what belongs to one may stand in another file. Judges nothing.

mod compose;
mod config;
mod pod;
mod values;

use std::collections::HashMap;

use super::ignore::{self, Ignore};
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY};
use crate::delegate::{self, Foreign, Keeper, Location, Records, SecretValue, template};
use crate::yaml::{self, Document, Found, NodeId, Place, Places, Span};

pub(super) use compose::{Bind, Service};
pub(super) use config::{ConfigMap, UpgraderConfig};
pub(super) use pod::{
    Bits, Container, Item, MOUNT_FIELDS, Mode, Mount, Pod, SecretSource, Security, Source, Value, Variable, Volume,
};
pub(super) use values::Values;

/// Bytes of a file and where a person finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) span: Span,
    pub(super) place: Place,
}

/// A scalar as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) at: Spot,
}

/// What a file holds.
#[derive(Default)]
pub(super) struct Facts {
    /// What recognises delegates.
    pub(super) records: Records,
    /// The objects that these refer to, by their location within the file.
    pub(super) objects: HashMap<Location, Object>,
    /// The values of delegates, where the file is a values file of the Helm chart.
    pub(super) values: Vec<Values>,
    /// Keys that stand twice in one mapping.
    pub(super) duplicates: Vec<Said>,
    /// Where a document is not YAML, and why.
    pub(super) unreadable: Vec<(Spot, String)>,
    /// What the file is, and where that begins, where it is no stream of objects and a delegate may be in it.
    pub(super) foreign: Option<(Spot, Foreign)>,
    /// Where a template begins that has to be rendered first.
    pub(super) template: Option<Spot>,
    pub(super) ignores: Vec<Ignore>,
    /// How many documents there are in it.
    pub(super) documents: usize,
}

/// A Kubernetes object that may belong to a delegate.
pub(super) enum Object {
    /// One with a pod.
    Workload(Workload),
    ConfigMap(ConfigMap),
    Secret(Secret),
    /// A service of a docker-compose file.
    Service(Service),
}

/// An object with a pod.
pub(super) struct Workload {
    pub(super) name: Said,
    /// Where its kind is written.
    pub(super) kind: Spot,
    pub(super) namespace: Option<String>,
    pub(super) pod: Pod,
    /// Which of its containers is an upgrader, where it is a CronJob and that can be told.
    pub(super) upgrader: Option<usize>,
}

/// A Secret, or what one is made of. Its values are wiped when it is dropped.
pub(super) struct Secret {
    pub(super) name: Said,
    pub(super) namespace: Option<Said>,
    /// Where its kind is written.
    pub(super) kind: Spot,
    /// Whether its type is that of a TLS Secret.
    pub(super) is_tls: bool,
    /// Who looks after its values, where it does not hold them itself.
    pub(super) keeper: Option<Keeper>,
    /// All its keys that are known.
    pub(super) keys: Vec<String>,
    /// Whether it may have other keys too.
    pub(super) is_open: bool,
    /// Certificates and keys.
    pub(super) values: Vec<(SecretValue, Spot)>,
}

impl Secret {
    /// Whether it has a key of that name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|own| own == key)
    }

    /// Whether it has a key of that name, or may have it.
    pub(super) fn may_have(&self, key: &str) -> bool {
        self.is_open || self.has(key)
    }

    /// What it is called where it stands.
    pub(super) fn word(&self) -> &'static str {
        self.keeper.map_or("Secret", Keeper::kind)
    }

    /// Whether it has the certificate and the key of a client, by their names.
    pub(super) fn is_pair(&self) -> bool {
        self.has(CERTIFICATE_KEY) && self.has(KEY_KEY)
    }
}

/// Reads a text as a stream of manifests. A document that is not YAML does not hide the others.
pub(super) fn read(text: &str) -> Facts {
    let mut facts = Facts { ignores: ignore::find(text), ..Facts::default() };
    let mut page = Page { places: Places::new(text), embedded: None };
    if let Some(foreign @ (Foreign::Terraform | Foreign::Pulumi)) = Foreign::of("", text) {
        let start = text.len() - text.trim_start_matches('\u{feff}').trim_start().len();
        facts.foreign = Some((page.spot(start..start), foreign));
        return facts;
    }
    let chunks = match yaml::split(text) {
        Ok(chunks) => chunks,
        Err(error) => {
            facts.unreadable.push((page.spot(error.offset..error.offset), error.to_string()));
            return facts;
        }
    };
    for (number, chunk) in chunks.iter().enumerate() {
        match yaml::parse(text, chunk) {
            Ok(document) => facts.take(&document, number, &mut page),
            Err(error) => {
                if let Some(at) = template::in_text(yaml::slice(text, &chunk.span)) {
                    let at = chunk.span.start + at;
                    facts.template.get_or_insert_with(|| page.spot(at..at));
                } else {
                    facts.unreadable.push((page.spot(error.offset..error.offset), error.cause));
                }
            }
        }
    }
    facts
}

impl Facts {
    /// Whether it is a docker-compose file.
    pub(super) fn is_compose(&self) -> bool {
        self.objects.values().any(|object| matches!(object, Object::Service(_)))
    }

    fn take(&mut self, document: &Document<'_>, number: usize, page: &mut Page<'_>) {
        let Some(root) = document.root() else { return };
        if self.documents > 0 && document.is_null(root) {
            return;
        }
        self.documents += 1;
        self.values.clear();
        let values = delegate::values::mappings(document);
        // docker has templates of its own: `tag: "{{.Name}}"`
        let is_compose = delegate::compose::is_compose(document);
        let action = match values.as_slice() {
            _ if is_compose => None,
            [] => template::action(document),
            values => template::action_in_values(document, values),
        };
        if let Some(span) = action {
            self.template.get_or_insert_with(|| page.spot(span));
            return;
        }
        let resources = delegate::resources(document, document.resolve(root));
        // Helm reads one document, and an empty one behind it says nothing
        let values = if self.documents == 1 { values } else { Vec::new() };
        self.values = values.into_iter().map(|of| values::read(document, of, page)).collect();
        if is_compose || !self.values.is_empty() || resources.iter().any(|(_, kind)| !kind.is_empty()) {
            self.duplicates.extend(duplicates(document, page));
        }
        for (resource, kind) in resources {
            self.records.take(document, number, resource, &kind);
            if let Some(object) = object(document, resource, &kind, page) {
                self.objects.insert(Location { file: 0, chunk: number, node: resource.node }, object);
            }
        }
        if is_compose {
            for (node, service) in compose::read(document, document.resolve(root), page) {
                self.objects.insert(Location { file: 0, chunk: number, node }, Object::Service(service));
            }
        }
    }
}

fn object(document: &Document<'_>, resource: Found, kind: &str, page: &mut Page<'_>) -> Option<Object> {
    let name = match document.at(resource, &["metadata", "name"]) {
        Some(name) => page.said(document, name),
        None => Said { text: String::new(), at: page.of(document, resource.node) },
    };
    let namespace = document.at(resource, &["metadata", "namespace"]).map(|found| page.said(document, found));
    let namespace = namespace.filter(|said| !said.text.is_empty());
    Some(match kind {
        "Secret" => {
            let parts = ["data", "stringData"].into_iter().filter_map(|part| document.get(resource, part));
            let kind = document.at(resource, &["kind"]).unwrap_or(resource);
            let values = delegate::values_of(document, resource, 0).into_iter();
            Object::Secret(Secret {
                keeper: delegate::is_sops(document, resource).then_some(Keeper::Sops),
                is_open: false,
                keys: parts.flat_map(|part| document.keys(part)).map(str::to_owned).collect(),
                kind: page.of(document, kind.node),
                is_tls: document.text_at(resource, &["type"]) == Some("kubernetes.io/tls"),
                values: values
                    .map(|value| (page.spot(value.start..value.span.end), value))
                    .map(|(at, it)| (it, at))
                    .collect(),
                name,
                namespace,
            })
        }
        "SealedSecret" | "ExternalSecret" => {
            let promise = delegate::promise(document, resource, kind)?;
            let kind = document.at(resource, &["kind"]).unwrap_or(resource);
            Object::Secret(Secret {
                name: page.said(document, promise.name),
                namespace,
                kind: page.of(document, kind.node),
                is_tls: false,
                keeper: Some(promise.keeper),
                keys: promise.keys.into_iter().map(str::to_owned).collect(),
                is_open: promise.is_open,
                values: Vec::new(),
            })
        }
        "ConfigMap" => Object::ConfigMap(config::read(document, resource, page)?),
        _ => {
            let spec = delegate::pod_spec(document, resource, kind)?;
            let containers = document.get(spec, "containers")?;
            let upgrader = delegate::upgrader_container(document, spec).filter(|_| kind == "CronJob");
            let mut items = document.items_of(containers);
            let kind_at = document.at(resource, &["kind"]).unwrap_or(resource);
            Object::Workload(Workload {
                name,
                kind: page.of(document, kind_at.node),
                namespace: namespace.map(|said| said.text),
                upgrader: upgrader.and_then(|upgrader| items.position(|item| item.node == upgrader.node)),
                pod: pod::read(document, spec, page),
            })
        }
    })
}

/// Turns nodes into places, also those of a text that stands inside another.
pub(super) struct Page<'t> {
    places: Places<'t>,
    embedded: Option<yaml::Embedded>,
}

impl Page<'_> {
    fn spot(&mut self, span: Span) -> Spot {
        Spot { place: self.places.of(span.start), span }
    }

    fn of(&mut self, document: &Document<'_>, node: NodeId) -> Spot {
        let span = document.node(node).span.clone();
        let Some(embedded) = &self.embedded else { return self.spot(span) };
        let start = embedded.outward(span.start).unwrap_or_default();
        // an inner node of several lines is marked on its first
        self.spot(start..start + span.len())
    }

    fn said(&mut self, document: &Document<'_>, found: Found) -> Said {
        Said { text: text_of(document, found).to_owned(), at: self.of(document, found.node) }
    }
}

/// Keys of a document that stand twice in their mapping.
fn duplicates(document: &Document<'_>, page: &mut Page<'_>) -> Vec<Said> {
    document.duplicates().iter().map(|&node| page.said(document, Found { node, via: None })).collect()
}

/// The text of a scalar; a null has none, nor has a collection.
fn text_of<'d>(document: &'d Document<'_>, found: Found) -> &'d str {
    document.scalar(found.node).filter(|_| !document.is_null(found.node)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::read;

    fn template(text: &str) -> bool {
        read(text).template.is_some()
    }

    #[test]
    fn templates_are_told_from_manifests() {
        for text in [
            "a: {{ .Values.x }}\n",
            "a: x-{{ .Release.Name }}\n",
            "a: \"{{ .Values.x }}\"\n",
            "{{- if .Values.x }}\na: 1\n{{- end }}\n",
            "a:\n{{ include \"x\" . | indent 2 }}\n",
        ] {
            assert!(template(text), "{text}");
        }
        for text in [
            "a: {b: {c: d}}\n",
            "a: '{CERT}'\n",
            "a: |\n  docker ps --format '{{.Names}}'\n",
            "a: \"docker ps --format '{{.Names}}'\"\n",
            "# {{ x }}\na: 1\n",
            "a: ${X}\n",
        ] {
            assert!(!template(text) && read(text).unreadable.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_document_that_is_not_yaml_does_not_hide_the_others() {
        let facts = read("kind: Secret\nmetadata: {name: a}\n---\na: [\n---\nkind: Secret\nmetadata: {name: b}\n");
        assert_eq!((facts.objects.len(), facts.unreadable.len()), (2, 1));
    }
}
