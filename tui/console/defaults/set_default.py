"""Set or clear a default model, and return the notice to show.

`baseline` is the default as the person saw it: what another session changed of it since then is asked about.
`overwrite` saves over that.
"""

from dataclasses import replace

from tui.console.widgets.truncate import clip_middle
from tui.domain import Default, Model, ModelType
from tui.sanitize import one_line
from tui.tenancy import models
from tui.tenancy.session import TenantSession
from tui.workspace.conflicts import Baseline, conflict
from tui.workspace.models import defaults


async def set_default(session: TenantSession, model: Model) -> str:
    """Use the model as the default of its type; its fallbacks stay. Return the notice, which names the one before."""
    return await choose_default(session, model, models.defaults(session).get(model.type), False)


async def choose_default(session: TenantSession, model: Model, baseline: Default | None, overwrite: bool) -> str:
    """Do as `set_default` with a model that was picked. Fallbacks that another session changed are as it left them.

    Raises:
        Conflict: Another session chose another default.
    """
    before = models.defaults(session).get(model.type)
    fallbacks = [ref for ref in before.fallbacks if ref != model.ref] if before else []
    if baseline and before:
        baseline = replace(baseline, fallbacks=before.fallbacks)
    await defaults.set(session, model.type, model.ref, fallbacks, None if overwrite else Baseline(baseline))
    was = f" It was {_short(before.model)}." if before and before.ref != model.ref else ""
    return f"{_short(model.id)} is now the default {model.type.label} model.{was}"


async def clear_default(
    session: TenantSession,
    type: ModelType,  # noqa: A002 - the word of the design
    baseline: Default | None,
    overwrite: bool,
) -> str:
    """Leave a type without a default. Return the notice, which names the model that it was.

    Raises:
        Conflict: Another session changed the default.
    """
    before = models.defaults(session).get(type)
    await defaults.clear(session, type, None if overwrite else Baseline(baseline))
    was = f" It was {_short(before.model)}." if before else ""
    return f"Cleared the default {type.label} model.{was}"


async def set_fallback(session: TenantSession, place: int, model: Model, baseline: Default, overwrite: bool) -> str:
    """Use the model as the fallback at a place, counted from 0; at the end it is added. Return the notice.

    Raises:
        Conflict: Another session changed the fallbacks, or cleared the default.
    """
    others = [*baseline.fallbacks[:place], model.ref, *baseline.fallbacks[place + 1 :]]
    await _set_fallbacks(session, baseline, others, overwrite)
    return f"{_short(model.id)} answers where the default {model.type.label} model does not."


async def drop_fallback(session: TenantSession, place: int, baseline: Default, overwrite: bool) -> str:
    """Drop the fallback at a place. Return the notice.

    Raises:
        Conflict: Another session changed the fallbacks, or cleared the default.
    """
    await _set_fallbacks(session, baseline, [*baseline.fallbacks[:place], *baseline.fallbacks[place + 1 :]], overwrite)
    return f"{_short(baseline.fallbacks[place])} is no longer a fallback."


async def _set_fallbacks(session: TenantSession, baseline: Default, fallbacks: list[str], overwrite: bool) -> None:
    """Save fallbacks. A model that another session made the default stays it."""
    present = models.defaults(session).get(baseline.type)
    if present is None and not overwrite:
        raise conflict(session, f"cleared the default {baseline.type.label} model")
    default = present or baseline
    expected = replace(default, fallbacks=baseline.fallbacks)
    await defaults.set(session, baseline.type, default.ref, fallbacks, None if overwrite else Baseline(expected))


def _short(model_id: str) -> str:
    return clip_middle(one_line(model_id) or "(unnamed)", 60)
