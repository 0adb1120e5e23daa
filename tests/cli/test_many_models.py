"""A command on a tenant with thousands of models converts those that it needs."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.terminal import environ
from tui.tenancy import serialization
from tui.tenancy.session import open_session

COUNT = 2_000


def test_a_command_that_lists_no_models_converts_few(ready: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(environ(home))
    with session.store("acme").transaction() as tables:
        tables.table("models").insert_multiple(
            {"provider": "openai", "id": f"made-up-{number:04}", "type": "chat", "origin": "imported"}
            for number in range(COUNT)
        )
    session.close()
    converted: Counter[str] = Counter()
    convert = serialization._noun

    def counting(kind: Any, record: Mapping[str, Any]) -> Any:
        converted[kind.__name__] += 1
        return convert(kind, record)

    monkeypatch.setattr(serialization, "_noun", counting)
    for words in (
        ("default", "show"),
        ("default", "set", "chat", f"openai/made-up-{COUNT - 1:04}"),
        ("provider", "list"),
        ("credential", "list", "openai"),
        ("chat", "-m", "openai/gpt-5.4-mini", "hello"),
        ("embed", "a text"),
    ):
        converted.clear()
        done = ready(*words)
        assert done.code == 0, done.err
        assert converted["Model"] < 20, words
    assert ready("model", "list").code == 0
    assert converted["Model"] >= COUNT, "the control"
