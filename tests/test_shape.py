"""The shape of the project: what lies where, how large, and who may import whom."""

import ast
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "tui").rglob("*.py"))
DOORWAYS = {
    "httpx": ("tui/providers/client/", "tui/practice/"),
    "Crypto": ("tui/vault/",),
    "tinydb": ("tui/storage/store.py",),
    "textual": ("tui/console/",),
    "rich": ("tui/console/",),
}
"""Package -> the beginnings of the paths that may import it."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_the_root_holds_only_what_it_should() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    top = {line.split("/")[0] for line in tracked if line}
    assert {each for each in top if not each.startswith(".")} <= {
        "tui",
        "tests",
        "screenshots",
        "pyproject.toml",
        "README.md",
    }


def test_modules_stay_small() -> None:
    lines = {name(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {path: count for path, count in lines.items() if count > 400} == {}
    assert statistics.median(count for count in lines.values() if count) <= 130


def test_no_module_has_a_name_that_says_nothing() -> None:
    words = {
        "utils",
        "util",
        "helpers",
        "helper",
        "managers",
        "manager",
        "services",
        "service",
        "base",
        "common",
        "misc",
    }
    assert [name(path) for path in MODULES if set(path.stem.split("_")) & words] == []


@pytest.mark.parametrize("package", DOORWAYS)
def test_each_library_has_one_doorway(package: str) -> None:
    users = [name(path) for path in MODULES if any(each.split(".")[0] == package for each in imports(path))]
    assert [user for user in users if not user.startswith(DOORWAYS[package])] == []
    assert users, f"nothing imports {package}: is the doorway still true?"


def test_provider_files_do_not_import_each_other() -> None:
    from tui.providers import PROVIDERS

    for provider in PROVIDERS:
        others = tuple(f"tui.providers.{each}" for each in PROVIDERS if each != provider)
        package = ROOT / "tui/providers" / provider
        for path in package.rglob("*.py") if package.is_dir() else [package.with_suffix(".py")]:
            assert [
                module for module in imports(path) if module.startswith(tuple(f"{other}." for other in others))
            ] == []
            assert imports(path) & set(others) == set()


def test_screens_know_no_provider_by_name() -> None:
    from tui.providers import PROVIDERS

    known = {*PROVIDERS, *(provider.label for provider in PROVIDERS.values())}
    for path in MODULES:
        if name(path).startswith(("tui/console/", "tui/cli/")):
            tree = ast.parse(path.read_text())
            documentation = {
                node.body[0].value
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            named = {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and node.value in known and node not in documentation
            }
            assert named == set(), name(path)


def test_imports_point_one_way() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_nothing_names_a_machine_or_a_registry() -> None:
    texts = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    forbidden = ["index" + "-url", os.fspath(ROOT) + "/", os.fspath(Path.home()) + "/"]
    for each in filter(None, texts):
        content = (ROOT / each).read_bytes().decode("utf-8", "replace") if (ROOT / each).is_file() else ""
        assert [word for word in forbidden if word in content] == [], each


def test_every_dependency_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    entries = [line for line in text.splitlines() if line.startswith('  "') and any(sign in line for sign in "<>")]
    assert entries and [line for line in entries if "#" not in line] == []
