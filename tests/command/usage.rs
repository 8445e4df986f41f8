//! What is typed: help, version, completions, the manual page, and arguments that make no sense.

use libtest_mimic::Trial;

use crate::folder::{Folder, claims, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "usage",
        &[
            ("help and version are results", help_and_version),
            ("help names every exit code", exit_codes),
            ("no arguments print the help and fail", no_arguments),
            ("an unknown subcommand is refused", unknown_subcommand),
            ("an unknown option is refused and a likely one named", unknown_option),
            ("options that exclude each other are refused", conflicts),
            ("remove takes no pair", remove_without_pair),
            ("completions are printed for every shell", completions),
            ("the manual page is printed", man),
        ],
    )
}

fn help_and_version() {
    let folder = Folder::new();
    for line in ["--help", "-h", "help", "inject --help", "help remove", "diff -h", "probe --help"] {
        let output = folder.run(line).ended_with(0);
        assert!(output.stdout().contains("Usage: delegate-mtls"), "{line}: {}", output.stdout());
        assert_eq!(output.stderr, "");
    }
    for line in ["--version", "-V"] {
        folder.run(line).ended_with(0).says(concat!("delegate-mtls ", env!("CARGO_PKG_VERSION"), "\n"), "");
    }
    let help = folder.run("--help");
    for command in ["inject", "diff", "remove", "certs", "probe", "explain", "completions", "man"] {
        assert!(help.stdout().contains(&format!("\n  {command} ")), "{command}: {}", help.stdout());
    }
}

fn exit_codes() {
    let help = Folder::new().run("--help");
    assert!(
        help.stdout().ends_with(
            "Exit codes: 0 done · 1 no (would change, is wrong, is not accepted) · 2 not done, nothing written\n"
        ),
        "{}",
        help.stdout()
    );
}

fn no_arguments() {
    let output = Folder::new().run("").ended_with(2);
    assert_eq!(output.stdout(), "");
    assert!(output.stderr.contains("Usage: delegate-mtls [OPTIONS] <COMMAND>"), "{}", output.stderr);
}

fn unknown_subcommand() {
    Folder::new().run("injekt").refused_with("error: unrecognized subcommand 'injekt'\n\n  tip: a similar subcommand");
}

fn unknown_option() {
    Folder::new().run("inject --certificate x").refused_with("error: unexpected argument '--certificate' found\n");
    Folder::new().run("inject --cert").refused_with("error: a value is required for '--cert <FILE>'");
}

fn conflicts() {
    let folder = Folder::new();
    let before = (folder.names(), folder.stamp("delegate.yaml"));
    for (line, one, other) in [
        ("inject PAIR TO -i -o new.yaml delegate.yaml", "--in-place", "--output <FILE>"),
        ("inject PAIR TO -i --check delegate.yaml", "--in-place", "--check"),
        ("inject PAIR TO -o new.yaml --check delegate.yaml", "--output <FILE>", "--check"),
        ("remove -i --check delegate.yaml", "--in-place", "--check"),
        (
            "inject PAIR --existing-secret x --secret-output y.yaml delegate.yaml",
            "--existing-secret <NAME>",
            "--secret-output <FILE>",
        ),
    ] {
        folder.run(line).refused_with(&format!("error: the argument '{one}' cannot be used with '{other}'\n"));
    }
    for line in ["diff PAIR TO -i delegate.yaml", "diff PAIR TO -o x delegate.yaml", "diff PAIR --check delegate.yaml"]
    {
        folder.run(line).refused_with("error: unexpected argument");
    }
    folder.run("inject --color sometimes").refused_with("error: invalid value 'sometimes' for '--color <WHEN>'");
    assert_eq!((folder.names(), folder.stamp("delegate.yaml")), before);
}

fn remove_without_pair() {
    let folder = Folder::new();
    folder.run("remove --cert client.crt delegate.yaml").refused_with("error: unexpected argument '--cert' found");
    folder.run("remove delegate.yaml").ended_with(0);
    assert_eq!(folder.read("delegate.yaml"), plain());
}

fn completions() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = folder.run(&format!("completions {shell}")).ended_with(0);
        for word in ["delegate-mtls", "inject", "existing-secret"] {
            assert!(output.stdout().contains(word), "{shell}: {word}");
        }
        assert_eq!(output.stderr, "");
    }
    folder.run("completions tcsh").refused_with("error: invalid value 'tcsh' for '<SHELL>'");
    folder.run("completions").refused_with("error: the following required arguments were not provided:\n  <SHELL>\n");
}

fn man() {
    let output = Folder::new().run("man").ended_with(0);
    assert!(output.stdout().contains("\n.TH delegate-mtls 1 "), "{}", output.stdout());
    assert!(output.stdout().contains(".SH SYNOPSIS\n"));
    assert_eq!(output.stderr, "");
}
