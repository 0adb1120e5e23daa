"""What a flow may ask of the person at the console: the protocol that flows are tested with."""

from collections.abc import Sequence
from typing import Protocol

from tui.console.widgets.static_text import Words


class Questions(Protocol):
    """Ask questions and confirm what was done. The app is one; a test passes its own."""

    async def ask(self, title: str, lines: Sequence[Words], choices: dict[str, str]) -> str | None:
        """Ask with one button a choice (value -> label). Return None if it was left."""
        ...

    async def confirm_plain_http(self, origins: Sequence[str]) -> bool:
        """Return True if unencrypted http to these origins is wanted."""
        ...

    async def ensure_unlocked(self, waiting: str = "", then: str = "", *, again: bool = False) -> bool:
        """Return True once the tenant is unlocked, False if the passphrase was not given."""
        ...

    def toast(self, text: str) -> None:
        """Show a notice of something that was done."""
        ...
