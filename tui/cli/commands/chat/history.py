"""`modeldeck history`: chats that are kept, and whether they are."""

from tui.cli.command import DRY_RUN, FORCE, JSON, YES, Argument, Command, Option

_ID = Argument("ID", "the chat's ID, a part that no other chat's has, or last")
_SUMMARY = "[{id, title, created, updated, questions, models: [P/MODEL], finding, incomplete"
_CHAT = (
    "{id, title, created, updated, system, model, parameters, turns: [{question, attachments, tool_calls: [{id, "
    "name, arguments, result}], answers: [{text, model, state, note, thinking, first_token, total, input, output, "
    "reported}]}], findings: [sentence], incomplete}"
)
_SETTINGS = "{tenant, on, days, own, available, chats}; days is 0 for ever; own says that config.toml does not count"

COMMANDS = (
    Command(
        ("history", "status"),
        "chat.history_handlers:status",
        "show whether a tenant's chats are recorded, and how many there are",
        options=(JSON,),
        details='Off until `history = "sealed"` stands in config.toml, or `modeldeck history on` switches a tenant on. '
        "Each line of a chat is encrypted for the tenant's key pair: to record, it may be locked; to read, it is "
        "unlocked. A shared store keeps no chats.",
        shape=_SETTINGS,
        examples=("modeldeck history status",),
        secrets=False,
    ),
    Command(
        ("history", "on"),
        "chat.history_handlers:switch_on",
        "record a tenant's chats from now on, encrypted",
        options=(Option(("--days",), "remove a chat N days after its last change; 0 keeps it", "N"), JSON),
        shape=_SETTINGS,
        examples=("modeldeck -t acme history on --days 90",),
        secrets=False,
    ),
    Command(
        ("history", "off"),
        "chat.history_handlers:switch_off",
        "stop recording a tenant's chats; existing ones stay",
        options=(JSON,),
        shape=_SETTINGS,
        examples=("modeldeck -t acme history off",),
        secrets=False,
    ),
    Command(
        ("history", "auto"),
        "chat.history_handlers:leave_to_config",
        "follow config.toml again on recording a tenant's chats",
        options=(JSON,),
        shape=_SETTINGS,
        examples=("modeldeck -t acme history auto",),
        secrets=False,
    ),
    Command(
        ("history", "list"),
        "chat.history_handlers:listing",
        "list the recorded chats, the one changed last first",
        options=(Option(("-n", "--number"), "how many; 0 for all; on a terminal 40", "N"), JSON),
        details="finding says what is wrong with a file, such as a line that was removed; incomplete, that a session "
        "ended while writing, which loses its last line only.",
        shape=_SUMMARY + "}]",
        examples=("modeldeck history list",),
    ),
    Command(
        ("history", "search"),
        "chat.history_handlers:search",
        "find recorded chats that contain all of some words",
        (Argument("WORD", "a word or a part of one; case does not matter", many=True),),
        (JSON,),
        details="Questions, answers, system prompts and titles are searched, in memory.",
        shape=_SUMMARY + ", around}]; around is the text around the first word",
        examples=("modeldeck history search rayleigh scattering",),
    ),
    Command(
        ("history", "show"),
        "chat.history_handlers:show",
        "print a recorded chat as Markdown",
        (_ID,),
        (JSON,),
        shape=_CHAT,
        examples=("modeldeck history show last",),
    ),
    Command(
        ("history", "export"),
        "chat.history_handlers:export",
        "save recorded chats as Markdown or JSON, unencrypted",
        (Argument("ID", "the chats; all without it", min_count=0, many=True),),
        (
            Option(("-o", "--output"), "the file; JSON if its name ends in .json", "FILE", required=True),
            FORCE,
            JSON,
        ),
        details="The file can be read by you alone, but it is not encrypted; modeldeck export --with-history is. "
        "In JSON the file is a list of what history show --json prints.",
        shape="{file, chats, format}",
        examples=("modeldeck history export last -o chat.md", "modeldeck history export -o chats.json"),
    ),
    Command(
        ("history", "rename"),
        "chat.history_handlers:rename",
        "give a recorded chat a title",
        (_ID, Argument("TITLE", "the title; blank for its first question")),
        (JSON,),
        shape="{id, title}",
        examples=("modeldeck history rename last 'Why the sky is blue'",),
        secrets=False,
    ),
    Command(
        ("history", "remove"),
        "chat.history_handlers:remove",
        "remove recorded chats permanently",
        (Argument("ID", "the chats", min_count=0, many=True),),
        (Option(("--all",), "remove every chat of the tenant"), YES, DRY_RUN, JSON),
        shape="{chats: [id], removed, message}",
        examples=("modeldeck history remove last --yes", "modeldeck history remove --all --yes"),
        secrets=False,
    ),
)
