"""Answers against a JSON Schema: the place of the first failure, and schemas that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest

from tui.errors import UsageError
from tui.workspace.playground.answer_schema import SchemaResult, check, read_schema

PEOPLE = {
    "type": "object",
    "properties": {
        "people": {
            "type": "array",
            "items": {"type": "object", "properties": {"born": {"type": "integer"}}, "required": ["born"]},
        }
    },
    "required": ["people"],
}


@pytest.mark.parametrize(
    ("answer", "path", "message"),
    [
        ('{"people": [{"born": 1749}, {"born": "1564"}]}', "$.people[1].born", "'1564' is not of type 'integer'"),
        ('{"people": [{}]}', "$.people[0]", "'born' is a required property"),
        ("{}", "$", "'people' is a required property"),
        ("Goethe wrote it.", "$", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ('```json\n{"people": []}\n```', "$", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("", "$", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"people": [{"born": NaN}]}', "$", "it is not JSON: NaN is no JSON number"),
        ("[" * 100_000, "$", "it is nested too deeply to be checked"),
    ],
)
def test_the_first_failure_has_its_place(answer: str, path: str, message: str) -> None:
    assert check(PEOPLE, answer) == SchemaResult(False, path, message)


def test_an_answer_that_fits_has_none() -> None:
    assert check(PEOPLE, ' {"people": [{"born": 1749}]}\n') == SchemaResult(True)


def test_of_several_forms_the_closest_is_named() -> None:
    schema = {"anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "null"}]}
    assert check(schema, '{"a": 1}').path == "$.a"


def test_an_answer_cannot_steer_the_terminal() -> None:
    result = check({"type": "object", "additionalProperties": {"type": "string"}}, '{"\\u001b[2J": 1}')
    assert not result.valid and "\x1b" not in result.path + result.message


def write_schema(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "person.json"
    path.write_text(text)
    return path


def test_a_schema_is_read(tmp_path: Path) -> None:
    schema = {"$ref": "#/$defs/year", "$defs": {"year": {"type": "integer"}}}
    assert read_schema(write_schema(tmp_path, json.dumps(schema))) == schema
    assert check(schema, "1749").valid and not check(schema, '"1749"').valid


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: Expecting property name"),
        ('{"maximum": Infinity}', "is not JSON"),
        ("[]", "is not a JSON Schema"),
        ('{"type": "text"}', r"no valid JSON Schema: \$\.type: 'text' is not valid"),
        ('{"type": "string", "pattern": "("}', r"no valid JSON Schema: \$\.pattern"),
        ('{"$ref": "#/$defs/none"}', "its reference .* is not in the file"),
        (" " * 1_048_577, "larger than 1 MB"),
    ],
)
def test_a_file_that_holds_no_schema_says_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_schema(write_schema(tmp_path, text))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: no such file"):
        read_schema(tmp_path / "none.json")


def test_nothing_that_a_schema_refers_to_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda *args, **more: opened.append(args))
    schema = {"$ref": "http://127.0.0.1:9/person.json"}
    with pytest.raises(UsageError, match=r"its reference http://127\.0\.0\.1:9/person\.json is not"):
        read_schema(write_schema(tmp_path, json.dumps(schema)))
    assert not check(schema, "{}").valid
    assert opened == []


def test_a_schema_that_refers_to_itself_alone_ends() -> None:
    assert check({"$ref": "#"}, "1") == SchemaResult(False, "$", "it is nested too deeply to be checked")
