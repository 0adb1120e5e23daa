"""Word every remedy for the command line: the command that does it comes last, to be copied."""

import shlex

from tui.domain import DEFAULT_NAME
from tui.errors import Action, Problem, Remedy
from tui.sanitize import one_line

_WORDS = {
    Action.ADD_LOGIN: "Its administrator adds you: modeldeck store init --dsn … --operator LOGIN",
    Action.ADD_MODEL: "Add one: modeldeck model add {provider} MODEL",
    Action.ALLOW_PLAIN_HTTP: "Or allow it with --allow-http.",
    Action.AWAIT_REQUEST: "They create and publish one first: modeldeck operator request",
    Action.CHECK_STORE: "Check it: modeldeck store status",
    Action.CONFIRM_CHANGES: "Review the changes and accept them: modeldeck vault confirm",
    Action.CREATE_TENANT: "Create one: modeldeck tenant create NAME",
    Action.EDIT_MODEL: "Edit it: modeldeck model edit {provider} {model} FIELD=VALUE",
    Action.IMPORT_MODELS: "Import its models: modeldeck model refresh {provider}",
    Action.LIST_CREDENTIALS: "List them: modeldeck credential list {provider}",
    Action.LIST_MODELS: "List them: modeldeck model list --provider {provider}",
    Action.LIST_TENANTS: "List them: modeldeck tenant list",
    Action.RECEIVE_KEY: "An operator can admit you: modeldeck operator request",
    Action.REPLACE_CREDENTIAL: "Replace it with modeldeck provider set {provider}{name}, "
    "or forget it with modeldeck credential remove {provider} {credential}",
    Action.REQUEST_ADMISSION: "To create and publish one: modeldeck operator request",
    Action.RESOLVE_ROTATION: "Use --confirm to delete it, --undo to switch back to it.",
    Action.ROTATE_KEY_PAIR: "Replace it: modeldeck vault rotate",
    Action.ROTATE_LOST_KEY: "Start over: modeldeck vault rotate --lost",
    Action.SET_PASSPHRASE: "Set one to lock it: modeldeck tenant passphrase NAME",
    Action.SET_UP_PROVIDER: "Set it up: modeldeck provider set {provider}{fields}{name}",
    Action.SET_UP_STORE: "Its administrator sets it up: modeldeck store init --dsn …",
    Action.SHOW_GRANTS: "What each role may do: modeldeck store grants",
    Action.UNLOCK: "Pass its passphrase with --passphrase-fd N or --passphrase-file FILE.",
}


def remedy_text(remedy: Remedy | None) -> str:
    """Return the words of a remedy, '' for none. What comes from a file is quoted for the shell."""
    if remedy is None:
        return ""
    named = remedy.credential not in ("", DEFAULT_NAME)
    return _WORDS[remedy.action].format(
        provider=_quote(remedy.provider) or "P",
        credential=_quote(remedy.credential),
        model=_quote(remedy.model),
        fields="".join(f" {_quote(field)}" for field in remedy.fields),
        name=f" --name {_quote(remedy.credential)}" if named else "",
    )


def problem_hint(problem: Problem) -> str:
    """Return what to do about a problem: its hint, then the words of its remedy."""
    return " ".join(filter(None, (problem.hint, remedy_text(problem.remedy))))


def _quote(text: str) -> str:
    return shlex.quote(one_line(text)) if text else ""
