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

/// Fails for patterns without end only; these are constants.
static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(WORDS).ok());

/// Whether a file holds one of the words that make it one to judge. Every other file is skipped, even invalid YAML.
#[must_use]
pub fn is_candidate(bytes: &[u8]) -> bool {
    SEARCH.as_ref().is_none_or(|search| search.is_match(bytes)) || are_values(bytes)
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
                assert!(is_candidate(text.as_bytes()), "{word} after {padding}");
                let cut = text.replace(word, word.get(1..).unwrap());
                assert!(!is_candidate(cut.as_bytes()), "{word} without its first letter");
            }
        }
    }

    #[test]
    fn values_that_leave_the_endpoint_to_the_chart_are_candidates() {
        assert!(is_candidate(b"mTLS: {}\ndelegateName: acorn\n"));
        assert!(is_candidate(b"accountId: a\nmTLS:\n"));
        assert!(!is_candidate(b"mTLS: {}\n"));
        assert!(!is_candidate(b"delegateName: acorn\naccountId: a\n"));
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too() {
        assert!(is_candidate(b"\xff\0client.key\xfe"));
        assert!(!is_candidate(b"\xff\0client\xffkey"));
        assert!(!is_candidate(b""));
    }

    #[test]
    fn unrelated_manifests_are_none() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: []}}}\n";
        assert!(!is_candidate(text.as_bytes()));
        assert!(is_candidate(include_bytes!("../../fixtures/quickstart/harness-delegate.yaml")));
        assert!(is_candidate(include_bytes!("../../fixtures/quickstart/client.key")));
    }
}
