"""Pictures of every screen, from the real console in practice mode.

    python -m tests.screenshots        writes screenshots/*.svg anew

What differs from run to run (times taken, key fingerprints) is put in one form, so that a picture changes only when
its screen does; `tests/console/test_screenshots.py` tells when one is stale.
"""

import asyncio
import os
import re
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from tests.console.empty_session import empty_session
from tests.console.pilot import console, until, until_shown
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.app import Modeldeck
from tui.console.playground.chat.session import RunningAnswer
from tui.console.playground.speech import tab
from tui.console.playground.speech.result import TranscriptResult
from tui.console.providers.screen import Providers
from tui.domain import ModelType
from tui.workspace.models import defaults
from tui.workspace.playground.conversation import Answer, AnswerState

FOLDER = Path(__file__).parent.parent / "screenshots"
NOON = datetime(2026, 11, 22, 14, 2, tzinfo=UTC).timestamp()
HOME = "/home/operator"

Steps = Callable[[Pilot[str]], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """One picture: what is done before it is taken, on a window of that size, for that tenant."""

    steps: Steps
    size: tuple[int, int] = (80, 24)
    tenant: str | None = "acme"
    empty: bool = False
    theme: str = ""
    colored: bool = True


def keys(*names: str, then: str = "") -> Steps:
    """Press keys, and wait for a text."""

    async def press(pilot: Pilot[str]) -> None:
        for name in names:
            await pilot.press(name)
            await pilot.pause()
        if then:
            await until_shown(pilot, then)

    return press


async def chatted(pilot: Pilot[str]) -> None:
    await keys("4", then="enter send")(pilot)
    await pilot.press(*"Why is the sky blue? Give a table of wavelengths as well.", "enter")
    await until_shown(pilot, " in, 148 out", seconds=30)


async def embedded(pilot: Pilot[str]) -> None:
    assert isinstance(pilot.app, Modeldeck)
    await defaults.set(pilot.app.session.tenant("acme"), ModelType.EMBEDDING, "openai/text-embedding-3-small")
    await keys("4", "f5", then="[Embedding]")(pilot)
    texts = (
        "The sky is blue because short waves scatter",
        "Why does the sky look blue?",
        "Where do I find my invoice?",
        "Change the billing address of my invoice",
        "A cat sleeps on the warm roof",
        "The cat naps up on the roof",
    )
    for text in texts:
        await pilot.press(*text, "ctrl+j")
    await pilot.press("enter")
    await until_shown(pilot, "nearest")


async def transcribed(pilot: Pilot[str]) -> None:
    assert isinstance(pilot.app, Modeldeck)
    await defaults.set(pilot.app.session.tenant("acme"), ModelType.SPEECH2TEXT, "openai/whisper-1")
    with TemporaryDirectory() as folder:
        recording = Path(folder, "meeting.wav")
        with wave.open(str(recording), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(16000 * 4))
        await keys("4", "f5", "f5", then="[Speech-to-text]")(pilot)
        await pilot.press(*str(recording), "enter")
        await until_shown(pilot, "▸ [ Transcribe ]")
        await pilot.press("enter")
        await until_shown(pilot, "s save")


def on(provider_id: str, steps: Steps) -> Steps:
    """With the cursor of the list on a provider."""

    async def go(pilot: Pilot[str]) -> None:
        assert isinstance(pilot.app.screen, Providers)
        pilot.app.screen.listed.select(provider_id)
        await pilot.pause()
        await steps(pilot)

    return go


def adding(typed: str, then: str) -> Steps:
    """The form that adds a model of the provider, with something typed as the model."""

    async def add(pilot: Pilot[str]) -> None:
        await keys("A", then="Verify and add")(pilot)
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await pilot.press(*typed)
        await until_shown(pilot, then, seconds=20)

    return add


SCENES: dict[str, Scene] = {
    "welcome": Scene(keys(then="Start with"), tenant=None, empty=True),
    "tenants": Scene(keys(then="Tenants"), tenant=None),
    "new-tenant": Scene(keys("0", "n", then="Passphrase")),
    "unlock": Scene(keys("v", then="locked with a passphrase"), tenant="north-lab"),
    "remove-tenant": Scene(keys("0", "d", then="permanently deletes")),
    "providers": Scene(keys(then="Model vendors")),
    "provider": Scene(on("openai", keys("enter", then="fingerprint"))),
    "setup": Scene(on("openai", keys("enter", "enter", then="Verify and save"))),
    "setup-two-ways": Scene(on("spark", keys("enter", then="Sign in with"))),
    "models": Scene(keys("2", then="context")),
    "model-added": Scene(keys("2", "a", "enter", then="Verify and add")),
    "add-hugging-face": Scene(on("huggingface", adding("qwen3", "downloads"))),
    "add-replicate": Scene(on("replicate", adding("llama", "meta/"))),
    "defaults": Scene(keys("3", then="Defaults of")),
    "default-picker": Scene(keys("3", "enter", then=" ready")),
    "playground-chat": Scene(chatted),
    "parameters": Scene(keys("4", "escape", "p", then="range")),
    "playground-embedding": Scene(embedded),
    "playground-speech": Scene(transcribed),
    "commands": Scene(keys("colon", then="Commands")),
    "audit-log": Scene(keys("colon", *"audit log", "enter", then="Log intact")),
    "import": Scene(keys("colon", *"import settings", "enter", then="Preview")),
    "help": Scene(keys("question_mark", then="Help: Providers")),
    "providers-wide": Scene(on("openai", keys(then="Other credentials")), size=(120, 40)),
    "models-wide": Scene(keys("2", then="Used by"), size=(120, 40)),
    "playground-wide": Scene(chatted, size=(120, 40)),
    "tenants-wide": Scene(keys(then="Key pair"), tenant=None, size=(120, 40)),
    "defaults-wide": Scene(keys("3", then="Used by"), size=(120, 40)),
    "embedding-wide": Scene(embedded, size=(120, 40)),
    "setup-wide": Scene(on("tongyi", keys("enter", "enter", then="Region")), size=(120, 40)),
    "providers-light": Scene(keys(then="Model vendors"), theme="textual-light"),
    "setup-light": Scene(on("openai", keys("enter", "enter", then="Verify and save")), theme="textual-light"),
    "playground-light": Scene(chatted, theme="textual-light"),
    "providers-no-color": Scene(keys(then="Model vendors"), colored=False),
    "playground-no-color": Scene(chatted, colored=False),
    "unlock-no-color": Scene(keys("v", then="locked with a passphrase"), tenant="north-lab", colored=False),
}


@contextmanager
def _in_utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


@contextmanager
def _answers_take_the_same_time() -> Iterator[None]:
    ended = RunningAnswer.ended

    def timed(asking: RunningAnswer, state: AnswerState, note: str = "") -> Answer:
        answer = ended(asking, state, note)
        return replace(answer, first=0.31, total=0.31 + answer.output / 48)

    def transcribed_scene(*of: Any) -> TranscriptResult:
        return replace(TranscriptResult(*of), seconds=12.0)

    with patch.object(RunningAnswer, "ended", timed), patch.object(tab, "TranscriptResult", transcribed_scene):
        yield


@asynccontextmanager
async def shown_scene(scene: Scene, config: Config | None = None) -> AsyncIterator[Pilot[str]]:
    """The console as a picture is taken of it, perhaps with other preferences."""
    session = empty_session() if scene.empty else practice_session({"HOME": HOME}, pace=0, clock=lambda: NOON)
    session.config = config or replace(session.config, theme=scene.theme)
    without = {} if scene.colored else {"NO_COLOR": "1"}
    with patch.dict(os.environ, without):
        async with console(session, scene.tenant, scene.size) as pilot:
            await scene.steps(pilot)
            await until(pilot, lambda: not pilot.app.screen.query("Toast"))
            yield pilot


CELL = 12.2
ROW = 24.4
"""The size of a cell in the pictures that Textual draws."""
_TEXT = re.compile(r'<text([^>]*?) x="([\d.]+)"( y="[\d.]+") textLength="[\d.]+"[^>]*>([^<]*)</text>')


async def picture(name: str) -> str:
    """The SVG of a scene, with what differs from run to run put in one form."""
    with _in_utc(), _answers_take_the_same_time():
        async with shown_scene(SCENES[name]) as pilot:
            return settled(drawn(pilot))


def drawn(pilot: Pilot[str], title: str = "modeldeck") -> str:
    """The SVG of what is shown, with the lines below blanks, which Textual leaves out."""
    svg = pilot.app.export_screenshot(title=title)
    lines = []
    for y, strip in enumerate(pilot.app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            if segment.style and segment.style.underline:
                lines.append(f"M{x * CELL:g} {y * ROW + 22:g}h{segment.cell_length * CELL:g}")
            x += segment.cell_length
    path = f'<path d="{"".join(lines)}" stroke="#98a0a8" stroke-width="1"/>' if lines else ""
    return svg.replace("text-decoration: underline;", "").replace('-matrix">', f'-matrix">{path}', 1) if path else svg


def settled(svg: str) -> str:
    """The picture without web fonts, run times, fingerprints and temporary names."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    svg = re.sub(r"(fingerprint(?:&#160;)+)[0-9a-f]{4}&#160;[0-9a-f]{4}", r"\g<1>9c1e&#160;04d2", svg)
    svg = re.sub(r">[0-9a-f]{4}&#160;[0-9a-f]{4}(?=[&<])", ">9c1e&#160;04d2", svg)
    svg = re.sub(r"\d+\.\d+&#160;s", "0.24&#160;s", svg)
    svg = re.sub(r"/tmp/[\w/.-]+/", "~/", svg)
    svg = _TEXT.sub(_placed, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _placed(match: re.Match[str]) -> str:
    """Give each word of a text the place of every character: viewers without `textLength` or the font draw it right."""
    attributes, x, rest, content = match.groups()
    text, drawn = unescape(content).replace("\xa0", " "), []
    for word in re.finditer(r"\S+", text):
        cells = [cell_len(text[:place]) for place in range(word.start(), word.end())]
        places = " ".join(f"{float(x) + CELL * cell:g}" for cell in cells)
        drawn.append(f'<text{attributes} x="{places}"{rest}>{escape(word[0], quote=False)}</text>')
    return "".join(drawn)


async def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    for name in SCENES:
        (FOLDER / f"{name}.svg").write_text(await picture(name))
        print(name)


if __name__ == "__main__":
    asyncio.run(_write())
