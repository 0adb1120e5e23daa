"""The Help page: the screen's keys, the general keys, signs, terminal settings, file locations."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen

from tui.console.frame.chrome import AREAS, ScreenText
from tui.console.frame.screen import AreaScreen, FramedScreen
from tui.console.keys import actions_of, bind, footer_items, hint, key_of, keys_of
from tui.console.pages.text import TextPage
from tui.console.widgets.form import FieldRow
from tui.console.widgets.row_list import Rows
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ACCENT
from tui.console.widgets.truncate import fit
from tui.paths import paths

_TWO_COLUMNS = 76
_LEFT, _WIDEST_LEFT = 37, 66
_RIGHT = 33
_KEYS = 8
_RIGHT_KEYS = 11

_GENERAL: Sequence[tuple[Sequence[str], str]] = (
    (("area.providers", "area.models", "area.defaults", "area.playground"), "Providers, Models, Defaults, Playground"),
    (("app.tenants",), "tenants"),
    (("app.commands",), "commands"),
    (("app.lock",), "lock or unlock the tenant"),
    (("app.quit", "app.quit-everywhere"), "quit"),
    (("app.redraw",), "redraw the screen"),
    (("app.suspend",), "suspend"),
    (("app.copy-or-stop",), "copy a selection"),
)

_STEPS = ("down", "up", "first", "last")

_SYMBOLS = (
    "● ready   ○ not set up   ◐ trial   ▲ needs attention   … busy",
    "✕ cannot be decrypted   ■ stopped   ▪ tenant's mark",
)


_PRACTICE = (
    "Practice mode: nothing is saved or sent.",
    "The passphrase of north-lab is practice. Any key is accepted, except with one",
    "of these words in it: refused, restricted, nocredit, busy.",
    "Azure OpenAI answers at https://acme-east.openai.azure.com only, with the",
    "deployments gpt-east, embed-east and whisper-east.",
    "Ask: please fail, please be refused, please be busy, please break, please stall.",
)


class Help(TextPage):
    """Opened from any screen. A form's help has its fields at length."""

    HELP_KEY = ""

    FIND = "help.find"
    BINDINGS: ClassVar[list[BindingType]] = [bind(FIND, "find")]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._about = screen
        self._actions = {action.id: action for action in actions_of(screen)}

    def on_mount(self) -> None:
        self.reader.show(self._lines)

    def chrome(self) -> ScreenText:
        return ScreenText(
            f"Help: {_name(self._about)}",
            self.keys,
            self.reader.visible_range,
            strip=("Report a bug: send the output of modeldeck --version and the log file.", ""),
        )

    # --- the text ---

    def _lines(self, cells: int) -> list[Words]:
        two, left = cells >= _TWO_COLUMNS, max(_LEFT, min(_WIDEST_LEFT, cells - _RIGHT - 10))
        own, general = self._own_keys(left - 2 if two else cells - 3), self._general_keys()
        sections: list[list[Words]] = []
        if two:
            rows = max(len(own), len(general))
            own += [line("")] * (rows - len(own))
            general += [line("")] * (rows - len(general))
            sections.append([_two_columns(*entry, left) for entry in zip(own, general, strict=True)])
        else:
            sections += [[line("   ", entry) for entry in own], [line("   ", entry) for entry in general]]
        if isinstance(self._about, AreaScreen):
            areas = " ".join(key_of(f"area.{area}", typing=True) for area, _ in AREAS)
            sections[-1].append(hint(f"   While you type: {areas} switch areas, {{area.escape}} leaves the field."))
        sections += [self._fields(), self._signs(), self._terminal(), self._files()]
        return [row for section in sections if section for row in [*section, ""]]

    def _own_keys(self, cells: int) -> list[Content]:
        keys: list[tuple[str, str]] = []
        if isinstance(self._about, FramedScreen):
            items = footer_items(self._about.chrome().keys, typing=False)
            keys += [(item.keys, item.word) for item in items[:1] if not item.last]
        local = [action for action in self._actions.values() if not action.is_general]
        keys += [("  ".join(entry.keys[:3]), _lower(entry.words)) for entry in local]
        rows = [row for key in keys for row in _key(*key, cells=cells)]
        lists = self._about.query(Rows)
        move = " ".join(keys_of(f"list.{step}")[-1 if step in ("up", "down") else 0] for step in _STEPS)
        return [*rows, *_key(move, "move", cells=cells)] if lists else rows

    def _general_keys(self) -> list[Content]:
        rows: list[Content] = []
        for ids, words in _GENERAL:
            actions = [self._actions[tenant_id] for tenant_id in ids if tenant_id in self._actions]
            if not actions:
                continue
            if len(ids) > 2:
                # The screen of an area may have a use of its own for the key that leads to it.
                keys = (
                    [action.keys[0] for action in actions]
                    if len(actions) == len(ids)
                    else [key_of(tenant_id) for tenant_id in ids]
                )
            else:
                keys = list(dict.fromkeys(key for action in actions for key in action.keys))[:2]
            gap = "  " if len("  ".join(keys)) <= _KEYS and len(keys) == 2 else " "
            rows += _key(gap.join(keys), words, _RIGHT_KEYS, _RIGHT)
        return rows if isinstance(self._about, AreaScreen) else [*_key(key_of("page.back"), "back", _RIGHT_KEYS), *rows]

    def _fields(self) -> list[Words]:
        lines: list[Words] = []
        for row in self._about.query(FieldRow):
            lines += [("   " + row.label, "bold"), *(f"     {entry}" for entry in row.help)]
        page = getattr(getattr(self._about, "provider", None), "key_page", "")
        return lines + (["   Create an API key here:", f"   {page}"] if page and lines else [])

    def _signs(self) -> list[Words]:
        test = (
            "●●●●●●●●●●  If these two bars differ in length,",
            hint("##########  turn on plain characters ({app.commands} plain)."),
        )
        return [f"   {entry}" for entry in (*_SYMBOLS, *test)]

    def _terminal(self) -> list[Words]:
        return [
            "   Select text with shift and the mouse.  In tmux: set -sg escape-time 20",
            "   Copying goes to your terminal's clipboard; in tmux: set -g set-clipboard on",
        ]

    def _files(self) -> list[Words]:
        session = self.navigator.session
        where = paths(session.environ)
        if session.practice or session.data.path is None:
            return [f"   {entry}" for entry in _PRACTICE] if session.practice else ["   Nothing is saved."]
        settings, keys = where.short(session.data.path), where.short(session.keys.path or where.keys)
        first = f"   Settings  {settings}"
        lines: list[Words] = [fit(first, 43) + f"Keys  {keys}"] if len(first) < 42 else [first, f"   Keys      {keys}"]
        return [*lines, f"   Log       {where.short(where.log)}, contains no keys or texts"]


def _name(screen: Screen[Any]) -> str:
    """Return a screen's name for the title of its help."""
    if isinstance(screen, AreaScreen) and screen.AREA in dict(AREAS):
        return dict(AREAS)[screen.AREA]
    return screen.chrome().title.partition(" · ")[0] if isinstance(screen, FramedScreen) else "keys"


def _key(keys: str, words: str, wide: int = _KEYS, cells: int = 60) -> list[Content]:
    """Format keys and their action, wrapped below."""
    first, *rest = line(words).wrap(max(12, cells - wide)) or [line("")]
    shown = line((fit(keys, max(wide, len(keys) + 1)), ACCENT), first)
    return [shown, *(line(" " * wide, entry) for entry in rest)]


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


def _two_columns(left: Content, right: Content, cells: int) -> Content:
    short = left.truncate(cells - 1, ellipsis=True)
    return line("   ", short, " " * (cells - short.cell_length), right)
