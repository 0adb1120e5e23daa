"""Keys by reference: a secret field that says where its value is, and the value when a request needs it.

    env:NAME            a variable of this process
    file:/PATH          the first line of a file
    credential:NAME     the first line of a credential of the service manager (systemd, LoadCredential=)
    command:ARGV        the first line that a program prints; ARGV is a JSON list, never a shell's text
    pass:PATH  gopass:PATH  op://VAULT/ITEM/FIELD  bw:ITEM  vault:PATH#FIELD  bao:PATH#FIELD
                        the same with the command of that password manager

A reference is stored in clear and bound by the manifest. To resolve one is to run what it says, so the caller makes
sure first that the manifest lists it. A value stays in memory for a few minutes, so that a password manager need not
be asked for every request. What a program prints on stderr is shown nowhere, as it could hold the secret.
"""

import json
import os
import re
import select
import shlex
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tui.errors import Problem, UsageError
from tui.sanitize import one_line
from tui.secret import Secret, SecretReference

TIMEOUT = 30
"""Seconds that a program may take."""
CACHE_SECONDS = 300
"""Seconds that a value is kept in memory."""
_MAX_SIZE = 64 * 1024
"""Bytes that are read of a value."""
_POLL_INTERVAL = 0.05
"""Seconds after which a program that prints nothing is looked at: it may have ended."""
_running: set[int] = set()
"""The process groups of the programs that run now."""
_start_lock = threading.Lock()
"""Locked from the start of a program until it is in `_running`, so that `stop` misses none."""

_COMMANDS = {
    "pass": ("pass", "show", "{}"),
    "gopass": ("gopass", "show", "-o", "{}"),
    "op": ("op", "read", "op:{}"),
    "bw": ("bw", "get", "password", "{}"),
    "vault": ("vault", "kv", "get", "-field={1}", "{0}"),
    "bao": ("bao", "kv", "get", "-field={1}", "{0}"),
}
"""Written form and command; {} is what follows the colon, {1} what follows #."""

KINDS = ("env", "file", "credential", "command", *_COMMANDS)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXAMPLES = (
    "For example: pass:work/openai, file:/run/keys/openai, env:OPENAI_API_KEY, command:secret-tool lookup key openai"
)
_FIRST_LINE = "Its first line must be the key alone."
_CHECK_PATH = "Check that it exists and you may read it, or change the reference."
_CHECK_PROGRAM = "Install it, or change the reference."

ReferenceCache = dict[str, tuple[Secret, float]]
"""Values that are kept in memory by reference, each until a time (monotonic seconds)."""


class Source(NamedTuple):
    """A parsed reference: its kind, and a name, a path, or the arguments of a program."""

    kind: str
    value: str
    argv: tuple[str, ...] = ()


def normalize(text: str) -> SecretReference:
    """Return a reference as a person wrote it in its stored form; `command:` may be words quoted as in a shell.

    Raises:
        UsageError: It is none.
    """
    kind, _, rest = text.strip().partition(":")
    if kind == "command" and not rest.lstrip().startswith("["):
        try:
            words = shlex.split(rest)
        except ValueError:
            raise UsageError("The command has a quote that does not end.", _EXAMPLES) from None
        text = f"command:{json.dumps(words, ensure_ascii=False)}"
    parse(text)
    return SecretReference(text.strip())


def parse(text: str) -> Source:
    """Return what a stored reference says; raise UsageError if it is none."""
    kind, _, rest = text.partition(":")
    if not text.isprintable() or kind not in KINDS or not rest:
        raise UsageError(f"{one_line(text, 80)} is no reference to a key.", _EXAMPLES)
    if kind == "command":
        try:
            words = json.loads(rest)
        except (ValueError, RecursionError):
            words = None
        if not isinstance(words, list) or not all(map(_is_word, words)) or not any(words[:1]):
            raise UsageError("The command of a reference is a list of words.", _EXAMPLES)
        argv = tuple(words)
    elif kind in _COMMANDS:
        place, _, field = rest.partition("#")
        two = "{1}" in "".join(_COMMANDS[kind])
        if (two and not field) or not place or rest.startswith("-") or (kind == "op" and not rest.startswith("//")):
            raise UsageError(f"{one_line(text, 80)} is incomplete.", "Write vault:PATH#FIELD." if two else _EXAMPLES)
        argv = tuple(word.format(place if two else rest, field) for word in _COMMANDS[kind])
    else:
        argv = ()
    if kind == "file" and not rest.startswith("/"):
        raise UsageError("The file of a reference needs its whole path.", _EXAMPLES)
    if kind in ("env", "credential") and not (_NAME if kind == "env" else _FILE_NAME).fullmatch(rest):
        raise UsageError(f"{one_line(rest, 80)} is not a valid name.", _EXAMPLES)
    return Source(kind, rest, argv)


def words(text: str) -> str:
    """Return what resolving a stored reference does, as a sentence; raise UsageError if it is none."""
    source = parse(text)
    place = {
        "env": f"Read from the variable {source.value}",
        "file": f"Read from {source.value}",
        "credential": f"Read from the credential {source.value} of the service manager",
    }.get(source.kind, f"Runs {shlex.join(source.argv)}")
    return f"{one_line(place, 150)} whenever a request needs it; the first line is the key."


def _is_word(value: object) -> bool:
    """Return True if a program can get it as an argument: JSON has escapes for what no argument holds."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def resolve(
    references: Mapping[str, str], environ: Mapping[str, str], cache: ReferenceCache | None = None
) -> dict[str, Secret]:
    """Return the values of references by field. Blocks: call it in a thread.

    The caller has made sure that a person wrote or confirmed them. Values come from `cache`, and stay there, if given.

    Raises:
        Problem: A value cannot be had; the sentence names the program or the place, and no part of the value.
    """
    values: dict[str, Secret] = {}
    for field, text in references.items():
        value, until = (cache or {}).get(text, (None, 0.0))
        if value is None or until <= time.monotonic():
            value = _value(parse(text), environ)
            if cache is not None:
                cache[text] = (value, time.monotonic() + CACHE_SECONDS)
        values[field] = value
    return values


def _value(source: Source, environ: Mapping[str, str]) -> Secret:
    if source.kind == "env":
        what = f"The variable {source.value}"
        if source.value not in environ:
            raise Problem(f"{what} is not set.", "Set it before Modeldeck starts, or change the reference.")
        content = environ[source.value].encode("utf-8", "replace")
    elif source.argv:
        what, content = f"The program {one_line(source.argv[0], 80)}", _run(source.argv, environ)
    else:
        path = source.value
        what = f"The file {one_line(path, 80)}"
        if source.kind == "credential":
            what = f"The credential {path} of the service manager"
            folder = environ.get("CREDENTIALS_DIRECTORY", "")
            if not folder:
                raise Problem(
                    f"{what} is missing: this was not started by a service with credentials.",
                    "Add it to the service (LoadCredential=), or change the reference.",
                )
            path = str(Path(folder) / path)
        content = _read(path, what)
    return _first_line(content, what)


def _first_line(content: bytes, what: str) -> Secret:
    if len(content) > _MAX_SIZE:
        raise Problem(f"{what} has more than {_MAX_SIZE // 1024} KiB.", _FIRST_LINE)
    line = content.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r")
    if not line.strip():
        raise Problem(f"{what} holds no key: its first line is blank.", _FIRST_LINE)
    if not line.isascii() or not line.decode("ascii").isprintable() or b" " in line:
        raise Problem(f"{what} holds no key: its first line has a character that no key has.", _FIRST_LINE)
    return Secret(line.decode("ascii"))


def _read(path: str, what: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Problem(f"{what} is not a regular file.", _CHECK_PATH)
            return file.read(_MAX_SIZE + 1)
    except OSError as error:
        raise Problem(f"{what} cannot be read: {(error.strerror or 'no access').lower()}.", _CHECK_PATH) from None


def _run(argv: tuple[str, ...], environ: Mapping[str, str]) -> bytes:
    """Run a program without a shell, a terminal or an input; return what it prints, at most one byte too many."""
    name = one_line(argv[0], 80)
    path = shutil.which(argv[0], path=environ.get("PATH", os.defpath))
    if path is None:
        raise Problem(f"The program {name} does not exist here, or cannot be run.", _CHECK_PROGRAM)
    # Without a terminal it cannot write over the screen; its agent asks elsewhere, or it fails.
    child = {key: value for key, value in environ.items() if key != "GPG_TTY" and not key.startswith("MODELDECK_")}
    try:
        with _start_lock:
            process = subprocess.Popen(
                [path, *argv[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child,
                start_new_session=True,
            )
            _running.add(process.pid)
    except OSError as error:
        why = (error.strerror or "no access").lower()
        raise Problem(f"The program {name} cannot be run: {why}.", _CHECK_PROGRAM) from None
    try:
        content, code = _output(process)
    finally:
        _running.discard(process.pid)
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if code is None:
        raise Problem(f"The program {name} did not end within {TIMEOUT} seconds.", "Does it wait for a passphrase?")
    if code:
        raise Problem(f"The program {name} ended with code {code}.", "Run it yourself to see why.")
    return content


def _output(process: "subprocess.Popen[bytes]") -> tuple[bytes, int | None]:
    """Return what a program prints until it ends, and its exit code; None if it took too long or printed too much.

    What it has started may keep the pipe open, as an agent of a password manager does.
    """
    assert process.stdout is not None
    deadline, content = time.monotonic() + TIMEOUT, b""
    while time.monotonic() < deadline:
        code = process.poll()
        if select.select([process.stdout], [], [], _POLL_INTERVAL if code is None else 0)[0]:
            piece = os.read(process.stdout.fileno(), _MAX_SIZE + 1)
            content += piece
            if len(content) > _MAX_SIZE:
                return content, 0
            if piece:
                continue
            with suppress(subprocess.TimeoutExpired):
                return content, process.wait(max(0.0, deadline - time.monotonic()))
        elif code is not None:
            return content, code
    return content, None


def stop() -> None:
    """End the programs that run now; nobody waits for their values any more."""
    with _start_lock:
        groups = tuple(_running)
    for pid in groups:
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
