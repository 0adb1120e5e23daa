"""`modeldeck export` and `modeldeck import`: a tenant's settings as a file."""

from tui.cli.command import ALLOW_HTTP, FORCE, JSON, TENANT, YES, Argument, Command, Option

COMMANDS = (
    Command(
        ("export",),
        "transfer.handlers:export",
        "write a tenant's settings to a file, with or without its API keys",
        (TENANT,),
        (
            Option(("-o", "--output"), "the file, which only you can read; default or -: stdout", "FILE"),
            Option(("--with-secrets",), "include the API keys; the file is encrypted with a passphrase"),
            FORCE,
        ),
        "Without secrets, the file is JSON that you can read and compare: the same settings give the same file. With "
        "secrets, it is encrypted (scrypt and AES-256-GCM). With --passphrase-fd, the tenant's passphrase comes "
        "first, if it is locked, then the file's.",
        examples=("modeldeck export acme -o acme.json", "modeldeck export acme --with-secrets -o acme.sealed"),
    ),
    Command(
        ("import",),
        "transfer.handlers:import_file",
        "import a file made by modeldeck export, all of it or nothing",
        (Argument("FILE", "the file; - reads stdin"),),
        (
            Option(("--dry-run",), "only show what would change"),
            YES._replace(help="import it; without this, only show what would change", required=False),
            ALLOW_HTTP,
            JSON,
        ),
        "-t names the tenant; if it does not exist, it is created with its own key pair. Without -t, it is the tenant "
        "that the file came from. Values in the file overwrite yours; the rest is kept, and trials stay as they are. "
        "A file cannot send a stored API key to another address. With --passphrase-fd, the file's passphrase comes "
        "first, then the tenant's.",
        "{tenant, name, new, imported, changes: [{done, about}], lacks: [sentence]}",
        ("modeldeck import acme.json --dry-run", "modeldeck import acme.sealed -t new-name --yes"),
    ),
)
