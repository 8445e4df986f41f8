//! `delegate-mtls`: parse the arguments, run, map what came of it to an exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use delegate_mtls::{cli::Cli, commands};

fn main() -> ExitCode {
    commands::run(Cli::parse()).into()
}
