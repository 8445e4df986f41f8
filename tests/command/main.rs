//! Drives the command as a person does. Every fixture folder is a test; adding a folder adds tests.

mod binary;
mod inject;
mod refuse;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut trials: Vec<Trial> = inject::trials();
    trials.extend(refuse::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
