"""What the doctor says about this machine: folders, terminal, tmux, locale, config.toml, proxies."""

from collections.abc import Mapping
from pathlib import Path

import pytest

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
