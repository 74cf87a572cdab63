"""Names of jobs: given, made from a template, or derived from what varies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.spec.spelling import suggestion
from runner.spec.variables import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from runner.spec.sweeps import Value

_FIELD = re.compile(r"\{([^{}]*)\}")
_LONGEST = 80


def named(template: str, point: Mapping[str, Value]) -> str:
    """The name that a template gives to a point: `t{t_sweep_ns}` → `t400`."""
    return _FIELD.sub(lambda match: shown(point[match[1]]), template)


def template_fault(template: str, variables: Collection[str]) -> tuple[str, str] | None:
    """Message and hint where a template can't be filled in, None where it can."""
    for word in _FIELD.findall(template):
        if word not in variables:
            return f"the name mentions {word or 'no variable'}", suggestion(word, variables, kind="variables")
    if set(_FIELD.sub("", template)) & set("{}"):
        return "a brace in the name has no partner", "write a variable as {name}"
    return None


def derived(point: Mapping[str, Value], names: Iterable[str]) -> str | None:
    """A name that says the values of the given variables; None if there are none, or too many to read."""
    name = ",".join(f"{variable}={shown(point[variable])}" for variable in names)
    return name if 0 < len(name) <= _LONGEST else None


class Names:
    """Names that are taken; each is given once.

    Args:
        taken: Names that the file gives itself.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = set(taken)
        self._numbers: dict[str, int] = {}  # the last one behind each name: there may be very many

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def take(self, name: str) -> str:
        """The name, or the name with the first number behind it that nobody has."""
        candidate, number = name, self._numbers.get(name, 1)
        while candidate in self._taken:
            number += 1
            candidate = f"{name}-{number}"
        self._numbers[name] = number
        self._taken.add(candidate)
        return candidate
