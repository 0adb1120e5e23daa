"""What commands cost beside other programs that do the same: seconds, CPU, memory."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench.homes import MODELDECK, many_tenants, one_tenant
from tests.bench.server import events, paced, tokens
from tests.bench.sessions import PROGRAMS, READING, Figures, Session
from tests.bench.terminals import Line
from tests.doubles.running_agent import agent_running, runtime
from tests.terminal import environ

SDK_PYTHON = os.environ.get("OPENAI_PYTHON", sys.executable)
ENTRIES = 1_000_000
_ROUNDS = 5
_ROUNDS_OF_LLM = 2
"""It takes seconds to start."""


def version(line: Line) -> Figures:
    """`modeldeck --version`, and Python doing nothing."""
    commands = {"ours": [*MODELDECK, "--version"], "python": [sys.executable, "-c", "pass"]}
    rounds = [{name: _cpu(command) for name, command in commands.items()} for _ in range(_ROUNDS)]
    return {name: min(times[name] for times in rounds) for name in commands}


def chat(line: Line) -> Figures:
    """`modeldeck chat` on a server that answers at once: to the first byte and in all. Beside it httpx and `llm`.

    `llm` (0: not installed) is looked for beside the Python that OPENAI_PYTHON names, else beside this one.
    """
    with paced(rate=0) as url, TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        there = one_tenant(home, url)
        programs: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
            "": ([*MODELDECK, "chat", "hi"], there),
            "httpx ": ([*READING, url], there),
        }
        llm = Path(SDK_PYTHON).with_name("llm")
        if llm.exists():
            settings = f'- {{model_id: paced, model_name: paced, api_base: "{url}"}}\n'
            (home / "extra-openai-models.yaml").write_text(settings)
            keys = {"LLM_USER_PATH": str(home), "OPENAI_API_KEY": "sk-FAKE"}
            programs["llm "] = ([str(llm), "-n", "-m", "paced", "hi"], {**there, **keys})
        figures = {"llm first": 0.0, "llm all": 0.0}
        # In turn, and the least of some: what else the machine does only adds.
        for number in range(_ROUNDS):
            for name, (command, environment) in programs.items():
                if number < _ROUNDS_OF_LLM or name != "llm ":
                    for figure, value in _first_all_cpu(command, environment).items():
                        figures[name + figure] = min(value, figures.get(name + figure) or value)
    return figures


def program(line: Line) -> Figures:
    """`modeldeck exec -- true` with the tenant open in the agent and without a passphrase, and Python doing nothing."""
    with TemporaryDirectory() as folder, runtime() as place:
        homes = {name: Path(folder) / name for name in ("agent", "plain")}
        variables = {name: {**environ(home), **place, "OPENAI_API_KEY": "sk-FAKE-0123"} for name, home in homes.items()}
        with agent_running(place):
            for name, there in variables.items():
                homes[name].mkdir()
                passphrase = ("--passphrase-fd", "0") if name == "agent" else ()
                for words in (("tenant", "create", "acme"), ("vault", "unlock"), _SAVE):
                    command = [*MODELDECK, *words, *passphrase]
                    subprocess.run(
                        command, env=there, input="open sesame\n" * 2, text=True, check=True, capture_output=True
                    )
            commands = {name: ([*MODELDECK, "exec", "--", "true"], there) for name, there in variables.items()}
            commands |= {"python": ([sys.executable, "-c", "pass"], variables["plain"])}
            rounds = [{name: _cpu(*command) for name, command in commands.items()} for _ in range(_ROUNDS)]
    return {name: min(times[name] for times in rounds) for name in commands}


_SAVE = ("provider", "set", "openai", "api_key=env:OPENAI_API_KEY", "--no-verify")


def saving(line: Line) -> Figures:
    """One save beside no other tenant, and beside 999."""
    figures: dict[str, float] = {}
    with paced() as url, TemporaryDirectory() as folder:
        homes = {count: many_tenants(Path(folder) / f"home-{count}", url, count) for count in (1, 1000)}
        words = [*MODELDECK, "-t", "acme", "default", "set", "chat", "openai_compatible/paced"]
        for _ in range(_ROUNDS):
            for count, there in homes.items():
                value = _cpu(words, there)
                figures[f"of {count}"] = min(value, figures.get(f"of {count}", value))
    return figures


def decoding(line: Line) -> Figures:
    """The events of a recorded answer, from bytes to text, and the same by the openai SDK (0: not installed).

    OPENAI_PYTHON may name a Python that has it: it is no dependency, of the tests neither.
    """
    with TemporaryDirectory() as folder:
        recorded = Path(folder) / "answer.sse"
        recorded.write_bytes(b"".join(events(tokens())))
        modeldeck = subprocess.run(
            [sys.executable, PROGRAMS / "decoding.py", recorded], capture_output=True, check=True
        )
        sdk = subprocess.run([SDK_PYTHON, PROGRAMS / "sdk.py", recorded], capture_output=True)
    return {"ours": float(modeldeck.stdout), "sdk": float(sdk.stdout or 0)}


def audit(line: Line) -> Figures:
    """A long audit log: verified, its end read, and its lines parsed as JSON. CPU seconds and MiB."""
    with TemporaryDirectory() as folder:
        program = [sys.executable, str(PROGRAMS / "audit_log.py"), folder]
        subprocess.run([*program, str(ENTRIES)], check=True)
        figures: Figures = json.loads(subprocess.run([*program, "0"], capture_output=True, check=True).stdout)
    return figures


def _cpu(command: Sequence[str], there: Mapping[str, str] | None = None) -> float:
    """CPU seconds of a command."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, env=there or environ("/nonexistent"), check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _first_all_cpu(command: Sequence[str], there: Mapping[str, str]) -> Figures:
    """Seconds to the first byte of a command's output, and to its end; its CPU seconds."""
    before, began = getrusage(RUSAGE_CHILDREN), perf_counter()
    with subprocess.Popen(command, env=there, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        running.stdout.read(1)
        first = perf_counter() - began
        running.stdout.read()
    whole, after = perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"first": first, "all": whole, "cpu": cpu}


SESSIONS: Mapping[str, Session] = {
    session.__name__: session for session in (version, chat, program, saving, decoding, audit)
}
