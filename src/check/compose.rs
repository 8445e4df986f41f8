//! One docker-compose service that is a delegate → how far it is on mTLS, and what is missing or does not fit. The files
//! that it mounts are not read: they need not be where the docker-compose file is.

use super::delegate::Judged;
use super::environment::Environment;
use super::facts::{Bind, Service};
use super::fleet::{Judge, is_placeholder, shown, shown_value};
use super::report::{DelegateState, Generation, Mtls};
use super::urls;
use super::wiring::Path;
use crate::delegate;
use crate::delegate::parts::{CERTIFICATE_PATH, GRPC, KEY_PATH, MANAGER, MOUNT_PATH, cleaned, path_variables};
use crate::endpoint::is_under;
use crate::finding::{Rule, Severity};
use crate::identity::printable;

impl<'f> Judge<'_, 'f> {
    /// Judges a service. `None` for one that cannot be read.
    pub(super) fn service(&mut self, delegate: &delegate::Service) -> Option<Judged> {
        let file = delegate.location.file;
        let service = self.fleet.service(delegate.location)?;
        let environment = self.environment_of_service(file, service);
        let account = ["ACCOUNT_ID", "HARNESS_ACCOUNT_ID"].into_iter().find_map(|name| environment.text(name));
        let state = DelegateState {
            path: self.fleet.path(file).to_owned(),
            line: service.name.at.place.line,
            name: shown(&service.name),
            namespace: None,
            generation: Generation::from(&delegate.generation),
            mtls: Mtls::None,
            endpoint: environment.text(MANAGER).map(|(_, said)| shown_value(&said.text)),
            expires: None,
            strict_ready: false,
        };
        let account = account.map(|(_, said)| said.text.clone());
        let mut judged = Judged { state, pairs: Vec::new(), account };
        if let delegate::Generation::Legacy(legacy) = &delegate.generation {
            let storage = ["WATCHER_STORAGE_URL", "DELEGATE_STORAGE_URL"];
            let variable = storage.into_iter().find_map(|name| environment.get(name));
            let at = variable.map_or(&service.name.at, |variable| &variable.name.at);
            self.say(Rule::LegacyDelegate, file, at)
                .message(format!(
                    "`{}` is a legacy delegate ({}), which cannot use mTLS",
                    shown(&service.name),
                    legacy.because
                ))
                .help("replace it by an immutable delegate, with an image tag such as `26.07.89707`".to_owned());
            return Some(judged);
        }
        let image_at = service.image.as_ref().unwrap_or(&service.name.at);
        self.image(delegate.unknown_image.as_ref(), file, image_at);
        self.trust(&environment, &service.name);
        let paths = path_variables(&delegate.generation).map(|(name, _)| environment.path(name));
        let mounts = wired(service, &paths);
        let set = |generation| path_variables(&generation).into_iter().any(|(name, _)| environment.is_set(name));
        let is_on_mtls = set(delegate::Generation::Classic)
            || set(delegate::Generation::ThreeX)
            || !mounts.is_empty()
            || urls::any_mtls(&environment, &[]);
        if !is_on_mtls {
            let path = self.fleet.pasted(file);
            self.say(Rule::NotMtls, file, &service.name.at)
                .message(format!("`{}` is without mTLS", shown(&service.name)))
                .help(format!(
                    "delegate-mtls inject -i --cert client.crt --key client.key --ca ca.crt --endpoint https://… {path}"
                ));
            return Some(judged);
        }
        self.variables_of_service(delegate, service, &environment);
        self.mounts(file, service, &mounts);
        self.paths(&paths, &mounts);
        self.urls(&environment, &[]);
        judged.state.mtls = if self.has_errors() { Mtls::Partial } else { Mtls::Complete };
        if delegate.generation != delegate::Generation::ThreeX {
            self.grpc(
                &environment,
                file,
                &service.name.at,
                format!("add to its `environment`: {}", line(service, GRPC)),
            );
        }
        Some(judged)
    }

    /// The variables that the pair is read by.
    fn variables_of_service(&mut self, delegate: &delegate::Service, service: &Service, environment: &Environment<'f>) {
        let file = delegate.location.file;
        let wanted = path_variables(&delegate.generation);
        let missing: Vec<(&str, &str)> = wanted.into_iter().filter(|(name, _)| !environment.is_set(name)).collect();
        if missing.is_empty() {
            return;
        }
        let named: Vec<String> = missing.iter().map(|(name, _)| format!("`{name}`")).collect();
        let are = if named.len() == 1 { "is" } else { "are" };
        let (other, because) = match delegate.generation {
            delegate::Generation::ThreeX => {
                (delegate::Generation::Classic, "is for classic delegates, and this is Delegate 3.x")
            }
            _ => (delegate::Generation::ThreeX, "is for Delegate 3.x, and this is a classic one"),
        };
        let foreign = wanted.iter().zip(path_variables(&other)).find_map(|(own, (name, _))| {
            (missing.contains(own) && environment.is_set(name)).then(|| format!("; `{name}` {because}"))
        });
        let empty = missing.iter().find_map(|(name, _)| environment.get(name));
        let (at, help) = match empty {
            Some(variable) => {
                let lines: Vec<String> = missing.iter().map(|(name, path)| format!("`{name}` to `{path}`")).collect();
                (&variable.name.at, format!("set {}", lines.join(" and ")))
            }
            None => {
                let lines: Vec<String> = missing.iter().map(|wanted| line(service, *wanted)).collect();
                (&service.name.at, format!("add to its `environment`: {}", lines.join(", ")))
            }
        };
        let unseen = service.unseen.filter(|_| empty.is_none());
        let told = unseen.map(|key| format!(" here, and what `{key}` sets is not judged"));
        let said = self.say(Rule::MissingEnv, file, at);
        said.message(format!(
            "{} of `{}` {are} not set{}{}",
            named.join(" and "),
            shown(&service.name),
            told.unwrap_or_default(),
            foreign.unwrap_or_default()
        ))
        .help(help);
        if unseen.is_some() {
            said.severity(Severity::Warning);
        }
    }

    /// Whether the pair is mounted, and how.
    fn mounts(&mut self, file: u32, service: &Service, mounts: &[&Bind]) {
        if mounts.is_empty() {
            let unseen = service.unseen.filter(|key| *key == "extends");
            let said = self.say(Rule::MissingVolumeMount, file, &service.name.at);
            said.message(format!(
                "the service `{}` does not mount the certificate{}",
                shown(&service.name),
                unseen.map_or("", |_| " here, and what `extends` mounts is not judged")
            ))
            .help(format!("add to its `volumes`: `./client.crt:{CERTIFICATE_PATH}:ro`, `./client.key:{KEY_PATH}:ro`"));
            if unseen.is_some() {
                said.severity(Severity::Warning);
            }
        }
        for mount in mounts {
            let (source, target) = (printable(&mount.source), shown(&mount.target));
            if is_placeholder(&mount.source) {
                self.say(Rule::PlaceholderLeft, file, &mount.target.at)
                    .message(format!("what is mounted at `{target}` is still a placeholder: `{source}`"))
                    .help("set it to the path of the file, such as `./client.crt`".to_owned());
            } else if mount.undeclared {
                self.say(Rule::MountWithoutVolume, file, &mount.target.at)
                    .message(format!(
                        "the service `{}` mounts the volume `{source}`, which the file does not declare",
                        shown(&service.name)
                    ))
                    .help(format!(
                        "if it is a file, write `./{source}`; else declare it below the top-level `volumes`"
                    ));
            }
            if !mount.read_only {
                self.say(Rule::MountNotReadOnly, file, &mount.target.at)
                    .message(format!("the mount of `{target}` is not read only: the container can write the file"))
                    .help("end it with `:ro`, or set `read_only: true`".to_owned());
            }
        }
    }

    /// Whether each path leads to something that is mounted.
    fn paths(&mut self, paths: &[Option<Path<'f>>; 2], mounts: &[&Bind]) {
        if mounts.is_empty() {
            return;
        }
        if let [Some(certificate), Some(key)] = paths
            && cleaned(&certificate.said.text) == cleaned(&key.said.text)
        {
            self.say(Rule::CertPathMismatch, key.file, &key.said.at)
                .message(format!(
                    "`{}` is `{}`, and so is `{}`: certificate and key are two files",
                    key.of,
                    shown_value(&key.said.text),
                    certificate.of
                ))
                .help(format!("set it to the key's file, such as `{KEY_PATH}`"));
            return;
        }
        for (path, ending) in paths.iter().zip([".crt", ".key"]) {
            let Some(path) = path else { continue };
            let wanted = cleaned(&path.said.text);
            let targets: Vec<String> = mounts.iter().map(|mount| cleaned(&mount.target.text)).collect();
            // of a folder it is not known what is in it
            if wanted != MOUNT_PATH && targets.iter().any(|target| is_under(&wanted, target)) {
                continue;
            }
            let alike = targets.iter().find(|target| target.ends_with(ending));
            let folder = targets.iter().find(|target| is_folder(target));
            let (but, help) = match (alike, folder) {
                _ if !path.said.text.starts_with('/') => (
                    "which is no absolute path".to_owned(),
                    format!("set it to the path of the file in the container, such as `{MOUNT_PATH}/client{ending}`"),
                ),
                (Some(alike), _) => {
                    let alike = printable(alike);
                    (format!("but the file is mounted at `{alike}`"), format!("set it to `{alike}`"))
                }
                (None, Some(folder)) => {
                    let folder = printable(folder);
                    (format!("but the folder is mounted at `{folder}`"), format!("set it to a file below `{folder}`"))
                }
                (None, None) => (
                    "where nothing is mounted".to_owned(),
                    format!("add to its `volumes`: `./client{ending}:{}:ro`", printable(&wanted)),
                ),
            };
            self.say(Rule::CertPathMismatch, path.file, &path.said.at)
                .message(format!("`{}` is `{}`, {but}", path.of, shown_value(&path.said.text)))
                .help(help);
        }
    }
}

/// The mounts that put the pair into a service, or were meant to: by where they are put, and what the paths ask for.
fn wired<'f>(service: &'f Service, paths: &[Option<Path<'f>>; 2]) -> Vec<&'f Bind> {
    let is_wired = |mount: &&Bind| {
        let target = cleaned(&mount.target.text);
        let is_asked_for = paths.iter().flatten().any(|path| is_under(&cleaned(&path.said.text), &target));
        !target.is_empty() && (is_under(&target, MOUNT_PATH) || is_asked_for)
    };
    service.mounts.iter().filter(is_wired).collect()
}

/// Whether what is mounted there is a folder, by its name: a file of the pair has an ending.
fn is_folder(target: &str) -> bool {
    !target.rsplit('/').next().unwrap_or_default().contains('.')
}

/// A variable as it is written in a service.
fn line(service: &Service, (name, value): (&str, &str)) -> String {
    if service.is_list { format!("`{name}={value}`") } else { format!("`{name}: \"{value}\"`") }
}
