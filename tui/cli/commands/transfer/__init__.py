"""`modeldeck export` and `modeldeck import`: a tenant's settings as a file."""

from tui.cli.command import ALLOW_HTTP, DRY_RUN, FORCE, JSON, NO_VERIFY, TENANT, YES, Argument, Command, Option

FORMATS = ("modeldeck", "litellm", "dify", "compose", "systemd", "dotenv")

COMMANDS = (
    Command(
        ("export",),
        "transfer.handlers:export",
        "write a tenant's settings to a file, with or without its API keys",
        (TENANT,),
        (
            Option(("-o", "--output"), "the file, which only you can read; default or -: stdout", "FILE"),
            Option(("--with-secrets",), "include the API keys; the file is encrypted with a passphrase"),
            Option(("--with-history",), "include the recorded chats as well; needs --with-secrets"),
            Option(("--format",), f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; default: {FORMATS[0]}", "F", FORMATS),
            Option(("--provider",), "with --format: only this provider; may be repeated", "P", shown=False),
            Option(("--reveal",), "with --format dotenv: write the keys in clear", shown=False),
            FORCE,
            DRY_RUN._replace(help="with -o: only say whether FILE would be created or overwritten"),
        ),
        "Without secrets, the file is JSON that you can read and compare: the same settings give the same file. With "
        "secrets, it is encrypted (scrypt and AES-256-GCM), and can carry the recorded chats. With "
        "--passphrase-fd, the tenant's passphrase comes first, if it is locked, then the file's.\n\n"
        "The other formats configure programs that are started with modeldeck exec; its command is in their first "
        "line, and no key is in them: litellm (config.yaml of its proxy with every model), dify (its .env), compose "
        "(a service) and systemd (a unit). dotenv is a .env file with the keys in clear, and needs --reveal.",
        examples=(
            "modeldeck export acme -o acme.json",
            "modeldeck export acme --with-secrets --with-history -o acme.sealed",
            "modeldeck export acme --format litellm -o config.yaml",
        ),
    ),
    Command(
        ("import",),
        "transfer.handlers:import_file",
        "import settings that modeldeck export wrote, or API keys from another program's file",
        (Argument("FILE", "the file; - reads stdin"),),
        (
            Option(("--dry-run",), "only show what would change"),
            YES._replace(help="import it; without this, only show what would change", required=False),
            ALLOW_HTTP,
            NO_VERIFY._replace(help="save another program's keys without verifying them"),
            Option(("--shred",), "overwrite and delete another program's file afterwards", shown=False),
            JSON,
        ),
        "-t names the tenant; if it does not exist, it is created with its own key pair. Without -t, it is the tenant "
        "that the file came from. Values in an export overwrite yours; the rest is kept, and trials stay as they are. "
        "A file cannot send a stored API key to another address. Recorded chats that it holds are added, encrypted for "
        "this tenant's key pair; those that are here already stay as they are. With "
        "--passphrase-fd, the file's passphrase comes first, then the tenant's.\n\n"
        "Other programs' files are recognized by their content: .env, llm keys.json, aichat and LiteLLM config.yaml, "
        "oterm config.json, opencode auth.json and opencode.json, crush.json, and an export of cc-switch. Each key is "
        "shown with the addresses that it can be sent to, and is saved only if its provider accepts it. A stored key "
        "is never replaced: another one is added beside it. Nothing that a file refers to is looked up, included or "
        "run; such a key is named and left out.\n\n"
        "In .env, a line is blank, a # comment, or [export ]NAME=VALUE [# comment]. VALUE is '…' as it is, \"…\" with "
        "\\\" \\\\ \\$ \\n \\r \\t, or text up to a blank and # or the line's end. Values do not run over lines, and "
        "$NAME is not expanded.\n\n"
        "--shred needs a file that holds nothing but keys that were imported. Earlier bytes can stay on SSDs, on "
        "journaling, copy-on-write or network file systems, and in backups: only a new key is safe from them.",
        "{tenant, name, new, imported, changes: [{done, about}], urls: [url], lacks: [sentence], chats, format, "
        "keys: [{where, provider, credential, origins: [origin], state}], shredded}",
        (
            "modeldeck import acme.json --dry-run",
            "modeldeck import acme.sealed -t new-name --yes",
            "modeldeck import .env -t acme --yes --shred",
        ),
    ),
)
