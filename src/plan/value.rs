//! What is to be written, as data, and how it is written: block or flow, in the style of its neighbours.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::change::Style;
use crate::delegate::{Holds, Mask};
use crate::edit::Edit;
use crate::yaml::{ScalarStyle, Span};

/// The text of a scalar. Reads as a `str`.
#[derive(Clone)]
pub enum Text {
    /// Mostly a word of ours, which takes no room.
    Open(Cow<'static, str>),
    /// A value of the Secret: every delegate of a stream shares it, and it is wiped from memory when the last lets go.
    Secret(Arc<Zeroizing<String>>),
}

impl Text {
    /// A value of the Secret.
    pub fn secret(text: String) -> Text {
        Text::Secret(Arc::new(Zeroizing::new(text)))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Open(text) => text,
            Text::Secret(text) => text,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

/// A scalar to write.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its value.
    pub text: Text,
    /// Its style: plain, single- or double-quoted; literal for an embedded file.
    pub style: ScalarStyle,
    /// What must not be shown of it.
    pub holds: Option<Holds>,
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.holds {
            None => write!(f, "{:?}({:?})", self.style, &*self.text),
            Some(_) => write!(f, "{:?}(***)", self.style),
        }
    }
}

impl Scalar {
    /// A plain scalar.
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Scalar {
        Scalar { text: Text::Open(text.into()), style: ScalarStyle::Plain, holds: None }
    }

    /// A double-quoted scalar.
    pub fn quoted(text: impl Into<Cow<'static, str>>) -> Scalar {
        Scalar { text: Text::Open(text.into()), style: ScalarStyle::DoubleQuoted, holds: None }
    }

    /// A scalar in the style of another one; double-quoted where that style cannot hold it, inside brackets or not.
    pub fn styled(text: &str, style: ScalarStyle, context: Style) -> Scalar {
        Scalar::plain(text.to_owned()).in_style(style, context)
    }

    /// The same scalar in the style of another one, as [`Scalar::styled`] has it.
    pub(super) fn in_style(&self, style: ScalarStyle, context: Style) -> Scalar {
        let style = match style {
            ScalarStyle::Plain if is_plain_safe(&self.text, context) => ScalarStyle::Plain,
            ScalarStyle::SingleQuoted if !self.text.contains(is_escaped) => ScalarStyle::SingleQuoted,
            _ => ScalarStyle::DoubleQuoted,
        };
        Scalar { style, ..self.clone() }
    }

    /// The text of a Secret, masked and double-quoted.
    pub fn secret(text: &Text, holds: Holds) -> Scalar {
        Scalar { text: text.clone(), style: ScalarStyle::DoubleQuoted, holds: Some(holds) }
    }

    /// As it is written.
    pub fn written(&self) -> String {
        match self.style {
            ScalarStyle::Plain => self.text.to_string(),
            ScalarStyle::SingleQuoted => format!("'{}'", escape(&self.text, self.style)),
            _ => format!("\"{}\"", escape(&self.text, self.style)),
        }
    }
}

/// The text between the quotes of a scalar of this style.
pub(super) fn escape(text: &str, style: ScalarStyle) -> String {
    match style {
        ScalarStyle::SingleQuoted => text.replace('\'', "''"),
        ScalarStyle::DoubleQuoted => {
            let mut out = String::with_capacity(text.len());
            for c in text.chars() {
                match c {
                    '"' | '\\' => out.extend(['\\', c]),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    c if is_escaped(c) => out.push_str(&format!("\\U{:08X}", u32::from(c))),
                    c => out.push(c),
                }
            }
            out
        }
        _ => text.to_owned(),
    }
}

/// Whether a character can stand in a double-quoted scalar only.
fn is_escaped(c: char) -> bool {
    // line breaks to readers of YAML 1.1, and the byte order mark
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether a string stays itself without quotes, for readers of YAML 1.1 and 1.2 (YAML 1.2 §7.3.3). Stricter than
/// they are: what could be a number, a date or a word for a boolean in either version is quoted.
fn is_plain_safe(text: &str, context: Style) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || "/_$(<".contains(c))
        || text.starts_with("./")
        || text.starts_with("../");
    let chars = text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    let ends = !text.ends_with([':', ' ']);
    let indicators = text.contains(": ") || text.contains(" #");
    let brackets = context == Style::Flow && text.contains([',', '[', ']', '{', '}']);
    starts && chars && ends && !indicators && !brackets && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// A tree to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A sequence.
    Sequence(Vec<Value>),
    /// A mapping, in order.
    Mapping(Vec<(Scalar, Value)>),
}

impl Value {
    /// A mapping with plain keys.
    pub fn mapping<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
        Value::Mapping(entries.into_iter().map(|(key, value)| (Scalar::plain(key), value)).collect())
    }

    /// The same with every plain scalar quoted except `true`: inside `{"json": "style"}`.
    #[must_use]
    pub fn json(self) -> Value {
        let quote = |scalar: Scalar| match scalar.style {
            ScalarStyle::Plain if &*scalar.text != "true" => Scalar { style: ScalarStyle::DoubleQuoted, ..scalar },
            _ => scalar,
        };
        match self {
            Value::Scalar(scalar) => Value::Scalar(quote(scalar)),
            Value::Sequence(items) => Value::Sequence(items.into_iter().map(Value::json).collect()),
            Value::Mapping(entries) => {
                Value::Mapping(entries.into_iter().map(|(key, value)| (quote(key), value.json())).collect())
            }
        }
    }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Value {
        Value::Scalar(scalar)
    }
}

/// Text that is being written, and what of it must not be shown.
pub(super) struct Writer {
    pub(super) text: String,
    pub(super) masks: Vec<Mask>,
    line_break: &'static str,
    /// How far the dashes of a sequence stand behind the column of its key.
    dash_offset: usize,
    /// How far the keys of a mapping stand behind the column of its key.
    pub(super) step: usize,
}

impl Writer {
    pub(super) fn new(line_break: &'static str, dash_offset: usize) -> Writer {
        Writer { text: String::new(), masks: Vec::new(), line_break, dash_offset, step: 2 }
    }

    /// What was written, as an edit. It is kept until all are planned, so it keeps no spare room.
    pub(super) fn into_edit(mut self, span: Span) -> Edit {
        self.text.shrink_to_fit();
        Edit { span, text: self.text, masks: self.masks }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn line(&mut self, column: usize) {
        self.text.push_str(self.line_break);
        self.text.extend(std::iter::repeat_n(' ', column));
    }

    pub(super) fn scalar(&mut self, scalar: &Scalar) {
        let start = self.text.len();
        self.text.push_str(&scalar.written());
        if let Some(holds) = scalar.holds {
            self.masks.push(Mask { span: start..self.text.len(), holds });
        }
    }

    /// An item of a block sequence: its dash is written here, at `column`.
    pub(super) fn item(&mut self, item: &Value, column: usize, gap: &str) {
        self.push("-");
        self.push(gap);
        self.block(item, column + 1 + gap.len());
    }

    /// The entries of a block mapping, the first where the text stands, the others on lines of their own.
    pub(super) fn entries(&mut self, entries: &[(Scalar, Value)], column: usize) {
        for (number, (key, value)) in entries.iter().enumerate() {
            if number > 0 {
                self.line(column);
            }
            self.entry(key, value, column);
        }
    }

    /// One entry of a block mapping whose keys stand at `column`.
    pub(super) fn entry(&mut self, key: &Scalar, value: &Value, column: usize) {
        self.scalar(key);
        self.push(":");
        self.below(value, column);
    }

    /// The value of a key that stands at `column`: behind its colon, or on the lines below.
    pub(super) fn below(&mut self, value: &Value, column: usize) {
        match value {
            Value::Scalar(scalar) => {
                self.push(" ");
                self.scalar(scalar);
            }
            Value::Mapping(entries) => {
                self.line(column + self.step);
                self.entries(entries, column + self.step);
            }
            Value::Sequence(items) => {
                let dashes = column + self.dash_offset;
                for item in items {
                    self.line(dashes);
                    self.item(item, dashes, " ");
                }
            }
        }
    }

    fn block(&mut self, value: &Value, column: usize) {
        match value {
            Value::Scalar(scalar) => self.scalar(scalar),
            Value::Mapping(entries) => self.entries(entries, column),
            Value::Sequence(_) => self.flow(value),
        }
    }

    pub(super) fn flow(&mut self, value: &Value) {
        match value {
            Value::Scalar(scalar) => self.scalar(scalar),
            Value::Sequence(items) => {
                self.push("[");
                for (number, item) in items.iter().enumerate() {
                    self.push(if number > 0 { ", " } else { "" });
                    self.flow(item);
                }
                self.push("]");
            }
            Value::Mapping(entries) => {
                self.push("{");
                for (number, (key, value)) in entries.iter().enumerate() {
                    self.push(if number > 0 { ", " } else { "" });
                    self.flow_entry(key, value);
                }
                self.push("}");
            }
        }
    }

    pub(super) fn flow_entry(&mut self, key: &Scalar, value: &Value) {
        self.scalar(key);
        self.push(": ");
        self.flow(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_plain() {
        for text in ["https://a.b:8443/c", "/etc/mtls", "./a:/b:ro", "../a", "a-b_c", "PUT_YOUR_MANAGER_ENDPOINT"] {
            assert_eq!(Scalar::styled(text, ScalarStyle::Plain, Style::Flow).written(), text);
        }
        for text in ["", ".", "..", ".5", "yes", "0400", "a: b", "a #b", "{x}", "*a", "x:", "null", "1e3", "-"] {
            for context in [Style::Block, Style::Flow] {
                let written = Scalar::styled(text, ScalarStyle::Plain, context).written();
                assert_eq!(written, format!("\"{text}\""));
            }
        }
        for text in ["${MANAGER}", "<URL>", "PUT YOUR URL", "https://a.b/c%20d,e"] {
            assert_eq!(Scalar::styled(text, ScalarStyle::Plain, Style::Block).written(), text);
        }
        assert_eq!(Scalar::styled("${MANAGER}", ScalarStyle::Plain, Style::Flow).written(), "\"${MANAGER}\"");
        assert_eq!(Scalar::styled("it's", ScalarStyle::SingleQuoted, Style::Flow).written(), "'it''s'");
        assert_eq!(Scalar::quoted("a\u{2028}b").written(), "\"a\\U00002028b\"");
        assert_eq!(Scalar::quoted("a\"\\\u{1}").written(), "\"a\\\"\\\\\\U00000001\"");
    }

    #[test]
    fn debug_shows_no_secret() {
        let scalar = Scalar::secret(&Text::secret("c2VjcmV0".to_owned()), Holds::Secret);
        let shown = format!("{:?}", Value::mapping([("k", scalar.into())]));
        assert_eq!(shown, "Mapping([(Plain(\"k\"), Scalar(DoubleQuoted(***)))])");
        let text = Text::secret("c2VjcmV0".to_owned());
        assert_eq!(format!("{:?}", crate::plan::Pair { certificate: text.clone(), key: text }), "Pair(***)");
    }
}
