"""What needs one model, or only counts them, converts no others, however many a tenant has."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tui.domain import Model, ModelType
from tui.storage import settings_file
from tui.tenancy import models, serialization
from tui.tenancy.session import Session, TenantSession
from tui.workspace.credentials import status
from tui.workspace.models import catalog, defaults, proposals

COUNT = 500


@pytest.fixture
def many(session: Session) -> TenantSession:
    """acme of the practice tenants, with many models more."""
    tenant = session.tenant("acme")
    with tenant.store.transaction() as tables:
        tables.table("defaults").remove(lambda record: bool(record["type"] != "chat"))
        tables.table("models").insert_multiple(
            {"provider": "openai", "id": f"made-up-{number:04}", "type": "chat", "origin": "imported"}
            for number in range(COUNT)
        )
    return tenant


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Counts the records that are converted, by the name of the type."""
    counts: Counter[str] = Counter()
    convert = serialization._noun

    def counting(kind: Any, record: Mapping[str, Any]) -> Any:
        counts[kind.__name__] += 1
        return convert(kind, record)

    monkeypatch.setattr(serialization, "_noun", counting)
    yield counts


def test_what_lists_no_models_converts_few(many: TenantSession, converted: Counter[str]) -> None:
    rows = defaults.rows(many)
    assert next(row for row in rows if row.type is ModelType.CHAT).model is not None
    status.rows(many)
    proposals.proposed_defaults(many)
    defaults.ready(many, ["openai"])
    models.find(many, f"openai/made-up-{COUNT - 1:04}", ModelType.CHAT)
    assert converted["Model"] < 20
    catalog.rows(many)
    assert converted["Model"] > COUNT, "the control"


def test_counts_and_proposals_are_those_of_the_list(many: TenantSession) -> None:
    listed: list[Model] = [row.model for row in catalog.rows(many)]
    for row in status.rows(many):
        of_provider = [model for model in listed if model.provider == row.provider.id]
        added = [model for model in of_provider if model.origin == "added"]
        assert row.added == len(added)
        assert row.models == len([model for model in of_provider if model not in added and not model.gone])
    for kind in ModelType:
        usable = [row.model for row in catalog.rows(many) if row.usable and row.model.type is kind]
        expected = (proposals.first_proposed(usable) or usable[0]) if usable else None
        with many.store.transaction() as tables:
            tables.table("defaults").truncate()
        assert proposals.proposed_defaults(many).get(kind) == expected
    assert models.by_id(many, "openai", "made-up-0000")[0] in listed
    assert models.by_id(many, "openai", "made-up") == ()


def test_a_file_as_it_was_saved_is_not_encoded_again_to_be_read(
    many: TenantSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = many.store.folder.read("settings.json") or b""
    other_layout = content.replace(b',\n"data": ', b',\n "data": ')
    document = settings_file.decode(content)
    encoded: list[settings_file.Content] = []
    canonical = settings_file.canonical

    def counting(data: settings_file.Content) -> str:
        encoded.append(data)
        return canonical(data)

    monkeypatch.setattr(settings_file, "canonical", counting)
    assert settings_file.decode(content) == document and encoded == []
    assert settings_file.decode(other_layout) == document and len(encoded) == 1, "the control"
    with pytest.raises(settings_file.CorruptSettings, match="not as it was saved"):
        settings_file.decode(content.replace(b"made-up-0007", b"made-up-000z"))
    twice = content.replace(b'"data": {', b'"data": {"models":{},')
    with pytest.raises(settings_file.CorruptSettings, match="twice"):
        settings_file.decode(twice)
