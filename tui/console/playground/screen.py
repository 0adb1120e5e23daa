"""The Playground screen: a tab for each model type, each with its own model, and one to compare models."""

from collections.abc import Iterable
from importlib import import_module
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tui.console.frame.chrome import Footer, Rule, ScreenText
from tui.console.frame.screen import AreaScreen
from tui.console.keys import bind
from tui.console.playground.tab import PromptTab, Tab
from tui.console.remedies import problem_hint
from tui.console.trial_status import source_words, switch
from tui.console.widgets.symbols import ACCENT, MUTED, mode_sign
from tui.console.widgets.truncate import clip_middle
from tui.domain import ModelType
from tui.errors import Problem
from tui.workspace.credentials import status

COMPARE = "compare"
_TABS: dict[str, tuple[str, str, str]] = {
    ModelType.CHAT: ("chat", "ChatTab", "Chat"),
    ModelType.EMBEDDING: ("embedding", "EmbeddingTab", "Embedding"),
    ModelType.SPEECH2TEXT: ("speech", "SpeechTab", "Speech-to-text"),
    COMPARE: ("compare", "CompareTab", "Compare"),
}
"""Model type, or `compare` -> the tab's folder, class and label."""


class Playground(AreaScreen):
    """Hosts the tabs. A tab is made when it is first shown and stays as it was left."""

    AREA = "playground"
    DEFAULT_CSS = "Playground.-own-rule > #foot, Playground.-own-rule > HintBar { display: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("playground.type", "next_type"),
        bind("playground.type-again", "next_type"),
        bind("playground.model", "model"),
        bind("playground.source", "source"),
        bind("playground.raw", "raw"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.type: str = ModelType.CHAT
        self._tabs: dict[str, Tab] = {}
        self.keys_act = False
        """Whether a tab comes into view by a plain key, so that keys go on acting in it instead of typing."""

    def content(self) -> Iterable[Widget]:
        self._tabs[self.type] = _create_tab(self.type)
        yield ContentSwitcher(self._tabs[self.type], id="tabs", initial=f"tab-{self.type}")

    @property
    def tab(self) -> Tab | None:
        """The tab shown, None before the first is mounted."""
        tab = self._tabs.get(self.type)
        return tab if tab is not None and tab.is_attached else None

    def on_mount(self) -> None:
        self._on_tab_shown()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.query_one(Footer).allow(1 if self.has_class("-no-strip") else 2)

    @property
    def lowest_rule(self) -> Rule:
        return (self.tab.rule if self.tab else None) or super().lowest_rule

    def refresh_chrome(self) -> None:
        super().refresh_chrome()
        if not self.is_mounted or self.is_closing or self.tab is None:
            return
        # The second row of the footer takes that of a note which says nothing.
        if isinstance(self.tab, PromptTab):
            self.tab.composer.set_low(self.has_class("-no-strip") or self.query_one(Footer).rows > 1)
        if self.tab.rule is None:
            foot = self.query_one("#foot", Rule)
            foot.show_sign(mode_sign(self.typing))
            foot.color(ACCENT if self.typing else MUTED)

    async def show_type(self, type: str) -> None:  # noqa: A002 - the word of the design
        """Show the tab of a model type, or the one that compares."""
        self.type = type
        switcher = self.query_one("#tabs", ContentSwitcher)
        if type not in self._tabs:
            self._tabs[type] = _create_tab(type)
            await switcher.add_content(self._tabs[type])
        switcher.current = f"tab-{type}"
        self._on_tab_shown()

    def _on_tab_shown(self) -> None:
        """Prepare the tab that came into view."""
        if self.tab is not None:
            self.set_class(self.tab.rule is not None, "-own-rule")
            self.tab.on_tab_shown()
        self.refresh_chrome()

    def chrome(self) -> ScreenText:
        tab = self.tab
        title = "  ".join(f"[{label}]" if entry == self.type else label for entry, (_, _, label) in _TABS.items())
        if tab is None:
            return ScreenText(title, keys=())
        frame = tab.chrome()
        if tab.rule is not None:
            tab.rule.show(frame.foot, frame.foot_right)
        source = source_words(status.row(self.navigator.tenant_session, tab.model.provider)) if tab.model else ""
        cells = self.size.width - len(title) - 12 - len(source)
        ref = tab.model.ref if tab.model else ""
        if tab.sign:
            cells -= len(tab.sign) + 3
            # Whether it is recorded counts more than whose key pays, where both do not fit.
            source, cells = (f"{source} · {tab.sign}", cells) if cells >= 8 else (tab.sign, cells + len(source) + 3)
        if tab.model and len(ref) > cells:
            ref = clip_middle(tab.model.id, max(8, cells))
        right = f"{ref} · {source}" if ref else " · ".join(filter(None, ("no model", tab.sign)))
        return ScreenText(title, frame.keys, frame.right or right, frame.foot, frame.foot_right, frame.strip)

    def on_screen_resume(self) -> None:
        if self.tab is not None:
            self.tab.on_tab_shown()
            if self.switched_to:
                self.tab.take_focus()

    def action_escape(self) -> None:
        if self.tab is not None:
            self.tab.escape()

    async def action_next_type(self) -> None:
        types, self.keys_act = list(_TABS), not self.typing
        await self.show_type(types[(types.index(self.type) + 1) % len(types)])
        self.keys_act = False

    def action_model(self) -> None:
        self.run_worker(self._pick(), group="pick", exclusive=True)

    async def _pick(self) -> None:
        tab = self.tab
        if tab is not None and (model := await self.navigator.pick_model(tab.TYPE, tab.model, prompt=tab.prompt)):
            tab.set_model(model)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "source":
            return True if self.tab is not None and self.tab.has_trial else None
        return super().check_action(action, parameters)

    def action_source(self) -> None:
        if self.tab is not None and self.tab.model is not None:
            self.run_worker(self._switch(self.tab.model.provider), group="source", exclusive=True, exit_on_error=False)

    async def _switch(self, provider_id: str) -> None:
        session = self.navigator.tenant_session
        try:
            work = switch(session, status.row(session, provider_id))
            self.dialogs.toast(await self.run_undoable(session, work))
        except Problem as problem:
            self.dialogs.toast(f"{problem.message} {problem_hint(problem)}")
        self.refresh_chrome()

    def action_history(self) -> None:
        if self.tab is not None:
            self.run_guarded(self.tab.resume(), "resume")

    def action_correct(self) -> None:
        if self.tab is not None:
            self.tab.action_correct()

    def action_raw(self) -> None:
        from tui.console.playground.raw_view import RawView  # lazy: the page

        request = self.tab.raw_request if self.tab is not None else None
        if request is None:
            self.dialogs.toast("Nothing was sent here yet.")
        elif request[1].muted:
            self.dialogs.toast("A request on a trial is not shown: it holds the operator's account.")
        else:
            self.app.push_screen(RawView(*request))

    def hide_when_locked(self) -> None:
        for tab in self.query(Tab).results(Tab):
            tab.last_request = None
        if self.tab is not None:
            self.tab.hide_when_locked()

    def unsaved(self) -> str:
        return next((reason for tab in self.query(Tab).results(Tab) if (reason := tab.unsaved())), "")

    def changed_elsewhere(self) -> None:
        if self.tab is not None:
            self.tab.on_tab_shown()
        self.refresh_chrome()


def _create_tab(type: str) -> Tab:  # noqa: A002 - the word of the design
    """Create a tab of that type; its module is imported when first needed."""
    module, name, _ = _TABS[type]
    tab: Tab = getattr(import_module(f"tui.console.playground.{module}.tab"), name)(id=f"tab-{type}")
    return tab
