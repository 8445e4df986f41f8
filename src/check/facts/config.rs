//! A ConfigMap → the variables in it that matter, and the upgrader's configuration, which is YAML inside YAML.

use super::pod::Value;
use super::{Page, Said, Spot, duplicates, text_of};
use crate::delegate::Stream;
use crate::delegate::parts::UPGRADER_KEYS;
use crate::yaml::{Document, Found};

/// A ConfigMap.
pub(in crate::check) struct ConfigMap {
    /// Its entries, each as a variable would be.
    pub(in crate::check) entries: Vec<(Said, Value)>,
    pub(in crate::check) upgrader: Option<UpgraderConfig>,
}

/// The `config.yaml` of an upgrader.
pub(in crate::check) struct UpgraderConfig {
    /// The key `config.yaml`.
    pub(in crate::check) key: Spot,
    /// Where it says that the certificate and the key are.
    pub(in crate::check) paths: [Option<Said>; 2],
    /// Where it finds the manager.
    pub(in crate::check) manager: Option<Said>,
    /// Where it says that, or should: the innermost key that is there.
    pub(in crate::check) manager_key: Spot,
    /// Keys that stand twice in one mapping.
    pub(in crate::check) duplicates: Vec<Said>,
    /// Why it cannot be read.
    pub(in crate::check) broken: Option<(Spot, String)>,
}

pub(super) fn read(document: &Document<'_>, map: Found, page: &mut Page<'_>) -> Option<ConfigMap> {
    let data = document.get(map, "data")?;
    let mut entries = Vec::new();
    let mut upgrader = None;
    for entry in document.entries(data.node) {
        let key = page.said(document, Found { node: entry.key, via: None });
        let value = document.resolve(entry.value);
        if key.text == "config.yaml" {
            upgrader = Some(upgrader_config(document, value, key.at.clone(), page));
        }
        let value = Value::read(document, Some(value), &key.text, page);
        entries.push((key, value));
    }
    Some(ConfigMap { entries, upgrader })
}

fn upgrader_config(document: &Document<'_>, value: Found, key: Spot, page: &mut Page<'_>) -> UpgraderConfig {
    let mut config = UpgraderConfig {
        manager_key: key.clone(),
        key,
        paths: [None, None],
        manager: None,
        duplicates: Vec::new(),
        broken: None,
    };
    let text = text_of(document, value).to_owned();
    let outer = page.of(document, value.node);
    let embedded = document.layout().embedded(value.node);
    let stream = Stream::new(&text);
    match stream.as_ref().map_err(Clone::clone).and_then(|stream| stream.document(0)) {
        Err(error) => {
            let offset = embedded.as_ref().and_then(|embedded| embedded.outward(error.offset));
            let at = offset.map_or(outer, |offset| page.spot(offset..offset));
            config.broken = Some((at, error.cause));
        }
        Ok(inner) => {
            // in any other style than a literal block, places inside cannot be told: the whole stands for them
            let is_literal = embedded.is_some();
            page.embedded = embedded;
            let place = |said: Said| if is_literal { said } else { Said { at: outer.clone(), ..said } };
            config.duplicates = duplicates(inner, page).into_iter().map(place).collect();
            let mut said = |found| place(page.said(inner, found));
            if let Some(root) = inner.root().map(|root| inner.resolve(root)) {
                config.paths = UPGRADER_KEYS.map(|(key, _)| inner.get(root, key).map(&mut said));
                config.manager = inner.at(root, &["delegateConfig", "managerHost"]).map(&mut said);
                let parent = inner.entry_of(root.node, "delegateConfig");
                let own = parent
                    .and_then(|parent| inner.entry_of(inner.resolve(parent.value).node, "managerHost"))
                    .or(parent);
                if let Some(entry) = own {
                    config.manager_key = said(Found { node: entry.key, via: None }).at;
                }
            }
            page.embedded = None;
        }
    }
    config
}
