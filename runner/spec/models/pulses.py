"""Pulses of a written-out sequence."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runner.spec.models.base import Duration, Quantity, Strict
from runner.spec.models.waveforms import Shape, Waveform

CHANNEL = Field(description="Name of the channel, as declared under channels.", examples=["ising"])
Name = Annotated[str, Field(min_length=1, max_length=60)]
Protocol = Literal["min-delay", "no-delay", "wait-for-all"]
PROTOCOL = "What happens while other channels act on the same atoms."
POST_PHASE_SHIFT = Field(
    default=0.0, description="Phase shift right after the pulse (in rad).", examples=[0.0]
)


def _pulse_schema(schema: dict[str, Any]) -> None:
    """Either a waveform says how long the pulse takes, or duration_ns does."""
    waveform = [
        {"properties": {name: {"type": "object"}}, "required": [name]} for name in ("amplitude", "detuning")
    ]
    schema["if"] = {"anyOf": waveform}
    schema["then"] = {"not": {"required": ["duration_ns"]}}
    schema["else"] = {"required": ["duration_ns"]}


class Pulse(Strict, json_schema_extra=_pulse_schema):
    """A pulse on a channel. A number as amplitude or detuning is held for the whole pulse."""

    channel: str = CHANNEL
    amplitude: Waveform = Field(
        description="Rabi frequency Ω (in rad/µs): a number, an expression, or a waveform.",
        examples=["omega_max", {"ramp": {"duration_ns": 500, "from": 0, "to": "omega_max"}}],
    )
    detuning: Waveform = Field(
        description="Detuning δ (in rad/µs): a number, an expression, or a waveform.",
        examples=[-6.0, {"ramp": {"duration_ns": "t_sweep_ns", "from": -6, "to": 6}}],
    )
    duration_ns: Duration | None = Field(
        default=None,
        description="How long it takes (in ns); only where neither amplitude nor detuning is a waveform.",
        examples=[1000],
    )
    phase: Quantity = Field(default=0.0, description="Phase of the drive (in rad).", examples=[0.0])
    post_phase_shift: Quantity = POST_PHASE_SHIFT
    protocol: Protocol = Field(default="min-delay", description=PROTOCOL, examples=["min-delay"])

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
    amplitude: Shape = Field(
        description="Rabi frequency Ω (in rad/µs): a waveform.",
        examples=[{"constant": {"duration_ns": 500, "value": 6.28}}],
    )
    phase: Shape = Field(
        description="Phase of the drive (in rad): a waveform.",
        examples=[{"ramp": {"duration_ns": 500, "from": 0, "to": 3.14}}],
    )
    post_phase_shift: Quantity = POST_PHASE_SHIFT
    protocol: Protocol = Field(default="min-delay", description=PROTOCOL, examples=["min-delay"])
