"""Embedding requests (xfyun.cn, Embedding API): one text each, base64 both ways."""

import base64
import binascii
import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.openai.api import malformed
from tui.providers.events import Event, Finish, Vectors
from tui.providers.requests import ApiError, Call, EmbeddingRequest, Frame
from tui.providers.spark.api import at, refused_in
from tui.providers.spec import FieldValues

HOST = "https://emb-cn-huabei-1.xf-yun.com"
_ONLY = 3  # The status of a message that is first and last at once.


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the call for the first text; its reader answers with the call for the next one."""
    return with_error_check(_TextEmbedding(fields, request).call(), refused_in)


@dataclass(frozen=True)
class _TextEmbedding:
    fields: FieldValues
    request: EmbeddingRequest
    place: int = 0

    def call(self) -> Call:
        message = json.dumps(
            {"messages": [{"content": self.request.texts[self.place], "role": "user"}]}, ensure_ascii=False
        )
        body = {
            "header": {"app_id": self.fields["app_id"], "status": _ONLY},
            "parameter": {
                "emb": {"domain": "query" if self.request.query else "para", "feature": {"encoding": "utf8"}}
            },
            "payload": {"messages": {"text": base64.b64encode(message.encode("utf-8", "replace")).decode()}},
        }
        return Call("POST", at(self.fields, HOST, "/"), lambda: self.read, json=body)

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | Call]:
        if frame is None:
            return
        vector = _vector(frame)
        if not vector:
            yield malformed("It holds no vector.")
            return
        yield Vectors(self.place, (vector,))
        if self.place + 1 < len(self.request.texts):
            yield _TextEmbedding(self.fields, self.request, self.place + 1).call()
            return
        yield Finish("stop")


def _vector(frame: Frame) -> tuple[float, ...]:
    """Unpack little-endian float32."""
    try:
        packed = base64.b64decode(frame.data["payload"]["feature"]["text"], validate=True)
        vector = struct.unpack(f"<{len(packed) // 4}f", packed)
    except (KeyError, TypeError, ValueError, binascii.Error, struct.error):
        return ()
    return vector if all(map(math.isfinite, vector)) else ()
