//! The README shows what the command really says: every `console` block is run and compared, every `sh` block is run.
//!
//! `UPDATE_README=1 cargo test --test command readme` writes the blocks anew. A line `…` in a block stands for any
//! lines; where a block has one, as many lines before and after it stay as there were.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::binary::{AT, Output, quickstart, root, run};
use crate::folder::{ENDPOINT, claims};
use crate::server::{Authority, Tls, Wants, der_of};

const ELISION: &str = "…";

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "readme",
        &[
            ("every console block shows what the command says", console_blocks),
            ("every sh block with our command in it runs", sh_blocks),
            ("every option of every command is there", options),
            ("the test command stands below its marker", test_command),
            ("an elision stands for any lines, and nothing else does", elision),
        ],
    )
}

/// The README, read once: it may be written anew while other tests read it.
static README: LazyLock<String> = LazyLock::new(|| fs::read_to_string(root().join("README.md")).unwrap());

/// The fenced blocks of a language: the lines between the fences, with the number of the first.
fn blocks<'t>(readme: &'t str, language: &str) -> Vec<(usize, Vec<&'t str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize, Vec<&str>)> = None;
    for (number, line) in readme.lines().enumerate() {
        open = match (open, line.strip_prefix("```")) {
            (None, Some(fence)) => Some((fence, number + 1, Vec::new())),
            (None, None) => None,
            (Some((fence, first, lines)), Some(_)) => {
                if fence == language {
                    blocks.push((first, lines));
                }
                None
            }
            (Some((fence, first, mut lines)), None) => {
                lines.push(line);
                Some((fence, first, lines))
            }
        };
    }
    assert!(open.is_none(), "README.md: a fence is not closed");
    blocks
}

/// A command (its lines, with those that continue it) and the output that is shown below it.
struct Step<'t> {
    typed: Vec<&'t str>,
    shown: Vec<&'t str>,
}

impl Step<'_> {
    fn command(&self) -> String {
        let lines = self.typed.iter().map(|line| line.strip_prefix("$ ").unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn steps<'t>(number: usize, lines: &[&'t str]) -> Vec<Step<'t>> {
    let mut steps: Vec<Step<'t>> = Vec::new();
    let mut goes_on = false;
    for &line in lines {
        if line.starts_with("$ ") {
            steps.push(Step { typed: vec![line], shown: Vec::new() });
            goes_on = line.ends_with(['\\', '|']);
            continue;
        }
        let step = steps.last_mut().unwrap_or_else(|| panic!("README.md:{number}: a console block begins with `$ `"));
        if goes_on {
            step.typed.push(line);
            goes_on = line.ends_with(['\\', '|']);
        } else {
            step.shown.push(line);
        }
    }
    steps
}

/// A copy of the quick start, so that no command writes to the checkout: `fixtures/quickstart` for commands that name
/// it, and that folder itself for the others. Our command is found by its name.
struct Sandbox(TempDir);

impl Sandbox {
    fn new() -> Sandbox {
        let sandbox = Sandbox(tempfile::tempdir().unwrap());
        let folder = sandbox.0.path().join("fixtures/quickstart");
        fs::create_dir_all(&folder).unwrap();
        for file in ["harness-delegate.yaml", "docker-compose.yaml", "client.crt", "client.key", "ca.crt"] {
            fs::write(folder.join(file), fs::read(quickstart(file)).unwrap()).unwrap();
        }
        let bin = sandbox.0.path().join("bin");
        fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_delegate-mtls"), bin.join("delegate-mtls")).unwrap();
        sandbox
    }

    /// Runs a command line at a time at which the pair is valid. What would reach a cluster ends here, and so does what
    /// would reach the network: a server that takes the pair and no other stands for the endpoint.
    fn run(&self, line: &str) -> Output {
        let endpoint = line.contains("delegate-mtls probe ").then(|| self.endpoint());
        let mut line = line.replace("cargo run --release -- ", "delegate-mtls ");
        if let Some(port) = endpoint {
            let here = format!(
                "--server-ca $OLDPWD/server-ca.crt --resolve acme.harness.io:{port}:127.0.0.1 https://acme.harness.io:{port}"
            );
            line = format!("cd {}; cd - > /dev/null\n{}", self.0.path().display(), line.replace(ENDPOINT, &here));
        }
        if !line.contains("--at ") {
            for subcommand in ["inject", "diff", "check", "certs inspect", "probe"] {
                let typed = format!("delegate-mtls {subcommand} ");
                line = line.replace(&typed, &format!("{typed}--at {AT} "));
            }
        }
        let at_root = line.contains("fixtures/");
        let directory = if at_root { self.0.path().to_owned() } else { self.0.path().join("fixtures/quickstart") };
        let mut command = Command::new("sh");
        command.args(["-c", &format!("umask 022\nkubectl() {{ cat > applied.yaml; }}\n{line}")]);
        command.env_clear().env("PATH", self.path()).env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        let output = run(command.current_dir(directory), b"");
        let Some(port) = endpoint else { return output };
        // an address of the documentation's, RFC 5737
        let shown = |text: &str| {
            text.replace(&format!("127.0.0.1:{port}"), "203.0.113.7:8443").replace(&format!(":{port}"), ":8443")
        };
        Output { stdout: shown(output.stdout()).into_bytes(), stderr: shown(&output.stderr), ..output }
    }

    /// The port of a server for `acme.harness.io`; the CA that its certificate needs is in `server-ca.crt`.
    fn endpoint(&self) -> u16 {
        let authority = Authority::new("Server CA");
        fs::write(self.0.path().join("server-ca.crt"), &authority.pem).unwrap();
        let pair = der_of(&fs::read(quickstart("client.crt")).unwrap());
        Tls::new(&authority, Wants::Exactly(pair)).start()
    }

    fn path(&self) -> std::ffi::OsString {
        let ours = [self.0.path().join("bin")];
        let theirs = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&theirs))).unwrap()
    }
}

/// What a terminal shows: the result, then what is said of it. What a command redirects is not there.
fn seen(output: &Output) -> String {
    format!("{}{}", output.stdout(), output.stderr)
}

/// Whether `actual` is what `shown` says, where `…` is any number of lines.
fn matches(shown: &[&str], actual: &[&str]) -> bool {
    match shown.split_first() {
        None => actual.is_empty(),
        Some((&ELISION, rest)) => (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..])),
        Some((line, rest)) => actual.split_first().is_some_and(|(first, more)| first == line && matches(rest, more)),
    }
}

/// `actual`, shortened where `shown` was.
fn shortened<'a>(shown: &[&'a str], actual: &[&'a str]) -> Vec<&'a str> {
    if matches(shown, actual) {
        return shown.to_vec();
    }
    let elisions = shown.iter().filter(|line| **line == ELISION).count();
    let at = shown.iter().position(|line| *line == ELISION);
    match at {
        Some(before) if elisions == 1 && actual.len() >= shown.len() => {
            let after = shown.len() - before - 1;
            [&actual[..before], &[ELISION], &actual[actual.len() - after..]].concat()
        }
        _ => actual.to_vec(),
    }
}

fn console_blocks() {
    let readme = README.as_str();
    let mut lines: Vec<String> = readme.lines().map(str::to_owned).collect();
    let mut wrong = String::new();
    let blocks = blocks(readme, "console");
    assert!(!blocks.is_empty(), "README.md: no console block");
    // from the last to the first, so that the line numbers of those to come stay
    for (first, block) in blocks.iter().rev() {
        let sandbox = Sandbox::new();
        let mut anew: Vec<String> = Vec::new();
        for step in steps(first + 1, block) {
            let actual = seen(&sandbox.run(&step.command()));
            // an empty line of context is one blank in a diff; editors take it away
            let actual: Vec<&str> = actual.lines().map(str::trim_end).collect();
            anew.extend(step.typed.iter().map(|line| (*line).to_owned()));
            anew.extend(shortened(&step.shown, &actual).iter().map(|line| (*line).to_owned()));
        }
        if *block != anew {
            let (old, new) = (format!("{}\n", block.join("\n")), format!("{}\n", anew.join("\n")));
            let diff = similar::TextDiff::from_lines(&old, &new);
            let place = format!("README.md:{}", first + 1);
            wrong = format!("{}{wrong}", diff.unified_diff().header(&place, "the command's output"));
            lines.splice(*first..first + block.len(), anew);
        }
    }
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(root().join("README.md"), lines.join("\n") + "\n").unwrap();
    } else {
        assert!(wrong.is_empty(), "to write it anew: UPDATE_README=1 cargo test --test command readme\n{wrong}");
    }
}

fn sh_blocks() {
    let readme = README.as_str();
    let mut ran = 0;
    for (first, block) in blocks(readme, "sh") {
        let ours = |line: &str| line.contains("delegate-mtls inject") || line.contains("delegate-mtls remove");
        if !block.iter().any(|line| ours(line)) {
            continue;
        }
        let output = Sandbox::new().run(&format!("set -e\n{}", block.join("\n")));
        assert_eq!(output.code, 0, "README.md:{}:\n{}", first + 1, output.stderr);
        ran += 1;
    }
    assert!(ran > 0, "README.md: no sh block with our command");
}

fn options() {
    let readme = README.as_str();
    let sandbox = Sandbox::new();
    let is_option = |c: char| c.is_ascii_lowercase() || c == '-';
    for subcommand in ["inject", "diff", "remove", "check", "certs ca", "certs client", "certs inspect", "probe"] {
        let words = subcommand.split(' ').chain(["--help"]);
        let help = Command::new(sandbox.0.path().join("bin/delegate-mtls")).args(words).output();
        let help = String::from_utf8(help.unwrap().stdout).unwrap();
        let mut found = 0;
        for line in help.lines().filter(|line| line.trim_start().starts_with('-')) {
            let Some(at) = line.find("--") else { continue };
            let name = &line[at..];
            let name = &name[..name.find(|c| !is_option(c)).unwrap_or(name.len())];
            let is_there = readme.match_indices(name).any(|(at, _)| !readme[at + name.len()..].starts_with(is_option));
            assert!(is_there, "README.md does not mention `{name}` of `{subcommand}`");
            found += 1;
        }
        assert!(found > 3, "{help}");
    }
}

fn test_command() {
    let readme = README.as_str();
    assert_eq!(readme.matches("<!-- test-command -->\n\n```sh\ncargo test\n```\n").count(), 1);
    assert_eq!(readme.matches("<!-- test-command -->").count(), 1);
    // a link to a file that is not there helps nobody
    for (at, _) in readme.match_indices("](") {
        let target = readme[at + 2..].split(')').next().unwrap();
        if !target.starts_with("https://") && !target.starts_with('#') {
            assert!(Path::new(&root().join(target)).exists(), "README.md: `{target}` is not there");
        }
    }
}

fn elision() {
    let actual = ["a", "b", "c", "d"];
    for shown in [&["a", "b", "c", "d"][..], &["…"], &["a", "…"], &["…", "d"], &["a", "…", "d"], &["…", "a", "…", "d"]]
    {
        assert!(matches(shown, &actual), "{shown:?}");
        assert_eq!(shortened(shown, &actual), shown);
    }
    for shown in [&["a", "b", "c"][..], &[], &["a", "…", "c"], &["b", "…"], &["…", "e"], &["a", "b", "c", "d", "e"]]
    {
        assert!(!matches(shown, &actual), "{shown:?}");
    }
    assert_eq!(shortened(&["x", "…", "y"], &actual), ["a", "…", "d"]);
    assert_eq!(shortened(&["x", "y"], &actual), actual);
}
