"""Bodies of errors: the words of a server are read whatever their shape."""

from typing import Any

import pytest

from tests.providers.answer_kinds import WORDS
from tui.providers.error_body import is_error, read_account

NESTED: list[Any] = [
    {"data": {"error": {"message": WORDS}}},
    {"meta": {"error": WORDS}},
    {"base_resp": {"status_code": 1008, "status_msg": WORDS}},
    {"header": {"code": 10013, "message": WORDS}},
    {"error": {"message": {"text": WORDS}}},
    {"error": {"reason": WORDS}},
    {"error": True, "reason": WORDS},
    {"err": WORDS},
    {"exception": WORDS},
    {"status": "failed", "failure_reason": WORDS},
    {"state": "error", "info": WORDS},
    {"code": 400, "messages": [WORDS]},
]


@pytest.mark.parametrize("body", NESTED, ids=str)
def test_the_words_of_an_error_are_read(body: Any) -> None:
    assert is_error(body) and read_account(body).message == WORDS


@pytest.mark.parametrize("body", [{"problem": {"what": WORDS}}, {"odd": [WORDS]}, [{"odd": WORDS}]], ids=str)
def test_a_shape_that_nobody_knows_is_shown_as_it_is(body: Any) -> None:
    assert WORDS in read_account(body).message and not is_error(body)


@pytest.mark.parametrize("body", [{}, [], {"errors": []}, {"error": {"code": None, "param": ""}}], ids=str)
def test_a_body_that_says_nothing_is_not_shown(body: Any) -> None:
    assert read_account(body).message == ""


@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "header": {"code": 0, "message": "Success"}},
        {"data": {"code": "0", "message": "ok"}},
        {"info": "The model is loaded."},
        {"choices": [], "usage": None},
        {"base_resp": {"status_code": 0, "status_msg": ""}},
    ],
    ids=str,
)
def test_control_an_account_of_success_is_no_error(body: Any) -> None:
    assert not is_error(body)
