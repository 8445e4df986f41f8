//! What a certificate is to say + a name, in DER → a signed certificate with exactly that name and exactly its issuer's.
//! Does not decide what a certificate says.

use pkcs8::der::asn1::{AnyRef, BitStringRef};
use pkcs8::der::{self, Encode as _, Reader as _, SliceReader, Tag};
use rcgen::{CertificateParams, DistinguishedName, Issuer, KeyIdMethod, KeyPair, PublicKeyData, SigningKey as _};

use super::IssueError;

/// Who signs: a name and a key identifier exactly as they stand in the issuer's own certificate, and its key.
pub(super) struct Signer<'a> {
    pub(super) name: &'a [u8],
    pub(super) key_identifier: KeyIdMethod,
    pub(super) key: &'a KeyPair,
}

/// Signs a certificate for the holder of `key`, called `subject`.
///
/// rcgen keeps a name as a map: a second OU or DC, several attributes in one set, and the string types of an issuer
/// are lost in it, and a certificate whose issuer is not its issuer's subject byte for byte is not accepted everywhere
/// (RFC 5280 §7.1 allows it, servers differ). So it writes the certificate without names; they are put in as they are,
/// and the result is signed again.
pub(super) fn sign(
    mut params: CertificateParams,
    subject: &[u8],
    key: &impl PublicKeyData,
    signer: &Signer<'_>,
) -> Result<Vec<u8>, IssueError> {
    params.distinguished_name = DistinguishedName::new();
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = DistinguishedName::new();
    issuer.key_identifier_method = signer.key_identifier.clone();
    let draft = params.signed_by(key, &Issuer::from_params(&issuer, signer.key)).map_err(IssueError::unmade)?;
    let tbs = named(draft.der(), signer.name, subject).map_err(IssueError::unmade)?;
    let signature = signer.key.sign(&tbs).map_err(IssueError::unmade)?;
    whole(draft.der(), tbs, &signature).map_err(IssueError::unmade)
}

/// The part of `draft` that is signed, with these names (RFC 5280 §4.1: version, serialNumber, signature, issuer,
/// validity, subject, …).
fn named(draft: &[u8], issuer: &[u8], subject: &[u8]) -> der::Result<Vec<u8>> {
    let certificate = members(draft)?;
    let fields = members(certificate.first().copied().unwrap_or_default())?;
    let fields: Vec<&[u8]> = fields
        .into_iter()
        .enumerate()
        .map(|(at, field)| match at {
            3 => issuer,
            5 => subject,
            _ => field,
        })
        .collect();
    constructed(Tag::Sequence, &fields)
}

/// `tbs` and its signature, by the algorithm of `draft` (RFC 5280 §4.1: tbsCertificate, signatureAlgorithm, signature).
fn whole(draft: &[u8], tbs: Vec<u8>, signature: &[u8]) -> der::Result<Vec<u8>> {
    let algorithm = members(draft)?.get(1).copied().unwrap_or_default().to_vec();
    constructed(Tag::Sequence, &[tbs, algorithm, BitStringRef::from_bytes(signature)?.to_der()?])
}

/// The encodings inside a SEQUENCE.
pub(super) fn members(der: &[u8]) -> der::Result<Vec<&[u8]>> {
    let mut reader = SliceReader::new(AnyRef::try_from(der)?.value())?;
    let mut members = Vec::new();
    while !reader.is_finished() {
        members.push(reader.tlv_bytes()?);
    }
    Ok(members)
}

/// A SEQUENCE or SET of what is encoded already.
pub(super) fn constructed(tag: Tag, members: &[impl AsRef<[u8]>]) -> der::Result<Vec<u8>> {
    let content: Vec<u8> = members.iter().flat_map(|member| member.as_ref()).copied().collect();
    AnyRef::new(tag, &content)?.to_der()
}
