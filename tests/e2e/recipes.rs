//! The README's recipes for pre-commit and CI, taken out of it and run: every step, in a repository as they expect it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use serde_yaml::Value;

use crate::fixtures::{Issued, documented, quickstart};
use crate::precommit::{HERE, REVISION, Repository, half_migrated, migrated};
use crate::programs::{Run, check_jsonschema, delegate_mtls, git, junit, sarif_complaints, sh};

/// The blocks of the section, each once, told apart by what they are for.
struct Recipes {
    pre_commit: String,
    actions: String,
    gitlab: String,
    shell: Vec<String>,
}

fn recipes() -> Recipes {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n### In pre-commit and CI\n").expect("the section");
    let section = section.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let mut blocks = Vec::new();
    // outside, inside, outside, …
    for (number, part) in section.split("```").enumerate() {
        if number % 2 == 1 {
            blocks.push(part.split_once('\n').unwrap());
        }
    }
    let one = |key: &str| {
        let yaml = |(language, text): &&(&str, &str)| {
            *language == "yaml" && serde_yaml::from_str::<Value>(text).unwrap().get(key).is_some()
        };
        let found: Vec<String> = blocks.iter().filter(yaml).map(|(_, text)| (*text).to_owned()).collect();
        let [block] = found.try_into().unwrap_or_else(|found| panic!("one block with `{key}`: {found:?}"));
        block
    };
    let shell: Vec<String> =
        blocks.iter().filter(|(language, _)| *language == "sh").map(|(_, text)| (*text).to_owned()).collect();
    assert_eq!(blocks.len(), 3 + shell.len(), "a block that nothing runs: {blocks:?}");
    Recipes { pre_commit: one("repos"), actions: one("jobs"), gitlab: one("delegates"), shell }
}

/// A clone whose `origin/main` has one delegate on mTLS, in `clusters`, and the CA in `ca.crt`.
struct Checkout {
    scratch: Issued,
}

impl Checkout {
    fn new() -> Checkout {
        let checkout = Checkout { scratch: Issued::new() };
        let bin = checkout.scratch.file("bin");
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_delegate-mtls"), bin.join("delegate-mtls")).unwrap();
        // what is installed is the command under test; what was asked for is written down
        fs::write(bin.join("cargo"), "#!/bin/sh\necho \"$@\" >> ../installed\n").unwrap();
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(checkout.file("clusters/one")).unwrap();
        fs::write(checkout.file("ca.crt"), documented().read("ca.crt")).unwrap();
        let injected = delegate_mtls(&documented().inject(), &fs::read(quickstart()).unwrap(), checkout.scratch.dir());
        fs::write(checkout.file("clusters/one/delegate.yaml"), injected.ended_with(0).stdout).unwrap();
        fs::write(checkout.file("clusters/one/old.yaml"), "kind: Service\n").unwrap();
        for args in [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "--message", "Begin"]] {
            git(args, &checkout.work()).ended_with(0);
        }
        git(&["update-ref", "refs/remotes/origin/main", "HEAD"], &checkout.work()).ended_with(0);
        checkout
    }

    fn work(&self) -> PathBuf {
        self.scratch.file("work")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    /// A delegate beside the first, whose upgrader was left behind; gives the line.
    fn breaks(&self) -> usize {
        let (manifest, line) = half_migrated();
        fs::create_dir_all(self.file("clusters/two words")).unwrap();
        fs::write(self.file("clusters/two words/delegate.yaml"), manifest).unwrap();
        line
    }

    fn commit(&self) {
        git(&["add", "--all"], &self.work()).ended_with(0);
        git(&["commit", "--quiet", "--message", "Change"], &self.work()).ended_with(0);
    }

    /// A step as the services run it: any failing command fails it.
    fn runs(&self, step: &str) -> Run {
        sh(step, &self.scratch.file("bin"), &self.work())
    }

    /// What the steps install, which must be this very version.
    #[track_caller]
    fn installed_from_here(&self) {
        let asked = fs::read_to_string(self.scratch.file("installed")).unwrap();
        assert_eq!(asked, format!("install --locked --git {HERE} --tag {REVISION}\n"));
        fs::remove_file(self.scratch.file("installed")).unwrap();
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_sequence().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_configuration_of_pre_commit_keeps_half_migrated_delegates_out() {
    let config = recipes().pre_commit;
    assert_eq!((config.matches(HERE).count(), config.matches(REVISION).count()), (1, 1));
    // the same hooks without building the program: `precommit` builds it
    let mut system = config.clone();
    for id in ["delegate-mtls-check", "delegate-mtls-no-private-key"] {
        let listed = format!("- id: {id}\n");
        assert_eq!(config.matches(&listed).count(), 1, "{config}");
        system = system.replace(&listed, &format!("- id: {id}-system\n"));
    }
    let repository = Repository::configured(&system);
    let (manifest, line) = half_migrated();
    repository.write("ca.crt", documented().read("ca.crt"));
    repository.write("delegate.yaml", manifest);
    assert!(repository.refuses().contains(&format!("delegate.yaml:{line}:")));
    // a key in the manifest: on mTLS, and not for git
    let injected = delegate_mtls(&documented().inject(), &fs::read(quickstart()).unwrap(), Path::new("."));
    repository.write("delegate.yaml", injected.ended_with(0).stdout);
    let said = repository.refuses();
    assert!(said.contains("error[inline-private-key]"), "{said}");
    assert!(!said.contains("error[endpoint-differs]") && !said.contains("chain-not-judged"), "{said}");
    repository.write("delegate.yaml", migrated());
    repository.takes();
}

#[test]
fn the_workflow_annotates_and_writes_sarif() {
    let checkout = Checkout::new();
    let workflow = recipes().actions;
    let file = checkout.scratch.file("workflow.yaml");
    fs::write(&file, &workflow).unwrap();
    check_jsonschema("vendor.github-workflows", &file).ended_with(0);
    fs::write(&file, workflow.replace("runs-on:", "run-on:")).unwrap();
    check_jsonschema("vendor.github-workflows", &file).ended_with(1);

    let workflow: Value = serde_yaml::from_str(&workflow).unwrap();
    let steps = workflow["jobs"]["check"]["steps"].as_sequence().unwrap();
    let commands: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let [install, annotate, report] = commands[..] else { panic!("{commands:?}") };
    checkout.runs(install).ended_with(0);
    checkout.installed_from_here();
    let upload = steps.iter().find_map(|step| step["with"]["sarif_file"].as_str()).unwrap();

    checkout.runs(annotate).ended_with(0);
    checkout.runs(report).ended_with(0);
    let complaints = |log: &str| sarif_complaints(&checkout.file(log));
    assert_eq!(complaints(upload), [""; 0]);

    let line = checkout.breaks();
    let said = checkout.runs(annotate).ended_with(1);
    let annotation = format!("::error file=clusters/two words/delegate.yaml,line={line},");
    assert!(said.text().lines().any(|line| line.starts_with(&annotation)), "{}", said.text());
    let said = checkout.runs(report).ended_with(1);
    assert!(said.text().contains(&format!("clusters/two words/delegate.yaml:{line}:")), "{}", said.text());
    assert_eq!(complaints(upload), [""; 0]);
    let log: Json = serde_json::from_slice(&fs::read(checkout.file(upload)).unwrap()).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().any(|result| result["ruleId"] == "endpoint-differs"), "{log}");
    // both must come after a step that failed
    let after = |key: &str, value: &str| steps.iter().find(|step| step[key].as_str() == Some(value)).unwrap();
    for step in [after("run", report), after("uses", "github/codeql-action/upload-sarif@v4")] {
        assert_eq!(step["if"], "${{ !cancelled() }}");
    }
}

#[test]
fn the_job_of_gitlab_writes_the_reports_that_it_names() {
    let checkout = Checkout::new();
    let text = recipes().gitlab;
    let file = checkout.scratch.file("gitlab.yaml");
    fs::write(&file, &text).unwrap();
    check_jsonschema("vendor.gitlab-ci", &file).ended_with(0);
    fs::write(&file, text.replace("codequality:", "code-quality:")).unwrap();
    check_jsonschema("vendor.gitlab-ci", &file).ended_with(1);

    let job: Value = serde_yaml::from_str::<Value>(&text).unwrap()["delegates"].clone();
    for step in strings(&job["before_script"]) {
        checkout.runs(&step).ended_with(0);
    }
    checkout.installed_from_here();
    let [script] = &strings(&job["script"])[..] else { panic!("{text}") };
    let [after] = &strings(&job["after_script"])[..] else { panic!("{text}") };
    let reports = &job["artifacts"]["reports"];
    let code_quality = checkout.file(reports["codequality"].as_str().unwrap());
    let tests = checkout.file(reports["junit"].as_str().unwrap());
    let issues = || -> Json { serde_json::from_slice(&fs::read(&code_quality).unwrap()).unwrap() };

    checkout.runs(script).ended_with(0);
    checkout.runs(after).ended_with(0);
    assert!(issues().as_array().unwrap().iter().all(|issue| issue["severity"] != "blocker"), "{}", issues());
    assert!(!junit(&tests).ended_with(0).text().contains("failure"));

    let line = checkout.breaks();
    let said = checkout.runs(script).ended_with(1);
    assert!(said.text().contains(&format!("clusters/two words/delegate.yaml:{line}:")), "{}", said.text());
    checkout.runs(after).ended_with(1);
    let place = serde_json::json!({"path": "clusters/two words/delegate.yaml", "lines": {"begin": line}});
    assert!(issues().as_array().unwrap().iter().any(|issue| issue["location"] == place), "{}", issues());
    assert!(junit(&tests).ended_with(0).text().contains("failure endpoint-differs"));
}

#[test]
fn the_shell_steps_tell_by_their_exit_code() {
    let steps = recipes().shell;
    let [strict, changed] = &steps[..] else { panic!("{steps:?}") };
    let checkout = Checkout::new();
    checkout.runs(strict).ended_with(0);
    // nothing changed: nothing is run
    assert_eq!(checkout.runs(changed).ended_with(0).text(), "");

    fs::remove_file(checkout.file("clusters/one/old.yaml")).unwrap();
    fs::write(checkout.file("notes.md"), "MANAGER_HOST_AND_PORT: x: [y\n").unwrap();
    fs::write(checkout.file("web.yaml"), "kind: Service\n").unwrap();
    checkout.commit();
    checkout.runs(changed).ended_with(0);

    fs::copy(quickstart(), checkout.file("clusters/one/new.yaml")).unwrap();
    checkout.commit();
    checkout.runs(changed).ended_with(0);
    let said = checkout.runs(strict).ended_with(1);
    assert!(said.text().contains("error[not-mtls]"), "{}", said.text());

    let line = checkout.breaks();
    checkout.commit();
    let said = checkout.runs(changed).ended_with(123);
    assert!(said.text().contains(&format!("clusters/two words/delegate.yaml:{line}:")), "{}", said.text());
}
