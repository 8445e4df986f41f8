//! How long large streams take: the whole process beside the bare time of the two parsers, in one run.
//!
//! Bare time: both parsers read the input and the result, every document of both, on all cores, and nothing is done with
//! what they read. `cargo bench --bench streams [-- MEGABYTES [ROUNDS]]` prints a Markdown table of the fastest rounds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot run has nothing to say"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use delegate_mtls::yaml::{slice, split};
use rayon::prelude::*;
use serde::Deserialize;

const MANIFEST: &str = include_str!("../fixtures/quickstart/harness-delegate.yaml");
const NAME: &str = "harbour-delegate";

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let bytes = numbers.next().unwrap_or(50) * 1_000_000;
    let rounds = numbers.next().unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["certs", "ca", "--out-dir", "."]);
    run(folder.path(), &["certs", "client", "--ca", "ca.crt", "--ca-key", "ca.key", "--out-dir", "."]);
    println!("Fastest of {rounds} rounds, {} cores.\n", rayon::current_num_threads());
    println!("| stream | MB | bare parsers, s | `inject`, s | ratio | MB/s |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (what, stream) in [("every document a delegate's", fleet(bytes)), ("one in a hundred", mostly_others(bytes))] {
        fs::write(folder.path().join("in.yaml"), &stream).unwrap();
        let (mut bare, mut process) = (Duration::MAX, Duration::MAX);
        // in turn, so that a busy moment of the machine hits both
        for _ in 0..rounds {
            process = process.min(inject(folder.path()));
            let result = fs::read_to_string(folder.path().join("out.yaml")).unwrap();
            bare = bare.min(time(|| [&stream, &result].into_iter().for_each(|text| parse(text))));
        }
        let (bare, process) = (bare.as_secs_f64(), process.as_secs_f64());
        let size = stream.len() as f64 / 1e6;
        println!("| {what} | {size:.0} | {bare:.2} | {process:.2} | {:.2} | {:.0} |", process / bare, size / process);
    }
}

/// Each document with both parsers.
fn parse(text: &str) {
    split(text).unwrap().par_iter().for_each(|chunk| {
        let document = slice(text, &chunk.span);
        for event in granit_parser::Parser::new_from_str(document) {
            black_box(&event.unwrap());
        }
        for document in serde_yaml::Deserializer::from_str(document) {
            black_box(serde_yaml::Value::deserialize(document).unwrap());
        }
    });
}

/// The command as it is typed, from its start to its end.
fn inject(folder: &Path) -> Duration {
    let pair = ["--cert", "client.crt", "--key", "client.key", "--ca", "ca.crt"];
    let arguments = [&["inject", "-q", "in.yaml", "--endpoint", "acme.harness.io:8443"][..], &pair].concat();
    time(|| run(folder, &arguments))
}

fn run(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delegate-mtls"));
    let out = File::create(folder.join("out.yaml")).unwrap();
    let status =
        command.args(arguments).current_dir(folder).stdout(out).stderr(File::create(folder.join("log")).unwrap());
    assert!(status.status().unwrap().success(), "{}", fs::read_to_string(folder.join("log")).unwrap());
}

fn time(what: impl FnOnce()) -> Duration {
    let start = Instant::now();
    what();
    start.elapsed()
}

/// Manifests one behind the other, each with a name of its own.
fn fleet(bytes: usize) -> String {
    let mut text = String::new();
    for number in 0.. {
        text.push_str(&MANIFEST.replace(NAME, &format!("{NAME}-{number}")));
        if text.len() >= bytes {
            break;
        }
        text.push_str("---\n");
    }
    text
}

/// The same with 99 ConfigMaps for every document of a delegate.
fn mostly_others(bytes: usize) -> String {
    let others = 99 * (MANIFEST.matches("\n---\n").count() + 1);
    let lines: String = (0..15).map(|line| format!("  key{line}: \"some value {line} with text\"\n")).collect();
    let mut text = String::new();
    for number in 0.. {
        text.push_str(&MANIFEST.replace(NAME, &format!("{NAME}-{number}")));
        for other in 0..others {
            let name = format!("other-{number}-{other}");
            text.push_str(&format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{lines}"));
        }
        if text.len() >= bytes {
            break;
        }
        text.push_str("---\n");
    }
    text
}
