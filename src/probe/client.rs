//! A pair + trusted roots → TLS clients that present the pair, a throw-away certificate or nothing, and that notice when
//! a server asks for one. Every connection gets a configuration of its own, so that none resumes another's session.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ECDSA_P521_SHA512, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm,
};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::observation::CertificateRequest;
use crate::identity::Identity;

/// Whether a third connection shows what the server does with a certificate that nobody can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// It does. The server may log it as a failed handshake.
    Send,
    /// It does not: a server that takes any certificate is not told from one that verifies.
    Omit,
}

/// What a connection presents when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presents {
    Nothing,
    Pair,
    Control,
}

/// Everything that the connections have in common. Its `Debug` shows no key.
pub struct Client {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
    pair: Arc<CertifiedKey>,
    control: Option<Arc<CertifiedKey>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// Why there is no client.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ClientError {
    /// The TLS library cannot sign with it.
    #[error(
        "cannot be presented: TLS signs with RSA keys of 2048 to 8192 bit, EC keys (P-256, P-384, P-521) and Ed25519 keys"
    )]
    Key,
    /// None of the roots can be read, or there were none.
    #[error("there is no CA to verify the server's certificate with")]
    NoRoots,
    /// The cryptography library failed.
    #[error("no throw-away certificate could be made: {0}")]
    Control(String),
}

impl Client {
    /// Takes the pair as it is, whatever [`Identity::judge`] says of it: a certificate of version 1 and a key that is not
    /// the certificate's are presented too. `roots` are DER, and verify the server; `now` is when the throw-away
    /// certificate is valid, and has to be the server's time.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn new(
        identity: &Identity,
        roots: Vec<Vec<u8>>,
        control: Control,
        now: OffsetDateTime,
    ) -> Result<Client, ClientError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.into_iter().map(CertificateDer::from));
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider)).build();
        let verifier = verifier.map_err(|_| ClientError::NoRoots)?;
        let chain = CertificateDer::pem_slice_iter(identity.certificate_pem().as_bytes());
        let chain = chain.collect::<Result<_, _>>().map_err(|_| ClientError::Key)?;
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem().expose().as_bytes());
        let key = key.map_err(|_| ClientError::Key)?;
        let pair = certified(&provider, chain, key).map_err(|_| ClientError::Key)?;
        let control = match control {
            Control::Send => Some(throw_away(&provider, &pair, now).map_err(ClientError::Control)?),
            Control::Omit => None,
        };
        Ok(Client { provider, verifier, pair, control })
    }

    pub(super) fn has_control(&self) -> bool {
        self.control.is_some()
    }

    /// The client's side of one connection, and what notices the server's request.
    pub(super) fn connection(
        &self,
        presents: Presents,
        server: ServerName<'static>,
    ) -> Result<(ClientConnection, Arc<Sensor>), rustls::Error> {
        let certificate = match presents {
            Presents::Nothing => None,
            Presents::Pair => Some(Arc::clone(&self.pair)),
            Presents::Control => self.control.clone(),
        };
        let sensor = Arc::new(Sensor { certificate, request: OnceLock::new() });
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_webpki_verifier(Arc::clone(&self.verifier))
            .with_client_cert_resolver(Arc::clone(&sensor) as Arc<dyn ResolvesClientCert>);
        // nginx answers a resumed session with the verification of the first one
        config.resumption = Resumption::disabled();
        Ok((ClientConnection::new(Arc::new(config), server)?, sensor))
    }
}

/// `CertifiedKey::new`, because what rustls offers beside it parses the certificate, and refuses version 1.
fn certified(
    provider: &CryptoProvider,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, rustls::Error> {
    Ok(Arc::new(CertifiedKey::new(chain, provider.key_provider.load_private_key(key)?)))
}

/// A certificate of a key that was made just now, signed by itself. The key is of the pair's kind: a server that takes the
/// pair's signatures takes its signatures too, and cannot leave it out for their sake.
fn throw_away(
    provider: &CryptoProvider,
    pair: &CertifiedKey,
    now: OffsetDateTime,
) -> Result<Arc<CertifiedKey>, String> {
    let rcgen = |error: rcgen::Error| error.to_string();
    let key = KeyPair::generate_for(kind(pair)).map_err(rcgen)?;
    let mut params = CertificateParams::new(Vec::new()).map_err(rcgen)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "delegate-mtls probe: throw-away certificate");
    // whole seconds, which is what a certificate can hold; the server's clock may differ
    let now = now.replace_nanosecond(0).unwrap_or(now);
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(1);
    let certificate = params.self_signed(&key).map_err(rcgen)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(str::to_owned)?;
    certified(provider, vec![certificate.der().clone()], key).map_err(|error| error.to_string())
}

/// How the pair's key signs.
fn kind(pair: &CertifiedKey) -> &'static SignatureAlgorithm {
    let others = [
        (SignatureScheme::ECDSA_NISTP256_SHA256, &PKCS_ECDSA_P256_SHA256),
        (SignatureScheme::ECDSA_NISTP384_SHA384, &PKCS_ECDSA_P384_SHA384),
        (SignatureScheme::ECDSA_NISTP521_SHA512, &PKCS_ECDSA_P521_SHA512),
        (SignatureScheme::ED25519, &PKCS_ED25519),
    ];
    let fitting = others.into_iter().find(|(scheme, _)| pair.key.choose_scheme(&[*scheme]).is_some());
    fitting.map_or(&PKCS_RSA_SHA256, |(_, algorithm)| algorithm)
}

/// Presents a certificate, and keeps what the server said when it asked for one: being asked at all is the answer to
/// whether the endpoint does mTLS.
pub(super) struct Sensor {
    certificate: Option<Arc<CertifiedKey>>,
    request: OnceLock<CertificateRequest>,
}

impl Sensor {
    /// What the server asked for; `None` as long as it did not.
    pub(super) fn request(&self) -> Option<CertificateRequest> {
        self.request.get().cloned()
    }
}

impl fmt::Debug for Sensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sensor").field("request", &self.request).finish_non_exhaustive()
    }
}

impl ResolvesClientCert for Sensor {
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let fitting = self.certificate.as_ref().filter(|certified| certified.key.choose_scheme(schemes).is_some());
        let authorities = authorities.iter().map(|name| name.to_vec()).collect();
        let _ = self.request.set(CertificateRequest { authorities, answered: fitting.is_some() });
        fitting.cloned()
    }

    fn has_certs(&self) -> bool {
        self.certificate.is_some()
    }
}
