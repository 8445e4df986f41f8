//! Nothing leaks and nothing panics, whatever is done to the bytes.

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
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1));
            match self.below(6) {
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
fn key_pieces() -> Vec<String> {
    [KEY, PKCS1_KEY]
        .iter()
        .flat_map(|pem| pem.lines().filter(|line| !line.starts_with('-')))
        .flat_map(|line| <[&str; 2]>::from(line.split_at(line.len() / 2)))
        .filter(|piece| piece.len() >= 16)
        .map(str::to_owned)
        .collect()
}

#[test]
fn survives_mutants_and_keeps_their_keys_secret() {
    let root = root();
    let lower = root.below(ca_params("Lower"));
    let chain = format!("{}{}", lower.issue(params("Client")), lower.pem);
    let mut constrained = ca_params("Constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let constrained = Ca::root(constrained);
    let pieces = key_pieces();
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    let der = |pem: &str| pem::scan(pem.as_bytes()).unwrap().blocks[0].der.to_vec();
    let certificates =
        [V1.to_owned(), chain, include_str!("../testdata/pss-222.crt").to_owned(), constrained.issue(params("Client"))];
    let keys = [KEY, PKCS1_KEY, EC_KEY];
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..20_000 {
        let mut cert = certificates[random.below(4)].clone().into_bytes();
        let mut key = keys[random.below(3)].as_bytes().to_vec();
        let mut ca = [CA, &root.pem, &constrained.pem][random.below(3)].as_bytes().to_vec();
        match round % 5 {
            0 => random.mutate(&mut cert),
            1 => random.mutate(&mut key),
            2 => {
                let mut bytes = der(V1);
                random.mutate(&mut bytes);
                cert = pem::encode("CERTIFICATE", &bytes).as_bytes().to_vec();
            }
            3 => {
                let label = ["PRIVATE KEY", "RSA PRIVATE KEY"][random.below(2)];
                let mut bytes = der(if label == "PRIVATE KEY" { KEY } else { PKCS1_KEY });
                random.mutate(&mut bytes);
                key = pem::encode(label, &bytes).as_bytes().to_vec();
            }
            _ => {
                let mut bytes = der(CA);
                random.mutate(&mut bytes);
                ca = pem::encode("CERTIFICATE", &bytes).as_bytes().to_vec();
            }
        }
        // Swapped files put a key where a certificate is expected.
        if round % 97 == 0 {
            std::mem::swap(&mut cert, &mut key);
        }
        let input = |name, bytes| Named { name, bytes };
        let shown = match load(input("client.crt", &cert), input("client.key", &key), Some(input("ca.crt", &ca))) {
            Ok(identity) => {
                loaded += 1;
                let java = identity.judge(&options(), Loader::Java);
                let go = identity.judge(&options(), Loader::Go);
                assert!(java.is_sorted_by_key(|f| std::cmp::Reverse(f.severity)));
                format!("{identity:?}{java:?}{go:?}{:?}", identity.as_found(Loader::Java))
            }
            Err(error) => {
                refused += 1;
                format!("{error}{error:?}{:?}", error.help())
            }
        };
        let leak = pieces.iter().find(|piece| shown.contains(piece.as_str()));
        assert_eq!(leak, None, "round {round}: {shown}");
        let _ = summarize(&cert);
    }
    assert!(loaded > 2_000 && refused > 2_000, "{loaded} loaded, {refused} refused");
}
