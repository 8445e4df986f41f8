//! PEM and DER of any kind → what is there, what belongs to what, and what is the matter with it. Tolerant where
//! [`super::load`] refuses: it shows what can be read and says what cannot. Never gives out key material.

mod card;

use std::collections::HashSet;

use serde::Serialize;
use thiserror::Error;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::x509::X509Version;
use zeroize::Zeroizing;

use super::certificate::{Certificate, Fingerprint, ca_flag, name, same_name};
use super::chain::{self, End};
use super::error::{Cause, DerKind, LoadError, Role};
use super::judge::{self, Subject};
use super::key::{self, Key, Public};
use super::pem::{self, Block, Blocks, Label};
use super::repair::Repair;
use super::signature::{Signature, signed_by};
use super::{Authority, ChainCheck, Loader, Options, one_key};
use crate::finding::{Finding, Severity};
pub use card::{CertificateCard, KeyCard, KeyDescription, RequestCard};

/// The most objects that one inventory takes: who belongs to whom is asked of every two of them. The largest public
/// CA bundles hold about 150.
pub const MAX_OBJECTS: usize = 512;

/// Bytes to look at.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// What messages call it: the path as typed, or the key under which it stands in a Secret.
    pub name: &'a str,
    /// Where it is: the path, with line and column for a value in a manifest.
    pub place: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
    /// Whether it is a value in a Secret, whose other values belong to it.
    pub secret: Option<SecretPart<'a>>,
    /// What is the matter with it before anybody looks into it; a pair that it is part of does not work if that is an
    /// error.
    pub findings: &'a [Finding],
}

/// Which value of which Secret something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretPart<'a> {
    /// The Secret's name.
    pub name: &'a str,
    /// The same number for all values of one Secret.
    pub number: usize,
    /// What the value's key says it is.
    pub role: Role,
}

/// There is more than anybody can look through.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("more than {MAX_OBJECTS} certificates, keys and requests")]
pub struct TooMany;

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
pub struct Inventory {
    /// In the order in which they were given.
    pub objects: Vec<Object>,
    /// Every certificate of a client with those above it, and every authority whose key is there.
    pub chains: Vec<Chain>,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// What holds nothing that could be shown.
    #[serde(skip)]
    pub unreadable: Vec<LoadError>,
}

/// A certificate, a key, a request, or something else in PEM or DER.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Where it is: the file, and the line where it begins if it is not alone there.
    pub place: String,
    /// `client.crt` of the Secret `name`, for a value in a manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub content: Content,
}

/// What an object is.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Content {
    /// An X.509 certificate.
    Certificate(Box<CertificateCard>),
    /// A private key, encrypted or not.
    PrivateKey(KeyCard),
    /// A certificate request (PKCS#10).
    Request(RequestCard),
    /// Something that no delegate has a use for.
    Other {
        /// What it is, in words.
        what: String,
    },
}

/// A certificate and those above it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Numbers of [`Inventory::objects`], from 0: the leaf, its issuer, …
    pub certificates: Vec<usize>,
    /// The number of the private key that belongs to the first of them, or was taken to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<usize>,
    /// Where the chain ends.
    pub end: ChainEnd,
    /// Whether the pair will work as it is; absent where that cannot be told without the key or the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub works: Option<bool>,
}

/// Where a chain ends.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ChainEnd {
    /// At a certificate that signed itself.
    Anchor,
    /// The issuer of the last certificate is not here.
    IssuerMissing {
        /// Its name.
        issuer: String,
    },
    /// A certificate of the issuer's name is here, and another key made the signature.
    IssuerOtherKey {
        /// Its name.
        issuer: String,
    },
    /// The issuer's name and key are here, but not the certificate that is meant.
    IssuerOtherId {
        /// Its name.
        issuer: String,
    },
}

impl Inventory {
    /// Looks through all `items`, and judges at `options.now` what they hold for `loader`.
    ///
    /// # Errors
    /// When there are more than [`MAX_OBJECTS`].
    pub fn take(items: &[Item<'_>], options: &Options, loader: Loader) -> Result<Inventory, TooMany> {
        let mut shelf = Shelf { items, options, loader, opened: Vec::new(), parsed: Vec::new() };
        let mut inventory = Inventory::default();
        for item in items {
            shelf.open(item, &mut inventory);
            if inventory.objects.len() > MAX_OBJECTS {
                return Err(TooMany);
            }
        }
        shelf.judge(&mut inventory);
        inventory.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(inventory)
    }
}

/// What an object was parsed to.
enum Parsed {
    Certificate(Certificate),
    Key(Box<Key>),
    /// The public key that a request is for.
    Request(Option<Public>),
    Nothing,
}

/// An item's blocks.
struct Opened {
    blocks: Blocks,
    is_der: bool,
}

struct Shelf<'a> {
    items: &'a [Item<'a>],
    options: &'a Options,
    loader: Loader,
    /// One for each item.
    opened: Vec<Opened>,
    /// One for each object, with the number of its item.
    parsed: Vec<(usize, Parsed)>,
}

impl<'a> Shelf<'a> {
    fn open(&mut self, item: &Item<'_>, inventory: &mut Inventory) {
        let number = self.opened.len();
        let before = inventory.objects.len();
        inventory.findings.extend(item.findings.iter().cloned());
        let (mut blocks, mut damage) = pem::survey(item.bytes);
        if item.bytes.is_empty() && !item.findings.is_empty() {
            // nothing could be decoded, and that has been said
            damage.clear();
        }
        let mut is_der = false;
        if let [Cause::Der(kind)] = damage.as_slice()
            && let Some(block) = self.of_der(*kind, item.bytes)
        {
            is_der = true;
            if block.label == Label::Request {
                damage.clear();
            }
            blocks.blocks.push(block);
        }
        let several = blocks.blocks.len() > 1;
        for block in &blocks.blocks {
            if inventory.objects.len() > MAX_OBJECTS {
                return;
            }
            match self.parse(block) {
                Ok((content, parsed)) => {
                    inventory.objects.push(Object {
                        place: match item.secret {
                            None if several => format!("{}:{}", item.place, block.line),
                            _ => item.place.to_owned(),
                        },
                        value: item.secret.map(|secret| format!("`{}` of the Secret `{}`", item.name, secret.name)),
                        content,
                    });
                    self.parsed.push((number, parsed));
                }
                Err(cause) => damage.push(cause),
            }
        }
        let private = |label: Label| label.is_private_key();
        let role = match item.secret {
            Some(secret) => secret.role,
            None if blocks.has(private) || matches!(damage.first(), Some(cause) if cause.is_of_key()) => Role::Key,
            None if blocks.has(|label| label == Label::Certificate) => Role::Certificate,
            None => Role::Any,
        };
        let nothing = inventory.objects.len() == before;
        for cause in damage {
            let error = LoadError { file: item.name.to_owned(), role, cause };
            if nothing && item.secret.is_none() {
                inventory.unreadable.push(error);
            } else {
                inventory.findings.push(Finding { place: Some(item.place.to_owned()), ..error.finding() });
            }
        }
        self.opened.push(Opened { blocks, is_der });
    }

    /// A DER file as the PEM block that it would be.
    fn of_der(&self, kind: DerKind, bytes: &[u8]) -> Option<Block> {
        let labels: &[Label] = match kind {
            DerKind::Certificate => &[Label::Certificate, Label::Request],
            DerKind::Key => &[Label::Pkcs8, Label::Pkcs1, Label::Sec1],
            DerKind::EncryptedKey => &[Label::EncryptedPkcs8],
            DerKind::Pkcs7 => &[Label::Pkcs7],
            DerKind::Request | DerKind::Other => &[Label::Request],
        };
        let block = |label| Block { label, line: 1, encrypted: false, der: Zeroizing::new(bytes.to_vec()) };
        labels.iter().map(|label| block(*label)).find(|block| self.parse(block).is_ok())
    }

    fn parse(&self, block: &Block) -> Result<(Content, Parsed), Cause> {
        let (label, line) = (block.label, block.line);
        Ok(match label {
            Label::Certificate => {
                let certificate = Certificate::read(block)?;
                let card = CertificateCard::of(&certificate, self.options.now);
                let card = card.ok_or(Cause::BrokenDer { line, label })?;
                (Content::Certificate(Box::new(card)), Parsed::Certificate(certificate))
            }
            Label::Request => match X509CertificationRequest::from_der(&block.der) {
                Ok(([], request)) => {
                    let public = Public::of(&request.certification_request_info.subject_pki);
                    (Content::Request(RequestCard::of(&request)), Parsed::Request(public))
                }
                Ok((rest, _)) => return Err(Cause::TrailingDer { line, label, count: rest.len() }),
                Err(_) => return Err(Cause::BrokenDer { line, label }),
            },
            Label::EncryptedPkcs8 | Label::OpenSsh | Label::Dsa => {
                (Content::PrivateKey(KeyCard::unreadable(label, block.encrypted)), Parsed::Nothing)
            }
            label if label.is_private_key() && block.encrypted => {
                (Content::PrivateKey(KeyCard::unreadable(label, true)), Parsed::Nothing)
            }
            label if label.is_private_key() => {
                let key = key::read(block)?;
                (Content::PrivateKey(KeyCard::readable(label, &key)), Parsed::Key(Box::new(key)))
            }
            other => (Content::Other { what: other.to_string() }, Parsed::Nothing),
        })
    }

    fn certificates(&self) -> impl Iterator<Item = (usize, usize, &Certificate)> {
        self.parsed.iter().enumerate().filter_map(|(object, (item, parsed))| match parsed {
            Parsed::Certificate(certificate) => Some((object, *item, certificate)),
            _ => None,
        })
    }

    fn certificates_of(&self, wanted: usize) -> impl Iterator<Item = (usize, &Certificate)> {
        self.certificates().filter(move |(_, item, _)| *item == wanted).map(|(object, _, it)| (object, it))
    }

    fn keys(&self) -> impl Iterator<Item = (usize, usize, &Key)> {
        self.parsed.iter().enumerate().filter_map(|(object, (item, parsed))| match parsed {
            Parsed::Key(key) => Some((object, *item, &**key)),
            _ => None,
        })
    }

    fn secret(&self, item: usize) -> Option<SecretPart<'a>> {
        self.items.get(item)?.secret
    }

    /// The certificates and requests of each key.
    fn own(&self, objects: &mut [Object]) {
        let public_keys: Vec<Option<Public>> = self
            .parsed
            .iter()
            .map(|(_, parsed)| match parsed {
                Parsed::Certificate(certificate) => Public::of(certificate.x509()?.public_key()),
                Parsed::Request(public) => public.clone(),
                Parsed::Key(_) | Parsed::Nothing => None,
            })
            .collect();
        for (object, (_, parsed)) in objects.iter_mut().zip(&self.parsed) {
            if let (Content::PrivateKey(card), Parsed::Key(key)) = (&mut object.content, parsed)
                && key.public.is_some()
            {
                let fits = |public: &Option<Public>| *public == key.public;
                card.belongs_to = public_keys.iter().enumerate().filter(|(_, it)| fits(it)).map(|(at, _)| at).collect();
            }
        }
    }

    /// Whether a Secret calls it the authority's certificate.
    fn is_ca_by_name(&self, item: usize) -> bool {
        self.secret(item).is_some_and(|secret| secret.role == Role::Ca)
    }

    fn judge(&self, inventory: &mut Inventory) {
        self.own(&mut inventory.objects);
        let authorities = self.authorities();
        let leaves = self.leaves(&authorities);
        let keys = self.pairs(&leaves, &inventory.objects);
        let mut covered: HashSet<Fingerprint> = HashSet::new();
        let mut paired: HashSet<usize> = HashSet::new();
        let mut findings: Vec<Finding> = Vec::new();
        let as_found = self.key_files();
        for (leaf, key) in leaves.iter().copied().zip(keys) {
            let Some((_, item, certificate)) = self.certificates().find(|(object, ..)| *object == leaf) else {
                continue;
            };
            let (chain, repairs) = self.arranged(leaf, item, certificate, &leaves, &authorities);
            let ca = self.authority_of(item, &chain, &authorities);
            let key = key.and_then(|key| self.keys().find(|(object, ..)| *object == key));
            let subject = Subject {
                certificate_name: self.name(item),
                chain: &chain,
                key: key.map(|(_, item, key)| (self.name(item), key)),
                ca: ca.as_ref().map(|(_, ca)| ca),
            };
            let ca_item = ca.as_ref().map(|(item, _)| *item);
            let mut own = judge::judge(&subject, self.options, self.loader);
            own.extend(Repair::findings(&repairs, self.loader, self.name(item), "client.key"));
            let involved = [Some(item), key.map(|(_, item, _)| item), ca_item];
            self.put_places(&mut own, &involved);
            covered.extend(path_of(&subject, self.options.chain));
            if let Some((object, key_item, _)) = key {
                paired.insert(object);
                own.extend(as_found.iter().filter(|(item, _)| *item == key_item).map(|(_, finding)| finding.clone()));
            }
            // what was said of the files themselves: DER, damaged blocks, a value's encoding
            let places: Vec<&str> =
                involved.iter().flatten().filter_map(|at| Some(self.items.get(*at)?.place)).collect();
            let of_files =
                inventory.findings.iter().filter(|it| it.place.as_deref().is_some_and(|it| places.contains(&it)));
            let fails = own.iter().chain(of_files).any(|finding| finding.severity == Severity::Error);
            inventory.chains.push(Chain {
                works: key.filter(|_| fails || ca.is_some()).map(|_| !fails),
                ..self.tree(leaf, certificate, key.map(|(object, ..)| object))
            });
            findings.extend(own);
        }
        for &(object, key) in &authorities {
            let Some((_, item, certificate)) = self.certificates().find(|(other, ..)| *other == object) else {
                continue;
            };
            let key = key.and_then(|key| self.keys().find(|(other, ..)| *other == key));
            if let Some((key_object, ..)) = key {
                paired.insert(key_object);
                inventory.chains.push(self.tree(object, certificate, Some(key_object)));
            }
            if key.is_some() || covered.insert(certificate.summary.fingerprint) {
                let subject = Subject {
                    certificate_name: self.name(item),
                    chain: std::slice::from_ref(certificate),
                    key: key.map(|(_, item, key)| (self.name(item), key)),
                    ca: None,
                };
                let mut own = judge::judge_authority(&subject, self.options);
                self.put_places(&mut own, &[Some(item), key.map(|(_, item, _)| item)]);
                findings.extend(own);
            }
        }
        for (object, item, key) in self.keys().filter(|(object, ..)| !paired.contains(object)) {
            let subject =
                Subject { certificate_name: "client.crt", chain: &[], key: Some((self.name(item), key)), ca: None };
            let mut own = judge::judge(&subject, self.options, self.loader);
            self.put_places(&mut own, &[Some(item)]);
            own.extend(as_found.iter().filter(|(of, _)| *of == item).map(|(_, finding)| finding.clone()));
            let is_owned = matches!(inventory.objects.get(object).map(|object| &object.content),
                Some(Content::PrivateKey(card)) if !card.belongs_to.is_empty());
            if self.certificates().next().is_some() && !is_owned {
                own.push(Finding {
                    rule: "key-mismatch",
                    severity: Severity::Warning,
                    place: inventory.objects.get(object).map(|object| object.place.clone()),
                    message: "is the key of none of these certificates".to_owned(),
                    help: None,
                });
            }
            findings.extend(own);
        }
        for (item, opened) in self.opened.iter().enumerate() {
            for block in &opened.blocks.blocks {
                let encrypted = block.encrypted || block.label == Label::EncryptedPkcs8;
                let cause = match block.label {
                    _ if encrypted => Cause::Encrypted,
                    Label::OpenSsh | Label::Dsa => Cause::ForeignKey(block.label),
                    Label::TrustedCertificate => Cause::TrustedCertificate,
                    _ => continue,
                };
                let role = if block.label.is_private_key() { Role::Key } else { Role::Certificate };
                findings.push(self.refusal(item, role, cause));
            }
        }
        for finding in findings {
            if !inventory.findings.contains(&finding) {
                inventory.findings.push(finding);
            }
        }
    }

    fn name(&self, item: usize) -> &'a str {
        self.items.get(item).map_or("", |item| item.name)
    }

    fn refusal(&self, item: usize, role: Role, cause: Cause) -> Finding {
        let error = LoadError { file: self.name(item).to_owned(), role, cause };
        Finding { place: self.items.get(item).map(|item| item.place.to_owned()), ..error.finding() }
    }

    /// Findings name what they judge as messages do; here they get the place in the manifest.
    fn put_places(&self, findings: &mut [Finding], involved: &[Option<usize>]) {
        for finding in findings {
            let items = involved.iter().flatten().filter_map(|item| self.items.get(*item));
            if let Some(item) = items.into_iter().find(|item| finding.place.as_deref() == Some(item.name)) {
                finding.place = Some(item.place.to_owned());
            }
        }
    }

    /// The certificates that issue others, and the key of each where it is here.
    fn authorities(&self) -> Vec<(usize, Option<usize>)> {
        let parsed: Vec<(usize, X509Certificate<'_>)> =
            self.certificates().filter_map(|(object, _, it)| Some((object, it.x509()?))).collect();
        parsed
            .iter()
            .filter(|(object, x509)| {
                ca_flag(x509) == Some(true)
                    || x509.version() == X509Version::V1 && chain::is_self_signed(x509)
                    || parsed.iter().any(|(other, child)| {
                        other != object
                            && child.as_raw() != x509.as_raw()
                            && same_name(child.issuer(), x509.subject())
                            && signed_by(child, x509) == Signature::Good
                    })
            })
            .map(|(object, x509)| {
                let public = Public::of(x509.public_key());
                let key = self.keys().find(|(.., key)| public.is_some() && key.public == public);
                (*object, key.map(|(key, ..)| key))
            })
            .collect()
    }

    /// The certificates of clients. What a Secret calls the client's certificate is one, whatever else it is.
    fn leaves(&self, authorities: &[(usize, Option<usize>)]) -> Vec<usize> {
        let is_leaf = |object: usize| authorities.iter().all(|(authority, _)| *authority != object);
        let mut seen = HashSet::new();
        let mut leaves: Vec<usize> = self
            .certificates()
            .filter(|(object, item, certificate)| {
                is_leaf(*object)
                    && !self.is_ca_by_name(*item)
                    && (seen.insert(certificate.summary.fingerprint) || self.secret(*item).is_some())
            })
            .map(|(object, ..)| object)
            .collect();
        for item in 0..self.items.len() {
            let has_role = self.secret(item).is_some_and(|secret| secret.role == Role::Certificate);
            let mut own = self.certificates_of(item).map(|(object, _)| object).peekable();
            if let Some(&first) = own.peek()
                && has_role
                && !own.any(is_leaf)
            {
                leaves.push(first);
            }
        }
        leaves.sort_unstable();
        leaves
    }

    /// For each leaf its key: the one of its Secret, else the one that fits, else the one that nobody else has.
    fn pairs(&self, leaves: &[usize], objects: &[Object]) -> Vec<Option<usize>> {
        let is_owned = |key: usize| match objects.get(key).map(|object| &object.content) {
            Some(Content::PrivateKey(card)) => !card.belongs_to.is_empty(),
            _ => false,
        };
        let of_leaf = |leaf: usize| {
            let (_, item, _) = self.certificates().find(|(object, ..)| *object == leaf)?;
            if let Some(secret) = self.secret(item) {
                let same = |item| self.secret(item).is_some_and(|other| other.number == secret.number);
                return self.keys().find(|(_, item, _)| same(*item)).map(|(object, ..)| object);
            }
            let owns = |key: usize| match objects.get(key).map(|object| &object.content) {
                Some(Content::PrivateKey(card)) => card.belongs_to.contains(&leaf),
                _ => false,
            };
            self.keys().find(|(key, item, _)| self.secret(*item).is_none() && owns(*key)).map(|(key, ..)| key)
        };
        let keys: Vec<Option<usize>> = leaves.iter().map(|leaf| of_leaf(*leaf)).collect();
        let free: Vec<usize> = self
            .keys()
            .filter(|(object, item, _)| self.secret(*item).is_none() && !is_owned(*object))
            .map(|(object, ..)| object)
            .collect();
        match (free.as_slice(), keys.as_slice()) {
            ([free], [None]) => vec![Some(*free)],
            _ => keys,
        }
    }

    /// The chain of a leaf out of its own file, and what it took to get it in order.
    fn arranged(
        &self,
        leaf: usize,
        item: usize,
        certificate: &Certificate,
        leaves: &[usize],
        authorities: &[(usize, Option<usize>)],
    ) -> (Vec<Certificate>, Vec<Repair>) {
        let is_alone = self.certificates_of(item).filter(|(object, _)| leaves.contains(object)).count() == 1;
        let own = self.certificates_of(item).filter(|(object, _)| {
            is_alone || *object == leaf || authorities.iter().any(|(authority, _)| authority == object)
        });
        let public = certificate.x509().and_then(|x509| Public::of(x509.public_key()));
        let arranged = chain::arrange(own.map(|(_, it)| it.clone()).collect(), public.as_ref());
        let repairs = if is_alone { Repair::of_order(&arranged) } else { Vec::new() };
        (arranged.chain, repairs)
    }

    /// The authority that a chain should lead to: the one of its Secret, else the file in which it ends, else the
    /// one that looks most like it.
    fn authority_of(
        &self,
        of: usize,
        chain: &[Certificate],
        authorities: &[(usize, Option<usize>)],
    ) -> Option<(usize, Authority)> {
        let number = |item| self.secret(item).map(|secret| secret.number);
        let mut items: Vec<usize> = self
            .certificates()
            .filter(|(object, item, _)| *item != of && authorities.iter().any(|(authority, _)| authority == object))
            .map(|(_, item, _)| item)
            .collect();
        items.dedup();
        // a file that holds everything holds the leaf as well, and that is no authority
        let is_authority = |object: usize| authorities.iter().any(|(authority, _)| *authority == object);
        let authority = |item: usize| Authority {
            name: self.name(item).to_owned(),
            certificates: self
                .certificates_of(item)
                .filter(|(object, _)| is_authority(*object) || self.is_ca_by_name(item))
                .map(|(_, it)| it.clone())
                .collect(),
        };
        let mut in_secret = self.certificates().map(|(_, item, _)| item).filter(|item| self.is_ca_by_name(*item));
        if let Some(item) = in_secret.find(|item| number(*item) == number(of)) {
            return Some((item, authority(item)));
        }
        let has_root = |item: usize| {
            self.certificates_of(item).any(|(_, it)| it.x509().is_some_and(|x509| chain::is_self_signed(&x509)))
        };
        let rank = |item: usize| {
            let ca = authority(item);
            match chain::walk(chain, &ca.certificates).end {
                End::Anchor => 0,
                End::OtherKey { .. } | End::OtherIdentifier { .. } => 1,
                _ if has_root(item) => 2,
                _ => 3,
            }
        };
        let best = items.into_iter().map(|item| (rank(item), item)).min();
        match best {
            Some((0..=2, item)) => Some((item, authority(item))),
            // the root may stand behind the leaf in the same file
            _ => {
                let roots = chain.iter().skip(1).filter(|it| it.x509().is_some_and(|it| chain::is_self_signed(&it)));
                let certificates: Vec<Certificate> = roots.cloned().collect();
                (!certificates.is_empty()).then(|| (of, Authority { certificates, ..authority(of) }))
            }
        }
    }

    /// What is the matter with the files of keys, whoever they belong to; each with the number of its item.
    fn key_files(&self) -> Vec<(usize, Finding)> {
        let mut findings = Vec::new();
        let items: HashSet<usize> = self.keys().map(|(_, item, _)| item).collect();
        for (number, (item, opened)) in self.items.iter().zip(&self.opened).enumerate() {
            if !items.contains(&number) || opened.is_der {
                continue;
            }
            match one_key(&opened.blocks) {
                Err(Cause::Encrypted) => {}
                Err(cause) => findings.push((number, self.refusal(number, Role::Key, cause))),
                Ok(key) => {
                    let repairs = Repair::of_key(&opened.blocks, &key, item.bytes);
                    let mut own = Repair::findings(&repairs, self.loader, "client.crt", item.name);
                    self.put_places(&mut own, &[Some(number)]);
                    findings.extend(own.into_iter().map(|finding| (number, finding)));
                }
            }
        }
        findings
    }

    /// The way up from a certificate, over everything that is here.
    fn tree(&self, from: usize, certificate: &Certificate, key: Option<usize>) -> Chain {
        let (roots, others): (Vec<&Certificate>, Vec<&Certificate>) = self
            .certificates()
            .map(|(.., it)| it)
            .partition(|it| it.x509().is_some_and(|x509| chain::is_self_signed(&x509)));
        let roots: Vec<Certificate> = roots.into_iter().cloned().collect();
        let mut chain = vec![certificate.clone()];
        chain.extend(others.into_iter().filter(|it| *it != certificate).cloned());
        let path = chain::walk(&chain, &roots);
        let object =
            |wanted: &Certificate| self.certificates().find(|(.., it)| *it == wanted).map(|(object, ..)| object);
        let mut certificates: Vec<usize> =
            path.members.iter().filter_map(|member| object(member.certificate)).collect();
        if let Some(first) = certificates.first_mut() {
            *first = from;
        }
        let issuer = path.members.last().map(|last| name(last.x509.issuer())).unwrap_or_default();
        let end = match path.end {
            End::Anchor => ChainEnd::Anchor,
            End::NoIssuer { .. } | End::NotAsked => ChainEnd::IssuerMissing { issuer },
            End::OtherKey { .. } => ChainEnd::IssuerOtherKey { issuer },
            End::OtherIdentifier { .. } => ChainEnd::IssuerOtherId { issuer },
        };
        Chain { certificates, key, end, works: None }
    }
}

/// The certificates that a judgement looked at.
fn path_of(subject: &Subject<'_>, check: ChainCheck) -> Vec<Fingerprint> {
    let path = match subject.ca {
        Some(ca) if check == ChainCheck::ToAnchor => chain::walk(subject.chain, &ca.certificates),
        _ => chain::alone(subject.chain, chain::Origin::Client),
    };
    path.members.iter().map(|member| member.certificate.summary.fingerprint).collect()
}

impl Cause {
    /// Whether it speaks of a private key.
    fn is_of_key(&self) -> bool {
        match self {
            Cause::Unterminated { label, .. }
            | Cause::Headless { label, .. }
            | Cause::EndDiffers { begin: label, .. }
            | Cause::Base64 { label, .. }
            | Cause::EscapedNewlines { label, .. }
            | Cause::BrokenDer { label, .. }
            | Cause::TrailingDer { label, .. } => label.is_private_key(),
            Cause::Der(kind) => matches!(kind, DerKind::Key | DerKind::EncryptedKey),
            Cause::Encrypted | Cause::ForeignKey(_) | Cause::SeveralKeys(_) => true,
            _ => false,
        }
    }
}
