"""Secrets are looked for in clear and in every spelling: on disk, on terminals, in arguments, logs, exports, pictures.

A home with a tenant of every kind of secret is set up and used by command and by keys, under tmux as well.
"""

import asyncio
import base64
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.campaign.figures import Result
from tests.console.provider_forms import paste
from tests.doubles.openai_server import OpenAIServer
from tests.journey.console import ENTER, ESCAPE, MODELDECK, ask, quit_console, started
from tests.scenes import SCREENS
from tests.screenshots import shown_scene
from tests.second_user import OTHER, output_as
from tests.terminal import Terminal, environ
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.tenancy.session import open_session
from tui.workspace import tenants

DEBUGGING = (
    "import logging, sys\n"
    "logging.basicConfig(level=logging.DEBUG)\n"
    "from tui.cli import main\n"
    "for name in ('httpx', 'httpcore', 'asyncio'): logging.getLogger(name)\n"
    "sys.exit(main(sys.argv[1:]))\n"
)
QUESTION, ANSWER = "Why is the sky blue?", "scattering."

LIKELY_TO_CHANGE = 2.0
"""Seconds for which the arguments of a new process are read again and again; numbers are not used twice soon."""

Place = tuple[str, bytes]
"""Where something was looked for, and what stands there."""


def canaries(chance: random.Random) -> dict[str, str]:
    """One secret of every kind that a person gives, made now, so that no source line holds one."""
    key = "".join(chance.choices("0123456789abcdef", k=48))
    claims = base64.urlsafe_b64encode(f'{{"FAKE":"{key[::-1]}"}}'.encode()).decode()
    return {
        "key": f"sk-proj-FAKE-{key}",
        "half a pair": f"FAKEpair{key[8:40]}one",
        "its other half": f"FAKEpair{key[16:]}two",
        "web token": f"eyJhbGciOiJGQUtFIn0.{claims}.{key[::2]}",
        "passphrase": f"correct-horse-FAKE-{key[:12]}",
    }


def spellings(secret: bytes) -> dict[str, bytes]:
    """The ways in which a secret may stand somewhere: as it is, and in the encodings that programs use."""
    # Base64 has three phases; the outer characters depend on what stands beside the secret.
    phases = {n: base64.b64encode(b"x" * n + secret).rstrip(b"=")[4 if n else 0 : -4] for n in range(3)}
    packed = {f"base64 phase {n}": text for n, text in phases.items()}
    urlsafe = {f"{name} url": text.translate(bytes.maketrans(b"+/", b"-_")) for name, text in packed.items()}
    in_hex = secret.hex().encode()
    others = {"hex": in_hex, "HEX": in_hex.upper(), "url": quote(secret, safe="").encode()}
    wide = {f"utf-16-{end}": secret.decode("latin-1").encode(f"utf-16-{end}") for end in ("le", "be")}
    return {"clear": secret, "reversed": secret[::-1], **wide, **packed, **urlsafe, **others}


def find_leaks(secrets: dict[str, bytes], places: Iterable[Place]) -> Iterator[str]:
    """Which secret stands where, and in which spelling."""
    spellings_of = [(name, form, text) for name, secret in secrets.items() for form, text in spellings(secret).items()]
    for place, content in places:
        yield from (f"{name} in {place} ({form})" for name, form, text in spellings_of if text in content)


def files(folder: Path, what: str) -> list[Place]:
    """Every file below a folder."""
    return [(f"{what}: {path.relative_to(folder)}", path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


class Watched:
    """The arguments of every process of this machine, and the environment of what the console starts, while watched."""

    def __init__(self) -> None:
        self.command_lines: set[bytes] = set()
        self._since: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Look now, at processes that are new or that may yet become another program."""
        now = time.monotonic()
        for name in os.listdir("/proc"):
            if name.isdigit() and now - self._since.setdefault(name, now) < LIKELY_TO_CHANGE:
                try:
                    self.command_lines.add(Path(f"/proc/{name}/cmdline").read_bytes())
                except OSError:
                    self._since.pop(name, None)

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.look()

    @property
    def places(self) -> list[Place]:
        return [("an argument", line) for line in self.command_lines]


def scan(count: int, seed: int) -> Result:
    """Use a home in every way and look everywhere; then each secret is planted in each kind of place and looked for.

    With a count of 1 the first key pair is small, and not made by command: its passphrase opens it thirty times.
    """
    if not shutil.which("tmux"):
        return Result(0, 1, "tmux is missing: install it", "not run", False)
    texts = canaries(random.Random(seed))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as log_folder, Watched() as watched:
        home = Path(folder)
        secrets = {name: text.encode() for name, text in texts.items()}
        places = _use(home, Path(log_folder), texts, quick=count == 1)
        secrets |= _key_pair(home, texts["passphrase"])
        places += [*files(home, "a file"), *watched.places]
    bad = list(find_leaks(secrets, places))
    planted = _plant(secrets)
    missed = [
        place for place, content in planted if len(_named(find_leaks(secrets, [(place, content)]))) < len(secrets)
    ]
    forms, places_read = len(spellings(b"x" * 9)), len(places)
    words = (
        f"{len(secrets)} secrets in {forms} spellings, {places_read:,} files, outputs and arguments: {len(bad)} found"
    )
    control = f"planted in {len(planted)} kinds of place, all are found" if not missed else f"not found in {missed}"
    return Result(len(places), len(bad), words + "".join(f"; {place}" for place in bad[:9]), control, not missed)


def _named(hits: Iterable[str]) -> set[str]:
    return {result.split(" in ")[0] for result in hits}


def _use(home: Path, log_folder: Path, planted: dict[str, str], quick: bool) -> list[Place]:
    """Everything that a person does with keys; what commands and terminals showed."""
    phrases = log_folder / "phrases"
    phrases.touch(0o600)
    phrases.write_text(f"{planted['passphrase']}\n" * 3)
    for name in ("tmp", "here", ".config/modeldeck"):
        (home / name).mkdir(parents=True, mode=0o700)
    (home / ".config/modeldeck").chmod(0o700)
    (home / ".config/modeldeck/config.toml").write_text("log = true\n")
    (home / ".config/modeldeck/config.toml").chmod(0o600)
    places: list[Place] = []
    with OpenAIServer(planted["key"]) as server:
        there = environ(home, TMPDIR=os.fspath(home / "tmp"), NO_PROXY="localhost", USER="acme", LOGNAME="acme")

        def modeldeck(words: str, *lines: str, code: int = 0, start: tuple[str, ...] = MODELDECK) -> None:
            command = [*start, *words.split(), "--passphrase-file", os.fspath(phrases)]
            text = "".join(f"{line}\n" for line in lines)
            ran = subprocess.run(command, env=there, input=text, capture_output=True, text=True, cwd=home / "here")
            assert ran.returncode == code, (words, ran.stderr)
            places.append((f"the output of {words}", (ran.stdout + ran.stderr).encode()))

        if quick:
            session = replace(open_session(there), key_bits=BITS, key_cost=COST)
            asyncio.run(tenants.create(session, "acme", Secret(planted["passphrase"])))
        else:
            modeldeck("tenant create acme")
        modeldeck(f"provider set openai base_url={server.url} api_key=-", planted["key"])
        modeldeck(f"provider set openai base_url={server.url} api_key=- --name team", planted["key"] + "x", code=3)
        modeldeck(f"provider set openai_compatible base_url={server.url} api_key=- --no-verify", planted["web token"])
        pair = (planted["half a pair"], planted["its other half"])
        modeldeck("provider set spark app_id=FAKE api_key=- api_secret=- --no-verify", *pair)
        modeldeck("default set chat openai/gpt-6-sol")
        debugging = (sys.executable, "-c", DEBUGGING)
        modeldeck(f"chat -m openai/gpt-6-sol {QUESTION.replace(' ', '_')}", start=debugging)
        for words in ("provider show openai", "provider list", "vault status", "credential list spark", "default show"):
            modeldeck(words)
        modeldeck("export acme -o plain.json")
        modeldeck("export acme -o sealed --with-secrets")
        modeldeck("provider verify openai_compatible", code=3, start=debugging)
        places.append(("a terminal", _by_keys(there, planted)))
        places += _in_tmux(there, home, planted)
        modeldeck("vault rotate")
        modeldeck("audit show")
    places.append(("a picture", asyncio.run(_draw(planted))))
    return places


def _unlock(terminal: Terminal, planted: dict[str, str]) -> None:
    terminal.until("locked")
    terminal.send("v")
    terminal.until("passphrase")
    terminal.settle()
    terminal.type(planted["passphrase"])
    terminal.send(ENTER)
    terminal.until("open ")
    terminal.settle()


def _by_keys(there: dict[str, str], planted: dict[str, str]) -> bytes:
    """Unlock, paste a key into a form and leave it there, ask, and end by a signal that would write a core file."""
    with started(there) as terminal:
        _unlock(terminal, planted)
        terminal.send(ENTER)
        terminal.until("fingerprint")
        terminal.send(ENTER)
        terminal.until("Verify and save")
        terminal.settle()
        terminal.send("\t")
        terminal.until("▸ API key")
        terminal.paste(planted["key"])
        terminal.until("•••")
        terminal.send(ESCAPE)
        terminal.settle()
        environment = output_as(OTHER, lambda: Path(f"/proc/{terminal.pid}/environ").read_text())
        assert "PermissionError" in environment
        terminal.signal(signal.SIGABRT)
        terminal.wait()
        return bytes(terminal.raw)


def _in_tmux(there: dict[str, str], home: Path, planted: dict[str, str]) -> list[Place]:
    """The same with an answer under tmux: its pane, with what scrolled away, and what it sent to the terminal."""
    tmux = ["tmux", "-S", os.fspath(home / "tmux"), "-f", "/dev/null"]
    command = [*tmux, "new-session", "-x", "80", "-y", "24", *MODELDECK]
    with Terminal(command, there, rows=25, cwd=os.fspath(home / "here")) as terminal:
        _unlock(terminal, planted)
        terminal.send("4")
        ask(terminal, QUESTION, ANSWER)
        terminal.send(ESCAPE)
        terminal.settle()
        pane = _pane(tmux, there)
        assert ANSWER.encode() in pane
        quit_console(terminal, with_chat=True)
        return [("a pane of tmux", pane), ("the terminal of tmux", bytes(terminal.raw))]


def _pane(tmux: Sequence[str], there: Mapping[str, str]) -> bytes:
    """What stands on the pane, and what scrolled away."""
    capture = [*tmux, "capture-pane", "-p", "-S", "-"]
    return subprocess.run(capture, env=there, capture_output=True, check=True).stdout


async def _draw(planted: dict[str, str]) -> bytes:
    async with shown_scene(SCREENS["setup"]) as pilot:
        await paste(pilot, planted["key"])
        return pilot.app.export_screenshot().encode()


def _key_pair(home: Path, passphrase: str) -> dict[str, bytes]:
    """What must not be read of the private keys: their files' content without the passphrase."""
    secrets = {}
    for number, path in enumerate(sorted(home.rglob("*.pem"))):
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode())
        assert isinstance(key, rsa.RSAPrivateKey)
        secrets[f"private key {number}"] = str(key.private_numbers().d).encode()[:60]
        kind, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, kind, none)
        secrets[f"PEM {number}"] = pem.splitlines()[8]
    assert secrets
    return secrets


# --- the control ------------------------------------------------------------------------------------------------------


def _plant(secrets: dict[str, bytes]) -> list[Place]:
    """Every secret in every kind of place."""
    text = "\n".join(secret.decode() for secret in secrets.values())
    with tempfile.TemporaryDirectory() as folder:
        there = environ(folder, SHOWN=text, PLACE=folder)
        (Path(folder) / "a file").write_text(text)
        shows = [sys.executable, "-c", "import os; print(os.environ['SHOWN'], flush=True); input()"]
        with Terminal(shows, there, columns=2000) as terminal:
            terminal.until(lambda: secrets["passphrase"] in terminal.raw)
            terminal.settle()
            drawn = bytes(terminal.raw)
        tmux = ["tmux", "-S", f"{folder}/tmux", "-f", "/dev/null"]
        with Terminal([*tmux, "new-session", *shows], there, columns=400, rows=40) as terminal:
            terminal.until(lambda: secrets["passphrase"] in terminal.raw)
            terminal.settle()
            pane = _pane(tmux, there)
            terminal.send(ENTER)
        argued = [sys.executable, "-c", "print('here', flush=True); input()", text]
        with (
            Watched() as watched,
            subprocess.Popen(argued, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        ):
            assert process.stdout and process.stdout.readline()
            watched.look()
            process.communicate(b"\n")
        logs = "import logging, os; logging.basicConfig(level=10); logging.debug(os.environ['SHOWN'])"
        stderr = subprocess.run([sys.executable, "-c", logs], env=there, capture_output=True, check=True).stderr
        return [
            ("a file", files(Path(folder), "")[0][1]),
            ("a terminal", drawn),
            ("a pane of tmux", pane),
            ("an argument", b"".join(watched.command_lines)),
            ("a log", stderr),
            ("a picture", asyncio.run(_stock_picture(text))),
        ]


async def _stock_picture(text: str) -> bytes:
    class Showing(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(text, markup=False)

    async with Showing().run_test(size=(400, 40)) as pilot:
        return pilot.app.export_screenshot().encode()
