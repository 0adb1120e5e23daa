"""`modeldeck audit …`: the log on a terminal and as JSON, and an exit code for one that was cut."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui.storage import settings_file

LOG = ".local/share/modeldeck/tenants/acme/audit.log"


@pytest.mark.slow
def test_the_log_is_shown_with_who_and_what(modeldeck: Run) -> None:
    assert modeldeck("tenant", "rename", "acme", "Acme", SSH_CONNECTION="203.0.113.5 50022 10.0.0.1 22").code == 0
    lines = modeldeck("audit", "show").out.splitlines()
    assert len(lines) == 2 and "tenant acme created" in lines[0]
    assert lines[1].endswith("tenant renamed from acme to Acme") and " from 203.0.113.5 " in lines[1]
    assert [line.split()[0] for line in modeldeck("audit", "show", "-n", "1").out.splitlines()] == ["2"]
    entry = json.loads(modeldeck("audit", "show", "--json", "-n", "1").out)[0]
    assert set(entry) == {"n", "at", "by", "done", "about"} and entry["about"] == {"from": "acme", "to": "Acme"}


@pytest.mark.slow
def test_since_takes_dates_times_and_ages(modeldeck: Run) -> None:
    for since, count in (("2000-01-01", 1), ("7d", 1), ("2099-01-01T10:00", 0)):
        assert len(modeldeck("audit", "show", "--since", since).out.splitlines()) == count, since
    for wrong in ("yesterday", "9999999w", "7y"):
        assert modeldeck("audit", "show", "--since", wrong).code == 2
    assert modeldeck("audit", "show", "-n", "some").code == 2


def test_a_log_that_was_cut_is_named_and_the_exit_code_says_so(modeldeck: Run, home: Path) -> None:
    for name in ("Acme", "ACME"):
        modeldeck("tenant", "rename", "acme", name)
    whole = modeldeck("audit", "verify")
    assert (whole.code, whole.out) == (0, "acme: 3 entries, whole.\n")
    path = home / LOG
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    cut = modeldeck("audit", "verify", "-t", "acme")
    assert (cut.code, cut.out) == (1, "acme: 2 entries, not whole.\n  Entry 3 is missing at the end.\n")
    (answer,) = json.loads(modeldeck("audit", "verify", "--json").out)
    assert answer == {
        "tenant": "acme",
        "entries": 2,
        "whole": False,
        "findings": [{"sentence": "Entry 3 is missing at the end.", "harmless": False}],
    }


def test_the_operators_log_is_requested_by_name(modeldeck: Run) -> None:
    assert modeldeck("audit", "show", "--operator").out == ""
    modeldeck("tenant", "remove", "acme", "--yes")
    assert "tenant acme removed" in modeldeck("audit", "show", "--operator").out
    assert modeldeck("audit", "verify").out == "operator: 1 entry, whole.\n"


def test_the_log_of_a_tenant_whose_settings_cannot_be_read_is_shown(modeldeck: Run, home: Path) -> None:
    (home / LOG).with_name("settings.json").write_bytes(b"{")
    assert "tenant acme created" in modeldeck("audit", "show").out
    done = modeldeck("audit", "verify")
    assert done.code == 0 and "The settings cannot be read" in done.out


def test_settings_that_were_edited_until_nothing_reads_them_are_no_harmless_change(modeldeck: Run, home: Path) -> None:
    path = (home / LOG).with_name("settings.json")
    document = settings_file.decode(path.read_bytes())
    (tenant,) = document.data["meta"].values()
    path.write_bytes(settings_file.encode(replace(document, data={"meta": {"1": {**tenant, "name": 7}}})))
    done = modeldeck("audit", "verify")
    assert done.code == 1 and "entry 1 of meta is not valid" in done.out and "not whole" in done.out


def test_what_is_not_in_the_log_is_reported(modeldeck: Run, home: Path) -> None:
    (home / LOG).chmod(0o644)
    ran = modeldeck("tenant", "rename", "acme", "Acme")
    assert ran.code == 0 and "This is not in the audit log: Other users of this machine" in ran.err
