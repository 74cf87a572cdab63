"""What a 1 stands for is said wherever results are shown."""

from __future__ import annotations

import pytest
from builders import a_result

from runner.results import Results
from runner.results.analysis.results import conventions
from runner.results.export.html_repr import job_html, results_html
from runner.results.plots.choose import Asked, picture
from runner.results.plots.picture import PictureKind

DIGITAL = "digital basis: 1 is the hyperfine state |h⟩, where ⟨σz⟩ = +1; 0 is the ground state |g⟩"
PLACES = [{"name": f"q{i}", "x": 5 * i, "y": 0} for i in range(2)]


def a_point(basis, t=1, counts=None):
    """A job that measured in some basis."""
    sequence = {"register": PLACES, "measurement": basis}
    return a_result(counts or {"01": 2}, variables={"t": t}, sequence=lambda: sequence)


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        (
            "ground-rydberg",
            "ground-rydberg basis: 1 is the Rydberg state |r⟩, where ⟨σz⟩ = +1; 0 is the ground state |g⟩",
        ),
        ("digital", DIGITAL),
        ("XY", "XY basis: 1 is the spin state |1⟩ (d), where ⟨σz⟩ = +1; 0 is the spin state |0⟩ (u)"),
    ],
)
def test_each_basis_has_its_own_1(basis, expected):
    """Said once, however many jobs were measured in it."""
    assert (expected,) == conventions([a_point(basis), a_point(basis, t=2)])


@pytest.mark.parametrize(
    "job", [a_result({"01": 2}), a_point("other"), a_point(None), a_result(sequence=dict)]
)
def test_where_the_basis_is_not_known_nothing_is_claimed(job):
    """Nor where nothing was measured."""
    assert () == conventions([job])


# What is not drawn from counts has no convention of theirs.
OF_COUNTS = [each for each in PictureKind if each not in {PictureKind.EVOLUTION, PictureKind.TRACE}]


@pytest.mark.parametrize("kind", OF_COUNTS)
def test_a_picture_says_what_a_1_is(kind):
    """Below it."""
    jobs = [
        a_result({"01": 1}, variables={"t": t, "u": u}, sequence=a_point("digital").sequence)
        for t in (1, 2, 3)
        for u in (1, 2, 3)
    ]

    assert DIGITAL == picture("exp", jobs, Asked(kind=kind)).notes[-1]


def test_a_notebook_says_what_a_1_is():
    """Below the table, and below the bars of one job."""
    job = a_point("digital")

    assert [f"<p>{DIGITAL}</p>"] * 2 == [
        html[-len(f"<p>{DIGITAL}</p>") :] for html in (results_html(Results("exp", [job])), job_html(job))
    ]


def test_arrays_say_what_a_1_is():
    """In their attributes, where all jobs have the same."""
    attributes = Results("exp", [a_point("digital")]).to_xarray().attrs

    assert ("digital", DIGITAL) == (attributes["basis"], attributes["convention"])
