"""`modeldeck undo`: the last change is shown, undone and undone again."""

import json

from tests.cli.conftest import Run


def test_the_last_change_is_shown_then_undone(modeldeck: Run) -> None:
    assert modeldeck("tenant", "rename", "acme", "North").code == 0
    dry = modeldeck("undo", "--dry-run")
    assert dry.code == 0 and "tenant renamed from acme to North" in dry.out
    done = json.loads(modeldeck("undo", "--json").out)
    assert done["undone"] is True and done["change"] == "tenant renamed from acme to North"
    assert json.loads(modeldeck("tenant", "list", "--json").out)[0]["name"] == "acme"
    assert "undone: tenant renamed" in modeldeck("audit", "show").out


def test_nothing_to_undo_is_a_usage_error(modeldeck: Run) -> None:
    ran = modeldeck("undo")
    assert ran.code == 2 and "There is nothing to undo." in ran.err
