"""Results as a notebook shows them: tables and a small picture, as HTML. Pure; everything is escaped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from runner.pages import rendered
from runner.results.analysis.points import columns_of
from runner.results.analysis.results import conventions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.results import MeasuredJobs

_ROWS: Final = 100
_TOP: Final = 3


class Around(TypedDict, total=False):
    """What may stand around a table."""

    title: str
    """Above it, in bold."""
    lead: str
    """Above it, behind the title."""
    left_out: int
    """How many rows more there are."""
    counts: Counts | None
    """Drawn as bars below it."""
    notes: Sequence[str]
    """Paragraphs at the end."""


def results_html(results: MeasuredJobs[MeasuredJob]) -> str:
    """A table of the jobs, the first hundred of them."""
    shown = [(job, columns_of(job.variables)) for job in results[:_ROWS]]
    names = list(dict.fromkeys(name for _, columns in shown for name in columns))
    is_loop = results.strategy is not None
    of_loop = ("round", "objective") if is_loop else ()
    head = ["job", *names, *of_loop, "status", "runs", "most frequent bitstrings"]
    rows = [
        [
            job.name,
            *(columns.get(name, "") for name in names),
            *(_of_loop(job) if is_loop else ()),
            job.status,
            job.runs,
            _top(job),
        ]
        for job, columns in shown
    ]
    left_out = len(results) - len(shown)
    notes = (*([str(results.strategy)] if is_loop else ()), *conventions(results))
    return table(head, rows, lead=repr(results)[1:-1], left_out=left_out, notes=notes)


def _of_loop(job: MeasuredJob) -> tuple[object, object]:
    """Round and objective of a job; nothing where there is none."""
    figures = job.figures
    if figures is None:
        return "", ""
    objective = "–" if math.isnan(figures.objective.value) else figures.objective
    return (figures.round_name or ""), objective


def job_html(job: MeasuredJob) -> str:
    """What is known of one job, and its most frequent bitstrings as bars."""
    facts = [
        ("status", job.status),
        ("runs", f"{job.runs.measured} measured of {job.runs.wanted} wanted"),
        *columns_of(job.variables).items(),
        ("qubits", " ".join(job.qubit_ids)),
        ("started", _moment(job.started_at)),
        ("ended", _moment(job.ended_at)),
        ("errors", "; ".join(job.errors)),
    ]
    known = [(name, value) for name, value in facts if value != ""]
    return table((), known, title=job.name, counts=job.counts, notes=conventions([job]))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], **around: Unpack[Around]) -> str:
    """A table of text, and what stands around it; without a head where that is empty."""
    nothing: Around = {"title": "", "lead": "", "left_out": 0, "counts": None, "notes": ()}
    return rendered("runner.results", "notebook.html", **nothing | around, head=head, rows=rows)


def _top(job: MeasuredJob) -> str:
    if not job.counts:
        return "; ".join(job.errors) or "–"
    return ", ".join(f"{bitstring} {count}" for bitstring, count in job.counts.most_frequent(_TOP))


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(sep=" ", timespec="seconds") if moment else ""
