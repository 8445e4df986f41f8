//! A pair + an endpoint → what the endpoint does with a client certificate.
//!
//! [`Client::observe`] opens three connections (without a certificate, with ours, with a throw-away one that nobody can
//! verify) and gives what each showed; [`judge`] turns the three into a [`Judgement`]. Sockets are opened in
//! `connection` alone. Never reads files, the environment, names from DNS, or says what was not seen.

mod alert;
mod client;
mod connection;
mod failure;
mod observation;
mod proxy;
mod reply;
mod resolve;
mod verdict;

pub use alert::Alert;
pub use client::{Client, ClientError, Control};
pub use connection::{Route, Target};
pub use failure::{Failure, ServerProblem};
pub use observation::{CertificateRequest, End, Observation, Observations, Refusal};
pub use proxy::{Proxy, ProxyError, TunnelError};
pub use resolve::{Resolve, ResolveError};
pub use verdict::{Delegate, Judgement, Names, Verdict, judge, overall};
