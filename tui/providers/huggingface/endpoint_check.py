"""Inspect an Inference Endpoint: its entry, and the engine that it runs.

Management API (huggingface_hub, _inference_endpoints.py); TGI and TEI, /info; vLLM, llama.cpp, /v1/models; inference
toolkit, /health.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.dialects.openai.api import number
from tui.providers.events import Event, ModelDetails, Notice
from tui.providers.huggingface.endpoints import (
    ENDPOINT_STARTING,
    FAILED,
    MAX_POLLS,
    NO_ENDPOINT,
    NO_ENGINE,
    OPENAI,
    PAUSED,
    POLL_INTERVAL,
    SLEEPS,
    STARTING,
    TEI,
    TGI,
    TOOLKIT,
    UP,
    WAIT_HEADERS,
    WRONG_MODEL,
    Listing,
    Results,
    address,
    denied_listing,
    message_of,
    repository_of,
    state_of,
    task_in,
    url_of,
    word,
)
from tui.providers.huggingface.hub import SPEECH, TASKS, TEXT, TEXT2TEXT, VECTORS, at, dicts, task_of
from tui.providers.huggingface.tgi import OTHER_TASK
from tui.providers.requests import ApiError, Call, Frame, Framing
from tui.providers.spec import FieldValues

_ABSENT = frozenset({400, 404, 405, 415, 422})
"""How servers answer at an address that they do not have."""


def check(fields: FieldValues, model: Model) -> Call:
    """Return the calls that look at the endpoint of a model: its entry in the namespace, and what runs on it.

    The model of an endpoint for text may have any name, so that the namespace is asked only where it was given.
    """
    look = _EndpointCheck(fields, model)
    if model.type is ModelType.CHAT and model.fields.get("endpoint_url") and not model.fields.get("namespace"):
        return look.probe()
    return look.listing()


@dataclass(frozen=True)
class _EndpointCheck:
    """What is known so far of the endpoint of a model that is to be added."""

    fields: FieldValues
    model: Model
    listed: bool = False
    requests: int = 0
    stage: int = 0

    def listing(self, wait: float = 0.0) -> Call:
        return Listing(self.fields, self.model.fields.get("namespace", ""), self._entries, self._on_denied, wait).call()

    def _on_denied(self, refused: ApiError, namespace: str) -> Results:
        # A token may call an endpoint without the right to list it: that is said, and stops nothing.
        if self.model.fields.get("endpoint_url"):
            yield Notice(f"This token may not list the endpoints of {namespace}, so the name is not checked there.")
            yield self.probe()
        else:
            yield from denied_listing(refused, namespace)

    def _entries(self, items: list[dict[str, Any]], namespace: str) -> Results:
        item = self._matching_entry(items)
        if item is None:
            yield ApiError(400, code=NO_ENDPOINT, param=namespace)
            return
        state, repository, task = state_of(item), repository_of(item), task_in(item)
        if task and task != task_of(self.model):
            yield ApiError(400, code=OTHER_TASK, param=task)
        elif self.model.type is ModelType.EMBEDDING and repository and repository != self.model.id:
            yield ApiError(400, code=WRONG_MODEL, param=repository)
        elif state in (PAUSED, FAILED):
            yield ApiError(400, code=state, message=message_of(item))
        elif state in UP and self.requests < MAX_POLLS:
            if not self.requests:
                yield Notice(ENDPOINT_STARTING)
            yield replace(self, requests=self.requests + 1).listing(POLL_INTERVAL)
        else:
            fields = {**self.model.fields, "namespace": namespace, "endpoint_url": address(item)}
            details = replace(self, model=replace(self.model, fields=fields), listed=True, requests=0)
            if state == SLEEPS:
                yield Notice("The endpoint has scaled to zero. This wakes it, which can take minutes.")
            yield details.probe() if address(item) else ApiError(400, code=FAILED, message=message_of(item))

    def _matching_entry(self, items: list[dict[str, Any]]) -> Mapping[str, Any] | None:
        """Return the entry at the address that was given; without one, the only entry of that model."""
        if self.model.fields.get("endpoint_url"):
            url = url_of(self.model)
            return next((endpoint for endpoint in items if address(endpoint) == url), None)
        same = [endpoint for endpoint in items if repository_of(endpoint) == self.model.id]
        return same[0] if len(same) == 1 else None

    # The first of three addresses that answers shows what runs there.

    def probe(self) -> Call:
        path, _ = self._stages[self.stage]
        wait = POLL_INTERVAL if self.requests else 0.0
        takes = STARTING | _ABSENT
        return Call(
            "GET",
            at(url_of(self.model), path),
            lambda: self._read,
            Framing.TEXT,
            WAIT_HEADERS,
            wait=wait,
            accepted_statuses=takes,
        )

    @property
    def _stages(self) -> tuple[tuple[str, Any], ...]:
        return (("/info", self._info), ("/v1/models", self._models), ("/health", self._health))

    def _read(self, frame: Frame | None) -> Results:
        if frame is None:
            return
        data = frame.data
        if isinstance(data, ApiError):
            if data.status in STARTING and self.requests < MAX_POLLS:
                if not self.requests:
                    yield Notice(ENDPOINT_STARTING)
                yield replace(self, requests=self.requests + 1).probe()
                return
            if data.status in STARTING or data.code == PAUSED:
                yield data
                return
            yield self._next_request()
            return
        yield self._stages[self.stage][1](_parse(data))

    def _next_request(self) -> ApiError | Call:
        if self.stage + 1 < len(self._stages):
            return replace(self, stage=self.stage + 1).probe()
        return ApiError(400, code=NO_ENGINE)

    def _info(self, data: Any) -> Event | ApiError | Call:
        if not isinstance(data, dict):
            return self._next_request()
        if data.get("router") == "text-generation-router" or "max_total_tokens" in data:
            return self._read_facts(TGI, (TEXT, TEXT2TEXT), context=number(data.get("max_total_tokens")))
        kinds = data.get("model_type")
        if not isinstance(kinds, dict):
            return self._next_request()
        if "embedding" not in {str(kind).lower() for kind in kinds}:
            return ApiError(400, code=OTHER_TASK)
        repository = word(data.get("model_id"))
        # Where it was put into the container its name is a path there.
        is_model = repository.count("/") == 1 and not repository.startswith("/")
        if is_model and not self.listed and repository != self.model.id and self.model.type is ModelType.EMBEDDING:
            return ApiError(400, code=WRONG_MODEL, param=repository)
        return self._read_facts(TEI, (VECTORS,), context=number(data.get("max_input_length")))

    def _models(self, data: Any) -> Event | ApiError | Call:
        listed = data.get("data") if isinstance(data, dict) else None
        if not isinstance(listed, list):
            return self._next_request()
        sizes = {name: number(entry.get("max_model_len")) for entry in dicts(listed) if (name := word(entry.get("id")))}
        name = self.model.id if self.model.id in sizes or not sizes else next(iter(sizes))
        return self._read_facts(OPENAI, (TEXT, VECTORS, SPEECH), name, sizes.get(name, 0))

    def _health(self, data: Any) -> Event | ApiError | Call:
        return self._read_facts(TOOLKIT, tuple(TASKS))

    def _read_facts(
        self, engine: str, tasks: tuple[str, ...], served_as: str = "", context: int = 0
    ) -> Event | ApiError:
        task = task_of(self.model)
        if task not in tasks:
            return ApiError(400, code=OTHER_TASK, param=tasks[0])
        details = {
            "task": task,
            "engine": engine,
            "served_as": served_as if served_as != self.model.id else "",
            "endpoint_url": url_of(self.model),
        }
        fields = {name: value for name, value in {**self.model.fields, **details}.items() if value}
        return ModelDetails(replace(self.model, fields=fields, context=context))


def _parse(text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError, TypeError):
        return text
