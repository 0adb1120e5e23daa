"""The embedding tab: texts, one per line, and the similarity of their vectors."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tui.console.frame.chrome import Rule, ScreenText
from tui.console.frame.screen import problem_lines
from tui.console.keys import bind, hint
from tui.console.playground.call_status import CallStatus
from tui.console.playground.embedding.footer import footer, pair_words, text_words
from tui.console.playground.embedding.heatmap import LEGEND, Heatmap
from tui.console.playground.embedding.options import AcceptedOptions, EmbeddingOptions, accepted_by
from tui.console.playground.embedding.result import MAP, EmbeddingResult
from tui.console.playground.embedding.summary import rule_words, summary
from tui.console.playground.tab import SingleCallTab, pick_model_hint
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import ACCENT, MUTED
from tui.console.widgets.text_area import LinesField
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.events import Event, Usage, Vectors
from tui.tenancy.connections import provider_of
from tui.workspace.playground.embedding.documents import embed_all
from tui.workspace.playground.embedding.vectors import MAX_TEXTS, Comparison, compare

_EMPTY = "Nothing was embedded yet."
_THREE = "Three embedded texts are needed."
_NO_MODEL = "No default embedding model yet."

_LIMIT = 1_000_000
"""Characters of all texts together."""


class EmbeddingTab(SingleCallTab):
    """The texts that were typed, and the last result."""

    TYPE = ModelType.EMBEDDING
    DEFAULT_CSS = """
    EmbeddingTab #said { height: auto; }
    EmbeddingTab .-none { display: none; }
    EmbeddingTab #writing { height: 7; dock: bottom; display: none; }
    EmbeddingTab.-writing #writing { display: block; }
    EmbeddingTab #writing Plain { width: 3; }
    EmbeddingTab #texts { height: 6; }
    EmbeddingTab.-locked #result, EmbeddingTab.-locked #writing { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("embedding.write", "write"),
        bind("embedding.parameters", "parameters"),
        bind("embedding.again", "again"),
        bind("embedding.copy", "copy"),
        bind("embedding.save", "save"),
        bind("embedding.scatter", "scatter"),
        bind("embedding.models", "models"),
        bind("embedding.nearest", "nearest"),
        bind("embedding.batch", "batch"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._stopped = ""
        self._ref = ""
        self._options = EmbeddingOptions()

    def compose(self) -> ComposeResult:
        yield Plain(id="said", classes="-none")
        yield EmbeddingResult()
        with Vertical(id="writing"):
            yield Rule(id="texts-rule")
            with Horizontal():
                yield Plain(" > ")
                yield LinesField(id="texts", wraps=False, limit=_LIMIT)

    def on_mount(self) -> None:
        self._show_rule()

    @property
    def result(self) -> EmbeddingResult:
        return self.query_one(EmbeddingResult)

    @property
    def compared(self) -> Comparison | None:
        """The last comparison."""
        return self.result.compared

    # --- texts around the tab ---

    def chrome(self) -> ScreenText:
        field = self.query_one(LinesField)
        if self.call_status is not None:
            keys = ("app.copy-or-stop: stop", "area.escape: commands") if field.has_focus else ("area.escape: stop",)
            return ScreenText("", keys, foot=self.call_status.words, strip=self.call_status.strip)
        inputs = ("playground.model", *(("embedding.parameters: params",) if self._accepted else ()))
        entries = footer(self.compared, inputs, self.source_keys, typing=field.has_focus)
        mapped = self.compared is not None and 2 < len(self.compared.texts) <= MAP
        foot, legend = ("cosine × 100", LEGEND) if mapped else ("", "")
        return ScreenText("", entries, foot=self._stopped or foot, foot_right=legend, strip=self._strip())

    def _strip(self) -> tuple[Words, Words]:
        if self.compared is None or self.has_class("-locked"):
            return "", ""
        if self.result.many:
            return pair_words(self.compared, self.result.rows.key)
        return text_words(self.compared, self.query_one(Heatmap).index)

    def on_unlocked(self) -> None:
        super().on_unlocked()
        self._set_error()

    @property
    def begins_typing(self) -> bool:
        return self.compared is None and not self.has_class("-locked")

    def take_focus(self) -> None:
        if self.has_class("-locked"):
            return
        if self.compared is None:
            self.action_write()
        else:
            self.remove_class("-writing")
            self.result.rows.focus()

    def hide_when_locked(self) -> None:
        self.add_class("-locked")
        self._set_error(
            f"{self.navigator.tenant.name if self.navigator.tenant else ''} is locked.",
            hint("{embedding.write} asks for the passphrase."),
        )
        self.leave_fields()

    def on_descendant_focus(self) -> None:
        self.set_class(self.query_one(LinesField).has_focus, "-writing")
        self._show_rule()

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def escape(self) -> None:
        if self.query_one(LinesField).has_focus:
            if self.compared is not None and self.call_status is None:
                self.take_focus()
            else:
                # Plain keys act from here; the text stays in sight.
                self.leave_fields()
        elif self.call_status is not None:
            self.stop_call()

    # --- the texts ---

    def action_write(self) -> None:
        if self.has_class("-locked"):
            self.ask_to_open()
            return
        self.add_class("-writing")
        self.query_one(LinesField).focus()

    def on_text_area_changed(self) -> None:
        self._show_rule()

    def model_changed(self) -> None:
        self._show_rule()

    @property
    def texts(self) -> list[str]:
        """The lines of the field that hold something."""
        return [text.strip() for text in self.query_one(LinesField).text.split("\n") if text.strip()]

    def unsaved(self) -> str:
        embedded = list(self.compared.texts) if self.compared else []
        return "The texts that you wrote are not embedded." if self.texts not in ([], embedded) else ""

    def _show_rule(self) -> None:
        rule = self.query_one("#texts-rule", Rule)
        rule.show(*rule_words(len(self.texts), self._applied))
        rule.color(ACCENT if self.query_one(LinesField).has_focus else MUTED)

    # --- parameters ---

    @property
    def _accepted(self) -> AcceptedOptions:
        return accepted_by(self.navigator.tenant_session, self.model)

    @property
    def _applied(self) -> EmbeddingOptions:
        """The options that are sent."""
        return self._accepted.apply(self._options)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "parameters" and not self._accepted else super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        return "This model has no parameters." if action == "parameters" else ""

    def action_parameters(self) -> None:
        self.run_worker(self._choose_parameters(), group="parameters", exclusive=True, exit_on_error=False)

    async def _choose_parameters(self) -> None:
        from tui.console.playground.embedding.parameters import EmbeddingParameters  # lazy: the page

        if options := await self.app.push_screen_wait(EmbeddingParameters(self._options, self._accepted)):
            self._options = options
            self._show_rule()
            self.refresh_chrome()

    def on_lines_field_too_long(self, event: LinesField.TooLong) -> None:
        message = f"The paste has {event.size:,} characters, too many. Nothing was pasted."
        self._set_error(message, "Paste a part of it.")

    def on_lines_field_sent(self) -> None:
        if self.call_status is None and self.texts:
            self.action_again()

    # --- embedding ---

    def action_again(self) -> None:
        texts = self.texts
        if self.call_status is not None:
            return
        if self.model is None:
            self._set_error(_NO_MODEL, pick_model_hint("these texts"))
        elif not texts:
            self.action_write()
        elif len(texts) > MAX_TEXTS:
            self._set_error(f"You entered {len(texts):,} texts; up to {MAX_TEXTS} can be compared.", "Leave some out.")
        else:
            self.run_worker(self._embed(texts), group="call", exclusive=True, exit_on_error=False)

    async def _embed(self, texts: Sequence[str]) -> None:
        model = self.model
        assert model is not None
        field = self.query_one(LinesField)
        sent = field.text
        if (result := await self._embedded(model, texts)) is not None:
            self._ref = model.ref
            self.result.show(result[0], summary(*result))
            if field.text == sent or not field.has_focus:  # else typing goes on: its keys are no commands
                self.take_focus()
            else:
                self.refresh_chrome()

    async def _embedded(self, model: Model, texts: Sequence[str]) -> tuple[Comparison, int, float] | None:
        """Return the similarity of texts by a model, its tokens and seconds; None after a problem, which is shown."""
        session = self.navigator.tenant_session
        if not await self.dialogs.ensure_unlocked(f"embed {len(texts)} texts"):
            return None
        await self.warn_of_budget()
        self._set_error()
        label = provider_of(session, model.provider).label
        self.call_status = call_status = CallStatus(label, f"embedding 0 of {len(texts)}")
        ticking = self.set_interval(1.0, self.refresh_chrome)
        self._stopped, tokens, count = "", 0, 0

        def take(event: Event) -> None:
            nonlocal tokens, count
            if isinstance(event, Vectors):
                count += len(event.vectors)
                call_status.activity = f"embedding {count} of {len(texts)}"
            elif isinstance(event, Usage):
                tokens = event.input or 0
            call_status.apply(event)
            self.refresh_chrome()

        self.console.set_running("playground/embedding", self.stop_call)
        try:
            await asyncio.to_thread(lambda: session.process.client)  # what it imports takes a moment
            began, log = call_status.seconds, self.record(model)
            options = accepted_by(session, model).apply(self._options)
            embed = partial(embed_all, session, model, texts, wire_log=log, on_event=take)
            vectors = await embed(query=options.queries, dimensions=options.dimensions)
            seconds = call_status.seconds - began
            call_status.activity = f"comparing {len(texts)} vectors"
            self.refresh_chrome()
            return await asyncio.to_thread(compare, texts, vectors), tokens, seconds
        except asyncio.CancelledError:
            self._stopped = f"stopped after {call_status.seconds:.1f} s"
            raise
        except Problem as problem:
            self._set_error(problem.message, problem_hint(problem), problem.detail)
            return None
        finally:
            ticking.stop()
            self.call_status = None
            self.console.set_running("playground/embedding", None)
            self.warn_of_trial(model)

    # --- the result ---

    def _set_error(self, message: str = "", hint: str = "", detail: str = "") -> None:
        """Show a problem above the result, or remove it."""
        notice = self.query_one("#said", Plain)
        lines = problem_lines(message, f"  {hint}" if hint else "", f"  {detail}" if detail else "")
        notice.show(Content("\n").join(line("   ", entry) for entry in ["", *lines]) if message else "")
        notice.set_class(not message, "-none")
        self.refresh_chrome()

    def action_copy(self) -> None:
        if self.compared is None:
            self.dialogs.toast(_EMPTY)
        else:
            one = len(self.compared.texts) == 1
            self.console.copy_to_terminal(self.compared.as_json(self._ref) if one else self.compared.as_table())

    def action_save(self) -> None:
        if self.compared is None:
            self.dialogs.toast(_EMPTY)
        else:
            from tui.console.playground.embedding import pages  # lazy: the pages

            self.run_worker(pages.save(self, self.compared, self._ref), group="save", exclusive=True)

    def action_scatter(self) -> None:
        if self.compared is None or len(self.compared.texts) < 3:
            self.dialogs.toast(_THREE)
        else:
            from tui.console.playground.embedding import pages  # lazy: the pages

            self.run_worker(pages.scatter(self, self.compared, self._ref), group="scatter", exclusive=True)

    def action_models(self) -> None:
        if self.compared is None or len(self.compared.texts) < 3:
            self.dialogs.toast(_THREE)
        elif self.call_status is None:
            self.run_worker(self._compare_models(self.compared), group="call", exclusive=True, exit_on_error=False)

    async def _compare_models(self, compared: Comparison) -> None:
        model, first = await self.navigator.pick_model(self.TYPE), (self._ref, compared)
        if model is not None and (result := await self._embedded(model, compared.texts)) is not None:
            from tui.console.playground.embedding import pages  # lazy: the pages

            await pages.two_models(self, first, (model.ref, result[0]))

    def action_batch(self) -> None:
        if self.model is None:
            self._set_error(_NO_MODEL, pick_model_hint("this file"))
            return
        from tui.console.playground.embedding import pages  # lazy: the pages

        pages.to_file(self, self.model, self._applied)

    def action_nearest(self) -> None:
        if self.model is None:
            self._set_error(_NO_MODEL, pick_model_hint("this search"))
            return
        from tui.console.playground.embedding import pages  # lazy: the pages

        pages.nearest(self, self.model, self._applied.dimensions, next(iter(self.texts), ""))
