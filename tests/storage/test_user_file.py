"""Files that a user names: what is none is refused in a sentence."""

import pytest

from tui.errors import Problem, UsageError
from tui.storage.user_file import local_path


@pytest.mark.parametrize(
    ("text", "says"), [("", "is blank"), (" ", "is blank"), ("~nobody-has-this-name/f", "Unknown user")]
)
def test_a_path_that_names_no_file_is_a_sentence(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        local_path(text)


def test_a_long_path_is_not_shown_whole() -> None:
    problem = Problem(f"{'a' * 6000} cannot be read.")
    assert len(problem.message) == 600 and problem.message.endswith("…")
