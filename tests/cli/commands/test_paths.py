"""`modeldeck paths`, and what is said about the locations that it shows."""

import pwd
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_commands_say_it_when_a_tenant_is_created_and_when_locations_are_shown(run_in: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".git").mkdir(parents=True)
    created = run_in(home, "tenant", "create", "acme")
    shown = run_in(home, "paths")
    for ran in (created, shown):
        assert ran.code == 0
        for what in ("settings", "keys"):
            assert ran.err.count(f"The {what} are in the git work tree {home}.") == 1
    assert "git work tree" in run_in(home, "vault", "status").out
    assert "git work tree" not in run_in(home, "tenant", "list").err


def test_without_a_home_folder_a_sentence_says_what_to_set(
    run_in: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for home in ("", "relative"):
        ran = run_in(tmp_path, "tenant", "list", HOME=home)
        assert (ran.code, ran.out) == (1, "") and "no home folder" in ran.err and "HOME" in ran.err
    assert not any(tmp_path.iterdir())
