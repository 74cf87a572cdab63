"""Values as JSON can say them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from runner.domain.json_values import json_default, plain

NUMPYS = {"int": np.int64(3), "bool": np.bool_(True), "float": np.float32(0.5), "array": np.arange(3)}
OURS = {"int": 3, "bool": True, "float": 0.5, "array": [0, 1, 2]}


@pytest.mark.parametrize(
    "encoded", [lambda value: json.dumps(plain(value)), lambda value: json.dumps(value, default=json_default)]
)
def test_numbers_of_numpy_become_those_of_python(encoded):
    """Scalars and arrays alike."""
    assert OURS == json.loads(encoded(NUMPYS))


def test_what_is_no_number_is_still_refused():
    """A default that took everything would hide mistakes."""
    with pytest.raises(TypeError, match=r"^Object of type object is not JSON serializable$"):
        json.dumps(object(), default=json_default)
