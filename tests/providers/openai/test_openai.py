"""OpenAI: what its facts leave open."""

import json
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.openai.facts import BASE, CLASSES, chat_model
from tui.domain import ModelType, Supply
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.client.sse import Events
from tui.providers.dialects.openai.models import classify, reasons
from tui.providers.events import Finish, TextDelta, Usage
from tui.providers.requests import ApiError, ChatRequest, EndFrame, Frame, Message

OPENAI = PROVIDERS["openai"]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in CLASSES.items() for name in names.split()])
def test_what_a_model_is_for(kind: str | ModelType | None, name: str) -> None:
    expected = None if kind is None else (ModelType.CHAT, True) if kind == "completion" else (kind, False)
    assert classify(name) == expected


def documented(name: str) -> list[Any]:
    """What a chat's reader makes of a stream as the documentation shows it."""
    read = calls.chat(OPENAI, BASE, ChatRequest(chat_model("gpt-5.4-mini"), (Message("user", "Hi"),))).reader()
    events = Events().feed(fixture("openai", name))
    frames = [Frame(data if data == "[DONE]" else json.loads(data), event) for data, event in events]
    return [event for frame in [*frames, None] for event in read(frame) if not isinstance(event, EndFrame)]


def test_the_documented_streams() -> None:
    assert documented("chat.sse") == [TextDelta("Good"), TextDelta(" day"), Usage(9, 14, 12, cached=0), Finish("stop")]
    message = "The server had an error while processing the request."
    assert documented("chat_error.sse") == [TextDelta("Par"), ApiError(kind="server_error", message=message)]


def test_which_models_think() -> None:
    for name in ["o1", "o3", "o3-mini", "o4-mini", "gpt-5", "gpt-5.4-mini", "gpt-6-sol", "gpt-10"]:
        assert reasons(name), name
    for name in ["gpt-4.1", "gpt-4o", "gpt-5-chat-latest", "gpt-5.3-chat-latest", "chatgpt-4o-latest", "gpt-3.5-turbo"]:
        assert not reasons(name), name


def test_the_known_models_are_usable_and_dated() -> None:
    known = {model.id: model for model in OPENAI.catalogue}
    assert OPENAI.catalogue_as_of == "2026-11-22"
    assert known["whisper-1"].ends == "2027-02-26"
    assert known["gpt-5-mini"].ends == "2026-12-11"
    assert known["gpt-6-sol"].ends == ""
    assert known["text-embedding-3-large"].dimensions == 3072
    assert all(model.ends == "" or model.ends > OPENAI.catalogue_as_of for model in known.values())
    for kind, first in {
        "chat": "gpt-6-sol",
        "embedding": "text-embedding-3-small",
        "speech2text": "gpt-transcribe",
    }.items():
        assert OPENAI.proposed[ModelType(kind)][0] == first
        assert all(known[name].type == kind for name in OPENAI.proposed[ModelType(kind)])


def test_the_form_of_openai() -> None:
    assert OPENAI.supply is Supply.OWN
    names = [form_field.name for form_field in OPENAI.fields]
    assert names == ["api_key", "organization", "project", "base_url"]
    assert [form_field.name for form_field in OPENAI.fields if form_field.required] == ["api_key"]
    assert [form_field.name for form_field in OPENAI.fields if form_field.secret] == ["api_key"]
    assert [form_field.name for form_field in OPENAI.fields if form_field.advanced] == names[1:]
    assert OPENAI.field("base_url").default == "https://api.openai.com/v1"
    assert OPENAI.field("api_key").env == ("OPENAI_API_KEY",)
    assert OPENAI.field("organization").env[0] == "OPENAI_ORG_ID"
    assert OPENAI.field("project").env[0] == "OPENAI_PROJECT_ID"
    assert OPENAI.field("base_url").env[0] == "OPENAI_BASE_URL"
    assert OPENAI.key_page == "https://platform.openai.com/api-keys"
    assert OPENAI.origins(BASE) == ("https://api.openai.com",)
