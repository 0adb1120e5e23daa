"""`modeldeck credential rotate`: replace an API key, switch back, or confirm."""

from collections.abc import Coroutine
from typing import Any

from tui.cli.commands.provider.dry_run import print_change, print_plan
from tui.cli.commands.provider.set_up import apply, secret_hints
from tui.cli.context import CommandContext
from tui.cli.fields import Values, entries
from tui.domain import DEFAULT_NAME, Credential
from tui.errors import UsageError
from tui.providers.spec import Provider
from tui.tenancy import credentials
from tui.tenancy.connections import provider_of
from tui.workspace.credentials import rotation


def rotate(call: CommandContext) -> Coroutine[Any, Any, None]:
    """Replace the API key, switch back, or delete the old one."""
    provider, name = provider_of(call.tenant_session, call.args.one("P")), call.args.one("name", DEFAULT_NAME)
    words, confirm, undo = call.args.many("FIELD=VALUE"), call.args.has("confirm"), call.args.has("undo")
    if undo and (confirm or words):
        raise UsageError(
            "--undo cannot be combined with fields or --confirm.", "modeldeck credential rotate --help shows how."
        )
    if undo:
        return _undo(call, provider, name)
    if confirm and not words:
        return _confirm(call, provider, name)
    return _rotate(call, provider, name, words)


async def _rotate(call: CommandContext, provider: Provider, name: str, words: tuple[str, ...]) -> None:
    rotation.rotation_target(call.tenant_session, provider, name)
    await call.unlock(call.tenant)
    target = rotation.rotatable(call.tenant_session, provider, name)
    values = _new_secrets(call, provider, target, words)
    with secret_hints(provider):
        allow_http = call.args.has("allow-http")
        plan = await rotation.plan_rotation(
            call.tenant_session, provider.id, values, name=name, own_keys=True, allow_http=allow_http
        )
        if call.args.has("dry-run"):
            return print_plan(call, plan)
        done = await apply(call, plan)
    if call.args.has("confirm"):
        await rotation.discard_previous(call.tenant_session, provider.id, name)
    _print_keys(call, provider, done.credential, f", verified in {done.credential.check.ms} ms")


def _new_secrets(call: CommandContext, provider: Provider, credential: Credential, words: tuple[str, ...]) -> Values:
    """Read the fields; without a secret among them, ask for every stored one."""
    secret = [field.name for field in provider.fields if field.name in credential.hints]
    if not any(word.partition("=")[0] in secret for word in words):
        words = (*words, *(f"{entry}=-" for entry in secret))
    subject = f" of {provider.label} for {call.tenant.name}, the new one"
    return entries(provider.fields, words, call.secret_input, call.out, subject)


async def _undo(call: CommandContext, provider: Provider, name: str) -> None:
    previous = rotation.require_previous(call.tenant_session, provider.id, name)
    if call.args.has("dry-run"):
        key = f"the old key{_ending(credentials.key_hint(provider, previous.hints))}"
        return print_change(call, provider.id, name, f"Would let {name} of {provider.label} use {key} again.")
    await call.unlock(call.tenant)
    with call.naming_new_origins(provider):
        back = await rotation.restore_previous(call.tenant_session, provider.id, name)
    _print_keys(call, provider, back)


async def _confirm(call: CommandContext, provider: Provider, name: str) -> None:
    if call.args.has("dry-run"):
        previous = rotation.require_previous(call.tenant_session, provider.id, name)
        key = f"the old key{_ending(credentials.key_hint(provider, previous.hints))} of {name} of {provider.label}"
        return print_change(call, provider.id, name, f"Would delete {key}, from earlier states too.")
    await rotation.discard_previous(call.tenant_session, provider.id, name)
    stored = credentials.listing(call.tenant_session, provider.id)
    _print_keys(call, provider, next(entry for entry in stored if entry.name == name))


def _print_keys(call: CommandContext, provider: Provider, now: Credential, more: str = "") -> None:
    """Print which API key is in use, and which previous key is kept."""
    other = rotation.previous_key(call.tenant_session, provider.id, now.name)
    hint, old_hint = (credentials.key_hint(provider, entry.hints) if entry else None for entry in (now, other))
    if call.out.as_json:
        call.out.json(
            {
                "provider": provider.id,
                "credential": now.name,
                "active": now.active,
                "state": now.check.state,
                "ms": now.check.ms,
                "hint": hint,
                "kept": old_hint,
            }
        )
        return
    place = "" if now.name == DEFAULT_NAME else f" --name {now.name}"
    call.out.confirm(f"{now.name} of {provider.label} now uses the key{_ending(hint)}{more}.")
    if other is None:
        call.out.confirm("No old API key is stored.")
    else:
        call.out.confirm(f"The key{_ending(old_hint)} is kept.")
        call.out.confirm(
            f"modeldeck credential rotate {provider.id}{place} --undo switches back to it, --confirm deletes it."
        )


def _ending(hint: str | None) -> str:
    return f" ending {hint}" if hint else ""
