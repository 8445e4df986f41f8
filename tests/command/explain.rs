//! explain: what is said about a rule, about all of them, and where there is no such rule.

use delegate_mtls::explain::explanation;
use delegate_mtls::finding::Rule;
use libtest_mimic::Trial;

use crate::folder::{Folder, claims};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "explain",
        &[
            ("a rule is explained in full", in_full),
            ("a severity that varies is said beside the rule's own", varies),
            ("every rule can be asked for", every_rule),
            ("without a rule all are listed, a line for each", listed),
            ("the severity is coloured where colour is wanted", coloured),
            ("a misspelt rule is refused and the likely one named", misspelt),
            ("what is no rule at all is refused, and the list named", unknown),
            ("bash and zsh complete the rules", completed),
        ],
    )
}

fn in_full() {
    Folder::empty().run("explain decimal-default-mode").ended_with(0).says(
        "warning[decimal-default-mode] (an error where Kubernetes refuses the mode): A file mode that was meant to be octal is written as a decimal number.\n\
         \n\
         `defaultMode: 400` is four hundred, which is mode 0620: the owner and its group may write, and only\n\
         the owner may read. The message says which mode results. The published instructions have this one.\n\
         Kubernetes refuses what is above mode 0777, and so 512 (such as `644`) and above: that is an error.\n\
         \n\
         ```yaml\n\
         secret:\n  \
           secretName: acorn-client-certificate\n  \
           defaultMode: 0444 # octal because of the leading 0; in JSON, which has no octal numbers: 292\n\
         ```\n\
         \n\
         Best leave it out: the default is 0644, which everyone in the container can read, and nobody else\n\
         can reach. Mode 0400 has a trap of its own, `unreadable-default-mode`.\n",
        "",
    );
}

fn varies() {
    let output = Folder::empty().run("explain not-mtls").ended_with(0);
    let headline =
        "warning[not-mtls] (an error with `--mode strict`): A delegate is wholly without mTLS.\n\nThere is no";
    assert!(output.stdout().starts_with(headline), "{}", output.stdout());
}

fn every_rule() {
    let folder = Folder::empty();
    for &rule in Rule::ALL {
        let output = folder.run(&format!("explain {rule}")).ended_with(0);
        let explanation = explanation(rule);
        assert!(output.stdout().starts_with(&format!("{}[{rule}]", rule.severity())), "{}", output.stdout());
        assert!(
            output.stdout().ends_with(&format!(": {}\n\n{}\n", explanation.summary, explanation.details)),
            "{rule}"
        );
        assert_eq!(output.stderr, "");
    }
}

fn listed() {
    let output = Folder::empty().run("explain").ended_with(0);
    let lines: Vec<&str> = output.stdout().lines().collect();
    for line in [
        "The delegate",
        "  not-mtls                    warning  A delegate is wholly without mTLS.",
        "  unknown-critical-extension  error    The certificate has a critical extension that servers do not know.",
        "  cert-v1                     note     The certificate is of X.509 version 1.",
        "Off unless turned on",
        "  inline-private-key          error    A file holds a private key.",
    ] {
        assert!(lines.contains(&line), "{line}\n{}", output.stdout());
    }
    let mut ids: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    ids.sort_unstable();
    assert_eq!(ids, Rule::ALL.iter().map(|rule| rule.id()).collect::<Vec<_>>());
    assert!(lines.iter().all(|line| line.chars().count() <= 120), "{}", output.stdout());
    assert_eq!(output.stderr, "");
}

fn coloured() {
    let folder = Folder::empty();
    let output = folder.run("explain --color always cert-v1").ended_with(0);
    let headline = "\u{1b}[1m\u{1b}[36mnote[cert-v1]\u{1b}[0m: The certificate is of X.509 version 1.\n";
    assert!(output.stdout().starts_with(headline), "{}", output.stdout());
    let output = folder.run("explain --color always").ended_with(0);
    assert!(output.stdout().contains("  \u{1b}[1m\u{1b}[31merror  \u{1b}[0m  The lifetime"), "{}", output.stdout());
}

fn misspelt() {
    Folder::empty().run("explain cert-expird").refused(
        "error: invalid value 'cert-expird' for '[RULE]'\n\n  tip: a similar value exists: 'cert-expired'\n\nFor more \
         information, try '--help'.\n",
    );
}

fn unknown() {
    let folder = Folder::empty();
    folder.run("explain 42").refused(
        "error: invalid value '42' for '[RULE]'\n\n  tip: `delegate-mtls explain` lists the rules\n\nFor more \
         information, try '--help'.\n",
    );
    // an id is one word, and small
    for line in ["explain CERT-EXPIRED", "explain cert-expired cert-v1"] {
        folder.run(line).refused_with("error: ");
    }
}

fn completed() {
    let folder = Folder::empty();
    // of arguments without an option's name, clap_complete hands only these two the values
    for shell in ["bash", "zsh"] {
        let output = folder.run(&format!("completions {shell}")).ended_with(0);
        assert!(Rule::ALL.iter().all(|rule| output.stdout().contains(rule.id())), "{shell}");
    }
}
