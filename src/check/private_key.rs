//! Any text → the private keys in it, as PEM or as base64 of PEM, and where they begin. Tolerant where [`identity`] is
//! strict: a key that no delegate could read is a leak all the same. Never gives key material.
//!
//! [`identity`]: crate::identity

use std::fmt;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;
use zeroize::Zeroizing;

use crate::yaml::Span;

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// The most bytes of a BEGIN line's label. RFC 7468 §2 sets no limit; `ANY PRIVATE KEY` has 15.
const LABEL: usize = 64;

/// Fewer characters of base64 than this are no key: an Ed25519 key in PKCS#8, the smallest there is, has 64.
const BODY: usize = 64;

/// From here on it is a key even if it breaks off in dots. The first lines of an RSA key are all public.
const EXCERPT: usize = 192;

/// Real base64 of this length has about forty different characters; a row of `x` has one.
const VARIETY: u32 = 16;

/// A line of base64 that is shorter is the last of its value. Words of prose are shorter, so that a sentence is no key.
const LINE: usize = 16;

/// The most bytes between two lines of base64: the end of the line, indentation, quotes, `+`, comment signs.
const GAP: usize = 256;

/// The most lines of `Proc-Type: 4,ENCRYPTED` and the like, and the most bytes of one.
const HEADERS: (usize, usize) = (8, 256);

/// A private key in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateKeyFound {
    /// Its BEGIN line without what surrounds it; of base64 some twenty characters, where the BEGIN line is encoded.
    pub span: Span,
    /// What it is in words, such as `an RSA private key`.
    pub kind: &'static str,
    /// How it is written.
    pub encoding: Encoding,
}

/// `an RSA private key in base64`.
impl fmt::Display for PrivateKeyFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        f.write_str(match self.encoding {
            Encoding::Pem => "",
            Encoding::Base64 => " in base64",
            Encoding::Base64Twice => " in base64 of base64",
        })
    }
}

/// How a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// PEM (RFC 7468, RFC 1421, RFC 4880 §6).
    Pem,
    /// Base64 of PEM, as in the `data` of a Secret.
    Base64,
    /// Base64 of base64 of PEM: what comes of encoding the `data` of a Secret once more.
    Base64Twice,
}

impl Encoding {
    fn encoded(self) -> Option<Self> {
        match self {
            Encoding::Pem => Some(Encoding::Base64),
            Encoding::Base64 => Some(Encoding::Base64Twice),
            Encoding::Base64Twice => None,
        }
    }
}

/// Whether a file is text by git's rule: there is no NUL in its first 8 KiB.
#[must_use]
pub fn is_text(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes.get(..8 * 1024).unwrap_or(bytes)).is_none()
}

/// The private keys in a text of any kind, in the order of the text. In time and memory linear in its length.
///
/// A BEGIN line counts if a body of base64 follows, complete or cut off; its lines may be indented, quoted, joined by
/// `\n`, `+` or `,`, or commented out. One that is only mentioned does not count, nor does a body that is a placeholder.
#[must_use]
pub fn private_keys(text: &[u8]) -> Vec<PrivateKeyFound> {
    let mut found = keys(text, Encoding::Pem);
    found.sort_by_key(|key| key.span.start);
    found
}

fn keys(text: &[u8], encoding: Encoding) -> Vec<PrivateKeyFound> {
    let pem = memmem::find_iter(text, BEGIN).filter_map(|at| {
        let (length, kind) = pem_key(text.get(at..)?)?;
        Some(PrivateKeyFound { span: at..at + length, kind, encoding })
    });
    let mut found: Vec<_> = pem.collect();
    if let Some(encoding) = encoding.encoded() {
        let mut at = 0;
        while let Some(value) = Value::next(text, at) {
            at = value.end();
            value.keys(text, encoding, &mut found);
        }
    }
    found
}

/// The length of the BEGIN line that `text` begins with, and what it announces, if a private key follows.
fn pem_key(text: &[u8]) -> Option<(usize, &'static str)> {
    let rest = text.strip_prefix(BEGIN)?;
    let label = rest.get(..LABEL + DASHES.len()).unwrap_or(rest);
    let (label, _) = label.split_at(memmem::find(label, DASHES)?);
    let mut kind = match label {
        b"RSA PRIVATE KEY" => "an RSA private key",
        b"EC PRIVATE KEY" => "an EC private key",
        b"DSA PRIVATE KEY" => "a DSA private key",
        b"OPENSSH PRIVATE KEY" => "an OpenSSH private key",
        b"ENCRYPTED PRIVATE KEY" => "an encrypted private key",
        b"PGP PRIVATE KEY BLOCK" => "a PGP private key",
        other if other.ends_with(b"PRIVATE KEY") => "a private key",
        _ => return None,
    };
    let length = BEGIN.len() + label.len() + DASHES.len();
    let mut body = text.get(length..)?;
    for _ in 0..HEADERS.0 {
        let Some((header, behind)) = header(body) else { break };
        if memmem::find(header, b"ENCRYPTED").is_some() {
            kind = "an encrypted private key";
        }
        body = behind;
    }
    is_key_material(body).then_some((length, kind))
}

/// A header of RFC 1421 §4.6 or RFC 4880 §6.2, and what follows its line.
fn header(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let body = body.get(gap(body, is_base64)..)?;
    let name = body.iter().take(HEADERS.1).position(|&byte| !byte.is_ascii_alphanumeric() && byte != b'-')?;
    if !body.first()?.is_ascii_uppercase() || body.get(name) != Some(&b':') {
        return None;
    }
    let end = body.iter().take(HEADERS.1).position(|byte| matches!(byte, b'\n' | b'\r' | b'\\'))?;
    Some(body.split_at(end))
}

/// Whether what follows a BEGIN line is a key, or a good part of one.
fn is_key_material(mut body: &[u8]) -> bool {
    let mut length = 0;
    let mut characters = 0_u128;
    loop {
        (_, body) = body.split_at(gap(body, is_base64));
        let (line, behind) = body.split_at(leading(body, is_base64).min(EXCERPT));
        // the `+` between string literals, the `//` before a comment
        let joins = line.len() < 4 && line.iter().all(|byte| matches!(byte, b'+' | b'/'));
        if line.is_empty() || (joins && behind.is_empty()) {
            break;
        }
        body = behind;
        if joins {
            continue;
        }
        length += line.len();
        characters = line.iter().fold(characters, |seen, &byte| seen | 1_u128.checked_shl(byte.into()).unwrap_or(0));
        if length >= EXCERPT || line.len() < LINE {
            break;
        }
    }
    let behind = body.get(gap(body, is_base64)..).unwrap_or_default();
    let is_excerpt = length < EXCERPT
        && match behind {
            [b'<', b'/', ..] => false,
            [b'.' | b'[' | b'(' | b'<' | b'{', ..] => true,
            _ => behind.starts_with("…".as_bytes()),
        };
    length >= BODY && characters.count_ones() >= VARIETY && !is_excerpt
}

/// A value that could be base64 of PEM: its lines, none of which but the last is short.
///
/// Text in ASCII has neither `+` nor `/` in its base64, except for `>`, `?` and `~`, which PEM does not use. So they count
/// as what stands between lines.
struct Value {
    lines: Vec<Line>,
    /// How many characters the lines have.
    length: usize,
}

struct Line {
    span: Span,
    /// How many characters the lines before it have.
    before: usize,
}

/// The beginning of a BEGIN line in base64, for each of the three ways in which it can lie to the groups of four
/// characters; and the same in base64 again.
struct Needles {
    search: AhoCorasick,
    /// How many characters the group has before each.
    before: Vec<usize>,
}

static NEEDLES: LazyLock<Option<Needles>> = LazyLock::new(|| {
    let once = encodings(BEGIN);
    let twice = once.iter().flat_map(|(needle, _)| encodings(needle));
    let (needles, before): (Vec<_>, Vec<_>) = once.iter().cloned().chain(twice).unzip();
    // fails for patterns without end only
    Some(Needles { search: AhoCorasick::new(needles).ok()?, before })
});

/// What of the base64 of a text does not depend on what surrounds the text, and how many characters before that belong
/// to the same group.
fn encodings(plain: &[u8]) -> [(Vec<u8>, usize); 3] {
    [0, 1, 2].map(|offset: usize| {
        let padded = [vec![0; offset], plain.to_vec()].concat();
        let before = (offset * 8).div_ceil(6);
        let known = padded.len() * 8 / 6;
        let encoded = BASE64.encode(padded).into_bytes();
        (encoded.get(before..known).unwrap_or_default().to_vec(), before)
    })
}

/// Takes a value that is cut off.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Value {
    /// The first one in `text` at or behind `from`.
    fn next(text: &[u8], from: usize) -> Option<Self> {
        let first = long_line(text, from)?;
        let mut value = Self { length: first.len(), lines: vec![Line { span: first, before: 0 }] };
        loop {
            let behind = text.get(value.end()..).unwrap_or_default();
            let start = value.end() + gap(behind, is_alphanumeric);
            let length = leading(text.get(start..).unwrap_or_default(), is_alphanumeric);
            if length == 0 {
                return Some(value);
            }
            value.lines.push(Line { span: start..start + length, before: value.length });
            value.length += length;
            if length < LINE {
                return Some(value);
            }
        }
    }

    fn end(&self) -> usize {
        self.lines.last().map_or(usize::MAX, |line| line.span.end)
    }

    /// Adds the private keys in this value to `found`.
    fn keys(&self, text: &[u8], encoding: Encoding, found: &mut Vec<PrivateKeyFound>) {
        let Some(needles) = NEEDLES.as_ref().filter(|_| self.length > BODY) else { return };
        let joined;
        let characters = match self.lines.as_slice() {
            [line] => text.get(line.span.clone()).unwrap_or_default(),
            lines => {
                let mut room = Zeroizing::new(Vec::with_capacity(self.length));
                for line in lines {
                    room.extend_from_slice(text.get(line.span.clone()).unwrap_or_default());
                }
                joined = room;
                joined.as_slice()
            }
        };
        // A decoding from the start gives all that lies to the groups of four as one needle does: there are four.
        let mut done = [false; 4];
        for needle in needles.search.find_iter(characters) {
            let before = needles.before.get(needle.pattern().as_usize()).copied().unwrap_or_default();
            let start = (needle.start() + 4 - before) % 4;
            let Some(done) = done.get_mut(start).filter(|done| !**done) else { continue };
            *done = true;
            let whole = characters.get(start..).unwrap_or_default();
            // a single character behind the last group is no byte
            let (whole, _) = whole.split_at(whole.len() - usize::from(whole.len() % 4 == 1));
            let Ok(decoded) = BASE64.decode(whole).map(Zeroizing::new) else { continue };
            found.extend(keys(&decoded, encoding).into_iter().filter_map(|key| {
                let span = self.place(start + key.span.start * 4 / 3)?;
                Some(PrivateKeyFound { span, ..key })
            }));
        }
    }

    /// Where in the text some twenty characters from the one of that number on are, as far as their line goes.
    fn place(&self, character: usize) -> Option<Span> {
        let behind = self.lines.partition_point(|line| line.before <= character);
        let line = self.lines.get(behind.checked_sub(1)?)?;
        let start = line.span.start + (character - line.before);
        Some(start..line.span.end.min(start + 20))
    }
}

/// The first row of letters and digits at or behind `from` that is long enough for a line of base64.
fn long_line(text: &[u8], from: usize) -> Option<Span> {
    let mut at = from;
    loop {
        // where the last of them would be is looked at first: most rows are left out unread
        let probe = at.checked_add(LINE - 1)?;
        if !is_alphanumeric(*text.get(probe)?) {
            at = probe + 1;
            continue;
        }
        let before = text.get(at..probe)?;
        let start = probe - before.iter().rev().take_while(|&&byte| is_alphanumeric(byte)).count();
        let end = probe + leading(text.get(probe..)?, is_alphanumeric);
        if end - start >= LINE {
            return Some(start..end);
        }
        at = end;
    }
}

/// How many bytes at the start of `text` can stand between two lines of base64. In source code, JSON, comments, quoted
/// mail and lists of YAML they are more than the end of the line.
fn gap(text: &[u8], is_value: fn(u8) -> bool) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|_| at < GAP) {
        at += match rest {
            [byte, ..] if is_value(*byte) => return at,
            [b'\\', b'n' | b'r' | b't', ..] => 2,
            [b'-', next, ..] if *next != b'-' => 1,
            [b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'`' | b'\\', ..] => 1,
            [b'+' | b'/' | b',' | b';' | b'#' | b'*' | b'>' | b'|', ..] => 1,
            _ => return at,
        };
    }
    at
}

/// How many bytes at the start of `text` are of a kind.
fn leading(text: &[u8], is_kind: fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| !is_kind(byte)).unwrap_or(text.len())
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_base64(byte: u8) -> bool {
    is_alphanumeric(byte) || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests;
