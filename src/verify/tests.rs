use super::*;
use crate::delegate::read;
use crate::edit::splice;
use crate::endpoint::Endpoint;
use crate::plan::{Goal, Operation, Pair, Present, Scalar, SecretSource, Text, Upgrader, plan};

const MANIFEST: &str = include_str!("../../fixtures/quickstart/harness-delegate.yaml");

fn goal() -> Goal {
    Goal::Present(Present {
        secret: SecretSource::Stream(Pair {
            certificate: Text::secret("Y2VydA==".to_owned()),
            key: Text::secret("a2V5".to_owned()),
        }),
        endpoint: Some(Endpoint::parse("acme.harness.io:8443").unwrap()),
        upgrader: Upgrader::Move,
        files: None,
    })
}

/// The plan for the manifest, and its result.
fn planned(stream: &Stream<'_>) -> (Plan, String) {
    let plan = plan(stream, &read(stream).unwrap(), &goal(), &[]).unwrap();
    let text = splice(stream.text, plan.edits.clone(), &[]).unwrap().text;
    (plan, text)
}

#[test]
fn only_a_removed_neighbours_comments_may_stand_around_a_document_that_is_kept() {
    let removed = ["---\nkind: Secret\n# of the Secret\n"];
    for (new, expected) in [
        ("---\na: 1\n", true),
        ("# of the Secret\n---\na: 1\n", true),
        ("a: 1\n\n# of the Secret\n", true),
        ("# of nobody\n---\na: 1\n", false),
        ("---\na: 1\nkind: Secret\n", false),
        ("---\na: 12\n", false),
        ("---\n", false),
    ] {
        assert_eq!(is_kept("---\na: 1\n", new, &removed), expected, "{new}");
    }
}

#[test]
fn accepts_the_planned_result_and_names_what_changed() {
    let stream = Stream::new(MANIFEST).unwrap();
    let (plan, text) = planned(&stream);
    let regions = verify(&stream, &plan, &text).unwrap();
    let kinds: Vec<&str> = regions
        .iter()
        .flat_map(|region| slice(&text, &region.new).lines().filter(|line| line.starts_with("kind: ")))
        .collect();
    assert_eq!(kinds, ["kind: Secret", "kind: Deployment", "kind: ConfigMap", "kind: CronJob"]);
}

#[test]
fn rejects_any_stray_edit_of_the_data() {
    let stream = Stream::new(MANIFEST).unwrap();
    let (plan, text) = planned(&stream);
    let mut tried = 0;
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        // one letter of each line that is data, at a column that moves
        let column = tried % line.len().max(1);
        let at = line_start + column;
        line_start += line.len();
        let is_data = !line.trim_start().starts_with('#') && text.as_bytes()[at].is_ascii_alphanumeric();
        if !is_data {
            tried += 1;
            continue;
        }
        let mut stray = text.clone();
        stray.replace_range(at..=at, if text.as_bytes()[at] == b'Q' { "R" } else { "Q" });
        let result = verify(&stream, &plan, &stray);
        assert!(matches!(result, Err(VerifyError::Bug { .. })), "{at}: {line:?} {result:?}");
        tried += 1;
    }
    assert!(tried > 250);
}

#[test]
fn rejects_a_changed_style_a_lost_line_and_a_document_more_or_less() {
    let stream = Stream::new(MANIFEST).unwrap();
    let (plan, text) = planned(&stream);
    for (from, to) in [
        ("value: \"true\"", "value: true"),
        ("readOnly: true", "readOnly: \"true\""),
        ("        - name: DELEGATE_CLIENT_CERTIFICATE_PATH\n          value: \"/etc/mtls/client.crt\"\n", ""),
        ("kind: Secret\n", "kind: Secret\nimmutable: true\n"),
        ("---\n", "---\n---\n"),
        ("clientCertificateFilePath", "clientCertificateFilepath"),
        ("\n---\n", "\n"),
    ] {
        assert!(text.contains(from), "{from}");
        let result = verify(&stream, &plan, &text.replacen(from, to, 1));
        assert!(matches!(result, Err(VerifyError::Bug { .. })), "{from:?} {result:?}");
    }
}

#[test]
fn an_untouched_document_must_keep_even_its_comments() {
    let stream = Stream::new("a: 1 # b\n---\nc: 1\n").unwrap();
    assert_eq!(verify(&stream, &Plan::default(), "a: 1 # b\n---\nc: 1\n"), Ok(Vec::new()));
    assert!(verify(&stream, &Plan::default(), "a: 2 # b\n---\nc: 1\n").is_err());
    assert!(verify(&stream, &Plan::default(), "a: 1 # x\n---\nc: 1\n").is_err());
}

#[test]
fn a_document_that_the_parsers_read_differently_proves_nothing() {
    // YAML 1.1 breaks lines at U+2028, YAML 1.2 does not
    let manifest = MANIFEST.replacen("value: KUBERNETES", "value: KUBER\u{2028}  - NETES", 1);
    let stream = Stream::new(&manifest).unwrap();
    let (plan, text) = planned(&stream);
    let result = verify(&stream, &plan, &text);
    assert!(matches!(result, Err(VerifyError::Ambiguous { .. })), "{result:?}");
}

#[test]
fn names_a_document_that_was_appended_and_the_line_end_that_it_needed() {
    let stream = Stream::new("a: 1").unwrap();
    let appended = Value::Mapping(vec![(Scalar::plain("b"), Value::Scalar(Scalar::plain("c")))]);
    let mut plan = Plan::default();
    plan.documents.entry(1).or_default().inserted_before.push(appended);
    let regions = [Region { old: 0..4, new: 0..5 }, Region { old: 4..4, new: 5..14 }];
    assert_eq!(verify(&stream, &plan, "a: 1\n---\nb: c\n"), Ok(regions.to_vec()));
    // the same to the second parser, and not as it was planned
    assert!(matches!(verify(&stream, &plan, "a: 1\n---\nb: 'c'\n"), Err(VerifyError::Bug { offset: 4, .. })));
}

#[test]
fn what_the_second_parser_cannot_read_is_placed_on_its_line() {
    let unread = |line| Unread { cause: String::new(), line };
    let at = |line| unread(line).ambiguous("ab\ncd\ne\n", 10);
    assert_eq!(at(None), VerifyError::Ambiguous { offset: 10, cause: String::new() });
    assert_eq!(at(Some(1)), VerifyError::Ambiguous { offset: 10, cause: String::new() });
    assert_eq!(at(Some(3)), VerifyError::Ambiguous { offset: 16, cause: String::new() });
}

#[test]
fn an_item_or_an_entry_more_or_another_style_is_not_what_was_planned() {
    for (old, new) in [
        ("a: [b]\n", "a: [b, c]\n"),
        ("a: [b, c]\n", "a: [b]\n"),
        ("a: [b]\n", "a:\n- b\n"),
        ("a: {b: 1}\n", "a: {b: 1, c: 2}\n"),
        ("a: {b: 1, c: 2}\n", "a: {b: 1}\n"),
        ("a: {b: 1}\n", "a:\n  b: 1\n"),
    ] {
        assert_eq!(document(old, old, &[], 0), Ok(()), "{old:?}");
        let result = document(old, new, &[], 7);
        assert!(matches!(result, Err(VerifyError::Bug { offset: 7, .. })), "{old:?} {new:?} {result:?}");
    }
}

#[test]
fn changes_of_one_place_that_exclude_each_other_fit_nothing() {
    let change = |path: &[usize], operation| Change { path: path.to_vec(), operation };
    let replace = Operation::Replace(Value::Scalar(Scalar::plain("b")), Style::Block);
    let replaced = change(&[], replace.clone());
    assert_eq!(document("a: 1\n", "b\n", std::slice::from_ref(&replaced), 0), Ok(()));
    let twice = [replaced, change(&[0], Operation::Remove)];
    assert!(matches!(document("a: 1\n", "b\n", &twice, 0), Err(VerifyError::Bug { .. })));
    let embedded = change(&[0], Operation::Embedded(vec![change(&[0], replace.clone())]));
    let (old, new) = ("f: |\n  a: 1\n", "f: |\n  a: b\n");
    assert_eq!(document(old, new, std::slice::from_ref(&embedded), 0), Ok(()));
    let twice = [embedded, change(&[0, 0], replace)];
    assert!(matches!(document(old, new, &twice, 0), Err(VerifyError::Bug { .. })));
}

#[test]
fn parsers_agree_on_shape_and_strings_and_may_differ_on_tags() {
    let agree = |raw, typed| {
        let document = yaml::parse(raw, &yaml::split(raw).unwrap().remove(0)).unwrap();
        let Ok(typed) = read_typed(typed) else { panic!("{typed}") };
        both(Raw::root(&document), typed.as_ref(), super::agree)
    };
    for text in ["[a, 1, ~]", "{a: b, 1: true}", "'1'", "!!int \"1\"", "!x y", "!x [a]", "!x {a: b}", "[&a b, *a]"] {
        assert!(agree(text, text), "{text}");
    }
    for (raw, typed) in [
        ("a", "b"),
        ("'1'", "1"),
        ("[a]", "[b]"),
        ("[a]", "[a, b]"),
        ("[a, b]", "[a]"),
        ("{a: b}", "{a: c}"),
        ("{a: b}", "{c: b}"),
        ("{a: b}", "{a: b, c: d}"),
        ("{a: b, c: d}", "{a: b}"),
        ("[a]", "{a: b}"),
        ("{a: b}", "a"),
    ] {
        assert!(!agree(raw, typed), "{raw} {typed}");
    }
    // YAML 1.1 breaks lines at U+0085, YAML 1.2 does not
    let differs = "a: \"b\u{85}c\"\n";
    assert!(matches!(document(differs, differs, &[], 3), Err(VerifyError::Ambiguous { offset: 3, .. })));
}

#[test]
fn rejects_another_mark_another_format_and_a_document_too_many() {
    let bug =
        |text: &str, new: &str| verify(&Stream::new(text).unwrap(), &Plan::default(), new).unwrap_err().to_string();
    for (text, new, cause) in [
        ("\u{feff}a: 1\n", "a: 1\n", "the byte order mark changed"),
        ("{\"a\": 1}\n", "a: 1\n", "the original is JSON, and the result is not"),
        ("a: 1\n", "a: 1\n---\nb: 1\n", "the result has too many documents"),
        ("a: 1\n---\nb: 1\n", "a: 1\n", "a document is missing in the result"),
    ] {
        assert_eq!(bug(text, new), format!("internal error: {cause}; nothing was written"));
    }
}

#[test]
fn what_the_two_parsers_do_not_take_for_one_document_is_not_edited() {
    for (old, new) in
        [("a: 1\n---\nb: 1\n", "a: 1\n"), ("a: 1\n", "a: 1\n---\nb: 1\n"), ("a: 1\n", ""), ("a: 1\n", "a: 2\n")]
    {
        assert!(document(old, new, &[], 0).is_err(), "{old:?} to {new:?}");
    }
    let list = format!("[{}]", "x, ".repeat(1000));
    let copies = format!("a: &l {list}\nb: [{}]\n", "*l, ".repeat(5000));
    let most = yaml::MAX_COPIED / (1024 * 1024);
    let said = document(&copies, &copies, &[], 0).unwrap_err().to_string();
    assert_eq!(said, format!("its aliases repeat more than {most} MiB, which no parser should have to copy"));
}
