//! The commands that mend a certificate, for help lines. None overwrites its input.

use super::Judgement;
use crate::identity::certificate::self_signed;
use crate::identity::chain::Member;
use crate::identity::error::{beside, shell};

impl<'a> Judgement<'a> {
    /// How to have the leaf issued again: without extensions, because none is needed and any may forbid something.
    pub(super) fn renew(&self) -> String {
        let certificate = self.subject.certificate_name;
        self.sign(&format!("openssl x509 -x509toreq -in {} -signkey {}", shell(certificate), shell(self.key_name())))
    }

    /// How to have the leaf issued again under another name.
    pub(super) fn rename(&self) -> String {
        self.sign(&format!("openssl req -new -key {} -subj '/O=Example ORG/CN=Client'", shell(self.key_name())))
    }

    /// The key's file for a command line; the usual name if none was given.
    pub(super) fn key_name(&self) -> &'a str {
        self.subject.key.map_or("client.key", |(name, _)| name)
    }

    /// How to have a leaf issued for what `request` prints.
    pub(super) fn sign(&self, request: &str) -> String {
        format!(
            "{request} | openssl x509 -req -sha256 -days 365 -CA {} -CAkey ca.key -CAcreateserial -out {}",
            self.ca_file(),
            shell(&beside(self.subject.certificate_name, "new.crt"))
        )
    }

    /// How to get rid of what stands in a certificate of the path. An authority's own certificate can be made anew from
    /// its key, under the same name, and what it issued stays valid.
    pub(super) fn reissue(&self, at: usize, member: &Member<'_>, who: &str) -> String {
        match self.subject.ca {
            _ if at == 0 => self.renew(),
            Some(ca)
                if ca.certificates.as_slice() == std::slice::from_ref(member.certificate)
                    && self_signed(&member.x509) =>
            {
                format!(
                    "openssl x509 -in {} -signkey ca.key -clrext -sha256 -days 9999 -extfile <(echo basicConstraints=critical,CA:TRUE) -out {}",
                    shell(&ca.name),
                    shell(&beside(&ca.name, "new.crt"))
                )
            }
            _ => format!("have {who} issued again with `basicConstraints = critical,CA:TRUE` and no other extension"),
        }
    }

    /// How to ask OpenSSL about the chain.
    pub(super) fn verify(&self) -> String {
        format!(
            "openssl verify -auth_level 2 -purpose sslclient -CAfile {} -untrusted {1} {1}",
            self.ca_file(),
            shell(self.subject.certificate_name)
        )
    }

    /// The authority's file for a command line; the usual name if none was given.
    pub(super) fn ca_file(&self) -> String {
        self.subject.ca.map_or_else(|| "ca.crt".to_owned(), |ca| shell(&ca.name))
    }
}
