//! Why a file cannot be judged at all: each cause in its own words, with a command that leads out of it.
//! Names files, lines and formats; never quotes what a file holds.

use std::fmt;

use super::pem::Label;
use crate::finding::{Finding, Rule, Severity};
use crate::source::shell;

/// Why there is no pair to judge. Names the file as the user typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`: {}", .cause.worded(*.role))]
pub struct LoadError {
    /// The file as the user typed it.
    pub file: String,
    /// What the file was given as.
    pub role: Role,
    /// What is the matter with it.
    pub cause: Cause,
}

/// What a file was given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The client certificate, with its intermediates behind it.
    Certificate,
    /// The private key of the client certificate.
    Key,
    /// The certificates of the authority.
    Ca,
    /// Something to be looked at, whatever it is.
    Any,
    /// The private key of the authority.
    CaKey,
    /// The request for a client certificate.
    Request,
    /// The certificates of the authority that issued the server's certificate.
    ServerCa,
}

impl Role {
    /// What is looked for in such a file, with its article.
    fn wanted(self) -> &'static str {
        match self {
            Role::Certificate => "a certificate",
            Role::Key => "a private key",
            Role::Ca | Role::ServerCa => "a CA certificate",
            Role::Any => "a certificate or a key",
            Role::CaKey => "a private key",
            Role::Request => "a certificate request (CSR)",
        }
    }

    /// Which file is meant, by the option that it is given with and by how it begins.
    fn wants(self) -> String {
        let (option, begin) = match self {
            Role::Certificate => ("--cert", "CERTIFICATE"),
            Role::Key => ("--key", "PRIVATE KEY"),
            Role::Ca => ("--ca", "CERTIFICATE"),
            Role::ServerCa => ("--server-ca", "CERTIFICATE"),
            Role::CaKey => ("--ca-key", "PRIVATE KEY"),
            Role::Request => ("--csr", "CERTIFICATE REQUEST"),
            Role::Any => {
                return "give certificates, keys or requests in PEM or DER, or a manifest with a Secret".to_owned();
            }
        };
        format!("{option} wants a file that begins with `-----BEGIN {begin}-----`")
    }
}

/// What stands in a DER file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DerKind {
    /// An X.509 certificate.
    Certificate,
    /// A private key: PKCS#8, PKCS#1 or SEC1.
    Key,
    /// A private key behind a password.
    EncryptedKey,
    /// PKCS#7: certificates in a signature's wrapping.
    Pkcs7,
    /// PKCS#10: a certificate request.
    Request,
    /// DER, but none of these.
    Other,
}

impl fmt::Display for DerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DerKind::Certificate => "a DER (binary) certificate",
            DerKind::Key => "a DER (binary) private key",
            DerKind::EncryptedKey => "an encrypted DER (binary) private key",
            DerKind::Pkcs7 => "a DER (binary) PKCS#7 bundle",
            DerKind::Request => "a DER (binary) certificate request",
            DerKind::Other => "DER (binary)",
        })
    }
}

/// What is the matter with a file; one message per cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// Nothing but blanks.
    #[error("the file is empty")]
    Empty,
    /// EF BB BF in front.
    #[error("begins with a byte order mark (BOM), which no delegate can read")]
    Bom,
    /// An editor's "Unicode".
    #[error("is UTF-16 text, not plain PEM")]
    Utf16,
    /// A zero byte in something that is no known binary format.
    #[error("holds a NUL byte: this is not PEM text")]
    Nul,
    /// DER instead of PEM.
    #[error("is {0}, not PEM")]
    Der(DerKind),
    /// DER in front, and not one whole structure of it.
    #[error("begins like {0}, and cannot be read: it is cut off, damaged, or something else")]
    DamagedDer(DerKind),
    /// `.p12`, `.pfx`.
    #[error("is a PKCS#12 container (.p12, .pfx), not PEM")]
    Pkcs12,
    /// `.jks`.
    #[error("is a Java key store (.jks), not PEM")]
    JavaKeyStore,
    /// The value of a Secret instead of the file.
    #[error("is base64 of PEM, not PEM itself")]
    Base64OfPem,
    /// Text without a single block.
    #[error("holds no PEM block: there is no `-----BEGIN` line in it")]
    NoPem,
    /// `-----BEGIN …` whose own dashes do not close, or whose label is no label.
    #[error("line {line}: the `-----BEGIN` or `-----END` line is damaged")]
    Marker {
        /// 1 is the first.
        line: usize,
    },
    /// No END line: the file was cut short.
    #[error("line {line}: {label} has no `-----END` line: the file is cut off")]
    Unterminated {
        /// 1 is the first; the BEGIN line.
        line: usize,
        /// What begins there.
        label: Label,
    },
    /// An END line without BEGIN: the head of the file is missing.
    #[error("line {line}: the `-----END` line of {label} has no `-----BEGIN` line: the file is cut off")]
    Headless {
        /// 1 is the first; the END line.
        line: usize,
        /// What ends there.
        label: Label,
    },
    /// BEGIN and END disagree.
    #[error("line {line}: begins as {begin} and ends as {end}")]
    EndDiffers {
        /// 1 is the first; the END line.
        line: usize,
        /// The label of the BEGIN line.
        begin: Label,
        /// The label of the END line.
        end: Label,
    },
    /// Something in the body that is not base64.
    #[error("line {line}: the body of {label} is not base64")]
    Base64 {
        /// 1 is the first; the line of the first wrong character, or of the BEGIN line if the length is wrong.
        line: usize,
        /// Whose body it is.
        label: Label,
    },
    /// `\n` written as two characters.
    #[error("line {line}: the body of {label} has its line ends written as `\\n`")]
    EscapedNewlines {
        /// 1 is the first.
        line: usize,
        /// Whose body it is.
        label: Label,
    },
    /// A password is needed.
    #[error("the private key is encrypted, and a delegate has no way to give the password")]
    Encrypted,
    /// Which one is meant?
    #[error("holds {0} private keys, and only one can be the certificate's")]
    SeveralKeys(usize),
    /// Which one is meant?
    #[error("holds {0} certificate requests, and one is signed at a time")]
    SeveralRequests(usize),
    /// A private key in the certificate's or the authority's file.
    #[error("holds a private key beside the certificate: it would end up where only certificates belong")]
    KeyBesideCertificate,
    /// A certificate in the key's file.
    #[error(
        "holds a certificate beside the private key: the delegate's loader takes a key file that holds nothing else"
    )]
    CertificateBesideKey,
    /// The one for the other.
    #[error("holds a private key, and `{key}` holds the certificate: the two files are swapped")]
    Swapped {
        /// The file that was given as the key.
        key: String,
    },
    /// A private key in a form or of an algorithm that nobody loads.
    #[error("holds {0}, which no delegate can load")]
    ForeignKey(Label),
    /// Blocks, but not of the wanted kind.
    #[error("holds {0}, not {wanted}", wanted = .1.wanted())]
    Instead(Label, Role),
    /// Extra properties around the certificate that only OpenSSL reads.
    #[error("holds a `TRUSTED CERTIFICATE`, OpenSSL's own format, which no delegate can read")]
    TrustedCertificate,
    /// The DER in the block is not what the label says.
    #[error("line {line}: {label} is damaged: what the base64 holds is not one")]
    BrokenDer {
        /// 1 is the first; the BEGIN line.
        line: usize,
        /// What it should be.
        label: Label,
    },
    /// Bytes behind the end of the structure.
    #[error("line {line}: {label} has {count} stray byte{} behind its end", if *.count == 1 { "" } else { "s" })]
    TrailingDer {
        /// 1 is the first; the BEGIN line.
        line: usize,
        /// What it should be.
        label: Label,
        /// How many bytes follow the structure.
        count: usize,
    },
}

impl Cause {
    /// An authority's key is never a delegate's.
    fn worded(&self, role: Role) -> String {
        match (self, role) {
            (Cause::Encrypted, Role::CaKey) => {
                "the private key is encrypted, and there is no way to give the password".to_owned()
            }
            (Cause::CertificateBesideKey, Role::CaKey) => "holds a certificate beside the private key".to_owned(),
            (Cause::ForeignKey(label), Role::CaKey) => format!("holds {label}, which cannot be read here"),
            (cause, _) => cause.to_string(),
        }
    }
}

impl LoadError {
    /// The same as a finding, for those who judge many pairs and go on: `key-encrypted`, `key-format` or
    /// `cert-unreadable`.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding {
            rule: match (&self.cause, self.role) {
                (Cause::Encrypted | Cause::Der(DerKind::EncryptedKey), Role::Key | Role::CaKey) => Rule::KeyEncrypted,
                (_, Role::Key | Role::CaKey) => Rule::KeyFormat,
                (_, Role::Certificate | Role::Ca | Role::ServerCa | Role::Request | Role::Any) => Rule::CertUnreadable,
            },
            severity: Severity::Error,
            place: Some(self.file.clone()),
            message: self.cause.worded(self.role),
            help: self.help(),
        }
    }

    /// What to do about it, in one line that can be pasted where there is such a line.
    ///
    /// A command never overwrites its input.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let file = shell(&self.file);
        let pem = |extension| shell(&beside(&self.file, extension));
        let key = || format!("openssl pkcs8 -topk8 -nocrypt -in {file} -out {}", pem("pkcs8.key"));
        Some(match &self.cause {
            Cause::Bom => format!("tail -c +4 {file} > {}", pem("nobom.pem")),
            Cause::Utf16 => format!("iconv -f UTF-16 -t UTF-8 {file} > {}", pem("utf8.pem")),
            Cause::Der(DerKind::Certificate) => {
                format!("openssl x509 -inform DER -in {file} -out {}", pem("pem"))
            }
            Cause::Der(DerKind::Key | DerKind::EncryptedKey) => {
                format!("openssl pkcs8 -topk8 -nocrypt -inform DER -in {file} -out {}", pem("pkcs8.key"))
            }
            Cause::Der(DerKind::Pkcs7) => {
                format!("openssl pkcs7 -inform DER -in {file} -print_certs -out {}", pem("pem"))
            }
            Cause::Der(DerKind::Request) => {
                format!("openssl req -inform DER -in {file} -out {}", pem("pem"))
            }
            Cause::Pkcs12 => match self.role {
                Role::Request => self.role.wants(),
                Role::Key | Role::CaKey => {
                    format!("openssl pkcs12 -in {file} -nocerts -nodes -out {}", pem("pkcs8.key"))
                }
                Role::Certificate => format!("openssl pkcs12 -in {file} -clcerts -nokeys -out {}", pem("pem")),
                Role::Ca | Role::ServerCa => format!("openssl pkcs12 -in {file} -cacerts -nokeys -out {}", pem("pem")),
                Role::Any => format!("openssl pkcs12 -in {file} -nodes -out {}", pem("pem")),
            },
            Cause::JavaKeyStore => format!(
                "keytool -importkeystore -srckeystore {file} -destkeystore {} -deststoretype PKCS12",
                pem("p12")
            ),
            Cause::Base64OfPem => format!("base64 -d {file} > {}", pem("pem")),
            Cause::EscapedNewlines { .. } => {
                format!("printf '%b' \"$(cat {file})\" > {}", pem("pem"))
            }
            Cause::Encrypted => key(),
            Cause::SeveralRequests(_) => "give each request a file of its own".to_owned(),
            Cause::SeveralKeys(_) if self.role == Role::CaKey => {
                "leave only the key of the authority in the file".to_owned()
            }
            Cause::SeveralKeys(_) => "leave only the key of the client certificate in the file".to_owned(),
            Cause::KeyBesideCertificate => {
                format!("openssl crl2pkcs7 -nocrl -certfile {file} | openssl pkcs7 -print_certs -out {}", pem("pem"))
            }
            Cause::CertificateBesideKey => key(),
            Cause::Swapped { key } => format!("--cert {} --key {file}", shell(key)),
            Cause::TrustedCertificate => {
                format!("openssl x509 -in {file} -out {}", pem("pem"))
            }
            Cause::ForeignKey(Label::OpenSsh) => {
                let copy = pem("pkcs8.key");
                format!("cp {file} {copy} && ssh-keygen -p -N '' -m PKCS8 -f {copy}")
            }
            Cause::ForeignKey(_) if self.role == Role::CaKey => self.role.wants(),
            Cause::ForeignKey(_) => format!(
                "openssl req -new -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' -keyout {} -out {}",
                pem("rsa.key"),
                pem("csr")
            ),
            Cause::Instead(label, role) => return instead(*label, *role, &file, &pem("pem")),
            Cause::DamagedDer(_)
            | Cause::Unterminated { .. }
            | Cause::Headless { .. }
            | Cause::Marker { .. }
            | Cause::EndDiffers { .. }
            | Cause::Base64 { .. }
            | Cause::BrokenDer { .. }
            | Cause::TrailingDer { .. } => "copy the file again from where it was made".to_owned(),
            Cause::NoPem | Cause::Empty | Cause::Nul | Cause::Der(DerKind::Other) => self.role.wants(),
        })
    }
}

/// What to do with a file that holds another kind of thing.
fn instead(label: Label, role: Role, file: &str, out: &str) -> Option<String> {
    match (label, role) {
        (Label::Request, Role::Certificate) => Some(format!(
            "openssl x509 -req -sha256 -days 9999 -in {file} -CA ca.crt -CAkey ca.key -CAcreateserial -out {out}"
        )),
        (Label::Pkcs7, Role::Certificate | Role::Ca | Role::ServerCa) => {
            Some(format!("openssl pkcs7 -in {file} -print_certs -out {out}"))
        }
        (Label::PublicKey, Role::Key) => {
            Some("--key wants the private key that this public key was taken from".to_owned())
        }
        (Label::Certificate, Role::Key) => {
            Some("--key wants the private key that was made together with the certificate's request".to_owned())
        }
        (_, Role::Ca) => Some("--ca wants the certificate of the authority, usually `ca.crt`".to_owned()),
        (_, Role::ServerCa) => Some("--server-ca wants the authority that issued the server's certificate".to_owned()),
        (_, Role::Certificate) => Some("--cert wants the client certificate, usually `client.crt`".to_owned()),
        (_, Role::Key) => Some("--key wants the private key, usually `client.key`".to_owned()),
        (_, Role::CaKey) => Some("--ca-key wants the private key of the authority, usually `ca.key`".to_owned()),
        (_, Role::Request) => Some(
            "--csr wants what `openssl req -new -key client.key -subj '/O=Example ORG/CN=Client'` writes".to_owned(),
        ),
        (_, Role::Any) => None,
    }
}

/// The same path with another extension: where a command may write without touching its input.
pub(crate) fn beside(file: &str, extension: &str) -> String {
    let name_at = file.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let (folder, name) = file.split_at(name_at);
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    };
    let other = format!("{folder}{stem}.{extension}");
    if other == file { format!("{folder}{stem}.new.{extension}") } else { other }
}
