"""Wrong adapters: the source of OpenAI's dialect with one word of the wire changed, one at a time.

A mutant is loaded from text beside the real modules, and the checks of `wire_facts` run against its declaration. Every
literal that stands for something on the wire is changed; sentences for people and links to documentation are not.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tests.providers.wire_facts import CHECKS
from tui.providers.spec import Provider

_ROOT = Path(__file__).parents[2] / "tui" / "providers"
_PACKAGE = "tui.providers.dialects"
_DIALECT = (
    "openai",
    "openai_thinking",
    "openai_models",
    "openai_chat",
    "openai_embeddings",
    "openai_speech",
    "openai_words",
)


@dataclass(frozen=True)
class Mutant:
    """One changed literal: in which module, where, from what to what."""

    module: str
    line: int
    column: int
    old: str | int
    new: str | int

    def __str__(self) -> str:
        return f"{self.module}:{self.line}:{self.column}:{self.old}->{self.new}"


def mutants() -> list[Mutant]:
    """Every mutant, in the order of the source."""
    return [mutant for name in (*_DIALECT, "declaration") for mutant in _of(name)]


def outcome(mutant: Mutant) -> str:
    """The name of the first check that a mutant fails; '' if it passes them all."""
    try:
        provider = _load(mutant)
    except Exception as broken:
        return f"does not load: {type(broken).__name__}"
    for check in CHECKS:
        try:
            check(provider)
        except Exception:
            return check.__name__
    return ""


def _of(name: str) -> Iterator[Mutant]:
    tree = ast.parse(_path(name).read_text("utf-8"))
    skipped = _prose(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in skipped:
            continue
        if isinstance(node.value, str) and _on_the_wire(node.value):
            yield Mutant(name, node.lineno, node.col_offset, node.value, f"{node.value}x")


def _on_the_wire(text: str) -> bool:
    """A path, header, field or value, as against a sentence for people or a pattern."""
    return bool(text.strip()) and " " not in text.strip() and not set(text) & set("\\|(^${}")


def _prose(tree: ast.Module) -> set[int]:
    """Docstrings, the fields of the form, f-strings and catalogues: what is not sent or read."""
    skipped = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        ignored = isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in _PROSE_CALLS
        )
        ignored = ignored or (isinstance(node, ast.keyword) and node.arg in _PROSE_KEYWORDS)
        ignored = ignored or (isinstance(node, ast.Assign | ast.AnnAssign) and _target(node) in _PROSE_NAMES)
        if ignored or isinstance(node, ast.Expr):
            skipped |= {id(each) for each in ast.walk(node)} if ignored else {id(node.value)}
    return skipped


_PROSE_CALLS = {"Field", "Choice", "Parameter", "Problem", "Refused", "Restricted", "Unreachable", "compile", "replace"}
_PROSE_KEYWORDS = {"docs", "catalogue_as_of"}
_PROSE_NAMES = {"_KNOWN", "_LABEL", "ENDINGS", "_NOTES", "names"}


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return getattr(target, "id", "")


def _path(name: str) -> Path:
    return _ROOT / "openai.py" if name == "declaration" else _ROOT / "dialects" / f"{name}.py"


def _load(mutant: Mutant) -> Provider:
    """The declaration, made of fresh modules of which one is changed."""
    names = [f"{_PACKAGE}.{name}" for name in _DIALECT]
    package = sys.modules[_PACKAGE]
    kept = {name: sys.modules.get(name) for name in names}
    try:
        for name in _DIALECT:
            module = _module(f"{_PACKAGE}.{name}", name, mutant)
            setattr(package, name, module)
        declared = _module("tui.providers.openai_mutant", "declaration", mutant)
        provider: Provider = declared.PROVIDER
        return provider
    finally:
        sys.modules.pop("tui.providers.openai_mutant", None)
        for name, module in kept.items():
            if module is not None:
                sys.modules[name] = module
                setattr(package, name.rpartition(".")[2], module)


def _module(full_name: str, name: str, mutant: Mutant) -> ModuleType:
    tree = ast.parse(_path(name).read_text("utf-8"))
    if mutant.module == name:
        for node in ast.walk(tree):
            place = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
            if isinstance(node, ast.Constant) and place == (mutant.line, mutant.column) and node.value == mutant.old:
                node.value = mutant.new
    module = ModuleType(full_name)
    sys.modules[full_name] = module
    exec(compile(tree, f"<mutant of {name}>", "exec"), module.__dict__)
    return module
