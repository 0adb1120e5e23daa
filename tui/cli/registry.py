"""The table of commands, assembled from the declarations of each noun.

A noun is one module of `tui.cli.commands`, or a package whose `__init__` holds the declarations and whose other
modules hold the functions, so that `--help` imports no function.
"""

from tui.cli.commands import (
    audit,
    chat,
    config,
    console,
    credential,
    default,
    embed,
    model,
    playground,
    price,
    provider,
    shell,
    spend,
    store,
    tenant,
    transcribe,
    transfer,
    trial,
    vault,
)
from tui.cli.commands.chat import history, prompts
from tui.cli.commands.store import operators, paths
from tui.cli.commands.vault import agent, undo

CONSOLE = console.CONSOLE

COMMANDS = (
    *console.COMMANDS,
    *paths.COMMANDS,
    *config.COMMANDS,
    *tenant.COMMANDS,
    *provider.COMMANDS,
    *credential.COMMANDS,
    *trial.COMMANDS,
    *model.COMMANDS,
    *default.COMMANDS,
    *price.COMMANDS,
    *spend.COMMANDS,
    *vault.COMMANDS,
    *agent.COMMANDS,
    *undo.COMMANDS,
    *audit.COMMANDS,
    *store.COMMANDS,
    *operators.COMMANDS,
    *transfer.COMMANDS,
    *chat.COMMANDS,
    *history.COMMANDS,
    *prompts.COMMANDS,
    *playground.COMMANDS,
    *embed.COMMANDS,
    *transcribe.COMMANDS,
    *shell.COMMANDS,
)
