//! The pure part of the main job (plan, splice, prove, diff) on one manifest and on fleets, in bytes a second.
//!
//! `cargo bench`; the whole process beside other tools: `benches/compare.sh`.
#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::io;

use delegate_mtls::change::change;
use delegate_mtls::delegate::{Stream, read};
use delegate_mtls::endpoint::Endpoint;
use delegate_mtls::plan::{Goal, Pair, Present, SecretSource, Text, Upgrader};
use delegate_mtls::report::{Change, write_diff};
use divan::Bencher;
use divan::counter::BytesCount;

const MANIFEST: &str = include_str!("../fixtures/quickstart/harness-delegate.yaml");
const NAME: &str = "harbour-delegate";

fn main() {
    divan::main();
}

fn goal() -> Goal {
    let pair = Pair { certificate: Text::secret("Y2VydA==".repeat(150)), key: Text::secret("a2V5".repeat(600)) };
    Goal::Present(Present {
        secret: SecretSource::Stream(pair),
        endpoint: Some(Endpoint::parse("acme.harness.io:8443").unwrap()),
        upgrader: Upgrader::Move,
        files: None,
    })
}

/// `count` manifests in one stream, each with a name of its own.
fn fleet(count: usize) -> String {
    let manifests: Vec<String> = (0..count).map(|n| MANIFEST.replace(NAME, &format!("{NAME}-{n}"))).collect();
    manifests.join("---\n")
}

/// A stream of about `bytes` in which one document in a hundred is a delegate's.
fn mostly_others(bytes: usize) -> String {
    let per_manifest = MANIFEST.matches("\n---\n").count() + 1;
    let lines: String = (0..15).map(|n| format!("  key{n}: \"some value {n} with text\"\n")).collect();
    let mut text = String::new();
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(&MANIFEST.replace(NAME, &format!("{NAME}-{number}")));
        for other in 0..per_manifest * 99 {
            text.push_str("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n");
            text.push_str(&format!("  name: other-{number}-{other}\ndata:\n{lines}"));
        }
        text.push_str("---\n");
        number += 1;
    }
    text
}

fn inject(text: &str) -> usize {
    let stream = Stream::new(text).unwrap();
    let index = read(&stream).unwrap();
    let changed = change(&stream, &index, &goal(), &[]).unwrap();
    let diff = Change {
        name: "fleet.yaml",
        old: text,
        old_masks: &index.masks,
        new: &changed.text,
        new_masks: &changed.masks,
        regions: &changed.regions,
    };
    write_diff(&mut io::sink(), &diff).unwrap();
    changed.text.len()
}

#[divan::bench]
fn one_manifest(bencher: Bencher) {
    bencher.counter(BytesCount::of_str(MANIFEST)).bench(|| inject(divan::black_box(MANIFEST)));
}

/// The rate must not fall with the size: time is linear in the input.
#[divan::bench(args = [100, 1000, 8000], sample_count = 3, sample_size = 1)]
fn every_document_a_delegates(bencher: Bencher, count: usize) {
    let text = fleet(count);
    bencher.counter(BytesCount::of_str(&text)).bench(|| inject(divan::black_box(&text)));
}

#[divan::bench(args = [5_000_000, 50_000_000], sample_count = 3, sample_size = 1)]
fn one_document_in_a_hundred_a_delegates(bencher: Bencher, bytes: usize) {
    let text = mostly_others(bytes);
    bencher.counter(BytesCount::of_str(&text)).bench(|| inject(divan::black_box(&text)));
}
