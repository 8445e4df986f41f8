//! A stream → the certificates and keys in its Secrets, decoded as Kubernetes decodes them, and what is the matter
//! with those that it cannot decode. Shows no value.

use std::collections::HashSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::resources::resources;
use super::stream::{Stream, StreamError};
use crate::yaml::{self, Document, Found, Span};

/// One value of a Secret that is PEM, or by its key should be.
pub struct SecretValue {
    /// The Secret's name.
    pub secret: String,
    /// Its namespace as written.
    pub namespace: Option<String>,
    /// Counts the Secrets of the stream: the same for all values of one.
    pub number: usize,
    /// The key that it stands under, such as `client.crt`.
    pub key: String,
    /// Where it stands in the text, in bytes.
    pub span: Span,
    /// Where it begins for a reader: a block scalar at its `|` or `>`, where a comment may stand.
    pub start: usize,
    /// What the value holds, decoded as far as that goes. Empty where nothing can be made of it.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Why a pod would not get these bytes.
    pub defect: Option<SecretDefect>,
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretValue")
            .field("secret", &self.secret)
            .field("key", &self.key)
            .field("defect", &self.defect)
            .finish_non_exhaustive()
    }
}

/// What is the matter with the encoding of a Secret's value (Kubernetes API: `Secret.data` is base64,
/// `Secret.stringData` is not).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretDefect {
    /// A template's `{CERT}` or `{KEY}`, or `${CERT}` or `<CERT>`, or nothing at all.
    Placeholder,
    /// Not base64.
    NotBase64,
    /// PEM under `data`, where base64 has to stand.
    Plain,
    /// Base64 with blanks in it, which Kubernetes refuses; it ignores line ends only.
    Blanks,
    /// Base64 of base64.
    Twice,
    /// Base64 under `stringData`, which Kubernetes encodes itself.
    Encoded,
}

/// Every value in the Secrets of a stream that is PEM, or has the name of a certificate or key file.
///
/// # Errors
/// When a document is not YAML.
pub fn secret_values(stream: &Stream<'_>) -> Result<Vec<SecretValue>, StreamError> {
    let mut values = Vec::new();
    let mut number = 0;
    for chunk in &stream.chunks {
        let document = yaml::parse(stream.text, chunk)?;
        let Some(root) = document.root() else { continue };
        for (resource, kind) in resources(&document, document.resolve(root)) {
            if kind == "Secret" {
                number += 1;
                values.extend(values_of(&document, resource, number));
            }
        }
    }
    Ok(values)
}

/// The same for one Secret, which is the `number`th. What SOPS has encrypted is left out.
pub(crate) fn values_of(document: &Document<'_>, secret: Found, number: usize) -> Vec<SecretValue> {
    let mut values = Vec::new();
    let name = document.text_at(secret, &["metadata", "name"]).unwrap_or_default();
    let namespace = document.text_at(secret, &["metadata", "namespace"]).filter(|name| !name.is_empty());
    // Kubernetes merges `stringData` over `data`
    let [data, plain] = ["data", "stringData"]
        .map(|part| document.get(secret, part).map(|part| document.all(part)).unwrap_or_default());
    let over: HashSet<&str> = plain.iter().map(|(key, _)| *key).collect();
    for (part, is_plain) in [(data, false), (plain, true)] {
        for (key, value) in part {
            let Some(text) = document.scalar(value.node) else { continue };
            let text = if document.is_null(value.node) { "" } else { text };
            if !is_plain && over.contains(key) {
                continue;
            }
            if text.starts_with("ENC[") {
                continue;
            }
            let (bytes, defect) = decode(text, is_plain);
            if is_file_name(key) || is_pem(&bytes) {
                values.push(SecretValue {
                    secret: name.to_owned(),
                    namespace: namespace.map(str::to_owned),
                    number,
                    key: key.to_owned(),
                    span: document.node(value.node).span.clone(),
                    start: document.layout().start(value.node),
                    bytes,
                    defect,
                });
            }
        }
    }
    values
}

/// What a pod gets of a value, or would get if it were encoded right.
fn decode(text: &str, is_plain: bool) -> (Zeroizing<Vec<u8>>, Option<SecretDefect>) {
    let trimmed = text.trim();
    let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    let is_between = |start, end| trimmed.starts_with(start) && trimmed.ends_with(end);
    if trimmed.is_empty() || is_between("{", '}') || is_between("${", '}') || is_between("<", '>') {
        return (Zeroizing::default(), Some(SecretDefect::Placeholder));
    }
    if is_pem(trimmed.as_bytes()) {
        return (bytes(text), (!is_plain).then_some(SecretDefect::Plain));
    }
    if is_plain {
        return match base64(trimmed) {
            Some((decoded, _)) if is_pem(&decoded) => (decoded, Some(SecretDefect::Encoded)),
            _ => (bytes(text), None),
        };
    }
    let Some((decoded, has_blanks)) = base64(text) else {
        return (Zeroizing::default(), Some(SecretDefect::NotBase64));
    };
    let again = std::str::from_utf8(&decoded).ok().and_then(base64);
    match again {
        Some((again, _)) if is_pem(&again) => (again, Some(SecretDefect::Twice)),
        _ => (decoded, has_blanks.then_some(SecretDefect::Blanks)),
    }
}

/// Decoded, and whether there were blanks in it: Go's `base64.StdEncoding` ignores line ends and nothing else.
fn base64(text: &str) -> Option<(Zeroizing<Vec<u8>>, bool)> {
    let dense: Zeroizing<Vec<u8>> = Zeroizing::new(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let has_blanks = text.bytes().any(|byte| matches!(byte, b' ' | b'\t'));
    Some((Zeroizing::new(STANDARD.decode(dense.as_slice()).ok()?), has_blanks))
}

fn is_pem(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"-----BEGIN ").is_some()
}

/// Whether a key promises a certificate or a private key: `client.crt`, `tls.key`.
fn is_file_name(key: &str) -> bool {
    [".crt", ".key", ".pem", ".cer", ".der"].iter().any(|extension| key.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    fn values(text: &str) -> Vec<(String, String, Option<SecretDefect>)> {
        let stream = Stream::new(text).unwrap();
        let values = secret_values(&stream).unwrap();
        values
            .into_iter()
            .map(|value| {
                let bytes = String::from_utf8(value.bytes.to_vec()).unwrap();
                (format!("{}/{}@{}", value.secret, value.key, value.span.start), bytes, value.defect)
            })
            .collect()
    }

    /// The only value of a Secret with `line` under `part`.
    fn value(part: &str, line: &str) -> (String, Option<SecretDefect>) {
        let text = format!("kind: Secret\nmetadata: {{name: s}}\n{part}:\n  client.crt: {line}\n");
        let mut values = values(&text);
        assert_eq!(values.len(), 1, "{text}");
        let (_, bytes, defect) = values.remove(0);
        (bytes, defect)
    }

    #[test]
    fn decodes_what_kubernetes_decodes_and_names_what_it_refuses() {
        let once = STANDARD.encode(PEM);
        let twice = STANDARD.encode(&once);
        let (head, tail) = once.split_at(20);
        let pem = PEM.to_owned();
        assert_eq!(value("data", &once), (pem.clone(), None));
        assert_eq!(value("data", &format!("|\n    {head}\n    {tail}")), (pem.clone(), None), "line ends are ignored");
        assert_eq!(value("data", &format!("\"{head}\n    {tail}\"")), (pem.clone(), Some(SecretDefect::Blanks)));
        assert_eq!(value("data", &twice), (pem.clone(), Some(SecretDefect::Twice)));
        assert_eq!(value("data", "'{CERT}'"), (String::new(), Some(SecretDefect::Placeholder)));
        assert_eq!(value("data", "${CERT}"), (String::new(), Some(SecretDefect::Placeholder)));
        assert_eq!(value("stringData", "<the certificate>"), (String::new(), Some(SecretDefect::Placeholder)));
        assert_eq!(value("data", "''"), (String::new(), Some(SecretDefect::Placeholder)));
        assert_eq!(value("data", "not~base64"), (String::new(), Some(SecretDefect::NotBase64)));
        let block = format!("|\n    {}", PEM.replace('\n', "\n    "));
        assert_eq!(value("data", &block), (pem.clone(), Some(SecretDefect::Plain)));
        assert_eq!(value("stringData", &block), (pem.clone(), None));
        assert_eq!(value("stringData", &once), (pem, Some(SecretDefect::Encoded)));
    }

    #[test]
    fn follows_merge_keys() {
        let text = format!(
            "kind: Secret\nmetadata: {{name: s}}\nextra: &e {{client.crt: {0}, client.key: x}}\ndata: {{<<: *e, client.key: {0}}}\n",
            STANDARD.encode(PEM)
        );
        let values: Vec<(String, Option<SecretDefect>)> = values(&text)
            .into_iter()
            .map(|(name, _, defect)| (name.split('@').next().unwrap().to_owned(), defect))
            .collect();
        assert_eq!(values, [("s/client.key".to_owned(), None), ("s/client.crt".to_owned(), None)]);
    }

    #[test]
    fn takes_pem_under_any_key_and_leaves_tokens_alone() {
        let once = STANDARD.encode(PEM);
        let text = format!(
            "kind: Secret\nmetadata: {{name: a}}\ndata:\n  token: aHVudGVyMg==\n  odd: {once}\n---\nkind: List\nitems:\n- kind: Secret\n  metadata: {{name: b}}\n  data: {{tls.crt: aGk=, client.crt: eA==}}\n  stringData: {{client.crt: over}}\n"
        );
        let found: Vec<String> = values(&text).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(found.len(), 3);
        assert!(found[0].starts_with("a/odd@") && found[1].starts_with("b/tls.crt@"), "{found:?}");
        assert!(found[2].starts_with("b/client.crt@"), "{found:?}");
        let over = text.find("over").unwrap();
        assert_eq!(found[2], format!("b/client.crt@{over}"), "stringData wins");
    }
}
