"""Check this machine: versions, terminal, locale, tmux, folders, disk, agent, certificates and proxies."""

import importlib.metadata
import locale
import os
import platform
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui import __version__
from tui.config import load
from tui.errors import Problem
from tui.paths import Paths, paths
from tui.sanitize import one_line
from tui.storage import filesystem, folder_safety
from tui.workspace.doctor.checks import Check, CheckState, OnCheck, failed_check, warning

_LIBRARIES = ("textual", "httpx", "pycryptodome", "tinydb")
_MIN_COLUMNS, _MIN_ROWS = 80, 24
_MIN_FREE_SPACE = 50 * 2**20
_ESCAPE_TIME = 100
"""Milliseconds that tmux may hold back an escape before the console feels slow."""


def examine(environ: Mapping[str, str], on_check: OnCheck = lambda check: None) -> list[Check]:
    """Check the machine of this process. Nothing is sent, created or changed."""
    checks = []
    for check in _checks(environ):
        checks.append(check)
        on_check(check)
    return checks


def _checks(environ: Mapping[str, str]) -> Iterator[Check]:
    yield _version()
    yield _terminal(environ)
    yield _locale()
    if environ.get("TMUX"):
        yield _tmux(environ)
    where = paths(environ)
    yield from (_folder(name, path) for name, path in _folders(where))
    yield _disk(where)
    yield _config(where)
    yield _agent(environ)
    yield _network(environ)


def _version() -> Check:
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    python, system = platform.python_version(), platform.system()
    listed = ", ".join(f"{name} {version}" for name, version in libraries.items())
    facts = {"modeldeck": __version__, "python": python, "system": system, "libraries": libraries}
    return Check(
        "version", CheckState.OK, f"Modeldeck {__version__}, Python {python} on {system}; {listed}", facts=facts
    )


def _terminal(environ: Mapping[str, str]) -> Check:
    term, color = environ.get("TERM", ""), environ.get("COLORTERM", "")
    columns, rows = shutil.get_terminal_size((0, 0))
    facts = {
        "term": term,
        "colorterm": color,
        "columns": columns,
        "rows": rows,
        "no_color": bool(environ.get("NO_COLOR")),
    }
    if not sys.stdout.isatty():
        return Check("terminal", CheckState.SKIPPED, "stdout is no terminal", facts=facts)
    words = f"{one_line(term, 40) or 'TERM is not set'}, {columns} × {rows}" + (
        f", {one_line(color, 20)}" if color else ""
    )
    if term in ("", "dumb"):
        return warning("terminal", words, "The console needs a terminal that moves its cursor; set TERM.", facts=facts)
    if columns < _MIN_COLUMNS or rows < _MIN_ROWS:
        hint = f"The console needs {_MIN_COLUMNS} × {_MIN_ROWS} to show everything; enlarge the window."
        return warning("terminal", words, hint, facts=facts)
    return Check("terminal", CheckState.OK, words, facts=facts)


def _locale() -> Check:
    encoding = locale.getpreferredencoding(False)
    stdout = sys.stdout.encoding or encoding
    facts = {"encoding": encoding, "stdout": stdout}
    if stdout.lower().replace("-", "") != "utf8":
        hint = "Set LANG or LC_ALL to a UTF-8 locale, such as C.UTF-8."
        return warning("locale", f"stdout is {stdout}, so that not every character can be shown", hint, facts=facts)
    return Check("locale", CheckState.OK, f"{encoding}, stdout {stdout}", facts=facts)


def _tmux(environ: Mapping[str, str]) -> Check:
    values = {option: _tmux_option(environ, option) for option in ("escape-time", "set-clipboard", "default-terminal")}
    settings = {option: value for option, value in values.items() if value}
    if not settings:
        return Check("tmux", CheckState.SKIPPED, "tmux does not tell its settings", facts={"settings": {}})
    words, facts = ", ".join(f"{option} {value}" for option, value in settings.items()), {"settings": settings}
    time = settings.get("escape-time", "")
    if time.isdigit() and int(time) > _ESCAPE_TIME:
        return warning("tmux", words, "Escape is slow; in tmux.conf: set -sg escape-time 20", facts=facts)
    if settings.get("set-clipboard") == "off":
        return warning("tmux", words, "Copying does not work; in tmux.conf: set -g set-clipboard on", facts=facts)
    return Check("tmux", CheckState.OK, words, facts=facts)


def _tmux_option(environ: Mapping[str, str], option: str) -> str:
    program = shutil.which("tmux", path=environ.get("PATH"))
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "show-options", "-gv", option],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return one_line(done.stdout.decode("utf-8", "replace").strip(), 60) if done.returncode == 0 else ""


def _folders(where: Paths) -> tuple[tuple[str, Path], ...]:
    return ("settings", where.data), ("keys", where.keys), ("config", where.config), ("log", where.log)


def _folder(name: str, path: Path) -> Check:
    """Check that a folder is private, yours and not replaceable by others; the one of config.toml may be readable."""
    label = one_line(str(path), 200)
    facts: dict[str, object] = {"path": str(path), "mode": None}
    try:
        status = path.stat()
    except FileNotFoundError:
        return Check(name, CheckState.SKIPPED, f"{label} does not exist yet", facts=facts)
    except OSError as error:
        return failed_check(
            name, Problem(f"{label} cannot be read: {os.strerror(error.errno or 0).lower()}."), facts=facts
        )
    mode = stat.S_IMODE(status.st_mode)
    facts["mode"] = f"{mode:04o}"
    if not stat.S_ISDIR(status.st_mode):
        return failed_check(name, Problem(f"{label} is no folder.", "A folder of yours belongs there."), facts=facts)
    if status.st_uid != os.geteuid():
        return failed_check(
            name, Problem(f"{label} belongs to another user.", "Run Modeldeck as that user."), facts=facts
        )
    open_to_others = mode & (0o022 if name == "config" else 0o077)
    if open_to_others:
        problem = Problem(f"Other users of this machine can open {label}.", f"Make it private:\nchmod 700 {label}")
        return failed_check(name, problem, facts=facts)
    if not os.access(path, os.W_OK):
        return warning(name, f"{label} cannot be written to", "Nothing can be saved there.", facts=facts)
    try:
        folder_safety.check_parents(path)
    except Problem as problem:
        return failed_check(name, problem, facts=facts)
    if texts := folder_safety.warnings(name, path, filesystem.shared(path)):
        return warning(name, f"{label}, mode {mode:04o}", " ".join(texts), facts=facts)
    return Check(name, CheckState.OK, f"{label}, mode {mode:04o}", facts=facts)


def _disk(where: Paths) -> Check:
    existing = next((path for path in (where.data, *where.data.parents) if os.path.exists(path)), Path("/"))
    free = filesystem.free_space(existing)
    if free is None:
        return Check("disk", CheckState.SKIPPED, "the file system does not tell its free space", facts={"free": None})
    words = f"{free / 2**20:,.0f} MiB free for settings"
    if free < _MIN_FREE_SPACE:
        return warning("disk", words, "Free some space: a save that does not fit is refused.", facts={"free": free})
    return Check("disk", CheckState.OK, words, facts={"free": free})


def _config(where: Paths) -> Check:
    path = where.config / "config.toml"
    facts = {"path": str(path), "exists": os.path.exists(path)}
    try:
        warnings = load(where).warnings
    except Problem as problem:
        return failed_check("config.toml", problem, facts=facts)
    if warnings:
        return warning("config.toml", one_line(" ".join(warnings)), "Correct the file.", facts=facts)
    return Check("config.toml", CheckState.OK, "valid" if facts["exists"] else "none, which is fine", facts=facts)


def _agent(environ: Mapping[str, str]) -> Check:
    from tui.vault.agent import client, control

    facts: dict[str, object] = {"pid": 0, "tenants": []}
    try:
        pid = control.running(environ)
    except (Problem, OSError):
        pid = 0
    if not pid:
        return Check("agent", CheckState.SKIPPED, "off, which is fine", facts=facts)
    try:
        status = client.Agent(environ).status()
    except Problem as problem:
        return warning("agent", problem.message, "Stop it, then start it again.", facts={**facts, "pid": pid})
    names = [one_line(str(entry.get("tenant")), 64) for entry in status.get("tenants", [])]
    swap = "not swapped" if status.get("memory_locked") is True else "its memory can be swapped"
    words = f"process {pid}, {swap}; open: {', '.join(names) or 'no tenant'}"
    return Check("agent", CheckState.OK, words, facts={"pid": pid, "tenants": names})


def _network(environ: Mapping[str, str]) -> Check:
    """Name the variables that change how providers are reached; a proxy's password is not shown."""
    from tui.providers.client.connection import certificates_in_use, proxy_variables

    proxies, trusted = proxy_variables(environ), certificates_in_use(environ)
    listed = ", ".join(f"{name}={value or '?'}" for name, value in proxies.items()) or "no proxy"
    words, facts = f"{listed}; certificates: {trusted}", {"proxies": proxies, "certificates": trusted}
    if not all(proxies.values()):
        return warning("network", words, "Set the variable with ? to http://host:port, or unset it.", facts=facts)
    return Check("network", CheckState.OK, words, facts=facts)
