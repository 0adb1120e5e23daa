"""Sample answers: Markdown that varies with the question, vectors by letters, a recording."""

import math
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from tui.workspace.playground.attachments.image_header import image_info

_SKY_ANSWER = """\
Light from the sun is scattered by molecules much smaller than its wavelength. The shorter the wave, \
the more it is scattered, with the fourth power of the frequency:

| colour | wavelength | scattered, relative to red |
|--------|-----------:|---------------------------:|
| red    |     700 nm |                        1.0 |
| green  |     530 nm |                        3.0 |
| blue   |     450 nm |                        5.9 |

So the light that reaches you from the side is mostly **blue**. At sunset its way through the air is longer, \
the blue is gone by then, and what is left is red.
"""

_CODE = """\
### A way to do it

```python
def scattered(wavelength: float, red: float = 700.0) -> float:
    \"\"\"How much more light of this wavelength is scattered than red light.\"\"\"
    return (red / wavelength) ** 4


for name, nm in {"red": 700, "green": 530, "blue": 450}.items():
    print(f"{name:6} {scattered(nm):4.1f}")
```

1. The fourth power comes from Rayleigh's law.
2. `red` is the yardstick; any other colour would do.
3. The loop prints one line a colour.
"""

_LIST = """\
### In short

- **What it is.** A made-up answer of a practice model: no key was used, and nothing left this machine.
- **How it came.** As a real one does, in small pieces over the same wire, so that every screen can be tried.
- **What to try.** Press ctrl+c while it runs; ask again; pick another model; save the chat as Markdown.

> Words such as *please think* or *please break* in a question show how that looks.
"""

_GREETING = "Hello! I am a practice model. Ask me why the sky is blue, or for a piece of code.\n"

_OPENINGS = (
    "Here is what `{model}` makes of it in practice.",
    "A short answer first: nobody was asked but this process.",
    "That is a good question for a real model; this one only shows how an answer looks.",
)

_TABLE = """\
| of the question | number |
|-----------------|-------:|
| words           | {words:6} |
| characters      | {characters:6} |
| tokens, about   | {tokens:6} |
"""

THINKING = (
    "The question is about this. I should answer in a few lines, with an example, and leave out what is obvious. "
)

SPOKEN = (
    (0.0, 4.2, "Good morning, let us begin with the figures of last week."),
    (4.2, 9.0, "The trial of the second model ended on Tuesday."),
    (9.0, 15.1, "We have two questions left. The first is about the speed."),
    (15.1, 19.4, "我们先看一下上周的数据。"),
    (19.4, 26.3, "It answers in a third of a second, which is enough for us."),
    (26.3, 33.8, "The second is about what it costs."),
)
"""Start, end and words of the sentences of a made-up recording."""


_INSTRUCTIONS = (
    "please fail",
    "please break",
    "please be busy",
    "please be refused",
    "please stall",
    "please error",
    "please be long",
    "please think",
    "please be empty",
)


def instruction(question: str) -> str:
    """Return what a question asks a practice provider to do, for example `please break`, or ''."""
    return next((entry for entry in _INSTRUCTIONS if entry in question.lower()), "")


def question_of(content: Any) -> str:
    """Return the text of a message: a string, or the text parts of a list."""
    if not isinstance(content, list):
        return str(content)
    return "\n".join(part["text"] for part in content if isinstance(part.get("text"), str))


def files_of(content: Any) -> str:
    """Return a sentence about each image or document in the parts of a message, '' without any."""
    parts = content if isinstance(content, list) else []
    return "".join(describe_file(data) for part in parts if (data := _base64_in(part)))


def describe_file(data: str) -> str:
    """Return a sentence about an image or document: a data URL, or its base64."""
    try:
        content = b64decode(data.rpartition(",")[2], validate=True)
    except ValueError:
        return "I got a file whose base64 is damaged.\n\n"
    info = image_info(content)
    if info is None:
        kind = "a PDF" if content.startswith(b"%PDF-") else "a file"
        return f"I got {kind} of {len(content):,} bytes.\n\n"
    kind = info.media.removeprefix("image/").upper()
    return f"I see a {kind} image of {info.width} × {info.height} pixels ({len(content):,} bytes).\n\n"


def _base64_in(part: Mapping[str, Any]) -> str:
    """Return the base64 or data URL of a part in the form of OpenAI or Anthropic, '' for a text."""
    url = (part.get("image_url") or {}).get("url")
    data = (part.get("source") or {}).get("data")
    return str(url or data or (part.get("file") or {}).get("file_data") or "")


def reply(question: str, model: str) -> str:
    """Return a practice model's answer as Markdown."""
    lowered = question.lower()
    if any(word in lowered for word in ("sky", "blue", "wavelength", "天空")):
        return _SKY_ANSWER
    if any(word in lowered for word in ("code", "python", "function", "program")):
        return _CODE
    if lowered.strip(" .!?") in ("hello", "hi", "hey", "你好", "good morning"):
        return _GREETING
    opening = _OPENINGS[crc32(question.encode()) % len(_OPENINGS)].format(model=model)
    counted = _TABLE.format(words=len(question.split()), characters=len(question), tokens=tokens(question))
    return f"## {_title(question)}\n\n{opening}\n\n{counted}\n{_LIST}"


def pieces(text: str, size: int = 5) -> Iterator[str]:
    """Split a text into tokens of about `size` characters."""
    for start in range(0, len(text), size):
        yield text[start : start + size]


def tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return max(1, len(text.encode()) // 4)


def vector(text: str, length: int) -> list[float]:
    """Return a vector of norm 1 from words and trigrams, so that similar texts get similar vectors."""
    sums = [0.0] * length
    for word in text.lower().split():
        word = word.strip(".,;:!?\"'()")
        _add(sums, f"word {word}", 1.0)
        padded = f" {word} "
        for place in range(len(padded) - 2):
            _add(sums, padded[place : place + 3], 0.6)
    # A little that all texts share, as with real models.
    _add(sums, "text", 1.5)
    norm = math.sqrt(sum(entry * entry for entry in sums))
    return [round(entry / norm, 6) for entry in sums]


def _add(sums: list[float], feature: str, weight: float) -> None:
    for salt in ("a", "b", "c"):
        mixed = crc32(f"{salt} {feature}".encode())
        sums[mixed % len(sums)] += weight if mixed >> 31 else -weight


def _title(question: str) -> str:
    line = " ".join(question.split())[:60].rstrip(" .?!")
    return line[:1].upper() + line[1:] or "An answer"


def arguments(schema: Any) -> Any:
    """Return a value that fits a simple JSON Schema: the first of its choices, or one of its type."""
    if not isinstance(schema, dict):
        return {}
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        properties = schema.get("properties")
        return {name: arguments(entry) for name, entry in properties.items()} if isinstance(properties, dict) else {}
    plain: dict[Any, Any] = {"string": "sample", "integer": 1, "number": 1.5, "boolean": True, "array": []}
    return plain.get(kind) if isinstance(kind, str) else None
