"""Several models marked: use, verify and remove act on all of them, with one summary and one undo."""

from tests.console.models.test_screen import listed_models, to
from tests.console.pilot import rows, until, until_shown
from tests.console.sample_models import add_to_tenant, added_model, area, without
from tui.domain import ModelType
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.models import catalog


async def test_marked_models_are_verified_used_and_removed_together(session: Session) -> None:
    """One console for all: marks stay under a filter, and what failed stays marked."""
    own = session.tenant("acme")
    add_to_tenant(without(session, "defaults"), [added_model("bge-m3"), added_model("no-such-model", ModelType.CHAT)])
    async with area(session, "models") as pilot:
        await pilot.press("space", "space")
        await until_shown(pilot, "2 marked · 43")
        await until_shown(pilot, "\n▪  ▲ gpt-4.1 ")
        await until_shown(pilot, "u use 2  v verify 2  d remove 2  / filter  t next type  esc unmark")
        await pilot.press("d")
        await until_shown(pilot, "Providers list all of these models, so they would come back.")
        await pilot.press("u")
        await until_shown(pilot, "Two of the marked are chat models; a type has one default.")
        await pilot.press("escape")
        await until_shown(pilot, "── 43 ──")

        for name in ("no-such-model", "nomic-embed-text"):
            await to(pilot, name)
            await pilot.press("space")
        await until_shown(pilot, "2 marked")
        await pilot.press("v")
        await until_shown(pilot, "1 of 2 models answered; 1 did not and stays marked.")
        await until_shown(pilot, "1 marked · 43")
        await until_shown(pilot, "   no-such-model: ")
        await to(pilot, "nomic-embed-text")
        await until_shown(pilot, "nomic-embed-text returned a vector of ")

        await to(pilot, "text-embedding-3-large")
        await pilot.press("space", "u")
        await until_shown(pilot, "U undoes it.")
        assert {kind: default.model for kind, default in models.defaults(own).items()} == {
            ModelType.CHAT: "no-such-model",
            ModelType.EMBEDDING: "text-embedding-3-large",
        }
        await pilot.press("U")
        await until(pilot, lambda: not models.defaults(own))

        await to(pilot, "bge-m3")
        await pilot.press("asterisk")
        await until_shown(pilot, "43 marked · 43")
        await pilot.press("d")
        await until_shown(pilot, "Removed 3 models.")  # among them one that its provider no longer lists
        await until_shown(pilot, "listed by providers stay.")
        await until(pilot, lambda: "marked" not in rows(pilot)[1])
        await pilot.press("U")
        await until(pilot, lambda: {"bge-m3", "no-such-model"} <= {model.id for model in catalog.listing(own)})
        assert not listed_models(pilot).marks
