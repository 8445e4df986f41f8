//! inject gives the expected bytes; its own output it leaves alone; remove gives the input back. Each fixture is tried
//! as it is, with CRLF, without its final newline and with a byte order mark.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use crate::binary::{arguments, cases, command, fixture, inject, run};

#[derive(Clone, Copy)]
enum Variant {
    AsIs,
    Crlf,
    NoFinalNewline,
    ByteOrderMark,
}

impl Variant {
    const ALL: [(Variant, &str); 4] = [
        (Variant::AsIs, "as it is"),
        (Variant::Crlf, "CRLF"),
        (Variant::NoFinalNewline, "no final newline"),
        (Variant::ByteOrderMark, "byte order mark"),
    ];

    /// The text in this variant; `None` where it is in it already.
    fn of(self, text: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(text).unwrap();
        match self {
            Variant::AsIs => Some(text.as_bytes().to_vec()),
            Variant::Crlf if text.contains('\r') => None,
            Variant::Crlf => Some(text.replace('\n', "\r\n").into_bytes()),
            Variant::NoFinalNewline if text.ends_with("\n\n") => None,
            Variant::NoFinalNewline => {
                let text = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n'));
                text.map(|text| text.as_bytes().to_vec())
            }
            Variant::ByteOrderMark if text.starts_with('\u{feff}') => None,
            Variant::ByteOrderMark => Some(format!("\u{feff}{text}").into_bytes()),
        }
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("inject: the template becomes the mTLS download", template_is_the_download)];
    for case in cases("inject") {
        for (variant, name) in Variant::ALL {
            let Some(input) = variant.of(&fixture(&case.join("input.yaml"))) else { continue };
            let Some(expected) = variant.of(&fixture(&case.join("expected.yaml"))) else { continue };
            let title = format!("inject/{} ({name})", case.file_name().unwrap().display());
            let case = case.clone();
            trials.push(Trial::test(title, move || check(&case, variant, &input, &expected)));
        }
    }
    trials
}

/// The platform's own manifest for an account on mTLS holds two placeholders and a comment above them; all else is what
/// inject makes of the plain one.
fn template_is_the_download() -> Result<(), Failed> {
    let folder = crate::binary::root().join("fixtures/inject");
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let download = read("placeholders/input.yaml");
    let comment = download.lines().find(|line| line.starts_with("  # ")).ok_or("no comment in the download")?;
    let filled = download.replace("{CERT}", "@CRT@").replace("{KEY}", "@KEY@").replace(&format!("{comment}\n"), "");
    if filled == read("template/expected.yaml") { Ok(()) } else { Err("they differ".into()) }
}

fn check(case: &Path, variant: Variant, input: &[u8], expected: &[u8]) -> Result<(), Failed> {
    let arguments = arguments(case);
    compare("inject", &run(&mut inject(case, &arguments), input), expected)?;
    compare("inject again", &run(&mut inject(case, &arguments), expected), expected)?;
    let Ok(base) = fs::read_to_string(case.join("remove")) else { return Ok(()) };
    let removed = Some(case.join("removed.yaml")).filter(|path| path.exists());
    let removed: Option<Vec<u8>> = removed.map(|path: PathBuf| variant.of(&fixture(&path)).unwrap());
    let mut remove = command(case);
    remove.args(["remove", "--endpoint", base.trim()]);
    let delegates = arguments.windows(2).filter(|pair| pair[0] == "--delegate");
    for pair in delegates {
        remove.args(pair);
    }
    compare("remove", &run(&mut remove, expected), removed.as_deref().unwrap_or(input))
}

fn compare(what: &str, output: &crate::binary::Output, expected: &[u8]) -> Result<(), Failed> {
    if output.code != 0 {
        return Err(format!("{what}: exit code {}\n{}", output.code, output.stderr).into());
    }
    if output.stdout == expected {
        return Ok(());
    }
    let (expected, actual) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(&output.stdout));
    let diff = similar::TextDiff::from_lines(expected.as_ref(), actual.as_ref());
    let diff = diff.unified_diff().header("expected", "actual").to_string();
    Err(format!("{what}: other bytes than expected\n{}", diff.escape_debug().to_string().replace("\\n", "\n")).into())
}
