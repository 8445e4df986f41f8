//! Moves CI/CD delegates to mutual TLS.
#![forbid(unsafe_code)]

pub mod delegate;
pub mod edit;
pub mod finding;
pub mod identity;
pub mod plan;
pub mod verify;
pub mod yaml;
