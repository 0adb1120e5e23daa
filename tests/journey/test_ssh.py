"""The same way as over the wire: a real sshd on loopback, inside tmux. Needs sshd, ssh and tmux."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from time import monotonic

import pytest

from tests.doubles.openai_server import OpenAIServer
from tests.journey.console import first_answer, quit_console
from tests.terminal import Terminal, environ

KEY = "sk-proj-FAKE-over-ssh-0123456789abcdef-77c0"
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
MISSING = [
    program
    for program, path in {"sshd": SSHD, "ssh": shutil.which("ssh"), "tmux": shutil.which("tmux")}.items()
    if not path
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(MISSING) and not os.environ.get("MODELDECK_WHOLE_GATE"),
        reason=f"not on this machine: {', '.join(MISSING)}",
    ),
]


@contextmanager
def sshd(folder: Path) -> Iterator[list[str]]:
    """A server for this user alone on a port of loopback; the command that logs in to it."""
    assert SSHD, "the gate needs sshd"
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    authorized = folder / "authorized"
    authorized.write_bytes((folder / "user.pub").read_bytes())
    authorized.chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    settings = (
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nAuthorizedKeysFile {authorized}\n"
        f"PidFile {folder / 'pid'}\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n"
    )
    (folder / "config").write_text(settings)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=log)
    try:
        deadline = monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert server.poll() is None and monotonic() < deadline, (folder / "log").read_text()
        options = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder / 'known'}"]
        yield ["ssh", *options, "-q", "-tt", "-i", str(folder / "user"), "-p", str(port), f"{getuser()}@127.0.0.1"]
    finally:
        server.terminate()
        server.wait(60)


def test_the_first_answer_over_ssh_inside_tmux(tmp_path: Path) -> None:
    home, keys = tmp_path / "home", tmp_path / "ssh"
    home.mkdir()
    keys.mkdir(mode=0o700)
    with OpenAIServer(KEY) as server, sshd(keys) as log_in:
        there = environ(home, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.url, USER="acme", LOGNAME="acme")
        exports = " ".join(f"{name}='{value}'" for name, value in there.items())
        # A tmux server of its own, with the settings as they come.
        tmux = f"env -i {exports} tmux -S {tmp_path / 'tmux'} -f /dev/null"
        console = f"{tmux} new-session -x 80 -y 24 '{sys.executable} -m tui'"
        with Terminal([*log_in, console], environ(home), rows=25) as terminal:
            first_answer(terminal, "Why is the sky blue?", "The sky is blue because of scattering.")
            capture = subprocess.run(
                ["tmux", "-S", tmp_path / "tmux", "capture-pane", "-p"], capture_output=True, text=True, check=True
            ).stdout
            assert "The sky is blue because of scattering." in capture
            assert KEY not in terminal.raw.decode("utf-8", "replace")
            quit_console(terminal, with_chat=True)


def test_a_dropped_line_ends_the_console_and_keeps_what_was_saved(tmp_path: Path) -> None:
    home, keys = tmp_path / "home", tmp_path / "ssh"
    home.mkdir()
    keys.mkdir(mode=0o700)
    with OpenAIServer(KEY) as server, sshd(keys) as log_in:
        there = environ(home, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.url, USER="acme", LOGNAME="acme")
        exports = " ".join(f"{name}='{value}'" for name, value in there.items())
        with Terminal(
            [*log_in, f"echo $$ >{home}/pid; exec env -i {exports} {sys.executable} -m tui"], environ(home)
        ) as terminal:
            first_answer(terminal, "Why is the sky blue?", "The sky is blue because of scattering.")
            pid = int((home / "pid").read_text())
        # The terminal is gone with its ssh.
        deadline = monotonic() + 15
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            assert monotonic() < deadline, "the console outlived its line"
        listed = subprocess.run(
            [sys.executable, "-m", "tui", "default", "show"], env=environ(home), capture_output=True, text=True
        )
        assert "openai_compatible/gpt-4o" in listed.stdout, listed.stderr
