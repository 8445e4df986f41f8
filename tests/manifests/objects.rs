//! The objects of a manifest, as data: those of delegates as the platform and its Helm chart make them, and others.

use super::choices::Choices;
use super::node::{Data, Form, Node, Role, bare, list, map, null, text};
use super::writer::{Style, embedded};
use super::{Delegate, Goal, Manifest, Obstacle, WayBack};

/// The lists that an edit may have to fill.
#[derive(Clone, Copy, PartialEq, Eq)]
enum There {
    Absent,
    Filled,
    Empty,
    Null,
}

/// The seven parts, as far as a manifest has them already.
#[derive(Clone, Copy, Default)]
struct Parts {
    certificate: bool,
    grpc: bool,
    mount: bool,
    volume: bool,
    placeholders: bool,
    config: bool,
}

pub(super) struct Objects<'c, 'b> {
    choices: &'c mut Choices<'b>,
    style: &'c Style,
    goal: Goal,
    obstacle: Option<Obstacle>,
    delegates: Vec<Delegate>,
    secrets: Vec<String>,
    back: WayBack,
    all: Vec<Node>,
}

const NAMES: [&str; 3] = ["acorn", "beech-2", "cedar"];
const BASES: [&str; 6] = [
    "https://app.harness.io",
    "https://app.harness.io/gratis",
    "https://app.harness.io/",
    "http://manager.example.com:9090/x",
    "PUT_YOUR_MANAGER_ENDPOINT",
    "https://app.harness.io/gratis/",
];

impl<'c, 'b> Objects<'c, 'b> {
    pub(super) fn choose(choices: &'c mut Choices<'b>, style: &'c Style) -> (Vec<Node>, Manifest) {
        let goal = match choices.below(10) {
            0..=5 => Goal { endpoint: true, upgrader: true, existing: false },
            6 => Goal { endpoint: false, upgrader: true, existing: false },
            7 => Goal { endpoint: true, upgrader: false, existing: false },
            8 => Goal { endpoint: true, upgrader: true, existing: true },
            _ => Goal { endpoint: false, upgrader: false, existing: true },
        };
        let obstacle = choices.chance(12).then(|| choices.one_of(&Obstacle::ALL));
        let (goal, obstacle) = match obstacle {
            Some(obstacle) if !style.json => (Goal::default(), Some(obstacle)),
            _ => (goal, None),
        };
        let count = choices.one_of(&[1, 1, 2, 3]);
        let (delegates, secrets, all) = (Vec::new(), Vec::new(), Vec::new());
        let mut objects = Objects { choices, style, goal, obstacle, delegates, secrets, back: WayBack::Bytes, all };
        let base = objects.choices.one_of(&BASES);
        for number in 0..count {
            objects.others();
            let base = if objects.choices.chance(5) { objects.choices.one_of(&BASES) } else { base };
            objects.delegate(number, base);
        }
        objects.others();
        objects.finish()
    }

    fn finish(mut self) -> (Vec<Node>, Manifest) {
        let bare = |base: &str| base.trim_end_matches('/').to_owned();
        let first = bare(&self.delegates[0].base);
        if self.delegates.iter().any(|delegate| bare(&delegate.base) != first) {
            self.back = WayBack::None;
        }
        let has_upgrader = self.delegates.iter().any(|delegate| delegate.upgrader.is_some());
        if self.style.json && self.goal.upgrader && has_upgrader {
            self.obstacle = Some(Obstacle::ConfigInJson);
        }
        let in_list = self.style.json || self.choices.chance(15);
        let documents = if in_list {
            self.all.retain(|object| object.data != Data::Null);
            let list = list(self.all).edited();
            vec![map([("apiVersion", text("v1")), ("kind", text("List")), ("items", list)]).edited()]
        } else {
            self.all
        };
        let manifest = Manifest {
            text: String::new(),
            documents: documents.iter().map(Node::value).collect(),
            delegates: self.delegates,
            secrets: self.secrets,
            goal: self.goal,
            obstacle: self.obstacle,
            back: self.back,
            crlf: self.style.crlf,
        };
        (documents, manifest)
    }

    /// A text that must never be shown.
    fn secret(&mut self, what: &str) -> Node {
        let secret = format!("{what}SECRET{:04}", self.secrets.len());
        self.secrets.push(secret.clone());
        text(secret)
    }

    fn labels(&mut self, name: &str) -> Node {
        let mut labels = vec![("harness.io/name", text(name))];
        if self.choices.chance(20) {
            labels.push(("app.kubernetes.io/part-of", text("ci")));
        }
        map(labels)
    }

    fn metadata(&mut self, name: &str, namespace: Option<&str>) -> Node {
        let mut metadata = vec![("name", text(name))];
        if let Some(namespace) = namespace {
            metadata.push(("namespace", text(namespace)));
        }
        if self.choices.chance(30) {
            let labels = self.labels(name);
            metadata.insert(0, ("labels", labels));
        }
        self.choices.shuffle(10, &mut metadata);
        map(metadata)
    }

    fn object(&mut self, version: &str, kind: &str, metadata: Node, rest: Vec<(&str, Node)>) -> Node {
        let mut entries = vec![("apiVersion", text(version)), ("kind", text(kind)), ("metadata", metadata)];
        entries.extend(rest);
        self.choices.shuffle(5, &mut entries);
        map(entries)
    }

    fn push(&mut self, version: &str, kind: &str, name: (&str, Option<&str>), rest: Vec<(&str, Node)>) {
        let metadata = self.metadata(name.0, name.1);
        let object = self.object(version, kind, metadata, rest);
        self.all.push(object);
    }

    /// Objects that have nothing to do with delegates, in the wildest styles.
    fn others(&mut self) {
        for _ in 0..self.choices.one_of(&[0, 1, 2]) {
            let number = self.all.len();
            let name = format!("other-{number}");
            let name = (name.as_str(), Some("elsewhere"));
            match self.choices.below(7) {
                0 => self.push("v1", "Namespace", (name.0, None), Vec::new()),
                1 => {
                    let script = self.choices.one_of(&[
                        "#!/bin/sh\nset -eu\n\n  echo \"$1\" # not a comment\n",
                        "one line",
                        "  leading blanks\nand --- no marker\n",
                        "\nfirst line blank\n\n\n",
                        "two lines\nwithout a last line end",
                        "key: [unfinished\n- list\n\n",
                        "words that a folded scalar may break at any of its blanks\n",
                    ]);
                    let data = map([("script.sh", text(script)), ("n", text("42")), ("empty", text(""))]);
                    self.push("v1", "ConfigMap", name, vec![("data", data)]);
                }
                2 => {
                    let defaults = || map([("cpu", text("1")), ("memory", text("1Gi"))]);
                    let limits = map([("<<", defaults().with(Role::Alias(number))), ("memory", text("2Gi"))]);
                    let spec = map([("hard", defaults().with(Role::Anchor(number))), ("limits", limits)]);
                    let spec = if self.style.json { map([("hard", defaults())]) } else { spec };
                    self.push("v1", "ResourceQuota", name, vec![("spec", spec)]);
                }
                3 => {
                    let subject = map([("kind", text("ServiceAccount")), ("name", text("default"))]);
                    let role = map([("apiGroup", text("rbac.authorization.k8s.io")), ("name", text("cluster-admin"))]);
                    let rest = vec![("subjects", list(vec![subject])), ("roleRef", role)];
                    self.push("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", (name.0, None), rest);
                }
                4 => {
                    let value = self.secret("b3RoZXI");
                    let data = map([("password", value.clone()), ("again", value)]);
                    self.push("v1", "Secret", name, vec![("data", data)]);
                }
                5 => {
                    let verbs = |all: &[&str]| list(all.iter().map(|verb| text(*verb)).collect());
                    let rule =
                        map([("apiGroups", verbs(&["", "apps"])), ("verbs", verbs(&["get", "it's", "\u{e4}:"]))]);
                    let nested = list(vec![list(vec![bare("1"), bare("true")]), list(Vec::new()), null()]);
                    let rest = vec![("rules", list(vec![rule])), ("x", nested), ("y", map::<&str>([])), ("z", null())];
                    self.push("rbac.authorization.k8s.io/v1", "Role", name, rest);
                }
                _ => self.all.push(null()),
            }
        }
    }

    fn there(&mut self) -> There {
        let there = self.choices.one_of(&[
            There::Absent,
            There::Absent,
            There::Absent,
            There::Absent,
            There::Filled,
            There::Filled,
            There::Filled,
            There::Empty,
            There::Null,
        ]);
        if matches!(there, There::Empty | There::Null) {
            self.back = self.back.min(WayBack::Values);
        }
        there
    }

    fn parts(&mut self) -> Parts {
        if self.obstacle.is_some() || self.goal.existing || !self.choices.chance(12) {
            return Parts::default();
        }
        self.back = WayBack::None;
        let mut part = || self.choices.chance(50);
        Parts { certificate: part(), grpc: part(), mount: part(), volume: part(), placeholders: part(), config: part() }
    }

    fn delegate(&mut self, number: usize, base: &str) {
        let name = NAMES[number];
        let namespace = self.choices.one_of(&[Some("trees"), Some("forest"), None]);
        let newer = self.choices.chance(30);
        let has_obstacle = number == 0 && self.obstacle.is_some();
        let obstacle = self.obstacle.filter(|_| has_obstacle);
        let parts = self.parts();
        let has_upgrader = self.choices.chance(60) || obstacle.is_some_and(Obstacle::needs_upgrader);
        let in_config_map = self.choices.chance(15) && obstacle.is_none();
        let mut delegate = Delegate {
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            newer,
            base: base.to_owned(),
            config_map: in_config_map.then(|| name.to_owned()),
            token: None,
            upgrader: None,
        };

        let token = match self.choices.below(4) {
            0 => None,
            1 => Some("fleet-token".to_owned() + name),
            _ => Some(format!("{name}-account-token")),
        };
        if let Some(token) = &token {
            let value = self.secret("dG9rZW4");
            let key = if newer { "HARNESS_DELEGATE_TOKEN" } else { "DELEGATE_TOKEN" };
            let part = if self.choices.chance(20) { "stringData" } else { "data" };
            self.push("v1", "Secret", (token, namespace), vec![("type", text("Opaque")), (part, map([(key, value)]))]);
            delegate.token = Some(token.clone());
        }
        if parts.placeholders {
            let placeholder = |of: &str| text(of).with(Role::Moved);
            let data = map([("client.crt", placeholder("{CERT}")), ("client.key", placeholder("{KEY}"))]);
            let name = format!("{name}-client-certificate");
            let data = data.edited();
            let metadata = self.metadata(&name, namespace);
            let object = self.object("v1", "Secret", metadata, vec![("type", text("Opaque")), ("data", data)]);
            self.all.push(object.edited());
        }
        let variables = self.variables(name, base, newer, parts, obstacle);
        if in_config_map {
            let entries: Vec<(String, Node)> = variables
                .iter()
                .map(|(name, value)| {
                    let value = value.clone().unwrap_or_else(|| text("0"));
                    let value = if value.data == Data::Null { text("") } else { value };
                    ((*name).to_owned(), value)
                })
                .collect();
            let data = map(entries).edited();
            let metadata = self.metadata(name, namespace);
            let object = self.object("v1", "ConfigMap", metadata, vec![("data", data)]);
            self.all.push(object.edited());
        }
        if self.choices.chance(30) {
            self.others();
        }
        self.deployment(&delegate, token.as_deref(), &variables, parts, obstacle);
        if has_upgrader {
            self.upgrader(&mut delegate, parts, obstacle);
        }
        self.delegates.push(delegate);
    }

    /// The variables of a delegate; `None` for one with a `valueFrom`.
    fn variables(
        &mut self,
        name: &str,
        base: &str,
        newer: bool,
        parts: Parts,
        obstacle: Option<Obstacle>,
    ) -> Vec<(&'static str, Option<Node>)> {
        let under = base.trim_end_matches('/');
        let moved = |text_: String| Some(text(text_).with(Role::Moved));
        let manager = match obstacle {
            Some(Obstacle::TaggedUrl) => Some(text(base).with(Role::Forced(Form::Tagged))),
            Some(Obstacle::BlockUrl) => Some(text(base).with(Role::Forced(Form::BlockScalar))),
            Some(Obstacle::ManagerFromElsewhere) => None,
            _ => moved(base.to_owned()),
        };
        let account = if newer { "HARNESS_ACCOUNT_ID" } else { "ACCOUNT_ID" };
        let mut all = vec![(account, Some(text("FAKE-ACCOUNT-0001"))), ("MANAGER_HOST_AND_PORT", manager)];
        let more: [(&str, Option<Node>); 11] = [
            ("DELEGATE_NAME", Some(text(name))),
            ("LOG_STREAMING_SERVICE_URL", moved(format!("{under}/log-service/"))),
            ("TI_SERVICE_URL", moved(format!("{under}/ti-service/a%20b"))),
            ("DELEGATE_NAMESPACE", None),
            ("NEXT_GEN", Some(text("true"))),
            ("INIT_SCRIPT", Some(text("set -eu\n  echo \"hello\" # not a comment\n\nexit 0\n"))),
            ("DESCRIPTION", Some(text(""))),
            ("OTHER_URL", Some(text(format!("{under}.example.com/")))),
            ("NOTHING", Some(null())),
            ("JAVA_OPTS", Some(text("-Xms64M -Dx=\"a b\" \u{e4}"))),
            ("PROXY_PASSWORD", Some(null())),
        ];
        for (name, value) in more {
            if self.choices.chance(40) {
                let value = if name == "PROXY_PASSWORD" { Some(self.secret("hunter")) } else { value };
                all.push((name, value));
            }
        }
        if parts.certificate {
            let name = if newer { "HARNESS_CLIENT_CERT_FILE" } else { "DELEGATE_CLIENT_CERTIFICATE_PATH" };
            all.push((name, Some(text("/etc/mtls/client.crt"))));
        }
        if parts.grpc && !newer {
            all.push(("GRPC_AUTHORITY_MODIFICATION_DISABLED", Some(text("true"))));
        }
        if obstacle == Some(Obstacle::OtherValue) {
            let name = if newer { "HARNESS_CLIENT_KEY_FILE" } else { "DELEGATE_CLIENT_CERTIFICATE_KEY_PATH" };
            all.push((name, Some(text("/etc/other/client.key"))));
        }
        if obstacle == Some(Obstacle::Legacy) {
            all.push(("WATCHER_STORAGE_URL", Some(text("https://storage.example.com"))));
        }
        self.choices.shuffle(30, &mut all);
        all
    }

    fn environment(&mut self, variables: &[(&'static str, Option<Node>)]) -> Node {
        let items = variables.iter().map(|(name, value)| {
            let value = match value {
                Some(value) => ("value", value.clone()),
                None => {
                    let field = map([("fieldRef", map([("fieldPath", text("metadata.namespace"))]))]);
                    ("valueFrom", field)
                }
            };
            let mut entries = vec![("name", text(*name)), value];
            self.choices.shuffle(10, &mut entries);
            map(entries).edited()
        });
        list(items.collect()).edited()
    }

    /// Puts a list of volumes or mounts into a pod or a container.
    fn put(
        &mut self,
        into: &mut Vec<(&str, Node)>,
        key: &'static str,
        (other, there): (Node, There),
        own: Option<Node>,
    ) {
        let mut items: Vec<Node> = own.into_iter().collect();
        if there == There::Filled {
            items.insert(self.choices.below(items.len() + 1), other);
        }
        match there {
            _ if !items.is_empty() => into.push((key, list(items).edited())),
            There::Empty => into.push((key, list(Vec::new()).edited())),
            There::Null => into.push((key, null().edited())),
            There::Absent | There::Filled => {}
        }
    }

    fn deployment(
        &mut self,
        delegate: &Delegate,
        token: Option<&str>,
        variables: &[(&'static str, Option<Node>)],
        parts: Parts,
        obstacle: Option<Obstacle>,
    ) {
        let name = delegate.name.as_str();
        let image = if delegate.newer { "example/delegate:3.3.1" } else { "registry.example.com/d:26.07.89707" };
        let mut container = vec![("image", text(image)), ("name", text("delegate"))];
        if self.choices.chance(30) {
            container.push(("ports", list(vec![map([("containerPort", bare("8080"))])])));
        }
        let mut from = Vec::new();
        if let Some(token) = token {
            from.push(map([("secretRef", map([("name", text(token))]))]));
        }
        if let Some(config_map) = &delegate.config_map {
            from.push(map([("configMapRef", map([("name", text(config_map))]))]));
        }
        if !from.is_empty() {
            container.push(("envFrom", list(from)));
        }
        if delegate.config_map.is_none() {
            let environment = self.environment(variables);
            container.push(("env", environment));
        } else if self.choices.chance(30) {
            let environment = self.environment(&[("MORE", Some(text("x")))]);
            container.push(("env", environment));
        }
        let own = |is: bool, node: Node| is.then_some(node);
        let mount = map([("name", text("client-certificate")), ("mountPath", text("/etc/mtls"))]);
        let other = map([("name", text("tmp")), ("mountPath", text("/tmp"))]);
        let taken = map([("name", text("tmp")), ("mountPath", text("/etc/mtls/x"))]);
        let mount = own(parts.mount, mount).or(own(obstacle == Some(Obstacle::PathTaken), taken));
        let mounts = self.there();
        self.put(&mut container, "volumeMounts", (other, mounts), mount);
        if self.choices.chance(30) {
            let resources = map([("limits", map([("cpu", text("0.5")), ("memory", text("2048Mi"))]))]);
            container.push(("resources", resources));
        }
        self.choices.shuffle(15, &mut container);

        let mut containers = vec![map(container).edited()];
        if self.choices.chance(20) {
            let env = list(vec![map([("name", text("ACCOUNT_ID")), ("value", text("FAKE-ACCOUNT-0001"))])]);
            let sidecar = map([("name", text("sidecar")), ("image", text("example/sidecar")), ("env", env)]);
            containers.insert(self.choices.below(2), sidecar);
        }
        let mut pod = vec![("restartPolicy", text("Always")), ("containers", list(containers).edited())];
        if self.choices.chance(15) {
            let init = map([("name", text("init")), ("image", text("example/init:1"))]);
            pod.insert(0, ("initContainers", list(vec![init])));
        }
        let secret = map([("secretName", text(format!("{name}-client-certificate")))]).edited();
        let volume = map([("name", text("client-certificate")), ("secret", secret)]).edited();
        let other = map([("name", text("tmp")), ("emptyDir", map::<&str>([]))]);
        // a mount has its volume
        let needed = mounts == There::Filled || obstacle == Some(Obstacle::PathTaken);
        let volumes = if needed { There::Filled } else { self.there() };
        self.put(&mut pod, "volumes", (other, volumes), own(parts.volume, volume));
        self.choices.shuffle(15, &mut pod);

        let labels = self.labels(name);
        let mut template = vec![("labels", labels.clone())];
        if self.choices.chance(30) {
            template.push(("annotations", map([("prometheus.io/scrape", text("true"))])));
        }
        let template = map([("metadata", map(template)), ("spec", map(pod).edited())]).edited();
        let mut spec = vec![("replicas", bare("1")), ("selector", map([("matchLabels", labels)]))];
        spec.push(("template", template));
        self.choices.shuffle(5, &mut spec);
        let metadata = self.metadata(name, delegate.namespace.as_deref());
        let kind = if obstacle == Some(Obstacle::LegacyKind) { "StatefulSet" } else { "Deployment" };
        let object = self.object("apps/v1", kind, metadata, vec![("spec", map(spec).edited())]);
        self.all.push(object.edited());
    }

    fn upgrader(&mut self, delegate: &mut Delegate, parts: Parts, obstacle: Option<Obstacle>) {
        let (name, namespace) = (delegate.name.clone(), delegate.namespace.clone());
        let namespace = namespace.as_deref();
        let config_name = format!("{name}-upgrader-config");
        let mut inner =
            vec![("accountId", text("FAKE-ACCOUNT-0001")), ("managerHost", text(&delegate.base).with(Role::Moved))];
        self.choices.shuffle(20, &mut inner);
        let mut config = vec![("mode", text("Delegate")), ("dryRun", bare("false")), ("workloadName", text(&name))];
        if parts.config {
            config.push(("clientCertificateFilePath", text("/etc/mtls/client.crt")));
        }
        if let Some(namespace) = namespace {
            config.push(("namespace", text(namespace)));
        }
        config.push(("delegateConfig", map(inner).edited()));
        if self.choices.chance(20) {
            config.push(("containerName", text("delegate")));
        }
        let file = embedded(self.choices, self.style, &map(config).edited());
        let role = match obstacle {
            Some(Obstacle::ConfigInQuotes) => Role::Forced(Form::DoubleQuoted),
            Some(Obstacle::ConfigFolded) => Role::Forced(Form::Folded),
            _ => Role::Literal,
        };
        let file = text(file).with(role);
        let mut data = vec![("config.yaml", file)];
        if self.choices.chance(20) {
            data.push(("more", text("x")));
        }
        self.choices.shuffle(30, &mut data);
        let metadata = self.metadata(&config_name, namespace);
        let object = self.object("v1", "ConfigMap", metadata, vec![("data", map(data).edited())]);
        let config_map = object.edited();

        let mount = map([("name", text("config-volume")), ("mountPath", text("/etc/config"))]);
        let mounts = ("volumeMounts", list(vec![mount]).edited());
        let mut container = vec![("image", text("example/upgrader:1.9.0")), ("name", text("upgrader")), mounts];
        self.choices.shuffle(15, &mut container);
        let volume = map([("name", text("config-volume")), ("configMap", map([("name", text(&config_name))]))]);
        let mut pod = vec![
            ("restartPolicy", text("Never")),
            ("containers", list(vec![map(container).edited()]).edited()),
            ("volumes", list(vec![volume]).edited()),
        ];
        self.choices.shuffle(15, &mut pod);
        let template = map([("spec", map(pod).edited())]).edited();
        let template = map([("spec", map([("template", template)]).edited())]).edited();
        let spec = map([("schedule", text("0 */1 * * *")), ("jobTemplate", template)]).edited();
        let job_name = format!("{name}-upgrader-job");
        let metadata = self.metadata(&job_name, namespace);
        let job = self.object("batch/v1", "CronJob", metadata, vec![("spec", spec)]).edited();

        if self.choices.chance(50) {
            let value = self.secret("dXBncmFkZXI");
            let token = format!("{name}-upgrader-token");
            self.push("v1", "Secret", (&token, namespace), vec![("data", map([("UPGRADER_TOKEN", value)]))]);
        }
        let has_job = obstacle.is_some() || !self.choices.chance(5);
        let mut both = vec![config_map];
        both.extend(has_job.then_some(job));
        self.choices.shuffle(20, &mut both);
        self.all.extend(both);
        delegate.upgrader = Some(has_job);
    }
}
