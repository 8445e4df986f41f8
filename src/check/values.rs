//! The values of a delegate for the Helm chart → how far it is on mTLS. What the chart makes of them fits together; what
//! can be wrong is the endpoint, and the Secret.

use super::delegate::Judged;
use super::facts::{Said, Values};
use super::fleet::{Judge, is_placeholder, shown, shown_value};
use super::report::{DelegateState, Generation, Mtls};
use super::urls::{SERVICES, Url, authority, moved, moved_whole};
use super::wiring::Read;
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY};
use crate::delegate::values::{ENDPOINT_KEY, MTLS_KEY, SECRET_KEY};
use crate::endpoint::is_mtls;
use crate::finding::{Rule, Severity};
use crate::identity::{Loader, printable, shell};

/// Where the chart finds the platform if nobody says.
const DEFAULT_ENDPOINT: &str = "https://app.harness.io";

impl<'f> Judge<'_, 'f> {
    /// Judges the values of a delegate in a file.
    pub(super) fn values(&mut self, file: u32, values: &'f Values) -> Judged {
        let state = DelegateState {
            path: self.fleet.path(file).to_owned(),
            line: values.name.at.place.line,
            name: shown(&values.name),
            namespace: None,
            generation: Generation::Helm,
            mtls: Mtls::None,
            endpoint: values.endpoint.as_ref().map(|said| shown_value(&said.text)),
            expires: None,
            strict_ready: false,
        };
        let mut judged = Judged { state, pairs: Vec::new(), account: values.account.clone() };
        if let Some(said) = &values.trust_all {
            self.trusted(file, said, &values.name);
        }
        let endpoint_is_mtls = values.endpoint.as_ref().is_some_and(|said| is_mtls(said.text.trim()));
        if values.secret.is_none() && !endpoint_is_mtls {
            let path = self.fleet.pasted(file);
            // without a name there is none for a new Secret
            let secret = if values.is_named {
                "--secret-output client-certificate.yaml --cert client.crt --key client.key --ca ca.crt"
            } else {
                "--existing-secret NAME"
            };
            self.say(Rule::NotMtls, file, &values.name.at)
                .message(format!("`{}` is without mTLS", shown(&values.name)))
                .help(format!("delegate-mtls inject -i {secret} --endpoint https://… {path}"));
            return judged;
        }
        self.values_endpoint(file, values);
        match &values.secret {
            Some(secret) => judged.pairs.push((self.values_secret(file, secret), Loader::Java)),
            None => {
                let at = values.secret_at.as_ref().or(values.endpoint.as_ref().map(|said| &said.at));
                self.say(Rule::MissingSecret, file, at.unwrap_or(&values.name.at))
                    .message(format!(
                        "`{ENDPOINT_KEY}` of `{}` is an mTLS endpoint, and `{MTLS_KEY}.{SECRET_KEY}` names no Secret",
                        shown(&values.name)
                    ))
                    .help(format!(
                        "set `{MTLS_KEY}.{SECRET_KEY}` to the Secret that holds `{CERTIFICATE_KEY}` and `{KEY_KEY}`"
                    ));
            }
        }
        judged.state.mtls = if self.has_errors() { Mtls::Partial } else { Mtls::Complete };
        judged
    }

    fn values_endpoint(&mut self, file: u32, values: &'f Values) {
        let Some(said) = &values.endpoint else {
            let at = values.secret.as_ref().map_or(&values.name.at, |secret| &secret.at);
            self.say(Rule::EndpointPort, file, at)
                .message(format!(
                    "`{}` has a Secret and no `{ENDPOINT_KEY}`: the chart's own is `{DEFAULT_ENDPOINT}`, where nobody asks for a certificate",
                    shown(&values.name)
                ))
                .help(format!("set `{ENDPOINT_KEY}` to the account's mTLS endpoint, such as `https://acme.harness.io:8443`"));
            return;
        };
        let url = Url { of: ENDPOINT_KEY, file, said };
        if self.placeholder(&url) {
            return;
        }
        self.manager(&url, None);
        let Some(authority) = authority(&said.text).filter(|_| is_mtls(said.text.trim())) else { return };
        for (name, said) in &values.urls {
            let host = said.text.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_ascii_lowercase));
            let is_platform = host.is_some_and(|host| host.ends_with(".harness.io"));
            let is_service = SERVICES.contains(&name.as_str());
            if !(is_platform || is_service) || super::urls::authority(&said.text).as_ref() == Some(&authority) {
                continue;
            }
            let url = shown_value(&said.text);
            let found = self.say(Rule::EndpointDiffers, file, &said.at);
            if is_service {
                found
                    .message(format!("`{name}` is at `{url}`, and `{ENDPOINT_KEY}` at `{authority}`"))
                    .help(format!("set it to `{}`", moved(&said.text, &authority)));
            } else {
                let there = moved_whole(&said.text, &authority);
                found
                    .severity(Severity::Note)
                    .message(format!("`{}` is still on the platform's host: `{url}`", printable(name)))
                    .help(format!("if that is to go through mTLS, set it to `{there}`"));
            }
        }
    }

    /// What is read from the Secret that values name, which is in no namespace that they say.
    fn values_secret(&mut self, file: u32, name: &'f Said) -> [Option<Read>; 2] {
        if is_placeholder(&name.text) {
            self.say(Rule::PlaceholderLeft, file, &name.at)
                .message(format!("`{MTLS_KEY}.{SECRET_KEY}` is still a placeholder: `{}`", shown(name)))
                .help(format!("set it to the Secret that holds `{CERTIFICATE_KEY}` and `{KEY_KEY}`"));
            return [None, None];
        }
        let Some((location, secret)) = self.fleet.secret(file, None, &name.text) else {
            let command = shell(&name.text);
            self.say(Rule::MissingSecret, file, &name.at)
                .severity(Severity::Note)
                .message(format!(
                    "the Secret `{}` is not among these files, so its certificate is not judged",
                    shown(name)
                ))
                .help(format!("kubectl get secret {command} -o yaml | delegate-mtls certs inspect --ca ca.crt -"));
            return [None, None];
        };
        [CERTIFICATE_KEY, KEY_KEY].map(|key| {
            if secret.has(key) {
                return Some(Read { secret: location, key: key.to_owned() });
            }
            self.say(Rule::SecretKeyMissing, location.file, &secret.kind)
                .message(format!(
                    "the Secret `{}` has no `{key}`, which the chart's delegate reads",
                    shown(&secret.name)
                ))
                .help(format!("add it with what `base64 -w0 {key}` prints"));
            None
        })
    }
}
