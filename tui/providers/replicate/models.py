"""Replicate models: search, and the check before one is added.

Replicate HTTP API reference, search, models, versions and deployments; changelog of 2025-09-16 (search).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.dialects.openai.api import endpoint, malformed, number
from tui.providers.events import Accepted, Event, ModelDetails, SearchResult, SearchResults
from tui.providers.replicate import inputs as model_inputs
from tui.providers.replicate import schema
from tui.providers.replicate.inputs import FILES, Inputs
from tui.providers.replicate.references import ModelReference, parse
from tui.providers.requests import ApiError, Call, Frame
from tui.providers.spec import FieldValues
from tui.sanitize import one_line

NOTHING_PUSHED, NO_VERSION = "nothing_pushed", "no_version"
OTHER_MODEL, OTHER_TYPE, NEEDS = "other_model", "other_type", "needs"
"""Codes of refusals that are found in answers of success, or in place of a version."""

_REQUIREMENTS = {
    ModelType.CHAT: "language model",
    ModelType.EMBEDDING: "text embedding",
    ModelType.SPEECH2TEXT: "speech to text",
}
_COLD_START = "It may take minutes to start when it has not been used for a while."


def account(fields: FieldValues) -> Call:
    """Return the call that tells whose a token is; it is free."""

    def read(frame: Frame | None) -> Iterator[Event | ApiError]:
        if frame is not None:
            named = isinstance(frame.data, dict) and isinstance(frame.data.get("username"), str)
            yield Accepted() if named else malformed("It names no account.")

    return Call("GET", endpoint(fields, "/account"), lambda: read)


# --- search -----------------------------------------------------------------------------------------------------------


def search(fields: FieldValues, text: str, kind: ModelType) -> Call:
    """Return the call that finds models by words; without any, by the name of the model type."""

    def read(frame: Frame | None) -> Iterator[Event | ApiError]:
        if frame is None:
            return
        entries = frame.data.get("models") if isinstance(frame.data, dict) else None
        if not isinstance(entries, list):
            yield malformed("It holds no list of models.")
            return
        hits = [hit for entry in entries if isinstance(entry, dict) and (hit := _hit(entry.get("model"), kind))]
        yield SearchResults(tuple(sorted(hits, key=lambda value: not value.usable)))

    query = {"query": text.strip() or _REQUIREMENTS[kind], "limit": "20"}
    return Call("GET", endpoint(fields, "/search"), lambda: read, query=query)


def _hit(entry: Any, kind: ModelType) -> SearchResult | None:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in ("owner", "name")):
        return None
    latest = entry.get("latest_version")
    inputs = schema.read(latest) if isinstance(latest, dict) else None
    words = ["official" if entry.get("is_official") else "community"]
    if inputs and not inputs.serves(kind):
        words.append(_other_names(inputs))
    words += [f"{_short_count(runs)} run{'s' * (runs != 1)}"] if (runs := number(entry.get("run_count"))) else []
    words += [one_line(entry["description"], 80)] if isinstance(entry.get("description"), str) else []
    usable = inputs is None or inputs.serves(kind)
    return SearchResult(f"{entry['owner']}/{entry['name']}", " · ".join(filter(None, words)), usable)


def _other_names(inputs: Inputs) -> str:
    kind = _kind(inputs)
    return kind.label if kind else "makes files" if inputs.gives == FILES else "of another kind"


def _kind(inputs: Inputs) -> ModelType | None:
    """Return what a model can be used for; the type that asks for most first."""
    kinds = (ModelType.SPEECH2TEXT, ModelType.EMBEDDING, ModelType.CHAT)
    return next((kind for kind in kinds if inputs.serves(kind)), None)


def _short_count(count: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + letter
    return str(count)


# --- one model --------------------------------------------------------------------------------------------------------


def check(fields: FieldValues, model: Model) -> Call:
    """Return the request that finds a model's version and checks inputs and output against its type."""
    run = parse(model)
    look = _Inspection(fields, model, run)
    if run.deployment:
        return Call("GET", endpoint(fields, f"/deployments/{run.deployment}"), lambda: look.read_deployment)
    return look.call()


@dataclass(frozen=True)
class _Inspection:
    fields: FieldValues
    model: Model
    run: ModelReference
    note: str = ""

    def call(self) -> Call:
        return Call("GET", endpoint(self.fields, f"/models/{self.run.model}"), lambda: self.read_model)

    def read_deployment(self, frame: Frame | None) -> Iterator[ApiError | Call]:
        """Read a deployment: which version of which model it runs."""
        if frame is None:
            return
        release = frame.data.get("current_release") if isinstance(frame.data, dict) else None
        model, version = (release.get(name) for name in ("model", "version")) if isinstance(release, dict) else (0, 0)
        if not isinstance(model, str) or not isinstance(version, str):
            yield ApiError(code=NOTHING_PUSHED, param=self.run.deployment)
        elif self.run.model not in ("", model):
            yield ApiError(code=OTHER_MODEL, param=model)
        else:
            yield replace(self, run=replace(self.run, model=model, version=version)).call()

    def read_model(self, frame: Frame | None) -> Iterator[Event | ApiError | Call]:
        """Read a model: official or not, and its newest version."""
        if frame is None:
            return
        if not isinstance(frame.data, dict) or not isinstance(frame.data.get("name"), str):
            yield malformed("It describes no model.")
            return
        latest = frame.data.get("latest_version")
        newest = latest if isinstance(latest, dict) else {}
        look, version = self._choose_version(frame.data.get("is_official"), newest.get("id"))
        if look is None:
            yield ApiError(code=NOTHING_PUSHED, param=self.run.model)
        elif version and version != newest.get("id"):
            url = endpoint(self.fields, f"/models/{self.run.model}/versions/{version}")
            yield Call("GET", url, lambda: look.read_version, accepted_statuses=frozenset({404}))
        else:
            yield from look._read_facts(newest)

    def read_version(self, frame: Frame | None) -> Iterator[Event | ApiError]:
        """Read one version of a model."""
        if frame is None:
            return
        if isinstance(frame.data, ApiError):
            yield ApiError(code=NO_VERSION, param=self.run.model)
        elif isinstance(frame.data, dict):
            yield from self._read_facts(frame.data)
        else:
            yield malformed("It describes no version.")

    def _choose_version(self, official: Any, newest: Any) -> tuple["_Inspection | None", str]:
        """Return what is run, and the version to look at."""
        run = self.run
        if run.deployment:
            return self, run.version
        if official and run.version:
            note = "An official model is run without a version, so the version was left out."
            return replace(self, run=replace(run, version=""), note=note), ""
        if official or run.version:
            return replace(self, note="" if official else _COLD_START), run.version
        if isinstance(newest, str):
            note = f"Of this community model the newest version was taken, {newest[:8]}. {_COLD_START}"
            return replace(self, run=replace(run, version=newest), note=note), newest
        # Answers of before 2025 do not tell whether a model is official.
        return (self, "") if official is None else (None, "")

    def _read_facts(self, version: Mapping[str, Any]) -> Iterator[Event | ApiError]:
        inputs, kind = schema.read(version), self.model.type
        fields = {} if self.run.deployment else {"version": self.run.version}
        fields |= {"deployment": self.run.deployment}
        if inputs is None:
            note = f"{self.note} It has no schema, so it gets the usual inputs.".strip()
            yield ModelDetails(self._complete(fields), note)
        elif inputs.gives == FILES:
            yield ApiError(code=FILES, param=self.run.model)
        elif not inputs.serves(kind):
            actual = _kind(inputs)
            yield ApiError(code=OTHER_TYPE, kind=actual.value if actual else "", param=kind.value)
        elif unsupported := inputs.unsupported_required(kind):
            yield ApiError(code=NEEDS, param=", ".join(unsupported))
        else:
            fields[model_inputs.FIELD] = model_inputs.encode(inputs)
            yield ModelDetails(self._complete(fields), self.note)

    def _complete(self, fields: Mapping[str, str]) -> Model:
        return replace(self.model, id=self.run.model, fields={name: value for name, value in fields.items() if value})
