//! What is promised holds for manifests in every style: each promise is tried on many that chance makes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libtest_mimic::Trial;
use proptest::prelude::*;
use proptest::test_runner::TestError;

use crate::folder::{Folder, claims};
use crate::manifests::Manifest;
use crate::manifests::promises::{PROMISES, Promise, Verdict};
use crate::property::runner;

/// How many manifests each promise is tried on.
const CASES: u32 = 120;
/// The same where each takes several processes.
const PROCESSES: u32 = 40;

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |promise: Promise| {
        Trial::test(format!("promises: {}", promise.0), move || {
            hold(promise);
            Ok(())
        })
    };
    let mut trials: Vec<Trial> = PROMISES.into_iter().map(trial).collect();
    trials.extend(claims(
        "promises",
        &[
            ("the order of the options and of the files is of no account", any_order),
            ("what one command cannot read, none can, and all say why in the same words", refused_alike),
        ],
    ));
    trials
}

/// Manifests, and what else a test needs of chance.
fn manifests() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..3000)
}

/// Tries something on a few manifests, by the command itself.
fn try_few<S: Strategy>(strategy: S, holds: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    if let Err(error) = runner(PROCESSES).run(&strategy, holds) {
        panic!("{error}");
    }
}

fn any_order() {
    let options = ["--cert client.crt", "--key client.key", "--ca ca.crt", "--at 2027-01-01T00:00:00Z", "-q", "-i"];
    let options = [options.as_slice(), &["--endpoint https://acme.harness.io:8443", "a.yaml", "b.yaml"]].concat();
    let strategy = (manifests(), manifests(), Just(options.clone()).prop_shuffle());
    let injected = Cell::new(0);
    try_few(strategy, |(a, b, shuffled)| {
        let folder = Folder::new();
        let inject = |options: &[&str]| {
            folder.write("a.yaml", Manifest::new(&a).text);
            folder.write("b.yaml", Manifest::new(&b).text);
            let output = folder.run(&format!("inject {}", options.join(" ")));
            let mut said: Vec<String> = output.stderr.lines().map(str::to_owned).collect();
            said.sort();
            (output.code, folder.read("a.yaml"), folder.read("b.yaml"), said)
        };
        let plain = inject(&options);
        injected.set(injected.get() + u32::from(plain.0 == 0));
        prop_assert_eq!(inject(&shuffled), plain, "{:?}", shuffled);
        Ok(())
    });
    // neither of the two may be one that is refused
    assert!(injected.get() * 100 >= 40 * PROCESSES, "only {} were injected", injected.get());
}

fn refused_alike() {
    let broken = prop::sample::select(&["\n: [", "\nkey: \"unfinished\n", "\n\t- x: {", "\n@\n"][..]);
    try_few((manifests(), broken), |(choices, broken)| {
        let text = Manifest::new(&choices).text;
        // behind an end marker it would be a document of its own, in which nobody looks for a delegate
        prop_assume!(!text.trim_end().ends_with("..."));
        let folder = Folder::new();
        folder.write("x.yaml", text + broken);
        let said = |line: &str| {
            let output = folder.run(line);
            (output.code, output.stdout().to_owned(), output.stderr)
        };
        let inject = said("inject PAIR TO x.yaml");
        prop_assert_eq!(inject.0, 2, "not refused: {}", inject.2);
        prop_assert_eq!(&inject.1, "");
        for other in ["diff PAIR TO x.yaml", "inject PAIR TO --check x.yaml", "inject PAIR TO -i x.yaml"] {
            prop_assert_eq!(&said(other), &inject, "{}", other);
        }
        prop_assert_eq!(said("remove --endpoint https://app.harness.io x.yaml"), inject);
        Ok(())
    });
}

fn hold((_, holds): Promise) {
    let verdicts = RefCell::new(BTreeMap::new());
    let tried = |choices: &[u8]| {
        let manifest = Manifest::new(choices);
        let verdict = catch_unwind(AssertUnwindSafe(|| holds(&manifest)));
        verdict.unwrap_or_else(|_| Err("it panicked".to_owned()))
    };
    let outcome = runner(CASES).run(&manifests(), |choices| {
        let verdict = tried(&choices).map_err(TestCaseError::fail)?;
        *verdicts.borrow_mut().entry(verdict).or_insert(0) += 1;
        Ok(())
    });
    if let Err(TestError::Fail(reason, choices)) = &outcome {
        panic!("{reason}\n{}", Manifest::new(choices).text);
    }
    outcome.unwrap();
    let verdicts = verdicts.into_inner();
    let share = |verdict| verdicts.get(&verdict).copied().unwrap_or_default() * 100 / verdicts.values().sum::<i32>();
    assert!(share(Verdict::Kept) >= 60, "kept in {} % of the cases only", share(Verdict::Kept));
    assert!(share(Verdict::Refused) <= 20, "refused in {} % of the cases", share(Verdict::Refused));
}
