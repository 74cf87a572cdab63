"""Names of jobs: given, made from a template, or derived from what varies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.domain.suggestions import suggestion
from runner.spec.models.variables import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from runner.spec.values.sweep_values import Value

_FIELD = re.compile(r"\{([^{}]*)\}")
_LONGEST = 80
_REPEAT = "repeat"


def named(template: str, point: Mapping[str, Value], repetition: int | None = None) -> str:
    """The name that a template gives to a point: `t{t_sweep_ns}` → `t400`, its second repetition `t400#2`.

    Args:
        repetition: Which one it is, from 1, of a point that is repeated; also what `{repeat}` stands for.
    """
    name = _FIELD.sub(lambda match: shown({_REPEAT: repetition or 1, **point}[match[1]]), template)
    says_it = _REPEAT not in point and _REPEAT in _FIELD.findall(template)
    return name if says_it else numbered(name, repetition)


def numbered(name: str, repetition: int | None) -> str:
    """The name of a repetition of a job; the job's own where it is not repeated."""
    return name if repetition is None else f"{name}#{repetition}"


def template_fault(template: str, variables: Collection[str]) -> tuple[str, str] | None:
    """Message and hint where a template can't be filled in, None where it can."""
    for word in _FIELD.findall(template):
        if word not in variables and word != _REPEAT:
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
        """The name, or where it is taken, the name with the first free number behind it."""
        candidate, number = name, self._numbers.get(name, 1)
        while candidate in self._taken:
            number += 1
            candidate = f"{name}-{number}"
        self._numbers[name] = number
        self._taken.add(candidate)
        return candidate
