//! The endpoint, what is said of a delegate that stays behind, colours, and streams that close early.

use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use crate::folder::{ENDPOINT, Folder, case, claims, injected, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "messages",
        &[
            ("an endpoint that is none is refused before anything is read", bad_endpoints),
            ("a password in the endpoint is not shown", endpoint_password),
            ("a bare host is an endpoint", bare_host),
            ("without an endpoint a warning says that URLs stay", no_endpoint),
            ("without an endpoint there is no warning at an mTLS endpoint", no_endpoint_needed),
            ("a manager URL that is null cannot be moved", null_manager),
            ("remove refuses what is no manager URL", bad_manager_urls),
            ("remove takes http, a path, a trailing slash and a placeholder", manager_urls),
            ("remove shows no password", manager_password),
            ("a legacy delegate beside a modern one refuses all", legacy_refused),
            ("a legacy delegate that is not selected is left alone", legacy_beside),
            ("a delegate that is not there is refused, and those that are are named", unknown_delegate),
            ("no-upgrader says that the upgrader stays", no_upgrader),
            ("an upgrader without CronJob is a warning", upgrader_without_job),
            ("an image of unknown release is a warning", unknown_image),
            ("a log service elsewhere is a warning", log_service_elsewhere),
            ("two URLs moved are counted", counts),
            ("a template is told to be rendered first", template),
            ("a broken manifest is placed", broken),
            ("a terminal's colours are not in a pipe", no_colour),
            ("color=always colours the diff and never the manifest", colour_always),
            ("color=always colours an in-place diff on stdout", colour_in_place),
            ("color=always colours errors", colour_error),
            ("CLICOLOR_FORCE colours, NO_COLOR and color=never do not", colour_variables),
            ("a reader that goes away early is no error", broken_pipe),
            ("a reader that goes away before the diff is no error", broken_pipe_diff),
            ("a reader of completions that goes away is no error", broken_pipe_completions),
            ("a closed stderr stops no result", closed_stderr),
            ("a closed stderr keeps the exit code of an error", closed_stderr_error),
        ],
    )
}

fn bad_endpoints() {
    let folder = Folder::new();
    for (endpoint, shown, why) in [
        ("http://acme.harness.io:8443", "http://acme.harness.io:8443", "the scheme must be https"),
        ("ftp://acme.harness.io", "ftp://acme.harness.io", "the scheme must be https"),
        ("https://acme.harness.io:8443/gratis", "https://acme.harness.io:8443/gratis", "it must not have a path"),
        ("https://acme.harness.io?x=1", "https://acme.harness.io?***", "it must not have a query"),
        ("https://acme.harness.io#x", "https://acme.harness.io#x", "it must not have a fragment"),
        ("https://me:canary@acme.harness.io", "https://***@acme.harness.io", "it must not hold a user or a password"),
        ("me:canary@acme.harness.io", "***@acme.harness.io", "it must not hold a user or a password"),
        ("https://acme.harness.io:0", "https://acme.harness.io:0", "its port is not a number from 1 to 65535"),
        ("https://acme_harness", "https://acme_harness", "its host is not a host name"),
        ("https://", "https://", "it is not a URL"),
    ] {
        folder.run(&format!("inject PAIR --endpoint {endpoint} missing.yaml")).refused(&format!(
            "error: `{shown}` is not an mTLS endpoint: {why}\n  help: give it as `https://acme.harness.io:8443`, without \
             a path\n"
        ));
    }
}

fn endpoint_password() {
    let folder = Folder::new();
    for endpoint in ["https://a:canary@b", "https://a:can@ary@b/c?d#e", "http://a:canary@b"] {
        for command in ["inject PAIR", "diff PAIR", "inject --existing-secret x", "remove"] {
            let output = folder.run(&format!("{command} --endpoint {endpoint} delegate.yaml")).ended_with(2);
            assert!(!output.stderr.contains("ary"), "{}", output.stderr);
        }
    }
}

fn bare_host() {
    let folder = Folder::new();
    for endpoint in ["acme.harness.io:8443", "https://acme.harness.io:8443/"] {
        let output = folder.run(&format!("inject PAIR --endpoint {endpoint} -q delegate.yaml")).ended_with(0);
        assert_eq!(output.stdout, injected());
    }
}

fn no_endpoint() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR -q delegate.yaml").ended_with(0);
    let expected = String::from_utf8(injected()).unwrap().replace(ENDPOINT, "https://app.harness.io");
    output.says(
        &expected,
        "warning: delegate.yaml:44:18: `acorn`: the manager URL stays `https://app.harness.io`\n  help: give the \
         account's mTLS endpoint with `--endpoint`\n",
    );
}

fn no_endpoint_needed() {
    let folder = Folder::new();
    for url in ["https://acme.harness.io:8443", "https://acme.agent.harness.io", "https://acme.agent.harness.io/"] {
        let manifest = String::from_utf8(plain()).unwrap().replace("https://app.harness.io", url);
        let output = folder.pipe("inject PAIR -q", manifest.as_bytes()).ended_with(0);
        assert_eq!(output.stderr, "", "{url}");
        assert!(output.stdout().contains(&format!("          value: {url}\n")));
    }
    // the port alone is not enough without TLS
    let manifest = String::from_utf8(plain()).unwrap().replace("https://app.harness.io", "http://acme.harness.io:8443");
    let output = folder.pipe("inject PAIR -q", manifest.as_bytes()).ended_with(0);
    assert!(output.stderr.starts_with("warning: <stdin>:44:18: `acorn`: the manager URL stays"), "{}", output.stderr);
}

fn null_manager() {
    let folder = Folder::new();
    for value in ["", " null", " ~", " \"\"", " # https://app.harness.io", " /", " https://"] {
        let manifest = String::from_utf8(plain()).unwrap().replace(" https://app.harness.io", value);
        let column = if value.trim_start().starts_with(['#']) || value.is_empty() { 16 } else { 18 };
        folder.pipe("inject PAIR TO ", manifest.as_bytes()).refused(&format!(
            "error: <stdin>:44:{column}: `MANAGER_HOST_AND_PORT` holds no URL to move to the endpoint\n"
        ));
    }
}

fn bad_manager_urls() {
    let folder = Folder::new();
    for (url, why) in [
        ("ftp://app.harness.io", "its scheme must be http or https"),
        ("https://app.harness.io?x=1", "it must have neither a query nor a fragment"),
        ("https://app.harness.io/gratis#x", "it must have neither a query nor a fragment"),
        ("https://me:canary@app.harness.io", "it must not hold a user or a password"),
        ("https://", "nothing is left of it"),
        ("/", "nothing is left of it"),
    ] {
        folder.run(&format!("remove --endpoint {url} missing.yaml")).refused(&format!(
            "error: `--endpoint` is not a manager URL: {why}\n  help: give the base URL to restore, such as \
             `https://app.harness.io/gratis`\n"
        ));
    }
}

fn manager_urls() {
    let folder = Folder::new();
    for (given, restored) in [
        ("http://app.harness.io", "http://app.harness.io"),
        ("https://app.harness.io/gratis", "https://app.harness.io/gratis"),
        ("https://app.harness.io/gratis//", "https://app.harness.io/gratis"),
        ("PUT_YOUR_MANAGER_ENDPOINT", "PUT_YOUR_MANAGER_ENDPOINT"),
    ] {
        let output = folder.pipe(&format!("remove -q --endpoint {given}"), &injected()).ended_with(0);
        let expected = String::from_utf8(plain()).unwrap().replace("https://app.harness.io", restored);
        output.says(&expected, "");
        // and inject moves it away again
        let again = folder.pipe("inject PAIR TO -q", &output.stdout).ended_with(0);
        assert_eq!(again.stdout, injected());
    }
}

fn manager_password() {
    let output = Folder::new().pipe("remove --endpoint https://me:canary@b", &injected()).ended_with(2);
    assert!(!output.stderr.contains("canary"));
}

fn legacy_refused() {
    let folder = Folder::new();
    folder.write("both.yaml", case("beside-a-legacy-one/input.yaml"));
    folder.run("inject PAIR TO both.yaml").refused_with("error: both.yaml:");
    let output = folder.run("inject PAIR TO both.yaml");
    assert!(output.stderr.contains("` is a legacy delegate (") && output.stderr.ends_with(
        "), which does not support mTLS\n  help: move it to an immutable delegate image first; `--delegate NAME` selects \
         other delegates\n"
    ), "{}", output.stderr);
    // it has nothing that could be taken out
    folder.run("remove both.yaml").ended_with(0);
}

fn legacy_beside() {
    let folder = Folder::new();
    let output = folder.pipe("inject PAIR TO --delegate acorn", &case("beside-a-legacy-one/input.yaml")).ended_with(0);
    assert_eq!(output.stdout, case("beside-a-legacy-one/expected.yaml"));
}

fn unknown_delegate() {
    let folder = Folder::new();
    folder
        .run("inject PAIR TO --delegate oak delegate.yaml")
        .refused("error: delegate.yaml: no delegate is named `oak`\n  help: there is `acorn`\n");
    folder.write("two.yaml", case("two-delegates/input.yaml"));
    folder.run("diff PAIR TO --delegate acorn --delegate oak delegate.yaml two.yaml").refused(
        "error: delegate.yaml, two.yaml: no delegate is named `oak`\n  help: there is `acorn`, `acorn-2`, `acorn`\n",
    );
}

fn no_upgrader() {
    let folder = Folder::new();
    let output = folder.pipe("inject PAIR TO --no-upgrader", &case("no-upgrader-option/input.yaml")).ended_with(0);
    assert_eq!(output.stdout, case("no-upgrader-option/expected.yaml"));
    assert!(output.stderr.ends_with("; the upgrader is left alone (`--no-upgrader`)\n"), "{}", output.stderr);
    let output = folder.pipe("inject PAIR TO --no-upgrader", &plain()).ended_with(0);
    assert!(output.stderr.ends_with(" to https://acme.harness.io:8443\n"), "{}", output.stderr);
}

fn upgrader_without_job() {
    let folder = Folder::new();
    let whole = String::from_utf8(std::fs::read(crate::binary::quickstart("harness-delegate.yaml")).unwrap()).unwrap();
    let (config, job) = whole.rsplit_once("\n---\n").unwrap();
    let output = folder.pipe("inject PAIR TO -q", format!("{config}\n").as_bytes()).ended_with(0);
    assert!(
        output.stderr.ends_with(
            ": the upgrader of `harbour-delegate` has no CronJob in the input: only its configuration is moved\n  help: \
             give both in one input\n"
        ),
        "{}",
        output.stderr
    );
    let (before, _) = config.rsplit_once("\n---\n").unwrap();
    let output = folder.pipe("inject PAIR TO -q", format!("{before}\n---\n{job}").as_bytes()).ended_with(0);
    assert!(
        output.stderr.ends_with(
            ": the upgrader of `harbour-delegate` is left alone: its ConfigMap is not in the input\n  help: give both in \
             one input\n"
        ),
        "{}",
        output.stderr
    );
}

fn unknown_image() {
    let folder = Folder::new();
    for image in ["latest", "yy.mm.verno", "1.2"] {
        let manifest = String::from_utf8(plain()).unwrap().replace("26.07.89707", image);
        let output = folder.pipe("inject PAIR TO -q", manifest.as_bytes()).ended_with(0);
        assert_eq!(
            output.stderr,
            format!(
                "warning: <stdin>:19:1: `acorn`: cannot tell from the image's tag `{image}` whether this delegate \
                 supports mTLS\n  help: immutable delegates and Delegate 3.x do, legacy delegates do not\n"
            )
        );
    }
}

fn log_service_elsewhere() {
    let folder = Folder::new();
    let with = |url: &str| {
        let name = "        - name: DELEGATE_TAGS\n";
        let variable = format!("        - name: LOG_STREAMING_SERVICE_URL\n          value: {url}\n{name}");
        let manifest = String::from_utf8(plain()).unwrap().replace(name, &variable);
        folder.pipe("inject PAIR TO -q", manifest.as_bytes()).ended_with(0)
    };
    let output = with("https://logs.example.com/log-service/");
    assert!(output.stdout().contains("value: https://logs.example.com/log-service/\n"));
    assert_eq!(
        output.stderr,
        "warning: <stdin>:46:18: `LOG_STREAMING_SERVICE_URL` is under neither the manager URL nor the endpoint: left \
         alone\n  help: set it by hand if it belongs to the platform\n"
    );
    // a neighbour by name only
    let output = with("https://app.harness.io.example.com/log-service/");
    assert!(output.stdout().contains("value: https://app.harness.io.example.com/log-service/\n"));
    assert!(output.stderr.starts_with("warning: "));
    let output = with("https://app.harness.io/log-service/");
    assert!(output.stdout().contains("value: https://acme.harness.io:8443/log-service/\n"));
    assert_eq!(output.stderr, "");
}

fn counts() {
    let folder = Folder::new();
    let manifest = std::fs::read(crate::binary::quickstart("harness-delegate.yaml")).unwrap();
    let output = folder.pipe("inject PAIR TO ", &manifest).ended_with(0);
    assert!(
        output.stderr.ends_with(
            "\n<stdin>: harbour-delegate (namespace ci-delegates): pair into the new Secret \
             `harbour-delegate-client-certificate`, 3 variables, 1 mount and 1 volume added, 2 URLs moved from \
             https://app.harness.io to https://acme.harness.io:8443, upgrader moved\n"
        ),
        "{}",
        output.stderr
    );
}

fn template() {
    let manifest = String::from_utf8(plain()).unwrap().replace("  replicas: 1\n", "  {{- if .Values.replicas }}\n");
    Folder::new().pipe("inject PAIR TO ", manifest.as_bytes()).refused(
        "error: <stdin>:25:3: a Helm template, and only what it renders to can be edited\n  help: render it first: `helm \
         template … | delegate-mtls inject -`; or inject into the chart's values.yaml instead\n",
    );
    // by other words it may be another program's
    let manifest = manifest.replace("{{- if .Values.replicas }}", "{{ if replicas }}");
    let output = Folder::new().pipe("inject PAIR TO ", manifest.as_bytes());
    assert!(
        output
            .stderr
            .ends_with("\n  help: a template has to be rendered first: `helm template … | delegate-mtls inject -`\n"),
        "{}",
        output.stderr
    );
    output.refused_with("error: <stdin>:");
}

fn broken() {
    let folder = Folder::new();
    folder.write("a.yaml", "a:\n\tb: 1\n");
    folder.write("b.yaml", "a: 1\n---\nb: \"\n");
    let output = folder.run("inject PAIR TO -i a.yaml b.yaml delegate.yaml");
    let errors = output.stderr.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 2, "{}", output.stderr);
    output.refused_with("error: a.yaml:2:2: not valid YAML: tabs disallowed");
}

/// The escape sequences of ANSI colours.
const ESCAPE: &str = "\u{1b}[";

fn coloured(line: &str, variables: &[(&str, &str)]) -> crate::binary::Output {
    let folder = Folder::new();
    let mut command = folder.command(line);
    command.env_remove("NO_COLOR").envs(variables.iter().copied());
    crate::binary::run(&mut command, &plain())
}

fn no_colour() {
    let output = coloured("inject PAIR TO ", &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]).ended_with(0);
    assert_eq!(output.stdout, injected());
    assert!(!output.stderr.contains(ESCAPE));
}

fn colour_always() {
    for variables in [[("TERM", "xterm")], [("NO_COLOR", "1")], [("TERM", "dumb")]] {
        let output = coloured("inject PAIR TO --color always", &variables).ended_with(0);
        assert_eq!(output.stdout, injected());
        assert!(output.stderr.contains("\u{1b}[31m-          value: https://app.harness.io\u{1b}[0m\n"));
        assert!(output.stderr.contains("\u{1b}[32m+          value: https://acme.harness.io:8443\u{1b}[0m\n"));
    }
    // the global option stands in front too
    let output = coloured("--color always diff PAIR TO ", &[]).ended_with(1);
    assert!(output.stdout().contains("\u{1b}[31m-          value"));
}

fn colour_in_place() {
    let folder = Folder::new();
    let output = folder.run("inject PAIR TO -i --color always delegate.yaml").ended_with(0);
    assert!(output.stdout().contains("\u{1b}[32m+  client.key: ***\u{1b}[0m\n"), "{}", output.stdout());
    assert_eq!(folder.read("delegate.yaml"), injected());
    folder.write("delegate.yaml", plain());
    let output = folder.run("inject PAIR TO -o new.yaml --color always delegate.yaml").ended_with(0);
    assert!(output.stderr.contains(ESCAPE));
    assert_eq!(folder.read("new.yaml"), injected());
}

fn colour_error() {
    let output = coloured("inject PAIR TO --color always missing.yaml", &[]).ended_with(2);
    assert_eq!(output.stderr, "\u{1b}[1m\u{1b}[31merror\u{1b}[0m: missing.yaml: no such file\n");
}

fn colour_variables() {
    let output = coloured("inject PAIR TO ", &[("CLICOLOR_FORCE", "1")]).ended_with(0);
    assert_eq!(output.stdout, injected());
    assert!(output.stderr.contains(ESCAPE));
    for (line, variables) in [
        ("inject PAIR TO ", [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]),
        ("inject PAIR TO --color never", [("TERM", "xterm"), ("CLICOLOR_FORCE", "1")]),
        ("inject PAIR TO --color auto", [("TERM", "xterm"), ("CLICOLOR", "1")]),
    ] {
        let output = coloured(line, &variables).ended_with(0);
        assert!(!output.stderr.contains(ESCAPE), "{line} {variables:?}");
    }
}

/// Runs with a standard output that nobody reads any more.
fn unread(command: &mut Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn broken_pipe() {
    let folder = Folder::new();
    assert_eq!(unread(&mut folder.command("inject PAIR TO delegate.yaml")), (Some(0), String::new()));
    assert_eq!(unread(&mut folder.command("inject PAIR TO -o /dev/stdout delegate.yaml")), (Some(0), String::new()));
    assert_eq!(unread(&mut folder.command("remove delegate.yaml")).0, Some(0));
}

fn broken_pipe_diff() {
    let folder = Folder::new();
    // that it differs stays true
    let (code, stderr) = unread(&mut folder.command("diff PAIR TO delegate.yaml"));
    assert!(code == Some(1) && !stderr.contains("panicked") && !stderr.contains("error"), "{code:?} {stderr}");
    // and the file is written all the same
    let (code, stderr) = unread(&mut folder.command("inject PAIR TO -i delegate.yaml"));
    assert!(code == Some(0) && !stderr.contains("panicked") && !stderr.contains("error"), "{code:?} {stderr}");
    assert_eq!(folder.read("delegate.yaml"), injected());
}

fn broken_pipe_completions() {
    let folder = Folder::new();
    for line in ["completions zsh", "man"] {
        assert_eq!(unread(&mut folder.command(line)), (Some(0), String::new()));
    }
    for line in ["--help", "inject --help", "--version"] {
        let (_, stderr) = unread(&mut folder.command(line));
        assert_eq!(stderr, "", "{line}");
    }
}

/// Runs with a standard error that nobody reads any more.
fn unheard(command: &mut Command) -> (Option<i32>, Vec<u8>) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdin(Stdio::null()).stderr(writer).stdout(Stdio::piped()).output().unwrap();
    (output.status.code(), output.stdout)
}

fn closed_stderr() {
    let folder = Folder::new();
    assert_eq!(unheard(&mut folder.command("inject PAIR TO delegate.yaml")), (Some(0), injected()));
    let heard = folder.run("diff PAIR TO delegate.yaml").ended_with(1);
    assert_eq!(unheard(&mut folder.command("diff PAIR TO delegate.yaml")), (Some(1), heard.stdout));
    assert_eq!(unheard(&mut folder.command("inject PAIR TO -i delegate.yaml")).0, Some(0));
    assert_eq!(folder.read("delegate.yaml"), injected());
}

fn closed_stderr_error() {
    let folder = Folder::new();
    assert_eq!(unheard(&mut folder.command("inject PAIR TO missing.yaml")), (Some(2), Vec::new()));
    assert_eq!(unheard(&mut folder.command("inject PAIR TO --check delegate.yaml")), (Some(1), Vec::new()));
}
