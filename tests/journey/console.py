"""Steps of a person at the console, on a real terminal, by keys alone."""

import sys
from collections.abc import Mapping

from tests.terminal import Loaded, Terminal

MODELDECK = (sys.executable, "-m", "tui")
ENTER, ESCAPE, DOWN, TAB = "\r", "\x1b", "\x1b[B", "\t"


def opened(environ: Mapping[str, str], *arguments: str, columns: int = 80, rows: int = 24) -> Terminal:
    """The console on a terminal, in a fork of a process that has it loaded."""
    return Terminal(Loaded(arguments), environ, columns, rows)


def started(environ: Mapping[str, str], *arguments: str, columns: int = 80, rows: int = 24) -> Terminal:
    """The console on a terminal, as a shell starts it."""
    return Terminal([*MODELDECK, *arguments], environ, columns, rows)


def first_answer(terminal: Terminal, question: str, answer: str) -> int:
    """From the welcome screen with a key in the environment to a whole answer; the decisions it took."""
    terminal.until("Start with")
    terminal.until("with OPENAI_API_KEY ")
    terminal.send(ENTER)  # 1: this tenant, with the key found
    terminal.until("[ Use ")
    terminal.send(ENTER)  # 2: take, verify and save the key
    terminal.until("[ Accept and open the playground ]")
    terminal.send(ENTER)  # 3: the proposed defaults
    ask(terminal, question, answer)
    return 3


def ask(terminal: Terminal, question: str, answer: str) -> None:
    """Type a question into the playground and see the whole answer."""
    terminal.until("enter send")
    terminal.type(question)
    terminal.until(question)
    terminal.send(ENTER)
    terminal.until(answer)
    terminal.until("first token")
    terminal.until(lambda: "answering" not in terminal.text)


def quit_console(terminal: Terminal, *, with_chat: bool = False) -> None:
    """Leave it the plain way, without the chat if there is one, and see that it left the screen as it was."""
    terminal.send("\x11")
    if with_chat:
        terminal.until("is not saved")
        terminal.settle()
        terminal.send(DOWN)
        terminal.until("▸ [ Quit ]")
        terminal.send(ENTER)
    assert terminal.wait() == 0, terminal.text
    assert b"\x1b[?1049l" in terminal.raw
