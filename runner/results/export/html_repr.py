"""Results as a notebook shows them: tables and a small picture, as HTML. Pure; everything is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

from runner.results.analysis.conventions import conventions
from runner.results.analysis.points import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.results import MeasuredJobs

_ROWS: Final = 100
_TOP: Final = 3
_BARS: Final = 12
_BAR_PX, _LETTER_PX, _LONGEST_PX = 16, 8, 240
_BLUE: Final = "#0072B2"  # of Okabe and Ito's palette, told apart by everybody


def results_html(results: MeasuredJobs[MeasuredJob]) -> str:
    """A table of the jobs, the first hundred of them."""
    shown = [(job, columns_of(job.variables)) for job in results[:_ROWS]]
    names = list(dict.fromkeys(name for _, columns in shown for name in columns))
    head = ["job", *names, "status", "runs", "most frequent bitstrings"]
    rows = [
        [job.name, *(columns.get(name, "") for name in names), job.status, job.runs, _top(job)]
        for job, columns in shown
    ]
    left_out = len(results) - len(shown)
    more = f"<p>… and {left_out} more</p>" if left_out > 0 else ""
    return f"<p>{escape(repr(results)[1:-1])}</p>{table(head, rows)}{more}{_said_below(results)}"


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
    said = [(name, value) for name, value in facts if value != ""]
    picture = histogram_svg(job.counts) if job.counts else ""
    return f"<p><b>{escape(job.name)}</b></p>{table((), said)}{picture}{_said_below([job])}"


def _said_below(jobs: Iterable[MeasuredJob]) -> str:
    return "".join(f"<p>{escape(said)}</p>" for said in conventions(jobs))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of text; without a head where none is given."""
    top = f"<thead><tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{top}<tbody>{body}</tbody></table>"


def histogram_svg(counts: Counts) -> str:
    """The most frequent bitstrings, most frequent first, as an SVG picture that stands alone."""
    bars = counts.most_frequent(_BARS)
    rest = len(counts) - len(bars)
    left = counts.n_qubits * _LETTER_PX + 12
    height = (len(bars) + bool(rest)) * _BAR_PX + 4
    width = left + _LONGEST_PX + 140
    lines = "".join(_bar(i, bar, bars[0][1], counts.total, left) for i, bar in enumerate(bars))
    below = f'<text x="{left}" y="{height - 6}">{rest} more bitstrings</text>' if rest else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}"'
        f' font-family="monospace" font-size="12" fill="currentColor">'
        f"<title>counts of the most frequent bitstrings</title>{lines}{below}</svg>"
    )


def _bar(place: int, bar: tuple[str, int], most: int, total: int, left: int) -> str:
    bitstring, count = bar
    y, length = place * _BAR_PX, max(1, round(_LONGEST_PX * count / most))
    return (
        f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(bitstring)}</text>'
        f'<rect x="{left}" y="{y + 3}" width="{length}" height="{_BAR_PX - 4}" fill="{_BLUE}"/>'
        f'<text x="{left + length + 6}" y="{y + 13}">{count} ({count / total:.1%})</text>'
    )


def _top(job: MeasuredJob) -> str:
    if not job.counts:
        return "; ".join(job.errors) or "–"
    return ", ".join(f"{bitstring} {count}" for bitstring, count in job.counts.most_frequent(_TOP))


def _moment(moment: Any) -> str:
    return moment.isoformat(sep=" ", timespec="seconds") if moment else ""
