"""The form that adds a model by hand: what it asks, what it verifies, and that nothing typed is lost."""

from asyncio import Event
from dataclasses import replace

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from tests.console.pilot import rows, shown, until, until_shown
from tests.console.sample_models import HOSTILE, add_to_tenant, added_model, area, type_text, without
from tests.providers.registry import register
from tui.console.defaults.propose_dialog import Propose
from tui.console.models.add import AddModel
from tui.console.models.add_form import ModelForm
from tui.console.models.screen import Models
from tui.console.widgets.form import Button, FieldRow
from tui.console.widgets.row_list import Rows
from tui.console.widgets.truncate import width
from tui.domain import Model, ModelType, Origin, Supply
from tui.errors import NetworkError, Problem, SaveFailed
from tui.providers import PROVIDERS
from tui.providers.origins import origin_of
from tui.providers.spec import Choice, Field
from tui.tenancy import credentials, models
from tui.tenancy.session import Session, TenantSession
from tui.workspace.models import add as add_model
from tui.workspace.models import catalog

LOCAL = "openai_compatible"
SERVED = "text-embedding-3-large"
BUTTON = "   [ Verify and add ]   sends a short test request"


def not_imported(session: Session) -> Session:
    """Return the session without one of the models that practice serves, so that it can be added by hand."""
    with session.store("acme").transaction() as tables:
        tables.table("models").remove(lambda record: record["id"] == SERVED)
    return session


def added_ids(session: Session) -> list[str]:
    """The ids of the models of acme that were added by hand."""
    return [model.id for model in catalog.listing(session.tenant("acme")) if model.origin is Origin.ADDED]


def field(pilot: Pilot[str], name: str = "id") -> FieldRow:
    """A row of the form."""
    return pilot.app.screen.query_one(f"#row-{name}", FieldRow)


async def form(pilot: Pilot[str], place: int = 0) -> None:
    """Open the form of the nth provider that takes added models."""
    await pilot.press("a")
    await until_shown(pilot, "── Models › add ─")
    await pilot.press(*["down"] * place, "enter")
    await until_shown(pilot, BUTTON)


@pytest.fixture
def fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model server asks two fields of its own for an added model."""
    declared = (
        Field("base_model", "Base model", "What it was made from.", required=True),
        Field("task", "Task", choices=(Choice("one", "one task"), Choice("two", "another task")), default="two"),
        Field("version", "Version", "Empty takes the current one."),
    )
    register(monkeypatch, replace(PROVIDERS[LOCAL], model_fields=declared, supply=Supply.HOSTING))


async def test_the_form_asks_provider_id_and_type_and_says_whose_request_is_billed(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("a")
        await until_shown(pilot, "── Models › add ─")
        assert rows(pilot)[2].startswith(" ▸ ● OpenAI ")
        assert rows(pilot)[3].startswith("   ● OpenAI-compatible ")
        assert rows(pilot)[-1] == " enter choose  up down move  esc back  ? help"
        await pilot.press("enter")
        await until_shown(pilot, f"{BUTTON} (billed by the provider)")
        screen = rows(pilot)
        assert screen[0] == " ▪ acme  PRACTICE"
        assert screen[1].startswith("── Models › add › OpenAI ─")
        assert screen[3].startswith(" ▸ Model            [                                                    ]")
        assert screen[6] == "   Type             (•) chat"
        assert screen[-1] == " enter next  tab next  esc back  f1 help"
        await pilot.press("escape")
        await until_shown(pilot, "── Models › add ─")
        await pilot.press("down", "enter")
        await until_shown(pilot, BUTTON)
        assert "billed" not in shown(pilot), "a server of one's own"
        await pilot.press("escape")
        await until_shown(pilot, "── Models › add ─")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))


async def test_one_provider_alone_is_not_requested(session: Session) -> None:
    with session.store("acme").transaction() as tables:
        tables.table("credentials").remove(lambda record: record["provider"] == "openai")
    async with area(session, "models") as pilot:
        await pilot.press("a")
        await until_shown(pilot, "── Models › add › OpenAI-compatible ─")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))


async def test_without_any_provider_it_says_what_to_do(session: Session) -> None:
    async with area(without(session, "credentials"), "models") as pilot:
        await pilot.press("a")
        await until_shown(pilot, "No provider that supports added models is set up yet.")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))


async def test_a_model_is_verified_added_and_stands_under_the_cursor(session: Session) -> None:
    async with area(not_imported(session), "models") as pilot:
        await form(pilot)
        await type_text(pilot, SERVED)
        await pilot.press("enter", "enter")
        assert isinstance(pilot.app.focused, Button)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        assert added_ids(session) == [SERVED]
        await until_shown(pilot, f" ▸ ● {SERVED}")
        assert pilot.app.screen.query_one("#models", Rows).key == f"openai/embedding/{SERVED}"


async def test_the_id_is_requested_and_a_wrong_one_is_shown_under_it(session: Session) -> None:
    async with area(session, "models") as pilot:
        await form(pilot)
        await pilot.press("shift+tab", "enter")
        await until_shown(pilot, "▲ Model is missing.")
        await until(pilot, lambda: pilot.app.focused is field(pilot).field)
        await type_text(pilot, "gpt-6-sol")
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "▲ openai/gpt-6-sol already exists, imported.")
        await until(pilot, lambda: pilot.app.focused is field(pilot).field)
        assert field(pilot).value == "gpt-6-sol"
        await pilot.press("x")
        await until(pilot, lambda: "▲" not in shown(pilot))
        assert added_ids(session) == []


async def test_where_verifying_is_not_possible_it_can_be_added_all_the_same(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.workspace.playground import test_call

    async def tried(*_: object) -> None:
        raise NetworkError("Cannot find the host api.openai.com. The key was not sent.", "Check the network.")

    monkeypatch.setattr(test_call, "test_call", tried)
    async with area(without(session, "defaults"), "models") as pilot:
        await form(pilot)
        await type_text(pilot, "ft:acme")
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "▲ Cannot find the host api.openai.com. The key was not sent.")
        await until_shown(pilot, "   [ Add anyway, unverified ]")
        # The focus stays: an impatient second enter tries again and adds nothing.
        await until_shown(pilot, " ▸ [ Verify and add ]")
        await pilot.press("enter")
        await until_shown(pilot, "▲ Cannot find the host")
        assert added_ids(session) == []
        await pilot.press("down", "enter")
        # It did not answer, so it is not proposed as the default.
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        assert added_ids(session) == ["ft:acme"]


async def test_what_cannot_be_written_is_reported_and_adding_it_unverified_is_not_offered(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SaveFailed("The disk is full; nothing was changed.", "Free some space and try again.")

    monkeypatch.setattr(add_model, "keep", full)
    async with area(not_imported(session), "models") as pilot:
        await form(pilot)
        await type_text(pilot, SERVED)
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "▲ The disk is full; nothing was changed.")
        assert "Add it anyway" not in shown(pilot) and added_ids(session) == []


async def test_escape_stops_the_call_and_keeps_what_was_typed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Event()

    async def add(*_: object, **__: object) -> Model:
        started.set()
        await Event().wait()
        raise AssertionError

    monkeypatch.setattr(catalog, "add", add)
    async with area(session, "models") as pilot:
        await form(pilot)
        await type_text(pilot, "slow")
        await pilot.press("enter", "enter", "enter")
        await started.wait()
        await until_shown(pilot, "… asking the model")
        assert rows(pilot)[-1] == " esc stop  ? help"
        await pilot.press("escape")
        await until(pilot, lambda: "asking the model" not in shown(pilot))
        assert isinstance(pilot.app.screen, AddModel)
        assert field(pilot).value == "slow"


async def test_leaving_asks_only_when_something_was_typed(session: Session) -> None:
    async with area(session, "models") as pilot:
        await form(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "── Models › add ─")
        await pilot.press("enter")
        await until_shown(pilot, BUTTON)
        await pilot.press("x", "escape")
        await until_shown(pilot, "▸ [ Stay ]")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AddModel))
        assert field(pilot).value == "x"
        await pilot.press("escape")
        await until_shown(pilot, "▸ [ Stay ]")
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        assert added_ids(session) == []


async def test_a_paste_of_several_lines_submits_nothing(session: Session) -> None:
    async with area(session, "models") as pilot:
        await form(pilot)
        pilot.app.screen.post_message(Paste("one\ntwo\nthree\n"))
        await until(pilot, lambda: field(pilot).value)
        assert field(pilot).value == "one two three"
        assert isinstance(pilot.app.screen, AddModel) and added_ids(session) == []


def add_unverified(monkeypatch: pytest.MonkeyPatch, session: Session, kind: ModelType) -> None:
    """Let models of this type be added without a request."""

    async def add(bound: TenantSession, provider: str, model_id: str, *_: object, **__: object) -> Model:
        add_to_tenant(session, [model := Model(provider, model_id, kind, Origin.ADDED)])
        return model

    monkeypatch.setattr(catalog, "add", add)


async def test_the_first_model_of_a_type_is_proposed_as_its_default(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_unverified(monkeypatch, session, ModelType.CHAT)
    async with area(without(session, "defaults"), "models") as pilot:
        await form(pilot)
        await type_text(pilot, "mine")
        await pilot.press("enter", "enter", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Propose))
        await until_shown(pilot, "Added mine.")
        await until_shown(pilot, "[x] chat                mine")
        assert "[x] embedding" not in shown(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        assert models.defaults(session.tenant("acme"))[ModelType.CHAT].model == "mine"


@pytest.mark.parametrize(
    ("kind", "tab"), [(ModelType.CHAT, "Playground]"), (ModelType.EMBEDDING, "[Embedding]")], ids=["chat", "embedding"]
)
async def test_the_playground_opens_on_the_tab_of_the_added_model(
    session: Session, monkeypatch: pytest.MonkeyPatch, kind: ModelType, tab: str
) -> None:
    add_unverified(monkeypatch, session, kind)
    async with area(without(session, "defaults"), "models") as pilot:
        await form(pilot)
        await type_text(pilot, "mine")
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "Added mine.")
        await pilot.press("enter")
        await until_shown(pilot, tab)
        await until_shown(pilot, "openai/mine")
        await pilot.press("escape", "2")
        await until_shown(pilot, " ▸ ● mine")


@pytest.mark.usefixtures("fields")
async def test_fields_come_from_the_providers_declaration(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[dict[str, str]] = []

    async def add(*arguments: object, **_: object) -> Model:
        labels.append(dict(arguments[4]))  # type: ignore[call-overload]
        raise Problem("The server is away.", "Start it.")

    monkeypatch.setattr(catalog, "add", add)
    async with area(session, "models") as pilot:
        await form(pilot, 1)
        screen = shown(pilot)
        assert "   Base model       [" in screen and "What it was made from." in screen
        assert screen.index("   Base model ") < screen.index("   Type ") < screen.index("   Task ")
        assert "   Task             ( ) one task" in screen and "(•) another task" in screen
        assert "Empty takes the current one. Optional." in screen
        await type_text(pilot, "mine")
        await pilot.press("enter", "enter", "enter", "enter", "enter", "enter")
        await until_shown(pilot, "▲ Base model is missing.")
        assert pilot.app.focused is field(pilot, "field-base_model").field
        await type_text(pilot, "bge")
        await pilot.press("enter", "enter", "space", "enter", *"v1", "enter", "enter")
        await until_shown(pilot, "▲ The server is away.")
        assert labels == [{"base_model": "bge", "task": "one", "version": "v1"}]


@pytest.mark.usefixtures("fields")
async def test_an_added_model_is_edited_with_its_fields_filled_in(session: Session) -> None:
    add_to_tenant(session, [replace(added_model("mine"), fields={"base_model": "bge", "task": "one"})])
    async with area(session, "models") as pilot:
        await pilot.press("slash")
        await type_text(pilot, "mine")
        await pilot.press("enter")
        await until(pilot, lambda: "e edit" in rows(pilot)[-1])
        await pilot.press("e")
        await until_shown(pilot, "── Models › edit › OpenAI-compatible ─")
        await until_shown(pilot, "   Model             mine")
        assert field(pilot, "field-base_model").value == "bge"
        await type_text(pilot, "-m3")
        await pilot.press("shift+tab", "shift+tab", "shift+tab")
        pilot.app.screen.query_one("#verify", Button).focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models) or "▲" in shown(pilot))
        if not isinstance(pilot.app.screen, Models):
            await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        assert models.find(session.tenant("acme"), f"{LOCAL}/mine").fields == {"base_model": "bge-m3", "task": "one"}


@pytest.mark.usefixtures("fields")
async def test_on_a_row_of_a_hosting_provider_its_form_opens_at_once(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("G", "a")
        await until_shown(pilot, "── Models › add › OpenAI-compatible ─")


@pytest.mark.all_providers
async def test_a_model_whose_fields_are_all_choices_is_edited_from_the_first_of_them(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("slash")
        await type_text(pilot, "Qwen3-32B")
        await pilot.press("enter")
        await until(pilot, lambda: "e edit" in rows(pilot)[-1])
        await pilot.press("e")
        await until_shown(pilot, "── Models › edit › Hugging Face")
        assert pilot.app.screen.focused is next(iter(pilot.app.screen.query_one(ModelForm).choices.values()))


async def test_an_imported_model_has_nothing_to_edit(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("e")
        await until_shown(pilot, "Only models added by hand have fields to edit.")


async def test_a_hostile_id_stays_text_in_every_window(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, AddModel))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.query("#row-id"))
        pilot.app.screen.post_message(Paste(HOSTILE + " [/4]"))
        await until(pilot, lambda: field(pilot).value)
        await pilot.press("enter", "enter", "enter")
        for size in ((80, 24), (120, 40), (40, 10)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: len(rows(pilot)) == size[1] and "▲" in shown(pilot))  # type: ignore[misc]
            text = shown(pilot)
            assert "\x1b" not in text and "\u202e" not in text
            assert all(width(row) <= size[0] for row in rows(pilot))
        assert added_ids(session) == []


async def test_an_address_in_plain_http_needs_confirmation(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = replace(
        PROVIDERS[LOCAL],
        model_fields=(Field("url", "Endpoint URL", required=True, url=True),),
        model_origins=lambda fields, model: (origin_of(model.fields["url"]),),
        supply=Supply.HOSTING,
    )
    register(monkeypatch, declared)
    async with area(session, "models") as pilot:
        await form(pilot, 1)
        await type_text(pilot, "mine")
        field(pilot, "field-url").field.value = "http://models.example.test/v1"
        pilot.app.screen.query_one("#verify", Button).focus()
        await pilot.press("enter")
        await until_shown(pilot, "http://models.example.test")
        await until_shown(pilot, "Use it anyway")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AddModel))
        assert pilot.app.focused is field(pilot, "field-url").field
        pilot.app.screen.query_one("#verify", Button).focus()
        await pilot.press("enter")
        await until_shown(pilot, "Use it anyway")
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models) or "▲" in shown(pilot))
        if not isinstance(pilot.app.screen, Models):
            pilot.app.screen.query_one("#anyway", Button).focus()
            await pilot.press("enter")
            await until_shown(pilot, "Use it anyway")
            await pilot.press("down", "enter")
        await until(pilot, lambda: added_ids(session) == ["mine"])
        credential = credentials.active(session.tenant("acme"), LOCAL)
        assert credential and credential.plain_http == ("http://models.example.test",)


async def test_the_type_follows_what_is_typed_and_can_be_changed(session: Session) -> None:
    async with area(session, "models") as pilot:
        await form(pilot)
        await type_text(pilot, "text-embedding-3-large")
        await until_shown(pilot, "(•) embedding")
        await type_text(pilot, "-of-ours")
        await pilot.press("tab", "up")
        await until_shown(pilot, "(•) chat")
