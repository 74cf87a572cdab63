"""`exclude` and `include`: as a slow and plain reading of the rules of CI matrices."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.spec.jobs.matrix import Combination, Matrix, Spot

NAMES = ("a", "b", "c", "d")
_values = st.integers(1, 3)
_items = st.lists(st.dictionaries(st.sampled_from(NAMES), _values, min_size=1), max_size=4)


def plainly(points, excluded, included):
    """Points as the rules say them, word by word."""
    left = [p for p in points if not any(all(p.get(k) == v for k, v in item.items()) for item in excluded)]
    grown, added = [dict(p) for p in left], []
    for item in included:
        fits = [i for i, p in enumerate(left) if all(p.get(k, v) == v for k, v in item.items())]
        for i in fits:
            grown[i].update(item)
        if not fits:
            added.append(dict(item))
    return grown + added


@given(
    st.lists(st.tuples(_values, _values), unique=True, min_size=1, max_size=9),
    _items,
    _items,
)
def test_a_matrix_does_what_the_rules_say(pairs, excluded, included):
    """Whatever is excluded and included, in whatever order."""
    points = [{"a": a, "b": b} for a, b in pairs]
    matrix = Matrix([Spot(point, dict(point), "") for point in points], {})
    matrix.exclude([Combination("", item) for item in excluded])
    matrix.include([Combination("", item) for item in included])

    assert plainly(points, excluded, included) == [spot.values for spot in matrix.spots]
