"""Work that is not repeated: jobs that share an evolution, and measure what Pulser measures."""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from pulser import NoiseModel, Sequence
from pulser.backend import BitStrings, EmulationConfig, Energy, Fidelity, Occupation, Results
from pulser.devices import AnalogDevice
from pulser_simulation import QutipBackendV2, QutipConfig
from pulser_texts import a_text
from scipy import stats

from runner.emulation import SplitConfig
from runner.local.engines import evolution
from runner.local.engines.base import payload
from runner.local.engines.emulation import emulate
from runner.local.engines.evolution_cache import KeptEvolutions
from runner.local.rules.records import Started

VALUES = {"a": 6.0, "d": 400}
# A square pulse of 6 rad/µs is half a nanosecond longer than Pulser's splines make it.
EDGES = 6.0 * 0.5e-3


def asked(job_id="j", *, runs=100, config=None, n_qubits=2, **fields):
    """What an engine is asked to execute."""
    written = None if config is None else config.to_abstract_repr()
    given = {"sequence": a_text(n_qubits), "variables": VALUES, "backend_configuration": written} | fields
    return payload(Started(job_id=job_id, attempt=1, runs=runs, **given))


def answer(*args, kept=None, **fields):
    """The counts and Pulser's results of a job."""
    found = json.loads(emulate(asked(*args, **fields), kept))
    return found["counter"], Results.from_abstract_repr(found["serialised_results"])


def a_config(*observables, **fields):
    """A configuration as Pulser's remote backends send it."""
    return EmulationConfig(observables=observables or (BitStrings(),), **fields)


def a_sequence(n_qubits=2):
    """The sequence of `asked`."""
    return Sequence.from_abstract_repr(a_text(n_qubits)).build(**VALUES)


def by_pulser(*observables, n_qubits=2, **fields):
    """What Pulser's own backend says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = QutipConfig(observables=observables, **fields)
        return QutipBackendV2(a_sequence(n_qubits), config=config).run()


def counted_evolutions(monkeypatch):
    """Lists what is evolved from now on."""
    done = []
    plain = evolution.evolved
    monkeypatch.setattr(evolution, "evolved", lambda *args: done.append(args) or plain(*args))
    return done


def test_jobs_that_differ_only_in_runs_share_one_evolution(tmp_path, monkeypatch):
    """A second job of the same point, with whatever runs, observables or seed, only samples."""
    done = counted_evolutions(monkeypatch)

    totals = [
        sum(answer(job_id, kept=tmp_path, **fields)[0].values())
        for job_id, fields in (
            ("j", {"runs": 10}),
            ("k", {"runs": 500}),
            ("l", {"runs": 20, "config": a_config(Occupation())}),
        )
    ]

    assert ([10, 500, 20], 1) == (totals, len(done))


@pytest.mark.parametrize(
    "fields",
    [
        {"variables": {"a": 5.0, "d": 400}},
        {"n_qubits": 3},
        {"config": a_config(BitStrings(evaluation_times=[0.5, 1.0]))},
        {"config": a_config(with_modulation=True)},
        {"config": a_config(accuracy=1e-6)},
    ],
    ids=["variables", "register", "times", "modulation", "accuracy"],
)
def test_jobs_that_evolve_otherwise_share_nothing(tmp_path, monkeypatch, fields):
    """Whatever the states depend on makes another evolution."""
    done = counted_evolutions(monkeypatch)

    answer("j", kept=tmp_path)
    answer("j", kept=tmp_path, **fields)

    assert 2 == len(done)


@pytest.mark.parametrize(
    "config",
    [
        None,
        a_config(BitStrings(evaluation_times=[0.3, 1.0]), Occupation()),
        a_config(noise_model=NoiseModel(p_false_pos=0.1, p_false_neg=0.2)),
    ],
    ids=["plain", "observables", "readout errors"],
)
def test_counts_are_the_same_with_and_without_what_is_kept(tmp_path, config):
    """A job's counts depend on its id alone: not on whether, where and by whom its evolution was computed."""
    without = answer("j", config=config)[0]
    first, again = (answer("j", config=config, kept=tmp_path)[0] for _ in range(2))

    assert (without, without) == (first, again)


@pytest.mark.parametrize("is_kept", [False, True])
def test_shared_evolution_is_sampled_as_pulser_samples(tmp_path, is_kept):
    """Over the jobs of one point, counts are distributed as the probabilities that Pulser computes.

    A chi-square test over 20 jobs of 500 runs, whose ids and thus counts are fixed. Samples of the right
    distribution fall below 1e-3 once in a thousand choices of ids; a bias of 0.02 in one probability gives
    less than 1e-4.
    """
    jobs = [answer(f"j{n}", runs=500, kept=tmp_path if is_kept else None)[0] for n in range(20)]

    total = {bits: sum(job.get(bits, 0) for job in jobs) for bits in ("00", "01", "10", "11")}
    probabilities = by_pulser(
        *QutipBackendV2.default_config.observables
    ).final_state.bitstring_probabilities()
    expected = [10_000 * probabilities[bits] for bits in total]
    # Between jobs: the first bitstring's count is binomial, so that its spread over jobs is known as well.
    spread = np.var([job.get("01", 0) for job in jobs], ddof=1)
    p = probabilities["01"]

    assert stats.chisquare(list(total.values()), expected).pvalue > 1e-3
    assert 0.4 < spread / (500 * p * (1 - p)) < 2.0


def test_observables_are_those_of_pulser(tmp_path):
    """Occupations, fidelities and energies come back as Pulser's results, with their tags and times."""
    observables = (
        Occupation(evaluation_times=[0.25, 1.0]),
        Energy(),
        Fidelity(_state_repr({"rg": 1.0})),
    )
    expected = by_pulser(Occupation(evaluation_times=[0.25, 1.0]), Energy())

    _, with_energy = answer("j", config=a_config(*observables), kept=tmp_path)
    _, of_states = answer("j", config=a_config(observables[0], observables[2]), kept=tmp_path)

    assert np.allclose(expected.occupation, with_energy.occupation, atol=EDGES)
    assert np.allclose(with_energy.occupation, of_states.occupation, atol=1e-12)
    assert np.allclose(expected.energy, with_energy.energy, atol=10 * EDGES)
    assert np.allclose(with_energy.fidelity, of_states.fidelity, atol=1e-12)
    assert expected.get_result_times("occupation") == of_states.get_result_times("occupation")
    assert {"occupation", "energy", "fidelity", "bitstrings", "state_error"} == set(
        with_energy.get_result_tags()
    )


def test_client_finds_its_own_observables_in_the_results():
    """A result can be asked for by the observable that was sent, as Pulser's users do."""
    occupation = Occupation()

    _, results = answer("j", config=a_config(occupation))

    assert results.get_result("occupation", 1.0) == results.get_result(occupation, 1.0)


def test_counter_is_there_when_the_client_measures_at_other_times():
    """The client's own bitstrings stay as they were asked for, and the counter is taken at the end."""
    counter, results = answer("j", runs=30, config=a_config(BitStrings(evaluation_times=[0.5])))

    assert (30, [0.5]) == (sum(counter.values()), results.get_result_times("bitstrings"))


def test_pulsers_reading_of_samples_can_be_asked_for():
    """QuTiP solves it then, by splines through the samples, and the results are Pulser's to the last bit."""
    asked_for = a_config(Occupation(), semantics="pulser")

    _, results = answer("j", config=asked_for)

    assert by_pulser(Occupation()).occupation == results.occupation
    assert "state_error" not in results.get_result_tags()


def test_initial_state_is_honoured(tmp_path):
    """A sequence that does nothing to a state leaves it, and the state is part of what is shared."""
    config = a_config(initial_state=_state_repr({"rr": 1.0}))
    weak = {"a": 1e-9, "d": 400}

    excited = answer("j", variables=weak, config=config, kept=tmp_path)[0]
    ground = answer("j", variables=weak, kept=tmp_path)[0]

    assert ({"11": 100}, {"00": 100}) == (excited, ground)


def test_readout_errors_are_in_the_counts():
    """With every 0 read as a 1 nothing but ones is counted."""
    config = a_config(noise_model=NoiseModel(p_false_pos=1.0))

    assert {"11": 100} == answer("j", config=config)[0]


def test_stochastic_noise_is_not_shared(tmp_path, monkeypatch):
    """Trajectories of a noise differ from job to job, and are those of the job's seed."""
    done = counted_evolutions(monkeypatch)
    noisy = a_config(BitStrings(num_shots=5), noise_model=NoiseModel(temperature=1000.0), n_trajectories=4)

    first, again = (answer("j", config=noisy, kept=tmp_path)[0] for _ in range(2))

    assert (first, 20, []) == (again, sum(again.values()), done)


@cache
def a_noisy_text(**noise):
    """The sequence of `asked`, written for a machine with a noise model."""
    device = replace(AnalogDevice, noise_model=NoiseModel(**noise))
    return Sequence.from_abstract_repr(a_text()).with_new_device(device).to_abstract_repr()


@pytest.mark.parametrize(
    "fields",
    [{"device_type": "FRESNEL"}, {"configuration": {"with_noise": True}}],
    ids=["machine", "with_noise"],
)
def test_noise_of_the_device_is_emulated_where_it_is_meant(fields):
    """A machine has its noise, and so has an emulator that is asked for it; any other job has none."""
    text = a_noisy_text(p_false_pos=1.0)

    noisy, plain = (answer("j", sequence=text, **each)[0] for each in (fields, {}))

    assert {"11": 100} == noisy
    assert "00" in plain


def test_trajectories_give_exactly_the_runs_of_a_job():
    """Of the shots of all trajectories as many are counted as the job has runs, the same ones every time."""
    text = a_noisy_text(amp_sigma=0.1)

    found = [answer("j", runs=101, sequence=text, device_type="FRESNEL") for _ in range(2)]

    counters = [counter for counter, _ in found]
    assert [101, 101] == [sum(counter.values()) for counter in counters]
    assert [counters[0]] * 2 == [counters[1], dict(sorted(found[0][1].final_bitstrings.items()))]


def test_evolution_that_nobody_can_share_is_not_one():
    """States at every step, and energies, are left to Pulser's backend as a whole."""
    sequence = a_sequence()
    everywhere = SplitConfig(observables=[Occupation()], default_evaluation_times="Full")
    of_energy = SplitConfig(observables=[Energy()])

    assert (False, False) == tuple(
        evolution.has_evolution(sequence, each) for each in (everywhere, of_energy)
    )


def test_remembered_evolution_is_the_computed_one(tmp_path):
    """What comes out of the folder is what would have been computed, to the last bit."""
    text, config = a_text(3), SplitConfig(observables=[BitStrings(num_shots=1)])
    point = evolution.Point(text=text, parsed=Sequence.from_abstract_repr(text), variables=VALUES)
    kept = KeptEvolutions(tmp_path)

    found = [evolution.remembered(point, config, kept) for _ in range(2)]

    expected = evolution.evolved(a_sequence(3), config)
    assert [expected.states.tolist()] * 2 == [each.states.tolist() for each in found]
    assert [("q0", "q1", "q2")] * 3 == [each.atom_order for each in (expected, *found)]


def test_evolution_that_was_kept_while_waiting_is_not_computed_again(tmp_path, monkeypatch):
    """Of two equal jobs at the same time one evolves; the other one waits, and looks again."""
    done = counted_evolutions(monkeypatch)
    plain = KeptEvolutions.alone

    @contextmanager
    def alone_after_another(kept, key):
        monkeypatch.setattr(KeptEvolutions, "alone", plain)
        answer("other", kept=tmp_path)
        with plain(kept, key):
            yield

    monkeypatch.setattr(KeptEvolutions, "alone", alone_after_another)

    answer("j", kept=tmp_path)

    assert 1 == len(done)


def _state_repr(amplitudes):
    """A state as it is sent."""
    return EmulationConfig.state_type.from_state_amplitudes(eigenstates=("r", "g"), amplitudes=amplitudes)
