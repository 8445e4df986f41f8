//! The editor alone, on small texts: each edit goes its whole way, through the splice and the verification.

mod suite;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::editor::Editor;
use super::{DocumentChange, Plan, Refusal, Scalar, Value};
use crate::delegate::{Foreign, Stream};
use crate::edit::{Edit, splice};
use crate::verify::{self, VerifyError};
use crate::yaml::{self, Document, Found, Kind, NodeId, Place, slice};

/// A change at one place of a document.
type Attempt = fn(&mut Editor<'_, '_>, NodeId) -> Option<Result<(), Refusal>>;

const ATTEMPTS: &[(&str, Attempt)] = &[
    ("replace", |editor, node| {
        let scalar = matches!(editor.document.kind(node), Kind::Scalar(_));
        scalar.then(|| editor.replace(here(node), &Scalar::plain("an acorn")))
    }),
    ("append an entry", |editor, node| {
        let mapping = matches!(editor.document.kind(node), Kind::Mapping { .. });
        mapping.then(|| editor.add_entries(here(node), None, vec![entry()]))
    }),
    ("insert an entry", |editor, node| {
        let first = editor.document.entries(node).next()?;
        let key = editor.document.scalar(first.key)?;
        Some(editor.add_entries(here(node), Some(key), vec![entry()]))
    }),
    ("append an item", |editor, node| {
        let key = editor.document.scalar(editor.document.previous(node)?)?;
        let mapping = editor.document.parent(node)?;
        let list = matches!(editor.document.kind(node), Kind::Sequence { .. }) || editor.document.is_null(node);
        let in_mapping = matches!(editor.document.kind(mapping), Kind::Mapping { .. });
        (list && in_mapping).then(|| editor.append_items(here(mapping), key, key, vec![item()]))
    }),
    ("insert an item", |editor, node| {
        let first = editor.document.items(node).next()?;
        Some(editor.insert_item_before(first, item()))
    }),
    ("remove the first", |editor, node| remove(editor, node, <[NodeId]>::first)),
    ("remove the last", |editor, node| remove(editor, node, <[NodeId]>::last)),
    ("edit inside", |editor, node| {
        let text = editor.document.scalar(node)?.to_owned();
        let document = yaml::parse(&text, yaml::split(&text).ok()?.first()?).ok()?;
        let root = document.root().filter(|&root| matches!(document.kind(root), Kind::Mapping { .. }))?;
        let mut inside = Editor::new(&document);
        inside.add_entries(here(root), None, vec![entry()]).ok()?;
        Some(editor.embed(here(node), inside))
    }),
];

/// Takes an item or an entry out; not the only one.
fn remove(
    editor: &mut Editor<'_, '_>,
    node: NodeId,
    which: fn(&[NodeId]) -> Option<&NodeId>,
) -> Option<Result<(), Refusal>> {
    let document = editor.document;
    let items: Vec<NodeId> = document.items(node).collect();
    let keys: Vec<NodeId> = document.entries(node).map(|entry| entry.key).collect();
    if items.len() > 1 {
        return Some(editor.remove_item(*which(&items)?));
    }
    let key = document.scalar(*which(&keys).filter(|_| keys.len() > 1)?)?;
    Some(editor.remove_entries(here(node), &[key]))
}

fn here(node: NodeId) -> Found {
    Found { node, via: None }
}

fn entry() -> (Scalar, Value) {
    (Scalar::plain("oak"), Scalar::quoted("an acorn").into())
}

fn item() -> Value {
    Value::mapping([("name", Scalar::plain("oak").into()), ("value", Scalar::quoted("an acorn").into())])
}

/// Every node but those in keys.
fn nodes(document: &Document<'_>) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    let mut open: Vec<NodeId> = document.root().into_iter().collect();
    while let Some(node) = open.pop() {
        nodes.push(node);
        match document.kind(node) {
            Kind::Sequence { .. } => open.extend(document.items(node)),
            Kind::Mapping { .. } => open.extend(document.entries(node).map(|entry| entry.value)),
            _ => {}
        }
    }
    nodes
}

/// What came of all attempts.
#[derive(Default)]
struct Tried {
    /// What went wrong.
    wrong: Vec<String>,
    /// The edits that were proved, by attempt.
    counts: BTreeMap<&'static str, usize>,
    /// A line for each attempt: where it was, and the edits or the refusal.
    told: String,
}

impl Tried {
    /// Tries everything everywhere in a text.
    fn everywhere(&mut self, yaml: &str) {
        let stream = Stream::new(yaml).unwrap();
        // the commands refuse a JSON array; a mapping of nothing does not tell that JSON is wanted
        if Foreign::of("", yaml).is_some() || yaml.trim() == "{}" {
            return;
        }
        for number in 0..stream.chunks.len() {
            let Ok(document) = stream.document(number) else { continue };
            // refused before anything is planned
            if document.duplicate().is_some() {
                continue;
            }
            let mut nodes = nodes(document);
            nodes.sort_by_key(|&node| document.node(node).span.start);
            for node in nodes {
                for (what, attempt) in ATTEMPTS {
                    let mut editor = Editor::new(document);
                    let Some(outcome) = attempt(&mut editor, node) else { continue };
                    let place = Place::of(yaml, document.layout().start(node));
                    let _ = write!(self.told, "{place} {what}: ");
                    match outcome {
                        Err(refusal) => self.told += &refusal.message,
                        Ok(()) => {
                            let Editor { edits, changes, .. } = editor;
                            let shown = edits.iter().map(|edit| format!("{:?} {:?}", edit.span, edit.text));
                            self.told += &shown.collect::<Vec<_>>().join(", ");
                            let change = DocumentChange { changes, ..DocumentChange::default() };
                            match proved(&stream, edits, number, change) {
                                Ok(true) => *self.counts.entry(what).or_default() += 1,
                                Ok(false) => {}
                                Err(wrong) => self.wrong.push(format!("{what}: {wrong}")),
                            }
                        }
                    }
                    self.told += "\n";
                }
            }
        }
    }
}

/// Whether the edits are proved to be the change, and touch nothing else; not where the two parsers read the document
/// differently.
fn proved(stream: &Stream<'_>, edits: Vec<Edit>, number: usize, change: DocumentChange) -> Result<bool, String> {
    let yaml = stream.text;
    let text = slice(yaml, &stream.chunks[number].span);
    let alike = verify::document(text, text, &[], 0).is_ok();
    let start = edits.iter().map(|edit| edit.span.start).min().unwrap();
    let end = edits.iter().map(|edit| edit.span.end).max().unwrap();
    let new = splice(yaml, edits, &[]).unwrap().text;
    let (before, behind) = (yaml.get(..start).unwrap(), yaml.get(end..).unwrap());
    let only_there = new.starts_with(before) && new.ends_with(behind);
    let plan = Plan { documents: BTreeMap::from([(number, change)]), ..Plan::default() };
    match verify::verify(stream, &plan, &new) {
        Ok(_) if alike && only_there => Ok(true),
        Err(VerifyError::Ambiguous { .. }) if !alike => Ok(false),
        verdict => Err(format!("{verdict:?}\n{yaml:?}\n{new:?}")),
    }
}

/// Small texts, one for each way to write something.
const TEXTS: &[&str] = &[
    // mappings and lists in block style, comments and blank lines between
    "a: 1\nb: x # c\n",
    "# c\n\na: 1\n",
    "a:\n  b: 1\n  c: 2\n\n# z\nd: 3\n",
    "  a: 1\n  b:\n  - x\n",
    "a:\n- x\n- y # c\nb: 1\n",
    "a:\n  - x\n\n  - y\n# z\n",
    "a:\n  -   b: 1\n      c: 2\n",
    "a:\n-\n  b: 1\n-\n  - x\n",
    "a:\n- - x\n  - y\n- b:\n  - z\n",
    "a:\n# c\n- x\nb: # d\n- y\n",
    "a:\n- x: 1 # c\n  # d\n  y: 2\n  z: 3\n- # e\n  x\n",
    "a:\n- # c\n  b: 1\n",
    "- a: 1\n- b\n",
    "a: x\n  y\nb: 'x\n  y'\n",
    "a: x  \nb:  \nc: 1\n",
    "a:\tx\nb: y\t# c\nc:\n-\tz\n",
    "a: 'x'\n\"b\": \"y\\n\"\n",
    "ä: ö\nb: [ü]\n",
    // anchors, tags, aliases, explicit keys
    "a: &x\n  b: 1\nc: 2\n",
    "a: &x # c\n  - 1\n",
    "a: !!map\n  b: 1\nc: !!str d\n",
    "&x a: 1\nb: 2\n",
    "!!str a: 1\nb: 2\n",
    "a: {b: &x 1, c: 2}\nd: *x\n",
    "a: &x [1]\nb: *x\nc: {<<: {d: 1}}\n",
    "a:\n  &x\n  b: 1\n",
    "? a\n: b\n? c\n: - x\n",
    "? a\nb: 1\n",
    "? |\n  a\n: 1\n",
    // block scalars
    "a: |\n  x\n  y\nb: >-\n  z\n\nc: |+\n  k\n\n\nd: 1\n",
    "a: | # c\nb: 1\n",
    "a: |\t# c\n  x\nb: > # d\n  y\n",
    "a: |2\n    x\n  y\nb: 1\n",
    "a:\n- |\n  x\n- >+\n  y\n\n",
    "a: |\n\n  x\n   \n  y\nb: 1\n",
    "a:\n  |\n  x\nb: 1\n",
    "a: |+\n\n\nb: |+\n\n",
    "a: |\n   x\n  \n \nb: 1\n",
    "a: !!str |\n  x\nb: &y |\n  z\nc: 1\n",
    "a: |\n  x",
    "a: |-\n  x",
    "a: >\n  x\n  ",
    "a: |",
    "a: | # -\n  x",
    "a:\n- b: |\n    x",
    "a: |\n  x\n...\n",
    "a: |+\n  x\n\n...\n",
    "a: |\n  b: 1\n  c: |\n    d\n\n  # e\nf: 1\n",
    "a:\n- |2\n    b: 1\n",
    "a: |-\r\n  b: 1\r\n",
    "a: |\n  b: 1\n  \n  c: 2\nd: >\n  e: 1\nf: 'g: 1'\n",
    "a: |+\n  b: 1\n\n\nc: |+\n  d: 1\n\ne: 1\n",
    "a: |+\n  b\nc: 1\n\nd: 1\n",
    "a: |+\n  b\nc: 1",
    "a: |-\n  b\nc: 1",
    "- |\n  a\n- b",
    // in brackets
    "a: [x, y, z]\nb: {c: 1, d: 2, e: 3}\n",
    "a: [\n  x, # c\n  y, # d\n  z # e\n]\n",
    "a: [\n  x # c\n  , y\n  # d\n  , z,\n]\n",
    "a: [x, y]\n",
    "a: [\n  x,\n  y\n]\n",
    "a: [x, # c\n    y # d\n   ]\n",
    "a: [x, # c\n  ]\n",
    "a: [x,]\n",
    "a: {b: 1, c: [2]}\n",
    "a: {\n  b: 1,\n  c: 2\n  }\n",
    "{\"a\": [\"x\"], \"b\": {\"c\": 1}, \"d\": []}\n",
    "{\"a\": null, \"b\": true}\n",
    "a: []\nb: {}\n",
    "a: [{b: 1}, [c]]\n",
    "a: [b: 1]\n",
    "a: [{b}: 1]\n",
    "a: {b: , c: null, d}\n",
    "a: [ ]\nb: [\n]\n",
    // nothing
    "a:\nb: 1\n",
    "a: null # c\nb: ~\n",
    "a:\n  # c\n  b:\n",
    "a:\n  ~\nb: &x\nc: !!str\n",
    "a: # c\n  null\n",
    "a:\n- b\n- c:\n",
    "a:\n-\n- x\n",
    // line ends, and none
    "a:\r\n- x\r\nb:\r\n  c: 1\r\n",
    "a:\r- x\rb:\r  c: 1\r",
    "a: |\r\n  x\r\n\r\nb: 1\r\n",
    "a:\r\n- x",
    "a:\r- x",
    "a:\n  b: 1",
    "a:",
    "a: [\r\n  x\r\n]",
    "\u{feff}a: 1\nb:\n- x\n",
    // documents
    "---\na: 1\n...\n---\nb:\n- x\n",
    "--- {a: 1}\n",
    "--- # c\na: [1]\n",
    "%YAML 1.2\n---\na: 1\n",
    "---\na:\n- x\n---\nb: 1\n",
];

/// `edits.txt` has what comes of it; it is written anew with `UPDATE_FIXTURES=1`.
#[test]
fn each_edit_everywhere() {
    let mut tried = Tried::default();
    for text in TEXTS {
        let _ = writeln!(tried.told, "{text:?}");
        tried.everywhere(text);
    }
    assert!(tried.wrong.is_empty(), "{}", tried.wrong.join("\n"));
    for (what, _) in ATTEMPTS {
        assert!(tried.counts.get(what).is_some_and(|count| *count > 5), "hardly any edit: {what}");
    }
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/plan/tests/edits.txt");
        #[expect(clippy::disallowed_methods, reason = "a fixture is in version control")]
        std::fs::write(file, &tried.told).unwrap();
        return;
    }
    let expected = include_str!("tests/edits.txt");
    let differs = tried.told.lines().zip(expected.lines()).find(|(is, should)| is != should);
    assert!(tried.told == expected, "{differs:?}: UPDATE_FIXTURES=1 writes it anew");
}
