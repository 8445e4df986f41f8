use super::super::failure::ServerProblem;
use super::super::observation::{CertificateRequest, Refusal};
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
    assert_eq!((optional.verdict, optional.reason, optional.accepts), (Verdict::Inconclusive, not_sent.clone(), None));
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
