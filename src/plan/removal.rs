//! Taking items and entries out again, so that what [`super::editor`] put in leaves no trace.

use super::Refusal;
use super::change::Operation;
use super::editor::{BLANKS, Editor};
use crate::yaml::{Found, Kind, NodeId, ScalarStyle, Span};

impl Editor<'_, '_> {
    /// Takes items out of the sequence that is the value of an entry; if none is left, the entry goes.
    pub(super) fn remove_items(&mut self, mapping: Found, key: &str, items: &[NodeId]) -> Result<(), Refusal> {
        let Some(sequence) = self.document.get(mapping, key).filter(|_| !items.is_empty()) else { return Ok(()) };
        let node = self.editable(sequence)?;
        if items.len() == self.count(node) {
            return self.remove_entries(mapping, &[key]);
        }
        for &item in items {
            self.editable(Found { node: item, via: None })?;
        }
        let children: Vec<(NodeId, NodeId)> = self.document.items(node).map(|item| (item, item)).collect();
        self.remove_children(node, &children, &|(first, _)| items.contains(&first))
    }

    /// Takes entries out of a mapping.
    pub(super) fn remove_entries(&mut self, mapping: Found, keys: &[&str]) -> Result<(), Refusal> {
        let node = self.editable(mapping)?;
        let children: Vec<(NodeId, NodeId)> =
            self.document.entries(node).map(|entry| (entry.key, entry.value)).collect();
        let document = self.document;
        self.remove_children(node, &children, &|(key, _)| document.scalar(key).is_some_and(|key| keys.contains(&key)))
    }

    /// Takes an item out of the sequence around it.
    pub(super) fn remove_item(&mut self, item: NodeId) -> Result<(), Refusal> {
        let Some(sequence) = self.document.parent(item) else {
            return Err(self.refuse(item, "expected a list around this"));
        };
        self.editable(Found { node: item, via: None })?;
        let children: Vec<(NodeId, NodeId)> = self.document.items(sequence).map(|item| (item, item)).collect();
        self.remove_children(sequence, &children, &|(first, _)| first == item)
    }

    /// Takes the children out that `goes` names; each is given by its first and its last node.
    fn remove_children(
        &mut self,
        collection: NodeId,
        children: &[(NodeId, NodeId)],
        goes: &dyn Fn((NodeId, NodeId)) -> bool,
    ) -> Result<(), Refusal> {
        let mut rest = children;
        let mut kept: Option<(NodeId, NodeId)> = None;
        while let Some(&child) = rest.first() {
            let run = rest.iter().take_while(|&&child| goes(child)).count();
            if run == 0 {
                kept = Some(child);
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (gone, behind) = rest.split_at(run);
            for &(first, last) in gone {
                let shared = [first, last].into_iter().find_map(|node| self.document.shared_below(node));
                if let Some(shared) = shared {
                    return Err(self
                        .refuse(shared, "what has to go holds this anchor, and an alias elsewhere needs it")
                        .help("write the value out where the alias stands, then run again"));
                }
                self.changed(last, Operation::Remove);
            }
            let last = gone.last().map_or(child.1, |last| last.1);
            let next = behind.first().map(|next| next.0);
            if self.is_flow(collection) {
                self.delete_flow_run(kept, child.0, last, next)?;
            } else {
                let span = self.block_run(collection, child.0, last, next)?;
                self.delete(span);
            }
            self.gone.extend(gone.iter().flat_map(|&(first, last)| [first, last]));
            rest = behind;
        }
        Ok(())
    }

    /// Deletes a run of children of a flow collection, with the comma that their insertion brought.
    fn delete_flow_run(
        &mut self,
        kept: Option<(NodeId, NodeId)>,
        first: NodeId,
        last: NodeId,
        next: Option<NodeId>,
    ) -> Result<(), Refusal> {
        let start = self.document.node(first).span.start;
        let Some((_, kept)) = kept else {
            let end = next.map_or_else(|| self.end(last), |next| self.next_in_place(first, last, next))?;
            self.delete(start..end);
            return Ok(());
        };
        let (kept, end) = (self.end(kept)?, self.end(last)?);
        let between = self.document.text.get(kept..start).unwrap_or_default();
        if !between.contains('#') {
            self.delete(kept..end);
            return Ok(());
        }
        // a comment behind what is kept stays there
        let (document, layout) = (self.document, self.layout());
        let line_end = layout.line_end(kept);
        let own_lines = document.text.get(line_end..start).unwrap_or_default();
        let comma = between.len() - between.trim_start_matches(BLANKS).len();
        let comma = kept + comma..kept + comma + 1;
        let behind = document.text.get(end..).unwrap_or_default();
        let behind_blanks = match next {
            Some(_) => behind.trim_start(),
            None => behind.trim_start_matches(BLANKS),
        };
        // of the two commas one goes: the one behind, else the one before the comment, unless what follows needs it
        let own_comma = behind_blanks.starts_with(',').then(|| end + behind.len() - behind_blanks.len() + 1);
        let end = own_comma.unwrap_or(end);
        let rest_of_line = document.text.get(end..layout.line_end(end)).unwrap_or_default();
        if document.text.get(comma.clone()) != Some(",")
            || !own_lines.trim().is_empty()
            || next.is_some() && own_comma.is_none()
            // it would become a part of the comment
            || !rest_of_line.trim().is_empty()
        {
            return Err(self.refuse(first, "a comment stands where an edit is needed").help("move the comment"));
        }
        if own_comma.is_none() {
            self.delete(comma);
        }
        self.delete(line_end..end);
        Ok(())
    }

    /// The lines from `first` to `last`: from the end of the line before, so that a missing final newline stays missing.
    fn block_run(
        &self,
        collection: NodeId,
        first: NodeId,
        last: NodeId,
        next: Option<NodeId>,
    ) -> Result<Span, Refusal> {
        let layout = self.layout();
        let start = match (self.document.kind(collection), self.document.kind(first)) {
            (Kind::Sequence { .. }, _) => layout.dash(first),
            (_, Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)) => None,
            _ => Some(self.document.node(first).span.start),
        };
        let oddly = || self.refuse(first, "this is written in a way we cannot remove");
        let start = start.ok_or_else(oddly)?;
        let end = self.last_line_end(last)?;
        if layout.starts_line(start) {
            self.spares_block_scalar(first, end)?;
            if self.document.previous(first).is_none() && self.blanks_behind(end).contains('\t') {
                // libyaml takes it for indentation
                return Err(self
                    .refuse(first, "a line of blanks with a tab would come to stand first here")
                    .help("take the tabs away, then run again"));
            }
            return Ok(match layout.previous_line_end(start) {
                Some(previous) => previous..end,
                None => layout.line_start(start)..end + layout.line_break(end).len(),
            });
        }
        // the first key of an item, on the line of its dash: the next key moves up
        let next = next.ok_or_else(|| self.refuse(first, "nothing would be left here"))?;
        let before = crate::yaml::slice(self.document.text, &(layout.line_start(start)..start));
        if before.contains(|c| c != '-' && !BLANKS.contains(&c)) {
            return Err(oddly());
        }
        Ok(start..self.next_in_place(first, last, next)?)
    }

    /// Where the next child starts, which comes to stand where the first one goes. Refused where a comment would go with
    /// it, and where an anchor, a tag or a `?` before one of them would change hands.
    fn next_in_place(&self, first: NodeId, last: NodeId, next: NodeId) -> Result<usize, Refusal> {
        let next_start = self.document.node(next).span.start;
        let between = self.document.text.get(self.end(last)?..next_start).unwrap_or_default();
        if between.contains('#') {
            return Err(self.refuse(first, "a comment stands where an edit is needed").help("move the comment"));
        }
        let node = self.document.node(first);
        if node.anchored || node.tagged || between.contains(|c: char| c != ',' && !c.is_ascii_whitespace()) {
            return Err(self.refuse(first, "this is written in a way we cannot remove"));
        }
        Ok(next_start)
    }

    /// Refuses a removal that would join a block scalar with what it takes for its own: with blank lines where it keeps
    /// them (`|+`), with the end of a text without a line end.
    fn spares_block_scalar(&self, first: NodeId, end: usize) -> Result<(), Refusal> {
        let layout = self.layout();
        let Some(leaf) = self.leaf_before(first) else { return Ok(()) };
        if !matches!(self.document.kind(leaf), Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)) {
            return Ok(());
        }
        let Some(block) = layout.block_scalar(leaf) else { return Ok(()) };
        let header = crate::yaml::slice(self.document.text, &(block.header..layout.line_end(block.header)));
        let indicators = header.split([' ', '\t']).next().unwrap_or_default();
        let next = end + layout.line_break(end).len();
        let next_line = crate::yaml::slice(self.document.text, &(next..layout.line_end(next)));
        if next == end && !indicators.contains('-') {
            return Err(self
                .refuse(leaf, "this block scalar would come to end the text, which has no line end")
                .help("end the file with a line end, then run again"));
        }
        if next < self.document.chunk.span.end && next_line.trim().is_empty() && indicators.contains('+') {
            return Err(self
                .refuse(leaf, "this block scalar keeps blank lines (`+`), and would get those behind the removed lines")
                .help("take the blank lines away, or the `+`, then run again"));
        }
        Ok(())
    }

    /// The white space behind the end of a line.
    fn blanks_behind(&self, end: usize) -> &str {
        let rest = self.document.text.get(end..).unwrap_or_default();
        rest.get(..rest.len() - rest.trim_start().len()).unwrap_or_default()
    }

    /// The last leaf before a node, of what is not taken out.
    fn leaf_before(&self, first: NodeId) -> Option<NodeId> {
        let document = self.document;
        let mut at = first;
        loop {
            match document.previous(at) {
                Some(previous) => {
                    at = previous;
                    if !self.gone.contains(&at) {
                        break;
                    }
                }
                None => at = document.parent(at)?,
            }
        }
        while let Kind::Sequence { flow: false } | Kind::Mapping { flow: false } = document.kind(at) {
            at = document.last_child(at)?;
            while self.gone.contains(&at) {
                at = document.previous(at)?;
            }
        }
        Some(at)
    }
}
