//! A pod's spec → its containers with their variables and mounts, its volumes, and who runs it (Kubernetes API:
//! `PodSpec`). Values are kept only where they are judged.

use super::{Page, Said, Spot, text_of};
use crate::delegate::parts::MANAGER;
use crate::yaml::{Document, Found, Kind, ScalarStyle};

/// The spec of a pod.
pub(in crate::check) struct Pod {
    pub(in crate::check) containers: Vec<Container>,
    pub(in crate::check) volumes: Vec<Volume>,
    pub(in crate::check) security: Security,
}

/// A container of a pod.
pub(in crate::check) struct Container {
    /// Its name; where it has none, the container itself.
    pub(in crate::check) name: Said,
    pub(in crate::check) image: Option<Said>,
    pub(in crate::check) env: Vec<Variable>,
    pub(in crate::check) mounts: Vec<Mount>,
    pub(in crate::check) security: Security,
}

/// An item of `env`.
pub(in crate::check) struct Variable {
    pub(in crate::check) name: Said,
    pub(in crate::check) value: Value,
}

/// What a variable is set to.
#[derive(Clone)]
pub(in crate::check) enum Value {
    /// A text, of a variable that is judged.
    Text(Said),
    /// Something that the manifest does not say: `valueFrom`, `$(VAR)`, `${VAR}`.
    Elsewhere,
    /// Nothing.
    Nothing,
    /// A text that nobody asks for.
    Other,
}

/// An item of `volumeMounts` (Kubernetes API: `VolumeMount`).
pub(in crate::check) struct Mount {
    /// The volume's name; where it has none, the mount itself.
    pub(in crate::check) name: Said,
    pub(in crate::check) path: Said,
    /// `subPath`; `None` inside where it is an expression.
    pub(in crate::check) sub_path: Option<Option<String>>,
    /// Where it is said to be written, or not said to be read only.
    pub(in crate::check) writable: Option<Spot>,
    /// Fields that a mount does not have.
    pub(in crate::check) unknown: Vec<Said>,
}

/// An item of `volumes` (Kubernetes API: `Volume`).
pub(in crate::check) struct Volume {
    pub(in crate::check) name: Said,
    pub(in crate::check) source: Source,
}

impl Volume {
    /// The Secrets that it brings.
    pub(in crate::check) fn secrets(&self) -> &[SecretSource] {
        match &self.source {
            Source::Secrets { all, .. } => all,
            Source::Nothing | Source::Opaque => &[],
        }
    }
}

/// What a volume brings.
pub(in crate::check) enum Source {
    /// Secrets: one, or those among the sources of a projected volume.
    Secrets {
        all: Vec<SecretSource>,
        /// The mode that files have unless their item says otherwise.
        mode: Option<Mode>,
    },
    /// Nothing that Kubernetes knows: it refuses the field, or takes the volume for an empty folder.
    Nothing,
    /// Anything else: its files cannot be known.
    Opaque,
}

/// A Secret of a volume (Kubernetes API: `SecretVolumeSource`, `SecretProjection`).
pub(in crate::check) struct SecretSource {
    /// The Secret's name; where it has none, the source itself.
    pub(in crate::check) name: Said,
    /// Key, path and mode of every file; `None`: all keys under their own names.
    pub(in crate::check) items: Option<Vec<Item>>,
    /// Whether the pod is content without it, or without some of its keys.
    pub(in crate::check) optional: bool,
}

/// A file of a Secret in a volume (Kubernetes API: `KeyToPath`).
pub(in crate::check) struct Item {
    pub(in crate::check) key: String,
    pub(in crate::check) path: String,
    pub(in crate::check) mode: Option<Mode>,
}

/// The permission bits of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Mode {
    /// What it is the value of.
    pub(in crate::check) of: &'static str,
    /// The bits.
    pub(in crate::check) bits: Bits,
    /// As written.
    pub(in crate::check) said: Said,
}

/// What Kubernetes reads a mode as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Bits {
    /// A number, if only for being refused.
    Number(i64),
    /// What whatever comes before Kubernetes puts there.
    Elsewhere,
    /// What is no number, and what it is instead.
    No(&'static str),
}

impl Bits {
    /// What a plain scalar is, as YAML 1.1 has it, which is what Kubernetes' parser reads: octal with a leading `0` or
    /// `0o`. A number with a fraction is one to it if that is zero, because the way leads through JSON.
    pub(in crate::check) fn of(text: &str) -> Bits {
        if text.contains("${") || text.contains("$(") {
            return Bits::Elsewhere;
        }
        let digits = text.replace('_', "").to_ascii_lowercase();
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, digits.strip_prefix('+').unwrap_or(&digits)),
        };
        let is_digit = digits.starts_with(|first: char| first.is_ascii_digit());
        let based = [("0x", 16), ("0b", 2), ("0o", 8), ("0", 8), ("", 10)].into_iter().find_map(|(prefix, base)| {
            let digits = digits.strip_prefix(prefix).filter(|rest| !rest.starts_with(['+', '-']))?;
            i64::from_str_radix(digits, base).ok()
        });
        let decimal = || digits.parse::<f64>().ok().filter(|_| is_digit || digits.starts_with('.'));
        match (based, decimal()) {
            (Some(number), _) => Bits::Number(sign * number),
            // far above what a mode may be, it does not matter by how much
            #[expect(clippy::cast_possible_truncation, reason = "saturates")]
            (None, Some(decimal)) if decimal.fract() == 0.0 => Bits::Number(sign * decimal as i64),
            (None, Some(_)) => Bits::No("no whole number"),
            (None, None) => Bits::No("text"),
        }
    }
}

/// Who runs a pod or a container (Kubernetes API: `PodSecurityContext`, `SecurityContext`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::check) struct Security {
    pub(in crate::check) run_as_user: Option<u64>,
    pub(in crate::check) run_as_group: Option<u64>,
    pub(in crate::check) run_as_non_root: Option<bool>,
    pub(in crate::check) fs_group: Option<u64>,
    pub(in crate::check) supplemental_groups: Vec<u64>,
}

pub(super) fn read(document: &Document<'_>, spec: Found, page: &mut Page<'_>) -> Pod {
    let mut reader = Reader { document, page };
    Pod {
        containers: reader.list(spec, "containers").into_iter().map(|item| reader.container(item)).collect(),
        volumes: reader.list(spec, "volumes").into_iter().map(|item| reader.volume(item)).collect(),
        security: reader.security(spec),
    }
}

struct Reader<'r, 'd, 't> {
    document: &'r Document<'d>,
    page: &'r mut Page<'t>,
}

impl Reader<'_, '_, '_> {
    fn list(&self, of: Found, key: &str) -> Vec<Found> {
        self.document.get(of, key).into_iter().flat_map(|list| self.document.items_of(list)).collect()
    }

    /// The text under a key; where there is none, nothing, at the place of the mapping's first word.
    fn said(&mut self, of: Found, key: &str) -> Said {
        match self.document.get(of, key) {
            Some(found) => self.page.said(self.document, found),
            None => {
                let first = self.document.entries(of.node).next().map_or(of.node, |entry| entry.key);
                Said { text: String::new(), at: self.page.of(self.document, first) }
            }
        }
    }

    fn text(&self, of: Found, key: &str) -> Option<&str> {
        self.document.text_at(of, &[key])
    }

    fn container(&mut self, container: Found) -> Container {
        let mut env = Vec::new();
        for item in self.list(container, "env") {
            let name = self.said(item, "name");
            let value = match self.document.get(item, "valueFrom") {
                Some(_) => Value::Elsewhere,
                None => Value::read(self.document, self.document.get(item, "value"), &name.text, self.page),
            };
            env.push(Variable { name, value });
        }
        Container {
            name: self.said(container, "name"),
            image: self.document.get(container, "image").map(|image| self.page.said(self.document, image)),
            env,
            mounts: self.list(container, "volumeMounts").into_iter().map(|item| self.mount(item)).collect(),
            security: self.security(container),
        }
    }

    fn mount(&mut self, mount: Found) -> Mount {
        let name = self.said(mount, "name");
        let read_only = self.document.get(mount, "readOnly");
        let writable = match read_only {
            Some(found) if text_of(self.document, found).eq_ignore_ascii_case("true") => None,
            Some(found) => Some(self.page.of(self.document, found.node)),
            None => Some(name.at.clone()),
        };
        let sub_path = self.text(mount, "subPath").filter(|path| !path.is_empty()).map(|path| Some(path.to_owned()));
        let keys = self.document.entries(mount.node).map(|entry| Found { node: entry.key, via: None });
        let unknown: Vec<Found> = keys
            .filter(|key| !MOUNT_FIELDS.into_iter().chain(["<<"]).any(|known| known == text_of(self.document, *key)))
            .collect();
        Mount {
            path: self.said(mount, "mountPath"),
            sub_path: sub_path.or_else(|| self.text(mount, "subPathExpr").map(|_| None)),
            writable,
            unknown: unknown.into_iter().map(|key| self.page.said(self.document, key)).collect(),
            name,
        }
    }

    fn volume(&mut self, volume: Found) -> Volume {
        let name = self.said(volume, "name");
        let source = if let Some(secret) = self.document.get(volume, "secret") {
            Source::Secrets { all: vec![self.secret(secret, "secretName")], mode: self.mode(secret, "defaultMode") }
        } else if let Some(projected) = self.document.get(volume, "projected") {
            let sources = self.list(projected, "sources");
            let secrets: Vec<Found> =
                sources.iter().filter_map(|source| self.document.get(*source, "secret")).collect();
            if secrets.is_empty() || secrets.len() < sources.len() {
                // files of other sources may be what is looked for
                Source::Opaque
            } else {
                Source::Secrets {
                    all: secrets.into_iter().map(|secret| self.secret(secret, "name")).collect(),
                    mode: self.mode(projected, "defaultMode"),
                }
            }
        } else if VOLUME_SOURCES.into_iter().any(|source| self.document.get(volume, source).is_some()) {
            Source::Opaque
        } else {
            Source::Nothing
        };
        Volume { name, source }
    }

    fn secret(&mut self, secret: Found, name: &str) -> SecretSource {
        // an empty list is as none, to Kubernetes
        let items = Some(self.list(secret, "items")).filter(|items| !items.is_empty()).map(|items| {
            items
                .into_iter()
                .map(|item| Item {
                    key: self.text(item, "key").unwrap_or_default().to_owned(),
                    path: self.text(item, "path").unwrap_or_default().to_owned(),
                    mode: self.mode(item, "mode"),
                })
                .collect()
        });
        SecretSource { name: self.said(secret, name), items, optional: self.flag(secret, "optional") == Some(true) }
    }

    /// A file mode; `None` where Kubernetes takes its default.
    fn mode(&mut self, of: Found, key: &'static str) -> Option<Mode> {
        let found = self.document.get(of, key).filter(|found| !self.document.is_null(found.node))?;
        let node = self.document.node(found.node);
        let bits = match node.kind {
            // a tag may make anything of it
            _ if node.tagged => return None,
            Kind::Scalar(ScalarStyle::Plain) => Bits::of(&node.value),
            Kind::Scalar(_) if Bits::of(&node.value) == Bits::Elsewhere => Bits::Elsewhere,
            Kind::Scalar(_) => Bits::No("text"),
            Kind::Mapping { .. } => Bits::No("a mapping"),
            _ => Bits::No("a list"),
        };
        Some(Mode { of: key, bits, said: self.page.said(self.document, found) })
    }

    fn number(&self, of: Found, key: &str) -> Option<u64> {
        self.text(of, key)?.parse().ok()
    }

    fn flag(&self, of: Found, key: &str) -> Option<bool> {
        match self.text(of, key)? {
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    fn security(&self, of: Found) -> Security {
        let Some(context) = self.document.get(of, "securityContext") else { return Security::default() };
        let groups = self.list(context, "supplementalGroups");
        Security {
            run_as_user: self.number(context, "runAsUser"),
            run_as_group: self.number(context, "runAsGroup"),
            run_as_non_root: self.flag(context, "runAsNonRoot"),
            fs_group: self.number(context, "fsGroup"),
            supplemental_groups: groups
                .iter()
                .filter_map(|group| text_of(self.document, *group).parse().ok())
                .collect(),
        }
    }
}

/// The fields of a mount (Kubernetes API: `VolumeMount`).
pub(in crate::check) const MOUNT_FIELDS: [&str; 7] =
    ["name", "mountPath", "subPath", "subPathExpr", "readOnly", "mountPropagation", "recursiveReadOnly"];

/// What a volume may bring, but for Secrets (Kubernetes API: `VolumeSource`).
const VOLUME_SOURCES: [&str; 28] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// The variables whose values are judged, whatever they look like.
const JUDGED: [&str; 11] = [
    MANAGER,
    "LOG_STREAMING_SERVICE_URL",
    "TI_SERVICE_URL",
    "DELEGATE_CLIENT_CERTIFICATE_PATH",
    "DELEGATE_CLIENT_CERTIFICATE_KEY_PATH",
    "HARNESS_CLIENT_CERT_FILE",
    "HARNESS_CLIENT_KEY_FILE",
    "GRPC_AUTHORITY_MODIFICATION_DISABLED",
    "TRUST_ALL_CERTIFICATES",
    "ACCOUNT_ID",
    "HARNESS_ACCOUNT_ID",
];

/// URLs longer than this are not kept.
const LONGEST_URL: usize = 2048;

impl Value {
    /// The value of a variable; `None` is one without, which is empty.
    pub(super) fn read(document: &Document<'_>, found: Option<Found>, name: &str, page: &mut Page<'_>) -> Value {
        let text = found.map(|found| text_of(document, found)).unwrap_or_default();
        Value::of(text, name, || found.map(|found| page.of(document, found.node)))
    }

    /// The same for a text and its place; `None` is an empty value that stands nowhere.
    pub(super) fn of(text: &str, name: &str, at: impl FnOnce() -> Option<Spot>) -> Value {
        let is_judged = JUDGED.contains(&name);
        let is_url = text.contains("://") && text.len() <= LONGEST_URL;
        if !is_judged && !is_url {
            return Value::Other;
        }
        // expanded by Kubernetes, or by whatever comes before it (envsubst, Flux)
        if text.contains("$(") || text.contains("${") {
            return Value::Elsewhere;
        }
        at().map_or(Value::Nothing, |at| Value::Text(Said { text: text.to_owned(), at }))
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn a_mode_is_the_number_that_kubernetes_reads() {
        for (text, expected) in [
            ("0", Bits::Number(0)),
            ("0400", Bits::Number(256)),
            ("0o400", Bits::Number(256)),
            ("0x100", Bits::Number(256)),
            ("0b100", Bits::Number(4)),
            ("256", Bits::Number(256)),
            ("+256", Bits::Number(256)),
            ("2_56", Bits::Number(256)),
            ("256.0", Bits::Number(256)),
            ("-0400", Bits::Number(-256)),
            ("0888", Bits::Number(888)),
            ("99999999999999999999", Bits::Number(i64::MAX)),
            ("256.5", Bits::No("no whole number")),
            ("--1", Bits::No("text")),
            ("0x-1", Bits::No("text")),
            ("r--r--r--", Bits::No("text")),
            ("yes", Bits::No("text")),
            (".inf", Bits::No("text")),
            ("inf", Bits::No("text")),
            ("", Bits::No("text")),
            ("${MODE}", Bits::Elsewhere),
        ] {
            assert_eq!(Bits::of(text), expected, "{text}");
        }
    }
}
