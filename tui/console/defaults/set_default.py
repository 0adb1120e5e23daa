"""Set or clear a default model, and return the notice to show."""

from tui.console.widgets.truncate import clip_middle
from tui.domain import Model, ModelType
from tui.sanitize import one_line
from tui.tenancy import models
from tui.tenancy.session import TenantSession
from tui.workspace.models import defaults


async def set_default(session: TenantSession, model: Model) -> str:
    """Use the model as the default of its type; its fallbacks stay. Return the notice, which names the one before."""
    before = models.defaults(session).get(model.type)
    fallbacks = [ref for ref in before.fallbacks if ref != model.ref] if before else []
    await defaults.set(session, model.type, model.ref, fallbacks)
    was = f" It was {_short(before.model)}." if before and before.ref != model.ref else ""
    return f"{_short(model.id)} is now the default {model.type.label} model.{was}"


async def clear_default(session: TenantSession, type: ModelType) -> str:  # noqa: A002 - the word of the design
    """Leave a type without a default. Return the notice, which names the model that it was."""
    before = models.defaults(session).get(type)
    await defaults.clear(session, type)
    was = f" It was {_short(before.model)}." if before else ""
    return f"Cleared the default {type.label} model.{was}"


async def set_fallback(session: TenantSession, place: int, model: Model) -> str:
    """Use the model as the fallback at a place, counted from 0; at the end it is added. Return the notice."""
    default = models.defaults(session)[model.type]
    others = [*default.fallbacks[:place], model.ref, *default.fallbacks[place + 1 :]]
    await defaults.set(session, model.type, default.ref, others)
    return f"{_short(model.id)} answers where the default {model.type.label} model does not."


async def drop_fallback(session: TenantSession, type: ModelType, place: int) -> str:  # noqa: A002 - as above
    """Drop the fallback at a place. Return the notice."""
    default = models.defaults(session)[type]
    others = [*default.fallbacks[:place], *default.fallbacks[place + 1 :]]
    await defaults.set(session, type, default.ref, others)
    return f"{_short(default.fallbacks[place])} is no longer a fallback."


def _short(model_id: str) -> str:
    return clip_middle(one_line(model_id) or "(unnamed)", 60)
