"""Files of a prediction: a small one as a data URL, others uploaded first (Replicate HTTP API reference, files)."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

from tui.providers.dialects.openai.api import endpoint, malformed
from tui.providers.requests import ApiError, Call, Frame, RemoteJob
from tui.providers.spec import FieldValues

MAX_INLINE_SIZE = 190_000
"""What goes along, in bytes: base64 adds a third, and a data URL may be 256 kB long."""


def read_upload(
    fields: FieldValues, then: Callable[[str], Call], frame: Frame | None
) -> Iterator[ApiError | Call | RemoteJob]:
    """Read the response to an upload; `then` returns the next call for the address of the file."""
    if frame is None:
        return
    file = frame.data if isinstance(frame.data, dict) else {}
    if isinstance(name := file.get("id"), str) and name:
        # Otherwise it stays there until it expires.
        place = endpoint(fields, f"/files/{quote(name, safe='')}")
        yield RemoteJob(Call("DELETE", place, lambda: lambda _: (), idempotent=False), anyway=True)
    urls = file.get("urls")
    url = urls.get("get") if isinstance(urls, dict) else None
    if isinstance(url, str) and url:
        yield then(url)
    else:
        yield malformed("It holds no address of a file.")
