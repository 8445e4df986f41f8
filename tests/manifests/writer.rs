//! Data → text, in a style that choices make: a few settings for the whole text, and many choices by the way.

use super::choices::Choices;
use super::node::{Data, Form, Node, Role};

/// How often what is done, in percent, and what is the same in the whole text.
pub(crate) struct Style {
    pub(crate) crlf: bool,
    pub(crate) byte_order_mark: bool,
    pub(crate) final_newline: bool,
    pub(crate) json: bool,
    step: usize,
    dashes: usize,
    gap: usize,
    varied: bool,
    comments: usize,
    blanks: usize,
    trailing: usize,
    flow: usize,
    flow_lines: usize,
    quotes: usize,
    key_quotes: usize,
    escapes: usize,
    folds: usize,
    blocks: usize,
    explicit: usize,
    anchors: usize,
    tags: usize,
    tabs: usize,
    ends: usize,
    directives: usize,
}

impl Style {
    pub(crate) fn new(choices: &mut Choices<'_>) -> Style {
        let step = choices.one_of(&[2, 2, 4, 1, 3, 5, 6, 8]);
        let mut often = |all: &[usize]| choices.one_of(all);
        Style {
            json: often(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1]) == 1,
            crlf: often(&[0, 0, 1]) == 1,
            byte_order_mark: often(&[0, 0, 0, 1]) == 1,
            final_newline: often(&[1, 1, 0]) == 1,
            dashes: often(&[0, step, step, step / 2]),
            gap: often(&[1, 1, 1, 3]),
            varied: often(&[0, 0, 0, 1]) == 1,
            comments: often(&[0, 0, 5, 30]),
            blanks: often(&[0, 0, 5, 20]),
            trailing: often(&[0, 0, 5, 30]),
            flow: often(&[0, 0, 3, 10, 40]),
            flow_lines: often(&[0, 50]),
            quotes: often(&[0, 10, 50, 100]),
            key_quotes: often(&[0, 0, 10, 100]),
            escapes: often(&[0, 0, 0, 10]),
            folds: often(&[0, 0, 20]),
            blocks: often(&[0, 10, 50]),
            explicit: often(&[0, 0, 0, 10]),
            anchors: often(&[0, 0, 10, 30]),
            tags: often(&[0, 0, 0, 15]),
            tabs: often(&[0, 0, 0, 10]),
            ends: often(&[0, 0, 0, 20]),
            directives: often(&[0, 0, 0, 30]),
            step,
        }
    }

    /// That of a file inside a file: one document, indented as a whole by what is around it.
    fn embedded(&self) -> Style {
        Style {
            crlf: false,
            byte_order_mark: false,
            json: false,
            flow: 0,
            directives: 0,
            ends: 0,
            anchors: 0,
            tabs: 0,
            ..*self
        }
    }
}

/// What a value stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    Colon,
    Dash,
    /// Nothing, or the marker of its document.
    Start,
}

pub(crate) struct Writer<'c, 'b> {
    choices: &'c mut Choices<'b>,
    style: &'c Style,
    out: String,
    /// Anchors of this document, and what they stand for.
    anchors: Vec<(String, Data)>,
    names: usize,
    /// A block scalar was written last: comments are indented less than it was.
    behind_block: bool,
    /// It keeps the blank lines behind it, and there are none.
    behind_keep: bool,
    /// This is a file inside a file.
    in_file: bool,
}

const COMMENTS: [&str; 6] =
    ["# a comment", "#", "# - name: OLD", "#   value: x", "# key: [", "# \u{e4}\u{1f980} it's \"so\""];

/// The documents as a text.
pub(crate) fn stream(choices: &mut Choices<'_>, style: &Style, documents: &[Node]) -> String {
    let mut writer = Writer::new(choices, style);
    for (number, document) in documents.iter().enumerate() {
        writer.document(number == 0, documents.len() == 1, document);
    }
    writer.finish()
}

/// One document as a file that stands inside of another.
pub(crate) fn embedded(choices: &mut Choices<'_>, style: &Style, document: &Node) -> String {
    let style = style.embedded();
    let mut writer = Writer { in_file: true, ..Writer::new(choices, &style) };
    writer.value(document, -1, Behind::Start);
    writer.finish()
}

impl<'c, 'b> Writer<'c, 'b> {
    fn new(choices: &'c mut Choices<'b>, style: &'c Style) -> Writer<'c, 'b> {
        Writer {
            choices,
            style,
            out: String::new(),
            anchors: Vec::new(),
            names: 0,
            behind_block: false,
            behind_keep: false,
            in_file: false,
        }
    }

    fn finish(mut self) -> String {
        if !self.style.final_newline && !self.behind_block {
            self.out.pop();
        }
        if self.style.crlf {
            self.out = self.out.replace('\n', "\r\n");
        }
        if self.style.byte_order_mark {
            self.out.insert(0, '\u{feff}');
        }
        self.out
    }

    fn document(&mut self, first: bool, alone: bool, root: &Node) {
        self.anchors.clear();
        if self.style.json {
            let lines = self.choices.chance(50);
            self.flow(root, -1, lines);
            self.out.push('\n');
            return;
        }
        self.noise(0);
        let may_have_directive = first || self.out.lines().last() == Some("...");
        let mut marked = !first || root.data == Data::Null || !alone && self.choices.chance(50);
        if may_have_directive && self.choices.chance(self.style.directives) {
            let directive = self.choices.one_of(&["%YAML 1.2", "%YAML 1.1"]);
            self.line(directive);
            marked = true;
        }
        if marked {
            self.out.push_str("---");
            let in_flow = root.data != Data::Null && !root.has_block_scalar();
            if !in_flow || !self.choices.chance(self.style.flow / 2) {
                self.tail();
                self.noise(0);
                if root.data == Data::Null {
                    self.behind_block = false;
                    return;
                }
            } else {
                self.out.push(' ');
                self.flow(root, -1, true);
                self.tail();
                return self.end();
            }
        }
        self.value(root, -1, Behind::Start);
        self.end();
    }

    fn end(&mut self) {
        if self.choices.chance(self.style.ends) && !self.behind_keep {
            self.line("...");
            self.behind_block = false;
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn indent(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    /// Blank lines and comments before something that stands in this column.
    fn noise(&mut self, column: usize) {
        if self.behind_keep {
            self.behind_keep = false;
            self.behind_block = false;
            return;
        }
        while self.choices.chance(self.style.blanks) {
            let line = if self.choices.chance(self.style.trailing) { "  " } else { "" };
            // behind a block scalar, and at the start of one, blanks would be text
            let starts_file = self.in_file && self.out.trim().is_empty();
            self.line(if self.behind_block || starts_file { "" } else { line });
        }
        while self.choices.chance(self.style.comments) {
            let most = if self.behind_block { column } else { column + 4 };
            let column = if self.choices.chance(50) { self.choices.below(most + 1) } else { column };
            self.indent(column);
            let comment = self.choices.one_of(&COMMENTS);
            self.line(comment);
        }
        self.behind_block = false;
    }

    /// What stands behind something on its line, and the line's end.
    fn tail(&mut self) {
        if self.choices.chance(self.style.comments) {
            let blank = self.blank();
            self.out.push_str(blank);
            let comment = self.choices.one_of(&COMMENTS);
            self.out.push_str(comment);
        } else if self.choices.chance(self.style.trailing) {
            let blank = self.blank();
            self.out.push_str(blank);
        }
        self.out.push('\n');
    }

    fn blank(&mut self) -> &'static str {
        // the second parser takes no tab behind a colon or a dash
        let is_behind_text = !self.out.ends_with([':', '-', ' ', '\n']);
        if is_behind_text && self.choices.chance(self.style.tabs) {
            "\t"
        } else {
            self.choices.one_of(&[" ", " ", "  "])
        }
    }

    fn step(&mut self) -> usize {
        if self.style.varied { 1 + self.choices.below(8) } else { self.style.step }
    }

    fn value(&mut self, node: &Node, parent: isize, behind: Behind) {
        let at_start = behind == Behind::Start;
        if !at_start && self.alias(node) {
            return self.tail();
        }
        let column = usize::try_from(parent).unwrap_or_default();
        let properties = self.properties(node, at_start);
        let is_empty = match &node.data {
            Data::List(items) => items.is_empty(),
            Data::Map(entries) => entries.is_empty(),
            _ => false,
        };
        let is_block = node.has_block_scalar() || self.in_file && at_start;
        let in_block = !is_empty && (is_block || !self.choices.chance(self.style.flow));
        match &node.data {
            Data::Map(entries) if in_block => {
                let compact = behind == Behind::Dash && properties.is_empty() && !self.choices.chance(self.style.flow);
                let column = match behind {
                    Behind::Start if properties.is_empty() => 0,
                    Behind::Start => {
                        self.line(properties.trim_start());
                        0
                    }
                    Behind::Dash if compact => {
                        let gap = self.style.gap;
                        self.indent(gap);
                        column + 1 + gap
                    }
                    _ => {
                        self.out.push_str(&properties);
                        self.tail();
                        column + self.step()
                    }
                };
                let explicit = if node.role == Role::Edited { 0 } else { self.style.explicit };
                for (number, (key, value)) in entries.iter().enumerate() {
                    if number > 0 || !compact {
                        self.noise(column);
                        self.indent(column);
                    }
                    self.entry(key, value, column, explicit);
                }
            }
            Data::List(items) if in_block => {
                let column = match behind {
                    Behind::Start => 0,
                    Behind::Colon => {
                        let dashes = self.style.dashes;
                        column + if self.style.varied { self.choices.below(9) } else { dashes }
                    }
                    Behind::Dash => column + self.step(),
                };
                self.out.push_str(&properties);
                self.tail();
                for item in items {
                    self.noise(column);
                    self.indent(column);
                    self.out.push('-');
                    self.value(item, column.try_into().unwrap(), Behind::Dash);
                }
            }
            Data::List(_) | Data::Map(_) => {
                self.gap(behind);
                self.out.push_str(properties.trim_start());
                if !properties.is_empty() {
                    self.out.push(' ');
                }
                let lines = self.choices.chance(self.style.flow_lines);
                self.flow(node, parent, lines);
                self.tail();
            }
            _ => self.scalar(node, parent, behind, &properties),
        }
    }

    fn gap(&mut self, behind: Behind) {
        if behind != Behind::Start {
            let blank = if behind == Behind::Colon { self.choices.one_of(&[" ", " ", "  "]) } else { " " };
            self.out.push_str(blank);
        }
    }

    fn entry(&mut self, key: &str, value: &Node, column: usize, explicit: usize) {
        let is_explicit = self.choices.chance(explicit);
        if is_explicit {
            self.out.push_str("? ");
        }
        self.key(key);
        if is_explicit {
            self.tail();
            self.noise(column);
            self.indent(column);
        } else if self.choices.chance(self.style.explicit) {
            self.out.push(' ');
        }
        self.out.push(':');
        self.value(value, column.try_into().unwrap(), Behind::Colon);
    }

    fn key(&mut self, key: &str) {
        // a merge key in quotes is none
        let quoted = key != "<<" && (self.style.json || self.choices.chance(self.style.key_quotes));
        let is_plain = key == "<<" || is_plain(key, true);
        match (quoted || !is_plain, self.style.json || self.choices.chance(50)) {
            (false, _) => self.out.push_str(key),
            (true, true) => self.out.push_str(&format!("\"{key}\"")),
            (true, false) => self.out.push_str(&format!("'{key}'")),
        }
    }

    /// Writes an alias where there is an anchor with the same below it.
    fn alias(&mut self, node: &Node) -> bool {
        let name = match node.role {
            Role::Alias(number) => format!("d{number}"),
            Role::Free if !self.style.json && node.data != Data::Null => {
                let found = self.anchors.iter().find(|(_, data)| *data == node.data);
                let Some((name, _)) = found else { return false };
                let name = name.clone();
                if !self.choices.chance(60) {
                    return false;
                }
                name
            }
            _ => return false,
        };
        self.out.push_str(&format!(" *{name}"));
        true
    }

    /// An anchor and a tag, each behind a blank.
    fn properties(&mut self, node: &Node, at_start: bool) -> String {
        let mut properties = String::new();
        if let Role::Anchor(number) = node.role {
            properties.push_str(&format!(" &d{number}"));
        }
        if node.role == Role::Forced(Form::Tagged) {
            return " !!str".to_owned();
        }
        if node.role != Role::Free || self.style.json || at_start {
            return properties;
        }
        if self.choices.chance(self.style.tags) {
            properties.push_str(match &node.data {
                Data::Null => return properties,
                Data::Bare("true" | "false") => " !!bool",
                Data::Bare(_) => " !!int",
                Data::Text(_) => " !!str",
                Data::List(_) => " !!seq",
                Data::Map(_) => " !!map",
            });
        }
        if self.choices.chance(self.style.anchors) && node.data != Data::Null {
            self.names += 1;
            let name = format!("a{}", self.names);
            properties.push_str(&format!(" &{name}"));
            self.anchors.push((name, node.data.clone()));
        }
        properties
    }

    fn scalar(&mut self, node: &Node, parent: isize, behind: Behind, properties: &str) {
        let text = match &node.data {
            Data::Text(text) => text.as_str(),
            Data::Bare(text) => {
                self.out.push_str(properties);
                self.gap(behind);
                self.out.push_str(text);
                return self.tail();
            }
            _ => {
                self.out.push_str(properties);
                let null = self.choices.one_of(&["", " null", " ~"]);
                self.out.push_str(null);
                return self.tail();
            }
        };
        self.out.push_str(properties);
        self.gap(behind);
        let blocks = match node.role {
            Role::Literal | Role::Forced(Form::BlockScalar | Form::Folded) => 100,
            Role::Free if behind != Behind::Start => self.style.blocks,
            _ => 0,
        };
        let is_textual = !text.trim().is_empty() && !text.contains(['\r', '\t', '\u{feff}']);
        let blocks = if blocks == 100 || text.contains('\n') { blocks } else { blocks / 5 };
        if is_textual && self.choices.chance(blocks) {
            let folded = node.role == Role::Forced(Form::Folded)
                || node.role == Role::Free && self.choices.chance(30) && !text.trim_end_matches('\n').contains('\n');
            return self.block_scalar(text, parent, folded);
        }
        let fold = if node.role == Role::Free { Some(parent) } else { None };
        let quoted = node.role == Role::Forced(Form::DoubleQuoted);
        self.flow_scalar(text, fold, false, quoted);
        self.tail();
    }

    fn block_scalar(&mut self, text: &str, parent: isize, folded: bool) {
        let column = usize::try_from(parent).unwrap_or_default();
        let own = 1 + self.choices.below(8);
        let own = if self.style.varied { own } else { self.style.step };
        self.out.push(if folded { '>' } else { '|' });
        let body = text.trim_end_matches('\n');
        let chomp = match text.len() - body.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let needs_indicator = text.starts_with([' ', '\n']);
        let indicator = if needs_indicator || self.choices.chance(20) { own.to_string() } else { String::new() };
        let header =
            if self.choices.chance(50) { format!("{indicator}{chomp}") } else { format!("{chomp}{indicator}") };
        self.out.push_str(&header);
        self.tail();
        let folds = |line: &str| folded && !line.is_empty() && !line.starts_with(' ');
        let mut before = "";
        for line in body.split('\n') {
            // between two lines that fold, a line end is a blank line
            if folds(line) && folds(before) {
                self.line("");
            }
            let mut rest = line;
            // a folded line may be broken at a single blank
            while folds(rest) && self.choices.chance(30) {
                let Some(at) = break_of(rest) else { break };
                self.indent(column + own);
                self.line(&rest[..at]);
                rest = &rest[at + 1..];
            }
            if !rest.is_empty() {
                self.indent(column + own);
            }
            self.line(rest);
            before = if line.is_empty() { before } else { line };
        }
        (1..text.len() - body.len()).for_each(|_| self.out.push('\n'));
        self.behind_block = true;
        self.behind_keep = chomp == "+";
    }

    /// A scalar on one line, or on several below `fold`.
    fn flow_scalar(&mut self, text: &str, fold: Option<isize>, in_flow: bool, double: bool) {
        let quote = match () {
            () if self.style.json || double || text.contains(|c: char| c.is_control()) => '"',
            () if self.choices.chance(self.style.quotes) || !is_plain(text, in_flow) => {
                self.choices.one_of(&['"', '\''])
            }
            () => ' ',
        };
        let fold = fold.filter(|_| self.style.folds > 0 && !self.style.json);
        let mut written = String::new();
        for (at, c) in text.char_indices() {
            let breaks = c == ' ' && at > 0 && !text[..at].ends_with(' ') && !text[at + 1..].starts_with(' ');
            let breaks = breaks && !text[at + 1..].starts_with('#') && at + 1 < text.len();
            match c {
                ' ' if breaks && fold.is_some() && self.choices.chance(self.style.folds) => {
                    let column = usize::try_from(fold.unwrap_or_default()).unwrap_or_default() + self.step();
                    written.push('\n');
                    written.extend(std::iter::repeat_n(' ', column));
                }
                '\n' if quote == '"' => written.push_str("\\n"),
                '\t' if quote == '"' => written.push_str("\\t"),
                '"' | '\\' if quote == '"' => written.extend(['\\', c]),
                '\'' if quote == '\'' => written.push_str("''"),
                c if quote == '"' && fold.is_some() && c.is_ascii() && self.choices.chance(self.style.escapes) => {
                    written.push_str(&format!("\\x{:02x}", u32::from(c)));
                }
                c => written.push(c),
            }
        }
        match quote {
            ' ' => self.out.push_str(&written),
            quote => self.out.push_str(&format!("{quote}{written}{quote}")),
        }
    }

    /// A collection in brackets. On `lines`, its children stand on lines of their own.
    fn flow(&mut self, node: &Node, parent: isize, lines: bool) {
        let lines = lines && (self.style.json || self.choices.chance(80));
        let column = usize::try_from(parent).unwrap_or_default() + self.step().max(1);
        let (brackets, count) = match &node.data {
            Data::List(items) => (['[', ']'], items.len()),
            Data::Map(entries) => (['{', '}'], entries.len()),
            Data::Text(text) => {
                let fold = (node.role == Role::Free).then_some(parent);
                return self.flow_scalar(text, fold, true, false);
            }
            Data::Bare(text) => return self.out.push_str(text),
            Data::Null => return self.out.push_str("null"),
        };
        let pad = !self.style.json && self.choices.chance(20) && count > 0;
        self.out.push(brackets[0]);
        if pad && !lines {
            self.out.push(' ');
        }
        let own: isize = column.try_into().unwrap();
        for number in 0..count {
            if lines {
                self.flow_line();
                self.indent(column);
            }
            match &node.data {
                Data::List(items) => self.flow_value(&items[number], own, lines),
                Data::Map(entries) => {
                    let (key, value) = &entries[number];
                    self.key(key);
                    self.out.push(':');
                    let is_quoted = self.out.ends_with("\":") || self.out.ends_with("':");
                    if !(is_quoted && self.choices.chance(self.style.explicit)) {
                        self.out.push(' ');
                    }
                    self.flow_value(value, own, lines);
                }
                _ => {}
            }
            if number + 1 < count {
                self.out.push(',');
                if !lines {
                    self.out.push(' ');
                }
            } else if lines && !self.style.json && self.choices.chance(20) {
                self.out.push(',');
            }
        }
        if lines && count > 0 {
            self.flow_line();
            self.indent(column);
        }
        if pad && !lines {
            self.out.push(' ');
        }
        self.out.push(brackets[1]);
    }

    /// Ends a line inside brackets.
    fn flow_line(&mut self) {
        if self.style.json {
            self.out.push('\n');
        } else {
            self.tail();
        }
    }

    fn flow_value(&mut self, node: &Node, parent: isize, lines: bool) {
        let start = self.out.len();
        if !self.style.json && self.alias(node) {
            self.out.remove(start);
            return;
        }
        let properties = self.properties(node, false);
        if !properties.is_empty() {
            self.out.push_str(&format!("{} ", properties.trim_start()));
        }
        self.flow(node, parent, lines);
    }
}

/// Where a line may be broken: at a single blank between two words.
fn break_of(line: &str) -> Option<usize> {
    let blank = |at: &(usize, &str)| {
        at.0 > 0 && !line[..at.0].ends_with(' ') && !line[at.0 + 1..].starts_with(' ') && at.0 + 1 < line.len()
    };
    line.match_indices(' ').find(blank).map(|(at, _)| at)
}

/// Whether a text means itself without quotes, to YAML 1.1 and 1.2, inside brackets or not.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' && text.len() > 1);
    let is_word = |c: char| c.is_ascii_alphanumeric() || "./_-:@=\u{e4}".contains(c) || c == ' ' && !in_flow;
    let is_other = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .iter()
        .any(|other| other.eq_ignore_ascii_case(text));
    starts_well && text.chars().all(is_word) && !is_other && !text.ends_with([':', ' ']) && !text.contains(": ")
}
