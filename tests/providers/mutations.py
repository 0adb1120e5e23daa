"""Wrong adapters: the source of a provider with one word of its wire changed, one at a time.

A mutant is loaded from text beside the real modules, and the checks of the provider's facts run against its
declaration. Every literal that stands for something on the wire is changed; sentences for people and links to
documentation are not.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import CodeType, ModuleType

from tests import syntax
from tests.providers.facts import Facts, refusals_in_words
from tests.syntax import compile_tree
from tui.providers.spec import Provider

_ROOT = Path(__file__).parents[2] / "tui" / "providers"
_PROVIDERS = "tui.providers"
_PATH = re.compile(r"[/?=&]|^Bearer |^Token ")


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


def mutants(facts: Facts) -> list[Mutant]:
    """Every mutant of a provider, in the order of the source."""
    return [mutant for name in modules(facts) for mutant in _of(name, facts)]


def modules(facts: Facts) -> list[str]:
    """The modules of a provider whose words are changed."""
    return [*facts.modules, facts.provider]


def outcome(facts: Facts, mutant: Mutant) -> str:
    """The name of the first check that a mutant fails; '' if it passes them all."""
    try:
        provider = _load(facts, mutant)
    except Exception as broken:
        return f"does not load: {type(broken).__name__}"
    checks: list[Callable[[Provider], None]] = [*facts.checks, partial(refusals_in_words, facts)]
    for check in checks:
        try:
            check(provider)
        except Exception:
            return getattr(check, "__name__", "refusals in words")
    return ""


def _of(name: str, facts: Facts) -> Iterator[Mutant]:
    tree = _tree(name)
    skipped = _prose(tree, facts.prose)
    # Parts of an f-string stand for something where they belong to a path, a query or a header.
    formatted = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in skipped:
            continue
        if isinstance(node.value, str):
            if (_PATH.search(node.value) if id(node) in formatted else True) and _on_the_wire(node.value):
                yield Mutant(name, node.lineno, node.col_offset, node.value, f"{node.value}x")
        elif facts.numbers and type(node.value) is int and abs(node.value) >= 100:
            yield Mutant(name, node.lineno, node.col_offset, node.value, node.value + 1)


def _on_the_wire(text: str) -> bool:
    """A path, header, field or value, as against a sentence for people or a pattern."""
    return bool(text.strip()) and " " not in text.strip() and not set(text) & set("\\|(^${}")


def _prose(tree: ast.Module, names: frozenset[str]) -> set[int]:
    """Docstrings, the fields of the form, sentences and catalogues: what is not sent or read."""
    skipped = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        ignored = (
            isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in _PROSE_CALLS
        )
        ignored = ignored or (isinstance(node, ast.keyword) and node.arg in _PROSE_KEYWORDS)
        ignored = ignored or (isinstance(node, ast.Assign | ast.AnnAssign) and _target(node) in _PROSE_NAMES | names)
        ignored = ignored or (isinstance(node, ast.FunctionDef) and node.name in names)
        if ignored:
            skipped |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.Expr):
            skipped.add(id(node.value))
    return skipped


_PROSE_CALLS = {
    "Field",
    "Choice",
    "Parameter",
    "Problem",
    "CredentialRejected",
    "ScopeMissing",
    "NetworkError",
    "compile",
    "replace",
}
_PROSE_CALLS |= {"temperature", "top_p", "top_k", "presence", "frequency", "repetition", "stop"}  # of dialects/sampling
_PROSE_KEYWORDS = {"docs", "source", "catalogue_as_of", "unset"}
_PROSE_NAMES = {"_KNOWN", "_LABEL", "ENDINGS", "_NOTES", "names", "_MEMBERS", "_DELTA_MEMBERS"}
"""Those of members choose a shorter path through the reader, whose events are the same."""


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return getattr(target, "id", "")


@cache
def _tree(name: str) -> ast.Module:
    return syntax.parse(_file(name).read_text("utf-8"))


def _file(name: str) -> Path:
    """The file of a module or package of `tui.providers`."""
    path = _ROOT / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _code(name: str) -> CodeType:
    return compile_tree(_tree(name), f"<{name}>")


@cache
def _chain(name: str) -> tuple[str, ...]:
    """The wire modules that a module reaches, each after those that it imports itself."""
    result: dict[str, None] = {}
    for node in ast.walk(_tree(name)):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(f"{_PROVIDERS}."):
            continue
        package = (node.module or "").removeprefix(f"{_PROVIDERS}.")
        if package.split(".")[0] not in ("dialects", name.split(".")[0]):
            continue
        inside = [f"{package}.{alias.name}" for alias in node.names]
        for module in inside if (_ROOT / package.replace(".", "/")).is_dir() else [package]:
            result |= dict.fromkeys((*_chain(module), module))
    return tuple(result)


def _load(facts: Facts, mutant: Mutant) -> Provider:
    """The declaration, made of fresh modules of which one is changed."""
    import_module(f"{_PROVIDERS}.{facts.provider}")  # loaded whole before a part of it is replaced
    # What the changed module builds upon is as it was.
    chain = [item for item in _chain(facts.provider) if mutant.module in (item, *_chain(item))]
    modules = {name: sys.modules.get(f"tui.providers.{name}") for name in chain}
    declared = f"tui.providers.{facts.provider}_mutant"
    try:
        for name in chain:
            _put(name, _module(f"{_PROVIDERS}.{name}", name, mutant))
        provider: Provider = _module(declared, facts.provider, mutant).PROVIDER
        return provider
    finally:
        sys.modules.pop(declared, None)
        for name, module in modules.items():
            if module is not None:
                sys.modules[f"{_PROVIDERS}.{name}"] = module
                _put(name, module)


def _put(name: str, module: ModuleType) -> None:
    package, _, base = f"{_PROVIDERS}.{name}".rpartition(".")
    setattr(sys.modules[package], base, module)


def _module(full_name: str, name: str, mutant: Mutant) -> ModuleType:
    code = _mutate(mutant) if mutant.module == name else _code(name)
    module = ModuleType(full_name)
    sys.modules[full_name] = module
    exec(code, module.__dict__)
    return module


def _mutate(mutant: Mutant) -> CodeType:
    """The changed module; the tree is mended again, since parsing takes longer than all the rest."""
    tree = _tree(mutant.module)
    changed = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and (node.lineno, node.col_offset, node.value) == (mutant.line, mutant.column, mutant.old)
    ]
    for node in changed:
        node.value = mutant.new
    try:
        return compile_tree(tree, f"<mutant of {mutant.module}>")
    finally:
        for node in changed:
            node.value = mutant.old
