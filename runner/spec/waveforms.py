"""Waveforms of a written-out sequence."""

from typing import Annotated

from pydantic import Field, Tag

from runner.spec.models import Choice, Duration, ExpressionText, Quantity, Real, Strict, by_kind

_DURATION = Field(description="How long it takes (in ns).", examples=[500, "t_sweep_ns"])


class Constant(Strict):
    """The same value all the time."""

    duration_ns: Duration = _DURATION
    value: Quantity = Field(description="The value (in rad/µs).", examples=[6.28, "omega_max"])


class Ramp(Strict):
    """A straight line from one value to another."""

    duration_ns: Duration = _DURATION
    start: Quantity = Field(
        alias="from", description="Value at the beginning (in rad/µs).", examples=[0, "omega_max"]
    )
    stop: Quantity = Field(alias="to", description="Value at the end (in rad/µs).", examples=["omega_max", 0])


class Blackman(Strict):
    """A Blackman window with a given area."""

    duration_ns: Duration = _DURATION
    area: Quantity = Field(description="Area under the curve (in rad).", examples=[3.14159, "pi / 2"])


class Interpolated(Strict):
    """A smooth curve through given values (monotone cubic interpolation)."""

    duration_ns: Duration = _DURATION
    values: Annotated[
        Annotated[tuple[Real, ...], Field(strict=False, min_length=2, max_length=10_000), Tag("<list>")]
        | Annotated[ExpressionText, Tag("<text>")],
        by_kind("a list of numbers, or a variable that holds several"),
    ] = Field(
        description="Values to go through (in rad/µs): a list of numbers, or a variable that holds several.",
        examples=[[0, 6.28, 0], "deltas"],
    )
    times: Annotated[tuple[Annotated[Real, Field(ge=0, le=1)], ...], Field(strict=False, min_length=2)] | (
        None
    ) = Field(
        default=None,
        description="When each value is reached, as a fraction of the duration; evenly spread if left out.",
        examples=[[0, 0.25, 1]],
    )


class Shape(Choice):
    """A waveform: one key that names its shape."""

    constant: Constant | None = Field(
        default=None,
        description="The same value all the time.",
        examples=[{"duration_ns": 500, "value": 6.28}],
    )
    ramp: Ramp | None = Field(
        default=None,
        description="A straight line from one value to another.",
        examples=[{"duration_ns": 500, "from": 0, "to": "omega_max"}],
    )
    blackman: Blackman | None = Field(
        default=None,
        description="A Blackman window with a given area.",
        examples=[{"duration_ns": 500, "area": 3.14159}],
    )
    interpolated: Interpolated | None = Field(
        default=None,
        description="A smooth curve through given values.",
        examples=[{"duration_ns": 1000, "values": [0, 6.28, 0]}],
    )


Waveform = Annotated[
    Annotated[Real, Tag("<number>")]
    | Annotated[ExpressionText, Tag("<text>")]
    | Annotated[Shape, Tag("<mapping>")],
    by_kind("a number, an expression over the variables, or a waveform"),
]
