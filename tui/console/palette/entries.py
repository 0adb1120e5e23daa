"""Commands of the palette: actions, areas, types, providers, models and tenants."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import chain
from typing import Any

from textual.theme import BUILTIN_THEMES

from tui.config import NAME, THEMES, remember_theme
from tui.console.defaults.set_default import set_default
from tui.console.frame.chrome import AREAS
from tui.console.frame.screen import AreaScreen, FramedScreen
from tui.console.keys import Action, actions_of, class_actions, hint, key_of
from tui.console.palette.matching import Command, CommandGroup, search_text
from tui.console.preferences import TERMINAL_THEME
from tui.console.remedies import problem_hint
from tui.domain import ImportMode, ModelType, Tenant
from tui.errors import Problem
from tui.paths import paths
from tui.tenancy import keyring, models, verification
from tui.tenancy import tenants as tenant_registry
from tui.workspace.credentials import status
from tui.workspace.models import catalog
from tui.workspace.models.catalog import ModelRow

_TABS = {ModelType.CHAT: "chat", ModelType.EMBEDDING: "embedding", ModelType.SPEECH2TEXT: "speech-to-text"}
"""Model types in the order of their tabs, and the tabs' names; the last tab compares."""

_AREA_SCREENS = (("providers", "Providers"), ("models", "Models"), ("defaults", "Defaults"))


def local_commands(screen: FramedScreen[Any]) -> list[Command]:
    """Return the commands shown before a word is typed: the screen's actions, and where to go."""
    return _without_duplicates(chain(_screen_commands(screen), _places(screen)))


def global_commands(screen: FramedScreen[Any]) -> list[Command]:
    """Return the commands on the tenant's settings and those of the other areas."""
    return _without_duplicates(chain(_appearance(screen), _area_commands(screen), _tenant_commands(screen)))


def large_groups(screen: FramedScreen[Any], tenant: Tenant | None) -> tuple[CommandGroup, ...]:
    """Return the tenant's models and the other tenants: thousands may take a while to read at first."""
    return (*((_models(screen, tenant),) if tenant else ()), _tenants(screen, tenant))


def _without_duplicates(commands: Iterable[Command]) -> list[Command]:
    first: dict[str, Command] = {}
    for command in commands:
        first.setdefault(command.words, command)
    return list(first.values())


def _screen_commands(screen: FramedScreen[Any]) -> Iterator[Command]:
    for action in sorted(actions_of(screen), key=lambda entry: entry.is_general):
        if action.id.startswith(("area.", "page.", "list.", "form.")) or action.id in _HIDDEN:
            continue
        locked = action.id == "app.lock" and _is_locked(screen)
        yield Command(
            "Unlock" if locked else action.words,
            _runner(screen, action),
            " ".join(action.keys[:1]),
            _UNLOCK if locked else _DESCRIPTIONS.get(action.id, f"{action.words}, on this screen."),
            _reason(screen, action),
        )


def _is_locked(screen: FramedScreen[Any]) -> bool:
    """Return True if a tenant is shown that is locked."""
    return screen.navigator.tenant is not None and not keyring.is_open(screen.navigator.tenant_session)


_HIDDEN = frozenset(("app.commands", "app.quit-everywhere", "app.copy-or-stop", "playground.type-again"))

_UNLOCK = "Ask for the passphrase of the tenant now."

_DESCRIPTIONS = {
    "app.tenants": "Show the list of tenants.",
    "app.lock": "Lock the tenant; you'll be asked for the passphrase when a key is needed.",
    "app.help": "Show the keys of this screen, the signs, and file locations.",
    "app.quit": "Quit Modeldeck; asks first if something would be lost.",
    "app.undo": "Undo what was changed on this screen, else the tenant's last change.",
    "app.redraw": "Redraw the screen after another program wrote over it.",
    "app.suspend": "Back to the shell; fg returns.",
}


def _reason(screen: FramedScreen[Any], action: Action) -> str:
    if action.id != "app.lock":
        return "" if action.usable else "not possible now"
    if (tenant := screen.navigator.tenant) is None:
        return "no tenant is open"
    return "" if tenant.protected else f"{tenant.name} has no passphrase"


def _runner(screen: FramedScreen[Any], action: Action) -> Callable[[], Awaitable[bool]]:
    return lambda: screen.app.run_action(action.run, default_namespace=action.node)


def _places(screen: FramedScreen[Any]) -> Iterator[Command]:
    if screen.navigator.tenant is not None:
        for area, label in AREAS[:3]:
            show = _then(screen.navigator.show_area, area)
            yield Command(
                label, show, key_of(f"area.{area}"), f"Show the {label.lower()} of {screen.navigator.tenant.name}."
            )
        for number, (kind, word) in enumerate(_TABS.items()):
            chosen = models.defaults(screen.navigator.tenant_session).get(kind)
            what = f"with {chosen.ref}" if chosen else f"for {kind.label}"
            show, keys = _then(screen.navigator.open_playground, kind), _keys_to_tab(number)
            yield Command(f"Playground: {word}", show, keys, f"Open the playground {what}.")
        show, keys = _then(screen.navigator.open_playground, "compare"), _keys_to_tab(len(_TABS))
        description = "Ask two to four chat models the same and compare their answers."
        yield Command("Playground: compare", show, keys, description)
    yield Command("Tenants", screen.navigator.show_tenants, key_of("app.tenants"), "Show the list of tenants.")


def _keys_to_tab(number: int) -> str:
    """Return the keys to a tab of the playground, which opens in typing: no plain key leads on from there."""
    return hint("{area.playground}" + " then" * bool(number) + " {playground.type-again:typing}" * number)


def _appearance(screen: FramedScreen[Any]) -> Iterator[Command]:
    plain = "off" if screen.console.ascii else "on"
    description = "Draw all signs in ASCII." if plain == "on" else "Draw signs in Unicode."
    yield Command(
        f"Plain characters: {plain}", _then(_add_in_text, screen, plain), "", description, also="ascii glyphs"
    )
    for theme in THEMES:
        first = theme == TERMINAL_THEME.name
        what = f"your terminal's own colors ({theme})" if first else theme
        description = (
            f"Use {what} from now on." if screen.navigator.session.practice else f"Use {what}, and remember it."
        )
        words = f"Theme: {theme}{' (default)' if first else ''}"
        shade = "dark" if BUILTIN_THEMES[theme].dark else "light"
        yield Command(words, _then(_theme, screen, theme), "", description, also=f"colors {shade}")


def _key_pair(screen: FramedScreen[Any]) -> Iterator[Command]:
    assert screen.navigator.tenant is not None
    integrity = verification.integrity_status(screen.navigator.tenant_session)
    yield Command(
        "Confirm credentials …",
        _then(_worker, screen, _confirm),
        hint("{area.providers} then {providers.verify}"),
        f"Show what came into the settings of {screen.navigator.tenant.name} without its key.",
        "" if integrity.waiting or integrity.alarm else "nothing to confirm",
        also="vault manifest waiting",
    )
    yield Command(
        f"New key pair for {screen.navigator.tenant.name} …",
        _then(_worker, screen, _rotate),
        "",
        "Create a key pair and re-encrypt every credential for it.",
        also="vault rotate",
    )


async def _open_tenant(screen: FramedScreen[Any], tenant_id: str) -> None:
    await screen.navigator.open_tenant(tenant_id)
    await screen.dialogs.offer_unlock()


async def _confirm(screen: FramedScreen[Any]) -> None:
    await screen.dialogs.ensure_unlocked(again=True)


async def _rotate(screen: FramedScreen[Any]) -> None:
    from tui.console.tenants.key_rotation import KeyPair  # lazy: the page

    assert screen.navigator.tenant is not None
    if done := await screen.app.push_screen_wait(KeyPair(screen.navigator.tenant)):
        screen.navigator.tenant_changed()
        screen.dialogs.toast(done)
        _announce_change(screen)


async def _theme(screen: FramedScreen[Any], theme: str) -> None:
    session = screen.navigator.session
    screen.app.theme = theme
    session.config = replace(session.config, theme=theme)
    if session.practice:
        screen.dialogs.toast(f"Now using {theme}, until you leave practice mode.")
        return
    where = paths(session.environ)
    await asyncio.to_thread(remember_theme, where, theme)
    screen.dialogs.toast(f"Now using {theme}; {where.short(where.config / NAME)} remembers it.")


async def _add_in_text(screen: FramedScreen[Any], word: str) -> None:
    session = screen.navigator.session
    session.config = replace(session.config, glyphs="ascii" if word == "on" else "unicode")
    await screen.app.run_action("redraw")


def _area_commands(screen: FramedScreen[Any]) -> Iterator[Command]:
    """Yield the actions of the other areas; each goes there first."""
    if screen.navigator.tenant is None:
        return
    for area, name in _AREA_SCREENS:
        kind: type[AreaScreen] = getattr(import_module(f"tui.console.{area}.screen"), name)
        if isinstance(screen, kind):
            continue
        for words, plain, action in class_actions(kind):
            run = _then(_go_and_do, screen, area, action)
            keys = f"{key_of(f'area.{area}')} then {plain}"
            yield Command(f"{name}: {words[:1].lower()}{words[1:]}", run, keys, f"Go to {name} and do it.")


async def _go_and_do(screen: FramedScreen[Any], area: str, action: str) -> None:
    await screen.navigator.show_area(area)
    await screen.app.run_action(action, default_namespace=screen.app.screen)


def _tenant_commands(screen: FramedScreen[Any]) -> Iterator[Command]:
    if screen.navigator.tenant is not None:
        yield from _settings_commands(screen, screen.navigator.tenant.name)
        yield from _types(screen)
        yield from _key_pair(screen)
        yield from _providers(screen)


def _models(screen: FramedScreen[Any], tenant: Tenant) -> CommandGroup:
    rows, texts, unusable = catalog.cached(screen.navigator.session.tenant(tenant.id), "commands", _searchable_models)

    def make(number: int) -> Command:
        row, model = rows[number], rows[number].model
        reason = "" if row.usable else row.word or row.state
        run = _then(screen.navigator.open_playground, model.type, model)
        return Command(_model_words(row), run, "", f"Open the playground with {model.ref}.", reason)

    return CommandGroup(texts, unusable, make)


def _searchable_models(rows: Sequence[ModelRow]) -> tuple[Sequence[ModelRow], list[str], frozenset[int]]:
    """Return the models without duplicates, their text to search, and which cannot be used."""
    once: dict[str, ModelRow] = {}
    for row in rows:
        once.setdefault(_model_words(row), row)
    texts = [search_text(words, f"{row.model.ref} {row.model.type.label}") for words, row in once.items()]
    unique = list(once.values())
    return unique, texts, frozenset(n for n, row in enumerate(unique) if not row.usable)


def _model_words(row: ModelRow) -> str:
    return f"Model {row.model.id} ({row.provider_label})"


def _tenants(screen: FramedScreen[Any], shown: Tenant | None) -> CommandGroup:
    others = [tenant for tenant in tenant_registry.readable(screen.navigator.session) if tenant != shown]
    words = [f"Tenant {entry.name}" for entry in others]

    def make(number: int) -> Command:
        description = f"Show the providers of {others[number].name}."
        return Command(words[number], _then(_worker, screen, _open_tenant, others[number].id), "", description)

    texts = [search_text(name, entry.id) for name, entry in zip(words, others, strict=True)]
    return CommandGroup(texts, frozenset(), make)


def _settings_commands(screen: FramedScreen[Any], name: str) -> Iterator[Command]:
    """Yield the commands on a tenant's settings as a whole."""
    description = f"Show what was changed in {name}, when and by whom."
    yield Command("Audit log", _then(_audit, screen), "", description, also="history who changed verify")
    if screen.navigator.session.shares:
        description = f"Show who shares {name}; admit and remove operators."
        yield Command(
            "Operators", _then(_operators, screen), "", description, also="share admit remove people fingerprint"
        )
    description = f"Save the settings of {name} to a file, without API keys."
    yield Command(
        "Export the settings …", _then(_worker, screen, _export, False), "", description, also="backup save file"
    )
    description = "Save them to a file, API keys included, encrypted with a passphrase."
    run = _then(_worker, screen, _export, True)
    importing = f"Import settings into {name}; you see the changes first."
    yield Command("Export with API keys …", run, "", description, also="backup save file secrets recorded chats")
    yield Command("Import settings …", _then(_worker, screen, _import), "", importing, also="restore move file")


def _audit(screen: FramedScreen[Any]) -> None:
    from tui.console.tenants.audit_log import Audit  # lazy: the page

    screen.app.push_screen(Audit())


def _operators(screen: FramedScreen[Any]) -> None:
    from tui.console.tenants.operators import OperatorsPage  # lazy: the page

    assert screen.navigator.tenant is not None
    screen.app.push_screen(OperatorsPage(screen.navigator.tenant))


async def _import(screen: FramedScreen[Any]) -> None:
    from tui.console.tenants.import_settings import Import  # lazy: the page

    if done := await screen.app.push_screen_wait(Import()):
        screen.navigator.tenant_changed()
        _announce_change(screen)
        screen.dialogs.toast(done)


async def _export(screen: FramedScreen[Any], with_keys: bool) -> None:
    from tui.console.tenants import export_settings  # lazy: the page

    await (export_settings.export_with_keys if with_keys else export_settings.export_without_keys)(screen)


def _types(screen: FramedScreen[Any]) -> Iterator[Command]:
    for kind in ModelType:
        run = _then(_worker, screen, _pick_default, kind)
        yield Command(
            f"Default {kind.label} model …", run, key_of("area.defaults"), f"Choose the default {kind.label} model."
        )
        run, keys = _then(_show_models, screen, kind), hint("{area.models} then {models.type}")
        yield Command(f"Show only {kind.label} models", run, keys, "Go to Models, filtered by type.")


def _providers(screen: FramedScreen[Any]) -> Iterator[Command]:
    for row in status.rows(screen.navigator.tenant_session):
        provider, known = row.provider, row.credential is not None
        run = _then(_worker, screen, _set_up, provider.id)
        words = f"Change {provider.label} …" if known else f"Set up {provider.label} …"
        description = f"Open the form of {provider.label}; it is {row.state}."
        yield Command(
            words, run, key_of("area.providers"), description, also=f"provider {provider.id} set up change rotate key"
        )
        if provider.import_mode is not ImportMode.IMPORTED:
            description = f"Open the form for another model of {provider.label}."
            run = _then(_worker, screen, _add_model, provider.id)
            keys, reason = hint("{area.models} then {models.add}"), "" if known else "not set up"
            yield Command(f"Add a model: {provider.label} …", run, keys, description, reason)


async def _set_up(screen: FramedScreen[Any], provider_id: str) -> None:
    if await screen.navigator.set_up(provider_id):
        _announce_change(screen)


async def _add_model(screen: FramedScreen[Any], provider_id: str) -> None:
    if await screen.navigator.add_model(provider_id):
        _announce_change(screen)


async def _show_models(screen: FramedScreen[Any], kind: ModelType) -> None:
    from tui.console.models.screen import Models  # lazy: the area

    await screen.navigator.show_area("models")
    assert isinstance(screen.app.screen, Models)
    screen.app.screen.show_type(kind)


async def _pick_default(screen: FramedScreen[Any], kind: ModelType) -> None:
    session = screen.navigator.tenant_session
    default, now = models.defaults(session).get(kind), None
    if default is not None:
        listed = catalog.listing(session, kind, default.provider)
        now = next((model for model in listed if model.id == default.model), None)
    model = await screen.navigator.pick_model(kind, now)
    if model is None:
        return
    try:
        work = set_default(session, model)
        shown = screen.app.screen
        screen.dialogs.toast(await (shown.run_undoable(session, work) if isinstance(shown, AreaScreen) else work))
    except Problem as problem:
        screen.dialogs.toast(f"{problem.message} {problem_hint(problem)}")
    else:
        _announce_change(screen)


def _announce_change(screen: FramedScreen[Any]) -> None:
    if isinstance(screen.app.screen, FramedScreen):
        screen.app.screen.changed_elsewhere()


def _worker(screen: FramedScreen[Any], work: Callable[..., Awaitable[None]], *args: Any) -> None:
    async def guarded() -> None:
        try:
            await work(screen, *args)
        except Problem as problem:
            screen.console.show_problem(problem)

    screen.app.run_worker(guarded(), group="command", exclusive=True)


def _then(do: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    return lambda: do(*args)
