"""The environment of a program that gets a tenant's keys: the variables that the vendors' SDKs read.

A key and the address that it goes to are one thing here. Of each provider that is chosen, every variable that an SDK
may read is removed from what the program inherits, before those with a value are set: a key never meets a base URL
that somebody else has exported. Of two providers that want the same variable, one gets all of its own or none.

The keys of trials are the operator's, and never leave Modeldeck.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tui.domain import KeySource
from tui.errors import Action, Problem, Remedy, UsageError
from tui.providers.spec import Provider
from tui.sanitize import is_id, one_line
from tui.secret import Secret
from tui.tenancy import credentials, models
from tui.tenancy.connections import provider_of, providers_of
from tui.tenancy.session import TenantSession
from tui.workspace.playground import key_source

MARKER = "MODELDECK_EXEC"
"""Set in a program that was started with keys, so that a second set of keys is not put over the first unnoticed."""

CLEAN = frozenset(
    "HOME LANG LANGUAGE LOGNAME PATH SHELL TERM TMPDIR TZ USER XDG_RUNTIME_DIR COLORTERM".split()  # noqa: SIM905
)
"""What a clean environment keeps, beside LC_…: nothing that sends traffic elsewhere."""

_KEY = re.compile(r"_(API_KEY|API_TOKEN|API_PASSWORD|TOKEN|KEY|AK|SK)$")
_PLAIN_ID = re.compile(r"[\w@~][\w.:/@+~=() -]*")
_URLS = ("API_BASE", "BASE_URL", "API_BASE_URL", "API_URL", "API_HOST", "ENDPOINT", "HOST", "URL")
"""How variables with a base URL end, of programs that are not in the declarations; LiteLLM reads DEEPSEEK_API_BASE."""


@dataclass(frozen=True)
class ProgramEnvironment:
    """What a program gets.

    Attributes:
        variables: Name to value; secrets are `Secret`.
        removed: Names that it must not inherit, as they would change where a key goes.
        providers: The IDs of the providers whose variables these are.
        skipped: Sentences about providers that were left out.
        unnamed: The IDs of those of them whose variables are passed on only if a person names them.
    """

    variables: Mapping[str, str | Secret]
    removed: frozenset[str]
    providers: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()

    def apply(self, environ: Mapping[str, str], *, only: bool = False) -> dict[str, str | Secret]:
        """Return the environment of the program; with `only`, of what there is it keeps the few that are harmless."""
        inherited = {
            name: value
            for name, value in environ.items()
            if name not in self.removed and (not only or name in CLEAN or name.startswith("LC_"))
        }
        return {**inherited, **self.variables}


@dataclass
class _Result:
    variables: dict[str, str | Secret] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    providers: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)


def candidates(session: TenantSession, named: Sequence[str] = ()) -> list[Provider]:
    """Return the providers that are named, else all that have a credential of the tenant's own.

    Raises:
        UsageError: A name is unknown.
        Problem: One that is named has no key of the tenant's own.
    """
    if not named:
        return providers_of(session, {entry.provider for entry in credentials.stored(session) if entry.active})
    chosen = [provider_of(session, name) for name in dict.fromkeys(named)]
    for provider in chosen:
        if credentials.active(session, provider.id) is None:
            if key_source.source(session, provider.id) is KeySource.TRIAL:
                raise Problem(
                    f"{provider.label} is used on a trial here, and the key of a trial never leaves Modeldeck.",
                    remedy=Remedy(Action.SET_UP_PROVIDER, provider.id),
                )
            raise Problem(f"{provider.label} is not set up.", remedy=Remedy(Action.SET_UP_PROVIDER, provider.id))
    return chosen


def own_variable(provider_id: str, field_name: str) -> str:
    """Return the variable of a field that no other provider or connection of a tenant has: OPENAI_API_KEY."""
    name = re.sub(r"[^A-Z0-9]", "_", f"{provider_id}_{field_name}".upper())
    return f"_{name}" if name[0].isdigit() else name


def environment(
    session: TenantSession, chosen: Iterable[Provider], *, named: bool, by_provider: bool = False
) -> ProgramEnvironment:
    """Decrypt what the SDKs of the providers read; the tenant must be unlocked.

    Args:
        session: The tenant.
        chosen: The providers, from `candidates`.
        named: Whether a person named them. Only then is an OpenAI-compatible API exported as OPENAI_…, and two that
            want the same variable are an error; else the first of them gets it, and the other is left out.
        by_provider: Whether variables are called after provider and field, as `own_variable` does.

    Raises:
        Locked: A key cannot be decrypted, or nothing vouches for its credential.
        UsageError: Two of the providers want the same variable.
    """
    result = _Result()
    for provider in chosen:
        _add(session, provider, named, by_provider, result)
    for kind, default in models.defaults(session).items():
        if default.provider in result.providers:
            if not (default.model.isascii() and is_plain_id(default.model)):
                continue
            result.variables[f"MODELDECK_{kind.name}_MODEL"] = default.model
            result.variables[f"MODELDECK_{kind.name}_PROVIDER"] = default.provider
    removed = frozenset(result.removed - result.variables.keys())
    return ProgramEnvironment(
        result.variables, removed, tuple(result.providers), tuple(result.skipped), tuple(result.unnamed)
    )


def _add(session: TenantSession, provider: Provider, named: bool, by_provider: bool, result: _Result) -> None:
    variables = _variables(session, provider, named, by_provider)
    if not variables:
        result.skipped.append(
            f"{provider.label}: no SDK reads its key by a variable of its own. Name it to pass it on."
        )
        result.unnamed.append(provider.id)
        return
    owners = sorted({result.owners[name] for name in variables if name in result.owners})
    if owners and named:
        shared = next(name for name in variables if name in result.owners)
        raise UsageError(
            f"{owners[0]} and {provider.id} both use the variable {shared}.", "Start the program with one of them."
        )
    if owners:
        result.skipped.append(f"{provider.label}: its variables are those of {owners[0]}, which has them.")
        return
    for name, value in variables.items():
        text = value.reveal() if isinstance(value, Secret) else value
        if not text.isprintable() or not text.isascii():
            raise Problem(f"{provider.label}: {name} holds a character that no variable should have.")
    result.variables |= variables
    result.owners |= dict.fromkeys(variables, provider.id)
    result.removed |= {name for entry in provider.fields for name in (*entry.env, *(entry.sdk_env if named else ()))}
    keys = {*variables, *(name for entry in provider.fields for name in entry.env)}
    result.removed |= {f"{_KEY.sub('', name)}_{ending}" for name in keys if _KEY.search(name) for ending in _URLS}
    result.providers.append(provider.id)


def _variables(session: TenantSession, provider: Provider, named: bool, by_provider: bool) -> dict[str, str | Secret]:
    """Return a provider's variables with their values: its own, and with `named` those of the SDK that it is like."""
    access = credentials.access(session, provider.id)
    opened = access.secrets()
    credential = credentials.active(session, provider.id)
    clear = dict(credential.clear) if credential else {}
    variables: dict[str, str | Secret] = {}
    for entry in provider.fields:
        value: str | Secret | None = opened.get(entry.name) if entry.secret else clear.get(entry.name)
        names = [*entry.env[:1], *(entry.sdk_env[:1] if named else ())]
        if by_provider:
            names = [own_variable(provider.id, entry.name)]
        elif entry.sdk_env and named and not value:
            value = entry.default
        variables |= {name: value for name in names if value}
    return variables


def is_plain_id(model_id: str) -> bool:
    """Return True if a model ID means nothing but a model to other programs, wherever they read it.

    The table of models can be edited by anybody who can write the settings. LiteLLM takes an ID that is a URL for the
    address that the key goes to, and a line end in a file of variables begins another variable.
    """
    plain = is_id(model_id) and _PLAIN_ID.fullmatch(model_id) is not None
    return plain and "://" not in model_id and not {".", ".."} & {*model_id.split("/")}


def check_start(environ: Mapping[str, str], nest: bool) -> None:
    """Raise UsageError if this process runs in a program that was started with keys, unless that is wanted."""
    if (outer := environ.get(MARKER)) and not nest:
        raise UsageError(f"This already runs with the keys of {one_line(outer, 64)}.")
