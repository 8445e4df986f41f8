//! Certificates in the order of a file → the leaf and its issuers in the order of a chain; then leaf → issuer → …
//! → an authority's own certificate, by name and by signature. A linear walk: no alternatives are tried twice.

use std::collections::HashMap;

use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;

use super::certificate::{Certificate, identifies, key_identifiers, name, normal_form, same_name, self_signed};
use super::key::Public;
use super::signature::{Signature, signed_by};

/// More issuers than any real chain has; ends the walk over a bundle made to be endless.
const LONGEST: usize = 16;

/// A certificate file put in order: Java's key store takes only leaf → issuer → issuer, without extras.
pub(crate) struct Arranged {
    /// Leaf first; never empty if the input was not.
    pub(crate) chain: Vec<Certificate>,
    /// Whether what is kept stood in another order.
    pub(super) reordered: bool,
    /// Whether the leaf stood first.
    pub(super) leaf_first: bool,
    /// How many certificates stood there twice.
    pub(super) duplicates: usize,
    /// The subjects of those that no certificate of the chain needs.
    pub(super) extra: Vec<String>,
}

/// Puts the certificates of one file in order: first the one whose key is `key`, then each one's issuer.
pub(crate) fn arrange(certificates: Vec<Certificate>, key: Option<&Public>) -> Arranged {
    let count = certificates.len();
    let mut unique: Vec<Certificate> = Vec::with_capacity(count);
    for certificate in certificates {
        if !unique.contains(&certificate) {
            unique.push(certificate);
        }
    }
    let duplicates = count - unique.len();

    let mut order: Vec<usize> = Vec::new();
    {
        let parsed: Vec<X509Certificate<'_>> = unique.iter().filter_map(Certificate::x509).collect();
        let mut current = leaf(&parsed, key);
        while let Some((at, x509)) = current {
            order.push(at);
            if order.len() > LONGEST || self_signed(x509) {
                break;
            }
            current = issuer_in(&parsed, x509, &order);
        }
    }

    let reordered = !order.is_sorted();
    let leaf_first = order.first().is_none_or(|first| *first == 0);
    let mut slots: Vec<Option<Certificate>> = unique.into_iter().map(Some).collect();
    let chain = order.iter().filter_map(|at| slots.get_mut(*at).and_then(Option::take)).collect();
    let extra = slots.into_iter().flatten().map(|certificate| certificate.summary.subject).collect();
    Arranged { chain, reordered, leaf_first, duplicates, extra }
}

type At<'p, 'a> = (usize, &'p X509Certificate<'a>);

/// The one that has the key; else the first that issued none of the others.
fn leaf<'p, 'a>(parsed: &'p [X509Certificate<'a>], key: Option<&Public>) -> Option<At<'p, 'a>> {
    let all = || parsed.iter().enumerate();
    all()
        .find(|(_, x509)| key.is_some() && Public::of(x509.public_key()).as_ref() == key)
        .or_else(|| {
            let mut issued: HashMap<_, usize> = HashMap::new();
            for x509 in parsed {
                *issued.entry(normal_form(x509.issuer())).or_default() += 1;
            }
            all().find(|(_, x509)| {
                let own = usize::from(same_name(x509.issuer(), x509.subject()));
                issued.get(&normal_form(x509.subject())).copied().unwrap_or_default() == own
            })
        })
        .or_else(|| all().next())
}

/// The issuer of `child` among those that are not in `used` yet: by signature if one fits, by name alone otherwise.
fn issuer_in<'p, 'a>(
    parsed: &'p [X509Certificate<'a>],
    child: &X509Certificate<'_>,
    used: &[usize],
) -> Option<At<'p, 'a>> {
    parsed
        .iter()
        .enumerate()
        .filter(|(at, x509)| !used.contains(at) && same_name(child.issuer(), x509.subject()))
        .min_by_key(|(_, x509)| link(child, x509))
}

/// How a certificate fits as the issuer of another one whose issuer has its name; the better fit is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Link {
    /// It signed it.
    Signed,
    /// It may have signed it; the signature cannot be computed here.
    Unverifiable,
    /// Its key signed it, but this is not the certificate that is named as the issuer's.
    OtherIdentifier,
    /// Its key did not sign it.
    OtherKey,
}

fn link(child: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Link {
    match (signed_by(child, issuer), identifies(child, issuer)) {
        (Signature::Good, true) => Link::Signed,
        (Signature::Good, false) => Link::OtherIdentifier,
        (Signature::Unknown, true) => Link::Unverifiable,
        (Signature::Unknown, false) | (Signature::Bad, _) => Link::OtherKey,
    }
}

/// Which file a certificate of the path came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The client certificate's file.
    Client,
    /// The authority's file.
    Ca,
}

/// One certificate on the way from the leaf to the authority.
pub(super) struct Member<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) x509: X509Certificate<'a>,
    pub(super) origin: Origin,
    /// Whether the signature by the next member could not be computed.
    pub(super) unverifiable: bool,
    /// Whether the authority's file holds a certificate of the issuer's name, but with another key.
    pub(super) namesake: Option<Namesake>,
}

/// Another authority of the same name. OpenSSL picks an issuer by name and key identifier, and never tries a second
/// one: where there is no identifier (a version 1 leaf has none), the order of the file decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namesake {
    /// It stands before the right one.
    First,
    /// It stands behind the right one.
    Later,
}

/// Leaf first.
pub(super) struct Path<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) end: End,
}

/// Where the walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// At a self-signed certificate of the authority's file.
    Anchor,
    /// Nobody in either file has the name of the last member's issuer.
    NoIssuer {
        /// The subject of a certificate in the authority's file whose key made the signature all the same.
        renamed: Option<String>,
    },
    /// Someone has the issuer's name, but the signature is not by that key.
    OtherKey {
        /// Whose file that certificate is in.
        origin: Origin,
        /// Whether the key identifiers agree: then the key is right, and the certificate was altered.
        altered: bool,
    },
    /// Someone has the issuer's name and key, but not the identifier by which the last member names its issuer.
    OtherIdentifier {
        /// Whose file that certificate is in.
        origin: Origin,
    },
    /// At a certificate that everybody takes for self-signed, although the authority signed it: it has the authority's
    /// name, and no identifier that tells the two apart.
    SelfSigned,
    /// At the end of the client's file, because the authority is not asked.
    NotAsked,
}

/// Certificates as they stand, when nobody is asked who issued the last one: a root's own word is enough.
pub(super) fn alone(chain: &[Certificate], origin: Origin) -> Path<'_> {
    let members: Vec<Member<'_>> = chain.iter().filter_map(|certificate| member(certificate, origin)).collect();
    let is_anchor = members.last().is_some_and(|last| origin == Origin::Ca && self_signed(&last.x509));
    Path { members, end: if is_anchor { End::Anchor } else { End::NotAsked } }
}

/// Walks from the leaf to a self-signed certificate of the authority. Trusted certificates go first, as in OpenSSL.
///
/// Of several certificates of one issuer's key the first that is valid `now` is taken, as OpenSSL does.
pub(super) fn walk<'a>(chain: &'a [Certificate], ca: &'a [Certificate], now: OffsetDateTime) -> Path<'a> {
    let trusted: Vec<&Certificate> = ca.iter().collect();
    let mut members: Vec<Member<'a>> = Vec::new();
    let mut rest = chain.iter();
    let Some(mut current) = rest.next().and_then(|leaf| member(leaf, Origin::Client)) else {
        return Path { members, end: End::NotAsked };
    };
    // A leaf that is trusted itself ends the path only if it is a root: nobody stops at anything else.
    if trusted.contains(&current.certificate) && self_signed(&current.x509) {
        current.origin = Origin::Ca;
    }
    let end = loop {
        let child = &current.x509;
        let self_signed = self_signed(child);
        if current.origin == Origin::Ca && self_signed {
            break End::Anchor;
        }
        let from_ca = trusted.iter().map(|c| (*c, Origin::Ca));
        let from_client = chain.iter().skip(1).map(|c| (c, Origin::Client));
        let candidates: Vec<(Member<'a>, Link)> = from_ca
            // Below a trusted certificate there are only trusted ones.
            .chain(from_client.filter(|_| current.origin == Origin::Client))
            .filter(|(candidate, _)| {
                *candidate != current.certificate && !members.iter().any(|member| member.certificate == *candidate)
            })
            .filter_map(|(candidate, origin)| member(candidate, origin))
            .filter(|candidate| same_name(child.issuer(), candidate.x509.subject()))
            .map(|candidate| {
                let link = link(child, &candidate.x509);
                (candidate, link)
            })
            .collect();
        // min_by_key takes the first of equals.
        let best = candidates
            .iter()
            .enumerate()
            .min_by_key(|(_, (member, link))| {
                (*link, member.origin == Origin::Client, !member.certificate.is_valid(now))
            })
            .map(|(at, _)| at);
        let namesake = best.and_then(|best| namesake(child, &candidates, best, now));
        match best.and_then(|best| candidates.into_iter().nth(best)) {
            None => {
                let renamed = trusted
                    .iter()
                    .filter_map(|candidate| candidate.x509())
                    .find(|candidate| !self_signed && signed_by(child, candidate) == Signature::Good)
                    .map(|candidate| name(candidate.subject()));
                break End::NoIssuer { renamed };
            }
            Some((candidate, Link::OtherIdentifier)) => {
                break End::OtherIdentifier { origin: candidate.origin };
            }
            Some((candidate, Link::OtherKey)) => {
                let (by, _) = key_identifiers(child);
                let (_, own) = key_identifiers(&candidate.x509);
                break End::OtherKey { origin: candidate.origin, altered: by.is_some() && by == own };
            }
            // OpenSSL asks no further.
            Some(_) if self_signed => break End::SelfSigned,
            Some((candidate, link)) => {
                current.unverifiable = link == Link::Unverifiable;
                current.namesake = namesake;
                members.push(std::mem::replace(&mut current, candidate));
                if members.len() > LONGEST {
                    break End::NoIssuer { renamed: None };
                }
            }
        }
    };
    members.push(current);
    Path { members, end }
}

fn member(certificate: &Certificate, origin: Origin) -> Option<Member<'_>> {
    Some(Member { certificate, x509: certificate.x509()?, origin, unverifiable: false, namesake: None })
}

/// Where a trusted certificate stands that a server may take for the issuer of `child` instead of the one at `best`.
fn namesake(
    child: &X509Certificate<'_>,
    candidates: &[(Member<'_>, Link)],
    best: usize,
    now: OffsetDateTime,
) -> Option<Namesake> {
    let at = candidates.iter().position(|(candidate, link)| {
        *link == Link::OtherKey
            && candidate.origin == Origin::Ca
            && identifies(child, &candidate.x509)
            && candidate.certificate.is_valid(now)
    })?;
    Some(if at < best { Namesake::First } else { Namesake::Later })
}
