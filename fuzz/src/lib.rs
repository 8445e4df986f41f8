//! What the fuzz targets hold the library to: each module takes bytes, drives the library as a command does, and panics
//! where a promise is broken.

#![forbid(unsafe_code)]

pub mod certificates;
pub mod change;
pub mod check;
pub mod manifests;

/// Between the parts of an input that is made of several.
pub const SEPARATOR: &[u8] = b"\n=====\n";

/// The parts of an input, at most `most`; what is left over stands in the last one.
pub fn parts(bytes: &[u8], most: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while parts.len() + 1 < most {
        let Some(at) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) else { break };
        parts.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    parts.push(rest);
    parts
}
