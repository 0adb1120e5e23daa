"""Default models, one for each type or none, and their states."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from heapq import nlargest

from tui.domain import (
    FALLBACK_TYPES,
    MAX_FALLBACKS,
    Default,
    DefaultState,
    Model,
    ModelState,
    ModelType,
    ProviderState,
)
from tui.errors import UsageError
from tui.sanitize import one_line
from tui.tenancy import listings, models
from tui.tenancy.serialization import to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.conflicts import Baseline, require_unchanged
from tui.workspace.credentials import status
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog
from tui.workspace.models.catalog import ModelRow
from tui.workspace.models.proposals import first_proposed, proposed_defaults

_COMPARED = 20
_WORDS = {
    DefaultState.REFUSED: "{label} rejected its key",
    DefaultState.UNDECRYPTABLE: "its key cannot be decrypted",
    DefaultState.UNCONFIRMED: "its key is not confirmed yet",
    DefaultState.TRIAL_EXHAUSTED: "the trial of {label} is used up",
    DefaultState.TRIAL_GONE: "the trial of {label} has ended",
}
"""Why a provider that is set up cannot be used, by its state."""


@dataclass(frozen=True)
class DefaultRow:
    """The default model of a type, and its state.

    `sentence` says why. `model` is the default's entry in the list of models, None if it has none.
    `replacement` is what could take its place, `proposed` what could be the first; neither is ever set by itself.
    `fallbacks` are rows for the models that are asked where it does not answer, as if each were the default.
    """

    type: ModelType
    default: Default | None
    state: DefaultState
    sentence: str
    model: Model | None = None
    replacement: Model | None = None
    proposed: Model | None = None
    ends_soon: bool = False
    fallbacks: tuple["DefaultRow", ...] = ()


def rows(session: TenantSession) -> list[DefaultRow]:
    """Return one row for each of the three types, in order."""
    chosen = models.defaults(session)
    providers_in_use = {ref.partition("/")[0] for default in chosen.values() for ref in default.refs}
    providers = {row.provider.id: row for row in status.rows_of(session, providers_in_use)}
    offered = proposed_defaults(session)
    return [_with_fallbacks(session, kind, chosen.get(kind), providers, offered) for kind in ModelType]


def ready(session: TenantSession, usable: Collection[str]) -> int:
    """Count the usable default models, as `rows` would, without their sentences."""
    today = session.today()
    chosen = {(*_key(default), kind) for kind, default in models.defaults(session).items()}
    ready_models = [
        model
        for provider_id, model_id, kind in chosen
        for model in models.by_id(session, provider_id, model_id)
        if provider_id in usable and model.type is kind
    ]
    return sum(not entry.gone and not (entry.ends and entry.ends <= today) for entry in ready_models)


async def set(  # noqa: A001
    session: TenantSession,
    type: ModelType,  # noqa: A002
    ref: str,
    fallbacks: Sequence[str] = (),
    baseline: Baseline[Default] | None = None,
) -> Default:
    """Make a model the default of its type, with the fallbacks that are asked in its place, in their order.

    Nothing is saved if it is so already. See `check` for what else is raised.

    Raises:
        Conflict: Another session changed the default since `baseline` was read.
    """
    default = check(session, type, ref, *fallbacks)
    (stored,) = await set_all(session, [default], {type: baseline} if baseline else None)
    return stored


async def set_all(
    session: TenantSession, chosen: Sequence[Default], baseline: Mapping[ModelType, Baseline[Default]] | None = None
) -> list[Default]:
    """Store checked defaults of several types in one change, and return them; those that are so already stay.

    Raises:
        Conflict: Another session changed a default since its baseline was read.
    """
    current = models.defaults(session)
    changed = {new.type: new for new in chosen if (old := current.get(new.type)) is None or old.refs != new.refs}

    def work() -> None:
        with session.store.transaction() as tables:
            table = tables.table("defaults")
            for kind, default in changed.items():
                _require_unchanged(session, kind, (baseline or {}).get(kind), default)
            table.remove(lambda record: record["type"] in changed)
            table.insert_multiple(map(to_record, changed.values()))

    if changed:
        await asyncio.to_thread(work)
    return [changed.get(default.type) or current[default.type] for default in chosen]


def check(session: TenantSession, kind: ModelType, *refs: str) -> Default:
    """Return the default of a type that these models would be, the first of them with the others as its fallbacks.

    Raises:
        UsageError: A model is unknown, gone or named twice, or the type has no fallbacks or not as many.
    """
    fallbacks = refs[1:]
    if fallbacks and kind not in FALLBACK_TYPES:
        message = f"The default {kind.label} model has no fallbacks."
        raise UsageError(message, "Vectors of two models cannot be compared.")
    if len(fallbacks) > MAX_FALLBACKS:
        raise UsageError(f"A default has up to {MAX_FALLBACKS} fallbacks.", "Leave some out.")
    first, *others = [_require_listed(session, kind, ref) for ref in refs]
    listed = [model.ref for model in (first, *others)]
    if twice := next((ref for ref in listed if listed.count(ref) > 1), ""):
        raise UsageError(f"{twice} is named twice.", "A fallback is another model.")
    return Default(kind, first.provider, first.id, session.now(), tuple(listed[1:]))


def _require_listed(session: TenantSession, kind: ModelType, ref: str) -> Model:
    model = models.find(session, ref, kind)
    if model.gone:
        raise UsageError(f"{ref} is no longer listed by its provider.", "Choose one that is listed.")
    return model


async def clear(session: TenantSession, type: ModelType, baseline: Baseline[Default] | None = None) -> None:  # noqa: A002
    """Clear the default model of a type.

    Raises:
        Conflict: Another session changed the default since `baseline` was read.
    """

    def work() -> None:
        with session.store.transaction() as tables:
            _require_unchanged(session, type, baseline, None)
            tables.table("defaults").remove(lambda record: record["type"] == type)

    await asyncio.to_thread(work)


def _require_unchanged(
    session: TenantSession, kind: ModelType, baseline: Baseline[Default] | None, new: Default | None
) -> None:
    """Raise Conflict if another session changed a default that a person chose from; what is stored is under a lock."""
    present = models.defaults(session).get(kind)
    refs = " then ".join(one_line(ref, 60) for ref in present.refs) if present else ""
    change = f"set the default {kind.label} model to {refs}" if refs else f"cleared the default {kind.label} model"
    if baseline is not None:
        require_unchanged(session, Baseline(_refs(baseline.value)), _refs(present), _refs(new), change)


def _refs(default: Default | None) -> tuple[str, ...]:
    return default.refs if default else ()


def suggest_replacement(session: TenantSession, model: Model) -> Model | None:
    """Return a replacement for a model that no longer exists: same provider and type, or None."""
    return _replacement(Default(model.type, model.provider, model.id, ""), model.type, catalog.rows(session))


def _with_fallbacks(
    session: TenantSession,
    kind: ModelType,
    default: Default | None,
    providers: dict[str, ProviderRow],
    offered: dict[ModelType, Model],
) -> DefaultRow:
    """Return the row of a type, with the rows of its fallbacks."""
    row = _row(session, kind, default, providers, offered)
    others = [Default(kind, *_parts(ref), "") for ref in default.fallbacks] if default else []
    return replace(row, fallbacks=tuple(_row(session, kind, other, providers, offered) for other in others))


def _parts(ref: str) -> tuple[str, str]:
    provider, _, model = ref.partition("/")
    return provider, model


def _row(
    session: TenantSession,
    kind: ModelType,
    default: Default | None,
    providers: dict[str, ProviderRow],
    offered: dict[ModelType, Model],
) -> DefaultRow:
    if default is None:
        return DefaultRow(kind, None, DefaultState.NONE, "", proposed=offered.get(kind))
    provider = providers.get(default.provider)
    label = provider.provider.label if provider else default.provider
    of_id = catalog.rows_of(session, default.provider, default.model)
    match = next((entry for entry in of_id if entry.model.type is kind), None)
    model = match.model if match else None
    if provider is None or provider.state is ProviderState.NOT_SET_UP:
        return DefaultRow(kind, default, DefaultState.NOT_SET_UP, f"{label} is no longer set up", model)
    if match is None or match.state is ModelState.GONE:
        owner = listings.owner(session.store.read(), default.provider, default.model, kind) if model is None else ""
        sentence = f"a model of the credential {owner}, which is not in use" if owner else ""
        sentence = sentence or _delisted_message(model, label, session.now())
        return DefaultRow(
            kind, default, DefaultState.GONE, sentence, model, _replacement(default, kind, catalog.rows(session))
        )
    if not provider.usable:
        state = DefaultState(provider.state)
        return DefaultRow(kind, default, state, _WORDS[state].format(label=label), model)
    check = provider.credential.check if provider.credential and not provider.on_trial else None
    verified = f", verified {short_time(check.at, session.now())}" if check and check.at else ", not verified"
    source = provider.word if provider.on_trial else f"{provider.source}{verified}"
    ends = f", ends {short_time(match.model.ends, session.now())}" if match.state is ModelState.ENDING else ""
    return DefaultRow(kind, default, DefaultState.READY, f"{source}{ends}", model, ends_soon=match.ends_soon)


def _delisted_message(model: Model | None, label: str, now: str) -> str:
    """Say what happened to a model that no longer exists; None is one that was never listed."""
    if model is None:
        return f"no longer listed by {label}"
    if model.gone:
        return f"no longer listed by {label} since {short_time(model.gone, now)}"
    return f"ended {short_time(model.ends, now)}"


def _replacement(default: Default, kind: ModelType, listed: list[ModelRow]) -> Model | None:
    """Return the nearest model of provider and type: the provider's proposal, else the most similar ID."""
    near = [
        entry.model
        for entry in listed
        if (entry.model.provider, entry.model.type) == (default.provider, kind) and entry.usable
    ]
    if not near:
        return None
    # Comparing takes long, and there may be thousands: only those that begin alike are compared in full.
    similar = nlargest(_COMPARED, near, key=lambda model: _common_prefix_length(default.model, model.id))
    return first_proposed(near) or max(
        similar, key=lambda model: SequenceMatcher(None, default.model, model.id).ratio()
    )


def _common_prefix_length(one: str, other: str) -> int:
    """Return the length of the common prefix."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _key(default: Default) -> tuple[str, str]:
    return default.provider, default.model
