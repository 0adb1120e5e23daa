"""The entries of a model list, in each shape that servers send it in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.providers.dialects.values import token_count
from tui.providers.error_body import is_error, words_in
from tui.providers.events import MAX_LISTED, Notice
from tui.sanitize import is_id

_LISTS = ("data", "models", "result", "results", "items", "list", "model_list", "available_models")
_NEXT = r"(?i)(?:@odata\.)?(?:has_?)?(?:next|more)(?:_?(?:page|link|url|cursor|token))*"
_PAGES = ("links", "_links", "pagination", "paging", "meta", "metadata", "page_info", "pageInfo")
_TOTALS = ("total", "total_count", "totalCount", "total_items", "totalItems")
_MODEL_FIELDS = frozenset({"id", "object", "owned_by", "created", "context_length", "max_model_len", "mode"})
_NAMES = ("id", "name", "model", "model_id", "model_name", "modelId", "modelName", "slug")
_MORE = "The server has more models than it listed. Add those that are missing by name."

_CUT_LIST = f"The list has more than {MAX_LISTED:,} models. The first {MAX_LISTED:,} were read; add others by name."


@dataclass(frozen=True)
class Entries:
    """The entries that have an `id`, how many were read, whether another page follows, and whether the list was cut."""

    usable: Sequence[Mapping[str, Any]]
    count: int
    has_more: bool = False
    is_cut: bool = False

    @property
    def notices(self) -> Sequence[Notice]:
        """Say how many entries have no name that can be used, and whether some did not come."""
        more = (Notice(_CUT_LIST if self.is_cut else _MORE),) if self.is_cut or self.has_more else ()
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
    is_cut = len(listed) > MAX_LISTED
    listed = listed[:MAX_LISTED]
    named = [{**entry, "id": name} for entry in map(_entry, listed) if (name := _name(entry))]
    if isinstance(data, list) and words_in(data) and (not named or all(" " in entry for entry in data)):
        # A sentence in a list is what the server says, not a model.
        return None
    return Entries(named, len(listed), isinstance(data, dict) and _has_more(data, len(listed)), is_cut)


def _has_more(page: Mapping[str, Any], count: int) -> bool:
    """Return True if a page says that another follows, or that there are more entries than it has."""
    for name, value in page.items():
        if re.fullmatch(_NEXT, name) and (value is True or (isinstance(value, str | dict) and value)):
            return True
        if name in _PAGES and isinstance(value, dict) and _has_more(value, count):
            return True
    return any((token_count(page.get(name)) or 0) > count for name in _TOTALS)


def _list_in(data: Any) -> list[Any] | None:
    if isinstance(data, list):
        data = data[: MAX_LISTED + 1]
        # Pages, one a line.
        pages = [_list_in(page) if isinstance(page, dict) and not _name(page) else None for page in data]
        return [entry for page in pages if page for entry in page] if pages and None not in pages else data
    if not isinstance(data, dict):
        return None
    for name in _LISTS:
        inner = data.get(name)
        if isinstance(inner, dict) and not is_error(inner):
            by_name = [{"id": key, **entry} for key, entry in inner.items() if isinstance(entry, dict)]
            inner = _list_in(inner) if any(within in inner for within in _LISTS) else by_name or None
        if isinstance(inner, list):
            return inner
    named = [name for name in _LISTS if name in data]
    if not named and not is_error(data) and _is_by_name(data):
        return [{"id": key, **entry} for key, entry in data.items()]
    empty = (named or data.get("object") == "list") and not is_error(data)
    return [] if empty and all(data[name] is None for name in named) else None


def _is_by_name(data: Mapping[str, Any]) -> bool:
    """Return True if an object holds models under their names."""
    return bool(data) and all(isinstance(entry, dict) and _MODEL_FIELDS & entry.keys() for entry in data.values())


def _entry(entry: Any) -> Mapping[str, Any]:
    return {"id": entry} if isinstance(entry, str) else entry if isinstance(entry, dict) else {}


def _name(entry: Mapping[str, Any]) -> str:
    if isinstance(entry.get("model"), dict):
        entry = {**entry["model"], **{name: entry[name] for name in _NAMES if isinstance(entry.get(name), str)}}
    name = next((entry[name] for name in _NAMES if isinstance(entry.get(name), str)), "")
    # A changed name would name no model.
    return name if is_id(name) else ""
