"""Pulses of a written-out sequence."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from runner.spec.models.base import Duration, Quantity, Strict, key, optional
from runner.spec.models.waveforms import Shape, Waveform

CHANNEL = key("Name of the channel, as declared under channels.", "ising")
Name = Annotated[str, Field(min_length=1, max_length=60)]
Protocol = Literal["min-delay", "no-delay", "wait-for-all"]
PROTOCOL = "What happens while other channels act on the same atoms."
POST_PHASE_SHIFT = key("Phase shift right after the pulse (in rad).", 0.0, default=0.0)


def _pulse_schema(schema: JsonDict) -> None:
    """Either a waveform says how long the pulse takes, or duration_ns does."""
    waveform: list[JsonValue] = [
        {"properties": {name: {"type": "object"}}, "required": [name]} for name in ("amplitude", "detuning")
    ]
    schema["if"] = {"anyOf": waveform}
    schema["then"] = {"not": {"required": ["duration_ns"]}}
    schema["else"] = {"required": ["duration_ns"]}


class Pulse(Strict, json_schema_extra=_pulse_schema):
    """A pulse on a channel. A number as amplitude or detuning is held for the whole pulse."""

    channel: str = CHANNEL
    amplitude: Waveform = key(
        "Rabi frequency Ω (in rad/µs): a number, an expression, or a waveform.",
        "omega_max",
        {"ramp": {"duration_ns": 500, "from": 0, "to": "omega_max"}},
    )
    detuning: Waveform = key(
        "Detuning δ (in rad/µs): a number, an expression, or a waveform.",
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
