"""References of a default: a model and its fallbacks in one argument."""

from tui.domain import ModelType
from tui.tenancy import models
from tui.tenancy.session import TenantSession


def refs_of(session: TenantSession, kind: ModelType, text: str) -> list[str]:
    """Split references at commas, unless the whole text is the ID of a model."""
    provider, _, model_id = text.partition("/")
    if "," not in text or any(model.type is kind for model in models.by_id(session, provider, model_id)):
        return [text]
    return [part.strip() for part in text.split(",")]
