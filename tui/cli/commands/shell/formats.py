r"""Variables as text for shells and files. Values are printable ASCII on one line.

sh       POSIX shells; single quotes
fish     single quotes, in which \ and ' are escaped (fish documentation, "Quotes")
dotenv   NAME='value', or "value" with \ and " escaped if it holds a single quote, as python-dotenv and compose read
systemd  an EnvironmentFile: double quotes, in which \ and " are escaped (systemd.exec(5)); $ means itself there
json     one object
"""

import json
import shlex
from collections.abc import Mapping

from tui.secret import Secret
from tui.workspace.program_environment import ProgramEnvironment


def format_variables(kind: str, environment: ProgramEnvironment) -> str:
    """Return the variables in a format of `shell.FORMATS`."""
    values = _reveal(environment.variables)
    if kind == "json":
        return json.dumps(values, indent=2) + "\n"
    lines = [_LINES[kind](name, value) for name, value in values.items()]
    unset = _UNSET.get(kind)
    removed = [f"{unset} {name}" for name in sorted(environment.removed)] if unset else []
    return "".join(f"{line}\n" for line in [*removed, *lines])


def _reveal(variables: Mapping[str, str | Secret]) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in variables.items()}


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _quote_for_fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


def _dotenv(name: str, value: str) -> str:
    return f"{name}={_double(value)}" if "'" in value else f"{name}='{value}'"


def _systemd(name: str, value: str) -> str:
    return f"{name}={_double(value)}"


def _double(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_LINES = {"sh": _sh, "fish": _quote_for_fish, "dotenv": _dotenv, "systemd": _systemd}
_UNSET = {"sh": "unset", "fish": "set -e"}
