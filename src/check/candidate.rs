//! The bytes of a file → whether it is worth parsing. Looks for words only: what they mean is for the stages behind.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// What no manifest of a delegate, its upgrader, its chart or its Secret is without; and how a key begins, as PEM and as
/// base64 of PEM. A workload in a file of its own, whose variables or configuration stand in another, has only the
/// platform's label or the name of the upgrader's ConfigMap.
const WORDS: [&str; 8] = [
    "MANAGER_HOST_AND_PORT",
    "managerHost",
    "managerEndpoint",
    "harness.io/name",
    "upgrader-config",
    "client.key",
    "PRIVATE KEY",
    "LS0tLS1CRUdJTi",
];

/// What a controller makes a Secret of need not name the keys (`dataFrom`), or names others, and so it is with what SOPS
/// has encrypted. Most are nothing to a delegate.
const PROMISES: [&str; 3] = ["SealedSecret", "ExternalSecret", "ENC[AES256_GCM"];

/// What a file may tell, by the words in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// Something of a delegate.
    Delegate,
    /// Nothing but which Secrets there will be.
    Promise,
}

/// Fails for patterns without end only; these are constants.
static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(WORDS.iter().chain(&PROMISES)).ok());

/// What the words of a file make of it. `None`: it is skipped, even where it is invalid YAML.
#[must_use]
pub fn candidate(bytes: &[u8]) -> Option<Candidate> {
    let Some(search) = SEARCH.as_ref() else { return Some(Candidate::Delegate) };
    let mut any = None;
    for found in search.find_iter(bytes) {
        if found.pattern().as_usize() < WORDS.len() {
            return Some(Candidate::Delegate);
        }
        any = Some(Candidate::Promise);
    }
    if are_values(bytes) { Some(Candidate::Delegate) } else { any }
}

/// Whether it may be the values of a delegate that leave its endpoint to the chart. Each of these words alone stands in
/// much else.
fn are_values(bytes: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    has("mTLS") && (has("delegateName") || has("accountId"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_makes_a_candidate_wherever_it_stands() {
        for word in WORDS {
            for padding in [0, 1, 15, 16, 31, 64, 1000] {
                let text = format!("{}{word}{}", "x: y\n".repeat(padding), " z\n".repeat(padding));
                assert_eq!(candidate(text.as_bytes()), Some(Candidate::Delegate), "{word} after {padding}");
                let cut = text.replace(word, word.get(1..).unwrap());
                assert_eq!(candidate(cut.as_bytes()), None, "{word} without its first letter");
            }
        }
    }

    #[test]
    fn values_that_leave_the_endpoint_to_the_chart_are_candidates() {
        assert_eq!(candidate(b"mTLS: {}\ndelegateName: acorn\n"), Some(Candidate::Delegate));
        assert_eq!(candidate(b"accountId: a\nmTLS:\n"), Some(Candidate::Delegate));
        assert_eq!(candidate(b"mTLS: {}\n"), None);
        assert_eq!(candidate(b"delegateName: acorn\naccountId: a\n"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too() {
        assert_eq!(candidate(b"\xff\0client.key\xfe"), Some(Candidate::Delegate));
        assert_eq!(candidate(b"\xff\0client\xffkey"), None);
        assert_eq!(candidate(b""), None);
    }

    #[test]
    fn unrelated_manifests_are_none() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: []}}}\n";
        assert_eq!(candidate(text.as_bytes()), None);
        let delegate = Some(Candidate::Delegate);
        assert_eq!(candidate(include_bytes!("../../fixtures/quickstart/harness-delegate.yaml")), delegate);
        assert_eq!(candidate(include_bytes!("../../fixtures/quickstart/client.key")), delegate);
    }

    #[test]
    fn what_a_secret_is_made_of_is_less_than_a_word_of_a_delegate() {
        for word in PROMISES {
            assert_eq!(candidate(format!("kind: {word}\n").as_bytes()), Some(Candidate::Promise));
            for text in [format!("kind: {word}\nclient.key: x\n"), format!("client.key: x\nkind: {word}\n")] {
                assert_eq!(candidate(text.as_bytes()), Some(Candidate::Delegate), "{text}");
            }
        }
    }
}
