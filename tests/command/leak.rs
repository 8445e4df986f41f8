//! No secret leaves: every value of every Secret, every variable that is a secret by name and the key of the pair are
//! looked for in all that a command says. The manifest itself is the one thing that may hold them.

use std::fs;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::{Failed, Trial};

use delegate_mtls::{delegate, report, verify};

use crate::binary::{AT, Output, cases, fixture, quickstart, run};
use crate::folder::{Folder, claims, plain};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in ["inject", "refuse"] {
        for case in cases(kind) {
            let title = format!("leak: {kind}/{}", case.file_name().unwrap().display());
            trials.push(Trial::test(title, move || every_command(&case)));
        }
    }
    for case in cases("check") {
        let title = format!("leak: check/{}", case.file_name().unwrap().display());
        trials.push(Trial::test(title, move || checks(&case)));
    }
    trials.extend(claims(
        "leak",
        &[
            ("the watch finds what it looks for", watch_is_awake),
            ("values of every shape are masked", shapes),
            ("Secrets in odd shapes are masked", odd_shapes),
            ("the rest of a URL that moves stays masked", moved_url),
            ("values of every fixture are masked wherever a hunk may come to stand", whole_fixtures),
            ("secrets next to a syntax error are not quoted", syntax_errors),
            ("secrets in a refused place are not quoted", refusals),
            ("a key given for something else is not quoted", misplaced_key),
            ("a manifest given for a key is not quoted", misplaced_manifest),
            ("a damaged key is not quoted", damaged_key),
            ("an old pair that is replaced is not shown", old_pair),
            ("check shows no Secret of any shape", check_shapes),
            ("check does not quote secrets next to a syntax error", check_syntax_errors),
            ("check shows no key that is pasted where it does not belong", check_pasted_key),
        ],
    ));
    trials
}

/// What must not be seen.
struct Watch {
    words: Vec<String>,
    search: OnceLock<AhoCorasick>,
}

impl Watch {
    fn of(words: Vec<String>) -> Watch {
        Watch { words, search: OnceLock::new() }
    }

    /// The test pair's key: any 24 characters of a line of its body, and of its base64.
    fn of_key(pem: &[u8]) -> Watch {
        let text = std::str::from_utf8(pem).unwrap();
        let encoded = STANDARD.encode(pem);
        let body = text.lines().filter(|line| !line.starts_with("-----") && line.len() >= 24);
        let mut words: Vec<String> = body.flat_map(windows).collect();
        // `-----BEGIN` in base64 is no secret
        words.extend(windows(&encoded[40..encoded.len() - 40]));
        Watch::of(words)
    }

    fn and(mut self, canaries: &[String]) -> Watch {
        for canary in canaries {
            self.words.push(canary.clone());
            self.words.push(STANDARD.encode(canary).trim_end_matches('=').to_owned());
        }
        self
    }

    fn look(&self, what: &str, said: &[u8]) -> Result<(), Failed> {
        let said = String::from_utf8_lossy(said);
        let mut plain = String::new();
        // colours must not hide anything
        for (number, piece) in said.split("\u{1b}[").enumerate() {
            plain.push_str(if number == 0 { piece } else { piece.split_once('m').map_or(piece, |(_, rest)| rest) });
        }
        let search = self.search.get_or_init(|| AhoCorasick::new(&self.words).unwrap());
        match search.find(&plain).map(|found| &self.words[found.pattern()]) {
            None => Ok(()),
            Some(word) => {
                let line = plain.lines().find(|line| line.contains(word.as_str())).unwrap_or_default();
                Err(format!("{what}: `{word}` is shown: {line}").into())
            }
        }
    }

    #[track_caller]
    fn sees_nothing(&self, what: &str, output: &Output) {
        for said in [&output.stdout, output.stderr.as_bytes()] {
            if let Err(failed) = self.look(what, said) {
                panic!("{}", failed.message().unwrap_or_default());
            }
        }
    }
}

/// Every third stretch of 24 characters: a stretch of 27 that is shown is found.
fn windows(line: &str) -> Vec<String> {
    (0..=line.len().saturating_sub(24)).step_by(3).map(|at| line[at..at + 24].to_owned()).collect()
}

/// The manifest with a canary for every value under `data` or `stringData` of a Secret in block style, and for every
/// variable that is a secret by name; and the canaries. Values that hold the pair or its placeholders stay.
fn with_canaries(manifest: &str) -> (String, Vec<String>) {
    let mut canaries = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let mut canary = || {
        canaries.push(format!("CANARY{:02}zQ7xK9vM2pL4wN8sR1tY6uB3", canaries.len()));
        // long enough, and base64
        canaries.last().unwrap().clone()
    };
    let mut secret = false;
    let mut data: Option<usize> = None;
    let mut named_secret = false;
    for line in manifest.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let trimmed = content.trim_start_matches([' ', '-']);
        let column = content.len() - trimmed.len();
        if content.starts_with("---") {
            (secret, data, named_secret) = (false, None, false);
        }
        if trimmed.starts_with("kind: ") {
            secret = trimmed.starts_with("kind: Secret");
        }
        if data.is_some_and(|data| column <= data) && !trimmed.is_empty() {
            data = None;
        }
        let value = trimmed.split_once(": ").filter(|(name, value)| {
            let in_data = data.is_some() && !name.starts_with('#');
            (in_data || (named_secret && *name == "value")) && !value.starts_with(['|', '>', '&', '*', '!', '{', '['])
        });
        match value {
            Some((name, value)) if !value.contains("LS0t") && !value.contains("{CERT}") && !value.contains("{KEY}") => {
                let end = &line[content.len()..];
                lines.push(format!("{}{name}: {}{end}", &content[..column], canary()));
            }
            _ => lines.push(line.to_owned()),
        }
        if secret && (trimmed == "data:" || trimmed == "stringData:") {
            data = Some(column);
        }
        if let Some(name) = trimmed.strip_prefix("name: ") {
            named_secret = ["TOKEN", "PASSWORD", "SECRET"].iter().any(|word| name.contains(word));
        }
    }
    (lines.concat(), canaries)
}

fn every_command(case: &Path) -> Result<(), Failed> {
    let manifest = String::from_utf8(fixture(&case.join("input.yaml"))).unwrap();
    let (manifest, canaries) = with_canaries(&manifest);
    let watch = Watch::of_key(&fs::read(quickstart("client.key")).unwrap()).and(&canaries);
    let arguments = crate::binary::arguments(case).join(" ").replace("--endpoint https://acme.harness.io:8443", "");
    let endpoint = if arguments.contains("--endpoint") { "" } else { "TO" };
    let folder = Folder::new();
    for (line, stdout_is_manifest) in [
        ("inject PAIR ENDPOINT ARGS in.yaml", true),
        ("inject PAIR ARGS -q in.yaml", true),
        ("inject PAIR ENDPOINT ARGS -i in.yaml", false),
        ("inject PAIR ENDPOINT ARGS -o out.yaml in.yaml", false),
        ("inject PAIR ENDPOINT ARGS --check in.yaml", false),
        ("inject PAIR ENDPOINT SECRET in.yaml", true),
        ("diff PAIR ENDPOINT ARGS in.yaml", false),
        ("remove --endpoint https://app.harness.io in.yaml", true),
        ("remove -i in.yaml", false),
        ("check CHECK in.yaml", false),
        // of what inject wrote
        ("check CHECK out.yaml", false),
        ("remove --check out.yaml", false),
        ("diff --existing-secret other ENDPOINT out.yaml", false),
    ] {
        if line.contains("SECRET") && arguments.contains("--existing-secret")
            || arguments.contains("--delegate") && line.contains("other")
        {
            continue;
        }
        folder.write("in.yaml", &manifest);
        if line.ends_with("out.yaml") && !line.contains("-o") && !folder.path("out.yaml").exists() {
            continue;
        }
        if line.contains("CHECK") {
            reports(&FORMATS[..2], &folder, &line.replace("check CHECK ", ""), &watch)?;
            continue;
        }
        let line = line.replace("SECRET", "ARGS --secret-output secret.yaml").replace("ARGS", &arguments);
        let line = format!("{} --color always", line.replace("ENDPOINT", endpoint));
        let output = run(folder.command(&line).env("RUST_BACKTRACE", "1"), b"");
        watch.look(&line, output.stderr.as_bytes())?;
        if !stdout_is_manifest {
            watch.look(&line, &output.stdout)?;
        }
        if output.stderr.contains("panicked") || output.stderr.contains("internal error") {
            return Err(format!("{line}: {}", output.stderr).into());
        }
    }
    Ok(())
}

/// The human one and JSON show all that there is; the others are made of the same.
const FORMATS: [&str; 6] = ["human", "json", "github", "sarif", "gitlab", "junit"];

/// All keys that fixtures of `check` may hold.
static KEYS: LazyLock<Watch> = LazyLock::new(|| {
    let words = crate::check::keys().flat_map(|key| Watch::of_key(key).words).collect();
    let watch = Watch::of(words);
    assert!(watch.words.len() > 1000, "{}", watch.words.len());
    watch
});

/// All reports that `check` writes about the files, with every rule on and as many findings as there can be.
fn reports(formats: &[&str], folder: &Folder, files: &str, watch: &Watch) -> Result<(), Failed> {
    for format in formats {
        for options in ["--ca ca.crt", "--only inline-private-key"] {
            let line = format!(
                "check --color always --format {format} --mode strict --at {AT} --rule inline-private-key=error \
                 --output report {options} {files}"
            );
            let output = run(folder.command(&line).env("RUST_BACKTRACE", "1"), b"");
            watch.look(&line, output.stderr.as_bytes())?;
            watch.look(&line, &output.stdout)?;
            watch.look(&line, &folder.read("report"))?;
            if output.stderr.contains("panicked") {
                return Err(format!("{line}: {}", output.stderr).into());
            }
        }
    }
    Ok(())
}

/// What the fixtures of `check` hold, and one that is asked for in another way than by its own command.
fn checks(case: &Path) -> Result<(), Failed> {
    let folder = Folder::new();
    std::fs::remove_file(folder.path("client.key")).unwrap();
    crate::check::fill(case, &folder);
    reports(&FORMATS, &folder, ".", &KEYS)
}

fn check_shapes() {
    let folder = Folder::new();
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    let manifest = String::from_utf8(plain()).unwrap();
    let words = "# MANAGER_HOST_AND_PORT\n";
    for shape in ODD_SHAPES.into_iter().chain([SHAPES]) {
        for text in [format!("{words}{shape}"), format!("{manifest}---\n{shape}").replace('\n', "\r\n")] {
            folder.write("in.yaml", text);
            reports(&FORMATS[..2], &folder, "in.yaml", &watch)
                .unwrap_or_else(|failed| panic!("{:?}", failed.message()));
        }
    }
}

fn check_syntax_errors() {
    let folder = Folder::new();
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    let lines: Vec<&str> = SHAPES.lines().collect();
    let mut unreadable = 0;
    for broken in BROKEN {
        for at in (0..lines.len()).step_by(9) {
            let mut text = lines.clone();
            text.insert(at, broken);
            let output = folder.pipe("check --mode strict", text.join("\n").as_bytes());
            unreadable += usize::from(output.code == 2);
            watch.sees_nothing(&format!("{broken:?} as line {}", at + 1), &output);
        }
    }
    assert!(unreadable > 50, "{unreadable}");
}

fn check_pasted_key() {
    let folder = Folder::new();
    let key = String::from_utf8(folder.read("client.key")).unwrap();
    let watch = Watch::of_key(key.as_bytes());
    let manifest = String::from_utf8(crate::folder::injected()).unwrap();
    let quoted = format!("\"{}\"", key.replace('\n', "\\n"));
    let block = format!("|\n            {}", key.trim_end().replace('\n', "\n            "));
    let encoded = STANDARD.encode(&key);
    for value in [quoted, block, encoded] {
        for place in [
            "/etc/mtls/client.crt\"",
            "/etc/mtls/client.key\"",
            "https://acme.harness.io:8443\n",
            "FAKE-ACCOUNT-0001\n",
            "delegate\n",
        ] {
            let at = manifest.find(place).unwrap_or_else(|| panic!("{place}"));
            let start = manifest[..at].rfind(": ").unwrap() + 2;
            let end = at + manifest[at..].find('\n').unwrap();
            let text = format!("{}{value}{}", &manifest[..start], &manifest[end..]);
            folder.write("in.yaml", text);
            reports(&FORMATS[..2], &folder, "in.yaml", &watch)
                .unwrap_or_else(|failed| panic!("{:?}", failed.message()));
        }
    }
}

/// Without this, a watch that sees nothing would prove nothing above.
fn watch_is_awake() {
    let (manifest, canaries) = with_canaries(&String::from_utf8(plain()).unwrap());
    assert_eq!(canaries.len(), 1);
    let key = fs::read(quickstart("client.key")).unwrap();
    let watch = Watch::of_key(&key).and(&canaries);
    assert!(watch.look("", manifest.as_bytes()).is_err());
    assert!(watch.look("", &plain()).is_ok());
    assert!(watch.look("", &key).is_err());
    assert!(watch.look("", &crate::folder::injected()).is_err());
    let encoded = STANDARD.encode(&key);
    assert!(watch.look("", &encoded.as_bytes()[200..230]).is_err());
    // and the commands are ones in which Secrets come near
    let folder = Folder::new();
    folder.write("delegate.yaml", &manifest);
    assert!(folder.run("inject PAIR TO delegate.yaml").ended_with(0).stdout().contains(&canaries[0]));
    let mut seen = 0;
    for case in cases("inject") {
        let input = String::from_utf8(fixture(&case.join("input.yaml"))).unwrap();
        seen += with_canaries(&input).1.len();
    }
    assert!(seen > 60, "{seen} canaries in all fixtures");
}

/// A manifest in which everything is a secret.
const SHAPES: &str = r#"apiVersion: v1
kind: Secret
metadata:
  name: acorn-account-token
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","data":{"DELEGATE_TOKEN":"CANARY-applied"},"kind":"Secret"}
    copy: &anchor CANARY-anchored
type: Opaque
data:
  DELEGATE_TOKEN: "CANARY-quoted"
  single: 'CANARY-single'
  plain: CANARY-plain
  aliased: *anchor
  flow: {a: CANARY-flow}
  list:
  - CANARY-list
  block: |
    CANARY-block-1

    CANARY-block-2
  folded: >-
    CANARY-folded-1
    CANARY-folded-2
  long: "CANARY-long-1
    CANARY-long-2"
  wide: CANARY-wide-1
    CANARY-wide-2
  ? complex
  : CANARY-complex
  tagged: !!str CANARY-tagged
  # DELEGATE_TOKEN: CANARY-comment
stringData: {TOKEN: CANARY-string, "x": "CANARY-json"}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {name: x}
  stringData:
    x: CANARY-item
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: acorn
spec:
  template:
    spec:
      initContainers:
      - name: init
        env:
        - {name: INIT_PASSWORD, value: CANARY-init}
      containers:
      - name: sidecar
        env:
        - value: CANARY-before-its-name
          name: SIDECAR_TOKEN
      - image: registry.example.com/delegate:26.07.89707
        name: delegate
        command: ["sh", "-c", "x --password=CANARY-command"]
        envFrom:
        - secretRef: {name: acorn-account-token}
        env:
        - name: PROXY_PASSWORD
          value: |
            CANARY-env-block
        - name: ACCOUNT_ID
          value: x
        - name: MANAGER_HOST_AND_PORT
          value: https://app.harness.io
        - name: DELEGATE_TOKEN
          value: CANARY-env
        - name: HTTPS_PROXY
          value: http://me:CANARY-user-info@proxy:3128
        - name: JAVA_OPTS
          value: "-Dhttps.proxyPassword=CANARY-java -Xmx1g"
        - {name: WEBHOOK_SECRET, value: "https://app.harness.io/CANARY-moved"}
        # - name: OLD_TOKEN
        #   value: CANARY-commented-env
"#;

fn shapes() {
    let folder = Folder::new();
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    if let Err(failed) = watch.look("the whole text", &deleted(SHAPES)) {
        panic!("{}", failed.message().unwrap_or_default());
    }
    folder.write("in.yaml", SHAPES);
    let output = folder.run("diff PAIR TO in.yaml").ended_with(1);
    watch.sees_nothing("diff", &output);
    let crlf = SHAPES.replace('\n', "\r\n");
    folder.write("in.yaml", &crlf);
    watch.sees_nothing("diff CRLF", &folder.run("diff PAIR TO in.yaml").ended_with(1));
    // here the Secret is edited itself: it is the pair's
    let filled = SHAPES.replace("acorn-account-token", "acorn-client-certificate");
    for key in ["DELEGATE_TOKEN: \"", "plain: ", "single: '"] {
        let replaced =
            if key.contains("DELEGATE") { key.replace("DELEGATE_TOKEN", "client.key") } else { key.to_owned() };
        folder.write("in.yaml", filled.replace(key, &replaced));
        let output = folder.run("diff PAIR TO in.yaml");
        watch.sees_nothing("diff of the pair's Secret", &output);
    }
}

/// Each is a document, or part of one, of its own.
const ODD_SHAPES: [&str; 23] = [
    "kind: Secret\ndata:\n  a: CANARY\ndata:\n  b: x\n",
    "kind: Secret\nx: &a CANARY\ndata: {c: *a}\n",
    "kind: Secret\nmetadata: {x: &m {a: CANARY}}\ndata: {<<: *m}\n",
    "kind: Secret\ndata: [CANARY]\n",
    "kind: Secret\ndata: CANARY\n",
    "kind: Secret\ndata: {CANARY}\n",
    "kind: Secret\nkind: ConfigMap\ndata: {a: CANARY}\n",
    "kind: ConfigMap\nkind: Secret\ndata: {a: CANARY}\n",
    "kind: |\n  Secret\ndata: {a: CANARY}\n",
    "kind: Secret\nmetadata: {annotations: {a: CANARY}}\n",
    "kind: Secret # CANARY\n# CANARY\ndata: {}\n  # CANARY\n",
    "kind: SecretList\nitems:\n- data: {a: CANARY}\n",
    "kind: X\nmetadata:\n  annotations:\n    a: '{\"kind\":\"Secret\",\"data\":{\"a\":\"CANARY\"}}'\n",
    "kind: X\n# - name: A_TOKEN\n#   value: CANARY\n",
    "kind: X\na_token: 'x' # CANARY\n",
    "kind: Pod\nspec:\n  containers:\n  - env:\n    - name: A_TOKEN\n      value: x # CANARY\n",
    "kind: X\nx: \"-Dtoken=\\\"a CANARY\\\"\"\n",
    "kind: X\nargs: [--password, CANARY]\n",
    "kind: X\nargs:\n- --password\n- CANARY\n",
    "kind: X\nargs: curl -u me:CANARY http://me:CANARY/@x\n",
    "kind: X\nproxy: me:CANARY@proxy:3128\n",
    "kind: X\nTOKEN_FILE: CANARY\nPROXY_PASS: CANARY\njwt: CANARY\n",
    "kind: ConfigMap\ndata:\n  a: |\n    -----BEGIN PRIVATE KEY-----\n    CANARY\n",
];

fn odd_shapes() {
    let folder = Folder::new();
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    let manifest = String::from_utf8(plain()).unwrap();
    for shape in ODD_SHAPES {
        for shape in [shape.to_owned(), shape.replace('\n', "\r\n")] {
            if let Err(failed) = watch.look(&format!("{shape:?}"), &deleted(&shape)) {
                panic!("{}", failed.message().unwrap_or_default());
            }
        }
        folder.write("in.yaml", format!("{shape}---\n{manifest}---\n{shape}"));
        watch.sees_nothing(shape, &folder.run("diff PAIR TO in.yaml").ended_with(1));
    }
}

fn moved_url() {
    let folder = Folder::new();
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    let manifest = String::from_utf8(plain()).unwrap();
    for value in
        ["https://app.harness.io/t/CANARY", "'https://app.harness.io/t/CANARY'", "\"https://app.harness.io/t/CANARY\""]
    {
        let manifest = manifest.replace(
            "- name: DELEGATE_TAGS\n",
            &format!("- name: TOKEN_SERVICE\n          value: {value}\n        - name: DELEGATE_TAGS\n"),
        );
        assert!(manifest.contains("CANARY"));
        let output = folder.pipe("diff PAIR TO ", manifest.as_bytes()).ended_with(1);
        watch.sees_nothing(value, &output);
    }
}

/// The diff of a text that goes away as a whole, so that it shows every line.
fn deleted(text: &str) -> Vec<u8> {
    let Ok(index) = delegate::Stream::new(text).and_then(|stream| delegate::read(&stream)) else { return Vec::new() };
    let change = report::Change {
        name: "x",
        old: text,
        old_masks: &index.masks,
        new: "",
        new_masks: &[],
        regions: &[verify::Region { old: 0..text.len(), new: 0..0 }],
    };
    let mut out = Vec::new();
    report::write_diff(&mut out, &change).unwrap();
    assert!(String::from_utf8_lossy(&out).lines().count() >= text.lines().count());
    out
}

fn whole_fixtures() {
    for case in cases("inject").into_iter().chain(cases("refuse")) {
        let (manifest, canaries) = with_canaries(&String::from_utf8(fixture(&case.join("input.yaml"))).unwrap());
        let watch = Watch::of_key(&fs::read(quickstart("client.key")).unwrap()).and(&canaries);
        for manifest in [manifest.replace('\n', "\r\n"), manifest] {
            if let Err(failed) = watch.look(&case.display().to_string(), &deleted(&manifest)) {
                panic!("{}", failed.message().unwrap_or_default());
            }
        }
    }
}

/// Lines that break a manifest, or may.
const BROKEN: [&str; 17] = [
    "CANARY: [",
    "}",
    "\tCANARY",
    "  - CANARY: \"",
    "*CANARY",
    "CANARY CANARY",
    "&CANARY *CANARY",
    "!<CANARY",
    "@CANARY",
    "%CANARY",
    "\"CANARY\" CANARY",
    "  CANARY: 'x' CANARY",
    "? [CANARY",
    "CANARY: a: b",
    "\"\\CANARY\"",
    "!CANARY!x y",
    "DELEGATE_TOKEN: CANARY\nDELEGATE_TOKEN: CANARY",
];

fn syntax_errors() {
    let folder = Folder::new();
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    let lines: Vec<&str> = SHAPES.lines().collect();
    let mut refused = 0;
    for broken in BROKEN {
        for at in (0..lines.len()).step_by(3) {
            let mut text = lines.clone();
            text.insert(at, broken);
            let text = text.join("\n");
            let output = folder.pipe("diff PAIR TO ", text.as_bytes());
            refused += usize::from(output.code == 2);
            watch.sees_nothing(&format!("{broken:?} as line {}", at + 1), &output);
        }
    }
    assert!(refused > 200, "{refused}");
}

fn refusals() {
    let folder = Folder::new();
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    let manifest = String::from_utf8(plain()).unwrap();
    for (old, new) in [
        // a manager URL with a password
        ("value: https://app.harness.io\n", "value: https://me:CANARY@app.harness.io\n"),
        ("value: https://app.harness.io\n", "value: https://app.harness.io?token=CANARY\n"),
        ("value: https://app.harness.io\n", "value: ftp://me:CANARY@app.harness.io/\n"),
        (
            "value: \"acorn,linux-amd64\"\n",
            "value: x\n        - name: LOG_STREAMING_SERVICE_URL\n          value: https://me:CANARY@logs\n",
        ),
        // variables and keys of ours with other values
        (
            "- name: DELEGATE_TAGS\n          value: \"acorn,linux-amd64\"\n",
            "- name: DELEGATE_CLIENT_CERTIFICATE_KEY_PATH\n          value: CANARY\n",
        ),
        ("DELEGATE_TOKEN: \"", "DELEGATE_TOKEN: \"CANARY\"\n  DELEGATE_TOKEN: \""),
        // a key that stands twice
        ("    metadata:\n", "    x: {CANARY, CANARY}\n    metadata:\n"),
    ] {
        assert!(manifest.contains(old), "{old}");
        let manifest = manifest.replace(old, new).replace("bm90", "CANARY");
        for line in ["diff PAIR TO ", "diff PAIR", "remove --check", "remove --check --endpoint https://x"] {
            watch.sees_nothing(&format!("{new} {line}"), &folder.pipe(line, manifest.as_bytes()));
        }
    }
    // the upgrader's manager
    let manifest = fs::read_to_string(quickstart("harness-delegate.yaml")).unwrap();
    let manifest = manifest.replace("managerHost: https://app", "managerHost: https://me:CANARY@app");
    watch.sees_nothing("managerHost", &folder.pipe("diff PAIR TO ", manifest.as_bytes()).ended_with(2));
}

fn misplaced_key() {
    let folder = Folder::new();
    let watch = Watch::of_key(&folder.read("client.key"));
    for line in [
        "inject TO --cert client.key --key client.key --ca ca.crt delegate.yaml",
        "inject TO --cert client.key --key client.crt --ca ca.crt delegate.yaml",
        "inject TO --cert client.crt --key client.key --ca client.key delegate.yaml",
        "inject PAIR TO client.key",
        "inject PAIR TO -i client.key",
        "remove client.key",
        "inject PAIR TO --secret-output client.key delegate.yaml",
    ] {
        let output = run(folder.command(line).env("RUST_BACKTRACE", "1"), b"").ended_with(2);
        watch.sees_nothing(line, &output);
    }
    watch.sees_nothing("stdin", &folder.pipe("inject PAIR TO ", &folder.read("client.key")).ended_with(2));
}

fn misplaced_manifest() {
    let folder = Folder::new();
    folder.write("in.yaml", SHAPES);
    let watch = Watch::of(vec!["CANARY".to_owned()]);
    for line in [
        "inject TO --cert client.crt --key in.yaml --ca ca.crt delegate.yaml",
        "inject TO --cert in.yaml --key client.key --ca ca.crt delegate.yaml",
        "inject TO --cert client.crt --key client.key --ca in.yaml delegate.yaml",
        "inject PAIR TO --secret-output in.yaml delegate.yaml",
    ] {
        watch.sees_nothing(line, &run(folder.command(line).env("RUST_BACKTRACE", "1"), b"").ended_with(2));
    }
}

fn damaged_key() {
    let folder = Folder::new();
    let key = String::from_utf8(folder.read("client.key")).unwrap();
    let watch = Watch::of_key(key.as_bytes());
    let lines: Vec<&str> = key.lines().collect();
    let damaged = [
        lines[..9].join("\n"),
        lines[9..].join("\n"),
        lines[1..].join("\n"),
        lines[1..lines.len() - 1].join("\n"),
        key.replace("-----END PRIVATE", "-----END RSA PRIVATE"),
        key.replace("-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY "),
        key.replace("-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"),
        key.replacen('M', "$", 1),
        key.replace('\n', "\\n"),
        STANDARD.encode(&key),
        format!("key: {}", lines[1..].join("")),
        key.replace("PRIVATE KEY", "CERTIFICATE"),
        key.chars().rev().collect(),
        format!("\u{feff}{key}"),
        format!("{key}\0"),
    ];
    for (number, damaged) in damaged.iter().enumerate() {
        folder.write("damaged.key", damaged);
        for line in [
            "inject TO --cert client.crt --key damaged.key --ca ca.crt delegate.yaml",
            "inject TO --cert damaged.key --key client.key --ca ca.crt delegate.yaml",
            "inject TO --cert client.crt --key client.key --ca damaged.key delegate.yaml",
        ] {
            watch.sees_nothing(
                &format!("{number}: {line}"),
                &run(folder.command(line).env("RUST_BACKTRACE", "1"), b"").ended_with(2),
            );
        }
    }
}

fn old_pair() {
    let folder = Folder::new();
    folder.write("delegate.yaml", crate::folder::injected());
    let old = Watch::of_key(&folder.read("client.key"));
    crate::pair::write_other_pair(&folder);
    let new = Watch::of_key(&folder.read("client.key"));
    for line in
        ["diff PAIR TO delegate.yaml", "inject PAIR TO --check delegate.yaml", "inject PAIR TO -i delegate.yaml"]
    {
        let output = folder.run(line);
        assert!(output.code != 2, "{}", output.stderr);
        old.sees_nothing(line, &output);
        new.sees_nothing(line, &output);
    }
}
