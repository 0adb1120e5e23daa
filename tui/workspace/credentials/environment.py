"""Set up every provider whose API key is in the environment, each verified before it is saved."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from tui.domain import VerificationState
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.openai_compatible.presets import kind, presets
from tui.secret import Secret
from tui.tenancy.connections import find_provider
from tui.tenancy.session import Session, TenantSession
from tui.workspace import connections
from tui.workspace.credentials import save, verify
from tui.workspace.credentials.discovery import DiscoveredKey, discover_keys
from tui.workspace.credentials.status import remove_provider

_ACCEPTED = (VerificationState.READY, VerificationState.RESTRICTED)


@dataclass(frozen=True)
class SetUp:
    """A provider or preset that was tried with the key of a variable; `problem` says why it was not saved."""

    label: str
    variable: str
    problem: Problem | None = None


def environment_keys(session: Session) -> dict[str, DiscoveredKey]:
    """Return the keys in the environment by provider and preset; those of local servers are probed instead."""
    declared = [*PROVIDERS.values(), *presets().values()]
    keys = {entry.id: discover_keys(session, entry) for entry in declared}
    # A server without a key is probed instead.
    return {
        kind_id: key
        for kind_id, key in keys.items()
        if key and any(isinstance(value, Secret) for value in key.values.values())
    }


async def set_up_all(session: TenantSession, keys: Mapping[str, DiscoveredKey]) -> list[SetUp]:
    """Verify each key at its provider, all at once, and save those that are accepted."""
    return list(await asyncio.gather(*(_set_up(session, kind_id, key) for kind_id, key in keys.items())))


async def _set_up(session: TenantSession, kind_id: str, key: DiscoveredKey) -> SetUp:
    declared = kind(kind_id)
    label = declared.label if declared else kind_id
    name = kind_id if kind_id in PROVIDERS else connections.suggested_name(session, kind_id)
    try:
        if find_provider(session, name) is None:
            await connections.add(session, name, kind_id)
        verified = await verify.verify(session, name, key.values)
        if verified.check.state not in _ACCEPTED:
            raise Problem(verified.check.message, verified.check.hint)
        values = {**key.values, **verified.region_fields}
        await save.save(session, name, values, check=verified.check, listed=verified.listed)
    except Problem as problem:
        if name not in PROVIDERS and find_provider(session, name):
            await remove_provider(session, name)
        return SetUp(label, key.variable, problem)
    return SetUp(label, key.variable)


def summary(results: list[SetUp]) -> str:
    """Return the results as lines, such as `Set up OpenAI, Groq.`, and one for each that was not set up."""
    ready = [result.label for result in results if result.problem is None]
    sentences = [f"Set up {', '.join(ready)}."] if ready else []
    for result in results:
        if result.problem is not None:
            sentences.append(f"Not set up: {result.label}, {result.variable}. {result.problem.message}")
    return "\n".join(sentences)
