//! End to end: the command beside the programs that will read what it writes (OpenSSL, Kubernetes' own decoder and
//! schemas, docker-compose, Java), the servers that it probes (nginx, HAProxy, OpenSSL), and those that start it (git, pre-commit).
//!
//! Compiled with the feature `e2e` only, so that nothing is skipped in silence: a program that is missing is a failure
//! that names it. `.ci/run` installs all of them and runs this.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails by panicking, its output is captured, and its scratch files need no atomic replacement"
)]

mod compose;
mod corpus;
mod differential;
mod faults;
mod files;
mod fixtures;
mod formats;
mod gitops;
mod help;
mod inspect;
mod issue;
mod issuing;
mod kubernetes;
mod pair;
mod pairs;
mod precommit;
mod probe;
mod programs;
mod recipes;
mod servers;
mod values;
mod whole;
