//! One file's text → what judging needs to know of it, owned and small, each thing with its place: the text itself is
//! gone when delegates are judged, because what belongs to one may stand in another file. Judges nothing.

mod compose;
mod config;
mod pod;

use std::collections::HashMap;

use super::ignore::{self, Ignore};
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY};
use crate::delegate::{self, Location, Records, SecretValue};
use crate::yaml::{self, Document, Found, Kind, NodeId, Place, Places, ScalarStyle, Span};

pub(super) use compose::{Bind, Service};
pub(super) use config::{ConfigMap, UpgraderConfig};
pub(super) use pod::{
    Container, MOUNT_FIELDS, Mode, Mount, Pod, SecretSource, Security, Source, Value, Variable, Volume,
};

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
    /// Keys that stand twice in one mapping.
    pub(super) duplicates: Vec<Said>,
    /// Where a document is not YAML, and why.
    pub(super) unreadable: Vec<(Spot, String)>,
    /// Where a template begins that has to be rendered first.
    pub(super) template: Option<Spot>,
    pub(super) ignores: Vec<Ignore>,
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

/// A Secret. Its values are wiped when it is dropped.
pub(super) struct Secret {
    pub(super) name: Said,
    pub(super) namespace: Option<Said>,
    /// Where its kind is written.
    pub(super) kind: Spot,
    /// All its keys.
    pub(super) keys: Vec<String>,
    /// Certificates and keys.
    pub(super) values: Vec<(SecretValue, Spot)>,
}

impl Secret {
    /// Whether it has a key of that name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|own| own == key)
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
                if let Some(at) = template_text(yaml::slice(text, &chunk.span)) {
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
        // docker has templates of its own: `tag: "{{.Name}}"`
        let is_compose = delegate::compose::is_compose(document);
        if let Some(span) = template(document).filter(|_| !is_compose) {
            self.template.get_or_insert_with(|| page.spot(span));
            return;
        }
        let resources = delegate::resources(document, document.resolve(root));
        if is_compose || resources.iter().any(|(_, kind)| !kind.is_empty()) {
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
                keys: parts.flat_map(|part| document.keys(part)).map(str::to_owned).collect(),
                kind: page.of(document, kind.node),
                values: values
                    .map(|value| (page.spot(value.start..value.span.end), value))
                    .map(|(at, it)| (it, at))
                    .collect(),
                name,
                namespace,
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

/// Where a document that happens to be YAML holds an action of a Go template. `{{ .Values.x }}` is a mapping whose key is
/// a mapping; in a block scalar it may as well be a shell script's.
fn template(document: &Document<'_>) -> Option<Span> {
    let has_action = |text: &str| text.split_once("{{").is_some_and(|(_, behind)| behind.contains("}}"));
    let mut around: Option<Span> = None;
    document.nodes().find_map(|node| {
        let is_inside = around.replace(node.span.clone()).is_some_and(|around| around.start + 1 == node.span.start);
        let found = match node.kind {
            Kind::Mapping { flow: true } => is_inside && document.text.get(node.span.start - 1..)?.starts_with("{{"),
            Kind::Scalar(ScalarStyle::Plain) => has_action(&node.value),
            Kind::Scalar(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) => {
                node.value.trim_start().starts_with("{{") && has_action(&node.value)
            }
            _ => false,
        };
        let braces = usize::from(is_inside && matches!(node.kind, Kind::Mapping { .. }));
        found.then(|| node.span.start - braces..node.span.end + braces)
    })
}

/// Where the first action is of a text that is not YAML and, by words that hardly stand anywhere else, a Helm template.
fn template_text(text: &str) -> Option<usize> {
    let words = ["{{-", "-}}", ".Values", ".Release", ".Chart", "{{ end", "{{end", "include \""];
    text.find("{{").filter(|_| words.iter().any(|word| text.contains(word)))
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
