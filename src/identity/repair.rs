//! What the files of a pair need to become what every delegate reads: each repair said as a note of what was done, or
//! as a finding of what a delegate would have made of the file as it was.

use memchr::memmem;

use super::Loader;
use super::certificate::Certificate;
use super::chain::Arranged;
use super::error::beside;
use super::key::Key;
use super::pem::{self, Blocks, DASHES, Label};
use super::shell;
use crate::finding::{Finding, Rule, Severity};

/// What was done to a file to make it fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Repair {
    TextAroundCertificates(usize),
    CertificateLayout,
    /// BEGIN or END lines had something beside them; always together with one of the two above.
    CertificateLines {
        /// Whether a classic delegate reads it as it is.
        for_java: bool,
        /// Whether Delegate 3.x does.
        for_go: bool,
    },
    TextAroundKey,
    KeyLayout {
        /// Whether a classic delegate reads it as it is.
        for_java: bool,
        /// Whether Delegate 3.x does.
        for_go: bool,
    },
    Pkcs1,
    OutOfOrder {
        /// Whether the client's certificate stood first all the same.
        leaf_first: bool,
    },
    Duplicates(usize),
    Extra(String),
}

impl Repair {
    /// What a certificate file needs so that nothing but its certificates is in it.
    pub(super) fn of_certificates(blocks: &Blocks, certificates: &[Certificate], bytes: &[u8]) -> Vec<Repair> {
        let canonical: String = certificates.iter().map(Certificate::pem).collect();
        let layout = if blocks.has_text || blocks.has(|label| label != Label::Certificate) {
            Some(Repair::TextAroundCertificates(certificates.len()))
        } else if canonical.as_bytes() != bytes {
            Some(Repair::CertificateLayout)
        } else {
            None
        };
        let (for_java, for_go) = (pem::markers_end_their_lines(bytes), markers_stand_alone(bytes));
        let lines = (!for_java || !for_go).then_some(Repair::CertificateLines { for_java, for_go });
        layout.into_iter().chain(lines).collect()
    }

    /// What a key file needs so that the key is in the one form that every delegate reads.
    pub(super) fn of_key(blocks: &Blocks, key: &Key, bytes: &[u8]) -> Vec<Repair> {
        let layout = if blocks.has_text || blocks.blocks.len() > 1 {
            Some(Repair::TextAroundKey)
        } else if !key.was_pkcs1 && key.pem.expose().as_bytes() != bytes {
            Some(Repair::KeyLayout { for_java: java_reads_layout(bytes), for_go: markers_stand_alone(bytes) })
        } else {
            None
        };
        layout.into_iter().chain(key.was_pkcs1.then_some(Repair::Pkcs1)).collect()
    }

    /// What it took to put the certificates into the order of a chain.
    pub(super) fn of_order(arranged: &Arranged) -> Vec<Repair> {
        let leaf_first = arranged.leaf_first;
        let reordered = (arranged.reordered || !leaf_first).then_some(Repair::OutOfOrder { leaf_first });
        let duplicates = (arranged.duplicates > 0).then_some(Repair::Duplicates(arranged.duplicates));
        let extra = arranged.extra.iter().cloned().map(Repair::Extra);
        reordered.into_iter().chain(duplicates).chain(extra).collect()
    }

    /// What `loader` would have made of the files without these repairs, the worst first.
    pub(super) fn findings(repairs: &[Repair], loader: Loader, certificate: &str, key: &str) -> Vec<Finding> {
        let mut findings: Vec<Finding> = repairs
            .iter()
            .filter_map(|repair| {
                let (rule, severity, message) = repair.judged(loader)?;
                Some(Finding {
                    rule,
                    severity,
                    place: Some(repair.file(certificate, key).to_owned()),
                    message,
                    help: Some(repair.help(certificate, key)),
                })
            })
            .collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Whose file it is.
    pub(super) fn file<'a>(&self, certificate: &'a str, key: &'a str) -> &'a str {
        match self {
            Repair::TextAroundKey | Repair::KeyLayout { .. } | Repair::Pkcs1 => key,
            _ => certificate,
        }
    }

    /// What was done, unless another repair says it.
    pub(super) fn notice(&self) -> Option<String> {
        Some(match self {
            Repair::TextAroundCertificates(1) => "text around the certificate dropped".to_owned(),
            Repair::TextAroundCertificates(_) => "text around the certificates dropped".to_owned(),
            Repair::TextAroundKey => "text around the key dropped".to_owned(),
            Repair::CertificateLayout | Repair::KeyLayout { .. } => "line ends and layout made canonical".to_owned(),
            Repair::CertificateLines { .. } => return None,
            Repair::Pkcs1 => "converted from PKCS#1 to PKCS#8".to_owned(),
            Repair::OutOfOrder { .. } => "certificates put in order, leaf first".to_owned(),
            Repair::Duplicates(1) => "a certificate that stood there twice dropped".to_owned(),
            Repair::Duplicates(count) => {
                format!("{count} certificates that stood there already dropped")
            }
            Repair::Extra(subject) => {
                format!("certificate of `{subject}` dropped, which the chain does not need")
            }
        })
    }

    /// What `loader` would have said of it.
    fn judged(&self, loader: Loader) -> Option<(Rule, Severity, String)> {
        let for_java = match loader {
            Loader::Java => Severity::Error,
            Loader::Go => Severity::Warning,
        };
        let java = loader == Loader::Java;
        Some(match self {
            Repair::TextAroundKey if java => (
                Rule::KeyFormat,
                Severity::Error,
                "text around the key, and a classic delegate takes a key file that holds nothing else".to_owned(),
            ),
            Repair::KeyLayout { for_java: false, .. } if java => (
                Rule::KeyFormat,
                Severity::Error,
                "there are tabs inside the key, which a classic delegate cannot read".to_owned(),
            ),
            Repair::KeyLayout { for_go: false, .. } if !java => (
                Rule::KeyFormat,
                Severity::Error,
                "the `-----BEGIN` and `-----END` lines do not stand alone, and Delegate 3.x reads no such key"
                    .to_owned(),
            ),
            Repair::Pkcs1 if java => (
                Rule::KeyFormat,
                Severity::Error,
                "is a PKCS#1 key, and a classic delegate takes PKCS#8 only".to_owned(),
            ),
            Repair::CertificateLines { for_java: false, .. } if java => (
                Rule::CertUnreadable,
                Severity::Error,
                "the `-----BEGIN` and `-----END` lines do not stand alone, and Java reads no such certificate"
                    .to_owned(),
            ),
            Repair::CertificateLines { for_go: false, .. } if !java => (
                Rule::CertUnreadable,
                Severity::Error,
                "the `-----BEGIN` and `-----END` lines do not stand alone, and Delegate 3.x reads no such certificate"
                    .to_owned(),
            ),
            // Go compares the key with the first certificate only
            Repair::OutOfOrder { leaf_first } => (
                Rule::ChainOutOfOrder,
                if *leaf_first { for_java } else { Severity::Error },
                "the certificates are not in the order leaf, issuer, issuer of that".to_owned(),
            ),
            Repair::Duplicates(_) => (Rule::ChainExtra, for_java, "a certificate stands in the file twice".to_owned()),
            Repair::Extra(subject) => {
                (Rule::ChainExtra, for_java, format!("the certificate of `{subject}` is not part of the chain"))
            }
            _ => return None,
        })
    }

    fn help(&self, certificate: &str, key: &str) -> String {
        let (new_certificate, new_key) = (beside(certificate, "pem"), beside(key, "pkcs8.key"));
        let (new_certificate, new_key) = (shell(&new_certificate), shell(&new_key));
        let (certificate, key) = (shell(certificate), shell(key));
        match self {
            // OpenSSL reads none of these.
            Repair::CertificateLines { .. } => own_lines(&certificate, &new_certificate),
            Repair::KeyLayout { for_go: false, for_java: true } => own_lines(&key, &new_key),
            Repair::KeyLayout { .. } => format!(r"tr -d '\t\f' < {key} > {new_key}"),
            Repair::Pkcs1 | Repair::TextAroundKey => {
                format!("openssl pkcs8 -topk8 -nocrypt -in {key} -out {new_key}")
            }
            _ => "keep only the client certificate and its intermediates, leaf first".to_owned(),
        }
    }
}

/// How to take the certificates at these positions, counted from 1, out of a file, in this order.
pub(super) fn select(file: &str, positions: &[usize]) -> String {
    let numbers: Vec<String> = positions.iter().map(usize::to_string).collect();
    let (new, file) = (shell(&beside(file, "pem")), shell(file));
    format!(
        "for n in {}; do awk -v n=$n '/-----BEGIN .*CERTIFICATE-----/{{p = ++i == n}} p; /-----END /{{p = 0}}' {file}; done > {new}",
        numbers.join(" ")
    )
}

/// How to put every `-----BEGIN` and `-----END` on a line of its own.
fn own_lines(file: &str, new: &str) -> String {
    format!(r"sed -E 's/[[:blank:]]*(-----(BEGIN|END) [^-]*-----)[[:blank:]]*/\n\1\n/g' {file} > {new}")
}

/// Whether each `-----BEGIN` and `-----END` line begins at the margin and holds nothing else: so Go's `encoding/pem`
/// wants it. A folded YAML scalar or an indented one does not have it.
fn markers_stand_alone(bytes: &[u8]) -> bool {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).all(|line| {
        let inside = line.trim_ascii_end().strip_prefix(DASHES).and_then(|line| line.strip_suffix(DASHES));
        match inside {
            Some(words) => memmem::find(words, DASHES).is_none(),
            None => memmem::find(line, DASHES).is_none(),
        }
    })
}

/// The classic delegate's loader trims the text and drops line ends and spaces, but no other blanks.
fn java_reads_layout(key: &[u8]) -> bool {
    !key.trim_ascii().iter().any(|byte| byte.is_ascii_whitespace() && !matches!(byte, b' ' | b'\r' | b'\n'))
}
