"""Bitstring counts as a value."""

from __future__ import annotations

import pickle

import pytest

from runner.errors import RecordError
from runner.results import Counts


def test_counts_are_a_mapping_in_lexical_order_without_zeros():
    """Whatever order they were recorded in."""
    counts = Counts({"11": 3, "10": 0, "00": 1})

    assert [("00", 1), ("11", 3)] == list(counts.items())
    assert (4, 2, 2) == (counts.total, counts.n_qubits, len(counts))


def test_equal_counts_are_equal_and_hash_alike():
    """They are values, also beside plain dicts."""
    one, other = Counts({"1": 2, "0": 1}), Counts({"0": 1, "1": 2})

    assert one == other == {"0": 1, "1": 2}
    assert hash(one) == hash(other)
    assert one == pickle.loads(pickle.dumps(one))


def test_counts_cannot_be_changed():
    """Neither through them nor through what they were made of."""
    source = {"0": 1}
    counts = Counts(source)
    source["0"] = 2

    assert {"0": 1} == counts
    with pytest.raises(TypeError):
        counts["0"] = 2


def test_counts_of_the_same_point_add_up():
    """With counts, or with plain dicts."""
    assert Counts({"0": 3, "1": 1}) == Counts({"0": 1}) + Counts({"0": 2}) + {"1": 1}


def test_probabilities_are_shares_of_all_runs():
    """Of a bitstring that was not measured, 0; of nothing, NaN."""
    counts = Counts({"00": 1, "11": 3})

    assert {"00": 0.25, "11": 0.75} == counts.probabilities
    assert (0.75, 0.0) == (counts.probability("11"), counts.probability("01"))
    assert repr(float("nan")) == repr(Counts({}).probability("0"))


def test_the_most_frequent_come_first():
    """Ties in the order of the bitstring."""
    assert [("01", 5), ("00", 2)] == Counts({"11": 2, "00": 2, "01": 5}).most_frequent(2)


@pytest.mark.parametrize("counts", [{"0": 1, "00": 1}, {"0x": 1}, {"": 1}, {"0": -1}])
def test_what_is_no_count_is_refused(counts):
    """Several lengths, other letters, no letters, less than nothing."""
    with pytest.raises(RecordError):
        Counts(counts)
