"""`dataclass` of the standard library, created in a fifth of the time.

The standard one compiles six methods for each frozen class, about half a millisecond. A command imports a hundred
classes before it does anything. Here classes share all methods but `__init__`, which is compiled. Type checkers take it
for the standard one, and `fields`, `replace` and `asdict` work as with that.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, repr=True):  # noqa: A002
        """Return the class as a dataclass; without one, a decorator with these options."""

        def create(cls):
            cls = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
            _add_methods(cls, frozen, eq, repr)
            return cls

        return create if cls is None else create(cls)


def _add_methods(cls: type, frozen: bool, eq: bool, shown: bool) -> None:
    """Add what the standard `dataclass` would, but for methods that a class defines itself."""
    members = vars(cls)
    fields = dataclasses.fields(cls)
    methods: dict[str, Any] = {"__init__": _init(cls, fields, frozen)}
    if shown:
        methods["__repr__"] = _repr
    if eq:
        methods |= _comparison([field.name for field in fields if field.compare], frozen)
    if frozen:
        methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
    for name, method in methods.items():
        if members.get(name) is None:
            setattr(cls, name, method)


def _init(cls: type, fields: tuple[dataclasses.Field[Any], ...], frozen: bool) -> Callable[..., None]:
    """Return the `__init__` of a class, the one method that has to be its own."""
    values: dict[str, Any] = {"set_": object.__setattr__, "MISSING": dataclasses.MISSING}
    parameters, lines = ["self"], []
    for field in fields:
        name = value = parameter = field.name
        if field.default is not dataclasses.MISSING:
            values[f"default_{name}"] = field.default
            parameter = f"{name}=default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            values[f"default_{name}"] = field.default_factory
            parameter = f"{name}=MISSING"
            value = f"default_{name}() if {name} is MISSING else {name}" if field.init else f"default_{name}()"
        if field.init:
            parameters.append(parameter)
        lines.append(f"set_(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), values)
    init: Callable[..., None] = values["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def _comparison(names: list[str], frozen: bool) -> dict[str, Any]:
    """Return the methods that compare some fields of two objects of one class."""
    # Values in tuples are equal where they are the same, such as a NaN. Of one name, `attrgetter` returns no tuple.
    values: Callable[[Any], Any] = attrgetter(*(names * 2 if len(names) == 1 else names)) if names else type

    def equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": equal, "__hash__": hash_of if frozen else None}


@recursive_repr()
def _repr(self: Any) -> str:
    shown = [f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
