"""Files that grow by whole lines. A kill can leave an incomplete last line, which the next append closes."""

from collections.abc import Sequence

from tui.storage.folder import Folder


def lines_of(content: bytes) -> list[bytes]:
    """Return the lines of a file without their ends; the last one may be incomplete."""
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def append_lines(folder: Folder, name: str, lines: Sequence[bytes]) -> None:
    """Append lines, in one write. Call it under the folder's lock."""
    end = folder.read(name, last=1)
    closing = b"\n" if end and end != b"\n" else b""
    folder.append(name, closing + b"".join(line + b"\n" for line in lines))
