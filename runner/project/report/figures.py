"""Pictures of a report's results: which ones, drawn as SVG."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.results.plots.choose import Asked, picture
from runner.results.plots.picture import Kind
from runner.results.report import Drawing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.results import Results
    from runner.results.plots.picture import Picture


def figures(title: str, results: Results, job_name: str) -> tuple[Drawing, ...]:
    """The picture that the results make, and two of the job whose pulses are drawn; none without results.

    Args:
        job_name: Name of that job.
    """
    if not any(job.counts for job in results):
        return ()
    from runner.results.plots.matplotlib_figure import content, figure  # noqa: PLC0415  (Matplotlib)

    drafts = dict.fromkeys(_drafts(title, results, job_name))
    return tuple(Drawing(_caption(draft), content(figure(draft), "svg")) for draft in drafts)


def _drafts(title: str, results: Results, job_name: str) -> Iterator[Picture]:
    yield picture(title, results, Asked())
    if results[job_name].counts:
        yield picture(title, results, Asked(kind=Kind.HISTOGRAM, job=job_name))
        with suppress(UsageError):  # where nobody knows where the atoms are
            yield picture(title, results, Asked(kind=Kind.REGISTER, job=job_name))


def _caption(draft: Picture) -> str:
    return "; ".join(filter(None, (draft.title, draft.subtitle, *draft.notes)))
