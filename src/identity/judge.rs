//! A loaded pair + the authority + now + who loads it → findings. The order of the checks is the order of the
//! findings within one severity: what the user can act on first comes first.

use std::cmp::Reverse;

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::x509::{X509Name, X509Version};

use super::certificate::{
    Certificate, ExtensionDefect, Fingerprint, KeySize, allows_nothing, ca_flag, extended_usages, extension_defect,
    has_explicit_curve, key_size, key_usages, name, same_name, self_signed,
};
use super::chain::{self, End, Member, Namesake, Origin, Path};
use super::constraints::{self, Names};
use super::error::{beside, shell};
use super::key::{Algorithm, Key, Public, Soundness};
use super::signature::{algorithm_name, weak_hash};
use super::{Authority, ChainCheck, Loader, Options};
use crate::finding::{Finding, Rule, Severity};

/// A clock of a node may be this much slow or fast, in seconds.
const CLOCK_SKEW: i64 = 5 * 60;

/// What is judged: the client's certificates in the order of a chain, and what belongs to them.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// What messages call the file of the certificates.
    pub(super) certificate_name: &'a str,
    /// Leaf first.
    pub(super) chain: &'a [Certificate],
    /// The key, and what messages call its file.
    pub(super) key: Option<(&'a str, &'a Key)>,
    pub(super) ca: Option<&'a Authority>,
}

/// Everything there is to say about a client's pair.
pub(super) fn judge(subject: &Subject<'_>, options: &Options, loader: Loader) -> Vec<Finding> {
    let asked = options.chain == ChainCheck::ToAnchor;
    let path = path(subject, options);
    let mut judgement = Judgement { subject, path: &path, depth: 0, findings: Vec::new() };
    judgement.key(loader);
    judgement.leaf_is_not_the_ca();
    judgement.validity(options.now);
    judgement.usage();
    judgement.extensions();
    judgement.names(loader);
    judgement.strength();
    judgement.issuers();
    judgement.name_constraints(options.now);
    judgement.end_of_path(asked);
    judgement.namesakes();
    judgement.expiry(options);
    judgement.versions();
    judgement.in_order()
}

fn path<'a>(subject: &Subject<'a>, options: &Options) -> Path<'a> {
    match subject.ca {
        Some(ca) if options.chain == ChainCheck::ToAnchor => chain::walk(subject.chain, &ca.certificates, options.now),
        _ => chain::alone(subject.chain, Origin::Client),
    }
}

/// The certificates that [`judge`] looks at.
pub(super) fn judged(subject: &Subject<'_>, options: &Options) -> Vec<Fingerprint> {
    path(subject, options).members.iter().map(|member| member.certificate.summary.fingerprint).collect()
}

/// Everything there is to say about one certificate of an authority, on its own.
pub(super) fn judge_authority(subject: &Subject<'_>, options: &Options) -> Vec<Finding> {
    let path = chain::alone(subject.chain, Origin::Ca);
    let mut judgement = Judgement { subject, path: &path, depth: 1, findings: Vec::new() };
    judgement.soundness();
    judgement.validity(options.now);
    judgement.usage();
    judgement.extensions();
    judgement.strength();
    judgement.issuers();
    judgement.expiry(options);
    judgement.versions();
    judgement.in_order()
}

struct Judgement<'a> {
    subject: &'a Subject<'a>,
    path: &'a Path<'a>,
    /// How far above the leaf the path begins.
    depth: usize,
    findings: Vec<Finding>,
}

impl<'a> Judgement<'a> {
    fn in_order(self) -> Vec<Finding> {
        let mut findings = self.findings;
        // Stable: the order of the checks stays within a severity.
        findings.sort_by_key(|finding| Reverse(finding.severity));
        findings
    }

    fn say(&mut self, rule: Rule, severity: Severity, place: &str, message: String, help: Option<String>) {
        self.findings.push(Finding { rule, severity, place: Some(place.to_owned()), message, help });
    }

    fn error(&mut self, rule: Rule, place: &str, message: String, help: Option<String>) {
        self.say(rule, Severity::Error, place, message, help);
    }

    fn ca_name(&self) -> &'a str {
        self.subject.ca.map_or("", |ca| ca.name.as_str())
    }

    fn place(&self, origin: Origin) -> &'a str {
        match origin {
            Origin::Ca if self.subject.ca.is_some() => self.ca_name(),
            Origin::Client | Origin::Ca => self.subject.certificate_name,
        }
    }

    /// The leaf and the authorities above it, with the words and the file for each.
    fn members(&self) -> Vec<(usize, &'a Member<'a>, String, &'a str)> {
        let members = self.path.members.iter().enumerate();
        members
            .map(|(at, member)| {
                let at = at + self.depth;
                let who = match (at, member.origin) {
                    (0, _) => "the certificate".to_owned(),
                    (_, Origin::Client) => {
                        format!("the intermediate `{}`", name(member.x509.subject()))
                    }
                    (_, Origin::Ca) => format!("the CA `{}`", name(member.x509.subject())),
                };
                let place = if at == 0 { self.subject.certificate_name } else { self.place(member.origin) };
                (at, member, who, place)
            })
            .collect()
    }

    fn key(&mut self, loader: Loader) {
        let Some((key_file, key)) = self.subject.key else {
            return;
        };
        let certificate_file = self.subject.certificate_name;
        let new_key = || {
            format!(
                "openssl req -new -newkey rsa:2048 -nodes -sha256 -subj '/O=Example ORG/CN=Client' -keyout {} -out {}",
                shell(&beside(key_file, "rsa.key")),
                shell(&beside(certificate_file, "csr"))
            )
        };
        match (&key.algorithm, loader) {
            (Algorithm::Rsa { .. }, _) | (Algorithm::Ec(_) | Algorithm::Ed25519, Loader::Go) => {}
            (Algorithm::RsaMultiPrime, _) => self.error(
                Rule::KeyFormat,
                key_file,
                "the key has more than two primes, and no delegate can load such an RSA key".to_owned(),
                Some(new_key()),
            ),
            (other, Loader::Java) => self.error(
                Rule::KeyNotRsa,
                key_file,
                format!("is {other}, and a classic delegate loads RSA keys only"),
                Some(new_key()),
            ),
            (other, Loader::Go) => self.error(
                Rule::KeyFormat,
                key_file,
                format!("is {other}, which no delegate can load"),
                Some(new_key()),
            ),
        }
        self.soundness();
        self.key_match();
        if let Algorithm::Rsa { bits } = key.algorithm {
            if bits < 2048 {
                self.error(
                    Rule::KeyTooSmall,
                    key_file,
                    format!("is an RSA key of {bits} bit, and servers refuse fewer than 2048"),
                    Some(new_key()),
                );
            } else if key.soundness == Soundness::Unchecked {
                self.say(
                    Rule::KeyUnchecked,
                    Severity::Note,
                    key_file,
                    "is an RSA key of unusual size or exponent: whether it is damaged was not checked".to_owned(),
                    Some(format!("openssl pkey -in {} -noout -check", shell(key_file))),
                );
            }
        }
    }

    fn soundness(&mut self) {
        if let Some((key_file, key)) = self.subject.key
            && key.soundness == Soundness::Corrupt
        {
            self.error(
                Rule::KeyCorrupt,
                key_file,
                "the numbers in the key contradict each other: the file was altered, and every handshake will fail"
                    .to_owned(),
                Some(format!("openssl pkey -in {} -noout -check", shell(key_file))),
            );
        }
    }

    fn key_match(&mut self) {
        let (Some(leaf), Some((key_file, key))) = (self.path.members.first(), self.subject.key) else {
            return;
        };
        let (Some(of_key), of_leaf) = (&key.public, Public::of(leaf.x509.public_key())) else {
            return;
        };
        if of_leaf.as_ref() == Some(of_key) {
            return;
        }
        let certificate_file = self.subject.certificate_name;
        let of_ca = self
            .subject
            .ca
            .iter()
            .flat_map(|ca| &ca.certificates)
            .any(|ca| ca.x509().is_some_and(|ca| Public::of(ca.public_key()).as_ref() == Some(of_key)));
        let leaf_kind = match (&of_leaf, key_size(leaf.x509.public_key())) {
            (Some(Public::Rsa { .. }), KeySize::Rsa(bits)) => Some(Algorithm::Rsa { bits }.to_string()),
            (_, KeySize::Ec(_)) => Some("an EC key".to_owned()),
            _ => None,
        };
        let same_kind = matches!(
            (of_key, &of_leaf),
            (Public::Rsa { .. }, Some(Public::Rsa { .. })) | (Public::Raw(_), Some(Public::Raw(_)))
        );
        let message = match leaf_kind {
            _ if of_ca => format!("is the key of the CA in `{}`, not the key of `{certificate_file}`", self.ca_name()),
            Some(kind) if !same_kind => format!("is {}, and `{certificate_file}` belongs to {kind}", key.algorithm),
            _ => format!("is not the key of `{certificate_file}`"),
        };
        let help = if of_ca {
            "--key wants the client's key, usually `client.key`; the CA's key must never reach a delegate".to_owned()
        } else {
            format!(
                "diff <(openssl x509 -in {} -noout -pubkey) <(openssl pkey -in {} -pubout)",
                shell(certificate_file),
                shell(key_file)
            )
        };
        self.error(Rule::KeyMismatch, key_file, message, Some(help));
    }

    fn leaf_is_not_the_ca(&mut self) {
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
                Some("--cert wants the certificate that the CA issued to the client, usually `client.crt`".to_owned()),
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

    fn validity(&mut self, now: OffsetDateTime) {
        let seconds = now.unix_timestamp();
        for (at, member, who, file) in self.members() {
            let summary = &member.certificate.summary;
            let (from, until) = (summary.not_before.unix_timestamp(), summary.not_after.unix_timestamp());
            // The last second belongs to the lifetime (RFC 5280 §4.1.2.5), but OpenSSL no longer accepts it.
            if seconds >= until {
                let help = if at == 0 {
                    self.renew()
                } else {
                    format!("openssl x509 -in {} -noout -subject -dates", shell(file))
                };
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
                    Some(format!("date -u; openssl x509 -in {} -noout -subject -dates", shell(file))),
                );
            }
        }
    }

    /// How to have the leaf issued again: without extensions, because none is needed and any may forbid something.
    fn renew(&self) -> String {
        let certificate = self.subject.certificate_name;
        self.sign(&format!("openssl x509 -x509toreq -in {} -signkey {}", shell(certificate), shell(self.key_name())))
    }

    /// How to have the leaf issued again under another name.
    fn rename(&self) -> String {
        self.sign(&format!("openssl req -new -key {} -subj '/O=Example ORG/CN=Client'", shell(self.key_name())))
    }

    /// The key's file for a command line; the usual name if none was given.
    fn key_name(&self) -> &'a str {
        self.subject.key.map_or("client.key", |(name, _)| name)
    }

    /// How to have a leaf issued for what `request` prints.
    fn sign(&self, request: &str) -> String {
        format!(
            "{request} | openssl x509 -req -sha256 -days 365 -CA {} -CAkey ca.key -CAcreateserial -out {}",
            self.ca_file(),
            shell(&beside(self.subject.certificate_name, "new.crt"))
        )
    }

    /// How to get rid of what stands in a certificate of the path. An authority's own certificate can be made anew from
    /// its key, under the same name, and what it issued stays valid.
    fn reissue(&self, at: usize, member: &Member<'_>, who: &str) -> String {
        match self.subject.ca {
            _ if at == 0 => self.renew(),
            Some(ca)
                if ca.certificates.as_slice() == std::slice::from_ref(member.certificate)
                    && self_signed(&member.x509) =>
            {
                format!(
                    "openssl x509 -in {} -signkey ca.key -clrext -sha256 -days 9999 -extfile <(echo basicConstraints=critical,CA:TRUE) -out {}",
                    shell(&ca.name),
                    shell(&beside(&ca.name, "new.crt"))
                )
            }
            _ => format!("have {who} issued again with `basicConstraints = critical,CA:TRUE` and no other extension"),
        }
    }

    /// How to ask OpenSSL about the chain.
    fn verify(&self) -> String {
        format!(
            "openssl verify -auth_level 2 -purpose sslclient -CAfile {} -untrusted {1} {1}",
            self.ca_file(),
            shell(self.subject.certificate_name)
        )
    }

    /// The authority's file for a command line; the usual name if none was given.
    fn ca_file(&self) -> String {
        self.subject.ca.map_or_else(|| "ca.crt".to_owned(), |ca| shell(&ca.name))
    }

    fn usage(&mut self) {
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

    fn extensions(&mut self) {
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
    fn names(&mut self, loader: Loader) {
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

    fn strength(&mut self) {
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

    /// Whether each issuer on the path may issue, and this deep (RFC 5280 §6.1.4 (k) to (n)).
    fn issuers(&mut self) {
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

    fn name_constraints(&mut self, now: OffsetDateTime) {
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

    fn end_of_path(&mut self, asked: bool) {
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
                Some("copy the file again from where it was made".to_owned()),
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

    fn namesakes(&mut self) {
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

    /// Whether the authority's file holds this very certificate.
    fn is_in_ca(&self, member: &Member<'_>) -> bool {
        self.subject.ca.is_some_and(|ca| ca.certificates.contains(member.certificate))
    }

    /// Whether the authority's file holds anything that could have issued a certificate.
    fn has_ca(&self) -> bool {
        let mut certificates = self.subject.ca.iter().flat_map(|ca| &ca.certificates).filter_map(Certificate::x509);
        certificates.any(|x509| ca_flag(&x509).unwrap_or_else(|| self_signed(&x509)))
    }

    /// Who the authority's file holds, in a few words.
    fn ca_subjects(&self) -> String {
        let certificates = self.subject.ca.iter().flat_map(|ca| &ca.certificates);
        let subjects: Vec<String> =
            certificates.map(|certificate| format!("`{}`", certificate.summary.subject)).collect();
        match subjects.len() {
            0..=3 => subjects.join(", "),
            many => format!("{many} others"),
        }
    }

    fn expiry(&mut self, options: &Options) {
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
            let help =
                if at == 0 { self.renew() } else { format!("openssl x509 -in {} -noout -subject -dates", shell(file)) };
            self.say(
                Rule::CertExpiresSoon,
                Severity::Warning,
                file,
                format!("{who} expires in {}, on {}", span(left), date(summary.not_after)),
                Some(help),
            );
        }
    }

    fn versions(&mut self) {
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

fn listed(names: Vec<String>) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn are(count: u32) -> String {
    if count == 1 { "is 1".to_owned() } else { format!("are {count}") }
}

/// A number of seconds in its largest whole unit.
fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..=59 => (seconds, "second"),
        60..=3_599 => (seconds / 60, "minute"),
        3_600..=86_399 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `2026-11-23 18:28:39 UTC`, as `openssl x509 -dates -dateopt iso_8601` prints it.
pub(crate) fn date(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
