"""The files of a question in the record of a chat: what is sent of each, so that it can be sent again.

{"name", "kind", "size", "removed", "text"}                                        a text file
{"name", "kind", "size", "removed", "media", "width", "height", "content"}         another; its bytes in base64
"""

import base64
from collections.abc import Iterator
from typing import Any

from tui.providers.requests import Attachment
from tui.sanitize import one_line, printable
from tui.workspace.playground.attachments.files import AttachedFile


def to_record(file: AttachedFile) -> dict[str, Any]:
    """Return the record of a file."""
    head = {"name": file.name, "kind": file.kind, "size": file.size, "removed": file.removed}
    if file.file is None:
        return {**head, "text": file.text}
    sides = {"width": file.file.width, "height": file.file.height}
    return {**head, "media": file.file.media, **sides, "content": base64.b64encode(file.file.content).decode()}


def from_records(entries: Any) -> tuple[AttachedFile, ...]:
    """Return the files of a record; what is none is left out."""
    return tuple(_files(entries)) if isinstance(entries, list) else ()


def _files(entries: list[Any]) -> Iterator[AttachedFile]:
    for entry in entries:
        try:
            name, kind = one_line(entry["name"], 80), one_line(entry["kind"], 40)
            size, removed = _count(entry["size"]), _count(entry["removed"])
            if "text" in entry:
                yield AttachedFile(name, kind, size, text=printable(entry["text"]), removed=removed)
                continue
            content = base64.b64decode(entry["content"], validate=True)
            width, height = _count(entry["width"]), _count(entry["height"])
            sent = Attachment(name, one_line(entry["media"], 80), content, width, height)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # it opens for whoever has the public key, and so may hold anything
        yield AttachedFile(name, kind, size, sent, removed=removed)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value
