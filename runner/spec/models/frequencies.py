"""Angular frequencies: numbers in rad/µs, or {mhz: …}, which is 2π times as many; converted once, here."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Discriminator, Field, GetCoreSchemaHandler, Tag, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from runner.domain.expressions.tree import Expression, Operation
from runner.domain.expressions.tree import Number as NumberTree
from runner.spec.models.base import (
    CONSTANT_TEXT,
    ConstantText,
    ExpressionText,
    Finite,
    Number,
    OrExpression,
    Quantity,
    Real,
    Some,
    Strict,
    by_kind,
    key,
    kind_of,
)

MHZ: Final = "mhz"
MAX_SAMPLES: Final = 100_000
_ALL_OF_THEM = "a list of numbers and expressions, or a variable that holds several"


class InMhz(Strict):
    """A frequency (in MHz); as an angular frequency, 2π times as many rad/µs."""

    mhz: Quantity = key("The frequency (in MHz): a number or an expression.", 1.0, "omega_mhz")


class ConstantInMhz(Strict):
    """A frequency (in MHz); as an angular frequency, 2π times as many rad/µs."""

    mhz: Real = key("The frequency (in MHz): a number, or an expression of numbers.", 1.0, "1 / 3")


class SamplesOfMhz(Strict):
    """Frequencies (in MHz); as angular frequencies, 2π times as many rad/µs."""

    mhz: Annotated[Some[Real], Field(max_length=MAX_SAMPLES)] = key(
        "The frequencies (in MHz): a list of numbers.", [0, 0.5, 1]
    )


class SeveralInMhz(Strict):
    """Frequencies (in MHz); as angular frequencies, 2π times as many rad/µs."""

    mhz: Annotated[
        Annotated[Some[Quantity], Tag("<list>")] | Annotated[ExpressionText, Tag("<text>")],
        by_kind(_ALL_OF_THEM),
    ] = key("The frequencies (in MHz): a list, or a variable that holds several.", [0, 1.0, 0])


def _angular(frequency: float | Expression) -> float | Expression:
    """A frequency (in MHz) as an angular frequency (in rad/µs)."""
    if not isinstance(frequency, Expression):
        return math.tau * frequency
    return Expression(f"2 * pi * ({frequency})", Operation("*", NumberTree(math.tau), frequency.tree))


def _converted(said: InMhz | ConstantInMhz) -> float | Expression:
    return _angular(said.mhz)


def _all_converted(said: SeveralInMhz | SamplesOfMhz) -> tuple[float | Expression, ...] | Expression | float:
    return _angular(said.mhz) if isinstance(said.mhz, Expression) else tuple(map(_angular, said.mhz))


@dataclass(frozen=True, slots=True)
class _From:
    """A value that stands in the file as a model says, and is converted when it is read."""

    model: type[Strict]
    convert: Callable[[Any], object] = _converted

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            self.convert,
            handler.generate_schema(self.model),
            serialization=core_schema.plain_serializer_function_ser_schema(_plain),
        )


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Expression) else value


def unit_of(value: object) -> str | None:
    """Which branch of an alternative a value takes, where {mhz: …} is one."""
    return f"<{MHZ}>" if isinstance(value, Mapping) and MHZ in value else kind_of(value)


def by_unit(expected: str) -> Discriminator:
    """Choose the branch by the kind of the value, and say what was expected where none fits."""
    return Discriminator(unit_of, custom_error_type="kind", custom_error_message=f"expected {expected}")


_Mhz = Tag(f"<{MHZ}>")
FrequencyInMhz = Annotated[Expression, _From(InMhz), _Mhz]
ConstantFrequencyInMhz = Annotated[float, _From(ConstantInMhz), _Mhz]
FrequenciesInMhz = Annotated[tuple[float | Expression, ...], _From(SeveralInMhz, _all_converted), _Mhz]
SamplesInMhz = Annotated[tuple[float, ...], _From(SamplesOfMhz, _all_converted), _Mhz]

AngularFrequency = Annotated[
    Annotated[Finite, Tag("<number>")] | Annotated[ExpressionText, Tag("<text>")] | FrequencyInMhz,
    by_unit("a number, an expression over the variables, or {mhz: …}"),
]
# Without variables; what chooses between the three, and perhaps more, stands where they are used.
OneConstant = (
    Annotated[Number, Tag("<number>")] | Annotated[ConstantText, Tag("<text>")] | ConstantFrequencyInMhz
)
ConstantFrequency = Annotated[OneConstant, by_unit("a number")]
AngularSample = Annotated[
    Annotated[Finite, Tag("<number>")]
    | Annotated[float, OrExpression(), WithJsonSchema(CONSTANT_TEXT), Tag("<text>")]
    | ConstantFrequencyInMhz,
    by_unit("a number"),
]
AngularFrequencies = Annotated[
    Annotated[
        tuple[AngularFrequency, ...], Field(strict=False, min_length=2, max_length=10_000), Tag("<list>")
    ]
    | Annotated[ExpressionText, Tag("<text>")]
    | FrequenciesInMhz,
    by_unit(_ALL_OF_THEM),
]
