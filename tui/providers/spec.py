"""The vocabulary of a provider's declaration.

A provider is a declaration (`Provider`). A dialect is a few pure functions that turn a request into a `Call` and read
the frames of its response into events. Neither does I/O: `Client` runs every call.

    ChatRequest ──dialect──> Call ──Client: sign, send, frame──> Frame ──Call.reader──> Event | Call (the next step)
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import Problem
from tui.providers.requests import (
    ApiError,
    Call,
    ChatRequest,
    EmbeddingRequest,
    TimestampGranularity,
    TranscriptionRequest,
)
from tui.sanitize import is_id
from tui.secret import MASK, Secret

NO_DOT_SEGMENTS = r"(?!(.*[/\\])?\.{1,2}([/\\]|$)).+"
"""The pattern of a model ID that becomes part of a URL's path: a part `.` or `..` would lead to another path."""
DOT_SEGMENTS_HELP = "This is not a model ID: no part of one is . or .."

FieldValues = Mapping[str, str]
"""The clear fields of a credential by name, defaults filled in; a field left empty is absent or ''.

A secret field that is filled has the value `MASK` there, never its own: which are filled may decide how a call is made.
"""


def mask_secrets(clear: FieldValues, secrets: Iterable[str]) -> FieldValues:
    """Return the clear fields, and a placeholder for each of the secrets with these names."""
    return {**clear, **dict.fromkeys(secrets, MASK)}


@dataclass(frozen=True)
class Choice:
    """One value of a field or parameter that offers a fixed set; `type` is the model type that it means."""

    value: str
    label: str
    type: ModelType | None = None


@dataclass(frozen=True)
class Field:
    """One field of a credential form or of an added model.

    Attributes:
        pattern: A regular expression that the whole value must match.
        pattern_help: The sentence for a value that does not match.
        env: The environment variables that usually hold the value; first the one that the provider's SDK reads.
        sdk_env: The variables that point another provider's SDK at this one, the usual one first.
        prefixes: How keys of this provider begin, longest first, each with the name of such a key. A hint only.
        advanced: Whether a form hides the field at first.
        auth_method: The auth method that the field belongs to; `required` applies within it.
        url: Whether the value is an address whose origin the key may be sent to. Its `choices` are offered, and any
            other address may be given.
        strip_suffixes: Endings that are cut from a pasted address, such as /chat/completions.
        parse_pasted: Splits a pasted address that holds more: returns its values by field name, with this field's
            own; `model` is the ID of a model to add.
        visible_when: Shows a model field only if another field (the first entry) has one of the values that follow.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = False
    default: str = ""
    choices: tuple[Choice, ...] = ()
    pattern: str = ""
    pattern_help: str = ""
    env: tuple[str, ...] = ()
    sdk_env: tuple[str, ...] = ()
    prefixes: tuple[Choice, ...] = ()
    advanced: bool = False
    auth_method: str = ""
    url: bool = False
    strip_suffixes: tuple[str, ...] = ()
    parse_pasted: Callable[[str], Mapping[str, str]] | None = None
    visible_when: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalServer:
    """A model server that may answer on this machine: its usual base URL and its name.

    `variable` is the environment variable that holds its host and port.
    """

    base_url: str
    label: str
    variable: str = ""


class ParameterKind(StrEnum):
    """The type of a parameter's value."""

    NUMBER = "number"
    WHOLE = "whole"
    TEXT = "text"
    TEXTS = "texts"
    CHOICE = "choice"


@dataclass(frozen=True)
class Parameter:
    """A parameter that a model takes: its range (inclusive), what the provider does without it, and what it means.

    `practical_low` is the lowest value that leaves room for an answer, if models reject lower ones within the range.
    """

    name: str
    label: str
    kind: ParameterKind
    low: float | None = None
    high: float | None = None
    unset: str = "–"
    help: str = ""
    choices: tuple[str, ...] = ()
    practical_low: float = 0


@dataclass(frozen=True)
class AudioLimits:
    """What a speech-to-text model takes: file name endings and the size in bytes; and the timestamps that it returns.

    With `any_format`, the server decides which other formats it takes.
    """

    endings: tuple[str, ...]
    size: int
    times: tuple[TimestampGranularity, ...] = (TimestampGranularity.NONE,)
    any_format: bool = False


@dataclass(frozen=True)
class AttachmentLimits:
    """What a chat model takes beside text, as its provider's documents say. A limit of 0 is not documented.

    Attributes:
        source: The page that says so.
        images: Content types of images.
        documents: Content types of documents.
        size: The most bytes of one file.
        total: The most bytes of all files of a request.
        count: The most files of a request.
        side: The most pixels of an image along a side.
        min_side: The fewest.
        certain: Whether the model is known to take images; otherwise it is tried, and said.
    """

    source: str
    images: tuple[str, ...]
    documents: tuple[str, ...] = ()
    size: int = 0
    total: int = 0
    count: int = 0
    side: int = 0
    min_side: int = 0
    certain: bool = True


Sign = Callable[[Call, FieldValues, Mapping[str, Secret], float], Call]
"""(call, clear fields, opened secrets by field name, now in seconds since the epoch) -> the call with its auth."""


@dataclass(frozen=True)
class Provider:
    """The declaration of a provider: its form, its requests, and where its keys may go.

    Attributes:
        kind: The ID of the provider that a tenant's connection is like; '' for a provider itself.
        model_id: How the provider names the ID of an added model, and the pattern that every model ID matches.
        origins: The origins (`https://host[:port]`) that a credential's secrets may be sent to.
        model_origins: The origins that an added model's own URLs need as well.
        host_suffixes: Domains (`replicate.com`) whose https hosts a response may name for the next request.
        sign: Adds authentication to a call.
        verify: The request that verifies a credential.
        parse_error: Reads an error response: status, lower-case headers, JSON or text.
        describe_error: Words an error, or returns None for the general words in `error_messages`.
        repair_request: Returns a corrected call, sent once, and a notice, if a request was rejected at once.
        chat: With `embed` and `transcribe`: what the provider can do. None means that it cannot.
        attachments: What a chat model takes beside text; None if that is nothing.
        catalogue: The fallback list of models, correct on the date `catalogue_as_of`.
        proposed: Model IDs to suggest as a type's default, best first.
        after_saving: What to do next if models are not listed.
        sort_order: The place in lists, lower first.
        exclusive_auth_methods: True if only one auth method of the fields may be filled in.
        check_is_billed: Whether verifying these fields sends a request that is billed, for one token.
        regions: Other clear fields under which a rejected, unsaved key is tried.
        token: The call that exchanges the secrets for an access token (event `AccessToken`), or None. The token is
            cached; `sign` finds it as the secret `token`, and signs the exchange itself without it.
        stale_token: Error codes, beside 401, after which a cached token is exchanged again, once.
        search: The request that finds models to add (event `SearchResults`).
        field_options: By model field, the request that finds its values.
        infer_model_type: Returns the type of an added model by its ID and fields, if they imply one.
        inspect_model: The request that completes a model before it is added (event `ModelDetails`).
        distinguishes_queries: True if search queries are embedded differently from documents.
        trial_calls: Suggested requests per tenant of a trial; `trial_models` are its suggested models.
    """

    id: str
    label: str
    supply: Supply
    import_mode: ImportMode
    fields: tuple[Field, ...]
    sign: Sign
    origins: Callable[[FieldValues], tuple[str, ...]]
    verify: Callable[[FieldValues], Call]
    parse_error: Callable[[int, Mapping[str, str], Any], ApiError]
    kind: str = ""
    key_page: str = ""
    docs: tuple[str, ...] = ()
    model_id: Field = Field("model", "Model")
    model_fields: tuple[Field, ...] = ()
    list_models: Callable[[FieldValues], Call] | None = None
    chat: Callable[[FieldValues, ChatRequest], Call] | None = None
    embed: Callable[[FieldValues, EmbeddingRequest], Call] | None = None
    transcribe: Callable[[FieldValues, TranscriptionRequest], Call] | None = None
    describe_error: Callable[[ApiError, str], Problem | None] = lambda refusal, model: None
    repair_request: Callable[[Call, ApiError], tuple[Call, str] | None] = lambda call, refusal: None
    parameters: Callable[[Model], tuple[Parameter, ...]] = lambda model: ()
    audio: Callable[[Model], AudioLimits] | None = None
    attachments: Callable[[Model], AttachmentLimits | None] = lambda model: None
    catalogue: tuple[Model, ...] = ()
    catalogue_as_of: str = ""
    proposed: Mapping[ModelType, Sequence[str]] = field(default_factory=dict)
    local_servers: tuple[LocalServer, ...] = ()
    after_saving: str = ""
    sort_order: int = 100
    exclusive_auth_methods: bool = True
    model_origins: Callable[[FieldValues, Model], tuple[str, ...]] = lambda fields, model: ()
    host_suffixes: tuple[str, ...] = ()
    check_is_billed: Callable[[FieldValues], bool] = lambda fields: False
    regions: Callable[[FieldValues], tuple[FieldValues, ...]] = lambda fields: ()
    token: Callable[[FieldValues], Call | None] = lambda fields: None
    stale_token: frozenset[str] = frozenset()
    search: Callable[[FieldValues, str, ModelType], Call] | None = None
    field_options: Mapping[str, Callable[[FieldValues, Mapping[str, str]], Call]] = field(default_factory=dict)
    infer_model_type: Callable[[str, FieldValues], ModelType | None] = lambda model_id, fields: None
    inspect_model: Callable[[FieldValues, Model], Call] | None = None
    distinguishes_queries: bool = False
    trial_calls: int = 0
    trial_models: tuple[str, ...] = ()

    @property
    def declared_id(self) -> str:
        """The ID of the declaration: that of the provider itself, or of the one that a connection is like."""
        return self.kind or self.id

    @property
    def types(self) -> tuple[ModelType, ...]:
        """The model types that this provider serves."""
        served = {ModelType.CHAT: self.chat, ModelType.EMBEDDING: self.embed, ModelType.SPEECH2TEXT: self.transcribe}
        return tuple(kind for kind, call in served.items() if call is not None)

    def accepts_model_id(self, text: str) -> bool:
        """Return True if a text from outside can be a model ID: it is shown as it is, and fits the requests."""
        return is_id(text, len(text)) and re.fullmatch(self.model_id.pattern or ".+", text) is not None

    @property
    def default_values(self) -> dict[str, str]:
        """The values of the clear fields that are left blank."""
        return {field.name: field.default for field in self.fields if field.default and not field.secret}

    def field(self, name: str) -> Field:
        """Return the credential field of that name; raise KeyError if there is none."""
        return {field.name: field for field in self.fields}[name]
