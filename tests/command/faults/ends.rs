//! An end in the middle of the work: every file is the old one or the new one.

use std::fs;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::{left_over, signal, start};
use crate::folder::{Folder, claims, injected, plain};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "faults",
        &[
            ("killed at any moment, every file is old or new, and a later run ends the work", || ended_by("KILL")),
            ("terminated at any moment, every file is old or new", || ended_by("TERM")),
            ("interrupted at any moment, every file is old or new", || ended_by("INT")),
        ],
    )
}

const FILES: usize = 40;
const ROUNDS: u32 = 12;

/// In every round the command is ended a little later, until it ends by itself.
fn ended_by(name: &str) {
    let folder = Folder::new();
    fs::create_dir(folder.path("all")).unwrap();
    let names: Vec<String> = (0..FILES).map(|number| format!("all/{number}.yaml")).collect();
    let line = format!("inject PAIR TO -q -i {}", names.join(" "));
    let run = || -> Child { start(&mut folder.command(&line)) };
    let reset = || names.iter().for_each(|file| folder.write(file, plain()));
    reset();
    let began = Instant::now();
    assert!(run().wait().unwrap().success());
    let whole = began.elapsed();
    let mut cut_short = 0;
    for round in 0..ROUNDS {
        reset();
        let before = left_over(&folder.path("all")).len();
        let mut child = run();
        sleep(whole * round / ROUNDS + Duration::from_micros(500));
        signal(&child, name);
        cut_short += usize::from(!child.wait().unwrap().success());
        let now: Vec<Vec<u8>> = names.iter().map(|file| folder.read(file)).collect();
        assert!(now.iter().all(|text| *text == plain() || *text == injected()), "round {round}");
        // renamed in their order: what is old stands behind what is new
        assert!(now.iter().map(|text| *text == plain()).is_sorted(), "round {round}");
        let left = left_over(&folder.path("all"));
        assert!(left.len() <= before + FILES);
        assert_eq!(fs::read_dir(folder.path("all")).unwrap().count(), FILES + left.len());
    }
    assert!(cut_short > 0, "no round was cut short");
    // what is left is in nobody's way
    assert!(run().wait().unwrap().success());
    assert!(names.iter().all(|file| folder.read(file) == injected()));
    let report = folder.run("check --ca ca.crt all").ended_with(0);
    assert!(report.stdout().contains(&format!("{FILES} of {FILES}\n")), "{}", report.stdout());
}
