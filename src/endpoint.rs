//! The account's mTLS endpoint: what may be given, and what it means.

use std::fmt;
use std::net::Ipv6Addr;

use http::Uri;
use thiserror::Error;

/// `https://host[:port]`, nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    host: String,
    port: u16,
}

/// Why a text is not an endpoint.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{given}` is not an mTLS endpoint: {why}")]
pub struct EndpointError {
    given: String,
    why: &'static str,
}

impl EndpointError {
    /// What is the matter with it.
    pub(crate) fn why(&self) -> &'static str {
        self.why
    }

    /// What to give instead.
    pub fn help(&self) -> String {
        "give it as `https://acme.harness.io:8443`, without a path".to_owned()
    }
}

impl Endpoint {
    /// Reads `https://host[:port]`, or `host[:port]`, which means the same.
    ///
    /// # Errors
    /// For another scheme, a path, a query, a fragment or user info.
    pub fn parse(given: &str) -> Result<Endpoint, EndpointError> {
        let refuse = |why| EndpointError { given: mask_user_info(given), why };
        if given.contains('@') {
            return Err(refuse("it must not hold a user or a password"));
        }
        if given.contains('#') {
            return Err(refuse("it must not have a fragment"));
        }
        let full = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
        let uri: Uri = full.parse().map_err(|_| refuse("it is not a URL"))?;
        if uri.scheme_str() != Some("https") {
            return Err(refuse("the scheme must be https"));
        }
        if uri.query().is_some() {
            return Err(refuse("it must not have a query"));
        }
        if uri.path() != "/" {
            return Err(refuse("it must not have a path"));
        }
        let authority = uri.authority().ok_or_else(|| refuse("it has no host"))?;
        let host = authority.host();
        let is_name = host
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let is_address = bare.is_some_and(|bare| bare.parse::<Ipv6Addr>().is_ok());
        if !is_name && !is_address {
            return Err(refuse("its host is not a host name"));
        }
        let port = authority.as_str().strip_prefix(host).unwrap_or_default();
        if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(refuse("its port is not a number from 1 to 65535"));
        }
        let port = authority.port_u16().unwrap_or(443);
        Ok(Endpoint { url: format!("https://{authority}"), host: host.to_owned(), port })
    }

    /// As it is written into manifests.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The host as it stands in the URL: an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 443 where none was given.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// A URL as it may be shown: a password in it must not reach a log, nor a token in its query.
pub(crate) fn mask_user_info(given: &str) -> String {
    let (scheme, rest) = given.find("://").and_then(|at| given.split_at_checked(at + 3)).unwrap_or(("", given));
    let user_end = rest.rfind('@').unwrap_or(0);
    let (user, shown) = rest.split_at_checked(user_end).unwrap_or(("", rest));
    if user.contains('?') {
        // the `@` may stand in the query
        return format!("{scheme}***");
    }
    let user = if shown.starts_with('@') { "***" } else { "" };
    match shown.find('?').and_then(|at| shown.split_at_checked(at + 1)) {
        Some((shown, secret)) if !secret.is_empty() => format!("{scheme}{user}{shown}***"),
        _ => format!("{scheme}{user}{shown}"),
    }
}

/// Whether a manager URL has one of the two forms of an mTLS endpoint: port 8443, or `*.agent.harness.io`.
pub(crate) fn is_mtls(base: &str) -> bool {
    let Ok(uri) = base.parse::<Uri>() else { return false };
    uri.scheme_str() == Some("https")
        && (uri.port_u16() == Some(8443) || uri.host().is_some_and(|host| host.ends_with(".agent.harness.io")))
}

/// The manager base URL that a value of `MANAGER_HOST_AND_PORT` is: without trailing slashes. `None` for one that every
/// URL would start with.
pub(crate) fn base(value: &str) -> Option<&str> {
    let base = value.trim_end_matches('/');
    (!matches!(base, "" | "http:" | "https:")).then_some(base)
}

/// Whether a value is the base or lies under it.
pub(crate) fn is_under(value: &str, base: &str) -> bool {
    value.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_hosts_with_and_without_scheme_and_port() {
        for (given, expected) in [
            ("https://acme.harness.io:8443", "https://acme.harness.io:8443"),
            ("https://acme.harness.io:8443/", "https://acme.harness.io:8443"),
            ("acme.harness.io:8443", "https://acme.harness.io:8443"),
            ("acme.agent.harness.io", "https://acme.agent.harness.io"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(Endpoint::parse(given).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn tells_host_and_port() {
        for (given, expected) in [
            ("https://acme.harness.io:8443/", ("acme.harness.io", 8443)),
            ("acme.agent.harness.io", ("acme.agent.harness.io", 443)),
            ("https://[::1]:8443", ("[::1]", 8443)),
            ("[::1]", ("[::1]", 443)),
        ] {
            let endpoint = Endpoint::parse(given).unwrap();
            assert_eq!((endpoint.host(), endpoint.port()), expected);
        }
    }

    #[test]
    fn refuses_everything_else_and_shows_no_password() {
        for (given, why) in [
            ("http://acme.harness.io", "`http://acme.harness.io` is not an mTLS endpoint: the scheme must be https"),
            ("https://a.b/gratis", "`https://a.b/gratis` is not an mTLS endpoint: it must not have a path"),
            ("https://a.b?x=1", "`https://a.b?***` is not an mTLS endpoint: it must not have a query"),
            ("https://a.b#x", "`https://a.b#x` is not an mTLS endpoint: it must not have a fragment"),
            ("https://u:pw@a.b", "`https://***@a.b` is not an mTLS endpoint: it must not hold a user or a password"),
            ("", "`` is not an mTLS endpoint: it is not a URL"),
            ("https://", "`https://` is not an mTLS endpoint: it is not a URL"),
            ("https://a b", "`https://a b` is not an mTLS endpoint: it is not a URL"),
            ("https://a_b:1", "`https://a_b:1` is not an mTLS endpoint: its host is not a host name"),
            ("https://[zz]:1", "`https://[zz]:1` is not an mTLS endpoint: its host is not a host name"),
            ("https://a.b:0", "`https://a.b:0` is not an mTLS endpoint: its port is not a number from 1 to 65535"),
            (
                "https://a.b:99999",
                "`https://a.b:99999` is not an mTLS endpoint: its port is not a number from 1 to 65535",
            ),
        ] {
            assert_eq!(Endpoint::parse(given).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn shows_no_secret_of_a_url() {
        for (given, expected) in [
            ("https://a.b/c", "https://a.b/c"),
            ("https://me:x@a.b/c", "https://***@a.b/c"),
            ("me:x@a.b", "***@a.b"),
            ("https://me:x@y@a.b", "https://***@a.b"),
            ("https://a.b/c?token=x", "https://a.b/c?***"),
            ("https://me:x@a.b?token=x#x", "https://***@a.b?***"),
            ("https://me:x@a.b?mail=me@x", "https://***"),
            ("https://me:x?x@a.b", "https://***"),
            ("https://a.b?", "https://a.b?"),
        ] {
            assert_eq!(mask_user_info(given), expected);
        }
    }

    #[test]
    fn under_the_base() {
        assert!(is_under("https://a/gratis", "https://a/gratis"));
        assert!(is_under("https://a/gratis/x", "https://a/gratis"));
        assert!(!is_under("https://a/gratisx", "https://a/gratis"));
        assert_eq!(base("https://a//"), Some("https://a"));
        assert_eq!(base("https://"), None);
    }
}
