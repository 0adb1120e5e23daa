"""The shape of the project: what lies where, how large, and who may import whom."""

import ast
import gc
import os
import re
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests import syntax
from tui.domain import DefaultState, ManifestState, ModelState, ProviderState, VerificationState

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "tui").rglob("*.py"))
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "v_before" not in path.parts]
DOORWAYS = {
    "httpx": ("tui/providers/client/", "tui/practice/"),
    "Crypto": ("tui/vault/",),
    "tinydb": ("tui/storage/store.py",),
    "jsonschema": ("tui/workspace/playground/answer_schema.py",),
    "referencing": ("tui/workspace/playground/answer_schema.py",),
    "psycopg": ("tui/storage/postgres/",),
    "yaml": ("tui/workspace/transfer/formats/yaml_file.py",),
    "textual": ("tui/console/",),
    "rich": ("tui/console/",),
}
"""Package -> the beginnings of the paths that may import it."""
NOT_SENTENCES = {"modeldeck manifest 1", "modeldeck audit log of ", "modeldeck md1"}
"""What is hashed or authenticated as it is."""


@cache
def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file, which is parsed once for all tests."""
    return syntax.parse(path.read_text())


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Return every node of a file's syntax tree, which is walked once for all tests."""
    nodes = list(ast.walk(parse(path)))
    gc.freeze()  # they stay for all tests: half of the time went into looking for garbage among them
    return nodes


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    modules: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def sentences(tree: ast.Module) -> list[str]:
    """Return the string constants of a module, without its documentation."""
    documentation = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation
    ]


def test_the_root_holds_only_what_it_should() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    top = {line.split("/")[0] for line in tracked if line}
    assert {entry for entry in top if not entry.startswith(".")} <= {
        "tui",
        "tests",
        "screenshots",
        "pyproject.toml",
        "README.md",
    }


def test_modules_stay_small() -> None:
    lines = {name(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {path: count for path, count in lines.items() if count > 400} == {}
    assert statistics.median(count for count in lines.values() if count) <= 130


def test_no_module_has_a_name_that_says_nothing() -> None:
    words = {
        "utils",
        "util",
        "helpers",
        "helper",
        "managers",
        "manager",
        "services",
        "service",
        "base",
        "common",
        "misc",
    }
    assert [name(path) for path in MODULES if set(path.stem.split("_")) & words] == []


BANNED = re.compile(
    "alike|asked|begun|beside|desks?|doors?|each|found|given|gone|heard|held|lent|looked|made|mend|mended|said|shelf|"
    "shut|standing|taken|told|took|unnoted|vouches|waits|ways?|went"
)
"""Metaphors and participles. Say the field's term: `args` for given, `result` for found, `message` for told."""


PRIVATE_VALUES = re.compile(
    "anew|apart|came|come|doing|goes|going|hears?|hearing|heeded|kept|lacking|mine|needy|noticed|ours|seen|sees|stays|"
    "strange|tells|theirs|torn|trouble|twins|usual|vouched|wanted|whose|wish|would|yours"
)
"""Banned as well, but in sentences, which names of tests are. Say `expected` for wanted, `stored` for theirs."""


PRIVATE_CONSTANTS = re.compile(
    "away|again|every|few|kept|largest|least|longest|look|many|most|often|patience|room|soon|within"
)
"""Banned in constants. Say `MAX_SIZE` for largest, `TIMEOUT` for patience, `INTERVAL` for every, `CONCURRENCY`."""

STATE_WORDS = {"gone", "trial_gone", "gone_statuses"}
"""The state of a model that its provider lists no more: the word is in stored files and in answers to --json."""


@cache
def is_private_language(identifier: str, banned: re.Pattern[str] = BANNED) -> bool:
    """Return True if a word of a snake_case or CamelCase name is banned."""
    return any(banned.fullmatch(word.lower()) for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", identifier))


def definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the classes and functions of a module, nested ones too."""
    for node in nodes_of(path):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


OF_ALL_CODE = pytest.mark.parametrize(
    "files", [MODULES, pytest.param(TESTS, marks=pytest.mark.slow)], ids=["tui", "tests"]
)


@pytest.mark.slow
@OF_ALL_CODE
def test_names_of_modules_classes_and_functions_are_standard_terms(files: list[Path]) -> None:
    named = [(path, path.stem) for path in files]
    named += [(path, definition.name) for path in files for definition in definitions(path)]
    private = [f"{name(path)}: {identifier}" for path, identifier in named if is_private_language(identifier)]
    assert not private, "\n".join(private)


def variables(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of every parameter, variable and attribute that a module binds."""
    for node in nodes_of(path):
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.lineno, node.name


@pytest.mark.slow
@OF_ALL_CODE
def test_names_of_variables_and_parameters_are_standard_terms(files: list[Path]) -> None:
    """`each` is among them: a loop says what it goes through."""
    named = [(name(path), *variable) for path in files for variable in variables(path)]
    if files is MODULES:
        named += [(name(path), node.lineno, node.name) for path in files for node in definitions(path)]
    private = [
        f"{path}:{line}: {identifier}"
        for path, line, identifier in named
        if (is_private_language(identifier) or is_private_language(identifier, PRIVATE_VALUES))
        and identifier.strip("_").lower() not in STATE_WORDS
    ]
    assert not private, "\n".join(private)


@OF_ALL_CODE
def test_names_of_constants_are_standard_terms(files: list[Path]) -> None:
    named = ((path, identifier) for path in files for _, identifier in variables(path) if identifier.isupper())
    private = [f"{name(path)}: {word}" for path, word in named if is_private_language(word.lower(), PRIVATE_CONSTANTS)]
    assert not private, "\n".join(private)


@pytest.mark.slow
def test_a_public_class_name_stands_once_in_a_layer() -> None:
    homes = defaultdict(list)
    for path in MODULES:
        for node in parse(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[path.relative_to(ROOT).parts[1], node.name].append(name(path))
    twice = {key[1]: paths for key, paths in homes.items() if len(paths) > 1}
    assert not twice, twice


def test_no_folder_has_more_than_20_entries() -> None:
    tracked = subprocess.run(["git", "ls-files", "tui"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    entries = {parent / child for line in tracked.splitlines() for parent, child in parents(Path(line))}
    sizes = Counter(entry.parent.as_posix() for entry in entries)
    assert {folder: size for folder, size in sizes.items() if size > 20} == {}


def parents(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every folder above a path with the entry in it that leads there."""
    for folder, entry in zip(path.parents, (path, *path.parents), strict=False):
        if folder.parts:
            yield folder, entry.name


@pytest.mark.slow
def test_no_class_is_half_of_its_only_subclass() -> None:
    """A base that nothing but one subclass uses is a class cut in two: hold the other half as an object."""
    bases: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                bases.update(base.id for base in map(strip_subscript, node.bases) if isinstance(base, ast.Name))
            elif isinstance(node, ast.Call):
                used[ast.unparse(strip_subscript(node.func)).rpartition(".")[2]] += 1
    console = [path for path in MODULES if name(path).startswith("tui/console/")]
    defined = {node.name for path in console for node in definitions(path) if isinstance(node, ast.ClassDef)}
    halves = {base for base in defined if bases[base] == 1 and not used[base]}
    assert not halves, halves


def strip_subscript(node: ast.expr) -> ast.expr:
    """Return `Page` for `Page[Tenant]`."""
    return node.value if isinstance(node, ast.Subscript) else node


@pytest.mark.slow
def test_no_imports_form_a_circle() -> None:
    """Every import counts: the ones within functions, and the ones for types alone."""
    circles = [sorted(circle) for circle in strongly_connected(import_graph()) if len(circle) > 1]
    assert not circles, "\n".join(map(" - ".join, circles))


def test_a_circle_is_detected() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str]()}
    assert sorted(map(sorted, strongly_connected(graph))) == [["a"], ["b", "c"], ["d"]]


def import_graph() -> dict[str, set[str]]:
    """Return each module of `tui` -> the modules of `tui` that it imports."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    graph: dict[str, set[str]] = {}
    for module, path in paths.items():
        graph[module] = set()
        for node in nodes_of(path):
            if isinstance(node, ast.Import):
                graph[module] |= {alias.name for alias in node.names} & paths.keys()
            elif isinstance(node, ast.ImportFrom) and node.module:
                # A submodule counts, not the package that it is imported from.
                targets = {f"{node.module}.{alias.name}" for alias in node.names}
                submodules = targets & paths.keys()
                graph[module] |= submodules if submodules == targets else submodules | ({node.module} & paths.keys())
    return graph


def strongly_connected(graph: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Return the sets of nodes that reach each other, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    components: list[set[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for successor in graph[node]:
            if successor not in order:
                visit(successor)
            if successor in stack:
                lowest[node] = min(lowest[node], lowest[successor])
        if lowest[node] == order[node]:
            component = set(stack[stack.index(node) :])
            del stack[stack.index(node) :]
            components.append(component)

    for node in graph:
        if node not in order:
            visit(node)
    return components


@pytest.mark.slow
def test_an_import_of_the_console_within_a_function_says_what_needs_it() -> None:
    """The first screen comes soon because the rest is imported later: `# lazy: a page`."""
    for path in MODULES:
        if name(path).startswith("tui/console/"):
            lines = path.read_text().splitlines()
            functions = [node for node in definitions(path) if not isinstance(node, ast.ClassDef)]
            lazy = [node for function in functions for node in ast.walk(function)]
            numbers = {node.lineno for node in lazy if isinstance(node, ast.Import | ast.ImportFrom)}
            assert [number for number in sorted(numbers) if "  # lazy: " not in lines[number - 1]] == [], name(path)


@pytest.mark.slow
@pytest.mark.parametrize("package", DOORWAYS)
def test_every_library_is_imported_in_one_place(package: str) -> None:
    users = [name(path) for path in MODULES if any(module.split(".")[0] == package for module in imports(path))]
    assert [user for user in users if not user.startswith(DOORWAYS[package])] == []
    assert users, f"nothing imports {package}: is the doorway still true?"


@pytest.mark.slow
def test_provider_files_do_not_import_one_another() -> None:
    from tui.providers import PROVIDERS

    for provider in PROVIDERS:
        others = tuple(f"tui.providers.{other}" for other in PROVIDERS if other != provider)
        package = ROOT / "tui/providers" / provider
        for path in package.rglob("*.py") if package.is_dir() else [package.with_suffix(".py")]:
            assert [
                module for module in imports(path) if module.startswith(tuple(f"{other}." for other in others))
            ] == []
            assert imports(path) & set(others) == set()


@pytest.mark.slow
def test_screens_know_no_provider_by_name() -> None:
    from tui.providers import PROVIDERS

    known = {*PROVIDERS, *(provider.label for provider in PROVIDERS.values())}
    for path in MODULES:
        if name(path).startswith(("tui/console/", "tui/cli/")):
            tree = parse(path)
            documentation = {
                node.body[0].value
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            named = {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and node.value in known and node not in documentation
            }
            assert named == set(), name(path)


@pytest.mark.slow
def test_no_sentence_of_the_core_names_a_command_or_a_key() -> None:
    """What a person does next depends on the front end: the core passes a `Remedy`."""
    command = re.compile(r"\bmodeldeck [a-z]|(?<![\w-])--[a-z]|\b[Pp]ress(es)? \w+\b|\benter (opens|sets|replaces)")
    for path in MODULES:
        if not name(path).startswith(("tui/cli/", "tui/console/", "tui/practice/", "tui/__")):
            tree = parse(path)
            named = [text for text in sentences(tree) if command.search(text) and text not in NOT_SENTENCES]
            assert named == [], name(path)


@pytest.mark.slow
def test_states_are_compared_as_enums() -> None:
    """A state's words are for people and programs; code compares the members of its enum."""
    states = {str(state) for kind in (ProviderState, ModelState, DefaultState, ManifestState) for state in kind}
    states |= {str(state) for state in VerificationState}
    for path in MODULES:
        compared = [
            operand.value
            for node in nodes_of(path)
            if isinstance(node, ast.Compare) and ".state" in ast.unparse(node)
            for part in (node.left, *node.comparators)
            for operand in ast.walk(part)
            if isinstance(operand, ast.Constant) and operand.value in states
        ]
        assert compared == [], name(path)


@pytest.mark.slow
def test_imports_point_in_one_direction() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_nothing_names_a_machine_or_a_registry() -> None:
    texts = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    forbidden = ["index" + "-url", os.fspath(ROOT) + "/", os.fspath(Path.home()) + "/"]
    for path in filter(None, texts):
        content = (ROOT / path).read_bytes().decode("utf-8", "replace") if (ROOT / path).is_file() else ""
        assert [word for word in forbidden if word in content] == [], path


def test_every_dependency_has_its_reason_next_to_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    entries = [line for line in text.splitlines() if re.match(r'  "[\w\[\]-]+[<>]', line)]
    assert entries and [line for line in entries if "#" not in line] == []
