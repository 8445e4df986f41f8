//! Nothing leaks and nothing panics, whatever is done to the bytes.

use memchr::memmem;

use super::*;

#[test]
fn never_shows_the_key() {
    let identity = pair(V1, KEY, CA);
    assert_eq!(format!("{:?}", identity.key_pem()), "PrivateKeyPem(***)");
    let shown = format!("{identity:?} {:?}", named("client.key", KEY));
    for line in KEY.lines() {
        assert!(!shown.contains(line));
    }
}

/// Marsaglia's xorshift64: the same mutants on every run.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        // One in two keeps its length, and so its structure: those are the ones that get as far as a judgement.
        let kinds = [2, 6][self.below(2)];
        for _ in 0..=self.below(kinds / 2) {
            let at = self.below(bytes.len().max(1));
            match self.below(kinds) {
                _ if bytes.is_empty() => return,
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.below(256) as u8,
                2 => bytes.truncate(at),
                3 => drop(bytes.remove(at)),
                4 => bytes.insert(at, b"-\n \0=A\\:0"[self.below(9)]),
                _ => {
                    let end = (at + self.below(80)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
        }
    }
}

/// Pieces of the key's body long enough not to turn up by chance.
fn key_pieces() -> Vec<memmem::Finder<'static>> {
    [KEY, PKCS1_KEY, EC_KEY]
        .iter()
        .flat_map(|pem| pem.lines().filter(|line| !line.starts_with('-')))
        .flat_map(|line| <[&str; 2]>::from(line.split_at(line.len() / 2)))
        .filter(|piece| piece.len() >= 16)
        .map(|piece| memmem::Finder::new(piece).into_owned())
        .collect()
}

/// What is mutated.
struct Seeds {
    certificates: [String; 4],
    keys: [&'static str; 3],
    authorities: [String; 3],
}

fn seeds() -> Seeds {
    let root = root();
    let lower = root.below(ca_params("Lower"));
    let chain = format!("{}{}", lower.issue(params("Client")), lower.pem);
    let mut constrained = ca_params("Constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let constrained = Ca::root(constrained);
    let pss = include_str!("../testdata/pss-222.crt").to_owned();
    Seeds {
        certificates: [V1.to_owned(), chain, pss, constrained.issue(params("Client"))],
        keys: [KEY, PKCS1_KEY, EC_KEY],
        authorities: [CA.to_owned(), root.pem, constrained.pem],
    }
}

/// One file of a pair altered, as text or inside its PEM: (certificate, key, authority).
fn mutant(seeds: &Seeds, round: usize, random: &mut Xorshift) -> [Vec<u8>; 3] {
    let der = |pem: &str| pem::scan(pem.as_bytes()).unwrap().blocks.last().unwrap().der.to_vec();
    let mut cert = seeds.certificates[random.below(4)].clone().into_bytes();
    let mut key = seeds.keys[random.below(3)].as_bytes().to_vec();
    let mut ca = seeds.authorities[random.below(3)].clone().into_bytes();
    match round % 5 {
        0 => random.mutate(&mut cert),
        1 => random.mutate(&mut key),
        2 => {
            let mut bytes = der(&seeds.certificates[random.below(4)]);
            random.mutate(&mut bytes);
            cert = pem::encode("CERTIFICATE", &bytes).as_bytes().to_vec();
        }
        3 => {
            let (label, of) =
                [("PRIVATE KEY", KEY), ("RSA PRIVATE KEY", PKCS1_KEY), ("EC PRIVATE KEY", EC_KEY)][random.below(3)];
            let mut bytes = der(of);
            random.mutate(&mut bytes);
            key = pem::encode(label, &bytes).as_bytes().to_vec();
        }
        _ => {
            let mut bytes = der(&seeds.authorities[random.below(3)]);
            random.mutate(&mut bytes);
            ca = pem::encode("CERTIFICATE", &bytes).as_bytes().to_vec();
        }
    }
    // Swapped files put a key where a certificate is expected.
    if round.is_multiple_of(97) {
        std::mem::swap(&mut cert, &mut key);
    }
    [cert, key, ca]
}

/// Everything that is ever shown of a pair, and whether it could be loaded.
fn shown([cert, key, ca]: &[Vec<u8>; 3]) -> (String, bool) {
    let input = |name, bytes| Named { name, bytes };
    let summary = summarize(cert);
    match load(input("client.crt", cert), input("client.key", key), Some(input("ca.crt", ca))) {
        Ok(identity) => {
            let judged = [Loader::Java, Loader::Go].map(|loader| {
                let findings = [identity.judge(&options(), loader), identity.as_found(loader)];
                for findings in &findings {
                    assert!(findings.is_sorted_by_key(|f| std::cmp::Reverse(f.severity)));
                }
                findings
            });
            (format!("{identity:?}{judged:?}{summary:?}"), true)
        }
        Err(error) => (format!("{error}{error:?}{:?}{:?}{summary:?}", error.help(), error.finding()), false),
    }
}

/// What an inspection shows of the three files; where it says that the pair will work, the judgement has to agree.
fn inspected([cert, key, ca]: &[Vec<u8>; 3]) -> String {
    let item = |name, bytes| Item { name, place: name, bytes, loader: Loader::Java, secret: None, findings: &[] };
    let items = [item("client.crt", cert), item("client.key", key), item("ca.crt", ca)];
    let inventory = Inventory::take(&items, &options()).unwrap();
    let input = |name, bytes| Named { name, bytes };
    if inventory.chains.iter().any(|chain| chain.works == Some(true)) {
        // an inspection does not mind which file is called what
        let (cert, key) = if inventory.chains[0].key == Some(0) { (key, cert) } else { (cert, key) };
        let loaded = load(input("client.crt", cert), input("client.key", key), Some(input("ca.crt", ca)));
        let identity = loaded.unwrap_or_else(|error| panic!("{error}"));
        let errors = identity.judge(&options(), Loader::Java).into_iter().chain(identity.as_found(Loader::Java));
        let errors: Vec<Finding> = errors.filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:?}\n{}", serde_json::to_string_pretty(&inventory).unwrap());
    }
    format!("{}{inventory:?}", serde_json::to_string(&inventory).unwrap())
}

#[test]
fn survives_a_hundred_thousand_mutants_and_keeps_their_keys_secret() {
    const SHARDS: usize = 4;
    let (seeds, pieces) = (&seeds(), &key_pieces());
    let shard = move |number: usize| {
        let mut random = Xorshift(0x9E37_79B9_7F4A_7C15 + number as u64);
        let mut loaded = 0;
        for round in 0..100_000 / SHARDS {
            let mutant = mutant(seeds, round, &mut random);
            let (mut shown, was_loaded) = shown(&mutant);
            // an inspection costs as much as four judgements
            if round.is_multiple_of(8) {
                shown.push_str(&inspected(&mutant));
            }
            let leaks = pieces.iter().any(|piece| piece.find(shown.as_bytes()).is_some());
            assert!(!leaks, "shard {number}, round {round}: {shown}");
            loaded += usize::from(was_loaded);
        }
        loaded
    };
    let loaded: usize = std::thread::scope(|scope| {
        let shards: Vec<_> = (0..SHARDS).map(|number| scope.spawn(move || shard(number))).collect();
        shards.into_iter().map(|shard| shard.join().unwrap()).sum()
    });
    assert!((20_000..80_000).contains(&loaded), "{loaded} loaded");
}
