"""`modeldeck completions`: what the shell offers at the tab key."""

from tui.cli.command import DRY_RUN, JSON, Argument, Command

SHELLS = ("bash", "zsh", "fish")

COMMANDS = (
    *(
        Command(
            ("completions", shell),
            "shell.handlers:script",
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
        "shell.handlers:install",
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
