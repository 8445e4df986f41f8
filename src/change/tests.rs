//! The fixtures, through the stages alone: no process, no file, no terminal. A second is enough for all of them, which
//! is what `scripts/mutants.sh` lives on; that the command says the same is for `tests/command`.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Changed, change};
use crate::delegate::{Stream, read};
use crate::endpoint::Endpoint;
use crate::plan::{Files, Goal, Pair, Present, SecretSource, Text, Upgrader};
use crate::yaml::Place;

/// What the arguments of a fixture say.
struct Task {
    goal: Goal,
    names: Vec<String>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Whether this is a published package, which holds no fixtures but the quick start.
fn is_packaged() -> bool {
    fixtures().with_file_name("Cargo.toml.orig").exists()
}

/// The folders below `fixtures/KIND`.
fn cases(kind: &str) -> Vec<PathBuf> {
    if is_packaged() {
        return Vec::new();
    }
    let entries = fs::read_dir(fixtures().join(kind)).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(cases.len() > 50, "only {} fixtures of kind {kind}", cases.len());
    cases
}

fn encoded(file: &str) -> String {
    STANDARD.encode(fs::read(fixtures().join("quickstart").join(file)).unwrap())
}

fn text(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.replace("@CRT@", &encoded("client.crt")).replace("@KEY@", &encoded("client.key"))
}

fn task(case: &Path) -> Task {
    let pair = Pair { certificate: Text::secret(encoded("client.crt")), key: Text::secret(encoded("client.key")) };
    let given = fs::read_to_string(case.join("args"));
    let given = given.as_deref().unwrap_or("--endpoint\nhttps://acme.harness.io:8443");
    let file = |name| format!("../../quickstart/{name}");
    let files = Some(Files { certificate: file("client.crt"), key: file("client.key") });
    let mut present =
        Present { secret: SecretSource::Stream(pair.clone()), endpoint: None, upgrader: Upgrader::Move, files };
    let mut names = Vec::new();
    let mut given = given.lines();
    while let Some(option) = given.next() {
        let mut value = || given.next().unwrap().to_owned();
        match option {
            "--endpoint" => present.endpoint = Some(Endpoint::parse(&value()).unwrap()),
            "--existing-secret" => {
                present.secret = SecretSource::Existing { name: value(), pair: Some(pair.clone()) };
            }
            "--secret-output" => {
                let _ = value();
                present.secret = SecretSource::File { pair: pair.clone(), older: Vec::new() };
            }
            "--delegate" => names.push(value()),
            "--no-upgrader" => present.upgrader = Upgrader::Leave,
            // the pair is not judged here
            "--no-verify" => {}
            other => panic!("{}: unknown option {other}", case.display()),
        }
    }
    Task { goal: Goal::Present(present), names }
}

/// The new text; or the place, the reason and the help, as the command words them.
fn changed(text: &str, goal: &Goal, names: &[String]) -> Result<String, String> {
    done(text, goal, names).map(|changed| changed.text)
}

/// The same with everything that is known of it.
fn done(text: &str, goal: &Goal, names: &[String]) -> Result<Changed, String> {
    let place = |offset, reason: &dyn std::fmt::Display| format!("{}: {reason}\n", Place::of(text, offset));
    let stream = Stream::new(text).map_err(|error| place(error.offset, &error))?;
    let index = read(&stream).map_err(|error| place(error.offset, &error))?;
    match change(&stream, &index, goal, names) {
        Ok(changed) => Ok(changed),
        Err(error) => {
            let help = error.help().map(|help| format!("  help: {help}\n")).unwrap_or_default();
            Err(error.offset().map_or_else(|| error.to_string(), |offset| place(offset, &error)) + &help)
        }
    }
}

/// As it is, with CRLF, without its final newline, with a byte order mark.
fn variants(text: &str) -> [String; 4] {
    let crlf = if text.contains('\r') { text.to_owned() } else { text.replace('\n', "\r\n") };
    let cut = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n'));
    // what ends in an empty line would still end in a line end
    let cut = cut.filter(|cut| !cut.ends_with('\n')).unwrap_or(text);
    let marked = if text.starts_with('\u{feff}') { text.to_owned() } else { format!("\u{feff}{text}") };
    [text.to_owned(), crlf, cut.to_owned(), marked]
}

/// The four variants, one after the other: what is broken is mostly broken in the first.
#[test]
fn a_fixture_becomes_what_is_expected_and_stays_it_and_goes_back() {
    let read = |case: PathBuf| {
        let removed = Some(case.join("removed.yaml")).filter(|path| path.exists());
        let absent = fs::read_to_string(case.join("remove")).ok();
        let absent = absent.map(|base| Goal::Absent { base: Some(base.trim().to_owned()) });
        let files = [case.join("input.yaml"), case.join("expected.yaml"), removed.unwrap_or(case.join("input.yaml"))];
        (task(&case), absent, files.map(|file| variants(&text(&file))), case)
    };
    let cases: Vec<_> = cases("inject").into_iter().map(read).collect();
    for variant in 0..4 {
        for (Task { goal, names }, absent, texts, case) in &cases {
            let [input, expected, removed] = texts.each_ref().map(|variants| &variants[variant]);
            let what = |step| format!("{}, variant {variant}: {step}", case.display());
            assert_eq!(changed(input, goal, names).as_ref(), Ok(expected), "{}", what("inject"));
            let again = done(expected, goal, names).unwrap_or_else(|error| panic!("{}: {error}", what("inject again")));
            assert_eq!(&again.text, expected, "{}", what("inject again"));
            assert_eq!(again.regions, [], "{}", what("inject again"));
            let actions: Vec<&String> = again.summaries.iter().flat_map(|summary| &summary.actions).collect();
            assert_eq!(actions, [""; 0], "{}", what("inject again"));
            if let Some(absent) = absent {
                assert_eq!(changed(expected, absent, names).as_ref(), Ok(removed), "{}", what("remove"));
            }
        }
    }
}

#[test]
fn what_cannot_be_edited_is_refused_at_its_place() {
    let mut refused = 0;
    for case in cases("refuse") {
        let stderr = fs::read_to_string(case.join("stderr")).unwrap();
        // without a place, or before the stages: the command's own refusals
        let Some(said) = stderr.strip_prefix("error: input.yaml:") else { continue };
        if !said.starts_with(|c: char| c.is_ascii_digit()) || said.contains("a Helm template, and only what") {
            continue;
        }
        let Task { goal, names } = task(&case);
        let result = changed(&text(&case.join("input.yaml")), &goal, &names);
        assert_eq!(result.as_ref().map_err(String::as_str), Err(said), "{}", case.display());
        refused += 1;
    }
    assert!(refused > 60 || cases("refuse").is_empty(), "only {refused} refusals were compared");
}

const SERVICE: &str = "services:\n  acorn:\n    image: registry.example.com/delegate:26.07.89707\n    environment:\n    - \
                       ACCOUNT_ID=FAKE-ACCOUNT-0001\n    - MANAGER_HOST_AND_PORT=https://app.harness.io\n";
const DEPLOYMENT: &str = "kind: Deployment\nmetadata: {name: acorn}\nspec:\n  template:\n    spec:\n      containers:\n      - \
                          image: registry.example.com/delegate:26.07.89707\n        env:\n        - {name: ACCOUNT_ID, value: \
                          FAKE-ACCOUNT-0001}\n        - {name: MANAGER_HOST_AND_PORT, value: 'https://app.harness.io'}\n";
const MTLS: &str = "https://acme.agent.harness.io";

/// The new text and the warnings.
fn told(text: &str, goal: &Goal) -> (String, Vec<String>) {
    let stream = Stream::new(text).unwrap();
    let changed = change(&stream, &read(&stream).unwrap(), goal, &[]).unwrap();
    (changed.text, changed.warnings.into_iter().map(|warning| warning.message).collect())
}

#[test]
fn remove_restores_the_url_of_what_was_on_mtls_in_any_way_and_of_nothing_else() {
    let on_mtls = |text: &str| text.replace("https://app.harness.io", MTLS);
    let service = |more: &str| format!("{SERVICE}{more}");
    let deployment = |more: &str| format!("{DEPLOYMENT}{more}");
    let base = "https://restored.example.com";
    for (text, was_on_mtls) in [
        (service(""), false),
        (on_mtls(SERVICE), true),
        (service("    - GRPC_AUTHORITY_MODIFICATION_DISABLED=true\n"), true),
        (service("    volumes:\n    - ./client.crt:/etc/mtls/client.crt:ro\n    - ./x:/opt/x\n"), true),
        (deployment(""), false),
        (on_mtls(DEPLOYMENT), true),
        (deployment("        - {name: GRPC_AUTHORITY_MODIFICATION_DISABLED, value: 'true'}\n"), true),
        (
            deployment(
                "        volumeMounts:\n        - {name: x, mountPath: /opt/x}\n        - {name: client-certificate, mountPath: \
                 /etc/mtls, readOnly: true}\n",
            ),
            true,
        ),
        (
            deployment(
                "      volumes:\n      - {name: x, emptyDir: {}}\n      - {name: client-certificate, secret: {secretName: \
                 acorn-client-certificate}}\n",
            ),
            true,
        ),
    ] {
        let (restored, warnings) = told(&text, &Goal::Absent { base: Some(base.to_owned()) });
        assert_eq!(restored.contains(base), was_on_mtls, "{text}\n{restored}");
        assert_eq!(warnings, [""; 0], "{text}");
        let (_, warnings) = told(&text, &Goal::Absent { base: None });
        let kept = format!("`acorn`: the manager URL stays `{MTLS}`");
        let expected = if text.contains(MTLS) { vec![kept] } else { Vec::new() };
        assert_eq!(warnings, expected, "{text}");
    }
}

#[test]
fn inject_warns_of_urls_that_stay() {
    let Task { goal: Goal::Present(present), .. } = task(&fixtures().join("quickstart")) else { panic!("a pair") };
    let moved = Goal::Present(present.clone());
    let kept = Goal::Present(Present { endpoint: None, ..present });
    let log = |value: &str| format!("{SERVICE}    - LOG_STREAMING_SERVICE_URL={value}\n");
    let neither = "`LOG_STREAMING_SERVICE_URL` is under neither the manager URL nor the endpoint: left alone";
    for (text, goal, warning) in [
        (SERVICE.to_owned(), &moved, None),
        (SERVICE.to_owned(), &kept, Some("`acorn`: the manager URL stays `https://app.harness.io`")),
        (SERVICE.replace("https://app.harness.io", MTLS), &kept, None),
        (DEPLOYMENT.to_owned(), &moved, None),
        (DEPLOYMENT.to_owned(), &kept, Some("`acorn`: the manager URL stays `https://app.harness.io`")),
        (DEPLOYMENT.replace("https://app.harness.io", MTLS), &kept, None),
        (log("https://app.harness.io/log-service/$$x"), &moved, None),
        (log("https://app.harness.io/log-service/$TOPIC"), &moved, None),
        (log("https://acme.harness.io:8443/log-service/"), &moved, None),
        (log("a word"), &moved, None),
        (log("$LOG_URL"), &moved, Some(neither)),
        (log("https://$LOG_HOST/log-service/"), &moved, Some(neither)),
        (log("https://log.example.com/"), &moved, Some(neither)),
    ] {
        assert_eq!(told(&text, goal).1, warning.into_iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn a_volume_with_items_must_put_both_files_in_under_their_own_names() {
    let goal = Goal::Present(Present {
        secret: SecretSource::Existing { name: "fleet".to_owned(), pair: None },
        endpoint: None,
        upgrader: Upgrader::Leave,
        files: None,
    });
    let (certificate, key) = ("{key: client.crt, path: client.crt}", "{key: client.key, path: client.key}");
    for (items, fits) in [
        (format!("[{certificate}, {key}]"), true),
        (format!("[{key}, {{key: ca.crt, path: ca.crt}}, {certificate}]"), true),
        (format!("[{certificate}]"), false),
        (format!("[{key}]"), false),
        (format!("[{certificate}, {{key: client.key, path: tls.key}}]"), false),
        (format!("[{certificate}, {{key: tls.key, path: client.key}}]"), false),
    ] {
        let volume = format!("{{name: client-certificate, secret: {{secretName: fleet, items: {items}}}}}");
        let text = format!("{DEPLOYMENT}      volumes:\n      - {volume}\n");
        assert_eq!(
            changed(&text, &goal, &[]).map(|text| text.contains(&volume)).is_ok_and(|kept| kept),
            fits,
            "{items}"
        );
    }
}

#[test]
fn a_comment_of_its_own_behind_the_removed_secret_stays() {
    let case = fixtures().join("inject/no-upgrader");
    if is_packaged() {
        return;
    }
    let (input, injected) = (text(&case.join("input.yaml")), text(&case.join("expected.yaml")));
    let (before, rest) = injected.split_once(&encoded("client.key")).unwrap();
    let (behind, after) = rest.split_once("---\n").unwrap();
    let comment = "# of the next document\n\n  # and another\n";
    let commented = format!("{before}{}{behind}{comment}---\n{after}", encoded("client.key"));
    let absent = Goal::Absent { base: Some("https://app.harness.io".to_owned()) };
    let removed = changed(&commented, &absent, &[]).unwrap();
    assert!(removed.contains(comment), "{removed}");
    assert_eq!(removed.replacen(comment, "", 1).replace('\n', ""), input.replace('\n', ""));
}
