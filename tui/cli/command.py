"""What a command is: its words, arguments and options, and what holds for every one. Imports nothing of the program."""

from typing import NamedTuple

TYPES = ("chat", "embedding", "speech2text")
EXIT_CODES = "0 done, 1 failed, 2 usage, 3 credential refused, 4 network, 5 locked or cannot be opened, 130 interrupted"
VARIABLES = (
    ("MODELDECK_TENANT", "the tenant meant where -t is left out"),
    ("MODELDECK_PASSPHRASE", "the tenant's passphrase; a descriptor or a file shows it to fewer"),
    ("MODELDECK_DATA_DIR", "where settings are kept"),
    ("MODELDECK_KEY_DIR", "where private keys are kept"),
    ("MODELDECK_CONFIG_DIR", "where config.toml is read from"),
    ("MODELDECK_DISPLAY", "whole: the console sends whole rows, not what changed in them"),
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
    """A command. `secrets` says that it may hold opened secrets, so that the process is hardened first."""

    words: tuple[str, ...]
    runs: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    details: str = ""
    shape: str = ""
    examples: tuple[str, ...] = ()
    secrets: bool = True


JSON = Option(("--json",), "answer as JSON", shown=False)

GLOBAL_OPTIONS = (
    Option(("-t", "--tenant"), "the tenant, by name or id; may be left out when there is one", "TENANT"),
    Option(("--passphrase-fd",), "read passphrases from file descriptor N, one a line", "N"),
    Option(("--passphrase-file",), "read them from FILE, which only its owner can open", "FILE"),
    Option(("-h", "--help"), "this text"),
)
