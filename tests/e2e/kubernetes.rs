//! The manifest that comes out, before Kubernetes' schemas and Kubernetes' own types.

use std::fs;

use serde_yaml::Value;

use crate::fixtures::{ENDPOINT, documented, fixture, quickstart, resources};
use crate::programs::{delegate_mtls, kubectl_annotate, kubectl_set_env, kubernetes_validate};

/// What the kinds with a pod template are called where they are printed.
const WITH_PODS: [&str; 7] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
];

/// Why Kubernetes would not take this manifest.
pub(crate) fn judged(manifest: &[u8]) -> Result<(), String> {
    let resources = resources(manifest);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("manifest.yaml");

    // The validator does not look into a List, so its items stand on their own there.
    let is_list = |document: &&[u8]| {
        document.starts_with(b"kind: List") || document.starts_with(b"kind: \"List\"")
    };
    if manifest
        .split(|byte| *byte == b'\n')
        .any(|line| is_list(&line))
    {
        let documents: Vec<String> = resources
            .iter()
            .map(|item| serde_yaml::to_string(item).unwrap())
            .collect();
        fs::write(&path, documents.join("---\n")).unwrap();
    } else {
        fs::write(&path, manifest).unwrap();
    }
    let validated = kubernetes_validate(&path);
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&validated.stdout),
        validated.stderr
    );
    // a kind without a schema only warns, and ends with 0
    if validated.code != Some(0) || said.matches(" passed for resource ").count() != resources.len()
    {
        return Err(format!("kubernetes-validate: {said}"));
    }

    let annotated = kubectl_annotate(manifest);
    if annotated.code != Some(0) || annotated.text().lines().count() != resources.len() {
        return Err(format!(
            "kubectl annotate: {}{}",
            annotated.text(),
            annotated.stderr
        ));
    }

    // Ends with 1 as soon as one resource has no pod template; what counts is that all were decoded.
    let decoded = kubectl_set_env(manifest);
    let with_pods = |resource: &&Value| WITH_PODS.iter().any(|kind| resource["kind"] == *kind);
    let complaints = decoded
        .stderr
        .matches("does not have a pod template")
        .count();
    let pods = decoded.text().lines().count();
    if pods != resources.iter().filter(with_pods).count() || pods + complaints != resources.len() {
        return Err(format!(
            "kubectl set env: {}{}",
            decoded.text(),
            decoded.stderr
        ));
    }
    Ok(())
}

/// The output must be accepted whenever the input is. Says whether it was.
#[track_caller]
pub(crate) fn still_accepted(name: &str, input: &[u8], output: &[u8]) -> bool {
    match (judged(input), judged(output)) {
        (_, Ok(())) => true,
        (Ok(()), Err(why)) => panic!("{name}: Kubernetes took the input but not the output: {why}"),
        (Err(why), Err(_)) => {
            println!("{name}: Kubernetes does not take the input either: {why}");
            false
        }
    }
}

#[test]
fn the_quickstart_is_accepted_before_and_after() {
    let issued = documented();
    let input = fs::read(quickstart()).unwrap();
    judged(&input).unwrap();
    let output = delegate_mtls(&issued.inject(), &input, issued.dir())
        .ended_with(0)
        .stdout;
    judged(&output).unwrap();
    assert_eq!(
        resources(&output).len(),
        resources(&input).len() + 1,
        "one Secret more"
    );
}

#[test]
fn every_fixture_that_kubernetes_takes_is_taken_after_injection_too() {
    let (mut fixtures, mut accepted) = (0, 0);
    for folder in fs::read_dir(fixture("inject")).expect("the folder fixtures/inject") {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let input = fs::read(folder.join("input.yaml"))
            .unwrap_or_else(|why| panic!("{name}/input.yaml: {why}"));
        let args = fs::read_to_string(folder.join("args"))
            .unwrap_or_else(|_| format!("--endpoint\n{ENDPOINT}\n"));
        let scratch = tempfile::tempdir().unwrap();
        let output = delegate_mtls(&with_our_pair(&args), &input, scratch.path())
            .ended_with(0)
            .stdout;
        fixtures += 1;
        accepted += usize::from(still_accepted(&name, &input, &output));
    }
    assert!(fixtures > 0, "fixtures/inject is empty");
    assert!(
        accepted * 2 > fixtures,
        "only {accepted} of {fixtures} fixtures are manifests that Kubernetes takes"
    );
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
        for (option, file) in [
            ("--cert", "client.crt"),
            ("--key", "client.key"),
            ("--ca", "ca.crt"),
        ] {
            ours.extend([
                option.to_owned(),
                issued.file(file).to_str().unwrap().to_owned(),
            ]);
        }
    }
    ours
}

/// Without this, programs that take everything would prove nothing above.
#[test]
fn a_wrong_type_and_an_unknown_field_are_seen() {
    let input = fs::read_to_string(quickstart()).unwrap();
    let wrong = |instead: &str| {
        let manifest = input.replacen("  replicas: 1\n", instead, 1);
        assert_ne!(manifest, input, "the quickstart manifest has one replica");
        judged(manifest.as_bytes()).unwrap_err()
    };
    assert!(wrong("  replicas: one\n").starts_with("kubernetes-validate: "));
    assert!(wrong("  replicas: 1\n  mtls: true\n").starts_with("kubernetes-validate: "));
    let wrong_type = input.replacen("  replicas: 1\n", "  replicas: one\n", 1);
    assert!(
        kubectl_set_env(wrong_type.as_bytes())
            .stderr
            .contains("unable to decode")
    );
}
