//! A docker-compose file → its services with their variables and mounts.

use super::pod::{Value, Variable};
use super::{Page, Said, Spot};
use crate::delegate::compose;
use crate::yaml::{Document, Found, NodeId};

/// A service of a docker-compose file.
pub(in crate::check) struct Service {
    pub(in crate::check) name: Said,
    pub(in crate::check) image: Option<Spot>,
    pub(in crate::check) environment: Vec<Variable>,
    /// Whether its variables are a list of `NAME=VALUE`.
    pub(in crate::check) is_list: bool,
    pub(in crate::check) mounts: Vec<Bind>,
    /// The key that brings more variables from where they cannot be seen, and more mounts in the case of `extends`.
    pub(in crate::check) unseen: Option<&'static str>,
}

/// An item of a service's `volumes`.
pub(in crate::check) struct Bind {
    /// What is mounted; nothing for a volume without a name.
    pub(in crate::check) source: String,
    /// Where, and the place of the mount.
    pub(in crate::check) target: Said,
    pub(in crate::check) read_only: bool,
    /// Whether the source is the name of a volume that the file does not declare.
    pub(in crate::check) undeclared: bool,
}

/// The services of a document, by their keys.
pub(super) fn read(document: &Document<'_>, root: Found, page: &mut Page<'_>) -> Vec<(NodeId, Service)> {
    let declared = document.get(root, "volumes").map(|volumes| document.keys(volumes)).unwrap_or_default();
    let Some(services) = compose::services(document, root) else { return Vec::new() };
    let entries = document.entries(services.node).filter_map(|entry| {
        let found = compose::service(document, root, entry.key)?;
        Some((entry.key, service(document, entry.key, found, &declared, page)))
    });
    entries.collect()
}

fn service(document: &Document<'_>, key: NodeId, found: Found, declared: &[&str], page: &mut Page<'_>) -> Service {
    let settings = compose::settings(document, found);
    let mounts = compose::mounts(document, found);
    Service {
        name: page.said(document, Found { node: key, via: None }),
        image: document.get(found, "image").map(|image| page.of(document, image.node)),
        is_list: settings.first().is_some_and(|setting| setting.is_item),
        environment: settings
            .into_iter()
            .map(|setting| Variable {
                value: match setting.value {
                    Some(text) if !compose::interpolates(text) => {
                        Value::of(text, setting.name, || Some(page.spot(setting.value_at)))
                    }
                    // from the shell, or from a file beside
                    _ => Value::Elsewhere,
                },
                name: Said { text: setting.name.to_owned(), at: page.spot(setting.name_at) },
            })
            .collect(),
        mounts: mounts
            .into_iter()
            .map(|mount| Bind {
                source: mount.source.unwrap_or_default().to_owned(),
                target: Said { text: mount.target.to_owned(), at: page.of(document, mount.place) },
                read_only: mount.read_only,
                undeclared: mount.volume().is_some_and(|volume| !declared.contains(&volume)),
            })
            .collect(),
        unseen: compose::unseen(document, found).map(|(key, _)| key),
    }
}
