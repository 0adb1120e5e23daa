"""Nouns come back from their records as they were; records that are not what they should be are damage."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain import Credential, Default, Model, ModelType, Tenant, VerificationResult, VerificationState
from tui.sanitize import printable
from tui.storage.settings_file import CorruptSettings
from tui.tenancy.serialization import from_record, to_record

PLAIN = st.text(max_size=30).map(printable)
NOUNS = st.one_of(
    st.builds(Model, PLAIN, PLAIN, st.sampled_from(ModelType), context=st.integers(0, 10**9), ends=PLAIN, gone=PLAIN),
    st.builds(Default, st.sampled_from(ModelType), PLAIN, PLAIN, PLAIN),
    st.builds(Tenant, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, st.booleans(), st.integers(0, 5)),
    st.builds(
        Credential,
        PLAIN,
        PLAIN,
        st.dictionaries(PLAIN, PLAIN, max_size=3),
        PLAIN,
        PLAIN,
        st.lists(PLAIN, max_size=3).map(tuple),
        hints=st.dictionaries(PLAIN, PLAIN, max_size=2),
        active=st.booleans(),
        check=st.builds(VerificationResult, st.sampled_from(VerificationState), PLAIN, st.integers(0, 99), PLAIN),
    ),
)


@pytest.mark.slow
@given(NOUNS)
def test_a_noun_comes_back_from_json_as_it_was(record: Model | Default | Tenant | Credential) -> None:
    assert from_record(type(record), json.loads(json.dumps(to_record(record)))) == record


def test_what_is_as_usual_takes_no_room_but_a_yes_or_no_is_always_there() -> None:
    record = to_record(Model("openai", "x", ModelType.CHAT))
    assert record == {"provider": "openai", "id": "x", "type": "chat", "completion": False}


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        (Model, {}),
        (Model, {"provider": "p", "id": "i", "type": "smell"}),
        (Model, {"provider": "p", "id": 5, "type": "chat"}),
        (Model, {"provider": "p", "id": "i", "type": "chat", "context": "many"}),
        (Model, {"provider": "p", "id": "i", "type": "chat", "context": True}),
        (Model, {"provider": "p", "id": "i", "type": "chat", "context": 1.5}),
        (Model, {"provider": "p", "id": "i", "type": "chat", "fields": ["x"]}),
        (Model, {"provider": "p", "id": "i", "type": "chat", "fields": {"x": 1}}),
        (VerificationResult, {"state": "fine"}),
        (Credential, {"provider": "p", "name": "n", "clear": {}, "envelope": "", "key_id": "", "origins": "https://x"}),
        (Credential, {"provider": "p", "name": "n", "clear": {}, "envelope": "", "key_id": "", "origins": [1]}),
        (Credential, {"provider": "p", "name": "n", "clear": {}, "envelope": None, "key_id": "", "origins": []}),
        (Tenant, {"id": "x"}),
    ],
)
def test_a_record_of_another_shape_is_damage(kind: type, entries: dict[str, object]) -> None:
    with pytest.raises(CorruptSettings) as caught:
        from_record(kind, entries)
    assert caught.value.kind == "shape"


def test_unknown_entries_are_dropped_and_texts_come_out_printable() -> None:
    entries = {"provider": "p", "id": "i", "ends": "a\x1b]0;x\x07\u202eb", "type": "chat", "fields": {"k\x00": "v\x9b"}}
    record = from_record(Model, {**entries, "later": 1})
    assert (record.ends, record.fields) == ("a]0;xb", {"k": "v"})


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (Credential, {"name": "default", "clear": {}, "envelope": "", "key_id": "", "origins": []}),
        (Model, {"id": "x", "type": "chat"}),
        (Default, {"type": "chat", "model": "x", "set_at": ""}),
    ],
)
def test_a_provider_that_is_shown_otherwise_than_it_is_stored_is_refused(kind: type, record: dict[str, Any]) -> None:
    assert from_record(kind, {**record, "provider": "openai"}).provider == "openai"
    with pytest.raises(CorruptSettings):
        from_record(kind, {**record, "provider": "openai\u200e"})


@pytest.mark.parametrize(
    ("kind", "name", "record"),
    [
        (Model, "id", {"provider": "openai", "type": "chat"}),
        (Default, "model", {"provider": "openai", "type": "chat", "set_at": ""}),
    ],
)
def test_a_model_that_is_shown_otherwise_than_it_is_stored_is_refused_and_named(
    kind: type, name: str, record: dict[str, Any]
) -> None:
    assert getattr(from_record(kind, {**record, name: "gpt-6"}), name) == "gpt-6"
    with pytest.raises(CorruptSettings) as caught:
        from_record(kind, {**record, name: "gpt-6\u200e"})
    assert "gpt-6, holds characters that are not shown" in caught.value.message
