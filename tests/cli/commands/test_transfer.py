"""`modeldeck export`, `import` and `vault restore`: what they say, what they write, and their exit codes."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run, run_process

PASS = "a FAKE passphrase of the file"


def descriptor_with(*lines: str) -> int:
    """A descriptor that hands over these lines."""
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{line}\n" for line in lines).encode())
    os.close(writing)
    return reading


@pytest.mark.slow
def test_an_export_is_read_by_an_import(ready: Run, tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    assert ready("export", "-o", str(path)).out == f"The settings of acme are in {path}, without API keys.\n"
    assert ready("export").out == path.read_text() == ready("export", "acme", "-o", "-").out
    assert KEY not in path.read_text()
    assert ready("export", "-o", str(path)).code == 2
    assert ready("export", "-o", str(path), "--force").code == 0
    assert ready("import", str(path)).out == "acme already matches the file; there is nothing to import.\n"
    ready("default", "clear", "chat")
    result = ready("import", str(path))
    assert (result.code, result.out) == (
        2,
        "Would be imported into acme: 1 change.\n  default chat model set to openai/gpt-5.4-mini\n",
    )
    assert ready("import", str(path), "--dry-run").code == 0
    assert json.loads(ready("default", "show", "--json").out)[0]["model"] is None
    assert ready("import", str(path), "--yes").out.startswith("Imported into acme: 1 change.\n")
    assert json.loads(ready("default", "show", "--json").out)[0]["model"] == "openai/gpt-5.4-mini"


@pytest.mark.slow
def test_a_plan_is_json_for_a_program(ready: Run, tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    ready("export", "-o", str(path))
    ready("default", "clear", "chat")
    plan = json.loads(ready("import", str(path), "--dry-run", "--json").out)
    assert plan == {
        "tenant": "acme",
        "name": "acme",
        "new": False,
        "imported": False,
        "changes": [{"done": "default set", "about": {"type": "chat", "model": "openai/gpt-5.4-mini"}}],
        "urls": [],
        "lacks": [],
        "chats": 0,
        "format": "modeldeck",
        "keys": [],
        "shredded": False,
    }
    assert json.loads(ready("import", str(path), "--yes", "--json").out)["imported"] is True


@pytest.mark.slow
def test_keys_move_under_a_passphrase_into_a_new_tenant(ready: Run, tmp_path: Path) -> None:
    path = tmp_path / "acme.sealed"
    ran = ready("export", "--with-secrets", "-o", str(path), "--passphrase-fd", str(descriptor_with(PASS)))
    assert (ran.code, ran.err) == (0, "")
    assert KEY.encode() not in path.read_bytes() and b"gpt" not in path.read_bytes()
    wrong = ready("import", str(path), "-t", "other", "--yes", "--passphrase-fd", str(descriptor_with("wrong", "")))
    assert (wrong.code, wrong.out) == (5, "")
    ran = ready("import", str(path), "-t", "other", "--yes", "--passphrase-fd", str(descriptor_with(PASS, "")))
    assert ran.code == 0 and ran.out.startswith("Imported into a new tenant, other: ")
    assert ready("chat", "-t", "other", "Why?").code == 0
    assert "settings imported from a file" in ready("audit", "show", "-t", "other").out


@pytest.mark.slow
def test_recorded_chats_move_with_the_keys_only(ready: Run, tmp_path: Path) -> None:
    path = tmp_path / "acme.sealed"
    ready("history", "on")
    chat_id = json.loads(ready("chat", "-m", "openai/gpt-4o", "Wherefore zyzzyva?", "--json").out)["chat"]
    assert ready("export", "--with-history", "-o", str(path)).code == 2
    words = ("export", "--with-secrets", "--with-history", "-o", str(path))
    ran = ready(*words, "--passphrase-fd", str(descriptor_with(PASS)))
    assert ran.out.endswith("with API keys and 1 chat.\n"), ran.out
    assert b"zyzzyva" not in path.read_bytes()
    plan = ready("import", str(path), "-t", "other", "--dry-run", "--passphrase-fd", str(descriptor_with(PASS, "")))
    assert "  1 recorded chat added\n" in plan.out
    ran = ready("import", str(path), "-t", "other", "--yes", "--passphrase-fd", str(descriptor_with(PASS, "")))
    assert ran.code == 0 and " and 1 chat.\n" in ran.out, (ran.out, ran.err)
    assert "zyzzyva" in ready("history", "show", chat_id, "-t", "other").out
    again = ready("import", str(path), "-t", "other", "--json", "--yes", "--passphrase-fd", str(descriptor_with(PASS)))
    assert json.loads(again.out)["chats"] == 0 and "1 chat of the file is here already" in again.out


@pytest.mark.slow
def test_keys_go_neither_to_a_terminal_nor_without_a_passphrase(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "acme.sealed"
    assert ready("export", "--with-secrets", "-o", str(path)).code == 2
    assert ready("export", "--with-secrets", "-o", str(path), typed=("one FAKE", "two FAKE")).code != 0
    assert not path.exists()
    assert ready("export", "--with-secrets", "-o", str(path), typed=("one FAKE", "one FAKE")).code == 0
    monkeypatch.setattr("tui.cli.commands.transfer.handlers.is_terminal", lambda stream: True)
    refused = ready("export", "--with-secrets", typed=("one FAKE", "one FAKE"))
    assert (refused.code, refused.out) == (2, "")


@pytest.mark.slow
def test_a_file_from_elsewhere_is_refused_in_a_sentence(ready: Run, tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"[]", b"\xff", b'{"modeldeck": "settings", "version": 9}'):
        path.write_bytes(content)
        ran = ready("import", str(path), "--yes")
        assert ran.code == 2 and ran.err.count("\n") == 2, ran.err
    assert ready("import", str(tmp_path / "none"), "--yes").code == 2


def test_a_file_is_for_its_owner_alone_and_a_link_is_not_followed(modeldeck: Run, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "acme.json", tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    path.symlink_to(elsewhere)
    assert modeldeck("export", "-o", str(path)).code == 2
    assert modeldeck("export", "-o", str(path), "--force").code == 0
    assert (path.is_symlink(), path.stat().st_mode & 0o777, elsewhere.read_text()) == (False, 0o600, "mine")
    assert modeldeck("export", "-o", str(tmp_path / "none" / "acme.json")).code == 1


@pytest.mark.slow
def test_a_file_is_read_from_a_pipe(modeldeck: Run, home: Path) -> None:
    exported = modeldeck("export").out
    ran = run_process(home, "import", "-", "-t", "copy", "--yes", stdin=exported)
    assert (ran.code, ran.out) == (0, "Imported into a new tenant, copy: 0 changes.\n"), ran.err
    assert modeldeck("export", "copy").out == exported.replace("acme", "copy")


# --- earlier states ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_kept_states_are_listed_with_what_they_lack(ready: Run) -> None:
    lines = ready("vault", "restore").out.splitlines()
    assert lines[0].split()[0] == "1" and "1 provider, 0 added models, 2 defaults" in lines[0]
    assert "default speech-to-text model, set at " in lines[0] and lines[1].endswith(" and 1 more")
    listed = json.loads(ready("vault", "restore", "acme", "--json").out)
    assert [row["state"] for row in listed] == list(range(1, len(listed) + 1))
    assert set(listed[0]) == {"state", "saved", "providers", "added", "defaults", "lacks", "problem"}


@pytest.mark.slow
def test_a_state_is_put_back_and_the_one_before_is_kept(ready: Run) -> None:
    result = ready("vault", "restore", "--state", "1")
    assert result.code == 2 and "Not in it: default speech-to-text model, set at " in result.err
    assert json.loads(ready("default", "show", "--json").out)[2]["model"] == "openai/whisper-1"
    ran = ready("vault", "restore", "acme", "--state", "1", "--yes")
    assert ran.code == 0 and "Restored state 1 of acme" in ran.out
    assert json.loads(ready("default", "show", "--json").out)[2]["model"] is None
    assert ready("vault", "restore", "--state", "1", "--yes").code == 0, "and back again"
    assert json.loads(ready("default", "show", "--json").out)[2]["model"] == "openai/whisper-1"
    assert ready("chat", "Why?").code == 0, "the key is usable"
    assert ready("vault", "restore", "--state", "9", "--yes").code == 2
    assert ready("audit", "verify").code == 0


@pytest.mark.slow
def test_damaged_settings_are_replaced_and_kept(ready: Run, home: Path) -> None:
    folder = home / ".local/share/modeldeck/tenants/acme"
    (folder / "settings.json").write_bytes(b"{")
    (folder / "settings.json.1").write_bytes(b"{")
    assert ready("provider", "list").code == 1
    listed = json.loads(ready("vault", "restore", "--json").out)
    assert listed[0]["problem"] and not listed[1]["problem"]
    assert ready("vault", "restore", "--state", "1", "--yes").code == 1
    ran = ready("vault", "restore", "--state", "2", "--yes")
    assert ran.code == 0 and "kept as settings.json.damaged-1" in ran.err
    assert (folder / "settings.json.damaged-1").read_bytes() == b"{"
    assert ready("provider", "list").code == 0


@pytest.mark.slow
def test_a_plan_shows_every_url_of_the_file_however_many_models_it_has(ready: Run, tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    ready("export", "-o", str(path))
    data = json.loads(path.read_text())
    urls = [f"https://endpoint-{number}.example/path" for number in range(9)]
    fields = {"endpoint_type": "inference_endpoints", "task": "text-generation"}
    data["providers"]["huggingface"] = {
        "models": [
            {"id": f"org/m{number}", "type": "chat", "origin": "added", "fields": fields | {"endpoint_url": url}}
            for number, url in enumerate(urls)
        ]
    }
    path.write_text(json.dumps(data))
    result = ready("import", str(path))
    assert result.code == 2 and all(f"  new URL: {url}\n" in result.out for url in urls), result.err
    assert json.loads(ready("import", str(path), "--dry-run", "--json").out)["urls"] == urls
    ready("import", str(path), "--yes")
    assert "new URL" not in ready("import", str(path)).out
