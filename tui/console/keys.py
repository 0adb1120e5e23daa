"""Declarations of every key, read by footers, help, palette, hints and the README.

A binding has an id, its keys, the footer's word for it, and what it does in full. Screens and widgets take theirs with
`bind`. Where a text names a key it names the id, and `hint` puts in the key that the person has:

    hint("{models.verify} sends a test request.")

A footer entry is an id, or ids and another word for what they do now: `models.verify`, `list.up list.down: move`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget


@dataclass(frozen=True)
class KeyDeclaration:
    """The declaration of a binding. Without `description` it is in neither help nor palette.

    A `fixed` key belongs to Textual's fields and focus: no keymap changes it.
    """

    keys: str
    word: str
    description: str = ""
    fixed: bool = False


DECLARED = {
    # Fields, lists and forms
    "field.next": KeyDeclaration("enter", "next", fixed=True),
    "question.send": KeyDeclaration("enter", "send", fixed=True),
    "list.choose": KeyDeclaration("enter", "open", "open"),
    "propose.pick": KeyDeclaration("enter", "choose", "Pick another model"),
    "embedding.sort": KeyDeclaration("enter", "sort", "Sort by similarity to this text, or back"),
    "form.press": KeyDeclaration("enter,space", "press", "press"),
    "ask.yes": KeyDeclaration("y", "yes", fixed=True),
    "ask.no": KeyDeclaration("n", "no", fixed=True),
    "app.undo": KeyDeclaration("U", "undo", "Undo the last change"),
    "path.complete": KeyDeclaration("tab", "complete", fixed=True),
    "filter.done": KeyDeclaration("down", "to list", fixed=True),
    "find.previous": KeyDeclaration("up", "match above", fixed=True),
    "find.again": KeyDeclaration("down", "match below", fixed=True),
    "choice.left": KeyDeclaration("left", "choose", fixed=True),
    "choice.right": KeyDeclaration("right", "choose", fixed=True),
    "list.up": KeyDeclaration("up,k", "up", "up"),
    "list.down": KeyDeclaration("down,j", "down", "down"),
    "list.page-up": KeyDeclaration("pageup", "page up", "page up"),
    "list.page-down": KeyDeclaration("pagedown,ctrl+f", "page down", "page down"),
    "list.first": KeyDeclaration("g,home", "first", "first"),
    "list.last": KeyDeclaration("G,end", "last", "last"),
    "focus.up": KeyDeclaration("up", "move", fixed=True),
    "focus.down": KeyDeclaration("down", "move", fixed=True),
    "toggle.switch": KeyDeclaration("space", "on/off", fixed=True),
    "field.clear": KeyDeclaration("ctrl+u", "clear", fixed=True),
    "field.backspace": KeyDeclaration("ctrl+h", "delete", fixed=True),
    # Providers
    "providers.verify": KeyDeclaration("v", "verify", "Verify the key"),
    "providers.verify-all": KeyDeclaration("V", "verify all", "Verify all"),
    "providers.connect": KeyDeclaration("a", "add", "Add a provider"),
    "providers.add": KeyDeclaration("A", "add model", "Add a model by hand"),
    "providers.refresh": KeyDeclaration("r", "refresh", "Refresh its models"),
    "providers.source": KeyDeclaration("o", "your key/trial", "Your key or trial"),
    "providers.new": KeyDeclaration("n", "new", "New credential"),
    "providers.use": KeyDeclaration("u", "use", "Use this credential"),
    "providers.remove": KeyDeclaration("d", "remove", "Remove (asks first)"),
    "providers.doctor": KeyDeclaration("D", "doctor", "Doctor: find what is wrong"),
    "providers.expiry": KeyDeclaration("e", "expiry", "Expiry: when the key expires, how often it is replaced"),
    "providers.filter": KeyDeclaration("slash", "filter", "Filter the providers"),
    "providers.health": KeyDeclaration("H", "health", "Health: every key with its times, age and expiry"),
    "providers.details": KeyDeclaration("right", "details"),
    "providers.list": KeyDeclaration("left", "list"),
    # Models
    "models.use": KeyDeclaration("u", "use", "Use as the default of its type"),
    "models.add": KeyDeclaration("a", "add", "Add a model"),
    "models.verify": KeyDeclaration("v", "verify", "Verify with a short test request (billed by the provider)"),
    "models.edit": KeyDeclaration("e", "edit", "Edit an added model"),
    "models.remove": KeyDeclaration("d", "remove", "Remove an added model"),
    "models.refresh": KeyDeclaration("r", "refresh", "Refresh: ask the providers for their models"),
    "models.filter": KeyDeclaration("slash", "filter", "Filter the models"),
    "models.type": KeyDeclaration("t", "next type", "Show the next type"),
    "models.mark": KeyDeclaration("space", "mark", "Mark: verify, remove and use act on all marked models"),
    "models.mark-all": KeyDeclaration("*", "mark all", "Mark all models that are shown, or none"),
    "models.details": KeyDeclaration("right", "details"),
    "models.list": KeyDeclaration("left", "list"),
    "pick.filter": KeyDeclaration("slash", "filter", "Filter the models"),
    "pick.clear": KeyDeclaration("f8", "clear default", "Clear: leave the type without a default"),
    # Defaults
    "defaults.use": KeyDeclaration("u", "use", "Use the proposed or closest model"),
    "defaults.clear": KeyDeclaration("x", "clear", "Clear: leave the type without a default, or drop a fallback"),
    "defaults.fallback": KeyDeclaration("f", "fallback", "Add a fallback: a model that answers where others do not"),
    # Tenants
    "tenants.new": KeyDeclaration("n", "new", "New tenant"),
    "tenants.rename": KeyDeclaration("e", "rename", "Rename the tenant"),
    "tenants.passphrase": KeyDeclaration("p", "passphrase", "Passphrase of the tenant"),
    "tenants.remove": KeyDeclaration("d", "remove", "Remove the tenant"),
    "tenants.refresh": KeyDeclaration("r", "refresh", "Read the list again"),
    "tenants.filter": KeyDeclaration("slash", "filter", "Filter the tenants"),
    "tenants.health": KeyDeclaration("H", "health", "Health: every key of all tenants"),
    "operators.admit": KeyDeclaration("a", "admit", "Admit an operator"),
    "operators.remove": KeyDeclaration("d", "remove", "Remove an operator"),
    "operators.find": KeyDeclaration("slash", "find", "Find"),
    "health.verify": KeyDeclaration("v", "verify", "Verify the key"),
    "health.verify-all": KeyDeclaration("V", "verify all", "Verify all keys that are shown"),
    "health.filter": KeyDeclaration("slash", "filter", "Filter: provider, tenant or state"),
    "damaged.again": KeyDeclaration("r", "refresh", "Read the settings again"),
    # Playground
    "chat.write": KeyDeclaration("i", "type", "Type a question"),
    "embedding.write": KeyDeclaration("i", "type", "Type texts"),
    "speech.write": KeyDeclaration("i", "type", "Choose a file"),
    "compare.write": KeyDeclaration("i", "type", "Type a prompt"),
    "field.editor": KeyDeclaration("f12", "editor", "Edit the text in $VISUAL or $EDITOR (also ctrl+x ctrl+e)"),
    "question.new-line": KeyDeclaration("ctrl+j", "new line", "new line"),
    "chat.again": KeyDeclaration("r,ctrl+r", "regenerate", "Regenerate the answer"),
    "chat.edit": KeyDeclaration("e,ctrl+g", "edit", "Edit the last question"),
    "speech.save": KeyDeclaration("s,ctrl+s", "save", "Save the text"),
    "speech.copy": KeyDeclaration("c,f8", "copy", "Copy the text"),
    "embedding.again": KeyDeclaration("r,ctrl+r", "embed again", "Embed again"),
    "speech.again": KeyDeclaration("r,ctrl+r", "transcribe again", "Transcribe again"),
    "compare.again": KeyDeclaration("r,ctrl+r", "once more", "One more answer of every model"),
    "compare.repeat": KeyDeclaration("R", "repeat 5", "Five more answers of every model, for medians"),
    "compare.winner": KeyDeclaration("w", "winner", "Use the model of this column as the default chat model"),
    "compare.differences": KeyDeclaration("=", "differences", "Differences between two answers, word by word"),
    "compare.add": KeyDeclaration("a", "add model", "Add a model"),
    "question.earlier": KeyDeclaration("up", "last question", fixed=True),
    "question.follow": KeyDeclaration("end", "follow", fixed=True),
    "question.page-up": KeyDeclaration("pageup", "scroll", "page up"),
    "question.page-down": KeyDeclaration("pagedown", "page down", "page down"),
    "playground.model": KeyDeclaration("m,ctrl+o", "model", "Model"),
    "chat.parameters": KeyDeclaration("p,ctrl+t", "parameters", "Parameters and system prompt"),
    "embedding.parameters": KeyDeclaration("p,ctrl+t", "parameters", "Kind of the texts, and dimensions"),
    "playground.prompts": KeyDeclaration("P", "prompts", "Saved prompts: system prompt, parameters and schema"),
    "playground.schema": KeyDeclaration("J", "schema", "JSON Schema that answers must fit"),
    "playground.tools": KeyDeclaration("T", "tools", "Tools: offer some, and give the results of calls by hand"),
    "compare.remove": KeyDeclaration("d", "remove", "Remove the model of this column"),
    "playground.raw": KeyDeclaration("v", "raw", "Raw request and response of the last answer"),
    "raw.save": KeyDeclaration("s,ctrl+s", "save", "Save as JSON"),
    "raw.copy": KeyDeclaration("c,f8", "copy as", "Copy the request as curl or a script"),
    "raw.find": KeyDeclaration("slash", "find", "Find"),
    "playground.source": KeyDeclaration("o", "your key/trial", "Your key or trial"),
    "chat.new": KeyDeclaration("n,ctrl+n", "new", "New chat"),
    "chat.correct": KeyDeclaration("f,f11", "send back", "Send back what does not fit the schema"),
    "prompts.save": KeyDeclaration("s,ctrl+s", "save", "Save what the tab asks with"),
    "prompts.remove": KeyDeclaration("d", "remove", "Remove the saved prompt (asks first)"),
    "chat.copy": KeyDeclaration("c,f8", "copy", "Copy the answer"),
    "chat.save": KeyDeclaration("s,ctrl+s", "save", "Save the chat"),
    "embedding.copy": KeyDeclaration("c,f8", "copy", "Copy the vectors"),
    "embedding.save": KeyDeclaration("s,ctrl+s", "save", "Save as JSON or CSV"),
    "embedding.scatter": KeyDeclaration("x", "scatter", "Scatter: the texts in two dimensions"),
    "embedding.models": KeyDeclaration("=", "two models", "Another model on the same texts: how far both agree"),
    "embedding.nearest": KeyDeclaration("n", "nearest", "Nearest lines of a file to a query"),
    "embedding.find": KeyDeclaration("slash", "find", "Find"),
    "speech.models": KeyDeclaration("=", "compare", "Compare models on this recording, or with a reference text"),
    "compare.copy": KeyDeclaration("c,f8", "copy", "Copy the answer"),
    "compare.save": KeyDeclaration("s,ctrl+s", "save", "Save as Markdown or JSON"),
    "compare.batch": KeyDeclaration("B", "batch", "Batch: send every prompt of a file to these models"),
    "speech.batch": KeyDeclaration("B", "folder", "Batch: transcribe every recording of a folder"),
    "embedding.batch": KeyDeclaration("B", "file", "Batch: embed every line of a file, into a file"),
    "batch.find": KeyDeclaration("slash", "find", "Find"),
    "speech.new": KeyDeclaration("n,ctrl+n", "new", "Another file"),
    "chat.history": KeyDeclaration("h,f10", "history", "Recorded chats: search, go on with one, rename, remove"),
    "chat.incognito": KeyDeclaration("I", "incognito", "Incognito: do not record this chat, or record it again"),
    "chats.filter": KeyDeclaration("slash", "search", "Search the chats"),
    "chats.rename": KeyDeclaration("f7", "rename", "Rename the chat"),
    "chats.remove": KeyDeclaration("f8", "remove", "Remove the chat (asks first)"),
    "chats.save": KeyDeclaration("ctrl+s", "save", "Save the chat as Markdown or JSON"),
    "chats.settings": KeyDeclaration("ctrl+t", "history", "Record chats or not, and for how long"),
    "chat.find": KeyDeclaration("slash", "find", "Find in the chat"),
    "chat.attach": KeyDeclaration("a,f7", "attach", "Attach an image, a PDF or a text file"),
    "speech.find": KeyDeclaration("slash", "find", "Find in the text"),
    "chat.before": KeyDeclaration("left", "previous answer", "Previous answer"),
    "chat.after": KeyDeclaration("right", "next answer", "Next answer"),
    "embedding.before": KeyDeclaration("left", "previous columns", "Previous columns"),
    "embedding.after": KeyDeclaration("right", "next columns", "Next columns"),
    "speech.before": KeyDeclaration("left", "previous result", "Previous result"),
    "speech.after": KeyDeclaration("right", "next result", "Next result"),
    "compare.before": KeyDeclaration("left", "previous column", "Previous column"),
    "compare.after": KeyDeclaration("right", "next column", "Next column"),
    "playground.type": KeyDeclaration("t", "next type", "Next type"),
    "playground.type-again": KeyDeclaration("4,f5", "next type", "Next type"),
    "focus.next": KeyDeclaration("tab", "next", fixed=True),
    "focus.previous": KeyDeclaration("shift+tab", "previous", fixed=True),
    # Everywhere
    "help.find": KeyDeclaration("slash", "find", "Find"),
    "audit.find": KeyDeclaration("slash", "find", "Find"),
    "area.providers": KeyDeclaration("1,f2", "Providers", "Providers"),
    "area.models": KeyDeclaration("2,f3", "Models", "Models"),
    "area.defaults": KeyDeclaration("3,f4", "Defaults", "Defaults"),
    "area.playground": KeyDeclaration("4,f5", "Playground", "Playground"),
    "app.tenants": KeyDeclaration("0,f6", "tenants", "Tenants"),
    "app.lock": KeyDeclaration("L,f9", "lock", "Lock or unlock"),
    "app.redraw": KeyDeclaration("ctrl+l", "redraw", "Redraw"),
    "app.suspend": KeyDeclaration("ctrl+z", "suspend", "Suspend"),
    "app.copy-or-stop": KeyDeclaration("ctrl+c", "copy", "Copy"),
    "app.commands": KeyDeclaration(":,ctrl+p", "commands", "Commands"),
    "app.quit": KeyDeclaration("q", "quit", "Quit"),
    "app.quit-everywhere": KeyDeclaration("ctrl+q", "quit", "Quit"),
    "find.close": KeyDeclaration("escape", "back", fixed=True),
    "area.escape": KeyDeclaration("escape", "back", "Back"),
    "page.back": KeyDeclaration("escape", "back", "Back"),
    "welcome.stop": KeyDeclaration("escape", "stop", "Stop creating the key pair"),
    "app.help": KeyDeclaration("question_mark,f1", "help", "Help"),
    "page.help": KeyDeclaration("question_mark,f1", "help", "Help"),
    "welcome.help": KeyDeclaration("question_mark,f1", "help", "Help"),
}
"""Id -> declaration, in the order of a footer. The ids are those of `[keymap]` in the configuration."""

_ORDER = {binding_id: place for place, binding_id in enumerate(DECLARED)}

_ALWAYS_SHOWN = ("find.close", "area.escape", "page.back", "welcome.stop", "app.help", "page.help", "welcome.help")
"""Entries that a narrow footer keeps: how to leave, and help."""

_GENERAL = ("area.", "app.", "page.", "list.", "form.")
"""Beginnings of the ids that many screens share; all others are a screen's own."""

KEY_NAMES = {"escape": "esc", "pageup": "page up", "pagedown": "page down", "slash": "/", "colon": ":"}

_PLACEHOLDER = re.compile(r"\{([a-z]+\.[a-z-]+)(:typing)?\}")

_keymap: dict[str, str] = {}


def set_keymap(keymap: Mapping[str, str]) -> None:
    """Use the keys of a person's configuration (binding id -> keys) in every text from now on."""
    _keymap.clear()
    _keymap.update(keymap)


def bind(binding_id: str, action: str, *, also: str = "", priority: bool = False) -> Binding:
    """Return the declared binding for a node's `BINDINGS`. A fixed one has no id, so no keymap finds it.

    `also` are keys that only this node adds. They are not shown, and a keymap replaces them like the others.
    """
    declared = DECLARED[binding_id]
    keys = f"{declared.keys},{also}" if also else declared.keys
    description = declared.description
    known_as = None if declared.fixed else binding_id
    return Binding(keys, action, declared.word, bool(description), None, priority, description, known_as)


# --- texts ---


def keys_of(binding_id: str) -> tuple[str, ...]:
    """Return the keys of a binding as they are written in texts, those of the keymap if it has the id."""
    declared = DECLARED[binding_id]
    keys = declared.keys if declared.fixed else _keymap.get(binding_id, declared.keys)
    return tuple(key_name(key.strip()) for key in keys.split(","))


def key_of(binding_id: str, *, typing: bool = False) -> str:
    """Return the key to name in a text: the first one, or while `typing` the first that does not type a character."""
    keys = keys_of(binding_id)
    return next((key for key in keys if len(key) > 1), keys[0]) if typing else keys[0]


def hint(sentence: str) -> str:
    """Put real keys into a sentence: `{models.add}`, or `{area.models:typing}` for a reader who is in a text field."""
    return _PLACEHOLDER.sub(lambda match: key_of(match[1], typing=match[2] is not None), sentence)


def key_name(key: str) -> str:
    """Return a key as footers and help write it: `?`, `esc`, `page up`, `ctrl+l`."""
    character = key_to_character(key)
    visible = character is not None and character.isprintable() and character != " "
    return KEY_NAMES.get(key) or (character if visible and character else key)


@dataclass(frozen=True)
class FooterItem:
    """One entry of a footer, as it is drawn. `last` ones stay in a narrow window."""

    keys: str
    word: str
    last: bool = False


def footer_items(entries: Iterable[str], typing: bool) -> tuple[FooterItem, ...]:
    """Resolve footer entries in their declared order; while `typing`, leave out keys that would type."""
    parsed = [(ids.split(), word) for ids, _, word in (entry.partition(": ") for entry in entries)]
    items: list[FooterItem] = []
    for ids, word in sorted(parsed, key=lambda entry: _ORDER[entry[0][0]]):
        keys = [key_of(binding_id, typing=typing) for binding_id in ids]
        if not (typing and any(len(key) == 1 for key in keys)):
            items.append(FooterItem(" ".join(keys), word or DECLARED[ids[0]].word, ids[0] in _ALWAYS_SHOWN))
    return tuple(items)


# --- actions of a screen ---


@dataclass(frozen=True)
class Action:
    """An action of a screen: its words, keys (the plain one first), and whether it can be used now.

    `run` is the action's name for the app, to be called on `node`.
    """

    id: str
    words: str
    keys: tuple[str, ...]
    run: str
    node: DOMNode
    usable: bool = True

    @property
    def is_general(self) -> bool:
        """Whether many screens have it."""
        return self.id.startswith(_GENERAL)


def actions_of(screen: Screen[Any]) -> list[Action]:
    """Return the actions of a screen and of what it shows, each once, in the order of their nodes, then the app's."""
    actions: dict[tuple[str, str], Action] = {}
    for node in (*_visible_widgets(screen), screen, screen.app):
        for binding in _bindings(node):
            usable = _state(node, binding.action)
            if usable is False or not binding.id or not binding.show:
                continue
            name, same = key_name(binding.key), (binding.tooltip, binding.action)
            known = actions.get(same)
            if known is None:
                actions[same] = Action(binding.id, binding.tooltip, (name,), binding.action, node, usable is True)
            elif known.node is node and name not in known.keys:
                actions[same] = replace(known, keys=tuple(sorted((*known.keys, name), key=_plain_first)))
    return list(actions.values())


def class_actions(screen: type[Screen[Any]]) -> list[tuple[str, str, str]]:
    """Return the own actions of a screen that need not be open: words, plain key, and action's name."""
    declared = [binding for kind in screen.__mro__ for binding in kind.__dict__.get("BINDINGS", ())]
    actions: dict[str, tuple[str, str, str]] = {}
    for binding in Binding.make_bindings(declared):
        if binding.id and binding.show and not binding.id.startswith(_GENERAL):
            actions.setdefault(binding.id, (binding.tooltip, key_of(binding.id), binding.action))
    return list(actions.values())


def _plain_first(key: str) -> int:
    return 0 if len(key) == 1 and not key.isdigit() else 1 if len(key) == 1 else 2


def _visible_widgets(screen: Screen[Any]) -> Iterator[Widget]:
    for widget in screen.walk_children(Widget):
        if all(parent.display for parent in widget.ancestors_with_self if isinstance(parent, Widget)):
            yield widget


def _bindings(node: DOMNode) -> Iterator[Binding]:
    bindings = node._bindings.copy()
    if _keymap:
        bindings.apply_keymap(_keymap)
    for _, binding in bindings:
        yield binding


def _state(node: DOMNode, action: str) -> bool | None:
    """Return True if the action can be done now, None if not, False if it has no place on the screen at present."""
    name, parameters = action.rpartition(".")[2].partition("(")[0], ()
    return node.check_action(name, parameters) if "." not in action else True
