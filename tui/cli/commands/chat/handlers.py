"""`modeldeck chat`: stream the answer to stdout, everything else to stderr."""

import asyncio
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tui.cli.commands.chat import recording, tool_results
from tui.cli.context import CommandContext
from tui.cli.inputs import read_text, whole_number
from tui.cli.model_call import (
    answering_fallbacks,
    answering_model,
    attached_files,
    print_progress,
    print_request,
    trace_option,
    unlock_for_call,
)
from tui.cli.model_parameters import chosen_prompt, saved_values, values_of
from tui.cli.output import is_terminal
from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.providers.events import Event, Finish, Notice, TextDelta, ThinkingDelta, ToolCalls
from tui.providers.events import Usage as Used
from tui.providers.requests import Message, Tool
from tui.sanitize import printable
from tui.workspace.playground import answer_schema, calls, fallback, thinking
from tui.workspace.playground.attachments.files import AttachedFile, user_message
from tui.workspace.playground.conversation import Answer, AnswerState, Conversation, ToolRound
from tui.workspace.playground.fallback import Fallback
from tui.workspace.playground.saved_prompts import SavedPrompt

if TYPE_CHECKING:
    from tui.providers.client.wire_log import WireLog
    from tui.workspace.history.records import StoredChat
    from tui.workspace.playground.answer_schema import SchemaResult
    from tui.workspace.pricing.cost import Cost


def chat(call: CommandContext) -> Coroutine[Any, Any, int]:
    """Read the question, then ask the model."""
    resumes = call.args.has("resume")
    model = None if resumes and not call.args.has("model") else answering_model(call, ModelType.CHAT)
    saved = chosen_prompt(call)
    parameters = _parameters(call, model, saved) if model else {}
    prompt = call.args.one("PROMPT", "-")
    if prompt == "-" and "-" in call.args.many("attachment"):
        raise UsageError("Standard input is the attachment.", "Write the question on the command line.")
    if prompt == "-":
        prompt = read_text("Type your question").strip()
    if not prompt:
        raise UsageError("The question is blank.", "For example: modeldeck chat 'Why is the sky blue?'")
    files = attached_files(call)
    if call.args.has("repeat"):
        return _repeat(call, model, prompt, parameters, saved, files)
    if model is None or resumes:
        return _resume(call, model, prompt, parameters, saved, files)
    return _ask(call, model, Conversation(system=saved.system), prompt, parameters, saved.schema, files)


def _repeat(
    call: CommandContext,
    model: Model | None,
    prompt: str,
    parameters: dict[str, Any],
    saved: SavedPrompt,
    files: tuple[AttachedFile, ...],
) -> Coroutine[Any, Any, int]:
    """Ask the same several times, and count the answers that fit the schema. Nothing is recorded."""
    from tui.cli.commands.playground.compare import ask_all
    from tui.workspace.playground.compare.comparison import MAX_REPEATS, ComparedModel, PromptComparison

    if saved.schema is None or model is None:
        raise UsageError("--repeat counts the answers that fit a schema.", "Name one with --schema FILE.")
    if call.args.has("resume") or call.args.has("print"):
        raise UsageError("--repeat sends a new request each time.", "Leave --resume and --print out.")
    repeat = whole_number("--repeat", call.args.one("repeat"), 1, MAX_REPEATS)
    compared = [ComparedModel(model, parameters)]
    began = call.session.now()
    return ask_all(call, PromptComparison(prompt, compared, saved.system, repeat, began, files, saved.schema))


async def _resume(
    call: CommandContext,
    model: Model | None,
    prompt: str,
    parameters: dict[str, Any],
    saved: SavedPrompt,
    files: tuple[AttachedFile, ...],
) -> int:
    """Ask the next question of a recorded chat: with its model, system prompt and parameters, unless others are named.

    Its parameters are those of its model.
    """
    chat = await recording.resumed_chat(call)
    for finding in chat.findings:
        call.out.note(f"The file of this chat is not as it was written: {finding}")
    if model is None:
        model = recording.resumed_model(call, chat)
        parameters = dict(chat.parameters) | _parameters(call, model, saved)
    conversation = Conversation(chat.conversation.turns, saved.system or chat.conversation.system)
    return await _ask(call, model, conversation, prompt, parameters, saved.schema, files, chat)


def _parameters(call: CommandContext, model: Model, saved: SavedPrompt) -> dict[str, Any]:
    values = saved_values(call, saved, model) | values_of(call, model)
    if call.args.has("no-thinking"):
        switch = thinking.off(calls.parameters(call.tenant_session, model))
        if switch is None:
            raise UsageError(f"{model.ref} has no parameter that keeps it from thinking.", "Leave --no-thinking out.")
        values |= switch
    return {name: value for name, value in values.items() if value is not None}


_MIN_DURATION = 0.02
"""Seconds below which a speed is not computed."""


class _Answer:
    """The answer so far: text, reasoning, usage and times."""

    def __init__(self, call: CommandContext, model: Model, files: tuple[AttachedFile, ...]) -> None:
        self._call = call
        self._files = files
        self.model, self._moment = model, call.session.now()
        self._started = time.monotonic()
        self._first = 0.0
        self._line_open = False
        self._thinking_open = False
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.notices: list[str] = []
        self.usage: Used | None = None
        self.finish: Finish | None = None
        self.total = 0.0
        self.fit: SchemaResult | None = None
        self.chat_id: str | None = None
        self.fallback: Fallback | None = None
        self.problem: Problem | None = None
        self.tool_calls: ToolCalls | None = None
        self.printed_calls: list[dict[str, Any]] = []
        """Those of every answer to the question, as they are printed."""

    def apply(self, event: Event | Fallback) -> None:
        out = self._call.out
        match event:
            case Fallback():
                if event.answering:
                    self.model, self.fallback = event.model, event
                    out.note(event.words)
            case TextDelta(text=text):
                self._mark_first(text)
                self.text.append(printable(text))
                if not out.as_json and text:
                    self.end_thinking()
                    out.piece(text)
                    self._line_open = not text.endswith("\n")
            case ThinkingDelta(text=text):
                self._mark_first(text)
                self.thinking.append(printable(text))
                if self._call.args.has("thinking") and not out.as_json:
                    out.print_aside(text)
                    self._thinking_open = True
            case ToolCalls():
                self._mark_first("call")
                self.tool_calls = event
            case Used():
                self.usage = event
            case Finish():
                # What the model asks of the tools that it was offered is printed by itself.
                expected = event.complete and self.tool_calls and self._call.args.has("tools")
                self.finish = replace(event, note="") if expected else event
            case Notice(text=text):
                self.notices.append(printable(text))
                out.note(text)
            case _:
                print_progress(out, event)

    def _mark_first(self, text: str) -> None:
        if text and not self._first:
            self._first = time.monotonic() - self._started

    def end_thinking(self) -> None:
        if self._thinking_open:
            self._call.out.print_aside("\n\n")
            self._thinking_open = False

    def end(self) -> None:
        """End the last line, however the answer ended."""
        self.total = time.monotonic() - self._started
        self.end_thinking()
        if self._line_open:
            self._call.out.piece("\n")
            self._line_open = False

    @property
    def complete(self) -> bool:
        return self.finish is not None and self.finish.complete

    @property
    def speed(self) -> float | None:
        """Tokens per second after the first one; None if the provider reports no usage."""
        rest = self.total - self._first
        return self.usage.output / rest if self.usage and self.usage.output and rest > _MIN_DURATION else None

    @cached_property
    def cost(self) -> "Cost | None":
        """The estimated cost by the price that held when the request was made; None if it is not known."""
        # Only now: reading the table takes longer than starting, and the answer need not wait for it.
        from tui.workspace.pricing.cost import cost_of
        from tui.workspace.pricing.table import price_of

        return cost_of(price_of(self._call.tenant_session, self.model, self._moment), self.usage)

    def to_record(self, state: AnswerState) -> Answer:
        """Return the answer as it is recorded."""
        usage = self.usage or Used()
        return Answer(
            "".join(self.text),
            self.model.ref,
            state,
            self.finish.note if self.finish and state is AnswerState.COMPLETE else "",
            self._first,
            self.total,
            usage.input or 0,
            usage.output or 0,
            reported=self.usage is not None,
            thoughts="".join(self.thinking),
        )

    def as_json(self) -> dict[str, Any]:
        usage = self.usage
        return {
            "model": self.model.ref,
            "fallback": self.fallback.as_json() if self.fallback else None,
            "text": "".join(self.text),
            "thinking": "".join(self.thinking),
            "thinking_state": str(thinking.state("".join(self.thinking), usage, self._call.args.has("no-thinking"))),
            "finish": self.finish.reason if self.finish else None,
            "complete": self.complete,
            "attachments": [file.as_json() for file in self._files],
            "usage": usage.as_json() if usage else None,
            "cost": self.cost.as_json() if self.cost else None,
            "timings": {
                "first_token": round(self._first, 4) if self._first else None,
                "total": round(self.total, 4),
                "tokens_per_second": round(self.speed, 2) if self.speed else None,
            },
            "notices": self.notices,
            "schema": self.fit.as_json() if self.fit else None,
            "tool_calls": self.printed_calls,
            "chat": self.chat_id,
        }

    def summary(self) -> str:
        parts = [f"first token {self._first:.2f} s", f"{self.total:.1f} s"] if self._first else [f"{self.total:.1f} s"]
        if self.usage:
            parts += [f"{self.usage.input} tokens in"] if self.usage.input is not None else []
            parts += [f"{self.usage.cached} of them cached"] if self.usage.cached else []
            parts += [f"{self.usage.output} out"] if self.usage.output is not None else []
            parts += [f"{self.usage.reasoning} of them reasoning"] if self.usage.reasoning else []
            parts += [f"{self.speed:.0f} a second"] if self.speed else []
        parts.append(self.cost.words if self.cost else "cost –")
        parts += [f"recorded as {self.chat_id}"] if self.chat_id else []
        return " · ".join(parts)


async def _ask(
    call: CommandContext,
    model: Model,
    conversation: Conversation,
    prompt: str,
    parameters: dict[str, Any],
    schema: Mapping[str, Any] | None,
    files: tuple[AttachedFile, ...],
    chat: "StoredChat | None" = None,
) -> int:
    messages = (*conversation.messages(), user_message(prompt, files))
    tools = tool_results.read_tools_option(call) or conversation.tools
    results = tool_results.results_by_name(call, tools)
    if call.args.has("print"):
        stream = not call.args.has("no-stream")
        prepared = calls.chat_call(call.tenant_session, model, messages, parameters, stream, schema=schema, tools=tools)
        print_request(call, *prepared)
        return 0
    fallbacks = () if chat is not None or tools else answering_fallbacks(call, model)
    await unlock_for_call(call, model)
    # Saved last: a file that cannot be written must cost no answer.
    with trace_option(call) as log:
        record = recording.Recording(call, chat)
        await record.question(prompt, model, parameters, conversation.system, files)
        answer = await _answer(
            call, _Answer(call, model, files), record, fallbacks, messages, parameters, schema, tools, log, results
        )
        rounds = 0
        while (
            (values := tool_results.results_of(answer.tool_calls, results))
            and answer.tool_calls
            and answer.problem is None
        ):
            rounds += 1
            if rounds > tool_results.MAX_ROUNDS:
                raise Problem(f"The model kept calling tools after {rounds - 1} results.", "Rephrase the question.")
            tool_results.report(call, answer.tool_calls, tools, ends=False)
            tool_round = ToolRound("".join(answer.text), answer.tool_calls, values, tools)
            messages = (*messages, *tool_round.messages)
            before = [*answer.printed_calls, *tool_results.as_json(answer.tool_calls, tools, results)]
            await record.tools(tool_round)
            answer = _Answer(call, model, files)
            answer.printed_calls = before
            answer = await _answer(call, answer, record, (), messages, parameters, schema, tools, log, results)
        answer.printed_calls += tool_results.as_json(answer.tool_calls, tools, {})
        return _print_end(call, answer, schema, tools)


async def _answer(
    call: CommandContext,
    answer: _Answer,
    record: recording.Recording,
    fallbacks: Sequence[str],
    messages: Sequence[Message],
    parameters: dict[str, Any],
    schema: Mapping[str, Any] | None,
    tools: tuple[Tool, ...],
    log: "WireLog | None",
    results: Mapping[str, str],
) -> _Answer:
    """Take an answer to its end; what broke it off is its `problem`.

    It is recorded unless it goes on with the results of the tools that it asks for.
    """
    try:
        request = fallback.chat(
            call.tenant_session,
            answer.model,
            fallbacks,
            messages,
            parameters,
            not call.args.has("no-stream"),
            schema,
            wire_log=log,
            tools=tools,
        )
        async with aclosing(request) as events:
            async for event in events:
                answer.apply(event)
    except asyncio.CancelledError:
        answer.end()
        await record.answer(answer.to_record(AnswerState.STOPPED))
        if call.out.as_json:
            answer.finish, answer.chat_id = Finish(AnswerState.STOPPED, complete=False), record.chat_id
            call.out.json(answer.as_json())
        call.out.note("■ Stopped; the answer is incomplete.")
        raise
    except Problem as broken:
        answer.problem = broken
    finally:
        answer.end()
    if answer.problem or not tool_results.results_of(answer.tool_calls, results):
        await record.answer(answer.to_record(AnswerState.BROKEN if answer.problem else AnswerState.COMPLETE))
    answer.chat_id = record.chat_id
    return answer


def _print_end(call: CommandContext, answer: _Answer, schema: Mapping[str, Any] | None, tools: tuple[Tool, ...]) -> int:
    """Print what is left to print of the last answer, and return the exit code; raise Problem if it is not whole."""
    if schema is not None and not answer.problem and not answer.tool_calls:
        answer.fit = answer_schema.check(schema, "".join(answer.text))
    if call.out.as_json and (answer.text or not answer.problem):
        call.out.json(answer.as_json())
    if answer.problem:
        if answer.text:
            call.out.note("■ The answer is incomplete; everything received is above.")
        raise answer.problem
    if answer.tool_calls:
        tool_results.report(call, answer.tool_calls, tools, ends=True)
    if answer.finish and answer.finish.note:
        call.out.note(answer.finish.note)
    if not call.out.as_json and (is_terminal(sys.stderr) or call.args.has("verbose")):
        call.out.note(answer.summary())
    if answer.fit and not answer.fit.valid:
        raise Problem(answer.fit.words, "Ask again, or change the schema.")
    return 0
