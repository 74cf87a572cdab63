"""Registers and layouts that are written out are those of Pulser."""

from __future__ import annotations

import json

import pulser
import pytest
from pulser.register import Register3D, RegisterLayout
from pulser.register.mappable_reg import MappableRegister
from pulser.register.special_layouts import (
    RectangularLatticeLayout,
    SquareLatticeLayout,
    TriangularLatticeLayout,
)
from written_texts import same, written

from runner.domain import job_key
from runner.errors import SpecError

PULSE = "{pulse: {channel: drive, amplitude: 1, detuning: 0, duration_ns: 100}}"
SQUARE = {"square_lattice": {"rows": 4, "columns": 4, "spacing_um": 5}}
IRREGULAR = [[0, 0], [0, 6.5], [7, 1], [9, 9]]


def by_hand(register, device=pulser.MockDevice):
    """A sequence over a register, straight from Pulser."""
    sequence = pulser.Sequence(register, device)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0, 0.0), "drive")
    return sequence


@pytest.mark.parametrize(
    ("shape", "register"),
    [
        (
            {"rectangular_lattice": {"rows": 2, "columns": 3, "row_spacing_um": 5, "column_spacing_um": 7}},
            pulser.Register.rectangular_lattice(2, 3, 5.0, 7.0, prefix="q"),
        ),
        (
            {"max_connectivity": {"n_qubits": 5, "spacing_um": 6}},
            pulser.Register.max_connectivity(5, pulser.MockDevice, 6.0, prefix="q"),
        ),
        (
            {"cuboid": {"rows": 1, "columns": 2, "layers": 3, "spacing_um": 6}},
            Register3D.cuboid(1, 2, 3, 6.0, prefix="q"),
        ),
        ({"cubic": {"side": 2, "spacing_um": 6}}, Register3D.cubic(2, 6.0, prefix="q")),
        ({"coordinates_um": {"b": [0, 1, 7], "a": [0, 0, 0]}}, Register3D({"b": (0, 1, 7), "a": (0, 0, 0)})),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_shape_is_that_of_pulser(shape, register):
    """Places, names and their order, in two dimensions and in three."""
    assert same(written(PULSE, register=shape), by_hand(register))


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        (SQUARE, SquareLatticeLayout(4, 4, 5.0)),
        (
            {
                "rectangular_lattice": {
                    "rows": 3,
                    "columns": 4,
                    "row_spacing_um": 5,
                    "column_spacing_um": 7,
                }
            },
            RectangularLatticeLayout(3, 4, 7.0, 5.0),
        ),
        ({"triangular_lattice": {"n_traps": 19, "spacing_um": 5}}, TriangularLatticeLayout(19, 5.0)),
        (
            {"traps": {"coordinates_um": IRREGULAR, "slug": "mine"}},
            RegisterLayout(IRREGULAR, slug="mine"),
        ),
        ({"traps": {"coordinates_um": IRREGULAR}}, RegisterLayout(IRREGULAR)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_atoms_sit_in_the_traps_of_a_layout(shape, layout):
    """By the number of a trap, and by the place where it is."""
    register = layout.define_register(2, 0, qubit_ids=["b", "a"])
    places = {name: place.tolist() for name, place in register.qubits.items()}

    assert same(written(PULSE, register={"traps": {"b": 2, "a": 0}}, layout=shape), by_hand(register))
    assert same(written(PULSE, register={"coordinates_um": places}, layout=shape), by_hand(register))


def test_layouts_of_a_device_go_by_their_names():
    """What the device is calibrated for need not be written out."""
    name, layout = next(iter(pulser.AnalogDevice.calibrated_register_layouts.items()))
    register = layout.define_register(3, 9, qubit_ids=["a", "b"])

    result = written(
        PULSE, device="AnalogDevice", register={"traps": {"a": 3, "b": 9}}, layout={"calibrated": name}
    )

    assert same(result, by_hand(register, pulser.AnalogDevice))


def test_an_automatic_layout_is_that_of_pulser():
    """Also on an emulator, where the file asks for it; its slug says that no file names these traps."""
    atoms = {"a": (0.0, 0.0), "b": (0.0, 6.5), "c": (7.0, 1.0)}
    register = pulser.Register(atoms).with_automatic_layout(pulser.AnalogDevice)
    named = pulser.Register(atoms).with_automatic_layout(pulser.AnalogDevice, "automatic")

    result = written(
        PULSE,
        device="AnalogDevice",
        register={"coordinates_um": {name: list(place) for name, place in atoms.items()}},
        layout="automatic",
    )

    assert same(result, by_hand(named, pulser.AnalogDevice))
    assert register.layout.coords.tolist() == json.loads(result.experiment.sequence)["layout"]["coordinates"]


def test_jobs_place_the_atoms_of_a_mappable_register():
    """Two jobs that differ in their traps are two points; the traps go out as the variable `qubits`."""
    sequence = by_hand(MappableRegister(SquareLatticeLayout(4, 4, 5.0), "a", "b"))
    places = [{"a": 1, "b": 4}, {"a": 4, "b": 1}]

    result = written(
        PULSE,
        register={"mappable": ["a", "b"]},
        layout=SQUARE,
        jobs=[{"runs": 10, "qubits": each} for each in places],
    )

    assert same(result, sequence)
    assert [(job.variables, job.key) for job in result.experiment.jobs] == [
        ({"qubits": each}, job_key({"qubits": each})) for each in places
    ]


def test_a_job_may_place_the_first_atoms_alone():
    """As Pulser builds a leading part of a mappable register; its bitstrings have those atoms only."""
    places = [{"a": 1, "b": 4, "c": 6}, {"b": 4, "a": 1}, {"a": 2}]

    result = written(
        PULSE,
        register={"mappable": ["a", "b", "c"]},
        layout=SQUARE,
        jobs=[{"runs": 10, "qubits": each} for each in places],
    )

    desired = result.experiment
    sequence = by_hand(MappableRegister(SquareLatticeLayout(4, 4, 5.0), "a", "b", "c"))
    atoms = [desired.qubit_ids_of(job) for job in desired.jobs]
    assert atoms == [("a", "b", "c"), ("a", "b"), ("a",)]
    assert atoms == [sequence.build(**job.variables).register.qubit_ids for job in desired.jobs]


@pytest.mark.parametrize(
    ("changes", "jobs", "message"),
    [
        ({"register": {"mappable": ["a"]}, "layout": SQUARE}, {}, "the job puts no atoms into traps"),
        (
            {"register": {"mappable": ["a"]}, "layout": SQUARE},
            {"qubits": {"b": 1}},
            "the register has no atom b",
        ),
        (
            {"register": {"mappable": ["a", "b", "c"]}, "layout": SQUARE},
            {"qubits": {"a": 0, "c": 1}},
            "c has a trap, and b before it has none",
        ),
        (
            {"register": {"mappable": ["a"]}, "layout": SQUARE},
            {"qubits": {"a": 16}},
            "All 'trap_ids' must correspond",
        ),
        ({}, {"qubits": {"left": 1}}, "every atom has its place already"),
        ({"register": {"traps": {"a": 1}}}, {}, "traps are counted in a layout"),
        ({"register": {"traps": {"a": 16}}, "layout": SQUARE}, {}, "All 'trap_ids' must correspond"),
        ({"register": {"coordinates_um": {"a": [1, 1]}}, "layout": SQUARE}, {}, "not a part of the"),
        ({"register": {"coordinates_um": {"a": [1, 1], "b": [0, 9, 1]}}}, {}, "two coordinates"),
        ({"layout": {"calibrated": "x"}}, {}, "MockDevice is not calibrated for a layout x"),
        ({"layout": "auto"}, {}, "expected automatic"),
        ({"register": {"cubic": {"side": 2, "spacing_um": 9}}, "layout": "automatic"}, {}, "in a plane"),
        ({"layout": "automatic"}, {}, "no layout of traps fits"),
        ({"layout": {"traps": {"coordinates_um": [[0, 0], [0, 0]]}}}, {}, "unique"),
    ],
)
def test_what_is_wrong_with_places_is_said(changes, jobs, message):
    """Traps that are not there, atoms without a trap, and traps without a layout."""
    with pytest.raises(SpecError) as caught:
        written(PULSE, jobs=[{"runs": 10, **jobs}], **changes)

    assert message in str(caught.value)
