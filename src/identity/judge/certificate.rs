//! What each certificate of the path says of itself: dates, usages, extensions, strength, version.

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::x509::{X509Name, X509Version};

use super::{Judgement, date, listed};
use crate::finding::{Rule, Severity};
use crate::identity::certificate::{
    ExtensionDefect, KeySize, allows_nothing, ca_flag, extended_usages, extension_defect, has_explicit_curve, key_size,
    key_usages, self_signed,
};
use crate::identity::chain::{End, Origin};
use crate::identity::signature::{algorithm_name, weak_hash};
use crate::identity::{Loader, Options};

/// A clock of a node may be this much slow or fast, in seconds.
const CLOCK_SKEW: i64 = 5 * 60;

impl<'a> Judgement<'a> {
    pub(super) fn leaf_is_not_the_ca(&mut self) {
        let Some(leaf) = self.path.members.first() else {
            return;
        };
        let (file, ca) = (self.subject.certificate_name, self.ca_name());
        let in_ca = self.is_in_ca(leaf);
        let marked = ca_flag(&leaf.x509) == Some(true);
        let own_issuer = self_signed(&leaf.x509);
        if in_ca && (marked || own_issuer && leaf.x509.version() == X509Version::V1) {
            self.error(
                Rule::LeafIsCa,
                file,
                format!("is the CA of `{ca}` itself, and the delegate would carry the CA's key"),
                Some(match self.subject.home {
                    Some(home) => home.renew.clone(),
                    None => {
                        "--cert wants the certificate that the CA issued to the client, usually `client.crt`".to_owned()
                    }
                }),
            );
        } else if in_ca && own_issuer {
            self.say(
                Rule::LeafIsCa,
                Severity::Warning,
                file,
                format!("stands in `{ca}` itself: a server has to trust this one certificate instead of a CA"),
                None,
            );
        } else if in_ca && self.path.end == End::Anchor {
            self.say(
                Rule::CaNotCa,
                Severity::Warning,
                ca,
                "holds the client certificate beside the CA: a server would trust it on its own".to_owned(),
                Some(format!("leave only the CA that issued `{file}` in `{ca}`")),
            );
        } else if marked {
            self.say(
                Rule::LeafIsCa,
                Severity::Warning,
                file,
                "is marked as a CA (CA:TRUE), and some servers refuse that from a client".to_owned(),
                Some(self.renew()),
            );
        }
    }

    pub(super) fn validity(&mut self, now: OffsetDateTime) {
        let seconds = now.unix_timestamp();
        for (at, member, who, file) in self.members() {
            let summary = &member.certificate.summary;
            let (from, until) = (summary.not_before.unix_timestamp(), summary.not_after.unix_timestamp());
            // The last second belongs to the lifetime (RFC 5280 §4.1.2.5), but OpenSSL no longer accepts it.
            if seconds >= until {
                let help = if at == 0 { self.renew() } else { self.look(file) };
                self.error(
                    Rule::CertExpired,
                    file,
                    format!(
                        "{who} expired {} ago, on {}",
                        span(seconds.saturating_sub(until)),
                        date(summary.not_after)
                    ),
                    Some(help),
                );
            } else if seconds < from {
                let wait = from.saturating_sub(seconds);
                let severity = if wait <= CLOCK_SKEW { Severity::Warning } else { Severity::Error };
                self.say(
                    Rule::CertNotYetValid,
                    severity,
                    file,
                    format!("{who} is not valid before {}, in {}", date(summary.not_before), span(wait)),
                    Some(format!("date -u; {}", self.look(file))),
                );
            }
        }
    }

    pub(super) fn usage(&mut self) {
        for (at, member, who, file) in self.members() {
            let x509 = &member.x509;
            let rule = Rule::UsageForbidsClientAuth;
            let help = self.reissue(at, member, &who);
            if let Ok(Some(usage)) = x509.extended_key_usage() {
                let usage = usage.value;
                // anyExtendedKeyUsage is not enough for OpenSSL and webpki, although it is for Java.
                if !usage.client_auth && !allows_nothing(usage) {
                    let named = listed(extended_usages(usage));
                    self.error(
                        rule,
                        file,
                        format!("the extended key usage of {who} allows {named}, not clientAuth"),
                        Some(help.clone()),
                    );
                }
            }
            if at > 0 {
                continue;
            }
            if let Ok(Some(usage)) = x509.key_usage()
                && !usage.value.digital_signature()
            {
                self.error(
                    rule,
                    file,
                    format!(
                        "the key usage of {who} allows {}, not digitalSignature, and a TLS client has to sign",
                        listed(key_usages(usage.value))
                    ),
                    Some(help.clone()),
                );
            }
            let netscape = x509.extensions().iter().find_map(|e| match e.parsed_extension() {
                ParsedExtension::NSCertType(kind) => Some(kind),
                _ => None,
            });
            if netscape.is_some_and(|kind| !kind.ssl_client()) {
                self.error(
                    rule,
                    file,
                    format!("the Netscape certificate type of {who} does not allow a TLS client"),
                    Some(help),
                );
            }
        }
    }

    pub(super) fn extensions(&mut self) {
        for (at, member, who, file) in self.members() {
            let help = Some(self.reissue(at, member, &who));
            match extension_defect(&member.x509) {
                Some(ExtensionDefect::UnknownCritical(oid)) => self.error(
                    Rule::UnknownCriticalExtension,
                    file,
                    format!("{who} has the critical extension `{oid}`, which no server knows"),
                    help.clone(),
                ),
                Some(ExtensionDefect::Malformed(oid)) => self.error(
                    Rule::CertUnreadable,
                    file,
                    format!("the extension `{oid}` of {who} cannot be read"),
                    help.clone(),
                ),
                Some(ExtensionDefect::OtherPurpose(purpose)) => self.error(
                    Rule::UsageForbidsClientAuth,
                    file,
                    format!("{who} is {purpose}, and servers do not take that from a TLS client"),
                    help.clone(),
                ),
                Some(ExtensionDefect::Duplicate(oid)) => self.error(
                    Rule::CertUnreadable,
                    file,
                    format!("{who} has the extension `{oid}` twice"),
                    help.clone(),
                ),
                None => {}
            }
            if member.x509.signature_algorithm != member.x509.tbs_certificate.signature {
                self.error(Rule::CertUnreadable, file, format!("{who} names two different signature algorithms"), help);
            }
        }
    }

    /// What Java's reader of certificates asks of names, and nobody else does.
    pub(super) fn names(&mut self, loader: Loader) {
        if loader != Loader::Java {
            return;
        }
        for (at, member, who, file) in self.members() {
            // The authority's own certificates never reach a delegate.
            if member.origin == Origin::Ca && at > 0 {
                continue;
            }
            let (x509, is_empty) = (&member.x509, |name: &X509Name<'_>| name.iter().next().is_none());
            let named_otherwise = matches!(x509.subject_alternative_name(), Ok(Some(names)) if names.critical);
            let (nameless, help) = if is_empty(x509.issuer()) {
                ("names no issuer", "have the certificates issued by a CA that has a name".to_owned())
            } else if is_empty(x509.subject()) && !named_otherwise {
                ("has no subject", if at == 0 { self.rename() } else { format!("have {who} issued under a name") })
            } else {
                continue;
            };
            self.error(
                Rule::CertUnreadable,
                file,
                format!("{who} {nameless}, and Java reads no such certificate"),
                Some(help),
            );
        }
    }

    pub(super) fn strength(&mut self) {
        let anchored = self.path.end == End::Anchor;
        let last = self.depth + self.path.members.len().saturating_sub(1);
        for (at, member, who, file) in self.members() {
            let small = match key_size(member.x509.public_key()) {
                KeySize::Rsa(bits @ ..2048) => Some(format!("{bits} bit, and servers refuse RSA keys below 2048")),
                KeySize::Ec(bits @ ..224) => Some(format!("{bits} bit, and servers refuse EC keys below 224")),
                _ => None,
            };
            // The leaf's key is the private key's, which has been judged.
            let said = at == 0 && self.findings.iter().any(|f| f.rule == Rule::KeyTooSmall);
            if let Some(small) = small
                && !said
            {
                self.error(
                    Rule::KeyTooSmall,
                    file,
                    format!("the key of {who} has {small}"),
                    Some("make a new key of 2048 bit or more, and have the certificates issued again".to_owned()),
                );
            }
            if has_explicit_curve(member.x509.public_key()) {
                self.error(
                    Rule::CertUnreadable,
                    file,
                    format!("the key of {who} spells its curve out instead of naming it, and servers refuse that"),
                    Some(
                        "make a new key with `-pkeyopt ec_param_enc:named_curve`, and have the certificates issued again"
                            .to_owned(),
                    ),
                );
            }
            // Nobody looks at the signature of an authority upon itself.
            if anchored && at == last {
                continue;
            }
            if let Some(hash) = weak_hash(&member.x509.signature_algorithm) {
                self.error(
                    Rule::WeakSignature,
                    file,
                    format!("{who} is signed with {hash}, which servers refuse"),
                    Some(if at == 0 { self.renew() } else { format!("have {who} issued again with `-sha256`") }),
                );
            } else if member.unverifiable {
                self.say(
                    Rule::UnverifiableSignature,
                    Severity::Warning,
                    file,
                    format!(
                        "the signature of {who} ({}) cannot be verified here",
                        algorithm_name(&member.x509.signature_algorithm)
                    ),
                    Some(self.verify()),
                );
            }
        }
    }

    pub(super) fn expiry(&mut self, options: &Options) {
        let now = options.now.unix_timestamp();
        let within = i64::try_from(options.expires_within.as_secs()).unwrap_or(i64::MAX);
        let earliest = self
            .members()
            .into_iter()
            .filter_map(|(at, member, who, file)| {
                let summary = &member.certificate.summary;
                let until = summary.not_after.unix_timestamp();
                let life = until.saturating_sub(summary.not_before.unix_timestamp());
                let left = until.saturating_sub(now);
                (left > 0 && left < within.min(life / 3)).then_some((left, at, who, file, summary))
            })
            .min_by_key(|(left, ..)| *left);
        if let Some((left, at, who, file, summary)) = earliest {
            let help = if at == 0 { self.renew() } else { self.look(file) };
            self.say(
                Rule::CertExpiresSoon,
                Severity::Warning,
                file,
                format!("{who} expires in {}, on {}", span(left), date(summary.not_after)),
                Some(help),
            );
        }
    }

    pub(super) fn versions(&mut self) {
        for (_, member, who, file) in self.members() {
            if member.x509.version() == X509Version::V1 {
                self.say(
                    Rule::CertV1,
                    Severity::Note,
                    file,
                    format!("{who} is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do not"),
                    None,
                );
            }
        }
    }
}

fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..=59 => (seconds, "second"),
        60..=3_599 => (seconds / 60, "minute"),
        3_600..=86_399 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
