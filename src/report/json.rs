//! Any report as JSON, for programs. Which fields there are is the report's own business, and its schema's.

use std::io::{self, Write};

use serde::Serialize;

/// Writes `report` indented, with a line end behind it.
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut dyn Write, report: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
