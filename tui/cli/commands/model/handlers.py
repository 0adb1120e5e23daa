"""`modeldeck model list | refresh | search | add | edit | test | remove`."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.fields import entries
from tui.cli.model_call import print_progress, unlock_for_model
from tui.cli.output import count_noun
from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers.spec import Provider
from tui.tenancy import credentials, models
from tui.tenancy.connections import provider_of
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.models import add as add_model
from tui.workspace.models import catalog
from tui.workspace.models.catalog import ModelRow


def list_all(call: CommandContext) -> None:
    """Print the models of a tenant, all or of one type or provider."""
    kind, provider = _type(call), call.args.one("provider")
    provider_id = provider_of(call.tenant_session, provider).id if provider else ""
    rows = [
        row
        for row in catalog.rows(call.tenant_session)
        if (kind is None or row.model.type is kind) and provider_id in ("", row.model.provider)
    ]
    if call.out.as_json:
        call.out.json([_row_shape(row) for row in rows])
        return
    if not rows and call.out.decorated:
        set_up = provider_id and credentials.listing(call.tenant_session, provider_id)
        command = f"model refresh {provider_id}" if set_up else f"provider set {provider_id or 'P'}"
        call.out.note(f"No such models yet. To import a provider's models: modeldeck {command}")
    call.out.table(
        ("model", "type", "context", "state", ""),
        [
            (
                row.model.ref,
                row.model.type,
                f"{row.model.context:,}" if row.model.context else "–",
                row.word,
                "default" if row.default else "",
            )
            for row in rows
        ],
    )


def _type(call: CommandContext) -> ModelType | None:
    named = call.args.one("type")
    return ModelType(named) if named else None


def _row_shape(row: ModelRow) -> dict[str, Any]:
    model = row.model
    return {
        "provider": model.provider,
        "id": model.id,
        "type": model.type,
        "origin": model.origin,
        "state": row.state,
        "default": row.default,
        "context": model.context,
        "dimensions": model.dimensions,
        "ends": model.ends,
        "gone": model.gone,
        "fields": dict(model.fields),
    }


def _find(call: CommandContext) -> Model:
    ref = f"{provider_of(call.tenant_session, call.args.one('P')).id}/{call.args.one('MODEL')}"
    return models.find(call.tenant_session, ref, _type(call))


def _answer(call: CommandContext, model: Model, sentence: str) -> None:
    if call.out.as_json:
        rows = catalog.rows(call.tenant_session)
        call.out.json(
            next(_row_shape(row) for row in rows if (row.model.ref, row.model.type) == (model.ref, model.type))
        )
    else:
        call.out.confirm(sentence)


def _entries(call: CommandContext, provider: Provider) -> dict[str, str]:
    """Return the fields of an added model; none of them is secret."""
    values = entries(provider.model_fields, call.args.many("FIELD=VALUE"), call.secret_input, call.out)
    return {name: value for name, value in values.items() if isinstance(value, str)}


async def refresh(call: CommandContext) -> None:
    """List a provider's models again."""
    provider = provider_of(call.tenant_session, call.args.one("P"))
    on_event = partial(print_progress, call.out)
    await call.unlock_for(provider.id)
    done = await catalog.refresh(call.tenant_session, provider.id, on_event)
    if call.out.as_json:
        call.out.json(
            {"provider": provider.id, "added": list(done.added), "gone": list(done.gone), "total": done.total}
        )
    else:
        call.out.confirm(
            f"{provider.label} lists {count_noun(done.total, 'model')}: "
            f"{len(done.added):,} new, {len(done.gone):,} gone."
        )


async def search(call: CommandContext) -> None:
    """Find models that can be added."""
    provider, words = provider_of(call.tenant_session, call.args.one("P")), " ".join(call.args.many("WORD"))
    if provider.search is None:
        raise UsageError(
            f"{provider.label} has no model search.",
            f"Add a model by its ID: modeldeck model add {provider.id} MODEL",
        )
    kind = _type(call) or ModelType.CHAT
    await call.unlock_for(provider.id)
    hits = await add_model.search(call.tenant_session, provider.id, words, kind)
    if call.out.as_json:
        call.out.json(
            [
                {"id": result.id, "note": result.note, "usable": result.usable, "fields": dict(result.fields)}
                for result in hits
            ]
        )
        return
    if not hits and call.out.decorated:
        call.out.note(f"{provider.label} found no {kind.label} model of that name.")
    call.out.table(
        ("model", "", "with the fields"),
        [
            (result.id, result.note, " ".join(f"{name}={value}" for name, value in result.fields.items()))
            for result in hits
        ],
    )


async def add(call: CommandContext) -> None:
    """Add a model by hand, verified unless --no-verify is given."""
    provider = provider_of(call.tenant_session, call.args.one("P"))
    fields = _entries(call, provider)
    verify = not call.args.has("no-verify")
    name = call.args.one("MODEL")
    kind = _type(call) or catalog.proposed_type(provider, name, fields)
    if kind is None:
        raise UsageError(
            "Missing --type: the model type could not be inferred.", f"Use one of: {', '.join(provider.types)}."
        )

    def adding(plain_http: tuple[str, ...]) -> Awaitable[Model]:
        note = call.out.note
        return catalog.add(call.tenant_session, provider.id, name, kind, fields, verify, plain_http, note)

    model = await _allow_plain_http(call, provider.id, adding)
    _answer(call, model, f"Added {model.ref} ({model.type.label}){'' if verify else ', not verified'}.")


async def edit(call: CommandContext) -> None:
    """Change fields of an added model, verified unless --no-verify is given."""
    model = _find(call)
    fields = _entries(call, provider_of(call.tenant_session, model.provider))
    verify = not call.args.has("no-verify")

    def editing(plain_http: tuple[str, ...]) -> Awaitable[Model]:
        return catalog.edit(call.tenant_session, model, fields, verify, plain_http, call.out.note)

    changed = await _allow_plain_http(call, model.provider, editing)
    _answer(call, changed, f"Changed {changed.ref}.")


async def _allow_plain_http(
    call: CommandContext, provider_id: str, work: Callable[[tuple[str, ...]], Awaitable[Model]]
) -> Model:
    """Do it; with --allow-http, an address in plain http is taken."""
    await call.unlock_for(provider_id)
    with call.naming_new_origins(provider_of(call.tenant_session, provider_id)):
        try:
            return await work(())
        except PlainHttp as problem:
            if not call.args.has("allow-http"):
                raise
            origins = problem.origins
        return await work(origins)


async def test(call: CommandContext) -> None:
    """Send a short test request to a model."""
    model = _find(call)
    await unlock_for_model(call, model)
    sentence = await catalog.test(call.tenant_session, model)
    if call.out.as_json:
        call.out.json({"provider": model.provider, "id": model.id, "type": model.type, "message": sentence})
    else:
        call.out.line(sentence)


async def remove(call: CommandContext) -> None:
    """Remove an added model; of one that is a default, say so first."""
    model = _find(call)
    chosen = models.defaults(call.tenant_session).get(model.type)
    is_default = chosen is not None and chosen.ref == model.ref
    shape = {"provider": model.provider, "id": model.id, "type": model.type}
    asks = catalog.removable(model) and (is_default or call.args.has("dry-run"))
    preview = (
        f"{model.ref} is the default {model.type.label} model, which would be cleared."
        if is_default
        else f"{model.ref} would be removed."
    )
    if asks and not call.confirm(shape, preview, "Add --yes to remove it."):
        return
    await catalog.remove(call.tenant_session, model)
    suffix = f" The default {model.type.label} model is cleared." if is_default else ""
    sentence = f"Removed {model.ref}.{suffix}"
    call.out.result({**shape, "removed": True, "message": sentence}, sentence)
