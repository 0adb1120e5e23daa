"""Split terminal input into keys and pastes, however a slow line cuts or joins it.

Two rules hold here, before any widget sees a key:

* Escape and another key that arrive together (tmux's escape-time, a slow line, or a key sent as alt+key) are escape,
  then that key.
* Where the terminal marks pastes, all other text was typed, also keys that arrive in one read. Elsewhere long text and
  text with line ends in it is a paste, which never submits anything; a line end after a few characters was typed.

What waits in the terminal from before the console began was typed, too: nothing was there yet to paste into.
"""

import asyncio
import errno
import os
import re
import select
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, TextIO

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from tui.console.terminal.flow_control import ANSWER, FlowControl

ESC = "\x1b"
_PASTE_START = "\x1b[200~"
_PASTE_END = "\x1b[201~"
_ASK_BRACKETS = "\x1b[?2004$p\x1b[>q"
_BRACKETS = re.compile(r"\x1b\[\?2004;(\d)\$y")
"""Whether the terminal marks pastes: asked by DECRQM, and answered with 1 or 2 (set, reset) where it knows the mode."""
_VERSION = re.compile(r"\x1bP>\|[^\x1b]{0,200}\x1b\\")
"""The answer to XTVERSION. tmux before 3.6 knows no DECRQM; every terminal that tells its version marks pastes."""
_LONG = 64
_TYPED_AHEAD = 16
"""Characters with an enter after them that can have been typed before they were read. API keys are longer."""
_ANSWER = 1.0
"""Seconds that the terminal's last answer is waited for, at the end and at the beginning."""

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])")
_PARTIAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O|P(?:>(?:\|[^\x1b]{0,200}\x1b?)?)?)?\Z")


@dataclass(frozen=True)
class Keys:
    """Text for the key parser: plain keys or one whole escape sequence."""

    text: str


@dataclass(frozen=True)
class Pasted:
    """Pasted text; line ends are line feeds."""

    text: str


@dataclass(frozen=True)
class Escape:
    """The escape key alone."""


Piece = Keys | Pasted | Escape


@dataclass
class InputSplitter:
    """Cuts what was read into pieces. Keeps an unfinished sequence, or an unfinished paste, for the next read."""

    pending: str = ""
    paste: list[str] | None = field(default=None)
    brackets: bool = False
    """Whether the terminal marks pastes: it said so, or did once."""
    starting: bool = False
    """Whether text may have been typed before the console began, when the enter key was a line feed."""

    def feed(self, data: str) -> Iterator[Piece]:
        """Yield the pieces of one read."""
        data, self.pending = self.pending + data, ""
        while data:
            if self.paste is not None:
                text, end, data = self._until_end(data)
                self.paste.append(text)
                if end:
                    yield Pasted(_lines("".join(self.paste)))
                    self.paste = None
            elif data.startswith(_PASTE_START):
                self.paste, data, self.brackets = [], data[len(_PASTE_START) :], True
            elif not data.startswith(ESC):
                text, escape, rest = data.partition(ESC)
                data = escape + rest
                if self.starting and len(text) < _LONG:
                    yield Keys(text.replace("\n", "\r"))
                else:
                    yield Keys(text) if self.brackets else _keys_or_paste(text)
            elif match := _BRACKETS.match(data):
                data, self.brackets = data[match.end() :], self.brackets or match[1] in "12"
            elif match := _VERSION.match(data):
                data, self.brackets = data[match.end() :], True
            elif match := _SEQUENCE.match(data):
                data = data[match.end() :]
                yield Keys(match[0])
            elif _PARTIAL.match(data):
                self.pending, data = data, ""
            else:
                yield Escape()
                data = data[1:]

    def flush(self) -> Iterator[Piece]:
        """Yield what was held back: nothing followed within the escape delay."""
        pending, self.pending = self.pending, ""
        if pending and self.paste is None and not pending.startswith("\x1bP>"):
            yield Escape()
            if pending[1:]:
                yield Keys(pending[1:])
        elif pending:
            self.pending = pending

    def _until_end(self, data: str) -> tuple[str, str, str]:
        """Return a paste's text, its end mark if it arrived, and the rest; a partial end mark is held back."""
        text, end, rest = data.partition(_PASTE_END)
        if not end:
            cut = next((n for n in range(len(_PASTE_END) - 1, 0, -1) if data.endswith(_PASTE_END[:n])), 0)
            text, self.pending = data[: len(data) - cut], data[len(data) - cut :]
        return text, end, rest


def _keys_or_paste(text: str) -> Piece:
    body = text[:-1] if text[-1] in "\r\n" and len(text) <= _TYPED_AHEAD else text
    line_end = "\r" in body or "\n" in body
    if len(text) >= _LONG or (line_end and text.strip("\r\n\t\x08\x7f")):
        return Pasted(_lines(text))
    return Keys(text)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def split_alt_key(key: events.Key) -> list[events.Key]:
    """Return a key pressed with alt as the two keys that terminals send."""
    if not key.key.startswith("alt+") or len(key.key) == len("alt+"):
        return [key]
    name = key.key.removeprefix("alt+")
    character = key.character if key.character and len(key.character) == 1 else None
    if character is None and len(name) == 1:
        character = name
    if name == "enter":
        return [events.Key("enter", "\r")]
    return [events.Key("escape", ESC), events.Key(name, character)]


class Output:
    """The terminal as a file. One that went away takes everything, so that nobody waits for it: its reader tells."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, or lose what nobody sees."""
        with _terminal_lost():
            self._file.write(text)

    def flush(self) -> None:
        """Send what was written."""
        with _terminal_lost():
            self._file.flush()


@contextmanager
def _terminal_lost() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise


class TerminalDriver(LinuxDriver):
    """The terminal's driver, with the two rules above between the line and the key parser, and the line's pace."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._file = Output(self._file)  # type: ignore[assignment, arg-type]  # as much of a file as is used
        self.pace = FlowControl(takes=self._accepts_input)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        # Textual's own handler may be interrupted by the next signal, and then tells the older size after the newer.
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._on_resize)
        if self._writer_thread is not None:
            self.pace.reset()
            self.write(_ASK_BRACKETS)
            # The time of an answer alone; what is sent later is measured by it.
            self.write(self.pace.count_sent(0, monotonic()))

    def _sigcont_application(self, *_: object) -> None:
        if self._must_signal_resume:
            super()._sigcont_application()
        else:
            # Nothing was suspended: it comes with a terminal that hangs up, too, and after a stop that none can handle.
            self._loop.call_soon_threadsafe(self._app.post_message, self.SignalResume())

    def _on_resize(self) -> None:
        """Handle a new window size."""
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self._app.post_message(events.Resize(size, size))

    def disable_input(self) -> None:
        # An answer that comes when nobody reads here any more would be typed into the shell.
        deadline = monotonic() + _ANSWER
        while self.pace.answers and self.pace.bytes_in_flight and monotonic() < deadline:
            sleep(0.01)
        super().disable_input()

    def _accepts_input(self) -> bool:
        poll = select.poll()
        poll.register(self.fileno, select.POLLOUT)
        return bool(poll.poll(0))

    def run_input_thread(self) -> None:
        """Read until the driver stops; a terminal that went away ends the reading, not the processor."""
        parser = XTermParser(self._debug)
        splitter = InputSplitter(starting=True)
        began = monotonic()
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(constants.ESCAPE_DELAY if splitter.pending else 0.1):
                    try:
                        data = os.read(self.fileno, 1 << 16)
                    except OSError:
                        data = b""
                    if not data:
                        self.pace.reset()
                        os.kill(os.getpid(), signal.SIGHUP)
                        self.exit_event.wait()
                        return
                    pieces = splitter.feed(decode(data))
                else:
                    pieces = splitter.flush()
                    # What waited is read at once.
                    splitter.starting = splitter.starting and monotonic() - began < _ANSWER
                for piece in pieces:
                    if piece == Keys(ANSWER):
                        splitter.starting = False
                        self.pace.take_status(monotonic())
                        self._loop.call_soon_threadsafe(self.pace.then)
                        continue
                    self.pace.note_key(monotonic())
                    for message in _messages(piece, parser):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)


def _messages(piece: Piece, parser: XTermParser) -> Iterator[Message]:
    match piece:
        case Escape():
            yield events.Key("escape", ESC)
        case Pasted(text):
            yield events.Paste(text)
        case Keys(text):
            for message in parser.feed(text):
                if isinstance(message, events.Key):
                    yield from split_alt_key(message)
                else:
                    yield message
