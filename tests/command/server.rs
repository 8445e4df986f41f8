//! Servers on the loopback interface: TLS with a will of their own about client certificates, and things that are no
//! TLS server at all. Each has a thread and a free port, and ends with the test process.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName as Hint, RootCertStore, ServerConfig, ServerConnection,
    SignatureScheme, SupportedProtocolVersion,
};
use time::OffsetDateTime;

/// Certificates that are good today: a server looks at its own clock.
pub(crate) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::days(100);
    params.not_after = now + time::Duration::days(1000);
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

/// An authority, for servers or for clients.
pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub(crate) pem: String,
    der: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Authority { params, key, pem: certificate.pem(), der: certificate.der().clone() }
    }

    pub(crate) fn issue(&self, params: &CertificateParams, key: &KeyPair) -> rcgen::Certificate {
        params.signed_by(key, &Issuer::from_params(&self.params, &self.key)).unwrap()
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        Arc::new(roots)
    }
}

/// The DER of a PEM file with one certificate.
pub(crate) fn der_of(pem: &[u8]) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem).unwrap().to_vec()
}

/// A server's certificate for `localhost`, `127.0.0.1` and the endpoint of the README.
pub(crate) fn server_params() -> CertificateParams {
    let names = ["localhost", "127.0.0.1", "acme.harness.io"].map(str::to_owned);
    let mut server = CertificateParams::new(names.to_vec()).unwrap();
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let base = params("localhost");
    (server.not_before, server.not_after, server.is_ca) = (base.not_before, base.not_after, base.is_ca);
    server
}

/// What a TLS server wants of its clients.
pub(crate) enum Wants<'a> {
    Nothing,
    /// A certificate of this authority.
    Required(&'a Authority),
    /// The same, or none.
    Optional(&'a Authority),
    /// Any certificate at all.
    Any,
    /// The same, if it signs in one of these ways.
    AnyBy(&'static [SignatureScheme]),
    /// This one certificate, byte for byte, whoever issued it.
    Exactly(Vec<u8>),
}

/// A TLS server that is not running yet.
pub(crate) struct Tls<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) params: CertificateParams,
    pub(crate) wants: Wants<'a>,
    pub(crate) versions: &'static [&'static SupportedProtocolVersion],
    pub(crate) reply: &'static [u8],
    /// What a client without a certificate gets.
    pub(crate) bare_reply: &'static [u8],
    /// What clients said, behind their handshakes.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

impl<'a> Tls<'a> {
    pub(crate) fn new(authority: &'a Authority, wants: Wants<'a>) -> Tls<'a> {
        Tls {
            authority,
            params: server_params(),
            wants,
            versions: rustls::ALL_VERSIONS,
            reply: OK,
            bare_reply: OK,
            requests: Arc::default(),
        }
    }

    /// Its port.
    pub(crate) fn start(&self) -> u16 {
        self.start_at("127.0.0.1:0").port()
    }

    pub(crate) fn start_at(&self, address: &str) -> SocketAddr {
        let (config, replies, requests) = (self.config(), [self.reply, self.bare_reply], Arc::clone(&self.requests));
        serve(address, move |socket| talk(&config, replies, &requests, socket))
    }

    /// As [`Tls::start`]; it hangs up on every connection behind the first `allowed` ones.
    pub(crate) fn start_limited(&self, allowed: usize) -> u16 {
        let (config, replies, requests) = (self.config(), [self.reply, self.bare_reply], Arc::clone(&self.requests));
        let count = AtomicUsize::new(0);
        let limited = move |socket| match count.fetch_add(1, Ordering::Relaxed) < allowed {
            true => talk(&config, replies, &requests, socket),
            false => finish(&socket),
        };
        serve("127.0.0.1:0", limited).port()
    }

    fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = self.authority.issue(&self.params, &key).der().clone();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(self.versions).unwrap();
        let webpki = |authority: &Authority| {
            WebPkiClientVerifier::builder_with_provider(authority.roots(), Arc::clone(&provider))
        };
        let all = provider.signature_verification_algorithms.supported_schemes();
        let builder = match &self.wants {
            Wants::Nothing => builder.with_no_client_auth(),
            Wants::Required(authority) => builder.with_client_cert_verifier(webpki(authority).build().unwrap()),
            Wants::Optional(authority) => {
                builder.with_client_cert_verifier(webpki(authority).allow_unauthenticated().build().unwrap())
            }
            Wants::Any => builder.with_client_cert_verifier(Arc::new(Own { only: None, schemes: all })),
            Wants::AnyBy(schemes) => {
                builder.with_client_cert_verifier(Arc::new(Own { only: None, schemes: schemes.to_vec() }))
            }
            Wants::Exactly(der) => {
                builder.with_client_cert_verifier(Arc::new(Own { only: Some(der.clone()), schemes: all }))
            }
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
    }
}

/// Takes one certificate, or all. It does not look at the signature: webpki does not read version 1.
#[derive(Debug)]
struct Own {
    only: Option<Vec<u8>>,
    schemes: Vec<SignatureScheme>,
}

impl ClientCertVerifier for Own {
    fn root_hint_subjects(&self) -> &[Hint] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        match &self.only {
            Some(only) if only != leaf.as_ref() => Err(CertificateError::UnknownIssuer.into()),
            _ => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

/// One connection: handshake, request, reply. `DRIP` in the reply's place goes on for ever.
fn talk(
    config: &Arc<ServerConfig>,
    [reply, bare_reply]: [&[u8]; 2],
    requests: &Mutex<Vec<String>>,
    mut socket: TcpStream,
) {
    let mut tls = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = rustls::Stream::new(&mut tls, &mut socket);
    let mut request = Vec::new();
    let mut chunk = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(count) if count > 0 => request.extend(&chunk[..count]),
            _ => return finish(&socket),
        }
    }
    requests.lock().unwrap().push(String::from_utf8(request).unwrap());
    let reply = if stream.conn.peer_certificates().is_some() { reply } else { bare_reply };
    let (reply, drips) = reply.strip_suffix(DRIP).map_or((reply, false), |head| (head, true));
    let written = stream.write_all(reply);
    while drips && written.is_ok() && stream.write_all(b"x").is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
    tls.send_close_notify();
    let _ = tls.complete_io(&mut socket);
    finish(&socket);
}

/// At the end of a reply: bytes follow, one after the other, without an end.
pub(crate) const DRIP: &[u8] = b"(and so on)";

/// Reads what the client still says before it closes: unread bytes would make the kernel send a reset, which may
/// overtake the last alert.
fn finish(mut socket: &TcpStream) {
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.set_read_timeout(Some(Duration::from_secs(5)));
    let mut rest = [0; 1024];
    while socket.read(&mut rest).is_ok_and(|count| count > 0) {}
}

/// Runs `handle` for every connection, each in a thread of its own.
pub(crate) fn serve(address: &str, handle: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let bound = listener.local_addr().unwrap();
    let handle = Arc::new(handle);
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let handle = Arc::clone(&handle);
            std::thread::spawn(move || handle(socket));
        }
    });
    bound
}

/// Says `words` to whoever says something, and closes; not TLS.
pub(crate) fn says(words: &'static [u8]) -> u16 {
    let speak = move |mut socket: TcpStream| {
        let _ = socket.read(&mut [0; 1024]);
        let _ = socket.write_all(words);
        finish(&socket);
    };
    serve("127.0.0.1:0", speak).port()
}

/// Takes connections, and never says a word.
pub(crate) fn silent() -> u16 {
    serve("127.0.0.1:0", |socket| {
        let mut socket = &socket;
        while socket.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {}
    })
    .port()
}

/// A port where nobody listens.
pub(crate) fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A proxy that knows the credentials in `authorization` (or none), and one way: to `port` of this machine, whatever is
/// asked for.
pub(crate) fn proxy(authorization: Option<&'static str>, port: u16) -> u16 {
    let forward = move |mut client: TcpStream| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|count| count > 0) {
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let connects = head.starts_with("CONNECT acme.harness.io:8443 HTTP/1.1\r\nHost: acme.harness.io:8443\r\n");
        let known = match authorization {
            Some(pair) => head.contains(&format!("\r\nProxy-Authorization: Basic {pair}\r\n")),
            None => !head.contains("Proxy-Authorization"),
        };
        if !connects || !known {
            let _ = client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
        let _ = std::io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Write);
    };
    serve("127.0.0.1:0", forward).port()
}
