use std::collections::BTreeSet;

use proptest::prelude::*;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use serde_json::{Value, json};
use time::macros::datetime;

use super::{CheckFormat, write_check};
use crate::check::{At, DelegateState, Failure, Generation, Located, Mtls, Report};
use crate::finding::{Rule, Severity};

const FORMATS: [CheckFormat; 5] =
    [CheckFormat::Json, CheckFormat::Github, CheckFormat::Sarif, CheckFormat::Gitlab, CheckFormat::Junit];

fn written(format: CheckFormat, report: &Report) -> String {
    let mut out = Vec::new();
    write_check(&mut out, format, report).unwrap();
    String::from_utf8(out).unwrap()
}

fn value(format: CheckFormat, report: &Report) -> Value {
    serde_json::from_str(&written(format, report)).unwrap()
}

fn empty() -> Report {
    Report { at: datetime!(2026-03-01 12:00 UTC), findings: Vec::new(), delegates: Vec::new(), failures: Vec::new() }
}

fn at(path: &str, line: usize, column: usize) -> At {
    At { path: Some(path.to_owned()), line: Some(line), column: Some(column), span: Default::default() }
}

fn finding(rule: Rule, severity: Severity, message: &str, at: At) -> Located {
    Located { rule, severity, message: message.to_owned(), help: None, at }
}

fn delegate(path: &str, line: usize, name: &str) -> DelegateState {
    DelegateState {
        path: path.to_owned(),
        line,
        name: name.to_owned(),
        namespace: None,
        generation: Generation::Classic,
        mtls: Mtls::None,
        endpoint: None,
        expires: None,
        strict_ready: false,
    }
}

/// One of everything: each severity; in a line, in a file, nowhere; failures in a file and nowhere; equal findings.
fn usual() -> Report {
    let missing = "`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set";
    Report {
        findings: vec![
            finding(Rule::ChainNotJudged, Severity::Note, "no CA was given", At::default()),
            Located {
                help: Some("delegate-mtls inject --cert client.crt --key client.key a.yaml".to_owned()),
                ..finding(Rule::NotMtls, Severity::Warning, "`acme` is not on mTLS", at("a.yaml", 3, 9))
            },
            Located {
                help: Some("set it: to 100 %, or more".to_owned()),
                ..finding(Rule::MissingEnv, Severity::Error, missing, at("b.yaml", 7, 11))
            },
            finding(Rule::MissingEnv, Severity::Error, missing, at("b.yaml", 40, 11)),
            finding(
                Rule::HelmTemplate,
                Severity::Note,
                "`{{ .Values.x }}` is not judged",
                At { path: Some("chart/c.yaml".to_owned()), ..At::default() },
            ),
        ],
        delegates: vec![
            delegate("a.yaml", 3, "acme"),
            DelegateState {
                namespace: Some("harness".to_owned()),
                mtls: Mtls::Complete,
                endpoint: Some("https://acme.harness.io:8443".to_owned()),
                expires: Some(datetime!(2027-01-02 03:04:05 UTC)),
                strict_ready: true,
                ..delegate("b.yaml", 2, "good")
            },
            DelegateState { generation: Generation::ThreeX, mtls: Mtls::Partial, ..delegate("b.yaml", 7, "half") },
        ],
        failures: vec![
            Failure {
                message: "`gone`: there is no such file or folder".to_owned(),
                help: Some("check the path".to_owned()),
                path: None,
            },
            Failure { message: "`d.yaml`: not UTF-8".to_owned(), help: None, path: Some("d.yaml".to_owned()) },
        ],
        ..empty()
    }
}

/// The paths that an escape is needed for, with what they are in SARIF.
const PATHS: [(&str, &str); 10] = [
    ("clusters/a b.yaml", "clusters/a%20b.yaml"),
    ("100%.yaml", "100%25.yaml"),
    ("a&b<c>'\".yaml", "a%26b%3Cc%3E%27%22.yaml"),
    ("a:b,c.yaml", "a%3Ab%2Cc.yaml"),
    ("two\nlines\r.yaml", "two%0Alines%0D.yaml"),
    ("größe.yaml", "gr%C3%B6%C3%9Fe.yaml"),
    ("\u{1b}[31m\u{7}\u{FFFF}.yaml", "%1B%5B31m%07%EF%BF%BF.yaml"),
    ("../beside.yaml", "../beside.yaml"),
    ("/srv/a b.yaml", "file:///srv/a%20b.yaml"),
    ("<stdin>", "%3Cstdin%3E"),
];

#[test]
fn json_is_the_whole_report_with_its_version() {
    let expected = json!({
        "version": 1,
        "at": "2026-03-01T12:00:00Z",
        "findings": [
            {
                "rule": "chain-not-judged", "severity": "note", "message": "no CA was given", "help": null,
                "path": null, "line": null, "column": null,
            },
            {
                "rule": "not-mtls", "severity": "warning", "message": "`acme` is not on mTLS",
                "help": "delegate-mtls inject --cert client.crt --key client.key a.yaml",
                "path": "a.yaml", "line": 3, "column": 9,
            },
            {
                "rule": "missing-env", "severity": "error",
                "message": "`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set",
                "help": "set it: to 100 %, or more", "path": "b.yaml", "line": 7, "column": 11,
            },
            {
                "rule": "missing-env", "severity": "error",
                "message": "`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set",
                "help": null, "path": "b.yaml", "line": 40, "column": 11,
            },
            {
                "rule": "helm-template", "severity": "note", "message": "`{{ .Values.x }}` is not judged", "help": null,
                "path": "chart/c.yaml", "line": null, "column": null,
            },
        ],
        "delegates": [
            {
                "path": "a.yaml", "line": 3, "name": "acme", "namespace": null, "generation": "classic", "mtls": "none",
                "endpoint": null, "expires": null, "strict_ready": false,
            },
            {
                "path": "b.yaml", "line": 2, "name": "good", "namespace": "harness", "generation": "classic",
                "mtls": "complete", "endpoint": "https://acme.harness.io:8443", "expires": "2027-01-02T03:04:05Z",
                "strict_ready": true,
            },
            {
                "path": "b.yaml", "line": 7, "name": "half", "namespace": null, "generation": "3.x", "mtls": "partial",
                "endpoint": null, "expires": null, "strict_ready": false,
            },
        ],
        "errors": [
            { "message": "`gone`: there is no such file or folder", "help": "check the path", "path": null },
            { "message": "`d.yaml`: not UTF-8", "help": null, "path": "d.yaml" },
        ],
    });
    assert_eq!(value(CheckFormat::Json, &usual()), expected);
}

#[test]
fn the_schema_knows_every_rule_and_no_other() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/schema/check.json")).unwrap();
    let ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(schema["$defs"]["rule"]["enum"], json!(ids));
}

#[test]
fn the_schema_requires_what_the_report_has_and_allows_nothing_else() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/schema/check.json")).unwrap();
    let report = value(CheckFormat::Json, &usual());
    let defs = &schema["$defs"];
    let objects = [
        (&schema, &report),
        (&defs["finding"], &report["findings"][0]),
        (&defs["delegate"], &report["delegates"][0]),
        (&defs["error"], &report["errors"][0]),
    ];
    for (schema, object) in objects {
        let keys: BTreeSet<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        let properties = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let required = schema["required"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
        assert_eq!((&keys, &keys), (&properties, &required));
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}

#[test]
fn annotations_come_the_worst_first_and_keep_to_their_lines() {
    let expected = "\
::error title=check-failed::`gone`: there is no such file or folder%0Ahelp: check the path
::error file=d.yaml,title=check-failed::`d.yaml`: not UTF-8
::error file=b.yaml,line=7,col=11,title=missing-env::`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set\
%0Ahelp: set it: to 100 %25, or more
::error file=b.yaml,line=40,col=11,title=missing-env::`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set
::warning file=a.yaml,line=3,col=9,title=not-mtls::`acme` is not on mTLS\
%0Ahelp: delegate-mtls inject --cert client.crt --key client.key a.yaml
::notice title=chain-not-judged::no CA was given
::notice file=chart/c.yaml,title=helm-template::`{{ .Values.x }}` is not judged
";
    assert_eq!(written(CheckFormat::Github, &usual()), expected);
}

#[test]
fn annotations_escape_what_ends_a_command_or_a_property() {
    let findings = PATHS
        .iter()
        .map(|(path, _)| finding(Rule::UnreadableFile, Severity::Error, "50 %: a, b\r\nc ::error::", at(path, 1, 1)));
    let files = [
        "clusters/a b.yaml",
        "100%25.yaml",
        "a&b<c>'\".yaml",
        "a%3Ab%2Cc.yaml",
        "two%0Alines%0D.yaml",
        "größe.yaml",
        "\u{FFFD}[31m\u{FFFD}\u{FFFF}.yaml",
        "../beside.yaml",
        "/srv/a b.yaml",
        "<stdin>",
    ];
    let expected: String = files
        .iter()
        .map(|file| format!("::error file={file},line=1,col=1,title=unreadable-file::50 %25: a, b%0D%0Ac ::error::\n"))
        .collect();
    assert_eq!(written(CheckFormat::Github, &Report { findings: findings.collect(), ..empty() }), expected);
}

#[test]
fn sarif_has_the_results_the_places_and_the_failures() {
    let mut log = value(CheckFormat::Sarif, &usual());
    let driver = log["runs"][0]["tool"]["driver"].take();
    assert_eq!(driver["name"], "delegate-mtls");
    assert_eq!(driver["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(driver["informationUri"], env!("CARGO_PKG_REPOSITORY"));
    let mut fingerprints = BTreeSet::new();
    for result in log["runs"][0]["results"].as_array_mut().unwrap() {
        let index = usize::try_from(result["ruleIndex"].take().as_u64().unwrap()).unwrap();
        assert_eq!(driver["rules"][index]["id"], result["ruleId"]);
        let fingerprint = result["partialFingerprints"]["findingHash/v1"].take();
        assert!(fingerprints.insert(fingerprint.as_str().unwrap().to_owned()), "{fingerprint}");
    }
    let hidden = json!({ "findingHash/v1": null });
    let place = |uri: &str, region: Value| {
        let mut place = json!({ "physicalLocation": { "artifactLocation": { "uri": uri } } });
        if !region.is_null() {
            place["physicalLocation"]["region"] = region;
        }
        json!([place])
    };
    let missing = "`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set";
    let expected = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": null },
            "invocations": [{
                "executionSuccessful": false,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": { "text": "`gone`: there is no such file or folder\nhelp: check the path" },
                    },
                    {
                        "level": "error",
                        "message": { "text": "`d.yaml`: not UTF-8" },
                        "locations": place("d.yaml", Value::Null),
                    },
                ],
                "toolConfigurationNotifications": [{
                    "level": "note",
                    "message": { "text": "no CA was given" },
                    "associatedRule": { "id": "chain-not-judged", "index": Rule::ChainNotJudged as usize },
                }],
            }],
            "columnKind": "unicodeCodePoints",
            "results": [
                {
                    "ruleId": "not-mtls", "ruleIndex": null, "level": "warning",
                    "message": {
                        "text": "`acme` is not on mTLS\nhelp: delegate-mtls inject --cert client.crt --key client.key a.yaml",
                    },
                    "locations": place("a.yaml", json!({ "startLine": 3, "startColumn": 9 })),
                    "partialFingerprints": hidden,
                },
                {
                    "ruleId": "missing-env", "ruleIndex": null, "level": "error",
                    "message": { "text": format!("{missing}\nhelp: set it: to 100 %, or more") },
                    "locations": place("b.yaml", json!({ "startLine": 7, "startColumn": 11 })),
                    "partialFingerprints": hidden,
                },
                {
                    "ruleId": "missing-env", "ruleIndex": null, "level": "error", "message": { "text": missing },
                    "locations": place("b.yaml", json!({ "startLine": 40, "startColumn": 11 })),
                    "partialFingerprints": hidden,
                },
                {
                    "ruleId": "helm-template", "ruleIndex": null, "level": "note",
                    // two braces stand for one
                    "message": { "text": "`{{{{ .Values.x }}}}` is not judged" },
                    "locations": place("chart/c.yaml", Value::Null),
                    "partialFingerprints": hidden,
                },
            ],
        }],
    });
    assert_eq!(log, expected);
}

#[test]
fn sarif_of_a_clean_run_is_a_success_with_no_result() {
    let log = value(CheckFormat::Sarif, &empty());
    assert_eq!(log["runs"][0]["results"], json!([]));
    let expected = json!([{
        "executionSuccessful": true, "toolExecutionNotifications": [], "toolConfigurationNotifications": [],
    }]);
    assert_eq!(log["runs"][0]["invocations"], expected);
}

#[test]
fn sarif_describes_every_rule() {
    let log = value(CheckFormat::Sarif, &empty());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Rule::ALL.len());
    for (descriptor, rule) in rules.iter().zip(Rule::ALL) {
        assert_eq!(descriptor["id"], rule.id());
        assert_eq!(descriptor["defaultConfiguration"]["level"], rule.severity().to_string());
        let name = descriptor["name"].as_str().unwrap();
        assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{name}");
        assert_eq!(name.to_lowercase(), rule.id().replace('-', ""));
        let keys = [
            &descriptor["shortDescription"]["text"],
            &descriptor["fullDescription"]["text"],
            &descriptor["help"]["text"],
            &descriptor["help"]["markdown"],
        ];
        for text in keys {
            assert!(text.as_str().unwrap().len() > 10, "{rule}: {text}");
        }
    }
}

#[test]
fn sarif_writes_every_path_as_a_uri_reference() {
    let findings = PATHS.iter().map(|(path, _)| finding(Rule::NotMtls, Severity::Warning, "x", at(path, 1, 1)));
    let log = value(CheckFormat::Sarif, &Report { findings: findings.collect(), ..empty() });
    let results = log["runs"][0]["results"].as_array().unwrap();
    let uris: Vec<&str> = results
        .iter()
        .map(|one| one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    assert_eq!(uris, PATHS.map(|(_, uri)| uri));
}

#[test]
fn code_quality_has_an_issue_for_each_failure_and_finding() {
    let mut issues = value(CheckFormat::Gitlab, &usual());
    let mut fingerprints = BTreeSet::new();
    for issue in issues.as_array_mut().unwrap() {
        let fingerprint = issue["fingerprint"].take();
        assert!(fingerprints.insert(fingerprint.as_str().unwrap().to_owned()), "{fingerprint}");
    }
    let issue = |name: &str, severity: &str, path: &str, line: usize, description: &str| {
        json!({
            "check_name": name, "severity": severity, "description": description, "fingerprint": null,
            "location": { "path": path, "lines": { "begin": line } },
        })
    };
    let missing = "`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set";
    let gone = "`gone`: there is no such file or folder\nhelp: check the path";
    let not_mtls = "`acme` is not on mTLS\nhelp: delegate-mtls inject --cert client.crt --key client.key a.yaml";
    let expected = json!([
        issue("check-failed", "blocker", ".", 1, gone),
        issue("check-failed", "blocker", "d.yaml", 1, "`d.yaml`: not UTF-8"),
        issue("chain-not-judged", "info", ".", 1, "no CA was given"),
        issue("not-mtls", "minor", "a.yaml", 3, not_mtls),
        issue("missing-env", "major", "b.yaml", 7, &format!("{missing}\nhelp: set it: to 100 %, or more")),
        issue("missing-env", "major", "b.yaml", 40, missing),
        issue("helm-template", "info", "chart/c.yaml", 1, "`{{ .Values.x }}` is not judged"),
    ]);
    assert_eq!(issues, expected);
}

/// The fingerprints of findings that have places, in SARIF and in Code Quality.
fn fingerprints(report: &Report) -> [Vec<Value>; 2] {
    let log = value(CheckFormat::Sarif, report);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let issues = value(CheckFormat::Gitlab, report);
    [
        results.iter().map(|one| one["partialFingerprints"]["findingHash/v1"].clone()).collect(),
        issues.as_array().unwrap().iter().map(|one| one["fingerprint"].clone()).collect(),
    ]
}

#[test]
fn fingerprints_stay_when_lines_move_and_help_is_reworded() {
    let mut before = usual();
    before.findings.retain(|finding| finding.at.path.is_some());
    let mut after = before.clone();
    for one in &mut after.findings {
        one.at.line = one.at.line.map(|line| line + 17);
        one.at.column = one.at.column.map(|column| column + 2);
        one.help = None;
    }
    assert_eq!(fingerprints(&before), fingerprints(&after));
}

#[test]
fn fingerprints_differ_by_rule_file_and_message() {
    let findings = vec![
        finding(Rule::MissingEnv, Severity::Error, "x", at("a.yaml", 1, 1)),
        finding(Rule::MissingVolume, Severity::Error, "x", at("a.yaml", 1, 1)),
        finding(Rule::MissingEnv, Severity::Error, "y", at("a.yaml", 1, 1)),
        finding(Rule::MissingEnv, Severity::Error, "x", at("b.yaml", 1, 1)),
        finding(Rule::MissingEnv, Severity::Error, "x", at("a.yaml", 1, 1)),
    ];
    for list in fingerprints(&Report { findings, ..empty() }) {
        let hashes: Vec<&str> = list.iter().map(|one| one.as_str().unwrap().split_once(':').unwrap().0).collect();
        assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), 4);
        assert_eq!(hashes[0], hashes[4]);
        assert_eq!(list[4].as_str().unwrap(), format!("{}:2", hashes[0]));
        assert!(hashes.iter().all(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}

#[test]
fn a_fingerprint_is_for_ever() {
    let findings = vec![finding(Rule::NotMtls, Severity::Warning, "`acme` is not on mTLS", at("a.yaml", 3, 9))];
    // printf 'not-mtls\0a.yaml\0`acme` is not on mTLS' | sha256sum
    let expected = [json!("c5a68f49e268062a21f8e26a1294d796bf1bd97d72415d68589cdf729f39f9e3:1")];
    for list in fingerprints(&Report { findings, ..empty() }) {
        assert_eq!(list, expected);
    }
}

#[test]
fn junit_has_a_suite_per_file_and_a_test_per_finding_and_sound_delegate() {
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="delegate-mtls check" tests="9" failures="2" errors="2">
  <testsuite name="delegate-mtls" tests="2" failures="0" errors="1">
    <testcase name="check-failed: `gone`: there is no such file or folder" classname="delegate-mtls">
      <error type="check-failed" message="`gone`: there is no such file or folder">`gone`: there is no such file or folder
help: check the path</error>
    </testcase>
    <testcase name="chain-not-judged: no CA was given" classname="delegate-mtls">
      <system-out>note: no CA was given</system-out>
    </testcase>
  </testsuite>
  <testsuite name="a.yaml" tests="2" failures="0" errors="0">
    <testcase name="not-mtls: `acme` is not on mTLS" classname="a.yaml" file="a.yaml" line="3">
      <system-out>warning: a.yaml:3:9: `acme` is not on mTLS
help: delegate-mtls inject --cert client.crt --key client.key a.yaml</system-out>
    </testcase>
    <testcase name="delegate acme" classname="a.yaml" file="a.yaml" line="3"/>
  </testsuite>
  <testsuite name="b.yaml" tests="3" failures="2" errors="0">
    <testcase name="missing-env: `delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set" classname="b.yaml" file="b.yaml" line="7">
      <failure type="missing-env" message="`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set">b.yaml:7:11: `delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set
help: set it: to 100 %, or more</failure>
    </testcase>
    <testcase name="missing-env: `delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set (2)" classname="b.yaml" file="b.yaml" line="40">
      <failure type="missing-env" message="`delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set">b.yaml:40:11: `delegate`: `DELEGATE_CLIENT_CERTIFICATE_KEY_PATH` is not set</failure>
    </testcase>
    <testcase name="delegate good" classname="b.yaml" file="b.yaml" line="2"/>
  </testsuite>
  <testsuite name="chart/c.yaml" tests="1" failures="0" errors="0">
    <testcase name="helm-template: `{{ .Values.x }}` is not judged" classname="chart/c.yaml" file="chart/c.yaml">
      <system-out>note: chart/c.yaml: `{{ .Values.x }}` is not judged</system-out>
    </testcase>
  </testsuite>
  <testsuite name="d.yaml" tests="1" failures="0" errors="1">
    <testcase name="check-failed: `d.yaml`: not UTF-8" classname="d.yaml" file="d.yaml">
      <error type="check-failed" message="`d.yaml`: not UTF-8">`d.yaml`: not UTF-8</error>
    </testcase>
  </testsuite>
</testsuites>
"#;
    assert_eq!(written(CheckFormat::Junit, &usual()), expected);
}

/// The elements of a document in their order, each with the values of its attributes; panics where it is not
/// well-formed.
fn elements(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let excluded = |c: char| (c < ' ' && !"\t\n\r".contains(c)) || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    assert!(!text.contains(excluded), "{text:?}");
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let key = attribute.key.as_ref().to_owned();
                    (key, attribute.normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned())
                });
                elements.push((name, attributes.collect()));
            }
            Event::Eof => return elements,
            _ => {}
        }
    }
}

#[test]
fn junit_escapes_paths_and_replaces_what_xml_cannot_hold() {
    let findings = PATHS.iter().map(|(path, _)| finding(Rule::NotMtls, Severity::Warning, "x", at(path, 1, 1)));
    let text = written(CheckFormat::Junit, &Report { findings: findings.collect(), ..empty() });
    let elements = elements(&text);
    let suites = elements.iter().filter(|(name, _)| name == "testsuite");
    let names: BTreeSet<&str> = suites.map(|(_, attributes)| attributes[0].1.as_str()).collect();
    let mut expected: BTreeSet<&str> = PATHS.iter().map(|(path, _)| *path).collect();
    expected.remove("\u{1b}[31m\u{7}\u{FFFF}.yaml");
    expected.insert("\u{FFFD}[31m\u{FFFD}\u{FFFD}.yaml");
    expected.remove("two\nlines\r.yaml");
    expected.insert("two\nlines\u{FFFD}.yaml");
    assert_eq!(names, expected);
}

#[test]
fn a_report_of_nothing_is_well_formed_in_every_format() {
    let texts = FORMATS.map(|format| written(format, &empty()));
    let json = "{\n  \"version\": 1,\n  \"at\": \"2026-03-01T12:00:00Z\",\n  \"findings\": [],\n  \"delegates\": [],\n  \
                \"errors\": []\n}\n";
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"delegate-mtls check\" tests=\"0\" \
               failures=\"0\" errors=\"0\"/>\n";
    assert_eq!([&texts[0], &texts[1], &texts[3], &texts[4]], [json, "", "[]\n", xml]);
}

/// Places, with any path.
fn places() -> impl Strategy<Value = At> {
    (any::<Option<String>>(), any::<Option<(u16, u16)>>()).prop_map(|(path, place)| At {
        line: place.filter(|_| path.is_some()).map(|(line, _)| usize::from(line) + 1),
        column: place.filter(|_| path.is_some()).map(|(_, column)| usize::from(column) + 1),
        path,
        ..At::default()
    })
}

fn findings() -> impl Strategy<Value = Located> {
    let severity = prop_oneof![Just(Severity::Note), Just(Severity::Warning), Just(Severity::Error)];
    let rule = prop::sample::select(Rule::ALL);
    (rule, severity, any::<String>(), any::<Option<String>>(), places())
        .prop_map(|(rule, severity, message, help, at)| Located { rule, severity, message, help, at })
}

fn failures() -> impl Strategy<Value = Failure> {
    (any::<String>(), any::<Option<String>>(), any::<Option<String>>()).prop_map(|(message, help, path)| Failure {
        message,
        help,
        path,
    })
}

proptest! {
    #[test]
    fn any_report_is_well_formed_in_every_format(
        findings in prop::collection::vec(findings(), 0..6),
        failures in prop::collection::vec(failures(), 0..3),
        names in prop::collection::vec(any::<(String, String)>(), 0..3),
    ) {
        let delegates = names.iter().map(|(path, name)| delegate(path, 1, name)).collect();
        let report = Report { findings, failures, delegates, ..empty() };
        let count = report.findings.len() + report.failures.len();

        let json = value(CheckFormat::Json, &report);
        prop_assert_eq!(json["findings"].as_array().unwrap().len(), report.findings.len());

        let commands = written(CheckFormat::Github, &report);
        prop_assert_eq!(commands.lines().count(), count);
        for line in commands.lines() {
            let (properties, _) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            let (name, properties) = properties.split_once(' ').unwrap();
            prop_assert!(["error", "warning", "notice"].contains(&name));
            for property in properties.split(',') {
                let (key, value) = property.split_once('=').unwrap();
                prop_assert!(["file", "line", "col", "title"].contains(&key), "{}", line);
                prop_assert!(!value.contains(char::is_control));
            }
        }

        let log = value(CheckFormat::Sarif, &report);
        for result in log["runs"][0]["results"].as_array().unwrap() {
            if let Some(uri) = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str() {
                let path = uri.strip_prefix("file://").unwrap_or(uri);
                prop_assert!(path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{}", uri);
            }
        }

        let issues = value(CheckFormat::Gitlab, &report);
        let issues = issues.as_array().unwrap();
        let unique: BTreeSet<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
        prop_assert_eq!((issues.len(), unique.len()), (count, count));

        let tests = elements(&written(CheckFormat::Junit, &report));
        let total = |key: &str| -> usize { tests[0].1.iter().find(|(name, _)| name == key).unwrap().1.parse().unwrap() };
        let number = |element: &str| tests.iter().filter(|(name, _)| name == element).count();
        prop_assert_eq!(total("tests"), number("testcase"));
        prop_assert_eq!((total("failures"), total("errors")), (number("failure"), number("error")));
        prop_assert!(number("testcase") >= count);
    }
}
