"""`modeldeck schema`: every command with --json has a schema, read from the shape in its help."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.schemas import mismatches
from tui.cli.command import Command
from tui.cli.json_schema import schema_of
from tui.cli.registry import COMMANDS


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command.shape], ids=lambda command: command.handler
)
def test_the_shape_of_every_command_is_a_schema(command: Command) -> None:
    schema = schema_of(command)
    forms = schema.get("anyOf", [schema])
    assert all(form["type"] in ("object", "array") for form in forms)
    assert schema["$id"] == f"urn:modeldeck:{'-'.join(command.words)}:1"
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize(
    ("shape", "right", "wrong"),
    [
        ("[{a, b?}]; words", [{"a": 1}, {"a": None, "b": 2}], [{"b": 2}]),
        ("{a: [{b}], version: 1}", {"a": [{"b": 0}], "version": 1}, {"a": [{"c": 0}], "version": 1}),
        ("{a: {NAME: {b}}}", {"a": {"x": {"b": 1}}}, {"a": {"x": {}}}),
        ("{sql} or {differences: [sentence]}", {"differences": []}, {"other": 1}),
        ("one object a line: {a}; --more: {b}", {"b": 1}, {"a": 1, "b": 1}),
        ("{version: 1}", {"version": 1}, {"version": 2}),
    ],
)
def test_the_grammar_of_shapes(shape: str, right: Any, wrong: Any) -> None:
    schema = schema_of(Command(("x",), "x:x", "x", shape=shape))
    assert mismatches(schema, right) == [] and mismatches(schema, wrong) != []


def test_a_schema_is_printed_and_the_list_names_all(modeldeck: Run) -> None:
    ran = modeldeck("schema", "credential", "list")
    assert ran.code == 0 and json.loads(ran.out)["items"]["properties"]["secrets"]
    listed = modeldeck("schema").out.splitlines()
    assert len(listed) == sum(bool(command.shape) for command in COMMANDS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("helth",), "Did you mean modeldeck schema health?"),
        (("provider",), "Use one of: provider list, provider show"),
        (("exec",), "No command exec prints JSON."),
        (("sk-FAKE-9Zq4-0123456789-abcd",), "No command prints JSON."),
    ],
)
def test_a_command_without_a_schema_is_a_usage_error(modeldeck: Run, words: tuple[str, ...], says: str) -> None:
    ran = modeldeck("schema", *words)
    assert (ran.code, ran.out) == (2, "") and says in ran.err


def test_fields_leave_the_other_keys_out(modeldeck: Run) -> None:
    ran = modeldeck("provider", "list", "--json", "--fields", "state,id")
    assert ran.code == 0 and {tuple(row) for row in json.loads(ran.out)} == {("state", "id")}
    assert list(json.loads(modeldeck("paths", "--json", "--fields=log").out)) == ["log"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("provider", "list", "--json", "--fields", "sate"), "Did you mean state?"),
        (("provider", "list", "--json", "--fields", "sk-FAKE-9Zq4-0123456789-abcd"), "Unknown key. "),
        (("provider", "list", "--json", "--fields", ","), "Unknown key."),
        (("provider", "list", "--fields", "id"), "--fields needs --json."),
        (("embed", "x", "--json", "--fields", "text"), "Unknown option --fields."),
    ],
)
def test_fields_that_cannot_be_meant_are_a_usage_error(modeldeck: Run, words: tuple[str, ...], says: str) -> None:
    ran = modeldeck(*words)
    message = json.loads(ran.err)["error"] if "--json" in words else {"message": ran.err, "hint": ""}
    assert (ran.code, ran.out) == (2, "") and says in f"{message['message']} {message['hint']}"
