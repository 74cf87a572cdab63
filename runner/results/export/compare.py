"""Results of two commits side by side: the same jobs as they stood before and after. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.results.analysis.columns import Quantity, ValueKind
from runner.results.analysis.estimates import Estimate
from runner.results.export.sheets import Sheet, SheetColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runner.results.analysis.job_result import MeasuredJob

ADDED: Final = "added"
REMOVED: Final = "removed"
SAME: Final = "same"
_WHEN: Final = ("before", "after")
_CLOSE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Pair:
    """One job before and after; None where there is no such job."""

    before: MeasuredJob | None
    after: MeasuredJob | None

    @property
    def job(self) -> MeasuredJob:
        """The job as it is called now, or was at last."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a pair of nothing")
        return found

    @property
    def change(self) -> str:
        """What differs, in words: `added`, `removed`, `recipe, counts`, or `same`."""
        before, after = self.before, self.after
        if before is None or after is None:
            return ADDED if before is None else REMOVED
        return ", ".join(name for name, of in _FACETS if of(before) != of(after)) or SAME

    @property
    def is_changed(self) -> bool:
        """Whether anything differs."""
        return self.change != SAME

    @property
    def shared_runs(self) -> int:
        """Runs that are counted before and after, as they are of the same remote jobs."""
        if self.before is None or self.after is None:
            return 0
        known = {job.id for job in self.before.remote_jobs}
        return sum(sum(job.counts.values()) for job in self.after.remote_jobs if job.id in known)


_FACETS: Final[tuple[tuple[str, Callable[[MeasuredJob], object]], ...]] = (
    ("name", lambda job: job.name),
    ("variables", lambda job: dict(job.variables)),
    ("device type", lambda job: job.device_type),
    ("recipe", lambda job: job.recipe),
    ("rerun", lambda job: job.rerun),
    ("runs", lambda job: job.runs.wanted),
    ("measured", lambda job: job.runs.measured),
    ("status", lambda job: job.status),
    ("counts", lambda job: job.counts),
)


def pairs(before: Iterable[MeasuredJob], after: Iterable[MeasuredJob]) -> tuple[Pair, ...]:
    """Jobs of one experiment side by side, in today's order; those that are gone come last.

    They are joined by point and name; of what is left, by point alone, then by name alone.
    """
    former, wanted = dict(enumerate(before)), dict(enumerate(after))
    found: dict[int, MeasuredJob] = {}
    for sign in _SIGNS:
        places: dict[object, list[int]] = {}
        for place in reversed(former):
            places.setdefault(sign(former[place]), []).append(place)
        for place in [place for place in wanted if place not in found]:
            if known := places.get(sign(wanted[place])):
                found[place] = former.pop(known.pop())
    return (
        *(Pair(found.get(place), job) for place, job in wanted.items()),
        *(Pair(job, None) for job in former.values()),
    )


# By what two jobs are the same one; the first that tells decides.
_SIGNS: Final[tuple[Callable[[MeasuredJob], object], ...]] = (
    lambda job: (job.key, job.name),
    lambda job: job.key,
    lambda job: job.name,
)


def difference(before: object, after: object, *, runs: tuple[int, int], shared: int) -> Estimate | None:
    """After less before, with its standard error; None unless both were measured.

    Runs that both have count once: with n shared of N and M runs, the two means vary together with a
    correlation of n / √(N M). More runs of the same thing are thus no difference beyond their error.

    Args:
        runs: Behind each.

        shared: Runs that are behind both.
    """
    if not isinstance(before, Estimate) or not isinstance(after, Estimate):
        return None
    if math.isnan(before.value) or math.isnan(after.value):
        return None
    together = min(1.0, shared / math.sqrt(runs[0] * runs[1])) if all(runs) else 0.0
    variance = before.error**2 + after.error**2 - 2 * together * before.error * after.error
    error = math.nan if math.isnan(variance) else math.sqrt(max(0.0, variance))
    return Estimate(after.value - before.value, error)


def significance(apart: Estimate | None) -> float | None:
    """How many standard errors a difference is from 0; None where that cannot be told."""
    if apart is None or math.isnan(apart.error):
        return None
    if abs(apart.value) <= _CLOSE:
        return 0.0
    return abs(apart.value) / apart.error if apart.error > 0 else math.inf


def compared(found: Iterable[Pair], columns: Sequence[Quantity]) -> Sheet:
    """A row for each pair.

    Of each quantity there is `<name>_before` and `<name>_after`; of one with an error their difference too,
    with its own, and how many standard errors it is from 0.
    """
    headings = [
        SheetColumn("experiment", ValueKind.TEXT),
        SheetColumn("job", ValueKind.TEXT),
        SheetColumn("change", ValueKind.TEXT),
    ]
    for quantity in columns:
        headings += [SheetColumn(f"{quantity.name}_{when}", quantity.kind) for when in _WHEN]
        if quantity.kind is ValueKind.ESTIMATE:
            headings.append(SheetColumn(f"{quantity.name}_difference", ValueKind.ESTIMATE))
            headings.append(SheetColumn(f"{quantity.name}_significance", ValueKind.NUMBER))
    rows = (
        (
            pair.job.experiment,
            pair.job.name,
            pair.change,
            *(c for each in columns for c in _cells(pair, each)),
        )
        for pair in found
    )
    return Sheet(tuple(headings), tuple(rows))


def _cells(pair: Pair, quantity: Quantity) -> tuple[object, ...]:
    values = [None if job is None else quantity.of(job) for job in (pair.before, pair.after)]
    if quantity.kind is not ValueKind.ESTIMATE:
        return tuple(values)
    apart = apart_by(pair, quantity)
    return (*values, apart, significance(apart))


def apart_by(pair: Pair, quantity: Quantity) -> Estimate | None:
    """How far a quantity with an error is apart, see `difference`."""
    if pair.before is None or pair.after is None:
        return None
    runs = (pair.before.runs.measured, pair.after.runs.measured)
    values = (quantity.of(pair.before), quantity.of(pair.after))
    return difference(*values, runs=runs, shared=pair.shared_runs)
