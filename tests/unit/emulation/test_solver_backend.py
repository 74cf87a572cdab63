"""The solver is a backend of Pulser: its states, observables and noise are those of QuTiP's backend."""

from __future__ import annotations

import re

import numpy as np
import pulser
import pytest
import qutip
from pulser.backend import (
    BitStrings,
    CorrelationMatrix,
    Energy,
    EnergySecondMoment,
    EnergyVariance,
    Expectation,
    Fidelity,
    Occupation,
    Results,
    StateResult,
)
from pulser.noise_model import NoiseModel
from pulser_simulation import QutipBackendV2, QutipConfig, QutipOperator, QutipState

from runner.emulation import SplitBackend, SplitConfig
from runner.emulation.kets import Ket
from runner.emulation.operators import OperatorSum

TIMES = [0.0, 0.21, 0.5, 0.77, 1.0]
RYDBERG = ("r", "g")
TERMS = [
    (0.5, [({"rg": 1.0, "gr": 1.0}, [0, 2]), ({"rr": 1.0, "gg": -1.0}, [1])]),
    (2.0, [({"rr": 1.0}, [1, 2])]),
    (0.25, []),
]
AMPLITUDES = {"rgr": 0.6, "ggr": 0.8j, "rrr": -0.3}


def smooth(with_map=False):
    """Three atoms under two Blackman pulses of different phases: nothing jumps."""
    register = pulser.Register({"a": (0, 0), "b": (7, 0), "c": (2, 7.5)})
    sequence = pulser.Sequence(register, pulser.MockDevice)
    sequence.declare_channel("ising", "rydberg_global")
    if with_map:
        sequence.config_detuning_map(register.define_detuning_map({"a": 0.2, "b": 0.8}), "dmm_0")
        sequence.add_dmm_detuning(pulser.BlackmanWaveform(800, -1.5), "dmm_0")
    for phase in (0.0, 1.1):
        pulse = pulser.Pulse(pulser.BlackmanWaveform(400, 2.0), pulser.BlackmanWaveform(400, 1.0), phase)
        sequence.add(pulse, "ising", protocol="no-delay")
    return sequence


def observables(state_type, operator_type):
    """One of each kind, at the same times."""
    operator = operator_type.from_operator_repr(eigenstates=RYDBERG, n_qudits=3, operations=TERMS)
    state = state_type.from_state_amplitudes(eigenstates=RYDBERG, amplitudes={"rgg": 1.0})
    return [
        Occupation(evaluation_times=TIMES),
        CorrelationMatrix(evaluation_times=TIMES),
        Energy(evaluation_times=TIMES),
        EnergyVariance(evaluation_times=TIMES),
        EnergySecondMoment(evaluation_times=TIMES),
        Expectation(operator, evaluation_times=TIMES),
        Fidelity(state, evaluation_times=TIMES),
    ]


@pytest.mark.parametrize("with_map", [False, True])
def test_every_observable_is_qutips_where_nothing_jumps(with_map):
    """To the accuracy of both: QuTiP's splines and straight lines differ by less there."""
    sequence = smooth(with_map)
    ours = SplitBackend(
        sequence, config=SplitConfig(observables=observables(Ket, OperatorSum), accuracy=1e-6)
    ).run()
    theirs = QutipBackendV2(
        sequence, config=QutipConfig(observables=observables(QutipState, QutipOperator))
    ).run()

    assert set(ours.get_result_tags()) == {*theirs.get_result_tags(), "state_error"}
    for tag in theirs.get_result_tags():
        assert ours.get_result_times(tag) == pytest.approx(theirs.get_result_times(tag))
        assert np.array(getattr(ours, tag)) == pytest.approx(
            np.array(getattr(theirs, tag)), abs=3e-4, rel=3e-4
        ), tag
    assert ours.state_error == sorted(ours.state_error)
    assert 0 < ours.state_error[-1] <= 1e-6


def test_results_are_read_by_pulser():
    """Written and read again they are the same, the estimate of the error included."""
    config = SplitConfig(observables=[BitStrings(num_shots=30), Occupation(evaluation_times=TIMES)])
    results = SplitBackend(smooth(), config=config).run()

    assert Results.from_abstract_repr(results.to_abstract_repr()) == results


def test_a_state_is_given_and_returned():
    """An evolution begins where the one before it ended; eigenstates may come in another order."""
    first = SplitBackend(smooth()).run().final_state
    flipped = Ket(first.amplitudes[::-1], eigenstates=("g", "r"))
    ends = [
        SplitBackend(smooth(), config=SplitConfig(observables=[StateResult()], initial_state=state))
        .run()
        .final_state
        for state in (first, flipped)
    ]

    assert ends[0].overlap(ends[1]) == pytest.approx(1)
    assert ends[0].overlap(first) < 0.9


def test_kets_and_operators_are_pulsers():
    """Overlaps, expectation values, sums, products and probabilities, against the states of QuTiP."""
    made = []
    for state_type, operator_type in ((Ket, OperatorSum), (QutipState, QutipOperator)):
        state = state_type.from_state_amplitudes(eigenstates=RYDBERG, amplitudes=AMPLITUDES)
        other = state_type.from_state_amplitudes(eigenstates=RYDBERG, amplitudes={"ggr": 1.0, "rgr": 2.0})
        operator = operator_type.from_operator_repr(eigenstates=RYDBERG, n_qudits=3, operations=TERMS)
        again = operator @ operator + 2.5j * operator
        applied = operator.apply_to(state)
        made.append(
            [
                state.overlap(other),
                operator.expect(state),
                again.expect(state),
                applied.overlap(other),
                state.n_qudits,
                state.get_basis_state_from_index(5),
            ]
        )

    assert made[0][:4] == pytest.approx(made[1][:4])
    assert made[0][4:] == made[1][4:]


@pytest.mark.parametrize(
    ("eigenstates", "one_state", "errors"),
    [
        (("r", "g"), None, {}),
        (("r", "g"), "g", {}),
        (("g", "h"), None, {}),
        (("r", "g"), None, {"p_false_pos": 0.1, "p_false_neg": 0.2}),
    ],
    ids=["ising", "other state is one", "digital", "readout errors"],
)
def test_shots_are_those_that_pulser_draws(eigenstates, one_state, errors):
    """From the same random numbers come the same bitstrings, and as many of each."""
    amplitudes = np.exp(1j * np.arange(16)) * (np.arange(16) % 5)
    amplitudes /= np.linalg.norm(amplitudes)
    ket = qutip.Qobj(amplitudes.reshape(-1, 1), dims=[[2] * 4, [1] * 4])

    drawn = []
    for state in (QutipState(ket, eigenstates=eigenstates), Ket(amplitudes, eigenstates=eigenstates)):
        np.random.seed(7)  # noqa: NPY002  (the generator that Pulser draws from)
        drawn.append(state.sample(num_shots=500, one_state=one_state, **errors))

    assert drawn[0] == drawn[1]


def test_of_three_states_one_is_measured_as_one():
    """The probabilities of bitstrings are those of Pulser's states."""
    amplitudes = {"rgh": 0.6, "hhr": 0.48j, "ggg": 0.64}
    ours, theirs = (
        state_type.from_state_amplitudes(eigenstates=("r", "g", "h"), amplitudes=amplitudes)
        for state_type in (Ket, QutipState)
    )
    probabilities = ours.probabilities("h")

    expected = theirs.bitstring_probabilities(one_state="h")
    assert {bits: probabilities[int(bits, 2)] for bits in expected} == pytest.approx(expected)
    assert sum(probabilities) == pytest.approx(1)


def test_noise_is_pulsers():
    """The same trajectories from the same generator, of every kind that is solved here."""
    noise = NoiseModel(
        temperature=40.0,
        amp_sigma=0.05,
        detuning_sigma=0.4,
        state_prep_error=0.1,
        p_false_pos=0.02,
        trap_waist=1.0,
        trap_depth=150.0,
    )
    occupations = []
    for backend, config in ((SplitBackend, SplitConfig), (QutipBackendV2, QutipConfig)):
        np.random.seed(11)  # noqa: NPY002  (the generator that Pulser draws from)
        asked = config(
            observables=[Occupation(evaluation_times=TIMES), Energy(evaluation_times=[0.5])],
            noise_model=noise,
            n_trajectories=12,
        )
        results = backend(smooth(), config=asked).run()
        occupations.append(np.append(np.array(results.occupation), results.energy))

    assert occupations[0] == pytest.approx(occupations[1], abs=2e-3, rel=2e-3)


def test_an_interaction_matrix_replaces_that_of_the_register():
    """Without interactions each atom is alone, and all of them do the same."""
    config = SplitConfig(observables=[Occupation()], interaction_matrix=np.zeros((3, 3)))
    occupation = SplitBackend(smooth(), config=config).run().occupation[-1]

    assert occupation == pytest.approx([occupation[0]] * 3)
    assert occupation[0] > 0.1


@pytest.mark.parametrize(
    ("noise", "reason"),
    [
        (NoiseModel(dephasing_rate=0.1), "dephasing noise makes states mixed"),
        (NoiseModel(relaxation_rate=0.1), "relaxation noise makes states mixed"),
        (NoiseModel(temperature=10.0), "the state is a mixed one"),
    ],
)
def test_what_it_cannot_do_it_refuses(noise, reason):
    """With the reason, and the backend that can."""
    config = SplitConfig(observables=[StateResult()], noise_model=noise, n_trajectories=2)

    with pytest.raises(NotImplementedError, match=re.escape(f"QutipBackendV2 can: {reason}")):
        SplitBackend(smooth(), config=config)


@pytest.mark.parametrize("accuracy", [0.0, 1e-12, 0.1, float("nan")])
def test_an_accuracy_has_bounds(accuracy):
    """Below them there is rounding, above them there is no estimate."""
    with pytest.raises(ValueError, match=r"between 1e-10 and 0\.01"):
        SplitConfig(observables=[StateResult()], accuracy=accuracy)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (Ket(np.ones(4), eigenstates=RYDBERG), "2 atoms over"),
        (Ket(np.ones(8), eigenstates=("g", "h")), "3 atoms over"),
    ],
)
def test_an_initial_state_has_to_fit(state, message):
    """In its atoms and their states."""
    config = SplitConfig(observables=[StateResult()], initial_state=state)

    with pytest.raises(ValueError, match=message):
        SplitBackend(smooth(), config=config).run()
