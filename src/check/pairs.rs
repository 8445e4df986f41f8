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
    self, Anchor, Cause, ChainCheck, DerKind, Home, Lineage, LoadError, Loader, Named, Options, Role, beside,
    printable, shell,
};
use crate::source::STDIN;

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
    /// Where its certificate stands, and what it is called.
    pub(super) at: Option<(u32, Spot, String)>,
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
    pub(super) fn pair<'c>(mut self, pair: &PairId, loader: Loader, standard: Standard<'c>) -> JudgedPair {
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
        let names = [(certificate, CERTIFICATE_KEY), (key, KEY_KEY)];
        let names = names.map(|(value, usual)| value.map_or(usual, |value: Value<'f>| &value.it.key));
        let judge = |ca: Option<&'c Ca>| {
            let home = certificate.or(key).map(|value| self.home(&value, names, ca));
            let lineage =
                certificate.and_then(|value| identity::lineage(named(value), ca.map(Ca::named), standard.options.now));
            let (certificate, key) = (certificate.map(named), key.map(named));
            (ca, lineage, findings(certificate, key, ca, home.as_ref(), standard.options, loader))
        };
        let judged = standard.cas.iter().map(|ca| judge(Some(ca)));
        let best = judged.min_by_key(|(_, lineage, findings)| misfit(lineage.as_ref(), findings));
        let (ca, lineage, findings) = best.unwrap_or_else(|| judge(None));
        for mut finding in findings.into_iter().filter(|finding| finding.rule != Rule::ChainNotJudged) {
            if finding.rule == Rule::IssuerUnknown && standard.cas.len() > 1 {
                finding.message.push_str("; nor does any other of the given CAs fit");
            }
            self.place(finding, certificate, key, ca);
        }
        let at = certificate.map(|value| (value.file, value.at.clone(), value.shown()));
        JudgedPair { found: self.found, lineage, at }
    }

    /// The Secret that a value stands in, for the words of help. `names` are what it calls the certificate and the key.
    fn home(&self, value: &Value<'f>, names: [&str; 2], ca: Option<&Ca>) -> Home {
        let path = self.fleet.path(value.file);
        let is_stdin = path == STDIN;
        let manifest = if is_stdin { "-".to_owned() } else { shell(path) };
        let ca = ca.map_or("ca.crt".to_owned(), |ca| shell(&ca.name));
        let is_beside = !is_stdin && self.fleet.delegates().iter().any(|delegate| delegate.workload.file == value.file);
        let put = |certificate: &str, key: &str| {
            if is_beside {
                return format!("delegate-mtls inject -i --cert {certificate} --key {key} --ca {ca} {manifest}");
            }
            // inject edits only Secrets that stand in the file of their delegate
            let from_file = |name: &str, file: &str| {
                let is_its_name = file.rsplit('/').next() == Some(name);
                let name = if is_its_name { String::new() } else { format!("{}=", shell(&printable(name))) };
                format!("--from-file {name}{file}")
            };
            let (kind, files) = match names {
                ["tls.crt", "tls.key"] => ("tls", format!("--cert {certificate} --key {key}")),
                [of_crt, of_key] => {
                    ("generic", format!("{} {}", from_file(of_crt, certificate), from_file(of_key, key)))
                }
            };
            let name = shell(&printable(&value.secret.name.text));
            let namespace = value.secret.namespace.as_ref();
            let namespace = namespace.map(|said| format!(" --namespace {}", shell(&printable(&said.text))));
            let namespace = namespace.unwrap_or_default();
            format!("kubectl create secret {kind} {name}{namespace} {files} --dry-run=client -o yaml")
        };
        // what kubectl prints has to be put there
        let then = if is_beside { "" } else { "put in the Secret that this prints: " };
        let plain = beside(KEY_KEY, "pkcs8.key");
        Home {
            put: format!("{then}{}", put(CERTIFICATE_KEY, KEY_KEY)),
            put_mends: is_beside,
            renew: format!(
                "{then}mkdir -p new && delegate-mtls certs client --ca {ca} --ca-key ca.key --out-dir new && {}",
                put(&format!("new/{CERTIFICATE_KEY}"), &format!("new/{KEY_KEY}"))
            ),
            decrypt: format!(
                "{then}openssl pkcs8 -topk8 -nocrypt -in {KEY_KEY} -out {plain} && {}",
                put(CERTIFICATE_KEY, &plain)
            ),
            manifest,
        }
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
        self.say(rule, value.file, value.at).message(format!("{} {what}", value.shown())).help(help);
    }

    /// A finding names the file that it is about as messages do; here it gets its place.
    fn place(&mut self, finding: Finding, certificate: Option<Value<'f>>, key: Option<Value<'f>>, ca: Option<&Ca>) {
        // the authority's file may be called like the certificate
        let is_of_ca = matches!(finding.rule, Rule::CaNotCa | Rule::IssuerAmbiguous);
        let is_of = |value: &Value<'f>| !is_of_ca && finding.place.as_deref() == Some(value.it.key.as_str());
        let value = certificate.filter(is_of).or(key.filter(is_of));
        // what an authority does not allow one certificate is said of that one
        let of_pair = finding.severity == Severity::Error
            && matches!(finding.rule, Rule::NameConstraint | Rule::PathLength)
            && certificate.is_some();
        let is_ca = |ca: &&Ca| value.is_none() && !of_pair && finding.place.as_deref() == Some(ca.name.as_str());
        let of_ca = ca.filter(is_ca);
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
                said.severity(severity).message(format!("{}: {message}", value.shown())).help = help;
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

impl Value<'_> {
    /// What messages call it: a line alone does not say which key of which Secret stands on it.
    fn shown(&self) -> String {
        format!("`{}` of the Secret `{}`", printable(&self.it.key), printable(&self.secret.name.text))
    }
}

/// How badly an authority fits a pair: the least is the one that the pair is from. Of several that are not, the first
/// that has the issuer's name.
fn misfit(lineage: Option<&Lineage>, findings: &[Finding]) -> (bool, usize, bool) {
    let is_unknown = findings.iter().any(|it| it.rule == Rule::IssuerUnknown);
    let errors = findings.iter().filter(|it| it.severity == Severity::Error).count();
    (lineage.is_none_or(|lineage| lineage.anchor.is_none()), errors, is_unknown)
}

/// Everything there is to say about a pair; what can be said although one of the two cannot be read, too.
fn findings(
    certificate: Option<Named<'_>>,
    key: Option<Named<'_>>,
    ca: Option<&Ca>,
    home: Option<&Home>,
    options: &Options,
    loader: Loader,
) -> Vec<Finding> {
    let ca = ca.map(Ca::named);
    let options = &Options { chain: if ca.is_some() { options.chain } else { ChainCheck::Skip }, ..*options };
    let of_certificate = |certificate: Named<'_>| {
        let judged = identity::judge_certificates(certificate, ca, home, options);
        judged.unwrap_or_else(|error| vec![unusable(&error, home)])
    };
    let of_key = |key: Named<'_>| {
        let read = identity::read_key(key, Role::Key);
        read.err().map(|error| unusable(&error, home)).into_iter().collect::<Vec<_>>()
    };
    match (certificate, key) {
        (Some(certificate), Some(key)) => match identity::load(certificate, key, ca) {
            Ok(identity) => {
                let mut findings = identity.judge_in(home, options, loader);
                findings.extend(
                    identity.as_found(loader).into_iter().map(|it| Finding { help: mended(it.help, home), ..it }),
                );
                findings
            }
            Err(error) => {
                let mut findings = vec![unusable(&error, home)];
                match (&error.cause, error.role) {
                    // that is about both
                    (Cause::Swapped { .. }, _) => {}
                    (_, Role::Key) => findings.extend(of_certificate(certificate)),
                    _ => findings.extend(of_key(key)),
                }
                findings
            }
        },
        (Some(certificate), None) => of_certificate(certificate),
        (None, Some(key)) => of_key(key),
        (None, None) => Vec::new(),
    }
}

/// How to bring what a Secret holds into the form that a delegate reads. inject does that itself, or says how when it is
/// given such a file; elsewhere it is done to the file.
fn mended(of_file: Option<String>, home: Option<&Home>) -> Option<String> {
    match home {
        Some(home) if home.put_mends => Some(home.put.clone()),
        _ => of_file.map(|help| format!("mend the file that the Secret was made from: {help}")),
    }
}

/// A value that cannot be read.
fn unusable(error: &LoadError, home: Option<&Home>) -> Finding {
    let finding = error.finding();
    let Some(home) = home else { return finding };
    let help = match &error.cause {
        Cause::Encrypted => Some(home.decrypt.clone()),
        Cause::Swapped { .. } => Some("put each of the two values in the place of the other".to_owned()),
        // nothing of the kind is there, or not all of it
        Cause::Empty
        | Cause::Nul
        | Cause::NoPem
        | Cause::Der(DerKind::Other)
        | Cause::DamagedDer(_)
        | Cause::Marker { .. }
        | Cause::Unterminated { .. }
        | Cause::Headless { .. }
        | Cause::EndDiffers { .. }
        | Cause::Base64 { .. }
        | Cause::BrokenDer { .. }
        | Cause::TrailingDer { .. }
        | Cause::Instead(..) => Some(home.put.clone()),
        _ => mended(error.help(), Some(home)),
    };
    Finding { help, ..finding }
}

/// A pair of an account, for comparing it with the account's others.
pub(super) struct OfAccount<'p> {
    pub(super) account: &'p str,
    pub(super) delegate: &'p str,
    pub(super) pair: &'p JudgedPair,
}

impl Judge<'_, '_> {
    /// Pairs of one account that come from another CA than most of them do. A pair that comes from none of the given
    /// ones is wrong in any case, and was reported.
    pub(super) fn mixed_issuers(&mut self, pairs: &[OfAccount<'_>], chain_is_judged: bool) {
        let mut accounts: BTreeMap<&str, Vec<(Origin<'_>, &OfAccount<'_>)>> = BTreeMap::new();
        for pair in pairs {
            let origin = pair.pair.lineage.as_ref().and_then(|lineage| match &lineage.anchor {
                Some(anchor) => Some(Origin::Anchor(anchor)),
                None => (!chain_is_judged).then_some(Origin::Issuer(&lineage.issuer)),
            });
            if let Some(origin) = origin {
                accounts.entry(pair.account).or_default().push((origin, pair));
            }
        }
        for of_account in accounts.into_values() {
            let mut groups: Vec<(Origin<'_>, Vec<&OfAccount<'_>>)> = Vec::new();
            for (origin, pair) in of_account {
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
                    let Some((file, at, name)) = &member.pair.at else { continue };
                    let (own, other) = told_apart(origin, usual);
                    self.say(Rule::MixedIssuers, *file, at)
                        .message(format!(
                            "{name} comes from {own}, and that of `{}`, of the same account, from {other}",
                            example.delegate
                        ))
                        .help("fine while one CA replaces the other; an account has one CA, so issue the rest by the new one".to_owned());
                }
            }
        }
    }
}

/// Whom a certificate comes from: the authority at the end of its chain, and where none is given, the name of its issuer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin<'l> {
    Anchor(&'l Anchor),
    Issuer(&'l str),
}

/// What two origins differ in, in words.
fn told_apart(own: Origin<'_>, other: Origin<'_>) -> (String, String) {
    let subject = |origin| match origin {
        Origin::Anchor(anchor) => &anchor.summary.subject,
        Origin::Issuer(name) => name,
    };
    let is_namesake = subject(own) == subject(other);
    let told = |origin| match origin {
        Origin::Anchor(anchor) if is_namesake => {
            format!("the CA `{}` with SHA-256 {}", anchor.summary.subject, anchor.summary.fingerprint)
        }
        _ => format!("`{}`", subject(origin)),
    };
    (told(own), told(other))
}
