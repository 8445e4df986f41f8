//! The fixtures, through the stages alone: no process, no file, no terminal. A second is enough for all of them, which
//! is what `scripts/mutants.sh` lives on; that the command says the same is for `tests/command`.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Changed, change};
use crate::delegate::{Stream, read};
use crate::endpoint::Endpoint;
use crate::identity::summarize;
use crate::plan::{Files, Goal, OlderPair, Pair, Present, SecretSource, Text, Upgrader};
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

/// The new text without what must not be shown.
fn shown(changed: &Changed) -> String {
    let mut shown = changed.text.clone();
    for mask in changed.masks.iter().rev() {
        shown.replace_range(mask.span.clone(), "***");
    }
    shown
}

/// What is said of a change, a line for each thing.
fn said(text: &str, changed: &Changed) -> String {
    let of_delegates = changed.summaries.iter().flat_map(|summary| {
        let place = format!("{} {}", Place::of(text, summary.offset), summary.delegate);
        let of = summary.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        let lines = summary.actions.iter().map(|action| format!("- {action}"));
        let lines = lines.chain(summary.remarks.iter().map(|remark| format!("  {remark}")));
        [format!("{place}{of}")].into_iter().chain(lines)
    });
    let warnings = changed.warnings.iter().flat_map(|warning| {
        let place = Place::of(text, warning.offset);
        let help = warning.help.iter().map(|help| format!("    help: {help}"));
        [format!("{place} warning: {}", warning.message)].into_iter().chain(help)
    });
    of_delegates.chain(warnings).map(|line| format!("  {line}\n")).collect()
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
            let once = done(input, goal, names).unwrap_or_else(|error| panic!("{}: {error}", what("inject")));
            assert_eq!(&once.text, expected, "{}", what("inject"));
            assert_eq!(shown(&once).matches(encoded("client.key").as_str()).count(), 0, "{}", what("inject"));
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

/// `said.txt` has it for all fixtures; it is written anew with `UPDATE_FIXTURES=1`.
#[test]
fn what_is_said_of_every_fixture() {
    if is_packaged() {
        return;
    }
    let mut all = String::new();
    for case in cases("inject") {
        let name = case.file_name().and_then(|name| name.to_str()).unwrap();
        let Task { goal, names } = task(&case);
        let input = text(&case.join("input.yaml"));
        let injected = done(&input, &goal, &names).unwrap();
        all += &format!("{name}\n inject\n{}", said(&input, &injected));
        if let Ok(base) = fs::read_to_string(case.join("remove")) {
            let absent = Goal::Absent { base: Some(base.trim().to_owned()) };
            let removed = done(&injected.text, &absent, &names).unwrap();
            all += &format!(" remove\n{}", said(&injected.text, &removed));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/change/said.txt");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        #[expect(clippy::disallowed_methods, reason = "a fixture is in version control")]
        fs::write(&file, &all).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let differs = all.lines().zip(expected.lines()).find(|(is, should)| is != should);
    assert!(all == expected, "{differs:?}: UPDATE_FIXTURES=1 writes it anew");
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

const ABSENT: Goal = Goal::Absent { base: None };

fn pair() -> Pair {
    Pair { certificate: Text::secret(encoded("client.crt")), key: Text::secret(encoded("client.key")) }
}

/// The pair from there, and nothing else: no URL moves, no upgrader is touched.
fn from(secret: SecretSource) -> Goal {
    Goal::Present(Present { secret, endpoint: None, upgrader: Upgrader::Move, files: None })
}

fn existing(name: &str) -> Goal {
    from(SecretSource::Existing { name: name.to_owned(), pair: None })
}

/// A Secret with these parts.
fn secret(name: &str, parts: &str) -> String {
    format!("kind: Secret\nmetadata: {{name: {name}}}\n{parts}---\n")
}

/// `data` with the pair.
fn data() -> String {
    format!("data:\n  client.crt: {}\n  client.key: {}\n", encoded("client.crt"), encoded("client.key"))
}

/// What is said of Secrets: actions, remarks and warnings that name one, and of the history.
fn said_of_secrets(text: &str, goal: &Goal) -> Result<Vec<String>, String> {
    let changed = done(text, goal, &[])?;
    let summaries = changed.summaries.into_iter();
    let said = summaries.flat_map(|summary| summary.actions.into_iter().chain(summary.remarks));
    let said = said.chain(changed.warnings.into_iter().map(|warning| warning.message));
    Ok(said
        .filter(|said| said.contains("Secret `") || said.contains("it is not ours") || said.contains("history"))
        .collect())
}

/// A delegate whose last variable but ours is this text.
fn with_note(note: &str, behind: &str) -> [String; 2] {
    let ours = "        - name: GRPC_AUTHORITY_MODIFICATION_DISABLED\n          value: \"true\"";
    let before = format!("{DEPLOYMENT}        - name: NOTE\n          value: {note}");
    let kept = if behind.is_empty() { before.clone() } else { format!("{before}{behind}") };
    [format!("{before}\n{ours}{behind}"), kept]
}

#[test]
fn remove_gives_a_block_scalar_no_line_that_is_not_its_own() {
    let lines = |header: &str| format!("{header}\n            a text");
    let last = "\n        - {name: LAST, value: x}\n";
    let spaced = "\n\n        - {name: LAST, value: x}\n";
    let keeps = "12:18: this block scalar keeps blank lines (`+`), and would get those behind the removed lines\n  help: take \
                 the blank lines away, or the `+`, then run again\n";
    let ends = "12:18: this block scalar would come to end the text, which has no line end\n  help: end the file with a line \
                end, then run again\n";
    for (note, behind, refused) in [
        (lines("|+"), spaced, Some(keeps)),
        (lines(">+ # a comment"), spaced, Some(keeps)),
        (lines("|+"), last, None),
        (lines("|+"), "\n", None),
        (lines("|"), spaced, None),
        (lines("| # +"), spaced, None),
        (lines("|"), "", Some(ends)),
        (lines("> # -"), "", Some(ends)),
        (lines("|-"), "", None),
        ("plain".to_owned(), "", None),
        ("plain".to_owned(), spaced, None),
    ] {
        let [text, kept] = with_note(&note, behind);
        let expected = refused.map_or(Ok(kept), |refused| Err(refused.to_owned()));
        assert_eq!(changed(&text, &ABSENT, &[]), expected, "{text}");
    }
    // of two runs that go, the second sees past the first
    let [text, _] =
        with_note(&lines("|+"), "\n        volumeMounts:\n        - {name: client-certificate}\n\n        tty: true\n");
    assert_eq!(changed(&text, &ABSENT, &[]), Err(keeps.to_owned()), "{text}");
}

#[test]
fn remove_leaves_what_stands_on_the_next_documents_marker() {
    let case = fixtures().join("inject/no-upgrader");
    let injected = text(&case.join("expected.yaml"));
    let (_, deployment) = injected.rsplit_once("\n---\n").unwrap();
    let secret = injected.split("\n---\n").find(|document| document.contains("\n  client.key: ")).unwrap();
    // a comment, a document without anything in it, and what stands behind an end marker
    for (end, kept) in [("", "---  # the delegate\n"), ("", "---\n---\n"), ("...\n", "# the delegate\n---\n---\n")] {
        let marked = format!("{}\n{end}{kept}{deployment}", secret.trim_start());
        let removed = changed(&marked, &Goal::Absent { base: None }, &[]).unwrap();
        assert!(removed.starts_with(kept), "{removed}");
    }
}

#[test]
fn remove_takes_no_comment_with_it() {
    let refused =
        |place: &str| format!("{place}: a comment stands where an edit is needed\n  help: move the comment\n");
    let ours = "{name: GRPC_AUTHORITY_MODIFICATION_DISABLED, value: 'true'}";
    let in_brackets = |between: &str| {
        let (before, items) = DEPLOYMENT.split_once("        - {name: ACCOUNT_ID").unwrap();
        let items = items.replacen("}\n        - {", "},\n          {", 1);
        format!("{}          [{{name: ACCOUNT_ID{}{between}{ours}]\n", before, items.trim_end())
    };
    let mounts_first = |comment: &str| {
        let mounts = "- volumeMounts:\n        - {name: client-certificate, mountPath: /etc/mtls}\n        ";
        DEPLOYMENT.replacen("- image", &format!("{mounts}{comment}image"), 1)
    };
    for (text, expected) in [
        (in_brackets(", "), Ok(in_brackets("").replace(ours, ""))),
        (in_brackets(", # theirs\n          "), Err(refused("11:11"))),
        (in_brackets(", # theirs\n          # of ours\n          "), Err(refused("12:11"))),
        (in_brackets(" # theirs\n          , "), Err(refused("11:13"))),
        (mounts_first(""), Ok(DEPLOYMENT.to_owned())),
        (mounts_first("# which one\n        "), Err(refused("7:9"))),
    ] {
        assert_eq!(changed(&text, &ABSENT, &[]), expected, "{text}");
    }
}

#[test]
fn remove_takes_the_pair_out_of_each_secret_and_leaves_what_else_is_in_it() {
    let mounted =
        format!("{DEPLOYMENT}      volumes:\n      - {{name: client-certificate, secret: {{secretName: pair}}}}\n");
    let rest = "data:\n  ca.crt: eA==\n";
    let watcher = DEPLOYMENT.replace("acorn", "watcher").replace("env:", "args:");
    let watcher = format!("---\n{watcher}      volumes:\n      - {{name: x, secret: {{secretName: pair}}}}\n");
    let together = data().replacen("data:\n", rest, 1);
    let removed = "Secret `pair` removed";
    for (secrets, behind, left, said) in [
        (secret("pair", &data()), "", String::new(), vec![removed]),
        (secret("pair", &data()).repeat(2), "", "---\n".to_owned(), vec![removed, removed]),
        (secret("pair", &together), "", secret("pair", rest), vec!["pair out of the Secret `pair`"]),
        (secret("pair", rest), "", secret("pair", rest), vec![]),
        (
            secret("pair", &data()),
            watcher.as_str(),
            secret("pair", &data()),
            vec!["the Secret `pair` stays, because another workload mounts it"],
        ),
        (
            secret("pair", &format!("{}sops: {{mac: x}}\n", data())),
            "",
            secret("pair", &format!("{}sops: {{mac: x}}\n", data())),
            vec!["the Secret `pair` stays: it is encrypted by SOPS"],
        ),
    ] {
        let text = format!("{secrets}{mounted}{behind}");
        assert_eq!(changed(&text, &ABSENT, &[]), Ok(format!("{left}{DEPLOYMENT}{behind}")));
        assert_eq!(said_of_secrets(&text, &ABSENT), Ok(said.into_iter().map(str::to_owned).collect()), "{text}");
    }
    let apart = secret("pair", &format!("{}stringData: {{ca.crt: x}}\n", data())) + &mounted;
    let refused = "4:3: the Secret `pair` holds more than the pair in a way we cannot take apart\n";
    assert_eq!(changed(&apart, &ABSENT, &[]), Err(refused.to_owned()));
}

#[test]
fn a_pair_that_comes_from_elsewhere_goes_out_of_the_stream() {
    let mounted =
        format!("{DEPLOYMENT}      volumes:\n      - {{name: client-certificate, secret: {{secretName: old}}}}\n");
    let watcher = DEPLOYMENT.replace("acorn", "watcher").replace("env:", "args:");
    let watcher = format!("---\n{watcher}      volumes:\n      - {{name: x, secret: {{secretName: old}}}}\n");
    let taken = "the pair is taken from the Secret `new`, which must exist";
    let history = "a key that was ever committed stays in the history: issue a new pair";
    let placeholders = "data: {client.crt: PUT_IT_HERE, client.key: PUT_IT_HERE}\n";
    for (secrets, behind, said) in [
        (String::new(), "", vec![taken]),
        (secret("old", &data()), "", vec!["Secret `old` removed", taken, history]),
        (secret("new", &data()), "", vec!["Secret `new` removed", taken, history]),
        (secret("old", placeholders), "", vec!["Secret `old` removed", taken]),
        (secret("new", "data: {}\n"), "", vec![taken]),
        (
            secret("old", &data()),
            watcher.as_str(),
            vec![taken, "the Secret `old` stays, because another workload mounts it"],
        ),
    ] {
        let text = format!("{secrets}{mounted}{behind}");
        let expected = said.into_iter().map(str::to_owned).collect();
        assert_eq!(said_of_secrets(&text, &existing("new")), Ok(expected), "{text}");
    }
}

#[test]
fn a_secret_without_the_pair_does_not_stand_beside_the_file_that_holds_it() {
    let goal = from(SecretSource::File { pair: pair(), older: Vec::new() });
    let name = "acorn-client-certificate";
    let written = format!("pair into the Secret `{name}` in a file of its own");
    let refused = format!(
        "1:1: the Secret `{name}` stands here without the pair, and would take it from the one in the file\n  help: take it \
         out, then run again with `--secret-output`\n"
    );
    let encrypted = format!("{}sops: {{mac: x}}\n", data());
    let stays = format!("the Secret `{name}` stays: it is encrypted by SOPS");
    let external = |name: &str| {
        format!("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: {name}}}\n---\n")
    };
    let from_new = "the pair is taken from the Secret `new`, which must exist".to_owned();
    let not_ours = format!("the ExternalSecret `{name}` stays: it is not ours to remove");
    for (secrets, goal, expected) in [
        (secret(name, "data: {}\n"), &goal, Err(refused)),
        (secret("other", "data: {}\n"), &goal, Ok(vec![written])),
        (secret(name, &encrypted), &existing("new"), Ok(vec![from_new.clone(), stays])),
        (secret("new", &encrypted), &existing("new"), Ok(vec![from_new.clone()])),
        (external(name), &existing("new"), Ok(vec![from_new.clone(), not_ours])),
        (external("new"), &existing("new"), Ok(vec![from_new])),
    ] {
        let said = said_of_secrets(&format!("{secrets}{DEPLOYMENT}"), goal);
        assert_eq!(said, expected, "{secrets}");
    }
}

#[test]
fn an_upgrader_of_a_delegate_elsewhere_is_spoken_of_where_upgraders_move() {
    let stray = "---\nkind: ConfigMap\nmetadata: {name: up}\ndata:\n  config.yaml: |\n    workloadName: beech\n    \
                 delegateConfig: {}\n";
    let text = format!("{DEPLOYMENT}{stray}");
    let goal = |upgrader| {
        let secret = SecretSource::Stream(pair());
        Goal::Present(Present { secret, endpoint: Endpoint::parse(MTLS).ok(), upgrader, files: None })
    };
    let said = "the upgrader of `beech` is left alone: that delegate is not in this input";
    assert_eq!(told(&text, &goal(Upgrader::Move)).1, [said]);
    assert_eq!(told(&text, &goal(Upgrader::Leave)).1, [""; 0]);
}

#[test]
fn a_secret_is_filled_only_where_it_differs_and_one_that_is_immutable_is_a_warning() {
    let goal = from(SecretSource::Stream(pair()));
    let name = "acorn-client-certificate";
    let pem = |file: &str| format!("{:?}", fs::read_to_string(fixtures().join("quickstart").join(file)).unwrap());
    let string_data =
        format!("stringData:\n  client.crt: {}\n  client.key: {}\n", pem("client.crt"), pem("client.key"));
    let only = |key: &str| {
        data().lines().filter(|line| !line.contains(key)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let filled = format!("pair into the Secret `{name}`");
    let immutable = format!("the Secret `{name}` is immutable: a cluster that has it refuses the new pair");
    for (parts, said) in [
        (data(), vec![]),
        (string_data.clone(), vec![]),
        (data().replace("  client.key: ", "  client.key: eA=="), vec![&filled]),
        (only("client.key"), vec![&filled]),
        (only("client.crt") + "immutable: true\n", vec![&filled, &immutable]),
        (only("client.crt") + "immutable: false\n", vec![&filled]),
        (data() + "immutable: true\n", vec![]),
    ] {
        let text = secret(name, &parts) + DEPLOYMENT;
        assert_eq!(said_of_secrets(&text, &goal), Ok(said.into_iter().cloned().collect()), "{text}");
    }
    let other = secret(name, &string_data.replace("  client.crt: \"", "  client.crt: \"x")) + DEPLOYMENT;
    let refused = "4:15: `client.crt` stands under `stringData` with another value\n  help: take `client.crt` out of \
                   `stringData`, then run again\n";
    assert_eq!(said_of_secrets(&other, &goal), Err(refused.to_owned()));
}

#[test]
fn a_tag_directive_is_refused_only_where_the_secret_would_come_before_it() {
    let goal = from(SecretSource::Stream(pair()));
    let directive = "%TAG !e! tag:example.com,2026:\n---\n";
    let token = "kind: Secret\nmetadata: {name: token}\ndata: {DELEGATE_TOKEN: eA==}\n";
    let reading = format!("{DEPLOYMENT}        envFrom: [{{secretRef: {{name: token}}}}]\n");
    let refused = "1:1: a `%TAG` directive stands where the Secret has to go\n  help: write the tags out and take the \
                   directive away\n";
    for (text, expected) in [
        (format!("{directive}{DEPLOYMENT}"), Err(refused.to_owned())),
        (format!("# no %TAG\n---\n{DEPLOYMENT}"), Ok(())),
        (format!("%YAML 1.2\n---\n{DEPLOYMENT}"), Ok(())),
        (format!("{token}...\n{directive}{reading}"), Ok(())),
    ] {
        assert_eq!(changed(&text, &goal, &[]).map(drop), expected, "{text}");
    }
}

#[test]
fn a_pair_in_a_file_of_its_own_is_a_rotation_of_the_one_of_its_name_and_namespace() {
    let Some(file) = Some(fixtures().join("inject/rotation-again/input.yaml")).filter(|_| !is_packaged()) else {
        return;
    };
    let older = text(&file);
    let older = older.lines().find_map(|line| line.trim().strip_prefix("client.crt: ")).unwrap();
    let certificate = summarize(&STANDARD.decode(older.trim_matches('"')).unwrap()).unwrap();
    let new = summarize(&STANDARD.decode(encoded("client.crt")).unwrap()).unwrap();
    let until =
        |it: &crate::identity::CertificateSummary| format!("{} (until {})", it.fingerprint, it.not_after.date());
    let shown = format!("{} → {}", until(&certificate), until(&new));
    let name = "acorn-client-certificate";
    for (older, namespace, is_rotation) in [
        ((name, Some("ci")), Some("ci"), true),
        ((name, None), None, true),
        ((name, None), Some("ci"), false),
        ((name, Some("cd")), Some("ci"), false),
        (("oak-client-certificate", None), None, false),
    ] {
        let (name_of_older, of_older) = older;
        let older = OlderPair {
            name: name_of_older.to_owned(),
            namespace: of_older.map(str::to_owned),
            certificate: certificate.clone(),
        };
        let goal = from(SecretSource::File { pair: pair(), older: vec![older] });
        let metadata = namespace.map(|namespace| format!("{{name: acorn, namespace: {namespace}}}"));
        let text = DEPLOYMENT.replace("{name: acorn}", &metadata.unwrap_or("{name: acorn}".to_owned()));
        let expected = match is_rotation {
            true => format!("pair replaced in the Secret `{name}` in a file of its own: {shown}"),
            false => format!("pair into the Secret `{name}` in a file of its own"),
        };
        assert_eq!(said_of_secrets(&text, &goal), Ok(vec![expected]), "{text}");
    }
}

#[test]
fn what_becomes_of_the_upgrader_is_said() {
    let Some(case) = Some(fixtures().join("inject/token-secret-last")).filter(|_| !is_packaged()) else { return };
    let [input, expected] = ["input.yaml", "expected.yaml"].map(|file| text(&case.join(file)));
    let documents = |text: &str| text.split("---\n").skip(1).map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (documents(&input), documents(&expected));
    let [job, map, delegate, token] = [&old[0], &old[1], &old[2], &old[3]];
    let [new_job, new_map] = [&new[0], &new[1]];
    let Task { goal: Goal::Present(present), .. } = task(&case) else { panic!("a pair") };
    let moves = Goal::Present(present.clone());
    let leaves = Goal::Present(Present { upgrader: Upgrader::Leave, ..present });
    let (moved, alone, none) =
        ("upgrader moved", "the upgrader is left alone (`--no-upgrader`)", "no upgrader in the input");
    let no_job = "the upgrader of `acorn` has no CronJob in the input: only its configuration is moved";
    let no_map = "the upgrader of `acorn` is left alone: its ConfigMap is not in the input";
    for (upgrader, goal, expected) in [
        (vec![job, map], &moves, vec![moved]),
        (vec![new_job, map], &moves, vec![moved]),
        (vec![job, new_map], &moves, vec![moved]),
        (vec![new_job, new_map], &moves, vec![]),
        (vec![map], &moves, vec![moved, no_job]),
        (vec![job], &moves, vec![no_map]),
        (vec![], &moves, vec![none]),
        (vec![job, map], &leaves, vec![alone]),
        (vec![job], &leaves, vec![alone]),
        (vec![], &leaves, vec![]),
        (vec![new_job, new_map], &ABSENT, vec!["upgrader moved back"]),
        (vec![job, map], &ABSENT, vec![]),
    ] {
        let documents = upgrader.into_iter().chain([delegate, token]).map(String::as_str).collect::<Vec<_>>();
        let text = documents.join("---\n");
        let changed = done(&text, goal, &[]).unwrap();
        let summaries = changed.summaries.into_iter();
        let said = summaries.flat_map(|summary| summary.actions.into_iter().chain(summary.remarks));
        let said = said.chain(changed.warnings.into_iter().map(|warning| warning.message));
        let said: Vec<String> = said.filter(|said| said.contains("upgrader")).collect();
        assert_eq!(said, expected, "{text}");
    }
}

#[test]
fn what_values_become_is_said_and_what_they_cannot_hold_is_refused() {
    let values = "delegateName: acorn\naccountId: FAKE-ACCOUNT-0001\nmanagerEndpoint: https://app.harness.io\nmTLS:\n  \
                  secretName: \"\"\n";
    let kept = "`acorn`: the manager URL stays `https://app.harness.io`";
    let name = "acorn-client-certificate";
    let written = format!("pair into the Secret `{name}` in a file of its own");
    let file = from(SecretSource::File { pair: pair(), older: Vec::new() });
    let changed_values = done(values, &file, &[]).unwrap();
    assert_eq!(changed_values.secrets.len(), 1);
    let document = crate::plan::write_document(&changed_values.secrets[0]);
    assert!(document.starts_with("apiVersion: v1\nkind: Secret\n") && document.ends_with("\"\n"), "{document}");
    assert!(changed_values.text.contains(name), "{}", changed_values.text);
    assert!(changed_values.summaries[0].actions.contains(&written), "{:?}", changed_values.summaries);
    assert_eq!(told(values, &file).1, [kept]);
    let mtls = values.replace("https://app.harness.io", MTLS);
    assert_eq!(told(&mtls, &file).1, [""; 0]);
    assert_eq!(told(&mtls.replace("\"\"", "fleet"), &ABSENT).1, [format!("`acorn`: the manager URL stays `{MTLS}`")]);

    let certificate = summarize(&STANDARD.decode(encoded("ca.crt")).unwrap()).unwrap();
    let older = vec![OlderPair { name: name.to_owned(), namespace: None, certificate }];
    let rotated = done(values, &from(SecretSource::File { pair: pair(), older }), &[]).unwrap();
    let said = format!("{:?}", rotated.summaries);
    assert!(said.contains(&format!("pair replaced in the Secret `{name}` in a file of its own: ")), "{said}");
    assert!(said.contains("`kubectl rollout restart deployment/acorn`"), "{said}");

    let refused = |text: &str, goal: &Goal| changed(text, goal, &[]).unwrap_err();
    let no_place = refused(values, &from(SecretSource::Stream(pair())));
    assert!(no_place.contains("a Helm values file has no place for the pair's Secret"), "{no_place}");
    let nameless = refused(&values.replace("delegateName: acorn", "delegateName: \"\""), &file);
    assert!(nameless.contains("these values have no `delegateName` to call the Secret after"), "{nameless}");
    let odd = refused(&values.replace("delegateName: acorn", "delegateName: A_B"), &file);
    assert!(odd.contains("cannot be the name of a Secret"), "{odd}");
}
