"""Random sessions through all screens show what Textual would have shown; `python -m tests.display` has more."""

import pytest

from tests.display.sessions import SIZES, session

pytestmark = pytest.mark.slow


@pytest.mark.all_providers
@pytest.mark.parametrize("seed", range(3))
async def test_a_random_session_shows_what_textual_would_have_shown(seed: int) -> None:
    size = SIZES[seed % len(SIZES)]
    assert await session(seed, size, 1_200 // size[1]) > 10
