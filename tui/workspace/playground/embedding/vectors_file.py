r"""A file of vectors that is continued after a failure, and written as .npy or .jsonl once it is complete.

OUT.part    a line of JSON (model, number and hash of the texts, dimensions), then 64-bit floats, little-endian

A vector that a killed process left incomplete is cut off when the part is opened again.
"""

import hashlib
import json
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tui.errors import UsageError
from tui.sanitize import one_line
from tui.storage.user_file import open_to_continue, unwritable

_FLOAT = 8
_MAX_HEADER = 1000
_HEAD = b'{"model": "'
_MAX_DIMENSIONS = 10**6


@dataclass(frozen=True)
class VectorsHead:
    """The model and texts of the vectors. `dimensions` is 0 before the first vector."""

    model: str
    count: int
    texts: str
    dimensions: int = 0


def head_of(model: str, texts: Sequence[str]) -> VectorsHead:
    """Return the head for the vectors of these texts."""
    digest = hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
    return VectorsHead(model, len(texts), digest)


class VectorsFile:
    """The part of an output file, open for appending and locked. `done` is how many vectors it holds."""

    def __init__(self, output: Path, head: VectorsHead) -> None:
        self.output, self.head = output, head
        self.part = output.with_name(output.name + ".part")
        self.done = 0
        self._start = 0
        self._file = -1

    def __enter__(self) -> Self:
        self._file = open_to_continue(self.part, "Another process")
        try:
            self._read_head()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def _read_head(self) -> None:
        size = os.fstat(self._file).st_size
        line, end, _ = os.pread(self._file, _MAX_HEADER, 0).partition(b"\n")
        if not end and _HEAD.startswith(line[: len(_HEAD)]):  # nothing, or a head that was cut off
            os.ftruncate(self._file, 0)
            return
        try:
            stored = VectorsHead(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            stored = VectorsHead("", 0, "")
        if type(stored.dimensions) is not int or not 0 < stored.dimensions <= _MAX_DIMENSIONS:
            stored = VectorsHead("", 0, "")
        if stored != VectorsHead(self.head.model, self.head.count, self.head.texts, stored.dimensions):
            raise UsageError(
                f"{one_line(self.part.name)} holds vectors of other texts or another model.",
                "Delete it, or choose another file.",
            )
        self.head, self._start = stored, len(line) + 1
        row = stored.dimensions * _FLOAT
        self.done = min(self.head.count, (size - self._start) // row)
        os.ftruncate(self._file, self._start + self.done * row)

    def append(self, vectors: Sequence[Sequence[float]]) -> None:
        """Append vectors and force them to disk."""
        try:
            if not self._start:
                self.head = VectorsHead(self.head.model, self.head.count, self.head.texts, len(vectors[0]))
                line = json.dumps(vars(self.head)).encode() + b"\n"
                os.pwrite(self._file, line, 0)
                self._start = len(line)
            if any(len(vector) != self.head.dimensions for vector in vectors):
                raise UsageError("The vectors do not all have the same dimensions.", "Delete the part and start again.")
            numbers = array("d", [number for vector in vectors for number in vector])
            os.pwrite(self._file, numbers.tobytes(), self._start + self.done * self.head.dimensions * _FLOAT)
            os.fsync(self._file)
        except OSError as error:
            raise unwritable(self.part, error) from None
        self.done += len(vectors)

    def vectors(self) -> "Iterator[array[float]]":
        """Read the vectors in order."""
        row = self.head.dimensions * _FLOAT
        for index in range(self.done):
            vector = array("d")
            vector.frombytes(os.pread(self._file, row, self._start + index * row))
            yield vector

    def finish(self, line_of: Callable[[int, Sequence[float]], str]) -> None:
        """Write the output: .npy (32-bit floats) by its ending, else a line of `line_of` for each vector."""
        part = self.output.with_name(f".{self.output.name}.{os.getpid()}.part")
        try:
            opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(opened, "wb") as file:
                if self.output.suffix.lower() == ".npy":
                    file.write(npy_head(self.done, self.head.dimensions))
                    for vector in self.vectors():
                        file.write(array("f", vector).tobytes())
                else:
                    for index, vector in enumerate(self.vectors()):
                        file.write(line_of(index, vector).encode("utf-8", "replace") + b"\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.output)
            self.part.unlink()
        except OSError as error:
            part.unlink(missing_ok=True)
            raise unwritable(self.output, error) from None


def npy_head(count: int, dimensions: int) -> bytes:
    """Return the head of a .npy file of 32-bit floats (NumPy documentation, numpy.lib.format, version 1.0)."""
    shape = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {dimensions}), }}"
    size = -(-(len(shape) + 11) // 64) * 64 - 10
    return b"\x93NUMPY\x01\x00" + size.to_bytes(2, "little") + shape.ljust(size - 1).encode() + b"\n"
