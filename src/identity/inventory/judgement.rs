//! Objects and who is what to whom → findings: each pair as `inject` would judge it, then what belongs to no pair.

use std::collections::HashSet;

use super::relations::{Owned, Relations};
use super::shelf::{Held, Shelf};
use super::{Chain, Inventory};
use crate::finding::{Finding, Rule, Severity};
use crate::identity::certificate::{Certificate, Fingerprint};
use crate::identity::error::{Cause, LoadError, Role};
use crate::identity::judge::{self, Subject};
use crate::identity::key::Key;
use crate::identity::pem::Label;
use crate::identity::repair::Repair;
use crate::identity::{Options, one_key};

/// Judges everything. Chains and findings go into the inventory.
pub(super) fn judge(relations: &Relations<'_>, options: &Options, inventory: &mut Inventory) {
    let mut judge = Judge {
        relations,
        shelf: relations.shelf,
        options,
        key_files: key_files(relations.shelf),
        judged: HashSet::new(),
        paired: HashSet::new(),
    };
    let mut findings = Vec::new();
    for leaf in &relations.leaves {
        let (own, works) = judge.pair(*leaf, &inventory.findings);
        inventory.chains.push(Chain { works, ..relations.tree(*leaf) });
        findings.extend(own);
    }
    for authority in &relations.authorities {
        if authority.1.is_some() {
            inventory.chains.push(relations.tree(*authority));
        }
        findings.extend(judge.authority(*authority));
    }
    for key in relations.shelf.keys() {
        findings.extend(judge.lone_key(key));
    }
    findings.extend(unread(relations.shelf));
    for finding in findings {
        if !inventory.findings.contains(&finding) {
            inventory.findings.push(finding);
        }
    }
}

struct Judge<'s> {
    relations: &'s Relations<'s>,
    shelf: &'s Shelf<'s>,
    options: &'s Options,
    /// What is the matter with each item that holds a key.
    key_files: Vec<(usize, Finding)>,
    /// The certificates that have been judged as part of a chain.
    judged: HashSet<Fingerprint>,
    /// The objects of the keys that have been judged with their certificates.
    paired: HashSet<usize>,
}

impl<'s> Judge<'s> {
    /// A client's certificate with its key and its authority as far as they are here, and whether the pair will work.
    fn pair(&mut self, (leaf, key): Owned<'s>, of_files: &[Finding]) -> (Vec<Finding>, Option<bool>) {
        let (chain, arranged) = self.relations.arranged(leaf);
        let ca = self.relations.authority_of(leaf.item, &chain);
        let certificate_name = self.shelf.name(leaf.item);
        let subject = Subject {
            certificate_name,
            chain: &chain,
            key: key.map(|key| (self.shelf.name(key.item), key.it)),
            ca: ca.as_ref().map(|(_, ca)| ca),
            home: None,
        };
        let loader = self.shelf.loader(leaf.item);
        let mut findings = judge::judge(&subject, self.options, loader);
        let mut repairs = arranged.as_ref().map(Repair::of_order).unwrap_or_default();
        repairs.extend(certificate_file(self.shelf, leaf.item));
        findings.extend(Repair::findings(&repairs, loader, certificate_name, "client.key"));
        self.judged.extend(judge::judged(&subject, self.options));
        let items: Vec<usize> = [Some(leaf.item), key.map(|key| key.item), ca.as_ref().map(|(item, _)| *item)]
            .into_iter()
            .flatten()
            .collect();
        self.put_places(&mut findings, &items);
        if let Some(key) = key {
            self.paired.insert(key.object);
            findings.extend(self.key_file(key.item));
        }
        // what was said of the files themselves: DER, damaged blocks, a value's encoding
        let is_involved = |place: &str| items.iter().any(|item| self.shelf.place(*item) == place);
        let of_files = of_files.iter().filter(|finding| finding.place.as_deref().is_some_and(is_involved));
        let fails = findings.iter().chain(of_files).any(|finding| finding.severity == Severity::Error);
        let is_told = key.is_some() && (fails || ca.is_some());
        (findings, is_told.then_some(!fails))
    }

    /// One certificate of an authority, unless it was judged with a chain and its key is not here.
    fn authority(&mut self, (authority, key): Owned<'s>) -> Vec<Finding> {
        self.paired.extend(key.map(|key| key.object));
        if key.is_none() && !self.judged.insert(authority.it.summary.fingerprint) {
            return Vec::new();
        }
        let subject = Subject {
            certificate_name: self.shelf.name(authority.item),
            chain: std::slice::from_ref::<Certificate>(authority.it),
            key: key.map(|key| (self.shelf.name(key.item), key.it)),
            ca: None,
            home: None,
        };
        let mut findings = judge::judge_authority(&subject, self.options);
        let items: Vec<usize> = std::iter::once(authority.item).chain(key.map(|key| key.item)).collect();
        self.put_places(&mut findings, &items);
        findings
    }

    /// A key that was not judged with a certificate.
    fn lone_key(&self, key: Held<'s, Key>) -> Vec<Finding> {
        if self.paired.contains(&key.object) {
            return Vec::new();
        }
        let name = self.shelf.name(key.item);
        let subject =
            Subject { certificate_name: "client.crt", chain: &[], key: Some((name, key.it)), ca: None, home: None };
        let mut findings = judge::judge(&subject, self.options, self.shelf.loader(key.item));
        self.put_places(&mut findings, &[key.item]);
        findings.extend(self.key_file(key.item));
        let is_strange = self.relations.objects_of(key.it).next().is_none();
        if is_strange && self.shelf.certificates().next().is_some() {
            findings.push(Finding {
                rule: Rule::KeyMismatch,
                severity: Severity::Warning,
                place: Some(self.shelf.place(key.item).to_owned()),
                message: "is the key of none of these certificates".to_owned(),
                help: None,
            });
        }
        findings
    }

    fn key_file(&self, item: usize) -> impl Iterator<Item = Finding> {
        self.key_files.iter().filter(move |(of, _)| *of == item).map(|(_, finding)| finding.clone())
    }

    /// Findings name what they judge as messages do; here they get its place in the manifest.
    fn put_places(&self, findings: &mut [Finding], items: &[usize]) {
        for finding in findings {
            let item = items.iter().find(|item| finding.place.as_deref() == Some(self.shelf.name(**item)));
            finding.place = item.map(|item| self.shelf.place(*item).to_owned()).or(finding.place.take());
        }
    }
}

/// What the file of a client's certificate needs.
fn certificate_file(shelf: &Shelf<'_>, item: usize) -> Vec<Repair> {
    let certificates: Vec<Certificate> = shelf.certificates_of(item).map(|held| held.it.clone()).collect();
    match (shelf.items.get(item), shelf.opened.get(item)) {
        (Some(item), Some(opened)) if !opened.is_der => {
            Repair::of_certificates(&opened.blocks, &certificates, item.bytes)
        }
        _ => Vec::new(),
    }
}

/// What is the matter with the files of keys, whoever they belong to; each with the number of its item.
fn key_files(shelf: &Shelf<'_>) -> Vec<(usize, Finding)> {
    let items: HashSet<usize> = shelf.keys().map(|key| key.item).collect();
    let mut findings = Vec::new();
    for (number, (item, opened)) in shelf.items.iter().zip(&shelf.opened).enumerate() {
        if !items.contains(&number) || opened.is_der {
            continue;
        }
        let own = match one_key(&opened.blocks, Role::Key) {
            Err(Cause::Encrypted) => Vec::new(),
            Err(cause) => vec![refusal(shelf, number, Role::Key, cause)],
            Ok(key) => {
                let repairs = Repair::of_key(&opened.blocks, &key, item.bytes);
                Repair::findings(&repairs, item.loader, "client.crt", item.name)
            }
        };
        let place = Some(item.place.to_owned());
        findings.extend(own.into_iter().map(|finding| (number, Finding { place: place.clone(), ..finding })));
    }
    findings
}

/// What was recognised, and cannot be used.
fn unread(shelf: &Shelf<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (item, opened) in shelf.opened.iter().enumerate() {
        for block in &opened.blocks.blocks {
            let (role, cause) = match block.label {
                Label::EncryptedPkcs8 => (Role::Key, Cause::Encrypted),
                _ if block.encrypted => (Role::Key, Cause::Encrypted),
                Label::OpenSsh | Label::Dsa => (Role::Key, Cause::ForeignKey(block.label)),
                Label::TrustedCertificate => (Role::Certificate, Cause::TrustedCertificate),
                _ => continue,
            };
            findings.push(refusal(shelf, item, role, cause));
        }
    }
    findings
}

fn refusal(shelf: &Shelf<'_>, item: usize, role: Role, cause: Cause) -> Finding {
    let error = LoadError { file: shelf.name(item).to_owned(), role, cause };
    Finding { place: Some(shelf.place(item).to_owned()), ..error.finding() }
}
