//! A Helm values file of the delegate's chart: which of its mappings are the values of a delegate. The keys of the chart
//! stand at the root, or one key down, where a parent chart has the values of its dependencies.
//!
//! ```yaml
//! delegateName: acorn
//! managerEndpoint: https://app.harness.io
//! mTLS:
//!   secretName: ""
//! ```

use super::Location;
use crate::yaml::{Document, Found, Kind};

/// The key of the manager URL.
pub(crate) const ENDPOINT_KEY: &str = "managerEndpoint";
/// The key of what the chart wants to know of the pair.
pub(crate) const MTLS_KEY: &str = "mTLS";
/// The key in there that names the Secret.
pub(crate) const SECRET_KEY: &str = "secretName";
/// The key of further variables of the delegate's container: a list as in a pod.
pub(crate) const VARIABLES_KEY: &str = "custom_envs";
/// The key of the delegate's name.
const NAME_KEY: &str = "delegateName";
/// What the chart calls a delegate whose values do not.
pub(crate) const DEFAULT_NAME: &str = "harness-delegate-ng";
/// The keys that a manifest has, and values have not.
const KUBERNETES: [&str; 2] = ["apiVersion", "kind"];

/// The values of a delegate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// The delegate's name: its `delegateName`; without one, what the chart calls it.
    pub name: String,
    /// Whether the name is written.
    pub is_named: bool,
    /// Their mapping.
    pub location: Location,
    /// Where they stand in the text: their mapping's first byte.
    pub offset: usize,
}

impl Values {
    /// The values in a document, in the order of the text.
    pub(super) fn of(document: &Document<'_>, chunk: usize) -> Vec<Values> {
        let values = |mapping: Found| {
            let name = document.text_at(mapping, &[NAME_KEY]).filter(|name| !name.is_empty());
            Values {
                name: name.unwrap_or(DEFAULT_NAME).to_owned(),
                is_named: name.is_some(),
                location: Location { file: 0, chunk, node: mapping.node },
                offset: document.node(mapping.node).span.start,
            }
        };
        mappings(document).into_iter().map(values).collect()
    }
}

/// Where the name of a delegate is written in its values.
pub(crate) fn name_of(document: &Document<'_>, values: Found) -> Option<Found> {
    let name = document.get(values, NAME_KEY)?;
    document.scalar(name.node).filter(|text| !text.is_empty() && !document.is_null(name.node))?;
    Some(name)
}

/// The name of the Secret with the pair, where values have one.
pub(crate) fn secret_of<'d>(document: &'d Document<'_>, values: Found) -> Option<(Found, &'d str)> {
    let found = document.at(values, &[MTLS_KEY, SECRET_KEY])?;
    let text = document.scalar(found.node).filter(|text| !text.is_empty() && !document.is_null(found.node))?;
    Some((found, text))
}

/// The mappings of a document that are the values of a delegate: the root first, then those one key down.
pub(crate) fn mappings(document: &Document<'_>) -> Vec<Found> {
    let Some(root) = document.root() else { return Vec::new() };
    let root = document.resolve(root);
    if KUBERNETES.iter().any(|key| document.get(root, key).is_some()) {
        return Vec::new();
    }
    // `global` is for all charts alike, and the values of none
    let of_charts = document.entries(root.node).filter(|entry| document.scalar(entry.key) != Some("global"));
    let below = of_charts.map(|entry| document.resolve(entry.value));
    let mut found: Vec<Found> = std::iter::once(root).chain(below).filter(|it| are_values(document, *it)).collect();
    // an alias stands for a mapping that is there already
    found.sort_by_key(|it| (it.node, it.via.is_some()));
    found.dedup_by_key(|it| it.node);
    found
}

/// Whether a mapping has the keys that tell a delegate. Scalars, because a schema of values has the same keys.
fn are_values(document: &Document<'_>, mapping: Found) -> bool {
    let is_scalar = |key| document.get(mapping, key).is_some_and(|it| document.scalar(it.node).is_some());
    let is_mtls = |it: Found| document.is_null(it.node) || matches!(document.kind(it.node), Kind::Mapping { .. });
    is_scalar(ENDPOINT_KEY)
        || document.get(mapping, MTLS_KEY).is_some_and(is_mtls) && (is_scalar(NAME_KEY) || is_scalar("accountId"))
}

#[cfg(test)]
mod tests {
    use super::super::{Stream, read};

    /// The names of the delegates whose values are found in a text.
    fn names(text: &str) -> Vec<String> {
        let index = read(&Stream::new(text).unwrap()).unwrap();
        index.values.into_iter().map(|values| values.name).collect()
    }

    #[test]
    fn values_are_told_by_their_keys() {
        for (text, expected) in [
            ("managerEndpoint: https://a.b\n", &["harness-delegate-ng"][..]),
            ("delegateName: acorn\nmanagerEndpoint:\n", &["acorn"]),
            ("mTLS: {}\ndelegateName: acorn\n", &["acorn"]),
            ("mTLS:\naccountId: a\n", &["harness-delegate-ng"]),
            ("{\"managerEndpoint\": \"https://a.b\", \"delegateName\": \"acorn\"}", &["acorn"]),
            ("web: {}\nd: {managerEndpoint: x, delegateName: acorn}\n", &["acorn"]),
            ("a: {managerEndpoint: x, delegateName: a}\nb: {managerEndpoint: x, delegateName: b}\n", &["a", "b"]),
            ("a: &a {managerEndpoint: x, delegateName: a}\nb: *a\n", &["a"]),
            ("# c\n---\nmanagerEndpoint: x\n...\n# d\n", &["harness-delegate-ng"]),
            ("managerEndpoint: x\n---\n# c\n---\n", &["harness-delegate-ng"]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_something_else_is_none() {
        for text in [
            "mTLS: {enabled: true}\n",
            "mTLS: strict\ndelegateName: a\n",
            "delegateName: acorn\naccountId: a\n",
            "apiVersion: v2\nmanagerEndpoint: x\n",
            "kind: X\nmanagerEndpoint: x\n",
            "global: {managerEndpoint: x}\n",
            "a: {b: {managerEndpoint: x}}\n",
            "- managerEndpoint: x\n",
            "properties: {managerEndpoint: {type: string}}\n",
            "managerEndpoint: x\n---\na: 1\n",
            "a: 1\n---\nmanagerEndpoint: x\n",
            "---\n# c\n---\nmanagerEndpoint: x\n",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }
}
