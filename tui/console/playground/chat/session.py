"""A chat session without widgets: questions, the streaming answer, parameters for each model."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING

from tui.console.playground.call_status import CallStatus
from tui.console.playground.chat.blocks import AnswerBlock
from tui.console.playground.chat.history import ChatHistory, Exchange, answer_mark, fit_mark, problem_block, resume
from tui.console.playground.chat.messages import join, seconds_words, summary, tokens_a_second
from tui.console.playground.chat.recording import ChatRecording
from tui.console.playground.parameter_row import Settings
from tui.console.trial_status import next_steps
from tui.console.widgets.symbols import WORKING
from tui.domain import Model
from tui.errors import Problem
from tui.providers.client.wire_log import WireLog
from tui.providers.events import Event, Finish, TextDelta, ThinkingDelta, Usage
from tui.providers.spec import Parameter
from tui.sanitize import printable
from tui.tenancy.connections import label_of
from tui.tenancy.session import TenantSession
from tui.workspace.playground import fallback
from tui.workspace.playground.answer_schema import Schema, check
from tui.workspace.playground.attachments.files import AttachedFile
from tui.workspace.playground.conversation import Answer, AnswerState
from tui.workspace.playground.fallback import Fallback
from tui.workspace.playground.saved_prompts import SavedPrompt

if TYPE_CHECKING:
    from tui.workspace.history.records import StoredChat
    from tui.workspace.pricing.cost import Cost

_CHARACTERS_PER_TOKEN = 4


class RunningAnswer:
    """A streaming answer, built from the events of its request. `fresh`: something is new to draw."""

    def __init__(self, session: TenantSession, model: Model, label: str, reply: AnswerBlock) -> None:
        self.session, self.model, self.reply = session, model, reply
        self.wire_log = WireLog()
        self._moment = session.now()
        self.call_status = CallStatus(label, f"waiting for {label}")
        self.began = monotonic()
        self.first = 0.0
        self.fresh = False
        self.finish: Finish | None = None
        self._usage: Usage | None = None
        self._pieces = 0
        self._thinking_until = 0.0
        reply.begin()

    def apply(self, event: Event | Fallback) -> None:
        """Apply an event of the request."""
        self.fresh = True
        if isinstance(event, Fallback) and event.answering:
            self.model, self.reply.name = event.model, event.model.id
        if self.call_status.apply(event):
            return
        match event:
            case TextDelta(text) if text:
                self._on_first_token()
                self.reply.add(printable(text))
            case ThinkingDelta(text) if text:
                self._on_first_token()
                self._thinking_until = self.seconds
                self.reply.think(printable(text))
            case Usage():
                self._usage = event
            case Finish():
                self.finish = event

    def _on_first_token(self) -> None:
        self._pieces += 1
        if not self.first:
            self.first = self.seconds

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return monotonic() - self.began

    def gather(self) -> bool:
        """Bring the reply up to what has come, before it is drawn; return whether the status changed by it."""
        self.fresh = False
        began = self.reply.gather()
        thinking = self.reply.thoughts and not self.reply.text
        self.reply.seconds_thought = (self.seconds if thinking else self._thinking_until) - self.first
        return began

    def show_status(self) -> None:
        """Put what the call itself says, such as a retry, under the answer."""
        if not self.reply.text:
            self.fresh = True
        status = [words for words in self.call_status.strip if words]
        if status != self.reply.below:
            self.reply.below, self.fresh = status, True

    @property
    def tokens(self) -> int:
        """Tokens of the answer: as the provider counts them, else about."""
        if self._usage is not None and self._usage.output:
            return self._usage.output
        return max(self._pieces, (len(self.reply.text) + len(self.reply.thoughts)) // _CHARACTERS_PER_TOKEN)

    @property
    def status_text(self) -> str:
        """What it does now."""
        if not self.first:
            return self.call_status.words
        return f"{WORKING} {'answering' if self.reply.text else 'thinking'} {seconds_words(self.seconds)}"

    @property
    def figures(self) -> str:
        """Its figures so far."""
        if not self.first:
            return ""
        speed = tokens_a_second(self.tokens, self.seconds - self.first)
        return join(f"first token {self.first:.2f} s", f"{self.tokens:,} tokens", f"{speed} a second" if speed else "")

    def to_answer(self, state: AnswerState, note: str = "") -> Answer:
        """Return the answer to keep."""
        self.gather()
        usage = self._usage or Usage(output=self.tokens if self.reply.text else 0)
        return Answer(
            self.reply.text,
            self.model.ref,
            state,
            note,
            self.first,
            self.seconds,
            usage.input or 0,
            usage.output or 0,
            reported=self._usage is not None,
            cost=self._cost(),
            thoughts=self.reply.thoughts,
        )

    def _cost(self) -> "Cost | None":
        """Return what it cost by the price of when it was asked; None if that is not known."""
        from tui.workspace.pricing.cost import cost_of  # lazy: the end of an answer
        from tui.workspace.pricing.table import price_of  # lazy: the end of an answer

        if self._usage is None:
            return None
        try:
            return cost_of(price_of(self.session, self.model, self._moment), self._usage)
        except Problem:  # a price file that cannot be read: `price check` says so
            return None


class ChatSession:
    """The chat of one tenant, with at most one answer running.

    `on_change` is called with the answer and its exchange when an answer begins, and when it is over; then `running` is
    None. What streams in between is in `running`, to be drawn as often as that is worth it.
    """

    def __init__(
        self,
        session: TenantSession,
        on_change: Callable[[RunningAnswer, Exchange], None],
        on_unrecorded: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.session = session
        self.recording = ChatRecording(session, on_unrecorded)
        self.history = ChatHistory()
        self.settings: dict[str, Settings] = {}
        """Parameters by `provider/model`."""
        self.schema: Schema | None = None
        """The JSON Schema that answers must fit."""
        self.running: RunningAnswer | None = None
        self._on_change = on_change

    def parameters(self, model: Model | None) -> Settings:
        """Return what was set for a model; changes to it stay."""
        return self.settings.setdefault(model.ref if model else "", Settings())

    def rule_words(self, parameters: str, *, wide: bool) -> tuple[str, str]:
        """Return the words of the rule under the transcript, left and right; `parameters` are those that were set."""
        running, last = self.running, self.history.last
        if running is not None:
            return running.status_text, running.figures
        if last is not None and last.unsent:
            return "not sent", ""
        if last is not None and last.answer is not None:
            return summary(last.answer, wide=wide)
        system = "set" if self.history.conversation.system else "none"
        schema = "answers fit a schema · " if self.schema is not None else ""
        words = f"{schema}system prompt {system} · {parameters or 'provider defaults'}"
        return "new chat" if last is None else "", words

    def prompt(self, question: str) -> str:
        """Return all that is sent with a question."""
        return "\n".join(message.text for message in self.history.conversation.messages(question.strip()))

    def clear(self) -> None:
        """Begin a new chat with the same system prompt."""
        system = self.history.conversation.system
        self.history = ChatHistory()
        self.history.conversation.system = system
        self.recording.begin()

    def resume(self, chat: "StoredChat") -> None:
        """Go on with a recorded chat."""
        self.history = resume(chat)
        texts = {name: str(value) for name, value in chat.parameters.items()}
        self.settings[chat.model] = Settings(texts, dict(chat.parameters))
        self.recording.begin(chat)

    def instructions(self, model: Model | None) -> SavedPrompt:
        """Return what the next question to a model goes with."""
        settings = self.parameters(model)
        texts = {name: text for name, text in settings.texts.items() if name in settings.values}
        return SavedPrompt("", self.history.conversation.system, texts, self.schema)

    def use_prompt(self, prompt: SavedPrompt, model: Model | None, parameters: Sequence[Parameter]) -> None:
        """Ask with a prompt from now on; what a model does not take of its parameters is left out."""
        self.history.conversation.system, self.schema = prompt.system, prompt.schema
        if model is not None:
            texts, values, _ = prompt.values(parameters)
            self.settings[model.ref] = Settings(texts, values)

    @property
    def correction(self) -> str:
        """The message that asks the model to correct its last answer; '' if that fits the schema or was not checked."""
        reply = self.history.last.reply if self.history.last is not None else None
        return reply.fit.correction if reply is not None and reply.fit is not None and not reply.fit.valid else ""

    @property
    def unsaved(self) -> bool:
        """Whether the chat would be lost: it is neither saved nor recorded."""
        return bool(self.history.entries) and not self.history.saved and not self.recording.complete

    async def ask(
        self,
        question: str,
        model: Model,
        files: tuple[AttachedFile, ...] = (),
        fallbacks: Sequence[str] = (),
        *,
        again: Exchange | None = None,
        replace: bool = False,
    ) -> None:
        """Ask a question and take its answer to the end, whatever that is; no Problem is raised.

        Args:
            question: Its text, as typed.
            model: The model to ask.
            files: What goes with it.
            fallbacks: The models to ask where it does not answer, as `provider/model`.
            again: The exchange whose question is sent again; its earlier answers stay.
            replace: Drop the last question and its answers first.
        """
        if replace and self.history.last is not None:
            self.history.drop()
        exchange = again or self.history.add(question, files)
        before = self.history.before(exchange)
        messages = before.messages(question, exchange.turn.files)
        label = label_of(self.session, model.provider)
        answer = self.running = RunningAnswer(self.session, model, label, AnswerBlock(model.id))
        exchange.begin(answer.reply)
        self.history.saved = False
        self._record(exchange, model, again=again is not None, replace=replace)
        self._on_change(answer, exchange)
        try:
            values = dict(self.parameters(model).values)
            schema = self.schema
            log, tools = answer.wire_log, before.tools
            events = fallback.chat(
                self.session, model, fallbacks, messages, values, schema=schema, wire_log=log, tools=tools
            )
            async with aclosing(events) as stream:
                async for event in stream:
                    answer.apply(event)
            if schema is not None:
                answer.gather()
                answer.reply.fit = await asyncio.to_thread(check, schema, answer.reply.text)
            self._end(answer, exchange, AnswerState.COMPLETE)
        except Problem as problem:
            self._end(answer, exchange, AnswerState.BROKEN, problem)
        except asyncio.CancelledError:
            self._end(answer, exchange, AnswerState.STOPPED)
            raise
        finally:
            self._end(answer, exchange, AnswerState.BROKEN, Problem("Modeldeck failed; this is a bug."))

    def _record(self, exchange: Exchange, model: Model, *, again: bool, replace: bool) -> None:
        """Record a question; one that is asked again is there already."""
        if again and self.recording.complete:
            return
        place = self.history.entries.index(exchange)
        shown = self.history.entries[place - 1].turn.shown if place else -1
        values = dict(self.parameters(model).values)
        system = self.history.conversation.system
        turn = exchange.turn
        self.recording.question(
            turn.question, model.ref, values, system, replaces=replace, shown=shown, files=turn.files
        )

    def stop(self) -> None:
        """Stop the running answer at once; what has come is kept. Cancel the task of `ask` as well."""
        if self.running is not None and self.history.last is not None:
            self._end(self.running, self.history.last, AnswerState.STOPPED)

    def _end(
        self, answer: RunningAnswer, exchange: Exchange, state: AnswerState, problem: Problem | None = None
    ) -> None:
        """Keep an answer that is over, for the first reason that comes up."""
        if self.running is not answer:
            return
        self.running = None
        finish = answer.finish
        ended = answer.to_answer(state, finish.note if finish and state is AnswerState.COMPLETE else "")
        label = answer.call_status.label
        if problem is not None and not (ended.text or answer.reply.thoughts):
            answer.reply.end()
            exchange.refuse(problem, label, next_steps(self.session, problem))
        else:
            fit = answer.reply.fit
            below = [
                words for words in (answer_mark(ended), *answer.call_status.notices, fit and fit_mark(fit)) if words
            ]
            answer.reply.end(*below)
            exchange.end(ended)
            self.recording.answer(ended)
            exchange.problem_block = problem_block(problem, label, started=True) if problem else None
        self._on_change(answer, exchange)
