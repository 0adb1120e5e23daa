"""Searching while an id is typed and picking what a field can be, where a provider's declaration has both."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.pilot import rows, shown, until, until_shown
from tests.console.sample_models import HOSTILE, area, type_text
from tests.providers.registry import register
from tui.console.models import search as finding
from tui.console.models.add import AddModel
from tui.console.models.add_form import ModelForm
from tui.console.models.screen import Models
from tui.console.models.search_results import ResultRows, _item
from tui.console.widgets.form import Choice, FieldRow
from tui.console.widgets.truncate import width
from tui.domain import ModelType
from tui.errors import NetworkError, ScopeMissing
from tui.practice.huggingface.server import FIELDS
from tui.providers.client.silence import Clock
from tui.providers.events import SearchResult
from tui.providers.huggingface import PROVIDER as HOSTING
from tui.providers.huggingface import endpoint_check
from tui.tenancy import credentials, models
from tui.tenancy.session import Session, TenantSession
from tui.workspace.credentials import save
from tui.workspace.models import add, catalog

URL = "https://x7k2m9.eu-west-1.aws.endpoints.huggingface.cloud"


@pytest.fixture
async def hosting(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """acme has a hosting provider, whose models are searched and whose endpoints are picked; no pauses."""
    register(monkeypatch, HOSTING)
    monkeypatch.setattr(finding, "SEARCH_DELAY", 0.01)
    await save.save(session.tenant("acme"), HOSTING.id, FIELDS)
    return session


async def form(pilot: Pilot[str]) -> ModelForm:
    await pilot.press("a")
    await until_shown(pilot, "── Models › add ─")
    await pilot.press("G", "enter")
    await until_shown(pilot, "Endpoint type")
    return pilot.app.screen.query_one(ModelForm)


async def choose(pilot: Pilot[str], name: str, value: str) -> None:
    """Choose a value of a field."""
    pilot.app.screen.query_one(f"#field-{name}", Choice).choose(value)
    await pilot.pause()


def has_focus(pilot: Pilot[str], row: FieldRow) -> bool:
    return pilot.app.focused is row.field


def hits_of(pilot: Pilot[str]) -> list[str]:
    return [key for widget in pilot.app.screen.query(ResultRows) if widget.display for key in widget.keys]


async def test_what_it_is_for_is_chosen_first_and_no_type_is_requested(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        screen = rows(pilot)
        assert screen[3] == "   Endpoint type    (•) Hosted Inference API  ( ) Inference Endpoint"
        await until_shown(pilot, "free for few models")
        await until_shown(pilot, "paid by")
        assert "   Task             (•) text generation  ( ) text to text  ( ) embedding" in screen
        assert "Type  " not in shown(pilot) and "Endpoint URL" not in shown(pilot)
        assert has_focus(pilot, model_form.rows["id"])
        kinds = [model_form.kind]
        await choose(pilot, "task", "automatic-speech-recognition")
        assert [*kinds, model_form.kind] == [ModelType.CHAT, ModelType.SPEECH2TEXT]


async def test_hits_come_while_it_is_typed_and_move_no_cursor(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "task", "feature-extraction")
        await type_text(pilot, "qwen3-emb")
        await until_shown(pilot, "Qwen/Qwen3-Embedding-0.6B")
        assert has_focus(pilot, model_form.rows["id"])
        assert model_form.model_id == "qwen3-emb"
        screen = shown(pilot)
        assert "served · 3.4M downloads" in screen and "not served · 12k downloads" in screen
        assert rows(pilot)[-1] == " enter next  down to list  tab next  esc back  f1 help"
        # Enter takes what was typed, whatever was found.
        await pilot.press("enter")
        assert pilot.app.focused is model_form.verify
        assert model_form.model_id == "qwen3-emb"
        await until(pilot, lambda: not hits_of(pilot))


async def test_down_goes_to_the_list_and_enter_takes_one(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "task", "feature-extraction")
        await type_text(pilot, "qwen3-emb")
        await until_shown(pilot, "Qwen/Qwen3-Embedding-0.6B")
        await pilot.press("down", "down")
        await until_shown(pilot, "enter choose")
        assert rows(pilot)[-3:-1] == ["   Qwen/Qwen3-Embedding-8B", "   served · 1.2M downloads"]
        await pilot.press("up", "up")
        await until(pilot, lambda: has_focus(pilot, model_form.rows["id"]))
        await pilot.press("down", "enter")
        await until(pilot, lambda: pilot.app.focused is model_form.verify)
        assert model_form.model_id == "Qwen/Qwen3-Embedding-0.6B"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        model = models.find(hosting.tenant("acme"), "huggingface/Qwen/Qwen3-Embedding-0.6B")
        assert model.type is ModelType.EMBEDDING
        assert (model.fields["engine"], model.dimensions) == ("hf-inference", 384)


async def test_one_that_is_not_served_is_offered_another_method(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await type_text(pilot, "house-style")
        await until_shown(pilot, "acme-ai/house-style-7b")
        await pilot.press("down", "enter")
        await until_shown(pilot, " ▸ [ Use Inference Endpoint instead ]   not served")
        assert model_form.choices["endpoint_type"].value == "hosted_inference_api"
        await pilot.press("enter")
        await until(pilot, lambda: has_focus(pilot, model_form.rows["namespace"]))
        assert model_form.field_values["endpoint_type"] == "inference_endpoints"
        assert model_form.model_id == "acme-ai/house-style-7b"
        assert not model_form.instead.display


async def test_an_endpoint_is_picked_from_the_account(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        await choose(pilot, "task", "feature-extraction")
        model_form.rows["namespace"].field.focus()
        # The first name is most often meant; the others can be taken.
        await until(pilot, lambda: model_form.rows["namespace"].value == "acme-ai")
        assert hits_of(pilot) == ["acme-ai", "acme-research"]
        await pilot.press("enter")
        await until_shown(pilot, "bge-large-prod")
        assert has_focus(pilot, model_form.rows["endpoint_url"])
        assert "house-chat" not in shown(pilot)
        await pilot.press("down")
        await until(pilot, lambda: rows(pilot)[-4] == "   bge-large-prod")
        assert rows(pilot)[-3].startswith("   running · BAAI/bge-large-en-v1.5 · feature-extraction")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.focused is model_form.verify)
        assert (model_form.model_id, model_form.field_values["endpoint_url"]) == ("BAAI/bge-large-en-v1.5", URL)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        model = models.find(hosting.tenant("acme"), "huggingface/BAAI/bge-large-en-v1.5")
        assert model.fields["engine"] == "tei"
        assert (model.fields["namespace"], model.fields["endpoint_url"]) == ("acme-ai", URL)
        sealed = credentials.active(hosting.tenant("acme"), HOSTING.id)
        assert sealed and URL in sealed.origins


async def test_a_required_field_is_not_filled_with_the_first_that_is_offered(
    hosting: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = tuple(replace(field, required=field.name == "namespace") for field in HOSTING.model_fields)
    register(monkeypatch, replace(HOSTING, model_fields=fields))
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        model_form.rows["namespace"].field.focus()
        await until(pilot, lambda: hits_of(pilot) == ["acme-ai", "acme-research"])
        await pilot.pause()
        assert model_form.rows["namespace"].value == ""


async def test_names_are_requested_again_when_other_fields_changed(
    hosting: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[Mapping[str, str]] = []

    async def offers(
        session: TenantSession, provider: str, field: str, values: Mapping[str, str]
    ) -> tuple[SearchResult, ...]:
        if field == "endpoint_url":
            queries.append(values)
        return ()

    monkeypatch.setattr(add, "suggestions", offers)
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        for name in ("endpoint_url", "id", "endpoint_url"):
            model_form.rows[name].field.focus()
            await pilot.pause()
        assert len(queries) == 1
        model_form.rows["namespace"].field.value = "acme-research"
        model_form.rows["id"].field.focus()
        await pilot.pause()
        model_form.rows["endpoint_url"].field.focus()
        await until(pilot, lambda: len(queries) == 2)
        assert queries[1]["namespace"] == "acme-research"


async def test_one_search_at_a_time_and_the_last_text_counts(hosting: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    gate = asyncio.Event()

    async def search(session: TenantSession, provider: str, text: str, kind: ModelType) -> tuple[SearchResult, ...]:
        texts.append(text)
        await gate.wait()
        return (SearchResult(f"found/{text}"),)

    monkeypatch.setattr(add, "search", search)
    async with area(hosting, "models") as pilot:
        await form(pilot)
        await type_text(pilot, "q")
        await pilot.pause(0.05)
        assert texts == []
        await type_text(pilot, "we")
        await until(pilot, lambda: texts == ["qwe"])
        await until_shown(pilot, "] … searching")
        for key in "n3":
            await type_text(pilot, key)
            await pilot.pause(0.03)
        assert texts == ["qwe"]
        gate.set()
        await until(pilot, lambda: hits_of(pilot) == ["found/qwen3"])
        assert texts == ["qwe", "qwen3"]
        assert "searching" not in shown(pilot)


async def test_keys_in_quick_succession_make_one_search(hosting: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    async def search(*arguments: Any) -> tuple[SearchResult, ...]:
        texts.append(arguments[2])
        return ()

    monkeypatch.setattr(add, "search", search)
    monkeypatch.setattr(finding, "SEARCH_DELAY", 2.0)
    async with area(hosting, "models") as pilot:
        await form(pilot)
        for key in "qwen":
            await type_text(pilot, key)
        await until(pilot, lambda: texts)
        assert texts == ["qwen"]


async def test_a_search_that_fails_leaves_free_entry(hosting: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async def search(*_: object) -> tuple[SearchResult, ...]:
        raise NetworkError("Cannot find the host.", "Check the network.")

    monkeypatch.setattr(add, "search", search)
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await type_text(pilot, "Qwen/Qwen3-32B")
        await until_shown(pilot, "▲ Search is unavailable; type the full name.")
        assert has_focus(pilot, model_form.rows["id"])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        assert models.find(hosting.tenant("acme"), "huggingface/Qwen/Qwen3-32B").fields["engine"] == "router"


async def test_what_may_not_be_listed_can_be_typed(hosting: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async def offers(*_: object) -> tuple[SearchResult, ...]:
        raise ScopeMissing("This token may not list the endpoints of acme-ai.", "Type the URL from its page.")

    monkeypatch.setattr(add, "suggestions", offers)
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        model_form.rows["endpoint_url"].field.focus()
        await until_shown(pilot, "▲ This token may not list the endpoints of acme-ai.")
        await type_text(pilot, "https://c5h1t8.eu-west-1.aws.endpoints.huggingface.cloud/v1")
        model_form.rows["id"].field.focus()
        await pilot.pause()
        await type_text(pilot, "any name"[:3])
        await pilot.press("enter")
        model_form.verify.focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        model = models.find(hosting.tenant("acme"), "huggingface/any")
        assert (model.fields["engine"], model.context) == ("tgi", 4096)
        assert model.fields["endpoint_url"].endswith(".cloud")


async def test_what_is_hidden_is_not_passed(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        await until_shown(pilot, "Endpoint URL")
        model_form.rows["endpoint_url"].field.value = URL
        await choose(pilot, "endpoint_type", "hosted_inference_api")
        assert "Endpoint URL" not in shown(pilot)
        assert model_form.field_values == {"endpoint_type": "hosted_inference_api", "task": "text-generation"}


async def test_a_problem_of_a_field_is_shown_at_the_field(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        model_form.rows["id"].field.value = "any"
        model_form.rows["endpoint_url"].field.value = "ftp://host"
        model_form.verify.focus()
        await pilot.press("enter")
        await until_shown(pilot, "▲ ftp://host is not an http address.")
        assert has_focus(pilot, model_form.rows["endpoint_url"])
        model_form.rows["endpoint_url"].field.value = ""
        model_form.rows["namespace"].field.value = "a b"
        model_form.verify.focus()
        await pilot.press("enter")
        await until_shown(pilot, "▲ This is the name as in its address")
        assert has_focus(pilot, model_form.rows["namespace"])


async def test_an_endpoint_that_starts_is_waited_for_until_escape(
    hosting: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_check, "POLL_INTERVAL", 60.0)
    monkeypatch.setattr(Clock, "sleep", lambda clock, seconds: asyncio.sleep(seconds))
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        await choose(pilot, "task", "automatic-speech-recognition")
        model_form.rows["endpoint_url"].field.value = "https://w8r2k6.eu-west-1.aws.endpoints.huggingface.cloud"
        model_form.rows["namespace"].field.value = "acme-ai"
        model_form.rows["id"].field.value = "openai/whisper-tiny"
        model_form.verify.focus()
        await pilot.press("enter")
        await until_shown(pilot, "The endpoint is starting, which can take minutes.")
        await until(pilot, lambda: rows(pilot)[-1] == " esc stop  ? help")
        await pilot.press("escape")
        await until(pilot, lambda: "asking the model" not in shown(pilot))
        assert isinstance(pilot.app.screen, AddModel)
        assert model_form.model_id == "openai/whisper-tiny"
        # Once it is up it is looked at to the end.
        monkeypatch.setattr(endpoint_check, "POLL_INTERVAL", 0.0)
        await pilot.press("enter")
        await until_shown(pilot, "Added openai/whisper-tiny.")
        assert models.find(hosting.tenant("acme"), "huggingface/openai/whisper-tiny").fields["engine"] == "toolkit"


async def test_the_next_form_begins_with_what_was_chosen_last(hosting: Session) -> None:
    fields = {"endpoint_type": "inference_endpoints", "task": "feature-extraction", "endpoint_url": URL}
    await catalog.add(
        hosting.tenant("acme"), HOSTING.id, "BAAI/bge-large-en-v1.5", ModelType.EMBEDDING, fields, verify=False
    )
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        assert model_form.field_values["endpoint_type"] == "inference_endpoints"
        assert model_form.kind is ModelType.EMBEDDING
        assert model_form.field_values["endpoint_url"] == model_form.model_id == ""


async def test_an_endpoint_is_edited_with_its_fields(hosting: Session) -> None:
    fields = {"endpoint_type": "inference_endpoints", "task": "text2text-generation", "endpoint_url": URL}
    await catalog.add(hosting.tenant("acme"), HOSTING.id, "sums", ModelType.CHAT, fields, verify=False)
    async with area(hosting, "models") as pilot:
        await pilot.press("slash", *"sums", "enter")
        await until(pilot, lambda: "e edit" in rows(pilot)[-1])
        await pilot.press("e")
        await until_shown(pilot, "── Models › edit › Hugging Face ─")
        model_form = pilot.app.screen.query_one(ModelForm)
        assert model_form.field_values["endpoint_url"] == URL
        # What it is for stays; only how may change.
        assert [key for key, _ in model_form.choices["task"].options] == ["text-generation", "text2text-generation"]
        assert model_form.choices["task"].value == "text2text-generation"
        model_form.rows["endpoint_url"].field.value = "https://s3m9z4.eu-west-1.aws.endpoints.huggingface.cloud"
        model_form.verify.focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models))
        assert models.find(hosting.tenant("acme"), "huggingface/sums").fields["engine"] == "toolkit"


async def test_an_address_that_was_written_into_the_file_is_entered_again_or_gets_no_key(hosting: Session) -> None:
    tenant, evil = hosting.tenant("acme"), "https://evil.example.test"
    fields = {"endpoint_type": "inference_endpoints", "task": "text-generation", "endpoint_url": URL}
    await catalog.add(tenant, HOSTING.id, "sums", ModelType.CHAT, fields, verify=False)
    with tenant.store.transaction() as tables:
        tables.table("models").update(
            {"fields": fields | {"endpoint_url": evil}}, lambda record: record["id"] == "sums"
        )
    async with area(hosting, "models") as pilot:
        await pilot.press("slash", *"sums", "enter")
        await until(pilot, lambda: "e edit" in rows(pilot)[-1])
        await pilot.press("e")
        await until_shown(pilot, "── Models › edit › Hugging Face ─")
        model_form = pilot.app.screen.query_one(ModelForm)
        assert model_form.rows["endpoint_url"].value == evil
        model_form.verify.focus()
        await pilot.press("enter")
        await until_shown(pilot, "entered by you.")
        assert not model_form.rows["endpoint_url"].value
        sealed = credentials.active(tenant, HOSTING.id)
        assert sealed and evil not in sealed.origins


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)])
async def test_hostile_hits_stay_text(hosting: Session, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    async def search(*_: object) -> tuple[SearchResult, ...]:
        return (SearchResult("a/" + "模型" * 40, HOSTILE, label=HOSTILE * 4), SearchResult("b" * 300, "served", False))

    monkeypatch.setattr(add, "search", search)
    async with area(hosting, "models", size) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, AddModel))
        await pilot.press("G", "enter")
        await until(pilot, lambda: pilot.app.screen.query("#row-id"))
        await type_text(pilot, "abc")
        await until(pilot, lambda: len(hits_of(pilot)) == 2)
        await pilot.press("down")
        text = shown(pilot)
        assert "\x1b" not in text and "\u202e" not in text
        assert all(width(row) <= size[0] for row in rows(pilot))


async def test_the_repository_of_an_endpoint_is_searched_as_well(hosting: Session) -> None:
    async with area(hosting, "models") as pilot:
        model_form = await form(pilot)
        await choose(pilot, "endpoint_type", "inference_endpoints")
        await choose(pilot, "task", "feature-extraction")
        model_form.rows["id"].field.focus()
        await type_text(pilot, "qwen3-emb")
        await until_shown(pilot, "Qwen/Qwen3-Embedding-8B")
        await pilot.press("down", "enter")
        await until(pilot, lambda: model_form.model_id.startswith("Qwen/Qwen3-Embedding-"))
        assert model_form.field_values["endpoint_type"] == "inference_endpoints" and not model_form.instead.display


def test_a_name_is_cut_only_after_the_note_about_it_was() -> None:
    name = "meta/meta-llama-3-70b-instruct-and-some-more"
    hit = SearchResult(name, note="official · 48.2M runs · A 70 billion parameter model")
    for cells in (77, 117):
        assert name in _item(hit, len(name)).draw(cells).plain
    assert "…" in _item(hit, len(name)).draw(40).plain
