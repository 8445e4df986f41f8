//! What of a document must not be shown.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::resources::{is_list, resources};
use super::{Holds, Mask, compose, is_secret_name, pod_spec, values};
use crate::yaml::{self, Document, Found, NodeId, Span};

impl Mask {
    /// Adds the masks of a document, in no order.
    pub(super) fn add(document: &Document<'_>, masks: &mut Vec<Mask>) {
        let Some(root) = document.root() else { return };
        let root = document.resolve(root);
        let mut masker = Masker { masks };
        masker.mask_document(document, root);
        masker.mask_services(document, root);
        if !values::mappings(document).is_empty() {
            masker.mask_values(document, root.node);
        }
        let mut all = resources(document, root);
        if let Some(config) = masker.mask_function(document, root) {
            all.extend(resources(document, config));
        }
        for (resource, kind) in all {
            match kind.as_str() {
                "Secret" => {}
                "ConfigMap" => masker.mask_config_map(document, resource),
                kind => masker.mask_containers(document, resource, kind),
            }
        }
    }
}

/// What of a text must not be shown, in the order of the text. Unlike [`super::read`] it never fails: of a document
/// that is not YAML nothing may be shown.
pub fn masks(text: &str) -> Vec<Mask> {
    let all = |span: Span| Mask { span, holds: Holds::Secret };
    let Ok(chunks) = yaml::split(text) else { return vec![all(0..text.len())] };
    let mut masks = Vec::new();
    for chunk in &chunks {
        match yaml::parse(text, chunk) {
            Ok(document) => Mask::add(&document, &mut masks),
            Err(_) => masks.push(all(chunk.span.clone())),
        }
    }
    Mask::put_in_order(&mut masks);
    masks
}

struct Masker<'m> {
    masks: &'m mut Vec<Mask>,
}

impl Masker<'_> {
    /// Masks what the Secrets of a document hold, in whatever shape they are written: a reader of the diff sees lines,
    /// not what Kubernetes makes of them.
    fn mask_document(&mut self, document: &Document<'_>, root: Found) {
        let mut seen = HashSet::new();
        let mut resources = vec![(root.node, false)];
        let mut taken = HashSet::new();
        let mut any_secret = false;
        while let Some((node, in_secrets)) = resources.pop() {
            let resource = document.resolve(node);
            if !taken.insert(resource.node) {
                continue;
            }
            let own = document.entries(resource.node).filter(|entry| text(document, entry.key) == "kind");
            let kinds = own.map(|entry| text(document, entry.value)).chain(document.text_at(resource, &["kind"]));
            let (mut is_secret, mut is_list) = (in_secrets, false);
            for kind in kinds.map(str::trim) {
                is_secret |= kind.get(.."Secret".len()).is_some_and(|start| start.eq_ignore_ascii_case("Secret"));
                is_list |= kind.ends_with("List");
            }
            any_secret |= is_secret;
            if is_list {
                let merged = document.get(resource, "items");
                resources
                    .extend(merged.into_iter().flat_map(|list| document.items(list.node)).map(|id| (id, is_secret)));
            }
            if is_secret {
                self.mask_secret(document, resource, is_list, &mut resources, &mut seen);
            } else {
                self.mask_applied(document, resource, &mut seen);
            }
        }
        if any_secret {
            self.mask_comments(document, root.node);
        }
    }

    /// Masks what stands beside the items of a `ResourceList`: the values that results tell of, which may be those of a
    /// Secret, and the function's configuration, which is an object of any kind and is given back.
    fn mask_function(&mut self, document: &Document<'_>, root: Found) -> Option<Found> {
        if !is_list(document, root) {
            return None;
        }
        let mut seen = HashSet::new();
        let results = document.get(root, "results");
        for result in results.into_iter().flat_map(|results| document.items_of(results)) {
            for value in ["currentValue", "proposedValue"] {
                if let Some(value) = document.at(result, &["field", value]) {
                    self.mask_below(document, value.node, false, &mut seen);
                }
            }
        }
        let config = document.get(root, "functionConfig")?;
        self.mask_document(document, config);
        Some(config)
    }

    fn mask_secret(
        &mut self,
        document: &Document<'_>,
        secret: Found,
        is_list: bool,
        resources: &mut Vec<(NodeId, bool)>,
        seen: &mut HashSet<NodeId>,
    ) {
        if !matches!(document.kind(secret.node), yaml::Kind::Mapping { .. }) {
            return self.mask_below(document, secret.node, false, seen);
        }
        for entry in document.entries(secret.node) {
            let is_scalar = matches!(document.kind(entry.value), yaml::Kind::Scalar(_));
            match text(document, entry.key) {
                "apiVersion" | "kind" | "type" | "immutable" if is_scalar => {}
                "items" if is_list => {
                    let items = document.items(document.resolve(entry.value).node);
                    resources.extend(items.map(|item| (item, true)));
                }
                "metadata" => {
                    let metadata = document.resolve(entry.value);
                    let hidden = |entry: &yaml::Entry| matches!(text(document, entry.key), "annotations" | "<<");
                    for entry in document.entries(metadata.node).filter(hidden) {
                        self.mask_below(document, entry.value, false, seen);
                    }
                }
                key => {
                    if document.is_null(entry.value) && !matches!(key, "data" | "stringData") {
                        self.mask_below(document, entry.key, false, seen);
                    }
                    self.mask_below(document, entry.value, key == "data", seen);
                }
            }
        }
    }

    /// Masks the annotations that hold a Secret as it was applied.
    fn mask_applied(&mut self, document: &Document<'_>, resource: Found, seen: &mut HashSet<NodeId>) {
        const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
        let own = document.entries(resource.node).filter(|entry| text(document, entry.key) == "metadata");
        for metadata in own.map(|entry| document.resolve(entry.value)) {
            for entry in document.entries(metadata.node).filter(|entry| text(document, entry.key) == "annotations") {
                for annotation in document.entries(document.resolve(entry.value).node) {
                    let value = text(document, annotation.value);
                    if text(document, annotation.key) == APPLIED || value.contains('{') && value.contains("Secret") {
                        self.mask_below(document, annotation.value, false, seen);
                    }
                }
            }
        }
        if let Some(applied) = document.at(resource, &["metadata", "annotations", APPLIED]) {
            self.mask_below(document, applied.node, false, seen);
        }
    }

    /// Masks every scalar at or below a node, also what an alias stands for: that is shown where its anchor is. Keys
    /// stay, but one without a value may be a value itself (`{hunter2}`).
    fn mask_below(&mut self, document: &Document<'_>, node: NodeId, is_data: bool, seen: &mut HashSet<NodeId>) {
        let data = is_data.then(|| document.resolve(node).node);
        let mut open = vec![(node, Holds::Secret)];
        while let Some((id, holds)) = open.pop() {
            // an anchor may stand around its own alias
            if !seen.insert(id) {
                continue;
            }
            match document.kind(id) {
                yaml::Kind::Scalar(_) => self.mask(document, id, holds),
                yaml::Kind::Alias { target } => {
                    self.mask(document, id, holds);
                    open.push((target, holds));
                }
                yaml::Kind::Sequence { .. } => open.extend(document.children(id).map(|item| (item, Holds::Secret))),
                yaml::Kind::Mapping { .. } => {
                    for entry in document.entries(id) {
                        let key = document.scalar(entry.key);
                        if key.is_none() || document.is_null(entry.value) {
                            open.push((entry.key, Holds::Secret));
                        }
                        let is_certificate = data == Some(id) && key.is_some_and(|key| key.ends_with(".crt"));
                        open.push((entry.value, if is_certificate { Holds::Certificate } else { Holds::Secret }));
                    }
                }
            }
        }
    }

    /// Masks every comment of a document: in one of a Secret it may be a value that was taken out of use. What is
    /// neither in a scalar nor in an alias and has a `#` is a comment.
    fn mask_comments(&mut self, document: &Document<'_>, root: NodeId) {
        let layout = document.layout();
        let mut at = document.chunk.span.start;
        let mut next = Some(root);
        loop {
            let leaf = next.filter(|&id| document.node(id).span.start >= at);
            let leaf = leaf.filter(|&id| matches!(document.kind(id), yaml::Kind::Scalar(_) | yaml::Kind::Alias { .. }));
            let until = match (next, leaf) {
                (None, _) => document.chunk.span.end,
                (_, Some(leaf)) => document.node(leaf).span.start,
                (Some(_), None) => at,
            };
            while let Some(hash) = document.text.get(at..until).and_then(|between| between.find('#')) {
                let comment = at + hash + 1..layout.line_end(at + hash);
                at = comment.end;
                if !yaml::slice(document.text, &comment).trim().is_empty() {
                    self.masks.push(Mask { span: comment, holds: Holds::Secret });
                }
            }
            let Some(id) = next else { break };
            if let Some(leaf) = leaf {
                at = at.max(layout.end(leaf).unwrap_or(document.node(leaf).span.end));
            }
            // the next node of the text: a child, else what stands behind this node or behind one around it
            let around = std::iter::successors(Some(id), |&id| document.parent(id));
            next = document.children(id).next().or_else(|| around.filter_map(|id| document.next(id)).next());
        }
    }

    fn mask_config_map(&mut self, document: &Document<'_>, map: Found) {
        let mut seen = HashSet::new();
        let parts =
            document.entries(map.node).filter(|entry| matches!(text(document, entry.key), "data" | "binaryData"));
        let parts = parts.map(|entry| document.resolve(entry.value));
        for data in parts.chain(document.get(map, "data")) {
            for entry in document.entries(data.node) {
                if is_secret_name(text(document, entry.key)) || holds_key(text(document, entry.value)) {
                    self.mask_below(document, entry.value, false, &mut seen);
                }
            }
        }
    }

    fn mask_containers(&mut self, document: &Document<'_>, resource: Found, kind: &str) {
        let Some(pod) = pod_spec(document, resource, kind) else { return };
        let mut seen = HashSet::new();
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            let containers = document.get(pod, list);
            for container in containers.into_iter().flat_map(|list| document.items_of(list)) {
                let env = document.get(container, "env");
                for item in env.into_iter().flat_map(|env| document.items_of(env)) {
                    let own = |key: &'static str| {
                        document.entries(item.node).filter(move |entry| text(document, entry.key) == key)
                    };
                    let names = own("name").map(|entry| text(document, entry.value));
                    let is_secret = names.chain(document.text_at(item, &["name"])).any(is_secret_name);
                    let values = own("value").map(|entry| entry.value);
                    for value in values.chain(document.get(item, "value").map(|value| value.node)) {
                        if is_secret || holds_key(text(document, value)) {
                            self.mask_below(document, value, false, &mut seen);
                        }
                    }
                }
            }
        }
    }

    /// Masks what is a secret by its name in values of a chart, at any depth: they have no Secret to keep it in. A mapping of such a name is masked as a whole, unless it is a chart's values.
    fn mask_values(&mut self, document: &Document<'_>, root: NodeId) {
        let charts: HashSet<NodeId> = values::mappings(document).iter().map(|it| it.node).collect();
        let mut seen = HashSet::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            let of = Found { node: id, via: None };
            let is_secret_item = document.text_at(of, &["name"]).is_some_and(is_secret_name);
            for entry in document.entries(id) {
                let key = text(document, entry.key);
                let is_secret = is_secret_name(key) || is_secret_item && key == "value";
                if !charts.contains(&entry.value) && (is_secret || holds_key(text(document, entry.value))) {
                    self.mask_below(document, entry.value, false, &mut seen);
                }
            }
            open.extend(document.children(id).filter(|id| !seen.contains(id)));
        }
    }

    /// Masks the variables of a docker-compose file's services, also those that a merge key hides.
    fn mask_services(&mut self, document: &Document<'_>, root: Found) {
        let Some(services) = document.get(root, "services") else { return };
        let mut seen = HashSet::new();
        for service in document.entries(services.node).map(|entry| document.resolve(entry.value)) {
            for setting in compose::settings(document, service) {
                let value = setting.value.unwrap_or_default();
                if !is_secret_name(setting.name) && !holds_key(value) {
                    continue;
                }
                if !setting.is_item {
                    self.mask_below(document, setting.found.node, false, &mut seen);
                } else if setting.value.is_some() && !setting.value_at.is_empty() && seen.insert(setting.found.node) {
                    self.masks.push(Mask { span: setting.value_at, holds: Holds::Secret });
                }
            }
            let environment = document.get(service, "environment").into_iter();
            for entry in environment.flat_map(|environment| document.entries(environment.node)) {
                if is_secret_name(text(document, entry.key)) {
                    self.mask_below(document, entry.value, false, &mut seen);
                }
            }
        }
    }

    fn mask(&mut self, document: &Document<'_>, value: NodeId, holds: Holds) {
        let node = document.node(value);
        let span = match document.kind(value) {
            // its span starts at the first line that is not blank and may end in the next entry's indentation
            yaml::Kind::Scalar(yaml::ScalarStyle::Literal | yaml::ScalarStyle::Folded) => {
                node.span.start..document.layout().end(value).unwrap_or(node.span.end)
            }
            _ => node.span.clone(),
        };
        if !span.is_empty() {
            self.masks.push(Mask { span, holds });
        }
    }
}

/// The value of a scalar, or of the one that an alias stands for; else nothing.
fn text<'d>(document: &'d Document<'_>, id: NodeId) -> &'d str {
    document.scalar(document.resolve(id).node).unwrap_or_default()
}

/// Whether a text holds a private key in PEM.
fn holds_key(value: &str) -> bool {
    memchr::memmem::find(value.as_bytes(), b"PRIVATE KEY").is_some()
}

/// The span of everything that a mask covers, for those who look masks up by place.
impl Mask {
    /// Sorts masks by place. One inside another goes: what an alias stands for may lie in a value that is masked as a
    /// whole.
    pub(crate) fn put_in_order(masks: &mut Vec<Mask>) {
        let is_certificate = |mask: &Mask| mask.holds == Holds::Certificate;
        masks.sort_by_key(|mask| (mask.span.start, Reverse(mask.span.end), is_certificate(mask)));
        masks.dedup_by(|inner, outer| inner.span.end <= outer.span.end);
    }

    /// Whether it covers a byte of `span`.
    pub fn touches(&self, span: &Span) -> bool {
        self.span.start < span.end && span.start < self.span.end
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Stream, read};

    /// The text with `~` in the place of everything that is masked.
    fn masked(text: &str) -> String {
        let mut out = text.to_owned();
        for mask in read(&Stream::new(text).unwrap()).unwrap().masks.iter().rev() {
            out.replace_range(mask.span.clone(), "~");
        }
        out
    }

    #[test]
    fn masks_secrets_of_every_shape() {
        for (text, expected) in [
            ("kind: Secret\ndata: {a: x}\ndata: {b: y}\n", "kind: Secret\ndata: {a: ~}\ndata: {b: ~}\n"),
            ("kind: Secret\nx: &a x\ndata: {c: *a}\n", "kind: Secret\nx: &a ~\ndata: {c: ~}\n"),
            ("metadata: {x: &a x}\nkind: Secret\ndata: *a\n", "metadata: {x: &a ~}\nkind: Secret\ndata: ~\n"),
            ("kind: Secret\nm: &m {a: x}\ndata: {<<: *m}\n", "kind: Secret\nm: &m {a: ~}\ndata: {<<: ~}\n"),
            ("kind: Secret\ndata: [x]\n", "kind: Secret\ndata: [~]\n"),
            ("kind: Secret\ndata: x\n", "kind: Secret\ndata: ~\n"),
            ("kind: Secret\ndata: {x}\n", "kind: Secret\ndata: {~}\n"),
            ("kind: Secret\ndata:\n", "kind: Secret\ndata:\n"),
            ("kind: Secret\nkind: X\ndata: {a: x}\n", "kind: Secret\nkind: X\ndata: {a: ~}\n"),
            ("kind: |\n  Secret\ndata: {a: x}\n", "kind: |\n  Secret\ndata: {a: ~}\n"),
            ("kind: Secret\ndata: &a {a: x, b: *a}\n", "kind: Secret\ndata: &a {a: ~, b: ~}\n"),
            (
                "kind: Secret\ntype: Opaque\nmetadata: {name: n, annotations: {a: x}}\n",
                "kind: Secret\ntype: Opaque\nmetadata: {name: n, annotations: {a: ~}}\n",
            ),
            (
                "kind: SecretList\nitems:\n- metadata: {name: n}\n  data: {a: x}\n",
                "kind: SecretList\nitems:\n- metadata: {name: n}\n  data: {a: ~}\n",
            ),
            (
                "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig: {kind: Secret, data: {a: x}}\nitems:\n- kind: Secret\n  data: {b: y}\nresults:\n- message: m\n  field: {path: p, currentValue: x, proposedValue: [y]}\n",
                "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig: {kind: Secret, data: {a: ~}}\nitems:\n- kind: Secret\n  data: {b: ~}\nresults:\n- message: m\n  field: {path: p, currentValue: ~, proposedValue: [~]}\n",
            ),
            (
                "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig: {kind: ConfigMap, data: {apiToken: x, a: y}}\nitems: []\n",
                "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig: {kind: ConfigMap, data: {apiToken: ~, a: y}}\nitems: []\n",
            ),
            (
                "kind: X\nmetadata: {annotations: {a: '{\"kind\":\"Secret\"}', b: y}}\n",
                "kind: X\nmetadata: {annotations: {a: ~, b: y}}\n",
            ),
            (
                "services:\n  d:\n    environment:\n    - A_TOKEN=x\n    - 'B_TOKEN=y=z'\n    - C_TOKEN\n    - D=w\n",
                "services:\n  d:\n    environment:\n    - A_TOKEN=~\n    - 'B_TOKEN=~'\n    - C_TOKEN\n    - D=w\n",
            ),
            (
                "x: &x {A_TOKEN: x}\nservices:\n  d:\n    environment: {<<: *x, B_TOKEN: y, D: w}\n",
                "x: &x {A_TOKEN: ~}\nservices:\n  d:\n    environment: {<<: *x, B_TOKEN: ~, D: w}\n",
            ),
            (
                "kind: ConfigMap\ndata:\n  a: |\n    -----BEGIN PRIVATE KEY-----\n    x\n  b: y\n",
                "kind: ConfigMap\ndata:\n  a: |\n    ~\n  b: y\n",
            ),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn masks_every_comment_of_a_secret_and_of_nothing_else() {
        for (text, expected) in [
            (
                "# x\n--- # x\nkind: Secret # x\n#\ndata: # x\n  # x\n  a: 'y#y' # x\n  b: | # x\n    # y\n  # x\n",
                "#~\n--- #~\nkind: Secret #~\n#\ndata: #~\n  #~\n  a: ~ #~\n  b: | #~\n    ~\n  #~\n",
            ),
            ("kind: Secret\r\n#x\r\ndata: {a: b}\r\n# x", "kind: Secret\r\n#~\r\ndata: {a: ~}\r\n#~"),
            ("kind: X # x\n", "kind: X # x\n"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
