//! Files of manifests + CA, mode, now → findings with their places, a line per delegate, and what could not be judged.
//! Edits nothing, and reads no file by itself.

mod report;

pub use report::{At, DelegateState, Failure, Generation, Located, Mtls, Report};
