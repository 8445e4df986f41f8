//! What a probe saw and how it is judged → the report: for people as text, for programs as the value itself.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::finding::Finding;
use crate::identity::{Identity, read_name};
use crate::probe::{
    Alert, Delegate, End, Failure, Judgement, Names, Observation, Observations, Refusal, Verdict, judge, overall,
};

/// The report on one endpoint. As JSON it follows `docs/schema/probe.json`.
#[derive(Debug, Serialize)]
pub struct ProbeReport<'a> {
    version: u32,
    endpoint: &'a str,
    /// Without credentials.
    proxy: Option<String>,
    verdict: Verdict,
    reason: Option<String>,
    loose: &'static str,
    strict: &'static str,
    help: String,
    addresses: Vec<Address>,
    findings: &'a [Finding],
    #[serde(skip)]
    names: Names<'a>,
}

/// What one address does.
#[derive(Debug, Serialize)]
struct Address {
    /// `None` where the proxy chooses it.
    address: Option<String>,
    verdict: Verdict,
    reason: Option<String>,
    counts: bool,
    tls: Option<&'static str>,
    asks: Option<bool>,
    requires: Option<bool>,
    accepts: Option<bool>,
    verifies: Option<bool>,
    /// The names of the authorities that the server asks for.
    authorities: Vec<String>,
    /// Whether a classic delegate would send the certificate to this server; `None` where it is not asked for one.
    delegate_sends: Option<bool>,
    connections: Option<Connections>,
    remarks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Connections {
    without: Connection,
    ours: Connection,
    control: Option<Connection>,
}

#[derive(Debug, Serialize)]
struct Connection {
    /// Whether a certificate went over the wire.
    sent: bool,
    refused: bool,
    status: Option<u16>,
    alert: Option<String>,
    /// How it ended, in words.
    text: String,
}

/// One address and what was seen there.
#[derive(Debug)]
pub struct Sighting {
    /// The address with its port; `None` where the proxy chooses it.
    pub address: Option<SocketAddr>,
    /// What was seen.
    pub seen: Result<Observations, Failure>,
}

impl<'a> ProbeReport<'a> {
    /// Judges what was seen. `findings` are what there is to say of `identity` without an endpoint. `None` for no
    /// sighting at all.
    #[must_use]
    pub fn new(
        names: Names<'a>,
        proxy: Option<String>,
        sightings: &[Sighting],
        identity: &Identity,
        findings: &'a [Finding],
    ) -> Option<ProbeReport<'a>> {
        let judgements: Vec<Judgement> = sightings.iter().map(|sighting| judge(&sighting.seen, names)).collect();
        let mut worst = overall(&judgements)?.clone();
        let answers = sightings.iter().zip(&judgements).filter(|(_, one)| one.verdict != Verdict::CannotConnect);
        if worst.verdict == Verdict::CannotConnect
            && let Some(answer) = answers.filter_map(|(sighting, _)| sighting.address).next()
        {
            let ip = answer.ip();
            worst.help = format!("probe those alone that answer: --resolve {}:{}", names.target, bracketed(ip));
        }
        let addresses = sightings.iter().zip(judgements);
        let addresses: Vec<Address> =
            addresses.map(|(sighting, judgement)| Address::new(sighting, judgement, identity)).collect();
        let delegate = match addresses.iter().any(|one| one.counts && one.delegate_sends == Some(false)) {
            true => Delegate::Withholds,
            false => Delegate::Sends,
        };
        if worst.verdict.is_accepted() && delegate == Delegate::Withholds {
            worst.help = format!(
                "have the issuer of `{}` added to those that the endpoint asks for: `ssl_client_certificate` (nginx), \
                 `ca-file` (HAProxy)",
                names.cert
            );
        }
        Some(ProbeReport {
            version: 1,
            endpoint: names.endpoint,
            proxy,
            verdict: worst.verdict,
            reason: worst.reason,
            loose: worst.verdict.in_loose_mode(delegate),
            strict: worst.verdict.in_strict_mode(delegate),
            help: worst.help,
            addresses,
            findings,
            names,
        })
    }

    /// The worst verdict of all addresses that count.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let bold = Style::new().bold();
        let several = self.addresses.len() > 1;
        for address in &self.addresses {
            let at = match (&self.proxy, &address.address) {
                (Some(proxy), _) => format!("through the proxy {proxy}"),
                (None, Some(address)) => format!("at {address}"),
                (None, None) => String::new(),
            };
            let tls = address.tls.map(|version| format!(", TLS {version}")).unwrap_or_default();
            writeln!(out, "{bold}{}{bold:#} {at}{tls}", self.endpoint)?;
            for (label, text) in address.rows(self.names.cert) {
                writeln!(out, "  {label}  {text}")?;
            }
            if several {
                let aside = if address.counts { "" } else { "; left aside" };
                let reason = address.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                writeln!(out, "  {}{reason}{aside}", address.verdict)?;
            }
            if address.delegate_sends == Some(false) {
                let style = AnsiColor::Yellow.on_default().bold();
                writeln!(
                    out,
                    "  {style}warning{style:#}: a classic delegate would not send `{}` here: none of its issuers is among \
                     those that are asked for",
                    self.names.cert
                )?;
            }
            for remark in &address.remarks {
                let style = AnsiColor::Cyan.on_default().bold();
                writeln!(out, "  {style}note{style:#}: {remark}")?;
            }
        }
        let style = match self.verdict {
            accepted if accepted.is_accepted() => AnsiColor::Green,
            _ => AnsiColor::Red,
        };
        let style = style.on_default().bold();
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let differs = match self.addresses.iter().any(|one| one.counts && one.verdict != self.verdict) {
            true => " (the worst of its addresses, which differ)",
            false => "",
        };
        writeln!(out, "{style}verdict{style:#}: {}{reason}{differs}", self.verdict)?;
        if self.loose == self.strict {
            writeln!(out, "  LOOSE and STRICT: {}", self.loose)?;
        } else {
            writeln!(out, "  LOOSE: {}", self.loose)?;
            writeln!(out, "  STRICT: {}", self.strict)?;
        }
        writeln!(out, "  {bold}help{bold:#}: {}", self.help)
    }
}

impl Address {
    fn new(sighting: &Sighting, judgement: Judgement, identity: &Identity) -> Address {
        let seen = sighting.seen.as_ref().ok();
        let request = seen.and_then(|seen| seen.ours.request.as_ref());
        let authorities = request.map(|request| request.authorities.as_slice()).unwrap_or_default();
        Address {
            address: sighting.address.map(|address| address.to_string()),
            verdict: judgement.verdict,
            reason: judgement.reason,
            counts: judgement.counts,
            tls: seen.map(|seen| seen.ours.tls),
            asks: judgement.asks,
            requires: judgement.requires,
            accepts: judgement.accepts,
            verifies: judgement.verifies,
            // RFC 8446 §4.2.4: no name means that the client may send what it has
            delegate_sends: request.map(|_| authorities.is_empty() || identity.is_issued_by_one_of(authorities)),
            authorities: authorities
                .iter()
                .map(|name| read_name(name).unwrap_or_else(|| "(unreadable name)".to_owned()))
                .collect(),
            connections: seen.map(|seen| Connections {
                without: Connection::new(&seen.bare),
                ours: Connection::new(&seen.ours),
                control: seen.control.as_ref().map(Connection::new),
            }),
            remarks: judgement.remarks,
        }
    }

    /// The lines of the table: labels of one width, and what belongs to them.
    fn rows(&self, cert: &str) -> Vec<(String, String)> {
        let Some(connections) = &self.connections else { return Vec::new() };
        let asks = match (self.asks, self.authorities.as_slice()) {
            (None, _) => "on some connections".to_owned(),
            (Some(false), _) => "no".to_owned(),
            (Some(true), []) => "yes, of any issuer".to_owned(),
            (Some(true), names) => format!("yes, of {}", listed(names)),
        };
        let mut rows = vec![
            ("asks for a certificate".to_owned(), asks),
            ("without one".to_owned(), connections.without.text.clone()),
            (format!("with {cert}"), connections.ours.text.clone()),
        ];
        if let Some(control) = &connections.control {
            rows.push(("with a throw-away one".to_owned(), control.text.clone()));
        }
        let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
        rows.into_iter().map(|(label, text)| (format!("{label:width$}"), text)).collect()
    }
}

impl Connection {
    fn new(one: &Observation) -> Connection {
        let (status, alert) = match one.end {
            End::Reply { status, .. } => (Some(status), None),
            End::Alert(alert) => (None, Some(alert)),
            End::Closed | End::Cut | End::Silent | End::NotHttp => (None, None),
        };
        Connection {
            sent: one.request.as_ref().is_some_and(|request| request.answered),
            refused: one.is_refused(),
            status,
            alert: alert.as_ref().map(Alert::to_string),
            text: match one.end {
                End::Reply { status, refusal: None } => format!("answered, HTTP {status}"),
                End::Reply { status, refusal: Some(Refusal::Missing) } => {
                    format!("refused, HTTP {status}: no certificate was sent")
                }
                End::Reply { status, refusal: Some(Refusal::Wrong) } => {
                    format!("refused, HTTP {status}: the certificate is wrong")
                }
                End::Alert(alert) if one.request.is_some() => format!("refused, TLS alert {alert}"),
                End::Alert(alert) => format!("TLS alert {alert}"),
                End::Closed if one.request.is_some() => "refused, connection closed".to_owned(),
                End::Closed => "connection closed".to_owned(),
                End::Cut => "hung up in the middle of its answer".to_owned(),
                End::Silent => "no complete answer in time".to_owned(),
                End::NotHttp => "answered, not in HTTP".to_owned(),
            },
        }
    }
}

/// As `--resolve` takes it.
fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Names for a line of text; there may be hundreds.
fn listed(names: &[String]) -> String {
    const MOST: usize = 3;
    let quoted = names.iter().take(MOST).map(|name| format!("`{name}`"));
    let more = names.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("{more} more"));
    quoted.chain(more).collect::<Vec<_>>().join(", ")
}
