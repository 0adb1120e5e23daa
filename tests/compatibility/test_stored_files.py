"""Every file that the version before stored opens unchanged: settings, earlier states, keys, logs and bundles."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.compatibility.kit import (
    BUNDLE_PASSPHRASE,
    PASSPHRASE,
    PROTECTED,
    QUESTIONS,
    TENANTS,
    Gateway,
    Home,
    open_secrets,
    secrets_of,
    sums,
)

pytestmark = pytest.mark.slow

STORED = Path(__file__).parent / "v_before"
EXPECTED: dict[str, Any] = json.loads((STORED / "expected.json").read_text())
OWN_KEYS = ("acme", PROTECTED)


def passphrase_of(tenant: str) -> str:
    return PASSPHRASE if tenant == PROTECTED else ""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A copy of the stored files with the modes that they had."""
    path = shutil.copytree(STORED, tmp_path / "workspace")
    for entry in (path, *path.rglob("*")):
        entry.chmod(0o700 if entry.is_dir() else 0o600)
    return Home(path)


@pytest.fixture
def fresh(tmp_path: Path) -> Home:
    """A workspace with nothing in it."""
    path = tmp_path / "fresh"
    path.mkdir(mode=0o700)
    return Home(path)


def test_the_stored_files_are_as_they_were_written() -> None:
    assert sums(STORED) == EXPECTED["files"]


@pytest.mark.parametrize("tenant", [*TENANTS, ""])
def test_the_commands_tell_the_same_and_change_nothing(home: Home, tenant: str) -> None:
    names = [
        question
        for question in QUESTIONS
        if question.partition(": ")[0] == tenant or (not tenant and ": " not in question)
    ]
    assert names
    for name in names:
        assert home.query(*QUESTIONS[name]) == EXPECTED["answers"][name], name
    after = sums(home.path)
    assert {name: after.get(name) for name in EXPECTED["files"]} == EXPECTED["files"]


@pytest.mark.parametrize("tenant", [*TENANTS, "operator"])
def test_the_audit_log_is_shown_entry_by_entry(home: Home, tenant: str) -> None:
    log = home.path / ("data/operator" if tenant == "operator" else f"data/tenants/{tenant}") / "audit.log"
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    words = ("--operator",) if tenant == "operator" else ("-t", tenant)
    shown = json.loads(home.run("audit", "show", *words, "--json").out)
    assert shown == [{name: entry[name] for name in ("n", "at", "by", "done", "about")} for entry in entries]


def test_an_entry_that_was_changed_is_detected(home: Home) -> None:
    log = home.path / "data/tenants/acme/audit.log"
    log.write_text(log.read_text().replace("default set", "default sat", 1))
    rows = {row["tenant"]: row["whole"] for row in home.query("audit", "verify")}
    assert rows == {"acme": False, "guest": True, PROTECTED: True, "operator": True}


def test_the_log_goes_on(home: Home) -> None:
    before = {row["tenant"]: row["entries"] for row in EXPECTED["answers"]["audit verify"]}
    home.run("default", "clear", "chat", "-t", "acme")
    after = {row["tenant"]: row for row in home.query("audit", "verify")}
    assert after["acme"] == {"tenant": "acme", "entries": before["acme"] + 1, "whole": True, "findings": []}


def test_the_passphrase_opens_the_tenant_and_proves_its_manifest(home: Home) -> None:
    rows = home.query("vault", "status", "-t", PROTECTED, passphrase=PASSPHRASE)
    assert rows == EXPECTED["with the passphrase"]["vault status"]
    assert rows["manifest"]["state"] == "vouched for" and rows["earlier_key_pairs"]
    assert home.tried("export", PROTECTED, "--with-secrets", handed=("wrong-horse-fixture", "x")).code == 5


@pytest.mark.parametrize("tenant", OWN_KEYS)
def test_every_envelope_opens(home: Home, tenant: str) -> None:
    assert home.secrets(tenant) == EXPECTED["secrets"][tenant]


def test_what_was_added_while_locked_is_confirmed(home: Home) -> None:
    confirmed = home.query("vault", "confirm", "--yes", "-t", PROTECTED, passphrase=PASSPHRASE)
    assert confirmed == EXPECTED["with the passphrase"]["vault confirm"]
    assert home.secrets(PROTECTED) == EXPECTED["secrets"][f"{PROTECTED} when confirmed"]


@pytest.mark.parametrize("name", EXPECTED["earlier"])
def test_an_earlier_state_is_put_back(home: Home, name: str) -> None:
    tenant, number = name.split()
    words = ("vault", "restore", tenant, "--state", number, "--yes")
    home.run(*words, passphrase=passphrase_of(tenant))
    assert home.state(tenant) == EXPECTED["earlier"][name]


@pytest.mark.parametrize("tenant", OWN_KEYS)
def test_everything_is_sealed_anew_for_a_new_key_pair(home: Home, tenant: str) -> None:
    rotated = home.query("vault", "rotate", "-t", tenant, passphrase=passphrase_of(tenant))
    assert rotated["key_pair"] != EXPECTED["answers"][f"{tenant}: vault status"]["key_pair"]
    assert home.secrets(tenant) == EXPECTED["secrets"][tenant]


def test_the_key_that_was_kept_comes_back(home: Home) -> None:
    keys = EXPECTED["secrets"]["acme"]["openai"]
    home.run("credential", "rotate", "openai", "--undo", "-t", "acme")
    assert home.secrets("acme")["openai"] == {"default": keys["default.kept"], "default.kept": keys["default"]}


def test_a_stored_key_is_used_for_a_call(home: Home) -> None:
    words = ("provider", "verify", "openai_compatible", "--name", "far-away")
    with Gateway() as gateway:
        for tenant in OWN_KEYS:
            Home(home.path, gateway.origin).run(*words, "-t", tenant, passphrase=passphrase_of(tenant))
            key = EXPECTED["secrets"][tenant]["openai_compatible"]["far-away"]["api_key"]
            assert gateway.keys.pop() == ("gateway.example", "/v1/models", f"Bearer {key}")


def test_a_trial_goes_on_counting_where_it_was(home: Home) -> None:
    rotated = home.query("vault", "rotate", "--operator")
    assert (rotated["sealed_anew"], rotated["left"]) == (len(EXPECTED["secrets"]["trials"]), 0)
    words = ("chat", "-t", "guest", "--no-stream", "-m", "openai/gpt-5.4-mini", "Why?")
    with Gateway() as gateway:
        there = Home(home.path, gateway.origin)
        there.run(*words)
        key = EXPECTED["secrets"]["trials"]["openai"]
        assert gateway.keys == [("gateway.example", "/v1/chat/completions", f"Bearer {key}")]
        assert there.tried(*words).code == 1 and len(gateway.keys) == 1
    used = {row["id"]: row["used"] for row in home.query("trial", "show")[0]["tenants"]}
    assert used == {"acme": 2, "guest": 10, PROTECTED: 0}


@pytest.mark.parametrize("tenant", TENANTS)
def test_the_same_settings_make_the_same_bundle(home: Home, tenant: str) -> None:
    assert home.run("export", tenant).out == (STORED / f"bundles/{tenant}.json").read_text()


@pytest.mark.parametrize("tenant", OWN_KEYS)
def test_a_bundle_without_secrets_is_read(home: Home, tenant: str) -> None:
    words = ("import", str(home.path / f"bundles/{tenant}.json"), "--dry-run", "-t", "guest")
    assert home.query(*words) == EXPECTED["plans"][tenant]


@pytest.mark.parametrize("tenant", OWN_KEYS)
def test_a_bundle_with_secrets_makes_a_new_tenant(fresh: Home, home: Home, tenant: str) -> None:
    bundle = home.path / f"bundles/{tenant}.sealed"
    assert fresh.imported(tenant, bundle) == EXPECTED["imports"][tenant]
    content = open_secrets(json.loads(bundle.read_text()), BUNDLE_PASSPHRASE)
    assert secrets_of(content) == EXPECTED["imports"][tenant]["secrets"]


def test_the_preferences_hold(home: Home) -> None:
    from tests.terminal import Loaded, Terminal

    assert EXPECTED["answers"][f"{PROTECTED}: vault status"]["lock_after"] == 7
    with Terminal(Loaded(["-t", "guest"]), home.environ(), cwd=str(home.path)) as terminal:
        terminal.until("Playground", seconds=60)
        terminal.send("\x1b[20~")  # F9, which config.toml gives to quitting
        assert terminal.wait() == 0, terminal.text
