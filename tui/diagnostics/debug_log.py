"""The debug log (`log = true` in config.toml): requests, results and durations.

Every line, whichever library wrote it and at whatever level, passes `redacted`. Of exceptions there stand kind and
place, as their messages may quote anything. The files are private, and the oldest of five goes.
"""

import logging
import os
import re
import time
from collections.abc import Mapping
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler

from tui.diagnostics.crash_report import crash_place
from tui.paths import paths
from tui.sanitize import one_line
from tui.secret import MASK, live
from tui.secret.redaction import Redactor
from tui.storage import file_errors
from tui.storage.folder import DiskFolder

NAME = "modeldeck.log"
_SIZE = 1_000_000
_MAX_LOGS = 4
_MAX_LINE = 2000

_PATTERNS = (
    re.compile(r"(?<=://)[^\s/@'\"]+@"),  # a user and password in an address
    re.compile(r"(?<=\?)[^\s'\"<>]*=[^\s'\"<>]+"),  # what follows the path of an address: some are signed there
    re.compile(r"(?<=\bBearer )\S+|(?<=\bBasic )\S+"),
    re.compile(
        r"(?i)(?<=authorization)['\": ,=]+b?['\"]?[^'\"]+|(?<=api-key)['\": ,=]+b?['\"]?[^'\"]+"
        r"|(?<=cookie)['\": ,=]+b?['\"]?[^'\"]+|(?<=-token)['\": ,=]+b?['\"]?[^'\"]+"
    ),
    re.compile(r"\b(?:sk|pk|hf|r8|gsk|xai|nvapi|bce|pplx)[-_][\w-]{8,}"),
    re.compile(r"\bey[\w-]{10,}\.[\w-]+\.[\w-]*"),  # a JSON web token
    re.compile(r"\b(?=\w*\d)(?=\w*[a-zA-Z])\w{32,}\b"),  # keys without a mark of their maker
    re.compile(r"\bmd1\.\S+|-----BEGIN .*"),  # an envelope, a PEM file
)


def redacted(text: str) -> str:
    """Return a text on one line, without secrets of this process and without what looks like one."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return one_line(Redactor(live()).text(text), _MAX_LINE)


def begin(environ: Mapping[str, str], activity: str) -> None:
    """Log to the file from now on, first what this process is about. Problem where the folder is not private."""
    end()
    logging.raiseExceptions = False  # a full disk must not stop what is logged
    folder = DiskFolder(paths(environ).log)
    with folder.lock():
        try:
            handler = _PrivateFileHandler(folder.path / NAME, maxBytes=_SIZE, backupCount=_MAX_LOGS)
        except OSError as error:
            raise file_errors.unreadable(folder.path / NAME, error) from None
    handler.setFormatter(_Redacting())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("modeldeck").info("began: %s", activity)


def end() -> None:
    """Log no more."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _PrivateFileHandler)]:
        root.removeHandler(handler)
        handler.close()


class _PrivateFileHandler(RotatingFileHandler):
    """Files that only their owner can open, from birth."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return open(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8", errors="replace")


class _Redacting(logging.Formatter):
    """`2026-11-22T13:51:00Z 4127 INFO modeldeck: …`."""

    def format(self, record: logging.LogRecord) -> str:
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        try:
            text = record.getMessage()
        except Exception:
            text = "(this line could not be put together)"
        error = record.exc_info[1] if record.exc_info else None
        what = f"{text} ({crash_place(error)})" if error else text
        return f"{when} {os.getpid()} {record.levelname} {record.name}: {redacted(what)}"
