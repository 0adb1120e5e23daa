"""Desks whose tenant acme has models made up for a test, and the console started in the area under test."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from textual.pilot import Pilot

from tests.console.pilot import SIZE, console
from tui.console.widgets.input import LineField
from tui.domain import Default, Model, ModelType, Origin
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session

HOSTILE = "evil\x1b]52;c;cm0gLXJm\x07[/red][@click=app.quit]x[/]\u202egpj"
HOSTILE_ID = "evil]52;c;cm0gLXJm[/red][@click=app.quit]x[/]gpj"
"""An ID with markup; settings with control characters in one are not read at all."""
LONG = "acme-research/" + "bge-large-finetuned-on-very-many-documents-" * 3 + "v2"


def added_model(model_id: str, kind: ModelType = ModelType.EMBEDDING, context: int = 0, dimensions: int = 0) -> Model:
    """A model added by hand to the model server of acme."""
    return Model("openai_compatible", model_id, kind, Origin.ADDED, context, dimensions)


def add_to_tenant(session: Session, models: Iterable[Model]) -> Session:
    """Put models beside those that acme has."""
    with session.store("acme").transaction() as tables:
        tables.table("models").insert_multiple(to_record(model) for model in models)
    return session


def add_many(session: Session, count: int) -> Session:
    """Put so many models beside those that acme has."""
    kinds = list(ModelType)
    return add_to_tenant(
        session, (added_model(f"lab-{n % 97}/model-{n:05}", kinds[n % 3], context=8192) for n in range(count))
    )


def choose(session: Session, kind: ModelType, provider: str, model_id: str) -> Session:
    """Make a default of anything, there or not."""
    with session.store("acme").transaction() as tables:
        tables.table("defaults").remove(lambda record: record["type"] == kind)
        tables.table("defaults").insert(to_record(Default(kind, provider, model_id, "2026-10-03T09:00:00Z")))
    return session


def without(session: Session, *tables_to_empty: str) -> Session:
    """Take everything out of those tables of acme."""
    with session.store("acme").transaction() as tables:
        for name in tables_to_empty:
            tables.table(name).truncate()
    return session


def area(session: Session, name: str, size: tuple[int, int] = SIZE) -> AbstractAsyncContextManager[Pilot[str]]:
    """The console of acme, opened in that area."""
    session.config = replace(session.config, start=name)
    return console(session, "acme", size)


async def type_text(pilot: Pilot[str], text: str) -> None:
    """Put a text into the field that has the focus, in one go: each key pressed for a test takes a while."""
    field = pilot.app.focused
    assert isinstance(field, LineField)
    field.insert_text_at_cursor(text)
    await pilot.pause()
