"""The empty frame, drawn at once while the first screen is imported."""

from collections.abc import Iterable

from textual.widget import Widget

from tui.console.frame.chrome import HeaderState, ScreenText
from tui.console.frame.screen import FramedScreen


class SplashScreen(FramedScreen[None]):
    """Tenant and areas, nothing else. Keys wait at the app until there is something to act on."""

    def __init__(self, area: str) -> None:
        super().__init__()
        self._opens = area

    def content(self) -> Iterable[Widget]:
        return ()

    def chrome(self) -> ScreenText:
        return ScreenText("", ())

    def header_state(self) -> HeaderState:
        return self.console.header_state(self._opens, "keys" if self.navigator.tenant else "")

    def on_mount(self) -> None:
        # The app waits for this screen to be gone, which it could not do here.
        self.call_after_refresh(self.app.call_later, self.console.begin)
