//! PEM bytes + CA + now → a judged pair.
