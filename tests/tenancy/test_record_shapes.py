"""Settings with a right checksum and records that no table can hold are damaged settings, whoever wrote them."""

import pytest

from tui.storage.memory_folder import MemoryFolder
from tui.storage.settings_file import Content, CorruptSettings, Document, encode
from tui.storage.store import Store
from tui.tenancy.serialization import invalid_record

MODEL = {"provider": "openai", "id": "m", "type": "chat", "fields": {}}
CREDENTIAL = {
    **{"provider": "openai", "name": "default", "envelope": "", "key_id": "", "clear": {"a": "b"}},
    **{"origins": ["https://a"], "active": True, "check": {}},
}
SOUND: Content = {
    "models": {"1": MODEL},
    "credentials": {"1": CREDENTIAL},
    "defaults": {"1": {"type": "chat", "provider": "openai", "model": "m"}},
    "connections": {"1": {"id": "lab", "kind": "openai"}},
    "listings": {"1": {"provider": "openai", "credential": "second", "models": [MODEL]}},
    "used": {"1": {"tenant": "acme", "provider": "openai", "calls": 3}},
    "trials": {"1": {"provider": "openai", "calls": 100, "models": ["m"]}},
    "reservations": {"1": {"tenant": "acme", "provider": "openai", "pid": 5, "at": 5.5, "uptime": 5}},
    "of a newer version": {"1": {"anything": [5]}},
    "operators": {"1": {"login": 5}},
}
TABLES = [*SOUND][:6]


def read(data: Content) -> Content:
    """Read settings that anybody wrote, with a right checksum."""
    folder = MemoryFolder()
    folder.write("settings.json", encode(Document(1, "", data)))
    return Store(folder, misshapen=invalid_record).document().data


def test_sound_records_are_read_and_so_is_what_this_version_does_not_know() -> None:
    assert read(SOUND) == SOUND


@pytest.mark.parametrize("table", TABLES)
def test_a_value_of_another_kind_is_damage(table: str) -> None:
    sound = SOUND[table]["1"]
    for name in sound:
        for value in (None, 5, [5], {"a": 5}):
            if name in ("check", "set_at") or (type(value) is type(sound[name]) and value not in ([5], {"a": 5})):
                continue
            if name == "fields" and value == {"a": 5}:
                continue  # read as texts where a model is read
            with pytest.raises(CorruptSettings, match=f"entry 1 of {table} is not valid"):
                read({table: {"1": {**sound, name: value}}})


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_record_is_damage(table: str) -> None:
    with pytest.raises(CorruptSettings, match=f"entry 1 of {table} is not valid"):
        read({table: {"1": {}}})


def test_a_credential_has_a_name_as_a_blank_one_is_a_connection_in_the_manifest() -> None:
    with pytest.raises(CorruptSettings, match="entry 1 of credentials"):
        read({"credentials": {"1": {**CREDENTIAL, "name": ""}}})


NUMBERS = [("trials", "calls"), ("used", "calls"), ("reservations", "pid"), ("reservations", "at")]
NAMES = [
    *[("credentials", "provider"), ("credentials", "name"), ("credentials", "kind"), ("models", "provider")],
    *[("listings", "provider"), ("listings", "credential"), ("defaults", "provider")],
    *[("connections", "id"), ("trials", "provider"), ("used", "provider"), ("used", "tenant")],
]


@pytest.mark.parametrize(("table", "name"), NUMBERS)
@pytest.mark.parametrize("value", [-1, -(10**30), 2**53, 10**40, True, "3", "nan", None, [3]])
def test_a_count_that_gives_back_what_was_used_is_damage(table: str, name: str, value: object) -> None:
    with pytest.raises(CorruptSettings, match=f"entry 1 of {table} is not valid"):
        read({table: {"1": {**SOUND[table]["1"], name: value}}})


@pytest.mark.parametrize(("table", "name"), NAMES)
@pytest.mark.parametrize("mark", ["\u00ad", "\u200b", "\u200d", "\u2060", "\u3164", "\U000e0041"])
def test_a_name_with_hidden_characters_is_damage_not_another_name(table: str, name: str, mark: str) -> None:
    record = SOUND[table]["1"]
    with pytest.raises(CorruptSettings, match=f"entry 1 of {table} is not valid"):
        read({table: {"1": {**record, name: f"open{mark}ai"}}})
