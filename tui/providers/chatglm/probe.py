"""Detect which ChatGLM server runs at a URL, without a question to a model.

Nobody knows which one runs at an address, and it may be another one tomorrow. Those of OpenAI's wire list models, by
which they are told apart; `api.py` is known by its one path, which takes a question and lists nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai.entries import entries_of
from tui.providers.error_body import is_error
from tui.providers.requests import ApiError, Call, Frame, Result

PATH = "/v1"
"""What all paths of OpenAI's wire begin with."""

NATIVE, OTHER, VLLM = "native", "openai-other", "vllm"
CHATGLM2, CHATGLM3, GLM4 = "openai-chatglm2", "openai-chatglm3", "openai-glm4"

NAMED = {"gpt-3.5-turbo": CHATGLM2, "chatglm3-6b": CHATGLM3, "glm-4": GLM4}
"""The scripts list one model under a name of their own, whatever they run."""

ABSENT = frozenset({404, 405})
"""A path that is not there."""

UNKNOWN_SERVER = "strange_server"
"""The code of a refusal: what answers is none of these servers."""

Then = Callable[[str, Sequence[Mapping[str, Any]]], Iterable[Result]]
"""What to go on with: (the flavour, the entries of its list of models)."""

_Results = Iterable[Result]


@dataclass(frozen=True)
class Probe:
    """Finds out what runs at an address. With `known` it only looks whether something of that flavour is there."""

    at: str
    then: Then
    known: str = ""

    def first(self) -> Call:
        """Return the first request of the probe; its reader yields those that follow."""
        if self.known == NATIVE:
            return self._paths()
        takes = frozenset[int]() if self.known else ABSENT
        return Call("GET", f"{self.at}{PATH}/models", lambda: self._read_list, accepted_statuses=takes)

    def _read_list(self, frame: Frame | None) -> _Results:
        if frame is None:
            return ()
        if isinstance(frame.data, ApiError):
            return [self._paths()]
        if refused := openai_api.error_in(frame.data):
            return [refused]
        # No script sends the bare list; a server that does is another one.
        entries = entries_of(frame.data) if isinstance(frame.data, dict) else None
        if entries is None:
            failed = is_error(frame.data)
            return [openai_api.parse_error(0, {}, frame.data) if failed else _not_chatglm("It lists no models.")]
        return [*self.then(self.known or _flavour_of(entries.usable), entries.usable), *entries.notices]

    def _paths(self) -> Call:
        # Every script describes itself (FastAPI), unless that is switched off.
        return Call("GET", f"{self.at}/openapi.json", lambda: self._read_description, accepted_statuses=ABSENT)

    def _read_description(self, frame: Frame | None) -> _Results:
        if frame is None:
            return ()
        if isinstance(frame.data, ApiError):
            # Its one path is there, but not to be looked at.
            return [Call("GET", f"{self.at}/", lambda: self._read_front_page, accepted_statuses=frozenset({405}))]
        paths = paths_of(frame.data)
        if f"{PATH}/chat/completions" in paths:
            return self.then(OTHER, ())
        if "post" in paths.get("/", ()):
            return self.then(NATIVE, ())
        if not paths and is_error(frame.data):
            return [openai_api.parse_error(0, {}, frame.data)]
        return [_not_chatglm(f"It has {', '.join(sorted(paths)) or 'no paths'}.")]

    def _read_front_page(self, frame: Frame | None) -> _Results:
        if frame is None:
            return ()
        refused = frame.data if isinstance(frame.data, ApiError) else None
        allowed = refused.headers.get("allow") if refused else ""
        if allowed is None or "POST" in allowed:
            return self.then(NATIVE, ())
        return [_not_chatglm("It answers, but takes no questions.")]


def paths_of(data: Any) -> Mapping[str, Any]:
    """Return the paths of a server's OpenAPI document, with the fields that each takes."""
    paths = data.get("paths") if isinstance(data, dict) else None
    if not isinstance(paths, dict):
        return {}
    return {name: takes if isinstance(takes, dict) else {} for name, takes in paths.items()}


def _flavour_of(entries: Sequence[Mapping[str, Any]]) -> str:
    first: Mapping[str, Any] = entries[0] if entries else {}
    if first.get("owned_by") == "vllm":
        return VLLM
    flavour = NAMED.get(first.get("id", ""), OTHER)
    # Others serve a model by this name as well; the script's belongs to its owner.
    return OTHER if flavour == CHATGLM2 and first.get("owned_by") != "owner" else flavour


def _not_chatglm(message: str) -> ApiError:
    return ApiError(404, code=UNKNOWN_SERVER, message=message)
