//! What was seen → the verdict, and what to say of it: why, what it means for LOOSE and STRICT accounts, what to do.
//! Values in, values out.

use std::fmt;

use serde::Serialize;

use super::alert::Alert;
use super::connection::Target;
use super::failure::Failure;
use super::observation::{End, Observation, Observations, Refusal};

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

impl Verdict {
    /// What it means while the account's mode is LOOSE, which lets delegates in with and without mTLS.
    #[must_use]
    pub fn in_loose_mode(self) -> &'static str {
        match self {
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
    pub fn in_strict_mode(self) -> &'static str {
        match self {
            Verdict::RequiredAndAccepted | Verdict::OptionalAndAccepted => {
                "a delegate with this pair connects; one without a pair is blocked"
            }
            Verdict::NotVerified => "not known: what counts as mTLS behind an endpoint that takes any certificate?",
            Verdict::NotRequested => "a delegate that connects here is blocked",
            other => other.in_loose_mode(),
        }
    }
}

/// What the user calls things, for commands that can be pasted.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The file of the client certificate.
    pub cert: &'a str,
    /// The file of its key.
    pub key: &'a str,
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

/// What a connection came to, the others considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stance {
    Through,
    Refused,
    Unclear,
}

/// Judges what was seen at one address.
#[must_use]
pub fn judge(seen: &Result<Observations, Failure>, names: Names<'_>) -> Judgement {
    match seen {
        Ok(observations) => judge_observations(observations, names),
        Err(failure) => Judgement {
            verdict: match failure {
                Failure::Server(_) => Verdict::ServerCertificateProblem,
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
    let Observations { bare, ours, control } = seen;
    let control = control.as_ref();
    let all = [Some(bare), Some(ours), control];
    let all_seen = all.into_iter().flatten();
    let asks = ours.request.is_some();
    let same_request = all_seen.clone().all(|one| one.request.is_some() == asks);
    let opened = all_seen.clone().any(|one| one.is_through() && !is_forbidden(one));
    let stance = |one: &Observation| match () {
        () if one.is_refused() => Stance::Refused,
        // some web servers only ask in TLS, and the application behind them refuses
        () if is_forbidden(one) && opened => Stance::Refused,
        () if one.is_through() => Stance::Through,
        () => Stance::Unclear,
    };
    let (without, with) = (stance(bare), stance(ours));
    // a control that could not be sent is one more connection without a certificate
    let sent_control = control.filter(|control| control.request.as_ref().is_some_and(|request| request.answered));
    let against = sent_control.map(stance);
    let sent = ours.request.as_ref().is_some_and(|request| request.answered);

    let (verdict, reason) = match (without, with, against) {
        _ if !same_request => {
            (Verdict::Inconclusive, Some("it asks for a certificate on some connections and not on others".to_owned()))
        }
        _ if !asks => (Verdict::NotRequested, None),
        (_, Stance::Refused, _) => (Verdict::Rejected, Some(refusal(ours))),
        (_, Stance::Unclear, _) => (Verdict::Inconclusive, Some(unclear("the certificate", ours))),
        (Stance::Unclear, ..) => (Verdict::Inconclusive, Some(unclear("no certificate", bare))),
        _ if !sent => (
            Verdict::Inconclusive,
            Some("the certificate was not sent: it takes none of its key's signature schemes".to_owned()),
        ),
        (.., Some(Stance::Unclear)) => {
            (Verdict::Inconclusive, sent_control.map(|control| unclear("a throw-away certificate", control)))
        }
        (.., Some(Stance::Through)) => {
            (Verdict::NotVerified, Some("it lets in a throw-away certificate as well".to_owned()))
        }
        (Stance::Refused, ..) => (Verdict::RequiredAndAccepted, None),
        (Stance::Through, ..) => (Verdict::OptionalAndAccepted, None),
    };

    let known = |stance: Stance, yes: Stance| (asks && stance != Stance::Unclear).then_some(stance == yes);
    let mut judgement = Judgement {
        verdict,
        reason,
        help: String::new(),
        remarks: Vec::new(),
        asks: same_request.then_some(asks),
        requires: if asks { known(without, Stance::Refused) } else { Some(false) },
        accepts: known(with, Stance::Through).filter(|_| sent),
        verifies: against.and_then(|against| known(against, Stance::Refused)),
        counts: true,
    };
    judgement.help = help(verdict, ours, names);
    if matches!(verdict, Verdict::RequiredAndAccepted | Verdict::OptionalAndAccepted) && against.is_none() {
        judgement.remarks.push(match control {
            None => "without the control connection, a server that takes any certificate looks the same".to_owned(),
            Some(_) => {
                "the throw-away certificate could not be sent, so a server that takes any certificate looks the same"
                    .to_owned()
            }
        });
    }
    if let Some(End::Reply { status, .. }) = asks.then(|| by_application(seen, opened)).flatten() {
        judgement.remarks.push(format!("the application behind TLS refuses (HTTP {status}), not the TLS server"));
    }
    if verdict == Verdict::NotVerified && all_seen.clone().all(is_forbidden) {
        judgement.remarks.push(
            "every request is refused in HTTP, so an application that judges certificates itself looks the same"
                .to_owned(),
        );
    }
    judgement
}

/// 401 or 403: the application refuses. That alone says nothing; together with another reply it may.
fn is_forbidden(one: &Observation) -> bool {
    matches!(one.end, End::Reply { status: 401 | 403, refusal: None })
}

/// The end of the first connection that only the application refused, where another one came through.
fn by_application(seen: &Observations, opened: bool) -> Option<End> {
    let all = [Some(&seen.bare), Some(&seen.ours), seen.control.as_ref()];
    all.into_iter().flatten().find(|one| opened && is_forbidden(one)).map(|one| one.end)
}

/// What the server said against the certificate.
fn refusal(one: &Observation) -> String {
    let sent = one.request.as_ref().is_some_and(|request| request.answered);
    match one.end {
        _ if !sent => "the certificate was not sent: it takes none of its key's signature schemes".to_owned(),
        End::Alert(alert) => match alert.meaning() {
            Some(meaning) => format!("{meaning} (TLS alert {alert})"),
            None => format!("it ended the connection (TLS alert {alert})"),
        },
        End::Reply { refusal: Some(refusal), status } => match refusal {
            Refusal::Wrong => format!("it could not verify the certificate (HTTP {status})"),
            Refusal::Missing => format!("it says that it got no certificate (HTTP {status})"),
        },
        End::Reply { status, .. } => format!("the application behind TLS refuses the certificate (HTTP {status})"),
        End::Closed | End::Silent | End::NotHttp => "it hung up when it saw the certificate".to_owned(),
    }
}

fn unclear(with: &str, one: &Observation) -> String {
    match one.end {
        End::NotHttp => format!("with {with}, it answered with something that is no HTTP"),
        _ => format!("with {with}, it did not answer in time"),
    }
}

fn help(verdict: Verdict, ours: &Observation, names: Names<'_>) -> String {
    let Names { cert, key, endpoint, target } = names;
    let (cert, key) = (crate::identity::shell(cert), crate::identity::shell(key));
    match verdict {
        Verdict::RequiredAndAccepted | Verdict::OptionalAndAccepted => format!(
            "delegate-mtls inject harness-delegate.yaml --cert {cert} --key {key} --ca ca.crt --endpoint {endpoint}"
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
                 -CAfile ca.crt -untrusted {cert} {cert}"
            ),
        },
        Verdict::Inconclusive | Verdict::CannotConnect | Verdict::ServerCertificateProblem => format!(
            "look at the handshake: openssl s_client -connect {target} -servername {} -cert {cert} -key {key} </dev/null",
            target.host()
        ),
    }
}
