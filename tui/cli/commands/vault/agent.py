"""`modeldeck agent start | status | lock | stop`: one passphrase for a login."""

import re
import time
from typing import TYPE_CHECKING, Any

from tui.cli.command import JSON, TENANT, Command, Option
from tui.errors import Problem, UsageError

if TYPE_CHECKING:
    from tui.cli.context import CommandContext

_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_MAX_SECONDS = 7 * _SECONDS["d"]
_FOR, _IDLE = "8h", "1h"

COMMANDS = (
    Command(
        ("agent", "start"),
        "vault.agent:start",
        "start the agent, which keeps tenants open so that you type a passphrase once",
        options=(
            Option(("--for",), f"end after this time, such as 30m, 8h or 2d; default: {_FOR}", "TIME"),
            Option(("--idle",), f"forget a key that is not used for this time; default: {_IDLE}", "TIME"),
            JSON,
        ),
        details="The next command or console that gets a tenant's passphrase gives the private key to the agent. From "
        "then on all commands and consoles of yours ask the agent: it decrypts one API key at a time and never hands "
        "out the private key. While a tenant is open in the agent, every program of yours can use it, and so can root. "
        "The socket is in XDG_RUNTIME_DIR; without that folder the agent does not start.",
        shape="{pid, until, started}; started is false if it ran already",
        examples=("modeldeck agent start", "modeldeck agent start --for 2h --idle 15m"),
    ),
    Command(
        ("agent", "status"),
        "vault.agent:status",
        "show whether the agent runs, and which tenants it keeps open",
        options=(JSON,),
        shape="{running, pid, until, idle_minutes, memory_locked, refused, tenants: [{tenant, key_pair, until}]}; "
        "until is null while the agent is off; refused counts connections of other users",
        examples=("modeldeck agent status",),
    ),
    Command(
        ("agent", "lock"),
        "vault.agent:lock",
        "make the agent forget all private keys, or those of one tenant",
        (TENANT._replace(help="only this tenant; the same as -t"),),
        (JSON,),
        "Consoles that use a tenant through the agent lock it within seconds. A console that was given the passphrase "
        "before the agent was started stays open.",
        "{locked}; locked counts the keys",
        ("modeldeck agent lock", "modeldeck agent lock acme"),
    ),
    Command(
        ("agent", "stop"),
        "vault.agent:stop",
        "end the agent; it forgets all private keys",
        options=(JSON,),
        details="It is killed if it does not answer. Nothing is lost: the agent stores nothing.",
        shape="{stopped, pid}; stopped is false if it was off",
        examples=("modeldeck agent stop",),
    ),
)


def start(call: "CommandContext") -> None:
    """Start the agent, unless it runs."""
    from tui.vault.agent import control

    seconds, idle = (_seconds(call, option, default) for option, default in (("for", _FOR), ("idle", _IDLE)))
    pid = control.running(call.environ)
    if not pid:
        pid = control.start(call.environ, seconds, min(idle, seconds))
        call.session.audit_best_effort("operator", "agent started")
        until = _time_left(call, seconds)
        sentence = f"The agent runs (process {pid}) until {_last_use(call, until)}."
        call.out.result({"pid": pid, "until": until, "started": True}, sentence)
        return
    facts = _agent(call).status()
    until = _time_left(call, _number(facts, "left"))
    sentence = f"The agent already runs (process {pid}) until {_last_use(call, until)}. To change that, stop it first."
    call.out.result({"pid": pid, "until": until, "started": False}, sentence)


def status(call: "CommandContext") -> None:
    """Print what the agent says of itself."""
    from tui.vault.agent import control

    pid = control.running(call.environ)
    if not pid:
        off: dict[str, Any] = {"running": False, "pid": 0, "until": None, "idle_minutes": 0, "memory_locked": False}
        call.out.result(off | {"refused": 0, "tenants": []}, "The agent is off. To start it: modeldeck agent start")
        return
    facts = _agent(call).status()
    until, idle = _time_left(call, _number(facts, "left")), _number(facts, "idle") // 60
    tenants = [
        {
            "tenant": str(entry["tenant"]),
            "key_pair": str(entry["key_id"]),
            "until": _time_left(call, _number(entry, "left")),
        }
        for entry in facts.get("tenants", [])
    ]
    locked, refused = facts.get("memory_locked") is True, _number(facts, "refused")
    if call.out.as_json:
        shape = {"running": True, "pid": pid, "until": until, "idle_minutes": idle, "memory_locked": locked}
        call.out.json({**shape, "refused": refused, "tenants": tenants})
        return
    call.out.line(f"The agent runs (process {pid}) until {_last_use(call, until)}.")
    call.out.line(f"A key that is not used for {_count(idle, 'minute')} is forgotten.")
    call.out.line("Its memory is not swapped." if locked else "Its memory can be swapped: see ulimit -l.")
    if refused:
        call.out.line(f"Connections of other users that were refused: {refused}")
    for entry in tenants:
        call.out.line(f"{entry['tenant']} is open; unless it is used, until {_last_use(call, entry['until'])}.")
    if not tenants:
        call.out.line("No tenant is open. The next command that gets a passphrase opens one.")


def lock(call: "CommandContext") -> None:
    """Forget keys, and note it in the audit logs of the tenants."""
    from tui.tenancy import tenants

    name = call.args.one("TENANT") or call.args.one("tenant")
    chosen = tenants.find(call.session, name).id if name else ""
    agent = _agent(call)
    tenant_ids = {str(entry["tenant"]) for entry in agent.tenants()}
    if agent.problem is not None:
        raise agent.problem
    count = agent.forget(chosen)
    for tenant_id in tenant_ids & ({chosen} if chosen else set(tenants.ids(call.session))):
        call.session.audit_best_effort(tenant_id, "locked")
    sentence = (
        "The agent has no key to forget." if not count else f"Locked: the agent forgot {_count(count, 'private key')}."
    )
    call.out.result({"locked": count}, sentence)


def stop(call: "CommandContext") -> None:
    """End the agent."""
    from tui.vault.agent import control

    pid = control.stop(call.environ)
    sentence = f"The agent (process {pid}) has ended." if pid else "The agent was off."
    call.out.result({"stopped": bool(pid), "pid": pid}, sentence)


def _agent(call: "CommandContext") -> Any:
    from tui.vault.agent.client import Agent

    return Agent(call.environ)


def _seconds(call: "CommandContext", option: str, default: str) -> int:
    match = _DURATION.fullmatch(call.args.one(option, default))
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 60 <= seconds <= _MAX_SECONDS:
        raise UsageError(f"--{option} is a time between 1m and 7d.", "For example: 30m, 8h or 2d.")
    return seconds


def _number(facts: dict[str, Any], name: str) -> int:
    value = facts.get(name)
    if type(value) is not int:
        raise Problem("The agent is of another version.", "Stop it, then start it again: modeldeck agent stop")
    return value


def _time_left(call: "CommandContext", seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(call.session.clock() + seconds))


def _last_use(call: "CommandContext", stamp: str) -> str:
    from tui.tenancy.timestamps import long_time

    return long_time(stamp, call.session.now())


def _count(count: int, noun: str) -> str:
    from tui.cli.output import count_noun

    return count_noun(count, noun)
