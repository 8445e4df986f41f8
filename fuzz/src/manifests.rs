//! Manifests in every style, made of the bytes as choices: every promise holds of each.

#[path = "../../tests/manifests/mod.rs"]
pub(crate) mod generator;

use generator::Manifest;
use generator::promises::PROMISES;

/// The bytes are the choices that make the manifest.
pub fn run(bytes: &[u8]) {
    let manifest = Manifest::new(bytes);
    for (promise, holds) in PROMISES {
        if let Err(why) = holds(&manifest) {
            panic!("{promise}: {why}\n{}", manifest.text);
        }
    }
}
