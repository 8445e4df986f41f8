//! `--resolve HOST:PORT:ADDR` → an address to use instead of what DNS says.

use std::net::{IpAddr, SocketAddr};

use thiserror::Error;

use super::connection::Target;

/// An address that was given for a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    target: Target,
    address: IpAddr,
}

/// Why a text is not such an address.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ResolveError {
    /// Not three parts, or one of them is not what it should be.
    #[error("`--resolve {given}`: {why}")]
    Malformed {
        /// As it was typed.
        given: String,
        /// What is the matter.
        why: &'static str,
    },
    /// It would never be used, and the name would be looked up after all.
    #[error("`--resolve {given}` is not for the endpoint, whose host and port are `{endpoint}`")]
    OtherTarget {
        /// As it was typed.
        given: String,
        /// `host:port` of the endpoint.
        endpoint: String,
    },
}

impl ResolveError {
    /// What to give instead.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            ResolveError::Malformed { .. } => {
                "give host, port and address, such as `acme.harness.io:8443:192.0.2.7` or `acme.harness.io:8443:[2001:db8::7]`"
                    .to_owned()
            }
            ResolveError::OtherTarget { endpoint, .. } => format!("--resolve {endpoint}:ADDRESS"),
        }
    }
}

impl Resolve {
    /// Reads `host:port:address`; IPv6 may stand in brackets, and has to as the host.
    ///
    /// # Errors
    /// Fewer than three parts, or a port or an address that is none.
    pub fn parse(given: &str) -> Result<Resolve, ResolveError> {
        let malformed = |why| ResolveError::Malformed { given: given.to_owned(), why };
        // the host is the only part that may hold colons without brackets around the last two
        let (host, rest) = match given.strip_prefix('[').and_then(|inner| inner.split_once("]:")) {
            Some((host, rest)) => (host, rest),
            None => given.split_once(':').ok_or_else(|| malformed("it has no port"))?,
        };
        let (port, address) = rest.split_once(':').ok_or_else(|| malformed("it has no address"))?;
        let bare = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
        let port = port.parse().ok().filter(|port| *port != 0);
        let port = port.ok_or_else(|| malformed("its port is not a number from 1 to 65535"))?;
        let address = bare.parse().map_err(|_| malformed("its address is not an IP address"))?;
        if host.is_empty() {
            return Err(malformed("it has no host"));
        }
        Ok(Resolve { target: Target::new(host, port), address })
    }

    /// The address and port to connect to.
    ///
    /// # Errors
    /// It was given for another host or port than `target`'s.
    pub fn for_target(&self, target: &Target) -> Result<SocketAddr, ResolveError> {
        if self.target != *target {
            let given = match self.address {
                IpAddr::V4(address) => format!("{}:{address}", self.target),
                IpAddr::V6(address) => format!("{}:[{address}]", self.target),
            };
            return Err(ResolveError::OtherTarget { given, endpoint: target.to_string() });
        }
        Ok(SocketAddr::new(self.address, target.port()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_host_port_and_address() {
        for (given, host, port, address) in [
            ("acme.harness.io:8443:127.0.0.1", "acme.harness.io", 8443, "127.0.0.1:8443"),
            ("ACME.harness.io:443:[::1]", "acme.harness.io", 443, "[::1]:443"),
            ("a:443:2001:db8::7", "a", 443, "[2001:db8::7]:443"),
            ("[::1]:8443:127.0.0.2", "[::1]", 8443, "127.0.0.2:8443"),
        ] {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(Resolve::parse(given).unwrap().for_target(&Target::new(host, port)), Ok(address));
        }
    }

    #[test]
    fn refuses_what_is_no_address_of_the_endpoint() {
        for (given, expected) in [
            ("a", "`--resolve a`: it has no port"),
            ("a:443", "`--resolve a:443`: it has no address"),
            ("a:x:127.0.0.1", "`--resolve a:x:127.0.0.1`: its port is not a number from 1 to 65535"),
            ("a:0:127.0.0.1", "`--resolve a:0:127.0.0.1`: its port is not a number from 1 to 65535"),
            ("a:443:b", "`--resolve a:443:b`: its address is not an IP address"),
            ("a:443:", "`--resolve a:443:`: its address is not an IP address"),
            (":443:127.0.0.1", "`--resolve :443:127.0.0.1`: it has no host"),
            ("b:443:::1", "`--resolve b:443:[::1]` is not for the endpoint, whose host and port are `a:443`"),
            ("a:444:127.0.0.1", "`--resolve a:444:127.0.0.1` is not for the endpoint, whose host and port are `a:443`"),
        ] {
            let found = Resolve::parse(given).and_then(|resolve| resolve.for_target(&Target::new("a", 443)));
            assert_eq!(found.unwrap_err().to_string(), expected);
        }
    }
}
