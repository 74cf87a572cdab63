"""Tables of a report: the jobs and the batches. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.results.analysis.points import columns_of, unit_of
from runner.results.report.formatting import SIGNS, moment, number
from runner.results.report.html import Child, Html, element, escaped, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.results import MeasuredJobs
    from runner.results.report.report import BatchRow

_TOP: Final = 3
_MEASURED: Final = (("status", None), ("runs", None), ("most frequent bitstrings, errors", None))


def job_table(results: MeasuredJobs[MeasuredJob]) -> Html:
    """All jobs in file order: variables with their units, status, runs, most frequent bitstrings, errors."""
    points = [columns_of(job.variables) for job in results]
    variables = list(dict.fromkeys(name for point in points for name in point))
    columns = [("job", None), *((name, unit_of(name)) for name in variables), *_MEASURED]
    rows = [
        [
            escaped(job.name),
            *(escaped(number(point.get(name, "–"))) for name in variables),
            element("span", SIGNS[job.status], " ", str(job.status), class_=f"status {job.status.lower()}"),
            element("span", f"{job.runs.measured:,} of {job.runs.wanted:,}", class_="runs"),
            joined(*_outcome(job)),
        ]
        for job, point in zip(results, points, strict=True)
    ]
    return _table("Jobs", columns, rows)


def batch_table(batches: Sequence[BatchRow]) -> Html:
    """The batches, each with its id on the cloud, how its jobs ended, and when."""
    columns = [(name, None) for name in ("batch", "jobs", "runs", "created", "ended")]
    rows = [
        [
            element("code", batch.id),
            escaped(", ".join(f"{n:,} {status}" for status, n in batch.statuses.items())),
            escaped(f"{batch.runs:,}"),
            escaped(moment(batch.created_at) or "–"),
            escaped(moment(batch.ended_at) or "–"),
        ]
        for batch in batches
    ]
    return _table("Batches", columns, rows)


def _outcome(job: MeasuredJob) -> Iterable[Html]:
    if job.counts:
        yield _bitstrings(job.counts)
    for error in dict.fromkeys(job.errors):
        yield element("p", error, class_="error")
    if not job.counts and not job.errors:
        yield element("span", "nothing on record", class_="quiet")


def _bitstrings(counts: Counts) -> Html:
    top = counts.most_frequent(_TOP)
    said = [
        element(
            "span",
            element("code", bitstring),
            f" {count:,} ",
            element("span", f"({count / counts.total:.1%})", class_="quiet"),
            class_="bitstring",
        )
        for bitstring, count in top
    ]
    rest = len(counts) - len(top)
    more = element("span", f"and {rest:,} more", class_="bitstring quiet") if rest else None
    return joined(*said, *([more] if more else []), between=" ")


def _table(caption: str, columns: Sequence[tuple[str, str | None]], rows: Iterable[Sequence[Html]]) -> Html:
    """A table, scrolled sideways where it is wider than the screen; on a telephone a list of its rows.

    The roles say that it still is a table where style makes it something else.
    """
    head = (element("th", *_headed(name, unit), scope="col", role="columnheader") for name, unit in columns)
    labels = [f"{name} ({unit})" if unit else name for name, unit in columns]
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head, role="row"), role="rowgroup"),
        element("tbody", *(_row(row, labels) for row in rows), role="rowgroup"),
        role="table",
    )
    return element("div", table, class_="scrolled", role="region", aria_label=caption, tabindex="0")


def _headed(name: str, unit: str | None) -> Iterator[Child]:
    yield name
    if unit:
        yield " "
        yield element("span", unit, class_="unit")


def _row(cells: Sequence[Html], labels: Sequence[str]) -> Html:
    name, *others = cells
    known = (
        element("td", element("div", cell), role="cell", data_label=label)
        for cell, label in zip(others, labels[1:], strict=True)
    )
    return element("tr", element("th", name, scope="row", role="rowheader"), *known, role="row")
