//! Where a delegate and its upgrader find the platform: one endpoint for all, of a form that asks for certificates.

use http::Uri;

use super::environment::Environment;
use super::facts::Said;
use super::fleet::{Judge, is_pasted, is_placeholder, shown_value};
use crate::delegate::parts::MANAGER;
use crate::endpoint::{Endpoint, is_mtls};
use crate::finding::{Rule, Severity};
use crate::identity::printable;

/// The variables that have to be at the endpoint.
pub(super) const SERVICES: [&str; 2] = ["LOG_STREAMING_SERVICE_URL", "TI_SERVICE_URL"];

/// What an upgrader's configuration calls the manager.
const UPGRADER: &str = "managerHost";

/// What to set a manager URL to, where nothing tells the endpoint.
const EXAMPLE: &str = "set it to the account's mTLS endpoint, such as `https://acme.harness.io:8443`";

/// A URL and what it is the value of.
pub(super) struct Url<'f> {
    pub(super) of: &'f str,
    pub(super) file: u32,
    pub(super) said: &'f Said,
}

impl Url<'_> {
    fn shown(&self) -> String {
        shown_value(&self.said.text)
    }

    fn is_https(&self) -> bool {
        self.said.text.trim().starts_with("https://")
    }
}

/// Whether any of a delegate's URLs is at an mTLS endpoint.
pub(super) fn any_mtls<'f>(environment: &Environment<'f>, upgraders: &[(u32, &'f Said)]) -> bool {
    let (manager, services) = urls(environment, upgraders);
    manager.iter().chain(&services).any(|url| is_mtls(&url.said.text))
}

fn urls<'f>(environment: &Environment<'f>, upgraders: &[(u32, &'f Said)]) -> (Option<Url<'f>>, Vec<Url<'f>>) {
    let url = |of: &'static str| environment.text(of).map(|(variable, said)| Url { of, file: variable.file, said });
    let upgraders = upgraders.iter().map(|(file, said)| Url { of: UPGRADER, file: *file, said });
    (url(MANAGER), SERVICES.into_iter().filter_map(url).chain(upgraders).collect())
}

impl<'f> Judge<'_, 'f> {
    /// Judges the URLs of a delegate that is on mTLS at least in part.
    pub(super) fn urls(&mut self, environment: &Environment<'f>, upgraders: &[(u32, &'f Said)]) {
        let (manager, mut others) = urls(environment, upgraders);
        let mut all: Vec<Url<'f>> = manager.into_iter().collect();
        all.append(&mut others);
        all.retain(|url| !self.placeholder(url));
        // the manager URL leads, unless it was left behind
        let leads = |url: &&Url<'f>| url.of == MANAGER && is_mtls(&url.said.text);
        let leader = all.iter().find(leads).or_else(|| all.iter().find(|url| is_mtls(&url.said.text)));
        let leader = leader.or_else(|| all.iter().find(|url| url.of == MANAGER));
        if let Some(manager) = environment.get(MANAGER).filter(|_| !environment.is_set(MANAGER)) {
            self.say(Rule::PlaceholderLeft, manager.file, &manager.name.at)
                .message(format!("`{MANAGER}` is not filled in"))
                .help(EXAMPLE.to_owned());
        }
        let Some(authority) = leader.and_then(|leader| authority(&leader.said.text)) else {
            for url in all.iter().filter(|url| url.of == MANAGER) {
                self.manager(url, None);
            }
            return;
        };
        let leader = leader.map_or(String::new(), |leader| named(leader.of));
        for url in &all {
            let is_here = self::authority(&url.said.text).as_ref() == Some(&authority);
            // of one that is not https it cannot be told where it is
            let is_managers = match url.of {
                MANAGER => is_here || !url.is_https(),
                UPGRADER => is_here && Endpoint::parse(url.said.text.trim()).is_err(),
                _ => false,
            };
            if is_managers {
                let is_usable = |authority: &&String| is_mtls(authority) && Endpoint::parse(authority).is_ok();
                self.manager(url, Some(&authority).filter(is_usable));
            } else if !is_here {
                self.say(Rule::EndpointDiffers, url.file, &url.said.at)
                    .message(format!("{} is at `{}`, and {leader} at `{authority}`", named(url.of), url.shown()))
                    .help(format!("set it to `{}`", moved(&url.said.text, &authority)));
            }
        }
        for (name, variable) in environment.iter().filter(|(name, _)| *name != MANAGER && !SERVICES.contains(name)) {
            let Some((_, said)) = environment.text(name) else { continue };
            let host = said.text.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_ascii_lowercase));
            let is_platform = host.is_some_and(|host| host.ends_with(".harness.io"));
            if is_platform && self::authority(&said.text).as_ref() != Some(&authority) {
                let shown = shown_value(&said.text);
                self.say(Rule::EndpointDiffers, variable.file, &said.at)
                    .severity(Severity::Note)
                    .message(format!("`{}` is still on the platform's host: `{shown}`", printable(name)))
                    .help(format!(
                        "if that is to go through mTLS, set it to `{}`",
                        moved_whole(&said.text, &authority)
                    ));
            }
        }
    }

    /// Whether a URL is a template's placeholder, which is said.
    pub(super) fn placeholder(&mut self, url: &Url<'f>) -> bool {
        let is_left = is_placeholder(url.said.text.trim());
        if is_left {
            self.say(Rule::PlaceholderLeft, url.file, &url.said.at)
                .message(format!("{} is still a placeholder: `{}`", named(url.of), url.shown()))
                .help(EXAMPLE.to_owned());
        }
        is_left
    }

    /// Whether the manager URL is an endpoint that asks for certificates. `known` is where that is, if a URL tells.
    pub(super) fn manager(&mut self, url: &Url<'f>, known: Option<&String>) {
        let text = url.said.text.trim();
        let help = match known {
            Some(known) => format!("set it to `{}`", printable(known)),
            None => EXAMPLE.to_owned(),
        };
        let why = match Endpoint::parse(text) {
            _ if !url.is_https() => Err("it does not begin with `https://`".to_owned()),
            Err(error) => Err(error.why().to_owned()),
            Ok(endpoint) => Ok(endpoint),
        };
        let endpoint = match why {
            Ok(endpoint) => endpoint,
            Err(why) => {
                self.say(Rule::EndpointInvalid, url.file, &url.said.at)
                    .message(format!("{} is `{}`, which is no mTLS endpoint: {why}", named(url.of), url.shown()))
                    .help(help);
                return;
            }
        };
        let host = endpoint.host().to_ascii_lowercase();
        if let Some(prefix) = host.strip_suffix(".agent.harness.io") {
            if prefix.contains('.') {
                self.say(Rule::EndpointInvalid, url.file, &url.said.at)
                    .message(format!(
                        "`{}` is `{}`: the server's certificate is for one name before `.agent.harness.io`, not for two",
                        url.of,
                        url.shown()
                    ))
                    .help("set it to the account's mTLS endpoint, such as `https://acme.agent.harness.io`".to_owned());
            }
        } else if host.ends_with(".harness.io") && endpoint.port() != 8443 {
            self.say(Rule::EndpointPort, url.file, &url.said.at)
                .message(format!(
                    "`{}` is `{}`, where nobody asks for a certificate: mTLS endpoints are at port 8443",
                    url.of,
                    url.shown()
                ))
                .help(help);
        }
    }
}

/// A variable, or the upgrader's, as messages name it.
fn named(of: &str) -> String {
    if of == UPGRADER { format!("the upgrader's `{of}`") } else { format!("`{of}`") }
}

/// Scheme, host and port of a URL, written alike for all that mean the same. `None` for anything else.
pub(super) fn authority(url: &str) -> Option<String> {
    let uri: Uri = url.trim().parse().ok()?;
    let scheme = uri.scheme_str()?;
    let default = if scheme == "https" { 443 } else { 80 };
    let host = uri.host()?.to_ascii_lowercase();
    Some(match uri.port_u16().unwrap_or(default) {
        port if port == default => format!("{scheme}://{host}"),
        port => format!("{scheme}://{host}:{port}"),
    })
}

/// A URL as it is at the endpoint. What comes before a service's path is the platform's own, and not known there.
pub(super) fn moved(url: &str, authority: &str) -> String {
    let path = path_of(url);
    let service = ["/log-service", "/ti-service"].iter().find_map(|service| path.find(service));
    let kept = service.and_then(|at| path.get(at..)).unwrap_or_default();
    printable(&format!("{authority}{kept}"))
}

/// The path of a URL; none of what is not to be shown.
fn path_of(url: &str) -> String {
    let uri = url.parse::<Uri>().ok().filter(|_| !is_pasted(url));
    uri.map(|uri| uri.path().to_owned()).unwrap_or_default()
}

/// The same for one of which nothing is known: without a service, all of its path stays.
pub(super) fn moved_whole(url: &str, authority: &str) -> String {
    let path = path_of(url);
    match moved(url, authority) {
        moved if moved == authority => printable(&format!("{authority}{}", path.trim_end_matches('/'))),
        moved => moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_authority_has_one_writing() {
        for (url, expected) in [
            ("https://a.b", Some("https://a.b")),
            ("https://A.b:443/x?y", Some("https://a.b")),
            ("https://u:p@a.b:8443/", Some("https://a.b:8443")),
            ("http://a.b:443", Some("http://a.b:443")),
            ("a.b", None),
            ("/x", None),
            ("", None),
        ] {
            assert_eq!(authority(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_moved_url_keeps_the_service_and_not_the_platforms_path() {
        let moved = |url: &str| moved(url, "https://e:8443");
        assert_eq!(moved("https://app.harness.io/gratis/log-service/"), "https://e:8443/log-service/");
        assert_eq!(moved("https://app.harness.io/gratis"), "https://e:8443");
        assert_eq!(moved("no url"), "https://e:8443");
        let whole = |url: &str| moved_whole(url, "https://e:8443");
        assert_eq!(whole("https://app.harness.io/public/watchers"), "https://e:8443/public/watchers");
        assert_eq!(whole("https://app.harness.io/gratis/log-service/"), "https://e:8443/log-service/");
        assert_eq!(whole("https://app.harness.io/"), "https://e:8443");
        assert_eq!(whole("https://app.harness.io/LS0tLS1CRUdJTiBQUklWQVRF"), "https://e:8443");
    }
}
