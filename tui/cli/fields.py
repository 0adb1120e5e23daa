"""FIELD=VALUE words of the command line -> values by field name, secrets as `Secret`."""

from collections.abc import Sequence

from tui.cli.output import Output
from tui.cli.secret_input import SecretInput
from tui.errors import UsageError
from tui.providers.spec import Field
from tui.secret import Secret
from tui.workspace.credentials.paste import clean_pasted

Values = dict[str, str | Secret]


def entries(fields: Sequence[Field], words: Sequence[str], hidden: SecretInput, out: Output, whose: str = "") -> Values:
    """The fields named in the words; secrets are fetched from where the words say. Errors never repeat a value.

    A prompt says whose secret is awaited, so that nobody types one tenant's key into another's.
    """
    known = {field.name: field for field in fields}
    values: Values = {}
    for place, word in enumerate(words, start=1):
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            names = ", ".join(known) or "none"
            raise UsageError(f"Number {place} of the fields is not FIELD=VALUE.", f"The fields are: {names}.")
        field = known[name]
        if name in values:
            raise UsageError(f"{name} is given twice.")
        values[name] = _secret(field, value, hidden, out, whose) if field.secret and value else value
    return values


def _secret(field: Field, value: str, hidden: SecretInput, out: Output, whose: str) -> Secret:
    cleaned = clean_pasted(field, hidden.field(field.name, field.label + whose, value).reveal())
    if cleaned.notes:
        out.note(f"Cleaned in {field.name}: {', '.join(cleaned.notes)}.")
    if cleaned.problem:
        raise UsageError(cleaned.problem)
    if not cleaned.text:
        raise UsageError(f"{field.name} is empty.", f"{field.name}= without a value takes a stored one away.")
    return Secret(cleaned.text)
