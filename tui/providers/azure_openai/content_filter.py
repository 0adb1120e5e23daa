"""Azure OpenAI's content filter: what it stopped, read from errors and answers.

Microsoft: content filter annotations; content streaming. The map of results goes from a category to whether its text
was `read_filter`; it may hold an `error` instead where the filter itself failed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tui.providers.events import Finish, Notice
from tui.providers.requests import Call, Frame, Reader, Result

_CATEGORIES = {
    "sexual": "sexual content",
    "self_harm": "self-harm",
    "jailbreak": "a jailbreak attempt",
    "indirect_attack": "instructions hidden in a document",
    "protected_material_text": "protected text",
    "protected_material_code": "protected code",
    "custom_blocklists": "a word on a blocklist of the resource",
}
"""What a category is called where its name is not word enough."""

_FAILED = "The content filter failed for this answer: it was not filtered."


def stopped_by(results: Any) -> tuple[str, ...]:
    """Name the categories that stopped a text, in words, from a map of filter results."""
    stopped = [
        name
        for name, result in (results.items() if isinstance(results, Mapping) else ())
        if isinstance(result, Mapping) and result.get("filtered") is True
    ]
    return tuple(_CATEGORIES.get(name, str(name).replace("_", " ")) for name in stopped)


def read_filter(call: Call) -> Call:
    """Wrap a request: its answer says at the end what the filter stopped, and at once if the filter failed."""
    return replace(call, reader=lambda: _FilterReader(call.reader()).read)


class _FilterReader:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._stopped: dict[str, None] = {}
        self._failed = False

    def read(self, frame: Frame | None) -> Iterator[Result]:
        data = frame.data if frame is not None and isinstance(frame.data, dict) else {}
        # Chunks with nothing but annotations have no delta, and those about the question no choices.
        for entry in (*_entries(data.get("prompt_filter_results")), *_entries(data.get("choices"))):
            # The service says result where the filter failed, its documents results.
            results = entry.get("content_filter_results") or entry.get("content_filter_result")
            self._stopped |= dict.fromkeys(stopped_by(results))
            if isinstance(results, dict) and results.get("error") and not self._failed:
                self._failed = True
                yield Notice(_FAILED)
        yield from map(self._describe, self._reader(frame))

    def _describe(self, result: Result) -> Result:
        if not isinstance(result, Finish) or result.reason != "content_filter" or not self._stopped:
            return result
        return replace(result, note=f"The content filter cut the answer: {', '.join(self._stopped)}.")


def _entries(value: Any) -> Iterable[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
