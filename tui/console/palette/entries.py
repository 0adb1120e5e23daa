"""What the command palette holds: actions, areas, types, providers, models and tenants, each with what it does."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui.console.actions import Action, actions_of, class_actions, hint, key_of
from tui.console.frame.chrome import AREAS
from tui.console.frame.screen import AreaScreen, FramedScreen
from tui.console.palette.matching import Command, CommandGroup, sought
from tui.console.remedies import problem_hint
from tui.domain import ImportMode, Model, ModelType, Tenant
from tui.errors import Problem
from tui.tenancy import keyring, models, verification
from tui.tenancy import tenants as tenant_registry
from tui.workspace.credentials import status
from tui.workspace.models import catalog, defaults
from tui.workspace.models.catalog import ModelRow
from tui.workspace.transfer import export

if TYPE_CHECKING:
    from tui.console.app import Modeldeck

_TABS = {
    ModelType.CHAT: ("chat", "{area.playground}"),
    ModelType.EMBEDDING: ("embedding", "{area.playground} then {playground.type}"),
    ModelType.SPEECH2TEXT: ("speech-to-text", "{area.playground} then {playground.type} {playground.type}"),
}

_AREA_SCREENS = (("providers", "Providers"), ("models", "Models"), ("defaults", "Defaults"))


def local_commands(app: "Modeldeck", screen: Screen[Any]) -> list[Command]:
    """Return the commands shown before a word is typed: the screen's actions, and where to go."""
    return _once(chain(_here(app, screen), _places(app)))


def global_commands(app: "Modeldeck", screen: Screen[Any]) -> list[Command]:
    """Return the commands on the tenant's settings and those of the other areas."""
    return _once(chain(_appearance(app), _elsewhere(app, screen), _of_tenant(app)))


def many(app: "Modeldeck", tenant: Tenant | None) -> tuple[CommandGroup, ...]:
    """Return the tenant's models and the other tenants: thousands may take a while to read at first."""
    return (*((_models(app, tenant),) if tenant else ()), _tenants(app, tenant))


def _once(commands: Iterable[Command]) -> list[Command]:
    first: dict[str, Command] = {}
    for command in commands:
        first.setdefault(command.words, command)
    return list(first.values())


def _here(app: "Modeldeck", screen: Screen[Any]) -> Iterator[Command]:
    for action in sorted(actions_of(screen), key=lambda each: each.general):
        if action.id.startswith(("area.", "page.", "list.", "form.")) or action.id in _UNLISTED:
            continue
        yield Command(
            action.words,
            _runner(app, action),
            " ".join(action.keys[:1]),
            _TELLS.get(action.id, f"{action.words}, on this screen."),
            _reason(app, screen, action),
        )


_UNLISTED = frozenset(("app.commands", "app.quit-everywhere", "app.copy-or-stop", "playground.type-again"))

_TELLS = {
    "app.tenants": "Show the list of tenants.",
    "app.lock": "Forget the opened keys; the passphrase is asked for when one is needed.",
    "app.help": "The keys of this screen, the signs, and where files are.",
    "app.quit": "Leave Modeldeck; asks when something would be lost.",
    "app.redraw": "Draw the whole screen anew, after another program wrote over it.",
    "app.suspend": "Back to the shell; fg returns.",
}


def _reason(app: "Modeldeck", screen: Screen[Any], action: Action) -> str:
    if action.id == "app.lock" and app.tenant is not None:
        if not app.tenant.protected:
            return f"{app.tenant.name} has no passphrase"
        return "" if keyring.is_open(app.tenant_session) else f"{app.tenant.name} is locked"
    if action.id.startswith("app.") and action.id == "app.lock":
        return "no tenant is shown"
    return "" if action.usable else "not possible now"


def _runner(app: "Modeldeck", action: Action) -> Callable[[], Awaitable[bool]]:
    return lambda: app.run_action(action.run, default_namespace=action.node)


def _places(app: "Modeldeck") -> Iterator[Command]:
    if app.tenant is not None:
        for area, label in AREAS[:3]:
            show = _then(app.action_area, area)
            yield Command(label, show, key_of(f"area.{area}"), f"Show the {label.lower()} of {app.tenant.name}.")
        for kind, (word, keys) in _TABS.items():
            chosen = models.defaults(app.tenant_session).get(kind)
            tells = f"Open the playground with {chosen.ref}." if chosen else f"Open the playground for {kind.label}."
            yield Command(f"Playground: {word}", _then(app.open_playground, kind), hint(keys), tells)
    yield Command("Tenants", app.action_tenants, key_of("app.tenants"), "Show the list of tenants.")


def _appearance(app: "Modeldeck") -> Iterator[Command]:
    plain = "off" if app.ascii else "on"
    tells = "Draw every sign with plain ASCII characters." if plain == "on" else "Draw signs as they are meant."
    yield Command(f"Plain characters: {plain}", _then(_plain, app, plain), "", tells, also="ascii glyphs")


def _key_pair(app: "Modeldeck") -> Iterator[Command]:
    assert app.tenant is not None
    waits = verification.integrity_status(app.tenant_session)
    yield Command(
        "Confirm credentials …",
        _then(_worker, app, _confirm),
        hint("{area.providers} then {providers.verify}"),
        f"Show what came into the settings of {app.tenant.name} without its key.",
        "" if waits.waiting or waits.alarm else "nothing waits",
        also="vault manifest waiting",
    )
    yield Command(
        f"New key pair for {app.tenant.name} …",
        _then(_worker, app, _rotate),
        "",
        "Seal every credential anew for another key pair; the old one is put aside.",
        also="vault rotate",
    )


async def _confirm(app: "Modeldeck") -> None:
    await app.ensure_unlocked(again=True)


async def _rotate(app: "Modeldeck") -> None:
    from tui.console.tenants.key_rotation import KeyPair

    assert app.tenant is not None
    if done := await app.push_screen_wait(KeyPair(app.tenant)):
        app.tenant_changed()
        app.toast(done)
        _tell(app)


def _plain(app: "Modeldeck", word: str) -> None:
    app.session.config = replace(app.session.config, glyphs="ascii" if word == "on" else "unicode")
    app.action_redraw()


def _elsewhere(app: "Modeldeck", screen: Screen[Any]) -> Iterator[Command]:
    """Yield the actions of the other areas; each goes there first."""
    if app.tenant is None:
        return
    for area, name in _AREA_SCREENS:
        kind: type[AreaScreen] = getattr(import_module(f"tui.console.{area}.screen"), name)
        if isinstance(screen, kind):
            continue
        for words, plain, action in class_actions(kind):
            run = _then(_go_and_do, app, area, action)
            keys = f"{key_of(f'area.{area}')} then {plain}"
            yield Command(f"{name}: {words[:1].lower()}{words[1:]}", run, keys, f"Go to {name} and do it there.")


async def _go_and_do(app: "Modeldeck", area: str, action: str) -> None:
    await app.go_to(area)
    await app.run_action(action, default_namespace=app.screen)


def _of_tenant(app: "Modeldeck") -> Iterator[Command]:
    if app.tenant is not None:
        yield from _keeping(app, app.tenant.name)
        yield from _types(app)
        yield from _key_pair(app)
        yield from _providers(app)


def _models(app: "Modeldeck", tenant: Tenant) -> CommandGroup:
    rows, texts, unusable = catalog.derived(app.session.tenant(tenant.id), "commands", _sought)

    def make(number: int) -> Command:
        row, model = rows[number], rows[number].model
        reason = "" if row.usable else row.word or row.state
        run = _then(app.open_playground, model.type, model)
        return Command(_model_words(row), run, "", f"Open the playground with {model.ref}.", reason)

    return CommandGroup(texts, unusable, make)


def _sought(rows: Sequence[ModelRow]) -> tuple[Sequence[ModelRow], list[str], frozenset[int]]:
    """Return the models without duplicates, their text to search, and which cannot be used."""
    once: dict[str, ModelRow] = {}
    for row in rows:
        once.setdefault(_model_words(row), row)
    texts = [sought(words, f"{row.model.ref} {row.model.type.label}") for words, row in once.items()]
    found = list(once.values())
    return found, texts, frozenset(n for n, row in enumerate(found) if not row.usable)


def _model_words(row: ModelRow) -> str:
    return f"Model {row.model.id} ({row.provider_label})"


def _tenants(app: "Modeldeck", shown: Tenant | None) -> CommandGroup:
    found = [tenant for tenant in tenant_registry.readable(app.session) if tenant != shown]
    words = [f"Tenant {entry.name}" for entry in found]

    def make(number: int) -> Command:
        tells = f"Show the providers of {found[number].name}."
        return Command(words[number], _then(app.open_tenant, found[number].id), "", tells)

    texts = [sought(name, entry.id) for name, entry in zip(words, found, strict=True)]
    return CommandGroup(texts, frozenset(), make)


def _keeping(app: "Modeldeck", name: str) -> Iterator[Command]:
    """Yield the commands on a tenant's settings as a whole."""
    tells = f"What was done to the settings of {name}, when and by whom."
    yield Command("Audit log", _then(_audit, app), "", tells, also="history who changed verify")
    tells = f"Write the settings of {name} to a file, without its keys."
    yield Command("Export the settings …", _then(_worker, app, _export), "", tells, also="backup save file")
    tells = "Write them to a file under a passphrase of its own."
    by = "modeldeck export --with-secrets"
    importing = f"Bring a file of settings into {name}; what it would change is shown first."
    yield Command("Export with the keys", _then(app.toast, by), "", tells, by, also="backup save file secrets")
    yield Command("Import settings …", _then(_worker, app, _import), "", importing, also="restore move file")


def _audit(app: "Modeldeck") -> None:
    from tui.console.tenants.audit_log import Audit

    app.push_screen(Audit())


async def _import(app: "Modeldeck") -> None:
    from tui.console.tenants.import_settings import Import

    if done := await app.push_screen_wait(Import()):
        app.tenant_changed()
        _tell(app)
        app.toast(done)


async def _export(app: "Modeldeck") -> None:
    from tui.console.pages.save_file import Save

    def writer(_: str) -> str:
        return export.exported(app.tenant_session).text

    await app.push_screen_wait(Save(app.tenant_id, {"json": "JSON"}, writer, title="Export the settings"))


def _types(app: "Modeldeck") -> Iterator[Command]:
    for kind in ModelType:
        run = _then(_worker, app, _pick_default, kind)
        yield Command(
            f"Default for {kind.label} …", run, key_of("area.defaults"), f"Choose the default model for {kind.label}."
        )
        run, keys = _then(_show_models, app, kind), hint("{area.models} then {models.type}")
        yield Command(f"Show only {kind.label} models", run, keys, f"Go to Models, and only to those for {kind.label}.")


def _providers(app: "Modeldeck") -> Iterator[Command]:
    for row in status.rows(app.tenant_session):
        provider, known = row.provider, row.credential is not None
        run = _then(_worker, app, _set_up, provider.id)
        words = f"Change {provider.label} …" if known else f"Set up {provider.label} …"
        tells = f"Open the form of {provider.label}; it is {row.state}."
        yield Command(
            words, run, key_of("area.providers"), tells, also=f"provider {provider.id} set up change rotate key"
        )
        if provider.import_mode is not ImportMode.IMPORTED:
            tells = f"Open the form for another model of {provider.label}."
            run = _then(_worker, app, _add_model, provider.id)
            keys, reason = hint("{area.models} then {models.add}"), "" if known else "not set up"
            yield Command(f"Add a model: {provider.label} …", run, keys, tells, reason)


async def _set_up(app: "Modeldeck", provider_id: str) -> None:
    if await app.set_up(provider_id):
        _tell(app)


async def _add_model(app: "Modeldeck", provider_id: str) -> None:
    if await app.add_model(provider_id):
        _tell(app)


async def _show_models(app: "Modeldeck", kind: ModelType) -> None:
    from tui.console.models.screen import Models

    await app.go_to("models")
    assert isinstance(app.screen, Models)
    app.screen.show_type(kind)


async def _pick_default(app: "Modeldeck", kind: ModelType) -> None:
    now = models.defaults(app.tenant_session).get(kind)
    held: Model | None = None
    if now is not None:
        found = catalog.listing(app.tenant_session, kind, now.provider)
        held = next((entry for entry in found if entry.id == now.model), None)
    model = await app.pick_model(kind, held)
    if model is None:
        return
    try:
        await defaults.set(app.tenant_session, kind, model.ref)
    except Problem as problem:
        app.toast(f"{problem.message} {problem_hint(problem)}")
        return
    app.toast(f"{model.ref} is the default for {kind.label}.")
    _tell(app)


def _tell(app: "Modeldeck") -> None:
    if isinstance(app.screen, FramedScreen):
        app.screen.changed_elsewhere()


def _worker(app: "Modeldeck", work: Callable[..., Awaitable[None]], *given: Any) -> None:
    app.run_worker(work(app, *given), group="command", exclusive=True)


def _then(do: Callable[..., Any], *given: Any) -> Callable[[], Any]:
    return lambda: do(*given)
