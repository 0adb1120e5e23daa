"""The audit log of a tenant: every verb has its entry, none holds a secret, and none stands in a verb's way."""

import base64
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tui.domain import KeySource, ModelType
from tui.errors import Locked
from tui.providers.requests import Message
from tui.secret import Secret
from tui.storage.audit_log import LOG, UNRECORDED_CHANGE, Entry
from tui.tenancy import credentials, keyring, verification
from tui.tenancy import tenants as tenant_registry
from tui.tenancy import trials as trial_store
from tui.tenancy.actor import who
from tui.tenancy.session import OPERATOR, Session
from tui.workspace import audit, tenants, trials
from tui.workspace.credentials import save, status, verify
from tui.workspace.models import catalog, defaults
from tui.workspace.playground import calls as playground_calls
from tui.workspace.playground import key_source

KEY = "sk-FAKE-audit-canary-0000000000-51c7"
OTHER = "sk-FAKE-audit-canary-1111111111-7d20"
PASSPHRASE = "a FAKE passphrase canary"
LOCAL = "http://localhost:11434/v1"


@pytest.fixture
async def acme(disk_session: Session) -> Session:
    """A session on real files with the tenant acme and a key of OpenAI."""
    await tenants.create(disk_session, "acme")
    await save.save(disk_session.tenant("acme"), "openai", {"api_key": Secret(KEY)})
    return disk_session


def log(session: Session, owner: str = "acme") -> list[Entry]:
    return audit.listing(session.tenant(owner))


def in_words(session: Session, owner: str = "acme") -> list[str]:
    """The log in words, without the first entry."""
    return [audit.words(event) for event in log(session, owner)][1:]


def whole(session: Session, owner: str = "acme") -> bool:
    return audit.check(session.tenant(owner)) == audit.AuditCheck(owner, len(log(session, owner)), ())


@pytest.mark.slow
async def test_what_is_set_up_changed_verified_and_removed_is_reported(acme: Session) -> None:
    await verify.verify_stored(acme.tenant("acme"), "openai")
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret(OTHER), "organization": "org-x"})
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret(KEY)}, name="team-b")
    await status.use(acme.tenant("acme"), "openai", "team-b")
    await status.remove(acme.tenant("acme"), "openai", "default")
    await status.remove_provider(acme.tenant("acme"), "openai")
    assert in_words(acme) == [
        "OpenAI set up: credential default, base_url, api_key, sent to https://api.openai.com",
        "OpenAI: credential default verified, ready",
        "OpenAI changed: credential default, organization, api_key",
        "OpenAI set up: credential team-b, base_url, api_key, sent to https://api.openai.com",
        "OpenAI: credential team-b in use",
        "OpenAI: credential default removed",
        "OpenAI: credential team-b removed",
    ]
    assert whole(acme)


@pytest.mark.slow
async def test_models_and_defaults_are_reported(acme: Session) -> None:
    await catalog.refresh(acme.tenant("acme"), "openai")
    await defaults.set(acme.tenant("acme"), ModelType.CHAT, "openai/gpt-6-sol")
    await defaults.clear(acme.tenant("acme"), ModelType.CHAT)
    await save.save(acme.tenant("acme"), "openai_compatible", {"base_url": LOCAL})
    added = await catalog.add(acme.tenant("acme"), "openai_compatible", "own-model", ModelType.CHAT, verify=False)
    await catalog.remove(acme.tenant("acme"), added)
    count = len(catalog.listing(acme.tenant("acme"), provider="openai"))
    assert in_words(acme)[1:] == [
        f"OpenAI: models imported, {count} new",
        "default chat model set to openai/gpt-6-sol",
        "default chat model cleared",
        "OpenAI-compatible set up: credential default, base_url, sent to http://localhost:11434",
        "OpenAI-compatible: model added, own-model (chat)",
        "OpenAI-compatible: model removed, own-model (chat)",
    ]
    assert whole(acme)


@pytest.mark.slow
async def test_names_passphrases_and_unlocking_are_reported(acme: Session) -> None:
    await tenants.rename(acme.tenant("acme"), "Acme Ltd")
    await tenants.set_passphrase(acme.tenant("acme"), Secret("first FAKE"))
    await tenants.set_passphrase(acme.tenant("acme"), Secret(PASSPHRASE))
    keyring.lock(acme.tenant("acme"))
    with pytest.raises(Locked):
        await tenants.unlock(acme.tenant("acme"), Secret("wrong FAKE"))
    await tenants.unlock(acme.tenant("acme"), Secret(PASSPHRASE))
    await tenants.set_passphrase(acme.tenant("acme"), None)
    assert in_words(acme)[1:] == [
        "tenant renamed from acme to Acme Ltd",
        "passphrase set",
        "passphrase changed",
        "locked",
        "not unlocked: Wrong passphrase.",
        "unlocked",
        "passphrase removed",
    ]
    assert whole(acme)


@pytest.mark.slow
async def test_trials_and_removed_tenants_are_in_the_operators_log_and_calls_are_not(acme: Session) -> None:
    await trials.set_trial(acme, "openai", {"api_key": Secret(OTHER)}, ("gpt-5.4-mini",), 10)
    await key_source.choose(acme.tenant("acme"), "openai", KeySource.TRIAL)
    model = trial_store.trial_models(acme, "openai")[0]
    assert [event async for event in playground_calls.chat(acme.tenant("acme"), model, (Message("user", "Hello"),))]
    await trials.remove(acme, "openai")
    await tenants.remove(acme.tenant("acme"))
    assert [event.done for event in log(acme, OPERATOR)] == [
        "tenant created",
        "credential saved",
        "credential verified",
        "trial set",
        "credential removed",
        "trial removed",
        "tenant removed",
    ]
    assert in_words(acme, OPERATOR)[-1] == "tenant acme removed with its key pair"
    assert whole(acme, OPERATOR) and audit.owners(acme) == [OPERATOR]


@pytest.mark.slow
async def test_a_restored_state_is_reported_and_what_an_earlier_one_lacks(acme: Session) -> None:
    await catalog.refresh(acme.tenant("acme"), "openai")
    await defaults.set(acme.tenant("acme"), ModelType.CHAT, "openai/gpt-6-sol")
    await defaults.set(acme.tenant("acme"), ModelType.CHAT, "openai/gpt-6-luna")
    earlier = tenants.earlier(acme.tenant("acme"))
    lacked = audit.changes_since(acme.tenant("acme"), earlier[-1])
    assert [text.rpartition(" at ")[0] for text in lacked] == ["default chat model, set", "OpenAI, set up"]
    assert len(audit.changes_since(acme.tenant("acme"), earlier[0])) == 1
    await defaults.clear(acme.tenant("acme"), ModelType.CHAT)
    assert audit.changes_since(acme.tenant("acme"), tenants.earlier(acme.tenant("acme"))[0]) == []
    await tenants.restore(acme.tenant("acme"), earlier[1].name)
    assert in_words(acme)[-1] == f"earlier state {earlier[1].name} restored" and whole(acme)


@pytest.mark.slow
async def test_a_state_that_was_put_back_while_locked_is_no_alarm_for_who_opens_it(acme: Session) -> None:
    await tenants.set_passphrase(acme.tenant("acme"), Secret(PASSPHRASE))
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret(OTHER)})
    await tenants.rename(acme.tenant("acme"), "Acme Ltd")
    keyring.lock(acme.tenant("acme"))
    earlier = tenants.earlier(acme.tenant("acme"))
    await tenants.restore(acme.tenant("acme"), earlier[1].name)
    await tenants.unlock(acme.tenant("acme"), Secret(PASSPHRASE))
    assert credentials.access(acme.tenant("acme"), "openai").secrets()["api_key"].reveal() == KEY


@pytest.mark.slow
async def test_no_secret_is_in_the_log(acme: Session, tmp_path: Path) -> None:
    await tenants.set_passphrase(acme.tenant("acme"), Secret(PASSPHRASE))
    keyring.lock(acme.tenant("acme"))
    with pytest.raises(Locked):
        await tenants.unlock(acme.tenant("acme"), Secret(OTHER))
    logs = b"".join(path.read_bytes() for path in tmp_path.rglob(LOG))

    def shown(content: bytes) -> list[str]:
        forms = {
            text: (text, text[-8:], base64.b64encode(text.encode()).decode()[:-4], text.encode().hex())
            for text in (KEY, OTHER, PASSPHRASE)
        }
        return [text for text, spellings in forms.items() if any(form.encode() in content for form in spellings)]

    assert logs and shown(logs) == []
    assert shown(logs + KEY.encode().hex().encode()) == [KEY], "the scan can fail"


@pytest.mark.slow
async def test_a_log_that_cannot_be_written_blocks_nothing_and_is_reported_later(acme: Session) -> None:
    folder = acme.tenants.folder("acme").path
    assert folder
    path = folder / LOG
    path.chmod(0o644)
    await tenants.rename(acme.tenant("acme"), "Acme Ltd")
    assert tenant_registry.tenant_of(acme.tenant("acme")).name == "Acme Ltd" and acme.audit_failure is not None
    path.chmod(0o600)
    assert [change.sentence for change in audit.check(acme.tenant("acme")).findings] == [
        "The settings were changed after the last entry, by a session that ended or by something else."
    ]
    await tenants.rename(acme.tenant("acme"), "Acme")
    assert [event.done for event in log(acme)][-2:] == [UNRECORDED_CHANGE, "tenant renamed"]
    assert whole(acme)


@pytest.mark.slow
async def test_a_state_that_lost_a_removed_credential_is_no_alarm_when_it_is_put_back(acme: Session) -> None:
    await save.save(acme.tenant("acme"), "anthropic", {"api_key": Secret("sk-ant-FAKE-0000000000000000000")})
    await tenants.rename(acme.tenant("acme"), "Acme Ltd")
    await status.remove_provider(acme.tenant("acme"), "anthropic")
    for state in tenants.earlier(acme.tenant("acme"))[:2]:
        await tenants.restore(acme.tenant("acme"), state.name)
        assert credentials.access(acme.tenant("acme"), "openai").secrets()["api_key"].reveal() == KEY
        assert verification.integrity_status(acme.tenant("acme")).findings == ()


class Killed(BaseException):
    """Stands for SIGKILL: nothing that changes a file happens from then on."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From that call on, counted from 0, no function of `os` by which files change does anything."""
    calls = count()

    def mortal(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            if next(calls) >= step:
                raise Killed
            return function(*args, **named)

        return call

    for name in ("open", "fsync", "link", "unlink", "replace", "rename", "mkdir"):
        monkeypatch.setattr(os, name, mortal(getattr(os, name)))


@pytest.mark.slow
async def test_killed_at_any_step_of_a_save_the_log_is_whole_and_the_change_is_reported(
    acme: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(name: str) -> None:
        with replace(acme, _stores={}).store("acme").transaction() as tables:
            tables.table("meta").update({"name": name})

    states: Counter[str] = Counter()
    for step in count():
        rename("before")
        ended = False
        with monkeypatch.context() as mortal, suppress(Killed):
            killed_at(step, mortal)
            rename(f"name {step}")
            ended = True
        # Killed between settings and log, the settings are named as changed: nothing tells that from an edit.
        assert [finding.sentence for finding in audit.check(acme.tenant("acme")).findings if not finding.harmless] in (
            [],
            ["The settings were changed after the last entry, by a session that ended or by something else."],
        )
        renamed, noted = (
            tenant_registry.tenant_of(acme.tenant("acme")).name,
            "to" in log(acme)[-1].about and log(acme)[-1].about["to"],
        )
        rename("after")
        assert whole(acme) or all(change.harmless for change in audit.check(acme.tenant("acme")).findings)
        last_two = [event.done for event in log(acme)[-2:]]
        if renamed == f"name {step}" and noted != renamed:
            assert last_two == [UNRECORDED_CHANGE, "tenant renamed"]
            states["not noted in time"] += 1
        states["changed" if renamed == f"name {step}" else "as before"] += 1
        if ended:
            assert renamed == noted == f"name {step}", "what was acknowledged is there, and in the log"
            break
    assert min(states["as before"], states["changed"]) > 3 and states["not noted in time"] > 0, states


async def test_settings_that_something_else_changed_show_at_the_next_entry(acme: Session) -> None:
    folder = acme.tenants.folder("acme")
    folder.write("settings.json", folder.read("settings.json.1") or b"")
    assert audit.check(acme.tenant("acme")).findings
    await tenants.rename(acme.tenant("acme"), "Acme")
    assert UNRECORDED_CHANGE in [event.done for event in log(acme)]


async def test_nothing_is_noted_of_a_tenant_that_was_removed(acme: Session) -> None:
    await tenants.remove(acme.tenant("acme"))
    acme.audit("acme", "locked")
    assert acme.tenants.folders() == []


def test_who_it_was_is_reported_as_far_as_the_environment_knows() -> None:
    person = who({"SSH_CONNECTION": "203.0.113.5 50022 10.0.0.1 22", "TMUX": "/tmp/tmux-0/default,1,0"})
    assert person["from"] == "203.0.113.5" and person["inside"] == "tmux" and person["user"]
    assert audit.by_whom({"user": "root", "login": "ada", "from": "203.0.113.5", "inside": "tmux"}) == (
        "root (ada) from 203.0.113.5, in tmux"
    )
    other = who({"SUDO_USER": "ada", "SSH_CLIENT": "2001:db8::1 50022 22"})
    assert other["from"] == "2001:db8::1" and "ada" in (other.get("login"), os.environ.get("USER"), other["user"])


def test_an_entry_that_somebody_else_wrote_is_shown_as_far_as_it_goes() -> None:
    for done, about in (("default set", {}), ("key pair {0.__class__}", {"a": 1}), ("trial set", {"models": []})):
        assert audit.words(Entry(1, "", {}, done, about, "", "", ""))
