//! The edits of one document: where new text goes, in the style of what stands around it, and what may not be edited.

use super::Refusal;
use super::change::{Change, Operation, Style};
use super::value::{Scalar, Value, Writer, escape};
use crate::edit::Edit;
use crate::yaml::{Document, Found, Kind, Layout, NodeId, ScalarStyle, Span};

/// White space within a line (YAML 1.2 §6.1).
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// Edits of one document, and what they mean.
pub(super) struct Editor<'d, 't> {
    pub(super) document: &'d Document<'t>,
    pub(super) edits: Vec<Edit>,
    pub(super) changes: Vec<Change>,
    /// The keys, values and items that are taken out.
    pub(super) gone: Vec<NodeId>,
    /// How far a mapping that fills a null stands behind its key.
    pub(super) step: usize,
    /// How far the dashes of a new list stand behind its key, where no list of the mapping tells. Not at all, in the
    /// platform's template.
    pub(super) dashes: usize,
}

impl<'d, 't> Editor<'d, 't> {
    pub(super) fn new(document: &'d Document<'t>) -> Editor<'d, 't> {
        Editor { document, edits: Vec::new(), changes: Vec::new(), gone: Vec::new(), step: 2, dashes: 0 }
    }

    pub(super) fn layout(&self) -> Layout<'d, 't> {
        self.document.layout()
    }

    pub(super) fn refuse(&self, node: NodeId, message: impl Into<String>) -> Refusal {
        Refusal::at(self.layout().start(node), message)
    }

    /// Refuses a node whose edit would show in other places as well, or that is written where we cannot see.
    pub(super) fn editable(&self, found: Found) -> Result<NodeId, Refusal> {
        let document = self.document;
        if let Some(via) = found.via {
            let name = document.previous(via).and_then(|key| document.scalar(key)).map(|key| format!("`{key}`"));
            let what = match document.kind(via) {
                Kind::Alias { .. } => {
                    format!("{} is an alias here, and has to change", name.as_deref().unwrap_or("this"))
                }
                _ => "what has to change comes from a merge key".to_owned(),
            };
            return Err(self.refuse(via, what).help("write the entries out in this place, then run again"));
        }
        if let Some(shared) = document.shared(found.node) {
            return Err(self
                .refuse(
                    shared,
                    "what has to change stands below this anchor, and an alias elsewhere would change with it",
                )
                .help("write the entries out where the alias stands, then run again"));
        }
        Ok(found.node)
    }

    pub(super) fn end(&self, node: NodeId) -> Result<usize, Refusal> {
        self.layout()
            .end(node)
            .ok_or_else(|| self.refuse(node, "this block scalar is written in a way we cannot edit beside"))
    }

    pub(super) fn last_line_end(&self, node: NodeId) -> Result<usize, Refusal> {
        Ok(self.layout().line_end(self.end(node)?))
    }

    /// Refuses to put anything behind a block scalar at the end of a text without a final line end.
    pub(super) fn refuse_behind(&self, scalar: NodeId) -> Refusal {
        self.refuse(scalar, "this block scalar ends the text without a line end, and would get one from the edit")
            .help("end the file with a line end, then run again")
    }

    /// The end of the line behind which something new goes.
    pub(super) fn place_behind(&self, node: NodeId) -> Result<usize, Refusal> {
        match self.layout().open_block_scalar(node) {
            None => self.last_line_end(node),
            Some(scalar) => Err(self.refuse_behind(scalar)),
        }
    }

    pub(super) fn is_flow(&self, node: NodeId) -> bool {
        matches!(self.document.kind(node), Kind::Sequence { flow: true } | Kind::Mapping { flow: true })
    }

    /// Whether a node stands inside brackets.
    fn context(&self, node: NodeId) -> Style {
        let parent = self.document.parent(node);
        if parent.is_some_and(|parent| self.is_flow(parent)) { Style::Flow } else { Style::Block }
    }

    /// Refuses to put another scalar behind a tag, which would change what it means.
    fn untagged(&self, node: NodeId) -> Result<(), Refusal> {
        if self.document.node(node).tagged {
            return Err(self
                .refuse(node, "this value has to change, and it carries a tag")
                .help("take the tag (`!!str` and the like) away, then run again"));
        }
        Ok(())
    }

    /// Whether the keys of a flow collection are written as JSON has them; one without keys is as the one around it.
    fn is_json(&self, node: NodeId) -> bool {
        let around = std::iter::successors(Some(node), |&node| self.document.parent(node));
        let mut first = around.take_while(|&node| self.is_flow(node)).filter_map(|node| {
            let mapping = match self.document.kind(node) {
                Kind::Sequence { .. } => self.document.last_child(node).unwrap_or(node),
                _ => node,
            };
            self.document.entries(mapping).next()
        });
        first.next().is_some_and(|entry| self.document.kind(entry.key) == Kind::Scalar(ScalarStyle::DoubleQuoted))
    }

    pub(super) fn changed(&mut self, node: NodeId, operation: Operation) {
        self.changes.push(Change { path: self.document.path(node), operation });
    }

    pub(super) fn count(&self, collection: NodeId) -> usize {
        let children = self.document.last_child(collection).map_or(0, |last| self.document.node(last).index() + 1);
        if matches!(self.document.kind(collection), Kind::Mapping { .. }) { children / 2 } else { children }
    }

    /// Inserts what a writer wrote.
    pub(super) fn insert(&mut self, offset: usize, writer: Writer) {
        self.edits.push(writer.into_edit(offset..offset));
    }

    pub(super) fn delete(&mut self, span: Span) {
        self.edits.push(Edit { span, text: String::new(), masks: Vec::new() });
    }

    /// Puts a new scalar in the place of a value, in the quotes that are there.
    pub(super) fn replace(&mut self, found: Found, value: &Scalar) -> Result<(), Refusal> {
        let node = self.editable(found)?;
        self.untagged(node)?;
        let layout = self.layout();
        let (span, style) = match self.document.kind(node) {
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
                let block =
                    layout.block_scalar(node).ok_or_else(|| self.refuse(node, "cannot replace this block scalar"))?;
                let header = self.document.text.get(block.header..layout.line_end(block.header)).unwrap_or_default();
                if header.contains('#') {
                    return Err(self.refuse(node, "cannot replace a block scalar with a comment in its header"));
                }
                (block.header..block.end, ScalarStyle::DoubleQuoted)
            }
            // what stands without quotes in JSON is no string
            Kind::Scalar(ScalarStyle::Plain)
                if self.document.parent(node).is_some_and(|parent| self.is_json(parent)) =>
            {
                (self.document.node(node).span.clone(), ScalarStyle::DoubleQuoted)
            }
            Kind::Scalar(style) => (self.document.node(node).span.clone(), style),
            _ if self.is_flow(node) => (self.document.node(node).span.clone(), ScalarStyle::DoubleQuoted),
            _ => return Err(self.refuse(node, "expected one value here")),
        };
        let mut writer = Writer::new("", 0);
        let (span, style) = if span.is_empty() {
            if self.document.node(node).anchored {
                return Err(self.refuse(node, "an edit is needed at this anchor").help("write the value out"));
            }
            // `key:` — the value's place is behind the colon
            writer.push(" ");
            let end = self.behind_colon(node)?;
            (end..end, ScalarStyle::DoubleQuoted)
        } else {
            (span, style)
        };
        let styled = value.in_style(style, Style::Flow);
        writer.scalar(&styled);
        self.edits.push(writer.into_edit(span));
        self.changed(node, Operation::Replace(styled.into(), Style::Block));
        Ok(())
    }

    /// Changes the first bytes of a scalar's value from `old` to `new` and keeps the rest as it is written.
    pub(super) fn replace_prefix(&mut self, found: Found, old: &str, new: &str) -> Result<(), Refusal> {
        let node = self.editable(found)?;
        self.untagged(node)?;
        let Kind::Scalar(style) = self.document.kind(node) else {
            return Err(self.refuse(node, "expected one value here"));
        };
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return Err(self
                .refuse(node, "this value has to change, and it is written as a block scalar")
                .help("write it on one line, in quotes"));
        }
        let (value, span) = (&self.document.node(node).value, self.document.node(node).span.clone());
        let rest = value.strip_prefix(old).unwrap_or_default();
        let context = self.context(node);
        let target = Scalar::styled(&format!("{new}{rest}"), style, context);
        let quote = usize::from(style != ScalarStyle::Plain);
        let raw = crate::yaml::slice(self.document.text, &span);
        let keeps_style = style != ScalarStyle::Plain || Scalar::styled(new, style, context).style == style;
        let raw_old = escape(old, style);
        let written_plainly = raw.get(quote..).is_some_and(|raw| raw.starts_with(&raw_old));
        let (edit, style) = if keeps_style && written_plainly {
            let start = span.start + quote;
            (Edit { span: start..start + raw_old.len(), text: escape(new, style), masks: Vec::new() }, style)
        } else {
            (Edit { span, text: target.written(), masks: Vec::new() }, target.style)
        };
        self.edits.push(edit);
        self.changed(node, Operation::Replace(Scalar { style, ..target }.into(), Style::Block));
        Ok(())
    }

    /// Appends items to the sequence that is the value of `key`. Where it is missing, the key goes behind the entry
    /// `after`, or last; where it is null or empty, it is filled.
    pub(super) fn append_items(
        &mut self,
        mapping: Found,
        key: &str,
        after: &str,
        items: Vec<Value>,
    ) -> Result<(), Refusal> {
        let document = self.document;
        let Some(sequence) = document.get(mapping, key) else {
            return self.insert_sequence(mapping, key, after, items);
        };
        let node = self.editable(sequence)?;
        let position = self.count(node);
        match document.kind(node) {
            Kind::Sequence { flow: true } => {
                let json = self.is_json(node) || self.is_json(mapping.node) && self.is_flow(mapping.node);
                for item in items {
                    let item = if json { item.json() } else { item };
                    self.append_flow(node, |writer| writer.flow(&item))?;
                    self.changed(node, Operation::InsertItem(position, item, Style::Flow));
                }
            }
            Kind::Sequence { flow: false } => {
                let Some(last) = document.last_child(node) else {
                    return Err(self.refuse(node, "expected items here"));
                };
                let layout = self.layout();
                let (Some(dash), Some(gap)) = (layout.dash(last), layout.dash_gap(last)) else {
                    return Err(self.refuse(node, format!("`{key}` is written in a way we cannot extend")));
                };
                let offset = self.place_behind(last)?;
                for item in items {
                    let mut writer = Writer::new(layout.line_break_near(offset), 0);
                    writer.line(layout.column(dash));
                    writer.item(&item, layout.column(dash), gap);
                    self.insert(offset, writer);
                    self.changed(node, Operation::InsertItem(position, item, Style::Block));
                }
            }
            _ if document.is_null(node) => self.fill_null(mapping.node, node, Value::Sequence(items))?,
            _ => return Err(self.refuse(node, format!("`{key}` is not a list"))),
        }
        Ok(())
    }

    /// Where a value goes: behind the colon of its key.
    fn behind_colon(&self, value: NodeId) -> Result<usize, Refusal> {
        self.layout()
            .introduced_at(value)
            .ok_or_else(|| self.refuse(value, "this key has no colon, and needs a value").help("write the value out"))
    }

    /// `key:` or `key: null` → a list or a mapping.
    pub(super) fn fill_null(&mut self, mapping: NodeId, null: NodeId, value: Value) -> Result<(), Refusal> {
        self.editable(Found { node: null, via: None })?;
        let layout = self.layout();
        let span = self.document.node(null).span.clone();
        let behind_colon = self.behind_colon(null)?;
        let between = self.document.text.get(behind_colon..span.start).unwrap_or_default();
        if !span.is_empty() && !between.trim_matches([' ', '\t']).is_empty() {
            return Err(self.refuse(null, "this null does not stand beside its key").help("write the list out"));
        }
        if self.document.node(null).anchored {
            return Err(self.refuse(null, "an edit is needed at this anchor").help("write the list out"));
        }
        if self.is_flow(mapping) {
            let value = if self.is_json(mapping) { value.json() } else { value };
            let mut writer = Writer::new("", 0);
            writer.push(" ");
            writer.flow(&value);
            let end = if span.is_empty() { behind_colon } else { span.end };
            self.edits.push(writer.into_edit(behind_colon..end));
            self.changed(null, Operation::Replace(value, Style::Flow));
            return Ok(());
        }
        if !span.is_empty() {
            self.delete(behind_colon..span.end);
        }
        let column = self.key_column(mapping)?;
        let offset = layout.line_end(if span.is_empty() { behind_colon } else { span.end });
        let mut writer = Writer::new(layout.line_break_near(offset), self.dash_offset(mapping, "env"));
        writer.step = self.step;
        writer.below(&value, column);
        self.insert(offset, writer);
        self.changed(null, Operation::Replace(value, Style::Block));
        Ok(())
    }

    pub(super) fn key_column(&self, mapping: NodeId) -> Result<usize, Refusal> {
        self.layout().key_column(mapping).ok_or_else(|| {
            self.refuse(mapping, "the keys of this mapping are written in a way we cannot extend")
                .help("write them as plain `key: value` lines, in one column")
        })
    }

    /// How far the dashes of the lists in a mapping stand behind its keys: as in the list `like`, in any list of the
    /// mapping, in the list that the mapping is an item of; else as the format has it.
    fn dash_offset(&self, mapping: NodeId, like: &str) -> usize {
        let document = self.document;
        let layout = self.layout();
        let offset = |list: NodeId| {
            let item = document.items(list).next()?;
            let key = document.previous(list)?;
            let (dash, key) = (layout.dash(item)?, document.node(key).span.start);
            matches!(document.kind(list), Kind::Sequence { flow: false })
                .then(|| layout.column(dash).checked_sub(layout.column(key)))?
        };
        let liked = document.entry_of(mapping, like).and_then(|entry| offset(entry.value));
        let any = || document.entries(mapping).find_map(|entry| offset(entry.value));
        let around = || offset(document.parent(mapping)?);
        liked.or_else(any).or_else(around).unwrap_or(self.dashes)
    }

    fn insert_sequence(&mut self, mapping: Found, key: &str, after: &str, items: Vec<Value>) -> Result<(), Refusal> {
        let node = self.editable(mapping)?;
        if let Some(merge) = self.document.merge_key(node) {
            return Err(self
                .refuse(merge, format!("the mapping that needs a new `{key}` has a merge key"))
                .help("write the entries out in this place, then run again"));
        }
        let Kind::Mapping { flow } = self.document.kind(node) else {
            return Err(self.refuse(node, "expected a mapping here"));
        };
        let neighbour = self.document.entry_of(node, after).or_else(|| self.document.entries(node).last());
        let Some(neighbour) = neighbour else { return Err(self.refuse(node, "expected entries here")) };
        let position = self.document.node(neighbour.value).index().div_ceil(2);
        let (key, value) = (Scalar::plain(key.to_owned()), Value::Sequence(items));
        if flow {
            self.braced(node)?;
            let (key, value) =
                if self.is_json(node) { (Scalar::quoted(key.text.to_string()), value.json()) } else { (key, value) };
            self.insert_flow(neighbour.value, neighbour.key, |writer| writer.flow_entry(&key, &value))?;
            self.changed(node, Operation::InsertEntry(position, key, value, Style::Flow));
        } else {
            let column = self.key_column(node)?;
            let offset = self.place_behind(neighbour.value)?;
            let mut writer = Writer::new(self.layout().line_break_near(offset), self.dash_offset(node, after));
            writer.line(column);
            writer.entry(&key, &value, column);
            self.insert(offset, writer);
            self.changed(node, Operation::InsertEntry(position, key, value, Style::Block));
        }
        Ok(())
    }

    /// Refuses the pair that stands in a flow sequence without braces of its own: `[a: b]`. There is no place in it for
    /// another one (YAML 1.2 §7.4.1).
    fn braced(&self, mapping: NodeId) -> Result<(), Refusal> {
        let start = self.document.node(mapping).span.start;
        // a key may begin with a brace of its own
        let is_key = self.document.entries(mapping).any(|entry| self.document.node(entry.key).span.start == start);
        if !is_key && self.document.text.get(start..).is_some_and(|text| text.starts_with('{')) {
            return Ok(());
        }
        Err(self
            .refuse(mapping, "this pair has no braces around it, and needs another one beside it")
            .help("write `{…}` around it"))
    }

    /// Appends to a flow collection.
    fn append_flow(&mut self, collection: NodeId, write: impl FnOnce(&mut Writer)) -> Result<(), Refusal> {
        match self.document.last_child(collection) {
            Some(last) => {
                let start = if matches!(self.document.kind(collection), Kind::Mapping { .. }) {
                    self.document.previous(last).unwrap_or(last)
                } else {
                    last
                };
                self.insert_flow(last, start, write)
            }
            None => {
                let offset = self.document.node(collection).span.start + 1;
                // several items go to one offset: all but the first behind a comma
                let follows = self.edits.iter().any(|edit| edit.span == (offset..offset));
                let mut writer = Writer::new("", 0);
                writer.push(if follows { ", " } else { "" });
                write(&mut writer);
                self.insert(offset, writer);
                Ok(())
            }
        }
    }

    /// Inserts behind a child of a flow collection that starts at `start` and ends with `last`: on a line of its own if
    /// that one stands on a line of its own.
    fn insert_flow(&mut self, last: NodeId, start: NodeId, write: impl FnOnce(&mut Writer)) -> Result<(), Refusal> {
        let layout = self.layout();
        let offset = self.end(last)?;
        let start = self.document.node(start).span.start;
        let behind = self.document.text.get(offset..).unwrap_or_default().trim_start_matches(BLANKS);
        let behind_comma = behind.strip_prefix(',').map(|behind| behind.trim_start_matches(BLANKS));
        if behind_comma.is_some_and(|behind| behind.starts_with('#')) {
            // the comment stays with what it stands behind, and so does the comma
            let mut writer = Writer::new(layout.line_break_near(start), 0);
            writer.line(layout.column(start));
            write(&mut writer);
            writer.push(",");
            self.insert(layout.line_end(offset), writer);
            return Ok(());
        }
        if behind.starts_with('#') {
            let line_end = layout.line_end(offset);
            let mut writer = Writer::new(layout.line_break_near(start), 0);
            // so does the comment here, but the comma is ours
            let follows = self.edits.iter().any(|edit| edit.span == (line_end..line_end));
            if follows {
                writer.push(",");
            } else {
                self.edits.push(Edit { span: offset..offset, text: ",".to_owned(), masks: Vec::new() });
            }
            writer.line(layout.column(start));
            write(&mut writer);
            self.insert(line_end, writer);
            return Ok(());
        }
        let own_line = layout.starts_line(start);
        let mut writer = Writer::new(if own_line { layout.line_break_near(start) } else { "" }, 0);
        writer.push(",");
        if own_line {
            writer.line(layout.column(start));
        } else {
            writer.push(" ");
        }
        write(&mut writer);
        self.insert(offset, writer);
        Ok(())
    }

    /// Appends entries to a mapping, or inserts them on the lines before the entry of `before`.
    pub(super) fn add_entries(
        &mut self,
        mapping: Found,
        before: Option<&str>,
        entries: Vec<(Scalar, Value)>,
    ) -> Result<(), Refusal> {
        let node = self.editable(mapping)?;
        let Kind::Mapping { flow } = self.document.kind(node) else {
            return Err(self.refuse(node, "expected a mapping here"));
        };
        let next = before.and_then(|key| self.document.entry_of(node, key));
        let position = next.map_or(self.count(node), |entry| self.document.node(entry.key).index() / 2);
        if flow {
            self.braced(node)?;
            for (key, value) in entries {
                let (key, value) = if self.is_json(node) {
                    (Scalar::quoted(key.text.to_string()), value.json())
                } else {
                    (key, value)
                };
                self.append_flow(node, |writer| writer.flow_entry(&key, &value))?;
                self.changed(node, Operation::InsertEntry(self.count(node), key, value, Style::Flow));
            }
            return Ok(());
        }
        let column = self.key_column(node)?;
        let layout = self.layout();
        match next {
            Some(next) => {
                let start = self.document.node(next.key).span.start;
                let mut writer = Writer::new(layout.line_break_near(start), 0);
                match layout.previous_line_end(start) {
                    // behind the line before, as they are taken out again
                    Some(offset) if layout.starts_line(start) => {
                        for (key, value) in &entries {
                            writer.line(column);
                            writer.entry(key, value, column);
                        }
                        self.insert(offset, writer);
                    }
                    _ => {
                        for (key, value) in &entries {
                            writer.entry(key, value, column);
                            writer.line(column);
                        }
                        self.insert(start, writer);
                    }
                }
            }
            None => {
                let Some(last) = self.document.last_child(node) else {
                    return Err(self.refuse(node, "expected entries here"));
                };
                let offset = self.place_behind(last)?;
                let mut writer = Writer::new(layout.line_break_near(offset), 0);
                for (key, value) in &entries {
                    writer.line(column);
                    writer.entry(key, value, column);
                }
                self.insert(offset, writer);
            }
        }
        for (key, value) in entries {
            self.changed(node, Operation::InsertEntry(position, key, value, Style::Block));
        }
        Ok(())
    }

    /// Inserts an item into a sequence before another one; comments above that one stay with it.
    pub(super) fn insert_item_before(&mut self, item: NodeId, value: Value) -> Result<(), Refusal> {
        let Some(sequence) = self.document.parent(item) else {
            return Err(self.refuse(item, "expected a list around this"));
        };
        self.editable(Found { node: sequence, via: None })?;
        let position = self.document.node(item).index();
        let layout = self.layout();
        if self.is_flow(sequence) {
            let value = if self.is_json(sequence) { value.json() } else { value };
            if let Some(previous) = self.document.previous(item) {
                self.insert_flow(previous, previous, |writer| writer.flow(&value))?;
                self.changed(sequence, Operation::InsertItem(position, value, Style::Flow));
                return Ok(());
            }
            let start = self.document.node(item).span.start;
            let mut writer = Writer::new(layout.line_break_near(start), 0);
            writer.flow(&value);
            writer.push(",");
            if layout.starts_line(start) {
                writer.line(layout.column(start))
            } else {
                writer.push(" ")
            }
            self.insert(start, writer);
            self.changed(sequence, Operation::InsertItem(position, value, Style::Flow));
            return Ok(());
        }
        let (Some(dash), Some(gap)) = (layout.dash(item), layout.dash_gap(item)) else {
            return Err(self.refuse(item, "this list is written in a way we cannot extend"));
        };
        let offset = match self.document.previous(item) {
            Some(previous) => self.place_behind(previous)?,
            None => {
                let offset = layout.line_end(self.behind_colon(sequence)?);
                // an anchor or a tag may stand on a line of its own
                let is_blank = |line: &str| matches!(line.trim_start().chars().next(), None | Some('#'));
                let between = self.document.text.get(offset..dash).filter(|_| layout.starts_line(dash));
                if !between.is_some_and(|between| between.split(['\n', '\r']).all(is_blank)) {
                    return Err(self.refuse(item, "this list is written in a way we cannot extend"));
                }
                offset
            }
        };
        let mut writer = Writer::new(layout.line_break_near(offset), 0);
        writer.line(layout.column(dash));
        writer.item(&value, layout.column(dash), gap);
        self.insert(offset, writer);
        self.changed(sequence, Operation::InsertItem(position, value, Style::Block));
        Ok(())
    }

    /// Applies edits that were planned on the text inside a literal block scalar.
    pub(super) fn embed(&mut self, found: Found, inner: Editor<'_, '_>) -> Result<(), Refusal> {
        if inner.edits.is_empty() {
            return Ok(());
        }
        let node = self.editable(found)?;
        let document = self.document;
        let layout = self.layout();
        if document.kind(node) != Kind::Scalar(ScalarStyle::Literal) {
            return Err(self
                .refuse(node, "the upgrader's configuration has to change, and it is not a literal block scalar")
                .help(if crate::delegate::is_json(document.text) {
                    "JSON has none: get it as YAML (`kubectl get -o yaml`)"
                } else {
                    "write it as `config.yaml: |` with the lines indented below"
                }));
        }
        let unreadable = || self.refuse(node, "the lines of this block scalar are indented in a way we cannot edit");
        let embedded = layout.embedded(node).ok_or_else(unreadable)?;
        let moved = inner.edits.iter().map(|edit| {
            let (start, end) = (embedded.outward(edit.span.start)?, embedded.outward(edit.span.end)?);
            let line_break = format!("{}{}", layout.line_break_near(start), " ".repeat(embedded.indent));
            Some(Edit { span: start..end, text: edit.text.replace('\n', &line_break), masks: Vec::new() })
        });
        let moved = moved.collect::<Option<Vec<Edit>>>().ok_or_else(unreadable)?;
        self.edits.extend(moved);
        self.changed(node, Operation::Embedded(inner.changes));
        Ok(())
    }
}
