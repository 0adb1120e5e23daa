"""Inspect models before they are added: fields, the provider's answer, needed origins.

An address that a person enters with a model is one that the credential's secrets may go to from then on: they are
sealed anew for it when the model is kept, and not before; with the model the address goes again.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.domain import Model, ModelType, Origin
from tui.providers.events import ModelDetails, Notice, SearchResult, SearchResults
from tui.providers.origins import origin_of
from tui.providers.spec import Field, Provider
from tui.sanitize import is_id, one_line
from tui.tenancy import credentials, models, verification
from tui.tenancy.connections import provider_of
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session, TenantSession
from tui.workspace.conflicts import Baseline, conflict, require_unchanged
from tui.workspace.credentials.fields import FieldProblem, UnverifiedAddress, check_value
from tui.workspace.credentials.save_plan import PlainHttp, needs_plain_http

if TYPE_CHECKING:
    from tui.providers.client.access import Access
    from tui.providers.requests import Call


async def search(
    session: TenantSession,
    provider_id: str,
    text: str,
    type: ModelType,  # noqa: A002 - the word of the design
) -> tuple[SearchResult, ...]:
    """Return models of a provider to add, best first; none if it has no search."""
    provider = provider_of(session, provider_id)
    if provider.search is None:
        return ()
    access = await asyncio.to_thread(credentials.access, session, provider_id)
    results = await _search_results(session.process, access, provider.search(access.fields, text.strip(), type))
    return tuple(result for result in results if provider.accepts_model_id(result.id))


async def suggestions(
    session: TenantSession, provider_id: str, field: str, values: Mapping[str, str]
) -> tuple[SearchResult, ...]:
    """Return suggested values for a field of an added model, given the values of the others."""
    provider = provider_of(session, provider_id)
    if field not in provider.field_options:
        return ()
    access = await asyncio.to_thread(credentials.access, session, provider_id)
    return await _search_results(session.process, access, provider.field_options[field](access.fields, values))


def belongs(field: Field, filled: Mapping[str, str]) -> bool:
    """Return True if a field applies to these values of the fields before it."""
    return not field.visible_when or filled.get(field.visible_when[0], "") in field.visible_when[1:]


def fields_of(provider: Provider, values: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of an added model: what was entered, completed by what it had `before`.

    What its provider said of it stays as long as nothing else changes.
    """
    declared = {model_field.name: model_field for model_field in provider.model_fields}
    for name in values:
        if name not in declared:
            has = f"It has {', '.join(declared)}." if declared else "An ID and a type are enough."
            raise FieldProblem(name, f"Models of {provider.label} have no field {one_line(name, 40)}.", has)
    filled: dict[str, str] = {}
    for field in provider.model_fields:
        value = check_value(field, values.get(field.name, ""))
        if not belongs(field, filled):
            if value not in ("", field.default, before.get(field.name)):
                raise FieldProblem(field.name, f"{field.label} is only for {_condition(provider, field)}.")
            continue
        value = value or ("" if field.name in values else before.get(field.name, "")) or field.default
        if field.required and not value:
            raise FieldProblem(field.name, f"{field.label} is missing.", field.help)
        if value:
            filled[field.name] = value
    same = filled == {name: value for name, value in before.items() if name in declared}
    return dict(before) if same else filled


def entered_origins(provider: Provider, entered: Mapping[str, str]) -> tuple[str, ...]:
    """Return the origins of the addresses among the model fields that a person entered."""
    addresses = (check_value(field, entered.get(field.name, "")) for field in provider.model_fields if field.url)
    return tuple(origin_of(address) for address in addresses if address)


def access_to(
    session: TenantSession, model: Model, entered: Mapping[str, str], plain_http: tuple[str, ...] = ()
) -> "Access":
    """Return access for a model that is not kept yet, with the addresses that a person `entered` for it just now.

    Raises:
        FieldProblem: if the model has an address that was neither entered nor sealed with the credential.
        PlainHttp: if an address is plain http that nobody has allowed yet.
    """
    access = credentials.access(session, model.provider, model.id)
    own = access.provider.model_origins(access.fields, model)
    accepted = {*access.origins, *entered_origins(access.provider, entered)}
    if unknown := [origin for origin in own if origin not in accepted]:
        raise UnverifiedAddress(
            next((field.name for field in access.provider.model_fields if field.url), ""),
            f"The address {', '.join(unknown)} of {model.id} was not entered by you.",
            "Nothing was sent. If it is correct, enter it again with this model.",
        )
    allowed = (*access.plain_http, *(entry for entry in plain_http if entry in own))
    if open_ones := needs_plain_http(own, allowed):
        field = next((model_field.name for model_field in access.provider.model_fields if model_field.url), "")
        raise PlainHttp(field, open_ones)
    return replace(access, origins=_join_types(access.origins, own), plain_http=_join_types(allowed))


async def inspect(
    session: Session, access: "Access", model: Model, notify: Callable[[str], None] = lambda note: None
) -> ModelDetails:
    """Ask the provider about a model; return it with a sentence, or unchanged if it cannot be asked.

    `notify` receives progress, for example that the model is loading.
    """
    check = access.provider.inspect_model
    learned = ModelDetails(model)
    if check is None:
        return learned
    async with aclosing(session.client.stream(access, check(access.fields, model))) as events:
        async for event in events:
            if isinstance(event, ModelDetails):
                learned = event
            elif isinstance(event, Notice):
                notify(one_line(event.text))
    result = replace(learned.model, provider=model.provider, type=model.type, origin=Origin.ADDED, gone="")
    return replace(learned, model=result, note=one_line(learned.note))


def merge(
    session: TenantSession, provider: Provider, model: Model, fields: Mapping[str, str], *, overwrite: bool
) -> tuple[Model | None, dict[str, str]]:
    """Return a model as it is stored by now, None if it was removed, and the `fields` that are to be changed in it.

    `model` is what a form was filled with.

    Raises:
        Conflict: Another session removed it, or changed the same fields, and `overwrite` is False.
    """
    stored = _stored(session, model)
    stored_fields = stored.fields if stored else model.fields
    changes, both = dict(fields), list[str]()
    for field in provider.model_fields:
        before, there = (values.get(field.name, "") or field.default for values in (model.fields, stored_fields))
        if there == before or field.name not in fields:
            continue
        here = check_value(field, fields[field.name]) or field.default
        if here == before:
            del changes[field.name]
        elif here != there:
            both.append(f"{field.label} to {one_line(there, 60) or 'nothing'}")
    if stored is None and not overwrite:
        raise conflict(session, f"removed {model.ref}")
    if both and not overwrite:
        raise conflict(session, f"changed {', '.join(both)}")
    return stored, changes


def keep(session: TenantSession, model: Model, access: "Access", baseline: Baseline[Model] | None = None) -> None:
    """Store an added model and the origins that it was inspected with.

    Raises:
        Conflict: Another session changed, added or removed the model since `baseline` was read.
    """
    with verification.credential_transaction(session) as tables:
        if baseline is not None:
            present = _stored(session, model)
            verb = "removed" if present is None else "changed" if baseline.value else "added"
            require_unchanged(
                session, Baseline(_fields(baseline.value)), _fields(present), _fields(model), f"{verb} {model.ref}"
            )
        table = tables.table("models")
        table.remove(
            lambda record: (record["provider"], record["id"], record["type"]) == (model.provider, model.id, model.type)
        )
        table.insert(to_record(model))
        credentials.update_origins(session, tables, model.provider, access.origins, access.plain_http)


def _fields(model: Model | None) -> dict[str, str] | None:
    return dict(model.fields) if model else None


def _stored(session: TenantSession, model: Model) -> Model | None:
    """Return the stored model of that ID and type that was added by hand and is listed."""
    of_id = models.by_id(session, model.provider, model.id)
    same = (stored for stored in of_id if stored.type is model.type)
    return next((stored for stored in same if stored.origin is Origin.ADDED and not stored.gone), None)


async def _search_results(session: Session, access: "Access", call: "Call") -> tuple[SearchResult, ...]:
    hits: list[SearchResult] = []
    async with aclosing(session.client.stream(access, call)) as events:
        async for event in events:
            if isinstance(event, SearchResults):
                hits += event.hits
    # A changed id would name something else.
    return tuple(
        replace(result, note=one_line(result.note), label=one_line(result.label))
        for result in hits
        if result.id and is_id(result.id)
    )


def _condition(provider: Provider, field: Field) -> str:
    """Return when a field applies, in words: `Endpoint type Inference Endpoint`."""
    name, *values = field.visible_when
    other = next((model_field for model_field in provider.model_fields if model_field.name == name), Field(name, name))
    labels = {choice.value: choice.label for choice in other.choices}
    return f"{other.label} {' or '.join(labels.get(value, value) for value in values)}"


def _join_types(*origins: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry for some in origins for entry in some))
