"""The records of a chat, and the chat that they make.

    {"type": "question", "text", "model", "parameters", "replaces"?, "shown"?, "files"?}
                                                                                  a question; it takes the place of one
                                                                                  without an answer
    {"type": "tools", "text", "calls", "state", "results", "tools"}             what was asked of tools before an answer
    {"type": "answer", "text", "model", "state", "note", "thoughts", …}           an answer to the last question
    {"type": "system", "text"}                                                    the system prompt from here on
    {"type": "title", "text"}                                                     the name that a person gave the chat

A record of another type is left out: a newer version may have written it. Every text becomes printable here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.providers.events import ToolCall, ToolCalls
from tui.providers.requests import Tool
from tui.sanitize import one_line, printable
from tui.workspace.history import recorded_files
from tui.workspace.history.files import OpenedFile, Record
from tui.workspace.playground.attachments.files import AttachedFile
from tui.workspace.playground.conversation import Answer, AnswerState, Conversation, ToolRound, Turn

_TITLE = 60
"""Characters of a question that make the title of a chat."""
_FIGURES = ("first", "total", "input", "output")
_CALL = ("id", "name", "arguments")


@dataclass
class StoredChat:
    """A chat of the history.

    `model` and `parameters` are those of the last question, `findings` say what is wrong with the file, and
    `incomplete` that a session ended while writing.
    """

    id: str
    conversation: Conversation = field(default_factory=Conversation)
    name: str = ""
    model: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    updated: str = ""
    findings: tuple[str, ...] = ()
    incomplete: bool = False

    @property
    def title(self) -> str:
        """The name that a person gave it, else the beginning of its first question."""
        questions = (one_line(turn.question, _TITLE) for turn in self.conversation.turns)
        return self.name or next(questions, "") or "no question yet"

    def as_json(self) -> dict[str, Any]:
        """Return the chat as commands print it."""
        return {
            "id": self.id,
            "title": self.title,
            "created": self.created,
            "updated": self.updated,
            "system": self.conversation.system,
            "model": self.model,
            "parameters": self.parameters,
            "turns": [_turn_json(turn) for turn in self.conversation.turns],
            "findings": list(self.findings),
            "incomplete": self.incomplete,
        }


def _turn_json(turn: Turn) -> dict[str, Any]:
    return {
        "question": turn.question,
        "attachments": [file.as_json() for file in turn.files],
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments, "result": tool_round.results[call.id]}
            for tool_round in turn.rounds
            for call in tool_round.tool_calls.calls
        ],
        "answers": [
            {"text": answer.text, "model": answer.model, "state": str(answer.state), "note": answer.note}
            | {"thinking": answer.thoughts, "first_token": answer.first, "total": answer.total}
            | {"input": answer.input or None, "output": answer.output, "reported": answer.reported}
            for answer in turn.answers
        ],
    }


def question(
    text: str,
    model: str,
    parameters: Mapping[str, Any],
    *,
    replaces: bool = False,
    shown: int = -1,
    files: Sequence[AttachedFile] = (),
) -> dict[str, Any]:
    """Return the record of a question.

    Args:
        text: The question.
        model: Whom it goes to, `provider/model`.
        parameters: Those that are set.
        replaces: Whether it takes the place of the last question and its answers.
        shown: Which answer to the question before was shown, and therefore sent, unless it was the last.
        files: What was attached, as it is sent.
    """
    record: dict[str, Any] = {"type": "question", "text": text, "model": model, "parameters": dict(parameters)}
    record |= ({"replaces": True} if replaces else {}) | ({"shown": shown} if shown >= 0 else {})
    return record | ({"files": [recorded_files.to_record(file) for file in files]} if files else {})


def tools(value: ToolRound) -> dict[str, Any]:
    """Return the record of tools that were asked for, and of their results."""
    calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in value.tool_calls.calls]
    offered = [
        {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
        for tool in value.tools
    ]
    state = [dict(entry) for entry in value.tool_calls.state]
    texts = {"text": value.text, "results": dict(value.results)}
    return {"type": "tools", **texts, "calls": calls, "state": state, "tools": offered}


def answer(value: Answer) -> dict[str, Any]:
    """Return the record of an answer."""
    figures = {name: getattr(value, name) for name in _FIGURES}
    texts = {"text": value.text, "model": value.model, "state": str(value.state), "note": value.note}
    return {"type": "answer", **texts, "thoughts": value.thoughts, **figures, "reported": value.reported}


def system(text: str) -> dict[str, Any]:
    """Return the record of a system prompt."""
    return {"type": "system", "text": text}


def title(text: str) -> dict[str, Any]:
    """Return the record of a title."""
    return {"type": "title", "text": text}


def chat_of(chat_id: str, file: OpenedFile) -> StoredChat:
    """Return the chat that a file holds."""
    chat = StoredChat(chat_id, findings=tuple(file.findings), incomplete=file.incomplete)
    for record in file.records:
        _apply(chat, record)
    if file.records:
        chat.created, chat.updated = file.records[0].time, file.records[-1].time
    return chat


def _apply(chat: StoredChat, record: Record) -> None:
    content, turns = record.content, chat.conversation.turns
    if not isinstance(content, dict):
        return
    text = printable(content["text"]) if isinstance(content.get("text"), str) else ""
    match content.get("type"):
        case "question":
            _end_last(turns, content)
            turns.append(Turn(text, files=recorded_files.from_records(content.get("files"))))
            chat.model = one_line(str(content.get("model", "")), 300)
            chat.parameters = dict(_parameters(content.get("parameters")))
        case "tools" if turns and (tool_round := _tool_round(text, content)):
            turns[-1].rounds.append(tool_round)
        case "answer" if turns:
            turns[-1].answers.append(_answer(text, content))
        case "system":
            chat.conversation.system = text
        case "title":
            chat.name = one_line(text, 200)


def _tool_round(text: str, content: Mapping[str, Any]) -> ToolRound | None:
    """Return the calls of tools in a record, None if one of them has no result."""
    results = stored if isinstance(stored := content.get("results"), dict) else {}
    calls = [ToolCall(*(printable(str(entry.get(name, ""))) for name in _CALL)) for entry in _objects(content, "calls")]
    texts = {call.id: printable(str(results[call.id])) for call in calls if call.id in results}
    if not calls or len(texts) < len({call.id for call in calls}):
        return None
    offered = tuple(
        Tool(one_line(str(entry.get("name", "")), 64), printable(str(entry.get("description", ""))), schema)
        for entry in _objects(content, "tools")
        if isinstance(schema := entry.get("parameters"), dict)
    )
    return ToolRound(text, ToolCalls(tuple(calls), tuple(_objects(content, "state"))), texts, offered)


def _objects(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = content.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _parameters(values: Any) -> Iterable[tuple[str, Any]]:
    """Yield the valid parameters: numbers, switches, texts and lists of texts. They are sent when a chat goes on."""
    for name, value in values.items() if isinstance(values, dict) else ():
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            yield printable(name), [printable(entry) for entry in value]
        elif isinstance(value, str | int | float):
            yield printable(name), printable(value) if isinstance(value, str) else value


def _end_last(turns: list[Turn], content: Mapping[str, Any]) -> None:
    """Drop the question that another one replaces, or note which of its answers was sent."""
    if not turns:
        return
    shown = content.get("shown")
    if content.get("replaces") or not turns[-1].answers:
        turns.pop()
    elif type(shown) is int and 0 <= shown < len(turns[-1].answers):
        turns[-1].shown = shown


def _answer(text: str, content: Mapping[str, Any]) -> Answer:
    state = content.get("state")
    figures: Any = {
        name: value for name in _FIGURES if isinstance(value := content.get(name), int | float) and value >= 0
    }
    return Answer(
        text,
        one_line(str(content.get("model", "")), 300),
        AnswerState(state) if state in list(AnswerState) else AnswerState.BROKEN,
        one_line(str(content.get("note", "")), 500),
        **figures,
        reported=bool(content.get("reported", True)),
        thoughts=printable(str(content.get("thoughts", ""))),
    )


def searched_text(conversation: Conversation) -> str:
    """Return the texts of a chat in which a search looks."""
    return "\n".join(_texts(conversation))


def _texts(conversation: Conversation) -> Iterable[str]:
    if conversation.system:
        yield conversation.system
    for turn in conversation.turns:
        yield turn.question
        yield from (file.name for file in turn.files)
        yield from (words for tool_round in turn.rounds for words in tool_round.words)
        yield from (answer.text for answer in turn.answers)
