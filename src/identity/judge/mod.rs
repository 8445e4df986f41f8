//! A loaded pair + the authority + now + who loads it → findings: `key`, `certificate` and `issuer` look at one thing
//! each, `help` words the commands. The order of the checks is the order of the findings within one severity: what the
//! user can act on first comes first.

mod certificate;
mod help;
mod issuer;
mod key;

use std::cmp::Reverse;

use time::OffsetDateTime;

use super::certificate::{Certificate, Fingerprint, name};
use super::chain::{self, Member, Origin, Path};
use super::key::Key;
use super::{Authority, ChainCheck, Loader, Options};
use crate::finding::{Finding, Rule, Severity};

/// What is judged: the client's certificates in the order of a chain, and what belongs to them.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// What messages call the file of the certificates.
    pub(super) certificate_name: &'a str,
    /// Leaf first.
    pub(super) chain: &'a [Certificate],
    /// The key, and what messages call its file.
    pub(super) key: Option<(&'a str, &'a Key)>,
    pub(super) ca: Option<&'a Authority>,
    /// Where the pair stands, if not in files of its own.
    pub(super) home: Option<&'a Home>,
}

/// A Secret that holds the pair. There are no files that a command could be run on, so help speaks of the manifest.
pub(crate) struct Home {
    /// The manifest, as a word for a shell.
    pub(crate) manifest: String,
    /// What puts `client.crt` and `client.key` there.
    pub(crate) put: String,
    /// Whether that brings them into the form that a delegate reads.
    pub(crate) put_mends: bool,
    /// What has a new pair issued and puts that there.
    pub(crate) renew: String,
    /// What takes the password off `client.key` and puts the pair there.
    pub(crate) decrypt: String,
}

/// Everything there is to say about a client's pair.
pub(super) fn judge(subject: &Subject<'_>, options: &Options, loader: Loader) -> Vec<Finding> {
    let asked = options.chain == ChainCheck::ToAnchor;
    let path = path(subject, options);
    let mut judgement = Judgement { subject, path: &path, depth: 0, findings: Vec::new() };
    judgement.key(loader);
    judgement.leaf_is_not_the_ca();
    judgement.validity(options.now);
    judgement.usage();
    judgement.extensions();
    judgement.names(loader);
    judgement.strength();
    judgement.issuers();
    judgement.name_constraints(options.now);
    judgement.end_of_path(asked);
    judgement.namesakes();
    judgement.expiry(options);
    judgement.versions();
    judgement.in_order()
}

fn path<'a>(subject: &Subject<'a>, options: &Options) -> Path<'a> {
    match subject.ca {
        Some(ca) if options.chain == ChainCheck::ToAnchor => chain::walk(subject.chain, &ca.certificates, options.now),
        _ => chain::alone(subject.chain, Origin::Client),
    }
}

/// The certificates that [`judge`] looks at.
pub(super) fn judged(subject: &Subject<'_>, options: &Options) -> Vec<Fingerprint> {
    path(subject, options).members.iter().map(|member| member.certificate.summary.fingerprint).collect()
}

/// Everything there is to say about one certificate of an authority, on its own.
pub(super) fn judge_authority(subject: &Subject<'_>, options: &Options) -> Vec<Finding> {
    let path = chain::alone(subject.chain, Origin::Ca);
    let mut judgement = Judgement { subject, path: &path, depth: 1, findings: Vec::new() };
    judgement.soundness();
    judgement.validity(options.now);
    judgement.usage();
    judgement.extensions();
    judgement.strength();
    judgement.issuers();
    judgement.expiry(options);
    judgement.versions();
    judgement.in_order()
}

struct Judgement<'a> {
    subject: &'a Subject<'a>,
    path: &'a Path<'a>,
    /// How far above the leaf the path begins.
    depth: usize,
    findings: Vec<Finding>,
}

impl<'a> Judgement<'a> {
    fn in_order(self) -> Vec<Finding> {
        let mut findings = self.findings;
        // Stable: the order of the checks stays within a severity.
        findings.sort_by_key(|finding| Reverse(finding.severity));
        findings
    }

    fn say(&mut self, rule: Rule, severity: Severity, place: &str, message: String, help: Option<String>) {
        self.findings.push(Finding { rule, severity, place: Some(place.to_owned()), message, help });
    }

    fn error(&mut self, rule: Rule, place: &str, message: String, help: Option<String>) {
        self.say(rule, Severity::Error, place, message, help);
    }

    fn ca_name(&self) -> &'a str {
        self.subject.ca.map_or("", |ca| ca.name.as_str())
    }

    fn place(&self, origin: Origin) -> &'a str {
        match origin {
            Origin::Ca if self.subject.ca.is_some() => self.ca_name(),
            Origin::Client | Origin::Ca => self.subject.certificate_name,
        }
    }

    /// The leaf and the authorities above it, with the words and the file for each.
    fn members(&self) -> Vec<(usize, &'a Member<'a>, String, &'a str)> {
        let members = self.path.members.iter().enumerate();
        members
            .map(|(at, member)| {
                let at = at + self.depth;
                let who = match (at, member.origin) {
                    (0, _) => "the certificate".to_owned(),
                    (_, Origin::Client) => {
                        format!("the intermediate `{}`", name(member.x509.subject()))
                    }
                    (_, Origin::Ca) => format!("the CA `{}`", name(member.x509.subject())),
                };
                let place = if at == 0 { self.subject.certificate_name } else { self.place(member.origin) };
                (at, member, who, place)
            })
            .collect()
    }

    /// Whether the authority's file holds this very certificate.
    fn is_in_ca(&self, member: &Member<'_>) -> bool {
        self.subject.ca.is_some_and(|ca| ca.certificates.contains(member.certificate))
    }
}

fn listed(names: Vec<String>) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

pub(crate) fn date(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
