"""Where a passphrase comes from: a descriptor, a file, the service manager, a variable, a prompt; no argument."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, environ, run_process
from tests.terminal import Loaded, Terminal
from tui.cli.secret_files import private_file, secret_in
from tui.errors import UsageError

PASSPHRASE = "open sesame"
OPENS = ("vault", "confirm")
"""A command that needs the key, and nothing else."""


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return path


def service_credentials(folder: Path, tenant_id: str, text: str = PASSPHRASE) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"modeldeck-{tenant_id}").write_text(text)
    return folder


@pytest.mark.slow
def test_a_file_of_ones_own_opens_the_tenant(run_in: Run, locked_home: Path, secret_file: Path) -> None:
    ran = run_in(locked_home, *OPENS, "--passphrase-file", str(secret_file))
    assert (ran.code, ran.err) == (0, "")


def _replace_by_link(path: Path) -> None:
    path.rename(path.with_name("real"))
    path.symlink_to(path.with_name("real"))


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def _replace_by_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.chmod(0o640), "chmod 600 "),
        (lambda path: path.chmod(0o604), "chmod 600 "),
        (_replace_by_link, "is a symbolic link"),
        (_replace_by_folder, "is not a regular file"),
        (Path.unlink, "cannot be read"),
        (_replace_by_fifo, "is not a regular file"),
    ],
    ids=["group", "others", "link", "folder", "missing", "fifo"],
)
def test_a_file_that_others_could_read_is_refused(
    run_in: Run, locked_home: Path, secret_file: Path, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(secret_file)
    ran = run_in(locked_home, *OPENS, "--passphrase-file", str(secret_file))
    assert ran.code == 2 and says in ran.err and PASSPHRASE not in ran.err


def test_a_file_of_another_user_is_refused(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private_file(str(secret_file)).close()
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(UsageError, match="belongs to another user"):
        private_file(str(secret_file))


@pytest.mark.slow
def test_the_service_manager_hands_over_every_tenants_own(run_in: Run, locked_home: Path, tmp_path: Path) -> None:
    folder = service_credentials(tmp_path / "credentials", "north-lab")
    assert run_in(locked_home, *OPENS, CREDENTIALS_DIRECTORY=str(folder)).code == 0
    (folder / "modeldeck-north-lab").rename(folder / "modeldeck-somebody-else")
    assert run_in(locked_home, *OPENS, CREDENTIALS_DIRECTORY=str(folder)).code == 5


@pytest.mark.slow
def test_a_variable_opens_the_tenant_is_warned_about_once_and_removed(run_in: Run, locked_home: Path) -> None:
    ran = run_in(locked_home, *OPENS, MODELDECK_PASSPHRASE=PASSPHRASE)
    assert ran.code == 0 and ran.err.count("can read MODELDECK_PASSPHRASE") == 1 and PASSPHRASE not in ran.err
    assert "MODELDECK_PASSPHRASE" not in os.environ


@pytest.mark.slow
def test_no_child_of_a_command_sees_the_variable(locked_home: Path, tmp_path: Path) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import subprocess, sys\n"
        "from tui.cli import runner\n"
        "from tui.workspace.credentials import confirmation\n"
        "async def examine(session):\n"
        "    sys.stdout.write(subprocess.run(['env'], capture_output=True, text=True).stdout)\n"
        "    raise SystemExit(0)\n"
        "confirmation.examine = examine\n"
        "runner.run(['vault', 'confirm'])\n"
    )
    environment = environ(locked_home) | {"MODELDECK_PASSPHRASE": PASSPHRASE, "OTHER": "is inherited"}
    ran = subprocess.run([sys.executable, str(spy)], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "OTHER=is inherited" in ran.stdout, ran.stderr
    assert PASSPHRASE not in ran.stdout


@pytest.mark.parametrize("source", ["file", "service manager", "variable"])
def test_a_wrong_passphrase_opens_nothing_wherever_it_comes_from(
    run_in: Run, locked_home: Path, secret_file: Path, tmp_path: Path, source: str
) -> None:
    secret_file.write_text("wrong\n")
    words = ("--passphrase-file", str(secret_file)) if source == "file" else ()
    folder = service_credentials(tmp_path / "credentials", "north-lab", "wrong")
    variables = {
        "service manager": {"CREDENTIALS_DIRECTORY": str(folder)},
        "variable": {"MODELDECK_PASSPHRASE": "wrong"},
    }
    ran = run_in(locked_home, *OPENS, *words, **variables.get(source, {}))
    assert ran.code == 5 and "Wrong passphrase" in ran.err


@pytest.mark.slow
def test_what_the_command_names_comes_first_then_the_service_manager_then_the_variable(
    run_in: Run, locked_home: Path, secret_file: Path, tmp_path: Path
) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    service_credentials(right, "north-lab")
    service_credentials(wrong, "north-lab", "wrong")
    named = ("--passphrase-file", str(secret_file))
    assert run_in(locked_home, *OPENS, *named, CREDENTIALS_DIRECTORY=str(wrong), MODELDECK_PASSPHRASE="wrong").code == 0
    assert run_in(locked_home, *OPENS, CREDENTIALS_DIRECTORY=str(right), MODELDECK_PASSPHRASE="wrong").code == 0
    assert run_in(locked_home, *OPENS, MODELDECK_PASSPHRASE=PASSPHRASE, typed=("wrong",)).code == 0
    assert run_in(locked_home, *OPENS, typed=(PASSPHRASE,)).code == 0


def test_two_sources_on_one_line_are_one_too_many(run_in: Run, locked_home: Path, secret_file: Path) -> None:
    ran = run_in(locked_home, *OPENS, "--passphrase-fd", "0", "--passphrase-file", str(secret_file))
    assert ran.code == 2 and "exclude each other" in ran.err


def test_without_any_source_the_methods_are_named(run_in: Run, locked_home: Path) -> None:
    ran = run_in(locked_home, *OPENS)
    assert ran.code == 5
    for method in ("--passphrase-fd", "--passphrase-file", "modeldeck-north-lab", "MODELDECK_PASSPHRASE"):
        assert method in ran.err


def test_a_passphrase_is_no_argument(run_in: Run, locked_home: Path) -> None:
    for words in (("--passphrase", PASSPHRASE), (f"--passphrase={PASSPHRASE}",)):
        ran = run_in(locked_home, *OPENS, *words)
        assert ran.code == 2 and PASSPHRASE not in ran.err


@pytest.mark.slow
def test_old_and_new_passphrase_from_one_file(run_in: Run, locked_home: Path, secret_file: Path) -> None:
    secret_file.write_text(f"{PASSPHRASE}\nopen barley\n")
    words = ("tenant", "passphrase", "north-lab", "--passphrase-file", str(secret_file))
    assert run_in(locked_home, *words).code == 0
    secret_file.write_text("open barley\n\n")
    assert run_in(locked_home, *words, "--yes").code == 0
    assert [row["open"] for row in json.loads(run_in(locked_home, "tenant", "list", "--json").out)] == [True]


@pytest.mark.slow
def test_a_variable_is_the_present_passphrase_and_never_a_new_one(run_in: Run, locked_home: Path) -> None:
    ran = run_in(locked_home, "tenant", "passphrase", "north-lab", MODELDECK_PASSPHRASE=PASSPHRASE)
    assert ran.code == 2 and "A new passphrase needs a terminal" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize("source", ["file", "variable", "service manager"])
def test_the_console_starts_open(locked_home: Path, secret_file: Path, tmp_path: Path, source: str) -> None:
    words = ["--passphrase-file", str(secret_file)] if source == "file" else []
    variables = {
        "variable": {"MODELDECK_PASSPHRASE": PASSPHRASE},
        "service manager": {"CREDENTIALS_DIRECTORY": str(service_credentials(tmp_path / "credentials", "north-lab"))},
    }
    environment = environ(locked_home) | {"TERM": "xterm-256color"} | variables.get(source, {})
    with Terminal(Loaded(words), environment, cwd=str(ROOT)) as terminal:
        terminal.until("north-lab  open")
        terminal.send("q")
        assert terminal.wait() == 0
        assert PASSPHRASE.encode() not in terminal.raw


@pytest.mark.slow
def test_a_passphrase_for_the_console_needs_its_tenant(two_tenants: Path, secret_file: Path) -> None:
    words = Loaded(["--passphrase-file", str(secret_file)])
    with Terminal(words, environ(two_tenants) | {"TERM": "xterm-256color"}, cwd=str(ROOT)) as terminal:
        assert terminal.wait() == 2
        assert "Name the tenant with -t NAME" in terminal.text


@pytest.mark.slow
def test_a_tenant_is_created_with_a_passphrase_out_of_a_file(tmp_path: Path, secret_file: Path) -> None:
    ran = run_process(tmp_path, "tenant", "create", "acme", "--passphrase-file", str(secret_file), "--json")
    assert ran.code == 0 and json.loads(ran.out)["protected"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"open sesame", "open sesame"),
        (b"open sesame\n", "open sesame"),
        (b"open sesame\r\n", "open sesame"),
        (b"\xef\xbb\xbfopen sesame\n", "open sesame"),
        (b"open\rsesame\n", "open\rsesame"),
        (b"\nopen sesame\n", ""),
        (b"\n", ""),
        (b"open sesame\nanother\n", "open sesame"),
        ("größe\n".encode(), "größe"),
    ],
)
def test_one_file_is_the_same_passphrase_from_every_source(tmp_path: Path, content: bytes, passphrase: str) -> None:
    path = tmp_path / "modeldeck-acme"
    path.write_bytes(content)
    path.chmod(0o600)
    script = (
        "import os, sys\n"
        "from tui.cli.secret_input import SecretInput\n"
        "path = sys.argv[1]\n"
        "for name in sys.argv[2:]:\n"
        "    fd = os.open(path, os.O_RDONLY)\n"
        "    os.dup2(fd, 0)\n"
        "    source = {'file': ('', path), '0': ('0', ''), 'fd': (str(fd), ''), 'systemd': ('', '')}[name]\n"
        "    secrets = SecretInput(*source, {'CREDENTIALS_DIRECTORY': os.path.dirname(path)})\n"
        "    secret = secrets.passphrase_without_prompt('acme')\n"
        "    sys.stdout.buffer.write((secret.reveal() if secret else '').encode() + b'|')\n"
    )
    command = [sys.executable, "-c", script, str(path), "file", "fd", "systemd", "0"]
    there = {"PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run(command, capture_output=True, env=there, check=False, timeout=60)
    assert (ran.stdout.decode(), ran.stderr) == (f"{passphrase}|" * 4, b"")


def test_a_variable_that_is_not_text_is_reported(run_in: Run, locked_home: Path) -> None:
    ran = run_in(locked_home, *OPENS, MODELDECK_PASSPHRASE="open \udcff")
    assert ran.code == 2 and "MODELDECK_PASSPHRASE is not UTF-8 text." in ran.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_api_key_is_read_from_a_file_in_the_encoding_of_its_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "key.txt"
    path.write_bytes("sk-FAKE-0123456789\r\n".encode(encoding))
    assert secret_in(path, "The file").reveal() == "sk-FAKE-0123456789"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_a_key_file_without_a_known_mark_is_refused_with_the_encoding_to_use(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "key.txt"
    path.write_bytes("sk-FAKE-0123456789\n".encode(encoding))
    with pytest.raises(UsageError, match="is not UTF-8 text") as refused:
        secret_in(path, "The file")
    assert refused.value.hint == "Save it as UTF-8."
