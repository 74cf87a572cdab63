"""Pulses of a written-out sequence; in EOM mode, square ones at one setpoint."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from runner.spec.models.base import Duration, Quantity, Strict, key, optional
from runner.spec.models.frequencies import MHZ, AngularFrequency
from runner.spec.models.waveforms import Shape, Waveform

CHANNEL = key("Name of the channel, as declared under channels.", "ising")
Name = Annotated[str, Field(min_length=1, max_length=60)]
Protocol = Literal["min-delay", "no-delay", "wait-for-all"]
PROTOCOL = "What happens while other channels act on the same atoms."
POST_PHASE_SHIFT = key("Phase shift right after the pulse (in rad).", 0.0, default=0.0)


_IS_WAVEFORM: JsonDict = {"type": "object", "not": {"required": [MHZ]}}


def _pulse_schema(schema: JsonDict) -> None:
    """Either a waveform says how long the pulse takes, or duration_ns does."""
    waveform: list[JsonValue] = [
        {"properties": {name: _IS_WAVEFORM}, "required": [name]} for name in ("amplitude", "detuning")
    ]
    schema["if"] = {"anyOf": waveform}
    schema["then"] = {"not": {"required": ["duration_ns"]}}
    schema["else"] = {"required": ["duration_ns"]}


class Pulse(Strict, json_schema_extra=_pulse_schema):
    """A pulse on a channel. A number as amplitude or detuning is held for the whole pulse."""

    channel: str = CHANNEL
    amplitude: Waveform = key(
        "Rabi frequency Ω (in rad/µs): a number, an expression, {mhz: …}, or a waveform.",
        "omega_max",
        {"mhz": 1.0},
        {"ramp": {"duration_ns": 500, "from": 0, "to": "omega_max"}},
    )
    detuning: Waveform = key(
        "Detuning δ (in rad/µs): a number, an expression, {mhz: …}, or a waveform.",
        -6.0,
        {"ramp": {"duration_ns": "t_sweep_ns", "from": -6, "to": 6}},
    )
    duration_ns: Duration | None = optional(
        "How long it takes (in ns); only where neither amplitude nor detuning is a waveform.", 1000
    )
    phase: Quantity = key("Phase of the drive (in rad).", 0.0, default=0.0)
    post_phase_shift: Quantity = POST_PHASE_SHIFT
    protocol: Protocol = key(PROTOCOL, "min-delay", default="min-delay")

    @model_validator(mode="after")
    def _one_duration(self) -> Self:
        has_waveform = isinstance(self.amplitude, Shape) or isinstance(self.detuning, Shape)
        if has_waveform and self.duration_ns is not None:
            raise PydanticCustomError(
                "pulse", "the waveform already says how long the pulse takes: remove duration_ns"
            )
        if not has_waveform and self.duration_ns is None:
            raise PydanticCustomError(
                "pulse", "the pulse needs duration_ns, for neither amplitude nor detuning is a waveform"
            )
        return self


class ArbitraryPhasePulse(Strict):
    """A pulse whose phase is a waveform; its detuning is what changes the phase so."""

    channel: str = CHANNEL
    amplitude: Shape = key(
        "Rabi frequency Ω (in rad/µs): a waveform.", {"constant": {"duration_ns": 500, "value": 6.28}}
    )
    phase: Shape = key(
        "Phase of the drive (in rad): a waveform.", {"ramp": {"duration_ns": 500, "from": 0, "to": 3.14}}
    )
    post_phase_shift: Quantity = POST_PHASE_SHIFT
    protocol: Protocol = key(PROTOCOL, "min-delay", default="min-delay")


_PHASE_DRIFT = key(
    "Whether the phase that drifts while no pulse is played is set right.", True, default=False
)


class Setpoint(Strict):
    """Amplitude and detuning of all pulses of a channel in EOM mode, from here on."""

    channel: str = CHANNEL
    amp_on: AngularFrequency = key("Rabi frequency of the pulses (in rad/µs).", 6.28, "omega_max")
    detuning_on: AngularFrequency = key("Detuning of the pulses (in rad/µs).", 0.0, "delta")
    optimal_detuning_off: AngularFrequency = key(
        "Wanted detuning between the pulses (in rad/µs); the nearest possible one is taken.",
        -10.0,
        default=0.0,
    )
    correct_phase_drift: bool = _PHASE_DRIFT


class EomPulse(Strict):
    """A square pulse at the setpoint."""

    channel: str = CHANNEL
    duration_ns: Duration = key("How long it takes (in ns).", 100, "t_ns")
    phase: Quantity = key("Phase of the drive (in rad).", 0.0, default=0.0)
    post_phase_shift: Quantity = POST_PHASE_SHIFT
    protocol: Protocol = key(PROTOCOL, "min-delay", default="min-delay")
    correct_phase_drift: bool = _PHASE_DRIFT


class EomEnd(Strict):
    """The end of EOM mode on a channel."""

    channel: str = CHANNEL
    correct_phase_drift: bool = _PHASE_DRIFT
