"""The stack of screens that navigation and dialogs need, without Textual's app behind it."""

from collections.abc import Callable
from typing import Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

from tui.console.frame.screen import FramedScreen

Result = TypeVar("Result")


class RecordedScreen(FramedScreen[None]):
    """A screen that is never mounted and notes what it was told."""

    is_mounted = True

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.label = name
        self.calls: list[str] = []

    def hide_when_locked(self) -> None:
        self.calls.append("hide")

    def refresh_chrome(self) -> None:
        self.calls.append("refresh")

    def changed_elsewhere(self) -> None:
        self.calls.append("changed")


class FakeStack:
    """Holds the screens shown. `answers` gives the result of each page that is pushed, in turn."""

    def __init__(self, answers: Callable[[Screen[Any]], Any] = lambda page: None) -> None:
        self.screen_stack: list[Screen[Any]] = [RecordedScreen("first")]
        self.installed: dict[str, Screen[Any]] = {}
        self.pushed: list[Screen[Any]] = []
        self._answers = answers

    @property
    def screen(self) -> Screen[Any]:
        return self.screen_stack[-1]

    async def push_screen_wait(self, screen: Screen[Result]) -> Result:
        self.pushed.append(screen)
        answer: Result = self._answers(screen)
        return answer

    def switch_screen(self, screen: Screen[Any]) -> AwaitComplete:
        self.screen_stack[-1] = screen
        return AwaitComplete()

    def install_screen(self, screen: Screen[Any], name: str) -> None:
        assert name not in self.installed
        self.installed[name] = screen

    def uninstall_screen(self, screen: Screen[Any]) -> str | None:
        name = next(name for name, installed in self.installed.items() if installed is screen)
        del self.installed[name]
        return name
