//! Values of the Helm chart beside what Helm makes of its own `--set`. Helm itself is in no package that can be relied on
//! here, so its rule is stated again, for PyYAML's data: the last of the dotted keys gets the value, and what is missing or
//! null on the way becomes a mapping (`helm.sh/helm/v3/pkg/strvals`).

use std::fs;

use crate::fixtures::{ENDPOINT, fixture};
use crate::programs::{delegate_mtls, helm_set};

/// Values, and what stands before the chart's keys.
const VALUES: [(&str, &str); 8] = [
    ("delegateName: acorn\nmanagerEndpoint: https://app.harness.io\n", ""),
    ("managerEndpoint: https://app.harness.io/gratis\nmTLS:\n  secretName: ''\n  other: kept\n", ""),
    ("managerEndpoint:\nmTLS:\nlast: |\n  text\n", ""),
    ("mTLS: {secretName: 'old'}\naccountId: a\n", ""),
    ("mTLS: {}\naccountId: a\nimage:\n    tag: '1'\n", ""),
    ("{\"managerEndpoint\": \"https://app.harness.io\", \"replicas\": 1}\n", ""),
    ("web: {a: 1}\neast:\n  delegateName: acorn\n  managerEndpoint: x\n  custom_envs:\n  # - none\nz: 1\n", "east."),
    ("east: {delegateName: acorn, managerEndpoint: x}\n", "east."),
];

fn injected(values: &str) -> Vec<u8> {
    let here = tempfile::tempdir().unwrap();
    let args = ["inject", "--existing-secret", "fleet-mtls", "--endpoint", ENDPOINT];
    delegate_mtls(&args, values.as_bytes(), here.path()).ended_with(0).stdout
}

#[test]
fn values_become_what_helm_would_have_set() {
    for (values, prefix) in VALUES {
        helm_set(values.as_bytes(), prefix, &injected(values)).ended_with(0);
    }
    // the chart's own keys, with comments and all; what else lies under the manager URL is not Helm's matter
    let values = fs::read_to_string(fixture("inject/values/input.yaml")).unwrap();
    let values = values.replace("https://app.harness.io/log-service/", "https://logs.example.com");
    helm_set(values.as_bytes(), "", &injected(&values)).ended_with(0);
}

/// Without this, a comparison that finds everything equal would prove nothing above.
#[test]
fn another_value_another_key_and_a_lost_one_are_seen() {
    let values = "delegateName: acorn\nmanagerEndpoint: https://app.harness.io\n";
    let right = String::from_utf8(injected(values)).unwrap();
    helm_set(values.as_bytes(), "", right.as_bytes()).ended_with(0);
    for (from, to) in [("fleet-mtls", "fleet"), ("mTLS", "mtls"), ("delegateName: acorn\n", ""), (":8443", "")] {
        assert!(right.contains(from), "{right}");
        helm_set(values.as_bytes(), "", right.replacen(from, to, 1).as_bytes()).ended_with(1);
    }
}
