"""`modeldeck store`: set a database up, see it, copy tenants there and back; and commands on a shared store."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.postgres_server import SharedStore, shared_store

pytestmark = pytest.mark.slow


@pytest.fixture
def shared() -> Iterator[SharedStore]:
    with shared_store() as created:
        yield created


def test_tenants_move_to_a_shared_store_and_back(modeldeck: Run, shared: SharedStore) -> None:
    administrator, store = shared.text("postgres"), {"MODELDECK_STORE": shared.text()}
    assert modeldeck("store", "status").out.startswith("The settings are files in ")
    assert "Operators: ada." in modeldeck("store", "init", "--dsn", administrator, "--operator", "ada").out
    assert modeldeck("tenant", "list", **store).out == ""
    assert modeldeck("store", "push", "--dry-run", **store).out == "acme: 1 state would be copied to the store.\n"
    assert modeldeck("tenant", "list", **store).out == ""
    assert modeldeck("store", "push", **store).out == "acme: 1 state copied to the store.\n"
    assert json.loads(modeldeck("tenant", "list", "--json", **store).out)[0]["id"] == "acme"
    status = json.loads(modeldeck("store", "status", "--json", **store).out)
    assert (status["login"], status["role"], status["tenants"]) == ("ada", "operator", 1)
    assert modeldeck("tenant", "rename", "acme", "Acme Two", **store).code == 0
    assert modeldeck("audit", "verify", **store).out == "acme: 2 entries, whole.\n"
    assert modeldeck("store", "pull", "--dry-run", **store).code == 2
    refused = modeldeck("store", "pull", **store)
    assert refused.code == 2 and "files of the tenant acme on this machine" in refused.err
    assert "Acme Two" not in modeldeck("tenant", "list").out, "the files are as they were"
    assert modeldeck("paths", **store).out.startswith(f"settings  {shared.text()}\n")


def test_a_store_that_must_not_be_used_is_refused_and_files_are_no_substitute(
    modeldeck: Run, shared: SharedStore
) -> None:
    superuser = modeldeck("tenant", "list", MODELDECK_STORE=shared.text("postgres"))
    assert (superuser.code, superuser.out) == (2, "") and "is a superuser" in superuser.err
    unreachable = modeldeck("tenant", "list", MODELDECK_STORE="postgresql:///x?host=/tmp/no-socket-here")
    assert (unreachable.code, unreachable.out) == (4, "") and "cannot be reached" in unreachable.err
    assert modeldeck("store", "push").code == 2


def test_a_tenant_is_shared_by_commands(modeldeck: Run, shared: SharedStore, tmp_path: Path) -> None:
    ada = {"MODELDECK_STORE": shared.text(), "MODELDECK_PASSPHRASE": "passphrase of ada"}
    bob = {
        "MODELDECK_STORE": shared.text("bob"),
        "MODELDECK_PASSPHRASE": "passphrase of bob",
        "MODELDECK_KEY_DIR": str(tmp_path / "bob"),
    }
    assert modeldeck("store", "push", **ada).code == 0
    assert modeldeck("operator", "request", **ada).code == 0
    requested = json.loads(modeldeck("operator", "request", "--json", **bob).out)
    assert modeldeck("operator", "admit", "bob", "--fingerprint", "0", **ada).code == 2
    admitted = modeldeck("operator", "admit", "bob", "--fingerprint", requested["fingerprint"], **ada)
    assert admitted.out.startswith("bob is an operator of acme."), admitted.err
    assert "You received the private key of acme." in modeldeck("operator", "request", **bob).out
    assert modeldeck("vault", "unlock", **bob).code == 0
    assert "acme in the shared store (host=" in modeldeck("vault", "status", **bob).out
    none = modeldeck("operator", "admit", "bob", "--fingerprint", requested["fingerprint"], "--trials", **ada)
    assert none.code == 1 and "You see no trials in the store." in none.err
    listed = json.loads(modeldeck("operator", "list", "--json", **bob).out)
    assert [entry["login"] for entry in listed["operators"]] == ["ada", "bob"] and listed["exposed"] == []
    assert modeldeck("operator", "remove", "bob", **ada).code == 2
    removed = modeldeck("operator", "remove", "bob", "--yes", **ada)
    assert removed.out == "bob is no operator of acme any more; the key pair is new.\n", removed.err
    assert modeldeck("tenant", "list", **bob).out == ""
    assert modeldeck("audit", "verify", **ada).code == 0


def test_a_recovery_text_is_printed_tested_and_used_on_a_new_machine(
    modeldeck: Run, shared: SharedStore, tmp_path: Path
) -> None:
    ada = {"MODELDECK_STORE": shared.text(), "MODELDECK_PASSPHRASE": "passphrase of ada"}
    new = ada | {"MODELDECK_KEY_DIR": str(tmp_path / "new")}
    recover = ("operator", "recover")
    assert modeldeck("store", "push", **ada).code == 0
    assert modeldeck(*recover, "--create", "--test", **ada).code == 2
    assert modeldeck(*recover, "--test", **ada).code == 2, "there is no text yet"
    printed = modeldeck(*recover, "--create", **ada)
    assert printed.out.startswith("Recovery text of acme in Modeldeck, ") and "stored nowhere else" in printed.err
    assert modeldeck("operator", "list", **ada).out.rstrip().endswith("recovery text, not tested yet")
    page = tmp_path / "page"
    page.write_text(printed.out)
    page.chmod(0o600)
    tested = json.loads(modeldeck(*recover, "--test", "--text-file", str(page), "--json", **ada).out)
    listed = json.loads(modeldeck("operator", "list", "--json", **ada).out)
    assert [(entry["login"], entry["tested"]) for entry in listed["operators"]] == [("@recovery", tested["tested"])]
    assert modeldeck(*recover, **new).code == 2, "without a fingerprint"
    lines = [line for line in printed.out.splitlines() if line.count(" ") == 9 and len(line) == 49]
    typed = ("mistyped", *lines, "passphrase of ada")
    recovered = modeldeck(*recover, "--fingerprint", listed["fingerprint"], typed=typed, **new)
    assert recovered.out == "The private key of acme is on this machine; ada is an operator of it.\n", recovered.err
    assert "Line 1 of the recovery text is mistyped." in recovered.err
    assert modeldeck("vault", "unlock", **new).code == 0
    assert modeldeck("audit", "verify", **new).code == 0


def test_grants_are_printed_and_compared(modeldeck: Run, shared: SharedStore) -> None:
    assert "GRANT EXECUTE ON FUNCTION modeldeck.save" in modeldeck("store", "grants").out
    assert modeldeck("store", "grants", "--dsn", shared.text("postgres")).code == 0
    with shared.administrator() as connection:
        connection.execute("GRANT DELETE ON modeldeck.audit TO modeldeck_operator")
    compared = modeldeck("store", "grants", "--dsn", shared.text("postgres"))
    assert (compared.code, compared.out) == (
        1,
        "Granted, and should not be: modeldeck_operator: DELETE on audit.\n",
    )
    assert modeldeck("store", "migrate", "--dsn", shared.text("postgres")).out == "The store has schema 6.\n"
    assert modeldeck("store", "migrate", "--dsn", shared.text("postgres")).code == 0
