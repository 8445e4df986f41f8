//! The pair: files → a judged identity.

use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Failure;
use crate::cli::InjectArgs;
use crate::finding::Severity;
use crate::identity::{self, ChainCheck, Identity, Loader, Named, Options};
use crate::report::Message;
use crate::source;

/// The most bytes that a certificate or key file may have. The largest real bundles have a few hundred kilobytes.
const MAX_PEM_BYTES: u64 = 8 * 1024 * 1024;

/// Reads the pair and the authority that were given. `None` where none was, which `--existing-secret` allows.
pub(super) fn load(args: &InjectArgs) -> Result<Option<Identity>, Failure> {
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
    let read = |path: &Path| {
        source::read_bytes(path, MAX_PEM_BYTES).map_err(|error| Message::error(error.to_string(), error.help()))
    };
    let name = |path: &Path| path.display().to_string();
    let files = (read(cert), read(key), args.ca.as_deref().map(read).transpose());
    let (cert_bytes, key_bytes, ca_bytes) = match files {
        (Ok(cert), Ok(key), Ok(ca)) => (cert, key, ca),
        (cert, key, ca) => {
            let messages = [cert.err(), key.err(), ca.err()];
            return Err(Failure::Messages(messages.into_iter().flatten().collect()));
        }
    };
    let (cert_name, key_name, ca_name) = (name(cert), name(key), args.ca.as_deref().map(name).unwrap_or_default());
    let ca = ca_bytes.as_ref().map(|bytes| Named { name: &ca_name, bytes });
    let identity = identity::load(
        Named { name: &cert_name, bytes: &cert_bytes },
        Named { name: &key_name, bytes: &key_bytes },
        ca,
    )
    .map_err(|error| Message::error(error.to_string(), error.help()))?;
    Ok(Some(identity))
}

/// Judges an identity for everyone who is to load it. What is not an error is returned, each once.
pub(super) fn judge(identity: &Identity, args: &InjectArgs, loaders: &[Loader]) -> Result<Vec<Message>, Failure> {
    let options = Options {
        now: now(args.at.as_deref())?,
        expires_within: duration(&args.expires_within)?,
        chain: if args.no_verify { ChainCheck::Skip } else { ChainCheck::ToAnchor },
    };
    let mut findings = Vec::new();
    for &loader in loaders {
        for finding in identity.judge(&options, loader) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let messages: Vec<Message> = findings.iter().map(Message::from).collect();
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure::Messages(messages));
    }
    Ok(identity.notices().iter().map(Message::note).chain(messages).collect())
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now(at: Option<&str>) -> Result<OffsetDateTime, Failure> {
    let Some(at) = at else { return Ok(OffsetDateTime::now_utc()) };
    OffsetDateTime::parse(at, &Rfc3339).map_err(|_| {
        Message::error(
            format!("`--at {at}` is not a time"),
            Some("give it as RFC 3339 has it, such as 2026-11-30T00:00:00Z".to_owned()),
        )
        .into()
    })
}

fn duration(text: &str) -> Result<std::time::Duration, Failure> {
    let digits = text.trim_end_matches(['d', 'h', 'm', 's']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = humantime::parse_duration(text).ok();
    parsed.filter(|_| is_number && text.len() == digits.len() + 1).ok_or_else(|| {
        Message::error(
            format!("`{text}` is not a duration"),
            Some("give a number with a unit: `30d`, `12h`, `5m`, `5s`".to_owned()),
        )
        .into()
    })
}
