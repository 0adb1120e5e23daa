"""The screens that pictures and tests of every screen are made of, and what is done to reach each."""

import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot
from textual.widgets import Input

from tests.console.pilot import app_of, until, until_shown
from tests.console.provider_forms import paste
from tui.console.app import Modeldeck
from tui.console.defaults.propose_dialog import Propose
from tui.console.playground.compare.tab import CompareTab
from tui.console.providers.screen import Providers
from tui.domain import ModelType
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.history import chats, settings
from tui.workspace.models import defaults
from tui.workspace.playground.conversation import Answer

Steps = Callable[[Pilot[str]], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """One screen: what is done to reach it, on a window of that size, of which tenant, with which settings."""

    steps: Steps
    size: tuple[int, int] = (80, 24)
    tenant: str | None = "acme"
    empty: bool = False
    theme: str = ""
    colored: bool = True
    prepare: Callable[[Session], None] | None = None


DEFAULTS: dict[ModelType | str, str] = {
    ModelType.EMBEDDING: "openai/text-embedding-3-small",
    ModelType.SPEECH2TEXT: "openai/whisper-1",
}
"""Models that practice mode does not set as defaults."""


def keys(*names: str, then: str = "") -> Steps:
    """Press keys, and wait for a text."""

    async def press(pilot: Pilot[str]) -> None:
        for name in names:
            await pilot.press(name)
            await pilot.pause()
        if then:
            await until_shown(pilot, then)

    return press


async def chat(pilot: Pilot[str]) -> None:
    await keys("4", then="enter send")(pilot)
    await paste(pilot, "Why is the sky blue? Give a table of wavelengths as well.")
    await pilot.press("enter")
    await until_shown(pilot, " in, 148 out", seconds=30)


async def embed(pilot: Pilot[str]) -> None:
    assert isinstance(pilot.app, Modeldeck)
    await defaults.set(pilot.app.session.tenant("acme"), ModelType.EMBEDDING, DEFAULTS[ModelType.EMBEDDING])
    await keys("4", "f5", then="[Embedding]")(pilot)
    texts = (
        "The sky is blue because short waves scatter",
        "Why does the sky look blue?",
        "Where do I find my invoice?",
        "Change the billing address of my invoice",
        "A cat sleeps on the warm roof",
        "The cat naps up on the roof",
    )
    await paste(pilot, "".join(f"{text}\n" for text in texts))
    await pilot.press("enter")
    await until_shown(pilot, "furthest")
    await until_shown(pilot, "KEYS")


async def transcribe(pilot: Pilot[str]) -> None:
    assert isinstance(pilot.app, Modeldeck)
    await defaults.set(pilot.app.session.tenant("acme"), ModelType.SPEECH2TEXT, DEFAULTS[ModelType.SPEECH2TEXT])
    with TemporaryDirectory() as folder:
        recording = Path(folder, "meeting.wav")
        with wave.open(str(recording), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(16000 * 4))
        await keys("4", "f5", "f5", then="[Speech-to-text]")(pilot)
        await paste(pilot, str(recording))
        await pilot.press("enter")
        await until_shown(pilot, "▸ [ Transcribe ]")
        await pilot.press("enter")
        await until_shown(pilot, "s save")


def on(provider_id: str, steps: Steps) -> Steps:
    """With the cursor of the list on a provider."""

    async def go(pilot: Pilot[str]) -> None:
        assert isinstance(pilot.app.screen, Providers)
        pilot.app.screen.listed.select(provider_id)
        await pilot.pause()
        await steps(pilot)

    return go


def adding(typed: str, then: str) -> Steps:
    """The form that adds a model of the provider, with something typed as the model."""

    async def add(pilot: Pilot[str]) -> None:
        await keys("A", then="Verify and add")(pilot)
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await pilot.press(*typed)
        await until_shown(pilot, then, seconds=20)

    return add


def on_model(ref: str, steps: Steps) -> Steps:
    """On a model that the filter of the models finds."""

    async def go(pilot: Pilot[str]) -> None:
        await keys("2", "slash", *ref, "enter", then=ref)(pilot)
        await steps(pilot)

    return go


async def proposed(pilot: Pilot[str]) -> None:
    pilot.app.push_screen(Propose("Imported 41 models in 1.2 s.", "OpenAI is set up"))
    await until_shown(pilot, "Accept and open the playground")


async def compare(pilot: Pilot[str]) -> None:
    app = app_of(pilot)
    await app.navigator.open_playground("compare")
    await pilot.pause()
    tab = app.screen.query_one(CompareTab)
    tab.set_model(models.find(app.navigator.tenant_session, "openai/gpt-5.4-mini", ModelType.CHAT))
    await pilot.pause()
    await paste(pilot, "Why is the sky blue?")
    await pilot.press("enter")
    await until(pilot, lambda: tab.comparison is not None and not tab.running)
    await keys("escape", then="KEYS")(pilot)


def in_tab(tab: ModelType | str, *names: str, then: str) -> Steps:
    """Open a tab of the playground, leave its field, press keys, and wait for a text."""

    async def go(pilot: Pilot[str]) -> None:
        app = app_of(pilot)
        if tab in DEFAULTS:
            await defaults.set(app.session.tenant("acme"), ModelType(tab), DEFAULTS[tab])
        await app.navigator.open_playground(tab)
        await keys("escape", then="KEYS")(pilot)
        await keys(*names, then=then)(pilot)

    return go


def after(first: Steps, then: Steps) -> Steps:
    """Two steps, one after the other."""

    async def both(pilot: Pilot[str]) -> None:
        await first(pilot)
        await then(pilot)

    return both


def damage(session: Session) -> None:
    """Cut the end off the settings of acme, which have an earlier state."""
    store = session.store("acme")
    with store.transaction() as tables:
        tables.table("defaults").truncate()
    store.folder.write(store.name, (store.folder.read(store.name) or b"")[:-40])


def recorded(session: Session) -> None:
    """Record a chat of acme."""
    tenant = session.tenant("acme")
    settings.switch(tenant, True)
    recorder = chats.Recorder(tenant)
    recorder.question("Why is the sky blue?", "openai/gpt-6-sol", {})
    recorder.answer(Answer("Rayleigh scattering.", "openai/gpt-6-sol"))


def without_defaults(session: Session) -> None:
    """Take the default models of acme away."""
    with session.store("acme").transaction() as tables:
        tables.table("defaults").truncate()


SCREENS: dict[str, Scene] = {
    "welcome": Scene(keys(then="Start with"), tenant=None, empty=True),
    "tenants": Scene(keys(then="Tenants"), tenant=None),
    "new-tenant": Scene(keys("0", "n", then="Passphrase")),
    "rename-tenant": Scene(keys("0", "e", then="[ Rename ]")),
    "passphrase": Scene(keys("0", "p", then="Set the passphrase")),
    "key-pair": Scene(keys("0", "p", "shift+tab", "enter", then="Create a new key pair ]")),
    "unlock": Scene(keys("v", then="locked with a passphrase"), tenant="north-lab"),
    "damaged-tenant": Scene(
        after(keys(then="✕ acme"), keys("end", "enter", then="Readable earlier states")), tenant=None, prepare=damage
    ),
    "remove-tenant": Scene(keys("0", "d", then="permanently deletes")),
    "providers": Scene(keys(then="Model vendors")),
    "provider": Scene(on("openai", keys("right", then="fingerprint"))),
    "add-provider": Scene(keys("a", then="Wenxin")),
    "remove-provider": Scene(on("openai", keys("d", then="[ "))),
    "setup": Scene(on("openai", keys("right", "enter", then="Verify and save"))),
    "setup-two-ways": Scene(on("spark", keys("enter", then="Sign in with"))),
    "setup-refused": Scene(
        on("openai", keys("right", "enter", *"sk-refused-0000-1111-2222-3333", "enter", "enter", then="rejected"))
    ),
    "models": Scene(keys("2", then="type: all")),
    "model": Scene(keys("2", "right", then="Reference")),
    "edit-model": Scene(on_model("all-mpnet", keys("e", then="Verify and save"))),
    "model-added": Scene(keys("2", "a", "enter", then="Verify and add")),
    "add-hugging-face": Scene(on("huggingface", adding("qwen3", "downloads"))),
    "add-replicate": Scene(on("replicate", adding("llama", "meta/"))),
    "defaults": Scene(keys("3", then="Defaults of")),
    "default-picker": Scene(keys("3", "enter", then=" ready")),
    "propose-defaults": Scene(proposed, prepare=without_defaults),
    "playground-chat": Scene(chat),
    "parameters": Scene(keys("4", "escape", "p", then="reasoning effort")),
    "leave-chat": Scene(after(chat, keys("escape", "q", then="[ "))),
    "save-chat": Scene(after(chat, keys("escape", "s", then="Save to a file"))),
    "playground-embedding": Scene(embed),
    "playground-speech": Scene(transcribe),
    "compare": Scene(compare),
    "compare-differences": Scene(after(compare, keys("=", then="of the words in common"))),
    "batch": Scene(in_tab("compare", "B", then="at the same time")),
    "batch-recordings": Scene(in_tab(ModelType.SPEECH2TEXT, "B", then="A folder.")),
    "embed-file": Scene(in_tab(ModelType.EMBEDDING, "B", then="one text per line")),
    "nearest-lines": Scene(in_tab(ModelType.EMBEDDING, "n", then="one document per line")),
    "scatter": Scene(after(embed, keys("x", then="differ most"))),
    "speech-models": Scene(after(transcribe, keys("equals_sign", then="Transcribe with all"))),
    "tools": Scene(in_tab(ModelType.CHAT, "T", then="nothing is executed")),
    "saved-prompts": Scene(in_tab(ModelType.CHAT, "P", then="No prompt is saved.")),
    "answer-schema": Scene(in_tab(ModelType.CHAT, "J", then="Schema")),
    "attach": Scene(in_tab(ModelType.CHAT, "a", then="Attach")),
    "raw": Scene(after(chat, keys("escape", "v", then="Raw: "))),
    "recorded-chats": Scene(in_tab(ModelType.CHAT, "h", then="Why is the sky blue?"), prepare=recorded),
    "commands": Scene(keys("colon", then="Commands")),
    "audit-log": Scene(keys("colon", *"audit log", "enter", then="Log intact")),
    "import": Scene(keys("colon", *"import settings", "enter", then="Preview")),
    "export-with-keys": Scene(keys("colon", *"export with", "enter", then="include"), prepare=recorded),
    "help": Scene(keys("question_mark", then="Help: Providers")),
}
"""Every screen once, at 80 by 24."""


def _like(name: str, steps: Steps | None = None, *, wide: bool = False, theme: str = "", colored: bool = True) -> Scene:
    """The screen of that name drawn in another way."""
    scene, size = SCREENS[name], (120, 40) if wide else (80, 24)
    return replace(scene, steps=steps or scene.steps, size=size, theme=theme, colored=colored)


_PICTURES = (
    *("welcome", "tenants", "new-tenant", "unlock", "remove-tenant", "providers", "provider", "add-provider", "setup"),
    *("setup-two-ways", "models", "model-added", "add-hugging-face", "add-replicate", "defaults", "default-picker"),
    *("playground-chat", "parameters", "playground-embedding", "playground-speech", "commands", "audit-log"),
    *("import", "help", "recorded-chats", "answer-schema"),
)

PICTURES: dict[str, Scene] = {
    **{name: SCREENS[name] for name in _PICTURES},
    "providers-wide": _like("providers", on("openai", keys(then="Other credentials")), wide=True),
    "models-wide": _like("models", keys("2", then="Used by"), wide=True),
    "playground-wide": _like("playground-chat", wide=True),
    "tenants-wide": _like("tenants", keys(then="Key pair"), wide=True),
    "defaults-wide": _like("defaults", keys("3", then="Used by"), wide=True),
    "embedding-wide": _like("playground-embedding", wide=True),
    "setup-wide": _like("setup", on("tongyi", keys("right", "enter", then="Region")), wide=True),
    "providers-light": _like("providers", theme="textual-light"),
    "setup-light": _like("setup", theme="textual-light"),
    "playground-light": _like("playground-chat", theme="textual-light"),
    "providers-no-color": _like("providers", colored=False),
    "playground-no-color": _like("playground-chat", colored=False),
    "unlock-no-color": _like("unlock", colored=False),
}
"""The pictures in screenshots/."""
