"""An audit log of so many entries in a folder: what reading it costs, and what verifying it does. Prints JSON."""

import hmac
import json
import os
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[3]))

from tui.storage import audit_log
from tui.storage.folder import DiskFolder

ACT = audit_log.AuditEvent("credential verified", {"provider": "openai", "credential": "default"})


def write_log(folder: Path, count: int) -> None:
    """Write the entries in one go, as the log itself syncs the file for each of its own.

    Only the first is made by the log; the others are like it but for what chains them, as a million take a while.
    """
    data, keys = DiskFolder(folder / "data"), DiskFolder(folder / "keys")
    key, first = bytes(32), audit_log.start("acme")
    text, head = audit_log.line(first, "2026-11-30T00:00:00Z", {"user": "ada"}, ACT, key=key)
    beginning = text[: text.index(b'"mac": ')]
    digest = head.hash
    data.write("a", b"")
    with open(folder / "data" / audit_log.LOG, "wb", opener=_private) as file:
        file.write(text)
        for number in range(2, count + 1):
            chained = b'"n": %d, "prev": "%s"}' % (number, digest.encode())
            mac = hmac.digest(key, beginning + chained, "sha256").hex().encode()
            text = b'%s"mac": "%s", %s' % (beginning, mac, chained)
            digest = sha256(text).hexdigest()
            file.write(text + b"\n")
    keys.write(audit_log.HEAD, json.dumps(head._replace(n=count, hash=digest)._asdict()).encode())
    keys.write(audit_log.MAC_KEY, key.hex().encode())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def peak() -> float:
    """MiB that this process has held at most; `ru_maxrss` would begin with that of who started it."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    folder = Path(sys.argv[1])
    if sys.argv[2] != "0":
        write_log(folder, int(sys.argv[2]))
        return
    log = audit_log.Log("acme", DiskFolder(folder / "data"), DiskFolder(folder / "keys"))
    path = folder / "data" / audit_log.LOG

    def parse() -> None:
        with path.open("rb") as file:
            for line in file:
                json.loads(line)

    before = peak()
    tail = seconds(lambda: log.last(40))
    findings: list[audit_log.Finding] = []
    verify = seconds(lambda: findings.extend(log.verify()))
    assert findings == []
    figures = {"tail": tail, "verify": verify, "memory": peak() - before, "parse": seconds(parse)}
    print(json.dumps(figures | {"read": median(seconds(path.read_bytes) for _ in range(3))}))


main()
