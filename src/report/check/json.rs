//! A check's report → the same as JSON, with the version of its schema, `docs/schema/check.json`.

use std::io::{self, Write};

use serde::Serialize;

use crate::check::Report;
use crate::report::write_json;

#[derive(Serialize)]
struct Versioned<'a> {
    version: u32,
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    write_json(out, &Versioned { version: 1, report })
}
