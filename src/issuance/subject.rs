//! A subject as OpenSSL's `-subj` takes it, `/O=Example ORG/CN=Client` → a DER name with the attributes in that order.
//! What OpenSSL drops with a warning, or puts in although RFC 5280 forbids it, is refused.

use std::str::FromStr;

use pkcs8::der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use pkcs8::der::{self, Encode as _, Tag};

use super::certificate::constructed;
use crate::identity::printable;

/// The name of a certificate's holder.
///
/// # Examples
/// ```
/// use delegate_mtls::issuance::Subject;
///
/// assert!("/DC=com/DC=example/CN=Client".parse::<Subject>().is_ok());
/// let error = "CN=Client".parse::<Subject>().unwrap_err();
/// assert_eq!(error.to_string(), "does not begin with `/`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    der: Vec<u8>,
}

impl Subject {
    /// A DER `Name` (RFC 5280 §4.1.2.4).
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }
}

/// Why a text is not a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// The form of RFC 4514, or a plain name.
    #[error("does not begin with `/`")]
    NoSlash,
    /// Nothing behind a `/`.
    #[error("nothing stands behind a `/`")]
    Nothing,
    /// An attribute that is only a word.
    #[error("`{0}` has no `=`")]
    NoEquals(String),
    /// An attribute type that is not in the list.
    #[error("`{0}` is not an attribute type that is known here")]
    UnknownType(String),
    /// `CN=`.
    #[error("`{0}` has no value")]
    NoValue(&'static str),
    /// More than RFC 5280 (appendix A.1) and OpenSSL allow.
    #[error("`{kind}` has {length} characters, and at most {limit} are allowed")]
    TooLong {
        /// The attribute's type.
        kind: &'static str,
        /// How many characters it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// `C=Germany`.
    #[error("`C` is a country code, which has two letters")]
    NotCountry,
    /// A character that the type has no room for, or a control character.
    #[error("`{kind}` cannot hold `{}`", printable(&.character.to_string()))]
    Character {
        /// The attribute's type.
        kind: &'static str,
        /// The first character that is not allowed.
        character: char,
    },
    /// OpenSSL's `CN=a+OU=b`: one set of two attributes.
    #[error("`+` joins two attributes into one, which is not supported")]
    Plus,
    /// A `\` with nothing behind it.
    #[error("ends with a `\\`, which has nothing to escape")]
    Escape,
    /// Larger than any encoding.
    #[error("cannot be encoded")]
    Encoding,
}

impl SubjectError {
    /// What to do about it, in one line.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            SubjectError::Plus => r"write `\+` where the character is meant, and `/` between attributes".to_owned(),
            SubjectError::Nothing | SubjectError::Escape | SubjectError::NoEquals(_) => {
                r"write `\/` for a slash and `\\` for a backslash in a value".to_owned()
            }
            SubjectError::UnknownType(_) => {
                let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                format!("the types are {}", kinds.join(", "))
            }
            SubjectError::NotCountry => "such as `/C=DE` or `/C=US`".to_owned(),
            _ => "write it as OpenSSL takes it, such as `/O=Example ORG/CN=Client`".to_owned(),
        }
    }
}

/// A type of attribute, as OpenSSL abbreviates it.
struct Kind {
    name: &'static str,
    oid: ObjectIdentifier,
    form: Form,
    /// The most characters (RFC 5280 appendix A.1, X.520).
    limit: usize,
}

/// The string type of a value. RFC 5280 leaves a choice for most, and wants UTF-8 for new ones.
#[derive(Clone, Copy)]
enum Form {
    Utf8,
    Printable,
    Ia5,
    Country,
}

const fn kind(name: &'static str, oid: &str, form: Form, limit: usize) -> Kind {
    Kind { name, oid: ObjectIdentifier::new_unwrap(oid), form, limit }
}

const KINDS: [Kind; 15] = [
    kind("C", "2.5.4.6", Form::Country, 2),
    kind("ST", "2.5.4.8", Form::Utf8, 128),
    kind("L", "2.5.4.7", Form::Utf8, 128),
    kind("street", "2.5.4.9", Form::Utf8, 128),
    kind("postalCode", "2.5.4.17", Form::Utf8, 40),
    kind("O", "2.5.4.10", Form::Utf8, 64),
    kind("OU", "2.5.4.11", Form::Utf8, 64),
    kind("CN", "2.5.4.3", Form::Utf8, 64),
    kind("SN", "2.5.4.4", Form::Utf8, 64),
    kind("GN", "2.5.4.42", Form::Utf8, 64),
    kind("title", "2.5.4.12", Form::Utf8, 64),
    kind("serialNumber", "2.5.4.5", Form::Printable, 64),
    kind("emailAddress", "1.2.840.113549.1.9.1", Form::Ia5, 255),
    kind("DC", "0.9.2342.19200300.100.1.25", Form::Ia5, 63),
    kind("UID", "0.9.2342.19200300.100.1.1", Form::Utf8, 256),
];

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let rest = text.strip_prefix('/').ok_or(SubjectError::NoSlash)?;
        let mut sets = Vec::new();
        for part in parts(rest)? {
            sets.push(attribute(&part)?);
        }
        let der = constructed(Tag::Sequence, &sets).map_err(|_| SubjectError::Encoding)?;
        Ok(Subject { der })
    }
}

/// The texts between slashes, with every escape resolved.
fn parts(text: &str) -> Result<Vec<String>, SubjectError> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let plain = match character {
            '/' => {
                parts.push(String::new());
                continue;
            }
            '+' => return Err(SubjectError::Plus),
            '\\' => characters.next().ok_or(SubjectError::Escape)?,
            plain => plain,
        };
        if let Some(part) = parts.last_mut() {
            part.push(plain);
        }
    }
    Ok(parts)
}

/// `CN=Client` → a SET with that one attribute.
fn attribute(part: &str) -> Result<Vec<u8>, SubjectError> {
    if part.is_empty() {
        return Err(SubjectError::Nothing);
    }
    let (name, value) = part.split_once('=').ok_or_else(|| SubjectError::NoEquals(printable(part)))?;
    let kind = KINDS.iter().find(|kind| kind.name == name);
    let kind = kind.ok_or_else(|| SubjectError::UnknownType(printable(name)))?;
    judge(kind, value)?;
    let set = || {
        let pair = constructed(Tag::Sequence, &[kind.oid.to_der()?, encoded(kind.form, value)?])?;
        constructed(Tag::Set, &[pair])
    };
    set().map_err(|_| SubjectError::Encoding)
}

fn judge(kind: &Kind, value: &str) -> Result<(), SubjectError> {
    if value.trim().is_empty() {
        return Err(SubjectError::NoValue(kind.name));
    }
    if matches!(kind.form, Form::Country) {
        let letters = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
        return if letters { Ok(()) } else { Err(SubjectError::NotCountry) };
    }
    let allowed = |character: char| match kind.form {
        _ if character.is_control() => false,
        Form::Printable => PrintableStringRef::new(character.encode_utf8(&mut [0; 4])).is_ok(),
        Form::Ia5 => character.is_ascii(),
        Form::Utf8 | Form::Country => true,
    };
    if let Some(character) = value.chars().find(|character| !allowed(*character)) {
        return Err(SubjectError::Character { kind: kind.name, character });
    }
    match value.chars().count() {
        length if length > kind.limit => Err(SubjectError::TooLong { kind: kind.name, length, limit: kind.limit }),
        _ => Ok(()),
    }
}

fn encoded(form: Form, value: &str) -> der::Result<Vec<u8>> {
    match form {
        Form::Utf8 => Utf8StringRef::new(value)?.to_der(),
        Form::Printable | Form::Country => PrintableStringRef::new(value)?.to_der(),
        Form::Ia5 => Ia5StringRef::new(value)?.to_der(),
    }
}
