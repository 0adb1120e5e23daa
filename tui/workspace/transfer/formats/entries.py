"""What a reader of another program's file returns: keys as fields of a provider, and what could not be read.

Texts of a file are data. A value that refers to something else (a variable, another file, a command) is named and
left out: nothing is looked up, included or run.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.providers.openai_compatible.presets import kinds
from tui.providers.origins import origin_of
from tui.providers.spec import Field, Provider
from tui.sanitize import one_line
from tui.secret import Secret
from tui.workspace.credentials.fields import FieldProblem, clean_values
from tui.workspace.credentials.paste import clean_pasted, in_sentence

COMPATIBLE = "openai_compatible"

_NAMES = {
    "azure": "azure_openai",
    "azure-openai": "azure_openai",
    "claude": "anthropic",
    "dashscope": "tongyi",
    "alibaba": "tongyi",
    "ernie": "wenxin",
    "fireworks-ai": "fireworks",
    "fireworks_ai": "fireworks",
    "google": "gemini",
    "grok": "xai",
    "hf": "huggingface",
    "hosted_vllm": "vllm",
    "lmstudio": "lm_studio",
    "moonshotai": "moonshot",
    "openai-chat": "openai",
    "qianwen": "tongyi",
    "togetherai": "together",
    "together_ai": "together",
    "zhipuai": "zhipu",
}
"""What other programs call a provider, where the name differs."""

_REFERENCES = (
    (re.compile(r"\$\(|`"), "it is a command, which is not run"),
    (re.compile(r"\{file:"), "it refers to another file, which is not read"),
    (re.compile(r"os\.environ/|\{env:|\$\{?[A-Za-z_]"), "it refers to a variable, which is not looked up"),
)


@dataclass(frozen=True)
class KeyEntry:
    """A key of a file: where it stands there, and the fields of a provider or preset that it fills.

    `name` is what the other program calls the provider.
    """

    where: str
    kind: str
    values: Mapping[str, str | Secret] = field(repr=False)
    name: str = ""


@dataclass(frozen=True)
class SkippedEntry:
    """Something of a file that is not imported, and why; both without values."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"Not read: {self.where}, as {self.reason}."


@dataclass(frozen=True)
class KeyFile:
    """The keys of a file. `has_more` says that it holds other settings as well, and so should not be deleted."""

    label: str
    keys: tuple[KeyEntry, ...] = ()
    unread: tuple[SkippedEntry, ...] = ()
    has_more: bool = False


def key_file(label: str, entries: Iterable[KeyEntry | SkippedEntry], *, has_more: bool = False) -> KeyFile:
    """Return a file with these entries; of two that are the same, the first counts."""
    keys: list[KeyEntry] = []
    unread: list[SkippedEntry] = []
    for entry in entries:
        entry = replace(entry, where=one_line(entry.where, 80))
        if isinstance(entry, KeyEntry) and (missing := _missing_field(entry)):
            entry = SkippedEntry(entry.where, f"its {in_sentence(missing.label)} is not in the file")
        elif isinstance(entry, KeyEntry) and (invalid := _invalid_field(entry)):
            entry = SkippedEntry(entry.where, f"its {in_sentence(invalid.label)} cannot be used")
        if isinstance(entry, SkippedEntry):
            unread.append(entry)
        elif not any((entry.kind, entry.values) == (other.kind, other.values) for other in keys):
            keys.append(entry)
    return KeyFile(label, tuple(keys), tuple(unread), has_more or bool(unread))


def key_entry(
    where: str, name: str, key: Any, url: Any = "", *, like: str = "", secret_field: str = "", **more: Any
) -> KeyEntry | SkippedEntry:
    """Return the entry of a provider that another program calls `name`, or why it cannot be one.

    Args:
        where: Where it stands in the file.
        name: The program's name for the provider.
        key: The API key as it stands there; blank for a server without one.
        url: The base URL as it stands there; blank for the provider's own.
        like: The kind of provider that speaks to a base URL of its own, for a name that is none here.
        secret_field: The field of the key, where it is not the provider's first secret one.
        more: Other fields of the provider by name; blank ones are left out.
    """
    texts = {"key": key, "base URL": url, **more}
    for what, value in texts.items():
        if value is not None and not isinstance(value, str):
            return SkippedEntry(where, f"its {what} is not text")
        if reason := reference(value or ""):
            return SkippedEntry(where, reason)
    key, url = (key or "").strip(), (url or "").strip()
    try:
        provider = _provider(name, url, like)
    except UsageError:
        return SkippedEntry(where, "its base URL is not an address")
    if provider is None:
        return SkippedEntry(where, "Modeldeck has no such provider, and no base URL is named")
    fields = {declared.name: declared for declared in provider.fields}
    secret = fields.get(secret_field) or next(declared for declared in provider.fields if declared.secret)
    if not key and secret.required:
        return SkippedEntry(where, "no key is in the file")
    cleaned = clean_pasted(secret, key)
    if cleaned.problem:
        return SkippedEntry(where, "its key holds a character that no key has")
    values: dict[str, str | Secret] = {
        field_name: Secret(value) if fields[field_name].secret else value
        for field_name, value in more.items()
        if value and field_name in fields
    }
    if cleaned.text:
        values[secret.name] = Secret(cleaned.text)
    if url and (address := _address(provider, url)):
        values[next(declared.name for declared in provider.fields if declared.url)] = address
    return KeyEntry(where, provider.id, values, name)


def _missing_field(entry: KeyEntry) -> Field | None:
    """Return a field that every credential of the provider needs, and that the file does not fill."""
    declared = kinds()[entry.kind].fields
    needed = (field for field in declared if field.required and not field.auth_method)
    return next((field for field in needed if not entry.values.get(field.name)), None)


def _invalid_field(entry: KeyEntry) -> Field | None:
    """Return a field whose value could not be saved, such as an address that holds a password."""
    provider = kinds()[entry.kind]
    try:
        clean_values(provider, dict(entry.values))
    except FieldProblem as problem:
        return provider.field(problem.field)
    return None


def reference(text: str) -> str:
    """Return why a value that refers to something else is not read; '' for a plain one."""
    return next((reason for pattern, reason in _REFERENCES if pattern.search(text)), "")


def _provider(name: str, url: str, like: str) -> Provider | None:
    """Return the provider of that name; with a base URL, the preset at its origin, or one of the kind `like`."""
    providers = kinds()
    named = providers.get(_NAMES.get(name.lower(), name.lower().replace("-", "_")))
    if not url:
        return named
    origin = origin_of(url)
    has_own_address = named and named.id != COMPATIBLE and (named.id in PROVIDERS or named.local_servers)
    if named and (has_own_address or origin in _own_origins(named)):
        return named
    at_origin = (entry for entry in providers.values() if origin in _own_origins(entry))
    return next(at_origin, None) or providers[like or COMPATIBLE]


def _own_origins(provider: Provider) -> set[str]:
    """Return the origins of the addresses that a declaration offers; none for a server on this machine."""
    if provider.local_servers:
        return set()
    urls = (text for entry in provider.fields if entry.url for text in (entry.default, *_choices(entry)))
    return {origin_of(url) for url in urls if url}


def _choices(entry: Field) -> tuple[str, ...]:
    return tuple(choice.value for choice in entry.choices)


def _address(provider: Provider, url: str) -> str:
    """Return the value of the address field: '' for the usual one, which other programs write with another path."""
    entry = next((declared for declared in provider.fields if declared.url), None)
    if entry is None:
        return ""
    origin = origin_of(url)
    if entry.default and origin == origin_of(entry.default) and not provider.local_servers:
        return ""
    return next((choice for choice in _choices(entry) if origin_of(choice) == origin), url)
