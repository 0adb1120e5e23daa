"""A file of rows, one JSON object a line, that survives a killed process.

A row is appended in one write and forced to disk. A line that was cut off at the end is removed when the file is opened
again. When all rows are there, the file is replaced by one in their order.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tui.errors import Problem, UsageError
from tui.sanitize import escaped_json, one_line
from tui.storage.user_file import open_to_continue, unwritable

_PIECE = 1 << 16
_ROW = b'{"id": "'
"""How a row begins."""


class RowsFile:
    """The file, open and locked against a second batch. Rows are known by their `id`; the last one of an id counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repaired = 0
        """Bytes of a cut-off line that were removed."""
        self._places: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._file = -1

    def __enter__(self) -> Self:
        self._file = open_to_continue(self.path, "Another batch")
        try:
            self._repair()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            os.close(self._file)
            self._file = -1

    def _repair(self) -> None:
        """Cut off a row that follows the last line end, if it is one of a batch and not whole.

        Raises:
            UsageError: Something else follows it: the file is not a file of rows.
        """
        size = end = os.fstat(self._file).st_size
        while end:
            start = max(0, end - _PIECE)
            place = os.pread(self._file, end - start, start).rfind(b"\n")
            if place >= 0:
                end = start + place + 1
                break
            end = start
        if end < size:
            tail = os.pread(self._file, len(_ROW), end)
            if not _ROW.startswith(tail):
                raise self._foreign()
            if _is_whole(os.pread(self._file, size - end, end)):
                os.pwrite(self._file, b"\n", size)
                return
            self.repaired = size - end
            os.ftruncate(self._file, end)
            os.fsync(self._file)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read every row, in the order of the file.

        Raises:
            UsageError: It is not a file of rows, so that nothing may be appended to it.
        """
        offset = 0
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            for line in file:
                try:
                    row = json.loads(line)
                    if not isinstance(row_id := row["id"], str):
                        raise TypeError
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise self._foreign() from None
                self._places[row_id] = (offset, len(line))
                offset += len(line)
                yield row

    def _foreign(self) -> UsageError:
        return UsageError(f"{one_line(self.path.name)} is not the output of a batch.", "Choose another file.")

    def append(self, row: Mapping[str, Any]) -> None:
        """Append a row and force it to disk."""
        line = escaped_json(json.dumps(row, ensure_ascii=False)).encode("utf-8", "replace") + b"\n"
        with self._lock:
            if self._file < 0:
                return
            offset = os.lseek(self._file, 0, os.SEEK_END)
            try:
                if os.write(self._file, line) != len(line):
                    raise OSError(28, os.strerror(28))
                os.fsync(self._file)
            except OSError as error:
                os.ftruncate(self._file, offset)
                raise unwritable(self.path, error) from None
            self._places[row["id"]] = (offset, len(line))

    def sort(self, ids: Sequence[str]) -> None:
        """Replace the file by one that has the last row of each of these ids, in this order, and others behind them."""
        present = [row_id for row_id in ids if row_id in self._places]
        leading = set(present)
        order = present + [row_id for row_id in self._places if row_id not in leading]
        places = [self._places[row_id] for row_id in order]
        size = os.fstat(self._file).st_size
        if sum(length for _, length in places) == size and places == sorted(places):
            return
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(opened, "wb") as file:
                for offset, length in places:
                    file.write(os.pread(self._file, length, offset))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise Problem(
                f"The rows could not be sorted: {error.strerror}.", "They are complete as they are."
            ) from None


def read_rows(path: Path, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Return the first rows of a file, up to `most`, and whether there are more; what is no row is left out.

    Raises:
        Problem: The file cannot be read.
    """
    rows: list[dict[str, Any]] = []
    try:
        with path.open("rb") as file:
            for line in file:
                if len(rows) == limit:
                    return rows, True
                with suppress(ValueError, RecursionError):
                    if isinstance(row := json.loads(line), dict):
                        rows.append(row)
    except OSError as error:
        raise Problem(f"{one_line(path.name)} cannot be read: {error.strerror}.") from None
    return rows, False


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
