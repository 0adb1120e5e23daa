"""Pictures of every screen, from the real console in practice mode.

    python -m tests.screenshots                writes screenshots/*.svg anew
    python -m tests.screenshots --all FOLDER   draws every screen in both sizes and all four looks

What differs from run to run (times taken, key fingerprints) is put in one form, so that a picture changes only when
its screen does; `tests/console/test_screenshots.py` tells when one is stale.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.cells import cell_len
from textual.filter import NoColor
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import console, shown, until
from tests.doubles.practice import practice_session
from tests.scenes import PICTURES, SCREENS, Scene
from tui.config import Config
from tui.console.playground.chat.session import RunningAnswer
from tui.console.playground.speech import tab
from tui.console.playground.speech.result import TranscriptResult
from tui.workspace.playground.conversation import Answer, AnswerState

FOLDER = Path(__file__).parent.parent / "screenshots"
NOON = datetime(2026, 11, 22, 14, 2, tzinfo=UTC).timestamp()
HOME = "/home/operator"


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


_FIRST = 0.37
"""Seconds to the first token of an answer in a picture; its total is a figure with one decimal."""


@contextmanager
def _answers_take_the_same_time() -> Iterator[None]:
    to_answer = RunningAnswer.to_answer

    def timed(asking: RunningAnswer, state: AnswerState, note: str = "") -> Answer:
        answer = to_answer(asking, state, note)
        return replace(answer, first=_FIRST, total=_FIRST + answer.output / 48)

    def transcribed_scene(*of: Any) -> TranscriptResult:
        return replace(TranscriptResult(*of), seconds=12.0)

    with patch.object(RunningAnswer, "to_answer", timed), patch.object(tab, "TranscriptResult", transcribed_scene):
        yield


@asynccontextmanager
async def shown_scene(scene: Scene, config: Config | None = None) -> AsyncIterator[Pilot[str]]:
    """The console as a picture is taken of it, perhaps with other preferences."""
    session = empty_session() if scene.empty else practice_session({"HOME": HOME}, pace=0, clock=lambda: NOON)
    session.config = config or replace(session.config, theme=scene.theme)
    if scene.prepare:
        scene.prepare(session)
    without = {} if scene.colored else {"NO_COLOR": "1"}
    with patch.dict(os.environ, without):
        async with console(session, scene.tenant, scene.size) as pilot:
            await scene.steps(pilot)
            await until(pilot, lambda: not pilot.app.screen.query("Toast"))
            await _until_still(pilot)
            yield pilot


async def _until_still(pilot: Pilot[str]) -> None:
    """Wait until two looks show the same: a layout may take another turn, such as for a list that has just grown."""
    before = ""
    while (text := shown(pilot)) != before:
        before = text
        await pilot.pause(0.05)


CELL = 12.2
ROW = 24.4
"""The size of a cell in the pictures that Textual draws."""
_TEXT = re.compile(r'<text([^>]*?) x="([\d.]+)"( y="[\d.]+") textLength="[\d.]+"[^>]*>([^<]*)</text>')


async def picture(name: str) -> str:
    """The SVG of a scene, with what differs from run to run put in one form."""
    with _in_utc(), _answers_take_the_same_time():
        async with shown_scene(PICTURES[name]) as pilot:
            return settle(draw(pilot))


def draw(pilot: Pilot[str], title: str = "modeldeck") -> str:
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


def settle(svg: str) -> str:
    """The picture without web fonts, run times, fingerprints and temporary names."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    svg = re.sub(r"(fingerprint(?:&#160;)+)[0-9a-f]{4}&#160;[0-9a-f]{4}", r"\g<1>9c1e&#160;04d2", svg)
    svg = re.sub(r">[0-9a-f]{4}&#160;[0-9a-f]{4}(?=[&<])", ">9c1e&#160;04d2", svg)
    svg = re.sub(rf"(?!{_FIRST}|\d+\.\d&)\b\d+\.\d+&#160;s", "0.24&#160;s", svg)
    svg = re.sub(r"/tmp/[\w/.-]+/", "~/", svg)
    svg = _TEXT.sub(_place, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _place(match: re.Match[str]) -> str:
    """Give each word of a text the place of every character: viewers without `textLength` or the font draw it right."""
    attributes, x, rest, content = match.groups()
    text, drawn = unescape(content).replace("\xa0", " "), []
    for word in re.finditer(r"\S+", text):
        cells = [cell_len(text[:place]) for place in range(word.start(), word.end())]
        places = " ".join(f"{float(x) + CELL * cell:g}" for cell in cells)
        drawn.append(f'<text{attributes} x="{places}"{rest}>{escape(word[0], quote=False)}</text>')
    return "".join(drawn)


SIZES = ((80, 24), (120, 40))
LOOKS = ("terminal", "ansi-dark", "textual-light", "no-color")
"""The default theme, two others, and what NO_COLOR leaves of the default."""


async def every_look(name: str) -> AsyncIterator[tuple[str, str]]:
    """Yield the name and the SVG of a screen in each size and look; one console is resized and gets each theme."""
    with _in_utc(), _answers_take_the_same_time():
        async with shown_scene(SCREENS[name]) as pilot:
            theme = pilot.app.theme
            for size in SIZES:
                await pilot.resize_terminal(*size)
                for look in LOOKS:
                    if look == "no-color":
                        pilot.app._filters.append(NoColor())
                    pilot.app.theme = look if look in LOOKS[1:3] else theme
                    for _ in range(3):
                        await pilot.pause()
                    yield f"{name}-{size[0]}x{size[1]}-{look}", settle(draw(pilot))
                pilot.app._filters.pop()


async def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    for name in PICTURES:
        (FOLDER / f"{name}.svg").write_text(await picture(name))
        print(name)


async def _write_all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for screen in SCREENS:
        async for name, svg in every_look(screen):
            (folder / f"{name}.svg").write_text(svg)
        print(screen, flush=True)


if __name__ == "__main__":
    asyncio.run(_write_all(Path(sys.argv[2])) if sys.argv[1:2] == ["--all"] else _write())
