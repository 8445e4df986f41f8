//! The environment's proxy → whether it applies to an endpoint, and the CONNECT that opens the way (RFC 9110 §9.3.6).
//! The rules are curl's. Credentials go to the proxy, and into no message.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::Authority;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use thiserror::Error;
use zeroize::Zeroizing;

use super::connection::Target;
use super::reply;

/// Where the proxy is looked for; the first that is set and not empty counts. `HTTP_PROXY` is not for https.
const VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// No answer to CONNECT has a longer head.
const MOST_BYTES: usize = 16 * 1024;

/// An HTTP proxy. `Debug` and `Display` show no credentials.
#[derive(Clone)]
pub struct Proxy {
    target: Target,
    authorization: Option<Zeroizing<String>>,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.target)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// Why the environment's proxy cannot be used. Does not show the variable's value, which may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{variable}` names a proxy that cannot be used: {why}")]
pub struct ProxyError {
    variable: &'static str,
    why: String,
    host: String,
}

impl ProxyError {
    /// What to set instead. `no_proxy` in lower case counts whatever else is set.
    #[must_use]
    pub fn help(&self) -> String {
        format!(
            "set it as `http://[user:password@]host:port`, or go without a proxy: `no_proxy={} delegate-mtls probe …`",
            self.host
        )
    }
}

/// Why a proxy does not open the way.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TunnelError {
    /// 407.
    #[error("it wants a user and a password (HTTP 407)")]
    Credentials,
    /// Another status.
    #[error("it does not connect to the endpoint (HTTP {0})")]
    Status(u16),
    /// Its answer is no HTTP, or has no end.
    #[error("it does not answer in HTTP")]
    NotHttp,
    /// It took the connection, and said nothing in time.
    #[error("it does not answer")]
    Silent,
    /// The connection broke.
    #[error("{0}")]
    Io(String),
}

impl Proxy {
    /// The proxy for `target`, by what `variable` says of the environment; `None` where there is none, or `NO_PROXY`
    /// excepts the host.
    ///
    /// # Errors
    /// A proxy that is not `http://[user:password@]host:port`.
    pub fn choose(variable: impl Fn(&str) -> Option<String>, target: &Target) -> Result<Option<Proxy>, ProxyError> {
        let value = |name: &'static str| variable(name).filter(|value| !value.trim().is_empty());
        let Some((name, url)) = VARIABLES.iter().find_map(|name| Some((*name, value(name)?))) else {
            return Ok(None);
        };
        let excepted = value("no_proxy").or_else(|| value("NO_PROXY")).unwrap_or_default();
        if excepted.split([',', ' ']).any(|entry| excepts(entry.trim(), target)) {
            return Ok(None);
        }
        let proxy = Proxy::parse(url.trim());
        proxy.map(Some).map_err(|why| ProxyError { variable: name, why, host: target.host().to_owned() })
    }

    fn parse(url: &str) -> Result<Proxy, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => return Err("a connection to the proxy itself over TLS is not supported".to_owned()),
            scheme if scheme.starts_with("socks") => return Err("SOCKS is not supported".to_owned()),
            _ => return Err("its scheme is not http".to_owned()),
        }
        let (user_info, host) = match rest.rsplit_once('@') {
            // the host ends at the first of these (RFC 3986 §3.2): it would be another one than meant
            Some((user_info, _)) if user_info.contains(['/', '?', '#']) => {
                return Err("percent-encode `/`, `?` and `#` in its user and password".to_owned());
            }
            Some((user_info, host)) => (Some(user_info), host),
            None => (None, rest),
        };
        let authority: Authority =
            host.trim_end_matches('/').parse().map_err(|_| "it is not a host and a port".to_owned())?;
        // curl means 1080 then, others 80
        let port = authority
            .port_u16()
            .filter(|port| *port != 0)
            .ok_or_else(|| "it has no port from 1 to 65535".to_owned())?;
        if authority.host().is_empty() {
            return Err("it has no host".to_owned());
        }
        let authorization = user_info.map(|user_info| {
            let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
            let decoded = |text| Zeroizing::new(percent_decode_str(text).collect::<Vec<u8>>());
            let pair = Zeroizing::new([decoded(user).as_slice(), b":", decoded(password).as_slice()].concat());
            Zeroizing::new(STANDARD.encode(pair.as_slice()))
        });
        Ok(Proxy { target: Target::new(authority.host(), port), authorization })
    }

    /// The proxy's own host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.target.host()
    }

    /// The proxy's own port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.target.port()
    }
}

/// Whether an entry of `NO_PROXY` means the target: `*`, a domain with all below it, an address, a network; a name or an
/// address may have a port behind it.
fn excepts(entry: &str, target: &Target) -> bool {
    if entry == "*" {
        return true;
    }
    if let Ok(address) = target.host().parse::<IpAddr>() {
        if let Ok(network) = entry.parse::<IpNet>() {
            return network.contains(&address);
        }
        if let Ok(socket) = entry.parse::<SocketAddr>() {
            return socket == SocketAddr::new(address, target.port());
        }
        let bare = entry.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(entry);
        return bare.parse() == Ok(address);
    }
    let (name, port_fits) = match entry.rsplit_once(':') {
        Some((name, port)) => (name, port.parse() == Ok(target.port())),
        None => (entry, true),
    };
    let name = name.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
    let below = target.host().strip_suffix(&name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.is_empty() && port_fits && below
}

/// Asks the proxy for a connection to `target`; behind its answer the stream is the endpoint's.
pub(super) fn tunnel(proxy: &Proxy, target: &Target, stream: &mut (impl Read + Write)) -> Result<(), TunnelError> {
    let io = |error: io::Error| match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => TunnelError::Silent,
        _ => TunnelError::Io(crate::source::reason(&error)),
    };
    let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
    if let Some(authorization) = &proxy.authorization {
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).map_err(io)?;
    let mut head = Vec::new();
    // byte by byte, because the next one behind the head is the endpoint's
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if head.len() >= MOST_BYTES || stream.read(&mut byte).map_err(io)? == 0 {
            return Err(TunnelError::NotHttp);
        }
        head.extend(byte);
    }
    match reply::status(&head).ok_or(TunnelError::NotHttp)? {
        200..=299 => Ok(()),
        407 => Err(TunnelError::Credentials),
        status => Err(TunnelError::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(environment: &[(&str, &str)], host: &str) -> Result<Option<String>, String> {
        let variable =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let proxy = Proxy::choose(variable, &Target::new(host, 8443)).map_err(|error| error.to_string())?;
        Ok(proxy.map(|proxy| {
            let decoded = proxy.authorization.as_ref().map(|text| STANDARD.decode(text.as_bytes()).unwrap());
            match decoded {
                Some(pair) => format!("{proxy} with {}", String::from_utf8(pair).unwrap()),
                None => proxy.to_string(),
            }
        }))
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_proxy() {
        let all = [
            ("https_proxy", "http://a:1"),
            ("HTTPS_PROXY", "http://b:2"),
            ("all_proxy", "http://c:3"),
            ("ALL_PROXY", "http://d:4"),
        ];
        for (from, expected) in [
            (0, Some("http://a:1")),
            (1, Some("http://b:2")),
            (2, Some("http://c:3")),
            (3, Some("http://d:4")),
            (4, None),
        ] {
            assert_eq!(choose(&all[from..], "x.y"), Ok(expected.map(str::to_owned)));
        }
        assert_eq!(choose(&[("https_proxy", ""), ("HTTPS_PROXY", "b:2/")], "x.y"), Ok(Some("http://b:2".to_owned())));
        assert_eq!(choose(&[("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://a:1")], "x.y"), Ok(None));
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let value = [("HTTPS_PROXY", "http://me:p%40ss%3A@[::1]:3128")];
        assert_eq!(choose(&value, "x.y"), Ok(Some("http://[::1]:3128 with me:p@ss:".to_owned())));
        let proxy = Proxy::parse("http://me:hunter2@a:1").unwrap();
        assert_eq!(
            (proxy.to_string(), format!("{proxy:?}")),
            ("http://a:1".to_owned(), "Proxy(http://a:1)".to_owned())
        );
    }

    #[test]
    fn refuses_other_proxies_without_showing_the_value() {
        for (url, why) in [
            ("https://me:hunter2@a:1", "a connection to the proxy itself over TLS is not supported"),
            ("socks5h://a:1", "SOCKS is not supported"),
            ("ftp://a:1", "its scheme is not http"),
            ("http://me:hunter2@a", "it has no port from 1 to 65535"),
            ("http://a:0", "it has no port from 1 to 65535"),
            ("http://a:b", "it has no port from 1 to 65535"),
            ("http://me:hunter2@a b:1", "it is not a host and a port"),
            ("http://:1", "it has no host"),
            ("http://a:1/hunter2@b:2", "percent-encode `/`, `?` and `#` in its user and password"),
            ("http://a:1?hunter2@b:2", "percent-encode `/`, `?` and `#` in its user and password"),
        ] {
            let expected = format!("`ALL_PROXY` names a proxy that cannot be used: {why}");
            assert_eq!(choose(&[("ALL_PROXY", url)], "x.y"), Err(expected), "{url}");
        }
    }

    #[test]
    fn no_proxy_excepts_hosts() {
        for (no_proxy, host, excepted) in [
            ("*", "x.y", true),
            ("x.y", "x.y", true),
            ("X.Y", "x.y", true),
            ("y", "x.y", true),
            (".y", "x.y", true),
            ("*.y", "x.y", true),
            ("y", "xy", false),
            ("a, b x.y", "x.y", true),
            ("x.y:8443", "x.y", true),
            ("x.y:443", "x.y", false),
            ("x.y:no", "x.y", false),
            ("z.x.y", "x.y", false),
            ("", "x.y", false),
            (",.", "x.y", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1:8443", "127.0.0.1", true),
            ("127.0.0.1:443", "127.0.0.1", false),
            ("127.0.0.0/8", "127.1.2.3", true),
            ("10.0.0.0/8", "127.0.0.1", false),
            ("10.0.0.0/8", "x.y", false),
            ("::1", "[::1]", true),
            ("[::1]", "[::1]", true),
            ("[::1]:8443", "[::1]", true),
            ("fd00::/8", "[fd00::1]", true),
            ("localhost", "127.0.0.1", false),
        ] {
            let environment = [("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", no_proxy)];
            let expected = (!excepted).then(|| "http://a:1".to_owned());
            assert_eq!(choose(&environment, host), Ok(expected), "{no_proxy} {host}");
        }
        // curl looks at the lower-case one first
        let both = [("HTTPS_PROXY", "http://a:1"), ("no_proxy", "z"), ("NO_PROXY", "*")];
        assert_eq!(choose(&both, "x.y"), Ok(Some("http://a:1".to_owned())));
        // no proxy, no question whether it could be used
        assert_eq!(choose(&[("ALL_PROXY", "socks5://a:1"), ("NO_PROXY", "x.y")], "x.y"), Ok(None));
    }

    /// A proxy that gives `answer`; what it was told.
    fn told(url: &str, answer: &[u8]) -> (Result<(), TunnelError>, String, Vec<u8>) {
        struct Pipe<'a> {
            input: &'a [u8],
            output: Vec<u8>,
        }
        impl Read for Pipe<'_> {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                self.input.read(bytes)
            }
        }
        impl Write for Pipe<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.output.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut pipe = Pipe { input: answer, output: Vec::new() };
        let result = tunnel(&Proxy::parse(url).unwrap(), &Target::new("[::1]", 8443), &mut pipe);
        (result, String::from_utf8(pipe.output).unwrap(), pipe.input.to_vec())
    }

    #[test]
    fn connect_leaves_the_stream_where_the_endpoint_begins() {
        let (result, request, rest) = told("http://me:x@a:1", b"HTTP/1.1 200 Connection established\r\n\r\n\x16\x03");
        assert_eq!((result, rest), (Ok(()), b"\x16\x03".to_vec()));
        let head = "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n";
        assert_eq!(request, format!("{head}Proxy-Authorization: Basic bWU6eA==\r\n\r\n"));
        assert_eq!(told("http://a:1", b"").1, format!("{head}\r\n"));
    }

    #[test]
    fn each_way_to_refuse_has_its_own_words() {
        let endless = [b"HTTP/1.1 200 OK\r\n".as_slice(), &vec![b'x'; 2 * MOST_BYTES]].concat();
        for (answer, expected) in [
            (b"HTTP/1.1 407 Auth\r\n\r\n".as_slice(), TunnelError::Credentials),
            (b"HTTP/1.1 403 No\r\n\r\n", TunnelError::Status(403)),
            (b"SSH-2.0-x\r\n\r\n", TunnelError::NotHttp),
            (b"HTTP/1.1 200 OK\r\n", TunnelError::NotHttp),
            (&endless, TunnelError::NotHttp),
        ] {
            assert_eq!(told("http://a:1", answer).0, Err(expected));
        }
    }
}
