//! PEM and DER of any kind → what is there, what belongs to what, and what is the matter with it. Tolerant where
//! [`super::load`] refuses: it shows what can be read and says what cannot. Never gives out key material.

mod card;
mod judgement;
mod relations;
mod shelf;

use serde::Serialize;
use thiserror::Error;

use super::error::{LoadError, Role};
use super::{Loader, Options};
use crate::finding::Finding;
pub use card::{CertificateCard, KeyCard, KeyDescription, RequestCard};
use relations::Relations;
use shelf::Shelf;

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
    /// Who is to load it.
    pub loader: Loader,
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
    /// Who is to load the pair.
    pub generation: Loader,
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
    /// Looks through all `items`, and judges at `options.now` what they hold.
    ///
    /// # Errors
    /// When there are more than [`MAX_OBJECTS`].
    pub fn take(items: &[Item<'_>], options: &Options) -> Result<Inventory, TooMany> {
        let mut inventory = Inventory::default();
        let shelf = Shelf::fill(items, options.now, &mut inventory)?;
        let relations = Relations::of(&shelf, options.now);
        relations.own(&mut inventory.objects);
        judgement::judge(&relations, options, &mut inventory);
        inventory.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(inventory)
    }
}
