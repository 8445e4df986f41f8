//! The delegates of a report → a table, and how many of them a STRICT account would let in.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use time::OffsetDateTime;
use unicode_width::UnicodeWidthStr;

use crate::check::{DelegateState, Generation, Mtls, Report};
use crate::identity::escaped;

const BOLD: Style = Style::new().bold();
const HEADER: [&str; 7] = ["file", "delegate", "namespace", "generation", "mTLS", "endpoint", "certificate expiry"];
/// Columns of a terminal that a column of the table takes at most: one endless name must not pad every row.
const WIDEST: usize = 80;

/// Writes the table and the line below it; nothing where there are no delegates.
pub(super) fn write_delegates(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.delegates.is_empty() {
        return Ok(());
    }
    let header = HEADER.map(|text| Cell { text: text.to_owned(), style: BOLD });
    let rows = report.delegates.iter().map(|delegate| row(delegate, report.at));
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let mut widths = [0; HEADER.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.text.width().min(WIDEST).max(*width);
        }
    }
    for row in &rows {
        let mut padding = 0;
        for (Cell { text, style }, width) in row.iter().zip(widths) {
            write!(out, "{:padding$}{style}{text}{style:#}", "")?;
            padding = width.saturating_sub(text.width()) + 2;
        }
        writeln!(out)?;
    }
    let ready = report.delegates.iter().filter(|delegate| delegate.strict_ready).count();
    writeln!(out, "\nstrict-ready: {ready} of {}", report.delegates.len())
}

struct Cell {
    text: String,
    style: Style,
}

fn row(delegate: &DelegateState, at: OffsetDateTime) -> [Cell; HEADER.len()] {
    let generation = match delegate.generation {
        Generation::Classic => "classic",
        Generation::ThreeX => "3.x",
        Generation::Legacy => "legacy",
        Generation::Helm => "helm",
    };
    let (mtls, color) = match delegate.mtls {
        Mtls::None => ("none", AnsiColor::Yellow),
        Mtls::Partial => ("partial", AnsiColor::Red),
        Mtls::Complete => ("complete", AnsiColor::Green),
    };
    let plain = |text: &str| Cell { text: escaped(text), style: Style::new() };
    let or_dash = |text: Option<&str>| plain(text.unwrap_or("-"));
    [
        plain(&delegate.path),
        plain(&delegate.name),
        or_dash(delegate.namespace.as_deref()),
        plain(generation),
        Cell { text: mtls.to_owned(), style: color.on_default() },
        or_dash(delegate.endpoint.as_deref()),
        or_dash(delegate.expires.map(|expires| expiry(expires, at)).as_deref()),
    ]
}

/// `2027-03-01 (96 days)`, `expired 2026-01-02`. A certificate is valid in the second that it expires in (RFC 5280
/// §4.1.2.5).
fn expiry(expires: OffsetDateTime, at: OffsetDateTime) -> String {
    let date = expires.date();
    if expires < at {
        return format!("expired {date}");
    }
    match (expires - at).whole_days() {
        0 => format!("{date} (less than a day)"),
        1 => format!("{date} (1 day)"),
        days => format!("{date} ({days} days)"),
    }
}
