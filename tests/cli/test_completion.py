"""What the tab key offers, asked of the program and of real shells; no name in a settings file runs anything."""

import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Ran, Run, environ
from tests.terminal import Terminal
from tui.cli import completion
from tui.cli.completion import MAX_CANDIDATES, complete, names, split
from tui.cli.registry import COMMANDS
from tui.providers import PROVIDERS
from tui.providers.openai_compatible.presets import kinds

EVIL = ("$(touch ran)", "`touch ran`", "a;touch ran", "x\n/tmp/", "\x1b]0;t\x07", "two words")
SCRIPTS = files("tui.cli.completion")


@pytest.fixture(scope="module")
def stocked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two tenants; acme has models, a connection and credentials, some of them with hostile names."""
    home = tmp_path_factory.mktemp("stocked")
    for tenant in ("acme", "north-lab"):
        ids = ["gpt-6-sol", "gpt-6-mini", "ft:gpt:x", *EVIL] if tenant == "acme" else []
        data = {
            "meta": {"1": {"id": tenant, "name": tenant.title()}},
            "connections": {"1": {"id": "gpu", "kind": "openai_compatible"}},
            "models": {str(n): {"provider": "openai", "id": model} for n, model in enumerate(ids)},
            "credentials": {"1": {"provider": "openai", "name": "team-b"}},
        }
        folder = home / ".local/share/modeldeck/tenants" / tenant
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"data": data}))
    program = home / "bin" / "modeldeck"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui "$@"\n')
    program.chmod(0o755)
    return home


def variables(home: Path) -> dict[str, str]:
    return environ(home) | {"PATH": f"{home}/bin:{os.environ['PATH']}", "TERM": "xterm"}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("mod", ["model"]),
        ("model l", ["list"]),
        ("model list --js", ["--json"]),
        ("model list --json --js", []),
        ("-t n", ["north-lab"]),
        ("--tenant=n", ["--tenant=north-lab"]),
        ("default set ch", ["chat"]),
        ("model list --type emb", ["embedding"]),
        ("-t acme chat -m openai/gpt-6-", ["openai/gpt-6-sol", "openai/gpt-6-mini"]),
        ("-t ACME chat -m openai/ft", ["openai/ft:gpt:x"]),
        ("model test -t acme openai gpt-6-s", ["gpt-6-sol"]),
        ("-t acme provider show gp", ["gpu"]),
        ("-t acme credential use openai t", ["team-b"]),
        ("tenant remove ac", ["acme"]),
        ("tenant create ac", []),
        ("provider add x --like deeps", ["deepseek"]),
        ("chat hello th", []),
        ("help model ed", ["edit"]),
        ("nothing of this k", []),
        ("provider set openai b", ["base_url="]),
        ("provider set openai base_url=x b", []),
        ("provider set openai base_url=", []),
        ("-t acme credential rotate gpu ba", ["base_url="]),
        ("provider add x --like deepseek api", ["api_key="]),
        ("model add replicate a/b v", ["version="]),
        ("model list --json --fi", ["--fields"]),
    ],
)
def test_what_can_come_next_is_offered(stocked_home: Path, words: str, offered: list[str]) -> None:
    directive, candidates = complete(words.split(" "), environ(stocked_home))
    assert (directive, [candidate.word for candidate in candidates]) == ("words", offered)


def test_a_file_is_left_to_the_shell(stocked_home: Path) -> None:
    assert complete(["import", ""], environ(stocked_home)) == ("files", [])
    assert complete(["export", "-o", "x"], environ(stocked_home)) == ("files", [])


def test_many_candidates_are_offered_in_steps(stocked_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(stocked_home, tmp_path / "home")
    models = {str(n): {"provider": "openai", "id": f"{'ab'[n % 2]}-{n}"} for n in range(MAX_CANDIDATES + 1)}
    (home / ".local/share/modeldeck/tenants/acme/settings.json").write_text(json.dumps({"data": {"models": models}}))
    words = ["-t", "acme", "chat", "-m", "openai/"]
    assert [entry.word for entry in complete(words, environ(home))[1]] == ["openai/a-", "openai/b-"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"data": {"models": [], "meta": 3}}', b"\xff", b"[" * 9999])
def test_settings_that_cannot_be_read_offer_nothing(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / ".local/share/modeldeck/tenants/acme"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_bytes(content)
    assert complete(["chat", "-m", ""], environ(tmp_path)) == ("words", [])


def test_names_that_a_shell_could_interpret_are_not_offered(stocked_home: Path) -> None:
    stored = names.Stored(environ(stocked_home), "acme")
    assert set(EVIL) < {model for _, model in stored.models()}, "they are there to be offered"
    words = [entry.word for entry in complete(["-t", "acme", "model", "test", "openai", ""], environ(stocked_home))[1]]
    assert words == ["gpt-6-sol", "gpt-6-mini", "ft:gpt:x"]


def test_providers_and_presets_are_those_of_the_registry() -> None:
    assert set(names.providers()) == set(PROVIDERS)
    assert set(names.kinds()) == set(kinds())


def test_fields_are_those_of_the_declarations() -> None:
    for provider in PROVIDERS.values():
        assert names.fields(provider.id) == [field.name for field in provider.fields]
        assert names.fields(provider.id, "model_fields") == [field.name for field in provider.model_fields]
    assert names.fields("deepseek") == names.fields("openai_compatible") and names.fields("../nowhere") == []


@pytest.mark.parametrize(
    ("line", "words", "quoted"),
    [
        ("modeldeck model l", ["model", "l"], False),
        ("modeldeck model ", ["model", ""], False),
        ("A=1 modeldeck -t 'North L", ["-t", "North L"], True),
        ("modeldeck chat 'a b' -m ", ["chat", "a b", "-m", ""], False),
        ("modeldeck", [""], False),
    ],
)
def test_an_unfinished_line_is_split_like_a_shell_does(line: str, words: list[str], quoted: bool) -> None:
    assert split(line) == (words, quoted)


def test_every_command_and_option_is_offered() -> None:
    for command in COMMANDS:
        *before, last = command.words or ("",)
        assert last in [entry.word for entry in complete([*before, last], {})[1]] or not last
        if command.words:
            offered = {entry.word for entry in complete([*command.words, "-"], {})[1]}
            assert {name for option in command.options for name in option.names} <= offered


NEEDS = {
    shell: pytest.mark.skipif(
        not shutil.which(shell) and not os.environ.get("MODELDECK_WHOLE_GATE"), reason=f"not on this machine: {shell}"
    )
    for shell in ("bash", "zsh", "fish")
}


@pytest.mark.slow
@NEEDS["bash"]
def test_bash_completes_and_runs_nothing(stocked_home: Path, tmp_path: Path) -> None:
    def replies(line: str) -> list[str]:
        script = f"""source {SCRIPTS / "modeldeck.bash"}
            COMP_LINE=$1; COMP_POINT=${{#1}}; COMP_WORDS=($1); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
            _modeldeck; printf '%s\\n' "${{COMPREPLY[@]}}" """
        return subprocess.run(
            ["bash", "--norc", "-c", script, "bash", line],
            cwd=tmp_path, env=variables(stocked_home), capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip

    assert replies("modeldeck model l") == ["list"]
    assert replies("modeldeck -t acme chat -m openai/ft:") == ["gpt:x"], "its editor replaces what stands behind a :"
    assert len(replies("modeldeck -t acme model test openai ") + replies("modeldeck -t acme chat -m o")) == 6
    assert not (tmp_path / "ran").exists()
    subprocess.run(["bash", "-c", f"compgen -W '{EVIL[0]}'"], cwd=tmp_path, capture_output=True)
    assert (tmp_path / "ran").exists(), "compgen -W, which most scripts use, runs such a name"


@pytest.mark.slow
@NEEDS["fish"]
def test_fish_completes_and_runs_nothing(stocked_home: Path, tmp_path: Path) -> None:
    def replies(line: str) -> list[str]:
        script = f"source {SCRIPTS / 'modeldeck.fish'}; complete -C '{line}'"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script],
            cwd=tmp_path, env=variables(stocked_home), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.splitlines()

    assert replies("modeldeck model li") == ["list\tlist the models of a tenant"]
    assert replies("modeldeck -t acme chat -m openai/f") == ["openai/ft:gpt:x"]
    assert len(replies("modeldeck -t acme model test openai ")) == 3
    (tmp_path / "call.mp3").touch()
    assert replies("modeldeck transcribe ca") == ["call.mp3"]
    assert not (tmp_path / "ran").exists()


@NEEDS["zsh"]
@pytest.mark.slow
def test_zsh_completes_on_a_terminal_and_runs_nothing(stocked_home: Path, tmp_path: Path) -> None:
    start = f"autoload -Uz compinit && compinit -D -u; source {SCRIPTS / 'modeldeck.zsh'}; PS1='%# '"
    with Terminal(["zsh", "-f", "-i"], variables(stocked_home), cwd=os.fspath(tmp_path)) as terminal:
        terminal.send(f"{start}\r")
        terminal.send("modeldeck -t acme chat -m openai/f\t")
        terminal.until("openai/ft:gpt:x")
        terminal.send("\x15modeldeck -t acme model te\topenai gpt-6-s\t")
        terminal.until("model test openai gpt-6-sol")
        terminal.send("\x15modeldeck -t acme model test openai \t\t")
        terminal.until("gpt-6-mini")
    assert not (tmp_path / "ran").exists()


def test_every_shell_has_its_script(modeldeck: Run) -> None:
    for shell in NEEDS:
        assert modeldeck("completions", shell).out == (SCRIPTS / f"modeldeck.{shell}").read_text()


def test_installing_writes_one_file_and_says_what_the_shell_needs(modeldeck: Run, home: Path) -> None:
    before = {path for path in home.rglob("*") if path.is_file()}
    assert modeldeck("completions", "install", "fish", "--dry-run").code == 0
    assert {path for path in home.rglob("*") if path.is_file()} == before
    done = json.loads(modeldeck("completions", "install", "--json", SHELL="/usr/bin/fish").out)
    added = {path for path in home.rglob("*") if path.is_file()} - before
    assert added == {home / ".config/fish/completions/modeldeck.fish"} == {Path(done["file"])}
    assert "autoload -Uz compinit" in modeldeck("completions", "install", "zsh").out
    assert modeldeck("completions", "install", SHELL="/bin/sh").code == 2


def test_installing_replaces_a_link_and_does_not_follow_it(modeldeck: Run, home: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    link = home / ".config/fish/completions/modeldeck.fish"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    assert modeldeck("completions", "install", "fish").code == 0
    assert target.read_text() == "mine" and not link.is_symlink()


def test_completing_imports_neither_the_workspace_nor_a_provider(stocked_home: Path) -> None:
    probe = (
        "import sys, os; from tui.cli.completion import answer\n"
        "assert 'openai/gpt-6-sol' in answer(['words', '-t', 'acme', 'chat', '-m', ''], os.environ)\n"
        "print([name for name in sys.modules if name.startswith(('tui.', 'pathlib', 'dataclasses', 'asyncio'))])"
    )
    # Without site: an editable installation imports some of them before the program begins.
    done = subprocess.run([sys.executable, "-S", "-c", probe], env=environ(stocked_home), cwd=ROOT, capture_output=True)
    modules = done.stdout.decode()
    assert "tui.paths" in modules and done.returncode == 0, done.stderr
    assert not any(
        name in modules for name in ("tui.tenancy", "tui.providers", "tui.storage", "pathlib", "dataclasses")
    )


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("words", "model", "ed"), "words\nedit\t"),
        (("words",), "words\n"),
        (("line", "modeldeck model ed", " "), "words\nedit\n"),
        (("line", "modeldeck -t acme provider set openai --tenant=n", " ="), "words\nnorth-lab\n"),
        (("line", "modeldeck -t acme chat -m 'openai/ft", " :"), "words\nopenai/ft:gpt:x\n"),
        (("line", "modeldeck -t acme chat -m openai/ft:g", " :"), "words\ngpt:x\n"),
        (("words", "exec", "--", ""), "programs\n"),
        (("words", "exec", "--", "cat", ""), "files\n"),
        (("words", "chat", "--nothing=x"), "words\n"),
        (("line", "modeldeck schema tenant cop", ""), "words\ncopy\n"),
        (("words", "-t", "nobody", "provider", "show", "gp"), "words\n"),
        (("other",), "words\n"),
        ((), "words\n"),
    ],
    ids=" ".join,
)
def test_a_shell_asks_the_hidden_command(run_in: Run, stocked_home: Path, words: tuple[str, ...], printed: str) -> None:
    ran = run_in(stocked_home, "__complete", *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(printed) if printed.endswith("\t") or words == ("words",) else ran.out == printed


def test_errors_during_completion_are_silent(run_in: Run, home: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(completion, "answer", lambda words, environ: 1 // 0)
        assert run_in(home, "__complete", "words", "") == Ran(1, "", "")
    assert names.Stored({"HOME": str(home / "none")}, "").tenants() == []
