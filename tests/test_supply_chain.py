"""What Modeldeck is made of: declared, bounded, locked by hash, listed; and a wheel that can be built again."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests import syntax
from tests.sbom import bill, locked, normalize

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
UNBOUNDED = {"certifi", "cryptography", "packaging"}
"""Packages without releases that break what is used of them."""


def declared(*extras: str) -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in PROJECT["optional-dependencies"][extra])]
    return [Requirement(text) for text in texts]


def imported(folder: str) -> set[str]:
    """Every top-level module that the files of a folder import, but the standard library's and our own."""
    names: set[str] = set()
    compared = ROOT / "tests" / "bench" / "programs"  # each runs where what it is compared with is installed
    for path in [path for path in (ROOT / folder).rglob("*.py") if compared not in path.parents]:
        for node in ast.walk(syntax.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"tui", "tests"}


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "extras"), [("tui", ("postgres", "yaml")), ("tests", ("test", "check"))])
def test_what_is_imported_is_declared(folder: str, extras: tuple[str, ...]) -> None:
    names = {normalize(entry.name) for entry in declared(*extras)}
    distributions = packages_distributions()
    missing = [name for name in imported(folder) if not {*map(normalize, distributions.get(name, [name]))} & names]
    assert missing == []


def test_a_major_release_that_may_break_is_bounded() -> None:
    open_ended = [entry.name for entry in declared("test", "check") if "<" not in str(entry.specifier)]
    assert set(open_ended) <= UNBOUNDED


def test_the_lock_file_has_every_requirement_by_hash_and_names_no_index() -> None:
    text, versions = (ROOT / "tests" / "locked.txt").read_text(), locked()
    for entry in [*declared("test", "check"), Requirement("setuptools>=77")]:
        assert Version(versions[normalize(entry.name)]) in entry.specifier, entry
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+==\S+( ; .*?)? \\\n", block) and "--hash=sha256:" in block, block[:80]
    assert "://" not in text and "--index" not in text and "--find-links" not in text


def test_the_bill_of_materials_lists_what_is_installed_with_modeldeck() -> None:
    built, versions = bill(), locked()
    names = {component["name"] for component in built["components"]}
    assert {normalize(entry.name) for entry in declared("postgres", "yaml")} <= names and "socksio" in names
    assert all(component["purl"].endswith(f"@{versions[component['name']]}") for component in built["components"])
    refs = {built["metadata"]["component"]["bom-ref"], *(component["bom-ref"] for component in built["components"])}
    assert {ref for entry in built["dependencies"] for ref in (entry["ref"], *entry["dependsOn"])} == refs
    assert built == bill()


@pytest.mark.slow
def test_a_wheel_that_is_built_twice_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    built = []
    for name, umask in (("one", 0o022), ("other", 0o077)):
        subprocess.run(
            [ROOT / ".ci" / "wheel", tmp_path / name],
            env=os.environ | {"PYTHON": sys.executable, "TZ": "Asia/Tokyo" if umask else "UTC"},
            umask=umask,
            check=True,
            timeout=300,
        )
        (wheel,) = (tmp_path / name).glob("*.whl")
        built.append((wheel.name, wheel.read_bytes()))
    assert built[0] == built[1]
