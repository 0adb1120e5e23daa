"""What commands print for people: hints where there is nothing yet, remarks beside an answer, and remedies."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer, Response, error_body

pytestmark = pytest.mark.slow

TYPED = ("open sesame",)


@pytest.mark.usefixtures("on_terminal")
def test_an_empty_list_says_what_comes_next(run_in: Run, home: Path, tmp_path: Path) -> None:
    ran = run_in(tmp_path / "nowhere", "tenant", "list")
    assert (ran.code, ran.out) == (0, "") and "Create one: modeldeck tenant create NAME" in ran.err
    for words, says in (
        ("model list", "To import a provider's models: modeldeck provider set P"),
        ("model list --provider openai", "To import a provider's models: modeldeck provider set openai"),
        ("trial show", "No trial yet. Set one up: modeldeck trial set P FIELD=…"),
        ("credential list openai", "OpenAI is not set up. Set it up: modeldeck provider set openai"),
        ("audit show --operator", "The log is empty."),
        ("prompt list", "No prompt is saved."),
        ("vault restore", "There is no earlier state."),
        ("spend", "No request is recorded."),
    ):
        ran = run_in(home, *words.split())
        assert ran.code == 0 and says in ran.err, (words, ran)


@pytest.mark.usefixtures("on_terminal")
def test_a_list_ends_with_the_next_command(ready: Run, home: Path) -> None:
    assert (
        ready("prompt", "save", "reviewer", "-s", "Review this.", "-p", "temperature=0", "-m", "openai/gpt-4o").code
        == 0
    )
    prompts = ready("prompt", "list").out.splitlines()
    assert prompts[1].split("  ") == ["reviewer", "Review this.", " temperature 0"]
    assert ready("default", "clear", "embedding").code == 0
    for words, says in (
        ("default show", "Set one: modeldeck default set TYPE P/MODEL"),
        ("vault restore", "modeldeck vault restore acme --state N --yes puts one back."),
        ("audit show -n 1", "entries before these; -n 0 shows all."),
    ):
        ran = ready(*words.split())
        assert ran.out and says in ran.err, (words, ran)


def test_damaged_settings_of_a_tenant_keep_no_list_from_the_others(ready: Run, home: Path) -> None:
    assert ready("tenant", "create", "Beta").code == 0
    trial = ("trial", "set", "anthropic", "api_key=-", "--calls", "5", "--models", "claude-haiku-4-5", "--no-verify")
    assert ready(*trial, stdin="sk-ant-FAKE-0123456789\n").code == 0
    (home / ".local/share/modeldeck/tenants/beta/settings.json").write_bytes(b"{")
    listed = ready("tenant", "list").out.splitlines()
    assert len(listed) == 2 and "ends in the middle" in next(line for line in listed if line.startswith("beta"))
    assert "beta" in ready("trial", "show").out
    due = ready("credential", "due", "--all-tenants", "--days", "1", "-t", "acme")
    assert "beta: " in due.err and due.code != 0
    health = ready("health", "--all-tenants")
    assert "beta: " in health.err and "acme" in health.out
    assert ready("credential", "due", "-t", "beta").code == 1
    assert "beta: " in ready("default", "matrix").err


def test_a_missing_key_is_reported_with_its_provider(ready: Run, server: OpenAIServer) -> None:
    server.key = "sk-another-FAKE-key-0123456789"
    ran = ready("provider", "verify", "--all")
    assert ran.code == 3 and ran.out.startswith("openai") and ran.err.startswith("openai: ")


def test_a_locked_tenant_names_its_unconfirmed_changes(run_in: Run, locked_home: Path, server: OpenAIServer) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    assert run_in(locked_home, *words, stdin=KEY + "\n").code == 0
    assert "To review and accept them: modeldeck vault confirm" in run_in(locked_home, "vault", "status").out
    dry = run_in(locked_home, "vault", "confirm", "--dry-run", typed=TYPED)
    assert dry.code == 0 and dry.out.endswith("1 credential of north-lab would be confirmed.\n")
    changed = ("provider", "set", "openai", "organization=org-acme", "--dry-run")
    assert "north-lab would have to be unlocked first." in run_in(locked_home, *changed).out
    assert run_in(locked_home, "vault", "confirm", "--yes", typed=TYPED).code == 0
    restored = run_in(locked_home, "vault", "restore", "--state", "1", "--yes")
    assert restored.code == 0 and "The tenant is locked: before its keys are used" in restored.err


def test_a_key_pair_that_was_replaced_is_named_while_a_saved_state_needs_it(ready: Run) -> None:
    assert ready("vault", "rotate", "--yes").code == 0
    lines = ready("vault", "status").out.splitlines()
    earlier = next(line for line in lines if line.startswith("Earlier"))
    assert earlier.endswith(", kept until no saved state of the settings needs it")
    (row,) = json.loads(ready("vault", "restore", "--state", "1", "--dry-run", "--json").out)
    assert row["state"] == 1 and row["providers"] == 1


def test_an_exchange_with_another_tenant_or_no_provider_is_refused(ready: Run, home: Path, tmp_path: Path) -> None:
    assert ready("tenant", "create", "Beta").code == 0
    assert "openai/gpt-4o" in ready("export", "acme", "--format", "litellm", "-t", "beta").out
    nothing = ready("export", "beta", "--format", "litellm", "-t", "acme")
    assert (nothing.code, nothing.out) == (1, "") and "Beta has no provider of its own." in nothing.err
    bundle = tmp_path / "acme.json"
    assert ready("export", "acme", "-t", "acme", "-o", str(bundle)).code == 0
    shredded = ready("import", str(bundle), "--shred", "-t", "acme")
    assert shredded.code == 2 and "--shred is for another program's file." in shredded.err and bundle.exists()
    (tmp_path / "keys.env").write_text(f"OPENAI_API_KEY={KEY}\nSOME_SECRET_KEY=abc\n")
    assert "Not read: line 2, SOME_SECRET_KEY" in ready("import", str(tmp_path / "keys.env"), "-t", "acme").err
    edited = home / ".local/share/modeldeck/tenants/beta/settings.json"
    edited.write_text(edited.read_text().replace('"Beta"', '"Beta Two"'))
    assert ready("tenant", "accept", "beta", "--dry-run").out.startswith("The settings of beta were edited by hand")


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        ("chat -m openai/gpt-4o --repeat 2 --schema {schema} --print curl x", "", "--repeat sends a new request"),
        ("chat -m openai/gpt-4o --no-thinking x", "", "has no parameter that keeps it from thinking"),
        ("chat --tools {schema} --tool-result x y", "", "--tool-result needs NAME=FILE."),
        ("provider set openai api_key=- api_key=ref:env:X", KEY, "api_key appears twice"),
        ("provider set openai api_key=ref:env:X api_key=ref:env:Y", "", "api_key appears twice"),
        ("provider set openai base_url=http://models.example/v1 api_key=- --no-verify", KEY, "--allow-http"),
        ("provider set openai api_key=-", "\n", "api_key is blank."),
        ("provider set openai api_key=env:", "", "api_key=env: needs the name of a variable."),
        ("provider set openai api_key=env:NOWHERE", "", "The variable NOWHERE is not set, or blank."),
        ("provider set openai api_key=@{large}", "", "is larger than"),
        ("provider set openai api_key=@{binary}", "", "is not UTF-8 text."),
        ("health --tenants acme --all-tenants", "", "do not go together"),
        ("health --tenants ,", "", "No tenant is named."),
        ("transcribe - -m openai/whisper-1 -m openai/gpt-transcribe --format srt", "ID3", "go with --format text or"),
        ("transcribe -", "", "Standard input is empty."),
        ("export --reveal", "", "--provider and --reveal need --format."),
        ("export --format litellm --with-secrets", "", "--with-secrets is for an encrypted export."),
        ("embed --scatter -o x.npy a", "", "exclude one another"),
    ],
)
def test_conflicting_options_are_named_and_nothing_is_sent(
    ready: Run, server: OpenAIServer, tmp_path: Path, words: str, stdin: str, says: str
) -> None:
    files = {name: tmp_path / name for name in ("schema", "large", "binary")}
    files["schema"].write_text('{"type": "object", "name": "now"}')
    files["large"].write_text("k" * 600_000)
    files["binary"].write_bytes(b"sk-\xe9\xe9")
    ran = ready(*[word.format(**files) for word in words.split()], stdin=stdin)
    assert (ran.code, ran.out) == (2, "") and says in ran.err, ran
    assert server.requests == []


def test_piped_input_is_sent_and_no_prompt_is_read_from_it(ready: Run, server: OpenAIServer) -> None:
    for words in (("chat", "-a", "-", "What is this?"), ("transcribe", "-"), ("attach",)):
        ran = ready(*words, typed=("",))
        assert ran.code == 2 and "cannot be typed" in ran.err, ran
    assert server.requests == []
    assert ready("chat", "-m", "openai/gpt-4o", "-a", "-", "What is this?", stdin="Ask about the roof.").code == 0
    (request,) = server.requests_to("/chat/completions")
    assert "stdin:\n\n```\nAsk about the roof.\n```" in json.dumps(request.json["messages"]).encode().decode(
        "unicode_escape"
    )


def test_a_transcript_without_times_has_no_subtitles_and_a_failed_model_is_named(
    ready: Run, server: OpenAIServer, tmp_path: Path
) -> None:
    (tmp_path / "talk.mp3").write_bytes(b"ID3")
    server.next("/audio/transcriptions", Response(body={"text": "Good day"}))
    plain = ready("transcribe", str(tmp_path / "talk.mp3"), "--format", "srt")
    assert (plain.code, plain.out) == (1, "Good day\n") and "no timestamps" in plain.err
    two = ("-m", "openai/whisper-1", "-m", "openai/gpt-transcribe")
    server.next("/audio/transcriptions", Response(400, error_body("No.", "bad_request")))
    ran = ready("transcribe", *two, str(tmp_path / "talk.mp3"))
    assert ran.code == 1 and sum(line.startswith("openai/") for line in ran.err.splitlines()) == 1


def test_a_connection_without_fields_is_printed_as_one_that_is_not_set_up(modeldeck: Run) -> None:
    shape = json.loads(modeldeck("provider", "add", "gpu", "--like", "openai_compatible", "--json").out)
    assert (shape["provider"], shape["like"], shape["credential"], shape["proposed"]) == (
        "gpu",
        "openai_compatible",
        None,
        [],
    )


def test_a_tenant_is_created_with_a_passphrase_that_is_typed_twice(run_in: Run, home: Path) -> None:
    created = run_in(home, "tenant", "create", "gamma", typed=("open barley", "open barley"))
    assert created.code == 0, created.err
    (row,) = [row for row in json.loads(run_in(home, "tenant", "list", "--json").out) if row["id"] == "gamma"]
    assert row["protected"] is True
