"""An observable of each atom of a job, on the geometry of the register. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.results.analysis.estimates import Estimate
from runner.results.plots.labels import Quantity
from runner.results.plots.missing_jobs import said_below
from runner.results.plots.observables import MAGNETIZATION, OCCUPATION, reading
from runner.results.plots.picture import Atom, Measured, Picture, Places

if TYPE_CHECKING:
    from runner.results.analysis.job_result import MeasuredJob

_FLAT: Final = 2
_SLANT: Final = 0.4
_SHOWN: Final = {
    OCCUPATION: Measured(quantity=Quantity("occupation ⟨n⟩"), low=0, high=1),
    MAGNETIZATION: Measured(quantity=Quantity("magnetization ⟨σz⟩"), low=-1, high=1),
}


def occupations(title: str, job: MeasuredJob, observable: str, *, notes: tuple[str, ...] = ()) -> Picture:
    """Each atom where it is, with what was measured of it.

    Raises:
        UsageError: The observable is none of single atoms, or nobody knows where the atoms are.
    """
    if observable not in _SHOWN:
        raise UsageError(
            f"{observable} is no observable of each atom", hint=f"these are: {', '.join(_SHOWN)}"
        )
    if not job.positions_um:
        raise UsageError(f"{job.name}: nobody knows where its atoms are", hint="the sequence does not tell")
    means = job.occupation if observable == OCCUPATION else job.magnetization
    found = {
        qubit: reading(Estimate(float(value), float(error)))
        for qubit, value, error in zip(means.labels, means.value, means.error, strict=True)
    }
    atoms = tuple(Atom(name, *_in_plane(place), found.get(name)) for name, place in job.positions_um.items())
    is_flat = all(len(place) <= _FLAT for place in job.positions_um.values())
    return Picture(
        title=f"{title}: {job.name}",
        subtitle=counted(job.runs.measured, "run"),
        body=Places(_SHOWN[observable], atoms),
        notes=(*notes, *(() if is_flat else ("z leads to the upper right",)), *said_below([job])),
    )


def _in_plane(place: tuple[float, ...]) -> tuple[float, float]:
    x, y, z = place if len(place) > _FLAT else (*place, 0.0)
    return x + _SLANT * z, y + _SLANT * z
