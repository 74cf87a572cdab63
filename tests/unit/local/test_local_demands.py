"""What a batch may demand of its emulator, and what becomes of it."""

from __future__ import annotations

import json

import pytest
from local_fakes import FakeSequences, a_sequence

from runner.local.rules import device_types as local_devices
from runner.local.rules.device_types import DEVICE_TYPES, DeviceType, emulator_name, limit_problem, limited
from runner.local.rules.errors import InvalidRequestError
from runner.local.validation import backend_config
from runner.local.validation.emulator_options import Demands, demands, misfits

FREE = DEVICE_TYPES["EMU_FREE"]


def bitstrings(**fields):
    """A BitStrings observable, as Pulser writes it."""
    plain = {"observable": "bitstrings", "evaluation_times": None, "num_shots": None, "one_state": None}
    return plain | {"tag_suffix": None} | fields


def a_config(*observables, **fields):
    """A backend configuration as JSON."""
    return {"observables": list(observables), "default_evaluation_times": [1.0]} | fields


def refused(config=None, *, device="EMU_FREE", options=None):
    """Place and message of all that is wrong with a configuration."""
    text = None if config is None else json.dumps(config)
    with pytest.raises(InvalidRequestError) as refusal:
        demands(DEVICE_TYPES[device], options, text, FakeSequences())
    return [(problem.loc[1:], problem.msg) for problem in refusal.value.problems]


def said(asked, **facts):
    """Why a sequence does not fit what is demanded."""
    found = FakeSequences().facts(a_sequence(**facts))
    return [(problem.loc, problem.msg) for problem in misfits(found, asked, ("here",))]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "There are no observables."),
        (a_config(colour=1), "EMU_FREE has no option colour; it has"),
        (a_config(dt=10), "EMU_FREE has no option dt; it has"),
        (a_config(interaction_matrix=[[0, 1], [1, 0]]), "EMU_FREE takes no interaction_matrix."),
        (a_config(sampling_rate=0), "The sampling_rate must be greater than 0, and at most 1."),
        (a_config(sampling_rate="1"), "The sampling_rate must be greater than 0, and at most 1."),
        (a_config(n_trajectories=10_001), "At most 10000 n_trajectories are emulated here."),
        (a_config(bitstrings(num_shots=1_000_001)), "At most 1000000 shots are taken here."),
        (a_config(default_num_shots=0), "The default_num_shots must be at least 1."),
        (a_config(default_num_shots=1_000_001), "At most 1000000 shots are taken here."),
    ],
)
def test_backend_configuration_that_cannot_be_obeyed_is_refused(config, message):
    """What is malformed, unknown to the emulator or without bound is told with its reason."""
    ((place, found),) = refused(config)

    assert (("backend_configuration",), True) == (place, found.startswith(message))


@pytest.mark.parametrize("device", ["EMU_FRESNEL", "FRESNEL"])
def test_machines_take_no_backend_configuration(device):
    """A backend configuration is for emulators that have options."""
    assert [(("backend_configuration",), f"{device} takes no backend configuration.")] == refused(
        a_config(), device=device
    )


@pytest.mark.parametrize(
    ("options", "device", "place"),
    [
        ({"result_types": ["state"]}, "EMU_FREE", "result_types"),
        ({"colour": 1}, "EMU_FREE", "colour"),
        ({"with_noise": "yes"}, "EMU_FREE", "with_noise"),
        ({"with_noise": True}, "FRESNEL", "with_noise"),
    ],
)
def test_old_options_that_mean_nothing_here_are_refused(options, device, place):
    """An option that would be dropped in silence is told at its place."""
    assert [("configuration", place)] == [loc for loc, _ in refused(options=options, device=device)]


def test_noise_is_said_in_one_place():
    """A backend configuration has its noise model, which the old option would contradict."""
    places = [loc for loc, _ in refused(a_config(), options={"with_noise": True})]

    assert [("configuration", "with_noise")] == places


def test_options_in_force_are_in_the_demands():
    """Strictness and noise are demands; what an SDK sends without meaning anything is none."""
    plain = {"strict_validation": False, "with_noise": False, "result_types": None}

    found = [
        demands(FREE, options, None, FakeSequences())
        for options in (None, plain, {"strict_validation": True, "with_noise": True})
    ]

    assert [
        Demands(device=FREE),
        Demands(device=FREE),
        Demands(device=FREE, is_strict=True, with_noise=True),
    ] == found


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        (
            {"is_strict": True},
            {"is_virtual": True},
            (("here",), "EMU_FREE is a virtual device; strict_validation asks for a real one."),
        ),
        (
            {"with_noise": True},
            {},
            (("body", "configuration", "with_noise"), "The device EMU_FREE has no noise model."),
        ),
        (
            {"backend": a_config(initial_state={"amplitudes": {"rgr": 1.0}})},
            {},
            (
                ("body", "backend_configuration"),
                "The initial_state is for 3 qubits; the register has 2.",
            ),
        ),
        (
            {"backend": a_config({"observable": "expectation", "operator": {"n_qudits": 4}})},
            {},
            (
                ("body", "backend_configuration"),
                "The operator of an expectation is for 4 qubits; the register has 2.",
            ),
        ),
        (
            {"backend": a_config({"observable": "fidelity", "state": {"amplitudes": {"r": 1.0}}})},
            {},
            (
                ("body", "backend_configuration"),
                "The state of a fidelity is for 1 qubits; the register has 2.",
            ),
        ),
    ],
)
def test_sequence_that_does_not_fit_the_demands_is_told(asked, facts, expected):
    """Device, noise and number of qubits have to be those that the batch speaks of."""
    assert [expected] == said(Demands(device=FREE, **asked), **facts)


BOTH = ["digital", "ground-rydberg"]


@pytest.mark.parametrize(
    ("device", "facts", "expected"),
    [
        ("EMU_FREE", {"n_qubits": 10, "bases": BOTH}, []),
        (
            "FRESNEL",
            {"n_qubits": 11, "bases": BOTH},
            ["FRESNEL takes at most 10 atoms of three states here, not 11."],
        ),
        ("EMU_SV", {"bases": BOTH}, ["EMU_SV cannot emulate the digital basis."]),
        ("EMU_MPS", {"bases": ["XY"]}, []),
        (
            "EMU_FREE",
            {"bases": BOTH, "is_measured": False},
            ["The sequence does not say what it measures, and addresses digital, ground-rydberg."],
        ),
    ],
)
def test_what_an_emulator_cannot_run_is_refused(device, facts, expected):
    """A job that would fail at every attempt is not taken at all."""
    assert [(("here",), message) for message in expected] == said(
        Demands(device=DEVICE_TYPES[device]), **facts
    )


def test_demands_that_fit_are_not_told():
    """A real device with a noise model and a state of as many qubits is what was asked for."""
    asked = Demands(
        device=FREE,
        is_strict=True,
        with_noise=True,
        backend=a_config(initial_state={"amplitudes": {"rg": 1.0}}),
    )

    assert [] == said(asked, has_noise=True)


@pytest.mark.parametrize(
    ("config", "asked", "expected"),
    [
        (None, None, None),
        (None, 7, 7),
        (a_config(), 7, 7),
        (a_config(), None, 1000),
        (a_config(default_num_shots=50), None, 50),
        (a_config(bitstrings(num_shots=30)), None, 30),
        (a_config(bitstrings(num_shots=30, tag_suffix="x")), None, 1000),
    ],
)
def test_runs_of_a_job_without_any_come_from_the_configuration(config, asked, expected):
    """Pulser's remote emulators may leave the runs to the configuration; nobody else may."""
    assert expected == Demands(device=FREE, backend=config).runs(asked)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([], [bitstrings(evaluation_times=[1.0], num_shots=7)], id="none"),
        pytest.param([bitstrings()], [bitstrings(num_shots=7)], id="shots from the runs"),
        pytest.param([bitstrings(num_shots=3)], [bitstrings(num_shots=3)], id="shots of its own"),
        pytest.param(
            [bitstrings(evaluation_times=[0.5])],
            [
                bitstrings(evaluation_times=[0.5], num_shots=7),
                bitstrings(evaluation_times=[1.0], num_shots=7, tag_suffix="counter"),
            ],
            id="not at the end",
        ),
        pytest.param(
            [bitstrings(tag_suffix="x")],
            [bitstrings(num_shots=7, tag_suffix="x"), bitstrings(evaluation_times=[1.0], num_shots=7)],
            id="by another name",
        ),
    ],
)
def test_bitstrings_at_the_end_are_added_where_they_are_missing(given, expected):
    """Every job has a counter, and what the client asked for stays as it is."""
    found = backend_config.completed(a_config(*given), "EMU_FREE", 7)

    assert a_config(*expected) == found


def test_options_that_only_concern_the_machine_are_left_out():
    """What is printed, saved or put on a graphics card is not for a client to say."""
    config = a_config(
        bitstrings(num_shots=1), autosave_dt=float("inf"), num_gpus_to_use=1, dt=5, log_file="x"
    )

    found = backend_config.completed(config, "EMU_MPS", 7)

    assert a_config(bitstrings(num_shots=1), dt=5) == found
    assert [] == list(backend_config.problems(config, "EMU_MPS"))


def test_device_without_its_emulator_names_the_extra():
    """Whoever lacks a package is told how to get it."""
    lacking = DeviceType(name="EMU_X", max_qubits=1, extra="no-such-package")

    assert "Its emulator is not installed; pip install 'pulser-runner[no-such-package]' brings it." == (
        lacking.missing
    )
    assert ("", "It is deprecated, and not available on the local cloud.") == (
        FREE.missing,
        DEVICE_TYPES["EMU_TN"].missing,
    )


def test_emulators_carry_as_many_qubits_as_on_pcs():
    """A register that PCS's emulator would refuse is refused here."""
    limits = {name: DEVICE_TYPES[name].max_qubits for name in ("EMU_FREE", "EMU_SV", "EMU_MPS")}

    assert {"EMU_FREE": 12, "EMU_SV": 25, "EMU_MPS": 80} == limits


@pytest.fixture(params=[True, False], ids=["with emu-mps", "without emu-mps"])
def has_mps(request, monkeypatch):
    """Whether the package is there that emulates what a state vector cannot."""
    monkeypatch.setattr(local_devices, "_is_installed", lambda package: package != "emu-mps" or request.param)
    return request.param


@pytest.fixture(params=[True, False], ids=["with emu-sv", "without emu-sv"])
def has_sv(request, monkeypatch):
    """Whether EMU_SV has its own emulator."""
    monkeypatch.setattr(local_devices, "_is_installed", lambda package: package != "emu-sv" or request.param)
    return request.param


def test_solver_stands_in_for_emu_sv(has_sv):
    """It carries fewer atoms, of which the extra is told, and leaves out no interactions."""
    asked, cure = Demands(device=DEVICE_TYPES["EMU_SV"]), "pip install 'pulser-runner[emu-sv]'"
    too_many = "EMU_SV takes at most 20 qubits here, not 21"
    refused_here = [
        [(("here",), f"{too_many}; {cure} brings an emulator for up to 25.")],
        f"EMU_SV takes more than 20 qubits only with {cure}",
        f"EMU_SV: at most 20 qubits, by the solver of EMU_FREE; {cure} brings an emulator for more",
        "EMU_FREE",
    ]

    assert ("", []) == (DEVICE_TYPES["EMU_SV"].missing, said(asked, n_qubits=20))
    assert ([[], "", "EMU_SV: at most 25 qubits", "EMU_SV"] if has_sv else refused_here) == [
        said(asked, n_qubits=21),
        limit_problem("EMU_SV", 21),
        DEVICE_TYPES["EMU_SV"].said,
        emulator_name("EMU_SV", "{}"),
    ]


def test_stand_in_leaves_no_interactions_out(has_sv):
    """Options of how emu-sv computes mean nothing to it; one that changes the physics is refused."""
    options = {"dt": 5, "krylov_tolerance": 1e-8, "max_krylov_dim": 50, "interaction_cutoff": 0.0}
    cutoff = json.dumps(a_config(interaction_cutoff=0.1))
    why = "EMU_SV takes no interaction_cutoff here; pip install 'pulser-runner[emu-sv]' brings it."

    assert demands(DEVICE_TYPES["EMU_SV"], None, json.dumps(a_config(**options)), FakeSequences()).backend
    if has_sv:
        assert demands(DEVICE_TYPES["EMU_SV"], None, cutoff, FakeSequences()).backend
    else:
        assert [(("backend_configuration",), why)] == refused(json.loads(cutoff), device="EMU_SV")


CURE = "pip install 'pulser-runner[emu-mps]' brings an emulator for up to 80."


@pytest.mark.parametrize("name", ["FRESNEL", "FRESNEL_CAN1", "EMU_FRESNEL"])
def test_large_registers_of_a_machine_need_an_emulator(has_mps, name):
    """Sixteen qubits always; more where the extra is installed, which is named where it is not."""
    asked = Demands(device=DEVICE_TYPES[name])
    refused = [(("here",), f"{name} takes at most 16 qubits here, not 25; {CURE}")]

    assert ([], [] if has_mps else refused) == (said(asked, n_qubits=16), said(asked, n_qubits=25))
    assert [(("here",), f"{name} takes at most {80 if has_mps else 16} qubits here, not 81.")] == said(
        asked, n_qubits=81
    )


def test_large_register_in_a_basis_of_the_small_ones_is_refused(monkeypatch):
    """What emulates large registers has other bases."""
    monkeypatch.setattr(local_devices, "_is_installed", lambda _: True)

    assert [(("here",), "FRESNEL cannot emulate the digital basis of more than 16 qubits.")] == said(
        Demands(device=DEVICE_TYPES["FRESNEL"]), n_qubits=17, bases=["digital"]
    )


def test_configured_limit_holds(has_mps):
    """It is the cloud's own, and is called so."""
    asked = Demands(device=limited({"FRESNEL": 10})["FRESNEL"])
    reason = "its configuration says so (devices.max_qubits)."

    assert [] == said(asked, n_qubits=10)
    assert [(("here",), f"FRESNEL takes at most 10 qubits here, not 11: {reason}")] == said(
        asked, n_qubits=11
    )


@pytest.mark.parametrize(
    ("name", "limit", "with_mps", "without"),
    [
        ("FRESNEL", 16, "", ""),
        (
            "FRESNEL",
            25,
            "",
            "FRESNEL takes more than 16 qubits only with pip install 'pulser-runner[emu-mps]'",
        ),
        (
            "FRESNEL",
            81,
            "FRESNEL takes at most 80 qubits here",
            "FRESNEL takes at most 80 qubits here",
        ),
        ("EMU_FREE", 13, "EMU_FREE takes at most 12 qubits here", "EMU_FREE takes at most 12 qubits here"),
    ],
)
def test_limit_that_cannot_be_held_is_told(has_mps, name, limit, with_mps, without):
    """A server that is told to take what it cannot emulate does not start."""
    assert (with_mps if has_mps else without) == limit_problem(name, limit)


def test_every_type_says_what_it_takes(has_mps):
    """For people, who would otherwise learn it by trying."""
    said_of = {name: device.said for name, device in limited({"FRESNEL_CAN1": 5}).items()}

    assert "EMU_FREE: at most 12 qubits" == said_of["EMU_FREE"]
    assert "FRESNEL_CAN1: at most 5 qubits" == said_of["FRESNEL_CAN1"]
    assert said_of["FRESNEL"] == (
        "FRESNEL: at most 80 qubits, more than 16 of them by the emulator of EMU_MPS"
        if has_mps
        else "FRESNEL: at most 16 qubits; pip install 'pulser-runner[emu-mps]' brings an emulator for more"
    )


def test_size_decides_which_emulator_plays():
    """The seventeenth qubit is one too many for a state vector; other types have one emulator only."""
    texts = {n: json.dumps({"register": [{"name": f"q{m}"} for m in range(n)]}) for n in (16, 17)}

    assert {
        ("FRESNEL", 16): "FRESNEL",
        ("FRESNEL", 17): "EMU_MPS",
        ("EMU_FREE", 16): "EMU_FREE",
        ("EMU_FREE", 17): "EMU_FREE",
    } == {
        (device_type, n): emulator_name(device_type, text)
        for device_type in ("FRESNEL", "EMU_FREE")
        for n, text in texts.items()
    }
