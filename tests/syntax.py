"""Syntax trees of source code, parsed and compiled without collecting garbage.

Python 3.11 raises SystemError now and then if garbage is collected meanwhile (python/cpython#106905).
"""

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType


@contextmanager
def _without_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def parse(text: str) -> ast.Module:
    """Return the syntax tree of a module."""
    with _without_collection():
        return ast.parse(text)


def compile_tree(tree: ast.Module, name: str) -> CodeType:
    """Return the code of a syntax tree; `name` stands in tracebacks."""
    with _without_collection():
        return compile(tree, name, "exec")
