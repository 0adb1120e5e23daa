"""Set or clear a default model, and return the notice to show."""

from tui.console.widgets.truncate import clip_middle
from tui.domain import Model, ModelType
from tui.sanitize import one_line
from tui.tenancy import models
from tui.tenancy.session import TenantSession
from tui.workspace.models import defaults


async def set_default(session: TenantSession, model: Model) -> str:
    """Use the model as the default of its type. Return the notice, which names the model before it."""
    before = models.defaults(session).get(model.type)
    await defaults.set(session, model.type, model.ref)
    was = f" It was {_short(before.model)}." if before and before.ref != model.ref else ""
    return f"{_short(model.id)} is now the default {model.type.label} model.{was}"


async def clear_default(session: TenantSession, type: ModelType) -> str:  # noqa: A002 - the word of the design
    """Leave a type without a default. Return the notice, which names the model that it was."""
    before = models.defaults(session).get(type)
    await defaults.clear(session, type)
    was = f" It was {_short(before.model)}." if before else ""
    return f"Cleared the default {type.label} model.{was}"


def _short(model_id: str) -> str:
    return clip_middle(one_line(model_id) or "(unnamed)", 60)
