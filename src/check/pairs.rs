//! The pairs that Secrets hold, judged as `inject` would judge the files, each for whoever reads it.

use std::collections::{BTreeMap, HashMap, HashSet};

use time::OffsetDateTime;

use super::facts::{Object, Secret, Spot};
use super::fleet::{Found, Judge};
use super::report::At;
use super::wiring::Read;
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY, VOLUME};
use crate::delegate::{Location, SecretDefect, SecretValue};
use crate::finding::{Finding, Rule, Severity};
use crate::identity::{
    self, CertificateSummary, ChainCheck, Lineage, LoadError, Loader, Named, Options, Role, printable,
};

/// A certificate authority's file.
pub struct Ca {
    name: String,
    bytes: Vec<u8>,
}

impl Ca {
    /// Takes a file that holds at least one certificate.
    ///
    /// # Errors
    /// When it holds none, or one that cannot be read.
    pub fn read(file: Named<'_>) -> Result<Ca, LoadError> {
        identity::read_certificates(file, Role::Ca)?;
        Ok(Ca { name: file.name.to_owned(), bytes: file.bytes.to_vec() })
    }

    fn named(&self) -> Named<'_> {
        Named { name: &self.name, bytes: &self.bytes }
    }
}

/// The values that make a pair.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PairId {
    certificate: Option<Read>,
    key: Option<Read>,
}

impl PairId {
    pub(super) fn of([certificate, key]: &[Option<Read>; 2]) -> Option<PairId> {
        (certificate.is_some() || key.is_some()).then(|| PairId { certificate: certificate.clone(), key: key.clone() })
    }
}

/// What a pair was judged to be.
pub(super) struct JudgedPair {
    pub(super) found: Vec<Found>,
    pub(super) lineage: Option<Lineage>,
    /// Where its certificate stands.
    pub(super) at: Option<(u32, Spot)>,
}

impl JudgedPair {
    pub(super) fn expires(&self) -> Option<OffsetDateTime> {
        self.lineage.as_ref().map(|lineage| lineage.expires)
    }
}

/// By what pairs are judged.
#[derive(Clone, Copy)]
pub(super) struct Standard<'c> {
    pub(super) cas: &'c [Ca],
    pub(super) options: &'c Options,
}

/// The pairs in Secrets that nobody mounts, and that are meant for a delegate all the same: beside one, or by name.
pub(super) fn unmounted(judge: &Judge<'_, '_>, mounted: &BTreeMap<PairId, Loader>) -> Vec<(PairId, Loader)> {
    let read = mounted.keys().flat_map(|pair| pair.certificate.iter().chain(&pair.key)).map(|read| read.secret);
    // one of the same name in another namespace is another cluster's matter, or nobody's
    let named = |secret: Location| Some((secret.file, judge.fleet.secret_at(secret)?.name.text.as_str()));
    let read: HashSet<(u32, &str)> = read.filter_map(named).collect();
    let mut files: HashMap<u32, bool> = HashMap::new();
    for delegate in judge.fleet.delegates() {
        let is_three_x = delegate.generation == crate::delegate::Generation::ThreeX;
        *files.entry(delegate.workload.file).or_insert(true) &= is_three_x;
    }
    let mut pairs = Vec::new();
    for (file, facts) in (0..).zip(judge.fleet.facts) {
        let beside = files.get(&file);
        for (location, object) in &facts.objects {
            let Object::Secret(secret) = object else { continue };
            let location = Location { file, ..*location };
            let is_meant = beside.is_some() || secret.name.text.contains(VOLUME);
            let is_read = read.contains(&(file, secret.name.text.as_str()));
            if !secret.is_pair() || !is_meant || is_read || judge.fleet.is_mounted(location, secret) {
                continue;
            }
            let read = |key: &str| Some(Read { secret: location, key: key.to_owned() });
            let pair = PairId { certificate: read(CERTIFICATE_KEY), key: read(KEY_KEY) };
            let loader = if beside == Some(&true) { Loader::Go } else { Loader::Java };
            pairs.push((pair, loader));
        }
    }
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    pairs
}

impl<'f> Judge<'_, 'f> {
    /// Judges a pair for who loads it.
    pub(super) fn pair(mut self, pair: &PairId, loader: Loader, standard: Standard<'_>) -> JudgedPair {
        let certificate = self.value(pair.certificate.as_ref());
        let key = self.value(pair.key.as_ref());
        for (value, role) in [(&certificate, Role::Certificate), (&key, Role::Key)] {
            if let Some(value) = value {
                self.encoding(value, role);
            }
        }
        let readable = |value: &Option<Value<'f>>| value.filter(|value| !value.it.bytes.is_empty());
        let (certificate, key) = (readable(&certificate), readable(&key));
        let named = |value: Value<'f>| Named { name: &value.it.key, bytes: &value.it.bytes };
        let judge =
            |ca: Option<Named<'_>>| findings(certificate.map(named), key.map(named), ca, standard.options, loader);
        // the authority that fits best: of several that do not, the first
        let judged = standard.cas.iter().map(|ca| (Some(ca), judge(Some(ca.named()))));
        let errors = |findings: &[Finding]| findings.iter().filter(|it| it.severity == Severity::Error).count();
        let best = judged.min_by_key(|(_, findings)| errors(findings));
        let (ca, findings) = best.unwrap_or_else(|| (None, judge(None)));
        for finding in findings.into_iter().filter(|finding| finding.rule != Rule::ChainNotJudged) {
            self.place(finding, certificate, key, ca);
        }
        let lineage =
            certificate.and_then(|value| identity::lineage(named(value), ca.map(Ca::named), standard.options.now));
        JudgedPair { found: self.found, lineage, at: certificate.map(|value| (value.file, value.at.clone())) }
    }

    fn value(&self, read: Option<&Read>) -> Option<Value<'f>> {
        let read = read?;
        let secret = self.fleet.secret_at(read.secret)?;
        let (it, at) = secret.values.iter().find(|(value, _)| value.key == read.key)?;
        Some(Value { file: read.secret.file, secret, it, at })
    }

    /// Why a pod would not get what a value holds.
    fn encoding(&mut self, value: &Value<'f>, role: Role) {
        let Some(defect) = value.it.defect else { return };
        let (key, name) = (printable(&value.it.key), printable(&value.secret.name.text));
        let (rule, what) = match defect {
            SecretDefect::Placeholder => (Rule::PlaceholderLeft, "is not filled in"),
            SecretDefect::NotBase64 => (Rule::SecretValueInvalid, "is not base64, and Kubernetes refuses the Secret"),
            SecretDefect::Plain => (Rule::SecretValueInvalid, "is PEM itself, where base64 of it has to stand"),
            SecretDefect::Blanks => {
                (Rule::SecretValueInvalid, "has blanks in its base64, and Kubernetes refuses the Secret")
            }
            SecretDefect::Twice => (Rule::SecretValueInvalid, "is encoded twice: a pod gets base64 instead of PEM"),
            SecretDefect::Encoded => {
                (Rule::SecretValueInvalid, "is base64 under `stringData`: a pod gets base64 instead of PEM")
            }
        };
        let file_name = if role == Role::Key { KEY_KEY } else { CERTIFICATE_KEY };
        let help = match defect {
            // without its delegate, inject takes a Secret for nobody's
            SecretDefect::Placeholder if self.fleet.has_delegate(value.file) => self.fleet.inject(value.file),
            SecretDefect::Plain => "put it under `stringData` instead of `data`".to_owned(),
            SecretDefect::Encoded => "put it under `data` instead of `stringData`".to_owned(),
            _ => format!("put in what `base64 -w0 {file_name}` prints"),
        };
        self.say(rule, value.file, value.at).message(format!("`{key}` of the Secret `{name}` {what}")).help(help);
    }

    /// A finding names the file that it is about as messages do; here it gets its place.
    fn place(&mut self, finding: Finding, certificate: Option<Value<'f>>, key: Option<Value<'f>>, ca: Option<&Ca>) {
        let is_of = |value: &Value<'f>| finding.place.as_deref() == Some(value.it.key.as_str());
        let value = certificate.filter(is_of).or(key.filter(is_of));
        let of_ca = ca.filter(|ca| value.is_none() && finding.place.as_deref() == Some(ca.name.as_str()));
        let Finding { rule, severity, message, help, .. } = finding;
        match (value.or(certificate).or(key), of_ca) {
            (_, Some(ca)) => self.found.push(Found {
                rule,
                severity,
                file: None,
                at: At { path: Some(printable(&ca.name)), ..At::default() },
                message,
                help,
            }),
            (Some(value), None) => {
                let said = self.say(rule, value.file, value.at);
                said.severity(severity).message(message).help = help;
            }
            (None, None) => {}
        }
    }
}

/// A value of a Secret, and where it stands.
#[derive(Clone, Copy)]
struct Value<'f> {
    file: u32,
    secret: &'f Secret,
    it: &'f SecretValue,
    at: &'f Spot,
}

/// Everything there is to say about a pair; what can be said although one of the two cannot be read, too.
fn findings(
    certificate: Option<Named<'_>>,
    key: Option<Named<'_>>,
    ca: Option<Named<'_>>,
    options: &Options,
    loader: Loader,
) -> Vec<Finding> {
    let options = &Options { chain: if ca.is_some() { options.chain } else { ChainCheck::Skip }, ..*options };
    match (certificate, key) {
        (Some(certificate), Some(key)) => match identity::load(certificate, key, ca) {
            Ok(identity) => {
                let mut findings = identity.judge(options, loader);
                findings.extend(identity.as_found(loader));
                findings
            }
            Err(error) => {
                let mut findings = vec![error.finding()];
                let rest = match error.role {
                    Role::Key => {
                        identity::judge_certificates(certificate, ca, options).unwrap_or_else(|e| vec![e.finding()])
                    }
                    _ => identity::read_key(key, Role::Key).err().map(|error| error.finding()).into_iter().collect(),
                };
                findings.extend(rest);
                findings
            }
        },
        (Some(certificate), None) => {
            identity::judge_certificates(certificate, ca, options).unwrap_or_else(|error| vec![error.finding()])
        }
        (None, Some(key)) => {
            identity::read_key(key, Role::Key).err().map(|error| error.finding()).into_iter().collect()
        }
        (None, None) => Vec::new(),
    }
}

/// A pair of an account, for comparing it with the account's others.
pub(super) struct OfAccount<'p> {
    pub(super) account: &'p str,
    pub(super) delegate: &'p str,
    pub(super) pair: &'p JudgedPair,
}

impl Judge<'_, '_> {
    /// Pairs of one account that come from another issuer, or end at another anchor, than most of them do.
    pub(super) fn mixed_issuers(&mut self, pairs: &[OfAccount<'_>]) {
        let mut accounts: BTreeMap<&str, Vec<&OfAccount<'_>>> = BTreeMap::new();
        for pair in pairs.iter().filter(|pair| pair.pair.lineage.is_some()) {
            accounts.entry(pair.account).or_default().push(pair);
        }
        for of_account in accounts.values() {
            let mut groups: Vec<(Origin<'_>, Vec<&OfAccount<'_>>)> = Vec::new();
            for pair in of_account {
                let Some(origin) = pair.pair.lineage.as_ref().map(origin) else { continue };
                match groups.iter_mut().find(|(other, _)| *other == origin) {
                    Some((_, members)) => members.push(pair),
                    None => groups.push((origin, vec![pair])),
                }
            }
            // the first of the largest
            let Some(at) = (0..groups.len()).rev().max_by_key(|at| groups.get(*at).map(|(_, members)| members.len()))
            else {
                continue;
            };
            let (usual, members) = groups.swap_remove(at);
            let Some(example) = members.first() else { continue };
            for (origin, members) in groups {
                for member in members {
                    let Some((file, at)) = &member.pair.at else { continue };
                    let (own, other) = told_apart(&origin, &usual);
                    self.say(Rule::MixedIssuers, *file, at)
                        .message(format!(
                            "comes from {own}, and that of `{}` of the same account from {other}",
                            example.delegate
                        ))
                        .help("fine while the CA is being renewed; an account has one CA, so issue the rest by the new one".to_owned());
                }
            }
        }
    }
}

/// The name of the issuer, and the authority at the end of the chain where that is known.
type Origin<'l> = (&'l str, Option<&'l CertificateSummary>);

fn origin(lineage: &Lineage) -> Origin<'_> {
    (&lineage.issuer, lineage.anchor.as_ref())
}

/// What two origins differ in, in words.
fn told_apart(own: &Origin<'_>, other: &Origin<'_>) -> (String, String) {
    if own.0 != other.0 {
        return (format!("`{}`", own.0), format!("`{}`", other.0));
    }
    let anchor = |origin: &Origin<'_>| match origin.1 {
        Some(anchor) => format!("the CA `{}` with SHA-256 {}", anchor.subject, anchor.fingerprint),
        None => "another CA of that name".to_owned(),
    };
    (anchor(own), anchor(other))
}
