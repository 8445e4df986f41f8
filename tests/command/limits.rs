//! What is too large, too deep or no text is refused with words, and soon.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;

use crate::binary::root;
use crate::folder::{Folder, claims, injected, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "limits",
        &[
            ("a million documents and one are refused soon", documents),
            ("a hundred thousand documents around a delegate are no trouble", many_documents),
            ("a large stream comes out as its manifests do one by one", on_all_cores),
            ("of two faults in a large stream the first is told", first_fault),
            ("nesting of 100 is taken and more is refused", nesting),
            ("brackets without end are refused, not recursed into", brackets),
            ("a document of more than 4,000,000 values is refused", nodes),
            ("aliases that multiply are no trouble", aliases),
            ("a document whose aliases repeat more than 4 MiB is not edited", copies),
            ("a file of 256 MiB and a byte is refused unread", size),
            ("an endless pipe is not read for ever", endless_key),
            ("a certificate file of more than 8 MiB is refused", pem_size),
            ("certificates and keys of odd sizes and shapes are judged or refused soon", odd_pem),
            ("thousands of certificates in a ring are judged soon", ring),
            ("nesting without end is refused in every shape of file", odd_nesting),
            ("thousands of variables, comments and names are no trouble", many),
            ("bytes that are not UTF-8 are placed", not_utf8),
            ("UTF-16 is told, with and without a byte order mark", utf16),
            ("a NUL byte is refused and placed", nul),
            ("a manifest of blanks is empty", blank),
            ("the README states the limits", stated),
            ("a line of a million characters is no trouble", long_line),
            ("thousands of delegates on one line are checked soon", delegates_on_a_line),
            ("a Secret of a hundred thousand keys is checked soon", many_keys),
        ],
    )
}

/// An end within a time that is generous for a slow and busy machine and for code without optimisation; what an input
/// really costs, `scripts/hostile.sh` measures.
#[track_caller]
fn soon<T>(what: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = what();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(120), "took {took:?}");
    done
}

fn documents() {
    let folder = Folder::new();
    let stream = "---\n".repeat(1_000_001);
    soon(|| folder.pipe("inject PAIR TO ", stream.as_bytes()))
        .refused("error: <stdin>:1000001:1: more than 1000000 YAML documents in one stream\n");
    let stream = "a: 1\n---\n".repeat(1_000_000) + std::str::from_utf8(&plain()).unwrap();
    soon(|| folder.pipe("remove", stream.as_bytes())).refused_with("error: <stdin>:2000000:1: more than 1000000 YAML");
}

fn many_documents() {
    let folder = Folder::new();
    let around = "---\na: 1\n".repeat(50_000);
    let with = |manifest: Vec<u8>| format!("{around}---\n{}{around}", String::from_utf8(manifest).unwrap());
    let output = soon(|| folder.pipe("inject PAIR TO ", with(plain()).as_bytes())).ended_with(0);
    assert!(output.stdout() == with(injected()), "other bytes than expected");
    assert!(output.stderr.lines().count() < 70, "the diff shows what changed, not the stream");
}

/// Manifests that are together large enough for every core to take a part of them.
fn fleet(manifest: Vec<u8>) -> Vec<String> {
    let manifest = String::from_utf8(manifest).unwrap();
    (0..400).map(|number| manifest.replace("acorn", &format!("acorn-{number}"))).collect()
}

fn on_all_cores() {
    let expected = fleet(injected()).join("---\n");
    let output = Folder::new().pipe("inject PAIR TO -q", fleet(plain()).join("---\n").as_bytes()).ended_with(0);
    assert!(output.stdout() == expected, "other bytes than expected");
}

fn first_fault() {
    let mut manifests = fleet(plain());
    let lines = |manifests: &[String]| manifests.iter().map(|manifest| manifest.lines().count() + 1).sum::<usize>();
    let (first, second) = (manifests.len() / 2, manifests.len() - 1);
    manifests[first].push_str("a: [\n");
    manifests[second].push_str("b: [\n");
    let line = lines(&manifests[..=first]) - 1;
    let output = Folder::new().pipe("inject PAIR TO -q", manifests.join("---\n").as_bytes());
    output.refused(&format!("error: <stdin>:{line}:4: not valid YAML: unclosed bracket '['\n"));
}

fn nesting() {
    let folder = Folder::new();
    let nested = |depth: usize| {
        let deep = format!("x: {}{}\n", "[".repeat(depth - 1), "]".repeat(depth - 1));
        folder.pipe("inject PAIR TO -q", &[deep.as_bytes(), b"---\n", &plain()].concat())
    };
    nested(99).ended_with(0);
    nested(100).ended_with(0);
    nested(101).refused_with("error: <stdin>:1:");
    let refused = nested(102);
    assert!(refused.stderr.contains("nested more than 100 levels deep"), "{}", refused.stderr);
    let block: String = (0..102).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    folder.pipe("inject PAIR TO ", block.as_bytes()).refused_with("error: <stdin>:10");
}

fn nodes() {
    // the map, its key, the list and 3,999,997 items are taken
    let text = format!("a: [{}]\n", "x,".repeat(4_000_000));
    Folder::empty()
        .pipe("remove", text.as_bytes())
        .refused("error: <stdin>:1:7999999: more than 4000000 values in one document\n");
}

fn brackets() {
    let folder = Folder::new();
    for open in ["[", "{", "[{", "- ", "? ", "a: [", "&a [", "!!x ["] {
        let text = open.repeat(200_000);
        soon(|| folder.pipe("inject PAIR TO ", text.as_bytes())).refused_with("error: <stdin>:1:");
    }
}

fn aliases() {
    let folder = Folder::new();
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..60 {
        let below = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n"));
    }
    // beside a delegate, and in its document
    let beside = [bomb.as_bytes(), b"---\n", &plain()].concat();
    soon(|| folder.pipe("inject PAIR TO -q", &beside)).ended_with(0);
    let within =
        String::from_utf8(plain()).unwrap().replace("kind: Deployment\n", &format!("kind: Deployment\n{bomb}"));
    let output = soon(|| folder.pipe("inject PAIR TO -q", within.as_bytes()));
    assert!(matches!(output.code, 0 | 2), "{}", output.stderr);
}

fn copies() {
    let folder = Folder::new();
    // a word counts its letter and 16 bytes, its list 16: 4 KiB in all
    let list = "x, ".repeat(240);
    let with = |aliases: usize| {
        let lines = format!("kind: Deployment\nlist: &list [{list}]\nlists: [{}]\n", "*list, ".repeat(aliases));
        String::from_utf8(plain()).unwrap().replace("kind: Deployment\n", &lines)
    };
    soon(|| folder.pipe("inject PAIR TO -q", with(1024).as_bytes())).ended_with(0);
    for aliases in [1025, 100_000] {
        soon(|| folder.pipe("inject PAIR TO -q", with(aliases).as_bytes())).refused(
            "error: <stdin>:17:1: its aliases repeat more than 4 MiB, which no parser should have to copy\n  help: write \
             this place more plainly, then run again: `kubectl` may read it differently than it looks\n",
        );
    }
}

fn size() {
    let folder = Folder::new();
    File::create(folder.path("large.yaml")).unwrap().set_len(256 * 1024 * 1024 + 1).unwrap();
    let before = Instant::now();
    folder
        .run("inject PAIR TO large.yaml")
        .refused("error: large.yaml: is larger than 256 MiB\n  help: split it, and run once per part\n");
    assert!(before.elapsed() < Duration::from_secs(5));
}

fn endless_key() {
    let folder = Folder::new();
    soon(|| folder.run("inject TO --cert client.crt --key /dev/zero --ca ca.crt delegate.yaml"))
        .refused("error: /dev/zero: is larger than 8 MiB\n  help: split it, and run once per part\n");
}

fn pem_size() {
    let folder = Folder::new();
    let mut ca = folder.read("ca.crt");
    ca.extend(vec![b'\n'; 8 * 1024 * 1024]);
    folder.write("ca.crt", &ca);
    folder.run("inject PAIR TO delegate.yaml").refused_with("error: ca.crt: is larger than 8 MiB\n");
}

/// DER by hand: what no library would write.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let length = match body.len() {
        short @ 0..128 => vec![u8::try_from(short).unwrap()],
        _ => [&[0x80 | u8::try_from(4 - zeros).unwrap()][..], &length[zeros..]].concat(),
    };
    [&[tag][..], &length, &body].concat()
}

/// An odd number of so many bytes, its highest bit set.
fn number(bytes: usize, end: u32) -> Vec<u8> {
    let mut number = vec![0xff; bytes];
    number[bytes - 4..].copy_from_slice(&(end * 2 + 1).to_be_bytes());
    der(2, &[&[0], &number])
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const SHA256_RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";

/// A version 3 certificate with a modulus and an exponent of so many bytes. Its signature is none.
fn certificate(subject: u32, issuer: u32, modulus: usize, exponent: usize) -> String {
    let name = |number: u32| {
        let attribute = der(0x30, &[b"\x06\x03\x55\x04\x03", &der(12, &[format!("Member {number}").as_bytes()])]);
        der(0x30, &[&der(0x31, &[&attribute])])
    };
    let key = der(0x30, &[&number(modulus, subject), &number(exponent, 1)]);
    let validity = der(0x30, &[&der(0x17, &[b"260101000000Z"]), &der(0x17, &[b"360101000000Z"])]);
    let body = der(
        0x30,
        &[
            &der(0xa0, &[b"\x02\x01\x02"]),
            b"\x02\x01\x01",
            SHA256_RSA,
            &name(issuer),
            &validity,
            &name(subject),
            &der(0x30, &[RSA, &der(3, &[&[0], &key])]),
        ],
    );
    pem("CERTIFICATE", &der(0x30, &[&body, SHA256_RSA, &der(3, &[&[0; 257]])]))
}

fn odd_pem() {
    let folder = Folder::new();
    let text = "x\n".repeat(3_000_000) + &String::from_utf8(folder.read("client.crt")).unwrap();
    let headers = "-----BEGIN CERTIFICATE-----\n".to_owned() + &"X-Header: value\n".repeat(400_000);
    let nested: Vec<u8> = (0..100_000u32)
        .flat_map(|level| [&[0x30, 0x83][..], &(5 * (100_000 - level)).to_be_bytes()[1..]].concat())
        .collect();
    let key = {
        let numbers: Vec<Vec<u8>> = (0..8).map(|end| number(128 * 1024, end)).collect();
        let inner = der(0x30, &[b"\x02\x01\x00", &numbers.concat()]);
        pem("PRIVATE KEY", &der(0x30, &[b"\x02\x01\x00", RSA, &der(4, &[&inner])]))
    };
    for (file, odd, said) in [
        (
            "client.crt",
            certificate(1, 2, 128 * 1024, 4),
            "error: client.key: is not the key of `client.crt` [key-mismatch]\n",
        ),
        (
            "client.crt",
            certificate(1, 1, 8192, 8192),
            "error: client.key: is not the key of `client.crt` [key-mismatch]\n",
        ),
        ("ca.crt", certificate(1, 1, 8192, 8192), "error: client.crt: the certificate is issued by "),
        ("client.key", key, "error: client.key: is not the key of `client.crt` [key-mismatch]\n"),
        ("client.crt", headers, "error: `client.crt`: line "),
        ("client.key", text.clone(), "error: `client.key`: holds a certificate, not a private key\n"),
        (
            "client.crt",
            "-----BEGIN CERTIFICATE-----\n".repeat(100_000),
            "error: `client.crt`: line 1: a certificate has no",
        ),
        ("client.crt", pem("CERTIFICATE", &nested), "error: `client.crt`: line 1: a certificate is damaged"),
    ] {
        let folder = Folder::new();
        folder.write(file, odd);
        let output = soon(|| folder.run("inject PAIR TO -q delegate.yaml")).ended_with(2);
        let errors = output.stderr.lines().find(|line| line.starts_with("error"));
        assert!(errors.is_some_and(|line| format!("{line}\n").starts_with(said)), "{said}: {}", output.stderr);
        soon(|| folder.run(&format!("certs inspect {file}")));
        soon(|| folder.run("check --ca ca.crt delegate.yaml"));
    }
    folder.write("client.crt", text);
    soon(|| folder.run("inject PAIR TO -q delegate.yaml")).ended_with(0);
}

fn ring() {
    let folder = Folder::new();
    let ring: String = (0..2000).map(|member| certificate(member, (member + 1) % 2000, 256, 4)).collect();
    folder.write("ring.crt", ring);
    for (cert, ca) in [("ring.crt", "ca.crt"), ("client.crt", "ring.crt")] {
        let line = format!("inject TO --cert {cert} --key client.key --ca {ca} -q delegate.yaml");
        soon(|| folder.run(&line)).ended_with(2);
    }
}

fn odd_nesting() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let compose = fs::read_to_string(crate::binary::quickstart("docker-compose.yaml")).unwrap();
    let folder = Folder::new();
    for text in [
        format!("delegateName: x\naccountId: x\nmanagerEndpoint: https://app.harness.io\na: {deep}\n"),
        format!("{compose}x-a: {deep}\n"),
        format!("{{\"a\": {deep}}}"),
        String::from_utf8(plain()).unwrap() + &format!("---\na: {}{}\n", "{a: ".repeat(100_000), "}".repeat(100_000)),
    ] {
        let refused = soon(|| folder.pipe("inject PAIR TO ", text.as_bytes())).ended_with(2);
        assert!(refused.stderr.contains(": nested more than 100 levels deep\n"), "{}", refused.stderr);
        soon(|| folder.pipe("check", text.as_bytes())).ended_with(2);
    }
    // a text that is not ours to read stays as it is
    for kind in ["ConfigMap\ndata", "Secret\nstringData"] {
        let embedded =
            format!("---\napiVersion: v1\nkind: {kind}:\n  config.yaml: |\n    mode: Delegate\n    a: {deep}\n");
        let with = |manifest: Vec<u8>| String::from_utf8(manifest).unwrap() + &embedded;
        let output = soon(|| folder.pipe("inject PAIR TO -q", with(plain()).as_bytes())).ended_with(0);
        assert!(output.stdout() == with(injected()), "other bytes than expected");
    }
}

fn many() {
    let folder = Folder::new();
    for (lines, code) in [
        ("        - name: V\n          value: x\n", 0),
        ("        # a comment\n", 0),
        ("        - name: V # delegate-mtls: ignore[not-mtls]\n          value: x\n", 0),
    ] {
        let text = String::from_utf8(plain()).unwrap() + &lines.repeat(5_000);
        soon(|| folder.pipe("inject PAIR TO -q", text.as_bytes())).ended_with(code);
        soon(|| folder.pipe("check", text.as_bytes())).ended_with(code);
    }
    let names = "--delegate acorn ".repeat(50_000);
    soon(|| folder.run(&format!("inject PAIR TO -q {names} delegate.yaml"))).ended_with(0);
}

fn not_utf8() {
    let folder = Folder::new();
    let latin = [plain(), b"# caf\xe9\n".to_vec()].concat();
    let line = String::from_utf8(plain()).unwrap().lines().count() + 1;
    folder.pipe("inject PAIR TO ", &latin).refused(&format!(
        "error: <stdin>:{line}:6: byte 0xe9 is not valid UTF-8\n  help: save it as UTF-8; if it is Latin-1: `iconv -f \
         LATIN1 -t UTF-8 FILE > NEW`\n"
    ));
    folder.write("a.yaml", b"\xef\xbb\xbf\xff");
    folder.run("remove a.yaml").refused_with("error: a.yaml:1:1: byte 0xff is not valid UTF-8\n");
}

fn utf16() {
    let folder = Folder::new();
    let text = String::from_utf8(plain()).unwrap();
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let marked = format!("\u{feff}{text}");
    for bytes in [little(&text), big(&text), little(&marked), big(&marked)] {
        folder.pipe("inject PAIR TO ", &bytes).refused(
            "error: <stdin>: is UTF-16 text, not UTF-8\n  help: PowerShell's `>` writes this; convert it: `iconv -f \
             UTF-16 -t UTF-8 FILE > NEW`\n",
        );
    }
}

fn nul() {
    let folder = Folder::new();
    for at in [40, 400] {
        let mut bytes = plain();
        bytes[at] = 0;
        let before = &plain()[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        folder.pipe("inject PAIR TO ", &bytes).refused_with(&format!("error: <stdin>:{line}:"));
    }
}

fn blank() {
    let folder = Folder::new();
    for bytes in ["\n", " \n\t\r\n", "\u{feff}"] {
        folder.pipe("inject PAIR TO ", bytes.as_bytes()).refused_with("error: <stdin>: is empty\n");
    }
    for bytes in ["---\n", "# nothing\n", "...\n", "--- # x\n---\n", "null\n", "%YAML 1.2\n---\n"] {
        folder.pipe("inject PAIR TO ", bytes.as_bytes()).refused_with("error: <stdin>: no delegate found\n");
    }
}

/// Each of these numbers is in a test above, in a message or as an input that is taken.
fn stated() {
    use delegate_mtls::{identity::MAX_OBJECTS, source::MAX_BYTES, yaml};
    const MEBI: usize = 1024 * 1024;
    let readme = fs::read_to_string(root().join("README.md")).unwrap().replace("\n  ", " ");
    let thousands = |number: usize| format!("{},{:03},{:03}", number / 1_000_000, number / 1000 % 1000, number % 1000);
    let limits = format!(
        "- {} MiB for one input, {} documents in a stream, {} values in a document, {} levels of nesting, {} MiB that the \
         aliases of an edited document repeat, 8 MiB for a certificate or key file. `certs inspect` takes {MAX_OBJECTS} \
         certificates, keys and requests at a time.\n",
        MAX_BYTES as usize / MEBI,
        thousands(yaml::MAX_DOCUMENTS),
        thousands(yaml::MAX_NODES),
        yaml::MAX_NESTING,
        yaml::MAX_COPIED / MEBI,
    );
    assert!(readme.contains(&limits), "{limits}");
}

fn long_line() {
    let folder = Folder::new();
    let long = "x".repeat(1_000_000);
    let with = |manifest: Vec<u8>| String::from_utf8(manifest).unwrap().replace("acorn,linux-amd64", &long);
    let output = soon(|| folder.pipe("inject PAIR TO ", with(plain()).as_bytes())).ended_with(0);
    assert!(output.stdout() == with(injected()), "other bytes than expected");
}

fn delegates_on_a_line() {
    let item = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "acorn-#"}, "spec": {"template": {"spec": {"containers": [{"name": "delegate", "env": [{"name": "ACCOUNT_ID", "value": "x"}, {"name": "MANAGER_HOST_AND_PORT", "value": "https://app.harness.io"}]}]}}}}"#;
    let items: Vec<String> = (0..3000).map(|number| item.replace('#', &number.to_string())).collect();
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{}]}}"#, items.join(", "));
    let output = soon(|| Folder::empty().pipe("check", list.as_bytes())).ended_with(0);
    assert!(output.stdout().ends_with("\nstrict-ready: 0 of 3000\n6000 warnings in 1 file\n"));
}

fn many_keys() {
    let keys: String = (0..100_000).map(|number| format!("  key-{number}: QUJD\n")).collect();
    let secret = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: acorn}}\ndata:\n{keys}  client.key: QUJD\n");
    soon(|| Folder::empty().pipe("check --allow-no-delegate", secret.as_bytes())).ended_with(0);
}
