//! certs ca and certs client: what was typed → one call of the issuance → files, all or none.

use std::path::{Path, PathBuf};

use super::terminal::Terminal;
use super::{Exit, Failure, identity};
use crate::cli::{Bits, CaArgs, ClientArgs, IssueArgs};
use crate::identity::{date, shell};
use crate::issuance::{self, Authority, CLIENT_SUBJECT, Holder, IssueError, Issued, KeySize, Lifetime, Names, Subject};
use crate::report::{Level, Message};
use crate::source::{self, NewFile, ReplaceError};

pub(super) fn ca(args: &CaArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = Target::of(&args.files, "ca");
    let subject = subject(&args.subject)?;
    let issued = issuance::authority(&subject, size(args.key.bits), &lifetime(&args.files)?).map_err(failure)?;
    let mut messages = target.write(&issued, &args.files)?;
    let (cert, key) = (target.certificate_name(), target.key_name());
    messages.push(Message::warning(
        format!("{key}: whoever has this key can issue certificates that pass for yours; keep it out of git"),
        Some(format!("echo {} >> {}", shell("/ca.key"), shell(&beside(&target.key, ".gitignore")))),
    ));
    messages.push(next(
        "issue a client certificate",
        format!("delegate-mtls certs client --ca {} --ca-key {}", shell(&cert), shell(&key)),
    ));
    report(&target, &issued, &messages, terminal)
}

pub(super) fn client(args: &ClientArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = Target::of(&args.files, "client");
    target.spares(args)?;
    let typed = args.subject.as_deref().map(subject).transpose()?;
    let (ca, ca_key) = (identity::read(&args.ca), identity::read(&args.ca_key));
    let csr = args.csr.as_deref().map(identity::read).transpose();
    let (ca, ca_key, csr) = match (ca, ca_key, csr) {
        (Ok(ca), Ok(ca_key), Ok(csr)) => (ca, ca_key, csr),
        (ca, ca_key, csr) => {
            let messages = [ca.err(), ca_key.err(), csr.err()];
            return Err(Failure::Messages(messages.into_iter().flatten().collect()));
        }
    };
    let documented = subject(CLIENT_SUBJECT)?;
    let holder = match &csr {
        Some(csr) => Holder::Request { csr: csr.named(), subject: typed.as_ref() },
        None => Holder::NewKey(typed.as_ref().unwrap_or(&documented), size(args.key.bits)),
    };
    let authority = Authority { ca: ca.named(), key: ca_key.named() };
    let (cert, key) = (target.certificate_name(), target.key_name());
    let names = Names { certificate: &cert, key: &key };
    let issued = issuance::client(holder, &authority, &lifetime(&args.files)?, &names).map_err(failure)?;
    let mut messages: Vec<Message> = issued.notices.iter().map(Message::note).collect();
    messages.extend(issued.findings.iter().map(Message::from));
    messages.extend(target.write(&issued, &args.files)?);
    let key = if issued.key.is_some() { shell(&key) } else { "KEY".to_owned() };
    messages.push(next(
        "put the pair into the manifest",
        format!(
            "delegate-mtls inject MANIFEST --cert {} --key {key} --ca {} --endpoint https://NAME.harness.io:8443",
            shell(&cert),
            shell(&args.ca.display().to_string())
        ),
    ));
    report(&target, &issued, &messages, terminal)
}

/// The two files of what is issued.
struct Target {
    certificate: PathBuf,
    key: PathBuf,
}

impl Target {
    fn of(args: &IssueArgs, stem: &str) -> Target {
        let file = |extension: &str| {
            let name = format!("{stem}.{extension}");
            // what is shown is what one would type
            if args.out_dir == Path::new(".") { PathBuf::from(name) } else { args.out_dir.join(name) }
        };
        Target { certificate: file("crt"), key: file("key") }
    }

    fn certificate_name(&self) -> String {
        self.certificate.display().to_string()
    }

    fn key_name(&self) -> String {
        self.key.display().to_string()
    }

    /// The key first: a certificate must not be there without it.
    fn files<'a>(&'a self, issued: &'a Issued) -> Vec<(&'a Path, &'a str, NewFile)> {
        let key = issued.key.as_ref().map(|key| (self.key.as_path(), key.expose(), NewFile::Private));
        let certificate = (self.certificate.as_path(), issued.certificate_pem.as_str(), NewFile::Ordinary);
        key.into_iter().chain([certificate]).collect()
    }

    /// Refuses to write over what is read, whatever was forced.
    fn spares(&self, args: &ClientArgs) -> Result<(), Failure> {
        let inputs = [(Some(&args.ca), "--ca"), (Some(&args.ca_key), "--ca-key"), (args.csr.as_ref(), "--csr")];
        let key = args.csr.is_none().then_some(&self.key);
        for output in [Some(&self.certificate), key].into_iter().flatten() {
            for (input, option) in inputs {
                if input.is_some_and(|input| source::same_file(input, output)) {
                    return Err(Message::error(
                        format!("{}: is the file of `{option}`, and would be overwritten", output.display()),
                        Some("write elsewhere with `--out-dir DIR`".to_owned()),
                    )
                    .into());
                }
            }
        }
        Ok(())
    }

    /// Writes all files or none; what there is to say of them comes back.
    fn write(&self, issued: &Issued, args: &IssueArgs) -> Result<Vec<Message>, Failure> {
        let files = self.files(issued);
        if !args.force {
            let there = files.iter().filter(|(path, ..)| path.symlink_metadata().is_ok());
            let there: Vec<String> = there.map(|(path, ..)| path.display().to_string()).collect();
            if !there.is_empty() {
                let exist = if there.len() == 1 { "exists" } else { "exist" };
                return Err(Message::error(
                    format!("{}: {exist} already", there.join(", ")),
                    Some("write elsewhere with `--out-dir DIR`, or overwrite with `--force`".to_owned()),
                )
                .into());
            }
        }
        let staged = files.iter().map(|(path, text, new)| source::stage(path, text.as_bytes(), *new));
        let staged = staged.collect::<Result<Vec<_>, _>>().map_err(|error| not_written(&error))?;
        let written = source::commit_all(staged).map_err(|error| not_written(&error))?;
        let keys = written.iter().zip(&files).filter(|(_, (.., new))| *new == NewFile::Private);
        Ok(keys.filter_map(|(written, _)| identity::readable_key(written)).collect())
    }
}

/// The result on standard output: a line for each file, and below the certificate's what a person reads of it.
fn report(target: &Target, issued: &Issued, messages: &[Message], terminal: &mut Terminal) -> Result<Exit, Failure> {
    let certificate = &issued.certificate;
    let mut text = format!(
        "{}\n  subject: {}\n  valid: {} to {}\n  SHA-256: {}\n",
        target.certificate_name(),
        certificate.subject,
        date(certificate.not_before),
        date(certificate.not_after),
        certificate.fingerprint
    );
    if issued.key.is_some() {
        text.push_str(&format!("{}\n", target.key_name()));
    }
    let printed = terminal.write_raw(text.as_bytes());
    super::reported(printed, terminal)?;
    for message in messages {
        message.write(terminal.err())?;
    }
    Ok(Exit::Done)
}

fn subject(text: &str) -> Result<Subject, Failure> {
    text.parse::<Subject>().map_err(|error| Message::error(format!("`--subject`: {error}"), Some(error.help())).into())
}

fn size(bits: Bits) -> KeySize {
    match bits {
        Bits::Rsa2048 => KeySize::Rsa2048,
        Bits::Rsa3072 => KeySize::Rsa3072,
        Bits::Rsa4096 => KeySize::Rsa4096,
    }
}

fn lifetime(args: &IssueArgs) -> Result<Lifetime, Failure> {
    Ok(Lifetime { now: identity::now(None)?, days: args.days })
}

fn failure(error: IssueError) -> Failure {
    match error {
        IssueError::Refused(findings) => Failure::Messages(findings.iter().map(Message::from).collect()),
        error => Message::error(error.to_string(), error.help()).into(),
    }
}

fn not_written(error: &ReplaceError) -> Failure {
    let help = match error {
        ReplaceError::NotRegular { .. } | ReplaceError::Protected { .. } | ReplaceError::ProtectedDirectory { .. } => {
            Some("write elsewhere with `--out-dir DIR`".to_owned())
        }
        error => error.help(),
    };
    Message::error(error.to_string(), help).into()
}

fn next(step: &str, command: String) -> Message {
    Message { level: Level::Note, text: format!("next, {step}"), help: Some(command) }
}

fn beside(path: &Path, name: &str) -> String {
    path.with_file_name(name).display().to_string()
}
