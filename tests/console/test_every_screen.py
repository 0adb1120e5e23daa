"""What holds for every screen: it fits every window, in signs and in ASCII, with long and wide names, it sends no color
where NO_COLOR is set, and escape is harmless on it."""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from textual._compositor import Compositor
from textual.filter import Monochrome
from textual.pilot import Pilot

from tests.console.pilot import rows, shown, until
from tests.providers.sampling import is_sampled
from tests.scenes import PICTURES, SCREENS
from tests.screenshots import shown_scene
from tui.console.app import Modeldeck
from tui.console.frame.screen import AreaScreen, FramedScreen
from tui.console.pages.help import Help
from tui.console.terminal.cell_styles import cell_style_of
from tui.console.terminal.compositor import ConsoleCompositor
from tui.workspace import tenants

pytestmark = pytest.mark.all_providers

SIZES = ((120, 40), (40, 10), (200, 60), (80, 24))
NARROW = ((40, 10), (80, 24))
"""Where most widgets are cut off or lie under others."""

NAMES = (
    "customer-apac-production-cluster-reasoning-and-embeddings-08",
    "星河科技有限公司的人工智能研究与开发中心东部大区",
)
SIMILAR = ("setup-refused", "remove-provider", "edit-model")
"""Screens of a kind that another one shows."""
OTHERS = ("setup-wide", "providers-light", "unlock-no-color")
DISTINCT = {name: SCREENS[name] for name in SCREENS if name not in SIMILAR} | {name: PICTURES[name] for name in OTHERS}
"""Each screen once: pictures in another size or theme show the same ones, and both are changed here anyway."""
ALWAYS = (*OTHERS, "providers", "models", "playground-chat", "tenants", "welcome", "compare")
SCENES = {name: scene for name, scene in DISTINCT.items() if name in ALWAYS or is_sampled(name, 4)}
"""What the gate looks at; `MODELDECK_WHOLE_MATRIX=1` looks at every one."""

SIGNS = re.compile(r"[●○◐▲✕■▸▪█▓▒░│─╭╮╰╯•━▣▌↑↓]")
THEMES = ("ansi-dark", "textual-light", "nord")
"""Each screen is looked at without color in one of them, as a theme is the same for all screens."""


def is_as_textual_draws_it(pilot: Pilot[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell is the one that Textual's own compositor makes of the widgets."""

    def cells() -> list[list[tuple[str, object]]]:
        strips = pilot.app.screen._compositor.render_strips()
        return [[(segment.text, segment.style) for segment in strip.simplify()] for strip in strips]

    with monkeypatch.context() as own:
        drawn = cells()
        own.setattr(ConsoleCompositor, "_render_chops", Compositor._render_chops)
        assert drawn == cells()


def fits(pilot: Pilot[str]) -> None:
    """No row is wider than the window, and the footer ends with help."""
    width, height = pilot.app.size
    drawn = rows(pilot)
    assert len(drawn) == height
    assert [row for row in drawn if cell_len(row) > width] == []
    assert isinstance(pilot.app.screen, Help) or drawn[-1].endswith((" ? help", " f1 help")), drawn[-1]


def colors(pilot: Pilot[str]) -> set[str]:
    """The codes of the colors that are sent for what is shown."""
    strips = pilot.app.screen._compositor.render_strips()
    looks = {cell_style_of(segment.style, ColorSystem.TRUECOLOR) for strip in strips for segment in strip}
    return {code for look in looks for code in (look.front, look.back)} - {""}


@pytest.mark.parametrize("name", SCENES)
async def test_a_screen_fits_every_window_and_name_and_survives_escape(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown_scene(SCENES[name]) as pilot:
        app, screen = pilot.app, pilot.app.screen
        assert isinstance(app, Modeldeck) and isinstance(screen, FramedScreen)

        focused = app.focused
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: screen._compositor.size == size)  # type: ignore[misc]
            fits(pilot)
            if size in NARROW:
                is_as_textual_draws_it(pilot, monkeypatch)
        assert app.screen is screen and app.focused is focused

        if SCENES[name].tenant == "acme":
            for tenant_name in NAMES:
                await tenants.rename(app.session.tenant("acme"), tenant_name)
                app.navigator.tenant_changed()
                screen.refresh_chrome()
                await pilot.pause()
                fits(pilot)

        app.theme = "ansi-light"
        app.session.config = replace(app.session.config, glyphs="ascii")
        app.action_redraw()
        await until(pilot, lambda: not SIGNS.search(shown(pilot)))
        fits(pilot)

        assert bool(colors(pilot)) is SCENES[name].colored, "the control"
        # What Textual does where it finds NO_COLOR.
        app._filters.append(Monochrome())
        app.theme = THEMES[[*SCENES].index(name) % len(THEMES)]
        await until(pilot, lambda: not colors(pilot))

        area = next((screen for screen in app.screen_stack if isinstance(screen, AreaScreen)), None)
        for _ in range(5):
            await pilot.press("escape")
        assert app.is_running and app.return_code is None
        assert area is None or not area.AREA or area in app.screen_stack
