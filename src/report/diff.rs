//! Two texts and the stretches that changed → a unified diff without secrets, hunk by hunk.
//!
//! Only the changed documents are compared; everything between is equal, which is what the verification proved.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::mask::masked_line;
use crate::delegate::Mask;
use crate::verify::Region;
use crate::yaml::{Span, slice};

/// Lines of context around a change.
const CONTEXT: usize = 3;

const HEADER: Style = Style::new().bold();
const HUNK: Style = AnsiColor::Cyan.on_default();
const DELETED: Style = AnsiColor::Red.on_default();
const INSERTED: Style = AnsiColor::Green.on_default();

/// A text and what became of it.
#[derive(Debug)]
pub struct Change<'a> {
    /// What to call it.
    pub name: &'a str,
    /// The original.
    pub old: &'a str,
    /// What of it must not be shown, in order.
    pub old_masks: &'a [Mask],
    /// The new text.
    pub new: &'a str,
    /// What of that must not be shown, in order.
    pub new_masks: &'a [Mask],
    /// The stretches that changed, in order.
    pub regions: &'a [Region],
}

/// Writes the unified diff of a change; nothing where nothing changed. Values of Secrets are masked, so it is for
/// reading, not for patch(1).
///
/// # Errors
/// Those of the writer.
pub fn write_diff(out: &mut dyn Write, change: &Change<'_>) -> io::Result<()> {
    let (old, new) = (Page::new(change.old), Page::new(change.new));
    let groups = group_diff_ops(operations(change, &old, &new), CONTEXT);
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(out, "{HEADER}--- {}{HEADER:#}", change.name)?;
    writeln!(out, "{HEADER}+++ {} (secrets are masked){HEADER:#}", change.name)?;
    for group in groups {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let old_range = first.old_range().start..last.old_range().end;
        let new_range = first.new_range().start..last.new_range().end;
        writeln!(out, "{HUNK}@@ -{} +{} @@{HUNK:#}", header(&old_range), header(&new_range))?;
        for operation in group {
            let replaces = operation.tag() == DiffTag::Replace;
            if operation.tag() == DiffTag::Equal {
                write_lines(
                    out,
                    Side { sign: " ", style: Style::new(), suffix: "" },
                    (&old, change.old_masks),
                    operation.old_range(),
                )?;
                continue;
            }
            let suffix = |suffix| if replaces { suffix } else { "" };
            let deleted = Side { sign: "-", style: DELETED, suffix: suffix(" (before)") };
            let inserted = Side { sign: "+", style: INSERTED, suffix: suffix(" (after)") };
            write_lines(out, deleted, (&old, change.old_masks), operation.old_range())?;
            write_lines(out, inserted, (&new, change.new_masks), operation.new_range())?;
        }
    }
    Ok(())
}

/// `start,length` of a hunk, from 1; an empty one names the line before it, as diff(1) does.
fn header(range: &Span) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        length => format!("{},{length}", range.start + 1),
    }
}

struct Side {
    sign: &'static str,
    style: Style,
    suffix: &'static str,
}

fn write_lines(out: &mut dyn Write, side: Side, (page, masks): (&Page<'_>, &[Mask]), range: Span) -> io::Result<()> {
    let Side { sign, style, suffix } = side;
    for number in range {
        let span = page.line(number);
        let content = slice(page.text, &span).trim_end_matches(['\n', '\r']);
        let shown = masked_line(page.text, &(span.start..span.start + content.len()), masks, suffix);
        writeln!(out, "{style}{sign}{shown}{style:#}")?;
        if !slice(page.text, &span).ends_with('\n') {
            writeln!(out, "\\ No newline at end of file")?;
        }
    }
    Ok(())
}

/// A text by lines.
struct Page<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Page<'t> {
    fn new(text: &'t str) -> Page<'t> {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let starts = std::iter::once(0).chain(ends).filter(|&start| start < text.len()).collect();
        Page { text, starts }
    }

    /// The number of the line that starts at or behind `offset`.
    fn number(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start < offset)
    }

    fn line(&self, number: usize) -> Span {
        let at = |number: usize| self.starts.get(number).copied().unwrap_or(self.text.len());
        at(number)..at(number + 1)
    }

    fn lines(&self, numbers: Span) -> Vec<&'t str> {
        numbers.map(|number| slice(self.text, &self.line(number))).collect()
    }
}

fn operations(change: &Change<'_>, old: &Page<'_>, new: &Page<'_>) -> Vec<DiffOp> {
    let mut all = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    for region in change.regions {
        // behind a byte order mark a document starts in the middle of the first line
        let first =
            |page: &Page<'_>, offset: usize| if offset <= '\u{feff}'.len_utf8() { 0 } else { page.number(offset) };
        let old_lines = first(old, region.old.start)..old.number(region.old.end);
        let new_lines = first(new, region.new.start)..new.number(region.new.end);
        push(
            &mut all,
            DiffOp::Equal { old_index: old_at, new_index: new_at, len: old_lines.start.saturating_sub(old_at) },
        );
        for operation in
            capture_diff_slices(Algorithm::Myers, &old.lines(old_lines.clone()), &new.lines(new_lines.clone()))
        {
            push(&mut all, shifted(operation, old_lines.start, new_lines.start));
        }
        (old_at, new_at) = (old_lines.end, new_lines.end);
    }
    push(
        &mut all,
        DiffOp::Equal { old_index: old_at, new_index: new_at, len: old.starts.len().saturating_sub(old_at) },
    );
    all
}

/// Appends an operation; equal lines behind equal lines are one run, or a hunk would end between them.
fn push(all: &mut Vec<DiffOp>, operation: DiffOp) {
    match (all.last_mut(), operation) {
        (_, DiffOp::Equal { len: 0, .. }) => {}
        (Some(DiffOp::Equal { len: last, .. }), DiffOp::Equal { len, .. }) => *last += len,
        (_, operation) => all.push(operation),
    }
}

fn shifted(operation: DiffOp, old: usize, new: usize) -> DiffOp {
    match operation {
        DiffOp::Equal { old_index, new_index, len } => {
            DiffOp::Equal { old_index: old_index + old, new_index: new_index + new, len }
        }
        DiffOp::Delete { old_index, old_len, new_index } => {
            DiffOp::Delete { old_index: old_index + old, old_len, new_index: new_index + new }
        }
        DiffOp::Insert { old_index, new_index, new_len } => {
            DiffOp::Insert { old_index: old_index + old, new_index: new_index + new, new_len }
        }
        DiffOp::Replace { old_index, old_len, new_index, new_len } => {
            DiffOp::Replace { old_index: old_index + old, old_len, new_index: new_index + new, new_len }
        }
    }
}
