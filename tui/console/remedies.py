"""Word every remedy for the console: the screen, and the key as it is bound."""

from tui.console.keys import hint
from tui.errors import Action, Problem, Remedy

_WORDS = {
    Action.ADD_LOGIN: "Its administrator adds you with the store commands in a shell.",
    Action.ADD_MODEL: "Press {models.add} in Models ({area.models}) to add one.",
    Action.ALLOW_PLAIN_HTTP: "Or allow it when you are asked.",
    Action.AWAIT_REQUEST: "They create and publish one first, with the operator commands in a shell.",
    Action.CHECK_STORE: "Check it with the store commands in a shell.",
    Action.CONFIRM_CHANGES: "Press {providers.verify} on it in Providers ({area.providers}) to review and confirm it.",
    Action.CREATE_TENANT: "Press {tenants.new} in Tenants ({app.tenants}) to create one.",
    Action.EDIT_MODEL: "Press {models.edit} on it in Models ({area.models}) to edit it.",
    Action.IMPORT_MODELS: "Press {providers.refresh} on it in Providers ({area.providers}) to import its models.",
    Action.LIST_CREDENTIALS: "Providers ({area.providers}) shows them beside the list.",
    Action.LIST_MODELS: "See them in Models ({area.models}).",
    Action.LIST_TENANTS: "See them in Tenants ({app.tenants}).",
    Action.RECEIVE_KEY: "An operator can admit you; receive the key with the operator commands in a shell.",
    Action.REPLACE_CREDENTIAL: "Press {list.choose} on it in Providers ({area.providers}) to replace it, "
    "{providers.remove} to forget it.",
    Action.REQUEST_ADMISSION: "Create and publish one with the operator commands in a shell.",
    Action.RESOLVE_ROTATION: "In Providers ({area.providers}), press {providers.use} on the kept key to go back to it, "
    "{providers.remove} to forget it.",
    Action.ROTATE_KEY_PAIR: "Press {tenants.passphrase} in Tenants ({app.tenants}) to replace it.",
    Action.ROTATE_LOST_KEY: "Press {tenants.passphrase} in Tenants ({app.tenants}) to start over.",
    Action.SET_PASSPHRASE: "Press {tenants.passphrase} in Tenants ({app.tenants}) to set one.",
    Action.SET_UP_PROVIDER: "Press {list.choose} on it in Providers ({area.providers}) to set it up.",
    Action.SET_UP_STORE: "Its administrator sets it up with the store commands in a shell.",
    Action.SHOW_GRANTS: "The store commands in a shell show what each role may do.",
    Action.UNLOCK: "Unlock it with its passphrase.",
}
"""Action -> its words. A binding ID in braces is replaced by its key."""


def remedy_text(remedy: Remedy | None) -> str:
    """Return the words of a remedy with the keys of now, '' for none."""
    return hint(_WORDS[remedy.action]) if remedy else ""


def problem_hint(problem: Problem) -> str:
    """Return what to do about a problem: its hint, then the words of its remedy."""
    return " ".join(filter(None, (problem.hint, remedy_text(problem.remedy))))
