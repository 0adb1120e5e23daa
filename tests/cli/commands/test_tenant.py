"""Tenants by command: which one is meant, and how its key is opened."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run, run_process
from tests.doubles.openai_server import OpenAIServer


def names(ran_out: str) -> list[tuple[str, bool]]:
    return [(row["name"], row["open"]) for row in json.loads(ran_out)]


def test_two_tenants_are_distinguished(run_in: Run, two_tenants: Path) -> None:
    ran = run_in(two_tenants, "model", "list")
    assert ran.code == 2
    assert "acme" in ran.err and "north-lab" in ran.err and "-t NAME" in ran.err
    for words, variables in (
        (("-t", "acme", "model", "list", "--json"), {}),
        (("model", "list", "--tenant=ACME", "--json"), {}),
        (("model", "list", "-tacme", "--json"), {}),
        (("model", "list", "--json"), {"MODELDECK_TENANT": "acme"}),
    ):
        ran = run_in(two_tenants, *words, **variables)
        assert (ran.code, ran.out) == (0, "[]\n")
    assert names(run_in(two_tenants, "tenant", "list", "--json").out) == [("acme", True), ("north-lab", False)]


def test_no_tenant_yet_says_how_to_make_one(run_in: Run, tmp_path: Path) -> None:
    ran = run_in(tmp_path, "model", "list")
    assert ran.code == 2 and "modeldeck tenant create" in ran.err


def test_a_new_name_leaves_the_id(modeldeck: Run) -> None:
    assert modeldeck("tenant", "rename", "acme", "星河科技").code == 0
    (tenant,) = json.loads(modeldeck("tenant", "list", "--json").out)
    assert (tenant["id"], tenant["name"]) == ("acme", "星河科技")
    assert modeldeck("-t", "星河科技", "model", "list").code == 0
    assert modeldeck("-t", "acme", "model", "list").code == 0


@pytest.mark.slow
def test_a_passphrase_is_set_requested_and_removed(modeldeck: Run, server: OpenAIServer) -> None:
    changed = modeldeck("tenant", "passphrase", "acme", typed=("open sesame", "open sesame"))
    assert (changed.code, changed.err) == (0, "")
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    assert "added while acme was locked" in modeldeck(*words, stdin=KEY + "\n").out
    assert modeldeck("chat", "-m", "openai/gpt-4o", "Why?").code == 5
    unconfirmed = modeldeck("chat", "-m", "openai/gpt-4o", "Why?", typed=("open sesame",))
    assert unconfirmed.code == 5 and "modeldeck vault confirm" in unconfirmed.err
    assert modeldeck("vault", "confirm", "--yes", typed=("open sesame",)).code == 0
    ran = modeldeck("chat", "-m", "openai/gpt-4o", "Why?", typed=("open sesame",))
    assert (ran.code, ran.out) == (0, "The sky is blue because of scattering.\n")
    assert modeldeck("tenant", "passphrase", "acme", typed=("open sesame", "")).code == 0
    assert modeldeck("chat", "-m", "openai/gpt-4o", "Why?").code == 0


def test_two_different_new_passphrases_change_nothing(modeldeck: Run) -> None:
    ran = modeldeck("tenant", "passphrase", "acme", typed=("open sesame", "open sesam"))
    assert ran.code == 2 and "match" in ran.err
    assert names(modeldeck("tenant", "list", "--json").out) == [("acme", True)]


@pytest.mark.slow
def test_what_needs_no_key_asks_for_no_passphrase(run_in: Run, locked_home: Path) -> None:
    with OpenAIServer() as local:
        words: tuple[str, ...] = ("provider", "set", "openai_compatible", f"base_url={local.url}")
        assert run_in(locked_home, *words).code == 0
        assert run_in(locked_home, "vault", "confirm", "--yes", typed=("open sesame",)).code == 0
        for words in (
            ("chat", "-m", "openai_compatible/gpt-4o", "Why?"),
            ("embed", "-m", "openai_compatible/text-embedding-3-small", "a cat"),
            ("provider", "verify", "--all"),
            ("model", "refresh", "openai_compatible"),
            ("model", "test", "openai_compatible", "gpt-4o"),
            ("model", "list"),
        ):
            ran = run_in(locked_home, *words)
            assert (ran.code, ran.err) == (0, ""), words


@pytest.mark.slow
def test_a_passphrase_by_descriptor(locked_home: Path, server: OpenAIServer) -> None:
    words: tuple[str, ...] = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    saved = run_process(locked_home, *words, "--passphrase-fd", "0", stdin=KEY + "\nopen sesame\n")
    assert saved.code == 0 and "while" not in saved.out, "the tenant was open"
    reading, writing = os.pipe()
    os.write(writing, b"open sesame\n")
    os.close(writing)
    words = ("chat", "-m", "openai/gpt-4o", "Why?", "--passphrase-fd", str(reading))
    ran = run_process(locked_home, *words, pass_fds=(reading,))
    os.close(reading)
    assert (ran.code, ran.out, ran.err) == (0, "The sky is blue because of scattering.\n", "")


@pytest.mark.slow
def test_old_and_new_passphrase_by_descriptor(run_in: Run, locked_home: Path) -> None:
    words = ("tenant", "passphrase", "north-lab", "--passphrase-fd", "0")
    assert run_in(locked_home, *words, stdin="open sesame\n").code == 2, "a missing line is not an empty one"
    assert names(run_in(locked_home, "tenant", "list", "--json").out) == [("north-lab", False)]
    assert run_in(locked_home, *words, stdin="open sesame\nopen barley\n").code == 0
    assert run_in(locked_home, *words, stdin="open sesame\nx\n").code == 5
    blank = run_in(locked_home, *words, stdin="open barley\n\n")
    assert blank.code == 2 and "Add --yes to remove the passphrase" in blank.err
    assert names(run_in(locked_home, "tenant", "list", "--json").out) == [("north-lab", False)]
    assert run_in(locked_home, *words, "--yes", stdin="open barley\n\n").code == 0
    assert names(run_in(locked_home, "tenant", "list", "--json").out) == [("north-lab", True)]


def test_a_descriptor_that_is_not_open_is_reported(run_in: Run, locked_home: Path) -> None:
    ran = run_in(locked_home, "tenant", "passphrase", "north-lab", "--passphrase-fd", "4093")
    assert ran.code == 2 and "4093 is not open" in ran.err


def test_an_empty_passphrase_makes_no_tenant(modeldeck: Run) -> None:
    ran = modeldeck("tenant", "create", "other", "--passphrase-fd", "0", stdin="\n")
    assert ran.code == 2 and "blank" in ran.err
    assert len(json.loads(modeldeck("tenant", "list", "--json").out)) == 1


def test_a_damaged_tenant_is_one_row_and_can_be_removed(run_in: Run, two_tenants: Path) -> None:
    settings = two_tenants / ".local/share/modeldeck/tenants/north-lab/settings.json"
    settings.write_bytes(settings.read_bytes()[:-20])
    rows = {row["id"]: row for row in json.loads(run_in(two_tenants, "tenant", "list", "--json").out)}
    assert rows["acme"]["problem"] is None and rows["north-lab"]["problem"]
    assert run_in(two_tenants, "-t", "acme", "model", "list").code == 0
    ran = run_in(two_tenants, "-t", "north-lab", "model", "list")
    assert ran.code in (1, 5) and len(ran.err.splitlines()) >= 2
    assert run_in(two_tenants, "tenant", "remove", "north-lab").code == 2
    assert run_in(two_tenants, "tenant", "remove", "north-lab", "--yes").code == 0


def test_a_data_folder_that_others_can_read_is_refused_with_the_command_to_fix_it(modeldeck: Run, home: Path) -> None:
    data = home / ".local/share/modeldeck"
    data.chmod(0o755)
    ran = modeldeck("tenant", "list")
    assert ran.code == 1 and "chmod" in ran.err and str(data) in ran.err


def test_an_edit_by_hand_is_accepted_on_request(modeldeck: Run, home: Path) -> None:
    none = modeldeck("tenant", "accept", "acme", "--yes")
    assert none.code == 2 and "were not edited by hand" in none.err
    (settings,) = home.rglob("tenants/acme/settings.json")
    settings.write_bytes(settings.read_bytes().replace(b'"name":"acme"', b'"name":"edited"'))
    refused = modeldeck("provider", "list", "-t", "acme")
    assert refused.code == 1 and "edited by hand, or the disk is faulty" in refused.err
    result = modeldeck("tenant", "accept", "acme")
    assert result.code == 2 and "0 providers, 0 added models, 0 defaults" in result.err and "--yes" in result.err
    accepted = modeldeck("tenant", "accept", "acme", "--yes")
    assert (accepted.code, accepted.err) == (0, "") and "are accepted" in accepted.out
    assert modeldeck("-t", "edited", "provider", "list").code == 0
    assert "manual edit of the file accepted" in modeldeck("audit", "show").out
