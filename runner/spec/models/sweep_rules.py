"""Values of a sweep by a rule, as they stand in a file."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runner.spec.models.base import Choice, Strict, Whole, exactly_one, key, optional
from runner.spec.models.frequencies import ConstantFrequency

_Ends = Annotated[tuple[ConstantFrequency, ConstantFrequency], Field(strict=False)]
_KINDS = ("uniform", "log_uniform", "integers")


class Random(Strict, json_schema_extra=exactly_one(*_KINDS)):
    """Random values: what they are drawn from, how many, and a seed that makes them always the same."""

    uniform: _Ends | None = optional("Smallest and largest value, all equally likely.", [0, 6.28])
    log_uniform: _Ends | None = optional(
        "Smallest and largest value; the logarithms are all equally likely.", [0.01, 10]
    )
    integers: Annotated[tuple[Whole, Whole], Field(strict=False)] | None = optional(
        "Smallest and largest whole number, both included, all equally likely; none comes twice.", [100, 4000]
    )
    count: Whole = key("How many values.", 20, ge=1)
    seed: int = key(
        "The same seed gives a variable the same values on every machine, and in every version. "
        "A higher count adds to them; variables with the same seed have different values.",
        7,
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            context = {"names": ", ".join(_KINDS), "given": " and ".join(given) or "nothing"}
            raise PydanticCustomError("choice", "expected exactly one of {names}, not {given}", context)
        return self


class Csv(Strict):
    """A column of a table in a file of its own."""

    file: Annotated[str, Field(min_length=1, max_length=1000)] = key(
        "Table with a line of names on top, separated by commas; its path, from the experiment file.",
        "points.csv",
    )
    column: Annotated[str, Field(min_length=1, max_length=1000)] = key(
        "Name of the column; it holds a number in every row.", "omega_max"
    )


class Spread(Choice):
    """Values of a sweep by a rule: one key that names it."""

    range: (
        Annotated[tuple[ConstantFrequency, ConstantFrequency, ConstantFrequency], Field(strict=False)] | None
    ) = optional("First value, last value and step; both ends are included.", [400, 4000, 400])
    linspace: Annotated[tuple[ConstantFrequency, ConstantFrequency, Whole], Field(strict=False)] | None = (
        optional("First value, last value, and how many values evenly from one to the other.", [0, 6.28, 21])
    )
    geomspace: Annotated[tuple[ConstantFrequency, ConstantFrequency, Whole], Field(strict=False)] | None = (
        optional(
            "First value, last value, and how many values, each the same multiple of the one before.",
            [0.01, 10, 4],
        )
    )
    random: Random | None = optional(
        "Random values, always the same for a seed.", {"uniform": [0, 6.28], "count": 20, "seed": 7}
    )
    csv: Csv | None = optional(
        "A column of a table in a file. In a list of mappings, columns of one mapping move "
        "together, row by row.",
        {"file": "points.csv", "column": "omega_max"},
    )
