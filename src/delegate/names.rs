//! Which names promise a secret value.

/// Whether a variable or key of this name holds a secret: its value is masked wherever it is shown.
///
/// Names that only *refer* to a secret (`secretName`, `TOKEN_FILE`, `PASSWORD_PATH`) do not.
pub fn is_secret_name(name: &str) -> bool {
    const WORDS: [&str; 9] =
        ["token", "password", "passwd", "passphrase", "secret", "credential", "privatekey", "apikey", "accesskey"];
    const REFERENCES: [&str; 8] = ["name", "ref", "path", "file", "key_ref", "namespace", "type", "url"];
    let name = name.to_ascii_lowercase();
    if REFERENCES.iter().any(|reference| name.ends_with(reference)) {
        return false;
    }
    let letters: String = name.chars().filter(|c| !matches!(c, '_' | '-' | '.')).collect();
    WORDS.iter().any(|word| letters.contains(word)) || name == "client.key" || name == "tls.key"
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn secrets_by_name_and_near_misses() {
        for name in ["DELEGATE_TOKEN", "PROXY_PASSWORD", "ACCOUNT_SECRET", "apiKey", "PRIVATE_KEY", "client.key"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["secretName", "secretRef", "secretKeyRef", "TOKEN_FILE", "ACCOUNT_ID", "key", "DELEGATE_NAME"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
