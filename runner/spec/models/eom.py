"""Operations of a channel in EOM mode: square pulses at one setpoint."""

from runner.spec.models.base import Duration, Quantity, Strict, key
from runner.spec.models.pulses import CHANNEL, POST_PHASE_SHIFT, PROTOCOL, Protocol

_PHASE_DRIFT = key(
    "Whether the phase that drifts while no pulse is played is set right.", True, default=False
)


class Setpoint(Strict):
    """Amplitude and detuning of all pulses of a channel in EOM mode, from here on."""

    channel: str = CHANNEL
    amp_on: Quantity = key("Rabi frequency of the pulses (in rad/µs).", 6.28, "omega_max")
    detuning_on: Quantity = key("Detuning of the pulses (in rad/µs).", 0.0, "delta")
    optimal_detuning_off: Quantity = key(
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
