"""The solver is as exact as it says: against a method of ninth order, and against closed formulas."""

from __future__ import annotations

import itertools
import os
import tracemalloc

import numpy as np
import pulser
import pytest
from pulser.backend import BitStrings, Energy, Occupation, StateResult
from random_sequences import KINDS, distance, exact, random_sequence

from runner.emulation import SplitBackend, SplitConfig
from runner.emulation import accuracy as accuracies
from runner.emulation.drive import Drive, Segment
from runner.emulation.phases import InteractionPhases
from runner.emulation.propagation import propagated
from runner.emulation.splitting import DIAGONALS
from runner.emulation.steps import Stepper

FIRST_SEED = int(os.environ.get("FIRST_SEED", "0"))
SEEDS = range(500) if os.environ.get("SEQUENCES") == "all" else range(8)
# The other method is as exact as this where the drive has a kink at each sample.
ROUNDING = 1e-7
RABI = 2 * np.pi  # rad/µs
GROUND = np.array([0, 1], dtype=complex)


def constant(duration_ns, coupling, detuning, interactions=None, n_atoms=1):
    """A drive that is the same for all atoms all the time."""
    segment = Segment(
        0, np.full((1, duration_ns + 1), coupling, dtype=complex), np.full((1, duration_ns + 1), detuning)
    )
    last = (np.array([coupling]), np.array([detuning]))
    return Drive(segments=(segment,), kinds=(0,) * n_atoms, interactions=interactions, last=last)


def reached(drive, ket, accuracy=1e-6):
    """The state at the end."""
    return next(propagated(drive, ket, [drive.duration_ns], accuracy))


def of_seed(seed):
    """The error of the state after a random sequence, its estimate, and what was asked for."""
    random = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    sequence = random_sequence(random, kind)
    config = SplitConfig(
        observables=[StateResult()],
        accuracy=10 ** random.uniform(-6, -3),
        with_modulation=kind == "eom" or bool(random.random() < 0.3),
    )
    drive, ground = SplitBackend(sequence, config=config).problem()
    start = ground.amplitudes
    solved = reached(drive, start, config.accuracy)
    error = max(distance(solved.ket, exact(drive, start)) - ROUNDING, 0)
    return error, solved.error, config.accuracy


@pytest.mark.filterwarnings("ignore:No modulation bandwidth")
@pytest.mark.parametrize("seeds", [SEEDS, pytest.param(range(8, 20), marks=pytest.mark.long)], ids=str)
def test_random_sequences_are_as_exact_as_they_say(seeds):
    """Jumps, chirped phases, maps, EOM and modulation; at most one in 500 is off by three estimates."""
    ratios = []
    for seed in seeds:
        error, estimate, accuracy = of_seed(FIRST_SEED + seed)
        assert error <= 3 * accuracy, seed
        ratios.append(error / estimate if estimate else error)

    assert max(ratios) <= 10
    assert sum(ratio > 3 for ratio in ratios) <= 1


@pytest.mark.filterwarnings("ignore:No modulation bandwidth")
@pytest.mark.parametrize(("seed", "kind"), [(5035, "two_channels"), (5058, "pulses"), (5214, "pulses")])
def test_steps_do_not_shrink_for_what_is_rounding(seed, kind):
    """At the finest accuracy there is; what is left of it is less than a step's rounding."""
    sequence = random_sequence(np.random.default_rng(seed), kind)
    drive, ground = SplitBackend(sequence).problem()
    ends = [
        next(propagated(drive, ground.amplitudes, [drive.duration_ns], accuracy))
        for accuracy in (accuracies.FINEST, 1e-8)
    ]

    assert distance(*(each.ket for each in ends)) <= 1e-8 + ROUNDING
    assert ends[0].error <= 5 * accuracies.FINEST


def test_half_the_step_has_a_64th_of_the_error():
    """Steps are of sixth order: measured on two atoms that interact, under a drive that changes."""
    times = np.arange(101)
    couplings = (3 + 0.02 * times + 0j)[None]
    segment = Segment(0, couplings, (0.1 * times - 4.0)[None])
    interactions = np.array([[0, 5.0], [5.0, 0]])
    drive = Drive(
        segments=(segment,), kinds=(0, 0), interactions=interactions, last=(couplings[:, 0], np.zeros(1))
    )
    ground = np.array([0, 0, 0, 1], dtype=complex)

    def after(n_steps):
        ket = ground
        for start in np.arange(n_steps) * 100 / n_steps:
            ket, _ = Stepper(drive).part(
                segment, ket, (start, 100 / n_steps), np.empty_like(ket), np.empty_like(ket)
            )
        return ket

    coarse, fine = (distance(after(n_steps), after(64)) for n_steps in (2, 4))

    assert coarse / fine == pytest.approx(64, rel=0.15)


def test_an_error_that_is_known_before_is_never_exceeded():
    """Of one step, under drives that change linearly and turn; a drive that bends says nothing before."""
    random = np.random.default_rng(0)
    for n_atoms in (1, 2, 3) * 20:
        strength = 10 ** random.uniform(0, 1.5)
        first, last, turned, *of_detuning = strength * random.normal(size=(5, n_atoms, 1))
        part = np.arange(11) / 10
        couplings = first * (1 - part) + (last + 1j * turned) * part
        detunings = of_detuning[0] * (1 - part) + of_detuning[1] * part
        interactions = np.triu(strength * random.random((n_atoms, n_atoms)), 1)
        segment = Segment(0, couplings, detunings)
        drive = Drive(
            segments=(segment,),
            kinds=tuple(range(n_atoms)),
            interactions=interactions + interactions.T,
            last=(couplings[:, -1], detunings[:, -1]),
        )
        stepper = Stepper(drive)
        ket = random.normal(size=2**n_atoms) + 0j
        ket /= np.linalg.norm(ket)

        def after(n_parts, ket=ket, stepper=stepper, segment=segment):
            for part in range(n_parts):
                at = (part * 10 / n_parts, 10 / n_parts)
                ket, _ = stepper.part(segment, ket, at, np.empty_like(ket), np.empty_like(ket))
            return ket

        assert distance(after(1), after(32)) <= stepper.most_error(segment) + 1e-13

    assert Stepper(drive).most_error(Segment(0, couplings**2, detunings)) == np.inf


@pytest.mark.parametrize("n_atoms", [1, 2, 5])
def test_phases_of_interactions_are_exponentials_of_energies(n_atoms):
    """Kept for steps, or a part after the other where they are too many."""
    random = np.random.default_rng(n_atoms)
    interactions = np.triu(random.normal(size=(n_atoms, n_atoms)), 1)
    interactions += interactions.T
    is_first = np.array(list(itertools.product([1, 0], repeat=n_atoms)))
    energies = np.einsum("si,ij,sj->s", is_first, interactions, is_first) / 2
    phases = InteractionPhases(interactions)
    ket = random.normal(size=2**n_atoms) + 0j

    half, whole = phases.of_step(50.0), phases.of_step(100.0)
    multiplied = ket.copy()
    phases.multiply(multiplied, 700.0)

    for kept, length_us in ((half, 0.05), (whole, 0.1)):
        for found, part in zip(kept, DIAGONALS, strict=True):
            assert np.allclose(found, np.exp(-1j * length_us * part * energies), atol=1e-13)
    assert np.allclose(multiplied, ket * np.exp(-0.7j * energies), atol=1e-13)


@pytest.mark.long
def test_a_large_job_holds_few_vectors():
    """Six of 19 atoms, and what does not grow with their number."""
    n_atoms = 19
    register = pulser.Register.rectangle(1, n_atoms, spacing=7, prefix="q")
    sequence = pulser.Sequence(register, pulser.MockDevice)
    sequence.declare_channel("ising", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(4, 5.0, 2.0, 0.3), "ising")
    observables = [BitStrings(num_shots=100), StateResult(), Energy(), Occupation(evaluation_times=[0.4])]
    tracemalloc.start()
    try:
        SplitBackend(sequence, config=SplitConfig(observables=observables)).run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak <= 6 * 16 * 2**n_atoms + 4 * 2**20


@pytest.mark.parametrize(("before", "after"), [(2, 30), (30, 2), (2, 2)])
def test_steps_end_at_a_kink_close_to_an_edge_too(before, after):
    """A pulse that drops to 0 within a nanosecond, near its beginning or its end."""
    sequence = pulser.Sequence(pulser.Register({"a": (0, 0)}), pulser.MockDevice)
    sequence.declare_channel("ising", "rydberg_global")
    amplitude = pulser.CustomWaveform([8.0] * before + [0.0] * after)
    sequence.add(pulser.Pulse.ConstantDetuning(amplitude, 0.0, 0.0), "ising")
    drive, _ = SplitBackend(sequence, config=SplitConfig(observables=[StateResult()])).problem()

    assert [0, before - 1, before] == [each.start_ns for each in drive.segments]


@pytest.mark.parametrize("detuning", [0.0, 3.0, -11.0])
def test_a_driven_atom_follows_rabis_formula(detuning):
    """P(r) = (Ω/Ω')² sin²(Ω't/2) with Ω'² = Ω² + δ²."""
    effective = np.hypot(RABI, detuning)
    expected = (RABI / effective) ** 2 * np.sin(effective * 0.4 / 2) ** 2

    solved = reached(constant(400, RABI / 2, detuning), GROUND)

    assert abs(solved.ket[0]) ** 2 == pytest.approx(expected, abs=2e-6)


def test_two_blockaded_atoms_oscillate_faster():
    """By √2, to the state that they share: with 10^4 rad/µs between them they are a single atom."""
    interactions = np.array([[0, 1e4], [1e4, 0]])
    duration = round(1e3 * np.pi / (np.sqrt(2) * RABI))
    ground = np.array([0, 0, 0, 1], dtype=complex)

    ket = reached(constant(duration, RABI / 2, 0.0, interactions, n_atoms=2), ground, 1e-4).ket

    shared = np.abs(ket[1] + ket[2]) ** 2 / 2
    assert shared == pytest.approx(np.sin(np.sqrt(2) * RABI * duration * 1e-3 / 2) ** 2, abs=2e-3)
    assert abs(ket[0]) ** 2 < 1e-5


def test_a_slow_sweep_follows_landau_and_zener():
    """P(stays) = exp(-π Ω² / 2v) where the detuning goes from far below to far above with v rad/µs²."""
    far, rate, coupling = 400.0, 40.0, 2.0
    duration = round(1e3 * 2 * far / rate)
    detunings = np.linspace(-far, far, duration + 1)[None]
    couplings = np.full((1, duration + 1), coupling / 2, dtype=complex)
    drive = Drive(
        segments=(Segment(0, couplings, detunings),),
        kinds=(0,),
        interactions=None,
        last=(couplings[:, -1], detunings[:, -1]),
    )

    stayed = abs(reached(drive, GROUND, 1e-5).ket[1]) ** 2

    assert stayed == pytest.approx(
        np.exp(-np.pi * coupling**2 / (2 * rate)), abs=2e-2 * coupling / far + 4e-3
    )


def test_a_ramsey_fringe_has_the_detuning_as_its_frequency():
    """Two quarter turns with a wait between them: P = cos²(δT/2), whatever the wait; a wait is exact."""
    quarter = Segment(0, np.full((1, 3), np.pi / 4 / 2e-3, dtype=complex), np.zeros((1, 3)))
    probabilities = []
    for wait in (100, 250, 900):
        free = Segment(2, np.zeros((1, wait + 1), dtype=complex), np.full((1, wait + 1), 5.0))
        again = Segment(2 + wait, quarter.couplings, quarter.detunings)
        drive = Drive(
            segments=(quarter, free, again), kinds=(0,), interactions=None, last=(np.zeros(1), np.zeros(1))
        )
        probabilities.append(abs(reached(drive, GROUND).ket[0]) ** 2)

    assert probabilities == pytest.approx(
        [np.cos(5.0 * wait * 1e-3 / 2) ** 2 for wait in (100, 250, 900)], abs=1e-6
    )


def test_interactions_alone_give_a_controlled_phase():
    """The state of two excited atoms turns by exp(-iUt), and no other one: a CZ where Ut is π."""
    interactions = np.array([[0, 10 * np.pi], [10 * np.pi, 0]])
    ket = np.full(4, 0.5, dtype=complex)

    solved = reached(constant(100, 0.0, 0.0, interactions, n_atoms=2), ket)

    assert (solved.ket * 2).tolist() == pytest.approx([-1, 1, 1, 1])
    assert solved.error == 0


def test_time_reversal_returns():
    """The drive backwards with the opposite sign undoes the drive, to the accuracy of both."""
    sequence = random_sequence(np.random.default_rng(4), "pulses")
    drive, ground = SplitBackend(sequence, config=SplitConfig(observables=[StateResult()])).problem()
    back = Drive(
        segments=tuple(
            Segment(drive.duration_ns - each.end_ns, -each.couplings[:, ::-1], -each.detunings[:, ::-1])
            for each in reversed(drive.segments)
        ),
        kinds=drive.kinds,
        interactions=None if drive.interactions is None else -drive.interactions,
        last=drive.last,
    )

    returned = reached(back, reached(drive, ground.amplitudes, 1e-6).ket, 1e-6)

    assert distance(returned.ket, ground.amplitudes) < 4e-6


def test_a_constant_drive_conserves_energy_and_norm():
    """At twenty times between which no step ends."""
    register = pulser.Register.rectangle(2, 2, spacing=7, prefix="q")
    sequence = pulser.Sequence(register, pulser.AnalogDevice)
    sequence.declare_channel("ising", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(1000, 5.0, 2.0, 0.3), "ising")
    times = [part / 20 for part in range(20)]
    energies = (
        SplitBackend(
            sequence, config=SplitConfig(observables=[Energy(evaluation_times=times)], accuracy=1e-6)
        )
        .run()
        .energy
    )

    assert energies == pytest.approx([0.0] * 20, abs=1e-4)


def test_states_between_the_ends_of_steps_are_as_exact():
    """At every nanosecond, against one evolution for each of five of them."""
    sequence = random_sequence(np.random.default_rng(1), "two_channels")
    config = SplitConfig(observables=[Occupation(evaluation_times=None)], default_evaluation_times="Full")
    drive, ground = SplitBackend(sequence, config=config).problem()
    start = ground.amplitudes
    all_of_them = list(propagated(drive, start, range(drive.duration_ns + 1), 1e-5))

    assert len(all_of_them) == drive.duration_ns + 1
    for time in (1, 17, 55, 90, drive.duration_ns):
        alone = next(propagated(drive, start, [time], 1e-8))
        assert distance(all_of_them[time].ket, alone.ket) <= 3e-5
        assert all_of_them[time].error <= 1e-5
