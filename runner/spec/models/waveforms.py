"""Waveforms of a written-out sequence."""

from typing import Annotated

from pydantic import Field, Tag

from runner.spec.models.base import Choice, Duration, ExpressionText, Quantity, Real, Strict, by_kind

MAX_SAMPLES = 100_000
_MAX_PARTS = 1000
_PEAK = Field(description="Largest value (in rad/µs), of the sign of the area.", examples=[6.28, "omega_max"])
_BETA = Field(
    default=14.0, description="How narrow the window is: the β of the Kaiser window.", examples=[14.0]
)
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


class BlackmanMax(Strict):
    """A Blackman window with a given area, as short as a largest value lets it be."""

    max_val: Quantity = _PEAK
    area: Quantity = Field(description="Area under the curve (in rad).", examples=[3.14159, "pi / 2"])


class Kaiser(Strict):
    """A Kaiser window with a given area."""

    duration_ns: Duration = _DURATION
    area: Quantity = Field(description="Area under the curve (in rad).", examples=[3.14159, "pi / 2"])
    beta: Quantity = _BETA


class KaiserMax(Strict):
    """A Kaiser window with a given area, as short as a largest value lets it be."""

    max_val: Quantity = _PEAK
    area: Quantity = Field(description="Area under the curve (in rad).", examples=[3.14159, "pi / 2"])
    beta: Quantity = _BETA


_Times = Annotated[
    Annotated[
        tuple[Annotated[Real, Field(ge=0, le=1)], ...], Field(strict=False, min_length=2), Tag("<list>")
    ]
    | Annotated[ExpressionText, Tag("<text>")],
    by_kind("a list of numbers, or a variable that holds several"),
]


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
    times: _Times | None = Field(
        default=None,
        description="When each value is reached, as a fraction of the duration: a list of numbers, or a "
        "variable that holds several; evenly spread if left out.",
        examples=[[0, 0.25, 1], "moments"],
    )


class Custom(Strict):
    """A waveform that is given sample by sample."""

    samples: Annotated[tuple[Real, ...], Field(strict=False, min_length=1, max_length=MAX_SAMPLES)] = Field(
        description="A value for every ns (in rad/µs).", examples=[[0, 0.5, 1, 0.5, 0]]
    )


_EXAMPLE = {"duration_ns": 500, "area": 3.14159}


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
    blackman_max: BlackmanMax | None = Field(
        default=None,
        description="A Blackman window with a given area, as short as a largest value lets it be.",
        examples=[{"max_val": 6.28, "area": 3.14159}],
    )
    kaiser: Kaiser | None = Field(
        default=None,
        description="A Kaiser window with a given area.",
        examples=[{"duration_ns": 500, "area": 3.14159}],
    )
    kaiser_max: KaiserMax | None = Field(
        default=None,
        description="A Kaiser window with a given area, as short as a largest value lets it be.",
        examples=[{"max_val": 6.28, "area": 3.14159, "beta": 14.0}],
    )
    interpolated: Interpolated | None = Field(
        default=None,
        description="A smooth curve through given values.",
        examples=[{"duration_ns": 1000, "values": [0, 6.28, 0]}],
    )
    composite: Annotated[tuple["Shape", ...], Field(strict=False, min_length=2, max_length=_MAX_PARTS)] | (
        None
    ) = Field(
        default=None,
        description="Waveforms, one after another.",
        examples=[[{"ramp": {"duration_ns": 250, "from": 0, "to": 6.28}}, {"blackman": _EXAMPLE}]],
    )
    custom: Custom | None = Field(
        default=None,
        description="A waveform that is given sample by sample.",
        examples=[{"samples": [0, 0.5, 1, 0.5, 0]}],
    )


Waveform = Annotated[
    Annotated[Real, Tag("<number>")]
    | Annotated[ExpressionText, Tag("<text>")]
    | Annotated[Shape, Tag("<mapping>")],
    by_kind("a number, an expression over the variables, or a waveform"),
]
