//! Changes and findings → what a person reads: a masked diff, messages, a line per delegate. Decides nothing.

mod check;
mod diff;
mod explanation;
mod inventory;
mod json;
mod mask;
mod message;
mod probe;

pub use check::{CheckFormat, Shown, write_check, write_check_human};
pub use diff::{Change, write_diff};
pub use explanation::{write_explanation, write_rules};
pub use inventory::write_inventory;
pub use json::write_json;
pub use message::{Level, Message, write_summary};
pub use probe::{ProbeReport, Sighting};
