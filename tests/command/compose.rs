//! docker-compose files: how the files of the pair are named, what is refused of a pair that is mounted as it is, and
//! what is said.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;

use crate::check::issued_file;
use crate::folder::{Folder, claims, plain};
use crate::pair::{self, testdata};

pub(crate) fn trials() -> Vec<Trial> {
    claims(
        "compose",
        &[
            ("the files are named from the docker-compose file's folder", from_its_folder),
            ("an output in another folder names them from there", from_the_output),
            ("an absolute path stays one", absolute),
            ("on standard input a path stays as it was typed", as_typed),
            ("a dollar sign in a path is doubled", dollar),
            ("a colon in a path is refused", colon),
            ("a path that YAML cannot hold plainly is quoted", quoted),
            ("remove takes out what was put in from any folder", removed),
            ("remove leaves a mounted folder and says so", folder_stays),
            ("remove leaves a legacy service alone", legacy_stays),
            ("a PKCS#1 key is refused with the command that converts it", pkcs1),
            ("text around the key is refused with the command that drops it", text_around),
            ("text around the certificate and CRLF are no matter to a delegate", harmless),
            ("a chain out of order is refused with the command that puts it in order", chain),
            ("an EC key is taken for a Delegate 3.x service alone", ec),
            ("beside a Deployment the pair is converted for that one alone", beside_a_deployment),
            ("the new file holds no key, so its mode is an ordinary one", mode),
            ("the summary names variables, mounts and URLs", summary),
            ("a variable of env_file is a warning", env_file),
            ("a service without an account is a warning", without_account),
            ("a name selects a service, and a wrong one is told", names),
            ("values that are secrets by name are masked", masked),
            ("diff and check exit with 1, and write nothing", diff),
        ],
    )
}

const SERVICE: &str = "services:\n  acorn:\n    image: registry.example.com/delegate:26.07.89707\n    environment:\n    - \
                       ACCOUNT_ID=FAKE-ACCOUNT-0001\n    - MANAGER_HOST_AND_PORT=https://app.harness.io\n";

/// A folder with the pair, and with the docker-compose file in `deploy/`.
fn deploy() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("deploy")).unwrap();
    folder.write("deploy/compose.yaml", SERVICE);
    folder
}

/// The lines below `volumes:`.
fn volumes(text: &str) -> Vec<&str> {
    text.lines().skip_while(|line| *line != "    volumes:").skip(1).map(str::trim_start).collect()
}

fn mounts(folder: &str) -> [String; 2] {
    ["client.crt", "client.key"].map(|file| format!("- {folder}{file}:/etc/mtls/{file}:ro"))
}

#[track_caller]
fn mounts_are(text: &str, folder: &str) {
    assert_eq!(volumes(text), mounts(folder));
}

fn from_its_folder() {
    let folder = deploy();
    let output = folder.run("inject PAIR TO -q deploy/compose.yaml").ended_with(0);
    mounts_are(output.stdout(), "../");
    folder.run("inject PAIR TO -q -i deploy/compose.yaml").ended_with(0);
    assert_eq!(folder.read("deploy/compose.yaml"), output.stdout);
    folder.run("inject PAIR TO --check deploy/compose.yaml").ended_with(0);
    fs::create_dir(folder.path("deploy/pair")).unwrap();
    for file in ["client.crt", "client.key"] {
        fs::rename(folder.path(file), folder.path(&format!("deploy/pair/{file}"))).unwrap();
    }
    folder.write("deploy/compose.yaml", SERVICE);
    let pair = "--cert deploy/pair/client.crt --key ./deploy/pair/client.key --no-verify";
    let output = folder.run(&format!("inject {pair} TO -q deploy/compose.yaml")).ended_with(0);
    mounts_are(output.stdout(), "./pair/");
    // the folder that it is in may be a link, and so may the file
    crate::folder::link(&folder, "deploy", "linked");
    let output = folder.run(&format!("inject {pair} TO -q linked/compose.yaml")).ended_with(0);
    mounts_are(output.stdout(), "./pair/");
}

fn from_the_output() {
    let folder = deploy();
    fs::create_dir(folder.path("out")).unwrap();
    folder.run("inject PAIR TO -q deploy/compose.yaml -o out/compose.yaml").ended_with(0);
    mounts_are(std::str::from_utf8(&folder.read("out/compose.yaml")).unwrap(), "../");
    folder.run("inject PAIR TO -q deploy/compose.yaml -o compose.yaml").ended_with(0);
    mounts_are(std::str::from_utf8(&folder.read("compose.yaml")).unwrap(), "./");
    let output = folder.run("inject PAIR TO -q deploy/compose.yaml -o /dev/stdout").ended_with(0);
    mounts_are(output.stdout(), "../");
}

fn absolute() {
    let folder = deploy();
    let here = folder.path("");
    let here = here.to_str().unwrap();
    let pair = format!("--cert {here}client.crt --key {here}client.key --no-verify");
    let output = folder.run(&format!("inject {pair} TO -q deploy/compose.yaml")).ended_with(0);
    mounts_are(output.stdout(), here);
}

fn as_typed() {
    let folder = Folder::new();
    let output = folder.pipe("inject PAIR TO -q", SERVICE.as_bytes()).ended_with(0);
    mounts_are(output.stdout(), "./");
    fs::create_dir(folder.path("a")).unwrap();
    let pair = "--cert a/../client.crt --key ./client.key --no-verify";
    let output = folder.pipe(&format!("inject {pair} TO -q -"), SERVICE.as_bytes()).ended_with(0);
    assert_eq!(
        volumes(output.stdout()),
        ["- ./a/../client.crt:/etc/mtls/client.crt:ro", "- ./client.key:/etc/mtls/client.key:ro"]
    );
}

/// Injects with the certificate under another name.
fn called(name: &str) -> (Folder, crate::binary::Output) {
    let folder = Folder::new();
    fs::rename(folder.path("client.crt"), folder.path(name)).unwrap();
    let mut command = folder.command("inject --key client.key --no-verify TO -q - --cert");
    let output = crate::binary::run(command.arg(name), SERVICE.as_bytes());
    (folder, output)
}

fn dollar() {
    let (folder, output) = called("${X}$.crt");
    assert_eq!(volumes(output.ended_with(0).stdout())[0], "- ./$${X}$$.crt:/etc/mtls/client.crt:ro");
    drop(folder);
}

fn colon() {
    let (_folder, output) = called("a:b.crt");
    output.refused(
        "error: <stdin>:3:5: `./a:b.crt` has a colon, so it cannot be mounted as `SOURCE:TARGET`\n  help: give `--cert` \
         a path without one\n",
    );
}

fn quoted() {
    let (_folder, output) = called("é #1.crt");
    assert_eq!(volumes(output.ended_with(0).stdout())[0], "- \"./é #1.crt:/etc/mtls/client.crt:ro\"");
    let (_folder, output) = called("a\n.crt");
    output.refused_with(
        "error: a\\u{a}.crt: a path that is not plain text cannot be written into a docker-compose file\n",
    );
}

fn removed() {
    let folder = deploy();
    folder.run("inject PAIR TO -q -i deploy/compose.yaml").ended_with(0);
    let output = folder.run("remove --endpoint https://app.harness.io deploy/compose.yaml").ended_with(0);
    assert_eq!(output.stdout(), SERVICE);
    assert!(
        output.stderr.ends_with(
            "deploy/compose.yaml: acorn: 3 variables and 2 mounts removed, 1 URL moved from \
             https://acme.harness.io:8443 to https://app.harness.io\n"
        ),
        "{}",
        output.stderr
    );
    let long = "services:\n  acorn:\n    environment:\n    - ACCOUNT_ID=a\n    - MANAGER_HOST_AND_PORT=https://a.b\n    \
                volumes:\n    - {source: nothing}\n    - {type: bind, source: ./x, target: /etc/mtls/client.crt}\n    - \
                ./tools:/opt/tools\n";
    let output = folder.pipe("remove -q", long.as_bytes()).ended_with(0);
    assert_eq!(output.stdout(), long.replace("    - {type: bind, source: ./x, target: /etc/mtls/client.crt}\n", ""));
}

fn folder_stays() {
    let folder = Folder::new();
    let text = format!(
        "{SERVICE}    - DELEGATE_CLIENT_CERTIFICATE_PATH=/etc/mtls/client.crt\n    volumes:\n    - .:/etc/mtls\n"
    );
    let output = folder.pipe("remove", text.as_bytes()).ended_with(0);
    assert_eq!(output.stdout(), format!("{SERVICE}    volumes:\n    - .:/etc/mtls\n"));
    assert!(
        output.stderr.ends_with("acorn: 1 variable removed; the mount at `/etc/mtls` stays\n"),
        "{}",
        output.stderr
    );
}

fn legacy_stays() {
    let folder = Folder::new();
    let legacy = format!("{SERVICE}    - WATCHER_STORAGE_URL=https://app.harness.io/public/watchers\n");
    let output = folder.pipe("remove --endpoint https://a.b", legacy.as_bytes()).ended_with(0);
    output.says(&legacy, "<stdin>: acorn: nothing to do; legacy delegate: left alone\n");
}

/// Runs the command below the last `help:`, as a person would paste it.
#[track_caller]
fn pasted(folder: &Folder, stderr: &str) {
    let line = stderr.lines().rev().find_map(|line| line.strip_prefix("  help: ")).expect("a help line");
    let status = Command::new("sh").args(["-e", "-c", line]).current_dir(folder.path("")).status().unwrap();
    assert!(status.success(), "{line}");
}

fn pkcs1() {
    let folder = Folder::new();
    folder.write("client.key", testdata("client.pkcs1.key"));
    folder.write("client.crt", testdata("v1.crt"));
    let line = "inject --cert client.crt --no-verify --at 2027-01-01T00:00:00Z TO -q - --key";
    let output = folder.pipe(&format!("{line} client.key"), SERVICE.as_bytes());
    assert_eq!((output.code, output.stdout()), (2, ""));
    assert!(
        output.stderr.ends_with(
            "error: client.key: is a PKCS#1 key, and a classic delegate takes PKCS#8 only [key-format]\n  help: openssl \
             pkcs8 -topk8 -nocrypt -in client.key -out client.pkcs8.key\n"
        ),
        "{}",
        output.stderr
    );
    folder.write("client.pkcs8.key", testdata("client.key"));
    folder.pipe(&format!("{line} client.pkcs8.key"), SERVICE.as_bytes()).ended_with(0);
    let three_x = SERVICE.replace("ACCOUNT_ID", "HARNESS_ACCOUNT_ID").replace("26.07.89707", "3.4.1");
    folder.pipe(&format!("{line} client.key"), three_x.as_bytes()).ended_with(0);
}

fn text_around() {
    let folder = Folder::new();
    let key = folder.read("client.key");
    folder.write("client.key", [b"Bag Attributes\n".as_slice(), &key].concat());
    folder.pipe("inject PAIR TO -q", SERVICE.as_bytes()).refused(
        "note: client.crt: the certificate is X.509 version 1: OpenSSL and Java accept it, servers built on rustls do \
         not [cert-v1]\nerror: client.key: text around the key, and a classic delegate takes a key file that holds \
         nothing else [key-format]\n  help: openssl pkcs8 -topk8 -nocrypt -in client.key -out client.pkcs8.key\n",
    );
}

fn harmless() {
    let folder = Folder::new();
    let certificate = String::from_utf8(folder.read("client.crt")).unwrap();
    folder.write("client.crt", format!("subject=CN = Client\n{certificate}").replace('\n', "\r\n"));
    let output = folder.pipe("inject PAIR TO -q", SERVICE.as_bytes()).ended_with(0);
    mounts_are(output.stdout(), "./");
    // nothing is dropped, because nothing is written
    assert!(!output.stderr.contains("dropped"), "{}", output.stderr);
}

fn chain() {
    let folder = Folder::new();
    folder.write("client.key", issued_file("good.key"));
    folder.write("ca.crt", issued_file("root.crt"));
    let whole = std::str::from_utf8(issued_file("chain-and-root.crt")).unwrap();
    let [leaf, lower, upper, root] = whole.split_inclusive("-----END CERTIFICATE-----\n").collect::<Vec<_>>()[..]
    else {
        panic!("a chain of four");
    };
    folder.write("client.crt", format!("# lower\n{lower}# root\n{root}# leaf\n{leaf}# again\n{leaf}# upper\n{upper}"));
    let output = folder.pipe("inject PAIR TO -q", SERVICE.as_bytes());
    assert_eq!(output.code, 2, "{}", output.stderr);
    let help = " [chain-out-of-order]\n  help: for n in 3 1 5 2; do awk ";
    assert!(output.stderr.contains(help), "{}", output.stderr);
    assert!(output.stderr.contains("client.crt: a certificate stands in the file twice [chain-extra]\n"));
    pasted(&folder, &output.stderr);
    assert_eq!(String::from_utf8(folder.read("client.pem")).unwrap(), whole);
    fs::rename(folder.path("client.pem"), folder.path("client.crt")).unwrap();
    folder.pipe("inject PAIR TO -q", SERVICE.as_bytes()).ended_with(0);
}

fn ec() {
    let folder = pair::ec();
    let three_x = SERVICE.replace("ACCOUNT_ID", "HARNESS_ACCOUNT_ID").replace("26.07.89707", "3.4.1");
    folder.pipe("inject PAIR TO -q", three_x.as_bytes()).ended_with(0);
    folder.pipe("inject PAIR TO -q", SERVICE.as_bytes()).refused_with("error: client.key: is an EC key");
}

fn beside_a_deployment() {
    let folder = Folder::new();
    folder.write("client.key", testdata("client.pkcs1.key"));
    folder.write("client.crt", testdata("v1.crt"));
    folder.write("compose.yaml", SERVICE);
    let line = "inject --cert client.crt --key client.key --no-verify --at 2027-01-01T00:00:00Z TO -q -i";
    let both = folder.run(&format!("{line} delegate.yaml compose.yaml"));
    assert_eq!((both.code, both.stderr.contains("error: client.key: is a PKCS#1 key")), (2, true), "{}", both.stderr);
    assert_eq!(folder.read("delegate.yaml"), plain());
    let line = line.replace(" -q", "");
    let output = folder.run(&format!("{line} --delegate acorn delegate.yaml")).ended_with(0);
    assert!(output.stderr.contains("note: `client.key`: converted from PKCS#1 to PKCS#8\n"), "{}", output.stderr);
}

fn mode() {
    let folder = Folder::new();
    folder.write("compose.yaml", SERVICE);
    folder.set_mode("compose.yaml", 0o644);
    folder.run("inject PAIR TO -q -o new.yaml compose.yaml").ended_with(0);
    assert_eq!(folder.mode("new.yaml") & 0o077, 0o666 & !umask() & 0o077);
    let both = folder.run("inject PAIR TO -q -i compose.yaml delegate.yaml").ended_with(0);
    let said = both.stderr.matches("holds a private key, and others than its owner can read it").count();
    assert_eq!(said, 1, "{}", both.stderr);
    assert!(both.stderr.contains("warning: delegate.yaml: holds"), "{}", both.stderr);
}

/// That of this process, which the command takes over.
fn umask() -> u32 {
    let output = Command::new("sh").args(["-c", "umask"]).output().unwrap();
    u32::from_str_radix(String::from_utf8(output.stdout).unwrap().trim(), 8).unwrap()
}

fn summary() {
    let folder = Folder::new();
    let output = folder.pipe("inject PAIR TO ", SERVICE.as_bytes()).ended_with(0);
    assert!(
        output.stderr.ends_with(
            "<stdin>: acorn: 3 variables and 2 mounts added, 1 URL moved from https://app.harness.io to \
             https://acme.harness.io:8443\n"
        ),
        "{}",
        output.stderr
    );
    let again = folder.pipe("inject PAIR TO ", &output.stdout).ended_with(0);
    assert!(again.stderr.ends_with("<stdin>: acorn: nothing to do\n"), "{}", again.stderr);
    let kept = folder.pipe("inject PAIR -q", SERVICE.as_bytes()).ended_with(0);
    assert!(
        kept.stderr.ends_with(
            "warning: <stdin>:6:7: `acorn`: the manager URL stays `https://app.harness.io`\n  help: give the account's \
             mTLS endpoint with `--endpoint`\n"
        ),
        "{}",
        kept.stderr
    );
}

fn env_file() {
    let folder = Folder::new();
    let text = SERVICE.replace("    environment", "    env_file: delegate.env\n    environment");
    let output = folder.pipe("inject PAIR TO -q", text.as_bytes()).ended_with(0);
    assert!(
        output.stderr.ends_with(
            "warning: <stdin>:4:15: `acorn` takes more variables from `env_file`, which is not looked at\n  help: a URL \
             of the platform in there has to move to the endpoint, too\n"
        ),
        "{}",
        output.stderr
    );
}

fn without_account() {
    let folder = Folder::new();
    let text = format!("{SERVICE}  beech:\n    environment:\n      MANAGER_HOST_AND_PORT: https://app.harness.io\n");
    let output = folder.pipe("inject PAIR TO -q", text.as_bytes()).ended_with(0);
    assert!(
        output.stderr.contains(
            "warning: <stdin>:7:3: `beech` sets `MANAGER_HOST_AND_PORT` but no account id, so it is not taken for a \
             delegate\n"
        ),
        "{}",
        output.stderr
    );
}

fn names() {
    let folder = Folder::new();
    let text = format!("{SERVICE}  beech:\n    environment: {{ACCOUNT_ID: a, MANAGER_HOST_AND_PORT: 'https://a.b'}}\n");
    let output = folder.pipe("inject PAIR TO -q --delegate acorn", text.as_bytes()).ended_with(0);
    assert!(output.stdout().ends_with("MANAGER_HOST_AND_PORT: 'https://a.b'}\n"), "{}", output.stdout());
    folder
        .pipe("inject PAIR TO -q --delegate cedar", text.as_bytes())
        .refused("error: <stdin>: no delegate is named `cedar`\n  help: there is `acorn`, `beech`\n");
}

fn masked() {
    let folder = Folder::new();
    let list = format!("{SERVICE}    - DELEGATE_TOKEN=hunter2\n    - \"PROXY_PASSWORD=hunter3\"\n");
    let map = "services:\n  acorn:\n    environment:\n      ACCOUNT_ID: a\n      DELEGATE_TOKEN: >-\n        hunter2\n      \
               PROXY_PASSWORD: hunter3 # hunter2 before\n      MANAGER_HOST_AND_PORT: https://me:hunter4@app.harness.io\n";
    for text in [list.as_str(), map] {
        for line in ["diff PAIR TO -", "remove --endpoint https://a.b -"] {
            let output = folder.pipe(line, text.as_bytes());
            let said =
                if line.starts_with("diff") { output.stdout().to_owned() } else { String::new() } + &output.stderr;
            assert!(!said.contains("hunter"), "{said}");
        }
        let output = folder.pipe("check -", text.as_bytes());
        assert!(!(output.stdout().to_owned() + &output.stderr).contains("hunter"), "{}", output.stdout());
    }
    let shown = folder.pipe("diff PAIR TO -", list.as_bytes());
    assert!(
        shown.stdout().contains("     - DELEGATE_TOKEN=***\n     - \"PROXY_PASSWORD=***\"\n"),
        "{}",
        shown.stdout()
    );
}

fn diff() {
    let folder = Folder::new();
    folder.write("compose.yaml", SERVICE);
    let output = folder.run("diff PAIR TO compose.yaml").ended_with(1);
    assert!(output.stdout().contains("+    - ./client.key:/etc/mtls/client.key:ro\n"), "{}", output.stdout());
    folder.run("inject PAIR TO --check -q compose.yaml").ended_with(1);
    folder.run("remove --check -q compose.yaml").ended_with(0);
    assert_eq!(folder.read("compose.yaml"), SERVICE.as_bytes());
}
