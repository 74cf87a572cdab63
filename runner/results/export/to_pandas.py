"""Tables over results, with pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.optional_packages import needed
from runner.results.analysis.columns import OBJECTIVE, ROUND, SLOT
from runner.results.analysis.estimates import UNKNOWN
from runner.results.analysis.observables import gathered, shares
from runner.results.analysis.points import columns_of, free_name
from runner.results.export.observable_columns import column_of
from runner.results.export.sheets import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import ModuleType

    import pandas as pd

    from runner.results.analysis.job_result import MeasuredJob

_WHAT: Final = "to_pandas()"
_WIDE: Final = (
    "job", "status", "runs", "measured", "counts", "created_at", "started_at", "ended_at",
)  # fmt: skip
_LONG: Final = ("job", "bitstring", "count", "probability", *(f"probability_{part}" for part in PARTS))


def wide_frame(
    jobs: Sequence[MeasuredJob], observables: Mapping[str, Callable[[str], float] | str]
) -> pd.DataFrame:
    """One row a job; see `Results.to_pandas`."""
    pandas = needed("pandas", _WHAT)
    of_loop = _of_strategy(jobs)
    taken = [*_WIDE, *of_loop, *observables, *(f"{name}_{part}" for name in observables for part in PARTS)]
    columns: dict[str, object] = {"job": [job.name for job in jobs], **variable_columns(jobs, taken)}
    columns |= of_loop
    columns |= {
        "status": [str(job.status) for job in jobs],
        "runs": [job.runs.wanted for job in jobs],
        "measured": [job.runs.measured for job in jobs],
        "counts": [None if job.counts is None else dict(job.counts) for job in jobs],
    }
    columns |= {name: _moments(pandas, jobs, name) for name in ("created_at", "started_at", "ended_at")}
    for name, fn in observables.items():
        found = column_of(fn, jobs)
        columns |= {name: found.value} | {f"{name}_{part}": getattr(found, part) for part in PARTS}
    frame: pd.DataFrame = pandas.DataFrame(columns)
    return frame


def _of_strategy(jobs: Sequence[MeasuredJob]) -> dict[str, object]:
    """Slot, round and objective of each job of a strategy; nothing without one."""
    known = [job.figures for job in jobs]
    if not any(known):
        return {}
    found = gathered([each.objective if each else UNKNOWN for each in known])
    numbers = {
        SLOT: [each and each.slot for each in known],
        ROUND: [each and each.round for each in known],
        OBJECTIVE: found.value,
    }
    return numbers | {f"{OBJECTIVE}_{part}": getattr(found, part) for part in PARTS}


def long_frame(jobs: Sequence[MeasuredJob]) -> pd.DataFrame:
    """One row for each job and bitstring; see `Results.to_pandas`."""
    pandas = needed("pandas", _WHAT)
    measured = [(job, job.counts) for job in jobs if job.counts]
    times = [len(counts) for _, counts in measured]
    columns: dict[str, object] = {"job": _repeated([job.name for job, _ in measured], times)}
    variables = variable_columns([job for job, _ in measured], _LONG)
    columns |= {name: _repeated(values, times) for name, values in variables.items()}
    columns["bitstring"] = [bitstring for _, counts in measured for bitstring in counts]
    columns["count"] = counted = [count for _, counts in measured for count in counts.values()]
    found = shares(counted, [counts.total for _, counts in measured for _ in counts])
    columns |= {"probability": found.value}
    columns |= {f"probability_{part}": getattr(found, part) for part in PARTS}
    frame: pd.DataFrame = pandas.DataFrame(columns)
    return frame


def variable_columns(jobs: Sequence[MeasuredJob], taken: Iterable[str]) -> dict[str, list[object]]:
    """A column for each variable, None where a job does not have it.

    Args:
        taken: Names of other columns.
    """
    rows = [columns_of(job.variables) for job in jobs]
    names = dict.fromkeys(name for row in rows for name in row)
    others = set(taken)
    return {free_name(name, others): [row.get(name) for row in rows] for name in names}


def _repeated(values: Sequence[object], times: Sequence[int]) -> list[object]:
    return [value for value, n in zip(values, times, strict=True) for _ in range(n)]


def _moments(pandas: ModuleType, jobs: Sequence[MeasuredJob], name: str) -> object:
    return pandas.to_datetime([getattr(job, name) for job in jobs], utc=True)
