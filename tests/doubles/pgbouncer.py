"""A pgbouncer before a server of the tests, on a socket of its own, in the mode that breaks LISTEN."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

PORT = 6432


@contextmanager
def pgbouncer(server: Path, mode: str = "transaction") -> Iterator[Path]:
    """Yield the folder of its socket; skip the test where it is not installed, as the gate is not allowed to."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        if "MODELDECK_WHOLE_GATE" in os.environ:
            pytest.fail("pgbouncer is not installed")
        pytest.skip("pgbouncer is not installed")
    folder = Path(tempfile.mkdtemp(prefix="md-bouncer-", dir="/tmp"))
    (folder / "users").write_text('"ada" ""\n"bob" ""\n')
    (folder / "ini").write_text(
        f"[databases]\n* = host={server}\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {folder}\n"
        f"listen_port = {PORT}\nauth_type = trust\nauth_file = {folder}/users\npool_mode = {mode}\n"
        "ignore_startup_parameters = extra_float_digits\n"
    )
    user = []
    if os.geteuid() == 0:
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres", "postgres")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*user, program, str(folder / "ini")], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(f"postgresql:///postgres?host={folder}&port={PORT}&user=ada").close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline and process.poll() is None, (folder / "log").read_text()
                time.sleep(0.02)
        yield folder
    finally:
        process.kill()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
