//! The values of the Helm chart: the Secret in a file of its own, which of several values are meant, and what is shown.

use std::process::Command;

use libtest_mimic::Trial;

use crate::folder::{ENDPOINT, Folder, case, claims, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "values",
        &[
            ("the Secret goes to a file of its own, without a namespace", secret_output),
            ("the Secret that the values name already is written", secret_of_values),
            ("a pair in the place of an older one is named, and that the pods have to restart", rotation),
            ("the pods of a delegate with another full name are those to restart", full_name),
            ("values for several clusters name one Secret", one_secret),
            ("a pair that the chart's delegate cannot load is refused", loader),
            ("without a name there is no Secret to write", nameless),
            ("an existing Secret needs no name, and its pair is judged", existing),
            ("without an endpoint the URL stays, and a warning says so", without_endpoint),
            ("what is deeper under the manager URL is left alone with a warning", deeper),
            ("--check and diff tell, and write nothing", check_and_diff),
            ("values and manifests are edited in one run, or nothing is", with_manifests),
            ("a delegate is selected by its name", selected),
            ("remove leaves values alone that were never on mTLS", remove_without_mtls),
            ("remove without a URL leaves the endpoint, and says so", remove_without_url),
            ("values of another chart are no delegate", other_chart),
            ("templates are refused by every command that edits", templates),
            ("an action in a string of values is no template", action_in_values),
            ("actions in other documents are no matter", actions_elsewhere),
            ("secrets in values are masked, commented out or not", masked),
        ],
    )
}

const VALUES: &str = "delegateName: acorn\nmanagerEndpoint: https://app.harness.io\n";

fn on_mtls(secret: &str) -> String {
    format!("delegateName: acorn\nmanagerEndpoint: {ENDPOINT}\nmTLS:\n  secretName: {secret}\n")
}

/// The test pair, and the values as `values.yaml`.
fn folder(values: &str) -> Folder {
    let folder = Folder::new();
    folder.write("values.yaml", values);
    folder
}

fn text(folder: &Folder, file: &str) -> String {
    String::from_utf8(folder.read(file)).unwrap()
}

/// The Secret of the test pair, but for its two values.
fn secret(name: &str) -> String {
    let manifest = String::from_utf8(case("no-upgrader/expected.yaml")).unwrap();
    let values = manifest.lines().filter(|line| line.starts_with("  client.")).collect::<Vec<_>>().join("\n");
    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\ndata:\n{values}\n")
}

fn secret_output() {
    let folder = folder(VALUES);
    let output = folder.run("inject PAIR TO --secret-output secret.yaml values.yaml").ended_with(0);
    assert_eq!(output.stdout(), on_mtls("acorn-client-certificate"));
    assert_eq!(text(&folder, "secret.yaml"), secret("acorn-client-certificate"));
    assert_eq!(folder.mode("secret.yaml"), 0o600);
    assert!(
        output.stderr.ends_with(
            "values.yaml: acorn: 1 URL moved from https://app.harness.io to https://acme.harness.io:8443, \
             `mTLS.secretName` set to `acorn-client-certificate`, pair into the Secret `acorn-client-certificate` in a \
             file of its own\n"
        ),
        "{}",
        output.stderr
    );
    // again, nothing changes
    let stamp = folder.stamp("secret.yaml");
    let again = folder.pipe("inject PAIR TO --secret-output secret.yaml -q", &output.stdout).ended_with(0);
    assert_eq!(again.stdout(), output.stdout());
    assert_eq!(folder.stamp("secret.yaml"), stamp);
    folder.run("inject PAIR TO values.yaml").refused(
        "error: values.yaml: a Helm values file has no place for the pair's Secret\n  help: write it to a file of its own \
         with `--secret-output FILE`, or name one with `--existing-secret NAME`\n",
    );
}

fn secret_of_values() {
    let folder = folder(&on_mtls("fleet-mtls"));
    let output = folder.run("inject PAIR TO --secret-output secret.yaml values.yaml").ended_with(0);
    assert_eq!(output.stdout(), on_mtls("fleet-mtls"));
    assert_eq!(text(&folder, "secret.yaml"), secret("fleet-mtls"));
}

/// Makes another pair of another CA, as `new/…`.
fn other_pair(folder: &Folder) -> String {
    std::fs::create_dir(folder.path("new")).unwrap();
    folder.run("certs ca --out-dir new").ended_with(0);
    folder.run("certs client --ca new/ca.crt --ca-key new/ca.key --out-dir new").ended_with(0);
    "inject --cert new/client.crt --key new/client.key --ca new/ca.crt --endpoint https://acme.harness.io:8443"
        .to_owned()
}

fn rotation() {
    let folder = folder(VALUES);
    folder.run("inject PAIR TO -i --secret-output secret.yaml values.yaml").ended_with(0);
    let inject = other_pair(&folder);
    let output = folder.run(&format!("{inject} -i --secret-output secret.yaml values.yaml")).ended_with(0);
    let said = output.stderr.lines().last().unwrap();
    let start =
        "values.yaml: acorn: pair replaced in the Secret `acorn-client-certificate` in a file of its own: CF:50:5B:";
    assert!(said.starts_with(start), "{said}");
    assert!(said.contains(" (until 2054-04-09) → "), "{said}");
    assert!(said.ends_with("; pods do not restart for that: `kubectl rollout restart deployment/acorn`"), "{said}");
    assert_ne!(text(&folder, "secret.yaml"), secret("acorn-client-certificate"));
    // the values name the same Secret as before
    assert_eq!(text(&folder, "values.yaml"), on_mtls("acorn-client-certificate"));
}

fn full_name() {
    let folder = folder(&format!("fullnameOverride: big-acorn\n{VALUES}"));
    folder.run("inject PAIR TO -i --secret-output secret.yaml values.yaml").ended_with(0);
    let inject = other_pair(&folder);
    let output = folder.run(&format!("{inject} -i --secret-output secret.yaml values.yaml")).ended_with(0);
    assert!(output.stderr.ends_with("restart deployment/big-acorn`\n"), "{}", output.stderr);
}

fn one_secret() {
    let folder = folder(VALUES);
    folder.write("prod.yaml", format!("replicas: 2\n{VALUES}"));
    folder.run("inject PAIR TO -i --secret-output secret.yaml values.yaml prod.yaml").ended_with(0);
    assert_eq!(text(&folder, "secret.yaml"), secret("acorn-client-certificate"));
    assert_eq!(text(&folder, "prod.yaml"), format!("replicas: 2\n{}", on_mtls("acorn-client-certificate")));
    // two delegates in one file, two Secrets
    folder.write("both.yaml", "a: {delegateName: a, managerEndpoint: x}\nb: {delegateName: b, managerEndpoint: x}\n");
    folder.run("inject PAIR TO -i --secret-output both-secrets.yaml both.yaml").ended_with(0);
    let secrets = text(&folder, "both-secrets.yaml");
    assert_eq!(secrets, format!("{}---\n{}", secret("a-client-certificate"), secret("b-client-certificate")));
}

fn loader() {
    let folder = folder(VALUES);
    let openssl = |line: &str| {
        let mut command = Command::new("openssl");
        let output = command.args(line.split(' ')).current_dir(folder.path("")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ec-ca.crt -subj /CN=CA");
    openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.csr -subj /CN=C");
    openssl("x509 -req -in ec.csr -CA ec-ca.crt -CAkey ca.key -set_serial 1 -out ec.crt");
    let pair = "--cert ec.crt --key ec.key --ca ec-ca.crt --secret-output secret.yaml";
    let output = folder.run(&format!("inject {pair} TO values.yaml")).ended_with(2);
    assert!(output.stderr.contains("[key-not-rsa]"), "{}", output.stderr);
    // beside a 3.x delegate, too
    folder.write("newer.yaml", case("delegate-3x/input.yaml"));
    folder.run(&format!("inject {pair} TO -i newer.yaml values.yaml")).ended_with(2);
    folder.run(&format!("inject {pair} TO --check -q newer.yaml")).ended_with(1);
}

fn nameless() {
    let folder = folder("managerEndpoint: https://app.harness.io\n");
    let help = "make the Secret yourself and give its name with `--existing-secret NAME`";
    folder.run("inject PAIR TO --secret-output secret.yaml values.yaml").refused_with(&format!(
        "error: values.yaml:1:1: these values have no `delegateName` to call the Secret after\n  help: {help}\n"
    ));
    folder.write("values.yaml", "delegateName: PUT_YOUR_NAME\nmanagerEndpoint: https://app.harness.io\n");
    folder.run("inject PAIR TO --secret-output secret.yaml values.yaml").refused_with(&format!(
        "error: values.yaml:1:1: `PUT_YOUR_NAME-client-certificate` cannot be the name of a Secret\n  help: {help}\n"
    ));
    assert!(!folder.path("secret.yaml").exists());
}

fn existing() {
    let folder = folder("managerEndpoint: https://app.harness.io\n");
    let output = folder.run("inject --existing-secret fleet-mtls TO values.yaml").ended_with(0);
    assert_eq!(output.stdout(), format!("managerEndpoint: {ENDPOINT}\nmTLS:\n  secretName: fleet-mtls\n"));
    assert!(
        output.stderr.ends_with(
            "values.yaml: harness-delegate-ng: 1 URL moved from https://app.harness.io to https://acme.harness.io:8443, \
             `mTLS.secretName` set to `fleet-mtls`; the pair is taken from the Secret `fleet-mtls`, which must exist\n"
        ),
        "{}",
        output.stderr
    );
    let judged = folder.run("inject PAIR --existing-secret fleet-mtls TO -q values.yaml").ended_with(0);
    assert_eq!(judged.stdout(), output.stdout());
    let other = folder.pipe("inject --existing-secret other TO ", &output.stdout).ended_with(0);
    assert!(other.stderr.contains("`mTLS.secretName` set from `fleet-mtls` to `other`"), "{}", other.stderr);
    folder.run("inject --cert client.crt --key ca.crt --ca ca.crt --existing-secret x TO values.yaml").ended_with(2);
}

fn without_endpoint() {
    let folder = folder(VALUES);
    let output = folder.run("inject --existing-secret x -q values.yaml").ended_with(0);
    output.says(
        &format!("{VALUES}mTLS:\n  secretName: x\n"),
        "warning: values.yaml:2:18: `acorn`: the manager URL stays `https://app.harness.io`\n  help: give the account's \
         mTLS endpoint with `--endpoint`\n",
    );
    folder.write("values.yaml", "delegateName: acorn\nmTLS: {}\n");
    folder.run("inject --existing-secret x -q values.yaml").ended_with(0).says(
        "delegateName: acorn\nmTLS: {secretName: x}\n",
        "warning: values.yaml:1:1: `acorn`: the manager URL stays that of the chart\n  help: give the account's mTLS \
         endpoint with `--endpoint`\n",
    );
    folder.write("values.yaml", format!("managerEndpoint: {ENDPOINT}\n"));
    folder
        .run("inject --existing-secret x -q values.yaml")
        .ended_with(0)
        .says(&format!("managerEndpoint: {ENDPOINT}\nmTLS:\n  secretName: x\n"), "");
}

fn deeper() {
    let values = format!("{VALUES}custom_containers:\n- env:\n  - name: X\n    value: https://app.harness.io/x\n");
    let output = folder(&values).run("inject --existing-secret x TO -q values.yaml").ended_with(0);
    assert!(output.stdout().contains("value: https://app.harness.io/x\n"), "{}", output.stdout());
    assert_eq!(
        output.stderr,
        "warning: values.yaml:6:12: this is under the manager URL too: left alone, because it may be for something without \
         a certificate\n  help: set it to the endpoint by hand if it is the delegate's\n"
    );
}

fn check_and_diff() {
    let folder = folder(VALUES);
    let line = "--existing-secret x TO values.yaml";
    folder.run(&format!("inject --check -q {line}")).ended_with(1).says("", "");
    let diff = folder.run(&format!("diff -q {line}")).ended_with(1);
    diff.says("", "");
    let diff = folder.run(&format!("diff {line}")).ended_with(1);
    assert!(diff.stdout().contains("\n-managerEndpoint: https://app.harness.io\n+managerEndpoint: https://acme"));
    assert!(diff.stdout().ends_with("\n+mTLS:\n+  secretName: x\n"), "{}", diff.stdout());
    assert_eq!(text(&folder, "values.yaml"), VALUES);
    folder.run(&format!("inject -i {line}")).ended_with(0);
    folder.run(&format!("inject --check -q {line}")).ended_with(0);
    folder.run("remove --check -q values.yaml").ended_with(1);
    folder.run("remove -i -q --endpoint https://app.harness.io values.yaml").ended_with(0);
    assert_eq!(text(&folder, "values.yaml"), VALUES);
}

fn with_manifests() {
    let folder = folder(VALUES);
    folder
        .run("inject PAIR TO -i delegate.yaml values.yaml")
        .refused_with("error: values.yaml: a Helm values file has");
    assert_eq!((folder.read("delegate.yaml"), text(&folder, "values.yaml")), (plain(), VALUES.to_owned()));
    folder.run("inject PAIR TO -i --secret-output secret.yaml delegate.yaml values.yaml").ended_with(0);
    assert_eq!(text(&folder, "values.yaml"), on_mtls("acorn-client-certificate"));
    assert_ne!(folder.read("delegate.yaml"), plain());
    // one of the Secrets is in a namespace, the other is not
    assert_eq!(text(&folder, "secret.yaml").matches("kind: Secret").count(), 2);
}

fn selected() {
    let folder = folder("a: {delegateName: a, managerEndpoint: x}\nb: {delegateName: b, managerEndpoint: x}\n");
    let output = folder.run("inject --existing-secret s TO --delegate b -q values.yaml").ended_with(0);
    assert_eq!(
        output.stdout(),
        format!(
            "a: {{delegateName: a, managerEndpoint: x}}\nb: {{delegateName: b, managerEndpoint: \"{ENDPOINT}\", mTLS: \
             {{secretName: s}}}}\n"
        )
        .replace('"', "")
    );
    folder
        .run("inject --existing-secret s TO --delegate c values.yaml")
        .refused("error: values.yaml: no delegate is named `c`\n  help: there is `a`, `b`\n");
}

fn remove_without_mtls() {
    for values in [VALUES, &format!("mTLS:\n  secretName: \"\"\n{VALUES}"), &format!("mTLS:\n{VALUES}")] {
        let output = folder(values).run("remove --endpoint https://other.example.com values.yaml").ended_with(0);
        output.says(values, "values.yaml: acorn: nothing to do\n");
    }
}

fn remove_without_url() {
    let folder = folder(&on_mtls("x"));
    let output = folder.run("remove -q values.yaml").ended_with(0);
    output.says(
        &format!("delegateName: acorn\nmanagerEndpoint: {ENDPOINT}\n"),
        "warning: values.yaml:2:18: `acorn`: the manager URL stays `https://acme.harness.io:8443`\n  help: give the manager \
         URL to restore with `--endpoint`\n",
    );
    let output = folder.run("remove values.yaml").ended_with(0);
    let end = "values.yaml: acorn: `mTLS.secretName` removed; the Secret `x` is left to who made it\n";
    assert!(output.stderr.ends_with(end), "{}", output.stderr);
}

fn other_chart() {
    let folder = folder("mTLS:\n  secretName: \"\"\nreplicas: 1\n");
    folder.run("inject --existing-secret x TO values.yaml").refused_with("error: values.yaml: no delegate found\n");
    folder.run("check --allow-no-delegate values.yaml").ended_with(0).says("no findings\n", "");
    let output = folder.run("inject --existing-secret x TO -i values.yaml delegate.yaml").ended_with(0);
    assert!(output.stderr.contains("note: values.yaml: no delegate in it, left alone\n"), "{}", output.stderr);
}

fn templates() {
    let manifest = String::from_utf8(plain()).unwrap();
    for template in [
        manifest.replace("name: acorn", "name: {{ .Values.name }}"),
        manifest.replace("name: acorn", "name: \"{{ .Release.Name }}-acorn\""),
        manifest.replace("  replicas: 1\n", "{{- if .Values.replicas }}\n  replicas: 1\n{{- end }}\n"),
        "delegateName: acorn\nmanagerEndpoint: {{ .Values.endpoint | quote }}\n".to_owned(),
        "delegateName: acorn\nmanagerEndpoint: x\nmTLS:\n  secretName: x-{{ .Release.Name }}\n".to_owned(),
    ] {
        assert_ne!(template, manifest);
        let folder = folder(&template);
        for command in ["inject --existing-secret x TO ", "diff --existing-secret x TO ", "remove "] {
            let output = folder.run(&format!("{command}values.yaml"));
            let end = ": a Helm template, and only what it renders to can be edited\n  help: render it first: `helm template \
                       … | delegate-mtls inject -`; or inject into the chart's values.yaml instead\n";
            assert!(output.stderr.ends_with(end), "{template}\n{}", output.stderr);
            output.refused_with("error: values.yaml:");
        }
    }
}

fn action_in_values() {
    let values = format!("{VALUES}commonLabels: {{release: \"{{{{ .Release.Name }}}}\"}}\n");
    let output = folder(&values).run("inject --existing-secret x TO -q values.yaml").ended_with(0);
    assert!(output.stdout().ends_with("\"{{ .Release.Name }}\"}\nmTLS:\n  secretName: x\n"), "{}", output.stdout());
}

fn actions_elsewhere() {
    let folder = Folder::new();
    let mut manifest = String::from_utf8(plain()).unwrap();
    manifest.push_str("---\nkind: ConfigMap\ndata: {a: \"{{ .Values.x }}\"}\n");
    folder.write("delegate.yaml", manifest);
    folder.run("inject --existing-secret x TO -q delegate.yaml").ended_with(0);
}

fn masked() {
    let secrets = ["FAKE1", "FAKE2", "FAKE3", "FAKE4", "FAKE5", "FAKE6"];
    let values = "\
# delegateToken: FAKE1
delegateToken: FAKE2
managerEndpoint: https://app.harness.io
custom_envs:
- {name: MY_PASSWORD, value: FAKE3}
credentials: {inner: [FAKE5]}
proxyPassword: |
  FAKE4
#   - password: \"FAKE6\"
";
    let folder = folder(&format!("{values}delegateName: acorn\n"));
    let output = folder.run("diff --existing-secret not-hidden TO values.yaml").ended_with(1);
    assert!(output.stdout().contains("secretName: not-hidden"), "{}", output.stdout());
    assert!(
        output.stdout().contains(
            "
 - {name: MY_PASSWORD, value: ***}
"
        ),
        "{}",
        output.stdout()
    );
    assert!(
        output.stdout().contains(
            "
 #   - password: ***
"
        ),
        "{}",
        output.stdout()
    );
    for secret in secrets {
        assert!(!output.stdout().contains(secret) && !output.stderr.contains(secret), "{}", output.stdout());
    }
    // a dependency may be called as a secret is
    folder.write("values.yaml", "secrets:\n  managerEndpoint: https://app.harness.io\n  apiToken: FAKE1\n");
    let output = folder.run("diff --existing-secret not-hidden TO values.yaml").ended_with(1);
    assert!(output.stdout().contains("-  managerEndpoint: https://app.harness.io\n"), "{}", output.stdout());
    assert!(!output.stdout().contains("FAKE1"), "{}", output.stdout());
}
