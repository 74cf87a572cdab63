"""Where the atoms of a job are, by its sequence."""

from __future__ import annotations

import json

import pulser
import pytest
from builders import a_record, an_experiment

from runner.results import Kept, gathered
from runner.results.analysis.geometry import places_um, written

OTHER = "f" * 16
PAIR = {"register": [{"name": "a", "x": -3.0, "y": 0.5}, {"name": "b", "x": 3, "y": 0.5}]}


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        (PAIR, {"a": (-3.0, 0.5), "b": (3.0, 0.5)}),
        ({"register": [{"name": 1, "x": 0, "y": 1, "z": 2}]}, {"1": (0.0, 1.0, 2.0)}),
        ({"register": [{"qid": "a"}], "layout": {"coordinates": [[0, 0]]}}, {}),
        ({}, {}),
        (written("no JSON"), {}),
        (written("[1]"), {}),
    ],
    ids=["plane", "space", "unmapped", "empty", "text", "list"],
)
def test_atoms_are_where_the_sequence_says(sequence, expected):
    """In µm, by their names as text; nowhere when it does not say."""
    assert expected == places_um(sequence, {})


def test_traps_are_numbered_as_pulser_numbers_them():
    """Whatever their order in the layout."""
    layout = pulser.register.RegisterLayout([[3, 1], [-2, 5], [3, -1], [-2, 4]])
    sequence = pulser.Sequence(layout.make_mappable_register(2), pulser.MockDevice)
    qubits = {"q0": 3, "q1": 0}
    expected = {name: tuple(layout.traps_dict[trap].tolist()) for name, trap in qubits.items()}

    shuffled = json.loads(sequence.to_abstract_repr())
    shuffled["layout"]["coordinates"] = [[3, 1], [-2, 5], [3, -1], [-2, 4]]
    assert {"q0": (3.0, 1.0), "q1": (-2.0, 4.0)} == expected == places_um(shuffled, {"qubits": qubits})


def test_each_result_knows_where_its_atoms_are():
    """Those of the file by its sequence, former ones by their manifest."""
    desired = an_experiment(sequence=json.dumps(PAIR))
    former = {"sequence": {"register": [{"name": "old", "x": 1, "y": 2}]}}
    kept = Kept(manifest=lambda recipe: former if recipe == OTHER else None)
    results = gathered(desired, [a_record("a", recipe=OTHER)], kept=kept, beyond_file=True)

    assert [{"a": (-3.0, 0.5), "b": (3.0, 0.5)}, {"old": (1.0, 2.0)}] == [job.positions_um for job in results]
