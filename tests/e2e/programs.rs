//! One function per program. Each runs with a fixed environment, and panics with its name when it is missing.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What a program did.
pub(crate) struct Run {
    pub(crate) program: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("UTF-8 on standard output")
    }

    /// Itself, when it ended with this exit code; else the test ends with what the program said.
    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "{} should end with {code}; it said:\n{}{}",
            self.program,
            String::from_utf8_lossy(&self.stdout),
            self.stderr
        );
        self
    }
}

/// The command under test, in the directory `here`.
pub(crate) fn delegate_mtls<A: AsRef<OsStr>>(args: &[A], stdin: &[u8], here: &Path) -> Run {
    run(command_under_test(args, here), stdin)
}

/// The command under test before it is started, for tests that hold its streams themselves.
pub(crate) fn command_under_test<A: AsRef<OsStr>>(args: &[A], here: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delegate-mtls"));
    command.args(args).current_dir(here).env_clear().envs([
        ("PATH", "/usr/bin:/bin"),
        ("NO_COLOR", "1"),
        ("TZ", "UTC"),
        ("LC_ALL", "C.UTF-8"),
    ]);
    command
}

pub(crate) fn openssl<A: AsRef<OsStr>>(args: &[A], here: &Path) -> Run {
    run(other("openssl", args, here), b"")
}

/// JSON documents against a JSON Schema; the first one that does not follow it is named, with the place.
pub(crate) fn jsonschema(schema: &Path, documents: &[PathBuf]) -> Run {
    const JUDGE: &str = "
import json, sys
from jsonschema import Draft202012Validator as Validator
schema, *documents = sys.argv[1:]
schema = json.load(open(schema))
Validator.check_schema(schema)
for path in documents:
    for error in Validator(schema).iter_errors(json.load(open(path))):
        sys.exit(f'{path}: {error.json_path}: {error.message}')
print(f'{len(documents)} documents follow the schema')
";
    let args = ["-c".as_ref(), JUDGE.as_ref(), schema.as_os_str()];
    let documents = documents.iter().map(|path| path.as_os_str());
    run(other("python", &args.into_iter().chain(documents).collect::<Vec<&OsStr>>(), Path::new(".")), b"")
}

/// Whether `result` is, as data, what Helm's `--set` makes of `values`: `mTLS.secretName` and `managerEndpoint` behind the
/// keys of `prefix`. Ends with 1 where it is not.
pub(crate) fn helm_set(values: &[u8], prefix: &str, result: &[u8]) -> Run {
    const SETTER: &str = "
import sys, yaml
wanted, result = (yaml.safe_load(open(path, 'rb')) for path in sys.argv[1:3])
for path, value in (sys.argv[3] + 'mTLS.secretName', 'fleet-mtls'), (sys.argv[3] + 'managerEndpoint', sys.argv[4]):
    *way, last = path.split('.')
    here = wanted
    for key in way:
        if not isinstance(here.get(key), dict):
            here[key] = {}
        here = here[key]
    here[last] = value
if wanted != result:
    sys.exit(f'should be {wanted}\\nbut is    {result}')
";
    let dir = TempDir::new().unwrap();
    let (before, after) = (dir.path().join("before"), dir.path().join("after"));
    std::fs::write(&before, values).unwrap();
    std::fs::write(&after, result).unwrap();
    let endpoint = crate::fixtures::ENDPOINT.as_ref();
    let args: [&OsStr; 6] =
        ["-c".as_ref(), SETTER.as_ref(), before.as_ref(), after.as_ref(), prefix.as_ref(), endpoint];
    run(other("python", &args, Path::new(".")), b"")
}

/// A configuration file of a CI service against the schema of that name that check-jsonschema brings along.
pub(crate) fn check_jsonschema(schema: &str, file: &Path) -> Run {
    let args = [OsStr::new("--builtin-schema"), schema.as_ref(), file.as_os_str()];
    run(other("check-jsonschema", &args, Path::new(".")), b"")
}

/// A SARIF log against its schema, the rules of its standard, and those of GitHub's code scanning. It ends with 0 whatever
/// it finds, so its complaints are handed back, a line each.
pub(crate) fn sarif_complaints(log: &Path) -> Vec<String> {
    let args: [&OsStr; 4] = ["validate".as_ref(), log.as_ref(), "--rule-kind".as_ref(), "Sarif;Ghas".as_ref()];
    let mut command = other("Sarif.Multitool", &args, Path::new("."));
    // without ICU; and one of its rules looks for the schema on the network, which must not be asked
    command.envs([("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"), ("https_proxy", "http://127.0.0.1:9")]);
    let run = run(command, b"").ended_with(0);
    let said: Vec<&str> = run.text().lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(said.contains(&"Done. 1 files scanned."), "{}\n{}", run.text(), run.stderr);
    let told = |line: &&str| line.contains(": error ") || line.contains(": warning ");
    said.into_iter().filter(told).map(str::to_owned).collect()
}

/// Reads JUnit reports as XML; ends with 1 at the first one whose totals are not those of its tests, or with two tests of
/// one name in a suite. Prints a line per test: suite, name and how it ended, with tabs between.
pub(crate) fn junit(report: &Path) -> Run {
    const READER: &str = "
import sys
from xml.etree import ElementTree
root = ElementTree.parse(sys.argv[1]).getroot()
def judge(element, cases):
    said = tuple(int(element.get(key)) for key in ('tests', 'failures', 'errors'))
    found = len(cases), sum(c.find('failure') is not None for c in cases), sum(c.find('error') is not None for c in cases)
    if said != found:
        sys.exit(f'{element.attrib}: {said} should be {found}')
judge(root, root.findall('testsuite/testcase'))
for suite in root:
    cases = suite.findall('testcase')
    judge(suite, cases)
    if len({case.get('name') for case in cases}) != len(cases):
        sys.exit(f'{suite.attrib}: two tests of one name')
    for case in cases:
        said = [e.get('type') and f'{e.tag} {e.get(\"type\")}' or e.tag for e in case] or ['passed']
        print(repr(suite.get('name')), repr(case.get('name')), *said, sep='\\t')
";
    let args: [&OsStr; 3] = ["-c".as_ref(), READER.as_ref(), report.as_ref()];
    run(other("python", &args, Path::new(".")), b"")
}

/// A server: it ends with the thread that started it, however that ends.
pub(crate) fn server<A: AsRef<OsStr>>(program: &str, args: &[A], here: &Path) -> Command {
    let mut command = other("setpriv", &["--pdeathsig", "KILL", "--", program], here);
    // Debian keeps servers where a user's PATH does not look
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    command.args(args).env("PATH", path);
    command
}

pub(crate) fn git<A: AsRef<OsStr>>(args: &[A], here: &Path) -> Run {
    run(git_command(args, here), b"")
}

/// Git without the settings of the person who runs this. It starts hooks, so it is given what they need.
pub(crate) fn git_command<A: AsRef<OsStr>>(args: &[A], here: &Path) -> Command {
    let mut command = other("git", args, here);
    command.envs([
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "A Person"),
        ("GIT_AUTHOR_EMAIL", "person@example.com"),
        ("GIT_COMMITTER_NAME", "A Person"),
        ("GIT_COMMITTER_EMAIL", "person@example.com"),
        // names as they are, not as octal numbers
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "core.quotePath"),
        ("GIT_CONFIG_VALUE_0", "false"),
    ]);
    command.envs(rust_homes());
    command
}

/// pre-commit, which starts git and, for hooks that are written in Rust, cargo.
pub(crate) fn pre_commit<A: AsRef<OsStr>>(args: &[A], here: &Path) -> Command {
    let mut command = other("pre-commit", args, here);
    command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
    command.envs(rust_homes());
    // what was built of the dependencies serves the next run
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("pre-commit"));
    command
}

/// Where the Rust that builds this lives: cargo looks below HOME unless it is told.
fn rust_homes() -> Vec<(&'static str, PathBuf)> {
    let home = std::env::home_dir().unwrap_or_default();
    [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")]
        .map(|(name, below)| (name, std::env::var_os(name).map_or_else(|| home.join(below), PathBuf::from)))
        .to_vec()
}

/// A step of CI, in the plain shell; `bin` is searched for commands first.
pub(crate) fn sh(step: &str, bin: &Path, here: &Path) -> Run {
    run(sh_command(step, bin, here), b"")
}

/// The same before it is started, for what reads standard input.
pub(crate) fn sh_command(step: &str, bin: &Path, here: &Path) -> Command {
    let mut command = other("sh", &["-e", "-c", step], here);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [bin.to_owned()].into_iter().chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(path).unwrap());
    command
}

/// A line as a user pastes it.
pub(crate) fn bash(line: &str, here: &Path) -> Run {
    run(other("bash", &["-euo", "pipefail", "-c", line], here), b"")
}

/// Every resource against the published schema of its kind, unknown fields refused.
pub(crate) fn kubernetes_validate(manifest: &Path) -> Run {
    let args = [OsStr::new("--strict"), manifest.as_os_str()];
    run(other("kubernetes-validate", &args, Path::new(".")), b"")
}

/// What docker-compose makes of a file whose relative paths are below `folder`; the fixtures' variables have a value.
pub(crate) fn docker_compose_config(file: &Path, folder: &Path) -> Run {
    let args: [&OsStr; 5] =
        ["-f".as_ref(), file.as_ref(), "--project-directory".as_ref(), folder.as_ref(), "config".as_ref()];
    let mut command = other("docker-compose", &args, folder);
    command.envs([("DELEGATE_TOKEN", "FAKE-TOKEN-0001"), ("MANAGER_URL", "https://app.harness.io"), ("TI_PATH", "ti")]);
    run(command, b"")
}

/// What the documentation names for a look without a cluster; it splits and parses, but takes any field of any type.
pub(crate) fn kubectl_annotate(manifest: &[u8]) -> Run {
    let args = ["annotate", "--local", "-f", "-", "x=y", "-o", "name"];
    run(other("kubectl", &args, Path::new(".")), manifest)
}

/// The same of a folder, every file in it that kubectl takes for a manifest: the names of the resources.
pub(crate) fn kubectl_annotate_folder(folder: &Path) -> Vec<String> {
    let args = ["annotate", "--local", "-f", ".", "x=y", "-o", "name"];
    run(other("kubectl", &args, folder), b"").ended_with(0).text().lines().map(str::to_owned).collect()
}

/// Decodes into Kubernetes' own types. It prints what has a pod template and complains of everything else, so its exit
/// code says nothing: see `kubernetes::judged`.
pub(crate) fn kubectl_set_env(manifest: &[u8]) -> Run {
    let args = ["set", "env", "--local", "-f", "-", "x=y", "-o", "name"];
    run(other("kubectl", &args, Path::new(".")), manifest)
}

/// Loads a pair as the delegate does; ends with 0 when the delegate would start.
pub(crate) fn java_loader(cert: &Path, key: &Path) -> Run {
    run(java(&[cert, key]), b"")
}

/// Loads many pairs as the delegate does, a certificate file and a key file each: in one go, because starting Java
/// takes longer than loading. For each the reason why the delegate would not start.
pub(crate) fn java_loads(files: &[PathBuf]) -> Vec<Result<(), String>> {
    let run = run(java(files), b"");
    let said: Vec<_> = run.text().lines().collect();
    assert_eq!(said.len() * 2, files.len(), "the loader said:\n{}{}", run.text(), run.stderr);
    said.into_iter()
        .map(|line| match line.strip_prefix("refused: ") {
            Some(why) => Err(why.to_owned()),
            None if line.starts_with("loaded ") => Ok(()),
            None => panic!("the loader said: {line}"),
        })
        .collect()
}

fn java<P: AsRef<Path>>(files: &[P]) -> Command {
    let loader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/Loader.java");
    // The key store encrypts every key; once is enough here, and ten thousand times takes longer than all else.
    let mut args = vec![OsStr::new("-Dkeystore.pkcs12.keyPbeIterationCount=1"), loader.as_os_str()];
    args.extend(files.iter().map(|file| file.as_ref().as_os_str()));
    other("java", &args, Path::new("."))
}

/// Asks the server on a port of this machine for `/` as a delegate with this pair would; ends with 0 when there is a
/// reply, which is printed.
pub(crate) fn java_client(cert: &Path, key: &Path, server_ca: &Path, port: u16) -> Run {
    static CLASSES: OnceLock<TempDir> = OnceLock::new();
    let classes = CLASSES.get_or_init(|| {
        let (classes, sources) =
            (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e"));
        let args = [Path::new("-d"), classes.path(), &sources.join("Loader.java"), &sources.join("Client.java")];
        run(other("javac", &args, Path::new(".")), b"").ended_with(0);
        classes
    });
    let port = port.to_string();
    let args: [&OsStr; 7] = [
        "-cp".as_ref(),
        classes.path().as_ref(),
        "Client".as_ref(),
        cert.as_ref(),
        key.as_ref(),
        server_ca.as_ref(),
        port.as_ref(),
    ];
    run(other("java", &args, Path::new(".")), b"")
}

fn other<A: AsRef<OsStr>>(program: &str, args: &[A], here: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(here).env_clear().envs([
        ("PATH", std::env::var("PATH").unwrap_or_default().as_str()),
        ("HOME", "/nonexistent"),
        // no cluster of the person who runs this
        ("KUBECONFIG", "/dev/null"),
        ("TZ", "UTC"),
        ("LC_ALL", "C.UTF-8"),
    ]);
    command
}

pub(crate) fn run(mut command: Command, stdin: &[u8]) -> Run {
    let program = Path::new(command.get_program()).file_name().unwrap().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| match error.kind() {
        ErrorKind::NotFound => {
            panic!("the end-to-end tests need the program `{program}`, which is not installed; `.ci/run` installs it")
        }
        _ => panic!("`{program}` does not start: {error}"),
    });
    let mut pipe = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || match pipe.write_all(stdin) {
            // a program need not read its input to the end
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        });
        child.wait_with_output().unwrap()
    });
    Run {
        program,
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
