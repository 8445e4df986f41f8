//! A certificate request (PKCS#10, RFC 2986) → the name and the key it is for. Proves that whoever made it has the key,
//! and takes nothing else from it.

use rcgen::SubjectPublicKeyInfo;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::prelude::FromDer as _;

use super::IssueError;
use crate::finding::{Finding, Rule, Severity};
use crate::identity::{self, Cause, KeySize, Label, LoadError, Named, Role, Signature};

/// A request that is signed by the key it is for, and for a key that a delegate can load.
pub(super) struct Request<'a> {
    file: &'a str,
    /// A DER `Name`.
    subject: Vec<u8>,
    /// The key it is for.
    pub(super) key: SubjectPublicKeyInfo,
    size: KeySize,
    /// The names of the extensions that it asks for.
    extensions: Vec<String>,
}

impl<'a> Request<'a> {
    pub(super) fn read(csr: Named<'a>) -> Result<Self, IssueError> {
        let (der, line) = identity::read_request(csr)?;
        let label = Label::Request;
        let broken = |cause| LoadError { file: csr.name.to_owned(), role: Role::Request, cause };
        let (rest, request) =
            X509CertificationRequest::from_der(&der).map_err(|_| broken(Cause::BrokenDer { line, label }))?;
        if !rest.is_empty() {
            return Err(broken(Cause::TrailingDer { line, label, count: rest.len() }).into());
        }
        let info = &request.certification_request_info;
        let size = identity::key_size(&info.subject_pki);
        let unfit = |key: String| IssueError::RequestKey { request: csr.name.to_owned(), key };
        if let KeySize::Rsa(bits @ ..2048) = size {
            return Err(unfit(format!("an RSA key of {bits} bit, and servers refuse fewer than 2048")));
        }
        let key = SubjectPublicKeyInfo::from_der(info.subject_pki.raw)
            .map_err(|_| unfit("a key of a kind that no delegate can load".to_owned()))?;
        let signature = &request.signature_value.data;
        match identity::made_by(&info.subject_pki, &request.signature_algorithm, info.raw, signature) {
            Signature::Good => {}
            Signature::Bad => return Err(IssueError::RequestSignature { request: csr.name.to_owned() }),
            Signature::Unknown => {
                let algorithm = identity::algorithm_name(&request.signature_algorithm);
                return Err(IssueError::RequestAlgorithm { request: csr.name.to_owned(), algorithm });
            }
        }
        let extensions = info
            .iter_attributes()
            .filter_map(|attribute| match attribute.parsed_attribute() {
                ParsedCriAttribute::ExtensionRequest(requested) => Some(&requested.extensions),
                _ => None,
            })
            .flatten()
            .map(|extension| match oid2sn(&extension.oid, oid_registry()) {
                Ok(name) => name.to_owned(),
                Err(_) => extension.oid.to_id_string(),
            })
            .collect();
        let subject = info.subject.as_raw().to_vec();
        Ok(Request { file: csr.name, subject, key, size, extensions })
    }

    /// The name that it asks for.
    pub(super) fn subject(&self) -> Result<&[u8], IssueError> {
        // an empty SEQUENCE
        if self.subject == [0x30, 0x00] {
            return Err(IssueError::NoSubject { request: self.file.to_owned() });
        }
        Ok(&self.subject)
    }

    /// What is not taken over.
    pub(super) fn ignored(&self) -> Option<String> {
        let names = self.extensions.join(", ");
        let text = format!("`{}`: the extensions it asks for are not taken over: {names}", self.file);
        (!self.extensions.is_empty()).then_some(text)
    }

    /// What there is to know of its key.
    pub(super) fn findings(&self) -> Option<Finding> {
        let kind = match self.size {
            KeySize::Rsa(_) => return None,
            KeySize::Ec(bits) => format!("an EC key of {bits} bit"),
            KeySize::Other => "an Ed25519 key".to_owned(),
        };
        Some(Finding {
            rule: Rule::KeyNotRsa,
            severity: Severity::Warning,
            place: Some(self.file.to_owned()),
            message: format!("is for {kind}, and a classic delegate loads RSA keys only"),
            help: Some("for Delegate 3.x it is fine; for a classic delegate, leave `--csr` out".to_owned()),
        })
    }
}
