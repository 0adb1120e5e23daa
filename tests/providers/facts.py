"""The kit of the fact tables: what a provider's documents say, in a form that the tests of all providers share.

Each provider has a module `facts_<id>` beside this one whose `FACTS` are written from its documents, never recorded
from the adapter. They hold the checks that every declaration and every mutant of it is put to (`test_facts.py`), and
chats in documented frames for the faults on real sockets: at each step (`test_steps.py`), in a stream
(`test_streams.py`), on the way (`test_ways.py`), refused (`test_faults.py`). Adding a provider adds one such module.
"""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.error_messages import ErrorContext, to_problem
from tui.providers.requests import ApiError, Call, ChatRequest, EndFrame, Frame, Message
from tui.providers.spec import Provider, mask_secrets
from tui.secret import Secret

KEY = "FAKE-0123456789-abcdefghij-of-nobody-3f2a"

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "born": {"type": "integer"}},
    "required": ["name", "born"],
    "additionalProperties": False,
}
"""A JSON Schema within the strict subset of OpenAI."""

Check = Callable[[Provider], None]


@dataclass(frozen=True)
class Stream:
    """A streamed answer in documented frames, as bytes: what opens it, one piece of text, what closes it.

    `error` is the documented frame of a failure in mid-stream, `error_message` our sentence for it. `error_retried`
    says that the failure is a passing one, so that the call is made again where nothing has been delivered yet. With
    `socket` these are the frames of a WebSocket. `broken` is a piece whose JSON is not whole; it is cut out of one of
    text where it is left out.
    """

    text: Callable[[str], bytes]
    closing: bytes
    opening: bytes = b""
    error: bytes = b""
    error_message: str = ""
    error_retried: bool = False
    content_type: str = "text/event-stream"
    socket: bool = False
    broken: bytes = b""


@dataclass(frozen=True)
class Refusal:
    """A refusal as documented and what becomes of it: our sentence (`{host}` is where it was asked), part of our hint,
    and whether it is tried again. `call` is `chat` or `verify`."""

    status: int
    body: Any
    message: str
    kind: type[Problem] = Problem
    hint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    retried: bool = False
    call: str = "chat"


@dataclass(frozen=True)
class Chat:
    """A way to chat with a provider over a socket: its fields for a server at an origin, and what that answers.

    `whole` makes the JSON of an answer in one piece, `before` are the answers to the steps before the chat (a token),
    made from the server's origin where they name an address there, and `after` those to the steps after its stream.
    `aside` is how the path of a call ends that is made beside the chat (to cancel it). With `only_stream`, the faults
    before a stream are for another chat of the provider.
    `own` names faults that this wire meets in its own way, each with the reason; its own tests show them. A provider
    with several wires gives each a `name`. `added` makes further fields of the model out of those of the credential.
    """

    provider: str
    fields: Callable[[str], Mapping[str, str]]
    model: Model
    stream: Stream | None = None
    whole: Callable[[str], Any] | None = None
    before: tuple[bytes | Callable[[str], bytes], ...] = ()
    after: tuple[bytes, ...] = ()
    aside: str = ""
    only_stream: bool = False
    own: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    added: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda fields: {}

    @property
    def declared(self) -> Provider:
        return PROVIDERS[self.provider]

    def model_at(self, fields: Mapping[str, str]) -> Model:
        """The model, at the server that the fields name."""
        return replace(self.model, fields={**self.model.fields, **self.added(fields)})

    def access(self, origin: str, **more: Any) -> Access:
        """Access to a server there, with the credential as it would be stored."""
        filled = {
            form_field.name: form_field.default for form_field in self.declared.fields if form_field.default
        } | dict(self.fields(origin))
        secret = {form_field.name for form_field in self.declared.fields if form_field.secret}
        boxes = {name: Secret(value) for name, value in filled.items() if name in secret}
        fields = mask_secrets({name: value for name, value in filled.items() if name not in secret}, boxes)
        origins = (*self.declared.origins(fields), *self.declared.model_origins(fields, self.model_at(fields)))
        return Access(self.declared, fields, origins, secrets=lambda: boxes, model=self.model.id, **more)

    def call(self, access: Access, stream: bool = True, **parameters: Any) -> Call:
        """One question."""
        assert self.declared.chat
        return self.declared.chat(
            access.fields, ChatRequest(self.model_at(access.fields), (Message("user", "Hello?"),), parameters, stream)
        )

    def __str__(self) -> str:
        return f"{self.provider}-{self.name}" if self.name else self.provider


@dataclass(frozen=True)
class Otherwise:
    """Faults that a step meets in a way of its own, and why: `becomes` is `good`, `waits`, or what is said instead.

    `step` is a pattern of the call and of the path that it asks; `faults` are patterns of the rows of `fault_rows.py`.
    """

    step: str
    faults: str
    becomes: str
    why: str


BARE_LIST = Otherwise("* */models", "body [[]*", "good", "some servers send the bare list")


@dataclass(frozen=True)
class Facts:
    """What is known of a provider: checks of its declaration, its chats, its refusals.

    `modules` are the modules that are its own, changed word by word together with its declaration; `numbers` says
    that numbers are codes on its wire as well. `prose` names assignments and functions that hold words for people.
    """

    provider: str
    modules: tuple[str, ...] = ()
    chats: tuple[Chat, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    numbers: bool = False
    prose: frozenset[str] = frozenset()
    auth_methods: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    otherwise: tuple[Otherwise, ...] = ()
    unserved: frozenset[str] = frozenset()
    checks: list[Check] = field(default_factory=list)

    def check(self, function: Check) -> Check:
        """Add a check: a function that takes a declaration and fails for a wrong one."""
        self.checks.append(function)
        return function


def refusals_in_words(facts: Facts, p: Provider) -> None:
    """The refusals of the table without a socket, for mutants: each is read and put into its words."""
    for message in facts.refusals:
        entries = _refusal(facts, p, message)
        model = "" if message.call == "verify" else facts.chats[0].model.id
        problem = to_problem(ErrorContext(p, "http://localhost:9/v1", keyed=True, model=model), entries, 0)
        assert type(problem) is message.kind
        assert problem.message.startswith(message.message.format(host="localhost:9")), problem.message
        assert message.hint in problem.hint, problem.hint
        assert not (entries.final and message.retried)


def _refusal(facts: Facts, p: Provider, expected: Refusal) -> ApiError:
    """The refusal as the wire meets it: by its status, or in the body of an answer that its reader is given."""
    if expected.status != 200:
        return replace(
            p.parse_error(expected.status, dict(expected.headers), expected.body),
            status=expected.status,
            headers=expected.headers,
        )
    chat = facts.chats[0]
    fields = chat.access("http://localhost:9").fields
    assert p.chat
    ask = ChatRequest(chat.model_at(fields), (Message("user", "Hello?"),), {}, False)
    call = p.verify(fields) if expected.call == "verify" else p.chat(fields, ask)
    refused = [event for event in read(call, expected.body) if isinstance(event, ApiError)]
    assert refused, expected.body
    return refused[0]


@cache
def every() -> tuple[Facts, ...]:
    """The facts of every provider, by the names of their modules."""
    names = sorted(item.parent.name for item in Path(__file__).parent.glob("*/facts.py"))
    return tuple(import_module(f"tests.providers.{name}.facts").FACTS for name in names)


def read(call: Call, *frames: Any, end: bool = True) -> list[Any]:
    """Return the results of a new reader for frames of data, without `EndFrame`."""
    reader = call.reader()
    results = [event for data in frames for event in reader(data if isinstance(data, Frame) else Frame(data))]
    results += reader(None) if end else []
    return [result for result in results if not isinstance(result, EndFrame)]


def types_by_names(p: Provider, fields: Mapping[str, str], kinds: Mapping[ModelType | None, str]) -> None:
    """Checks that each of these names, listed by itself, becomes a model of its type; under None, no model at all."""
    for kind, names in kinds.items():
        for name in names.split():
            models = read(p.verify(fields), {"data": [{"id": name}]})[0].models
            assert [model.type for model in models] == ([kind] if kind else []), name


def proposed_are_known(p: Provider) -> None:
    """Check that proposed models are in the catalogue, with their type."""
    known = {(model.type, model.id) for model in p.catalogue}
    assert {(kind, name) for kind, names in p.proposed.items() for name in names} <= known


def sse(data: Any, event: str = "") -> bytes:
    """One server-sent event; what is not text goes as JSON."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}\n\n".encode()


def ndjson(data: Any) -> bytes:
    """One line of JSON."""
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


def spoken(data: Any, opcode: int = 1, last: bool = True) -> bytes:
    """One frame of a WebSocket as a server sends it (RFC 6455, 5.2); what is neither bytes nor text goes as JSON."""
    text = data if isinstance(data, bytes | str) else json.dumps(data, ensure_ascii=False)
    content = text if isinstance(text, bytes) else text.encode()
    size = len(content)
    length = (
        bytes([size]) if size < 126 else struct.pack("!BH" if size < 1 << 16 else "!BQ", 126 + (size >> 16 > 0), size)
    )
    return bytes([opcode | (0x80 if last else 0)]) + length + content


def hung_up(code: int, reason: str = "") -> bytes:
    """The frame that closes a WebSocket."""
    return spoken(struct.pack("!H", code) + reason.encode(), 8)
