"""The pictures in screenshots/ show the screens as they are."""

import pytest

from tests.scenes import PICTURES
from tests.screenshots import FOLDER, picture

pytestmark = [pytest.mark.slow, pytest.mark.all_providers]


def test_there_is_a_picture_of_every_scene_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
async def test_a_picture_is_not_stale(name: str) -> None:
    """If it is: look at the screen, then write it anew with `python -m tests.screenshots`."""
    assert (FOLDER / f"{name}.svg").read_text() == await picture(name), f"screenshots/{name}.svg is stale"
