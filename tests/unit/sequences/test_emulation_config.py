"""`spec.emulation`: what the emulator is told, what counts of it, and what is refused at its line."""

from __future__ import annotations

import dataclasses
import json
import math

import pulser
import pytest
import yaml
from pulser import NoiseModel
from pulser.backend import (
    BitStrings,
    CorrelationMatrix,
    EmulationConfig,
    Energy,
    Expectation,
    Fidelity,
    Occupation,
)
from pulser.backend.operator import OperatorRepr
from pulser.backend.state import StateRepr

from runner.domain.digests import recipe_digest
from runner.domain.emulations import possible_emulations
from runner.errors import SpecError
from runner.sequences import compiled
from runner.spec import parse

FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: two-atoms}
spec:
  device_type: EMU_FREE
  sequence:
    device: MockDevice
    register: {coordinates_um: {left: [-3.5, 0], right: [3.5, 0]}}
    channels: {drive: rydberg_global}
    variables: {t_ns: int}
    operations:
      - pulse: {channel: drive, amplitude: 3.0, detuning: 0.0, duration_ns: t_ns}
  jobs:
    - {runs: 10, variables: {t_ns: 400}}
"""


def file(emulation=None, text=FILE):
    """The file with an emulation, in YAML."""
    said = yaml.safe_load(text)
    if emulation is not None:
        said["spec"]["emulation"] = yaml.safe_load(emulation)
    return yaml.safe_dump(said, sort_keys=False)


def experiment(emulation=None, text=FILE):
    """What the file compiles to."""
    return compiled(parse(file(emulation, text), path="x.yaml")).experiment


def without_names(text):
    """A configuration without the names that Pulser draws."""
    said = json.loads(text)
    return said | {
        "observables": [{k: v for k, v in each.items() if k != "uuid"} for each in said["observables"]]
    }


def test_a_configuration_is_what_a_person_would_write_with_pulser():
    """Units are in our keys; 0 and 1 are what is measured, and states are normalised."""
    said = experiment(
        """
        noise: {temperature_uK: 30, amp_sigma: 0.03, p_false_pos: 0.01, dephasing_rate_per_us: 0.05}
        n_trajectories: 100
        initial_state: {amplitudes: {"01": 1, "10": -1}}
        with_modulation: true
        options: {sampling_rate: 0.5, solver: MonteCarlo}
        observables:
          - occupation: {times: [0.25, 0.5, 0.75, 1.0]}
          - correlation_matrix
          - energy: {times: [0.5, 1.0]}
          - fidelity: {state: {amplitudes: {rr: 1}}}
          - expectation:
              name: parity
              operator:
                - coefficient: 0.5
                  factors: [{projectors: {"11": 1, "00": -1}, atoms: [left, right]}]
        """
    )
    half = 1 / math.hypot(1, 1)
    by_hand = EmulationConfig(
        observables=[
            Occupation(evaluation_times=[0.25, 0.5, 0.75, 1.0]),
            CorrelationMatrix(evaluation_times=[1.0]),
            Energy(evaluation_times=[0.5, 1.0]),
            Fidelity(
                StateRepr.from_state_amplitudes(eigenstates=("r", "g"), amplitudes={"rr": 1.0}),
                evaluation_times=[1.0],
            ),
            Expectation(
                OperatorRepr.from_operator_repr(
                    eigenstates=("r", "g"),
                    n_qudits=2,
                    operations=[(0.5, [({"rr": 1.0, "gg": -1.0}, {0, 1})])],
                ),
                evaluation_times=[1.0],
                tag_suffix="parity",
            ),
            BitStrings(evaluation_times=[1.0]),
        ],
        noise_model=NoiseModel(temperature=30.0, amp_sigma=0.03, p_false_pos=0.01, dephasing_rate=0.05),
        n_trajectories=100,
        initial_state=StateRepr.from_state_amplitudes(
            eigenstates=("r", "g"), amplitudes={"gr": half, "rg": -half}
        ),
        with_modulation=True,
        sampling_rate=0.5,
        solver="MonteCarlo",
    )

    assert without_names(by_hand.to_abstract_repr()) == without_names(said.configuration)


def test_what_is_measured_counts_and_what_is_evaluated_does_not():
    """Without emulation, the recipe is what it was before there was any."""
    plain, noisy = experiment(), experiment("noise: {p_false_pos: 0.01}")
    evaluated = experiment("observables: [energy]")
    recipes = [
        experiment(each).recipe
        for each in (
            "noise: {p_false_pos: 0.02}",
            "{noise: {p_false_pos: 0.01}, n_trajectories: 7}",
            "with_modulation: true",
            'initial_state: {amplitudes: {"11": 1}}',
            "options: {sampling_rate: 0.5}",
        )
    ]

    assert "bb8eee6a2a163010" == plain.recipe[:16]
    assert plain.recipe == evaluated.recipe != noisy.recipe
    assert 6 == len({noisy.recipe, *recipes})
    assert noisy.recipe == experiment("{noise: {p_false_pos: 0.01}, observables: [energy]}").recipe


def test_noise_of_the_device_is_its_noise_written_out():
    """So that a device of another noise is another experiment."""
    noisy = dataclasses.replace(pulser.AnalogDevice, noise_model=NoiseModel(p_false_pos=0.25))
    sequence = pulser.Sequence(pulser.Register({"a": (0, 0)}), noisy)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(400, 3.0, 0.0, 0.0), "drive")
    sequence.measure()
    said = yaml.safe_load(FILE)
    said["spec"] |= {"sequence": {"file": "s.json"}, "jobs": [{"runs": 10}]}

    def recipe(noise):
        text = file(f"noise: {noise}", yaml.safe_dump(said))
        return compiled(
            parse(text, path="x.yaml", companion=lambda _: sequence.to_abstract_repr())
        ).experiment.recipe

    assert recipe("{p_false_pos: 0.25}") == recipe("device") != recipe("{p_false_pos: 0.24}")
    with pytest.raises(SpecError, match="MockDevice has no noise model"):
        experiment("noise: device")


@pytest.mark.filterwarnings("ignore:Defining the number of emulation trajectories:DeprecationWarning")
@pytest.mark.parametrize(
    ("emulation", "often"), [("noise: device", 7), ("{noise: device, n_trajectories: 9}", 9)]
)
def test_noise_of_the_device_is_drawn_as_often_as_it_says(emulation, often):
    """Where the file does not say it: Pulser takes one number of trajectories alone."""
    noise = NoiseModel(runs=7, samples_per_run=1, amp_sigma=0.1)
    sequence = pulser.Sequence(
        pulser.Register({"a": (0, 0)}), dataclasses.replace(pulser.AnalogDevice, noise_model=noise)
    )
    sequence.declare_channel("drive", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(400, 3.0, 0.0, 0.0), "drive")
    sequence.measure()
    said = yaml.safe_load(FILE)
    said["spec"] |= {"sequence": {"file": "s.json"}, "jobs": [{"runs": 10}]}
    text = file(emulation, yaml.safe_dump(said))
    found = compiled(parse(text, path="x.yaml", companion=lambda _: sequence.to_abstract_repr()))

    assert often == json.loads(found.experiment.configuration)["n_trajectories"]


def test_times_in_ns_end_with_the_end():
    """Of 400 ns, every 150 ns are 150, 300 and 400."""
    (asked, _) = json.loads(experiment("observables: [{energy: {every_ns: 150}}]").configuration)[
        "observables"
    ]

    assert [0.375, 0.75, 1.0] == asked["evaluation_times"]


@pytest.mark.parametrize(
    ("device_type", "emulation", "often"),
    [
        ("EMU_FREE", "noise: {amp_sigma: 0.1}", 40),
        ("EMU_FREE", "noise: {p_false_pos: 0.1}", 1),
        ("EMU_FREE", "noise: {dephasing_rate_per_us: 0.1}", 1),
        ("EMU_FREE", "{noise: {dephasing_rate_per_us: 0.1}, options: {solver: MonteCarlo}}", 40),
        ("EMU_FREE", "options: {solver: MonteCarlo}", 1),
        ("EMU_SV", "noise: {relaxation_rate_per_us: 0.1}", 1),
        ("EMU_MPS", "noise: {relaxation_rate_per_us: 0.1}", 40),
        ("EMU_MPS", "{noise: {depolarizing_rate_per_us: 0.1}, n_trajectories: 7}", 7),
        ("EMU_MPS", "noise: {p_false_pos: 0.1}", 1),
    ],
)
def test_random_noise_is_drawn_often_enough(device_type, emulation, often):
    """Once, Pulser's default, is no average; also where an emulator draws what another one computes."""
    said = experiment(emulation, FILE.replace("EMU_FREE", device_type))

    assert often == json.loads(said.configuration)["n_trajectories"]


LEAK = (
    "noise: {with_leakage: true, eff_noise: [{rate_per_us: 1, operator: [[0, 0, 0], [0, 0, 0], [1, 0, 0]]}]}"
)
JUMP = "{noise: {eff_noise: [{rate_per_us: 1, operator: [[0, 1], [0, {imag: 1}]]}]}, options: {dt_ns: 5.5}}"


@pytest.mark.parametrize(
    ("device_type", "emulation"),
    [
        ("EMU_FREE", "{noise: {temperature_uK: 30, amp_sigma: 0.03, laser_waist_um: 100}}"),
        ("EMU_FREE", "{noise: {temperature_uK: 30, trap_waist_um: 1, trap_depth_uK: 150.123456789012345}}"),
        (
            "EMU_FREE",
            "{noise: {temperature_uK: 30, trap_waist_um: 1, trap_depth_uK: 9, disable_doppler: true}}",
        ),
        ("EMU_FREE", "{noise: {detuning_hf_psd: [1, 2], detuning_hf_omegas_rad_per_us: [1, 3.5]}}"),
        ("EMU_FREE", "{noise: {dmm_sigma: 0.1, state_prep_error: 0.01}, n_trajectories: 40}"),
        ("EMU_FREE", LEAK),
        ("EMU_FREE", "{noise: {p_false_pos: 0.1}, n_trajectories: 1}"),
        ("EMU_FREE", "{noise: {p_false_pos: 0.1}, observables: [energy]}"),
        ("EMU_FREE", "{observables: [energy]}"),
        ("EMU_FREE", '{with_modulation: true, initial_state: {amplitudes: {"11": {imag: 1}, "00": 1}}}'),
        ("EMU_MPS", JUMP),
        ("EMU_MPS", "options: {optimize_qubit_ordering: false, solver: tdvp}"),
        ("EMU_SV", "{options: {interaction_cutoff: 0.0}}"),
    ],
)
def test_what_counts_is_known_from_what_the_emulator_was_told(device_type, emulation):
    """So that a manifest that was lost can be made again; the recipe judges which of the two it was."""
    said = experiment(emulation, FILE.replace("EMU_FREE", device_type))
    recipes = [
        recipe_digest(
            device_type=device_type, sequence=said.sequence, emulation=json.dumps(each) if each else ""
        )
        for each in possible_emulations(said.configuration)
    ]

    assert 2 == len(recipes)
    assert said.recipe in recipes


@pytest.mark.parametrize(
    "text", [None, 7, "", "{", "[]", '{"noise_model": 1}', '{"noise_model": {"eff_noise": [1]}}']
)
def test_a_configuration_that_is_none_tells_nothing(text):
    """Another tool may have written it."""
    assert [*possible_emulations(text)] in ([], [{}, {}])


def test_every_option_that_is_said_counts():
    """Also one that turns something off which an emulator does by itself."""
    mps = FILE.replace("EMU_FREE", "EMU_MPS")
    said = ["{}", *(f"options: {{optimize_qubit_ordering: {each}}}" for each in ("true", "false"))]

    assert 3 == len({experiment(each, mps).recipe for each in said})


def test_the_same_file_gives_the_same_configuration():
    """Though Pulser names observables at random; an observable is known by what it is, not by its name."""
    one = experiment("observables: [occupation, {energy: {times: [0.5]}}]")
    named = experiment("observables: [{occupation: {name: n}}, {energy: {times: [0.5]}}]")

    assert (
        one.configuration == experiment("observables: [occupation, {energy: {times: [0.5]}}]").configuration
    )
    assert one.observables.keys() == named.observables.keys()
    assert ["occupation", "energy"] == [*one.observables.values()]
    assert ["occupation_n", "energy"] == [*named.observables.values()]


OPERATOR = "observables: [{expectation: {operator: [{%s}]}}]"
SWEEP = FILE.replace("variables: {t_ns: 400}}", "sweep: {t_ns: [400, 800]}}")


@pytest.mark.parametrize(
    ("emulation", "text", "at", "said"),
    [
        ("options: {dt_ns: 10}", FILE, "dt_ns", "EMU_FREE has no option dt_ns"),
        ("options: {solver: dmrg}", FILE, "solver", "EMU_FREE has no solver dmrg"),
        ("noise: {p_false_pos: 2}", FILE, "p_false_pos", "at most 1"),
        ("noise: {temperature: 30}", FILE, "temperature", "temperature_uK"),
        ("noise: {trap_waist_um: 1.0}", FILE, "noise", "trap_depth"),
        ("observables: [occupations]", FILE, "observables", "occupation"),
        ("observables: [energy, energy]", FILE, "observables", "energy stands here twice"),
        (
            "observables: [{energy: {name: a}}, {energy: {name: b}}]",
            FILE,
            "name: b",
            "this is energy_a by another name",
        ),
        ("observables: [{energy: {times: [1.0, 0.5]}}]", FILE, "energy", "ascending order"),
        ("observables: [{energy: {times: [1.5]}}]", FILE, "1.5", "at most 1"),
        ("observables: [{energy: {every_ns: 100}}]", SWEEP, "every_ns", "jobs last 400 to 800 ns"),
        (
            "{with_modulation: true, observables: [{energy: {every_ns: 100}}]}",
            FILE,
            "every_ns",
            "say times as parts",
        ),
        (
            "{noise: {amp_sigma: 0.1}, observables: [energy_variance]}",
            FILE,
            "energy_variance",
            "not averaged over trajectories",
        ),
        (
            "{noise: {dephasing_rate_per_us: 0.1}, observables: [energy_variance]}",
            FILE.replace("EMU_FREE", "EMU_MPS"),
            "energy_variance",
            "not averaged over trajectories",
        ),
        (
            'initial_state: {amplitudes: {"0": 1}}',
            FILE,
            "initial_state",
            "a state of 1 atoms; the register has 2",
        ),
        ('initial_state: {amplitudes: {"0h": 1}}', FILE, "0h", "no atom is ever in the state h"),
        ('initial_state: {amplitudes: {"01": 0}}', FILE, "initial_state", "no amplitude other than 0"),
        ('initial_state: {amplitudes: {"01": 1, gr: 1}}', FILE, "gr", "stands here twice"),
        (
            'observables: [{expectation: {operator: [{factors: [{projectors: {"11": 1}, atoms: [lefd]}]}]}}]',
            FILE,
            "atoms",
            "did you mean left",
        ),
        ("observables: [{energy: {times: [0.5, 0.5000000000001]}}]", FILE, "energy", "must be unique"),
        (
            OPERATOR % 'factors: [{projectors: {"11": 1, rr: 2}, atoms: [left]}]',
            FILE,
            "rr",
            "rr stands here twice",
        ),
        (
            OPERATOR % 'factors: [{projectors: {"11": 1}, atoms: [left, left]}]',
            FILE,
            "atoms",
            "left stands here twice",
        ),
        (
            OPERATOR
            % 'factors: [{projectors: {"11": 1}, atoms: [left]}, {projectors: {"00": 1}, atoms: [left]}]',
            FILE,
            "atoms",
            "one factor for each atom",
        ),
        (
            OPERATOR % 'factors: [{projectors: {"10": 1}, atoms: [left]}]',
            FILE,
            "operator",
            "not Hermitian",
        ),
        (
            OPERATOR % 'coefficient: {imag: 1}, factors: [{projectors: {"11": 1}, atoms: [left]}]',
            FILE,
            "operator",
            "not Hermitian",
        ),
        (
            "noise: {eff_noise: [{rate_per_us: 1, operator: [[0, 1], [0]]}]}",
            FILE,
            "operator",
            "expected 2 rows of 2 numbers",
        ),
        (
            "noise: {eff_noise: [{rate_per_us: 1, operator: [[0, 1, 0], [0, 0, 0], [0, 0, 0]]}]}",
            FILE,
            "operator",
            "atoms are in r, g here",
        ),
        (
            '{initial_state: {amplitudes: {"11": 1}}, noise: {state_prep_error: 0.1}}',
            FILE,
            "initial_state",
            "do not go together",
        ),
        ("options: {sampling_rate: 0.005}", FILE, "sampling_rate", "say 0.01 at least"),
        (
            "{options: {solver: dmrg}, noise: {relaxation_rate_per_us: 0.1}}",
            FILE.replace("EMU_FREE", "EMU_MPS"),
            "solver",
            "dmrg takes no noise but readout errors",
        ),
        (
            "observables: [energy]",
            FILE.replace("EMU_FREE", "EMU_FRESNEL"),
            "emulation",
            "EMU_FREE, EMU_SV, EMU_MPS",
        ),
        (
            "noise: {p_false_pos: 0.1}",
            FILE.replace("EMU_FREE", "FRESNEL"),
            "emulation",
            "FRESNEL is a machine",
        ),
        (
            "noise: {amp_sigma: 0.1}",
            FILE.replace("rydberg_global", "mw_global"),
            "noise",
            "the XY basis has no amplitude noise",
        ),
    ],
)
def test_what_cannot_be_is_told_at_its_line(emulation, text, at, said):
    """With what can be."""
    written = file(emulation, text)
    with pytest.raises(SpecError) as caught:
        compiled(parse(written, path="x.yaml"))
    problem = next(each for each in caught.value.problems if said in f"{each.message} {each.hint}")

    assert at in "\n".join(written.splitlines()[problem.line - 3 : problem.line + 1])


ON_ONE = "[{factors: [{projectors: %s, atoms: [left]}]}]"
HOPPING = """
[{factors: [{projectors: {"10": 1}, atoms: [left]}, {projectors: {"01": 1}, atoms: [right]}]},
 {factors: [{projectors: {"01": 1}, atoms: [left]}, {projectors: {"10": 1}, atoms: [right]}]}]
"""


@pytest.mark.parametrize(
    "operator",
    [ON_ONE % '{"10": 1, "01": 1}', ON_ONE % '{"10": {imag: 1}, "01": {imag: -1}}', HOPPING],
    ids=["x", "y", "hopping"],
)
def test_operators_that_are_hermitian_are_taken(operator):
    """Term by term, or as a whole."""
    said = experiment(f"observables: [{{expectation: {{operator: {operator}}}}}]")

    assert ["expectation"] == [*said.observables.values()]


def test_a_state_of_more_atoms_than_a_job_places_is_refused():
    """A job of a mappable register may place the first of its atoms; an occupation is of these."""
    said = yaml.safe_load(FILE)
    said["spec"]["sequence"] = {
        "device": "AnalogDevice",
        "register": {"mappable": ["left", "right"]},
        "layout": {"triangular_lattice": {"n_traps": 61, "spacing_um": 5.0}},
        "channels": {"drive": "rydberg_global"},
        "operations": [{"pulse": {"channel": "drive", "amplitude": 3.0, "detuning": 0, "duration_ns": 400}}],
    }
    said["spec"]["jobs"] = [
        {"runs": 10, "qubits": {"left": 21, "right": 30}},
        {"runs": 10, "qubits": {"left": 21}},
    ]
    text = yaml.safe_dump(said)

    assert experiment("observables: [occupation]", text).observables
    with pytest.raises(SpecError, match="of all 2 atoms of the register, and a job places 1 of them"):
        experiment('observables: [{fidelity: {state: {amplitudes: {"01": 1}}}}]', text)


def test_jobs_with_registers_of_their_own_share_a_configuration():
    """One that means something else for another register is refused."""
    own = """
        device: MockDevice
        register: {coordinates_um: {%s}}
        channels: {drive: rydberg_global}
        operations: [{pulse: {channel: drive, amplitude: 3.0, detuning: 0.0, duration_ns: 400}}]
    """
    said = yaml.safe_load(FILE)
    del said["spec"]["sequence"]
    said["spec"]["jobs"] = [
        {"runs": 10, "sequence": yaml.safe_load(own % atoms)}
        for atoms in ("a: [0, 0], b: [7, 0]", "a: [0, 0]")
    ]
    text = yaml.safe_dump(said, sort_keys=False)

    assert experiment("observables: [occupation]", text).observables
    with pytest.raises(SpecError, match="a state of 2 atoms; the register has 1"):
        experiment('initial_state: {amplitudes: {"01": 1}}', text)
