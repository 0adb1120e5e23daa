"""Actions on providers and credentials. Each returns the notice to show, or ''."""

from collections.abc import Awaitable, Callable, Sequence

from tui.console.frame.navigator import Questions
from tui.console.frame.screen import FramedScreen
from tui.console.keys import hint
from tui.console.providers.checks import Work
from tui.console.providers.summary import removal_lines, switch_notice
from tui.domain import Credential, ProviderState, previous_of
from tui.tenancy import credentials, keyring
from tui.tenancy.session import TenantSession
from tui.workspace.credentials import status
from tui.workspace.credentials import verify as verification
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog


async def unlocked_for_check(questions: Questions, pairs: Sequence[tuple[ProviderRow, Credential]]) -> bool:
    """Return True if these credentials can be verified; ask for the passphrase if one of them holds a key."""
    step = f"verify {pairs[0][0].provider.label}" if len(pairs) == 1 else "verify all providers"
    sealed = any(credential.envelope for _, credential in pairs)
    return not sealed or await questions.ensure_unlocked(step)


async def unlocked_for_listing(questions: Questions, row: ProviderRow, credential: Credential) -> bool:
    """Return True if the models can be listed with that credential; ask for the passphrase if it holds a key."""
    return not credential.envelope or await questions.ensure_unlocked(f"refresh the models of {row.provider.label}")


def checks_of(
    session: TenantSession, pairs: Sequence[tuple[ProviderRow, Credential]], changed: Callable[[], None]
) -> list[Work]:
    """Return the verifications of these credentials; `changed` is called after each."""

    def check(provider_id: str, name: str) -> Callable[[], Awaitable[None]]:
        async def verify() -> None:
            await verification.verify_stored(session, provider_id, name)
            changed()

        return verify

    return [(row.provider.id, "checking", check(row.provider.id, credential.name)) for row, credential in pairs]


async def open_page(screen: FramedScreen[None], name: str, row: ProviderRow, credential: Credential | None) -> str:
    """Open a page about a provider by its name: `doctor`, `health` or `expiry`; return what was done there."""
    if name == "doctor":
        await _show_doctor(screen, row, credential)
    elif name == "health":
        from tui.console.pages.health import Health  # lazy: the page

        await screen.app.push_screen_wait(Health())
    else:
        from tui.console.providers.expiry import Expiry  # lazy: the page
        from tui.workspace.credentials.lifetime import lifetime, with_key  # lazy: the page

        session = screen.navigator.tenant_session
        with_terms = with_key(session, row.provider.id, credential.name if credential else "")
        page = Expiry(row.provider.label, with_terms, lifetime(session, with_terms))
        return await screen.app.push_screen_wait(page) or ""
    return ""


async def _show_doctor(screen: FramedScreen[None], row: ProviderRow, credential: Credential | None) -> None:
    """Show the checks on the way to a provider. Without the passphrase, everything but the key is checked."""
    from tui.console.providers.doctor import Doctor  # lazy: the page

    if credential is not None and credential.envelope:
        await screen.dialogs.ensure_unlocked(f"try the key of {row.provider.label}")
    usable = credential is not None and not previous_of(credential.name)
    await screen.app.push_screen_wait(Doctor(row.provider, credential.name if credential and usable else ""))


async def refresh(session: TenantSession, row: ProviderRow) -> str:
    """List the models of a provider again."""
    result = await catalog.refresh(session, row.provider.id)
    return f"{row.provider.label}: {result.total:,} models, {len(result.added):,} new, {len(result.gone):,} gone."


async def switch(session: TenantSession, questions: Questions, row: ProviderRow, choice: Credential) -> str:
    """Use another stored credential of a provider, or go back to the key before a rotation; both can be undone."""
    now = row.credential
    assert now is not None
    step = f"use the old key of {row.provider.label}"
    if previous_of(choice.name) and not keyring.is_open(session) and not await questions.ensure_unlocked(step):
        return ""
    await status.use(session, row.provider.id, choice.name)
    notice = switch_notice(row, now, choice)
    if row.provider.list_models is not None and not status.row(session, row.provider.id).models:
        notice += hint(" {providers.refresh} imports its models.")
    return notice


def _contents(session: TenantSession, provider_id: str) -> dict[str, object]:
    """Return what the credentials of a provider hold, by name."""
    return {entry.name: (entry.envelope, dict(entry.clear)) for entry in credentials.listing(session, provider_id)}


async def remove(session: TenantSession, questions: Questions, row: ProviderRow, name: str) -> str:
    """Remove a credential that is not in use by its name, or with '' all that is stored of a provider. Asks first."""
    label = row.provider.label
    verb = "Forget" if row.state is ProviderState.UNDECRYPTABLE and not name else "Remove"
    what = f"{name} of {label}" if name else label
    shown = None
    while (stored := _contents(session, row.provider.id)) != shown and name in ("", *stored):
        lines = removal_lines(session, row, name)
        lines = lines if shown is None else ["Another session changed it meanwhile.", "", *lines]
        if await questions.ask(f"{verb} {what}", lines, {"keep": "Keep", "remove": verb}) != "remove":
            return ""
        shown = stored
    if name:
        await status.remove(session, row.provider.id, name)
    else:
        await status.remove_provider(session, row.provider.id)
    return f"Removed {what}."
