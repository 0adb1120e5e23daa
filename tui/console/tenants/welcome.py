"""The first screen: create the first tenant, and choose where to start."""

import getpass
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from textual.binding import BindingType
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.navigator import Console, Navigator
from tui.console.frame.screen import FramedScreen
from tui.console.keys import bind
from tui.console.tenants.create_form import CREATE, TenantForm
from tui.console.widgets.form import Choice, FieldRow
from tui.console.widgets.row_list import Rows
from tui.console.widgets.static_text import Plain
from tui.console.widgets.truncate import clip_middle
from tui.paths import paths
from tui.providers import PROVIDERS
from tui.providers.openai_compatible.presets import kind
from tui.sanitize import one_line
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.workspace.credentials import discovery, environment
from tui.workspace.credentials.discovery import DiscoveredKey
from tui.workspace.credentials.environment import SetUp
from tui.workspace.models.proposals import proposed_defaults

_INTRODUCTION = (
    "\n   Manages each tenant's LLM providers: encrypted API keys, models and\n   defaults. Try any model right away.\n"
)
_SHARED = "   For tenants of others, run modeldeck operator request in a shell.\n"
_HELP = ("Optional. Without one, anyone who can read your files on", "this machine can decrypt the keys.")

_CHOICE_WIDTH = 55
"""Characters of a choice at 80 columns."""

KEY, SERVER, LIST, PRACTICE = "key", "server", "list", "practice"


class Welcome(FramedScreen[None]):
    """Create the first tenant, then open where to start."""

    HELP_KEY = "welcome.help"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("welcome.stop", "stop"),
        bind("welcome.help", "app.help"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._keys_here: dict[str, DiscoveredKey] = {}
        self._start = Choice("Start with", [], column=True, id="start")

    def content(self) -> Iterable[Widget]:
        session = self.navigator.session
        introduction = _INTRODUCTION + (_SHARED if session.shares else "")
        self._form = TenantForm(session, "Tenant", _HELP, above=Plain(introduction), parts=(self._start,))
        yield self._form

    def chrome(self) -> ScreenText:
        where = paths(self.navigator.session.environ)
        elsewhere = "in the shared store" if self.navigator.session.shares else "in memory"
        settings, keys = self.navigator.session.tenants.path, self.navigator.session.keys.path
        if self._start.value == KEY and len(self._keys_here) > 1:
            names = ", ".join(key.variable for key in self._keys_here.values())
            strip = ("Each key is verified at its provider, then encrypted and saved:", names)
            return ScreenText("Welcome", self._footer(), strip=strip)
        strip = (
            f"Settings   {where.short(settings) if settings else elsewhere}",
            f"Keys       {where.short(keys) if keys else 'in memory'}",
        )
        return ScreenText("Welcome", self._footer(), strip=strip)

    def _footer(self) -> tuple[str, ...]:
        here = self.focused
        if self._form.creating:
            return ("welcome.stop", "app.quit-everywhere")
        secret = here in (self._form.passphrase.first.field, self._form.passphrase.again.field)
        enter = "field.next" if secret else "field.next: open" if self._is_practice else "field.next: create tenant"
        moves = ("focus.up focus.down: choose", "focus.next") if here is self._start else ("focus.next",)
        return (enter, *moves, "app.quit-everywhere")

    @property
    def _is_practice(self) -> bool:
        return self._start.value == PRACTICE

    def on_mount(self) -> None:
        self._show_choices()
        self._form.name_row.field.propose(_login_name(self.navigator.session))
        self._start.focus()

    def on_screen_resume(self) -> None:
        self._show_choices()

    def _show_choices(self) -> None:
        self._keys_here = environment.environment_keys(self.navigator.session)
        self._start.set_options(starts(self.navigator.session, self._keys_here))

    # --- what is pressed ---

    def on_choice_changed(self) -> None:
        self._form.button.relabel("Open practice" if self._is_practice else CREATE)
        self.refresh_chrome()

    def on_choice_next(self) -> None:
        self._submit()

    def on_button_pressed(self) -> None:
        self._submit()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        if event.row is self._form.name_row:
            self._submit()
        else:
            self.focus_next()

    def on_input_changed(self) -> None:
        self._form.name_row.show_lines()

    def on_tenant_form_submitted(self) -> None:
        self.run_guarded(self._create(), "make")

    def action_stop(self) -> None:
        self.workers.cancel_group(self, "make")

    def _submit(self) -> None:
        if self._is_practice:
            self.console.start_practice()
        else:
            self._form.submit()

    async def _create(self) -> None:
        if tenant := await self._form.create():
            # Where all tenants were removed this form comes up again.
            self._form.passphrase.clear()
            keys = self._keys_here if self._start.value == KEY and len(self._keys_here) > 1 else {}
            opening = _open_providers(self.navigator, tenant.id, self._provider(), self._start.value == SERVER)
            self.app.run_worker(
                _use_all(self.console, tenant.id, keys) if keys else opening, group="begin", exit_on_error=False
            )

    def _provider(self) -> str:
        """Return the provider whose form opens next, '' for the list."""
        if self._start.value == SERVER:
            return local_provider()
        return next(iter(self._keys_here)) if self._start.value == KEY and len(self._keys_here) == 1 else ""

    def unsaved(self) -> str:
        return "The tenant is not created yet." if self._form.creating or self._form.passphrase.has_text else ""


async def _open_providers(navigator: Navigator, tenant_id: str, provider_id: str, look: bool) -> None:
    """Open the list of providers, and the form if a provider or a preset was chosen."""
    await navigator.open_tenant(tenant_id, "providers")
    if provider_id in PROVIDERS:
        if (screen := navigator.screen) is not None:
            screen.query_one("#list", Rows).select(provider_id)
        await navigator.set_up(provider_id, look=look)
    elif provider_id:
        await navigator.add_provider(provider_id)


async def _use_all(console: Console, tenant_id: str, keys: Mapping[str, DiscoveredKey]) -> None:
    """Open the list of providers, set up each whose key is in the environment, and propose default models.

    A key that was not accepted is named in a dialog, which stays until it is read.
    """
    navigator = console.navigator
    session = navigator.session.tenant(tenant_id)
    await navigator.open_tenant(tenant_id, "providers")
    console.dialogs.toast(f"Verifying {len(keys)} keys …")
    results = await environment.set_up_all(session, keys)
    results = [await _ask_about(console, result) if result.pending else result for result in results]
    summary = environment.summary(results)
    if any(result.problem for result in results) and not proposed_defaults(session):
        await console.dialogs.ask("Keys from the environment", summary.splitlines(), {"": "Close"})
    elif await navigator.propose_defaults(summary) == "playground":
        navigator.show_area("playground")


async def _ask_about(console: Console, result: SetUp) -> SetUp:
    """Ask whether to save over what another session saved meanwhile; return what came of it."""
    problem = result.problem
    lines = [problem.message if problem else "", "", f"The key in {result.variable} is accepted, and not saved."]
    choices = {"theirs": "Keep theirs", "mine": "Overwrite with mine"}
    answer = await console.dialogs.ask("Another session saved first", lines, choices)
    return await environment.save_over(result) if answer == "mine" else result


def local_provider() -> str:
    """Return the provider that supports the most kinds of local model servers."""
    known = [provider for provider in PROVIDERS.values() if provider.local_servers]
    return max(known, key=lambda candidate: len(candidate.local_servers)).id if known else ""


def starts(session: Session, discovered_keys: Mapping[str, DiscoveredKey]) -> list[tuple[str, str]]:
    """Return where a new tenant can start: keys found here, a local server, the list, practice mode."""
    offered = [(LIST, "the list of providers"), (PRACTICE, "practice mode: sample tenants, nothing saved or sent")]
    local = local_provider()
    if local:
        names = ", ".join(local_server.label for local_server in PROVIDERS[local].local_servers[:2])
        offered.insert(0 if discovered_keys else 1, (SERVER, f"a model server on this machine ({names} …)"))
    if len(discovered_keys) == 1:
        provider, key = next(iter(discovered_keys.items()))
        declared = kind(provider)
        label = _host(key) or (declared.label if declared else provider)
        words = f"{label}, with {key.variable} from the environment"
        if len(words) > _CHOICE_WIDTH:
            with_key = f", with {key.variable} set here"
            words = clip_middle(label, _CHOICE_WIDTH - len(with_key)) + with_key
        offered.insert(0, (KEY, words))
    elif discovered_keys:
        offered.insert(0, (KEY, _all_of([key.variable for key in discovered_keys.values()])))
    if local and discovery.runs_here(session, PROVIDERS[local]):
        offered.sort(key=lambda start: start[0] != SERVER)
    return offered


def _host(key: DiscoveredKey) -> str:
    """Return the host that the environment names for a key, '' for the provider's own."""
    urls = (value for value in key.values.values() if isinstance(value, str) and "://" in value)
    return next((urlsplit(url).netloc for url in urls if key.base_url_variable), "")


def _all_of(variables: Sequence[str]) -> str:
    """Return `all 3 keys here: OPENAI_API_KEY, GROQ_API_KEY …`, as many names as have room."""
    words = f"all {len(variables)} keys here: {variables[0]}"
    for name in variables[1:]:
        if len(words) + len(name) + 4 > _CHOICE_WIDTH:
            return f"{words} …"
        words += f", {name}"
    return words


def _login_name(session: Session) -> str:
    """Return the name of whoever logged in; for root that of the machine, which says more."""
    name = _user_name(session)
    if name == "root":
        sudo = session.environ.get("SUDO_USER", "")
        name = sudo if sudo not in ("", "root") else socket.gethostname().partition(".")[0]
    return one_line(name, tenant_registry.MAX_NAME)


def _user_name(session: Session) -> str:
    name = session.environ.get("USER") or session.environ.get("LOGNAME") or ""
    if not name:
        try:
            name = getpass.getuser()
        except (OSError, KeyError):  # no entry for this user
            name = ""
    return name
