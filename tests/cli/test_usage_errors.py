"""Usage errors name the word that is wrong, suggest the one that was meant, and never repeat a secret."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, ROOT, Run, environ
from tui.cli.help import help_text
from tui.cli.parser import parse
from tui.cli.registry import COMMANDS
from tui.errors import UsageError


def usage_error(*words: str) -> str:
    """The whole text of the usage error that the words lead to."""
    with pytest.raises(UsageError) as error:
        parse(words)
    return f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize(
    ("words", "wrong", "meant"),
    [
        ("modle list", "Unknown command modle.", "Did you mean modeldeck model?"),
        ("models list", "Unknown command models.", "Did you mean modeldeck model?"),
        ("model lst", "Unknown command model lst.", "Did you mean modeldeck model list?"),
        ("vault rotat", "Unknown command vault rotat.", "Did you mean modeldeck vault rotate?"),
        ("list tenant", "Unknown command list.", "Did you mean modeldeck tenant list?"),
        ("verify openai", "Unknown command verify.", "Did you mean modeldeck provider verify or "),
        ("ls", "Unknown command ls.", "modeldeck tenant list"),
        ("login", "Unknown command login.", "modeldeck provider set"),
        ("paths --jsn", "Unknown option --jsn.", "Did you mean --json?"),
        ("chat hi --no-steam", "Unknown option --no-steam.", "Did you mean --no-stream?"),
        ("model list --tenannt acme", "Unknown option --tenannt.", "Did you mean --tenant?"),
        ("model list --type=chta", "Unknown --type chta.", "Did you mean chat?"),
        ("default set chta openai/x", "Unknown TYPE chta.", "Did you mean chat?"),
        ("paths --colour", "Unknown option --colour.", "modeldeck paths --help"),
        ("undo --yes", "Unknown option --yes. modeldeck undo --help", ""),
        ("-x", "Unknown option -x.", "modeldeck --help"),
        ("--versoin", "Unknown option --versoin.", "Did you mean --version?"),
        ("--version --json", "--version takes no other words.", ""),
        ("-t acme -V", "--version takes no other words.", ""),
    ],
)
def test_a_wrong_word_is_named_and_the_right_one_suggested(words: str, wrong: str, meant: str) -> None:
    text = usage_error(*words.split())
    assert wrong in text and meant in text


@pytest.mark.parametrize(
    "words",
    [
        (KEY,),
        ("provider", KEY),
        ("chat", f"--{KEY}"),
        ("chat", "--sk-test-secret"),
        ("chat", f"--jsn={KEY}"),
        ("paths", KEY),
        ("default", "set", KEY, "x"),
        ("model", "list", "--type", KEY),
    ],
)
def test_a_secret_in_the_wrong_place_is_never_repeated(words: tuple[str, ...]) -> None:
    text = usage_error(*words)
    assert KEY not in text and "sk-test" not in text


def test_an_option_does_not_swallow_the_option_behind_it() -> None:
    assert "-t, " not in usage_error("model", "list", "-t", "--json")
    assert "--tenant needs a value" in usage_error("model", "list", "-t", "--json")
    assert parse(["chat", "hi", "-s", "-be brief"]).one("system") == "-be brief"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("provider", "show", "opnai"), ("Unknown provider opnai.", "Did you mean openai?")),
        (("-t", "acmee", "model", "list"), ("no tenant acmee", "Did you mean acme?")),
        (("chat", "Why?", "-m", "openai/gpt-5.4-mni"), ("gpt-5.4-mni", "Did you mean gpt-5.4-mini?")),
        (
            ("chat", "Why?", "-m", "openai/gpt-4o", "-p", "temprature=1"),
            ("Unknown parameter temprature.", "Did you mean temperature?"),
        ),
        (("provider", "set", "openai", f"apikey={KEY}"), ('Unknown field "apikey".', "Did you mean api_key?")),
        (("credential", "use", "openai", "defalt"), ("no credential defalt of OpenAI", "Did you mean default?")),
        (("credential", "remove", "openai", "defalt"), ("no credential defalt of OpenAI", "Did you mean default?")),
        (("doctor", "openai", "defalt"), ("no credential defalt of OpenAI", "Did you mean default?")),
        (("provider", "verify", "openai", "--name", "defalt"), ("no credential defalt", "Did you mean default?")),
    ],
)
def test_a_wrong_name_is_named_and_the_right_one_suggested(
    ready: Run, words: tuple[str, ...], says: tuple[str, str]
) -> None:
    ran = ready(*words)
    assert (ran.code, ran.out) == (2, "")
    assert all(part in ran.err for part in says) and KEY not in ran.err


def test_help_is_a_command_too(modeldeck: Run) -> None:
    for words, about in (((), ()), (("model",), ("model",)), (("provider", "set"), ("provider", "set"))):
        ran = modeldeck("help", *words)
        assert (ran.code, ran.out) == (0, help_text(about) + "\n")
    assert modeldeck("version").out == modeldeck("--version").out


@pytest.mark.parametrize("words", [command.words for command in COMMANDS], ids=" ".join)
def test_help_fits_80_columns(words: tuple[str, ...]) -> None:
    assert [line for line in help_text(words).splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words) or "console")
def test_every_command_has_a_function(command: object) -> None:
    from importlib import import_module

    module, _, function = command.handler.partition(":")  # type: ignore[attr-defined]
    assert callable(getattr(import_module(f"tui.cli.commands.{module}"), function))


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("import", "~nobody-here/x"),
        ("export", "-o", "~nobody-here/x"),
        ("transcribe", "-m", "openai/whisper-1", "~nobody-here/x"),
        ("provider", "set", "openai", "api_key=@~nobody-here/x"),
        ("tenant", "passphrase", "acme", "--passphrase-file", "~nobody-here/x"),
        ("tenant", "create", "other", "--passphrase-fd", "99999999999999999999"),
        ("tenant", "create", "other", "--passphrase-fd", "9" * 5000),
        ("audit", "show", "-n", "9" * 5000),
        ("trial", "set", "openai", "--calls", "9" * 5000),
        ("vault", "restore", "--state", "9" * 5000),
        ("chat", "Why?", "-p", "max_tokens=" + "9" * 5000),
    ],
)
def test_unusable_paths_and_numbers_are_usage_errors(ready: Run, words: tuple[str, ...]) -> None:
    ran = ready(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "bug" not in ran.err and "fault" not in ran.err and len(ran.err) < 1000


def shell(home: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in which `modeldeck` is the command."""
    function = f'modeldeck() {{ {sys.executable} -m tui "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", function + script],
        cwd=ROOT,
        env=environ(home) | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.parametrize("words", ["--version", "--help", "provider list", "provider list --json"])
def test_an_output_that_cannot_be_written_is_reported(home: Path, words: str) -> None:
    for target, reason in (("/dev/full", "no space left on device"), ("&-", "it is closed")):
        done = shell(home, f"modeldeck {words} >{target}")
        assert done.returncode == 1
        assert done.stderr.splitlines()[0] == f"Standard output cannot be written: {reason}."


@pytest.mark.slow
def test_a_pipe_that_its_reader_closed_ends_the_command_silently_with_141(home: Path) -> None:
    done = shell(home, "modeldeck provider show openai --json | true; echo ${PIPESTATUS[0]}")
    # A reader that closes late enough gets everything.
    assert (done.stdout, done.stderr) in (("141\n", ""), ("0\n", ""))
    done = shell(home, "(sleep 0; modeldeck provider list) 1> >(exec 0<&-; exit) ; :")
    assert done.stderr == ""


@pytest.mark.slow
def test_a_stderr_that_cannot_be_written_changes_no_exit_code(home: Path) -> None:
    assert shell(home, "modeldeck nonsense 2>/dev/full").returncode == 2
    assert shell(home, "modeldeck nonsense 2>&-").returncode == 2


@pytest.mark.slow
def test_json_is_whole_in_any_encoding(home: Path) -> None:
    script = "modeldeck tenant rename acme 北京实验室 && modeldeck tenant list --json"
    done = shell(home, script, PYTHONIOENCODING="latin-1")
    assert r"\u5317\u4eac\u5b9e\u9a8c\u5ba4" in done.stdout and "?" not in done.stdout.splitlines()[-1]
    assert "北京实验室" in shell(home, "modeldeck tenant list --json").stdout, "the control"


@pytest.mark.slow
def test_a_hyphen_means_standard_input(ready: Run) -> None:
    assert ready("chat", "-", stdin="").code == 2, "a blank question, and not a hyphen, was read"
    assert ready("embed", "-", stdin="").code == 2
    assert ready("embed", "-", stdin="a\nb\n").out.count("\n") == 2


def test_many_tenants_are_not_all_named(modeldeck: Run, home: Path) -> None:
    import shutil

    settings = home / ".local/share/modeldeck/tenants"
    for number in range(30):
        shutil.copytree(settings / "acme", settings / f"tenant-{number:03}")
    ran = modeldeck("model", "list")
    assert ran.code == 2
    assert "There are 31 tenants: acme, tenant-000," in ran.err and "and 23 more" in ran.err


@pytest.mark.slow
def test_quiet_prints_the_answer_alone(ready: Run) -> None:
    assert ready("vault", "restore", "acme", "--state", "1", "--yes", "-q").err == ""
