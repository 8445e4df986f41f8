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

/// What a connection came to, the others considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stance {
    Through,
    Refused,
    Unclear,
}

/// What all connections came to.
struct Stances {
    /// Whether the server asks; `None` where it does on some connections only.
    asks: Option<bool>,
    without: Stance,
    ours: Stance,
    /// Whether ours went over the wire.
    sent: bool,
    /// `None` where the control was not wanted or could not be sent: then it is one more connection without.
    control: Option<Stance>,
    /// The status by which an application refused, where TLS had let the client through.
    application: Option<u16>,
    /// Whether every connection ended with a status by which nothing was opened, which says nothing about certificates.
    all_forbidden: bool,
}

impl Stances {
    fn of(seen: &Observations) -> Stances {
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
    fn tell(&self, seen: &Observations) -> (Verdict, Option<String>) {
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

    fn remarks(&self, verdict: Verdict, seen: &Observations) -> Vec<String> {
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
mod tests {
    use super::super::failure::ServerProblem;
    use super::super::observation::CertificateRequest;
    use super::*;

    const THROUGH: [End; 2] = [reply(200), reply(404)];
    const REFUSED: [End; 4] = [
        End::Alert(Alert(48)),
        End::Closed,
        End::Reply { status: 400, refusal: Some(Refusal::Missing) },
        End::Reply { status: 495, refusal: Some(Refusal::Wrong) },
    ];
    const UNCLEAR: [End; 3] = [End::Silent, End::NotHttp, End::Cut];

    const fn reply(status: u16) -> End {
        End::Reply { status, refusal: None }
    }

    fn asked(end: End, answered: bool) -> Observation {
        Observation { tls: "1.3", request: Some(CertificateRequest { authorities: Vec::new(), answered }), end }
    }

    fn unasked(end: End) -> Observation {
        Observation { tls: "1.3", request: None, end }
    }

    /// Asked on every connection, the certificate sent where there was one.
    fn seen(bare: End, ours: End, control: Option<End>) -> Observations {
        Observations { bare: asked(bare, false), ours: asked(ours, true), control: control.map(|end| asked(end, true)) }
    }

    fn judged(seen: Result<Observations, Failure>) -> Judgement {
        let target = Target::new("acme.harness.io", 8443);
        let endpoint = "https://acme.harness.io:8443";
        judge(&seen, Names { cert: "client.crt", key: "client.key", ca: "ca.crt", endpoint, target: &target })
    }

    fn verdict(seen: Observations) -> Verdict {
        judged(Ok(seen)).verdict
    }

    #[test]
    fn the_three_connections_together_tell_the_verdict() {
        use Verdict::{
            Inconclusive as Unknown, NotVerified, OptionalAndAccepted as Optional, Rejected,
            RequiredAndAccepted as Required,
        };
        let (through, refused, unclear) = (THROUGH.as_slice(), REFUSED.as_slice(), UNCLEAR.as_slice());
        // without, ours, then by control: refused, through, unclear, none
        for (without, ours, expected) in [
            (refused, through, [Required, NotVerified, Unknown, Required]),
            (through, through, [Optional, NotVerified, Unknown, Optional]),
            (unclear, through, [Unknown; 4]),
            (refused, refused, [Rejected; 4]),
            (through, refused, [Rejected; 4]),
            (unclear, refused, [Rejected; 4]),
            (refused, unclear, [Unknown; 4]),
            (through, unclear, [Unknown; 4]),
            (unclear, unclear, [Unknown; 4]),
        ] {
            for (&bare, &ours) in without.iter().flat_map(|bare| ours.iter().map(move |ours| (bare, ours))) {
                for (controls, expected) in [refused, through, unclear].into_iter().zip(expected) {
                    for &control in controls {
                        assert_eq!(verdict(seen(bare, ours, Some(control))), expected, "{bare:?} {ours:?} {control:?}");
                    }
                }
                assert_eq!(verdict(seen(bare, ours, None)), expected[3], "{bare:?} {ours:?}");
            }
        }
    }

    #[test]
    fn an_endpoint_that_does_not_ask_proves_nothing_however_it_ends() {
        for end in THROUGH.into_iter().chain(REFUSED).chain(UNCLEAR) {
            let all = Observations { bare: unasked(end), ours: unasked(end), control: Some(unasked(end)) };
            let judgement = judged(Ok(all));
            assert_eq!(judgement.verdict, Verdict::NotRequested);
            let answers = (judgement.asks, judgement.requires, judgement.accepts, judgement.verifies);
            assert_eq!(answers, (Some(false), Some(false), None, None));
        }
    }

    #[test]
    fn an_endpoint_that_asks_now_and_then_is_inconclusive() {
        let ask = |yes, answered| if yes { asked(reply(200), answered) } else { unasked(reply(200)) };
        for (bare, ours, control) in [(true, false, false), (false, true, true), (true, true, false)] {
            let all = Observations { bare: ask(bare, false), ours: ask(ours, true), control: Some(ask(control, true)) };
            let judgement = judged(Ok(all));
            assert_eq!((judgement.verdict, judgement.asks), (Verdict::Inconclusive, None));
        }
    }

    #[test]
    fn a_certificate_that_could_not_be_sent_is_never_accepted() {
        let unsent = |bare, ours| Observations { bare: asked(bare, false), ours: asked(ours, false), control: None };
        let not_sent = Some("the certificate was not sent: it takes none of its key's signature schemes".to_owned());
        let optional = judged(Ok(unsent(reply(200), reply(200))));
        assert_eq!(
            (optional.verdict, optional.reason, optional.accepts),
            (Verdict::Inconclusive, not_sent.clone(), None)
        );
        let required = judged(Ok(unsent(End::Closed, End::Closed)));
        assert_eq!((required.verdict, required.reason), (Verdict::Rejected, not_sent));
    }

    #[test]
    fn a_control_that_could_not_be_sent_is_no_control() {
        let mut all = seen(End::Closed, reply(200), Some(End::Closed));
        all.control = Some(asked(End::Closed, false));
        let judgement = judged(Ok(all));
        assert_eq!((judgement.verdict, judgement.verifies), (Verdict::RequiredAndAccepted, None));
        assert_eq!(
            judgement.remarks,
            ["the throw-away certificate could not be sent, so a server that takes any certificate looks the same"]
        );
        assert_eq!(
            judged(Ok(seen(End::Closed, reply(200), None))).remarks,
            ["there was no control connection, so a server that takes any certificate looks the same"]
        );
    }

    #[test]
    fn an_application_behind_tls_may_be_the_one_that_refuses() {
        for status in [401, 403] {
            let no = reply(status);
            let remark = [format!("the application behind TLS refuses (HTTP {status}), not the TLS server")];
            for (bare, ours, control, expected) in [
                (no, reply(200), no, Verdict::RequiredAndAccepted),
                (no, reply(404), reply(200), Verdict::NotVerified),
                (reply(200), reply(200), no, Verdict::OptionalAndAccepted),
                (reply(200), no, no, Verdict::Rejected),
                (End::Closed, reply(200), no, Verdict::RequiredAndAccepted),
            ] {
                let judgement = judged(Ok(seen(bare, ours, Some(control))));
                assert_eq!((judgement.verdict, judgement.remarks.as_slice()), (expected, remark.as_slice()));
            }
            // a page that nobody may see says nothing about certificates
            assert_eq!(verdict(seen(End::Closed, no, Some(End::Closed))), Verdict::RequiredAndAccepted);
            assert_eq!(verdict(seen(no, no, Some(End::Closed))), Verdict::OptionalAndAccepted);
            let judgement = judged(Ok(seen(no, no, Some(no))));
            assert_eq!(judgement.verdict, Verdict::NotVerified);
            assert_eq!(
                judgement.remarks,
                ["every request is refused in HTTP, so an application that judges certificates itself looks the same"]
            );
        }
    }

    #[test]
    fn a_busy_or_broken_application_has_not_let_the_pair_in() {
        for status in [400, 421, 429, 500, 502, 503, 504] {
            let judgement = judged(Ok(seen(reply(403), reply(status), Some(reply(403)))));
            assert_eq!(judgement.verdict, Verdict::NotVerified, "{status}");
            let remark =
                "every request is refused in HTTP, so an application that judges certificates itself looks the same";
            assert_eq!(judgement.remarks, [remark], "{status}");
        }
    }

    #[test]
    fn what_could_have_another_cause_is_remarked_on() {
        for (bare, ours, control, expected, remark) in [
            (
                End::Closed,
                reply(403),
                End::Closed,
                Verdict::RequiredAndAccepted,
                vec![
                    "TLS accepts the certificate, and the application behind it refuses (HTTP 403): this page, or this client",
                    "it hung up on the throw-away certificate without a word, which a limit on connections does as well: \
                     probe again after a while",
                ],
            ),
            (
                reply(302),
                reply(200),
                reply(302),
                Verdict::NotVerified,
                vec![
                    "the pair gets another answer (HTTP 200) than the throw-away certificate (HTTP 302): the application \
                     may judge certificates itself",
                ],
            ),
            (
                End::Alert(Alert(116)),
                End::Closed,
                End::Alert(Alert(48)),
                Verdict::Rejected,
                vec![
                    "it sends an alert without a certificate, and with this one it only hangs up, which a server that \
                     speaks HTTP/2 alone does as well",
                ],
            ),
            (End::Closed, End::Closed, End::Closed, Verdict::Rejected, Vec::new()),
            (reply(200), reply(200), reply(200), Verdict::NotVerified, Vec::new()),
            (End::Closed, reply(200), End::Alert(Alert(48)), Verdict::RequiredAndAccepted, Vec::new()),
        ] {
            let judgement = judged(Ok(seen(bare, ours, Some(control))));
            let remarks: Vec<&str> = judgement.remarks.iter().map(String::as_str).collect();
            assert_eq!((judgement.verdict, remarks), (expected, remark));
        }
    }

    #[test]
    fn a_rejection_says_why_and_what_to_do() {
        let verify = "compare with the CA that was uploaded to the account: openssl verify -auth_level 2 -purpose \
                      sslclient -CAfile ca.crt -untrusted client.crt client.crt";
        for (end, reason, help) in [
            (End::Alert(Alert(48)), "it does not trust the certificate's issuer (TLS alert unknown_ca)", verify),
            (
                End::Alert(Alert(45)),
                "the certificate is expired or not valid yet (TLS alert certificate_expired)",
                "date -u; openssl x509 -in client.crt -noout -dates",
            ),
            (
                End::Alert(Alert(43)),
                "the certificate is not meant for this purpose (TLS alert unsupported_certificate)",
                "openssl x509 -in client.crt -noout -purpose | grep 'SSL client'",
            ),
            (
                End::Alert(Alert(51)),
                "the key does not belong to the certificate (TLS alert decrypt_error)",
                "diff <(openssl x509 -in client.crt -noout -pubkey) <(openssl pkey -in client.key -pubout)",
            ),
            (End::Alert(Alert(47)), "it ended the connection (TLS alert illegal_parameter)", verify),
            (End::Closed, "it hung up when it saw the certificate", verify),
            (REFUSED[2], "it says that it got no certificate (HTTP 400)", verify),
            (REFUSED[3], "it could not verify the certificate (HTTP 495)", verify),
        ] {
            let judgement = judged(Ok(seen(End::Closed, end, None)));
            assert_eq!((judgement.reason.as_deref(), judgement.help.as_str()), (Some(reason), help));
        }
    }

    #[test]
    fn the_worst_address_counts_unless_there_is_no_route_to_it() {
        let good = || judged(Ok(seen(End::Closed, reply(200), Some(End::Closed))));
        let bad = || judged(Ok(seen(End::Closed, End::Closed, None)));
        let (lost, dead) = (judged(Err(Failure::NoRoute)), judged(Err(Failure::HungUp)));
        let verdict = |all: &[Judgement]| overall(all).map(|judgement| judgement.verdict);
        assert_eq!(verdict(&[good(), bad(), good()]), Some(Verdict::Rejected));
        assert_eq!(verdict(&[good(), dead, bad()]), Some(Verdict::CannotConnect));
        assert_eq!(verdict(&[lost.clone(), good()]), Some(Verdict::RequiredAndAccepted));
        assert_eq!(verdict(&[lost.clone(), lost]), Some(Verdict::CannotConnect));
        assert_eq!(verdict(&[]), None);
    }

    #[test]
    fn a_server_certificate_problem_is_a_verdict_of_its_own() {
        let judgement = judged(Err(Failure::Server(ServerProblem::IsCa)));
        assert_eq!(judgement.verdict, Verdict::ServerCertificateProblem);
        assert_eq!(judgement.asks, None);
    }
}
