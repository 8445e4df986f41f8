//! What was seen on the connections to one address: data without a judgement.

use super::alert::Alert;

/// The connections to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observations {
    /// Without a certificate.
    pub bare: Observation,
    /// With the pair.
    pub ours: Observation,
    /// With a throw-away certificate that no server can verify; `None` where that was not wanted.
    pub control: Option<Observation>,
}

/// One connection whose handshake went as far as the server's wish for a certificate, or to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The version that was agreed on: `1.2` or `1.3`.
    pub tls: &'static str,
    /// The server's request for a certificate; `None` where the handshake ended well without one.
    pub request: Option<CertificateRequest>,
    /// How the connection ended.
    pub end: End,
}

/// A CertificateRequest (RFC 8446 §4.3.2, RFC 5246 §7.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The DER names of the authorities that the server says it trusts. Empty: it does not say.
    pub authorities: Vec<Vec<u8>>,
    /// Whether a certificate was sent. It is not where there was none to send, or where the server takes none of the
    /// signature schemes of its key.
    pub answered: bool,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With an HTTP reply.
    Reply {
        /// The status code.
        status: u16,
        /// The web server's own words, where it refuses the certificate by a page.
        refusal: Option<Refusal>,
    },
    /// With a fatal alert.
    Alert(Alert),
    /// The server closed or reset it, and had not said a word of HTTP.
    Closed,
    /// The server closed it in the middle of its reply, before it was clear what that says.
    Cut,
    /// Nothing (more) came within the time.
    Silent,
    /// Something came that is no HTTP.
    NotHttp,
}

/// How a web server says in HTTP what others say with an alert. nginx finishes the handshake in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There was no certificate: nginx's page, or its status 496.
    Missing,
    /// There was one, and it does not verify: nginx's page, or its status 495.
    Wrong,
}

impl Observation {
    /// Whether the server refused the connection because of the certificate, or of its absence: it asked, and then there
    /// was an alert, an end without a reply, or a page that says so. Which alert it was does not matter, because
    /// servers differ in that.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.request.is_some() && matches!(self.end, End::Alert(_) | End::Closed | End::Reply { refusal: Some(_), .. })
    }

    /// Whether the connection went through TLS to an HTTP reply, whatever that says.
    #[must_use]
    pub fn is_through(&self) -> bool {
        matches!(self.end, End::Reply { refusal: None, .. })
    }
}
