//! The commands that mend a certificate, for help lines. None overwrites its input.

use super::Judgement;
use crate::identity::certificate::self_signed;
use crate::identity::chain::Member;
use crate::identity::{beside, shell};

impl<'a> Judgement<'a> {
    /// How to have the leaf issued again: without extensions, because none is needed and any may forbid something.
    pub(super) fn renew(&self) -> String {
        if let Some(home) = self.subject.home {
            return home.renew.clone();
        }
        let certificate = self.subject.certificate_name;
        self.sign(&format!("openssl x509 -x509toreq -in {} -signkey {}", shell(certificate), shell(self.key_name())))
    }

    /// How to have the leaf issued again under another name.
    pub(super) fn rename(&self) -> String {
        if let Some(home) = self.subject.home {
            return home.renew.clone();
        }
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
        self.of_files(format!(
            "openssl verify -auth_level 2 -purpose sslclient -CAfile {} -untrusted {1} {1}",
            self.ca_file(),
            shell(self.subject.certificate_name)
        ))
    }

    /// How to ask OpenSSL about the key.
    pub(super) fn check_key(&self) -> String {
        self.of_files(format!("openssl pkey -in {} -noout -check", shell(self.key_name())))
    }

    /// How to have a key made of another kind, and a certificate for it.
    pub(super) fn new_key(&self) -> String {
        if let Some(home) = self.subject.home {
            return home.renew.clone();
        }
        format!(
            "openssl req -new -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' -keyout {} -out {}",
            shell(&beside(self.key_name(), "rsa.key")),
            shell(&beside(self.subject.certificate_name, "csr"))
        )
    }

    /// How to put the right files in; `otherwise` where they are files already.
    pub(super) fn put(&self, otherwise: impl FnOnce() -> String) -> String {
        self.subject.home.map_or_else(otherwise, |home| home.put.clone())
    }

    /// How to look at the certificates of a file.
    pub(super) fn look(&self, file: &str) -> String {
        match self.subject.home {
            Some(home) if file == self.subject.certificate_name => {
                format!("delegate-mtls certs inspect {}", home.manifest)
            }
            _ => format!("openssl x509 -in {} -noout -subject -dates", shell(file)),
        }
    }

    /// A question that only files answer.
    fn of_files(&self, command: String) -> String {
        match self.subject.home {
            Some(_) => format!("with the files that the Secret was made from: {command}"),
            None => command,
        }
    }

    /// The authority's file for a command line; the usual name if none was given.
    pub(super) fn ca_file(&self) -> String {
        self.subject.ca.map_or_else(|| "ca.crt".to_owned(), |ca| shell(&ca.name))
    }
}
