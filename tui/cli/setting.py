"""`modeldeck provider set`: verify, seal, save, import; say what was done and what is proposed."""

from collections.abc import Coroutine
from typing import Any

from tui.cli.calling import Calling
from tui.cli.columns import counted
from tui.cli.entries import Values, entries
from tui.domain import Check, CheckState, Credential, Model, ModelType
from tui.providers import provider as provider_by_id
from tui.providers.spec import Provider
from tui.workspace import credentials, defaults


def set_up(call: Calling) -> Coroutine[Any, Any, None]:
    """Take the fields in, then save them."""
    provider = provider_by_id(call.given.one("P"))
    tenant = call.tenant  # named before anybody is asked for a key
    values = entries(provider.fields, call.given.many("FIELD=VALUE"), call.hidden, call.out)
    return _save(call, provider, tenant.id, values)


async def _save(call: Calling, provider: Provider, tenant_id: str, values: Values) -> None:
    name = call.given.one("name", "default")
    plain_http = _plain_http(call, provider, tenant_id, values, name)
    check, listed = Check(), None
    if not call.given.has("no-verify"):
        verified = await call.opening(
            lambda: credentials.verify(call.desk, tenant_id, provider.id, values, name=name, plain_http=plain_http)
        )
        check, listed = verified.check, verified.listed
    saved = await call.opening(
        lambda: credentials.save(
            call.desk, tenant_id, provider.id, values, name=name, check=check, listed=listed, plain_http=plain_http
        )
    )
    _report(call, provider, saved, None if listed is None else len(listed), defaults.proposals(call.desk, tenant_id))


def _plain_http(call: Calling, provider: Provider, tenant_id: str, values: Values, name: str) -> tuple[str, ...]:
    """With --allow-http, the origins that it is needed for; without it saving refuses them."""
    if not call.given.has("allow-http"):
        return ()
    stored = next((each for each in credentials.listing(call.desk, tenant_id, provider.id) if each.name == name), None)
    fields, _ = credentials.validate(provider, values, stored)
    return credentials.needs_plain_http(provider.origins(fields))


def _report(
    call: Calling, provider: Provider, saved: Credential, models: int | None, proposed: dict[ModelType, Model]
) -> None:
    out = call.out
    if out.as_json:
        out.json(
            {
                "provider": provider.id,
                "credential": saved.name,
                "active": saved.active,
                "state": saved.check.state,
                "ms": saved.check.ms,
                "models": models,
                "proposed": [{"type": kind, "model": model.ref} for kind, model in proposed.items()],
            }
        )
        return
    if saved.check.state is CheckState.UNVERIFIED:
        out.line(f"{provider.label} is saved, not verified.")
        out.line(f"modeldeck provider verify {provider.id} asks it.")
    else:
        out.line(f"{provider.label} is saved, verified in {saved.check.ms} ms.")
        if saved.check.message:
            out.line(saved.check.message)
    if not saved.active:
        out.line(f"Another credential stays active; modeldeck credential use {provider.id} {saved.name} switches.")
    if models is not None:
        out.line(f"{counted(models, 'model')} imported.")
    elif provider.after_saving:
        out.line(provider.after_saving)
    for kind, model in proposed.items():
        out.line(f"Proposed for {kind.label}: modeldeck default set {kind} {model.ref}")
