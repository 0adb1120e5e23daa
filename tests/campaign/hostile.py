"""Hostile texts in every place that shows text from outside, on a real terminal whose bytes are read one by one.

A home is set up by command; what a restored or edited file, a server or a neighbour could put there is put there. Then
the console walks over it by keys while a server on loopback answers with more of the same.
"""

import json
import os
import random
import re
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.campaign.figures import Result
from tests.doubles import command_server
from tests.journey.console import opened
from tests.terminal import Terminal, environ
from tui.domain import Model, ModelType, Origin
from tui.sanitize import printable
from tui.storage.folder import DiskFolder
from tui.storage.store import Store
from tui.tenancy.serialization import to_record

MARK = "7777"
"""A parameter that no program would send: a control sequence with it came out of a text."""

FRAGMENTS = (
    *(
        "\x1b[7777m",
        "\x1b[7777;1H",
        "\x1b[7777J",
        "\x1b[?7777h",
        "\x1b[7777 q",
        "\x1b[7777t",
        "\x1b[>7777u",
        "\x9b7777m",
    ),
    *("\x1b]52;c;cm0gLXJmIC8=\x07", "\x1b]52;c;cm0gLXJmIC8=\x1b\\", "\x9d52;c;cm0gLXJm\x9c", "\x1b]0;title\x07"),
    *(
        "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
        "\x1b]9;note\x07",
        "\x1b]777;notify;a;b\x07",
        "\x1b]1337;x\x07",
    ),
    *('\x1bP$q"p\x1b\\', "\x90+q544e\x9c", "\x1b_G7777\x1b\\", "\x1b^7777\x1b\\", "\x1bX7777\x1b\\", "\x98x\x9c"),
    *(
        "\x1bc",
        "\x1b#8",
        "\x1b(0",
        "\x1b>",
        "\x1b=",
        "\x1bM",
        "\x0e",
        "\x0f",
        "\x07",
        "\x08\x08",
        "\x00",
        "\x7f",
        "\x05",
    ),
    *("\r", "\r\n", "\v", "\f", "\t", "\x1c", "\x85", "\u2028", "\u2029", "\x1b", "\x1b[", "\x1b]", "\x9b"),
    *("\u202e", "\u202d", "\u202a", "\u2066", "\u2067", "\u2069", "\u200e", "\u200f", "\u061c", "\ufeff", "\ufff9"),
    *("[red]", "[/red]", "[/]", "[", "]", "[[", "\\[", "[@click=app.quit]x[/]", "[link=http://evil.example]x[/link]"),
    *("[bold", "[/INST]", "[#]", "[on red]", "[$primary]", "@", "\\", "{", "}", "%s", "`", "```", "|", "<b>", "&lt;"),
    *("![x](javascript:x)", "[x](http://evil.example)", "# ", "* " * 3, "\n\n---\n", "\n| a | b |\n|--|--|\n", "\n> "),
    *(
        "e" + "\u0301" * 60,
        "👨\u200d👩\u200d👧",
        "🏳️\u200d🌈",
        "星河",
        "ｗｉｄｅ",
        "שלום",
        "مرحبا",
        "\ue000",
        "\U000e0001",
        "\u200b",
    ),
)
"""What texts are made of."""

ALLOWED = re.compile(
    rb"\x1b\[[0-9;:]*[mHABCDGKJXr]|\x1bM|\x08"  # looks, places, erasing, scrolling
    rb"|\x1b\[\?[0-9;]+[hl]"  # modes
    rb"|\x1b\[\?[0-9;]+\$p"  # questions about modes
    rb"|\x1b\[[<>=]?[0-9;]*u"  # the keyboard's protocol
    rb"|\x1b\[[0-9]*n|\x1b\[[>=]?[0-9]*c|\x1b\[>q"  # where the cursor is, who the terminal is, and its version
    rb"|\x1b\[[0-9;]*t"  # the size in pixels
    rb"|\x1b\]22;default\x07"  # the pointer's shape
    rb"|\x1b[78]|[\r\n]"
)
"""All that the console has to say to a terminal beside text."""

_UNWANTED = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
ASKS = 20
"""Questions to the server; every other one is answered by an error."""
PAGE = 12


def text(chance: random.Random) -> str:
    """A text of some fragments with words between them."""
    return "".join(chance.choice(("", "word ", "x")) + chance.choice(FRAGMENTS) for _ in range(chance.randrange(1, 5)))


def on_a_terminal(count: int, seed: int) -> Result:
    """That many texts as names of models, and as many again in answers; then names, errors, pages and commands."""
    chance = random.Random(seed)
    texts = [text(chance) for _ in range(count)]
    statuses: list[int] = []
    with tempfile.TemporaryDirectory() as folder, _server(texts, statuses) as url:
        home = Path(folder)
        there = environ(home, NO_PROXY="localhost")
        _set_up(there, home, url, texts)
        drawn, ended = _walk(there, texts, statuses)
        output = b"".join(_commands(there))
        crashes = len(list(home.rglob("crash-*")))
    offenders = Counter(offences(drawn)) + Counter(offences(output, plain=True))
    stock = Counter(offences(_stock([*texts[:50], FRAGMENTS[8]])))
    bad = offenders.total() + crashes + (ended != 0)
    words = (
        f"{len(drawn) >> 10:,} KiB on the terminal, {len(output) >> 10:,} KiB by commands: {offenders.total()} offences"
    )
    words += f", {crashes} crashes" + "".join(f"; {what}: {times}" for what, times in offenders.most_common(9))
    control = f"stock widgets let through {stock.total()}, such as {', '.join(list(stock)[:3])}"
    return Result(3 * count, bad, words, control, any("52;c" in text for text in stock))


def offences(drawn: bytes, plain: bool = False) -> Iterator[str]:
    """What is in a terminal's bytes beside text and the sequences that are allowed; commands (`plain`) send none."""
    rest = drawn
    if not plain:
        for sequence in ALLOWED.findall(drawn):
            if MARK.encode() in sequence:
                yield ascii(sequence)
        rest = ALLOWED.sub(b"", drawn)
    for offenders in re.finditer(rb"\x1b.{0,12}", rest, re.DOTALL):
        yield ascii(offenders[0])
    readable = rest.decode("utf-8", "replace").replace("\n", "").replace("\r", "").replace("\x1b", "")
    yield from (ascii(part) for part in _UNWANTED.findall(readable))


def _set_up(there: dict[str, str], home: Path, url: str, texts: Sequence[str]) -> None:
    def modeldeck(*words: str, stdin: str = "") -> None:
        ran = command_server.run(words, there, home, stdin.encode())
        assert ran.code == 0, ran.err

    modeldeck("tenant", "create", "acme")
    modeldeck("provider", "set", "openai_compatible", "api_key=-", f"base_url={url}", stdin="sk-FAKE-hostile\n")
    store = Store(DiskFolder(home / ".local/share/modeldeck/tenants/acme"))
    kinds = list(ModelType)
    # An ID with characters that are not shown is not read at all; what else is stored may hold anything.
    ids = [f"{printable(text)} {n}".strip() for n, text in enumerate(texts)]
    with store.transaction() as tables:
        models = [
            Model("openai_compatible", ids[n], kinds[n % 3], Origin.ADDED, fields={"base_model": text}, ends=text[:9])
            for n, text in enumerate(texts)
        ]
        tables.table("models").insert_multiple({**to_record(model)} for model in models)
        tables.table("meta").update({"name": "acme" + texts[0]})
        tables.table("defaults").insert_multiple(
            {"type": kind, "provider": "openai_compatible", "model": ids[n], "set_at": texts[n]}
            for n, kind in enumerate(kinds[1:])
        )
        tables.table("defaults").insert(
            {"type": "chat", "provider": "openai_compatible", "model": "good", "set_at": ""}
        )
        tables.table("models").insert(to_record(Model("openai_compatible", "good", ModelType.CHAT, Origin.ADDED)))
        check = {"state": "refused", "at": "2026-11-22T06:00:00Z", "ms": 1, "message": texts[1], "hint": texts[2]}
        tables.table("credentials").update({"check": check | {"detail": texts[3]}})


def _walk(there: dict[str, str], texts: Sequence[str], statuses: Sequence[int]) -> tuple[bytes, int]:
    """What the console sent to the terminal on the way through its screens, and its exit code."""
    with opened(there) as terminal:
        terminal.until("Providers")
        _press(terminal, "\r", "\x1b", ":", "model", "\x1b", "\x1b", "?", "\x1b")
        _press(terminal, "3", "\r", *["\x1b[6~"] * 4, "\x1b", "2", "\r", "\x1b")
        for _ in range(len(texts) // PAGE):
            _press(terminal, "\x1b[6~", quiet=0.03)
        _press(terminal, "\r", "t", "/", "x")
        _open_playground(terminal)
        for n in range(1, ASKS + 1):
            terminal.send(f"ask {n}?")
            terminal.until(f"> ask {n}?")
            terminal.send("\r")
            terminal.until(lambda n=n: len(statuses) == n and "ctrl+c stop" not in terminal.text)  # type: ignore[misc]
            # What was asked and refused stands in the entry again.
            _press(terminal, "\x15", quiet=0.05)
        _press(terminal, "\x1b")
        for _ in range(len(texts) // PAGE):
            _press(terminal, "\x1b[5~", quiet=0.03)
        _press(terminal, "0", "\x1b")
        terminal.paste("".join(texts[:20]).replace("\x1b[201~", ""))
        _press(terminal, "\x11", "\x1b[B", "\r", quiet=0.3)
        return bytes(terminal.raw), terminal.wait(60)


def _open_playground(terminal: Terminal) -> None:
    """Leave the filter, and open the playground.

    A busy machine may read escape and the key after it as one key, alt+4, which does nothing: then both once more.
    """
    for _ in range(5):
        _press(terminal, "\x1b", "4", quiet=0.5)
        with suppress(AssertionError):
            terminal.until("enter send", seconds=10)
            return
    terminal.until("enter send")


def _press(terminal: Terminal, *keys: str, quiet: float = 0.15) -> None:
    for key in keys:
        if terminal.exit_code is None:
            terminal.send(key)
            terminal.settle(quiet, 2)


def _commands(there: dict[str, str]) -> Iterator[bytes]:
    """The output of commands that show what is stored or what a server says."""
    commands = (
        "model list",
        "default show",
        "provider show openai_compatible",
        "provider list",
        "tenant list",
        "audit show",
    )
    for words in (*commands, "export", "model refresh openai_compatible", "chat why?", "chat why?", "vault status"):
        ran = command_server.run(["-t", "acme", *words.split()], there, Path(there["HOME"]))
        assert b"Traceback" not in ran.err, ran.err
        yield ran.out + ran.err


@contextmanager
def _server(texts: Sequence[str], statuses: list[int]) -> Iterator[str]:
    """The base URL of a server that lists the texts as models, and answers with them, well and badly in turn.

    The status of each answer is added to `statuses`.
    """
    share = max(len(texts) // ASKS * 2, 1)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, "application/json", json.dumps({"data": [{"id": text} for text in texts[:500]]}))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            number = len(statuses)
            own_texts = [texts[(number // 2 * share + n) % len(texts)] for n in range(share)]
            if number % 2:
                error: Any = {"error": {"message": own_texts[0], "code": own_texts[-1], "type": own_texts[0]}}
                self._say((400, 404, 422)[number % 3], "application/json", json.dumps(error))
                return
            chunks = [{"choices": [{"index": 0, "delta": {"content": text + "\n"}}]} for text in own_texts]
            chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": own_texts[0]}]})
            self._say(
                200,
                "text/event-stream",
                "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n",
            )

        def _say(self, status: int, kind: str, body: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())
            if self.command == "POST":
                statuses.append(status)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/v1"
        server.shutdown()


def _stock(texts: Sequence[str]) -> bytes:
    """The bytes that Textual's own widgets send for such texts."""
    script = (
        "import json, sys\n"
        "from textual.app import App\n"
        "from textual.widgets import Static\n"
        "class Stock(App):\n"
        "    def compose(self):\n"
        "        yield from (Static(each, markup=False) for each in json.load(open(sys.argv[1])))\n"
        "    def on_mount(self):\n"
        "        self.set_timer(0.5, self.exit)\n"
        "Stock().run()\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts"
        path.write_text(json.dumps(texts))
        with Terminal([sys.executable, "-c", script, os.fspath(path)], environ(folder), rows=100) as terminal:
            terminal.wait(60)  # its screen is not looked at: the emulator has weak points of its own
            return bytes(terminal.raw)
