//! A document → the Kubernetes objects in it: one, or the items of a List.

use crate::yaml::{Document, Found};

/// The objects of a document: its root, or the items of the List that it is, of Lists in Lists too. With their kinds:
/// the items of a `DeploymentList` need not say that they are Deployments.
pub(crate) fn resources(document: &Document<'_>, root: Found) -> Vec<(Found, String)> {
    let mut found = Vec::new();
    let mut open = vec![(root, String::new())];
    while let Some((resource, of_list)) = open.pop() {
        let kind = document.text_at(resource, &["kind"]).map_or(of_list, |kind| kind.trim().to_owned());
        let of_items = if is_list(document, resource) { Some("") } else { kind.strip_suffix("List") };
        match (of_items, document.get(resource, "items")) {
            // an alias may lead back to where it stands
            (Some(of_items), Some(items)) if resource.via.is_none() => {
                let of_items = of_items.to_owned();
                let start = open.len();
                open.extend(document.items_of(items).map(|item| (item, of_items.clone())));
                if let Some(items) = open.get_mut(start..) {
                    items.reverse();
                }
            }
            _ => found.push((resource, kind)),
        }
    }
    found
}

/// Whether an object is a List whose items may be of any kind: `List`, or the `ResourceList` that a function gets and
/// gives (Kubernetes Resource Model: Functions Specification), whose `functionConfig` and `results` are not among them.
pub(crate) fn is_list(document: &Document<'_>, resource: Found) -> bool {
    let text = |key: &str| document.text_at(resource, &[key]).map(str::trim).unwrap_or_default();
    match text("kind") {
        "List" => true,
        "ResourceList" => text("apiVersion").starts_with("config.kubernetes.io/"),
        _ => false,
    }
}
