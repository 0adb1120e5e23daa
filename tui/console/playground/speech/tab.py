"""The speech-to-text tab: a recording, its upload, and the transcript."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import ContentSwitcher

from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind, hint, key_of
from tui.console.playground.call_status import CallStatus
from tui.console.playground.speech.form import SpeechForm, about
from tui.console.playground.speech.result import SpeechResult, TranscriptResult
from tui.console.playground.tab import SingleCallTab, pick_model_hint
from tui.console.widgets.progress_bar import Progress
from tui.console.widgets.static_text import Plain, Words
from tui.console.widgets.truncate import clip_middle
from tui.domain import ModelType
from tui.errors import Problem
from tui.providers.events import Event, TextDelta, Transcript, UploadStarted
from tui.providers.requests import TimestampGranularity
from tui.sanitize import one_line
from tui.tenancy.connections import find_provider, provider_of
from tui.workspace.playground import fallback
from tui.workspace.playground.fallback import Fallback
from tui.workspace.playground.saved_prompts import SavedPrompt
from tui.workspace.playground.speech.audio import MEGABYTE, AudioInfo, megabytes

_COSTS = {
    True: "Stopping now costs nothing. Once it is uploaded, the provider may charge.",
    False: "Uploaded; the provider may charge even if you stop.",
}
"""What stopping costs, while it is uploading and afterwards."""

_TICK = 0.5
"""Seconds between two updates of the upload's progress."""

_RESULT_ACTIONS = frozenset(("again", "copy", "save", "new", "find", "change"))


class SpeechTab(SingleCallTab):
    """The form, the upload or the result; the form keeps what it holds."""

    TYPE = ModelType.SPEECH2TEXT
    DEFAULT_CSS = """
    SpeechTab #views { height: 1fr; }
    SpeechTab #running { height: 1fr; padding-top: 1; }
    SpeechTab #bar { height: 1; margin-top: 1; }
    SpeechTab #bar Plain { width: auto; }
    SpeechTab.-locked #views { display: none; }
    SpeechTab #cover { display: none; }
    SpeechTab.-locked #cover { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("speech.write", "write"),
        bind("speech.save", "save"),
        bind("speech.copy", "copy"),
        bind("speech.again", "again"),
        bind("speech.new", "new"),
        bind("speech.find", "find"),
        bind("speech.models", "models"),
        bind("speech.batch", "batch"),
        bind("speech.before", "change(-1)"),
        bind("speech.after", "change(1)"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._upload = UploadStarted(0, 0)
        self._stopped = ""

    def compose(self) -> ComposeResult:
        with ContentSwitcher(id="views", initial="form"):
            yield SpeechForm(self.home)
            with Vertical(id="running"):
                yield Plain(id="what")
                with Horizontal(id="bar"):
                    yield Plain("   uploading     ")
                    yield Progress()
                    yield Plain(id="sent")
                yield Plain(id="rate")
            yield SpeechResult()
        yield Plain(id="cover")

    @property
    def form(self) -> SpeechForm:
        return self.query_one(SpeechForm)

    @property
    def result(self) -> SpeechResult:
        return self.query_one(SpeechResult)

    @property
    def view(self) -> str:
        """What is shown: `form`, `running` or `results`."""
        return self.query_one("#views", ContentSwitcher).current or "form"

    def _view(self, name: str) -> None:
        self.query_one("#views", ContentSwitcher).current = name

    # --- texts around the tab ---

    def chrome(self) -> ScreenText:
        if self.has_class("-locked"):
            return ScreenText("", ("speech.write", "playground.type"))
        if self.call_status is not None and self.view == "running":
            uploading = self._upload.sent < self._upload.size
            strip = self.call_status.strip
            if not strip[0]:
                strip = (_COSTS[uploading], "")
            return ScreenText("", ("area.escape: stop",), foot=self.call_status.words, strip=strip)
        if self.view == "results":
            foot, place = self.result.foot
            if self.typing:
                return ScreenText(
                    "",
                    ("field.next", "find.previous find.again: move", "area.escape: commands"),
                    "",
                    foot,
                    place,
                    self.result.strip,
                )
            several = ("speech.before speech.after: choose",) if len(self.result.all) > 1 else ()
            keys = (
                "speech.save",
                "speech.copy",
                "speech.again",
                "playground.model",
                *self.source_keys,
                "speech.new",
                "speech.find",
                "speech.models",
                *several,
                "playground.type",
            )
            return ScreenText("", keys, "", foot, place, self.result.strip)
        return ScreenText("", self.form.keys, foot=self._stopped, strip=self._accepted_files())

    def _accepted_files(self) -> tuple[Words, Words]:
        """Return what the model takes, and when it is retired."""
        model, limits = self.model, self.form.limits
        if model is None:
            return "No default speech-to-text model yet.", pick_model_hint("this file")
        more = " and others" if limits and limits.any_format else ""
        first = f"{model.id} takes {' '.join(limits.endings)}{more}, up to {megabytes(limits.size)}." if limits else ""
        if not model.ends:
            return first, ""
        proposed = provider_of(self.navigator.tenant_session, model.provider).proposed.get(self.TYPE, ())
        others = [entry for entry in proposed if entry != model.id]
        instead = f" {others[0]} is suggested instead." if others else ""
        return first, f"The provider retires it on {model.ends}.{instead}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _RESULT_ACTIONS:
            several = action != "change" or len(self.result.all) > 1
            return self.view == "results" and several and not self.has_class("-locked")
        return True

    def why_not(self, action: str) -> str:
        waiting = action in _RESULT_ACTIONS and action != "change" and not self.has_class("-locked")
        return "Nothing was transcribed yet." if waiting and self.call_status is None else ""

    @property
    def begins_typing(self) -> bool:
        return self.view == "form" and not self.has_class("-locked")

    def take_focus(self) -> None:
        if self.view == "form" and not self.has_class("-locked"):
            self.form.write()
        elif self.view == "results" and not self.has_class("-locked"):
            self.result.take_focus()
        else:
            self.leave_fields()

    def model_changed(self) -> None:
        model = self.model
        self.form.set_model(model, find_provider(self.navigator.tenant_session, model.provider) if model else None)

    def hide_when_locked(self) -> None:
        name = self.navigator.tenant.name if self.navigator.tenant else "It"
        self.query_one("#cover", Plain).show(
            f"\n   {name} is locked.\n   {key_of('speech.write')} asks for the passphrase."
        )
        self.add_class("-locked")
        self.leave_fields()

    def on_speech_form_file_inspected(self) -> None:
        self.refresh_chrome()

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def on_reader_scrolled(self) -> None:
        self.refresh_chrome()

    def escape(self) -> None:
        if self.call_status is not None:
            self.stop_call()
        elif self.typing:
            self.leave_fields()

    # --- keys ---

    def action_write(self) -> None:
        if self.has_class("-locked"):
            self.ask_to_open()
        elif self.call_status is None:
            self._view("form")
            self.form.write()

    def action_new(self) -> None:
        self._view("form")
        self.form.new()

    def action_change(self, step: int) -> None:
        self.result.change(step)
        self.refresh_chrome()

    def action_find(self) -> None:
        self.result.find()

    def action_copy(self) -> None:
        if self.result.result is not None:
            self.console.copy_to_terminal(self.result.result.transcript.text)

    def action_save(self) -> None:
        if (result := self.result.result) is not None:
            self.run_worker(self._save(result), group="save", exclusive=True)

    async def _save(self, result: TranscriptResult) -> None:
        from tui.console.pages.save_file import Save  # lazy: the page

        saved = await self.app.push_screen_wait(Save(f"{result.path.stem}.txt", result.formats, result.as_file))
        if saved is not None:
            self.result.saved.append(result)

    def unsaved(self) -> str:
        lost = next((result for result in self.result.all if result not in self.result.saved), None)
        name = clip_middle(one_line(lost.path.name), 40) if lost else ""
        return f"The transcript of {name} is not saved. " + hint("{speech.save} saves it.") if lost else ""

    def action_again(self) -> None:
        self._start()

    def on_speech_form_ready(self) -> None:
        self._start()

    def action_models(self) -> None:
        if self.model is None or self.form.info is None:
            self.dialogs.toast("Choose a model and a recording first.")
        elif self.call_status is None and not self.has_class("-locked"):
            from tui.console.playground.speech.models import SpeechModels  # lazy: the page

            self.app.push_screen(SpeechModels(self.model, self.form.path, self.form.language, self.home))

    def action_batch(self) -> None:
        if self.model is None:
            self.dialogs.toast("Choose a model first.")
        elif self.call_status is None and not self.has_class("-locked"):
            from tui.console.playground.compare.batch import BatchModel, BatchPage  # lazy: the page

            models = [BatchModel(self.model, {})]
            self.app.push_screen(BatchPage(models, SavedPrompt(""), self.home, self.TYPE))

    # --- the call ---

    def _start(self) -> None:
        if self.call_status is not None:
            return
        self.form.show_problem(None)
        if self.model is None:
            self.form.show_problem(
                Problem(
                    "No speech-to-text model is chosen.",
                    hint("{playground.model:typing} picks one for this file."),
                )
            )
            return
        self.run_worker(self._transcribe(self.form.path), group="call", exclusive=True, exit_on_error=False)

    async def _transcribe(self, path: Path) -> None:
        model, session, form = self.model, self.navigator.tenant_session, self.form
        assert model is not None
        if not await self.dialogs.ensure_unlocked(f"transcribe {one_line(path.name, 40)}"):
            return
        await self.warn_of_budget()
        after = self.view
        self.call_status = call_status = CallStatus(provider_of(session, model.provider).label, "uploading")
        self._begin(path)
        ticking = self.set_interval(_TICK, self._tick)
        self.console.set_running("playground/speech", self.stop_call)
        live = _LiveTranscript(path, model.ref, form.info, form.times, monotonic())
        try:
            await asyncio.to_thread(lambda: session.process.client)  # what it imports takes a moment
            log = self.record(model)
            call = fallback.transcribe(session, model, self.fallbacks, path, form.language, form.times, log)
            async with aclosing(call) as events:
                async for event in events:
                    if isinstance(event, UploadStarted):
                        self._on_upload_progress(event)
                    elif isinstance(event, Fallback) and event.answering:
                        self.dialogs.toast(event.words)
                    live.take(event)
                    call_status.apply(event)
            self.result.add(live.result())
            after = "results"
        except asyncio.CancelledError:
            self._stopped = f"stopped after {live.seconds:.1f} s"
            if live.pieces:
                self.result.add(live.result("stopped by you, the text is incomplete"))
                after = "results"
            raise
        except Problem as problem:
            if live.pieces:
                self.result.add(live.result("connection lost, the text is incomplete", problem))
                after = "results"
            else:
                form.show_problem(problem)
                after = "form"
        finally:
            ticking.stop()
            self.call_status = None
            if self.is_mounted:
                self._view(after)
                self.leave_fields() if after == "form" else self.take_focus()
            self.console.set_running("playground/speech", None)
            self.warn_of_trial(model)

    def _begin(self, path: Path) -> None:
        """Show the upload in place of the form."""
        info = self.form.info
        self._upload, self._stopped = UploadStarted(0, info.size if info else 0), ""
        self.query_one("#what", Plain).show(f"   {self.form.shown_path}\n   {about(path, info)}")
        self._bar(0.0)
        self._view("running")
        self.leave_fields()

    def _on_upload_progress(self, event: UploadStarted) -> None:
        """Store the progress; the next tick draws it, or the end of the upload."""
        before, self._upload = self._upload, event
        if event.sent >= event.size > before.sent and self.call_status is not None:
            self.call_status.next("waiting for the text")
            self.query_one("#bar").display = False
            self.query_one("#rate").display = False
            self.refresh_chrome()

    def _tick(self) -> None:
        if self.call_status is not None:
            self._bar(self.call_status.seconds)
            self.refresh_chrome()

    def _bar(self, seconds: float) -> None:
        sent, size = self._upload.sent, self._upload.size
        if sent >= size > 0:
            return
        self.query_one("#bar").display = self.query_one("#rate").display = True
        self.query_one(Progress).move(sent / size if size else 0.0)
        self.query_one("#sent", Plain).show(f"   {sent / MEGABYTE:.1f} of {megabytes(size)}")
        rate = sent / seconds if seconds else 0.0
        remaining = f", {(size - sent) / rate:.0f} s left" if rate else ""
        self.query_one("#rate", Plain).show(f"{' ' * 17}{rate / MEGABYTE:.1f} MB/s{remaining}" if rate else "")


@dataclass
class _LiveTranscript:
    """The transcript so far: its pieces while it streams, and the whole text at the end."""

    path: Path
    ref: str
    info: AudioInfo | None
    times: TimestampGranularity
    began: float
    pieces: str = ""
    whole: Transcript | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return monotonic() - self.began

    def take(self, event: Event | Fallback) -> None:
        if isinstance(event, Fallback) and event.answering:
            self.ref = event.model.ref
        elif isinstance(event, TextDelta):
            self.pieces += event.text
        elif isinstance(event, Transcript):
            self.whole = event

    def result(self, cut: str = "", problem: Problem | None = None) -> TranscriptResult:
        """Return the result so far; `cut` says that it ended early, `problem` says why."""
        whole = self.whole if self.whole and (self.whole.text or not self.pieces) else Transcript(self.pieces)
        length = (self.info.seconds if self.info else None) or 0.0
        return TranscriptResult(self.path, self.ref, whole, self.seconds, length, self.times, cut, problem)
