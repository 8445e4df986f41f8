//! Files of manifests + CA, mode, now → findings with their places, a line per delegate, and what could not be judged.
//! Edits nothing, and reads no file by itself.

mod candidate;
mod private_key;
mod report;

pub use candidate::is_candidate;
pub use private_key::{Encoding, PrivateKeyFound, is_text, private_keys};
pub use report::{At, DelegateState, Failure, Generation, Located, Mtls, Report};
