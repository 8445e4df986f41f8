//! `check` as a command: what it reads, what it writes where, and how it ends.

use std::fs;
use std::io::Write;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::binary::{cases, fixture, run};
use crate::folder::{Folder, claims, injected, link, plain};

pub(super) fn trials() -> Vec<Trial> {
    claims(
        "check",
        &[
            ("the report is on standard output, all else on standard error", streams),
            ("2 wins over 1, and 1 over 0", exit_codes),
            ("the same manifest is a warning in loose mode and an error in strict mode", modes),
            ("a rule gets another severity, or none; the last word counts", severities),
            ("only the rules that are asked for are reported, and what may hide them", only),
            ("a rule that does not exist is a wrong usage", unknown_rules),
            ("every format is well-formed whatever fails, and says what failed", formats_of_failures),
            ("an output file gets the format, and people get theirs", output_file),
            ("an output file is written where something is wrong, too", output_file_of_failures),
            ("an output file in no directory is said, and the report is there all the same", output_nowhere),
            ("an output file never overwrites what is read", output_spares_inputs),
            ("standard input has the name that it is given", stdin_name),
            ("standard input that is empty is an error", stdin_empty),
            ("a pipe is read once, and its lines are shown all the same", pipe),
            ("a directory is walked as git sees it", directory),
            ("links that lead round in a circle are no trouble", loops),
            ("a file is judged once, however it is named", once),
            ("paths are relative to where the command runs", relative_paths),
            ("a file that has none of the words is skipped, whatever it is", skipped),
            ("no delegate anywhere is an error unless it is allowed", no_delegate),
            ("a missing file does not hide the others", missing_file),
            ("an authority that cannot be read is an error", bad_authority),
            ("where nothing was judged, people get no report and machines an empty one", nothing_judged),
            ("a key in a text that is not UTF-8 is found", key_in_latin_1),
            ("a key among binaries is not looked for", key_in_binary),
            ("two runs say the same, in the order of the files", order),
            ("colours are for people only", colours),
            ("what inject writes is on mTLS for strict accounts", what_inject_writes),
        ],
    )
}

const FORMATS: [&str; 5] = ["json", "github", "sarif", "gitlab", "junit"];

/// A folder with a delegate on mTLS and one that is not.
fn fleet() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("clusters")).unwrap();
    folder.write("clusters/on.yaml", injected());
    folder.write("clusters/off.yaml", String::from_utf8(plain()).unwrap().replace("acorn", "oak"));
    folder
}

fn json(folder: &Folder, line: &str) -> Value {
    serde_json::from_slice(&folder.run(&format!("check --format json {line}")).stdout).unwrap()
}

/// `rule path` of every finding.
fn found(folder: &Folder, line: &str) -> Vec<String> {
    let report = json(folder, line);
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| format!("{} {}", text(finding, "rule"), text(finding, "path"))).collect()
}

fn streams() {
    let folder = fleet();
    let output = folder.run("check clusters --ca ca.crt gone.yaml").ended_with(2);
    assert_eq!(output.stderr, "error: gone.yaml: no such file\n");
    assert!(output.stdout().starts_with("warning[not-mtls]: `oak` is without mTLS\n"), "{}", output.stdout());
    assert!(output.stdout().contains("\nstrict-ready: 1 of 2\n"), "{}", output.stdout());
    assert_eq!(folder.run("check clusters --ca ca.crt").ended_with(0).stderr, "");
}

fn exit_codes() {
    let folder = fleet();
    folder.write("broken.yaml", "env:\n- name: MANAGER_HOST_AND_PORT\n  value: [\n");
    for (line, code) in [
        ("clusters", 0),
        ("clusters --mode strict", 1),
        ("clusters --mode strict broken.yaml", 2),
        ("clusters broken.yaml", 2),
        ("clusters --mode strict gone.yaml", 2),
        ("clusters/on.yaml --mode strict", 0),
        ("clusters --rule not-mtls=error", 1),
        ("clusters --mode strict --rule not-mtls=off", 0),
        ("clusters broken.yaml --rule unreadable-file=off", 0),
        ("clusters --at yesterday", 2),
        ("clusters --expires-within 30", 2),
    ] {
        folder.run(&format!("check {line}")).ended_with(code);
    }
}

fn modes() {
    let folder = fleet();
    for (mode, severity, code) in [("loose", "warning", 0), ("strict", "error", 1)] {
        let output = folder.run(&format!("check clusters/off.yaml --mode {mode}")).ended_with(code);
        assert!(output.stdout().starts_with(&format!("{severity}[not-mtls]")), "{}", output.stdout());
    }
    folder.run("check clusters --mode lenient").refused_with("error: invalid value 'lenient' for '--mode <MODE>'");
}

fn severities() {
    let folder = fleet();
    for (severity, code) in [("error", 1), ("warning", 0), ("note", 0)] {
        let output = folder.run(&format!("check --rule not-mtls={severity} clusters/off.yaml")).ended_with(code);
        assert!(output.stdout().starts_with(&format!("{severity}[not-mtls]")), "{}", output.stdout());
    }
    assert_eq!(found(&folder, "--rule not-mtls=off clusters/off.yaml"), [""; 0]);
    assert_eq!(
        found(&folder, "--rule not-mtls=off --rule not-mtls=note clusters/off.yaml"),
        ["not-mtls clusters/off.yaml"]
    );
    // a key in a manifest is looked for only where somebody asks
    let key = "inline-private-key clusters/on.yaml";
    assert!(!found(&folder, "clusters").contains(&key.to_owned()));
    assert!(found(&folder, "clusters --rule inline-private-key=warning").contains(&key.to_owned()));
}

fn only() {
    let folder = fleet();
    assert_eq!(found(&folder, "--only cert-v1 --only missing-env clusters"), ["cert-v1 clusters/on.yaml"]);
    assert_eq!(found(&folder, "--only inline-private-key clusters"), ["inline-private-key clusters/on.yaml"]);
    // what cannot be read may hold a finding of any rule
    folder.write("clusters/broken.yaml", "env:\n- name: MANAGER_HOST_AND_PORT\n  value: [\n");
    assert_eq!(found(&folder, "--only cert-expired clusters"), ["unreadable-file clusters/broken.yaml"]);
    folder.run("check --only cert-expired clusters").ended_with(2);
    assert_eq!(found(&folder, "--only inline-private-key clusters"), ["inline-private-key clusters/on.yaml"]);
}

fn unknown_rules() {
    let folder = fleet();
    folder.run("check --only cert-expird clusters").refused(
        "error: invalid value 'cert-expird' for '--only <ID>'\n\n  tip: a similar value exists: \
         'cert-expired'\n\nFor more information, try '--help'.\n",
    );
    for (value, why) in [
        ("cert-expired", "it is `ID=SEVERITY`, such as `not-mtls=error`"),
        ("expired=off", "there is no rule `expired`; `delegate-mtls explain` lists them"),
        ("cert-expired=fatal", "`fatal` is none of error, warning, note and off"),
    ] {
        folder.run(&format!("check --rule {value} clusters")).refused(&format!(
            "error: invalid value '{value}' for '--rule <ID=SEVERITY>': {why}\n\nFor more information, try '--help'.\n"
        ));
    }
}

/// Whether a report is well-formed, and what of it is text.
fn parsed(format: &str, report: &str) -> String {
    match format {
        "json" | "sarif" | "gitlab" => serde_json::from_str::<Value>(report).unwrap().to_string(),
        "junit" => {
            let mut reader = quick_xml::Reader::from_str(report);
            loop {
                if reader.read_event().unwrap() == quick_xml::events::Event::Eof {
                    return report.to_owned();
                }
            }
        }
        _ => {
            assert!(report.lines().all(|line| line.starts_with("::")), "{report}");
            report.to_owned()
        }
    }
}

fn formats_of_failures() {
    let folder = fleet();
    folder.write("no-ca.crt", "not a certificate");
    folder.write("broken.yaml", "env:\n- name: MANAGER_HOST_AND_PORT\n  value: [\n");
    folder.write("empty.yaml", "a: 1\n");
    for (line, said) in [
        ("gone.yaml", "gone.yaml: no such file"),
        ("empty.yaml", "no delegate found"),
        ("clusters --ca gone.crt", "gone.crt: no such file"),
        ("clusters --ca no-ca.crt", "holds no PEM block"),
        ("clusters --at yesterday", "is not a time"),
        ("clusters broken.yaml", "unreadable-file"),
        ("< empty", "is empty"),
    ] {
        for format in FORMATS {
            let line = format!("check --format {format} {line}").replace("< empty", "");
            let output = folder.run(&line).ended_with(2);
            assert!(parsed(format, output.stdout()).contains(said), "{line}: {}", output.stdout());
        }
    }
}

fn output_file() {
    let folder = fleet();
    let human = folder.run("check --ca ca.crt clusters").ended_with(0);
    for format in FORMATS {
        let direct = folder.run(&format!("check --ca ca.crt --format {format} --at 2027-01-01T00:00:00Z clusters"));
        let line = format!("check --ca ca.crt --format {format} --at 2027-01-01T00:00:00Z --output report clusters");
        let output = folder.run(&line).ended_with(0);
        assert!(output.stdout().starts_with("warning[not-mtls]: `oak` is without mTLS\n"), "{}", output.stdout());
        assert_eq!(String::from_utf8(folder.read("report")).unwrap(), direct.stdout());
        assert_eq!(folder.mode("report") & 0o777, 0o666 & !umask());
    }
    // the human report as a file has no colours
    folder.run("--color always check --ca ca.crt -o report clusters").ended_with(0);
    assert_eq!(String::from_utf8(folder.read("report")).unwrap(), human.stdout());
    // `-` is standard output
    let dash = folder.run("check --ca ca.crt --format github -o - clusters").ended_with(0);
    assert!(dash.stdout().starts_with("::warning "), "{}", dash.stdout());
    assert!(!folder.path("-").exists());
}

fn umask() -> u32 {
    let output = Command::new("sh").args(["-c", "umask"]).output().unwrap();
    u32::from_str_radix(String::from_utf8(output.stdout).unwrap().trim(), 8).unwrap()
}

fn output_file_of_failures() {
    let folder = fleet();
    for (line, code) in [("--mode strict clusters", 1), ("clusters gone.yaml", 2), ("clusters --ca gone.crt", 2)] {
        for format in FORMATS {
            let output = folder.run(&format!("check --format {format} --output report {line}")).ended_with(code);
            let report = String::from_utf8(folder.read("report")).unwrap();
            parsed(format, &report);
            assert_eq!(output.stdout().is_empty(), line.ends_with("gone.crt"), "{line}: {}", output.stdout());
            assert_ne!(output.stdout(), report, "{line}");
            fs::remove_file(folder.path("report")).unwrap();
        }
    }
}

fn output_nowhere() {
    let folder = fleet();
    let output = folder.run("check clusters --ca ca.crt --format json --output gone/report").ended_with(2);
    assert_eq!(
        output.stderr,
        "error: gone/report: there is no directory `gone`\n  help: create it first: `mkdir -p gone`\n"
    );
    assert!(output.stdout().ends_with("1 warning, 1 note in 2 files\n"), "{}", output.stdout());
}

fn output_spares_inputs() {
    let folder = fleet();
    link(&folder, "clusters/on.yaml", "link.yaml");
    for (line, file) in [
        ("clusters/on.yaml --output clusters/on.yaml", "clusters/on.yaml"),
        ("link.yaml --output clusters/on.yaml", "clusters/on.yaml"),
        ("clusters --ca ca.crt --output ca.crt", "ca.crt"),
    ] {
        let before = folder.stamp(file);
        folder.run(&format!("check {line}")).refused(&format!(
            "error: {file}: is one of the files to be read, and would be overwritten by the report\n  help: name another \
             file for `--output`\n"
        ));
        assert_eq!(folder.stamp(file), before);
    }
}

fn stdin_name() {
    let folder = fleet();
    for (line, name) in [
        ("check", "<stdin>"),
        ("check -", "<stdin>"),
        ("check --stdin-filename overlays/prod.yaml", "overlays/prod.yaml"),
        ("check - --stdin-filename overlays/prod.yaml", "overlays/prod.yaml"),
    ] {
        let output = folder.pipe(line, &plain()).ended_with(0);
        assert!(
            output.stdout().starts_with(&format!(
                "warning[not-mtls]: `acorn` is without mTLS\n  --> {name}:36:15\n   |\n36 |         name: delegate\n   |  "
            )),
            "{}",
            output.stdout()
        );
    }
    // beside files
    let output = folder.pipe("check - clusters/on.yaml --ca ca.crt", &plain()).ended_with(0);
    assert!(output.stdout().contains("\nstrict-ready: 1 of 2\n"), "{}", output.stdout());
}

fn stdin_empty() {
    let output = fleet().pipe("check", b"").ended_with(2);
    output.says(
        "",
        "error: <stdin>: is empty\n  help: the command before the pipe printed nothing: run it alone, or with `set -o \
         pipefail`\n",
    );
}

fn pipe() {
    let folder = fleet();
    let pipe = folder.path("delegate.pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn(move || {
        let mut pipe = fs::OpenOptions::new().write(true).open(pipe).unwrap();
        pipe.write_all(&plain()).unwrap();
    });
    let output = folder.run("check delegate.pipe").ended_with(0);
    writer.join().unwrap();
    assert!(output.stdout().contains("36 |         name: delegate\n"), "{}", output.stdout());
}

fn directory() {
    let folder = fleet();
    let write = |file: &str| {
        fs::create_dir_all(folder.path(file).parent().unwrap()).unwrap();
        folder.write(file, String::from_utf8(plain()).unwrap().replace("acorn", "oak"));
    };
    for file in ["a/.harness/x.yaml", "a/b/y.yml", "a/z.JSON", "a/.git/g.yaml", "a/ignored/i.yaml", "a/notes.txt"] {
        write(file);
    }
    folder.write("a/.gitignore", "/ignored/\n");
    let paths = ["a/.harness/x.yaml", "a/b/y.yml", "a/z.JSON"].map(|path| format!("not-mtls {path}"));
    assert_eq!(found(&folder, "a"), paths);
    // what is named is judged, whatever it is called
    assert_eq!(found(&folder, "a/notes.txt"), ["not-mtls a/notes.txt"]);
    assert_eq!(found(&folder, "a/ignored/i.yaml"), ["not-mtls a/ignored/i.yaml"]);
    // but what has another kind's name need not be YAML
    folder.write("a/README.md", "# Delegates\n\nSet `MANAGER_HOST_AND_PORT`: [here]\n- {\n");
    folder.write("a/README.latin1", b"Set `MANAGER_HOST_AND_PORT` f\xfcr alle\n");
    folder.run("check --allow-no-delegate a/README.md a/README.latin1").ended_with(0).says("no findings\n", "");
    folder.run("check a/README.md").ended_with(2);
}

fn loops() {
    let folder = fleet();
    link(&folder, "..", "clusters/up");
    link(&folder, "self", "clusters/self");
    assert_eq!(found(&folder, "clusters --ca ca.crt"), ["not-mtls clusters/off.yaml", "cert-v1 clusters/on.yaml"]);
}

fn once() {
    let folder = fleet();
    link(&folder, "clusters/off.yaml", "link.yaml");
    for line in
        ["clusters/off.yaml ./clusters/off.yaml", "clusters/off.yaml link.yaml", "clusters/off.yaml clusters/off.yaml"]
    {
        assert_eq!(found(&folder, line), ["not-mtls clusters/off.yaml"], "{line}");
    }
    assert_eq!(found(&folder, "clusters clusters/off.yaml . --ca ca.crt").len(), 3);
}

fn relative_paths() {
    let folder = fleet();
    let absolute = folder.path("clusters/off.yaml");
    assert_eq!(found(&folder, absolute.to_str().unwrap()), ["not-mtls clusters/off.yaml"]);
    assert_eq!(found(&folder, "./clusters/../clusters/off.yaml"), ["not-mtls clusters/off.yaml"]);
    // a name is what it is to programs, and harmless to a terminal
    folder.write("two\nlines.yaml", plain());
    assert_eq!(found(&folder, ".").last().unwrap(), "not-mtls two\nlines.yaml");
    assert!(folder.run("check .").stdout().contains("--> two\\u{a}lines.yaml:36:15\n"));
    let mut command = folder.command("check --format json ../delegate.yaml");
    let output = run(command.current_dir(folder.path("clusters")), b"").ended_with(0);
    assert!(output.stdout().contains("\"path\": \"../delegate.yaml\""), "{}", output.stdout());
}

fn skipped() {
    let folder = fleet();
    folder.write("clusters/broken.yaml", "a: [\n");
    folder.write("clusters/binary.yaml", b"\xff\xfe\0\0");
    folder.write("clusters/empty.yaml", "");
    folder.run("check clusters --ca ca.crt").ended_with(0);
    folder.write("clusters/broken.yaml", "a: [\n# client.key\n");
    folder.run("check clusters --ca ca.crt").ended_with(2);
}

fn no_delegate() {
    let folder = Folder::empty();
    folder.write("a.yaml", "a: 1\n");
    let help = "a delegate is a Deployment with a container, or a service of docker-compose, that sets \
                `MANAGER_HOST_AND_PORT` together with `ACCOUNT_ID` or `HARNESS_ACCOUNT_ID`; the values of the Helm chart are \
                told by `managerEndpoint`, in a file of one document; where none is expected, `--allow-no-delegate` says so";
    for (line, inputs) in [
        ("a.yaml", "a.yaml"),
        (".", "."),
        ("a.yaml .", "a.yaml, ."),
        ("a.yaml . ./a.yaml ./. .", "a.yaml, ., ./a.yaml and 2 more"),
    ] {
        folder
            .run(&format!("check {line}"))
            .ended_with(2)
            .says("no findings\n", &format!("error: {inputs}: no delegate found\n  help: {help}\n"));
        folder.run(&format!("check --allow-no-delegate {line}")).ended_with(0).says("no findings\n", "");
    }
    // private keys are looked for in files of every kind
    folder.run("check --only inline-private-key .").ended_with(0).says("no findings\n", "");
}

fn missing_file() {
    let folder = fleet();
    let report = json(&folder, "gone.yaml clusters --ca ca.crt");
    assert_eq!(report["errors"][0]["message"], "gone.yaml: no such file");
    assert_eq!(report["errors"][0]["path"], "gone.yaml");
    assert_eq!(report["delegates"].as_array().unwrap().len(), 2);
}

fn bad_authority() {
    let folder = fleet();
    folder.write("no-ca.crt", "not a certificate");
    folder.run("check clusters --ca no-ca.crt --ca gone.crt").ended_with(2).says(
        "",
        "error: `no-ca.crt`: holds no PEM block: there is no `-----BEGIN` line in it\n  help: --ca wants a file that \
         begins with `-----BEGIN CERTIFICATE-----`\nerror: gone.crt: no such file\n",
    );
}

fn nothing_judged() {
    let folder = fleet();
    for line in ["clusters --ca gone.crt", "clusters --at yesterday", "clusters --ca clusters/on.yaml"] {
        for format in ["human", "json"] {
            folder.write("report", "of another run\n");
            let output = folder.run(&format!("check {line} --format {format} --output report")).ended_with(2);
            assert_eq!(output.stdout(), "", "{line} {format}");
            assert!(output.stderr.starts_with("error: "), "{line} {format}: {}", output.stderr);
            let report = folder.read("report");
            match format {
                "human" => assert_eq!(report, b"", "{line}"),
                _ => {
                    let report: Value = serde_json::from_slice(&report).unwrap();
                    assert_eq!(report["errors"].as_array().unwrap().len(), 1, "{line}: {report}");
                }
            }
        }
        assert_eq!(folder.run(&format!("check {line}")).ended_with(2).stdout(), "", "{line}");
    }
    // what is judged beside a file that is gone has an answer
    let output = folder.run("check --only inline-private-key clusters/off.yaml gone.yaml").ended_with(2);
    output.says("no findings\n", "error: gone.yaml: no such file\n");
}

fn key_in_latin_1() {
    let folder = Folder::new();
    let text = [b"# gr\xfc\xdfe\n", folder.read("client.key").as_slice()].concat();
    folder.write("notes.txt", text);
    let output = folder.run("check --only inline-private-key notes.txt").ended_with(1);
    assert!(output.stdout().contains("notes.txt:2:1"), "{}", output.stdout());
}

fn key_in_binary() {
    let folder = Folder::new();
    let bytes = [b"\x7fELF\0\0", folder.read("client.key").as_slice()].concat();
    folder.write("tool", bytes);
    folder.run("check --only inline-private-key tool").ended_with(0);
}

fn order() {
    let folder = Folder::empty();
    for number in 0..200 {
        let name = format!("delegate-{number}");
        folder.write(&format!("{number}.yaml"), String::from_utf8(plain()).unwrap().replace("acorn", &name));
    }
    let report = json(&folder, "--at 2027-01-01T00:00:00Z .");
    let paths: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["path"].as_str().unwrap()).collect();
    assert!(paths.len() == 200 && paths.is_sorted(), "{paths:?}");
    for _ in 0..3 {
        assert_eq!(json(&folder, "--at 2027-01-01T00:00:00Z ."), report);
    }
}

fn colours() {
    let folder = fleet();
    let escapes = |line: &str| folder.run(line).stdout().contains('\u{1b}');
    assert!(escapes("--color always check clusters"));
    assert!(!escapes("--color never check clusters"));
    for format in FORMATS {
        assert!(!escapes(&format!("--color always check --format {format} clusters")), "{format}");
    }
}

/// What is left undone on purpose: delegates that nobody asked for, an upgrader or URLs that were to stay, a
/// URL with a blank in it.
const LEFT_UNDONE: [(&str, &str); 8] = [
    ("beside-a-legacy-one", "legacy-delegate"),
    ("compose-legacy-beside", "legacy-delegate"),
    ("compose-one-of-two", "not-mtls"),
    ("no-upgrader-option", "upgrader-config-incomplete"),
    ("one-of-two", "not-mtls"),
    ("url-escaped-behind-the-base", "endpoint-differs"),
    ("values-one-of-two", "not-mtls"),
    ("without-endpoint", "endpoint-port"),
];

fn what_inject_writes() {
    let mut undone = Vec::new();
    for case in cases("inject") {
        let folder = Folder::new();
        let name = case.file_name().unwrap().to_str().unwrap();
        folder.write("delegate.yaml", fixture(&case.join("expected.yaml")));
        let output = folder.run("check --mode strict --ca ca.crt --at 2027-01-01T00:00:00Z delegate.yaml");
        if let Some((case, rule)) = LEFT_UNDONE.iter().find(|(case, _)| *case == name) {
            assert!(output.code == 1 && output.stdout().contains(&format!("error[{rule}]")), "{}", output.stdout());
            undone.push(*case);
        } else {
            assert_eq!(output.code, 0, "{name}\n{}{}", output.stdout(), output.stderr);
            assert!(!output.stdout().contains("strict-ready: 0"), "{name}\n{}", output.stdout());
        }
    }
    assert_eq!(undone, LEFT_UNDONE.map(|(case, _)| case));
}
