#![expect(clippy::string_slice, reason = "a place that is none fails the test")]

use super::*;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

macro_rules! testdata {
    ($name:literal) => {
        include_str!(concat!("../../identity/testdata/", $name)).replace('\r', "")
    };
}

fn key() -> String {
    testdata!("client.key")
}

fn certificate() -> String {
    testdata!("ca.crt")
}

/// An Ed25519 key in PKCS#8 (RFC 8410 §7) of no secret: the smallest key there is.
fn smallest() -> String {
    let der: Vec<u8> = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
        .into_iter()
        .chain((0..32_u8).map(|n| n.wrapping_mul(37)))
        .collect();
    pem("PRIVATE KEY", &STANDARD.encode(der))
}

fn pem(label: &str, body: &str) -> String {
    format!("{}BEGIN {label}-----\n{body}\n-----END {label}-----\n", "-".repeat(5))
}

/// The lines of the body.
fn body(pem: &str) -> Vec<&str> {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

fn wrapped(text: &str, columns: usize, join: &str) -> String {
    let lines: Vec<&str> = text.as_bytes().chunks(columns).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(join)
}

/// What is found in `text`, and the text at its place.
fn found(text: &str) -> Vec<(String, &str)> {
    private_keys(text.as_bytes()).into_iter().map(|key| (key.to_string(), &text[key.span])).collect()
}

fn one_pem(text: &str) {
    assert_eq!(found(text), [("a private key".to_owned(), "-----BEGIN PRIVATE KEY-----")]);
}

fn one_base64(text: &str) {
    let found = private_keys(text.as_bytes());
    let [one] = found.as_slice() else { panic!("{} found", found.len()) };
    assert_eq!(one.to_string(), "a private key in base64");
    assert!((1..=20).contains(&one.span.len()) && text[one.span.clone()].bytes().all(is_alphanumeric));
}

fn nothing(text: &str) {
    assert_eq!(found(text), [], "{:.60}", text);
}

#[test]
fn tells_the_kinds_of_keys() {
    for (text, kind) in [
        (key(), "a private key"),
        (smallest(), "a private key"),
        (testdata!("client.pkcs1.key"), "an RSA private key"),
        (testdata!("ec.key"), "an EC private key"),
        (testdata!("client.encrypted.key"), "an encrypted private key"),
        (testdata!("client.legacy.key"), "an encrypted private key"),
        (key().replace(" PRIVATE", " OPENSSH PRIVATE"), "an OpenSSH private key"),
        (key().replace(" PRIVATE", " DSA PRIVATE"), "a DSA private key"),
        (key().replace(" PRIVATE", " X25519 PRIVATE"), "a private key"),
        (key().replace(" PRIVATE KEY-----", " PGP PRIVATE KEY BLOCK-----"), "a PGP private key"),
    ] {
        let said: Vec<String> = found(&text).into_iter().map(|(said, _)| said).collect();
        assert_eq!(said, [kind]);
    }
}

#[test]
fn the_place_of_pem_is_its_begin_line_alone() {
    let text = format!("# ü\nkey: |\n{}", indented(&testdata!("client.pkcs1.key"), "  "));
    assert_eq!(found(&text), [("an RSA private key".to_owned(), "-----BEGIN RSA PRIVATE KEY-----")]);
}

#[test]
fn every_key_of_a_file_is_found_in_its_order() {
    let text = [key(), certificate(), testdata!("ec.key"), STANDARD.encode(key()), "\n".into(), smallest()].concat();
    let said: Vec<String> = found(&text).into_iter().map(|(said, _)| said).collect();
    assert_eq!(said, ["a private key", "an EC private key", "a private key in base64", "a private key"]);
}

#[test]
fn finds_pem_however_its_lines_are_joined() {
    let key = key();
    let lines: Vec<&str> = key.lines().collect();
    one_pem(&key.replace('\n', "\r\n"));
    one_pem(&key.replace('\n', "\r"));
    one_pem(&indented(&key, "      "));
    one_pem(&indented(&key, "\t"));
    one_pem(&indented(&key, "# "));
    one_pem(&indented(&key, "//"));
    one_pem(&indented(&key, " * "));
    one_pem(&indented(&key, "> > "));
    one_pem(&indented(&key, "+"));
    one_pem(&indented(&key, "- "));
    one_pem(&format!("{{\"private_key\": \"{}\"}}", key.replace('\n', "\\n")));
    one_pem(&format!("\"{}\"", key.replace('\n', "\\\\n")));
    one_pem(&format!("KEY='{}'", key.replace('\n', "\\r\\n")));
    one_pem(&lines.join(" "));
    one_pem(&lines.join(""));
    one_pem(&format!("\"{}\"", lines.join("\\n\" +\n    \"")));
    one_pem(&format!("\"{}\"", lines.join("\\n\"\n    \"")));
    one_pem(&format!("[\"{}\"]", lines.join("\", \"")));
    one_pem(&format!("'{}'", lines.join("' + '")));
    one_pem(&lines.join("\\\n"));
    one_pem(&lines.join("\n\n"));
    one_pem(&smallest().replace('\n', "\\n"));
}

#[test]
fn finds_a_key_that_is_cut_off_or_damaged() {
    let key = key();
    for lines in [2, 5, key.lines().count() - 1] {
        one_pem(&key.lines().take(lines).collect::<Vec<_>>().join("\n"));
    }
    one_pem(key.trim_end_matches("-\n"));
    one_pem(&key.replace("-----END PRIVATE KEY", "-----END CERTIFICATE"));
    one_pem(&format!("{}\n...\n", key.lines().take(5).collect::<Vec<_>>().join("\n")));
}

#[test]
fn finds_a_key_behind_headers_in_any_notation() {
    let legacy = testdata!("client.legacy.key");
    let armoured = format!("Version: GnuPG v2\nComment: ü\n\n{}", body(&key()).join("\n"));
    let said = |text: &str| found(text).into_iter().map(|(said, _)| said).collect::<Vec<_>>();
    for text in [legacy.clone(), legacy.replace('\n', "\r\n"), legacy.replace('\n', "\\n"), indented(&legacy, "    ")] {
        assert_eq!(said(&text), ["an encrypted private key"]);
    }
    assert_eq!(said(&pem("PGP PRIVATE KEY BLOCK", &armoured)), ["a PGP private key"]);
}

#[test]
fn finds_base64_of_pem_however_it_lies() {
    for padding in ["", "x", "xx", "Bag Attributes\n    localKeyID: 01 02\n", "Why?>~ \u{fffd}\n"] {
        for key in [key(), smallest()] {
            let encoded = STANDARD.encode(format!("{padding}{key}"));
            one_base64(&encoded);
            one_base64(&format!("data:\n  client.key: {encoded}\n  other: x\n"));
            one_base64(&format!("{{\"client.key\":\"{encoded}\"}}"));
            one_base64(&format!("client.key: !!binary |\n{}", indented(&wrapped(&encoded, 76, "\n"), "    ")));
            one_base64(&wrapped(&encoded, 76, "\r\n"));
            one_base64(&wrapped(&encoded, 64, "\\n"));
            one_base64(&wrapped(&encoded, 60, " "));
            one_base64(&wrapped(&encoded, 61, "\" +\n  \""));
            one_base64(&indented(&wrapped(&encoded, 64, "\n"), "// "));
            one_base64(encoded.trim_end_matches('='));
        }
    }
    one_base64(&wrapped(&STANDARD.encode(key()), LINE, "\n"));
}

#[test]
fn the_place_of_base64_is_where_the_begin_line_is_encoded() {
    let encoded = STANDARD.encode(key());
    let text = format!("client.key: {encoded}\n");
    assert_eq!(found(&text), [("a private key in base64".to_owned(), &encoded[..20])]);
    let both = STANDARD.encode(format!("{}{}", certificate(), key()));
    let at = certificate().len() * 4 / 3;
    assert_eq!(found(&both), [("a private key in base64".to_owned(), &both[at..at + 20])]);
    let text = wrapped(&both, 76, "\n");
    let [only] = private_keys(text.as_bytes()).try_into().unwrap();
    assert_eq!(only.span.start, at + at / 76);
    assert!(!text[only.span].contains('\n'));
}

#[test]
fn finds_every_key_of_one_value() {
    let value = STANDARD.encode([key(), certificate(), testdata!("client.pkcs1.key")].concat());
    let said: Vec<String> = found(&value).into_iter().map(|(said, _)| said).collect();
    assert_eq!(said, ["a private key in base64", "an RSA private key in base64"]);
}

#[test]
fn finds_base64_of_base64_however_it_lies() {
    for inner in ["", "x", "xx", "Bag Attributes\n"] {
        for outer in ["", "x\n", "xx\n"] {
            let once = STANDARD.encode(format!("{inner}{}", key()));
            for twice in [format!("{outer}{once}"), format!("{outer}{}\n", wrapped(&once, 76, "\n"))] {
                let text = wrapped(&STANDARD.encode(twice), 76, "\n  ");
                let said: Vec<String> = found(&text).into_iter().map(|(said, _)| said).collect();
                assert_eq!(said, ["a private key in base64 of base64"], "{inner:?} {outer:?}");
            }
        }
    }
}

#[test]
fn finds_a_value_behind_others_of_another_length() {
    for before in 1..=9 {
        let text = format!("{}\n{}\n", "Abcdefghijklmnopq".repeat(before), STANDARD.encode(key()));
        one_base64(&text);
        one_base64(&format!(
            "data:\n  client.crt: {}\n  client.key: {}",
            STANDARD.encode("x".repeat(before)),
            STANDARD.encode(key())
        ));
    }
}

#[test]
fn what_is_public_is_no_finding() {
    let public = pem("PUBLIC KEY", &body(&key()).join("\n"));
    for text in [certificate(), testdata!("trusted.crt"), public.clone(), testdata!("v1.p7b")] {
        nothing(&text);
        nothing(&STANDARD.encode(&text));
        nothing(&wrapped(&STANDARD.encode(&text), 76, "\n"));
        nothing(&STANDARD.encode(STANDARD.encode(&text)));
    }
    nothing(&key().replace(" PRIVATE KEY", " PRIVATE KEYS"));
    nothing(&key().replace(" PRIVATE KEY", " private key"));
    nothing(&key().replace("-----BEGIN", "----BEGIN"));
}

#[test]
fn a_begin_line_that_is_only_mentioned_is_no_finding() {
    let begin = "-----BEGIN PRIVATE KEY-----";
    for text in [
        begin.to_owned(),
        format!(
            "a key file begins with `{begin}` and then comes what must never be in git, however long the sentence is"
        ),
        format!("{begin}\n"),
        format!("if text.starts_with(\"{begin}\") {{ return Err(Cause::EncryptedPrivateKeyInformation); }}"),
        format!("const BEGIN: &str = \"{begin}\";\nconst END: &str = \"-----END PRIVATE KEY-----\";\n"),
        format!("header: \"{begin}\"\nname: x\n"),
        format!("grep -q -- '{begin}' file"),
        format!("{begin}\n-----END PRIVATE KEY-----\n{}", certificate()),
        format!("{begin} {}", certificate()),
        format!("\"{begin}\\n\" + key + \"\\n-----END PRIVATE KEY-----\""),
        format!("[\"{begin}\", \"-----BEGIN RSA PRIVATE KEY-----\", \"-----BEGIN EC PRIVATE KEY-----\"]"),
        STANDARD.encode(begin),
        "grep -r LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t .".to_owned(),
    ] {
        nothing(&text);
    }
}

#[test]
fn a_placeholder_is_no_finding() {
    let key = key();
    let lines = body(&key);
    let first = lines[0];
    for placeholder in [
        "...",
        "…",
        "<base64>",
        "{KEY}",
        "{{ .Values.key }}",
        "$KEY",
        "MIIE...",
        "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEA...",
        "BASE64ENCODEDDATA",
        "YOUR_PRIVATE_KEY_HERE",
        "[snip]",
        "",
        &"x".repeat(2000),
        &"AAAA".repeat(100),
        &"base64base64 ".repeat(20),
        &format!("{first}\n..."),
        &format!("{first}\n{}\n[...]", lines[1]),
        &format!("{first}...\n{}", lines.last().unwrap()),
        &format!("{first}<snip>"),
        &format!("{first}\n…\n"),
        &first[..63],
    ] {
        let text = pem("PRIVATE KEY", placeholder);
        nothing(&text);
        nothing(&text.replace('\n', "\\n"));
        nothing(&indented(&text, "  "));
        nothing(&STANDARD.encode(&text));
    }
}

#[test]
fn the_shortest_key_is_the_limit() {
    let smallest = smallest();
    let body = body(&smallest)[0];
    assert_eq!(body.len(), BODY);
    one_pem(&pem("PRIVATE KEY", body));
    nothing(&pem("PRIVATE KEY", &body[..BODY - 1]));
    one_pem(&format!("<key>{}</key>", smallest.lines().take(2).collect::<Vec<_>>().join("\n")));
}

#[test]
fn text_is_what_has_no_nul_at_its_start() {
    assert!(is_text(b"") && is_text(key().as_bytes()) && is_text(b"\xff\xfe"));
    assert!(!is_text(b"\x7fELF\0") && !is_text(&[vec![b'a'; 8191], vec![0]].concat()));
    assert!(is_text(&[vec![b'a'; 8192], vec![0]].concat()));
}

#[test]
fn bytes_that_are_not_utf_8_are_searched_too() {
    let text = [b"\xff\xfe\n", key().as_bytes(), b"\xff", STANDARD.encode(key()).as_bytes(), b"\xff"].concat();
    assert_eq!(private_keys(&text).len(), 2);
}

#[test]
fn debug_shows_no_key_material() {
    let text = format!("{}{}", key(), STANDARD.encode(key()));
    let shown = format!("{:?}", private_keys(text.as_bytes()));
    assert!(body(&key()).iter().all(|line| !shown.contains(&line[..16])) && !shown.contains("LS0t"), "{shown}");
}

/// Each in a megabyte takes milliseconds; in quadratic time it would be minutes.
#[test]
fn hostile_input_takes_linear_time() {
    let begin = "-----BEGIN PRIVATE KEY-----";
    let encoded = STANDARD.encode(begin);
    let twice = STANDARD.encode(&encoded);
    for row in [
        begin,
        "-----BEGIN ",
        "-----",
        "-----BEGIN PRIVATE KEY-----\n\n\n\n",
        "-----BEGIN PRIVATE KEY-----A: ",
        "-----BEGIN PRIVATE KEY-----A:\n",
        "-----BEGIN PRIVATE KEY----- + + +",
        "-----BEGIN PRIVATE KEY-----Abcdefghijklmno+pqrstuvwxyz012345",
        &encoded,
        &twice,
        &format!("{encoded}x"),
        &format!("{twice}x"),
        &format!("{encoded}\n"),
        "a",
        "+",
        " ",
        "\\n",
        "abcdefghijklmno ",
        "abcdefghijklmnop ",
        "abcdefghijklmnop=",
        "abcdefghijklmnop\n\n\n\n\n\n\n\n\n\n\n\n",
        &format!("abcdefghijklmnop{}", " ".repeat(GAP)),
    ] {
        assert_eq!(private_keys(row.repeat(1_000_000 / row.len()).as_bytes()), [], "{row:.40}");
    }
    let many = private_keys(smallest().repeat(5_000).as_bytes());
    assert_eq!(many.len(), 5_000);
    let many = STANDARD.encode(smallest().repeat(5_000));
    assert_eq!(private_keys(wrapped(&many, 76, "\n").as_bytes()).len(), 5_000);
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(key().into_bytes()),
        Just(STANDARD.encode(key()).into_bytes()),
        Just(STANDARD.encode(STANDARD.encode(key())).into_bytes()),
        Just(b"-----BEGIN PRIVATE KEY-----".to_vec()),
        Just(b"-----BEGIN ".to_vec()),
        Just(b"-----".to_vec()),
        Just(b"\\n".to_vec()),
        Just(b"Proc-Type: 4,ENCRYPTED\n".to_vec()),
        "[ -~\n]{0,40}".prop_map(String::into_bytes),
        "[A-Za-z0-9+/=]{0,80}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec((piece, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..12).prop_map(
        |pieces| {
            pieces
                .into_iter()
                .flat_map(|(piece, from, to)| match piece.len() {
                    0 => piece,
                    length => {
                        let (from, to) = (from.index(length), to.index(length + 1));
                        if from < to { piece[from..to].to_vec() } else { piece }
                    }
                })
                .collect()
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_are_searched_and_every_place_is_in_them(bytes in pieces()) {
        for key in private_keys(&bytes) {
            prop_assert!(key.span.start < key.span.end && key.span.end <= bytes.len());
            prop_assert_eq!(key.encoding == Encoding::Pem, bytes[key.span.clone()].starts_with(BEGIN));
        }
    }

    #[test]
    fn a_key_is_found_whatever_stands_around_it(before in "[ -~\n]{0,200}\n", after in "\n[ -~\n]{0,200}") {
        for text in [key(), STANDARD.encode(key())] {
            let text = format!("{before}{text}{after}");
            prop_assert!(!private_keys(text.as_bytes()).is_empty());
        }
    }
}
