//! Drives the command as a person does. Every fixture folder is a test; adding a folder adds tests.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that panics says where"
)]

mod binary;
mod certs;
mod check;
mod compose;
mod console;
mod explain;
mod faults;
mod folder;
mod inject;
mod inspect;
mod leak;
mod limits;
#[path = "../manifests/mod.rs"]
mod manifests;
mod messages;
mod neighbours;
mod output;
mod pair;
mod probe;
mod promises;
mod property;
mod readme;
mod refuse;
mod secrets;
mod server;
mod usage;
mod values;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut trials: Vec<Trial> = inject::trials();
    for more in
        [refuse::trials(), output::trials(), pair::trials(), secrets::trials(), messages::trials(), usage::trials()]
    {
        trials.extend(more);
    }
    trials.extend(certs::trials());
    trials.extend(check::trials());
    trials.extend(compose::trials());
    trials.extend(explain::trials());
    trials.extend(faults::trials());
    trials.extend(inspect::trials());
    trials.extend(leak::trials());
    trials.extend(limits::trials());
    trials.extend(neighbours::trials());
    trials.extend(probe::trials());
    trials.extend(promises::trials());
    trials.extend(property::trials());
    trials.extend(readme::trials());
    trials.extend(values::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
