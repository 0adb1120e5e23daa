"""Read YAML as plain data. PyYAML is imported when it is first used; it comes with `modeldeck[yaml]`.

Its safe loader makes no objects of Python. What a name (an alias) stands for is read once, however often it is used.
"""

from typing import Any

from tui.errors import Problem, UsageError

_MAX_CHARACTERS = 512 * 1024
"""Characters; the loader takes a second for about this much."""


def load(text: str) -> Any:
    """Return the data of a YAML text.

    Raises:
        UsageError: It is not YAML, or too large.
        Problem: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise Problem("To read YAML, Modeldeck needs PyYAML.", "Install modeldeck[yaml].") from None
    if len(text) > _MAX_CHARACTERS:
        raise UsageError(f"The file is larger than {_MAX_CHARACTERS // 1024} KiB.", "Is it the right file?")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # a safe loader, in C where PyYAML was built with it
    except yaml.MarkedYAMLError as error:
        place = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise UsageError(f"The file cannot be imported: it is not YAML{place}.", "Nothing was changed.") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UsageError("The file cannot be imported: it is not YAML.", "Nothing was changed.") from None
