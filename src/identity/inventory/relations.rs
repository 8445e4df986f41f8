//! Objects → who is an authority and who a client, whose key is whose, and who issued whom.

use std::collections::HashSet;

use time::OffsetDateTime;
use x509_parser::certificate::{BasicExtension, X509Certificate};
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage};
use x509_parser::x509::X509Version;

use super::shelf::{Held, Parsed, Shelf};
use super::{Chain, ChainEnd, Content, Object};
use crate::identity::Authority;
use crate::identity::certificate::{Certificate, ca_flag, name, same_name, self_signed};
use crate::identity::chain::{self, Arranged, End};
use crate::identity::error::Role;
use crate::identity::key::{Key, Public};
use crate::identity::signature::{Signature, signed_by};

/// A certificate, and its key where that is here.
pub(super) type Owned<'s> = (Held<'s, Certificate>, Option<Held<'s, Key>>);

/// Who is what to whom.
pub(super) struct Relations<'s> {
    pub(super) shelf: &'s Shelf<'s>,
    /// The certificates that issue others.
    pub(super) authorities: Vec<Owned<'s>>,
    /// The certificates of clients.
    pub(super) leaves: Vec<Owned<'s>>,
    now: OffsetDateTime,
    /// For each object its public key, where it is a certificate or a request.
    public_keys: Vec<Option<Public>>,
}

/// Whether its usages leave room for a client (RFC 5280 §4.2.1.3, §4.2.1.12).
fn may_be_client(x509: &X509Certificate<'_>) -> bool {
    let signs = |usage: Option<_>| usage.is_none_or(|usage: BasicExtension<&KeyUsage>| usage.value.digital_signature());
    let authenticates =
        |usage: Option<_>| usage.is_none_or(|usage: BasicExtension<&ExtendedKeyUsage<'_>>| usage.value.client_auth);
    x509.key_usage().is_ok_and(signs) && x509.extended_key_usage().is_ok_and(authenticates)
}

impl<'s> Relations<'s> {
    pub(super) fn of(shelf: &'s Shelf<'s>, now: OffsetDateTime) -> Self {
        let public_keys = shelf
            .parsed()
            .map(|parsed| match parsed {
                Parsed::Certificate(certificate) => Public::of(certificate.x509()?.public_key()),
                Parsed::Request(public) => public.clone(),
                Parsed::Key(_) | Parsed::Nothing => None,
            })
            .collect();
        let mut relations = Relations { shelf, authorities: Vec::new(), leaves: Vec::new(), now, public_keys };
        relations.authorities = relations.find_authorities();
        relations.leaves = relations.find_leaves();
        relations
    }

    /// Tells each key which certificates and requests are its own.
    pub(super) fn own(&self, objects: &mut [Object]) {
        for key in self.shelf.keys() {
            if let Some(Content::PrivateKey(card)) = objects.get_mut(key.object).map(|object| &mut object.content) {
                card.belongs_to = self.objects_of(key.it).collect();
            }
        }
    }

    /// The certificates and requests of a key.
    pub(super) fn objects_of(&self, key: &Key) -> impl Iterator<Item = usize> {
        let fits = move |public: &Option<Public>| public.is_some() && *public == key.public;
        self.public_keys.iter().enumerate().filter(move |(_, public)| fits(public)).map(|(object, _)| object)
    }

    fn find_authorities(&self) -> Vec<Owned<'s>> {
        let parsed: Vec<(Held<'s, Certificate>, X509Certificate<'s>)> =
            self.shelf.certificates().filter_map(|held| Some((held, held.it.x509()?))).collect();
        let issued_one = |issuer: &X509Certificate<'_>| {
            parsed.iter().any(|(_, child)| {
                child.as_raw() != issuer.as_raw()
                    && same_name(child.issuer(), issuer.subject())
                    && signed_by(child, issuer) == Signature::Good
            })
        };
        // marked as an authority by mistake: its key is here, as a client's is, and it issued nothing that is here
        let is_marked_client = |held: &Held<'_, Certificate>, x509: &X509Certificate<'_>| {
            self.key_of(held.object).is_some() && !same_name(x509.subject(), x509.issuer()) && may_be_client(x509)
        };
        let is_authority = |held: &Held<'_, Certificate>, x509: &X509Certificate<'_>| {
            ca_flag(x509) == Some(true) && !is_marked_client(held, x509)
                || x509.version() == X509Version::V1 && self_signed(x509)
                || issued_one(x509)
        };
        let authorities = parsed.iter().filter(|(held, x509)| is_authority(held, x509));
        authorities.map(|(held, _)| (*held, self.key_of(held.object))).collect()
    }

    /// The key that belongs to an object.
    fn key_of(&self, object: usize) -> Option<Held<'s, Key>> {
        self.shelf.keys().find(|key| self.objects_of(key.it).any(|own| own == object))
    }

    fn is_authority(&self, object: usize) -> bool {
        self.authorities.iter().any(|(authority, _)| authority.object == object)
    }

    /// What a Secret calls the client's certificate is one, whatever else it is. The same certificate twice is one.
    fn find_leaves(&self) -> Vec<Owned<'s>> {
        let role = |item: usize| self.shelf.secret(item).map(|secret| secret.role);
        let mut seen = HashSet::new();
        let mut leaves: Vec<Held<'s, Certificate>> = Vec::new();
        for item in 0..self.shelf.items.len() {
            let certificates = || self.shelf.certificates_of(item);
            let first = leaves.len();
            leaves.extend(certificates().filter(|held| {
                !self.is_authority(held.object)
                    && role(item) != Some(Role::Ca)
                    && (seen.insert(held.it.summary.fingerprint) || role(item).is_some())
            }));
            if role(item) == Some(Role::Certificate) && leaves.len() == first {
                leaves.extend(certificates().next());
            }
        }
        let keys: Vec<Option<Held<'s, Key>>> = leaves.iter().map(|leaf| self.key_of_leaf(*leaf)).collect();
        let mut free = self
            .shelf
            .keys()
            .filter(|key| self.shelf.secret(key.item).is_none() && self.objects_of(key.it).next().is_none());
        match (leaves.as_slice(), keys.as_slice(), free.next(), free.next()) {
            // they were meant to belong together
            ([leaf], [None], Some(key), None) => vec![(*leaf, Some(key))],
            _ => leaves.into_iter().zip(keys).collect(),
        }
    }

    /// In a Secret the key that stands beside it, whether it fits or not; else the one that fits.
    fn key_of_leaf(&self, leaf: Held<'s, Certificate>) -> Option<Held<'s, Key>> {
        let number = |item: usize| self.shelf.secret(item).map(|secret| secret.number);
        match number(leaf.item) {
            Some(secret) => self.shelf.keys().find(|key| number(key.item) == Some(secret)),
            None => self.key_of(leaf.object).filter(|key| number(key.item).is_none()),
        }
    }

    /// The chain of a leaf out of its own item. `None` as the second where there are other leaves, and nobody can say
    /// what is in order.
    pub(super) fn arranged(&self, leaf: Held<'s, Certificate>) -> (Vec<Certificate>, Option<Arranged>) {
        let others =
            |object: usize| object != leaf.object && self.leaves.iter().any(|(other, _)| other.object == object);
        let is_alone = !self.shelf.certificates_of(leaf.item).any(|held| others(held.object));
        let own = self.shelf.certificates_of(leaf.item).filter(|held| !others(held.object));
        let public = self.public_keys.get(leaf.object).and_then(Option::as_ref);
        let arranged = chain::arrange(own.map(|held| held.it.clone()).collect(), public);
        (arranged.chain.clone(), is_alone.then_some(arranged))
    }

    /// The authority that a chain should lead to, and its item: the one of its Secret, else the file in which it ends,
    /// else the one that looks most like it.
    pub(super) fn authority_of(&self, of: usize, chain: &[Certificate]) -> Option<(usize, Authority)> {
        let number = |item: usize| self.shelf.secret(item).map(|secret| secret.number);
        let is_called_ca = |item: usize| self.shelf.secret(item).is_some_and(|secret| secret.role == Role::Ca);
        // a file that holds everything holds the leaf as well, and that is no authority
        let authority = |item: usize| Authority {
            name: self.shelf.name(item).to_owned(),
            certificates: self
                .shelf
                .certificates_of(item)
                .filter(|held| self.is_authority(held.object) || is_called_ca(item))
                .map(|held| held.it.clone())
                .collect(),
        };
        let mut beside = self.shelf.certificates().map(|held| held.item);
        if let Some(item) = beside.find(|item| is_called_ca(*item) && number(*item) == number(of)) {
            return Some((item, authority(item)));
        }
        let is_root = |certificate: &Certificate| certificate.x509().is_some_and(|x509| self_signed(&x509));
        let rank = |item: usize| match chain::walk(chain, &authority(item).certificates, self.now).end {
            End::Anchor => 0,
            End::OtherKey { .. } | End::OtherIdentifier { .. } => 1,
            _ if self.shelf.certificates_of(item).any(|held| is_root(held.it)) => 2,
            _ => 3,
        };
        let mut items: Vec<usize> = self.authorities.iter().map(|(held, _)| held.item).filter(|it| *it != of).collect();
        items.dedup();
        match items.into_iter().map(|item| (rank(item), item)).min() {
            Some((0..=2, item)) => Some((item, authority(item))),
            _ => {
                // the root may stand behind the leaf in the same file
                let roots = chain.iter().skip(1).filter(|certificate| is_root(certificate));
                let certificates: Vec<Certificate> = roots.cloned().collect();
                (!certificates.is_empty()).then(|| (of, Authority { certificates, ..authority(of) }))
            }
        }
    }

    /// The way up from a certificate, over everything that is here.
    pub(super) fn tree(&self, (from, key): Owned<'s>) -> Chain {
        let certificates = || self.shelf.certificates().map(|held| held.it);
        let (roots, others): (Vec<&Certificate>, Vec<&Certificate>) =
            certificates().partition(|certificate| certificate.x509().is_some_and(|x509| self_signed(&x509)));
        let roots: Vec<Certificate> = roots.into_iter().cloned().collect();
        let mut chain = vec![from.it.clone()];
        chain.extend(others.into_iter().filter(|other| *other != from.it).cloned());
        let path = chain::walk(&chain, &roots, self.now);
        let object = |wanted: &Certificate| Some(self.shelf.certificates().find(|held| held.it == wanted)?.object);
        let above = path.members.iter().skip(1).filter_map(|member| object(member.certificate));
        let issuer = path.members.last().map(|last| name(last.x509.issuer())).unwrap_or_default();
        Chain {
            certificates: std::iter::once(from.object).chain(above).collect(),
            key: key.map(|key| key.object),
            generation: self.shelf.loader(from.item),
            end: match path.end {
                End::Anchor => ChainEnd::Anchor,
                End::NoIssuer { .. } | End::SelfSigned | End::NotAsked => ChainEnd::IssuerMissing { issuer },
                End::OtherKey { .. } => ChainEnd::IssuerOtherKey { issuer },
                End::OtherIdentifier { .. } => ChainEnd::IssuerOtherId { issuer },
            },
            works: None,
        }
    }
}
