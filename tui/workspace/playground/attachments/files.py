"""Read the files of a question. What a file is, is told by its bytes, not by its name."""

import errno
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui.errors import UsageError
from tui.paths import open_file
from tui.providers.requests import Attachment, Message
from tui.sanitize import one_line
from tui.workspace.playground.speech.audio import megabytes

MAX_SIZE = 50 * 1024 * 1024
"""Bytes of a file that are read; no provider takes more in a request."""
MAX_TEXT_SIZE = 1024 * 1024
"""Bytes of a text file, which becomes a part of the question."""

_PDF = "application/pdf"
_FOREIGN_PATH = re.compile(r"/Users/|[A-Za-z]:[\\/]|\\\\|/private/var/folders/|/var/folders/|/home/|/mnt/[a-z]/")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#-]{1,12}")


@dataclass(frozen=True)
class AttachedFile:
    """A file of a question.

    Attributes:
        name: Its name, safe to show.
        kind: What it is: `PNG`, `PDF`, `text`.
        size: Its bytes on the disk.
        file: What is sent; None for a text.
        text: The text of a text file, which becomes a part of the question.
        removed: Bytes of metadata that were removed.
    """

    name: str
    kind: str
    size: int
    file: Attachment | None = None
    text: str = ""
    removed: int = 0

    @property
    def words(self) -> str:
        """What it is, in a few words: `a.png, PNG, 640 × 480, 18 kB`."""
        sides = f"{self.file.width} × {self.file.height}" if self.file and self.file.width else ""
        parts = (self.name, self.kind, sides, megabytes(self.size), "metadata removed" if self.removed else "")
        return ", ".join(filter(None, parts))

    def as_json(self) -> dict[str, object]:
        """Return its facts, without its content."""
        width, height = (self.file.width, self.file.height) if self.file and self.file.width else (None, None)
        facts = {"name": self.name, "kind": self.kind, "bytes": self.size, "metadata_removed": self.removed}
        return {**facts, "width": width, "height": height}


def read_file(typed: str, home: Path, *, keep_metadata: bool = False) -> AttachedFile:
    """Read the file of a path as it was typed or pasted.

    Raises:
        UsageError: It is not there, cannot be read, or is nothing that goes with a question.
    """
    content, path = read_content(typed, home)
    return of_content(content, path.name, path, keep_metadata=keep_metadata)


def read_content(typed: str, home: Path) -> tuple[bytes, Path]:
    """Return the content of a file, up to one byte more than the largest, and its whole path.

    Raises:
        UsageError: It is not there or cannot be read.
    """
    text = _unquote(typed)
    if not text:
        raise UsageError("The path of the file is blank.", "Enter the path of an image, a PDF or a text file.")
    path = home / text[2:] if text.startswith("~/") else Path(text)
    try:
        with open_file(path) as file:
            return file.read(MAX_SIZE + 1), Path(os.path.abspath(path))
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(text) from None
    except (OSError, ValueError) as error:
        reasons = {errno.EISDIR: "is a folder", errno.EINVAL: "is not a regular file", errno.EACCES: "cannot be read"}
        reason = reasons.get(error.errno or 0) if isinstance(error, OSError) else None
        raise UsageError(f"{one_line(text, 200)} {reason or 'cannot be opened'}.", "Choose another file.") from None


def of_content(content: bytes, name: str, path: Path = Path(), *, keep_metadata: bool = False) -> AttachedFile:
    """Return a file by its content.

    Raises:
        UsageError: It is too large, empty, damaged, or nothing that goes with a question.
    """
    # lazy: start-up time
    from tui.workspace.playground.attachments.image_header import image_info, is_image, other_format
    from tui.workspace.playground.attachments.jpeg_metadata import join, without_metadata

    name = one_line(name, 80) or "what was piped"
    if not content:
        raise UsageError(f"{name} is empty.", "Check that it was copied completely.")
    if len(content) > MAX_SIZE:
        raise UsageError(f"{name} is larger than {megabytes(MAX_SIZE)}.", "Make it smaller.")
    if info := image_info(content):
        pieces = without_metadata(content) if info.media == "image/jpeg" and not keep_metadata else ()
        if pieces is None:
            raise UsageError(f"{name} is a damaged JPEG: its metadata cannot be removed.", "Save it again as a JPEG.")
        sent = join(content, pieces) if pieces else content
        file = Attachment(name, info.media, sent, info.width, info.height, path, pieces)
        kind = info.media.removeprefix("image/").upper().replace("WEBP", "WebP")
        return AttachedFile(name, kind, len(content), file, removed=max(0, len(content) - len(sent)))
    if is_image(content):
        raise UsageError(f"{name} is damaged: it breaks off before its size.", "Check that it was copied completely.")
    if content.startswith(b"%PDF-"):
        return AttachedFile(name, "PDF", len(content), Attachment(name, _PDF, content, path=path))
    if kind := other_format(content):
        raise UsageError(f"{name} is a {kind} image, which providers do not take.", "Convert it to PNG or JPEG.")
    return _text_file(content, name)


def user_message(question: str, files: tuple[AttachedFile, ...] = ()) -> Message:
    """Return a question with its files: texts in a fenced block with their name, the others attached."""
    texts = [_fence(file) for file in files if file.file is None]
    return Message("user", "\n\n".join([question, *texts]), tuple(file.file for file in files if file.file is not None))


def _text_file(content: bytes, name: str) -> AttachedFile:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError(
            f"{name} is no image, PDF or text.", "PNG, JPEG, GIF, WebP, PDF and text files can be attached."
        )
    if len(content) > MAX_TEXT_SIZE:
        raise UsageError(f"{name} is a text of {megabytes(len(content))}; up to {megabytes(MAX_TEXT_SIZE)} is sent.")
    return AttachedFile(name, "text", len(content), text=text.replace("\r\n", "\n"))


def _fence(file: AttachedFile) -> str:
    longest = max((len(run) for run in re.findall(r"`+", file.text)), default=0)
    fence = "`" * max(3, longest + 1)
    ending = file.name.rpartition(".")[2] if "." in file.name else ""
    language = ending if _LANGUAGE.fullmatch(ending) else ""
    return f"{file.name}:\n\n{fence}{language}\n{file.text.rstrip()}\n{fence}"


def _unquote(typed: str) -> str:
    r"""Return a path as terminals paste it: without quotes, `file://` and backslashes before spaces."""
    text = typed.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text.startswith("file://"):
        return unquote(urlsplit(text).path)
    return re.sub(r"\\([ ()'&])", r"\1", text) if text.startswith(("/", "~", ".")) else text


def _missing(text: str) -> UsageError:
    from socket import gethostname

    path_text = one_line(text, 200)
    if not _FOREIGN_PATH.match(text):
        return UsageError(f"There is no file {path_text}.", "The path is on the machine where Modeldeck runs.")
    name = re.split(r"[\\/]", text)[-1]
    line = f"scp {shlex.quote(text)} {_user()}@{gethostname()}:"
    return UsageError(
        f"There is no file {path_text} here; it looks like a path of another machine.",
        f"Copy it from there, then attach ~/{one_line(name, 80)}:\n{one_line(line, 400)}",
    )


def _user() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError):
        return "USER"
