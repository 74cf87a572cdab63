"""Operations of a channel in EOM mode: square pulses at one setpoint."""

from pydantic import Field

from runner.spec.models.base import Duration, Quantity, Strict
from runner.spec.models.pulses import CHANNEL, POST_PHASE_SHIFT, PROTOCOL, Protocol

_PHASE_DRIFT = Field(
    default=False,
    description="Whether the phase that drifts while no pulse is played is set right.",
    examples=[True],
)


class Setpoint(Strict):
    """Amplitude and detuning of all pulses of a channel in EOM mode, from here on."""

    channel: str = CHANNEL
    amp_on: Quantity = Field(
        description="Rabi frequency of the pulses (in rad/µs).", examples=[6.28, "omega_max"]
    )
    detuning_on: Quantity = Field(description="Detuning of the pulses (in rad/µs).", examples=[0.0, "delta"])
    optimal_detuning_off: Quantity = Field(
        default=0.0,
        description="Wanted detuning between the pulses (in rad/µs); the nearest possible one is taken.",
        examples=[-10.0],
    )
    correct_phase_drift: bool = _PHASE_DRIFT


class EomPulse(Strict):
    """A square pulse at the setpoint."""

    channel: str = CHANNEL
    duration_ns: Duration = Field(description="How long it takes (in ns).", examples=[100, "t_ns"])
    phase: Quantity = Field(default=0.0, description="Phase of the drive (in rad).", examples=[0.0])
    post_phase_shift: Quantity = POST_PHASE_SHIFT
    protocol: Protocol = Field(default="min-delay", description=PROTOCOL, examples=["min-delay"])
    correct_phase_drift: bool = _PHASE_DRIFT


class EomEnd(Strict):
    """The end of EOM mode on a channel."""

    channel: str = CHANNEL
    correct_phase_drift: bool = _PHASE_DRIFT
