"""What every test starts from: the quick or the whole set, small key pairs, and sessions in memory and on disk."""

import asyncio
import gc
import os
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.doubles import keys, of_files
from tests.doubles.practice import on_disk, practice_session
from tui.providers.client.silence import Clock
from tui.tenancy.session import Session
from tui.vault import key_pair

# httpcore looks for a library on the disk at every lock, which is a third of the time of a call.
synchronization: Any = import_module("httpcore._synchronization")
synchronization.current_async_library = lambda: "asyncio"

# What is imported and collected stays; looking for garbage among it would take a third of the time of the collection.
gc.disable()

QUICK = pytest.StashKey[bool]()
"""True in a run that leaves the slow tests out."""

NOT_SLOW = "not slow"
SLOW_FILE = re.compile(r"^pytestmark = (\[\s*)?pytest\.mark\.slow\b", re.MULTILINE)
"""A file of tests that are all slow."""


def _is_quick(config: pytest.Config) -> bool:
    """Return True for a run that names no path, marker or keyword."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS or config.option.markexpr or config.option.keyword
    return not named


BOTH_ENGINES = "MODELDECK_BOTH_ENGINES"
"""With this variable, tests of workspace and tenancy that are not about files run on PostgreSQL, too."""

FILES, POSTGRES = "files", "postgres"
_LONG = 200
"""Characters or bytes of a parameter that are no name of a test."""


def pytest_configure(config: pytest.Config) -> None:
    """Leave the slow tests out of a quick run."""
    config.stash[QUICK] = _is_quick(config)
    if config.stash[QUICK]:
        config.option.markexpr = NOT_SLOW  # xdist hands the options on to its workers


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Start two workers a core for the whole set, as slow tests wait a lot, and none for a single file or test.

    Starting workers takes longer than most files do.
    """
    if len(config.args) == 1 and ".py" in config.args[0]:
        return 0
    return None if _is_quick(config) else 2 * len(os.sched_getaffinity(0))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read the files of a quick run whose tests are all slow: that takes longer than some tests."""
    if config.option.markexpr == NOT_SLOW and collection_path.match("test_*.py"):
        return bool(SLOW_FILE.search(collection_path.read_text())) or None
    return None


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long text and packed bytes by their size: an ID goes through pipes, reports and environments.

    Bytes that are packed anew in each worker differ by their time, and with them the tests that it collects.
    """
    if not isinstance(val, str | bytes):
        return None
    packed = isinstance(val, bytes) and not val.isascii()
    return f"{argname} of {len(val):,}" if packed or len(val) > _LONG else None


def pytest_collection_finish() -> None:
    """Keep the garbage collector from going through everything that was imported, again and again.

    What a console makes mostly lives as long as its test, so that looking after every 700 objects is in vain: that took
    a seventh of the time of these tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to run what a quick run leaves out."""
    if config.stash[QUICK]:
        terminalreporter.write_line(
            "Quick tests only. Run everything with: pytest tests. The slow ones: pytest -m slow"
        )


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small key pairs come from a set; the tenants of one test still have different ones."""
    numbers = count()
    monkeypatch.setattr(key_pair, "generate_key_pair", lambda bits=key_pair.BITS: keys.make(bits, next(numbers)))


@pytest.fixture(autouse=True)
def retry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send a request again after a hundredth of a second at most; how long it would wait, its event says."""

    async def sleep(clock: Clock, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    monkeypatch.setattr(Clock, "sleep", sleep)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the workspace's tests on both engines where that is asked for."""
    if "engine" not in metafunc.fixturenames or BOTH_ENGINES not in os.environ:
        return
    module, test = metafunc.module.__name__, metafunc.function.__name__
    of_workspace = module.startswith(("tests.workspace.", "tests.tenancy."))
    if of_workspace and not module.startswith(tuple(of_files.MODULES)) and test not in of_files.NAMES.get(module, ()):
        slow = pytest.param(POSTGRES, marks=pytest.mark.slow)
        metafunc.parametrize("engine", (FILES, slow), indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Where the settings are: files, or postgres."""
    return str(getattr(request, "param", FILES))


@pytest.fixture
def session(engine: str) -> Iterator[Session]:
    """The practice tenants in memory, or in a shared store, with providers that answer at once."""
    created = practice_session(pace=0.0)
    if engine == FILES:
        yield created
        return
    from tests.doubles.engines import in_postgres

    with in_postgres(created) as shared:
        yield shared


@pytest.fixture
def disk_session(tmp_path: Path, engine: str, session: Session) -> Iterator[Session]:
    """An empty session on real files, with practice providers behind its client; another program opens what is left."""
    if engine == POSTGRES:
        from tests.doubles.engines import empty_in_postgres

        with empty_in_postgres(tmp_path, session) as shared:
            yield shared
        return
    created = on_disk(tmp_path, session)
    yield created
    from tests.vault.agreement import require_agreement

    require_agreement(tmp_path / "data", tmp_path / "keys", session=created)
