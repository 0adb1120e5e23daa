"""Models of a tenant: imported from the provider, or added by hand."""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from tui.domain import Credential, ImportMode, Model, ModelState, ModelType, Origin
from tui.errors import Action, Locked, Problem, Remedy, UsageError
from tui.providers import PROVIDERS
from tui.providers.origins import is_loopback
from tui.providers.spec import Provider
from tui.sanitize import is_id, one_line
from tui.storage.store import Tables
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import listings, model_sync, verification
from tui.tenancy.connections import provider_of, providers_of
from tui.tenancy.model_sync import SyncResult
from tui.tenancy.models import all_models, by_id, defaults
from tui.tenancy.serialization import from_record
from tui.tenancy.session import TenantSession
from tui.tenancy.trials import trial_models_of
from tui.workspace.conflicts import Baseline
from tui.workspace.credentials import status
from tui.workspace.credentials.fields import check_value
from tui.workspace.models import add as add_model

if TYPE_CHECKING:
    from tui.providers.client.access import Access

T = TypeVar("T")

_KINDS = list(ModelType)

_MAX_PER_PROVIDER = 2
"""Test requests that run at a provider at the same time."""

_RETIREMENT_WARNING_DAYS = 90
"""Days before its retirement from which a model is one to replace."""


@dataclass(frozen=True)
class ModelRow:
    """A model in a list. `word` says its state for people."""

    model: Model
    state: ModelState
    word: str
    default: bool
    provider_label: str
    ends_soon: bool = False
    """Whether its retirement is near enough to act on."""

    @property
    def usable(self) -> bool:
        """Whether a call can be tried."""
        return self.state in (ModelState.READY, ModelState.ENDING)


def listing(session: TenantSession, type: ModelType | None = None, provider: str = "") -> list[Model]:  # noqa: A002
    """Return the models by provider, type and the provider's own order."""

    def read(_: Tables) -> list[Model]:
        models = all_models(session)
        listed = providers_of(session, {model.provider for model in models})
        places = {provider.id: place for place, provider in enumerate(listed)}
        return sorted(
            models,
            key=lambda model: (places.get(model.provider, len(places)), _KINDS.index(model.type), bool(model.gone)),
        )

    models = session.store.cached("listing", read, trial_models_of(session), table="models")
    return [model for model in models if type in (None, model.type) and provider in ("", model.provider)]


def proposed_type(provider: Provider, model_id: str, fields: Mapping[str, str]) -> ModelType | None:
    """Return the type that the model's fields or its provider imply, or None."""
    chosen = (
        choice.type
        for field in provider.model_fields
        for choice in field.choices
        if choice.type and choice.value == (fields.get(field.name) or field.default)
    )
    only = provider.types[0] if len(provider.types) == 1 else None
    return next(chosen, None) or provider.infer_model_type(model_id, fields) or only


def rows(session: TenantSession) -> list[ModelRow]:
    """Return all models as rows."""
    return list(_rows(session)[0])


def rows_of(session: TenantSession, provider_id: str, model_id: str) -> list[ModelRow]:
    """Return the rows of one ID, of every type, without the rows of the other models."""
    usable, today = status.usable_providers(session), session.today()
    return _rows_for(session, by_id(session, provider_id, model_id), usable, today)


def cached(session: TenantSession, name: str, make: Callable[[Sequence[ModelRow]], T]) -> T:
    """Return `make(rows)`, computed once for as long as the rows stay the same."""
    computed, key = _rows(session)
    return session.store.cached(f"rows: {name}", lambda _: make(computed), key)


def _rows(session: TenantSession) -> tuple[Sequence[ModelRow], Hashable]:
    """Return all rows, and what else they depend on."""
    usable, today = status.usable_providers(session), session.today()
    key = (usable, today, trial_models_of(session))

    def read(_: Tables) -> Sequence[ModelRow]:
        return _rows_for(session, listing(session), usable, today)

    return session.store.cached("rows", read, key), key


def _rows_for(session: TenantSession, models: Sequence[Model], usable: frozenset[str], today: str) -> list[ModelRow]:
    """Return a row for each model. What is the same for thousands of them is looked up once."""
    chosen: dict[tuple[str, str], list[ModelType]] = {}
    for kind, default in defaults(session).items():
        chosen.setdefault((default.provider, default.model), []).append(kind)
    declared = {provider_id: PROVIDERS.get(provider_id) for provider_id in {model.provider for model in models}}
    labels = {provider_id: provider.label if provider else provider_id for provider_id, provider in declared.items()}
    rows, ready = [], str(ModelState.READY)
    for model in models:
        label, state, word = labels[model.provider], ModelState.READY, ready
        if model.gone or model.ends or model.provider not in usable:
            state, word = _state_of(model, label, usable, today)
        soon = state is ModelState.ENDING and _days_between(today, model.ends) <= _RETIREMENT_WARNING_DAYS
        is_default = model.type in chosen.get((model.provider, model.id), ())
        rows.append(ModelRow(model, state, word, is_default, label, soon))
    return rows


def _state_of(model: Model, label: str, usable: frozenset[str], today: str) -> tuple[ModelState, str]:
    """Return the state of a model, and the word for it."""
    if model.gone or (model.ends and model.ends <= today):
        return ModelState.GONE, f"gone since {model.gone}" if model.gone else f"ended {model.ends}"
    if model.provider not in usable:
        return ModelState.UNUSABLE, f"{label} cannot be used"
    return ModelState.ENDING, f"ends {model.ends}"


async def refresh(
    session: TenantSession, provider_id: str, on_event: model_sync.OnEvent = lambda event: None
) -> SyncResult:
    """Request the provider's model list. A provider without one keeps its built-in list."""
    provider = provider_of(session, provider_id)
    if provider.import_mode is ImportMode.ADDED:
        raise UsageError(
            f"The models of {provider.label} are added by hand.", remedy=Remedy(Action.ADD_MODEL, provider_id)
        )

    def prepare() -> tuple[str, "Access"]:
        credential = stored_credentials.active(session, provider_id)
        if credential is None:
            return "", stored_credentials.access(session, provider_id)
        return credential.name, stored_credentials.access_with(session, provider, credential)

    name, access = await asyncio.to_thread(prepare)
    listed: Sequence[Model] = provider.catalogue
    if provider.list_models is not None:
        listed = (
            await model_sync.fetch_models(session.process, access, [provider.list_models(access.fields)], on_event)
            or ()
        )

    def work() -> SyncResult:
        with session.store.transaction() as tables:
            table = tables.table("credentials")
            # By now another credential may be the active one.
            records = [record for record in table if (record["provider"], record["name"]) == (provider_id, name)]
            table.update({"listed_at": session.now()}, doc_ids=[record.doc_id for record in records])
            if not records:
                return SyncResult((), (), len(listed))
            credential = from_record(Credential, records[0])
            return listings.apply(tables, provider, credential, listed, session.today())

    return await asyncio.to_thread(work)


async def add(
    session: TenantSession,
    provider_id: str,
    model_id: str,
    type: ModelType,  # noqa: A002
    fields: Mapping[str, str] | None = None,
    verify: bool = True,
    plain_http: tuple[str, ...] = (),
    notify: Callable[[str], None] = lambda note: None,
    *,
    overwrite: bool = False,
) -> Model:
    """Add a model by hand. With `verify`, ask the provider about it and send a test request first.

    `notify` receives what the provider says of it, and progress.

    Raises:
        Conflict: Another session added it with other fields meanwhile, and `overwrite` is False.
    """
    provider = provider_of(session, provider_id)
    if type not in provider.types:
        served = ", ".join(model_type.value for model_type in provider.types)
        raise UsageError(f"{provider.label} serves no {type.label} models.", f"It serves {served}.")
    field_values = add_model.fields_of(provider, fields or {}, {})
    model = Model(provider_id, model_id_of(provider, model_id), type, Origin.ADDED, fields=field_values)
    if not overwrite:
        _is_new(session, model)
    baseline = None if overwrite else Baseline[Model](None)
    return await _verify_and_keep(session, model, fields or {}, verify, plain_http, notify, baseline, new=not overwrite)


async def edit(
    session: TenantSession,
    model: Model,
    fields: Mapping[str, str],
    verify: bool = True,
    plain_http: tuple[str, ...] = (),
    notify: Callable[[str], None] = lambda note: None,
    *,
    overwrite: bool = False,
) -> Model:
    """Change fields of an added model; fields not named keep their values.

    `model` is as it was read. Fields that only another session changed since then are as it saved them.

    Raises:
        Conflict: Another session removed the model, or changed the same fields and `overwrite` is False.
    """
    provider = provider_of(session, model.provider)
    if model.origin is not Origin.ADDED:
        raise UsageError(f"{model.ref} is imported and has no fields to change.", "Only added models have fields.")
    stored, changes = add_model.merge(session, provider, model, fields, overwrite=overwrite)
    changed = replace(stored or model, fields=add_model.fields_of(provider, changes, (stored or model).fields))
    return await _verify_and_keep(session, changed, changes, verify, plain_http, notify, Baseline(stored), new=False)


async def _verify_and_keep(
    session: TenantSession,
    model: Model,
    entered: Mapping[str, str],
    verify: bool,
    plain_http: tuple[str, ...],
    notify: Callable[[str], None],
    baseline: Baseline[Model] | None,
    *,
    new: bool,
) -> Model:
    from tui.workspace.playground.test_call import test_call  # lazy: start-up time

    access = await asyncio.to_thread(add_model.access_to, session, model, entered, plain_http)
    if verify:
        learned = await add_model.inspect(session.process, access, model, notify)
        if new and learned.model.id != model.id:
            _is_new(session, learned.model)
        model = learned.model if new else replace(learned.model, id=model.id)
        # Among what was learned may be another address: nobody entered that one.
        access = await asyncio.to_thread(add_model.access_to, session, model, entered, access.plain_http)
        outcome = await test_call(session, model, access, notify)
        model = outcome.model
        if outcome.usage:
            notify(f"The test request used {outcome.usage}.")
        if learned.note:
            notify(learned.note)
    await asyncio.to_thread(add_model.keep, session, model, access, baseline)
    return model


def _is_new(session: TenantSession, model: Model) -> None:
    for stored_model in all_models(session):
        if _same(stored_model, model) and not stored_model.gone:
            message = f"{model.ref} already exists, {stored_model.origin.value}."
            if stored_model.origin is Origin.IMPORTED:
                raise UsageError(message, "You can use it without adding it.")
            raise UsageError(message, remedy=Remedy(Action.EDIT_MODEL, model.provider, model=model.id))


async def test(session: TenantSession, model: Model) -> str:
    """Send a short test request, billed by the provider, and return its result as a sentence."""
    from tui.workspace.playground.test_call import test_call  # lazy: start-up time

    started = time.monotonic()
    outcome = await test_call(session, model)
    if outcome.model != model:
        await asyncio.to_thread(_measure, session, outcome.model)
    return f"{model.id} {outcome.words} in {round((time.monotonic() - started) * 1000)} ms."


async def test_all(
    session: TenantSession, models: Sequence[Model], on_result: Callable[[Model, "str | Problem"], None]
) -> None:
    """Send a short test request to each model, few at a time to a provider.

    `on_result` gets each model as it answers, with the sentence of `test`, or with the Problem of that model.
    """
    limits = {model.provider: asyncio.Semaphore(_MAX_PER_PROVIDER) for model in models}

    async def test_one(model: Model) -> None:
        async with limits[model.provider]:
            try:
                result: str | Problem = await test(session, model)
            except Problem as problem:
                result = problem
        on_result(model, result)

    await asyncio.gather(*map(test_one, models))


def is_billed(session: TenantSession, provider_id: str) -> bool:
    """Return True unless every server that the provider's key may be sent to is on this machine."""
    credential = stored_credentials.active(session, provider_id)
    return credential is None or not credential.origins or not all(map(is_loopback, credential.origins))


def removable(model: Model) -> bool:
    """Return True for an added model, and for one that its provider no longer lists."""
    return model.origin is Origin.ADDED or bool(model.gone)


async def remove(session: TenantSession, *models: Model) -> None:
    """Remove added models, or imported ones that are no longer listed, and their defaults, in one change."""
    if listed := next((model for model in models if not removable(model)), None):
        raise UsageError(
            f"{listed.ref} is listed by its provider and would come back.", "You can remove added models only."
        )
    refs = {(model.provider, model.id, model.type) for model in models}

    def work() -> None:
        with verification.credential_transaction(session) as tables:
            tables.table("models").remove(lambda record: _ref(record, "id") in refs)
            tables.table("defaults").remove(lambda record: _ref(record, "model") in refs)
            for provider_id in {model.provider for model in models}:
                with suppress(Locked):  # while the tenant is locked, what the key was sealed for stays
                    stored_credentials.update_origins(session, tables, provider_id)

    await asyncio.to_thread(work)


def _measure(session: TenantSession, model: Model) -> None:
    with session.store.transaction() as tables:
        tables.table("models").update({"dimensions": model.dimensions}, lambda record: _is(record, model))


def _same(other: Model, model: Model) -> bool:
    return (other.provider, other.id, other.type) == (model.provider, model.id, model.type)


def _is(record: Mapping[str, object], model: Model) -> bool:
    return _ref(record, "id") == (model.provider, model.id, model.type)


def _ref(record: Mapping[str, object], name: str) -> tuple[object, object, object]:
    """Return the provider, ID and type that a record names; `name` is its field of the ID."""
    return record.get("provider"), record.get(name), record.get("type")


def _days_between(first: str, last: str) -> int:
    """Return the days between two dates, 0 if one is not a date."""
    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError:
        return 0


def model_id_of(provider: Provider, text: str) -> str:
    """Return the normal form of a typed model ID; raise UsageError if it cannot be one."""
    cleaned = check_value(provider.model_id, text)
    if not cleaned or not is_id(cleaned, 200) or " " in cleaned:
        raise UsageError(
            f"{one_line(text, 80) or 'A blank text'} is not a valid model ID.", "Enter it as the provider writes it."
        )
    return cleaned
