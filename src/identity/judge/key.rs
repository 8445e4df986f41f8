//! The private key: its kind and size, whether it holds together, and whether it is the certificate's.

use super::Judgement;
use crate::finding::{Rule, Severity};
use crate::identity::Loader;
use crate::identity::certificate::{KeySize, key_size};
use crate::identity::key::{Algorithm, Public, Soundness};
use crate::identity::shell;

impl<'a> Judgement<'a> {
    pub(super) fn key(&mut self, loader: Loader) {
        let Some((key_file, key)) = self.subject.key else {
            return;
        };
        match (&key.algorithm, loader) {
            (Algorithm::Rsa { .. }, _) | (Algorithm::Ec(_) | Algorithm::Ed25519, Loader::Go) => {}
            (Algorithm::RsaMultiPrime, _) => self.error(
                Rule::KeyFormat,
                key_file,
                "the key has more than two primes, and no delegate can load such an RSA key".to_owned(),
                Some(self.new_key()),
            ),
            (other, Loader::Java) => self.error(
                Rule::KeyNotRsa,
                key_file,
                format!("is {other}, and a classic delegate loads RSA keys only"),
                Some(self.new_key()),
            ),
            (other, Loader::Go) => self.error(
                Rule::KeyFormat,
                key_file,
                format!("is {other}, which no delegate can load"),
                Some(self.new_key()),
            ),
        }
        self.soundness();
        self.key_match();
        if let Algorithm::Rsa { bits } = key.algorithm {
            if bits < 2048 {
                self.error(
                    Rule::KeyTooSmall,
                    key_file,
                    format!("is an RSA key of {bits} bit, and servers refuse fewer than 2048"),
                    Some(self.new_key()),
                );
            } else if key.soundness == Soundness::Unchecked {
                self.say(
                    Rule::KeyUnchecked,
                    Severity::Note,
                    key_file,
                    "is an RSA key of unusual size or exponent: whether it is damaged was not checked".to_owned(),
                    Some(self.check_key()),
                );
            }
        }
    }

    pub(super) fn soundness(&mut self) {
        if let Some((key_file, key)) = self.subject.key
            && key.soundness == Soundness::Corrupt
        {
            self.error(
                Rule::KeyCorrupt,
                key_file,
                "the numbers in the key contradict each other: the file was altered, and every handshake will fail"
                    .to_owned(),
                Some(self.put(|| self.check_key())),
            );
        }
    }

    pub(super) fn key_match(&mut self) {
        let (Some(leaf), Some((key_file, key))) = (self.path.members.first(), self.subject.key) else {
            return;
        };
        let (Some(of_key), of_leaf) = (&key.public, Public::of(leaf.x509.public_key())) else {
            return;
        };
        if of_leaf.as_ref() == Some(of_key) {
            return;
        }
        let certificate_file = self.subject.certificate_name;
        let of_ca = self
            .subject
            .ca
            .iter()
            .flat_map(|ca| &ca.certificates)
            .any(|ca| ca.x509().is_some_and(|ca| Public::of(ca.public_key()).as_ref() == Some(of_key)));
        let leaf_kind = match (&of_leaf, key_size(leaf.x509.public_key())) {
            (Some(Public::Rsa { .. }), KeySize::Rsa(bits)) => Some(Algorithm::Rsa { bits }.to_string()),
            (_, KeySize::Ec(_)) => Some("an EC key".to_owned()),
            _ => None,
        };
        let same_kind = matches!(
            (of_key, &of_leaf),
            (Public::Rsa { .. }, Some(Public::Rsa { .. })) | (Public::Raw(_), Some(Public::Raw(_)))
        );
        let message = match leaf_kind {
            _ if of_ca => format!("is the key of the CA in `{}`, not the key of `{certificate_file}`", self.ca_name()),
            Some(kind) if !same_kind => format!("is {}, and `{certificate_file}` belongs to {kind}", key.algorithm),
            _ => format!("is not the key of `{certificate_file}`"),
        };
        let help = match (of_ca, self.subject.home) {
            (true, None) => {
                "--key wants the client's key, usually `client.key`; the CA's key must never reach a delegate".to_owned()
            }
            (true, Some(_)) => {
                "put in the client's own key, and make a new CA if others can read this file: its key issues certificates"
                    .to_owned()
            }
            (false, _) => self.put(|| {
                format!(
                    "diff <(openssl x509 -in {} -noout -pubkey) <(openssl pkey -in {} -pubout)",
                    shell(certificate_file),
                    shell(key_file)
                )
            }),
        };
        self.error(Rule::KeyMismatch, key_file, message, Some(help));
    }
}
