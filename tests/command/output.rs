//! Where results go: standard output, files in place, a file, nowhere.

use std::fs;

use libtest_mimic::Trial;

use crate::folder::{ENDPOINT, Folder, case, claims, injected, link, only, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "output",
        &[
            ("stdout has the manifest, stderr the diff and the summary", streams),
            ("quiet silences diff, summary and notes", quiet),
            ("quiet leaves warnings and errors", quiet_keeps_warnings),
            ("standard input is read without a file and for `-`", stdin),
            ("in-place writes the bytes and prints the diff", in_place),
            ("in-place keeps the mode", in_place_mode),
            ("in-place keeps a symlink", in_place_symlink),
            ("in-place leaves a file that is as it shall be", in_place_unchanged),
            ("in-place refuses standard input", in_place_stdin),
            ("in-place refuses two names of one file", in_place_twins),
            ("in-place writes all files or none", in_place_all_or_none),
            ("in-place reports every bad file", in_place_every_error),
            ("in-place leaves a file without a delegate, and says so", in_place_no_delegate),
            ("in-place warns when others can read the key", in_place_readable),
            ("in-place does not write past a write-protected file", in_place_protected),
            ("a new output file is private, because it holds a key", output_new),
            ("a new output file without a key has the usual mode", output_new_without_key),
            ("an existing output file keeps its mode, with a warning", output_existing),
            ("the output file may be the input", output_is_input),
            ("the output file is not touched when the input is bad", output_on_error),
            ("several files cannot become one", several_files),
            ("an output file that is a directory is refused", output_directory),
            ("an output file in no directory is refused", output_nowhere),
            ("an output file that dangles is refused", output_dangling),
            ("the output may be /dev/stdout or /dev/null", output_device),
            ("the output `-` is standard output", output_dash),
            ("check tells by its exit code and writes nothing", check),
            ("check of several files tells of each", check_several),
            ("diff prints the diff and tells by its exit code", diff),
            ("diff of several files shows each", diff_several),
            ("remove gives the plain manifest back", remove),
            ("remove leaves a plain manifest", remove_nothing),
            ("remove gives a block scalar no line that is not its own", remove_behind_block_scalar),
            ("remove takes out no anchor that an alias needs", remove_anchor),
            ("remove takes its options as inject does", remove_options),
        ],
    )
}

const SUMMARY: &str = "delegate.yaml: acorn (namespace ci-delegates): pair into the new Secret `acorn-client-certificate`, \
                       3 variables, 1 mount and 1 volume added, 1 URL moved from https://app.harness.io to \
                       https://acme.harness.io:8443; no upgrader in the input\n";

/// The diff of the plain manifest, whole.
fn the_diff() -> String {
    let fingerprint = crate::pair::fingerprint(&case_certificate());
    r#"--- delegate.yaml
+++ delegate.yaml (secrets are masked)
@@ -16,6 +16,18 @@
 
 ---
 
+apiVersion: v1
+kind: Secret
+metadata:
+  name: acorn-client-certificate
+  namespace: ci-delegates
+type: Opaque
+data:
+  client.crt: *** (SHA-256 FINGERPRINT)
+  client.key: ***
+
+---
+
 apiVersion: apps/v1
 kind: Deployment
 metadata:
@@ -41,6 +53,20 @@
         - name: ACCOUNT_ID
           value: FAKE-ACCOUNT-0001
         - name: MANAGER_HOST_AND_PORT
-          value: https://app.harness.io
+          value: https://acme.harness.io:8443
         - name: DELEGATE_TAGS
           value: "acorn,linux-amd64"
+        - name: DELEGATE_CLIENT_CERTIFICATE_PATH
+          value: "/etc/mtls/client.crt"
+        - name: DELEGATE_CLIENT_CERTIFICATE_KEY_PATH
+          value: "/etc/mtls/client.key"
+        - name: GRPC_AUTHORITY_MODIFICATION_DISABLED
+          value: "true"
+        volumeMounts:
+        - name: client-certificate
+          mountPath: /etc/mtls
+          readOnly: true
+      volumes:
+      - name: client-certificate
+        secret:
+          secretName: acorn-client-certificate
"#
    .replace("FINGERPRINT", &fingerprint)
}

fn case_certificate() -> Vec<u8> {
    fs::read(crate::binary::quickstart("client.crt")).unwrap()
}

const V1_NOTE: &str = "note: client.crt: the certificate is X.509 version 1: OpenSSL and Java accept it, servers built \
                       on rustls do not [cert-v1]\n";

fn streams() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO delegate.yaml").ended_with(0);
    assert_eq!(output.stdout, injected());
    assert_eq!(output.stderr, format!("{V1_NOTE}{}{SUMMARY}", the_diff()));
    only(&folder, &[]);
    assert_eq!(folder.read("delegate.yaml"), plain());
}

fn quiet() {
    let folder = Folder::new();
    for line in ["inject PAIR TO -q delegate.yaml", "inject PAIR TO --quiet delegate.yaml"] {
        let output = folder.run(line).ended_with(0);
        assert_eq!((output.stdout, output.stderr.as_str()), (injected(), ""));
    }
    let output = folder.run("diff PAIR TO -q delegate.yaml").ended_with(1);
    output.says("", "");
    let output = folder.run("inject PAIR TO -q -i delegate.yaml").ended_with(0);
    assert_eq!(output.stdout(), "");
    assert_eq!(folder.read("delegate.yaml"), injected());
}

fn quiet_keeps_warnings() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR -q delegate.yaml").ended_with(0);
    assert_eq!(
        output.stderr,
        "warning: delegate.yaml:44:18: `acorn`: the manager URL stays `https://app.harness.io`\n  \
         help: give the account's mTLS endpoint with `--endpoint`\n"
    );
    folder.run("inject PAIR TO -q missing.yaml").refused("error: missing.yaml: no such file\n");
}

fn stdin() {
    let folder = Folder::new();
    for line in ["inject PAIR TO -q", "inject PAIR TO -q -"] {
        let output = folder.pipe(line, &plain()).ended_with(0);
        assert_eq!(output.stdout, injected());
    }
    let named = folder.pipe("inject PAIR", &plain()).ended_with(0);
    assert!(named.stderr.contains("warning: <stdin>:44:18: `acorn`: the manager URL stays"), "{}", named.stderr);
    assert!(named.stderr.contains("\n--- <stdin>\n"), "{}", named.stderr);
    folder.run("inject PAIR TO ").refused(
        "error: <stdin>: is empty\n  help: the command before the pipe printed nothing: run it alone, or with `set -o \
         pipefail`\n",
    );
}

fn in_place() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO -i delegate.yaml").ended_with(0);
    assert_eq!(folder.read("delegate.yaml"), injected());
    assert_eq!(output.stdout(), the_diff());
    // the file was readable by all, and now there is a key in it
    let warning = "warning: delegate.yaml: holds a private key, and others than its owner can read it\n  help: chmod \
                   go= delegate.yaml\n";
    assert_eq!(output.stderr, format!("{V1_NOTE}{warning}{SUMMARY}"));
    only(&folder, &[]);
    let again = folder.run("inject PAIR TO -i delegate.yaml").ended_with(0);
    assert_eq!(folder.read("delegate.yaml"), injected());
    assert_eq!(again.stdout(), "");
    assert_eq!(
        again.stderr,
        format!("{V1_NOTE}delegate.yaml: acorn (namespace ci-delegates): nothing to do; no upgrader in the input\n")
    );
}

fn in_place_mode() {
    for mode in [0o600, 0o640, 0o755] {
        let folder = Folder::new();
        folder.set_mode("delegate.yaml", mode);
        folder.run("inject PAIR TO -i delegate.yaml").ended_with(0);
        assert_eq!((folder.read("delegate.yaml"), folder.mode("delegate.yaml")), (injected(), mode));
    }
}

fn in_place_symlink() {
    let folder = Folder::new();
    fs::create_dir(folder.path("real")).unwrap();
    fs::rename(folder.path("delegate.yaml"), folder.path("real/manifest.yaml")).unwrap();
    link(&folder, "real/manifest.yaml", "delegate.yaml");
    folder.run("inject PAIR TO -i delegate.yaml").ended_with(0);
    assert_eq!(fs::read_link(folder.path("delegate.yaml")).unwrap().to_str(), Some("real/manifest.yaml"));
    assert_eq!(folder.read("real/manifest.yaml"), injected());
    assert_eq!(fs::read_dir(folder.path("real")).unwrap().count(), 1);
}

fn in_place_unchanged() {
    let folder = Folder::new();
    folder.write("delegate.yaml", injected());
    let before = folder.stamp("delegate.yaml");
    let output = folder.run("inject PAIR TO -i delegate.yaml").ended_with(0);
    assert_eq!(folder.stamp("delegate.yaml"), before);
    assert_eq!(output.stdout(), "");
}

fn in_place_stdin() {
    let folder = Folder::new();
    for line in ["inject PAIR TO -i", "inject PAIR TO -i -", "remove -i", "inject PAIR TO -i delegate.yaml -"] {
        folder.pipe(line, &plain()).refused(
            "error: standard input cannot be edited in place\n  help: name the files, or leave `--in-place` out\n",
        );
    }
    assert_eq!(folder.read("delegate.yaml"), plain());
}

fn in_place_twins() {
    let folder = Folder::new();
    link(&folder, "delegate.yaml", "link.yaml");
    fs::hard_link(folder.path("delegate.yaml"), folder.path("hard.yaml")).unwrap();
    for twin in ["delegate.yaml", "./delegate.yaml", "link.yaml", "hard.yaml"] {
        folder
            .run(&format!("inject PAIR TO -i delegate.yaml {twin}"))
            .refused(&format!("error: {twin}: is the same file as delegate.yaml\n  help: name it once\n"));
    }
    assert_eq!(folder.read("delegate.yaml"), plain());
    only(&folder, &["hard.yaml", "link.yaml"]);
}

fn in_place_all_or_none() {
    let folder = Folder::new();
    let legacy = fs::read(crate::binary::root().join("fixtures/refuse/legacy-statefulset/input.yaml")).unwrap();
    for (bytes, start) in [
        (b"a: [1\n".to_vec(), "error: bad.yaml:1:4: not valid YAML"),
        (legacy, "error: bad.yaml:"),
        (b"\xff".to_vec(), "error: bad.yaml:1:1: byte 0xff is not valid UTF-8"),
        (Vec::new(), "error: bad.yaml: is empty"),
    ] {
        folder.write("bad.yaml", &bytes);
        let before = folder.stamp("delegate.yaml");
        folder.run("inject PAIR TO -i delegate.yaml bad.yaml").refused_with(start);
        assert_eq!((folder.read("delegate.yaml"), folder.read("bad.yaml")), (plain(), bytes));
        assert_eq!(folder.stamp("delegate.yaml"), before);
        only(&folder, &["bad.yaml"]);
    }
}

fn in_place_every_error() {
    let folder = Folder::new();
    folder.write("empty.yaml", "");
    folder.run("inject PAIR TO -i missing.yaml delegate.yaml empty.yaml").refused(
        "error: missing.yaml: no such file\nerror: empty.yaml: is empty\n  help: download or save the file again\n",
    );
}

fn in_place_no_delegate() {
    let folder = Folder::new();
    let other = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n";
    folder.write("other.yaml", other);
    let before = folder.stamp("other.yaml");
    let output = folder.run("inject PAIR TO -i other.yaml delegate.yaml").ended_with(0);
    assert!(output.stderr.contains("note: other.yaml: no delegate in it, left alone\n"), "{}", output.stderr);
    assert_eq!(folder.stamp("other.yaml"), before);
    assert_eq!(folder.read("delegate.yaml"), injected());
    assert_eq!(output.stdout(), the_diff());
    folder.run("inject PAIR TO -i other.yaml").refused_with("error: other.yaml: no delegate found\n  help: ");
}

fn in_place_readable() {
    let folder = Folder::new();
    for (mode, warns) in [(0o600, false), (0o640, true), (0o604, true), (0o610, false)] {
        folder.write("delegate.yaml", plain());
        folder.set_mode("delegate.yaml", mode);
        let output = folder.run("inject PAIR TO -qi delegate.yaml").ended_with(0);
        assert_eq!(output.stderr.contains("others than its owner can read it"), warns, "{mode:o}: {}", output.stderr);
    }
    // no key comes into it, or goes out of it
    folder.write("delegate.yaml", plain());
    folder.set_mode("delegate.yaml", 0o644);
    let output = folder.run("inject --existing-secret x TO -qi delegate.yaml").ended_with(0);
    assert_eq!(output.stderr, "");
    folder.write("delegate.yaml", injected());
    let output = folder.run("remove --endpoint https://app.harness.io -qi delegate.yaml").ended_with(0);
    assert_eq!((output.stderr.as_str(), folder.read("delegate.yaml")), ("", plain()));
}

fn in_place_protected() {
    let folder = Folder::new();
    folder.write("second.yaml", plain());
    folder.set_mode("second.yaml", 0o444);
    if fs::OpenOptions::new().write(true).open(folder.path("second.yaml")).is_ok() {
        return; // the superuser may write everything
    }
    folder.run("inject PAIR TO -i delegate.yaml second.yaml").refused(
        "error: second.yaml: is write-protected: permission denied\n  help: allow it: `chmod u+w second.yaml`, or \
         write elsewhere with `-o FILE`\n",
    );
    assert_eq!((folder.read("delegate.yaml"), folder.read("second.yaml")), (plain(), plain()));
    only(&folder, &["second.yaml"]);
}

fn output_new() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO -o new.yaml delegate.yaml").ended_with(0);
    assert_eq!((folder.read("new.yaml"), folder.mode("new.yaml")), (injected(), 0o600));
    assert_eq!(output.stdout(), "");
    assert_eq!(output.stderr, format!("{V1_NOTE}{}{SUMMARY}", the_diff()));
    only(&folder, &["new.yaml"]);
    folder.pipe("inject PAIR TO --output piped.yaml", &plain()).ended_with(0);
    assert_eq!((folder.read("piped.yaml"), folder.mode("piped.yaml")), (injected(), 0o600));
}

fn output_new_without_key() {
    let folder = Folder::new();
    folder.write("reference", "");
    folder.run("inject --existing-secret x TO -o new.yaml delegate.yaml").ended_with(0);
    assert_eq!(folder.mode("new.yaml"), folder.mode("reference"));
}

fn output_existing() {
    let folder = Folder::new();
    folder.write("new.yaml", "old");
    for (mode, stderr) in [
        (0o600, ""),
        (
            0o644,
            "warning: new.yaml: holds a private key, and others than its owner can read it\n  help: chmod go= \
             new.yaml\n",
        ),
    ] {
        folder.set_mode("new.yaml", mode);
        let output = folder.run("inject PAIR TO -q -o new.yaml delegate.yaml").ended_with(0);
        assert_eq!(output.stderr, stderr);
        assert_eq!((folder.read("new.yaml"), folder.mode("new.yaml")), (injected(), mode));
    }
}

fn output_is_input() {
    let folder = Folder::new();
    folder.set_mode("delegate.yaml", 0o600);
    folder.run("inject PAIR TO -q -o delegate.yaml delegate.yaml").ended_with(0);
    assert_eq!((folder.read("delegate.yaml"), folder.mode("delegate.yaml")), (injected(), 0o600));
    only(&folder, &[]);
}

fn output_on_error() {
    let folder = Folder::new();
    folder.write("bad.yaml", "a: [1\n");
    folder.write("old.yaml", "old");
    folder.run("inject PAIR TO -o old.yaml bad.yaml").refused_with("error: bad.yaml:1:4: not valid YAML");
    folder.run("inject PAIR TO -o new.yaml bad.yaml").refused_with("error: bad.yaml:1:4: not valid YAML");
    assert_eq!(folder.read("old.yaml"), b"old");
    only(&folder, &["bad.yaml", "old.yaml"]);
}

fn several_files() {
    let folder = Folder::new();
    folder.write("second.yaml", plain());
    for line in [
        "inject PAIR TO delegate.yaml second.yaml",
        "inject PAIR TO -o new.yaml delegate.yaml second.yaml",
        "remove delegate.yaml second.yaml",
        "inject PAIR TO delegate.yaml -",
    ] {
        folder.pipe(line, &plain()).refused(
            "error: 2 files cannot become one\n  help: rewrite them with `--in-place`, or look at them with `--check` \
             or `diff`\n",
        );
    }
    only(&folder, &["second.yaml"]);
}

fn output_directory() {
    let folder = Folder::new();
    fs::create_dir(folder.path("dir")).unwrap();
    folder.run("inject PAIR TO -o dir delegate.yaml").refused(
        "error: dir: is a directory, not a regular file\n  help: name a regular file, or leave the option out to write \
         to standard output\n",
    );
    folder
        .run("inject PAIR TO dir")
        .refused("error: dir: is a directory, not a file\n  help: name the files in it, for example `dir/*.yaml`\n");
}

fn output_nowhere() {
    let folder = Folder::new();
    folder
        .run("inject PAIR TO -o gone/new.yaml delegate.yaml")
        .refused("error: gone/new.yaml: there is no directory `gone`\n  help: create it first: `mkdir -p gone`\n");
    fs::create_dir(folder.path("locked")).unwrap();
    folder.set_mode("locked", 0o555);
    if fs::File::create(folder.path("locked/probe")).is_err() {
        folder.run("inject PAIR TO -o locked/new.yaml delegate.yaml").refused(
            "error: locked/new.yaml: no file can be made in its directory `locked`: permission denied\n  help: a file \
             is replaced through a new one beside it; write elsewhere with `-o FILE`\n",
        );
    }
    folder.set_mode("locked", 0o755);
}

fn output_dangling() {
    let folder = Folder::new();
    link(&folder, "gone.yaml", "link.yaml");
    folder.run("inject PAIR TO -o link.yaml delegate.yaml").refused(
        "error: link.yaml: is a symbolic link to `gone.yaml`, which does not exist\n  help: create the file that the \
         link points to, or name that file itself\n",
    );
    folder.run("inject PAIR TO link.yaml").refused(
        "error: link.yaml: is a symbolic link to `gone.yaml`, which does not exist\n  help: point the link at a file \
         that exists, or name that file itself\n",
    );
}

fn output_device() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO -q -o /dev/stdout delegate.yaml").ended_with(0);
    assert_eq!(output.stdout, injected());
    let output = folder.run("inject PAIR TO -q -o /dev/null delegate.yaml").ended_with(0);
    output.says("", "");
}

fn output_dash() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO -q -o - delegate.yaml").ended_with(0);
    assert_eq!(output.stdout, injected());
    folder.run("inject PAIR TO --secret-output - delegate.yaml").refused(
        "error: the Secret cannot go to standard output, where the manifest goes\n  help: name a file for \
         `--secret-output`\n",
    );
    only(&folder, &[]);
}

fn check() {
    let folder = Folder::new();
    let before = folder.stamp("delegate.yaml");
    let output = folder.run("inject PAIR TO --check delegate.yaml").ended_with(1);
    output.says("", &format!("{V1_NOTE}{}{SUMMARY}", the_diff()));
    assert_eq!(folder.stamp("delegate.yaml"), before);
    let output = folder.run("inject PAIR TO --check -q delegate.yaml").ended_with(1);
    output.says("", "");
    let output = folder.pipe("inject PAIR TO --check -q", &injected()).ended_with(0);
    output.says("", "");
    folder.pipe("remove --check -q", &plain()).ended_with(0);
    folder.pipe("remove --check -q", &injected()).ended_with(1);
    folder.pipe("inject PAIR TO --check", b"a: 1\n").refused_with("error: <stdin>: no delegate found\n");
    only(&folder, &[]);
}

fn check_several() {
    let folder = Folder::new();
    folder.write("done.yaml", injected());
    let output = folder.run("inject PAIR TO --check done.yaml delegate.yaml").ended_with(1);
    let done = "done.yaml: acorn (namespace ci-delegates): nothing to do; no upgrader in the input\n";
    output.says("", &format!("{V1_NOTE}{done}{}{SUMMARY}", the_diff()));
    folder.write("too.yaml", injected());
    folder.run("inject PAIR TO --check done.yaml too.yaml").ended_with(0);
}

fn diff() {
    let folder = Folder::new();
    let output = folder.run("diff PAIR TO delegate.yaml").ended_with(1);
    output.says(&the_diff(), &format!("{V1_NOTE}{SUMMARY}"));
    let output = folder.pipe("diff PAIR TO ", &injected()).ended_with(0);
    assert_eq!(output.stdout(), "");
    folder.pipe("diff PAIR TO ", b"a: 1\n").refused_with("error: <stdin>: no delegate found\n");
    only(&folder, &[]);
}

fn diff_several() {
    let folder = Folder::new();
    folder.write("second.yaml", plain());
    folder.write("done.yaml", injected());
    let output = folder.run("diff PAIR TO delegate.yaml done.yaml second.yaml").ended_with(1);
    let second = the_diff().replace("delegate.yaml", "second.yaml");
    assert_eq!(output.stdout(), format!("{}{second}", the_diff()));
}

fn remove() {
    let folder = Folder::new();
    let output = folder.pipe("remove --endpoint https://app.harness.io", &injected()).ended_with(0);
    assert_eq!(output.stdout, plain());
    assert!(
        output.stderr.ends_with(&format!(
            "<stdin>: acorn (namespace ci-delegates): Secret `acorn-client-certificate` removed, 3 variables, 1 mount \
             and 1 volume removed, 1 URL moved from {ENDPOINT} to https://app.harness.io\n"
        )),
        "{}",
        output.stderr
    );
    let kept = folder.pipe("remove -q", &injected()).ended_with(0);
    assert_eq!(kept.stdout(), String::from_utf8(plain()).unwrap().replace("https://app.harness.io", ENDPOINT));
    assert_eq!(
        kept.stderr,
        format!(
            "warning: <stdin>:56:18: `acorn`: the manager URL stays `{ENDPOINT}`\n  help: give the manager URL to \
             restore with `--endpoint`\n"
        )
    );
}

fn remove_nothing() {
    let folder = Folder::new();
    let output = folder.pipe("remove", &plain()).ended_with(0);
    assert_eq!(output.stdout, plain());
    assert_eq!(output.stderr, "<stdin>: acorn (namespace ci-delegates): nothing to do\n");
    folder.pipe("remove", b"a: 1\n").refused_with("error: <stdin>: no delegate found\n");
}

fn remove_behind_block_scalar() {
    let folder = Folder::new();
    let with = |header: &str, end: &str| {
        let variable = format!("- name: INIT_SCRIPT\n          value: {header}\n            echo\n");
        let tags = "- name: DELEGATE_TAGS\n          value: \"acorn,linux-amd64\"\n";
        let manifest = String::from_utf8(injected()).unwrap().replace(tags, &variable);
        format!("{}{end}", manifest.trim_end())
    };
    let place = "<stdin>:58:18: this block scalar";
    let remove = |manifest: &str| folder.pipe("remove --endpoint https://app.harness.io -q", manifest.as_bytes());
    remove(&with("|+", "\n\n\n")).refused(&format!(
        "error: {place} keeps blank lines (`+`), and would get those behind the removed lines\n  help: take the blank \
         lines away, or the `+`, then run again\n"
    ));
    remove(&with("|", "")).refused(&format!(
        "error: {place} would come to end the text, which has no line end\n  help: end the file with a line end, then \
         run again\n"
    ));
    for (header, end) in [("|+", "\n"), ("|", "\n\n"), ("|-", ""), ("|-", "\n\n"), ("|", "\n")] {
        let output = remove(&with(header, end)).ended_with(0);
        assert!(output.stdout().ends_with(&format!("value: {header}\n            echo{end}")), "{}", output.stdout());
    }
}

fn remove_anchor() {
    let folder = Folder::new();
    let manifest = String::from_utf8(injected()).unwrap();
    let anchored = manifest.replace("value: \"/etc/mtls/client.crt\"", "value: &path \"/etc/mtls/client.crt\"");
    let remove = |manifest: &str| folder.pipe("remove --endpoint https://app.harness.io -q", manifest.as_bytes());
    remove(&anchored).ended_with(0).says(std::str::from_utf8(&plain()).unwrap(), "");
    let aliased =
        anchored.replace("        volumeMounts:", "        terminationMessagePath: *path\n        volumeMounts:");
    remove(&aliased).refused(
        "error: <stdin>:60:18: what has to go holds this anchor, and an alias elsewhere needs it\n  help: write the value \
         out where the alias stands, then run again\n",
    );
}

fn remove_options() {
    let folder = Folder::new();
    folder.write("injected.yaml", injected());
    folder.run("remove --endpoint https://app.harness.io -q -o new.yaml injected.yaml").ended_with(0);
    assert_eq!(folder.read("new.yaml"), plain());
    folder.run("remove --endpoint https://app.harness.io -q --check injected.yaml").ended_with(1);
    let two = case("two-delegates/expected.yaml");
    let one = folder.pipe("remove --delegate acorn-2 --endpoint https://app.harness.io -q", &two).ended_with(0);
    assert!(one.stdout().contains("name: acorn-client-certificate"));
    assert!(!one.stdout().contains("acorn-2-client-certificate"));
    folder
        .pipe("remove --delegate oak", &two)
        .refused("error: <stdin>: no delegate is named `oak`\n  help: there is `acorn-2`, `acorn`\n");
}
