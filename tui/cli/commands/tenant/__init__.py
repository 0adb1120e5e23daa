"""`modeldeck tenant`: tenants, their names and their passphrases."""

from tui.cli.command import ALLOW_HTTP, DRY_RUN, JSON, YES, Argument, Command, Option

_NAME = Argument("NAME", "a tenant's name or ID")

COMMANDS = (
    Command(
        ("tenant", "list"),
        "tenant.handlers:list_all",
        "list the tenants and their state",
        options=(JSON,),
        shape="[{id, name, open, agent, protected, ready, defaults, last_used, problem}]; problem is null or a "
        "sentence; agent is true if it is open in the agent",
        examples=("modeldeck tenant list",),
    ),
    Command(
        ("tenant", "create"),
        "tenant.handlers:create",
        "create a tenant and its key pair",
        (Argument("NAME", "up to 60 characters"),),
        (
            Option(("--id",), "its ID, which never changes; default: from the name", "ID"),
            Option(("--if-missing",), "succeed, and change nothing, if the tenant already exists", shown=False),
            JSON,
        ),
        "On a terminal, asks for a passphrase; leave it blank for none. Elsewhere, the tenant has a passphrase only if "
        "you pass one. Without a passphrase, anyone who can read your files on this machine can decrypt the API keys.",
        "{id, name, key_id, protected, created}",
        ("modeldeck tenant create acme", "modeldeck tenant create north-lab --passphrase-fd 3 3<passphrase.txt"),
    ),
    Command(
        ("tenant", "copy"),
        "tenant.copy:copy",
        "copy a tenant's settings to another tenant, or to a new one",
        (Argument("FROM", "a tenant's name or ID"), Argument("TO", "another one; a new tenant gets this name")),
        (
            Option(("--no-secrets",), "leave the API keys out"),
            ALLOW_HTTP,
            YES,
            DRY_RUN,
            JSON,
        ),
        "Connections, credentials, added models, defaults and saved prompts. Anything else in TO stays; a credential "
        "of the same name is replaced. The keys are sealed for TO. Recorded chats and the audit log are not copied.",
        "{from, tenant, name, new, copied, changes: [{done, about}], urls, lacks}",
        ("modeldeck tenant copy acme acme-staging --no-secrets --dry-run", "modeldeck tenant copy acme beta --yes"),
    ),
    Command(
        ("tenant", "rename"),
        "tenant.handlers:rename",
        "change a tenant's name; its ID stays",
        (Argument("OLD", "its name or ID"), Argument("NEW", "its new name")),
        (JSON,),
        shape="{id, name}",
        examples=("modeldeck tenant rename acme 'Acme Ltd'",),
    ),
    Command(
        ("tenant", "passphrase"),
        "tenant.handlers:passphrase",
        "set, change or remove the passphrase of a tenant",
        (_NAME,),
        (YES, DRY_RUN, JSON),
        shape="{id, protected, message}",
        details="With --passphrase-fd or --passphrase-file, the first line is the current passphrase, if there is one, "
        "and the next the new one. A blank line as the new one removes it, with --yes.",
        examples=("modeldeck tenant passphrase acme",),
    ),
    Command(
        ("tenant", "remove"),
        "tenant.handlers:remove",
        "delete a tenant with its settings and private key, permanently",
        (_NAME,),
        (YES, DRY_RUN, JSON),
        shape="{id, removed, message}",
        examples=("modeldeck tenant remove acme --yes",),
    ),
    Command(
        ("tenant", "accept"),
        "tenant.handlers:accept",
        "accept a settings file that was edited by hand",
        (_NAME,),
        (YES, DRY_RUN, JSON),
        "A settings file holds a checksum, which shows edits by hand and disk errors alike. The audit log notes what "
        "you accept.",
        "{id, providers, added, defaults}",
        examples=("modeldeck tenant accept acme --yes",),
    ),
)
