"""The events of a recorded stream through the openai SDK, if it is installed: sdk.py FILE prints events a second."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from openai import OpenAI

try:
    import httpx2 as httpx
except ImportError:
    import httpx


class Recorded(httpx.SyncByteStream):  # type: ignore[misc]
    """A body that comes in the portions that a line brings."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), 1400):
            yield self.body[start : start + 1400]


body = Path(sys.argv[1]).read_bytes()
answer = httpx.MockTransport(
    lambda _: httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Recorded(body))
)
client = OpenAI(api_key="sk-FAKE", base_url="http://127.0.0.1/v1", http_client=httpx.Client(transport=answer))
best = 0.0
for _ in range(3):
    began, events = time.process_time(), 0
    for chunk in client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True):
        events += len(chunk.choices)
    best = max(best, events / (time.process_time() - began))
print(best)
