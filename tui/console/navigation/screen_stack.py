"""What the console's navigation needs of Textual's app: its stack of screens."""

from typing import Any, Protocol, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Result = TypeVar("Result")


class ScreenStack(Protocol):
    """Textual's `App` is one. See its documentation for what the methods do."""

    @property
    def screen(self) -> Screen[Any]: ...

    @property
    def screen_stack(self) -> list[Screen[Any]]: ...

    async def push_screen_wait(self, screen: Screen[Result]) -> Result: ...

    def switch_screen(self, screen: Screen[Any]) -> AwaitComplete: ...

    def install_screen(self, screen: Screen[Any], name: str) -> None: ...

    def uninstall_screen(self, screen: Screen[Any]) -> str | None: ...
