//! Who issued whom: whether each issuer may, whether the path ends at the authority, and where it ends if not.

use time::OffsetDateTime;
use x509_parser::x509::X509Version;

use super::{Judgement, listed};
use crate::finding::{Rule, Severity};
use crate::identity::certificate::{Certificate, ca_flag, key_usages, name, same_name, self_signed};
use crate::identity::chain::{End, Namesake, Origin};
use crate::identity::constraints::{self, Names};

impl<'a> Judgement<'a> {
    /// Whether each issuer on the path may issue, and this deep (RFC 5280 §6.1.4 (k) to (n)).
    pub(super) fn issuers(&mut self) {
        // Intermediates below the issuer at hand that are not issued by themselves.
        let mut depth = 0_u32;
        for (at, member, who, file) in self.members() {
            if at == 0 {
                continue;
            }
            let x509 = &member.x509;
            let usage = x509.key_usage().ok().flatten().map(|usage| usage.value);
            let root = member.origin == Origin::Ca && self_signed(x509);
            let help = Some(self.reissue(at, member, &who));
            match ca_flag(x509) {
                Some(true) => {}
                // A root that says nothing is trusted for what it is: of version 1, or made to sign certificates.
                None if root
                    && (x509.version() == X509Version::V1 || usage.is_some_and(|usage| usage.key_cert_sign())) => {}
                None if x509.version() == X509Version::V1 => self.error(
                    Rule::IssuerNotCa,
                    file,
                    format!("{who} is of version 1, and only a root may be that"),
                    help.clone(),
                ),
                Some(false) | None => self.error(
                    Rule::IssuerNotCa,
                    file,
                    format!("{who} issued a certificate without being a CA (CA:TRUE is missing)"),
                    help.clone(),
                ),
            }
            if let Some(usage) = usage
                && !usage.key_cert_sign()
            {
                self.error(
                    Rule::IssuerNotCa,
                    file,
                    format!("the key usage of {who} allows {}, not keyCertSign", listed(key_usages(usage))),
                    help.clone(),
                );
            }
            if let Ok(Some(constraints)) = x509.basic_constraints()
                && let Some(limit) = constraints.value.path_len_constraint
                && depth > limit
            {
                self.error(
                    Rule::PathLength,
                    file,
                    format!("{who} allows {limit} intermediate{} below it, and there {}", plural(limit), are(depth)),
                    help,
                );
            }
            if !same_name(x509.subject(), x509.issuer()) {
                depth = depth.saturating_add(1);
            }
        }
    }

    pub(super) fn name_constraints(&mut self, now: OffsetDateTime) {
        let members = self.members();
        let Some((_, _, who, file)) =
            members.iter().find(|(at, member, ..)| *at > 0 && matches!(member.x509.name_constraints(), Ok(Some(_))))
        else {
            return;
        };
        let names =
            if self.path.end == End::Anchor { constraints::names(&self.path.members, now) } else { Names::Unknown };
        let help = Some(self.verify());
        let rule = Rule::NameConstraint;
        match names {
            Names::Forbidden => self.error(
                rule,
                file,
                format!("{who} constrains the names below it, and the certificate has one that is not allowed"),
                help,
            ),
            Names::Allowed => self.say(
                rule,
                Severity::Warning,
                file,
                format!("{who} constrains the names below it: those of the certificate are allowed, but servers differ in this"),
                help,
            ),
            Names::Unknown => self.say(
                rule,
                Severity::Warning,
                file,
                format!("{who} constrains the names below it, and those of the certificate cannot be judged here"),
                help,
            ),
        }
    }

    pub(super) fn end_of_path(&mut self, asked: bool) {
        let certificate_file = self.subject.certificate_name;
        let ca = self.ca_name();
        let Some((at, last, who, file)) = self.members().pop() else {
            return;
        };
        let issuer = name(last.x509.issuer());
        match &self.path.end {
            End::Anchor => {}
            End::NotAsked => self.say(
                Rule::ChainNotJudged,
                Severity::Note,
                certificate_file,
                if asked {
                    "whether the account's CA issued the certificate was not judged: no CA was given".to_owned()
                } else {
                    "whether the account's CA issued the certificate was not judged, as asked".to_owned()
                },
                asked.then(|| "give the CA's certificate as well, usually `ca.crt`".to_owned()),
            ),
            End::NoIssuer { renamed } => {
                let self_signed = self_signed(&last.x509);
                let wanted = format!("give the certificate of `{issuer}` as the CA");
                let (rule, place, message, help) = match (renamed, last.origin) {
                    (Some(renamed), _) => (
                        Rule::IssuerUnknown,
                        file,
                        format!(
                            "{who} names `{issuer}` as its issuer, and the key that signed it is called `{renamed}` in `{ca}`: the CA was renamed"
                        ),
                        self.renew(),
                    ),
                    (None, _) if at == 0 && self.is_in_ca(last) && ca_flag(&last.x509) != Some(true) => (
                        Rule::CaNotCa,
                        ca,
                        format!("holds the client certificate itself, not the CA that issued it, `{issuer}`"),
                        wanted,
                    ),
                    (None, Origin::Ca) if !self_signed => (
                        Rule::IssuerUnknown,
                        file,
                        format!("`{ca}` is not complete: {who} is issued by `{issuer}`, which is not in it"),
                        format!("append the certificate of `{issuer}` to `{ca}`: a server trusts nothing but a root"),
                    ),
                    (None, _) if self_signed && at == 0 => (
                        Rule::IssuerUnknown,
                        file,
                        format!("the certificate is signed by itself, not by a CA of `{ca}`"),
                        self.renew(),
                    ),
                    (None, _) if !self.has_ca() => (
                        Rule::CaNotCa,
                        ca,
                        format!("holds no CA, only {}: CA:TRUE is missing", self.ca_subjects()),
                        wanted,
                    ),
                    (None, _) if self_signed => (
                        Rule::IssuerUnknown,
                        file,
                        format!(
                            "{who} is a root of its own, and not one of `{ca}`, which holds {}",
                            self.ca_subjects()
                        ),
                        format!("give the certificate of the CA that issued `{certificate_file}`"),
                    ),
                    (None, _) => (
                        Rule::IssuerUnknown,
                        file,
                        format!("{who} is issued by `{issuer}`, which is not in `{ca}` ({})", self.ca_subjects()),
                        format!("{wanted}; if it is an intermediate, append it to `{certificate_file}`"),
                    ),
                };
                self.error(rule, place, message, Some(help));
            }
            End::SelfSigned => self.error(
                Rule::SubjectIsIssuer,
                file,
                format!("{who} has the name of its issuer, `{issuer}`, and a server takes it for self-signed"),
                Some(self.rename()),
            ),
            End::OtherIdentifier { origin } => {
                let other = self.place(*origin);
                self.error(
                    Rule::IssuerOtherId,
                    file,
                    format!("`{other}` has the issuer's name and key, but not the identifier by which {who} names it: the CA's certificate was made anew"),
                    Some(if at == 0 {
                        self.renew()
                    } else {
                        format!("have {who} issued again, or use the CA's earlier certificate")
                    }),
                );
            }
            End::OtherKey { altered: true, .. } => self.error(
                Rule::SignatureInvalid,
                file,
                format!("the signature of {who} does not fit its content: it was altered after `{issuer}` signed it"),
                Some(self.put(|| "copy the file again from where it was made".to_owned())),
            ),
            End::OtherKey { origin: Origin::Ca, .. } => self.error(
                Rule::IssuerOtherKey,
                file,
                format!("`{ca}` has the issuer's name but another key: the CA was created again"),
                Some(if at == 0 {
                    self.renew()
                } else {
                    format!("have {who} issued again by this CA, or find the CA's earlier certificate")
                }),
            ),
            End::OtherKey { origin: Origin::Client, .. } => self.error(
                Rule::IssuerOtherKey,
                file,
                format!("the intermediate `{issuer}` in `{certificate_file}` has the issuer's name but another key"),
                Some(format!("put the intermediate that issued {who} into `{certificate_file}`")),
            ),
        }
    }

    pub(super) fn namesakes(&mut self) {
        let ca = self.ca_name();
        for (_, member, who, _) in self.members() {
            let Some(namesake) = member.namesake else {
                continue;
            };
            let severity = match namesake {
                Namesake::First => Severity::Error,
                Namesake::Later => Severity::Warning,
            };
            self.say(
                Rule::IssuerAmbiguous,
                severity,
                ca,
                format!(
                    "holds two CAs called `{}`{}, because {who} does not name its issuer's key",
                    name(member.x509.issuer()),
                    match namesake {
                        Namesake::First => ", the wrong one first: a server tries only that one",
                        Namesake::Later => ": a server tries only one of them",
                    }
                ),
                Some(format!("leave only the CA that issued `{}` in `{ca}`", self.subject.certificate_name)),
            );
        }
    }

    /// Whether the authority's file holds anything that could have issued a certificate.
    pub(super) fn has_ca(&self) -> bool {
        let mut certificates = self.subject.ca.iter().flat_map(|ca| &ca.certificates).filter_map(Certificate::x509);
        certificates.any(|x509| ca_flag(&x509).unwrap_or_else(|| self_signed(&x509)))
    }

    /// Who the authority's file holds, in a few words.
    pub(super) fn ca_subjects(&self) -> String {
        let certificates = self.subject.ca.iter().flat_map(|ca| &ca.certificates);
        let subjects: Vec<String> =
            certificates.map(|certificate| format!("`{}`", certificate.summary.subject)).collect();
        match subjects.len() {
            0..=3 => subjects.join(", "),
            many => format!("{many} others"),
        }
    }
}

fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn are(count: u32) -> String {
    if count == 1 { "is 1".to_owned() } else { format!("are {count}") }
}
