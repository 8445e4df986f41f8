//! check: paths → what is in the files → a report. Writes nothing but the report.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use super::terminal::Terminal;
use super::{Exit, Failure, identity};
use crate::check::{self, Ca, FileFacts, Look, Report, Settings};
use crate::cli::{CheckArgs, CheckFormat, Mode};
use crate::delegate;
use crate::finding::{Rule, Severity};
use crate::identity::{ChainCheck, escaped, printable};
use crate::report::{self, Message, Shown};
use crate::source::{self, NewFile, STDIN, Select, SourceError, Visited};
use crate::yaml::Place;

pub(super) fn check(args: CheckArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    spares_the_inputs(&args)?;
    let settings = Settings {
        mode: match args.mode {
            Mode::Loose => check::Mode::Loose,
            Mode::Strict => check::Mode::Strict,
        },
        severities: args.rule.iter().copied().collect(),
        only: args.only.clone(),
    };
    let (report, texts) = match judge(&args, &settings) {
        Ok((report, texts)) => (report, Some(texts)),
        // a machine is told in its format why there is nothing in it
        Err(Failure::Messages(messages)) => (failed(&args, messages), None),
        Err(broken_pipe) => return Err(broken_pipe),
    };
    for failure in &report.failures {
        Message::error(failure.message.clone(), failure.help.clone()).write(terminal.err())?;
    }
    let printed = print(&args, &report, texts.as_ref(), terminal);
    let exit = exit(&report);
    match printed {
        // the answer does not depend on how much of the report was read
        Err(Failure::BrokenPipe) => Ok(exit),
        printed => printed.map(|()| exit),
    }
}

/// Refuses to write the report over what it is about.
fn spares_the_inputs(args: &CheckArgs) -> Result<(), Failure> {
    let Some(output) = &args.output else { return Ok(()) };
    let same = args.paths.iter().chain(&args.ca).find(|input| source::same_file(input, output));
    match same {
        None => Ok(()),
        Some(_) => Err(Message::error(
            format!("{}: is one of the files to be read, and would be overwritten by the report", output.display()),
            Some("name another file for `--output`".to_owned()),
        )
        .into()),
    }
}

fn exit(report: &Report) -> Exit {
    let mut errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).peekable();
    let any = errors.peek().is_some();
    if !report.failures.is_empty() || errors.any(|finding| finding.rule == Rule::UnreadableFile) {
        Exit::Failed
    } else if any {
        Exit::No
    } else {
        Exit::Done
    }
}

/// The report where nothing could be judged.
fn failed(args: &CheckArgs, messages: Vec<Message>) -> Report {
    let failures =
        messages.into_iter().map(|message| check::Failure { message: message.text, help: message.help, path: None });
    let at = identity::now(args.judge.at.as_deref()).unwrap_or_else(|_| identity::clock());
    Report { at, findings: Vec::new(), delegates: Vec::new(), failures: failures.collect() }
}

/// How the texts of a report can be had again, by the names that they have in it.
#[derive(Default)]
struct Texts {
    paths: HashMap<String, PathBuf>,
    /// What can be read only once: standard input and pipes.
    kept: HashMap<String, String>,
}

fn judge(args: &CheckArgs, settings: &Settings) -> Result<(Report, Texts), Failure> {
    let options = identity::options(&args.judge, ChainCheck::ToAnchor)?;
    let cas = authorities(&args.ca)?;
    let mut texts = Texts::default();
    let mut files = Vec::new();
    let is_stdin = |path: &&PathBuf| path.as_path() == Path::new("-");
    if args.paths.is_empty() || args.paths.iter().any(|path| is_stdin(&path)) {
        let name = args.stdin_filename.clone().unwrap_or_else(|| STDIN.to_owned());
        let source =
            source::read_stdin(io::stdin()).map_err(|error| Message::error(error.to_string(), error.help()))?;
        if let Some(look) = Look::at(source.text.as_bytes(), true, settings) {
            files.push(FileFacts::read(name.clone(), &source.text, look));
        }
        texts.kept.insert(name, source.text);
    }
    let named: Vec<PathBuf> = args.paths.iter().filter(|path| !is_stdin(path)).cloned().collect();
    let select = if settings.looks_for_keys() { Select::Everything } else { Select::Manifests };
    let (visited, errors) = source::walk(&named, select, |file, buffer| visit(file, buffer, select, settings));
    let mut failures: Vec<check::Failure> = errors.iter().map(failure).collect();
    for visit in visited {
        match visit {
            Ok(Judged { file, facts, kept }) => {
                files.push(facts);
                if let Some(text) = kept {
                    texts.kept.insert(file.name.clone(), text);
                }
                texts.paths.insert(file.name, file.path);
            }
            Err(error) => failures.push(failure(&error)),
        }
    }
    let mut report = check::check(files, &cas, settings, &options);
    report.failures = failures;
    let is_broken = |report: &Report| report.findings.iter().any(|finding| finding.rule == Rule::UnreadableFile);
    if report.delegates.is_empty()
        && settings.judges_manifests()
        && !args.allow_no_delegate
        && report.failures.is_empty()
        && !is_broken(&report)
    {
        report.failures.push(no_delegate(args, &report));
    }
    Ok((report, texts))
}

fn authorities(paths: &[PathBuf]) -> Result<Vec<Ca>, Failure> {
    let mut cas = Vec::new();
    let mut messages = Vec::new();
    for path in paths {
        match identity::read(path)
            .and_then(|file| Ca::read(file.named()).map_err(|error| Message::error(error.to_string(), error.help())))
        {
            Ok(ca) => cas.push(ca),
            Err(message) => messages.push(message),
        }
    }
    if messages.is_empty() { Ok(cas) } else { Err(Failure::Messages(messages)) }
}

/// A file that was looked at, and its text where that cannot be had again.
struct Judged {
    file: Visited,
    facts: FileFacts,
    kept: Option<String>,
}

fn visit(
    file: &Visited,
    buffer: &mut Vec<u8>,
    select: Select,
    settings: &Settings,
) -> Option<Result<Judged, SourceError>> {
    let has_its_name = file.may_be_manifest();
    let is_manifest = select == Select::Manifests || has_its_name;
    if let Err(error) = source::read_into(&file.path, buffer) {
        // what is too large for a manifest is none, and no text that anybody wrote
        let is_other = matches!(error, SourceError::TooLarge { .. }) && !is_manifest;
        return (!is_other).then_some(Err(error));
    }
    let look = Look::at(buffer, is_manifest, settings)?;
    let name = file.name.clone();
    let mut kept = None;
    let facts = match source::as_text(buffer, &name) {
        Ok(text) => {
            kept = (!source::is_regular(&file.path)).then(|| text.to_owned());
            let facts = FileFacts::read(name, text, look);
            if has_its_name { facts } else { facts.of_another_kind() }
        }
        Err(_) if look == Look::Promises || look == Look::Manifest && !has_its_name => return None,
        // a key is one in Latin-1, too
        Err(_) if look == Look::Keys => {
            FileFacts::read(name, &Zeroizing::new(String::from_utf8_lossy(buffer).into_owned()), look)
        }
        Err(error) => {
            let place = error.place().map(|(line, column)| Place { line, column });
            FileFacts::unreadable(name, place, error.why(), error.help())
        }
    };
    // it may hold a key
    buffer.zeroize();
    Some(Ok(Judged { file: file.clone(), facts, kept }))
}

fn failure(error: &SourceError) -> check::Failure {
    check::Failure {
        message: escaped(&error.to_string()),
        help: error.help().as_deref().map(escaped),
        path: Some(error.name().to_owned()),
    }
}

fn no_delegate(args: &CheckArgs, report: &Report) -> check::Failure {
    let paths: Vec<String> = args.paths.iter().take(3).map(|path| printable(&path.display().to_string())).collect();
    let mut inputs = if paths.is_empty() { STDIN.to_owned() } else { paths.join(", ") };
    if args.paths.len() > paths.len() && !paths.is_empty() {
        inputs.push_str(&format!(" and {} more", args.paths.len() - paths.len()));
    }
    let has = |rule| report.findings.iter().any(|finding| finding.rule == rule);
    let failure =
        |help| check::Failure { message: format!("{inputs}: no delegate found"), help: Some(help), path: None };
    let help = if has(Rule::InfrastructureCode) {
        "what Terraform or Pulumi applies can be had as YAML: `kubectl get deployments,cronjobs,configmaps --all-namespaces -o yaml | delegate-mtls check -`"
    } else if has(Rule::HelmTemplate) {
        "templates have to be rendered first: `helm template … | delegate-mtls check -`"
    } else if has(Rule::DuplicateKey) {
        "what stands under the first of two equal keys does not count: mend `duplicate-key`, and check again"
    } else {
        return failure(format!("{}; where none is expected, `--allow-no-delegate` says so", delegate::WHAT_IT_IS));
    };
    failure(help.to_owned())
}

/// Prints a report; `texts` are `None` where nothing could be judged.
fn print(args: &CheckArgs, report: &Report, texts: Option<&Texts>, terminal: &mut Terminal) -> Result<(), Failure> {
    let file = args.output.as_deref().filter(|path| *path != Path::new("-"));
    let written = file.map(|file| write_file(file, args.format, report, texts));
    match machine(args.format).filter(|_| file.is_none()) {
        Some(format) => {
            let mut bytes = Vec::new();
            report::write_check(&mut bytes, format, report)?;
            terminal.write_raw(&bytes)?;
        }
        None => {
            let mut out = io::BufWriter::new(terminal.out());
            write_human(&mut out, report, texts)?;
            io::Write::flush(&mut out)?;
        }
    }
    written.unwrap_or(Ok(()))
}

/// Writes a report for a person. Where nothing could be judged there is none: `no findings` would be taken for an answer.
fn write_human(out: &mut dyn io::Write, report: &Report, texts: Option<&Texts>) -> io::Result<()> {
    let Some(texts) = texts else { return Ok(()) };
    report::write_check_human(out, report, &mut |path| texts.open(path))
}

/// Writes the report to a file, whole or not at all.
fn write_file(file: &Path, format: CheckFormat, report: &Report, texts: Option<&Texts>) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    match machine(format) {
        Some(format) => report::write_check(&mut bytes, format, report)?,
        None => {
            let mut plain = anstream::StripStream::new(&mut bytes);
            write_human(&mut plain, report, texts)?;
        }
    }
    let staged = source::stage(file, &bytes, NewFile::Ordinary);
    let written = staged.and_then(|staged| source::commit_all(vec![staged]));
    written.map_err(|error| Message::error(error.to_string(), error.help()))?;
    Ok(())
}

fn machine(format: CheckFormat) -> Option<report::CheckFormat> {
    match format {
        CheckFormat::Human => None,
        CheckFormat::Json => Some(report::CheckFormat::Json),
        CheckFormat::Github => Some(report::CheckFormat::Github),
        CheckFormat::Sarif => Some(report::CheckFormat::Sarif),
        CheckFormat::Gitlab => Some(report::CheckFormat::Gitlab),
        CheckFormat::Junit => Some(report::CheckFormat::Junit),
    }
}

impl Texts {
    /// A text again, and what of it must not be shown. A file that changed or went away is not shown.
    fn open(&self, name: &str) -> Option<Shown> {
        let text = match self.kept.get(name) {
            Some(text) => text.clone(),
            None => source::read_file(self.paths.get(name)?).ok()?.text,
        };
        let masks = check::masks(&text);
        Some(Shown { text, masks })
    }
}
