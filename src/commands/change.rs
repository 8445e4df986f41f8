//! inject, diff and remove: one way through the stages; they differ in the goal and in what is done with the result.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;

use super::identity::PairFiles;
use super::terminal::Terminal;
use super::{Exit, Failure, identity, mounted, secret_file};
use crate::change::{Changed, change};
use crate::cli::{InjectArgs, OutputArgs, RemoveArgs};
use crate::delegate::parts::MANAGER;
use crate::delegate::{self, Delegate, Foreign, Generation, Index, Service, Stream, Values};
use crate::endpoint::Endpoint;
use crate::finding::Severity;
use crate::identity::{ChainCheck, Identity};
use crate::plan::{Goal, Pair, Present, SecretSource, Text, Upgrader, Value};
use crate::report::{self, Level, Message};
use crate::source::{self, NewFile, Source};
use crate::yaml::{Place, Places};

pub(super) fn inject(args: InjectArgs, output: OutputArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let destination = destination(&args.files, &output)?;
    if let Destination::File(manifest) = &destination {
        spares_the_pair(manifest, &args)?;
    }
    present(&args, destination, output.quiet, terminal)
}

pub(super) fn diff(args: InjectArgs, quiet: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
    present(&args, Destination::Diff, quiet, terminal)
}

pub(super) fn remove(args: RemoveArgs, output: OutputArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let destination = destination(&args.files, &output)?;
    let base = args.endpoint.as_deref().map(manager_base).transpose()?;
    let inputs = Inputs::read(&args.files)?;
    let streams = inputs.streams()?;
    let indexes = inputs.indexes(&streams)?;
    inputs.selected(&indexes, &args.delegate)?;
    let goal = Goal::Absent { base };
    let results = inputs.change(&streams, &indexes, &|_, _| Ok(Cow::Borrowed(&goal)), &args.delegate)?;
    Finished { inputs: &inputs, indexes: &indexes, results, destination, secret_file: None, holds_key: false }.write(
        &[],
        output.quiet,
        terminal,
    )
}

fn present(args: &InjectArgs, destination: Destination, quiet: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.secret_output.as_deref() == Some(Path::new("-")) {
        return Err(Message::error(
            "the Secret cannot go to standard output, where the manifest goes",
            Some("name a file for `--secret-output`".to_owned()),
        )
        .into());
    }
    let identity = pair_files(args)?.map(identity::load).transpose()?;
    let endpoint = args.endpoint.as_deref().map(Endpoint::parse).transpose();
    let endpoint = endpoint.map_err(|error| Message::error(error.to_string(), Some(error.help())))?;
    let inputs = Inputs::read(&args.files)?;
    let streams = inputs.streams()?;
    let indexes = inputs.indexes(&streams)?;
    let selected = inputs.selected(&indexes, &args.delegate)?;
    let messages = match &identity {
        Some(identity) => judged(identity, args, &selected)?,
        None => Vec::new(),
    };
    let secret = match (&args.existing_secret, identity.as_ref().map(pair)) {
        (Some(name), pair) => SecretSource::Existing { name: secret_name(name)?, pair },
        (None, Some(pair)) => match &args.secret_output {
            Some(file) => SecretSource::File { pair, older: secret_file::older(file) },
            None => SecretSource::Stream(pair),
        },
        (None, None) => return Err(Message::error("no pair was given", None).into()),
    };
    let holds_key = matches!(secret, SecretSource::Stream(_)) && !selected.delegates.is_empty();
    let upgrader = if args.no_upgrader { Upgrader::Leave } else { Upgrader::Move };
    let goal = Goal::Present(Present { secret, endpoint, upgrader, files: None });
    let output = match &destination {
        Destination::File(path) => Some(path.as_path()),
        _ => None,
    };
    let of_source = |source: &Source, index: &Index| match (&goal, &args.cert, &args.key) {
        (Goal::Present(present), Some(cert), Some(key)) if !index.services.is_empty() => {
            let files = Some(mounted::files(cert, key, source, output)?);
            Ok(Cow::Owned(Goal::Present(Present { files, ..present.clone() })))
        }
        _ => Ok(Cow::Borrowed(&goal)),
    };
    let results = inputs.change(&streams, &indexes, &of_source, &args.delegate)?;
    let secret_file = args.secret_output.as_deref();
    Finished { inputs: &inputs, indexes: &indexes, results, destination, secret_file, holds_key }
        .write(&messages, quiet, terminal)
}

/// The pair that was typed. `None` where there is none, which `--existing-secret` allows.
fn pair_files(args: &InjectArgs) -> Result<Option<PairFiles<'_>>, Failure> {
    let (cert, key) = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => (cert, key),
        (None, None) if args.existing_secret.is_some() => return Ok(None),
        (cert, _) => {
            let missing = if cert.is_none() { "--cert" } else { "--key" };
            return Err(Message::error(
                format!("`{missing} FILE` is missing"),
                Some("give the pair with `--cert client.crt --key client.key --ca ca.crt`, or refer to a Secret with `--existing-secret NAME`".to_owned()),
            )
            .into());
        }
    };
    if args.ca.is_none() && !args.no_verify {
        return Err(Message::error(
            "`--ca FILE` is missing",
            Some("give the certificate authority that the account's endpoint trusts, or leave the chain unjudged with `--no-verify`".to_owned()),
        )
        .into());
    }
    Ok(Some(PairFiles { cert, key, ca: args.ca.as_deref() }))
}

/// What there is to say of a pair that will work; one that will not is a failure.
fn judged(identity: &Identity, args: &InjectArgs, selected: &Selected<'_>) -> Result<Vec<Message>, Failure> {
    let (delegates, services) = selected.generations();
    let all: Vec<_> = delegates.iter().chain(&services).copied().collect();
    let loaders = identity::loaders(&all);
    let chain = if args.no_verify { ChainCheck::Skip } else { ChainCheck::ToAnchor };
    let findings = identity::judge(identity, &identity::options(&args.judge, chain)?, &loaders);
    let mut messages: Vec<Message> = findings.iter().map(Message::from).collect();
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure::Messages(messages));
    }
    if !services.is_empty() {
        // they mount the files as they are
        let loaders = identity::loaders(&services);
        let mut as_found = Vec::new();
        for finding in loaders.into_iter().flat_map(|loader| identity.as_mounted(loader)) {
            if !as_found.contains(&finding) {
                as_found.push(finding);
            }
        }
        messages.extend(as_found.iter().map(Message::from));
        if as_found.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Failure::Messages(messages));
        }
    }
    // what is done to the pair is done on its way into Secrets
    let notices = identity.notices().iter().filter(|_| !delegates.is_empty());
    Ok(notices.map(Message::note).chain(messages).collect())
}

/// Where the result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Destination {
    Stdout,
    InPlace,
    File(PathBuf),
    /// Nowhere; the exit code tells, and what is shown goes to standard error.
    Check,
    /// Nowhere; the diff is the result.
    Diff,
}

fn destination(files: &[PathBuf], output: &OutputArgs) -> Result<Destination, Failure> {
    let destination = match (&output.output, output.in_place, output.check) {
        (Some(file), ..) if file == Path::new("-") => Destination::Stdout,
        (Some(file), ..) => Destination::File(file.clone()),
        (None, true, _) => Destination::InPlace,
        (None, _, true) => Destination::Check,
        _ => Destination::Stdout,
    };
    let stdin = files.is_empty() || files.iter().any(|file| file == Path::new("-"));
    if destination == Destination::InPlace && stdin {
        return Err(Message::error(
            "standard input cannot be edited in place",
            Some("name the files, or leave `--in-place` out".to_owned()),
        )
        .into());
    }
    if destination == Destination::InPlace {
        let refusals = files.iter().filter_map(|file| source::may_replace(file).err());
        let messages: Vec<Message> = refusals.map(|error| Message::error(error.to_string(), error.help())).collect();
        if !messages.is_empty() {
            return Err(Failure::Messages(messages));
        }
    }
    if files.len() > 1 && matches!(destination, Destination::Stdout | Destination::File(_)) {
        return Err(Message::error(
            format!("{} files cannot become one", files.len()),
            Some("rewrite them with `--in-place`, or look at them with `--check` or `diff`".to_owned()),
        )
        .into());
    }
    Ok(destination)
}

/// Refuses to write the manifest over the Secret that is written just before, or over the key that may have no copy.
fn spares_the_pair(manifest: &Path, args: &InjectArgs) -> Result<(), Failure> {
    let pair =
        [(&args.secret_output, "--secret-output"), (&args.key, "--key"), (&args.cert, "--cert"), (&args.ca, "--ca")];
    for (file, option) in pair {
        if file.as_deref().is_some_and(|file| source::same_file(file, manifest)) {
            return Err(Message::error(
                format!("{}: is the file of `{option}`, and would be overwritten by the manifest", manifest.display()),
                Some("name another file for `--output`".to_owned()),
            )
            .into());
        }
    }
    Ok(())
}

/// A manager base URL as `remove` takes it: without trailing slashes; a template's placeholder stays as it is.
fn manager_base(given: &str) -> Result<String, Failure> {
    let base = given.trim_end_matches('/');
    let fail = |why: &str| {
        Message::error(
            format!("`--endpoint` is not a manager URL: {why}"),
            Some("give the base URL to restore, such as `https://app.harness.io/gratis`".to_owned()),
        )
    };
    if base.trim().is_empty() || base.ends_with(':') || base.chars().any(char::is_control) {
        return Err(fail("nothing is left of it").into());
    }
    if let Some((scheme, rest)) = base.split_once("://") {
        if !matches!(scheme, "http" | "https") {
            return Err(fail("its scheme must be http or https").into());
        }
        if rest.split('/').next().is_some_and(|authority| authority.contains('@')) {
            return Err(fail("it must not hold a user or a password").into());
        }
        if base.contains(' ') {
            return Err(fail("it must not hold blanks").into());
        }
        if base.contains(['?', '#']) {
            return Err(fail("it must have neither a query nor a fragment").into());
        }
    }
    Ok(base.to_owned())
}

/// The name of a Secret.
fn secret_name(name: &str) -> Result<String, Failure> {
    if delegate::is_object_name(name) {
        return Ok(name.to_owned());
    }
    Err(Message::error(
        format!("`{name}` cannot be the name of a Secret"),
        Some("a name has lower-case letters, digits, `-` and `.`, at most 253 of them".to_owned()),
    )
    .into())
}

fn pair(identity: &Identity) -> Pair {
    Pair {
        certificate: Text::secret(STANDARD.encode(identity.certificate_pem())),
        key: Text::secret(STANDARD.encode(identity.key_pem().expose())),
    }
}

/// What a source shall be.
type GoalOf<'f, 'g> = dyn Fn(&Source, &Index) -> Result<Cow<'g, Goal>, Message> + Sync + 'f;

/// Fewer files than this are done sooner than other threads are started.
const MANY: usize = 16;

/// The delegates that are meant.
struct Selected<'i> {
    /// Of Kubernetes.
    delegates: Vec<&'i Delegate>,
    /// Of Helm.
    values: Vec<&'i Values>,
    /// Of docker-compose.
    services: Vec<&'i Service>,
}

impl<'i> Selected<'i> {
    /// Their generations: of those that get the pair by a Secret, and of docker-compose's. What the chart installs is a
    /// classic delegate.
    fn generations(&self) -> (Vec<&'i Generation>, Vec<&'i Generation>) {
        let of_charts = self.values.iter().map(|_| &Generation::Classic);
        (
            self.delegates.iter().map(|delegate| &delegate.generation).chain(of_charts).collect(),
            self.services.iter().map(|service| &service.generation).collect(),
        )
    }
}

/// Everything that was read.
struct Inputs {
    sources: Vec<Source>,
}

impl Inputs {
    fn read(files: &[PathBuf]) -> Result<Inputs, Failure> {
        let stdin = [PathBuf::from("-")];
        let files = if files.is_empty() { &stdin } else { files };
        let mut sources: Vec<Source> = Vec::new();
        let mut messages = Vec::new();
        for file in files {
            let read = if file == Path::new("-") { source::read_stdin(io::stdin()) } else { source::read_file(file) };
            match read {
                Ok(source) => {
                    let twin =
                        sources.iter().find(|other| source.file_id().is_some() && other.file_id() == source.file_id());
                    if let Some(twin) = twin {
                        messages.push(Message::error(
                            format!("{}: is the same file as {}", source.name, twin.name),
                            Some("name it once".to_owned()),
                        ));
                    }
                    sources.push(source);
                }
                Err(error) => messages.push(Message::error(error.to_string(), error.help())),
            }
        }
        if messages.is_empty() { Ok(Inputs { sources }) } else { Err(Failure::Messages(messages)) }
    }

    fn streams(&self) -> Result<Vec<Stream<'_>>, Failure> {
        self.each(|_, source| match Foreign::of(&source.name, &source.text) {
            Some(foreign @ (Foreign::Terraform | Foreign::JsonValues)) => Err(refused(source, foreign)),
            // as any other file without a delegate, unless one is described in it
            Some(foreign @ Foreign::Pulumi) if source.text.contains(MANAGER) => Err(refused(source, foreign)),
            _ => Stream::new(&source.text).map_err(|error| broken(source, &error)),
        })
    }

    fn indexes(&self, streams: &[Stream<'_>]) -> Result<Vec<Index>, Failure> {
        self.each(|number, source| {
            let stream = streams.get(number).ok_or_else(|| unread(source))?;
            let index = delegate::read(stream).map_err(|error| broken(source, &error))?;
            index.template.map_or(Ok(index), |at| Err(template(source, at)))
        })
    }

    /// Does the same with every source, of many on all cores; all that fail are told of.
    fn each<'s, T: Send>(
        &'s self,
        run: impl Fn(usize, &'s Source) -> Result<T, Message> + Sync,
    ) -> Result<Vec<T>, Failure> {
        let results: Vec<Result<T, Message>> = if self.sources.len() < MANY {
            self.sources.iter().enumerate().map(|(number, source)| run(number, source)).collect()
        } else {
            self.sources.par_iter().enumerate().map(|(number, source)| run(number, source)).collect()
        };
        let mut done = Vec::with_capacity(results.len());
        let mut messages = Vec::new();
        for result in results {
            match result {
                Ok(result) => done.push(result),
                Err(message) => messages.push(message),
            }
        }
        if messages.is_empty() { Ok(done) } else { Err(Failure::Messages(messages)) }
    }

    /// The delegates that are meant. Nothing found is an error, never a silent success.
    fn selected<'i>(&self, indexes: &'i [Index], names: &[String]) -> Result<Selected<'i>, Failure> {
        let delegates = || indexes.iter().flat_map(|index| &index.delegates);
        let values = || indexes.iter().flat_map(|index| &index.values);
        let services = || indexes.iter().flat_map(|index| &index.services);
        let known = delegates().map(|delegate| &delegate.name).chain(values().map(|values| &values.name));
        let known: Vec<&String> = known.chain(services().map(|service| &service.name)).collect();
        let inputs = self.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ");
        let foreign = |source: &Source| Some(refused(source, Foreign::of(&source.name, &source.text)?));
        if known.is_empty() {
            if let Some(message) = self.sources.iter().find_map(foreign) {
                return Err(message.into());
            }
            return Err(
                Message::error(format!("{inputs}: no delegate found"), Some(delegate::WHAT_IT_IS.to_owned())).into()
            );
        }
        if let Some(missing) = names.iter().find(|name| !known.contains(name)) {
            let mut found: Vec<String> = known.iter().take(10).map(|name| format!("`{name}`")).collect();
            if known.len() > found.len() {
                found.push(format!("{} more", known.len() - found.len()));
            }
            return Err(Message::error(
                format!("{inputs}: no delegate is named `{missing}`"),
                Some(format!("there is {}", found.join(", "))),
            )
            .into());
        }
        let is_meant = |name: &String| names.is_empty() || names.contains(name);
        Ok(Selected {
            delegates: delegates().filter(|delegate| is_meant(&delegate.name)).collect(),
            values: values().filter(|values| is_meant(&values.name)).collect(),
            services: services().filter(|service| is_meant(&service.name)).collect(),
        })
    }

    /// Brings the selected delegates of every source to the goal that `goal` gives for it.
    fn change<'g>(
        &self,
        streams: &[Stream<'_>],
        indexes: &[Index],
        goal: &GoalOf<'_, 'g>,
        names: &[String],
    ) -> Result<Vec<Changed>, Failure> {
        self.each(|number, source| {
            let (Some(stream), Some(index)) = (streams.get(number), indexes.get(number)) else {
                return Err(unread(source));
            };
            change(stream, index, goal(source, index)?.as_ref(), names).map_err(|error| {
                Message::error(place(source, error.offset(), &error.to_string()), error.help().map(str::to_owned))
            })
        })
    }
}

/// Each source has a stream and an index.
fn unread(source: &Source) -> Message {
    Message::error(format!("internal error: {}: was not read; nothing was written", source.name), None)
}

fn refused(source: &Source, foreign: Foreign) -> Message {
    Message::error(format!("{}: {}", source.name, foreign.why()), Some(foreign.help().to_owned()))
}

fn broken(source: &Source, error: &delegate::StreamError) -> Message {
    if let Some(at) = delegate::template::in_broken(&source.text, error.offset) {
        return template(source, at);
    }
    let help = source
        .text
        .contains("{{")
        .then(|| "a template has to be rendered first: `helm template … | delegate-mtls inject -`".to_owned());
    Message::error(place(source, Some(error.offset), &error.to_string()), help)
}

/// Why nothing is done to a template.
fn template(source: &Source, offset: usize) -> Message {
    Message::error(
        place(source, Some(offset), "a Helm template, and only what it renders to can be edited"),
        Some("render it first: `helm template … | delegate-mtls inject -`; or inject into the chart's values.yaml instead".to_owned()),
    )
}

fn place(source: &Source, offset: Option<usize>, message: &str) -> String {
    match offset {
        Some(offset) => format!("{}:{}: {message}", source.name, Place::of(&source.text, offset)),
        None => format!("{}: {message}", source.name),
    }
}

/// All results, ready to be written.
struct Finished<'a> {
    inputs: &'a Inputs,
    indexes: &'a [Index],
    results: Vec<Changed>,
    destination: Destination,
    secret_file: Option<&'a Path>,
    holds_key: bool,
}

impl Finished<'_> {
    fn write(self, messages: &[Message], quiet: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let mut messages = messages.to_vec();
        let mut secrets: Vec<Value> = Vec::new();
        for secret in self.results.iter().flat_map(|result| &result.secrets) {
            // the values of one delegate for two clusters name one Secret
            if !secrets.contains(secret) {
                secrets.push(secret.clone());
            }
        }
        let secret_file = match self.secret_file {
            Some(path) if !secrets.is_empty() => secret_file::stage(path, &secrets)?,
            _ => None,
        };
        let differs = secret_file.is_some() || self.pairs().any(|(source, result)| source.text != result.text);
        let writes = !matches!(self.destination, Destination::Check | Destination::Diff);
        // the Secret first: a manifest that names it must not be there without it
        let mut staged: Vec<_> = secret_file.into_iter().filter(|_| writes).collect();
        let fail = |error: source::ReplaceError| {
            if error.is_broken_pipe() {
                return Failure::BrokenPipe;
            }
            Message::error(error.to_string(), error.help()).into()
        };
        match &self.destination {
            Destination::InPlace => {
                for (source, result) in self.pairs().filter(|(source, result)| source.text != result.text) {
                    staged.push(source.stage(result.text.as_bytes()).map_err(fail)?);
                }
            }
            Destination::File(path) => {
                let new = if self.holds_key { NewFile::Private } else { NewFile::Ordinary };
                for result in &self.results {
                    staged.push(source::stage(path, result.text.as_bytes(), new).map_err(fail)?);
                }
            }
            Destination::Stdout | Destination::Check | Destination::Diff => {}
        }
        for written in source::commit_all(staged).map_err(fail)? {
            // of several files, those of docker-compose mount the key and hold none
            let is_compose = self.inputs.sources.iter().zip(self.indexes).any(|(source, index)| {
                source.name == written.name && index.delegates.is_empty() && !index.services.is_empty()
            });
            let holds_key = self.holds_key && !is_compose
                || self.secret_file.is_some_and(|path| path.display().to_string() == written.name);
            if holds_key {
                messages.extend(identity::readable_key(&written));
            }
        }
        if self.destination == Destination::Stdout {
            for result in &self.results {
                terminal.write_raw(result.text.as_bytes())?;
            }
        }
        match self.report(&messages, quiet, terminal) {
            printed if self.destination == Destination::InPlace => super::reported(printed, terminal)?,
            // the answer does not depend on how much of the diff was read
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        }
        let says_no = matches!(self.destination, Destination::Check | Destination::Diff) && differs;
        Ok(if says_no { Exit::No } else { Exit::Done })
    }

    fn pairs(&self) -> impl Iterator<Item = (&Source, &Changed)> {
        self.inputs.sources.iter().zip(&self.results)
    }

    fn report(&self, messages: &[Message], quiet: bool, terminal: &mut Terminal) -> io::Result<()> {
        for message in messages.iter().filter(|message| !quiet || message.level > Level::Note) {
            message.write(terminal.err())?;
        }
        for ((source, result), index) in self.pairs().zip(self.indexes) {
            let mut places = Places::new(&source.text);
            for warning in &result.warnings {
                let text = format!("{}:{}: {}", source.name, places.of(warning.offset), warning.message);
                Message::warning(text, warning.help.clone()).write(terminal.err())?;
            }
            if quiet {
                continue;
            }
            let change = report::Change {
                name: &source.name,
                old: &source.text,
                old_masks: &index.masks,
                new: &result.text,
                new_masks: &result.masks,
                regions: &result.regions,
            };
            let diff_is_result = matches!(self.destination, Destination::InPlace | Destination::Diff);
            let out = if diff_is_result { terminal.out() } else { terminal.err() };
            let mut out = io::BufWriter::new(out);
            report::write_diff(&mut out, &change)?;
            io::Write::flush(&mut out)?;
            drop(out);
            if index.delegates.is_empty() && index.values.is_empty() && index.services.is_empty() {
                Message::note(format!("{}: no delegate in it, left alone", source.name)).write(terminal.err())?;
            }
            for summary in &result.summaries {
                report::write_summary(terminal.err(), &source.name, summary)?;
            }
        }
        Ok(())
    }
}
