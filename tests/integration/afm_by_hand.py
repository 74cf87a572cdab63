"""The experiment of specs/afm-ramp.yaml, written by hand with Pulser and run without anything of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pulser
from pulser.backend import BitStrings, EmulationConfig
from pulser_simulation import QutipBackendV2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SIDE = 3
NEIGHBOURS = [
    (SIDE * row + column, SIDE * (row + down) + column + right)
    for row in range(SIDE)
    for column in range(SIDE)
    for down, right in ((0, 1), (1, 0))
    if row + down < SIDE and column + right < SIDE
]


def sequence_by_hand(*, omega_max: float, t_sweep_ns: int) -> pulser.Sequence:
    """Amplitude up, detuning through the transition, amplitude down.

    Args:
        omega_max: Rabi frequency while the detuning is ramped (in rad/µs).

        t_sweep_ns: How long the detuning is ramped (in ns).
    """
    spacing = 6.0
    register = pulser.Register(
        {
            f"q{SIDE * row + column}": ((column - 1) * spacing, (row - 1) * spacing)
            for row in range(SIDE)
            for column in range(SIDE)
        }
    )
    sequence = pulser.Sequence(register, pulser.AnalogDevice)
    sequence.declare_channel("ising", "rydberg_global")
    up, down = pulser.RampWaveform(500, 0.0, omega_max), pulser.RampWaveform(500, omega_max, 0.0)
    sequence.add(pulser.Pulse.ConstantDetuning(up, -15.0, 0.0), "ising")
    sequence.add(
        pulser.Pulse.ConstantAmplitude(omega_max, pulser.RampWaveform(t_sweep_ns, -15.0, 18.0), 0.0), "ising"
    )
    sequence.add(pulser.Pulse.ConstantDetuning(down, 18.0, 0.0), "ising")
    sequence.measure("ground-rydberg")
    return sequence


def counts_of(sequence: pulser.Sequence, *, runs: int, seed: int) -> dict[str, int]:
    """Bitstring counts of a sequence on Pulser's emulator; the same ones for the same seed."""
    config = EmulationConfig(observables=[BitStrings(num_shots=runs)])
    with seeded(seed):
        return dict(QutipBackendV2(sequence, config=config).run().final_bitstrings)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Pulser draws from NumPy's global generator and takes no seed; its state is put back afterwards."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def antiferromagnetic_order(counts: Mapping[str, int]) -> float:
    """How often neighbours differ: -<s_i s_j> over all pairs of neighbours, with s = ±1.

    1 for the checkerboard, 0 for independent atoms half of which are excited, -1 where all are alike.
    """
    total = sum(counts.values())
    alike = sum(
        count * sum(1 if bitstring[i] == bitstring[j] else -1 for i, j in NEIGHBOURS)
        for bitstring, count in counts.items()
    )
    return -alike / (total * len(NEIGHBOURS))
