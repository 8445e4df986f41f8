//! What the connections came to, each beside the others: which verdict that is, and why.

use super::Verdict;
use crate::probe::observation::{End, Observation, Observations, Refusal};

/// What a connection came to, the others considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    Through,
    Refused,
    Unclear,
}

/// What all connections came to.
pub(super) struct Stances {
    /// Whether the server asks; `None` where it does on some connections only.
    pub(super) asks: Option<bool>,
    pub(super) without: Stance,
    pub(super) ours: Stance,
    /// Whether ours went over the wire.
    pub(super) sent: bool,
    /// `None` where the control was not wanted or could not be sent: then it is one more connection without.
    pub(super) control: Option<Stance>,
    /// The status by which an application refused, where TLS had let the client through.
    pub(super) application: Option<u16>,
    /// Whether every connection ended with a status by which nothing was opened, which says nothing about certificates.
    pub(super) all_forbidden: bool,
}

impl Stances {
    pub(super) fn of(seen: &Observations) -> Stances {
        let all: Vec<&Observation> =
            [Some(&seen.bare), Some(&seen.ours), seen.control.as_ref()].into_iter().flatten().collect();
        // some servers only ask in TLS, and the application behind them refuses: seen where another connection got more
        let opened = all.iter().any(|one| opens(one));
        let stance = |one: &Observation| match one {
            one if one.is_refused() || opened && forbidden(one).is_some() => Stance::Refused,
            one if one.is_through() => Stance::Through,
            _ => Stance::Unclear,
        };
        let sent = |one: &Observation| one.request.as_ref().is_some_and(|request| request.answered);
        let asks = seen.ours.request.is_some();
        Stances {
            asks: all.iter().all(|one| one.request.is_some() == asks).then_some(asks),
            without: stance(&seen.bare),
            ours: stance(&seen.ours),
            sent: sent(&seen.ours),
            control: seen.control.as_ref().filter(|control| sent(control)).map(stance),
            application: all.iter().find_map(|one| forbidden(one)).filter(|_| opened),
            all_forbidden: !opened && all.iter().all(|one| one.is_through()),
        }
    }

    /// The verdict, and why where it does not say it all.
    pub(super) fn tell(&self, seen: &Observations) -> (Verdict, Option<String>) {
        let inconclusive = |reason| (Verdict::Inconclusive, Some(reason));
        match (self.without, self.ours, self.control) {
            _ if self.asks.is_none() => {
                inconclusive("it asks for a certificate on some connections and not on others".to_owned())
            }
            _ if self.asks == Some(false) => (Verdict::NotRequested, None),
            (_, Stance::Refused, _) if !self.sent => (Verdict::Rejected, Some(NOT_SENT.to_owned())),
            (_, Stance::Refused, _) => (Verdict::Rejected, Some(refusal(&seen.ours))),
            (_, Stance::Unclear, _) => inconclusive(unclear("the certificate", &seen.ours)),
            (Stance::Unclear, ..) => inconclusive(unclear("no certificate", &seen.bare)),
            _ if !self.sent => inconclusive(NOT_SENT.to_owned()),
            (.., Some(Stance::Unclear)) => {
                let control = seen.control.as_ref().unwrap_or(&seen.bare);
                inconclusive(unclear("a throw-away certificate", control))
            }
            (.., Some(Stance::Through)) => {
                (Verdict::NotVerified, Some("it lets in a throw-away certificate as well".to_owned()))
            }
            (Stance::Refused, ..) => (Verdict::RequiredAndAccepted, None),
            (Stance::Through, ..) => (Verdict::OptionalAndAccepted, None),
        }
    }

    pub(super) fn remarks(&self, verdict: Verdict, seen: &Observations) -> Vec<String> {
        let mut remarks = Vec::new();
        let accepted = verdict.is_accepted();
        if accepted && self.control.is_none() {
            let why = match seen.control {
                None => "there was no control connection",
                Some(_) => "the throw-away certificate could not be sent",
            };
            remarks.push(format!("{why}, so a server that takes any certificate looks the same"));
        }
        if let (Some(true), Some(status)) = (self.asks, self.application) {
            remarks.push(format!("the application behind TLS refuses (HTTP {status}), not the TLS server"));
        } else if let (true, Some(status)) = (accepted, forbidden(&seen.ours)) {
            remarks.push(format!(
                "TLS accepts the certificate, and the application behind it refuses (HTTP {status}): this page, or this client"
            ));
        }
        let control = seen.control.as_ref().filter(|_| self.control.is_some()).map(|control| control.end);
        if accepted && control == Some(End::Closed) {
            remarks.push(
                "it hung up on the throw-away certificate without a word, which a limit on connections does as well: \
                 probe again after a while"
                    .to_owned(),
            );
        }
        // the throw-away certificate is as good as none there
        if let (Verdict::NotVerified, End::Reply { status, .. }, Some(End::Reply { status: other, .. })) =
            (verdict, seen.ours.end, control.filter(|control| *control == seen.bare.end))
            && status != other
            && !self.all_forbidden
        {
            remarks.push(format!(
                "the pair gets another answer (HTTP {status}) than the throw-away certificate (HTTP {other}): the \
                 application may judge certificates itself"
            ));
        }
        if verdict == Verdict::Rejected && seen.ours.end == End::Closed && matches!(seen.bare.end, End::Alert(_)) {
            remarks.push(
                "it sends an alert without a certificate, and with this one it only hangs up, which a server that speaks \
                 HTTP/2 alone does as well"
                    .to_owned(),
            );
        }
        if verdict == Verdict::NotVerified && self.all_forbidden {
            remarks.push(
                "every request is refused in HTTP, so an application that judges certificates itself looks the same"
                    .to_owned(),
            );
        }
        remarks
    }
}

/// The status by which an application refuses a client.
fn forbidden(one: &Observation) -> Option<u16> {
    match one.end {
        End::Reply { status: status @ (401 | 403), refusal: None } => Some(status),
        _ => None,
    }
}

/// Whether an application looked for the page; a server that is busy, broken or does not understand never came to it.
fn opens(one: &Observation) -> bool {
    one.is_through() && matches!(one.end, End::Reply { status: 200..=399 | 404 | 405, .. })
}

const NOT_SENT: &str = "the certificate was not sent: it takes none of its key's signature schemes";

/// What the server said against the certificate.
fn refusal(one: &Observation) -> String {
    match one.end {
        End::Alert(alert) => match alert.meaning() {
            Some(meaning) => format!("{meaning} (TLS alert {alert})"),
            None => format!("it ended the connection (TLS alert {alert})"),
        },
        End::Reply { refusal: Some(refusal), status } => match refusal {
            Refusal::Wrong => format!("it could not verify the certificate (HTTP {status})"),
            Refusal::Missing => format!("it says that it got no certificate (HTTP {status})"),
        },
        End::Reply { status, .. } => format!("the application behind TLS refuses the certificate (HTTP {status})"),
        End::Closed | End::Cut | End::Silent | End::NotHttp => "it hung up when it saw the certificate".to_owned(),
    }
}

fn unclear(with: &str, one: &Observation) -> String {
    match one.end {
        End::NotHttp => format!("with {with}, it answered with something that is no HTTP"),
        End::Cut => format!("with {with}, it hung up in the middle of its answer"),
        _ => format!("with {with}, it did not finish its answer in time"),
    }
}
