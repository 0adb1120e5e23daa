"""Chat with a model."""

from tui.domain import ModelType
from tui.screens.tab import Tab
from tui.widgets.frame import Frame


class ChatTab(Tab):
    """Questions and streamed answers."""

    TYPE = ModelType.CHAT

    def frame(self) -> Frame:
        return Frame("", ("? help",))

    def escape(self) -> None:
        """Nothing runs yet."""
