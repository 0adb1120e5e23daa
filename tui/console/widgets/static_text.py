"""Static text without markup."""

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

from tui.console.widgets.truncate import width
from tui.sanitize import visible

Words = Content | str | tuple[str, str]
"""Text, or text with a style: a colour role of `glyphs`, or a word of the theme such as `bold`."""


def line(*parts: Words) -> Content:
    """Join parts into one content: control characters removed, invisible ones shown, markup not interpreted."""
    return Content.assemble(
        *(
            part
            if isinstance(part, Content)
            else visible(part)
            if isinstance(part, str)
            else (visible(part[0]), part[1])
            for part in parts
        )
    )


def draw_line(widget: Widget, content: Content, style: Style) -> Strip:
    """Draw a content's first line in a widget, many times faster than a visual, which could wrap it."""
    if not content.plain.isprintable():
        content = content.split(allow_blank=True)[0].expand_tabs()
    parts = content.render(style, "", widget._get_style)
    return Strip([Segment(text, (style + its).rich_style) for text, its in parts], content.cell_length)


class Plain(Static):
    """Some lines of text. Nothing in it is markup, whoever wrote it."""

    def __init__(self, content: Words = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(_content(content), id=id, classes=classes, markup=False)

    @property
    def text(self) -> str:
        """The text without its styles."""
        return self.content.plain if isinstance(self.content, Content) else ""

    def show(self, content: Words) -> None:
        """Replace the text; the same text again draws nothing."""
        new, old = _content(content), self.content
        if not (isinstance(old, Content) and new.is_same(old)):
            self.update(new, layout=not (isinstance(old, Content) and self._is_same_size(old, new)))

    def _is_same_size(self, old: Content, new: Content) -> bool:
        """Return True if the new content needs no new layout."""
        styles, cells = self.styles, self.content_size.width
        if not cells:
            return False
        before, after = (_text_size(entry.plain) for entry in (old, new))
        wide = before[0] == after[0] if styles.width is not None and styles.width.is_auto else True
        high = before[1] == after[1] and max(before[0], after[0]) <= cells
        return wide and (high or styles.height is None or not styles.height.is_auto)


def _text_size(text: str) -> tuple[int, int]:
    """Return the width of the widest line, and the number of lines."""
    lines = text.split("\n")
    return max(map(width, lines)), len(lines)


def _content(content: Words) -> Content:
    return content if isinstance(content, Content) else line(content)
