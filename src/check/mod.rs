//! Files of manifests + CA, mode, now → findings with their places, a line per delegate, and what could not be judged.
//! Edits nothing, and reads no file by itself.
//!
//! [`FileFacts::read`] takes from one file what judging needs, and lets the file go; [`check`] puts the files of a run
//! together, judges every delegate with what belongs to it, then the pairs that they read.

mod candidate;
mod compose;
mod delegate;
mod environment;
mod facts;
mod fleet;
mod ignore;
mod pairs;
mod private_key;
mod report;
mod settings;
mod urls;
mod values;
mod wiring;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub use candidate::{Candidate, candidate};
pub use pairs::Ca;
pub use private_key::{Encoding, PrivateKeyFound, is_text, private_keys};
pub use report::{At, DelegateState, Failure, Generation, Located, Mtls, Report};
pub use settings::{Mode, Settings};

use crate::delegate::{Holds, Mask};
use crate::finding::{Rule, Severity};
use crate::identity::{Loader, Options, printable};
use crate::yaml::{Place, Places};
use facts::Facts;
use fleet::{Fleet, Found, Judge};
use pairs::{JudgedPair, OfAccount, PairId, Standard};

/// What is asked of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// What it tells of delegates.
    Manifest,
    /// Which Secrets come of what is in it; whatever is wrong with the file itself is nothing to us.
    Promises,
    /// Whether there is a private key in it.
    Keys,
    /// Both.
    Both,
}

impl Look {
    /// What is to be asked of a file with these bytes; `is_manifest` says whether its name is that of a manifest. `None`
    /// where it can be passed over.
    #[must_use]
    pub fn at(bytes: &[u8], is_manifest: bool, settings: &Settings) -> Option<Look> {
        let keys = settings.looks_for_keys() && is_text(bytes) && !private_keys(bytes).is_empty();
        let manifest = if is_manifest && settings.judges_manifests() { candidate(bytes) } else { None };
        match (manifest, keys) {
            (Some(_), true) => Some(Look::Both),
            (Some(Candidate::Delegate), false) => Some(Look::Manifest),
            (Some(Candidate::Promise), false) => Some(Look::Promises),
            (None, true) => Some(Look::Keys),
            (None, false) => None,
        }
    }
}

/// What one file tells. Small: the file's text is gone.
pub struct FileFacts {
    path: String,
    facts: Facts,
    /// What is wrong with the file itself.
    found: Vec<Found>,
}

impl FileFacts {
    /// What a text tells. `path` is relative to the working directory, with `/`; `looked_at` is what is asked of it.
    #[must_use]
    pub fn read(path: String, text: &str, looked_at: Look) -> FileFacts {
        let facts = match looked_at {
            Look::Keys => {
                // nothing else is found in it, so nothing can be said of other comments
                let is_asked = |ignore: &ignore::Ignore| ignore.rule == Ok(Rule::InlinePrivateKey);
                Facts { ignores: ignore::find(text).into_iter().filter(is_asked).collect(), ..Facts::default() }
            }
            Look::Manifest | Look::Both => facts::read(text),
            Look::Promises => {
                let Facts { records, objects, .. } = facts::read(text);
                Facts { records, objects, ..Facts::default() }
            }
        };
        let mut found = Vec::new();
        if matches!(looked_at, Look::Keys | Look::Both) {
            let mut places = Places::new(text);
            found.extend(private_keys(text.as_bytes()).into_iter().map(|key| inline_key(&path, &mut places, &key)));
        }
        FileFacts { path, facts, found }
    }

    /// The same of a file whose name is not that of a manifest, such as a README with a snippet in it: that not all of it
    /// is YAML is no fault of it.
    #[must_use]
    pub fn of_another_kind(mut self) -> FileFacts {
        self.facts.unreadable.clear();
        self
    }

    /// A file that was to be judged and cannot be: it is too large, not UTF-8, or the like. `place` is where, if that
    /// can be said.
    #[must_use]
    pub fn unreadable(path: String, place: Option<Place>, why: String, help: Option<String>) -> FileFacts {
        let at = At {
            path: Some(path.clone()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            span: 0..0,
        };
        let rule = Rule::UnreadableFile;
        let found = Found { rule, severity: rule.severity(), file: None, at, message: why, help };
        FileFacts { path, facts: Facts::default(), found: vec![found] }
    }
}

/// Judges the files of a run. `cas` are the certificate authorities that pairs may come from; without any the chain is not
/// judged.
#[must_use]
pub fn check(mut files: Vec<FileFacts>, cas: &[Ca], settings: &Settings, options: &Options) -> Report {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut found: Vec<Found> = Vec::new();
    let (mut paths, mut facts) = (Vec::new(), Vec::new());
    for (number, file) in (0..).zip(files) {
        paths.push(file.path);
        facts.push(file.facts);
        found.extend(file.found.into_iter().map(|found| Found { file: Some(number), ..found }));
    }
    let index = fleet::recognise(&paths, &mut facts);
    let fleet = Fleet::new(&paths, &facts, index);
    for file in 0..facts.len() {
        found.extend(file_alone(&fleet, file));
    }

    let mut delegates = Vec::new();
    let mut readers: BTreeMap<PairId, Loader> = BTreeMap::new();
    let of_manifests = fleet.delegates().iter().filter_map(|delegate| {
        let mut judge = Judge::new(&fleet);
        Some((judge.delegate(delegate)?, judge.found, delegate.workload.file))
    });
    let of_values =
        (0..).zip(fleet.facts).flat_map(|(file, facts)| facts.values.iter().map(move |values| (file, values)));
    let of_values = of_values.map(|(file, values)| {
        let mut judge = Judge::new(&fleet);
        (judge.values(file, values), judge.found, file)
    });
    for (judged, mut of_delegate, file) in of_manifests.chain(of_values) {
        let mut own: Vec<PairId> = Vec::new();
        for (reads, loader) in &judged.pairs {
            let Some(pair) = PairId::of(reads) else { continue };
            let reader = readers.entry(pair.clone()).or_insert(*loader);
            if *loader == Loader::Java {
                *reader = Loader::Java;
            }
            own.push(pair);
        }
        let first = found.len();
        found.append(&mut of_delegate);
        delegates.push((judged.state, judged.account, own, first..found.len(), file));
    }
    for service in &fleet.index.services {
        let mut judge = Judge::new(&fleet);
        let Some(judged) = judge.service(service) else { continue };
        let first = found.len();
        found.append(&mut judge.found);
        delegates.push((judged.state, judged.account, Vec::new(), first..found.len(), service.location.file));
    }

    let mut pairs: BTreeMap<PairId, (JudgedPair, std::ops::Range<usize>)> = BTreeMap::new();
    let unmounted = pairs::unmounted(&Judge::new(&fleet), &readers);
    for (pair, loader) in readers.into_iter().chain(unmounted) {
        let mut judged = Judge::new(&fleet).pair(&pair, loader, Standard { cas, options });
        let first = found.len();
        found.append(&mut judged.found);
        pairs.insert(pair, (judged, first..found.len()));
    }
    let of_accounts: Vec<OfAccount<'_>> = delegates
        .iter()
        .filter_map(|(state, account, own, ..)| {
            let (pair, _) = pairs.get(own.first()?)?;
            Some(OfAccount { account: account.as_deref()?, delegate: &state.name, pair })
        })
        .collect();
    let mut judge = Judge::new(&fleet);
    judge.mixed_issuers(&of_accounts, !cas.is_empty());
    drop(of_accounts);
    found.append(&mut judge.found);
    let is_any_certificate = pairs.values().any(|(pair, _)| pair.lineage.is_some());
    if cas.is_empty() && is_any_certificate {
        found.push(Found {
            rule: Rule::ChainNotJudged,
            severity: Severity::Note,
            file: None,
            at: At::default(),
            message: "whether the account's CA issued the certificates was not judged".to_owned(),
            help: Some("give the CA with `--ca ca.crt`".to_owned()),
        });
    }

    let mut weighed = Weighed::of(&fleet, found, settings, !cas.is_empty());
    let mut states = Vec::new();
    for (mut state, _, own, range, file) in delegates {
        let pairs: Vec<_> = own.iter().filter_map(|pair| pairs.get(pair)).collect();
        state.expires = pairs.first().and_then(|(pair, _)| pair.expires());
        let ranges = std::iter::once(&range).chain(pairs.iter().map(|(_, range)| range));
        let fails = ranges.cloned().flatten().any(|at| weighed.is_error(at)) || weighed.has_broken(file);
        // what the user lets pass does not count
        if state.mtls == Mtls::Partial && !range.clone().any(|at| weighed.is_held_against(at)) {
            state.mtls = Mtls::Complete;
        }
        let mut of_pairs = pairs.iter().flat_map(|(_, range)| range.clone());
        if of_pairs.any(|at| weighed.is_unfilled(at) && weighed.is_held_against(at)) {
            state.mtls = Mtls::Partial;
        }
        state.strict_ready = state.mtls == Mtls::Complete && !fails;
        states.push(state);
    }
    states.sort_by(|a, b| (&a.path, a.line, &a.name).cmp(&(&b.path, b.line, &b.name)));
    Report { at: options.now, findings: weighed.reported(settings), delegates: states, failures: Vec::new() }
}

fn inline_key(path: &str, places: &mut Places<'_>, key: &PrivateKeyFound) -> Found {
    let place = places.of(key.span.start);
    let at =
        At { path: Some(path.to_owned()), line: Some(place.line), column: Some(place.column), span: key.span.clone() };
    let rule = Rule::InlinePrivateKey;
    Found {
        rule,
        severity: rule.severity(),
        file: None,
        at,
        message: format!("holds {key}"),
        help: Some("keep it out of git, and make a new one if it was ever pushed: `delegate-mtls inject --existing-secret NAME` needs no key in the manifest".to_owned()),
    }
}

/// What of a text must not be shown: what a manifest's Secrets hold, and private keys wherever they stand. Of a key, the
/// rest of the line that it begins on. A certificate's fingerprint would be wider than all that there is to say of it.
#[must_use]
pub fn masks(text: &str) -> Vec<Mask> {
    let of_manifest = crate::delegate::masks(text).into_iter();
    let mut masks: Vec<Mask> = of_manifest.map(|mask| Mask { holds: Holds::Secret, ..mask }).collect();
    masks.extend(private_keys(text.as_bytes()).into_iter().map(|key| {
        let rest = text.get(key.span.start..).unwrap_or_default();
        let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        Mask { span: key.span.start..key.span.start + line, holds: Holds::Secret }
    }));
    Mask::put_in_order(&mut masks);
    masks
}

/// What is wrong with a file whatever belongs to a delegate.
fn file_alone(fleet: &Fleet<'_>, file: usize) -> Vec<Found> {
    let (Some(facts), Ok(number)) = (fleet.facts.get(file), u32::try_from(file)) else { return Vec::new() };
    let mut judge = Judge::new(fleet);
    for (at, why) in &facts.unreadable {
        judge
            .say(Rule::UnreadableFile, number, at)
            .message(why.clone())
            .help("mend it there, or leave the file out of the run".to_owned());
    }
    if let Some(at) = &facts.template {
        judge
            .say(Rule::HelmTemplate, number, at)
            .message("a template: what it becomes is not judged".to_owned())
            .help("render it first: `helm template … | delegate-mtls check -`".to_owned());
    }
    if let Some((at, foreign)) = &facts.foreign {
        judge
            .say(Rule::InfrastructureCode, number, at)
            .message(format!("{}: what it becomes is not judged", foreign.what()))
            .help(
                "kubectl get deployments,cronjobs,configmaps --all-namespaces -o yaml | delegate-mtls check -"
                    .to_owned(),
            );
    }
    for key in &facts.duplicates {
        judge
            .say(Rule::DuplicateKey, number, &key.at)
            .message(format!(
                "`{}` stands twice in its mapping: {} takes this one, other tools the first or neither",
                fleet::shown(key),
                if facts.is_compose() { "docker-compose 1" } else { "Kubernetes" }
            ))
            .help("keep the one that is meant".to_owned());
    }
    judge.found
}

/// Findings with the severity that the user gave them, and without those that a comment ignores.
struct Weighed {
    found: Vec<(Found, Option<Severity>)>,
    /// Files whose YAML Kubernetes may refuse.
    broken: HashSet<u32>,
    unused: Vec<Found>,
}

impl Weighed {
    fn of(fleet: &Fleet<'_>, found: Vec<Found>, settings: &Settings, chain_is_judged: bool) -> Weighed {
        let mut ignores: HashMap<(u32, usize, Rule), bool> = HashMap::new();
        for (file, facts) in (0..).zip(fleet.facts) {
            for ignore in &facts.ignores {
                if let Ok(rule) = ignore.rule {
                    ignores.insert((file, ignore.line, rule), false);
                }
            }
        }
        let found: Vec<(Found, Option<Severity>)> = found
            .into_iter()
            .map(|found| {
                let place = found.file.zip(found.at.line);
                let ignore = place.and_then(|(file, line)| ignores.get_mut(&(file, line, found.rule)));
                let severity = match ignore {
                    Some(used) => {
                        *used = true;
                        None
                    }
                    None => settings.weigh(found.rule, found.severity),
                };
                (found, severity)
            })
            .collect();
        let broken = found
            .iter()
            .filter(|(found, severity)| found.rule == Rule::DuplicateKey && *severity == Some(Severity::Error));
        let broken = broken.filter_map(|(found, _)| found.file).collect();
        let mut judge = Judge::new(fleet);
        for (file, facts) in (0..).zip(fleet.facts) {
            // what was not judged cannot be found
            let is_judged = facts.unreadable.is_empty() && facts.template.is_none() && facts.foreign.is_none();
            for ignore in &facts.ignores {
                let (message, help) = match &ignore.rule {
                    Err(text) => (
                        format!("there is no rule `{}`", printable(text)),
                        "mind the spelling: `delegate-mtls explain` lists all rules",
                    ),
                    Ok(rule) if !settings.reports(*rule) || !chain_is_judged && rule.needs_authority() => continue,
                    Ok(rule) if is_judged && ignores.get(&(file, ignore.line, *rule)) == Some(&false) => (
                        format!("nothing is found here that `{rule}` would ignore"),
                        "take it out of the comment, or move the comment to the line of what is found, or above it",
                    ),
                    Ok(_) => continue,
                };
                let at = facts::Spot { span: ignore.span.clone(), place: ignore.place };
                judge.say(Rule::UnusedIgnore, file, &at).message(message).help(help.to_owned());
            }
        }
        Weighed { found, broken, unused: judge.found }
    }

    fn is_error(&self, at: usize) -> bool {
        self.found.get(at).is_some_and(|(_, severity)| *severity == Some(Severity::Error))
    }

    /// Whether something does not work, and neither a comment nor an option lets it pass.
    fn is_held_against(&self, at: usize) -> bool {
        self.found.get(at).is_some_and(|(found, severity)| found.severity == Severity::Error && severity.is_some())
    }

    /// Whether a Secret does not give a pod its files.
    fn is_unfilled(&self, at: usize) -> bool {
        let rule = self.found.get(at).map(|(found, _)| found.rule);
        matches!(rule, Some(Rule::PlaceholderLeft | Rule::SecretValueInvalid))
    }

    fn has_broken(&self, file: u32) -> bool {
        self.broken.contains(&file)
    }

    /// What is reported: in the order of the files, each once.
    fn reported(&mut self, settings: &Settings) -> Vec<Located> {
        let unused = std::mem::take(&mut self.unused);
        let unused = unused.into_iter().map(|found| {
            let severity = settings.weigh(found.rule, found.severity);
            (found, severity)
        });
        let all = std::mem::take(&mut self.found).into_iter().chain(unused);
        let mut findings: Vec<Located> = all
            .filter(|(found, _)| settings.asks_for(found.rule))
            .filter_map(|(found, severity)| {
                let Found { rule, message, help, at, .. } = found;
                Some(Located { rule, severity: severity?, message, help, at })
            })
            .collect();
        findings.sort_by(|a, b| {
            let key = |it: &Located| (it.at.path.clone(), it.at.line, it.at.column, it.rule);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let mut seen = BTreeSet::new();
        findings.retain(|it| seen.insert((it.at.path.clone(), it.at.line, it.at.column, it.rule, it.message.clone())));
        findings
    }
}
