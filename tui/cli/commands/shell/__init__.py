"""`modeldeck exec`, `env` and `completions`: a tenant's keys for programs, and what a shell offers at the tab key."""

from tui.cli.command import DRY_RUN, JSON, Argument, Command, Option

SHELLS = ("bash", "zsh", "fish")
FORMATS = ("sh", "fish", "dotenv", "json", "systemd")
_PROVIDER = Option(("--provider",), "only the keys of this provider; may be repeated", "P")
_BY_PROVIDER = Option(
    ("--by-provider",),
    "name each variable after provider and field, GATEWAY_API_KEY; none is left out",
    shown=False,
)

_PROGRAMS = (
    Command(
        ("exec",),
        "shell.program:run_program",
        "run a program with a tenant's keys in its environment",
        (Argument("CMD", "the program, behind --"), Argument("ARG", "its arguments", 0, many=True)),
        (
            _PROVIDER,
            _BY_PROVIDER,
            Option(("--only",), "pass only PATH, HOME, locale and terminal from this environment"),
            Option(("--file",), "hand a value as a file: NAME gets the path, VARIABLE is not set", "NAME=VARIABLE"),
            Option(("--nest",), "allow this inside a program that modeldeck exec has started", shown=False),
        ),
        "The keys are in the variables that the vendors' SDKs read, such as OPENAI_API_KEY, with the base URLs that "
        "they belong to; MODELDECK_CHAT_MODEL and the like hold your default models. Variables of the same providers "
        "that would send a key elsewhere are not inherited. An OpenAI-compatible API is exported as OPENAI_API_KEY "
        "and OPENAI_BASE_URL if you name it with --provider. "
        "The program takes the place of this process; its exit code is that of the command (126: cannot be run, 127: "
        "does not exist). Keys of trials are never handed over. The audit log names the program and the providers.",
        examples=(
            "modeldeck exec -- python app.py",
            "modeldeck exec -t acme --provider openai --only -- ./evaluate --all",
            "modeldeck exec --file OPENAI_API_KEY_FILE=OPENAI_API_KEY -- ./server",
        ),
    ),
    Command(
        ("env",),
        "shell.program:show_environment",
        "print a tenant's keys as variables, for a shell or a file",
        (),
        (
            _PROVIDER,
            Option(("--format",), f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; default: sh", "FORMAT", FORMATS),
            _BY_PROVIDER,
            Option(("--reveal",), "print them to a terminal, too"),
            JSON._replace(help="the same as --format json"),
        ),
        'modeldeck exec is safer, as nothing is printed. In a shell: eval "$(modeldeck env)". sh and fish also unset '
        "variables of the same providers that would send a key elsewhere; dotenv and systemd cannot.",
        "{VARIABLE: value}",
        ("modeldeck env --provider openai --format dotenv >.env",),
    ),
)


COMMANDS = (
    *_PROGRAMS,
    Command(
        ("schema",),
        "shell.schema:schema",
        "print the JSON Schema of what a command prints with --json",
        (Argument("COMMAND", "the command, such as provider list; without it, the list of all", 0, many=True),),
        details="The schema is draft 2020-12, with the form of an error in $defs. Within a version, the number at the "
        "end of its $id, keys are added, and none is renamed or dropped.",
        examples=("modeldeck schema provider list", "modeldeck schema"),
        secrets=False,
    ),
    *(
        Command(
            ("completions", shell),
            "shell.completions:script",
            f"print the completion script for {shell}",
            examples=(f"modeldeck completions {shell}",),
            details="The script asks modeldeck for the words that can come next: commands, options, and the names of "
            "tenants, connections, models and credentials. Nothing is unlocked or sent.",
            secrets=False,
        )
        for shell in SHELLS
    ),
    Command(
        ("completions", "install"),
        "shell.completions:install",
        "write the completion script to where your shell looks for it",
        (Argument("SHELL", "bash, zsh or fish; default: your login shell", 0, choices=SHELLS),),
        (DRY_RUN, JSON),
        "Writes one file below your home folder, and no other. If your shell does not look there by itself, the line "
        "to add to its start-up file is shown.",
        "{shell, file, written, next}; next is a line for the shell's start-up file, or ''",
        ("modeldeck completions install", "modeldeck completions install zsh --dry-run"),
        secrets=False,
    ),
)
