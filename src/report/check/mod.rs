//! What a check comes to → each of its formats. Decides nothing.

mod excerpt;
mod human;
mod table;

pub use human::{Shown, write_check_human};
