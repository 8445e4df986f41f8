//! Which names promise a secret value, and which an object can have.

/// Whether a variable or key of this name holds a secret: its value is masked wherever it is shown.
///
/// Only Kubernetes' own fields that refer to a Secret (`secretName`, `secretKeyRef`) do not. A `TOKEN_FILE` does: such
/// names are often given a value by mistake, and some programs read either.
pub fn is_secret_name(name: &str) -> bool {
    const ANYWHERE: [&str; 20] = [
        "token",
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "credential",
        "jwt",
        "bearer",
        "authorization",
        "privatekey",
        "apikey",
        "accesskey",
        "sessionkey",
        "signingkey",
        "encryptionkey",
        "sshkey",
        "licensekey",
        "licencekey",
        "connectionstring",
    ];
    if refers_to_secret(name) {
        return false;
    }
    let letters = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b'.'));
    let letters: Vec<u8> = letters.map(|byte| byte.to_ascii_lowercase()).collect();
    // sooner done than twenty searches are set up
    let starts = || std::iter::successors(Some(&*letters), |rest| rest.split_first().map(|(_, rest)| rest));
    let holds = |words: &[&str]| starts().any(|start| words.iter().any(|word| start.starts_with(word.as_bytes())));
    holds(&ANYWHERE)
        || name.len().checked_sub(4).and_then(|at| name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(".key"))
        || holds(&["cred", "pat", "pass"]) && words(name).any(|word| is_secret_word(&word))
}

/// Whether an object can have this name (Kubernetes: a DNS subdomain name, RFC 1123).
pub fn is_object_name(name: &str) -> bool {
    let label = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// The fields of the Kubernetes API that name a Secret or a token and hold none.
fn refers_to_secret(name: &str) -> bool {
    const FIELDS: [&str; 8] = [
        "secretKeyRef",
        "imagePullSecrets",
        "automountServiceAccountToken",
        "serviceAccountToken",
        "tokenRequests",
        "tokenReview",
        "tokenReviews",
        "tokenreviews",
    ];
    const ENDINGS: [&str; 3] = ["ecretName", "ecretRef", "ecretNamespace"];
    FIELDS.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Short words that are part of harmless ones: `compass`, `path`, `sacred`.
fn is_secret_word(word: &str) -> bool {
    const HARMLESS: [&str; 5] = ["bypass", "compass", "encompass", "overpass", "underpass"];
    matches!(word, "cred" | "creds" | "pat") || word.ends_with("pass") && !HARMLESS.contains(&word)
}

/// The words of a name in lower case: `DB_PASS`, `db-pass` and `dbPass` have the same.
fn words(name: &str) -> impl Iterator<Item = String> {
    let parts = name.split(|c: char| !c.is_ascii_alphabetic());
    parts.flat_map(|part| {
        let mut words = vec![String::new()];
        let mut after_lower = false;
        for c in part.chars() {
            if after_lower && c.is_ascii_uppercase() {
                words.push(String::new());
            }
            after_lower = c.is_ascii_lowercase();
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        words
    })
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn secrets_by_name_and_near_misses() {
        for name in [
            "DELEGATE_TOKEN",
            "PROXY_PASSWORD",
            "ACCOUNT_SECRET",
            "apiKey",
            "PRIVATE_KEY",
            "client.key",
            "server.key",
            "PROXY_PASS",
            "smtpPass",
            "DBPASS",
            "DB_PWD",
            "GIT_CREDS",
            "cred",
            "JWT",
            "BEARER",
            "Authorization",
            "SESSION_KEY",
            "signing-key",
            "encryptionKey",
            "SSH_KEY",
            "LICENSE_KEY",
            "GITHUB_PAT",
            "githubPat",
            "DB_CONNECTION_STRING",
            "TOKEN_FILE",
            "TOKEN_URL",
            "PASSWORD_PATH",
            "TOKEN_TYPE",
            "VAULT_TOKEN_REF",
            "SECRET_NAME",
            "tokenReviewerJwt",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "secretName",
            "tlsSecretName",
            "secretRef",
            "nodePublishSecretRef",
            "secretKeyRef",
            "imagePullSecrets",
            "automountServiceAccountToken",
            "tokenReview",
            "ACCOUNT_ID",
            "HARNESS_ACCOUNT_ID",
            "key",
            "DELEGATE_NAME",
            "DELEGATE_TAGS",
            "DELEGATE_TYPE",
            "DELEGATE_CLIENT_CERTIFICATE_KEY_PATH",
            "MANAGER_HOST_AND_PORT",
            "BYPASS_PROXY",
            "sslPassthrough",
            "COMPASS",
            "PATH",
            "SACRED",
            "PATTERN",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
