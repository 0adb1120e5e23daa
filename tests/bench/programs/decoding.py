"""A recorded stream through Modeldeck's own decoder and reader: decoding.py FILE prints events a second."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parents[3]))

from tui.providers import PROVIDERS
from tui.providers.client.body import FrameDecoder
from tui.providers.client.limits import Limits
from tui.providers.client.response import sanitize
from tui.providers.dialects.openai.chat import answer_reader
from tui.providers.error_messages import ErrorContext
from tui.providers.events import Event, TextDelta
from tui.providers.requests import Framing

body = Path(sys.argv[1]).read_bytes()
best = 0.0
for _ in range(3):
    began, events = time.process_time(), 0
    frames, read = (
        FrameDecoder(ErrorContext(PROVIDERS["openai_compatible"], "http://127.0.0.1/v1"), Framing.SSE, Limits()),
        answer_reader(),
    )
    for start in range(0, len(body), 1400):
        for frame in frames.feed(body[start : start + 1400]):
            events += sum(isinstance(sanitize(event), TextDelta) for event in cast("Iterable[Event]", read(frame)))
    best = max(best, events / (time.process_time() - began))
print(best)
