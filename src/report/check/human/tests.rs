use time::macros::datetime;

use super::*;
use crate::check::{At, DelegateState, Generation, Mtls};
use crate::delegate::{Holds, Stream, read};
use crate::finding::Rule;
use crate::yaml::Place;

fn plain(report: &Report, open: &mut dyn FnMut(&str) -> Option<Shown>) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    write_check_human(&mut out, report, open).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}

fn report(findings: Vec<Located>, delegates: Vec<DelegateState>) -> Report {
    Report { at: datetime!(2026-07-01 12:00 UTC), findings, delegates, failures: Vec::new() }
}

fn finding(at: At) -> Located {
    Located {
        rule: Rule::CertPathMismatch,
        severity: Severity::Error,
        message: "the matter".to_owned(),
        help: Some("do `this`".to_owned()),
        at,
    }
}

fn in_file(path: &str) -> At {
    At { path: Some(path.to_owned()), ..At::default() }
}

/// The place of a part of a text, in `a.yaml`.
fn at(text: &str, part: &str) -> At {
    let start = text.find(part).unwrap();
    at_span(text, start..start + part.len())
}

fn at_span(text: &str, span: std::ops::Range<usize>) -> At {
    let Place { line, column } = Place::of(text, span.start);
    At { line: Some(line), column: Some(column), span, ..in_file("a.yaml") }
}

/// What is shown of `a.yaml`, behind the title and before the help.
fn snippet_at(text: &str, at: At) -> String {
    let masks = read(&Stream::new(text).unwrap()).map(|index| index.masks).unwrap_or_default();
    let mut open = |_: &str| Some(Shown { text: text.to_owned(), masks: masks.clone() });
    let all = plain(&report(vec![Located { help: None, ..finding(at) }], Vec::new()), &mut open);
    let snippet = all.strip_prefix("error[cert-path-mismatch]: the matter\n").unwrap();
    snippet.strip_suffix("\n\n1 error in 1 file\n").unwrap().to_owned()
}

fn snippet(text: &str, part: &str) -> String {
    snippet_at(text, at(text, part))
}

fn lines(lines: &[&str]) -> String {
    lines.join("\n")
}

#[test]
fn each_severity_has_its_title_its_place_its_line_and_its_help() {
    let text = "a: 1\nmountPath: /etc/certs\n";
    let of = |severity, help: Option<&str>| Located {
        severity,
        help: help.map(str::to_owned),
        ..finding(at(text, "/etc/certs"))
    };
    let findings =
        vec![of(Severity::Error, Some("write `/etc/mtls`")), of(Severity::Warning, None), of(Severity::Note, None)];
    let mut opened = Vec::new();
    let mut open = |path: &str| {
        opened.push(path.to_owned());
        Some(Shown { text: text.to_owned(), masks: Vec::new() })
    };
    let expected = "\
error[cert-path-mismatch]: the matter
 --> a.yaml:2:12
  |
2 | mountPath: /etc/certs
  |            ^^^^^^^^^^
  = help: write `/etc/mtls`

warning[cert-path-mismatch]: the matter
 --> a.yaml:2:12
  |
2 | mountPath: /etc/certs
  |            ^^^^^^^^^^

note[cert-path-mismatch]: the matter
 --> a.yaml:2:12
  |
2 | mountPath: /etc/certs
  |            ^^^^^^^^^^

1 error, 1 warning, 1 note in 1 file
";
    assert_eq!(plain(&report(findings, Vec::new()), &mut open), expected);
    assert_eq!(opened, ["a.yaml"]);
}

#[test]
fn what_has_no_line_is_told_without_opening_a_file() {
    let findings = vec![
        finding(At::default()),
        Located { help: None, ..finding(At::default()) },
        finding(in_file("a.yaml")),
        Located { help: None, ..finding(in_file("b.yaml")) },
    ];
    let expected = "\
error[cert-path-mismatch]: the matter
 |
 = help: do `this`

error[cert-path-mismatch]: the matter

error[cert-path-mismatch]: the matter
--> a.yaml
 = help: do `this`

error[cert-path-mismatch]: the matter
--> b.yaml

4 errors in 2 files
";
    assert_eq!(plain(&report(findings, Vec::new()), &mut |_| unreachable!()), expected);
}

#[test]
fn what_cannot_be_shown_has_its_place() {
    let at = At { line: Some(3), column: Some(5), ..in_file("a.yaml") };
    let expected = "\
error[cert-path-mismatch]: the matter
--> a.yaml:3:5
 = help: do `this`

1 error in 1 file
";
    assert_eq!(plain(&report(vec![finding(at)], Vec::new()), &mut |_| None), expected);
}

#[test]
fn the_value_of_a_secret_is_shown_and_underlined_as_its_mask() {
    let text = "kind: Secret\nstringData:\n  DELEGATE_TOKEN: \"hunter2\" # hunter1\n  other: 'hunter3'\n";
    let expected = [" --> a.yaml:3:19", "  |", "3 |   DELEGATE_TOKEN: *** # ***", "  |                   ^^^"];
    assert_eq!(snippet(text, "\"hunter2\""), lines(&expected));
    // in the middle of it
    let expected = expected.map(|line| line.replace(":19", ":22"));
    assert_eq!(snippet(text, "nter2"), expected.join("\n"));
    let expected = [" --> a.yaml:4:3", "  |", "4 |   other: ***", "  |   ^^^^^"];
    assert_eq!(snippet(text, "other"), lines(&expected));
}

#[test]
fn the_value_of_a_variable_that_is_a_secret_by_name_is_masked() {
    let text = "env:\n- name: A_TOKEN\n  value: hunter2\n# - name: B_TOKEN\n#   value: hunter3\n";
    let expected = [" --> a.yaml:3:10", "  |", "3 |   value: ***", "  |          ^^^"];
    assert_eq!(snippet(text, "hunter2"), lines(&expected));
    let expected = [" --> a.yaml:5:5", "  |", "5 | #   value: ***", "  |     ^^^^^^^^^^"];
    assert_eq!(snippet(text, "value: hunter3"), lines(&expected));
}

#[test]
fn what_stands_behind_a_mask_is_underlined_where_it_is_shown() {
    let text = "{kind: Secret, stringData: {A: hunter2, B: hunter3}, immutable: true}\n";
    let expected = [
        " --> a.yaml:1:54",
        "  |",
        "1 | {kind: Secret, stringData: {A: ***, B: ***}, immutable: true}",
        "  |                                              ^^^^^^^^^",
    ];
    assert_eq!(snippet(text, "immutable"), lines(&expected));
}

#[test]
fn a_private_key_is_not_shown_wherever_it_stands() {
    use base64::Engine as _;
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n";
    let base64 = base64::engine::general_purpose::STANDARD.encode(pem);
    let text = format!("kind: ConfigMap\ndata:\n  x: {base64}\n");
    let expected = [" --> a.yaml:3:6", "  |", "3 |   x: ***", "  |      ^^^"];
    assert_eq!(snippet(&text, &base64), lines(&expected));
    let text = format!("x: \"{}\"\n", pem.replace('\n', "\\n"));
    let expected =
        [" --> a.yaml:1:4", "  |", "1 | x: \"-----BEGIN PRIVATE KEY-----***", "  |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"];
    assert_eq!(snippet(&text, text.trim_start_matches("x: ").trim_end()), lines(&expected));
    let text = format!("x: |\n{}", pem.replace('-', "  -").replace("  -  -  -  -  -", "  -----"));
    let expected =
        [" --> a.yaml:2:3", "  |", "2 |   -----BEGIN PRIVATE KEY  -----", "  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"];
    assert_eq!(snippet(&text, text.trim_start_matches("x: |\n  ")), lines(&expected));
}

#[test]
fn user_and_password_of_a_url_are_masked_and_underlined_with_it() {
    let text = "HTTPS_PROXY: http://me:hunter2@proxy:3128\n";
    let line = "1 | HTTPS_PROXY: http://***@proxy:3128";
    let expected = [" --> a.yaml:1:14", "  |", line, "  |              ^^^^^^^^^^^^^^^^^^^^^"];
    assert_eq!(snippet(text, "http://me:hunter2@proxy:3128"), lines(&expected));
    let expected = [" --> a.yaml:1:24", "  |", line, "  |                     ^^^"];
    assert_eq!(snippet(text, "hunter2"), lines(&expected));
    let expected = [" --> a.yaml:1:32", "  |", line, "  |                         ^^^^^^"];
    assert_eq!(snippet(text, "proxy:"), lines(&expected));
}

#[test]
fn what_is_masked_to_the_end_of_the_line_is_underlined_as_its_mask() {
    let text = "# {value: hunter2, name: A_TOKEN}\n";
    let expected = [" --> a.yaml:1:20", "  |", "1 | # {value: ***", "  |           ^^^"];
    assert_eq!(snippet(text, "name"), lines(&expected));
}

#[test]
fn of_a_long_line_what_surrounds_the_place_is_shown_and_of_an_endless_one_nothing() {
    let of = |count: usize| (0..count).map(|number| format!("k{number}: [/etc/certs], ")).collect::<String>();
    let text = format!("{{{}}}\n", of(300));
    let line = "1 | ...], k224: [/etc/certs], k225: [/etc/certs], k226: [/etc/certs], k227: [/etc/certs], k228: \
                [/etc/certs], k229: [/etc/certs], k230: [...";
    let underline = format!("  |{}^^^^", " ".repeat(67));
    assert_eq!(snippet(&text, "k227"), lines(&[" --> a.yaml:1:4432", "  |", line, &underline]));
    let line = "1 | {k0: [/etc/certs], k1: [/etc/certs], k2: [/etc/certs], k3: [/etc/certs], k4: [/etc/certs], \
                k5: [/etc/certs], k6: [/etc/certs], k7: [/...";
    let underline = format!("  | {}", "^".repeat(100));
    let all = at_span(&text, 0..text.trim_end().len());
    assert_eq!(snippet_at(&text, all), lines(&[" --> a.yaml:1:1", "  |", line, &underline]));
    let text = format!("{{{}}}\n", of(50_000));
    assert_eq!(snippet(&text, "k7"), "--> a.yaml:1:128");
    assert_eq!(snippet(&text, "k49999"), "--> a.yaml:1:1088870");
}

#[test]
fn a_value_of_several_lines_is_underlined_in_its_first() {
    let text = "a:\n  b: 1\n  c: 2\n";
    assert_eq!(snippet(text, "b: 1\n  c: 2"), lines(&[" --> a.yaml:2:3", "  |", "2 |   b: 1", "  |   ^^^^"]));
}

#[test]
fn an_empty_place_is_a_word_a_character_or_the_end_of_the_line() {
    let text = "a: some-word b\nc: {}\nd:\n\ne: 1";
    let shown = |offset| snippet_at(text, at_span(text, offset..offset));
    assert_eq!(shown(3), lines(&[" --> a.yaml:1:4", "  |", "1 | a: some-word b", "  |    ^^^^^^^^^"]));
    assert_eq!(shown(18), lines(&[" --> a.yaml:2:4", "  |", "2 | c: {}", "  |    ^"]));
    assert_eq!(shown(23), lines(&[" --> a.yaml:3:3", "  |", "3 | d:", "  |   ^"]));
    assert_eq!(shown(24), lines(&[" --> a.yaml:4:1", "  |", "4 |", "  | ^"]));
    assert_eq!(shown(text.len()), lines(&[" --> a.yaml:5:5", "  |", "5 | e: 1", "  |     ^"]));
}

#[test]
fn tabs_line_ends_marks_and_wide_characters_move_no_underline() {
    let expected = [" --> a.yaml:2:5", "  |", "2 | a:     b # ü", "  |        ^"];
    assert_eq!(snippet("x: 1\na:\t b # ü\n", "b"), lines(&expected));
    for text in ["x: 1\r\nkey: value\r\nb: 1\r\n", "x: 1\rkey: value\rb: 1\r", "x: 1\nkey: value"] {
        let expected = [" --> a.yaml:2:6", "  |", "2 | key: value", "  |      ^^^^^"];
        assert_eq!(snippet(text, "value"), lines(&expected), "{text:?}");
    }
    let text = "\u{feff}key: value\n";
    let expected = [" --> a.yaml:1:6", "  |", "1 | key: value", "  |      ^^^^^"];
    assert_eq!(snippet(text, "value"), lines(&expected));
    let expected = [" --> a.yaml:1:1", "  |", "1 | key: value", "  | ^^^^^^^^^^"];
    assert_eq!(snippet(text, text.trim_end()), lines(&expected));
    let expected = [" --> a.yaml:1:8", "  |", "1 | 名前: ü値 x: \u{1f600} y", "  |           ^^"];
    assert_eq!(snippet("名前: ü値 x: \u{1f600} y\n", "x:"), lines(&expected));
    let expected = [" --> a.yaml:1:5", "  |", "1 | 名前: ü値", "  |       ^^^"];
    assert_eq!(snippet("名前: ü値", "ü値"), lines(&expected));
}

#[test]
fn no_snippet_is_shown_of_a_text_that_is_not_the_one_that_was_judged() {
    let text = "a: 1\nb: ü\n";
    let place = |line, column, span| At { line: Some(line), column: Some(column), span, ..in_file("a.yaml") };
    assert_eq!(snippet_at(text, place(2, 4, 8..10)).lines().nth(3), Some("  |    ^"));
    for at in [
        place(3, 4, 8..10),
        place(1, 4, 8..10),
        place(2, 3, 8..10),
        place(2, 4, 8..99),
        place(2, 4, 99..100),
        place(2, 4, 8..9),
        place(2, 5, 9..10),
    ] {
        let origin = format!("--> a.yaml:{}:{}", at.line.unwrap(), at.column.unwrap());
        assert_eq!(snippet_at(text, at), origin);
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = "a: \"\u{1b}[2J\u{7}\u{9b}\u{202e}\u{2066}\u{200f}\u{85}\u{0}\" # x\n";
    let mut hostile = finding(At { path: Some("a\u{1b}[31m\n.yaml".to_owned()), ..at(text, "x") });
    hostile.message = "\u{1b}]0;x\u{7} `a`".to_owned();
    hostile.help = Some("\u{202e}\r\n`b`".to_owned());
    let expected = "\
error[cert-path-mismatch]: \\u{1b}]0;x\\u{7} `a`
 --> a\\u{1b}[31m\\u{a}.yaml:1:20
  |
1 | a: \"\\u{1b}[2J\\u{7}\\u{9b}\\u{202e}\\u{2066}\\u{200f}\\u{85}\\u{0}\" # x
  |                                                                ^
  = help: \\u{202e}\\u{d}\\u{a}`b`

1 error in 1 file
";
    let report = report(vec![hostile], Vec::new());
    let mut open = |_: &str| Some(Shown { text: text.to_owned(), masks: Vec::new() });
    assert_eq!(plain(&report, &mut open), expected);
}

fn delegate(path: &str, name: &str) -> DelegateState {
    DelegateState {
        path: path.to_owned(),
        line: 1,
        name: name.to_owned(),
        namespace: Some("harness".to_owned()),
        generation: Generation::Classic,
        mtls: Mtls::Complete,
        endpoint: Some("https://acme.harness.io:8443".to_owned()),
        expires: Some(datetime!(2026-10-05 12:00 UTC)),
        strict_ready: true,
    }
}

#[test]
fn the_columns_of_the_table_are_aligned_in_any_script() {
    let delegates = vec![
        delegate("clusters/a.yaml", "acorn"),
        DelegateState {
            namespace: Some("名前空間".to_owned()),
            generation: Generation::ThreeX,
            mtls: Mtls::Partial,
            expires: Some(datetime!(2026-01-02 0:00 UTC)),
            strict_ready: false,
            ..delegate("b.yaml", "eiche-ü")
        },
        DelegateState {
            namespace: None,
            generation: Generation::Legacy,
            mtls: Mtls::None,
            endpoint: None,
            expires: None,
            strict_ready: false,
            ..delegate("b.yaml", "\u{1b}x")
        },
    ];
    let expected = "\
file             delegate  namespace  generation  mTLS      endpoint                      certificate expiry
clusters/a.yaml  acorn     harness    classic     complete  https://acme.harness.io:8443  2026-10-05 (96 days)
b.yaml           eiche-ü   名前空間   3.x         partial   https://acme.harness.io:8443  expired 2026-01-02
b.yaml           \\u{1b}x   -          legacy      none      -                             -

strict-ready: 1 of 3
no findings
";
    assert_eq!(plain(&report(Vec::new(), delegates), &mut |_| None), expected);
}

#[test]
fn an_endless_name_does_not_pad_every_row() {
    let long = "x".repeat(100);
    let delegates = vec![delegate(&long, "a"), delegate("b.yaml", "b")];
    let all = plain(&report(Vec::new(), delegates), &mut |_| None);
    let starts: Vec<&str> = all.lines().skip(1).take(2).map(|line| line.split("harness").next().unwrap()).collect();
    assert_eq!(starts, [format!("{long}  a         "), format!("{:<80}  b         ", "b.yaml")]);
}

#[test]
fn a_certificate_is_valid_in_its_last_second() {
    let days = |expires| {
        let all = plain(
            &report(Vec::new(), vec![DelegateState { expires: Some(expires), ..delegate("a", "a") }]),
            &mut |_| None,
        );
        all.lines().nth(1).unwrap().rsplit("  ").next().unwrap().to_owned()
    };
    assert_eq!(days(datetime!(2026-07-01 11:59:59 UTC)), "expired 2026-07-01");
    assert_eq!(days(datetime!(2026-07-01 12:00 UTC)), "2026-07-01 (less than a day)");
    assert_eq!(days(datetime!(2026-07-02 12:00 UTC)), "2026-07-02 (1 day)");
    assert_eq!(days(datetime!(2026-07-03 12:00 UTC)), "2026-07-03 (2 days)");
}

#[test]
fn states_and_counts_are_coloured() {
    let delegates =
        [Mtls::Complete, Mtls::Partial, Mtls::None].map(|mtls| DelegateState { mtls, ..delegate("a", "a") });
    let mut out = Vec::new();
    let findings = vec![Located { severity: Severity::Warning, ..finding(At::default()) }];
    write_check_human(&mut out, &report(findings, delegates.into()), &mut |_| None).unwrap();
    let all = String::from_utf8(out).unwrap();
    for part in [
        "\u{1b}[1mfile\u{1b}[0m",
        "\u{1b}[32mcomplete\u{1b}[0m",
        "\u{1b}[31mpartial\u{1b}[0m",
        "\u{1b}[33mnone\u{1b}[0m",
        "\u{1b}[1m\u{1b}[33m1 warning\u{1b}[0m\n",
    ] {
        assert!(all.contains(part), "{part:?}: {all:?}");
    }
}

#[test]
fn the_counts_are_of_one_or_of_many() {
    let counts =
        |findings: Vec<Located>| plain(&report(findings, Vec::new()), &mut |_| None).lines().last().unwrap().to_owned();
    let of = |severity, at| Located { severity, ..finding(at) };
    use Severity::{Error, Note, Warning};
    assert_eq!(counts(vec![]), "no findings");
    assert_eq!(counts(vec![of(Note, At::default())]), "1 note");
    assert_eq!(counts(vec![of(Error, in_file("a"))]), "1 error in 1 file");
    let many = vec![
        of(Note, At::default()),
        of(Error, in_file("a")),
        of(Warning, in_file("a")),
        of(Error, in_file("b")),
        of(Note, in_file("b")),
        of(Note, in_file("c")),
    ];
    assert_eq!(counts(many), "2 errors, 1 warning, 3 notes in 3 files");
    assert_eq!(counts(vec![of(Warning, in_file("a")), of(Warning, in_file("a"))]), "2 warnings in 1 file");
}

proptest::proptest! {
    #[test]
    fn no_text_and_no_place_in_it_is_a_panic_or_shows_what_is_masked(
        parts in proptest::collection::vec("[a:,# \\-\"{}]|\t|\r|\n|\r\n|\u{feff}|\u{1b}|\u{202e}|\u{301}|\u{200d}|値|\u{1f600}|name: A_TOKEN|value: |://| {30}|a{200}|SECRET", 0..30),
        start in 0..200_usize,
        len in 0..40_usize,
    ) {
        let text = parts.concat();
        let secret = |(at, _): (usize, &str)| Mask { span: at..at + "SECRET".len(), holds: Holds::Secret };
        let masks: Vec<Mask> = text.match_indices("SECRET").map(secret).collect();
        let bounds = |from: usize| (from..=text.len()).filter(|&at| text.is_char_boundary(at));
        let spans = bounds(start).take(3).map(|start| start..bounds(start + len).next().unwrap_or(start));
        let findings = spans.map(|span| finding(at_span(&text, span))).collect();
        let mut open = |_: &str| Some(Shown { text: text.clone(), masks: masks.clone() });
        let all = plain(&report(findings, Vec::new()), &mut open);
        proptest::prop_assert!(!all.contains("SECRET"));
        proptest::prop_assert!(!all.contains(|c: char| c != '\n' && c.is_control()));
    }
}
