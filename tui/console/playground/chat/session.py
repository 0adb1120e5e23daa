"""The answers of a chat: asked for by one worker, drawn at a bounded rate, stopped at once, kept whatever happens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import monotonic
from typing import cast

from textual.timer import Timer

from tui.console.playground.chat.blocks import AnswerBlock
from tui.console.playground.chat.history import ChatHistory, Exchange, mark, trouble
from tui.console.playground.chat.running_answer import RunningAnswer
from tui.console.playground.parameter_row import Settings
from tui.console.playground.tab import Tab
from tui.console.trial_status import ways_on
from tui.console.widgets.text_area import Question
from tui.console.widgets.transcript import Transcript
from tui.domain import Model
from tui.errors import Problem
from tui.providers import provider as provider_of
from tui.providers.events import Event
from tui.workspace.playground import calls
from tui.workspace.playground.conversation import AnswerState

_FRAME = 0.1
"""Seconds between two drawings of an answer that comes in; more where drawing takes long."""

_SHARE = 5
"""A drawing that took a while is followed by this many times as long without one, so that keys are answered."""

_TICK = 1.0
"""Seconds between two changes of the words in the rule."""


class ChatSession(Tab):
    """A tab whose questions are answered. What its transcript and its field are is for the tab itself."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.chat = ChatHistory()
        self.settings: dict[str, Settings] = {}
        self.asking: RunningAnswer | None = None
        self.covered = False
        self._opening = False
        self._ticking: Timer | None = None
        self._next_frame = self._next_words = 0.0

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @property
    def question(self) -> Question:
        return self.query_one("#question", Question)

    @property
    def busy(self) -> bool:
        """Whether an answer runs, or the tenant is being opened for one."""
        return self.asking is not None or self._opening

    @property
    def parameters(self) -> Settings:
        """What was set for the model in use."""
        return self.settings.setdefault(self.model.ref if self.model else "", Settings())

    def say(self, sentence: str = "") -> None:
        """Say something under the field."""
        raise NotImplementedError

    def show_log(self, *, follow: bool = True) -> None:
        """Bring the transcript up to the log."""
        raise NotImplementedError

    def cover(self, covered: bool) -> None:
        """Hide the chat, as its tenant is locked, or show it again."""
        self.covered = covered
        self.show_log()

    def ask(self, question: str, model: Model, *, again: Exchange | None = None, instead: bool = False) -> None:
        """Ask a question, the one of an entry again, or one in place of the last."""
        self._opening = True
        work = self._answer(question, model, again, instead)
        self.run_worker(work, group="answer", exclusive=True, exit_on_error=False)

    async def _answer(self, question: str, model: Model, again: Exchange | None, instead: bool) -> None:
        try:
            if not await self.app.ensure_unlocked(
                f"your question to {model.ref}", "It is sent as soon as the tenant is open."
            ):
                self.question.give_back("" if again else question)
                return
        except Problem as problem:
            self.question.give_back("" if again else question)
            self.say(problem.message)
            return
        finally:
            self._opening = False
        if self.covered:
            self.cover(False)
        if instead and self.chat.last is not None:
            self.chat.drop()
        entry = again or self.chat.add(question)
        messages = self.chat.before(entry).messages(question)
        asking = self.asking = RunningAnswer(model, AnswerBlock(model.id))
        entry.begin(asking.reply)
        self._begin(asking)
        values = dict(self.parameters.values)
        events = calls.chat(self.app.tenant_session, model, messages, values)
        try:
            async with aclosing(cast("AsyncGenerator[Event]", events)) as stream:
                async for event in stream:
                    asking.take(event)
            self._end(asking, entry, AnswerState.COMPLETE)
        except Problem as problem:
            self._end(asking, entry, AnswerState.BROKEN, problem)
        except asyncio.CancelledError:
            self._end(asking, entry, AnswerState.STOPPED)
            raise
        finally:
            self._end(asking, entry, AnswerState.BROKEN, Problem("Modeldeck made an error of its own."))

    def _begin(self, asking: RunningAnswer) -> None:
        self.chat.saved = False
        self.show_log()
        self._next_frame = self._next_words = 0.0
        self._ticking = self.set_interval(_FRAME, self._tick)
        self.app.running("playground", self.stop)
        self.refresh_chrome()

    def _end(self, asking: RunningAnswer, entry: Exchange, state: AnswerState, problem: Problem | None = None) -> None:
        """The answer is over, for the first reason that comes up."""
        if self.asking is not asking:
            return
        self.asking = None
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        finish = asking.finish
        note = finish.note if finish and state is AnswerState.COMPLETE else ""
        answer = asking.ended(state, note)
        label = provider_of(asking.model.provider).label
        if problem is not None and not (answer.text or asking.reply.thoughts):
            asking.reply.end()
            entry.refuse(problem, label, ways_on(self.app.tenant_session, problem))
            if self.is_attached:
                self.question.give_back(entry.turn.question)
        else:
            below = [each for each in (mark(answer), *asking.under_way.notices) if each]
            asking.reply.end(*below)
            entry.end(answer)
            entry.trouble = trouble(problem, label, begun=True) if problem else None
        if self.is_attached:
            self.show_log(follow=False)
            self.transcript.changed(asking.reply)
            self.app.running("playground", None)
            self.counted(asking.model)
            self.refresh_chrome()

    def stop(self) -> None:
        """Stop the answer at once; what has come is kept."""
        asking, last = self.asking, self.chat.last
        if asking is not None and last is not None:
            self._end(asking, last, AnswerState.STOPPED)
        self.workers.cancel_group(self, "answer")

    def _tick(self) -> None:
        """Draw what has come, not more often than drawing it is worth, and not for a line that takes nothing."""
        asking, now = self.asking, monotonic()
        if asking is None or self.app.screen is not self.screen or not self.display:
            return
        if now >= self._next_words:
            self._next_words = now + _TICK
            if not asking.reply.text:
                asking.fresh = True
            self._tell(asking)
            self.refresh_chrome()
        if now >= self._next_frame and asking.fresh and not self.app.differences.busy:
            self.draw()
            self._next_frame = monotonic() + max(_FRAME * 0.5, (monotonic() - now) * _SHARE)

    def draw(self) -> None:
        """Draw what has come of an answer."""
        if self.asking is not None and not self.covered:
            self.asking.gather()
            self.transcript.changed(self.asking.reply)

    def _tell(self, asking: RunningAnswer) -> None:
        """What the call itself tells stands under the answer as long as it holds."""
        told = [each for each in asking.under_way.strip if each]
        if told != asking.reply.below:
            asking.reply.below = list(told)
            asking.fresh = True
