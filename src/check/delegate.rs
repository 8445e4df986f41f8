//! One delegate with everything that belongs to it → how far it is on mTLS, and what is missing or does not fit.

use super::environment::Environment;
use super::facts::{
    Container, Item, Object, Said, Secret, SecretSource, Source, Spot, UpgraderConfig, Volume, Workload,
};
use super::fleet::{Judge, is_placeholder, shown, shown_value};
use super::report::{DelegateState, Generation, Mtls};
use super::urls;
use super::wiring::{Consumer, Path, Read, Wires, wires};
use crate::delegate::parts::{
    CERTIFICATE_KEY, GRPC, KEY_KEY, MANAGER, MOUNT_PATH, UPGRADER_KEYS, VOLUME, cleaned, path_variables,
};
use crate::delegate::{self, Delegate, Keeper, Location, UnknownImage};
use crate::endpoint::is_mtls;
use crate::finding::{Rule, Severity};
use crate::identity::{Loader, printable, shell};

/// The variables that only a legacy delegate has.
const STORAGE: [&str; 2] = ["WATCHER_STORAGE_URL", "DELEGATE_STORAGE_URL"];

/// A delegate that was judged.
pub(super) struct Judged {
    pub(super) state: DelegateState,
    /// The pairs that it and its upgrader read: certificate and key.
    pub(super) pairs: Vec<([Option<Read>; 2], Loader)>,
    /// The account that it belongs to, where it says so.
    pub(super) account: Option<String>,
}

/// An upgrader, as far as its parts are here.
#[derive(Default)]
struct Upgrader<'f> {
    configs: Vec<(u32, &'f UpgraderConfig)>,
    jobs: Vec<(u32, Consumer<'f>, Wires<'f>)>,
    /// Whether a CronJob's ConfigMap is missing.
    orphan: bool,
}

impl<'f> Judge<'_, 'f> {
    /// Judges a delegate. `None` for one whose workload cannot be read.
    pub(super) fn delegate(&mut self, delegate: &Delegate) -> Option<Judged> {
        let workload = self.fleet.workload(delegate.workload)?;
        let container = workload.pod.containers.get(*delegate.containers.first()?)?;
        let file = delegate.workload.file;
        let environment = self.environment(delegate, container);
        let state = DelegateState {
            path: self.fleet.path(file).to_owned(),
            line: workload.name.at.place.line,
            name: shown(&workload.name),
            namespace: delegate.namespace.as_deref().map(printable),
            generation: Generation::from(&delegate.generation),
            mtls: Mtls::None,
            endpoint: environment.text(MANAGER).map(|(_, said)| shown_value(&said.text)),
            expires: None,
            strict_ready: false,
        };
        let account = ["ACCOUNT_ID", "HARNESS_ACCOUNT_ID"].into_iter().find_map(|name| environment.text(name));
        let account = account.map(|(_, said)| said.text.clone());
        let mut judged = Judged { state, pairs: Vec::new(), account };
        if let delegate::Generation::Legacy(legacy) = &delegate.generation {
            let storage = STORAGE.into_iter().find_map(|name| environment.get(name));
            let (file, at) = match (&delegate.kind, storage) {
                (delegate::Kind::Other(kind), _) if kind == "StatefulSet" => (file, &workload.kind),
                (_, Some(variable)) => (variable.file, &variable.name.at),
                (_, None) => (file, &workload.kind),
            };
            self.say(Rule::LegacyDelegate, file, at)
                .message(format!(
                    "`{}` is a legacy delegate ({}), which cannot use mTLS",
                    shown(&workload.name),
                    legacy.because
                ))
                .help(
                    "replace it by an immutable delegate, a Deployment with an image tag such as `26.07.89707`"
                        .to_owned(),
                );
            return Some(judged);
        }
        let image_at = container.image.as_ref().map_or(&container.name.at, |image| &image.at);
        self.image(delegate.unknown_image.as_ref(), file, image_at);
        self.trust(&environment, &workload.name);
        let consumer = Consumer {
            file,
            namespace: workload.namespace.as_deref(),
            delegate: delegate.name.clone(),
            pod: &workload.pod,
            container,
            paths: path_variables(&delegate.generation).map(|(name, _)| environment.path(name)),
        };
        let wires = wires(self.fleet, &consumer);
        let upgrader = self.upgrader(delegate);
        for (file, config) in &upgrader.configs {
            for key in &config.duplicates {
                self.say(Rule::DuplicateKey, *file, &key.at)
                    .message(format!("`{}` stands twice in `config.yaml`, which the upgrader may refuse", shown(key)))
                    .help("keep the one that is meant".to_owned());
            }
        }
        let managers: Vec<(u32, &Said)> = upgrader
            .configs
            .iter()
            .filter_map(|(file, config)| Some((*file, config.manager.as_ref()?)))
            // what is filled in after us, Flux for one does it, is not known
            .filter(|(_, said)| !said.text.is_empty() && !said.text.contains("${"))
            .collect();
        let set = |generation| path_variables(&generation).into_iter().any(|(name, _)| environment.is_set(name));
        let is_on_mtls = set(delegate::Generation::Classic)
            || set(delegate::Generation::ThreeX)
            || wires.any()
            || urls::any_mtls(&environment, &managers)
            || upgrader.configs.iter().any(|(_, config)| config.paths.iter().any(Option::is_some))
            || upgrader.jobs.iter().any(|(.., wires)| wires.any())
            || self.has_default_secret(delegate);
        if !is_on_mtls {
            let path = self.fleet.pasted(file);
            self.say(Rule::NotMtls, file, &container.name.at)
                .message(format!("`{}` is without mTLS", shown(&workload.name)))
                .help(format!(
                    "delegate-mtls inject -i --cert client.crt --key client.key --ca ca.crt --endpoint https://… {path}"
                ));
            return Some(judged);
        }
        self.variables(delegate, &environment, container, workload);
        self.parts(&consumer, &wires, workload);
        let pair = self.wiring(&consumer, &wires);
        let mut named = Vec::new();
        self.secrets(&consumer, &wires, &mut named);
        let loader = match delegate.generation {
            delegate::Generation::ThreeX => Loader::Go,
            _ => Loader::Java,
        };
        judged.pairs.push((pair, loader));
        self.urls(&environment, &managers);
        let mut secrets =
            wires.volumes.iter().flat_map(|volume| volume.secrets()).map(|source| source.name.text.as_str());
        let secret = secrets.find(|name| !name.is_empty());
        let secret = secret.map_or_else(|| format!("{}-{VOLUME}", delegate.name), str::to_owned);
        self.upgrader_managers(delegate, &environment, &upgrader);
        self.upgrader_parts(delegate, &upgrader, &secret, &mut named, &mut judged.pairs);
        judged.state.mtls = if self.has_errors() { Mtls::Partial } else { Mtls::Complete };
        if delegate.generation != delegate::Generation::ThreeX {
            let (name, value) = GRPC;
            let add = format!("add to `env`: `{{name: {name}, value: \"{value}\"}}`");
            self.grpc(&environment, file, &container.name.at, add);
        }
        Some(judged)
    }

    pub(super) fn image(&mut self, unknown: Option<&UnknownImage>, file: u32, at: &Spot) {
        let Some(unknown) = unknown else { return };
        self.say(Rule::UnknownImageTag, file, at)
            .message(format!("cannot tell {} whether this delegate supports mTLS", unknown.shown(printable)))
            .help("immutable delegates (tag `yy.mm.nnnnn`) and Delegate 3.x do; if it is made from one, say so behind it: `# delegate-mtls: ignore[unknown-image-tag] from 26.07`".to_owned());
    }

    pub(super) fn trust(&mut self, environment: &Environment<'f>, name: &Said) {
        let Some((variable, said)) = environment.text("TRUST_ALL_CERTIFICATES") else { return };
        self.trusted(variable.file, said, name);
    }

    /// Judges what the variable is set to that lets a delegate trust anybody.
    pub(super) fn trusted(&mut self, file: u32, said: &Said, name: &Said) {
        if !said.text.trim().eq_ignore_ascii_case("false") {
            self.say(Rule::TrustAllCertificates, file, &said.at)
                .message(format!(
                    "`{}` takes any certificate for its server's: anybody on the way can pose as the platform",
                    shown(name)
                ))
                .help("take `TRUST_ALL_CERTIFICATES` out, or set it to \"false\"".to_owned());
        }
    }

    /// `here` is where the variable belongs, and `add` how to add it there.
    pub(super) fn grpc(&mut self, environment: &Environment<'f>, file: u32, here: &Spot, add: String) {
        let (name, value) = GRPC;
        let (file, at, is_there) = match (environment.get(name), environment.text(name)) {
            (_, Some((_, said))) if said.text == value => return,
            (_, Some((variable, said))) => (variable.file, &said.at, true),
            (Some(_), None) if environment.is_set(name) => return,
            (Some(variable), None) => (variable.file, &variable.name.at, true),
            (None, None) => (file, here, false),
        };
        let help = if is_there { format!("set it to \"{value}\"") } else { add };
        self.say(Rule::GrpcAuthority, file, at)
            .message(format!(
                "`{name}` is not \"{value}\": gRPC calls carry an authority that the mTLS gateway may not route"
            ))
            .help(help);
    }

    /// 2: the variables that the pair is read by.
    fn variables(
        &mut self,
        delegate: &Delegate,
        environment: &Environment<'f>,
        container: &Container,
        workload: &Workload,
    ) {
        let wanted = path_variables(&delegate.generation);
        let missing: Vec<&str> =
            wanted.iter().map(|(name, _)| *name).filter(|name| !environment.is_set(name)).collect();
        if missing.is_empty() {
            return;
        }
        let is_missing = |name: &str| missing.contains(&name);
        let other = match delegate.generation {
            delegate::Generation::ThreeX => delegate::Generation::Classic,
            _ => delegate::Generation::ThreeX,
        };
        let foreign = wanted
            .iter()
            .zip(path_variables(&other))
            .find_map(|((own, _), (name, _))| (is_missing(own) && environment.is_set(name)).then_some(name));
        let named: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        let are = if named.len() == 1 { "is" } else { "are" };
        let because = match (&foreign, &other) {
            (Some(name), delegate::Generation::ThreeX) => {
                format!("; `{name}` is for Delegate 3.x, and this is a classic one")
            }
            (Some(name), _) => format!("; `{name}` is for classic delegates, and this is Delegate 3.x"),
            (None, _) => String::new(),
        };
        let empty = missing.iter().find_map(|name| environment.get(name));
        let items = wanted.iter().filter(|(name, _)| is_missing(name));
        let items: Vec<String> = items
            .map(|(name, path)| match empty {
                Some(_) => format!("`{name}` to `{path}`"),
                None => format!("`{{name: {name}, value: \"{path}\"}}`"),
            })
            .collect();
        let (file, at, help) = match empty {
            Some(variable) => (variable.file, &variable.name.at, format!("set {}", items.join(" and "))),
            None => (delegate.workload.file, &container.name.at, format!("add to `env`: {}", items.join(", "))),
        };
        self.say(Rule::MissingEnv, file, at)
            .message(format!("{} of `{}` {are} not set{because}", named.join(" and "), shown(&workload.name)))
            .help(help);
    }

    /// 3 and 4: whether there is a mount or a volume at all. What is wrong with one of them is found on the way.
    fn parts(&mut self, consumer: &Consumer<'f>, wires: &Wires<'f>, workload: &Workload) {
        if wires.any() {
            return;
        }
        let (file, at) = (consumer.file, &consumer.container.name.at);
        let container = shown(&consumer.container.name);
        self.say(Rule::MissingVolumeMount, file, at)
            .message(format!("the container `{container}` does not mount the certificate"))
            .help(format!("add to its `volumeMounts`: `{{name: {VOLUME}, mountPath: {MOUNT_PATH}, readOnly: true}}`"));
        let name = shown(&workload.name);
        let secret = self.fleet.unmounted_pair(file).map(|secret| shown(&secret.name));
        let secret = secret.unwrap_or_else(|| format!("{name}-{VOLUME}"));
        self.say(Rule::MissingVolume, file, at)
            .message(format!("the pod of `{name}` has no volume with the certificate"))
            .help(format!("add to its `volumes`: `{{name: {VOLUME}, secret: {{secretName: {secret}}}}}`"));
    }

    /// 1: the Secrets that the volumes name. `named` has those that were looked for already.
    fn secrets(&mut self, consumer: &Consumer<'f>, wires: &Wires<'f>, named: &mut Vec<&'f str>) {
        let file = consumer.file;
        for volume in &wires.volumes {
            if matches!(volume.source, Source::Nothing) {
                let secret = self.fleet.unmounted_pair(file).map(|secret| shown(&secret.name));
                let secret = secret.unwrap_or_else(|| format!("{}-{VOLUME}", printable(&consumer.delegate)));
                self.say(Rule::MissingSecret, file, &volume.name.at)
                    .message(format!("the volume `{}` names no Secret", shown(&volume.name)))
                    .help(format!("add below its name: `secret: {{secretName: {secret}}}`"));
            }
            for source in volume.secrets() {
                let name = source.name.text.as_str();
                if name.is_empty() {
                    self.say(Rule::MissingSecret, file, &source.name.at)
                        .message(format!("the volume `{}` names no Secret", shown(&volume.name)))
                        .help(
                            "set `secretName`, or in a projected volume `name`, to that of the Secret with the pair"
                                .to_owned(),
                        );
                    continue;
                }
                if let Some((location, secret)) = self.fleet.secret(file, consumer.namespace, name) {
                    self.refused(location, secret);
                    self.items(consumer, volume, source, (location, secret));
                    continue;
                }
                if named.contains(&name) {
                    continue;
                }
                named.push(name);
                let own = printable(consumer.namespace.unwrap_or_default());
                let other = self.fleet.secret_beside(file, name);
                let other = other.and_then(|(location, secret)| Some((location, secret, secret.namespace.as_ref()?)));
                if let Some((location, secret, namespace)) = other
                    && !self.fleet.is_mounted(location, secret)
                {
                    let help = match secret.keeper {
                        // a namespace is part of what is sealed, and of what SOPS has a checksum of
                        Some(Keeper::SealedSecrets) => format!("seal it anew for the namespace `{own}`"),
                        Some(Keeper::Sops) => {
                            format!("set its namespace to `{own}`: `sops edit {}`", self.fleet.pasted(location.file))
                        }
                        Some(Keeper::ExternalSecrets) | None => format!("set its namespace to `{own}`"),
                    };
                    self.say(Rule::WrongNamespace, location.file, &namespace.at)
                        .message(format!(
                            "the {} `{}` is in the namespace `{}`, and the pod that mounts it in `{own}`",
                            secret.word(),
                            shown(&secret.name),
                            shown(namespace)
                        ))
                        .help(help);
                    continue;
                }
                if is_placeholder(name) {
                    self.say(Rule::PlaceholderLeft, file, &source.name.at)
                        .message(format!("the name of a Secret is still a placeholder: `{}`", shown(&source.name)))
                        .help(format!("set it to the Secret that holds `{CERTIFICATE_KEY}` and `{KEY_KEY}`"));
                    continue;
                }
                let unused = self.fleet.unmounted_pair(file);
                let said = self.say(Rule::MissingSecret, file, &source.name.at);
                match unused {
                    Some(secret) => said
                        .message(format!(
                            "there is no Secret `{}` here; the pair stands in the {} `{}` of line {}, which nobody mounts",
                            shown(&source.name),
                            secret.word(),
                            shown(&secret.name),
                            secret.name.at.place.line
                        ))
                        .help(format!("use one name for both: `{}`", shown(&secret.name))),
                    None => said
                        .severity(Severity::Note)
                        .message(match other {
                            Some((_, secret, namespace)) => format!(
                                "the {} `{}` is among these files for the namespace `{}` only, so what `{own}` has is not judged",
                                secret.word(),
                                shown(&secret.name),
                                shown(namespace)
                            ),
                            None => format!(
                                "the Secret `{}` is not among these files, so its certificate is not judged",
                                shown(&source.name)
                            ),
                        })
                        .help(format!(
                            "kubectl get secret {}{} -o yaml | delegate-mtls certs inspect --ca ca.crt -",
                            shell(name),
                            consumer.namespace.map_or(String::new(), |own| format!(" --namespace {}", shell(own)))
                        )),
                };
            }
        }
    }

    /// Whether Kubernetes takes a Secret of its type with its keys.
    fn refused(&mut self, location: Location, secret: &Secret) {
        let missing = ["tls.crt", "tls.key"].into_iter().find(|key| secret.is_tls && !secret.has(key));
        if let Some(key) = missing {
            self.say(Rule::SecretKeyMissing, location.file, &secret.kind)
                .message(format!(
                    "the Secret `{}` is of the type `kubernetes.io/tls` and has no `{key}`, so Kubernetes refuses it",
                    shown(&secret.name)
                ))
                .help("set its `type` to `Opaque`".to_owned());
        }
    }

    /// Keys that a volume wants of its Secret, and that are missed although nobody reads them.
    fn items(
        &mut self,
        consumer: &Consumer<'f>,
        volume: &Volume,
        source: &SecretSource,
        (location, secret): (Location, &Secret),
    ) {
        let is_read = |item: &Item| {
            let file = format!("/{}", item.path);
            consumer.paths.iter().flatten().any(|path| cleaned(&path.said.text).ends_with(&file))
        };
        let items = source.items.iter().flatten().filter(|_| !source.optional);
        for item in items.filter(|item| !secret.has(&item.key) && !is_read(item)) {
            let key = printable(&item.key);
            self.say(Rule::SecretKeyMissing, location.file, &secret.kind)
                .message(format!(
                    "the Secret `{}` has no `{key}`, which the `items` of the volume `{}` name",
                    shown(&secret.name),
                    shown(&volume.name)
                ))
                .help(format!("take `{key}` out of the `items`, or add it to the Secret"));
        }
    }

    /// Whether a Secret made for this delegate stands beside it, and is not another's.
    fn has_default_secret(&self, delegate: &Delegate) -> bool {
        let name = format!("{}-{VOLUME}", delegate.name);
        let file = delegate.workload.file;
        let found = self.fleet.secret(file, delegate.namespace.as_deref(), &name);
        found.is_some_and(|(location, secret)| {
            secret.has(CERTIFICATE_KEY)
                && self.fleet.is_beside(file, location.file)
                && !self.fleet.is_mounted(location, secret)
        })
    }

    fn upgrader(&self, delegate: &Delegate) -> Upgrader<'f> {
        let configs: Vec<(u32, &UpgraderConfig)> = delegate
            .upgraders
            .iter()
            .filter_map(|location| match self.fleet.object(*location)? {
                Object::ConfigMap(map) => Some((location.file, map.upgrader.as_ref()?)),
                _ => None,
            })
            .collect();
        let paths: Vec<Option<Path<'f>>> = UPGRADER_KEYS
            .into_iter()
            .zip(0..)
            .map(|((of, _), at)| {
                let said = |(file, config): &(u32, &'f UpgraderConfig)| {
                    let said = config.paths.get(at)?.as_ref().filter(|said| !said.text.is_empty())?;
                    Some(Path { of, file: *file, said })
                };
                configs.iter().find_map(said)
            })
            .collect();
        let [certificate, key] = [paths.first().copied().flatten(), paths.last().copied().flatten()];
        let consumer = |location: &Location| -> Option<(u32, Consumer<'f>, Wires<'f>)> {
            let workload = self.fleet.workload(*location)?;
            let containers = match workload.upgrader {
                Some(upgrader) => std::slice::from_ref(workload.pod.containers.get(upgrader)?),
                None => workload.pod.containers.as_slice(),
            };
            let mut consumers = containers.iter().map(|container| {
                let consumer = Consumer {
                    file: location.file,
                    namespace: workload.namespace.as_deref(),
                    delegate: delegate.name.clone(),
                    pod: &workload.pod,
                    container,
                    paths: [certificate, key],
                };
                let wires = wires(self.fleet, &consumer);
                (location.file, consumer, wires)
            });
            let first = consumers.next()?;
            // where the upgrader cannot be told among several, it is the one that has what an upgrader needs
            Some(match first.2.mounts.is_empty() {
                true => consumers.find(|(.., wires)| !wires.mounts.is_empty()).unwrap_or(first),
                false => first,
            })
        };
        let jobs = delegate.upgrader_jobs.iter().chain(&delegate.orphan_jobs).filter_map(consumer);
        Upgrader { jobs: jobs.collect(), configs, orphan: !delegate.orphan_jobs.is_empty() }
    }

    /// 6: whether the upgrader is told where the manager is. What it is told is judged with the other URLs.
    fn upgrader_managers(&mut self, delegate: &Delegate, environment: &Environment<'f>, upgrader: &Upgrader<'f>) {
        let endpoint = environment.text(MANAGER).map(|(_, said)| said).filter(|said| is_mtls(&said.text));
        let add = match endpoint.map(|said| shown_value(&said.text)) {
            Some(url) => format!("`managerHost: {url}`"),
            None => "`managerHost` with the account's mTLS endpoint, such as `https://acme.harness.io:8443`".to_owned(),
        };
        let name = printable(&delegate.name);
        for (file, config) in upgrader.configs.iter().filter(|(_, config)| config.broken.is_none()) {
            let (what, help) = match &config.manager {
                Some(said) if !said.text.is_empty() => continue,
                Some(_) => ("is empty", format!("write below `delegateConfig:`: {add}")),
                None if config.manager_key == config.key => {
                    ("is not there", format!("add `delegateConfig:`, and below it {add}"))
                }
                None => ("is not there", format!("add below `delegateConfig:`: {add}")),
            };
            self.say(Rule::UpgraderConfigIncomplete, *file, &config.manager_key)
                .message(format!(
                    "the upgrader of `{name}` does not know the endpoint: `delegateConfig.managerHost` {what}"
                ))
                .help(help);
        }
    }

    /// 6 and 7: the upgrader's configuration and CronJob. `secret` is what its delegate mounts.
    fn upgrader_parts(
        &mut self,
        delegate: &Delegate,
        upgrader: &Upgrader<'f>,
        secret: &str,
        named: &mut Vec<&'f str>,
        pairs: &mut Vec<([Option<Read>; 2], Loader)>,
    ) {
        let name = printable(&delegate.name);
        for (file, config) in &upgrader.configs {
            if let Some((at, why)) = &config.broken {
                self.say(Rule::UpgraderConfigIncomplete, *file, at)
                    .message(format!("the upgrader's `config.yaml` is {why}"))
                    .help("write it anew from the platform's manifest".to_owned());
                continue;
            }
            let missing = UPGRADER_KEYS.iter().zip(&config.paths);
            let missing: Vec<&(&str, &str)> = missing
                .filter(|(_, said)| said.as_ref().is_none_or(|said| said.text.is_empty()))
                .map(|(key, _)| key)
                .collect();
            if !missing.is_empty() {
                let keys: Vec<String> = missing.iter().map(|(key, _)| format!("`{key}`")).collect();
                let lines: Vec<String> = missing.iter().map(|(key, path)| format!("`{key}: {path}`")).collect();
                self.say(Rule::UpgraderConfigIncomplete, *file, &config.key)
                    .message(format!(
                        "the upgrader of `{name}` is left behind: `config.yaml` has no {}",
                        keys.join(" and no ")
                    ))
                    .help(format!("add above `delegateConfig:`: {}", lines.join(" and ")));
            }
            if upgrader.jobs.is_empty() && delegate.upgrader_jobs.is_empty() {
                self.say(Rule::UpgraderJobIncomplete, *file, &config.key)
                    .severity(Severity::Note)
                    .message(format!("the CronJob of the upgrader of `{name}` is not among these files"))
                    .help("check its file in the same run".to_owned());
            }
        }
        for (file, consumer, wires) in &upgrader.jobs {
            let container = &consumer.container.name;
            if upgrader.orphan {
                self.say(Rule::UpgraderConfigIncomplete, *file, &container.at)
                    .severity(Severity::Note)
                    .message(format!("the ConfigMap of the upgrader of `{name}` is not among these files"))
                    .help("check its file in the same run".to_owned());
            }
            if !wires.any() {
                self.say(Rule::UpgraderJobIncomplete, *file, &container.at)
                    .message(format!(
                        "the upgrader of `{name}` is left behind: its container `{}` does not mount the certificate",
                        shown(container)
                    ))
                    .help(format!(
                        "add to its `volumeMounts`: `{{name: {VOLUME}, mountPath: {MOUNT_PATH}, readOnly: true}}`, and to its `volumes`: `{{name: {VOLUME}, secret: {{secretName: {}}}}}`",
                        printable(secret)
                    ));
                continue;
            }
            let pair = self.wiring(consumer, wires);
            self.secrets(consumer, wires, named);
            pairs.push((pair, Loader::Go));
        }
    }
}
