"""What QuTiP would need more memory for than there is does not start."""

from __future__ import annotations

import pulser
import pytest
from pulser.backend import BitStrings
from pulser_simulation import QutipConfig, Solver

from runner.local.engines.base import JobFailedError
from runner.local.engines.memory import available_bytes, density_matrix_bytes, refuse_too_large

NOISE = pulser.NoiseModel(dephasing_rate=0.1)
GB = 2**30


def sequence(n_atoms):
    """A pulse on a chain."""
    register = pulser.Register.rectangle(1, n_atoms, spacing=7, prefix="q")
    built = pulser.Sequence(register, pulser.MockDevice)
    built.declare_channel("ising", "rydberg_global")
    built.add(pulser.Pulse.ConstantPulse(20, 5.0, 1.0, 0.0), "ising")
    return built


def config(noise=NOISE, **options):
    """QuTiP's configuration with a noise."""
    return QutipConfig(observables=[BitStrings(num_shots=10)], noise_model=noise, **options)


def test_a_density_matrix_that_does_not_fit_is_refused_in_words():
    """With the number of atoms, what it needs, what there is, and what to do."""
    with pytest.raises(JobFailedError) as raised:
        refuse_too_large(sequence(12), config(), 4 * GB)

    assert str(raised.value) == (
        "Noise makes states mixed: a density matrix of 12 atoms and its evolution need about 19.5 GB, and 4.0"
        " GB are free. Use fewer atoms, or EMU_FREE with solver: MonteCarlo, which draws quantum jumps of"
        " state vectors."
    )


@pytest.mark.parametrize(
    ("n_atoms", "noise", "options", "available"),
    [
        (12, NOISE, {}, 20 * GB),
        (12, NOISE, {}, None),
        (8, NOISE, {}, GB),
        (12, pulser.NoiseModel(), {}, 1),
        (12, NOISE, {"solver": Solver.MCSOLVER}, 1),
    ],
)
def test_what_fits_or_has_no_density_matrix_is_let_through(n_atoms, noise, options, available):
    """Also where the system does not say how much memory there is."""
    assert refuse_too_large(sequence(n_atoms), config(noise, **options), available) is None


def test_what_is_needed_is_what_was_measured():
    """In MB: 8, 9 and 10 atoms with dephasing, 9 with three kinds of noise, 6 of three states."""
    cases = [(8, 2, 1, 22.5), (9, 2, 1, 192.5), (10, 2, 1, 983.1), (9, 2, 3, 470.6), (6, 3, 1, 236.5)]

    for *case, measured_mb in cases:
        assert measured_mb <= density_matrix_bytes(*case) / 2**20 <= 3 * max(measured_mb, 40)


def test_this_machine_says_how_much_memory_there_is():
    """At least enough to run this, where it says it at all."""
    available = available_bytes()

    assert available is None or available > 2**20
