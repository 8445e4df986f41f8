//! Moves CI/CD delegates to mutual TLS: takes a delegate manifest as it was downloaded, proves that the certificate
//! pair will work, puts it in where the delegate and its upgrader read it, changes not one byte more, and shows what
//! changed.
//!
//! Data flows one way:
//!
//! ```text
//! source ─► yaml (spans) ─► delegate (recognise) ─► plan (edits | refusal) ─► edit (splice) ─► verify ─► report
//!                                    ▲ identity: pem ─► chain ─► judge (findings) ─► inventory, issuance, probe
//! ```
//!
//! A module uses only modules that stand above it in the table, tests aside:
//!
//! | module | takes → gives | never |
//! | --- | --- | --- |
//! | [`source`] | paths, stdin → named text; atomic replacement | interprets YAML |
//! | [`finding`] | what a judgement says of one thing: rule, severity, place, help | judges |
//! | [`yaml`] | text → documents of nodes with byte spans | serialises |
//! | [`endpoint`] | a text → the account's mTLS endpoint, or why it is none | connects |
//! | [`identity`] | PEM bytes + CA + now → a judged pair; any PEM and DER → an inventory | reads files or the clock |
//! | [`issuance`] | a name + now + an authority's PEM → a certificate and its key, proved | reads files or the clock |
//! | [`probe`] | a pair + an endpoint → what the endpoint does with it | reads files, the environment or DNS |
//! | [`delegate`] | documents → the delegates in them (workloads, Helm values, docker-compose services), what their Secrets hold | edits |
//! | [`edit`] | original + edits → new text | knows YAML |
//! | [`plan`] | delegate + goal → edits, or a refusal | touches text |
//! | [`verify`] | original, plan, new text → proof, or "bug in us" | guesses |
//! | [`mod@change`] | delegates + goal → a new text, proved: the three before in one call | writes |
//! | [`check`] | files of documents + CA, mode, now → findings with their places | edits |
//! | [`explain`] | a rule → what `docs/rules.md` says about it | judges |
//! | [`report`] | changes, findings → masked diff, messages | decides |
//! | [`cli`] | arguments → what was typed | more than parsing |
//! | [`commands`] | what was typed → one call of the above → exit code | more than wiring |
#![forbid(unsafe_code)]

pub mod change;
pub mod check;
pub mod cli;
pub mod commands;
pub mod delegate;
pub mod edit;
pub mod endpoint;
pub mod explain;
pub mod finding;
pub mod identity;
pub mod issuance;
pub mod plan;
pub mod probe;
pub mod report;
pub mod source;
pub mod verify;
pub mod yaml;
