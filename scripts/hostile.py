"""What inputs that are made to hurt cost: time, peak memory, and the answer. See hostile.sh."""

import base64
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

BINARY, QUICKSTART, NO_UPGRADER = (Path(argument).resolve() for argument in sys.argv[1:4])
WANTED = sys.argv[4] if len(sys.argv) > 4 else ""

MEBI = 1 << 20
# The bounds, generous: what a command may take for an input of so many MiB, whatever is in it.
SECONDS, SECONDS_PER_MEBI, SECONDS_PER_DOCUMENT, SECONDS_OF_PAIRS = 3.0, 0.5, 0.00003, 15.0
MEMORY, MEMORY_PER_MEBI = 192.0, 12.0
# Values cost more than their bytes where they are short; a document has 4,000,000 of them at most.
MEMORY_PER_VALUE, SECONDS_PER_VALUE = 0.001, 0.000005
TIMEOUT = 600
# What is out of all bounds ends here, and not with the machine.
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
# A quarter of this is what arguments may take (execve(2)).
resource.setrlimit(resource.RLIMIT_STACK, (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))

PAIR = ["--cert", QUICKSTART / "client.crt", "--key", QUICKSTART / "client.key", "--ca", QUICKSTART / "ca.crt"]
AT = ["--at", "2027-01-01T00:00:00Z"]
ENDPOINT = ["--endpoint", "https://acme.harness.io:8443"]
INJECT = [*PAIR, *AT, *ENDPOINT]
COMMANDS = {
    "inject": ["inject", "-q", *INJECT],
    "diff": ["diff", *INJECT],
    "remove": ["remove", "-q"],
    "check": ["check"],
    "inspect": ["certs", "inspect", *AT],
}
YAML = ["inject", "diff", "remove", "check"]
ALL = [*YAML, "inspect"]

PLAIN = NO_UPGRADER.read_text()
HEADER, DELEGATE = PLAIN.rsplit("---\n", 1)


def in_document(lines, before="kind: Deployment\n"):
    """The plain manifest with lines of its own in the delegate's document."""
    return PLAIN.replace(before, before + lines, 1)


def in_env(items):
    return PLAIN + items


def config_map(text):
    return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: upgrader\ndata:\n  config.yaml: |\n" + text


# DER, by hand: lengths and numbers that no library would write.
def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        length = bytes([len(body)])
    else:
        size = (len(body).bit_length() + 7) // 8
        length = bytes([0x80 | size]) + len(body).to_bytes(size, "big")
    return bytes([tag]) + length + body


def integer(number):
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(*arcs):
    body = bytes([arcs[0] * 40 + arcs[1]])
    for arc in arcs[2:]:
        groups = [arc & 127]
        while arc := arc >> 7:
            groups.append(arc & 127 | 128)
        body += bytes(reversed(groups))
    return der(6, body)


RSA = der(0x30, oid(1, 2, 840, 113549, 1, 1, 1), b"\x05\x00")
SHA256_RSA = der(0x30, oid(1, 2, 840, 113549, 1, 1, 11), b"\x05\x00")


def name(common):
    return der(0x30, der(0x31, der(0x30, oid(2, 5, 4, 3), der(12, common.encode()))))


def certificate(serial, subject="Loop", issuer="Loop", bits=2048, exponent=65537, ca=False):
    modulus = (1 << bits) - 1 - 2 * serial
    public = der(3, b"\0" + der(0x30, integer(modulus), integer(exponent)))
    extensions = b""
    if ca:
        basic = der(0x30, oid(2, 5, 29, 19), der(1, b"\xff"), der(4, der(0x30, der(1, b"\xff"))))
        extensions = der(0xA3, der(0x30, basic))
    tbs = der(
        0x30,
        der(0xA0, integer(2)),
        integer(serial + 1),
        SHA256_RSA,
        name(issuer),
        der(0x30, der(0x17, b"260101000000Z"), der(0x17, b"360101000000Z")),
        name(subject),
        der(0x30, RSA, public),
        extensions,
    )
    return der(0x30, tbs, SHA256_RSA, der(3, b"\0" + (serial + 2).to_bytes(bits // 8, "big")))


def rsa_key(bits, exponent=65537):
    number = (1 << bits) - 159
    half = (1 << bits // 2) - 59
    inner = der(0x30, integer(0), *(integer(n) for n in (number, exponent, number - 2, half, half, half, half, half)))
    return der(0x30, integer(0), RSA, der(4, inner))


def pem(label, body, width=64, headers=""):
    text = base64.b64encode(body).decode()
    lines = "\n".join(text[at : at + width] for at in range(0, len(text), width))
    return f"-----BEGIN {label}-----\n{headers}{lines}\n-----END {label}-----\n"


def loop(count, ca):
    return "".join(pem("CERTIFICATE", certificate(serial, ca=ca)) for serial in range(count))


def ring(count):
    """Each issued by the next, and the last by the first."""
    return "".join(
        pem("CERTIFICATE", certificate(n, f"Member {n}", f"Member {(n + 1) % count}", ca=True)) for n in range(count)
    )


def nested_der(depth):
    """Sequence in sequence, built from the inside without copying it at each level."""
    heads, length = [], 0
    for _ in range(depth):
        size = (length.bit_length() + 7) // 8
        head = b"\x30" + (bytes([length]) if length < 128 else bytes([0x80 | size]) + length.to_bytes(size, "big"))
        heads.append(head)
        length += len(head)
    return b"".join(reversed(heads))


def attributes(megabytes):
    """An Ed25519 key in PKCS#8 with an attribute of so many megabytes."""
    attribute = der(0x30, oid(1, 2, 840, 113549, 1, 9, 9), der(0x31, der(4, b"x" * megabytes * MEBI)))
    return der(0x30, integer(0), der(0x30, oid(1, 3, 101, 112)), der(4, der(4, b"k" * 32)), der(0xA0, attribute))


def fill(piece, total):
    """So many bytes of a piece, without holding them."""
    piece = piece.encode() if isinstance(piece, str) else piece
    block = piece * max(1, MEBI // len(piece))
    while total > 0:
        yield block[:total]
        total -= len(block)


def bomb(levels, wide=9):
    lines = ["a0: &a0 [" + ", ".join(["x"] * wide) + "]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * wide) + "]")
    return "\n".join(lines) + "\n"


def merge_bomb(levels, wide=9):
    lines = ["m0: &m0 {x: y}"]
    for level in range(1, levels):
        lines.append(f"m{level}: &m{level} {{k{level}: v, <<: [" + ", ".join([f"*m{level - 1}"] * wide) + "]}")
    return "\n".join(lines) + "\n"


def block_nesting(depth, indent=""):
    """`- - - …`: one line, so that the text is not quadratic itself."""
    return indent + "- " * depth + "x\n"


GIGA, SCALAR = 1000 * MEBI, 200 * MEBI
DEEP = 100_000
FLOW = "[" * DEEP + "]" * DEEP
FLOW_MAP = "{a: " * DEEP + "x" + "}" * DEEP
CERT = ["cert", "ca", "inspect", "check-ca"]
KEY = ["key", "inspect"]

# name, text (or pieces of it), what reads it, the exit codes that are right
INPUTS = [
    ("nothing hostile", lambda: PLAIN, ALL, {0, 1}),
    ("alias bomb beside a delegate", lambda: bomb(60) + "---\n" + PLAIN, ALL, {0, 1, 2}),
    ("alias bomb in the delegate's document", lambda: in_document(bomb(60)), ALL, {0, 1, 2}),
    ("merge key bomb in the delegate's document", lambda: in_document(merge_bomb(60)), ALL, {0, 1, 2}),
    ("merge key bomb in env", lambda: in_document(merge_bomb(60)) + "        - {<<: *m59, name: X}\n", ALL, {0, 1, 2}),
    ("100,000 aliases of one list", lambda: in_document("a: &a [" + "x, " * 1000 + "]\nb: [" + "*a, " * 100_000 + "]\n"), ALL, {0, 1, 2}),
    ("100,000 anchors", lambda: in_document("a: [" + ", ".join(f"&a{n} x" for n in range(100_000)) + "]\n"), ALL, {0, 1, 2}),
    ("100,000 levels of flow lists", lambda: "a: " + FLOW + "\n", ALL, {1, 2}),
    ("100,000 levels of flow maps", lambda: "a: " + FLOW_MAP + "\n", ALL, {1, 2}),
    ("100,000 levels of block lists", lambda: block_nesting(DEEP), ALL, {1, 2}),
    ("2,000 levels of block maps", lambda: "".join(" " * n + "a:\n" for n in range(2000)), ALL, {1, 2}),
    ("100,000 levels in the delegate's document", lambda: in_document("deep: " + FLOW + "\n"), ALL, {1, 2}),
    ("100 levels in the delegate's document", lambda: in_document("deep: " + "[" * 99 + "]" * 99 + "\n"), ALL, {0, 1}),
    ("100,000 levels in a ConfigMap's config.yaml", lambda: PLAIN + "---\n" + config_map("    mode: Delegate\n    a: " + FLOW + "\n"), ALL, {0, 1, 2}),
    ("100,000 block levels in a ConfigMap's config.yaml", lambda: PLAIN + "---\n" + config_map("    mode: Delegate\n    a:\n" + block_nesting(DEEP, "    ")), ALL, {0, 1, 2}),
    ("100,000 levels in a Secret's config.yaml", lambda: PLAIN + "---\n" + config_map("    mode: Delegate\n    a: " + FLOW + "\n").replace("ConfigMap", "Secret").replace("data:", "stringData:"), ALL, {0, 1, 2}),
    ("100,000 levels in values.yaml", lambda: "delegateName: x\naccountId: x\nmanagerEndpoint: https://app.harness.io\na: " + FLOW + "\n", ALL, {1, 2}),
    ("100,000 levels in docker-compose", lambda: (QUICKSTART / "docker-compose.yaml").read_text() + "x-a: " + FLOW + "\n", ALL, {1, 2}),
    ("100,000 levels of JSON", lambda: '{"a": ' + FLOW + "}", ALL, {1, 2}),
    ("1 GB of blanks", lambda: fill(" ", GIGA), ALL, {2}),
    ("200 MB of blanks", lambda: fill(" ", SCALAR), ALL, {1, 2}),
    ("200 MB of line feeds", lambda: fill("\n", SCALAR), ALL, {1, 2}),
    ("200 MB of comment in one line", lambda: [b"# ", *fill("c", SCALAR), b"\n"], ALL, {1, 2}),
    ("200 MB of comment in lines of 16", lambda: fill("# 3456789abcdef\n", SCALAR), ALL, {1, 2}),
    ("64 MB of blanks inside the delegate's document", lambda: [in_document("a:").encode(), *fill(" ", 64 * MEBI), b"\n"], ALL, {0, 1, 2}),
    ("200 MB plain scalar behind a delegate", lambda: [(PLAIN + "---\na: ").encode(), *fill("x", SCALAR), b"\n"], ALL, {0, 1, 2}),
    ("200 MB quoted scalar behind a delegate", lambda: [(PLAIN + '---\na: "').encode(), *fill("x\\n", SCALAR // 3 * 3), b'"\n'], ALL, {0, 1, 2}),
    ("200 MB literal scalar behind a delegate", lambda: [(PLAIN + "---\na: |\n").encode(), *fill("  3456789abcdef\n", SCALAR)], ALL, {0, 1, 2}),
    ("200 MB folded scalar behind a delegate", lambda: [(PLAIN + "---\na: >\n").encode(), *fill("  3456789abcdef\n", SCALAR)], ALL, {0, 1, 2}),
    ("64 MB plain scalar in the delegate's document", lambda: [PLAIN.encode(), b"        - name: X\n          value: ", *fill("x", 64 * MEBI), b"\n"], ALL, {0, 1, 2}),
    ("64 MB quoted scalar in the delegate's document", lambda: [PLAIN.encode(), b'        - name: X\n          value: "', *fill("x", 64 * MEBI), b'"\n'], ALL, {0, 1, 2}),
    ("64 MB literal scalar in the delegate's document", lambda: [PLAIN.encode(), b"        - name: X\n          value: |\n", *fill("            9abcdef\n", 64 * MEBI)], ALL, {0, 1, 2}),
    ("64 MB of escapes in the delegate's document", lambda: [PLAIN.encode(), b'        - name: X\n          value: "', *fill("\\u0041", 60 * MEBI), b'"\n'], ALL, {0, 1, 2}),
    ("1,000,001 empty documents", lambda: fill("---\n", 4 * 1_000_001), ALL, {1, 2}),
    ("1,000,000 empty documents", lambda: fill("---\n", 4 * 1_000_000), ALL, {1, 2}),
    ("999,000 small documents around a delegate", lambda: [*fill("a: 1\n---\n", 9 * 499_500), PLAIN.encode(), b"---\n", *fill("a: 1\n---\n", 9 * 499_400)], ALL, {0, 1}),
    ("3,900,000 values of a flow list in the delegate's document", lambda: in_document("a: [" + "x, " * 3_900_000 + "]\n"), ALL, {0, 1}),
    ("64 MB of flow list in one line", lambda: [b"a: [", *fill("x, ", 63 * MEBI), b"]\n"], ALL, {1, 2}),
    ("64 MB of flow list in the delegate's document", lambda: in_document("a: [" + "x, " * (21 * MEBI) + "]\n"), ALL, {0, 1, 2}),
    ("NUL bytes", lambda: [PLAIN.encode(), *fill(b"\0", 64 * MEBI)], ALL, {1, 2}),
    ("NUL bytes only", lambda: fill(b"\0", 64 * MEBI), ALL, {1, 2}),
    ("invalid UTF-8 at the end of 200 MB", lambda: [*fill("# 3456789abcdef\n", SCALAR), b"\xff"], ALL, {1, 2}),
    ("200 MB of invalid UTF-8", lambda: fill(b"\xff\n", SCALAR), ALL, {1, 2}),
    ("UTF-16", lambda: PLAIN.encode("utf-16"), ALL, {2}),
    ("UTF-32", lambda: PLAIN.encode("utf-32"), ALL, {2}),
    ("env of 100,000", lambda: in_env("".join(f"        - name: V{n}\n          value: x\n" for n in range(100_000))), ALL, {0, 1}),
    ("env of 100,000 with one name", lambda: in_env("        - name: V\n          value: x\n" * 100_000), ALL, {0, 1}),
    ("100,000 equal delegates", lambda: [piece for _ in range(1000) for piece in [("---\n" + DELEGATE).encode() * 100]], ALL, {0, 1, 2}),
    ("100,000 delegates of other names", lambda: (("---\n" + DELEGATE.replace("name: acorn\n", f"name: acorn-{n}\n", 1)).encode() for n in range(100_000)), ALL, {0, 1, 2}),
    ("100,000 comments within env", lambda: in_env("        # c\n" * 100_000 + "        - name: X\n          value: x\n"), ALL, {0, 1}),
    ("100,000 equal keys", lambda: in_document("a: x\n" * 100_000), ALL, {1, 2}),
    ("100,000 keys", lambda: in_document("".join(f"a{n}: x\n" for n in range(100_000))), ALL, {0, 1}),
    ("100,000 comments that turn a rule off", lambda: "# delegate-mtls: ignore[not-mtls]\n" * 100_000 + PLAIN, ALL, {0, 1, 2}),
    ("7,000 certificates of one name", lambda: loop(7000, True), CERT, {0, 1, 2}),
    ("500 authorities of one name", lambda: loop(500, True), CERT, {0, 1, 2}),
    ("500 certificates of one name", lambda: loop(500, False), CERT, {0, 1, 2}),
    ("a ring of 5,000 authorities", lambda: ring(5000), CERT, {0, 1, 2}),
    ("a ring of 500 authorities", lambda: ring(500), CERT, {0, 1, 2}),
    ("5,000 times the same certificate", lambda: (QUICKSTART / "client.crt").read_text() * 5000, CERT, {0, 1, 2}),
    *[
        (f"RSA modulus of {bits} bit", lambda bits=bits: pem("CERTIFICATE", certificate(1, bits=bits)), CERT, {0, 1, 2})
        for bits in (16_384, 65_536, 1 << 20, 16 << 20)
    ],
    ("RSA exponent of 1 Mbit", lambda: pem("CERTIFICATE", certificate(1, exponent=(1 << 1 << 20) - 1)), CERT, {0, 1, 2}),
    ("self-signed with modulus and exponent of 16,384 bit", lambda: pem("CERTIFICATE", certificate(1, bits=16_384, exponent=(1 << 16_383) + 1)), CERT, {0, 1, 2}),
    ("500 of one name, moduli of 16,384 bit", lambda: "".join(pem("CERTIFICATE", certificate(n, bits=16_384)) for n in range(500)), CERT, {0, 1, 2}),
    *[
        (f"RSA key of {bits} bit", lambda bits=bits: pem("PRIVATE KEY", rsa_key(bits)), KEY, {0, 1, 2})
        for bits in (8192, 16_384, 65_536, 1 << 20)
    ],
    ("RSA key with an exponent of 1 Mbit", lambda: pem("PRIVATE KEY", rsa_key(4096, (1 << 1 << 20) - 1)), KEY, {0, 1, 2}),
    ("PEM with 7 MB of headers", lambda: pem("CERTIFICATE", certificate(1), headers="X-Header: value\n" * (7 * MEBI // 16) + "\n"), [*CERT, *KEY], {0, 1, 2}),
    ("7 MB of text before a PEM", lambda: "x\n" * (7 * MEBI // 2) + (QUICKSTART / "client.crt").read_text(), [*CERT, *KEY], {0, 1, 2}),
    ("7 MB of text in one line before a PEM", lambda: "x" * 7 * MEBI + "\n" + (QUICKSTART / "client.crt").read_text(), [*CERT, *KEY], {0, 1, 2}),
    ("PEM with a million lines", lambda: pem("CERTIFICATE", b"\x30\x83\x20\x00\x00" + b"x" * (2 << 20), width=4), [*CERT, *KEY], {0, 1, 2}),
    ("100,000 BEGIN lines", lambda: "-----BEGIN CERTIFICATE-----\n" * 100_000, [*CERT, *KEY], {0, 1, 2}),
    ("100,000 empty certificates", lambda: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" * 100_000, [*CERT, *KEY], {0, 1, 2}),
    ("7 MB of dashes", lambda: "-" * 7 * MEBI, [*CERT, *KEY], {0, 1, 2}),
    ("100,000 levels of DER", lambda: nested_der(100_000), [*CERT, *KEY], {0, 1, 2}),
    ("100,000 levels of DER as PEM", lambda: pem("CERTIFICATE", nested_der(100_000)), [*CERT, *KEY], {0, 1, 2}),
    ("PKCS#8 with attributes of 5 MB", lambda: pem("PRIVATE KEY", attributes(5)), KEY, {0, 1, 2}),
    ("a common name of 2 MB", lambda: pem("CERTIFICATE", certificate(1, "x" * 2 * MEBI, "x" * 2 * MEBI)), CERT, {0, 1, 2}),
    ("a Secret with 5,000 certificates", lambda: "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata:\n  client.crt: " + base64.b64encode(loop(5000, True).encode()).decode() + "\n", ["check", "inspect", "inject"], {0, 1, 2}),
    ("500 Secrets with a certificate each", lambda: "".join("---\napiVersion: v1\nkind: Secret\nmetadata: {name: x%d}\ndata:\n  client.crt: %s\n" % (n, base64.b64encode(pem("CERTIFICATE", certificate(n)).encode()).decode()) for n in range(500)), ["check", "inspect"], {0, 1, 2}),
]


VALUES = {
    "3,900,000 values of a flow list in the delegate's document": 3_900_000,
    "64 MB of flow list in one line": 4_000_000,
    "64 MB of flow list in the delegate's document": 4_000_000,
    "env of 100,000": 500_000,
    "env of 100,000 with one name": 500_000,
    "100,000 keys": 200_000,
    "100,000 anchors": 100_000,
}


def write(path, make):
    """In a process of its own: what a process has had in memory counts for those that it starts."""
    child = os.fork()
    if child == 0:
        pieces = make()
        with open(path, "wb") as file:
            for piece in [pieces] if isinstance(pieces, (str, bytes)) else pieces:
                file.write(piece.encode() if isinstance(piece, str) else piece)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"{path}: could not be made")


def arguments(command, path):
    pair = {"cert": ("--cert", QUICKSTART / "client.crt"), "key": ("--key", QUICKSTART / "client.key"), "ca": ("--ca", QUICKSTART / "ca.crt")}
    if command in pair:
        pair[command] = (pair[command][0], path)
        return ["inject", "-q", *(part for option in pair.values() for part in option), *AT, *ENDPOINT, NO_UPGRADER]
    if command == "check-ca":
        return ["check", *AT, "--ca", path, work / "injected.yaml"]
    return [*COMMANDS[command], path]


failures = []


def measure(name, command, args, mebi, right, stdin=None, documents=0):
    process = subprocess.Popen(
        [BINARY, *args],
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors.fileno(),
        env={"NO_COLOR": "1", "LC_ALL": "C.UTF-8"},
        cwd=work,
    )
    killer = threading.Timer(TIMEOUT, process.kill)
    killer.start()
    _, status, usage = os.wait4(process.pid, 0)
    killer.cancel()
    # of the processor: the machine may be busy with other things
    seconds = usage.ru_utime + usage.ru_stime
    process.returncode = code = os.waitstatus_to_exitcode(status)
    memory = usage.ru_maxrss / 1024
    errors.seek(0)
    said = [line for line in errors.read(4096).decode(errors="replace").splitlines() if line.startswith(("error", "thread"))]
    length = os.fstat(errors.fileno()).st_size
    errors.seek(0)
    errors.truncate()
    message = said[0].replace("|", "\\|")[:110] if said else ""
    faults = []
    if code not in right:
        faults.append(f"exit code {code}")
    # who issued whom is asked of every two certificates, of which `certs inspect` takes 512 at most
    pairs = SECONDS_OF_PAIRS if command == "inspect" and name.startswith("500") else 0
    values = VALUES.get(name, 0)
    generous = SECONDS + SECONDS_PER_MEBI * mebi + SECONDS_PER_DOCUMENT * documents + SECONDS_PER_VALUE * values + pairs
    if seconds > generous:
        faults.append(f"{seconds:.1f} s")
    if memory > MEMORY + MEMORY_PER_MEBI * mebi + MEMORY_PER_VALUE * values:
        faults.append(f"{memory:.0f} MiB")
    # what `check` reads and cannot judge is in its report
    if code == 2 and not said and command != "check":
        faults.append("no message")
    print(f"| {name} ({mebi:.1f} MiB) | {command} | {seconds:.2f} | {memory:.0f} | {code} | {message} |", flush=True)
    if faults:
        failures.append(f"{name}, {command}: {', '.join(faults)}")
        print(f"  ^^^ {failures[-1]}", file=sys.stderr, flush=True)
    return length


def tree(root, deep):
    here = root
    here.mkdir()
    for _ in range(deep):
        here /= "d"
        here.mkdir()
        (here / "x.yaml").write_text("a: 1\n")


with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "errors", "w+b") as errors:
    work = Path(folder)
    subprocess.run([BINARY, "inject", "-q", *INJECT, NO_UPGRADER, "-o", work / "injected.yaml"], check=True)
    print("| input | command | seconds | MiB | exit code | message |\n| --- | --- | ---: | ---: | ---: | --- |")
    for name_, make, commands, right in INPUTS:
        if not re.search(WANTED, name_):
            continue
        path = work / "input.yaml"
        write(path, make)
        mebi = path.stat().st_size / MEBI
        with open(path, "rb") as file:
            documents = sum(line == b"---\n" for line in iter(lambda: file.readline(64), b""))
        for command in commands:
            # `certs inspect` of what holds no certificate is not done
            measure(name_, command, arguments(command, path), mebi, right | {2} if command == "inspect" else right, documents=documents)
    if re.search(WANTED, "options"):
        url = "https://" + "a" * 120_000 + ".harness.io"
        measure("an endpoint of 120 kB", "inject", [*COMMANDS["inject"][:-1], url, NO_UPGRADER], 0, {2})
        names = [part for n in range(100_000) for part in ("--delegate", f"d{n}")]
        measure("100,000 --delegate options", "inject", [*COMMANDS["inject"], *names, NO_UPGRADER], 1, {2})
        measure("100,000 paths", "check", ["check", *(f"missing{n}.yaml" for n in range(100_000))], 1, {2})
        with open("/dev/zero", "rb") as endless:
            measure("an endless pipe", "inject", COMMANDS["inject"], 256, {2}, endless)
        tree(work / "deep", 400)
        measure("a directory tree 400 deep", "check", ["check", "--allow-no-delegate", "deep"], 0, {0})
if failures:
    sys.exit("\n".join(["out of bounds:", *failures]))
