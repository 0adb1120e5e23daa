"""The bill of materials of Modeldeck: `python -m tests.sbom` prints CycloneDX 1.6 as JSON.

It lists what an installation of modeldeck[postgres,yaml] brings: the dependencies of `pyproject.toml` and theirs, in
the versions of `tests/locked.txt`, with the licenses that the installed packages name. The same environment prints the
same text.
"""

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LOCKED = ROOT / "tests" / "locked.txt"


def normalize(name: str) -> str:
    """Return the name of a package as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Return the version of every package of the lock file, by name."""
    components = re.findall(r"^([\w.-]+)==([^\s;]+)", LOCKED.read_text(), re.MULTILINE)
    return {normalize(name): version for name, version in components}


def edges() -> dict[str, list[str]]:
    """Return for Modeldeck and everything that it needs, directly or not, what each needs itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"], *extras["postgres"], *extras["yaml"]]
    waiting, known = [("modeldeck", texts)], dict[str, list[str]]()
    while waiting:
        name, texts = waiting.pop()
        needed = [Requirement(text) for text in texts]
        used = [entry for entry in needed if entry.marker is None or entry.marker.evaluate({"extra": ""})]
        known[name] = sorted({normalize(entry.name) for entry in used})
        for entry in used:
            if normalize(entry.name) not in known:
                extras = [{"extra": ""}, *({"extra": extra} for extra in entry.extras)]
                waiting.append((normalize(entry.name), _required(entry.name, extras)))
    return known


def bill() -> dict[str, Any]:
    """Return the bill of materials."""
    versions, needed = locked(), edges()
    names = sorted(name for name in needed if name != "modeldeck")
    refs = {name: f"pkg:pypi/{name}@{versions[name]}" for name in names} | {"modeldeck": "pkg:pypi/modeldeck"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "modeldeck", "bom-ref": refs["modeldeck"]}},
        "components": [
            {"type": "library", "bom-ref": refs[name], "name": name, "version": versions[name], "purl": refs[name]}
            | _licenses(name)
            for name in names
        ],
        "dependencies": [
            {"ref": refs[name], "dependsOn": [refs[other] for other in needed[name]]} for name in sorted(needed)
        ],
    }


def _required(name: str, extras: list[dict[str, str]]) -> list[str]:
    texts = [Requirement(text) for text in requires(name) or ()]
    installed = [text for text in texts if text.marker is None or any(map(text.marker.evaluate, extras))]
    return [f"{text.name}{'[' + ','.join(text.extras) + ']' if text.extras else ''}" for text in installed]


def _licenses(name: str) -> dict[str, Any]:
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return {}
    texts = about.get_all("License-Expression") or about.get_all("License") or []
    return {"licenses": [{"license": {"name": text.strip().splitlines()[0]}} for text in texts if text.strip()]}


if __name__ == "__main__":
    print(json.dumps(bill(), indent=1))
