"""A key is nowhere in clear: not on disk, not on the terminal, not in an argument, not in a log."""

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from tests.doubles.openai_server import OpenAIServer
from tests.journey.console import DOWN, ENTER, first_answer, opened, quit_console
from tests.terminal import Terminal, environ

KEY = "sk-proj-FAKE-leak-" + "canary0123456789" * 3
PASSPHRASE = "correct-horse-FAKE-canary"


def spellings(secret: str) -> dict[str, bytes]:
    """The ways in which a secret may stand somewhere: as it is, and in the encodings that programs use."""
    raw = secret.encode()
    # Base64 has three phases; the outer characters depend on what stands beside the secret.
    phases = {f"base64 phase {n}": base64.b64encode(b"x" * n + raw).rstrip(b"=")[4 if n else 0 : -4] for n in range(3)}
    urlsafe = {name + " url": text.translate(bytes.maketrans(b"+/", b"-_")) for name, text in phases.items()}
    others = {"hex": raw.hex().encode(), "HEX": raw.hex().upper().encode(), "url": quote(secret, safe="").encode()}
    return {"clear": raw, "reversed": raw[::-1], "utf-16": secret.encode("utf-16-le"), **phases, **urlsafe, **others}


def found(secret: str, places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where a secret stands, and in which spelling."""
    wanted = spellings(secret)
    return [f"{place}: {name}" for place, content in places for name, text in wanted.items() if text in content]


def files(folder: Path) -> list[tuple[str, bytes]]:
    return [(str(path.relative_to(folder)), path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


class Arguments:
    """What every process of this machine had as its arguments while the watch ran."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Arguments":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        for each in os.listdir("/proc"):
            if each.isdigit():
                try:
                    self.seen.add(Path(f"/proc/{each}/cmdline").read_bytes())
                except OSError:
                    continue

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.look()

    @property
    def places(self) -> list[tuple[str, bytes]]:
        return [("an argument", line) for line in self.seen]


def test_a_key_is_nowhere_in_clear(tmp_path: Path) -> None:
    terminal_bytes = b""
    with OpenAIServer(KEY) as server, Arguments() as arguments:
        there = environ(tmp_path, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.url, USER="acme", LOGNAME="acme")
        with opened(there) as terminal:
            first_answer(terminal, "Why is the sky blue?", "scattering.")
            quit_console(terminal)
            terminal_bytes += bytes(terminal.raw)
        # The same key pasted into a form, refused, and left there; then by command; then a crash of the console.
        with opened(environ(tmp_path)) as terminal:
            terminal.until("Own models")
            terminal.send(ENTER)
            terminal.until("API key")
            terminal.until("fingerprint")
            terminal.send(ENTER)
            terminal.until("Verify and save")
            terminal.settle()
            terminal.paste(KEY)
            terminal.until("•••")
            quit_after_asking(terminal)
            terminal_bytes += bytes(terminal.raw)
        by_command = subprocess.run(
            [sys.executable, "-m", "tui", "provider", "set", "openai", "api_key=-", f"base_url={server.url}"],
            env=environ(tmp_path),
            input=KEY + "\n",
            capture_output=True,
            text=True,
        )
        assert by_command.returncode == 0, by_command.stderr
    places = [
        *files(tmp_path),
        ("the terminal", terminal_bytes),
        *arguments.places,
        ("a command's output", (by_command.stdout + by_command.stderr).encode()),
    ]
    assert len(places) > 10
    assert found(KEY, places) == []
    assert found("canary0123456789canary", places) == []


def quit_after_asking(terminal: Terminal) -> None:
    terminal.send("\x11")
    terminal.until(lambda: terminal.exit_code is not None or "Quit" in terminal.text or "Leave" in terminal.text)
    terminal.send(DOWN)
    terminal.settle()
    terminal.send(ENTER)
    assert terminal.wait() == 0


def test_the_search_finds_a_planted_key_in_every_place_and_spelling(tmp_path: Path) -> None:
    for name, text in spellings(KEY).items():
        assert found(KEY, [("planted", b"before " + text + b" after")]), name
    (tmp_path / "settings.json").write_text(f'{{"api_key": "{KEY}"}}')
    assert "settings.json: clear" in found(KEY, files(tmp_path))
    with Arguments() as arguments:
        planted = subprocess.Popen([sys.executable, "-c", "input()", KEY], stdin=subprocess.PIPE)
        arguments.look()
        planted.communicate(b"\n")
    assert "an argument: clear" in found(KEY, arguments.places)


def test_the_search_finds_a_key_that_a_program_shows(tmp_path: Path) -> None:
    shows = [sys.executable, "-c", "import os; print(os.environ['SHOWN'])"]
    there = environ(tmp_path, SHOWN=KEY)
    with Terminal(shows, there, columns=200) as terminal:
        assert terminal.wait() == 0
        assert "the terminal: clear" in found(KEY, [("the terminal", bytes(terminal.raw))])
    said = subprocess.run(shows, env=there, capture_output=True, check=True).stdout
    assert "a command's output: clear" in found(KEY, [("a command's output", said)])
