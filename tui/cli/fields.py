"""Parse FIELD=VALUE arguments; secret values become `Secret`."""

from collections.abc import Mapping, Sequence

from tui.cli.output import Output
from tui.cli.secret_input import SecretInput
from tui.errors import UsageError, did_you_mean, quotable
from tui.providers.spec import Field
from tui.secret import Secret
from tui.workspace.credentials.paste import clean_pasted

Values = dict[str, str | Secret]


def entries(
    fields: Sequence[Field], words: Sequence[str], secret_input: SecretInput, out: Output, subject: str = ""
) -> Values:
    """Return the values of the fields that the words name; secrets are read from where the words say.

    Args:
        fields: The fields that there are.
        words: FIELD=VALUE each.
        secret_input: Where secrets are read from.
        out: Gets a remark if a pasted secret was cleaned.
        subject: Ends the prompt, so that nobody types one tenant's API key into another's.

    Raises:
        UsageError: naming the field that is unknown or has no usable value, never a value.
    """
    declared = {field.name: field for field in fields}
    values: Values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in declared:
            raise _unknown_field(declared, name, bool(equals))
        if name in values:
            raise UsageError(f"{name} appears twice.", "Give each field once.")
        field = declared[name]
        values[name] = _secret(field, value, secret_input, out, subject) if field.secret and value else value
    return values


def _unknown_field(declared: Mapping[str, Field], name: str, has_value: bool) -> UsageError:
    fields = f"The fields are: {', '.join(declared) or 'none'}."
    if not has_value:
        message = f"{name} is not FIELD=VALUE" if name in declared else "An argument is not FIELD=VALUE"
        return UsageError(f"{message}.", fields)
    suffix = f' "{name}"' if quotable(name, declared) else ""
    return UsageError(f"Unknown field{suffix}.", did_you_mean(name, declared) + fields)


def _secret(field: Field, value: str, secret_input: SecretInput, out: Output, subject: str) -> Secret:
    typed = secret_input.field(field, field.label + subject, value)
    cleaned = clean_pasted(field, typed.reveal())
    if cleaned.notes:
        out.note(f"Removed from {field.name}: {', '.join(cleaned.notes)}.")
    if cleaned.problem:
        raise UsageError(cleaned.problem)
    if not cleaned.text:
        raise UsageError(f"{field.name} is blank.", f"To delete a stored value, write {field.name}= without a value.")
    return Secret(cleaned.text)
