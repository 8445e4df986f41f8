//! One connection: connect, handshake, one GET, the beginning of the reply → what was seen. The one place with sockets.
//! Never follows a redirect, never reads past [`reply::MOST_BYTES`], never outlives its deadline.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, PeerIncompatible};
use rustls_pki_types::ServerName;

use super::alert::Alert;
use super::client::{Client, Presents};
use super::failure::{Failure, ServerProblem};
use super::observation::{End, Observation, Observations};
use super::proxy::{self, Proxy};
use super::reply::{self, Stream};

/// The endpoint's host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// `host` is a name or an address, an IPv6 address with or without brackets; case does not count.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Target {
        let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        Target { host: bare.to_ascii_lowercase(), port }
    }

    /// The host in lower case, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The command that shakes hands with it; an address is no server name (RFC 6066 §3).
    pub(super) fn s_client(&self) -> String {
        match self.host.parse::<IpAddr>() {
            Ok(_) => format!("openssl s_client -connect {self} -noservername"),
            Err(_) => format!("openssl s_client -connect {self} -servername {}", self.host),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How to get to the endpoint.
#[derive(Debug, Clone)]
pub enum Route {
    /// Straight to this address.
    Direct(SocketAddr),
    /// Through a proxy, which looks the name up itself.
    Proxy {
        /// The proxy.
        proxy: Proxy,
        /// Its addresses; the first one that answers is used.
        addresses: Vec<SocketAddr>,
    },
}

impl Client {
    /// Opens up to three connections, one after the other, each for at most `timeout`.
    ///
    /// # Errors
    /// The first connection that does not come as far as the server's wish for a certificate; the others are not tried
    /// then.
    pub fn observe(&self, target: &Target, route: &Route, timeout: Duration) -> Result<Observations, Failure> {
        let connection = |presents| self.connection_to(target, route, Deadline::after(timeout), presents);
        let bare = connection(Presents::Nothing)?;
        let ours = connection(Presents::Pair).map_err(|failure| failure.after("the second connection"))?;
        let control = self.has_control().then(|| connection(Presents::Control)).transpose();
        let control =
            control.map_err(|failure| failure.after("the third connection, with a throw-away certificate,"))?;
        Ok(Observations { bare, ours, control })
    }

    fn connection_to(
        &self,
        target: &Target,
        route: &Route,
        deadline: Deadline,
        presents: Presents,
    ) -> Result<Observation, Failure> {
        let server = ServerName::try_from(target.host().to_owned()).map_err(|_| Failure::HostName)?;
        let (mut tls, sensor) = self.connection(presents, server).map_err(|error| Failure::Tls(error.to_string()))?;
        let mut socket = connect(target, route, deadline)?;
        let stop = converse(&mut tls, &mut socket, target);
        socket.hang_up();
        let request = sensor.request();
        let end = match stop {
            Stop::Tls(error) => return Err(failed(error)),
            Stop::PlainHttp => return Err(Failure::PlainHttp),
            Stop::End(end) if request.is_none() && tls.is_handshaking() => return Err(unfinished(end, deadline)),
            Stop::End(end) => end,
        };
        let tls = match tls.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => "1.2",
            _ => "1.3",
        };
        Ok(Observation { tls, request, end })
    }
}

/// Why a conversation is over.
enum Stop {
    End(End),
    PlainHttp,
    Tls(rustls::Error),
}

/// Handshake and request; what the server says is read until it tells enough.
fn converse(tls: &mut ClientConnection, socket: &mut Socket, target: &Target) -> Stop {
    // kept back until the handshake is through; without a request nginx says nothing, whatever it thinks
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {target}\r\nUser-Agent: delegate-mtls/{}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    if let Err(error) = tls.writer().write_all(request.as_bytes()) {
        return Stop::Tls(rustls::Error::General(error.to_string()));
    }
    let mut writable = tls.write_tls(socket).is_ok();
    if socket.peeks_http() {
        return Stop::PlainHttp;
    }
    let mut reply = Vec::new();
    loop {
        // where writing fails there may still be an alert to read, which says why
        while writable && tls.wants_write() {
            writable = tls.write_tls(socket).is_ok();
        }
        let mut stream = match tls.read_tls(socket) {
            Ok(0) => Stream::Closed,
            Ok(_) => Stream::Open,
            Err(error) if is_timeout(&error) => return Stop::End(End::Silent),
            Err(_) => Stream::Closed,
        };
        if let Err(error) = tls.process_new_packets() {
            // tells the server, as far as it still listens
            let _ = tls.write_tls(socket);
            return match error {
                rustls::Error::AlertReceived(alert) => Stop::End(End::Alert(Alert(u8::from(alert)))),
                error => Stop::Tls(error),
            };
        }
        let room = u64::try_from(reply::MOST_BYTES.saturating_sub(reply.len())).unwrap_or_default();
        match tls.reader().take(room).read_to_end(&mut reply) {
            // the server said that this is all
            Ok(_) if reply.len() < reply::MOST_BYTES => stream = Stream::Closed,
            Err(error) if error.kind() != ErrorKind::WouldBlock => stream = Stream::Closed,
            _ => {}
        }
        if let Some(end) = reply::read(&reply, stream) {
            return Stop::End(end);
        }
    }
}

fn failed(error: rustls::Error) -> Failure {
    match error {
        rustls::Error::InvalidCertificate(error) => Failure::Server(ServerProblem::from(error)),
        rustls::Error::InvalidMessage(_) => Failure::NotTls,
        rustls::Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => Failure::TooOld,
        error => Failure::Tls(error.to_string()),
    }
}

/// A handshake that ended before the server could ask.
fn unfinished(end: End, deadline: Deadline) -> Failure {
    match end {
        End::Alert(Alert::PROTOCOL_VERSION) => Failure::TooOld,
        End::Alert(alert) => Failure::Alert(alert),
        End::Silent => Failure::Silent(deadline.timeout),
        End::Closed | End::Cut | End::Reply { .. } | End::NotHttp => Failure::HungUp,
    }
}

fn connect(target: &Target, route: &Route, deadline: Deadline) -> Result<Socket, Failure> {
    match route {
        Route::Direct(address) => open(*address, deadline).map_err(|error| match has_route(*address) {
            true => unreachable(&error, deadline),
            false => Failure::NoRoute,
        }),
        Route::Proxy { proxy, addresses } => {
            let mut failure = Failure::Connect("it has no address".to_owned());
            for address in addresses {
                match open(*address, deadline) {
                    Ok(mut socket) => {
                        proxy::tunnel(proxy, target, &mut socket)
                            .map_err(|error| Failure::Tunnel(proxy.to_string(), error))?;
                        return Ok(socket);
                    }
                    Err(error) => failure = unreachable(&error, deadline),
                }
            }
            Err(Failure::Proxy(proxy.to_string(), Box::new(failure)))
        }
    }
}

fn open(address: SocketAddr, deadline: Deadline) -> io::Result<Socket> {
    let stream = TcpStream::connect_timeout(&address, deadline.left()?)?;
    stream.set_nodelay(true)?;
    Ok(Socket { stream, deadline })
}

fn unreachable(error: &io::Error, deadline: Deadline) -> Failure {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::NoConnection(deadline.timeout),
        _ => Failure::Connect(crate::source::reason(error)),
    }
}

/// Whether this machine knows a way to the address: an IPv6 address is no business of a machine without IPv6. To
/// connect a UDP socket looks for the way and sends nothing.
fn has_route(address: SocketAddr) -> bool {
    let any = match address {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(address)).is_ok()
}

fn is_timeout(error: &io::Error) -> bool {
    // a socket's timeout is one or the other, by platform
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// When a connection has to be over.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    start: Instant,
    timeout: Duration,
}

impl Deadline {
    fn after(timeout: Duration) -> Deadline {
        Deadline { start: Instant::now(), timeout }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.timeout.checked_sub(self.start.elapsed()).filter(|left| !left.is_zero());
        left.ok_or_else(|| io::Error::from(ErrorKind::TimedOut))
    }
}

/// A TCP connection whose every call ends by the deadline.
struct Socket {
    stream: TcpStream,
    deadline: Deadline,
}

impl Socket {
    /// Whether the server speaks first, and in HTTP: it took the handshake for a request.
    fn peeks_http(&self) -> bool {
        let mut first = [0; 5];
        let set = self.deadline.left().and_then(|left| self.stream.set_read_timeout(Some(left)));
        set.is_ok() && self.stream.peek(&mut first).is_ok() && first == *b"HTTP/"
    }

    fn hang_up(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.deadline.left()?))?;
        self.stream.read(bytes)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.deadline.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
