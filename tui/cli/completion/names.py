"""The names that completion offers, read from disk without the workspace, which takes longer to import than to ask.

What is read here is offered to a person and never trusted: no checksum, no manifest, no key.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from tui.paths import data_folder

_MAX_SIZE = 16 * 2**20
_MAX_TENANTS = 50
"""Names are looked up in the settings of no more tenants than these; with more, only IDs are known."""

_PROVIDERS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "providers")


class Stored:
    """The names in the settings of one user, and of the tenant that the line names."""

    def __init__(self, environ: Mapping[str, str], tenant: str) -> None:
        self._root = os.path.join(data_folder(environ), "tenants")
        self._tenant = tenant
        self._data: Mapping[str, Any] | None = None

    def tenants(self) -> list[str]:
        """Return the IDs of the tenants."""
        try:
            return sorted(entry.name for entry in os.scandir(self._root) if entry.is_dir(follow_symlinks=False))
        except OSError:
            return []

    def connections(self) -> list[str]:
        """Return the names of the tenant's connections."""
        return [str(record.get("id")) for record in self._records("connections")]

    def kind_of(self, provider: str) -> str:
        """Return the kind of a connection, else the ID itself."""
        kinds = {str(record.get("id")): str(record.get("kind")) for record in self._records("connections")}
        return kinds.get(provider, provider)

    def models(self) -> Iterator[tuple[str, str]]:
        """Yield provider and ID of every model of the tenant that is still listed."""
        for record in self._records("models"):
            if not record.get("gone"):
                yield str(record.get("provider")), str(record.get("id"))

    def credentials(self, provider: str) -> list[str]:
        """Return the names of the credentials of a provider."""
        return [
            str(record.get("name")) for record in self._records("credentials") if record.get("provider") == provider
        ]

    def _records(self, table: str) -> list[dict[str, Any]]:
        if self._data is None:
            self._data = self._read(self._tenant_id())
        rows = self._data.get(table)
        return [row for row in rows.values() if isinstance(row, dict)] if isinstance(rows, dict) else []

    def _tenant_id(self) -> str:
        """Return the ID of the tenant: named by ID or name, else the only one; '' if it is not clear."""
        ids = self.tenants()
        if not self._tenant:
            return ids[0] if len(ids) == 1 else ""
        if self._tenant in ids or len(ids) > _MAX_TENANTS:
            return self._tenant if self._tenant in ids else ""
        tenant_name = self._tenant.strip().casefold()
        for tenant_id in ids:
            meta = self._read(tenant_id).get("meta")
            rows = meta.values() if isinstance(meta, dict) else ()
            if any(isinstance(row, dict) and str(row.get("name")).casefold() == tenant_name for row in rows):
                return tenant_id
        return ""

    def _read(self, tenant_id: str) -> Mapping[str, Any]:
        if not tenant_id:
            return {}
        import json  # only where names come from settings

        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(os.path.join(self._root, tenant_id, "settings.json"), flags), "rb") as file:
                content = json.loads(file.read(_MAX_SIZE))
        except (OSError, ValueError, RecursionError):
            return {}
        data = content.get("data") if isinstance(content, dict) else None
        return data if isinstance(data, dict) else {}


def providers() -> list[str]:
    """Return the IDs of the declared providers, found as the registry finds them, but without importing any."""
    ids = []
    for entry in os.scandir(_PROVIDERS):
        name = entry.name.removesuffix(".py")
        path = os.path.join(entry.path, "__init__.py") if entry.is_dir() else entry.path
        if name.isidentifier() and _contains(path, b"\nPROVIDER = "):
            ids.append(name)
    return sorted(ids)


def kinds() -> list[str]:
    """Return what a connection can be like: the providers and the presets."""
    declared = providers()
    return [*declared, *(preset for name in declared for preset in _presets(name))]


def _presets(name: str) -> list[str]:
    """Return the names of a provider's presets."""
    try:
        with open(os.path.join(_PROVIDERS, name, "presets.toml"), encoding="utf-8") as file:
            return [line[1:].strip().removesuffix("]") for line in file if line.startswith("[")]
    except OSError:
        return []


def fields(kind: str, keyword: str = "fields") -> list[str]:
    """Return the names of a provider's `fields` or `model_fields`, read from its source without importing it.

    A preset has those of the provider whose presets they are.
    """
    import ast  # only where fields are completed

    name = next((name for name in providers() if kind == name or kind in _presets(name)), "")
    if not name:
        return []
    package = os.path.join(_PROVIDERS, name, "__init__.py")
    with open(package if os.path.exists(package) else os.path.join(_PROVIDERS, f"{name}.py"), encoding="utf-8") as file:
        body = ast.parse(file.read()).body
    assigned = {
        target.id: statement.value
        for statement in body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }

    def value_of(node: ast.expr) -> ast.expr:
        return assigned.get(node.id, node) if isinstance(node, ast.Name) else node

    declared = assigned.get("PROVIDER")
    keywords = declared.keywords if isinstance(declared, ast.Call) else []
    listed = next((value_of(entry.value) for entry in keywords if entry.arg == keyword), None)
    calls = [value_of(entry) for entry in listed.elts] if isinstance(listed, ast.Tuple) else []
    first = [call.args[0] for call in calls if isinstance(call, ast.Call) and call.args]
    return [entry.value for entry in first if isinstance(entry, ast.Constant) and isinstance(entry.value, str)]


def _contains(path: str, mark: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return mark in file.read()
    except OSError:
        return False
