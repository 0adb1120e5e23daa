"""Chat over a WebSocket with a signed URL (xfyun.cn, Spark Web interface), one question each."""

from collections.abc import Iterator
from typing import Any

from tui.errors import UsageError
from tui.providers.dialects.attachments import images_of, unsupported
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.messages import one_system
from tui.providers.dialects.values import token_count
from tui.providers.events import UNFINISHED, Accepted, Event, Finish, TextDelta, ThinkingDelta, Usage
from tui.providers.requests import ApiError, Call, ChatRequest, Frame, Framing, Reader
from tui.providers.spark.api import Version, at, refused_in
from tui.providers.spec import FieldValues

HOST = "wss://spark-api.xf-yun.com"
IMAGES_HOST = "wss://spark-api.cn-huabei-1.xf-yun.com"
_PROBE_PATH = "/v1.1/chat"
_LAST_STATUS = 2


def handshake(fields: FieldValues, then: Call | None) -> Call:
    """Open a connection without sending: accepted, it proves key, secret and clock, and costs nothing.

    `then` is the request that verifies more.
    """

    def read(frame: Frame | None) -> Iterator[Event | Call]:
        if frame is None:
            yield then or Accepted()

    return Call("GET", at(fields, HOST, _PROBE_PATH), lambda: read, Framing.WEBSOCKET)


def chat(fields: FieldValues, version: Version, request: ChatRequest) -> Call:
    """Return the chat request; the answer always streams."""
    if request.schema is not None:
        raise UsageError(
            "Spark takes a JSON Schema over HTTP only.", "Enter the APIPassword as well, or leave the schema out."
        )
    texts: list[dict[str, Any]] = [
        {"role": message.role, "content": message.text} for message in one_system(request.messages)
    ]
    images = images_of(request.messages)
    if images and version.host != IMAGES_HOST:
        raise unsupported(request.model.ref)
    if version.host == IMAGES_HOST:
        if len(images) != 1:
            raise UsageError(f"{request.model.id} takes exactly one image in a chat.", "Attach one; begin a new chat.")
        # The image leads, whichever turn it came with (xfyun.cn, image understanding).
        image = {"role": "user", "content": images[0].as_base64(), "content_type": "image"}
        texts = [image, *({**text, "content_type": "text"} for text in texts if text["role"] != "system")]
    message = {
        "header": {"app_id": fields["app_id"]},
        "parameter": {"chat": {"domain": version.domain, **request.parameters}},
        "payload": {"message": {"text": texts}},
    }
    call = Call("GET", at(fields, version.host or HOST, version.socket), _reader, Framing.WEBSOCKET, sends=(message,))
    return with_error_check(call, refused_in)


def _reader() -> Reader:
    received = False

    def read(frame: Frame | None) -> Iterator[Event | ApiError]:
        nonlocal received
        if frame is None:
            yield UNFINISHED
            return
        payload = _member(frame.data, "payload")
        choices = _member(payload, "choices")
        texts = choices.get("text")
        for item in texts if isinstance(texts, list) else ():
            if thought := _text(item, "reasoning_content"):
                yield ThinkingDelta(thought)
            if text := _text(item, "content"):
                received = True
                yield TextDelta(text)
        statuses = (choices.get("status"), _member(frame.data, "header").get("status"))
        if _LAST_STATUS not in map(token_count, statuses):
            return
        if used := _member(_member(payload, "usage"), "text"):
            yield Usage(token_count(used.get("prompt_tokens")), token_count(used.get("completion_tokens")))
        yield Finish("stop", note="" if received else "The answer is empty.")

    return read


def _member(data: Any, name: str) -> dict[str, Any]:
    result = data.get(name) if isinstance(data, dict) else None
    return result if isinstance(result, dict) else {}


def _text(item: Any, name: str) -> str:
    result = item.get(name) if isinstance(item, dict) else None
    return result if isinstance(result, str) else ""
