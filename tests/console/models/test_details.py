"""The details of a model: its fields in words, not in a provider's names for them."""

import pytest

from tui.console.models.details import details_of
from tui.console.widgets.static_text import line
from tui.domain import Model, ModelState, ModelType, Origin, ProviderState
from tui.providers import PROVIDERS
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models.catalog import ModelRow


def shown(model: Model) -> str:
    """The details as text, 80 columns wide."""
    provider = PROVIDERS[model.provider]
    row = ModelRow(model, ModelState.READY, "ready", False, provider.label)
    state = ProviderRow(provider, None, ProviderState.READY, "ready")
    build = details_of(row, ("●", ""), state, None, "2026-01-01T00:00:00Z")
    return "\n".join(line(part).plain for part in build(80))


@pytest.mark.all_providers
def test_choices_are_shown_by_their_labels_and_program_data_is_left_out() -> None:
    fields = {"endpoint_type": "hosted_inference_api", "task": "feature-extraction", "engine": "hf-inference"}
    text = shown(Model("huggingface", "a/b", ModelType.EMBEDDING, Origin.ADDED, fields=fields))
    assert "Hosted Inference API" in text and "Served by      hf-inference" in text
    assert "hosted_inference_api" not in text and "feature-extraction" not in text
    stored = Model("replicate", "a/b", ModelType.EMBEDDING, Origin.ADDED, fields={"inputs": '{"takes":[]}'})
    assert "takes" not in shown(stored)
