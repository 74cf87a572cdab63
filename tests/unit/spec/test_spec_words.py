"""Small words: pointers, suggestions, and lines that are safe to print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.domain.suggestions import suggested_job, suggestion
from runner.spec.yaml_text.document import Place, excerpt, lines_of
from runner.spec.yaml_text.json_pointers import child, parent, pointer_of, steps_of


@given(st.lists(st.text(min_size=1), min_size=1))
def test_pointers_keep_every_step(steps):
    """Whatever keys a file has, a pointer leads back to them."""
    pointer = pointer_of(*steps)

    assert steps_of(pointer) == tuple(steps)
    assert child(parent(pointer), steps[-1]) == pointer


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("omega_mx", ["t", "omega_max"], "did you mean omega_max?"),
        ("ANALOGDEVICE", ["AnalogDevice"], "did you mean AnalogDevice?"),
        ("x", ["omega", "phi"], "known names: omega, phi"),
        ("x", [], "there are no names"),
        (
            "x",
            [f"name{i}" for i in range(20)],
            "known names: " + ", ".join(f"name{i}" for i in range(12)) + ", …",
        ),
    ],
)
def test_the_nearest_name_is_suggested(word, known, hint):
    """A name that is near is offered; else what there is, but not all of it."""
    assert suggestion(word, known) == hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("slow", "it is repeated: slow#1 to slow#3"),
        ("once", "it is repeated: once#1"),
        ("fsat", "did you mean fast?"),
    ],
)
def test_repetitions_are_named_for_a_job_that_is_repeated(name, hint):
    """The nearest of their names would be any one of them, or another job's."""
    assert suggested_job(name, ["slow#1", "slow#2", "slow#3", "fast", "once#1"]) == hint


def test_excerpts_are_safe_and_short():
    """Control characters are replaced one for one, and a line too long to help is left out."""
    lines = lines_of("a\x1b[31mred\tx\n" + "b" * 1000)

    assert excerpt(lines, Place(1, 3)) == "a\ufffd[31mred\tx"
    assert excerpt(lines, Place(2, 3)) == "b" * 160
    assert excerpt(lines, Place(2, 500)) == ""
    assert excerpt(lines, Place(9, 1)) == ""
