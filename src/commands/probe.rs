//! probe: arguments, files, the environment's proxy, names from DNS and the clock → one call per address → the report.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use super::identity::PairFiles;
use super::terminal::Terminal;
use super::{Exit, Failure, identity};
use crate::cli::{Format, ProbeArgs};
use crate::endpoint::Endpoint;
use crate::finding::{Finding, Rule};
use crate::identity::{ChainCheck, Identity, Loader, server_authorities};
use crate::probe::{Client, ClientError, Control, Names, Proxy, Resolve, Route, Target, Verdict};
use crate::report::{self, Message, ProbeReport, Sighting};
use crate::source;

/// No endpoint has more; each one costs three connections.
const MOST_ADDRESSES: usize = 16;

pub(super) fn probe(args: &ProbeArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let endpoint = Endpoint::parse(&args.endpoint);
    let endpoint = endpoint.map_err(|error| Message::error(error.to_string(), Some(error.help())))?;
    let target = Target::new(endpoint.host(), endpoint.port());
    let timeout = identity::duration(&args.timeout)?;
    if timeout.is_zero() {
        let text = format!("`--timeout {}` leaves no time to connect", args.timeout);
        return Err(Message::error(text, Some("the default is 10s, for each connection".to_owned())).into());
    }
    let given = given_addresses(&args.resolve, &target)?;
    let proxy = proxy(&target, &given)?;
    let identity = identity::load(PairFiles { cert: &args.cert, key: &args.key, ca: args.ca.as_deref() })?;
    let findings = findings(&identity, args)?;
    let notices = identity.notices().iter().map(Message::note);
    let mut messages: Vec<Message> = notices.chain(findings.iter().map(Message::from)).collect();
    let client = match client(&identity, args) {
        Ok(client) => client,
        Err(message) => {
            // they say what is wrong with a key that cannot be presented
            messages.push(message);
            return Err(Failure::Messages(messages));
        }
    };
    if args.format == Format::Human {
        messages.iter().try_for_each(|message| message.write(terminal.err()))?;
    }
    let routes = routes(&target, given, proxy.as_ref(), timeout, terminal)?;
    let sightings: Vec<Sighting> = routes
        .iter()
        .map(|route| Sighting {
            address: match route {
                Route::Direct(address) => Some(*address),
                Route::Proxy { .. } => None,
            },
            seen: client.observe(&target, route, timeout),
        })
        .collect();

    let (cert, key) = (args.cert.display().to_string(), args.key.display().to_string());
    let ca = args.ca.as_ref().map_or_else(|| "ca.crt".to_owned(), |ca| ca.display().to_string());
    let names = Names { cert: &cert, key: &key, ca: &ca, endpoint: endpoint.as_str(), target: &target };
    let proxy = proxy.map(|proxy| proxy.to_string());
    let report = ProbeReport::new(names, proxy, &sightings, &identity, &findings);
    let report = report.ok_or_else(|| Message::error(format!("`{}` has no address", target.host()), None))?;
    match args.format {
        Format::Human => report.write(terminal.out())?,
        Format::Json => report::write_json(terminal.out(), &report)?,
    }
    Ok(match report.verdict() {
        Verdict::RequiredAndAccepted | Verdict::OptionalAndAccepted => Exit::Done,
        Verdict::NotVerified | Verdict::NotRequested | Verdict::Rejected => Exit::No,
        Verdict::Inconclusive | Verdict::CannotConnect | Verdict::ServerCertificateProblem => Exit::Failed,
    })
}

/// What there is to say of the pair before the endpoint says it. Nothing of it stops the probe: what the server does is
/// the answer, and often the question is why it refuses.
fn findings(identity: &Identity, args: &ProbeArgs) -> Result<Vec<Finding>, Failure> {
    // the classic delegate is the stricter one, and which one it is going to be is not known
    let options = identity::options(&args.judge, ChainCheck::ToAnchor)?;
    let mut findings = identity::judge(identity, &options, &[Loader::Java]);
    // without a CA the endpoint is the only judge of the chain, which is what it is asked for here
    findings.retain(|finding| finding.rule != Rule::ChainNotJudged);
    Ok(findings)
}

fn client(identity: &Identity, args: &ProbeArgs) -> Result<Client, Message> {
    let roots = match &args.server_ca {
        Some(file) => {
            let roots = server_authorities(identity::read(file)?.named());
            roots.map_err(|error| Message::error(error.to_string(), error.help()))?
        }
        None => rustls_native_certs::load_native_certs().certs.iter().map(|root| root.to_vec()).collect(),
    };
    let control = if args.no_control { Control::Omit } else { Control::Send };
    // the server judges by its own clock, so `--at` has no say here
    Client::new(identity, roots, control, identity::clock()).map_err(|error| match (&error, &args.server_ca) {
        (ClientError::Key, _) => Message::error(
            format!("{}: {error}", args.key.display()),
            Some(format!("openssl pkey -in {} -noout -check", shell(&args.key))),
        ),
        (ClientError::NoRoots, Some(file)) => Message::error(
            format!("{}: holds no CA certificate that can be trusted", file.display()),
            Some("--server-ca wants the authority that issued the server's certificate".to_owned()),
        ),
        (ClientError::NoRoots, None) => Message::error(
            "this machine has no trusted CA certificates to verify the server with",
            Some(
                "install them (package `ca-certificates`), or name the server's CA with `--server-ca FILE`".to_owned(),
            ),
        ),
        (ClientError::Control(_), _) => {
            Message::error(error.to_string(), Some("leave it out with `--no-control`".to_owned()))
        }
    })
}

fn shell(path: &Path) -> String {
    crate::identity::shell(&path.display().to_string())
}

fn given_addresses(given: &[String], target: &Target) -> Result<Vec<SocketAddr>, Failure> {
    let addresses = given.iter().map(|text| Resolve::parse(text)?.for_target(target));
    let addresses = addresses.collect::<Result<Vec<_>, _>>();
    addresses.map_err(|error| Message::error(error.to_string(), Some(error.help())).into())
}

/// The proxy of the environment, where it applies.
fn proxy(target: &Target, given: &[SocketAddr]) -> Result<Option<Proxy>, Failure> {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let proxy = Proxy::choose(variable, target);
    let proxy = proxy.map_err(|error| Message::error(error.to_string(), Some(error.help())))?;
    match proxy {
        Some(proxy) if !given.is_empty() => Err(Message::error(
            format!("`--resolve` has no effect through the proxy {proxy}, which looks names up itself"),
            Some(format!("go without the proxy: no_proxy={} delegate-mtls probe …", target.host())),
        )
        .into()),
        proxy => Ok(proxy),
    }
}

/// The ways to the endpoint: one through a proxy, else one for each address.
fn routes(
    target: &Target,
    given: Vec<SocketAddr>,
    proxy: Option<&Proxy>,
    timeout: Duration,
    terminal: &mut Terminal,
) -> Result<Vec<Route>, Failure> {
    if let Some(proxy) = proxy {
        let mut addresses = look_up(proxy.host(), proxy.port(), timeout).map_err(|reason| {
            Message::error(
                format!("the proxy {proxy} cannot be found: {reason}"),
                Some(format!("look for a typo (env | grep -i _proxy), or go without it: no_proxy={}", target.host())),
            )
        })?;
        addresses.truncate(MOST_ADDRESSES);
        return Ok(vec![Route::Proxy { proxy: proxy.clone(), addresses }]);
    }
    let found = match given.is_empty() {
        false => given,
        true => look_up(target.host(), target.port(), timeout).map_err(|reason| {
            Message::error(
                format!("`{}` cannot be found: {reason}", target.host()),
                Some(format!("look for a typo, or name its address: --resolve {target}:ADDRESS")),
            )
        })?,
    };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.len() > MOST_ADDRESSES {
        let text = format!("`{}` has {} addresses; {MOST_ADDRESSES} are tried", target.host(), addresses.len());
        Message::warning(text, Some(format!("name the others: --resolve {target}:ADDRESS"))).write(terminal.err())?;
        addresses.truncate(MOST_ADDRESSES);
    }
    Ok(addresses.into_iter().map(Route::Direct).collect())
}

/// Asks the system's resolver, which has no time limit of its own to set; a thread that it holds up ends with the
/// process.
fn look_up(host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
    let (sender, receiver) = mpsc::channel();
    let question = (host.to_owned(), port);
    std::thread::spawn(move || {
        let answer = question.to_socket_addrs().map(|addresses| addresses.collect::<Vec<_>>());
        // nobody listens any more after the timeout
        let _ = sender.send(answer);
    });
    match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err("it has no address".to_owned()),
        Ok(Err(error)) => Err(resolver_reason(&error)),
        Err(_) => Err(format!("DNS did not answer within {}", humantime::format_duration(timeout))),
    }
}

/// `failed to lookup address information: Name or service not known` → its second half.
fn resolver_reason(error: &io::Error) -> String {
    let reason = source::reason(error);
    reason.rsplit(": ").next().unwrap_or_default().to_ascii_lowercase()
}
