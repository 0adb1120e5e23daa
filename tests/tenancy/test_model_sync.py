"""A provider's list of models as it is read from its pages."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.events import MAX_LISTED, ModelsListed
from tui.tenancy.model_sync import fetch_models

PAGE = 10_000


async def fetch(pages: int) -> tuple[Model, ...] | None:
    """Read a list of so many pages."""

    async def stream(access: Any, call: Any) -> AsyncIterator[ModelsListed]:
        for page in range(pages):
            yield ModelsListed(tuple(Model("openai", f"gpt-{page}-{row}", ModelType.CHAT) for row in range(PAGE)))

    session: Any = SimpleNamespace(client=SimpleNamespace(stream=stream))
    access: Any = SimpleNamespace(provider=PROVIDERS["openai"])
    call: Any = None
    return await fetch_models(session, access, [call])


async def test_pages_are_read_up_to_the_limit_of_a_list() -> None:
    models = await fetch(MAX_LISTED // PAGE)
    assert models is not None and len(models) == MAX_LISTED
    with pytest.raises(Problem, match="OpenAI lists more than 50,000 models"):
        await fetch(1000)
