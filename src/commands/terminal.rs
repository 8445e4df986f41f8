//! The two standard streams, each with its own answer to "colour?".

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};

use crate::cli::Color;

/// Standard output and standard error.
pub(super) struct Terminal {
    out: AutoStream<io::Stdout>,
    err: Unheard,
}

/// Standard error, where nobody listening is no reason to stop: results and exit codes do not depend on it.
struct Unheard(AutoStream<io::Stderr>);

impl Write for Unheard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

impl Terminal {
    pub(super) fn new(color: Color) -> Terminal {
        let (out, err) = (io::stdout(), io::stderr());
        // `auto` looks at NO_COLOR, CLICOLOR_FORCE, TERM and at each stream for itself
        let (out_choice, err_choice) = match color {
            Color::Auto => (AutoStream::choice(&out), AutoStream::choice(&err)),
            Color::Always => (ColorChoice::Always, ColorChoice::Always),
            Color::Never => (ColorChoice::Never, ColorChoice::Never),
        };
        Terminal { out: AutoStream::new(out, out_choice), err: Unheard(AutoStream::new(err, err_choice)) }
    }

    /// Standard output for reports; styles are taken out where it has no colour.
    pub(super) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Standard error.
    pub(super) fn err(&mut self) -> &mut dyn Write {
        &mut self.err
    }

    /// Writes a result to standard output, byte for byte.
    pub(super) fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.out.as_inner().lock();
        out.write_all(bytes)?;
        out.flush()
    }
}
