"""Inputs and output of a Replicate model, stored with it, and the parameters they imply.

Names differ from model to model; only those that it has are sent (Replicate HTTP API reference, models).
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.spec import Parameter, ParameterKind

TEXT, VECTORS, TRANSCRIPT, FILES, OTHER = "text", "vectors", "transcript", "files", "something else"
"""What a model gives; '' where its schema does not tell."""

FIELD = "inputs"
"""The field of an added model that holds all this as JSON."""

_PROMPT = ["prompt", "text", "input", "message"]
_SYSTEM = ["system_prompt", "system_instruction", "system"]
_TEXTS = ["texts", "text", "inputs", "input", "query_texts", "sentences"]
_AUDIO = ["audio", "audio_file", "audio_path", "audio_url", "file"]
_STOP = ["stop", "stop_sequences", "stop_words"]
_IMAGES = ["image"]
_IMAGE = r"(?i)image|img|picture|photo"
_PICTURE = r"(?i)image|img|video|mask|picture|photo"


@dataclass(frozen=True)
class ModelInput:
    """One input: its type (`texts` for a list), whether it is a file, its range, and its meaning."""

    name: str
    type: str = ""
    file: bool = False
    required: bool = False
    low: float | None = None
    high: float | None = None
    unset: str = ""
    choices: tuple[str | int | float, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Inputs:
    """A model's inputs in order, and its output; `times`: it returns timestamps."""

    takes: tuple[ModelInput, ...] = ()
    gives: str = ""
    times: bool = False

    def first(self, names: list[str], file: bool = False) -> ModelInput | None:
        """Return the first input of one of these names, one that is required before all others."""
        matches = {take.name: take for take in self.takes if take.file is file and take.type in ("string", "texts", "")}
        ordered = [matches[name] for name in names if name in matches]
        return next((take for take in ordered if take.required), next(iter(ordered), None))

    @property
    def prompt(self) -> ModelInput | None:
        """Return the input for the prompt, or None."""
        return next((take for take in [self.first(_PROMPT)] if take and take.type != "texts"), None)

    @property
    def messages(self) -> ModelInput | None:
        """Where a chat goes as it is, unless a prompt must be given in any case."""
        return None if self.prompt and self.prompt.required else self.by_name("messages")

    @property
    def system(self) -> ModelInput | None:
        """Return the input for the system prompt, or None."""
        return self.first(_SYSTEM)

    @property
    def texts(self) -> ModelInput | None:
        """Return the input for texts to embed, or None."""
        return self.first(_TEXTS)

    @property
    def audio(self) -> ModelInput | None:
        """Return the input for a recording: by its name, else the first file that is no picture."""
        inputs = [take for take in self.takes if take.file and not re.search(_PICTURE, take.name)]
        return self.first(_AUDIO, file=True) or next(iter(inputs), None)

    @property
    def image(self) -> ModelInput | None:
        """Return the input for images: by its name, else the first file that may be one."""
        files = [take for take in self.takes if take.file and re.search(_IMAGE, take.name)]
        return self.first(_IMAGES, file=True) or next(iter(files), None)

    def by_name(self, name: str) -> ModelInput | None:
        """Return the input of that name, or None."""
        return next((take for take in self.takes if take.name == name), None)

    def serves(self, kind: ModelType) -> bool:
        """Return True if the model can be used for that type."""
        if kind is ModelType.CHAT:
            return bool(self.prompt or self.messages) and self.gives in (TEXT, "")
        if kind is ModelType.EMBEDDING:
            # A text that was asked for as such is packed numbers.
            packed = self.gives == TEXT and self.by_name("output_format") is not None
            return self.texts is not None and (self.gives in (VECTORS, "") or packed)
        return self.audio is not None and self.gives in (TEXT, TRANSCRIPT, "")

    def unsupported_required(self, kind: ModelType) -> tuple[str, ...]:
        """Return what the model must be given besides: files, or what nobody types into a form."""
        filled = {ModelType.CHAT: (self.prompt, self.messages), ModelType.EMBEDDING: (self.texts,)}
        supplied = [take.name for take in filled.get(kind, (self.audio,)) if take]
        missing = (take for take in self.takes if take.required and take.name not in supplied)
        return tuple(take.name for take in missing if take.file or take.type == "")


def encode(inputs: Inputs) -> str:
    """Encode the inputs as compact JSON, without default values."""
    defaults = {field.name: field.default for field in fields(ModelInput)}
    takes = [{name: value for name, value in asdict(take).items() if value != defaults[name]} for take in inputs.takes]
    data = {"takes": takes, "gives": inputs.gives} | ({"times": True} if inputs.times else {})
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def decode(model: Model) -> Inputs | None:
    """Return what is kept with a model; None where nothing is, or it cannot be read."""
    return _decode(model.fields.get(FIELD, ""))


@lru_cache(64)
def _decode(text: str) -> Inputs | None:
    with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
        data = json.loads(text)
        takes = [ModelInput(**{**take, "choices": tuple(take.get("choices", ()))}) for take in data["takes"]]
        return Inputs(tuple(takes), data["gives"], data.get("times", False))
    return None


# --- parameters -------------------------------------------------------------------------------------------------------


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that a chat model takes besides its text, as its schema describes it."""
    inputs = decode(model)
    if inputs is None or model.type is not ModelType.CHAT:
        return ()
    return tuple(_parameter(take) for take in _free(inputs))


def values(inputs: Inputs, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that the model has, in its types and ranges."""
    return {take.name: _value(take, parameters[take.name]) for take in _free(inputs) if take.name in parameters}


def _free(inputs: Inputs) -> Iterator[ModelInput]:
    supplied = (inputs.prompt, inputs.messages, inputs.by_name("messages"), inputs.system)
    for take in inputs.takes:
        if take not in supplied and not take.file and take.type:
            yield take


_KINDS = {"integer": ParameterKind.WHOLE, "number": ParameterKind.NUMBER, "texts": ParameterKind.TEXTS}
_TRUE = ("true", "false")


def _parameter(take: ModelInput) -> Parameter:
    choices = tuple(map(str, take.choices)) or (_TRUE if take.type == "boolean" else ())
    kind = ParameterKind.CHOICE if choices else _KINDS.get(take.type, ParameterKind.TEXT)
    if kind is ParameterKind.TEXT and take.name in _STOP:
        kind = ParameterKind.TEXTS
    plain = Parameter(take.name, take.name.replace("_", " "), kind, take.low, take.high, help=take.help)
    return replace(plain, choices=choices, unset=take.unset or plain.unset)


def _value(take: ModelInput, value: Any) -> Any:
    if take.choices:
        return next((choice for choice in take.choices if str(choice) == str(value)), value)
    if take.type == "boolean":
        return value == _TRUE[0] if isinstance(value, str) else bool(value)
    if take.type == "string" and isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if take.type in ("integer", "number") and isinstance(value, int | float):
        low = value if take.low is None else max(value, take.low)
        return low if take.high is None else min(low, take.high)
    return value
