"""EMU_SV where emu-sv is not installed: the solver of EMU_FREE plays it."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from pulser import NoiseModel, Pulse, Register, Sequence
from pulser.backend import BitStrings, EmulationConfig, Occupation, Results
from pulser.devices import MockDevice
from pulser_texts import a_text

from runner.local.engines.base import JobFailedError, payload
from runner.local.engines.emulation import emulate
from runner.local.rules import device_types
from runner.local.rules.records import Started
from runner.local.validation.sequences import PulserSequences

VALUES = {"a": 6.0, "d": 400}
FINAL = BitStrings(evaluation_times=[1.0])


@pytest.fixture(autouse=True)
def _without_emu_sv(monkeypatch):
    """Neither found nor imported."""
    monkeypatch.setattr(device_types, "_is_installed", lambda package: package != "emu-sv")
    monkeypatch.setitem(sys.modules, "emu_sv", None)


def pi_pulses(n_atoms, spacing_um):
    """All atoms are told to turn by π, in a row."""
    register = Register({f"q{n}": (spacing_um * n, 0.0) for n in range(n_atoms)})
    sequence = Sequence(register, MockDevice)
    sequence.declare_channel("global", "rydberg_global")
    sequence.add(Pulse.ConstantPulse(100, 10 * np.pi, 0.0, 0.0), "global")
    return sequence.to_abstract_repr()


def answer(device_type="EMU_SV", *, config=None, runs=50, kept=None, **fields):
    """Counts and results of a job."""
    written = None if config is None else config.to_abstract_repr()
    given = {"sequence": a_text(2), "variables": VALUES, "backend_configuration": written} | fields
    started = Started(job_id="j", attempt=1, runs=runs, device_type=device_type, **given)
    found = json.loads(emulate(payload(started), kept))
    return found["counter"], Results.from_abstract_repr(found["serialised_results"])


def test_job_has_the_results_of_emu_free():
    """The same solver, with and without what only says how emu-sv computes."""
    observables = [Occupation(evaluation_times=[0.5, 1.0]), FINAL]
    plain = EmulationConfig(observables=observables)
    tuned = EmulationConfig(
        observables=observables, dt=5.0, krylov_tolerance=1e-8, solver="montecarlo", gpu=None
    )

    (counts, results), (also, _) = answer(config=tuned), answer()
    expected, of_free = answer("EMU_FREE", config=plain)

    assert (expected, expected) == (counts, also)
    assert results.occupation == of_free.occupation


def test_more_atoms_are_carried_than_on_emu_free():
    """Thirteen, so far apart that each is excited by itself; the specification says up to how many."""
    counter, results = answer(sequence=pi_pulses(13, 40.0), variables={})

    assert ({"1" * 13: 50}, 13) == (counter, len(results.atom_order))
    assert '"max_atom_num": 20' in PulserSequences().device_specs()["EMU_SV"]


def test_interactions_may_be_given(tmp_path):
    """Atoms block each other, or do not where a matrix says so; no kept evolution is taken for another."""
    free = EmulationConfig(observables=[FINAL], interaction_matrix=[[0.0, 0.0], [0.0, 0.0]])
    strong = EmulationConfig(observables=[FINAL], interaction_matrix=[[0.0, 1e4], [1e4, 0.0]])
    near = {"sequence": pi_pulses(2, 4.0), "variables": {}, "kept": tmp_path}

    both = [answer(config=config, **near)[0].get("11", 0) for config in (free, strong, None, free)]

    assert [50, 0, 0, 50] == both


def test_states_that_noise_makes_mixed_are_those_of_a_few_atoms():
    """QuTiP has them; of thirteen atoms the job fails before it starts, and says what helps."""
    asked = {"observables": [FINAL], "noise_model": NoiseModel(dephasing_rate=1.0)}
    noisy = EmulationConfig(**asked, solver="lindblad")

    assert answer(config=noisy)[0] == answer("EMU_FREE", config=EmulationConfig(**asked))[0]
    with pytest.raises(
        JobFailedError, match=r"dephasing noise makes states mixed\): use fewer atoms, or pip"
    ):
        answer(config=noisy, sequence=pi_pulses(13, 40.0), variables={})
