"""A host whose clock is wrong by hours: the database's clock is the one that counts."""

import pytest

from tests.campaign.shared import clocks
from tests.doubles.postgres_server import SharedStore

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", clocks.OUTCOMES)
def test_nothing_depends_on_the_clock_of_a_host(shared: SharedStore, name: str) -> None:
    clocks.lend(shared)
    outcome = clocks.OUTCOMES[name]
    right, early, late = (
        outcome(shared, f"acme-{place}", offset)
        for place, offset in enumerate((0.0, -5 * clocks.HOUR, 5 * clocks.HOUR))
    )
    assert right == early == late
