"""The log tells an operator what was called and how it went; no key reaches it, at any level, from any library."""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import httpx_ws
import pytest

from tests.campaign.leaks import find_leaks
from tests.doubles import keys
from tests.doubles.openai_server import OpenAIServer
from tests.terminal import environ
from tui.cli import main
from tui.diagnostics import debug_log
from tui.diagnostics.debug_log import begin, end, redacted
from tui.errors import Problem
from tui.providers.client import client as wire
from tui.secret import MASK, Secret, live
from tui.vault import key_pair

KEY = "sk-proj-FAKE-log-" + "canary0123456789" * 2
WORD = "kanari with blanks / and signs"


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """The loggers as they were."""
    names = ("", "httpx", "httpcore", "httpx_ws", "wsproto", "asyncio", "modeldeck")
    before = {name: logging.getLogger(name).level for name in names}
    raising = logging.raiseExceptions
    yield
    end()
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)
    logging.raiseExceptions = raising


def log(home: Path) -> str:
    return "".join(path.read_text() for path in sorted(home.rglob(debug_log.NAME + "*")))


@pytest.mark.parametrize(
    "line",
    [
        f"GET https://there/v1?key={KEY}&x=1 failed",
        f"wss://there/v1.1/chat?authorization={'QUJD' * 9}&date=x",
        f"[(b'Authorization', b'Bearer {WORD}'), (b'x-request-id', b'17')]",
        f"{{'api-key': '{WORD}', 'other': 'kept'}}",
        "Set-Cookie: 'kanari=1'",
        f"x-access-token: {WORD}",
        "http://me:kanari@there:8080 refused",
        "Bearer kanari",
        "hf_kanari0000000000",
        "eyJhbGciOiJub25lIn0.kanari.",
        "the key kanari0123456789abcdefkanari0123456789",
        "-----BEGIN PRIVATE KEY-----kanari",
        "md1.9c1e04d2.kanari.kanari",
    ],
)
def test_what_is_shaped_like_a_secret_is_masked(line: str) -> None:
    text = redacted(line)
    assert MASK in text and "kanari" not in text and "canary" not in text and "QUJD" not in text


@pytest.mark.parametrize(
    "line",
    [
        "POST https://api.openai.com/v1/chat/completions: 200 after 412 ms",
        "wss://spark-api.xf-yun.com/v4.0/chat: 101 after 80 ms",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct: 404",
        "began: provider set",
        "connect_tcp.started host='127.0.0.1' port=8080 timeout=10",
    ],
)
def test_what_an_operator_needs_stays(line: str) -> None:
    assert redacted(line) == line


@pytest.mark.slow
def test_a_secret_in_use_is_masked_in_every_spelling_and_forgotten_with_its_box() -> None:
    secret = Secret(WORD)
    for spelling in (WORD, quote(WORD, safe=""), repr(WORD)):
        assert redacted(f"before {spelling} after").replace("'", "") == f"before {MASK} after"
    assert secret in live()
    del secret
    gc.collect()
    assert redacted(WORD) == WORD


def test_an_exception_is_logged_by_kind_and_place_and_a_broken_line_as_broken(tmp_path: Path) -> None:
    begin(environ(tmp_path), "test")
    try:
        raise ValueError(WORD)
    except ValueError:
        logging.getLogger("x").exception("failed")
    logging.getLogger("x").error("%d", "kanari")
    logging.getLogger("x").error("two\nlines\x1b[2J")
    text = log(tmp_path)
    assert "ERROR x: failed (ValueError at test_debug_log.py, line" in text and "could not be put together" in text
    assert "kanari" not in text and "Traceback" not in text
    assert text.splitlines()[-1].endswith("ERROR x: two lines[2J")


@pytest.mark.slow
def test_the_files_are_private_and_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_log, "_SIZE", 500)
    umask = os.umask(0)
    try:
        begin(environ(tmp_path), "test")
        for n in range(100):
            logging.getLogger("x").info("line %d", n)
    finally:
        os.umask(umask)
    files = sorted(tmp_path.rglob(debug_log.NAME + "*"))
    assert len(files) == 5 and {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert all(file.stat().st_size <= 600 for file in files) and "line 99" in files[0].read_text()


def test_a_folder_that_others_can_open_is_not_logged_to(tmp_path: Path) -> None:
    folder = tmp_path / ".local/state/modeldeck/log"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    with pytest.raises(Problem, match="Other users"):
        begin(environ(tmp_path), "test")
    (folder / debug_log.NAME).symlink_to(tmp_path / "elsewhere")
    folder.chmod(0o700)
    with pytest.raises(Problem, match="is a symbolic link"):
        begin(environ(tmp_path), "test")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_a_call_is_logged_with_its_outcome_and_never_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".config/modeldeck").mkdir(parents=True)
    (tmp_path / ".config/modeldeck/config.toml").write_text("log = true\n")
    (tmp_path / "key").write_text(KEY)
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(key_pair, "generate_key_pair", lambda bits: keys.make(1024, 0))
    assert wire.__name__ in sys.modules, "it sets the levels of the libraries when it is imported"
    with OpenAIServer(KEY) as server:
        assert main(["tenant", "create", "acme"]) == 0
        for library in ("", "httpx", "httpcore", "httpx_ws", "wsproto", "asyncio"):
            logging.getLogger(library).setLevel(logging.DEBUG)
        words = ["provider", "set", "openai", f"api_key=@{tmp_path / 'key'}", f"base_url={server.url}"]
        assert main(words) == 0, capsys.readouterr()
        logging.getLogger("").setLevel(logging.DEBUG)
        assert main(["chat", "-m", "openai/gpt-6-sol", "Why?"]) == 0
    text = log(tmp_path)
    assert "modeldeck: began: provider set" in text
    assert f"modeldeck.client: GET {server.url}/models: 200 after " in text
    assert "httpcore" in text, "the libraries were not heard"
    assert (
        not list(find_leaks({"key": KEY.encode()}, [("the log", text.encode())]))
        and "canary" not in text
        and "Why?" not in text
    )


@pytest.mark.slow
async def test_a_signed_address_is_not_logged_by_any_library(tmp_path: Path) -> None:
    begin(environ(tmp_path), "test")
    for name in ("", "httpx", "httpcore", "httpx_ws", "wsproto"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    signed = {"authorization": "a2FuYXJp" * 9, "key": "kanari"}
    with OpenAIServer(KEY) as server:
        async with httpx.AsyncClient() as client:
            await client.get(f"{server.url}/models", params=signed, headers={"x-api-key": "kanari"})
            with pytest.raises(httpx_ws.HTTPXWSException):
                async with httpx_ws.aconnect_ws(f"{server.url}/models".replace("http", "ws"), client, params=signed):
                    pass
    text = log(tmp_path)
    assert "httpx: HTTP Request: GET" in text and "httpcore" in text
    assert "kanari" not in text and "a2FuYXJp" not in text
