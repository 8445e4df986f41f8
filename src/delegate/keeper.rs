//! Secrets whose values somebody else looks after: what a controller makes of a SealedSecret or an ExternalSecret, and
//! what SOPS has encrypted → names and keys. Decodes nothing.

use crate::yaml::{Document, Found};

/// Who looks after the values of a Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// The Sealed Secrets controller: `SealedSecret` (`bitnami.com`).
    SealedSecrets,
    /// The External Secrets operator: `ExternalSecret` (`external-secrets.io`).
    ExternalSecrets,
    /// SOPS: a Secret with encrypted values.
    Sops,
}

impl Keeper {
    /// The kind of the object that stands in the stream.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Keeper::SealedSecrets => "SealedSecret",
            Keeper::ExternalSecrets => "ExternalSecret",
            Keeper::Sops => "Secret",
        }
    }
}

/// The Secret that a controller will make of an object, in the namespace of that object.
pub(crate) struct Promise<'d> {
    pub(crate) keeper: Keeper,
    /// Its name.
    pub(crate) name: Found,
    /// Its keys.
    pub(crate) keys: Vec<&'d str>,
    /// Whether it may have other keys too.
    pub(crate) is_open: bool,
}

/// The Secret that an object promises, where it is one of those.
pub(crate) fn promise<'d>(document: &'d Document<'_>, resource: Found, kind: &str) -> Option<Promise<'d>> {
    let is_of = |group: &str| {
        let version = document.text_at(resource, &["apiVersion"]).unwrap_or_default();
        version.split_once('/').is_some_and(|(own, _)| own.trim() == group)
    };
    let own_name = || document.at(resource, &["metadata", "name"]);
    match kind {
        "SealedSecret" if is_of("bitnami.com") => Some(sealed(document, resource, own_name()?)),
        "ExternalSecret" if is_of("external-secrets.io") => external(document, resource, own_name()?),
        _ => None,
    }
}

/// Each value is sealed under its key, and the template may add values (Sealed Secrets: `SealedSecretSpec`).
fn sealed<'d>(document: &'d Document<'_>, resource: Found, name: Found) -> Promise<'d> {
    let parts: [&[&str]; 2] = [&["spec", "encryptedData"], &["spec", "template", "data"]];
    let parts = parts.map(|path| document.at(resource, path));
    Promise {
        keeper: Keeper::SealedSecrets,
        name,
        keys: parts.into_iter().flatten().flat_map(|part| document.keys(part)).collect(),
        // the form before `encryptedData` seals the whole
        is_open: document.at(resource, &["spec", "data"]).is_some(),
    }
}

/// Its own name unless the target has one; the keys that `data` lists, or those of the template, which takes their place
/// (External Secrets: `ExternalSecretSpec`).
fn external<'d>(document: &'d Document<'_>, resource: Found, name: Found) -> Option<Promise<'d>> {
    let target = document.at(resource, &["spec", "target"]);
    let of_target = |path: &[&str]| target.and_then(|target| document.at(target, path));
    let is_said = |key: &str, value: &str| {
        of_target(&[key]).and_then(|found| document.scalar(found.node)).is_some_and(|text| text == value)
    };
    if is_said("creationPolicy", "None") {
        return None;
    }
    let list = document.at(resource, &["spec", "data"]);
    let listed = list.into_iter().flat_map(|list| document.items_of(list));
    let listed = listed.filter_map(|item| document.text_at(item, &["secretKey"]));
    let template = of_target(&["template"]);
    let of_template = template.and_then(|template| document.get(template, "data"));
    let merges = template.and_then(|template| document.text_at(template, &["mergePolicy"])) == Some("Merge");
    let takes_fetched = of_template.is_none() || merges;
    let mut keys: Vec<&str> = of_template.map(|data| document.keys(data)).unwrap_or_default();
    keys.extend(listed.filter(|_| takes_fetched));
    let has_more = |found: Option<Found>| found.is_some_and(|found| !document.is_null(found.node));
    Some(Promise {
        keeper: Keeper::ExternalSecrets,
        name: of_target(&["name"])
            .filter(|found| document.scalar(found.node).is_some_and(|text| !text.is_empty()))
            .unwrap_or(name),
        keys,
        is_open: takes_fetched && has_more(document.at(resource, &["spec", "dataFrom"]))
            || has_more(of_target(&["template", "templateFrom"]))
            || is_said("creationPolicy", "Merge"),
    })
}

/// Whether SOPS has encrypted a Secret, or the document that it stands in.
pub(crate) fn is_sops(document: &Document<'_>, secret: Found) -> bool {
    let is_encrypted = |part: &str| {
        let part = document.get(secret, part);
        let mut entries = part.into_iter().flat_map(|part| document.entries(part.node));
        entries.any(|entry| document.scalar(entry.value).is_some_and(|text| text.starts_with("ENC[")))
    };
    sops(document, secret).is_some() || ["data", "stringData"].into_iter().any(is_encrypted)
}

/// What SOPS keeps of a document that it has encrypted, below the object or, for a List, below its root.
fn sops(document: &Document<'_>, resource: Found) -> Option<Found> {
    let is_metadata = |found: &Found| document.get(*found, "mac").is_some();
    let root = || document.root().map(|root| document.resolve(root));
    let of = |found: Found| document.get(found, "sops").filter(is_metadata);
    of(resource).or_else(|| of(root()?))
}

/// Where SOPS keeps a checksum of all values of a document, plain ones too: an edit that does not go through SOPS would
/// make the document one that it refuses to decrypt.
pub(crate) fn sops_checksum(document: &Document<'_>, resource: Found) -> Option<Found> {
    let sops = sops(document, resource)?;
    let spares_plain = document.text_at(sops, &["mac_only_encrypted"]) == Some("true");
    document.get(sops, "mac").filter(|_| !spares_plain)
}

#[cfg(test)]
mod tests {
    use super::super::{Stream, resources};
    use super::*;

    /// The first object of a text: what Secret it promises (`*`: with other keys too), or whether SOPS looks after it.
    fn told(text: &str) -> String {
        let stream = Stream::new(text).unwrap();
        let document = stream.document(0).unwrap();
        let (resource, kind) = resources(document, document.resolve(document.root().unwrap())).remove(0);
        match promise(document, resource, &kind) {
            Some(promise) => {
                let name = document.scalar(promise.name.node).unwrap();
                format!("{name}: {}{}", promise.keys.join(" "), if promise.is_open { "*" } else { "" })
            }
            None => format!("sops {} {}", is_sops(document, resource), sops_checksum(document, resource).is_some()),
        }
    }

    #[test]
    fn what_controllers_will_make() {
        let external = |spec: &str| {
            told(&format!(
                "apiVersion: external-secrets.io/v1beta1\nkind: ExternalSecret\nmetadata: {{name: e}}\nspec: {spec}\n"
            ))
        };
        let listed = "data: [{secretKey: a}, {secretKey: b}]";
        for (spec, expected) in [
            (format!("{{{listed}}}"), "e: a b"),
            (format!("{{target: {{name: t}}, {listed}}}"), "t: a b"),
            (format!("{{target: {{name: ''}}, {listed}}}"), "e: a b"),
            (format!("{{{listed}, dataFrom: []}}"), "e: a b*"),
            ("{dataFrom: [{extract: {key: k}}]}".to_owned(), "e: *"),
            (format!("{{{listed}, dataFrom: null}}"), "e: a b"),
            (format!("{{target: {{template: {{type: Opaque}}}}, {listed}}}"), "e: a b"),
            (format!("{{target: {{template: {{data: {{c: x}}}}}}, {listed}, dataFrom: [x]}}"), "e: c"),
            (format!("{{target: {{template: {{mergePolicy: Merge, data: {{c: x}}}}}}, {listed}}}"), "e: c a b"),
            (format!("{{target: {{template: {{templateFrom: [x]}}}}, {listed}}}"), "e: a b*"),
            (format!("{{target: {{creationPolicy: Merge}}, {listed}}}"), "e: a b*"),
            (format!("{{target: {{creationPolicy: Owner}}, {listed}}}"), "e: a b"),
            (format!("{{target: {{creationPolicy: None}}, {listed}}}"), "sops false false"),
        ] {
            assert_eq!(external(&spec), expected, "{spec}");
        }
        let sealed = |group: &str, spec: &str| {
            told(&format!("apiVersion: {group}/v1alpha1\nkind: SealedSecret\nmetadata: {{name: s}}\nspec: {spec}\n"))
        };
        assert_eq!(sealed("bitnami.com", "{encryptedData: {a: x}, template: {data: {b: y}}}"), "s: a b");
        assert_eq!(sealed("bitnami.com", "{data: AgX}"), "s: *");
        assert_eq!(sealed("example.com", "{encryptedData: {a: x}}"), "sops false false");
    }

    #[test]
    fn what_sops_has_encrypted() {
        for (text, expected) in [
            ("kind: Secret\ndata: {a: 'ENC[x]'}\n", "sops true false"),
            ("kind: Secret\nstringData: {a: b, c: 'ENC[x]'}\n", "sops true false"),
            ("kind: Secret\ndata: {a: eA==}\n", "sops false false"),
            ("kind: Secret\ndata: {a: eA==}\nsops: {mac: x}\n", "sops true true"),
            ("kind: List\nitems: [{kind: Secret, data: {a: eA==}}]\nsops: {mac: x}\n", "sops true true"),
            ("kind: Secret\ndata: {a: 'ENC[x]'}\nsops: {mac: x, mac_only_encrypted: true}\n", "sops true false"),
            ("kind: Deployment\nsops: a tool\n", "sops false false"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
