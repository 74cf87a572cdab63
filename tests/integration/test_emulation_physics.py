"""What a file's emulation measures is what Pulser measures that a person configured."""

from __future__ import annotations

import json
import random
import warnings

import numpy as np
import pytest
import yaml
from comparison import SAME, p_value
from pulser import NoiseModel, Sequence
from pulser.backend import (
    BitStrings,
    CorrelationMatrix,
    Energy,
    EnergySecondMoment,
    EnergyVariance,
    Expectation,
    Fidelity,
    Occupation,
)
from pulser_simulation import QutipBackendV2, QutipConfig, QutipOperator, QutipState

from runner.domain.evaluations import AskedObservables, asked_times, evaluations_of
from runner.local.engines.emulation import emulate
from runner.sequences import compiled
from runner.spec import parse

RUNS, SEED = 400, 11
# Two edges of 6 rad/µs, at each of which half a nanosecond differs.
EDGES = 2 * 6.0 * 0.5e-3
FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: three-atoms}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {coordinates_um: {a: [0, 0], b: [7, 0], c: [14, 0]}}
    channels: {drive: rydberg_global}
    operations:
      - pulse: {channel: drive, amplitude: {ramp: {duration_ns: 500, from: 0, to: 6}}, detuning: -2.0}
      - pulse: {channel: drive, amplitude: 6.0, detuning: 1.0, duration_ns: 300}
  jobs: [{runs: 400}]
"""
RG = ("r", "g")
UP = QutipState.from_state_amplitudes(eigenstates=RG, amplitudes={"rgr": 1.0})
GHZ = QutipState.from_state_amplitudes(eigenstates=RG, amplitudes={"ggg": 0.5**0.5, "rrr": 0.5**0.5})
PARITY = QutipOperator.from_operator_repr(
    eigenstates=RG, n_qudits=3, operations=[(1.0, [({"rr": 1.0, "gg": -1.0}, {0, 1, 2})])]
)
FLIP = QutipOperator.from_operator_repr(
    eigenstates=RG,
    n_qudits=3,
    operations=[(0.5, [({"rg": 1.0, "gr": 1.0}, {0})]), (2.0, [({"rr": 1.0}, {2})])],
)
END = {"evaluation_times": [1.0]}
_PARITY = '[{factors: [{projectors: {"11": 1, "00": -1}, atoms: [a, b, c]}]}]'
_FLIP = """[{coefficient: 0.5, factors: [{projectors: {"10": 1, "01": 1}, atoms: [a]}]},
            {coefficient: 2, factors: [{projectors: {rr: 1}, atoms: [c]}]}]"""
# What the file says, and the same by hand: observables, and other arguments of the configuration.
CONFIGURATIONS = {
    "occupation": ("observables: [occupation]", [Occupation(**END)], {}),
    "occupation over time": (
        "observables: [{occupation: {every_ns: 200}}]",
        [Occupation(evaluation_times=[0.25, 0.5, 0.75, 1.0])],
        {},
    ),
    "correlations": ("observables: [correlation_matrix]", [CorrelationMatrix(**END)], {}),
    "energy": (
        (
            "observables: [{energy: {times: [0.25, 0.5]}}, {energy_second_moment: {times: [0.5]}},"
            " {energy_variance: {times: [0.5]}}]"
        ),
        [
            Energy(evaluation_times=[0.25, 0.5]),
            EnergySecondMoment(evaluation_times=[0.5]),
            EnergyVariance(evaluation_times=[0.5]),
        ],
        {},
    ),
    "fidelity": ('observables: [{fidelity: {state: {amplitudes: {"101": 3}}}}]', [Fidelity(UP, **END)], {}),
    "fidelity of a superposition": (
        'observables: [{fidelity: {state: {amplitudes: {"000": 1, "111": 1}}}}]',
        [Fidelity(GHZ, **END)],
        {},
    ),
    "parity": (
        f"observables: [{{expectation: {{operator: {_PARITY}}}}}]",
        [Expectation(PARITY, **END)],
        {},
    ),
    "a sum of operators": (
        f"observables: [{{expectation: {{operator: {_FLIP}}}}}]",
        [Expectation(FLIP, **END)],
        {},
    ),
    "initial state": (
        '{initial_state: {amplitudes: {"101": 1}}, observables: [occupation]}',
        [Occupation(**END)],
        {"initial_state": UP},
    ),
    "initial superposition": (
        '{initial_state: {amplitudes: {"000": 2, "111": 2}}, observables: [correlation_matrix]}',
        [CorrelationMatrix(**END)],
        {"initial_state": GHZ},
    ),
    "modulation": (
        "{with_modulation: true, observables: [occupation]}",
        [Occupation(**END)],
        {"with_modulation": True},
    ),
    "coarse samples": (
        "{options: {sampling_rate: 0.2}, observables: [occupation]}",
        [Occupation(**END)],
        {"sampling_rate": 0.2},
    ),
    "readout": (
        "{noise: {p_false_pos: 0.1, p_false_neg: 0.2}, observables: [occupation]}",
        [Occupation(**END)],
        {"noise_model": NoiseModel(p_false_pos=0.1, p_false_neg=0.2)},
    ),
    "dephasing": (
        "{noise: {dephasing_rate_per_us: 1.5}, observables: [occupation, correlation_matrix]}",
        [Occupation(**END), CorrelationMatrix(**END)],
        {"noise_model": NoiseModel(dephasing_rate=1.5)},
    ),
    "relaxation": (
        "{noise: {relaxation_rate_per_us: 0.8}, observables: [energy]}",
        [Energy(**END)],
        {"noise_model": NoiseModel(relaxation_rate=0.8)},
    ),
    "depolarizing": (
        "{noise: {depolarizing_rate_per_us: 0.5}, observables: [occupation]}",
        [Occupation(**END)],
        {"noise_model": NoiseModel(depolarizing_rate=0.5)},
    ),
    "an effective channel": (
        "{noise: {eff_noise: [{rate_per_us: 0.7, operator: [[0, 0], [1, 0]]}]}, observables: [occupation]}",
        [Occupation(**END)],
        {"noise_model": NoiseModel(eff_noise_rates=(0.7,), eff_noise_opers=(np.array([[0, 0], [1, 0]]),))},
    ),
    "amplitude": (
        "{noise: {amp_sigma: 0.1}, n_trajectories: 15, observables: [occupation]}",
        [Occupation(**END)],
        {"noise_model": NoiseModel(amp_sigma=0.1), "n_trajectories": 15},
    ),
    "temperature": (
        (
            "{noise: {temperature_uK: 60, trap_waist_um: 1.0, trap_depth_uK: 150}, n_trajectories: 12,"
            " observables: [correlation_matrix]}"
        ),
        [CorrelationMatrix(**END)],
        {"noise_model": NoiseModel(temperature=60.0, trap_waist=1.0, trap_depth=150.0), "n_trajectories": 12},
    ),
    "detuning": (
        (
            "{noise: {detuning_sigma_rad_per_us: 0.6, detuning_hf_psd: [0.1, 0.2],"
            " detuning_hf_omegas_rad_per_us: [1.0, 9.0]}, n_trajectories: 12, observables: [energy]}"
        ),
        [Energy(**END)],
        {
            "noise_model": NoiseModel(
                detuning_sigma=0.6, detuning_hf_psd=(0.1, 0.2), detuning_hf_omegas=(1.0, 9.0)
            ),
            "n_trajectories": 12,
        },
    ),
    "all at once": (
        (
            "{noise: {temperature_uK: 30, amp_sigma: 0.03, p_false_pos: 0.01, p_false_neg: 0.04,"
            " dephasing_rate_per_us: 0.05}, n_trajectories: 12, with_modulation: true,"
            " options: {solver: MasterEquation},"
            " observables: [occupation, energy]}"
        ),
        [Occupation(**END), Energy(**END)],
        {
            "noise_model": NoiseModel(
                temperature=30.0, amp_sigma=0.03, p_false_pos=0.01, p_false_neg=0.04, dephasing_rate=0.05
            ),
            "n_trajectories": 12,
            "with_modulation": True,
            "solver": "MasterEquation",  # the other one draws from a generator that no seed reaches
        },
    ),
}


def seeded(seed):
    """Let Pulser draw from a seed."""
    np.random.seed(seed)  # noqa: NPY002  (the generator that Pulser draws from)
    random.seed(seed)


def by_hand(sequence, observables, arguments, seed):
    """What Pulser gives."""
    seeded(seed)
    # In the order of the file, bitstrings last: they draw from the same generator.
    config = QutipConfig(observables=[*observables, BitStrings(num_shots=RUNS, **END)], **arguments)
    return QutipBackendV2(sequence, config=config).run()


@pytest.mark.parametrize(("semantics", "tolerance"), [("pulser", 1e-9), ("linear", EDGES)])
@pytest.mark.parametrize(
    ("emulation", "observables", "arguments"), CONFIGURATIONS.values(), ids=CONFIGURATIONS
)
def test_counts_and_observables_are_pulsers(emulation, observables, arguments, semantics, tolerance):
    """Observables to the last digits where Pulser's splines are asked for, drawn from the same seed.

    To the half nanosecond of each edge otherwise. Counts are samples of one distribution.
    """
    said = yaml.safe_load(FILE)
    said["spec"]["emulation"] = yaml.safe_load(emulation)
    said["spec"]["emulation"].setdefault("options", {})["semantics"] = semantics
    experiment = compiled(parse(json.dumps(said), path="x.yaml")).experiment
    payload = {
        "sequence": experiment.sequence,
        "variables": {},
        "runs": RUNS,
        "seed": SEED,
        "device_type": "EMU_FREE",
        "emulator": "EMU_FREE",
        "configuration": {},
        "backend_configuration": experiment.configuration,
    }
    answer = json.loads(emulate(json.dumps(payload)))
    asked = AskedObservables(
        names=experiment.observables,
        times=asked_times(experiment.configuration, experiment.observables),
        qubit_ids=("a", "b", "c"),
    )
    found, problems = evaluations_of(answer["serialised_results"], asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sequence = Sequence.from_abstract_repr(experiment.sequence)
        same, other = (by_hand(sequence, observables, arguments, seed) for seed in (SEED, 12))

    assert () == problems
    for each, evaluation in zip(observables, found.values(), strict=True):
        expected = np.array([np.asarray(value, dtype=complex).real for value in getattr(same, each.tag)])
        assert expected == pytest.approx(np.array(evaluation.values), abs=tolerance, rel=tolerance)
        assert [same.total_duration * time for time in each.evaluation_times] == pytest.approx(
            [*evaluation.times_ns]
        )
    assert RUNS == sum(answer["counter"].values())
    assert p_value(answer["counter"], other.final_bitstrings) > SAME
