//! What was typed. Its types end here: [`crate::commands`] turns them into what is meant.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::explain::explanation;
use crate::finding::{Rule, Severity};
use crate::issuance::{CA_SUBJECT, DAYS};

/// Move Kubernetes delegates to mutual TLS, without changing one byte more than needed
#[derive(Debug, Parser)]
#[command(name = "delegate-mtls", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done · 1 no (would change, is wrong, is not accepted) · 2 not done, nothing written"
)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour: auto is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Put the pair and the endpoint into manifests
    Inject {
        #[command(flatten)]
        change: InjectArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Show what inject would change; exit 1 if anything
    Diff {
        #[command(flatten)]
        change: InjectArgs,
        /// Say nothing; the exit code tells
        #[arg(short, long)]
        quiet: bool,
    },
    /// Take mTLS out again
    Remove {
        #[command(flatten)]
        change: RemoveArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Judge manifests: on mTLS completely and consistently, with certificates that live
    Check(CheckArgs),
    /// Make a test CA or a client pair; show what certificates, keys and Secrets hold
    Certs {
        #[command(subcommand)]
        command: CertsCommand,
    },
    /// Shake hands with an endpoint: does it ask for, require and accept this pair?
    Probe(ProbeArgs),
    /// Say what a finding means, why it matters and how to mend it
    Explain {
        /// The rule's id, as in the brackets of a message; without it all rules are listed
        #[arg(value_name = "RULE", value_parser = rule_id(), hide_possible_values = true)]
        rule: Option<Rule>,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertsCommand {
    /// Make a certificate authority for tests: ca.crt and ca.key
    Ca(CaArgs),
    /// Issue a client certificate: client.crt and client.key
    Client(ClientArgs),
    /// Show what certificates, keys, requests, Secrets and manifests hold, how it belongs together, and what is wrong
    Inspect(InspectArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CaArgs {
    /// The CA's name, as OpenSSL takes it
    #[arg(long, value_name = "NAME", default_value = CA_SUBJECT)]
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) files: IssueArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// The CA's certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: PathBuf,
    /// The CA's private key, PEM, not encrypted
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_key: PathBuf,
    /// Sign this certificate request (PEM) instead of making a key; only client.crt is written
    #[arg(long, value_name = "FILE", conflicts_with = "bits")]
    pub(crate) csr: Option<PathBuf>,
    /// The client's name, as OpenSSL takes it [default: the request's, or /O=Example ORG/CN=Client]
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Option<String>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) files: IssueArgs,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Size of the new RSA key
    #[arg(long, value_enum, default_value_t = Bits::Rsa2048)]
    pub(crate) bits: Bits,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Bits {
    #[value(name = "2048")]
    Rsa2048,
    #[value(name = "3072")]
    Rsa3072,
    #[value(name = "4096")]
    Rsa4096,
}

/// For how long, and where to.
#[derive(Debug, Args)]
pub(crate) struct IssueArgs {
    /// Valid for this many days; a client's certificate ends with its CA at the latest
    #[arg(long, value_name = "N", default_value_t = DAYS, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) days: u32,
    /// Where the files go; the directory has to be there
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out_dir: PathBuf,
    /// Overwrite files that are there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// PEM or DER of any kind, or manifests with Secrets; `-` or none is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Who is to load the pair [default: the delegates of the manifests, else classic]
    #[arg(long, value_enum, value_name = "GENERATION")]
    pub(crate) generation: Option<Generation>,
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub(crate) format: Format,
}

/// Which delegates a pair is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generation {
    /// Immutable delegates, which load RSA keys in PKCS#8 only
    Classic,
    /// Delegate 3.x, which loads EC and Ed25519 keys as well
    #[value(name = "3.x")]
    ThreeX,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct InjectArgs {
    /// Manifests; `-` or none is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Client certificate, PEM: the leaf first, then its intermediates
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key, PEM, not encrypted
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The certificate authority that the account's endpoint trusts, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The account's mTLS endpoint, such as https://acme.harness.io:8443; without it URLs stay
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Refer to a Secret that exists; no key material enters the manifest
    #[arg(long, value_name = "NAME", conflicts_with = "secret_output")]
    pub(crate) existing_secret: Option<String>,
    /// Write the Secret to a file of its own (mode 0600) instead of into the manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_output: Option<PathBuf>,
    /// Only this delegate (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) delegate: Vec<String>,
    /// Leave the upgrader alone
    #[arg(long)]
    pub(crate) no_upgrader: bool,
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
    /// Do not judge the chain to the certificate authority; key and certificate are judged all the same
    #[arg(long)]
    pub(crate) no_verify: bool,
}

/// By what certificates are judged.
#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    /// Warn when a certificate expires within this time, or a third of its lifetime if that is shorter
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    pub(crate) expires_within: String,
    /// Judge the certificates as of this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// Manifests; `-` or none is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The manager base URL to restore, such as https://app.harness.io/gratis; without it URLs stay
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Only this delegate (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) delegate: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Rewrite the files (atomically, all or none) and print the diff
    #[arg(short, long, conflicts_with_all = ["output", "check"])]
    pub(crate) in_place: bool,
    /// Write the result here instead of to standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "check")]
    pub(crate) output: Option<PathBuf>,
    /// Write nothing; exit 1 if something would change
    #[arg(long)]
    pub(crate) check: bool,
    /// No diff and no summary; warnings and errors stay
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Every address of the endpoint gets up to three connections: without a certificate, with the pair, and with a throw-away \
certificate that no server can verify. Each sends one `GET /` and follows nothing. The pair is presented whatever is \
found wrong with it. The proxy in HTTPS_PROXY or ALL_PROXY is used unless NO_PROXY excepts the host.

Exit codes: 0 the pair is accepted · 1 it is rejected, not asked for, or not verified · 2 it cannot be told: no \
connection, an untrusted server certificate, a pair that cannot be loaded")]
pub(crate) struct ProbeArgs {
    /// The account's mTLS endpoint, such as https://acme.harness.io:8443
    #[arg(value_name = "ENDPOINT")]
    pub(crate) endpoint: String,
    /// Client certificate, PEM: the leaf first, then its intermediates
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// Its private key, PEM, not encrypted
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The certificate authority of the pair, PEM; with it the chain is judged here too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The certificate authority of the server, PEM; without it those that this machine trusts
    #[arg(long, value_name = "FILE")]
    pub(crate) server_ca: Option<PathBuf>,
    /// Connect to this address instead of what DNS says; IPv6 in brackets (repeatable)
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    pub(crate) resolve: Vec<String>,
    /// How long a connection may take from beginning to end
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(crate) timeout: String,
    /// Do not send the throw-away certificate, which the server may log as a failed handshake
    #[arg(long)]
    pub(crate) no_control: bool,
    /// The report's format; its JSON Schema is docs/schema/probe.json
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Ignore a finding with a comment on its line or above it: `# delegate-mtls: ignore[rule-id] reason`. What a rule means \
says `delegate-mtls explain RULE`.

Exit codes: 0 nothing of severity error · 1 something is wrong · 2 something could not be judged, or there is no delegate")]
pub(crate) struct CheckArgs {
    /// Manifests, or directories with manifests (*.yaml, *.yml, *.json); `-` or none is standard input
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// A certificate authority that certificates may come from, PEM (repeatable); without it the chain is not judged
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// How the account's endpoint takes delegates without mTLS: it lets them in (loose) or blocks them (strict)
    #[arg(long, value_enum, default_value_t = Mode::Loose, value_name = "MODE")]
    pub(crate) mode: Mode,
    /// Make the findings of a rule an error, a warning or a note, or turn it off (repeatable)
    #[arg(long, value_name = "ID=SEVERITY", value_parser = rule_severity)]
    pub(crate) rule: Vec<(Rule, Option<Severity>)>,
    /// Report this rule only (repeatable)
    #[arg(long, value_name = "ID", value_parser = rule_id(), hide_possible_values = true)]
    pub(crate) only: Vec<Rule>,
    /// The report's format
    #[arg(long, value_enum, default_value_t = CheckFormat::Human, value_name = "FORMAT")]
    pub(crate) format: CheckFormat,
    /// Write the report to this file; the human one goes to standard output all the same
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What to call standard input in the report
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_filename: Option<String>,
    /// Finding no delegate is no failure
    #[arg(long)]
    pub(crate) allow_no_delegate: bool,
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    Loose,
    Strict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Human,
    /// For programs; its JSON Schema is docs/schema/check.json
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// GitLab's Code Quality report
    Gitlab,
    /// JUnit's XML
    Junit,
}

fn rule_severity(text: &str) -> Result<(Rule, Option<Severity>), String> {
    let (id, severity) = text.split_once('=').ok_or("it is `ID=SEVERITY`, such as `not-mtls=error`")?;
    let rule =
        Rule::from_id(id).ok_or_else(|| format!("there is no rule `{id}`; `delegate-mtls explain` lists them"))?;
    let severity = match severity {
        "error" => Some(Severity::Error),
        "warning" => Some(Severity::Warning),
        "note" => Some(Severity::Note),
        "off" => None,
        other => return Err(format!("`{other}` is none of error, warning, note and off")),
    };
    Ok((rule, severity))
}

/// Takes the id of a rule. Shells complete it; where it is no rule's, the error names the likely one.
pub(crate) fn rule_id() -> impl TypedValueParser<Value = Rule> {
    RuleId
}

#[derive(Clone)]
struct RuleId;

impl TypedValueParser for RuleId {
    type Value = Rule;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Rule, clap::Error> {
        let ids = PossibleValuesParser::new(Rule::ALL.iter().map(|rule| rule.id()));
        let rules = ids.try_map(|id| Rule::from_id(&id).ok_or("no rule has this id"));
        rules.parse_ref(command, argument, value).map_err(|mut error| {
            // all sixty on one line help nobody
            error.remove(ContextKind::ValidValue);
            if error.get(ContextKind::SuggestedValue).is_none() {
                let tip = "`delegate-mtls explain` lists the rules".into();
                error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
            }
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = Rule::ALL.iter().map(|&rule| PossibleValue::new(rule.id()).help(explanation(rule).summary));
        Some(Box::new(values))
    }
}
