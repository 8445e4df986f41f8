//! The hooks of `.pre-commit-hooks.yaml`, as pre-commit fetches them from this tree, in a repository that people commit to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::fixtures::{ENDPOINT, Issued, documented, quickstart};
use crate::programs::{Run, delegate_mtls, git, git_command, pre_commit, run};

/// This tree as it stands, uncommitted changes too, as a repository for pre-commit to fetch.
struct Hooks {
    git_dir: Issued,
    revision: String,
}

fn hooks() -> &'static Hooks {
    static HOOKS: OnceLock<Hooks> = OnceLock::new();
    HOOKS.get_or_init(|| {
        let git_dir = Issued::new();
        let tree = format!("--work-tree={}", env!("CARGO_MANIFEST_DIR"));
        let repository = format!("--git-dir={}", git_dir.dir().display());
        let run = |args: &[&str]| {
            let args: Vec<&str> = [repository.as_str(), tree.as_str()].iter().chain(args).copied().collect();
            git(&args, git_dir.dir()).ended_with(0)
        };
        run(&["init", "--quiet"]);
        run(&["add", "--all"]);
        run(&["commit", "--quiet", "--message", "The tree under test"]);
        let revision = run(&["rev-parse", "HEAD"]).text().trim_end().to_owned();
        Hooks { git_dir, revision }
    })
}

/// Where the hooks come from, as the README names it, and which version of them.
pub(crate) const HERE: &str = env!("CARGO_PKG_REPOSITORY");
pub(crate) const REVISION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// A repository with hooks that guard every commit.
pub(crate) struct Repository {
    scratch: Issued,
}

impl Repository {
    /// `ids` are the hooks.
    fn guarded_by(ids: &[&str]) -> Repository {
        let listed: String = ids.iter().map(|id| format!("      - id: {id}\n")).collect();
        Repository::configured(&format!("repos:\n  - repo: {HERE}\n    rev: {REVISION}\n    hooks:\n{listed}"))
    }

    /// With this `.pre-commit-config.yaml`, where [`HERE`] and [`REVISION`] are this tree. The command under test is on
    /// the PATH if there are hooks that look for it there.
    pub(crate) fn configured(config: &str) -> Repository {
        let scratch = Issued::new();
        fs::create_dir(scratch.file("bin")).unwrap();
        if config.contains("-system") {
            symlink(env!("CARGO_BIN_EXE_delegate-mtls"), scratch.file("bin/delegate-mtls")).unwrap();
        }
        fs::create_dir(scratch.file("work")).unwrap();
        let repository = Repository { scratch };
        git(&["init", "--quiet"], &repository.work()).ended_with(0);
        let Hooks { git_dir, revision } = hooks();
        let config = config.replace(HERE, git_dir.dir().to_str().unwrap()).replace(REVISION, revision);
        repository.write(".pre-commit-config.yaml", config);
        repository.run(pre_commit(&["install", "--install-hooks"], &repository.work())).ended_with(0);
        repository
    }

    fn work(&self) -> PathBuf {
        self.scratch.file("work")
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.work().join(name), text).unwrap();
    }

    fn run(&self, mut command: Command) -> Run {
        let ours = self.scratch.file("bin");
        let theirs = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path).unwrap();
        let path = std::env::join_paths([ours].into_iter().chain(std::env::split_paths(theirs))).unwrap();
        command.env("PATH", path).env("PRE_COMMIT_HOME", self.scratch.file("pre-commit"));
        run(command, b"")
    }

    /// What a person types, who then reads what the hooks say.
    fn commit(&self) -> Run {
        git(&["add", "--all"], &self.work()).ended_with(0);
        self.run(git_command(&["commit", "--message", "Change manifests"], &self.work()))
    }

    fn commits(&self) -> usize {
        git(&["rev-list", "--all", "--count"], &self.work()).ended_with(0).text().trim().parse().unwrap()
    }

    #[track_caller]
    pub(crate) fn takes(&self) -> Run {
        let before = self.commits();
        let run = self.commit().ended_with(0);
        assert_eq!(self.commits(), before + 1, "{}", run.stderr);
        run
    }

    /// What the hooks say of a commit that they keep out.
    #[track_caller]
    pub(crate) fn refuses(&self) -> String {
        let before = self.commits();
        let run = self.commit().ended_with(1);
        assert_eq!(self.commits(), before, "{}", run.stderr);
        run.stderr
    }
}

const CHECK: &str = "delegate-mtls-check-system";
const NO_PRIVATE_KEY: &str = "delegate-mtls-no-private-key-system";

/// How pre-commit prints that a hook of this name ended so.
#[track_caller]
fn assert_ended(said: &str, name: &str, how: &str) {
    let ended = |line: &&str| line.starts_with(&format!("{name}.")) && line.ends_with(how);
    assert_eq!(said.lines().filter(ended).count(), 1, "`{name}` should be {how}:\n{said}");
}

/// The usual delegate on mTLS, with no key in the manifest.
pub(crate) fn migrated() -> String {
    let options = ["inject", "-q", "--existing-secret", "delegate-mtls-pair", "--endpoint", ENDPOINT];
    let manifest = fs::read(quickstart()).unwrap();
    delegate_mtls(&options, &manifest, Path::new(".")).ended_with(0).text().to_owned()
}

/// The same with the upgrader left behind, as happens by hand.
pub(crate) fn half_migrated() -> (String, usize) {
    let manifest = migrated();
    let there = format!("managerHost: {ENDPOINT}");
    assert_eq!(manifest.matches(&there).count(), 1);
    let line = manifest.lines().position(|line| line.trim() == there).unwrap() + 1;
    (manifest.replace(&there, "managerHost: https://app.harness.io"), line)
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";

/// A key as PEM, and a manifest with it as base64.
fn key_and_secret() -> (String, String) {
    let key = String::from_utf8(documented().read("client.key")).unwrap();
    let encoded = STANDARD.encode(&key);
    let secret = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: pair\ndata:\n  client.key: {encoded}\n");
    (key, secret)
}

#[test]
fn a_delegate_on_mtls_is_taken() {
    let repository = Repository::guarded_by(&[CHECK, NO_PRIVATE_KEY]);
    repository.write("delegate.yaml", migrated());
    let said = repository.takes().stderr;
    assert_ended(&said, "delegate-mtls check", "Passed");
    assert_ended(&said, "delegate-mtls no private key", "Passed");
}

#[test]
fn a_half_migrated_manifest_is_kept_out_and_the_line_named() {
    let repository = Repository::guarded_by(&[CHECK, NO_PRIVATE_KEY]);
    let (manifest, line) = half_migrated();
    repository.write("delegate.yaml", &manifest);
    let said = repository.refuses();
    assert_ended(&said, "delegate-mtls check", "Failed");
    assert_ended(&said, "delegate-mtls no private key", "Passed");
    assert!(said.contains("exit code: 1"), "{said}");
    assert!(said.contains("error[endpoint-differs]"), "{said}");
    assert!(said.contains(&format!("delegate.yaml:{line}:")), "{said}");
    repository.write("delegate.yaml", migrated());
    repository.takes();
}

#[test]
fn a_manifest_that_cannot_be_read_is_kept_out() {
    let repository = Repository::guarded_by(&[CHECK]);
    repository.write("delegate.yaml", "env:\n- name: MANAGER_HOST_AND_PORT\n  value: [\n");
    let said = repository.refuses();
    assert!(said.contains("exit code: 2"), "{said}");
    assert!(said.contains("error[unreadable-file]"), "{said}");
}

#[test]
fn files_without_a_delegate_are_taken() {
    let repository = Repository::guarded_by(&[CHECK, NO_PRIVATE_KEY]);
    repository.write("web.yaml", SERVICE);
    repository.write("package.json", "{}\n");
    repository.write("template.yml", "{{ range .Values.names }}\n");
    let said = repository.takes().stderr;
    assert_ended(&said, "delegate-mtls check", "Passed");
    assert_ended(&said, "delegate-mtls no private key", "Passed");

    repository.write("notes.txt", "MANAGER_HOST_AND_PORT\n");
    let said = repository.takes().stderr;
    assert_ended(&said, "delegate-mtls check", "Skipped");
}

#[test]
fn a_private_key_is_kept_out_as_pem_and_in_a_secret() {
    let repository = Repository::guarded_by(&[CHECK, NO_PRIVATE_KEY]);
    let (key, secret) = key_and_secret();
    let inside = key.lines().nth(1).unwrap();
    for (name, text, place) in [
        ("client.key", key.clone(), "client.key:1:1"),
        ("deploy.sh", format!("#!/bin/sh\ncat > client.key <<END\n{key}END\n"), "deploy.sh:3:1"),
        ("secret.yaml", secret.clone(), "secret.yaml:6:15"),
        ("secret", secret, "secret:6:15"),
    ] {
        repository.write(name, text);
        let said = repository.refuses();
        assert_ended(&said, "delegate-mtls no private key", "Failed");
        assert!(said.contains("error[inline-private-key]"), "{said}");
        assert!(said.contains(place), "{place}:\n{said}");
        // a log of CI is no place for it either
        assert!(!said.contains(inside) && !said.contains(STANDARD.encode(&key).get(..60).unwrap()), "{said}");
        fs::remove_file(repository.work().join(name)).unwrap();
    }
    repository.write("client.crt", documented().read("client.crt"));
    repository.takes();
}

#[test]
fn names_with_spaces_and_dashes_are_judged_like_any() {
    let repository = Repository::guarded_by(&[CHECK, NO_PRIVATE_KEY]);
    let (manifest, line) = half_migrated();
    let (key, _) = key_and_secret();
    fs::create_dir(repository.work().join("two words")).unwrap();
    for name in ["two words/a delegate.yaml", "-q.yml", "größe 'a' \"b\".yaml"] {
        repository.write(name, &manifest);
        let said = repository.refuses();
        assert!(said.contains(&format!("{name}:{line}:")), "{name}:\n{said}");
        repository.write(name, &key);
        let said = repository.refuses();
        assert!(said.contains(&format!("{name}:1:1")), "{name}:\n{said}");
        fs::remove_file(repository.work().join(name)).unwrap();
    }
}

#[test]
fn what_belongs_together_is_judged_together() {
    let repository = Repository::guarded_by(&[CHECK]);
    let secret = repository.work().join("pair.yaml");
    let mut options = documented().inject();
    options.extend(["--secret-output".to_owned(), secret.to_str().unwrap().to_owned()]);
    let manifest = fs::read(quickstart()).unwrap();
    let injected = delegate_mtls(&options, &manifest, &repository.work()).ended_with(0);
    repository.write("delegate.yaml", injected.stdout);
    let good = fs::read_to_string(&secret).unwrap();
    fs::write(&secret, good.replace("client.crt:", "tls.crt:")).unwrap();
    // so many files that pre-commit would spread them over several processes
    for number in 0..300 {
        repository.write(&format!("service-{number}.yaml"), SERVICE);
    }
    let said = repository.refuses();
    assert!(said.contains("error[cert-path-mismatch]"), "{said}");
    assert!(said.contains("but the file is `/etc/mtls/tls.crt`"), "{said}");

    fs::write(&secret, good).unwrap();
    repository.takes();
}

/// The first time this takes minutes, because everything is built; then cargo finds what is built in its target folder.
#[test]
fn pre_commit_builds_the_program_itself() {
    let repository = Repository::guarded_by(&["delegate-mtls-check", "delegate-mtls-no-private-key"]);
    let (manifest, line) = half_migrated();
    let (key, _) = key_and_secret();
    repository.write("delegate.yaml", &manifest);
    repository.write("client.key", key);
    let said = repository.refuses();
    assert_ended(&said, "delegate-mtls check", "Failed");
    assert_ended(&said, "delegate-mtls no private key", "Failed");
    assert!(said.contains(&format!("delegate.yaml:{line}:")) && said.contains("client.key:1:1"), "{said}");

    repository.write("delegate.yaml", migrated());
    fs::remove_file(repository.work().join("client.key")).unwrap();
    let said = repository.takes().stderr;
    assert_ended(&said, "delegate-mtls check", "Passed");
    assert_ended(&said, "delegate-mtls no private key", "Passed");
}
