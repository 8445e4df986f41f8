//! Two texts and the stretches that changed → a unified diff without secrets, hunk by hunk.
//!
//! Only the changed documents are compared; everything between is equal, which is what the verification proved. So the
//! time is linear in the text, and hunks are written as they are found.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::mask::masked_line;
use crate::delegate::Mask;
use crate::identity::escaped;
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
    if change.old == change.new {
        return Ok(());
    }
    let name = escaped(change.name);
    writeln!(out, "{HEADER}--- {name}{HEADER:#}")?;
    writeln!(out, "{HEADER}+++ {name} (secrets are masked){HEADER:#}")?;
    let pages = Pages { change, old: Page::new(change.old), new: Page::new(change.new) };
    let mut batch = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    let end = Region { old: change.old.len()..change.old.len(), new: change.new.len()..change.new.len() };
    for region in change.regions.iter().chain([&end]) {
        let (old_lines, new_lines) = (pages.old.numbers(&region.old), pages.new.numbers(&region.new));
        let len = old_lines.start.saturating_sub(old_at);
        if len > 2 * CONTEXT {
            // no hunk reaches over this gap: write what there is, so that a fleet's hunks are never all in memory
            push(&mut batch, DiffOp::Equal { old_index: old_at, new_index: new_at, len: CONTEXT });
            pages.write_hunks(out, std::mem::take(&mut batch))?;
            let (old_index, new_index) = (old_lines.start - CONTEXT, new_lines.start - CONTEXT);
            push(&mut batch, DiffOp::Equal { old_index, new_index, len: CONTEXT });
        } else {
            push(&mut batch, DiffOp::Equal { old_index: old_at, new_index: new_at, len });
        }
        let old: Vec<&str> = pages.old.lines(old_lines.clone()).map(|(_, line)| line).collect();
        let new: Vec<&str> = pages.new.lines(new_lines.clone()).map(|(_, line)| line).collect();
        for operation in compare(&old, &new) {
            push(&mut batch, shifted(operation, old_lines.start, new_lines.start));
        }
        (old_at, new_at) = (old_lines.end, new_lines.end);
    }
    pages.write_hunks(out, batch)
}

/// The operations that lead from one list of lines to another. The shortest way takes time by the square of its length,
/// so where thousands of lines are in question (a List of a whole fleet) lines that stand once anchor the search, and
/// where they became a few (a huge value that was replaced) they are one operation.
fn compare(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    const MANY: usize = 5_000;
    const FEW: usize = 16;
    let prefix = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - prefix;
    let suffix = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    let (old_len, new_len) = (old.len() - prefix - suffix, new.len() - prefix - suffix);
    if old_len.max(new_len) < MANY {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    if old_len.min(new_len) > FEW {
        return capture_diff_slices(Algorithm::Patience, old, new);
    }
    let replaced = DiffOp::Replace { old_index: prefix, old_len, new_index: prefix, new_len };
    let equal = |old_index, new_index, len| DiffOp::Equal { old_index, new_index, len };
    vec![equal(0, 0, prefix), replaced, equal(prefix + old_len, prefix + new_len, suffix)]
}

/// Both texts of a change, by lines.
struct Pages<'a> {
    change: &'a Change<'a>,
    old: Page<'a>,
    new: Page<'a>,
}

impl Pages<'_> {
    fn write_hunks(&self, out: &mut dyn Write, operations: Vec<DiffOp>) -> io::Result<()> {
        for group in group_diff_ops(operations, CONTEXT) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
            let old_range = first.old_range().start..last.old_range().end;
            let new_range = first.new_range().start..last.new_range().end;
            writeln!(out, "{HUNK}@@ -{} +{} @@{HUNK:#}", header(&old_range), header(&new_range))?;
            for operation in group {
                self.write_operation(out, operation)?;
            }
        }
        Ok(())
    }

    fn write_operation(&self, out: &mut dyn Write, operation: DiffOp) -> io::Result<()> {
        let old = (&self.old, self.change.old_masks);
        if operation.tag() == DiffTag::Equal {
            let side = Side { sign: " ", style: Style::new(), suffix: "" };
            return write_lines(out, side, old, operation.old_range());
        }
        let suffix = |suffix| if operation.tag() == DiffTag::Replace { suffix } else { "" };
        let deleted = Side { sign: "-", style: DELETED, suffix: suffix(" (before)") };
        let inserted = Side { sign: "+", style: INSERTED, suffix: suffix(" (after)") };
        write_lines(out, deleted, old, operation.old_range())?;
        write_lines(out, inserted, (&self.new, self.change.new_masks), operation.new_range())
    }
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
    for (start, line) in page.lines(range) {
        let content = line.trim_end_matches(['\n', '\r']);
        let shown = masked_line(page.text, &(start..start + content.len()), masks, suffix);
        writeln!(out, "{style}{sign}{shown}{style:#}")?;
        if !line.ends_with('\n') {
            writeln!(out, "\\ No newline at end of file")?;
        }
    }
    Ok(())
}

/// A text by lines.
struct Page<'t> {
    text: &'t str,
    /// How many lines it has.
    count: usize,
    /// Where every `STRIDE`th line starts: all of them would take as much room as the text.
    starts: Vec<usize>,
}

const STRIDE: usize = 16;

impl<'t> Page<'t> {
    fn new(text: &'t str) -> Page<'t> {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let (mut count, mut starts) = (0, Vec::new());
        for start in std::iter::once(0).chain(ends).filter(|&start| start < text.len()) {
            if count % STRIDE == 0 {
                starts.push(start);
            }
            count += 1;
        }
        Page { text, count, starts }
    }

    /// The number of the line that starts at or behind `offset`.
    fn number(&self, offset: usize) -> usize {
        let before = self.starts.partition_point(|&start| start < offset);
        let Some((stride, &start)) = before.checked_sub(1).and_then(|at| Some((at, self.starts.get(at)?))) else {
            return 0;
        };
        let rest = slice(self.text, &(start..offset));
        let lines = rest.split_inclusive('\n').count();
        (stride * STRIDE + lines).min(self.count)
    }

    /// The numbers of the lines of a stretch of whole lines.
    fn numbers(&self, span: &Span) -> Span {
        // behind a byte order mark a document starts in the middle of the first line
        let start = if slice(self.text, &(0..span.start)) == "\u{feff}" { 0 } else { self.number(span.start) };
        start..self.number(span.end)
    }

    /// Lines by their numbers: where each starts, and its text with its line end.
    fn lines(&self, numbers: Span) -> impl Iterator<Item = (usize, &'t str)> {
        let start = self.starts.get(numbers.start / STRIDE).copied().unwrap_or(self.text.len());
        let rest = slice(self.text, &(start..self.text.len()));
        let lines = rest.split_inclusive('\n').scan(start, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        });
        lines.skip(numbers.start % STRIDE).take(numbers.len())
    }
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
