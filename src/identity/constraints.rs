//! A second opinion by webpki, asked only where an issuer constrains the names below it (RFC 5280 §4.2.1.10).
//! Never the only judge of a chain: webpki refuses version 1, does not look at the dates of a root, and refuses every
//! name where directory names are constrained. So those are compared here.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, GeneralSubtree};
use x509_parser::x509::{X509Name, X509Version};

use super::certificate::{is_below, same_name};
use super::chain::Member;

/// Whether the names of a chain are those that its issuers allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Every name is allowed.
    Allowed,
    /// One is not.
    Forbidden,
    /// Something else keeps webpki from an answer; whatever that is has been judged on its own.
    Unknown,
}

/// Judges the names of `chain`, leaf first and root last.
pub(super) fn names(chain: &[Member<'_>], now: OffsetDateTime) -> Names {
    let directory = directory_names(chain);
    if directory == Some(Names::Forbidden) {
        return Names::Forbidden;
    }
    let leaf_version = chain.first().map(|leaf| leaf.x509.version());
    match all_names(chain, now) {
        // Perhaps only because directory names are constrained, which says nothing: see above.
        Names::Forbidden if directory == Some(Names::Allowed) => Names::Unknown,
        // A certificate of version 1 has no other name than its subject.
        Names::Unknown if leaf_version == Some(X509Version::V1) => Names::Allowed,
        names => names,
    }
}

/// Whether the directory names alone are allowed; `None` if nobody constrains them.
fn directory_names(chain: &[Member<'_>]) -> Option<Names> {
    let mut constrained = false;
    for (at, issuer) in chain.iter().enumerate() {
        let Ok(Some(constraints)) = issuer.x509.name_constraints() else {
            continue;
        };
        let permitted = directories(constraints.value.permitted_subtrees.as_deref());
        let excluded = directories(constraints.value.excluded_subtrees.as_deref());
        constrained |= !permitted.is_empty() || !excluded.is_empty();
        for (below, member) in chain.iter().enumerate().take(at) {
            // Certificates that an authority issues to itself are exempt (RFC 5280 §6.1.3 (b)).
            if below > 0 && same_name(member.x509.subject(), member.x509.issuer()) {
                continue;
            }
            for name in directory_names_of(&member.x509) {
                let is_in = |subtrees: &[&X509Name<'_>]| subtrees.iter().any(|subtree| is_below(name, subtree));
                if is_in(&excluded) || !permitted.is_empty() && !is_in(&permitted) {
                    return Some(Names::Forbidden);
                }
            }
        }
    }
    constrained.then_some(Names::Allowed)
}

fn directories<'a>(subtrees: Option<&'a [GeneralSubtree<'a>]>) -> Vec<&'a X509Name<'a>> {
    let bases = subtrees.unwrap_or_default().iter().map(|subtree| &subtree.base);
    bases.filter_map(directory).collect()
}

/// The subject, unless it is empty, and the directory names beside it.
fn directory_names_of<'a>(x509: &'a X509Certificate<'a>) -> Vec<&'a X509Name<'a>> {
    let subject = Some(x509.subject()).filter(|subject| subject.iter().next().is_some());
    let alternative = x509.subject_alternative_name().ok().flatten().map(|names| &names.value.general_names);
    subject.into_iter().chain(alternative.into_iter().flatten().filter_map(directory)).collect()
}

fn directory<'a>(name: &'a GeneralName<'a>) -> Option<&'a X509Name<'a>> {
    match name {
        GeneralName::DirectoryName(name) => Some(name),
        _ => None,
    }
}

fn all_names(chain: &[Member<'_>], now: OffsetDateTime) -> Names {
    let ders: Vec<CertificateDer<'_>> =
        chain.iter().map(|member| CertificateDer::from(member.certificate.der.as_slice())).collect();
    let [leaf, intermediates @ .., root] = ders.as_slice() else {
        return Names::Unknown;
    };
    let (Ok(leaf), Ok(anchor)) = (EndEntityCert::try_from(leaf), anchor_from_trusted_cert(root)) else {
        return Names::Unknown;
    };
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    let anchors = [anchor];
    let verdict = leaf.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        intermediates,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        KeyUsage::client_auth(),
        None,
        None,
    );
    match verdict {
        Ok(_) => Names::Allowed,
        Err(Error::NameConstraintViolation) => Names::Forbidden,
        Err(_) => Names::Unknown,
    }
}
