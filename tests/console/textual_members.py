"""The private members of Textual that the console overrides, uses or imports: where, why, and as they were read.

Read each of them again when the version of Textual changes: `test_textual_members.py` fails for those that differ, and
`python -m tests.console.textual_members` prints their new digests.
"""

import ast
import hashlib
import inspect
import sys
import textwrap
from importlib import import_module
from typing import Any, NamedTuple

from tests import syntax


class Member(NamedTuple):
    """A member by module, class and name, as `textual.app:App._display`; without a class it is imported."""

    path: str
    files: tuple[str, ...]
    """Where it is used, below `tui/console`; () for a function that other code of ours takes for granted."""
    why: str
    digest: str

    @property
    def name(self) -> str:
        """The name as it stands in our code."""
        return self.path.rpartition(":")[2].rpartition(".")[2]


MEMBERS = (
    # Imported
    Member(
        "textual._ansi_sequences:SYNC_END",
        ("terminal/display.py",),
        "brackets a frame that is sent in parts",
        "e5ea05b3e31a",
    ),
    Member("textual._ansi_sequences:SYNC_START", ("terminal/display.py",), "as above", "bee5cb715878"),
    Member(
        "textual._compositor:ChopsUpdate",
        ("terminal/cells.py", "terminal/display.py"),
        "a change of some cells",
        "7c7d3e0bf714",
    ),
    Member(
        "textual._compositor:Compositor",
        ("terminal/compositor.py",),
        "its way of putting rows together is slow",
        "6496df3a7ac5",
    ),
    Member("textual._compositor:CompositorUpdate", ("terminal/cells.py",), "the type of all updates", "3c3ba1394893"),
    Member(
        "textual._compositor:LayoutUpdate",
        ("terminal/cells.py", "terminal/display.py"),
        "a change of all cells",
        "619efe1cea78",
    ),
    Member(
        "textual._xterm_parser:XTermParser",
        ("terminal/driver.py",),
        "turns bytes of the terminal into keys",
        "fc1e32fb7a4a",
    ),
    # Overridden
    Member(
        "textual._compositor:Compositor._render_chops",
        ("terminal/compositor.py",),
        "asks widgets for fewer rows",
        "ca8c3359d7af",
    ),
    Member(
        "textual.app:App._display", ("app.py",), "the one way out to the terminal, to send what differs", "4b78dff6669a"
    ),
    Member(
        "textual.app:App._handle_exception",
        ("app.py", "terminal/display.py"),
        "Textual's prints a traceback with the values of all variables",
        "baea2e7f88e7",
    ),
    Member(
        "textual.drivers.linux_driver:LinuxDriver._file",
        ("terminal/driver.py",),
        "a terminal may go away",
        "a83b573b4b8f",
    ),
    Member(
        "textual.drivers.linux_driver:LinuxDriver._sigcont_application",
        ("terminal/driver.py",),
        "tells a return from the shell from a terminal that hangs up",
        "1d7463a74df1",
    ),
    Member(
        "textual.message_pump:MessagePump._on_message",
        ("frame/screen.py",),
        "a Problem is shown, never a crash",
        "12c0b6eb18e5",
    ),
    Member("textual.screen:Screen._compositor", ("frame/screen.py",), "the compositor of this project", "dce98338e498"),
    Member(
        "textual.widget:Widget._on_key", ("widgets/text_area.py",), "enter sends instead of a new line", "acbab9719090"
    ),
    Member(
        "textual.widgets._input:Input._on_paste", ("widgets/input.py",), "all of a paste, made one line", "4130f8efa484"
    ),
    Member(
        "textual.widgets._text_area:TextArea._on_paste",
        ("widgets/text_area.py",),
        "a limit to what is pasted",
        "786b2d3d97b5",
    ),
    # Set or read
    Member("textual.app:App._batch_count", ("terminal/display.py",), "nothing is shown within a batch", "fd0cc6fa09d7"),
    Member("textual.app:App._driver", ("terminal/display.py",), "where the cells are written to", "6d8e7cd3b115"),
    Member("textual.app:App._exception", ("app.py",), "how the handler of errors ends the app", "cdc09bc68f73"),
    Member("textual.app:App._exception_event", ("app.py",), "as above", "4974515f8db6"),
    Member("textual.app:App._exit", ("app.py",), "errors while leaving are none", "86c8ebccb8b2"),
    Member(
        "textual.app:App._loop", ("app.py", "terminal/driver.py"), "errors of a thread reach the app", "6e16b197face"
    ),
    Member("textual.app:App._return_code", ("app.py",), "how the handler of errors ends the app", "c26c5063ba3d"),
    Member(
        "textual.app:App._sync_available", ("terminal/display.py",), "whether frames can be bracketed", "29bce93db42f"
    ),
    Member(
        "textual.dom:DOMNode._bindings",
        ("app.py", "keys.py", "widgets/form.py"),
        "the keys of one node",
        "66cba324509c",
    ),
    Member(
        "textual.driver:Driver._app",
        ("terminal/driver.py",),
        "where events are sent to",
        "f217ec2b2400",
    ),
    Member("textual.driver:Driver._debug", ("terminal/driver.py",), "an argument of the parser", "725ac8e6cebf"),
    Member(
        "textual.drivers.linux_driver:LinuxDriver._get_terminal_size",
        ("terminal/driver.py",),
        "after a new size",
        "7e80e59356c6",
    ),
    Member(
        "textual.drivers.linux_driver:LinuxDriver._in_band_window_resize",
        ("terminal/driver.py",),
        "such a terminal tells its size itself",
        "7eb9aa96accf",
    ),
    Member(
        "textual.drivers.linux_driver:LinuxDriver._must_signal_resume",
        ("terminal/driver.py",),
        "see above",
        "7dea48e8026a",
    ),
    Member(
        "textual.drivers.linux_driver:LinuxDriver._writer_thread",
        ("terminal/driver.py",),
        "there is a terminal",
        "bd7b5a1ab712",
    ),
    Member(
        "textual.message_pump:MessagePump._close_messages_no_wait",
        ("app.py",),
        "ends the app after an error",
        "f5db7e8fd40a",
    ),
    Member(
        "textual.message_pump:MessagePump._closed",
        ("terminal/display.py",),
        "nothing is shown after the end",
        "83d6d360aee9",
    ),
    Member(
        "textual.message_pump:MessagePump._running",
        ("terminal/display.py",),
        "nothing is shown before the start",
        "80101f4d1941",
    ),
    Member(
        "textual.screen:Screen._push_result_callback",
        ("app.py",),
        "the first screen has none, and switching takes it",
        "fedf253e12e2",
    ),
    Member(
        "textual.widget:Widget._get_style",
        ("widgets/static_text.py", "widgets/transcript.py"),
        "draws a line without a visual",
        "c070a87f85df",
    ),
    Member(
        "textual.timer:Timer._skip",
        ("frame/navigator.py",),
        "a machine that stalls as the timer starts must not lose its only call",
        "e4d699742b58",
    ),
    Member(
        "textual.worker:Worker._task",
        ("frame/pending_actions.py",),
        "its end is the end of an action, also where it never began",
        "ff3b7eea2615",
    ),
    # Taken for granted by the display
    Member("textual._compositor:ChopsUpdate.render_segments", (), "its cells are taken from it", "4c1cdb567e0b"),
    Member("textual._compositor:LayoutUpdate.render_segments", (), "its cells are taken from it", "ff329c722506"),
    Member("textual.app:App._begin_update", (), "what Textual sends around a frame", "74b869c65286"),
    Member("textual.screen:Screen._compositor_refresh", (), "when updates are shown", "7a40efe56381"),
    Member("textual.strip:Strip.render_style", (), "how a style becomes bytes", "749d890bb5c4"),
)

RICH = ("_attributes", "_set_attributes", "_color_system")
"""Private members of rich that are read: the bits of a style, and the colours of the terminal."""


def digest(path: str) -> str:
    """Return the beginning of a hash of the source of a member: of a function, a class, or what sets an attribute."""
    module_name, _, qualified = path.partition(":")
    owner: Any = import_module(module_name)
    *classes, name = qualified.split(".")
    for part in classes:
        owner = getattr(owner, part)
    member = inspect.getattr_static(owner, name, None)
    member = inspect.unwrap(
        next((getattr(member, part) for part in ("fget", "func", "__func__") if hasattr(member, part)), member)
    )
    if inspect.isclass(member) or inspect.isfunction(member):
        source = inspect.getsource(member)
    elif classes:
        source = _settings(owner, name)
    else:
        source = repr(member)
    return hashlib.sha256(source.encode()).hexdigest()[:12] if source else ""


def _settings(owner: type, name: str) -> str:
    """Return the statements of a class that set an attribute, '' if there is none."""
    statements = [
        ast.unparse(node)
        for node in ast.walk(syntax.parse(textwrap.dedent(inspect.getsource(owner))))
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if name in (getattr(target, "attr", ""), getattr(target, "id", ""))
    ]
    return "\n".join(statements)


if __name__ == "__main__":
    for member in MEMBERS:
        if member.digest != digest(member.path):
            sys.stdout.write(f"{member.path}  {digest(member.path) or 'gone'}\n")
