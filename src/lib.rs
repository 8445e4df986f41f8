//! Moves CI/CD delegates to mutual TLS.
#![forbid(unsafe_code)]

pub mod finding;
pub mod identity;
pub mod source;
