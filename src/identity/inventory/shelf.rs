//! Items → objects: every block that can be read, parsed, beside the item that it came from. Judges nothing.

use time::OffsetDateTime;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::certification_request::X509CertificationRequest;
use zeroize::Zeroizing;

use super::{
    CertificateCard, Content, Inventory, Item, KeyCard, MAX_OBJECTS, Object, RequestCard, SecretPart, TooMany,
};
use crate::finding::Finding;
use crate::identity::Loader;
use crate::identity::certificate::Certificate;
use crate::identity::error::{Cause, DerKind, LoadError, Role};
use crate::identity::key::{self, Key, Public};
use crate::identity::pem::{self, Block, Blocks, Label};

/// What an object was parsed to.
pub(super) enum Parsed {
    Certificate(Certificate),
    Key(Box<Key>),
    /// The public key that a request is for.
    Request(Option<Public>),
    Nothing,
}

/// An item's blocks.
pub(super) struct Opened {
    pub(super) blocks: Blocks,
    pub(super) is_der: bool,
}

/// Something that was parsed, the number of its object, and the number of its item.
pub(super) struct Held<'s, T> {
    pub(super) object: usize,
    pub(super) item: usize,
    pub(super) it: &'s T,
}

impl<T> Clone for Held<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Held<'_, T> {}

/// Everything that was given, parsed.
pub(super) struct Shelf<'a> {
    pub(super) items: &'a [Item<'a>],
    /// One for each item.
    pub(super) opened: Vec<Opened>,
    /// One for each object, with the number of its item.
    parsed: Vec<(usize, Parsed)>,
}

impl<'a> Shelf<'a> {
    /// Opens all items. Objects, and what is the matter with what cannot be read, go into the inventory.
    pub(super) fn fill(
        items: &'a [Item<'a>],
        now: OffsetDateTime,
        inventory: &mut Inventory,
    ) -> Result<Shelf<'a>, TooMany> {
        let mut shelf = Shelf { items, opened: Vec::new(), parsed: Vec::new() };
        for item in items {
            shelf.open(item, now, inventory)?;
        }
        Ok(shelf)
    }

    fn open(&mut self, item: &Item<'_>, now: OffsetDateTime, inventory: &mut Inventory) -> Result<(), TooMany> {
        let number = self.opened.len();
        let before = inventory.objects.len();
        let (mut blocks, mut damage) = pem::survey(item.bytes);
        if item.bytes.is_empty() && !item.findings.is_empty() {
            // nothing could be decoded, and that has been said
            damage.clear();
        }
        let mut is_der = false;
        if let [Cause::Der(kind)] = damage.as_slice() {
            match (of_der(*kind, item.bytes, now), *kind) {
                (Some(block), _) => {
                    is_der = true;
                    if block.label == Label::Request {
                        damage.clear();
                    }
                    blocks.blocks.push(block);
                }
                (None, DerKind::Other) => {}
                // not even openssl would convert it
                (None, kind) => damage = vec![Cause::DamagedDer(kind)],
            }
        }
        let several = blocks.blocks.len() > 1;
        for block in &blocks.blocks {
            if inventory.objects.len() == MAX_OBJECTS {
                return Err(TooMany);
            }
            match parse(block, now) {
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
        let role = match item.secret {
            Some(secret) => secret.role,
            None if blocks.has(Label::is_private_key) || damage.first().is_some_and(is_of_key) => Role::Key,
            None if blocks.has(|label| label == Label::Certificate) => Role::Certificate,
            None => Role::Any,
        };
        let is_other = match role {
            Role::Key => !blocks.has(Label::is_private_key),
            Role::Certificate | Role::Ca => {
                !blocks.has(|label| matches!(label, Label::Certificate | Label::TrustedCertificate))
            }
            _ => false,
        };
        if let Some(first) = blocks.blocks.first()
            && item.secret.is_some()
            && is_other
        {
            damage.push(Cause::Instead(first.label, role));
        }
        let nothing = inventory.objects.len() == before;
        inventory.findings.extend(item.findings.iter().cloned());
        for cause in damage {
            let error = LoadError { file: item.name.to_owned(), role, cause };
            if nothing && item.secret.is_none() {
                inventory.unreadable.push(error);
            } else {
                inventory.findings.push(Finding { place: Some(item.place.to_owned()), ..error.finding() });
            }
        }
        self.opened.push(Opened { blocks, is_der });
        Ok(())
    }

    /// Every object, with the number of its item.
    pub(super) fn parsed(&self) -> impl Iterator<Item = &Parsed> {
        self.parsed.iter().map(|(_, parsed)| parsed)
    }

    /// Every certificate.
    pub(super) fn certificates(&self) -> impl Iterator<Item = Held<'_, Certificate>> {
        self.parsed.iter().enumerate().filter_map(|(object, (item, parsed))| match parsed {
            Parsed::Certificate(certificate) => Some(Held { object, item: *item, it: certificate }),
            _ => None,
        })
    }

    /// Every certificate of one item.
    pub(super) fn certificates_of(&self, item: usize) -> impl Iterator<Item = Held<'_, Certificate>> {
        self.certificates().filter(move |held| held.item == item)
    }

    /// Every private key that can be read.
    pub(super) fn keys(&self) -> impl Iterator<Item = Held<'_, Key>> {
        self.parsed.iter().enumerate().filter_map(|(object, (item, parsed))| match parsed {
            Parsed::Key(key) => Some(Held { object, item: *item, it: &**key }),
            _ => None,
        })
    }

    /// What messages call an item.
    pub(super) fn name(&self, item: usize) -> &'a str {
        self.items.get(item).map_or("", |item| item.name)
    }

    /// Where an item is.
    pub(super) fn place(&self, item: usize) -> &'a str {
        self.items.get(item).map_or("", |item| item.place)
    }

    /// Who is to load an item.
    pub(super) fn loader(&self, item: usize) -> Loader {
        self.items.get(item).map_or(Loader::Java, |item| item.loader)
    }

    /// Which value of which Secret an item is.
    pub(super) fn secret(&self, item: usize) -> Option<SecretPart<'a>> {
        self.items.get(item)?.secret
    }
}

/// A DER file as the PEM block that it would be.
fn of_der(kind: DerKind, bytes: &[u8], now: OffsetDateTime) -> Option<Block> {
    let labels: &[Label] = match kind {
        DerKind::Certificate => &[Label::Certificate, Label::Request],
        DerKind::Key => &[Label::Pkcs8, Label::Pkcs1, Label::Sec1],
        DerKind::EncryptedKey => &[Label::EncryptedPkcs8],
        DerKind::Pkcs7 => &[Label::Pkcs7],
        DerKind::Request | DerKind::Other => &[Label::Request],
    };
    let block = |label| Block { label, line: 1, encrypted: false, der: Zeroizing::new(bytes.to_vec()) };
    labels.iter().map(|label| block(*label)).find(|block| parse(block, now).is_ok())
}

fn parse(block: &Block, now: OffsetDateTime) -> Result<(Content, Parsed), Cause> {
    let (label, line) = (block.label, block.line);
    Ok(match label {
        Label::Certificate => {
            let certificate = Certificate::read(block)?;
            let card = CertificateCard::of(&certificate, now).ok_or(Cause::BrokenDer { line, label })?;
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

/// Whether a cause speaks of a private key.
fn is_of_key(cause: &Cause) -> bool {
    match cause {
        Cause::Unterminated { label, .. }
        | Cause::Headless { label, .. }
        | Cause::EndDiffers { begin: label, .. }
        | Cause::Base64 { label, .. }
        | Cause::EscapedNewlines { label, .. }
        | Cause::BrokenDer { label, .. }
        | Cause::TrailingDer { label, .. } => label.is_private_key(),
        Cause::Der(kind) | Cause::DamagedDer(kind) => matches!(kind, DerKind::Key | DerKind::EncryptedKey),
        _ => false,
    }
}
