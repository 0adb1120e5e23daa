"""Recognize files that hold keys of other programs, and read them: one row and one module for each format.

The content decides, not the name of the file. A reader is pure: it opens no file and runs nothing.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any, NamedTuple

from tui.errors import UsageError
from tui.storage.settings_file import CorruptSettings, read_json
from tui.workspace.transfer.formats import aichat, cc_switch, crush, dotenv, litellm, llm, opencode, oterm
from tui.workspace.transfer.formats.entries import KeyFile
from tui.workspace.transfer.formats.jsonc import plain_json
from tui.workspace.transfer.formats.yaml_file import load

MAX_SIZE = 4 * 1024 * 1024
"""Bytes of a file of another program."""


class Format(NamedTuple):
    """A format: its ID, its name for people, whether data is of it, and its reader."""

    id: str
    label: str
    matches: Callable[[Any], bool]
    read: Callable[[Any], KeyFile]


JSON_FORMATS = (
    Format("oterm", "config.json of oterm", oterm.matches, oterm.read),
    Format("opencode", "opencode.json", opencode.matches_config, opencode.read_config),
    Format("opencode", "auth.json of opencode", opencode.matches_auth, opencode.read_auth),
    Format("cc-switch", "export of cc-switch", cc_switch.matches, cc_switch.read),
    Format("crush", "crush.json", crush.matches, crush.read),
    Format("llm", "keys.json of llm", llm.matches, llm.read),
)
YAML_FORMATS = (
    Format("litellm", "config.yaml of LiteLLM", litellm.matches, litellm.read),
    Format("aichat", "config.yaml of aichat", aichat.matches, aichat.read),
)
TEXT_FORMATS = (
    Format("cc-switch", "export of cc-switch", lambda text: text.startswith(cc_switch.HEADER), cc_switch.read_sql),
    Format("env", ".env", dotenv.is_dotenv, dotenv.read),
)
_YAML = re.compile(r"^(model_list|clients)\s*:", re.MULTILINE)
"""What stands at the beginning of a line of YAML that a reader takes."""
FORMATS = (*TEXT_FORMATS, *JSON_FORMATS, *YAML_FORMATS)


def is_bundle(content: bytes) -> bool:
    """Return True if a file is JSON that says that Modeldeck wrote it, or JSON that cannot be read."""
    if not content.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
        return False
    try:
        return "modeldeck" in _read_json(content.decode("utf-8-sig"))
    except (CorruptSettings, UnicodeDecodeError):
        return True


def read_keys(content: bytes) -> tuple[str, KeyFile]:
    """Return the ID of a file's format and its keys.

    Raises:
        UsageError: It is of no format that is known, or too large.
        Problem: It is YAML, and the library that reads it is not installed.
    """
    if len(content) > MAX_SIZE:
        raise UsageError(f"The file is larger than {MAX_SIZE // 1024 // 1024} MiB.", "Is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("The file is not UTF-8 text.", "Is it the right file?") from None
    if text.lstrip().startswith(("{", "[")):
        return _read(JSON_FORMATS, _json(text))
    if _YAML.search(text):
        return _read(YAML_FORMATS, load(text))
    return _read(TEXT_FORMATS, text)


def _read(formats: tuple[Format, ...], data: Any) -> tuple[str, KeyFile]:
    for entry in formats:
        if entry.matches(data):
            return entry.id, entry.read(data)
    labels = dict.fromkeys(entry.label for entry in FORMATS)
    raise UsageError(
        "The file is of no format that can be imported.", f"These can: an export of Modeldeck, {', '.join(labels)}."
    )


def _json(text: str) -> Any:
    try:
        return _read_json(text)
    except CorruptSettings as problem:
        raise UsageError(f"The file cannot be imported: {problem.what}.", "Nothing was changed.") from None


def _read_json(text: str) -> Any:
    """Decode JSON, also with comments; raise CorruptSettings for what is wrong without them."""
    try:
        return read_json(text.encode())
    except CorruptSettings as problem:
        try:
            return read_json(plain_json(text).encode())
        except CorruptSettings:
            raise problem from None
