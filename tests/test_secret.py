"""A secret does not show itself."""

import json
import pickle

import pytest

from tui.secret import Secret


def test_a_secret_is_dots_wherever_it_is_written_out() -> None:
    secret = Secret("sk-FAKE-1234")
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        str([secret]),
        repr([secret]),
        repr({"k": secret}),
    ):
        assert "FAKE" not in shown and "••••" in shown


def test_a_secret_is_not_serialised() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret("sk-FAKE"))
    with pytest.raises(TypeError):
        pickle.dumps(Secret("sk-FAKE"))


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a") and Secret("a") != Secret("b") and Secret("a") != "a"
    assert Secret("\udcff") == Secret("\udcff") and Secret("\udcff") != Secret("\udcfe") != Secret("\ud800")
    assert Secret("a").reveal() == "a"
    assert bool(Secret("")) is False
