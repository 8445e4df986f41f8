//! The pairs that are judged by everybody: every row of the matrix of certificates, every form of key file, and what
//! users bring besides. A case says how it is made, and nothing of what is to come of it.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::Duration;

use crate::issuing::{Issued, Template, Workshop, ca, client};

/// The files of one case.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) cert: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) ca: Vec<u8>,
}

/// All of them, and the private key of the authority of most.
pub(crate) struct Made {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) authority_key: String,
}

/// Made once, because it takes OpenSSL a while.
pub(crate) static MADE: LazyLock<Made> = LazyLock::new(|| {
    let workshop = Workshop::open();
    Made { pairs: pairs(&workshop), authority_key: workshop.key("rsa2048-root") }
});

fn pairs(workshop: &Workshop) -> Vec<Pair> {
    let desk = &Desk { workshop, root: workshop.root(ca("/O=Example ORG/CN=CA Cert", "rsa2048-root")) };
    let groups = [
        leaves,
        names,
        dates,
        chains,
        issuers,
        constraints,
        authorities,
        algorithms,
        key_algorithms,
        key_files,
        certificate_files,
    ];
    // Most of the time goes into starting OpenSSL.
    std::thread::scope(|scope| {
        let groups = groups.map(|group| scope.spawn(move || group(desk)));
        groups.into_iter().flat_map(|group| group.join().unwrap()).collect()
    })
}

/// The workshop with the authority of most cases.
struct Desk<'w> {
    workshop: &'w Workshop,
    root: Issued,
}

/// Files one behind the other.
fn file(parts: &[&Issued]) -> String {
    parts.iter().map(|part| part.pem.as_str()).collect()
}

impl Desk<'_> {
    /// The client's key with these files.
    fn pair(&self, name: &'static str, cert: impl Into<Vec<u8>>, ca: impl Into<Vec<u8>>) -> Pair {
        Pair { name, cert: cert.into(), key: self.workshop.key(client().key).into(), ca: ca.into() }
    }

    /// A leaf straight below the usual authority.
    fn leaf(&self, name: &'static str, template: Template<'_>) -> Pair {
        let leaf = self.workshop.issue(&self.root, template);
        let key = self.workshop.key(template.key).into();
        Pair { name, cert: leaf.pem.into(), key, ca: self.root.pem.clone().into() }
    }

    /// The usual leaf straight below this authority.
    fn below(&self, name: &'static str, root: Template<'_>) -> Pair {
        let root = self.workshop.root(root);
        self.pair(name, self.workshop.issue(&root, client()).pem, root.pem)
    }

    /// The usual leaf below an intermediate of the usual authority, which sends the intermediate along.
    fn through(&self, name: &'static str, intermediate: Template<'_>) -> Pair {
        let intermediate = self.workshop.issue(&self.root, intermediate);
        let leaf = self.workshop.issue(&intermediate, client());
        self.pair(name, file(&[&leaf, &intermediate]), self.root.pem.as_str())
    }
}

fn with(extensions: &str) -> Template<'_> {
    Template { extensions, ..client() }
}

const V1: &str = "";
const CA: &str = "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/// What stands in the leaf.
fn leaves(desk: &Desk<'_>) -> Vec<Pair> {
    [
        ("the vendor's recipe, version 1", V1),
        ("nothing but a key identifier", "subjectKeyIdentifier=hash"),
        ("every usual extension", client().extensions),
        ("EKU clientAuth", "extendedKeyUsage=clientAuth"),
        ("EKU serverAuth", "extendedKeyUsage=serverAuth"),
        ("EKU serverAuth and clientAuth", "extendedKeyUsage=serverAuth,clientAuth"),
        ("EKU any", "extendedKeyUsage=anyExtendedKeyUsage"),
        ("EKU any and clientAuth", "extendedKeyUsage=anyExtendedKeyUsage,clientAuth"),
        ("EKU critical codeSigning", "extendedKeyUsage=critical,codeSigning"),
        ("EKU of an own kind", "extendedKeyUsage=1.2.3.4"),
        ("EKU empty", "2.5.29.37=DER:30:00"),
        ("KU digitalSignature", "keyUsage=digitalSignature"),
        ("KU digitalSignature, keyEncipherment, critical", "keyUsage=critical,digitalSignature,keyEncipherment"),
        ("KU keyEncipherment", "keyUsage=keyEncipherment"),
        ("KU keyCertSign", "keyUsage=keyCertSign"),
        ("KU keyAgreement", "keyUsage=keyAgreement"),
        ("KU nonRepudiation", "keyUsage=nonRepudiation"),
        ("KU empty", "2.5.29.15=DER:03:01:00"),
        ("KU malformed", "2.5.29.15=DER:04:01:07"),
        ("nsCertType client", "nsCertType=client"),
        ("nsCertType server", "nsCertType=server"),
        ("nsCertType client, server", "nsCertType=client,server"),
        ("nsCertType objsign", "nsCertType=objsign"),
        ("CA:TRUE", "basicConstraints=critical,CA:TRUE"),
        ("CA:TRUE with keyCertSign only", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign"),
        ("CA:FALSE with a path length", "2.5.29.19=DER:30:03:02:01:00"),
        ("basicConstraints malformed", "2.5.29.19=DER:04:01:00"),
        ("an unknown critical extension", "1.2.3.4=critical,ASN1:NULL"),
        ("an unknown extension", "1.2.3.4=ASN1:NULL"),
        ("critical certificate policies", "certificatePolicies=critical,1.2.3.4"),
        ("certificate policies malformed", "2.5.29.32=DER:04:01:00"),
        ("critical policy constraints", "policyConstraints=critical,requireExplicitPolicy:0"),
        ("critical inhibitAnyPolicy", "inhibitAnyPolicy=critical,0"),
        ("critical subject alternative name", "subjectAltName=critical,DNS:client.example.org"),
        ("subject alternative name malformed", "2.5.29.17=DER:04:01:00"),
        ("critical CRL distribution points", "crlDistributionPoints=critical,URI:http://127.0.0.1/crl"),
        ("critical authority information", "authorityInfoAccess=critical,OCSP;URI:http://127.0.0.1/"),
        ("critical key identifier", "subjectKeyIdentifier=critical,hash"),
        ("critical name constraints in the leaf", "nameConstraints=critical,permitted;DNS:example.org"),
        ("critical must-staple", "tlsfeature=critical,status_request"),
        ("critical Netscape comment", "nsComment=critical,hello"),
        ("critical OCSP no check", "noCheck=critical,ignored"),
        ("a proxy certificate", "proxyCertInfo=critical,language:id-ppl-anyLanguage,pathlen:0"),
        ("a proxy certificate, not critical", "proxyCertInfo=language:id-ppl-anyLanguage,pathlen:0"),
        ("address blocks that the CA lacks", "sbgp-ipAddrBlock=critical,IPv4:10.0.0.0/8"),
        ("address blocks that the CA lacks, not critical", "sbgp-ipAddrBlock=IPv4:10.0.0.0/8"),
        ("AS numbers that the CA lacks", "sbgp-autonomousSysNum=critical,AS:64496"),
        ("an authority key identifier by serial", "authorityKeyIdentifier=keyid,issuer:always"),
        ("CRL distribution points malformed", "2.5.29.31=DER:04:01:00"),
        ("nsCertType malformed", "2.16.840.1.113730.1.1=DER:04:01:00"),
        ("key identifier malformed", "2.5.29.14=DER:30:00"),
        ("authority key identifier malformed", "2.5.29.35=DER:04:01:00"),
        ("issuer alternative name malformed", "2.5.29.18=DER:04:01:00"),
        ("authority information malformed", "1.3.6.1.5.5.7.1.1=DER:04:01:00"),
        ("name constraints malformed in the leaf", "2.5.29.30=DER:04:01:00"),
        ("policy mappings malformed", "2.5.29.33=DER:04:01:00"),
        ("critical policies malformed", "2.5.29.32=critical,DER:04:01:00"),
        ("critical issuer alternative name", "issuerAltName=critical,DNS:ca.example.org"),
        ("another authority's key identifier", "2.5.29.35=DER:30:06:80:04:01:02:03:04"),
        ("another authority's serial", "2.5.29.35=DER:30:03:82:01:7F"),
    ]
    .into_iter()
    .map(|(name, extensions)| desk.leaf(name, with(extensions)))
    .collect()
}

/// How the leaf and its issuer are called.
fn names(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let called = |subject| Template { subject, ..client() };
    let mut pairs = vec![
        desk.leaf("no subject", called("/")),
        desk.leaf("no subject, version 1", Template { extensions: V1, ..called("/") }),
        desk.leaf(
            "no subject, another name",
            Template { extensions: "subjectAltName=DNS:client.example.org", ..called("/") },
        ),
        desk.leaf(
            "no subject, another name, critical",
            Template { extensions: "subjectAltName=critical,DNS:client.example.org", ..called("/") },
        ),
        desk.below("a CA without a name", ca("/", "p256-root")),
        desk.through("an intermediate without a name", ca("/", "p256-middle")),
        desk.leaf("one attribute twice", called("/CN=Client/CN=Client")),
        desk.leaf("the CA's own name", called("/O=Example ORG/CN=CA Cert")),
        desk.leaf("the CA's own name, version 1", Template { extensions: V1, ..called("/O=Example ORG/CN=CA Cert") }),
        desk.leaf(
            "the CA's own name, without identifiers",
            Template { extensions: "basicConstraints=CA:FALSE", ..called("/O=Example ORG/CN=CA Cert") },
        ),
        desk.leaf(
            "the CA's name in small letters, version 1",
            Template { extensions: V1, ..called("/O=example  org/CN=ca cert") },
        ),
    ];
    // The same authority with its name in other string types, cases and blanks.
    for (name, config, subject) in [
        ("a CA in PrintableString", "string_mask=pkix", "/O=Example ORG/CN=CA Cert"),
        ("a CA in BMPString", "string_mask=MASK:2048", "/O=Example ORG/CN=CA Cert"),
        ("a CA in T61String", "string_mask=MASK:4", "/O=Example ORG/CN=CA Cert"),
        ("a CA in other letters and blanks", "", "/O=EXAMPLE  org/CN= ca cert"),
        ("a CA in another order", "", "/CN=CA Cert/O=Example ORG"),
    ] {
        workshop.key("rsa2048-root");
        workshop
            .write("name.cnf", format!("[req]\n{config}\ndistinguished_name=dn\nx509_extensions=e\n[dn]\n[e]\n{CA}"));
        workshop.openssl(
            "req -x509 -new -config name.cnf -days 9999 -key rsa2048-root.key -out name.crt -subj",
            &[subject],
        );
        let leaf = workshop.issue(&desk.root, client());
        pairs.push(desk.pair(name, leaf.pem, workshop.read("name.crt")));
    }
    pairs
}

fn dates(desk: &Desk<'_>) -> Vec<Pair> {
    let day = Duration::DAY;
    let past = (day * -20, day * -1);
    let future = (day, day * 20);
    let today = (day * -20, day * 20);
    let of = |valid| Template { valid, ..client() };
    let root = |valid| Template { valid, ..ca("/CN=Dated Root", "p256-dated") };
    let middle = |valid| Template { valid, ..ca("/CN=Dated Middle", "p256-middle") };
    vec![
        desk.leaf("valid today", of(today)),
        desk.leaf("until after 2049", of((day * -1, day * 36500))),
        desk.leaf("expired", of(past)),
        desk.leaf("expired a minute ago", of((day * -20, Duration::MINUTE * -1))),
        desk.leaf("not valid before tomorrow", of(future)),
        desk.leaf("not valid for two minutes", of((Duration::MINUTE * 2, day))),
        desk.below("an expired CA", root(past)),
        desk.below("a CA not valid before tomorrow", root(future)),
        desk.below("a CA that ends before its leaf", root(today)),
        desk.through("an expired intermediate", middle(past)),
        desk.through("an intermediate not valid before tomorrow", middle(future)),
        desk.through("an intermediate valid today", middle(today)),
    ]
}

/// Which certificates stand in the file, and in which order.
fn chains(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let root = &desk.root;
    let upper = workshop.issue(root, ca("/CN=Upper", "p256-upper"));
    let middle = workshop.issue(&upper, ca("/CN=Middle", "p256-middle"));
    let lower = workshop.issue(&middle, ca("/CN=Lower", "p256-lower"));
    let below_upper = workshop.issue(&upper, client());
    let below_middle = workshop.issue(&middle, client());
    let leaf = workshop.issue(&lower, client());
    let v1 = workshop.issue(&lower, with(V1));
    let other = workshop.root(ca("/CN=Other", "p256-other"));
    let sibling = workshop.issue(&upper, Template { key: "p256-sibling", ..client() });
    let ca = root.pem.as_str();
    let mut pairs: Vec<Pair> = [
        ("below one intermediate", vec![&below_upper, &upper]),
        ("below two intermediates", vec![&below_middle, &middle, &upper]),
        ("below three intermediates", vec![&leaf, &lower, &middle, &upper]),
        ("version 1 below three intermediates", vec![&v1, &lower, &middle, &upper]),
        ("with the root behind", vec![&leaf, &lower, &middle, &upper, root]),
        ("no intermediate", vec![&leaf]),
        ("the uppermost intermediate missing", vec![&leaf, &lower, &middle]),
        ("the lowest intermediate missing", vec![&leaf, &middle, &upper]),
        ("the middle intermediate missing", vec![&leaf, &lower, &upper]),
        ("intermediates in reverse", vec![&leaf, &upper, &middle, &lower]),
        ("the leaf last", vec![&upper, &middle, &lower, &leaf]),
        ("the root first", vec![root, &leaf, &lower, &middle, &upper]),
        ("the leaf twice", vec![&leaf, &leaf, &lower, &middle, &upper]),
        ("an intermediate twice", vec![&leaf, &lower, &lower, &middle, &upper]),
        ("an unrelated certificate behind", vec![&leaf, &lower, &middle, &upper, &other]),
        ("an unrelated certificate between", vec![&leaf, &other, &lower, &middle, &upper]),
        ("another leaf behind", vec![&below_upper, &upper, &sibling]),
        ("another leaf before", vec![&sibling, &below_upper, &upper]),
    ]
    .into_iter()
    .map(|(name, parts)| desk.pair(name, file(&parts), ca))
    .collect();

    // Two certificates of one intermediate: one by this root, one by another.
    let by_other = workshop.issue(&other, crate::issuing::ca("/CN=Upper", "p256-upper"));
    let no_identifier = with("basicConstraints=CA:FALSE");
    let unmarked = workshop.issue(&upper, no_identifier);
    // Another intermediate of the same name, with another key.
    let namesake = workshop.issue(root, crate::issuing::ca("/CN=Upper", "p256-namesake"));
    for (name, parts) in [
        ("a cross-signed intermediate, ours first", vec![&below_upper, &upper, &by_other]),
        ("a cross-signed intermediate, ours second", vec![&below_upper, &by_other, &upper]),
        ("a cross-signed intermediate, ours last and its root there", vec![&below_upper, &by_other, &other, &upper]),
        ("an intermediate cross-signed by another root only", vec![&below_upper, &by_other]),
        ("a namesake intermediate first", vec![&below_upper, &namesake, &upper]),
        ("a namesake intermediate second", vec![&below_upper, &upper, &namesake]),
        ("a namesake intermediate alone", vec![&below_upper, &namesake]),
        ("a namesake intermediate first, no identifier", vec![&unmarked, &namesake, &upper]),
        ("a namesake intermediate second, no identifier", vec![&unmarked, &upper, &namesake]),
        ("a namesake intermediate alone, no identifier", vec![&unmarked, &namesake]),
    ] {
        pairs.push(desk.pair(name, file(&parts), ca));
    }
    let both = file(&[&other, root]);
    pairs.push(desk.pair("both roots of a cross-signed intermediate", file(&[&below_upper, &upper]), both));
    pairs
}

/// Whether an issuer may issue.
fn issuers(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let middle = |extensions| Template { extensions, ..ca("/CN=Middle", "p256-middle") };
    let root = |extensions| Template { extensions, ..ca("/CN=Root", "rsa2048-root") };
    let sloppy = "subjectKeyIdentifier=hash";
    let mut pairs = vec![
        desk.through("an intermediate of version 1", middle(V1)),
        desk.through("an intermediate that is CA:FALSE", middle("basicConstraints=CA:FALSE")),
        desk.through("an intermediate without basicConstraints", middle(sloppy)),
        desk.through("an intermediate without basicConstraints that signs", middle("keyUsage=keyCertSign")),
        desk.through("an intermediate that may sign lists only", middle("basicConstraints=CA:TRUE\nkeyUsage=cRLSign")),
        desk.through("an intermediate for servers", middle("basicConstraints=CA:TRUE\nextendedKeyUsage=serverAuth")),
        desk.through("an intermediate for clients", middle("basicConstraints=CA:TRUE\nextendedKeyUsage=clientAuth")),
        desk.through(
            "an intermediate for any usage",
            middle("basicConstraints=CA:TRUE\nextendedKeyUsage=anyExtendedKeyUsage"),
        ),
        desk.through("an intermediate with nsCertType sslCA", middle("basicConstraints=CA:TRUE\nnsCertType=sslCA")),
        desk.through("an intermediate with nsCertType emailCA", middle("basicConstraints=CA:TRUE\nnsCertType=emailCA")),
        desk.through("an intermediate with nsCertType server", middle("basicConstraints=CA:TRUE\nnsCertType=server")),
        desk.through(
            "an intermediate with an unknown critical extension",
            middle("basicConstraints=CA:TRUE\n1.2.3.4=critical,ASN1:NULL"),
        ),
        desk.through("an intermediate with pathlen 0", middle("basicConstraints=CA:TRUE,pathlen:0")),
        desk.below("a root of version 1", root(V1)),
        desk.below("a root without basicConstraints", root(sloppy)),
        desk.below("a root without basicConstraints that signs", root("keyUsage=keyCertSign")),
        desk.below("a root with nsCertType sslCA alone", root("nsCertType=sslCA")),
        desk.below("a root with nsCertType emailCA", root("basicConstraints=CA:TRUE\nnsCertType=emailCA")),
        desk.below("a root that is CA:FALSE", root("basicConstraints=CA:FALSE")),
        desk.below("a root that may sign lists only", root("basicConstraints=CA:TRUE\nkeyUsage=cRLSign")),
        desk.below("a root for servers", root("basicConstraints=CA:TRUE\nextendedKeyUsage=serverAuth")),
        desk.below("a root for any usage", root("basicConstraints=CA:TRUE\nextendedKeyUsage=anyExtendedKeyUsage")),
        desk.below("a root with pathlen 0", root("basicConstraints=CA:TRUE,pathlen:0")),
        desk.below(
            "a root with an unknown critical extension",
            root("basicConstraints=CA:TRUE\n1.2.3.4=critical,ASN1:NULL"),
        ),
        desk.below("a root with an unreadable key usage", root("basicConstraints=CA:TRUE\n2.5.29.15=DER:04:01:07")),
    ];
    let limited = |limit: &str, of: &str, key| {
        workshop
            .root(Template { extensions: &format!("basicConstraints=critical,CA:TRUE,pathlen:{limit}"), ..ca(of, key) })
    };
    for (name, limit) in
        [("a root with pathlen 0 above an intermediate", "0"), ("a root with pathlen 1 above an intermediate", "1")]
    {
        let root = limited(limit, "/CN=Limited", "p256-limited");
        let upper = workshop.issue(&root, ca("/CN=Upper", "p256-upper"));
        let leaf = workshop.issue(&upper, client());
        pairs.push(desk.pair(name, file(&[&leaf, &upper]), root.pem));
    }
    for (name, subject) in [
        ("an intermediate with pathlen 0 above another", "/CN=Lower"),
        ("an intermediate with pathlen 0 above one of its own name", "/CN=Upper"),
    ] {
        let upper = Template {
            extensions: "basicConstraints=CA:TRUE,pathlen:0\nsubjectKeyIdentifier=hash",
            ..ca("/CN=Upper", "p256-upper")
        };
        let upper = workshop.issue(&desk.root, upper);
        let lower = workshop.issue(&upper, ca(subject, "p256-lower"));
        let leaf = workshop.issue(&lower, client());
        pairs.push(desk.pair(name, file(&[&leaf, &lower, &upper]), desk.root.pem.as_str()));
    }
    // A leaf that issued another one.
    let no_ca = workshop.issue(&desk.root, Template { key: "rsa2048-other", ..client() });
    let leaf = workshop.issue(&no_ca, client());
    pairs.push(desk.pair("issued by another client", file(&[&leaf, &no_ca]), desk.root.pem.as_str()));
    pairs
}

fn constraints(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let mut pairs = Vec::new();
    for (name, constraint, extensions) in [
        ("DNS allowed", "permitted;DNS:example.org", "subjectAltName=DNS:a.example.org"),
        ("DNS not permitted", "permitted;DNS:example.org", "subjectAltName=DNS:a.example.com"),
        ("DNS excluded", "excluded;DNS:example.org", "subjectAltName=DNS:a.example.org"),
        ("DNS constrained and no name", "permitted;DNS:example.org", "basicConstraints=CA:FALSE"),
        ("DNS constrained and version 1", "permitted;DNS:example.org", V1),
        ("directory name allowed", "permitted;dirName:example_org", "basicConstraints=CA:FALSE"),
        ("directory name not permitted", "permitted;dirName:other_org", "basicConstraints=CA:FALSE"),
        ("directory name not permitted, version 1", "permitted;dirName:other_org", V1),
        ("directory name excluded, version 1", "excluded;dirName:example_org", V1),
        ("directory name allowed, version 1", "permitted;dirName:example_org", V1),
        ("address not permitted", "permitted;IP:10.0.0.0/255.0.0.0", "subjectAltName=IP:192.168.0.1"),
        ("address allowed", "permitted;IP:10.0.0.0/255.0.0.0", "subjectAltName=IP:10.0.0.1"),
        ("e-mail not permitted", "permitted;email:example.org", "subjectAltName=email:a@example.com"),
        ("URI not permitted", "permitted;URI:example.org", "subjectAltName=URI:https://a.example.com/"),
        ("URI excluded", "excluded;URI:example.org", "subjectAltName=URI:https://example.org/"),
    ] {
        let root = Template {
            extensions: &format!("{CA}nameConstraints=critical,{constraint}"),
            ..ca("/CN=Constrained", "p256-constrained")
        };
        let root = workshop.root(root);
        let leaf = workshop.issue(&root, with(extensions));
        pairs.push(desk.pair(name, leaf.pem, root.pem));
    }
    let upper = Template {
        extensions: &format!("{CA}nameConstraints=critical,permitted;dirName:other_org"),
        ..ca("/O=Other ORG/CN=Upper", "p256-upper")
    };
    pairs.push(desk.through("directory name not permitted by an intermediate", upper));
    // OpenSSL takes a common name that looks like a host for one.
    let root = workshop.root(Template {
        extensions: &format!("{CA}nameConstraints=critical,permitted;DNS:example.org"),
        ..ca("/CN=Constrained", "p256-constrained")
    });
    for (name, subject) in [
        ("a common name that is a permitted host", "/CN=a.example.org"),
        ("a common name that is another host", "/CN=a.example.com"),
    ] {
        let leaf = workshop.issue(&root, Template { subject, extensions: "basicConstraints=CA:FALSE", ..client() });
        pairs.push(desk.pair(name, leaf.pem, root.pem.as_str()));
    }
    pairs
}

/// What the authority's file holds.
fn authorities(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let day = Duration::DAY;
    let root = &desk.root;
    let v3 = workshop.issue(root, client());
    let v1 = workshop.issue(root, with(V1));
    let other = workshop.root(ca("/CN=Other", "p256-other"));
    let again = workshop.root(ca("/O=Example ORG/CN=CA Cert", "rsa2048-again"));
    let renewed = workshop.root(ca("/O=Example ORG/CN=CA Cert", "rsa2048-root"));
    let unmarked =
        Template { extensions: "basicConstraints=critical,CA:TRUE", ..ca("/O=Example ORG/CN=CA Cert", "rsa2048-root") };
    let unmarked = workshop.root(unmarked);
    let expired = Template { valid: (day * -20, day * -1), ..ca("/O=Example ORG/CN=CA Cert", "rsa2048-root") };
    let expired = workshop.root(expired);
    let renamed = workshop.root(ca("/CN=Renamed", "rsa2048-root"));
    let upper = workshop.issue(root, ca("/CN=Upper", "p256-upper"));
    let below_upper = workshop.issue(&upper, client());
    let alone = workshop.root(client());
    let alone_v1 = workshop.root(with(V1));
    let alone_ca = workshop.root(with(CA));
    let again_expired = Template { valid: (day * -20, day * -1), ..ca("/O=Example ORG/CN=CA Cert", "rsa2048-again") };
    let again_expired = workshop.root(again_expired);
    let cross = workshop.issue(&other, ca("/O=Example ORG/CN=CA Cert", "rsa2048-root"));
    let cross_expired = Template { valid: (day * -20, day * -1), ..ca("/O=Example ORG/CN=CA Cert", "rsa2048-root") };
    let cross_expired = workshop.issue(&other, cross_expired);
    let mut pairs: Vec<Pair> = [
        ("another CA", vec![&v3], vec![&other]),
        ("another CA, version 1", vec![&v1], vec![&other]),
        ("a CA made again", vec![&v3], vec![&again]),
        ("a CA made again, version 1", vec![&v1], vec![&again]),
        ("a CA made again above an intermediate", vec![&below_upper, &upper], vec![&again]),
        ("a bundle with another CA first", vec![&v3], vec![&other, root]),
        ("a bundle with the CA made again first", vec![&v3], vec![&again, root]),
        ("a bundle with the CA made again second", vec![&v3], vec![root, &again]),
        ("a bundle with the CA made again first, version 1", vec![&v1], vec![&again, root]),
        ("a bundle with the CA made again second, version 1", vec![&v1], vec![root, &again]),
        ("a bundle with the CA made again first, expired, version 1", vec![&v1], vec![&again_expired, root]),
        ("a bundle with the CA expired, made again behind, version 1", vec![&v1], vec![&expired, &again]),
        ("a renewed CA", vec![&v3], vec![&renewed]),
        ("a renewed CA, version 1", vec![&v1], vec![&renewed]),
        ("a renewed CA without identifiers", vec![&v3], vec![&unmarked]),
        ("a CA that was renewed, expired one first", vec![&v3], vec![&expired, &renewed]),
        ("a CA that was renewed, expired one second", vec![&v3], vec![&renewed, &expired]),
        ("a CA that was renewed, expired one first, version 1", vec![&v1], vec![&expired, &renewed]),
        ("a CA that was renewed, expired one alone", vec![&v3], vec![&expired]),
        ("the same CA twice", vec![&v3], vec![root, root]),
        ("a renamed CA", vec![&v3], vec![&renamed]),
        ("intermediate and root as the authority", vec![&below_upper], vec![&upper, root]),
        ("an intermediate alone as the authority", vec![&below_upper], vec![&upper]),
        ("an intermediate alone as the authority, sent along too", vec![&below_upper, &upper], vec![&upper]),
        ("root sent along, intermediate as the authority", vec![&below_upper, root], vec![&upper]),
        ("a CA that another one cross-signed", vec![&v3], vec![&cross, &other]),
        ("a CA that another one cross-signed, its root first", vec![&v3], vec![&other, &cross]),
        ("a CA with its cross-signed form first", vec![&v3], vec![&cross, root]),
        ("a CA with its cross-signed form second", vec![&v3], vec![root, &cross]),
        ("a CA with its cross-signed form sent along", vec![&v3, &cross], vec![root]),
        ("a cross-signed form sent along, other root", vec![&v3, &cross], vec![&other]),
        ("an expired cross-signed form sent along", vec![&v3, &cross_expired], vec![root]),
        ("the client certificate as the authority", vec![&v3], vec![&v3]),
        ("the client certificate as the authority, version 1", vec![&v1], vec![&v1]),
        ("the client certificate before the authority", vec![&v3], vec![&v3, root]),
        ("the client certificate behind the authority", vec![&v3], vec![root, &v3]),
        (
            "the client certificate beside the authority, an intermediate between",
            vec![&below_upper, &upper],
            vec![&below_upper, root],
        ),
        ("another client's certificate as the authority", vec![&v3], vec![&v1]),
        ("signed by itself", vec![&alone], vec![root]),
        ("signed by itself, version 1", vec![&alone_v1], vec![root]),
        ("its own authority", vec![&alone], vec![&alone]),
        ("its own authority, version 1", vec![&alone_v1], vec![&alone_v1]),
        ("its own authority, CA:TRUE", vec![&alone_ca], vec![&alone_ca]),
    ]
    .into_iter()
    .map(|(name, cert, ca)| desk.pair(name, file(&cert), file(&ca)))
    .collect();
    pairs.push(Pair {
        name: "the authority's own pair",
        cert: root.pem.clone().into(),
        key: workshop.key("rsa2048-root").into(),
        ca: root.pem.clone().into(),
    });
    pairs.push(desk.pair("an altered leaf", altered(&v3), root.pem.as_str()));
    pairs.push(desk.pair("an altered leaf, version 1", altered(&v1), root.pem.as_str()));
    pairs.push(desk.pair("an altered root", v3.pem.as_str(), altered(root)));
    let chain = format!("{}{}", below_upper.pem, altered(&upper));
    pairs.push(desk.pair("an altered intermediate", chain, root.pem.as_str()));
    for (name, ca) in [
        ("a CA file with text", format!("our authority\n{}the end\n", root.pem)),
        ("a CA file with CRLF", root.pem.replace('\n', "\r\n")),
        ("a CA file that is empty", String::new()),
        ("a CA file that is a key", workshop.key("rsa2048-root")),
        ("a CA file with its key", format!("{}{}", root.pem, workshop.key("rsa2048-root"))),
    ] {
        pairs.push(desk.pair(name, v3.pem.as_str(), ca));
    }
    pairs
}

/// The last byte of the signature is another one.
fn altered(certificate: &Issued) -> String {
    let mut der = der(&certificate.pem);
    *der.last_mut().unwrap() ^= 1;
    pem("CERTIFICATE", &der)
}

/// OpenSSL's own default, which hardly anything else computes.
const LONGEST_SALT: &str = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:222";

/// With which algorithms, and how strongly, certificates are signed.
fn algorithms(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let signed = |signing| Template { signing, ..client() };
    let mut pairs = vec![
        desk.leaf("signed with MD5", signed("-md5")),
        desk.leaf("signed with SHA-1", signed("-sha1")),
        desk.leaf("signed with SHA-224", signed("-sha224")),
        desk.leaf("signed with SHA-384", signed("-sha384")),
        desk.leaf("signed with SHA-512", signed("-sha512")),
        desk.leaf("signed with SHA-512/256", signed("-sha512-256")),
        desk.leaf("signed with SHA3-256", signed("-sha3-256")),
        desk.below("a root signed with SHA-1", Template { signing: "-sha1", ..ca("/CN=Root", "rsa2048-root") }),
        desk.below("a root signed with MD5", Template { signing: "-md5", ..ca("/CN=Root", "rsa2048-root") }),
        desk.through(
            "an intermediate signed with SHA-1",
            Template { signing: "-sha1", ..ca("/CN=Middle", "p256-middle") },
        ),
        desk.through("an intermediate of 1024 bit", ca("/CN=Middle", "rsa1024-middle")),
    ];
    for (name, signing) in [
        ("signed with PSS", "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32"),
        ("signed with PSS SHA-512", "-sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64"),
        ("signed with PSS, longest salt", LONGEST_SALT),
        ("signed with PSS SHA-1", "-sha1 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20"),
    ] {
        pairs.push(desk.leaf(name, signed(signing)));
    }
    for (name, key, signing) in [
        ("a CA of RSA 1024", "rsa1024-root", "-sha256"),
        ("a CA of RSA 2040", "rsa2040-root", "-sha256"),
        ("a CA of RSA 3072", "rsa3072-root", "-sha256"),
        ("a CA of RSA 4096", "rsa4096-root", "-sha512"),
        ("a CA of RSA-PSS", "rsapss2048-root", "-sha256 -sigopt rsa_pss_saltlen:32"),
        ("a CA of P-224", "p224-root", "-sha256"),
        ("a CA of P-192", "p192-root", "-sha256"),
        ("a CA of P-256, SHA-256", "p256-root", "-sha256"),
        ("a CA of P-256, SHA-1", "p256-root", "-sha1"),
        ("a CA of P-256, SHA-224", "p256-root", "-sha224"),
        ("a CA of P-256, SHA-512", "p256-root", "-sha512"),
        ("a CA of P-384, SHA-256", "p384-root", "-sha256"),
        ("a CA of P-384, SHA-384", "p384-root", "-sha384"),
        ("a CA of P-521, SHA-256", "p521-root", "-sha256"),
        ("a CA of P-521, SHA-512", "p521-root", "-sha512"),
        ("a CA of secp256k1", "secp256k1-root", "-sha256"),
        ("a CA of P-256, spelled out", "explicit256-root", "-sha256"),
        ("a CA of Ed25519", "ed25519-root", ""),
        ("a CA of Ed448", "ed448-root", ""),
    ] {
        let root = workshop.root(Template { signing, ..ca("/CN=Root", key) });
        let leaf = workshop.issue(&root, signed(signing));
        pairs.push(desk.pair(name, leaf.pem, root.pem));
    }
    // The same name, another key, and an algorithm that not everybody computes.
    for (name, key, signing) in [
        ("a CA made again, PSS with the longest salt", "rsa2048", LONGEST_SALT),
        ("a CA made again, Ed448", "ed448", ""),
        ("a CA made again, RSA 1024", "rsa1024", "-sha256"),
        ("a CA made again, SHA-1", "rsa2048", "-sha1"),
    ] {
        let [root, again] = ["root", "again"].map(|name| format!("{key}-{name}"));
        let unmarked = |key| Template { signing, extensions: "basicConstraints=CA:TRUE", ..ca("/CN=Root", key) };
        let (root, again) = (workshop.root(unmarked(&root)), workshop.root(unmarked(&again)));
        let leaf = workshop.issue(&root, Template { extensions: "basicConstraints=CA:FALSE", ..signed(signing) });
        pairs.push(desk.pair(name, leaf.pem, again.pem));
    }
    pairs
}

/// What kind of key the client has.
fn key_algorithms(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let mut pairs = Vec::new();
    for (name, key) in [
        ("a client of RSA 1024", "rsa1024-client"),
        ("a client of RSA 2040", "rsa2040-client"),
        ("a client of RSA 3072", "rsa3072-client"),
        ("a client of RSA 4096", "rsa4096-client"),
        ("a client of RSA 5120", "rsa5120-client"),
        ("a client of RSA-PSS", "rsapss2048-client"),
        ("a client of P-224", "p224-client"),
        ("a client of P-256", "p256-client"),
        ("a client of P-384", "p384-client"),
        ("a client of P-521", "p521-client"),
        ("a client of secp256k1", "secp256k1-client"),
        ("a client of Ed25519", "ed25519-client"),
        ("a client of Ed448", "ed448-client"),
        ("a client with the exponent 3", "e3-client"),
        ("a client with a long exponent", "e1099511627791-client"),
        ("a client of three primes", "primes3-client"),
    ] {
        pairs.push(desk.leaf(name, Template { key, ..client() }));
    }
    let leaf = workshop.issue(&desk.root, client());
    for (name, key) in [
        ("another RSA key", "rsa2048-other"),
        ("an EC key for an RSA certificate", "p256-client"),
        ("the authority's key", "rsa2048-root"),
    ] {
        let mut pair = desk.pair(name, leaf.pem.as_str(), desk.root.pem.as_str());
        pair.key = workshop.key(key).into();
        pairs.push(pair);
    }
    pairs
}

/// The forms of a key file, all of one key unless they say otherwise.
fn key_files(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let leaf = workshop.issue(&desk.root, client()).pem;
    let key = workshop.key(client().key);
    let other = workshop.key("rsa2048-other");
    let converted =
        |args: &str| String::from_utf8(workshop.openssl(&format!("{args} -in {}.key", client().key), &[])).unwrap();
    let pkcs1 = converted("rsa -traditional");
    let sec1 = {
        workshop.key("p256-client");
        String::from_utf8(workshop.openssl("ec -in p256-client.key", &[])).unwrap()
    };
    let mut corrupt = der(&key);
    *corrupt.last_mut().unwrap() ^= 1;
    let mut pairs: Vec<Pair> = [
        ("key: PKCS#8", key.clone()),
        ("key: PKCS#1", pkcs1.clone()),
        ("key: PKCS#1 with text", format!("our key\n{pkcs1}")),
        ("key: SEC1", sec1.clone()),
        (
            "key: SEC1 with parameters",
            format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{sec1}"),
        ),
        ("key: encrypted PKCS#8", converted("pkcs8 -topk8 -passout pass:x")),
        ("key: encrypted PKCS#1", converted("rsa -traditional -aes128 -passout pass:x")),
        (
            "key: bag attributes before",
            format!("Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n{key}"),
        ),
        ("key: text before", format!("our key\n{key}")),
        ("key: text behind", format!("{key}the end\n")),
        ("key: two keys", format!("{key}{other}")),
        ("key: the same key twice", format!("{key}{key}")),
        ("key: with the certificate behind", format!("{key}{leaf}")),
        ("key: with the certificate before", format!("{leaf}{key}")),
        ("key: CRLF", key.replace('\n', "\r\n")),
        ("key: CR alone", key.replace('\n', "\r")),
        ("key: no final newline", key.trim_end().to_owned()),
        ("key: blank lines around", format!("\n\n{key}\n\n")),
        ("key: a tab before", format!("\t{key}")),
        ("key: indented", key.lines().map(|line| format!("    {line}\n")).collect()),
        ("key: indented with tabs", key.lines().map(|line| format!("\t{line}\n")).collect()),
        ("key: blanks at the ends of lines", key.replace('\n', "  \n")),
        ("key: on one line", key.replace('\n', " ")),
        ("key: on one line without blanks", key.replace('\n', "")),
        ("key: a tab inside", key.replacen("\nM", "\n\tM", 1)),
        ("key: a form feed inside", key.replacen("\nM", "\n\u{c}M", 1)),
        ("key: a no-break space inside", key.replacen("\nM", "\n\u{a0}M", 1)),
        ("key: a byte order mark", format!("\u{feff}{key}")),
        ("key: a zero behind", format!("{key}\0")),
        ("key: the public key", converted("pkey -pubout")),
        ("key: the certificate", leaf.clone()),
        ("key: empty", String::new()),
        ("key: blanks only", " \n".to_owned()),
        ("key: a placeholder", "{KEY}".to_owned()),
        ("key: cut off", key.split_at(key.len() / 2).0.to_owned()),
        ("key: without its BEGIN line", key.split_once('\n').unwrap().1.to_owned()),
        ("key: the END line damaged", key.replace("-----END PRIVATE KEY-----", "-----END PRIVATE KEY----")),
        ("key: the wrong END line", key.replace("END PRIVATE KEY", "END RSA PRIVATE KEY")),
        ("key: small letters in the BEGIN line", key.replace("BEGIN PRIVATE KEY", "begin private key")),
        ("key: a star in the body", key.replacen("\nM", "\n*M", 1)),
        ("key: line ends written out", key.replace('\n', "\\n")),
        ("key: base64 of PEM", STANDARD.encode(&key)),
        ("key: a corrupt number", pem("PRIVATE KEY", &corrupt)),
        ("key: a byte behind the structure", pem("PRIVATE KEY", &[der(&key), vec![0]].concat())),
        ("key: a byte missing", pem("PRIVATE KEY", &der(&key)[..der(&key).len() - 1])),
        ("key: PKCS#1 called PKCS#8", pem("PRIVATE KEY", &der(&pkcs1))),
        ("key: PKCS#8 called PKCS#1", pem("RSA PRIVATE KEY", &der(&key))),
        ("key: quoted", format!("\"{}\"", key.trim_end())),
    ]
    .into_iter()
    .map(|(name, key)| Pair { key: key.into(), ..desk.pair(name, leaf.as_str(), desk.root.pem.as_str()) })
    .collect();
    let utf16: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
    workshop.write("pfx.crt", &leaf);
    let pfx = workshop.openssl(&format!("pkcs12 -export -passout pass: -in pfx.crt -inkey {}.key", client().key), &[]);
    for (name, key) in [
        ("key: UTF-16", utf16.clone()),
        ("key: UTF-16 with its mark", [vec![0xFF, 0xFE], utf16].concat()),
        ("key: DER of PKCS#8", der(&key)),
        ("key: DER of PKCS#1", der(&pkcs1)),
        ("key: PKCS#12", pfx),
    ] {
        pairs.push(Pair { key, ..desk.pair(name, leaf.as_str(), desk.root.pem.as_str()) });
    }
    pairs
}

/// The forms of a certificate file.
fn certificate_files(desk: &Desk<'_>) -> Vec<Pair> {
    let workshop = desk.workshop;
    let leaf = workshop.issue(&desk.root, client()).pem;
    workshop.write("leaf.crt", &leaf);
    let made = |args: &str| workshop.openssl(args, &[]);
    [
        ("cert: CRLF", leaf.replace('\n', "\r\n").into()),
        ("cert: no final newline", leaf.trim_end().into()),
        ("cert: on one line", leaf.replace('\n', " ").into()),
        ("cert: indented", leaf.lines().map(|line| format!("  {line}\n")).collect::<String>().into()),
        ("cert: blanks at the ends of lines", leaf.replace('\n', "  \n").into()),
        ("cert: the END behind the body", leaf.replace("\n-----END", "-----END").into()),
        ("cert: indented after text", format!("our client\n  {leaf}").into()),
        ("cert: CR alone", leaf.replace('\n', "\r").into()),
        ("cert: blank lines around", format!("\n\n{leaf}\n\n").into()),
        ("cert: bag attributes before", format!("Bag Attributes\n    localKeyID: 01\n{leaf}").into()),
        ("cert: text of OpenSSL before", made("x509 -in leaf.crt -text")),
        ("cert: text behind", format!("{leaf}the end\n").into()),
        ("cert: a byte order mark", format!("\u{feff}{leaf}").into()),
        ("cert: DER", der(&leaf)),
        ("cert: PKCS#7", made("crl2pkcs7 -nocrl -certfile leaf.crt")),
        ("cert: a trusted certificate", made("x509 -in leaf.crt -trustout -addtrust clientAuth")),
        ("cert: called X509 CERTIFICATE", leaf.replace(" CERTIFICATE", " X509 CERTIFICATE").into()),
        ("cert: with the key behind", format!("{leaf}{}", workshop.key(client().key)).into()),
        ("cert: the key", workshop.key(client().key).into()),
        ("cert: empty", Vec::new()),
        ("cert: a placeholder", b"{CERT}".to_vec()),
        ("cert: cut off", leaf.split_at(leaf.len() / 2).0.into()),
        ("cert: a byte behind the structure", pem("CERTIFICATE", &[der(&leaf), vec![0]].concat()).into()),
        ("cert: a byte missing", pem("CERTIFICATE", &der(&leaf)[..der(&leaf).len() - 1]).into()),
    ]
    .into_iter()
    .map(|(name, cert)| desk.pair(name, cert, desk.root.pem.as_str()))
    .collect()
}

/// What the only block of a PEM text holds.
fn der(pem: &str) -> Vec<u8> {
    pem_rfc7468::decode_vec(pem.as_bytes()).unwrap().1
}

fn pem(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der).unwrap()
}
