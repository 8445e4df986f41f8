//! A text that is no stream of Kubernetes objects, although a delegate may be described in it → what it is.

use serde::de::IgnoredAny;

use crate::yaml::{self, Kind};

/// What a text is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Code of Terraform or OpenTofu.
    Terraform,
    /// A project file of Pulumi, with or without a program in it.
    Pulumi,
    /// JSON whose outermost value is an array.
    JsonArray,
    /// Several JSON values, one behind the other.
    JsonValues,
}

impl Foreign {
    /// What a text is, if it is one of these. `name` is that of its file.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Option<Foreign> {
        let is_named = [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|ending| name.ends_with(ending));
        if is_named || is_hcl(text) {
            return Some(Foreign::Terraform);
        }
        match json_values(text) {
            Some(2..) => return Some(Foreign::JsonValues),
            Some(1) if body(text).starts_with('[') => return Some(Foreign::JsonArray),
            _ => {}
        }
        is_pulumi(text).then_some(Foreign::Pulumi)
    }

    /// What it is.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Foreign::Terraform => "Terraform or OpenTofu code",
            Foreign::Pulumi => "a file of Pulumi",
            Foreign::JsonArray => "a JSON array",
            Foreign::JsonValues => "several JSON values, one behind the other",
        }
    }

    /// Why it is not edited, behind the name of its file.
    #[must_use]
    pub fn why(self) -> String {
        let what = self.what();
        match self {
            Foreign::Terraform | Foreign::Pulumi => format!("is {what}, which is not edited"),
            Foreign::JsonArray => format!("is {what}, which is no manifest"),
            Foreign::JsonValues => format!("holds {what}, which is no YAML"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Foreign::Terraform | Foreign::Pulumi => {
                "edit the manifest that it applies; where it installs the chart, set the chart's values `managerEndpoint` and `mTLS.secretName` there"
            }
            Foreign::JsonArray | Foreign::JsonValues => "get the objects as YAML: `kubectl get -o yaml`",
        }
    }
}

/// Whether a text is JSON: one value, which has to stay one.
#[must_use]
pub fn is_json(text: &str) -> bool {
    json_values(text) == Some(1)
}

/// How many JSON values a text is made of; `None` where it is not JSON, or no more than a scalar, which may be YAML.
fn json_values(text: &str) -> Option<usize> {
    let body = body(text);
    if !body.starts_with(['{', '[']) {
        return None;
    }
    serde_json::Deserializer::from_str(body).into_iter::<IgnoredAny>().try_fold(0, |count, value| match value {
        Ok(_) => Some(count + 1),
        Err(_) => None,
    })
}

fn body(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim_start()
}

/// Whether the first line that says anything opens a block of HCL (Terraform: Configuration Syntax).
fn is_hcl(text: &str) -> bool {
    let mut rest = body(text);
    loop {
        let end = match rest {
            _ if rest.starts_with('#') || rest.starts_with("//") => rest.find('\n'),
            _ if rest.starts_with("/*") => rest.find("*/").map(|at| at + 1),
            _ => break,
        };
        let Some(end) = end else { return false };
        rest = rest.get(end + 1..).unwrap_or_default().trim_start();
    }
    let Some((head, _)) = rest.lines().next().unwrap_or_default().split_once('{') else { return false };
    let mut words = head.split_whitespace();
    let labels = match words.next() {
        Some("terraform" | "locals" | "moved" | "import" | "removed") => 0,
        Some("provider" | "module" | "variable" | "output" | "check") => 1,
        Some("resource" | "data" | "ephemeral") => 2,
        _ => return false,
    };
    let is_label = |word: &str| word.len() > 2 && word.starts_with('"') && word.ends_with('"');
    let found = words.by_ref().take(labels).filter(|word| is_label(word)).count();
    found == labels && words.next().is_none()
}

/// Whether a text is one document with the keys of a project file (Pulumi: Project file reference) and without those of
/// an object.
fn is_pulumi(text: &str) -> bool {
    let has_word = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if !has_word("runtime:") && !has_word("\"runtime\"") {
        return false;
    }
    let document = match yaml::split(text).as_deref() {
        Ok([chunk]) => yaml::parse(text, chunk),
        _ => return false,
    };
    let Ok(document) = document else { return false };
    let Some(root) = document.root().map(|root| document.resolve(root)) else { return false };
    let has = |key: &str| document.get(root, key).is_some();
    let holds_resources = document.get(root, "resources").is_some_and(|resources| {
        let is_mapping = |found: &crate::yaml::Found| matches!(document.kind(found.node), Kind::Mapping { .. });
        let all = document.entries(resources.node).map(|entry| document.resolve(entry.value));
        all.filter(is_mapping).any(|resource| document.get(resource, "type").is_some())
    });
    !has("apiVersion") && !has("kind") && has("runtime") && (has("name") || holds_resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_terraform_is_told_from_yaml() {
        for text in [
            "resource \"kubernetes_manifest\" \"delegate\" {\n  manifest = {}\n}\n",
            "# a\n// b\n/* c\n d */\n\nprovider \"kubernetes\" {}\n",
            "\u{feff}terraform {\r\n  required_version = \"1\"\r\n}\r\n",
            "module \"delegate\" {\n",
            "locals {\n  a = 1\n}\n",
        ] {
            assert_eq!(Foreign::of("-", text), Some(Foreign::Terraform), "{text}");
        }
        for text in [
            "resource: \"a\"\n",
            "kind: ConfigMap\ndata:\n  main.tf: |\n    provider \"kubernetes\" {}\n",
            "resource \"a\" {\n",
            "provider kubernetes {\n",
            "terraform: {}\n",
            "# provider \"a\" {\n",
            "",
        ] {
            assert_eq!(Foreign::of("-", text), None, "{text}");
        }
        assert_eq!(Foreign::of("main.tf.json", "{\"resource\": {}}"), Some(Foreign::Terraform));
    }

    #[test]
    fn files_of_pulumi_are_told_from_objects() {
        for text in [
            "name: delegates\nruntime: yaml\nresources: {}\n",
            "runtime:\n  name: nodejs\nname: delegates\n",
            "runtime: yaml\nresources:\n  delegate:\n    type: kubernetes:apps/v1:Deployment\n",
        ] {
            assert_eq!(Foreign::of("-", text), Some(Foreign::Pulumi), "{text}");
        }
        for text in [
            "apiVersion: v1\nkind: X\nname: a\nruntime: b\n",
            "runtime: custom\nresources:\n  cpu: 1\n",
            "name: a\n# runtime: b\n",
            "name: a\nruntime: b\n---\nkind: Secret\n",
            "name: [\nruntime: b\n",
        ] {
            assert_eq!(Foreign::of("-", text), None, "{text}");
        }
    }

    #[test]
    fn json_is_one_value() {
        for (text, expected) in [
            ("{\"a\": 1}", None),
            ("\u{feff} \n{\"a\": 1}\n", None),
            ("{a: 1}", None),
            ("[{\"a\": 1}]", Some(Foreign::JsonArray)),
            ("{\"a\": 1}\n{\"b\": 1}\n", Some(Foreign::JsonValues)),
            ("{\"a\": 1}\n---\n{\"b\": 1}\n", None),
            ("[a]", None),
            ("1 2", None),
        ] {
            assert_eq!(Foreign::of("-", text), expected, "{text}");
        }
        assert!(is_json("\u{feff}{\"a\": 1}\n") && !is_json("{a: 1}") && !is_json("{\"a\": 1} # b\n"));
    }
}
