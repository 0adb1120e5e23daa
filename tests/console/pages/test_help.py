"""Help is made from the bindings of the screen that it was called from, and says where things are."""

from pathlib import Path

from textual.binding import Binding

from tests.console.pilot import console, rows, shown, until, until_shown, windows
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.frame.screen import AreaScreen
from tui.console.pages.help import Help
from tui.console.widgets.text_viewer import Reader
from tui.console.widgets.truncate import width
from tui.providers import PROVIDERS


async def whole(pilot: object) -> str:
    """All lines of the help, in sight or not."""
    return "\n".join(line.plain for line in pilot.app.screen.query_one(Reader).lines)  # type: ignore[attr-defined]


async def test_it_shows_the_keys_of_the_screen_the_general_ones_and_the_signs() -> None:
    async with console() as pilot:
        await pilot.press("?")
        await until_shown(pilot, "Help: Providers")
        await until_shown(pilot, "1 – 18 of ")
        lines = rows(pilot)
        assert lines[0] == " ▪ acme  PRACTICE"
        assert lines[2] == "   enter   open                         1 2 3 4    Providers, Models,"
        await until_shown(pilot, "0  f6      tenants")
        await until_shown(pilot, ": ctrl+p   commands")
        await until_shown(pilot, "ctrl+l     redraw the screen")
        text = await whole(pilot)
        assert "   While you type: f2 f3 f4 f5 switch areas, esc leaves the field." in text
        assert "   ● ready   ○ not set up   ◐ trial   ▲ needs attention   … busy" in text
        assert lines[-3] == "   Report a bug: send the output of modeldeck --version and the log file."
        assert lines[-1] == " up down move  / find  esc back"


async def test_every_action_of_the_screen_stands_in_it() -> None:
    async with console() as pilot:
        screen = pilot.app.screen
        await pilot.press("?")
        await until_shown(pilot, "1 – 18 of ")
        text = await whole(pilot)
        own = [binding for binding in Binding.make_bindings(type(screen).BINDINGS) if binding.id and binding.show]
        assert own
        for binding in own:
            assert binding.tooltip.split(":")[0][1:20] in text.replace("\n           ", " "), binding.tooltip
        assert isinstance(screen, AreaScreen)


async def test_the_two_lines_of_the_width_test_are_equally_long_where_signs_are_narrow() -> None:
    async with console() as pilot:
        await pilot.press("?", "pagedown")
        await until_shown(pilot, "If these two bars")
        lines = rows(pilot)
        at = next(n for n, line in enumerate(lines) if "If these two bars" in line)
        assert lines[at].split()[0] == "●" * 10
        assert lines[at + 1].split()[0] == "#" * 10
        assert width(lines[at].split()[0]) == width(lines[at + 1].split()[0])


async def test_it_scrolls_by_keys_and_says_where_it_is() -> None:
    async with console() as pilot:
        await pilot.press("?")
        await until_shown(pilot, "1 – 18 of ")
        await pilot.press("j", "down")
        await until_shown(pilot, " 3 – 20 of ")
        await pilot.press("G")
        await until_shown(pilot, "Practice mode: nothing is saved or sent.")
        await until_shown(pilot, "The passphrase of north-lab is practice.")
        await until_shown(pilot, "refused, restricted, nocredit, busy")
        await pilot.press("g")
        await until_shown(pilot, "1 – 18 of ")


async def test_a_word_is_matched_and_escape_goes_back_step_by_step() -> None:
    async with console() as pilot:
        await pilot.press("?")
        await until_shown(pilot, "1 – 18 of ")
        await pilot.press("slash", *"escape-time")
        await until_shown(pilot, "set -sg escape-time 20")
        await until_shown(pilot, "]  1 of 1")
        await pilot.press("q")
        await until_shown(pilot, "not found")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.focused, Reader))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, Help))


async def test_it_says_where_the_files_of_this_user_are(tmp_path: Path) -> None:
    from tui.storage.folder import DiskFolder

    session = practice_session({"HOME": str(tmp_path), "MODELDECK_ASCII": "", "LANG": "C.UTF-8"})
    async with console(session) as pilot:
        session.practice = False
        session.data = DiskFolder(tmp_path / ".local/share/modeldeck")
        session.keys = DiskFolder(tmp_path / ".local/state/modeldeck/keys")
        await pilot.press("?")
        await pilot.press("G")
        await until_shown(pilot, "   Settings  ~/.local/share/modeldeck      Keys  ~/.local/state/modeldeck/keys")
        await until(
            pilot, lambda: "   Log       ~/.local/state/modeldeck/log, contains no keys or texts" in rows(pilot)
        )


async def test_from_a_form_it_has_the_help_of_the_fields_and_the_key_page_alone_on_a_line() -> None:
    async with console() as pilot:
        app = pilot.app
        from tui.console.providers.setup.screen import Setup

        setup = Setup(PROVIDERS["openai"])
        await app.push_screen(setup)
        await pilot.pause()
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Help) and app.screen.query_one(Reader).lines)
        text = await whole(pilot)
        assert "\n   https://" in f"\n{text}"
        assert setup.provider.field("api_key").label in text
        assert "1 2 3 4" not in text
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is setup)


async def test_keys_that_were_changed_are_shown_as_they_are_now() -> None:
    session = practice_session()
    session.config = Config(keymap={"providers.verify": "f8"})
    async with console(session) as pilot:
        await pilot.press("?")
        await until_shown(pilot, "   f8      verify")


async def test_in_plain_characters_every_sign_is_ascii() -> None:
    async with console(practice_session({"MODELDECK_ASCII": "1"})) as pilot:
        await pilot.press("?", "pagedown")
        await until_shown(pilot, "If these two bars")
        await until(pilot, lambda: "   **********  If these two bars differ in length," in rows(pilot))
        assert shown(pilot).isascii()


async def test_no_row_is_wider_than_the_window() -> None:
    async with console() as pilot:
        await pilot.press("?")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help) and pilot.app.screen.query_one(Reader).lines)
        async for columns, _ in windows(pilot, (120, 40), (80, 24), (40, 10)):
            assert all(width(line) <= columns for line in rows(pilot))
            assert all(line.cell_length <= columns for line in pilot.app.screen.query_one(Reader).lines)
