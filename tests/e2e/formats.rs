//! What `check` writes for programs, beside what such programs read: a SARIF validator, an XML parser, a JSON Schema; and
//! for the formats that nobody else reads here, a reader by their documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fixtures::{Issued, documented, quickstart};
use crate::programs::{Run, delegate_mtls, jsonschema, junit, sarif_complaints};

/// Names that every format has to escape something of.
const NAMES: [&str; 4] = ["plain.yaml", "100% größe.yaml", "a&b <c> 'd' \"e\": f,g.yaml", "two\nlines.yaml"];

/// A folder `clusters` with delegates that are not on mTLS, under all those names, and beside it what else a run meets: a
/// delegate on mTLS, a file that is broken, an empty folder.
fn fleet() -> Issued {
    let fleet = Issued::new();
    fs::create_dir(fleet.file("clusters")).unwrap();
    fs::create_dir(fleet.file("empty")).unwrap();
    let manifest = fs::read(quickstart()).unwrap();
    for name in NAMES {
        fs::write(fleet.file("clusters").join(name), &manifest).unwrap();
    }
    let injected = delegate_mtls(&documented().inject(), &manifest, fleet.dir()).ended_with(0);
    fs::write(fleet.file("migrated.yaml"), injected.stdout).unwrap();
    fs::write(fleet.file("broken.yaml"), "env:\n- name: MANAGER_HOST_AND_PORT\n  value: [\n").unwrap();
    fleet
}

/// Runs of all kinds: what is given, and the exit code.
const RUNS: [(&[&str], i32); 6] = [
    (&["clusters"], 0),
    (&["--mode", "strict", "./clusters"], 1),
    (&["migrated.yaml"], 0),
    (&["--allow-no-delegate", "empty"], 0),
    (&["empty"], 2),
    (&["--mode", "strict", "clusters", "migrated.yaml", "broken.yaml", "gone.yaml"], 2),
];

/// The run with everything in it.
const EVERYTHING: &[&str] = RUNS[5].0;

fn check(fleet: &Issued, format: &str, args: &[&str]) -> Run {
    let args: Vec<&str> = ["check", "--format", format].iter().chain(args).copied().collect();
    delegate_mtls(&args, b"", fleet.dir())
}

/// The reports of all runs in one format, as files.
fn reports(fleet: &Issued, format: &str) -> Vec<PathBuf> {
    let write = |(number, (args, code)): (usize, &(&[&str], i32))| {
        let run = check(fleet, format, args).ended_with(*code);
        let file = fleet.file(&format!("{number}.{format}"));
        fs::write(&file, run.stdout).unwrap();
        file
    };
    RUNS.iter().enumerate().map(write).collect()
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[test]
fn sarif_of_every_run_is_valid_and_taken_by_code_scanning() {
    let fleet = fleet();
    for file in reports(&fleet, "sarif") {
        let mut complaints = sarif_complaints(&file);
        // a finding about a file as a whole has no region, and needs none
        complaints.retain(|line| !line.contains("warning SARIF2017") || !line.contains("'region' property is absent"));
        assert_eq!(complaints, [""; 0], "{}", file.display());
    }
    let everything = json(&fleet.file("5.sarif"));
    let run = &everything["runs"][0];
    let uris: BTreeSet<&str> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["ruleId"] == "not-mtls")
        .map(|result| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    let expected = [
        "clusters/100%25%20gr%C3%B6%C3%9Fe.yaml",
        "clusters/a%26b%20%3Cc%3E%20%27d%27%20%22e%22%3A%20f%2Cg.yaml",
        "clusters/plain.yaml",
        "clusters/two%0Alines.yaml",
    ];
    assert_eq!(uris, BTreeSet::from(expected));
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert!(run["invocations"][0]["toolExecutionNotifications"].to_string().contains("gone.yaml"));

    // without this, a judge that takes everything would prove nothing above
    let good = fs::read_to_string(fleet.file("5.sarif")).unwrap();
    for (from, to) in [("\"startLine\": ", "\"startLine\": -"), ("\"ruleIndex\"", "\"ruleNumber\"")] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        fs::write(fleet.file("changed.sarif"), changed).unwrap();
        assert_ne!(sarif_complaints(&fleet.file("changed.sarif")), [""; 0], "{from}");
    }
}

#[test]
fn json_of_every_run_follows_the_schema() {
    let fleet = fleet();
    let documents = reports(&fleet, "json");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/check.json");
    let judged = jsonschema(&schema, &documents).ended_with(0);
    assert_eq!(judged.text(), format!("{} documents follow the schema\n", documents.len()));
    let everything = json(&documents[5]);
    assert!(everything["errors"].to_string().contains("gone.yaml"), "{everything}");
    assert_eq!(everything["delegates"].as_array().unwrap().len(), NAMES.len() + 1);

    let good = fs::read_to_string(&documents[5]).unwrap();
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"rule\": \"", "\"rule\": \"no-"),
        ("\"help\"", "\"more\": 1, \"help\""),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        fs::write(fleet.file("changed.json"), changed).unwrap();
        jsonschema(&schema, &[fleet.file("changed.json")]).ended_with(1);
    }
}

#[test]
fn junit_of_every_run_is_read_with_the_right_totals() {
    let fleet = fleet();
    let read: Vec<String> =
        reports(&fleet, "junit").iter().map(|file| junit(file).ended_with(0).text().to_owned()).collect();
    for (run, kind) in [(0, "system-out"), (1, "failure not-mtls")] {
        for name in NAMES {
            // as Python quotes it
            let suite = match name.contains('"') {
                true => format!("'clusters/{}'", name.replace('\'', "\\'")),
                false => format!("'clusters/{}'", name.replace('\n', "\\n")),
            };
            let line = |line: &&str| {
                line.starts_with(&format!("{suite}\t")) && line.contains("not-mtls: ") && line.ends_with(kind)
            };
            assert_eq!(read[run].lines().filter(line).count(), 1, "{suite}: {}", read[run]);
        }
    }
    assert!(read[2].lines().any(|line| line.starts_with("'migrated.yaml'\t'delegate ") && line.ends_with("\tpassed")));
    assert_eq!(read[3], "");
    assert!(read[4].lines().any(|line| line.ends_with("\terror check-failed")), "{}", read[4]);
    let gone = |line: &str| line.contains("gone.yaml") && line.ends_with("\terror check-failed");
    assert!(read[5].lines().any(gone), "{}", read[5]);
}

/// By <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.
#[test]
fn code_quality_has_what_gitlab_reads_and_fingerprints_that_outlive_an_edit() {
    let fleet = fleet();
    let fingerprints = |issues: &Value| -> Vec<String> {
        issues.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    for file in reports(&fleet, "gitlab") {
        let issues = json(&file);
        for issue in issues.as_array().unwrap() {
            for key in ["description", "check_name", "fingerprint"] {
                assert!(!issue[key].as_str().unwrap().is_empty(), "{issue}");
            }
            let severities = ["info", "minor", "major", "critical", "blocker"];
            assert!(severities.contains(&issue["severity"].as_str().unwrap()), "{issue}");
            let path = issue["location"]["path"].as_str().unwrap();
            assert!(path == "." || !path.starts_with(['.', '/']), "{issue}");
            assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1, "{issue}");
        }
        let all = fingerprints(&issues);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{}", file.display());
    }
    let before = json(&fleet.file("5.gitlab"));
    assert!(before.as_array().unwrap().iter().any(|issue| issue["severity"] == "blocker"), "{before}");
    for name in NAMES {
        let file = fleet.file("clusters").join(name);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("# one line more\n{text}")).unwrap();
    }
    let after: Value = serde_json::from_slice(&check(&fleet, "gitlab", EVERYTHING).stdout).unwrap();
    assert_ne!(before, after, "the lines moved");
    assert_eq!(fingerprints(&before), fingerprints(&after));
}

/// As the runner reads a command: `ActionCommand.TryParseV2` of <https://github.com/actions/runner>.
#[test]
fn annotations_are_read_back_with_the_names_of_the_files() {
    let fleet = fleet();
    let unescaped = |text: &str| {
        let pairs = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
        pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let run = check(&fleet, "github", EVERYTHING).ended_with(2);
    let mut files = BTreeSet::new();
    let mut order = Vec::new();
    for line in run.text().lines() {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        order.push(["error", "warning", "notice"].iter().position(|name| *name == command).unwrap());
        assert!(!message.is_empty(), "{line}");
        for property in properties.split(',') {
            match property.split_once('=').unwrap() {
                ("file", file) => {
                    files.insert(unescaped(file));
                }
                ("line" | "col", number) => assert!(number.parse::<usize>().unwrap() >= 1, "{line}"),
                (key, _) => assert_eq!(key, "title", "{line}"),
            }
        }
    }
    assert!(order.is_sorted(), "the worst first: {}", run.text());
    assert!(run.text().lines().next().unwrap().contains("title=check-failed::"), "{}", run.text());
    for name in NAMES {
        assert!(files.contains(&format!("clusters/{name}")), "{name:?} in {files:?}");
    }
}
