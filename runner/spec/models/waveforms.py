"""Waveforms of a written-out sequence."""

from typing import Annotated

from pydantic import Field, Tag

from runner.spec.models.base import (
    Choice,
    Duration,
    ExpressionText,
    Finite,
    Quantity,
    Real,
    Some,
    Strict,
    by_kind,
    key,
    optional,
)
from runner.spec.models.frequencies import (
    MAX_SAMPLES,
    AngularFrequencies,
    AngularFrequency,
    AngularSample,
    FrequencyInMhz,
    SamplesInMhz,
    by_unit,
)

_MAX_PARTS = 1000
_AREA = key("Area under the curve (in rad).", 3.14159, "pi / 2")
_PEAK = key("Largest value (in rad/µs), of the sign of the area.", 6.28, "omega_max", {"mhz": 1.0})
_BETA = key("How narrow the window is: the β of the Kaiser window.", 14.0, default=14.0)
_DURATION = key("How long it takes (in ns).", 500, "t_sweep_ns")


class Constant(Strict):
    """The same value all the time."""

    duration_ns: Duration = _DURATION
    value: AngularFrequency = key("The value (in rad/µs).", 6.28, "omega_max", {"mhz": 1.0})


class Ramp(Strict):
    """A straight line from one value to another."""

    duration_ns: Duration = _DURATION
    start: AngularFrequency = key("Value at the beginning (in rad/µs).", 0, "omega_max", alias="from")
    stop: AngularFrequency = key("Value at the end (in rad/µs).", "omega_max", 0, alias="to")


class Blackman(Strict):
    """A Blackman window with a given area."""

    duration_ns: Duration = _DURATION
    area: Quantity = _AREA


class BlackmanMax(Strict):
    """A Blackman window with a given area, as short as a largest value lets it be."""

    max_val: AngularFrequency = _PEAK
    area: Quantity = _AREA


class Kaiser(Blackman):
    """A Kaiser window with a given area."""

    beta: Quantity = _BETA


class KaiserMax(BlackmanMax):
    """A Kaiser window with a given area, as short as a largest value lets it be."""

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
    values: AngularFrequencies = key(
        "Values to go through (in rad/µs): numbers and expressions, or a variable that holds several.",
        [0, 6.28, 0],
        [0, "omega_max", 0],
        "deltas",
    )
    times: _Times | None = optional(
        "When each value is reached, as a fraction of the duration: a list of numbers, or a "
        "variable that holds several; evenly spread if left out.",
        [0, 0.25, 1],
        "moments",
    )


class Custom(Strict):
    """A waveform that is given sample by sample."""

    samples: Annotated[
        Annotated[Some[AngularSample], Field(max_length=MAX_SAMPLES), Tag("<list>")] | SamplesInMhz,
        by_unit("a list of numbers"),
    ] = key("A value for every ns (in rad/µs).", [0, 0.5, 1, 0.5, 0])


_EXAMPLE = {"duration_ns": 500, "area": 3.14159}


class Shape(Choice):
    """A waveform: one key that names its shape."""

    constant: Constant | None = optional("The same value all the time.", {"duration_ns": 500, "value": 6.28})
    ramp: Ramp | None = optional(
        "A straight line from one value to another.", {"duration_ns": 500, "from": 0, "to": "omega_max"}
    )
    blackman: Blackman | None = optional(
        "A Blackman window with a given area.", {"duration_ns": 500, "area": 3.14159}
    )
    blackman_max: BlackmanMax | None = optional(
        "A Blackman window with a given area, as short as a largest value lets it be.",
        {"max_val": 6.28, "area": 3.14159},
    )
    kaiser: Kaiser | None = optional(
        "A Kaiser window with a given area.", {"duration_ns": 500, "area": 3.14159}
    )
    kaiser_max: KaiserMax | None = optional(
        "A Kaiser window with a given area, as short as a largest value lets it be.",
        {"max_val": 6.28, "area": 3.14159, "beta": 14.0},
    )
    interpolated: Interpolated | None = optional(
        "A smooth curve through given values.", {"duration_ns": 1000, "values": [0, 6.28, 0]}
    )
    composite: Annotated[tuple["Shape", ...], Field(strict=False, min_length=2, max_length=_MAX_PARTS)] | (
        None
    ) = optional(
        "Waveforms, one after another.",
        [{"ramp": {"duration_ns": 250, "from": 0, "to": 6.28}}, {"blackman": _EXAMPLE}],
    )
    custom: Custom | None = optional(
        "A waveform that is given sample by sample.", {"samples": [0, 0.5, 1, 0.5, 0]}
    )


Waveform = Annotated[
    Annotated[Finite, Tag("<number>")]
    | Annotated[ExpressionText, Tag("<text>")]
    | FrequencyInMhz
    | Annotated[Shape, Tag("<mapping>")],
    by_unit("a number, an expression over the variables, {mhz: …}, or a waveform"),
]
