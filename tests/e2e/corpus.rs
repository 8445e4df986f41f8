//! Real manifests, from a folder outside the repository that `DELEGATE_MTLS_CORPUS` names.

use std::fs;
use std::path::PathBuf;

use crate::fixtures::documented;
use crate::kubernetes::still_accepted;
use crate::programs::delegate_mtls;

/// What is to come of a manifest.
enum Expected {
    /// It moves; `remove` with this base gives it back.
    Moves { base: &'static str },
    /// It is refused, and the reason has these words.
    Refused { because: &'static str },
}

/// By the file's name without `.yaml`.
fn expected(name: &str) -> Expected {
    let moves = |base| Expected::Moves { base };
    let refused = |because| Expected::Refused { because };
    match name {
        "custom-image-gratis" => moves("https://app.harness.io/gratis"),
        "delegate-3x" => moves("https://acme.harness.io"),
        "sample-placeholders" => moves("PUT_YOUR_MANAGER_ENDPOINT"),
        "indented-lists" | "init-script-no-final-newline" => moves("https://app.harness.io"),
        name if name.starts_with("deployment-") => moves("https://app.harness.io"),
        "legacy-statefulset-with-volumes" | "docker-compose-legacy" => refused("is a legacy delegate"),
        "not-a-delegate" | "everything-commented-out" => refused("no delegate"),
        name => panic!("{name}.yaml is new in the corpus: say in tests/e2e/corpus.rs what is to come of it"),
    }
}

fn corpus() -> Vec<PathBuf> {
    let folder = std::env::var_os("DELEGATE_MTLS_CORPUS")
        .expect("DELEGATE_MTLS_CORPUS must name the folder with the corpus of real manifests");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|why| panic!("DELEGATE_MTLS_CORPUS={}: {why}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    assert!(!files.is_empty(), "no *.yaml in DELEGATE_MTLS_CORPUS={}", folder.display());
    files.sort();
    files
}

#[test]
fn every_manifest_gives_the_right_result_or_the_right_refusal() {
    for path in corpus() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let input = fs::read(&path).unwrap();
        println!("{name}");
        match expected(name) {
            Expected::Moves { base } => moves(name, &input, base),
            Expected::Refused { because } => is_refused(name, &input, because),
        }
    }
}

#[track_caller]
fn moves(name: &str, input: &[u8], base: &str) {
    let issued = documented();
    let inject = |manifest: &[u8]| delegate_mtls(&issued.inject(), manifest, issued.dir()).ended_with(0).stdout;
    let once = inject(input);
    assert_ne!(once, input, "{name}: nothing was injected");
    assert_same(&format!("{name}: injected twice"), &inject(&once), &once);
    let remove = ["remove", "--endpoint", base];
    let removed = delegate_mtls(&remove, &once, issued.dir()).ended_with(0).stdout;
    assert_same(&format!("{name}: injected and removed"), &removed, input);
    let accepted = still_accepted(name, input, &once);
    // the placeholder of a token is no base64, so that one does not decode before either
    assert!(accepted || name == "sample-placeholders", "{name}: Kubernetes takes all the others");
}

#[track_caller]
fn is_refused(name: &str, input: &[u8], because: &str) {
    let issued = documented();
    let run = delegate_mtls(&issued.inject(), input, issued.dir()).ended_with(2);
    assert_eq!(run.text(), "", "{name}: a refusal has no output");
    assert!(run.stderr.contains(because), "{name}: `{because}` is not in:\n{}", run.stderr);
}

/// Byte for byte; a difference is shown as the first line that differs.
#[track_caller]
fn assert_same(what: &str, actual: &[u8], wanted: &[u8]) {
    if actual != wanted {
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).split('\n').map(str::to_owned).collect::<Vec<_>>();
        let (actual, wanted) = (lines(actual), lines(wanted));
        let number = actual.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        panic!("{what}: line {} is {:?}, not {:?}", number + 1, actual.get(number), wanted.get(number));
    }
}
