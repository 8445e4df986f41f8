//! A container that should read the pair: its variables → its mounts → the pod's volumes → the Secret, each step as a
//! kubelet takes it.

use std::collections::{HashMap, HashSet};

use super::facts::{Bits, Container, MOUNT_FIELDS, Mode, Mount, Pod, Said, SecretSource, Security, Source, Volume};
use super::fleet::{Fleet, Judge, shown, shown_value};
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY, MOUNT_PATH, VOLUME, cleaned};
use crate::delegate::{Keeper, Location};
use crate::endpoint::is_under;
use crate::finding::{Rule, Severity};
use crate::identity::{printable, shell};

/// A container that reads the pair, and what is known of where it looks for it.
pub(super) struct Consumer<'f> {
    /// The file that its workload stands in.
    pub(super) file: u32,
    pub(super) namespace: Option<&'f str>,
    /// The name of the delegate that it is, or is the upgrader of.
    pub(super) delegate: String,
    pub(super) pod: &'f Pod,
    pub(super) container: &'f Container,
    /// What names the certificate's path and the key's, with the path; `None` where none is known.
    pub(super) paths: [Option<Path<'f>>; 2],
}

/// A path that was written somewhere.
#[derive(Clone, Copy)]
pub(super) struct Path<'f> {
    /// What it is the value of.
    pub(super) of: &'static str,
    /// The file that it is written in.
    pub(super) file: u32,
    pub(super) said: &'f Said,
}

/// Which value of which Secret a container reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Read {
    pub(super) secret: Location,
    pub(super) key: String,
}

/// What a container has of the way to the Secret.
pub(super) struct Wires<'f> {
    /// Its mounts of the certificate, or what were meant as such.
    pub(super) mounts: Vec<&'f Mount>,
    /// The pod's volumes that bring it.
    pub(super) volumes: Vec<&'f Volume>,
}

impl Wires<'_> {
    pub(super) fn any(&self) -> bool {
        !self.mounts.is_empty() || !self.volumes.is_empty()
    }
}

/// Looks for a container's mounts and volumes: by their names, where they are put, what they bring, and what the paths ask
/// for.
pub(super) fn wires<'f>(fleet: &Fleet<'f>, consumer: &Consumer<'f>) -> Wires<'f> {
    let paths = || consumer.paths.iter().flatten().map(|path| cleaned(&path.said.text));
    let led_to: Vec<&str> =
        paths().filter_map(|path| innermost(consumer.container, &path)).map(|mount| mount.name.text.as_str()).collect();
    let is_meant = |volume: &Volume| volume.name.text == VOLUME || led_to.contains(&volume.name.text.as_str());
    let brings = |volume: &&Volume| match &volume.source {
        Source::Opaque => false,
        Source::Nothing => is_meant(volume),
        Source::Secrets { all, .. } => {
            is_meant(volume)
                || all.iter().any(|source| {
                    source.name.text.contains(VOLUME) || fleet.holds_pair(consumer.file, consumer.namespace, source)
                })
        }
    };
    let volumes: Vec<&Volume> = consumer.pod.volumes.iter().filter(brings).collect();
    let is_asked_for = |mount: &Mount| paths().any(|path| covers(mount, &path));
    let mounts = consumer.container.mounts.iter().filter(|mount| {
        mount.name.text == VOLUME
            || is_under(&cleaned(&mount.path.text), MOUNT_PATH)
            || volumes.iter().any(|volume| volume.name.text == mount.name.text)
            || is_asked_for(mount)
    });
    Wires { mounts: mounts.collect(), volumes }
}

impl<'f> Judge<'_, 'f> {
    /// Follows the wires of a container. `None` of the two where it cannot be told what is read, or nothing is.
    pub(super) fn wiring(&mut self, consumer: &Consumer<'f>, wires: &Wires<'f>) -> [Option<Read>; 2] {
        let file = consumer.file;
        self.duplicates(consumer, wires);
        for mount in &consumer.container.mounts {
            let is_certificate = wires.mounts.iter().any(|wire| std::ptr::eq(*wire, mount));
            self.mount(consumer, mount, is_certificate, wires);
        }
        if wires.mounts.is_empty() {
            for volume in &wires.volumes {
                let name = printable(&volume.name.text);
                self.say(Rule::VolumeWithoutMount, file, &volume.name.at)
                    .message(format!(
                        "the volume `{name}` holds the certificate, and the container `{}` does not mount it",
                        printable(&consumer.container.name.text)
                    ))
                    .help(format!(
                        "add to its `volumeMounts`: `{{name: {name}, mountPath: {MOUNT_PATH}, readOnly: true}}`"
                    ));
            }
        }
        for volume in &wires.volumes {
            if let Source::Secrets { all, mode } = &volume.source {
                self.volume(consumer, all, mode.as_ref());
            }
        }
        let [certificate, key] = &consumer.paths;
        [certificate, key].map(|path| self.follow(consumer, wires, path.as_ref()?))
    }

    /// Names and places that Kubernetes takes once only. It compares both as they are written: `/etc/mtls/` is another
    /// place than `/etc/mtls`.
    fn duplicates(&mut self, consumer: &Consumer<'f>, wires: &Wires<'f>) {
        let file = consumer.file;
        let of_volumes = wires.volumes.iter().map(|volume| volume.name.text.as_str());
        let wired: HashSet<&str> =
            of_volumes.chain(wires.mounts.iter().map(|mount| mount.name.text.as_str())).collect();
        let mut volumes: HashMap<&str, &Volume> = HashMap::new();
        for volume in consumer.pod.volumes.iter().filter(|volume| wired.contains(volume.name.text.as_str())) {
            let name = volume.name.text.as_str();
            let first = *volumes.entry(name).or_insert(volume);
            if !std::ptr::eq(first, volume) && !name.is_empty() {
                self.say(Rule::DuplicateMount, file, &volume.name.at)
                    .message(format!(
                        "the pod has a volume `{}` already, in line {}: Kubernetes refuses a second one",
                        printable(name),
                        first.name.at.place.line
                    ))
                    .help("take one of the two out, or give it another name".to_owned());
            }
        }
        // Kubernetes refuses the pod whichever of its containers it is
        for container in &consumer.pod.containers {
            let mut mounts: HashMap<&str, (&Mount, bool)> = HashMap::new();
            for mount in container.mounts.iter().filter(|mount| !mount.path.text.is_empty()) {
                let path = mount.path.text.as_str();
                let (first, is_certificate) = mounts.entry(path).or_insert((mount, false));
                *is_certificate |= wired.contains(mount.name.text.as_str());
                if *is_certificate && !std::ptr::eq(*first, mount) {
                    self.say(Rule::DuplicateMount, file, &mount.path.at)
                        .message(format!(
                            "the container `{}` has a mount at `{}` already, in line {}: Kubernetes refuses a second one",
                            printable(&container.name.text),
                            printable(path),
                            first.path.at.place.line
                        ))
                        .help("take one of the two out, or mount it somewhere else".to_owned());
                }
            }
        }
    }

    fn mount(&mut self, consumer: &Consumer<'f>, mount: &Mount, is_certificate: bool, wires: &Wires<'f>) {
        let file = consumer.file;
        let name = printable(&mount.name.text);
        for field in &mount.unknown {
            self.say(Rule::UnknownMountField, file, &field.at)
                .message(format!(
                    "a volume mount has no field `{}`: `kubectl apply` refuses it",
                    printable(&field.text)
                ))
                .help(match known_field(&field.text) {
                    Some(known) => format!("write it as `{known}`"),
                    None => "take the line out".to_owned(),
                });
        }
        let is_declared = consumer.pod.volumes.iter().any(|volume| volume.name.text == mount.name.text);
        if !is_declared {
            let is_mounted =
                |volume: &&&Volume| consumer.container.mounts.iter().any(|mount| mount.name.text == volume.name.text);
            let other = wires.volumes.iter().find(|volume| is_certificate && !is_mounted(volume));
            let help = match other {
                Some(other) => format!(
                    "the volume with the certificate is called `{}`: use one name for both",
                    printable(&other.name.text)
                ),
                None if is_certificate => {
                    let secret = self.fleet.unmounted_pair(file).map(|secret| shown(&secret.name));
                    let secret = secret.unwrap_or_else(|| format!("{}-{VOLUME}", printable(&consumer.delegate)));
                    format!("add to the pod's `volumes`: `{{name: {name}, secret: {{secretName: {secret}}}}}`")
                }
                None => "declare it in the pod's `volumes`, or take the mount out".to_owned(),
            };
            self.say(Rule::MountWithoutVolume, file, &mount.name.at)
                .message(format!(
                    "the container `{}` mounts the volume `{name}`, which its pod does not declare",
                    printable(&consumer.container.name.text)
                ))
                .help(help);
        }
        let is_misspelt = mount.unknown.iter().any(|field| known_field(&field.text) == Some("readOnly"));
        if let Some(at) = mount.writable.as_ref().filter(|_| is_certificate && is_declared && !is_misspelt) {
            self.say(Rule::MountNotReadOnly, file, at)
                .message(format!("the mount of `{name}` does not say that it is read only"))
                .help("set `readOnly: true`; Kubernetes mounts Secrets read only in any case".to_owned());
        }
    }

    /// The modes of a volume's files, for who is to read them.
    fn volume(&mut self, consumer: &Consumer<'f>, sources: &[SecretSource], default: Option<&Mode>) {
        let items = sources.iter().flat_map(|source| source.items.iter().flatten());
        let takes_default = |source: &SecretSource| {
            source.items.as_ref().is_none_or(|items| items.iter().any(|item| item.mode.is_none()))
        };
        let default = default.into_iter().map(|mode| (mode, sources.iter().any(takes_default)));
        let modes = default.chain(items.filter_map(|item| item.mode.as_ref()).map(|mode| (mode, true)));
        for (mode, is_taken) in modes {
            let bits = match self.mode(consumer.file, mode) {
                Some(bits) if is_taken => bits,
                _ => continue,
            };
            let octal = format!("0{bits:o}");
            let (severity, message) = match readable(bits, &consumer.pod.security, &consumer.container.security) {
                Readable::Yes => continue,
                Readable::No(who) => {
                    (Severity::Error, format!("the container runs as {who}, who cannot read files of mode {octal}"))
                }
                Readable::Unsaid { by, what } => (
                    Severity::Warning,
                    format!("files of mode {octal} can be read by {by} alone, and the manifest does not say {what}"),
                ),
            };
            self.say(Rule::UnreadableDefaultMode, consumer.file, &mode.said.at)
                .severity(severity)
                .message(message)
                .help(
                    "set `fsGroup` in the pod's `securityContext` and the mode 0440, or leave the mode out (0644)"
                        .to_owned(),
                );
        }
    }

    /// Whether a mode is one that Kubernetes takes, and that was meant. Gives the bits that files have by it.
    fn mode(&mut self, file: u32, mode: &Mode) -> Option<u32> {
        let at = &mode.said.at;
        let number = match mode.bits {
            Bits::Number(number) => number,
            Bits::Elsewhere => return None,
            Bits::No(what) => {
                let help = match meant(&mode.said.text) {
                    Some(bits) => format!("write `0{bits:o}` without quotes, or {bits} in JSON"),
                    None => LEAVE_OUT.to_owned(),
                };
                self.say(Rule::InvalidDefaultMode, file, at)
                    .message(format!("`{}` is {what}, and Kubernetes takes only a whole number", mode.of))
                    .help(help);
                return None;
            }
        };
        let taken = u32::try_from(number).ok().filter(|bits| *bits <= HIGHEST_MODE);
        let text = &mode.said.text;
        if is_meant_octal(text, number) {
            let is = format!("`{text}` is decimal, which is mode 0{number:o}");
            let but = if taken.is_none() { ", and Kubernetes refuses that" } else { "" };
            let severity = if taken.is_none() { Severity::Error } else { Rule::DecimalDefaultMode.severity() };
            self.say(Rule::DecimalDefaultMode, file, at)
                .severity(severity)
                .message(format!("{is}{but}; probably 0{text} was meant"))
                .help(format!("write `0{text}`, or {} in JSON", u32::from_str_radix(text, 8).unwrap_or_default()));
        } else if taken.is_none() {
            let is = match number {
                ..0 => "is negative".to_owned(),
                _ if text.starts_with('0') => "is above 0777".to_owned(),
                _ => format!("is mode 0{number:o}, which is above 0777"),
            };
            self.say(Rule::InvalidDefaultMode, file, at)
                .message(format!("`{}` {is}: Kubernetes refuses it", printable(text)))
                .help(LEAVE_OUT.to_owned());
        }
        taken
    }

    /// Where a path leads.
    fn follow(&mut self, consumer: &Consumer<'f>, wires: &Wires<'f>, path: &Path<'f>) -> Option<Read> {
        let wanted = cleaned(&path.said.text);
        // from which folder another one counts, the image decides
        let is_absolute = path.said.text.starts_with('/');
        let Some(mount) = innermost(consumer.container, &wanted).filter(|_| is_absolute) else {
            let whole = wires.mounts.iter().find(|mount| mount.sub_path.is_none());
            if let Some(mount) = whole.or(wires.mounts.first()) {
                self.elsewhere(path, &wanted, mount);
            }
            return None;
        };
        let volume = consumer.pod.volumes.iter().find(|volume| volume.name.text == mount.name.text)?;
        let Source::Secrets { all, .. } = &volume.source else { return None };
        let rest = wanted.get(cleaned(&mount.path.text).len()..).unwrap_or_default().trim_start_matches('/');
        let file = match &mount.sub_path {
            None => rest.to_owned(),
            Some(None) => return None,
            Some(Some(sub)) if rest.is_empty() => sub.trim_matches('/').to_owned(),
            Some(Some(sub)) => format!("{}/{rest}", sub.trim_matches('/')),
        };
        if file.is_empty() {
            self.mismatch(
                path,
                "which is the mount itself, a directory".to_owned(),
                format!("set it to a file in it, such as `{}/client.crt`", printable(&wanted)),
            );
            return None;
        }
        let mut reads = None;
        let mut known: Vec<String> = Vec::new();
        let mut is_known = true;
        for source in all {
            let key = match &source.items {
                None => Some(file.clone()),
                Some(items) => {
                    known.extend(items.iter().map(|item| item.path.clone()));
                    items.iter().find(|item| item.path == file).map(|item| item.key.clone())
                }
            };
            let Some(key) = key else { continue };
            let Some((location, secret)) = self.fleet.secret(consumer.file, consumer.namespace, &source.name.text)
            else {
                is_known = false;
                continue;
            };
            if secret.may_have(&key) {
                reads = Some(Read { secret: location, key });
                break;
            }
            if source.items.is_none() {
                known.extend(secret.keys.iter().cloned());
            } else {
                self.missing_key(location, &key, path);
                return None;
            }
        }
        if reads.is_some() || !is_known {
            return reads;
        }
        let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
        let alike = known.iter().find(|name| !ending.is_empty() && name.ends_with(&format!(".{ending}")));
        match (alike, all.as_slice()) {
            (Some(alike), _) if mount.sub_path.is_some() => self.mismatch(
                path,
                format!("but the volume has no `{}`, the `subPath` of that mount", printable(&file)),
                format!("set `subPath` to `{}`", printable(alike)),
            ),
            (Some(alike), _) => {
                let there = printable(&format!("{}/{alike}", cleaned(&mount.path.text)));
                self.mismatch(path, format!("but the file is `{there}`"), format!("set it to `{there}`"));
            }
            (None, [source]) if source.items.is_none() => {
                if let Some((location, _)) = self.fleet.secret(consumer.file, consumer.namespace, &source.name.text) {
                    self.missing_key(location, &file, path);
                }
            }
            (None, _) => {
                let listed: Vec<String> = known.iter().map(|name| format!("`{}`", printable(name))).collect();
                let (listed, help) = match listed.as_slice() {
                    [] => ("nothing".to_owned(), "put certificate and key into the Secrets of the volume"),
                    some => (some.join(", "), "set it to a file that is there, or let `items` bring this one"),
                };
                self.mismatch(path, format!("but the mount has {listed}"), help.to_owned());
            }
        }
        None
    }

    /// A path that lies in no mount, where there is one for the certificate.
    fn elsewhere(&mut self, path: &Path<'f>, wanted: &str, mount: &Mount) {
        if mount.unknown.iter().any(|field| known_field(&field.text) == Some("mountPath")) {
            return;
        }
        let there = printable(&cleaned(&mount.path.text));
        let (folder, file_name) = wanted.rsplit_once('/').unwrap_or_default();
        let (folder, file_name) = (printable(folder), printable(file_name));
        let (but, help) = match mount.sub_path {
            // what is no path may be the key itself, and is not repeated
            _ if !path.said.text.starts_with('/') => {
                ("which is no absolute path".to_owned(), format!("set it to the path of the file below `{there}`"))
            }
            _ if there.is_empty() => (
                "but the mount of the certificate has no `mountPath`".to_owned(),
                format!("add to the mount of `{}`: `mountPath: {folder}`", printable(&mount.name.text)),
            ),
            Some(_) => (
                format!("but by its `subPath`, the certificate is mounted as the one file `{there}`"),
                format!("mount the folder: `mountPath: {folder}`, and no `subPath`"),
            ),
            None => {
                (format!("but the certificate is mounted at `{there}`"), format!("set it to `{there}/{file_name}`"))
            }
        };
        self.mismatch(path, but, help);
    }

    fn mismatch(&mut self, path: &Path<'f>, but: String, help: String) {
        self.say(Rule::CertPathMismatch, path.file, &path.said.at)
            .message(format!("`{}` is `{}`, {but}", path.of, shown_value(&path.said.text)))
            .help(help);
    }

    fn missing_key(&mut self, location: Location, key: &str, path: &Path<'f>) {
        let Some(secret) = self.fleet.secret_at(location) else { return };
        let (key, name) = (printable(key), printable(&secret.name.text));
        // what inject would fill in, where it finds whose Secret it is
        let is_own = [CERTIFICATE_KEY, KEY_KEY].contains(&key.as_str()) && self.fleet.has_delegate(location.file);
        let namespace = secret.namespace.as_ref().map(|said| format!(" --namespace {}", shell(&printable(&said.text))));
        let namespace = namespace.unwrap_or_default();
        let help = match (secret.keeper, secret.keys.as_slice()) {
            (Some(Keeper::SealedSecrets), _) => format!(
                "seal it anew with all its files: `kubectl create secret generic {}{namespace} --from-file {CERTIFICATE_KEY} --from-file {KEY_KEY} --dry-run=client -o yaml | kubeseal -o yaml`",
                shell(&name)
            ),
            (Some(Keeper::ExternalSecrets), _) => {
                format!(
                    "add an item with `secretKey: {key}` to its `spec.data`, with the `remoteRef` that holds the file"
                )
            }
            (Some(Keeper::Sops), _) => format!(
                "add `{key}` to its `data`, with what `base64 -w0` prints of the file: `sops edit {}`",
                self.fleet.pasted(location.file)
            ),
            (None, _) if is_own => self.fleet.inject(location.file),
            (None, []) => format!("add `{key}` to its `data`, with what `base64 -w0` prints of the file"),
            (None, keys) => {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{}`", printable(key))).collect();
                format!("add it with what `base64 -w0` prints of the file, or read another: {}", keys.join(", "))
            }
        };
        self.say(Rule::SecretKeyMissing, location.file, &secret.kind)
            .message(format!("the {} `{name}` has no `{key}`, which `{}` reads", secret.word(), path.of))
            .help(help);
    }
}

/// The field of a mount that differs from this in capital letters alone.
fn known_field(name: &str) -> Option<&'static str> {
    MOUNT_FIELDS.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a path lies where a mount is.
fn covers(mount: &Mount, path: &str) -> bool {
    let mounted = cleaned(&mount.path.text);
    !mounted.is_empty() && is_under(path, &mounted)
}

/// The mount that a path leads into: where one lies in another, the inner one.
fn innermost<'f>(container: &'f Container, path: &str) -> Option<&'f Mount> {
    let covering = container.mounts.iter().filter(|mount| covers(mount, path));
    covering.max_by_key(|mount| cleaned(&mount.path.text).len())
}

/// The highest mode that a file of a volume may have (Kubernetes API: `SecretVolumeSource.defaultMode`).
const HIGHEST_MODE: u32 = 0o777;

/// What to do about a mode of which it cannot be told what was meant.
const LEAVE_OUT: &str = "leave it out, which is 0644, or write a number up to 0777, such as `0444` (292 in JSON)";

/// The bits that a text would be, were it a number.
fn meant(text: &str) -> Option<u32> {
    let Bits::Number(number) = Bits::of(text) else { return None };
    if is_meant_octal(text, number) {
        return u32::from_str_radix(text, 8).ok();
    }
    u32::try_from(number).ok().filter(|bits| *bits <= HIGHEST_MODE)
}

/// Whether a decimal number was meant as octal: its digits are a usual mode, and what they make is none.
fn is_meant_octal(text: &str, bits: i64) -> bool {
    const USUAL: [i64; 18] = [
        0o400, 0o440, 0o444, 0o500, 0o550, 0o555, 0o600, 0o640, 0o644, 0o660, 0o664, 0o666, 0o700, 0o750, 0o755, 0o770,
        0o775, 0o777,
    ];
    !text.starts_with('0')
        && i64::from_str_radix(text, 8).is_ok_and(|meant| USUAL.contains(&meant))
        && !USUAL.contains(&bits)
}

#[derive(Debug, PartialEq, Eq)]
enum Readable {
    Yes,
    No(String),
    /// The image decides: who could read it, and what is not said.
    Unsaid {
        by: &'static str,
        what: &'static str,
    },
}

/// Whether a container's user can read a Secret's file, which belongs to root: `fsGroup` makes that group its owner, and
/// lets it read (Kubernetes: Configure a Security Context for a Pod). A user without a group of its own is often in
/// root's.
fn readable(mode: u32, pod: &Security, container: &Security) -> Readable {
    let user = container.run_as_user.or(pod.run_as_user);
    let group = container.run_as_group.or(pod.run_as_group);
    let is_non_root = container.run_as_non_root.or(pod.run_as_non_root) == Some(true);
    let group_reads = mode & 0o040 != 0;
    let is_in_root_group = group == Some(0) || pod.supplemental_groups.contains(&0);
    if user == Some(0) || pod.fs_group.is_some() || mode & 0o004 != 0 || is_in_root_group && group_reads {
        return Readable::Yes;
    }
    match user {
        Some(_) if group_reads && group.is_none() => {
            Readable::Unsaid { by: "root and its group", what: "which group the container is in" }
        }
        Some(user) => Readable::No(format!("user {user}")),
        None if is_non_root && !group_reads => Readable::No("a user other than root".to_owned()),
        None => Readable::Unsaid {
            by: if group_reads { "root and its group" } else { "root" },
            what: "who runs the container",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_that_was_meant_octal_is_told_from_one_that_was_not() {
        let meant = |text: &str| is_meant_octal(text, text.parse().unwrap());
        for text in ["400", "440", "444", "500", "600", "640", "644", "755", "777"] {
            assert!(meant(text), "{text}");
        }
        // 0400, 0440, 0444, 0600, 0640, 0644, 0777, and what nobody means
        for text in ["256", "288", "292", "384", "416", "420", "511", "0", "123", "899"] {
            assert!(!meant(text), "{text}");
        }
        assert!(!is_meant_octal("0400", 0o400));
    }

    #[test]
    fn a_mode_that_is_text_is_told_what_it_would_be() {
        for (text, expected) in [
            ("0400", Some(0o400)),
            ("400", Some(0o400)),
            ("256", Some(0o400)),
            ("0o640", Some(0o640)),
            ("01777", None),
            ("-1", None),
            ("r--r--r--", None),
            ("", None),
        ] {
            assert_eq!(meant(text), expected, "{text}");
        }
    }

    #[test]
    fn who_can_read_what() {
        let who = |user: Option<u64>, group: Option<u64>| Security {
            run_as_user: user,
            run_as_group: group,
            ..Security::default()
        };
        let non_root = Security { run_as_non_root: Some(true), ..Security::default() };
        let fs_group = Security { fs_group: Some(1001), ..Security::default() };
        let none = Security::default();
        let user = |number: u64| Readable::No(format!("user {number}"));
        let unsaid = |by, what| Readable::Unsaid { by, what };
        let by_group = "root and its group";
        let (runs, which) = ("who runs the container", "which group the container is in");
        for (mode, pod, container, expected) in [
            (0o400, &who(Some(0), None), &none, Readable::Yes),
            (0o400, &who(Some(0), None), &who(Some(1001), None), user(1001)),
            (0o400, &none, &none, unsaid("root", runs)),
            (0o400, &none, &non_root, Readable::No("a user other than root".to_owned())),
            (0o400, &fs_group, &who(Some(1001), None), Readable::Yes),
            (0o440, &who(Some(1001), None), &none, unsaid(by_group, which)),
            (0o440, &who(Some(1001), Some(1001)), &none, user(1001)),
            (0o440, &non_root, &none, unsaid(by_group, runs)),
            (0o440, &who(Some(1001), Some(0)), &none, Readable::Yes),
            (0o400, &who(Some(1001), Some(0)), &none, user(1001)),
            (0o644, &non_root, &none, Readable::Yes),
            (0o620, &none, &none, unsaid("root", runs)),
            (0o640, &none, &none, unsaid(by_group, runs)),
        ] {
            assert_eq!(readable(mode, pod, container), expected, "{mode:o} {pod:?} {container:?}");
        }
    }
}
