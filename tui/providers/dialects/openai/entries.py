"""The entries of a model list, in each shape that servers send it in."""

from collections.abc import Mapping, Sequence
from typing import Any

from tui.domain.dataclass import dataclass
from tui.providers.error_body import is_error
from tui.providers.events import Notice
from tui.sanitize import is_id

_LISTS = ("data", "models", "result", "results", "items", "list", "model_list", "available_models")
_NEXT = ("next", "next_page", "next_page_token", "nextPageToken", "nextLink")
_NAMES = ("id", "name", "model", "model_id", "model_name", "modelId", "modelName", "slug")
_MORE = "The server has more models than it listed. Add those that are missing by name."


@dataclass(frozen=True)
class Entries:
    """The entries that have an `id`, how many there were in all, and whether another page follows."""

    usable: Sequence[Mapping[str, Any]]
    count: int
    has_more: bool = False

    @property
    def notices(self) -> Sequence[Notice]:
        """Say how many entries have no name that can be used, and whether some did not come."""
        more = (Notice(_MORE),) if self.has_more else ()
        unnamed = self.count - len(self.usable)
        if not unnamed:
            return more
        models, have, were = ("model", "has", "It was") if unnamed == 1 else ("models", "have", "They were")
        return (Notice(f"{unnamed} {models} of the list {have} no name that can be used. {were} left out."), *more)


def entries_of(data: Any) -> Entries | None:
    """Return the entries of a list: under `data`, `models` or another usual name, or bare; None if there is no list.

    Servers without any model send null. An entry may be a name alone, or have it under `name` (Ollama).
    """
    listed = _list_in(data)
    if listed is None:
        return None
    named = [{**entry, "id": name} for entry in map(_entry, listed) if (name := _name(entry))]
    page = data if isinstance(data, dict) else {}
    more = page.get("has_more") is True or any(page.get(name) and isinstance(page[name], str) for name in _NEXT)
    return Entries(named, len(listed), more)


def _list_in(data: Any) -> list[Any] | None:
    if isinstance(data, list):
        return data
    if not isinstance(data, dict):
        return None
    for name in _LISTS:
        inner = data.get(name)
        if isinstance(inner, dict) and not is_error(inner):
            inner = next((inner[within] for within in _LISTS if isinstance(inner.get(within), list)), None) or [
                {"id": key, **entry} for key, entry in inner.items() if isinstance(entry, dict)
            ]
            inner = inner or None
        if isinstance(inner, list):
            return inner
    named = [name for name in _LISTS if name in data]
    empty = (named or data.get("object") == "list") and not is_error(data)
    return [] if empty and all(data[name] is None for name in named) else None


def _entry(entry: Any) -> Mapping[str, Any]:
    return {"id": entry} if isinstance(entry, str) else entry if isinstance(entry, dict) else {}


def _name(entry: Mapping[str, Any]) -> str:
    if isinstance(entry.get("model"), dict):
        entry = {**entry["model"], **{name: entry[name] for name in _NAMES if isinstance(entry.get(name), str)}}
    name = next((entry[name] for name in _NAMES if isinstance(entry.get(name), str)), "")
    # A changed name would name no model.
    return name if is_id(name) else ""
