//! A second opinion by webpki, asked only where an issuer constrains the names below it (RFC 5280 §4.2.1.10).
//! Never the only judge of a chain: webpki refuses version 1 and does not look at the dates of a root.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

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
pub(super) fn names(chain: &[&[u8]], now: OffsetDateTime) -> Names {
    let ders: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(*der)).collect();
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
