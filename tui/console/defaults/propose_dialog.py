"""The dialog that suggests default models after a set-up; nothing is set until confirmed."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.console.defaults.set_default import choose_default
from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog, FramedScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, Part
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.truncate import clip_middle
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.workspace.models import defaults
from tui.workspace.models.proposals import proposed_defaults

_TYPE = 20
"""Cells of the model type in a line."""

_FOCUS_FOOTER = ("page.back",)


class Proposal(Part):
    """`[x] embedding   text-embedding-3-small`: space leaves it out, enter picks another model."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("propose.pick", "pick"),
        bind("toggle.switch", "switch"),
    ]

    class Pick(Message):
        """Posted when another model is wanted for this type."""

        def __init__(self, proposal: "Proposal") -> None:
            super().__init__()
            self.proposal = proposal

    def __init__(self, model: Model) -> None:
        super().__init__(id=f"proposal-{model.type}")
        self.model, self.on = model, True

    def replace(self, model: Model) -> None:
        """Propose that model instead."""
        self.model, self.on = model, True
        self.refresh()

    def render(self) -> Content:
        style = "reverse" if self.has_focus else ""
        name = clip_middle(self.model.id, max(8, self.size.width - _TYPE - 7))
        words = f"[{'x' if self.on else ' '}] {self.model.type.label:<{_TYPE}}{name}"
        return line(self.marker, (words, style))

    def action_pick(self) -> None:
        self.post_message(self.Pick(self))

    def action_switch(self) -> None:
        self.on = not self.on
        self.refresh()

    def on_click(self) -> None:
        self.action_switch()


class Propose(Dialog[str]):
    """Offers defaults. `summary` is what was done before it, `only` limits what is offered.

    Answers `playground` when that is to open, else ''.
    """

    DEFAULT_CSS = "Propose #box Plain { width: 1fr; height: auto; padding-left: 1; }"

    def __init__(
        self, summary: str, title: str = "Default models", only: Mapping[ModelType, Model] | None = None
    ) -> None:
        super().__init__()
        self.BOX_TITLE = title
        self.summary = summary
        self._proposed = only
        self._around = ("Defaults", "")

    def parts(self) -> Iterable[Widget]:
        proposed = proposed_defaults(self.navigator.tenant_session) if self._proposed is None else self._proposed
        rows = defaults.rows(self.navigator.tenant_session)
        chosen = any(row.default for row in rows)
        missing = ", ".join(kind.label for kind in proposed)
        separator = "\n" if "\n" in self.summary else " "
        none = f"No default model yet for {missing}." if chosen else "No default models yet."
        yield Plain(f"{self.summary}{separator}{none}")
        yield Plain("Suggested:\n")
        for model in proposed.values():
            yield Proposal(model)
        yield Plain(" ", id="problem")
        yield Button("Accept and open the playground", id="playground", primary=True)
        yield Button("Accept", id="accept")
        yield Button("Not now", id="not-now")
        yield Plain((hint("\nYou can change or clear them at any time in Defaults ({area.defaults})."), MUTED))

    def chrome(self) -> ScreenText:
        keys: tuple[str, ...]
        if isinstance(self.focused, Proposal):
            keys = ("propose.pick", "focus.up focus.down: move", "toggle.switch", *_FOCUS_FOOTER)
        else:
            keys = ("form.press", "focus.up focus.down: move", *_FOCUS_FOOTER)
        title, right = self._around
        return ScreenText(title, keys, right)

    def on_mount(self) -> None:
        # The rule goes on saying where this dialog came up.
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        if isinstance(below, FramedScreen) and below.is_mounted:
            frame = below.chrome()
            self._around = (frame.title, frame.right)
        self.query_one("#playground", Button).focus()
        self.refresh_chrome()

    def action_back(self) -> None:
        self.dismiss("")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "not-now":
            self.dismiss("")
        else:
            answer = event.button.id if event.button.id == "playground" else ""
            self.run_worker(self._accept(answer or ""), group="accept", exclusive=True, exit_on_error=False)

    async def _accept(self, answer: str) -> None:
        for proposal in self.query(Proposal):
            if proposal.on:
                try:
                    save = partial(choose_default, self.navigator.tenant_session, proposal.model, None)
                    await self.dialogs.over_conflict(save)
                except Problem as problem:
                    self._show_problem(problem)
                    return
        self.dismiss(answer)

    def _show_problem(self, problem: Problem) -> None:
        lines = [
            line(problem_line) for problem_line in problem_lines(problem.message, problem_hint(problem), problem.detail)
        ]
        self.query_one("#problem", Plain).show(Content("\n").join([Content(""), *lines, Content("")]))

    def on_proposal_pick(self, event: Proposal.Pick) -> None:
        self.run_worker(self._pick(event.proposal), group="pick", exclusive=True, exit_on_error=False)

    async def _pick(self, proposal: Proposal) -> None:
        picked = await self.navigator.pick_model(proposal.model.type, proposal.model)
        if picked is not None:
            proposal.replace(picked)
