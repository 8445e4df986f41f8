//! What stands beside a delegate and is left alone is said, and nothing is taken away that somebody else needs.

use libtest_mimic::Trial;

use crate::folder::{Folder, case, claims, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "neighbours",
        &[
            ("a Secret that another workload mounts stays", shared_secret),
            ("an upgrader of a delegate that is elsewhere is a warning", stray_upgrader),
            ("an upgrader that names nobody is a warning", nameless_upgrader),
            ("no upgrader is spoken of when none is meant", stray_upgrader_left),
            ("a workload without an account id is a warning", no_account),
            ("another container under the manager URL is a warning", sidecar),
            ("a URL that comes from elsewhere is a warning", url_from_elsewhere),
            ("an immutable Secret is a warning", immutable),
            ("remove leaves a DaemonSet and a plain delegate alone", remove_leaves),
            ("an upgrader without managerHost is a warning", no_manager_host),
        ],
    )
}

fn manifest() -> String {
    String::from_utf8(plain()).unwrap()
}

/// The warnings of an injection.
fn warnings(manifest: &str) -> String {
    let folder = Folder::new();
    folder.pipe("inject PAIR TO -q", manifest.as_bytes()).ended_with(0).stderr
}

fn shared_secret() {
    let folder = Folder::new();
    let pod = "---\nkind: Deployment\nmetadata:\n  name: watcher\n  namespace: ci-delegates\nspec:\n  template:\n    \
               spec:\n      containers: [{name: a}]\n      volumes:\n      - name: pair\n        secret:\n          \
               secretName: acorn-client-certificate\n";
    let injected = String::from_utf8(case("no-upgrader/expected.yaml")).unwrap() + pod;
    let output = folder.pipe("remove --endpoint https://app.harness.io", injected.as_bytes()).ended_with(0);
    assert!(output.stdout().contains("name: acorn-client-certificate\n"), "the Secret is gone");
    assert!(!output.stdout().contains("mountPath: /etc/mtls"));
    assert!(
        output.stderr.contains("; the Secret `acorn-client-certificate` stays, because another workload mounts it"),
        "{}",
        output.stderr
    );
}

fn upgrader(config: &str) -> String {
    format!("---\nkind: ConfigMap\nmetadata:\n  name: up\n  namespace: ci-delegates\ndata:\n  config.yaml: |\n{config}")
}

fn stray_upgrader() {
    let stray = upgrader("    workloadName: beech\n    delegateConfig:\n      managerHost: https://app.harness.io\n");
    let said = warnings(&(manifest() + &stray));
    assert!(
        said.contains(
            "the upgrader of `beech` is left alone: that delegate is not in this input\n  help: give everything that \
             belongs to a delegate in one input\n"
        ),
        "{said}"
    );
}

fn stray_upgrader_left() {
    let folder = Folder::new();
    let stray = upgrader("    workloadName: beech\n    delegateConfig: {}\n");
    let output = folder.pipe("inject PAIR TO -q --no-upgrader", (manifest() + &stray).as_bytes()).ended_with(0);
    assert_eq!(output.stderr, "");
}

fn nameless_upgrader() {
    let stray = upgrader("    delegateConfig:\n      managerHost: https://app.harness.io\n");
    let said = warnings(&(manifest() + &stray));
    assert!(said.contains("an upgrader's ConfigMap that names no `workloadName` is left alone\n"), "{said}");
}

fn no_account() {
    let other = "---\nkind: Deployment\nmetadata: {name: beech}\nspec: {template: {spec: {containers: [{env: [{name: \
                 MANAGER_HOST_AND_PORT, value: a}]}]}}}\n";
    let said = warnings(&(manifest() + other));
    assert!(said.contains("`beech` sets `MANAGER_HOST_AND_PORT` but no account id, so it is not taken for"), "{said}");
}

fn sidecar() {
    let with = manifest().replacen(
        "      containers:\n",
        "      initContainers:\n      - name: wait\n        env:\n        - name: URL\n          value: \
         https://app.harness.io/ready\n      containers:\n",
        1,
    );
    let said = warnings(&with);
    assert!(said.contains("another container uses the manager URL too: left alone"), "{said}");
}

fn url_from_elsewhere() {
    let env = "        - name: LOG_STREAMING_SERVICE_URL\n          valueFrom:\n            configMapKeyRef: {name: a, key: \
               b}\n        - name: MANAGER_HOST_AND_PORT\n";
    let said = warnings(&manifest().replacen("        - name: MANAGER_HOST_AND_PORT\n", env, 1));
    assert!(said.contains("`LOG_STREAMING_SERVICE_URL` is under neither the manager URL nor the endpoint"), "{said}");
}

fn immutable() {
    let secret = "kind: Secret\nmetadata:\n  name: acorn-client-certificate\n  namespace: ci-delegates\nimmutable: \
                  true\ndata: {}\n---\n";
    let said = warnings(&(secret.to_owned() + manifest().trim_start_matches("---\n")));
    assert!(said.contains("the Secret `acorn-client-certificate` is immutable"), "{said}");
}

fn remove_leaves() {
    let folder = Folder::new();
    let both = manifest() + "---\n" + &manifest().replace("kind: Deployment", "kind: DaemonSet");
    let output = folder.pipe("remove --endpoint https://other.example.com", both.as_bytes()).ended_with(0);
    assert_eq!(output.stdout(), both);
    assert!(output.stderr.contains("nothing to do; in a DaemonSet: left alone"), "{}", output.stderr);
}

fn no_manager_host() {
    let config = upgrader("    workloadName: acorn\n    delegateConfig:\n      accountId: a\n");
    let said = warnings(&(manifest() + &config));
    assert!(said.contains("the upgrader's configuration has no `delegateConfig.managerHost` to move"), "{said}");
}
