//! Text that is no manifest yet: `{{ … }}` is an action of a Go template, as Helm has them. What comes of it is known
//! only when it is rendered.

use super::values::{self, ENDPOINT_KEY};
use crate::yaml::{self, Document, Found, Kind, ScalarStyle, Span};

/// Words of Helm's that hardly stand in a manifest.
const HELM: [&str; 8] = ["{{-", "-}}", ".Values", ".Release", ".Chart", "{{ end", "{{end", "include \""];
/// Words that a template of a delegate, or of its upgrader, has.
const DELEGATE: [&str; 5] =
    ["MANAGER_HOST_AND_PORT", "managerHost", "managerEndpoint", "harness.io/name", "harness-delegate"];

/// Where a document that happens to be YAML holds an action. `{{ .Values.x }}` is a mapping whose key is a mapping; in a
/// block scalar it may as well be a shell script's.
pub(crate) fn action(document: &Document<'_>) -> Option<Span> {
    first(document, |style, text| match style {
        ScalarStyle::Plain => has_action(text),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            text.trim_start().starts_with("{{") && has_action(text)
        }
        _ => false,
    })
}

/// The same in a document with the values of a delegate. Charts render some of their values, so an action in a string is
/// fine there, but for what has to be known.
pub(crate) fn action_in_values(document: &Document<'_>, of_delegates: &[Found]) -> Option<Span> {
    let telling = |of: &Found| {
        let secret = values::secret_of(document, *of).map(|(found, _)| found);
        [document.get(*of, ENDPOINT_KEY), secret, values::name_of(document, *of)]
    };
    let mut telling = of_delegates.iter().flat_map(telling).flatten();
    let told = telling.find(|it| document.scalar(it.node).is_some_and(has_action));
    told.map(|it: Found| document.node(it.node).span.clone()).or_else(|| first(document, |_, _| false))
}

/// The first action of a document: one that is written without quotes, or in a scalar that counts.
fn first(document: &Document<'_>, counts: impl Fn(ScalarStyle, &str) -> bool) -> Option<Span> {
    let mut around: Option<Span> = None;
    document.nodes().find_map(|node| {
        let is_inside = around.replace(node.span.clone()).is_some_and(|around| around.start + 1 == node.span.start);
        let found = match node.kind {
            Kind::Mapping { flow: true } => is_inside && document.text.get(node.span.start - 1..)?.starts_with("{{"),
            Kind::Scalar(style) => counts(style, &node.value),
            _ => false,
        };
        let braces = usize::from(is_inside && matches!(node.kind, Kind::Mapping { .. }));
        found.then(|| node.span.start - braces..node.span.end + braces)
    })
}

fn has_action(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, behind)| behind.contains("}}"))
}

/// Where the first action is of a text that is not YAML and, by words that hardly stand anywhere else, a Helm template.
pub(crate) fn in_text(text: &str) -> Option<usize> {
    text.find("{{").filter(|_| HELM.iter().any(|word| text.contains(word)))
}

/// The same of a stream that cannot be read at `offset`: in the document there.
pub(crate) fn in_broken(text: &str, offset: usize) -> Option<usize> {
    let chunks = yaml::split(text).ok()?;
    let chunk = chunks.into_iter().rev().find(|chunk| chunk.span.start <= offset)?;
    in_text(yaml::slice(text, &chunk.span)).map(|at| chunk.span.start + at)
}

/// Where a document is the template of a delegate, so that it cannot be edited before it is rendered.
pub(super) fn of_delegate(document: &Document<'_>) -> Option<usize> {
    let text = yaml::slice(document.text, &document.chunk.span);
    let has = |word: &&str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if !has(&"{{") {
        return None;
    }
    let of_delegates = values::mappings(document);
    if !of_delegates.is_empty() {
        return action_in_values(document, &of_delegates).map(|span| span.start);
    }
    let is_of_delegate = HELM.iter().any(has) && DELEGATE.iter().any(has);
    action(document).filter(|_| is_of_delegate).map(|span| span.start)
}
