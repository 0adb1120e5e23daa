"""Dataclasses behave as those of the standard library, whose methods they do not compile one by one."""

import dataclasses
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from math import nan
from typing import Any

import pytest

from tui.domain.dataclass import dataclass


def both(members: dict[str, Any], annotations: dict[str, Any], **options: bool) -> tuple[Any, Any]:
    """Return the same class as a dataclass of ours and as one of the standard library."""

    def new() -> type:
        return type("Example", (), {**members, "__annotations__": annotations, "__doc__": "One.", "__module__": "m"})

    create: Any = dataclass
    return create(**options)(new()), dataclasses.dataclass(**options)(new())


NAMES = {"name": str, "count": int, "tags": list}


@pytest.mark.parametrize("options", [{}, {"frozen": True}, {"eq": False}, {"frozen": True, "repr": False}])
def test_objects_behave_like_those_of_the_standard_dataclass(options: dict[str, bool]) -> None:
    seen = []
    for kind in both({"count": 3, "tags": field(default_factory=tuple, compare=False)}, NAMES, **options):
        first, same, other = kind("a"), kind(name="a", tags=("x",)), kind("b", 4)
        seen.append(
            (
                [entry.name for entry in fields(first)],
                asdict(other),
                asdict(replace(first, count=5)),
                first == same,
                first == other,
                first == "a",
                repr(first) if options.get("repr", True) and options.get("eq", True) else "",
                kind.__hash__ is None or (options.get("eq", True) and hash(first) == hash(same)),
                kind.__match_args__,
            )
        )
    assert seen[0] == seen[1]


def test_an_error_in_the_arguments_is_the_standard_one() -> None:
    for arguments in ({}, {"name": "a", "size": 1}):
        messages = []
        for kind in both({"count": 3}, {"name": str, "count": int}, frozen=True):
            with pytest.raises(TypeError) as error:
                kind(**arguments)
            messages.append(str(error.value))
        assert messages[0] == messages[1]


def test_a_frozen_object_keeps_its_values() -> None:
    for kind in both({}, {"name": str}, frozen=True):
        frozen = kind("a")
        with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
            frozen.name = "b"
        with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
            del frozen.name


def test_methods_of_the_class_itself_stay_and_what_follows_the_start_is_called() -> None:
    def shout(self: Any) -> str:
        return "Example!"

    def check(self: Any) -> None:
        self.total = self.count + 1

    members = {"count": 3, "hidden": field(default_factory=list, init=False), "__repr__": shout, "__post_init__": check}
    for kind in both(members, {"count": int, "hidden": list}):
        example = kind(4)
        assert (repr(example), example.total, example.hidden, example == kind(4)) == ("Example!", 5, [], True)


def test_a_value_that_equals_nothing_is_the_same_as_itself() -> None:
    for kind in both({}, {"size": float}):
        assert kind(nan) == kind(nan)


def test_fields_of_the_class_before_come_first() -> None:
    @dataclass(frozen=True)
    class Named:
        """One with a name."""

        name: str

    @dataclass(frozen=True)
    class Counted(Named):
        """One that is counted."""

        count: int = 1

    assert Counted("a") == Counted("a", 1) != Named("a")
    assert repr(Counted("a")).endswith("Counted(name='a', count=1)")
