"""The files of documented error codes: well-formed, with a source, and packed into what is installed."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import tui
from tui.errors import CredentialRejected, Problem
from tui.providers import PROVIDERS
from tui.providers.dialects import error_codes

FILES = sorted(Path(tui.__file__).parent.glob(f"providers/*/{error_codes.FILE_NAME}"))
files = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)


def entries(path: Path) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))["errors"]
    return errors


def test_every_file_belongs_to_a_provider() -> None:
    assert {path.parent.name for path in FILES} <= set(PROVIDERS)
    assert len(FILES) >= 6


@files
def test_a_file_names_the_pages_that_document_its_codes(path: Path) -> None:
    data = tomllib.loads(path.read_text("utf-8"))
    assert data["source"] and all(page.startswith("https://") for page in data["source"])


@files
def test_no_code_stands_twice(path: Path) -> None:
    codes = [code for entry in entries(path) for code in entry["codes"]]
    assert len(codes) == len(set(codes))


@files
def test_an_entry_says_something_that_the_code_can_use(path: Path) -> None:
    for entry in entries(path):
        assert entry.keys() <= {"codes", "prefix", "status", "final", "problem", "message", "hint"}, entry
        assert entry.keys() & {"status", "final", "message"}, entry
        assert 400 <= entry.get("status", 400) < 600, entry
        assert entry.get("problem", "Problem") in error_codes.PROBLEMS, entry
        assert ("message" in entry) is ("hint" in entry), entry


@files
def test_a_sentence_is_whole_and_names_only_provider_and_model(path: Path) -> None:
    for entry in entries(path):
        for text in (entry.get("message", "."), entry.get("hint", ".")):
            assert text.endswith("."), entry
            assert set(re.findall(r"\{(\w*)\}", text)) <= {"label", "model"}, entry


def test_a_code_becomes_the_problem_of_its_file() -> None:
    problem = error_codes.lookup("wenxin", "invalid_iam_token").to_problem("Wenxin", "")
    assert type(problem) is CredentialRejected and problem.message.startswith("Wenxin ")


def test_a_code_without_a_sentence_leaves_the_words_to_its_status() -> None:
    entry = error_codes.lookup("minimax", "1002")
    assert (entry.status, entry.final, entry.to_problem("MiniMax", "")) == (429, False, None)


def test_a_code_that_is_not_documented_says_nothing() -> None:
    entry = error_codes.lookup("spark", "no such code")
    assert (entry.status, entry.final, entry.to_problem("Spark", "")) == (0, False, None)


def test_a_model_without_a_name_is_the_model() -> None:
    problem = error_codes.lookup("spark", "10907").to_problem("Spark", "")
    assert type(problem) is Problem and "the model" in problem.message


def test_only_a_marked_entry_covers_longer_codes() -> None:
    assert error_codes.lookup("tongyi", "throttlingratequota").status == 429
    assert error_codes.lookup("tongyi", "arrearages").final is False


def test_an_installed_package_holds_the_files() -> None:
    settings = tomllib.loads((Path(tui.__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["tui"]
    packed = {path for pattern in patterns for path in Path(tui.__file__).parent.glob(pattern)}
    assert set(FILES) <= packed
