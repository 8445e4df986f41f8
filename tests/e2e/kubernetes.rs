//! The manifest that comes out, before Kubernetes' schemas and Kubernetes' own types.

use std::fs;

use serde_yaml::Value;

use crate::compose::is_compose;
use crate::fixtures::{ENDPOINT, documented, fixture, quickstart, readable_resources, resources};
use crate::programs::{delegate_mtls, kubectl_annotate, kubectl_set_env, kubernetes_validate};

/// What the kinds with a pod template are called where they are printed.
const WITH_PODS: [&str; 7] = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"];

/// Says why it would not take a manifest.
type Judge = fn(&[u8]) -> Result<(), String>;

const JUDGES: [Judge; 3] = [matches_schemas, parses, decodes];

/// Every resource matches the schema of its kind, without a field that the kind does not have.
fn matches_schemas(manifest: &[u8]) -> Result<(), String> {
    let resources = resources(manifest);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("manifest.yaml");
    // The validator does not look into a List, so its items stand on their own there.
    let is_list = |line: &[u8]| line.starts_with(b"kind: List") || line.starts_with(b"kind: \"List\"");
    if manifest.split(|byte| *byte == b'\n').any(is_list) {
        let documents: Vec<String> = resources.iter().map(|item| serde_yaml::to_string(item).unwrap()).collect();
        fs::write(&path, documents.join("---\n")).unwrap();
    } else {
        fs::write(&path, manifest).unwrap();
    }
    let run = kubernetes_validate(&path);
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), run.stderr);
    // a kind without a schema is only warned of, so they are counted
    let passed = said.matches(" passed for resource ").count();
    (run.code == Some(0) && passed == resources.len())
        .then_some(())
        .ok_or_else(|| format!("kubernetes-validate: {said}"))
}

/// kubectl finds every resource in it.
fn parses(manifest: &[u8]) -> Result<(), String> {
    let run = kubectl_annotate(manifest);
    let found = run.text().lines().count();
    (run.code == Some(0) && found == resources(manifest).len())
        .then_some(())
        .ok_or_else(|| format!("kubectl annotate: {}{}", run.text(), run.stderr))
}

/// kubectl decodes every resource into its type.
fn decodes(manifest: &[u8]) -> Result<(), String> {
    let resources = resources(manifest);
    let run = kubectl_set_env(manifest);
    // It ends with 1 as soon as one resource has no pod template; what counts is that each was decoded so far.
    let without = run.stderr.matches("does not have a pod template").count();
    let with = run.text().lines().count();
    let has_pods = |resource: &&Value| WITH_PODS.iter().any(|kind| resource["kind"] == *kind);
    let wanted = resources.iter().filter(has_pods).count();
    (with == wanted && with + without == resources.len())
        .then_some(())
        .ok_or_else(|| format!("kubectl set env: {}{}", run.text(), run.stderr))
}

/// How many are Secrets, and how many are not.
fn counted(resources: &[Value]) -> (usize, usize) {
    let secrets = resources.iter().filter(|resource| resource["kind"] == *"Secret").count();
    (secrets, resources.len() - secrets)
}

/// Whatever accepts the input must accept the output. Says whether all of them do.
#[track_caller]
pub(crate) fn still_accepted(name: &str, input: &[u8], output: &[u8]) -> bool {
    let before = match readable_resources(input) {
        Ok(resources) => resources,
        Err(why) => {
            println!("{name}: not a stream that libyaml reads, before: {why}");
            return false;
        }
    };
    let after = resources(output);
    let (secrets_before, others_before) = counted(&before);
    let (secrets_after, others_after) = counted(&after);
    assert!(
        !before.is_empty() && others_before == others_after,
        "{name}: {others_before} before, {others_after} after"
    );
    // a pair that comes from elsewhere takes the one in the manifest out
    let goes = usize::from(name.starts_with("existing-secret-"));
    assert!(secrets_before <= secrets_after + goes, "{name}: {secrets_before} Secrets before, {secrets_after} after");
    let mut all = true;
    for judge in JUDGES {
        match (judge(input), judge(output)) {
            (_, Ok(())) => {}
            (Ok(()), Err(why)) => panic!("{name}: taken before, not after: {why}"),
            (Err(why), Err(_)) => {
                println!("{name}: not taken before either: {why}");
                all = false;
            }
        }
    }
    all
}

#[test]
fn the_quickstart_is_accepted_before_and_after() {
    let issued = documented();
    let input = fs::read(quickstart()).unwrap();
    let output = delegate_mtls(&issued.inject(), &input, issued.dir()).ended_with(0).stdout;
    assert!(still_accepted("the quickstart", &input, &output));
    assert_eq!(resources(&output).len(), resources(&input).len() + 1, "one Secret more");
}

#[test]
fn every_fixture_that_kubernetes_takes_is_taken_after_injection_too() {
    let (mut fixtures, mut accepted) = (0, 0);
    for folder in fs::read_dir(fixture("inject")).expect("the folder fixtures/inject") {
        let folder = folder.unwrap().path();
        if is_compose(&folder.join("input.yaml")) {
            continue;
        }
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let input = fs::read(folder.join("input.yaml")).unwrap_or_else(|why| panic!("{name}/input.yaml: {why}"));
        let args = fs::read_to_string(folder.join("args")).unwrap_or_else(|_| format!("--endpoint\n{ENDPOINT}\n"));
        let scratch = tempfile::tempdir().unwrap();
        let output = delegate_mtls(&with_our_pair(&args), &input, scratch.path()).ended_with(0).stdout;
        fixtures += 1;
        accepted += usize::from(still_accepted(&name, &input, &output));
    }
    assert!(fixtures > 0, "fixtures/inject is empty");
    assert!(accepted * 2 > fixtures, "only {accepted} of {fixtures} fixtures are manifests that Kubernetes takes");
}

/// `inject` with a fixture's own arguments, but for the pair and the time: ours is made now.
fn with_our_pair(args: &str) -> Vec<String> {
    let issued = documented();
    let mut ours = vec!["inject".to_owned()];
    let mut lines = args.lines();
    while let Some(argument) = lines.next() {
        match argument {
            "--cert" | "--key" | "--ca" | "--at" => drop(lines.next()),
            other => ours.push(other.to_owned()),
        }
    }
    if !ours.iter().any(|argument| argument == "--existing-secret") {
        for (option, file) in [("--cert", "client.crt"), ("--key", "client.key"), ("--ca", "ca.crt")] {
            ours.extend([option.to_owned(), issued.file(file).to_str().unwrap().to_owned()]);
        }
    }
    ours
}

/// Without this, programs that take everything would prove nothing above.
#[test]
fn a_wrong_type_and_an_unknown_field_are_seen() {
    let input = fs::read_to_string(quickstart()).unwrap();
    let with = |lines: &str| {
        let manifest = input.replacen("  replicas: 1\n", lines, 1);
        assert_ne!(manifest, input, "the quickstart manifest has one replica");
        manifest.into_bytes()
    };
    for judge in JUDGES {
        judge(input.as_bytes()).unwrap();
    }
    matches_schemas(&with("  replicas: 1\n  mtls: true\n")).unwrap_err();
    matches_schemas(&with("  replicas: one\n")).unwrap_err();
    decodes(&with("  replicas: one\n")).unwrap_err();
    parses(&with("  replicas: [\n")).unwrap_err();
}
