"""What grows: the CPU of commands at n and at 2n. A ratio of 2 is growth in proportion; a row names what n is.

`python -m tests.bench scale` measures these rows alone.
"""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from tests.bench.homes import MODELDECK, many_tenants, modeldeck, one_tenant
from tests.bench.rows import Row
from tests.bench.server import paced
from tests.bench.terminals import Line
from tests.doubles.openai_server import OpenAIServer
from tests.terminal import environ
from tui.tenancy.session import open_session
from tui.workspace.credentials.save import apply_save
from tui.workspace.credentials.save_plan import plan_save

Figures = Mapping[str, float]

NAME = "scale"
MODELS, TEXTS, TENANTS, CREDENTIALS = 25_000, 5_000, 500, 250
DIMENSIONS = 1_536
MAX_RATIO = 2.3
"""The goal for every ratio: growth in proportion, and a little for what is measured."""

_SIZES = ("n", "2n")
_ONCE = {"refresh", "export", "create", "apply"}
"""Commands that take seconds, or that do something else the second time. Of the others the least of two counts."""

PEAK = """
import sys
from pathlib import Path
from tui.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0], file=sys.stderr)
sys.exit(code)
"""
"""A command that prints the most memory it has held, in KiB; `ru_maxrss` would begin with that of who started it."""


def scale_models(line: Line) -> Figures:
    """A tenant's models: imported, exported, planned, applied, merged, listed, and a command that lists none."""
    figures: dict[str, float] = {}
    for size, count in zip(_SIZES, (MODELS, 2 * MODELS), strict=True):
        with paced(rate=0, models=count) as url, TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            there = one_tenant(home, url)
            file, changed = Path(folder) / "export.json", Path(folder) / "changed.json"
            words = {
                "refresh": ("model", "refresh", "openai_compatible"),
                "export": ("export", "acme", "-o", str(file), "--force"),
                # Before the imports: finding the primes of a key pair takes a time of its own, another at each run.
                "create": ("tenant", "create", "copy"),
                "plan": ("import", str(file), "-t", "copy", "--dry-run"),
                "apply": ("import", str(file), "-t", "copy", "--yes"),
                "list": ("model", "list", "-t", "acme"),
                "json": ("model", "list", "-t", "acme", "--json"),
                "save": ("default", "set", "chat", "openai_compatible/paced", "-t", "acme"),
                "default": ("default", "show", "-t", "acme"),
                "provider": ("provider", "list", "-t", "acme"),
                "chat": ("chat", "-t", "acme", "why?"),
            }
            for name, command in words.items():
                figures[f"{name} {size}"] = min(_cpu(there, *command) for _ in range(1 if name in _ONCE else 2))
            changed.write_text(file.read_text().replace("/model-", "/other-model-", count // 2))
            figures[f"merge {size}"] = _cpu(there, "import", str(changed), "-t", "acme", "--yes")
    return figures


def scale_embed(line: Line) -> Figures:
    """Vectors of many texts: CPU, and memory beyond that for one text, in MiB."""
    figures: dict[str, float] = {}
    with OpenAIServer() as server, TemporaryDirectory() as folder:
        server.dimensions = DIMENSIONS
        home = Path(folder) / "home"
        there = one_tenant(home, server.url, model="gpt-4o")
        words = ("embed", "-m", "openai_compatible/text-embedding-3-small")
        one, _ = _peak(there, words, "a text\n")
        for size, count in zip(_SIZES, (TEXTS, 2 * TEXTS), strict=True):
            memory, cpu = _peak(there, words, "".join(f"text {number}\n" for number in range(count)))
            figures |= {f"cpu {size}": cpu, f"memory {size}": memory - one}
    return figures


def scale_upload(line: Line) -> Figures:
    """The memory for a recording of 25 MiB beyond that for a short one, in MiB."""
    with OpenAIServer() as server, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", server.url, model="gpt-4o")
        short, long = Path(folder) / "short.mp3", Path(folder) / "long.mp3"
        short.write_bytes(b"ID3 short")
        with long.open("wb") as file:
            file.write(b"ID3")
            file.truncate(25 * 1024 * 1024)
        words = ("transcribe", "-m", "openai_compatible/whisper-1")
        memory = [_peak(there, (*words, str(path)))[0] for path in (short, long)]
        return {"memory": memory[1] - memory[0]}


def scale_tenants(line: Line) -> Figures:
    """Tenants: listed, and one command in one of them."""
    figures: dict[str, float] = {}
    for size, count in zip(_SIZES, (TENANTS, 2 * TENANTS), strict=True):
        with paced() as url, TemporaryDirectory() as folder:
            there = many_tenants(Path(folder) / "home", url, count)
            figures[f"list {size}"] = _cpu(there, "tenant", "list")
            figures[f"one {size}"] = min(_cpu(there, "default", "show", "-t", "acme") for _ in range(3))
    return figures


def scale_credentials(line: Line) -> Figures:
    """Credentials of one provider: the last ones saved, the list, and a rotation of the key pair."""
    figures: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        modeldeck(home, "tenant", "create", "acme")
        for size, first, last in zip(_SIZES, (0, CREDENTIALS), (CREDENTIALS, 2 * CREDENTIALS), strict=True):
            figures[f"save {size}"] = asyncio.run(_save_credentials(home, first, last))
            there = environ(home)
            figures[f"list {size}"] = _cpu(there, "credential", "list", "openai_compatible")
            figures[f"rotate {size}"] = _cpu(there, "vault", "rotate", "-t", "acme")
    return figures


async def _save_credentials(home: Path, first: int, last: int) -> float:
    """Save credentials as a command does; return the CPU of one of the last, in seconds."""
    session = open_session(environ(home)).tenant("acme")
    times = []
    for number in range(first, last):
        values = {"base_url": "http://127.0.0.1:9/v1", "api_key": f"0000-{number:04}-0000-not-a-key"}
        began = process_time()
        await apply_save(await plan_save(session, "openai_compatible", values, name=f"team-{number:04}"))
        times.append(process_time() - began)
    await session.process.aclose()
    return median(times[-10:])


def _cpu(there: Mapping[str, str], *words: str) -> float:
    """The CPU seconds of a command, system time included."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run([*MODELDECK, *words], env=there, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, words
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _peak(there: Mapping[str, str], words: Sequence[str], stdin: str = "") -> tuple[float, float]:
    """The most memory in MiB and the CPU seconds of a command."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *words],
        input=stdin,
        env=there,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    after = getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return int(done.stderr.split()[-1]) / 1024, cpu


SESSIONS = {
    session.__name__: session for session in (scale_models, scale_embed, scale_upload, scale_tenants, scale_credentials)
}


def _row(title: str, session: str, figure: str, n: int) -> Row:
    return Row(NAME, f"{2 * n:,} {title}", f"{session}.{figure} 2n", f"{session}.{figure} n", f"{n:,}", most=MAX_RATIO)


ROWS = (
    _row("models imported from a provider, CPU", "scale_models", "refresh", MODELS),
    _row("models exported, CPU", "scale_models", "export", MODELS),
    _row("models in a file, planned, CPU", "scale_models", "plan", MODELS),
    _row("models in a file, imported, CPU", "scale_models", "apply", MODELS),
    _row("models, half of them merged, CPU", "scale_models", "merge", MODELS),
    _row("models listed, CPU", "scale_models", "list", MODELS),
    _row("models listed as JSON, CPU", "scale_models", "json", MODELS),
    _row("models, one default saved, CPU", "scale_models", "save", MODELS),
    _row("models, the defaults shown, CPU", "scale_models", "default", MODELS),
    _row("models, the providers listed, CPU", "scale_models", "provider", MODELS),
    _row("models, one chat, CPU", "scale_models", "chat", MODELS),
    _row("texts embedded, CPU", "scale_embed", "cpu", TEXTS),
    Row(NAME, f"{2 * TEXTS:,} texts, memory, MiB", "scale_embed.memory 2n", 96, "96 beyond one text", most=1),
    Row(NAME, "25 MiB sent, memory, MiB", "scale_upload.memory", 32, "32 beyond a short recording", most=1),
    _row("tenants listed, CPU", "scale_tenants", "list", TENANTS),
    _row("tenants, one used, CPU", "scale_tenants", "one", TENANTS),
    _row("credentials, one more saved, CPU", "scale_credentials", "save", CREDENTIALS),
    _row("credentials listed, CPU", "scale_credentials", "list", CREDENTIALS),
    _row("credentials encrypted again, CPU", "scale_credentials", "rotate", CREDENTIALS),
)
