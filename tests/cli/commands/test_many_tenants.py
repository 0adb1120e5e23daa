"""One change in many tenants, the matrix of their default models, and a copy of a tenant."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer

MODEL = "openai/gpt-5.4-mini"


@pytest.fixture
def three(ready: Run) -> Run:
    """acme, its copy beta, and gamma without anything."""
    assert ready("tenant", "copy", "acme", "beta", "--yes", "--no-input").code == 0
    assert ready("tenant", "create", "gamma").code == 0
    return ready


@pytest.mark.slow
def test_a_copy_has_the_keys_sealed_for_it_and_both_logs_have_an_entry(three: Run) -> None:
    assert three("provider", "verify", "openai", "-t", "beta").code == 0
    entries = json.loads(three("audit", "show", "-t", "acme", "--json").out)
    assert entries[-1]["done"] == "copied" and entries[-1]["about"]["to"] == "beta"
    assert "settings copied with secrets to the tenant beta" in three("audit", "show", "-t", "acme").out
    assert "imported" in [entry["done"] for entry in json.loads(three("audit", "show", "-t", "beta", "--json").out)]
    assert three("tenant", "copy", "acme", "beta", "--yes").out.startswith("beta already has the settings of acme")


@pytest.mark.slow
def test_a_copy_without_secrets_names_what_it_lacks_and_a_dry_run_changes_nothing(ready: Run, home: Path) -> None:
    done = ready("tenant", "copy", "acme", "beta", "--no-secrets", "--dry-run", "--json")
    shape = json.loads(done.out)
    assert (done.code, shape["copied"], shape["new"]) == (0, False, True)
    assert any("needs its API key" in omission for omission in shape["lacks"])
    assert [row["id"] for row in json.loads(ready("tenant", "list", "--json").out)] == ["acme"]
    assert ready("tenant", "copy", "acme", "beta", "--no-secrets").code == 2
    assert ready("tenant", "copy", "acme", "acme").code == 2
    assert ready("tenant", "copy", "acme", "beta", "--no-secrets", "--yes", "--no-input").code == 0
    text = "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())
    assert KEY not in text
    (row,) = [row for row in json.loads(ready("tenant", "list", "--json").out) if row["id"] == "beta"]
    assert row["ready"] == 0


@pytest.mark.slow
def test_one_change_in_all_tenants_is_shown_first_and_logged_once_a_tenant(three: Run) -> None:
    words = ("default", "set", "chat", "openai/gpt-4o", "--all-tenants", "--json")
    dry = three(*words, "--dry-run")
    rows = {row["tenant"]: row for row in json.loads(dry.out)}
    assert dry.code == 1 and "no chat model" in rows["gamma"]["problem"]
    assert [rows[name]["after"] for name in ("acme", "beta")] == [["openai/gpt-4o"]] * 2
    before = {name: len(json.loads(three("audit", "show", "-t", name, "--json").out)) for name in rows}
    assert json.loads(three(*words).out) == json.loads(dry.out)
    after = {name: len(json.loads(three("audit", "show", "-t", name, "--json").out)) for name in rows}
    assert {name: after[name] - before[name] for name in rows} == {"acme": 1, "beta": 1, "gamma": 0}
    assert not any(row["changed"] for row in json.loads(three(*words).out))
    cleared = three("default", "clear", "chat", "--tenants", "acme,beta")
    assert cleared.code == 0 and "2 tenants changed, 0 failed, of 2." in cleared.err
    assert three("default", "clear", "chat", "--tenants", "nobody").code == 2


def test_the_matrix_names_the_cells_that_are_broken(three: Run, server: OpenAIServer) -> None:
    done = three("default", "matrix")
    assert done.code == 0 and done.out.count(MODEL) == 2
    assert "3 tenants, 0 broken defaults." in done.err
    server.key = "sk-test-another-0000000000"
    assert three("provider", "verify", "openai", "-t", "beta").code == 3
    rows = {row["tenant"]: row for row in json.loads(three("default", "matrix", "--json").out)}
    assert [cell["broken"] for cell in rows["beta"]["defaults"]] == [True] * 3
    assert [cell["broken"] for cell in rows["acme"]["defaults"]] == [False] * 3
    assert [cell["model"] for cell in rows["gamma"]["defaults"]] == [None] * 3
    assert "beta, chat: openai/gpt-5.4-mini: " in three("default", "matrix", "--tenants", "beta").err
