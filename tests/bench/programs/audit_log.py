"""An audit log of so many entries in a folder: what reading it costs, and what verifying it does. Prints JSON."""

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[3]))

from tui.storage import audit_log
from tui.storage.folder import DiskFolder

ACT = audit_log.AuditEvent("credential verified", {"provider": "openai", "credential": "default"})


def written(folder: Path, count: int) -> audit_log.Log:
    """Write the entries in one go, as the log itself syncs the file for each of its own."""
    data, keys = DiskFolder(folder / "data"), DiskFolder(folder / "keys")
    key, head = bytes(32), audit_log.start("acme")
    lines = []
    for _ in range(count):
        text, head = audit_log.line(head, "2026-11-30T00:00:00Z", {"user": "ada"}, ACT, key=key)
        lines.append(text)
    data.write("a", b"")
    with open(folder / "data" / audit_log.LOG, "wb", opener=_private) as file:
        file.writelines(lines)
    keys.write(audit_log.HEAD, json.dumps(head._asdict()).encode())
    keys.write(audit_log.MAC_KEY, key.hex().encode())
    return audit_log.Log("acme", data, keys)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def peak() -> float:
    """MiB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    folder = Path(sys.argv[1])
    if sys.argv[2] != "0":
        written(folder, int(sys.argv[2]))
        return
    log = audit_log.Log("acme", DiskFolder(folder / "data"), DiskFolder(folder / "keys"))
    path = folder / "data" / audit_log.LOG

    def parse() -> None:
        with path.open("rb") as file:
            for line in file:
                json.loads(line)

    before = peak()
    tail = seconds(lambda: log.last(40))
    verify = seconds(log.verify)
    figures = {"tail": tail, "verify": verify, "memory": peak() - before, "parse": seconds(parse)}
    print(json.dumps(figures | {"read": seconds(path.read_bytes)}))


main()
