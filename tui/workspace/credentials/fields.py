"""Values of a provider's form: clean, validate, and complete them with stored ones."""

import re
from collections.abc import Mapping

from tui.domain import Credential
from tui.errors import Remedy, UsageError
from tui.providers import PROVIDERS
from tui.providers.origins import clean_url
from tui.providers.spec import Field, FieldValues, Provider
from tui.sanitize import in_words, one_line
from tui.secret import Secret, SecretReference
from tui.workspace.credentials import paste
from tui.workspace.credentials.paste import clean_pasted

Values = Mapping[str, str | Secret]
"""What was typed, by field name. A secret left out or empty keeps the stored one; a clear field left out does too."""


class FieldProblem(UsageError):
    """Raised for an invalid value of the field named `field`."""

    def __init__(self, field: str, message: str, hint: str = "", remedy: Remedy | None = None) -> None:
        super().__init__(message, hint, remedy=remedy)
        self.field = field


class ForeignKey(FieldProblem):
    """Raised for an API key that looks like that of another provider, whose ID is `provider_id`."""

    def __init__(self, field: str, provider_id: str) -> None:
        label = PROVIDERS[provider_id].label
        super().__init__(field, f"{field} looks like a key of {label}. It has not been sent anywhere.")
        self.provider_id = provider_id


class UnverifiedAddress(FieldProblem):
    """Raised for a stored address that nothing vouches for and that nobody entered; a form leaves its field blank."""


def clean_values(provider: Provider, values: Values) -> Values:
    """Return the values that were typed, each cleaned and checked; an address that holds more is split up.

    Raises:
        FieldProblem: A field is unknown, or its value cannot be one.
    """
    known = {field.name: field for field in provider.fields}
    for name in values:
        if name not in known:
            raise FieldProblem(
                name, f"{provider.label} has no field {one_line(name, 40)}.", f"It has {', '.join(known)}."
            )
    references = {name: value for name, value in values.items() if isinstance(value, SecretReference)}
    typed = [field for field in provider.fields if field.name in values and field.name not in references]
    texts = {field.name: _cleaned_text(field, values[field.name]) for field in typed}
    for field in provider.fields:
        if field.parse_pasted and texts.get(field.name):
            parts = field.parse_pasted(texts[field.name])
            # What was typed itself wins over what an address holds.
            rest = {name: text for name, text in parts.items() if name in known and not texts.get(name)}
            texts = {**texts, **rest, field.name: parts[field.name]}
    final = {field.name: _checked_text(field, texts[field.name]) for field in provider.fields if field.name in texts}
    return {name: Secret(text) if known[name].secret else text for name, text in final.items()} | references


def reject_foreign_keys(provider: Provider, values: Values, stored: Credential | None = None) -> None:
    """Raise ForeignKey for an API key that looks like another provider's; with a custom URL keys have any form."""
    before = stored.clear if stored else {}
    for field in provider.fields:
        if field.url and values.get(field.name, before.get(field.name, "")) not in ("", field.default):
            return
    for field in provider.fields:
        value = values.get(field.name)
        if not isinstance(value, Secret) or isinstance(value, SecretReference):
            continue
        if other := paste.likely_provider(provider.declared_id, field, value.reveal()):
            raise ForeignKey(field.name, other)


def complete_values(
    provider: Provider, values: Values, stored: Credential | None
) -> tuple[FieldValues, dict[str, Secret]]:
    """Return the clear fields, defaults filled in, and the newly entered secrets of cleaned values.

    Raises:
        FieldProblem: A required field is missing, or two auth methods exclude each other.
    """
    reusable = reusable_fields(provider, values)
    clear: dict[str, str] = {}
    entered: dict[str, Secret] = {}
    for field in provider.fields:
        value = values.get(field.name)
        if isinstance(value, Secret):
            if value:
                entered[field.name] = value
            continue
        if value is None and stored and not field.secret and field.name in reusable:
            value = check_value(field, stored.clear.get(field.name, ""))
        if not field.secret and (value or field.default):
            clear[field.name] = value or field.default
    stored_secrets = (set(stored.hints) & reusable) - set(entered) if stored else set()
    _complete(provider, {*clear, *entered, *stored_secrets})
    return clear, entered


def validate(provider: Provider, values: Values, stored: Credential | None) -> tuple[FieldValues, dict[str, Secret]]:
    """Return the clear fields and the newly entered secrets of values as they were typed. Raises as its two steps."""
    return complete_values(provider, clean_values(provider, values), stored)


def check_value(field: Field, text: str) -> str:
    """Return the value of one field in its one form; raise a FieldProblem if it cannot be one."""
    return _checked_text(field, _cleaned_text(field, text))


def _cleaned_text(field: Field, value: str | Secret) -> str:
    cleaned_value = clean_pasted(field, value.reveal() if isinstance(value, Secret) else value)
    if cleaned_value.problem:
        raise FieldProblem(field.name, cleaned_value.problem)
    return cleaned_value.text


def _checked_text(field: Field, text: str) -> str:
    if not text:
        return ""
    if field.url:
        try:
            text = clean_url(text, field.strip_suffixes)
        except UsageError as problem:
            raise FieldProblem(field.name, problem.message, problem.hint, problem.remedy) from None
    if field.choices and not field.url and text not in {choice.value for choice in field.choices}:
        offered = ", ".join(choice.value for choice in field.choices)
        raise FieldProblem(field.name, f"{field.label} is one of {offered}.")
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise FieldProblem(field.name, field.pattern_help or f"This is not a valid {field.label}.", field.help)
    return text


def reusable_fields(provider: Provider, values: Values) -> set[str]:
    """Return the fields that keep what is stored where nothing is typed: not those of a replaced auth method."""
    methods = {field.auth_method for field in provider.fields if field.auth_method and values.get(field.name)}
    return {
        field.name
        for field in provider.fields
        if not (provider.exclusive_auth_methods and methods and field.auth_method) or field.auth_method in methods
    }


def _complete(provider: Provider, filled: set[str]) -> None:
    """Raise a FieldProblem unless every required field is filled; of auth methods, those of one that was begun."""
    methods = list(dict.fromkeys(field.auth_method for field in provider.fields if field.auth_method))
    # What has a default is filled in either case, so that it begins nothing.
    chosen = [field for field in provider.fields if field.auth_method and field.name in filled and not field.default]
    started = list(dict.fromkeys(entry.auth_method for entry in chosen))
    if provider.exclusive_auth_methods and len(started) > 1:
        second = next(entry for entry in chosen if entry.auth_method == started[1])
        both = " or ".join(started)
        raise FieldProblem(
            second.name, f"{provider.label} takes {both}, not both.", "Leave the fields of one method blank."
        )
    for field in provider.fields:
        if (
            not field.required
            or field.name in filled
            or (field.auth_method and field.auth_method not in (started or methods[:1]))
        ):
            continue
        if field.auth_method and started:
            also = in_words([entry for entry in _required_labels(provider, field.auth_method) if entry != field.label])
            raise FieldProblem(field.name, f"{field.label} is missing; it goes with {also}.", field.help)
        others = (
            "".join(f" Or enter {in_words(_required_labels(provider, method))}." for method in methods[1:])
            if field.auth_method
            else ""
        )
        raise FieldProblem(field.name, f"{field.label} is missing.", f"{field.help}{others}".strip())


def _required_labels(provider: Provider, method: str) -> list[str]:
    """Return the labels of the fields that an auth method needs."""
    return [field.label for field in provider.fields if field.auth_method == method and field.required]
