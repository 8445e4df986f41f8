//! Why a connection did not come as far as the server's wish for a certificate: each cause in its own words, with a
//! way out. The server's own certificate is a cause of its own, because nothing is wrong with ours then.

use std::time::Duration;

use rustls::CertificateError;
use thiserror::Error;
use time::OffsetDateTime;
use time::macros::format_description;

use super::alert::Alert;
use super::connection::Target;
use super::proxy::TunnelError;

/// Why there is nothing to judge.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// The host is nothing that a TLS handshake can name.
    #[error("its host is neither a DNS name nor an address")]
    HostName,
    /// This machine knows no way to the address: most often IPv6 where there is none.
    #[error("this machine has no route to it")]
    NoRoute,
    /// The address does not answer to a connection.
    #[error("no connection within {}", humantime::format_duration(*.0))]
    NoConnection(Duration),
    /// The operating system's reason.
    #[error("{0}")]
    Connect(String),
    /// The proxy cannot be connected to.
    #[error("the proxy {0} cannot be reached: {1}")]
    Proxy(String, Box<Failure>),
    /// The proxy does not open the way.
    #[error("the proxy {0} refuses: {1}")]
    Tunnel(String, TunnelError),
    /// Connected, and then not a byte.
    #[error("the server took the connection and did not answer within {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// Connected, and closed in the middle of the handshake.
    #[error("the server hung up during the handshake")]
    HungUp,
    /// HTTP without TLS.
    #[error("the server speaks plain HTTP on this port, not TLS")]
    PlainHttp,
    /// Something else.
    #[error("the server does not speak TLS on this port")]
    NotTls,
    /// TLS 1.1 or older.
    #[error("the server speaks neither TLS 1.2 nor 1.3")]
    TooOld,
    /// A fatal alert before the server asked for a certificate.
    #[error("the server ended the handshake: {meaning} (TLS alert {alert})", meaning = reason(*.0), alert = .0)]
    Alert(Alert),
    /// Anything else that the TLS library says.
    #[error("the handshake failed: {0}")]
    Tls(String),
    /// The server's certificate.
    #[error("{0}")]
    Server(ServerProblem),
    /// The connections before this one came as far as they should: a limit, or one of several servers behind an address.
    #[error("{0} failed, after others had not: {1}")]
    Later(&'static str, Box<Failure>),
}

impl Failure {
    /// The same for a connection that was not the first one. A server's certificate stays what it is.
    pub(super) fn after(self, which: &'static str) -> Failure {
        match self {
            Failure::Server(_) => self,
            other => Failure::Later(which, Box::new(other)),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self, target: &Target) -> String {
        match self {
            Failure::HostName => "look for a typo in the host name".to_owned(),
            Failure::NoRoute => format!("name an address that this machine can reach: --resolve {target}:ADDRESS"),
            Failure::NoConnection(_) | Failure::Connect(_) => format!(
                "look at host and port, and at the firewall on the way; another address of it: --resolve {target}:ADDRESS"
            ),
            Failure::Proxy(..) => "look at its host and port (env | grep -i _proxy), and whether it runs".to_owned(),
            Failure::Tunnel(_, TunnelError::Credentials) => {
                "https_proxy=http://USER:PASSWORD@HOST:PORT; percent-encode `@`, `:` and `/` in them".to_owned()
            }
            Failure::Tunnel(..) => {
                format!("let the proxy connect to {target}, or go without it: no_proxy={}", target.host())
            }
            Failure::Silent(_) => {
                "wait longer with `--timeout 60s`; a firewall that drops the handshake looks the same".to_owned()
            }
            Failure::HungUp | Failure::Alert(_) | Failure::Tls(_) => {
                format!("look at the handshake: {} </dev/null", target.s_client())
            }
            Failure::PlainHttp | Failure::NotTls => {
                "name the port that speaks TLS: `https://acme.harness.io:8443` has 8443, most others 443".to_owned()
            }
            Failure::TooOld => "have TLS 1.2 or 1.3 turned on at the server; delegates need it too".to_owned(),
            Failure::Server(problem) => problem.help(target),
            Failure::Later(..) => {
                "probe again after a while: a server may limit connections; `--no-control` makes one less".to_owned()
            }
        }
    }
}

/// What is the matter with the server's certificate, which `it` is in the words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ServerProblem {
    /// Its time is over.
    #[error("it expired{}", .0.map(|until| format!(" on {}", date(until))).unwrap_or_default())]
    Expired(Option<OffsetDateTime>),
    /// Its time has not come.
    #[error("it is not valid yet{}", .0.map(|from| format!(", but from {}", date(from))).unwrap_or_default())]
    NotYetValid(Option<OffsetDateTime>),
    /// None of the trusted roots issued it.
    #[error("it is not issued by a trusted CA")]
    UnknownIssuer,
    /// It is for other names.
    #[error("it is for {}, not for this host", names(.0))]
    WrongName(Vec<String>),
    /// CA:TRUE.
    #[error("it is marked as a CA (CA:TRUE), not as a server's")]
    IsCa,
    /// X.509 version 1.
    #[error("it is X.509 version 1, which names no host")]
    VersionOne,
    /// Its extended key usage is for something else.
    #[error("it is not meant for a server (extended key usage)")]
    WrongPurpose,
    /// The issuer's name fits, its key does not; or the library does not use the certificate's own key.
    #[error("it is not signed with the key of the trusted CA of that name, or its own RSA key has fewer than 2048 bit")]
    BadSignature,
    /// Signed by SHA-1, or in another way that the library does not know.
    #[error("it is signed in a way that is not trusted any more, such as by SHA-1")]
    OldSignature,
    /// Anything else that the TLS library says.
    #[error("it cannot be used: {0}")]
    Other(String),
}

impl ServerProblem {
    fn help(&self, target: &Target) -> String {
        let host = target.host();
        match self {
            ServerProblem::Expired(_) => {
                "have the server's certificate renewed; this machine's clock: date -u".to_owned()
            }
            ServerProblem::NotYetValid(_) => "look at this machine's clock: date -u".to_owned(),
            ServerProblem::UnknownIssuer | ServerProblem::BadSignature => format!(
                "name its CA with `--server-ca FILE`; what the server sends: {} -showcerts </dev/null",
                target.s_client()
            ),
            // the server's certificate is a wildcard, which covers one level (RFC 6125 §6.4.3)
            ServerProblem::WrongName(_)
                if host.strip_suffix(".agent.harness.io").is_some_and(|prefix| prefix.contains('.')) =>
            {
                "`*.agent.harness.io` covers one level only: use `https://PREFIX.agent.harness.io` without a dot in PREFIX"
                    .to_owned()
            }
            ServerProblem::WrongName(_) => {
                "use one of the names that the certificate is for; to test one before DNS has it: --resolve".to_owned()
            }
            ServerProblem::IsCa => {
                "have it issued with `basicConstraints = critical,CA:FALSE`; `openssl req -x509` makes CA:TRUE".to_owned()
            }
            ServerProblem::VersionOne => {
                "have it issued with `subjectAltName`, which makes it version 3".to_owned()
            }
            ServerProblem::WrongPurpose => "have it issued with `extendedKeyUsage = serverAuth`".to_owned(),
            ServerProblem::OldSignature => "have it issued again, signed by SHA-256".to_owned(),
            ServerProblem::Other(_) => format!("look at it: {} </dev/null | openssl x509 -noout -text", target.s_client()),
        }
    }
}

impl From<CertificateError> for ServerProblem {
    fn from(error: CertificateError) -> ServerProblem {
        let instant = |seconds: u64| {
            i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        };
        match error {
            CertificateError::Expired => ServerProblem::Expired(None),
            CertificateError::ExpiredContext { not_after, .. } => ServerProblem::Expired(instant(not_after.as_secs())),
            CertificateError::NotValidYet => ServerProblem::NotYetValid(None),
            CertificateError::NotValidYetContext { not_before, .. } => {
                ServerProblem::NotYetValid(instant(not_before.as_secs()))
            }
            CertificateError::UnknownIssuer => ServerProblem::UnknownIssuer,
            CertificateError::NotValidForName => ServerProblem::WrongName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                ServerProblem::WrongName(presented.iter().filter_map(|name| plain(name)).collect())
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                ServerProblem::WrongPurpose
            }
            CertificateError::BadSignature => ServerProblem::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => ServerProblem::OldSignature,
            // rustls has no words of its own for these two
            CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
                Some(webpki::Error::CaUsedAsEndEntity) => ServerProblem::IsCa,
                Some(webpki::Error::UnsupportedCertVersion) => ServerProblem::VersionOne,
                _ => ServerProblem::Other(other.to_string()),
            },
            other => ServerProblem::Other(other.to_string()),
        }
    }
}

/// What it says with an alert when there was no certificate yet to judge.
fn reason(alert: Alert) -> &'static str {
    alert.meaning().filter(|_| alert != Alert::HANDSHAKE_FAILURE).unwrap_or("it gives no reason")
}

fn date(time: OffsetDateTime) -> String {
    time.format(format_description!("[year]-[month]-[day]")).unwrap_or_else(|_| time.to_string())
}

/// The form in which rustls gives a name: `DnsName("a.b")`, `IpAddress(::1)`.
fn plain(name: &str) -> Option<String> {
    let inner = name.strip_prefix("DnsName(\"").and_then(|rest| rest.strip_suffix("\")"));
    inner.or_else(|| name.strip_prefix("IpAddress(")?.strip_suffix(')')).map(str::to_owned)
}

/// The names in a certificate, fit for a terminal; there may be hundreds.
fn names(presented: &[String]) -> String {
    const MOST: usize = 3;
    let quoted = presented.iter().take(MOST).map(|name| format!("`{}`", name.escape_debug()));
    let more = presented.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("{more} more"));
    match presented {
        [] => "other names".to_owned(),
        _ => quoted.chain(more).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;
    use rustls_pki_types::{ServerName, UnixTime};

    use super::*;

    fn said(error: CertificateError, host: &str) -> (String, String) {
        let failure = Failure::Server(ServerProblem::from(error));
        (failure.to_string(), failure.help(&Target::new(host, 8443)))
    }

    fn wrong_name(presented: &[&str]) -> CertificateError {
        CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("a.b").unwrap(),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn every_server_certificate_problem_has_its_own_words() {
        let second = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let other = |error| CertificateError::Other(OtherError(Arc::new(error)));
        for (error, words) in [
            (
                CertificateError::ExpiredContext { time: second(2_000_000_000), not_after: second(1_767_225_600) },
                "it expired on 2026-01-01",
            ),
            (CertificateError::Expired, "it expired"),
            (
                CertificateError::NotValidYetContext { time: second(0), not_before: second(1_767_225_600) },
                "it is not valid yet, but from 2026-01-01",
            ),
            (CertificateError::UnknownIssuer, "it is not issued by a trusted CA"),
            (
                CertificateError::BadSignature,
                "it is not signed with the key of the trusted CA of that name, or its own RSA key has fewer than 2048 bit",
            ),
            (CertificateError::InvalidPurpose, "it is not meant for a server (extended key usage)"),
            (other(webpki::Error::CaUsedAsEndEntity), "it is marked as a CA (CA:TRUE), not as a server's"),
            (other(webpki::Error::UnsupportedCertVersion), "it is X.509 version 1, which names no host"),
            (wrong_name(&["DnsName(\"c.d\")", "IpAddress(::1)"]), "it is for `c.d`, `::1`, not for this host"),
            (wrong_name(&["DirectoryName"]), "it is for other names, not for this host"),
            (wrong_name(&["DnsName(\"\u{1b}[2J\")"]), "it is for `\\u{1b}[2J`, not for this host"),
            (wrong_name(&["DnsName(\"a\")"; 5]), "it is for `a`, `a`, `a`, 2 more, not for this host"),
        ] {
            assert_eq!(said(error, "a.b").0, words);
        }
    }

    #[test]
    fn an_address_is_no_server_name() {
        for (host, expected) in [
            ("a.b", "openssl s_client -connect a.b:8443 -servername a.b"),
            ("127.0.0.1", "openssl s_client -connect 127.0.0.1:8443 -noservername"),
            ("[::1]", "openssl s_client -connect [::1]:8443 -noservername"),
        ] {
            let help = Failure::HungUp.help(&Target::new(host, 8443));
            assert_eq!(help, format!("look at the handshake: {expected} </dev/null"));
        }
    }

    #[test]
    fn a_wildcard_of_one_level_is_explained_where_it_is_the_cause() {
        let wildcard = ["DnsName(\"*.agent.harness.io\")"];
        let (_, help) = said(wrong_name(&wildcard), "eu.acme.agent.harness.io");
        assert!(help.starts_with("`*.agent.harness.io` covers one level only: "), "{help}");
        let (_, help) = said(wrong_name(&wildcard), "acme.harness.io");
        assert!(help.starts_with("use one of the names "), "{help}");
    }
}
