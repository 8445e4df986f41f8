//! The seven changes over data, stated a second time: what a manifest must say afterwards, by what is known of it and not
//! by what our own stages find.

use serde_yaml::{Mapping, Value};

use super::stages::{CERTIFICATE, KEY};
use super::{Delegate, ENDPOINT, EXISTING, Manifest};

const PATHS: [&str; 2] = ["/etc/mtls/client.crt", "/etc/mtls/client.key"];

fn mapping(entries: &[(&str, Value)]) -> Value {
    Value::Mapping(entries.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect::<Mapping>())
}

/// What the manifest must say afterwards. `config.yaml` of a moved upgrader is given as what it says.
pub(super) fn planned(manifest: &Manifest) -> Vec<Value> {
    let mut documents = manifest.documents.clone();
    for delegate in &manifest.delegates {
        let plan = Plan { manifest, delegate };
        plan.workload(&mut documents);
        plan.secret(&mut documents);
        if manifest.goal.upgrader && delegate.upgrader.is_some() {
            plan.upgrader(&mut documents);
        }
    }
    documents
}

/// What a manifest says; `config.yaml` of a moved upgrader as what it says, too.
pub(super) fn said(manifest: &Manifest, mut documents: Vec<Value>) -> Vec<Value> {
    if manifest.goal.upgrader {
        for delegate in manifest.delegates.iter().filter(|delegate| delegate.upgrader.is_some()) {
            Plan { manifest, delegate }.open_config(&mut documents);
        }
    }
    documents
}

/// The order of entries counts, too.
pub(super) fn ordered(value: &Value) -> Value {
    match value {
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| Value::Sequence(vec![key.clone(), ordered(value)]));
            Value::Sequence(entries.collect())
        }
        Value::Sequence(items) => Value::Sequence(items.iter().map(ordered).collect()),
        scalar => scalar.clone(),
    }
}

/// Every object of the stream, those in a List in its place.
fn objects(documents: &mut [Value]) -> impl Iterator<Item = &mut Value> {
    documents.iter_mut().flat_map(|document| {
        let is_list = document.get("kind") == Some(&Value::from("List"));
        match is_list {
            true => document["items"].as_sequence_mut().unwrap().iter_mut(),
            false => std::slice::from_mut(document).iter_mut(),
        }
    })
}

fn is_named(object: &Value, kind: &str, name: &str, namespace: Option<&str>) -> bool {
    object.get("kind").and_then(Value::as_str) == Some(kind)
        && object["metadata"]["name"].as_str() == Some(name)
        && object["metadata"].get("namespace").and_then(Value::as_str) == namespace
}

/// Puts an entry behind the one of `after`, else last.
fn put_behind(mapping: &mut Value, key: &str, value: Value, after: &str) {
    let old = std::mem::take(mapping.as_mapping_mut().unwrap());
    let there = old.contains_key(after);
    let mut new = Mapping::new();
    for (own, old) in old {
        let here = own == after;
        new.insert(own, old);
        if here {
            new.insert(Value::from(key), value.clone());
        }
    }
    if !there {
        new.insert(Value::from(key), value);
    }
    *mapping = Value::Mapping(new);
}

/// Appends to a list what is not there by its name; the list is filled, or put behind `after`.
fn append(mapping: &mut Value, key: &str, item: Value, after: &str) {
    match mapping.get_mut(key) {
        None => put_behind(mapping, key, Value::Sequence(vec![item]), after),
        Some(list @ Value::Null) => *list = Value::Sequence(vec![item]),
        Some(list) => {
            let list = list.as_sequence_mut().unwrap();
            if !list.iter().any(|other| other.get("name") == item.get("name")) {
                list.push(item);
            }
        }
    }
}

struct Plan<'m> {
    manifest: &'m Manifest,
    delegate: &'m Delegate,
}

impl Plan<'_> {
    fn find<'v>(&self, documents: &'v mut [Value], kind: &str, name: &str) -> Option<&'v mut Value> {
        let namespace = self.delegate.namespace.as_deref();
        objects(documents).find(|object| is_named(object, kind, name, namespace))
    }

    /// The endpoint in the place of the base, with the rest of the path.
    fn move_url(&self, value: &mut Value) {
        let base = self.delegate.base.trim_end_matches('/');
        let rest = value.as_str().and_then(|url| url.strip_prefix(base));
        let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        if let Some(rest) = rest.filter(|_| self.manifest.goal.endpoint) {
            *value = Value::from(format!("{ENDPOINT}{rest}"));
        }
    }

    fn variables(&self) -> Vec<(&'static str, &'static str)> {
        match self.delegate.newer {
            true => vec![("HARNESS_CLIENT_CERT_FILE", PATHS[0]), ("HARNESS_CLIENT_KEY_FILE", PATHS[1])],
            false => vec![
                ("DELEGATE_CLIENT_CERTIFICATE_PATH", PATHS[0]),
                ("DELEGATE_CLIENT_CERTIFICATE_KEY_PATH", PATHS[1]),
                ("GRPC_AUTHORITY_MODIFICATION_DISABLED", "true"),
            ],
        }
    }

    fn secret_name(&self) -> String {
        if self.manifest.goal.existing {
            return EXISTING.to_owned();
        }
        format!("{}-client-certificate", self.delegate.name)
    }

    fn mount(&self, container: &mut Value) {
        let mount = [("name", "client-certificate".into()), ("mountPath", "/etc/mtls".into())];
        let mount = mapping(&[mount.as_slice(), &[("readOnly", true.into())]].concat());
        append(container, "volumeMounts", mount, "env");
    }

    fn volume(&self, pod: &mut Value) {
        let secret = mapping(&[("secretName", self.secret_name().into())]);
        let volume = mapping(&[("name", "client-certificate".into()), ("secret", secret)]);
        append(pod, "volumes", volume, "containers");
    }

    fn workload(&self, documents: &mut [Value]) {
        let workload = self.find(documents, "Deployment", &self.delegate.name).unwrap();
        let pod = &mut workload["spec"]["template"]["spec"];
        let containers = pod["containers"].as_sequence_mut().unwrap();
        let container = containers.iter_mut().find(|container| container["name"] == "delegate").unwrap();
        for item in container.get_mut("env").and_then(Value::as_sequence_mut).into_iter().flatten() {
            if let Some(value) = item.get_mut("value") {
                self.move_url(value);
            }
        }
        if self.delegate.config_map.is_none() {
            for (name, value) in self.variables() {
                append(container, "env", mapping(&[("name", name.into()), ("value", value.into())]), "env");
            }
        }
        self.mount(container);
        self.volume(pod);
        if let Some(name) = &self.delegate.config_map {
            let data = &mut self.find(documents, "ConfigMap", name).unwrap()["data"];
            let data = data.as_mapping_mut().unwrap();
            data.values_mut().for_each(|value| self.move_url(value));
            for (name, value) in self.variables() {
                data.entry(name.into()).or_insert(value.into());
            }
        }
    }

    fn secret(&self, documents: &mut Vec<Value>) {
        if self.manifest.goal.existing {
            return;
        }
        let (name, namespace) = (self.secret_name(), self.delegate.namespace.as_deref());
        let data = [("client.crt", CERTIFICATE.encoded().into()), ("client.key", KEY.encoded().into())];
        if let Some(secret) = self.find(documents, "Secret", &name) {
            for (key, value) in data {
                secret["data"][key] = value;
            }
            return;
        }
        let mut metadata = vec![("name", Value::from(name))];
        metadata.extend(namespace.map(|namespace| ("namespace", Value::from(namespace))));
        let secret = mapping(&[
            ("apiVersion", "v1".into()),
            ("kind", "Secret".into()),
            ("metadata", mapping(&metadata)),
            ("type", "Opaque".into()),
            ("data", mapping(&data)),
        ]);
        let workload = |object: &Value| is_named(object, "Deployment", &self.delegate.name, namespace);
        let token = |object: &Value| {
            self.delegate.token.as_deref().is_some_and(|token| is_named(object, "Secret", token, namespace))
        };
        let behind_token = documents.iter().position(token).map(|at| at + 1);
        if let Some(at) = behind_token.or_else(|| documents.iter().position(workload)) {
            documents.insert(at, secret);
            return;
        }
        let items = documents[0]["items"].as_sequence_mut().unwrap();
        let at = items.iter().position(workload).unwrap();
        items.insert(at, secret);
    }

    /// The text of `config.yaml` as what it says.
    fn open_config<'v>(&self, documents: &'v mut [Value]) -> &'v mut Value {
        let name = format!("{}-upgrader-config", self.delegate.name);
        let config = &mut self.find(documents, "ConfigMap", &name).unwrap()["data"]["config.yaml"];
        if let Some(text) = config.as_str() {
            *config = serde_yaml::from_str(text).unwrap();
        }
        config
    }

    fn upgrader(&self, documents: &mut [Value]) {
        let config = self.open_config(documents);
        let old = std::mem::take(config.as_mapping_mut().unwrap());
        let has = |key: &str| old.contains_key(key);
        let keys = ["clientCertificateFilePath", "clientCertificateKeyFilePath"];
        let missing: Vec<_> = keys.into_iter().zip(PATHS).filter(|(key, _)| !has(key)).collect();
        let mut new = Mapping::new();
        for (key, mut value) in old {
            if key == "delegateConfig" {
                new.extend(missing.iter().map(|(key, path)| (Value::from(*key), Value::from(*path))));
                self.move_url(&mut value["managerHost"]);
            }
            new.insert(key, value);
        }
        *config = Value::Mapping(new);
        if self.delegate.upgrader != Some(true) {
            return;
        }
        let job = self.find(documents, "CronJob", &format!("{}-upgrader-job", self.delegate.name)).unwrap();
        let pod = &mut job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        self.mount(&mut pod["containers"][0]);
        self.volume(pod);
    }
}
