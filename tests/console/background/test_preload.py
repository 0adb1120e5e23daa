"""Modules that are imported in idle moments: none while keys come."""

import gc
import sys

import pytest

from tui.console.background import preload


async def test_modules_are_imported_one_by_one_once_no_key_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    idle = iter([0.0, 5.0, 0.999, 5.0, 5.0])

    def tell() -> float:
        calls.append("idle")
        return next(idle)

    monkeypatch.setattr(preload, "_MODULES", ("one", "two"))
    monkeypatch.setattr(preload, "_IDLE", 0.001)
    monkeypatch.setattr(preload, "import_module", calls.append)
    for name in ("collect", "freeze", "enable"):
        monkeypatch.setattr(gc, name, lambda name=name: calls.append(name))
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: calls.append("threshold"))
    await preload.warm(tell)
    assert calls == [*["idle"] * 2, "one", "idle", "two", "idle", "collect", "freeze", "threshold", "enable"]


def test_every_preloaded_module_exists() -> None:
    from importlib.util import find_spec

    assert all(name in sys.modules or find_spec(name) for name in preload._MODULES)
