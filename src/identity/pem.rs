//! Bytes → PEM blocks, strictly: every block is closed by its own label and holds nothing but base64.
//! Text outside blocks is reported, so that the caller can say it was dropped. Decides nothing about keys or certificates.

use std::fmt;

use base64::Engine as _;
use memchr::memmem;
use zeroize::Zeroizing;

use super::error::{Cause, DerKind};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
pub(super) const DASHES: &[u8] = b"-----";

/// What a block says it is. The words between the dashes are never kept: in a damaged file they could be a key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// `CERTIFICATE`, and its old name `X509 CERTIFICATE`.
    Certificate,
    /// `TRUSTED CERTIFICATE`: OpenSSL's certificate with trust settings behind it.
    TrustedCertificate,
    /// `CERTIFICATE REQUEST`, `NEW CERTIFICATE REQUEST`.
    Request,
    /// `X509 CRL`.
    RevocationList,
    /// `PKCS7`, `CMS`.
    Pkcs7,
    /// `PRIVATE KEY`.
    Pkcs8,
    /// `RSA PRIVATE KEY`.
    Pkcs1,
    /// `EC PRIVATE KEY`.
    Sec1,
    /// `ENCRYPTED PRIVATE KEY`.
    EncryptedPkcs8,
    /// `DSA PRIVATE KEY`.
    Dsa,
    /// `OPENSSH PRIVATE KEY`.
    OpenSsh,
    /// `PUBLIC KEY`, `RSA PUBLIC KEY`.
    PublicKey,
    /// `EC PARAMETERS`, `DH PARAMETERS`: public, and of no use to a delegate.
    Parameters,
    /// Anything else.
    Other,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Label::Certificate => "a certificate",
            Label::TrustedCertificate => "a `TRUSTED CERTIFICATE`",
            Label::Request => "a certificate request (CSR)",
            Label::RevocationList => "a revocation list (CRL)",
            Label::Pkcs7 => "a PKCS#7 bundle",
            Label::Pkcs8 => "a private key",
            Label::Pkcs1 => "a PKCS#1 private key",
            Label::Sec1 => "an EC private key",
            Label::EncryptedPkcs8 => "an encrypted private key",
            Label::Dsa => "a DSA private key",
            Label::OpenSsh => "an OpenSSH private key",
            Label::PublicKey => "a public key",
            Label::Parameters => "key parameters",
            Label::Other => "a PEM block of another kind",
        })
    }
}

impl Label {
    fn of(words: &[u8]) -> Self {
        match words {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => Label::Certificate,
            b"TRUSTED CERTIFICATE" => Label::TrustedCertificate,
            b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => Label::Request,
            b"X509 CRL" => Label::RevocationList,
            b"PKCS7" | b"CMS" => Label::Pkcs7,
            b"PRIVATE KEY" => Label::Pkcs8,
            b"RSA PRIVATE KEY" => Label::Pkcs1,
            b"EC PRIVATE KEY" => Label::Sec1,
            b"ENCRYPTED PRIVATE KEY" => Label::EncryptedPkcs8,
            b"DSA PRIVATE KEY" => Label::Dsa,
            b"OPENSSH PRIVATE KEY" => Label::OpenSsh,
            b"PUBLIC KEY" | b"RSA PUBLIC KEY" => Label::PublicKey,
            b"EC PARAMETERS" | b"DH PARAMETERS" => Label::Parameters,
            _ => Label::Other,
        }
    }

    /// Whether a private key stands in such a block, readable or not.
    pub(super) fn is_private_key(self) -> bool {
        matches!(self, Label::Pkcs8 | Label::Pkcs1 | Label::Sec1 | Label::EncryptedPkcs8 | Label::Dsa | Label::OpenSsh)
    }
}

/// One block, decoded.
pub(super) struct Block {
    pub(super) label: Label,
    /// Of the BEGIN line; 1 is the first.
    pub(super) line: usize,
    /// A legacy `Proc-Type: 4,ENCRYPTED` block; `der` is empty then.
    pub(super) encrypted: bool,
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// All blocks of a file, at least one.
pub(super) struct Blocks {
    pub(super) blocks: Vec<Block>,
    /// Whether anything but blanks stands before, between or behind the blocks.
    pub(super) has_text: bool,
}

impl Blocks {
    /// Whether there is a block of a wanted kind.
    pub(super) fn has(&self, wanted: impl Fn(Label) -> bool) -> bool {
        self.blocks.iter().any(|block| wanted(block.label))
    }
}

/// Every PEM block in `bytes`.
///
/// # Errors
/// The first thing that is not as it should be; see [`Cause`].
pub(super) fn scan(bytes: &[u8]) -> Result<Blocks, Cause> {
    let (blocks, damage) = survey(bytes);
    damage.into_iter().next().map_or(Ok(blocks), Err)
}

/// Every PEM block in `bytes` that can be read, and what is the matter with the others, in the order of the text.
pub(super) fn survey(bytes: &[u8]) -> (Blocks, Vec<Cause>) {
    let mut found = Blocks { blocks: Vec::new(), has_text: false };
    let mut damage = Vec::new();
    if let Some(cause) = not_text(bytes) {
        return (found, vec![cause]);
    }
    let mut rest = bytes;
    let mut line = 1;
    loop {
        let begin = memmem::find(rest, BEGIN);
        let (outside, from_begin) = rest.split_at(begin.unwrap_or(rest.len()));
        if let Some(at) = memmem::find(outside, END) {
            let (before, from_end) = outside.split_at(at);
            let line = line + newlines(before);
            let label = marker(from_end, END, line);
            damage.push(label.map_or_else(|cause| cause, |(label, _)| Cause::Headless { line, label }));
        }
        found.has_text |= !outside.trim_ascii().is_empty();
        line += newlines(outside);
        if begin.is_none() {
            break;
        }
        let used = match block(from_begin, line) {
            Ok((block, used)) => {
                found.blocks.push(block);
                used
            }
            Err(cause) => {
                damage.push(cause);
                let inside = from_begin.get(BEGIN.len()..).unwrap_or_default();
                memmem::find(inside, BEGIN).map_or(from_begin.len(), |next| BEGIN.len() + next)
            }
        };
        let (inside, behind) = from_begin.split_at(used);
        line += newlines(inside);
        rest = behind;
    }
    if found.blocks.is_empty() && damage.is_empty() {
        let encoded = memmem::find(bytes, b"LS0tLS1CRUdJTi").is_some();
        damage.push(if encoded { Cause::Base64OfPem } else { Cause::NoPem });
    }
    (found, damage)
}

/// Whether every BEGIN stands at the start of a line, and no BEGIN or END has anything but blanks behind it: Java asks
/// for that in a file of certificates, and nobody else does.
pub(super) fn markers_end_their_lines(bytes: &[u8]) -> bool {
    let is_line_end = |byte: Option<&u8>| matches!(byte, None | Some(b'\n' | b'\r'));
    let begins = memmem::find_iter(bytes, BEGIN).map(|at| (at, BEGIN.len()));
    let ends = memmem::find_iter(bytes, END).map(|at| (at, END.len()));
    begins.clone().all(|(at, _)| is_line_end(bytes.split_at(at).0.last()))
        && begins.chain(ends).all(|(at, length)| {
            let words = bytes.get(at + length..).unwrap_or_default();
            let behind = memmem::find(words, DASHES).and_then(|length| words.get(length + DASHES.len()..));
            behind.is_none_or(|behind| is_line_end(behind.iter().find(|byte| !matches!(byte, b' ' | b'\t'))))
        })
}

/// The canonical form (RFC 7468 §2, strict): LF, 64 columns, one final newline.
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    // Fails only for a label that is no label or a body beyond any memory; ours are constants and short.
    Zeroizing::new(pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der).unwrap_or_default())
}

/// The block that begins at the start of `text`, and how many bytes it takes.
fn block(text: &[u8], line: usize) -> Result<(Block, usize), Cause> {
    let (label, body) = marker(text, BEGIN, line)?;
    let Some(body_len) = memmem::find(body, DASHES) else {
        return Err(Cause::Unterminated { line, label });
    };
    let (body, from_end) = body.split_at(body_len);
    let end_line = line + newlines(body);
    if from_end.starts_with(BEGIN) {
        return Err(Cause::Unterminated { line, label });
    }
    if !from_end.starts_with(END) {
        return Err(Cause::Marker { line: end_line });
    }
    // The END line may be the very place where a file was cut.
    if memmem::find(from_end.strip_prefix(END).unwrap_or_default(), DASHES).is_none() {
        return Err(Cause::Unterminated { line, label });
    }
    let (end, behind) = marker(from_end, END, end_line)?;
    if end != label {
        return Err(Cause::EndDiffers { line: end_line, begin: label, end });
    }
    let encrypted = memmem::find(body, b"ENCRYPTED").is_some() && body.contains(&b':');
    let der = if encrypted { Zeroizing::default() } else { decode(body, line, label)? };
    let block = Block { label, line, encrypted, der };
    Ok((block, text.len() - behind.len()))
}

/// What a BEGIN or END line says, and the text behind it.
fn marker<'a>(text: &'a [u8], start: &[u8], line: usize) -> Result<(Label, &'a [u8]), Cause> {
    let words = text.strip_prefix(start).unwrap_or_default();
    let length = memmem::find(words, DASHES).ok_or(Cause::Marker { line })?;
    let (words, behind) = words.split_at(length);
    if words.is_empty() || words.iter().any(|byte| !matches!(byte, b' '..=b'~')) {
        return Err(Cause::Marker { line });
    }
    Ok((Label::of(words), behind.strip_prefix(DASHES).unwrap_or_default()))
}

/// The bytes of a body, whose blanks and line ends mean nothing.
fn decode(body: &[u8], line: usize, label: Label) -> Result<Zeroizing<Vec<u8>>, Cause> {
    let mut dense = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut at_line = line;
    for &byte in body {
        match byte {
            b'\n' => at_line += 1,
            _ if byte.is_ascii_whitespace() => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => dense.push(byte),
            b'\\' => {
                return Err(Cause::EscapedNewlines { line: at_line, label });
            }
            _ => {
                return Err(Cause::Base64 { line: at_line, label });
            }
        }
    }
    // Strict on padding and on the unused bits behind it, so that one DER has one PEM.
    let decoded = base64::engine::general_purpose::STANDARD.decode(dense.as_slice());
    match decoded {
        Ok(der) if !der.is_empty() => Ok(Zeroizing::new(der)),
        _ => Err(Cause::Base64 { line, label }),
    }
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// What `bytes` are if they are not text that could hold PEM.
fn not_text(bytes: &[u8]) -> Option<Cause> {
    if bytes.trim_ascii().is_empty() {
        return Some(Cause::Empty);
    }
    if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        return Some(Cause::Bom);
    }
    if bytes.starts_with(&[0xFE, 0xED, 0xFE, 0xED]) || bytes.starts_with(&[0xCE, 0xCE, 0xCE, 0xCE]) {
        return Some(Cause::JavaKeyStore);
    }
    if bytes.starts_with(&[0xFF, 0xFE])
        || bytes.starts_with(&[0xFE, 0xFF])
        || bytes.starts_with(b"-\0-\0")
        || bytes.starts_with(b"\0-\0-")
    {
        return Some(Cause::Utf16);
    }
    if let Some(kind) = sniff_der(bytes) {
        return Some(kind);
    }
    memchr::memchr(0, bytes).map(|_| Cause::Nul)
}

/// Which binary format begins like `bytes` do: a SEQUENCE whose first members tell (X.509, RFC 5958, RFC 8017, RFC 7292).
fn sniff_der(bytes: &[u8]) -> Option<Cause> {
    let inside = sequence(bytes)?;
    // `0` is 0x30: text that begins with a digit must not pass for DER, so only known members count.
    let kind = match inside {
        [0x02, 0x01, 0x03, 0x30, ..] => return Some(Cause::Pkcs12),
        [0x02, 0x01, 0x00 | 0x01, 0x30 | 0x02 | 0x04, ..] => DerKind::Key,
        // contentType signedData
        [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, ..] => DerKind::Pkcs7,
        [0x30, ..] => match sequence(inside) {
            // pkcs-5 and pkcs-12 password-based encryption
            Some([0x06, _, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05 | 0x0C, ..]) => DerKind::EncryptedKey,
            // certificationRequestInfo: version 0, then the subject, a SEQUENCE of SETs or of nothing (RFC 2986 §4.1)
            Some([0x02, 0x01, 0x00, name @ ..]) if matches!(sequence(name), Some([0x31 | 0x30, ..])) => {
                DerKind::Request
            }
            // tbsCertificate: [0] version, or the serial number of a version 1 certificate
            Some([0xA0 | 0x02, ..]) => DerKind::Certificate,
            _ if memchr::memchr(0, bytes).is_some() => DerKind::Other,
            _ => return None,
        },
        _ => return None,
    };
    Some(Cause::Der(kind))
}

/// What follows the header of the SEQUENCE that `bytes` begin with.
fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, 0x00..=0x80, inside @ ..]
        | [0x30, 0x81, _, inside @ ..]
        | [0x30, 0x82, _, _, inside @ ..]
        | [0x30, 0x83, _, _, _, inside @ ..] => Some(inside),
        _ => None,
    }
}

/// How many bytes of `der` lie behind the one structure it should be; `None` if its header is no header.
pub(super) fn trailing(der: &[u8]) -> Option<usize> {
    let (header, length) = match der {
        [_, length @ 0x00..=0x7F, ..] => (2, usize::from(*length)),
        [_, 0x81, a, ..] => (3, usize::from(*a)),
        [_, 0x82, a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        [_, 0x83, a, b, c, ..] => (5, usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?),
        _ => return None,
    };
    der.len().checked_sub(header + length)
}
