"""Command, option and argument declarations, and the ones that many commands share. No imports of tui."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_FORMS = ("curl", "httpx", "python")
TYPES = ("chat", "embedding", "speech2text")
EXIT_CODES = (
    "0 done, 1 failed, 2 usage error, 3 credential rejected, 4 network error, 5 locked or cannot be decrypted, "
    "130 interrupted, 141 output pipe closed"
)
VARIABLES = (
    ("MODELDECK_TENANT", "the tenant to use without -t"),
    ("MODELDECK_PASSPHRASE", "the tenant's passphrase; --passphrase-fd and -file are safer"),
    ("MODELDECK_DATA_DIR", "folder of the settings"),
    ("MODELDECK_KEY_DIR", "folder of the private keys"),
    ("MODELDECK_STORE", "a shared store, postgresql://…, in place of that folder"),
    ("MODELDECK_CONFIG_DIR", "folder of config.toml"),
    ("PAGER", "the program that shows tables longer than the terminal, such as less"),
    ("MODELDECK_DISPLAY", "whole: the console redraws whole rows, not only what changed"),
)


class Argument(NamedTuple):
    """A word by its place; `least` is how many there must be."""

    name: str
    help: str = ""
    min_count: int = 1
    many: bool = False
    choices: tuple[str, ...] = ()


class Option(NamedTuple):
    """A word by its name; without `value` it is a switch. `must` says it is needed, `shown` puts it in the synopsis."""

    names: tuple[str, ...]
    help: str
    value: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    shown: bool = True

    @property
    def key(self) -> str:
        """The longest name without its dashes."""
        return self.names[-1].lstrip("-")


class Command(NamedTuple):
    """A command: its words, arguments, options, help and handler.

    `handler` is `module:function` below `tui.cli.commands`, imported when the command runs. `shape` is what `--json`
    prints: keys are not renamed or dropped once released. `table` is a heading and the `module:NAME` of rows for
    the help, imported when it is shown. `secrets` says that the process may hold decrypted secrets and is hardened
    first.
    """

    words: tuple[str, ...]
    handler: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    details: str = ""
    shape: str = ""
    examples: tuple[str, ...] = ()
    secrets: bool = True
    table: tuple[str, str] = ("", "")

    @property
    def all_options(self) -> tuple[Option, ...]:
        """The command's own options and those of every command; `--fields` where JSON has keys that are known."""
        named_keys = self.shape.lstrip("[{")[:1].islower() and self.shape[:1] in ("[", "{")
        return (*self.options, *((FIELDS_OPTION,) if named_keys else ()), *GLOBAL_OPTIONS)


FIELDS_OPTION = Option(("--fields",), "with --json: print only these keys, in this order", "KEY,KEY", shown=False)
JSON = Option(("--json",), "print JSON", shown=False)
YES = Option(("--yes",), "do it; without this, only show what would happen", required=True)
TENANTS = Option(("--tenants",), "in these tenants, by name or ID, with commas between", "T,T", shown=False)
ALL_TENANTS = Option(("--all-tenants",), "in all tenants", shown=False)
DRY_RUN = Option(("--dry-run",), "only show what would happen, with exit code 0", shown=False)
TYPE = Option(("--type",), "the model type: chat, embedding or speech2text", "TYPE", TYPES)
MODEL_OPTION = Option(("-m", "--model"), "the model as P/MODEL; default: the default model of the type", "P/MODEL")
NO_VERIFY = Option(("--no-verify",), "save without verifying at the provider")
ALLOW_HTTP = Option(("--allow-http",), "allow unencrypted http:// to other machines")
TRACE = Option(("--trace",), "save requests, headers and frames as JSON, without keys", "FILE", shown=False)
FORCE = Option(("--force",), "overwrite an existing file", shown=False)
PRINT = Option(
    ("--print",), "print the request as curl, httpx or python, and send nothing", "FORM", ("curl", "httpx", "python")
)
SAVED_PROMPT = Option(("--saved-prompt",), "use a saved prompt, see modeldeck prompt list", "NAME", shown=False)
SCHEMA = Option(("--schema",), "a JSON Schema that the answer must fit", "FILE")
ATTACHMENTS = (
    Option(("-a", "--attachment"), "an image, PDF or text file to send; repeat for several; - reads stdin", "FILE"),
    Option(("--keep-metadata",), "send the EXIF data and comments of JPEG files too", shown=False),
)
CREDENTIAL_NAME = Option(("--name",), "the credential's name; default: `default`", "CRED")

PROVIDER = Argument("P", "a provider ID, see modeldeck provider list")
FIELDS = Argument("FIELD=VALUE", "fields by name, see modeldeck provider show P", min_count=0, many=True)
TENANT = Argument("TENANT", "a tenant's name or ID; the same as -t", min_count=0)
TYPE_ARGUMENT = Argument("TYPE", "chat, embedding or speech2text", choices=TYPES)

GLOBAL_OPTIONS = (
    Option(("-t", "--tenant"), "the tenant, by name or ID; optional if there is only one", "TENANT"),
    Option(("--passphrase-fd",), "read passphrases from file descriptor N, one per line", "N"),
    Option(("--passphrase-file",), "read them from FILE, readable only by you", "FILE"),
    Option(("--no-input",), "never ask and never wait for typing; fail instead"),
    Option(("-q", "--quiet"), "print only results and errors"),
    Option(("-h", "--help"), "show this help"),
)


class ParsedArgs:
    """A command and its values. `help_on` holds the words whose help was asked for, else None."""

    def __init__(
        self, command: Command, values: Mapping[str, Sequence[str]], help_on: tuple[str, ...] | None = None
    ) -> None:
        self.command = command
        self.help_on = help_on
        self._values = values

    def one(self, name: str, otherwise: str = "") -> str:
        """Return the value of an option or argument; the last one counts."""
        values = self._values.get(name)
        return values[-1] if values else otherwise

    def many(self, name: str) -> tuple[str, ...]:
        """Return every value of an option or argument."""
        return tuple(self._values.get(name, ()))

    def has(self, name: str) -> bool:
        """Return True if the option or argument is there."""
        return name in self._values
