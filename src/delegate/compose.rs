//! A docker-compose file → the services in it that are delegates, and what their variables and mounts say.
//!
//! Compose specification: `services.environment` is a list of `NAME=VALUE` or a mapping, `services.volumes` a list of
//! `SOURCE:TARGET:MODE` or of mappings.

use super::generation::{Generation, Legacy, Tag, UnknownImage, Variables};
use super::index::Stray;
use super::stream::Location;
use crate::yaml::{self, Document, Found, Kind, NodeId, ScalarStyle, Span, slice};

/// A service that is a delegate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its key below `services`.
    pub location: Location,
    /// Its generation, told by its variables.
    pub generation: Generation,
    /// Its image, if that does not tell by the tag of a known release what it is.
    pub unknown_image: Option<UnknownImage>,
    /// Where it stands in the text: its name's first byte.
    pub offset: usize,
}

/// The services of a document that is a docker-compose file: one with `services` that is no Kubernetes object.
pub(crate) fn services(document: &Document<'_>, root: Found) -> Option<Found> {
    let services = document.get(root, "services")?;
    let is_object = ["apiVersion", "kind"].into_iter().any(|key| document.get(root, key).is_some());
    (!is_object && matches!(document.kind(services.node), Kind::Mapping { .. })).then_some(services)
}

/// The service whose key this is.
pub(crate) fn service(document: &Document<'_>, root: Found, key: NodeId) -> Option<Found> {
    let services = services(document, root)?;
    let value = document.resolve(document.next(key)?);
    Some(Found { via: services.via.or(value.via), ..value })
}

/// Takes note of the delegates of a docker-compose file, whose root is at `location`.
pub(super) fn read(
    document: &Document<'_>,
    location: Location,
    delegates: &mut Vec<Service>,
    without_account: &mut Vec<Stray>,
) {
    let root = Found { node: location.node, via: None };
    let services = services(document, root);
    for entry in services.into_iter().flat_map(|services| document.entries(services.node)) {
        let (Some(name), Some(service)) = (document.scalar(entry.key), service(document, root, entry.key)) else {
            continue;
        };
        let offset = document.node(entry.key).span.start;
        let mut variables = Variables::default();
        let mut legacy = None;
        for setting in settings(document, service) {
            variables.note(setting.name);
            if variables.storage && legacy.is_none() {
                legacy = Some(Legacy { offset: setting.name_at.start, because: format!("`{}`", setting.name) });
            }
        }
        if !variables.is_delegate() {
            if variables.manager {
                without_account.push(Stray {
                    offset,
                    message: format!(
                        "`{name}` sets `MANAGER_HOST_AND_PORT` but no account id, so it is not taken for a delegate"
                    ),
                });
            }
            continue;
        }
        let image = document.text_at(service, &["image"]);
        let tag = image.map_or(Tag::Unknown(UnknownImage::None), Tag::of);
        delegates.push(Service {
            name: name.to_owned(),
            location: Location { node: entry.key, ..location },
            generation: legacy.map_or_else(|| variables.generation(&tag), Generation::Legacy),
            unknown_image: tag.unknown(),
            offset,
        });
    }
}

/// A variable of a service.
pub(crate) struct Setting<'d> {
    /// Its name; empty for what is none.
    pub(crate) name: &'d str,
    /// Its value; `None` where that comes from the shell (`- NAME`, `NAME:`).
    pub(crate) value: Option<&'d str>,
    /// The item of the list, or the value in the mapping.
    pub(crate) found: Found,
    /// Where its name stands.
    pub(crate) name_at: Span,
    /// Where its value stands.
    pub(crate) value_at: Span,
    /// Whether name and value are one item, `NAME=VALUE`.
    pub(crate) is_item: bool,
}

/// The variables that a service sets, in the order of the text.
pub(crate) fn settings<'d>(document: &'d Document<'_>, service: Found) -> Vec<Setting<'d>> {
    let Some(environment) = document.get(service, "environment") else { return Vec::new() };
    if matches!(document.kind(environment.node), Kind::Sequence { .. }) {
        return document.items_of(environment).map(|found| item(document, found)).collect();
    }
    let keys = document.keys(environment).into_iter();
    let settings = keys.filter_map(|name| {
        let found = document.get(environment, name)?;
        let span = document.node(found.node).span.clone();
        let own = document.entry_of(environment.node, name);
        Some(Setting {
            name,
            value: document.scalar(found.node).filter(|_| !document.is_null(found.node)),
            found,
            name_at: own.map_or(span.clone(), |entry| document.node(entry.key).span.clone()),
            value_at: span,
            is_item: false,
        })
    });
    settings.collect()
}

fn item<'d>(document: &'d Document<'_>, found: Found) -> Setting<'d> {
    let node = document.node(found.node);
    let text = document.scalar(found.node).unwrap_or_default();
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    // between the quotes of a scalar that escapes nothing before its value
    let quotes = match node.kind {
        Kind::Scalar(ScalarStyle::Plain) => Some(0),
        Kind::Scalar(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) => Some(1),
        _ => None,
    };
    let parts = quotes.and_then(|quotes| {
        let inner = node.span.start + quotes..node.span.end.checked_sub(quotes)?;
        let name_end = inner.start + name.len();
        let is_written_so = slice(document.text, &inner).starts_with(name);
        let value_at = if value.is_some() { (name_end + 1).min(inner.end)..inner.end } else { name_end..name_end };
        is_written_so.then_some((inner.start..name_end, value_at))
    });
    let (name_at, value_at) = parts.unwrap_or_else(|| {
        let start = document.layout().start(found.node);
        let end = document.layout().end(found.node).unwrap_or(node.span.end);
        (start..end, node.span.start..end)
    });
    Setting { name, value, found, name_at, value_at, is_item: true }
}

/// A mount of a service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount<'d> {
    /// What is mounted: a path, or the name of a volume; `None` for a volume without a name.
    pub(crate) source: Option<&'d str>,
    /// Where.
    pub(crate) target: &'d str,
    /// Whether it is mounted read only.
    pub(crate) read_only: bool,
    /// Whether the source is said to be a path, however it looks.
    pub(crate) is_bind: bool,
    /// The item of the list.
    pub(crate) found: Found,
    /// The node to point at.
    pub(crate) place: NodeId,
}

impl Mount<'_> {
    /// The name of a volume that it mounts, which must be declared.
    pub(crate) fn volume(&self) -> Option<&str> {
        let source = self.source.filter(|_| !self.is_bind)?;
        let is_drive = source.get(1..3).is_some_and(|rest| rest.starts_with(':'));
        (!source.starts_with(['.', '/', '~', '$', '\\']) && !is_drive && !source.is_empty()).then_some(source)
    }

    /// The path on the host of a file in the container; `None` where this does not put it there.
    pub(crate) fn source_of(&self, path: &str) -> Option<String> {
        let target = super::parts::cleaned(self.target);
        let rest = path.strip_prefix(&target).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        Some(format!("{}{rest}", self.source.unwrap_or_default().trim_end_matches('/')))
    }
}

/// The mounts of a service, in the order of the text.
pub(crate) fn mounts<'d>(document: &'d Document<'_>, service: Found) -> Vec<Mount<'d>> {
    let volumes = document.get(service, "volumes");
    let items = volumes.into_iter().flat_map(|volumes| document.items_of(volumes));
    let mounts = items.filter_map(|found| {
        if let Some(text) = document.scalar(found.node) {
            let (source, target, mode) = short(text);
            let read_only = mode.split(',').any(|word| word == "ro");
            return Some(Mount { source, target, read_only, is_bind: false, found, place: found.node });
        }
        let target = document.get(found, "target")?;
        Some(Mount {
            source: document.text_at(found, &["source"]),
            target: document.scalar(target.node).unwrap_or_default(),
            read_only: document.text_at(found, &["read_only"]).is_some_and(|text| text.eq_ignore_ascii_case("true")),
            is_bind: document.text_at(found, &["type"]) == Some("bind"),
            found,
            place: target.node,
        })
    });
    mounts.collect()
}

/// `SOURCE:TARGET:MODE`, `SOURCE:TARGET`, `TARGET:MODE` or `TARGET`; a `${NAME:-default}` has colons of its own, and so
/// has a path of Windows.
fn short(text: &str) -> (Option<&str>, &str, &str) {
    let mut colons = Vec::new();
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => colons.push(at),
            _ => {}
        }
        before = c;
    }
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let starts = |from: usize| part(from, text.len()).starts_with(['/', '$']);
    let (end, mode) = match colons.last() {
        Some(&last) if !starts(last + 1) => (last, part(last + 1, text.len())),
        _ => (text.len(), ""),
    };
    match colons.iter().rev().find(|&&colon| colon < end) {
        Some(&colon) => (Some(part(0, colon)), part(colon + 1, end), mode),
        None => (None, part(0, end), mode),
    }
}

/// Whether docker-compose puts something from its environment into a text: `$NAME`, `${NAME}`; `$$` is a dollar sign.
pub(crate) fn interpolates(text: &str) -> bool {
    let plain = text.replace("$$", "");
    plain.match_indices('$').any(|(at, _)| {
        let behind = plain.get(at + 1..).unwrap_or_default();
        behind.starts_with(|c: char| c == '{' || c == '_' || c.is_ascii_alphabetic())
    })
}

/// Whether more variables or mounts may come from where they cannot be seen: the key that says so.
pub(crate) fn unseen(document: &Document<'_>, service: Found) -> Option<(&'static str, NodeId)> {
    ["extends", "env_file"].into_iter().find_map(|key| Some((key, document.get(service, key)?.node)))
}

/// Whether a document is a docker-compose file.
pub(crate) fn is_compose(document: &yaml::Document<'_>) -> bool {
    document.root().is_some_and(|root| services(document, document.resolve(root)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_read_as_compose_reads_it() {
        for (text, expected) in [
            ("./a:/b:ro", (Some("./a"), "/b", "ro")),
            ("./a:/b", (Some("./a"), "/b", "")),
            ("/b", (None, "/b", "")),
            ("/b:ro", (None, "/b", "ro")),
            ("${A:-./a}:/b:ro,z", (Some("${A:-./a}"), "/b", "ro,z")),
            ("./a:${B}", (Some("./a"), "${B}", "")),
            ("C:\\a:/b:rw", (Some("C:\\a"), "/b", "rw")),
            ("", (None, "", "")),
        ] {
            assert_eq!(short(text), expected, "{text}");
        }
    }

    #[test]
    fn a_dollar_is_told_from_a_variable() {
        for (text, expected) in
            [("a", false), ("$a", true), ("${A}", true), ("$$A", false), ("$$$A", true), ("a$", false), ("$1", false)]
        {
            assert_eq!(interpolates(text), expected, "{text}");
        }
    }
}
