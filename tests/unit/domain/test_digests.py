"""What makes two points or two recipes the same."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.domain import canonical_json, digest, job_key, recipe_digest, repetition_key

REPRESENTATION = {
    "version": "1",
    "name": "mine",
    "pulser_version": "1.9.1",
    "register": [{"name": "q0", "x": 0.0, "y": 0.0}],
    "device": {"name": "AnalogDevice", "max_runs": 2000},
    "operations": [{"op": "delay", "time": 100}],
}


def recipe(device_type="EMU_FREE", **changes):
    """The digest of a representation with some changes; None takes a key out."""
    changed = {key: value for key, value in (REPRESENTATION | changes).items() if value is not None}
    return recipe_digest(device_type=device_type, sequence=json.dumps(changed))


def test_canonical_json_follows_rfc_8785():
    """Keys are sorted, numbers are spelt as ECMAScript spells them, nothing is escaped without need."""
    value = {"b": [6.0, 1e21, 1e-7, -0.0], "a": "µ\n"}

    assert '{"a":"µ\\n","b":[6,1e+21,1e-7,0]}'.encode() == canonical_json(value)


_numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_places = st.dictionaries(st.text(max_size=2), st.integers(0, 9))
_near_one = st.floats(-1e4, 1e4) | st.sampled_from([-0.0, 1e-4, 9.9e-5, 1e15, 1e15 - 0.5, 1e21, True])


@given(
    st.dictionaries(
        st.text(max_size=3) | st.sampled_from(["omega", "t_ns", "qubits"]),
        _numbers | _near_one | st.lists(_numbers, max_size=2) | _places,
        max_size=4,
    )
)
def test_the_key_of_a_job_is_that_of_its_canonical_json(variables):
    """However it is computed: the usual ones are spelt without the library, which takes ten times as long."""
    assert digest({"variables": variables})[:16] == job_key(variables)


def test_digest_is_sha_256_of_canonical_json():
    """Anybody can compute a digest with other tools."""
    assert hashlib.sha256(b'{"a":1}').hexdigest() == digest({"a": 1})


def test_the_first_repetition_has_the_key_of_its_point():
    """What was bought before a file repeats it is the first one."""
    point = job_key({"t": 1})
    keys = [repetition_key(point, n) for n in (1, 2, 3)]

    assert point == keys[0]
    assert 3 == len(set(keys))
    assert {16} == {len(key) for key in keys}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1])
def test_what_json_cannot_say_exactly_has_no_digest(value):
    """NaN, infinity and integers that a double cannot hold are refused."""
    with pytest.raises(ValueError, match=r".+"):
        digest({"a": value})


def test_the_spelling_of_a_number_makes_no_other_point():
    """6, 6.0 and 6e0 are one point."""
    assert job_key({"t": 6}) == job_key({"t": 6.0}) == job_key(json.loads('{"t": 6e0}'))


@given(st.dictionaries(st.text(max_size=5), st.integers(-1000, 1000), min_size=2))
def test_the_order_of_variables_makes_no_other_point(variables):
    """A point is a mapping."""
    assert job_key(variables) == job_key(dict(reversed(variables.items())))


@pytest.mark.parametrize(
    "changes",
    [
        {"pulser_version": "2.0.0"},
        {"name": "other"},
        {"metadata": {"package_versions": {}}},
        {"$schema": "sequence-schema.json"},
        {"device": {"name": "AnalogDevice", "max_runs": 500}},
        {"layout": {"coordinates": [[0.0, 0.0]], "slug": "automatic"}},
    ],
)
def test_what_is_no_physics_makes_no_other_recipe(changes):
    """An upgrade of Pulser, another name, a refreshed device: nothing is bought again."""
    assert recipe() == recipe(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"device": {"name": "MockDevice", "max_runs": 2000}},
        {"register": [{"name": "q0", "x": 1.0, "y": 0.0}]},
        {"operations": []},
        {"layout": {"coordinates": [[0.0, 0.0]], "slug": "mine"}},
        {"device_type": "EMU_MPS"},
    ],
)
def test_physics_makes_another_recipe(changes):
    """Another device, register, sequence or target is another experiment."""
    assert recipe() != recipe(**changes)
