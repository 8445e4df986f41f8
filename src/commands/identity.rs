//! The pair: files → an identity → findings; and what was typed of the time to judge by.

use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::Failure;
use crate::cli::JudgeArgs;
use crate::delegate::Generation;
use crate::finding::Finding;
use crate::identity::{self, ChainCheck, Identity, Loader, Named, Options};
use crate::report::Message;
use crate::source::{self, Written, shell};

/// The most bytes that a certificate or key file may have. The largest real bundles have a few hundred kilobytes.
const MAX_PEM_BYTES: u64 = 8 * 1024 * 1024;

/// The files of a pair, as they were typed.
#[derive(Clone, Copy)]
pub(super) struct PairFiles<'a> {
    pub(super) cert: &'a Path,
    pub(super) key: &'a Path,
    pub(super) ca: Option<&'a Path>,
}

/// Reads a pair and its authority; every file that cannot be read is reported.
pub(super) fn load(files: PairFiles<'_>) -> Result<Identity, Failure> {
    let (cert, key) = (read(files.cert), read(files.key));
    let (cert, key, ca) = match (cert, key, files.ca.map(read).transpose()) {
        (Ok(cert), Ok(key), Ok(ca)) => (cert, key, ca),
        (cert, key, ca) => {
            let messages = [cert.err(), key.err(), ca.err()];
            return Err(Failure::Messages(messages.into_iter().flatten().collect()));
        }
    };
    let identity = identity::load(cert.named(), key.named(), ca.as_ref().map(PemFile::named));
    identity.map_err(|error| Message::error(error.to_string(), error.help()).into())
}

/// A file of certificates or keys. Wiped when dropped, because it may hold a key.
pub(super) struct PemFile {
    name: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl PemFile {
    pub(super) fn named(&self) -> Named<'_> {
        Named { name: &self.name, bytes: &self.bytes }
    }
}

/// Reads a certificate or key file.
pub(super) fn read(path: &Path) -> Result<PemFile, Message> {
    let bytes = source::read_bytes(path, MAX_PEM_BYTES);
    let bytes = bytes.map_err(|error| Message::error(error.to_string(), error.help()))?;
    Ok(PemFile { name: path.display().to_string(), bytes })
}

/// The warning for a file that holds a key now, if others can read it.
pub(super) fn readable_key(written: &Written) -> Option<Message> {
    let name = &written.name;
    written.readable_by_others.then(|| {
        Message::warning(
            format!("{name}: holds a private key, and others than its owner can read it"),
            Some(format!("chmod go= {}", shell(name))),
        )
    })
}

/// By what to judge: the options as they were typed.
pub(super) fn options(args: &JudgeArgs, chain: ChainCheck) -> Result<Options, Failure> {
    Ok(Options { now: now(args.at.as_deref())?, expires_within: duration(&args.expires_within)?, chain })
}

/// Who loads the pair of delegates of these generations.
pub(super) fn loaders(generations: &[&Generation]) -> Vec<Loader> {
    let any = |generation: Generation| generations.contains(&&generation);
    let mut loaders = Vec::new();
    if any(Generation::Classic) || !any(Generation::ThreeX) {
        loaders.push(Loader::Java);
    }
    if any(Generation::ThreeX) {
        loaders.push(Loader::Go);
    }
    loaders
}

/// Judges an identity for everyone who is to load it: every finding once, the worst first.
pub(super) fn judge(identity: &Identity, options: &Options, loaders: &[Loader]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for &loader in loaders {
        for finding in identity.judge(options, loader) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
/// Now, in whole seconds, which is what certificates count in.
pub(super) fn clock() -> OffsetDateTime {
    OffsetDateTime::now_utc().truncate_to_second()
}

pub(super) fn now(at: Option<&str>) -> Result<OffsetDateTime, Failure> {
    let Some(at) = at else { return Ok(clock()) };
    OffsetDateTime::parse(at, &Rfc3339).map_err(|_| {
        Message::error(
            format!("`--at {at}` is not a time"),
            Some("give it as RFC 3339 has it, such as 2026-11-30T00:00:00Z".to_owned()),
        )
        .into()
    })
}

pub(super) fn duration(text: &str) -> Result<std::time::Duration, Failure> {
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
