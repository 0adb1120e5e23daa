"""What the console takes of Textual's insides: listed completely, and as it was read."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import textual

from tests import syntax
from tests.console.textual_members import MEMBERS, RICH, Member, digest

ROOT = Path(__file__).parent.parent.parent
CONSOLE = ROOT / "tui/console"


@pytest.mark.slow
@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.path)
def test_a_member_is_as_it_was_read(member: Member) -> None:
    assert digest(member.path) == member.digest, "read it again, then python -m tests.console.textual_members"


@pytest.mark.slow
def test_the_list_is_complete_and_holds_nothing_that_is_not_used() -> None:
    listed = {(file, member.name) for member in MEMBERS for file in member.files}
    used = {
        (path.relative_to(CONSOLE).as_posix(), name) for path in CONSOLE.rglob("*.py") for name in used_members(path)
    }
    assert used - listed == set(), "not in the list"
    assert listed - used == set(), "not used"


@pytest.mark.slow
def test_the_list_of_rich_is_complete() -> None:
    """Private attributes of other objects that neither Textual nor the console itself defines."""
    trees = [syntax.parse(path.read_text()) for path in CONSOLE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    own = set().union(*(defined(node) for node in nodes if isinstance(node, ast.ClassDef)))
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and not is_self(node.value)}
    assert set(filter(is_private, read)) - own - every_member() == set(RICH)


def test_the_dependency_says_how_many_there_are() -> None:
    number = len([member for member in MEMBERS if member.files])
    assert f"{number} private members" in (ROOT / "pyproject.toml").read_text()


@pytest.mark.slow
def test_a_private_member_that_is_used_anew_is_detected(tmp_path: Path) -> None:
    """The check itself: an override, an attribute, another object's attribute and an import."""
    module = tmp_path / "example.py"
    module.write_text(
        "from textual._compositor import Compositor\n"
        "from textual.widget import Widget\n"
        "class Example(Widget):\n"
        "    def _on_key(self): self._own = self._size\n"
        "    def use(self, app): return self._own, app._driver, app._unknown\n"
    )
    assert set(used_members(module)) == {"Compositor", "_on_key", "_size", "_driver"}


def used_members(path: Path) -> Iterator[str]:
    """Yield the names of Textual's private members that a module imports, overrides, sets or reads."""
    tree = syntax.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("textual"):
            within = any(map(is_private, node.module.split(".")))
            yield from (alias.name for alias in node.names if within or is_private(alias.name))
        elif isinstance(node, ast.ClassDef):
            yield from inherited_members(node, tree)
        elif isinstance(node, ast.Attribute) and node.attr in every_member() and not is_self(node.value):
            yield node.attr


def inherited_members(node: ast.ClassDef, tree: ast.Module) -> Iterator[str]:
    """Yield the private names of a class that a class of Textual above it has as well."""
    names = defined(node) | {
        attribute.attr
        for attribute in ast.walk(node)
        if isinstance(attribute, ast.Attribute) and is_self(attribute.value)
    }
    inherited = set().union(*(textual_members().get(base, set()) for base in bases(node, tree)))
    yield from filter(is_private, names & inherited)


def bases(node: ast.ClassDef, tree: ast.Module) -> set[str]:
    """Return the names of all classes above a class, those of Textual included."""
    above: set[str] = set()
    for base in node.bases:
        name = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
        above.add(name)
        local = next((other for other in tree.body if isinstance(other, ast.ClassDef) and other.name == name), None)
        if local is not None:
            above |= bases(local, tree)
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and name in [alias.name for alias in statement.names]:
                kind = getattr(import_module(statement.module or ""), name)
                above |= {parent.__name__ for parent in getattr(kind, "__mro__", ())}
    return above


@cache
def textual_members() -> dict[str, set[str]]:
    """Return the private names that each class of Textual defines or sets on itself, by class name."""
    members: dict[str, set[str]] = {}
    for path in Path(textual.__file__).parent.rglob("*.py"):
        for node in ast.walk(syntax.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                members.setdefault(node.name, set()).update(filter(is_private, defined(node)))
    return members


@cache
def every_member() -> set[str]:
    """Return the private names of all classes of Textual."""
    return set().union(*textual_members().values())


def defined(node: ast.ClassDef) -> set[str]:
    """Return the names that a class defines in its body or sets on itself."""
    names: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(part.name)
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and is_self(part.value):
            names.add(part.attr)
        elif isinstance(part, ast.Assign | ast.AnnAssign) and part in node.body:
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def is_private(name: str) -> bool:
    return re.match("_[^_]", name) is not None


def is_self(node: ast.expr) -> bool:
    """Return True for `self`, `cls` and `super()`."""
    return ast.unparse(node) in ("self", "cls", "super()")
