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
    status = modeldeck("store", "status", MODELDECK_STORE="postgresql:///x?host=/tmp/no-socket-here")
    assert status.code == 4 and "store status" in unreachable.err and "store status" not in status.err
    person = modeldeck("store", "grants", "--dsn", shared.text())
    assert (person.code, person.out) == (2, "") and "This login may not set up the store" in person.err
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
    assert modeldeck("store", "migrate", "--dsn", shared.text("postgres")).out == "The store has schema 7.\n"
    assert modeldeck("store", "migrate", "--dsn", shared.text("postgres")).code == 0


def test_a_removed_operator_leaves_api_keys_to_replace(modeldeck: Run, shared: SharedStore, tmp_path: Path) -> None:
    ada = {"MODELDECK_STORE": shared.text(), "MODELDECK_PASSPHRASE": "passphrase of ada"}
    bob = {
        "MODELDECK_STORE": shared.text("bob"),
        "MODELDECK_PASSPHRASE": "passphrase of bob",
        "MODELDECK_KEY_DIR": str(tmp_path / "bob"),
    }
    unprotected = {"MODELDECK_STORE": shared.text("bob"), "MODELDECK_KEY_DIR": str(tmp_path / "none")}
    refused = modeldeck("operator", "request", **unprotected)
    assert refused.code == 2 and "Your own key pair needs a passphrase." in refused.err
    assert json.loads(modeldeck("store", "push", "--json", **ada).out) == [{"tenant": "acme", "states": 1}]
    words = ("provider", "set", "openai", "api_key=-", "--no-verify")
    assert modeldeck(*words, stdin="sk-FAKE-0123456789\n", **ada).code == 0
    assert modeldeck("operator", "request", **ada).code == 0
    requested = json.loads(modeldeck("operator", "request", "--json", **bob).out)
    missing = modeldeck("operator", "admit", "bob", **ada)
    assert missing.code == 2 and "Missing --fingerprint." in missing.err
    assert modeldeck("operator", "admit", "bob", "--fingerprint", requested["fingerprint"], **ada).code == 0
    assert modeldeck("operator", "request", **bob).code == 0
    assert "bob" in modeldeck("operator", "list", **ada).out
    removed = modeldeck("operator", "remove", "bob", "--yes", **ada)
    assert "1 API key to replace, which a removed operator could read:\n  openai default, read by bob" in removed.out
    (exposed,) = json.loads(modeldeck("operator", "list", "--json", **ada).out)["exposed"]
    assert (exposed["operator"], exposed["provider"], exposed["credential"]) == ("bob", "openai", "default")
    status = modeldeck("vault", "status", **ada).out
    assert "1 API key that a removed operator could read:" in status and "openai default, read by bob" in status
    with shared.administrator() as connection:
        connection.execute("INSERT INTO modeldeck.member (tenant, login) VALUES ('acme', 'bob')")
    assert "bob can read the rows in the database, and is no operator" in modeldeck("operator", "list", **ada).err


def test_a_tenant_comes_back_to_a_machine_without_its_files(
    run_in: Run, home: Path, shared: SharedStore, tmp_path: Path
) -> None:
    ada = {"MODELDECK_STORE": shared.text(), "MODELDECK_PASSPHRASE": "passphrase of ada"}
    assert run_in(home, "store", "push", **ada).code == 0
    empty = tmp_path / "empty"
    assert run_in(empty, "store", "push", **ada).out == "There is no tenant to copy.\n"
    assert run_in(empty, "store", "pull", "--dry-run", **ada).out == "acme: 1 state would be copied to this machine.\n"
    assert run_in(empty, "store", "pull", **ada).out == "acme: 1 state copied to this machine.\n"
    assert json.loads(run_in(empty, "tenant", "list", "--json").out)[0]["id"] == "acme"
    shown = run_in(home, "store", "status", **ada).out
    assert "login" in shown and "ada" in shown
    assert "keeps no chats: its settings are in a shared store." in run_in(home, "history", "status", **ada).out
    (tmp_path / "a.txt").write_text("notes")
    attached = run_in(home, "attach", str(tmp_path / "a.txt"), **ada)
    assert attached.code == 2 and "In a shared store, no console takes files." in attached.err
    created = json.loads(run_in(home, "operator", "recover", "--create", "--json", **ada).out)
    assert created["tenant"] == "acme" and len(created["text"]) == 3
    typed = run_in(home, "operator", "recover", "--test", **ada)
    assert typed.code == 2 and "The recovery text needs a terminal." in typed.err
    (tmp_path / "text").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "text").chmod(0o600)
    binary = run_in(home, "operator", "recover", "--test", "--text-file", str(tmp_path / "text"), **ada)
    assert binary.code == 2 and "The recovery text is not text." in binary.err
