"""What the doctor says about this machine: folders, terminal, tmux, locale, config.toml, proxies."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.doubles.running_agent import runtime
from tui.process import local_socket
from tui.storage import filesystem
from tui.vault.agent import client
from tui.workspace.doctor import machine
from tui.workspace.doctor.checks import Check


def examine(home: Path, **variables: str) -> Mapping[str, Check]:
    return {check.name: check for check in machine.examine({"HOME": str(home), **variables})}


def folder(home: Path, mode: int) -> Path:
    path = home / ".local/share/modeldeck"
    path.mkdir(parents=True)
    path.chmod(mode)
    return path


def test_nothing_is_there_yet_and_nothing_is_created(tmp_path: Path) -> None:
    checks = examine(tmp_path)
    assert {name: checks[name].state for name in ("settings", "keys", "config", "log")} == dict.fromkeys(
        ("settings", "keys", "config", "log"), "skipped"
    )
    assert (checks["config.toml"].state, checks["disk"].state) == ("ok", "ok")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("mode", "state"), [(0o700, "ok"), (0o755, "failed"), (0o720, "failed")])
def test_a_folder_that_others_can_open_fails_with_its_remedy(tmp_path: Path, mode: int, state: str) -> None:
    path = folder(tmp_path, mode)
    check = examine(tmp_path)["settings"]
    assert (check.state, check.facts["mode"]) == (state, f"{mode:04o}")
    assert state == "ok" or (check.problem and f"chmod 700 {path}" in check.problem.hint)


def test_a_file_in_the_place_of_a_folder_fails(tmp_path: Path) -> None:
    folder(tmp_path, 0o700).rmdir()
    (tmp_path / ".local/share/modeldeck").write_text("")
    assert examine(tmp_path)["settings"].state == "failed"


def test_a_config_file_that_cannot_be_read_fails_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / ".config/modeldeck/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("theme = \n")
    check = examine(tmp_path)["config.toml"]
    assert check.state == "failed" and "line 1" in check.words


def test_a_password_of_a_proxy_is_not_shown_and_a_proxy_that_is_none_is_named(tmp_path: Path) -> None:
    check = examine(
        tmp_path, https_proxy="http://me:pa-FAKE-ss@proxy.test:3128", ALL_PROXY="http://me:pa/FAKE@proxy.test"
    )["network"]
    assert check.facts["proxies"] == {"HTTPS_PROXY": "http://proxy.test:3128", "ALL_PROXY": ""}
    assert check.state == "warning" and "FAKE" not in f"{check.words} {check.facts}"


@pytest.mark.parametrize(
    ("settings", "state", "hint"),
    [
        ({"escape-time": "500"}, "warning", "escape-time 20"),
        ({"escape-time": "20", "set-clipboard": "off"}, "warning", "set-clipboard on"),
        ({"escape-time": "20", "set-clipboard": "external"}, "ok", ""),
        ({}, "skipped", ""),
    ],
)
def test_settings_of_tmux(tmp_path: Path, settings: dict[str, str], state: str, hint: str) -> None:
    program = tmp_path / "bin/tmux"
    program.parent.mkdir()
    lines = "".join(f"  {name}) echo {value};;\n" for name, value in settings.items())
    program.write_text(f'#!/bin/sh\ncase "$3" in\n{lines}  *) exit 1;;\nesac\n')
    program.chmod(0o755)
    check = examine(tmp_path, TMUX="/tmp/tmux,1,0", PATH=str(program.parent))["tmux"]
    assert check.state == state and hint in (check.problem.hint if check.problem else "")


def test_outside_tmux_there_is_no_check_of_it(tmp_path: Path) -> None:
    assert "tmux" not in examine(tmp_path)


@pytest.mark.parametrize(
    ("term", "size", "state", "says"),
    [
        ("xterm-256color", (80, 24), "ok", "xterm-256color, 80 × 24, truecolor"),
        ("dumb", (80, 24), "warning", "set TERM"),
        ("", (80, 24), "warning", "TERM is not set"),
        ("xterm", (40, 10), "warning", "enlarge the window"),
    ],
)
def test_a_terminal_is_wide_enough_and_can_move_its_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, term: str, size: tuple[int, int], state: str, says: str
) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True, encoding="utf-8"))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda fallback: os.terminal_size(size))
    check = examine(tmp_path, TERM=term, COLORTERM="truecolor")["terminal"]
    assert check.state == state and says in f"{check.words} {check.problem.hint if check.problem else ''}"


def test_an_encoding_that_lacks_characters_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: False, encoding="latin-1"))
    check = examine(tmp_path)["locale"]
    assert check.state == "warning" and "stdout is latin-1" in check.words


def test_problems_of_a_folder_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path, 0o700)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda where, mode: False)
        check = examine(tmp_path)["settings"]
        assert check.state == "warning" and "cannot be written to" in check.words
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
        check = examine(tmp_path)["settings"]
        assert check.state == "failed" and "belongs to another user" in check.words
    path.parent.chmod(0o777)
    check = examine(tmp_path)["settings"]
    assert check.state == "failed" and str(path.parent) in check.words
    path.parent.chmod(0o700)
    long = tmp_path / ("a" * 300)
    checks = examine(tmp_path, XDG_DATA_HOME=str(long), XDG_CONFIG_HOME=str(long))
    assert "cannot be read: file name too long" in checks["settings"].words and checks["disk"].state == "ok"
    assert checks["config.toml"].state == "failed"


@pytest.mark.parametrize(
    ("free", "state", "says"),
    [(None, "skipped", "does not tell"), (1 << 20, "warning", "1 MiB"), (1 << 40, "ok", "MiB")],
)
def test_little_room_on_the_disk_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int | None, state: str, says: str
) -> None:
    monkeypatch.setattr(filesystem, "free_space", lambda at: free)
    check = examine(tmp_path)["disk"]
    assert check.state == state and says in check.words and check.facts["free"] == free


def test_an_unknown_setting_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / ".config/modeldeck/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('colour = "red"\n')
    check = examine(tmp_path)["config.toml"]
    assert check.state == "warning" and "colour" in check.words


def test_an_agent_that_does_not_answer_is_named_with_its_process(tmp_path: Path) -> None:
    with runtime() as environ:
        path = client.socket_path(environ)
        os.mkdir(os.path.dirname(path), 0o700)
        listener, lock = local_socket.listen(path)
        with listener, pytest.MonkeyPatch.context() as patched:
            patched.setattr(client, "TIMEOUT", 0.01)
            check = examine(tmp_path, **environ)["agent"]
        os.close(lock)
    assert check.state == "warning" and f"(process {os.getpid()}) does not answer" in check.words


def test_without_tmux_or_when_it_hangs_its_settings_are_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine(tmp_path, TMUX="/tmp/tmux,1,0", PATH=str(tmp_path))["tmux"].state == "skipped"

    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("tmux", 2)

    (tmp_path / "tmux").touch(0o755)
    monkeypatch.setattr(subprocess, "run", hang)
    assert examine(tmp_path, TMUX="/tmp/tmux,1,0", PATH=str(tmp_path))["tmux"].state == "skipped"
