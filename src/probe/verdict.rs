//! What was seen → the verdict, and what to say of it: why, what it means for LOOSE and STRICT accounts, what to do.
//! Values in, values out.

mod stances;

use std::fmt;

use serde::Serialize;

use self::stances::{Stance, Stances};
use super::alert::Alert;
use super::connection::Target;
use super::failure::Failure;
use super::observation::{End, Observation, Observations};

/// What the endpoint does with the pair. The order is from best to worst: of several addresses the worst one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nobody comes in without a certificate, and ours is taken.
    RequiredAndAccepted,
    /// One comes in without a certificate, and ours is taken; a wrong one is not.
    OptionalAndAccepted,
    /// Any certificate is taken, so that ours is proves nothing.
    NotVerified,
    /// The endpoint does not do mTLS.
    NotRequested,
    /// Ours is not taken.
    Rejected,
    /// There was TLS, and what was seen does not tell.
    Inconclusive,
    /// There was no TLS to look at.
    CannotConnect,
    /// The server's own certificate cannot be trusted, so nothing it says counts.
    ServerCertificateProblem,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::RequiredAndAccepted => "required and accepted",
            Verdict::OptionalAndAccepted => "optional and accepted",
            Verdict::NotVerified => "not verified by the server",
            Verdict::NotRequested => "not requested",
            Verdict::Rejected => "rejected",
            Verdict::Inconclusive => "inconclusive",
            Verdict::CannotConnect => "cannot connect",
            Verdict::ServerCertificateProblem => "server certificate problem",
        })
    }
}

/// What a classic delegate does where the probe sent the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delegate {
    /// It sends it too.
    Sends,
    /// It does not, because the server names other authorities than the certificate's issuers.
    Withholds,
}

impl Verdict {
    /// Whether the pair was let in.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        matches!(self, Verdict::RequiredAndAccepted | Verdict::OptionalAndAccepted)
    }

    /// What it means while the account's mode is LOOSE, which lets delegates in with and without mTLS.
    #[must_use]
    pub fn in_loose_mode(self, delegate: Delegate) -> &'static str {
        match self {
            Verdict::RequiredAndAccepted if delegate == Delegate::Withholds => WITHHELD,
            Verdict::OptionalAndAccepted if delegate == Delegate::Withholds => {
                "a classic delegate connects, but without mTLS: it would not send this certificate"
            }
            Verdict::RequiredAndAccepted => {
                "a delegate with this pair connects; one without a pair needs the account's other URL"
            }
            Verdict::OptionalAndAccepted => "a delegate connects, with this pair or without one",
            Verdict::NotVerified => "a delegate connects, whatever its certificate",
            Verdict::NotRequested => "a delegate connects here, but without mTLS",
            Verdict::Rejected => "a delegate with this pair does not connect",
            Verdict::ServerCertificateProblem => "a delegate connects only if it trusts this server certificate",
            Verdict::CannotConnect => "a delegate at this place does not connect",
            Verdict::Inconclusive => "not known",
        }
    }

    /// What it means while the account's mode is STRICT, which blocks every delegate without mTLS.
    #[must_use]
    pub fn in_strict_mode(self, delegate: Delegate) -> &'static str {
        match self {
            accepted if accepted.is_accepted() && delegate == Delegate::Withholds => WITHHELD,
            Verdict::RequiredAndAccepted | Verdict::OptionalAndAccepted => {
                "a delegate with this pair connects; one without a pair is blocked"
            }
            Verdict::NotVerified => "not known: what counts as mTLS behind an endpoint that takes any certificate?",
            Verdict::NotRequested => "a delegate that connects here is blocked",
            other => other.in_loose_mode(delegate),
        }
    }
}

const WITHHELD: &str = "a classic delegate does not connect: it would not send this certificate";

/// What the user calls things, for commands that can be pasted.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The file of the client certificate.
    pub cert: &'a str,
    /// The file of its key.
    pub key: &'a str,
    /// The file of its authority; `ca.crt` where none was given.
    pub ca: &'a str,
    /// The endpoint's URL.
    pub endpoint: &'a str,
    /// Its host and port.
    pub target: &'a Target,
}

/// The verdict over one address, and what there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where the verdict does not say it all: the end of a sentence.
    pub reason: Option<String>,
    /// What to do, in one line.
    pub help: String,
    /// What else to know, each the end of a sentence.
    pub remarks: Vec<String>,
    /// Whether the server asks for a client certificate; `None` where that was not seen.
    pub asks: Option<bool>,
    /// Whether it refuses a client without one.
    pub requires: Option<bool>,
    /// Whether it lets ours through.
    pub accepts: Option<bool>,
    /// Whether it refuses one that it cannot verify.
    pub verifies: Option<bool>,
    /// Whether this address has a say: not where the machine has no route to it.
    pub counts: bool,
}

/// Judges what was seen at one address.
#[must_use]
pub fn judge(seen: &Result<Observations, Failure>, names: Names<'_>) -> Judgement {
    match seen {
        Ok(observations) => judge_observations(observations, names),
        Err(failure) => Judgement {
            verdict: match failure {
                Failure::Server(_) => Verdict::ServerCertificateProblem,
                Failure::Later(..) => Verdict::Inconclusive,
                _ => Verdict::CannotConnect,
            },
            reason: Some(failure.to_string()),
            help: failure.help(names.target),
            remarks: Vec::new(),
            asks: None,
            requires: None,
            accepts: None,
            verifies: None,
            counts: *failure != Failure::NoRoute,
        },
    }
}

/// The worst of all; an address without a route counts only where all are.
#[must_use]
pub fn overall(judgements: &[Judgement]) -> Option<&Judgement> {
    let worst = |counts| {
        let all = judgements.iter().filter(move |judgement| judgement.counts == counts);
        // the first of equals
        all.rev().max_by_key(|judgement| judgement.verdict)
    };
    worst(true).or_else(|| worst(false))
}

fn judge_observations(seen: &Observations, names: Names<'_>) -> Judgement {
    let stances = Stances::of(seen);
    let (verdict, reason) = stances.tell(seen);
    let asks = stances.asks == Some(true);
    let is = |stance: Stance, yes: Stance| (asks && stance != Stance::Unclear).then_some(stance == yes);
    Judgement {
        verdict,
        reason,
        help: help(verdict, &seen.ours, names),
        remarks: stances.remarks(verdict, seen),
        asks: stances.asks,
        requires: if stances.asks == Some(false) { Some(false) } else { is(stances.without, Stance::Refused) },
        accepts: is(stances.ours, Stance::Through).filter(|_| stances.sent),
        verifies: stances.control.and_then(|control| is(control, Stance::Refused)),
        counts: true,
    }
}

fn help(verdict: Verdict, ours: &Observation, names: Names<'_>) -> String {
    let Names { endpoint, target, .. } = names;
    let [cert, key, ca] = [names.cert, names.key, names.ca].map(crate::identity::shell);
    match verdict {
        Verdict::RequiredAndAccepted | Verdict::OptionalAndAccepted => format!(
            "delegate-mtls inject harness-delegate.yaml --cert {cert} --key {key} --ca {ca} --endpoint {endpoint}"
        ),
        Verdict::NotRequested => "probe the account's mTLS endpoint, such as https://acme.harness.io:8443, and nothing in \
                                  front of it that ends TLS; a server that asks later, for one path only, looks the same"
            .to_owned(),
        Verdict::NotVerified => "have verification turned on at the endpoint: `ssl_verify_client on` (nginx), `verify \
                                 required` (HAProxy), `-verify_return_error` (openssl s_server)"
            .to_owned(),
        Verdict::Rejected => match ours.end {
            End::Alert(Alert(51)) => {
                format!("diff <(openssl x509 -in {cert} -noout -pubkey) <(openssl pkey -in {key} -pubout)")
            }
            End::Alert(Alert(45)) => format!("date -u; openssl x509 -in {cert} -noout -dates"),
            End::Alert(Alert(43)) => format!("openssl x509 -in {cert} -noout -purpose | grep 'SSL client'"),
            _ => format!(
                "compare with the CA that was uploaded to the account: openssl verify -auth_level 2 -purpose sslclient \
                 -CAfile {ca} -untrusted {cert} {cert}"
            ),
        },
        Verdict::Inconclusive | Verdict::CannotConnect | Verdict::ServerCertificateProblem => format!("look at the handshake: {} -cert {cert} -key {key} </dev/null", target.s_client()),
    }
}

#[cfg(test)]
mod tests;
