"""Text that is never markup."""

from textual.content import Content
from textual.widgets import Static

from tui.text import printable

Words = Content | str | tuple[str, str]
"""Text, or text with a style: a colour role of `glyphs`, or a word of the theme such as `bold`."""


def line(*parts: Words) -> Content:
    """Parts joined into one content; outside text loses what must not reach a terminal, and markup means nothing."""
    return Content.assemble(
        *(
            part
            if isinstance(part, Content)
            else printable(part)
            if isinstance(part, str)
            else (printable(part[0]), part[1])
            for part in parts
        )
    )


class Plain(Static):
    """Some lines of text. Nothing in it is markup, whoever wrote it."""

    def __init__(self, content: Words = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(_content(content), id=id, classes=classes, markup=False)

    def show(self, content: Words) -> None:
        """Replace the text; the same text again draws nothing."""
        new = _content(content)
        if not (isinstance(self.content, Content) and new.is_same(self.content)):
            self.update(new)


def _content(content: Words) -> Content:
    return content if isinstance(content, Content) else line(content)
