//! The README's recipes for GitOps, taken out of it: kustomize's by the real `kubectl`, the others by the commands that
//! their hosts would run, each with a manifest that goes through and with one that does not.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_yaml::Value;
use tempfile::TempDir;

use crate::fixtures::{ENDPOINT, quickstart, resources};
use crate::programs::{Run, delegate_mtls, kubernetes_validate, run, sh, sh_command};

/// The blocks of the section, by what they are.
struct Recipes {
    filter: String,
    kustomization: String,
    transformer: String,
    kubectl: String,
    argo: Value,
    helm: Value,
}

fn recipes() -> Recipes {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## GitOps\n").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let blocks: Vec<(&str, &str)> =
        section.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap()).collect();
    let one = |language: &str, mark: &str| {
        let found: Vec<&str> = blocks
            .iter()
            .filter(|(own, text)| *own == language && text.contains(mark))
            .map(|(_, text)| *text)
            .collect();
        let [block] = found[..] else { panic!("one block with `{mark}`: {found:?}") };
        block.to_owned()
    };
    // Helm itself is not here: its command line is shown and not run
    assert!(one("shell", "helm ").contains(" --post-renderer ./delegate-mtls.sh\n"));
    assert_eq!(blocks.len(), 7, "a block that nothing runs: {blocks:?}");
    Recipes {
        filter: one("shell", "#!/bin/sh\n"),
        kustomization: one("yaml", "transformers:"),
        transformer: one("yaml", "kind: DelegateMtls"),
        kubectl: one("shell", "kubectl kustomize"),
        argo: serde_yaml::from_str(&one("yaml", "kind: ConfigManagementPlugin")).unwrap(),
        helm: serde_yaml::from_str(&one("yaml", "type: postrenderer/v1")).unwrap(),
    }
}

/// A folder with a manifest, and one with the script and the command that it starts.
struct Host {
    scratch: TempDir,
    recipes: Recipes,
}

impl Host {
    fn new() -> Host {
        let host = Host { scratch: tempfile::tempdir().unwrap(), recipes: recipes() };
        for folder in ["app", "bin"] {
            fs::create_dir(host.file(folder)).unwrap();
        }
        fs::copy(quickstart(), host.file("app/harness-delegate.yaml")).unwrap();
        symlink(env!("CARGO_BIN_EXE_delegate-mtls"), host.file("bin/delegate-mtls")).unwrap();
        host.filter("bin/delegate-mtls.sh");
        host
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Installs the script under a name.
    fn filter(&self, name: &str) {
        fs::create_dir_all(self.file(name).parent().unwrap()).unwrap();
        fs::write(self.file(name), &self.recipes.filter).unwrap();
        fs::set_permissions(self.file(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A command line in the folder of the manifest.
    fn runs(&self, line: &str) -> Run {
        sh(line, &self.file("bin"), &self.file("app"))
    }

    fn pipes(&self, line: &str, stdin: &[u8]) -> Run {
        run(sh_command(line, &self.file("bin"), &self.file("app")), stdin)
    }

    /// Takes the delegate out of the manifest.
    fn breaks(&self) {
        fs::write(self.file("app/harness-delegate.yaml"), without_delegate()).unwrap();
    }
}

fn without_delegate() -> &'static [u8] {
    b"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ci-delegates\n"
}

/// What the script makes of the quick start's manifest.
fn expected() -> Vec<u8> {
    let args = ["inject", "--existing-secret", "delegate-mtls-pair", "--endpoint", ENDPOINT];
    let expected = delegate_mtls(&args, &fs::read(quickstart()).unwrap(), Path::new(".")).ended_with(0).stdout;
    assert!(String::from_utf8_lossy(&expected).contains("secretName: delegate-mtls-pair\n"));
    expected
}

/// The objects of a manifest, in no order: hosts print them in their own.
fn sorted(manifest: &[u8]) -> Vec<Value> {
    let mut all = resources(manifest);
    let key = |it: &Value| serde_yaml::to_string(&(&it["kind"], &it["metadata"]["name"])).unwrap();
    all.sort_by_key(key);
    all
}

/// A failure leaves standard output empty, and says why.
#[track_caller]
fn failed(run: &Run) {
    assert_ne!(run.code, Some(0), "{}", run.text());
    assert_eq!(run.text(), "");
    assert!(run.stderr.contains("no delegate found"), "{}", run.stderr);
}

#[test]
fn the_kustomize_of_kubectl_runs_the_plugin() {
    let host = Host::new();
    let kind: Value = serde_yaml::from_str(&host.recipes.transformer).unwrap();
    let kind = kind["kind"].as_str().unwrap();
    host.filter(&format!("app/plugins/delegate-mtls.example.com/v1/{}/{kind}", kind.to_lowercase()));
    fs::write(host.file("app/kustomization.yaml"), &host.recipes.kustomization).unwrap();
    fs::write(host.file("app/delegate-mtls.yaml"), &host.recipes.transformer).unwrap();
    let output = host.runs(&host.recipes.kubectl).ended_with(0);
    assert_eq!(sorted(&output.stdout), sorted(&expected()));
    let manifest = host.file("kustomized.yaml");
    fs::write(&manifest, &output.stdout).unwrap();
    let said = kubernetes_validate(&manifest).ended_with(0);
    let passed = said.text().matches(" passed for resource ").count();
    assert_eq!(passed, resources(&output.stdout).len(), "{}{}", said.text(), said.stderr);

    host.breaks();
    failed(&host.runs(&host.recipes.kubectl));
}

/// What the README warns of: the same script as a function is not run, and nothing tells.
#[test]
fn the_kustomize_of_kubectl_runs_no_function() {
    let host = Host::new();
    fs::copy(host.file("bin/delegate-mtls.sh"), host.file("app/delegate-mtls.sh")).unwrap();
    fs::write(host.file("app/kustomization.yaml"), &host.recipes.kustomization).unwrap();
    let path = "  annotations:\n    config.kubernetes.io/function: |\n      exec:\n        path: ./delegate-mtls.sh\n";
    fs::write(host.file("app/delegate-mtls.yaml"), host.recipes.transformer.clone() + path).unwrap();
    let output = host.runs(&host.recipes.kubectl).ended_with(0);
    assert_eq!(sorted(&output.stdout), sorted(&fs::read(quickstart()).unwrap()));
}

#[test]
fn the_command_of_argo_cd_prints_the_manifest() {
    let host = Host::new();
    let spec = &host.recipes.argo["spec"];
    // a glob below the folder of the application
    let name = spec["discover"]["fileName"].as_str().unwrap();
    assert!(host.file("app").join(name).exists(), "{name}");
    let command: Vec<&str> =
        spec["generate"]["command"].as_sequence().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let ["sh", "-c", line] = command[..] else { panic!("{command:?}") };
    let output = host.runs(line).ended_with(0);
    assert_eq!((output.stdout, output.stderr.as_str()), (expected(), ""));
    host.breaks();
    failed(&host.runs(line));

    // what stands before a pipe may fail too
    let piped = host.runs("kubectl kustomize . | delegate-mtls.sh");
    assert!(piped.code != Some(0) && piped.text().is_empty(), "{}", piped.text());
    assert!(piped.stderr.contains("<stdin>: is empty"), "{}", piped.stderr);
}

#[test]
fn the_post_renderer_of_helm_is_a_filter() {
    let host = Host::new();
    let plugin = &host.recipes.helm;
    let [command] = plugin["runtimeConfig"]["platformCommand"].as_sequence().unwrap().as_slice() else {
        panic!("{plugin:?}")
    };
    let command = command["command"].as_str().unwrap();
    let version_4 = command.replace("${HELM_PLUGIN_DIR}", host.file("bin").to_str().unwrap());
    let version_3 = host.file("bin/delegate-mtls.sh").to_str().unwrap().to_owned();
    let rendered = fs::read(crate::fixtures::fixture("inject/helm-rendered/input.yaml")).unwrap();
    for command in [version_3, version_4] {
        let output = host.pipes(&command, &fs::read(quickstart()).unwrap()).ended_with(0);
        assert_eq!((output.stdout, output.stderr.as_str()), (expected(), ""));
        let output = host.pipes(&command, &rendered).ended_with(0);
        let all = resources(&output.stdout);
        let managers: Vec<&Value> =
            all.iter().map(|it| &it["data"]["MANAGER_HOST_AND_PORT"]).filter(|it| it.is_string()).collect();
        assert_eq!(managers, [ENDPOINT]);
        failed(&host.pipes(&command, without_delegate()));
    }
}

#[test]
fn a_function_gets_and_gives_a_resource_list() {
    let host = Host::new();
    let items = resources(&fs::read(quickstart()).unwrap());
    let wrapped = |items: Vec<Value>| {
        let mut list: Value = serde_yaml::from_str(
            "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig: {kind: ConfigMap, data: {a: b}}\nitems: []\nresults: [{message: m, severity: info}]\n",
        )
        .unwrap();
        list["items"] = Value::Sequence(items);
        list
    };
    // the upgrader's configuration is a literal block in what hosts print, too
    let stdin = serde_yaml::to_string(&wrapped(items)).unwrap();
    let output = host.pipes("delegate-mtls.sh", stdin.as_bytes()).ended_with(0);
    let given: Value = serde_yaml::from_str(output.text()).unwrap();
    assert_eq!(given, wrapped(resources(&expected())));
    failed(&host.pipes("delegate-mtls.sh", serde_yaml::to_string(&wrapped(Vec::new())).unwrap().as_bytes()));
}
